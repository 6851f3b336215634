//! Connections: how many, and for how long.
//!
//! Not `axum::serve`, which waits for a request's head for ever.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// Connections at once: more than a proxy in front keeps open, and a file handle each. Whoever comes
/// later waits to be accepted.
const CONNECTIONS: usize = 512;
/// Bytes of a request's head. A token is 55 characters; what browsers add has room many times over.
const HEAD_BYTES: usize = 16 * 1024;
/// How long an answer that is under way is waited for at the end. Within `run::SHUTDOWN`, beside what
/// the workers take.
const DRAIN: Duration = Duration::from_secs(3);
/// The wait after a connection could not be accepted, which is for want of file handles.
const ACCEPT_AGAIN_MS: i64 = 100;

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the head of a request, from the moment when it can send one: an idle connection is closed
    /// after it, too.
    pub head: Duration,
    /// For the rest of a request, and we for the answer.
    pub request: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        // Far longer than anything here takes, and short enough to be rid of those who only hold on.
        Self {
            head: Duration::from_secs(10),
            request: Duration::from_secs(10),
        }
    }
}

pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    clock: &Clock,
    stop: CancellationToken,
) {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(HEAD_BYTES);
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut open = JoinSet::new();
    loop {
        let accepted = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = stop.cancelled() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::select! {
                    () = clock.sleep_ms(ACCEPT_AGAIN_MS) => continue,
                    () = stop.cancelled() => break,
                }
            }
        };
        // Small answers must not wait for an acknowledgement.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        while open.try_join_next().is_some() {}
        open.spawn(async move {
            // A client that went away, or was too slow, is nobody's concern.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("not every HTTP request was answered before the end");
    }
    open.shutdown().await;
}
