//! What the grammar promises, at one fixed present: Saturday, 2026-11-21, 14:00 in Seoul.

mod misreadings;
mod people;
mod phrases;
mod properties;
mod refusals;
mod suggestions;
mod wordings;
mod zones;

use chrono::{NaiveDateTime, TimeZone};
use chrono_tz::Tz;

use super::*;
use crate::i18n::Language;

const SEOUL: Tz = chrono_tz::Asia::Seoul;

/// The instant of a wall time, `2026-11-21 14:00`, that happens once.
fn wall(text: &str, zone: Tz) -> i64 {
    let format = match text.len() {
        16 => "%Y-%m-%d %H:%M",
        _ => "%Y-%m-%d %H:%M:%S",
    };
    let wall = NaiveDateTime::parse_from_str(text, format).unwrap();
    let at = zone.from_local_datetime(&wall).single().unwrap();
    at.timestamp_millis()
}

fn now_ms() -> i64 {
    wall("2026-11-21 14:00", SEOUL)
}

fn parse_now(text: &str) -> Result<Understood, TimeTextError> {
    parse(text, now_ms(), SEOUL)
}
