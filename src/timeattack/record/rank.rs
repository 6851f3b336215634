//! Who is before whom on a leaderboard.

use std::cmp::Ordering;

use crate::ids::UserId;

/// What counts of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// Whose.
    pub user: UserId,
    /// Done in time.
    pub completed: i64,
    /// Deadlines missed, but for those excused.
    pub failed: i64,
    /// When the last of those completed was.
    pub reached_ms: i64,
}

impl Score {
    /// Completed of all that count, in per cent, rounded down: a hundred is without a miss.
    pub fn rate_percent(&self) -> Option<i64> {
        rate_percent(self.completed, self.failed)
    }
}

/// Completed of all that count, in per cent, rounded down; `None`: nothing counts.
pub fn rate_percent(completed: i64, failed: i64) -> Option<i64> {
    let all = completed + failed;
    (all > 0).then(|| completed * 100 / all)
}

/// The better one is less: more completed; then fewer missed for it; then who got there first.
fn compare(one: &Score, other: &Score) -> Ordering {
    // a/(a+b) against c/(c+d) without rounding is a·d against c·b.
    let rate =
        |score: &Score, against: &Score| i128::from(score.completed) * i128::from(against.failed);
    (other.completed.cmp(&one.completed))
        .then_with(|| rate(other, one).cmp(&rate(one, other)))
        .then_with(|| one.reached_ms.cmp(&other.reached_ms))
}

/// The scores in their order, each with its rank. Equals share one, and the next is as many further
/// on: 1, 2, 2, 4.
pub fn ranked(mut scores: Vec<Score>) -> Vec<(i64, Score)> {
    // Equals in an order of their own, so that a page is the same each time.
    scores.sort_unstable_by(|one, other| compare(one, other).then(one.user.cmp(&other.user)));
    let mut ranked: Vec<(i64, Score)> = Vec::with_capacity(scores.len());
    for (place, score) in (1..).zip(scores) {
        let rank = match ranked.last() {
            Some((rank, before)) if compare(before, &score) == Ordering::Equal => *rank,
            _ => place,
        };
        ranked.push((rank, score));
    }
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn score(user: i64, completed: i64, failed: i64, reached_ms: i64) -> Score {
        Score {
            user: UserId(user),
            completed,
            failed,
            reached_ms,
        }
    }

    #[test]
    fn more_completed_then_the_better_rate_then_the_earlier() {
        let ranks = ranked(vec![
            score(1, 5, 5, 10),
            score(2, 5, 1, 30),
            score(3, 6, 20, 40),
            score(4, 5, 5, 9),
            score(5, 5, 5, 10),
            score(6, 1, 0, 1),
        ]);
        let ranks: Vec<(i64, i64)> = ranks
            .iter()
            .map(|(rank, one)| (*rank, one.user.0))
            .collect();
        assert_eq!(ranks, [(1, 3), (2, 2), (3, 4), (4, 1), (4, 5), (6, 6)]);
    }

    #[test]
    fn a_hundred_per_cent_is_without_a_miss() {
        assert_eq!(rate_percent(999, 1), Some(99));
        assert_eq!(rate_percent(1, 0), Some(100));
        assert_eq!(rate_percent(0, 3), Some(0));
        assert_eq!(rate_percent(0, 0), None);
    }

    proptest! {
        #[test]
        fn ranks_follow_the_order_and_lose_nobody(
            scores in prop::collection::vec((1i64..4, 0i64..4, 0i64..3), 0..40)
        ) {
            let scores: Vec<Score> = (0..).zip(&scores).map(|(user, one)| score(user, one.0, one.1, one.2)).collect();
            let ranked = ranked(scores.clone());
            prop_assert_eq!(ranked.len(), scores.len());
            for (place, (rank, one)) in (1..).zip(&ranked) {
                prop_assert!(*rank <= place);
                // As many are strictly better as the rank says.
                let better = scores.iter().filter(|other| compare(other, one) == Ordering::Less);
                prop_assert_eq!(better.count() as i64, rank - 1);
            }
        }
    }
}
