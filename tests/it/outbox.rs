//! The outbox: what happens to a message when Discord or this program fails.

use timeattack::guild::{self, Change};
use timeattack::ids::{ChannelId, UserId};
use timeattack::messenger::SendError;
use timeattack::messenger::memory::Fault;
use timeattack::timeattack as attacks;

use crate::support::{CHANNEL, GUILD, MEMBER, TestApp, hours, minutes, seconds};

const RESULTS: ChannelId = ChannelId(501);
const ALERTS: ChannelId = ChannelId(502);
const FALLBACK: ChannelId = ChannelId(503);

fn unavailable() -> Fault {
    Fault::Refused(SendError::Retry {
        after_ms: None,
        why: "Discord answered 500".into(),
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
        results: RESULTS,
        alerts: Some(ALERTS),
        fallback: Some(FALLBACK),
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
    let (row, message) = kept[0].clone();
    assert!(message.content.contains("나약한"));
    assert_eq!(
        unshown().await.unwrap(),
        kept,
        "it waits until it was shown"
    );
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
    let limited = SendError::Retry {
        after_ms: Some(7_000),
        why: "429".into(),
    };
    app.messenger.fail_next([Fault::Refused(limited)]);
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
    app.leaves_unsent();
    let app = app.restarted_after(seconds(5)).await;
    app.settle().await;
    let said: usize = app
        .posts()
        .iter()
        .map(|post| post.matches("나약한").count())
        .sum();
    assert_eq!(said, 3);
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
