//! What waits, was sent or was given up about a member is forgotten when they ask for it.

use super::{Outbox, store};
use crate::error::Result;
use crate::ids::{GuildId, OutboxId, UserId};

impl Outbox {
    /// The messages about a member of a guild that are kept.
    pub async fn of_member(&self, guild: GuildId, user: UserId) -> Result<Vec<OutboxId>> {
        let mut conn = self.inner.db.read().await?;
        store::of_member(&mut conn, guild, user).await
    }

    /// Forgets them. Others' messages that were to go out in one with them go out by themselves.
    ///
    /// They are looked for beside the writer, as the table may be long and has no index for this;
    /// until there are none, as one may come in meanwhile. One that is being sent at this moment
    /// arrives.
    pub async fn forget_member(&self, guild: GuildId, user: UserId) -> Result<()> {
        loop {
            let rows = self.of_member(guild, user).await?;
            if rows.is_empty() {
                return Ok(());
            }
            self.inner
                .db
                .write(rows, |tx, rows| Box::pin(store::forget(tx, rows)))
                .await?;
            self.inner.poll.notify_one();
            self.wake_dms();
        }
    }
}
