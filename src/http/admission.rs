//! Which requests are answered when there are many at once.
//!
//! Every request that is worked on holds its connection's place, for up to ten seconds where the
//! database is slow. So ordinary requests may hold three quarters of the places, and with one-click
//! unsubscribes seven eighths; the rest is health's, which asks for nothing here and so is always
//! answered. Others are told to come again. (Rejected: to let them queue for their turn, which takes
//! the very places that are short.)

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::Semaphore;

use super::error::Asker;

/// When somebody may try again, in seconds: requests take milliseconds unless something hangs.
const RETRY_AFTER: &str = "5";

/// How many requests of which kind may be worked on.
#[derive(Clone)]
pub(super) struct Admission {
    ordinary: Arc<Semaphore>,
    /// Ordinary ones and one-click unsubscribes.
    all: Arc<Semaphore>,
}

impl Admission {
    /// For so many connections.
    pub(super) fn new(connections: usize) -> Self {
        let all_but = |part: usize| {
            let kept = (connections / part).max(1);
            Arc::new(Semaphore::new(connections.saturating_sub(kept).max(1)))
        };
        Self {
            ordinary: all_but(4),
            all: all_but(8),
        }
    }
}

/// Around the routes that may wait.
pub(super) async fn ordinary(
    State(admission): State<Admission>,
    request: Request,
    next: Next,
) -> Response {
    let (Ok(_ordinary), Ok(_all)) = (
        admission.ordinary.try_acquire(),
        admission.all.try_acquire(),
    ) else {
        return busy(&request);
    };
    next.run(request).await
}

/// Around leaving the list: a mail program may ask once and never again.
pub(super) async fn one_click(
    State(admission): State<Admission>,
    request: Request,
    next: Next,
) -> Response {
    let Ok(_all) = admission.all.try_acquire() else {
        return busy(&request);
    };
    next.run(request).await
}

fn busy(request: &Request) -> Response {
    let mut response = Asker::of(request).refused(StatusCode::SERVICE_UNAVAILABLE);
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
    // Its place is needed.
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
