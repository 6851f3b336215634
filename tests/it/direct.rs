//! Direct messages: consent, quiet hours, the pace, and what becomes of those who take none.

use std::collections::HashMap;

use timeattack::consent::{self, Decided, Decider, Source, Wish};
use timeattack::guild::{self, Change};
use timeattack::i18n::Language;
use timeattack::ids::{GuildId, UserId};
use timeattack::messenger::memory::{Fault, Gate};
use timeattack::messenger::{Message, SendError};
use timeattack::outbox::dm::NewDm;
use timeattack::outbox::queue::Why;
use timeattack::outbox::{self, Class};
use timeattack::quiet_hours::QuietHours;
use timeattack::timeattack as attacks;

use crate::deaths::hurrying;
use crate::support::{
    GUILD, MEMBER, NOW_MS, OTHER, TestApp, execute, hours, is_reminder, minutes, seconds,
};

/// 22:00 of the first day in Seoul.
const NIGHT_MS: i64 = NOW_MS + 8 * 3_600_000;
/// 08:00 of the second.
const MORNING_MS: i64 = NOW_MS + 18 * 3_600_000;

pub fn decider(user: UserId, source: Source) -> Decider {
    Decider {
        guild: GUILD,
        guild_name: "Study".into(),
        user,
        language: Language::English,
        source,
    }
}

pub fn allow() -> Wish {
    Wish::Allow {
        night: None,
        ads: None,
    }
}

impl TestApp {
    pub async fn decides(&self, user: UserId, wish: Wish) -> Decided {
        let decided = self
            .inside(async move |app| {
                consent::decide(&app, decider(user, Source::Command), wish).await
            })
            .await;
        self.settle().await;
        decided.unwrap()
    }

    /// What somebody was written, the notices of their own decisions left out.
    pub fn direct(&self, user: UserId) -> Vec<Message> {
        let mut messages = self.messenger.direct(user);
        messages.retain(|message| !message.content.contains("📄"));
        messages
    }

    /// The same without reminders.
    fn results(&self, user: UserId) -> Vec<Message> {
        let mut messages = self.direct(user);
        messages.retain(|message| !is_reminder(message));
        messages
    }

    pub fn texts(&self, user: UserId) -> Vec<String> {
        let direct = self.direct(user).into_iter();
        direct.map(|message| message.content).collect()
    }

    /// Enqueues a notice.
    pub async fn write_to(&self, user: UserId, text: &str) {
        self.enqueue(vec![notice(user, text)]).await;
        self.settle().await;
    }

    pub async fn enqueue(&self, dms: Vec<NewDm>) {
        self.inside(async move |app| {
            let job = (app.outbox.clone(), dms);
            let rows = app.db.write(job, |tx, (outbox, dms)| {
                Box::pin(async move {
                    let rows = dms.iter().cloned().map(|dm| outbox.prepare_dm(dm));
                    let rows: Vec<outbox::Row> = rows.collect();
                    outbox::enqueue(tx, &rows, outbox.boot()).await?;
                    Ok(rows)
                })
            });
            app.outbox.hand(rows.await.unwrap());
        })
        .await;
    }

    /// Tenths of a second pass: within each, the pace makes up for what it missed.
    async fn tenths(&self, count: usize) {
        for _ in 0..count {
            self.clock.advance_ms(100);
            self.settle().await;
        }
    }

    /// Time passes until this instant.
    pub async fn until(&self, wall_ms: i64) {
        let left_ms = wall_ms - self.now_ms();
        assert!(left_ms >= 0, "it is later");
        self.clock.advance_ms(left_ms);
        self.settle().await;
    }

    async fn waiting(&self) -> Vec<Why> {
        let status = self.app().outbox.status(GUILD).await.unwrap();
        status.waiting.into_iter().map(|line| line.why).collect()
    }

    async fn dropped(&self) -> HashMap<String, i64> {
        let status = self.app().outbox.status(GUILD).await.unwrap();
        status.dropped.into_iter().collect()
    }
}

pub fn notice(user: UserId, text: &str) -> NewDm {
    notice_of(user, text, Class::Notice)
}

fn notice_of(user: UserId, text: &str, class: Class) -> NewDm {
    NewDm {
        guild: GUILD,
        user,
        class,
        language: Language::English,
        message: Message {
            content: text.to_owned(),
            ..Message::default()
        },
        not_before_ms: None,
        expires_at_ms: None,
        batch: None,
        dedupe_key: format!("test:{user}:{text}"),
    }
}

/// Inserts members who allow direct messages, by hand and many at once.
pub async fn members_allow(app: &TestApp, users: &[UserId], ads: i64) {
    for chunk in users.chunks(500) {
        let values: Vec<String> = chunk
            .iter()
            .map(|user| format!("({GUILD}, {user}, 'Study', 'en', 1, {ads}, 0, 0)"))
            .collect();
        let sql = format!(
            "INSERT INTO members (guild_id, user_id, guild_name, language, notice, ads, night, \
             updated_ms) VALUES {}",
            values.join(", ")
        );
        execute(&app.app().db, sql).await.unwrap();
    }
}

#[tokio::test]
async fn only_who_allowed_it_is_told_by_direct_message() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    for user in [MEMBER, OTHER] {
        app.time_attack()
            .by(user)
            .lasting(minutes(5))
            .started()
            .await;
    }
    app.advance(minutes(5)).await;
    let direct = app.results(MEMBER);
    assert_eq!(direct.len(), 1);
    assert!(direct[0].content.contains("알고리즘"), "{direct:?}");
    assert_eq!(direct[0].buttons.len(), 1, "it can be stopped from there");
    assert!(app.messenger.direct(OTHER).is_empty());
}

#[tokio::test]
async fn what_comes_up_at_night_is_told_in_the_morning_once() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.until(NIGHT_MS).await;
    app.time_attack().lasting(minutes(5)).started().await;
    app.advance(minutes(5)).await;
    let verdicts = app
        .posts()
        .into_iter()
        .filter(|post| post.contains("나약한"));
    assert_eq!(verdicts.count(), 1, "the post is on time");
    assert!(app.texts(MEMBER).is_empty());
    let held = Why::Quiet {
        until_ms: MORNING_MS,
        zone: "Asia/Seoul".into(),
    };
    assert_eq!(app.waiting().await, [held]);
    app.until(MORNING_MS - 1).await;
    assert!(app.texts(MEMBER).is_empty());
    app.until(MORNING_MS).await;
    assert_eq!(app.texts(MEMBER).len(), 1);
    app.until(MORNING_MS + hours(1)).await;
    assert_eq!(app.texts(MEMBER).len(), 1);
}

#[tokio::test]
async fn a_restart_around_the_end_of_the_night_changes_nothing() {
    for (stop_ms, start_ms) in [(-1_000, 0), (0, 1), (-1, 5_000)] {
        let app = TestApp::start().await;
        app.decides(MEMBER, allow()).await;
        app.until(NIGHT_MS).await;
        app.write_to(MEMBER, "held").await;
        app.clock.advance_ms(MORNING_MS + stop_ms - app.now_ms());
        let app = app.killed_for(start_ms - stop_ms).await;
        app.settle().await;
        app.advance(seconds(30)).await;
        assert_eq!(app.texts(MEMBER), ["held"], "{stop_ms} {start_ms}");
    }
}

#[tokio::test]
async fn an_answer_to_what_somebody_did_and_night_consent_wait_for_nothing() {
    let app = TestApp::start().await;
    let night = Wish::Allow {
        night: Some(true),
        ads: None,
    };
    app.decides(MEMBER, allow()).await;
    app.decides(OTHER, night).await;
    app.until(NIGHT_MS).await;
    let attack = app.time_attack().lasting(minutes(5)).started().await;
    app.time_attack()
        .by(OTHER)
        .lasting(minutes(5))
        .started()
        .await;
    app.complete(&attack).await.unwrap();
    app.advance(minutes(5)).await;
    assert!(app.texts(MEMBER)[0].contains("🎉"));
    assert!(app.results(OTHER)[0].content.contains("😢"));
}

#[tokio::test]
async fn consent_that_is_withdrawn_at_night_cancels_what_was_held() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.until(NIGHT_MS).await;
    app.write_to(MEMBER, "held").await;
    app.decides(MEMBER, Wish::Stop).await;
    app.decides(MEMBER, allow()).await;
    app.until(MORNING_MS).await;
    assert!(app.texts(MEMBER).is_empty(), "stopped is stopped");
    assert_eq!(
        app.dropped().await,
        HashMap::from([("not_allowed".into(), 1)])
    );
}

#[tokio::test]
async fn night_consent_that_comes_late_lets_out_what_was_held() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.until(NIGHT_MS).await;
    app.write_to(MEMBER, "held").await;
    let night = Wish::Allow {
        night: Some(true),
        ads: None,
    };
    app.decides(MEMBER, night).await;
    assert_eq!(app.texts(MEMBER), ["held"]);
}

#[tokio::test]
async fn quiet_hours_that_change_while_things_wait_are_the_ones_that_count() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.until(NIGHT_MS).await;
    app.write_to(MEMBER, "held").await;
    let set = async |start: u16, end: u16| {
        let quiet = Change::QuietHours(QuietHours {
            start_min: start * 60,
            end_min: end * 60,
        });
        let changed = app.inside(async move |app| guild::change(&app, GUILD, quiet).await);
        changed.await.unwrap();
        app.settle().await;
    };
    set(21, 10).await;
    app.until(MORNING_MS).await;
    assert!(app.texts(MEMBER).is_empty(), "longer");
    set(21, 7).await;
    assert_eq!(app.texts(MEMBER), ["held"], "shorter");
}

#[tokio::test]
async fn more_than_five_held_for_one_member_are_one_message() {
    let app = TestApp::start().await;
    for user in [MEMBER, OTHER] {
        app.decides(user, allow()).await;
    }
    app.until(NIGHT_MS).await;
    for number in 0..6 {
        app.write_to(MEMBER, &format!("news {number}")).await;
    }
    for number in 0..5 {
        app.write_to(OTHER, &format!("news {number}")).await;
    }
    app.until(MORNING_MS).await;
    let direct = app.direct(MEMBER);
    assert_eq!(direct.len(), 1);
    let text = direct[0].embeds[0].description.clone().unwrap();
    let expected: Vec<String> = (0..6).map(|number| format!("news {number}")).collect();
    assert_eq!(text.split("\n\n").collect::<Vec<_>>(), expected);
    assert_eq!(app.texts(OTHER).len(), 5);
}

#[tokio::test]
async fn long_messages_are_never_cut_for_a_digest() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.until(NIGHT_MS).await;
    for number in 0..9 {
        let text = format!("{number}{}", "가".repeat(1_400));
        app.write_to(MEMBER, &text).await;
    }
    app.until(MORNING_MS).await;
    let mut letters = 0;
    for message in app.direct(MEMBER) {
        let embeds = message.embeds.iter();
        let texts = embeds.filter_map(|embed| embed.description.as_deref());
        letters += texts
            .chain([message.content.as_str()])
            .map(|text| text.matches('가').count())
            .sum::<usize>();
    }
    assert_eq!(letters, 9 * 1_400);
}

#[tokio::test]
async fn a_digest_that_is_tried_again_stays_as_it_was() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.until(NIGHT_MS).await;
    for number in 0..9 {
        let text = format!("[{number}]{}", "가".repeat(1_400));
        app.write_to(MEMBER, &text).await;
    }
    let failed = Fault::Refused(SendError::Retry {
        after_ms: Some(1_000),
        why: "500".into(),
    });
    app.messenger.fail_next(std::iter::repeat_n(failed, 3));
    app.clock.advance_ms(MORNING_MS - app.now_ms());
    app.settle().await;
    let app = app.restarted_after(seconds(5)).await;
    app.advance(seconds(20)).await;
    let mut said = String::new();
    for message in app.direct(MEMBER) {
        said.push_str(&message.content);
        let embeds = message.embeds.iter();
        said.extend(embeds.filter_map(|embed| embed.description.as_deref()));
    }
    for number in 0..9 {
        let times = said.matches(&format!("[{number}]")).count();
        assert_eq!(times, 1, "{number}");
    }
}

#[tokio::test]
async fn what_is_cancelled_while_it_is_being_sent_is_not_tried_again() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    let gate = Gate::closed();
    let failed = SendError::Retry {
        after_ms: None,
        why: "502".into(),
    };
    let attempts = app.messenger.attempts();
    app.messenger
        .fail_next([Fault::Held(gate.clone(), Some(failed))]);
    app.enqueue(vec![notice(MEMBER, "stopped")]).await;
    app.messenger.attempted(attempts + 1).await;
    app.inside(async |app| {
        consent::decide(&app, decider(MEMBER, Source::Command), Wish::Stop).await
    })
    .await
    .unwrap();
    gate.open();
    app.settle().await;
    app.decides(MEMBER, allow()).await;
    app.advance(minutes(5)).await;
    assert!(app.texts(MEMBER).is_empty());
}

#[tokio::test]
async fn a_row_that_cannot_be_read_does_not_keep_other_messages_back() {
    let app = TestApp::start().await;
    for user in [MEMBER, OTHER] {
        app.decides(user, allow()).await;
    }
    app.until(NIGHT_MS).await;
    app.write_to(MEMBER, "lost").await;
    app.write_to(OTHER, "kept").await;
    let newer = format!("UPDATE outbox SET payload = '{{}}' WHERE user_id = {MEMBER}");
    execute(&app.app().db, newer).await.unwrap();
    app.until(MORNING_MS).await;
    assert_eq!(app.texts(OTHER), ["kept"]);
}

#[tokio::test]
async fn a_result_that_a_stopped_message_would_have_told_is_shown_after_all() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.until(NIGHT_MS).await;
    app.time_attack().lasting(minutes(1)).started().await;
    let gone = Fault::Refused(SendError::Discard {
        why: "10003".into(),
    });
    app.messenger.fail_next([gone]);
    app.advance(minutes(1)).await;
    let unshown = async || {
        let shown = app.inside(async |app| attacks::unshown(&app, GUILD, MEMBER).await);
        shown.await.unwrap().len()
    };
    assert_eq!(unshown().await, 0, "a message will tell it in the morning");
    app.decides(MEMBER, Wish::Stop).await;
    assert_eq!(unshown().await, 1);
}

/// What the lane asks again and again is found by an index, however much waits.
#[tokio::test]
async fn no_look_at_the_direct_messages_goes_through_all_that_waits() {
    let app = TestApp::start().await;
    // Which index PostgreSQL takes follows from statistics that a test's table does not have: there
    // must be one.
    for (sql, index) in [
        (
            "SELECT guild_id, user_id FROM outbox WHERE kind = 'dm' AND user_id IN (1, 2) \
             AND state IN ('available', 'retryable') AND held = 'quiet' AND class = 'notice' \
             AND attempt = 0 AND not_before_ms <= 1",
            "outbox_dms_of_member",
        ),
        (
            "UPDATE outbox SET state = 'running' WHERE message_key IN (1, 2) \
             AND state IN ('available', 'retryable')",
            "outbox_message",
        ),
        (
            "SELECT * FROM outbox WHERE lane = 'dm' AND bulk = 1 \
             AND state IN ('available', 'retryable') AND not_before_ms <= 1 \
             AND id = message_key ORDER BY not_before_ms, id LIMIT 4",
            "outbox_waiting_dms",
        ),
        (
            "SELECT MIN(id) FROM outbox WHERE deaths > 0 AND lane || '' = 'dm' AND +bulk = 1 \
             AND state IN ('available', 'retryable') AND +not_before_ms <= 1 AND id = message_key",
            "outbox_suspects",
        ),
        (
            "SELECT * FROM members WHERE guild_id = 1 AND user_id IN (1, 2)",
            "sqlite_autoindex_members_1",
        ),
        (
            "SELECT guild_id FROM members WHERE notice = 1 AND user_id IN (1, 2)",
            "members_allowing",
        ),
        (
            "SELECT guild_id FROM members WHERE timezone IS NOT NULL AND user_id IN (1, 2)",
            "members_with_zone",
        ),
    ] {
        let plan = app.plan(sql).await;
        if app.is_postgres() {
            assert!(!plan.contains("Seq Scan"), "{sql}: {plan}");
        } else {
            assert!(
                plan.contains(index) && !plan.contains("SCAN"),
                "{sql}: {plan}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_of_no_use_in_the_morning_is_dropped_at_night_and_counted() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.until(NIGHT_MS).await;
    let tonight = NewDm {
        expires_at_ms: Some(NIGHT_MS + minutes(5)),
        ..notice(MEMBER, "tonight")
    };
    app.enqueue(vec![tonight]).await;
    app.settle().await;
    assert_eq!(app.dropped().await, HashMap::from([("expired".into(), 1)]));
    app.until(MORNING_MS).await;
    assert!(app.texts(MEMBER).is_empty());
}

#[tokio::test]
async fn who_cannot_be_written_to_is_left_alone_until_they_say_so() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.messenger.close_dms(MEMBER, true);
    app.write_to(MEMBER, "first").await;
    let attempts = app.messenger.attempts();
    app.write_to(MEMBER, "second").await;
    assert_eq!(app.messenger.attempts(), attempts, "not even tried");
    let shown = app
        .inside(async |app| attacks::unshown(&app, GUILD, MEMBER).await)
        .await
        .unwrap();
    let shown: Vec<String> = shown.into_iter().map(|one| one.message.content).collect();
    assert_eq!(shown, ["first", "second"], "kept for their next command");
    app.messenger.close_dms(MEMBER, false);
    app.write_to(MEMBER, "third").await;
    assert!(app.texts(MEMBER).is_empty());
    app.decides(MEMBER, allow()).await;
    app.write_to(MEMBER, "fourth").await;
    assert_eq!(app.texts(MEMBER), ["fourth"]);
}

#[tokio::test]
async fn when_messages_are_opened_too_fast_only_open_ones_go_on() {
    let app = TestApp::start().await;
    for user in [MEMBER, OTHER] {
        app.decides(user, allow()).await;
    }
    // The channel to the one is known from the notice, to a third nobody's is.
    let third = UserId(77);
    app.messenger.open_no_dms(true);
    app.decides(third, allow()).await;
    app.write_to(MEMBER, "known").await;
    app.write_to(third, "unknown").await;
    assert_eq!(app.texts(MEMBER), ["known"]);
    let is_opening = |why: &Why| matches!(why, Why::Opening { .. });
    assert!(app.waiting().await.iter().any(is_opening));
    app.messenger.open_no_dms(false);
    app.advance(minutes(10)).await;
    assert_eq!(app.texts(third), ["unknown"]);
    assert_eq!(app.messenger.direct(third).len(), 2, "the notice, too");
}

#[tokio::test]
async fn a_message_that_was_being_sent_when_the_process_was_killed_arrives_once() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    let attempts = app.messenger.attempts();
    app.messenger
        .fail_next([Fault::AnswerLost, Fault::Held(Gate::closed(), None)]);
    app.write_to(MEMBER, "once").await;
    assert_eq!(app.messenger.attempts(), attempts + 1);
    app.clock.advance_ms(2_000);
    app.messenger.attempted(attempts + 2).await;
    let app = app.killed_for(seconds(30)).await;
    app.settle().await;
    assert_eq!(app.texts(MEMBER), ["once"]);
}

#[tokio::test]
async fn a_message_arrives_once_though_the_process_died_three_times_while_it_was_under_way() {
    for arrives in [true, false] {
        let mut app = TestApp::start().await;
        app.decides(MEMBER, allow()).await;
        let attempts = app.messenger.attempts();
        let lost = Fault::Refused(SendError::Retry {
            after_ms: None,
            why: "502".into(),
        });
        let death = || match arrives {
            true => Fault::AnswerHeld(Gate::closed()),
            false => Fault::Held(Gate::closed(), None),
        };
        app.messenger.fail_next([lost, death()]);
        app.write_to(MEMBER, "once").await;
        app.clock.advance_ms(2_000);
        for tried in 2..=4 {
            // What is suspected waits before it is tried again.
            hurrying(&app.clock, app.messenger.attempted(attempts + tried)).await;
            app.messenger.stop_failing();
            app.messenger.fail_next((tried < 4).then(death));
            app = app.killed_for(seconds(30)).await;
        }
        app.advance(minutes(2)).await;
        assert_eq!(app.texts(MEMBER), ["once"], "{arrives}");
        let unshown = attacks::unshown(app.app(), GUILD, MEMBER);
        assert!(unshown.await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_outage_of_discord_delays_messages_and_loses_none() {
    let app = TestApp::start().await;
    for user in [MEMBER, OTHER] {
        app.decides(user, allow()).await;
    }
    let away = || {
        Fault::Refused(SendError::Retry {
            after_ms: None,
            why: "502".into(),
        })
    };
    app.messenger.fail_next(std::iter::repeat_n(away(), 4));
    let attempts = app.messenger.attempts();
    for number in 0..20 {
        app.write_to(MEMBER, &format!("news {number}")).await;
    }
    assert!(app.messenger.attempts() - attempts <= 16, "the lane waits");
    app.advance(minutes(2)).await;
    assert_eq!(app.texts(MEMBER).len(), 20);
}

#[tokio::test]
async fn a_post_that_no_channel_takes_is_not_shown_to_who_was_written_the_same() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    for user in [MEMBER, OTHER] {
        app.time_attack()
            .by(user)
            .lasting(minutes(1))
            .started()
            .await;
    }
    // The two verdicts are one post.
    let gone = Fault::Refused(SendError::Discard {
        why: "10003".into(),
    });
    app.messenger.fail_next([gone]);
    app.advance(minutes(1)).await;
    let unshown = async |user| {
        let shown = app.inside(async move |app| attacks::unshown(&app, GUILD, user).await);
        shown.await.unwrap().len()
    };
    // The post or the direct message was refused, whichever was first: who got it by direct message is
    // shown nothing, and neither is anybody whose post is there.
    let posts = app.messenger.posts();
    let is_posted = posts
        .iter()
        .any(|post| post.message.mentions.contains(&OTHER));
    assert_eq!(app.texts(MEMBER).len() + unshown(MEMBER).await, 1);
    assert_eq!(unshown(OTHER).await, usize::from(!is_posted));
}

#[tokio::test]
async fn a_backlog_keeps_its_pace_and_what_is_said_at_once_does_not_wait_for_it() {
    let app = TestApp::with_dm_rate(10.0).await;
    let users: Vec<UserId> = (1..=400).map(UserId).collect();
    members_allow(&app, &users, 0).await;
    members_allow(&app, &[MEMBER], 0).await;
    app.until(NIGHT_MS).await;
    let dms = users.iter().map(|user| notice(*user, "held")).collect();
    app.enqueue(dms).await;
    app.settle().await;
    assert!(app.messenger.posts().is_empty());
    app.until(MORNING_MS).await;
    let mut instants = 0;
    // Four fifths of ten a second: 400 take 50 s.
    for second in 0..49 {
        if second % 5 == 0 {
            let text = format!("now {second}");
            app.enqueue(vec![notice_of(MEMBER, &text, Class::Critical)])
                .await;
            app.settle().await;
            instants += 1;
            assert_eq!(app.texts(MEMBER).len(), instants, "at once");
        }
        app.tenths(10).await;
        let sent = app.messenger.posts().len() - instants;
        let most = 8 * (second + 1) + 4;
        assert!(sent <= usize::try_from(most).unwrap(), "{second}: {sent}");
    }
    app.tenths(30).await;
    for user in &users {
        assert_eq!(app.texts(*user), ["held"]);
    }
}

#[tokio::test]
async fn ten_thousand_held_for_one_morning_all_arrive_once_beside_what_is_said_at_once() {
    let app = TestApp::with_dm_rate(500.0).await;
    let users: Vec<UserId> = (1..=10_000).map(UserId).collect();
    members_allow(&app, &users, 0).await;
    members_allow(&app, &[MEMBER], 0).await;
    app.until(NIGHT_MS).await;
    for chunk in users.chunks(1_000) {
        app.enqueue(chunk.iter().map(|user| notice(*user, "held")).collect())
            .await;
    }
    app.settle().await;
    assert!(app.messenger.posts().is_empty());
    app.until(MORNING_MS).await;
    // Four fifths of 500 a second: 10,000 take 25 s.
    let mut instants = 0;
    for tick in 0..25 {
        let text = format!("now {tick}");
        app.enqueue(vec![notice_of(MEMBER, &text, Class::Critical)])
            .await;
        app.settle().await;
        instants += 1;
        assert_eq!(app.texts(MEMBER).len(), instants, "within the same instant");
        app.tenths(10).await;
    }
    app.tenths(10).await;
    let mut arrived: HashMap<i64, usize> = HashMap::new();
    for post in app.messenger.posts() {
        *arrived.entry(post.channel.0).or_default() += 1;
    }
    assert_eq!(arrived.remove(&-MEMBER.0), Some(instants));
    assert_eq!(arrived.len(), users.len());
    assert!(arrived.values().all(|count| *count == 1));
}

#[tokio::test]
async fn two_processes_release_a_night_once_and_at_one_pace() {
    let app = TestApp::with_dm_rate(10.0).await;
    if !app.is_postgres() {
        // One process has a SQLite file for itself.
        let refused = app.second_process_refused().await;
        assert!(refused.contains("use PostgreSQL"), "{refused}");
        return;
    }
    let second = app.second_process().await;
    let users: Vec<UserId> = (1..=100).map(UserId).collect();
    members_allow(&app, &users, 0).await;
    app.until(NIGHT_MS).await;
    app.enqueue(users.iter().map(|user| notice(*user, "held")).collect())
        .await;
    app.settle().await;
    app.until(MORNING_MS).await;
    for second in 1..=12 {
        app.tenths(10).await;
        let sent = app.messenger.posts().len();
        assert!(sent <= 8 * second + 4, "{second}: {sent}");
    }
    app.tenths(10).await;
    for user in &users {
        assert_eq!(app.texts(*user), ["held"]);
    }
    drop(second);
}

#[tokio::test]
async fn another_guilds_consent_is_none_of_this_ones() {
    let app = TestApp::start().await;
    let elsewhere = Decider {
        guild: GuildId(5),
        ..decider(MEMBER, Source::Command)
    };
    app.inside(async move |app| consent::decide(&app, elsewhere, allow()).await)
        .await
        .unwrap();
    app.settle().await;
    app.write_to(MEMBER, "not here").await;
    assert!(app.texts(MEMBER).is_empty());
}

/// Two messages in a minute, each of which a process did not survive; the first makes way for others.
async fn two_suspects(app: &TestApp) {
    app.decides(MEMBER, allow()).await;
    app.advance(minutes(1)).await;
    for (text, bulk) in [("first", 1), ("second", 0)] {
        let later = NewDm {
            not_before_ms: Some(app.now_ms() + minutes(1)),
            ..notice(MEMBER, text)
        };
        app.enqueue(vec![later]).await;
        let sql = format!(
            "UPDATE outbox SET deaths = 1, attempt = 1, bulk = {bulk} \
             WHERE dedupe_key = 'test:{MEMBER}:{text}'"
        );
        execute(&app.app().db, sql).await.unwrap();
    }
}

#[tokio::test]
async fn one_message_that_a_process_did_not_survive_is_under_way_at_a_time() {
    let app = TestApp::start().await;
    two_suspects(&app).await;
    let (attempts, gate) = (app.messenger.attempts(), Gate::closed());
    app.messenger.fail_next([Fault::Held(gate.clone(), None)]);
    app.clock.advance_ms(minutes(1));
    app.messenger.attempted(attempts + 1).await;
    let under_way = "outbox WHERE lane = 'dm' AND state = 'running'";
    assert_eq!(app.count(under_way).await, 1);
    gate.open();
    app.settle().await;
    assert_eq!(app.texts(MEMBER), ["second", "first"]);
}

#[tokio::test]
async fn a_suspect_that_makes_way_keeps_none_up_that_does_not() {
    let app = TestApp::with_dm_rate(1.0).await;
    two_suspects(&app).await;
    // Nothing that makes way goes for twenty seconds.
    let full_ms = app.now_ms() + minutes(1) + seconds(20);
    let sql = format!(
        "INSERT INTO pace (name, next_ms) VALUES ('dm-bulk', {full_ms}) \
         ON CONFLICT (name) DO UPDATE SET next_ms = excluded.next_ms"
    );
    execute(&app.app().db, sql).await.unwrap();
    app.clock.advance_ms(minutes(1));
    app.settle().await;
    assert_eq!(app.texts(MEMBER), ["second"]);
    app.advance(seconds(30)).await;
    assert_eq!(app.texts(MEMBER), ["second", "first"]);
}
