//! The log: text for people or JSON for machines, on standard error.
//!
//! Log calls never name a secret. For the day when one does all the same (a library that prints a
//! request, an error that quotes a URL), every line passes through a filter that takes the
//! configuration's secrets out of it.
//!
//! An interaction's token is no part of the configuration, and the libraries that speak to Discord
//! write it, and what people typed, into their finer levels. Those levels stay closed whatever
//! `RUST_LOG` asks for (`CLOSED`).
//!
//! Both filters decide for the whole subscriber, not for one layer of it
//! (`tracing_subscriber::Layer::with_filter`). A filter of one layer remembers its decision in the
//! thread until the event arrives. Whoever only asks whether an event would be logged, and then sends
//! none, leaves “no” behind, and the next event of that thread is lost. sqlx asks so after every
//! statement (`log::log_enabled!`), on PostgreSQL in the threads that log for us.

use std::borrow::Cow;
use std::io::{self, Write};
use std::iter;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::config::{LogConfig, LogFormat};

/// Goes before `RUST_LOG`, which can override each of these where `CLOSED` does not: our own
/// events from `info` on, and of the libraries, who tell of every request and heartbeat, only what
/// went wrong.
const BASE_FILTER: &str = "info,serenity=warn,poise=warn,songbird=warn,sqlx=warn,hyper=warn,\
     hyper_util=warn,reqwest=warn,h2=warn,rustls=warn,tungstenite=warn,tokio_tungstenite=warn,\
     axum=warn,tower=warn";
/// The most that these crates may log, the first that fits counting. Below it they write requests,
/// frames and spans with everything in them: interaction tokens, the bot's token, tasks and names.
/// `serenity::http` names the path of a request, and with it the interaction's token, even in a
/// warning.
const CLOSED: [(&str, LevelFilter); 17] = [
    ("serenity::http", LevelFilter::ERROR),
    ("serenity", LevelFilter::WARN),
    ("poise", LevelFilter::WARN),
    ("hyper", LevelFilter::WARN),
    ("hyper_util", LevelFilter::WARN),
    ("hyper_rustls", LevelFilter::WARN),
    ("reqwest", LevelFilter::WARN),
    ("h2", LevelFilter::WARN),
    ("rustls", LevelFilter::WARN),
    ("tokio_rustls", LevelFilter::WARN),
    ("tungstenite", LevelFilter::WARN),
    ("tokio_tungstenite", LevelFilter::WARN),
    ("axum", LevelFilter::WARN),
    ("axum_core", LevelFilter::WARN),
    ("tower", LevelFilter::WARN),
    ("tower_http", LevelFilter::WARN),
    ("sqlx", LevelFilter::DEBUG),
];
/// Shorter secrets are not looked for: they would blot out ordinary words.
const SHORTEST_SECRET: usize = 6;
/// What stands in a secret's place.
const REDACTED: &str = "[redacted]";

/// Starts the log for the whole program, and logs panics. Call once.
pub fn start(config: &LogConfig, secrets: &[SecretString]) -> Result<(), TryInitError> {
    subscriber(config, secrets, io::stderr).try_init()?;
    log_panics();
    for directive in lowered(&config.filter) {
        tracing::warn!(
            directive,
            "this part of RUST_LOG asks for more than may be logged (tokens, what people wrote); \
             the library stays at its highest allowed level"
        );
    }
    Ok(())
}

/// The log as [`start`] makes it, for tests that read it.
pub fn subscriber<W>(
    config: &LogConfig,
    secrets: &[SecretString],
    output: W,
) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder()
        // The configuration has parsed it already; what cannot be read is left out.
        .parse_lossy(format!("{BASE_FILTER},{}", config.filter));
    let redact = Redact {
        secrets: forms(secrets).into(),
        output,
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(redact);
    match config.format {
        LogFormat::Text => {
            let log = Registry::default().with(lines).with(Ceiling);
            Box::new(log.with(filter))
        }
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true);
            let log = Registry::default().with(lines).with(Ceiling);
            Box::new(log.with(filter))
        }
    }
}

/// Keeps every crate to the finest level at which it may log (`CLOSED`). Not a matter of directives:
/// one such as `[command]=trace` opens every crate inside a span.
struct Ceiling;

impl<S: Subscriber> Layer<S> for Ceiling {
    fn enabled(&self, event: &Metadata<'_>, _: Context<'_, S>) -> bool {
        event.level() <= &closed(event.target()).unwrap_or(LevelFilter::TRACE)
    }
}

fn closed(target: &str) -> Option<LevelFilter> {
    let fits = |prefix: &str| {
        let rest = target.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let found = CLOSED.iter().find(|(prefix, _)| fits(prefix));
    found.map(|(_, most)| *most)
}

/// Those parts of `RUST_LOG` that name a closed crate and ask for more than it may log.
fn lowered(filter: &str) -> Vec<&str> {
    let asks_too_much = |directive: &&str| {
        let (target, level) = directive.split_once('=').unwrap_or((directive, "trace"));
        let target = target.split('[').next().unwrap_or_default();
        // A span's fields may have more equals signs; the level is behind the last.
        let level = level.rsplit('=').next().unwrap_or_default().trim();
        let level = level.parse().unwrap_or(LevelFilter::TRACE);
        closed(target.trim()).is_some_and(|most| level > most)
    };
    filter.split(',').filter(asks_too_much).collect()
}

/// Logs a panic where it happened. Its message only if it is a constant: one that was put together
/// may quote what people wrote, or a secret.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        tracing::error!(
            location = panic.location().map(tracing::field::display),
            thread = thread.name(),
            cause = panic.payload().downcast_ref::<&'static str>(),
            "a panic: this is a bug in the program",
        );
    }));
}

/// `text` without the secrets, for what is printed past the log.
pub fn redact(text: &str, secrets: &[SecretString]) -> String {
    without(text.into(), &forms(secrets)).into_owned()
}

fn without<'a>(mut text: Cow<'a, str>, forms: &[SecretString]) -> Cow<'a, str> {
    for secret in forms.iter().map(ExposeSecret::expose_secret) {
        if text.contains(secret) {
            text = text.replace(secret, REDACTED).into();
        }
    }
    text
}

/// The secrets as a log line may show them: as they are, and escaped by `Debug`, by JSON, or by
/// both. The longest first, as one form may be a part of another.
fn forms(secrets: &[SecretString]) -> Vec<SecretString> {
    let escaped = |text: &String| Some(text.escape_debug().to_string());
    let mut forms: Vec<String> = secrets
        .iter()
        .map(ExposeSecret::expose_secret)
        .filter(|secret| secret.len() >= SHORTEST_SECRET)
        .flat_map(|secret| iter::successors(Some(secret.to_owned()), escaped).take(3))
        .collect();
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.dedup();
    forms.into_iter().map(SecretString::from).collect()
}

/// Takes secrets out of what is written to `output`.
struct Redact<W> {
    secrets: Arc<[SecretString]>,
    output: W,
}

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Redact<W> {
    type Writer = RedactedLine<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        RedactedLine {
            secrets: Arc::clone(&self.secrets),
            output: self.output.make_writer(),
        }
    }
}

/// One event's writer. The formatter writes an event at once, so a secret is never in two parts.
struct RedactedLine<W> {
    secrets: Arc<[SecretString]>,
    output: W,
}

impl<W: Write> Write for RedactedLine<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let line_text = String::from_utf8_lossy(line);
        let redacted = without(line_text, &self.secrets);
        self.output.write_all(redacted.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;

    const CANARY: &str = "MTA0-canary.GyUx9a.not-a-real-token";

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged by `events`.
    fn logged(format: LogFormat, filter: &str, events: impl FnOnce()) -> String {
        let kept = Kept::default();
        let output = kept.clone();
        let config = LogConfig {
            format,
            filter: filter.into(),
        };
        let secrets = [CANARY.into(), "canary \"quoted\"".into(), "abc".into()];
        let subscriber = subscriber(&config, &secrets, move || output.clone());
        tracing::subscriber::with_default(subscriber, events);
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn no_secret_reaches_the_log() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let log = logged(format, "trace", || {
                let span = tracing::info_span!("request", authorization = CANARY);
                let _entered = span.enter();
                tracing::info!(token = CANARY, "connecting as {CANARY}");
                let password = "canary \"quoted\"";
                tracing::error!(?password, password, error = %anyhow::anyhow!("{password}"));
                tracing::warn!("the alphabet begins abc");
            });
            assert!(!log.contains("canary"), "{log}");
            assert!(log.contains("connecting as [redacted]"), "{log}");
            // Too short to be looked for.
            assert!(log.contains("begins abc"), "{log}");
            let lines = log.lines().count();
            assert_eq!(lines, 3, "{log}");
        }
    }

    #[test]
    fn printed_errors_have_no_secrets() {
        let secrets = [CANARY.into()];
        let shown = redact(&format!("401 for {CANARY:?}"), &secrets);
        assert_eq!(shown, "401 for \"[redacted]\"");
    }

    #[test]
    fn json_stays_json() {
        let log = logged(LogFormat::Json, "info", || {
            tracing::info!(token = CANARY, count = 2, "done");
        });
        let event: serde_json::Value = serde_json::from_str(&log).unwrap();
        assert_eq!(event["token"], "[redacted]");
        assert_eq!(event["count"], 2);
    }

    #[test]
    fn panics_are_logged_without_what_they_quote() {
        let before = std::panic::take_hook();
        log_panics();
        let log = logged(LogFormat::Text, "info", || {
            let _ = std::panic::catch_unwind(|| panic!("a constant"));
            let quoted = String::from("what somebody wrote");
            let _ = std::panic::catch_unwind(|| panic!("cannot read {quoted}"));
        });
        std::panic::set_hook(before);
        assert_eq!(log.lines().count(), 2, "{log}");
        assert!(
            log.contains("a constant") && !log.contains("somebody"),
            "{log}"
        );
        assert_eq!(
            log.matches("location=src/telemetry.rs:").count(),
            2,
            "{log}"
        );
    }

    #[test]
    fn libraries_are_quiet_unless_asked_for() {
        let events = || {
            tracing::debug!("ours, in detail");
            tracing::info!("ours");
            tracing::info!(target: "serenity::gateway", "a heartbeat");
            tracing::debug!(target: "sqlx::query", "a query");
            tracing::warn!(target: "serenity::gateway", "a lost connection");
        };
        let default = logged(LogFormat::Text, "info", events);
        assert_eq!(default.lines().count(), 2, "{default}");
        let detailed = logged(LogFormat::Text, "debug", events);
        assert_eq!(detailed.lines().count(), 3, "{detailed}");
        let asked = logged(LogFormat::Text, "warn,sqlx=debug", events);
        assert_eq!(asked.lines().count(), 2, "{asked}");
        assert!(asked.contains("a query"));
    }

    #[test]
    fn a_question_whether_something_is_logged_costs_no_later_event() {
        // Somebody else's subscriber that takes everything: with it in the process, each question
        // is put to ours anew instead of being answered once and for all.
        let another = tracing::Dispatch::new(Registry::default());
        for filter in ["info", "sqlx=debug", "warn", "[command]=trace"] {
            for format in [LogFormat::Text, LogFormat::Json] {
                let log = logged(format, filter, || {
                    for number in 0..3 {
                        assert!(!tracing::enabled!(target: "hyper", tracing::Level::TRACE));
                        tracing::warn!(number, "ours");
                    }
                });
                assert_eq!(log.lines().count(), 3, "{filter}: {log}");
            }
        }
        drop(another);
    }

    #[test]
    fn libraries_that_hold_tokens_stay_closed_whatever_is_asked_for() {
        let events = || {
            let span = tracing::info_span!("command");
            let _entered = span.enter();
            tracing::info!(target: "serenity::gateway", "a frame");
            tracing::trace!(target: "hyper", "a request");
            tracing::warn!(target: "serenity::http::client", "the path of a request");
            tracing::info!(target: "another_serenity", "harmless");
        };
        for filter in [
            "trace",
            "serenity=trace,hyper=trace,another_serenity=trace",
            "[command]=trace",
            "serenity[command]=trace,[]=trace",
        ] {
            let log = logged(LogFormat::Text, filter, events);
            assert_eq!(log.lines().count(), 1, "{filter}: {log}");
            assert!(log.contains("harmless"), "{filter}: {log}");
        }
    }

    #[test]
    fn what_is_lowered_is_named() {
        let asked = "debug,serenity=info,hyper=warn,poise,sqlx=debug,reqwest[send{url=x}]=debug";
        let named = lowered(asked);
        assert_eq!(
            named,
            ["serenity=info", "poise", "reqwest[send{url=x}]=debug"]
        );
        assert!(lowered("trace,timeattack=trace,[command]=trace").is_empty());
    }
}
