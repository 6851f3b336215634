//! Bringing a posted message up to date.
//!
//! An edit names the row whose payload was rewritten. It shows the whole message that row is part
//! of as its rows say it now, so a verdict can be turned round inside a merged message, and two
//! edits of one message end in the same text whichever comes first.

use super::{Outbox, Row, merge, store};
use crate::error::Error;
use crate::ids::MessageId;
use crate::messenger::{Nonce, SendError};

/// How soon to look again while the message itself is still on its way.
const LOOK_AGAIN_MS: i64 = 300;

impl Outbox {
    pub(super) async fn send_edit(&self, edit: &Row) -> Result<Option<MessageId>, SendError> {
        let Some(of) = edit.payload.edit_of else {
            return Ok(None);
        };
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
        let Some(lead) = rows.first() else {
            return Ok(None);
        };
        let Some(message_id) = lead.message_id else {
            // Nothing was posted: the member is shown the new text at the next command.
            return Ok(None);
        };
        let message = merge::compose(rows.iter().map(|row| &row.payload));
        let nonce = Nonce::new(lead.message_key, lead.rung);
        self.inner
            .messenger
            .edit(lead.channel, message_id, &message, &nonce)
            .await?;
        Ok(Some(message_id))
    }
}
