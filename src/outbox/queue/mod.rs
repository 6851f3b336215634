//! What waits in the outbox, why and until when; and what was given up.
//!
//! Of one guild at a time: no admin sees another's.

mod store;

pub use store::{About, Parked, Waiting, Why};

use super::Outbox;
use crate::error::{Result, UserError};
use crate::ids::{GuildId, OutboxId, UserId};

/// What `/queue status` shows.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// What waits, by lane and reason.
    pub waiting: Vec<Waiting>,
    /// How many were given up and not looked after since.
    pub parked: i64,
    /// How many direct messages were dropped in the past week, by reason.
    pub dropped: Vec<(String, i64)>,
}

impl Outbox {
    /// How the messages of a guild stand.
    pub async fn status(&self, guild: GuildId) -> Result<Status> {
        let now_ms = self.inner.clock.now_ms();
        let db = &self.inner.db;
        let waiting = store::waiting(db, guild, now_ms).await?;
        let dropped = store::dropped(db, guild, now_ms).await?;
        let mut conn = db.read().await?;
        Ok(Status {
            waiting,
            parked: store::count_parked(&mut conn, guild).await?,
            dropped,
        })
    }

    /// What was given up, newest first.
    pub async fn parked(&self, guild: GuildId, most: usize) -> Result<Vec<Parked>> {
        let mut conn = self.inner.db.read().await?;
        store::parked(&mut conn, guild, most).await
    }

    /// The direct messages to a member that are kept, for their own eyes: when, how each ended, and
    /// what it says. (Posts say what is stored of the time attacks.)
    /// The next `most` behind an id, each with its own.
    pub async fn about(
        &self,
        guild: GuildId,
        user: UserId,
        (after, most): (i64, i64),
    ) -> Result<Vec<(i64, About)>> {
        let mut conn = self.inner.db.read().await?;
        store::about(&mut conn, guild, user, (after, most)).await
    }

    /// Tries once more what was given up.
    pub async fn retry_parked(&self, guild: GuildId, id: OutboxId) -> Result<()> {
        let job = (guild, id, self.inner.clock.now_ms());
        let retried = self
            .inner
            .db
            .write(job, |tx, (guild, id, now_ms)| {
                Box::pin(store::retry(tx, *guild, *id, *now_ms))
            })
            .await?;
        if !retried {
            return Err(UserError::UnknownMessage.into());
        }
        self.inner.poll.notify_one();
        self.wake_dms();
        Ok(())
    }

    /// Puts away what waits or was given up: it is neither sent nor shown.
    pub async fn discard_waiting(&self, guild: GuildId, id: OutboxId) -> Result<()> {
        let job = (guild, id, self.inner.clock.now_ms());
        let discarded = self
            .inner
            .db
            .write(job, |tx, (guild, id, now_ms)| {
                Box::pin(store::put_away(tx, *guild, *id, *now_ms))
            })
            .await?;
        if discarded {
            Ok(())
        } else {
            Err(UserError::UnknownMessage.into())
        }
    }
}
