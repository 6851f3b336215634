//! The grammar of clock times: a day, a time or both, as written, before any calendar is asked.

use std::ops::{Range, RangeInclusive};

use super::clock_day::{Day, Named, day};
use super::lexer::{Lexeme, Phrase};
use super::numerals::numbers;
use super::place::{self, Place};

/// What a text says as a clock time.
#[derive(Clone, Debug)]
pub(super) struct ClockPhrase {
    /// The day, and the tokens that name it, together with a part of the day that has no hour.
    pub(super) day: Option<(Named, Range<usize>)>,
    /// The time of day.
    pub(super) time: Option<Time>,
    /// Whose clock it is, if that was said, and where.
    pub(super) place: Option<(Place, Range<usize>)>,
    /// The end of the day is meant: `오늘 안에`, `by the end of tomorrow`.
    pub(super) is_end: bool,
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

const PARTS_BEFORE: [(&str, Part); 22] = [
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
    ("한밤", Part::Night),
    ("새벽에", Part::Dawn),
    ("아침에", Part::Morning),
    ("오전에", Part::Am),
    ("오후에", Part::Pm),
];

const PARTS_AFTER: [(&str, Part); 12] = [
    ("am", Part::Am),
    ("pm", Part::Pm),
    ("a", Part::Am),
    ("p", Part::Pm),
    ("in the night", Part::Night),
    ("this morning", Part::Am),
    ("this afternoon", Part::Pm),
    ("this evening", Part::Evening),
    ("in the morning", Part::Am),
    ("in the afternoon", Part::Pm),
    ("in the evening", Part::Evening),
    ("at night", Part::Night),
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

const LEADS: [&str; 24] = [
    "until",
    "till",
    "til",
    "by",
    "at",
    "before",
    "on",
    "due",
    "due by",
    "due at",
    "due on",
    "no later than",
    "not later than",
    "within",
    "from now until",
    "from now till",
    "up to",
    "by the latest",
    "exactly",
    "around",
    "about",
    "늦어도",
    "마감",
    "마감은",
];

const ENDS: [&str; 31] = [
    "까지",
    "까지만",
    "까지요",
    "까지로",
    "까지는",
    "까지임",
    "에",
    "전",
    "전에",
    "전까지",
    "이전",
    "이전에",
    "이전까지",
    "이내",
    "쯤",
    "쯤까지",
    "경",
    "경까지",
    "즈음",
    "마감",
    "까지마감",
    "에마감",
    "정각",
    "정각까지",
    "정각에",
    "sharp",
    "exactly",
    "at the latest",
    "latest",
    "prompt",
    "or earlier",
];

/// What makes a day alone its end: `오늘 안에`.
const WITHIN: [&str; 15] = [
    "안에",
    "안으로",
    "안까지",
    "내로",
    "내에",
    "내",
    "중",
    "중에",
    "중으로",
    "이내",
    "이내로",
    "이내에",
    "하루안에",
    "끝까지",
    "끝나기전에",
];

/// The same before the day.
const WITHIN_BEFORE: [&str; 6] = [
    "within",
    "end of",
    "the end of",
    "by end of",
    "by the end of",
    "sometime",
];

/// Words that count minutes to and from an hour.
const QUARTERS: [(&str, i32); 17] = [
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

/// Reads the whole phrase as a clock time; `None` if it is none.
pub(super) fn read(phrase: &Phrase<'_>) -> Option<ClockPhrase> {
    let start = leads(phrase, 0);
    phrase.made_sense_until(start);
    let before = place::before(phrase, start);
    let placed = before
        .as_ref()
        .map_or(start, |(_, span)| leads(phrase, span.end));
    let with_place = |clock: ClockPhrase| ClockPhrase {
        place: clock.place.or_else(|| before.clone()),
        ..clock
    };
    // `until 9` is a question about the hour; `9` alone is one about the unit.
    let is_led = placed > 0;
    end_of_day_named(phrase, placed)
        .or_else(|| day_first(phrase, placed))
        .or_else(|| time_first(phrase, placed, is_led))
        .map(with_place)
        .filter(|clock| clock.place.is_none() || clock.time.is_some())
}

/// `the end of tomorrow`, `within today`: a day whose end is meant.
fn end_of_day_named(phrase: &Phrase<'_>, start: usize) -> Option<ClockPhrase> {
    // `by` and the like are behind us, or in front of the first token.
    let from = [start, 0];
    from.into_iter().find_map(|from| {
        let at = phrase.after_any(from, &WITHIN_BEFORE)?;
        let (named, end) = day(phrase, at)?;
        is_finished(phrase, end).then_some(ClockPhrase {
            day: Some((named, at..end)),
            time: None,
            place: None,
            is_end: true,
        })
    })
}

/// A time, then perhaps a day.
fn time_first(phrase: &Phrase<'_>, start: usize, is_led: bool) -> Option<ClockPhrase> {
    let mut found = times(phrase, start, None, true).into_iter();
    found.find_map(|(mut time, end)| {
        let (place, end) = place::after(phrase, end, false);
        if let Some(finish) = finish(phrase, end, &mut time) {
            if time.is_now {
                return None;
            }
            let is_time = !time.is_bare || is_led || place.is_some() || finish.is_until;
            return is_time.then_some(ClockPhrase {
                day: None,
                time: Some(time),
                place,
                is_end: false,
            });
        }
        let begin = leads(phrase, phrase.after_mark(end, ',').unwrap_or(end));
        let (named, mut after, mut part) = day_with_part(phrase, begin)?;
        if part.is_none()
            && let Some((said, end)) = phrase.look_up(after, &PARTS_BEFORE)
            && time.before.is_none()
        {
            (part, after) = (Some(said), end);
        }
        if let Some(part) = part {
            // `11 tonight`; `오전 6시 tonight` would say two things.
            if time.before.is_some() {
                return None;
            }
            time.before = Some(part);
        }
        let (later, after) = place::after(phrase, after, false);
        is_finished(phrase, after).then_some(ClockPhrase {
            day: Some((named, begin..after)),
            time: Some(time),
            place: place.or(later),
            is_end: false,
        })
    })
}

/// A day, then perhaps a time.
fn day_first(phrase: &Phrase<'_>, start: usize) -> Option<ClockPhrase> {
    let (named, mut end, part) = day_with_part(phrase, start)?;
    let mut next = phrase.after_mark(end, ',').unwrap_or(end);
    next = leads(phrase, phrase.skip(next, &["에", "의", "날"]));
    let before = place::before(phrase, next);
    if let Some((_, span)) = &before {
        next = leads(phrase, span.end);
    }
    let found = times(phrase, next, part, true).into_iter();
    for (mut time, after) in found {
        let (place, after) = place::after(phrase, after, named.is_iso);
        if finish(phrase, after, &mut time).is_some() {
            // A date of ISO 8601 has a clock of 24 hours beside it.
            time.is_24_hour |= named.is_iso && time.colons > 0 && two_digit_hour(phrase, &time);
            return Some(ClockPhrase {
                day: Some((named, start..end)),
                time: Some(time),
                place: place.or(before),
                is_end: false,
            });
        }
    }
    if named.is_decimal && !phrase.is_korean() {
        // `12.1` alone is a number.
        return None;
    }
    if part.is_none()
        && let Some((_, after_part)) = phrase.look_up(end, &PARTS_BEFORE)
    {
        end = after_part;
    } else if part.is_none()
        && let Some(after) = phrase.after_any(end, &WITHIN)
        && phrase.is_end(after)
    {
        return Some(ClockPhrase {
            day: Some((named, start..end)),
            time: None,
            place: None,
            is_end: true,
        });
    }
    // `5 pm` is no fifth; `19일` alone is a length, and has been read as one.
    is_finished(phrase, end).then_some(ClockPhrase {
        day: Some((named, start..end)),
        time: None,
        place: None,
        is_end: false,
    })
}

fn two_digit_hour(phrase: &Phrase<'_>, time: &Time) -> bool {
    matches!(
        phrase.lexeme(time.span.start),
        Some(Lexeme::Number { digits: 2, .. })
    )
}

/// A day, or `tonight` and `this evening`, which are a day and its part.
fn day_with_part(phrase: &Phrase<'_>, pos: usize) -> Option<(Named, usize, Option<Part>)> {
    if let Some((named, end)) = day(phrase, pos) {
        return Some((named, end, None));
    }
    let (part, end) = match phrase.after_any(pos, &["tonight", "tonite", "later tonight"]) {
        Some(end) => (Part::Night, end),
        None => phrase.look_up(phrase.after(pos, "this")?, &PARTS_BEFORE)?,
    };
    phrase.made_sense_until(end);
    Some((Day::FromToday(0).into(), end, Some(part)))
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
                None => hour_alone(phrase, after, time, bare, was_said),
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
            let said = phrase.after_any(end, &["min", "mins", "minute", "minutes", "m"]);
            let (sign, after) = phrase.look_up(said.unwrap_or(end), &PAST)?;
            // `2 to 3pm` is as likely from two to three.
            let is_range = said.is_none() && sign < 0 && minutes <= 12;
            ((1..=59).contains(&minutes) && !is_range).then_some((sign * minutes, after))
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
            ..said
        };
        return time.until(end);
    }
    let mut found = Vec::new();
    for (quantity, end) in numbers(phrase, at) {
        let Some(hour) = quantity.as_u32().filter(|hour| *hour <= 24) else {
            continue;
        };
        let time = Time {
            hour,
            ..said.clone()
        };
        let end = phrase.skip(end, &["oclock"]);
        found.extend(time.until_part(phrase, end));
    }
    found
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
            before,
            before_at: None,
            after: None,
            span: pos..pos,
            before_or_to: None,
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
                self.is_bare = false;
                self.until(after_part)
            }
            None => self.until(end),
        }
    }
}

/// How a phrase ended.
struct Finish {
    /// With a word such as 까지.
    is_until: bool,
}

/// The end of the phrase, if it is at `pos`. `4시 15분 전` is noted, as it can be read in two ways.
fn finish(phrase: &Phrase<'_>, pos: usize, time: &mut Time) -> Option<Finish> {
    if !is_finished(phrase, pos) {
        return None;
    }
    let is_quarter = time.minute > 0 && time.colons == 0;
    let said_minutes = phrase.after(pos.wrapping_sub(1), "분").is_some();
    if is_quarter && said_minutes && phrase.after_any(pos, &["전", "전에", "전까지"]).is_some()
    {
        time.before_or_to = Some(pos);
    }
    Some(Finish {
        is_until: !phrase.is_end(pos),
    })
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

fn two_digits(phrase: &Phrase<'_>, pos: usize) -> Option<u32> {
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

/// `6pm`, `9 o'clock`, `1830`, or a number alone.
fn hour_alone(
    phrase: &Phrase<'_>,
    pos: usize,
    mut time: Time,
    bare: bool,
    was_said: bool,
) -> Vec<(Time, usize)> {
    let after_clock = phrase.after_any(pos, &["oclock", "o clock"]);
    let end = after_clock.unwrap_or(pos);
    let is_marked = phrase.look_up(end, &PARTS_AFTER).is_some()
        || phrase.after(end, "까지").is_some()
        || after_clock.is_some();
    // `내일 오` is the beginning of 오전 more likely than five o'clock.
    let is_korean = matches!(phrase.lexeme(time.span.start), Some(Lexeme::Syllable(_)));
    if is_korean || (!bare && !is_marked) {
        return Vec::new();
    }
    time.is_bare = !is_marked && !was_said && time.before.is_none();
    // `until 1830`, as timetables and armies write it.
    if let Some(Lexeme::Number { digits: 4, .. }) = phrase.lexeme(time.span.start)
        && time.hour % 100 < 60
    {
        (time.hour, time.minute) = (time.hour / 100, time.hour % 100);
        time.is_24_hour = true;
        let end = phrase.skip(end, &["hours", "hrs", "h"]);
        return time.until(end);
    }
    let mut found = Vec::new();
    // `six thirty pm`
    if let Some(Lexeme::Word(_)) = phrase.lexeme(time.span.start)
        && let Some(Lexeme::Word(_)) = phrase.lexeme(pos)
    {
        for (quantity, end) in numbers(phrase, pos) {
            if let Some(minute @ 5..=59) = quantity.as_u32() {
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

/// The position after `until at`, `by` and the like.
fn leads(phrase: &Phrase<'_>, pos: usize) -> usize {
    let one = |pos| {
        phrase
            .after_mark(pos, '@')
            .unwrap_or_else(|| phrase.skip(pos, &LEADS))
    };
    one(one(pos))
}

fn is_finished(phrase: &Phrase<'_>, pos: usize) -> bool {
    let end = phrase.skip(pos, &ENDS);
    phrase.is_end(end)
}
