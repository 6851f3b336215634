//! SQL of what dead processes left of the mails.

use std::collections::{BTreeSet, HashSet};

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::super::judge::Claimed;
use super::super::lane::{CLAIMED, claimed, count_mails};
use super::super::reason;
use super::INTERRUPTED_AT_ONCE;
use crate::db::{List, Tx, generated, is_postgres};
use crate::error::Result;
use crate::ids::{DeliveryId, GuildId, OccurrenceId};
use crate::outbox::suspects::{self, Dead, UnderWay};

/// Some of what was under way has ended, `true`: there may be more.
pub(super) async fn interrupt_some(
    tx: &mut Tx,
    is_limited: bool,
    now_ms: i64,
    mut dead: Dead,
) -> Result<(bool, Dead)> {
    let interrupted = interrupt(tx, i64::MAX, now_ms, &mut dead).await?;
    if is_limited && interrupted.unsent > 0 {
        count_mails(tx, -interrupted.unsent, now_ms).await?;
    }
    Ok((interrupted.more, dead))
}

/// Occurrences of which something was under way in a process that is no more.
pub(in crate::outbox::mail) async fn lapsed(
    tx: &mut Tx,
    now_ms: i64,
) -> Result<BTreeSet<OccurrenceId>> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "SELECT DISTINCT occurrence_id FROM deliveries \
         WHERE state = 'running' AND lease_until_ms <= $1",
    )
    .bind(now_ms)
    .fetch_all(tx)
    .await?;
    Ok(ids.into_iter().map(OccurrenceId).collect())
}

/// What a dead process left, as far as one piece goes.
#[derive(Default)]
pub(in crate::outbox::mail) struct Interrupted {
    /// There may be more.
    pub(in crate::outbox::mail) more: bool,
    /// Of which occurrences it was.
    pub(in crate::outbox::mail) occurrences: HashSet<OccurrenceId>,
    /// Mails that had not left.
    pub(in crate::outbox::mail) unsent: i64,
}

/// What was under way in a process that is no more: what had not passed its gate has certainly not
/// arrived, and waits as if it had not been tried. The rest may have, unless it is known to have come
/// back.
pub(in crate::outbox::mail) async fn interrupt(
    tx: &mut Tx,
    until_ms: i64,
    now_ms: i64,
    dead: &mut Dead,
) -> Result<Interrupted> {
    let mut interrupted = Interrupted::default();
    let alone = alone(tx, until_ms, dead).await?;
    let held_back = "state = 'running' AND unsent = 1 AND bounce IS NULL AND lease_until_ms <= $1";
    let gone = "state = 'running' AND (unsent = 0 OR bounce IS NOT NULL) AND lease_until_ms <= $1";
    // The same is asked twice: what another process has done meanwhile is done.
    let listed = List::of_ids(tx, 3, alone.iter().copied());
    let sql = format!(
        "UPDATE deliveries SET state = CASE WHEN deferrals > 0 THEN 'retryable' ELSE 'available' END, \
             not_before_ms = 0, attempt = attempt - 1, deaths = deaths + 1, unsent = 0, \
             lease_owner = NULL, lease_until_ms = NULL \
         WHERE {held_back} AND (id {listed} \
             OR id IN (SELECT id FROM deliveries WHERE {held_back} LIMIT $2)) \
         RETURNING occurrence_id"
    );
    let rows = sqlx::query(generated(sql))
        .bind(until_ms)
        .bind(INTERRUPTED_AT_ONCE)
        .bind(listed.values());
    for row in &rows.fetch_all(&mut *tx).await? {
        let occurrence = OccurrenceId(row.try_get(0)?);
        interrupted.occurrences.insert(occurrence);
        interrupted.unsent += 1;
    }
    for id in alone {
        put_off_or_end(tx, DeliveryId(id), now_ms).await?;
    }
    let sql = format!(
        "UPDATE deliveries SET \
             state = CASE WHEN bounce IS NULL THEN 'unknown' ELSE 'discarded' END, \
             reason = COALESCE(bounce, $4), bounce = NULL, ended_ms = $3, \
             round = (SELECT occurrences.round FROM occurrences \
                 WHERE occurrences.id = deliveries.occurrence_id), \
             unsent = 0, lease_owner = NULL, lease_until_ms = NULL \
         WHERE {gone} AND id IN (SELECT id FROM deliveries WHERE {gone} LIMIT $2) \
         RETURNING occurrence_id"
    );
    let rows = sqlx::query(generated(sql))
        .bind(until_ms)
        .bind(INTERRUPTED_AT_ONCE)
        .bind(now_ms)
        .bind(reason::INTERRUPTED)
        .fetch_all(tx)
        .await?;
    let gone = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    interrupted.more = interrupted.unsent.max(gone) >= INTERRUPTED_AT_ONCE;
    for row in &rows {
        let occurrence = OccurrenceId(row.try_get(0)?);
        interrupted.occurrences.insert(occurrence);
    }
    Ok(interrupted)
}

/// The mails that were alone in their process, each with one more death that it is suspected of.
async fn alone(tx: &mut Tx, until_ms: i64, dead: &mut Dead) -> Result<Vec<i64>> {
    let boots = sqlx::query_scalar(
        "SELECT DISTINCT lease_owner FROM deliveries \
         WHERE state = 'running' AND lease_until_ms <= $1 AND unsent = 1",
    );
    let boots: Vec<i64> = boots.bind(until_ms).fetch_all(&mut *tx).await?;
    for one in under_way(tx, &dead.unknown(boots)).await? {
        dead.learn(one);
    }
    let mut alone = Vec::new();
    for suspected in dead.suspected() {
        let counted = sqlx::query(
            "UPDATE deliveries SET crashes = crashes + 1 WHERE id = $1 AND lease_owner = $2 \
                 AND state = 'running' AND unsent = 1 AND bounce IS NULL AND lease_until_ms <= $3",
        )
        .bind(suspected.message_key)
        .bind(suspected.boot)
        .bind(until_ms)
        .execute(&mut *tx)
        .await?;
        if counted.rows_affected() > 0 {
            alone.push(suspected.message_key);
        }
    }
    dead.told(&alone);
    Ok(alone)
}

/// What these processes have under way, also with leases that are not over yet: those of a dead one
/// end one after the other.
async fn under_way(tx: &mut Tx, boots: &[i64]) -> Result<Vec<UnderWay>> {
    if boots.is_empty() {
        return Ok(Vec::new());
    }
    let listed = List::of_ids(tx, 1, boots.iter().copied());
    let sql = format!(
        "SELECT lease_owner, COUNT(*), COUNT(CASE WHEN deaths > 0 THEN 1 END), MIN(id), \
             MIN(CASE WHEN deaths > 0 THEN id END) \
         FROM deliveries WHERE state = 'running' AND lease_owner {listed} GROUP BY lease_owner"
    );
    let query = sqlx::query(generated(sql)).bind(listed.values());
    let read = |row: &AnyRow| {
        Ok(UnderWay {
            boot: row.try_get(0)?,
            // What this process holds it renews before it looks for what others left.
            is_own: false,
            messages: row.try_get(1)?,
            suspects: row.try_get(2)?,
            first: row.try_get(3)?,
            first_suspect: row.try_get(4)?,
        })
    };
    query.fetch_all(tx).await?.iter().map(read).collect()
}

/// A mail that is suspected of a death waits before it is tried again, or comes to its end.
async fn put_off_or_end(tx: &mut Tx, id: DeliveryId, now_ms: i64) -> Result<()> {
    let row = sqlx::query("SELECT crashes, first_attempt_ms FROM deliveries WHERE id = $1")
        .bind(id.0)
        .fetch_one(&mut *tx)
        .await?;
    let (crashes, first_ms): (i64, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
    if suspects::is_hopeless(crashes, now_ms - first_ms.unwrap_or(now_ms)) {
        tracing::error!(
            delivery.id = %id,
            "a mail was given up: for a day, several processes ended while they had nothing else in hand"
        );
        sqlx::query(
            "UPDATE deliveries SET state = 'discarded', reason = $2, ended_ms = $3, \
                 round = (SELECT occurrences.round FROM occurrences \
                     WHERE occurrences.id = deliveries.occurrence_id) \
             WHERE id = $1",
        )
        .bind(id.0)
        .bind(reason::DEFECT)
        .bind(now_ms)
        .execute(tx)
        .await?;
        return Ok(());
    }
    let wait_ms = suspects::wait_ms(crashes);
    if wait_ms > 0 {
        sqlx::query("UPDATE deliveries SET not_before_ms = $2 WHERE id = $1")
            .bind(id.0)
            .bind(now_ms + wait_ms)
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// The next mail that a process did not survive, of these occurrences.
pub(in crate::outbox::mail) async fn suspect_due(
    tx: &mut Tx,
    sending: &[(OccurrenceId, GuildId)],
    now_ms: i64,
) -> Result<Option<Claimed>> {
    let lock = if is_postgres(tx) {
        " FOR UPDATE SKIP LOCKED"
    } else {
        ""
    };
    let listed = List::of_ids(tx, 2, sending.iter().map(|(id, _)| id.0));
    // The sign keeps SQLite from going through all that waits of an occurrence, by the index of that: of
    // suspects there are few.
    let sql = format!(
        "SELECT {CLAIMED} FROM deliveries \
         WHERE deaths > 0 AND state IN ('available', 'retryable') AND not_before_ms <= $1 \
             AND +occurrence_id {listed} ORDER BY not_before_ms, id LIMIT 1{lock}"
    );
    let found = sqlx::query(generated(sql))
        .bind(now_ms)
        .bind(listed.values())
        .fetch_optional(tx)
        .await?;
    let Some(row) = found else { return Ok(None) };
    let of = OccurrenceId(row.try_get("occurrence_id")?);
    let guild = sending.iter().find(|(id, _)| *id == of);
    guild.map(|(_, guild)| claimed(&row, *guild)).transpose()
}
