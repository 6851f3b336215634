//! Our own HTTP server: what is asked of the program from outside Discord.
//!
//! # Promise
//!
//! - Who asks for nothing gets nothing: a request's head and its answer have a time and a size
//!   (`server`), and a connection that keeps neither is closed.
//! - Every request is one span `http.request` with its method and the *pattern* of its route. A token
//!   in an address is in no log.
//! - No cookie, no script, no redirect. Pages load nothing, from nowhere (`page`).
//! - It begins after the workers and ends before them: who was answered can rely on it.
//!
//! | route | |
//! |---|---|
//! | `GET /healthz` | the process is there |
//! | `GET /readyz` | the database and Discord's gateway can be reached |
//! | `GET`, `POST /unsubscribe/{token}` | leaving the list (`unsubscribe`) |
//! | `POST /webhooks/ses` | bounces and complaints of Amazon SES (`ses`, `sns`) |
//!
//! Errors below `/api` and `/webhooks` are RFC 9457 problem documents, and small pages elsewhere
//! (`error`, where an [`crate::error::Error`] becomes an answer).
//!
//! To add a route: a handler in a file of its own, and a line in `router` with the size of its
//! bodies.

mod error;
mod health;
mod page;
mod server;
mod ses;
pub mod sns;
mod unsubscribe;

use std::net::{SocketAddr, TcpListener};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::app::App;
use error::Asker;
pub use server::Limits;
use sns::Sns;

/// Bytes of a form, of which the largest is a one-click `multipart/form-data` of some hundred.
const FORM_BYTES: usize = 8 * 1024;
/// Bytes of a webhook's body: SNS sends messages of 256 KB, and quotes each quotation mark in them.
const WEBHOOK_BYTES: usize = 512 * 1024;

/// What the routes go by.
pub struct Front {
    app: App,
    connected: watch::Receiver<bool>,
    sns: Option<Sns>,
}

impl Front {
    /// `connected` tells whether this process is connected to Discord; without `sns` there is no
    /// webhook.
    pub fn new(app: App, connected: watch::Receiver<bool>, sns: Option<Sns>) -> Self {
        Self {
            app,
            connected,
            sns,
        }
    }
}

/// Listens where the host wants it.
pub fn bind(addr: SocketAddr) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(addr);
    bound.with_context(|| {
        format!(
            "HTTP_ADDR: cannot listen on {addr}; choose another address, or `off` for no HTTP server"
        )
    })
}

/// Serves until `stop`, and then until what is under way is answered, for a few seconds at most.
pub async fn serve(
    listener: TcpListener,
    front: Front,
    limits: Limits,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    listener.set_nonblocking(true)?;
    let addr = listener.local_addr()?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let clock = front.app.clock.clone();
    let router = router(Arc::new(front), limits);
    tracing::info!(%addr, "the HTTP server listens");
    server::serve(listener, router, limits, &clock, stop).await;
    Ok(())
}

fn router(front: Arc<Front>, limits: Limits) -> Router {
    let unsubscribe = get(unsubscribe::ask)
        .post(unsubscribe::leave)
        .layer(DefaultBodyLimit::max(FORM_BYTES));
    let ses = post(ses::told).layer(DefaultBodyLimit::max(WEBHOOK_BYTES));
    let mut router = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/unsubscribe/{token}", unsubscribe);
    if front.sns.is_some() {
        router = router.route("/webhooks/ses", ses);
    }
    router
        .fallback(error::no_route)
        .method_not_allowed_fallback(error::wrong_method)
        .layer(middleware::from_fn_with_state(limits, answer_in_time))
        .with_state(front)
}

/// Around every route: its span, its time, its headers, and what is said when it panics.
async fn answer_in_time(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let asker = Asker::of(&request);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let span = tracing::info_span!(
        "http.request",
        method = known(request.method()),
        route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = tracing::field::Empty,
    );
    let answered = async move {
        let running = tokio::time::timeout(limits.request, next.run(request));
        let mut response = match AssertUnwindSafe(running).catch_unwind().await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => asker.refused(StatusCode::REQUEST_TIMEOUT),
            // Logged where it happened.
            Err(_) => asker.refused(StatusCode::INTERNAL_SERVER_ERROR),
        };
        let status = response.status().as_u16();
        tracing::Span::current().record("status", status);
        tracing::debug!(status, "answered");
        let headers = response.headers_mut();
        for (name, value) in [
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CACHE_CONTROL, "no-store"),
            (header::HeaderName::from_static("x-robots-tag"), "noindex"),
        ] {
            headers
                .entry(name)
                .or_insert(HeaderValue::from_static(value));
        }
        response
    };
    answered.instrument(span).await
}

/// A method's name for the log; anybody can make up others.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
