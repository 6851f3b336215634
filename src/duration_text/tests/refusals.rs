//! Texts that are refused, and what the answer can say.

use super::*;

fn unknown(rest: &str, at: usize) -> TimeTextError {
    TimeTextError::Unknown {
        rest: rest.to_owned(),
        at,
    }
}

#[test]
fn what_could_mean_two_things_is_asked_back() {
    for number in ["30", "1.5", "삼십", "thirty"] {
        let error = TimeTextError::BareNumber {
            number: number.to_owned(),
        };
        assert_eq!(parse_now(number), Err(error.clone()));
        assert_eq!(parse_now(&format!(" for {number} ")), Err(error.clone()));
        assert_eq!(parse_duration(number), Err(error.clone()));
        assert_eq!(parse_duration(&format!("2m {number}")), Err(error));
    }
    for (text, hour) in [
        ("9시", 9),
        ("한시", 1),
        ("12시", 12),
        ("9시 30분", 9),
        ("9시까지", 9),
        ("내일 9시", 9),
        ("열한시 반", 11),
        ("until 9", 9),
        ("tomorrow 9", 9),
        ("9 o'clock", 9),
        ("아침 2시", 2),
        ("저녁 12시", 12),
    ] {
        assert_eq!(
            parse_now(text),
            Err(TimeTextError::AmbiguousHour { hour }),
            "{text}"
        );
    }
    for (text, day) in [
        ("next Friday", "next Friday"),
        ("next Friday 6pm", "next Friday"),
        ("6pm next friday", "next friday"),
        ("until tomorrow", "tomorrow"),
        ("tomorrow morning", "tomorrow morning"),
        ("tonight", "tonight"),
        ("friday", "friday"),
        ("2026-12-24", "2026-12-24"),
        ("next week", "next week"),
        ("내일", "내일"),
        ("내일까지", "내일"),
        ("내일 아침", "내일 아침"),
        ("다음 주", "다음 주"),
        ("다음 주 금요일", "다음 주 금요일"),
        ("다음 금요일 오후 6시", "다음 금요일"),
    ] {
        let error = TimeTextError::AmbiguousDay {
            text: day.to_owned(),
        };
        assert_eq!(parse_now(text), Err(error), "{text}");
    }
}

#[test]
fn a_named_day_that_has_passed_is_not_moved() {
    for (text, at) in [
        ("오늘 13:00", "2026-11-21 13:00"),
        ("오늘 14:00", "2026-11-21 14:00"),
        ("today 9am", "2026-11-21 09:00"),
        ("오늘 새벽 1시", "2026-11-21 01:00"),
        ("이번 주 금요일 오후 6시", "2026-11-20 18:00"),
        ("friday this week 6pm", "2026-11-20 18:00"),
        ("2026-11-20 18:00", "2026-11-20 18:00"),
        ("21일(토) 오전 9시", "2026-11-21 09:00"),
        ("토요일(21일) 13:00", "2026-11-21 13:00"),
        ("Saturday the 21st 9am", "2026-11-21 09:00"),
        ("sat 21 9am", "2026-11-21 09:00"),
        ("11월 20일(금) 18시", "2026-11-20 18:00"),
        ("11월 20일 18시", "2026-11-20 18:00"),
    ] {
        let at_ms = wall(at, SEOUL);
        assert_eq!(
            parse_now(text),
            Err(TimeTextError::Past { at_ms }),
            "{text}"
        );
    }
}

#[test]
fn lengths_have_limits() {
    for text in ["0m", "0시간 0분", "0.0001s", "영 분"] {
        assert_eq!(parse_now(text), Err(TimeTextError::NotPositive), "{text}");
        assert_eq!(
            parse_duration(text),
            Err(TimeTextError::NotPositive),
            "{text}"
        );
    }
    for text in [
        "3654d",
        "99999999999999999999999999999w",
        "87673h",
        "2040-01-01 09:00",
    ] {
        assert_eq!(parse_now(text), Err(TimeTextError::TooFar), "{text}");
    }
    assert_eq!(parse_duration("3653d"), Ok(LONGEST_MS));
    assert_eq!(parse("1m", i64::MAX, SEOUL), Err(TimeTextError::TooFar));
    assert_eq!(parse("18:00", i64::MAX, SEOUL), Err(TimeTextError::TooFar));
    assert_eq!(parse("18:00", i64::MIN, SEOUL), Err(TimeTextError::TooFar));
    assert_eq!(parse_now(""), Err(TimeTextError::Empty));
    assert_eq!(parse_now(" \u{3000}\n"), Err(TimeTextError::Empty));
    assert_eq!(parse_now(&"1".repeat(65)), Err(TimeTextError::TooLong));
    assert_eq!(
        parse_now(&format!("{}1h", " ".repeat(62))).map(|u| u.kind),
        Ok(Kind::Duration)
    );
}

#[test]
fn the_error_tells_where_it_stopped_making_sense() {
    for (text, rest, at) in [
        ("banana", "banana", 0),
        ("-5m", "-5m", 0),
        ("30m banana", "banana", 4),
        ("30분 바나나", "바나나", 4),
        ("30분까지", "까지", 3),
        ("30m 1h", "1h", 4),
        ("1h 1h", "1h", 3),
        ("30 months", "30 months", 0),
        ("in", "", 2),
        ("오늘 바나나", "바나나", 3),
        ("내일 오전 9시 바나나", "바나나", 9),
        ("오후 6시간", "간", 5),
        ("25:00", "25:00", 0),
        ("24:30", "24:30", 0),
        ("내일 12:60", "12:60", 3),
        ("오전 15시", "15시", 3),
        ("tonight noon", "noon", 8),
        ("오전 정오", "정오", 3),
        ("내일 오", "오", 3),
        ("15am", "15am", 0),
        ("2027-02-29 18:00", "2027-02-29 18:00", 0),
        ("2월 30일 18:00", "2월 30일 18:00", 0),
        ("18:00 18:00", "18:00", 6),
    ] {
        assert_eq!(parse_now(text), Err(unknown(rest, at)), "{text}");
    }
    assert_eq!(
        parse_duration("until 18:00"),
        Err(unknown("until 18:00", 0))
    );
}
