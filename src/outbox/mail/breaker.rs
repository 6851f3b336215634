//! Whether the mail server is tried at present. Pure; all times are monotonic milliseconds.
//!
//! One trouble is one trouble, however many mails were on their way when it began: each mail knows
//! the era in which it was begun, and only a failure of the present era is news. After it comes the
//! next era, in which one mail alone tries, when its time has come: a few times soon, then
//! seldom. Whatever the server answers, be it a refusal, shows that it is there.

/// The first rest after the quick tries.
const FIRST_REST_MS: i64 = 60_000;
/// The longest: a server that is back is noticed within this time.
const LONGEST_REST_MS: i64 = 900_000;

/// What may be begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum May {
    /// Everything.
    Freely,
    /// One mail, to see.
    One,
    /// Nothing, until then; `None`: until the one that tries has come back.
    Not(Option<i64>),
}

/// The state of the way to the server.
#[derive(Clone, Debug)]
pub(super) struct Breaker {
    /// Quick tries after the first failure.
    retries: u32,
    /// The wait before the first of them.
    delay_ms: i64,
    /// In a row.
    failures: u32,
    until_ms: i64,
    is_trying: bool,
    era: u64,
}

impl Breaker {
    pub(super) fn new(retries: u32, delay_ms: i64) -> Self {
        Self {
            retries,
            delay_ms,
            failures: 0,
            until_ms: i64::MIN,
            is_trying: false,
            era: 0,
        }
    }

    /// To be remembered with each mail that is begun.
    pub(super) fn era(&self) -> u64 {
        self.era
    }

    pub(super) fn may(&self, now_ms: i64) -> May {
        if self.failures == 0 {
            May::Freely
        } else if self.is_trying {
            May::Not(None)
        } else if now_ms < self.until_ms {
            May::Not(Some(self.until_ms))
        } else {
            May::One
        }
    }

    /// A mail was begun.
    pub(super) fn begun(&mut self) {
        self.is_trying = self.failures > 0;
    }

    /// A mail of this era was lost with its connection. `true`: this is news.
    pub(super) fn lost(&mut self, era: u64, now_ms: i64) -> bool {
        if era != self.era {
            return false;
        }
        self.failures = self.failures.saturating_add(1);
        self.until_ms = now_ms.saturating_add(self.wait_ms());
        self.is_trying = false;
        self.era += 1;
        true
    }

    /// The server answered. `true`: it had been out of reach.
    pub(super) fn answered(&mut self) -> bool {
        let was_open = self.is_open();
        self.failures = 0;
        self.is_trying = false;
        was_open
    }

    /// A mail of this era came back without having been tried.
    pub(super) fn untried(&mut self, era: u64) {
        if era == self.era {
            self.is_trying = false;
        }
    }

    /// The quick tries did not help.
    pub(super) fn is_open(&self) -> bool {
        self.failures > self.retries
    }

    /// When the next try is, while it is open.
    pub(super) fn open_until_ms(&self) -> Option<i64> {
        self.is_open().then_some(self.until_ms)
    }

    fn wait_ms(&self) -> i64 {
        let doubled = |first_ms: i64, times: u32| {
            first_ms.saturating_mul(1_i64.checked_shl(times.min(40)).unwrap_or(i64::MAX))
        };
        match self.failures.checked_sub(self.retries + 1) {
            None => doubled(self.delay_ms, self.failures - 1).min(LONGEST_REST_MS),
            Some(times) => doubled(FIRST_REST_MS, times).min(LONGEST_REST_MS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_tries_double_and_then_the_breaker_opens_for_longer_and_longer() {
        let mut breaker = Breaker::new(3, 1_000);
        let (mut now_ms, mut waits) = (0, Vec::new());
        for _ in 0..10 {
            breaker.begun();
            assert!(breaker.lost(breaker.era(), now_ms));
            let May::Not(Some(until_ms)) = breaker.may(now_ms) else {
                panic!("it waits");
            };
            waits.push((until_ms - now_ms) / 1_000);
            now_ms = until_ms;
            assert_eq!(breaker.may(now_ms), May::One);
        }
        assert_eq!(waits, [1, 2, 4, 60, 120, 240, 480, 900, 900, 900]);
    }

    #[test]
    fn what_fails_together_is_one_failure_and_one_mail_tries() {
        let mut breaker = Breaker::new(3, 1_000);
        let era = breaker.era();
        assert!(breaker.lost(era, 0));
        for _ in 0..20 {
            assert!(!breaker.lost(era, 0));
        }
        assert_eq!(breaker.may(999), May::Not(Some(1_000)));
        breaker.begun();
        assert_eq!(breaker.may(1_000), May::Not(None), "one is on its way");
        breaker.untried(breaker.era());
        assert_eq!(breaker.may(1_000), May::One);
    }

    #[test]
    fn any_answer_closes_it() {
        let mut breaker = Breaker::new(0, 1_000);
        breaker.lost(breaker.era(), 0);
        assert_eq!(breaker.open_until_ms(), Some(60_000));
        assert!(breaker.answered());
        assert_eq!(breaker.may(0), May::Freely);
        assert!(!breaker.answered());
    }
}
