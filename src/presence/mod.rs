//! When the bot was there, and when it was not: nobody's streak pays for our downtime.
//!
//! # Promise
//!
//! Whenever no process of the bot was running and connected for longer than [`GRACE_MS`], there is a
//! row that says from when until when, as soon as one is there again.
//!
//! # How
//!
//! A process that is connected to Discord says so every [`BEAT_MS`]. Whoever finds the last sign of
//! life too old writes the outage down. It is one sign for all processes: with several on one
//! database the bot is away only when none is there. A machine that was suspended was away, too; a
//! clock that somebody turned by hand (the sandbox's, a test's) is none.

mod store;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::db::Db;
use crate::error::Result;

pub use store::outages_within;

/// Being away for up to so long is none: a restart, a gateway that reconnects.
pub const GRACE_MS: i64 = 60_000;
/// Between two signs of life: with it, an outage begins at most so long too early in the books.
pub const BEAT_MS: i64 = 30_000;

/// A time in which the bot was not there, in UTC epoch milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// The last sign of life before it.
    pub from_ms: i64,
    /// The first after it.
    pub until_ms: i64,
}

/// The signs of life of one process.
pub struct Presence {
    clock: Clock,
    db: Db,
    /// How far the clock had been turned by hand at the last one; `None`: there was none yet.
    turned_ms: Option<i64>,
}

impl Presence {
    /// Of a process that has given no sign yet.
    pub fn new(clock: Clock, db: Db) -> Self {
        Self {
            clock,
            db,
            turned_ms: None,
        }
    }

    /// Says that the bot is there. Returns the outage that this ends.
    pub async fn beat(&mut self) -> Result<Option<Outage>> {
        // Read before the time for the next sign, and after it for this one: a turn in between is
        // rather counted twice than taken for an outage.
        let before_ms = self.clock.turned_ms();
        let now_ms = self.clock.now_ms();
        let turned_ms = self
            .turned_ms
            .map_or(0, |last_ms| self.clock.turned_ms() - last_ms);
        let job = (now_ms, GRACE_MS.saturating_add(turned_ms));
        let ended = self.db.write_relaxed(job, |tx, (now_ms, grace_ms)| {
            Box::pin(store::beat(tx, *now_ms, *grace_ms))
        });
        let ended = ended.await?;
        self.turned_ms = Some(before_ms);
        if let Some(outage) = ended {
            let away_ms = outage.until_ms - outage.from_ms;
            tracing::info!(away_ms, "the bot was offline; no streak ends because of it");
        }
        Ok(ended)
    }

    /// Gives signs of life while `connected`, until `stop`.
    pub async fn keep(&mut self, mut connected: watch::Receiver<bool>, stop: CancellationToken) {
        loop {
            let is_connected = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                is_connected = connected.wait_for(|is| *is) => is_connected.is_ok(),
            };
            if !is_connected {
                return;
            }
            self.try_beat().await;
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = self.clock.sleep_ms(BEAT_MS) => {}
                // An outage begins when the connection is lost, not at the beat before.
                _ = connected.changed() => self.try_beat().await,
            }
        }
        // An outage begins when the program ends, not at the beat before.
        if *connected.borrow() {
            self.try_beat().await;
        }
    }

    async fn try_beat(&mut self) {
        if let Err(error) = self.beat().await {
            // Should the database stay away, the next beat finds an outage: nothing could be
            // finished meanwhile.
            let error = format!("{error:#}");
            tracing::debug!(error, "the sign of life could not be stored");
        }
    }
}
