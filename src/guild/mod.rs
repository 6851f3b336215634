//! A guild's settings, made by `/setup`: where results go, which language and zone it lives by,
//! its limits, quiet hours and message templates.
//!
//! A guild that never ran `/setup` has what was settled when the bot came to it ([`arrival`]): a zone by
//! its language. Where nobody knows its language, it has [`Settings::default`]. Settings are read from the database
//! at each decision, inside its transaction: several processes may share them, and one row by its
//! key costs less than a stale answer.

pub mod arrival;
pub mod reminders;
mod store;
mod style;
pub mod template;

use chrono_tz::Tz;

pub use store::{for_guild, for_guilds, past_zones};
pub use style::Style;

use crate::app::App;
use crate::db::{BoxFuture, Tx};
use crate::error::{Result, UserError};
use crate::i18n::Language;
use crate::ids::{ChannelId, GuildId, WorkId};
use crate::outbox;
use crate::quiet_hours::QuietHours;
use crate::work::{self, Kind, Piece, Work};
use crate::zones;
use reminders::Reminders;

/// After a change of the night: asks anew about direct messages that are held until it is over.
pub const RECONSIDER: Kind = Kind {
    name: "night",
    step: reconsider,
};
/// Messages of all servers that a piece looks at: it changes those that are this server's.
const MESSAGES_AT_ONCE: i64 = 200;
/// Zones of before that are remembered of a guild: more than anybody moves.
const MOST_PAST_ZONES: i64 = 50;
/// How long a change waits for what follows from it.
const DONE_MS: i64 = 1_000;

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
    /// How the zone was guessed, if nobody chose it.
    pub zone_guess: Option<ZoneGuess>,
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
    /// How the posts are worded where there is no template.
    pub style: Style,
    /// The success post, if not the style's.
    pub success_template: Option<String>,
    /// The failure post, if not the style's.
    pub failure_template: Option<String>,
    /// When members are reminded of a deadline.
    pub reminders: Reminders,
}

/// What a zone that nobody chose goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneGuess {
    /// The server's language.
    Locale,
    /// The server's language, which is spoken in many zones.
    VagueLocale,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            results: None,
            alerts: None,
            fallback: None,
            timezone: chrono_tz::Asia::Seoul,
            zone_guess: None,
            language: None,
            quiet_hours: QuietHours::DEFAULT,
            running_limit: 5,
            longest_ms: 30 * 24 * 3_600_000,
            extension_limit: 3,
            style: Style::default(),
            success_template: None,
            failure_template: None,
            reminders: Reminders::default(),
        }
    }
}

/// One `/setup` command's change.
#[derive(Clone, Debug)]
pub enum Change {
    /// `/setup channels`: what is left out stays; an inner `None` clears it.
    Channels {
        /// Where results go.
        results: Option<Option<ChannelId>>,
        /// Where troubles are told.
        alerts: Option<Option<ChannelId>>,
        /// Where results go otherwise.
        fallback: Option<Option<ChannelId>>,
    },
    /// `/setup locale`
    Locale {
        /// The guild's zone.
        timezone: Tz,
        /// The guild's language.
        language: Language,
    },
    /// Below the greeting: the zone.
    Timezone(Tz),
    /// Below the greeting: the language.
    Language(Language),
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
    /// `/setup messages` with a style: whatever was worded otherwise before goes.
    Style {
        /// The style.
        style: Style,
        /// The success post, if not the style's.
        success: Option<String>,
        /// The failure post, if not the style's.
        failure: Option<String>,
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
    let work = WorkId(app.ids.next(&app.clock));
    let moves_the_night = matches!(
        change,
        Change::Locale { .. } | Change::Timezone(_) | Change::QuietHours(_)
    );
    let outbox = app.outbox.clone();
    let (settings, edit, begun) = app
        .db
        .write(
            (guild, change, now_ms),
            move |tx, (guild, change, now_ms)| {
                let outbox = outbox.clone();
                Box::pin(async move {
                    let mut settings = for_guild(tx, *guild).await?;
                    let zone = settings.timezone;
                    apply(&mut settings, change.clone());
                    if settings.timezone != zone {
                        store::keep_zone(tx, *guild, zone, *now_ms, MOST_PAST_ZONES).await?;
                    }
                    store::save(tx, *guild, &settings, *now_ms).await?;
                    let mut begun = None;
                    if moves_the_night {
                        // What waits for a morning may find that it has come.
                        let work = work::begin(tx, work, &RECONSIDER, *guild, 0, *now_ms);
                        begun = Some(work.await?);
                    }
                    let edit = arrival::restate(tx, &outbox, *guild, &settings, *now_ms).await?;
                    Ok((settings, edit, begun))
                })
            },
        )
        .await?;
    app.outbox.hand(edit.into_iter().collect());
    if let Some(work) = begun {
        app.works.wake();
        // Of most servers it is done at once; what is held of many members goes on beside the answer.
        tokio::select! {
            done = work::finished(app, work) => done?,
            () = app.clock.sleep_ms(DONE_MS) => {}
        }
    }
    app.outbox.wake_dms();
    Ok(settings)
}

/// Asks anew about the next of what is held.
fn reconsider<'t>(tx: &'t mut Tx, app: &'t App, work: &'t Work) -> BoxFuture<'t, Result<Piece>> {
    Box::pin(async move {
        let now_ms = app.clock.now_ms();
        let (guild, most) = (work.guild, MESSAGES_AT_ONCE);
        let next = outbox::dm::reconsider_some(tx, guild, work.cursor, most, now_ms).await?;
        Ok(Piece {
            next,
            then: Some(Box::new(|app| app.outbox.wake_dms())),
        })
    })
}

/// The zone that people name so: by its name, a city or country in it, or an offset.
pub fn parse_zone(given: &str) -> Result<Tz, UserError> {
    zones::parse(given).ok_or_else(|| UserError::UnknownZone {
        given: given.trim().to_owned(),
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
        Change::Channels {
            results,
            alerts,
            fallback,
        } => {
            if results.is_none() && alerts.is_none() && fallback.is_none() {
                return Err(UserError::NothingToChange);
            }
            Ok(())
        }
        Change::Style {
            success, failure, ..
        } => {
            for template in [success, failure].into_iter().flatten() {
                template::parse(template)?;
            }
            Ok(())
        }
        Change::Locale { .. }
        | Change::Timezone(_)
        | Change::Language(_)
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
            settings.results = results.unwrap_or(settings.results);
            settings.alerts = alerts.unwrap_or(settings.alerts);
            settings.fallback = fallback.unwrap_or(settings.fallback);
        }
        Change::Locale { timezone, language } => {
            (settings.timezone, settings.zone_guess) = (timezone, None);
            settings.language = Some(language);
        }
        Change::Timezone(timezone) => {
            (settings.timezone, settings.zone_guess) = (timezone, None);
        }
        Change::Language(language) => settings.language = Some(language),
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
        Change::Style {
            style,
            success,
            failure,
        } => {
            settings.style = style;
            settings.success_template = success;
            settings.failure_template = failure;
        }
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
    fn zones_are_found_whatever_they_are_called() {
        for given in ["asia/seoul", "Seoul", "한국", " KST "] {
            assert_eq!(parse_zone(given), Ok(chrono_tz::Asia::Seoul));
        }
        assert!(parse_zone("nowhere").is_err());
    }
}
