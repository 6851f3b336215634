//! SQL of the announcements.

use std::collections::HashSet;

use sqlx::Row as _;

use super::{Announcement, Kind, Role};
use crate::db::{PIECE_ROWS, Tx};
use crate::error::Result;
use crate::ids::{AnnouncementId, GuildId, RoleId, UserId};
use crate::outbox;

/// How far an announcement is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Not everybody is in the outbox yet.
    pub is_growing: bool,
    /// It was cancelled.
    pub is_cancelled: bool,
    /// Arrived.
    pub sent: i64,
    /// On their way or next.
    pub waiting: i64,
    /// Held for the night.
    pub held: i64,
    /// Refused by Discord.
    pub refused: i64,
    /// Dropped, as their readers allow it no more.
    pub withdrawn: i64,
    /// Stopped by an admin.
    pub cancelled: i64,
}

impl Progress {
    /// All of them.
    pub fn total(&self) -> i64 {
        self.sent + self.waiting + self.held + self.refused + self.withdrawn + self.cancelled
    }

    /// Whether nothing of it will be sent any more.
    pub fn is_over(&self) -> bool {
        !self.is_growing && self.waiting == 0 && self.held == 0
    }
}

pub(super) async fn insert(tx: &mut Tx, draft: &Announcement, now_ms: i64) -> Result<()> {
    let holders = draft
        .role
        .as_ref()
        .map(|role| serde_json::to_string(&role.holders))
        .transpose()?;
    sqlx::query(
        "INSERT INTO announcements (id, guild_id, guild_name, author_id, kind, body, role_id, \
             state, audience, created_ms, updated_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'draft', $8, $9, $9)",
    )
    .bind(draft.id.0)
    .bind(draft.guild.0)
    .bind(draft.guild_name.clone())
    .bind(draft.author.0)
    .bind(draft.kind.as_str())
    .bind(draft.body.clone())
    .bind(draft.role.as_ref().map(|role| role.id.0))
    .bind(holders)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// A draft becomes one that is sent; `false` if it is none (any more).
pub(super) async fn begin(
    tx: &mut Tx,
    guild: GuildId,
    id: AnnouncementId,
    now_ms: i64,
) -> Result<bool> {
    let begun = sqlx::query(
        "UPDATE announcements SET state = 'sending', updated_ms = $3 \
         WHERE id = $1 AND guild_id = $2 AND state = 'draft'",
    )
    .bind(id.0)
    .bind(guild.0)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// One that is being put into the outbox, and up to whom it is.
pub(super) async fn sending(
    tx: &mut Tx,
    id: AnnouncementId,
) -> Result<Option<(Announcement, UserId)>> {
    // Locked where processes share the table: two must not enqueue the same page.
    let locked = sqlx::query(
        "UPDATE announcements SET state = 'sending' WHERE id = $1 AND state = 'sending' \
         RETURNING guild_id, guild_name, author_id, kind, body, role_id, audience, cursor_user_id",
    )
    .bind(id.0)
    .fetch_optional(tx)
    .await?;
    let Some(row) = locked else { return Ok(None) };
    let kind: String = row.try_get(3)?;
    let role: Option<i64> = row.try_get(5)?;
    let holders: Option<String> = row.try_get(6)?;
    let holders: HashSet<UserId> = match holders {
        Some(holders) => serde_json::from_str(&holders)?,
        None => HashSet::new(),
    };
    let announcement = Announcement {
        id,
        guild: GuildId(row.try_get(0)?),
        guild_name: row.try_get(1)?,
        author: UserId(row.try_get(2)?),
        kind: Kind::parse(&kind),
        body: row.try_get(4)?,
        role: role.map(|role| Role {
            id: RoleId(role),
            holders,
        }),
    };
    Ok(Some((announcement, UserId(row.try_get(7)?))))
}

pub(super) async fn advance(
    tx: &mut Tx,
    id: AnnouncementId,
    cursor: UserId,
    now_ms: i64,
) -> Result<()> {
    sqlx::query("UPDATE announcements SET cursor_user_id = $2, updated_ms = $3 WHERE id = $1")
        .bind(id.0)
        .bind(cursor.0)
        .bind(now_ms)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn finish(tx: &mut Tx, id: AnnouncementId, now_ms: i64) -> Result<()> {
    sqlx::query(
        "UPDATE announcements SET state = 'enqueued', audience = NULL, updated_ms = $2 \
         WHERE id = $1 AND state = 'sending'",
    )
    .bind(id.0)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// `false` if there is no such announcement in this guild.
pub(super) async fn cancel(
    tx: &mut Tx,
    guild: GuildId,
    id: AnnouncementId,
    now_ms: i64,
) -> Result<bool> {
    let cancelled = sqlx::query(
        "UPDATE announcements SET state = 'cancelled', audience = NULL, updated_ms = $3 \
         WHERE id = $1 AND guild_id = $2",
    )
    .bind(id.0)
    .bind(guild.0)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(cancelled.rows_affected() == 1)
}

pub(super) async fn progress(
    tx: &mut Tx,
    guild: GuildId,
    id: AnnouncementId,
    now_ms: i64,
) -> Result<Option<Progress>> {
    let state = sqlx::query_scalar::<_, String>(
        "SELECT state FROM announcements WHERE id = $1 AND guild_id = $2",
    )
    .bind(id.0)
    .bind(guild.0)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(state) = state else { return Ok(None) };
    let mut progress = Progress {
        is_growing: state == "sending",
        is_cancelled: state == "cancelled",
        ..Progress::default()
    };
    for (state, why, count) in outbox::dm::batch(tx, guild, id.0, now_ms).await? {
        let part = match (state.as_str(), why.as_deref()) {
            ("completed", _) => &mut progress.sent,
            ("discarded", _) => &mut progress.refused,
            ("cancelled", Some("cancelled")) => &mut progress.cancelled,
            ("cancelled", _) => &mut progress.withdrawn,
            (_, Some(_)) => &mut progress.held,
            _ => &mut progress.waiting,
        };
        *part += count;
    }
    Ok(Some(progress))
}

/// Those that are not in the outbox whole.
pub(super) async fn unfinished(tx: &mut Tx) -> Result<Vec<AnnouncementId>> {
    let ids = sqlx::query_scalar::<_, i64>(
        "SELECT id FROM announcements WHERE state = 'sending' ORDER BY id LIMIT 100",
    );
    Ok(ids
        .fetch_all(tx)
        .await?
        .into_iter()
        .map(AnnouncementId)
        .collect())
}

/// Whether there are drafts of before the first of these times, or others of before the second.
pub(super) async fn has_old(tx: &mut Tx, (drafts_ms, others_ms): (i64, i64)) -> Result<bool> {
    let count: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM announcements WHERE (state = 'draft' AND created_ms < $1) \
             OR (state IN ('enqueued', 'cancelled') AND updated_ms < $2)",
    )
    .bind(drafts_ms)
    .bind(others_ms)
    .fetch_one(tx)
    .await?;
    Ok(count > 0)
}

/// Forgets some of them; the next look finds the rest.
pub(super) async fn forget_old(tx: &mut Tx, (drafts_ms, others_ms): (i64, i64)) -> Result<()> {
    sqlx::query(
        "DELETE FROM announcements WHERE id IN (SELECT id FROM announcements \
             WHERE (state = 'draft' AND created_ms < $1) \
                 OR (state IN ('enqueued', 'cancelled') AND updated_ms < $2) LIMIT $3)",
    )
    .bind(drafts_ms)
    .bind(others_ms)
    .bind(PIECE_ROWS)
    .execute(tx)
    .await?;
    Ok(())
}

/// An announcement that somebody made.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Said {
    /// `notice` or `ad`.
    pub kind: String,
    /// `draft`, `sending`, `enqueued` or `cancelled`.
    pub state: String,
    /// When.
    pub created_ms: i64,
    /// What it says.
    pub body: String,
}

pub(super) async fn by(
    tx: &mut Tx,
    guild: GuildId,
    author: UserId,
    (after, most): (i64, i64),
) -> Result<Vec<(i64, Said)>> {
    let rows = sqlx::query(
        "SELECT kind, state, created_ms, body, id FROM announcements \
         WHERE guild_id = $1 AND author_id = $2 AND id > $3 ORDER BY id LIMIT $4",
    )
    .bind(guild.0)
    .bind(author.0)
    .bind(after)
    .bind(most)
    .fetch_all(tx)
    .await?;
    let mut said = Vec::with_capacity(rows.len());
    for row in rows {
        let one = Said {
            kind: row.try_get(0)?,
            state: row.try_get(1)?,
            created_ms: row.try_get(2)?,
            body: row.try_get(3)?,
        };
        said.push((row.try_get(4)?, one));
    }
    Ok(said)
}

/// Whether an announcement of somebody's is not in the outbox whole.
pub(super) async fn is_sending(tx: &mut Tx, guild: GuildId, author: UserId) -> Result<bool> {
    let count: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM announcements \
         WHERE guild_id = $1 AND author_id = $2 AND state = 'sending'",
    )
    .bind(guild.0)
    .bind(author.0)
    .fetch_one(tx)
    .await?;
    Ok(count > 0)
}

/// Deletes somebody's drafts, and their name from the rest: `most` of them.
pub(super) async fn forget_author(
    tx: &mut Tx,
    guild: GuildId,
    author: UserId,
    most: i64,
) -> Result<i64> {
    let mut forgotten = 0;
    for sql in [
        "DELETE FROM announcements WHERE id IN (SELECT id FROM announcements \
             WHERE guild_id = $1 AND author_id = $2 AND state = 'draft' LIMIT $3)",
        "UPDATE announcements SET author_id = 0 WHERE id IN (SELECT id FROM announcements \
             WHERE guild_id = $1 AND author_id = $2 LIMIT $3)",
    ] {
        let done = sqlx::query(sql)
            .bind(guild.0)
            .bind(author.0)
            .bind(most - forgotten)
            .execute(&mut *tx)
            .await?;
        forgotten += i64::try_from(done.rows_affected()).unwrap_or(i64::MAX);
    }
    Ok(forgotten)
}
