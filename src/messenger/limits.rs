//! Discord's rate limits, kept before they are hit.
//!
//! serenity's limiter is not used: it ignores a base URL of one's own, and it holds a bucket's lock
//! while it sleeps out a 429, so that posts leave out of order. A general limiter would not do
//! either: the lane must know *before* it makes a message that it may be sent, to merge what
//! arrives during the wait.
//!
//! - Global: a slot is used again one second after its *answer* came. The request reached Discord
//!   before that, so no window of one second at Discord's end ever sees more than the limit,
//!   however the network delays them.
//! - Per channel: what the last answer's headers said. Each channel has one sender at a time.
//! - A channel that takes nothing (gone, or the bot may not write there) is left alone for a minute
//!   after a few refusals in a row, and what it would be sent is refused here: a burst of posts to
//!   it must not use up what follows.
//! - 10,000 refused requests (401, 403, 429) in ten minutes ban the host's address; well before
//!   that everything waits for the ten minutes to end.
//! - While everything waits nothing is sent, not even by those who were ready before: the stop is
//!   looked at once more between the slot and the request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::Clock;
use crate::ids::ChannelId;

/// After its answer a global slot rests this long: the second of Discord's rule and a hundredth
/// for clocks that tick differently.
const SLOT_REST_MS: i64 = 1_010;
/// Refused requests in [`REFUSAL_WINDOW_MS`] after which everything waits; Discord bans at 10,000.
pub(super) const MOST_REFUSALS: u32 = 5_000;
const REFUSAL_WINDOW_MS: i64 = 600_000;
/// The longest that a sender waits with its slot for the end of such a stop. A global 429 ends
/// sooner. What lasts longer is for the outbox to wait out: its sender cannot be called back from
/// here, and this and a request's ten seconds fit into what a shutdown waits for it.
const LONGEST_STOP_MS: i64 = 5_000;
/// Refusals in a row after which a channel counts as closed, and for how long.
const MOST_IN_A_ROW: u32 = 3;
const CLOSED_MS: i64 = 60_000;
/// Channels remembered; when there are more, those that are not waiting are forgotten.
const MOST_ROUTES: usize = 10_000;

/// What a request does, as far as limits go: each has a bucket of its own in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Action {
    Post,
    Edit,
    Read,
    /// A channel of direct messages.
    Open,
    /// A member of a server, whose id stands for the channel's: they share a bucket.
    Member,
}

/// What the headers of an answer say of its bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Headers {
    pub(super) remaining: u32,
    pub(super) reset_after_ms: i64,
}

/// Keeps this process within Discord's limits.
pub(super) struct Limiter {
    clock: Clock,
    /// `None`: no global limit of ours, a proxy keeps it.
    slots: Option<Arc<Semaphore>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When each exhausted bucket fills again, in monotonic milliseconds.
    blocked: HashMap<(Action, ChannelId), i64>,
    everything_blocked_until: i64,
    /// As far as that is no ordinary limit, but a ban or what keeps from one.
    stopped_until: i64,
    refusals: u32,
    refusals_since: i64,
    /// Channels that took nothing the last time.
    refusing: HashMap<ChannelId, Refusing>,
}

struct Refusing {
    in_a_row: u32,
    closed_until: i64,
    why: String,
}

impl State {
    /// When the channel's bucket has room again.
    fn blocked_until(&mut self, action: Action, channel: ChannelId, now: i64) -> i64 {
        let blocked = self.blocked.get(&(action, channel)).copied();
        if blocked.is_some_and(|until| until <= now) {
            self.blocked.remove(&(action, channel));
        }
        blocked.unwrap_or(0)
    }
}

/// Everything waits, for longer than a sender does.
#[derive(Debug)]
pub(super) struct Stopped {
    pub(super) left_ms: i64,
}

/// What is not sent at present, as Discord refused it too often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breakers {
    /// Channels that took nothing and are left alone.
    pub closed_channels: usize,
    /// Everything waits, for so much longer.
    pub stopped_ms: Option<i64>,
}

/// The right to send one request.
pub(super) struct Slot {
    held: Option<OwnedSemaphorePermit>,
    clock: Clock,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some(permit) = self.held.take() else {
            return;
        };
        let clock = self.clock.clone();
        tokio::spawn(async move {
            clock.sleep_ms(SLOT_REST_MS).await;
            drop(permit);
        });
    }
}

impl Limiter {
    /// `global_rate`: requests per second, 0 for no limit.
    pub(super) fn new(clock: Clock, global_rate: u32) -> Self {
        let slots = (global_rate > 0).then(|| Arc::new(Semaphore::new(global_rate as usize)));
        Self {
            clock,
            slots,
            state: Mutex::default(),
        }
    }

    /// Returns when the channel's bucket has room again and nothing else stands in the way. For
    /// callers that can be called back meanwhile: it may take as long as the longest stop.
    pub(super) async fn ready(&self, action: Action, channel: ChannelId) {
        self.wait(|state, now| {
            let bucket = state.blocked_until(action, channel, now);
            bucket.max(state.everything_blocked_until)
        })
        .await;
    }

    /// Returns when the channel's bucket has room again; for the rest [`Self::slot`] waits.
    pub(super) async fn bucket_ready(&self, action: Action, channel: ChannelId) {
        self.wait(|state, now| state.blocked_until(action, channel, now))
            .await;
    }

    /// Waits until the time that `until` says, which may have moved on when it has come.
    async fn wait(&self, until: impl Fn(&mut State, i64) -> i64) {
        loop {
            let now = self.clock.monotonic_ms();
            let until = until(&mut self.lock(), now);
            if until <= now {
                return;
            }
            self.clock.sleep_until_monotonic(until).await;
        }
    }

    /// Takes a global slot, and returns when nothing stops everything; dropping it, when the answer
    /// is there, begins its rest. An error where that takes too long: then nothing may be sent.
    pub(super) async fn slot(&self) -> Result<Slot, Stopped> {
        let held = match &self.slots {
            // Never closed, so always granted.
            Some(slots) => Arc::clone(slots).acquire_owned().await.ok(),
            None => None,
        };
        // Only now, as a global 429 may have come to somebody else while this one waited. Keeping
        // the slot meanwhile cannot deadlock: the stop ends by the clock alone, what prolongs it
        // are answers to requests that have their slots already, and whoever waits for this slot
        // could not send either.
        loop {
            let now = self.clock.monotonic_ms();
            let until = self.lock().everything_blocked_until;
            if until <= now {
                break;
            }
            if until - now > LONGEST_STOP_MS {
                // The slot needs no rest, as it was not used.
                return Err(Stopped {
                    left_ms: until - now,
                });
            }
            self.clock.sleep_until_monotonic(until).await;
        }
        Ok(Slot {
            held,
            clock: self.clock.clone(),
        })
    }

    /// Why nothing is sent to this channel at present.
    pub(super) fn closed(&self, channel: ChannelId) -> Option<String> {
        let now = self.clock.monotonic_ms();
        let state = self.lock();
        let refusing = state.refusing.get(&channel)?;
        (refusing.closed_until > now).then(|| refusing.why.clone())
    }

    /// Whether the channel took no post the last time it was tried.
    pub(super) fn is_refused_by(&self, channel: ChannelId) -> bool {
        self.lock().refusing.contains_key(&channel)
    }

    /// The channel does not take posts of this bot.
    pub(super) fn refused_by(&self, channel: ChannelId, why: &str) {
        let now = self.clock.monotonic_ms();
        let mut state = self.lock();
        if state.refusing.len() >= MOST_ROUTES {
            state.refusing.retain(|_, one| one.closed_until > now);
        }
        let refusing = state.refusing.entry(channel).or_insert(Refusing {
            in_a_row: 0,
            closed_until: 0,
            why: String::new(),
        });
        refusing.in_a_row += 1;
        why.clone_into(&mut refusing.why);
        if refusing.in_a_row >= MOST_IN_A_ROW {
            refusing.closed_until = now + CLOSED_MS;
        }
    }

    /// The channel has taken a post, or somebody says that it would now.
    pub(super) fn open(&self, channel: ChannelId) {
        self.lock().refusing.remove(&channel);
    }

    /// What is not sent at present.
    pub(super) fn breakers(&self) -> Breakers {
        let now = self.clock.monotonic_ms();
        let state = self.lock();
        let closed = state.refusing.values().filter(|one| one.closed_until > now);
        let left_ms = state.stopped_until - now;
        Breakers {
            closed_channels: closed.count(),
            stopped_ms: (left_ms > 0).then_some(left_ms),
        }
    }

    /// Learns from an answer's headers.
    pub(super) fn learn(&self, action: Action, channel: ChannelId, headers: Headers) {
        if headers.remaining == 0 {
            self.block(action, channel, headers.reset_after_ms);
        }
    }

    /// Nothing more of this kind to this channel for a while.
    pub(super) fn block(&self, action: Action, channel: ChannelId, for_ms: i64) {
        let now = self.clock.monotonic_ms();
        let mut state = self.lock();
        if state.blocked.len() >= MOST_ROUTES {
            state.blocked.retain(|_, until| *until > now);
        }
        // One more, as the monotonic clock rounds down.
        let until = now + for_ms.max(0) + 1;
        let blocked = state.blocked.entry((action, channel)).or_insert(0);
        *blocked = until.max(*blocked);
    }

    /// Nothing more at all for a while.
    pub(super) fn block_everything(&self, for_ms: i64) {
        let until = self.clock.monotonic_ms() + for_ms.max(0) + 1;
        let mut state = self.lock();
        state.everything_blocked_until = state.everything_blocked_until.max(until);
        if for_ms > LONGEST_STOP_MS {
            state.stopped_until = state.stopped_until.max(until);
        }
    }

    /// Counts a request that Discord refused with 401, 403 or 429.
    pub(super) fn count_refusal(&self) {
        let now = self.clock.monotonic_ms();
        let mut state = self.lock();
        if now - state.refusals_since > REFUSAL_WINDOW_MS {
            state.refusals_since = now;
            state.refusals = 0;
        }
        state.refusals += 1;
        if state.refusals == MOST_REFUSALS {
            let until = state.refusals_since + REFUSAL_WINDOW_MS;
            state.everything_blocked_until = state.everything_blocked_until.max(until);
            state.stopped_until = state.stopped_until.max(until);
            tracing::error!(
                refusals = MOST_REFUSALS,
                "Discord refused so many requests that sending is paused for the rest of ten minutes"
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_exhausted_bucket_waits_for_its_reset_and_others_do_not() {
        let (clock, hand) = Clock::manual(0);
        let limiter = Arc::new(Limiter::new(clock, 0));
        let headers = Headers {
            remaining: 0,
            reset_after_ms: 5_000,
        };
        limiter.learn(Action::Post, ChannelId(1), headers);
        limiter.ready(Action::Post, ChannelId(2)).await;
        limiter.ready(Action::Edit, ChannelId(1)).await;
        let waiting = {
            let limiter = Arc::clone(&limiter);
            tokio::spawn(async move { limiter.ready(Action::Post, ChannelId(1)).await })
        };
        while hand.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        hand.advance_ms(5_000);
        assert_eq!(hand.sleepers(), 1);
        hand.advance_ms(1);
        waiting.await.unwrap();
    }

    #[test]
    fn a_channel_that_refuses_again_and_again_is_left_alone_for_a_minute() {
        let (clock, hand) = Clock::manual(0);
        let limiter = Limiter::new(clock, 0);
        let channel = ChannelId(1);
        for _ in 0..MOST_IN_A_ROW {
            assert_eq!(limiter.closed(channel), None);
            limiter.refused_by(channel, "no access");
        }
        assert_eq!(limiter.closed(channel).as_deref(), Some("no access"));
        assert_eq!(limiter.closed(ChannelId(2)), None);
        hand.advance_ms(CLOSED_MS);
        assert_eq!(limiter.closed(channel), None, "it is tried again");
        limiter.refused_by(channel, "no access");
        assert!(limiter.closed(channel).is_some(), "once is enough then");
        assert_eq!(limiter.breakers().closed_channels, 1);
        limiter.open(channel);
        assert_eq!(limiter.closed(channel), None);
        assert_eq!(limiter.breakers(), Breakers::default());
    }

    #[test]
    fn a_stop_of_everything_is_told_and_an_ordinary_limit_is_not() {
        let (clock, hand) = Clock::manual(0);
        let limiter = Limiter::new(clock, 0);
        limiter.block_everything(LONGEST_STOP_MS);
        assert_eq!(limiter.breakers().stopped_ms, None);
        limiter.block_everything(60_000);
        assert_eq!(limiter.breakers().stopped_ms, Some(60_001));
        hand.advance_ms(60_001);
        assert_eq!(limiter.breakers().stopped_ms, None);
        (0..MOST_REFUSALS).for_each(|_| limiter.count_refusal());
        let left_ms = REFUSAL_WINDOW_MS - 60_001;
        assert_eq!(limiter.breakers().stopped_ms, Some(left_ms));
    }

    #[tokio::test]
    async fn a_global_slot_rests_a_second_after_its_answer() {
        let (clock, hand) = Clock::manual(0);
        let limiter = Limiter::new(clock, 1);
        drop(limiter.slot().await.unwrap());
        while hand.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        let slots = limiter.slots.as_ref().unwrap();
        assert_eq!(slots.available_permits(), 0);
        hand.advance_ms(SLOT_REST_MS);
        drop(limiter.slot().await.unwrap());
    }

    #[tokio::test]
    async fn too_many_refusals_stop_everything_until_the_window_ends() {
        let (clock, hand) = Clock::manual(0);
        let limiter = Arc::new(Limiter::new(clock, 0));
        (0..MOST_REFUSALS).for_each(|_| limiter.count_refusal());
        let waiting = {
            let limiter = Arc::clone(&limiter);
            tokio::spawn(async move { limiter.ready(Action::Post, ChannelId(1)).await })
        };
        while hand.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        hand.advance_ms(REFUSAL_WINDOW_MS);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn whoever_waits_for_a_slot_also_waits_for_what_stops_everything_meanwhile() {
        let (clock, hand) = Clock::manual(0);
        let limiter = Arc::new(Limiter::new(clock, 1));
        let first = limiter.slot().await.unwrap();
        let second = {
            let limiter = Arc::clone(&limiter);
            tokio::spawn(async move { limiter.slot().await.map(|_| limiter.clock.monotonic_ms()) })
        };
        limiter.block_everything(3_000);
        drop(first);
        let sleeps = async || {
            while hand.sleepers() == 0 {
                tokio::task::yield_now().await;
            }
        };
        sleeps().await;
        hand.advance_ms(SLOT_REST_MS);
        sleeps().await;
        // By the answer to a request that was on its way already.
        limiter.block_everything(4_000);
        hand.advance_ms(2_000);
        sleeps().await;
        hand.advance_ms(2_001);
        let sent_ms = second.await.unwrap().unwrap();
        assert_eq!(sent_ms, SLOT_REST_MS + 4_001);
    }

    #[tokio::test]
    async fn a_long_stop_is_not_waited_for_with_a_slot_and_costs_none() {
        let (clock, hand) = Clock::manual(0);
        let limiter = Limiter::new(clock, 1);
        limiter.block_everything(LONGEST_STOP_MS + 1);
        let stopped = limiter.slot().await.err().unwrap();
        assert_eq!(stopped.left_ms, LONGEST_STOP_MS + 2);
        assert_eq!(hand.sleepers(), 0, "no slot rests");
        hand.advance_ms(stopped.left_ms);
        assert!(limiter.slot().await.is_ok());
    }

    #[tokio::test]
    async fn many_refusals_do_not_shorten_a_stop() {
        let (clock, hand) = Clock::manual(0);
        let limiter = Limiter::new(clock, 0);
        limiter.block_everything(2 * REFUSAL_WINDOW_MS);
        (0..MOST_REFUSALS).for_each(|_| limiter.count_refusal());
        hand.advance_ms(REFUSAL_WINDOW_MS);
        assert!(limiter.slot().await.is_err());
    }
}
