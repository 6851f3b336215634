//! The tasks that live as long as the program: none of them ends unheard.
//!
//! # Promise
//!
//! A task that panics is named in the log and told to the operators, who are told how often, and is begun
//! again: soon the first time, and ever later while it goes on to panic. What it had in hand it takes up
//! again from the database, as after a crash. A task that fails ([`Keepers::spawn_failing`]) is logged and
//! begun again just so. A task ends for good only when it returns, which it does at the end of the program.
//!
//! Three others see to themselves: the database's writer and the copying of its log catch their own panics
//! and go on (`db/writer.rs`, `db/log.rs`), and Discord's sessions, on threads of their own, are begun anew
//! like a connection that was lost (`discord/connection.rs`).
//!
//! Each life has a span named `keeper`, with the task's name. To add a task: [`Keepers::spawn`], with a
//! function that begins it anew from what is not lost with it.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::alerts::{Alerts, Event};
use crate::app::App;
use crate::clock::Clock;

/// The wait before a task is begun again; it doubles with each further panic. So short, because verdicts
/// may wait for it.
const FIRST_WAIT_MS: i64 = 500;
/// The longest of these waits: what mends a task (other data, another hour) comes by itself or not at all.
const LONGEST_WAIT_MS: i64 = 300_000;
/// More than lead to the longest wait, and not so many that a number runs over.
const MOST_DOUBLINGS: u32 = 16;
/// A life that held for so long did not end by the trouble of the one before.
const CALM_MS: i64 = 1_800_000;

/// Begins tasks, and begins them again.
#[derive(Clone)]
pub(super) struct Keepers {
    clock: Clock,
    alerts: Alerts,
    stop: CancellationToken,
}

impl Keepers {
    /// Tasks that are not begun again after `stop`.
    pub(super) fn new(clock: Clock, alerts: Alerts, stop: CancellationToken) -> Self {
        Self {
            clock,
            alerts,
            stop,
        }
    }

    /// The same for tasks that end with another `stop`.
    pub(super) fn until(&self, stop: &CancellationToken) -> Self {
        Self {
            stop: stop.clone(),
            ..self.clone()
        }
    }

    /// Keeps a task alive until it returns. `begin` is called for each of its lives.
    pub(super) fn spawn<F>(
        &self,
        name: &'static str,
        begin: impl Fn() -> F + Send + Sync + 'static,
    ) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.spawn_failing(name, move || {
            let life = begin();
            async move {
                life.await;
                Ok(())
            }
        })
    }

    /// The same for a task that may fail: until it returns `Ok`.
    pub(super) fn spawn_failing<F>(
        &self,
        name: &'static str,
        begin: impl Fn() -> F + Send + Sync + 'static,
    ) -> JoinHandle<()>
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let keepers = self.clone();
        tokio::spawn(async move { keepers.keep(name, begin).await })
    }

    /// The same for a task that needs the program's handles and ends with `stop`.
    pub(super) fn spawn_with<F>(
        &self,
        app: &App,
        stop: &CancellationToken,
        name: &'static str,
        begin: impl Fn(App, CancellationToken) -> F + Send + Sync + 'static,
    ) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (app, stop) = (app.clone(), stop.clone());
        self.spawn(name, move || begin(app.clone(), stop.clone()))
    }

    async fn keep<F>(self, name: &'static str, begin: impl Fn() -> F)
    where
        F: Future<Output = anyhow::Result<()>>,
    {
        let mut failures = 0;
        loop {
            let began_ms = self.clock.monotonic_ms();
            let life = async { begin().await };
            let life = life.instrument(tracing::info_span!("keeper", name));
            let ended = AssertUnwindSafe(life).catch_unwind().await;
            if matches!(ended, Ok(Ok(()))) {
                return;
            }
            if self.clock.monotonic_ms() - began_ms >= CALM_MS {
                failures = 0;
            }
            let wait_ms = wait_ms(failures);
            failures += 1;
            if let Ok(Err(error)) = ended {
                let error = format!("{error:#}");
                tracing::error!(
                    task = name,
                    error,
                    failures,
                    wait_ms,
                    "a task failed; restarting it"
                );
            } else {
                // What it was, and where, was logged as it happened.
                tracing::error!(
                    task = name,
                    panics = failures,
                    wait_ms,
                    "a task panicked; restarting it"
                );
                self.alerts.happened(Event::TaskPanicked(name), 1);
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.clock.sleep_ms(wait_ms) => {}
            }
        }
    }
}

/// The wait after so many failures before this one.
fn wait_ms(failures: u32) -> i64 {
    (FIRST_WAIT_MS << failures.min(MOST_DOUBLINGS)).min(LONGEST_WAIT_MS)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;
    use crate::clock::ManualClock;

    fn keepers() -> (Keepers, ManualClock, CancellationToken) {
        let (clock, hand) = Clock::manual(0);
        let stop = CancellationToken::new();
        let alerts = Alerts::new(clock.clone(), None);
        (Keepers::new(clock, alerts, stop.clone()), hand, stop)
    }

    async fn sleeping(hand: &ManualClock) {
        while hand.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_task_that_panics_is_begun_again_ever_later() {
        let (keepers, hand, stop) = keepers();
        let lives = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&lives);
        let kept = keepers.spawn("test", move || {
            counted.fetch_add(1, Ordering::Relaxed);
            async { panic!("every time") }
        });
        for (life, wait_ms) in (1..).zip([500, 1_000, 2_000, 4_000]) {
            sleeping(&hand).await;
            assert_eq!(lives.load(Ordering::Relaxed), life);
            hand.advance_ms(wait_ms - 1);
            tokio::task::yield_now().await;
            assert_eq!(hand.sleepers(), 1);
            hand.advance_ms(1);
        }
        sleeping(&hand).await;
        stop.cancel();
        kept.await.unwrap();
        assert_eq!(wait_ms(9), 256_000);
        assert_eq!([10, 1_000].map(wait_ms), [LONGEST_WAIT_MS; 2]);
    }

    #[tokio::test]
    async fn a_beginning_that_panics_is_one_of_the_tasks_lives() {
        let (keepers, hand, _stop) = keepers();
        let lives = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&lives);
        let kept = keepers.spawn("test", move || {
            assert!(counted.fetch_add(1, Ordering::Relaxed) > 0, "the first");
            async {}
        });
        sleeping(&hand).await;
        hand.advance_ms(FIRST_WAIT_MS);
        kept.await.unwrap();
        assert_eq!(lives.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_task_that_fails_is_begun_again_until_it_does_not() {
        let (keepers, hand, _stop) = keepers();
        let lives = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&lives);
        let kept = keepers.spawn_failing("test", move || {
            let life = counted.fetch_add(1, Ordering::Relaxed);
            async move {
                anyhow::ensure!(life == 2, "no file handle is left");
                Ok(())
            }
        });
        for wait_ms in [500, 1_000] {
            sleeping(&hand).await;
            hand.advance_ms(wait_ms);
        }
        kept.await.unwrap();
        assert_eq!(lives.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn after_a_calm_life_the_waits_are_short_again() {
        let (keepers, hand, stop) = keepers();
        let dies = Arc::new(Notify::new());
        let death = Arc::clone(&dies);
        let kept = keepers.spawn("test", move || {
            let death = Arc::clone(&death);
            async move {
                death.notified().await;
                panic!("as it is told");
            }
        });
        for (held_ms, wait_ms) in [(0, 500), (0, 1_000), (CALM_MS, 500)] {
            // It lives before time passes.
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
            hand.advance_ms(held_ms);
            dies.notify_one();
            sleeping(&hand).await;
            hand.advance_ms(wait_ms - 1);
            tokio::task::yield_now().await;
            assert_eq!(hand.sleepers(), 1, "{held_ms}");
            hand.advance_ms(1);
        }
        stop.cancel();
        kept.abort();
    }
}
