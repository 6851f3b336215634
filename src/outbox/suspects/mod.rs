//! Messages that may have ended the process that sent them.
//!
//! A process that dies with messages under way was mostly killed from outside: by its host, by an
//! operator, by the system for want of memory, and more often than not while Discord hangs and everything
//! is under way for long. So a death says little:
//!
//! - Whatever was under way goes one by one from then on (`Row::is_suspect`), and is sent at once.
//! - A message is suspected of a death only when it was alone under way: nothing else can have been at
//!   fault. Of several, the one that was under way at an earlier death too is alone if the others were not.
//! - A suspected one waits before it is tried again, longer each time ([`wait_ms`]), so that a message that
//!   does end the process leaves time for all others.
//! - It is given up only after a day and [`MOST_CRASHES`] such deaths ([`is_hopeless`]). If it is found in
//!   its channel it had arrived; else it is refused like one that its channel does not take.

mod store;

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::{LEASE_MS, Outbox, Row, retry};

pub(super) use store::{expire_leases, give_back_overdue};

/// Deaths that a message must be suspected of before it is given up.
pub const MOST_CRASHES: i64 = 3;
/// The second death in a row is followed by the first wait.
const FIRST_WAIT_MS: i64 = 10_000;
pub(super) const LONGEST_WAIT_MS: i64 = 3_600_000;
/// For so long a dead process is remembered: twice as long as its leases can last.
const JUDGED_MS: i64 = 2 * LEASE_MS;

/// How long a message waits that is suspected of so many deaths: 0, 10 s, and then twice as long each time,
/// up to an hour. The first is most probably a kill from outside, and its message is late already.
pub(super) fn wait_ms(crashes: i64) -> i64 {
    let Ok(doublings @ 0..) = u32::try_from(crashes - 2) else {
        return 0;
    };
    let wait_ms = FIRST_WAIT_MS.saturating_mul(1_i64.checked_shl(doublings.min(20)).unwrap_or(1));
    wait_ms.min(LONGEST_WAIT_MS)
}

/// Whether a message that was first tried `since_ms` ago has ended too many processes to be sent again.
pub(super) fn is_hopeless(crashes: i64, since_ms: i64) -> bool {
    crashes >= MOST_CRASHES && since_ms >= retry::GIVE_UP_AFTER_MS
}

impl Row {
    /// Whether a process ended while this was under way.
    pub(super) fn is_suspect(&self) -> bool {
        self.deaths > 0
    }
}

/// The turn of a suspect: as long as it lives, no other of this process is sent.
pub(super) struct Turn {
    outbox: Outbox,
    is_used: bool,
    _permit: OwnedSemaphorePermit,
}

impl Turn {
    /// It is a message's now.
    pub(super) fn used(mut self) -> Self {
        self.is_used = true;
        self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // The lane of direct messages does not wait for its turn: it looks whether it can have it.
        if self.is_used {
            self.outbox.wake_dms();
        }
    }
}

impl Outbox {
    /// Returns when it is the turn of the next suspect; `None`: sending has stopped.
    pub(super) async fn turn_of_suspect(&self) -> Option<Turn> {
        let turn = Arc::clone(&self.inner.suspects).acquire_owned();
        tokio::select! {
            biased;
            () = self.inner.stop.cancelled() => None,
            () = self.inner.halt.begun() => None,
            permit = turn => Some(self.turn(permit.ok()?).used()),
        }
    }

    /// The turn, if nobody has it; it must be [used](Turn::used).
    pub(super) fn free_turn(&self) -> Option<Turn> {
        let permit = Arc::clone(&self.inner.suspects).try_acquire_owned();
        Some(self.turn(permit.ok()?))
    }

    fn turn(&self, permit: OwnedSemaphorePermit) -> Turn {
        Turn {
            outbox: self.clone(),
            is_used: false,
            _permit: permit,
        }
    }
}

/// What a process had under way when the lease of some of it ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnderWay {
    /// Whose it is.
    pub(super) boot: i64,
    /// It is this process's own, which lives: a message whose sending panicked.
    pub(super) is_own: bool,
    /// How many messages, and how many of these had been under way at an earlier death.
    pub(super) messages: i64,
    pub(super) suspects: i64,
    /// One of them, and one of those.
    pub(super) first: i64,
    pub(super) first_suspect: Option<i64>,
}

impl UnderWay {
    /// The message that was alone, as far as suspicion goes.
    fn alone(&self) -> Option<i64> {
        match (self.messages, self.suspects) {
            (1, _) => Some(self.first),
            (_, 1) => self.first_suspect,
            _ => None,
        }
    }
}

/// A message that is suspected of the death of the process that had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suspected {
    pub(super) boot: i64,
    pub(super) message_key: i64,
}

/// Dead processes, as far as this one has looked after what they left. A process is judged once, by all
/// that it had under way: its leases end one after the other, and of very many messages only some are
/// given back at a time, so that each could look as if it had been alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Dead {
    judged: Vec<Judged>,
    /// The monotonic clock.
    now_ms: i64,
}

#[derive(Clone, Copy, Debug)]
struct Judged {
    boot: i64,
    /// By the monotonic clock.
    at_ms: i64,
    /// The message that was alone, until that is told in the table.
    alone: Option<i64>,
    is_own: bool,
}

impl Dead {
    /// Forgets those of which all leases are over, and takes the rest as known at this monotonic time.
    pub(super) fn at(mut self, monotonic_ms: i64) -> Self {
        self.judged
            .retain(|one| !one.is_own && monotonic_ms - one.at_ms < JUDGED_MS);
        self.now_ms = monotonic_ms;
        self
    }

    /// Those of `boots` that have not been judged.
    pub(super) fn unknown(&self, boots: Vec<i64>) -> Vec<i64> {
        let is_known = |boot: &i64| self.judged.iter().any(|one| one.boot == *boot);
        boots.into_iter().filter(|boot| !is_known(boot)).collect()
    }

    pub(super) fn learn(&mut self, under_way: UnderWay) {
        self.judged.push(Judged {
            boot: under_way.boot,
            at_ms: self.now_ms,
            alone: under_way.alone(),
            is_own: under_way.is_own,
        });
    }

    /// The messages that were alone, and of which that is not told yet.
    pub(super) fn suspected(&self) -> Vec<Suspected> {
        let suspected = |one: &Judged| {
            one.alone.map(|message_key| Suspected {
                boot: one.boot,
                message_key,
            })
        };
        self.judged.iter().filter_map(suspected).collect()
    }

    /// It is told of these messages.
    pub(super) fn told(&mut self, keys: &[i64]) {
        for one in &mut self.judged {
            one.alone = one.alone.filter(|key| !keys.contains(key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under_way(boot: i64, messages: i64, suspects: i64) -> UnderWay {
        UnderWay {
            boot,
            is_own: boot == OWN,
            messages,
            suspects,
            first: 7,
            first_suspect: (suspects > 0).then_some(8),
        }
    }

    const OWN: i64 = 99;

    #[test]
    fn only_what_was_alone_is_suspected() {
        let alone = |messages, suspects| under_way(1, messages, suspects).alone();
        assert_eq!(alone(1, 0), Some(7));
        assert_eq!(alone(2, 0), None);
        // The only one that was under way at an earlier death, too.
        assert_eq!(alone(2, 1), Some(8));
        assert_eq!(alone(2, 2), None);
    }

    #[test]
    fn a_process_is_judged_once_until_its_leases_are_over_and_this_one_each_time() {
        let mut dead = Dead::default().at(1_000);
        assert_eq!(dead.unknown(vec![1, 2, OWN]), [1, 2, OWN]);
        for one in [under_way(1, 1, 0), under_way(2, 2, 0), under_way(OWN, 1, 0)] {
            dead.learn(one);
        }
        let keys = |dead: &Dead| {
            dead.suspected()
                .iter()
                .map(|one| one.boot)
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(&dead), [1, OWN]);
        dead.told(&[7]);
        assert!(keys(&dead).is_empty());
        let dead = dead.at(1_000 + JUDGED_MS - 1);
        assert_eq!(dead.unknown(vec![1, 2, 3, OWN]), [3, OWN]);
        let dead = dead.at(1_000 + JUDGED_MS);
        assert_eq!(dead.unknown(vec![1, 2]), [1, 2]);
    }

    #[test]
    fn waits_grow_up_to_an_hour() {
        let waits = [0, 1, 2, 3, 4, 11, 100].map(|crashes| wait_ms(crashes) / 1_000);
        assert_eq!(waits, [0, 0, 10, 20, 40, 3_600, 3_600]);
    }

    #[test]
    fn nothing_is_given_up_before_a_day_is_over() {
        assert!(!is_hopeless(100, retry::GIVE_UP_AFTER_MS - 1));
        assert!(!is_hopeless(MOST_CRASHES - 1, i64::MAX));
        assert!(is_hopeless(MOST_CRASHES, retry::GIVE_UP_AFTER_MS));
    }
}
