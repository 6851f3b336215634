//! A server's first minute: it is greeted once, where the bot may write, and its zone is a guess that
//! says so.

use std::path::Path;

use chrono_tz::Asia::Seoul;
use chrono_tz::Europe::Berlin;
use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use timeattack::db::Db;
use timeattack::guild;
use timeattack::ids::{ChannelId, GuildId};
use timeattack::sandbox::{Message, permissions};

use crate::support::Database;
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
    let picked = picked.unwrap().text();
    assert!(picked.contains("Europe/Berlin"), "{picked}");
    assert!(
        picked.contains("counted in America/New\\_York and"),
        "{picked}"
    );
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

/// A server that the bot is not in, and that has its commands: only its interactions tell of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_zone_of_a_server_with_the_commands_alone_is_guessed_at_the_first_interaction() {
    let bot = Bot::start().await;
    bot.discord.keep_commands_alone(bot.guild);
    let bot = bot.restarted_after(60_000).await;
    let offered = bot
        .mina()
        .autocomplete("timeattack start", &[], "limit", "until 18:00")
        .await
        .unwrap();
    // It is midnight there.
    assert_eq!(offered[0].0, "until 18:00 → 18:00:00 today");
    assert!(settings(&bot).await.contains("America/New\\_York (guessed"));
    // Where the bot has long been, its zone stays.
    let there = bot.discord.actor(bot.admin, bot.elsewhere);
    let shown = there.slash("/setup show").await.unwrap().text();
    assert!(
        shown.contains("Asia/Seoul") && !shown.contains("guessed"),
        "{shown}"
    );
    // What its admins choose is no guess.
    let line = "/setup locale timezone:Europe/Berlin language:en";
    bot.admin().slash(line).await.unwrap();
    let bot = bot.restarted_after(60_000).await;
    bot.mina().slash("/timeattack status").await.unwrap();
    assert!(!settings(&bot).await.contains("guessed"));
    bot.ended().await;
}

/// The tables as they were before this version of the program.
async fn database_of_version(database: &Database, version: i64) -> AnyConnection {
    sqlx::any::install_default_drivers();
    let url = database.url.replace("test.db", "test.db?mode=rwc");
    let mut conn = AnyConnection::connect(&url).await.unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let mut migrator = Migrator::new(Path::new(folder)).await.unwrap();
    let all = migrator.migrations.iter().cloned();
    migrator.migrations = all.filter(|one| one.version <= version).collect();
    migrator.run(&mut conn).await.unwrap();
    conn
}

#[tokio::test]
async fn servers_that_used_the_bot_before_zones_were_guessed_keep_theirs() {
    for (version, is_greeted) in [(18, true), (19, false)] {
        let database = Database::fresh().await;
        let mut conn = database_of_version(&database, version).await;
        let attack = |id: i64, guild: i64| {
            format!(
                "INSERT INTO time_attacks (id, guild_id, channel_id, user_id, member_name, task, \
                     state, started_ms, deadline_ms, language) \
                 VALUES ({id}, {guild}, 1, 1, 'mina', 'read', 'running', 0, 1, 'en')"
            )
        };
        let member = "INSERT INTO members (guild_id, user_id, guild_name, language, notice, ads, \
             night, updated_ms) VALUES (4, 1, '', 'en', 0, 0, 0, 0)";
        let chosen = "INSERT INTO guild_settings (guild_id, timezone, quiet_start_min, \
             quiet_end_min, running_limit, longest_ms, extension_limit, updated_ms) \
             VALUES (3, 'Europe/Berlin', 0, 0, 7, 86400000, 3, 5)";
        let used = [
            attack(1, 2),
            attack(2, 2),
            attack(3, 3),
            member.into(),
            chosen.into(),
        ];
        for sql in used {
            sqlx::query(AssertSqlSafe(sql))
                .execute(&mut conn)
                .await
                .unwrap();
        }
        conn.close().await.unwrap();
        let db = Db::open(&database.url).await.unwrap();
        let mut conn = db.read().await.unwrap();
        for (guild, zone, running_limit) in [(2, Seoul, 5), (3, Berlin, 7), (4, Seoul, 5)] {
            let guild = GuildId(guild);
            let settings = guild::for_guild(&mut conn, guild).await.unwrap();
            assert_eq!(settings.timezone, zone, "{version}: {guild}");
            assert_eq!(settings.zone_guess, None, "{version}: {guild}");
            assert_eq!(settings.running_limit, running_limit, "{version}: {guild}");
            let sql = "SELECT COUNT(*) FROM guild_settings \
                       WHERE guild_id = $1 AND greeted_ms IS NOT NULL";
            let greeted: i64 = sqlx::query_scalar(sql)
                .bind(guild.0)
                .fetch_one(&mut *conn)
                .await
                .unwrap();
            assert_eq!(greeted == 1, is_greeted, "{version}: {guild}");
        }
        let kept: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM guild_settings")
            .fetch_one(&mut *conn)
            .await
            .unwrap();
        assert_eq!(kept, 3, "{version}: nobody else");
    }
}
