//! At which pace direct messages and mails go out: pure, but for the one number that is stored.
//!
//! A rate is a virtual schedule: the time at which the next one would be due if they were evenly
//! spaced, which is one number in the database for all processes (`Kept`).
//!
//! Direct messages have two rates over one stream: everything together keeps the host's rate, and
//! what makes way (a night's backlog, an announcement) keeps to four fifths of it, so that what is
//! said at once never finds the rate used up.

mod store;

pub(super) use store::{Kept, set_anew};

use crate::clock::CLOCKS_DIFFER_MS;

/// Messages per second; 0: as fast as they can be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(pub f64);

impl Rate {
    /// No limit.
    pub const UNLIMITED: Self = Self(0.0);

    /// Three times as long as a backlog takes from one message to the next.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "at the slowest rate that there is, it is under two hours"
    )]
    pub(super) fn longest_pause_ms(self) -> i64 {
        if self.0 <= 0.0 {
            return 0;
        }
        (3_000.0 / (self.0 * BULK_SHARE)).min(1e9) as i64
    }
}

/// The part of the rate that a backlog may use.
const BULK_SHARE: f64 = 0.8;
/// How much of a second may be made up for after a late wake-up.
const CATCH_UP_S: f64 = 0.25;
/// Messages that may go at once after a pause, besides.
const AT_ONCE: f64 = 5.0;

/// One of the two rates.
#[derive(Clone, Copy, Debug)]
pub(in crate::outbox) struct Pace {
    interval_ms: f64,
    burst: f64,
}

impl Pace {
    /// The rate of everything together; `None` without a limit.
    pub(super) fn of_all(rate: Rate) -> Option<Self> {
        Self::new(rate.0, AT_ONCE)
    }

    /// The rate of mails, of which none is to go at once after a pause: a mail server counts by
    /// the second.
    pub(super) fn of_mails(rate: Rate) -> Option<Self> {
        Self::new(rate.0, 1.0)
    }

    /// None at all: for its lock alone.
    pub(super) fn unlimited() -> Self {
        Self {
            interval_ms: 0.0,
            burst: 1.0,
        }
    }

    /// The rate of what makes way.
    pub(super) fn of_bulk(rate: Rate) -> Option<Self> {
        Self::new(rate.0 * BULK_SHARE, 1.0)
    }

    fn new(per_second: f64, at_once: f64) -> Option<Self> {
        (per_second > 0.0).then(|| Self {
            interval_ms: 1_000.0 / per_second,
            burst: at_once + per_second * CATCH_UP_S,
        })
    }

    /// How many may go now, when the next one would be due at `next_ms`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped beforehand"
    )]
    pub(super) fn room(self, next_ms: f64, now_ms: f64) -> usize {
        let begin = self.begin(next_ms, now_ms);
        if begin > now_ms {
            return 0;
        }
        ((now_ms - begin) / self.interval_ms + 1.0).min(1e6) as usize
    }

    /// When the next one is due after `taken` went now.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    pub(super) fn after(self, next_ms: f64, now_ms: f64, taken: usize) -> f64 {
        self.begin(next_ms, now_ms) + taken as f64 * self.interval_ms
    }

    /// When the next one is due. It is never further ahead than one interval: further ahead, by more
    /// than the clocks of two processes differ, it was stored before the clock was set back.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a minute is far below 2^53 milliseconds"
    )]
    fn due(self, next_ms: f64, now_ms: f64) -> f64 {
        let latest = now_ms + self.interval_ms + CLOCKS_DIFFER_MS as f64;
        if next_ms > latest { now_ms } else { next_ms }
    }

    fn begin(self, next_ms: f64, now_ms: f64) -> f64 {
        self.due(next_ms, now_ms)
            .max(now_ms - (self.burst - 1.0) * self.interval_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many go in `seconds`, looked at every `step_ms`.
    fn sent(pace: Pace, seconds: u32, step_ms: u32) -> usize {
        let (mut next, mut count) = (0.0, 0);
        for tick in 0..seconds * 1_000 / step_ms {
            let now = f64::from(tick * step_ms);
            let room = pace.room(next, now);
            next = pace.after(next, now, room);
            count += room;
        }
        count
    }

    #[test]
    fn a_minute_takes_as_many_as_the_rate_says_however_it_is_looked_at() {
        for per_second in [1.0, 5.0, 40.0, 200.0] {
            let pace = Pace::of_bulk(Rate(per_second)).unwrap();
            for step_ms in [1, 7, 200] {
                let expected = per_second * BULK_SHARE * 60.0;
                let sent = f64::from(u32::try_from(sent(pace, 60, step_ms)).unwrap());
                let most = expected + per_second * CATCH_UP_S + 2.0;
                assert!(
                    (expected * 0.98 - 1.0..=most).contains(&sent),
                    "{per_second} {step_ms} {sent}"
                );
            }
        }
    }

    #[test]
    fn after_a_pause_a_handful_goes_at_once_and_no_more() {
        let pace = Pace::of_all(Rate(1.0)).unwrap();
        assert_eq!(pace.room(0.0, 1e9), 5);
        let next = pace.after(0.0, 1e9, 5);
        assert_eq!(pace.room(next, 1e9), 0);
        assert_eq!(pace.room(next, 1e9 + 1_000.0), 1);
    }

    #[test]
    fn a_clock_that_was_set_back_stops_nobody() {
        for per_second in [0.01, 1.0, 40.0] {
            let pace = Pace::of_all(Rate(per_second)).unwrap();
            let now = 1e12;
            let next = pace.after(0.0, now, pace.room(0.0, now));
            for back in [3_600_000.0, 86_400_000.0] {
                let now = now - back;
                assert_eq!(pace.room(next, now), 1, "one, and no burst");
                let next = pace.after(next, now, 1);
                assert_eq!(pace.room(next, now), 0);
                assert_eq!(pace.room(next, now + 1_000.0 / per_second), 1);
            }
            // Another process may be as far ahead, and keeps the pace all the same.
            assert_eq!(pace.room(next, now - 30_000.0), 0);
        }
    }

    #[test]
    fn without_a_limit_there_is_no_pace() {
        assert!(Pace::of_all(Rate::UNLIMITED).is_none());
        assert!(Pace::of_bulk(Rate::UNLIMITED).is_none());
    }
}
