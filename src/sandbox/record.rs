//! What went over the wire, kept so that tests can hold it against Discord's own description.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// One request to the local Discord and its answer. Bodies are kept as JSON values, because what
/// is checked is their content, not their spelling.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// In capitals: `POST`.
    pub method: String,
    /// `/api/v10/channels/1/messages`, without the query.
    pub path: String,
    /// What followed the `?`, still encoded; empty if nothing did.
    pub query: String,
    /// The JSON body, or the `payload_json` of a multipart one.
    pub request: Option<Value>,
    /// The status of the answer.
    pub status: u16,
    /// The JSON body of the answer.
    pub response: Option<Value>,
}

/// Exchanges kept; a test that makes more is not one to read them back.
const EXCHANGES_KEPT: usize = 20_000;

/// The exchanges so far; off, it keeps nothing.
pub(super) struct Record {
    on: bool,
    exchanges: Mutex<Vec<Exchange>>,
}

impl Record {
    pub(super) fn new(on: bool) -> Self {
        Self {
            on,
            exchanges: Mutex::default(),
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    pub(super) fn add(&self, exchange: Exchange) {
        let mut exchanges = self
            .exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if exchanges.len() < EXCHANGES_KEPT {
            exchanges.push(exchange);
        }
    }

    pub(super) fn all(&self) -> Vec<Exchange> {
        self.exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
