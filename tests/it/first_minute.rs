//! A server's first minute: it is greeted once, where the bot may write, and its zone is a guess that
//! says so.

use timeattack::ids::ChannelId;
use timeattack::sandbox::{Message, permissions};

use crate::support::bot::Bot;

const GREETING: &str = "I help you keep the deadlines";

/// The bot, put out of the server and invited again: for it, that is a server it has just come to.
async fn invited(bot: &Bot) {
    bot.discord.kick_bot(bot.guild);
    bot.discord.invite_bot(bot.guild);
}

fn greetings(bot: &Bot, channel: ChannelId) -> usize {
    let messages = bot.discord.messages(channel);
    let all = messages.iter().filter(|one| one.content.contains(GREETING));
    all.count()
}

/// How everything is set, as the admin is shown it.
async fn settings(bot: &Bot) -> String {
    bot.admin().slash("/setup show").await.unwrap().text()
}

fn label(message: &Message, custom_id: &str) -> Option<String> {
    let buttons = message.buttons();
    let fits = |id: &String| id.split('~').next() == Some(custom_id);
    let found = buttons
        .iter()
        .find(|one| one.custom_id.as_ref().is_some_and(fits));
    found.map(|button| button.label.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_greeted_once_and_its_zone_is_called_a_guess() {
    let bot = Bot::start().await;
    // Where the bot has long been, nothing is said and nothing changes.
    assert!(settings(&bot).await.contains("Asia/Seoul"));
    invited(&bot).await;
    let greeting = bot.posted(bot.channel, GREETING).await;
    assert!(
        greeting.content.contains("America/New\\_York")
            && greeting.content.contains("only a guess"),
        "{}",
        greeting.content
    );
    assert!(greeting.pinged.is_empty() && !greeting.mention_everyone);
    assert_eq!(greeting.buttons().len(), 3);
    assert_eq!(
        label(&greeting, "se:zone").as_deref(),
        Some("Time zone: New York")
    );
    assert!(settings(&bot).await.contains("America/New\\_York (guessed"));
    // Neither another invitation nor another start says it again.
    invited(&bot).await;
    let bot = bot.restarted_after(60_000).await;
    bot.started().await;
    assert_eq!(greetings(&bot, bot.channel), 1);
    assert_eq!(greetings(&bot, bot.results), 0);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_speaks_korean_is_greeted_in_it_and_lives_in_seoul() {
    let bot = Bot::start().await;
    bot.discord.kick_bot(bot.other);
    bot.discord.invite_bot(bot.other);
    let greeting = bot.posted(bot.elsewhere, "안녕하세요").await;
    assert!(
        greeting.content.contains("Asia/Seoul"),
        "{}",
        greeting.content
    );
    assert!(
        !greeting.content.contains("짐작일 뿐"),
        "{}",
        greeting.content
    );
    assert_eq!(label(&greeting, "se:english").as_deref(), Some("English"));
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_greeting_goes_to_the_system_channel_or_else_where_the_bot_may_write() {
    let bot = Bot::start().await;
    bot.discord.set_system_channel(bot.guild, Some(bot.results));
    invited(&bot).await;
    bot.posted(bot.results, GREETING).await;
    assert_eq!(greetings(&bot, bot.channel), 0);
    bot.end().await;

    let bot = Bot::start().await;
    bot.discord.set_system_channel(bot.guild, Some(bot.channel));
    bot.discord
        .deny_everyone(bot.channel, permissions::SEND_MESSAGES);
    invited(&bot).await;
    bot.posted(bot.results, GREETING).await;
    assert_eq!(greetings(&bot, bot.channel), 0);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_bot_may_write_nowhere_it_says_nothing_and_greets_once_it_may() {
    let bot = Bot::start().await;
    for channel in [bot.channel, bot.results] {
        bot.discord
            .deny_everyone(channel, permissions::VIEW_CHANNEL);
    }
    invited(&bot).await;
    // The zone is settled all the same.
    bot.discord.deny_everyone(bot.channel, 0);
    // Nothing tells when the arrival was taken in: a setting is asked for until it is there.
    while !settings(&bot).await.contains("America/New\\_York (guessed") {}
    let bot = bot.restarted_after(60_000).await;
    bot.posted(bot.channel, GREETING).await;
    assert!(settings(&bot).await.contains("America/New\\_York (guessed"));
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_chose_its_zone_keeps_it() {
    let bot = Bot::start().await;
    let line = "/setup locale timezone:Europe/Berlin language:en";
    bot.admin().slash(line).await.unwrap();
    invited(&bot).await;
    let greeting = bot.posted(bot.channel, GREETING).await;
    assert!(
        greeting.content.contains("Europe/Berlin"),
        "{}",
        greeting.content
    );
    assert!(!greeting.content.contains("guess"), "{}", greeting.content);
    assert!(!settings(&bot).await.contains("guess"));
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_buttons_set_what_they_say_and_only_for_those_who_manage_the_server() {
    let bot = Bot::start().await;
    invited(&bot).await;
    let greeting = bot.posted(bot.channel, GREETING).await;
    let before = settings(&bot).await;
    for button in ["se:here", "se:zone", "se:korean"] {
        let refused = bot.mina().click(&greeting, button).await.unwrap();
        assert!(
            refused.is_ephemeral() && refused.text().contains("Manage Server"),
            "{button}: {}",
            refused.text()
        );
    }
    assert_eq!(settings(&bot).await, before);

    let here = format!("<#{}>", bot.channel);
    let saved = bot.admin().click(&greeting, "se:here").await.unwrap();
    assert!(saved.is_ephemeral() && saved.text().contains(&here));
    let greeting = bot
        .until(&greeting, |now| now.content.contains(&here))
        .await;

    let asked = bot.admin().click(&greeting, "se:zone").await.unwrap();
    assert!(asked.is_ephemeral(), "{}", asked.text());
    let menu = asked.message().unwrap();
    let picked = bot.admin().select(&menu, "", &["Europe/Berlin"]).await;
    assert!(picked.unwrap().text().contains("Europe/Berlin"));
    let greeting = bot
        .until(&greeting, |now| {
            now.content.contains("Europe/Berlin") && !now.content.contains("guess")
        })
        .await;
    assert_eq!(
        label(&greeting, "se:zone").as_deref(),
        Some("Time zone: Berlin")
    );

    bot.admin().click(&greeting, "se:korean").await.unwrap();
    let greeting = bot
        .until(&greeting, |now| now.content.contains("안녕하세요"))
        .await;
    assert_eq!(label(&greeting, "se:english").as_deref(), Some("English"));
    assert!(greeting.content.contains("Europe/Berlin"));
    assert!(settings(&bot).await.contains("한국어"));
    bot.end().await;
}
