//! Durations as they are shown.

use crate::i18n::Language;

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A length in at most two units: `1 h 30 min`, `1시간 30분`, `2 days 3 h`.
///
/// The smaller unit is rounded to the nearest and left out when it is zero. Seconds show under an
/// hour only; from there on, as hours show from a day on, they are noise. Less than nothing is
/// shown as nothing. What is shown can be read back by [`parse_duration`](super::parse_duration),
/// except `0 s`.
pub fn format_duration(ms: i64, language: Language) -> String {
    let ms = ms.max(0);
    // Rounding comes first, so that 59 min 59.9 s is one hour and never 60 minutes.
    let smallest_ms = match ms {
        ..HOUR_MS => SECOND_MS,
        HOUR_MS..DAY_MS => MINUTE_MS,
        _ => HOUR_MS,
    };
    let count = ms / smallest_ms + i64::from(ms % smallest_ms >= smallest_ms / 2);
    let ms = i128::from(count) * i128::from(smallest_ms);
    let mut shown = Vec::new();
    let mut left_ms = ms;
    for (unit_ms, korean, one, many) in [
        (DAY_MS, "일", " day", " days"),
        (HOUR_MS, "시간", " h", " h"),
        (MINUTE_MS, "분", " min", " min"),
        (SECOND_MS, "초", " s", " s"),
    ] {
        let unit_ms = i128::from(unit_ms);
        let count = left_ms / unit_ms;
        left_ms %= unit_ms;
        if count > 0 || (shown.is_empty() && unit_ms == i128::from(SECOND_MS)) {
            let unit = match language {
                Language::Korean => korean,
                Language::English if count == 1 => one,
                Language::English => many,
            };
            shown.push(format!("{count}{unit}"));
        }
    }
    shown.join(" ")
}
