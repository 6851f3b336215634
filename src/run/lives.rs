//! The lives of the sandbox's bot, which can be killed as by `kill -9` and begins anew on the same
//! database, while the local Discord and its page live on.
//!
//! # What a kill is here
//!
//! Each life runs on a tokio runtime of its own, begun by a thread of its own. To kill it, that
//! runtime is dropped: every task ends where it stands. Nothing is drained, nobody says farewell,
//! leases stay in the table, the sockets are closed by the system and not by a protocol: what others
//! see of a process that was killed.
//!
//! # What of a killed life could still write, and why it cannot do harm
//!
//! - **Blocking work** (laying out SQLite's log, file system calls) cannot be ended from outside.
//!   Dropping the runtime waits for it, and the next life begins only after that: zeros still being
//!   written behind the log would else hit what the next life has written there.
//! - **sqlx's SQLite threads** belong to no runtime. Such a thread ends when its connection is
//!   dropped, after the one statement it is in. A transaction whose `COMMIT` it had not received is
//!   rolled back; one that is just being committed is committed whole, as if the kill had come a
//!   moment later. It holds SQLite's write lock until then, and the first thing that the next life
//!   does, before it reads anything, is a write (it takes over all leases:
//!   [`crate::outbox::Outbox::run`]), which waits for that lock.
//! - **The lock** on the database is released with the writer's task, which the runtime drops. Were it
//!   kept elsewhere, the next life would be refused, and say so.
//!
//! Two things are kinder than a true `kill -9`: SQLite's files are closed as a closing connection
//! leaves them (its log copied and removed), and nothing in memory is lost that another process
//! would have to make anew. What a log that was left behind does is tried in `db/log.rs`.
//!
//! # Why not a child process
//!
//! It would be killed even more truly, memory and all. But the clock that the page turns would have
//! to be told to it turn by turn, what it says of itself would need a protocol, and a sandbox that is
//! itself killed would leave it running without anybody to end it. Nothing of this program outlives
//! its tasks in memory, so there is little to win.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::Entrance;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::sandbox::insight::BotState;

/// What every life goes by.
pub(super) struct Means {
    pub(super) clock: Clock,
    pub(super) config: Config,
    /// Where it is reached by HTTP. It stays open over kills: whoever follows a link meanwhile waits
    /// for the next life.
    pub(super) listener: std::net::TcpListener,
    /// By how many at once.
    pub(super) connections: usize,
}

/// A handle to the bot; clones share it.
#[derive(Clone)]
pub(super) struct Lives {
    shared: Arc<Shared>,
    kills: mpsc::Sender<Kill>,
}

struct Shared {
    means: Means,
    state: Mutex<BotState>,
    /// The handles of the present life, once it has begun.
    app: Mutex<Option<App>>,
    /// Counts what happened inside that somebody may be waiting for.
    changes: watch::Sender<u64>,
}

/// An order to die.
struct Kill {
    down_ms: i64,
    /// Hears of it once it is done; dropped if there was nobody to kill.
    done: oneshot::Sender<BotState>,
}

/// Where the orders arrive; see [`Lives::live`].
pub(super) struct Orders(mpsc::Receiver<Kill>);

impl Lives {
    pub(super) fn new(means: Means) -> (Self, Orders) {
        let state = BotState {
            is_up: true,
            since_ms: means.clock.now_ms(),
            back_at_ms: None,
        };
        let shared = Shared {
            means,
            state: Mutex::new(state),
            app: Mutex::default(),
            changes: watch::Sender::new(0),
        };
        // One: whoever comes second finds the bot dead.
        let (kills, orders) = mpsc::channel(1);
        let lives = Self {
            shared: Arc::new(shared),
            kills,
        };
        (lives, Orders(orders))
    }

    /// Whether the bot is up, and since when.
    pub(super) fn state(&self) -> BotState {
        *self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The handles of the present life. Of one that is killed meanwhile they answer with errors.
    pub(super) fn app(&self) -> Option<App> {
        let app = &self.shared.app;
        app.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes with whatever the bot sends, and with each end and beginning.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    /// Kills the bot, which begins anew `down_ms` later; returns once it is dead. `None`: it is
    /// down already.
    pub(super) async fn kill(&self, down_ms: i64) -> Option<BotState> {
        let (done, killed) = oneshot::channel();
        self.kills.send(Kill { down_ms, done }).await.ok()?;
        killed.await.ok()
    }

    /// One life after the other, until `stop` or until one ends by itself.
    pub(super) async fn live(
        &self,
        orders: Orders,
        stop: CancellationToken,
    ) -> anyhow::Result<ExitCode> {
        let Orders(mut orders) = orders;
        loop {
            self.set_state(true, None);
            let mut life = Life::begin(Arc::clone(&self.shared), stop.clone())?;
            let kill = tokio::select! {
                ended = life.ended() => return ended.map(|()| ExitCode::SUCCESS),
                Some(kill) = orders.recv() => kill,
            };
            let back_at_ms = self.now_ms().saturating_add(kill.down_ms);
            self.set_state(false, Some(back_at_ms));
            self.shared.set_app(None);
            life.kill().await;
            tracing::warn!(down_ms = kill.down_ms, "the bot was killed");
            // Whoever asked may be gone.
            let _ = kill.done.send(self.state());
            if !self.rest_until(back_at_ms, &mut orders, &stop).await {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }

    /// `false`: there is to be no other life.
    async fn rest_until(
        &self,
        back_at_ms: i64,
        orders: &mut mpsc::Receiver<Kill>,
        stop: &CancellationToken,
    ) -> bool {
        // No longer than was asked for, should the machine's clock be set back.
        let left_ms = back_at_ms - self.now_ms();
        let clock = &self.shared.means.clock;
        let back = clock.sleep_at_most(back_at_ms, left_ms);
        tokio::pin!(back);
        loop {
            tokio::select! {
                () = stop.cancelled() => return false,
                () = &mut back => return true,
                // The dead are not killed: dropped, which tells so.
                Some(_) = orders.recv() => {}
            }
        }
    }

    fn set_state(&self, is_up: bool, back_at_ms: Option<i64>) {
        let state = BotState {
            is_up,
            since_ms: self.now_ms(),
            back_at_ms,
        };
        *self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = state;
        self.shared.change();
    }

    fn now_ms(&self) -> i64 {
        self.shared.means.clock.now_ms()
    }
}

impl Shared {
    fn set_app(&self, app: Option<App>) {
        *self.app.lock().unwrap_or_else(PoisonError::into_inner) = app;
    }

    fn change(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

/// One life. Dropped, it is killed.
struct Life {
    /// Dropping it is the kill.
    _kill: oneshot::Sender<std::convert::Infallible>,
    /// Hears how it ended, `None` when it was killed, once nothing of it is left.
    ended: oneshot::Receiver<Option<anyhow::Result<()>>>,
}

impl Life {
    fn begin(shared: Arc<Shared>, stop: CancellationToken) -> anyhow::Result<Self> {
        let (kill, killed) = oneshot::channel();
        let (tell, ended) = oneshot::channel();
        std::thread::Builder::new()
            .name("bot".to_owned())
            .spawn(move || {
                let ended = live_once(shared, stop, killed);
                // Nobody listens any more when the sandbox itself is ending.
                let _ = tell.send(ended);
            })
            .context("beginning the bot's thread")?;
        Ok(Self { _kill: kill, ended })
    }

    /// Returns when it ends by itself.
    async fn ended(&mut self) -> anyhow::Result<()> {
        match (&mut self.ended).await {
            Ok(Some(ended)) => ended,
            Ok(None) | Err(_) => anyhow::bail!("the bot's thread ended without a word"),
        }
    }

    /// Kills it; returns when nothing of it is left.
    async fn kill(self) {
        let Self { _kill: kill, ended } = self;
        drop(kill);
        // However it ended: perhaps by itself, just before.
        let _ = ended.await;
    }
}

/// Lives until it ends by itself, or is killed: `None`.
fn live_once(
    shared: Arc<Shared>,
    stop: CancellationToken,
    killed: oneshot::Receiver<std::convert::Infallible>,
) -> Option<anyhow::Result<()>> {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .thread_name("bot-worker")
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return Some(Err(anyhow::Error::new(error).context("the bot's runtime"))),
    };
    // A task, and not this thread's own future: that would be dropped before the other tasks are
    // stopped, and they might see it go and say farewell.
    let life = runtime.spawn(async move {
        let Means {
            clock,
            config,
            listener,
            connections,
        } = &shared.means;
        let entrance = Entrance {
            listener: listener.try_clone().context("the HTTP server's address")?,
            connections: *connections,
        };
        let begun = |app: &App| {
            shared.set_app(Some(app.clone()));
            let mut changes = app.outbox.changes();
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                while changes.changed().await.is_ok() {
                    shared.change();
                }
            });
        };
        super::live(clock.clone(), config.clone(), Some(entrance), stop, begun).await
    });
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = life => Some(ended),
            _ = killed => None,
        }
    });
    if ended.is_some() {
        // There is no next life that could be disturbed.
        super::end::leave(runtime);
    } else {
        // Returns when all its threads have ended; see above why that matters.
        drop(runtime);
    }
    ended.map(|ended| ended.context("the bot panicked")?)
}
