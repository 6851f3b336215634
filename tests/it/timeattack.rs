//! Time attacks: from the start to the verdict.

use timeattack::consent::{self, Source};
use timeattack::error::UserError;
use timeattack::guild::{self, Change};
use timeattack::i18n::Language;
use timeattack::ids::{ChannelId, GuildId};
use timeattack::timeattack::{self as attacks, Actor, State};

use crate::direct::decider;
use crate::support::{CHANNEL, GUILD, MEMBER, OTHER, TestApp, hours, minutes, refusal, seconds};

#[tokio::test]
async fn the_failure_card_is_posted_at_the_deadline_and_pings_the_member() {
    let app = TestApp::start().await;
    app.time_attack().lasting(minutes(10)).started().await;
    app.advance(minutes(10) - 1).await;
    assert!(app.posts().is_empty());
    app.advance(1).await;
    insta::assert_snapshot!(app.posts().join("\n---\n"), @r"
    <@99000000000000001>
    ```yaml
    😢나약한 자식😢
    ┌────────────────────────┐
     Date: 2026-11-21T14:10:00
     Name: jamong
     Value: 알고리즘 3문제 풀기
    └────────────────────────┘
    ```
    ");
    assert_eq!(app.posted()[0].message.mentions, [MEMBER]);
    assert!(!app.posted()[0].message.silent);
}

/// A refusal is told to the member alone, and what it offers is in their language, not the server's.
#[tokio::test]
async fn what_a_refused_limit_may_mean_is_offered_in_the_members_language() {
    let app = TestApp::start().await;
    for (language, offered) in [(Language::English, "30m"), (Language::Korean, "30분")] {
        let mut request = app.time_attack().request();
        request.limit = "30".into();
        request.language = language;
        let refused = app
            .inside(async move |app| attacks::start(&app, request).await)
            .await;
        let said = refusal(refused).text(language);
        assert!(said.contains(&format!("`{offered}`")), "{said}");
    }
}

#[tokio::test]
async fn a_completed_one_is_announced_as_such_and_never_as_failed() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    app.advance(minutes(4)).await;
    app.complete(&attack).await.unwrap();
    app.advance(hours(1)).await;
    let posts = app.posts();
    assert_eq!(posts.len(), 1, "{posts:?}");
    assert!(posts[0].contains("알고리즘 3문제 풀기"), "{posts:?}");
    assert!(!posts[0].contains("나약한"));
    assert_eq!(app.app().timers.armed(), 0);
}

#[tokio::test]
async fn a_finish_clicked_in_time_but_handled_late_turns_the_verdict_round() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    let clicked_ms = attack.deadline_ms;
    app.advance(minutes(10) + seconds(2)).await;
    assert!(app.posts()[0].contains("나약한"));

    app.complete_clicked_at(&attack, clicked_ms).await.unwrap();
    app.settle().await;
    let posted = app.posted();
    assert_eq!(posted.len(), 1);
    assert_eq!(posted[0].edits, 1);
    assert!(!posted[0].message.content.contains("나약한"));
    assert_eq!(app.state(attack.id).await, State::Completed);
}

#[tokio::test]
async fn a_finish_clicked_after_the_deadline_is_too_late_even_before_the_verdict() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    let outcome = app
        .complete_clicked_at(&attack, attack.deadline_ms + 1)
        .await;
    let deadline_ms = attack.deadline_ms;
    assert_eq!(refusal(outcome), UserError::TooLate { deadline_ms });
    assert_eq!(app.state(attack.id).await, State::Running);
}

#[tokio::test]
async fn what_is_not_yours_or_ended_or_another_guilds_is_refused() {
    let app = TestApp::start().await;
    let attack = app.time_attack().started().await;
    let id = attack.id;

    let other = app.actor(OTHER);
    let outcome = app.inside(async move |app| attacks::complete(&app, other, id, None).await);
    assert_eq!(refusal(outcome.await), UserError::NotYours);

    let elsewhere = Actor {
        guild: GuildId(1),
        ..app.actor(MEMBER)
    };
    let outcome = app.inside(async move |app| attacks::complete(&app, elsewhere, id, None).await);
    assert_eq!(refusal(outcome.await), UserError::UnknownAttack);

    app.complete(&attack).await.unwrap();
    assert_eq!(
        refusal(app.complete(&attack).await),
        UserError::AlreadyEnded
    );
    app.settle().await;
    assert_eq!(app.posts().len(), 1);
}

#[tokio::test]
async fn giving_up_is_told_once_and_disarms_the_timer() {
    let app = TestApp::start().await;
    let attack = app.time_attack().started().await;
    let (actor, id) = (app.actor(MEMBER), attack.id);
    app.inside(async move |app| attacks::give_up(&app, actor, id).await)
        .await
        .unwrap();
    app.advance(minutes(11)).await;
    assert_eq!(app.posts().len(), 1);
    assert_eq!(app.state(id).await, State::Cancelled);
}

#[tokio::test]
async fn an_extension_moves_the_deadline_until_none_is_left() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    let id = attack.id;
    for left in [2, 1, 0] {
        let actor = app.actor(MEMBER);
        let extended = app
            .inside(async move |app| attacks::extend(&app, actor, id, minutes(10)).await)
            .await
            .unwrap();
        assert_eq!(extended.left, left);
    }
    let actor = app.actor(MEMBER);
    let outcome = app.inside(async move |app| attacks::extend(&app, actor, id, minutes(10)).await);
    assert_eq!(
        refusal(outcome.await),
        UserError::NoExtensionLeft { limit: 3 }
    );
    app.advance(minutes(40) - 1).await;
    assert!(app.posts().is_empty());
    app.advance(1).await;
    assert_eq!(app.posts().len(), 1);
}

#[tokio::test]
async fn tasks_limits_and_counts_are_bounded() {
    let app = TestApp::start().await;
    let outcome = app.time_attack().task("   ").tried().await;
    assert_eq!(refusal(outcome), UserError::TaskLength { length: 0 });
    let outcome = app.time_attack().lasting(hours(24 * 31)).tried().await;
    assert!(matches!(
        refusal(outcome),
        UserError::LimitOutOfBounds { .. }
    ));
    for _ in 0..5 {
        app.time_attack().started().await;
    }
    let outcome = app.time_attack().tried().await;
    assert_eq!(refusal(outcome), UserError::TooManyRunning { running: 5 });
    // Another member's count is their own.
    app.time_attack().by(OTHER).started().await;
}

#[tokio::test]
async fn a_guild_runs_ten_thousand_at_once_and_no_more() {
    let app = TestApp::start().await;
    let fill = "INSERT INTO time_attacks (id, guild_id, channel_id, user_id, member_name, task, \
             state, started_ms, deadline_ms, language) \
         WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 9999) \
         SELECT n, 77000000000000001, 1, n, 'jamong', 'read', 'running', 0, 4000000000000, 'ko' \
         FROM numbers";
    let filled = app.app().db.write(fill, |tx, fill| {
        Box::pin(async move {
            sqlx::query(*fill).execute(tx).await?;
            Ok(())
        })
    });
    filled.await.unwrap();
    let last = app.time_attack().started().await;
    let outcome = app.time_attack().by(OTHER).tried().await;
    assert_eq!(
        refusal(outcome),
        UserError::TooManyInGuild { limit: 10_000 }
    );
    app.complete(&last).await.unwrap();
    app.time_attack().by(OTHER).started().await;
    app.settle().await;
}

#[tokio::test]
async fn the_same_interaction_delivered_twice_starts_one() {
    let app = TestApp::start().await;
    let request = app.time_attack().request();
    let again = request.clone();
    let first = app
        .inside(async move |app| attacks::start(&app, request).await)
        .await
        .unwrap();
    let second = app
        .inside(async move |app| attacks::start(&app, again).await)
        .await
        .unwrap();
    assert_eq!(first.id, second.id);
    assert_eq!(app.app().timers.armed(), 1);
}

#[tokio::test]
async fn a_verdict_at_night_is_on_time_and_silent() {
    let app = TestApp::start().await;
    app.time_attack().lasting(hours(8)).started().await;
    app.leap(hours(8) - minutes(1)).await;
    app.advance(minutes(1)).await;
    assert!(app.posted()[0].message.silent);
}

#[tokio::test]
async fn results_go_to_the_results_channel_in_the_guilds_words() {
    let app = TestApp::start().await;
    let results = ChannelId(4242);
    for change in [
        Change::Channels {
            results: Some(Some(results)),
            alerts: None,
            fallback: None,
        },
        Change::Messages {
            success: None,
            failure: Some(Some("졌다: {task}".into())),
        },
    ] {
        app.inside(async move |app| guild::change(&app, GUILD, change).await)
            .await
            .unwrap();
    }
    app.time_attack()
        .task("산책 *하기*")
        .lasting(minutes(1))
        .started()
        .await;
    app.advance(minutes(1)).await;
    let posted = app.posted();
    assert_eq!(posted[0].channel, results);
    assert_eq!(
        posted[0].message.content,
        format!("<@{MEMBER}>\n졌다: 산책 \\*하기\\*")
    );
}

#[tokio::test]
async fn settings_survive_a_restart() {
    let app = TestApp::start().await;
    let change = Change::Limits {
        running: Some(1),
        longest_ms: None,
        extensions: Some(0),
    };
    app.inside(async move |app| guild::change(&app, GUILD, change).await)
        .await
        .unwrap();
    let app = app.restarted_after(seconds(1)).await;
    app.time_attack().started().await;
    let outcome = app.time_attack().tried().await;
    assert_eq!(refusal(outcome), UserError::TooManyRunning { running: 1 });
}

#[tokio::test]
async fn deadline_during_shutdown_is_announced_after_restart_and_said_to_be_late() {
    let app = TestApp::start().await;
    app.time_attack().lasting(minutes(10)).started().await;
    let app = app.restarted_after(minutes(30)).await;
    app.settle().await;
    let posts = app.posts();
    assert_eq!(posts.len(), 1);
    assert!(
        posts[0].contains("<t:1795237800:"),
        "it names the deadline: {posts:?}"
    );
}

#[tokio::test]
async fn many_overdue_in_one_channel_become_few_messages_that_ping_everybody() {
    let app = TestApp::start().await;
    for number in 0..55 {
        let user = timeattack::ids::UserId(500 + number);
        app.time_attack()
            .by(user)
            .lasting(minutes(10))
            .started()
            .await;
    }
    let app = app.restarted_after(hours(2)).await;
    app.settle().await;
    let posted = app.posted();
    assert!(posted.len() <= 2, "{} messages", posted.len());
    let pinged: usize = posted.iter().map(|post| post.message.mentions.len()).sum();
    assert_eq!(pinged, 55);
}

#[tokio::test]
async fn kill_at_any_moment_loses_nothing_and_says_nothing_twice() {
    let mut app = TestApp::start().await;
    let mut started = Vec::new();
    for round in 0..20_i64 {
        let attack = app
            .time_attack()
            .by(timeattack::ids::UserId(1_000 + round))
            .task(&format!("task-{round}-"))
            .in_channel(ChannelId(CHANNEL.0 + round % 3))
            .lasting(seconds(30))
            .started()
            .await;
        started.push(attack);
        app.clock.advance_ms(seconds(7));
        // Killed wherever it happens to be with settling and sending.
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        app = app.killed_for(seconds(3)).await;
    }
    app.advance(minutes(2)).await;
    let all: String = app
        .posted()
        .iter()
        .map(|post| {
            let boxes: String = post
                .message
                .embeds
                .iter()
                .filter_map(|one| one.description.clone())
                .collect();
            format!("{}{boxes}", post.message.content)
        })
        .collect();
    for (round, attack) in started.iter().enumerate() {
        assert_eq!(app.state(attack.id).await, State::Failed);
        let said = all.matches(&format!("task-{round}-")).count()
            + all.matches(&format!("task\\-{round}\\-")).count();
        assert_eq!(said, 1, "task {round} was told {said} times");
    }
}

#[tokio::test]
async fn a_clock_set_forward_is_noticed_and_one_set_back_fires_nothing_early() {
    for step in [hours(1), hours(24)] {
        let app = TestApp::start().await;
        app.time_attack().lasting(step).started().await;
        app.clock.step_ms(step);
        app.advance(seconds(30)).await;
        assert_eq!(
            app.posts().len(),
            1,
            "the clock was set forward by {step} ms"
        );

        let app = TestApp::start().await;
        app.time_attack().lasting(minutes(10)).started().await;
        app.clock.step_ms(-step);
        app.advance(minutes(10)).await;
        assert!(
            app.posts().is_empty(),
            "the clock was set back by {step} ms"
        );
        app.clock.step_ms(step);
        app.clock.advance_ms(seconds(30));
        app.settle().await;
        assert_eq!(app.posts().len(), 1);
    }
}

#[tokio::test]
async fn after_the_machine_slept_the_overdue_verdict_follows_and_says_it_is_late() {
    let app = TestApp::start().await;
    app.time_attack().lasting(minutes(10)).started().await;
    // Suspended: the wall clock goes on, the monotonic one stands still.
    app.clock.step_ms(hours(3));
    app.clock.advance_ms(seconds(30));
    app.settle().await;
    assert_eq!(app.posts().len(), 1);
    assert!(app.posts()[0].contains("<t:1795237800:"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn complete_against_deadline_a_thousand_times_has_one_winner_each() {
    let app = TestApp::start().await;
    let everyone = Change::Limits {
        running: Some(25),
        longest_ms: None,
        extensions: None,
    };
    app.inside(async move |app| guild::change(&app, GUILD, everyone).await)
        .await
        .unwrap();
    let mut completed = 0;
    for round in 0..100_i64 {
        let mut attacks = Vec::new();
        for member in 0..10 {
            let user = timeattack::ids::UserId(10_000 + member);
            let channel = ChannelId(CHANNEL.0 + member);
            let builder = app.time_attack().by(user).in_channel(channel);
            attacks.push(builder.lasting(seconds(60)).started().await);
        }
        // The deadline rings while ten clicks of the last moment come in.
        app.clock.advance_ms(seconds(60));
        let clicks = attacks.iter().enumerate().map(|(index, attack)| {
            let late = i64::from(index % 2 == 0 && round % 2 == 0);
            app.complete_clicked_at(attack, attack.deadline_ms + late)
        });
        let outcomes = futures_util::future::join_all(clicks).await;
        app.settle().await;
        for (attack, outcome) in attacks.iter().zip(&outcomes) {
            let state = app.state(attack.id).await;
            assert_eq!(
                state == State::Completed,
                outcome.is_ok(),
                "{state:?} {outcome:?}"
            );
            completed += usize::from(outcome.is_ok());
        }
    }
    // An edit that came before its message was there looks again a moment later.
    app.advance(seconds(2)).await;
    // 1,000 races; those clicked a millisecond late (250) must have lost.
    assert_eq!(completed, 750);
    let posted = app.posted();
    let failures: usize = posted
        .iter()
        .map(|post| post.message.content.matches("나약한").count())
        .sum();
    let verdicts: usize = posted
        .iter()
        .map(|post| post.message.content.matches("알고리즘").count())
        .sum();
    assert_eq!((failures, verdicts), (250, 1_000));
}

#[tokio::test]
async fn two_processes_announce_a_verdict_once() {
    let app = TestApp::start().await;
    if !app.is_postgres() {
        // SQLite belongs to one process: the second is refused with what to do instead.
        let refused = app.second_process_refused().await;
        assert!(refused.contains("use PostgreSQL"), "{refused}");
        return;
    }
    let mut attacks = Vec::new();
    for number in 0..40 {
        let user = timeattack::ids::UserId(500 + number);
        let channel = ChannelId(CHANNEL.0 + number);
        attacks.push(
            app.time_attack()
                .by(user)
                .in_channel(channel)
                .started()
                .await,
        );
    }
    // It holds the same timers as the first.
    let second = app.second_process().await;
    assert_eq!(second.app().timers.armed(), 40);
    app.clock.advance_ms(minutes(10));
    app.settle().await;
    assert_eq!(app.posts().len(), 40);
    drop(second);
}

#[tokio::test]
async fn the_date_on_a_card_of_success_has_its_zone_for_who_lives_by_another_clock() {
    let app = TestApp::start().await;
    let change = Change::Messages {
        success: Some(Some("{mention} {task} {date}".into())),
        failure: None,
    };
    app.inside(async move |app| guild::change(&app, GUILD, change).await)
        .await
        .unwrap();
    for (own, has_offset) in [
        (None, false),
        (Some(chrono_tz::Asia::Tokyo), false),
        (Some(chrono_tz::America::New_York), true),
    ] {
        let decider = decider(MEMBER, Source::Command);
        app.inside(async move |app| consent::set_zone(&app, decider, own).await)
            .await
            .unwrap();
        let attack = app.time_attack().started().await;
        app.complete(&attack).await.unwrap();
        app.settle().await;
        let said = app.posts().pop().unwrap();
        assert!(said.contains("2026-11-21T"), "{said}");
        assert_eq!(said.contains("+09:00"), has_offset, "{own:?}: {said}");
    }
}
