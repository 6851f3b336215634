//! Our own HTTP server: what is asked of the program from outside Discord.
//!
//! # Promise
//!
//! - Slow, silent and deaf clients are cut off: heads, bodies and answers have a time, and no number
//!   of connections that only hold on locks out others ([`crate::server`]).
//! - However many requests there are, health is answered, and so is leaving the list by one click
//!   (`admission`).
//! - Every request is one span `http.request` with its method and the *pattern* of its route. A token
//!   in an address is in no log.
//! - No cookie, no script, no redirect. Pages load nothing, from nowhere (`page`).
//! - It begins after the workers and ends before them: who was answered can rely on it.
//!
//! | route | |
//! |---|---|
//! | `GET /healthz` | the process is there |
//! | `GET /readyz` | the database takes what is to be stored, and Discord's gateway is connected |
//! | `GET`, `POST /unsubscribe/{token}` | leaving the list (`unsubscribe`) |
//! | `POST /webhooks/ses` | bounces and complaints of Amazon SES (`ses`, `sns`) |
//!
//! Errors below `/api` and `/webhooks` are RFC 9457 problem documents, and small pages elsewhere
//! (`error`, where an [`crate::error::Error`] becomes an answer).
//!
//! # What other sites can do with a visitor's browser
//!
//! A page elsewhere can make a browser send requests here, and read the answers too if its own name is
//! pointed here (DNS rebinding), also where this listens on loopback only. No door looks at `Host` or
//! `Origin`, because none of them believes a browser: there is no cookie, no login and no trust in an
//! address.
//!
//! | door | why such a request gains nothing |
//! |---|---|
//! | `/healthz`, `/readyz` | they change nothing, and tell nothing but that two things work |
//! | `GET /unsubscribe/{token}` | it only asks; whoever knows the token has the mail |
//! | `POST /unsubscribe/{token}` | the token in the address is what is believed, as RFC 8058 wants it: mail programs post from anywhere |
//! | `POST /webhooks/ses` | Amazon's signature is what is believed |
//!
//! A route that trusts where a request comes from (an address, a browser's login) must look at `Host`
//! and `Origin` itself, as the sandbox does.
//!
//! To add a route: a handler in a file of its own, and a line in `router` with the size of its bodies
//! and its layer of `admission`.

mod admission;
mod error;
mod health;
mod page;
mod ses;
pub mod sns;
mod unsubscribe;

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

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
use crate::server;
use admission::Admission;
use error::Asker;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use ses::is_understood;
use sns::Sns;

/// Connections at once: more than a proxy in front keeps open. Each holds a file handle, so there are
/// fewer where the system allows few ([`Limits::connections`]).
pub const CONNECTIONS: usize = 512;

/// Bytes of a form, of which the largest is a one-click `multipart/form-data` of some hundred.
const FORM_BYTES: usize = 8 * 1024;
/// Bytes of a webhook's body: SNS sends messages of 256 KB, and quotes each quotation mark in them.
const WEBHOOK_BYTES: usize = 512 * 1024;

/// What a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// The time for the head of a request: an idle connection is closed after it, too.
    pub head: Duration,
    /// The time for the rest of a request, and ours for the answer.
    pub request: Duration,
    /// The time in which a client takes the next piece of an answer.
    pub write: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        // Far longer than anything here takes, and short enough to be rid of those who only hold on.
        let patience = Duration::from_secs(10);
        Self {
            connections: CONNECTIONS,
            head: patience,
            request: patience,
            write: patience,
        }
    }
}

/// What the routes go by; clones share it.
#[derive(Clone)]
pub struct Front {
    app: App,
    connected: watch::Receiver<bool>,
    sns: Option<Arc<Sns>>,
}

impl Front {
    /// `connected` tells whether this process is connected to Discord; without `sns` there is no
    /// webhook.
    pub fn new(app: App, connected: watch::Receiver<bool>, sns: Option<Sns>) -> Self {
        Self {
            app,
            connected,
            sns: sns.map(Arc::new),
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
    let limits = server::Limits {
        connections: limits.connections,
        head: limits.head,
        write: limits.write,
    };
    server::serve(listener, router, limits, &clock, stop).await;
    Ok(())
}

fn router(front: Arc<Front>, limits: Limits) -> Router {
    let admission = Admission::new(limits.connections);
    let ordinary = middleware::from_fn_with_state(admission.clone(), admission::ordinary);
    let one_click = middleware::from_fn_with_state(admission, admission::one_click);
    let unsubscribe = get(unsubscribe::ask)
        .layer::<_, Infallible>(ordinary.clone())
        .merge(post(unsubscribe::leave).layer::<_, Infallible>(one_click))
        .layer(DefaultBodyLimit::max(FORM_BYTES));
    let ses = post(ses::told)
        .layer::<_, Infallible>(ordinary)
        .layer(DefaultBodyLimit::max(WEBHOOK_BYTES));
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
