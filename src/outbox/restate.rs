//! Messages that were sent and are true no more: they say something else instead.
//!
//! By edits in the lane that makes way for all posts, one for each message, whatever part of it has changed.

use std::collections::{BTreeSet, HashSet};

use super::{Digest, Lane, NewEdit, Outbox, Row, dm, merge, store};
use crate::db::Tx;
use crate::error::Result;
use crate::ids::OutboxId;
use crate::messenger::Message;

/// What a row is to say from now on.
#[derive(Clone, Debug)]
pub struct Restatement {
    /// Which one.
    pub row: OutboxId,
    /// By itself. Whether it makes a sound was decided when it was sent.
    pub message: Message,
    /// Among others.
    pub digest: Option<Digest>,
}

/// What [`Outbox::restate`] did.
#[derive(Debug, Default)]
pub struct Restated {
    /// The edits, enqueued, to be handed over.
    pub edits: Vec<Row>,
    /// Rows whose messages, or edits of them, are just being sent: they can be changed a moment later.
    pub busy: HashSet<OutboxId>,
}

impl Outbox {
    /// Changes what these rows say. What has not been sent, or was forgotten, needs no edit.
    pub async fn restate(&self, tx: &mut Tx, restatements: &[Restatement]) -> Result<Restated> {
        let mut restated = Restated::default();
        let mut changed = BTreeSet::new();
        for one in restatements {
            let (rows, is_on_its_way) = store::message_of(tx, one.row).await?;
            let Some(key) = rows.first().map(|row| row.message_key) else {
                continue;
            };
            let under_way = store::under_way(tx, &[edit_key(key)]).await?;
            if is_on_its_way || !under_way.is_empty() {
                restated.busy.insert(one.row);
                continue;
            }
            store::rewrite_row(tx, one.row, |payload| {
                let silent = payload.message.silent;
                payload.message = Message {
                    silent,
                    ..one.message.clone()
                };
                payload.digest.clone_from(&one.digest);
            })
            .await?;
            changed.insert((key, one.row));
        }
        let mut keys = BTreeSet::new();
        for (key, row) in changed {
            // Once for each message.
            if keys.insert(key)
                && let Some(edit) = self.edit_of_message(tx, key, row).await?
            {
                restated.edits.push(edit);
            }
        }
        store::enqueue_newest(tx, &restated.edits, self.boot()).await?;
        Ok(restated)
    }

    async fn edit_of_message(&self, tx: &mut Tx, key: i64, row: OutboxId) -> Result<Option<Row>> {
        let (rows, _) = store::message_of(tx, row).await?;
        let Some(lead) = rows.first() else {
            return Ok(None);
        };
        let Some(message_id) = lead.message_id else {
            return Ok(None);
        };
        let (channel, message) = if lead.lane == Lane::Dm {
            (dm::channel_of(tx, lead.user).await?, dm::compose(&rows))
        } else {
            let payloads = rows.iter().map(|row| &row.payload);
            (Some(lead.channel), merge::compose(key, payloads))
        };
        Ok(channel.map(|channel| {
            self.prepare_replacement(NewEdit {
                guild: lead.guild,
                channel,
                message_id,
                language: lead.payload.language,
                message,
                dedupe_key: edit_key(key),
            })
        }))
    }
}

/// What the outbox knows the edit of this message by.
fn edit_key(message_key: i64) -> String {
    format!("restated:{message_key}")
}
