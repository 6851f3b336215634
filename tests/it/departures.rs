//! Members who leave a server: what they run ends quietly, nothing is written to them, and lists say so.

use timeattack::outbox::Membership;
use timeattack::sandbox::{Fault, FaultKind};
use timeattack::timeattack::State;

use crate::direct::allow;
use crate::support::bot::{Bot, turning};
use crate::support::{CHANNEL, GUILD, MEMBER, OTHER, TestApp, minutes, seconds};

#[tokio::test]
async fn what_somebody_runs_who_left_ends_without_a_word() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    let attack = app.time_attack().lasting(minutes(5)).started().await;
    let long = app.time_attack().task("long").lasting(minutes(500));
    let long = long.started().await;
    let others = app.time_attack().by(OTHER).lasting(minutes(5)).started();
    let others = others.await;
    app.messenger.leave(GUILD, MEMBER, true);
    app.advance(minutes(6)).await;
    assert_eq!(app.state(attack.id).await, State::Cancelled);
    assert_eq!(app.state(long.id).await, State::Cancelled);
    assert_eq!(app.state(others.id).await, State::Failed);
    let mut posts = app.posted();
    posts.retain(|post| post.channel == CHANNEL);
    assert_eq!(posts.len(), 1, "{posts:?}");
    assert_eq!(posts[0].message.mentions, [OTHER]);
    for reminder in app.reminders() {
        assert_eq!(reminder.message.mentions, [OTHER]);
    }
    assert!(app.texts(MEMBER).is_empty(), "{:?}", app.texts(MEMBER));
}

/// Discord told something else of who left a moment ago, and was asked by somebody else: by a list, or for
/// another message.
#[tokio::test]
async fn what_is_known_of_who_left_ends_what_they_run() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(1)).started().await;
    app.messenger.leave(GUILD, MEMBER, true);
    // A list has just shown that they left.
    let membership = app
        .inside(async |app| app.outbox.membership(GUILD, MEMBER).await)
        .await;
    assert_eq!(membership, Membership::Left);
    // Within that minute, the look ahead finds it known.
    app.advance(seconds(40)).await;
    assert_eq!(app.state(attack.id).await, State::Cancelled);
    app.advance(minutes(1)).await;
    assert!(app.posted().is_empty(), "{:?}", app.posts());
}

/// Too late for the look ahead: the verdict is public, but nothing goes to whoever left.
#[tokio::test]
async fn no_direct_message_goes_to_somebody_who_left_a_moment_ago() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.time_attack().lasting(seconds(3)).started().await;
    app.messenger.leave(GUILD, MEMBER, true);
    app.advance(seconds(3)).await;
    let posted = app.posted();
    assert!(posted.iter().any(|post| post.channel == CHANNEL));
    assert!(app.texts(MEMBER).is_empty(), "{:?}", app.texts(MEMBER));
    assert_eq!(app.app().outbox.held(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leaderboard_says_who_has_left() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    bot.mina().click(&start, "Complete").await.unwrap();
    bot.posted(bot.channel, "🎉").await;
    let shown = bot.jamong().slash("/timeattack leaderboard").await;
    let shown = shown.unwrap().text();
    assert!(!shown.contains("has left"), "{shown}");
    bot.discord.leave(bot.guild, bot.mina);
    bot.clock.advance_ms(minutes(2));
    let jamong = bot.jamong();
    let shown = jamong.slash("/timeattack leaderboard");
    let shown = turning(&bot.clock, shown).await.unwrap();
    let shown = bot.answered(shown).await.text();
    assert!(shown.contains("has left the server"), "{shown}");
    // So do the lists of one member.
    for (line, left) in [
        (format!("/timeattack status member:{}", bot.mina), true),
        (format!("/timeattack history member:{}", bot.mina), true),
        (format!("/timeattack status member:{}", bot.jamong), false),
    ] {
        let shown = bot.admin().slash(&line).await.unwrap().text();
        let says = shown.contains("has left the server");
        assert_eq!(says, left, "{line}: {shown}");
    }
    bot.end().await;
}

/// Discord does not answer about one member: it is told all the same who of the others has left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lookup_that_takes_too_long_hides_nobody_who_left() {
    let bot = Bot::start().await;
    for actor in [bot.mina(), bot.jamong()] {
        let start = actor.slash("/timeattack start task:Read limit:10m").await;
        let start = start.unwrap().message().unwrap();
        bot.kept(&start).await;
        let complete = start.buttons()[0].label.clone();
        actor.click(&start, &complete).await.unwrap();
    }
    bot.discord.leave(bot.guild, bot.mina);
    bot.clock.advance_ms(minutes(2));
    let path = format!("/members/{}", bot.jamong);
    let slow = Fault::on(&path, FaultKind::Hang(60_000)).times(u32::MAX);
    bot.discord.fault(slow);
    let admin = bot.admin();
    let shown = admin.slash("/timeattack leaderboard");
    let shown = turning(&bot.clock, shown).await.unwrap();
    let shown = bot.answered(shown).await.text();
    let has_left = shown.matches("has left the server").count();
    assert_eq!(has_left, 1, "{shown}");
    bot.discord.clear_faults();
    bot.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_announcement_passes_by_who_left() {
    let bot = Bot::start().await;
    for actor in [bot.mina(), bot.jamong()] {
        actor.slash("/dm allow").await.unwrap();
    }
    bot.discord.leave(bot.guild, bot.mina);
    bot.clock.advance_ms(minutes(2));
    let line = "/announce body:Hello kind:notice";
    let admin = bot.admin();
    let preview = turning(&bot.clock, admin.slash(line)).await.unwrap();
    let preview = bot.answered(preview).await.message().unwrap();
    let text = preview.text();
    assert!(text.contains("One has left the server"), "{text}");
    let send = preview.buttons()[0].label.clone();
    assert!(send.contains('1'), "{send}");
    bot.end().await;
}
