//! SQL of the subscribers.

use std::collections::{HashMap, HashSet};

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::export::Decision;
use super::sheet::Exported;
use super::{Consent, Entry, Reader, Reason, Scope, Subscriber, Suppression};
use crate::db::{List, Tx, generated};
use crate::error::{Result, UserError};
use crate::ids::{GuildId, ImportId};

/// Ids named by one statement.
const ID_CHUNK: usize = 500;
/// Rows that one read looks at.
pub(super) const LOOKED_AT_ONCE: i64 = 5_000;
/// Rows among which somebody's typing is looked for: some milliseconds, at each letter.
const SUGGESTED_AMONG: i64 = 2_000;

/// What a column says in version `$2` of the list: an import writes the next version beside the present
/// one, and all of it is there at once when the list's version becomes that.
macro_rules! in_version {
    ($column:literal) => {
        concat!(
            "CASE WHEN next_version <= $2 THEN next_",
            $column,
            " ELSE ",
            $column,
            " END"
        )
    };
}

/// Of the guild `$1` in version `$2`.
const SUBSCRIBER: &str = concat!(
    "SELECT ",
    in_version!("address"),
    ", ",
    in_version!("name"),
    ", ",
    in_version!("attributes"),
    ", created_ms, email FROM subscribers WHERE guild_id = $1 AND version <= $2"
);
const READER: &str = concat!(
    "SELECT id, email, ",
    in_version!("address"),
    ", ",
    in_version!("name"),
    ", ",
    in_version!("attributes"),
    " FROM subscribers WHERE guild_id = $1 AND version <= $2"
);
/// With why nothing is sent there, 'all' before 'ads', and which consent is the newest.
const EXPORTED: &str = concat!(
    "SELECT ",
    in_version!("address"),
    ", ",
    in_version!("name"),
    ", ",
    in_version!("attributes"),
    ", email, (SELECT CASE scope WHEN 'ads' THEN reason || ' (ads)' ELSE reason END \
         FROM suppressions WHERE suppressions.guild_id = $1 \
             AND suppressions.email = subscribers.email ORDER BY scope DESC LIMIT 1), \
     (SELECT MAX(mail_consents.id) FROM mail_consents WHERE mail_consents.guild_id = $1 \
         AND mail_consents.email = subscribers.email AND granted = 1 \
         AND mail_consents.version <= $2) \
     FROM subscribers WHERE guild_id = $1 AND version <= $2"
);

/// What one of these selects of a subscriber in a version of a guild's list.
async fn row_of(
    tx: &mut Tx,
    select: &'static str,
    (guild, version): (GuildId, i64),
    email: &str,
) -> Result<Option<AnyRow>> {
    let sql = format!("{select} AND email = $3");
    let query = sqlx::query(generated(sql)).bind(guild.0).bind(version);
    Ok(query.bind(email.to_owned()).fetch_optional(tx).await?)
}

/// What it selects of the next `most` behind an address.
async fn rows_behind(
    tx: &mut Tx,
    select: &'static str,
    (guild, version): (GuildId, i64),
    (after, most): (&str, i64),
) -> Result<Vec<AnyRow>> {
    let sql = format!("{select} AND email > $3 ORDER BY email LIMIT $4");
    let query = sqlx::query(generated(sql)).bind(guild.0).bind(version);
    let query = query.bind(after.to_owned()).bind(most);
    Ok(query.fetch_all(tx).await?)
}

/// The subscribers of a guild as a whole.
pub(super) struct Listed {
    pub(super) version: i64,
    pub(super) subscribers: i64,
    /// The import that is being taken in.
    pub(super) importing: Option<ImportId>,
}

impl Listed {
    /// Nothing is added to a list, or taken from it, while an import makes its next version.
    pub(super) fn require_rest(&self) -> Result<(), UserError> {
        match self.importing {
            None => Ok(()),
            Some(_) => Err(UserError::ImportUnderWay),
        }
    }
}

/// Keeps a guild's list from others who would change it, until the transaction ends.
pub(super) async fn lock_list(tx: &mut Tx, guild: GuildId) -> Result<Listed> {
    let row = sqlx::query(
        "INSERT INTO subscriber_lists (guild_id, version, subscribers) VALUES ($1, 0, 0) \
         ON CONFLICT (guild_id) DO UPDATE SET version = subscriber_lists.version \
         RETURNING version, subscribers, import_id",
    )
    .bind(guild.0)
    .fetch_one(tx)
    .await?;
    Ok(Listed {
        version: row.try_get(0)?,
        subscribers: row.try_get(1)?,
        importing: row.try_get::<Option<i64>, _>(2)?.map(ImportId),
    })
}

/// The version of a guild's list that is in effect.
pub(super) async fn version(tx: &mut Tx, guild: GuildId) -> Result<i64> {
    let version = sqlx::query_scalar("SELECT version FROM subscriber_lists WHERE guild_id = $1");
    let version: Option<i64> = version.bind(guild.0).fetch_optional(tx).await?;
    Ok(version.unwrap_or_default())
}

/// There are so many more of them.
pub(super) async fn grow(tx: &mut Tx, guild: GuildId, by: i64) -> Result<()> {
    sqlx::query("UPDATE subscriber_lists SET subscribers = subscribers + $2 WHERE guild_id = $1")
        .bind(guild.0)
        .bind(by)
        .execute(tx)
        .await?;
    Ok(())
}

/// Inserts somebody, or replaces what was known. Returns whether they are new.
pub(super) async fn upsert(
    tx: &mut Tx,
    guild: GuildId,
    entry: &Entry,
    id: i64,
    (version, now_ms): (i64, i64),
) -> Result<bool> {
    let stored: i64 = sqlx::query_scalar(
        "INSERT INTO subscribers (id, guild_id, email, address, name, attributes, created_ms, \
             updated_ms, version) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8) \
         ON CONFLICT (guild_id, email) DO UPDATE SET address = excluded.address, \
             name = excluded.name, attributes = excluded.attributes, next_version = NULL, \
             next_address = NULL, next_name = NULL, next_attributes = NULL, \
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
    .bind(version)
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
    (version, now_ms): (i64, i64),
) -> Result<()> {
    sqlx::query(
        "INSERT INTO mail_consents (id, guild_id, email, granted, decided_ms, source, wording, \
             recorded_ms, version) \
         VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8)",
    )
    .bind(id)
    .bind(guild.0)
    .bind(email.to_owned())
    .bind(consent.decided_ms)
    .bind(consent.source.clone())
    .bind(consent.wording.clone())
    .bind(now_ms)
    .bind(version)
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

pub(super) async fn consents(
    tx: &mut Tx,
    guild: GuildId,
    version: i64,
    email: &str,
) -> Result<Vec<Consent>> {
    let rows = sqlx::query(
        "SELECT decided_ms, source, wording FROM mail_consents \
         WHERE guild_id = $1 AND email = $3 AND granted = 1 AND version <= $2 ORDER BY id",
    )
    .bind(guild.0)
    .bind(version)
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
    version: i64,
    (email, id): (&str, i64),
    most: i64,
) -> Result<Vec<Decision>> {
    let rows = sqlx::query(
        "SELECT id, email, granted, decided_ms, source, wording, recorded_ms FROM mail_consents \
         WHERE guild_id = $1 AND version <= $2 AND (email, id) > ($3, $4) \
         ORDER BY email, id LIMIT $5",
    )
    .bind(guild.0)
    .bind(version)
    .bind(email.to_owned())
    .bind(id)
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

pub(super) async fn find(
    tx: &mut Tx,
    guild: GuildId,
    version: i64,
    email: &str,
) -> Result<Option<Subscriber>> {
    let Some(row) = row_of(tx, SUBSCRIBER, (guild, version), email).await? else {
        return Ok(None);
    };
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

/// Which version of a guild's list is in effect, and how many subscribers it has.
pub(super) async fn counted(tx: &mut Tx, guild: GuildId) -> Result<(i64, i64)> {
    let counted =
        sqlx::query("SELECT version, subscribers FROM subscriber_lists WHERE guild_id = $1");
    let Some(row) = counted.bind(guild.0).fetch_optional(tx).await? else {
        return Ok((0, 0));
    };
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Subscribers that nothing is sent to, among the next addresses behind `after` that nothing is sent to;
/// and up to which those go, if there may be more.
pub(super) async fn count_suppressed(
    tx: &mut Tx,
    guild: GuildId,
    version: i64,
    after: &str,
) -> Result<(i64, Option<String>)> {
    let end: Option<String> = sqlx::query_scalar(
        "SELECT email FROM suppressions WHERE guild_id = $1 AND email > $2 \
         ORDER BY email LIMIT 1 OFFSET $3",
    )
    .bind(guild.0)
    .bind(after.to_owned())
    .bind(LOOKED_AT_ONCE - 1)
    .fetch_optional(&mut *tx)
    .await?;
    let until = if end.is_some() {
        "AND suppressions.email <= $4"
    } else {
        ""
    };
    // Address by address, as a plan without statistics may go through all subscribers for each.
    let sql = format!(
        "SELECT CAST(COALESCE(SUM((SELECT COUNT(*) FROM subscribers WHERE guild_id = $1 \
             AND email = suppressions.email AND version <= $2)), 0) AS BIGINT) \
         FROM suppressions WHERE guild_id = $1 AND scope = 'all' AND suppressions.email > $3 {until}"
    );
    let mut count = sqlx::query_scalar(generated(sql))
        .bind(guild.0)
        .bind(version)
        .bind(after.to_owned());
    if let Some(end) = &end {
        count = count.bind(end.clone());
    }
    Ok((count.fetch_one(tx).await?, end))
}

/// The address of the subscriber `skip` behind an address; `None`: there are not so many.
pub(super) async fn skip(
    tx: &mut Tx,
    guild: GuildId,
    version: i64,
    (after, skip): (&str, i64),
) -> Result<Option<String>> {
    let address = sqlx::query_scalar(
        "SELECT email FROM subscribers WHERE guild_id = $1 AND version <= $2 AND email > $3 \
         ORDER BY email LIMIT 1 OFFSET $4",
    );
    Ok(address
        .bind(guild.0)
        .bind(version)
        .bind(after.to_owned())
        .bind(skip - 1)
        .fetch_optional(tx)
        .await?)
}

pub(super) async fn page(
    tx: &mut Tx,
    guild: GuildId,
    version: i64,
    (after, most): (&str, i64),
) -> Result<Vec<Subscriber>> {
    let rows = rows_behind(tx, SUBSCRIBER, (guild, version), (after, most)).await?;
    let mut page = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut subscriber = from_row(row)?;
        let email: String = row.try_get(4)?;
        subscriber.suppressions = suppressions(tx, guild, &email).await?;
        page.push(subscriber);
    }
    Ok(page)
}

/// Addresses that begin with `typed`, among those that are next to it in their order: there they all are
/// on SQLite, and on PostgreSQL but for what its locale sorts in between. Not by `LIKE`, whose signs
/// somebody might type.
pub(super) async fn beginning_with(
    tx: &mut Tx,
    guild: GuildId,
    version: i64,
    (typed, most): (&str, usize),
) -> Result<Vec<String>> {
    let addresses = sqlx::query_scalar(
        "SELECT email FROM (SELECT email FROM subscribers \
             WHERE guild_id = $1 AND version <= $2 AND email >= $3 ORDER BY email LIMIT $5) AS near \
         WHERE SUBSTR(email, 1, LENGTH($3)) = $3 ORDER BY email LIMIT $4",
    );
    Ok(addresses
        .bind(guild.0)
        .bind(version)
        .bind(typed.to_owned())
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .bind(SUGGESTED_AMONG)
        .fetch_all(tx)
        .await?)
}

/// The next behind an address, each with that and their newest consent.
pub(super) async fn exported(
    tx: &mut Tx,
    guild: GuildId,
    version: i64,
    after: &str,
    most: i64,
) -> Result<Vec<(String, Exported)>> {
    let rows = rows_behind(tx, EXPORTED, (guild, version), (after, most)).await?;
    let mut newest = Vec::new();
    for row in &rows {
        newest.extend(row.try_get::<Option<i64>, _>(5)?);
    }
    let mut consents = consents_by_id(tx, &newest).await?;
    let exported = |row: &AnyRow| -> Result<(String, Exported)> {
        let newest: Option<i64> = row.try_get(5)?;
        let exported = Exported {
            address: row.try_get(0)?,
            name: row.try_get(1)?,
            attributes: serde_json::from_str(&row.try_get::<String, _>(2)?)?,
            suppressed: row.try_get(4)?,
            consent: newest.and_then(|id| consents.remove(&id)),
        };
        Ok((row.try_get(3)?, exported))
    };
    rows.iter().map(exported).collect()
}

async fn consents_by_id(tx: &mut Tx, ids: &[i64]) -> Result<HashMap<i64, Consent>> {
    let mut found = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(ID_CHUNK) {
        let listed = List::of_ids(tx, 1, ids.iter().copied());
        let sql =
            format!("SELECT decided_ms, source, wording, id FROM mail_consents WHERE id {listed}");
        let query = sqlx::query(generated(sql)).bind(listed.values());
        for row in query.fetch_all(&mut *tx).await? {
            found.insert(row.try_get(3)?, consent(&row)?);
        }
    }
    Ok(found)
}

/// Whom a campaign may go to: the next behind `after`, by id.
pub(super) async fn readers(
    tx: &mut Tx,
    guild: GuildId,
    version: i64,
    (after, most): (i64, i64),
) -> Result<Vec<Reader>> {
    let rows = sqlx::query(generated(format!(
        "{READER} AND id > $3 ORDER BY id LIMIT $4"
    )))
    .bind(guild.0)
    .bind(version)
    .bind(after)
    .bind(most)
    .fetch_all(tx)
    .await?;
    rows.iter().map(reader_from).collect()
}

/// One of them, by address.
pub(super) async fn reader(
    tx: &mut Tx,
    guild: GuildId,
    version: i64,
    email: &str,
) -> Result<Option<Reader>> {
    let found = row_of(tx, READER, (guild, version), email).await?;
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
    let asked = List::of_texts(tx, 3, emails.iter().map(String::as_str));
    let sql = format!(
        "SELECT asked.value FROM {} AS asked WHERE ( \
             SELECT COUNT(*) FROM suppressions WHERE guild_id = $1 AND email = asked.value \
                 AND (scope = 'all' OR $2 = 1)) > 0",
        asked.rows()
    );
    let query = sqlx::query_scalar(generated(sql))
        .bind(guild.0)
        .bind(i64::from(is_ad))
        .bind(asked.values());
    Ok(query.fetch_all(tx).await?.into_iter().collect())
}

/// Those of these addresses whose last decision allows advertising. The last is the one decided last,
/// not the one recorded last: an old consent in a new import revives nobody who withdrew meanwhile.
pub(super) async fn consenting_of(
    tx: &mut Tx,
    guild: GuildId,
    emails: &[String],
) -> Result<HashSet<String>> {
    // Address by address, as above. Of two decisions of one moment a refusal is the last.
    let asked = List::of_texts(tx, 2, emails.iter().map(String::as_str));
    let sql = format!(
        "SELECT asked.value FROM {} AS asked WHERE ( \
             SELECT granted FROM mail_consents WHERE guild_id = $1 AND email = asked.value \
                 AND version <= COALESCE( \
                     (SELECT version FROM subscriber_lists WHERE guild_id = $1), 0) \
             ORDER BY decided_ms DESC, granted, id DESC LIMIT 1) = 1",
        asked.rows()
    );
    let query = sqlx::query_scalar(generated(sql))
        .bind(guild.0)
        .bind(asked.values());
    Ok(query.fetch_all(tx).await?.into_iter().collect())
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
