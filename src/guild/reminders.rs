//! When a time attack's member is reminded of its deadline. Pure.

use std::fmt;
use std::str::FromStr;

/// Reminders of one time attack that a guild may choose: more is nagging.
pub const MOST: usize = 5;
/// Reminders are at least this far apart, and this far from the start: what was said a minute ago is
/// no news.
const APART_MS: i64 = 60_000;
/// Below this limit half the time is over before anybody has begun.
const SHARED_FROM_MS: i64 = 10 * 60_000;

/// One moment of a time attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// So many percent of its time are over, 1–99.
    Share(u8),
    /// So many milliseconds are left.
    Before(i64),
}

/// A guild's reminders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminders(Vec<When>);

/// One reminder of one time attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// What it is.
    pub when: When,
    /// When it is due.
    pub at_ms: i64,
}

impl Default for Reminders {
    /// At half the time, ten minutes and one minute before the deadline.
    fn default() -> Self {
        Self(vec![
            When::Share(50),
            When::Before(10 * 60_000),
            When::Before(60_000),
        ])
    }
}

impl Reminders {
    /// No reminders.
    pub const NONE: Self = Self(Vec::new());

    /// Those, each once, [`MOST`] at most; `None` if there are more, or one cannot be.
    pub fn new(mut whens: Vec<When>) -> Option<Self> {
        // In the order in which they come, as far as that can be said of all time attacks.
        whens.sort_by_key(|when| match when {
            When::Share(percent) => (0, i64::from(*percent)),
            When::Before(ms) => (1, -ms),
        });
        whens.dedup();
        let can_be = |when: &When| match when {
            When::Share(percent) => (1..=99).contains(percent),
            When::Before(ms) => (1_000..=super::LONGEST_MS).contains(ms),
        };
        (whens.len() <= MOST && whens.iter().all(can_be)).then_some(Self(whens))
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = When> {
        self.0.iter().copied()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that make sense for a time attack from `started_ms` to `deadline_ms`, in order: no
    /// share of a short one, nothing before the second half but a share, and nothing so close to
    /// another that it is no news. Of two that are, the one nearer to the deadline counts.
    pub fn of(&self, started_ms: i64, deadline_ms: i64) -> Vec<Reminder> {
        let limit_ms = deadline_ms - started_ms;
        let at = |when: When| {
            let at_ms = match when {
                When::Share(percent) => started_ms + limit_ms / 100 * i64::from(percent),
                When::Before(ms) => deadline_ms - ms,
            };
            let makes_sense = match when {
                When::Share(_) => limit_ms >= SHARED_FROM_MS,
                When::Before(ms) => 2 * ms <= limit_ms,
            };
            (makes_sense && at_ms >= started_ms + APART_MS).then_some(Reminder { when, at_ms })
        };
        let mut latest_first: Vec<Reminder> = self.iter().filter_map(at).collect();
        latest_first.sort_by_key(|reminder| (-reminder.at_ms, reminder.when));
        // A share is only roughly known, so the longer the time, the further apart.
        let share_apart_ms = APART_MS.max(limit_ms / 10);
        let mut kept: Vec<Reminder> = Vec::with_capacity(latest_first.len());
        for reminder in latest_first {
            let apart_ms = match reminder.when {
                When::Share(_) => share_apart_ms,
                When::Before(_) => APART_MS,
            };
            let is_close = |next: &Reminder| next.at_ms - reminder.at_ms < apart_ms;
            if !kept.last().is_some_and(is_close) {
                kept.push(reminder);
            }
        }
        kept.reverse();
        kept
    }

    /// The first that is due after `after_ms`.
    pub fn next(&self, started_ms: i64, deadline_ms: i64, after_ms: i64) -> Option<Reminder> {
        let all = self.of(started_ms, deadline_ms);
        all.into_iter().find(|one| one.at_ms > after_ms)
    }

    /// The last that is due by `by_ms`.
    pub fn latest(&self, started_ms: i64, deadline_ms: i64, by_ms: i64) -> Option<Reminder> {
        let all = self.of(started_ms, deadline_ms);
        all.into_iter().rev().find(|one| one.at_ms <= by_ms)
    }
}

/// As it is stored: `50%,600000,60000`.
impl fmt::Display for Reminders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, when) in self.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            match when {
                When::Share(percent) => write!(f, "{comma}{percent}%")?,
                When::Before(ms) => write!(f, "{comma}{ms}")?,
            }
        }
        Ok(())
    }
}

/// What was stored could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no list of reminders")]
pub struct NotReminders;

impl FromStr for Reminders {
    type Err = NotReminders;

    fn from_str(stored: &str) -> Result<Self, NotReminders> {
        let items = stored.split(',').filter(|item| !item.is_empty());
        let read = |item: &str| match item.strip_suffix('%') {
            Some(percent) => percent.parse().map(When::Share),
            None => item.parse().map(When::Before),
        };
        let whens: Result<Vec<When>, _> = items.map(read).collect();
        let whens = whens.map_err(|_| NotReminders)?;
        Self::new(whens).ok_or(NotReminders)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: i64 = 60_000;

    fn minutes_left(reminders: &Reminders, limit_min: i64) -> Vec<i64> {
        let all = reminders.of(0, limit_min * MINUTE);
        let left = |one: &Reminder| limit_min - one.at_ms / MINUTE;
        all.iter().map(left).collect()
    }

    #[test]
    fn the_default_makes_sense_whatever_the_limit() {
        let default = Reminders::default();
        for (limit, left) in [
            (1, vec![]),
            (2, vec![1]),
            (9, vec![1]),
            (10, vec![5, 1]),
            // Ten minutes before the end is half the time: said once, as what is exact.
            (20, vec![10, 1]),
            (24, vec![10, 1]),
            (30, vec![15, 10, 1]),
            (120, vec![60, 10, 1]),
            (30 * 24 * 60, vec![15 * 24 * 60, 10, 1]),
        ] {
            assert_eq!(minutes_left(&default, limit), left, "{limit} minutes");
        }
    }

    #[test]
    fn what_a_guild_cannot_choose_is_refused() {
        let six = (1..=6).map(When::Share).collect();
        for wrong in [
            vec![When::Share(0)],
            vec![When::Share(100)],
            vec![When::Before(0)],
            vec![When::Before(-1)],
            vec![When::Before(super::super::LONGEST_MS + 1)],
            six,
        ] {
            assert_eq!(Reminders::new(wrong.clone()), None, "{wrong:?}");
        }
        for wrong in ["x", "50", "101%", "%", "-5%"] {
            assert_eq!(wrong.parse::<Reminders>(), Err(NotReminders), "{wrong}");
        }
    }

    fn any_when() -> impl Strategy<Value = When> {
        prop_oneof![
            (1..=99u8).prop_map(When::Share),
            (1_000..=super::super::LONGEST_MS).prop_map(When::Before),
        ]
    }

    proptest! {
        #[test]
        fn reminders_are_read_back_and_lie_apart_within_their_time_attack(
            whens in prop::collection::vec(any_when(), 0..=MOST),
            limit_ms in 1_000..=super::super::LONGEST_MS,
        ) {
            let reminders = Reminders::new(whens).unwrap();
            prop_assert_eq!(reminders.to_string().parse::<Reminders>(), Ok(reminders.clone()));
            let all = reminders.of(0, limit_ms);
            for one in &all {
                prop_assert!(one.at_ms >= APART_MS && one.at_ms < limit_ms);
            }
            for pair in all.windows(2) {
                prop_assert!(pair[1].at_ms - pair[0].at_ms >= APART_MS);
            }
            let mut seen = Vec::new();
            let mut after_ms = 0;
            while let Some(next) = reminders.next(0, limit_ms, after_ms) {
                prop_assert_eq!(reminders.latest(0, limit_ms, next.at_ms), Some(next));
                after_ms = next.at_ms;
                seen.push(next);
            }
            prop_assert_eq!(seen, all);
        }
    }
}
