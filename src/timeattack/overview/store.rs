//! SQL of the overview.

use std::collections::HashMap;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Running;
use crate::db::{Tx, generated, list};
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

/// The deadlines of those of `attacks` that still exist.
pub(super) async fn deadlines_of(
    tx: &mut Tx,
    attacks: &[AttackId],
) -> Result<HashMap<AttackId, i64>> {
    if attacks.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!(
        "SELECT id, deadline_ms FROM time_attacks WHERE id IN ({})",
        list(1, attacks.len())
    );
    let mut query = sqlx::query(generated(sql));
    for attack in attacks {
        query = query.bind(attack.0);
    }
    let rows = query.fetch_all(tx).await?;
    let pair = |row: &AnyRow| -> Result<(AttackId, i64)> {
        Ok((AttackId(row.try_get(0)?), row.try_get(1)?))
    };
    rows.iter().map(pair).collect()
}
