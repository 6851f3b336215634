//! SQL of the reminders.

use std::collections::HashSet;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::super::TimeAttack;
use super::super::store::{COLUMNS, from_row};
use crate::db::{List, Tx, generated, is_postgres};
use crate::error::Result;
use crate::ids::{AttackId, GuildId, OutboxId, UserId};

/// Users named by one statement.
const USER_CHUNK: usize = 500;

/// Takes up to `most` running time attacks whose next reminder is due: whoever gets one sees to it,
/// and to its next.
pub(super) async fn take_due(tx: &mut Tx, now_ms: i64, most: i64) -> Result<Vec<TimeAttack>> {
    let skip_locked = if is_postgres(tx) {
        "FOR UPDATE SKIP LOCKED"
    } else {
        ""
    };
    let sql = format!(
        "UPDATE time_attacks SET next_reminder_ms = NULL \
         WHERE state = 'running' AND next_reminder_ms <= $1 AND id IN ( \
             SELECT id FROM time_attacks WHERE state = 'running' AND next_reminder_ms <= $1 \
             ORDER BY next_reminder_ms, id LIMIT $2 {skip_locked}) \
         RETURNING {COLUMNS}"
    );
    let rows = sqlx::query(generated(sql))
        .bind(now_ms)
        .bind(most)
        .fetch_all(tx)
        .await?;
    rows.iter().map(from_row).collect()
}

/// Says when the next reminder is due of a running time attack that has not changed since it was read.
pub(super) async fn set_next(tx: &mut Tx, attack: &TimeAttack, next_ms: Option<i64>) -> Result<()> {
    sqlx::query(
        "UPDATE time_attacks SET next_reminder_ms = $2 \
         WHERE id = $1 AND state = 'running' AND revision = $3",
    )
    .bind(attack.id.0)
    .bind(next_ms)
    .bind(attack.revision)
    .execute(tx)
    .await?;
    Ok(())
}

/// Begins a row in the list that is a direct message, and none in a channel.
const DIRECT: char = 'd';

/// A reminder that was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    /// Which row of the outbox it is.
    pub(super) row: OutboxId,
    /// By direct message.
    pub(super) is_direct: bool,
}

/// A reminder of this time attack was enqueued: it tells of the present revision.
pub(super) async fn remember(
    tx: &mut Tx,
    attack: &TimeAttack,
    row: OutboxId,
    is_direct: bool,
) -> Result<()> {
    let listed = if is_direct {
        format!("{DIRECT}{}", row.0)
    } else {
        row.0.to_string()
    };
    sqlx::query(
        "UPDATE time_attacks SET reminder_rows = CASE WHEN reminder_rows IS NULL \
                 THEN CAST($2 AS TEXT) ELSE reminder_rows || ',' || CAST($2 AS TEXT) END, \
             reminded_revision = CASE WHEN reminder_rows IS NULL THEN revision \
                 ELSE reminded_revision END \
         WHERE id = $1 AND guild_id = $3",
    )
    .bind(attack.id.0)
    .bind(listed)
    .bind(attack.guild.0)
    .execute(tx)
    .await?;
    Ok(())
}

/// Time attacks that have changed since their reminders were posted or edited, with these.
pub(super) async fn outdated(tx: &mut Tx, most: i64) -> Result<Vec<(TimeAttack, Vec<Sent>)>> {
    let sql = format!(
        "SELECT {COLUMNS}, reminder_rows FROM time_attacks \
         WHERE reminder_rows IS NOT NULL AND reminded_revision < revision ORDER BY id LIMIT $1"
    );
    let rows = sqlx::query(generated(sql)).bind(most).fetch_all(tx).await?;
    let sent = |listed: &str| {
        let direct = listed.strip_prefix(DIRECT);
        let id = direct.unwrap_or(listed).parse().ok()?;
        Some(Sent {
            row: OutboxId(id),
            is_direct: direct.is_some(),
        })
    };
    let read = |row: &AnyRow| {
        let listed: String = row.try_get("reminder_rows")?;
        Ok((from_row(row)?, listed.split(',').filter_map(sent).collect()))
    };
    rows.iter().map(read).collect()
}

/// The reminders tell of this time attack as it was read.
pub(super) async fn are_up_to_date(tx: &mut Tx, attack: &TimeAttack) -> Result<()> {
    sqlx::query("UPDATE time_attacks SET reminded_revision = $3 WHERE id = $1 AND guild_id = $2")
        .bind(attack.id.0)
        .bind(attack.guild.0)
        .bind(attack.revision)
        .execute(tx)
        .await?;
    Ok(())
}

/// Running time attacks of a guild after `after`, `most` of them.
pub(super) async fn running_in_guild(
    tx: &mut Tx,
    guild: GuildId,
    after: AttackId,
    most: i64,
) -> Result<Vec<TimeAttack>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM time_attacks \
         WHERE guild_id = $1 AND state = 'running' AND id > $2 ORDER BY id LIMIT $3"
    );
    let rows = sqlx::query(generated(sql))
        .bind(guild.0)
        .bind(after.0)
        .bind(most)
        .fetch_all(tx)
        .await?;
    rows.iter().map(from_row).collect()
}

/// When the first of all reminders is due.
pub(super) async fn first_due(tx: &mut Tx) -> Result<Option<i64>> {
    let first = sqlx::query_scalar(
        "SELECT next_reminder_ms FROM time_attacks \
         WHERE state = 'running' AND next_reminder_ms IS NOT NULL \
         ORDER BY next_reminder_ms, id LIMIT 1",
    );
    Ok(first.fetch_optional(tx).await?)
}

/// Those of `members` who do not want to be reminded.
pub(super) async fn refusing(
    tx: &mut Tx,
    members: &HashSet<(GuildId, UserId)>,
) -> Result<HashSet<(GuildId, UserId)>> {
    let users: HashSet<UserId> = members.iter().map(|(_, user)| *user).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    let mut refusing = HashSet::new();
    for chunk in users.chunks(USER_CHUNK) {
        let listed = List::of_ids(tx, 1, chunk.iter().map(|user| user.0));
        let sql = format!("SELECT guild_id, user_id FROM reminder_refusals WHERE user_id {listed}");
        let query = sqlx::query(generated(sql)).bind(listed.values());
        for row in query.fetch_all(&mut *tx).await? {
            let member = (GuildId(row.try_get(0)?), UserId(row.try_get(1)?));
            if members.contains(&member) {
                refusing.insert(member);
            }
        }
    }
    Ok(refusing)
}

/// A member does not want to be reminded in a guild.
pub(super) async fn refuse(tx: &mut Tx, guild: GuildId, user: UserId, now_ms: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO reminder_refusals (guild_id, user_id, refused_ms) VALUES ($1, $2, $3) \
         ON CONFLICT (guild_id, user_id) DO NOTHING",
    )
    .bind(guild.0)
    .bind(user.0)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// A member wants to be reminded (again).
pub(super) async fn accept(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<()> {
    sqlx::query("DELETE FROM reminder_refusals WHERE guild_id = $1 AND user_id = $2")
        .bind(guild.0)
        .bind(user.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// Since when a member does not want to be reminded.
pub(super) async fn refused_ms(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<Option<i64>> {
    let since = sqlx::query_scalar(
        "SELECT refused_ms FROM reminder_refusals WHERE guild_id = $1 AND user_id = $2",
    );
    Ok(since.bind(guild.0).bind(user.0).fetch_optional(tx).await?)
}
