//! When to try Discord again. Pure.
//!
//! Discord resets the token of a bot that begins more than 1,000 sessions a day. A connection that
//! is lost again and again must therefore be made ever more slowly, also when each of them seemed
//! a success at first.

use std::collections::HashMap;

/// Waits between two tries grow from the first to the last: about 290 a day at the most.
const FIRST_WAIT_MS: i64 = 1_000;
const LONGEST_WAIT_MS: i64 = 300_000;
/// After so long without a loss the waits begin anew.
const CALM_MS: i64 = 1_800_000;
/// A session that held this long did not end by the same trouble as the one before.
const GOOD_SESSION_MS: i64 = 300_000;
/// Sessions of one shard in a row that may be short: a restart of Discord's gateway costs one or
/// two.
const MOST_SHORT_SESSIONS: u32 = 3;

/// The waits between two tries.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    tries: u32,
    lost_ms: Option<i64>,
}

impl Backoff {
    /// How long to wait, the connection having been lost at `monotonic_ms`: twice as long as the
    /// last time, less up to a half by `spread`, so that many bots do not come back together.
    pub(super) fn next_ms(&mut self, monotonic_ms: i64, spread: u64) -> i64 {
        if self
            .lost_ms
            .is_some_and(|lost_ms| monotonic_ms - lost_ms > CALM_MS)
        {
            self.tries = 0;
        }
        self.lost_ms = Some(monotonic_ms);
        let wait_ms = (FIRST_WAIT_MS << self.tries.min(20)).min(LONGEST_WAIT_MS);
        self.tries += 1;
        let half = (wait_ms / 2).unsigned_abs();
        // Another part of the spread each time.
        let spread = spread.rotate_right(self.tries * 7) % (half + 1);
        wait_ms - i64::try_from(spread).unwrap_or(0)
    }
}

/// Tells sessions that end as soon as they began from those that were lost once.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    shards: HashMap<u32, Session>,
}

#[derive(Debug)]
struct Session {
    began_ms: i64,
    short: u32,
}

impl Sessions {
    /// A session of `shard` begins. `false`: too many before it were short, and serenity, which
    /// begins the next one after five seconds, must be kept from it.
    pub(super) fn begin(&mut self, shard: u32, monotonic_ms: i64) -> bool {
        let session = self.shards.entry(shard).or_insert(Session {
            began_ms: i64::MIN / 2,
            short: 0,
        });
        let is_short = monotonic_ms - session.began_ms < GOOD_SESSION_MS;
        session.short = if is_short { session.short + 1 } else { 0 };
        session.began_ms = monotonic_ms;
        session.short < MOST_SHORT_SESSIONS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes_and_begin_anew_after_a_calm_time() {
        let mut backoff = Backoff::default();
        let mut now_ms = 0;
        let mut waits = Vec::new();
        for _ in 0..11 {
            let wait_ms = backoff.next_ms(now_ms, 0);
            waits.push(wait_ms / 1_000);
            // Each connection holds for a second, as in a crash loop.
            now_ms += wait_ms + 1_000;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(backoff.next_ms(now_ms + CALM_MS, 0), FIRST_WAIT_MS);
    }

    #[test]
    fn a_day_of_trouble_stays_within_discords_thousand_sessions() {
        let mut backoff = Backoff::default();
        let (mut now_ms, mut tries) = (0, 0);
        while now_ms < 24 * 3_600_000 {
            // The shortest waits that the spread allows, and sessions that end at once.
            now_ms += backoff.next_ms(now_ms, u64::MAX).max(1);
            tries += 1;
        }
        assert!(tries < 1_000, "{tries}");
    }

    #[test]
    fn the_spread_takes_up_to_a_half() {
        for spread in [0, 1, 0x1234_5678_9abc_def0, u64::MAX] {
            let mut backoff = Backoff::default();
            for longest in [1_000, 2_000, 4_000] {
                let wait_ms = backoff.next_ms(0, spread);
                assert!((longest / 2..=longest).contains(&wait_ms), "{wait_ms}");
            }
        }
    }

    #[test]
    fn short_sessions_are_counted_by_shard_and_forgiven_by_a_long_one() {
        let mut sessions = Sessions::default();
        assert!(sessions.begin(0, 0));
        assert!(sessions.begin(0, 5_000));
        assert!(sessions.begin(1, 6_000));
        assert!(sessions.begin(0, 10_000));
        assert!(!sessions.begin(0, 15_000));
        assert!(sessions.begin(0, 15_000 + GOOD_SESSION_MS));
    }
}
