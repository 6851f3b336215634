//! SQL of the ledger, as the features that write mails use it.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Addressee, Delivery, Occurrence, Phase, Progress, Recipient, State, Stretch, pieces};
use crate::db::{Db, Tx, generated, placeholders};
use crate::error::Result;
use crate::ids::{DeliveryId, GuildId, OccurrenceId};
use crate::outbox::Class;

/// Recipients added by one statement: as many as make it cheap, and its text short.
const ADDED_AT_ONCE: usize = 100;
/// Rows that one read looks at.
const LOOKED_AT_ONCE: i64 = 5_000;
/// Columns of a recipient.
const COLUMNS: usize = 7;

/// Opens an occurrence, whose recipients are added next.
pub async fn open(tx: &mut Tx, occurrence: &Occurrence, now_ms: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO occurrences (id, guild_id, guild_name, class, content, is_test, phase, \
             updated_ms) VALUES ($1, $2, $3, $4, $5, $6, 'filling', $7)",
    )
    .bind(occurrence.id.0)
    .bind(occurrence.guild.0)
    .bind(occurrence.guild_name.as_str())
    .bind(occurrence.class.as_str())
    .bind(occurrence.content.as_str())
    .bind(i64::from(occurrence.is_test))
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// Adds recipients while it is being filled; who is in it already is not added again.
pub async fn add(tx: &mut Tx, recipients: &[Recipient], _now_ms: i64) -> Result<()> {
    for recipients in recipients.chunks(ADDED_AT_ONCE) {
        // The guild is that of the occurrence, and an occurrence that is not being filled takes
        // nobody.
        let sql = format!(
            "INSERT INTO deliveries \
                 (id, occurrence_id, guild_id, email, address, name, fields, state) \
             SELECT v.column1, occurrences.id, occurrences.guild_id, v.column4, v.column5, \
                 v.column6, v.column7, v.column3 \
             FROM (VALUES {}) AS v \
             JOIN occurrences ON occurrences.id = v.column2 AND occurrences.phase = 'filling' \
             WHERE 1 = 1 ON CONFLICT (occurrence_id, email) DO NOTHING",
            placeholders(tx, recipients.len(), COLUMNS),
        );
        let mut insert = sqlx::query(generated(sql));
        for recipient in recipients {
            insert = insert
                .bind(recipient.id.0)
                .bind(recipient.occurrence.0)
                .bind("available")
                .bind(recipient.email.as_str())
                .bind(recipient.address.as_str())
                .bind(recipient.name.as_str())
                .bind(serde_json::to_string(&recipient.fields)?);
        }
        insert.execute(&mut *tx).await?;
    }
    Ok(())
}

/// The last recipient has been added: its mails go out. `false`: it was not being filled.
pub async fn begin(tx: &mut Tx, occurrence: OccurrenceId, now_ms: i64) -> Result<bool> {
    let begun = sqlx::query(
        "UPDATE occurrences SET phase = 'sending', began_ms = $2, updated_ms = $2 \
         WHERE id = $1 AND phase = 'filling'",
    )
    .bind(occurrence.0)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// Nothing more is claimed from now on; what is under way arrives. `false`: it is not being sent.
pub async fn pause(tx: &mut Tx, guild: GuildId, id: OccurrenceId, now_ms: i64) -> Result<bool> {
    let paused = sqlx::query(
        "UPDATE occurrences SET phase = 'paused', updated_ms = $3 \
         WHERE id = $1 AND guild_id = $2 AND phase = 'sending'",
    )
    .bind(id.0)
    .bind(guild.0)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(paused.rows_affected() == 1)
}

/// A paused or stopped one goes on. Wake the lane ([`crate::outbox::Outbox::wake_mails`]) once it is durable.
pub async fn resume(tx: &mut Tx, guild: GuildId, id: OccurrenceId, now_ms: i64) -> Result<bool> {
    let resumed = sqlx::query(
        "UPDATE occurrences SET phase = 'sending', why = NULL, updated_ms = $3 \
         WHERE id = $1 AND guild_id = $2 AND phase IN ('paused', 'stopped')",
    )
    .bind(id.0)
    .bind(guild.0)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(resumed.rows_affected() == 1)
}

/// How far it is. By an index alone, but all of it: so beside the writer, never in a transaction that
/// others wait for.
pub async fn progress(tx: &mut Tx, guild: GuildId, id: OccurrenceId) -> Result<Option<Progress>> {
    // One statement, so that all numbers are of one moment.
    let rows = sqlx::query(
        "SELECT occurrences.phase, occurrences.why, occurrences.began_ms, occurrences.ended_ms, \
             counted.state, counted.number, occurrences.forgotten_ms \
         FROM occurrences LEFT JOIN ( \
             SELECT occurrence_id, state, COUNT(*) AS number FROM deliveries \
             WHERE occurrence_id = $1 GROUP BY occurrence_id, state) AS counted \
             ON counted.occurrence_id = occurrences.id \
         WHERE occurrences.id = $1 AND occurrences.guild_id = $2 \
             AND occurrences.phase <> 'abandoned'",
    )
    .bind(id.0)
    .bind(guild.0)
    .fetch_all(tx)
    .await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let mut progress = Progress {
        phase: Phase::parse(&first.try_get::<String, _>(0)?),
        why: first.try_get(1)?,
        counts: BTreeMap::new(),
        began_ms: first.try_get(2)?,
        ended_ms: first.try_get(3)?,
        forgotten_ms: first.try_get(6)?,
    };
    for row in &rows {
        if let Some(state) = row.try_get::<Option<String>, _>(4)? {
            let number = row.try_get(5)?;
            progress.counts.insert(State::parse(&state), number);
        }
    }
    Ok(Some(progress))
}

/// The next `most` rows behind `after`, by id.
pub async fn page(
    tx: &mut Tx,
    guild: GuildId,
    id: OccurrenceId,
    after: DeliveryId,
    most: i64,
) -> Result<Vec<Delivery>> {
    let rows = sqlx::query(
        "SELECT id, address, name, state, reason, server_id, attempt, ended_ms FROM deliveries \
         WHERE occurrence_id = $1 AND guild_id = $2 AND id > $3 ORDER BY id LIMIT $4",
    )
    .bind(id.0)
    .bind(guild.0)
    .bind(after.0)
    .bind(most)
    .fetch_all(tx)
    .await?;
    let delivery = |row: &AnyRow| -> Result<Delivery> {
        Ok(Delivery {
            id: DeliveryId(row.try_get(0)?),
            address: row.try_get(1)?,
            name: row.try_get(2)?,
            state: State::parse(&row.try_get::<String, _>(3)?),
            reason: row.try_get(4)?,
            server_id: row.try_get(5)?,
            attempts: row.try_get(6)?,
            ended_ms: row.try_get(7)?,
        })
    };
    rows.iter().map(delivery).collect()
}

/// What happened when, in stretches of `step_ms`, those without anything left out. The ledger is looked
/// through in short reads.
pub async fn timeline(
    db: &Db,
    guild: GuildId,
    id: OccurrenceId,
    step_ms: i64,
) -> Result<Vec<Stretch>> {
    let mut course: BTreeMap<i64, Stretch> = BTreeMap::new();
    let mut after = 0;
    loop {
        let mut conn = db.read().await?;
        let end: Option<i64> = sqlx::query_scalar(
            "SELECT MAX(id) FROM (SELECT id FROM deliveries \
                 WHERE occurrence_id = $1 AND id > $2 ORDER BY id LIMIT $3) AS looked",
        )
        .bind(id.0)
        .bind(after)
        .bind(LOOKED_AT_ONCE)
        .fetch_one(&mut *conn)
        .await?;
        let Some(end) = end else {
            return Ok(course.into_values().collect());
        };
        for some in timeline_between(&mut conn, guild, id, step_ms, (after, end)).await? {
            let all = course.entry(some.at_ms).or_insert(Stretch {
                completed: 0,
                deferred: 0,
                failed: 0,
                ..some
            });
            all.completed += some.completed;
            all.deferred += some.deferred;
            all.failed += some.failed;
        }
        after = end;
    }
}

async fn timeline_between(
    tx: &mut Tx,
    guild: GuildId,
    id: OccurrenceId,
    step_ms: i64,
    (after, end): (i64, i64),
) -> Result<Vec<Stretch>> {
    let rows = sqlx::query(
        "SELECT at_ms, CAST(SUM(completed) AS BIGINT), CAST(SUM(deferred) AS BIGINT), \
             CAST(SUM(failed) AS BIGINT) \
         FROM ( \
             SELECT ended_ms / $3 * $3 AS at_ms, \
                 CASE WHEN state = 'completed' THEN 1 ELSE 0 END AS completed, 0 AS deferred, \
                 CASE WHEN state = 'completed' THEN 0 ELSE 1 END AS failed \
             FROM deliveries WHERE occurrence_id = $1 AND guild_id = $2 AND id > $4 AND id <= $5 \
                 AND state IN ('completed', 'discarded', 'unknown') AND ended_ms IS NOT NULL \
             UNION ALL \
             SELECT deferred_ms / $3 * $3 AS at_ms, 0 AS completed, 1 AS deferred, 0 AS failed \
             FROM deliveries WHERE occurrence_id = $1 AND guild_id = $2 AND id > $4 AND id <= $5 \
                 AND deferred_ms IS NOT NULL) AS happened \
         GROUP BY at_ms ORDER BY at_ms",
    )
    .bind(id.0)
    .bind(guild.0)
    .bind(step_ms.max(1))
    .bind(after)
    .bind(end)
    .fetch_all(tx)
    .await?;
    let stretch = |row: &AnyRow| -> Result<Stretch> {
        Ok(Stretch {
            at_ms: row.try_get(0)?,
            completed: row.try_get(1)?,
            deferred: row.try_get(2)?,
            failed: row.try_get(3)?,
        })
    };
    rows.iter().map(stretch).collect()
}

/// Whose mail this is.
pub async fn addressee(tx: &mut Tx, id: DeliveryId) -> Result<Option<Addressee>> {
    let row = sqlx::query(
        "SELECT deliveries.id, occurrences.guild_id, guild_name, occurrence_id, class, is_test, \
             email \
         FROM deliveries JOIN occurrences ON occurrences.id = deliveries.occurrence_id \
         WHERE deliveries.id = $1",
    )
    .bind(id.0)
    .fetch_optional(tx)
    .await?;
    row.as_ref().map(whose).transpose().map(second)
}

/// Whose mail a mail server knows by this id.
pub async fn addressee_by_server_id(
    tx: &mut Tx,
    server_id: &str,
) -> Result<Option<(DeliveryId, Addressee)>> {
    // Servers may use an id again, after months: it is the newest that is spoken of.
    let row = sqlx::query(
        "SELECT deliveries.id, occurrences.guild_id, guild_name, occurrence_id, class, is_test, \
             email \
         FROM deliveries JOIN occurrences ON occurrences.id = deliveries.occurrence_id \
         WHERE server_id = $1 ORDER BY deliveries.id DESC LIMIT 1",
    )
    .bind(server_id)
    .fetch_optional(tx)
    .await?;
    row.as_ref().map(whose).transpose()
}

fn whose(row: &AnyRow) -> Result<(DeliveryId, Addressee)> {
    let addressee = Addressee {
        guild: GuildId(row.try_get(1)?),
        guild_name: row.try_get(2)?,
        occurrence: OccurrenceId(row.try_get(3)?),
        class: Class::parse(&row.try_get::<String, _>(4)?),
        is_test: row.try_get::<i64, _>(5)? == 1,
        email: row.try_get(6)?,
    };
    Ok((DeliveryId(row.try_get(0)?), addressee))
}

fn second<A, B>(pair: Option<(A, B)>) -> Option<B> {
    pair.map(|(_, second)| second)
}

/// A mail came back: it counts as refused for good, for this reason. One that is still under way does
/// once its attempt has ended.
pub async fn came_back(tx: &mut Tx, id: DeliveryId, why: &str, now_ms: i64) -> Result<()> {
    let occurrence: Option<i64> =
        sqlx::query_scalar("SELECT occurrence_id FROM deliveries WHERE id = $1")
            .bind(id.0)
            .fetch_optional(&mut *tx)
            .await?;
    pieces::hold(tx, &occurrence.map(OccurrenceId).into_iter().collect()).await?;
    // One statement, as the end of the attempt may be recorded at this moment.
    sqlx::query(
        "UPDATE deliveries SET \
             state = CASE WHEN state = 'running' THEN state ELSE 'discarded' END, \
             reason = CASE WHEN state = 'running' THEN reason ELSE $2 END, \
             bounce = CASE WHEN state = 'running' THEN $2 END, \
             ended_ms = CASE WHEN state = 'running' THEN ended_ms ELSE $3 END, \
             round = (SELECT occurrences.round FROM occurrences \
                 WHERE occurrences.id = deliveries.occurrence_id) \
         WHERE id = $1 AND state IN ('running', 'completed', 'unknown')",
    )
    .bind(id.0)
    .bind(why)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// What the lane has over all guilds: what waits, what is under way, and since when the oldest
/// occurrence of these is being sent. All that waits is counted: it is for the sandbox's page alone,
/// which reads by a connection of its own.
pub(in crate::outbox) async fn load(tx: &mut Tx) -> Result<(i64, i64, Option<i64>)> {
    // Of occurrences that are being sent: what an admin has paused does not wait for us.
    let waiting = sqlx::query(
        "SELECT COUNT(*), MIN(occurrences.began_ms) FROM occurrences \
         JOIN deliveries ON deliveries.occurrence_id = occurrences.id \
             AND deliveries.state IN ('available', 'retryable') \
         WHERE occurrences.phase = 'sending'",
    )
    .fetch_one(&mut *tx)
    .await?;
    let running = sqlx::query(
        "SELECT COUNT(*), MIN(occurrences.began_ms) FROM deliveries \
         JOIN occurrences ON occurrences.id = deliveries.occurrence_id \
         WHERE deliveries.state = 'running' AND deliveries.lease_until_ms >= 0",
    )
    .fetch_one(tx)
    .await?;
    let oldest: [Option<i64>; 2] = [waiting.try_get(1)?, running.try_get(1)?];
    let oldest = oldest.into_iter().flatten().min();
    Ok((waiting.try_get(0)?, running.try_get(0)?, oldest))
}

/// Since when something is due that was due before `cut_ms`.
pub(in crate::outbox) async fn due_since(tx: &mut Tx, cut_ms: i64) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar(
        "SELECT MIN(updated_ms) FROM occurrences WHERE phase = 'sending' AND updated_ms <= $1 \
             AND EXISTS (SELECT 1 FROM deliveries WHERE occurrence_id = occurrences.id \
                 AND state IN ('available', 'retryable') AND not_before_ms <= $1)",
    )
    .bind(cut_ms)
    .fetch_one(tx)
    .await?)
}
