//! What holds for every text, length and instant.

use chrono::{DateTime, Timelike};
use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Fragments of which both sense and nonsense can be made.
const FRAGMENTS: &[&str] = &[
    "1",
    "9",
    "12",
    "30",
    "1.5",
    ":",
    "-",
    " ",
    "h",
    "m",
    "시",
    "시간",
    "분",
    "반",
    "일",
    "이",
    "십",
    "한",
    "오전",
    "오후",
    "밤",
    "내일",
    "다음",
    "주",
    "월",
    "요일",
    "까지",
    "뒤",
    "until",
    "at",
    "in",
    "half",
    "an",
    "and",
    "a",
    "hour",
    "pm",
    "am",
    "tomorrow",
    "next",
    "friday",
    "week",
    "noon",
    "t",
    "2026",
    "/",
    "nov",
    "자정",
    "오늘",
    "99999999999999999999",
    ".",
    "'",
    "ㅎ",
    "🙂",
    "년",
    "초",
    "전",
    "(",
    ")",
    "+",
    "utc",
    "kst",
    "cst",
    "quarter to",
    "past",
    "end of",
    "주말",
    "달",
    "말일",
    "0",
    "00",
    "30",
    "½",
    "한국 시간",
    "<t:",
    "tonight",
    "to",
    "or",
    "~",
    "26",
    "EOD",
    "(금)",
    "27일",
    "두세",
    "a few",
    "morning",
    "midnight",
    "seoul",
    "eastern",
    "０",
    "이요",
    ",",
    "feb",
    "first",
    "from",
];

fn fragments() -> impl Strategy<Value = String> {
    let fragment = proptest::sample::select(FRAGMENTS);
    proptest::collection::vec(fragment, 0..10).prop_map(|fragments| fragments.concat())
}

/// A Korean phrase as words, any of which may have a space between them.
fn korean_phrase() -> impl Strategy<Value = Vec<String>> {
    let number = proptest::sample::select(vec![
        "1", "2", "5", "11", "한", "두", "세", "네", "다섯", "열", "열두", "일", "이", "삼", "구",
        "십이",
    ]);
    let minutes =
        proptest::sample::select(vec!["10", "십", "삼십", "사십오", "59", "오", "열다섯"]);
    let duration_end = proptest::sample::select(vec!["", "뒤", "후에", "안에", "이내", "동안"]);
    let duration = (number.clone(), minutes.clone(), 0..4, duration_end).prop_map(
        |(hours, minutes, form, end)| match form {
            0 => vec![hours, "시간", end],
            1 => vec![hours, "시간", "반", end],
            2 => vec![minutes, "분", end],
            _ => vec![hours, "시간", minutes, "분", end],
        },
    );
    let day = proptest::sample::select(vec![
        vec![],
        vec!["내일"],
        vec!["모레"],
        vec!["금요일"],
        vec!["다음", "주", "월요일"],
        vec!["이번", "주", "일요일"],
        vec!["12", "월", "25", "일"],
    ]);
    let part = proptest::sample::select(vec!["오전", "오후"]);
    let clock_end = proptest::sample::select(vec!["", "까지"]);
    let clock = (day, part, number, minutes, 0..3, clock_end).prop_map(
        |(mut words, part, hour, minutes, form, end)| {
            words.extend([part, hour, "시"]);
            match form {
                0 => {}
                1 => words.push("반"),
                _ => words.extend([minutes, "분"]),
            }
            words.push(end);
            words
        },
    );
    prop_oneof![duration, clock].prop_map(|words| {
        let words = words.into_iter().filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    })
}

fn language() -> impl Strategy<Value = Language> {
    prop_oneof![Just(Language::Korean), Just(Language::English)]
}

proptest! {
    #[test]
    fn no_text_and_no_instant_makes_it_panic(text in any::<String>(), now_ms in any::<i64>()) {
        let _ = parse(&text, now_ms, SEOUL);
        let _ = parse_duration(&text);
        let _ = suggest(&text, now_ms, SEOUL, Language::Korean);
    }

    #[test]
    fn whatever_is_understood_lies_ahead_and_whatever_is_not_is_located(text in fragments()) {
        match parse_now(&text) {
            Ok(understood) => prop_assert!(
                (1..=LONGEST_MS).contains(&(understood.deadline_ms - now_ms()))
            ),
            Err(TimeTextError::Unknown { rest, at }) => {
                prop_assert_eq!(rest, text.chars().skip(at).collect::<String>());
            }
            Err(_) => {}
        }
    }

    #[test]
    fn a_suggestion_means_the_instant_it_carries(text in fragments(), language in language()) {
        let found = suggest(&text, now_ms(), SEOUL, language);
        prop_assert!(found.len() <= MAX_SUGGESTIONS);
        for suggestion in &found {
            prop_assert_eq!(parse_now(&suggestion.text), Ok(suggestion.understood));
            prop_assert_eq!(suggestion.text.trim(), &suggestion.text);
        }
        if let Ok(understood) = parse_now(&text) {
            prop_assert_eq!(&found[0].text, text.trim());
            prop_assert_eq!(found[0].understood, understood);
        }
    }

    #[test]
    fn a_length_that_is_shown_can_be_read(
        language in language(),
        (large_ms, count, small_ms, rest) in prop_oneof![
            (Just(DAY), 1..3_000_i64, Just(HOUR), 0..24_i64),
            (Just(HOUR), 1..24_i64, Just(MINUTE), 0..60_i64),
            (Just(MINUTE), 1..60_i64, Just(1_000), 0..60_i64),
            (Just(1_000), 1..60_i64, Just(0), 0..60_i64),
        ],
    ) {
        let ms = count * large_ms + rest * small_ms;
        let shown = format_duration(ms, language);
        prop_assert!(shown.split_whitespace().count() <= 4);
        prop_assert_eq!(parse_duration(&shown), Ok(ms), "{}", shown);
    }

    #[test]
    fn a_length_is_shown_to_the_nearest_of_its_smaller_unit(ms in 1_000..LONGEST_MS - HOUR) {
        let unit_ms = if ms < HOUR { 1_000 } else if ms < DAY { MINUTE } else { HOUR };
        let shown = parse_duration(&format_duration(ms, Language::Korean)).unwrap();
        prop_assert!((shown - ms).abs() <= unit_ms / 2);
    }

    #[test]
    fn no_half_of_a_day_is_chosen_in_silence(
        hour in 1..=12_u32,
        minute in 0..60_u32,
        form in 0..5_usize,
        now_ms in 1_700_000_000_000..2_000_000_000_000_i64,
    ) {
        let text = [
            format!("{hour}:{minute:02}"),
            format!("until {hour}:{minute:02}"),
            format!("{hour}시 {minute}분까지"),
            format!("내일 {hour}:{minute:02}"),
            format!("friday at {hour}:{minute:02}"),
        ][form].clone();
        let error = parse(&text, now_ms, SEOUL);
        prop_assert_eq!(error.clone(), Err(TimeTextError::AmbiguousHour { hour }), "{}", text);
        let offered = readings(&text, &error.unwrap_err(), now_ms, SEOUL, Language::Korean);
        prop_assert!(offered.len() >= 2, "{}: {:?}", text, offered);
        let halves: Vec<u32> = offered[..2]
            .iter()
            .map(|one| DateTime::from_timestamp_millis(one.understood.deadline_ms).unwrap())
            .map(|at| at.with_timezone(&SEOUL).hour() % 12)
            .collect();
        prop_assert_eq!(halves, vec![hour % 12; 2], "{}", text);
    }

    #[test]
    fn what_a_refusal_offers_is_understood(text in fragments(), language in language()) {
        if let Err(error) = parse_now(&text) {
            for one in readings(&text, &error, now_ms(), SEOUL, language) {
                prop_assert_eq!(parse_now(&one.text), Ok(one.understood));
            }
        }
    }

    /// A range is never one of its ends in silence, nor minutes before an hour.
    #[test]
    fn a_range_of_hours_is_asked(
        first in 0..24_u32,
        second in 0..24_u32,
        form in 0..7_usize,
        now_ms in 1_700_000_000_000..2_000_000_000_000_i64,
    ) {
        let text = [
            format!("{first:02}:00-{second:02}:00"),
            format!("{first} to {second}"),
            format!("{first}시~{second}시"),
            format!("{first}시부터 {second}시까지"),
            format!("tomorrow {first:02}:00-{second:02}:00"),
            format!("2030-12-01 {first:02}:00-{second:02}:00"),
            format!("{first} until {second} KST"),
        ][form].clone();
        // Only minutes above an hour's number are none: `45 to 6` is before six.
        let read = parse(&text, now_ms, SEOUL);
        prop_assert!(read.is_err(), "{}: {:?}", text, read);
    }

    /// What a refusal offers keeps every number, unless it is one of those that leave it open.
    #[test]
    fn no_offer_leaves_out_a_day_or_a_zone(
        day in proptest::sample::select(vec!["friday", "dec 5", "2030-12-05", "tomorrow", "a week from friday"]),
        junk in proptest::sample::select(vec!["banana", "mars time", "please", "ftw"]),
        zone in proptest::sample::select(vec!["", " KST", " eastern", " UTC+9"]),
        is_first in any::<bool>(),
    ) {
        let said = format!("{day} 6pm{zone}");
        let text = if is_first { format!("{junk} {said}") } else { format!("{said} {junk}") };
        let meant = parse_now(&said).map(|read| read.deadline_ms);
        if let Err(error) = parse_now(&text) {
            for one in readings(&text, &error, now_ms(), SEOUL, Language::English) {
                prop_assert_eq!(Ok(one.understood.deadline_ms), meant.clone(), "{}: {}", text, one.text);
            }
        }
    }

    /// A day that is said twice is read if both are the same, and refused with both if not.
    #[test]
    fn a_weekday_beside_a_date_has_to_be_the_dates(ahead in 1..300_u64, said in 0..7_u32, form in 0..4_usize) {
        use chrono::Datelike;
        let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let date = today + chrono::Days::new(ahead);
        let korean = ["월", "화", "수", "목", "금", "토", "일"][said as usize];
        let english = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][said as usize];
        let text = match form {
            0 => format!("{}년 {}월 {}일({korean}) 18시", date.year(), date.month(), date.day()),
            1 => format!("{english}, {date} 6pm"),
            2 => format!("{date} {english} 18:00"),
            _ => format!("{korean}요일({date}) 18시"),
        };
        let read = parse_now(&text);
        if date.weekday().num_days_from_monday() == said {
            let at = wall(&format!("{date} 18:00"), SEOUL);
            prop_assert_eq!(read.map(|read| read.deadline_ms), Ok(at), "{}", text);
        } else {
            let error = read.unwrap_err();
            let offered = readings(&text, &error, now_ms(), SEOUL, Language::English);
            prop_assert_eq!(offered.len(), 2, "{}: {:?}", text, offered);
        }
    }

    #[test]
    fn what_ends_a_sentence_changes_nothing(text in fragments(), end in proptest::sample::select(vec![".", "!", "…", "~", "\u{200b}", "\u{feff}"])) {
        let ended = format!("{text}{end}");
        if let Ok(understood) = parse_now(&text) {
            prop_assert_eq!(parse_now(&ended), Ok(understood), "{:?}", ended);
        }
    }

    #[test]
    fn hours_and_minutes_add_up(hours in 0..1_000_i64, minutes in 0..1_000_i64) {
        let ms = hours * HOUR + minutes * MINUTE;
        let expected = if ms == 0 { Err(TimeTextError::NotPositive) } else { Ok(ms) };
        for text in [
            format!("{hours}시간 {minutes}분"),
            format!("{hours}h {minutes}m"),
            format!("{hours}h{minutes}m"),
            format!("{hours} hours and {minutes} minutes"),
        ] {
            prop_assert_eq!(parse_duration(&text), expected.clone(), "{}", text);
        }
    }

    #[test]
    fn spaces_between_korean_words_mean_nothing(
        words in korean_phrase(),
        spaces in proptest::collection::vec(any::<bool>(), 10),
    ) {
        let spaced = words.join(" ");
        let understood = parse_now(&spaced);
        prop_assert!(understood.is_ok(), "{}: {:?}", spaced, understood);
        let some: Vec<_> = words
            .iter()
            .zip(spaces)
            .flat_map(|(word, space)| [word.as_str(), if space { " " } else { "" }])
            .collect();
        prop_assert_eq!(parse_now(&words.concat()), understood.clone(), "{}", spaced);
        prop_assert_eq!(parse_now(&some.concat()), understood, "{}", spaced);
    }

    #[test]
    fn a_clock_time_is_the_next_that_the_wall_clock_shows(
        now_ms in 1_700_000_000_000..2_000_000_000_000_i64,
        zone in proptest::sample::select(vec![
            SEOUL,
            chrono_tz::America::New_York,
            chrono_tz::Europe::Berlin,
            chrono_tz::Australia::Lord_Howe,
        ]),
        hour in 0..24_u32,
        minute in 0..60_u32,
    ) {
        let is_afternoon = hour >= 12;
        let dial = (hour + 11) % 12 + 1;
        let texts = [
            format!("{dial}:{minute:02}{}", if is_afternoon { "pm" } else { "am" }),
            format!("{} {}시 {minute}분", if is_afternoon { "오후" } else { "오전" }, hour % 12),
        ];
        let of_24_hours = format!("until {hour:02}:{minute:02}");
        let texts = texts.into_iter().chain((!(10..=12).contains(&hour)).then_some(of_24_hours));
        for text in texts {
            match parse(&text, now_ms, zone) {
                Ok(Understood { deadline_ms, kind, is_absolute }) => {
                    prop_assert_eq!((kind, is_absolute), (Kind::ClockTime, false));
                    prop_assert!(deadline_ms > now_ms);
                    // A day of 25 hours is the longest.
                    prop_assert!(deadline_ms - now_ms <= 25 * HOUR);
                    let at = DateTime::from_timestamp_millis(deadline_ms).unwrap();
                    let wall = at.with_timezone(&zone);
                    prop_assert_eq!((wall.hour(), wall.minute()), (hour, minute));
                }
                Err(error) => prop_assert!(
                    matches!(error, TimeTextError::NotALocalTime { .. }),
                    "{}: {:?}", text, error
                ),
            }
        }
    }
}
