//! From a clock phrase to an instant: calendar, week and daylight saving time.

use chrono::offset::LocalResult;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::clock_day::Day;
use super::clock_phrase::{ClockPhrase, Time};
use super::lexer::Phrase;
use super::{LONGEST_MS, TimeTextError};

/// The years that deadlines are reckoned in; chrono panics on local times near the ends of its
/// own calendar, which reaches 260,000 years.
const NOW_RANGE_MS: std::ops::Range<i64> = 0..250_000_000_000_000;

/// A yearly date is looked for in the coming year once this year's has passed so long ago:
/// `1월 3일` in December is January's, `11월 20일` on the 21st is a slip.
const HALF_A_YEAR_MS: i64 = 182 * 24 * 60 * 60 * 1_000;

/// The instant that the phrase means, later than `now_ms`.
pub(super) fn instant(
    phrase: &Phrase<'_>,
    clock: &ClockPhrase,
    now_ms: i64,
    zone: Tz,
) -> Result<i64, TimeTextError> {
    if !NOW_RANGE_MS.contains(&now_ms) {
        return Err(TimeTextError::TooFar);
    }
    let now = DateTime::from_timestamp_millis(now_ms).ok_or(TimeTextError::TooFar)?;
    let now = Now {
        ms: now_ms,
        local: now.with_timezone(&zone).naive_local(),
        zone,
    };
    let unclear_day = || TimeTextError::AmbiguousDay {
        text: match &clock.day {
            Some((_, span)) => phrase.written(span.clone()),
            None => String::new(),
        },
    };
    let time = clock.time.as_ref().ok_or_else(unclear_day)?;
    let since_midnight = since_midnight(phrase, time)?;
    let today = now.local.date();
    let at_ms = match clock.day.as_ref().map(|(day, _)| *day) {
        None => now.next(since_midnight, |_| true)?,
        Some(Day::Coming(weekday)) => now.next(since_midnight, |date| date.weekday() == weekday)?,
        Some(Day::FromToday(days)) => now.on(plus_days(today, days), since_midnight)?,
        Some(Day::InWeek(weeks, weekday)) => {
            let from_monday = |day: chrono::Weekday| i64::from(day.num_days_from_monday());
            let days = 7 * weeks + from_monday(weekday) - from_monday(today.weekday());
            now.on(plus_days(today, days), since_midnight)?
        }
        Some(Day::Date(date)) => now.on(Some(date), since_midnight)?,
        Some(Day::Yearly(month, day)) => now.on_yearly(month, day, since_midnight)?,
        Some(Day::NextOrAfter(_) | Day::SomeDayInWeek) => return Err(unclear_day()),
    };
    if at_ms - now_ms > LONGEST_MS {
        return Err(TimeTextError::TooFar);
    }
    Ok(at_ms)
}

/// How long after the day began its clock shows this time; 24 hours and more for its night.
fn since_midnight(phrase: &Phrase<'_>, time: &Time) -> Result<TimeDelta, TimeTextError> {
    let hour = match (time.before, time.after) {
        (None, None) => Some(time.hour).filter(|hour| time.is_24_hour || !(1..=12).contains(hour)),
        (Some(part), None) | (None, Some(part)) => part.hour(time.hour),
        (Some(before), Some(after)) => after.hour(time.hour).and_then(|h| before.contains(h)),
    };
    match hour {
        Some(hour) => {
            let seconds = (hour * 60 + time.minute) * 60 + time.second;
            Ok(TimeDelta::seconds(i64::from(seconds)))
        }
        None if time.hour <= 12 => Err(TimeTextError::AmbiguousHour { hour: time.hour }),
        None => Err(phrase.unknown_at(time.span.start)),
    }
}

struct Now {
    ms: i64,
    local: NaiveDateTime,
    zone: Tz,
}

impl Now {
    /// The next such time on a date that `is_meant`.
    fn next(
        &self,
        since_midnight: TimeDelta,
        is_meant: impl Fn(NaiveDate) -> bool,
    ) -> Result<i64, TimeTextError> {
        let mut last = Err(TimeTextError::TooFar);
        // Yesterday's night may be going on, and a week from today is the last to be new.
        for days in -1..=8 {
            let date = plus_days(self.local.date(), days).filter(|date| is_meant(*date));
            let Some(date) = date else { continue };
            last = self.on(Some(date), since_midnight);
            match &last {
                Err(TimeTextError::Past { .. }) => {}
                Err(TimeTextError::NotALocalTime { .. })
                    if date.and_time(chrono::NaiveTime::MIN) + since_midnight < self.local => {}
                _ => return last,
            }
        }
        last
    }

    /// This time on this date.
    fn on(&self, date: Option<NaiveDate>, since_midnight: TimeDelta) -> Result<i64, TimeTextError> {
        let wall = date.and_then(|date| {
            let midnight = date.and_time(chrono::NaiveTime::MIN);
            midnight.checked_add_signed(since_midnight)
        });
        let wall = wall.ok_or(TimeTextError::TooFar)?;
        let at_ms = match self.zone.from_local_datetime(&wall) {
            LocalResult::Single(at) => at.timestamp_millis(),
            LocalResult::Ambiguous(first, second) => {
                let first_ms = first.timestamp_millis();
                if first_ms > self.ms {
                    first_ms
                } else {
                    second.timestamp_millis()
                }
            }
            LocalResult::None => {
                let text = wall.format("%Y-%m-%d %H:%M").to_string();
                return Err(TimeTextError::NotALocalTime { text });
            }
        };
        if at_ms > self.ms {
            Ok(at_ms)
        } else {
            Err(TimeTextError::Past { at_ms })
        }
    }

    /// This time on this day of this year or, when that is long past, of the next.
    fn on_yearly(
        &self,
        month: u32,
        day: u32,
        since_midnight: TimeDelta,
    ) -> Result<i64, TimeTextError> {
        let year = self.local.year();
        let mut dates =
            (year..year + 9).filter_map(|year| NaiveDate::from_ymd_opt(year, month, day));
        let first = self.on(dates.next(), since_midnight);
        match first {
            Err(TimeTextError::Past { at_ms }) if self.ms - at_ms > HALF_A_YEAR_MS => {
                self.on(dates.next(), since_midnight)
            }
            _ => first,
        }
    }
}

fn plus_days(date: NaiveDate, days: i64) -> Option<NaiveDate> {
    let count = Days::new(days.unsigned_abs());
    if days < 0 {
        date.checked_sub_days(count)
    } else {
        date.checked_add_days(count)
    }
}
