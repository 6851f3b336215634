//! SQL of mails' waits.

use std::fmt::Write as _;

use super::Waits;
use crate::db::{Tx, generated};
use crate::error::Result;
use crate::ids::OccurrenceId;
use crate::outbox::{LEASE_MS, RENEW_MS};

/// Sets anew what waits for longer than it can mean, of what is being sent (when there is a reason, of
/// what rests, too), and leases that last longer than any does.
pub(in crate::outbox::mail) async fn set_anew(
    tx: &mut Tx,
    waits: &Waits,
    sending: impl Iterator<Item = OccurrenceId>,
    now_ms: i64,
) -> Result<()> {
    sqlx::query(
        "UPDATE deliveries SET lease_until_ms = $1 \
         WHERE state = 'running' AND lease_until_ms > $2",
    )
    .bind(now_ms + LEASE_MS)
    .bind(now_ms + LEASE_MS + waits.slack_ms.max(RENEW_MS))
    .execute(&mut *tx)
    .await?;
    let wait = wait(waits);
    let sql = format!(
        "UPDATE deliveries SET not_before_ms = CAST($2 AS BIGINT) + {wait} \
         WHERE occurrence_id = $1 AND state IN ('available', 'retryable') AND not_before_ms > $3 \
             AND not_before_ms > CAST($2 AS BIGINT) + {wait} + CAST($4 AS BIGINT)"
    );
    let mut occurrences: Vec<OccurrenceId> = sending.collect();
    if waits.is_thorough {
        // They may go on once nobody looks as thoroughly any more.
        let resting = sqlx::query_scalar::<_, i64>(
            "SELECT id FROM occurrences WHERE phase IN ('paused', 'stopped')",
        );
        let resting = resting.fetch_all(&mut *tx).await?;
        occurrences.extend(resting.into_iter().map(OccurrenceId));
    }
    for id in occurrences {
        sqlx::query(generated(sql.clone()))
            .bind(id.0)
            .bind(now_ms)
            .bind(now_ms.saturating_add(waits.floor_ms()))
            .bind(waits.slack_ms)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// How long a row may wait, by how often it was put off.
fn wait(waits: &Waits) -> String {
    if waits.deferred_ms.is_empty() {
        return waits.other_ms.to_string();
    }
    let mut text = "CASE deferrals".to_owned();
    for (times, wait_ms) in (1..).zip(&waits.deferred_ms) {
        // Writing to a text cannot fail.
        let _ = write!(text, " WHEN {times} THEN {wait_ms}");
    }
    let _ = write!(text, " ELSE {} END", waits.other_ms);
    text
}
