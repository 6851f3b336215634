//! Who may do what: the bot itself decides, whatever a client sends.

use serde_json::Value;
use timeattack::sandbox::{Message, OptionValue, Refused};
use timeattack::timeattack::text;

use crate::support::bot::{Bot, turning};
use crate::support::{file, minutes};

async fn refuses(bot: &Bot, line: &str) {
    let client = bot.mina().slash(line).await;
    assert!(
        matches!(client, Err(Refused::Client(_))),
        "the client's own door: {client:?}"
    );
    // An admin can open that door to everybody in the server's settings.
    let reply = bot.mina().let_in().slash(line).await.unwrap();
    assert!(
        reply.is_ephemeral() && reply.text().contains("Manage Server"),
        "{line}: {}",
        reply.text()
    );
}

/// How everything is set, as the admin is shown it.
async fn settings(bot: &Bot) -> String {
    bot.admin().slash("/setup show").await.unwrap().text()
}

macro_rules! only_for_managers {
    ($($name:ident: $line:expr;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let bot = Bot::start().await;
            let before = settings(&bot).await;
            let line = $line.replace("RESULTS", &bot.results.get().to_string());
            refuses(&bot, &line).await;
            assert_eq!(settings(&bot).await, before);
            bot.end().await;
        }
    )+};
}

only_for_managers! {
    setup_channels_is_refused_to_members: "/setup channels results:RESULTS";
    setup_locale_is_refused_to_members: "/setup locale timezone:Europe/Berlin language:en";
    setup_limits_is_refused_to_members: "/setup limits running:1";
    setup_quiet_hours_is_refused_to_members: "/setup quiet-hours start:22:00 end:07:00";
    setup_messages_is_refused_to_members: "/setup messages failure:Lost {task}";
    setup_show_is_refused_to_members: "/setup show";
    setup_check_is_refused_to_members: "/setup check";
}

/// The commands below this one that can be used, each with what it must be given.
fn usable(command: &Value, path: &str, found: &mut Vec<(String, Vec<Value>)>) {
    let path = format!("{path} {}", command["name"].as_str().unwrap());
    let options = command["options"].as_array().cloned().unwrap_or_default();
    // Subcommands and groups of them.
    let (below, own): (Vec<_>, Vec<_>) = options
        .into_iter()
        .partition(|option| option["type"] == 1 || option["type"] == 2);
    if below.is_empty() {
        let required = own.into_iter().filter(|option| option["required"] == true);
        found.push((path.trim().to_owned(), required.collect()));
    }
    for command in &below {
        usable(command, &path, found);
    }
}

/// Something that may be given for an option.
fn given(bot: &Bot, option: &Value) -> OptionValue {
    let text = |text: &str| OptionValue::Text(text.to_owned());
    match option["type"].as_u64().unwrap() {
        3 | 4 | 10 => match &option["choices"][0]["value"] {
            Value::String(choice) => text(choice),
            Value::Null => text("1"),
            other => text(&other.to_string()),
        },
        5 => OptionValue::Bool(true),
        6 => OptionValue::Id(bot.jamong.get()),
        7 => OptionValue::Id(bot.results.get()),
        11 => file("x.csv", b"email\nx@example.org\n"),
        other => panic!("an option of type {other}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_that_discord_keeps_from_members_is_refused_by_the_bot_too() {
    let bot = Bot::start().await;
    let before = settings(&bot).await;
    let mut commands = Vec::new();
    for command in bot.discord.commands(None) {
        if command["default_member_permissions"].is_string() {
            usable(&command, "", &mut commands);
        }
    }
    assert!(commands.len() >= 37, "{}", commands.len());
    let member = bot.mina().let_in();
    for (path, required) in commands {
        let options: Vec<_> = required
            .iter()
            .map(|option| (option["name"].as_str().unwrap(), given(&bot, option)))
            .collect();
        let refused = turning(&bot.clock, member.slash_with(&path, &options)).await;
        let refused = refused.unwrap();
        assert!(
            refused.is_ephemeral() && refused.text().contains("Manage Server"),
            "{path}: {refused:?}"
        );
    }
    assert_eq!(settings(&bot).await, before);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_save_of_templates_is_refused() {
    let bot = Bot::start().await;
    let line = "/setup messages failure:Lost {task}";
    let preview = bot.admin().slash(line).await.unwrap().message().unwrap();
    let save = preview.buttons()[0].custom_id.clone().unwrap();
    let start = bot.started().await;
    let by_member = bot.mina().forge(&start, &save).await.unwrap();
    assert!(by_member.text().contains("Manage Server"));
    // Even an admin cannot save what the message does not show.
    let from_elsewhere = bot.admin().forge(&start, &save).await.unwrap();
    assert!(from_elsewhere.is_ephemeral());
    bot.clock.advance_ms(minutes(10));
    bot.posted(bot.channel, "나약한").await;
    bot.end().await;
}

/// The `custom_id`s of everything that can be done to the time attack of this message.
fn all_actions(start: &Message) -> Vec<String> {
    let ids = start.buttons().into_iter().filter_map(|one| one.custom_id);
    let mut ids: Vec<String> = ids.collect();
    ids.push(format!("{}:confirm", ids[2]));
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replayed_button_does_nothing_to_the_time_attack_of_somebody_else() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    for action in all_actions(&start) {
        let reply = bot.admin().forge(&start, &action).await.unwrap();
        assert!(reply.is_ephemeral(), "{action}: {}", reply.text());
    }
    bot.clock.advance_ms(minutes(10));
    bot.posted(bot.channel, "나약한").await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replayed_button_does_nothing_in_another_guild() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    let there = bot.discord.actor(bot.mina, bot.elsewhere);
    let line = "/timeattack start task:There limit:1h";
    let other = there.slash(line).await.unwrap().message().unwrap();
    for action in all_actions(&start) {
        let reply = there.forge(&other, &action).await.unwrap();
        assert!(reply.is_ephemeral(), "{action}: {}", reply.text());
    }
    bot.clock.advance_ms(minutes(10));
    bot.posted(bot.channel, "나약한").await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replayed_button_does_nothing_to_what_has_ended() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    bot.mina().slash("/timeattack complete").await.unwrap();
    bot.posted(bot.channel, "🎉").await;
    for action in all_actions(&start) {
        let reply = bot.mina().forge(&start, &action).await.unwrap();
        assert!(reply.is_ephemeral(), "{action}: {}", reply.text());
    }
    bot.clock.advance_ms(minutes(30));
    let history = bot.mina().slash("/timeattack history").await.unwrap();
    assert!(history.text().contains('✅'), "{}", history.text());
    assert_eq!(bot.cards(), 0);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn autocomplete_offers_only_ones_own_and_only_of_this_guild() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    let complete = start.buttons()[0].custom_id.clone().unwrap();
    let offered = async |actor: timeattack::sandbox::Actor, typed: &str| {
        actor
            .autocomplete("timeattack complete", &[], "attack", typed)
            .await
            .unwrap()
    };
    let own = offered(bot.mina(), "").await;
    assert_eq!(own.len(), 1);
    let attack = timeattack::ids::AttackId(own[0].1.parse().unwrap());
    assert!(complete.starts_with(&text::complete_button(attack)));
    let there = bot.discord.actor(bot.mina, bot.elsewhere);
    for (actor, typed) in [
        (bot.jamong(), ""),
        (bot.jamong(), "Read"),
        (bot.jamong(), own[0].1.as_str()),
        (there, ""),
    ] {
        assert_eq!(offered(actor, typed).await, []);
    }
    // An id that was not offered can be sent all the same.
    let line = format!("/timeattack complete attack:{}", own[0].1);
    let reply = bot.jamong().slash(&line).await.unwrap();
    assert!(reply.is_ephemeral());
    bot.clock.advance_ms(minutes(10));
    bot.posted(bot.channel, "나약한").await;
    bot.end().await;
}
