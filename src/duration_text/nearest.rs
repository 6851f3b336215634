//! What is near a text that is not understood: the same without what stands in the way.
//!
//! Nothing that says when is left out: an offer of `6pm` for `6pm eastern`, or of `friday 6pm` for `a week
//! from friday 6pm`, would be another instant than was written. Only words that say nothing about time go.

use super::clock_date;
use super::clock_day;
use super::clock_time::PARTS_BEFORE;
use super::lexer::{Lexeme, Phrase};
use super::numerals::numbers;
use crate::zones;

/// Words that are left out at either end, one after the other, to find something that is understood.
const MAX_LEFT_OUT: usize = 4;

/// English words that say when, though no grammar here begins with them.
const SAYING: [&str; 58] = [
    "time",
    "yesterday",
    "last",
    "past",
    "previous",
    "to",
    "from",
    "before",
    "after",
    "half",
    "quarter",
    "week",
    "weeks",
    "weekend",
    "month",
    "months",
    "year",
    "years",
    "day",
    "days",
    "hour",
    "hours",
    "minute",
    "minutes",
    "second",
    "seconds",
    "min",
    "mins",
    "hr",
    "hrs",
    "next",
    "every",
    "each",
    "not",
    "except",
    "or",
    "and",
    "couple",
    "few",
    "noon",
    "midnight",
    "daily",
    "weekly",
    "hourly",
    "decade",
    "century",
    "fortnight",
    "standard",
    "daylight",
    "summer",
    "winter",
    "local",
    "gmt",
    "utc",
    "ms",
    "millisecond",
    "milliseconds",
    "minus",
];

/// Beginnings of Korean words that say when.
const SAYING_KOREAN: [&str; 32] = [
    "어제",
    "그제",
    "그저께",
    "엊그제",
    "지난",
    "작년",
    "매일",
    "매주",
    "매월",
    "매달",
    "매년",
    "시간",
    "시각",
    "표준시",
    "기준",
    "달",
    "개월",
    "년",
    "해",
    "주",
    "시",
    "분",
    "초",
    "일",
    "월",
    "정오",
    "자정",
    "하루",
    "이틀",
    "사흘",
    "나흘",
    "요일",
];

/// Whether a word says when, where or how long: a number, a day, a part of the day, a unit, a zone.
fn says_when(word: &str) -> bool {
    let Ok(phrase) = Phrase::new(word) else {
        return false;
    };
    let begins_as_korean = SAYING_KOREAN
        .iter()
        .any(|saying| phrase.after(0, saying).is_some());
    let names_part = phrase.look_up(0, &PARTS_BEFORE).is_some();
    if begins_as_korean || names_part || clock_day::day(&phrase, 0).is_some() {
        return true;
    }
    (0..phrase.len()).any(|pos| match phrase.lexeme(pos) {
        Some(Lexeme::Number { .. }) => true,
        Some(Lexeme::Word(word)) => {
            SAYING.contains(&word.as_str())
                || !numbers(&phrase, pos).is_empty()
                || clock_date::month(&phrase, pos).is_some()
                || clock_date::ordinal(&phrase, pos).is_some()
                || clock_day::day(&phrase, pos).is_some()
                || phrase.look_up(pos, &PARTS_BEFORE).is_some()
                || names_place(word)
        }
        _ => false,
    })
}

/// Whether a word is an abbreviation of a zone, or begins the name of a place.
fn names_place(word: &str) -> bool {
    let begins = |name: &str| name.split([' ', '/']).next() == Some(word);
    !zones::abbreviated(word).is_empty()
        || zones::FULL_NAMES.iter().any(|one| begins(one.name))
        || zones::NAMES.iter().any(|known| begins(known.name))
}

/// Texts that are near this one, which makes no sense from its character `at` on, the nearest first.
pub(super) fn texts(typed: &str, at: usize) -> Vec<String> {
    let mut found = repaired(typed);
    let understood: String = typed.chars().take(at).collect();
    let rest: String = typed.chars().skip(at).collect();
    // Of a word that is cut in two, the rest may say anything.
    if !rest.split_whitespace().any(says_when) {
        found.push(understood.trim().to_owned());
    }
    let words: Vec<&str> = typed.split_whitespace().collect();
    for left_out in 1..words.len().min(MAX_LEFT_OUT + 1) {
        let (before, last) = words.split_at(words.len() - left_out);
        if !last.iter().any(|word| says_when(word)) {
            found.push(before.join(" "));
        }
        let (first, after) = words.split_at(left_out);
        if !first.iter().any(|word| says_when(word)) {
            found.push(after.join(" "));
        }
    }
    found
}

/// A text without what often stands in the way: months as lengths, commas in numbers, brackets, 까지 behind
/// a length; or with what it lacks.
fn repaired(typed: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (month, days) in [
        ("months", "days"),
        ("month", "days"),
        ("개월", "일"),
        ("달", "일"),
    ] {
        if let Some((before, after)) = typed.split_once(month) {
            let count = match before.trim() {
                "" | "a" | "one" | "한" => Some(1),
                "two" | "두" => Some(2),
                "three" | "세" | "석" => Some(3),
                number => number.parse::<u32>().ok(),
            };
            let days = count.map(|count| format!("{} {days}{after}", count.saturating_mul(30)));
            found.extend(days.map(|text| text.replace(" 일", "일")));
            break;
        }
    }
    if let Some((before, after)) = typed.split_once(',')
        && before.ends_with(|c: char| c.is_ascii_digit())
    {
        let digits = after.chars().take_while(char::is_ascii_digit).count();
        found.push(match digits {
            3 => format!("{before}{after}"),
            _ => format!("{before}.{after}"),
        });
    }
    if let Some((before, rest)) = typed.split_once('(')
        && let Some((inner, after)) = rest.split_once(')')
        && !inner.split_whitespace().any(says_when)
    {
        found.push(format!("{before}{after}"));
    }
    // `4 days at noon`
    if typed.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        found.push(format!("in {typed}"));
    }
    if typed.contains("the hour") {
        found.push(typed.replacen("the hour", "an hour", 1));
    }
    found.extend(typed.strip_suffix("까지").map(str::to_owned));
    if let Ok(phrase) = Phrase::new(typed) {
        found.extend(last_of_month(&phrase));
        found.extend(hour_behind_date(&phrase));
        found.extend(place_without_clock(&phrase, typed));
    }
    found
}

/// `Feb 30 6pm`: the month's last day in its place.
fn last_of_month(phrase: &Phrase<'_>) -> Option<String> {
    (0..phrase.len()).find_map(|pos| {
        let (month, end, is_korean) = clock_date::impossible(phrase, pos)?;
        let name = super::words::MONTHS.get(month.checked_sub(1)? as usize)?;
        let last = match is_korean {
            true => format!("{month}월 말일"),
            false => format!("last day of {name}"),
        };
        Some(phrase.rewritten(pos..end, &last))
    })
}

/// `12.1.18시`: the hour apart from the date.
fn hour_behind_date(phrase: &Phrase<'_>) -> Option<String> {
    let is_number = |pos: usize| matches!(phrase.lexeme(pos), Some(Lexeme::Number { .. }));
    (0..phrase.len()).find_map(|pos| {
        let next = phrase.after_mark(pos + 1, '.').filter(|_| is_number(pos))?;
        let hour = phrase
            .after_mark(next + 1, '.')
            .filter(|_| is_number(next))?;
        is_number(hour).then(|| phrase.rewritten(hour..hour, " "))
    })
}

/// `6pm seoul`: by the clock of Seoul?
fn place_without_clock(phrase: &Phrase<'_>, typed: &str) -> Option<String> {
    let clock = if phrase.is_korean() { "시간" } else { "time" };
    let ends_in_place = (1..phrase.len()).any(|pos| {
        let mut names = zones::NAMES.iter();
        names.any(|known| {
            let end = phrase.after_any(pos, &[known.joined.as_str()]);
            end.is_some_and(|end| phrase.is_end(end))
        })
    });
    ends_in_place.then(|| format!("{typed} {clock}"))
}
