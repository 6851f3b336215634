//! A server's calendar: which of its zones made its days when.
//!
//! A day that was counted stays one: a server that moves to another zone counts by it from then on, and
//! what members did before keeps its dates. So a calendar has eras, each with the zone of its time.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::days::{self, Stretch};
use super::streak::Away;
use crate::presence::Outage;

/// A date of which a change of zone has left less than this breaks no streak: half of a day.
const SHORT_MS: i64 = 12 * 3_600_000;

/// Whose days they are, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// At least one, in the order of time; the first holds for all before it, too.
    eras: Vec<Era>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Era {
    since_ms: i64,
    until_ms: i64,
    zone: Tz,
}

/// That of one zone for all time.
impl From<Tz> for Calendar {
    fn from(zone: Tz) -> Self {
        Self::new(&[], zone)
    }
}

impl Calendar {
    /// `past`: the zones of before, each with when it ended. `zone`: the present one.
    pub fn new(past: &[(i64, Tz)], zone: Tz) -> Self {
        let mut past = past.to_vec();
        past.sort_by_key(|(until_ms, _)| *until_ms);
        let mut eras = Vec::with_capacity(past.len() + 1);
        let mut since_ms = i64::MIN;
        for (until_ms, zone) in past.into_iter().chain([(i64::MAX, zone)]) {
            eras.push(Era {
                since_ms,
                until_ms,
                zone,
            });
            since_ms = until_ms;
        }
        Self { eras }
    }

    /// That of a member who has, or had, a zone of their own (`own`, `past`) where the server's (`self`) is not
    /// theirs; `None` in them stands for the server's.
    pub fn of_member(&self, past: &[(i64, Option<Tz>)], own: Option<Tz>) -> Self {
        let mut past = past.to_vec();
        past.sort_by_key(|(until_ms, _)| *until_ms);
        let mut eras = Vec::new();
        let mut since_ms = i64::MIN;
        for (until_ms, zone) in past.into_iter().chain([(i64::MAX, own)]) {
            let era = |since_ms, until_ms, zone| Era {
                since_ms,
                until_ms,
                zone,
            };
            match zone {
                Some(zone) => eras.push(era(since_ms, until_ms, zone)),
                None => eras.extend(self.eras.iter().filter_map(|one| {
                    let (from_ms, to_ms) = (one.since_ms.max(since_ms), one.until_ms.min(until_ms));
                    (from_ms < to_ms).then(|| era(from_ms, to_ms, one.zone))
                })),
            }
            since_ms = until_ms;
        }
        Self { eras }
    }

    /// The present zone.
    pub fn zone(&self) -> Tz {
        self.last().zone
    }

    fn last(&self) -> Era {
        *self.eras.last().expect("a calendar has an era")
    }

    /// The date at an instant.
    pub fn local_date(&self, at_ms: i64) -> NaiveDate {
        let era = self.eras.iter().find(|era| at_ms < era.until_ms);
        days::local_date(at_ms, era.copied().unwrap_or(self.last()).zone)
    }

    /// The first instant of `date`, or of the next one that there is.
    pub fn start_of_day(&self, date: NaiveDate) -> i64 {
        let start = |era: &Era| days::start_of_day(date, era.zone);
        let first = self.eras.iter().find(|era| start(era) < era.until_ms);
        first.map_or(i64::MAX, |era| start(era).max(era.since_ms))
    }

    /// The end of `date`, which is no part of it: behind it no instant is of this date or of an earlier
    /// one. (Where the clocks went back over midnight, some of the next date's come before.)
    pub fn end_of_day(&self, date: NaiveDate) -> i64 {
        let Some(next) = date.succ_opt() else {
            return i64::MAX;
        };
        let end = |era: &Era| days::start_of_day(next, era.zone);
        let last = self.eras.iter().rev().find(|era| end(era) > era.since_ms);
        last.map_or(i64::MIN, |era| end(era).min(era.until_ms))
    }

    /// Whether a member had the time to do anything on this date.
    pub fn exists(&self, date: NaiveDate) -> bool {
        let [only] = self.eras.as_slice() else {
            return self.length_ms(date) >= SHORT_MS;
        };
        days::exists(date, only.zone)
    }

    /// How long a date was, in all eras together.
    fn length_ms(&self, date: NaiveDate) -> i64 {
        let Some(next) = date.succ_opt() else {
            return 0;
        };
        let within = self.eras.iter().map(|era| {
            let from_ms = days::start_of_day(date, era.zone).max(era.since_ms);
            let until_ms = days::start_of_day(next, era.zone).min(era.until_ms);
            (until_ms - from_ms).max(0)
        });
        within.sum()
    }

    /// How far its clocks are ahead of UTC from `from_ms` until `until_ms`.
    pub fn stretches(&self, from_ms: i64, until_ms: i64) -> Vec<Stretch> {
        let mut list = Vec::new();
        for era in &self.eras {
            let (from_ms, until_ms) = (from_ms.max(era.since_ms), until_ms.min(era.until_ms));
            if from_ms < until_ms || (list.is_empty() && from_ms < era.until_ms) {
                list.extend(days::stretches(era.zone, from_ms, until_ms.max(from_ms)));
            }
        }
        list
    }

    /// How long the bot was away on each date that an outage touches.
    pub fn away(&self, outages: &[Outage]) -> Away {
        let mut away = Away::new();
        for era in &self.eras {
            let within = outages.iter().filter_map(|outage| {
                let from_ms = outage.from_ms.max(era.since_ms);
                let until_ms = outage.until_ms.min(era.until_ms);
                (from_ms < until_ms).then_some(Outage { from_ms, until_ms })
            });
            let within: Vec<Outage> = within.collect();
            for (date, away_ms) in days::away(&within, era.zone) {
                *away.entry(date).or_insert(0) += away_ms;
            }
        }
        away
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use chrono_tz::America::New_York;
    use chrono_tz::Asia::Seoul;
    use chrono_tz::Pacific::{Kiritimati, Pago_Pago};
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp_millis()
    }

    #[test]
    fn what_was_one_day_stays_one_in_another_zone() {
        let moved = at("2026-11-21T10:00:00+09:00");
        let calendar = Calendar::new(&[(moved, Seoul)], New_York);
        assert_eq!(calendar.zone(), New_York);
        assert_eq!(calendar.local_date(moved - 1), day("2026-11-21"));
        // Its clocks go back over midnight.
        assert_eq!(calendar.local_date(moved), day("2026-11-20"));
        assert_eq!(
            calendar.start_of_day(day("2026-11-21")),
            at("2026-11-21T00:00:00+09:00")
        );
        assert_eq!(
            calendar.end_of_day(day("2026-11-20")),
            at("2026-11-21T00:00:00-05:00")
        );
        assert_eq!(
            calendar.end_of_day(day("2026-11-19")),
            at("2026-11-20T00:00:00+09:00")
        );
        for date in ["2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22"] {
            assert!(calendar.exists(day(date)), "{date}");
        }
    }

    #[test]
    fn a_members_days_are_those_of_the_zone_that_was_theirs_or_else_the_servers() {
        let moves = [10_000, 20_000, 30_000, 40_000];
        let server = Calendar::new(&[(moves[1], Seoul)], Kiritimati);
        assert_eq!(server.of_member(&[], None), server);
        assert_eq!(server.of_member(&[], Some(New_York)), New_York.into());
        // The server's, then their own, then the server's again, which has moved by then.
        let past = [(moves[0], None), (moves[2], Some(New_York))];
        let expected = [(moves[0], Seoul), (moves[2], New_York)];
        assert_eq!(
            server.of_member(&past, None),
            Calendar::new(&expected, Kiritimati)
        );
        // The server moved while it was theirs.
        let past = [(moves[3], None)];
        let expected = [(moves[1], Seoul), (moves[3], Kiritimati)];
        assert_eq!(
            server.of_member(&past, Some(Pago_Pago)),
            Calendar::new(&expected, Pago_Pago)
        );
    }

    #[test]
    fn a_date_that_a_move_leaves_out_or_hardly_leaves_breaks_nothing() {
        for moved in ["2026-11-20T23:30:00-11:00", "2026-11-21T00:30:00-11:00"] {
            let calendar = Calendar::new(&[(at(moved), Pago_Pago)], Kiritimati);
            assert!(calendar.exists(day("2026-11-20")));
            assert!(!calendar.exists(day("2026-11-21")), "{moved}");
            assert!(calendar.exists(day("2026-11-22")));
        }
    }

    fn zones() -> impl Strategy<Value = Tz> {
        (0..chrono_tz::TZ_VARIANTS.len()).prop_map(|at| chrono_tz::TZ_VARIANTS[at])
    }

    proptest! {
        /// What SQL reckons by the stretches is what the calendar says, in every era.
        #[test]
        fn stretches_put_every_instant_into_its_day(
            past in prop::collection::vec((1_600_000_000_000i64..1_800_000_000_000, zones()), 0..4),
            zone in zones(),
            at_ms in 1_600_000_000_000i64..1_800_000_000_000,
            before in 0i64..100, after in 0i64..100,
        ) {
            const DAY_MS: i64 = 86_400_000;
            let calendar = Calendar::new(&past, zone);
            let list = calendar.stretches(at_ms - before * DAY_MS, at_ms + after * DAY_MS);
            prop_assert!(list.is_sorted_by_key(|one| one.since_ms));
            let stretch = list.iter().rev().find(|one| one.since_ms <= at_ms).unwrap();
            let number = (at_ms + stretch.ahead_ms).div_euclid(DAY_MS);
            prop_assert_eq!(days::date_of_number(number), calendar.local_date(at_ms));
        }

        #[test]
        fn a_day_lies_between_its_start_and_its_end(
            past in prop::collection::vec((1_600_000_000_000i64..1_800_000_000_000, zones()), 0..4),
            zone in zones(),
            at_ms in 1_600_000_000_000i64..1_800_000_000_000,
        ) {
            let calendar = Calendar::new(&past, zone);
            let date = calendar.local_date(at_ms);
            prop_assert!(calendar.start_of_day(date) <= at_ms);
            prop_assert!(at_ms < calendar.end_of_day(date));
        }

        #[test]
        fn no_moment_of_an_outage_is_lost(
            past in prop::collection::vec((1_600_000_000_000i64..1_800_000_000_000, zones()), 0..4),
            zone in zones(),
            from_ms in 1_600_000_000_000i64..1_800_000_000_000, length_ms in 60_001i64..3_000_000_000,
        ) {
            let outage = Outage { from_ms, until_ms: from_ms + length_ms };
            let away = Calendar::new(&past, zone).away(&[outage]);
            prop_assert_eq!(away.values().sum::<i64>(), length_ms);
        }
    }
}
