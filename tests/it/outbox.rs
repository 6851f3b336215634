//! The outbox: what happens to a message when Discord or this program fails.

use timeattack::guild::{self, Change};
use timeattack::ids::{ChannelId, UserId};
use timeattack::messenger::SendError;
use timeattack::messenger::memory::{Fault, Gate};
use timeattack::timeattack as attacks;

use crate::deaths::hurrying;
use crate::direct::allow;
use crate::support::{CHANNEL, GUILD, MEMBER, TestApp, days, execute, hours, minutes, seconds};

const RESULTS: ChannelId = ChannelId(501);
const ALERTS: ChannelId = ChannelId(502);
const FALLBACK: ChannelId = ChannelId(503);

fn unavailable() -> Fault {
    Fault::Refused(SendError::Retry {
        after_ms: None,
        why: "Discord answered 500".into(),
    })
}

/// Discord says when it will take the next one.
fn limited(after_ms: i64) -> Fault {
    Fault::Refused(SendError::Retry {
        after_ms: Some(after_ms),
        why: "429".into(),
    })
}

fn refused() -> Fault {
    Fault::Refused(SendError::Discard {
        why: "Discord answered 403 (code 50013)".into(),
    })
}

async fn with_channels() -> TestApp {
    let app = TestApp::start().await;
    let channels = Change::Channels {
        results: Some(Some(RESULTS)),
        alerts: Some(Some(ALERTS)),
        fallback: Some(Some(FALLBACK)),
    };
    app.inside(async move |app| guild::change(&app, GUILD, channels).await)
        .await
        .unwrap();
    app
}

#[tokio::test]
async fn a_server_error_is_tried_again_until_it_works() {
    let app = TestApp::start().await;
    app.messenger
        .fail_next([unavailable(), unavailable(), unavailable()]);
    app.time_attack().lasting(minutes(1)).started().await;
    app.advance(minutes(1)).await;
    assert!(app.posts().is_empty());
    app.advance(minutes(1)).await;
    assert_eq!(app.posts().len(), 1);
    assert_eq!(app.messenger.attempts(), 4);
}

#[tokio::test]
async fn a_lost_answer_does_not_show_the_post_twice() {
    let app = TestApp::start().await;
    app.messenger
        .fail_next([Fault::AnswerLost, Fault::AnswerLost]);
    app.time_attack().lasting(minutes(1)).started().await;
    app.advance(minutes(2)).await;
    assert_eq!(app.posts().len(), 1);
    assert_eq!(app.messenger.attempts(), 3);
}

#[tokio::test]
async fn after_the_nonce_is_forgotten_the_channel_is_read_back_first() {
    let app = TestApp::start().await;
    // The answer is lost, and then Discord is away for longer than it remembers nonces.
    let mut faults = vec![Fault::AnswerLost];
    faults.extend(std::iter::repeat_n(unavailable(), 7));
    app.messenger.fail_next(faults);
    app.time_attack().lasting(minutes(1)).started().await;
    app.advance(minutes(10)).await;
    assert_eq!(app.posts().len(), 1);
    // 1 + 7 waits double past two minutes; from then on it is found instead of posted.
    assert!(
        app.messenger.attempts() < 9,
        "{} attempts",
        app.messenger.attempts()
    );
}

#[tokio::test]
async fn a_refused_post_goes_down_the_ladder_and_the_alerts_channel_is_told() {
    let app = with_channels().await;
    app.messenger.fail_next([refused()]);
    app.time_attack().lasting(minutes(1)).started().await;
    app.advance(minutes(1)).await;
    let posted = app.posted();
    let channels: Vec<ChannelId> = posted.iter().map(|post| post.channel).collect();
    assert_eq!(posted.len(), 2, "{channels:?}");
    assert!(
        channels.contains(&FALLBACK) && channels.contains(&ALERTS),
        "{channels:?}"
    );
    let alert = posted.iter().find(|post| post.channel == ALERTS).unwrap();
    assert!(
        alert.message.content.contains(&RESULTS.to_string()),
        "{}",
        alert.message.content
    );
    assert!(alert.message.mentions.is_empty());
}

#[tokio::test]
async fn what_no_channel_takes_is_shown_at_the_members_next_command_once() {
    let app = TestApp::start().await;
    app.messenger.fail_next([refused()]);
    app.time_attack().lasting(minutes(1)).started().await;
    app.advance(minutes(1)).await;
    assert!(app.posts().is_empty());
    let unshown = || app.inside(async |app| attacks::unshown(&app, GUILD, MEMBER).await);
    let kept = unshown().await.unwrap();
    assert_eq!(kept.len(), 1);
    let row = kept[0].id;
    assert!(kept[0].message.content.contains("나약한") && !kept[0].was_direct);
    let again = unshown().await.unwrap();
    assert_eq!(again[0].id, row, "it waits until it was shown");
    app.inside(async move |app| attacks::was_shown(&app, row).await)
        .await
        .unwrap();
    assert!(unshown().await.unwrap().is_empty());
}

#[tokio::test]
async fn after_a_minute_of_trouble_the_alerts_channel_is_told_once() {
    let app = with_channels().await;
    app.messenger
        .fail_next(std::iter::repeat_n(unavailable(), 8));
    app.time_attack().lasting(minutes(1)).started().await;
    app.advance(minutes(1)).await;
    app.advance(minutes(30)).await;
    let posted = app.posted();
    let alerts = posted.iter().filter(|post| post.channel == ALERTS).count();
    assert_eq!((alerts, posted.len()), (1, 2));
}

#[tokio::test]
async fn a_day_of_trouble_ends_in_the_fallback_channel() {
    let app = with_channels().await;
    app.messenger
        .fail_next(std::iter::repeat_n(unavailable(), 400));
    app.time_attack().lasting(minutes(1)).started().await;
    for _ in 0..28 {
        app.clock.advance_ms(hours(1));
        app.settle().await;
    }
    app.messenger.stop_failing();
    app.advance(minutes(10)).await;
    assert!(app.posted().iter().any(|post| post.channel == FALLBACK));
}

#[tokio::test]
async fn a_rate_limit_waits_as_long_as_discord_says() {
    let app = TestApp::start().await;
    app.messenger.fail_next([limited(7_000)]);
    app.time_attack().lasting(minutes(1)).started().await;
    app.advance(minutes(1)).await;
    app.advance(seconds(6)).await;
    assert!(app.posts().is_empty());
    app.advance(seconds(2)).await;
    assert_eq!(app.posts().len(), 1);
}

#[tokio::test]
async fn a_refused_token_stops_everything_and_keeps_what_waits() {
    let mut app = TestApp::start().await;
    app.messenger
        .fail_next([Fault::Refused(SendError::Unauthorized)]);
    for minute in 1..=3 {
        app.time_attack().lasting(minutes(minute)).started().await;
    }
    app.clock.advance_ms(minutes(1));
    app.halted().await;
    app.clock.advance_ms(minutes(5));
    app.verdicts_made().await;
    assert_eq!(app.messenger.attempts(), 1);
    assert_eq!(app.app().outbox.held(), 0, "the table keeps what waits");
    app.leaves_unsent();
    let app = app.restarted_after(seconds(5)).await;
    app.settle().await;
    three_are_said(&app);
}

#[tokio::test]
async fn a_token_that_is_accepted_again_needs_no_restart_and_nothing_is_too_old_by_then() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.settle().await;
    let before = app.messenger.attempts();
    app.messenger
        .fail_next([Fault::Refused(SendError::Unauthorized)]);
    for minute in 1..=3 {
        app.time_attack().lasting(minutes(minute)).started().await;
    }
    app.clock.advance_ms(minutes(1));
    app.halted().await;
    // Longer than anything is tried.
    for _ in 0..30 {
        app.clock.advance_ms(hours(1));
    }
    app.verdicts_made().await;
    // Of one instant: the post, the direct message, and the reminder of the second time attack.
    let tried = app.messenger.attempts() - before;
    assert!((1..=3).contains(&tried), "{tried}");
    app.messenger.accept_token();
    app.clock.advance_ms(minutes(5));
    app.accepted().await;
    app.settle().await;
    three_are_said(&app);
    assert!(!app.messenger.direct(MEMBER).is_empty());
    assert_eq!(app.app().outbox.discarded(), 0);
}

fn three_are_said(app: &TestApp) {
    let said: usize = app
        .posts()
        .iter()
        .map(|post| post.matches("나약한").count())
        .sum();
    assert_eq!(said, 3);
}

/// Discord keeps the channel's first post waiting for an hour, and `count` verdicts wait behind it.
async fn with_waiting_verdicts(count: i64) -> TestApp {
    let app = TestApp::start().await;
    app.messenger.fail_next([limited(hours(1))]);
    for number in 0..=count {
        let user = UserId(600 + number);
        let limit = minutes(1) + seconds(number);
        app.time_attack().by(user).lasting(limit).started().await;
    }
    app.advance(minutes(2)).await;
    assert!(app.posts().is_empty());
    app
}

fn verdicts(app: &TestApp) -> usize {
    let posted = app.posted();
    posted.iter().map(|post| post.message.mentions.len()).sum()
}

#[tokio::test]
async fn what_only_waits_is_not_blamed_for_the_end_of_the_process() {
    let mut app = with_waiting_verdicts(5).await;
    for _ in 0..5 {
        app.messenger.fail_next([limited(hours(1))]);
        app = app.killed_for(minutes(1)).await;
        app.settle().await;
    }
    app.messenger.stop_failing();
    app.clock.advance_ms(hours(2));
    app.settle().await;
    assert_eq!(verdicts(&app), 6);
}

#[tokio::test]
async fn what_waits_through_a_restart_is_merged_as_before() {
    let app = with_waiting_verdicts(30).await;
    let app = app.restarted_after(minutes(1)).await;
    app.settle().await;
    assert_eq!(
        verdicts(&app),
        30,
        "all but the one Discord keeps for an hour"
    );
    assert!(app.posted().len() <= 4, "{} messages", app.posted().len());
    app.clock.advance_ms(hours(2));
    app.settle().await;
    assert_eq!(verdicts(&app), 31);
}

#[tokio::test]
async fn a_message_that_ends_one_process_after_the_other_for_a_day_is_given_up_and_told() {
    let mut app = with_channels().await;
    app.time_attack().lasting(minutes(1)).started().await;
    let silence = || Fault::Held(Gate::closed(), None);
    app.messenger.fail_next([silence()]);
    app.clock.advance_ms(minutes(1));
    for death in 1..=3 {
        hurrying(&app.clock, app.messenger.attempted(death)).await;
        app.messenger.stop_failing();
        app.messenger.fail_next((death < 3).then(silence));
        let away = if death < 3 { minutes(1) } else { days(1) };
        app = app.killed_for(away).await;
    }
    app.advance(minutes(2)).await;
    let posted = app.posted();
    let channels: Vec<ChannelId> = posted.iter().map(|post| post.channel).collect();
    assert_eq!(posted.len(), 2, "{channels:?}");
    assert!(channels.contains(&FALLBACK) && channels.contains(&ALERTS));
    assert_eq!(app.messenger.attempts(), 3 + 2);
}

#[tokio::test]
async fn a_defect_in_sending_stops_neither_its_channel_nor_the_message() {
    let app = TestApp::start().await;
    app.messenger.fail_next([Fault::Defect]);
    app.time_attack().lasting(minutes(1)).started().await;
    let other = app.time_attack().by(UserId(601));
    other.lasting(minutes(2)).started().await;
    app.clock.advance_ms(minutes(1));
    app.messenger.attempted(1).await;
    app.clock.advance_ms(minutes(1));
    app.settle().await;
    assert_eq!(verdicts(&app), 2);
}

#[tokio::test]
async fn a_verdict_turned_round_while_it_was_refused_is_a_success_in_the_fallback_channel() {
    let app = with_channels().await;
    let gate = Gate::closed();
    let Fault::Refused(forbidden) = refused() else {
        unreachable!("see above");
    };
    app.messenger
        .fail_next([Fault::Held(gate.clone(), Some(forbidden))]);
    let attack = app.time_attack().lasting(minutes(1)).started().await;
    app.clock.advance_ms(minutes(1));
    app.messenger.attempted(1).await;
    app.complete_clicked_at(&attack, attack.deadline_ms)
        .await
        .unwrap();
    gate.open();
    app.settle().await;
    let posted = app.posted();
    let told = posted.iter().find(|post| post.channel == FALLBACK).unwrap();
    assert!(
        told.message.content.contains("🎉"),
        "{}",
        told.message.content
    );
}

#[tokio::test]
async fn a_row_that_cannot_be_read_does_not_keep_the_others_from_being_sent() {
    let app = with_waiting_verdicts(2).await;
    let newest = "UPDATE outbox SET payload = 'of a later version' \
         WHERE id = (SELECT MAX(id) FROM outbox)";
    execute(&app.app().db, newest).await.unwrap();
    let app = app.restarted_after(hours(2)).await;
    app.settle().await;
    assert_eq!(verdicts(&app), 2);
}

#[tokio::test]
async fn rows_whose_message_lost_its_first_row_are_sent_all_the_same() {
    let app = TestApp::start().await;
    // Three are one message, which Discord does not take before an hour is over.
    for number in 0..3 {
        let user = UserId(600 + number);
        app.time_attack()
            .by(user)
            .lasting(minutes(1))
            .started()
            .await;
    }
    app.messenger
        .fail_next(std::iter::repeat_n(limited(hours(1)), 9));
    let app = app.killed_for(minutes(1)).await;
    app.settle().await;
    // Whether they became one message hangs on who came first; here they did.
    let merged = "UPDATE outbox SET message_key = (SELECT MIN(id) FROM outbox), attempt = 1, \
         state = 'retryable', in_flight = 0, lease_owner = NULL, lease_until_ms = NULL";
    execute(&app.app().db, merged).await.unwrap();
    let app = app.killed_for(hours(2)).await;
    app.settle().await;
    let lead = "DELETE FROM outbox WHERE id = message_key";
    execute(&app.app().db, lead).await.unwrap();
    app.messenger.stop_failing();
    app.leap(hours(3)).await;
    assert_eq!(verdicts(&app), 2);
}

#[tokio::test]
async fn the_same_trouble_is_told_once_in_ten_minutes() {
    let app = with_channels().await;
    let alerts = || {
        let posted = app.posted();
        posted.iter().filter(|post| post.channel == ALERTS).count()
    };
    for (wait, told) in [(minutes(1), 1), (minutes(1), 1), (minutes(10), 2)] {
        app.time_attack().lasting(wait).started().await;
        app.advance(wait - seconds(1)).await;
        app.messenger.fail_next([refused()]);
        app.advance(seconds(1)).await;
        assert_eq!(alerts(), told);
    }
}

#[tokio::test]
async fn verdicts_that_wait_behind_trouble_are_merged() {
    let app = TestApp::start().await;
    app.messenger
        .fail_next(std::iter::repeat_n(unavailable(), 4));
    for number in 0..40 {
        let user = UserId(600 + number);
        app.time_attack()
            .by(user)
            .lasting(minutes(1) + seconds(number % 5))
            .started()
            .await;
    }
    app.advance(minutes(2)).await;
    let posted = app.posted();
    let pinged: usize = posted.iter().map(|post| post.message.mentions.len()).sum();
    assert_eq!(pinged, 40);
    assert!(posted.len() <= 6, "{} messages", posted.len());
}

#[tokio::test]
async fn a_late_finish_inside_a_merged_message_turns_only_its_own_verdict_round() {
    let app = TestApp::start().await;
    // The first post of the channel fails, so that the others wait and become one message.
    app.messenger.fail_next([unavailable()]);
    let mut attacks = Vec::new();
    for number in 0..4 {
        let user = UserId(600 + number);
        let task = format!("과제{number}");
        let builder = app.time_attack().by(user).task(&task).in_channel(CHANNEL);
        attacks.push(builder.lasting(minutes(1)).started().await);
    }
    app.advance(minutes(1)).await;
    app.advance(seconds(10)).await;
    let merged = |posts: &[String]| {
        posts
            .iter()
            .position(|post| post.contains("과제2"))
            .unwrap()
    };
    let before = app.posts();
    let at = merged(&before);
    let others = before[at].matches("나약한").count() - 1;
    assert!(others > 0, "{before:?}");

    app.complete_clicked_at(&attacks[2], attacks[2].deadline_ms)
        .await
        .unwrap();
    app.settle().await;
    let posted = app.posted();
    assert_eq!((posted.len(), posted[at].edits), (before.len(), 1));
    let content = &posted[at].message.content;
    assert_eq!(content.matches("나약한").count(), others, "{content}");
    assert!(content.contains("과제2"));
}
