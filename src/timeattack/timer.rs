//! One tokio task per running time attack, which sleeps until the deadline and then hands its id
//! to the settler.
//!
//! The task is kept as small as it can be (a sleep and two handles), because there may be a
//! million: what happens at the deadline is the settler's work, who takes all that are due at the
//! same time and decides them in one transaction.
//!
//! A sweep of the table every ten seconds finds whatever no task of this process waits for: time
//! attacks of a process that died, and deadlines that a corrected clock has passed.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::{fail_due, store};
use crate::app::App;
use crate::clock::{Clock, Nap};
use crate::error::Result;
use crate::ids::AttackId;

/// Between two sweeps of the table: with it, what another process left is settled in time for the
/// promise of 20 s.
const SWEEP_MS: i64 = 10_000;
/// Verdicts of one transaction at most: enough to share its fsync among a burst, few enough that
/// commands come in between.
const SETTLE_BATCH: usize = 500;
/// How soon what could not be settled is tried again.
const SETTLE_AGAIN_MS: i64 = 500;
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
    armed: Mutex<HashMap<AttackId, AbortHandle>>,
    due: mpsc::UnboundedSender<AttackId>,
}

/// The other end of [`Timers`]: what has come due.
pub struct Due(mpsc::UnboundedReceiver<AttackId>);

impl Timers {
    /// Timers, and what they ring.
    pub fn new(clock: Clock) -> (Self, Due) {
        // Unbounded, as it holds at most the running time attacks, which are bounded already.
        let (due, rings) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            clock,
            armed: Mutex::default(),
            due,
        });
        (Self { shared }, Due(rings))
    }

    /// Waits for this deadline, and no longer for the one it had before.
    pub fn arm(&self, attack: AttackId, deadline_ms: i64) {
        let task = tokio::spawn(Ring::new(Arc::clone(&self.shared), attack, deadline_ms));
        let before = self.lock().insert(attack, task.abort_handle());
        if let Some(before) = before {
            before.abort();
        }
    }

    /// Waits for it no longer.
    pub fn disarm(&self, attack: AttackId) {
        let before = self.lock().remove(&attack);
        if let Some(before) = before {
            before.abort();
        }
    }

    /// How many are waited for.
    pub fn armed(&self) -> usize {
        self.lock().len()
    }

    /// It is due.
    fn ring(&self, attack: AttackId) {
        self.shared.ring(attack);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AttackId, AbortHandle>> {
        self.shared
            .armed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn ring(&self, attack: AttackId) {
        // Nobody receives only when the program is ending; the next start finds it overdue.
        let _ = self.due.send(attack);
    }
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
            let nap = this.shared.clock.nap_toward(*this.deadline_ms, spread);
            let is_over = nap.is_none();
            this.nap.set(nap);
            if is_over {
                this.shared.ring(*this.attack);
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
        let page = store::running_page(&mut conn, after, 20_000).await?;
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

/// Decides what has come due, until `stop`.
pub async fn settle_forever(app: App, mut due: Due, stop: CancellationToken) {
    let mut batch = Vec::with_capacity(SETTLE_BATCH);
    loop {
        let received = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            received = due.0.recv_many(&mut batch, SETTLE_BATCH) => received,
        };
        if received == 0 {
            return;
        }
        // Others of the same instant are about to ring: once round the scheduler, and their
        // verdicts share this transaction, and their channel's message.
        tokio::task::yield_now().await;
        while batch.len() < SETTLE_BATCH
            && let Ok(attack) = due.0.try_recv()
        {
            batch.push(attack);
        }
        batch.sort_unstable();
        batch.dedup();
        settle(&app, std::mem::take(&mut batch)).await;
    }
}

async fn settle(app: &App, attacks: Vec<AttackId>) {
    {
        let mut armed = app.timers.lock();
        for attack in &attacks {
            armed.remove(attack);
        }
    }
    match fail_due(app, attacks.clone()).await {
        Ok(settled) => {
            let now_ms = app.clock.now_ms();
            for attack in &settled.failed {
                let late_ms = now_ms - attack.deadline_ms;
                tracing::info!(timeattack.id = %attack.id, guild.id = %attack.guild, late_ms, "a time attack failed");
            }
            app.outbox.hand(settled.rows);
            for (attack, deadline_ms) in settled.not_due {
                app.timers.arm(attack, deadline_ms);
            }
        }
        Err(error) => {
            tracing::error!(%error, count = attacks.len(), "verdicts could not be stored; trying again");
            let timers = app.timers.clone();
            tokio::spawn(async move {
                timers.shared.clock.sleep_ms(SETTLE_AGAIN_MS).await;
                for attack in attacks {
                    timers.ring(attack);
                }
            });
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
            tracing::warn!(%error, "the sweep for missed deadlines failed; the next one is in {SWEEP_MS} ms");
        }
    }
}

async fn sweep(app: &App) -> Result<()> {
    let mut conn = app.db.read().await?;
    let overdue = store::overdue(&mut conn, app.clock.now_ms(), 10_000).await?;
    for attack in overdue {
        app.timers.ring(attack);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pending_time_attack_stays_small() {
        let bytes = size_of::<Ring>();
        assert!(bytes <= 152, "{bytes} bytes");
    }
}
