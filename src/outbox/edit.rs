//! Bringing a posted message up to date.
//!
//! An edit names the row whose payload was rewritten. It shows the whole message that row is part
//! of as its rows say it now, so a verdict can be turned round inside a merged message, and two
//! edits of one message end in the same text whichever comes first.

use super::post_lane::given_up;
use super::{Delivery, Lane, Outbox, Row, dm, merge, store};
use crate::error::{Error, Result};
use crate::ids::{ChannelId, MessageId, OutboxId};
use crate::messenger::{Message, Nonce, SendError};

/// How soon to look again while the message itself is still on its way.
const LOOK_AGAIN_MS: i64 = 300;

impl Outbox {
    /// Brings the message of row `of` up to date, once it is there. The attempt begins no sooner: an
    /// edit that only waits must not be blamed for the end of the process.
    pub(super) async fn deliver_edit(&self, edit: Vec<Delivery>, of: OutboxId) {
        match self.unless_stopping(self.message_to_edit(of)).await {
            Some(Ok(message)) => {
                let Some(edit) = self.begin(edit).await else {
                    return;
                };
                let sending = self.send_edit(&edit[0], &message);
                let outcome = self.unless_stopping(sending).await;
                self.end(&edit, outcome).await;
            }
            other => {
                let edit: Vec<Row> = edit.into_iter().flatten().collect();
                let outcome = other.map(|wait| wait.map(|_| None));
                self.end(&edit, outcome).await;
            }
        }
    }

    /// The rows of the message that row `of` is part of.
    async fn message_to_edit(&self, of: OutboxId) -> Result<Vec<Row>, SendError> {
        let found = async {
            let mut conn = self.inner.db.read().await?;
            store::message_of(&mut conn, of).await
        };
        let (rows, is_on_its_way) = found.await.map_err(|error: Error| SendError::Retry {
            after_ms: None,
            why: format!("the message could not be read: {error}"),
        })?;
        if is_on_its_way {
            // Either it has not been composed yet and will say the new text by itself, or it has:
            // only after it arrived can that be told.
            return Err(SendError::Retry {
                after_ms: Some(LOOK_AGAIN_MS),
                why: "the message to edit is still on its way".into(),
            });
        }
        Ok(rows)
    }

    async fn send_edit(&self, edit: &Row, rows: &[Row]) -> Result<Option<MessageId>, SendError> {
        if self.ended_too_many(std::slice::from_ref(edit)) {
            return Err(given_up(edit));
        }
        let Some(lead) = rows.first() else {
            return Ok(None);
        };
        let Some(message_id) = lead.message_id else {
            // Nothing was posted: the member is shown the new text at the next command.
            return Ok(None);
        };
        let composed = self.composed(lead, rows).await;
        let composed = composed.map_err(|error| SendError::Retry {
            after_ms: None,
            why: format!("the message could not be read: {error}"),
        })?;
        let Some((channel, message)) = composed else {
            return Ok(None);
        };
        let nonce = Nonce::new(lead.message_key, lead.rung);
        let messenger = &self.inner.messenger;
        messenger
            .edit(channel, message_id, &message, &nonce)
            .await?;
        Ok(Some(message_id))
    }

    /// What these rows say together, and where.
    async fn composed(&self, lead: &Row, rows: &[Row]) -> Result<Option<(ChannelId, Message)>> {
        if lead.lane == Lane::Dm {
            let mut conn = self.inner.db.read().await?;
            let channel = dm::channel_of(&mut conn, lead.user).await?;
            return Ok(channel.map(|channel| (channel, dm::compose(rows))));
        }
        let payloads = rows.iter().map(|row| &row.payload);
        let message = merge::compose(lead.message_key, payloads);
        Ok(Some((lead.channel, message)))
    }
}
