//! Waits of mails, after the host's clock was set back: see [`crate::outbox`]'s waits.
//!
//! # Promise
//!
//! - A mail that its recipient's server put off waits no longer than it was put off for; after the clock
//!   was set back it does so once more from the beginning. It is not tried at once, as each try that
//!   comes too early uses up one of the few that there are.
//! - A lease lasts no longer than any does, and whoever lives renews it before.

mod store;

pub(super) use store::set_anew;

use super::Limits;
use crate::clock::CLOCKS_DIFFER_MS;

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
