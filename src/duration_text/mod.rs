//! Durations and clock times as members write them, in Korean and English.
//!
//! `90m`, `한시간 반`, `until 18:00`, `다음 주 월요일 오전 9시까지`: one grammar for both languages,
//! because members mix them (`1시간 30m`, `내일 6pm`). Our own, because no library at hand reads
//! `한시간 반` right, and a deadline that was misread costs its member a failure.
//!
//! What it promises:
//!
//! - The whole text is understood or refused. Nothing is skipped, nothing guessed: what could mean
//!   two things (`30`, `9시`, `9:30`, `0:30`, `next Friday`, `내일`, `12/1`, `CST`, `13 to 15`, `두세 시간`,
//!   `mon 23`, `12/1(수)`) comes back as an error that says which, and [`readings`] names both.
//! - What [`readings`] offers for a text that is not understood leaves out no number, day or zone.
//! - Durations are tried before clock times, and `m` is minutes, never months.
//! - Spaces between Korean words mean nothing; capitals and full-width characters neither.
//! - A clock time without a day is the next such instant. One with a day that has passed is
//!   refused as [`TimeTextError::Past`], never moved.
//! - `오늘 9시` and `today at 3:15` are the half of the day that is still to come, if only one is. A
//!   leading zero (`09:30`) and ISO 8601 are of a clock of 24 hours.
//! - A time with a zone (`7pm KST`, `18:00+09:00`, `한국 시간 18시`) is of that zone's clock and day.
//! - Pure: the present is a parameter. The same text, instant and zone give the same answer.
//!
//! Choices that another reader could have made differently:
//!
//! - *Midnight belongs to the day that it ends* where only that one is to come: `오늘 자정`, `tonight at
//!   midnight`, and `자정` alone is the coming one. `내일 자정` and `midnight friday` have two, and are asked
//!   back. (`내일 0시` and `내일 24시` are plain.) Where the clocks skip midnight, it is the instant at which
//!   one day ends and the next begins.
//! - *밤 1시 belongs to the evening before*: `오늘 밤 1시` is tomorrow's 01:00; 새벽 belongs to the day
//!   named, so `오늘 새벽 1시` said at noon has passed.
//! - Weeks begin on Monday. `이번 주 금요일` is this calendar week's, even if that has passed, but
//!   `this friday`, `이번 금요일` and `friday` are the coming one.
//! - `12/1` has its month first in Korean; in English it is asked back unless one number is above 12.
//!   With points and the year behind, `01.12.2026`, the day is first.
//! - `오늘 안에` and `end of tomorrow` end at midnight; `EOD` may end at six, and is asked back, as are the
//!   ends of weeks (Friday or Sunday), months and years.
//! - `tonight at 1`, said before five in the morning, may be the night that goes on, and is asked back.
//! - Three short numbers are a date in whichever order has a year that is near: `26.12.18`, `12/18/26`.
//! - `십일` is ten days (십 일), since eleven of nothing would be no answer.
//! - A wall time that a clock change repeats is the earlier of the two that is still to come; one
//!   that it skips is refused.
//!
//! Files, in the order a text passes through them: `lexer` makes tokens, `numerals` reads numbers,
//! `duration` and `clock_phrase` are the two grammars (`clock_day`, `clock_date` and `clock_time` are the
//! latter's parts), `place` reads whose clock it is, `civil` turns a clock phrase into an instant. What they
//! do not read may name `several` times; `suggest` and `nearest` make offers. To add a word, put it into the
//! table at the top of its grammar and a line into the table of phrases in `tests`.

mod civil;
mod clock_date;
mod clock_day;
mod clock_phrase;
mod clock_time;
mod duration;
mod format;
mod lexer;
mod nearest;
mod numerals;
mod place;
mod several;
mod suggest;
#[cfg(test)]
mod tests;
mod words;

use chrono_tz::Tz;

pub use format::format_duration;
pub use suggest::{MAX_SUGGESTIONS, Suggestion, readings, suggest};

use clock_phrase::ClockPhrase;
use lexer::Phrase;

/// The longest text that is read, in characters: the wordiest sensible phrase takes about 45, and
/// the grammar need not be asked what a whole essay means.
pub const MAX_TEXT: usize = 64;

/// The furthest deadline, in milliseconds from now: ten years, leap days included. Whoever asks
/// for more has mistyped, and arithmetic further on stays clear of overflow.
pub const LONGEST_MS: i64 = 3_653 * 24 * 60 * 60 * 1_000;

/// What a member's text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Understood {
    /// The instant, in UTC epoch milliseconds; later than the `now_ms` it was read at.
    pub deadline_ms: i64,
    /// Whether the member named a length or an instant.
    pub kind: Kind,
    /// Whether it is the same on every clock: a length, or a time whose zone was named.
    pub is_absolute: bool,
}

/// The two ways to say when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A length from now: `30m`, `한시간 반`.
    Duration,
    /// A point on the clock: `until 18:00`, `내일 오전 9시`.
    ClockTime,
}

/// Why a text was refused, with what an answer in either language needs to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeTextError {
    /// Nothing was written.
    Empty,
    /// More than [`MAX_TEXT`] characters.
    TooLong,
    /// A number without a unit: `30`, or the `30` of `2m 30`.
    BareNumber {
        /// The number as it was written.
        number: String,
    },
    /// An hour that could be either half of the day, `9시`, or that is not in the part of the day
    /// named, `아침 2시`.
    AmbiguousHour {
        /// The hour, 0 to 12.
        hour: u32,
    },
    /// A day that could be two (`next Friday`), or that lacks a time (`내일`).
    AmbiguousDay {
        /// The words for the day, as they were written.
        text: String,
    },
    /// Digits with colons that may be a length or a time of day: `0:30`, `1:30:00`.
    LengthOrClock {
        /// As they were written.
        text: String,
    },
    /// `4시 15분 전`: a quarter to four, or any time before a quarter past.
    BeforeOrTo {
        /// As it was written.
        text: String,
    },
    /// What may mean several things that have no name of their own: `13 to 15`, `두세 시간`, `mon 23`,
    /// `내일 자정`, `12/1(수)`.
    Several {
        /// The part that does, as it was written.
        text: String,
        /// The whole text for each of them. Each can be read, or asks for what it leaves open.
        readings: Vec<String>,
    },
    /// An abbreviation that stands for several zones (`CST`), or for one that has another time then
    /// (`EST` in summer).
    AmbiguousZone {
        /// As it was written.
        text: String,
        /// What it may mean, in minutes ahead of UTC.
        offsets: Vec<i32>,
    },
    /// A clock time that has passed.
    Past {
        /// When it was, in UTC epoch milliseconds.
        at_ms: i64,
    },
    /// A length of nothing: `0m`.
    NotPositive,
    /// More than [`LONGEST_MS`] ahead.
    TooFar,
    /// A wall time that does not happen, because the clocks go forward over it.
    NotALocalTime {
        /// The wall time, `2027-03-14 02:30`.
        text: String,
    },
    /// Not understood.
    Unknown {
        /// The text from where it stopped making sense; empty when it only stopped too early.
        rest: String,
        /// Where that is, in characters from the beginning of the text.
        at: usize,
    },
}

/// Reads a duration or a clock time. `zone` is whose wall clock the text speaks of, unless it names
/// another.
pub fn parse(text: &str, now_ms: i64, zone: Tz) -> Result<Understood, TimeTextError> {
    let several = || {
        let phrase = Phrase::new(text).ok()?;
        several::asked(&phrase, |reading| {
            parse_plainly(reading, now_ms, zone).err()
        })
    };
    match parse_plainly(text, now_ms, zone) {
        Err(unknown @ TimeTextError::Unknown { .. }) => Err(several().unwrap_or(unknown)),
        known => known,
    }
}

/// As [`parse`], but for what names several times, such as a range, which is [`TimeTextError::Unknown`] here.
fn parse_plainly(text: &str, now_ms: i64, zone: Tz) -> Result<Understood, TimeTextError> {
    if let Some(at_ms) = timestamp(text) {
        return match at_ms.checked_sub(now_ms) {
            Some(1..=LONGEST_MS) => Ok(Understood {
                deadline_ms: at_ms,
                kind: Kind::ClockTime,
                is_absolute: true,
            }),
            Some(..=0) => Err(TimeTextError::Past { at_ms }),
            _ => Err(TimeTextError::TooFar),
        };
    }
    read(&Phrase::new(text)?, now_ms, zone)
}

/// Reads a text as the grammars have it.
fn read(phrase: &Phrase<'_>, now_ms: i64, zone: Tz) -> Result<Understood, TimeTextError> {
    if let Some(reading) = duration::read(phrase) {
        let deadline_ms = now_ms.checked_add(reading.ms(phrase)?);
        return Ok(Understood {
            deadline_ms: deadline_ms.ok_or(TimeTextError::TooFar)?,
            kind: Kind::Duration,
            is_absolute: true,
        });
    }
    let Some(clock) = clock_phrase::read(phrase) else {
        return Err(phrase.unknown());
    };
    Ok(Understood {
        deadline_ms: civil::instant(phrase, &clock, now_ms, zone)?,
        kind: Kind::ClockTime,
        is_absolute: clock.place.is_some(),
    })
}

/// Reads a duration only, in milliseconds: for what has no end on a clock, such as the time by
/// which a deadline is put off, or a server's longest time attack.
pub fn parse_duration(text: &str) -> Result<i64, TimeTextError> {
    let phrase = Phrase::new(text)?;
    let several = || {
        several::asked(&phrase, |reading| {
            let phrase = Phrase::new(reading);
            phrase.and_then(|phrase| read_duration(&phrase)).err()
        })
    };
    match read_duration(&phrase) {
        Err(unknown @ TimeTextError::Unknown { .. }) => Err(several().unwrap_or(unknown)),
        known => known,
    }
}

fn read_duration(phrase: &Phrase<'_>) -> Result<i64, TimeTextError> {
    if let Some(reading) = duration::read(phrase) {
        return reading.ms(phrase);
    }
    let unknown = phrase.unknown();
    // `1:30` of what? Anything else that a clock shows is no length.
    match clock_phrase::read(phrase) {
        Some(ClockPhrase {
            day: None,
            time: Some(time),
            ..
        }) if time.colons > 0 && time.span.start == 0 => Err(TimeTextError::LengthOrClock {
            text: phrase.written(time.span),
        }),
        _ => Err(unknown),
    }
}

/// The instant of a timestamp as Discord writes them, copied out of a message: `<t:1795251600:R>`.
fn timestamp(text: &str) -> Option<i64> {
    let text = text.trim().strip_prefix("<t:")?.strip_suffix('>')?;
    let seconds = text.split_once(':').map_or(text, |(seconds, _)| seconds);
    // Within what chrono can show.
    let seconds: i64 = seconds.parse().ok()?;
    (0..=250_000_000_000)
        .contains(&seconds)
        .then_some(seconds * 1_000)
}
