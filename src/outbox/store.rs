//! SQL of the outbox.

use std::collections::{HashMap, HashSet};

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::standby::Told;
use super::suspects::{self, Dead};
use super::{Class, LEASE_MS, Lane, Payload, Row, dm};
use crate::db::{List, PIECE_ROWS, Tx, generated, is_postgres, placeholders};
use crate::error::Result;
use crate::ids::{ChannelId, GuildId, MessageId, OutboxId, UserId, first_id_of};

/// Rows inserted by one statement: 22 columns each, well under SQLite's 32,766 parameters.
const INSERT_CHUNK: usize = 100;
/// Rows removed by one transaction of [`prune`].
const PRUNE_CHUNK: i64 = PIECE_ROWS;
/// Messages about a member that are forgotten at once. Others' that were to go out in one with them
/// change, too.
const MEMBER_CHUNK: usize = 100;
/// Ids named by one statement.
pub(super) const ID_CHUNK: usize = 500;

pub(super) const COLUMNS: &str = "id, message_key, class, guild_id, user_id, channel_id, rung, \
     payload, dedupe_key, attempt, first_attempt_ms, alerted, created_ms, message_id, crashes, \
     lane, not_before_ms, expires_at_ms, bulk, batch_id, held, deaths";

/// What [`claim`] found.
pub(super) struct Claimed {
    pub(super) rows: Vec<Row>,
    /// Whether leases of a dead process ran out: their rows are for all lanes, and there may be more.
    pub(super) expired: bool,
    /// What is known of those processes.
    pub(super) dead: Dead,
    /// Rows that this version of the program cannot read; they are discarded.
    pub(super) unreadable: Vec<OutboxId>,
    /// When the next waiting row becomes due.
    pub(super) next_due_ms: Option<i64>,
}

/// Inserts rows made by [`super::Outbox::prepare`], in the caller's transaction.
///
/// A row whose `dedupe_key` is there already is not inserted; the caller's own conditional
/// `UPDATE` is what keeps a thing from being said twice, this is the net below it.
pub async fn enqueue(tx: &mut Tx, rows: &[Row], boot: i64) -> Result<()> {
    for chunk in rows.chunks(INSERT_CHUNK) {
        let sql = format!(
            "INSERT INTO outbox (id, lane, message_key, kind, class, guild_id, user_id, channel_id, \
                 payload, dedupe_key, state, not_before_ms, attempt, in_flight, lease_owner, \
                 lease_until_ms, first_attempt_ms, created_ms, updated_ms, expires_at_ms, bulk, \
                 batch_id) \
             VALUES {} ON CONFLICT (dedupe_key) DO NOTHING",
            placeholders(tx, chunk.len(), 22)
        );
        let mut query = sqlx::query(generated(sql));
        for row in chunk {
            let lease = row.claimed.then_some((boot, row.created_ms + LEASE_MS));
            query = query
                .bind(row.id.0)
                .bind(row.lane.as_str())
                .bind(row.message_key)
                .bind(row.kind())
                .bind(row.class.as_str())
                .bind(row.guild.0)
                .bind(row.user.map(|user| user.0))
                .bind(row.channel.0)
                .bind(serde_json::to_string(&row.payload)?)
                .bind(row.dedupe_key.clone())
                .bind(if row.claimed { "running" } else { "available" })
                .bind(row.dm.not_before_ms.unwrap_or(row.created_ms))
                .bind(i64::from(row.begun))
                .bind(i64::from(row.begun))
                .bind(lease.map(|(owner, _)| owner))
                .bind(lease.map(|(_, until_ms)| until_ms))
                .bind(row.begun.then_some(row.created_ms))
                .bind(row.created_ms)
                .bind(row.created_ms)
                .bind(row.dm.expires_at_ms)
                .bind(i64::from(row.dm.bulk))
                .bind(row.dm.batch);
        }
        query.execute(&mut *tx).await?;
    }
    Ok(())
}

/// Inserts edits in the place of those of the same `dedupe_key`: what they would have shown is out
/// of date. Nothing of these keys may be [`under_way`].
pub async fn enqueue_newest(tx: &mut Tx, rows: &[Row], boot: i64) -> Result<()> {
    for row in rows {
        withdraw(tx, &row.dedupe_key).await?;
    }
    enqueue(tx, rows, boot).await
}

/// Which of these keys a sender holds at this moment. What it may just be sending cannot be
/// overtaken: who sends something newer waits until it has arrived.
pub async fn under_way(tx: &mut Tx, dedupe_keys: &[String]) -> Result<HashSet<String>> {
    let mut found = HashSet::new();
    for chunk in dedupe_keys.chunks(ID_CHUNK) {
        let listed = List::of_texts(tx, 1, chunk.iter().map(String::as_str));
        let sql = format!(
            "SELECT dedupe_key FROM outbox WHERE state = 'running' AND dedupe_key {listed}"
        );
        let query = sqlx::query_scalar::<_, String>(generated(sql)).bind(listed.values());
        found.extend(query.fetch_all(&mut *tx).await?);
    }
    Ok(found)
}

/// Takes back what is out of date and no sender holds.
pub async fn withdraw(tx: &mut Tx, dedupe_key: &str) -> Result<()> {
    sqlx::query("DELETE FROM outbox WHERE dedupe_key = $1 AND state <> 'running'")
        .bind(dedupe_key.to_owned())
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes back what has not left yet and no sender holds.
pub async fn withdraw_unsent(tx: &mut Tx, dedupe_key: &str) -> Result<()> {
    sqlx::query("DELETE FROM outbox WHERE dedupe_key = $1 AND state IN ('available', 'retryable')")
        .bind(dedupe_key.to_owned())
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes what is due, oldest first, and what dead processes left behind: `most` posts, and after
/// them `most_edits` edits.
pub(super) async fn claim(
    tx: &mut Tx,
    boot: i64,
    now_ms: i64,
    most: i64,
    most_edits: i64,
    mut dead: Dead,
) -> Result<Claimed> {
    let expired = suspects::give_back_overdue(tx, boot, now_ms, &mut dead).await?;
    let mut found = claim_lane(tx, Lane::Post, boot, now_ms, most).await?;
    if most_edits > 0 {
        found.extend(claim_lane(tx, Lane::Edit, boot, now_ms, most_edits).await?);
    }
    let mut rows = Vec::with_capacity(found.len());
    let mut unreadable = Vec::new();
    for row in &found {
        if let Ok(row) = from_row(row) {
            rows.push(row);
        } else {
            // One row must not keep all others from being read.
            let id = OutboxId(row.try_get(0)?);
            discard(tx, id, boot, now_ms, "this version cannot read it").await?;
            unreadable.push(id);
        }
    }
    rows.sort_by_key(|row| row.id);
    let next_due_ms: Option<i64> = sqlx::query_scalar(
        "SELECT not_before_ms FROM outbox WHERE lane = 'post' AND state IN ('available', 'retryable') \
         ORDER BY not_before_ms, id LIMIT 1",
    )
    .fetch_optional(&mut *tx)
    .await?;
    if found.is_empty() && next_due_ms.is_some_and(|next_ms| next_ms <= now_ms) {
        adopt_orphans(tx).await?;
    }
    Ok(Claimed {
        rows,
        expired,
        dead,
        unreadable,
        next_due_ms,
    })
}

async fn claim_lane(
    tx: &mut Tx,
    lane: Lane,
    boot: i64,
    now_ms: i64,
    most: i64,
) -> Result<Vec<AnyRow>> {
    // Whole messages: the rows of one message_key are claimed together or not at all.
    let skip_locked = if is_postgres(tx) {
        "FOR UPDATE SKIP LOCKED"
    } else {
        ""
    };
    let sql = format!(
        "UPDATE outbox SET state = 'running', lease_owner = $1, lease_until_ms = $2, \
             updated_ms = $3 \
         WHERE state IN ('available', 'retryable') AND message_key IN ( \
             SELECT message_key FROM outbox \
             WHERE lane = $5 AND id = message_key AND state IN ('available', 'retryable') \
                 AND not_before_ms <= $3 \
             ORDER BY not_before_ms, id LIMIT $4 {skip_locked}) \
         RETURNING {COLUMNS}"
    );
    let claimed = sqlx::query(generated(sql))
        .bind(boot)
        .bind(now_ms + LEASE_MS)
        .bind(now_ms)
        .bind(most)
        .bind(lane.as_str())
        .fetch_all(&mut *tx)
        .await?;
    Ok(claimed)
}

/// An attempt begins: `rows` are one message from now on, whose key is `key`. Returns those of them
/// that this boot still holds.
pub(super) async fn begin(
    tx: &mut Tx,
    key: i64,
    rows: &[OutboxId],
    boot: i64,
    attempt: i64,
    now_ms: i64,
) -> Result<Vec<OutboxId>> {
    let mut held = Vec::with_capacity(rows.len());
    for chunk in rows.chunks(ID_CHUNK) {
        let listed = List::of_ids(tx, 5, chunk.iter().map(|id| id.0));
        let sql = format!(
            "UPDATE outbox SET message_key = $1, attempt = $2, in_flight = 1, \
                 first_attempt_ms = COALESCE(first_attempt_ms, $3) \
             WHERE lease_owner = $4 AND state = 'running' AND id {listed} RETURNING id"
        );
        let query = sqlx::query_scalar::<_, i64>(generated(sql))
            .bind(key)
            .bind(attempt)
            .bind(now_ms)
            .bind(boot)
            .bind(listed.values());
        held.extend(query.fetch_all(&mut *tx).await?.into_iter().map(OutboxId));
    }
    Ok(held)
}

pub(super) async fn renew(tx: &mut Tx, boot: i64, until_ms: i64, held: &[OutboxId]) -> Result<()> {
    for chunk in held.chunks(ID_CHUNK) {
        let listed = List::of_ids(tx, 3, chunk.iter().map(|id| id.0));
        let sql = format!(
            "UPDATE outbox SET lease_until_ms = $1 \
             WHERE lease_owner = $2 AND state = 'running' AND id {listed}"
        );
        let query = sqlx::query(generated(sql))
            .bind(until_ms)
            .bind(boot)
            .bind(listed.values());
        query.execute(&mut *tx).await?;
    }
    Ok(())
}

/// Claims given back by one piece: of some it is first said that their attempt was not made.
pub(super) const RELEASED_AT_ONCE: usize = 100;

/// Gives some of this boot's claims back; `true`: there may be more. Of `unsent`
/// ([`RELEASED_AT_ONCE`] at most) it is known that they were not sent: they are as good as new.
pub(super) async fn release(
    tx: &mut Tx,
    boot: i64,
    now_ms: i64,
    unsent: &[OutboxId],
) -> Result<bool> {
    forget_attempt(tx, boot, unsent).await?;
    // Those first, as else they may be given back before it is known that they are.
    let listed = List::of_ids(tx, 3, unsent.iter().map(|id| id.0));
    let some = if unsent.is_empty() {
        "id IN (SELECT id FROM outbox WHERE lease_owner = $1 AND state = 'running' LIMIT $3)"
            .to_owned()
    } else {
        format!("id {listed}")
    };
    let sql = format!(
        "UPDATE outbox SET state = 'retryable', \
             in_doubt = CASE WHEN in_flight = 1 THEN 1 ELSE in_doubt END, in_flight = 0, \
             lease_owner = NULL, lease_until_ms = NULL, updated_ms = $2, \
             not_before_ms = CASE WHEN not_before_ms > $2 THEN $2 ELSE not_before_ms END \
         WHERE lease_owner = $1 AND state = 'running' AND {some}"
    );
    let query = sqlx::query(generated(sql)).bind(boot).bind(now_ms);
    if !unsent.is_empty() {
        query.bind(listed.values()).execute(tx).await?;
        return Ok(true);
    }
    let released = query.bind(PIECE_ROWS).execute(tx).await?;
    let released = i64::try_from(released.rows_affected()).unwrap_or(i64::MAX);
    Ok(released >= PIECE_ROWS)
}

/// Gives these claims back, as good as new.
pub(super) async fn put_back(
    tx: &mut Tx,
    boot: i64,
    now_ms: i64,
    unsent: &[OutboxId],
) -> Result<()> {
    forget_attempt(tx, boot, unsent).await?;
    for chunk in unsent.chunks(ID_CHUNK) {
        let listed = List::of_ids(tx, 3, chunk.iter().map(|id| id.0));
        let sql = format!(
            "UPDATE outbox SET state = 'available', in_flight = 0, lease_owner = NULL, \
                 lease_until_ms = NULL, updated_ms = $2, \
                 not_before_ms = CASE WHEN not_before_ms > $2 THEN $2 ELSE not_before_ms END \
             WHERE lease_owner = $1 AND state = 'running' AND id {listed}"
        );
        let query = sqlx::query(generated(sql))
            .bind(boot)
            .bind(now_ms)
            .bind(listed.values());
        query.execute(&mut *tx).await?;
    }
    Ok(())
}

/// The attempt that was counted was not made.
async fn forget_attempt(tx: &mut Tx, boot: i64, unsent: &[OutboxId]) -> Result<()> {
    for chunk in unsent.chunks(ID_CHUNK) {
        let listed = List::of_ids(tx, 2, chunk.iter().map(|id| id.0));
        let sql = format!(
            "UPDATE outbox SET attempt = attempt - in_flight, \
                 first_attempt_ms = CASE WHEN attempt > in_flight THEN first_attempt_ms END, \
                 in_flight = 0 \
             WHERE lease_owner = $1 AND state = 'running' AND id {listed}"
        );
        let query = sqlx::query(generated(sql)).bind(boot).bind(listed.values());
        query.execute(&mut *tx).await?;
    }
    Ok(())
}

pub(super) async fn complete(
    tx: &mut Tx,
    key: i64,
    boot: i64,
    message: Option<MessageId>,
    now_ms: i64,
) -> Result<()> {
    sqlx::query(
        "UPDATE outbox SET in_flight = 0, state = 'completed', message_id = $3, lease_owner = NULL, \
             lease_until_ms = NULL, updated_ms = $4 \
         WHERE message_key = $1 AND lease_owner = $2 AND state = 'running'",
    )
    .bind(key)
    .bind(boot)
    .bind(message.map(|message| message.0))
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// How an attempt failed that is made again.
pub(super) struct Again<'a> {
    pub(super) at_ms: i64,
    pub(super) why: &'a str,
    /// The guild was told of the trouble.
    pub(super) alerted: bool,
    /// It may have arrived all the same.
    pub(super) is_in_doubt: bool,
}

pub(super) async fn retry(
    tx: &mut Tx,
    key: i64,
    boot: i64,
    now_ms: i64,
    again: Again<'_>,
) -> Result<()> {
    sqlx::query(
        // The process has outlived the attempt: it is suspected no more.
        "UPDATE outbox SET in_flight = 0, crashes = 0, deaths = 0, state = 'retryable', \
             not_before_ms = $3, last_error = $4, alerted = $5, \
             in_doubt = CASE WHEN in_doubt = 1 THEN 1 ELSE CAST($7 AS BIGINT) END, \
             lease_owner = NULL, lease_until_ms = NULL, updated_ms = $6 \
         WHERE message_key = $1 AND lease_owner = $2 AND state = 'running'",
    )
    .bind(key)
    .bind(boot)
    .bind(again.at_ms)
    .bind(again.why)
    .bind(i64::from(again.alerted))
    .bind(now_ms)
    .bind(i64::from(again.is_in_doubt))
    .execute(tx)
    .await?;
    Ok(())
}

/// Sends one row to the next channel of its ladder, as a message of its own.
pub(super) async fn step_down(
    tx: &mut Tx,
    row: &Row,
    to: ChannelId,
    boot: i64,
    now_ms: i64,
    why: &str,
) -> Result<()> {
    // As the table has it: it may have been rewritten since it was claimed.
    let stored = sqlx::query_scalar::<_, String>("SELECT payload FROM outbox WHERE id = $1")
        .bind(row.id.0)
        .fetch_optional(&mut *tx)
        .await?;
    let Some(stored) = stored else {
        return Ok(());
    };
    let mut payload: Payload = serde_json::from_str(&stored)?;
    payload.ladder.retain(|channel| *channel != to);
    sqlx::query(
        "UPDATE outbox SET state = 'available', message_key = id, channel_id = $3, \
             rung = rung + 1, payload = $4, not_before_ms = $5, attempt = 0, in_flight = 0, \
             crashes = 0, deaths = 0, first_attempt_ms = NULL, last_error = $6, \
             lease_owner = NULL, lease_until_ms = NULL, updated_ms = $5 \
         WHERE id = $1 AND lease_owner = $2 AND state = 'running'",
    )
    .bind(row.id.0)
    .bind(boot)
    .bind(to.0)
    .bind(serde_json::to_string(&payload)?)
    .bind(now_ms)
    .bind(why)
    .execute(tx)
    .await?;
    Ok(())
}

/// Gives up what no channel takes. It is shown at its member's next command, unless a direct
/// message tells them the same.
pub(super) async fn discard(
    tx: &mut Tx,
    id: OutboxId,
    boot: i64,
    now_ms: i64,
    why: &str,
) -> Result<()> {
    sqlx::query(
        "UPDATE outbox SET state = 'discarded', in_flight = 0, last_error = $4, lease_owner = NULL, \
             lease_until_ms = NULL, updated_ms = $3, \
             shown_ms = CASE WHEN EXISTS (SELECT 1 FROM outbox AS dm \
                 WHERE dm.dedupe_key = 'dm:' || outbox.dedupe_key \
                     AND dm.state IN ('available', 'running', 'retryable', 'completed')) \
                 THEN CAST($3 AS BIGINT) END \
         WHERE id = $1 AND lease_owner = $2 AND state = 'running'",
    )
    .bind(id.0)
    .bind(boot)
    .bind(now_ms)
    .bind(why)
    .execute(tx)
    .await?;
    Ok(())
}

/// Gives up what nobody misses.
pub(super) async fn cancel(
    tx: &mut Tx,
    id: OutboxId,
    boot: i64,
    now_ms: i64,
    why: &str,
) -> Result<()> {
    sqlx::query(
        "UPDATE outbox SET state = 'cancelled', in_flight = 0, last_error = $4, lease_owner = NULL, \
             lease_until_ms = NULL, updated_ms = $3 \
         WHERE id = $1 AND lease_owner = $2 AND state = 'running'",
    )
    .bind(id.0)
    .bind(boot)
    .bind(now_ms)
    .bind(why)
    .execute(tx)
    .await?;
    Ok(())
}

/// Changes what the row with `dedupe_key` says, sent or not, and returns it as it is then.
///
/// The message is brought up to date by an edit (`Outbox::prepare_edit`), if it was sent.
pub async fn rewrite(
    tx: &mut Tx,
    dedupe_key: &str,
    change: impl FnOnce(&mut Payload),
) -> Result<Option<Row>> {
    let sql = format!("SELECT {COLUMNS} FROM outbox WHERE dedupe_key = $1");
    let found = sqlx::query(generated(sql))
        .bind(dedupe_key.to_owned())
        .fetch_optional(&mut *tx)
        .await?;
    let Some(mut row) = found.as_ref().map(from_row).transpose()? else {
        return Ok(None);
    };
    change(&mut row.payload);
    sqlx::query("UPDATE outbox SET payload = $2 WHERE id = $1")
        .bind(row.id.0)
        .bind(serde_json::to_string(&row.payload)?)
        .execute(tx)
        .await?;
    Ok(Some(row))
}

/// Lets what stands by go out: one row, or all of them.
pub(super) async fn release_standby(tx: &mut Tx, row: Option<OutboxId>, now_ms: i64) -> Result<()> {
    // Of posts that were never tried nothing else waits for a later time.
    let only = if row.is_some() { "AND id = $2" } else { "" };
    let sql = format!(
        "UPDATE outbox SET not_before_ms = $1 \
         WHERE lane = 'post' AND state = 'available' AND attempt = 0 AND not_before_ms > $1 {only}"
    );
    let mut query = sqlx::query(generated(sql)).bind(now_ms);
    if let Some(row) = row {
        query = query.bind(row.0);
    }
    query.execute(tx).await?;
    Ok(())
}

/// Takes a row back, unless a sender holds it or it has ended.
pub(super) async fn withdraw_row(tx: &mut Tx, row: OutboxId) -> Result<()> {
    sqlx::query(
        "DELETE FROM outbox WHERE id = $1 AND state IN ('available', 'retryable', 'discarded')",
    )
    .bind(row.0)
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes a row back that waits or was refused by every channel, unless one of its attempts may have
/// arrived. `false`: it is left as it is.
pub(super) async fn withdraw_unsaid(tx: &mut Tx, row: OutboxId) -> Result<bool> {
    let withdrawn = sqlx::query(
        "DELETE FROM outbox WHERE id = $1 AND in_doubt = 0 \
             AND state IN ('available', 'retryable', 'discarded')",
    )
    .bind(row.0)
    .execute(tx)
    .await?;
    Ok(withdrawn.rows_affected() == 1)
}

/// What became of these; those that are missing were taken back, or are forgotten.
pub async fn told(tx: &mut Tx, rows: &[OutboxId]) -> Result<HashMap<OutboxId, Told>> {
    let mut found = HashMap::new();
    for chunk in rows.chunks(ID_CHUNK) {
        let listed = List::of_ids(tx, 1, chunk.iter().map(|id| id.0));
        let sql = format!("SELECT id, state, channel_id, message_id FROM outbox WHERE id {listed}");
        let query = sqlx::query(generated(sql)).bind(listed.values());
        for row in query.fetch_all(&mut *tx).await? {
            let (state, message): (String, Option<i64>) = (row.try_get(1)?, row.try_get(3)?);
            let channel = ChannelId(row.try_get(2)?);
            let told = match (state.as_str(), message) {
                ("available" | "retryable", _) => Told::NotYet,
                ("running", _) => Told::UnderWay,
                ("completed", Some(message)) => Told::There(channel, MessageId(message)),
                _ => Told::Nowhere,
            };
            found.insert(OutboxId(row.try_get(0)?), told);
        }
    }
    Ok(found)
}

/// Changes what a row says.
pub(super) async fn rewrite_row(
    tx: &mut Tx,
    id: OutboxId,
    change: impl FnOnce(&mut Payload),
) -> Result<()> {
    let stored = sqlx::query_scalar::<_, String>("SELECT payload FROM outbox WHERE id = $1")
        .bind(id.0)
        .fetch_optional(&mut *tx)
        .await?;
    let Some(stored) = stored else {
        return Ok(());
    };
    let mut payload: Payload = serde_json::from_str(&stored)?;
    change(&mut payload);
    sqlx::query("UPDATE outbox SET payload = $2 WHERE id = $1")
        .bind(id.0)
        .bind(serde_json::to_string(&payload)?)
        .execute(tx)
        .await?;
    Ok(())
}

/// The row that is known by this key, if it was sent.
pub async fn sent_by_key(tx: &mut Tx, dedupe_key: &str) -> Result<Option<OutboxId>> {
    let found = sqlx::query_scalar::<_, i64>(
        "SELECT id FROM outbox WHERE dedupe_key = $1 AND state = 'completed'",
    )
    .bind(dedupe_key.to_owned())
    .fetch_optional(tx)
    .await?;
    Ok(found.map(OutboxId))
}

/// The `dedupe_key`s of what one message of a guild tells, as long as they are kept.
pub async fn named_in(tx: &mut Tx, guild: GuildId, message_key: i64) -> Result<Vec<String>> {
    let keys = sqlx::query_scalar(
        "SELECT dedupe_key FROM outbox WHERE message_key = $1 AND guild_id = $2 ORDER BY id",
    );
    Ok(keys.bind(message_key).bind(guild.0).fetch_all(tx).await?)
}

/// The rows of the message that row `id` is part of, with what they say now, and whether that
/// message is still on its way.
pub(super) async fn message_of(tx: &mut Tx, id: OutboxId) -> Result<(Vec<Row>, bool)> {
    let sql = format!(
        "SELECT {COLUMNS}, state FROM outbox \
         WHERE message_key = (SELECT message_key FROM outbox WHERE id = $1) ORDER BY id"
    );
    let found = sqlx::query(generated(sql)).bind(id.0).fetch_all(tx).await?;
    let mut on_its_way = false;
    let mut rows = Vec::with_capacity(found.len());
    for row in &found {
        let state: String = row.try_get("state")?;
        on_its_way |= matches!(state.as_str(), "available" | "running" | "retryable");
        rows.push(from_row(row)?);
    }
    Ok((rows, on_its_way))
}

/// Something that could not be delivered.
#[derive(Clone, Debug)]
pub struct Unshown {
    /// Its row.
    pub id: OutboxId,
    /// What it says.
    pub message: crate::messenger::Message,
    /// Whether it was a direct message, and not a post.
    pub was_direct: bool,
}

/// What could be posted nowhere and is about this member, the oldest first.
pub async fn unshown(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<Vec<Unshown>> {
    // Five: what is bearable after one command; the rest is shown after the next.
    let found = sqlx::query(
        "SELECT id, payload, lane FROM outbox WHERE guild_id = $1 AND user_id = $2 \
             AND state = 'discarded' AND shown_ms IS NULL AND class <> 'ad' ORDER BY id LIMIT 5",
    )
    .bind(guild.0)
    .bind(user.0)
    .fetch_all(tx)
    .await?;
    let mut messages = Vec::with_capacity(found.len());
    for row in found {
        let payload: Payload = serde_json::from_str(&row.try_get::<String, _>(1)?)?;
        let lane: String = row.try_get(2)?;
        messages.push(Unshown {
            id: OutboxId(row.try_get(0)?),
            message: payload.message,
            was_direct: Lane::parse(&lane) == Lane::Dm,
        });
    }
    Ok(messages)
}

/// How many of the next `most` rows behind `after` are about a member of a guild, and up to where these
/// go; `None`: there are none.
pub(super) async fn count_of_member(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    (after, most): (i64, i64),
) -> Result<(i64, Option<i64>)> {
    let row = sqlx::query(
        "SELECT COUNT(CASE WHEN guild_id = $1 AND user_id = $2 THEN 1 END), MAX(id) FROM ( \
             SELECT id, guild_id, user_id FROM outbox WHERE id > $3 ORDER BY id LIMIT $4) AS looked",
    )
    .bind(guild.0)
    .bind(user.0)
    .bind(after)
    .bind(most)
    .fetch_one(tx)
    .await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Those of the next `most` rows behind `after` that are about a member of a guild, and up to where these
/// go; `None`: there are none. In the order of the key, as the table has no index for this.
pub async fn some_of_member(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    (after, most): (i64, i64),
) -> Result<(Vec<OutboxId>, Option<i64>)> {
    let rows =
        sqlx::query("SELECT id, guild_id, user_id FROM outbox WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(after)
            .bind(most)
            .fetch_all(tx)
            .await?;
    let (mut found, mut last) = (Vec::new(), None);
    for row in &rows {
        let id: i64 = row.try_get(0)?;
        last = Some(id);
        let about: (i64, Option<i64>) = (row.try_get(1)?, row.try_get(2)?);
        if about == (guild.0, Some(user.0)) {
            found.push(OutboxId(id));
        }
        if found.len() == MEMBER_CHUNK {
            break;
        }
    }
    Ok((found, last))
}

/// Deletes what is known by these keys, each a message of its own, also what is being sent.
pub async fn forget_keys(tx: &mut Tx, dedupe_keys: &[String]) -> Result<()> {
    for chunk in dedupe_keys.chunks(ID_CHUNK) {
        let listed = List::of_texts(tx, 1, chunk.iter().map(String::as_str));
        let sql = format!("DELETE FROM outbox WHERE dedupe_key {listed}");
        let query = sqlx::query(generated(sql)).bind(listed.values());
        query.execute(&mut *tx).await?;
    }
    Ok(())
}

/// Deletes rows. What waits to be one message with any of them is one by itself from now on; what is
/// under way with it is left to its sender, and adopted if that one dies.
pub async fn forget(tx: &mut Tx, rows: &[OutboxId]) -> Result<()> {
    for chunk in rows.chunks(ID_CHUNK) {
        let listed = List::of_ids(tx, 1, chunk.iter().map(|id| id.0));
        let alone = format!(
            "UPDATE outbox SET message_key = id \
             WHERE message_key {listed} AND state IN ('available', 'retryable')"
        );
        let gone = format!("DELETE FROM outbox WHERE id {listed}");
        let ids = listed.values();
        for sql in [alone, gone] {
            let query = sqlx::query(generated(sql)).bind(ids.clone());
            query.execute(&mut *tx).await?;
        }
    }
    Ok(())
}

/// A row of [`unshown`] was shown.
pub async fn mark_shown(tx: &mut Tx, row: OutboxId, now_ms: i64) -> Result<()> {
    sqlx::query("UPDATE outbox SET shown_ms = $2 WHERE id = $1 AND shown_ms IS NULL")
        .bind(row.0)
        .bind(now_ms)
        .execute(tx)
        .await?;
    Ok(())
}

/// How a row stands, and its last error.
pub(super) async fn outcome(tx: &mut Tx, id: OutboxId) -> Result<Option<(String, String)>> {
    let found = sqlx::query("SELECT state, last_error FROM outbox WHERE id = $1")
        .bind(id.0)
        .fetch_optional(tx)
        .await?;
    let Some(row) = found else { return Ok(None) };
    let why: Option<String> = row.try_get(1)?;
    Ok(Some((row.try_get(0)?, why.unwrap_or_default())))
}

pub(super) async fn count_due(tx: &mut Tx, now_ms: i64) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "SELECT COUNT(*) FROM outbox WHERE state = 'running' \
             OR (state IN ('available', 'retryable') AND not_before_ms <= $1 AND lane <> 'dm')",
    )
    .bind(now_ms)
    .fetch_one(tx)
    .await?)
}

/// Since when what has waited longest in this lane has been due, if since `cut_ms` or before, and why
/// its last attempt failed. A row that was tried and is tried again is due since its first attempt.
pub(super) async fn due_since(
    tx: &mut Tx,
    lane: Lane,
    cut_ms: i64,
) -> Result<Option<(i64, Option<String>)>> {
    // One row of each kind, each by an index of its own: the one that has waited longest, one that
    // is to be tried again later, and one that a process holds.
    let found = sqlx::query(
        "SELECT since_ms, last_error FROM ( \
             SELECT CASE WHEN first_attempt_ms <= $2 THEN first_attempt_ms ELSE not_before_ms END \
                 AS since_ms, last_error FROM outbox \
             WHERE lane = $1 AND state IN ('available', 'retryable') AND not_before_ms <= $2 \
             ORDER BY not_before_ms, id LIMIT 1) AS waiting \
         UNION ALL SELECT since_ms, last_error FROM ( \
             SELECT first_attempt_ms AS since_ms, last_error FROM outbox \
             WHERE lane = $1 AND state IN ('available', 'retryable') AND not_before_ms > $2 \
                 AND first_attempt_ms IS NOT NULL AND held IS NULL AND first_attempt_ms <= $2 \
             ORDER BY first_attempt_ms LIMIT 1) AS tried \
         UNION ALL SELECT since_ms, last_error FROM ( \
             SELECT CASE WHEN first_attempt_ms <= $2 THEN first_attempt_ms ELSE not_before_ms END \
                 AS since_ms, last_error FROM outbox \
             WHERE lane = $1 AND state = 'running' \
                 AND (not_before_ms <= $2 OR first_attempt_ms <= $2) \
             LIMIT 1) AS held",
    )
    .bind(lane.as_str())
    .bind(cut_ms)
    .fetch_all(tx)
    .await?;
    let mut oldest: Option<(i64, Option<String>)> = None;
    for row in &found {
        let since_ms: i64 = row.try_get(0)?;
        if oldest.as_ref().is_none_or(|(known, _)| since_ms < *known) {
            oldest = Some((since_ms, row.try_get(1)?));
        }
    }
    Ok(oldest)
}

/// Removes a bounded number of rows that have been done for long. `true`: there may be more.
pub(super) async fn prune(tx: &mut Tx, before_ms: i64) -> Result<bool> {
    let pruned = sqlx::query(
        "DELETE FROM outbox WHERE id IN ( \
             SELECT id FROM outbox WHERE id < $2 AND updated_ms < $1 \
                 AND (state IN ('completed', 'cancelled') \
                     OR (state = 'discarded' AND (shown_ms IS NOT NULL OR user_id IS NULL \
                         OR class = 'ad'))) \
             ORDER BY id LIMIT $3)",
    )
    .bind(before_ms)
    // Older than they were last changed; so the younger are not even looked at.
    .bind(first_id_of(before_ms))
    .bind(PRUNE_CHUNK)
    .execute(tx)
    .await?;
    let pruned = i64::try_from(pruned.rows_affected()).unwrap_or(i64::MAX);
    Ok(pruned >= PRUNE_CHUNK)
}

/// Makes messages of their own of waiting rows whose message has lost its first row (deleted by
/// hand, say): a message is claimed by that one.
async fn adopt_orphans(tx: &mut Tx) -> Result<()> {
    sqlx::query(
        "UPDATE outbox SET message_key = id WHERE id IN ( \
             SELECT id FROM outbox \
             WHERE state IN ('available', 'retryable') AND message_key <> id \
                 AND NOT EXISTS (SELECT 1 FROM outbox AS lead \
                     WHERE lead.id = outbox.message_key \
                         AND lead.state IN ('available', 'running', 'retryable')) LIMIT $1)",
    )
    .bind(PIECE_ROWS)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) fn from_row(row: &AnyRow) -> Result<Row> {
    let payload: String = row.try_get(7)?;
    let class: String = row.try_get(2)?;
    let lane: String = row.try_get(15)?;
    Ok(Row {
        id: OutboxId(row.try_get(0)?),
        lane: Lane::parse(&lane),
        message_key: row.try_get(1)?,
        class: Class::parse(&class),
        guild: GuildId(row.try_get(3)?),
        user: row.try_get::<Option<i64>, _>(4)?.map(UserId),
        channel: ChannelId(row.try_get(5)?),
        rung: row.try_get(6)?,
        payload: serde_json::from_str(&payload)?,
        dedupe_key: row.try_get(8)?,
        attempt: row.try_get::<i64, _>(9)? + 1,
        begun: false,
        deaths: row.try_get(21)?,
        crashes: row.try_get(14)?,
        first_attempt_ms: row.try_get(10)?,
        alerted: row.try_get::<i64, _>(11)? != 0,
        created_ms: row.try_get(12)?,
        claimed: true,
        message_id: row.try_get::<Option<i64>, _>(13)?.map(MessageId),
        dm: dm::Terms {
            not_before_ms: Some(row.try_get(16)?),
            expires_at_ms: row.try_get(17)?,
            bulk: row.try_get::<i64, _>(18)? != 0,
            batch: row.try_get(19)?,
            was_held: row.try_get::<Option<String>, _>(20)?.is_some(),
        },
    })
}
