//! Where the slash commands stand: where they are wanted and nowhere else, whatever comes in between.

use std::time::Duration;

use serde_json::{Value, json};
use timeattack::ids::GuildId;
use timeattack::sandbox::{Fault, FaultKind};

use crate::support::bot::{Bot, turning};
use crate::support::{execute, hours, minutes};

/// How many commands the bot has.
const COMMANDS: usize = 13;

/// So many commands stand everywhere, in the first server and in the second one.
async fn stand(bot: &Bot, everywhere: usize, here: usize, there: usize) {
    let scopes = [
        (None, everywhere),
        (Some(bot.guild), here),
        (Some(bot.other), there),
    ];
    for (scope, count) in scopes {
        let stand = bot.discord.wait_for_commands(scope, count);
        let stand = turning(&bot.clock, stand).await;
        assert!(stand, "{scope:?}: {}", bot.discord.commands(scope).len());
    }
}

/// Waits until the bot has asked so often which commands there are. Nothing tells of it.
async fn asked(bot: &Bot, count: usize) {
    while bot.requests("GET", "/commands") < count {
        tokio::task::yield_now().await;
    }
}

/// Another program of the same application registers a command.
async fn registers(bot: &Bot, guild: GuildId, command: &Value) {
    let application = bot.discord.commands(Some(guild))[0]["application_id"].clone();
    let application = application.as_str().unwrap().to_owned();
    let (base, guild) = (bot.discord.url(), guild.get());
    let url = format!("{base}/api/v10/applications/{application}/guilds/{guild}/commands");
    let sent = reqwest::Client::new()
        .post(url)
        .header("authorization", format!("Bot {}", bot.discord.token()))
        .json(command);
    sent.send().await.unwrap().error_for_status().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_guild_named_the_commands_are_registered_there_alone() {
    let bot = Bot::start_with(|settings, guild| settings.guild_id = Some(guild)).await;
    stand(&bot, 0, COMMANDS, 0).await;
    for exchange in bot.discord.exchanges() {
        let is_global = exchange.path.contains("/commands") && !exchange.path.contains("/guilds/");
        assert!(!is_global || exchange.method == "GET", "{}", exchange.path);
    }
    bot.started().await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unchanged_commands_are_not_registered_again() {
    let bot = Bot::start().await;
    let writes = |bot: &Bot| {
        let methods = ["PUT", "POST", "PATCH", "DELETE"];
        let writes = methods.map(|method| bot.requests(method, "/commands"));
        writes.iter().sum::<usize>()
    };
    // Nothing is remembered: both servers are looked at, once.
    asked(&bot, 3).await;
    assert_eq!((writes(&bot), bot.requests("GET", "/commands")), (1, 3));
    let bot = bot.restarted_after(hours(1)).await;
    asked(&bot, 4).await;
    let bot = bot.restarted_after(hours(1)).await;
    asked(&bot, 5).await;
    assert_eq!((writes(&bot), bot.requests("GET", "/commands")), (1, 5));
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_go_from_where_they_are_no_longer_wanted() {
    let bot = Bot::start().await;
    stand(&bot, COMMANDS, 0, 0).await;
    let (here, there) = (bot.guild, bot.other);
    let bot = bot
        .restarted_with(|settings| settings.guild_id = Some(here))
        .await;
    stand(&bot, 0, COMMANDS, 0).await;
    let bot = bot
        .restarted_with(|settings| settings.guild_id = Some(there))
        .await;
    stand(&bot, 0, 0, COMMANDS).await;
    let bot = bot
        .restarted_with(|settings| settings.guild_id = None)
        .await;
    stand(&bot, COMMANDS, 0, 0).await;
    bot.started().await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_database_registered_is_found() {
    for (first, second) in [(true, false), (false, true)] {
        let bot = Bot::start_with(|settings, guild| {
            settings.guild_id = first.then_some(guild);
        })
        .await;
        let here = bot.guild;
        let (everywhere, in_one) = if first { (0, COMMANDS) } else { (COMMANDS, 0) };
        stand(&bot, everywhere, in_one, 0).await;
        let forget = "DELETE FROM command_scopes";
        execute(&bot.app().db, forget).await.unwrap();
        let bot = bot
            .restarted_with(|settings| settings.guild_id = second.then_some(here))
            .await;
        let (everywhere, in_one) = if second { (0, COMMANDS) } else { (COMMANDS, 0) };
        stand(&bot, everywhere, in_one, 0).await;
        bot.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_programs_commands_are_left_alone() {
    let bot = Bot::start_with(|settings, guild| settings.guild_id = Some(guild)).await;
    stand(&bot, 0, COMMANDS, 0).await;
    let here = bot.guild;
    let weather = json!({ "name": "weather", "description": "Rain?" });
    registers(&bot, here, &weather).await;
    // Of another kind: no command of ours.
    registers(&bot, here, &json!({ "name": "help", "type": 2 })).await;
    let bot = bot
        .restarted_with(|settings| settings.guild_id = None)
        .await;
    stand(&bot, COMMANDS, 2, 0).await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_brings_the_commands_back() {
    let bot = Bot::start_with(|settings, guild| settings.guild_id = Some(guild)).await;
    for _ in 0..2 {
        stand(&bot, 0, COMMANDS, 0).await;
        bot.discord.kick_bot(bot.guild);
        stand(&bot, 0, 0, 0).await;
        bot.discord.invite_bot(bot.guild);
    }
    stand(&bot, 0, COMMANDS, 0).await;
    // Their ids are new, and so are the links to them.
    let help = bot.mina().slash("/help").await.unwrap().text();
    let start = bot.discord.commands(Some(bot.guild));
    let start = start
        .iter()
        .find(|one| one["name"] == "timeattack")
        .unwrap();
    let link = format!(":{}>", start["id"].as_str().unwrap());
    assert!(help.contains(&link), "{link} in {help}");

    // Put out and invited again while the bot was not there to see it.
    let bot = bot.restarted_after(hours(1)).await;
    stand(&bot, 0, COMMANDS, 0).await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_while_the_gateway_was_lost_brings_the_commands_back() {
    let bot = Bot::start_with(|settings, guild| settings.guild_id = Some(guild)).await;
    stand(&bot, 0, COMMANDS, 0).await;
    bot.discord.invalid_session(false);
    bot.discord.kick_bot(bot.guild);
    assert!(bot.discord.wait_for_shards(&[(0, 1)]).await);
    bot.discord.invite_bot(bot.guild);
    stand(&bot, 0, COMMANDS, 0).await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_is_never_given_up() {
    let bot = Bot::start().await;
    stand(&bot, COMMANDS, 0, 0).await;
    let here = bot.guild;
    // For far longer than the waits take to become the longest.
    let refused = Fault::on("/commands", FaultKind::Status(503)).times(40);
    bot.discord.fault(refused);
    let bot = bot
        .restarted_with(|settings| settings.guild_id = Some(here))
        .await;
    let mut hand = tokio::time::interval(Duration::from_millis(10));
    while bot.discord.commands(Some(here)).is_empty() {
        hand.tick().await;
        bot.clock.advance_ms(minutes(15));
    }
    stand(&bot, 0, COMMANDS, 0).await;
    bot.ended().await;
}
