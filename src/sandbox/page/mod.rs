//! The page to try the bot by hand (`assets/sandbox`), and the JSON behind it (`/local/…`).
//!
//! It has no password, and acts as anybody: so it listens on this machine unless told otherwise,
//! and answers only a browser that got the page from here (`super::same_site`).
//!
//! `assets` serves the files, `view` tells what there is to see, `act` lets people do something,
//! `change` changes people and the time, `turn` turns the clock.

mod act;
mod assets;
mod change;
mod turn;
mod view;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
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
        .route("/local/invite", post(change::invite))
        .layer(axum::Extension(discord))
}

/// An id. It comes as a string, as in Discord's JSON, because JavaScript's numbers are too short
/// for it; a number is taken too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Snowflake(pub(super) u64);

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
