//! What a member may be about to write, for Discord's autocomplete.
//!
//! Candidates are made freely, from what was typed and what it lacks, and then read by
//! [`parse`]: whatever it refuses is not shown. So a suggestion always means what it says.

use std::ops::Range;

use chrono_tz::Tz;

use super::clock_day::Day;
use super::clock_phrase;
use super::lexer::Phrase;
use super::{TimeTextError, Understood, parse};
use crate::i18n::Language;

/// The most candidates that are given, which is the most that Discord shows (reference,
/// “Autocomplete”: 25 choices).
pub const MAX_SUGGESTIONS: usize = 25;

/// One candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The text, which [`parse`] reads as `understood`.
    pub text: String,
    /// What it means.
    pub understood: Understood,
}

/// The words of one language.
struct Words {
    /// Shown before anything is typed.
    defaults: &'static [&'static str],
    /// Added to whatever leaves room for them.
    tails: &'static [&'static str],
    /// Times of day, for a day without one.
    times: &'static [&'static str],
    /// Units, for a number without one.
    units: &'static [&'static str],
    /// Words that are completed from their beginnings.
    vocabulary: &'static [&'static str],
    /// What stands for a day whose time has passed, and the day after it.
    later: &'static [(&'static str, &'static str)],
    /// A weekday of this week and of the next, without the weekday.
    weeks: [&'static str; 2],
    weekdays: [&'static str; 7],
}

const ENGLISH: Words = Words {
    defaults: &[
        "10m",
        "25m",
        "30m",
        "1h",
        "2h",
        "until 18:00",
        "tomorrow 9am",
    ],
    tails: &[
        "10m", "15m", "30m", "1h", "2h", "9am", "noon", "6pm", "9pm", "midnight",
    ],
    times: &["9am", "noon", "6pm", "9pm"],
    units: &["m", " hours", " days", "s"],
    vocabulary: &[
        "minutes",
        "hour",
        "hours",
        "days",
        "weeks",
        "seconds",
        "half an hour",
        "an hour",
        "an hour and a half",
        "today",
        "tonight",
        "tomorrow",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "next week",
        "noon",
        "midnight",
        "until",
        "from now",
    ],
    later: &[("today", "tomorrow"), ("this week", "next week")],
    weeks: ["this week", "next week"],
    weekdays: [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ],
};

const KOREAN: Words = Words {
    defaults: &[
        "10분",
        "25분",
        "30분",
        "1시간",
        "2시간",
        "오후 6시까지",
        "내일 오전 9시",
    ],
    tails: &[
        "10분",
        "15분",
        "30분",
        "1시간",
        "2시간",
        "9시",
        "오전 9시",
        "정오",
        "6시",
        "오후 6시",
        "오후 9시",
    ],
    times: &["오전 9시", "정오", "오후 6시", "오후 9시"],
    units: &["분", "시간", "일", "초"],
    vocabulary: &[
        "시간",
        "한 시간",
        "한 시간 반",
        "두 시간",
        "반시간",
        "하루",
        "이틀",
        "사흘",
        "일주일",
        "오늘",
        "내일",
        "모레",
        "오전",
        "오후",
        "저녁",
        "새벽",
        "정오",
        "자정",
        "월요일",
        "화요일",
        "수요일",
        "목요일",
        "금요일",
        "토요일",
        "일요일",
        "이번 주",
        "다음 주",
    ],
    later: &[
        ("오늘", "내일"),
        ("이번 주", "다음 주"),
        ("이번주", "다음 주"),
    ],
    weeks: ["이번 주", "다음 주"],
    weekdays: [
        "월요일",
        "화요일",
        "수요일",
        "목요일",
        "금요일",
        "토요일",
        "일요일",
    ],
};

/// Up to [`MAX_SUGGESTIONS`] texts that [`parse`] accepts, the likeliest first; no two of them mean
/// the same instant. What was typed comes first if it can be read as it is.
///
/// `language` decides only where the typed letters do not.
pub fn suggest(partial: &str, now_ms: i64, zone: Tz, language: Language) -> Vec<Suggestion> {
    let typed = partial.trim();
    let (words, language) = words(typed, language);
    let mut list = List {
        found: Vec::new(),
        now_ms,
        zone,
        words,
    };
    if typed.is_empty() {
        for text in words.defaults {
            list.offer((*text).to_owned());
        }
        return list.found;
    }
    let is_digits = typed.ends_with(|c: char| c.is_numeric());
    let read = parse(typed, now_ms, zone);
    match &read {
        Ok(_) => list.offer(typed.to_owned()),
        Err(TimeTextError::TooLong) => return Vec::new(),
        // `오` is a five, but more likely the beginning of 오늘; `5` is nothing but a number.
        Err(TimeTextError::BareNumber { .. }) if is_digits => list.offer_units(typed, language),
        Err(TimeTextError::AmbiguousHour { hour }) => list.offer_halves(typed, *hour, language),
        Err(TimeTextError::AmbiguousDay { .. }) => list.offer_days(typed),
        Err(TimeTextError::Past { .. }) => list.offer_later(typed),
        Err(_) => {}
    }
    for text in completions(typed, words) {
        list.offer_completed(&text);
    }
    if matches!(read, Err(TimeTextError::BareNumber { .. })) {
        list.offer_units(typed, language);
    }
    list.offer_tails(typed);
    list.found
}

fn words(typed: &str, language: Language) -> (&'static Words, Language) {
    if typed.chars().any(|c| ('가'..='힣').contains(&c)) {
        (&KOREAN, Language::Korean)
    } else if typed.chars().any(|c| c.is_ascii_alphabetic()) || language == Language::English {
        (&ENGLISH, Language::English)
    } else {
        (&KOREAN, Language::Korean)
    }
}

struct List {
    found: Vec<Suggestion>,
    now_ms: i64,
    zone: Tz,
    words: &'static Words,
}

impl List {
    /// Takes a candidate that can be read and says something new.
    fn offer(&mut self, text: String) {
        if self.found.len() >= MAX_SUGGESTIONS {
            return;
        }
        let Ok(understood) = parse(&text, self.now_ms, self.zone) else {
            return;
        };
        let is_new = |known: &Suggestion| known.understood.deadline_ms != understood.deadline_ms;
        if self.found.iter().all(is_new) {
            self.found.push(Suggestion { text, understood });
        }
    }

    /// `30`: 30 minutes, hours, days? Half past?
    fn offer_units(&mut self, typed: &str, language: Language) {
        for unit in self.words.units {
            let unit = match typed {
                "1" => unit.trim_end_matches(|c| unit.len() > 1 && c == 's'),
                _ => unit,
            };
            self.offer(format!("{typed}{unit}"));
        }
        if typed.parse::<u32>().is_ok() {
            self.offer_completed(&match language {
                Language::Korean => format!("{typed}시"),
                Language::English => format!("until {typed}"),
            });
        }
    }

    /// `내일 9시`: in the morning, in the evening?
    fn offer_halves(&mut self, typed: &str, hour: u32, language: Language) {
        let Some(Spans { time, .. }) = spans(typed) else {
            return;
        };
        let halves = match (language, hour) {
            (Language::Korean, 12) => ["낮 ", "밤 "],
            (Language::Korean, _) => ["오전 ", "오후 "],
            (Language::English, 12) => ["pm", "am"],
            (Language::English, _) => ["am", "pm"],
        };
        let at = match language {
            Language::Korean => time.start,
            Language::English => time.end,
        };
        for half in halves {
            self.offer(inserted(typed, at, half));
        }
    }

    /// `내일`: at what time? `next friday`: this week's or the next?
    fn offer_days(&mut self, typed: &str) {
        let Some(Spans {
            time,
            day: Some((day, span)),
        }) = spans(typed)
        else {
            return;
        };
        let before: String = typed.chars().take(span.start).collect();
        let written: String = typed.chars().skip(span.start).take(span.len()).collect();
        let after: String = typed.chars().skip(span.end).collect();
        let [this_week, next_week] = self.words.weeks;
        let weekday =
            |weekday: chrono::Weekday| self.words.weekdays[weekday.num_days_from_monday() as usize];
        let days = match day {
            Day::NextOrAfter(day) => vec![
                format!("{this_week} {}", weekday(day)),
                format!("{next_week} {}", weekday(day)),
            ],
            Day::SomeDayInWeek => {
                let days = self.words.weekdays.iter();
                days.map(|day| format!("{written} {day}")).collect()
            }
            _ => vec![written],
        };
        for day in days {
            let said = format!("{before}{day}{after}");
            if !time.is_empty() {
                self.offer(said);
                continue;
            }
            for time in self.words.times {
                self.offer(format!("{before}{day} {time}{after}"));
            }
        }
    }

    /// `오늘 9:00` in the afternoon: tomorrow's?
    fn offer_later(&mut self, typed: &str) {
        for (day, later) in self.words.later {
            self.offer(typed.to_ascii_lowercase().replacen(day, later, 1));
        }
    }

    /// A completed text, with what it still lacks.
    fn offer_completed(&mut self, text: &str) {
        match parse(text, self.now_ms, self.zone) {
            Ok(_) => self.offer(text.to_owned()),
            Err(TimeTextError::AmbiguousHour { hour }) => {
                let (_, language) = words(text, Language::English);
                self.offer_halves(text, hour, language);
            }
            Err(TimeTextError::AmbiguousDay { .. }) => {
                self.offer_days(text);
                // `내일 오전` has said the half of the day, and lacks the hour only.
                self.offer_tails(text);
            }
            Err(_) => self.offer_tails(text),
        }
    }

    fn offer_tails(&mut self, text: &str) {
        for tail in self.words.tails {
            self.offer(format!("{text} {tail}"));
        }
    }
}

/// `text` with its last word completed, in every way that the vocabulary knows.
fn completions(text: &str, words: &'static Words) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for word in words.vocabulary {
        for (at, _) in word.char_indices().skip(1) {
            let (typed, rest) = word.split_at(at);
            let Some(before) = lower.strip_suffix(typed) else {
                continue;
            };
            // An English word begins where no letter is before it: `on` is no `noon`.
            if !before.ends_with(|c: char| c.is_ascii_alphabetic()) {
                found.push(format!("{text}{rest}"));
            }
        }
    }
    found
}

/// Where the parts of a clock time are, in characters.
struct Spans {
    /// The hour and what follows; empty if there is none.
    time: Range<usize>,
    day: Option<(Day, Range<usize>)>,
}

fn spans(text: &str) -> Option<Spans> {
    let phrase = Phrase::new(text).ok()?;
    let clock = clock_phrase::read(&phrase)?;
    Some(Spans {
        time: clock.time.map_or(0..0, |time| phrase.chars_of(time.span)),
        day: clock.day.map(|(day, span)| (day, phrase.chars_of(span))),
    })
}

fn inserted(text: &str, at: usize, part: &str) -> String {
    let before: String = text.chars().take(at).collect();
    let after: String = text.chars().skip(at).collect();
    format!("{before}{part}{after}")
}
