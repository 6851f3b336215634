//! A guild's settings, made by `/setup`: where results go, which language and zone it lives by,
//! its limits, quiet hours and message templates.
//!
//! A guild that never ran `/setup` has [`Settings::default`]. Settings are read from the database
//! at each decision, inside its transaction: several processes may share them, and one row by its
//! key costs less than a stale answer.

pub mod reminders;
mod store;
pub mod template;

use chrono_tz::Tz;

pub use store::{for_guild, for_guilds};

use crate::app::App;
use crate::error::{Result, UserError};
use crate::i18n::Language;
use crate::ids::{ChannelId, GuildId};
use crate::outbox;
use crate::quiet_hours::QuietHours;
use reminders::Reminders;

/// Characters of a task, after trimming: what fits a card on a phone.
pub const TASK_LENGTH: usize = 200;
/// Longest duration a guild may allow: a year. Longer deadlines are calendars, not time attacks.
pub const LONGEST_MS: i64 = 366 * 24 * 3_600_000;
/// Most time attacks a member may be allowed at once: what fits the autocomplete's 25 choices.
pub const MOST_RUNNING: i64 = 25;
/// Time attacks that may run in one guild at once, whoever started them. More than people start,
/// and few enough that a guild full of made-up members is told no before it is any trouble to the
/// others: its verdicts of one moment are settled in a fraction of a second.
pub const MOST_RUNNING_IN_GUILD: i64 = 10_000;
/// Most extensions of one time attack a guild may allow.
pub const MOST_EXTENSIONS: i64 = 100;

/// What `/setup` can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where results are posted; without it, the channel of the start.
    pub results: Option<ChannelId>,
    /// Where troubles are told.
    pub alerts: Option<ChannelId>,
    /// Where results go when the results channel does not take them.
    pub fallback: Option<ChannelId>,
    /// The zone of its clock times, days and quiet hours.
    pub timezone: Tz,
    /// The language of public posts; without it, what Discord says the guild speaks.
    pub language: Option<Language>,
    /// When verdicts are posted without a sound.
    pub quiet_hours: QuietHours,
    /// Time attacks a member may run at once.
    pub running_limit: i64,
    /// The longest time limit.
    pub longest_ms: i64,
    /// How often one time attack may be extended.
    pub extension_limit: i64,
    /// The success post, if not the default.
    pub success_template: Option<String>,
    /// The failure post, if not the default card.
    pub failure_template: Option<String>,
    /// When members are reminded of a deadline.
    pub reminders: Reminders,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            results: None,
            alerts: None,
            fallback: None,
            timezone: chrono_tz::Asia::Seoul,
            language: None,
            quiet_hours: QuietHours::DEFAULT,
            running_limit: 5,
            longest_ms: 30 * 24 * 3_600_000,
            extension_limit: 3,
            success_template: None,
            failure_template: None,
            reminders: Reminders::default(),
        }
    }
}

/// One `/setup` command's change.
#[derive(Clone, Debug)]
pub enum Change {
    /// `/setup channels`: alerts and fallback stay as they are when left out.
    Channels {
        /// Where results go.
        results: ChannelId,
        /// Where troubles are told.
        alerts: Option<ChannelId>,
        /// Where results go otherwise.
        fallback: Option<ChannelId>,
    },
    /// `/setup locale`
    Locale {
        /// The guild's zone.
        timezone: Tz,
        /// The guild's language.
        language: Language,
    },
    /// `/setup limits`: what is left out stays.
    Limits {
        /// Time attacks at once.
        running: Option<i64>,
        /// Longest time limit.
        longest_ms: Option<i64>,
        /// Extensions of one time attack.
        extensions: Option<i64>,
    },
    /// `/setup quiet-hours`
    QuietHours(QuietHours),
    /// `/setup messages`: what is left out stays.
    Messages {
        /// The success post; an inner `None` brings the default back.
        success: Option<Option<String>>,
        /// The failure post; an inner `None` brings the default back.
        failure: Option<Option<String>>,
    },
    /// `/setup reminders`
    Reminders(Reminders),
}

/// The guild's settings as they are now.
pub async fn settings(app: &App, guild: GuildId) -> Result<Settings> {
    let mut conn = app.db.read().await?;
    for_guild(&mut conn, guild).await
}

/// Applies a change and returns the settings as they are then.
pub async fn change(app: &App, guild: GuildId, change: Change) -> Result<Settings> {
    check(&change)?;
    let now_ms = app.clock.now_ms();
    let moves_the_night = matches!(change, Change::Locale { .. } | Change::QuietHours(_));
    let settings = app
        .db
        .write(
            (guild, change, now_ms),
            move |tx, (guild, change, now_ms)| {
                Box::pin(async move {
                    let mut settings = for_guild(tx, *guild).await?;
                    apply(&mut settings, change.clone());
                    store::save(tx, *guild, &settings, *now_ms).await?;
                    if moves_the_night {
                        // What waits for a morning may find that it has come.
                        outbox::dm::reconsider(tx, *guild, None, *now_ms).await?;
                    }
                    Ok(settings)
                })
            },
        )
        .await?;
    app.outbox.wake_dms();
    Ok(settings)
}

/// The zone named `given`, whatever its case.
pub fn parse_zone(given: &str) -> Result<Tz, UserError> {
    let wanted = given.trim();
    let zone = chrono_tz::TZ_VARIANTS
        .iter()
        .find(|zone| zone.name().eq_ignore_ascii_case(wanted));
    zone.copied().ok_or_else(|| UserError::UnknownZone {
        given: wanted.to_owned(),
    })
}

/// A time of day written `HH:MM`, in minutes after midnight; `24:00` is midnight.
pub fn parse_time_of_day(given: &str) -> Result<u16, UserError> {
    let fault = || UserError::TimeOfDay {
        given: given.trim().to_owned(),
    };
    let (hour, minute) = given.trim().split_once(':').ok_or_else(fault)?;
    let plain = |part: &str, most: u16| {
        let digits =
            (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        let number = part.parse::<u16>().ok().filter(|_| digits);
        number.filter(|number| *number <= most)
    };
    match (plain(hour, 24), plain(minute, 59)) {
        (Some(24), Some(0)) => Ok(0),
        (Some(hour @ 0..=23), Some(minute)) => Ok(hour * 60 + minute),
        _ => Err(fault()),
    }
}

fn check(change: &Change) -> Result<(), UserError> {
    let within = |number: &Option<i64>, lowest: i64, highest: i64| match number {
        Some(number) if !(lowest..=highest).contains(number) => {
            Err(UserError::NumberOutOfBounds { lowest, highest })
        }
        _ => Ok(()),
    };
    match change {
        Change::Limits {
            running,
            longest_ms,
            extensions,
        } => {
            if running.is_none() && longest_ms.is_none() && extensions.is_none() {
                return Err(UserError::NothingToChange);
            }
            within(running, 1, MOST_RUNNING)?;
            within(extensions, 0, MOST_EXTENSIONS)?;
            match longest_ms {
                Some(longest) if !(1_000..=LONGEST_MS).contains(longest) => {
                    Err(UserError::LongestOutOfBounds {
                        highest_ms: LONGEST_MS,
                    })
                }
                _ => Ok(()),
            }
        }
        Change::Messages { success, failure } => {
            if success.is_none() && failure.is_none() {
                return Err(UserError::NothingToChange);
            }
            for template in [success, failure].into_iter().flatten().flatten() {
                template::parse(template)?;
            }
            Ok(())
        }
        Change::Channels { .. }
        | Change::Locale { .. }
        | Change::QuietHours(_)
        | Change::Reminders(_) => Ok(()),
    }
}

fn apply(settings: &mut Settings, change: Change) {
    match change {
        Change::Channels {
            results,
            alerts,
            fallback,
        } => {
            settings.results = Some(results);
            settings.alerts = alerts.or(settings.alerts);
            settings.fallback = fallback.or(settings.fallback);
        }
        Change::Locale { timezone, language } => {
            settings.timezone = timezone;
            settings.language = Some(language);
        }
        Change::Limits {
            running,
            longest_ms,
            extensions,
        } => {
            settings.running_limit = running.unwrap_or(settings.running_limit);
            settings.longest_ms = longest_ms.unwrap_or(settings.longest_ms);
            settings.extension_limit = extensions.unwrap_or(settings.extension_limit);
        }
        Change::QuietHours(quiet_hours) => settings.quiet_hours = quiet_hours,
        Change::Reminders(reminders) => settings.reminders = reminders,
        Change::Messages { success, failure } => {
            if let Some(success) = success {
                settings.success_template = success;
            }
            if let Some(failure) = failure {
                settings.failure_template = failure;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_hours_and_minutes_and_nothing_else() {
        assert_eq!(parse_time_of_day("21:00"), Ok(1260));
        assert_eq!(parse_time_of_day(" 8:05 "), Ok(485));
        assert_eq!(parse_time_of_day("24:00"), Ok(0));
        for wrong in [
            "", "9", "25:00", "24:01", "12:60", "+1:00", "12:5x", "1:2:3", "-1:00",
        ] {
            assert!(parse_time_of_day(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn zones_are_found_whatever_their_case() {
        assert_eq!(parse_zone("asia/seoul"), Ok(chrono_tz::Asia::Seoul));
        assert!(parse_zone("Seoul").is_err());
    }
}
