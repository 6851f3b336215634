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
//! Which of them a wait goes by depends on whose instant it waits for. An instant that people were
//! promised (a deadline, the end of the quiet hours) is one of the wall clock:
//! [`Clock::sleep_until`]. A wait of our own making (the next try, the next look, a pause) must not
//! grow when the wall clock is set back: it is bounded by the monotonic clock
//! ([`Clock::sleep_at_most`]), and [`BackstepWatch`] notices that the wall clock was set back, so that
//! what was stored by the wall clock can be set anew.
//!
//! Tests turn [`Clock::manual`] by hand. (tokio's paused time is no alternative: it makes the
//! timeouts inside sqlx's pool fire at once.) The sandbox's time goes on by itself, and can be
//! turned forward besides: [`Clock::shifted`].

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;
use tokio::sync::{oneshot, watch};

/// The longest sleep before the wall clock is read again.
pub const LONGEST_SLICE_MS: i64 = 30_000;

/// How far the wall clocks of two processes may differ: twice what several processes on one database
/// are promised to bear. A stored instant that is further ahead than its longest wait and this was
/// set by a clock that has been set back since.
pub const CLOCKS_DIFFER_MS: i64 = 60_000;

/// The smallest correction that counts as one: more than a slewed clock shifts between two looks, and
/// less than any wait that somebody would miss.
const LEAST_BACKSTEP_MS: i64 = 1_000;

static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Where the program gets its time from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clocks.
    System,
    /// Stands still until a test turns it.
    Manual(ManualClock),
    /// The machine's clocks, turned forward by hand.
    Shifted(ShiftedClock),
}

impl Clock {
    /// A clock for tests that shows `now_ms` until it is turned.
    pub fn manual(now_ms: i64) -> (Self, ManualClock) {
        let clock = ManualClock::new(now_ms);
        (Self::Manual(clock.clone()), clock)
    }

    /// A clock that shows the machine's time until it is turned forward, and goes on from there.
    pub fn shifted() -> (Self, ShiftedClock) {
        let clock = ShiftedClock::new();
        (Self::Shifted(clock.clone()), clock)
    }

    /// Wall time: UTC epoch milliseconds.
    pub fn now_ms(&self) -> i64 {
        match self {
            Self::System => machine_wall_ms(),
            Self::Manual(clock) => clock.lock().wall_ms + clock.ahead_ms,
            Self::Shifted(clock) => machine_wall_ms() + clock.by_ms(),
        }
    }

    /// Monotonic time: milliseconds since the program began.
    pub fn monotonic_ms(&self) -> i64 {
        match self {
            Self::System => machine_monotonic_ms(),
            Self::Manual(clock) => clock.lock().monotonic_ms,
            Self::Shifted(clock) => machine_monotonic_ms() + clock.by_ms(),
        }
    }

    /// How far it was turned forward by hand: time that the program went on through, however short
    /// it was.
    pub fn turned_ms(&self) -> i64 {
        match self {
            Self::System => 0,
            Self::Manual(clock) => clock.lock().turned_ms,
            Self::Shifted(clock) => clock.by_ms(),
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
            Self::System => machine_slice(deadline_ms, slice_ms).map(|slice| Nap::Timer {
                timer: tokio::time::sleep(slice),
            }),
            Self::Manual(clock) => clock
                .sleep_toward(deadline_ms, slice_ms)
                .map(|turned| Nap::Manual { turned }),
            Self::Shifted(clock) => clock
                .sleep_toward(deadline_ms, slice_ms)
                .map(|rest| Nap::Shifted { rest }),
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
            Self::Shifted(clock) => clock.sleep_to_monotonic(monotonic_ms).await,
        }
    }

    /// Returns once the wall clock shows `until_ms` or later, and after `most_ms` of monotonic time
    /// whatever it shows: for instants that we set ourselves.
    pub async fn sleep_at_most(&self, until_ms: i64, most_ms: i64) {
        if let Self::Manual(clock) = self {
            if let Some(woken) = clock.sleep_toward(until_ms, most_ms) {
                let _ = woken.await;
            }
            return;
        }
        let latest_ms = self.monotonic_ms().saturating_add(most_ms);
        self.sleep_until_either(until_ms, latest_ms).await;
    }

    /// Returns once the wall clock shows `until_ms` or later, or the monotonic one `monotonic_ms`: as
    /// [`Clock::sleep_at_most`], counted from an instant in the past.
    pub async fn sleep_until_either(&self, until_ms: i64, monotonic_ms: i64) {
        if let Self::Manual(clock) = self {
            if let Some(woken) = clock.sleep_to_either(until_ms, monotonic_ms) {
                let _ = woken.await;
            }
            return;
        }
        // Read in this order, a turn of the clock in between ends the sleep early rather than late.
        let now_monotonic_ms = self.monotonic_ms();
        let left_ms = until_ms.saturating_sub(self.now_ms());
        let at_ms = now_monotonic_ms.saturating_add(left_ms).min(monotonic_ms);
        self.sleep_until_monotonic(at_ms).await;
    }

    /// Sleeps for `ms` milliseconds of monotonic time.
    pub async fn sleep_ms(&self, ms: i64) {
        match self {
            Self::System => tokio::time::sleep(milliseconds(ms)).await,
            Self::Manual(clock) => clock.sleep(ms).await,
            Self::Shifted(clock) => {
                let until_ms = self.monotonic_ms().saturating_add(ms.max(0));
                clock.sleep_to_monotonic(until_ms).await;
            }
        }
    }
}

pin_project_lite::pin_project! {
    /// A part of a sleep; see [`Clock::nap_toward`].
    #[project = NapProjection]
    pub(crate) enum Nap {
        Timer { #[pin] timer: tokio::time::Sleep },
        Manual { turned: oneshot::Receiver<()> },
        // Boxed, so that the sandbox's naps do not make those of the machine's clock any larger.
        Shifted { rest: BoxFuture<'static, ()> },
    }
}

impl Future for Nap {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.project() {
            NapProjection::Timer { timer } => timer.poll(context),
            NapProjection::Manual { turned } => Pin::new(turned).poll(context).map(|_| ()),
            NapProjection::Shifted { rest } => rest.as_mut().poll(context),
        }
    }
}

/// Notices that the wall clock was set back, by its distance from the monotonic one.
#[derive(Debug)]
pub struct BackstepWatch {
    /// How far the wall clock was ahead of the monotonic one at the last look.
    ahead_ms: i64,
}

impl BackstepWatch {
    /// From now on.
    pub fn new(clock: &Clock) -> Self {
        Self {
            ahead_ms: ahead_ms(clock),
        }
    }

    /// Whether the wall clock was set back since the last look. Look at least once in
    /// [`LONGEST_SLICE_MS`].
    pub fn was_set_back(&mut self, clock: &Clock) -> bool {
        let before_ms = std::mem::replace(&mut self.ahead_ms, ahead_ms(clock));
        before_ms.saturating_sub(self.ahead_ms) >= LEAST_BACKSTEP_MS
    }
}

fn ahead_ms(clock: &Clock) -> i64 {
    clock.now_ms().saturating_sub(clock.monotonic_ms())
}

fn machine_wall_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since_epoch.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}

fn machine_monotonic_ms() -> i64 {
    i64::try_from(STARTED.elapsed().as_millis()).unwrap_or(i64::MAX)
}

/// How long to sleep until the machine's wall clock shows `deadline_ms`, a slice at most; `None`
/// once it does.
fn machine_slice(deadline_ms: i64, slice_ms: i64) -> Option<Duration> {
    // Exactly what is left: whole milliseconds would wake up to one too late.
    let deadline = UNIX_EPOCH + milliseconds(deadline_ms);
    let left = deadline.duration_since(SystemTime::now()).ok()?;
    (!left.is_zero()).then(|| left.min(milliseconds(slice_ms)))
}

fn milliseconds(ms: i64) -> Duration {
    Duration::from_millis(ms.max(0).unsigned_abs())
}

/// A clock turned by hand; clones show the same time.
#[derive(Clone, Debug)]
pub struct ManualClock {
    state: Arc<Mutex<ManualState>>,
    /// How far its wall clock is ahead of that of the others with this state.
    ahead_ms: i64,
}

#[derive(Debug)]
struct ManualState {
    wall_ms: i64,
    monotonic_ms: i64,
    /// What time has passed in all; corrections and suspensions are none.
    turned_ms: i64,
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
            turned_ms: 0,
            sleepers: BTreeMap::new(),
            next_sleeper: 0,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            ahead_ms: 0,
        }
    }

    /// The clock of another machine: the same time passes, but its wall clock is ahead by `ms`.
    pub fn ahead_by(&self, ms: i64) -> Self {
        Self {
            state: Arc::clone(&self.state),
            ahead_ms: self.ahead_ms + ms,
        }
    }

    /// Time passes: both clocks go on by `ms`, and whoever waited for less wakes up.
    pub fn advance_ms(&self, ms: i64) {
        let mut state = self.lock();
        state.wall_ms += ms;
        state.monotonic_ms += ms;
        state.turned_ms += ms;
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
        let left_ms = wall_ms.saturating_sub(state.wall_ms + self.ahead_ms);
        (left_ms > 0).then(|| state.wake_after(left_ms.min(slice_ms)))
    }

    fn sleep_to_either(&self, wall_ms: i64, monotonic_ms: i64) -> Option<oneshot::Receiver<()>> {
        let mut state = self.lock();
        let left_ms = wall_ms
            .saturating_sub(state.wall_ms + self.ahead_ms)
            .min(monotonic_ms.saturating_sub(state.monotonic_ms));
        (left_ms > 0).then(|| state.wake_after(left_ms))
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

/// The machine's clocks and what they were turned forward by; clones show the same time.
///
/// Whoever wants the next start to go on from there keeps how far that was ([`Clock::turned_ms`]).
#[derive(Clone, Debug)]
pub struct ShiftedClock {
    /// Each sleeper watches it, and counts again what is left when it changes.
    by_ms: Arc<watch::Sender<i64>>,
}

impl ShiftedClock {
    fn new() -> Self {
        Self {
            by_ms: Arc::new(watch::Sender::new(0)),
        }
    }

    /// Both clocks go on by `ms` at once, as if that time had passed: whoever waited for less wakes
    /// up. Time does not run backwards: less than nothing is nothing.
    pub fn shift_ms(&self, ms: i64) {
        self.by_ms
            .send_modify(|by_ms| *by_ms = by_ms.saturating_add(ms.max(0)));
    }

    fn by_ms(&self) -> i64 {
        *self.by_ms.borrow()
    }

    // In each of these the clock is watched before it is read: a turn in between is seen.

    fn sleep_toward(&self, wall_ms: i64, slice_ms: i64) -> Option<BoxFuture<'static, ()>> {
        let mut turns = self.by_ms.subscribe();
        let slice = machine_slice(wall_ms.saturating_sub(self.by_ms()), slice_ms)?;
        Some(Box::pin(async move {
            tokio::select! {
                () = tokio::time::sleep(slice) => {}
                _ = turns.changed() => {}
            }
        }))
    }

    async fn sleep_to_monotonic(&self, monotonic_ms: i64) {
        let mut turns = self.by_ms.subscribe();
        loop {
            let by_ms = *turns.borrow_and_update();
            let left_ms = monotonic_ms.saturating_sub(by_ms) - machine_monotonic_ms();
            if left_ms <= 0 {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(milliseconds(left_ms)) => return,
                _ = turns.changed() => {}
            }
        }
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

    #[tokio::test]
    async fn a_wait_of_our_own_is_no_longer_after_the_clock_was_set_back() {
        for step_ms in [-HOUR_MS, -24 * HOUR_MS, HOUR_MS] {
            let (clock, hand) = Clock::manual(0);
            let sleeper = tokio::spawn(async move { clock.sleep_at_most(60_000, 5_000).await });
            while hand.sleepers() == 0 {
                tokio::task::yield_now().await;
            }
            hand.step_ms(step_ms);
            hand.advance_ms(4_999);
            assert_eq!(hand.sleepers(), 1);
            hand.advance_ms(1);
            sleeper.await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_wait_that_is_counted_from_the_past_is_over_when_that_time_has_passed() {
        let (clock, hand) = Clock::manual(0);
        let latest_ms = clock.monotonic_ms() + 5_000;
        // What was begun before the clock was set back, and took as long as the wait.
        hand.step_ms(-HOUR_MS);
        hand.advance_ms(5_000);
        clock.sleep_until_either(5_000, latest_ms).await;
        assert_eq!(hand.sleepers(), 0);
        let began_ms = Clock::System.monotonic_ms();
        let never_ms = Clock::System.now_ms() + HOUR_MS;
        Clock::System.sleep_until_either(never_ms, began_ms).await;
        Clock::System
            .sleep_until_either(0, began_ms + HOUR_MS)
            .await;
        assert!(Clock::System.monotonic_ms() - began_ms < HOUR_MS);
    }

    #[tokio::test]
    async fn a_wait_of_our_own_ends_when_its_instant_has_come() {
        let (clock, hand) = Clock::manual(0);
        let sleeper = tokio::spawn(async move { clock.sleep_at_most(2_000, 5_000).await });
        while hand.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        hand.advance_ms(2_000);
        sleeper.await.unwrap();
        for clock in [Clock::System, Clock::shifted().0] {
            let (now_ms, began_ms) = (clock.now_ms(), clock.monotonic_ms());
            clock.sleep_at_most(now_ms + HOUR_MS, 2).await;
            clock.sleep_at_most(now_ms + 2, HOUR_MS).await;
            assert!((2..HOUR_MS).contains(&(clock.monotonic_ms() - began_ms)));
        }
    }

    #[test]
    fn a_clock_set_back_is_noticed_once_and_nothing_else_is() {
        let (clock, hand) = Clock::manual(0);
        let mut watch = BackstepWatch::new(&clock);
        hand.advance_ms(HOUR_MS);
        assert!(!watch.was_set_back(&clock), "time passed");
        hand.step_ms(HOUR_MS);
        assert!(!watch.was_set_back(&clock), "it was set forward");
        hand.step_ms(-LEAST_BACKSTEP_MS + 1);
        assert!(!watch.was_set_back(&clock), "it was slewed");
        hand.step_ms(-LEAST_BACKSTEP_MS);
        hand.advance_ms(500);
        assert!(watch.was_set_back(&clock));
        assert!(!watch.was_set_back(&clock), "it was noticed");
    }

    const HOUR_MS: i64 = 3_600_000;

    /// Sleeps in all ways there are; each sleeper tells what it waited for and woke at.
    fn asleep(clock: &Clock, for_ms: i64) -> Vec<tokio::task::JoinHandle<(i64, i64)>> {
        let (wall, monotonic) = (clock.now_ms() + for_ms, clock.monotonic_ms() + for_ms);
        let (until, to, through) = (clock.clone(), clock.clone(), clock.clone());
        vec![
            tokio::spawn(async move {
                until.sleep_until(wall).await;
                (wall, until.now_ms())
            }),
            tokio::spawn(async move {
                to.sleep_until_monotonic(monotonic).await;
                (monotonic, to.monotonic_ms())
            }),
            tokio::spawn(async move {
                through.sleep_ms(for_ms).await;
                (monotonic, through.monotonic_ms())
            }),
        ]
    }

    #[tokio::test]
    async fn a_shift_wakes_whoever_waited_for_less_in_whatever_way_and_nobody_else() {
        let (clock, hand) = Clock::shifted();
        let soon = asleep(&clock, HOUR_MS);
        let later = asleep(&clock, 3 * HOUR_MS);
        while hand.by_ms.receiver_count() < 6 {
            tokio::task::yield_now().await;
        }
        hand.shift_ms(HOUR_MS);
        for sleeper in soon {
            let (target, woken) = sleeper.await.unwrap();
            assert!((target..target + HOUR_MS).contains(&woken));
        }
        hand.shift_ms(2 * HOUR_MS);
        for sleeper in later {
            let (target, woken) = sleeper.await.unwrap();
            assert!((target..target + HOUR_MS).contains(&woken));
        }
    }

    #[tokio::test]
    async fn a_shifted_clock_goes_on_by_itself_and_never_back() {
        let (clock, hand) = Clock::shifted();
        let (wall, monotonic) = (clock.now_ms(), clock.monotonic_ms());
        hand.shift_ms(HOUR_MS);
        hand.shift_ms(-HOUR_MS);
        for sleeper in asleep(&clock, 2) {
            let (target, woken) = sleeper.await.unwrap();
            assert!(woken >= target);
        }
        assert!(clock.now_ms() >= wall + HOUR_MS + 2);
        assert!(clock.monotonic_ms() >= monotonic + HOUR_MS + 2);
        clock.sleep_until(wall).await;
        clock.sleep_until_monotonic(monotonic).await;
    }

    #[tokio::test]
    async fn a_shift_ends_a_nap_of_a_shifted_clock() {
        let (clock, hand) = Clock::shifted();
        let deadline_ms = clock.now_ms() + HOUR_MS;
        let nap = clock.nap_toward(deadline_ms, 7).unwrap();
        hand.shift_ms(HOUR_MS);
        nap.await;
        assert!(clock.nap_toward(deadline_ms, 7).is_none());
    }

    #[test]
    fn a_nap_of_the_machines_clock_is_its_timer_and_nothing_more() {
        assert_eq!(size_of::<Option<Nap>>(), size_of::<tokio::time::Sleep>());
    }
}
