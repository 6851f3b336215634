//! The grammar of durations: `1h 30m`, `an hour and a half`, `한시간 반`, `사흘 뒤`.
//!
//! A duration is a row of quantities whose units grow smaller. `30m 1h` is refused: it is more
//! often a slip than a sum.

use std::ops::Range;

use super::lexer::{Lexeme, Phrase};
use super::numerals::{Quantity, numbers};
use super::{LONGEST_MS, TimeTextError};

/// Units, the smallest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
}

impl Unit {
    const fn ms(self) -> i64 {
        match self {
            Self::Second => 1_000,
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
            Self::Week => 604_800_000,
        }
    }
}

/// A day is 24 hours here and a week seven of them, whatever the clocks do meanwhile.
const UNITS: [(&str, Unit); 29] = [
    ("초", Unit::Second),
    ("s", Unit::Second),
    ("sec", Unit::Second),
    ("secs", Unit::Second),
    ("second", Unit::Second),
    ("seconds", Unit::Second),
    ("분", Unit::Minute),
    ("m", Unit::Minute),
    ("min", Unit::Minute),
    ("mins", Unit::Minute),
    ("minute", Unit::Minute),
    ("minutes", Unit::Minute),
    ("시간", Unit::Hour),
    ("h", Unit::Hour),
    ("hr", Unit::Hour),
    ("hrs", Unit::Hour),
    ("hour", Unit::Hour),
    ("hours", Unit::Hour),
    ("일", Unit::Day),
    ("d", Unit::Day),
    ("day", Unit::Day),
    ("days", Unit::Day),
    ("주", Unit::Week),
    ("주일", Unit::Week),
    ("w", Unit::Week),
    ("wk", Unit::Week),
    ("wks", Unit::Week),
    ("week", Unit::Week),
    ("weeks", Unit::Week),
];

/// Words that are a number and its unit in one.
const NAMED: [(&str, (Quantity, Unit)); 14] = [
    ("반시간", (Quantity::HALF, Unit::Hour)),
    ("하루", (Quantity::whole(1), Unit::Day)),
    ("이틀", (Quantity::whole(2), Unit::Day)),
    ("사흘", (Quantity::whole(3), Unit::Day)),
    ("나흘", (Quantity::whole(4), Unit::Day)),
    ("닷새", (Quantity::whole(5), Unit::Day)),
    ("엿새", (Quantity::whole(6), Unit::Day)),
    ("이레", (Quantity::whole(7), Unit::Day)),
    ("여드레", (Quantity::whole(8), Unit::Day)),
    ("아흐레", (Quantity::whole(9), Unit::Day)),
    ("열흘", (Quantity::whole(10), Unit::Day)),
    ("보름", (Quantity::whole(15), Unit::Day)),
    ("hour and a half", (Quantity::ONE_AND_A_HALF, Unit::Hour)),
    ("day and a half", (Quantity::ONE_AND_A_HALF, Unit::Day)),
];

/// What stands for a number before an English unit.
const ARTICLES: [(&str, Quantity); 14] = [
    ("a", Quantity::whole(1)),
    ("an", Quantity::whole(1)),
    ("half", Quantity::HALF),
    ("half a", Quantity::HALF),
    ("half an", Quantity::HALF),
    ("a half", Quantity::HALF),
    ("quarter of an", Quantity::QUARTER),
    ("quarter of a", Quantity::QUARTER),
    ("a quarter of an", Quantity::QUARTER),
    ("a quarter of a", Quantity::QUARTER),
    ("a quarter", Quantity::QUARTER),
    ("quarter", Quantity::QUARTER),
    ("three quarters of an", Quantity::THREE_QUARTERS),
    ("three quarters of a", Quantity::THREE_QUARTERS),
];

const BEFORE: [&str; 21] = [
    "in",
    "for",
    "within",
    "after",
    "지금부터",
    "앞으로",
    "이제부터",
    "지금으로부터",
    "약",
    "대략",
    "딱",
    "about",
    "around",
    "in about",
    "in around",
    "in the next",
    "for the next",
    "within the next",
    "over the next",
    "pt",
    "another",
];

/// 까지 is here only behind 뒤 and 후: `30분까지` may also mean “until half past”.
const AFTER: [&str; 41] = [
    "뒤",
    "뒤에",
    "뒤까지",
    "후",
    "후에",
    "후까지",
    "안에",
    "안으로",
    "이내",
    "이내에",
    "이내로",
    "내",
    "내에",
    "내로",
    "동안",
    "동안만",
    "간",
    "간만",
    "만",
    "from now",
    "later",
    "만에",
    "안까지",
    "더",
    "만더",
    "짜리",
    "정도",
    "정도만",
    "쯤",
    "뒤쯤",
    "후쯤",
    "정도뒤",
    "정도후",
    "뒤로",
    "후로",
    "이내까지",
    "내까지",
    "안으로만",
    "max",
    "tops",
    "or less",
];

/// What a text says as a duration.
#[derive(Debug)]
pub(super) enum Reading {
    /// A length in milliseconds, within no limits yet.
    Length(i128),
    /// The text ends in a number without a unit, at these tokens.
    BareNumber(Range<usize>),
}

impl Reading {
    /// The length in milliseconds, if it is one that can be waited for.
    pub(super) fn ms(&self, phrase: &Phrase<'_>) -> Result<i64, TimeTextError> {
        match self {
            Self::BareNumber(span) => Err(TimeTextError::BareNumber {
                number: phrase.written(span.clone()),
            }),
            Self::Length(ms) => match i64::try_from(*ms) {
                Ok(..=0) => Err(TimeTextError::NotPositive),
                Ok(ms @ 1..=LONGEST_MS) => Ok(ms),
                Ok(_) | Err(_) => Err(TimeTextError::TooFar),
            },
        }
    }
}

/// Reads the whole phrase as a duration; `None` if it is none.
pub(super) fn read(phrase: &Phrase<'_>) -> Option<Reading> {
    let pos = phrase.skip(0, &BEFORE);
    phrase.made_sense_until(pos);
    if let Some((ms, end)) = hours_and_minutes(phrase, pos)
        && is_finished(phrase, end)
    {
        return Some(Reading::Length(ms));
    }
    components(phrase, pos, None, 0)
}

/// Reads what comes after components that sum up to `sum_ms`, the last of them in `larger`.
fn components(
    phrase: &Phrase<'_>,
    pos: usize,
    larger: Option<Unit>,
    sum_ms: i128,
) -> Option<Reading> {
    let fits = |unit: Unit| larger.is_none_or(|larger| unit < larger);
    if let Some(((quantity, unit), end)) = phrase.look_up(pos, &NAMED)
        && fits(unit)
        && let Some(reading) = after_component(phrase, end, unit, sum_ms + quantity.ms(unit.ms()))
    {
        return Some(reading);
    }
    for (quantity, end) in quantities(phrase, pos) {
        if let Some((unit, end)) = phrase.look_up(end, &UNITS)
            && fits(unit)
            && let Some(reading) =
                after_component(phrase, end, unit, sum_ms + quantity.ms(unit.ms()))
        {
            return Some(reading);
        }
    }
    bare_number(phrase, pos, larger, sum_ms)
}

/// Reads what comes after a component: the end, a half more of its unit, or smaller components.
fn after_component(phrase: &Phrase<'_>, pos: usize, unit: Unit, sum_ms: i128) -> Option<Reading> {
    phrase.made_sense_until(pos);
    if is_finished(phrase, pos) {
        return Some(Reading::Length(sum_ms));
    }
    if let Some(end) = phrase.after_any(pos, &["반", "and a half", "하고반"])
        && is_finished(phrase, end)
    {
        return Some(Reading::Length(sum_ms + i128::from(unit.ms() / 2)));
    }
    let marks = [',', '&', '+'];
    let next = marks
        .into_iter()
        .find_map(|mark| phrase.after_mark(pos, mark));
    let next = phrase.skip(next.unwrap_or(pos), &["and", "하고", "하고도", "이랑"]);
    components(phrase, next, Some(unit), sum_ms)
}

/// A last number without a unit: minutes after hours (`1h30`), a question after anything else.
fn bare_number(
    phrase: &Phrase<'_>,
    pos: usize,
    larger: Option<Unit>,
    sum_ms: i128,
) -> Option<Reading> {
    let mut numbers = numbers(phrase, pos).into_iter();
    let (quantity, end) = numbers.find(|(_, end)| is_finished(phrase, *end))?;
    match (larger, quantity.as_u32()) {
        (Some(Unit::Hour), Some(0..=59)) => {
            let minutes_ms = quantity.ms(Unit::Minute.ms());
            Some(Reading::Length(sum_ms + minutes_ms))
        }
        _ => Some(Reading::BareNumber(pos..end)),
    }
}

/// Every quantity that begins at `pos`, with the position after it.
fn quantities(phrase: &Phrase<'_>, pos: usize) -> Vec<(Quantity, usize)> {
    let mut found = numbers(phrase, pos);
    for index in 0..found.len() {
        let (quantity, end) = found[index];
        let with_half = phrase.after(end, "and a half");
        found.extend(quantity.and_a_half().zip(with_half));
    }
    found.extend(ratio(phrase, pos));
    if let Some((whole, end)) = found.first().copied()
        && let Some((fraction, end)) = ratio(phrase, end)
    {
        found.extend(whole.plus(fraction).map(|sum| (sum, end)));
    }
    found.extend(phrase.look_up(pos, &ARTICLES));
    found
}

/// `1/2`, as in `1/2 hour`.
fn ratio(phrase: &Phrase<'_>, pos: usize) -> Option<(Quantity, usize)> {
    let number = |pos| match phrase.lexeme(pos) {
        Some(Lexeme::Number { quantity, .. }) => Some(*quantity),
        _ => None,
    };
    let below = phrase.after_mark(pos + 1, '/')?;
    Some((number(pos)?.ratio(number(below)?)?, below + 1))
}

/// `1:30` with hours behind it: hours and minutes.
fn hours_and_minutes(phrase: &Phrase<'_>, pos: usize) -> Option<(i128, usize)> {
    let number = |pos, most| match phrase.lexeme(pos) {
        Some(Lexeme::Number { quantity, .. }) => quantity.as_u32().filter(|number| *number <= most),
        _ => None,
    };
    let minutes = phrase.after_mark(pos + 1, ':')?;
    let (hours, minutes, end) = (number(pos, 9_999)?, number(minutes, 59)?, minutes + 1);
    let (unit, end) = phrase.look_up(end, &UNITS)?;
    let sum = i128::from(hours) * 60 + i128::from(minutes);
    (unit == Unit::Hour).then_some((sum * i128::from(Unit::Minute.ms()), end))
}

fn is_finished(phrase: &Phrase<'_>, pos: usize) -> bool {
    // `30분쯤 뒤`: the words for about say nothing by themselves.
    let about = phrase.skip(pos, &["쯤", "정도", "가량"]);
    [pos, about]
        .into_iter()
        .any(|pos| phrase.is_end(phrase.skip(pos, &AFTER)))
}
