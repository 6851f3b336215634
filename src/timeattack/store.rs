//! SQL of the time attacks.

use std::collections::HashMap;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::start_message::Shown;
use super::{Actor, State, TimeAttack};
use crate::db::{List, Tx, generated};
use crate::error::Result;
use crate::i18n::Language;
use crate::ids::{AttackId, ChannelId, GuildId, MessageId, OutboxId, UserId};

/// Ids named by one statement.
const ID_CHUNK: usize = 500;
/// Overdue ones are counted up to here: more need not be known exactly, and a count of them all, made
/// every few seconds, would be one more burden in bad times.
pub const MOST_COUNTED: i64 = 1_000;

pub(super) const COLUMNS: &str = "id, guild_id, channel_id, user_id, member_name, task, state, started_ms, \
     deadline_ms, extensions, finished_ms, language, proof_url, message_id, revision, undos";

/// A row that is inserted if there is room. What is counted is never more than the room itself, and
/// counted in an index of the running ones alone: ten thousand take about half a millisecond.
const INSERT_IF_ROOM: &str = "\
     INSERT INTO time_attacks (id, guild_id, channel_id, user_id, member_name, task, state, \
         started_ms, deadline_ms, origin_id, language, next_reminder_ms, standby_id) \
     SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), \
         $5, $6, 'running', CAST($7 AS BIGINT), CAST($8 AS BIGINT), CAST($9 AS BIGINT), $10, CAST($13 AS BIGINT), CAST($14 AS BIGINT) \
     WHERE (SELECT COUNT(*) FROM time_attacks \
            WHERE guild_id = $2 AND user_id = $4 AND state = 'running') < $11 \
         AND (SELECT COUNT(*) FROM time_attacks \
              WHERE guild_id = $2 AND state = 'running') < $12 \
     ON CONFLICT (origin_id) DO NOTHING";

/// How many may run at once.
#[derive(Clone, Copy)]
pub(super) struct Room {
    /// Of one member in the guild.
    pub(super) member: i64,
    /// In the guild.
    pub(super) guild: i64,
}

/// What became of an insertion.
pub(super) enum Inserted {
    New(TimeAttack),
    /// This interaction has started one before.
    Known(TimeAttack),
    /// The member runs as many as may be.
    MemberFull,
    /// In the guild run as many as may be.
    GuildFull,
}

/// Inserts a running time attack if there is room for it.
pub(super) async fn insert_if_room(
    tx: &mut Tx,
    attack: &TimeAttack,
    origin: Option<i64>,
    next_reminder_ms: Option<i64>,
    standby: Option<OutboxId>,
    room: Room,
) -> Result<Inserted> {
    let inserted = sqlx::query(INSERT_IF_ROOM)
        .bind(attack.id.0)
        .bind(attack.guild.0)
        .bind(attack.channel.0)
        .bind(attack.user.0)
        .bind(attack.member_name.clone())
        .bind(attack.task.clone())
        .bind(attack.started_ms)
        .bind(attack.deadline_ms)
        .bind(origin)
        .bind(attack.language.code())
        .bind(room.member)
        .bind(room.guild)
        .bind(next_reminder_ms)
        .bind(standby.map(|row| row.0))
        .execute(&mut *tx)
        .await?;
    if inserted.rows_affected() == 1 {
        return Ok(Inserted::New(attack.clone()));
    }
    let sql = format!("SELECT {COLUMNS} FROM time_attacks WHERE origin_id = $1 AND guild_id = $2");
    let known = sqlx::query(generated(sql))
        .bind(origin)
        .bind(attack.guild.0)
        .fetch_optional(&mut *tx)
        .await?;
    if let Some(row) = known {
        return Ok(Inserted::Known(from_row(&row)?));
    }
    // Only for the wording: the decision has been made.
    let own = running_of(tx, attack.guild, attack.user).await?.len();
    Ok(if i64::try_from(own).is_ok_and(|own| own < room.member) {
        Inserted::GuildFull
    } else {
        Inserted::MemberFull
    })
}

/// The running time attack of the same member with the same task in the same channel that began after
/// `since_ms`: of the same length, or with the same deadline, as somebody types who enters it once more.
pub(super) async fn find_same(
    tx: &mut Tx,
    attack: &TimeAttack,
    since_ms: i64,
) -> Result<Option<TimeAttack>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM time_attacks \
         WHERE guild_id = $1 AND user_id = $2 AND state = 'running' AND task = $3 \
             AND started_ms > $4 AND channel_id = $5 \
             AND (deadline_ms = $6 OR deadline_ms - started_ms = $7) ORDER BY id DESC LIMIT 1"
    );
    let found = sqlx::query(generated(sql))
        .bind(attack.guild.0)
        .bind(attack.user.0)
        .bind(attack.task.clone())
        .bind(since_ms)
        .bind(attack.channel.0)
        .bind(attack.deadline_ms)
        .bind(attack.deadline_ms - attack.started_ms)
        .fetch_optional(tx)
        .await?;
    found.as_ref().map(from_row).transpose()
}

/// The row that stood by for a start is of no more use.
pub(super) async fn stands_by_no_more(tx: &mut Tx, row: OutboxId) -> Result<()> {
    sqlx::query("UPDATE time_attacks SET standby_id = NULL WHERE standby_id = $1")
        .bind(row.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// The answer to the start for which this row stands by was refused.
pub(super) async fn mark_untold(tx: &mut Tx, row: OutboxId) -> Result<()> {
    sqlx::query("UPDATE time_attacks SET untold = 1 WHERE standby_id = $1")
        .bind(row.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// Those of `attacks` whose answers were refused, with the rows that stand by for them.
pub(super) async fn untold(tx: &mut Tx, attacks: &[AttackId]) -> Result<Vec<(AttackId, OutboxId)>> {
    let mut untold = Vec::new();
    for chunk in attacks.chunks(ID_CHUNK) {
        let listed = List::of_ids(tx, 1, chunk.iter().map(|attack| attack.0));
        let sql = format!(
            "SELECT id, standby_id FROM time_attacks \
             WHERE standby_id IS NOT NULL AND untold = 1 AND id {listed}"
        );
        let query = sqlx::query(generated(sql)).bind(listed.values());
        for row in query.fetch_all(&mut *tx).await? {
            untold.push((AttackId(row.try_get(0)?), OutboxId(row.try_get(1)?)));
        }
    }
    Ok(untold)
}

/// Time attacks for whose starts a row stands by, the oldest first.
pub(super) async fn standing_by(tx: &mut Tx, most: i64) -> Result<Vec<(TimeAttack, OutboxId)>> {
    let sql = format!(
        "SELECT {COLUMNS}, standby_id FROM time_attacks \
         WHERE standby_id IS NOT NULL ORDER BY standby_id LIMIT $1"
    );
    let rows = sqlx::query(generated(sql)).bind(most).fetch_all(tx).await?;
    let read = |row: &AnyRow| Ok((from_row(row)?, OutboxId(row.try_get("standby_id")?)));
    rows.iter().map(read).collect()
}

/// Completes what was clicked no later than its deadline, even if the verdict has been made: then
/// the state before was [`State::Failed`].
pub(super) async fn complete_if_in_time(
    tx: &mut Tx,
    actor: &Actor,
    attack: AttackId,
) -> Result<Option<(TimeAttack, State)>> {
    for was in [State::Running, State::Failed] {
        // Conditional, because a finish and the deadline can race: whichever UPDATE matches
        // decides, and the loser announces nothing. What an admin has corrected stays so.
        let sql = format!(
            "UPDATE time_attacks SET state = 'completed', finished_ms = $4, \
                 revision = revision + 1 \
             WHERE id = $1 AND guild_id = $2 AND user_id = $3 AND state = $5 AND deadline_ms >= $4 \
                 AND (state = 'running' OR NOT EXISTS \
                     (SELECT 1 FROM corrections WHERE guild_id = $2 AND attack_id = $1)) \
             RETURNING {COLUMNS}"
        );
        let completed = sqlx::query(generated(sql))
            .bind(attack.0)
            .bind(actor.guild.0)
            .bind(actor.user.0)
            .bind(actor.clicked_ms)
            .bind(was.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        if let Some(row) = completed {
            return Ok(Some((from_row(&row)?, was)));
        }
    }
    Ok(None)
}

/// Gives up what was still running, and whose deadline had not passed at the click.
pub(super) async fn cancel_if_running(
    tx: &mut Tx,
    actor: &Actor,
    attack: AttackId,
) -> Result<Option<TimeAttack>> {
    let sql = format!(
        "UPDATE time_attacks SET state = 'cancelled', finished_ms = $4, \
             revision = revision + 1 \
         WHERE id = $1 AND guild_id = $2 AND user_id = $3 AND state = 'running' \
             AND deadline_ms >= $4 \
         RETURNING {COLUMNS}"
    );
    let cancelled = sqlx::query(generated(sql))
        .bind(attack.0)
        .bind(actor.guild.0)
        .bind(actor.user.0)
        .bind(actor.clicked_ms)
        .fetch_optional(tx)
        .await?;
    cancelled.as_ref().map(from_row).transpose()
}

/// Whose deadline or next reminder comes until `until_ms`, the next first.
pub(super) async fn members_of_soon(
    tx: &mut Tx,
    now_ms: i64,
    until_ms: i64,
    most: i64,
) -> Result<Vec<(GuildId, UserId)>> {
    let deadlines = "SELECT guild_id, user_id FROM time_attacks \
         WHERE state = 'running' AND deadline_ms > $1 AND deadline_ms <= $2 \
         ORDER BY deadline_ms, id LIMIT $3";
    let reminders = "SELECT guild_id, user_id FROM time_attacks \
         WHERE state = 'running' AND next_reminder_ms IS NOT NULL \
             AND next_reminder_ms > $1 AND next_reminder_ms <= $2 \
         ORDER BY next_reminder_ms, id LIMIT $3";
    let mut members = Vec::new();
    for sql in [deadlines, reminders] {
        let rows = sqlx::query(sql)
            .bind(now_ms)
            .bind(until_ms)
            .bind(most)
            .fetch_all(&mut *tx)
            .await?;
        for row in rows {
            members.push((GuildId(row.try_get(0)?), UserId(row.try_get(1)?)));
        }
    }
    Ok(members)
}

/// Cancels all that a member runs in a guild.
pub(super) async fn cancel_all_of(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    now_ms: i64,
) -> Result<Vec<AttackId>> {
    let ids = sqlx::query_scalar::<_, i64>(
        "UPDATE time_attacks SET state = 'cancelled', finished_ms = $3, revision = revision + 1 \
         WHERE guild_id = $1 AND user_id = $2 AND state = 'running' RETURNING id",
    );
    let ids = ids.bind(guild.0).bind(user.0).bind(now_ms);
    Ok(ids.fetch_all(tx).await?.into_iter().map(AttackId).collect())
}

/// What a finish can be taken back within.
#[derive(Clone, Copy)]
pub(super) struct Undo {
    /// Since the finish's click.
    pub(super) within_ms: i64,
    /// So often.
    pub(super) most: i64,
    /// Time attacks that the member may run at once, this one included.
    pub(super) running: i64,
}

/// Takes back a finish within `bounds`, unless an admin has corrected it. Returns it as it runs again.
pub(super) async fn run_again(
    tx: &mut Tx,
    actor: &Actor,
    attack: AttackId,
    bounds: Undo,
) -> Result<Option<TimeAttack>> {
    let sql = format!(
        "UPDATE time_attacks SET state = 'running', finished_ms = NULL, proof_url = NULL, \
             undos = undos + 1, revision = revision + 1 \
         WHERE id = $1 AND guild_id = $2 AND user_id = $3 AND state IN ('completed', 'cancelled') \
             AND finished_ms >= $4 AND undos < $5 \
             AND (SELECT COUNT(*) FROM time_attacks AS running WHERE running.guild_id = $2 \
                 AND running.user_id = $3 AND running.state = 'running') < $6 \
             AND NOT EXISTS \
                 (SELECT 1 FROM corrections WHERE guild_id = $2 AND attack_id = $1) \
         RETURNING {COLUMNS}"
    );
    let again = sqlx::query(generated(sql))
        .bind(attack.0)
        .bind(actor.guild.0)
        .bind(actor.user.0)
        .bind(actor.clicked_ms - bounds.within_ms)
        .bind(bounds.most)
        .bind(bounds.running)
        .fetch_optional(tx)
        .await?;
    again.as_ref().map(from_row).transpose()
}

/// What an extension must keep within, and when it is the same as the one before.
#[derive(Clone, Copy)]
pub(super) struct Extending {
    /// How much more time.
    pub(super) by_ms: i64,
    /// So often.
    pub(super) most: i64,
    /// The longest limit, with all extensions.
    pub(super) longest_ms: i64,
    /// Now.
    pub(super) now_ms: i64,
    /// When it was clicked.
    pub(super) clicked_ms: i64,
    /// The interaction that asks for it.
    pub(super) origin: Option<i64>,
    /// One by as much that was clicked later is the same, if its member was not told of it.
    pub(super) same_since_ms: i64,
    /// Of one that was clicked until then, and of which nobody knows whether it was told, its member has
    /// read that it was not.
    pub(super) unanswered_ms: i64,
}

/// The extension is the one that was made last: `$3` its interaction, `$4` by how much, `$5` since when,
/// `$6` until when an answer that nobody knows of is lost.
const IS_SAME_EXTENSION: &str = "(extended_origin = $3 OR (extended_by_ms = $4 \
     AND extended_ms > $5 AND (extension_told = 2 OR (extension_told = 0 AND extended_ms <= $6))))";

/// Moves a deadline that is still ahead, both at the click and now, unless the same was done a moment ago.
pub(super) async fn extend_if_running(
    tx: &mut Tx,
    actor: &Actor,
    attack: AttackId,
    bounds: Extending,
) -> Result<Option<TimeAttack>> {
    let sql = format!(
        "UPDATE time_attacks SET deadline_ms = deadline_ms + $4, extensions = extensions + 1, \
             revision = revision + 1, extended_origin = $3, extended_ms = $7, \
             extended_by_ms = $4, extended_revision = revision + 1, extension_told = 0 \
         WHERE id = $1 AND guild_id = $2 AND user_id = $8 AND state = 'running' \
             AND deadline_ms > $9 AND extensions < $10 \
             AND deadline_ms + $4 - started_ms <= $11 \
             AND CASE WHEN {IS_SAME_EXTENSION} THEN 0 ELSE 1 END = 1 \
         RETURNING {COLUMNS}"
    );
    let extended = sqlx::query(generated(sql))
        .bind(attack.0)
        .bind(actor.guild.0)
        .bind(bounds.origin)
        .bind(bounds.by_ms)
        .bind(bounds.same_since_ms)
        .bind(bounds.unanswered_ms)
        .bind(bounds.clicked_ms)
        .bind(actor.user.0)
        .bind(bounds.now_ms.max(actor.clicked_ms))
        .bind(bounds.most)
        .bind(bounds.longest_ms)
        .fetch_optional(tx)
        .await?;
    extended.as_ref().map(from_row).transpose()
}

/// The time attack, if the same extension was made a moment ago.
pub(super) async fn find_extended(
    tx: &mut Tx,
    actor: &Actor,
    attack: AttackId,
    bounds: Extending,
) -> Result<Option<TimeAttack>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM time_attacks WHERE id = $1 AND guild_id = $2 AND user_id = $7 \
             AND state = 'running' AND {IS_SAME_EXTENSION}"
    );
    let found = sqlx::query(generated(sql))
        .bind(attack.0)
        .bind(actor.guild.0)
        .bind(bounds.origin)
        .bind(bounds.by_ms)
        .bind(bounds.same_since_ms)
        .bind(bounds.unanswered_ms)
        .bind(actor.user.0)
        .fetch_optional(tx)
        .await?;
    found.as_ref().map(from_row).transpose()
}

/// Whether the answer that told of this extension has arrived.
pub(super) async fn mark_extension(tx: &mut Tx, told: Shown, has_arrived: bool) -> Result<()> {
    sqlx::query(
        "UPDATE time_attacks SET extension_told = $4 \
         WHERE id = $1 AND guild_id = $2 AND extended_revision = $3",
    )
    .bind(told.attack.0)
    .bind(told.guild.0)
    .bind(told.revision)
    .bind(if has_arrived { 1_i64 } else { 2 })
    .execute(tx)
    .await?;
    Ok(())
}

/// Every time attack of a member, oldest first: the next `most` behind an id.
pub(super) async fn all_of(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    (after, most): (i64, i64),
) -> Result<Vec<TimeAttack>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM time_attacks WHERE guild_id = $1 AND user_id = $2 AND id > $3 \
         ORDER BY id LIMIT $4"
    );
    let rows = sqlx::query(generated(sql))
        .bind(guild.0)
        .bind(user.0)
        .bind(after)
        .bind(most)
        .fetch_all(tx)
        .await?;
    rows.iter().map(from_row).collect()
}

/// How many time attacks a member has, and how many of them run: each by an index alone.
pub(super) async fn count_of(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<(i64, i64)> {
    let counted = sqlx::query(
        "SELECT (SELECT COUNT(*) FROM time_attacks WHERE guild_id = $1 AND user_id = $2), \
             (SELECT COUNT(*) FROM time_attacks WHERE guild_id = $1 AND user_id = $2 \
                 AND state = 'running')",
    );
    let row = counted.bind(guild.0).bind(user.0).fetch_one(tx).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Some time attacks of a member, those that run first.
pub(super) async fn some_of(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    most: i64,
) -> Result<Vec<TimeAttack>> {
    let mut some = Vec::new();
    for state in ["state = 'running'", "state <> 'running'"] {
        let left = most - i64::try_from(some.len()).unwrap_or(i64::MAX);
        let sql = format!(
            "SELECT {COLUMNS} FROM time_attacks \
             WHERE guild_id = $1 AND user_id = $2 AND {state} LIMIT $3"
        );
        let rows = sqlx::query(generated(sql))
            .bind(guild.0)
            .bind(user.0)
            .bind(left.max(0))
            .fetch_all(&mut *tx)
            .await?;
        for row in &rows {
            some.push(from_row(row)?);
        }
    }
    Ok(some)
}

/// Deletes these.
pub(super) async fn forget(tx: &mut Tx, guild: GuildId, attacks: &[AttackId]) -> Result<()> {
    for chunk in attacks.chunks(ID_CHUNK) {
        // The plus keeps SQLite from going through all of the guild's.
        let listed = List::of_ids(tx, 2, chunk.iter().map(|one| one.0));
        let sql = format!("DELETE FROM time_attacks WHERE +guild_id = $1 AND id {listed}");
        let query = sqlx::query(generated(sql)).bind(guild.0);
        query.bind(listed.values()).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Fails those of `attacks` that are running and past their deadlines, and returns them.
pub(super) async fn fail_if_due(
    tx: &mut Tx,
    attacks: &[AttackId],
    now_ms: i64,
) -> Result<Vec<TimeAttack>> {
    let mut failed = Vec::with_capacity(attacks.len());
    for chunk in attacks.chunks(ID_CHUNK) {
        let listed = List::of_ids(tx, 2, chunk.iter().map(|attack| attack.0));
        let sql = format!(
            "UPDATE time_attacks SET state = 'failed', finished_ms = deadline_ms, \
                 revision = revision + 1 \
             WHERE state = 'running' AND deadline_ms <= $1 AND id {listed} RETURNING {COLUMNS}"
        );
        let query = sqlx::query(generated(sql))
            .bind(now_ms)
            .bind(listed.values());
        for row in query.fetch_all(&mut *tx).await? {
            failed.push(from_row(&row)?);
        }
    }
    // RETURNING promises no order; verdicts are told in the order of their deadlines.
    failed.sort_by_key(|attack| (attack.deadline_ms, attack.id));
    Ok(failed)
}

/// Those of `attacks` that are still running, with their deadlines.
pub(super) async fn still_running(
    tx: &mut Tx,
    attacks: &[AttackId],
) -> Result<Vec<(AttackId, i64)>> {
    let mut running = Vec::new();
    for chunk in attacks.chunks(ID_CHUNK) {
        let listed = List::of_ids(tx, 1, chunk.iter().map(|attack| attack.0));
        let sql = format!(
            "SELECT id, deadline_ms FROM time_attacks WHERE state = 'running' AND id {listed}"
        );
        let query = sqlx::query(generated(sql)).bind(listed.values());
        for row in query.fetch_all(&mut *tx).await? {
            running.push((AttackId(row.try_get(0)?), row.try_get(1)?));
        }
    }
    Ok(running)
}

/// Keeps which message shows this time attack, as of `revision`.
pub(super) async fn mark_shown(
    tx: &mut Tx,
    guild: GuildId,
    attack: AttackId,
    revision: i64,
    message: MessageId,
) -> Result<()> {
    // Conditional, as a later change may have been shown meanwhile.
    sqlx::query(
        "UPDATE time_attacks SET message_id = $4, shown_revision = $3 \
         WHERE id = $1 AND guild_id = $2 AND shown_revision <= $3",
    )
    .bind(attack.0)
    .bind(guild.0)
    .bind(revision)
    .bind(message.0)
    .execute(tx)
    .await?;
    Ok(())
}

/// Time attacks whose messages show an earlier state: the oldest of each channel, `most` in all.
pub(super) async fn outdated(tx: &mut Tx, most: i64) -> Result<Vec<AttackId>> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "SELECT MIN(id) FROM time_attacks \
         WHERE shown_revision < revision AND message_id IS NOT NULL \
         GROUP BY channel_id ORDER BY MIN(id) LIMIT $1",
    )
    .bind(most)
    .fetch_all(tx)
    .await?;
    Ok(ids.into_iter().map(AttackId).collect())
}

/// Takes over those of `attacks` that are still outdated: whoever gets one brings it up to date.
pub(super) async fn take_outdated(tx: &mut Tx, attacks: &[AttackId]) -> Result<Vec<TimeAttack>> {
    if attacks.is_empty() {
        return Ok(Vec::new());
    }
    let listed = List::of_ids(tx, 1, attacks.iter().map(|attack| attack.0));
    let sql = format!(
        "UPDATE time_attacks SET shown_revision = revision \
         WHERE shown_revision < revision AND message_id IS NOT NULL AND id {listed} \
         RETURNING {COLUMNS}"
    );
    let query = sqlx::query(generated(sql)).bind(listed.values());
    let rows = query.fetch_all(tx).await?;
    rows.iter().map(from_row).collect()
}

pub(super) async fn find(
    tx: &mut Tx,
    guild: GuildId,
    attack: AttackId,
) -> Result<Option<TimeAttack>> {
    let sql = format!("SELECT {COLUMNS} FROM time_attacks WHERE id = $1 AND guild_id = $2");
    let found = sqlx::query(generated(sql))
        .bind(attack.0)
        .bind(guild.0)
        .fetch_optional(tx)
        .await?;
    found.as_ref().map(from_row).transpose()
}

/// Those of `attacks` that are this guild's, in no order.
pub(super) async fn find_all(
    tx: &mut Tx,
    guild: GuildId,
    attacks: &[AttackId],
) -> Result<Vec<TimeAttack>> {
    let mut found = Vec::with_capacity(attacks.len());
    for chunk in attacks.chunks(ID_CHUNK) {
        // The plus keeps SQLite from going through all of the guild's.
        let listed = List::of_ids(tx, 2, chunk.iter().map(|one| one.0));
        let sql =
            format!("SELECT {COLUMNS} FROM time_attacks WHERE +guild_id = $1 AND id {listed}");
        let query = sqlx::query(generated(sql))
            .bind(guild.0)
            .bind(listed.values());
        for row in query.fetch_all(&mut *tx).await? {
            found.push(from_row(&row)?);
        }
    }
    Ok(found)
}

pub(super) async fn running_of(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
) -> Result<Vec<TimeAttack>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM time_attacks \
         WHERE guild_id = $1 AND user_id = $2 AND state = 'running' ORDER BY deadline_ms, id"
    );
    let rows = sqlx::query(generated(sql))
        .bind(guild.0)
        .bind(user.0)
        .fetch_all(tx)
        .await?;
    rows.iter().map(from_row).collect()
}

/// A page of a member's history: what it passes over is no more than that member's own.
pub(super) async fn ended_of(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    most: i64,
    skip: i64,
) -> Result<Vec<TimeAttack>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM time_attacks \
         WHERE guild_id = $1 AND user_id = $2 AND state <> 'running' \
         ORDER BY finished_ms DESC, id DESC LIMIT $3 OFFSET $4"
    );
    let rows = sqlx::query(generated(sql))
        .bind(guild.0)
        .bind(user.0)
        .bind(most)
        .bind(skip)
        .fetch_all(tx)
        .await?;
    rows.iter().map(from_row).collect()
}

/// What members were called in their newest time attacks.
pub(super) async fn names_of(
    tx: &mut Tx,
    guild: GuildId,
    users: &[UserId],
) -> Result<HashMap<UserId, String>> {
    let mut names = HashMap::new();
    for chunk in users.chunks(ID_CHUNK) {
        let listed = List::of_ids(tx, 2, chunk.iter().map(|user| user.0));
        let sql = format!(
            "SELECT user_id, member_name FROM time_attacks WHERE id IN \
                 (SELECT MAX(id) FROM time_attacks WHERE guild_id = $1 AND user_id {listed} \
                  GROUP BY user_id) AND guild_id = $1"
        );
        let query = sqlx::query(generated(sql)).bind(guild.0);
        for row in query.bind(listed.values()).fetch_all(&mut *tx).await? {
            names.insert(UserId(row.try_get(0)?), row.try_get(1)?);
        }
    }
    Ok(names)
}

/// How many a member has completed in a guild.
pub(super) async fn count_completed(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "SELECT COUNT(*) FROM time_attacks WHERE guild_id = $1 AND user_id = $2 \
             AND state = 'completed' AND state <> 'running'",
    )
    .bind(guild.0)
    .bind(user.0)
    .fetch_one(tx)
    .await?)
}

pub(super) async fn count_ended(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "SELECT COUNT(*) FROM time_attacks \
         WHERE guild_id = $1 AND user_id = $2 AND state <> 'running'",
    )
    .bind(guild.0)
    .bind(user.0)
    .fetch_one(tx)
    .await?)
}

/// A page of all running time attacks in the order of their deadlines, after `(deadline, id)`.
pub(super) async fn running_page(
    tx: &mut Tx,
    after: (i64, AttackId),
    most: i64,
) -> Result<Vec<(AttackId, i64)>> {
    let rows = sqlx::query(
        "SELECT id, deadline_ms FROM time_attacks \
         WHERE state = 'running' AND (deadline_ms, id) > ($1, $2) \
         ORDER BY deadline_ms, id LIMIT $3",
    )
    .bind(after.0)
    .bind(after.1.0)
    .bind(most)
    .fetch_all(tx)
    .await?;
    let mut page = Vec::with_capacity(rows.len());
    for row in rows {
        page.push((AttackId(row.try_get(0)?), row.try_get(1)?));
    }
    Ok(page)
}

/// Running time attacks whose deadline has passed, the oldest first.
pub(super) async fn overdue(tx: &mut Tx, now_ms: i64, most: i64) -> Result<Vec<AttackId>> {
    let ids = sqlx::query_scalar::<_, i64>(
        "SELECT id FROM time_attacks WHERE state = 'running' AND deadline_ms <= $1 \
         ORDER BY deadline_ms, id LIMIT $2",
    )
    .bind(now_ms)
    .bind(most)
    .fetch_all(tx)
    .await?;
    Ok(ids.into_iter().map(AttackId).collect())
}

/// Time attacks whose deadline has passed without a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// How many, at most [`MOST_COUNTED`].
    pub count: i64,
    /// The deadline that passed first.
    pub oldest_ms: i64,
}

/// What still runs although its deadline was `before_ms` or earlier; `None`: nothing does.
pub async fn overdue_since(tx: &mut Tx, before_ms: i64) -> Result<Option<Overdue>> {
    let row = sqlx::query(
        "SELECT COUNT(*), MIN(deadline_ms) FROM ( \
             SELECT deadline_ms FROM time_attacks \
             WHERE state = 'running' AND deadline_ms <= $1 \
             ORDER BY deadline_ms, id LIMIT $2) AS overdue",
    )
    .bind(before_ms)
    .bind(MOST_COUNTED)
    .fetch_one(tx)
    .await?;
    let count = row.try_get(0)?;
    let oldest_ms: Option<i64> = row.try_get(1)?;
    Ok(oldest_ms.map(|oldest_ms| Overdue { count, oldest_ms }))
}

/// How many run, and of them how many are overdue.
pub async fn count_running(tx: &mut Tx, now_ms: i64) -> Result<(i64, i64)> {
    let row = sqlx::query(
        "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN deadline_ms <= $1 THEN 1 ELSE 0 END), 0) \
             AS BIGINT) \
         FROM time_attacks WHERE state = 'running'",
    )
    .bind(now_ms)
    .fetch_one(tx)
    .await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

pub(super) fn from_row(row: &AnyRow) -> Result<TimeAttack> {
    let state: String = row.try_get(6)?;
    let language: String = row.try_get(11)?;
    Ok(TimeAttack {
        id: AttackId(row.try_get(0)?),
        guild: GuildId(row.try_get(1)?),
        channel: ChannelId(row.try_get(2)?),
        user: UserId(row.try_get(3)?),
        member_name: row.try_get(4)?,
        task: row.try_get(5)?,
        state: match state.as_str() {
            "running" => State::Running,
            "completed" => State::Completed,
            "cancelled" => State::Cancelled,
            _ => State::Failed,
        },
        started_ms: row.try_get(7)?,
        deadline_ms: row.try_get(8)?,
        extensions: row.try_get(9)?,
        finished_ms: row.try_get(10)?,
        language: Language::from_locale(&language),
        proof_url: row.try_get(12)?,
        message: row.try_get::<Option<i64>, _>(13)?.map(MessageId),
        revision: row.try_get(14)?,
        undos: row.try_get(15)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;

    fn attack(id: i64, guild: i64, user: i64) -> TimeAttack {
        TimeAttack {
            id: AttackId(id),
            guild: GuildId(guild),
            channel: ChannelId(1),
            user: UserId(user),
            member_name: "jamong".into(),
            task: "read".into(),
            state: State::Running,
            started_ms: 0,
            deadline_ms: 1,
            extensions: 0,
            finished_ms: None,
            language: Language::Korean,
            proof_url: None,
            message: None,
            revision: 0,
            undos: 0,
        }
    }

    async fn database() -> (Db, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        (Db::open(&url).await.unwrap(), folder)
    }

    async fn insert(db: &Db, attack: TimeAttack) -> Inserted {
        let room = Room {
            member: 2,
            guild: 3,
        };
        let inserted = db.write(attack, move |tx, attack| {
            Box::pin(insert_if_room(
                tx,
                attack,
                Some(attack.id.0),
                None,
                None,
                room,
            ))
        });
        inserted.await.unwrap()
    }

    #[tokio::test]
    async fn there_is_room_for_so_many_of_a_member_and_of_a_guild() {
        let (db, _folder) = database().await;
        let (guild, member, other) = (1, 1, 2);
        for id in [1, 2] {
            let inserted = insert(&db, attack(id, guild, member)).await;
            assert!(matches!(inserted, Inserted::New(_)));
        }
        let third = insert(&db, attack(3, guild, member)).await;
        assert!(matches!(third, Inserted::MemberFull));
        let others = insert(&db, attack(4, guild, other)).await;
        assert!(matches!(others, Inserted::New(_)));
        let second = insert(&db, attack(5, guild, other)).await;
        assert!(matches!(second, Inserted::GuildFull));
        let again = insert(&db, attack(4, guild, other)).await;
        assert!(matches!(again, Inserted::Known(_)), "the same interaction");
        // Another guild's count is its own, and what has ended counts nowhere.
        let elsewhere = insert(&db, attack(6, 2, member)).await;
        assert!(matches!(elsewhere, Inserted::New(_)));
        let ended = db.write((), |tx, ()| {
            Box::pin(async move { Ok(fail_if_due(tx, &[AttackId(1)], 1).await?.len()) })
        });
        assert_eq!(ended.await.unwrap(), 1);
        let now = insert(&db, attack(7, guild, other)).await;
        assert!(matches!(now, Inserted::New(_)));
    }

    /// A million running elsewhere, and all that has ended, must not make a start slow.
    #[tokio::test]
    async fn running_ones_are_counted_in_an_index_of_their_own() {
        let (db, _folder) = database().await;
        let mut conn = db.read().await.unwrap();
        let sql = format!("EXPLAIN QUERY PLAN {INSERT_IF_ROOM}");
        let plan = sqlx::query(generated(sql)).fetch_all(&mut *conn).await;
        let steps: Vec<String> = plan.unwrap().iter().map(|row| row.get("detail")).collect();
        let counts: Vec<&String> = steps
            .iter()
            .filter(|step| step.contains("time_attacks"))
            .collect();
        let by = |columns: &str| {
            format!(
                "SEARCH time_attacks USING COVERING INDEX time_attacks_running_in_guild ({columns})"
            )
        };
        let expected = [by("guild_id=? AND user_id=?"), by("guild_id=?")];
        assert_eq!(counts, expected.iter().collect::<Vec<_>>(), "{steps:#?}");
    }
}
