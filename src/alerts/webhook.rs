//! The operators' webhook: `POST` of `{"text": "…"}`, which is Slack's form, and Discord's at an
//! address that ends in `/slack`.
//!
//! Alerts are posted in order, each until it is taken, for a day at most. The address is a secret:
//! errors are told without it.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::lock;
use crate::clock::Clock;
use crate::messenger::markdown::shorten;

/// A request that takes longer has failed.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Characters of a text: what Discord takes; Slack takes more.
const TEXT_LENGTH: usize = 2_000;
/// The wait after a first failure; it doubles with each further one.
const FIRST_WAIT_MS: i64 = 1_000;
/// The longest of these waits: after it is back, the webhook is not kept waiting for longer.
const LONGEST_WAIT_MS: i64 = 60_000;
/// More than lead to the longest wait, and not so many that a number runs over.
const MOST_DOUBLINGS: u32 = 10;
/// What has waited for so long is no news any more, and nobody is made to wait longer by an answer.
const DAY_MS: i64 = 86_400_000;
/// Alerts that wait at once. Conditions are few and each is said rarely, so these are hours of the
/// worst.
const MOST_WAITING: usize = 100;
/// What waits when the program ends is tried once more, for so long: it must fit into the end of
/// the program.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Posts alerts to one address.
pub struct Webhook {
    client: reqwest::Client,
    url: SecretString,
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

/// Alerts that were not taken yet, the oldest first.
#[derive(Default)]
struct Waiting {
    alerts: VecDeque<Alert>,
    next_number: u64,
    /// Alerts that were given up, and nobody was told so.
    lost: u64,
}

#[derive(Clone)]
struct Alert {
    number: u64,
    text: String,
    /// When it was said, by the monotonic clock.
    since_ms: i64,
}

/// Why an alert was not taken.
enum NotTaken {
    /// It may be later.
    Later { after_ms: i64, why: String },
    /// It never will be.
    Refused { why: String },
}

impl Webhook {
    /// A webhook at `url`, which begins with `https://` or `http://`.
    pub fn new(url: SecretString) -> anyhow::Result<Self> {
        Url::parse(url.expose_secret()).context("the address of the webhook")?;
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            // Whoever answers for the address may not send what is said to others.
            .redirect(Policy::none())
            .user_agent(concat!("timeattack/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("the HTTP client of the webhook")?;
        Ok(Self {
            client,
            url,
            waiting: Mutex::default(),
            arrived: Notify::new(),
        })
    }

    /// To be posted when its turn comes.
    pub(super) fn push(&self, text: &str, now_ms: i64) {
        lock(&self.waiting).push(format!("timeattack: {text}"), now_ms);
        self.arrived.notify_one();
    }

    /// Posts what waits until `stop`, and then tries what is left once more.
    pub(super) async fn deliver(&self, clock: &Clock, stop: CancellationToken) {
        let all = self.deliver_all(clock, &stop);
        tokio::pin!(all);
        tokio::select! {
            () = &mut all => {}
            () = stop.cancelled() => {
                let _ = tokio::time::timeout(LAST_WORDS, all).await;
            }
        }
        let unsent = lock(&self.waiting).alerts.len();
        if unsent > 0 {
            tracing::warn!(
                unsent,
                "this process ends with alerts that the webhook did not take"
            );
        }
    }

    /// Returns when it is to stop and nothing waits, or what waits was tried in vain.
    async fn deliver_all(&self, clock: &Clock, stop: &CancellationToken) {
        let mut failures = 0;
        while let Some((alert, lost)) = self.next(clock, stop).await {
            match self.post(&text_of(&alert, lost)).await {
                Ok(()) => {
                    if failures > 0 {
                        tracing::info!(failures, "the alerts' webhook accepts alerts again");
                    }
                    failures = 0;
                    lock(&self.waiting).was_taken(&alert, lost);
                }
                Err(NotTaken::Refused { why }) => {
                    tracing::warn!(
                        why,
                        "the alerts' webhook rejected an alert; the alert is dropped"
                    );
                    failures = 0;
                    lock(&self.waiting).remove(&alert);
                }
                Err(NotTaken::Later { .. }) if stop.is_cancelled() => return,
                Err(NotTaken::Later { after_ms, why }) => {
                    if failures == 0 {
                        tracing::warn!(
                            why,
                            "the alerts' webhook does not accept alerts; trying until it does"
                        );
                    }
                    let wait_ms = wait_ms(failures).max(after_ms);
                    failures += 1;
                    tokio::select! {
                        () = clock.sleep_ms(wait_ms) => {}
                        () = stop.cancelled() => {}
                    }
                }
            }
        }
    }

    /// The alert whose turn it is, and how many were lost before; `None`: there is none, and it is
    /// to stop.
    async fn next(&self, clock: &Clock, stop: &CancellationToken) -> Option<(Alert, u64)> {
        loop {
            let is_last_look = stop.is_cancelled();
            let next = lock(&self.waiting).next(clock.monotonic_ms());
            if next.is_some() || is_last_look {
                return next;
            }
            tokio::select! {
                () = self.arrived.notified() => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn post(&self, text: &str) -> Result<(), NotTaken> {
        let request = self.client.post(self.url.expose_secret());
        let answer = request.json(&json!({ "text": text })).send().await;
        let answer = answer.map_err(|error| lost(&error))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(not_taken(status, answer.headers())),
        }
    }
}

impl Waiting {
    fn push(&mut self, text: String, since_ms: i64) {
        if self.alerts.len() >= MOST_WAITING {
            self.alerts.pop_front();
            self.lost += 1;
        }
        self.alerts.push_back(Alert {
            number: self.next_number,
            text,
            since_ms,
        });
        self.next_number += 1;
    }

    /// The oldest that is still news, and how many were lost.
    fn next(&mut self, now_ms: i64) -> Option<(Alert, u64)> {
        let is_old = |alert: &mut Alert| now_ms - alert.since_ms >= DAY_MS;
        while self.alerts.pop_front_if(is_old).is_some() {
            self.lost += 1;
            tracing::warn!(
                "the alerts' webhook did not accept an alert for a day; the alert is dropped"
            );
        }
        Some((self.alerts.front()?.clone(), self.lost))
    }

    /// The alert was taken, and with it word of `lost` others.
    fn was_taken(&mut self, alert: &Alert, lost: u64) {
        self.lost -= lost;
        // It may have been dropped for want of room while it was on its way.
        if !self.remove(alert) {
            self.lost = self.lost.saturating_sub(1);
        }
    }

    /// `false`: it does not wait any more.
    fn remove(&mut self, alert: &Alert) -> bool {
        let is_it = |waiting: &mut Alert| waiting.number == alert.number;
        self.alerts.pop_front_if(is_it).is_some()
    }
}

fn text_of(alert: &Alert, lost: u64) -> String {
    if lost == 0 {
        return shorten(&alert.text, TEXT_LENGTH);
    }
    let text = format!("{lost} earlier alerts could not be posted. {}", alert.text);
    shorten(&text, TEXT_LENGTH)
}

/// The wait after one more failure than `failures`.
fn wait_ms(failures: u32) -> i64 {
    (FIRST_WAIT_MS << failures.min(MOST_DOUBLINGS)).min(LONGEST_WAIT_MS)
}

/// No answer. The error itself would name the address.
fn lost(error: &reqwest::Error) -> NotTaken {
    let why = if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "it could not be reached"
    } else {
        "the connection to it was lost"
    };
    NotTaken::Later {
        after_ms: 0,
        why: why.into(),
    }
}

fn not_taken(status: StatusCode, headers: &HeaderMap) -> NotTaken {
    let why = format!("it answered {}", status.as_u16());
    let passes = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
    if status.is_client_error() && !passes.contains(&status) {
        return NotTaken::Refused { why };
    }
    let seconds = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let seconds = seconds.and_then(|value| value.trim().parse::<u32>().ok());
    let after_ms = seconds.map_or(0, |seconds| (i64::from(seconds) * 1_000).min(DAY_MS));
    NotTaken::Later { after_ms, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(waiting: &mut Waiting) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some((alert, lost)) = waiting.next(0) {
            texts.push(text_of(&alert, lost));
            waiting.was_taken(&alert, lost);
        }
        texts
    }

    #[test]
    fn waits_double_up_to_a_minute() {
        let waits = [0, 1, 2, 5, 6, 7, u32::MAX].map(wait_ms);
        let expected = [1, 2, 4, 32, 60, 60, 60].map(|seconds| seconds * 1_000);
        assert_eq!(waits, expected);
    }

    #[test]
    fn of_more_than_a_hundred_the_oldest_go_and_their_number_is_said_once() {
        let mut waiting = Waiting::default();
        (0..130).for_each(|number| waiting.push(number.to_string(), 0));
        let texts = texts(&mut waiting);
        assert_eq!(texts.len(), MOST_WAITING);
        assert_eq!(texts[0], "30 earlier alerts could not be posted. 30");
        assert_eq!((&*texts[1], &*texts[99]), ("31", "129"));
    }

    #[test]
    fn an_alert_that_was_taken_after_all_is_not_counted_as_lost() {
        let mut waiting = Waiting::default();
        waiting.push("on its way".into(), 0);
        let (alert, lost) = waiting.next(0).unwrap();
        (0..102).for_each(|number| waiting.push(number.to_string(), 0));
        waiting.was_taken(&alert, lost);
        let texts = texts(&mut waiting);
        assert_eq!(texts[0], "2 earlier alerts could not be posted. 2");
    }

    #[test]
    fn what_is_a_day_old_is_no_news() {
        let mut waiting = Waiting::default();
        waiting.push("yesterday".into(), 0);
        waiting.push("today".into(), DAY_MS - 1);
        let (alert, lost) = waiting.next(DAY_MS).unwrap();
        assert_eq!((alert.text.as_str(), lost), ("today", 1));
    }

    #[test]
    fn a_text_is_cut_to_what_is_taken() {
        let mut waiting = Waiting::default();
        waiting.push("가".repeat(3_000), 0);
        assert_eq!(texts(&mut waiting)[0].chars().count(), TEXT_LENGTH);
    }

    #[test]
    fn an_answer_says_when_and_whether_to_try_again() {
        let answered = |status: u16, retry_after: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(value) = retry_after {
                headers.insert(RETRY_AFTER, value.parse().unwrap());
            }
            match not_taken(StatusCode::from_u16(status).unwrap(), &headers) {
                NotTaken::Later { after_ms, .. } => Some(after_ms),
                NotTaken::Refused { .. } => None,
            }
        };
        assert_eq!(answered(500, None), Some(0));
        assert_eq!(answered(302, None), Some(0));
        assert_eq!(answered(408, None), Some(0));
        assert_eq!(answered(429, Some("30")), Some(30_000));
        assert_eq!(answered(503, Some("4000000000")), Some(DAY_MS));
        assert_eq!(answered(429, Some("soon")), Some(0));
        for refused in [400, 401, 403, 404, 410] {
            assert_eq!(answered(refused, Some("1")), None);
        }
    }
}
