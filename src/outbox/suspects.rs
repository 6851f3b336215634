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

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::{Outbox, Row, retry};

/// Deaths that a message must be suspected of before it is given up.
pub const MOST_CRASHES: i64 = 3;
/// The second death in a row is followed by the first wait.
const FIRST_WAIT_MS: i64 = 10_000;
const LONGEST_WAIT_MS: i64 = 3_600_000;

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

/// A message that was under way when a process died.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnderWay {
    /// Whose lease it is.
    pub(super) boot: i64,
    pub(super) message_key: i64,
    /// Whether it had been under way at an earlier death.
    pub(super) is_suspect: bool,
}

/// The messages that were alone under way in their process. `under_way` has each message at least once.
pub(super) fn alone(under_way: &[UnderWay]) -> Vec<i64> {
    let mut by_boot: HashMap<i64, HashMap<i64, bool>> = HashMap::new();
    for one in under_way {
        let messages = by_boot.entry(one.boot).or_default();
        *messages.entry(one.message_key).or_default() |= one.is_suspect;
    }
    let mut alone = Vec::new();
    for messages in by_boot.values() {
        let all: Vec<i64> = messages.keys().copied().collect();
        let suspects: Vec<i64> = messages
            .iter()
            .filter(|(_, is_suspect)| **is_suspect)
            .map(|(key, _)| *key)
            .collect();
        match (all.as_slice(), suspects.as_slice()) {
            ([one], _) | (_, [one]) => alone.push(*one),
            _ => {}
        }
    }
    alone.sort_unstable();
    alone
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under_way(boot: i64, message_key: i64, is_suspect: bool) -> UnderWay {
        UnderWay {
            boot,
            message_key,
            is_suspect,
        }
    }

    #[test]
    fn only_what_was_alone_is_suspected() {
        assert_eq!(alone(&[]), Vec::<i64>::new());
        assert_eq!(alone(&[under_way(1, 7, false)]), [7]);
        // Two rows of one message.
        assert_eq!(
            alone(&[under_way(1, 7, false), under_way(1, 7, false)]),
            [7]
        );
        let two = [under_way(1, 7, false), under_way(1, 8, false)];
        assert_eq!(alone(&two), Vec::<i64>::new());
        let one_again = [under_way(1, 7, true), under_way(1, 8, false)];
        assert_eq!(alone(&one_again), [7]);
        let both_again = [under_way(1, 7, true), under_way(1, 8, true)];
        assert_eq!(alone(&both_again), Vec::<i64>::new());
        let of_two_processes = [under_way(1, 7, false), under_way(2, 8, false)];
        assert_eq!(alone(&of_two_processes), [7, 8]);
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
