//! SQL of the guild settings.

use std::collections::HashMap;

use chrono_tz::Tz;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Settings, Style, ZoneGuess};
use crate::db::{List, Tx, generated};
use crate::error::Result;
use crate::i18n::Language;
use crate::ids::{ChannelId, GuildId};
use crate::quiet_hours::QuietHours;

const COLUMNS: &str = "guild_id, results_channel_id, alerts_channel_id, fallback_channel_id, \
     timezone, language, quiet_start_min, quiet_end_min, running_limit, longest_ms, \
     extension_limit, success_template, failure_template, reminders, zone_guess, \
     message_style";

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
        let listed = List::of_ids(tx, 1, chunk.iter().map(|guild| guild.0));
        let sql = format!("SELECT {COLUMNS} FROM guild_settings WHERE guild_id {listed}");
        let query = sqlx::query(generated(sql)).bind(listed.values());
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
             updated_ms, reminders, zone_guess, message_style) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
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
             reminders = excluded.reminders, zone_guess = excluded.zone_guess, \
             message_style = excluded.message_style",
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
    .bind(to.zone_guess.map(ZoneGuess::as_str))
    .bind(to.style.as_str())
    .execute(tx)
    .await?;
    Ok(())
}

/// The zones that the guild lived by before, each with when it ended, in the order of time. One that this
/// program does not know is left out: its time counts by the one after it.
pub async fn past_zones(tx: &mut Tx, guild: GuildId) -> Result<Vec<(i64, Tz)>> {
    let rows = sqlx::query(
        "SELECT until_ms, timezone FROM guild_zones WHERE guild_id = $1 ORDER BY until_ms",
    );
    let rows = rows.bind(guild.0).fetch_all(tx).await?;
    let mut zones = Vec::with_capacity(rows.len());
    for row in rows {
        let name: String = row.try_get(1)?;
        if let Ok(zone) = name.parse() {
            zones.push((row.try_get(0)?, zone));
        }
    }
    Ok(zones)
}

/// The guild has lived by this zone until now. Of so many the oldest is forgotten.
pub(super) async fn keep_zone(
    tx: &mut Tx,
    guild: GuildId,
    zone: Tz,
    until_ms: i64,
    most: i64,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO guild_zones (guild_id, until_ms, timezone) VALUES ($1, $2, $3) \
         ON CONFLICT (guild_id, until_ms) DO NOTHING",
    )
    .bind(guild.0)
    .bind(until_ms)
    .bind(zone.name())
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "DELETE FROM guild_zones WHERE guild_id = $1 AND until_ms IN ( \
             SELECT until_ms FROM guild_zones WHERE guild_id = $1 \
             ORDER BY until_ms DESC LIMIT 100 OFFSET $2)",
    )
    .bind(guild.0)
    .bind(most)
    .execute(tx)
    .await?;
    Ok(())
}

/// What is known of a guild's arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It has no settings.
    Nothing,
    /// It has settings, and was not greeted.
    Settled,
    /// It was greeted, or was there before greetings were.
    Greeted,
}

pub(super) async fn known(tx: &mut Tx, guild: GuildId) -> Result<Known> {
    let greeted = sqlx::query("SELECT greeted_ms FROM guild_settings WHERE guild_id = $1")
        .bind(guild.0)
        .fetch_optional(tx)
        .await?;
    Ok(match greeted.map(|row| row.try_get::<Option<i64>, _>(0)) {
        None => Known::Nothing,
        Some(greeted_ms) => match greeted_ms? {
            None => Known::Settled,
            Some(_) => Known::Greeted,
        },
    })
}

/// Notes that a guild was greeted; `false`: it was already.
pub(super) async fn greet(tx: &mut Tx, guild: GuildId, now_ms: i64) -> Result<bool> {
    let sql = "UPDATE guild_settings SET greeted_ms = $2 \
               WHERE guild_id = $1 AND greeted_ms IS NULL";
    let query = sqlx::query(sql).bind(guild.0).bind(now_ms);
    Ok(query.execute(tx).await?.rows_affected() == 1)
}

impl ZoneGuess {
    fn as_str(self) -> &'static str {
        match self {
            Self::Locale => "locale",
            Self::VagueLocale => "vague",
        }
    }

    /// What a newer program stored is a guess in any case.
    fn parse(stored: &str) -> Self {
        match stored {
            "locale" => Self::Locale,
            _ => Self::VagueLocale,
        }
    }
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
    let zone_guess: Option<String> = row.try_get(14)?;
    let style: Option<String> = row.try_get(15)?;
    let style = style.as_deref().and_then(Style::parse);
    Ok(Settings {
        results: channel(1)?,
        alerts: channel(2)?,
        fallback: channel(3)?,
        timezone: timezone.parse().unwrap_or(defaults.timezone),
        zone_guess: zone_guess.as_deref().map(ZoneGuess::parse),
        language: language.as_deref().map(Language::from_locale),
        quiet_hours: QuietHours {
            start_min: minute(6)?,
            end_min: minute(7)?,
        },
        running_limit: row.try_get(8)?,
        longest_ms: row.try_get(9)?,
        extension_limit: row.try_get(10)?,
        style: style.unwrap_or_default(),
        success_template: row.try_get(11)?,
        failure_template: row.try_get(12)?,
        reminders: reminders.unwrap_or(defaults.reminders),
    })
}
