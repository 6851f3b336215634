//! What the record says of members: days, streaks, the leaderboard, and when the bot was away.

use chrono::{DateTime, NaiveDate};
use timeattack::clock::Clock;
use timeattack::consent::{self, Source};
use timeattack::db::Db;
use timeattack::guild::{self, Change};
use timeattack::i18n::Language;
use timeattack::ids::{GuildId, UserId};
use timeattack::presence::{Outage, Presence, outages_within};
use timeattack::timeattack::State;
use timeattack::timeattack::record::streak::Effect;
use timeattack::timeattack::record::{self, Leaderboard, PLACES, Period, Record};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::direct::decider;
use crate::support::{
    Database, GUILD, MEMBER, NOW_MS, OTHER, TestApp, execute, hours, minutes, seconds,
};

fn at(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text)
        .unwrap()
        .timestamp_millis()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

impl TestApp {
    /// Time attacks of half an hour that ended so, each at its own time.
    async fn ended(&self, guild: GuildId, user: UserId, state: State, times: &[&str]) {
        for time in times {
            let (ended_ms, state) = (at(time), state.as_str());
            let id = self.app().ids.next(&self.app().clock);
            let sql = format!(
                "INSERT INTO time_attacks (id, guild_id, channel_id, user_id, member_name, task, \
                     state, started_ms, deadline_ms, finished_ms, language) \
                 VALUES ({id}, {}, 1, {}, 'jamong', 'read', '{state}', {}, {ended_ms}, {ended_ms}, 'ko')",
                guild.0,
                user.0,
                ended_ms - minutes(30)
            );
            execute(&self.app().db, sql).await.unwrap();
        }
    }

    async fn board(&self, asker: UserId, period: Period, page: usize) -> Leaderboard {
        let board = record::leaderboard(self.app(), GUILD, asker, period, page);
        board.await.unwrap()
    }

    async fn record(&self, user: UserId) -> Record {
        record::record(self.app(), GUILD, user).await.unwrap()
    }

    /// What each line of the book says, newest first.
    async fn effects(&self, user: UserId) -> Vec<(String, Effect)> {
        let book = record::book(self.app(), GUILD, user, 0).await.unwrap();
        let lines = book.lines.iter();
        lines
            .map(|line| (line.from.to_string(), line.effect))
            .collect()
    }

    async fn outages(&self) -> Vec<Outage> {
        outages_of(&self.app().db).await
    }
}

async fn outages_of(db: &Db) -> Vec<Outage> {
    let mut conn = db.read().await.unwrap();
    outages_within(&mut conn, 0, i64::MAX).await.unwrap()
}

/// Ranks, members and what they completed.
fn ranks(board: &Leaderboard) -> Vec<(i64, i64, i64)> {
    let places = board.places.iter();
    places
        .map(|place| (place.rank, place.score.user.0, place.score.completed))
        .collect()
}

#[tokio::test]
async fn a_week_is_the_guilds_from_monday_to_sunday() {
    let app = TestApp::start().await;
    let in_week = ["2026-11-16T00:00:00+09:00", "2026-11-21T13:59:59+09:00"];
    let before = ["2026-11-15T23:59:59+09:00"];
    app.ended(GUILD, MEMBER, State::Completed, &in_week).await;
    app.ended(GUILD, MEMBER, State::Completed, &before).await;
    app.ended(GUILD, OTHER, State::Completed, &before).await;
    app.ended(GuildId(5), OTHER, State::Completed, &in_week)
        .await;
    let week = app.board(MEMBER, Period::Week, 0).await;
    assert_eq!((week.from, week.to), (day("2026-11-16"), day("2026-11-22")));
    assert_eq!(
        ranks(&week),
        [(1, MEMBER.0, 2)],
        "nobody else, and nothing of another server"
    );
    let month = app.board(OTHER, Period::Month, 0).await;
    assert_eq!(
        (month.from, month.to),
        (day("2026-11-01"), day("2026-11-30"))
    );
    assert_eq!(ranks(&month), [(1, MEMBER.0, 3), (2, OTHER.0, 1)]);
    assert_eq!(month.own.unwrap().rank, 2);
    // In Honolulu, the week's first minute in Seoul was still Sunday.
    let zone = "INSERT INTO guild_settings (guild_id, timezone, quiet_start_min, quiet_end_min, \
         running_limit, longest_ms, extension_limit, updated_ms) \
         VALUES (77000000000000001, 'Pacific/Honolulu', 0, 0, 5, 1000, 3, 0)";
    execute(&app.app().db, zone).await.unwrap();
    let there = app.board(MEMBER, Period::Week, 0).await;
    assert_eq!(ranks(&there), [(1, MEMBER.0, 1)]);
    let all = app.board(MEMBER, Period::All, 0).await;
    assert_eq!((all.from, all.to), (day("2026-11-15"), day("2026-11-20")));
}

#[tokio::test]
async fn equals_share_a_rank_and_everybody_finds_their_own_place() {
    let app = TestApp::start().await;
    let times = ["2026-11-17T10:00:00+09:00", "2026-11-18T10:00:00+09:00"];
    // 23 members, the first two with more; the others are equals.
    for number in 0..23 {
        let count = if number < 2 { 2 } else { 1 };
        let user = UserId(1_000 + number);
        app.ended(GUILD, user, State::Completed, &times[..count])
            .await;
    }
    // As many, with a miss; and one who missed only, who has no place.
    app.ended(GUILD, UserId(1_001), State::Failed, &times[..1])
        .await;
    app.ended(GUILD, UserId(2_000), State::Failed, &times[..1])
        .await;
    let first = app.board(UserId(1_020), Period::Week, 0).await;
    assert_eq!((first.pages, first.members), (3, 23));
    assert_eq!(
        ranks(&first)[..3],
        [(1, 1_000, 2), (2, 1_001, 2), (3, 1_002, 1)]
    );
    assert_eq!(first.places[9].rank, 3, "equals");
    let own = first.own.unwrap();
    assert_eq!((own.rank, own.score.user), (3, UserId(1_020)));
    assert_eq!(first.places[0].streak, 2);
    let last = app.board(UserId(2_000), Period::Week, 99).await;
    assert_eq!((last.page, last.places.len()), (2, 23 - 2 * PLACES));
    assert_eq!(last.own, None);
}

#[tokio::test]
async fn nothing_of_what_never_was_is_counted() {
    let app = TestApp::start().await;
    let board = app.board(MEMBER, Period::All, 0).await;
    assert_eq!((board.places.len(), board.pages, board.members), (0, 1, 0));
    assert_eq!(
        (board.from, board.to),
        (day("2026-11-21"), day("2026-11-21"))
    );
    assert_eq!(app.effects(MEMBER).await, []);
    let record = app.record(MEMBER).await;
    assert_eq!(
        (record.totals, record.usual_ms),
        (record::Totals::default(), None)
    );
    assert_eq!(
        record.calendar.len(),
        25 * 7 + 6,
        "26 weeks up to a Saturday"
    );
}

#[tokio::test]
async fn a_record_has_the_middle_length_and_the_longest_streak() {
    let app = TestApp::start().await;
    let done = [
        "2026-11-10T23:59:59+09:00",
        "2026-11-11T00:00:00+09:00",
        "2026-11-12T12:00:00+09:00",
        "2026-11-20T12:00:00+09:00",
    ];
    app.ended(GUILD, MEMBER, State::Completed, &done).await;
    let missed = ["2026-11-12T13:00:00+09:00", "2026-11-14T13:00:00+09:00"];
    app.ended(GUILD, MEMBER, State::Failed, &missed).await;
    app.ended(GUILD, MEMBER, State::Cancelled, &missed[..1])
        .await;
    let lengths = "UPDATE time_attacks SET started_ms = finished_ms - 600000 WHERE id IN \
         (SELECT MAX(id) FROM time_attacks WHERE state = 'completed')";
    execute(&app.app().db, lengths).await.unwrap();
    let record = app.record(MEMBER).await;
    let totals = record::Totals {
        completed: 4,
        failed: 2,
        excused: 0,
        given_up: 1,
    };
    assert_eq!(record.totals, totals);
    assert_eq!(record.totals.rate_percent(), Some(66));
    assert_eq!(record.usual_ms, Some(minutes(30)));
    assert_eq!((record.streaks.current, record.streaks.longest), (1, 3));
    let shown = record.calendar.iter().filter(|day| day.ended.completed > 0);
    assert_eq!(shown.count(), 4);
}

#[tokio::test]
async fn a_deadline_that_passes_while_the_bot_is_away_costs_neither_streak_nor_rate() {
    let app = TestApp::start().await;
    let done = ["2026-11-19T12:00:00+09:00", "2026-11-20T12:00:00+09:00"];
    app.ended(GUILD, MEMBER, State::Completed, &done).await;
    let missed = app.time_attack().lasting(minutes(10)).started().await;
    // Until 14:00 of the day after tomorrow.
    let app = app.killed_for(hours(48)).await;
    app.settle().await;
    assert_eq!(app.state(missed.id).await, State::Failed);
    let record = app.record(MEMBER).await;
    assert_eq!((record.totals.failed, record.totals.excused), (0, 1));
    assert_eq!(record.totals.rate_percent(), Some(100));
    assert_eq!(record.streaks.current, 2);
    let all = app.board(MEMBER, Period::All, 0).await;
    assert_eq!((all.places[0].score.failed, all.places[0].streak), (0, 2));
    let effects = app.effects(MEMBER).await;
    let passed = |away_ms: i64| Effect::PassedOver { away_ms };
    let counted = |streak: i64| Effect::Counted { streak };
    let expected = [
        ("2026-11-23", passed(hours(14))),
        ("2026-11-22", passed(hours(24))),
        ("2026-11-21", passed(hours(10))),
        ("2026-11-20", counted(2)),
        ("2026-11-19", counted(1)),
    ];
    assert_eq!(
        effects,
        expected.map(|(date, effect)| (date.to_owned(), effect))
    );
    // A miss with the bot there counts, and the streak goes on from before.
    app.time_attack().lasting(minutes(10)).started().await;
    app.clock.advance_ms(minutes(10));
    app.settle().await;
    let again = app.time_attack().lasting(minutes(10)).started().await;
    app.complete(&again).await.unwrap();
    app.settle().await;
    let record = app.record(MEMBER).await;
    assert_eq!((record.totals.failed, record.totals.excused), (1, 1));
    assert_eq!(record.streaks.current, 3);
}

#[tokio::test]
async fn a_restart_within_a_minute_is_no_outage_and_neither_is_a_turned_clock() {
    let app = TestApp::start().await;
    app.clock.advance_ms(hours(30));
    let app = app.restarted_after(seconds(59)).await;
    assert_eq!(app.outages().await, []);
    let app = app.restarted_after(seconds(61)).await;
    let outages = app.outages().await;
    assert_eq!(outages.len(), 1);
    assert_eq!(outages[0].until_ms - outages[0].from_ms, seconds(61));
}

#[tokio::test]
async fn two_processes_are_away_when_neither_is_there() {
    let app = TestApp::start().await;
    if !app.is_postgres() {
        // SQLite belongs to one process: the second is refused with what to do instead.
        let refused = app.second_process_refused().await;
        assert!(refused.contains("use PostgreSQL"), "{refused}");
        return;
    }
    let db = app.app().db.clone();
    let clock = app.app().clock.clone();
    let mut second = Presence::new(clock.clone(), db.clone());
    second.beat().await.unwrap();
    // The first dies, the second goes on for an hour; then there is none for two hours.
    let app = {
        let hand = app.clock.clone();
        for _ in 0..120 {
            hand.advance_ms(seconds(30));
            assert_eq!(second.beat().await.unwrap(), None);
        }
        app.killed_for(hours(2)).await
    };
    let outages = app.outages().await;
    assert_eq!(outages.len(), 1);
    let length_ms = outages[0].until_ms - outages[0].from_ms;
    assert_eq!(length_ms, hours(2));
}

#[tokio::test]
async fn a_suspended_machine_was_away() {
    let database = Database::fresh().await;
    let db = Db::open(&database.url).await.unwrap();
    let (clock, hand) = Clock::manual(NOW_MS);
    let mut presence = Presence::new(clock, db.clone());
    assert_eq!(presence.beat().await.unwrap(), None);
    hand.step_ms(minutes(5));
    hand.advance_ms(seconds(30));
    let outage = presence.beat().await.unwrap().unwrap();
    assert_eq!(outage.until_ms - outage.from_ms, minutes(5) + seconds(30));
    assert_eq!(presence.beat().await.unwrap(), None);
    // Corrected backwards, it was not.
    hand.step_ms(-minutes(60));
    assert_eq!(presence.beat().await.unwrap(), None);
    hand.advance_ms(seconds(30));
    assert_eq!(presence.beat().await.unwrap(), None);
    assert_eq!(outages_of(&db).await, [outage]);
}

#[tokio::test]
async fn a_process_without_a_connection_gives_no_sign_of_life() {
    let database = Database::fresh().await;
    let db = Db::open(&database.url).await.unwrap();
    let (clock, hand) = Clock::manual(NOW_MS);
    let (connection, connected) = watch::channel(true);
    let stop = CancellationToken::new();
    let mut presence = Presence::new(clock.clone(), db.clone());
    let stopped = stop.clone();
    let keeping = tokio::spawn(async move { presence.keep(connected, stopped).await });
    // The first sign, after which it sleeps.
    while hand.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    connection.send(false).unwrap();
    // It wakes, and waits for the connection instead of the clock.
    while hand.sleepers() > 0 {
        tokio::task::yield_now().await;
    }
    hand.step_ms(minutes(3));
    connection.send(true).unwrap();
    while hand.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    let outage = Outage {
        from_ms: NOW_MS,
        until_ms: NOW_MS + minutes(3),
    };
    assert_eq!(outages_of(&db).await, [outage]);
    // Its last sign is given when it ends, so that the next process knows since when it is away.
    hand.step_ms(seconds(20));
    stop.cancel();
    keeping.await.unwrap();
    hand.step_ms(seconds(61));
    let mut next = Presence::new(clock, db);
    let outage = next.beat().await.unwrap().unwrap();
    assert_eq!(outage.until_ms - outage.from_ms, seconds(61));
}

#[tokio::test]
async fn days_that_were_counted_stay_when_the_server_moves_to_another_zone() {
    let app = TestApp::start().await;
    let mornings = [
        "2026-11-14T01:00:00+09:00",
        "2026-11-15T12:00:00+09:00",
        "2026-11-16T01:00:00+09:00",
        "2026-11-17T23:30:00+09:00",
        "2026-11-18T01:00:00+09:00",
        "2026-11-19T12:00:00+09:00",
        "2026-11-20T23:00:00+09:00",
        "2026-11-21T00:30:00+09:00",
    ];
    app.ended(GUILD, MEMBER, State::Completed, &mornings).await;
    let before = app.record(MEMBER).await;
    assert_eq!((before.streaks.current, before.streaks.longest), (8, 8));
    let days = app.effects(MEMBER).await;
    let calendar = before.calendar.clone();
    for timezone in [chrono_tz::America::New_York, chrono_tz::Pacific::Kiritimati] {
        let change = Change::Locale {
            timezone,
            language: Language::English,
        };
        app.inside(async move |app| guild::change(&app, GUILD, change).await)
            .await
            .unwrap();
        let now = app.record(MEMBER).await;
        assert_eq!(now.streaks.longest, 8, "{timezone}");
        assert_eq!(now.streaks.current, 8, "{timezone}");
        assert_eq!(now.zone, timezone);
        let done = |days: &[record::CalendarDay]| -> Vec<NaiveDate> {
            let done = days.iter().filter(|day| day.ended.completed > 0);
            done.map(|day| day.date).collect()
        };
        let (mut shown, mut known) = (done(&now.calendar), done(&calendar));
        // In New York it is still the day before.
        shown.retain(|date| *date <= now.today);
        known.retain(|date| *date <= now.today);
        assert_eq!(shown, known, "{timezone}");
        let board = app.board(MEMBER, Period::All, 0).await;
        assert_eq!(board.places[0].streak, 8, "{timezone}");
    }
    // The book explains it as before.
    let counted = |days: &[(String, Effect)]| -> Vec<(String, Effect)> {
        let counted = days.iter().cloned();
        counted
            .filter(|(_, effect)| matches!(effect, Effect::Counted { .. }))
            .collect()
    };
    assert_eq!(counted(&app.effects(MEMBER).await), counted(&days));
    // From now on the new zone's days count.
    app.leap(hours(24)).await;
    let today = app.record(MEMBER).await.today;
    let now = Clock::Manual(app.clock.clone()).now_ms();
    let local = DateTime::from_timestamp_millis(now).unwrap();
    let there = local.with_timezone(&chrono_tz::Pacific::Kiritimati);
    assert_eq!(today, there.date_naive());
}

#[tokio::test]
async fn a_streak_is_counted_back_over_pages_and_downtime_to_the_first_gap() {
    let app = TestApp::start().await;
    let today = day("2026-11-21");
    let before = |days| today - chrono::Days::new(days);
    // Sixty days without yesterday and a week in which the bot was away, and some before a gap.
    let days = (2..30).chain(37..61).chain(63..90).map(before);
    let times: Vec<String> = days.map(|date| format!("{date}T00:00:00+09:00")).collect();
    let times: Vec<&str> = times.iter().map(String::as_str).collect();
    app.ended(GUILD, MEMBER, State::Completed, &times).await;
    let streak = async || record::streak_with_today(app.app(), GUILD, MEMBER).await;
    assert_eq!(streak().await.unwrap(), 1);
    let instant = |date: NaiveDate| at(&format!("{date}T12:00:00+09:00"));
    for (from, until) in [(2, 1), (37, 30)] {
        let (from_ms, until_ms) = (instant(before(from)), instant(before(until)));
        let sql = format!("INSERT INTO outages (from_ms, until_ms) VALUES ({from_ms}, {until_ms})");
        execute(&app.app().db, sql).await.unwrap();
    }
    assert_eq!(streak().await.unwrap(), 1 + 28 + 24);
    app.ended(
        GUILD,
        MEMBER,
        State::Completed,
        &["2026-11-21T01:00:00+09:00"],
    )
    .await;
    assert_eq!(streak().await.unwrap(), 1 + 28 + 24);
    assert_eq!(app.record(MEMBER).await.streaks.current, 1 + 28 + 24);
    let nobody = record::streak_with_today(app.app(), GUILD, OTHER).await;
    assert_eq!(nobody.unwrap(), 1);
}

#[tokio::test]
async fn a_completion_is_announced_though_its_streak_cannot_be_read() {
    let app = TestApp::start().await;
    app.ended(
        GUILD,
        MEMBER,
        State::Completed,
        &["2026-11-20T12:00:00+09:00"],
    )
    .await;
    let attack = app.time_attack().by(MEMBER).started().await;
    let away = "ALTER TABLE outages RENAME TO outages_away";
    execute(&app.app().db, away).await.unwrap();
    let streak = record::streak_with_today(app.app(), GUILD, MEMBER).await;
    assert!(streak.is_err(), "{streak:?}");
    app.complete(&attack).await.unwrap();
    app.settle().await;
    assert_eq!(app.state(attack.id).await, State::Completed);
    assert_eq!(app.posts().len(), 1, "{:?}", app.posts());
}

#[tokio::test]
async fn days_that_were_counted_stay_when_a_member_moves_to_another_zone() {
    let app = TestApp::start().await;
    // By New York's clocks these are three days.
    let times = [
        "2026-11-17T01:00:00+09:00",
        "2026-11-18T23:00:00+09:00",
        "2026-11-19T01:00:00+09:00",
        "2026-11-20T23:30:00+09:00",
        "2026-11-21T01:00:00+09:00",
    ];
    app.ended(GUILD, MEMBER, State::Completed, &times).await;
    let counted = async || {
        let effects = app.effects(MEMBER).await.into_iter();
        let counted = effects.filter(|(_, effect)| matches!(effect, Effect::Counted { .. }));
        counted.collect::<Vec<_>>()
    };
    let streaks = async || {
        let book = record::book(app.app(), GUILD, MEMBER, 0).await.unwrap();
        book.streaks
    };
    let before = counted().await;
    assert_eq!(before.len(), 5, "{before:?}");
    assert_eq!(streaks().await.longest, 5);
    let zones = [
        Some(chrono_tz::America::New_York),
        Some(chrono_tz::Pacific::Kiritimati),
        None,
    ];
    for own in zones {
        let decider = decider(MEMBER, Source::Command);
        app.inside(async move |app| consent::set_zone(&app, decider, own).await)
            .await
            .unwrap();
        assert_eq!(counted().await, before, "{own:?}");
        let streaks = streaks().await;
        assert_eq!((streaks.longest, streaks.current), (5, 5), "{own:?}");
        app.clock.advance_ms(seconds(1));
    }
    // What is ended from now on counts by the zone of its time.
    let decider = decider(MEMBER, Source::Command);
    let own = Some(chrono_tz::America::New_York);
    app.inside(async move |app| consent::set_zone(&app, decider, own).await)
        .await
        .unwrap();
    app.leap(hours(24)).await;
    // 03:00 of the 22nd in Seoul.
    let evening = ["2026-11-22T03:00:00+09:00"];
    app.ended(GUILD, MEMBER, State::Completed, &evening).await;
    let now = counted().await;
    assert_eq!(now.len(), 5, "{now:?}");
    assert_eq!(now[0].0, "2026-11-21");
    // Their picture shows the same days.
    let picture = app.record(MEMBER).await;
    assert_eq!(picture.zone, chrono_tz::America::New_York);
    let done = picture
        .calendar
        .iter()
        .filter(|day| day.ended.completed > 0);
    assert_eq!(done.count(), 5);
}
