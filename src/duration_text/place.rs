//! Whose clock a time is read from: `18:00 UTC`, `7pm KST`, `한국 시간 오후 6시`, `T09:00+09:00`.

use std::ops::Range;

use chrono::offset::LocalResult;
use chrono::{DateTime, NaiveDateTime, TimeZone as _};
use chrono_tz::Tz;

use super::lexer::{Lexeme, Phrase};
use crate::zones::{self, Abbreviation};

/// The furthest offset, in hours.
const FURTHEST_HOURS: u32 = 14;

/// A place with a clock of its own.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// Of the tz database.
    Zone(Tz),
    /// So many minutes ahead of UTC all the year.
    Ahead(i32),
    /// What an abbreviation may mean: one, or several.
    Abbreviated(&'static [Abbreviation]),
    /// A country with several zones: `미국 시간`.
    Several(&'static str),
}

impl Place {
    /// What its clock shows then.
    pub(super) fn local(self, at_ms: i64) -> Option<NaiveDateTime> {
        let at = DateTime::from_timestamp_millis(at_ms)?.naive_utc();
        at.checked_add_signed(chrono::TimeDelta::minutes(i64::from(self.ahead(at_ms)?)))
    }

    fn ahead(self, at_ms: i64) -> Option<i32> {
        match self {
            Self::Zone(zone) => Some(zones::offset_min(zone, at_ms)),
            Self::Ahead(minutes) => Some(minutes),
            Self::Abbreviated([one]) => one
                .offset_min
                .or_else(|| Some(zones::offset_min(one.zone, at_ms))),
            Self::Abbreviated(_) | Self::Several(_) => None,
        }
    }

    /// When its clock shows `wall`: two instants where it is set back, none where it is set forward.
    pub(super) fn instants(self, wall: NaiveDateTime) -> Option<LocalResult<i64>> {
        let fixed = |minutes: i32| {
            let at = wall.checked_sub_signed(chrono::TimeDelta::minutes(i64::from(minutes)))?;
            Some(LocalResult::Single(at.and_utc().timestamp_millis()))
        };
        match self {
            Self::Zone(zone) => Some(of_zone(zone, wall)),
            Self::Ahead(minutes) => fixed(minutes),
            Self::Abbreviated([one]) => match one.offset_min {
                Some(minutes) => fixed(minutes),
                None => Some(of_zone(one.zone, wall)),
            },
            Self::Abbreviated(_) | Self::Several(_) => None,
        }
    }

    /// Offsets that are meant, in minutes, if more than one may be: of an abbreviation that stands for
    /// several zones, and of one that is not in force at `at_ms` (`EST` in summer), which its readers
    /// take for the zone's own time as often as not.
    pub(super) fn doubtful(self, at_ms: i64) -> Option<Vec<i32>> {
        let list = match self {
            Self::Abbreviated(list) => list,
            Self::Several(name) => {
                let zones = zones::called(name);
                let offsets = zones.map(|zone| zones::offset_min(zone, at_ms)).collect();
                return Some(offsets);
            }
            Self::Zone(_) | Self::Ahead(_) => return None,
        };
        let own = |one: &Abbreviation| {
            one.offset_min
                .unwrap_or_else(|| zones::offset_min(one.zone, at_ms))
        };
        let mut offsets: Vec<i32> = list.iter().map(own).collect();
        if let [one] = list {
            offsets.push(zones::offset_min(one.zone, at_ms));
        }
        offsets.dedup();
        (offsets.len() > 1).then_some(offsets)
    }
}

fn of_zone(zone: Tz, wall: NaiveDateTime) -> LocalResult<i64> {
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(at) => LocalResult::Single(at.timestamp_millis()),
        LocalResult::Ambiguous(first, second) => {
            LocalResult::Ambiguous(first.timestamp_millis(), second.timestamp_millis())
        }
        LocalResult::None => LocalResult::None,
    }
}

/// A place before a time or a day: `KST 18:00`, `한국 시간으로 내일 오후 6시`.
pub(super) fn before(phrase: &Phrase<'_>, pos: usize) -> Option<(Place, Range<usize>)> {
    let (place, end) = named(phrase, pos)?;
    let end = phrase.skip(end, &["으로", "기준", "기준으로", "로"]);
    (!phrase.is_end(end)).then_some((place, pos..end))
}

/// A place behind a time, if there is one, and the position after it. A bare offset with a minus is
/// read where a T of ISO 8601 was said only: elsewhere it is a range of hours.
pub(super) fn after(
    phrase: &Phrase<'_>,
    pos: usize,
    has_t: bool,
) -> (Option<(Place, Range<usize>)>, usize) {
    let open = phrase.after_mark(pos, '(');
    let at = open.unwrap_or_else(|| phrase.skip(pos, &["in", "in the"]));
    let found = named(phrase, at).or_else(|| {
        // Not even `-00:00`.
        let is_behind = phrase.after_mark(at, '-').is_some();
        let (minutes, end) = signed(phrase, at)?;
        (!is_behind || has_t).then_some((Place::Ahead(minutes), end))
    });
    let Some((place, end)) = found else {
        return (None, pos);
    };
    let end = phrase.skip(end, &["기준", "기준으로", "으로", "로"]);
    match open {
        None => (Some((place, pos..end)), end),
        Some(_) => match phrase.after_mark(end, ')') {
            Some(end) => (Some((place, pos..end)), end),
            None => (None, pos),
        },
    }
}

fn named(phrase: &Phrase<'_>, pos: usize) -> Option<(Place, usize)> {
    if let Some(end) = phrase.after_any(pos, &["utc", "gmt"]) {
        return Some(match signed(phrase, end) {
            Some((minutes, end)) => (Place::Ahead(minutes), end),
            None => (Place::Ahead(0), end),
        });
    }
    let mut in_full = None;
    if let Some(Lexeme::Word(word)) = phrase.lexeme(pos) {
        let list = zones::abbreviated(word);
        if !list.is_empty() {
            return Some((Place::Abbreviated(list), pos + 1));
        }
        let names = zones::FULL_NAMES.iter();
        let names = names.filter(|one| one.name.starts_with(word.as_str()));
        let found = names.filter_map(|one| Some((one, phrase.after(pos, one.name)?)));
        in_full = found.max_by_key(|(_, end)| *end);
    }
    match in_full {
        Some((one, end)) => Some((Place::Abbreviated(std::slice::from_ref(one)), end)),
        None => called(phrase, pos),
    }
}

/// What makes the name of a city or a country that of its clock.
const CLOCKS: [&str; 13] = [
    "시간",
    "시간대",
    "시각",
    "표준시",
    "표준시간",
    "현지시간",
    "현지시각",
    "기준",
    "time",
    "local time",
    "standard time",
    "timezone",
    "time zone",
];

/// `한국 시간`, `New York time`. Not without 시간 and `time`, as a city says nothing about a clock.
fn called(phrase: &Phrase<'_>, pos: usize) -> Option<(Place, usize)> {
    let is_said = |at| phrase.after_any(at, &CLOCKS);
    // Nothing is looked up where neither follows within what the longest name takes.
    (pos + 1..pos + 10).find(|at| is_said(*at).is_some())?;
    let mut found: Option<(Tz, &'static str, usize)> = None;
    let mut is_one = true;
    for known in zones::NAMES.iter() {
        let end = phrase.after_any(pos, &[known.joined.as_str()]);
        let Some(end) = end.and_then(is_said) else {
            continue;
        };
        is_one &= found.is_none_or(|(zone, ..)| zone == known.zone);
        found = Some((known.zone, known.name, end));
    }
    let (zone, name, end) = found?;
    let place = if is_one {
        Place::Zone(zone)
    } else {
        Place::Several(name)
    };
    Some((place, end))
}

/// `+9`, `-03:30`, `+0900`, in minutes.
fn signed(phrase: &Phrase<'_>, pos: usize) -> Option<(i32, usize)> {
    let (sign, at) = match (phrase.after_mark(pos, '+'), phrase.after_mark(pos, '-')) {
        (Some(at), _) => (1, at),
        (None, Some(at)) => (-1, at),
        (None, None) => return None,
    };
    let number = |at, long| match phrase.lexeme(at)? {
        Lexeme::Number {
            quantity, digits, ..
        } if *digits <= 2 || (long && *digits == 4) => Some((quantity.as_u32()?, *digits)),
        _ => None,
    };
    let (hours, minutes, end) = match number(at, true)? {
        (both, 4) => (both / 100, both % 100, at + 1),
        (hours, _) => match phrase.after_mark(at + 1, ':') {
            Some(minutes) => (hours, number(minutes, false)?.0, minutes + 1),
            None => (hours, 0, at + 1),
        },
    };
    if hours > FURTHEST_HOURS || minutes > 59 {
        phrase.reject(pos);
        return None;
    }
    Some((sign * i32::try_from(hours * 60 + minutes).ok()?, end))
}
