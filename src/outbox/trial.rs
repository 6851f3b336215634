//! A post whose sender wants to know at once what became of it, for `/setup check`.

use super::{NewPost, Outbox, store};
use crate::error::Result;
use crate::ids::OutboxId;

/// What became of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in its channel.
    Posted,
    /// It is still being tried.
    Waiting,
    /// No channel took it.
    Refused {
        /// As the last channel said.
        why: String,
    },
}

impl Outbox {
    /// Enqueues a post by itself, and waits for up to `wait_ms` for what becomes of it. It is sent
    /// all the same when nobody waits any longer.
    pub async fn post_and_wait(&self, post: NewPost, wait_ms: i64) -> Result<Fate> {
        let mut changes = self.changes();
        let row = self.prepare(post);
        // Whoever asks has just changed something, or wants to know how it is now.
        self.inner.messenger.expect_open(row.channel);
        let id = row.id;
        let job = (vec![row.clone()], self.boot());
        self.inner
            .db
            .write(job, |tx, (rows, boot)| {
                Box::pin(store::enqueue(tx, rows, *boot))
            })
            .await?;
        self.hand(vec![row]);
        let over = self.inner.clock.sleep_ms(wait_ms);
        tokio::pin!(over);
        loop {
            let fate = self.fate(id).await?;
            if fate != Fate::Waiting {
                return Ok(fate);
            }
            tokio::select! {
                changed = changes.changed() => {
                    if changed.is_err() {
                        return Ok(fate);
                    }
                }
                () = &mut over => return self.fate(id).await,
            }
        }
    }

    async fn fate(&self, id: OutboxId) -> Result<Fate> {
        let mut conn = self.inner.db.read().await?;
        Ok(match store::outcome(&mut conn, id).await? {
            Some((state, _)) if state == "completed" => Fate::Posted,
            Some((state, why)) if state == "discarded" => Fate::Refused { why },
            _ => Fate::Waiting,
        })
    }
}
