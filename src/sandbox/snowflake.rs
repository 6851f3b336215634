//! Discord's ids: 42 bits of milliseconds since 2015, 22 bits that keep equal times apart.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

/// 2015-01-01T00:00:00Z. Source: Discord's reference, “Snowflakes”.
const DISCORD_EPOCH_MS: i64 = 1_420_070_400_000;

/// Makes snowflakes that never repeat within one local Discord.
#[derive(Debug, Default)]
pub(super) struct SnowflakeMaker {
    count: AtomicU64,
}

impl SnowflakeMaker {
    /// A snowflake that was made at `wall_ms`.
    ///
    /// The low bits count instead of naming a machine: 4 million ids may share a millisecond, so
    /// a test that stops the clock, or backdates a click, still gets ids of its own.
    pub(super) fn make(&self, wall_ms: i64) -> u64 {
        let count = self.count.fetch_add(1, Ordering::Relaxed) & ((1 << 22) - 1);
        first_of(wall_ms) | count
    }
}

/// The smallest snowflake of the millisecond `wall_ms`.
pub(super) fn first_of(wall_ms: i64) -> u64 {
    (wall_ms - DISCORD_EPOCH_MS).max(0).cast_unsigned() << 22
}

/// Reads an id as Discord does: a string of digits, or (leniently) a number.
pub(super) fn parse(value: &Value) -> Option<u64> {
    match value {
        Value::String(digits) => digits.parse().ok(),
        Value::Number(number) => number.as_u64(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Discord's form of a timestamp: ISO 8601 with microseconds and `+00:00`.
pub(super) fn timestamp(wall_ms: i64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(wall_ms).unwrap_or_default();
    time.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snowflake_carries_its_time_and_does_not_repeat() {
        let maker = SnowflakeMaker::default();
        let (first, second) = (maker.make(1_462_015_105_796), maker.make(1_462_015_105_796));
        assert!(second > first);
        assert_eq!(crate::ids::snowflake_ms(second), 1_462_015_105_796);
        assert_eq!(
            timestamp(1_462_015_105_796),
            "2016-04-30T11:18:25.796000+00:00"
        );
    }
}
