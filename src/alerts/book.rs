//! What has been said and what may be said: the rules of the room's promise. Pure; all times are
//! monotonic milliseconds.

use std::collections::BTreeMap;

use super::{Condition, Event, span};

/// The beginning of the same condition, and events of the same kind, are said once in each such
/// stretch of time.
const SAY_AGAIN_MS: i64 = 600_000;
/// What is held back for less than this is said as if it began just now.
const JUST_NOW_MS: i64 = 10_000;

/// Something to be said now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A condition holds.
    Begun {
        condition: Condition,
        detail: String,
        /// For how long it has held unsaid.
        for_ms: i64,
    },
    /// A condition that was said to hold no longer does.
    Over {
        condition: Condition,
        lasted_ms: i64,
    },
    /// It happened so often since it was last said.
    Happened { event: Event, count: u64 },
}

impl Word {
    pub(super) fn key(&self) -> &'static str {
        match self {
            Self::Begun { condition, .. } | Self::Over { condition, .. } => condition.key(),
            Self::Happened { event, .. } => event.key(),
        }
    }

    pub(super) fn is_good(&self) -> bool {
        matches!(self, Self::Over { .. })
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::Begun {
                condition,
                detail,
                for_ms,
            } => {
                let mut text = condition.what().to_owned();
                if !detail.is_empty() {
                    text += &format!(" ({detail})");
                }
                text.push('.');
                if *for_ms >= JUST_NOW_MS {
                    text += &format!(" It began again {} ago.", span(*for_ms));
                }
                if let Some(advice) = condition.advice() {
                    text += &format!(" {advice}");
                }
                text
            }
            Self::Over {
                condition,
                lasted_ms,
            } => {
                let (what, lasted) = (condition.what(), span(*lasted_ms));
                format!("over: {what}; it lasted {lasted}.")
            }
            Self::Happened { event, count } => format!("{}.", event.what(*count)),
        }
    }
}

/// What holds, and when what was last said.
#[derive(Default)]
pub(super) struct Book {
    conditions: BTreeMap<Condition, Course>,
    events: BTreeMap<Event, Tally>,
}

#[derive(Default)]
struct Course {
    present: Option<Episode>,
    /// When it was last said to begin.
    said_ms: Option<i64>,
}

/// One time of a condition's holding.
struct Episode {
    since_ms: i64,
    detail: String,
    is_said: bool,
}

#[derive(Default)]
struct Tally {
    unsaid: u64,
    said_ms: Option<i64>,
}

impl Book {
    pub(super) fn raise(
        &mut self,
        condition: Condition,
        detail: String,
        now_ms: i64,
    ) -> Option<Word> {
        let course = self.conditions.entry(condition).or_default();
        let episode = course.present.get_or_insert_with(|| Episode {
            since_ms: now_ms,
            detail: String::new(),
            is_said: false,
        });
        // When it is said, it is said as it is then.
        episode.detail = detail;
        course.say(condition, now_ms)
    }

    pub(super) fn end(&mut self, condition: Condition, now_ms: i64) -> Option<Word> {
        let ended = self.conditions.get_mut(&condition)?.present.take()?;
        ended.is_said.then(|| Word::Over {
            condition,
            lasted_ms: now_ms - ended.since_ms,
        })
    }

    pub(super) fn count(&mut self, event: Event, count: u64, now_ms: i64) -> Option<Word> {
        let tally = self.events.entry(event).or_default();
        tally.unsaid += count;
        tally.say(event, now_ms)
    }

    /// What was held back and may be said now.
    pub(super) fn due(&mut self, now_ms: i64) -> Vec<Word> {
        let conditions = self.conditions.iter_mut();
        let begun = conditions.filter_map(|(condition, course)| course.say(*condition, now_ms));
        let events = self.events.iter_mut();
        let happened = events.filter_map(|(event, tally)| tally.say(*event, now_ms));
        begun.chain(happened).collect()
    }
}

impl Course {
    fn say(&mut self, condition: Condition, now_ms: i64) -> Option<Word> {
        let episode = self.present.as_mut()?;
        if episode.is_said || !may_say(self.said_ms, now_ms) {
            return None;
        }
        episode.is_said = true;
        self.said_ms = Some(now_ms);
        Some(Word::Begun {
            condition,
            detail: episode.detail.clone(),
            for_ms: now_ms - episode.since_ms,
        })
    }
}

impl Tally {
    fn say(&mut self, event: Event, now_ms: i64) -> Option<Word> {
        if self.unsaid == 0 || !may_say(self.said_ms, now_ms) {
            return None;
        }
        self.said_ms = Some(now_ms);
        let count = std::mem::take(&mut self.unsaid);
        Some(Word::Happened { event, count })
    }
}

fn may_say(said_ms: Option<i64>, now_ms: i64) -> bool {
    said_ms.is_none_or(|said_ms| now_ms - said_ms >= SAY_AGAIN_MS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AWAY: Condition = Condition::DatabaseAway;

    fn begun(for_ms: i64) -> Word {
        Word::Begun {
            condition: AWAY,
            detail: String::new(),
            for_ms,
        }
    }

    fn over(lasted_ms: i64) -> Word {
        Word::Over {
            condition: AWAY,
            lasted_ms,
        }
    }

    impl Book {
        fn away(&mut self, now_ms: i64) -> Option<Word> {
            self.raise(AWAY, String::new(), now_ms)
        }
    }

    #[test]
    fn a_condition_is_said_once_and_so_is_its_end() {
        let mut book = Book::default();
        assert_eq!(book.end(AWAY, 0), None, "nothing began");
        assert_eq!(book.away(1_000), Some(begun(0)));
        for now_ms in [1_000, 6_000, 10 * SAY_AGAIN_MS] {
            assert_eq!(book.away(now_ms), None);
            assert_eq!(book.due(now_ms), []);
        }
        let end_ms = 1_000 + 10 * SAY_AGAIN_MS;
        assert_eq!(book.end(AWAY, end_ms), Some(over(10 * SAY_AGAIN_MS)));
        assert_eq!(book.end(AWAY, end_ms), None);
        assert_eq!(book.away(end_ms), Some(begun(0)), "long after the first");
    }

    #[test]
    fn what_flaps_is_held_back_until_ten_minutes_are_over() {
        let mut book = Book::default();
        assert_eq!(book.away(0), Some(begun(0)));
        assert_eq!(book.end(AWAY, 5_000), Some(over(5_000)));
        for now_ms in (10_000..SAY_AGAIN_MS - 10_000).step_by(10_000) {
            assert_eq!(book.away(now_ms), None);
            assert_eq!(book.end(AWAY, now_ms + 5_000), None);
        }
        let again_ms = SAY_AGAIN_MS - 60_000;
        assert_eq!(book.away(again_ms), None);
        assert_eq!(book.due(SAY_AGAIN_MS - 1), []);
        assert_eq!(book.due(SAY_AGAIN_MS), [begun(60_000)]);
        assert_eq!(book.due(SAY_AGAIN_MS), []);
        let end_ms = SAY_AGAIN_MS + 60_000;
        assert_eq!(book.end(AWAY, end_ms), Some(over(120_000)));
    }

    #[test]
    fn what_is_held_back_is_said_as_it_is_then() {
        let mut book = Book::default();
        book.away(0);
        book.end(AWAY, 1_000);
        book.raise(AWAY, "1 of 4".into(), 2_000);
        book.raise(AWAY, "3 of 4".into(), 3_000);
        let said = book.due(SAY_AGAIN_MS);
        assert!(said[0].text().contains("(3 of 4)"), "{said:?}");
    }

    #[test]
    fn conditions_do_not_hold_each_other_back() {
        let mut book = Book::default();
        assert!(book.away(0).is_some());
        assert!(book.raise(Condition::DiskLow, String::new(), 0).is_some());
    }

    #[test]
    fn events_are_counted_and_said_once_in_ten_minutes() {
        let mut book = Book::default();
        let discarded = |count| Word::Happened {
            event: Event::Discarded,
            count,
        };
        assert_eq!(book.count(Event::Discarded, 1, 0), Some(discarded(1)));
        assert_eq!(book.count(Event::Discarded, 2, 5_000), None);
        assert_eq!(book.count(Event::Discarded, 40, 10_000), None);
        assert_eq!(book.due(SAY_AGAIN_MS - 1), []);
        assert_eq!(book.due(SAY_AGAIN_MS), [discarded(42)]);
        assert_eq!(book.due(3 * SAY_AGAIN_MS), []);
        let later_ms = 3 * SAY_AGAIN_MS;
        assert_eq!(
            book.count(Event::Discarded, 7, later_ms),
            Some(discarded(7))
        );
    }

    #[test]
    fn alerts_are_whole_sentences() {
        let word = Word::Begun {
            condition: Condition::LogLong,
            detail: "80 MB".into(),
            for_ms: 240_000,
        };
        assert_eq!(
            word.text(),
            "the database's log is too long and fills the disk (80 MB). It began again 4 min ago. \
             Something has been reading from it for a long time (a backup, an open tool); the \
             log is cut as soon as that ends."
        );
        assert_eq!(begun(0).text(), "the database cannot be read.");
        assert_eq!(
            over(180_000).text(),
            "over: the database cannot be read; it lasted 3 min."
        );
        let discarded = |count| Word::Happened {
            event: Event::Discarded,
            count,
        };
        assert_eq!(
            discarded(1).text(),
            "the bot gave up on 1 message; the log says why."
        );
        assert_eq!(
            discarded(12).text(),
            "the bot gave up on 12 messages; the log says why."
        );
        let spans = [119_999, 120_000, 7_199_999, 7_200_000].map(span);
        assert_eq!(spans, ["119 s", "2 min", "119 min", "2 h"]);
    }

    #[derive(Clone, Copy, Debug)]
    enum Deed {
        Raise,
        End,
        Look,
    }

    proptest! {
        /// Whatever happens: beginnings and ends take turns, and beginnings are ten minutes apart.
        #[test]
        fn there_is_never_a_storm(
            deeds in prop::collection::vec(
                (prop_oneof![Just(Deed::Raise), Just(Deed::End), Just(Deed::Look)], 0..400_000_i64),
                0..60,
            )
        ) {
            let mut book = Book::default();
            let (mut now_ms, mut said_ms, mut holds, mut is_said) = (0, None, false, false);
            for (deed, wait_ms) in deeds {
                now_ms += wait_ms;
                let words = match deed {
                    Deed::Raise => {
                        holds = true;
                        Vec::from_iter(book.away(now_ms))
                    }
                    Deed::End => {
                        holds = false;
                        Vec::from_iter(book.end(AWAY, now_ms))
                    }
                    Deed::Look => book.due(now_ms),
                };
                prop_assert!(words.len() <= 1);
                match words.first() {
                    Some(Word::Begun { .. }) => {
                        prop_assert!(holds && !is_said);
                        prop_assert!(said_ms.is_none_or(|said_ms| now_ms - said_ms >= SAY_AGAIN_MS));
                        (said_ms, is_said) = (Some(now_ms), true);
                    }
                    Some(Word::Over { .. }) => {
                        prop_assert!(!holds && is_said);
                        is_said = false;
                    }
                    _ => prop_assert!(!matches!(deed, Deed::End) || !is_said),
                }
            }
            let late = book.due(now_ms + SAY_AGAIN_MS);
            prop_assert_eq!(late.len(), usize::from(holds && !is_said));
        }
    }
}
