//! SQL of the guild settings.

use std::collections::HashMap;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Settings;
use crate::db::{Tx, generated, list};
use crate::error::Result;
use crate::i18n::Language;
use crate::ids::{ChannelId, GuildId};
use crate::quiet_hours::QuietHours;

const COLUMNS: &str = "guild_id, results_channel_id, alerts_channel_id, fallback_channel_id, \
     timezone, language, quiet_start_min, quiet_end_min, running_limit, longest_ms, \
     extension_limit, success_template, failure_template, reminders";

/// The guild's settings; the defaults if it never made any.
pub async fn for_guild(tx: &mut Tx, guild: GuildId) -> Result<Settings> {
    let mut found = for_guilds(tx, &[guild]).await?;
    Ok(found.remove(&guild).unwrap_or_default())
}

/// The settings of those of `guilds` that made any. The guilds must be distinct.
pub async fn for_guilds(tx: &mut Tx, guilds: &[GuildId]) -> Result<HashMap<GuildId, Settings>> {
    let mut found = HashMap::new();
    // A statement's text depends on its length only; a chunk keeps it under SQLite's bound.
    for chunk in guilds.chunks(500) {
        let sql = format!(
            "SELECT {COLUMNS} FROM guild_settings WHERE guild_id IN ({})",
            list(1, chunk.len())
        );
        let mut query = sqlx::query(generated(sql));
        for guild in chunk {
            query = query.bind(guild.0);
        }
        for row in query.fetch_all(&mut *tx).await? {
            found.insert(GuildId(row.try_get(0)?), from_row(&row)?);
        }
    }
    Ok(found)
}

pub(super) async fn save(tx: &mut Tx, guild: GuildId, to: &Settings, now_ms: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO guild_settings (guild_id, results_channel_id, alerts_channel_id, \
             fallback_channel_id, timezone, language, quiet_start_min, quiet_end_min, \
             running_limit, longest_ms, extension_limit, success_template, failure_template, \
             updated_ms, reminders) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
         ON CONFLICT (guild_id) DO UPDATE SET \
             results_channel_id = excluded.results_channel_id, \
             alerts_channel_id = excluded.alerts_channel_id, \
             fallback_channel_id = excluded.fallback_channel_id, \
             timezone = excluded.timezone, language = excluded.language, \
             quiet_start_min = excluded.quiet_start_min, quiet_end_min = excluded.quiet_end_min, \
             running_limit = excluded.running_limit, longest_ms = excluded.longest_ms, \
             extension_limit = excluded.extension_limit, \
             success_template = excluded.success_template, \
             failure_template = excluded.failure_template, updated_ms = excluded.updated_ms, \
             reminders = excluded.reminders",
    )
    .bind(guild.0)
    .bind(to.results.map(|channel| channel.0))
    .bind(to.alerts.map(|channel| channel.0))
    .bind(to.fallback.map(|channel| channel.0))
    .bind(to.timezone.name())
    .bind(to.language.map(Language::code))
    .bind(i64::from(to.quiet_hours.start_min))
    .bind(i64::from(to.quiet_hours.end_min))
    .bind(to.running_limit)
    .bind(to.longest_ms)
    .bind(to.extension_limit)
    .bind(to.success_template.clone())
    .bind(to.failure_template.clone())
    .bind(now_ms)
    .bind(to.reminders.to_string())
    .execute(tx)
    .await?;
    Ok(())
}

fn from_row(row: &AnyRow) -> Result<Settings> {
    let channel = |index: usize| -> Result<Option<ChannelId>> {
        Ok(row.try_get::<Option<i64>, _>(index)?.map(ChannelId))
    };
    let minute = |index: usize| -> Result<u16> {
        Ok(u16::try_from(row.try_get::<i64, _>(index)?).unwrap_or(0))
    };
    let defaults = Settings::default();
    // A zone that a newer program stored and this one does not know: the default, which still
    // keeps quiet hours, rather than no settings at all.
    let timezone: String = row.try_get(4)?;
    let language: Option<String> = row.try_get(5)?;
    let reminders: Option<String> = row.try_get(13)?;
    let reminders = reminders.and_then(|stored| stored.parse().ok());
    Ok(Settings {
        results: channel(1)?,
        alerts: channel(2)?,
        fallback: channel(3)?,
        timezone: timezone.parse().unwrap_or(defaults.timezone),
        language: language.as_deref().map(Language::from_locale),
        quiet_hours: QuietHours {
            start_min: minute(6)?,
            end_min: minute(7)?,
        },
        running_limit: row.try_get(8)?,
        longest_ms: row.try_get(9)?,
        extension_limit: row.try_get(10)?,
        success_template: row.try_get(11)?,
        failure_template: row.try_get(12)?,
        reminders: reminders.unwrap_or(defaults.reminders),
    })
}
