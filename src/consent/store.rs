//! SQL of consent.

use std::collections::HashMap;

use anyhow::Context as _;
use chrono_tz::Tz;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::notices::{Kind, Notice, Told};
use super::{Change, Counts, Decider, Member, Scope};
use crate::db::{List, PIECE_ROWS, Tx, generated};
use crate::error::Result;
use crate::i18n::Language;
use crate::ids::{GuildId, UserId};
use crate::outbox::dm::Caller;

const MEMBER: &str = "guild_id, user_id, guild_name, timezone, language, notice, ads, night";
const NOTICE: &str = "id, guild_id, user_id, kind, decision, decided_ms, not_before_ms, due_ms";

/// All decisions of a member: no more than they pressed buttons, each of which is an answer of ours.
pub(super) const ALL: (i64, i64) = (0, i64::MAX);

/// A decision as it was made.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Record {
    /// About what.
    pub scope: Scope,
    /// Allowed, or refused.
    pub granted: bool,
    /// When.
    pub decided_ms: i64,
    /// By what means.
    pub source: String,
    /// The words agreed to, or refused.
    pub wording: String,
    /// Their language.
    pub language: Language,
}

pub(super) async fn record(
    tx: &mut Tx,
    id: i64,
    guild: GuildId,
    user: UserId,
    record: &Record,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO consents (id, guild_id, user_id, medium, scope, granted, decided_ms, source, \
             wording, language) \
         VALUES ($1, $2, $3, 'dm', $4, $5, $6, $7, $8, $9)",
    )
    .bind(id)
    .bind(guild.0)
    .bind(user.0)
    .bind(record.scope.as_str())
    .bind(i64::from(record.granted))
    .bind(record.decided_ms)
    .bind(record.source.clone())
    .bind(record.wording.clone())
    .bind(record.language.code())
    .execute(tx)
    .await?;
    Ok(())
}

/// The next `most` decisions of a member behind an id, oldest first, each with its own.
pub(super) async fn records(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    (after, most): (i64, i64),
) -> Result<Vec<(i64, Record)>> {
    let rows = sqlx::query(
        "SELECT scope, granted, decided_ms, source, wording, language, id FROM consents \
         WHERE guild_id = $1 AND user_id = $2 AND id > $3 \
             AND scope IN ('notice', 'ads', 'night') ORDER BY id LIMIT $4",
    )
    .bind(guild.0)
    .bind(user.0)
    .bind(after)
    .bind(most)
    .fetch_all(tx)
    .await?;
    let record = |row: &AnyRow| -> Result<(i64, Record)> {
        let scope: String = row.try_get(0)?;
        let scope = Scope::ALL.into_iter().find(|one| one.as_str() == scope);
        let record = Record {
            scope: scope.context("a scope that was not asked for")?,
            granted: row.try_get::<i64, _>(1)? != 0,
            decided_ms: row.try_get(2)?,
            source: row.try_get(3)?,
            wording: row.try_get(4)?,
            language: Language::from_locale(&row.try_get::<String, _>(5)?),
        };
        Ok((row.try_get(6)?, record))
    };
    rows.iter().map(record).collect()
}

/// How many of these a member has, by the index alone.
pub(super) async fn count_records(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<i64> {
    let count =
        sqlx::query_scalar("SELECT COUNT(*) FROM consents WHERE guild_id = $1 AND user_id = $2");
    Ok(count.bind(guild.0).bind(user.0).fetch_one(tx).await?)
}

pub(super) async fn member(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<Option<Member>> {
    let sql = format!("SELECT {MEMBER} FROM members WHERE guild_id = $1 AND user_id = $2");
    let found = sqlx::query(generated(sql))
        .bind(guild.0)
        .bind(user.0)
        .fetch_optional(tx)
        .await?;
    Ok(found
        .as_ref()
        .map(from_row)
        .transpose()?
        .map(|(_, member)| member))
}

/// How the decider stands, locked until the transaction ends; made if they have no row yet.
pub(super) async fn lock_member(tx: &mut Tx, decider: &Decider, now_ms: i64) -> Result<Member> {
    let sql = format!(
        "INSERT INTO members (guild_id, user_id, guild_name, language, notice, ads, night, \
             updated_ms) VALUES ($1, $2, $3, $4, 0, 0, 0, $5) \
         ON CONFLICT (guild_id, user_id) DO UPDATE SET updated_ms = excluded.updated_ms \
         RETURNING {MEMBER}"
    );
    let row = sqlx::query(generated(sql))
        .bind(decider.guild.0)
        .bind(decider.user.0)
        .bind(decider.guild_name.clone())
        .bind(decider.language.code())
        .bind(now_ms)
        .fetch_one(tx)
        .await?;
    Ok(from_row(&row)?.1)
}

/// How each of `callers` stands; those who never decided are left out.
pub(super) async fn members(
    tx: &mut Tx,
    callers: &[Caller],
) -> Result<HashMap<(GuildId, UserId), Member>> {
    let mut by_guild: HashMap<GuildId, Vec<UserId>> = HashMap::new();
    for caller in callers {
        by_guild.entry(caller.guild).or_default().push(caller.user);
    }
    let mut found = HashMap::new();
    for (guild, users) in by_guild {
        for chunk in distinct(users.into_iter()).chunks(500) {
            let listed = List::of_ids(tx, 2, chunk.iter().map(|user| user.0));
            let sql =
                format!("SELECT {MEMBER} FROM members WHERE guild_id = $1 AND user_id {listed}");
            let query = sqlx::query(generated(sql))
                .bind(guild.0)
                .bind(listed.values());
            for row in query.fetch_all(&mut *tx).await? {
                found.extend([from_row(&row)?]);
            }
        }
    }
    Ok(found)
}

/// Those of `members` who allow direct messages, with their languages.
pub async fn allowing(
    tx: &mut Tx,
    members: impl Iterator<Item = (GuildId, UserId)>,
) -> Result<HashMap<(GuildId, UserId), Language>> {
    let users = distinct(members.map(|(_, user)| user));
    let mut found = HashMap::new();
    for chunk in users.chunks(500) {
        // By the index of those who allow them: mostly nobody is found, and nothing more is read.
        let listed = List::of_ids(tx, 1, chunk.iter().map(|user| user.0));
        let sql = format!(
            "SELECT guild_id, user_id, language FROM members \
             WHERE notice = 1 AND user_id {listed}"
        );
        let query = sqlx::query(generated(sql)).bind(listed.values());
        for row in query.fetch_all(&mut *tx).await? {
            let member = (GuildId(row.try_get(0)?), UserId(row.try_get(1)?));
            found.insert(member, Language::from_locale(&row.try_get::<String, _>(2)?));
        }
    }
    Ok(found)
}

/// Those of `members` who chose a zone, with it.
pub(super) async fn own_zones(
    tx: &mut Tx,
    members: impl Iterator<Item = (GuildId, UserId)>,
) -> Result<HashMap<(GuildId, UserId), Tz>> {
    let users = distinct(members.map(|(_, user)| user));
    let mut found = HashMap::new();
    for chunk in users.chunks(500) {
        // By the index of those who chose one: mostly nobody is found, and nothing more is read.
        let listed = List::of_ids(tx, 1, chunk.iter().map(|user| user.0));
        let sql = format!(
            "SELECT guild_id, user_id, timezone FROM members \
             WHERE timezone IS NOT NULL AND user_id {listed}"
        );
        let query = sqlx::query(generated(sql)).bind(listed.values());
        for row in query.fetch_all(&mut *tx).await? {
            let member = (GuildId(row.try_get(0)?), UserId(row.try_get(1)?));
            let zone: String = row.try_get(2)?;
            found.extend(zone.parse().ok().map(|zone| (member, zone)));
        }
    }
    Ok(found)
}

/// The zones that a member chose before, each with when they gave it up, oldest first; `None` stands for the
/// server's.
pub(super) async fn past_zones(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
) -> Result<Vec<(i64, Option<Tz>)>> {
    let stored = sqlx::query_scalar::<_, Option<String>>(
        "SELECT past_zones FROM members WHERE guild_id = $1 AND user_id = $2",
    );
    let stored = stored.bind(guild.0).bind(user.0).fetch_optional(tx).await?;
    let stored = stored.flatten().unwrap_or_default();
    let read = |one: &str| {
        let (until_ms, zone) = one.split_once('=')?;
        // A zone that is known no more is the server's.
        Some((until_ms.parse().ok()?, zone.parse().ok()))
    };
    Ok(stored.split(';').filter_map(read).collect())
}

/// Keeps them.
pub(super) async fn keep_past_zones(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    past: &[(i64, Option<Tz>)],
) -> Result<()> {
    let written = past.iter().map(|(until_ms, zone)| {
        let zone = zone.map_or("", Tz::name);
        format!("{until_ms}={zone}")
    });
    let written: Vec<String> = written.collect();
    sqlx::query("UPDATE members SET past_zones = $3 WHERE guild_id = $1 AND user_id = $2")
        .bind(guild.0)
        .bind(user.0)
        .bind(written.join(";"))
        .execute(tx)
        .await?;
    Ok(())
}

fn distinct(users: impl Iterator<Item = UserId>) -> Vec<UserId> {
    let mut users: Vec<UserId> = users.collect();
    users.sort_unstable();
    users.dedup();
    users
}

pub(super) async fn save(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    to: &Member,
    now_ms: i64,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO members (guild_id, user_id, guild_name, timezone, language, notice, ads, \
             night, updated_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (guild_id, user_id) DO UPDATE SET guild_name = excluded.guild_name, \
             timezone = excluded.timezone, language = excluded.language, \
             notice = excluded.notice, ads = excluded.ads, night = excluded.night, \
             updated_ms = excluded.updated_ms",
    )
    .bind(guild.0)
    .bind(user.0)
    .bind(to.guild_name.clone())
    .bind(to.timezone.map(chrono_tz::Tz::name))
    .bind(to.language.code())
    .bind(i64::from(to.notice))
    .bind(i64::from(to.ads))
    .bind(i64::from(to.night))
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// Whether a member was asked, or has decided. Who only chose a zone was not.
pub(super) async fn was_asked(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<bool> {
    let asked: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM members WHERE guild_id = $1 AND user_id = $2 \
             AND (offered_ms IS NOT NULL OR notice = 1 OR EXISTS (SELECT 1 FROM consents \
                 WHERE consents.guild_id = $1 AND consents.user_id = $2))",
    )
    .bind(guild.0)
    .bind(user.0)
    .fetch_one(tx)
    .await?;
    Ok(asked > 0)
}

/// Remembers that a member was asked; `false` if they were before, or have decided.
pub(super) async fn offer(tx: &mut Tx, decider: &Decider, now_ms: i64) -> Result<bool> {
    let asked = sqlx::query(
        "INSERT INTO members (guild_id, user_id, guild_name, language, notice, ads, night, \
             offered_ms, updated_ms) \
         VALUES ($1, $2, $3, $4, 0, 0, 0, $5, $5) \
         ON CONFLICT (guild_id, user_id) DO UPDATE SET offered_ms = excluded.offered_ms \
             WHERE members.offered_ms IS NULL AND members.notice = 0 \
                 AND NOT EXISTS (SELECT 1 FROM consents WHERE consents.guild_id = $1 \
                     AND consents.user_id = $2)",
    )
    .bind(decider.guild.0)
    .bind(decider.user.0)
    .bind(decider.guild_name.clone())
    .bind(decider.language.code())
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(asked.rows_affected() == 1)
}

pub(super) async fn counts(tx: &mut Tx, guild: GuildId) -> Result<Counts> {
    let row = sqlx::query(
        "SELECT CAST(COALESCE(SUM(notice), 0) AS BIGINT), \
             CAST(COALESCE(SUM(notice * ads), 0) AS BIGINT), \
             CAST(COALESCE(SUM(notice * night), 0) AS BIGINT), \
             (SELECT COUNT(*) FROM members AS refusing WHERE guild_id = $1 AND notice = 0 \
                 AND EXISTS (SELECT 1 FROM consents WHERE guild_id = $1 \
                     AND consents.user_id = refusing.user_id)) \
         FROM members WHERE guild_id = $1",
    )
    .bind(guild.0)
    .fetch_one(tx)
    .await?;
    Ok(Counts {
        notice: row.try_get(0)?,
        ads: row.try_get(1)?,
        night: row.try_get(2)?,
        refused: row.try_get(3)?,
    })
}

/// Those who allow direct messages, by their ids from `after` on, and whether theirs are closed.
pub(super) async fn audience(
    tx: &mut Tx,
    guild: GuildId,
    after: UserId,
    most: i64,
) -> Result<Vec<(UserId, Member, bool)>> {
    let sql = format!(
        "SELECT {MEMBER}, (SELECT COUNT(*) FROM dm_channels \
                 WHERE dm_channels.user_id = members.user_id AND closed_ms IS NOT NULL) \
         FROM members WHERE guild_id = $1 AND user_id > $2 AND notice = 1 \
         ORDER BY user_id LIMIT $3"
    );
    let rows = sqlx::query(generated(sql))
        .bind(guild.0)
        .bind(after.0)
        .bind(most)
        .fetch_all(tx)
        .await?;
    let mut audience = Vec::with_capacity(rows.len());
    for row in &rows {
        let ((_, user), member) = from_row(row)?;
        let closed: i64 = row.try_get(8)?;
        audience.push((user, member, closed != 0));
    }
    Ok(audience)
}

fn from_row(row: &AnyRow) -> Result<((GuildId, UserId), Member)> {
    let timezone: Option<String> = row.try_get(3)?;
    let flag = |index: usize| -> Result<bool> { Ok(row.try_get::<i64, _>(index)? != 0) };
    let member = Member {
        guild_name: row.try_get(2)?,
        // One that this version does not know: the guild's, which is never “send”.
        timezone: timezone.and_then(|zone| zone.parse().ok()),
        language: Language::from_locale(&row.try_get::<String, _>(4)?),
        notice: flag(5)?,
        ads: flag(6)?,
        night: flag(7)?,
    };
    Ok(((GuildId(row.try_get(0)?), UserId(row.try_get(1)?)), member))
}

/// Plans a notice, or stores one that was just enqueued.
pub(super) async fn plan(tx: &mut Tx, notice: &Notice, state: &str, now_ms: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO consent_notices (id, guild_id, user_id, kind, decision, decided_ms, \
             not_before_ms, due_ms, state, updated_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(notice.id)
    .bind(notice.guild.0)
    .bind(notice.user.0)
    .bind(notice.kind.as_str())
    .bind(serde_json::to_string(&notice.changes)?)
    .bind(notice.decided_ms)
    .bind(notice.not_before_ms)
    .bind(notice.due_ms)
    .bind(state.to_owned())
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// Notices of this state from whose time on they are said, oldest first.
pub(super) async fn notices(
    tx: &mut Tx,
    state: &str,
    now_ms: i64,
    after: i64,
    most: i64,
) -> Result<Vec<Notice>> {
    let sql = format!(
        "SELECT {NOTICE} FROM consent_notices \
         WHERE state = $1 AND state IN ('planned', 'enqueued') AND not_before_ms <= $2 \
             AND id > $3 ORDER BY id LIMIT $4"
    );
    let rows = sqlx::query(generated(sql))
        .bind(state.to_owned())
        .bind(now_ms)
        .bind(after)
        .bind(most)
        .fetch_all(tx)
        .await?;
    let notice = |row: &AnyRow| -> Result<Notice> {
        let kind: String = row.try_get(3)?;
        let changes: Vec<Change> = serde_json::from_str(&row.try_get::<String, _>(4)?)?;
        Ok(Notice {
            id: row.try_get(0)?,
            guild: GuildId(row.try_get(1)?),
            user: UserId(row.try_get(2)?),
            kind: Kind::parse(&kind),
            changes,
            decided_ms: row.try_get(5)?,
            not_before_ms: row.try_get(6)?,
            due_ms: row.try_get(7)?,
        })
    };
    rows.iter().map(notice).collect()
}

/// A notice goes from one state to the next; `false` if somebody else has done it.
pub(super) async fn advance(
    tx: &mut Tx,
    id: i64,
    from: &str,
    to: &str,
    now_ms: i64,
) -> Result<bool> {
    let advanced = sqlx::query(
        "UPDATE consent_notices SET state = $3, updated_ms = $4 WHERE id = $1 AND state = $2",
    )
    .bind(id)
    .bind(from.to_owned())
    .bind(to.to_owned())
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(advanced.rows_affected() == 1)
}

/// A later decision has taken the place of what was to be renewed. Returns those of them that were
/// about to be said.
pub(super) async fn void_renewals(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    now_ms: i64,
) -> Result<Vec<i64>> {
    let voided = sqlx::query_scalar(
        "UPDATE consent_notices SET state = 'void', updated_ms = $3 \
         WHERE guild_id = $1 AND user_id = $2 AND kind = 'renewal' \
             AND state IN ('planned', 'enqueued') \
         RETURNING id",
    )
    .bind(guild.0)
    .bind(user.0)
    .bind(now_ms)
    .fetch_all(tx)
    .await?;
    Ok(voided)
}

/// Counts some of those that are overdue and have not been alarmed about, and remembers the alarm.
pub(super) async fn alarm(tx: &mut Tx, now_ms: i64) -> Result<u64> {
    let overdue = sqlx::query(
        "UPDATE consent_notices SET alarmed_ms = $1 WHERE id IN ( \
             SELECT id FROM consent_notices \
             WHERE state IN ('planned', 'enqueued') AND due_ms <= $1 AND not_before_ms <= $1 \
                 AND alarmed_ms IS NULL LIMIT $2)",
    )
    .bind(now_ms)
    .bind(PIECE_ROWS)
    .execute(tx)
    .await?;
    Ok(overdue.rows_affected())
}

pub(super) async fn told(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    (after, most): (i64, i64),
) -> Result<Vec<(i64, Told)>> {
    let rows = sqlx::query(
        "SELECT kind, state, decided_ms, due_ms, id FROM consent_notices \
         WHERE guild_id = $1 AND user_id = $2 AND id > $3 ORDER BY id LIMIT $4",
    )
    .bind(guild.0)
    .bind(user.0)
    .bind(after)
    .bind(most)
    .fetch_all(tx)
    .await?;
    let mut told = Vec::with_capacity(rows.len());
    for row in rows {
        let one = Told {
            kind: row.try_get(0)?,
            state: row.try_get(1)?,
            decided_ms: row.try_get(2)?,
            due_ms: row.try_get(3)?,
        };
        told.push((row.try_get(4)?, one));
    }
    Ok(told)
}

/// Deletes what a member of a guild decided: `most` rows, the one that says how it stands last.
pub(super) async fn forget(tx: &mut Tx, guild: GuildId, user: UserId, most: i64) -> Result<i64> {
    let mut forgotten = 0;
    for sql in [
        "DELETE FROM consents WHERE id IN (SELECT id FROM consents \
             WHERE guild_id = $1 AND user_id = $2 LIMIT $3)",
        "DELETE FROM consent_notices WHERE id IN (SELECT id FROM consent_notices \
             WHERE guild_id = $1 AND user_id = $2 LIMIT $3)",
        "DELETE FROM members WHERE guild_id = $1 AND user_id = $2 AND $3 > 0",
    ] {
        let deleted = sqlx::query(sql)
            .bind(guild.0)
            .bind(user.0)
            .bind(most - forgotten)
            .execute(&mut *tx)
            .await?;
        forgotten += i64::try_from(deleted.rows_affected()).unwrap_or(i64::MAX);
    }
    Ok(forgotten)
}

/// Whether somebody has decided anything in any guild.
pub(super) async fn is_known(tx: &mut Tx, user: UserId) -> Result<bool> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM members WHERE user_id = $1")
        .bind(user.0)
        .fetch_one(tx)
        .await?;
    Ok(count > 0)
}
