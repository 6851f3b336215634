//! From a clock phrase to an instant: calendar, week and daylight saving time.

use chrono::offset::LocalResult;
use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;

use super::clock_date::last_of;
use super::clock_day::{Day, Named, short_years};
use super::clock_phrase::{ClockPhrase, written_day};
use super::clock_time::{Part, Time};
use super::lexer::Phrase;
use super::place::Place;
use super::{LONGEST_MS, TimeTextError};

/// The years that deadlines are reckoned in; chrono panics on local times near the ends of its
/// own calendar, which reaches 260,000 years.
const NOW_RANGE_MS: std::ops::Range<i64> = 0..250_000_000_000_000;

/// A yearly date is looked for in the coming year once this year's has passed so long ago:
/// `1월 3일` in December is January's, `11월 20일` on the 21st is a slip.
const HALF_A_YEAR_MS: i64 = 182 * 24 * 60 * 60 * 1_000;

/// Until which hour of the morning the night before may go on: `tonight at 1`, said at half past midnight.
const SMALL_HOURS: i64 = 5;

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
    if let Some((span, readings)) = &clock.several {
        return Err(several(phrase, span.clone(), readings.clone()));
    }
    let place = clock
        .place
        .as_ref()
        .map_or(Place::Zone(zone), |(place, _)| *place);
    let unclear_place = |offsets: Vec<i32>| TimeTextError::AmbiguousZone {
        text: match &clock.place {
            Some((_, span)) => phrase.written(span.clone()),
            None => String::new(),
        },
        offsets,
    };
    let Some(local) = place.local(now_ms) else {
        // Of an abbreviation that means several zones, nothing can be told.
        return Err(unclear_place(place.doubtful(now_ms).unwrap_or_default()));
    };
    let now = Now {
        ms: now_ms,
        local,
        place,
    };
    let at_ms = now.meant(phrase, clock)?;
    if let Some(offsets) = place.doubtful(at_ms) {
        return Err(unclear_place(offsets));
    }
    if at_ms - now_ms > LONGEST_MS {
        return Err(TimeTextError::TooFar);
    }
    Ok(at_ms)
}

fn several(
    phrase: &Phrase<'_>,
    span: std::ops::Range<usize>,
    readings: Vec<String>,
) -> TimeTextError {
    TimeTextError::Several {
        text: phrase.written(span),
        readings,
    }
}

/// How long after the day began its clock shows this time; 24 hours and more for its night.
fn since_midnight(phrase: &Phrase<'_>, time: &Time) -> Result<TimeDelta, TimeTextError> {
    let hour = match (time.before, time.after) {
        (None, None) => Some(time.hour).filter(|hour| time.is_24_hour || !(1..=12).contains(hour)),
        (Some(part), None) | (None, Some(part)) => part.hour(time.hour),
        (Some(before), Some(after)) => after.hour(time.hour).and_then(|h| before.contains(h)),
    };
    match hour {
        Some(hour) => Ok(at_hour(time, hour)),
        None if time.hour <= 12 => Err(TimeTextError::AmbiguousHour { hour: time.hour }),
        None => Err(phrase.unknown_at(time.span.start)),
    }
}

fn at_hour(time: &Time, hour: u32) -> TimeDelta {
    let minutes = i64::from(hour) * 60 + i64::from(time.minute) + i64::from(time.shift_min);
    let seconds = minutes * 60 + i64::from(time.second);
    TimeDelta::milliseconds(seconds * 1_000 + i64::from(time.milli))
}

struct Now {
    ms: i64,
    local: NaiveDateTime,
    place: Place,
}

impl Now {
    fn meant(&self, phrase: &Phrase<'_>, clock: &ClockPhrase) -> Result<i64, TimeTextError> {
        let unclear_day = || {
            let day = clock.day.as_ref().map(|(_, span)| span.clone());
            let vague = clock.vague.as_ref().map(|(_, span)| span.clone());
            let span = match (day, vague) {
                (Some(day), Some(vague)) => day.start.min(vague.start)..day.end.max(vague.end),
                (Some(span), None) | (None, Some(span)) => span,
                (None, None) => 0..0,
            };
            TimeTextError::AmbiguousDay {
                text: phrase.written(span),
            }
        };
        let named = clock.day.as_ref().map(|(named, _)| named);
        let day = named.map(|named| self.order_by_weekday(named));
        let agreed = match named {
            Some(named) => self.agreed(phrase, named, clock.time.is_some())?,
            None => None,
        };
        let time = match (&clock.time, clock.is_end) {
            (Some(time), _) => time,
            (None, true) => return self.end_of(day).unwrap_or_else(|| Err(unclear_day())),
            (None, false) => return Err(unclear_day()),
        };
        if let Some(token) = time.before_or_to {
            return Err(TimeTextError::BeforeOrTo {
                text: phrase
                    .written(time.before_at.clone().unwrap_or(time.span.clone()).start..token + 1),
            });
        }
        let today = self.local.date();
        if day == Some(Day::FromToday(0))
            && let Some(half) = self.half_to_come(time)
        {
            return self.on(Some(today), half);
        }
        let since_midnight = if time.is_now {
            self.local
                .signed_duration_since(today.and_time(chrono::NaiveTime::MIN))
        } else {
            since_midnight(phrase, time)?
        };
        if day.is_none() && clock.place.is_none() && may_be_a_length(phrase, time) {
            return Err(TimeTextError::LengthOrClock {
                text: phrase.written(time.span.clone()),
            });
        }
        let at = match day {
            // `21일(토) 9시`, said on that day at ten: the 21st of another month is no Saturday.
            Some(_) if agreed.is_some() => agreed,
            None => return self.next(since_midnight, |_| true),
            Some(Day::Coming(weekday)) => {
                let at_ms = self.next(since_midnight, |date| date.weekday() == weekday)?;
                return self.refuse_two_midnights(phrase, time, at_ms);
            }
            Some(Day::Yearly(month, day)) => self.yearly(since_midnight, |year| {
                NaiveDate::from_ymd_opt(year, month, day)
            }),
            Some(Day::LastOfYearly(month)) => {
                self.yearly(since_midnight, |year| last_of(year, month))
            }
            Some(Day::OfMonth(day)) => self.monthly(day, since_midnight),
            Some(day) => self.date(day).ok_or_else(unclear_day)?,
        };
        if self.is_small_hours(day, time, since_midnight) {
            let (_, span) = clock.day.as_ref().ok_or_else(unclear_day)?;
            return Err(small_hours(phrase, span, time));
        }
        let at_ms = self.on(at, since_midnight)?;
        match day {
            Some(_) => self.refuse_two_midnights(phrase, time, at_ms),
            None => Ok(at_ms),
        }
    }

    /// `Tue 12/1`: of two numbers that are a month and a day in either order, the weekday may tell which.
    fn order_by_weekday(&self, named: &Named) -> Day {
        let (Day::EitherWay(first, second, year), Some((Day::Coming(weekday), _))) =
            (named.day, &named.beside)
        else {
            return named.day;
        };
        let of = |month: u32, day: u32| match year {
            Some(year) => NaiveDate::from_ymd_opt(year, month, day),
            None => self.yearly(TimeDelta::hours(24), |year| {
                NaiveDate::from_ymd_opt(year, month, day)
            }),
        };
        let dates = [of(first, second), of(second, first)].into_iter().flatten();
        let mut dates = dates.filter(|date| date.weekday() == *weekday);
        match (dates.next(), dates.next()) {
            (Some(date), None) => Day::Date(date),
            _ => named.day,
        }
    }

    /// The date of a day that was said twice; `12/1(수)`, which is no Wednesday, is refused with both.
    fn agreed(
        &self,
        phrase: &Phrase<'_>,
        named: &Named,
        has_time: bool,
    ) -> Result<Option<NaiveDate>, TimeTextError> {
        let Some((beside, beside_at)) = &named.beside else {
            return Ok(None);
        };
        let end_of_day = TimeDelta::hours(24);
        let date = match named.day {
            Day::Yearly(month, day) => {
                self.yearly(end_of_day, |year| NaiveDate::from_ymd_opt(year, month, day))
            }
            Day::LastOfYearly(month) => self.yearly(end_of_day, |year| last_of(year, month)),
            Day::OfMonth(day) => self.monthly(day, end_of_day),
            day => self.date(day).flatten(),
        };
        let Some(date) = date else {
            return Ok(None);
        };
        let agrees = match *beside {
            Day::Coming(weekday) | Day::NextOrAfter(weekday) => date.weekday() == weekday,
            other => self.date(other).flatten() == Some(date),
        };
        if agrees {
            return Ok(Some(date));
        }
        let span = named.span();
        // A bracket that was opened before the second is closed behind it.
        let closed = phrase.after_mark(span.end, ')').unwrap_or(span.end);
        let said = |day: Day, at: &std::ops::Range<usize>| match day {
            // Without a time, `20일` would be a length.
            Day::OfMonth(day) if phrase.is_korean() && !has_time => format!("{day}일날"),
            Day::OfMonth(day) => written_day(phrase, day),
            _ => {
                let said = phrase.written(at.clone());
                let is_short = phrase.is_korean() && at.len() == 1;
                if is_short {
                    format!("{said}요일")
                } else {
                    said
                }
            }
        };
        let readings = [said(named.day, &named.at), said(*beside, beside_at)];
        let readings = readings.map(|day| phrase.rewritten(span.start..closed, &day));
        Err(several(phrase, span.start..closed, readings.to_vec()))
    }

    /// `내일 자정`, `midnight friday`: asks which of the day's two midnights, if both are to come. `at_ms` is
    /// the one that ends it.
    fn refuse_two_midnights(
        &self,
        phrase: &Phrase<'_>,
        time: &Time,
        at_ms: i64,
    ) -> Result<i64, TimeTextError> {
        // What is before midnight is before the one that ends the day.
        if !time.is_midnight || time.before.is_some() || time.shift_min < 0 {
            return Ok(at_ms);
        }
        let after_midnight = TimeDelta::minutes(i64::from(time.shift_min));
        let second_before = at_ms - after_midnight.num_milliseconds() - 1_000;
        let date = self.place.local(second_before).map(|local| local.date());
        if self.on(date, after_midnight).is_err() {
            return Ok(at_ms);
        }
        let minute = time.shift_min;
        let written = match (phrase.is_korean(), minute) {
            (true, 0) => ["0시".to_owned(), "24시".to_owned()],
            (true, _) => [format!("0시 {minute}분"), format!("밤 12시 {minute}분")],
            (false, 0) => ["00:00".to_owned(), "24:00".to_owned()],
            (false, _) => [format!("0:{minute:02}"), format!("12:{minute:02} at night")],
        };
        let readings = written.map(|part| phrase.rewritten(time.span.clone(), &part));
        Err(several(phrase, time.span.clone(), readings.to_vec()))
    }

    /// `tonight at 1`, said after midnight: whether that night may be the one that goes on.
    fn is_small_hours(&self, day: Option<Day>, time: &Time, since_midnight: TimeDelta) -> bool {
        let is_night = [time.before, time.after].contains(&Some(Part::Night));
        let since_now = self.local.time() - chrono::NaiveTime::MIN;
        let earlier = since_midnight - TimeDelta::hours(24);
        day == Some(Day::FromToday(0))
            && is_night
            && since_now < TimeDelta::hours(SMALL_HOURS)
            && earlier > since_now
    }

    /// The date of a day that names one; an inner `None` is beyond the calendar.
    fn date(&self, day: Day) -> Option<Option<NaiveDate>> {
        let today = self.local.date();
        let date = match day {
            Day::FromToday(days) => plus_days(today, days),
            Day::InWeek(weeks, weekday) => {
                let from_monday = |day: chrono::Weekday| i64::from(day.num_days_from_monday());
                plus_days(
                    today,
                    7 * weeks + from_monday(weekday) - from_monday(today.weekday()),
                )
            }
            Day::Date(date) => Some(date),
            Day::InYear(years, month, day) => {
                let year = i32::try_from(years).ok().map(|years| today.year() + years);
                year.and_then(|year| NaiveDate::from_ymd_opt(year, month, day))
            }
            Day::LastInYear(years, month) => {
                let year = i32::try_from(years).ok().map(|years| today.year() + years);
                year.and_then(|year| last_of(year, month))
            }
            // The month may have no such day.
            Day::InMonth(months, day) => Some(month_ahead(today, months)?.with_day(day)?),
            Day::LastOfMonth(months) => last_day(today, months),
            Day::ShortYear(numbers, order) => match short_years(numbers, order, today.year())[..] {
                [date] => Some(date),
                _ => return None,
            },
            // Said on that weekday, it may be a week from today.
            Day::AfterComing(weekday, _) if today.weekday() == weekday => return None,
            Day::AfterComing(weekday, days) => {
                let ahead = weekday.days_since(today.weekday());
                plus_days(today, i64::from(ahead) + days)
            }
            Day::Coming(_)
            | Day::Yearly(..)
            | Day::LastOfYearly(_)
            | Day::OfMonth(_)
            | Day::EitherWay(..)
            | Day::NextOrAfter(_)
            | Day::SomeDayInWeek(_)
            | Day::WeekEnds(_)
            | Day::SomeDayInMonth(_)
            | Day::SomeDayInYear(_)
            | Day::Weekend(_) => return None,
        };
        Some(date)
    }

    /// The midnight that ends a day, a week or a month: `오늘 안에`, `이번 주 안에`.
    fn end_of(&self, day: Option<Day>) -> Option<Result<i64, TimeTextError>> {
        let midnight = TimeDelta::hours(24);
        let date = match day? {
            Day::SomeDayInWeek(weeks) => self.date(Day::InWeek(weeks, chrono::Weekday::Sun))?,
            Day::SomeDayInMonth(months) => last_day(self.local.date(), months),
            Day::Coming(weekday) => {
                return Some(self.next(midnight, |date| date.weekday() == weekday));
            }
            Day::SomeDayInYear(years) => self.date(Day::InYear(years, 12, 31))?,
            Day::Yearly(month, day) => {
                self.yearly(midnight, |year| NaiveDate::from_ymd_opt(year, month, day))
            }
            Day::LastOfYearly(month) => self.yearly(midnight, |year| last_of(year, month)),
            Day::OfMonth(day) => self.monthly(day, midnight),
            day => self.date(day)?,
        };
        Some(self.on(date, midnight))
    }

    /// `오늘 9시`, `today at 3:15`: the half of the day that is still to come, if only one is.
    fn half_to_come(&self, time: &Time) -> Option<TimeDelta> {
        let is_open = time.before.is_none() && time.after.is_none() && !time.is_24_hour;
        if !is_open || !(1..=12).contains(&time.hour) {
            return None;
        }
        let first = at_hour(time, time.hour % 12);
        let second = at_hour(time, time.hour % 12 + 12);
        // `오늘 12시` in the afternoon is the end of the day.
        let third = (time.hour == 12 && time.minute == 0).then(|| at_hour(time, 24));
        let midnight = self.local.date().and_time(chrono::NaiveTime::MIN);
        let halves = [Some(first), Some(second), third].into_iter().flatten();
        let is_to_come = |half: &TimeDelta| midnight + *half > self.local;
        let mut to_come = halves.filter(is_to_come);
        match (to_come.next(), to_come.next()) {
            (Some(half), None) => Some(half),
            // None is: then the second is what has passed.
            (None, _) => Some(second),
            (Some(_), Some(_)) => None,
        }
    }

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
        let at_ms = match self.place.instants(wall).ok_or(TimeTextError::TooFar)? {
            LocalResult::Single(at_ms) => at_ms,
            // The end of a day is where the next one begins, and no clock is before that again.
            LocalResult::Ambiguous(first_ms, second_ms) if first_ms > self.ms => {
                let is_shown = self.place.local(first_ms) == Some(wall);
                if is_shown { first_ms } else { second_ms }
            }
            LocalResult::Ambiguous(_, second_ms) => second_ms,
            LocalResult::None => match self.border(wall) {
                Some(at_ms) => at_ms,
                None => {
                    let text = wall.format("%Y-%m-%d %H:%M").to_string();
                    return Err(TimeTextError::NotALocalTime { text });
                }
            },
        };
        if at_ms > self.ms {
            Ok(at_ms)
        } else {
            Err(TimeTextError::Past { at_ms })
        }
    }

    /// Where two days meet, if the clocks go forward over the midnight between them: it is still one
    /// instant at which one day ends and the next begins.
    fn border(&self, wall: NaiveDateTime) -> Option<i64> {
        if wall.time() != chrono::NaiveTime::MIN {
            return None;
        }
        let second_before = wall.checked_sub_signed(TimeDelta::seconds(1))?;
        match self.place.instants(second_before)? {
            LocalResult::Single(at_ms) | LocalResult::Ambiguous(_, at_ms) => Some(at_ms + 1_000),
            LocalResult::None => None,
        }
    }

    /// This day of this year or, when that is long past, of the next year that has it.
    fn yearly(
        &self,
        since_midnight: TimeDelta,
        of_year: impl Fn(i32) -> Option<NaiveDate>,
    ) -> Option<NaiveDate> {
        let year = self.local.year();
        let mut dates = (year..year + 9).filter_map(of_year);
        let first = dates.next();
        match self.on(first, since_midnight) {
            Err(TimeTextError::Past { at_ms }) if self.ms - at_ms > HALF_A_YEAR_MS => dates.next(),
            _ => first,
        }
    }

    /// The coming such day of a month.
    fn monthly(&self, day: u32, since_midnight: TimeDelta) -> Option<NaiveDate> {
        // One of four months in a row has thirty-one days, and two of three.
        let months =
            (0..4).filter_map(|months| month_ahead(self.local.date(), months)?.with_day(day));
        let is_past = |date: &NaiveDate| {
            matches!(
                self.on(Some(*date), since_midnight),
                Err(TimeTextError::Past { .. })
            )
        };
        let mut days = months.skip_while(is_past);
        days.next()
    }
}

/// `tonight at 1`, said after midnight: today's, or tomorrow's?
fn small_hours(phrase: &Phrase<'_>, day: &std::ops::Range<usize>, time: &Time) -> TimeTextError {
    let start = time
        .before_at
        .as_ref()
        .map_or(time.span.start, |at| at.start);
    let span = day.start.min(start)..day.end.max(time.span.end);
    let (hour, minute) = (time.hour % 12, time.minute);
    let days = if phrase.is_korean() {
        ["오늘", "내일"].map(|day| match minute {
            0 => format!("{day} 새벽 {hour}시"),
            minute => format!("{day} 새벽 {hour}시 {minute}분"),
        })
    } else {
        ["today", "tomorrow"].map(|day| {
            let dial = if hour == 0 { 12 } else { hour };
            format!("{day} {dial}:{minute:02}am")
        })
    };
    let readings = days.map(|day| phrase.rewritten(span.clone(), &day));
    several(phrase, span, readings.to_vec())
}

/// `1:30:00`, `0:30`: as likely a length as a time of day, where nothing else is said.
fn may_be_a_length(phrase: &Phrase<'_>, time: &Time) -> bool {
    let is_alone = phrase.is_end(time.span.end) && time.span.start == 0;
    let says_half = time.before.is_some() || time.after.is_some();
    let looks_so = (time.colons == 1 && time.hour == 0) || (time.colons == 2 && time.hour <= 12);
    let is_nothing = time.hour == 0 && time.minute == 0 && time.second == 0;
    is_alone && !says_half && looks_so && !is_nothing
}

/// The first of the month so many months ahead.
fn month_ahead(today: NaiveDate, months: i64) -> Option<NaiveDate> {
    let months = chrono::Months::new(u32::try_from(months).ok()?);
    today.with_day(1)?.checked_add_months(months)
}

fn last_day(today: NaiveDate, months: i64) -> Option<NaiveDate> {
    month_ahead(today, months + 1)?.pred_opt()
}

fn plus_days(date: NaiveDate, days: i64) -> Option<NaiveDate> {
    let count = Days::new(days.unsigned_abs());
    if days < 0 {
        date.checked_sub_days(count)
    } else {
        date.checked_add_days(count)
    }
}
