//! The dates of the grammar of clock times: `2026-11-21`, `11월 25일`, `nov 25`, `12/1`, `the 19th`.

use chrono::NaiveDate;

use super::clock_day::{Day, MONTH_ENDS, Named, Order, YEARS_AHEAD, is_abbreviation};
use super::lexer::{Lexeme, Phrase};
use super::numerals::numbers;

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

/// A date: `2026-11-21`, `11월 25일`, `nov 25`, `12/1`.
pub(super) fn date(phrase: &Phrase<'_>, pos: usize) -> Option<(Named, usize)> {
    let plain = |(day, end): (Day, usize)| (Named::new(day, pos..end), end);
    iso_date(phrase, pos)
        .or_else(|| korean_date(phrase, pos).map(plain))
        .or_else(|| english_date(phrase, pos).map(plain))
        .or_else(|| numbers_with_marks(phrase, pos))
}

/// `2026-11-21`, also with slashes or points (`2026. 11. 21.`): the year first, as anything else is
/// read differently on either side of the Atlantic.
fn iso_date(phrase: &Phrase<'_>, pos: usize) -> Option<(Named, usize)> {
    let with_t = |day: Day, end: usize, is_iso: bool| {
        let after_t = phrase.after(end, "t");
        let named = Named {
            is_iso,
            has_t: after_t.is_some(),
            ..Named::new(day, pos..end)
        };
        (named, after_t.unwrap_or(end))
    };
    if let Some(date) = date_in_digits(phrase, pos) {
        return Some(with_t(Day::Date(date), pos + 1, true));
    }
    let (year, next) = year(phrase, pos)?;
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
    Some(with_t(day, end, mark == '-'))
}

/// `20261201`: a date in eight digits, of a year near enough to be one.
pub(super) fn date_in_digits(phrase: &Phrase<'_>, pos: usize) -> Option<NaiveDate> {
    let Lexeme::Number {
        quantity,
        digits: 8,
        decimals: None,
    } = phrase.lexeme(pos)?
    else {
        return None;
    };
    let digits = quantity.as_u32()?;
    let year = i32::try_from(digits / 10_000).ok()?;
    let date = NaiveDate::from_ymd_opt(year, digits / 100 % 100, digits % 100);
    date.filter(|_| (2_000..2_100).contains(&year))
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
    if let Some(found) = short_year(phrase, pos, mark) {
        return Some(found);
    }
    let (first, second, mut end) = two_numbers(phrase, pos, mark)?;
    // `12.1.18시`: the number is too near to be an hour, and no year.
    let third = phrase
        .after_mark(end, mark)
        .filter(|third| phrase.is_adjacent(*third));
    if third.is_some_and(|third| small(phrase, third).is_some()) {
        return None;
    }
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
        let named = Named {
            is_decimal,
            ..Named::new(day, pos..end)
        };
        return Some((named, end));
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
    // `12/1일`
    if let Some(after) = phrase.after(end, "일")
        && phrase.is_adjacent(end)
    {
        end = after;
    }
    let named = Named {
        is_decimal: mark == '.' && with.is_none(),
        ..Named::new(day, pos..end)
    };
    Some((named, end))
}

/// `26.12.18`, `12/1/26`: three short numbers. A third one that follows its mark directly belongs to the
/// date, and so does one behind a number that can only be a year.
fn short_year(phrase: &Phrase<'_>, pos: usize, mark: char) -> Option<(Named, usize)> {
    let (first, second, next) = two_numbers(phrase, pos, mark)?;
    let third_at = phrase.after_mark(next, mark)?;
    let (third, end) = small(phrase, third_at)?;
    let is_hour = phrase.after_mark(end, ':').is_some() || phrase.after(end, "시").is_some();
    if is_hour || !(phrase.is_adjacent(third_at) || first > 12) {
        return None;
    }
    let order = match mark {
        _ if phrase.is_korean() => Order::Korean,
        '.' => Order::Points,
        _ => Order::Any,
    };
    let end = match mark {
        '.' => phrase.after_mark(end, '.').unwrap_or(end),
        _ => end,
    };
    let day = Day::ShortYear([first, second, third], order);
    Some((Named::new(day, pos..end), end))
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
    let short = |pos| {
        // `26년`
        let (year, next) = small(phrase, pos)?;
        Some((2_000 + i32::try_from(year).ok()?, next))
    };
    let year = year(phrase, pos)
        .or_else(|| short(pos))
        .and_then(|(year, next)| Some((year, phrase.after(next, "년")?)));
    let ahead = phrase.look_up(pos, &YEARS_AHEAD);
    let start = year.map(|(_, next)| next).or(ahead.map(|(_, next)| next));
    let start = start.unwrap_or(pos);
    let (month, next) = month_in_korean(phrase, start)?;
    if let Some(end) = phrase.after_any(next, &MONTH_ENDS) {
        let day = match (year, ahead) {
            (Some((year, _)), _) => Day::Date(last_of(year, month)?),
            (None, Some((years, _))) => Day::LastInYear(years, month),
            (None, None) => Day::LastOfYearly(month),
        };
        return (1..=12).contains(&month).then_some((day, end));
    }
    let (day, end) = number_before(phrase, next, "일")?;
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

/// The last day of a month.
pub(super) fn last_of(year: i32, month: u32) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    first.checked_add_months(chrono::Months::new(1))?.pred_opt()
}

/// `nov 25`, `November 25th, 2026`, `25 nov`, `25th of November`.
fn english_date(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    let pos = phrase.skip(pos, &["the"]);
    // `1-Dec-2026`
    let mark = |pos| {
        let mut marks = ['-', '/', '.'].into_iter();
        marks.find_map(|mark| Some((mark, phrase.after_mark(pos, mark)?)))
    };
    let behind = |next: usize| mark(next).map_or(next, |(_, after)| after);
    let (month, day, between, end) = match month(phrase, pos) {
        Some((month, next)) => {
            let (day, end) = day_of_month(phrase, phrase.skip(behind(next), &["the"]))?;
            (month, day, next, end)
        }
        None => {
            let (day, next) = day_of_month(phrase, pos)?;
            let (month, end) = month(phrase, phrase.skip(behind(next), &["of"]))?;
            (month, day, next, end)
        }
    };
    let joined = mark(between).and_then(|(mark, _)| phrase.after_mark(end, mark));
    let short = || {
        let (year, end) = small(phrase, joined?)?;
        Some((2_000 + i32::try_from(year).ok()?, end))
    };
    let next = phrase.after_mark(end, ',').or(joined);
    match year(phrase, next.unwrap_or(end)).or_else(short) {
        Some((year, end)) => Some((date_of(phrase, pos, year, month, day)?, end)),
        None => Some((yearly(phrase, pos, month, day)?, end)),
    }
}

pub(super) fn month(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, usize)> {
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

/// Ordinals as words; those above twenty have `twenty` or `thirty` before one of the first nine.
const ORDINAL_WORDS: [(&str, u32); 21] = [
    ("first", 1),
    ("second", 2),
    ("third", 3),
    ("fourth", 4),
    ("fifth", 5),
    ("sixth", 6),
    ("seventh", 7),
    ("eighth", 8),
    ("ninth", 9),
    ("tenth", 10),
    ("eleventh", 11),
    ("twelfth", 12),
    ("thirteenth", 13),
    ("fourteenth", 14),
    ("fifteenth", 15),
    ("sixteenth", 16),
    ("seventeenth", 17),
    ("eighteenth", 18),
    ("nineteenth", 19),
    ("twentieth", 20),
    ("thirtieth", 30),
];

fn ordinal_word(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, usize)> {
    if let Some((tens, end)) = phrase.look_up(pos, &[("twenty", 20), ("thirty", 30)]) {
        let ones = phrase.after_mark(end, '-').unwrap_or(end);
        let (one, end) = phrase.look_up(ones, &ORDINAL_WORDS)?;
        return (one < 10).then_some((tens + one, end));
    }
    phrase.look_up(pos, &ORDINAL_WORDS)
}

fn day_of_month(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, usize)> {
    if let Some(found) = ordinal_word(phrase, pos) {
        return Some(found);
    }
    let (day, end) = small(phrase, pos)?;
    Some((day, phrase.skip(end, &ORDINALS)))
}

/// `19th`, `nineteenth`
pub(super) fn ordinal(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, usize)> {
    if let Some(found) = ordinal_word(phrase, pos) {
        return Some(found);
    }
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

pub(super) fn small(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, usize)> {
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

/// A month with a day that it never has: the month, the position after it, and whether it is in Korean.
pub(super) fn impossible(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, usize, bool)> {
    let (month, day, end, is_korean) = match month_in_korean(phrase, pos) {
        Some((month, next)) => {
            let (day, end) = number_before(phrase, next, "일")?;
            (month, day, end, true)
        }
        None => match month(phrase, pos) {
            Some((month, next)) => {
                let (day, end) = day_of_month(phrase, next)?;
                (month, day, end, false)
            }
            None => {
                let (day, next) = day_of_month(phrase, pos)?;
                let (month, end) = month(phrase, phrase.skip(next, &["of"]))?;
                (month, day, end, false)
            }
        },
    };
    let is_possible = NaiveDate::from_ymd_opt(2024, month, day).is_some();
    (!is_possible && (1..=12).contains(&month) && day <= 31).then_some((month, end, is_korean))
}
