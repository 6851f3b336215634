//! The time attacks of all guilds: for whoever looks after the host, never for a member.

mod store;

use crate::db::Tx;
use crate::error::Result;
use crate::ids::{AttackId, GuildId, MessageId, UserId};
use crate::outbox;

use super::announce::VERDICT;

/// A time attack that is running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its id.
    pub id: AttackId,
    /// Where it belongs.
    pub guild: GuildId,
    /// Whose it is.
    pub user: UserId,
    /// What that member was called at the start.
    pub member_name: String,
    /// What is to be done.
    pub task: String,
    /// When it began.
    pub started_ms: i64,
    /// When it ends.
    pub deadline_ms: i64,
}

/// A verdict that was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Of this time attack.
    pub attack: AttackId,
    /// When it was due.
    pub deadline_ms: i64,
    /// The message that says it, alone or with others.
    pub message: MessageId,
}

/// The `most` next deadlines.
pub async fn next_deadlines(tx: &mut Tx, most: i64) -> Result<Vec<Running>> {
    store::next_deadlines(tx, most).await
}

/// The first instant from `from_ms` on at which a deadline passes or a reminder is due.
pub async fn due_from(tx: &mut Tx, from_ms: i64) -> Result<Option<i64>> {
    store::due_from(tx, from_ms).await
}

/// The newest `most` verdicts at a deadline that were posted, in the order of their messages.
pub async fn verdicts(tx: &mut Tx, most: usize) -> Result<Vec<Shown>> {
    let verdicts = format!("{VERDICT}:");
    let posted = outbox::overview::newest_posted(tx, &verdicts, most).await?;
    let posted = posted.into_iter().filter_map(|(attack, message)| {
        // What follows the id counts how often a finish was taken back.
        let attack = attack.split(':').next()?.parse().ok()?;
        Some((AttackId(attack), message))
    });
    let posted: Vec<(AttackId, MessageId)> = posted.collect();
    let attacks: Vec<AttackId> = posted.iter().map(|(attack, _)| *attack).collect();
    let deadlines = store::deadlines_of(tx, &attacks).await?;
    let shown = posted.into_iter().filter_map(|(attack, message)| {
        Some(Shown {
            attack,
            deadline_ms: *deadlines.get(&attack)?,
            message,
        })
    });
    let mut shown: Vec<Shown> = shown.collect();
    shown.sort_by_key(|shown| (shown.message, shown.attack));
    Ok(shown)
}
