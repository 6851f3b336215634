//! SQL of the overview.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::LaneLoad;
use crate::db::Tx;
use crate::error::Result;
use crate::ids::MessageId;
use crate::outbox::Lane;

/// What is in each lane that is not empty. What waits and what is held are counted by an index each.
pub(super) async fn loads(tx: &mut Tx) -> Result<Vec<LaneLoad>> {
    let rows = sqlx::query(
        "SELECT lane, CAST(SUM(waiting) AS BIGINT), CAST(SUM(held) AS BIGINT), MIN(oldest_ms) \
         FROM ( \
             SELECT lane, COUNT(*) AS waiting, 0 AS held, MIN(created_ms) AS oldest_ms \
             FROM outbox WHERE state IN ('available', 'retryable') GROUP BY lane \
             UNION ALL \
             SELECT lane, 0 AS waiting, COUNT(*) AS held, MIN(created_ms) AS oldest_ms \
             FROM outbox WHERE state = 'running' GROUP BY lane) AS loads \
         GROUP BY lane",
    )
    .fetch_all(tx)
    .await?;
    let load = |row: &AnyRow| -> Result<LaneLoad> {
        let lane: String = row.try_get(0)?;
        Ok(LaneLoad {
            lane: Lane::parse(&lane),
            waiting: row.try_get(1)?,
            under_way: row.try_get(2)?,
            oldest_ms: row.try_get(3)?,
        })
    };
    rows.iter().map(load).collect()
}

pub(super) async fn due_from(tx: &mut Tx, from_ms: i64) -> Result<Option<i64>> {
    let first = sqlx::query_scalar(
        "SELECT MIN(not_before_ms) FROM outbox \
         WHERE state IN ('available', 'retryable') AND not_before_ms >= $1",
    );
    Ok(first.bind(from_ms).fetch_one(tx).await?)
}

/// The keys and messages of those among the newest `rows` that were said, the newest first.
pub(super) async fn newest_said(tx: &mut Tx, rows: i64) -> Result<Vec<(String, MessageId)>> {
    let said = sqlx::query(
        "SELECT dedupe_key, message_id FROM ( \
             SELECT id, dedupe_key, message_id FROM outbox ORDER BY id DESC LIMIT $1) AS newest \
         WHERE message_id IS NOT NULL ORDER BY id DESC",
    )
    .bind(rows)
    .fetch_all(tx)
    .await?;
    let pair = |row: &AnyRow| -> Result<(String, MessageId)> {
        Ok((row.try_get(0)?, MessageId(row.try_get(1)?)))
    };
    said.iter().map(pair).collect()
}
