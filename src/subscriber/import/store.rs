//! SQL of imports.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::super::store::Listed;
use super::super::{Consent, Entry};
use super::Importing;
use crate::db::{List, Tx, generated, placeholders};
use crate::error::Result;
use crate::ids::{GuildId, ImportId, UserId};

/// Rows inserted by one statement: nine columns each, well under SQLite's 32,766 parameters.
const INSERT_CHUNK: usize = 500;
/// Imports of before this are forgotten with the next one: a day.
const LIFE_MS: i64 = 24 * 3_600_000;
/// Imports that make way for a new one at once: a guild has one, and the others are as old as a day.
const MOST_DROPPED: i64 = 100;
/// Addresses asked about by one statement.
const ASKED_AT_ONCE: usize = 500;

/// A row of a file.
pub(super) struct Staged {
    pub(super) id: i64,
    pub(super) email: String,
    address: String,
    name: String,
    attributes: String,
    pub(super) consent: Option<Consent>,
}

/// Begins to read a file. Returns those that make way for it: the guild's earlier one, and what anybody
/// left lying.
pub(super) async fn begin(
    tx: &mut Tx,
    id: ImportId,
    guild: GuildId,
    user: UserId,
    now_ms: i64,
) -> Result<Vec<(ImportId, GuildId)>> {
    sqlx::query(
        "DELETE FROM subscriber_imports WHERE id IN ( \
             SELECT id FROM subscriber_imports \
             WHERE state = 'done' AND (guild_id = $1 OR created_ms < $2) LIMIT $3)",
    )
    .bind(guild.0)
    .bind(now_ms - LIFE_MS)
    .bind(MOST_DROPPED)
    .execute(&mut *tx)
    .await?;
    let dropped = sqlx::query(
        "UPDATE subscriber_imports SET state = 'dropped' WHERE id IN ( \
             SELECT id FROM subscriber_imports \
             WHERE state IN ('reading', 'read') AND (guild_id = $1 OR created_ms < $2) LIMIT $3) \
         RETURNING id, guild_id",
    )
    .bind(guild.0)
    .bind(now_ms - LIFE_MS)
    .bind(MOST_DROPPED)
    .fetch_all(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO subscriber_imports (id, guild_id, user_id, state, created_ms) \
         VALUES ($1, $2, $3, 'reading', $4)",
    )
    .bind(id.0)
    .bind(guild.0)
    .bind(user.0)
    .bind(now_ms)
    .execute(tx)
    .await?;
    dropped.iter().map(whose).collect()
}

fn whose(row: &AnyRow) -> Result<(ImportId, GuildId)> {
    Ok((ImportId(row.try_get(0)?), GuildId(row.try_get(1)?)))
}

/// Keeps rows of a file that is being read; `false`: it made way for another one.
pub(super) async fn stage(tx: &mut Tx, import: ImportId, rows: &[(i64, Entry)]) -> Result<bool> {
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    // First, and not only asked: who drops it waits for these rows, which are then deleted, too.
    let is_read = sqlx::query(
        "UPDATE subscriber_imports SET rows_read = rows_read + $2 \
         WHERE id = $1 AND state = 'reading'",
    )
    .bind(import.0)
    .bind(count)
    .execute(&mut *tx)
    .await?;
    if is_read.rows_affected() == 0 {
        return Ok(false);
    }
    for chunk in rows.chunks(INSERT_CHUNK) {
        let sql = format!(
            "INSERT INTO subscriber_import_rows (id, import_id, email, address, name, attributes, \
                 consent_ms, consent_source, consent_wording) VALUES {}",
            placeholders(tx, chunk.len(), 9)
        );
        let mut query = sqlx::query(generated(sql));
        for (id, entry) in chunk {
            let consent = entry.consent.as_ref();
            query = query
                .bind(*id)
                .bind(import.0)
                .bind(entry.email.normalised())
                .bind(entry.email.to_string())
                .bind(entry.name.clone())
                .bind(serde_json::to_string(&entry.attributes)?)
                .bind(consent.map(|one| one.decided_ms))
                .bind(consent.map(|one| one.source.clone()))
                .bind(consent.map(|one| one.wording.clone()));
        }
        query.execute(&mut *tx).await?;
    }
    Ok(true)
}

/// How many of these addresses are subscribers in a version, and how many of them nothing, or no
/// advertising, is sent to. Address by address: their plans need no statistics.
pub(super) async fn known(
    tx: &mut Tx,
    guild: GuildId,
    version: i64,
    emails: &[String],
) -> Result<(i64, i64)> {
    let (mut known, mut suppressed) = (0, 0);
    for emails in emails.chunks(ASKED_AT_ONCE) {
        let asked = List::of_texts(tx, 3, emails.iter().map(String::as_str));
        let sql = format!(
            "SELECT CAST(COALESCE(SUM(is_known), 0) AS BIGINT), \
                 CAST(COALESCE(SUM(is_suppressed), 0) AS BIGINT) FROM ( \
                 SELECT (SELECT COUNT(*) FROM subscribers WHERE guild_id = $1 \
                         AND email = asked.value AND version <= $2) AS is_known, \
                     CASE WHEN (SELECT COUNT(*) FROM suppressions WHERE guild_id = $1 \
                         AND email = asked.value) > 0 THEN 1 ELSE 0 END AS is_suppressed \
                 FROM {} AS asked) AS counted",
            asked.rows()
        );
        let query = sqlx::query(generated(sql)).bind(guild.0).bind(version);
        let query = query.bind(asked.values());
        let row = query.fetch_one(&mut *tx).await?;
        known += row.try_get::<i64, _>(0)?;
        suppressed += row.try_get::<i64, _>(1)?;
    }
    Ok((known, suppressed))
}

/// All rows are there, of which so many are new subscribers; `false`: it made way for another one.
pub(super) async fn finish_reading(tx: &mut Tx, id: ImportId, new: i64) -> Result<bool> {
    let read = sqlx::query(
        "UPDATE subscriber_imports SET state = 'read', new_then = $2 \
         WHERE id = $1 AND state = 'reading'",
    )
    .bind(id.0)
    .bind(new)
    .execute(tx)
    .await?;
    Ok(read.rows_affected() == 1)
}

/// Of a file that was read, how many rows are new subscribers; `None`: it is none (any more).
pub(super) async fn read(tx: &mut Tx, guild: GuildId, id: ImportId) -> Result<Option<i64>> {
    let new = sqlx::query_scalar(
        "SELECT new_then FROM subscriber_imports \
         WHERE id = $1 AND guild_id = $2 AND state = 'read'",
    );
    Ok(new.bind(id.0).bind(guild.0).fetch_optional(tx).await?)
}

/// Whether a campaign still reads the list as it was before its present version: the next import would
/// change it under the campaign's hands. It is over within minutes, whatever becomes of the process.
pub(super) async fn is_read_as_before(tx: &mut Tx, guild: GuildId, version: i64) -> Result<bool> {
    let reads = sqlx::query_scalar::<_, i64>(
        "SELECT id FROM campaign_occurrences \
         WHERE state = 'freezing' AND guild_id = $1 AND list_version < $2 LIMIT 1",
    );
    let reads = reads.bind(guild.0).bind(version);
    Ok(reads.fetch_optional(tx).await?.is_some())
}

/// It is taken in from now on; `false`: somebody else was faster. The list is locked.
pub(super) async fn apply(tx: &mut Tx, guild: GuildId, id: ImportId) -> Result<bool> {
    let applying = sqlx::query(
        "UPDATE subscriber_imports SET state = 'applying' \
         WHERE id = $1 AND guild_id = $2 AND state = 'read'",
    )
    .bind(id.0)
    .bind(guild.0)
    .execute(&mut *tx)
    .await?;
    if applying.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("UPDATE subscriber_lists SET import_id = $2 WHERE guild_id = $1")
        .bind(guild.0)
        .bind(id.0)
        .execute(tx)
        .await?;
    Ok(true)
}

/// The next rows of a file.
pub(super) async fn staged(
    tx: &mut Tx,
    import: ImportId,
    after: i64,
    most: i64,
) -> Result<Vec<Staged>> {
    let rows = sqlx::query(
        "SELECT id, email, address, name, attributes, consent_ms, consent_source, \
             consent_wording \
         FROM subscriber_import_rows WHERE import_id = $1 AND id > $2 ORDER BY id LIMIT $3",
    )
    .bind(import.0)
    .bind(after)
    .bind(most)
    .fetch_all(tx)
    .await?;
    let staged = |row: &AnyRow| -> Result<Staged> {
        let (at, source, wording): (Option<i64>, Option<String>, Option<String>) =
            (row.try_get(5)?, row.try_get(6)?, row.try_get(7)?);
        Ok(Staged {
            id: row.try_get(0)?,
            email: row.try_get(1)?,
            address: row.try_get(2)?,
            name: row.try_get(3)?,
            attributes: row.try_get(4)?,
            consent: at.map(|decided_ms| Consent {
                decided_ms,
                source: source.unwrap_or_default(),
                wording: wording.unwrap_or_default(),
            }),
        })
    };
    rows.iter().map(staged).collect()
}

/// Writes rows for the next version of the list, beside the present one. Returns how many are new
/// subscribers.
pub(super) async fn write(
    tx: &mut Tx,
    guild: GuildId,
    list: &Listed,
    rows: &[(i64, &Staged)],
    now_ms: i64,
) -> Result<i64> {
    let sql = format!(
        "INSERT INTO subscribers (id, guild_id, email, address, name, attributes, created_ms, \
             updated_ms, version) VALUES {} \
         ON CONFLICT (guild_id, email) DO UPDATE SET \
             address = CASE WHEN subscribers.next_version < excluded.version \
                 THEN subscribers.next_address ELSE subscribers.address END, \
             name = CASE WHEN subscribers.next_version < excluded.version \
                 THEN subscribers.next_name ELSE subscribers.name END, \
             attributes = CASE WHEN subscribers.next_version < excluded.version \
                 THEN subscribers.next_attributes ELSE subscribers.attributes END, \
             next_version = excluded.version, next_address = excluded.address, \
             next_name = excluded.name, next_attributes = excluded.attributes, \
             updated_ms = excluded.updated_ms \
         RETURNING next_version",
        placeholders(tx, rows.len(), 9)
    );
    let mut query = sqlx::query_scalar::<_, Option<i64>>(generated(sql));
    for (id, row) in rows {
        query = query
            .bind(*id)
            .bind(guild.0)
            .bind(row.email.clone())
            .bind(row.address.clone())
            .bind(row.name.clone())
            .bind(row.attributes.clone())
            .bind(now_ms)
            .bind(now_ms)
            .bind(list.version + 1);
    }
    let written = query.fetch_all(tx).await?;
    let new = written.iter().filter(|next| next.is_none()).count();
    Ok(i64::try_from(new).unwrap_or(i64::MAX))
}

/// Records consents for the next version of the list, but those that were recorded before.
pub(super) async fn record(
    tx: &mut Tx,
    guild: GuildId,
    list: &Listed,
    consents: &[(i64, &str, &Consent)],
    now_ms: i64,
) -> Result<()> {
    if consents.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO mail_consents (id, guild_id, email, granted, decided_ms, source, wording, \
             recorded_ms, version) \
         SELECT v.column1, v.column2, v.column3, 1, v.column4, v.column5, v.column6, v.column7, \
             v.column8 \
         FROM (VALUES {}) AS v WHERE ( \
             SELECT COUNT(*) FROM mail_consents AS known \
             WHERE known.guild_id = v.column2 AND known.email = v.column3 AND known.granted = 1 \
                 AND known.decided_ms = v.column4 AND known.source = v.column5 \
                 AND known.wording = v.column6) = 0",
        placeholders(tx, consents.len(), 8)
    );
    let mut query = sqlx::query(generated(sql));
    for (id, email, consent) in consents {
        query = query
            .bind(*id)
            .bind(guild.0)
            .bind((*email).to_owned())
            .bind(consent.decided_ms)
            .bind(consent.source.clone())
            .bind(consent.wording.clone())
            .bind(now_ms)
            .bind(list.version + 1);
    }
    query.execute(tx).await?;
    Ok(())
}

/// So many more rows are done.
pub(super) async fn advance(tx: &mut Tx, id: ImportId, done: i64, added: i64) -> Result<()> {
    sqlx::query(
        "UPDATE subscriber_imports SET rows_done = rows_done + $2, added = added + $3 \
         WHERE id = $1",
    )
    .bind(id.0)
    .bind(done)
    .bind(added)
    .execute(tx)
    .await?;
    Ok(())
}

/// All of it is there at once: the list's next version is the present one.
pub(super) async fn finish(tx: &mut Tx, guild: GuildId, id: ImportId) -> Result<()> {
    sqlx::query(
        "UPDATE subscriber_lists SET version = version + 1, import_id = NULL, \
             subscribers = subscribers \
                 + COALESCE((SELECT added FROM subscriber_imports WHERE id = $2), 0) \
         WHERE guild_id = $1 AND import_id = $2",
    )
    .bind(guild.0)
    .bind(id.0)
    .execute(&mut *tx)
    .await?;
    sqlx::query("UPDATE subscriber_imports SET state = 'done' WHERE id = $1")
        .bind(id.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// How far one is that was confirmed.
pub(super) async fn progress(
    tx: &mut Tx,
    guild: GuildId,
    id: ImportId,
) -> Result<Option<Importing>> {
    let found = sqlx::query(
        "SELECT rows_read, rows_done, added, state FROM subscriber_imports \
         WHERE id = $1 AND guild_id = $2 AND state IN ('applying', 'done')",
    )
    .bind(id.0)
    .bind(guild.0)
    .fetch_optional(tx)
    .await?;
    let Some(row) = found else { return Ok(None) };
    Ok(Some(Importing {
        total: row.try_get(0)?,
        done: row.try_get(1)?,
        added: row.try_get(2)?,
        is_over: row.try_get::<String, _>(3)? == "done",
    }))
}

/// One that was not confirmed is none any more; `false`: it is none.
pub(super) async fn drop(tx: &mut Tx, guild: GuildId, id: ImportId) -> Result<bool> {
    let dropped = sqlx::query(
        "UPDATE subscriber_imports SET state = 'dropped' \
         WHERE id = $1 AND guild_id = $2 AND state IN ('reading', 'read')",
    )
    .bind(id.0)
    .bind(guild.0)
    .execute(tx)
    .await?;
    Ok(dropped.rows_affected() == 1)
}

/// The same of all that somebody has not confirmed; what they confirmed stands without their name.
pub(super) async fn drop_of(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<Vec<ImportId>> {
    let dropped = sqlx::query(
        "UPDATE subscriber_imports SET state = 'dropped', user_id = 0 \
         WHERE guild_id = $1 AND user_id = $2 AND state IN ('reading', 'read') \
         RETURNING id, guild_id",
    )
    .bind(guild.0)
    .bind(user.0)
    .fetch_all(&mut *tx)
    .await?;
    sqlx::query("UPDATE subscriber_imports SET user_id = 0 WHERE guild_id = $1 AND user_id = $2")
        .bind(guild.0)
        .bind(user.0)
        .execute(tx)
        .await?;
    let mut ids = Vec::with_capacity(dropped.len());
    for row in &dropped {
        ids.push(whose(row)?.0);
    }
    Ok(ids)
}

/// Deletes the next rows of a file behind `after`, and returns up to which; `None`: there are none left.
pub(super) async fn delete_some(
    tx: &mut Tx,
    import: ImportId,
    after: i64,
    most: i64,
) -> Result<Option<i64>> {
    let last: Option<i64> = sqlx::query_scalar(
        "SELECT MAX(id) FROM (SELECT id FROM subscriber_import_rows \
             WHERE import_id = $1 AND id > $2 ORDER BY id LIMIT $3) AS piece",
    )
    .bind(import.0)
    .bind(after)
    .bind(most)
    .fetch_one(&mut *tx)
    .await?;
    let Some(last) = last else {
        sqlx::query("DELETE FROM subscriber_imports WHERE id = $1 AND state = 'dropped'")
            .bind(import.0)
            .execute(tx)
            .await?;
        return Ok(None);
    };
    sqlx::query("DELETE FROM subscriber_import_rows WHERE import_id = $1 AND id > $2 AND id <= $3")
        .bind(import.0)
        .bind(after)
        .bind(last)
        .execute(tx)
        .await?;
    Ok(Some(last))
}
