//! The page to try the bot by hand (`assets/sandbox`), and the JSON behind it (`/local/…`).
//!
//! It has no password, and acts as anybody: so it listens on this machine unless told otherwise,
//! and answers only a browser that got the page from here (see [`refuse_other_sites`]).
//!
//! `assets` serves the files, `view` tells what there is to see, `act` lets people do something,
//! `change` turns the clock and changes people.

mod act;
mod assets;
mod change;
mod view;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::state::Shared;
use super::{LocalDiscord, snowflake};

/// How long an answer waits for something to show, before the page asks again.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(20);

pub(super) fn router(discord: LocalDiscord) -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(assets::page))
        .route("/sandbox/{*path}", get(assets::file))
        .route("/local/world", get(view::world))
        .route("/local/channels/{channel}/messages", get(view::messages))
        .route(
            "/local/act",
            post(act::act).layer(DefaultBodyLimit::max(act::BODY_MAX)),
        )
        .route("/local/people", post(change::person))
        .route("/local/clock", post(change::clock))
        .layer(axum::Extension(discord))
}

/// Refuses what another site makes a browser send here.
///
/// A request that names an `Origin` must come from the page itself. And the page and its JSON are
/// served under an address or `localhost` only: any other name may have been pointed here by
/// whoever owns it (DNS rebinding), and its pages would count as this origin. Bots send no
/// `Origin` and may know this place by any name.
pub(super) async fn refuse_other_sites(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = text(headers, header::HOST);
    let is_own = match headers.get(header::ORIGIN) {
        None => true,
        Some(_) => text(headers, header::ORIGIN).strip_prefix("http://") == Some(host),
    };
    let path = request.uri().path();
    let is_bots = ["/api", "/gateway", "/attachments/"]
        .iter()
        .any(|door| path.starts_with(door));
    if is_own && (is_bots || is_local_name(host)) {
        return next.run(request).await;
    }
    refused(
        StatusCode::FORBIDDEN,
        "this request comes from another site",
    )
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

fn is_local_name(host: &str) -> bool {
    let Ok(uri) = host.parse::<Uri>() else {
        return false;
    };
    let name = uri.host().unwrap_or_default();
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || address.parse::<IpAddr>().is_ok()
}

/// An id. It comes as a string, as in Discord's JSON, because JavaScript's numbers are too short
/// for it; a number is taken too.
#[derive(Clone, Copy, Debug)]
struct Snowflake(u64);

impl<'de> Deserialize<'de> for Snowflake {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let id = snowflake::parse(&value).map(Self);
        id.ok_or_else(|| serde::de::Error::custom("an id is a whole number, best as a string"))
    }
}

fn refused(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "refused": why }))).into_response()
}
