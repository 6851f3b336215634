//! What is offered while a member types.

use super::*;

fn texts(partial: &str, language: Language) -> Vec<String> {
    let found = suggest(partial, now_ms(), SEOUL, language).into_iter();
    found.map(|suggestion| suggestion.text).collect()
}

#[test]
fn nothing_typed_offers_the_usual() {
    assert_eq!(
        texts("", Language::English),
        [
            "10m",
            "25m",
            "30m",
            "1h",
            "2h",
            "until 18:00",
            "tomorrow 9am"
        ],
    );
    assert_eq!(
        texts(" ", Language::Korean),
        [
            "10분",
            "25분",
            "30분",
            "1시간",
            "2시간",
            "오후 6시까지",
            "내일 오전 9시"
        ],
    );
}

#[test]
fn what_is_asked_back_is_offered_in_each_meaning() {
    for (partial, language, expected) in [
        (
            "30",
            Language::English,
            &["30m", "30 hours", "30 days", "30s"][..],
        ),
        ("30", Language::Korean, &["30분", "30시간", "30일", "30초"]),
        (
            "9",
            Language::Korean,
            &["9분", "9시간", "9일", "9초", "오전 9시", "오후 9시"],
        ),
        ("9시", Language::English, &["오전 9시", "오후 9시", "9시간"]),
        (
            "내일 9시 30분까지",
            Language::Korean,
            &["내일 오전 9시 30분까지", "내일 오후 9시 30분까지"],
        ),
        ("12시", Language::Korean, &["낮 12시", "밤 12시"]),
        ("until 9", Language::Korean, &["until 9am", "until 9pm"]),
        (
            "내일까지",
            Language::Korean,
            &["내일 오전 9시까지", "내일 정오까지"],
        ),
        (
            "tomorrow",
            Language::English,
            &["tomorrow 9am", "tomorrow noon", "tomorrow 6pm"],
        ),
        (
            "next friday 6pm",
            Language::English,
            &["next week friday 6pm"],
        ),
        ("다음 주", Language::Korean, &["다음 주 월요일 오전 9시"]),
        ("오늘 오전 9:00", Language::Korean, &["내일 오전 9:00"]),
    ] {
        let found = texts(partial, language);
        assert!(
            found.starts_with(&expected.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()),
            "{partial}: {found:?}"
        );
    }
}

#[test]
fn beginnings_are_completed_and_what_is_whole_comes_first() {
    for (partial, language, expected) in [
        ("tom", Language::English, "tomorrow 9am"),
        ("1h", Language::English, "1h 30m"),
        ("2 h", Language::English, "2 h"),
        ("in", Language::English, "in 10m"),
        ("unt", Language::English, "until 6pm"),
        ("내", Language::Korean, "내일 오전 9시"),
        ("1시", Language::Korean, "1시간"),
        ("1시간", Language::Korean, "1시간 30분"),
        ("다음", Language::Korean, "다음 주 월요일 오전 9시"),
        ("오후", Language::Korean, "오후 6시"),
        ("오", Language::Korean, "오늘 오후 6시"),
        ("내일 오", Language::Korean, "내일 오전 9시"),
        ("한", Language::Korean, "한 시간 반"),
        ("1", Language::English, "1 hour"),
        ("tonight", Language::English, "tonight 12am"),
        ("월", Language::Korean, "월요일 오전 9시"),
    ] {
        let found = texts(partial, language);
        assert!(
            found.iter().any(|text| text == expected),
            "{partial}: {found:?}"
        );
        assert!(found.len() <= MAX_SUGGESTIONS);
    }
    assert_eq!(texts("한시간 반", Language::English)[0], "한시간 반");
    assert_eq!(
        texts(&"1".repeat(65), Language::English),
        Vec::<String>::new()
    );
    assert_eq!(texts("banana", Language::English), Vec::<String>::new());
}
