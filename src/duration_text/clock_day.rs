//! The days of the grammar of clock times: `내일`, `friday`, `다음 주 월요일`, `2026-11-21`, `11월 25일`.

use chrono::{NaiveDate, Weekday};

use super::lexer::{Lexeme, Phrase};
use super::numerals::numbers;

/// A day as it was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Day {
    /// So many days from today.
    FromToday(i64),
    /// The next such weekday on which the time is still to come.
    Coming(Weekday),
    /// A weekday of the calendar week so many weeks from this one.
    InWeek(i64, Weekday),
    /// A date.
    Date(NaiveDate),
    /// A date without a year, month before day.
    Yearly(u32, u32),
    /// `next friday`, which half of the people take for this week's.
    NextOrAfter(Weekday),
    /// `next week`, without a weekday.
    SomeDayInWeek,
}

const DAYS: [(&str, i64); 19] = [
    ("오늘", 0),
    ("내일", 1),
    ("모레", 2),
    ("내일모레", 2),
    ("글피", 3),
    ("today", 0),
    ("tomorrow", 1),
    ("tmrw", 1),
    ("tmr", 1),
    ("day after tomorrow", 2),
    ("the day after tomorrow", 2),
    ("금일", 0),
    ("명일", 1),
    ("하루뒤", 1),
    ("하루후", 1),
    ("이틀뒤", 2),
    ("이틀후", 2),
    ("사흘뒤", 3),
    ("사흘후", 3),
];

const WEEKS: [(&str, i64); 9] = [
    ("이번주", 0),
    ("금주", 0),
    ("다음주", 1),
    ("담주", 1),
    ("차주", 1),
    ("다다음주", 2),
    ("this week", 0),
    ("next week", 1),
    ("the week after next", 2),
];

/// `이번 금요일` without 주, and `this friday`, are the coming one.
const COMING: [&str; 6] = ["이번", "오는", "this", "coming", "this coming", "on"];

const UNCLEAR: [&str; 3] = ["다음", "담", "next"];

const WEEKDAYS: [(&str, &str, Weekday); 7] = [
    ("월", "monday", Weekday::Mon),
    ("화", "tuesday", Weekday::Tue),
    ("수", "wednesday", Weekday::Wed),
    ("목", "thursday", Weekday::Thu),
    ("금", "friday", Weekday::Fri),
    ("토", "saturday", Weekday::Sat),
    ("일", "sunday", Weekday::Sun),
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The day that begins at `pos`, with the position after it.
pub(super) fn day(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    let found = from_today(phrase, pos)
        .or_else(|| in_week(phrase, pos))
        .or_else(|| coming(phrase, pos))
        .or_else(|| iso_date(phrase, pos))
        .or_else(|| korean_date(phrase, pos))
        .or_else(|| english_date(phrase, pos))?;
    phrase.made_sense_until(found.1);
    Some(found)
}

/// `내일`, `사흘 뒤`, `in 3 days`. (Alone, the latter two are durations, which have been tried.)
fn from_today(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    if let Some((days, end)) = phrase.look_up(pos, &DAYS) {
        return Some((Day::FromToday(days), end));
    }
    if let Some((days, end)) = number_before(phrase, pos, "일") {
        let end = phrase.after_any(end, &["뒤", "뒤에", "후", "후에"])?;
        return Some((Day::FromToday(i64::from(days)), end));
    }
    let (days, end) = number_before(phrase, phrase.after(pos, "in")?, "days")?;
    Some((Day::FromToday(i64::from(days)), end))
}

/// `다음 주 월요일`, `next week monday`, `monday next week`, or a week alone.
fn in_week(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    if let Some((weeks, end)) = phrase.look_up(pos, &WEEKS) {
        let on = phrase.skip(end, &["on", "의"]);
        return Some(match weekday(phrase, on) {
            Some((weekday, end)) => (Day::InWeek(weeks, weekday), end),
            None => (Day::SomeDayInWeek, end),
        });
    }
    let (weekday, end) = weekday(phrase, pos)?;
    let (weeks, end) = phrase.look_up(phrase.skip(end, &["of"]), &WEEKS)?;
    Some((Day::InWeek(weeks, weekday), end))
}

fn coming(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    if let Some(next) = phrase.after_any(pos, &UNCLEAR) {
        let (weekday, end) = weekday(phrase, next)?;
        return Some((Day::NextOrAfter(weekday), end));
    }
    let (weekday, end) = weekday(phrase, phrase.skip(pos, &COMING))?;
    Some((Day::Coming(weekday), end))
}

/// A weekday: `금요일`, `금욜`, `friday` or its first three letters and more.
pub(super) fn weekday(phrase: &Phrase<'_>, pos: usize) -> Option<(Weekday, usize)> {
    WEEKDAYS.iter().find_map(|(korean, english, weekday)| {
        if is_abbreviation(phrase.lexeme(pos), english) {
            return Some((*weekday, pos + 1));
        }
        let end = phrase.after_any(phrase.after(pos, korean)?, &["요일", "욜"])?;
        Some((*weekday, end))
    })
}

fn is_abbreviation(lexeme: Option<&Lexeme>, name: &str) -> bool {
    matches!(lexeme, Some(Lexeme::Word(word)) if word.len() >= 3 && name.starts_with(word.as_str()))
}

/// `2026-11-21`, also with slashes; the year first, as anything else is read differently on either
/// side of the Atlantic.
fn iso_date(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    let (year, next) = year(phrase, pos)?;
    let mark = ['-', '/'];
    let mark = mark
        .into_iter()
        .find(|mark| phrase.after_mark(next, *mark).is_some())?;
    let (month, next) = small(phrase, next + 1)?;
    let (day, end) = small(phrase, phrase.after_mark(next, mark)?)?;
    let date = date(phrase, pos, year, month, day)?;
    // ISO 8601 puts a T between date and time.
    Some((date, phrase.skip(end, &["t"])))
}

/// `2026년 11월 25일`, `11월 25일`, `십이월 삼일`.
fn korean_date(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    let year = year(phrase, pos).and_then(|(year, next)| Some((year, phrase.after(next, "년")?)));
    let start = year.map_or(pos, |(_, next)| next);
    let (month, next) = number_before(phrase, start, "월")?;
    let (day, end) = number_before(phrase, next, "일")?;
    let day = match year {
        Some((year, _)) => date(phrase, pos, year, month, day)?,
        None => yearly(phrase, pos, month, day)?,
    };
    Some((day, end))
}

/// `nov 25`, `November 25th, 2026`, `25 nov`, `25th of November`.
fn english_date(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    let (month, day, end) = match month(phrase, pos) {
        Some((month, next)) => {
            let (day, end) = day_of_month(phrase, next)?;
            (month, day, end)
        }
        None => {
            let (day, next) = day_of_month(phrase, pos)?;
            let (month, end) = month(phrase, phrase.skip(next, &["of"]))?;
            (month, day, end)
        }
    };
    match year(phrase, phrase.after_mark(end, ',').unwrap_or(end)) {
        Some((year, end)) => Some((date(phrase, pos, year, month, day)?, end)),
        None => Some((yearly(phrase, pos, month, day)?, end)),
    }
}

fn month(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, usize)> {
    let lexeme = phrase.lexeme(pos);
    let months = (1..).zip(MONTHS);
    let (month, _) = months
        .into_iter()
        .find(|(_, name)| is_abbreviation(lexeme, name))?;
    Some((month, pos + 1))
}

fn day_of_month(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, usize)> {
    let (day, end) = small(phrase, pos)?;
    Some((day, phrase.skip(end, &["st", "nd", "rd", "th"])))
}

/// A year has four digits; with fewer, `nov 25 18:00` would end in the year 18.
fn year(phrase: &Phrase<'_>, pos: usize) -> Option<(i32, usize)> {
    match phrase.lexeme(pos)? {
        Lexeme::Number {
            quantity,
            digits: 4,
        } => Some((i32::try_from(quantity.as_u32()?).ok()?, pos + 1)),
        _ => None,
    }
}

fn small(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, usize)> {
    match phrase.lexeme(pos)? {
        Lexeme::Number {
            quantity,
            digits: 1 | 2,
        } => Some((quantity.as_u32()?, pos + 1)),
        _ => None,
    }
}

/// A number with the word `unit` right behind it.
pub(super) fn number_before(phrase: &Phrase<'_>, pos: usize, unit: &str) -> Option<(u32, usize)> {
    let mut numbers = numbers(phrase, pos).into_iter();
    numbers.find_map(|(quantity, end)| Some((quantity.as_u32()?, phrase.after(end, unit)?)))
}

fn date(phrase: &Phrase<'_>, pos: usize, year: i32, month: u32, day: u32) -> Option<Day> {
    let date = NaiveDate::from_ymd_opt(year, month, day);
    if date.is_none() {
        phrase.reject(pos);
    }
    date.map(Day::Date)
}

fn yearly(phrase: &Phrase<'_>, pos: usize, month: u32, day: u32) -> Option<Day> {
    // Any leap year tells whether there is ever such a day.
    date(phrase, pos, 2024, month, day).map(|_| Day::Yearly(month, day))
}
