//! SQL of waits that are too far ahead.

use super::super::store::ID_CHUNK;
use super::Bounds;
use crate::db::{List, PIECE_ROWS, Tx, generated};
use crate::error::Result;
use crate::ids::{OutboxId, first_id_of};

/// Rows that wait for an instant that is too far ahead, `most` of each kind.
pub(super) async fn too_far_ahead(
    tx: &mut Tx,
    bounds: &Bounds,
    most: usize,
) -> Result<Vec<OutboxId>> {
    // What was never tried, or may be tried again soon, stands among all that is held for the night, so
    // those are looked for only when there is a reason to.
    let mut found = Vec::new();
    let ours = "(held IS NULL OR held <> 'quiet')";
    let conditions = [
        ("not_before_ms > $1".to_owned(), Some(bounds.any_ms)),
        (
            format!("not_before_ms > $1 AND first_attempt_ms IS NOT NULL AND {ours}"),
            bounds.tried_ms,
        ),
        (
            format!("not_before_ms > $1 AND updated_ms > $1 AND {ours}"),
            bounds.changed_ms,
        ),
        (
            format!("not_before_ms > $1 AND first_attempt_ms IS NULL AND {ours}"),
            bounds.fresh_ms,
        ),
    ];
    for (condition, bound_ms) in conditions {
        let Some(bound_ms) = bound_ms else { continue };
        let sql = format!(
            "SELECT id FROM outbox WHERE lane IN ('post', 'edit', 'dm') \
                 AND state IN ('available', 'retryable') AND {condition} LIMIT $2"
        );
        let ids = sqlx::query_scalar::<_, i64>(generated(sql))
            .bind(bound_ms)
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .fetch_all(&mut *tx)
            .await?;
        found.extend(ids.into_iter().map(OutboxId));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// These wait no longer. A first attempt that is ahead of now was made before `tried_ms`, for all that
/// is known.
pub(super) async fn set_anew(
    tx: &mut Tx,
    rows: &[OutboxId],
    now_ms: i64,
    tried_ms: i64,
) -> Result<()> {
    for chunk in rows.chunks(ID_CHUNK) {
        let listed = List::of_ids(tx, 3, chunk.iter().map(|id| id.0));
        let sql = format!(
            "UPDATE outbox SET not_before_ms = $1, \
                 first_attempt_ms = CASE WHEN first_attempt_ms > $1 THEN $2 ELSE first_attempt_ms END \
             WHERE state IN ('available', 'retryable') AND not_before_ms > $1 AND id {listed}"
        );
        let anew = sqlx::query(generated(sql)).bind(now_ms).bind(tried_ms);
        anew.bind(listed.values()).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Whether a lease lasts longer than any does.
pub(super) async fn has_long_lease(tx: &mut Tx, bounds: &Bounds) -> Result<bool> {
    let found: Option<i64> = sqlx::query_scalar(
        "SELECT id FROM outbox WHERE state = 'running' AND lease_until_ms > $1 LIMIT 1",
    )
    .bind(bounds.lease_ms)
    .fetch_optional(tx)
    .await?;
    Ok(found.is_some())
}

/// Shortens some leases that last longer than any does; `true`: there may be more. Whoever lives renews them
/// before they run out.
pub(super) async fn shorten_leases(tx: &mut Tx, bounds: &Bounds, until_ms: i64) -> Result<bool> {
    let shortened = sqlx::query(
        "UPDATE outbox SET lease_until_ms = $2 WHERE state = 'running' AND lease_until_ms > $1 \
             AND id IN (SELECT id FROM outbox \
                 WHERE state = 'running' AND lease_until_ms > $1 LIMIT $3)",
    )
    .bind(bounds.lease_ms)
    .bind(until_ms)
    .bind(PIECE_ROWS)
    .execute(tx)
    .await?;
    Ok(i64::try_from(shortened.rows_affected()).unwrap_or(i64::MAX) >= PIECE_ROWS)
}

/// Alerts are told once in each stretch of time, and stretches come again when the clock is set back:
/// those that were told in what is the future now keep nobody from telling them again.
pub(super) async fn free_alerts(tx: &mut Tx, now_ms: i64) -> Result<()> {
    sqlx::query(
        "UPDATE outbox SET dedupe_key = dedupe_key || ':' || CAST(id AS TEXT) \
         WHERE id >= $1 AND dedupe_key LIKE 'alert:%' \
             AND state IN ('completed', 'discarded', 'cancelled')",
    )
    .bind(first_id_of(now_ms))
    .execute(tx)
    .await?;
    Ok(())
}
