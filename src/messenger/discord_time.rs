//! Discord's clock, as far as its answers tell.
//!
//! What people see (`<t:…>`, when they clicked) goes by Discord's clock, and so must the deadline: a host
//! whose clock is 30 s fast would fail people half a minute before the time that they read. Every answer
//! has a `Date`, to the second, and every id has the millisecond in which it was made; each says that
//! Discord's clock was between two values ([`Bounds`]).
//!
//! What it promises:
//!
//! - A host whose clock can be right is believed: the correction is the smallest that agrees with what
//!   was seen, and so 0 for a host that keeps time. No millisecond is lost to the seconds of a `Date`.
//! - One answer that contradicts the others (a proxy's own clock, an answer from a cache) changes
//!   nothing; the values that most of the last answers agree on are taken.
//! - After a step of the host's own clock, nothing that was seen before counts any more.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::ids::snowflake_ms;

/// A host whose clock is further from Discord's than this is told of it.
pub const ALARM_MS: i64 = 1_000;
/// Answers of each kind that are kept: a quarter of an hour of asking once a minute, and enough for
/// seconds to become tenths.
const KEPT: usize = 16;
/// What was seen longer ago says nothing: a bad clock drifts by a tenth of a second in this time.
const OLDEST_MS: i64 = 20 * 60_000;
/// A `Date` is cut to the second.
const DATE_MS: i64 = 1_000;
/// A larger change of the wall clock against the monotonic one is a step.
const STEP_MS: i64 = 500;

/// How far Discord's clock is ahead of this host's: at least, and at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bounds {
    least_ms: i64,
    most_ms: i64,
    /// When that was seen, by the monotonic clock.
    seen_ms: i64,
}

/// Discord's clock; clones share what was seen.
#[derive(Clone, Debug, Default)]
pub struct DiscordTime {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    ahead_ms: AtomicI64,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    dates: VecDeque<Bounds>,
    ids: VecDeque<Bounds>,
    /// How far the wall clock was ahead of the monotonic one.
    wall_ahead_ms: Option<i64>,
}

impl DiscordTime {
    /// How far Discord's clock is ahead of this host's, in milliseconds; 0 while it may be the same.
    pub fn ahead_ms(&self) -> i64 {
        self.shared.ahead_ms.load(Ordering::Relaxed)
    }

    /// What Discord's clock shows.
    pub fn now_ms(&self, clock: &Clock) -> i64 {
        clock.now_ms().saturating_add(self.ahead_ms())
    }

    /// An answer was asked for at `sent_ms` of the wall clock, and has just come with this `Date`.
    pub(super) fn saw_date(&self, clock: &Clock, sent_ms: i64, date: &str) {
        let Ok(date) = chrono::DateTime::parse_from_rfc2822(date) else {
            return;
        };
        let date_ms = date.timestamp_millis();
        let bounds = Bounds {
            least_ms: date_ms.saturating_sub(clock.now_ms()),
            // The second goes on until just before the next.
            most_ms: date_ms.saturating_add(DATE_MS - 1).saturating_sub(sent_ms),
            seen_ms: clock.monotonic_ms(),
        };
        // A clock that was set between the two makes nonsense of them.
        if bounds.least_ms <= bounds.most_ms {
            self.saw(clock, bounds, true);
        }
    }

    /// Something that Discord has just made has this id: its clock shows that time, or a later one.
    pub fn saw_id(&self, clock: &Clock, id: u64) {
        let bounds = Bounds {
            least_ms: snowflake_ms(id).saturating_sub(clock.now_ms()),
            most_ms: i64::MAX,
            seen_ms: clock.monotonic_ms(),
        };
        self.saw(clock, bounds, false);
    }

    fn saw(&self, clock: &Clock, bounds: Bounds, is_date: bool) {
        let wall_ahead_ms = clock.now_ms().saturating_sub(clock.monotonic_ms());
        let mut seen = self.seen();
        let before = seen.wall_ahead_ms.replace(wall_ahead_ms);
        if before.is_some_and(|before| (wall_ahead_ms - before).abs() >= STEP_MS) {
            seen.dates.clear();
            seen.ids.clear();
        }
        let kept = if is_date {
            &mut seen.dates
        } else {
            &mut seen.ids
        };
        kept.push_back(bounds);
        if kept.len() > KEPT {
            kept.pop_front();
        }
        let ahead_ms = seen.ahead_ms(bounds.seen_ms);
        drop(seen);
        let was_ms = self.shared.ahead_ms.swap(ahead_ms, Ordering::Relaxed);
        if (was_ms.abs() > ALARM_MS) != (ahead_ms.abs() > ALARM_MS) {
            if ahead_ms.abs() > ALARM_MS {
                tracing::warn!(
                    ahead_ms,
                    "the clock of this machine differs from Discord's; deadlines use Discord's: \
                     set the clock by NTP"
                );
            } else {
                tracing::info!("the clock of this machine agrees with Discord's again");
            }
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.shared
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// The smallest correction within what most of the last answers agree on; where two are agreed on
    /// by as many, the newer counts.
    fn ahead_ms(&self, now_ms: i64) -> i64 {
        let is_fresh = |bounds: &&Bounds| now_ms - bounds.seen_ms <= OLDEST_MS;
        let all: Vec<Bounds> = self
            .dates
            .iter()
            .chain(&self.ids)
            .filter(is_fresh)
            .copied()
            .collect();
        let agree = |at_ms: i64| {
            let within = |one: &&Bounds| (one.least_ms..=one.most_ms).contains(&at_ms);
            let agreeing = all.iter().filter(within);
            let newest = agreeing.clone().map(|one| one.seen_ms).max();
            (agreeing.count(), newest)
        };
        // Where as many as possible agree begins at one of the lower ends.
        let best = all
            .iter()
            .map(|one| one.least_ms)
            .max_by_key(|least_ms| agree(*least_ms));
        let Some(best) = best else { return 0 };
        let agreeing = all
            .iter()
            .filter(|one| (one.least_ms..=one.most_ms).contains(&best));
        let (mut least_ms, mut most_ms) = (i64::MIN, i64::MAX);
        for one in agreeing {
            least_ms = least_ms.max(one.least_ms);
            most_ms = most_ms.min(one.most_ms);
        }
        0.clamp(least_ms, most_ms)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::ManualClock;

    /// A whole second of 2026.
    const NOW_MS: i64 = 1_795_251_600_000;

    /// A host, its clock, and a Discord whose clock is ahead.
    struct Host {
        clock: Clock,
        hand: ManualClock,
        discord: Clock,
        time: DiscordTime,
    }

    impl Host {
        fn new(ahead_ms: i64) -> Self {
            let (clock, hand) = Clock::manual(NOW_MS);
            let discord = Clock::Manual(hand.ahead_by(ahead_ms));
            Self {
                clock,
                hand,
                discord,
                time: DiscordTime::default(),
            }
        }

        /// An answer that took so long, half of it on each way.
        fn asks(&self, took_ms: i64) {
            let sent_ms = self.clock.now_ms();
            self.hand.advance_ms(took_ms / 2);
            let date = date(self.discord.now_ms());
            self.hand.advance_ms(took_ms - took_ms / 2);
            self.time.saw_date(&self.clock, sent_ms, &date);
        }
    }

    fn date(ms: i64) -> String {
        let at = chrono::DateTime::from_timestamp_millis(ms).unwrap();
        at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn snowflake(ms: i64) -> u64 {
        (ms - 1_420_070_400_000).unsigned_abs() << 22
    }

    #[test]
    fn a_host_that_keeps_time_is_not_corrected() {
        let host = Host::new(0);
        for round in 0..100 {
            host.hand.advance_ms(60_337);
            host.asks(round % 400);
            host.time
                .saw_id(&host.clock, snowflake(host.discord.now_ms() - 40));
            assert_eq!(host.time.ahead_ms(), 0);
        }
    }

    #[test]
    fn a_click_tells_at_once_that_a_clock_is_slow() {
        let host = Host::new(300_000);
        host.time
            .saw_id(&host.clock, snowflake(host.discord.now_ms() - 50));
        assert_eq!(host.time.ahead_ms(), 299_950);
    }

    #[test]
    fn one_answer_that_contradicts_the_others_changes_nothing() {
        let host = Host::new(0);
        for _ in 0..3 {
            host.hand.advance_ms(60_337);
            host.asks(80);
        }
        host.time
            .saw_date(&host.clock, host.clock.now_ms(), &date(NOW_MS - 86_400_000));
        assert_eq!(host.time.ahead_ms(), 0);
        host.time
            .saw_date(&host.clock, host.clock.now_ms(), "yesterday");
        assert_eq!(host.time.ahead_ms(), 0);
    }

    #[test]
    fn a_step_of_the_hosts_clock_is_followed_by_the_next_answer() {
        let host = Host::new(0);
        for _ in 0..10 {
            host.hand.advance_ms(60_000);
            host.asks(80);
        }
        // Its wall clock is set back alone: Discord's hand is another.
        let behind = Host {
            clock: Clock::Manual(host.hand.ahead_by(-30_000)),
            hand: host.hand.clone(),
            discord: host.discord.clone(),
            time: host.time.clone(),
        };
        behind.asks(80);
        let ahead_ms = behind.time.ahead_ms();
        assert!((29_000..=30_000).contains(&ahead_ms), "{ahead_ms}");
    }

    proptest! {
        /// Never further from the truth than the host's own clock, nor on its other side; and with a
        /// few answers within a second of it.
        #[test]
        fn the_correction_lies_between_the_hosts_clock_and_discords(
            ahead_ms in -400_000..400_000_i64,
            waits in proptest::collection::vec((0..90_000_i64, 0..900_i64), 1..30),
        ) {
            let host = Host::new(ahead_ms);
            for (wait_ms, took_ms) in waits {
                host.hand.advance_ms(wait_ms);
                host.asks(took_ms);
                let corrected = host.time.ahead_ms();
                prop_assert!((ahead_ms.min(0)..=ahead_ms.max(0)).contains(&corrected), "{}", corrected);
                prop_assert!((corrected - ahead_ms).abs() <= 1_000 + 900, "{}", corrected);
            }
        }
    }
}
