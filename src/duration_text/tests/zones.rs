//! Days on which the clocks change.

use chrono_tz::America::New_York;
use chrono_tz::Europe::Berlin;

use super::*;

fn deadline(text: &str, now_ms: i64, zone: Tz) -> Result<i64, TimeTextError> {
    parse(text, now_ms, zone).map(|understood| understood.deadline_ms)
}

#[test]
fn a_wall_time_that_is_skipped_is_refused() {
    let now_ms = wall("2027-03-13 12:00", New_York);
    let skipped = TimeTextError::NotALocalTime {
        text: "2027-03-14 02:30".to_owned(),
    };
    for text in [
        "tomorrow 2:30am",
        "2027-03-14 02:30",
        "02:30",
        "sunday 02:30",
    ] {
        assert_eq!(
            deadline(text, now_ms, New_York),
            Err(skipped.clone()),
            "{text}"
        );
    }
    // Once the gap is behind us, the next such time is tomorrow's.
    let now_ms = wall("2027-03-14 03:05", New_York);
    let next = wall("2027-03-15 02:30", New_York);
    assert_eq!(deadline("02:30", now_ms, New_York), Ok(next));
}

#[test]
fn a_wall_time_that_is_repeated_is_the_earlier_one_to_come() {
    // Berlin, 2026-10-25: 03:00 summer time is 02:00 winter time.
    let first_ms = wall("2026-10-25 01:30", Berlin) + 3_600_000;
    let second_ms = first_ms + 3_600_000;
    let day_before_ms = wall("2026-10-24 12:00", Berlin);
    assert_eq!(
        deadline("tomorrow 02:30", day_before_ms, Berlin),
        Ok(first_ms)
    );
    assert_eq!(deadline("02:30", first_ms - 1, Berlin), Ok(first_ms));
    assert_eq!(deadline("02:30", first_ms, Berlin), Ok(second_ms));
    assert_eq!(deadline("today 02:30", first_ms, Berlin), Ok(second_ms));
    let next_day_ms = wall("2026-10-26 02:30", Berlin);
    assert_eq!(deadline("02:30", second_ms, Berlin), Ok(next_day_ms));
}

#[test]
fn a_duration_is_as_long_on_such_a_day_as_on_any() {
    let now_ms = wall("2027-03-13 12:00", New_York);
    assert_eq!(deadline("1d", now_ms, New_York), Ok(now_ms + 86_400_000));
    let noon_ms = wall("2027-03-14 12:00", New_York);
    assert_eq!(deadline("tomorrow noon", now_ms, New_York), Ok(noon_ms));
    assert_eq!(noon_ms - now_ms, 23 * 3_600_000);
}

#[test]
fn the_end_of_a_day_is_one_instant_where_the_clocks_skip_midnight_or_repeat_it() {
    use chrono_tz::Africa::Cairo;
    use chrono_tz::America::{Havana, Santiago};
    use chrono_tz::Asia::Beirut;
    // The day before, the zone, and the instant at which it ends, by UTC. In Cairo, Beirut and Santiago the
    // clocks go from 24:00 to 01:00 in spring; in Santiago they go from 24:00 back to 23:00 in autumn, and
    // in Havana from 01:00 back to midnight.
    for (now, zone, end) in [
        ("2027-04-29 14:00", Cairo, "2027-04-29 22:00"),
        ("2027-03-27 14:00", Beirut, "2027-03-27 22:00"),
        ("2026-09-05 14:00", Santiago, "2026-09-06 04:00"),
        ("2027-04-03 14:00", Santiago, "2027-04-04 04:00"),
        ("2026-10-31 14:00", Havana, "2026-11-01 04:00"),
    ] {
        let now_ms = wall(now, zone);
        let end_ms = wall(end, chrono_tz::UTC);
        for text in [
            "오늘 안에",
            "자정",
            "midnight",
            "24:00",
            "오늘 자정",
            "내일 0시",
            "밤 12시",
        ] {
            assert_eq!(
                deadline(text, now_ms, zone),
                Ok(end_ms),
                "{zone} {now} {text}"
            );
        }
        // And so it is seen from the day before.
        let day_before_ms = now_ms - 86_400_000;
        assert_eq!(
            deadline("내일 안에", day_before_ms, zone),
            Ok(end_ms),
            "{zone} {now}"
        );
    }
}
