//! The lane of edits: messages that were said past the outbox, brought up to date.
//!
//! Nobody waits for them, so they make way: none is begun while posts are waiting
//! ([`Outbox::has_room_for_edits`]), and whoever enqueues them begins few at a time. Each is sent by
//! a task of its own, since Discord counts edits apart from posts and a slow channel must not hold
//! up another's.

use tracing::Instrument as _;

use super::post_lane::given_up;
use super::{Class, Lane, NewPost, Outbox, Row, lock, store};
use crate::error::Result;
use crate::i18n::Language;
use crate::ids::{ChannelId, GuildId, MessageId};
use crate::messenger::{Message, Nonce, SendError};

/// Edits taken from the table at once: those that are tried again, or that a process left behind.
pub(super) const CLAIM_BATCH: i64 = 10;
/// With more rows than this on their way, edits wait. A burst of verdicts is above it at once; what
/// goes out in ordinary times is below.
const ROOM_BELOW: usize = 64;

/// A message that was said past the outbox, and how it should read now.
#[derive(Clone, Debug)]
pub struct NewEdit {
    /// Whose guild.
    pub guild: GuildId,
    /// Where the message stands.
    pub channel: ChannelId,
    /// The message.
    pub message_id: MessageId,
    /// The language of the guild's posts.
    pub language: Language,
    /// What it should say.
    pub message: Message,
    /// One for each message: a newer edit takes the place of the one before.
    pub dedupe_key: String,
}

impl Outbox {
    /// Makes the row of an edit, for [`super::enqueue_newest`].
    pub fn prepare_replacement(&self, edit: NewEdit) -> Row {
        let mut row = self.prepare(NewPost {
            guild: edit.guild,
            user: None,
            class: Class::Notice,
            ladder: vec![edit.channel],
            alerts: None,
            language: edit.language,
            message: edit.message,
            digest: None,
            dropped_ms: None,
            dedupe_key: edit.dedupe_key,
        });
        row.payload.replaces = Some(edit.message_id);
        row.lane = Lane::Edit;
        row
    }

    /// Whether so little is on its way that edits may be begun.
    pub fn has_room_for_edits(&self) -> bool {
        let blocked = lock(&self.inner.lane).blocked(self.inner.clock.monotonic_ms());
        !self.is_halted() && self.held().saturating_sub(blocked) < ROOM_BELOW
    }

    /// Takes edits that this process has claimed.
    pub(super) fn accept_edits(&self, edits: Vec<Row>) {
        for edit in edits {
            let span = tracing::info_span!(
                "outbox.deliver",
                lane = "edit",
                outbox.id = %edit.id,
                guild.id = %edit.guild,
                attempt = edit.attempt,
            );
            let outbox = self.clone();
            let sending = async move {
                let sending = outbox.replace(edit.clone());
                outbox.contain(vec![edit.id], sending).await;
            };
            self.inner.tasks.spawn(sending.instrument(span));
        }
    }

    async fn replace(&self, edit: Row) {
        let _turn = if edit.is_suspect() {
            match self.turn_of_suspect().await {
                Some(turn) => Some(turn),
                None => return self.put_back(&[edit]).await,
            }
        } else {
            None
        };
        let Some(rows) = self.begin(vec![vec![edit]]).await else {
            return self.changed();
        };
        // An edit can be cut short at any moment: made twice it is the same.
        let outcome = tokio::select! {
            biased;
            () = self.inner.stop.cancelled() => None,
            () = self.inner.halt.begun() => None,
            outcome = self.send_replacement(&rows[0]) => Some(outcome),
        };
        if let Some(outcome) = outcome {
            // Forgotten before it may be claimed again, as posts are.
            self.forget(&rows);
            self.record(&rows, outcome).await;
        } else {
            // Its lease would run out while this process lives, and it would be taken for one that a
            // process did not survive.
            self.put_back(&rows).await;
        }
        self.changed();
    }

    async fn send_replacement(&self, edit: &Row) -> Result<Option<MessageId>, SendError> {
        let Some(message_id) = edit.payload.replaces else {
            return Ok(None);
        };
        if self.ended_too_many(std::slice::from_ref(edit)) {
            return Err(given_up(edit));
        }
        let nonce = Nonce::new(edit.message_key, edit.rung);
        let (channel, message) = (edit.channel, &edit.payload.message);
        let messenger = &self.inner.messenger;
        messenger.edit(channel, message_id, message, &nonce).await?;
        Ok(Some(message_id))
    }

    /// The message is gone, or may no longer be edited. Nobody misses what it would have said: how
    /// the time attack ended is told by a post of its own.
    pub(super) async fn drop_edit(&self, edit: &Row, why: &str) -> Result<()> {
        tracing::debug!(why, "an outdated message cannot be edited");
        let job = (edit.id, self.inner.boot, why.to_owned());
        let now_ms = self.inner.clock.now_ms();
        self.inner
            .db
            .write((job, now_ms), |tx, ((id, boot, why), now_ms)| {
                Box::pin(store::cancel(tx, *id, *boot, *now_ms, why))
            })
            .await
    }
}
