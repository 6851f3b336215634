//! SQL of mails' waits.

use std::fmt::Write as _;

use super::Waits;
use crate::db::{List, PIECE_ROWS, Tx, generated};
use crate::error::Result;
use crate::ids::DeliveryId;
use crate::outbox::{LEASE_MS, RENEW_MS, suspects};

/// What waits for longer than it can mean, `most` of it: of what is being sent, and when there is a reason,
/// of what rests, too.
pub(super) async fn too_long(
    tx: &mut Tx,
    waits: &Waits,
    most: usize,
    now_ms: i64,
) -> Result<Vec<DeliveryId>> {
    let phases = if waits.is_thorough {
        // They may go on once nobody looks as thoroughly any more.
        "phase IN ('sending', 'paused', 'stopped')"
    } else {
        "phase = 'sending'"
    };
    let sql = format!("SELECT id FROM occurrences WHERE {phases} ORDER BY id");
    let occurrences = sqlx::query_scalar::<_, i64>(generated(sql));
    let occurrences = occurrences.fetch_all(&mut *tx).await?;
    let wait = wait(waits);
    let sql = format!(
        "SELECT id FROM deliveries \
         WHERE occurrence_id = $1 AND state IN ('available', 'retryable') AND not_before_ms > $3 \
             AND not_before_ms > CAST($2 AS BIGINT) + {wait} + CAST($4 AS BIGINT) LIMIT $5"
    );
    let mut found = Vec::new();
    for id in occurrences {
        let room = i64::try_from(most - found.len()).unwrap_or(i64::MAX);
        let ids = sqlx::query_scalar::<_, i64>(generated(sql.clone()))
            .bind(id)
            .bind(now_ms)
            .bind(now_ms.saturating_add(waits.floor_ms()))
            .bind(waits.slack_ms)
            .bind(room)
            .fetch_all(&mut *tx)
            .await?;
        found.extend(ids.into_iter().map(DeliveryId));
        if found.len() >= most {
            break;
        }
    }
    Ok(found)
}

/// Sets these anew, as far as they wait for too long.
pub(super) async fn set_anew(
    tx: &mut Tx,
    waits: &Waits,
    some: &[DeliveryId],
    now_ms: i64,
) -> Result<()> {
    let (wait, listed) = (wait(waits), List::of_ids(tx, 3, some.iter().map(|id| id.0)));
    let sql = format!(
        "UPDATE deliveries SET not_before_ms = CAST($1 AS BIGINT) + {wait} \
         WHERE state IN ('available', 'retryable') AND id {listed} \
             AND not_before_ms > CAST($1 AS BIGINT) + {wait} + CAST($2 AS BIGINT)"
    );
    let anew = sqlx::query(generated(sql))
        .bind(now_ms)
        .bind(waits.slack_ms);
    anew.bind(listed.values()).execute(tx).await?;
    Ok(())
}

/// From when on a lease lasts longer than any does.
fn longest_ms(waits: &Waits, now_ms: i64) -> i64 {
    now_ms + LEASE_MS + waits.slack_ms.max(RENEW_MS)
}

/// Whether there is a lease that lasts longer than any does.
pub(super) async fn has_long_lease(tx: &mut Tx, waits: &Waits, now_ms: i64) -> Result<bool> {
    let found: Option<i64> = sqlx::query_scalar(
        "SELECT id FROM deliveries WHERE state = 'running' AND lease_until_ms > $1 LIMIT 1",
    )
    .bind(longest_ms(waits, now_ms))
    .fetch_optional(tx)
    .await?;
    Ok(found.is_some())
}

/// Shortens some of them; `true`: there may be more.
pub(super) async fn shorten_leases(tx: &mut Tx, waits: &Waits, now_ms: i64) -> Result<bool> {
    let shortened = sqlx::query(
        "UPDATE deliveries SET lease_until_ms = $1 WHERE state = 'running' AND lease_until_ms > $2 \
             AND id IN (SELECT id FROM deliveries \
                 WHERE state = 'running' AND lease_until_ms > $2 LIMIT $3)",
    )
    .bind(now_ms + LEASE_MS)
    .bind(longest_ms(waits, now_ms))
    .bind(PIECE_ROWS)
    .execute(tx)
    .await?;
    Ok(i64::try_from(shortened.rows_affected()).unwrap_or(i64::MAX) >= PIECE_ROWS)
}

/// How long a row may wait: by how often it was put off, or as one that processes did not survive.
fn wait(waits: &Waits) -> String {
    let mut text = format!(
        "CASE WHEN crashes > 0 THEN {} ELSE ",
        suspects::LONGEST_WAIT_MS
    );
    if waits.deferred_ms.is_empty() {
        // Writing to a text cannot fail.
        let _ = write!(text, "{} END", waits.other_ms);
        return text;
    }
    text.push_str("CASE deferrals");
    for (times, wait_ms) in (1..).zip(&waits.deferred_ms) {
        let _ = write!(text, " WHEN {times} THEN {wait_ms}");
    }
    let _ = write!(text, " ELSE {} END END", waits.other_ms);
    text
}
