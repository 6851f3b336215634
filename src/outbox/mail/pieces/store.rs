//! SQL of what is done in pieces.

use std::collections::BTreeSet;

use sqlx::Row as _;
use sqlx::any::{AnyQueryResult, AnyRow};

use super::super::reason;
use super::{OCCURRENCES_AT_ONCE, ROWS_AT_ONCE};
use crate::db::{Tx, generated, is_postgres};
use crate::error::Result;
use crate::ids::{GuildId, OccurrenceId};

/// What waits is cancelled; what is under way arrives. `false`: there was nothing to cancel.
pub async fn cancel(tx: &mut Tx, guild: GuildId, id: OccurrenceId, now_ms: i64) -> Result<bool> {
    let cancelled = sqlx::query(
        "UPDATE occurrences SET phase = 'cancelled', retry_discarded = 0, retry_unknown = 0, \
             updated_ms = $3 \
         WHERE id = $1 AND guild_id = $2 AND phase IN ('sending', 'paused', 'stopped')",
    )
    .bind(id.0)
    .bind(guild.0)
    .bind(now_ms)
    .execute(&mut *tx)
    .await?;
    if cancelled.rows_affected() == 0 {
        return Ok(false);
    }
    cancel_some(tx, id, ROWS_AT_ONCE, now_ms).await?;
    Ok(true)
}

/// Waits for what others decide about these at this moment, and has them wait until this transaction is
/// over. A statement of PostgreSQL's sees what was there when it began, so what it asks of an
/// occurrence's rows, or of its round, may be out of date when it writes; the next one sees it. In the
/// order of ids, so that two do not wait for each other.
pub(in super::super) async fn hold(tx: &mut Tx, ids: &BTreeSet<OccurrenceId>) -> Result<()> {
    if !is_postgres(tx) {
        return Ok(());
    }
    for id in ids {
        sqlx::query("SELECT id FROM occurrences WHERE id = $1 FOR NO KEY UPDATE")
            .bind(id.0)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// Forgets an occurrence that was being filled, and its rows.
pub async fn abandon(tx: &mut Tx, id: OccurrenceId, now_ms: i64) -> Result<()> {
    let abandoned = sqlx::query(
        "UPDATE occurrences SET phase = 'abandoned', content = '', updated_ms = $2 \
         WHERE id = $1 AND phase = 'filling'",
    )
    .bind(id.0)
    .bind(now_ms)
    .execute(&mut *tx)
    .await?;
    if abandoned.rows_affected() == 1 {
        delete_some(tx, id, ROWS_AT_ONCE).await?;
    }
    Ok(())
}

/// What was refused for good waits again, with its attempts and deferrals anew; with `unknown`, also
/// what may have arrived. Suppressed recipients are asked about at the claim as ever. `false`: there is
/// none; else the occurrence is [`super::super::Phase::Sending`] again. Of one that is being filled, was
/// cancelled, or was forgotten, none is. How many they are is asked before, beside the writer
/// ([`super::super::progress`]): to count them takes as long as there are many.
///
/// What fails from now on is not meant, even before all that is meant has been put back: it ends in
/// the next round. (Not by the time at which it ended: the clocks of two processes differ, and each
/// can be set back.)
pub async fn retry_failed(
    tx: &mut Tx,
    guild: GuildId,
    id: OccurrenceId,
    unknown: bool,
    now_ms: i64,
) -> Result<bool> {
    let and = if unknown { "unknown" } else { "discarded" };
    let retried = sqlx::query(
        "UPDATE occurrences SET phase = 'sending', why = NULL, ended_ms = NULL, updated_ms = $4, \
             round = round + 1, retry_discarded = round + 1, \
             retry_unknown = CASE WHEN $3 = 'unknown' THEN round + 1 ELSE retry_unknown END \
         WHERE id = $1 AND guild_id = $2 AND phase IN ('sending', 'paused', 'stopped', 'ended') \
             AND forgotten_ms IS NULL AND EXISTS (SELECT 1 FROM deliveries \
                 WHERE occurrence_id = $1 AND state IN ('discarded', $3)) \
         RETURNING id, retry_discarded, retry_unknown",
    )
    .bind(id.0)
    .bind(guild.0)
    .bind(and)
    .bind(now_ms)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = retried else {
        return Ok(false);
    };
    put_back_some(tx, &Retry::read(&row)?, ROWS_AT_ONCE).await?;
    Ok(true)
}

/// What a piece was.
pub(super) struct Piece {
    /// Rows that it changed.
    pub(super) rows: i64,
    /// There are more.
    pub(super) more: bool,
}

/// An occurrence of which what failed is being put back.
pub(super) struct Retry {
    pub(super) id: OccurrenceId,
    /// What was refused for good in a round before this one.
    discarded: i64,
    /// What may have arrived in a round before this one.
    unknown: i64,
}

impl Retry {
    fn read(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: OccurrenceId(row.try_get(0)?),
            discarded: row.try_get(1)?,
            unknown: row.try_get(2)?,
        })
    }
}

/// Occurrences for which `holds`, that no other process is at: on PostgreSQL they stay as they are,
/// whatever else is decided, until the piece is in. One more than a piece takes, to tell whether there
/// are more.
async fn left(tx: &mut Tx, columns: &str, holds: &str) -> Result<Vec<AnyRow>> {
    let lock = if is_postgres(tx) {
        " FOR UPDATE SKIP LOCKED"
    } else {
        ""
    };
    let sql = format!("SELECT {columns} FROM occurrences WHERE {holds} ORDER BY id LIMIT $1{lock}");
    let most = OCCURRENCES_AT_ONCE + 1;
    let left = sqlx::query(generated(sql)).bind(most);
    Ok(left.fetch_all(tx).await?)
}

async fn left_ids(tx: &mut Tx, holds: &str) -> Result<Vec<OccurrenceId>> {
    let rows = left(tx, "id", holds).await?;
    let id = |row: &AnyRow| Ok(OccurrenceId(row.try_get(0)?));
    rows.iter().map(id).collect()
}

/// What failed of these has to wait again.
pub(super) async fn retries(tx: &mut Tx) -> Result<Vec<Retry>> {
    let columns = "id, retry_discarded, retry_unknown";
    let rows = left(tx, columns, "retry_discarded > 0").await?;
    rows.iter().map(Retry::read).collect()
}

/// Cancelled ones of which something waits, or nothing is under way any more.
pub(super) async fn cancelled(tx: &mut Tx) -> Result<Vec<OccurrenceId>> {
    let holds = "phase = 'cancelled' AND ended_ms IS NULL AND (EXISTS ( \
             SELECT 1 FROM deliveries WHERE occurrence_id = occurrences.id \
                 AND state IN ('available', 'retryable')) \
         OR NOT EXISTS ( \
             SELECT 1 FROM deliveries WHERE occurrence_id = occurrences.id AND state = 'running'))";
    left_ids(tx, holds).await
}

/// Abandoned ones that have not been deleted.
pub(super) async fn abandoned(tx: &mut Tx) -> Result<Vec<OccurrenceId>> {
    left_ids(tx, "phase = 'abandoned'").await
}

/// Lets at most so many of what failed wait again.
pub(super) async fn put_back_some(tx: &mut Tx, retry: &Retry, most: i64) -> Result<Piece> {
    let meant = "occurrence_id = $1 AND state IN ('discarded', 'unknown') \
         AND round < CASE state WHEN 'discarded' THEN $2 ELSE $3 END";
    let sql = format!(
        "UPDATE deliveries SET state = 'available', reason = NULL, soft = 0, server_id = NULL, \
             attempt = 0, deferrals = 0, deaths = 0, crashes = 0, not_before_ms = 0, first_attempt_ms = NULL, \
             deferred_ms = NULL, ended_ms = NULL \
         WHERE {meant} AND id IN (SELECT id FROM deliveries WHERE {meant} LIMIT $4)"
    );
    let put_back = sqlx::query(generated(sql))
        .bind(retry.id.0)
        .bind(retry.discarded)
        .bind(retry.unknown)
        .bind(most)
        .execute(&mut *tx)
        .await?;
    let sql = format!(
        "UPDATE occurrences SET retry_discarded = 0, retry_unknown = 0 \
         WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM deliveries WHERE {meant})"
    );
    let done = sqlx::query(generated(sql))
        .bind(retry.id.0)
        .bind(retry.discarded)
        .bind(retry.unknown)
        .execute(tx)
        .await?;
    Ok(Piece {
        rows: count(&put_back),
        more: done.rows_affected() == 0,
    })
}

/// Cancels at most so many of what waits. Once nothing waits or is under way, the occurrence has ended.
pub(super) async fn cancel_some(
    tx: &mut Tx,
    id: OccurrenceId,
    most: i64,
    now_ms: i64,
) -> Result<Piece> {
    let cancelled = sqlx::query(
        // Its state is asked twice: what another process claims meanwhile goes on, and is looked at
        // again.
        "UPDATE deliveries SET state = 'cancelled', reason = $2, ended_ms = $3 \
         WHERE state IN ('available', 'retryable') AND id IN ( \
             SELECT id FROM deliveries WHERE occurrence_id = $1 \
                 AND state IN ('available', 'retryable') LIMIT $4)",
    )
    .bind(id.0)
    .bind(reason::CANCELLED)
    .bind(now_ms)
    .bind(most)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "UPDATE occurrences SET ended_ms = $2 \
         WHERE id = $1 AND phase = 'cancelled' AND ended_ms IS NULL AND NOT EXISTS ( \
             SELECT 1 FROM deliveries WHERE occurrence_id = $1 \
                 AND state IN ('available', 'retryable', 'running'))",
    )
    .bind(id.0)
    .bind(now_ms)
    .execute(tx)
    .await?;
    let rows = count(&cancelled);
    Ok(Piece {
        rows,
        more: rows >= most,
    })
}

/// Deletes at most so many of an abandoned one's rows. With the last it goes itself.
pub(super) async fn delete_some(tx: &mut Tx, id: OccurrenceId, most: i64) -> Result<Piece> {
    let deleted = sqlx::query(
        "DELETE FROM deliveries WHERE id IN ( \
             SELECT id FROM deliveries WHERE occurrence_id = $1 LIMIT $2)",
    )
    .bind(id.0)
    .bind(most)
    .execute(&mut *tx)
    .await?;
    let gone = sqlx::query(
        "DELETE FROM occurrences WHERE id = $1 AND phase = 'abandoned' \
             AND NOT EXISTS (SELECT 1 FROM deliveries WHERE occurrence_id = $1)",
    )
    .bind(id.0)
    .execute(tx)
    .await?;
    Ok(Piece {
        rows: count(&deleted),
        more: gone.rows_affected() == 0,
    })
}

fn count(done: &AnyQueryResult) -> i64 {
    i64::try_from(done.rows_affected()).unwrap_or(i64::MAX)
}

/// One of which rows still have to be forgotten, and behind whom.
pub(super) async fn forgetting(tx: &mut Tx) -> Result<Option<(OccurrenceId, i64)>> {
    let rows = left(tx, "id, forgetting_id", "forgetting_id IS NOT NULL").await?;
    let first = rows.first();
    first
        .map(|row| Ok((OccurrenceId(row.try_get(0)?), row.try_get(1)?)))
        .transpose()
}

/// One that ended before `until_ms` is forgotten from now on; `false`: there is none.
pub(super) async fn begin_to_forget(tx: &mut Tx, until_ms: i64, now_ms: i64) -> Result<bool> {
    // Its end is asked about twice: what is being sent again meanwhile has none.
    let begun = sqlx::query(
        "UPDATE occurrences SET content = '', forgotten_ms = $2, forgetting_id = 0 \
         WHERE ended_ms <= $1 AND forgotten_ms IS NULL AND id IN ( \
             SELECT id FROM occurrences WHERE ended_ms <= $1 AND forgotten_ms IS NULL \
             ORDER BY ended_ms LIMIT 1)",
    )
    .bind(until_ms)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(begun.rows_affected() > 0)
}

/// Forgets the next rows of one.
pub(super) async fn forget_some(tx: &mut Tx, id: OccurrenceId, behind: i64) -> Result<()> {
    let last: Option<i64> = sqlx::query_scalar(
        "SELECT MAX(id) FROM (SELECT id FROM deliveries WHERE occurrence_id = $1 AND id > $2 \
             ORDER BY id LIMIT $3) AS piece",
    )
    .bind(id.0)
    .bind(behind)
    .bind(ROWS_AT_ONCE)
    .fetch_one(&mut *tx)
    .await?;
    if let Some(last) = last {
        sqlx::query(
            "UPDATE deliveries SET name = '', fields = '{}' \
             WHERE occurrence_id = $1 AND id > $2 AND id <= $3",
        )
        .bind(id.0)
        .bind(behind)
        .bind(last)
        .execute(&mut *tx)
        .await?;
    }
    sqlx::query("UPDATE occurrences SET forgetting_id = $2 WHERE id = $1")
        .bind(id.0)
        .bind(last)
        .execute(tx)
        .await?;
    Ok(())
}
