//! SQL of a made-up past.

use super::Ended;
use crate::db::{Tx, generated, placeholders};
use crate::error::Result;
use crate::ids::{ChannelId, GuildId};

/// Whether anything of this guild ended before `before_ms`.
pub(super) async fn has_ended_before(tx: &mut Tx, guild: GuildId, before_ms: i64) -> Result<bool> {
    let first: Option<i64> = sqlx::query_scalar(
        "SELECT MIN(finished_ms) FROM time_attacks WHERE guild_id = $1 AND state <> 'running'",
    )
    .bind(guild.0)
    .fetch_one(tx)
    .await?;
    Ok(first.is_some_and(|first_ms| first_ms < before_ms))
}

pub(super) async fn insert(
    tx: &mut Tx,
    guild: GuildId,
    channel: ChannelId,
    rows: &[(i64, Ended)],
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO time_attacks (id, guild_id, channel_id, user_id, member_name, task, state, \
             started_ms, deadline_ms, finished_ms, language) \
         VALUES {}",
        placeholders(tx, rows.len(), 11)
    );
    let mut query = sqlx::query(generated(sql));
    for (id, ended) in rows {
        query = query
            .bind(*id)
            .bind(guild.0)
            .bind(channel.0)
            .bind(ended.user.0)
            .bind(ended.name.clone())
            .bind(ended.task)
            .bind(ended.state)
            .bind(ended.started_ms)
            .bind(ended.deadline_ms)
            .bind(ended.finished_ms)
            .bind(ended.language.code());
    }
    query.execute(tx).await?;
    Ok(())
}
