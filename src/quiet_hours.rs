//! Quiet hours: pure arithmetic over civil time. Is it quiet, and when does the silence end?
//!
//! A window `[start, end)` in minutes after local midnight, across midnight if end comes before
//! start; equal ends mean none. Where a zone's clock jumps, the longer silence is kept:
//!
//! - set back over the start, it begins at the first of the two; over the end, it lasts until the
//!   second, and is not interrupted in between;
//! - set forward over the start, it begins at the jump; over the end, it lasts as many minutes
//!   beyond the jump as the end lies beyond it.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _};
use chrono_tz::Tz;

/// Minutes of the longest jump looked for: a zone once left out a whole day.
const LONGEST_JUMP_MIN: i64 = 26 * 60;

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
        self.quiet_until(zone, at_ms).is_some()
    }

    /// When the silence that reigns at `at_ms` ends, or `None` if it is not quiet then.
    pub fn quiet_until(self, zone: Tz, at_ms: i64) -> Option<i64> {
        if self.start_min == self.end_min {
            return None;
        }
        let today = DateTime::from_timestamp_millis(at_ms)?
            .with_timezone(&zone)
            .date_naive();
        // Two days back: a window may have begun yesterday, and a day may have been left out since.
        let first = today.checked_sub_days(Days::new(2))?;
        let mut until_ms = None;
        for date in first.iter_days().take(4) {
            let (start_ms, end_ms) = self.window(zone, date)?;
            let from_ms = until_ms.unwrap_or(at_ms);
            if (start_ms..end_ms).contains(&from_ms) {
                until_ms = Some(end_ms);
            }
        }
        until_ms
    }

    /// The window that begins on `date`, in UTC.
    fn window(self, zone: Tz, date: NaiveDate) -> Option<(i64, i64)> {
        let end_date = if self.start_min < self.end_min {
            date
        } else {
            date.succ_opt()?
        };
        let start = at_minute(date, self.start_min)?;
        let end = at_minute(end_date, self.end_min)?;
        Some((first_instant(zone, start)?, last_instant(zone, end)?))
    }
}

fn at_minute(date: NaiveDate, minute: u16) -> Option<NaiveDateTime> {
    date.and_hms_opt(u32::from(minute / 60), u32::from(minute % 60), 0)
}

/// The first instant at which the clocks of `zone` show `local` or, leaving it out, what follows.
fn first_instant(zone: Tz, local: NaiveDateTime) -> Option<i64> {
    (0..=LONGEST_JUMP_MIN).find_map(|minutes| {
        let shown = local.checked_add_signed(TimeDelta::minutes(minutes))?;
        let instant = zone.from_local_datetime(&shown).earliest()?;
        Some(instant.timestamp_millis())
    })
}

/// The last instant at which the clocks of `zone` show `local`, or would, had they not jumped.
fn last_instant(zone: Tz, local: NaiveDateTime) -> Option<i64> {
    (0..=LONGEST_JUMP_MIN).find_map(|minutes| {
        let shown = local.checked_sub_signed(TimeDelta::minutes(minutes))?;
        let instant = zone.from_local_datetime(&shown).latest()?;
        Some(instant.timestamp_millis() + minutes * 60_000)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
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
    fn the_silence_ends_at_its_end() {
        let until = |hour| QuietHours::DEFAULT.quiet_until(chrono_tz::Asia::Seoul, at(hour, 0));
        assert_eq!(until(22), Some(at(8, 0) + 86_400_000));
        assert_eq!(until(3), Some(at(8, 0)));
        assert_eq!(until(12), None);
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

    /// Every change of the clocks of every zone from 2000 to 2037, as the instants at which the
    /// new offset begins, with the offsets in minutes before and after.
    fn transitions(zone: Tz) -> Vec<(i64, i64, i64)> {
        use chrono::Offset as _;
        let offset = |at_ms: i64| {
            let utc = DateTime::from_timestamp_millis(at_ms).unwrap().naive_utc();
            i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
        };
        let year = |year| {
            let begins = chrono::Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0);
            begins.unwrap().timestamp_millis()
        };
        // No zone changes its clocks twice within a week.
        let (mut found, step) = (Vec::new(), 7 * 86_400_000);
        let mut before = year(2000);
        while before < year(2038) {
            let (mut low, mut high) = (before, before + step);
            if offset(low) != offset(high) {
                while high - low > 1_000 {
                    let middle = low.midpoint(high);
                    if offset(middle) == offset(low) {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
                found.push((high, offset(low) / 60, offset(high) / 60));
            }
            before += step;
        }
        found
    }

    /// Around every change of every zone's clocks: nothing is let through whose wall time lies in
    /// the window; each silence ends once; and it never lasts longer than window and jump.
    #[test]
    fn across_every_change_of_every_clock_the_silence_holds_and_ends_once() {
        use chrono::Timelike as _;
        let windows = [(21, 8), (1, 3), (0, 6), (23, 2), (2, 3)].map(|(start, end)| QuietHours {
            start_min: start * 60 + 30 * (end % 2),
            end_min: end * 60,
        });
        let mut seen = std::collections::HashSet::new();
        for zone in chrono_tz::TZ_VARIANTS {
            for transition in transitions(zone) {
                // Many zones share their changes; days around one are alike if it is.
                if !seen.insert(transition) {
                    continue;
                }
                let (at_ms, before_min, after_min) = transition;
                let jump_min = after_min - before_min;
                for window in windows {
                    let length = (i64::from(window.end_min) - i64::from(window.start_min))
                        .rem_euclid(24 * 60);
                    let longest_ms = (length + jump_min.abs()) * 60_000;
                    let mut released = None;
                    // A day before and after, every half hour.
                    for half in -48..48 {
                        let now_ms = at_ms + half * 1_800_000;
                        let local = DateTime::from_timestamp_millis(now_ms)
                            .unwrap()
                            .with_timezone(&zone);
                        let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap();
                        let in_window = if window.start_min < window.end_min {
                            (window.start_min..window.end_min).contains(&minute)
                        } else {
                            minute >= window.start_min || minute < window.end_min
                        };
                        let until = window.quiet_until(zone, now_ms);
                        let place = format!("{zone} {local} {window:?} {until:?}");
                        assert!(!in_window || until.is_some(), "let through: {place}");
                        let Some(until_ms) = until else {
                            released = None;
                            continue;
                        };
                        assert!(
                            until_ms > now_ms && until_ms - now_ms <= longest_ms,
                            "{place}"
                        );
                        assert!(!window.is_quiet(zone, until_ms), "not the end: {place}");
                        assert!(
                            released.is_none_or(|before| before == until_ms),
                            "a second end: {place}"
                        );
                        released = Some(until_ms);
                    }
                }
            }
        }
    }
}
