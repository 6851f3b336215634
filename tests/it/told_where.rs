//! Where the result of a time attack will be told, and on whose behalf the bot speaks in public.

use timeattack::sandbox::{Message, permissions};

use crate::support::bot::Bot;

const START: &str = "/timeattack start task:Read limit:10m";

async fn results_in(bot: &Bot, channel: timeattack::ids::ChannelId) -> String {
    let line = format!("/setup channels results:{}", channel.get());
    bot.admin().slash(&line).await.unwrap().text()
}

fn public(bot: &Bot, channel: timeattack::ids::ChannelId) -> Vec<Message> {
    let mut messages = bot.discord.messages(channel);
    messages.retain(|message| !message.is_ephemeral());
    messages
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_says_where_its_result_goes_if_that_is_elsewhere() {
    let bot = Bot::start().await;
    let here = bot.mina().slash(START).await.unwrap().text();
    assert!(!here.contains("<#"), "{here}");
    results_in(&bot, bot.results).await;
    let there = bot.jamong().slash(START).await.unwrap().text();
    assert!(there.contains(&format!("<#{}>", bot.results)), "{there}");
    let extended = bot.jamong().slash("/timeattack extend by:5m").await;
    extended.unwrap();
    let in_results = bot.discord.actor(bot.admin, bot.results);
    let same = in_results.slash(START).await.unwrap().text();
    assert!(!same.contains("<#"), "{same}");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_in_public_for_somebody_who_may_not_write() {
    let bot = Bot::start().await;
    results_in(&bot, bot.results).await;
    let start = bot.started().await;
    bot.mina().click(&start, "Complete").await.unwrap();
    let post = bot.posted(bot.results, "🎉").await;
    bot.discord
        .deny(bot.results, bot.jamong, permissions::SEND_MESSAGES);
    let mute = bot.discord.actor(bot.jamong, bot.results);
    let before = public(&bot, bot.results).len();
    let label = post.buttons()[0].label.clone();
    let refused = mute.click(&post, &label).await.unwrap();
    assert!(refused.modal().is_none(), "no form to fill in for nothing");
    assert!(refused.is_ephemeral() && refused.text().contains("글을 쓸 수 없어서"));
    for line in [
        START,
        "/timeattack start",
        "/timeattack leaderboard",
        "/timeattack stats",
    ] {
        let reply = mute.slash(line).await.unwrap();
        assert!(reply.is_ephemeral(), "{line}: {}", reply.text());
    }
    // A form that was opened before, or elsewhere.
    let form = bot.jamong().slash("/timeattack start").await.unwrap();
    let form = form.modal().unwrap();
    let values = [("task", "Words"), ("limit", "10m")];
    let reply = mute.submit(&form, &values).await.unwrap();
    assert!(reply.is_ephemeral() && reply.text().contains("Words"));
    // An extension is told where the start was.
    bot.jamong().slash(START).await.unwrap();
    let extended = mute.slash("/timeattack extend by:5m").await.unwrap();
    assert!(extended.is_ephemeral(), "{}", extended.text());
    bot.posted(bot.channel, "extended **Read**").await;
    assert_eq!(public(&bot, bot.results).len(), before);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saving_channels_says_what_the_bot_may_not_do_there() {
    let bot = Bot::start().await;
    let saved = results_in(&bot, bot.results).await;
    assert!(!saved.contains("Send Messages"), "{saved}");
    bot.discord
        .deny_bot(bot.results, permissions::SEND_MESSAGES);
    let saved = results_in(&bot, bot.results).await;
    assert!(
        saved.contains("Settings saved") && saved.contains("Send Messages"),
        "{saved}"
    );
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_whose_result_cannot_be_posted_says_so() {
    let bot = Bot::start().await;
    bot.discord
        .deny_bot(bot.channel, permissions::SEND_MESSAGES);
    let told = bot.mina().slash(START).await.unwrap().text();
    assert!(told.contains("I can't post in"), "{told}");
    // A fallback takes it.
    let line = format!(
        "/setup channels results:{} fallback:{}",
        bot.channel.get(),
        bot.results.get()
    );
    bot.admin().slash(&line).await.unwrap();
    let told = bot.jamong().slash(START).await.unwrap().text();
    assert!(!told.contains("I can't post in"), "{told}");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_refused_a_result_is_known_at_the_next_start() {
    let bot = Bot::start().await;
    results_in(&bot, bot.results).await;
    bot.discord
        .deny_bot(bot.results, permissions::SEND_MESSAGES);
    let start = bot.started().await;
    bot.mina().click(&start, "Complete").await.unwrap();
    let mut changes = bot.app().outbox.changes();
    while bot.app().outbox.discarded() == 0 {
        changes.changed().await.unwrap();
    }
    let told = bot.jamong().slash(START).await.unwrap().text();
    assert!(told.contains("I can't post in"), "{told}");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_has_the_commands_alone_is_told_that_nothing_can_be_posted() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    assert!(
        !start.text().contains("I can't post in"),
        "{}",
        start.text()
    );
    bot.mina().click(&start, "Complete").await.unwrap();
    let post = bot.posted(bot.channel, "🎉").await;
    let again = post.buttons()[0].label.clone();
    bot.discord.kick_bot(bot.guild);
    let mut told = String::new();
    // The gateway tells of it a moment later.
    for task in ["One", "Two", "Three"] {
        let form = bot.jamong().click(&post, &again).await.unwrap();
        let form = form.modal().unwrap();
        let values = [("task", task), ("limit", "10m")];
        told = bot.jamong().submit(&form, &values).await.unwrap().text();
        if told.contains("I can't post in") {
            break;
        }
    }
    assert!(told.contains("I can't post in"), "{told}");
    bot.ended().await;
}
