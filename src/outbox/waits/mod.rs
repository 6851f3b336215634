//! Waits of our own making, after the host's clock was set back.
//!
//! # Promise
//!
//! An instant that the outbox chose itself is never further ahead than the longest wait that it can
//! mean. One that is further ahead was chosen by a clock that has been set back since, and is set anew.
//! That the clock was set back is noticed within [`LOOK_MS`]; a process that begins looks, too, as it
//! may have happened before. Instants that somebody was promised stay as they are.
//!
//! | instant | whose | after the clock was set back |
//! |---|---|---|
//! | `not_before_ms` of a row that was never tried | ours: when it was made | due at once |
//! | `not_before_ms` of a row to be tried again (at a start: one that was changed after now) | ours | due at once; its channel's pause in memory goes by the monotonic clock |
//! | `not_before_ms` of a row held for the night | promised | stays, but a night is no longer than a day |
//! | `lease_until_ms` | ours | [`LEASE_MS`] from now: whoever lives renews it before, and of the dead it runs out |
//! | `pace.next_ms` | ours | now ([`super::pace`]) |
//! | `pace.next_ms` of `dm-open` | ours | the whole pause from now ([`super::dm`]) |
//! | `deliveries.not_before_ms` and `lease_until_ms` | ours | the same wait from now ([`super::mail`]) |
//! | `mail_minutes` ahead of now | a fact | counts as of this minute ([`super::mail`]) |
//! | `first_attempt_ms` | a fact | long enough ago that the channel is read before a repeat |
//! | `expires_at_ms` | promised | stays |
//!
//! A lease is too long only if it is longer by [`RENEW_MS`]: one that its owner renews while another
//! process looks is none of that.
//!
//! Two processes whose clocks differ by less than [`CLOCKS_DIFFER_MS`] take none of each other's
//! instants for wrong, and doing all of this twice is the same as once.

mod store;

use super::{LEASE_MS, Outbox, POLL_MS, RENEW_MS, dm, pace, post_lane};
use crate::clock::{BackstepWatch, CLOCKS_DIFFER_MS};
use crate::db::PIECE_ROWS;
use crate::error::Result;
use crate::ids::OutboxId;

/// Between two looks for what is too far ahead. A set-back clock is noticed at the poller's next turn,
/// which is sooner.
const LOOK_MS: i64 = 2 * POLL_MS;
/// Nothing waits longer by itself: neither what Discord says of a retry nor a night is longer.
const DAY_MS: i64 = 24 * 3_600_000;
/// Rows of each kind found by one look: their ids are in memory, and they are changed in pieces.
const FOUND_AT_ONCE: usize = 10_000;

/// What the poller remembers from look to look.
pub(super) struct Waits {
    watch: BackstepWatch,
    /// When it looked last, by the monotonic clock.
    looked_ms: Option<i64>,
    /// What it found and has not changed yet.
    left: Option<Left>,
}

/// Rows that are too far ahead.
struct Left {
    bounds: Bounds,
    rows: Vec<OutboxId>,
    /// There are more than were looked for.
    is_cut: bool,
}

/// How far ahead an instant may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) now_ms: i64,
    /// Of a row that was never tried; `None`: such rows are not looked for.
    pub(super) fresh_ms: Option<i64>,
    /// Of a row to be tried again; `None`: how far ahead it may be is not known, as Discord says for how
    /// long it wants to be left alone.
    pub(super) tried_ms: Option<i64>,
    /// When a row can have been changed last; `None`: such rows are not looked for.
    pub(super) changed_ms: Option<i64>,
    /// Of any row.
    pub(super) any_ms: i64,
    pub(super) lease_ms: i64,
}

impl Bounds {
    fn of(now_ms: i64, was_set_back: bool, is_first: bool) -> Self {
        // Another process's clock may be ahead of ours; that ours was set back is certain.
        let slack_ms = if was_set_back { 0 } else { CLOCKS_DIFFER_MS };
        let is_thorough = was_set_back || is_first;
        Self {
            now_ms,
            fresh_ms: is_thorough.then_some(now_ms + slack_ms),
            tried_ms: was_set_back.then_some(now_ms),
            changed_ms: is_thorough.then_some(now_ms + slack_ms),
            any_ms: now_ms + DAY_MS + slack_ms,
            lease_ms: now_ms + LEASE_MS + slack_ms.max(RENEW_MS),
        }
    }
}

impl Waits {
    pub(super) fn new(watch: BackstepWatch) -> Self {
        Self {
            watch,
            looked_ms: None,
            left: None,
        }
    }
}

impl Outbox {
    /// Sets some of what is too far ahead anew. `true`: there is more.
    pub(super) async fn set_waits_anew(&self, waits: &mut Waits) -> Result<bool> {
        let (now_ms, monotonic_ms) = (self.inner.clock.now_ms(), self.inner.clock.monotonic_ms());
        let was_set_back = waits.watch.was_set_back(&self.inner.clock);
        let is_first = waits.looked_ms.is_none();
        let is_due = waits
            .looked_ms
            .is_none_or(|looked_ms| monotonic_ms - looked_ms >= LOOK_MS);
        if !was_set_back && let Some(left) = &mut waits.left {
            let more = self.set_some_anew(left).await?;
            if !more {
                waits.left = None;
                waits.looked_ms = Some(monotonic_ms);
            }
            return Ok(more);
        }
        if !was_set_back && !is_due {
            return Ok(false);
        }
        let bounds = Bounds::of(now_ms, was_set_back, is_first);
        if was_set_back {
            tracing::warn!(
                "the clock of this machine was set back; waiting times are computed again"
            );
            // What fails is done again at the next turn.
            waits.left = Some(Left::unknown(bounds));
            // Leases of this process look as if they lasted longer than they do.
            self.renew().await?;
            let job = self.inner.db.write(now_ms, |tx, now_ms| {
                Box::pin(async move {
                    pace::set_anew(tx, *now_ms).await?;
                    dm::set_opening_anew(tx, *now_ms).await?;
                    store::free_alerts(tx, *now_ms).await
                })
            });
            job.await?;
            self.wake_dms();
            self.wake_mails();
        }
        let left = waits.left.insert(Left::unknown(bounds));
        self.shorten_leases(bounds).await?;
        let more = self.set_some_anew(left).await?;
        if !more {
            waits.left = None;
            // Last: what failed is done again at the next turn.
            waits.looked_ms = Some(monotonic_ms);
        }
        Ok(more)
    }

    /// Leases that last longer than any does.
    async fn shorten_leases(&self, bounds: Bounds) -> Result<()> {
        let db = &self.inner.db;
        let mut conn = db.read().await?;
        let has_any = store::has_long_lease(&mut conn, &bounds).await?;
        drop(conn);
        if !has_any {
            return Ok(());
        }
        let shorten = || {
            // By the clock as it is then: their owners have renewed them meanwhile, and a wait for
            // the writer must not take that from them. No longer than what is looked for, or it would
            // be found again.
            db.write_piece((bounds, self.inner.clock.clone()), |tx, (bounds, clock)| {
                let until_ms = (clock.now_ms() + LEASE_MS).min(bounds.lease_ms);
                Box::pin(store::shorten_leases(tx, bounds, until_ms))
            })
        };
        while shorten().await? {}
        self.wake_dms();
        self.wake_mails();
        Ok(())
    }

    /// The next piece. They are looked for beside the writer: mostly there are none. `true`: there is more.
    async fn set_some_anew(&self, left: &mut Left) -> Result<bool> {
        let (db, bounds) = (&self.inner.db, left.bounds);
        if left.rows.is_empty() && left.is_cut {
            let mut conn = db.read().await?;
            left.rows = store::too_far_ahead(&mut conn, &bounds, FOUND_AT_ONCE).await?;
            left.is_cut = left.rows.len() >= FOUND_AT_ONCE;
        }
        let piece = usize::try_from(PIECE_ROWS).unwrap_or(usize::MAX);
        let from = left.rows.len().saturating_sub(piece);
        let some = left.rows[from..].to_vec();
        if some.is_empty() {
            return Ok(false);
        }
        // So long ago that the same post is looked for in its channel first.
        let tried_ms = bounds.now_ms - post_lane::NONCE_WINDOW_MS;
        db.write_piece((some, bounds.now_ms, tried_ms), |tx, job| {
            let (some, now_ms, tried_ms) = job;
            Box::pin(store::set_anew(tx, some, *now_ms, *tried_ms))
        })
        .await?;
        left.rows.truncate(from);
        self.wake_dms();
        self.wake_mails();
        Ok(!left.rows.is_empty() || left.is_cut)
    }
}

impl Left {
    fn unknown(bounds: Bounds) -> Self {
        Self {
            bounds,
            rows: Vec::new(),
            is_cut: true,
        }
    }
}
