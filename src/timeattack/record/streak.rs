//! Streaks: days in a row, and what each day did to them.
//!
//! A day counts when something was completed on it. A day with nothing completed ends the streak,
//! except that
//!
//! - today does not end it before it is over;
//! - a day on which the bot was away is passed over (and counts like any other if something was
//!   completed on it all the same: nobody loses what they did);
//! - so is a date that the calendar's clocks leapt over.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::calendar::Calendar;

/// What one member ended on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Done in time.
    pub completed: i64,
    /// Deadlines missed, but for those excused.
    pub failed: i64,
    /// Deadlines that passed while the bot was away: they count in no rate.
    pub excused: i64,
    /// Given up, which is neither success nor failure.
    pub given_up: i64,
}

/// What one member ended, by day.
pub type Days = BTreeMap<NaiveDate, Ended>;

/// How long the bot was away, by day, in milliseconds.
pub type Away = BTreeMap<NaiveDate, i64>;

/// A member's streaks, in days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streaks {
    /// The one that goes on.
    pub current: i64,
    /// The longest there was.
    pub longest: i64,
}

/// What a day did to the streak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Something was completed: the streak is so many days long with it.
    Counted {
        /// Days, this one included.
        streak: i64,
    },
    /// The bot was away.
    PassedOver {
        /// For how long.
        away_ms: i64,
    },
    /// Nothing was completed yet, and the day is not over.
    Open {
        /// Days of the streak that goes on, perhaps none.
        streak: i64,
    },
    /// Nothing was completed: the streak ended.
    Broken {
        /// How many days it had.
        streak: i64,
    },
    /// Nothing was completed, and no streak was there to end.
    Idle,
}

/// A line of the book that explains a streak: one day, or a run of days without anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The first day.
    pub from: NaiveDate,
    /// The last, most often the same.
    pub to: NaiveDate,
    /// What ended.
    pub ended: Ended,
    /// What that did to the streak.
    pub effect: Effect,
}

/// Every day from the first with an ending to `today`, oldest first. Days in a row without anything
/// to say are one line.
pub fn book(days: &Days, away: &Away, calendar: &Calendar, today: NaiveDate) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let Some((first, _)) = days.first_key_value() else {
        return lines;
    };
    let mut streak = 0;
    for date in first.iter_days().take_while(|date| *date <= today) {
        let ended = days.get(&date).copied().unwrap_or_default();
        let effect = if ended.completed > 0 {
            streak += 1;
            Effect::Counted { streak }
        } else if let Some(away_ms) = away.get(&date) {
            Effect::PassedOver { away_ms: *away_ms }
        } else if !calendar.exists(date) {
            continue;
        } else if date == today {
            Effect::Open { streak }
        } else if streak > 0 {
            Effect::Broken {
                streak: std::mem::take(&mut streak),
            }
        } else {
            Effect::Idle
        };
        let line = Line {
            from: date,
            to: date,
            ended,
            effect,
        };
        let is_empty = |line: &Line| line.effect == Effect::Idle && line.ended == Ended::default();
        match lines.last_mut() {
            Some(last) if is_empty(last) && is_empty(&line) => last.to = date,
            _ => lines.push(line),
        }
    }
    lines
}

/// The streaks of a member who completed something on each of `completed`, in ascending order.
pub fn streaks(
    completed: impl IntoIterator<Item = NaiveDate>,
    away: &Away,
    calendar: &Calendar,
    today: NaiveDate,
) -> Streaks {
    let mut streaks = Streaks::default();
    let mut last: Option<NaiveDate> = None;
    for date in completed {
        let goes_on = last.is_some_and(|last| is_unbroken(last, date, away, calendar));
        streaks.current = if goes_on { streaks.current + 1 } else { 1 };
        streaks.longest = streaks.longest.max(streaks.current);
        last = Some(date);
    }
    if !last.is_some_and(|last| is_unbroken(last, today, away, calendar)) {
        streaks.current = 0;
    }
    streaks
}

/// The streak of a member who completes something today, counted from the newest day back: as far as it
/// goes, their days are read page after page, and no day from before it is.
#[derive(Clone, Copy, Debug)]
pub struct Backwards {
    days: i64,
    next: Option<NaiveDate>,
}

impl Backwards {
    /// Nothing from before `today` was read yet.
    pub fn from(today: NaiveDate) -> Self {
        Self {
            days: 1,
            next: today.pred_opt(),
        }
    }

    /// How many days it has so far.
    pub fn days(&self) -> i64 {
        self.days
    }

    /// The next day to be read; `None`: the streak does not go back so far.
    pub fn next(&self) -> Option<NaiveDate> {
        self.next
    }

    /// Goes back until `from`, which is the first of the days that were read.
    pub fn read(&mut self, from: NaiveDate, days: &Days, away: &Away, calendar: &Calendar) {
        while let Some(date) = self.next.filter(|date| *date >= from) {
            let is_counted = days.get(&date).is_some_and(|ended| ended.completed > 0);
            if !is_counted && !is_passed_over(date, away, calendar) {
                self.next = None;
                return;
            }
            self.days += i64::from(is_counted);
            self.next = date.pred_opt();
        }
    }
}

/// Whether every day between these two is passed over.
fn is_unbroken(from: NaiveDate, to: NaiveDate, away: &Away, calendar: &Calendar) -> bool {
    let between = from.iter_days().skip(1).take_while(|date| *date < to);
    let mut between = between.into_iter();
    between.all(|date| is_passed_over(date, away, calendar))
}

/// Whether a day with nothing completed ends no streak.
fn is_passed_over(date: NaiveDate, away: &Away, calendar: &Calendar) -> bool {
    away.contains_key(&date) || !calendar.exists(date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Tz;
    use chrono_tz::{Asia::Seoul, Pacific::Apia};
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn done(count: i64) -> Ended {
        Ended {
            completed: count,
            ..Ended::default()
        }
    }

    const FAILED: Ended = Ended {
        completed: 0,
        failed: 1,
        excused: 0,
        given_up: 0,
    };

    fn effects(days: &Days, away: &Away, zone: Tz, today: &str) -> Vec<Effect> {
        let book = book(days, away, &zone.into(), day(today));
        book.into_iter().map(|line| line.effect).collect()
    }

    #[test]
    fn a_streak_explains_itself() {
        let days = Days::from([
            (day("2026-11-16"), done(1)),
            // A failure breaks nothing on a day when something was completed.
            (
                day("2026-11-17"),
                Ended {
                    failed: 2,
                    ..done(1)
                },
            ),
            (day("2026-11-19"), done(2)),
            (day("2026-11-20"), FAILED),
            (day("2026-11-25"), done(1)),
        ]);
        let away = Away::from([(day("2026-11-18"), 3 * 3_600_000)]);
        let book = book(&days, &away, &Seoul.into(), day("2026-11-26"));
        let effects: Vec<Effect> = book.iter().map(|line| line.effect).collect();
        let expected = [
            Effect::Counted { streak: 1 },
            Effect::Counted { streak: 2 },
            Effect::PassedOver {
                away_ms: 3 * 3_600_000,
            },
            Effect::Counted { streak: 3 },
            Effect::Broken { streak: 3 },
            Effect::Idle,
            Effect::Counted { streak: 1 },
            Effect::Open { streak: 1 },
        ];
        assert_eq!(effects, expected);
        assert_eq!(
            (book[5].from, book[5].to),
            (day("2026-11-21"), day("2026-11-24"))
        );
        let done = days.iter().filter(|(_, ended)| ended.completed > 0);
        let streaks = streaks(
            done.map(|(date, _)| *date),
            &away,
            &Seoul.into(),
            day("2026-11-26"),
        );
        assert_eq!(
            streaks,
            Streaks {
                current: 1,
                longest: 3
            }
        );
    }

    #[test]
    fn today_ends_nothing_before_it_is_over() {
        let days = Days::from([(day("2026-11-20"), done(1))]);
        let none = Away::new();
        let at =
            |today: &str| streaks([day("2026-11-20")], &none, &Seoul.into(), day(today)).current;
        assert_eq!(
            [at("2026-11-20"), at("2026-11-21"), at("2026-11-22")],
            [1, 1, 0]
        );
        let today = effects(&days, &none, Seoul, "2026-11-21");
        assert_eq!(today[1], Effect::Open { streak: 1 });
        let failed = Days::from([(day("2026-11-20"), done(1)), (day("2026-11-21"), FAILED)]);
        let today = effects(&failed, &none, Seoul, "2026-11-21");
        assert_eq!(today[1], Effect::Open { streak: 1 });
    }

    #[test]
    fn downtime_of_any_length_breaks_none_and_counts_for_nothing() {
        let mut away = Away::new();
        for date in day("2026-11-02").iter_days().take(30) {
            away.insert(date, 86_400_000);
        }
        let completed = [day("2026-11-01"), day("2026-12-02")];
        let held = streaks(completed, &away, &Seoul.into(), day("2026-12-02"));
        assert_eq!(
            held,
            Streaks {
                current: 2,
                longest: 2
            }
        );
        away.remove(&day("2026-11-15"));
        let broken = streaks(completed, &away, &Seoul.into(), day("2026-12-02"));
        assert_eq!(
            broken,
            Streaks {
                current: 1,
                longest: 1
            }
        );
    }

    #[test]
    fn a_day_that_a_zone_never_had_breaks_nothing() {
        let completed = [day("2011-12-29"), day("2011-12-31")];
        let none = Away::new();
        let samoa = streaks(completed, &none, &Apia.into(), day("2011-12-31"));
        assert_eq!(
            samoa,
            Streaks {
                current: 2,
                longest: 2
            }
        );
        let days: Days = completed.into_iter().map(|date| (date, done(1))).collect();
        assert_eq!(effects(&days, &none, Apia, "2011-12-31").len(), 2);
        assert_eq!(
            streaks(completed, &none, &Seoul.into(), day("2011-12-31")).current,
            1
        );
    }

    #[test]
    fn no_day_before_a_streak_is_read() {
        let today = day("2026-11-21");
        let mut days = Days::new();
        for date in day("2016-01-01")
            .iter_days()
            .take_while(|date| *date < today)
        {
            days.insert(date, done(1));
        }
        days.remove(&day("2026-11-17"));
        let mut streak = Backwards::from(today);
        let none = Away::new();
        streak.read(day("2026-11-20"), &days, &none, &Seoul.into());
        assert_eq!((streak.days(), streak.next()), (2, Some(day("2026-11-19"))));
        streak.read(day("2026-11-01"), &days, &none, &Seoul.into());
        assert_eq!((streak.days(), streak.next()), (4, None));
    }

    #[test]
    fn nothing_completed_is_no_streak() {
        let none = Away::new();
        assert_eq!(
            streaks([], &none, &Seoul.into(), day("2026-11-21")),
            Streaks::default()
        );
        assert_eq!(effects(&Days::new(), &none, Seoul, "2026-11-21"), []);
    }

    proptest! {
        /// The short way and the book come to the same, whatever the zone and the days.
        #[test]
        fn the_book_and_the_streaks_agree(
            zone in (0..chrono_tz::TZ_VARIANTS.len()).prop_map(|at| chrono_tz::TZ_VARIANTS[at]),
            start in 0u64..20_000,
            kinds in prop::collection::vec(0u8..5, 1..60),
        ) {
            let first = day("1975-01-01") + chrono::Days::new(start);
            let (mut days, mut away) = (Days::new(), Away::new());
            let calendar = Calendar::from(zone);
            let mut today = first;
            for (date, kind) in first.iter_days().zip(&kinds) {
                today = date;
                if !calendar.exists(date) {
                    continue;
                }
                if kind % 5 < 2 {
                    days.insert(date, done(1));
                }
                if *kind == 1 || *kind == 2 {
                    away.insert(date, 61_000);
                }
                if *kind == 3 {
                    days.insert(date, FAILED);
                }
            }
            let done = days.iter().filter(|(_, ended)| ended.completed > 0).map(|(date, _)| *date);
            let short = streaks(done.clone(), &away, &calendar, today);
            // From back to front in pages of whatever length, with something completed today.
            let before = done.filter(|date| *date < today);
            let with_today = streaks(before.chain([today]), &away, &calendar, today).current;
            let mut backwards = Backwards::from(today);
            while let Some(to) = backwards.next().filter(|to| *to >= first) {
                let from = (to - chrono::Days::new(start % 9)).max(first);
                backwards.read(from, &days, &away, &calendar);
            }
            prop_assert_eq!(backwards.days(), with_today);
            let book = book(&days, &away, &calendar, today);
            let longest = book.iter().map(|line| match line.effect {
                Effect::Counted { streak } => streak,
                _ => 0,
            });
            prop_assert_eq!(short.longest, longest.max().unwrap_or(0));
            let mut current = 0;
            for line in &book {
                match line.effect {
                    Effect::Counted { streak } => current = streak,
                    Effect::Broken { streak } => {
                        prop_assert_eq!(streak, current);
                        current = 0;
                    }
                    Effect::Open { streak } => prop_assert_eq!(streak, current),
                    Effect::PassedOver { .. } => {}
                    Effect::Idle => prop_assert_eq!(current, 0),
                }
            }
            prop_assert_eq!(short.current, current);
        }
    }
}
