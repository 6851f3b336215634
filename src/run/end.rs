//! How the process ends: the signals that ask for it, and the bound on the time that it takes.
//!
//! # Promise
//!
//! SIGTERM or SIGINT ends the process within [`SHUTDOWN`], whatever it is doing:
//!
//! - A thread of its own hears the signals, on a runtime of its own: tasks that keep all threads of
//!   the program's runtime busy cannot hide a signal.
//! - The same thread ends the process by force, with exit code 1, when the orderly end takes too long.
//!   It may: what is stored is whole at every instant, as `kill -9` may come at any. It never writes into
//!   the log itself, as a log that nobody reads would stop it.
//! - Blocking work that nobody can cancel is left behind after the last task. tokio's own end of a
//!   runtime would wait for it: for the system's look-up of a name (`getaddrinfo`), which an HTTP
//!   client or a mail server's connection has given up long before, for as long as the resolver likes.

use std::io;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::Dispatch;

use super::SHUTDOWN;
use crate::clock::Clock;

/// How long before the promised time the end is forced: enough to log that, and for the system to take
/// the process away.
const FORCED_BEFORE_MS: i64 = 500;
/// How long blocking work is waited for once nothing else is left. What mattered of it was waited for
/// by its task; the rest may as well end by itself.
const LEFT_BEHIND_AFTER: Duration = Duration::from_millis(500);
/// How long the end by force waits for the line in the log that tells of it.
const LAST_WORD: Duration = Duration::from_millis(200);
/// The exit code of an end by force: something failed.
const FORCED: i32 = 1;

/// Runs `work` on a runtime of its own, and leaves behind what blocks after it.
pub fn block_on<T>(work: impl Future<Output = T>) -> io::Result<T> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(work);
    leave(runtime);
    Ok(ended)
}

/// Ends a runtime with every task on it.
pub(super) fn leave(runtime: Runtime) {
    runtime.shutdown_timeout(LEFT_BEHIND_AFTER);
}

/// Cancelled at the first SIGTERM or SIGINT, from which on the process has [`SHUTDOWN`] to end.
pub(super) fn stop_signal() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let (tell, listening) = mpsc::channel();
    std::thread::Builder::new()
        .name("end".to_owned())
        .spawn(move || {
            let runtime = match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return tell.send(Err(error)),
            };
            runtime.block_on(async {
                match listen() {
                    Ok(asked) => {
                        tell.send(Ok(()))?;
                        let exit = |code| std::process::exit(code);
                        end_in_time(asked, &Clock::System, stopped, exit).await;
                        Ok(())
                    }
                    Err(error) => tell.send(Err(error)),
                }
            })
        })
        .context("the thread that hears signals")?;
    listening.recv()?.context("listening to signals")?;
    Ok(stop)
}

/// From now on signals are heard, and kept until somebody waits for them.
fn listen() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

async fn end_in_time(
    asked: impl Future<Output = ()>,
    clock: &Clock,
    stop: CancellationToken,
    exit: impl FnOnce(i32),
) {
    asked.await;
    stop.cancel();
    drop(said(|| {
        tracing::info!("shutting down: finishing work in progress");
    }));
    let promised_ms = i64::try_from(SHUTDOWN.as_millis()).unwrap_or(i64::MAX);
    clock.sleep_ms(promised_ms - FORCED_BEFORE_MS).await;
    let said = said(|| {
        tracing::error!(
            "shutting down took too long, so it is forced; the next start continues the rest"
        );
    });
    let _ = said.recv_timeout(LAST_WORD);
    exit(FORCED);
}

/// Logs on a thread of its own, and tells when that is done: a log that nobody reads (a full pipe) stops
/// whoever writes into it for ever, and perhaps it is why the end takes too long.
fn said(log: impl FnOnce() + Send + 'static) -> mpsc::Receiver<()> {
    let (done, said) = mpsc::channel();
    let here = tracing::dispatcher::get_default(Dispatch::clone);
    // Without a thread it goes unsaid.
    let _ = std::thread::Builder::new()
        .name("end's log".to_owned())
        .spawn(move || {
            tracing::dispatcher::with_default(&here, log);
            let _ = done.send(());
        });
    said
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI32, Ordering};

    use super::*;

    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    /// A log that takes no line: a pipe that nobody reads.
    struct FullPipe;

    impl Subscriber for FullPipe {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn event(&self, _: &Event<'_>) {
            loop {
                std::thread::park();
            }
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    /// Far more than the end takes, and far less than what it must not wait for.
    const SOON: Duration = Duration::from_secs(10);

    /// Returns what `work` returned on a thread of its own, which is left behind if that takes too long.
    fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || tell.send(work()));
        told.recv_timeout(SOON).expect("it ends in time")
    }

    #[test]
    fn a_look_up_that_is_never_answered_is_left_behind() {
        // Like a resolver that does not answer, until this test ends.
        let (_answer, answered) = mpsc::channel::<()>();
        let ended = in_time(move || {
            block_on(async move {
                let looked = tokio::task::spawn_blocking(move || answered.recv());
                // Whoever asked has given up.
                let asked = tokio::time::timeout(Duration::from_millis(1), looked);
                asked.await.is_err()
            })
        });
        assert!(ended.unwrap());
    }

    #[tokio::test]
    async fn an_end_that_takes_too_long_is_forced_before_the_promised_time() {
        let (clock, hand) = Clock::manual(0);
        let stop = CancellationToken::new();
        let code = Arc::new(AtomicI32::new(0));
        let exited = Arc::clone(&code);
        let exit = move |code| exited.store(code, Ordering::Relaxed);
        let asked = async {};
        let ending = tokio::spawn({
            let stop = stop.clone();
            async move { end_in_time(asked, &clock, stop, exit).await }
        });
        stop.cancelled().await;
        while hand.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        let promised_ms = i64::try_from(SHUTDOWN.as_millis()).unwrap();
        hand.advance_ms(promised_ms - FORCED_BEFORE_MS - 1);
        tokio::task::yield_now().await;
        assert_eq!(code.load(Ordering::Relaxed), 0);
        hand.advance_ms(1);
        ending.await.unwrap();
        assert_eq!(code.load(Ordering::Relaxed), FORCED);
    }

    #[test]
    fn a_log_that_nobody_reads_keeps_nothing_from_its_end() {
        let code = in_time(|| {
            let (clock, hand) = Clock::manual(0);
            let stop = CancellationToken::new();
            let code = Arc::new(AtomicI32::new(0));
            let exited = Arc::clone(&code);
            let exit = move |code| exited.store(code, Ordering::Relaxed);
            let runtime = Builder::new_current_thread().build().unwrap();
            let time = async {
                stop.cancelled().await;
                while hand.sleepers() == 0 {
                    tokio::task::yield_now().await;
                }
                hand.advance_ms(i64::try_from(SHUTDOWN.as_millis()).unwrap());
            };
            tracing::subscriber::with_default(FullPipe, || {
                runtime.block_on(async {
                    tokio::join!(end_in_time(async {}, &clock, stop.clone(), exit), time);
                });
            });
            code.load(Ordering::Relaxed)
        });
        assert_eq!(code, FORCED);
    }
}
