//! What a member may be about to write, for Discord's autocomplete.
//!
//! Candidates are made freely, from what was typed and what it lacks, and then read by
//! [`parse`]: whatever it refuses is not shown. So a suggestion always means what it says.

use std::ops::Range;

use chrono_tz::Tz;

use super::clock_day::{Day, short_years};
use super::clock_phrase::{self, Vague};
use super::clock_time::{Part, Time};
use super::lexer::{Phrase, folded};
use super::nearest;
use super::words::{self, MONTHS, Words};
use super::{TimeTextError, Understood, parse, parse_plainly};
use crate::i18n::Language;
use crate::zones;

/// The most candidates that are given, which is the most that Discord shows (reference,
/// “Autocomplete”: 25 choices).
pub const MAX_SUGGESTIONS: usize = 25;

/// The most readings that a refusal names: what fits a sentence.
const MAX_READINGS: usize = 4;

/// How many texts are read for one list at most. Most lists are made of fewer than a hundred; those of what
/// a machine wrote would be made of thousands.
const MAX_READ: usize = 160;

/// One candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The text, which [`parse`] reads as `understood`.
    pub text: String,
    /// What it means.
    pub understood: Understood,
}

/// Up to [`MAX_SUGGESTIONS`] texts that [`parse`] accepts, the likeliest first; no two of them mean
/// the same instant. What was typed comes first if it can be read as it is.
///
/// `language` decides only where the typed letters do not.
pub fn suggest(partial: &str, now_ms: i64, zone: Tz, language: Language) -> Vec<Suggestion> {
    let typed = partial.trim();
    let mut list = List::new(typed, now_ms, zone, language);
    if typed.is_empty() {
        for text in list.words.defaults {
            list.offer((*text).to_owned());
        }
        return list.found;
    }
    let read = parse(typed, now_ms, zone);
    // What cannot be read as it is, is worked on in the characters that it is read as.
    let plain = plain(typed);
    let typed = if read.is_ok() { typed } else { plain.as_str() };
    match &read {
        Ok(_) => list.offer(typed.to_owned()),
        Err(TimeTextError::TooLong) => return Vec::new(),
        // `오` is a five, but more likely the beginning of 오늘; `5` is nothing but a number.
        Err(TimeTextError::BareNumber { .. }) if !typed.ends_with(char::is_numeric) => {}
        // What is cut short is completed first; what is wrong may be left out then.
        Err(TimeTextError::Unknown { .. }) => {}
        Err(error) => list.offer_readings(typed, error),
    }
    for text in completions(typed, list.words) {
        list.offer_completed(&text);
    }
    if matches!(read, Err(TimeTextError::BareNumber { .. })) {
        list.offer_units(typed);
    }
    list.offer_tails(typed);
    if let Err(error @ TimeTextError::Unknown { .. }) = &read
        && list.found.is_empty()
    {
        list.offer_readings(typed, error);
    }
    list.found
}

/// What a text that was refused with `error` may mean: a few texts that [`parse`] accepts, for an
/// answer that asks which.
pub fn readings(
    text: &str,
    error: &TimeTextError,
    now_ms: i64,
    zone: Tz,
    language: Language,
) -> Vec<Suggestion> {
    let typed = plain(text);
    let mut list = List::new(&typed, now_ms, zone, language);
    list.offer_readings(&typed, error);
    list.found.truncate(MAX_READINGS);
    list.found
}

/// A text in the characters that it is read as, without what ends a sentence or quotes.
fn plain(text: &str) -> String {
    let is_idle = |c: char| c.is_whitespace() || matches!(c, '.' | '!' | '?' | ',' | ';' | '~');
    let is_quote = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`');
    let text = folded(text);
    let text = text.trim_start_matches(is_quote);
    text.trim_end_matches(|c| is_idle(c) || is_quote(c))
        .to_owned()
}

struct List {
    found: Vec<Suggestion>,
    now_ms: i64,
    zone: Tz,
    words: &'static Words,
    language: Language,
    /// How many more texts may be read.
    to_read: usize,
}

impl List {
    fn new(typed: &str, now_ms: i64, zone: Tz, language: Language) -> Self {
        let (words, language) = words::of(typed, language);
        Self {
            found: Vec::new(),
            now_ms,
            zone,
            words,
            language,
            to_read: MAX_READ,
        }
    }

    /// Reads a text, if not too many have been.
    fn read(&mut self, text: &str) -> Result<Understood, TimeTextError> {
        match self.to_read.checked_sub(1) {
            Some(left) => {
                self.to_read = left;
                parse_plainly(text, self.now_ms, self.zone)
            }
            None => Err(TimeTextError::TooLong),
        }
    }

    /// Takes a candidate that can be read and says something new.
    fn offer(&mut self, text: String) {
        if self.found.len() >= MAX_SUGGESTIONS {
            return;
        }
        let text = match text.trim() {
            trimmed if trimmed.len() == text.len() => text,
            trimmed => trimmed.to_owned(),
        };
        let Ok(understood) = self.read(&text) else {
            return;
        };
        let is_new = |known: &Suggestion| known.understood.deadline_ms != understood.deadline_ms;
        if self.found.iter().all(is_new) {
            self.found.push(Suggestion { text, understood });
        }
    }

    /// Each meaning of a text that was refused.
    fn offer_readings(&mut self, typed: &str, error: &TimeTextError) {
        match error {
            TimeTextError::BareNumber { .. } => self.offer_units(typed),
            TimeTextError::AmbiguousHour { hour } => {
                self.offer_halves(typed, *hour);
                self.offer_lengths(typed);
            }
            TimeTextError::LengthOrClock { .. } => self.offer_length_or_clock(typed),
            TimeTextError::BeforeOrTo { .. } => self.offer_before_or_to(typed),
            TimeTextError::AmbiguousZone { offsets, .. } => self.offer_offsets(typed, offsets),
            TimeTextError::AmbiguousDay { .. } => self.offer_days(typed),
            TimeTextError::Several { readings, .. } => self.offer_each(readings),
            TimeTextError::Past { .. } => self.offer_later(typed),
            TimeTextError::Unknown { at, .. } => self.offer_nearest(typed, *at),
            TimeTextError::Empty
            | TimeTextError::TooLong
            | TimeTextError::NotPositive
            | TimeTextError::TooFar
            | TimeTextError::NotALocalTime { .. } => {}
        }
    }

    /// Each of several texts, in what it may mean itself; as many of each, while there are.
    fn offer_each(&mut self, texts: &[String]) {
        let quota = (MAX_READINGS / texts.len().max(1)).max(1);
        let mut rest = Vec::new();
        for text in texts {
            let mut own = List {
                found: Vec::new(),
                ..*self
            };
            own.offer_reading(text);
            self.to_read = own.to_read;
            let more = own.found.split_off(own.found.len().min(quota));
            own.found.into_iter().for_each(|one| self.take(one));
            rest.push(more);
        }
        rest.into_iter().flatten().for_each(|one| self.take(one));
    }

    fn offer_reading(&mut self, text: &str) {
        match self.read(text) {
            Err(TimeTextError::AmbiguousDay { .. }) => self.offer_days(text),
            Err(TimeTextError::Several { readings, .. }) => {
                for text in readings {
                    match self.read(&text) {
                        Err(TimeTextError::AmbiguousDay { .. }) => self.offer_days(&text),
                        _ => self.offer_completed_once(&text),
                    }
                }
            }
            _ => self.offer_completed_once(text),
        }
    }

    /// Takes a candidate that has been read.
    fn take(&mut self, one: Suggestion) {
        let is_new =
            |known: &Suggestion| known.understood.deadline_ms != one.understood.deadline_ms;
        if self.found.len() < MAX_SUGGESTIONS && self.found.iter().all(is_new) {
            self.found.push(one);
        }
    }

    /// `30`: 30 minutes, hours, days? Half past? `17.30` and `1730` are times of day.
    fn offer_units(&mut self, typed: &str) {
        if let Some(clock) = as_clock(typed) {
            return self.offer_completed(&clock);
        }
        for unit in self.words.units {
            let unit = match typed {
                "1" => unit.trim_end_matches(|c| unit.len() > 1 && c == 's'),
                _ => unit,
            };
            self.offer(format!("{typed}{unit}"));
        }
        if typed.parse::<u32>().is_ok() {
            self.offer_completed(&match self.language {
                Language::Korean => format!("{typed}시"),
                Language::English => format!("until {typed}"),
            });
        }
    }

    /// `내일 9시`: in the morning, in the evening?
    fn offer_halves(&mut self, typed: &str, hour: u32) {
        let Some(Spans {
            time: Some(time),
            day,
            ..
        }) = spans(typed)
        else {
            return;
        };
        let (_, language) = words::of(typed, self.language);
        if language == Language::English && time.is_in_part {
            return self.offer_outside_part(typed, &time, day.map(|(_, span)| span).as_ref());
        }
        let halves = match (language, hour) {
            (Language::Korean, 12) => ["낮 ", "밤 "],
            (Language::Korean, _) => ["오전 ", "오후 "],
            (Language::English, 12) => ["pm", "am"],
            (Language::English, _) => ["am", "pm"],
        };
        for half in halves {
            self.offer(match (language, &time.part) {
                // `저녁 12시`: what was said of the half is not in it.
                (Language::Korean, Some(part)) => {
                    replaced(typed, part.start..time.hour.start, half)
                }
                (Language::Korean, None) => replaced(typed, time.hour.start..time.hour.start, half),
                (Language::English, _) if time.is_oclock => {
                    replaced(typed, time.hour.clone(), &format!("{hour}{half}"))
                }
                (Language::English, _) => {
                    // `half past five` ends in a letter, which the half would run into.
                    let last = typed.chars().nth(time.hour.end.wrapping_sub(1));
                    let is_word = last.is_some_and(|c| c.is_ascii_alphabetic());
                    let space = if is_word { " " } else { "" };
                    // And so would what follows: `6ish`.
                    let next = typed.chars().nth(time.hour.end);
                    let is_word = next.is_some_and(|c| c.is_ascii_alphabetic());
                    let after = if is_word { " " } else { "" };
                    let end = time.hour.end..time.hour.end;
                    replaced(typed, end, &format!("{space}{half}{after}"))
                }
            });
        }
    }

    /// `tomorrow morning at 12:30`: what was said of the half of the day is not in it.
    fn offer_outside_part(&mut self, typed: &str, time: &TimeSpans, day: Option<&Range<usize>>) {
        for half in ["am", "pm"] {
            let hour = match time.minute {
                0 => format!("{}{half}", time.dial),
                minute => format!("{}:{minute:02}{half}", time.dial),
            };
            // `tonight` and `this morning` name the day as well.
            let part = match (&time.part, day) {
                (Some(part), _) => Some((part.clone(), "")),
                (None, Some(day)) if time.is_part_before => Some((day.clone(), "today")),
                (None, _) => None,
            };
            let mut changes = vec![(time.hour.clone(), hour.as_str())];
            changes.extend(part);
            // What is behind is replaced first, so that the places before it stay.
            changes.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
            let mut text = typed.to_owned();
            for (span, part) in changes {
                text = replaced(&text, span, part);
            }
            let words: Vec<&str> = text.split_whitespace().collect();
            self.offer(words.join(" "));
        }
    }

    /// `1:30` as a length.
    fn offer_lengths(&mut self, typed: &str) {
        let Some(parts) = colon_parts(typed) else {
            return;
        };
        let hours = parts[0];
        match parts[1..] {
            // What no clock shows is more often minutes and seconds: `25:00`.
            [minutes] if hours > 24 => {
                self.offer(self.length(0, hours, minutes));
                self.offer(self.length(hours, minutes, 0));
            }
            [minutes] => {
                self.offer(self.length(hours, minutes, 0));
                self.offer(self.length(0, hours, minutes));
            }
            [minutes, seconds] => self.offer(self.length(hours, minutes, seconds)),
            _ => {}
        }
    }

    fn length(&self, hours: u32, minutes: u32, seconds: u32) -> String {
        let units = match self.language {
            Language::Korean => ["시간", "분", "초"],
            Language::English => ["h", "m", "s"],
        };
        let parts = [hours, minutes, seconds].into_iter().zip(units);
        let parts = parts.filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts
            .map(|(count, unit)| format!("{count}{unit}"))
            .collect();
        parts.join(" ")
    }

    /// `0:30`: half an hour, or half past midnight?
    fn offer_length_or_clock(&mut self, typed: &str) {
        let Some(parts) = colon_parts(typed) else {
            return;
        };
        let (hour, minute) = (parts[0], parts[1]);
        if let [_, _, second] = parts[..] {
            self.offer(self.length(hour, minute, second));
        } else {
            self.offer(self.length(hour, minute, 0));
        }
        let rest = match parts[..] {
            [_, _, second] if second > 0 => format!("{minute:02}:{second:02}"),
            _ => format!("{minute:02}"),
        };
        let halves: &[usize] = if hour == 0 { &[0] } else { &[0, 1] };
        for half in halves {
            self.offer(match self.language {
                Language::Korean => format!("{} {hour}:{rest}", ["오전", "오후"][*half]),
                Language::English => {
                    let dial = if hour == 0 { 12 } else { hour };
                    format!("{dial}:{rest}{}", ["am", "pm"][*half])
                }
            });
        }
        if parts.len() == 2 {
            self.offer(self.length(0, hour, minute));
        }
    }

    /// `오후 4시 15분 전`: a quarter to four, or before a quarter past?
    fn offer_before_or_to(&mut self, typed: &str) {
        let Some(Spans {
            time: Some(time), ..
        }) = spans(typed)
        else {
            return;
        };
        let Some(said) = time.before_or_to else {
            return;
        };
        let start = time
            .part
            .as_ref()
            .map_or(time.hour.start, |part| part.start);
        let length = typed.chars().count();
        let minutes = |hour: u32, minute: u32| {
            let half = if hour < 12 { "오전" } else { "오후" };
            let hour = match hour % 12 {
                0 => 12,
                hour => hour,
            };
            // 오전 12시 and 오후 12시 are midnight and noon.
            match minute {
                0 => format!("{half} {hour}시"),
                minute => format!("{half} {hour}시 {minute}분"),
            }
        };
        let hours = match (said.before, said.after) {
            (None, None) if (1..=12).contains(&said.hour) => {
                vec![said.hour % 12, said.hour % 12 + 12]
            }
            (None, None) => vec![said.hour],
            (Some(part), _) | (None, Some(part)) => part.hour(said.hour).into_iter().collect(),
        };
        for hour in &hours {
            let to = (hour * 60 + 24 * 60 - said.minute) % (24 * 60);
            self.offer(replaced(typed, start..length, &minutes(to / 60, to % 60)));
        }
        for hour in &hours {
            let time = match hour {
                24.. => format!("밤 {}시 {}분", (hour - 1) % 12 + 1, said.minute),
                _ => minutes(*hour, said.minute),
            };
            let text = format!("{time}까지");
            self.offer(replaced(typed, start..length, &text));
        }
    }

    /// `7pm CST`: by which clock?
    fn offer_offsets(&mut self, typed: &str, offsets: &[i32]) {
        let Some(Spans {
            place: Some(place), ..
        }) = spans(typed)
        else {
            return;
        };
        for minutes in offsets {
            let name = zones::offset_name(*minutes);
            let before = typed.chars().nth(place.start.wrapping_sub(1));
            let space = if before.is_some_and(|c| !c.is_whitespace()) {
                " "
            } else {
                ""
            };
            self.offer(replaced(typed, place.clone(), &format!("{space}{name}")));
        }
    }

    /// `내일`: at what time? `next friday`: this week's or the next? `tomorrow EOD`: at which end?
    fn offer_days(&mut self, typed: &str) {
        let Some(spans) = spans(typed) else { return };
        if let Some((vague, at)) = spans.vague {
            let day = spans.day.map(|(_, day)| day);
            return match vague {
                Vague::Part(part) => self.offer_hours(typed, part, at, day.is_some()),
                Vague::WorkEnds => self.offer_ends_of_work(typed, &at, day),
            };
        }
        let Some((day, span)) = spans.day else { return };
        let before: String = typed.chars().take(span.start).collect();
        let written: String = typed.chars().skip(span.start).take(span.len()).collect();
        let after: String = typed.chars().skip(span.end).collect();
        let is_until = after.trim().starts_with("까지")
            || ["by ", "until ", "till "]
                .iter()
                .any(|lead| before.ends_with(lead));
        let times = match day {
            Day::WeekEnds(_) | Day::SomeDayInWeek(_) if is_until || day.is_end_of_period() => {
                self.words.ends_of_week
            }
            Day::SomeDayInYear(_) => self.words.ends,
            Day::SomeDayInMonth(_) if is_until => self.words.ends,
            day if day.is_end_of_period() => self.words.ends,
            _ => self.words.times,
        };
        let days = self.days(day, &written, is_until);
        // Of two days, each is offered.
        let most = if days.len() == 2 {
            MAX_READINGS / 2
        } else {
            MAX_SUGGESTIONS
        };
        let mut later = Vec::new();
        for day in days {
            let said = format!("{before}{day}{after}");
            if spans.time.is_some() || self.read(&said).is_ok() {
                self.offer_completed_once(&said);
                continue;
            }
            let had = self.found.len();
            for time in times {
                let text = format!("{before}{day} {time}{after}");
                match self.found.len() < had + most {
                    true => self.offer(text),
                    false => later.push(text),
                }
            }
        }
        later.into_iter().for_each(|text| self.offer(text));
    }

    /// `내일 아침까지`, `tonight`: at which hour of it?
    fn offer_hours(&mut self, typed: &str, part: Part, at: Range<usize>, has_day: bool) {
        let (_, language) = words::of(typed, self.language);
        let length = typed.chars().count();
        let mut passed = Vec::new();
        for hour in part.usual() {
            let dial = (hour + 11) % 12 + 1;
            let text = match language {
                Language::Korean => {
                    // What follows (`까지`, `중으로`) ends the phrase, and an hour ends with one of them.
                    let until = if at.end < length { "까지" } else { "" };
                    let hour = format!("{} {dial}시{until}", part.korean());
                    replaced(typed, at.start..length, &hour)
                }
                Language::English => {
                    let half = if hour % 24 < 12 { "am" } else { "pm" };
                    // `tonight` is the day, too, and stays.
                    match has_day {
                        true => replaced(typed, at.end..at.end, &format!(" {dial}{half}")),
                        false => replaced(typed, at.clone(), &format!("{dial}{half}")),
                    }
                }
            };
            self.offer(text.clone());
            passed.push(text);
        }
        // Today's may all have passed.
        if self.found.is_empty() {
            passed.iter().for_each(|text| self.offer_later(text));
        }
    }

    /// `tomorrow EOD`: when work ends, or when the day does?
    fn offer_ends_of_work(&mut self, typed: &str, at: &Range<usize>, day: Option<Range<usize>>) {
        let (whole, day) = match day {
            Some(day) => {
                let written = typed.chars().skip(day.start).take(day.len()).collect();
                let whole = at.start.min(day.start)..at.end.max(day.end);
                (whole, Some::<String>(written))
            }
            None => (at.clone(), None),
        };
        let Some(day) = day else {
            for text in self.words.ends_of_day {
                self.offer(replaced(typed, whole.clone(), text));
            }
            return;
        };
        for time in self.words.ends {
            self.offer(replaced(typed, whole.clone(), &format!("{day} {time}")));
        }
    }

    /// The days that a day may be.
    fn days(&self, day: Day, written: &str, is_until: bool) -> Vec<String> {
        let [this_week, next_week] = self.words.weeks;
        let weekday =
            |weekday: chrono::Weekday| self.words.weekdays[weekday.num_days_from_monday() as usize];
        match day {
            Day::NextOrAfter(day) => vec![
                format!("{this_week} {}", weekday(day)),
                format!("{next_week} {}", weekday(day)),
            ],
            // `다음 주까지`
            Day::SomeDayInWeek(weeks @ (0 | 1)) if is_until => self.ends_of_week(weeks),
            Day::WeekEnds(weeks) => self.ends_of_week(weeks),
            Day::SomeDayInWeek(_) => {
                let days = self.words.weekdays.iter();
                days.map(|day| format!("{written} {day}")).collect()
            }
            Day::Weekend(weeks) => {
                let week = match (weeks, self.language) {
                    (0, _) => this_week,
                    (1, _) => next_week,
                    (_, Language::Korean) => "다다음 주",
                    (_, Language::English) => "the week after next",
                };
                let days = [chrono::Weekday::Sat, chrono::Weekday::Sun];
                days.map(|day| format!("{week} {}", weekday(day))).to_vec()
            }
            // `이번 달까지`
            Day::SomeDayInMonth(_) if is_until => {
                let [first, _, last] = self.words.days_of_month;
                let days = [last, first].map(|[before, after]| format!("{before}{written}{after}"));
                days.to_vec()
            }
            Day::SomeDayInYear(years) => vec![match (self.language, years) {
                (Language::Korean, _) => format!("{written} 12월 31일"),
                (Language::English, 0) => "end of this year".to_owned(),
                (Language::English, _) => "end of next year".to_owned(),
            }],
            Day::SomeDayInMonth(_) => {
                let days = self.words.days_of_month;
                days.map(|[before, after]| format!("{before}{written}{after}"))
                    .to_vec()
            }
            Day::EitherWay(first, second, year) => {
                let year = year.map_or_else(String::new, |year| format!(" {year}"));
                let written = |month: u32, day: u32| match self.language {
                    Language::Korean if year.is_empty() => format!("{month}월 {day}일"),
                    Language::Korean => format!("{}년 {month}월 {day}일", year.trim()),
                    Language::English => {
                        format!("{day} {}{year}", MONTHS[(month as usize).clamp(1, 12) - 1])
                    }
                };
                vec![written(first, second), written(second, first)]
            }
            Day::ShortYear(numbers, order) => {
                let now = chrono::DateTime::from_timestamp_millis(self.now_ms).unwrap_or_default();
                let dates = short_years(numbers, order, chrono::Datelike::year(&now));
                dates.iter().map(ToString::to_string).collect()
            }
            Day::AfterComing(weekday, days) => {
                let now = chrono::DateTime::from_timestamp_millis(self.now_ms).unwrap_or_default();
                let today = now.with_timezone(&self.zone).date_naive();
                if chrono::Datelike::weekday(&today) != weekday {
                    return vec![written.to_owned()];
                }
                // Said on that weekday, it counts from today or from a week later.
                let dates = [days, days + 7].map(|days| today + chrono::TimeDelta::days(days));
                dates.iter().map(ToString::to_string).collect()
            }
            // A day that the month may not have.
            Day::InMonth(months, day @ 29..) => {
                let mut found = vec![written.to_owned()];
                found.extend(self.words.long_months(months, day));
                found
            }
            _ => vec![written.to_owned()],
        }
    }

    /// What the end of a week may be.
    fn ends_of_week(&self, weeks: i64) -> Vec<String> {
        let [this_week, next_week] = self.words.weeks;
        let week = match (weeks, self.language) {
            (0, _) => this_week,
            (1, _) => next_week,
            (_, Language::Korean) => "다다음 주",
            (_, Language::English) => "the week after next",
        };
        let [.., friday, _, sunday] = self.words.weekdays;
        let mut found = vec![format!("{week} {friday}"), format!("{week} {sunday}")];
        // On a Saturday this week's may have passed, and the next be meant.
        found.extend((weeks == 0).then(|| format!("{next_week} {friday}")));
        found
    }

    /// `오늘 9:00` in the afternoon: tomorrow's? Of `오늘 12:30`, tonight's is nearer.
    fn offer_later(&mut self, typed: &str) {
        if let Some(Spans {
            time: Some(time), ..
        }) = spans(typed)
            && time.is_twelve
        {
            let night = match words::of(typed, self.language).1 {
                Language::Korean => replaced(typed, time.hour.start..time.hour.start, "밤 "),
                Language::English => {
                    let half = replaced(typed, time.hour.end..time.hour.end, "am");
                    half.replacen("today", "tonight", 1)
                }
            };
            self.offer(night);
        }
        for (day, later) in self.words.later {
            self.offer_completed_once(&typed.to_ascii_lowercase().replacen(day, later, 1));
        }
    }

    /// What is left when the words that are not understood are left out: `30분 바나나`, `finish by 6pm`.
    fn offer_nearest(&mut self, typed: &str, at: usize) {
        if colon_parts(typed).is_some() {
            // `25:00` and `90:00` are no times of day.
            return self.offer_lengths(typed);
        }
        for text in nearest::texts(typed, at) {
            self.offer_completed_once(&text);
        }
    }

    /// A text as it is, or in each of its meanings.
    fn offer_completed_once(&mut self, text: &str) {
        match self.read(text) {
            Ok(_) => self.offer(text.to_owned()),
            Err(TimeTextError::AmbiguousHour { hour }) => self.offer_halves(text, hour),
            Err(TimeTextError::LengthOrClock { .. }) => self.offer_length_or_clock(text),
            Err(TimeTextError::BeforeOrTo { .. }) => self.offer_before_or_to(text),
            Err(TimeTextError::BareNumber { .. }) => self.offer_units(text),
            Err(_) => {}
        }
    }

    /// A completed text, with what it still lacks.
    fn offer_completed(&mut self, text: &str) {
        match self.read(text) {
            Ok(_) => self.offer(text.to_owned()),
            Err(TimeTextError::AmbiguousHour { hour }) => self.offer_halves(text, hour),
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

/// `17.30` and `1730` with a colon.
fn as_clock(typed: &str) -> Option<String> {
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (hour, minute) = match typed.split_once('.') {
        Some((hour, minute)) if (1..=2).contains(&hour.len()) && minute.len() == 2 => {
            (hour, minute)
        }
        None if typed.len() == 4 && is_digits(typed) => typed.split_at(2),
        _ => return None,
    };
    let fits = |part: &str, most| is_digits(part) && part.parse::<u32>().is_ok_and(|n| n <= most);
    (fits(hour, 23) && fits(minute, 59)).then(|| format!("{hour}:{minute}"))
}

/// The numbers of `1:30` and `1:30:00`, if there is nothing else.
fn colon_parts(typed: &str) -> Option<Vec<u32>> {
    let parts: Vec<&str> = typed.split(':').collect();
    let is_number = |part: &&str| {
        (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !(2..=3).contains(&parts.len()) || !parts.iter().all(is_number) {
        return None;
    }
    let parts: Vec<u32> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    parts[1..].iter().all(|part| *part < 60).then_some(parts)
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
    time: Option<TimeSpans>,
    day: Option<(Day, Range<usize>)>,
    vague: Option<(Vague, Range<usize>)>,
    place: Option<Range<usize>>,
}

struct TimeSpans {
    /// The part of the day before the hour.
    part: Option<Range<usize>>,
    /// The hour and what follows.
    hour: Range<usize>,
    is_oclock: bool,
    /// Twelve, of which half of the day is not said.
    is_twelve: bool,
    /// The hour on a dial, and the minute.
    dial: u32,
    minute: u32,
    /// Whether a part of the day was said, and whether before the hour or with the day.
    is_in_part: bool,
    is_part_before: bool,
    /// What was said, if it ends in a 전 that can be read in two ways.
    before_or_to: Option<Time>,
}

fn spans(text: &str) -> Option<Spans> {
    let phrase = Phrase::new(text).ok()?;
    let clock = clock_phrase::read(&phrase)?;
    let time = clock.time.map(|time| TimeSpans {
        part: time.before_at.clone().map(|part| phrase.chars_of(part)),
        hour: phrase.chars_of(time.span.clone()),
        is_oclock: phrase
            .written(time.span.clone())
            .to_ascii_lowercase()
            .contains("clock")
            && time.shift_min == 0,
        is_twelve: time.hour == 12
            && !time.is_24_hour
            && time.before.is_none()
            && time.after.is_none(),
        dial: (time.hour + 11) % 12 + 1,
        minute: time.minute,
        is_part_before: time.before.is_some(),
        is_in_part: time.before.is_some() || time.after.is_some(),
        before_or_to: time.before_or_to.map(|_| time.clone()),
    });
    Some(Spans {
        time,
        day: clock
            .day
            .map(|(named, span)| (named.day, phrase.chars_of(span))),
        vague: clock
            .vague
            .map(|(vague, span)| (vague, phrase.chars_of(span))),
        place: clock.place.map(|(_, span)| phrase.chars_of(span)),
    })
}

/// `text` with these characters replaced.
fn replaced(text: &str, span: Range<usize>, part: &str) -> String {
    let before: String = text.chars().take(span.start).collect();
    let after: String = text.chars().skip(span.end).collect();
    format!("{before}{part}{after}")
}
