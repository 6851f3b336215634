//! The only place that reads the time.
//!
//! Two clocks, because they answer two questions. *Wall time* (UTC epoch milliseconds) says which
//! deadline has passed; it can be corrected, and jump. *Monotonic time* (milliseconds since the
//! program began) measures how long something took; it never jumps, but stands still while the
//! machine sleeps.
//!
//! [`Clock::sleep_until`] joins the two: it sleeps on the monotonic clock in slices of at most
//! [`LONGEST_SLICE_MS`] and reads the wall clock again after each, so that a corrected clock or a
//! suspended machine delays a deadline by one slice at most.
//!
//! Tests turn [`Clock::manual`] by hand. (tokio's paused time is no alternative: it makes the
//! timeouts inside sqlx's pool fire at once.)

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::oneshot;

/// The longest sleep before the wall clock is read again.
pub const LONGEST_SLICE_MS: i64 = 30_000;

static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Where the program gets its time from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clocks.
    System,
    /// Stands still until a test turns it.
    Manual(ManualClock),
}

impl Clock {
    /// A clock for tests that shows `now_ms` until it is turned.
    pub fn manual(now_ms: i64) -> (Self, ManualClock) {
        let clock = ManualClock::new(now_ms);
        (Self::Manual(clock.clone()), clock)
    }

    /// Wall time: UTC epoch milliseconds.
    pub fn now_ms(&self) -> i64 {
        match self {
            Self::System => {
                let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
                i64::try_from(since_epoch.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
            }
            Self::Manual(clock) => clock.lock().wall_ms,
        }
    }

    /// Monotonic time: milliseconds since the program began.
    pub fn monotonic_ms(&self) -> i64 {
        match self {
            Self::System => i64::try_from(STARTED.elapsed().as_millis()).unwrap_or(i64::MAX),
            Self::Manual(clock) => clock.lock().monotonic_ms,
        }
    }

    /// Returns once the wall clock shows `deadline_ms` or later.
    pub async fn sleep_until(&self, deadline_ms: i64) {
        while let Some(nap) = self.nap_toward(deadline_ms, 0) {
            nap.await;
        }
    }

    /// The next slice of a sleep until `deadline_ms`; `None` once the wall clock shows it.
    ///
    /// `spread` shortens the slices of this sleeper by up to a half, so that a million sleepers
    /// which were started together do not all look at the clock in the same millisecond.
    pub(crate) fn nap_toward(&self, deadline_ms: i64, spread: u64) -> Option<Nap> {
        let slice_ms = LONGEST_SLICE_MS - i64::try_from(spread % 15_000).unwrap_or(0);
        match self {
            Self::System => {
                // Exactly what is left: whole milliseconds would wake up to one too late.
                let deadline = UNIX_EPOCH + milliseconds(deadline_ms);
                let left = deadline.duration_since(SystemTime::now()).ok()?;
                let slice = left.min(milliseconds(slice_ms));
                (!left.is_zero()).then(|| Nap::Timer {
                    timer: tokio::time::sleep(slice),
                })
            }
            Self::Manual(clock) => clock
                .sleep_toward(deadline_ms, slice_ms)
                .map(|turned| Nap::Manual { turned }),
        }
    }

    /// Returns once the monotonic clock shows `monotonic_ms` or later.
    pub async fn sleep_until_monotonic(&self, monotonic_ms: i64) {
        match self {
            Self::System => {
                let left_ms = monotonic_ms - self.monotonic_ms();
                if left_ms > 0 {
                    tokio::time::sleep(milliseconds(left_ms)).await;
                }
            }
            Self::Manual(clock) => {
                if let Some(rest) = clock.sleep_to_monotonic(monotonic_ms) {
                    let _ = rest.await;
                }
            }
        }
    }

    /// Sleeps for `ms` milliseconds of monotonic time.
    pub async fn sleep_ms(&self, ms: i64) {
        match self {
            Self::System => tokio::time::sleep(milliseconds(ms)).await,
            Self::Manual(clock) => clock.sleep(ms).await,
        }
    }
}

pin_project_lite::pin_project! {
    /// A part of a sleep; see [`Clock::nap_toward`].
    #[project = NapProjection]
    pub(crate) enum Nap {
        Timer { #[pin] timer: tokio::time::Sleep },
        Manual { turned: oneshot::Receiver<()> },
    }
}

impl Future for Nap {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.project() {
            NapProjection::Timer { timer } => timer.poll(context),
            NapProjection::Manual { turned } => Pin::new(turned).poll(context).map(|_| ()),
        }
    }
}

fn milliseconds(ms: i64) -> Duration {
    Duration::from_millis(ms.max(0).unsigned_abs())
}

/// A clock turned by hand; clones show the same time.
#[derive(Clone, Debug)]
pub struct ManualClock {
    state: Arc<Mutex<ManualState>>,
}

#[derive(Debug)]
struct ManualState {
    wall_ms: i64,
    monotonic_ms: i64,
    /// Sleepers by the monotonic time they wait for; the counter keeps equal times apart.
    sleepers: BTreeMap<(i64, u64), oneshot::Sender<()>>,
    next_sleeper: u64,
}

impl ManualState {
    fn wake_after(&mut self, ms: i64) -> oneshot::Receiver<()> {
        let (sender, woken) = oneshot::channel();
        let key = (self.monotonic_ms + ms, self.next_sleeper);
        self.next_sleeper += 1;
        self.sleepers.insert(key, sender);
        woken
    }
}

impl ManualClock {
    fn new(now_ms: i64) -> Self {
        let state = ManualState {
            wall_ms: now_ms,
            monotonic_ms: 0,
            sleepers: BTreeMap::new(),
            next_sleeper: 0,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Time passes: both clocks go on by `ms`, and whoever waited for less wakes up.
    pub fn advance_ms(&self, ms: i64) {
        let mut state = self.lock();
        state.wall_ms += ms;
        state.monotonic_ms += ms;
        let later = (state.monotonic_ms + 1, 0);
        let still_asleep = state.sleepers.split_off(&later);
        for sleeper in std::mem::replace(&mut state.sleepers, still_asleep).into_values() {
            // The sleeper may have been dropped meanwhile, which is no news to anybody.
            let _ = sleeper.send(());
        }
    }

    /// The wall clock is corrected by `ms` (either way), or the machine was suspended for `ms`:
    /// nobody wakes up, as no monotonic time has passed.
    pub fn step_ms(&self, ms: i64) {
        self.lock().wall_ms += ms;
    }

    /// How many sleepers wait on this clock.
    pub fn sleepers(&self) -> usize {
        let mut state = self.lock();
        state.sleepers.retain(|_, sleeper| !sleeper.is_closed());
        state.sleepers.len()
    }

    // In each of these the clock is read and the sleeper put down under one lock: a turn of the
    // hand in between would be missed for ever.

    async fn sleep(&self, ms: i64) {
        if ms <= 0 {
            return tokio::task::yield_now().await;
        }
        let woken = self.lock().wake_after(ms);
        let _ = woken.await;
    }

    fn sleep_toward(&self, wall_ms: i64, slice_ms: i64) -> Option<oneshot::Receiver<()>> {
        let mut state = self.lock();
        let left_ms = wall_ms.saturating_sub(state.wall_ms);
        (left_ms > 0).then(|| state.wake_after(left_ms.min(slice_ms)))
    }

    fn sleep_to_monotonic(&self, monotonic_ms: i64) -> Option<oneshot::Receiver<()>> {
        let mut state = self.lock();
        let left_ms = monotonic_ms - state.monotonic_ms;
        (left_ms > 0).then(|| state.wake_after(left_ms))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ManualState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_its_time_has_come_and_not_before() {
        let (clock, hand) = Clock::manual(1_000);
        let sleeper = tokio::spawn(async move { clock.sleep_until(6_000).await });
        while hand.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        hand.advance_ms(4_999);
        assert_eq!(hand.sleepers(), 1);
        hand.advance_ms(1);
        sleeper.await.unwrap();
    }

    #[tokio::test]
    async fn a_clock_step_is_seen_within_one_slice() {
        let (clock, hand) = Clock::manual(0);
        let sleeper = tokio::spawn(async move { clock.sleep_until(3_600_000).await });
        while hand.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        hand.step_ms(3_600_000);
        assert!(!sleeper.is_finished());
        hand.advance_ms(LONGEST_SLICE_MS);
        sleeper.await.unwrap();
    }
}
