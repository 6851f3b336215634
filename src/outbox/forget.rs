//! What waits, was sent or was given up about a member is forgotten when they ask for it.

use super::{Outbox, store};
use crate::error::Result;
use crate::ids::{GuildId, UserId};

/// Rows that one read looks at.
const LOOKED_AT_ONCE: i64 = 5_000;

impl Outbox {
    /// How many messages about a member of a guild are kept. The whole outbox is looked through, in short
    /// reads: it is counted before somebody asks for all of theirs to be deleted, and an index for that
    /// would have to be written with every message.
    pub async fn count_of_member(&self, guild: GuildId, user: UserId) -> Result<i64> {
        let (mut count, mut after) = (0, 0);
        loop {
            let mut conn = self.inner.db.read().await?;
            let look = (after, LOOKED_AT_ONCE);
            let (found, last) = store::count_of_member(&mut conn, guild, user, look).await?;
            drop(conn);
            count += found;
            let Some(last) = last else { return Ok(count) };
            after = last;
        }
    }

    /// Some were deleted ([`super::forget`]): others' messages that were to go out in one with them go
    /// out by themselves. One that is being sent at this moment arrives.
    pub fn were_forgotten(&self) {
        self.inner.poll.notify_one();
        self.wake_dms();
    }
}
