//! SQL of the overview.

use std::collections::HashMap;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Running;
use crate::db::{List, Tx, generated};
use crate::error::Result;
use crate::ids::{AttackId, GuildId, UserId};

pub(super) async fn next_deadlines(tx: &mut Tx, most: i64) -> Result<Vec<Running>> {
    let rows = sqlx::query(
        "SELECT id, guild_id, user_id, member_name, task, started_ms, deadline_ms \
         FROM time_attacks WHERE state = 'running' ORDER BY deadline_ms, id LIMIT $1",
    )
    .bind(most)
    .fetch_all(tx)
    .await?;
    let running = |row: &AnyRow| -> Result<Running> {
        Ok(Running {
            id: AttackId(row.try_get(0)?),
            guild: GuildId(row.try_get(1)?),
            user: UserId(row.try_get(2)?),
            member_name: row.try_get(3)?,
            task: row.try_get(4)?,
            started_ms: row.try_get(5)?,
            deadline_ms: row.try_get(6)?,
        })
    };
    rows.iter().map(running).collect()
}

pub(super) async fn due_from(tx: &mut Tx, from_ms: i64) -> Result<Option<i64>> {
    let first = sqlx::query_scalar(
        "SELECT MIN(at_ms) FROM ( \
             SELECT MIN(deadline_ms) AS at_ms FROM time_attacks \
             WHERE state = 'running' AND deadline_ms >= $1 \
             UNION ALL \
             SELECT MIN(next_reminder_ms) AS at_ms FROM time_attacks \
             WHERE state = 'running' AND next_reminder_ms >= $1) AS instants",
    );
    Ok(first.bind(from_ms).fetch_one(tx).await?)
}

/// The deadlines of those of `attacks` that still exist.
pub(super) async fn deadlines_of(
    tx: &mut Tx,
    attacks: &[AttackId],
) -> Result<HashMap<AttackId, i64>> {
    if attacks.is_empty() {
        return Ok(HashMap::new());
    }
    let listed = List::of_ids(tx, 1, attacks.iter().map(|attack| attack.0));
    let sql = format!("SELECT id, deadline_ms FROM time_attacks WHERE id {listed}");
    let query = sqlx::query(generated(sql)).bind(listed.values());
    let rows = query.fetch_all(tx).await?;
    let pair = |row: &AnyRow| -> Result<(AttackId, i64)> {
        Ok((AttackId(row.try_get(0)?), row.try_get(1)?))
    };
    rows.iter().map(pair).collect()
}
