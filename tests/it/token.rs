//! A token that Discord refuses: once, by mistake, for good, and until it is put right.

use timeattack::ids::ChannelId;
use timeattack::sandbox::{Exchange, Fault, FaultKind};

use crate::support::bot::{Bot, turning};
use crate::support::{hours, minutes};

/// Mina's time attack fails while requests that post meet these faults; its card comes all the same.
async fn card_comes_in_spite_of(faults: impl IntoIterator<Item = FaultKind>) {
    let bot = Bot::start().await;
    bot.started().await;
    for kind in faults {
        bot.discord
            .fault(Fault::on("/messages", kind).method("POST"));
    }
    bot.clock.advance_ms(minutes(10));
    turning(&bot.clock, bot.posted(bot.channel, "나약한")).await;
    assert_eq!(bot.discord.clear_faults(), 0);
    assert_eq!(bot.cards(), 1);
    assert!(!bot.app().outbox.is_halted());
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_401_keeps_nothing_back() {
    let unauthorized = FaultKind::Error {
        status: 401,
        code: 0,
    };
    card_comes_in_spite_of([unauthorized]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_401_in_html_is_a_proxys_and_keeps_nothing_back() {
    card_comes_in_spite_of([FaultKind::Foreign(401), FaultKind::Foreign(401)]).await;
}

fn invalid(exchange: &Exchange) -> bool {
    matches!(exchange.status, 401 | 403 | 429)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_refused_token_is_sent_without_a_restart() {
    let bot = Bot::start().await;
    let line = "/timeattack start task:There limit:10m";
    for (index, user) in [bot.mina, bot.jamong].into_iter().enumerate() {
        let channel: ChannelId = [bot.channel, bot.results][index];
        let actor = bot.discord.actor(user, channel);
        actor.slash("/dm allow").await.unwrap();
        actor.slash(line).await.unwrap();
    }
    bot.discord.refuse_token(true);
    bot.clock.advance_ms(minutes(10));
    turning(&bot.clock, async {
        let mut changes = bot.app().outbox.changes();
        while !bot.app().outbox.is_halted() {
            changes.changed().await.unwrap();
        }
    })
    .await;
    // For longer than anything is tried; it is asked about every five minutes.
    for _ in 0..26 {
        bot.clock.advance_ms(hours(1));
    }
    assert_eq!(bot.cards(), 0);
    let exchanges = bot.discord.exchanges();
    let refused = exchanges.iter().filter(|one| invalid(one)).count();
    assert!((2..200).contains(&refused), "{refused} invalid requests");
    bot.discord.refuse_token(false);
    bot.clock.advance_ms(minutes(5));
    turning(&bot.clock, bot.posted(bot.channel, "나약한")).await;
    turning(&bot.clock, bot.posted(bot.results, "나약한")).await;
    let app = bot.app();
    assert!(!app.outbox.is_halted());
    assert_eq!(app.outbox.discarded(), 0);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_refuses_the_token_is_tried_again_once_it_is_accepted() {
    let bot = Bot::start().await;
    bot.started().await;
    bot.discord.refuse_token(true);
    bot.discord.reconnect();
    turning(&bot.clock, async {
        let mut changes = bot.app().outbox.changes();
        while !bot.app().outbox.is_halted() {
            changes.changed().await.unwrap();
        }
    })
    .await;
    assert!(bot.discord.wait_for_shards(&[]).await);
    let sessions = bot.requests("GET", "/gateway/bot");
    for _ in 0..10 {
        bot.clock.advance_ms(hours(1));
    }
    assert_eq!(
        bot.requests("GET", "/gateway/bot"),
        sessions,
        "no session is asked for meanwhile"
    );
    bot.discord.refuse_token(false);
    bot.clock.advance_ms(minutes(5));
    let again = bot.discord.wait_for_shards(&[(0, 1)]);
    assert!(turning(&bot.clock, again).await);
    turning(&bot.clock, bot.posted(bot.channel, "나약한")).await;
    bot.end().await;
}
