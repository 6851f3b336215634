//! The watch: looks at the host every five seconds, and says what it finds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Alerts, Condition, Event, span};
use crate::clock::Clock;
use crate::db::{Db, Disk};
use crate::error::{Error, Result};
use crate::messenger::markdown::shorten;
use crate::messenger::{ALARM_MS, Breakers, Messenger};
use crate::outbox::mail::RestCause;
use crate::outbox::{Lane, Outbox, Stall};
use crate::timeattack::{self, MOST_COUNTED, Overdue};

/// Between two looks. Whoever is alerted is not there within seconds; and what a look costs, with
/// a million rows, is a few reads of an index.
const LOOK_EVERY_MS: i64 = 5_000;
/// A database that has not answered for this long is away.
const PATIENCE: Duration = Duration::from_secs(5);
/// A verdict is late after this: then its own post says so too.
const LATE_MS: i64 = timeattack::timer::LATE_MS;
/// Characters of an error from elsewhere that are told.
const CAUSE_LENGTH: usize = 200;

/// What is watched.
pub struct Watched {
    /// The time.
    pub clock: Clock,
    /// Whether it answers and takes what is to be stored, its disk and its log.
    pub db: Db,
    /// What is not sent.
    pub outbox: Outbox,
    /// What is not tried.
    pub messenger: Messenger,
    /// How many messages that were given up have been told.
    pub told_discarded: AtomicU64,
}

/// What one look found.
struct Found {
    is_halted: bool,
    opens_no_dms: bool,
    /// When the mail server that cannot be reached is tried again.
    mail_away_until_ms: Option<i64>,
    breakers: Breakers,
    /// Of SQLite's file.
    disk: Option<Disk>,
    /// Of a log that is too long.
    log_megabytes: Option<i64>,
    stored: std::result::Result<Stored, String>,
    /// Why nothing can be stored.
    unstorable: Option<String>,
    /// How far Discord's clock is ahead of this host's.
    ahead_ms: i64,
    now_ms: i64,
}

/// What the database tells.
struct Stored {
    stalls: Vec<(Lane, Option<Stall>)>,
    overdue: Option<Overdue>,
}

/// Looks again and again until `stop`.
pub async fn watch_forever(watched: Arc<Watched>, alerts: Alerts, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = watched.clock.sleep_ms(LOOK_EVERY_MS) => {}
            () = stop.cancelled() => return,
        }
        let found = tokio::select! {
            found = watched.look() => found,
            () = stop.cancelled() => return,
        };
        for (condition, detail) in found.conditions() {
            match detail {
                Some(detail) => alerts.raise(condition, detail),
                None => alerts.end(condition),
            }
        }
        let until_now = watched.outbox.discarded();
        let discarded = watched.told_discarded.swap(until_now, Ordering::Relaxed);
        if until_now > discarded {
            alerts.happened(Event::Discarded, until_now - discarded);
        }
        alerts.say_what_was_held_back();
    }
}

impl Watched {
    async fn look(&self) -> Found {
        let (stored, attempt) = tokio::join!(in_time(self.read()), self.db.try_to_store(PATIENCE));
        let disk = tokio::time::timeout(PATIENCE, self.db.disk()).await;
        Found {
            is_halted: self.outbox.is_halted(),
            opens_no_dms: self.outbox.opens_no_dms(),
            mail_away_until_ms: self
                .outbox
                .mails_rest()
                .filter(|rest| rest.cause == RestCause::Unreachable)
                .map(|rest| rest.until_ms),
            breakers: self.messenger.breakers(),
            disk: disk.ok().flatten(),
            log_megabytes: self.db.overlong_log_megabytes(),
            stored,
            unstorable: attempt.err().map(|error| why(&error)),
            ahead_ms: self.messenger.time().ahead_ms(),
            now_ms: self.clock.now_ms(),
        }
    }

    async fn read(&self) -> Result<Stored> {
        let mut conn = self.db.read().await?;
        let stalls = self.outbox.stalls(&mut conn).await?;
        let late_ms = self.clock.now_ms() - LATE_MS;
        let overdue = timeattack::overdue_since(&mut conn, late_ms).await?;
        Ok(Stored { stalls, overdue })
    }
}

/// What the database answers, or why it does not.
async fn in_time<T>(asked: impl Future<Output = Result<T>>) -> std::result::Result<T, String> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => answer.map_err(|error| why(&error)),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

/// What is told of an error.
fn why(error: &Error) -> String {
    shorten(&format!("{error:#}"), CAUSE_LENGTH)
}

impl Found {
    /// How it stands with each condition that can be judged: what more there is to say of one that
    /// holds, or `None`.
    fn conditions(&self) -> Vec<(Condition, Option<String>)> {
        let closed = self.breakers.closed_channels;
        let stopped = self.breakers.stopped_ms;
        let megabytes = |megabytes: i64| format!("{megabytes} MB");
        let mut conditions = vec![
            (Condition::TokenRefused, self.is_halted.then(String::new)),
            (
                Condition::ChannelsClosed,
                (closed > 0).then(|| format!("{closed} at present")),
            ),
            (
                Condition::SendingStopped,
                stopped.map(|left_ms| format!("for {} more", span(left_ms))),
            ),
            (Condition::NoDmsOpened, self.opens_no_dms.then(String::new)),
            (
                Condition::MailServerAway,
                self.mail_away_until_ms
                    .map(|until_ms| self.next_try(until_ms)),
            ),
            (
                Condition::ClockWrong,
                (self.ahead_ms.abs() > ALARM_MS).then(|| off_by(self.ahead_ms)),
            ),
            (Condition::LogLong, self.log_megabytes.map(megabytes)),
            (Condition::DatabaseAway, self.stored.as_ref().err().cloned()),
        ];
        if let Some(disk) = &self.disk {
            conditions.push((Condition::DiskLow, disk.is_low().then(|| free(disk))));
        }
        // Of a database that is away nothing is known.
        if let Ok(stored) = &self.stored {
            conditions.push((Condition::DatabaseReadOnly, self.unstorable.clone()));
            let stalls = stored.stalls.iter();
            conditions.extend(stalls.map(|(lane, stall)| {
                let detail = stall.as_ref().map(due_for);
                (Condition::LaneStalled(*lane), detail)
            }));
            let late = stored.overdue.map(|overdue| self.overdue(overdue));
            conditions.push((Condition::VerdictsLate, late));
        }
        conditions
    }

    fn next_try(&self, until_ms: i64) -> String {
        format!(
            "the next try is in {}",
            span((until_ms - self.now_ms).max(0))
        )
    }

    fn overdue(&self, overdue: Overdue) -> String {
        let count = overdue.count;
        let more = if count >= MOST_COUNTED {
            " or more"
        } else {
            ""
        };
        let oldest = span(self.now_ms - overdue.oldest_ms);
        format!("{count}{more}, the oldest by {oldest}")
    }
}

fn off_by(ahead_ms: i64) -> String {
    let direction = if ahead_ms > 0 { "slow" } else { "fast" };
    format!("{} {direction}", span(ahead_ms.abs()))
}

fn free(disk: &Disk) -> String {
    let (percent, tenths) = (disk.free_per_mille() / 10, disk.free_per_mille() % 10);
    let megabytes = disk.free_bytes >> 20;
    format!("{percent}.{tenths} %, {megabytes} MB are free")
}

fn due_for(stall: &Stall) -> String {
    let due = format!("a job has been due for {}", span(stall.for_ms));
    match &stall.last_error {
        Some(why) => format!("{due}: {}", shorten(why, CAUSE_LENGTH)),
        None => due,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All is well.
    fn well() -> Found {
        Found {
            is_halted: false,
            opens_no_dms: false,
            mail_away_until_ms: None,
            breakers: Breakers::default(),
            disk: Some(Disk {
                free_bytes: 50 << 20,
                total_bytes: 100 << 20,
            }),
            log_megabytes: None,
            stored: Ok(Stored {
                stalls: Lane::ALL.map(|lane| (lane, None)).into(),
                overdue: None,
            }),
            unstorable: None,
            ahead_ms: 0,
            now_ms: 100_000,
        }
    }

    fn told(found: &Found) -> Vec<(Condition, String)> {
        let conditions = found.conditions().into_iter();
        conditions
            .filter_map(|(condition, detail)| Some((condition, detail?)))
            .collect()
    }

    #[test]
    fn nothing_is_told_while_all_is_well_and_everything_is_judged() {
        let found = well();
        assert_eq!(told(&found), []);
        assert_eq!(found.conditions().len(), 15);
    }

    #[test]
    fn what_is_wrong_is_told_in_numbers() {
        let stall = Stall {
            for_ms: 75_000,
            last_error: Some("Discord answered 500".into()),
        };
        let overdue = Overdue {
            count: 12,
            oldest_ms: 66_000,
        };
        let found = Found {
            is_halted: true,
            mail_away_until_ms: Some(160_000),
            breakers: Breakers {
                closed_channels: 3,
                stopped_ms: Some(300_000),
            },
            disk: Some(Disk {
                free_bytes: 32 << 20,
                total_bytes: 1_000 << 20,
            }),
            log_megabytes: Some(80),
            stored: Ok(Stored {
                stalls: vec![(Lane::Post, Some(stall)), (Lane::Edit, None)],
                overdue: Some(overdue),
            }),
            unstorable: Some("the disk is read-only".into()),
            ..well()
        };
        let expected = [
            (Condition::TokenRefused, ""),
            (Condition::ChannelsClosed, "3 at present"),
            (Condition::SendingStopped, "for 5 min more"),
            (Condition::MailServerAway, "the next try is in 60 s"),
            (Condition::LogLong, "80 MB"),
            (Condition::DiskLow, "3.2 %, 32 MB are free"),
            (Condition::DatabaseReadOnly, "the disk is read-only"),
            (
                Condition::LaneStalled(Lane::Post),
                "a job has been due for 75 s: Discord answered 500",
            ),
            (Condition::VerdictsLate, "12, the oldest by 34 s"),
        ]
        .map(|(condition, detail)| (condition, detail.to_owned()));
        assert_eq!(told(&found), expected);
    }

    #[test]
    fn of_a_database_that_is_away_nothing_else_is_judged() {
        let found = Found {
            stored: Err("no answer within 5 s".into()),
            unstorable: Some("no answer within 5 s".into()),
            disk: None,
            ..well()
        };
        let away = (Condition::DatabaseAway, "no answer within 5 s".to_owned());
        assert_eq!(told(&found), [away]);
        let judged: Vec<Condition> = found.conditions().into_iter().map(|(one, _)| one).collect();
        for unknown in [
            Condition::LaneStalled(Lane::Post),
            Condition::VerdictsLate,
            Condition::DatabaseReadOnly,
            Condition::DiskLow,
        ] {
            assert!(!judged.contains(&unknown), "{unknown:?}");
        }
    }
}
