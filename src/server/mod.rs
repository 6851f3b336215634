//! Serves HTTP over TCP, for our own routes (`http`) and for the local Discord (`sandbox`): how many
//! connections at once, for how long, and which of them goes when another one comes.
//!
//! # Promise
//!
//! - **No step waits for a client for ever.** A head has a time ([`Limits::head`]), and so has every
//!   piece of an answer ([`Limits::write`], in `stream`). A client that does not take its answers is
//!   not asked for more requests. How long a request may take is its routes' business.
//! - **There are so many places** ([`Limits::connections`]), one for each open connection, because
//!   each of them holds a file handle that the database and Discord need as well.
//! - **Nobody is locked out by those who only hold on.** When all places are taken, the connection
//!   that has kept us waiting longest is closed for the one that comes, idle ones first. A request that
//!   is being worked on is never dropped for another connection. (`places`)
//! - **No address takes all places**, except this machine's own; see `places::share`.
//! - When the system has no file handle left, accepting goes on by itself, without a busy loop and with
//!   one line a minute in the log.
//!
//! Who waits in which phase:
//!
//! | phase | waits for | until |
//! |---|---|---|
//! | accepted, or idle between two requests | the client: a head | `Limits::head`, or another needs its place |
//! | a body that has not come whole | the client | the routes' own time, or another needs its place |
//! | a request that is worked on | us | the routes' own time |
//! | an answer on its way | the client | `Limits::write`, or another needs its place |
//! | upgraded to a WebSocket | whoever serves it | `Limits::write` for what is sent |

mod places;
mod requests;
mod stream;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use places::{Place, Places};
use requests::Requests;
use stream::TimedStream;

/// Bytes of a request's head. A token is 55 characters; what browsers add has room many times over.
const HEAD_BYTES: usize = 16 * 1024;
/// Bytes that the system keeps for a client which does not take them. Most answers fit in whole; by
/// itself the system would keep megabytes for each connection.
const SEND_BYTES: usize = 64 * 1024;
/// How long an answer that is under way is waited for at the end. Within `run::SHUTDOWN`, beside what
/// the workers take.
const DRAIN: Duration = Duration::from_secs(3);
/// The wait after a connection could not be accepted, which is for want of file handles.
const ACCEPT_AGAIN_MS: i64 = 100;
/// How often the log tells of that: a line a minute shows that it goes on, and fills no disk.
const TELL_AGAIN_MS: i64 = 60_000;

/// What a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once, and so the most file handles.
    pub connections: usize,
    /// The time for the head of a request, from the moment when it can be sent: an idle connection is
    /// closed after it, too.
    pub head: Duration,
    /// The time in which a client takes the next `stream::PIECE` bytes of an answer, or its end.
    pub write: Duration,
}

/// Serves until `stop`, and then until what is under way is answered, for a few seconds at most.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    clock: &Clock,
    stop: CancellationToken,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(HEAD_BYTES)
        // A client that sends nothing more (`nc -N`, some mail programs) still gets its answer.
        .half_close(true);
    // Accepted connections have it from their listener. Where it cannot be set, answers work as well.
    let _ = rustix::net::sockopt::set_socket_send_buffer_size(&listener, SEND_BYTES);
    let places = Places::new(limits.connections);
    let mut failures = Failures::default();
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = stop.cancelled() => break,
        };
        while open.try_join_next().is_some() {}
        match accepted {
            Ok(Some((stream, place))) => {
                let connection = hold(&http, stream, place, router.clone(), limits, stop.clone());
                open.spawn(connection);
            }
            // Closed: its address has more than its share under way.
            Ok(None) => {}
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                failures.tell(&error, clock.monotonic_ms());
                places.close_longest_waiting();
                tokio::select! {
                    () = clock.sleep_ms(ACCEPT_AGAIN_MS) => {}
                    () = stop.cancelled() => break,
                }
            }
        }
    }
    drop(listener);
    let drained = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, drained).await.is_err() {
        tracing::warn!("not every HTTP request was answered before the end");
    }
    open.shutdown().await;
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Places>,
) -> io::Result<Option<(TcpStream, Place)>> {
    let (stream, peer) = listener.accept().await?;
    let place = places.take(peer.ip()).await;
    Ok(place.map(|place| (stream, place)))
}

/// One connection, from its first request to its end.
fn hold(
    http: &http1::Builder,
    stream: TcpStream,
    place: Place,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) -> impl Future<Output = ()> + use<> {
    // Small answers must not wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let turn = Arc::clone(&place.turn);
    let requests = Requests::new(router, Arc::clone(&turn));
    let stream = TimedStream::new(stream, place, limits.write);
    let connection = http.serve_connection(stream, requests).with_upgrades();
    async move {
        let mut connection = std::pin::pin!(connection);
        let mut is_last = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    // A client that went away, or was too slow, is nobody's concern.
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended");
                    }
                    return;
                }
                () = turn.closed() => return,
                () = stop.cancelled(), if !is_last => {
                    is_last = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// Whether only the connection that was being accepted is concerned: its client is gone already.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

/// Connections that could not be accepted, as the log tells of them.
#[derive(Default)]
struct Failures {
    told_ms: Option<i64>,
    /// Since it was told.
    untold: u64,
}

impl Failures {
    fn tell(&mut self, error: &io::Error, now_ms: i64) {
        if !self.is_due(now_ms) {
            self.untold += 1;
            return;
        }
        let before = std::mem::take(&mut self.untold);
        self.told_ms = Some(now_ms);
        tracing::warn!(%error, before, "no connection can be accepted; the oldest idle one is closed");
    }

    fn is_due(&self, now_ms: i64) -> bool {
        self.told_ms
            .is_none_or(|told_ms| now_ms.saturating_sub(told_ms) >= TELL_AGAIN_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_want_of_handles_is_told_once_a_minute() {
        let mut failures = Failures::default();
        let error = io::Error::from_raw_os_error(24);
        let mut told = 0;
        for second in 0..180 {
            told += i64::from(failures.is_due(second * 1_000));
            failures.tell(&error, second * 1_000);
        }
        assert_eq!((told, failures.untold), (3, 59));
        assert!(!is_of_one_connection(&error));
        assert!(is_of_one_connection(
            &io::ErrorKind::ConnectionAborted.into()
        ));
    }
}
