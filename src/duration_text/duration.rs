//! The grammar of durations: `1h 30m`, `an hour and a half`, `한시간 반`, `사흘 뒤`.
//!
//! A duration is a row of quantities whose units grow smaller. `30m 1h` is refused: it is more
//! often a slip than a sum.

use std::ops::Range;

use super::lexer::{Lexeme, Phrase};
use super::numerals::{Quantity, numbers};
use super::{LONGEST_MS, TimeTextError, clock_date, clock_time};

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
const NAMED: [(&str, (Quantity, Unit)); 18] = [
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
    ("hour and half", (Quantity::ONE_AND_A_HALF, Unit::Hour)),
    ("day and a half", (Quantity::ONE_AND_A_HALF, Unit::Day)),
    ("fortnight", (Quantity::whole(2), Unit::Week)),
    ("a fortnight", (Quantity::whole(2), Unit::Week)),
    ("스무날", (Quantity::whole(20), Unit::Day)),
];

/// What stands for a number before an English unit.
const ARTICLES: [(&str, Quantity); 17] = [
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
    ("three quarter", Quantity::THREE_QUARTERS),
    ("half of an", Quantity::HALF),
    ("half of a", Quantity::HALF),
];

/// Fractions of a unit behind `and`: `an hour and a half`, `one and a quarter hours`.
const FRACTIONS: [(&str, Quantity); 7] = [
    ("half", Quantity::HALF),
    ("a half", Quantity::HALF),
    ("quarter", Quantity::QUARTER),
    ("a quarter", Quantity::QUARTER),
    ("one quarter", Quantity::QUARTER),
    ("three quarter", Quantity::THREE_QUARTERS),
    ("three quarters", Quantity::THREE_QUARTERS),
];

/// What joins one part of a length to the next.
const AND: [&str; 7] = ["and", "n", "plus", "하고", "하고도", "이랑", "에다"];

/// Words before a length that leave it as it is. Several may follow each other: `in at most`.
const BEFORE: [&str; 75] = [
    "in",
    "for",
    "within",
    "after",
    "지금부터",
    "앞으로",
    "이제부터",
    "지금으로부터",
    "지금으로부터는",
    "오늘부터",
    "약",
    "대략",
    "대충",
    "딱",
    "최대",
    "최장",
    "총",
    "단",
    "넉넉히",
    "넉넉잡아",
    "많아야",
    "많아도",
    "길어야",
    "길어도",
    "늦어도",
    "기껏해야",
    "한번에",
    "정확히",
    "about",
    "around",
    "approx",
    "approximately",
    "roughly",
    "circa",
    "maybe",
    "like",
    "say",
    "exactly",
    "in the next",
    "for the next",
    "within the next",
    "over the next",
    "during the next",
    "pt",
    "another",
    "up to",
    "at most",
    "at the most",
    "no more than",
    "not more than",
    "less than",
    "fewer than",
    "shorter than",
    "under",
    "max",
    "maximum",
    "a maximum of",
    "a max of",
    "just",
    "only",
    "give me",
    "give me another",
    "gimme",
    "i need",
    "ill need",
    "need",
    "lets say",
    "set",
    "set to",
    "takes",
    "no longer than",
    "not longer than",
    "inside",
    "inside of",
    "the next",
];

/// Of those, the ones before which a unit alone is one of it: `in the next hour`.
const NEXT: [&str; 5] = [
    "in the next",
    "for the next",
    "within the next",
    "over the next",
    "during the next",
];

/// How many of [`BEFORE`] may follow each other.
const MAX_BEFORE: usize = 3;

/// 까지 is here only behind 뒤 and 후: `30분까지` may also mean “until half past”.
const AFTER: [&str; 73] = [
    "뒤",
    "뒤에",
    "뒤까지",
    "후",
    "후에",
    "후까지",
    "안",
    "안에",
    "안에만",
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
    "더만",
    "짜리",
    "짜리로",
    "정도",
    "정도만",
    "정도로",
    "쯤",
    "쯤만",
    "쯤으로",
    "뒤쯤",
    "뒤쯤에",
    "후쯤",
    "후쯤에",
    "정도뒤",
    "정도후",
    "뒤로",
    "후로",
    "이내까지",
    "내까지",
    "안으로만",
    "있다",
    "있다가",
    "이따",
    "이따가",
    "지나서",
    "지나고",
    "으로",
    "로",
    "만큼",
    "만큼만",
    "이하",
    "이하로",
    "미만",
    "미만으로",
    "이면",
    "이면돼",
    "이면됨",
    "max",
    "maximum",
    "at most",
    "at the most",
    "tops",
    "or less",
    "or so",
    "more",
    "only",
];

/// What a text says as a duration.
#[derive(Debug)]
pub(super) enum Reading {
    /// A length in milliseconds, within no limits yet.
    Length(i128),
    /// The text ends in a number without a unit, at these tokens.
    BareNumber(Range<usize>),
    /// These tokens may mean several things, with the whole text for each.
    Several(Range<usize>, Vec<String>),
}

impl Reading {
    /// The length in milliseconds, if it is one that can be waited for.
    pub(super) fn ms(&self, phrase: &Phrase<'_>) -> Result<i64, TimeTextError> {
        match self {
            Self::BareNumber(span) => Err(TimeTextError::BareNumber {
                number: phrase.written(span.clone()),
            }),
            Self::Several(span, readings) => Err(TimeTextError::Several {
                text: phrase.written(span.clone()),
                readings: readings.clone(),
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
    let mut pos = 0;
    let mut is_next = false;
    for _ in 0..MAX_BEFORE {
        let at = phrase.after_mark(pos, '+').unwrap_or(pos);
        let Some(end) = phrase.after_any(at, &BEFORE).or((at > pos).then_some(at)) else {
            break;
        };
        is_next = phrase.after_any(pos, &NEXT) == Some(end);
        pos = end;
    }
    pos = after_about(phrase, pos).unwrap_or(pos);
    phrase.made_sense_until(pos);
    if let Some((ms, end)) = hours_and_minutes(phrase, pos)
        && is_finished(phrase, end)
    {
        return Some(Reading::Length(ms));
    }
    if is_next
        && let Some((unit, end)) = phrase.look_up(pos, &UNITS)
        && is_finished(phrase, end)
    {
        return Some(Reading::Length(i128::from(unit.ms())));
    }
    match hours_of_a_clock(phrase, pos) {
        Hours::Length => {}
        Hours::Clock => return None,
        Hours::Either(span, readings) => return Some(Reading::Several(span, readings)),
    }
    components(phrase, pos, None, 0)
}

/// `한 30분`: the 한 that means about, before digits.
pub(super) fn after_about(phrase: &Phrase<'_>, pos: usize) -> Option<usize> {
    let end = phrase.after(pos, "한")?;
    matches!(phrase.lexeme(end), Some(Lexeme::Number { .. })).then_some(end)
}

/// What hours may be that look like those of a clock.
enum Hours {
    Length,
    Clock,
    /// Both, in these tokens, with the whole text for each.
    Either(Range<usize>, Vec<String>),
}

/// Words that only a length has before it.
const LENGTH_LEADS: [&str; 12] = [
    "in",
    "for",
    "within",
    "after",
    "another",
    "over",
    "during",
    "the next",
    "give me",
    "i need",
    "inside",
    "less than",
];

/// `0600 hours` is a time of a day of 24 hours; `1800 hours`, `06 hours` and `17h30` may be lengths, too.
/// `in 1800 hours` is one.
fn hours_of_a_clock(phrase: &Phrase<'_>, pos: usize) -> Hours {
    let Some(Lexeme::Number {
        quantity,
        digits,
        decimals: None,
    }) = phrase.lexeme(pos)
    else {
        return Hours::Length;
    };
    let units = ["h", "hr", "hrs", "hour", "hours"];
    let (Some(value), Some(end)) = (quantity.as_u32(), phrase.after_any(pos + 1, &units)) else {
        return Hours::Length;
    };
    if *digits == 4 && value < 1_000 && value % 100 < 60 {
        return Hours::Clock;
    }
    if (0..pos).any(|at| phrase.after_any(at, &LENGTH_LEADS).is_some()) {
        return Hours::Length;
    }
    let either = |end: usize, clock: String, length: String| {
        let readings = [clock, length].map(|part| phrase.rewritten(pos..end, &part));
        Hours::Either(pos..end, readings.to_vec())
    };
    let is_end = is_finished(phrase, end);
    let length = format!("in {value} hours");
    match (digits, value) {
        (4, ..=2_400) if is_end && value % 100 < 60 => {
            either(end, format!("at {}", phrase.written(pos..end)), length)
        }
        (2, 1..=9) if is_end => either(end, format!("{value:02}:00"), length),
        // `1h30` is more often a length, and `17h30` as they write five thirty in France.
        (1 | 2, 6..=23) | (2, 0..=9) => {
            let minute = clock_time::two_digits(phrase, end).filter(|minute| *minute < 60);
            let is_one = phrase.after(pos + 1, "h").is_some()
                && phrase.is_adjacent(pos + 1)
                && phrase.is_adjacent(end);
            match minute {
                Some(minute) if is_one && is_finished(phrase, end + 1) => {
                    let length = match minute {
                        0 => format!("in {value}h"),
                        minute => format!("{value}h {minute}m"),
                    };
                    either(end + 1, format!("{value}:{minute:02}"), length)
                }
                _ => Hours::Length,
            }
        }
        _ => Hours::Length,
    }
}

/// `1.30h`: an hour and thirty minutes, or one and three tenths? A quarter and a half are plain.
fn hours_with_point(phrase: &Phrase<'_>, pos: usize, end: usize) -> Option<Reading> {
    let Lexeme::Number {
        quantity,
        decimals: Some((minutes @ 1..=59, 2)),
        ..
    } = phrase.lexeme(pos)?
    else {
        return None;
    };
    if [25, 50].contains(minutes) {
        return None;
    }
    let (hours, _) = quantity.as_u32_and_millis()?;
    let seconds = quantity.ms(Unit::Hour.ms()) / 1_000;
    let units = match phrase.lexeme(end - 1) {
        Some(Lexeme::Word(_)) => ["h", "m", "s"],
        _ => ["시간", "분", "초"],
    };
    let written = |parts: [i128; 3]| {
        let parts = parts.into_iter().zip(units);
        let parts = parts.filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts
            .map(|(count, unit)| format!("{count}{unit}"))
            .collect();
        phrase.rewritten(pos..end, &parts.join(" "))
    };
    let readings = vec![
        written([i128::from(hours), i128::from(*minutes), 0]),
        written([seconds / 3_600, seconds / 60 % 60, seconds % 60]),
    ];
    Some(Reading::Several(pos..end, readings))
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
        // `45-min`, `half-hour`, `10 more minutes`
        let joined = phrase.after_mark(end, '-');
        let joined = joined.filter(|joined| phrase.is_adjacent(end) && phrase.is_adjacent(*joined));
        let at = phrase.skip(joined.unwrap_or(end), &["more", "extra"]);
        let Some((unit, end)) = phrase.look_up(at, &UNITS) else {
            continue;
        };
        if !fits(unit) {
            continue;
        }
        if unit == Unit::Hour
            && is_finished(phrase, end)
            && let Some(asked) = hours_with_point(phrase, pos, end)
        {
            return Some(asked);
        }
        let reading = after_component(phrase, end, unit, sum_ms + quantity.ms(unit.ms()));
        if reading.is_some() {
            return reading;
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
    let half = phrase.after_any(pos, &["반", "하고반"]);
    let more = half
        .map(|end| (Quantity::HALF, end))
        .or_else(|| and_a_half(phrase, pos));
    if let Some((fraction, end)) = more
        && is_finished(phrase, end)
    {
        return Some(Reading::Length(sum_ms + fraction.ms(unit.ms())));
    }
    components(
        phrase,
        after_and(phrase, pos).unwrap_or(pos),
        Some(unit),
        sum_ms,
    )
}

/// The position after a comma, `and` or the like.
fn after_and(phrase: &Phrase<'_>, pos: usize) -> Option<usize> {
    let mut marks = [',', '&', '+'].into_iter();
    let mark = marks.find_map(|mark| phrase.after_mark(pos, mark));
    let next = phrase.skip(mark.unwrap_or(pos), &AND);
    (next > pos).then_some(next)
}

/// `and a half`, `& a quarter`, `and 1/2`.
fn and_a_half(phrase: &Phrase<'_>, pos: usize) -> Option<(Quantity, usize)> {
    let next = after_and(phrase, pos)?;
    let fraction = phrase.look_up(next, &FRACTIONS);
    fraction.or_else(|| fraction_in_digits(phrase, next))
}

/// A last number without a unit: minutes after hours (`1h30`), a question after anything else.
fn bare_number(
    phrase: &Phrase<'_>,
    pos: usize,
    larger: Option<Unit>,
    sum_ms: i128,
) -> Option<Reading> {
    // `25일 오후`: one syllable before 후 is the beginning of a word.
    let is_syllable = matches!(phrase.lexeme(pos), Some(Lexeme::Syllable(_)));
    if is_syllable && phrase.after_any(pos + 1, &["후", "전"]).is_some() {
        return None;
    }
    // `20261201`
    if clock_date::date_in_digits(phrase, pos).is_some() {
        return None;
    }
    let mut numbers = numbers(phrase, pos).into_iter();
    let (quantity, end) = numbers.find(|(_, end)| is_finished(phrase, *end))?;
    // `6ish` is about six o'clock.
    if phrase.after(end, "ish").is_some() {
        return None;
    }
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
        if let Some((fraction, end)) = and_a_half(phrase, end) {
            found.extend(quantity.plus(fraction).map(|sum| (sum, end)));
        }
        // `1 ½`, `1 1/2`, `1-1/2`
        let joined = phrase.after_mark(end, '-').unwrap_or(end);
        if let Some((fraction, end)) = fraction_in_digits(phrase, joined) {
            found.extend(quantity.plus(fraction).map(|sum| (sum, end)));
        }
    }
    found.extend(fraction_in_digits(phrase, pos));
    // `½ an hour`, `1/2 of an hour`
    for index in 0..found.len() {
        let (quantity, end) = found[index];
        let article = phrase.after_any(end, &["a", "an", "of a", "of an"]);
        found.extend(
            article
                .filter(|_| quantity.is_fraction())
                .map(|end| (quantity, end)),
        );
    }
    found.extend(phrase.look_up(pos, &ARTICLES));
    // `half-an-hour`
    let half = phrase
        .after(pos, "half")
        .and_then(|end| phrase.after_mark(end, '-'));
    let article = half.and_then(|end| phrase.after_any(end, &["a", "an"]));
    found.extend(article.map(|end| (Quantity::HALF, end)));
    found
}

/// `1/2`, as in `1/2 hour`, or `½`.
fn fraction_in_digits(phrase: &Phrase<'_>, pos: usize) -> Option<(Quantity, usize)> {
    let number = |pos| match phrase.lexeme(pos) {
        Some(Lexeme::Number { quantity, .. }) => Some(*quantity),
        _ => None,
    };
    if let Some(Lexeme::Number {
        quantity,
        digits: 0,
        decimals: None,
    }) = phrase.lexeme(pos)
    {
        return Some((*quantity, pos + 1));
    }
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
    let about = phrase.skip(pos, &["쯤", "정도", "가량", "ish"]);
    [pos, about].into_iter().any(|pos| {
        let end = phrase.skip(pos, &AFTER);
        phrase.is_end(end) || phrase.is_end(phrase.skip(end, &AFTER))
    })
}
