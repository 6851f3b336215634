//! Rate limits, as a client meets them: a bucket per route and major parameter, 50 requests a second
//! over all of them, and for the gateway so many sessions in five seconds and a day.
//!
//! Source: Discord's reference, “Rate Limits” and “Gateway” (“Identifying”, “Sharding”). Its numbers per route are not documented and told
//! by headers alone; the ones here are those that clients commonly see.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use axum::http::Method;

/// Requests a second over all routes.
const GLOBAL_PER_SECOND: u32 = 50;
/// Sessions that may be begun in a day (IDENTIFY); to resume one is free.
const IDENTIFIES_A_DAY: u32 = 1_000;
const DAY_MS: i64 = 86_400_000;
/// Shards that may begin sessions together: one of each remainder in five seconds.
pub(super) const MAX_CONCURRENCY: u64 = 16;
const IDENTIFY_EVERY_MS: i64 = 5_000;
/// Buckets remembered before those that ran out are forgotten.
const BUCKETS_KEPT: usize = 10_000;

/// Counts requests; off, it says nothing at all.
#[derive(Default)]
pub(super) struct Limits {
    on: AtomicBool,
    too_many: AtomicU64,
    windows: Mutex<Windows>,
}

#[derive(Default)]
struct Windows {
    global: Window,
    buckets: HashMap<String, Window>,
    identifies: Window,
    /// By the remainder of the shard's number.
    starts: HashMap<u64, Window>,
}

/// Whether a session may be begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identify {
    Fine,
    /// Another shard of the same remainder, or the same, has just begun one.
    TooSoon,
    /// One more than a day has. Discord then ends all sessions and makes the token invalid.
    TooMany,
}

/// How many sessions may still be begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SessionStarts {
    pub(super) total: u32,
    pub(super) remaining: u32,
    pub(super) reset_after_ms: i64,
}

/// A window opens with its first request and closes after its length.
#[derive(Clone, Copy, Default)]
struct Window {
    used: u32,
    ends_ms: i64,
}

impl Window {
    /// Counts one request, or says that there is no room.
    fn take(&mut self, limit: u32, length_ms: i64, now_ms: i64) -> bool {
        if now_ms >= self.ends_ms {
            *self = Self {
                used: 0,
                ends_ms: now_ms + length_ms,
            };
        }
        if self.used >= limit {
            return false;
        }
        self.used += 1;
        true
    }
}

/// Where a request stands in its bucket; becomes the `X-RateLimit-…` headers.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    pub(super) reset_after_ms: i64,
    pub(super) bucket: String,
}

/// The answer 429.
#[derive(Clone, Debug)]
pub(super) struct TooMany {
    pub(super) retry_after_ms: i64,
    pub(super) global: bool,
    /// `user`, `global` or `shared`.
    pub(super) scope: &'static str,
    pub(super) standing: Option<Standing>,
}

impl Limits {
    pub(super) fn switch(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
    }

    pub(super) fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    pub(super) fn too_many(&self) -> u64 {
        self.too_many.load(Ordering::Relaxed)
    }

    /// A 429 was given, by a limit or by a fault.
    pub(super) fn count_too_many(&self) {
        self.too_many.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts the beginning of a session; while the limits are off, it does not.
    pub(super) fn identify(&self, shard: u64, now_ms: i64) -> Identify {
        if !self.is_on() {
            return Identify::Fine;
        }
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if !windows.identifies.take(IDENTIFIES_A_DAY, DAY_MS, now_ms) {
            return Identify::TooMany;
        }
        let start = windows.starts.entry(shard % MAX_CONCURRENCY).or_default();
        if start.take(1, IDENTIFY_EVERY_MS, now_ms) {
            Identify::Fine
        } else {
            Identify::TooSoon
        }
    }

    /// What is left of the day's sessions.
    pub(super) fn session_starts(&self, now_ms: i64) -> SessionStarts {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let reset_after_ms = (windows.identifies.ends_ms - now_ms).max(0);
        let used = if reset_after_ms == 0 {
            0
        } else {
            windows.identifies.used
        };
        SessionStarts {
            total: IDENTIFIES_A_DAY,
            remaining: IDENTIFIES_A_DAY - used.min(IDENTIFIES_A_DAY),
            reset_after_ms,
        }
    }

    /// Counts a request. `None` while the limits are off.
    pub(super) fn take(
        &self,
        method: &Method,
        segments: &[&str],
        now_ms: i64,
    ) -> Option<Result<Standing, TooMany>> {
        if !self.on.load(Ordering::Relaxed) {
            return None;
        }
        let route = Route::of(method, segments);
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = windows.take(&route, now_ms);
        drop(windows);
        if taken.is_err() {
            self.count_too_many();
        }
        Some(taken)
    }
}

impl Windows {
    fn take(&mut self, route: &Route, now_ms: i64) -> Result<Standing, TooMany> {
        if self.buckets.len() >= BUCKETS_KEPT {
            self.buckets.retain(|_, window| window.ends_ms > now_ms);
        }
        let window = self.buckets.entry(route.key.clone()).or_default();
        let fits = window.take(route.limit, route.length_ms, now_ms);
        let standing = Standing {
            limit: route.limit,
            remaining: route.limit - window.used.min(route.limit),
            reset_after_ms: (window.ends_ms - now_ms).max(0),
            bucket: route.bucket.clone(),
        };
        if !fits {
            return Err(TooMany {
                retry_after_ms: standing.reset_after_ms,
                global: false,
                scope: "user",
                standing: Some(standing),
            });
        }
        // “Interaction endpoints are not bound to the bot's Global Rate Limit.”
        if !route.global_exempt && !self.global.take(GLOBAL_PER_SECOND, 1_000, now_ms) {
            return Err(TooMany {
                retry_after_ms: (self.global.ends_ms - now_ms).max(0),
                global: true,
                scope: "global",
                standing: None,
            });
        }
        Ok(standing)
    }
}

/// A route as the limits see it.
struct Route {
    /// The bucket's public name.
    bucket: String,
    /// The bucket and its major parameters.
    key: String,
    limit: u32,
    length_ms: i64,
    global_exempt: bool,
}

impl Route {
    fn of(method: &Method, segments: &[&str]) -> Self {
        let is_id = |segment: &str| segment.bytes().all(|byte| byte.is_ascii_digit());
        let mut template = method.as_str().to_owned();
        for segment in segments {
            template.push('/');
            template.push_str(if is_id(segment) { "{id}" } else { segment });
        }
        let (limit, length_ms) = match (method.as_str(), segments) {
            ("GET" | "POST", ["channels", _, "messages"])
            | ("PATCH", ["channels", _, "messages", _]) => (5, 5_000),
            ("DELETE", ["channels", _, "messages", _]) => (5, 1_000),
            ("POST", ["users", "@me", "channels"]) => (10, 10_000),
            (_, ["webhooks", ..]) => (5, 2_000),
            // An interaction is answered once; what counts its answers has no bucket to fill.
            (_, ["interactions", ..]) => (1_000, 1_000),
            _ => (100, 1_000),
        };
        let (major, global_exempt) = match segments {
            ["channels" | "guilds", id, ..] => ((*id).to_owned(), false),
            ["webhooks", id, token, ..] => (format!("{id}/{token}"), true),
            ["interactions", id, ..] => ((*id).to_owned(), true),
            _ => (String::new(), false),
        };
        // A token in a path must not become part of the bucket's public name.
        if let ["webhooks" | "interactions", _, token, ..] = segments {
            template = template.replace(token, "{token}");
        }
        Self {
            bucket: format!("{:016x}", fnv1a(&template)),
            key: format!("{template}:{major}"),
            limit,
            length_ms,
            global_exempt,
        }
    }
}

/// FNV-1a: a name for a bucket that says nothing about its route, as Discord's do not.
fn fnv1a(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        let limits = Limits::default();
        limits.switch(true);
        limits
    }

    #[test]
    fn the_sixth_message_in_five_seconds_is_too_many_but_only_in_its_channel() {
        let limits = limits();
        let post = |channel: &str, now_ms| {
            limits
                .take(&Method::POST, &["channels", channel, "messages"], now_ms)
                .unwrap()
        };
        for left in (0..5).rev() {
            assert_eq!(post("1", 0).unwrap().remaining, left);
        }
        let refused = post("1", 1_000).unwrap_err();
        assert_eq!((refused.retry_after_ms, refused.global), (4_000, false));
        assert!(post("2", 1_000).is_ok());
        assert!(post("1", 5_000).is_ok());
        assert_eq!(limits.too_many(), 1);
    }

    #[test]
    fn fifty_requests_a_second_in_all_but_interactions_are_exempt() {
        let limits = limits();
        for channel in 0..50 {
            let channel = channel.to_string();
            assert!(
                limits
                    .take(&Method::GET, &["channels", &channel], 0)
                    .unwrap()
                    .is_ok()
            );
        }
        let refused = limits
            .take(&Method::GET, &["users", "@me"], 10)
            .unwrap()
            .unwrap_err();
        assert!(refused.global);
        assert!(
            limits
                .take(&Method::POST, &["interactions", "1", "t", "callback"], 10)
                .unwrap()
                .is_ok()
        );
        assert!(
            limits
                .take(&Method::GET, &["users", "@me"], 1_000)
                .unwrap()
                .is_ok()
        );
    }
    #[test]
    fn one_shard_of_each_remainder_begins_a_session_in_five_seconds() {
        let limits = limits();
        assert_eq!(limits.identify(0, 0), Identify::Fine);
        assert_eq!(limits.identify(1, 0), Identify::Fine);
        assert_eq!(limits.identify(0, 4_999), Identify::TooSoon);
        assert_eq!(limits.identify(MAX_CONCURRENCY, 4_999), Identify::TooSoon);
        assert_eq!(limits.identify(MAX_CONCURRENCY, 5_000), Identify::Fine);
        limits.switch(false);
        assert_eq!(limits.identify(0, 5_000), Identify::Fine);
    }

    #[test]
    fn a_day_has_a_thousand_sessions() {
        let limits = limits();
        let left = |now_ms| limits.session_starts(now_ms).remaining;
        assert_eq!(left(0), 1_000);
        for count in 0..1_000 {
            assert_eq!(limits.identify(0, count * 5_000), Identify::Fine);
        }
        let now_ms = 5_000_000;
        assert_eq!(
            limits.session_starts(now_ms),
            SessionStarts {
                total: 1_000,
                remaining: 0,
                reset_after_ms: DAY_MS - now_ms
            }
        );
        assert_eq!(limits.identify(0, now_ms), Identify::TooMany);
        assert_eq!(left(DAY_MS), 1_000);
        assert_eq!(limits.identify(0, DAY_MS), Identify::Fine);
        assert_eq!(left(DAY_MS), 999);
    }
}
