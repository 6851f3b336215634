//! Trouble to order: answers that fail, connections that break, a gateway that goes deaf.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU16, Ordering};
use std::sync::{Mutex, PoisonError};

use axum::http::Method;

/// A rule that spoils the next `times` requests it fits.
#[derive(Clone, Debug)]
pub struct Fault {
    method: Option<Method>,
    path: String,
    times: u32,
    kind: FaultKind,
}

impl Fault {
    /// Spoils the next request of any method whose path contains `path` (empty: any path).
    pub fn on(path: &str, kind: FaultKind) -> Self {
        Self {
            method: None,
            path: path.to_owned(),
            times: 1,
            kind,
        }
    }

    /// Only requests of this method, such as `"POST"`.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Method::from_bytes(method.as_bytes()).ok();
        self
    }

    /// The next `times` requests; `u32::MAX` is all of them.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }
}

/// What happens to a request.
#[derive(Clone, Debug)]
pub enum FaultKind {
    /// Answered with this status and nothing stored; the body is Discord's for a 5xx.
    Status(u16),
    /// Answered with a status and a code of Discord's, nothing stored.
    Error {
        /// The HTTP status.
        status: u16,
        /// Discord's JSON error code.
        code: u32,
    },
    /// Answered with this status and a page in HTML, and nothing stored: by a proxy on the way, not
    /// by Discord.
    Foreign(u16),
    /// No answer for this many milliseconds (of the clock's), then the connection is cut.
    Hang(i64),
    /// Answered as usual, after this many milliseconds.
    Slow(i64),
    /// The connection is cut before anything is stored.
    ResetBeforeWrite,
    /// The request is carried out, then the connection is cut instead of the answer.
    ResetAfterWrite,
    /// 429, as if another limit had been reached.
    RateLimited {
        /// Milliseconds until it may be tried again.
        retry_after_ms: i64,
        /// Whether all routes are meant.
        global: bool,
        /// Whether it is the `shared` scope, which is not the bot's doing.
        shared: bool,
    },
    /// 429 as Cloudflare, which stands before Discord, gives it to an address that it has banned:
    /// no JSON, no `X-RateLimit-…`, nothing stored.
    Banned {
        /// The `Retry-After` header as it is written, or none.
        retry_after: Option<String>,
    },
}

/// The rules in order, and the lasting states.
#[derive(Default)]
pub(super) struct Faults {
    /// Saves the lock while no rule waits, which in a load test is always.
    any: AtomicBool,
    rules: Mutex<Vec<Fault>>,
    /// Every REST request is answered 500.
    pub(super) outage: AtomicBool,
    /// As much until then by the wall clock; 0: no such outage was ordered.
    outage_until_ms: AtomicI64,
    /// The bot's token is no longer taken: Discord has made another.
    pub(super) token_reset: AtomicBool,
    /// Whoever identifies is closed with this code; 0: nobody is.
    pub(super) session_refusal: AtomicU16,
    /// Interactions overtake READY in the sessions that begin.
    pub(super) ready_overtaken: AtomicBool,
    /// Heartbeats are not acknowledged.
    pub(super) zombie: AtomicBool,
}

impl Faults {
    pub(super) fn add(&self, fault: Fault) {
        self.rules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(fault);
        self.any.store(true, Ordering::Release);
    }

    pub(super) fn clear(&self) {
        self.rules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.any.store(false, Ordering::Release);
    }

    /// Every REST request is answered 500 until then.
    pub(super) fn outage_until(&self, until_ms: i64) {
        self.outage_until_ms.store(until_ms, Ordering::Relaxed);
    }

    /// Until when an outage lasts that ends by itself, if there is one.
    pub(super) fn outage_until_ms(&self, now_ms: i64) -> Option<i64> {
        let until_ms = self.outage_until_ms.load(Ordering::Relaxed);
        (until_ms > now_ms).then_some(until_ms)
    }

    /// The fault for this request, used up by asking.
    pub(super) fn take(&self, method: &Method, path: &str, now_ms: i64) -> Option<FaultKind> {
        if self.outage.load(Ordering::Relaxed) || self.outage_until_ms(now_ms).is_some() {
            return Some(FaultKind::Status(500));
        }
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |fault: &Fault| {
            fault.method.as_ref().is_none_or(|only| only == method) && path.contains(&fault.path)
        };
        let at = rules.iter().position(fits)?;
        let kind = rules[at].kind.clone();
        if rules[at].times != u32::MAX {
            rules[at].times = rules[at].times.saturating_sub(1);
        }
        if rules[at].times == 0 {
            rules.remove(at);
        }
        self.any.store(!rules.is_empty(), Ordering::Release);
        Some(kind)
    }

    /// How many ordered faults have not happened yet.
    pub(super) fn waiting(&self) -> usize {
        self.rules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_fits_its_method_and_path_and_is_used_up() {
        let faults = Faults::default();
        faults.add(
            Fault::on("/messages", FaultKind::Status(503))
                .method("POST")
                .times(2),
        );
        assert!(
            faults
                .take(&Method::GET, "/channels/1/messages", 0)
                .is_none()
        );
        assert!(faults.take(&Method::POST, "/channels/1", 0).is_none());
        assert!(
            faults
                .take(&Method::POST, "/channels/1/messages", 0)
                .is_some()
        );
        assert!(
            faults
                .take(&Method::POST, "/channels/1/messages", 0)
                .is_some()
        );
        assert!(
            faults
                .take(&Method::POST, "/channels/1/messages", 0)
                .is_none()
        );
        assert_eq!(faults.waiting(), 0);
    }
    #[test]
    fn an_outage_that_was_ordered_ends_by_the_clock() {
        let faults = Faults::default();
        let is_out = |now_ms| faults.take(&Method::GET, "/users/@me", now_ms).is_some();
        assert!(!is_out(1));
        faults.outage_until(1_000);
        assert_eq!((is_out(999), is_out(1_000)), (true, false));
        assert_eq!(faults.outage_until_ms(999), Some(1_000));
        assert_eq!(faults.outage_until_ms(1_000), None);
    }
}
