//! One tokio task per running time attack, which sleeps until the deadline and then hands its id
//! to the settler.
//!
//! The task is kept as small as it can be (a sleep and two handles), because there may be a
//! million: what happens at the deadline is the settler's work, who takes all that are due at the
//! same time and decides them in one transaction.
//!
//! A sweep of the table every ten seconds finds whatever no task of this process waits for: time
//! attacks of a process that died, and deadlines that a corrected clock has passed.
//!
//! What cannot be settled (the database is away, the disk full) is tried again until it is, within
//! ten seconds of the database's return. One that alone cannot be settled keeps no other waiting.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::slice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use futures_util::future::join_all;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::{fail_due, store};
use crate::app::App;
use crate::clock::{Clock, Nap};
use crate::db::{Soon, TELL_AGAIN_MS, again_ms};
use crate::error::{Error, Result};
use crate::ids::AttackId;
use crate::messenger::DiscordTime;

/// Between two sweeps of the table: with it, what another process left is settled in time for the
/// promise of 20 s.
const SWEEP_MS: i64 = 10_000;
/// What one sweep rings at most: the rest is found by the next, when these are settled.
const SWEEP_BATCH: i64 = 10_000;
/// What is read at once when all timers are armed: a few megabytes of a million.
const ARM_BATCH: i64 = 20_000;
/// Verdicts of one transaction at most: enough to share its fsync among a burst, few enough that
/// commands come in between.
const SETTLE_BATCH: usize = 500;
/// So long before its deadline a time attack is near, and no piece of a large work begins: longer than
/// most pieces take, and shorter than the time between two verdicts of a busy server.
const NEAR_MS: i64 = 5;
/// A verdict later than this says so.
pub const LATE_MS: i64 = 5_000;

/// The timers of this process; clones share them.
#[derive(Clone)]
pub struct Timers {
    /// One handle for all that a task needs: it is in each of a million.
    shared: Arc<Shared>,
}

struct Shared {
    clock: Clock,
    discord_time: DiscordTime,
    armed: Mutex<HashMap<AttackId, AbortHandle>>,
    /// Whose deadlines are near or have passed, until they are settled.
    near: Mutex<HashSet<AttackId>>,
    /// Hears whether there are such.
    soon: Soon,
    /// What has rung and is not settled. It rings no second time: while the database is away, every
    /// sweep finds the same ones.
    rung: Mutex<HashSet<AttackId>>,
    due: mpsc::UnboundedSender<AttackId>,
}

/// The other end of [`Timers`]: what has come due.
pub struct Due {
    rings: mpsc::UnboundedReceiver<AttackId>,
    /// What was received and is being settled.
    batch: Vec<AttackId>,
}

impl Timers {
    /// Timers, and what they ring.
    pub fn new(clock: Clock, discord_time: DiscordTime, soon: Soon) -> (Self, Due) {
        // Unbounded, as it holds each running time attack once at most, and they are bounded.
        let (due, rings) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            clock,
            discord_time,
            armed: Mutex::default(),
            near: Mutex::default(),
            soon,
            rung: Mutex::default(),
            due,
        });
        let due = Due {
            rings,
            batch: Vec::with_capacity(SETTLE_BATCH),
        };
        (Self { shared }, due)
    }

    /// Waits for this deadline, and no longer for the one it had before.
    pub fn arm(&self, attack: AttackId, deadline_ms: i64) {
        let task = tokio::spawn(Ring::new(Arc::clone(&self.shared), attack, deadline_ms));
        let before = lock(&self.shared.armed).insert(attack, task.abort_handle());
        if let Some(before) = before {
            before.abort();
            self.shared.are_far(slice::from_ref(&attack));
        }
    }

    /// Waits for it no longer.
    pub fn disarm(&self, attack: AttackId) {
        let before = lock(&self.shared.armed).remove(&attack);
        if let Some(before) = before {
            before.abort();
            self.shared.are_far(slice::from_ref(&attack));
        }
    }

    /// How many are waited for.
    pub fn armed(&self) -> usize {
        lock(&self.shared.armed).len()
    }

    /// These are being settled: nothing waits for them any more.
    fn have_rung(&self, attacks: &[AttackId]) {
        let mut armed = lock(&self.shared.armed);
        for attack in attacks {
            armed.remove(attack);
        }
    }

    /// These are settled: should they run after all, they may ring again.
    fn are_settled(&self, attacks: &[AttackId]) {
        let mut rung = lock(&self.shared.rung);
        for attack in attacks {
            rung.remove(attack);
        }
        drop(rung);
        self.shared.are_far(attacks);
    }
}

impl Shared {
    /// Its deadline is near.
    fn is_near(&self, attack: AttackId) {
        let mut near = lock(&self.near);
        near.insert(attack);
        self.soon.set(true);
    }

    /// They are settled, or wait for another deadline.
    fn are_far(&self, attacks: &[AttackId]) {
        let mut near = lock(&self.near);
        for attack in attacks {
            near.remove(attack);
        }
        self.soon.set(!near.is_empty());
    }

    /// It is due.
    fn ring(&self, attack: AttackId) {
        if lock(&self.rung).insert(attack) {
            self.hand(attack);
        }
    }

    fn hand(&self, attack: AttackId) {
        // Nobody receives only when the program is ending; the next start finds it overdue.
        let _ = self.due.send(attack);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pin_project_lite::pin_project! {
    /// Sleeps until the deadline, then rings. By hand, because as an `async` block it would keep
    /// the 112 bytes of tokio's timer twice; so it just fits the allocator's next smaller size.
    struct Ring {
        shared: Arc<Shared>,
        attack: AttackId,
        deadline_ms: i64,
        #[pin]
        nap: Option<Nap>,
    }
}

impl Ring {
    fn new(shared: Arc<Shared>, attack: AttackId, deadline_ms: i64) -> Self {
        Self {
            shared,
            attack,
            deadline_ms,
            nap: None,
        }
    }
}

impl Future for Ring {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        // The id's low bits count within a millisecond: as good as chance for spreading.
        let spread = (this.attack.0 ^ (this.attack.0 >> 22)).unsigned_abs();
        loop {
            if let Some(nap) = this.nap.as_mut().as_pin_mut() {
                ready!(nap.poll(context));
            }
            // The deadline is one of Discord's clock. Each slice asks anew how far that is from ours.
            let shared = &**this.shared;
            let deadline_ms = this
                .deadline_ms
                .saturating_sub(shared.discord_time.ahead_ms());
            let near_ms = deadline_ms.saturating_sub(NEAR_MS);
            let nap = shared.clock.nap_toward(near_ms, spread).or_else(|| {
                shared.is_near(*this.attack);
                shared.clock.nap_toward(deadline_ms, spread)
            });
            let is_over = nap.is_none();
            this.nap.set(nap);
            if is_over {
                shared.ring(*this.attack);
                return Poll::Ready(());
            }
        }
    }
}

/// Arms every running time attack, the overdue ones to ring at once, and returns how many.
pub async fn arm_all(app: &App) -> Result<usize> {
    let mut armed = 0;
    let mut conn = app.db.read().await?;
    let mut after = (i64::MIN, AttackId(i64::MIN));
    loop {
        let page = store::running_page(&mut conn, after, ARM_BATCH).await?;
        let Some(last) = page.last() else {
            return Ok(armed);
        };
        after = (last.1, last.0);
        for (attack, deadline_ms) in &page {
            app.timers.arm(*attack, *deadline_ms);
        }
        armed += page.len();
    }
}

/// Decides what has come due, until `stop`; first of all what a life of this task before had received and
/// not settled, as it rings no second time.
pub async fn settle_forever(app: App, due: Arc<tokio::sync::Mutex<Due>>, stop: CancellationToken) {
    let mut due = due.lock().await;
    let Due { rings, batch } = &mut *due;
    let mut trouble = Trouble::default();
    loop {
        let received = async {
            if batch.is_empty() {
                rings.recv_many(batch, SETTLE_BATCH).await;
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = received => {}
        }
        if batch.is_empty() {
            return;
        }
        // Others of the same instant are about to ring: once round the scheduler, and their
        // verdicts share this transaction, and their channel's message.
        tokio::task::yield_now().await;
        while batch.len() < SETTLE_BATCH
            && let Ok(attack) = rings.try_recv()
        {
            batch.push(attack);
        }
        app.timers.have_rung(batch);
        settle_or_wait(&app, batch.clone(), &mut trouble).await;
        batch.clear();
    }
}

/// Settles these. Those that cannot be settled come again after a while.
async fn settle_or_wait(app: &App, attacks: Vec<AttackId>, trouble: &mut Trouble) {
    let Err(error) = settle(app, &attacks).await else {
        return trouble.is_over_for(&attacks);
    };
    let unsettled = if matches!(error, Error::Away(_)) || attacks.len() == 1 {
        attacks
    } else {
        settle_each(app, attacks, trouble).await
    };
    if unsettled.is_empty() {
        return;
    }
    let wait_ms = trouble.has(&unsettled, &error, app.clock.monotonic_ms());
    let shared = Arc::clone(&app.timers.shared);
    tokio::spawn(async move {
        shared.clock.sleep_ms(wait_ms).await;
        // Not rung, as they have rung already.
        unsettled.iter().for_each(|attack| shared.hand(*attack));
    });
}

/// One of them may be at fault, and not the database: alone, each can be settled or not. Returns
/// those that cannot.
async fn settle_each(app: &App, attacks: Vec<AttackId>, trouble: &mut Trouble) -> Vec<AttackId> {
    let alone = |attack| settle(app, slice::from_ref(attack));
    let outcomes = join_all(attacks.iter().map(alone)).await;
    let mut unsettled = Vec::new();
    for (attack, outcome) in attacks.into_iter().zip(outcomes) {
        match outcome {
            Ok(()) => trouble.is_over_for(&[attack]),
            Err(_) => unsettled.push(attack),
        }
    }
    unsettled
}

/// Settles all of these or none.
async fn settle(app: &App, attacks: &[AttackId]) -> Result<()> {
    let settled = fail_due(app, attacks.to_vec()).await?;
    let now_ms = app.now_ms();
    for attack in &settled.failed {
        let late_ms = now_ms - attack.deadline_ms;
        tracing::info!(timeattack.id = %attack.id, guild.id = %attack.guild, late_ms, "a time attack failed");
    }
    app.outbox.hand(settled.rows);
    // Before those that run on are armed, as they may ring at once.
    app.timers.are_settled(attacks);
    for (attack, deadline_ms) in settled.not_due {
        app.timers.arm(attack, deadline_ms);
    }
    Ok(())
}

/// Verdicts that could not be stored, how often that was tried, and what was said about it.
#[derive(Default)]
struct Trouble {
    unsettled: HashSet<AttackId>,
    /// Since nothing was unsettled.
    failures: u32,
    /// When it was last told, by the monotonic clock.
    told_ms: Option<i64>,
    /// Whether its end is to be told.
    is_told: bool,
}

impl Trouble {
    /// These could not be settled. Returns how long they wait.
    fn has(&mut self, attacks: &[AttackId], error: &Error, monotonic_ms: i64) -> i64 {
        self.unsettled.extend(attacks);
        let is_news = |told_ms| monotonic_ms - told_ms >= TELL_AGAIN_MS;
        if self.told_ms.is_none_or(is_news) {
            self.told_ms = Some(monotonic_ms);
            self.is_told = true;
            tracing::error!(
                error = format!("{error:#}"),
                count = self.unsettled.len(),
                "results could not be stored; trying again until they are"
            );
        }
        let wait_ms = again_ms(self.failures);
        self.failures = self.failures.saturating_add(1);
        wait_ms
    }

    /// These are settled.
    fn is_over_for(&mut self, attacks: &[AttackId]) {
        if self.unsettled.is_empty() {
            return;
        }
        for attack in attacks {
            self.unsettled.remove(attack);
        }
        if self.unsettled.is_empty() {
            self.failures = 0;
            if std::mem::take(&mut self.is_told) {
                tracing::info!("the waiting results are now stored");
            }
        }
    }
}

/// Looks for what no timer of this process has seen, until `stop`.
pub async fn sweep_forever(app: App, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.clock.sleep_ms(SWEEP_MS) => {}
        }
        if let Err(error) = sweep(&app).await {
            let error = format!("{error:#}");
            tracing::warn!(
                error,
                "the check for past deadlines failed; the next one is in {SWEEP_MS} ms"
            );
        }
    }
}

async fn sweep(app: &App) -> Result<()> {
    let mut conn = app.db.read().await?;
    let overdue = store::overdue(&mut conn, app.now_ms(), SWEEP_BATCH).await?;
    for attack in overdue {
        app.timers.shared.ring(attack);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn a_pending_time_attack_stays_small() {
        let bytes = size_of::<Ring>();
        assert!(bytes <= 152, "{bytes} bytes");
    }

    #[tokio::test]
    async fn a_near_deadline_is_foretold_until_it_is_settled_or_moved() {
        let (clock, hand) = Clock::manual(0);
        let soon = Soon::default();
        let is_foretold = || soon.is_over().now_or_never().is_none();
        let (timers, mut due) = Timers::new(clock, DiscordTime::default(), soon.clone());
        let (attack, other) = (AttackId(1), AttackId(2));
        for one in [attack, other] {
            timers.arm(one, 1_000);
        }
        let asleep = async |count| {
            while hand.sleepers() != count {
                tokio::task::yield_now().await;
            }
        };
        asleep(2).await;
        assert!(!is_foretold());
        hand.advance_ms(1_000 - NEAR_MS);
        asleep(2).await;
        assert!(is_foretold());
        timers.arm(other, 5_000);
        assert!(is_foretold(), "the other is near");
        hand.advance_ms(NEAR_MS);
        assert_eq!(due.rings.recv().await, Some(attack));
        assert!(is_foretold(), "it is not settled");
        timers.are_settled(&[attack]);
        assert!(!is_foretold());
    }

    #[test]
    fn what_has_rung_rings_no_second_time_until_it_is_settled() {
        let (clock, _hand) = Clock::manual(0);
        let (timers, mut due) = Timers::new(clock, DiscordTime::default(), Soon::default());
        let (attack, other) = (AttackId(1), AttackId(2));
        for rung in [attack, attack, other, attack] {
            timers.shared.ring(rung);
        }
        assert_eq!(due.rings.try_recv(), Ok(attack));
        timers.shared.ring(attack);
        assert_eq!(due.rings.try_recv(), Ok(other));
        assert!(due.rings.try_recv().is_err(), "received, but not settled");
        timers.are_settled(&[attack]);
        timers.shared.ring(attack);
        timers.shared.ring(other);
        assert_eq!(due.rings.try_recv(), Ok(attack));
        assert!(due.rings.try_recv().is_err());
    }

    #[test]
    fn waits_grow_up_to_five_seconds_and_begin_anew_when_nothing_is_left() {
        let error = Error::Away(anyhow::anyhow!("no connection"));
        let (attack, other) = (AttackId(1), AttackId(2));
        let mut trouble = Trouble::default();
        let waits = [0; 7].map(|now_ms| trouble.has(&[attack], &error, now_ms));
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
        for _ in 0..100 {
            assert_eq!(trouble.has(&[other], &error, 0), 5_000);
        }
        trouble.is_over_for(&[attack]);
        assert_eq!(trouble.has(&[other], &error, 0), 5_000, "one is left");
        trouble.is_over_for(&[other]);
        assert_eq!(trouble.has(&[attack], &error, 0), 500);
    }

    #[test]
    fn a_trouble_that_goes_on_is_told_once_a_minute_and_so_is_its_end() {
        let kept = tempfile::NamedTempFile::new().unwrap();
        let log = tracing_subscriber::fmt().with_ansi(false);
        let log = log.with_writer(Arc::new(kept.reopen().unwrap()));
        let error = Error::Away(anyhow::anyhow!("no connection"));
        let attacks: Vec<AttackId> = (0..180).map(AttackId).collect();
        tracing::subscriber::with_default(log.finish(), || {
            let mut trouble = Trouble::default();
            for (second, attack) in (0..).zip(&attacks) {
                trouble.has(slice::from_ref(attack), &error, second * 1_000);
            }
            trouble.is_over_for(&attacks);
            // Within the minute it comes and goes without a word.
            trouble.has(&attacks, &error, 179_500);
            trouble.is_over_for(&attacks);
        });
        let log = std::fs::read_to_string(&kept).unwrap();
        let lines: Vec<&str> = log.lines().collect();
        assert_eq!(lines.len(), 4, "{log}");
        for (line, count) in lines.iter().zip(["1", "61", "121"]) {
            assert!(line.contains("no connection"), "{line}");
            assert!(line.contains(&format!("count={count}")), "{line}");
        }
        assert!(lines[3].contains("INFO"), "{log}");
    }
}
