//! Messages that are sent only if nobody was told otherwise.
//!
//! The answer to an interaction is not the outbox's: it goes by the interaction's token, which nobody
//! has after a restart, and it can be refused or lost. So whoever decides something of which only an
//! answer tells enqueues the same message here, in the transaction that decides it. Once Discord has
//! taken the answer, the message is taken back ([`take_back`]); if the answer is refused or lost, it goes
//! out at once ([`release`]); and if the process ends between the two, it goes out by itself after
//! [`STANDBY_MS`].
//!
//! The answer carries the mark of the message ([`mark`]) in its last button, so before the message is
//! sent it is looked for in its channel: an answer that arrived after all is not said twice.

use super::{NewPost, Outbox, Row, store};
use crate::db::Tx;
use crate::error::Result;
use crate::ids::OutboxId;
use crate::messenger::Nonce;

/// For so long an answer is on its way: its tries take 3 s at most.
pub const STANDBY_MS: i64 = 5_000;

/// What the last button of the answer ends with, in place of which this row stands by.
pub fn mark(row: OutboxId) -> String {
    format!("~{}", Nonce::new(row.0, 0).as_str())
}

impl Row {
    /// Whether the same may have been said past the outbox.
    pub(super) fn is_standby(&self) -> bool {
        self.payload.is_standby
    }
}

impl Outbox {
    /// Makes the row of a post that goes out unless it is taken back.
    pub fn prepare_standby(&self, post: NewPost) -> Row {
        let mut row = self.prepare(post);
        (row.claimed, row.begun) = (false, false);
        row.dm.not_before_ms = Some(row.created_ms + STANDBY_MS);
        row.payload.is_standby = true;
        row
    }

    /// Something stands by: should nobody take it back, it is sent in time.
    pub fn stands_by(&self) {
        self.due_at(self.inner.clock.now_ms() + STANDBY_MS);
    }

    /// There may be something new to send in the table.
    pub fn look_at_posts(&self) {
        self.inner.poll.notify_one();
    }
}

/// The answer is lost: this goes out in its place.
pub async fn release(tx: &mut Tx, row: OutboxId, now_ms: i64) -> Result<()> {
    store::release_standby(tx, Some(row), now_ms).await
}

/// The answer was taken: this is not sent. What is just being sent is found in its channel.
pub async fn take_back(tx: &mut Tx, row: OutboxId) -> Result<()> {
    store::withdraw_row(tx, row).await
}

/// Takes it back if it certainly stands nowhere, and says whether it did.
pub async fn take_back_unsaid(tx: &mut Tx, row: OutboxId) -> Result<bool> {
    store::withdraw_unsaid(tx, row).await
}

/// What became of a message that stood by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nobody was told yet.
    NotYet,
    /// It is just being sent.
    UnderWay,
    /// It stands in this channel.
    There(crate::ids::ChannelId, crate::ids::MessageId),
    /// No channel takes it.
    Nowhere,
}
