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
    /// A date of the year so many years from this one.
    InYear(i64, u32, u32),
    /// The coming such day of a month.
    OfMonth(u32),
    /// A day of the month so many months from this one; its last if that has no such day at 31.
    InMonth(i64, u32),
    /// The last day of the month so many months from this one.
    LastOfMonth(i64),
    /// Two numbers that are a month and a day in an order that the text does not tell: `12/1`.
    EitherWay(u32, u32, Option<i32>),
    /// `next friday`, which half of the people take for this week's.
    NextOrAfter(Weekday),
    /// A week, without a weekday.
    SomeDayInWeek(i64),
    /// A month, without a day.
    SomeDayInMonth(i64),
    /// Saturday or Sunday of the week so many weeks from this one.
    Weekend(i64),
    /// `EOD`: the end of work, or midnight.
    WorkEnds,
}

const DAYS: [(&str, i64); 22] = [
    ("오늘", 0),
    ("내일", 1),
    ("낼", 1),
    ("모레", 2),
    ("낼모레", 2),
    ("내일모레", 2),
    ("글피", 3),
    ("그글피", 4),
    ("today", 0),
    ("tomorrow", 1),
    ("tmrw", 1),
    ("tmr", 1),
    ("tomorow", 1),
    ("tommorow", 1),
    ("tommorrow", 1),
    ("day after tomorrow", 2),
    ("the day after tomorrow", 2),
    ("overmorrow", 2),
    ("금일", 0),
    ("명일", 1),
    ("익일", 1),
    ("내일모래", 2),
];

/// Days that are counted in one word, before 뒤 and 후.
const COUNTED: [(&str, i64); 11] = [
    ("하루", 1),
    ("이틀", 2),
    ("사흘", 3),
    ("나흘", 4),
    ("닷새", 5),
    ("엿새", 6),
    ("이레", 7),
    ("일주일", 7),
    ("열흘", 10),
    ("보름", 15),
    ("한주", 7),
];

const LATER: [&str; 4] = ["뒤", "뒤에", "후", "후에"];

const WEEKS: [(&str, i64); 13] = [
    ("이번주", 0),
    ("금주", 0),
    ("요번주", 0),
    ("다음주", 1),
    ("담주", 1),
    ("차주", 1),
    ("내주", 1),
    ("다다음주", 2),
    ("다담주", 2),
    ("this week", 0),
    ("next week", 1),
    ("the week after next", 2),
    ("week after next", 2),
];

const MONTHS_AHEAD: [(&str, i64); 11] = [
    ("이번달", 0),
    ("이달", 0),
    ("금월", 0),
    ("다음달", 1),
    ("담달", 1),
    ("내달", 1),
    ("익월", 1),
    ("다다음달", 2),
    ("this month", 0),
    ("next month", 1),
    ("the month", 0),
];

const YEARS_AHEAD: [(&str, i64); 5] = [
    ("올해", 0),
    ("금년", 0),
    ("내년", 1),
    ("내후년", 2),
    ("명년", 1),
];

const WEEKENDS: [(&str, i64); 11] = [
    ("주말", 0),
    ("이번주말", 0),
    ("다음주말", 1),
    ("담주말", 1),
    ("weekend", 0),
    ("this weekend", 0),
    ("the weekend", 0),
    ("next weekend", 1),
    ("eow", 0),
    ("end of week", 0),
    ("end of the week", 0),
];

const MONTH_ENDS: [&str; 6] = ["말일", "말", "월말", "eom", "end of month", "month end"];

const ENDS_OF_DAY: [&str; 9] = [
    "eod",
    "cob",
    "eob",
    "end of day",
    "end of the day",
    "close of business",
    "end of business",
    "the end of the day",
    "the end of day",
];

/// `이번 금요일` without 주, and `this friday`, are the coming one.
const COMING: [&str; 8] = [
    "이번",
    "오는",
    "돌아오는",
    "this",
    "coming",
    "this coming",
    "on",
    "the coming",
];

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

/// A day that was read, with what else was said of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) day: Day,
    /// The weekday that a date was said to be: `12월 1일(화)`, and where that was said.
    pub(super) weekday: Option<(Weekday, usize)>,
    /// Written as ISO 8601 has it, where hours are those of a day of 24.
    pub(super) is_iso: bool,
    /// Whether two numbers with a point between them were taken for it, which alone are a decimal.
    pub(super) is_decimal: bool,
}

impl From<Day> for Named {
    fn from(day: Day) -> Self {
        Self {
            day,
            weekday: None,
            is_iso: false,
            is_decimal: false,
        }
    }
}

/// The day that begins at `pos`, with the position after it.
pub(super) fn day(phrase: &Phrase<'_>, pos: usize) -> Option<(Named, usize)> {
    let plain = |(day, end): (Day, usize)| (Named::from(day), end);
    let found = weekday_and_date(phrase, pos)
        .or_else(|| from_today(phrase, pos).map(plain))
        .or_else(|| weekend(phrase, pos).map(plain))
        .or_else(|| in_week(phrase, pos).map(plain))
        .or_else(|| date(phrase, pos))
        .or_else(|| in_month(phrase, pos).map(plain))
        .or_else(|| coming(phrase, pos).map(plain))
        .or_else(|| of_month(phrase, pos).map(plain))
        .or_else(|| end_of_day(phrase, pos).map(plain))?;
    phrase.made_sense_until(found.1);
    Some(found)
}

/// A date with the weekday that it is said to be before it: `Tue, Dec 1`.
fn weekday_and_date(phrase: &Phrase<'_>, pos: usize) -> Option<(Named, usize)> {
    let (weekday, next) = weekday(phrase, pos)?;
    let next = phrase.skip(phrase.after_mark(next, ',').unwrap_or(next), &["the"]);
    let (named, end) = date(phrase, next)?;
    let weekday = named.weekday.or(Some((weekday, pos)));
    Some((Named { weekday, ..named }, end))
}

/// A date, perhaps with its weekday behind it: `12/1(화)`, `12월 1일 화요일`.
fn date(phrase: &Phrase<'_>, pos: usize) -> Option<(Named, usize)> {
    let plain = |(day, end): (Day, usize)| (Named::from(day), end);
    let (mut named, end) = iso_date(phrase, pos)
        .or_else(|| korean_date(phrase, pos).map(plain))
        .or_else(|| english_date(phrase, pos).map(plain))
        .or_else(|| numbers_with_marks(phrase, pos))?;
    let open = phrase.after_mark(end, '(').unwrap_or(end);
    let syllable = WEEKDAYS.iter().find_map(|(korean, _, weekday)| {
        let after = phrase.after(open, korean)?;
        Some((
            *weekday,
            phrase.after_mark(after, ')').filter(|_| open > end)?,
        ))
    });
    let after = syllable.or_else(|| {
        let (weekday, after) = weekday(phrase, open)?;
        match phrase.after_mark(after, ')') {
            Some(closed) if open > end => Some((weekday, closed)),
            None if open == end => Some((weekday, after)),
            _ => None,
        }
    });
    match after {
        Some((weekday, after)) => {
            named.weekday = Some((weekday, open));
            Some((named, after))
        }
        None => Some((named, end)),
    }
}

/// `내일`, `사흘 뒤`, `in 3 days`. (Alone, the latter two are durations, which have been tried.)
fn from_today(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    if let Some((days, end)) = phrase.look_up(pos, &DAYS) {
        return Some((Day::FromToday(days), end));
    }
    let later = |(days, end): (i64, usize)| {
        let end = phrase.after_any(end, &LATER)?;
        Some((Day::FromToday(days), end))
    };
    if let Some(found) = phrase.look_up(pos, &COUNTED).and_then(later) {
        return Some(found);
    }
    for (unit, days) in [("일", 1), ("주일", 7), ("주", 7)] {
        let counted = number_before(phrase, pos, unit);
        let found = counted.and_then(|(count, end)| later((i64::from(count) * days, end)));
        if found.is_some() {
            return found;
        }
    }
    let start = phrase.skip(pos, &["in"]);
    for (unit, days) in [("day", 1), ("days", 1), ("week", 7), ("weeks", 7)] {
        let one = phrase
            .after_any(start, &["a", "one"])
            .and_then(|end| phrase.after(end, unit));
        let counted = one
            .map(|end| (1, end))
            .or_else(|| number_before(phrase, start, unit));
        if let Some((count, end)) = counted {
            let end = match phrase.after(end, "from now") {
                Some(end) => end,
                None if start > pos => end,
                None => return None,
            };
            return Some((Day::FromToday(i64::from(count) * days), end));
        }
    }
    None
}

fn weekend(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    let (weeks, end) = phrase.look_up(pos, &WEEKENDS)?;
    Some((Day::Weekend(weeks), end))
}

/// `다음 주 월요일`, `next week monday`, `monday next week`, or a week alone.
fn in_week(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    if let Some((weeks, end)) = phrase.look_up(pos, &WEEKS) {
        let on = phrase.skip(end, &["on", "의"]);
        return Some(
            match weekday(phrase, on).or_else(|| short_weekday(phrase, on)) {
                Some((weekday, end)) => (Day::InWeek(weeks, weekday), end),
                None => (Day::SomeDayInWeek(weeks), end),
            },
        );
    }
    let (weekday, end) = weekday(phrase, pos)?;
    let (weeks, end) = phrase.look_up(phrase.skip(end, &["of"]), &WEEKS)?;
    Some((Day::InWeek(weeks, weekday), end))
}

/// `다음 주 화 오후 6시`: the syllable alone, where a time follows it.
fn short_weekday(phrase: &Phrase<'_>, pos: usize) -> Option<(Weekday, usize)> {
    WEEKDAYS.iter().find_map(|(korean, _, weekday)| {
        let end = phrase.after(pos, korean)?;
        let goes_on = phrase.after_any(end, &["오전", "오후", "까지", "저녁", "아침", "밤", "낮"]);
        let is_number = matches!(phrase.lexeme(end), Some(Lexeme::Number { .. }));
        (goes_on.is_some() || is_number).then_some((*weekday, end))
    })
}

/// `다음 달 1일`, `이번 달 말일`, `the 1st of next month`, `월말`, or a month alone.
fn in_month(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    if let Some(end) = phrase.after_any(pos, &["월말", "eom", "end of month", "month end"]) {
        return Some((Day::LastOfMonth(0), end));
    }
    if let Some((months, end)) = phrase.look_up(pos, &MONTHS_AHEAD) {
        let on = phrase.skip(end, &["on the", "the", "의"]);
        if let Some(end) = phrase.after_any(on, &MONTH_ENDS) {
            return Some((Day::LastOfMonth(months), end));
        }
        let day = number_before(phrase, on, "일").or_else(|| ordinal(phrase, on));
        return Some(match day {
            Some((day @ 1..=31, end)) => (Day::InMonth(months, day), end),
            _ => (Day::SomeDayInMonth(months), end),
        });
    }
    let start = phrase.skip(pos, &["the"]);
    if let Some(last) = phrase.after_any(start, &["last day of", "end of"]) {
        let (months, end) = phrase.look_up(last, &MONTHS_AHEAD)?;
        return Some((Day::LastOfMonth(months), end));
    }
    let (day, end) = ordinal(phrase, start)?;
    let (months, end) = phrase.look_up(phrase.skip(end, &["of"]), &MONTHS_AHEAD)?;
    (1..=31)
        .contains(&day)
        .then_some((Day::InMonth(months, day), end))
}

/// `19일`, `the 19th`, which only a time or an end makes a day of the month: `19일` alone is a length.
fn of_month(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    let start = phrase.skip(pos, &["the"]);
    let (day, end) = number_before(phrase, pos, "일").or_else(|| ordinal(phrase, start))?;
    if !(1..=31).contains(&day) {
        phrase.reject(pos);
        return None;
    }
    Some((Day::OfMonth(day), end))
}

fn end_of_day(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    let end = phrase.after_any(pos, &ENDS_OF_DAY)?;
    Some((Day::WorkEnds, phrase.skip(end, &["today"])))
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
        let is_weds = *weekday == Weekday::Wed && phrase.after(pos, "weds").is_some();
        if is_weds || is_abbreviation(phrase.lexeme(pos), english) {
            return Some((*weekday, pos + 1));
        }
        let end = phrase.after_any(phrase.after(pos, korean)?, &["요일", "욜", "요일날"])?;
        Some((*weekday, end))
    })
}

fn is_abbreviation(lexeme: Option<&Lexeme>, name: &str) -> bool {
    matches!(lexeme, Some(Lexeme::Word(word)) if word.len() >= 3 && name.starts_with(word.as_str()))
}

/// `2026-11-21`, also with slashes or points (`2026. 11. 21.`): the year first, as anything else is
/// read differently on either side of the Atlantic.
fn iso_date(phrase: &Phrase<'_>, pos: usize) -> Option<(Named, usize)> {
    let (year, next) = year(phrase, pos).or_else(|| short_year(phrase, pos))?;
    let marks = ['-', '/', '.'];
    let mut marks = marks.into_iter();
    let mark = marks.find(|mark| phrase.after_mark(next, *mark).is_some())?;
    let (month, day, end) = two_numbers(phrase, next + 1, mark)?;
    let day = date_of(phrase, pos, year, month, day)?;
    phrase.made_sense_until(end);
    let end = match mark {
        '.' => phrase.after_mark(end, '.').unwrap_or(end),
        _ => end,
    };
    // ISO 8601 puts a T between date and time.
    let named = Named {
        is_iso: mark == '-',
        ..Named::from(day)
    };
    Some((named, phrase.skip(end, &["t"])))
}

/// `12/1`, `12/1/2026`, `12. 1.`, `01.12.2026`. In Korean the month comes first, and with points and a
/// year behind it the day does; else both may be.
fn numbers_with_marks(phrase: &Phrase<'_>, pos: usize) -> Option<(Named, usize)> {
    let decimal = matches!(
        phrase.lexeme(pos),
        Some(Lexeme::Number {
            decimals: Some(_),
            ..
        })
    );
    let mark = if decimal || phrase.after_mark(pos + 1, '.').is_some() {
        '.'
    } else if phrase.after_mark(pos + 1, '/').is_some() {
        '/'
    } else if phrase.after_mark(pos + 1, '-').is_some() {
        '-'
    } else {
        return None;
    };
    let (first, second, mut end) = two_numbers(phrase, pos, mark)?;
    let with_year = phrase
        .after_mark(end, mark)
        .and_then(|next| year(phrase, next));
    let mut with = None;
    if let Some((year, after)) = with_year {
        (with, end) = (Some(year), after);
    } else if mark == '.' {
        end = phrase.after_mark(end, '.').unwrap_or(end);
    }
    let is_month = |number| (1..=12).contains(&number);
    let month_first = if mark == '.' && with.is_some() {
        false
    } else if phrase.is_korean() || !is_month(second) {
        true
    } else if !is_month(first) || first == second {
        false
    } else {
        let day = Day::EitherWay(first, second, with);
        // Either way it has to be a day.
        yearly(phrase, pos, first, second)?;
        yearly(phrase, pos, second, first)?;
        let is_decimal = mark == '.' && with.is_none();
        return Some((
            Named {
                is_decimal,
                ..Named::from(day)
            },
            end,
        ));
    };
    let (month, day) = if month_first {
        (first, second)
    } else {
        (second, first)
    };
    let day = match with {
        Some(year) => date_of(phrase, pos, year, month, day)?,
        None => yearly(phrase, pos, month, day)?,
    };
    let is_decimal = mark == '.' && with.is_none();
    Some((
        Named {
            is_decimal,
            ..Named::from(day)
        },
        end,
    ))
}

/// Two short numbers with a mark between them; with a point they may have come as one decimal.
fn two_numbers(phrase: &Phrase<'_>, pos: usize, mark: char) -> Option<(u32, u32, usize)> {
    if let Some(Lexeme::Number {
        quantity,
        digits: 1 | 2,
        decimals: Some((second, 1 | 2)),
    }) = phrase.lexeme(pos)
    {
        let (first, _) = quantity.as_u32_and_millis()?;
        return (mark == '.').then_some((first, *second, pos + 1));
    }
    let (first, next) = small(phrase, pos)?;
    let (second, end) = small(phrase, phrase.after_mark(next, mark)?)?;
    Some((first, second, end))
}

/// `2026년 11월 25일`, `11월 25일`, `십이월 삼일`, `내년 1월 1일`.
fn korean_date(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    let year = year(phrase, pos).and_then(|(year, next)| Some((year, phrase.after(next, "년")?)));
    let ahead = phrase.look_up(pos, &YEARS_AHEAD);
    let start = year.map(|(_, next)| next).or(ahead.map(|(_, next)| next));
    let start = start.unwrap_or(pos);
    let (month, next) = month_in_korean(phrase, start)?;
    let (day, end) = match phrase.after_any(next, &["말일", "말"]) {
        Some(end) => (last_of(month)?, end),
        None => number_before(phrase, next, "일")?,
    };
    let day = match (year, ahead) {
        (Some((year, _)), _) => date_of(phrase, pos, year, month, day)?,
        (None, Some((years, _))) => {
            yearly(phrase, pos, month, day)?;
            Day::InYear(years, month, day)
        }
        (None, None) => yearly(phrase, pos, month, day)?,
    };
    Some((day, end))
}

/// `12월`, `십이월`, and 유월 and 시월, which drop a consonant.
fn month_in_korean(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, usize)> {
    phrase
        .look_up(pos, &[("유월", 6), ("시월", 10)])
        .or_else(|| number_before(phrase, pos, "월"))
}

/// The last day that a month always has.
fn last_of(month: u32) -> Option<u32> {
    match month {
        2 => Some(28),
        4 | 6 | 9 | 11 => Some(30),
        1..=12 => Some(31),
        _ => None,
    }
}

/// `nov 25`, `November 25th, 2026`, `25 nov`, `25th of November`.
fn english_date(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    let pos = phrase.skip(pos, &["the"]);
    let (month, day, end) = match month(phrase, pos) {
        Some((month, next)) => {
            let (day, end) = day_of_month(phrase, phrase.skip(next, &["the"]))?;
            (month, day, end)
        }
        None => {
            let (day, next) = day_of_month(phrase, pos)?;
            let (month, end) = month(phrase, phrase.skip(next, &["of"]))?;
            (month, day, end)
        }
    };
    match year(phrase, phrase.after_mark(end, ',').unwrap_or(end)) {
        Some((year, end)) => Some((date_of(phrase, pos, year, month, day)?, end)),
        None => Some((yearly(phrase, pos, month, day)?, end)),
    }
}

fn month(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, usize)> {
    let lexeme = phrase.lexeme(pos);
    if phrase.after(pos, "sept").is_some() {
        return Some((9, pos + 1));
    }
    let months = (1..).zip(MONTHS);
    let (month, _) = months
        .into_iter()
        .find(|(_, name)| is_abbreviation(lexeme, name))?;
    Some((month, pos + 1))
}

const ORDINALS: [&str; 4] = ["st", "nd", "rd", "th"];

fn day_of_month(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, usize)> {
    let (day, end) = small(phrase, pos)?;
    Some((day, phrase.skip(end, &ORDINALS)))
}

/// `19th`
fn ordinal(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, usize)> {
    let (day, end) = small(phrase, pos)?;
    Some((day, phrase.after_any(end, &ORDINALS)?))
}

/// A year has four digits; with fewer, `nov 25 18:00` would end in the year 18. What a clock shows in
/// four digits (`nov 25 1830`) is before any year that is to come.
fn year(phrase: &Phrase<'_>, pos: usize) -> Option<(i32, usize)> {
    match phrase.lexeme(pos)? {
        Lexeme::Number {
            quantity,
            digits: 4,
            decimals: None,
        } => {
            let year = quantity.as_u32()?;
            (year >= 1_900).then_some((i32::try_from(year).ok()?, pos + 1))
        }
        _ => None,
    }
}

/// `26.12.1` in Korean, which has the year first however short it is.
fn short_year(phrase: &Phrase<'_>, pos: usize) -> Option<(i32, usize)> {
    let (year, next) = small(phrase, pos)?;
    let mark = ['.', '/', '-']
        .into_iter()
        .find(|mark| phrase.after_mark(next, *mark).is_some())?;
    let (_, _, end) = two_numbers(phrase, next + 1, mark)?;
    let is_date = phrase.is_korean() && year > 12 && phrase.after_mark(end, ':').is_none();
    is_date.then_some((2_000 + i32::try_from(year).ok()?, next))
}

fn small(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, usize)> {
    match phrase.lexeme(pos)? {
        Lexeme::Number {
            quantity,
            digits: 1 | 2,
            ..
        } => Some((quantity.as_u32()?, pos + 1)),
        _ => None,
    }
}

/// A number with the word `unit` right behind it.
pub(super) fn number_before(phrase: &Phrase<'_>, pos: usize, unit: &str) -> Option<(u32, usize)> {
    let mut numbers = numbers(phrase, pos).into_iter();
    numbers.find_map(|(quantity, end)| Some((quantity.as_u32()?, phrase.after(end, unit)?)))
}

fn date_of(phrase: &Phrase<'_>, pos: usize, year: i32, month: u32, day: u32) -> Option<Day> {
    let date = NaiveDate::from_ymd_opt(year, month, day);
    if date.is_none() {
        phrase.reject(pos);
    }
    date.map(Day::Date)
}

fn yearly(phrase: &Phrase<'_>, pos: usize, month: u32, day: u32) -> Option<Day> {
    // Any leap year tells whether there is ever such a day.
    date_of(phrase, pos, 2024, month, day).map(|_| Day::Yearly(month, day))
}
