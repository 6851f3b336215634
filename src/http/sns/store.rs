//! SQL of the messages of SNS.

use super::KEPT_MS;
use crate::db::Tx;
use crate::error::Result;

/// Messages forgotten for each that comes: more than come, so that they do not pile up.
const FORGOTTEN_AT_ONCE: i64 = 20;

/// Remembers a message; `false`: it was remembered before. Those that cannot come again are
/// forgotten.
pub(in crate::http) async fn first_time(tx: &mut Tx, id: &str, now_ms: i64) -> Result<bool> {
    sqlx::query(
        "DELETE FROM sns_messages WHERE message_id IN (SELECT message_id FROM sns_messages \
             WHERE seen_ms < $1 ORDER BY seen_ms LIMIT $2)",
    )
    .bind(now_ms - KEPT_MS)
    .bind(FORGOTTEN_AT_ONCE)
    .execute(&mut *tx)
    .await?;
    let remembered = sqlx::query(
        "INSERT INTO sns_messages (message_id, seen_ms) VALUES ($1, $2) \
         ON CONFLICT (message_id) DO NOTHING",
    )
    .bind(id.to_owned())
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(remembered.rows_affected() == 1)
}
