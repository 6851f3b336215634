//! SQL of the subscribers.

use std::collections::{HashMap, HashSet};

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::sheet::Exported;
use super::{Consent, Decision, Entry, Reader, Reason, Scope, Subscriber, Suppression};
use crate::db::{Tx, generated, list, placeholders};
use crate::error::Result;
use crate::ids::{GuildId, ImportId, UserId};

/// Rows inserted by one statement: nine columns each, well under SQLite's 32,766 parameters.
const INSERT_CHUNK: usize = 500;
/// A draft older than this is forgotten with the next one: a day.
const DRAFT_LIFE_MS: i64 = 24 * 3_600_000;

const SUBSCRIBER: &str = "SELECT address, name, attributes, created_ms, email FROM subscribers";
const READER: &str = "SELECT id, email, address, name, attributes FROM subscribers";
const CONSENT: &str = "SELECT decided_ms, source, wording, email FROM mail_consents";

/// Inserts somebody, or replaces what was known. Returns whether they are new.
pub(super) async fn upsert(
    tx: &mut Tx,
    guild: GuildId,
    entry: &Entry,
    id: i64,
    now_ms: i64,
) -> Result<bool> {
    let stored: i64 = sqlx::query_scalar(
        "INSERT INTO subscribers (id, guild_id, email, address, name, attributes, created_ms, \
             updated_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7) \
         ON CONFLICT (guild_id, email) DO UPDATE SET address = excluded.address, \
             name = excluded.name, attributes = excluded.attributes, \
             updated_ms = excluded.updated_ms \
         RETURNING id",
    )
    .bind(id)
    .bind(guild.0)
    .bind(entry.email.normalised())
    .bind(entry.email.to_string())
    .bind(entry.name.clone())
    .bind(serde_json::to_string(&entry.attributes)?)
    .bind(now_ms)
    .fetch_one(tx)
    .await?;
    Ok(stored == id)
}

pub(super) async fn record_consent(
    tx: &mut Tx,
    guild: GuildId,
    email: &str,
    consent: &Consent,
    id: i64,
    now_ms: i64,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO mail_consents (id, guild_id, email, granted, decided_ms, source, wording, \
             recorded_ms) \
         VALUES ($1, $2, $3, 1, $4, $5, $6, $7)",
    )
    .bind(id)
    .bind(guild.0)
    .bind(email.to_owned())
    .bind(consent.decided_ms)
    .bind(consent.source.clone())
    .bind(consent.wording.clone())
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn remove(tx: &mut Tx, guild: GuildId, email: &str) -> Result<bool> {
    let removed = sqlx::query("DELETE FROM subscribers WHERE guild_id = $1 AND email = $2")
        .bind(guild.0)
        .bind(email.to_owned())
        .execute(tx)
        .await?;
    Ok(removed.rows_affected() == 1)
}

/// What stands already stays: the first reason counts, and no later one softens it.
pub(super) async fn suppress(
    tx: &mut Tx,
    guild: GuildId,
    email: &str,
    suppression: Suppression,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO suppressions (guild_id, email, scope, reason, since_ms) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (guild_id, email, scope) DO NOTHING",
    )
    .bind(guild.0)
    .bind(email.to_owned())
    .bind(suppression.scope.as_str())
    .bind(suppression.reason.as_str())
    .bind(suppression.since_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes back what an admin said, and nothing else.
pub(super) async fn lift_by_hand(tx: &mut Tx, guild: GuildId, email: &str) -> Result<()> {
    sqlx::query(
        "DELETE FROM suppressions WHERE guild_id = $1 AND email = $2 AND reason = 'by_hand'",
    )
    .bind(guild.0)
    .bind(email.to_owned())
    .execute(tx)
    .await?;
    Ok(())
}

/// What is not sent to an address, the stricter first.
pub(super) async fn suppressions(
    tx: &mut Tx,
    guild: GuildId,
    email: &str,
) -> Result<Vec<Suppression>> {
    let rows = sqlx::query(
        "SELECT scope, reason, since_ms FROM suppressions \
         WHERE guild_id = $1 AND email = $2",
    )
    .bind(guild.0)
    .bind(email.to_owned())
    .fetch_all(tx)
    .await?;
    let mut all: Vec<Suppression> = rows
        .iter()
        .map(|row| suppression(row, 0))
        .collect::<Result<_>>()?;
    all.sort_by_key(|one| one.scope == Scope::Ads);
    Ok(all)
}

fn suppression(row: &AnyRow, at: usize) -> Result<Suppression> {
    let scope: String = row.try_get(at)?;
    let reason: String = row.try_get(at + 1)?;
    Ok(Suppression {
        scope: Scope::parse(&scope),
        reason: Reason::parse(&reason),
        since_ms: row.try_get(at + 2)?,
    })
}

pub(super) async fn consents(tx: &mut Tx, guild: GuildId, email: &str) -> Result<Vec<Consent>> {
    let rows = sqlx::query(generated(format!(
        "{CONSENT} WHERE guild_id = $1 AND email = $2 AND granted = 1 ORDER BY id"
    )))
    .bind(guild.0)
    .bind(email.to_owned())
    .fetch_all(tx)
    .await?;
    rows.iter().map(consent).collect()
}

fn consent(row: &AnyRow) -> Result<Consent> {
    Ok(Consent {
        decided_ms: row.try_get(0)?,
        source: row.try_get(1)?,
        wording: row.try_get(2)?,
    })
}

/// The next decisions behind an address and an id, of everybody there ever was.
pub(super) async fn decisions(
    tx: &mut Tx,
    guild: GuildId,
    (email, id): &(String, i64),
    most: i64,
) -> Result<Vec<Decision>> {
    let rows = sqlx::query(
        "SELECT id, email, granted, decided_ms, source, wording, recorded_ms FROM mail_consents \
         WHERE guild_id = $1 AND (email > $2 OR (email = $2 AND id > $3)) \
         ORDER BY email, id LIMIT $4",
    )
    .bind(guild.0)
    .bind(email.clone())
    .bind(*id)
    .bind(most)
    .fetch_all(tx)
    .await?;
    let decision = |row: &AnyRow| {
        Ok(Decision {
            id: row.try_get(0)?,
            email: row.try_get(1)?,
            granted: row.try_get::<i64, _>(2)? == 1,
            decided_ms: row.try_get(3)?,
            source: row.try_get(4)?,
            wording: row.try_get(5)?,
            recorded_ms: row.try_get(6)?,
        })
    };
    rows.iter().map(decision).collect()
}

pub(super) async fn find(tx: &mut Tx, guild: GuildId, email: &str) -> Result<Option<Subscriber>> {
    let found = sqlx::query(generated(format!(
        "{SUBSCRIBER} WHERE guild_id = $1 AND email = $2"
    )))
    .bind(guild.0)
    .bind(email.to_owned())
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = found else { return Ok(None) };
    let mut subscriber = from_row(&row)?;
    subscriber.suppressions = suppressions(tx, guild, email).await?;
    Ok(Some(subscriber))
}

fn from_row(row: &AnyRow) -> Result<Subscriber> {
    Ok(Subscriber {
        address: row.try_get(0)?,
        name: row.try_get(1)?,
        attributes: serde_json::from_str(&row.try_get::<String, _>(2)?)?,
        created_ms: row.try_get(3)?,
        suppressions: Vec::new(),
    })
}

pub(super) async fn count(tx: &mut Tx, guild: GuildId) -> Result<i64> {
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM subscribers WHERE guild_id = $1");
    Ok(count.bind(guild.0).fetch_one(tx).await?)
}

/// Subscribers that nothing is sent to.
pub(super) async fn count_suppressed(tx: &mut Tx, guild: GuildId) -> Result<i64> {
    let count = sqlx::query_scalar(
        "SELECT COUNT(*) FROM suppressions JOIN subscribers \
             ON subscribers.guild_id = suppressions.guild_id \
             AND subscribers.email = suppressions.email \
         WHERE suppressions.guild_id = $1 AND suppressions.scope = 'all'",
    );
    Ok(count.bind(guild.0).fetch_one(tx).await?)
}

pub(super) async fn page(
    tx: &mut Tx,
    guild: GuildId,
    most: i64,
    skip: i64,
) -> Result<Vec<Subscriber>> {
    let rows = sqlx::query(generated(format!(
        "{SUBSCRIBER} WHERE guild_id = $1 ORDER BY email LIMIT $2 OFFSET $3"
    )))
    .bind(guild.0)
    .bind(most)
    .bind(skip)
    .fetch_all(&mut *tx)
    .await?;
    let mut page = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut subscriber = from_row(row)?;
        let email: String = row.try_get(4)?;
        subscriber.suppressions = suppressions(tx, guild, &email).await?;
        page.push(subscriber);
    }
    Ok(page)
}

/// Addresses that begin with `typed`. Not by `LIKE`, whose signs somebody might type, nor by bounds,
/// as PostgreSQL's order of texts is its locale's.
pub(super) async fn beginning_with(
    tx: &mut Tx,
    guild: GuildId,
    typed: &str,
    most: usize,
) -> Result<Vec<String>> {
    let addresses = sqlx::query_scalar(
        "SELECT email FROM subscribers WHERE guild_id = $1 AND SUBSTR(email, 1, LENGTH($2)) = $2 \
         ORDER BY email LIMIT $3",
    );
    Ok(addresses
        .bind(guild.0)
        .bind(typed.to_owned())
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(tx)
        .await?)
}

/// Everybody, with the newest consent of each.
pub(super) async fn all(tx: &mut Tx, guild: GuildId) -> Result<Vec<Exported>> {
    let suppressed = sqlx::query(
        // 'ads' before 'all', which is the one that counts.
        "SELECT email, scope, reason FROM suppressions WHERE guild_id = $1 ORDER BY scope",
    )
    .bind(guild.0)
    .fetch_all(&mut *tx)
    .await?;
    let mut reasons: HashMap<String, String> = HashMap::new();
    for row in suppressed {
        let (scope, reason): (String, String) = (row.try_get(1)?, row.try_get(2)?);
        let said = if scope == "ads" {
            format!("{reason} (ads)")
        } else {
            reason
        };
        reasons.insert(row.try_get(0)?, said);
    }
    let agreed = sqlx::query(generated(format!(
        "{CONSENT} WHERE guild_id = $1 AND granted = 1 ORDER BY id"
    )))
    .bind(guild.0)
    .fetch_all(&mut *tx)
    .await?;
    let mut consents: HashMap<String, Consent> = HashMap::new();
    for row in agreed {
        consents.insert(row.try_get(3)?, consent(&row)?);
    }
    let rows = sqlx::query(generated(format!(
        "{SUBSCRIBER} WHERE guild_id = $1 ORDER BY email"
    )))
    .bind(guild.0)
    .fetch_all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            let email: String = row.try_get(4)?;
            let Subscriber {
                address,
                name,
                attributes,
                ..
            } = from_row(row)?;
            Ok(Exported {
                address,
                name,
                attributes,
                suppressed: reasons.get(&email).cloned(),
                consent: consents.remove(&email),
            })
        })
        .collect()
}

/// Whom a campaign may go to: the next behind `after`, by id.
pub(super) async fn readers(
    tx: &mut Tx,
    guild: GuildId,
    after: i64,
    most: i64,
) -> Result<Vec<Reader>> {
    let rows = sqlx::query(generated(format!(
        "{READER} WHERE guild_id = $1 AND id > $2 ORDER BY id LIMIT $3"
    )))
    .bind(guild.0)
    .bind(after)
    .bind(most)
    .fetch_all(tx)
    .await?;
    rows.iter().map(reader_from).collect()
}

/// One of them, by address.
pub(super) async fn reader(tx: &mut Tx, guild: GuildId, email: &str) -> Result<Option<Reader>> {
    let found = sqlx::query(generated(format!(
        "{READER} WHERE guild_id = $1 AND email = $2"
    )))
    .bind(guild.0)
    .bind(email.to_owned())
    .fetch_optional(tx)
    .await?;
    found.as_ref().map(reader_from).transpose()
}

fn reader_from(row: &AnyRow) -> Result<Reader> {
    Ok(Reader {
        id: row.try_get(0)?,
        email: row.try_get(1)?,
        address: row.try_get(2)?,
        name: row.try_get(3)?,
        attributes: serde_json::from_str(&row.try_get::<String, _>(4)?)?,
    })
}

/// Those of these addresses that nothing is sent to, or with `is_ad` no advertising.
pub(super) async fn suppressed_of(
    tx: &mut Tx,
    guild: GuildId,
    is_ad: bool,
    emails: &[String],
) -> Result<HashSet<String>> {
    // Address by address, as a count: by `email IN (…)` or `EXISTS`, PostgreSQL without statistics goes by
    // guild and scope through all of a guild's (12 ms of 50,000, at each claim).
    let asked: Vec<String> = (3..3 + emails.len()).map(|n| format!("(${n})")).collect();
    let sql = format!(
        "SELECT asked.column1 FROM (VALUES {}) AS asked WHERE ( \
             SELECT COUNT(*) FROM suppressions WHERE guild_id = $1 AND email = asked.column1 \
                 AND (scope = 'all' OR $2 = 1)) > 0",
        asked.join(", ")
    );
    let mut query = sqlx::query_scalar(generated(sql))
        .bind(guild.0)
        .bind(i64::from(is_ad));
    for email in emails {
        query = query.bind(email.clone());
    }
    Ok(query.fetch_all(tx).await?.into_iter().collect())
}

/// Those of these addresses whose last decision allows advertising. The last is the one decided last,
/// not the one recorded last: an old consent in a new import revives nobody who withdrew meanwhile.
pub(super) async fn consenting_of(
    tx: &mut Tx,
    guild: GuildId,
    emails: &[String],
) -> Result<HashSet<String>> {
    let sql = format!(
        "SELECT email, granted FROM mail_consents \
         WHERE guild_id = $1 AND email IN ({}) ORDER BY decided_ms, granted DESC, id",
        list(2, emails.len())
    );
    let mut query = sqlx::query(generated(sql)).bind(guild.0);
    for email in emails {
        query = query.bind(email.clone());
    }
    let mut consenting = HashSet::new();
    for row in query.fetch_all(tx).await? {
        let (email, granted): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
        if granted == 1 {
            consenting.insert(email);
        } else {
            consenting.remove(&email);
        }
    }
    Ok(consenting)
}

/// Begins to read a file. The guild's earlier draft is forgotten, and what anybody left lying.
pub(super) async fn begin_import(
    tx: &mut Tx,
    id: ImportId,
    guild: GuildId,
    user: UserId,
    now_ms: i64,
) -> Result<()> {
    sqlx::query("DELETE FROM subscriber_imports WHERE guild_id = $1 OR created_ms < $2")
        .bind(guild.0)
        .bind(now_ms - DRAFT_LIFE_MS)
        .execute(&mut *tx)
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
    Ok(())
}

/// Keeps rows of a file that is being read. (A job may run twice: what is there stays.)
pub(super) async fn stage(tx: &mut Tx, id: ImportId, rows: &[(i64, Entry)]) -> Result<()> {
    for chunk in rows.chunks(INSERT_CHUNK) {
        let sql = format!(
            "INSERT INTO subscriber_import_rows (id, import_id, email, address, name, attributes, \
                 consent_ms, consent_source, consent_wording) \
             VALUES {} ON CONFLICT (import_id, email) DO NOTHING",
            placeholders(chunk.len(), 9)
        );
        let mut query = sqlx::query(generated(sql));
        for (row, entry) in chunk {
            let consent = entry.consent.as_ref();
            query = query
                .bind(*row)
                .bind(id.0)
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
    Ok(())
}

/// What a draft would do.
pub(super) struct Counted {
    pub(super) good: i64,
    pub(super) new: i64,
    pub(super) suppressed: i64,
    pub(super) consents: i64,
}

pub(super) async fn finish_reading(tx: &mut Tx, id: ImportId, guild: GuildId) -> Result<Counted> {
    sqlx::query("UPDATE subscriber_imports SET state = 'read' WHERE id = $1 AND guild_id = $2")
        .bind(id.0)
        .bind(guild.0)
        .execute(&mut *tx)
        .await?;
    let row = sqlx::query(
        "SELECT COUNT(*), COUNT(consent_ms), \
             (SELECT COUNT(*) FROM subscriber_import_rows AS staged \
              WHERE staged.import_id = $1 AND NOT EXISTS (SELECT 1 FROM subscribers \
                  WHERE subscribers.guild_id = $2 AND subscribers.email = staged.email)), \
             (SELECT COUNT(*) FROM subscriber_import_rows AS staged \
              WHERE staged.import_id = $1 AND EXISTS (SELECT 1 FROM suppressions \
                  WHERE suppressions.guild_id = $2 AND suppressions.email = staged.email)) \
         FROM subscriber_import_rows WHERE import_id = $1",
    )
    .bind(id.0)
    .bind(guild.0)
    .fetch_one(tx)
    .await?;
    Ok(Counted {
        good: row.try_get(0)?,
        consents: row.try_get(1)?,
        new: row.try_get(2)?,
        suppressed: row.try_get(3)?,
    })
}

/// Makes subscribers of a draft's rows, and returns how many rows it had; `None`: it is none (any
/// more).
pub(super) async fn import(
    tx: &mut Tx,
    guild: GuildId,
    id: ImportId,
    now_ms: i64,
) -> Result<Option<i64>> {
    // Whoever's statement matches imports it; a second press finds nothing.
    let taken = sqlx::query(
        "UPDATE subscriber_imports SET state = 'reading' \
         WHERE id = $1 AND guild_id = $2 AND state = 'read'",
    )
    .bind(id.0)
    .bind(guild.0)
    .execute(&mut *tx)
    .await?;
    if taken.rows_affected() == 0 {
        return Ok(None);
    }
    let rows = sqlx::query(
        "INSERT INTO subscribers (id, guild_id, email, address, name, attributes, created_ms, \
             updated_ms) \
         SELECT id, CAST($1 AS BIGINT), email, address, name, attributes, CAST($2 AS BIGINT), \
             CAST($2 AS BIGINT) \
         FROM subscriber_import_rows WHERE import_id = $3 \
         ON CONFLICT (guild_id, email) DO UPDATE SET address = excluded.address, \
             name = excluded.name, attributes = excluded.attributes, \
             updated_ms = excluded.updated_ms",
    )
    .bind(guild.0)
    .bind(now_ms)
    .bind(id.0)
    .execute(&mut *tx)
    .await?;
    // Their ids are the rows': of another table, and as many.
    sqlx::query(
        "INSERT INTO mail_consents (id, guild_id, email, granted, decided_ms, source, wording, \
             recorded_ms) \
         SELECT id, CAST($1 AS BIGINT), email, 1, consent_ms, consent_source, consent_wording, \
             CAST($2 AS BIGINT) \
         FROM subscriber_import_rows AS staged \
         WHERE import_id = $3 AND consent_ms IS NOT NULL AND NOT EXISTS ( \
             SELECT 1 FROM mail_consents AS known \
             WHERE known.guild_id = $1 AND known.email = staged.email AND known.granted = 1 \
                 AND known.decided_ms = staged.consent_ms \
                 AND known.source = staged.consent_source \
                 AND known.wording = staged.consent_wording)",
    )
    .bind(guild.0)
    .bind(now_ms)
    .bind(id.0)
    .execute(&mut *tx)
    .await?;
    forget_import(tx, guild, id).await?;
    Ok(Some(
        i64::try_from(rows.rows_affected()).unwrap_or(i64::MAX),
    ))
}

pub(super) async fn forget_import(tx: &mut Tx, guild: GuildId, id: ImportId) -> Result<()> {
    sqlx::query("DELETE FROM subscriber_imports WHERE id = $1 AND guild_id = $2")
        .bind(id.0)
        .bind(guild.0)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn forget_imports_of(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<()> {
    sqlx::query("DELETE FROM subscriber_imports WHERE guild_id = $1 AND user_id = $2")
        .bind(guild.0)
        .bind(user.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// Suppresses for a reason that no admin can lift, and returns since when that stands: an earlier
/// reason of this kind stays as it is, one that an admin could lift gives way.
pub(super) async fn suppress_firmly(
    tx: &mut Tx,
    guild: GuildId,
    email: &str,
    suppression: Suppression,
) -> Result<i64> {
    let stands = sqlx::query_scalar(
        "INSERT INTO suppressions (guild_id, email, scope, reason, since_ms) \
         VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (guild_id, email, scope) DO UPDATE SET \
             reason = CASE WHEN suppressions.reason = 'by_hand' \
                 THEN excluded.reason ELSE suppressions.reason END, \
             since_ms = CASE WHEN suppressions.reason = 'by_hand' \
                 THEN excluded.since_ms ELSE suppressions.since_ms END \
         RETURNING since_ms",
    )
    .bind(guild.0)
    .bind(email.to_owned())
    .bind(suppression.scope.as_str())
    .bind(suppression.reason.as_str())
    .bind(suppression.since_ms);
    Ok(stands.fetch_one(tx).await?)
}

/// Records that somebody refuses advertising, unless that is what they said last.
pub(super) async fn record_refusal(
    tx: &mut Tx,
    guild: GuildId,
    email: &str,
    (source, wording): (&str, &str),
    id: i64,
    now_ms: i64,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO mail_consents (id, guild_id, email, granted, decided_ms, source, wording, \
             recorded_ms) \
         SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS TEXT), 0, \
             CAST($4 AS BIGINT), CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($4 AS BIGINT) \
         WHERE NOT EXISTS (SELECT 1 FROM mail_consents AS last \
             WHERE last.guild_id = $2 AND last.email = $3 AND last.granted = 0 \
                 AND last.id = (SELECT MAX(known.id) FROM mail_consents AS known \
                     WHERE known.guild_id = $2 AND known.email = $3))",
    )
    .bind(id)
    .bind(guild.0)
    .bind(email.to_owned())
    .bind(now_ms)
    .bind(source.to_owned())
    .bind(wording.to_owned())
    .execute(tx)
    .await?;
    Ok(())
}
