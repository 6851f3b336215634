//! Quiet hours: pure arithmetic over civil time. When does the current silence end?
//!
//! A window `[start, end)` in minutes after local midnight, across midnight if end comes before
//! start; equal ends mean none. Where a zone's clock jumps, the longer silence is kept: an instant
//! is quiet if its wall time is in the window.

use chrono::{DateTime, Timelike as _};
use chrono_tz::Tz;

/// A daily window of silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// First quiet minute after local midnight, 0–1439.
    pub start_min: u16,
    /// First minute after the silence, 0–1439.
    pub end_min: u16,
}

impl QuietHours {
    /// 21:00–08:00, as Korean law has it for messages without night consent.
    pub const DEFAULT: Self = Self {
        start_min: 21 * 60,
        end_min: 8 * 60,
    };

    /// No quiet hours.
    pub const OFF: Self = Self {
        start_min: 0,
        end_min: 0,
    };

    /// Whether it is quiet at `at_ms` for somebody who lives by `zone`.
    pub fn is_quiet(self, zone: Tz, at_ms: i64) -> bool {
        let Some(utc) = DateTime::from_timestamp_millis(at_ms) else {
            return false;
        };
        let local = utc.with_timezone(&zone);
        let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap_or(0);
        if self.start_min <= self.end_min {
            (self.start_min..self.end_min).contains(&minute)
        } else {
            minute >= self.start_min || minute < self.end_min
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone as _;

    fn at(hour: u32, minute: u32) -> i64 {
        let local = chrono_tz::Asia::Seoul.with_ymd_and_hms(2026, 11, 21, hour, minute, 0);
        local.unwrap().timestamp_millis()
    }

    #[test]
    fn the_window_is_closed_at_its_start_and_open_at_its_end() {
        let quiet =
            |hour, minute| QuietHours::DEFAULT.is_quiet(chrono_tz::Asia::Seoul, at(hour, minute));
        assert!(!quiet(20, 59));
        assert!(quiet(21, 0));
        assert!(quiet(0, 0));
        assert!(quiet(7, 59));
        assert!(!quiet(8, 0));
    }

    #[test]
    fn a_window_within_one_day_and_none_at_all() {
        let siesta = QuietHours {
            start_min: 13 * 60,
            end_min: 15 * 60,
        };
        let zone = chrono_tz::Asia::Seoul;
        assert!(siesta.is_quiet(zone, at(14, 0)) && !siesta.is_quiet(zone, at(15, 0)));
        assert!((0..24).all(|hour| !QuietHours::OFF.is_quiet(zone, at(hour, 0))));
    }
}
