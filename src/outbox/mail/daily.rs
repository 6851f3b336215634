//! Which minutes count towards a day's limit. Pure.
//!
//! Mails are counted by the minute they were begun in, and leave the count a day after that minute's
//! end: so in no stretch of 24 hours do more go than the limit, though a few may go up to a minute
//! later than they could.

use crate::clock::CLOCKS_DIFFER_MS;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// The minute that a mail begun now is counted in.
pub(super) fn minute(now_ms: i64) -> i64 {
    now_ms.div_euclid(MINUTE_MS)
}

/// The last minute that mails can have been begun in. What was counted in a later one was begun before
/// the clock was set back; it counts as begun now, so that the limit holds and no longer than a day.
pub(super) fn last_counted(now_ms: i64) -> i64 {
    minute(now_ms + CLOCKS_DIFFER_MS)
}

/// The first minute that still counts.
pub(super) fn first_counted(now_ms: i64) -> i64 {
    minute(now_ms - DAY_MS)
}

/// When a minute counts no more.
pub(super) fn over_ms(minute: i64) -> i64 {
    (minute + 1) * MINUTE_MS + DAY_MS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_mail_counts_for_a_day_and_less_than_a_minute_more(
            begun_ms in 1_700_000_000_000_i64..1_900_000_000_000,
            after_ms in 0..2 * DAY_MS,
        ) {
            let counted = minute(begun_ms);
            let counts = counted >= first_counted(begun_ms + after_ms);
            prop_assert_eq!(counts, begun_ms + after_ms < over_ms(counted));
            prop_assert!(counts || after_ms > DAY_MS);
            prop_assert!(!counts || after_ms < DAY_MS + MINUTE_MS);
        }
    }
}
