//! Operators' alerts: what is wrong with the host is told to whoever runs the bot.
//!
//! # Promise
//!
//! - A [`Condition`] is said once when it begins, and once when it ends. The beginning of the same
//!   one is said at most once in ten minutes: what begins anew before is held back, and said then if
//!   it still holds. What was not said to begin is not said to end.
//! - [`Event`]s have no end; they are counted, and those of one kind said at most once in ten
//!   minutes, with their number.
//! - Each alert stands in the log, and goes to the operators' webhook where there is one
//!   ([`webhook`]): past the outbox and past Discord, because it may be these that fail. What
//!   waits for the webhook waits in memory, for a day at most, and ends with the process; so does
//!   what is known of a condition.
//! - The words are fixed, in English, with numbers in them; nobody's names, tasks or ids.
//!
//! Most of it is found by [`watch`], who looks at the host every five seconds. What one guild has
//! trouble with, the outbox tells in that guild's own alerts channel. Of several processes on one
//! database each tells what it sees.
//!
//! # To tell of something new
//!
//! Add it to [`Condition`] or [`Event`] with its words, and let [`watch`] look at it, or call
//! [`Alerts::raise`] and [`Alerts::end`] where it is known.

mod book;
pub mod watch;
pub mod webhook;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::outbox::Lane;
use book::{Book, Word};
use webhook::Webhook;

/// Something that is wrong with the host until it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Something in this lane has been due for more than a minute.
    LaneStalled(Lane),
    /// Discord refused the token.
    TokenRefused,
    /// Discord's gateway takes no session of the bot.
    GatewayRefused,
    /// The disk with the database is nearly full.
    DiskLow,
    /// The database's log is too long.
    LogLong,
    /// The database cannot be read.
    DatabaseAway,
    /// The database can be read, and takes nothing.
    DatabaseReadOnly,
    /// Deadlines have passed without a verdict.
    VerdictsLate,
    /// Channels that take nothing are left alone.
    ChannelsClosed,
    /// Nothing is sent at all for a while.
    SendingStopped,
    /// Discord is limiting new DMs.
    NoDmsOpened,
    /// The mail server cannot be reached.
    MailServerAway,
    /// This host's clock is not Discord's.
    ClockWrong,
}

impl Condition {
    /// Its name in the log, which never changes.
    pub fn key(self) -> &'static str {
        match self {
            Self::LaneStalled(Lane::Post) => "lane_stalled.post",
            Self::LaneStalled(Lane::Edit) => "lane_stalled.edit",
            Self::LaneStalled(Lane::Dm) => "lane_stalled.dm",
            Self::LaneStalled(Lane::Email) => "lane_stalled.email",
            Self::TokenRefused => "token_refused",
            Self::GatewayRefused => "gateway_refused",
            Self::DiskLow => "disk_low",
            Self::LogLong => "log_long",
            Self::DatabaseAway => "database_away",
            Self::DatabaseReadOnly => "database_read_only",
            Self::VerdictsLate => "verdicts_late",
            Self::ChannelsClosed => "channels_closed",
            Self::SendingStopped => "sending_stopped",
            Self::NoDmsOpened => "no_dms_opened",
            Self::MailServerAway => "mail_server_away",
            Self::ClockWrong => "clock_wrong",
        }
    }

    /// What is wrong.
    fn what(self) -> &'static str {
        match self {
            Self::LaneStalled(Lane::Post) => "no posts are going out",
            Self::LaneStalled(Lane::Edit) => "no edits are going out",
            Self::LaneStalled(Lane::Dm) => "no direct messages are going out",
            Self::LaneStalled(Lane::Email) => "no emails are going out",
            Self::TokenRefused => "Discord does not accept the bot's token",
            Self::GatewayRefused => "Discord's gateway refuses the bot",
            Self::DiskLow => "the disk with the database is nearly full",
            Self::LogLong => "the database's log is too long and fills the disk",
            Self::DatabaseAway => "the database cannot be read",
            Self::DatabaseReadOnly => "nothing can be stored in the database",
            Self::VerdictsLate => "results are late",
            Self::ChannelsClosed => "some channels reject the bot's posts",
            Self::SendingStopped => "sending is paused because Discord rejected too much",
            Self::NoDmsOpened => "Discord is limiting new DMs",
            Self::MailServerAway => "the mail server can't be reached",
            Self::ClockWrong => "the clock of this machine differs from Discord's",
        }
    }

    /// What it means, or what to do.
    fn advice(self) -> Option<&'static str> {
        match self {
            Self::TokenRefused => Some(
                "Nothing is sent until it does. Waiting messages are kept, and the bot asks \
                 Discord again at least every five minutes. Reset the token on the bot's page at \
                 https://discord.com/developers/applications, set DISCORD_TOKEN to it and start \
                 the program again (or correct it in the proxy at DISCORD_API_URL).",
            ),
            Self::LogLong => Some(
                "Something has been reading from it for a long time (a backup, an open tool); the \
                 log is cut as soon as that ends.",
            ),
            Self::DatabaseReadOnly => Some(
                "Until it can be written again, results wait and commands are refused. You need \
                 not restart anything afterwards.",
            ),
            Self::ChannelsClosed => Some(
                "The bot stops posting to each of them for a minute; their posts go to the \
                 fallback channel.",
            ),
            Self::NoDmsOpened => Some(
                "The bot opens no new ones for ten minutes; DMs that are already open go on. If \
                 this happens again, lower DM_RATE.",
            ),
            Self::ClockWrong => Some(
                "Until it is set right, deadlines use Discord's clock, as far as it is known. Set \
                 the clock by NTP (`timedatectl set-ntp true`).",
            ),
            Self::MailServerAway => Some(
                "The bot tries it with one email at least every fifteen minutes; waiting emails \
                 are kept. `timeattack check` says what is wrong.",
            ),
            // What to do depends on why, and is in its detail.
            Self::GatewayRefused
            | Self::LaneStalled(_)
            | Self::DiskLow
            | Self::DatabaseAway
            | Self::VerdictsLate
            | Self::SendingStopped => None,
        }
    }
}

/// Something that happened, and is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A message was given up.
    Discarded,
    /// A member was not told in time what the law wants them told about their consent.
    NoticeOverdue,
    /// A task of this name, which lives as long as the program, panicked.
    TaskPanicked(&'static str),
}

impl Event {
    /// Its name in the log, which never changes.
    pub fn key(self) -> &'static str {
        match self {
            Self::Discarded => "discarded",
            Self::NoticeOverdue => "notice_overdue",
            Self::TaskPanicked(_) => "task_panicked",
        }
    }

    fn what(self, count: u64) -> String {
        match self {
            Self::Discarded if count == 1 => {
                "the bot gave up on 1 message; the log says why".into()
            }
            Self::Discarded => format!("the bot gave up on {count} messages; the log says why"),
            Self::NoticeOverdue => format!(
                "the bot did not tell members about their consent in time ({count}); `/queue \
                 parked` on their servers says why"
            ),
            Self::TaskPanicked(name) => format!(
                "the task “{name}” failed because of a bug in this program and was restarted \
                 ({count}); the log says where. Please report it"
            ),
        }
    }
}

/// Tells the operators; clones share what was told.
#[derive(Clone)]
pub struct Alerts {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Clock,
    book: Mutex<Book>,
    webhook: Option<Webhook>,
}

impl Alerts {
    /// Alerts to the log, and to `webhook` while [`Alerts::deliver`] runs.
    pub fn new(clock: Clock, webhook: Option<Webhook>) -> Self {
        let inner = Inner {
            clock,
            book: Mutex::default(),
            webhook,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The condition holds, also if it did before. `detail` says more, or nothing.
    pub fn raise(&self, condition: Condition, detail: String) {
        self.write(|book, now_ms| book.raise(condition, detail, now_ms).into_iter().collect());
    }

    /// The condition does not hold, also if it did not before.
    pub fn end(&self, condition: Condition) {
        self.write(|book, now_ms| book.end(condition, now_ms).into_iter().collect());
    }

    /// It happened, `count` times.
    pub fn happened(&self, event: Event, count: u64) {
        self.write(|book, now_ms| book.count(event, count, now_ms).into_iter().collect());
    }

    /// Says what was held back for long enough. To be called every few seconds.
    pub fn say_what_was_held_back(&self) {
        self.write(Book::due);
    }

    /// Posts to the webhook until `stop`; what waits then is tried once more.
    pub async fn deliver(&self, stop: CancellationToken) {
        if let Some(webhook) = &self.inner.webhook {
            webhook.deliver(&self.inner.clock, stop).await;
        }
    }

    /// What is said leaves under the book's lock: the beginning before the end.
    fn write(&self, change: impl FnOnce(&mut Book, i64) -> Vec<Word>) {
        let now_ms = self.inner.clock.monotonic_ms();
        let mut book = self.book();
        for word in change(&mut book, now_ms) {
            let (alert, text) = (word.key(), word.text());
            if word.is_good() {
                tracing::info!(alert, "{text}");
            } else {
                tracing::warn!(alert, "{text}");
            }
            if let Some(webhook) = &self.inner.webhook {
                webhook.push(&text, now_ms);
            }
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.inner.book)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A stretch of time for people: `75 s`, `3 min`, `26 h`.
fn span(ms: i64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200.. => format!("{} h", seconds / 3_600),
    }
}
