//! How long to wait before the next attempt, and when to give up. Pure.

/// A post that could not be sent for a day is no news any more.
pub(super) const GIVE_UP_AFTER_MS: i64 = 24 * 3_600_000;
/// And it must have been tried this often: a machine that was off for a day has not tried at all.
const GIVE_UP_ATTEMPTS: i64 = 10;
/// After this long the admins are told that posts are late.
pub(super) const ALERT_AFTER_MS: i64 = 60_000;
/// The longest wait between two attempts.
const LONGEST_WAIT_MS: i64 = 300_000;

/// Whether to give up after the `attempt`-th attempt failed, `since_ms` after the first began.
pub(super) fn is_hopeless(attempt: i64, since_ms: i64) -> bool {
    since_ms >= GIVE_UP_AFTER_MS && attempt >= GIVE_UP_ATTEMPTS
}

/// The wait after the `attempt`-th attempt (from 1) failed: 1 s, doubling to five minutes. `spread`
/// lengthens it by up to a fifth, so that what failed together does not come back together.
pub(super) fn wait_ms(attempt: i64, spread: u64) -> i64 {
    let doublings = u32::try_from(attempt.clamp(1, 20) - 1).unwrap_or(0);
    let wait = 1_000_i64
        .saturating_mul(1 << doublings)
        .min(LONGEST_WAIT_MS);
    let fifth = (wait / 5).unsigned_abs().max(1);
    wait + i64::try_from(spread % fifth).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes() {
        let waits: Vec<i64> = (1..=10).map(|attempt| wait_ms(attempt, 0)).collect();
        let expected = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300].map(|seconds| seconds * 1_000);
        assert_eq!(waits, expected);
        assert_eq!(wait_ms(i64::MAX, 0), LONGEST_WAIT_MS);
    }

    #[test]
    fn the_spread_is_less_than_a_fifth() {
        for spread in [0, 1, 199, 200, u64::MAX] {
            assert!((1_000..1_200).contains(&wait_ms(1, spread)));
        }
    }
}
