//! The runtime of serenity's sessions: apart from the one that settles deadlines.
//!
//! serenity 0.12 polls a shard's socket that Discord closed with 4010 or 4011 again and again, without
//! ever yielding, until the next heartbeat (up to 41 s), and for ever if the shard is told to end in
//! between. A worker thread that does so leaves the task that it woke last waiting, and whatever its
//! queue holds. And a frame of megabytes is parsed on the thread that received it. On threads of their
//! own, the sessions can delay nobody but each other.

use std::future::Future;

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};
use tokio_util::task::AbortOnDropHandle;

/// One may be kept busy by a closed socket; the other serves the rest meanwhile.
const THREADS: usize = 2;

/// The sessions of one connection. Once it is dropped they end where they stand, and their sockets are
/// closed.
pub(super) struct GatewayRuntime(Option<Runtime>);

impl GatewayRuntime {
    pub(super) fn start() -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("gateway")
            .enable_all()
            .build()
            .context("the threads of the gateway")?;
        Ok(Self(Some(runtime)))
    }

    /// Begins a task there, which ends when what is returned is dropped.
    pub(super) fn spawn<F>(&self, task: F) -> anyhow::Result<AbortOnDropHandle<F::Output>>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let runtime = self.0.as_ref().context("the gateway's threads ended")?;
        Ok(AbortOnDropHandle::new(runtime.spawn(task)))
    }
}

impl Drop for GatewayRuntime {
    fn drop(&mut self) {
        // Without waiting: a thread that polls a closed socket ends only with the next heartbeat.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
