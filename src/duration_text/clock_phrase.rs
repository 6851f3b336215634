//! The grammar of clock times: a day, a time or both, as written, before any calendar is asked.

use std::ops::Range;

use super::clock_day::{Day, ENDS_OF_WORK, Named, day, days, weekday_and_number};
use super::clock_time::{PARTS_BEFORE, Part, Time, times, two_digit_hour};
use super::duration::after_about;
use super::lexer::{Lexeme, Phrase};
use super::place::{self, Place};

/// What a text says as a clock time.
#[derive(Clone, Debug, Default)]
pub(super) struct ClockPhrase {
    /// The day, and the tokens that name it.
    pub(super) day: Option<(Named, Range<usize>)>,
    /// The time of day.
    pub(super) time: Option<Time>,
    /// What is said of the time of day where no hour is, and where.
    pub(super) vague: Option<(Vague, Range<usize>)>,
    /// Whose clock it is, if that was said, and where.
    pub(super) place: Option<(Place, Range<usize>)>,
    /// The end of the day is meant: `오늘 안에`, `by the end of tomorrow`.
    pub(super) is_end: bool,
    /// The tokens that may mean several things, with the whole text for each, if there are such.
    pub(super) several: Option<(Range<usize>, Vec<String>)>,
}

/// What a text says of the time of day without an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vague {
    /// `내일 아침까지`, `tonight`
    Part(Part),
    /// `EOD`, `퇴근 전까지`: the end of work, or midnight.
    WorkEnds,
}

const LEADS: [&str; 53] = [
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
    "from now",
    "from now until",
    "from now till",
    "from now to",
    "now until",
    "up to",
    "up until",
    "by the latest",
    "at the latest by",
    "latest",
    "latest by",
    "exactly",
    "exactly at",
    "around",
    "about",
    "like",
    "approximately",
    "roughly",
    "sometime before",
    "any time before",
    "set to",
    "give me until",
    "give me till",
    "i have until",
    "i have till",
    "ends at",
    "end at",
    "늦어도",
    "마감",
    "마감은",
    "지금부터",
    "이제부터",
    "앞으로",
    "정각",
    "정확히",
    "딱",
    "대략",
    "최대",
    "한번에",
];

/// How many of [`LEADS`] may follow each other.
const MAX_LEADS: usize = 3;

const ENDS: [&str; 63] = [
    "까지",
    "까지만",
    "까지는",
    "까지로",
    "까지해서",
    "까지임",
    "까지다",
    "에",
    "에는",
    "전",
    "전에",
    "전까지",
    "전까지만",
    "전쯤",
    "전쯤에",
    "전쯤까지",
    "이전",
    "이전에",
    "이전까지",
    "이내",
    "이내에",
    "이내로",
    "안",
    "안에",
    "안으로",
    "안까지",
    "내",
    "내에",
    "내로",
    "중",
    "중에",
    "중으로",
    "쯤",
    "쯤에",
    "쯤까지",
    "쯤으로",
    "경",
    "경에",
    "경까지",
    "즈음",
    "즈음에",
    "무렵",
    "무렵까지",
    "마감",
    "까지마감",
    "에마감",
    "정각",
    "정각까지",
    "정각에",
    "로",
    "으로",
    "에끝",
    "에끝내기",
    "sharp",
    "exactly",
    "on the dot",
    "at the latest",
    "latest",
    "prompt",
    "or earlier",
    "or sooner",
    "or before",
    "ish",
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
const WITHIN_BEFORE: [&str; 9] = [
    "within",
    "end of",
    "the end of",
    "by end of",
    "by the end of",
    "before the end of",
    "sometime",
    "any time",
    "anytime",
];

/// Words for the time before somebody sleeps.
const BEFORE_SLEEP: [&str; 8] = [
    "자기전",
    "자기전에",
    "잠들기전",
    "잠자기전",
    "잘때",
    "bed",
    "bedtime",
    "going to bed",
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
        .or_else(|| work_ends(phrase, placed))
        .or_else(|| decimal_or_date(phrase, placed))
        .or_else(|| day_first(phrase, placed))
        .or_else(|| time_first(phrase, placed, is_led))
        .or_else(|| part_alone(phrase, placed))
        .map(with_place)
        .filter(|clock| clock.place.is_none() || clock.time.is_some())
}

/// `the end of tomorrow`, `within today`: a day whose end is meant. The end of a week or a month is asked,
/// as that of its work may be meant.
fn end_of_day_named(phrase: &Phrase<'_>, start: usize) -> Option<ClockPhrase> {
    // `by` and the like are behind us, or in front of the first token.
    let from = if start == 0 { &[0][..] } else { &[start, 0] };
    from.iter().find_map(|from| {
        let from = *from;
        let at = phrase.after_any(from, &WITHIN_BEFORE)?;
        let (named, end) = day(phrase, at)?;
        let is_within = phrase
            .after_any(from, &["within", "sometime", "any time", "anytime"])
            .is_some();
        let is_period = matches!(
            named.day,
            Day::SomeDayInWeek(_) | Day::SomeDayInMonth(_) | Day::SomeDayInYear(_)
        );
        (is_finished(phrase, end) && (is_within || !is_period)).then(|| ClockPhrase {
            day: Some((named, at..end)),
            is_end: true,
            ..ClockPhrase::default()
        })
    })
}

/// `EOD`, `EOD Friday`, `by close of business tomorrow`, `내일 퇴근 전까지`.
fn work_ends(phrase: &Phrase<'_>, start: usize) -> Option<ClockPhrase> {
    let ends = |pos: usize| Some(pos..phrase.after_any(pos, &ENDS_OF_WORK)?);
    let after_comma = |pos: usize| phrase.after_mark(pos, ',').unwrap_or(pos);
    let (named, work, end) = match ends(start) {
        Some(work) => {
            let next = phrase.skip(leads(phrase, after_comma(work.end)), &["of"]);
            match day(phrase, next) {
                Some((named, end)) => (Some(named), work, end),
                None => (None, work.clone(), work.end),
            }
        }
        None => {
            // Most texts name no work, and their day is read elsewhere.
            (start + 1..phrase.len()).find(|pos| ends(*pos).is_some())?;
            let (named, end) = day(phrase, start)?;
            let next = leads(phrase, after_comma(end));
            let work = ends(phrase.skip(next, &["에", "의"]))?;
            (Some(named), work.clone(), work.end)
        }
    };
    phrase.made_sense_until(end);
    is_finished(phrase, end).then(|| ClockPhrase {
        day: named.map(|named| {
            let span = named.span();
            (named, span)
        }),
        vague: Some((Vague::WorkEnds, work)),
        ..ClockPhrase::default()
    })
}

/// `12.10까지`, `until 9.30`: a day, or a time of day, where both are there.
fn decimal_or_date(phrase: &Phrase<'_>, start: usize) -> Option<ClockPhrase> {
    let Lexeme::Number {
        quantity,
        decimals: Some((second @ 1..=31, 2)),
        digits: 1 | 2,
    } = phrase.lexeme(start)?
    else {
        return None;
    };
    let end = start + 1;
    let (first, _) = quantity.as_u32_and_millis()?;
    // A day is no place for `at`.
    let is_at = start > 0 && phrase.after(start - 1, "at").is_some();
    let is_until = start > 0 && !is_at || phrase.after(end, "까지").is_some();
    let (month, day) = match (first, *second) {
        (1..=12, day) => (first, day),
        (13..=31, month @ 1..=12) if !phrase.is_korean() => (month, first),
        _ => return None,
    };
    if !is_until || first > 23 || !is_finished(phrase, end) {
        return None;
    }
    let date = if phrase.is_korean() {
        format!("{month}월 {day}일")
    } else {
        format!("{day} {}", super::words::MONTHS[(month - 1) as usize])
    };
    let readings = [date, format!("{first}:{second:02}")];
    let readings = readings.map(|part| phrase.rewritten(start..end, &part));
    Some(ClockPhrase {
        several: Some((start..end, readings.to_vec())),
        ..ClockPhrase::default()
    })
}

/// A time, then perhaps a day.
fn time_first(phrase: &Phrase<'_>, start: usize, is_led: bool) -> Option<ClockPhrase> {
    let mut found = times(phrase, start, None).into_iter();
    found.find_map(|(time, end)| {
        let (place, end) = place::after(phrase, end, false);
        if let Some((time, place, is_until)) = finished_time(phrase, end, &time, place.clone()) {
            let is_time = !time.is_bare || is_led || place.is_some() || is_until;
            return (is_time && !time.is_now).then(|| ClockPhrase {
                time: Some(time),
                place,
                ..ClockPhrase::default()
            });
        }
        let mut time = time;
        // `오후 6시까지 내일`
        let said = phrase.skip(end, &["까지", "에"]);
        let begin = leads(phrase, phrase.after_mark(said, ',').unwrap_or(said));
        let (named, mut after, mut part) = day_with_part(phrase, begin).into_iter().next()?;
        let span = begin..after;
        // `2,3일` are days.
        if time.is_bare
            && matches!(named.day, Day::OfMonth(_))
            && phrase.after_mark(end, ',').is_some()
        {
            return None;
        }
        if part.is_none()
            && let Some((said, end)) = phrase.look_up(after, &PARTS_BEFORE)
            && time.before.is_none()
        {
            time.before_at = Some(after..end);
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
        let is_at = start > 0 && phrase.after(start - 1, "at").is_some();
        let several = if is_at || begin > end {
            None
        } else {
            hour_or_day(phrase, &named, &time)
        };
        is_finished(phrase, after).then(|| ClockPhrase {
            day: Some((named, span)),
            time: Some(time),
            place: place.or(later),
            several,
            ..ClockPhrase::default()
        })
    })
}

/// `mon 23`, `23 mon`: eleven in the evening, or the 23rd?
fn hour_or_day(
    phrase: &Phrase<'_>,
    named: &Named,
    time: &Time,
) -> Option<(Range<usize>, Vec<String>)> {
    let is_number = matches!(
        phrase.lexeme(time.span.start),
        Some(Lexeme::Number {
            digits: 2,
            decimals: None,
            ..
        })
    );
    let is_alone = is_number && time.span.len() == 1 && time.before.is_none();
    if !is_alone || !named.day.is_weekday() || !(13..=24).contains(&time.hour) {
        return None;
    }
    let hour = time.hour;
    let readings = [format!("{hour}:00"), written_day(phrase, hour)];
    let readings = readings.map(|part| phrase.rewritten(time.span.clone(), &part));
    Some((time.span.clone(), readings.to_vec()))
}

/// A day of the month as it is written: `23일`, `23rd`.
pub(super) fn written_day(phrase: &Phrase<'_>, day: u32) -> String {
    if phrase.is_korean() {
        return format!("{day}일");
    }
    let ending = match (day % 10, day / 10) {
        (_, 1) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{day}{ending}")
}

/// A day, then perhaps a time.
fn day_first(phrase: &Phrase<'_>, start: usize) -> Option<ClockPhrase> {
    let found = day_with_part(phrase, start);
    let mut with_time = found
        .iter()
        .filter_map(|(named, end, part)| day_and_time(phrase, named, *end, *part));
    if let Some(clock) = with_time.next() {
        return Some(clock);
    }
    let numbered = weekday_and_number(phrase, start);
    if let Some((named, end)) = &numbered
        && let Some(clock) = day_and_time(phrase, named, *end, None)
        && clock.time.as_ref().is_some_and(|time| !time.is_bare)
    {
        return Some(clock);
    }
    let mut alone = found
        .iter()
        .filter_map(|(named, end, part)| day_alone(phrase, named, start..*end, *part));
    alone.next().or_else(|| {
        let (named, end) = numbered?;
        day_alone(phrase, &named, start..end, None)
    })
}

/// A day with a time behind it.
fn day_and_time(
    phrase: &Phrase<'_>,
    named: &Named,
    end: usize,
    part: Option<Part>,
) -> Option<ClockPhrase> {
    let comma = phrase.after_mark(end, ',').unwrap_or(end);
    let said = phrase.skip(comma, &["에", "에는", "의", "날", "까지"]);
    let mut next = leads(phrase, said);
    let is_led = next > said;
    let before = place::before(phrase, next);
    if let Some((_, span)) = &before {
        next = leads(phrase, span.end);
    }
    let mut found = times(phrase, next, part).into_iter();
    found.find_map(|(time, after)| {
        let (place, after) = place::after(phrase, after, named.has_t);
        let (mut time, place, _) = finished_time(phrase, after, &time, place)?;
        // A date of ISO 8601 has a clock of 24 hours beside it.
        time.is_24_hour |= named.is_iso && time.colons > 0 && two_digit_hour(phrase, &time);
        let several = if is_led || part.is_some() {
            None
        } else {
            hour_or_day(phrase, named, &time)
        };
        Some(ClockPhrase {
            day: Some((named.clone(), named.span().start..end)),
            time: Some(time),
            place: place.or_else(|| before.clone()),
            several,
            ..ClockPhrase::default()
        })
    })
}

/// A day without a time: `내일까지`, `오늘 안에`, `tomorrow morning`, `내일 오전 중으로`.
fn day_alone(
    phrase: &Phrase<'_>,
    named: &Named,
    span: Range<usize>,
    part: Option<Part>,
) -> Option<ClockPhrase> {
    if named.is_decimal && !phrase.is_korean() {
        // `12.1` alone is a number.
        return None;
    }
    let end = span.end;
    let mut clock = ClockPhrase {
        day: Some((named.clone(), span.clone())),
        ..ClockPhrase::default()
    };
    clock.vague = match part {
        Some(part) => Some((Vague::Part(part), span)),
        None => vague(phrase, leads(phrase, end)),
    };
    if let Some((_, said)) = &clock.vague {
        let is_whole = is_finished(phrase, said.end) || is_within(phrase, said.end);
        return is_whole.then_some(clock);
    }
    if is_within(phrase, end) {
        clock.is_end = true;
        return Some(clock);
    }
    // `5 pm` is no fifth; `19일` alone is a length, and has been read as one.
    is_finished(phrase, end).then_some(clock)
}

/// `저녁까지`, `by evening`: a part of the day and nothing else.
fn part_alone(phrase: &Phrase<'_>, start: usize) -> Option<ClockPhrase> {
    let (part, span) = vague(phrase, start)?;
    let is_whole = is_finished(phrase, span.end) || is_within(phrase, span.end);
    is_whole.then(|| ClockPhrase {
        vague: Some((part, span)),
        ..ClockPhrase::default()
    })
}

/// A part of the day without an hour.
fn vague(phrase: &Phrase<'_>, pos: usize) -> Option<(Vague, Range<usize>)> {
    if let Some(end) = phrase.after_any(pos, &BEFORE_SLEEP) {
        return Some((Vague::Part(Part::Night), pos..end));
    }
    let (part, end) = phrase.look_up(pos, &PARTS_BEFORE)?;
    // `6-8pm` is no date with its afternoon.
    let is_half = phrase.after_any(pos, &["am", "pm"]).is_some();
    let before = pos.checked_sub(1).and_then(|before| phrase.lexeme(before));
    let is_behind_number = matches!(before, Some(Lexeme::Number { .. }));
    (!(is_half && is_behind_number)).then_some((Vague::Part(part), pos..end))
}

/// `안에`, `중으로` at the end.
fn is_within(phrase: &Phrase<'_>, pos: usize) -> bool {
    phrase
        .after_any(pos, &WITHIN)
        .is_some_and(|after| phrase.is_end(after))
}

/// A day, or `tonight` and `this evening`, which are a day and its part; the longest first.
fn day_with_part(phrase: &Phrase<'_>, pos: usize) -> Vec<(Named, usize, Option<Part>)> {
    let found = days(phrase, pos);
    if !found.is_empty() {
        let found = found.into_iter();
        return found.map(|(named, end)| (named, end, None)).collect();
    }
    let said = match phrase.after_any(pos, &["tonight", "tonite", "later tonight"]) {
        Some(end) => Some((Part::Night, end)),
        None => phrase
            .after_any(pos, &["this", "later this"])
            .and_then(|this| phrase.look_up(this, &PARTS_BEFORE)),
    };
    let Some((part, end)) = said else {
        return Vec::new();
    };
    phrase.made_sense_until(end);
    let today = Named::new(Day::FromToday(0), pos..end);
    vec![(today, end, Some(part))]
}

/// A time, its place, and whether a word such as 까지 ended it.
type Finished = (Time, Option<(Place, Range<usize>)>, bool);

/// The time, if the phrase ends at `pos`; a zone may stand behind its last word: `18:00까지 (KST)`.
///
/// `4시 15분 전` is noted, as it can be read in two ways; `4시 15분 전쯤` is about that many minutes before.
fn finished_time(
    phrase: &Phrase<'_>,
    pos: usize,
    time: &Time,
    place: Option<(Place, Range<usize>)>,
) -> Option<Finished> {
    let mut time = time.clone();
    let said_minutes = phrase.after(pos.wrapping_sub(1), "분").is_some();
    let is_minutes = time.minute > 0 && time.second == 0 && time.colons == 0 && said_minutes;
    let about = ["전쯤", "전쯤에", "전쯤까지", "전즈음"];
    let before = phrase.after_any(pos, &about).filter(|_| is_minutes);
    let after = before.unwrap_or_else(|| phrase.skip(after_ish(phrase, pos), &ENDS));
    let (place, end) = match place {
        Some(place) => (Some(place), after),
        None => place::after(phrase, after, false),
    };
    if !phrase.is_end(end) {
        return None;
    }
    if before.is_some() {
        // What was read as past the hour is before it.
        time.shift_min -= 2 * i32::try_from(time.minute).unwrap_or_default();
    } else if is_minutes && phrase.after_any(pos, &["전", "전에", "전까지"]).is_some() {
        time.before_or_to = Some(pos);
    }
    Some((time, place, after > pos))
}

/// `2pm-ish`: the position of `ish`.
fn after_ish(phrase: &Phrase<'_>, pos: usize) -> usize {
    let hyphen = phrase.after_mark(pos, '-');
    hyphen
        .filter(|at| phrase.after(*at, "ish").is_some())
        .unwrap_or(pos)
}

/// The position after `until at`, `by` and the like.
fn leads(phrase: &Phrase<'_>, pos: usize) -> usize {
    let mut pos = pos;
    for _ in 0..MAX_LEADS {
        let next = phrase.after_mark(pos, '@');
        let Some(next) = next.or_else(|| phrase.after_any(pos, &LEADS)) else {
            break;
        };
        pos = next;
    }
    // `한 오후 6시쯤`
    let about = phrase.after(pos, "한");
    let part = about.filter(|pos| phrase.look_up(*pos, &PARTS_BEFORE).is_some());
    after_about(phrase, pos).or(part).unwrap_or(pos)
}

fn is_finished(phrase: &Phrase<'_>, pos: usize) -> bool {
    phrase.is_end(phrase.skip(after_ish(phrase, pos), &ENDS))
}
