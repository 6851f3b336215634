//! What is said when there is no answer: an RFC 9457 problem document to programs, a small page to
//! people. An [`Error`] becomes an answer here, and nowhere else in this room.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::Front;
use super::page::{Order, Page};
use crate::error::Error;

/// When somebody may try again, in seconds, where the database was away.
const RETRY_AFTER: &str = "60";

/// Who asks, and so in which form they are answered.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asker {
    Program,
    Person(Order),
}

impl Asker {
    pub(super) fn of(request: &Request) -> Self {
        if is_for_programs(request.uri()) {
            Self::Program
        } else {
            Self::Person(Order::of(request.headers()))
        }
    }

    /// That it cannot be done.
    pub(super) fn refused(self, status: StatusCode) -> Response {
        match self {
            Self::Program => problem(status, "the request cannot be answered"),
            Self::Person(order) => Page::plain(order, status).into_response(),
        }
    }

    /// That something of ours, or around us, does not work; logged here, once.
    pub(super) fn failed(self, front: &Front, error: &Error) -> Response {
        let status = match error {
            Error::User(_) => StatusCode::BAD_REQUEST,
            Error::Away(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let id = format!("{:08X}", front.app.ids.next(&front.app.clock) & 0xffff_ffff);
        // Whatever it is: the answer says that the log knows it. A refusal's own text may quote what
        // was asked.
        let why = match error {
            Error::User(_) => "a refusal without its own text".to_owned(),
            Error::Away(_) | Error::Internal(_) => format!("{error:#}"),
        };
        tracing::error!(error.id = id, error = why, "a request failed");
        let mut response = match self {
            Self::Program => problem(status, &format!("it failed; look for {id} in the log")),
            Self::Person(order) => Page::failed(order, status, &id).into_response(),
        };
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let later = HeaderValue::from_static(RETRY_AFTER);
            response.headers_mut().insert(header::RETRY_AFTER, later);
        }
        response
    }
}

/// A problem document (RFC 9457). Its kind is its status, so it has no `type` of its own.
pub(super) fn problem(status: StatusCode, detail: &str) -> Response {
    let body = Json(json!({
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
        "detail": detail,
    }));
    let kind = HeaderValue::from_static("application/problem+json");
    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
}

pub(super) async fn no_route(State(_): State<Arc<Front>>, request: Request) -> Response {
    match Asker::of(&request) {
        Asker::Program => problem(StatusCode::NOT_FOUND, "there is nothing at this address"),
        person @ Asker::Person(_) => person.refused(StatusCode::NOT_FOUND),
    }
}

pub(super) async fn wrong_method(request: Request) -> Response {
    match Asker::of(&request) {
        Asker::Program => problem(
            StatusCode::METHOD_NOT_ALLOWED,
            "this address does not accept this method",
        ),
        person @ Asker::Person(_) => person.refused(StatusCode::METHOD_NOT_ALLOWED),
    }
}

fn is_for_programs(uri: &Uri) -> bool {
    let mut parts = uri.path().split('/').skip(1);
    matches!(parts.next(), Some("api" | "webhooks"))
}
