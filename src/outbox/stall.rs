//! Whether the lanes move: for those who look after the host.

use super::{Lane, Outbox, lock, mail, store};
use crate::db::Tx;
use crate::error::Result;

/// What has been due for longer than this, and still is not sent, is stalled.
pub const STALLED_MS: i64 = 60_000;

/// A lane that does not move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stall {
    /// How long something in it has been due for, or tried again and again.
    pub for_ms: i64,
    /// Why the last attempt to send that failed, if there was one.
    pub last_error: Option<String>,
}

impl Lane {
    /// Whether what is in it may wait for long without any fault: then it is stalled only when
    /// nothing at all is sent.
    fn is_paced(self) -> bool {
        match self {
            Self::Post => false,
            Self::Edit | Self::Dm | Self::Email => true,
        }
    }

    /// Whether it waits while posts are many.
    fn makes_way(self) -> bool {
        match self {
            Self::Post | Self::Email => false,
            Self::Edit | Self::Dm => true,
        }
    }
}

impl Outbox {
    /// What is stalled, lane by lane. A lane that cannot be judged at present is left out: edits and
    /// direct messages make way for posts, for as long as those take, and why mails rest is told
    /// apart ([`Outbox::mails_rest`]).
    pub async fn stalls(&self, tx: &mut Tx) -> Result<Vec<(Lane, Option<Stall>)>> {
        let mut stalls = Vec::with_capacity(Lane::ALL.len());
        for lane in Lane::ALL {
            if lane.makes_way() && !self.has_room_for_edits() {
                continue;
            }
            if lane == Lane::Email && self.mails_rest().is_some() {
                continue;
            }
            let stall = if lane.is_paced() && self.has_just_sent(lane) {
                None
            } else {
                self.stall(tx, lane).await?
            };
            stalls.push((lane, stall));
        }
        Ok(stalls)
    }

    async fn stall(&self, tx: &mut Tx, lane: Lane) -> Result<Option<Stall>> {
        let now_ms = self.inner.clock.now_ms();
        let cut_ms = now_ms - STALLED_MS;
        let oldest = if lane == Lane::Email {
            let since_ms = mail::store::due_since(tx, cut_ms).await?;
            since_ms.map(|since_ms| (since_ms, None))
        } else {
            store::due_since(tx, lane, cut_ms).await?
        };
        Ok(oldest.map(|(since_ms, last_error)| Stall {
            for_ms: now_ms - since_ms,
            last_error,
        }))
    }

    fn has_just_sent(&self, lane: Lane) -> bool {
        let sent_ms = lock(&self.inner.sent_ms).get(&lane).copied();
        let now_ms = self.inner.clock.monotonic_ms();
        let most_ms = match lane {
            Lane::Dm => STALLED_MS.max(self.inner.dms.longest_pause_ms()),
            Lane::Post | Lane::Edit | Lane::Email => STALLED_MS,
        };
        sent_ms.is_some_and(|sent_ms| now_ms - sent_ms <= most_ms)
    }
}
