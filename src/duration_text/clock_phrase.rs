//! The grammar of clock times: a day, a time or both, as written, before any calendar is asked.

use std::ops::{Range, RangeInclusive};

use super::clock_day::{Day, day};
use super::lexer::{Lexeme, Phrase};
use super::numerals::numbers;

/// What a text says as a clock time.
#[derive(Clone, Debug)]
pub(super) struct ClockPhrase {
    /// The day, and the tokens that name it, together with a part of the day that has no hour.
    pub(super) day: Option<(Day, Range<usize>)>,
    /// The time of day.
    pub(super) time: Option<Time>,
}

/// A time of day as written.
#[derive(Clone, Debug)]
pub(super) struct Time {
    /// 0 to 24.
    pub(super) hour: u32,
    /// 0 to 59.
    pub(super) minute: u32,
    /// 0 to 59.
    pub(super) second: u32,
    /// Written so that a day of 24 hours is meant: `9:00`, `noon`. `9시` and `at 9` are not.
    pub(super) is_24_hour: bool,
    /// The part of the day before the hour: 오후, tonight.
    pub(super) before: Option<Part>,
    /// The part of the day after the hour: pm.
    pub(super) after: Option<Part>,
    /// The tokens from the hour on, so that suggestions can add what is missing.
    pub(super) span: Range<usize>,
}

/// A part of the day, which tells the two nines apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// 오전, am
    Am,
    /// 오후, pm
    Pm,
    /// 새벽
    Dawn,
    /// 아침
    Morning,
    /// 점심
    Lunch,
    /// 낮
    Midday,
    /// 저녁, evening
    Evening,
    /// 밤, night
    Night,
}

impl Part {
    /// The hours that are called so. Those from 24 on belong to the next day's calendar date, but
    /// to this day's night. None spans more than twelve, so that an hour on a dial is in it
    /// once at most.
    const fn hours(self) -> RangeInclusive<u32> {
        match self {
            Self::Am => 0..=11,
            Self::Pm => 12..=23,
            Self::Dawn => 0..=6,
            Self::Morning => 5..=11,
            Self::Lunch => 11..=14,
            Self::Midday => 10..=17,
            Self::Evening => 17..=23,
            Self::Night => 18..=28,
        }
    }

    /// Which hour since the day began is meant by `hour` on a dial, or on a 24-hour clock.
    pub(super) fn hour(self, hour: u32) -> Option<u32> {
        if hour > 12 {
            return self.contains(hour);
        }
        let dial = hour % 12;
        let mut candidates = [dial, dial + 12, dial + 24].into_iter();
        candidates.find(|hour| self.hours().contains(hour))
    }

    /// The same hour since the day began, if this part has it: 1am is at hour 25 of a night.
    pub(super) fn contains(self, hour: u32) -> Option<u32> {
        let mut candidates = [hour, hour + 24].into_iter();
        candidates.find(|hour| self.hours().contains(hour))
    }
}

const PARTS_BEFORE: [(&str, Part); 17] = [
    ("오전", Part::Am),
    ("오후", Part::Pm),
    ("새벽", Part::Dawn),
    ("아침", Part::Morning),
    ("점심", Part::Lunch),
    ("낮", Part::Midday),
    ("저녁", Part::Evening),
    ("밤", Part::Night),
    ("am", Part::Am),
    ("pm", Part::Pm),
    ("morning", Part::Am),
    ("afternoon", Part::Pm),
    ("evening", Part::Evening),
    ("night", Part::Night),
    ("점심에", Part::Lunch),
    ("저녁에", Part::Evening),
    ("밤에", Part::Night),
];

const PARTS_AFTER: [(&str, Part); 6] = [
    ("am", Part::Am),
    ("pm", Part::Pm),
    ("in the morning", Part::Am),
    ("in the afternoon", Part::Pm),
    ("in the evening", Part::Evening),
    ("at night", Part::Night),
];

/// Words for an instant; midnight is the one that ends a day.
const NAMED: [(&str, u32); 5] = [
    ("정오", 12),
    ("noon", 12),
    ("midday", 12),
    ("자정", 24),
    ("midnight", 24),
];

const LEADS: [&str; 7] = ["until", "till", "til", "by", "at", "before", "on"];

const ENDS: [&str; 8] = [
    "까지",
    "까지만",
    "에",
    "전",
    "전에",
    "전까지",
    "이전",
    "이내",
];

/// Reads the whole phrase as a clock time; `None` if it is none.
pub(super) fn read(phrase: &Phrase<'_>) -> Option<ClockPhrase> {
    let start = leads(phrase, 0);
    phrase.made_sense_until(start);
    if let Some(read) = day_first(phrase, start) {
        return Some(read);
    }
    // `until 9` is a question about the hour; `9` alone is one about the unit.
    let is_led = start > 0;
    let mut found = times(phrase, start, None, is_led).into_iter();
    found.find_map(|(time, end)| {
        if is_finished(phrase, end) {
            return Some(ClockPhrase {
                day: None,
                time: Some(time),
            });
        }
        let begin = leads(phrase, phrase.after_mark(end, ',').unwrap_or(end));
        let (day, end) = day(phrase, begin)?;
        is_finished(phrase, end).then_some(ClockPhrase {
            day: Some((day, begin..end)),
            time: Some(time),
        })
    })
}

/// A day, then perhaps a time.
fn day_first(phrase: &Phrase<'_>, start: usize) -> Option<ClockPhrase> {
    let (day, mut end, part) = day_with_part(phrase, start)?;
    let mut next = phrase.after_mark(end, ',').unwrap_or(end);
    next = leads(phrase, phrase.skip(next, &["에", "의"]));
    let found = times(phrase, next, part, true).into_iter();
    let mut finished = found.filter(|(_, end)| is_finished(phrase, *end));
    if let Some((time, _)) = finished.next() {
        return Some(ClockPhrase {
            day: Some((day, start..end)),
            time: Some(time),
        });
    }
    if part.is_none()
        && let Some((_, after_part)) = phrase.look_up(end, &PARTS_BEFORE)
    {
        end = after_part;
    }
    is_finished(phrase, end).then_some(ClockPhrase {
        day: Some((day, start..end)),
        time: None,
    })
}

/// A day, or `tonight` and `this evening`, which are a day and its part.
fn day_with_part(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize, Option<Part>)> {
    if let Some((day, end)) = day(phrase, pos) {
        return Some((day, end, None));
    }
    let (part, end) = match phrase.after(pos, "tonight") {
        Some(end) => (Part::Night, end),
        None => phrase.look_up(phrase.after(pos, "this")?, &PARTS_BEFORE)?,
    };
    phrase.made_sense_until(end);
    Some((Day::FromToday(0), end, Some(part)))
}

/// Every time of day that begins at `pos`, with the position after it, the longest first.
///
/// `part` is what has been said already; `bare` lets a number alone be an hour.
fn times(
    phrase: &Phrase<'_>,
    pos: usize,
    mut part: Option<Part>,
    bare: bool,
) -> Vec<(Time, usize)> {
    let mut pos = pos;
    if part.is_none()
        && let Some((found, end)) = phrase.look_up(pos, &PARTS_BEFORE)
    {
        part = Some(found);
        phrase.made_sense_until(end);
        pos = phrase.skip(end, &["at"]);
    }
    let bare = bare || part.is_some();
    if let Some((hour, end)) = phrase.look_up(pos, &NAMED) {
        // `낮 정오` says it twice, `tonight noon` contradicts itself.
        let fits = match part {
            None => true,
            Some(Part::Midday | Part::Lunch) => hour == 12,
            Some(Part::Night) => hour == 24,
            Some(_) => false,
        };
        if !fits {
            return Vec::new();
        }
        phrase.made_sense_until(end);
        let time = Time {
            is_24_hour: true,
            ..Time::at(hour, part, pos)
        };
        return time.until(end);
    }
    let mut found = Vec::new();
    for (quantity, end) in numbers(phrase, pos) {
        let Some(hour) = quantity.as_u32() else {
            continue;
        };
        let time = Time::at(hour, part, pos);
        let minutes = match phrase.after_mark(end, ':') {
            Some(minutes) => colon(phrase, minutes, time),
            None => match phrase.after(end, "시") {
                Some(minutes) => korean_minutes(phrase, minutes, time),
                None => hour_alone(phrase, end, time, bare),
            },
        };
        for (time, end) in minutes {
            let is_possible =
                time.hour < 24 || (time.hour == 24 && time.minute == 0 && time.second == 0);
            if !is_possible || time.minute > 59 || time.second > 59 {
                phrase.reject(pos);
                continue;
            }
            phrase.made_sense_until(end);
            found.push((time, end));
        }
    }
    found
}

impl Time {
    fn at(hour: u32, before: Option<Part>, pos: usize) -> Self {
        Self {
            hour,
            minute: 0,
            second: 0,
            is_24_hour: false,
            before,
            after: None,
            span: pos..pos,
        }
    }

    fn until(mut self, end: usize) -> Vec<(Self, usize)> {
        self.span.end = end;
        vec![(self, end)]
    }

    /// With `am` or `pm` behind it, if there is one.
    fn until_part(mut self, phrase: &Phrase<'_>, end: usize) -> Vec<(Self, usize)> {
        match phrase.look_up(end, &PARTS_AFTER) {
            Some((part, after_part)) => {
                self.after = Some(part);
                self.until(after_part)
            }
            None => self.until(end),
        }
    }
}

/// `:30`, `:30:15`, with the colon behind us.
fn colon(phrase: &Phrase<'_>, pos: usize, mut time: Time) -> Vec<(Time, usize)> {
    let Some(minute) = two_digits(phrase, pos) else {
        return Vec::new();
    };
    (time.minute, time.is_24_hour) = (minute, true);
    let mut end = pos + 1;
    if let Some(seconds) = phrase.after_mark(end, ':') {
        let Some(second) = two_digits(phrase, seconds) else {
            return Vec::new();
        };
        (time.second, end) = (second, seconds + 1);
    }
    time.until_part(phrase, end)
}

fn two_digits(phrase: &Phrase<'_>, pos: usize) -> Option<u32> {
    match phrase.lexeme(pos)? {
        Lexeme::Number {
            quantity,
            digits: 2,
        } => quantity.as_u32(),
        _ => None,
    }
}

/// `30분`, `반`, `30분 15초`, `정각` or nothing, with the 시 behind us.
fn korean_minutes(phrase: &Phrase<'_>, pos: usize, mut time: Time) -> Vec<(Time, usize)> {
    if let Some(end) = phrase.after(pos, "반") {
        time.minute = 30;
        return time.until_part(phrase, end);
    }
    let mut found = Vec::new();
    for (quantity, end) in numbers(phrase, pos) {
        let Some(minute) = quantity.as_u32() else {
            continue;
        };
        let mut time = time.clone();
        time.minute = minute;
        // `18시 30`, but not `오후 6시 삼`, which is a word cut short.
        let is_digits = matches!(phrase.lexeme(pos), Some(Lexeme::Number { .. }));
        let Some(end) = phrase.after(end, "분").or(is_digits.then_some(end)) else {
            continue;
        };
        for (quantity, after_seconds) in numbers(phrase, end) {
            let seconds = phrase.after(after_seconds, "초").zip(quantity.as_u32());
            if let Some((end, second)) = seconds {
                let mut time = time.clone();
                time.second = second;
                found.extend(time.until_part(phrase, end));
            }
        }
        found.extend(time.until_part(phrase, end));
    }
    let end = phrase.skip(pos, &["정각"]);
    found.extend(time.until_part(phrase, end));
    found
}

/// `6pm`, `9 o'clock`, or a number alone.
fn hour_alone(phrase: &Phrase<'_>, pos: usize, time: Time, bare: bool) -> Vec<(Time, usize)> {
    let after_clock = phrase.after(pos, "oclock");
    let end = after_clock.unwrap_or(pos);
    let is_marked = phrase.look_up(end, &PARTS_AFTER).is_some()
        || phrase.after(end, "까지").is_some()
        || after_clock.is_some();
    // `내일 오` is the beginning of 오전 more likely than five o'clock.
    let is_korean = matches!(phrase.lexeme(time.span.start), Some(Lexeme::Syllable(_)));
    if is_korean || (!bare && !is_marked) {
        return Vec::new();
    }
    time.until_part(phrase, end)
}

/// The position after `until at`, `by` and the like.
fn leads(phrase: &Phrase<'_>, pos: usize) -> usize {
    let once = phrase.skip(pos, &LEADS);
    phrase.skip(once, &LEADS)
}

fn is_finished(phrase: &Phrase<'_>, pos: usize) -> bool {
    let end = phrase.skip(pos, &ENDS);
    phrase.is_end(end)
}
