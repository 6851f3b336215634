//! Waits of mails, after the host's clock was set back: see [`crate::outbox`]'s waits.
//!
//! # Promise
//!
//! - A mail that its recipient's server put off waits no longer than it was put off for; after the clock
//!   was set back it does so once more from the beginning. It is not tried at once, as each try that
//!   comes too early uses up one of the few that there are.
//! - A lease lasts no longer than any does, and whoever lives renews it before.

//!
//! What was put off may be as much as a campaign has recipients. So it is looked for beside the writer, and
//! changed in pieces, between which the lane goes on.

mod store;

use super::Limits;
use crate::clock::{CLOCKS_DIFFER_MS, Clock};
use crate::db::{Db, PIECE_ROWS};
use crate::error::Result;
use crate::ids::DeliveryId;

/// Rows found by one look: their ids are in memory.
const FOUND_AT_ONCE: usize = 10_000;

/// Waits that are being set anew.
pub(super) struct Anew {
    waits: Waits,
    /// Rows that wait for too long.
    left: Vec<DeliveryId>,
    /// There are more than were looked for.
    is_cut: bool,
    has_looked: bool,
}

/// What a piece did.
pub(super) struct Went {
    pub(super) has_changed: bool,
    pub(super) more: bool,
}

impl Anew {
    pub(super) fn new(waits: Waits) -> Self {
        Self {
            waits,
            left: Vec::new(),
            is_cut: false,
            has_looked: false,
        }
    }

    /// Changes the next piece. After an error it is to be called once more.
    pub(super) async fn go_on(&mut self, db: &Db, clock: &Clock) -> Result<Went> {
        if self.left.is_empty() && (self.is_cut || !self.has_looked) {
            self.look(db, clock).await?;
        }
        let piece = usize::try_from(PIECE_ROWS).unwrap_or(usize::MAX);
        let from = self.left.len().saturating_sub(piece);
        let some = self.left[from..].to_vec();
        let has_changed = !some.is_empty();
        if has_changed {
            let job = (self.waits.clone(), some, clock.clone());
            // By the clock as it is then.
            db.write_piece(job, |tx, (waits, some, clock)| {
                Box::pin(store::set_anew(tx, waits, some, clock.now_ms()))
            })
            .await?;
            self.left.truncate(from);
        }
        Ok(Went {
            has_changed,
            more: !self.left.is_empty() || self.is_cut,
        })
    }

    async fn look(&mut self, db: &Db, clock: &Clock) -> Result<()> {
        let now_ms = clock.now_ms();
        let mut conn = db.read().await?;
        let left = store::too_long(&mut conn, &self.waits, FOUND_AT_ONCE, now_ms).await?;
        let has_leases = store::has_long_lease(&mut conn, &self.waits, now_ms).await?;
        drop(conn);
        if has_leases {
            let job = (self.waits.clone(), clock.clone());
            let shorten = || {
                db.write_piece(job.clone(), |tx, (waits, clock)| {
                    Box::pin(store::shorten_leases(tx, waits, clock.now_ms()))
                })
            };
            while shorten().await? {}
        }
        self.is_cut = left.len() >= FOUND_AT_ONCE;
        self.left = left;
        self.has_looked = true;
        Ok(())
    }
}

/// How long mails may wait by themselves.
#[derive(Clone, Debug)]
pub(super) struct Waits {
    /// Of one that was put off once, twice, and so on.
    deferred_ms: Vec<i64>,
    /// Of any other.
    other_ms: i64,
    /// How far ahead another process's clock may be.
    slack_ms: i64,
    /// Whether each row's own wait counts, and not just the longest of all.
    is_thorough: bool,
}

impl Waits {
    pub(super) fn of(limits: &Limits, was_set_back: bool, is_first: bool) -> Self {
        Self {
            deferred_ms: limits.defer_ms.clone(),
            other_ms: limits.retry_delay_ms,
            slack_ms: if was_set_back { 0 } else { CLOCKS_DIFFER_MS },
            is_thorough: was_set_back || is_first,
        }
    }

    fn all_ms(&self) -> impl Iterator<Item = i64> {
        self.deferred_ms.iter().copied().chain([self.other_ms])
    }

    /// Rows that wait longer are looked at. Only the longest of all is asked about while there is no
    /// reason for more: what was put off in order may be many.
    fn floor_ms(&self) -> i64 {
        let wait_ms = if self.is_thorough {
            self.all_ms().min()
        } else {
            self.all_ms().max()
        };
        wait_ms.unwrap_or(0).saturating_add(self.slack_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_reason_only_what_waits_longer_than_anything_may_is_looked_at() {
        let limits = Limits::default();
        let floor = |was_set_back, is_first| Waits::of(&limits, was_set_back, is_first).floor_ms();
        assert_eq!(floor(false, false), 7_200_000 + CLOCKS_DIFFER_MS);
        assert_eq!(floor(false, true), 1_000 + CLOCKS_DIFFER_MS);
        assert_eq!(floor(true, false), 1_000);
    }
}
