//! Zones as people name them: `서울`, `Korea`, `KST`, `UTC+9`, `+09:00`, `new york`.
//!
//! What it promises:
//!
//! - Whatever [`suggest`] offers, [`parse`] takes, and both mean the same zone by the same name.
//! - An offset is one as people write it: `GMT+9` is nine hours *ahead* of Greenwich. The names of the
//!   tz database that say the opposite (`Etc/GMT+9`) are neither offered nor shown: a zone of a fixed
//!   offset is called `UTC+9` ([`name`]).
//! - A name that means several zones (`미국`, `CST`) leads to all of them, and [`parse`] refuses it.
//!
//! - A server that chose none is given one by its language, and [`Guess`] says how good that is.
//!
//! To add a city or a country, write it into the table.

mod guess;
mod table;

use std::sync::LazyLock;

use chrono::{FixedOffset, Offset as _, TimeZone as _};
use chrono_tz::Tz;

pub use guess::{Guess, of_locale, to_choose};
pub use table::{ABBREVIATIONS, Abbreviation, FULL_NAMES, KNOWN, Known};

use crate::i18n::Language;

/// Zones that are offered at most, which is the most that Discord shows (reference,
/// “Autocomplete”: 25 choices).
pub const MOST: usize = 25;

/// Hours of the furthest zones to either side (Kiritimati, and the empty islands of the west).
const FURTHEST_EAST_MIN: i32 = 14 * 60;
const FURTHEST_WEST_MIN: i32 = 12 * 60;

/// Offered before anything is typed, besides the reader's own.
const COMMON: [Tz; 10] = [
    Tz::Asia__Seoul,
    Tz::Asia__Tokyo,
    Tz::Asia__Shanghai,
    Tz::Asia__Singapore,
    Tz::Europe__London,
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::America__Chicago,
    Tz::America__Los_Angeles,
    Tz::UTC,
];

/// A zone with what it is found by, in the spelling of [`plain`].
struct Findable {
    zone: Tz,
    /// Of the database: the whole name, and the city in it. Of the table: every name.
    names: Vec<String>,
}

/// The database's zones but those that it names by an offset, and those whose name is an abbreviation
/// that people use for another: its `EST` and `MST` have no summer.
static DATABASE: LazyLock<Vec<Findable>> = LazyLock::new(|| {
    let zones = chrono_tz::TZ_VARIANTS.iter().copied();
    let findable = |zone: Tz| Findable {
        zone,
        names: vec![plain(zone.name()), plain(city_in(zone.name()))],
    };
    let is_abbreviation = |zone: &Tz| {
        let list = abbreviated(&plain(zone.name()));
        !list.is_empty() && list.iter().all(|one| one.zone != *zone)
    };
    zones
        .filter(|zone| !is_offset_of_tz(*zone) && !is_abbreviation(zone))
        .map(findable)
        .collect()
});

static TABLE: LazyLock<Vec<Findable>> = LazyLock::new(|| {
    let findable = |known: &Known| Findable {
        zone: known.zone,
        names: names(known).map(plain).collect(),
    };
    KNOWN.iter().map(findable).collect()
});

/// A name of a city or a country, for those who look for it in a text.
#[derive(Debug)]
pub struct Name {
    /// As the table has it.
    pub name: &'static str,
    /// In Korean without its spaces, which mean nothing there.
    pub joined: String,
    /// The zone that it leads to; another may have the same name.
    pub zone: Tz,
}

/// Every name of the table.
pub static NAMES: LazyLock<Vec<Name>> = LazyLock::new(|| {
    let name = |zone: Tz| {
        move |name: &'static str| Name {
            name,
            joined: match name.is_ascii() {
                true => name.to_owned(),
                false => name.replace(' ', ""),
            },
            zone,
        }
    };
    let known = KNOWN.iter();
    known
        .flat_map(|known| names(known).map(name(known.zone)))
        .collect()
});

/// The zones of which a name passes, in their order.
fn passing(among: &[Findable], test: impl Fn(&str) -> bool) -> impl Iterator<Item = Tz> {
    let passing = move |one: &&Findable| one.names.iter().any(|name| test(name));
    among.iter().filter(passing).map(|one| one.zone)
}

/// `New_York` of `America/New_York`.
fn city_in(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The zone that was named, if it is one and no other.
pub fn parse(given: &str) -> Option<Tz> {
    let wanted = plain(given);
    if wanted.is_empty() {
        return None;
    }
    let named = DATABASE.iter().find(|one| one.names[0] == wanted);
    if let Some(named) = named {
        return Some(named.zone);
    }
    if let Some(minutes) = offset(given) {
        return fixed(minutes);
    }
    match exactly(&wanted)[..] {
        [zone] => Some(zone),
        _ => None,
    }
}

/// Zones that may be meant by what was typed, the likeliest first; at most [`MOST`].
pub fn suggest(typed: &str, now_ms: i64) -> Vec<Tz> {
    let wanted = plain(typed);
    if wanted.is_empty() {
        return COMMON.to_vec();
    }
    let mut found: Vec<Tz> = Vec::new();
    let mut offer = |zone: Tz| {
        if !found.contains(&zone) && !is_offset_of_tz(zone) && found.len() < MOST {
            found.push(zone);
        }
    };
    if let Some(minutes) = offset(typed) {
        let there = |zone: &Tz| offset_min(*zone, now_ms) == minutes;
        COMMON.into_iter().filter(there).for_each(&mut offer);
        let known = KNOWN.iter().map(|known| known.zone);
        known.filter(there).for_each(&mut offer);
        let all = chrono_tz::TZ_VARIANTS.iter().copied();
        all.filter(|zone| zone.name().contains('/') && there(zone))
            .for_each(&mut offer);
        return found;
    }
    exactly(&wanted).into_iter().for_each(&mut offer);
    // Names in the table before those of the database, beginnings before what is in the middle.
    let begins = |name: &str| name.starts_with(&wanted);
    let has = |name: &str| name.contains(&wanted);
    passing(&TABLE, begins).for_each(&mut offer);
    passing(&DATABASE, begins).for_each(&mut offer);
    passing(&TABLE, has).for_each(&mut offer);
    passing(&DATABASE, has).for_each(&mut offer);
    found
}

/// Zones of which this is the whole name, an abbreviation, or a city or country in them.
fn exactly(wanted: &str) -> Vec<Tz> {
    let mut found: Vec<Tz> = Vec::new();
    let abbreviated = ABBREVIATIONS.iter().filter(|one| one.name == wanted);
    let abbreviated = abbreviated.map(|one| one.zone);
    let in_full = FULL_NAMES.iter().filter(|one| plain(one.name) == wanted);
    let in_full = in_full.map(|one| one.zone);
    let called = passing(&TABLE, |name| name == wanted);
    for zone in abbreviated.chain(in_full).chain(called) {
        if !found.contains(&zone) {
            found.push(zone);
        }
    }
    found
}

/// Zones of a city or country by exactly this name of the table.
pub fn called(name: &str) -> impl Iterator<Item = Tz> {
    let known = KNOWN.iter();
    let has = move |known: &&Known| names(known).any(|one| one == name);
    known.filter(has).map(|known| known.zone)
}

fn names(known: &Known) -> impl Iterator<Item = &'static str> {
    known.korean().chain(known.english())
}

/// A name without what people write in different ways: case, spaces, underscores, and 시간 or `time`
/// behind it.
fn plain(name: &str) -> String {
    let name = name.to_lowercase();
    let name = [
        "표준시",
        "시간대",
        "시간",
        "standard time",
        "time zone",
        "timezone",
        "time",
    ]
    .into_iter()
    .find_map(|end| {
        name.trim()
            .strip_suffix(end)
            .filter(|rest| !rest.trim().is_empty())
    })
    .unwrap_or(&name);
    let is_idle = |c: &char| !c.is_whitespace() && !matches!(c, '_' | '.' | ',' | '-' | '\'');
    name.chars().filter(is_idle).collect()
}

/// Minutes east of UTC, of `UTC+9`, `gmt-03:30`, `+0900`, `9`? A number without a sign is none.
pub fn offset(given: &str) -> Option<i32> {
    let text: String = given.chars().filter(|c| !c.is_whitespace()).collect();
    let text = text.to_lowercase().replace('−', "-").replace('＋', "+");
    let rest = text
        .strip_prefix("utc")
        .or_else(|| text.strip_prefix("gmt"))
        .unwrap_or(&text);
    let (sign, digits) = match (rest.strip_prefix('+'), rest.strip_prefix('-')) {
        (Some(digits), _) => (1, digits),
        (_, Some(digits)) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() > 2 && digits.is_ascii() => digits.split_at(digits.len() - 2),
        None => (digits, "0"),
    };
    let number = |part: &str| {
        let is_number =
            (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<i32>().ok().filter(|_| is_number)
    };
    let (hours, minutes) = (
        number(hours)?,
        number(minutes).filter(|minutes| *minutes < 60)?,
    );
    let minutes = sign * (hours * 60 + minutes);
    (-FURTHEST_WEST_MIN..=FURTHEST_EAST_MIN)
        .contains(&minutes)
        .then_some(minutes)
}

/// The zone whose clocks have always been this far from UTC; for part hours, the one that lives by it.
pub fn fixed(minutes: i32) -> Option<Tz> {
    match minutes {
        0 => Some(Tz::UTC),
        330 => Some(Tz::Asia__Kolkata),
        345 => Some(Tz::Asia__Kathmandu),
        390 => Some(Tz::Asia__Yangon),
        270 => Some(Tz::Asia__Kabul),
        210 => Some(Tz::Asia__Tehran),
        570 => Some(Tz::Australia__Darwin),
        _ if minutes % 60 == 0 => {
            // The database counts them from the other side.
            let hours = minutes / 60;
            format!(
                "Etc/GMT{}{}",
                if hours > 0 { '-' } else { '+' },
                hours.abs()
            )
            .parse()
            .ok()
        }
        _ => None,
    }
}

/// Whether the database names it by an offset, the wrong way round for every reader.
fn is_offset_of_tz(zone: Tz) -> bool {
    let name = zone.name();
    let name = name.strip_prefix("Etc/").unwrap_or(name);
    name.strip_prefix("GMT")
        .is_some_and(|rest| !rest.is_empty())
}

/// What a zone is called when it is shown: its name in the database, or `UTC+9`.
pub fn name(zone: Tz) -> String {
    if !is_offset_of_tz(zone) {
        return zone.name().to_owned();
    }
    offset_name(offset_min(zone, 0))
}

/// `UTC+9`, `UTC+5:30`.
pub fn offset_name(minutes: i32) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
    match (hours, rest) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, rest) => format!("UTC{sign}{hours}:{rest:02}"),
    }
}

/// The city that a zone is called by in a language, if the table has it.
pub fn city(zone: Tz, language: Language) -> Option<String> {
    let known = KNOWN.iter().find(|known| known.zone == zone)?;
    match language {
        Language::Korean => known.korean().next().map(str::to_owned),
        Language::English => Some(city_in(zone.name()).replace('_', " ")),
    }
}

/// What its clocks show then: `18:02`.
pub fn local_time(zone: Tz, at_ms: i64) -> String {
    let local_ms = at_ms.saturating_add(i64::from(offset_min(zone, at_ms)) * 60_000);
    let local = chrono::DateTime::from_timestamp_millis(local_ms).unwrap_or_default();
    local.format("%H:%M").to_string()
}

/// How many minutes its clocks are ahead of UTC's then.
pub fn offset_min(zone: Tz, at_ms: i64) -> i32 {
    let at = chrono::DateTime::from_timestamp_millis(at_ms).unwrap_or_default();
    let offset: FixedOffset = zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    offset.local_minus_utc() / 60
}

/// The zones that an abbreviation may mean.
pub fn abbreviated(word: &str) -> &'static [Abbreviation] {
    let begin = ABBREVIATIONS.iter().position(|one| one.name == word);
    let Some(begin) = begin else { return &[] };
    let rest = &ABBREVIATIONS[begin..];
    let length = rest.iter().take_while(|one| one.name == word).count();
    &rest[..length]
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{America, Asia, Europe};

    /// 21 November 2026.
    const NOW_MS: i64 = 1_795_237_200_000;

    #[test]
    fn what_people_call_a_zone_leads_to_it() {
        for (typed, zone) in [
            ("seo", Asia::Seoul),
            ("asia/seo", Asia::Seoul),
            ("서울", Asia::Seoul),
            ("서", Asia::Seoul),
            ("한국", Asia::Seoul),
            ("한국 시간", Asia::Seoul),
            ("대한민국", Asia::Seoul),
            ("부산", Asia::Seoul),
            ("Busan", Asia::Seoul),
            ("Korea", Asia::Seoul),
            ("South Korea", Asia::Seoul),
            ("KST", Asia::Seoul),
            ("kst", Asia::Seoul),
            ("UTC+9", Asia::Seoul),
            ("utc + 9", Asia::Seoul),
            ("GMT+9", Asia::Seoul),
            ("gmt+09:00", Asia::Seoul),
            ("+09:00", Asia::Seoul),
            ("+0900", Asia::Seoul),
            ("+9", Asia::Seoul),
            ("일본", Asia::Tokyo),
            ("JST", Asia::Tokyo),
            ("뉴욕", America::New_York),
            ("new york", America::New_York),
            ("New York time", America::New_York),
            ("EST", America::New_York),
            ("ET", America::New_York),
            ("미국 동부", America::New_York),
            ("UTC-5", America::New_York),
            ("UTC−5", America::New_York),
            ("LA", America::Los_Angeles),
            ("PST", America::Los_Angeles),
            ("샌프란시스코", America::Los_Angeles),
            ("UTC-8", America::Los_Angeles),
            ("영국", Europe::London),
            ("UK", Europe::London),
            ("독일", Europe::Berlin),
            ("CET", Europe::Paris),
            ("+5:30", Asia::Kolkata),
            ("인도", Asia::Kolkata),
            ("UTC", Tz::UTC),
            ("GMT", Tz::UTC),
            ("Z", Tz::UTC),
        ] {
            assert_eq!(suggest(typed, NOW_MS).first(), Some(&zone), "{typed}");
        }
        assert_eq!(suggest("", NOW_MS)[0], Asia::Seoul);
        assert_eq!(suggest("a", NOW_MS).len(), MOST);
        assert!(suggest("nowhere at all", NOW_MS).is_empty());
    }

    #[test]
    fn no_zone_is_offered_or_shown_that_says_the_opposite_of_what_it_is() {
        for typed in ["GMT+9", "gmt", "etc", "Etc/GMT+9", "GMT-5", "UTC+3", "+"] {
            for zone in suggest(typed, NOW_MS) {
                assert!(
                    !zone.name().contains("GMT+") && !zone.name().contains("GMT-"),
                    "{typed}: {zone}"
                );
            }
        }
        assert_eq!(parse("Etc/GMT+9"), None);
        let nine = parse("GMT+9").unwrap();
        assert_eq!(offset_min(nine, NOW_MS), 540);
        assert_eq!(name(nine), "UTC+9");
        assert_eq!(parse(&name(nine)), Some(nine));
        assert_eq!(offset_min(parse("UTC-3").unwrap(), NOW_MS), -180);
    }

    #[test]
    fn an_abbreviation_is_read_as_it_is_offered() {
        for one in ABBREVIATIONS {
            let meant = abbreviated(one.name);
            for typed in [one.name.to_owned(), one.name.to_uppercase()] {
                let offered = suggest(&typed, NOW_MS);
                assert_eq!(offered.first(), Some(&meant[0].zone), "{typed}");
                let read = parse(&typed);
                match meant {
                    [one] => assert_eq!(read, Some(one.zone), "{typed}"),
                    _ => assert_eq!(read, None, "{typed}"),
                }
                // What is offered is stored by its name, and read by it again.
                for zone in offered {
                    assert_eq!(parse(&name(zone)), Some(zone), "{typed}");
                }
            }
        }
        assert_eq!(parse("EST"), Some(America::New_York));
        assert_eq!(parse("MST"), Some(America::Denver));
    }

    #[test]
    fn every_zone_there_is_can_be_named_as_it_is_shown() {
        for zone in chrono_tz::TZ_VARIANTS {
            let shown = name(zone);
            let read = parse(&shown).unwrap_or_else(|| panic!("{shown}"));
            assert_eq!(
                offset_min(read, NOW_MS),
                offset_min(zone, NOW_MS),
                "{shown}"
            );
        }
    }

    #[test]
    fn what_means_several_zones_is_not_taken_for_one() {
        for typed in [
            "미국",
            "USA",
            "CST",
            "IST",
            "캐나다",
            "Australia",
            "",
            "  ",
            "9",
            "+99",
            "+9:75",
            "+-9",
        ] {
            assert_eq!(parse(typed), None, "{typed}");
        }
        for typed in ["미국", "CST", "IST", "Australia"] {
            assert!(suggest(typed, NOW_MS).len() > 1, "{typed}");
        }
    }

    #[test]
    fn the_table_is_whole() {
        let mut seen = std::collections::HashSet::new();
        for known in KNOWN {
            assert!(seen.insert(known.zone), "{}", known.zone);
            assert!(names(known).all(|name| !name.is_empty() && name == name.trim()));
            assert!(known.english().all(|name| *name == name.to_lowercase()));
        }
        for one in ABBREVIATIONS {
            let there = abbreviated(one.name);
            assert!(
                there.iter().any(|known| known.zone == one.zone),
                "{}",
                one.name
            );
            // In winter or in summer, it is what the zone's clocks show.
            if let Some(minutes) = one.offset_min {
                let seasons = [NOW_MS, NOW_MS + 182 * 86_400_000];
                assert!(
                    seasons
                        .iter()
                        .any(|at| offset_min(one.zone, *at) == minutes),
                    "{}",
                    one.name
                );
            }
        }
        for zone in COMMON {
            assert_eq!(parse(zone.name()), Some(zone));
        }
    }
}
