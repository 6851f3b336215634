//! Times as people write them: what each is read as, or asked back with.

use super::*;

/// What each text means in Seoul, on Saturday, 2026-11-21, at 14:00.
const READ: &[(&str, &str)] = &[
    ("오후 4시 반 전", "2026-11-21 16:30"),
    ("오후 4시 전", "2026-11-21 16:00"),
    ("today at 3:15", "2026-11-21 15:15"),
    ("today 3:15", "2026-11-21 15:15"),
    ("오늘 3:15", "2026-11-21 15:15"),
    ("오늘 9시", "2026-11-21 21:00"),
    ("오늘 3시 반까지", "2026-11-21 15:30"),
    ("오늘 12시까지", "2026-11-22 00:00"),
    ("내일 09:00", "2026-11-22 09:00"),
    ("09:30", "2026-11-22 09:30"),
    ("0:30까지", "2026-11-22 00:30"),
    ("1:30 hours", "2026-11-21 15:30"),
    ("1:30h", "2026-11-21 15:30"),
    ("30분.", "2026-11-21 14:30"),
    ("30분!", "2026-11-21 14:30"),
    ("\"30분\"", "2026-11-21 14:30"),
    ("~18:00", "2026-11-21 18:00"),
    ("30분 정도", "2026-11-21 14:30"),
    ("2026. 12. 1. 오후 6시", "2026-12-01 18:00"),
    ("2026.12.1 오후 6시", "2026-12-01 18:00"),
    ("2026.12.01. 18:00", "2026-12-01 18:00"),
    ("2026.12. 1. 18시", "2026-12-01 18:00"),
    ("12/1 18시", "2026-12-01 18:00"),
    ("12/24 6pm", "2026-12-24 18:00"),
    ("24/12 6pm", "2026-12-24 18:00"),
    ("12/1(화) 18시", "2026-12-01 18:00"),
    ("12월 1일(화) 오후 6시", "2026-12-01 18:00"),
    ("12월 1일 화요일 오후 6시", "2026-12-01 18:00"),
    ("12.1 18시", "2026-12-01 18:00"),
    ("12. 1. 오후 6시", "2026-12-01 18:00"),
    ("12.1(화) 18시", "2026-12-01 18:00"),
    ("19일 오후 6시", "2026-12-19 18:00"),
    ("25일 오후 6시", "2026-11-25 18:00"),
    ("31일 오후 6시", "2026-12-31 18:00"),
    ("다음달 1일 오전 9시", "2026-12-01 09:00"),
    ("이번 달 말일 18시", "2026-11-30 18:00"),
    ("월말 18시", "2026-11-30 18:00"),
    ("다다음달 3일 정오", "2027-01-03 12:00"),
    ("내년 1월 1일 0시", "2027-01-01 00:00"),
    ("오늘 안에", "2026-11-22 00:00"),
    ("오늘 안으로", "2026-11-22 00:00"),
    ("오늘 중으로", "2026-11-22 00:00"),
    ("오늘 내로", "2026-11-22 00:00"),
    ("내일 안에", "2026-11-23 00:00"),
    ("이번 주 안에", "2026-11-23 00:00"),
    ("이번 달 안에", "2026-12-01 00:00"),
    ("½ hour", "2026-11-21 14:30"),
    ("1½ hours", "2026-11-21 15:30"),
    ("1½시간", "2026-11-21 15:30"),
    ("1/2 hour", "2026-11-21 14:30"),
    ("1 1/2 hours", "2026-11-21 15:30"),
    ("3/4 hour", "2026-11-21 14:45"),
    ("half past 5pm", "2026-11-21 17:30"),
    ("quarter to 6pm", "2026-11-21 17:45"),
    ("quarter past noon", "2026-11-22 12:15"),
    ("10 minutes to 6pm", "2026-11-21 17:50"),
    ("20 past 5pm", "2026-11-21 17:20"),
    ("quarter to midnight", "2026-11-21 23:45"),
    ("18:00 UTC", "2026-11-22 03:00"),
    ("2026-12-01T09:00Z", "2026-12-01 18:00"),
    ("2026-12-01T18:00+09:00", "2026-12-01 18:00"),
    ("2026-12-01T18:00:00.000Z", "2026-12-02 03:00"),
    ("2026-12-01 18:00", "2026-12-01 18:00"),
    ("2026-12-01 09:00 UTC", "2026-12-01 18:00"),
    ("end of tomorrow", "2026-11-23 00:00"),
    ("by the end of friday", "2026-11-28 00:00"),
    ("7pm KST", "2026-11-21 19:00"),
    ("6 PM KST", "2026-11-21 18:00"),
    ("6pm EST", "2026-11-22 08:00"),
    ("6pm ET", "2026-11-22 08:00"),
    ("6pm PST", "2026-11-22 11:00"),
    ("11 tonight", "2026-11-21 23:00"),
    ("9 tomorrow morning", "2026-11-22 09:00"),
    ("9 tomorrow night", "2026-11-22 21:00"),
    ("6 this evening", "2026-11-21 18:00"),
    ("9.30pm", "2026-11-21 21:30"),
    ("until 17.30", "2026-11-21 17:30"),
    ("until 1730", "2026-11-21 17:30"),
    ("tomorrow 0930", "2026-11-22 09:30"),
    ("6 o’clock pm", "2026-11-21 18:00"),
    ("12 noon", "2026-11-22 12:00"),
    ("12 midnight", "2026-11-22 00:00"),
    ("noon", "2026-11-22 12:00"),
    ("midnight", "2026-11-22 00:00"),
    ("tonight 11", "2026-11-21 23:00"),
    ("in 2 hrs", "2026-11-21 16:00"),
    ("1h30", "2026-11-21 15:30"),
    ("1h 30", "2026-11-21 15:30"),
    ("1.5h", "2026-11-21 15:30"),
    ("1hr30min", "2026-11-21 15:30"),
    ("2 hrs", "2026-11-21 16:00"),
    ("an hour and a half", "2026-11-21 15:30"),
    ("hour and a half", "2026-11-21 15:30"),
    ("three quarters of an hour", "2026-11-21 14:45"),
    ("half a day", "2026-11-22 02:00"),
    ("Dec 1st 6pm", "2026-12-01 18:00"),
    ("1 Dec 6pm", "2026-12-01 18:00"),
    ("Dec 1 at noon", "2026-12-01 12:00"),
    ("Tue, Dec 1 6pm", "2026-12-01 18:00"),
    ("the 19th at 6pm", "2026-12-19 18:00"),
    ("19th 6pm", "2026-12-19 18:00"),
    ("on the 25th at 9am", "2026-11-25 09:00"),
    ("1st of next month 9am", "2026-12-01 09:00"),
    ("next month 1st 9am", "2026-12-01 09:00"),
    ("내일모레 오후 3시", "2026-11-23 15:00"),
    ("낼 오후 3시", "2026-11-22 15:00"),
    ("글피 오전 9시", "2026-11-24 09:00"),
    ("다음 주 화요일 오후 3시", "2026-11-24 15:00"),
    ("다음주 화 오후 3시", "2026-11-24 15:00"),
    ("오후 세시 반", "2026-11-21 15:30"),
    ("정오", "2026-11-22 12:00"),
    ("자정", "2026-11-22 00:00"),
    ("오늘 자정", "2026-11-22 00:00"),
    ("내일 정오까지", "2026-11-22 12:00"),
    ("밤 11시 59분", "2026-11-21 23:59"),
    ("한국 시간 오후 6시", "2026-11-21 18:00"),
    ("한국시간으로 내일 오후 6시", "2026-11-22 18:00"),
    ("뉴욕 시간 오전 9시", "2026-11-21 23:00"),
    ("오후 6시 KST", "2026-11-21 18:00"),
    ("오후 6시(한국 시간)", "2026-11-21 18:00"),
    ("6pm Seoul time", "2026-11-21 18:00"),
    ("9am New York time", "2026-11-21 23:00"),
    ("18:00 (KST)", "2026-11-21 18:00"),
    ("18:00+09:00", "2026-11-21 18:00"),
    ("due 6pm", "2026-11-21 18:00"),
    ("by 6pm sharp", "2026-11-21 18:00"),
    ("오후 6시 정각까지", "2026-11-21 18:00"),
    ("오후 6시쯤", "2026-11-21 18:00"),
    ("18:30분까지", "2026-11-21 18:30"),
    ("18시30", "2026-11-21 18:30"),
    ("오후 6:30분", "2026-11-21 18:30"),
    ("@6pm", "2026-11-21 18:00"),
    ("tomorrow @ 6pm", "2026-11-22 18:00"),
    ("tomorrow, 6pm", "2026-11-22 18:00"),
    ("6pm, tomorrow", "2026-11-22 18:00"),
    ("30분짜리", "2026-11-21 14:30"),
    ("30분쯤 뒤", "2026-11-21 14:30"),
    ("1시간하고 30분", "2026-11-21 15:30"),
    ("1시간 & 30분", "2026-11-21 15:30"),
    ("1 hour & 30 min", "2026-11-21 15:30"),
    ("PT30M", "2026-11-21 14:30"),
    ("<t:1795251600:R>", "2026-11-21 18:00"),
    ("a week from now", "2026-11-28 14:00"),
    ("일주일 뒤 오후 6시", "2026-11-28 18:00"),
    ("2주 뒤 오후 6시", "2026-12-05 18:00"),
    ("in two weeks at noon", "2026-12-05 12:00"),
    ("3 days from now at 6pm", "2026-11-24 18:00"),
    ("나흘 뒤 정오", "2026-11-25 12:00"),
    ("보름 후 정오", "2026-12-06 12:00"),
    ("this time tomorrow", "2026-11-22 14:00"),
    ("내일 이 시간", "2026-11-22 14:00"),
    ("오후6시30분까지", "2026-11-21 18:30"),
    ("새벽 1시", "2026-11-22 01:00"),
    ("오늘 밤 11시", "2026-11-21 23:00"),
    ("내일 새벽 2시", "2026-11-22 02:00"),
    ("오후 １１시", "2026-11-21 23:00"),
    ("6pm tomorrow KST", "2026-11-22 18:00"),
    ("tomorrow 6pm KST", "2026-11-22 18:00"),
    ("UTC 18:00", "2026-11-22 03:00"),
    ("KST 18:00", "2026-11-21 18:00"),
    ("월욜 오전 9시", "2026-11-23 09:00"),
    ("in half an hour", "2026-11-21 14:30"),
    ("in an hour", "2026-11-21 15:00"),
    ("1d12h", "2026-11-23 02:00"),
    ("1일 반", "2026-11-23 02:00"),
    ("36h", "2026-11-23 02:00"),
    ("2 days 3 hours", "2026-11-23 17:00"),
    ("24:00", "2026-11-22 00:00"),
    ("23:59", "2026-11-21 23:59"),
    ("23:59:59", "2026-11-21 23:59:59"),
    ("오늘 23:59", "2026-11-21 23:59"),
    ("오늘 24시", "2026-11-22 00:00"),
    ("내일 이맘때까지", "2026-11-22 14:00"),
    ("내일 이 시간에", "2026-11-22 14:00"),
    ("same time tomorrow", "2026-11-22 14:00"),
    ("정오 10분 전", "2026-11-22 11:50"),
    ("noon tomorrow", "2026-11-22 12:00"),
    ("tomorrow noon KST", "2026-11-22 12:00"),
    ("2 PM", "2026-11-22 14:00"),
    ("six thirty pm", "2026-11-21 18:30"),
    ("five pm", "2026-11-21 17:00"),
    ("5 o'clock in the afternoon", "2026-11-21 17:00"),
    ("by tomorrow morning 9", "2026-11-22 09:00"),
    ("coming tuesday 3pm", "2026-11-24 15:00"),
    ("this coming tuesday 3pm", "2026-11-24 15:00"),
    ("tuesday 3pm", "2026-11-24 15:00"),
    ("tues 3pm", "2026-11-24 15:00"),
    ("3pm tuesday", "2026-11-24 15:00"),
    ("tuesday, 3 pm", "2026-11-24 15:00"),
    ("2026/12/1 18:00", "2026-12-01 18:00"),
    ("Dec. 1, 2026 6:00 PM", "2026-12-01 18:00"),
    ("December 1st, 2026, 6pm", "2026-12-01 18:00"),
    ("1 December 2026 18:00", "2026-12-01 18:00"),
    ("01.12.2026 18:00", "2026-12-01 18:00"),
    ("26.12.1 18시", "2026-12-01 18:00"),
    ("12월 1일 18:00까지", "2026-12-01 18:00"),
    ("12월1일18시", "2026-12-01 18:00"),
    ("십이월 일일 오후 여섯시", "2026-12-01 18:00"),
    ("이번주 일욜 밤 11시", "2026-11-22 23:00"),
    ("2시간반", "2026-11-21 16:30"),
    ("두시간반", "2026-11-21 16:30"),
    ("한시간 십분", "2026-11-21 15:10"),
    ("1시간 30분 후", "2026-11-21 15:30"),
    ("90분 뒤", "2026-11-21 15:30"),
    ("1시간 뒤", "2026-11-21 15:00"),
    ("3일 뒤", "2026-11-24 14:00"),
    ("사흘 안에", "2026-11-24 14:00"),
    ("일주일 안에", "2026-11-28 14:00"),
    ("한 시간만", "2026-11-21 15:00"),
    ("30분만 더", "2026-11-21 14:30"),
    ("30분 더", "2026-11-21 14:30"),
    ("another 30 minutes", "2026-11-21 14:30"),
    ("half an hour from now", "2026-11-21 14:30"),
    ("quarter of an hour", "2026-11-21 14:15"),
    ("1h30m15s", "2026-11-21 15:30:15"),
    ("1h 90m", "2026-11-21 16:30"),
    ("90min", "2026-11-21 15:30"),
    ("90 mins", "2026-11-21 15:30"),
    ("90 minutes", "2026-11-21 15:30"),
    ("1 hr 30", "2026-11-21 15:30"),
    ("1.25 hours", "2026-11-21 15:15"),
    ("2.5시간", "2026-11-21 16:30"),
    ("0.5h", "2026-11-21 14:30"),
    (".5h", "2026-11-21 14:30"),
    ("1 1/2시간", "2026-11-21 15:30"),
    ("두 시간 30분", "2026-11-21 16:30"),
    ("2시간30분", "2026-11-21 16:30"),
    ("100분", "2026-11-21 15:40"),
    ("3600초", "2026-11-21 15:00"),
    ("3600s", "2026-11-21 15:00"),
    ("in 5 min", "2026-11-21 14:05"),
    ("5m30s", "2026-11-21 14:05:30"),
    ("5:30pm", "2026-11-21 17:30"),
    ("5:30 p.m.", "2026-11-21 17:30"),
    ("05:30", "2026-11-22 05:30"),
    ("5.30 pm", "2026-11-21 17:30"),
    ("17h", "2026-11-22 07:00"),
    ("6p", "2026-11-21 18:00"),
    ("6a", "2026-11-22 06:00"),
    ("6 am", "2026-11-22 06:00"),
    ("12am", "2026-11-22 00:00"),
    ("12pm", "2026-11-22 12:00"),
    ("00:00", "2026-11-22 00:00"),
    ("0시", "2026-11-22 00:00"),
    ("24시까지", "2026-11-22 00:00"),
    ("오늘 24:00까지", "2026-11-22 00:00"),
    ("밤 12시까지", "2026-11-22 00:00"),
    ("낮 12시 반", "2026-11-22 12:30"),
    ("오후 12시 30분", "2026-11-22 12:30"),
    ("새벽 12시 반", "2026-11-22 00:30"),
    ("오전 12시 반", "2026-11-22 00:30"),
    ("오늘 저녁 7시", "2026-11-21 19:00"),
    ("내일 저녁 7시 반", "2026-11-22 19:30"),
    ("내일 낮 12시", "2026-11-22 12:00"),
    ("모레 아침 8시", "2026-11-23 08:00"),
    ("월요일 0시", "2026-11-23 00:00"),
    ("금요일 18시까지", "2026-11-27 18:00"),
    ("오늘 6시 30분", "2026-11-21 18:30"),
    ("2026년 12월 1일 오후 6시 30분", "2026-12-01 18:30"),
    ("2026-12-01 오후 6시", "2026-12-01 18:00"),
    ("2026-12-1 18시", "2026-12-01 18:00"),
    ("1일 18:00", "2026-12-01 18:00"),
    ("1일 오후 1시", "2026-12-01 13:00"),
    ("by Monday 9am", "2026-11-23 09:00"),
    ("on Dec 1 at 18:00", "2026-12-01 18:00"),
    ("Dec 1 18:00 UTC", "2026-12-02 03:00"),
    ("tomorrow 18:00 UTC+9", "2026-11-22 18:00"),
    ("tomorrow 18:00 GMT-5", "2026-11-23 08:00"),
    ("18:00Z", "2026-11-22 03:00"),
    ("18:00 Z", "2026-11-22 03:00"),
    ("6pm PT", "2026-11-22 11:00"),
    ("6pm GMT", "2026-11-22 03:00"),
    ("6pm CET", "2026-11-22 02:00"),
    ("6pm JST", "2026-11-21 18:00"),
    ("6pm london time", "2026-11-22 03:00"),
    ("도쿄 시간 18시", "2026-11-21 18:00"),
    ("18시 (한국시간)", "2026-11-21 18:00"),
    ("18시 한국시간 기준", "2026-11-21 18:00"),
    ("한국 기준 18시", "2026-11-21 18:00"),
    ("  30m  ", "2026-11-21 14:30"),
    ("30M", "2026-11-21 14:30"),
    ("30 Minutes", "2026-11-21 14:30"),
    ("1H", "2026-11-21 15:00"),
    ("1Hour", "2026-11-21 15:00"),
    ("thirty minutes", "2026-11-21 14:30"),
    ("forty five minutes", "2026-11-21 14:45"),
    ("an hour and 15 minutes", "2026-11-21 15:15"),
    ("one and a half hours", "2026-11-21 15:30"),
    ("a day", "2026-11-22 14:00"),
    ("a week", "2026-11-28 14:00"),
    ("2 weeks", "2026-12-05 14:00"),
    ("day after tomorrow noon", "2026-11-23 12:00"),
    ("the day after tomorrow 9am", "2026-11-23 09:00"),
    ("3 days", "2026-11-24 14:00"),
    ("72h", "2026-11-24 14:00"),
    ("72 hours", "2026-11-24 14:00"),
    ("1 day 12 hours", "2026-11-23 02:00"),
    ("13pm", "2026-11-22 13:00"),
    ("자정 5분 전까지", "2026-11-21 23:55"),
    ("12-01 18시", "2026-12-01 18:00"),
    ("twelve thirty pm", "2026-11-22 12:30"),
    ("3 1/2 hours", "2026-11-21 17:30"),
    ("점심 12시", "2026-11-22 12:00"),
    ("정오 12시", "2026-11-22 12:00"),
    ("30분요", "2026-11-21 14:30"),
    ("2pm-ish", "2026-11-22 14:00"),
    ("20261201 18:00", "2026-12-01 18:00"),
    ("10 more minutes", "2026-11-21 14:10"),
    ("18:00까지 (KST)", "2026-11-21 18:00"),
    ("fortnight", "2026-12-05 14:00"),
];

/// Why each text is refused, and the first texts that are offered in its place.
const ASKED: &[(&str, &str, &str)] = &[
    (
        "end of the month",
        "AmbiguousDay",
        "end of the month 24:00 | end of the month 6pm | end of the month 5pm",
    ),
    (
        "tomorrow at midnight",
        "Several",
        "tomorrow at 00:00 | tomorrow at 24:00",
    ),
    ("17h30", "Several", "17:30 | 17h 30m"),
    ("일요일 자정", "Several", "일요일 0시 | 일요일 24시"),
    (
        "오후 4시 15분 전",
        "BeforeOrTo",
        "오후 3시 45분 | 오후 4시 15분까지",
    ),
    (
        "4시 15분 전",
        "BeforeOrTo",
        "오전 3시 45분 | 오후 3시 45분 | 오전 4시 15분까지 | 오후 4시 15분까지",
    ),
    (
        "오후 4시 15분 전까지",
        "BeforeOrTo",
        "오후 3시 45분 | 오후 4시 15분까지",
    ),
    (
        "오후 1시 5분 전에",
        "BeforeOrTo",
        "오후 12시 55분 | 오후 1시 5분까지",
    ),
    (
        "내일 오전 9시 10분 전",
        "BeforeOrTo",
        "내일 오전 8시 50분 | 내일 오전 9시 10분까지",
    ),
    ("at 3:15", "AmbiguousHour", "at 3:15am | at 3:15pm"),
    (
        "오늘 12:30",
        "Past",
        "오늘 밤 12:30 | 내일 낮 12:30 | 내일 밤 12:30",
    ),
    (
        "tomorrow at 9:00",
        "AmbiguousHour",
        "tomorrow at 9:00am | tomorrow at 9:00pm",
    ),
    (
        "내일 9:00",
        "AmbiguousHour",
        "내일 오전 9:00 | 내일 오후 9:00",
    ),
    (
        "until 10:30",
        "AmbiguousHour",
        "until 10:30am | until 10:30pm",
    ),
    ("0:30", "LengthOrClock", "30m | 12:30am | 30s"),
    ("1:30:00", "AmbiguousHour", "1:30:00am | 1:30:00pm | 1h 30m"),
    ("00:25:00", "LengthOrClock", "25m | 12:25am"),
    ("0:05", "LengthOrClock", "5m | 12:05am | 5s"),
    (
        "12:30",
        "AmbiguousHour",
        "12:30pm | 12:30am | 12h 30m | 12m 30s",
    ),
    ("1:30", "AmbiguousHour", "1:30am | 1:30pm | 1h 30m | 1m 30s"),
    ("in 0:30", "Unknown", "30m | 12:30am | 30s"),
    ("0:30 뒤", "Unknown", "30분 | 오전 0:30 | 30초"),
    ("12/1 6pm", "AmbiguousDay", "1 dec 6pm | 12 jan 6pm"),
    (
        "12/1",
        "AmbiguousDay",
        "1 dec 9am | 1 dec noon | 12 jan 9am | 12 jan noon",
    ),
    ("12/1(수) 18시", "Several", "12/1 18시 | 수요일 18시"),
    (
        "25일까지",
        "AmbiguousDay",
        "25일 오전 9시까지 | 25일 정오까지 | 25일 오후 6시까지 | 25일 오후 9시까지",
    ),
    (
        "다음 달 31일 9시",
        "AmbiguousHour",
        "다음 달 31일 오전 9시 | 다음 달 31일 오후 9시",
    ),
    (
        "이달 말까지",
        "AmbiguousDay",
        "이달 말 24시까지 | 이달 말 오후 6시까지 | 이달 말 오후 5시까지",
    ),
    (
        "오늘까지",
        "AmbiguousDay",
        "오늘 오후 6시까지 | 오늘 오후 9시까지",
    ),
    (
        "half past five",
        "AmbiguousHour",
        "half past five am | half past five pm",
    ),
    (
        "ten to six pm",
        "Several",
        "ten minutes to six pm | ten pm | six pm",
    ),
    (
        "2026-12-01 9:00",
        "AmbiguousHour",
        "2026-12-01 9:00am | 2026-12-01 9:00pm",
    ),
    (
        "EOD",
        "AmbiguousDay",
        "today midnight | today 6pm | today 5pm",
    ),
    (
        "end of day",
        "AmbiguousDay",
        "today midnight | today 6pm | today 5pm",
    ),
    (
        "by EOD",
        "AmbiguousDay",
        "by today midnight | by today 6pm | by today 5pm",
    ),
    (
        "by the end of the day",
        "AmbiguousDay",
        "by today midnight | by today 6pm | by today 5pm",
    ),
    (
        "end of month",
        "AmbiguousDay",
        "end of month 24:00 | end of month 6pm | end of month 5pm",
    ),
    (
        "end of the week",
        "AmbiguousDay",
        "this week sunday 6pm | this week sunday 24:00 | next week friday 6pm | next week friday 24:00",
    ),
    ("6pm EDT", "AmbiguousZone", "6pm UTC-4 | 6pm UTC-5"),
    ("6pm CST", "AmbiguousZone", "6pm UTC-6 | 6pm UTC+8"),
    ("9 tomorrow", "AmbiguousHour", "9am tomorrow | 9pm tomorrow"),
    ("저녁 12시", "AmbiguousHour", "낮 12시 | 밤 12시"),
    ("아침 2시", "AmbiguousHour", "오전 2시 | 오후 2시"),
    ("17.30", "BareNumber", "17:30"),
    ("9.30", "BareNumber", "9:30am | 9:30pm"),
    ("1730", "BareNumber", "17:30"),
    ("6 o'clock", "AmbiguousHour", "6am | 6pm"),
    ("at 6 o'clock", "AmbiguousHour", "at 6am | at 6pm"),
    (
        "tonight",
        "AmbiguousDay",
        "tonight 9pm | tonight 10pm | tonight 11pm | tonight 12am",
    ),
    ("90", "BareNumber", "90m | 90 hours | 90 days | 90s"),
    (
        "1 Dec",
        "AmbiguousDay",
        "1 Dec 9am | 1 Dec noon | 1 Dec 6pm | 1 Dec 9pm",
    ),
    ("Wed Dec 1 6pm", "Several", "Dec 1 6pm | Wed 6pm"),
    (
        "이번 주말",
        "AmbiguousDay",
        "이번 주 토요일 오후 6시 | 이번 주 토요일 오후 9시 | 이번 주 일요일 오전 9시 | 이번 주 일요일 정오",
    ),
    (
        "이번 주말 오후 6시",
        "AmbiguousDay",
        "이번 주 토요일 오후 6시 | 이번 주 일요일 오후 6시",
    ),
    (
        "this weekend",
        "AmbiguousDay",
        "this week saturday 6pm | this week saturday 9pm | this week sunday 9am | this week sunday noon",
    ),
    (
        "this weekend 6pm",
        "AmbiguousDay",
        "this week saturday 6pm | this week sunday 6pm",
    ),
    (
        "주말까지",
        "AmbiguousDay",
        "이번 주 토요일 오후 6시까지 | 이번 주 토요일 오후 9시까지 | 이번 주 일요일 오전 9시까지 | 이번 주 일요일 정오까지",
    ),
    ("열두시", "AmbiguousHour", "낮 열두시 | 밤 열두시"),
    ("세시 반", "AmbiguousHour", "오전 세시 반 | 오후 세시 반"),
    (
        "미국 시간 오전 9시",
        "AmbiguousZone",
        "UTC-5 오전 9시 | UTC-6 오전 9시 | UTC-7 오전 9시 | UTC-8 오전 9시",
    ),
    ("18:00-09:00", "Several", "18:00 | 09:00"),
    ("6pm-8pm", "Several", "6pm | 8pm"),
    ("finish by 6pm", "Unknown", "by 6pm"),
    ("please 30m", "Unknown", "30m"),
    ("30분 안에 끝내기", "Unknown", "30분"),
    ("45:00", "Unknown", "45m | 45h"),
    ("25:00", "Unknown", "25m | 25h"),
    ("90:00", "Unknown", "90m | 90h"),
    ("한 달", "Unknown", "30일"),
    ("1 month", "Unknown", "30 days"),
    (
        "다음 주",
        "AmbiguousDay",
        "다음 주 월요일 오전 9시 | 다음 주 월요일 정오 | 다음 주 월요일 오후 6시 | 다음 주 월요일 오후 9시",
    ),
    (
        "다음 달",
        "AmbiguousDay",
        "다음 달 1일 오전 9시 | 다음 달 1일 정오 | 다음 달 1일 오후 6시 | 다음 달 1일 오후 9시",
    ),
    (
        "next month",
        "AmbiguousDay",
        "1st of next month 9am | 1st of next month noon | 1st of next month 6pm | 1st of next month 9pm",
    ),
    ("now", "Unknown", ""),
    ("지금", "Unknown", ""),
    ("어제", "Unknown", ""),
    ("yesterday 6pm", "Unknown", ""),
    ("6시", "AmbiguousHour", "오전 6시 | 오후 6시"),
    ("6시 30분", "AmbiguousHour", "오전 6시 30분 | 오후 6시 30분"),
    (
        "여섯시까지",
        "AmbiguousHour",
        "오전 여섯시까지 | 오후 여섯시까지",
    ),
    (
        "내일 아침",
        "AmbiguousDay",
        "내일 아침 7시 | 내일 아침 8시 | 내일 아침 9시 | 내일 아침 10시",
    ),
    ("30", "BareNumber", "30m | 30 hours | 30 days | 30s"),
    ("30까지", "Unknown", "30분 | 30시간 | 30일 | 30초"),
    ("30분까지", "Unknown", "30분"),
    ("30分", "Unknown", ""),
    ("2時間", "Unknown", "2m | 2 hours | 2 days | 2s"),
    (
        "１２：３０",
        "AmbiguousHour",
        "12:30pm | 12:30am | 12h 30m | 12m 30s",
    ),
    (
        "월요일 9:00",
        "AmbiguousHour",
        "월요일 오전 9:00 | 월요일 오후 9:00",
    ),
    ("next fri 6pm", "AmbiguousDay", "next week friday 6pm"),
    ("fri 6", "AmbiguousHour", "fri 6am | fri 6pm"),
    (
        "금요일 6시",
        "AmbiguousHour",
        "금요일 오전 6시 | 금요일 오후 6시",
    ),
    ("in a bit", "Several", "in 5m | in 10m | in 15m"),
    ("within the hour", "Unknown", "within an hour"),
    ("500ms", "Unknown", ""),
    ("1.5", "BareNumber", "1.5m | 1.5 hours | 1.5 days | 1.5s"),
    ("1,5h", "Unknown", "1.5h"),
    ("1,000분", "Unknown", "1000분"),
    (
        "half past 5",
        "AmbiguousHour",
        "half past 5am | half past 5pm",
    ),
    ("2개월", "Unknown", "60일"),
    (
        "오전 6시 15분 전",
        "BeforeOrTo",
        "오전 5시 45분 | 오전 6시 15분까지",
    ),
    (
        "오후 12시 15분 전",
        "BeforeOrTo",
        "오전 11시 45분 | 오후 12시 15분까지",
    ),
    (
        "밤 12시 10분 전",
        "BeforeOrTo",
        "오후 11시 50분 | 밤 12시 10분까지",
    ),
    (
        "quarter to 12",
        "AmbiguousHour",
        "quarter to 12pm | quarter to 12am",
    ),
    ("2PM today", "Past", "2pm tomorrow"),
    ("6ish", "AmbiguousHour", "6am ish | 6pm ish"),
    (
        "six thirty",
        "AmbiguousHour",
        "six thirty am | six thirty pm",
    ),
    (
        "at half past 3",
        "AmbiguousHour",
        "at half past 3am | at half past 3pm",
    ),
    (
        "tomorrow evening",
        "AmbiguousDay",
        "tomorrow evening 6pm | tomorrow evening 7pm | tomorrow evening 8pm | tomorrow evening 9pm",
    ),
    ("next tuesday 3pm", "AmbiguousDay", "next week tuesday 3pm"),
    ("01/12/2026 18:00", "AmbiguousDay", "1 dec 2026 18:00"),
    ("12/01/2026 6pm", "AmbiguousDay", "1 dec 2026 6pm"),
    (
        "12월 1일까지",
        "AmbiguousDay",
        "12월 1일 오전 9시까지 | 12월 1일 정오까지 | 12월 1일 오후 6시까지 | 12월 1일 오후 9시까지",
    ),
    (
        "다음 달 말일까지",
        "AmbiguousDay",
        "다음 달 말일 24시까지 | 다음 달 말일 오후 6시까지 | 다음 달 말일 오후 5시까지",
    ),
    ("다음달 초", "Unknown", ""),
    (
        "이번 주 금요일 오후 6시까지",
        "Past",
        "다음 주 금요일 오후 6시까지",
    ),
    (
        "다음 주 금욜 6시",
        "AmbiguousHour",
        "다음 주 금욜 오전 6시 | 다음 주 금욜 오후 6시",
    ),
    (
        "다다음 주 월요일 9시",
        "AmbiguousHour",
        "다다음 주 월요일 오전 9시 | 다다음 주 월요일 오후 9시",
    ),
    ("0.5", "BareNumber", "0.5m | 0.5 hours | 0.5 days | 0.5s"),
    (
        "in 5",
        "BareNumber",
        "in 5m | in 5 hours | in 5 days | in 5s",
    ),
    ("5'", "BareNumber", "5m | 5 hours | 5 days | 5s"),
    ("12:00", "AmbiguousHour", "12:00pm | 12:00am | 12h | 12m"),
    (
        "점심까지",
        "AmbiguousDay",
        "점심 11시까지 | 점심 12시까지 | 점심 1시까지 | 점심 2시까지",
    ),
    (
        "저녁까지",
        "AmbiguousDay",
        "저녁 6시까지 | 저녁 7시까지 | 저녁 8시까지 | 저녁 9시까지",
    ),
    (
        "퇴근 전까지",
        "AmbiguousDay",
        "오늘 자정까지 | 오늘 오후 6시까지 | 오늘 오후 5시까지",
    ),
    (
        "자기 전까지",
        "AmbiguousDay",
        "밤 9시까지 | 밤 10시까지 | 밤 11시까지 | 밤 12시까지",
    ),
    (
        "오늘 저녁",
        "AmbiguousDay",
        "오늘 저녁 6시 | 오늘 저녁 7시 | 오늘 저녁 8시 | 오늘 저녁 9시",
    ),
    (
        "내일 점심",
        "AmbiguousDay",
        "내일 점심 11시 | 내일 점심 12시 | 내일 점심 1시 | 내일 점심 2시",
    ),
    (
        "내일모레까지",
        "AmbiguousDay",
        "내일모레 오전 9시까지 | 내일모레 정오까지 | 내일모레 오후 6시까지 | 내일모레 오후 9시까지",
    ),
    (
        "글피까지",
        "AmbiguousDay",
        "글피 오전 9시까지 | 글피 정오까지 | 글피 오후 6시까지 | 글피 오후 9시까지",
    ),
    (
        "토요일까지",
        "AmbiguousDay",
        "토요일 오전 9시까지 | 토요일 정오까지 | 토요일 오후 6시까지 | 토요일 오후 9시까지",
    ),
    (
        "내일 6시 30분",
        "AmbiguousHour",
        "내일 오전 6시 30분 | 내일 오후 6시 30분",
    ),
    ("12-01 18:00", "AmbiguousDay", "1 dec 18:00 | 12 jan 18:00"),
    (
        "until Friday",
        "AmbiguousDay",
        "until Friday 9am | until Friday noon | until Friday 6pm | until Friday 9pm",
    ),
    ("6pm BST", "AmbiguousZone", "6pm UTC+1 | 6pm UTC"),
    (
        "6pm IST",
        "AmbiguousZone",
        "6pm UTC+5:30 | 6pm UTC+1 | 6pm UTC+2",
    ),
    ("6pm AEST", "AmbiguousZone", "6pm UTC+10 | 6pm UTC+11"),
    ("a couple of hours", "Several", "2 hours | 3 hours"),
    ("-30m", "Unknown", ""),
    ("30m ago", "Unknown", "30m"),
    ("30분 전", "Unknown", "30분"),
    ("0m", "NotPositive", ""),
    ("0", "BareNumber", "until 0"),
    ("999999h", "TooFar", ""),
    ("until yesterday", "Unknown", ""),
    ("2020-01-01 00:00", "Past", ""),
    ("Feb 30 6pm", "Unknown", "last day of feb 6pm"),
    ("25시", "Unknown", ""),
    ("6시 70분", "Unknown", ""),
    ("18:60", "Unknown", ""),
    (
        "9am us time",
        "AmbiguousZone",
        "9am UTC-5 | 9am UTC-6 | 9am UTC-7 | 9am UTC-8",
    ),
    (
        "five fifteen tomorrow",
        "AmbiguousHour",
        "five fifteen am tomorrow | five fifteen pm tomorrow",
    ),
    (
        "twenty five",
        "BareNumber",
        "twenty five hours | twenty five days",
    ),
    ("10-20", "AmbiguousDay", ""),
    ("18:00 to 19:00", "Several", "18:00 | 19:00"),
    ("2 to 3pm", "Several", "2 minutes to 3pm | 2pm | 3pm"),
    ("5-10 minutes", "Several", "5 minutes | 10 minutes"),
    ("오후 6시~7시", "Several", "오후 6시 | 오후 7시"),
    (
        "오늘 밤 12시 10분 전",
        "BeforeOrTo",
        "오늘 오후 11시 50분 | 오늘 밤 12시 10분까지",
    ),
];

fn language(text: &str) -> Language {
    if text.chars().any(|c| ('가'..='힣').contains(&c)) {
        Language::Korean
    } else {
        Language::English
    }
}

/// The name of an error.
fn kind(error: &TimeTextError) -> String {
    let debug = format!("{error:?}");
    let name = debug.split([' ', '{']).next();
    name.unwrap_or_default().to_owned()
}

/// Checks what each text is read as.
pub(super) fn is_read(texts: &[(&str, &str)]) {
    for (text, at) in texts {
        let read = parse_now(text).map(|understood| understood.deadline_ms);
        assert_eq!(read, Ok(wall(at, SEOUL)), "{text}");
    }
}

/// Checks why each text is refused, and what is offered, in an answer and while it is typed.
pub(super) fn asked(texts: &[(&str, &str, &str)]) {
    for (text, why, offered) in texts {
        let error = parse_now(text).expect_err(text);
        assert_eq!(kind(&error), *why, "{text}");
        let readings = readings(text, &error, now_ms(), SEOUL, language(text));
        let texts: Vec<&str> = readings.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(texts.join(" | "), *offered, "{text}");
        // Whoever types it sees the same.
        let listed = suggest(text, now_ms(), SEOUL, language(text));
        for reading in readings {
            assert!(listed.contains(&reading), "{text}: {}", reading.text);
        }
    }
}

#[test]
fn what_people_write_is_read_as_they_mean_it() {
    is_read(READ);
}

#[test]
fn what_may_mean_several_things_is_asked_with_each_of_them() {
    asked(ASKED);
}

#[test]
fn today_means_the_half_of_the_day_that_is_to_come() {
    for (now, text, expected) in [
        ("2026-11-21 14:07", "today at 3:15", Ok("2026-11-21 15:15")),
        ("2026-11-21 08:00", "오늘 9시", Err("AmbiguousHour")),
        ("2026-11-21 10:00", "오늘 9시", Ok("2026-11-21 21:00")),
        ("2026-11-21 22:00", "오늘 9시", Err("Past")),
        ("2026-11-21 10:00", "오늘 12시", Err("AmbiguousHour")),
        ("2026-11-21 13:00", "오늘 12시", Ok("2026-11-22 00:00")),
        ("2026-11-21 20:07", "9:30까지", Err("AmbiguousHour")),
        ("2026-11-21 23:07", "11:30", Err("AmbiguousHour")),
        ("2026-11-21 14:07", "오늘 09:00", Err("Past")),
    ] {
        let read = parse(text, wall(now, SEOUL), SEOUL);
        let read = read.map(|understood| understood.deadline_ms);
        let expected = expected.map(|at| wall(at, SEOUL));
        assert_eq!(
            read.map_err(|error| kind(&error)),
            expected.map_err(str::to_owned),
            "{now} {text}"
        );
    }
}

#[test]
fn a_place_that_is_named_has_the_clock() {
    let new_york = chrono_tz::America::New_York;
    // Whoever reads it, and whatever the season.
    let summer = wall("2026-07-01 14:00", SEOUL);
    for (now_ms, text, at_utc) in [
        (now_ms(), "18:00 KST", "2026-11-21 09:00"),
        (now_ms(), "tomorrow 9am UTC+9", "2026-11-22 00:00"),
        (now_ms(), "6pm ET", "2026-11-21 23:00"),
        (summer, "6pm ET", "2026-07-01 22:00"),
        (summer, "6pm EDT", "2026-07-01 22:00"),
        (summer, "6pm New York time", "2026-07-01 22:00"),
    ] {
        for zone in [SEOUL, new_york] {
            let read = parse(text, now_ms, zone).map(|understood| understood.deadline_ms);
            assert_eq!(read, Ok(wall(at_utc, chrono_tz::UTC)), "{text} {zone}");
        }
    }
    let winter_time_in_summer = parse("6pm EST", summer, SEOUL);
    assert!(matches!(
        winter_time_in_summer,
        Err(TimeTextError::AmbiguousZone { .. })
    ));
}

#[test]
fn a_length_alone_asks_what_a_colon_means() {
    for text in ["0:30", "1:30", "90:00", "18:00"] {
        let error = parse_duration(text);
        assert!(
            matches!(
                error,
                Err(TimeTextError::LengthOrClock { .. } | TimeTextError::Unknown { .. })
            ),
            "{text}: {error:?}"
        );
    }
    assert_eq!(parse_duration("1:30h"), Ok(5_400_000));
}
