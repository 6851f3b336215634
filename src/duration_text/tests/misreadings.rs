//! What a reviewer found read as another time than was meant, or read where two were meant.

use super::people::{asked, is_read};
use super::*;

/// What each text means in Seoul, on Saturday, 2026-11-21, at 14:00.
const READ: &[(&str, &str)] = &[
    ("35 to 6pm", "2026-11-21 17:25"),
    ("ten till 6pm", "2026-11-21 17:50"),
    ("20 past 5pm", "2026-11-21 17:20"),
    ("2 hours before midnight", "2026-11-21 22:00"),
    ("an hour before noon", "2026-11-22 11:00"),
    ("half an hour before 6pm", "2026-11-21 17:30"),
    ("5 minutes to 18:00", "2026-11-21 17:55"),
    ("quarter to 18:00", "2026-11-21 17:45"),
    ("26.12.18 18:00", "2026-12-18 18:00"),
    ("26.12.18 오후 6시", "2026-12-18 18:00"),
    ("26. 12. 18. 18시", "2026-12-18 18:00"),
    ("18.12.26 18:00", "2026-12-18 18:00"),
    ("12/18/26 6pm", "2026-12-18 18:00"),
    ("26/12/18 18:00", "2026-12-18 18:00"),
    ("fri 27 6pm", "2026-11-27 18:00"),
    ("mon 23 6pm", "2026-11-23 18:00"),
    ("금요일 18시", "2026-11-27 18:00"),
    ("friday at 18", "2026-11-27 18:00"),
    ("1030pm", "2026-11-21 22:30"),
    ("630pm", "2026-11-21 18:30"),
    ("오전 1030", "2026-11-22 10:30"),
    ("until 1730", "2026-11-21 17:30"),
    ("until 0030", "2026-11-22 00:30"),
    ("0930 tomorrow", "2026-11-22 09:30"),
    ("0600 hours", "2026-11-22 06:00"),
    ("0700hrs", "2026-11-22 07:00"),
    ("0930h", "2026-11-22 09:30"),
    ("0600 hrs tomorrow", "2026-11-22 06:00"),
    ("tomorrow at 1800 hrs", "2026-11-22 18:00"),
    ("2500 hours", "2027-03-05 18:00"),
    ("600 hours", "2026-12-16 14:00"),
    ("in 1800 hours", "2027-02-04 14:00"),
    ("for 06 hours", "2026-11-21 20:00"),
    ("around 0600 hours", "2026-11-22 06:00"),
    ("until 17h30", "2026-11-21 17:30"),
    ("tomorrow 18h", "2026-11-22 18:00"),
    ("1h30", "2026-11-21 15:30"),
    ("17h30m", "2026-11-22 07:30"),
    ("2026-12-01T09:00-05:00", "2026-12-01 23:00"),
    ("2026-12-01T18:00+09:00", "2026-12-01 18:00"),
    ("2월 말일 18시", "2027-02-28 18:00"),
    ("2028년 2월 말일 18시", "2028-02-29 18:00"),
    ("내년 2월 말일 18시", "2027-02-28 18:00"),
    ("4월 말일 정오", "2027-04-30 12:00"),
    ("last day of february 6pm", "2027-02-28 18:00"),
    ("3 in the morning", "2026-11-22 03:00"),
    ("3 in the afternoon", "2026-11-21 15:00"),
    ("tomorrow morning 11:30", "2026-11-22 11:30"),
    ("오늘 12시까지", "2026-11-22 00:00"),
    ("saturday midnight", "2026-11-22 00:00"),
    ("midnight tonight", "2026-11-22 00:00"),
    ("내일 밤 자정", "2026-11-23 00:00"),
    ("quarter to midnight friday", "2026-11-27 23:45"),
    ("within this week", "2026-11-23 00:00"),
    ("이번 주 안에", "2026-11-23 00:00"),
    ("이번 달 안에", "2026-12-01 00:00"),
    ("올해 안에", "2027-01-01 00:00"),
    ("end of tomorrow", "2026-11-23 00:00"),
    ("by the end of friday", "2026-11-28 00:00"),
    ("1.25h", "2026-11-21 15:15"),
    ("3.5h", "2026-11-21 17:30"),
];

/// Why each text is asked, and the first texts that are offered in its place.
const ASKED: &[(&str, &str, &str)] = &[
    ("13 to 15", "Several", "until 13 | until 15"),
    ("18 to 20", "Several", "until 18 | until 20"),
    ("14 until 16", "Several", "until 14 | until 16"),
    ("14 to 16 KST", "Several", "until 14 KST | until 16 KST"),
    (
        "13 to 15 tomorrow",
        "Several",
        "until 13 tomorrow | until 15 tomorrow",
    ),
    (
        "9 to 5",
        "Several",
        "9 minutes to 5am | until 9am | until 5am | 9 minutes to 5pm",
    ),
    (
        "10 to 6",
        "Several",
        "10 minutes to 6am | until 10am | until 6am | 10 minutes to 6pm",
    ),
    (
        "20 to 6",
        "Several",
        "20 minutes to 6am | until 20 | until 6am | 20 minutes to 6pm",
    ),
    ("20 to 9pm", "Several", "20 minutes to 9pm | 20pm | 9pm"),
    (
        "5 to noon",
        "Several",
        "5 minutes to noon | until 5am | noon | until 5pm",
    ),
    (
        "15 to noon",
        "Several",
        "15 minutes to noon | until 15 | noon",
    ),
    ("10 till 6pm", "Several", "10 minutes to 6pm | 10pm | 6pm"),
    (
        "five to six pm",
        "Several",
        "five minutes to six pm | five pm | six pm",
    ),
    ("13-15", "Several", "until 13 | until 15"),
    ("13~15", "Several", "until 13 | until 15"),
    ("6-8pm", "Several", "6pm | 8pm"),
    ("from 6 to 8pm", "Several", "6pm | 8pm"),
    ("between 2 and 4pm", "Several", "2pm | 4pm"),
    ("noon to 3pm", "Several", "noon | 3pm"),
    ("tomorrow 13-15", "Several", "tomorrow 13 | tomorrow 15"),
    (
        "today or tomorrow 6pm",
        "Several",
        "today 6pm | tomorrow 6pm",
    ),
    (
        "monday or tuesday 6pm",
        "Several",
        "monday 6pm | tuesday 6pm",
    ),
    (
        "6시부터 8시까지",
        "Several",
        "오전 6시까지 | 오후 6시까지 | 오전 8시까지 | 오후 8시까지",
    ),
    ("오후 6시~오후 8시", "Several", "오후 6시 | 오후 8시"),
    ("오전 9시~오후 6시", "Several", "오전 9시 | 오후 6시"),
    ("18:00~20:00", "Several", "18:00 | 20:00"),
    (
        "2026-12-01 09:00-12:00",
        "Several",
        "2026-12-01 09:00 | 2026-12-01 12:00",
    ),
    (
        "2026-12-01 09:00-03:30",
        "Several",
        "2026-12-01 09:00 | 2026-12-01 03:30",
    ),
    (
        "tomorrow 18:00-20:00",
        "Several",
        "tomorrow 18:00 | tomorrow 20:00",
    ),
    (
        "26.12.18",
        "AmbiguousDay",
        "2026-12-18 9am | 2026-12-18 noon | 2026-12-18 6pm | 2026-12-18 9pm",
    ),
    (
        "26.12.27",
        "AmbiguousDay",
        "2026-12-27 9am | 2026-12-27 noon | 2027-12-26 9am | 2027-12-26 noon",
    ),
    ("12.1.18시", "Unknown", "12.1. 18시"),
    ("12/01/26 6pm", "AmbiguousDay", "2026-12-01 6pm"),
    (
        "mon 23",
        "Several",
        "mon 23:00 | mon 23rd 9am | mon 23rd noon | mon 23rd 6pm",
    ),
    (
        "sunday 22",
        "Several",
        "sunday 22:00 | sunday 22nd 9am | sunday 22nd noon | sunday 22nd 6pm",
    ),
    (
        "fri 13",
        "Several",
        "fri 13:00 | 13th 9am | 13th noon | 13th 6pm",
    ),
    (
        "mon 24",
        "Several",
        "mon 24:00 | 24th 9am | 24th noon | 24th 6pm",
    ),
    (
        "wed, 18",
        "Several",
        "wed, 18:00 | 18th 9am | 18th noon | 18th 6pm",
    ),
    (
        "23 monday",
        "Several",
        "23:00 monday | 23rd monday 9am | 23rd monday noon | 23rd monday 6pm",
    ),
    (
        "18 friday",
        "Several",
        "18:00 friday | 18th friday 9am | 18th friday noon | 18th friday 6pm",
    ),
    (
        "thursday 25",
        "Several",
        "25th 9am | 25th noon | thursday 9am | thursday noon",
    ),
    (
        "금요일 18",
        "Several",
        "금요일 18:00 | 금요일 18일 오전 9시 | 금요일 18일 정오 | 금요일 18일 오후 6시",
    ),
    (
        "목요일 20",
        "Several",
        "목요일 20:00 | 20일날 오전 9시 | 20일날 정오 | 20일날 오후 6시",
    ),
    ("until 1130", "AmbiguousHour", "until 1130am | until 1130pm"),
    ("by 1030", "AmbiguousHour", "by 1030am | by 1030pm"),
    ("by 1200", "AmbiguousHour", "by 1200pm | by 1200am"),
    ("until 930", "AmbiguousHour", "until 930am | until 930pm"),
    (
        "tomorrow 1130",
        "AmbiguousHour",
        "tomorrow 1130am | tomorrow 1130pm",
    ),
    ("1030까지", "AmbiguousHour", "오전 1030까지 | 오후 1030까지"),
    ("1215까지", "AmbiguousHour", "낮 1215까지 | 밤 1215까지"),
    (
        "내일 1030까지",
        "AmbiguousHour",
        "내일 오전 1030까지 | 내일 오후 1030까지",
    ),
    ("1800 hours", "Several", "at 1800 hours | in 1800 hours"),
    ("1500hrs", "Several", "at 1500hrs | in 1500 hours"),
    (
        "exactly 1800 hours",
        "Several",
        "exactly at 1800 hours | exactly in 1800 hours",
    ),
    (
        "tomorrow at 9h30",
        "AmbiguousHour",
        "tomorrow at 9h30am | tomorrow at 9h30pm",
    ),
    ("06 hours", "Several", "06:00 | in 6 hours"),
    ("05h30", "Several", "5:30am | 5:30pm | 5h 30m"),
    ("9h30", "Several", "9:30am | 9:30pm | 9h 30m"),
    ("17h30", "Several", "17:30 | 17h 30m"),
    ("18h00", "Several", "18:00 | in 18h"),
    (
        "tomorrow morning at 12:30",
        "AmbiguousHour",
        "tomorrow at 12:30am | tomorrow at 12:30pm",
    ),
    (
        "tomorrow morning 3",
        "AmbiguousHour",
        "tomorrow 3am | tomorrow 3pm",
    ),
    (
        "tomorrow afternoon 11",
        "AmbiguousHour",
        "tomorrow 11am | tomorrow 11pm",
    ),
    (
        "tomorrow afternoon at 8",
        "AmbiguousHour",
        "tomorrow at 8am | tomorrow at 8pm",
    ),
    (
        "11 tomorrow afternoon",
        "AmbiguousHour",
        "11am tomorrow | 11pm tomorrow",
    ),
    ("11 in the afternoon", "AmbiguousHour", "11am | 11pm"),
    ("5 tonight", "AmbiguousHour", "5pm today"),
    (
        "오늘 12시 30분까지",
        "Past",
        "오늘 밤 12시 30분까지 | 내일 낮 12시 30분까지 | 내일 밤 12시 30분까지",
    ),
    (
        "today at 12:45",
        "Past",
        "tonight at 12:45am | tomorrow at 12:45pm",
    ),
    (
        "end of next week",
        "AmbiguousDay",
        "next week friday 6pm | next week friday 24:00 | next week sunday 6pm | next week sunday 24:00",
    ),
    (
        "EOW",
        "AmbiguousDay",
        "this week sunday 6pm | this week sunday 24:00 | next week friday 6pm | next week friday 24:00",
    ),
    (
        "end of this week",
        "AmbiguousDay",
        "this week sunday 6pm | this week sunday 24:00 | next week friday 6pm | next week friday 24:00",
    ),
    (
        "by the end of next month",
        "AmbiguousDay",
        "by the end of next month 24:00 | by the end of next month 6pm | by the end of next month 5pm",
    ),
    (
        "end of the year",
        "AmbiguousDay",
        "end of the year 24:00 | end of the year 6pm | end of the year 5pm",
    ),
    ("eom", "AmbiguousDay", "eom 24:00 | eom 6pm | eom 5pm"),
    (
        "월말까지",
        "AmbiguousDay",
        "월말 24시까지 | 월말 오후 6시까지 | 월말 오후 5시까지",
    ),
    (
        "연말까지",
        "AmbiguousDay",
        "연말 24시까지 | 연말 오후 6시까지 | 연말 오후 5시까지",
    ),
    (
        "이번 주까지",
        "AmbiguousDay",
        "이번 주 일요일 오후 6시까지 | 이번 주 일요일 24시까지 | 다음 주 금요일 오후 6시까지 | 다음 주 금요일 24시까지",
    ),
    (
        "다음 주까지",
        "AmbiguousDay",
        "다음 주 금요일 오후 6시까지 | 다음 주 금요일 24시까지 | 다음 주 일요일 오후 6시까지 | 다음 주 일요일 24시까지",
    ),
    ("내일 자정", "Several", "내일 0시 | 내일 24시"),
    (
        "tomorrow midnight",
        "Several",
        "tomorrow 00:00 | tomorrow 24:00",
    ),
    ("midnight friday", "Several", "00:00 friday | 24:00 friday"),
    (
        "midnight on friday",
        "Several",
        "00:00 on friday | 24:00 on friday",
    ),
    (
        "10 past midnight friday",
        "Several",
        "0:10 friday | 12:10 at night friday",
    ),
    ("12월 1일 자정", "Several", "12월 1일 0시 | 12월 1일 24시"),
    ("1.30h", "Several", "1h 30m | 1h 18m"),
    ("1.30시간", "Several", "1시간 30분 | 1시간 18분"),
    ("2.45h", "Several", "2h 45m | 2h 27m"),
    ("0.30h", "Several", "30m | 18m"),
];

#[test]
fn what_has_one_meaning_is_read_in_it() {
    is_read(READ);
}

#[test]
fn what_has_two_meanings_is_asked() {
    asked(ASKED);
}

/// What each text said after midnight is read as, or why it is asked, and what is offered.
const SMALL_HOURS: &[(&str, &str)] = &[
    ("오늘 밤 1시", "오늘 새벽 1시 | 내일 새벽 1시"),
    ("tonight at 1", "today 1:00am | tomorrow 1:00am"),
    ("1:30 tonight", "today 1:30am | tomorrow 1:30am"),
    ("tonight 2am", "today 2:00am | tomorrow 2:00am"),
];

#[test]
fn tonight_said_after_midnight_may_be_the_night_that_goes_on() {
    let now_ms = wall("2026-11-22 00:30", SEOUL);
    for (text, offered) in SMALL_HOURS {
        let error = parse(text, now_ms, SEOUL).expect_err(text);
        let readings = readings(text, &error, now_ms, SEOUL, Language::English);
        let texts: Vec<&str> = readings.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(texts.join(" | "), *offered, "{text}");
    }
    let read = |text, now_ms| parse(text, now_ms, SEOUL).map(|read| read.deadline_ms);
    // Where that hour has passed, or the night has not begun, there is one.
    let later_ms = wall("2026-11-22 01:30", SEOUL);
    assert_eq!(
        read("오늘 밤 1시", later_ms),
        Ok(wall("2026-11-23 01:00", SEOUL))
    );
    assert_eq!(
        read("오늘 밤 11시", now_ms),
        Ok(wall("2026-11-22 23:00", SEOUL))
    );
    let morning_ms = wall("2026-11-22 05:30", SEOUL);
    assert_eq!(
        read("tonight at 1am", morning_ms),
        Ok(wall("2026-11-23 01:00", SEOUL))
    );
}

#[test]
fn a_months_end_is_the_calendars() {
    for (now, text, at) in [
        ("2028-02-03 09:00", "2월 말일 18시", "2028-02-29 18:00"),
        ("2027-02-03 09:00", "2월 말일 18시", "2027-02-28 18:00"),
        ("2027-02-03 09:00", "내년 2월 말일 18시", "2028-02-29 18:00"),
        ("2027-02-03 09:00", "28년 2월 말일 18시", "2028-02-29 18:00"),
        (
            "2028-02-03 09:00",
            "last day of february 6pm",
            "2028-02-29 18:00",
        ),
        ("2028-02-03 09:00", "end of month 6pm", "2028-02-29 18:00"),
    ] {
        let read = parse(text, wall(now, SEOUL), SEOUL).map(|read| read.deadline_ms);
        assert_eq!(read, Ok(wall(at, SEOUL)), "{now} {text}");
    }
}
