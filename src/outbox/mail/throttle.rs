//! How fast mail may go when the server wants it slower. Pure; times are monotonic milliseconds.

use std::collections::VecDeque;

/// Nothing is begun for so long after the server asked: what comes meanwhile is the same request.
const PAUSE_MS: i64 = 1_000;
/// After each such stretch without another request a tenth of the full rate comes back.
const RECOVERY_MS: i64 = 10_000;
/// The part of the full rate that comes back at once.
const RECOVERED: f64 = 0.1;
/// What was sent in this time says how fast it went, where no rate is set.
const LOOK_BACK_MS: i64 = 10_000;
/// Mails per second that remain at least.
const SLOWEST: f64 = 1.0;

/// The rate, and what the server made of it.
#[derive(Clone, Debug)]
pub(super) struct Throttle {
    /// As it is set; 0: no limit.
    set: f64,
    slowed: Option<Slowed>,
    /// Mails taken in each of the last seconds.
    sent: VecDeque<(i64, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct Slowed {
    /// What is recovered to.
    full: f64,
    /// What remained at the last request, and when that was.
    rate: f64,
    at_ms: i64,
}

impl Throttle {
    pub(super) fn new(set: f64) -> Self {
        Self {
            set,
            slowed: None,
            sent: VecDeque::new(),
        }
    }

    /// A mail was taken.
    pub(super) fn sent(&mut self, now_ms: i64) {
        let second = now_ms / 1_000;
        match self.sent.back_mut() {
            Some((last, count)) if *last == second => *count += 1,
            _ => self.sent.push_back((second, 1)),
        }
        while let Some((first, _)) = self.sent.front()
            && *first < second - LOOK_BACK_MS / 1_000
        {
            self.sent.pop_front();
        }
    }

    /// The server wants it slower.
    pub(super) fn asked(&mut self, now_ms: i64) {
        if self.paused_until_ms(now_ms).is_some() {
            return;
        }
        let rate = self.rate(now_ms);
        let full = match self.slowed {
            Some(slowed) if rate > 0.0 => slowed.full,
            _ if self.set > 0.0 => self.set,
            _ => self.recent(now_ms).max(2.0 * SLOWEST),
        };
        let before = if rate > 0.0 { rate } else { full };
        self.slowed = Some(Slowed {
            full,
            rate: (before / 2.0).max(SLOWEST.min(full)),
            at_ms: now_ms,
        });
    }

    /// Mails per second at present; 0: no limit.
    pub(super) fn rate(&self, now_ms: i64) -> f64 {
        let Some(slowed) = self.slowed else {
            return self.set;
        };
        let steps = ((now_ms - slowed.at_ms) / RECOVERY_MS).clamp(0, 1_000);
        let steps = u32::try_from(steps).unwrap_or(0);
        let rate = slowed.rate + f64::from(steps) * RECOVERED * slowed.full;
        if rate >= slowed.full { self.set } else { rate }
    }

    /// Until when nothing is begun.
    pub(super) fn paused_until_ms(&self, now_ms: i64) -> Option<i64> {
        let until_ms = self.slowed?.at_ms + PAUSE_MS;
        (now_ms < until_ms).then_some(until_ms)
    }

    /// Mails per second of late.
    fn recent(&self, now_ms: i64) -> f64 {
        let since = (now_ms - LOOK_BACK_MS) / 1_000;
        let counted = self.sent.iter().filter(|(second, _)| *second >= since);
        let (mut count, mut first) = (0, now_ms / 1_000);
        for (second, sent) in counted {
            count += sent;
            first = first.min(*second);
        }
        // It may not have gone on for all of the time.
        let seconds = u32::try_from(now_ms / 1_000 - first + 1).unwrap_or(1);
        f64::from(count) / f64::from(seconds.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_rate_is_halved_and_comes_back_by_tenths() {
        let mut throttle = Throttle::new(100.0);
        throttle.asked(0);
        assert_eq!(throttle.paused_until_ms(999), Some(1_000));
        throttle.asked(500);
        assert_eq!(throttle.rate(1_000), 50.0, "the same request");
        assert_eq!(throttle.paused_until_ms(1_000), None);
        assert_eq!(throttle.rate(10_000), 60.0);
        throttle.asked(10_000);
        assert_eq!(throttle.rate(10_000), 30.0);
        assert_eq!(throttle.rate(70_000), 90.0);
        assert_eq!(throttle.rate(80_000), 100.0);
    }

    #[test]
    fn without_a_rate_it_is_half_of_what_went() {
        let mut throttle = Throttle::new(0.0);
        for second in 0..10 {
            for _ in 0..40 {
                throttle.sent(second * 1_000);
            }
        }
        throttle.asked(9_500);
        assert_eq!(throttle.rate(9_500), 20.0);
        assert_eq!(throttle.rate(9_500 + 40_000), 36.0);
        assert_eq!(throttle.rate(9_500 + 50_000), 0.0, "no limit, as before");
        // Later, when nothing had gone for long.
        throttle.asked(10_000_000);
        assert_eq!(throttle.rate(10_000_000), 1.0);
        throttle.asked(10_002_000);
        assert_eq!(throttle.rate(10_002_000), 1.0, "not to nothing");
    }

    #[test]
    fn a_rate_below_one_stays_above_nothing() {
        let mut throttle = Throttle::new(0.5);
        throttle.asked(0);
        assert_eq!(throttle.rate(0), 0.5);
    }
}
