//! SQL of what dead processes left under way.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Dead, UnderWay, wait_ms};
use crate::db::{List, PIECE_ROWS, Tx, generated};
use crate::error::Result;

/// Some leases are over, whenever they end: for a database that only this process can have open.
/// `true`: there are more.
pub(in crate::outbox) async fn expire_leases(tx: &mut Tx, now_ms: i64) -> Result<bool> {
    let expired = sqlx::query(
        "UPDATE outbox SET lease_until_ms = $1 WHERE id IN ( \
             SELECT id FROM outbox WHERE state = 'running' AND lease_until_ms >= $2 LIMIT $3)",
    )
    .bind(now_ms - 1)
    .bind(now_ms)
    .bind(PIECE_ROWS)
    .execute(tx)
    .await?;
    Ok(expired.rows_affected() > 0)
}

/// Gives messages back whose leases are over, some at a time: whoever claims is asked again as long as
/// there is anything.
pub(in crate::outbox) async fn give_back_overdue(
    tx: &mut Tx,
    boot: i64,
    now_ms: i64,
    dead: &mut Dead,
) -> Result<bool> {
    let unknown = dead.unknown(overdue_boots(tx, now_ms).await?);
    for one in under_way(tx, boot, now_ms, &unknown).await? {
        dead.learn(one);
    }
    let mut alone = Vec::new();
    for suspected in dead.suspected() {
        if is_suspected(tx, suspected, now_ms).await? {
            alone.push(suspected.message_key);
        }
    }
    dead.told(&alone);
    let listed = List::of_ids(tx, 3, alone.iter().copied());
    // What was claimed was due, also if the clock has been set back since.
    let sql = format!(
        "UPDATE outbox SET state = 'retryable', lease_owner = NULL, lease_until_ms = NULL, \
             deaths = deaths + in_flight, \
             in_doubt = CASE WHEN in_flight = 1 THEN 1 ELSE in_doubt END, in_flight = 0, \
             updated_ms = $1, \
             not_before_ms = CASE WHEN not_before_ms > $1 THEN $1 ELSE not_before_ms END \
         WHERE state = 'running' AND lease_until_ms < $1 AND (message_key {listed} \
             OR message_key IN ( \
                 SELECT message_key FROM outbox WHERE state = 'running' AND lease_until_ms < $1 \
                 ORDER BY lease_until_ms LIMIT $2))"
    );
    let given_back = sqlx::query(generated(sql))
        .bind(now_ms)
        .bind(PIECE_ROWS)
        .bind(listed.values())
        .execute(&mut *tx)
        .await?;
    for key in alone {
        put_off(tx, key, now_ms).await?;
    }
    Ok(given_back.rows_affected() > 0)
}

/// Processes that had something under way whose lease is over.
async fn overdue_boots(tx: &mut Tx, now_ms: i64) -> Result<Vec<i64>> {
    let boots = sqlx::query_scalar(
        "SELECT DISTINCT lease_owner FROM outbox \
         WHERE state = 'running' AND lease_until_ms < $1 AND in_flight = 1",
    );
    Ok(boots.bind(now_ms).fetch_all(tx).await?)
}

/// What these processes have under way, also with leases that are not over yet: those of a dead one
/// end one after the other. Of this very process only what it has lost sight of.
async fn under_way(tx: &mut Tx, boot: i64, now_ms: i64, boots: &[i64]) -> Result<Vec<UnderWay>> {
    if boots.is_empty() {
        return Ok(Vec::new());
    }
    let listed = List::of_ids(tx, 3, boots.iter().copied());
    let sql = format!(
        "SELECT lease_owner, COUNT(DISTINCT message_key), \
             COUNT(DISTINCT CASE WHEN deaths > 0 THEN message_key END), MIN(message_key), \
             MIN(CASE WHEN deaths > 0 THEN message_key END) \
         FROM outbox WHERE state = 'running' AND in_flight = 1 \
             AND (lease_owner <> $1 OR lease_until_ms < $2) AND lease_owner {listed} \
         GROUP BY lease_owner"
    );
    let found = sqlx::query(generated(sql))
        .bind(boot)
        .bind(now_ms)
        .bind(listed.values())
        .fetch_all(tx)
        .await?;
    let read = |row: &AnyRow| {
        let boot_of: i64 = row.try_get(0)?;
        Ok(UnderWay {
            boot: boot_of,
            is_own: boot_of == boot,
            messages: row.try_get(1)?,
            suspects: row.try_get(2)?,
            first: row.try_get(3)?,
            first_suspect: row.try_get(4)?,
        })
    };
    found.iter().map(read).collect()
}

/// Counts a death of which a message is suspected, once its own lease is over; `false`: it is not yet.
async fn is_suspected(tx: &mut Tx, suspected: super::Suspected, now_ms: i64) -> Result<bool> {
    let counted = sqlx::query(
        "UPDATE outbox SET crashes = crashes + 1 WHERE message_key = $1 AND lease_owner = $2 \
             AND state = 'running' AND in_flight = 1 AND lease_until_ms < $3",
    )
    .bind(suspected.message_key)
    .bind(suspected.boot)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(counted.rows_affected() > 0)
}

/// A message that is suspected of a death waits before it is tried again.
async fn put_off(tx: &mut Tx, key: i64, now_ms: i64) -> Result<()> {
    let crashes = sqlx::query_scalar::<_, Option<i64>>(
        "SELECT MAX(crashes) FROM outbox WHERE message_key = $1 AND state = 'retryable'",
    )
    .bind(key)
    .fetch_one(&mut *tx)
    .await?;
    let wait_ms = wait_ms(crashes.unwrap_or(0));
    if wait_ms == 0 {
        return Ok(());
    }
    sqlx::query(
        "UPDATE outbox SET not_before_ms = $2 WHERE message_key = $1 AND state = 'retryable'",
    )
    .bind(key)
    .bind(now_ms + wait_ms)
    .execute(tx)
    .await?;
    Ok(())
}
