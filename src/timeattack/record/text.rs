//! How the record is put into words.

use chrono::{Datelike as _, NaiveDate};

use super::streak::{Effect, Ended, Line};
use crate::duration_text::format_duration;
use crate::i18n::{Language, text};

/// More marks of one kind than this are counted instead of shown.
const MOST_MARKS: i64 = 5;

/// A date as people say it: `Sat 21 Nov`, `11월 21일 (토)`; with its year if that is not today's.
pub fn day(date: NaiveDate, today: NaiveDate, language: Language) -> String {
    let args = [
        ("weekday", weekday(date, language).into()),
        ("day", i64::from(date.day()).into()),
        ("month", month(date, language).into()),
    ];
    if date.year() == today.year() {
        return text(language, "day-of-week", &args);
    }
    let [weekday, day, month] = args;
    let year = ("year", date.year().to_string().into());
    text(language, "day-of-year", &[weekday, day, month, year])
}

/// A date with its year and without its weekday: `21 Nov 2026`, `2026년 11월 21일`.
pub fn date(date: NaiveDate, language: Language) -> String {
    let args = [
        ("day", i64::from(date.day()).into()),
        ("month", month(date, language).into()),
        ("year", date.year().to_string().into()),
    ];
    text(language, "date", &args)
}

/// The short name of a month: `Nov`, `11월`.
pub fn month(date: NaiveDate, language: Language) -> String {
    let args = [("month", i64::from(date.month()).into())];
    text(language, "month", &args)
}

/// The short name of a day of the week: `Sat`, `토`.
pub fn weekday(date: NaiveDate, language: Language) -> String {
    let number = i64::from(date.weekday().number_from_monday());
    text(language, "weekday", &[("weekday", number.into())])
}

/// A number of days: `4 days`, `4일`.
pub fn day_count(days: i64, language: Language) -> String {
    text(language, "day-count", &[("count", days.into())])
}

/// The mark before a rank: a medal for the first three, `#4` for the others.
pub fn medal(rank: i64) -> String {
    match rank {
        1 => "🥇".into(),
        2 => "🥈".into(),
        3 => "🥉".into(),
        _ => format!("`#{rank}`"),
    }
}

/// A rank in words: `14th`, `14위`.
pub fn ordinal(rank: i64, language: Language) -> String {
    let ending = match (language, rank % 10, rank % 100) {
        (Language::Korean, ..) => "위",
        (Language::English, 1..=3, 11..=13) => "th",
        (Language::English, 1, _) => "st",
        (Language::English, 2, _) => "nd",
        (Language::English, 3, _) => "rd",
        (Language::English, ..) => "th",
    };
    format!("{rank}{ending}")
}

/// One line of the book: `Sat 21 Nov · ✅✅❌ · day 4 of the streak`.
pub fn line(line: &Line, today: NaiveDate, language: Language) -> String {
    let mut dates = day(line.from, today, language);
    if line.to != line.from {
        dates = format!("{dates} – {}", day(line.to, today, language));
    }
    let say = |key: &str, streak: i64| text(language, key, &[("streak", streak.into())]);
    let nothing = || text(language, "book-nothing", &[]);
    let marks = marks(&line.ended);
    let (what, effect) = match line.effect {
        Effect::Counted { streak } => (marks, Some(say("book-counted", streak))),
        Effect::PassedOver { away_ms } => {
            let away = [("away", format_duration(away_ms, language).into())];
            (marks, Some(text(language, "book-passed-over", &away)))
        }
        Effect::Open { streak: 0 } => (
            marks.or_else(|| Some(text(language, "book-today", &[]))),
            None,
        ),
        Effect::Open { streak } => (marks, Some(say("book-open", streak))),
        Effect::Broken { streak } => (
            marks.or_else(|| Some(nothing())),
            Some(say("book-broken", streak)),
        ),
        Effect::Idle => (marks.or_else(|| Some(nothing())), None),
    };
    let parts = [Some(format!("**{dates}**")), what, effect];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(" · ")
}

/// A mark for each that ended; `None` without any.
fn marks(ended: &Ended) -> Option<String> {
    let kinds = [
        ("✅", ended.completed),
        ("❌", ended.failed),
        ("💤", ended.excused),
        ("🏳️", ended.given_up),
    ];
    let mut marks = String::new();
    for (mark, count) in kinds {
        if count > MOST_MARKS {
            marks.push_str(&format!("{mark}×{count} "));
        } else {
            (0..count).for_each(|_| marks.push_str(mark));
        }
    }
    let marks = marks.trim_end();
    (!marks.is_empty()).then(|| marks.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(effect: Effect, ended: Ended, language: Language) -> String {
        let (from, to) = ("2026-11-20".parse().unwrap(), "2026-11-20".parse().unwrap());
        let one = Line {
            from,
            to,
            ended,
            effect,
        };
        line(&one, "2026-11-21".parse().unwrap(), language)
    }

    #[test]
    fn a_day_says_what_it_did_to_the_streak() {
        let some = Ended {
            completed: 2,
            failed: 1,
            ..Ended::default()
        };
        let many = Ended {
            completed: 14,
            ..Ended::default()
        };
        let none = Ended::default();
        let hours = 3 * 3_600_000;
        for (effect, ended, english, korean) in [
            (
                Effect::Counted { streak: 4 },
                some,
                "**Fri 20 Nov** · ✅✅❌ · day 4 of the streak",
                "**11월 20일 (금)** · ✅✅❌ · 연속 4일째",
            ),
            (
                Effect::Counted { streak: 1 },
                many,
                "**Fri 20 Nov** · ✅×14 · day 1 of the streak",
                "**11월 20일 (금)** · ✅×14 · 연속 1일째",
            ),
            (
                Effect::PassedOver { away_ms: hours },
                none,
                "**Fri 20 Nov** · the bot was offline for 3 h · passed over",
                "**11월 20일 (금)** · 봇이 3시간 동안 꺼져 있었음 · 건너뜀",
            ),
            (
                Effect::Broken { streak: 6 },
                none,
                "**Fri 20 Nov** · nothing completed · the streak ended at 6",
                "**11월 20일 (금)** · 완료 없음 · 연속 6일에서 끝남",
            ),
            (
                Effect::Open { streak: 6 },
                none,
                "**Fri 20 Nov** · 6-day streak, safe until midnight",
                "**11월 20일 (금)** · 연속 6일, 자정까지 이어 갈 수 있음",
            ),
            (
                Effect::Idle,
                none,
                "**Fri 20 Nov** · nothing completed",
                "**11월 20일 (금)** · 완료 없음",
            ),
        ] {
            assert_eq!(shown(effect, ended, Language::English), english);
            assert_eq!(shown(effect, ended, Language::Korean), korean);
        }
    }

    #[test]
    fn ranks_are_said_as_people_do() {
        let english = |rank| ordinal(rank, Language::English);
        let said = [1, 2, 3, 4, 11, 12, 13, 21, 102, 111, 113].map(english);
        let expected = [
            "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th", "113th",
        ];
        assert_eq!(said, expected);
        assert_eq!(ordinal(14, Language::Korean), "14위");
    }

    #[test]
    fn another_years_day_says_so() {
        let (date, today) = ("2025-12-31".parse().unwrap(), "2026-01-01".parse().unwrap());
        assert_eq!(day(date, today, Language::English), "Wed 31 Dec 2025");
        assert_eq!(day(date, today, Language::Korean), "2025년 12월 31일 (수)");
    }
}
