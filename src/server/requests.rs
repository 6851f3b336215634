//! The requests of one connection: while one is worked on, its place is not given to another; while
//! its body is waited for, or its answer has been made, it may be.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response, StatusCode};
use futures_util::future::BoxFuture;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use thiserror::Error;

use super::places::Turn;

/// The connection is being closed for another one.
#[derive(Debug, Error)]
#[error("the connection is closed to make room for another")]
pub(super) struct Closing;

/// Hands the requests of a connection to the routes.
pub(super) struct Requests {
    routes: TowerToHyperService<Router>,
    turn: Arc<Turn>,
}

impl Requests {
    pub(super) fn new(router: Router, turn: Arc<Turn>) -> Self {
        Self {
            routes: TowerToHyperService::new(router),
            turn,
        }
    }
}

impl Service<Request<Incoming>> for Requests {
    type Response = Response<Answer>;
    type Error = Closing;
    type Future = BoxFuture<'static, Result<Self::Response, Closing>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        if !self.turn.begin() {
            return Box::pin(std::future::ready(Err(Closing)));
        }
        // Dropped with the future if the connection ends before the answer.
        let working = Working(Some(Arc::clone(&self.turn)));
        let (turn, since) = (Arc::clone(&self.turn), self.turn.now());
        let request = request.map(|body| Body::new(AwaitedBody { body, turn, since }));
        let answered = self.routes.call(request);
        Box::pin(async move {
            let Ok(response) = answered.await;
            let mut working = working;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                // Its answer is none that ends.
                if let Some(turn) = working.0.take() {
                    turn.upgrade();
                }
            }
            Ok(response.map(|body| Answer {
                body,
                _working: working,
            }))
        })
    }
}

/// A request is under way; dropped, all of its answer was handed to the connection.
struct Working(Option<Arc<Turn>>);

impl Drop for Working {
    fn drop(&mut self) {
        if let Some(turn) = &self.0 {
            turn.answered();
        }
    }
}

/// A request's body: whoever reads it waits for the client.
struct AwaitedBody {
    body: Incoming,
    turn: Arc<Turn>,
    /// Since when all of it is waited for.
    since: u64,
}

impl HttpBody for AwaitedBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_pending() {
            self.turn.wait_since(self.since);
            return Poll::Pending;
        }
        if !self.turn.work() {
            return Poll::Ready(Some(Err(Closing.into())));
        }
        frame.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body, which is dropped when the last of it is handed to the connection.
pub(super) struct Answer {
    body: Body,
    _working: Working,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
