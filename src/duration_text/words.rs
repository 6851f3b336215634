//! The words of suggestions, in each language.

use crate::i18n::Language;

/// The words of one language.
pub(super) struct Words {
    /// Shown before anything is typed.
    pub(super) defaults: &'static [&'static str],
    /// Added to whatever leaves room for them.
    pub(super) tails: &'static [&'static str],
    /// Times of day, for a day without one.
    pub(super) times: &'static [&'static str],
    /// Units, for a number without one.
    pub(super) units: &'static [&'static str],
    /// Words that are completed from their beginnings.
    pub(super) vocabulary: &'static [&'static str],
    /// What stands for a day whose time has passed, and the day after it.
    pub(super) later: &'static [(&'static str, &'static str)],
    /// A weekday of this week and of the next, without the weekday.
    pub(super) weeks: [&'static str; 2],
    pub(super) weekdays: [&'static str; 7],
    /// Days of a month that is named, behind it or before it.
    pub(super) days_of_month: [[&'static str; 2]; 3],
    /// What the end of today may be.
    pub(super) ends_of_day: &'static [&'static str],
    /// Times at which a day, a week or a month may end.
    pub(super) ends: &'static [&'static str],
    /// The same for the last day of a week.
    pub(super) ends_of_week: &'static [&'static str],
}

impl Words {
    /// What may be meant by a day that a month does not have: its last, or the day in the next month.
    pub(super) fn long_months(&self, months: i64, day: u32) -> Vec<String> {
        let names = ["이번 달", "다음 달", "다다음 달"];
        let this = usize::try_from(months).ok();
        let next = this.and_then(|this| names.get(this + 1));
        if self.weeks == KOREAN.weeks {
            let this = this.and_then(|this| names.get(this));
            let last = this.map(|month| format!("{month} 말일"));
            let next = next.map(|month| format!("{month} {day}일"));
            return last.into_iter().chain(next).collect();
        }
        let suffix = if day == 31 { "st" } else { "th" };
        match months {
            0 => vec![
                "last day of this month".to_owned(),
                format!("{day}{suffix} of next month"),
            ],
            _ => vec!["last day of next month".to_owned()],
        }
    }
}

pub(super) const ENGLISH: Words = Words {
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
        "half past",
        "quarter to",
        "end of day",
        "this weekend",
        "next month",
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
    days_of_month: [["1st of ", ""], ["15th of ", ""], ["last day of ", ""]],
    ends_of_day: &["today midnight", "today 6pm", "today 5pm"],
    ends: &["24:00", "6pm", "5pm"],
    ends_of_week: &["6pm", "24:00"],
};

pub(super) const KOREAN: Words = Words {
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
        "오늘 안에",
        "내일모레",
        "글피",
        "이번 주말",
        "다음 달",
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
    days_of_month: [["", " 1일"], ["", " 15일"], ["", " 말일"]],
    ends_of_day: &["오늘 자정", "오늘 오후 6시", "오늘 오후 5시"],
    ends: &["24시", "오후 6시", "오후 5시"],
    ends_of_week: &["오후 6시", "24시"],
};

/// Months as they are written in a date.
pub(super) const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The words for what was typed; `language` decides only where the letters do not.
pub(super) fn of(typed: &str, language: Language) -> (&'static Words, Language) {
    if typed.chars().any(|c| ('가'..='힣').contains(&c)) {
        (&KOREAN, Language::Korean)
    } else if typed.chars().any(|c| c.is_ascii_alphabetic()) || language == Language::English {
        (&ENGLISH, Language::English)
    } else {
        (&KOREAN, Language::Korean)
    }
}
