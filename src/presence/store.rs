//! SQL of the bot's presence.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Outage;
use crate::db::Tx;
use crate::error::Result;

/// Says that the bot is there now, and returns the outage that this ends, if it was away for longer
/// than `grace_ms`.
pub(super) async fn beat(tx: &mut Tx, now_ms: i64, grace_ms: i64) -> Result<Option<Outage>> {
    sqlx::query("INSERT INTO presence (id, alive_ms) VALUES (1, $1) ON CONFLICT (id) DO NOTHING")
        .bind(now_ms)
        .execute(&mut *tx)
        .await?;
    // An outage is known by its beginning, which all processes that end it have read: the second of
    // them adds nothing.
    let ended = sqlx::query(
        "INSERT INTO outages (from_ms, until_ms) \
         SELECT alive_ms, CAST($1 AS BIGINT) FROM presence \
         WHERE alive_ms < CAST($1 AS BIGINT) - CAST($2 AS BIGINT) \
         ON CONFLICT (from_ms) DO NOTHING RETURNING from_ms, until_ms",
    )
    .bind(now_ms)
    .bind(grace_ms)
    .fetch_optional(&mut *tx)
    .await?;
    // Unconditional, so that a clock that was once far ahead does not hide every later outage.
    sqlx::query("UPDATE presence SET alive_ms = $1 WHERE id = 1")
        .bind(now_ms)
        .execute(tx)
        .await?;
    ended.as_ref().map(from_row).transpose()
}

/// The outages that reach into the time from `from_ms` until before `until_ms`, in their order.
pub async fn outages_within(tx: &mut Tx, from_ms: i64, until_ms: i64) -> Result<Vec<Outage>> {
    let rows = sqlx::query(
        "SELECT from_ms, until_ms FROM outages WHERE until_ms > $1 AND from_ms < $2 \
         ORDER BY from_ms",
    )
    .bind(from_ms)
    .bind(until_ms)
    .fetch_all(tx)
    .await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &AnyRow) -> Result<Outage> {
    Ok(Outage {
        from_ms: row.try_get(0)?,
        until_ms: row.try_get(1)?,
    })
}
