//! The days of the grammar of clock times: `내일`, `friday`, `다음 주 월요일`, `2026-11-21`, `11월 25일`.

use std::ops::Range;

use chrono::{NaiveDate, Weekday};

use super::clock_date::{date, month, number_before, ordinal, small};
use super::lexer::{Lexeme, Phrase};
use super::numerals::numbers;

/// A day as it was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Day {
    /// So many days from today.
    FromToday(i64),
    /// The next such weekday on which the time is still to come.
    Coming(Weekday),
    /// So many days after the coming such weekday: `a week from friday`.
    AfterComing(Weekday, i64),
    /// A weekday of the calendar week so many weeks from this one.
    InWeek(i64, Weekday),
    /// A date.
    Date(NaiveDate),
    /// A date without a year, month before day.
    Yearly(u32, u32),
    /// The last day of a month, without a year.
    LastOfYearly(u32),
    /// A date of the year so many years from this one.
    InYear(i64, u32, u32),
    /// The last day of a month of the year so many years from this one.
    LastInYear(i64, u32),
    /// The coming such day of a month.
    OfMonth(u32),
    /// A day of the month so many months from this one, which may have no such day.
    InMonth(i64, u32),
    /// The last day of the month so many months from this one.
    LastOfMonth(i64),
    /// Two numbers that are a month and a day in an order that the text does not tell: `12/1`.
    EitherWay(u32, u32, Option<i32>),
    /// Three short numbers of a date, in an order that only the calendar can tell: `26.12.18`.
    ShortYear([u32; 3], Order),
    /// `next friday`, which half of the people take for this week's.
    NextOrAfter(Weekday),
    /// A week, without a weekday.
    SomeDayInWeek(i64),
    /// The end of the week so many weeks from this one: Friday to some, Sunday to others.
    WeekEnds(i64),
    /// A month, without a day.
    SomeDayInMonth(i64),
    /// A year, without a month.
    SomeDayInYear(i64),
    /// Saturday or Sunday of the week so many weeks from this one.
    Weekend(i64),
}

/// What the order of three numbers in a date may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The year first, as Koreans write it, if that is a year to come.
    Korean,
    /// With points between them: the year first or last, and the month first only if nothing else is left.
    Points,
    /// With slashes or hyphens: anything.
    Any,
}

/// Years that a date without its century may be of, from this one.
const NEAR_YEARS: i32 = 10;

impl Day {
    /// Whether it is a weekday and no more than that.
    pub(super) fn is_weekday(self) -> bool {
        matches!(
            self,
            Self::Coming(_) | Self::InWeek(..) | Self::NextOrAfter(_)
        )
    }

    /// Whether it is the end of a week, a month or a year, which some take for the end of its work.
    pub(super) fn is_end_of_period(self) -> bool {
        match self {
            Self::LastOfMonth(_) | Self::WeekEnds(_) | Self::LastOfYearly(_) => true,
            Self::InYear(_, month, day) => (month, day) == (12, 31),
            _ => false,
        }
    }
}

/// The dates that three numbers may be, of which the year is near `this_year`.
pub(super) fn short_years(numbers: [u32; 3], order: Order, this_year: i32) -> Vec<NaiveDate> {
    let near = |(year, month, day): (u32, u32, u32)| {
        let year = 2_000 + i32::try_from(year).ok()?;
        let is_near = (this_year..=this_year + NEAR_YEARS).contains(&year);
        NaiveDate::from_ymd_opt(year, month, day).filter(|_| is_near)
    };
    let [first, second, third] = numbers;
    let year_first = (first, second, third);
    let day_first = (third, second, first);
    let month_first = (third, first, second);
    let mut found: Vec<NaiveDate> = Vec::new();
    let orders = match order {
        Order::Korean => match near(year_first) {
            Some(date) => return vec![date],
            None => vec![month_first, day_first],
        },
        Order::Points
            if [year_first, day_first]
                .into_iter()
                .all(|date| near(date).is_none()) =>
        {
            vec![month_first]
        }
        Order::Points => vec![year_first, day_first],
        Order::Any => vec![year_first, month_first, day_first],
    };
    for date in orders.into_iter().filter_map(near) {
        if !found.contains(&date) {
            found.push(date);
        }
    }
    found
}

const DAYS: [(&str, i64); 42] = [
    ("오늘", 0),
    ("내일", 1),
    ("낼", 1),
    ("모레", 2),
    ("낼모레", 2),
    ("내일모레", 2),
    ("글피", 3),
    ("그글피", 4),
    ("today", 0),
    ("tomorrow", 1),
    ("tmrw", 1),
    ("tmr", 1),
    ("tomorow", 1),
    ("tommorow", 1),
    ("tommorrow", 1),
    ("day after tomorrow", 2),
    ("the day after tomorrow", 2),
    ("overmorrow", 2),
    ("금일", 0),
    ("익일", 1),
    ("내일모래", 2),
    ("다음날", 1),
    ("담날", 1),
    ("그다음날", 1),
    ("이튿날", 1),
    ("명일", 1),
    ("이따", 0),
    ("이따가", 0),
    ("있다가", 0),
    ("좀이따", 0),
    ("좀이따가", 0),
    ("조금이따", 0),
    ("조금이따가", 0),
    ("오늘이따", 0),
    ("오늘이따가", 0),
    ("later today", 0),
    ("later", 0),
    ("next day", 1),
    ("the next day", 1),
    ("the following day", 1),
    ("following day", 1),
    ("today later", 0),
];

/// Days that are counted in one word, before 뒤 and 후.
const COUNTED: [(&str, i64); 11] = [
    ("하루", 1),
    ("이틀", 2),
    ("사흘", 3),
    ("나흘", 4),
    ("닷새", 5),
    ("엿새", 6),
    ("이레", 7),
    ("일주일", 7),
    ("열흘", 10),
    ("보름", 15),
    ("한주", 7),
];

const LATER: [&str; 4] = ["뒤", "뒤에", "후", "후에"];

const WEEKS: [(&str, i64); 13] = [
    ("이번주", 0),
    ("금주", 0),
    ("요번주", 0),
    ("다음주", 1),
    ("담주", 1),
    ("차주", 1),
    ("내주", 1),
    ("다다음주", 2),
    ("다담주", 2),
    ("this week", 0),
    ("next week", 1),
    ("the week after next", 2),
    ("week after next", 2),
];

const MONTHS_AHEAD: [(&str, i64); 11] = [
    ("이번달", 0),
    ("이달", 0),
    ("금월", 0),
    ("다음달", 1),
    ("담달", 1),
    ("내달", 1),
    ("익월", 1),
    ("다다음달", 2),
    ("this month", 0),
    ("next month", 1),
    ("the month", 0),
];

/// Years ahead of this one.
pub(super) const YEARS_AHEAD: [(&str, i64); 5] = [
    ("올해", 0),
    ("금년", 0),
    ("내년", 1),
    ("내후년", 2),
    ("명년", 1),
];

const WEEKENDS: [(&str, i64); 14] = [
    ("주말", 0),
    ("이번주말", 0),
    ("요번주말", 0),
    ("금주말", 0),
    ("다음주말", 1),
    ("담주말", 1),
    ("차주말", 1),
    ("다다음주말", 2),
    ("다담주말", 2),
    ("weekend", 0),
    ("this weekend", 0),
    ("the weekend", 0),
    ("next weekend", 1),
    ("the weekend after next", 2),
];

/// What a month's last day is called behind the month.
pub(super) const MONTH_ENDS: [&str; 4] = ["말일", "말", "마지막날", "끝날"];

/// Periods whose end is named, behind `end of`.
const PERIODS: [(&str, Day); 15] = [
    ("week", Day::WeekEnds(0)),
    ("work week", Day::WeekEnds(0)),
    ("workweek", Day::WeekEnds(0)),
    ("working week", Day::WeekEnds(0)),
    ("this week", Day::WeekEnds(0)),
    ("this work week", Day::WeekEnds(0)),
    ("next week", Day::WeekEnds(1)),
    ("week after next", Day::WeekEnds(2)),
    ("month", Day::LastOfMonth(0)),
    ("this month", Day::LastOfMonth(0)),
    ("next month", Day::LastOfMonth(1)),
    ("year", Day::InYear(0, 12, 31)),
    ("this year", Day::InYear(0, 12, 31)),
    ("next year", Day::InYear(1, 12, 31)),
    ("the year", Day::InYear(0, 12, 31)),
];

/// The ends of periods in one word.
const PERIOD_ENDS: [(&str, Day); 27] = [
    ("eow", Day::WeekEnds(0)),
    ("eonw", Day::WeekEnds(1)),
    ("weeks end", Day::WeekEnds(0)),
    ("이번주끝", Day::WeekEnds(0)),
    ("다음주끝", Day::WeekEnds(1)),
    ("월말", Day::LastOfMonth(0)),
    ("이번월말", Day::LastOfMonth(0)),
    ("이달월말", Day::LastOfMonth(0)),
    ("이번달월말", Day::LastOfMonth(0)),
    ("다음달월말", Day::LastOfMonth(1)),
    ("말일", Day::LastOfMonth(0)),
    ("eom", Day::LastOfMonth(0)),
    ("month end", Day::LastOfMonth(0)),
    ("months end", Day::LastOfMonth(0)),
    ("this month end", Day::LastOfMonth(0)),
    ("next month end", Day::LastOfMonth(1)),
    ("this months end", Day::LastOfMonth(0)),
    ("eoy", Day::InYear(0, 12, 31)),
    ("year end", Day::InYear(0, 12, 31)),
    ("years end", Day::InYear(0, 12, 31)),
    ("연말", Day::InYear(0, 12, 31)),
    ("올해말", Day::InYear(0, 12, 31)),
    ("올해연말", Day::InYear(0, 12, 31)),
    ("금년말", Day::InYear(0, 12, 31)),
    ("내년말", Day::InYear(1, 12, 31)),
    ("내년연말", Day::InYear(1, 12, 31)),
    ("올해말일", Day::InYear(0, 12, 31)),
];

/// The end of a day's work, which may be its midnight.
pub(super) const ENDS_OF_WORK: [&str; 31] = [
    "eod",
    "cob",
    "eob",
    "eobd",
    "cop",
    "end of day",
    "end of the day",
    "close of business",
    "close of business day",
    "close of play",
    "end of business",
    "end of business day",
    "end of work",
    "end of the work day",
    "end of the workday",
    "end of workday",
    "the end of the day",
    "the end of day",
    "the close of business",
    "the end of business",
    "퇴근",
    "퇴근전",
    "퇴근시간",
    "퇴근때",
    "퇴근하기전",
    "퇴근시간전",
    "업무종료",
    "업무종료전",
    "업무마감",
    "일과종료",
    "영업종료",
];

/// `이번 금요일` without 주, and `this friday`, are the coming one.
const COMING: [&str; 8] = [
    "이번",
    "오는",
    "돌아오는",
    "this",
    "coming",
    "this coming",
    "on",
    "the coming",
];

const UNCLEAR: [&str; 3] = ["다음", "담", "next"];

const WEEKDAYS: [(&str, &str, Weekday); 7] = [
    ("월", "monday", Weekday::Mon),
    ("화", "tuesday", Weekday::Tue),
    ("수", "wednesday", Weekday::Wed),
    ("목", "thursday", Weekday::Thu),
    ("금", "friday", Weekday::Fri),
    ("토", "saturday", Weekday::Sat),
    ("일", "sunday", Weekday::Sun),
];

/// A day that was read, with what else was said of it.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) day: Day,
    /// The tokens that name it.
    pub(super) at: Range<usize>,
    /// The same day said again in another way, and where: `12월 1일(화)`, `금요일(27일)`.
    pub(super) beside: Option<(Day, Range<usize>)>,
    /// Written as ISO 8601 has it, where hours are those of a day of 24.
    pub(super) is_iso: bool,
    /// Whether ISO 8601's T is behind it, so that an offset may follow the time.
    pub(super) has_t: bool,
    /// Whether two numbers with a point between them were taken for it, which alone are a decimal.
    pub(super) is_decimal: bool,
}

impl Named {
    /// A day that these tokens name.
    pub(super) fn new(day: Day, at: Range<usize>) -> Self {
        Self {
            day,
            at,
            beside: None,
            is_iso: false,
            has_t: false,
            is_decimal: false,
        }
    }

    /// All tokens that name the day.
    pub(super) fn span(&self) -> Range<usize> {
        match &self.beside {
            Some((_, beside)) => self.at.start.min(beside.start)..self.at.end.max(beside.end),
            None => self.at.clone(),
        }
    }
}

/// The day that begins at `pos`, with the position after it.
pub(super) fn day(phrase: &Phrase<'_>, pos: usize) -> Option<(Named, usize)> {
    days(phrase, pos).into_iter().next()
}

/// Every way to read a day that begins at `pos`, with the position after it, the longest first.
pub(super) fn days(phrase: &Phrase<'_>, pos: usize) -> Vec<(Named, usize)> {
    let mut found = Vec::new();
    if let Some((named, end)) = one_day(phrase, pos) {
        found.extend(said_twice(phrase, &named, end));
        found.push((named, end));
    }
    found.extend(short_weekday_and_date(phrase, pos));
    for (_, end) in &found {
        phrase.made_sense_until(*end);
    }
    found
}

fn one_day(phrase: &Phrase<'_>, pos: usize) -> Option<(Named, usize)> {
    let plain = |(day, end): (Day, usize)| (Named::new(day, pos..end), end);
    from_today(phrase, pos)
        .or_else(|| end_of_period(phrase, pos))
        .or_else(|| weekend(phrase, pos))
        .or_else(|| in_week(phrase, pos))
        .map(plain)
        .or_else(|| date(phrase, pos))
        .or_else(|| in_month(phrase, pos).map(plain))
        .or_else(|| in_year(phrase, pos).map(plain))
        .or_else(|| coming(phrase, pos).map(plain))
        .or_else(|| of_month(phrase, pos).map(plain))
}

/// The same day said twice: a date with its weekday (`12/1(화)`, `the 27th, Friday`) or a weekday with its
/// date (`Tue, Dec 1`, `금요일(27일)`).
fn said_twice(phrase: &Phrase<'_>, named: &Named, end: usize) -> Option<(Named, usize)> {
    let open = phrase.after_mark(end, '(');
    let start = open.or_else(|| phrase.after_mark(end, ',')).unwrap_or(end);
    let start = phrase.skip(start, &["the", "a", "on"]);
    let other = if named.day.is_weekday() {
        date(phrase, start)
            .map(|(other, end)| (other.day, end))
            .or_else(|| {
                let (days, end) = phrase.look_up(start, &DAYS)?;
                Some((Day::FromToday(days), end))
            })
            .or_else(|| in_month(phrase, start))
            .or_else(|| of_month(phrase, start))
    } else if matches!(
        named.day,
        Day::Weekend(_) | Day::SomeDayInWeek(_) | Day::WeekEnds(_) | Day::SomeDayInMonth(_)
    ) {
        None
    } else {
        let syllable = || match open {
            Some(open) => WEEKDAYS.iter().find_map(|(korean, _, weekday)| {
                let end = phrase.after(open, korean)?;
                phrase.after_mark(end, ')').map(|_| (*weekday, end))
            }),
            None => short_weekday(phrase, end),
        };
        let weekday = weekday(phrase, start).or_else(syllable);
        weekday.map(|(weekday, end)| (Day::Coming(weekday), end))
    };
    let (day, end) = other?;
    let span = start..end;
    let end = match open {
        Some(_) => phrase.after_mark(end, ')')?,
        None => end,
    };
    let (day, at, beside) = if named.day.is_weekday() {
        (day, span, (named.day, named.at.clone()))
    } else {
        (named.day, named.at.clone(), (day, span))
    };
    let named = Named {
        day,
        at,
        beside: Some(beside),
        ..named.clone()
    };
    Some((named, end))
}

/// `금(27일)`: the syllable alone, with its date behind it.
fn short_weekday_and_date(phrase: &Phrase<'_>, pos: usize) -> Option<(Named, usize)> {
    let (weekday, open) = WEEKDAYS.iter().find_map(|(korean, _, weekday)| {
        let end = phrase.after(pos, korean)?;
        phrase.after_mark(end, '(').map(|_| (*weekday, end))
    })?;
    said_twice(phrase, &Named::new(Day::Coming(weekday), pos..open), open)
}

/// A weekday with a number alone behind it, which is its day of the month where a time follows: `fri 27 6pm`.
pub(super) fn weekday_and_number(phrase: &Phrase<'_>, pos: usize) -> Option<(Named, usize)> {
    let (named, end) = one_day(phrase, pos).filter(|(named, _)| named.day.is_weekday())?;
    let start = phrase.after_mark(end, ',').unwrap_or(end);
    let (day, end) = small(phrase, start)?;
    let named = Named {
        day: Day::OfMonth(day),
        at: start..end,
        beside: Some((named.day, named.at)),
        ..Named::new(named.day, pos..end)
    };
    (1..=31).contains(&day).then_some((named, end))
}

/// `내일`, `사흘 뒤`, `in 3 days`. (Alone, the latter two are durations, which have been tried.)
fn from_today(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    if let Some((days, end)) = phrase.look_up(pos, &DAYS) {
        return Some((Day::FromToday(days), end));
    }
    let later = |(days, end): (i64, usize)| {
        let end = phrase.after_any(end, &LATER)?;
        Some((Day::FromToday(days), end))
    };
    if let Some(found) = phrase.look_up(pos, &COUNTED).and_then(later) {
        return Some(found);
    }
    for (unit, days) in [("일", 1), ("주일", 7), ("주", 7)] {
        let counted = number_before(phrase, pos, unit);
        let found = counted.and_then(|(count, end)| later((i64::from(count) * days, end)));
        if found.is_some() {
            return found;
        }
    }
    let start = phrase.skip(pos, &["in"]);
    let (days, end) = counted_in_english(phrase, start)?;
    let time = phrase.after_any(end, &["time", "s time"]);
    if let Some(end) = phrase.after_any(end, &["from now", "from today", "later", "hence"]) {
        return Some((Day::FromToday(days), end));
    }
    if let Some(base) = phrase.after_any(end, &["from", "after", "following"]) {
        let (base, end) = phrase
            .look_up(base, &DAYS)
            .map(|(from, end)| (Day::FromToday(from), end))
            .or_else(|| coming(phrase, base))?;
        let day = match base {
            Day::FromToday(from) => Day::FromToday(from + days),
            Day::Coming(weekday) => Day::AfterComing(weekday, days),
            _ => return None,
        };
        return Some((day, end));
    }
    (start > pos).then_some((Day::FromToday(days), time.unwrap_or(end)))
}

/// `3 days`, `a week`, `two weeks`, `a fortnight`: so many days.
fn counted_in_english(phrase: &Phrase<'_>, pos: usize) -> Option<(i64, usize)> {
    let units = [
        ("day", 1),
        ("days", 1),
        ("week", 7),
        ("weeks", 7),
        ("fortnight", 14),
        ("wk", 7),
        ("wks", 7),
    ];
    if let Some(end) = phrase.after_any(pos, &["a", "one"]) {
        return phrase.look_up(end, &units);
    }
    // `the day after friday`
    if let Some(end) = phrase.after(pos, "the") {
        let found = phrase.look_up(end, &units);
        return found.filter(|(_, end)| phrase.after_any(*end, &["after", "following"]).is_some());
    }
    let mut numbers = numbers(phrase, pos).into_iter();
    let counted = numbers.find_map(|(count, end)| {
        let (days, end) = phrase.look_up(end, &units)?;
        Some((i64::from(count.as_u32()?) * days, end))
    });
    // `week from friday`
    let is_one = |(days, end): &(i64, usize)| {
        *days == 14 || phrase.after_any(*end, &["from", "after"]).is_some()
    };
    counted.or_else(|| phrase.look_up(pos, &units).filter(is_one))
}

/// `end of the month`, `EOW`, `연말`.
fn end_of_period(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    let named = phrase.look_up(pos, &PERIOD_ENDS);
    let behind = || {
        let start = phrase.after_any(pos, &["end of", "the end of", "end", "close of"])?;
        phrase.look_up(phrase.skip(start, &["the", "of the"]), &PERIODS)
    };
    named.or_else(behind)
}

/// A year alone: `올해`, `this year`.
fn in_year(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    let english = [("this year", 0), ("next year", 1), ("the year", 0)];
    let found = phrase.look_up(pos, &YEARS_AHEAD);
    let (years, end) = found.or_else(|| phrase.look_up(pos, &english))?;
    Some((Day::SomeDayInYear(years), end))
}

fn weekend(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    let (weeks, end) = phrase.look_up(pos, &WEEKENDS)?;
    Some((Day::Weekend(weeks), end))
}

/// `다음 주 월요일`, `next week monday`, `monday next week`, or a week alone.
fn in_week(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    if let Some((weeks, end)) = phrase.look_up(pos, &WEEKS) {
        let on = phrase.skip(end, &["on", "의"]);
        return Some(
            match weekday(phrase, on).or_else(|| short_weekday(phrase, on)) {
                Some((weekday, end)) => (Day::InWeek(weeks, weekday), end),
                None => (Day::SomeDayInWeek(weeks), end),
            },
        );
    }
    let (weekday, end) = weekday(phrase, pos)?;
    let (weeks, end) = phrase.look_up(phrase.skip(end, &["of"]), &WEEKS)?;
    Some((Day::InWeek(weeks, weekday), end))
}

/// `다음 주 화 오후 6시`: the syllable alone, where a time follows it.
fn short_weekday(phrase: &Phrase<'_>, pos: usize) -> Option<(Weekday, usize)> {
    WEEKDAYS.iter().find_map(|(korean, _, weekday)| {
        let end = phrase.after(pos, korean)?;
        let goes_on = phrase.after_any(end, &["오전", "오후", "까지", "저녁", "아침", "밤", "낮"]);
        let is_number = matches!(phrase.lexeme(end), Some(Lexeme::Number { .. }));
        (goes_on.is_some() || is_number).then_some((*weekday, end))
    })
}

/// `다음 달 1일`, `이번 달 말일`, `the 1st of next month`, `월말`, or a month alone.
fn in_month(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    if let Some((months, end)) = phrase.look_up(pos, &MONTHS_AHEAD) {
        let on = phrase.skip(end, &["on the", "the", "의"]);
        if let Some(end) = phrase.after_any(on, &MONTH_ENDS) {
            return Some((Day::LastOfMonth(months), end));
        }
        let day = number_before(phrase, on, "일").or_else(|| ordinal(phrase, on));
        return Some(match day {
            Some((day @ 1..=31, end)) => (Day::InMonth(months, day), end),
            _ => (Day::SomeDayInMonth(months), end),
        });
    }
    let start = phrase.skip(pos, &["the"]);
    if let Some(last) = phrase.after_any(start, &["last day of", "last of", "end of"]) {
        if let Some((month, end)) = month(phrase, last) {
            return Some((Day::LastOfYearly(month), end));
        }
        let (months, end) = phrase.look_up(last, &MONTHS_AHEAD)?;
        return Some((Day::LastOfMonth(months), end));
    }
    let (day, end) = ordinal(phrase, start)?;
    let (months, end) = phrase.look_up(phrase.skip(end, &["of"]), &MONTHS_AHEAD)?;
    (1..=31)
        .contains(&day)
        .then_some((Day::InMonth(months, day), end))
}

/// `19일`, `the 19th`, which only a time or an end makes a day of the month: `19일` alone is a length.
fn of_month(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    let start = phrase.skip(pos, &["the"]);
    let counted = number_before(phrase, pos, "일날").or_else(|| number_before(phrase, pos, "일"));
    // `second` alone is a unit.
    let is_word = start == pos && matches!(phrase.lexeme(pos), Some(Lexeme::Word(_)));
    let (day, end) = counted.or_else(|| ordinal(phrase, start).filter(|_| !is_word))?;
    if !(1..=31).contains(&day) {
        phrase.reject(pos);
        return None;
    }
    Some((Day::OfMonth(day), end))
}

fn coming(phrase: &Phrase<'_>, pos: usize) -> Option<(Day, usize)> {
    if let Some(next) = phrase.after_any(pos, &UNCLEAR) {
        let (weekday, end) = weekday(phrase, next)?;
        return Some((Day::NextOrAfter(weekday), end));
    }
    let start = phrase.skip(pos, &COMING);
    let (weekday, end) = weekday(phrase, start).or_else(|| short_weekday(phrase, start))?;
    Some((Day::Coming(weekday), end))
}

/// A weekday: `금요일`, `금욜`, `friday` or its first three letters and more.
pub(super) fn weekday(phrase: &Phrase<'_>, pos: usize) -> Option<(Weekday, usize)> {
    WEEKDAYS.iter().find_map(|(korean, english, weekday)| {
        let is_weds = *weekday == Weekday::Wed && phrase.after(pos, "weds").is_some();
        if is_weds || is_abbreviation(phrase.lexeme(pos), english) {
            return Some((*weekday, pos + 1));
        }
        let end = phrase.after_any(phrase.after(pos, korean)?, &["요일", "욜", "요일날"])?;
        Some((*weekday, end))
    })
}

/// Whether a word is a name's first three letters or more.
pub(super) fn is_abbreviation(lexeme: Option<&Lexeme>, name: &str) -> bool {
    matches!(lexeme, Some(Lexeme::Word(word)) if word.len() >= 3 && name.starts_with(word.as_str()))
}
