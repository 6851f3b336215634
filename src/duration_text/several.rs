//! Texts that name several times: a range (`6-8pm`), a choice (`2 or 3 hours`), a number that is none
//! exactly (`두세 시간`, `a few days`), a word that people measure differently (`반나절`, `half six`).
//!
//! The grammars refuse them. Here each is rewritten into the texts that it may stand for, with everything
//! else that was written still in them, and the grammars read those.

use std::ops::Range;

use super::TimeTextError;
use super::clock_day;
use super::clock_time::PARTS_BEFORE;
use super::lexer::{Lexeme, Phrase};
use super::numerals::numbers;

/// The most texts that are made of one: each is read.
const MAX_READINGS: usize = 6;

/// The most ranges that are looked for in one text: nobody writes more, and each is read with both ends.
const MAX_RANGES: usize = 4;

/// How far before a middle the first end of a range begins, in tokens: `twenty-five minutes` takes four, and
/// an hour with minutes and seconds in Korean about ten.
const LONGEST_SIDE: usize = 12;

/// Numbers that are none exactly.
const ABOUT: [(&str, &[&str]); 48] = [
    ("한두", &["1", "2"]),
    ("두세", &["2", "3"]),
    ("두서너", &["2", "3", "4"]),
    ("두어", &["2", "3"]),
    ("서너", &["3", "4"]),
    ("너댓", &["4", "5"]),
    ("네댓", &["4", "5"]),
    ("너덧", &["4", "5"]),
    ("네다섯", &["4", "5"]),
    ("대여섯", &["5", "6"]),
    ("대엿", &["5", "6"]),
    ("예닐곱", &["6", "7"]),
    ("일고여덟", &["7", "8"]),
    ("여덟아홉", &["8", "9"]),
    ("엳아홉", &["8", "9"]),
    ("한두달", &["30일", "60일"]),
    ("두세달", &["60일", "90일"]),
    ("서너달", &["90일", "120일"]),
    ("하루이틀", &["1일", "2일"]),
    ("하루나이틀", &["1일", "2일"]),
    ("이틀사흘", &["2일", "3일"]),
    ("이삼일", &["2일", "3일"]),
    ("사나흘", &["3일", "4일"]),
    ("사날", &["3일", "4일"]),
    ("네댓새", &["4일", "5일"]),
    ("너댓새", &["4일", "5일"]),
    ("대엿새", &["5일", "6일"]),
    ("일이", &["1", "2"]),
    ("이삼", &["2", "3"]),
    ("삼사", &["3", "4"]),
    ("사오", &["4", "5"]),
    ("오륙", &["5", "6"]),
    ("육칠", &["6", "7"]),
    ("칠팔", &["7", "8"]),
    ("팔구", &["8", "9"]),
    ("몇십", &["20", "30"]),
    ("몇", &["2", "3", "4"]),
    ("수", &["3", "4", "5"]),
    ("a couple of", &["2", "3"]),
    ("a couple", &["2", "3"]),
    ("couple of", &["2", "3"]),
    ("couple", &["2", "3"]),
    ("the next couple of", &["2", "3"]),
    ("a few", &["2", "3", "4"]),
    ("a few more", &["2", "3", "4"]),
    ("few", &["2", "3", "4"]),
    ("some", &["2", "3", "4"]),
    ("several", &["3", "4", "5"]),
];

/// Lengths that people measure differently.
const VAGUE: [(&str, &[&str]); 14] = [
    ("반나절", &["3시간", "4시간", "6시간"]),
    ("한나절", &["6시간", "12시간"]),
    ("나절", &["3시간", "6시간"]),
    ("하루종일", &["12시간", "24시간"]),
    ("금방", &["5분", "10분"]),
    ("잠깐", &["5분", "10분"]),
    ("잠시", &["5분", "10분"]),
    ("a bit", &["5m", "10m", "15m"]),
    ("a little", &["5m", "10m", "15m"]),
    ("a while", &["15m", "30m", "1h"]),
    ("a moment", &["1m", "5m"]),
    ("the hour", &["1 hour"]),
    ("all day", &["12 hours", "24 hours"]),
    ("soon", &["5m", "15m", "30m"]),
];

/// What stands between the ends of a range, or between two of which one is to be chosen.
const BETWEEN: [&str; 17] = [
    "to",
    "or",
    "until",
    "till",
    "til",
    "through",
    "thru",
    "and",
    "or maybe",
    "에서",
    "부터",
    "이나",
    "나",
    "또는",
    "혹은",
    "내지",
    "아니면",
];

/// What stands before a range.
const FROM: [&str; 4] = ["from", "between", "anywhere from", "anywhere between"];

/// The texts that a text may stand for, and the tokens that leave it open.
pub(super) type Readings = (Range<usize>, Vec<String>);

/// What a text may stand for, as an error that asks which, if it names several times and at least two of
/// them can be read. `read` tells how reading a text fails.
pub(super) fn asked(
    phrase: &Phrase<'_>,
    read: impl Fn(&str) -> Option<TimeTextError>,
) -> Option<TimeTextError> {
    let can_be_read = |reading: &String| {
        !matches!(
            read(reading),
            Some(
                TimeTextError::Unknown { .. }
                    | TimeTextError::Empty
                    | TimeTextError::TooLong
                    | TimeTextError::BareNumber { .. }
                    | TimeTextError::TooFar
            )
        )
    };
    readings(phrase)
        .into_iter()
        .find_map(|(span, mut readings)| {
            readings.truncate(MAX_READINGS);
            readings.retain(can_be_read);
            (readings.len() > 1).then(|| TimeTextError::Several {
                text: phrase.written(span),
                readings,
            })
        })
}

/// The ways to rewrite a text, the likeliest first.
fn readings(phrase: &Phrase<'_>) -> Vec<Readings> {
    let single = [about(phrase), half_before(phrase), days_to(phrase)];
    let mut found: Vec<Readings> = single.into_iter().flatten().collect();
    found.extend(range(phrase));
    found
}

/// `두세 시간`, `a few days`, `이삼십 분`, `반나절`.
fn about(phrase: &Phrase<'_>) -> Option<Readings> {
    (0..phrase.len()).find_map(|pos| {
        let number = phrase.look_up(pos, &ABOUT);
        let (words, mut end) = number.or_else(|| phrase.look_up(pos, &VAGUE))?;
        let tens = phrase.after(end, "십");
        end = tens.unwrap_or(end);
        // `수 2시간`: a number has another behind it only where it is none.
        if matches!(phrase.lexeme(end), Some(Lexeme::Number { .. })) {
            return None;
        }
        let readings = words.iter().map(|word| {
            let zero = if tens.is_some() { "0" } else { "" };
            let text = phrase.rewritten(pos..end, &format!("{word}{zero}"));
            // `두세 시간`, but `2시간`
            let is_korean = matches!(phrase.lexeme(pos), Some(Lexeme::Syllable(_)));
            match is_korean && word.ends_with(|c: char| c.is_ascii_digit()) {
                true => text.replacen(&format!("{word}{zero} "), &format!("{word}{zero}"), 1),
                false => text,
            }
        });
        Some((pos..end, readings.collect()))
    })
}

/// `half six`: half past six to the British, half past five to the Germans.
fn half_before(phrase: &Phrase<'_>) -> Option<Readings> {
    (0..phrase.len()).find_map(|pos| {
        let at = phrase.after_any(pos, &["half", "half of", "a half"])?;
        let (hour, end) = numbers(phrase, at).into_iter().next()?;
        let hour = hour.as_u32().filter(|hour| (1..=12).contains(hour))?;
        let before = if hour == 1 { 12 } else { hour - 1 };
        let readings = [format!("{hour}:30"), format!("{before}:30")];
        let readings = readings.map(|part| phrase.rewritten(pos..end, &part));
        Some((pos..end, readings.to_vec()))
    })
}

/// `D-3`: three days, or the end of the day three days from now.
fn days_to(phrase: &Phrase<'_>) -> Option<Readings> {
    (0..phrase.len()).find_map(|pos| {
        let mark = phrase.after_any(pos, &["d", "d day", "dday"]);
        let mark = mark.or_else(|| phrase.after_any(pos, &["디", "디데이"]))?;
        let (days, end) = digits(phrase, phrase.after_mark(mark, '-')?)?;
        let readings = if phrase.is_korean() {
            let end = phrase.skip(end, &["까지"]);
            let texts = [format!("{days}일 뒤"), format!("{days}일 뒤 24시까지")];
            texts.map(|part| phrase.rewritten(pos..end, &part))
        } else {
            let unit = if days == 1 { "day" } else { "days" };
            let texts = [format!("{days}d"), format!("in {days} {unit} at 24:00")];
            texts.map(|part| phrase.rewritten(pos..end, &part))
        };
        Some((pos..end, readings.to_vec()))
    })
}

fn digits(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, usize)> {
    match phrase.lexeme(pos)? {
        Lexeme::Number { quantity, .. } => Some((quantity.as_u32()?, pos + 1)),
        _ => None,
    }
}

/// One end of a range.
#[derive(Clone, Debug)]
struct Side {
    span: Range<usize>,
    /// The unit or the half of the day, which the other side may lack.
    unit: Range<usize>,
    /// Whether it says its day, the part of its day or all of its length itself.
    is_whole: bool,
}

/// Words that make a number a time or a length.
const UNITS: [&str; 39] = [
    "시",
    "시반",
    "분",
    "초",
    "시간",
    "시간반",
    "일",
    "주",
    "주일",
    "개월",
    "달",
    "am",
    "pm",
    "a",
    "p",
    "s",
    "sec",
    "secs",
    "second",
    "seconds",
    "m",
    "min",
    "mins",
    "minute",
    "minutes",
    "h",
    "hr",
    "hrs",
    "hour",
    "hours",
    "d",
    "day",
    "days",
    "w",
    "week",
    "weeks",
    "month",
    "months",
    "oclock",
];

/// Lengths and times in words that no number begins.
const LENGTHS: [&str; 18] = [
    "noon",
    "midnight",
    "정오",
    "자정",
    "an hour and a half",
    "an hour",
    "half an hour",
    "a half hour",
    "half hour",
    "a quarter of an hour",
    "a day",
    "a week",
    "a minute",
    "반시간",
    "하루",
    "이틀",
    "사흘",
    "일주일",
];

/// `6-8pm`, `2 or 3 hours`, `13 to 15`, `오후 6시~7시`, `2,3일`, `monday or tuesday 6pm`: with either end, and
/// with everything else that was written. If that cannot be read, what is before and behind the middle.
fn range(phrase: &Phrase<'_>) -> Vec<Readings> {
    let mut found = Vec::new();
    for pos in 1..phrase.len() {
        let Some(after) = between(phrase, pos) else {
            continue;
        };
        let (Some(left), Some(right)) = (side_before(phrase, pos), side(phrase, after)) else {
            continue;
        };
        let is_comma = phrase.after_mark(pos, ',').is_some();
        if is_comma && !follow_each_other(phrase, &left, &right) {
            continue;
        }
        let start = from(phrase, left.span.start);
        let span = start..right.span.end;
        let (first, last) = (
            phrase.written(left.span.clone()),
            phrase.written(right.span.clone()),
        );
        let lacks_unit = left.unit.is_empty() && !left.is_whole;
        let space = if phrase.is_adjacent(right.unit.start) {
            ""
        } else {
            " "
        };
        let unit = match lacks_unit && !right.unit.is_empty() {
            true => format!("{space}{}", phrase.written(right.unit.clone())),
            false => String::new(),
        };
        // `13 to 15` has none: hours are meant, which only a word before them says.
        let is_led = start == 0 && !phrase.is_korean();
        let until = |side: &Side, unit: &str| {
            let is_bare = side.unit.is_empty() && unit.is_empty() && side.span.len() == 1;
            if is_led && is_bare && !side.is_whole {
                "until "
            } else {
                ""
            }
        };
        let (until_first, until_last) = (until(&left, &unit), until(&right, ""));
        let mut readings = Vec::new();
        // `20 to 9pm`, `10 to 6`: perhaps minutes; nobody counts them to an hour of a clock of 24.
        let is_to = phrase
            .after_any(pos, &["to", "till", "til", "until"])
            .is_some();
        let is_on_dial = digits(phrase, right.span.start).is_none_or(|(hour, _)| hour <= 12);
        let may_count = start == left.span.start && left.span.len() == 1 && lacks_unit;
        if is_to && is_on_dial && may_count {
            readings.push(phrase.rewritten(start..after, &format!("{first} minutes to")));
        }
        readings.push(phrase.rewritten(span.clone(), &format!("{until_first}{first}{unit}")));
        readings.push(phrase.rewritten(span.clone(), &format!("{until_last}{last}")));
        found.push((span.clone(), readings));
        if right.is_whole {
            let alone = [
                phrase.rewritten(pos..phrase.len(), ""),
                phrase.rewritten(0..after, ""),
            ];
            found.push((span, alone.to_vec()));
        }
        if found.len() >= MAX_RANGES {
            break;
        }
    }
    found
}

/// The position after what stands in the middle of a range or a choice.
fn between(phrase: &Phrase<'_>, pos: usize) -> Option<usize> {
    let mut marks = ['-', '~', '/', ','].into_iter();
    let mark = marks.find_map(|mark| phrase.after_mark(pos, mark));
    mark.or_else(|| phrase.after_any(pos, &BETWEEN))
}

/// Where the range begins, with a word such as `from` before it.
fn from(phrase: &Phrase<'_>, pos: usize) -> usize {
    let before = (0..pos).find(|start| phrase.after_any(*start, &FROM) == Some(pos));
    before.unwrap_or(pos)
}

/// `2,3일`, and not `1,000분`.
fn follow_each_other(phrase: &Phrase<'_>, left: &Side, right: &Side) -> bool {
    let first = digits(phrase, left.span.start).map(|(number, _)| number);
    let second = digits(phrase, right.span.start).map(|(number, _)| number);
    matches!((first, second), (Some(first), Some(second)) if first + 1 == second)
}

/// The longest side that ends at `pos`.
fn side_before(phrase: &Phrase<'_>, pos: usize) -> Option<Side> {
    (pos.saturating_sub(LONGEST_SIDE)..pos).find_map(|start| {
        let side = number_side(phrase, start).or_else(|| word_side(phrase, start));
        side.filter(|side| side.span.end == pos)
    })
}

/// The side that begins at `pos`, perhaps with the part of its day.
fn side(phrase: &Phrase<'_>, pos: usize) -> Option<Side> {
    if let Some((_, start)) = phrase.look_up(pos, &PARTS_BEFORE) {
        let side = number_side(phrase, start)?;
        return Some(Side {
            span: pos..side.span.end,
            unit: side.unit,
            is_whole: true,
        });
    }
    number_side(phrase, pos).or_else(|| word_side(phrase, pos))
}

/// `6`, `18:00`, `6시 30분`, `8pm`, `두 시간`.
fn number_side(phrase: &Phrase<'_>, start: usize) -> Option<Side> {
    let (mut pos, mut unit) = (start, start..start);
    while let Some((_, mut end)) = numbers(phrase, pos).into_iter().next() {
        while let Some(minutes) = phrase.after_mark(end, ':')
            && let Some((_, after)) = digits(phrase, minutes)
        {
            end = after;
        }
        let after_unit = phrase.skip(end, &UNITS);
        // `1시간이나`: what has no unit is no second part.
        if pos > start && after_unit == end {
            break;
        }
        (pos, unit) = (after_unit, end..after_unit);
        if unit.is_empty() {
            break;
        }
    }
    (pos > start).then_some(Side {
        span: start..pos,
        unit,
        is_whole: false,
    })
}

/// `an hour`, `하루`, `monday`.
fn word_side(phrase: &Phrase<'_>, start: usize) -> Option<Side> {
    let whole = |end: usize| Side {
        span: start..end,
        unit: end..end,
        is_whole: true,
    };
    if let Some(end) = phrase.after_any(start, &LENGTHS) {
        return Some(whole(end));
    }
    if matches!(phrase.lexeme(start), Some(Lexeme::Number { .. })) {
        return None;
    }
    let (_, end) = clock_day::day(phrase, start)?;
    Some(whole(end))
}
