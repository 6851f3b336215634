//! Civil days: which of them an instant belongs to, where each begins, and how far a zone's clocks
//! are from UTC, as SQL needs it to put instants into days.
//!
//! A day here is what the calendar on the wall says. It may have 23 hours or 25, begin at one in the
//! morning, or not exist at all (Samoa's 30 December 2011).

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Offset as _, TimeZone as _};
use chrono_tz::Tz;

use crate::presence::Outage;

const SECOND_MS: i64 = 1_000;
const DAY_MS: i64 = 86_400_000;
/// No clock on earth was ever further from UTC; Manila's, before it changed sides, is the record.
const FURTHEST_S: i64 = 17 * 3_600;

/// The date that the clocks of `zone` show at `at_ms`.
pub fn local_date(at_ms: i64, zone: Tz) -> NaiveDate {
    let at = DateTime::from_timestamp_millis(at_ms).unwrap_or_default();
    at.with_timezone(&zone).date_naive()
}

/// The first instant at which the clocks of `zone` show `date`; of a date that does not exist there,
/// the one at which they leap over it.
pub fn start_of_day(date: NaiveDate, zone: Tz) -> i64 {
    let midnight = date.and_time(NaiveTime::MIN);
    let found = zone.from_local_datetime(&midnight).earliest();
    if let Some(found) = found {
        return found.timestamp_millis();
    }
    // Midnight is inside a gap: the end of it, found by halves.
    let as_utc = midnight.and_utc().timestamp();
    let (mut before, mut from) = (as_utc - FURTHEST_S, as_utc + FURTHEST_S);
    while from - before > 1 {
        let middle = before + (from - before) / 2;
        if local_date(middle * SECOND_MS, zone) < date {
            before = middle;
        } else {
            from = middle;
        }
    }
    from * SECOND_MS
}

/// Whether the clocks of `zone` ever show this date.
pub fn exists(date: NaiveDate, zone: Tz) -> bool {
    local_date(start_of_day(date, zone), zone) == date
}

/// A stretch of time in which a zone's clocks keep their distance from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Since when, in UTC epoch milliseconds; the first of a list holds for all before it, too.
    pub since_ms: i64,
    /// How far they are ahead.
    pub ahead_ms: i64,
}

/// How far the clocks of `zone` are ahead of UTC from `from_ms` until `until_ms`: one stretch, or
/// two more for each year with daylight saving time.
pub fn stretches(zone: Tz, from_ms: i64, until_ms: i64) -> Vec<Stretch> {
    let ahead = |second: i64| {
        let at = DateTime::from_timestamp(second, 0).unwrap_or_default();
        let offset = zone.offset_from_utc_datetime(&at.naive_utc()).fix();
        i64::from(offset.local_minus_utc())
    };
    let (mut second, end) = (
        from_ms.div_euclid(SECOND_MS),
        until_ms.div_euclid(SECOND_MS),
    );
    let mut list = vec![Stretch {
        since_ms: from_ms,
        ahead_ms: ahead(second) * SECOND_MS,
    }];
    // From day to day: no zone has changed twice within one.
    while second < end {
        let next = (second + DAY_MS / SECOND_MS).min(end);
        let (now, then) = (ahead(second), ahead(next));
        if now != then {
            let (mut before, mut after) = (second, next);
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if ahead(middle) == now {
                    before = middle;
                } else {
                    after = middle;
                }
            }
            list.push(Stretch {
                since_ms: after * SECOND_MS,
                ahead_ms: then * SECOND_MS,
            });
        }
        second = next;
    }
    list
}

/// A date as SQL counts it: days since 1970-01-01.
pub fn date_of_number(days: i64) -> NaiveDate {
    let at = DateTime::from_timestamp_millis(days.saturating_mul(DAY_MS)).unwrap_or_default();
    at.date_naive()
}

/// How long the bot was away on each day that an outage touches.
///
/// A moment suffices: an outage from before midnight until after it may be why either day has
/// nothing to show.
pub fn away(outages: &[Outage], zone: Tz) -> BTreeMap<NaiveDate, i64> {
    let mut away = BTreeMap::new();
    for outage in outages {
        let mut at_ms = outage.from_ms;
        while at_ms < outage.until_ms {
            let date = local_date(at_ms, zone);
            let end_ms = date
                .succ_opt()
                .map_or(outage.until_ms, |next| start_of_day(next, zone));
            // A minute after midnight that the clocks show twice: never stand still.
            let end_ms = end_ms.max(at_ms + 1).min(outage.until_ms);
            *away.entry(date).or_insert(0) += end_ms - at_ms;
            at_ms = end_ms;
        }
    }
    away
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Days;
    use proptest::prelude::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp_millis()
    }

    #[test]
    fn days_begin_where_the_clocks_say_so() {
        for (zone, day, begins, hours) in [
            (
                chrono_tz::Asia::Seoul,
                "2026-11-21",
                "2026-11-21T00:00:00+09:00",
                24.0,
            ),
            (
                chrono_tz::Europe::Berlin,
                "2026-03-29",
                "2026-03-29T00:00:00+01:00",
                23.0,
            ),
            (
                chrono_tz::Europe::Berlin,
                "2026-10-25",
                "2026-10-25T00:00:00+02:00",
                25.0,
            ),
            // Half an hour, at two in the morning.
            (
                chrono_tz::Australia::Lord_Howe,
                "2026-10-04",
                "2026-10-04T00:00:00+10:30",
                23.5,
            ),
            (
                chrono_tz::Australia::Lord_Howe,
                "2026-04-05",
                "2026-04-05T00:00:00+11:00",
                24.5,
            ),
            // Midnight itself is leapt over: the day begins at one.
            (
                chrono_tz::America::Sao_Paulo,
                "2018-11-04",
                "2018-11-04T01:00:00-02:00",
                23.0,
            ),
            // The last day before the one that Samoa never had, and the one after it.
            (
                chrono_tz::Pacific::Apia,
                "2011-12-29",
                "2011-12-29T00:00:00-10:00",
                24.0,
            ),
            (
                chrono_tz::Pacific::Apia,
                "2011-12-31",
                "2011-12-31T00:00:00+14:00",
                24.0,
            ),
        ] {
            let (day, next) = (date(day), date(day).succ_opt().unwrap());
            assert_eq!(start_of_day(day, zone), at(begins), "{zone} {day}");
            let length_ms = start_of_day(next, zone) - start_of_day(day, zone);
            assert!(
                (length_ms as f64 / 3_600_000.0 - hours).abs() < 1e-9,
                "{zone} {day}"
            );
        }
        assert!(!exists(date("2011-12-30"), chrono_tz::Pacific::Apia));
        assert!(exists(date("2011-12-29"), chrono_tz::Pacific::Apia));
    }

    #[test]
    fn an_outage_is_shared_out_to_its_days() {
        let outage = Outage {
            from_ms: at("2026-11-20T23:59:00+09:00"),
            until_ms: at("2026-11-22T03:00:00+09:00"),
        };
        let away = away(&[outage], chrono_tz::Asia::Seoul);
        let expected = [
            (date("2026-11-20"), 60_000),
            (date("2026-11-21"), DAY_MS),
            (date("2026-11-22"), 3 * 3_600_000),
        ];
        assert_eq!(away, BTreeMap::from(expected));
    }

    /// 1970 to 2036; the zones' rules before are not of this program's time.
    fn instants() -> impl Strategy<Value = i64> {
        0i64..2_082_758_400_000
    }

    fn zones() -> impl Strategy<Value = Tz> {
        (0..chrono_tz::TZ_VARIANTS.len()).prop_map(|at| chrono_tz::TZ_VARIANTS[at])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        /// What SQL reckons by the stretches is what the clocks show.
        #[test]
        fn stretches_put_every_instant_into_its_day(zone in zones(), at_ms in instants(), before in 0i64..400, after in 0i64..400) {
            let list = stretches(zone, at_ms - before * DAY_MS, at_ms + after * DAY_MS);
            let stretch = list.iter().rev().find(|one| one.since_ms <= at_ms).unwrap();
            let number = (at_ms + stretch.ahead_ms).div_euclid(DAY_MS);
            prop_assert_eq!(date_of_number(number), local_date(at_ms, zone));
        }

        #[test]
        fn the_start_of_a_day_is_its_first_instant(zone in zones(), at_ms in instants()) {
            let date = local_date(at_ms, zone);
            let start_ms = start_of_day(date, zone);
            prop_assert!(start_ms <= at_ms);
            prop_assert_eq!(local_date(start_ms, zone), date);
            prop_assert!(local_date(start_ms - 1, zone) < date);
            prop_assert!(at_ms - start_ms < 27 * 3_600_000, "no day is longer");
        }

        #[test]
        fn days_that_exist_follow_one_another_without_a_gap(zone in zones(), at_ms in instants()) {
            let date = local_date(at_ms, zone);
            let mut next = date.succ_opt().unwrap();
            while !exists(next, zone) {
                prop_assert_eq!(start_of_day(next, zone), start_of_day(next.succ_opt().unwrap(), zone));
                next = next + Days::new(1);
            }
            prop_assert!(start_of_day(next, zone) > start_of_day(date, zone));
        }

        #[test]
        fn no_moment_of_an_outage_is_lost(zone in zones(), from_ms in instants(), length_ms in 60_001i64..40 * DAY_MS) {
            let outage = Outage { from_ms, until_ms: from_ms + length_ms };
            let away = away(&[outage], zone);
            prop_assert_eq!(away.values().sum::<i64>(), length_ms);
            prop_assert!(away.contains_key(&local_date(from_ms, zone)));
            prop_assert!(away.contains_key(&local_date(outage.until_ms - 1, zone)));
        }
    }
}
