//! The times of the grammar of clock times: `6pm`, `오후 6시 반`, `half past five`, `18:00`, `noon`.

use std::ops::{Range, RangeInclusive};

use super::lexer::{Lexeme, Phrase};
use super::numerals::numbers;

/// A time of day as written.
#[derive(Clone, Debug)]
pub(super) struct Time {
    /// 0 to 24.
    pub(super) hour: u32,
    /// 0 to 59.
    pub(super) minute: u32,
    /// 0 to 59.
    pub(super) second: u32,
    /// 0 to 999.
    pub(super) milli: u32,
    /// Minutes from the hour to what is meant: `quarter to five` is 15 less.
    pub(super) shift_min: i32,
    /// Written so that a day of 24 hours is meant: `09:00`, `noon`. `9:00`, `9시` and `at 9` are not.
    pub(super) is_24_hour: bool,
    /// The time that it is now: `내일 이 시간`, `this time tomorrow`.
    pub(super) is_now: bool,
    /// Digits with colons, and how many colons.
    pub(super) colons: usize,
    /// A number and nothing else, which only what stands beside it makes a time.
    pub(super) is_bare: bool,
    /// The part of the day before the hour: 오후, tonight.
    pub(super) before: Option<Part>,
    /// Where that is.
    pub(super) before_at: Option<Range<usize>>,
    /// The part of the day after the hour: pm.
    pub(super) after: Option<Part>,
    /// `midnight`, `자정`: of a day that is named, its end or its beginning.
    pub(super) is_midnight: bool,
    /// The tokens from the hour on, so that suggestions can add what is missing.
    pub(super) span: Range<usize>,
    /// `4시 15분 전`: a quarter to four, or before a quarter past; the token of 전.
    pub(super) before_or_to: Option<usize>,
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
    /// afternoon
    Afternoon,
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
            Self::Afternoon => 12..=18,
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

    /// The hours that are offered where none was said, on a clock of 24 hours.
    pub(super) const fn usual(self) -> [u32; 4] {
        match self {
            Self::Am => [8, 9, 10, 11],
            Self::Pm => [14, 15, 17, 18],
            Self::Dawn => [2, 3, 5, 6],
            Self::Morning => [7, 8, 9, 10],
            Self::Afternoon => [14, 15, 16, 17],
            Self::Lunch => [11, 12, 13, 14],
            Self::Midday => [12, 14, 15, 16],
            Self::Evening => [18, 19, 20, 21],
            Self::Night => [21, 22, 23, 24],
        }
    }

    /// What it is called in Korean before an hour.
    pub(super) const fn korean(self) -> &'static str {
        match self {
            Self::Am => "오전",
            Self::Pm | Self::Afternoon => "오후",
            Self::Dawn => "새벽",
            Self::Morning => "아침",
            Self::Lunch => "점심",
            Self::Midday => "낮",
            Self::Evening => "저녁",
            Self::Night => "밤",
        }
    }

    /// The same hour since the day began, if this part has it: 1am is at hour 25 of a night.
    pub(super) fn contains(self, hour: u32) -> Option<u32> {
        let mut candidates = [hour, hour + 24].into_iter();
        candidates.find(|hour| self.hours().contains(hour))
    }
}

/// Parts of the day before an hour, or without one.
pub(super) const PARTS_BEFORE: [(&str, Part); 53] = [
    ("오전", Part::Am),
    ("오후", Part::Pm),
    ("새벽", Part::Dawn),
    ("아침", Part::Morning),
    ("점심", Part::Lunch),
    ("점심시간", Part::Lunch),
    ("점심때", Part::Lunch),
    ("낮", Part::Midday),
    ("대낮", Part::Midday),
    ("한낮", Part::Midday),
    ("저녁", Part::Evening),
    ("저녁때", Part::Evening),
    ("저녁시간", Part::Evening),
    ("밤", Part::Night),
    ("한밤", Part::Night),
    ("한밤중", Part::Night),
    ("오밤중", Part::Night),
    ("심야", Part::Night),
    ("am", Part::Am),
    ("pm", Part::Pm),
    ("morning", Part::Morning),
    ("afternoon", Part::Afternoon),
    ("evening", Part::Evening),
    ("night", Part::Night),
    ("the morning", Part::Morning),
    ("the afternoon", Part::Afternoon),
    ("the evening", Part::Evening),
    ("lunch", Part::Lunch),
    ("lunchtime", Part::Lunch),
    ("lunch time", Part::Lunch),
    ("점심에", Part::Lunch),
    ("낮에", Part::Midday),
    ("저녁에", Part::Evening),
    ("밤에", Part::Night),
    ("밤중", Part::Night),
    ("새벽에", Part::Dawn),
    ("아침에", Part::Morning),
    ("아침나절", Part::Morning),
    ("오전에", Part::Am),
    ("오후에", Part::Pm),
    ("dawn", Part::Dawn),
    ("이른아침", Part::Morning),
    ("이른새벽", Part::Dawn),
    ("늦은밤", Part::Night),
    ("늦은저녁", Part::Evening),
    ("늦은오후", Part::Pm),
    ("초저녁", Part::Evening),
    ("early morning", Part::Morning),
    ("late morning", Part::Morning),
    ("early afternoon", Part::Afternoon),
    ("late afternoon", Part::Afternoon),
    ("late evening", Part::Evening),
    ("late night", Part::Night),
];

const PARTS_AFTER: [(&str, Part); 13] = [
    ("am", Part::Am),
    ("pm", Part::Pm),
    ("a", Part::Am),
    ("p", Part::Pm),
    ("in the night", Part::Night),
    ("this morning", Part::Morning),
    ("this afternoon", Part::Afternoon),
    ("this evening", Part::Evening),
    ("in the morning", Part::Am),
    ("in the afternoon", Part::Afternoon),
    ("in the evening", Part::Evening),
    ("at night", Part::Night),
    ("in the am", Part::Am),
];

/// Words for an instant; midnight is the one that ends a day.
const NAMED: [(&str, u32); 6] = [
    ("정오", 12),
    ("noon", 12),
    ("noontime", 12),
    ("midday", 12),
    ("자정", 24),
    ("midnight", 24),
];

/// Words for the time that it is now, on another day.
const NOW: [&str; 11] = [
    "이시간",
    "이시각",
    "이시간대",
    "이맘때",
    "같은시간",
    "같은시각",
    "지금시간",
    "이때",
    "this time",
    "same time",
    "the same time",
];

/// Words that count minutes to and from an hour.
const QUARTERS: [(&str, i32); 21] = [
    ("half past", 30),
    ("half after", 30),
    ("quarter past", 15),
    ("quarter after", 15),
    ("a quarter past", 15),
    ("a quarter after", 15),
    ("quarter to", -15),
    ("quarter till", -15),
    ("quarter til", -15),
    ("quarter until", -15),
    ("quarter before", -15),
    ("quarter of", -15),
    ("a quarter to", -15),
    ("a quarter till", -15),
    ("a quarter before", -15),
    ("a quarter of", -15),
    ("half hour before", -30),
    ("half an hour before", -30),
    ("half an hour after", 30),
    ("an hour before", -60),
    ("an hour after", 60),
];

/// The same behind a number of minutes.
const PAST: [(&str, i32); 7] = [
    ("past", 1),
    ("after", 1),
    ("to", -1),
    ("till", -1),
    ("til", -1),
    ("before", -1),
    ("until", -1),
];

/// Every time of day that begins at `pos`, with the position after it, the longest first.
///
/// `part` is what has been said already.
pub(super) fn times(phrase: &Phrase<'_>, pos: usize, mut part: Option<Part>) -> Vec<(Time, usize)> {
    let mut pos = pos;
    let mut part_at = None;
    let was_said = part.is_some();
    if part.is_none()
        && let Some((found, end)) = phrase.look_up(pos, &PARTS_BEFORE)
    {
        part = Some(found);
        part_at = Some(pos..end);
        phrase.made_sense_until(end);
        pos = phrase.skip(end, &["at", "by", "around"]);
    }
    let said = Time {
        before_at: part_at,
        ..Time::at(0, part, pos)
    };
    if part.is_none()
        && let Some(end) = phrase.after_any(pos, &NOW)
    {
        phrase.made_sense_until(end);
        let time = Time {
            is_now: true,
            is_24_hour: true,
            ..said
        };
        return time.until(end);
    }
    if let Some((hour, end)) = named_hour(phrase, pos) {
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
            hour,
            is_24_hour: true,
            is_midnight: hour == 24,
            ..said
        };
        let mut found = minutes_before(phrase, end, &time);
        found.extend(time.until(end));
        return found;
    }
    let mut found = relative(phrase, pos, &said);
    for (quantity, end) in numbers(phrase, pos) {
        let Some((hour, after)) = quantity.as_u32().map(|hour| (hour, end)) else {
            found.extend(with_point(phrase, pos, &said));
            continue;
        };
        let time = Time {
            hour,
            ..said.clone()
        };
        let minutes = match phrase.after_mark(after, ':') {
            Some(minutes) => colon(phrase, minutes, time),
            None => match phrase.after(after, "시") {
                Some(minutes) => korean_minutes(phrase, minutes, time),
                None => match french_minutes(phrase, after) {
                    Some((minute, end)) => time.at_minute(minute).until_part(phrase, end),
                    None => hour_alone(phrase, after, time, was_said),
                },
            },
        };
        for (time, end) in minutes {
            let is_possible = time.hour < 24
                || (time.hour == 24 && time.minute == 0 && time.second == 0 && time.milli == 0);
            if !is_possible || time.minute > 59 || time.second > 59 {
                // A number alone is more often a length with a wrong end than an hour.
                if !time.is_bare {
                    phrase.reject(pos);
                }
                continue;
            }
            phrase.made_sense_until(end);
            found.push((time, end));
        }
    }
    found
}

/// `noon`, `자정`; said with its number, too: `12 noon`, `자정 12시`.
fn named_hour(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, usize)> {
    let twelve = |pos| match phrase.lexeme(pos) {
        Some(Lexeme::Number { quantity, .. }) => quantity.as_u32() == Some(12),
        _ => false,
    };
    if let Some((hour, end)) = phrase.look_up(pos, &NAMED) {
        let again = phrase.after(end + 1, "시").filter(|_| twelve(end));
        return Some((hour, again.unwrap_or(end)));
    }
    let after = twelve(pos).then(|| phrase.look_up(pos + 1, &NAMED));
    after.flatten().filter(|(_, end)| *end == pos + 2)
}

/// `정오 10분 전`, with the noon behind us; 전 is left for the end of the phrase.
fn minutes_before(phrase: &Phrase<'_>, pos: usize, noon: &Time) -> Vec<(Time, usize)> {
    let numbers = numbers(phrase, pos).into_iter();
    let found = numbers.filter_map(|(quantity, end)| {
        let minutes = i32::try_from(quantity.as_u32()?).ok()?;
        let end = phrase.after(end, "분")?;
        phrase.after(end, "전")?;
        let time = Time {
            shift_min: -minutes,
            ..noon.clone()
        };
        (1..=59).contains(&minutes).then(|| time.until(end))
    });
    found.flatten().collect()
}

/// `half past five`, `quarter to noon`, `ten minutes to 6pm`.
fn relative(phrase: &Phrase<'_>, pos: usize, said: &Time) -> Vec<(Time, usize)> {
    let counted = || {
        let mut numbers = numbers(phrase, pos).into_iter();
        numbers.find_map(|(quantity, end)| {
            let minutes = i32::try_from(quantity.as_u32()?).ok()?;
            // `2 hours before midnight`
            if let Some(at) = phrase.after_any(end, &["hour", "hours", "hr", "hrs"]) {
                let (sign, after) = phrase.look_up(at, &[("before", -60), ("after", 60)])?;
                return (1..=12)
                    .contains(&minutes)
                    .then_some((sign * minutes, after));
            }
            let said = phrase.after_any(end, &["min", "mins", "minute", "minutes", "m"]);
            let (sign, after) = phrase.look_up(said.unwrap_or(end), &PAST)?;
            let is_plain = said.is_some() || sign > 0 || is_no_range(phrase, pos, after, minutes);
            ((1..=59).contains(&minutes) && is_plain).then_some((sign * minutes, after))
        })
    };
    let Some((shift_min, at)) = phrase.look_up(pos, &QUARTERS).or_else(counted) else {
        return Vec::new();
    };
    phrase.made_sense_until(at);
    let said = Time {
        shift_min,
        ..said.clone()
    };
    if let Some((hour, end)) = named_hour(phrase, at) {
        let time = Time {
            hour,
            is_24_hour: true,
            is_midnight: hour == 24,
            ..said
        };
        return time.until(end);
    }
    let mut found = Vec::new();
    for (quantity, end) in numbers(phrase, at) {
        let Some(hour) = quantity.as_u32().filter(|hour| *hour <= 24) else {
            continue;
        };
        let mut time = Time {
            hour,
            ..said.clone()
        };
        // `5 minutes to 18:00`
        let minutes = phrase.after_mark(end, ':');
        let minutes = minutes.and_then(|pos| Some((two_digits(phrase, pos)?, pos + 1)));
        let end = match minutes.filter(|(minute, _)| *minute < 60) {
            Some((minute, end)) => {
                (time.minute, time.colons) = (minute, 1);
                end
            }
            None => phrase.skip(end, &["oclock"]),
        };
        found.extend(time.until_part(phrase, end));
    }
    found
}

/// Whether `20 to 9pm` cannot be a range of hours: `35 to 6pm` counts minutes, and so does `ten till 6pm`,
/// as nobody writes the hours of a range in two ways.
fn is_no_range(phrase: &Phrase<'_>, pos: usize, after: usize, minutes: i32) -> bool {
    let is_on_dial = |pos: usize| {
        let mut found = numbers(phrase, pos).into_iter();
        found.find_map(|(hour, end)| {
            let hour = hour.as_u32().filter(|hour| (1..=12).contains(hour))?;
            Some((hour, phrase.look_up(end, &PARTS_AFTER).is_some()))
        })
    };
    let Some((_, has_part)) = is_on_dial(after) else {
        return false;
    };
    let is_word = |pos: usize| matches!(phrase.lexeme(pos), Some(Lexeme::Word(_)));
    let is_spelled = is_word(pos);
    minutes > 24 || (is_spelled && (minutes > 12 || (has_part && !is_word(after))))
}

/// `9.30pm`, `17.30`: a point where others have a colon.
fn with_point(phrase: &Phrase<'_>, pos: usize, said: &Time) -> Vec<(Time, usize)> {
    let Some(Lexeme::Number {
        quantity,
        digits: 1 | 2,
        decimals: Some((minute @ 0..=59, 2)),
    }) = phrase.lexeme(pos)
    else {
        return Vec::new();
    };
    let Some((hour @ 0..=23, _)) = quantity.as_u32_and_millis() else {
        return Vec::new();
    };
    let time = Time {
        hour,
        minute: *minute,
        is_bare: true,
        ..said.clone()
    };
    let mut found = time.until_part(phrase, pos + 1);
    for (time, _) in &mut found {
        time.is_bare &= time.after.is_none() && time.before.is_none();
    }
    found
}

impl Time {
    fn at(hour: u32, before: Option<Part>, pos: usize) -> Self {
        Self {
            hour,
            minute: 0,
            second: 0,
            milli: 0,
            shift_min: 0,
            is_24_hour: false,
            is_now: false,
            colons: 0,
            is_bare: false,
            is_midnight: false,
            before,
            before_at: None,
            after: None,
            span: pos..pos,
            before_or_to: None,
        }
    }

    fn at_minute(self, minute: u32) -> Self {
        Self { minute, ..self }
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
                self.is_bare = false;
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
    (time.minute, time.colons) = (minute, 1);
    // `09:30` is of a clock of 24 hours; `9:30` may be in the evening.
    time.is_24_hour = time.hour < 10 && two_digit_hour(phrase, &time);
    let mut end = pos + 1;
    if let Some(seconds) = phrase.after_mark(end, ':') {
        let Some((second, milli)) = two_digits_and_millis(phrase, seconds) else {
            return Vec::new();
        };
        (time.second, time.milli, end) = (second, milli, seconds + 1);
        time.colons = 2;
    } else {
        end = phrase.skip(end, &["분"]);
    }
    time.until_part(phrase, end)
}

/// Seconds, perhaps with what is left of them: `00.250`.
fn two_digits_and_millis(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, u32)> {
    match phrase.lexeme(pos)? {
        Lexeme::Number {
            quantity,
            digits: 2,
            ..
        } => quantity.as_u32_and_millis(),
        _ => None,
    }
}

/// A number of two digits.
pub(super) fn two_digits(phrase: &Phrase<'_>, pos: usize) -> Option<u32> {
    match phrase.lexeme(pos)? {
        Lexeme::Number {
            quantity,
            digits: 2,
            decimals: None,
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

/// `17h30`, `17h`: the minutes, with the hour behind us. (Alone it is a length, and has been read as one.)
fn french_minutes(phrase: &Phrase<'_>, pos: usize) -> Option<(u32, usize)> {
    let end = phrase.after(pos, "h").filter(|_| phrase.is_adjacent(pos))?;
    let digits = matches!(
        phrase.lexeme(pos - 1),
        Some(Lexeme::Number { digits: 1 | 2, .. })
    );
    let minute = two_digits(phrase, end).filter(|_| phrase.is_adjacent(end));
    let found = minute.map_or((0, end), |minute| (minute, end + 1));
    digits.then_some(found)
}

/// `6pm`, `9 o'clock`, `1830`, or a number alone.
fn hour_alone(
    phrase: &Phrase<'_>,
    pos: usize,
    mut time: Time,
    was_said: bool,
) -> Vec<(Time, usize)> {
    // `내일 오` is the beginning of 오전 more likely than five o'clock.
    let start = time.span.start;
    if matches!(phrase.lexeme(start), Some(Lexeme::Syllable(_))) {
        return Vec::new();
    }
    let after_clock = phrase.after_any(pos, &["oclock", "o clock"]);
    let end = after_clock.unwrap_or(pos);
    let is_marked = phrase.look_up(end, &PARTS_AFTER).is_some()
        || phrase.after(end, "까지").is_some()
        || after_clock.is_some();
    time.is_bare = !is_marked && !was_said && time.before.is_none();
    if let Some(Lexeme::Number {
        digits: digits @ (3 | 4),
        decimals: None,
        ..
    }) = phrase.lexeme(start)
    {
        return hour_and_minute(phrase, end, time, *digits);
    }
    // `20261201T180000Z`
    if let Some(Lexeme::Number {
        digits: 6,
        decimals: None,
        ..
    }) = phrase.lexeme(start)
        && phrase.after(start.wrapping_sub(1), "t").is_some()
    {
        (time.hour, time.minute, time.second) =
            (time.hour / 10_000, time.hour / 100 % 100, time.hour % 100);
        (time.is_24_hour, time.is_bare) = (true, false);
        return time.until(end);
    }
    let mut found = Vec::new();
    // `six thirty pm`, `six oh five pm`
    let zero = phrase.after_any(pos, &["oh", "o"]);
    if let Some(Lexeme::Word(_)) = phrase.lexeme(start)
        && let Some(Lexeme::Word(_)) = phrase.lexeme(pos)
    {
        for (quantity, end) in numbers(phrase, zero.unwrap_or(pos)) {
            let minute = quantity.as_u32().filter(|minute| match zero {
                Some(_) => (1..=9).contains(minute),
                None => (5..=59).contains(minute),
            });
            if let Some(minute) = minute {
                let time = Time {
                    minute,
                    is_bare: false,
                    ..time.clone()
                };
                found.extend(time.until_part(phrase, end));
            }
        }
    }
    found.extend(time.until_part(phrase, end));
    found
}

/// `until 1830`, `0600 hours`, `1030pm`, `630pm`: as timetables and armies write it. It leaves the same
/// open as with a colon.
fn hour_and_minute(
    phrase: &Phrase<'_>,
    pos: usize,
    mut time: Time,
    digits: usize,
) -> Vec<(Time, usize)> {
    (time.hour, time.minute) = (time.hour / 100, time.hour % 100);
    time.is_24_hour = digits == 4 && time.hour < 10;
    if let Some(end) = phrase.after_any(pos, &["hours", "hrs", "hour", "hr", "h"]) {
        (time.is_24_hour, time.is_bare) = (true, false);
        return time.until(end);
    }
    time.until_part(phrase, pos)
}

pub(super) fn two_digit_hour(phrase: &Phrase<'_>, time: &Time) -> bool {
    matches!(
        phrase.lexeme(time.span.start),
        Some(Lexeme::Number { digits: 2, .. })
    )
}
