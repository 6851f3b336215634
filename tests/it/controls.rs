//! Whose buttons, menus and forms are: each of them is pressed by somebody else.
//!
//! Which controls there are is read from the table at the head of `src/discord/controls.rs`, which a
//! unit test there holds against the source: a new control is pressed here without being added.

use std::fs;
use std::sync::Arc;

use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Row as _};
use timeattack::clock::Clock;
use timeattack::ids::UserId;
use timeattack::messenger::discord::DiscordMessenger;
use timeattack::messenger::{self, Button, ButtonStyle, Messenger, Nonce};
use timeattack::sandbox::{Actor, Message, permissions};

use crate::support::bot::Bot;

const SOMEBODY_ELSE: &str = "This question was for somebody else";
const NEEDS_MANAGE_SERVER: &str = "Manage Server";
const OUTDATED: &str = "run the command again";

/// A control as the table has it.
struct Row {
    /// Its `custom_id`, with `N` for numbers.
    pattern: String,
    whose: String,
    /// What becomes of one that does not say who was asked.
    older: String,
}

fn table() -> Vec<Row> {
    let source = fs::read_to_string("src/discord/controls.rs").unwrap();
    let rows = source.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("//! | `")?.split('|').map(str::trim);
        let mut next = || cells.next().unwrap().to_owned();
        Some(Row {
            pattern: next().trim_end_matches('`').to_owned(),
            whose: next(),
            older: next(),
        })
    });
    let rows: Vec<Row> = rows.collect();
    assert!(rows.len() >= 37, "the table is read");
    rows
}

impl Row {
    fn is_asked(&self) -> bool {
        self.whose.starts_with("asked")
    }

    fn needs_manager(&self) -> bool {
        self.whose.ends_with("manager")
    }

    /// As it stands in a message that was shown to `asked`. `attack` is theirs.
    fn custom_id(&self, bot: &Bot, asked: UserId, attack: &str) -> String {
        let number = if self.pattern.starts_with("ta:") {
            attack
        } else {
            "1"
        };
        let what = match self.pattern.as_str() {
            "ta:board:PERIOD:N:N" => format!("ta:board:week:0:{asked}"),
            "ta:history:N:N" => format!("ta:history:{asked}:0"),
            "ta:days:N:N" => format!("ta:days:{asked}:0"),
            "ta:pick:extend:N" => "ta:pick:extend:60000".to_owned(),
            "dm:stop:N" => format!("dm:stop:{}", bot.guild),
            "dm:keep:N" => format!("dm:keep:{}", bot.guild),
            pattern => pattern
                .replace("HASH", "f-00ff00ff00ff00ff")
                .replace('N', number),
        };
        if self.is_asked() {
            format!("{what}@{asked}.{}", bot.guild)
        } else {
            what
        }
    }
}

/// Tables that change by themselves: what is on its way out, when the bot was there, and where its
/// commands may stand.
const MOVES: [&str; 5] = [
    "command_scopes",
    "consent_notices",
    "dm_",
    "outbox",
    "presence",
];

/// All that is stored and does not move by itself.
async fn stored(bot: &Bot) -> Vec<String> {
    let app = bot.app();
    let sql = if bot.database.is_postgres() {
        "SELECT CAST(table_name AS TEXT) FROM information_schema.tables \
         WHERE table_schema = current_schema()"
    } else {
        "SELECT name FROM sqlite_schema WHERE type = 'table'"
    };
    let mut conn = app.db.read().await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut *conn).await.unwrap();
    let mut stored = Vec::new();
    for table in tables {
        if table.starts_with('_') || MOVES.iter().any(|moves| table.starts_with(moves)) {
            continue;
        }
        let columns = if bot.database.is_postgres() {
            format!(
                "SELECT CAST(column_name AS TEXT) FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = '{table}'"
            )
        } else {
            format!("SELECT name FROM pragma_table_info('{table}')")
        };
        let columns: Vec<String> = sqlx::query_scalar(AssertSqlSafe(columns))
            .fetch_all(&mut *conn)
            .await
            .unwrap();
        let whole: Vec<String> = columns
            .iter()
            .map(|column| format!("COALESCE(CAST({column} AS TEXT), '-')"))
            .collect();
        let sql = format!("SELECT {} FROM {table}", whole.join(" || '|' || "));
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *conn).await;
        let rows = rows.unwrap();
        stored.extend(
            rows.iter()
                .map(|row| format!("{table}: {}", row.get::<String, _>(0))),
        );
    }
    stored.sort();
    assert!(stored.iter().any(|row| row.starts_with("time_attacks: ")));
    stored
}

/// Mina's and Jamong's time attacks, their consents, and a template of the server.
async fn lived_in(bot: &Bot) -> (Message, String) {
    let start = bot.started().await;
    let complete = start.buttons()[0].custom_id.clone().unwrap();
    let attack = complete.rsplit(':').next().unwrap().to_owned();
    for actor in [bot.mina(), bot.jamong()] {
        actor.slash("/dm allow").await.unwrap();
    }
    let own = bot.jamong();
    let line = "/timeattack start task:Own limit:1h";
    let started = own.slash(line).await.unwrap().message().unwrap();
    bot.kept(&started).await;
    (start, attack)
}

/// Another admin of the server.
fn boss(bot: &Bot) -> Actor {
    let boss = bot.discord.add_user("Boss", "en-US");
    bot.discord.join(bot.guild, boss, permissions::MANAGE_GUILD);
    bot.discord.actor(boss, bot.channel)
}

async fn refused(bot: &Bot, presser: &Actor, message: &Message, custom_id: &str, part: &str) {
    let before = stored(bot).await;
    let said = presser.forge(message, custom_id).await.unwrap();
    assert!(
        said.is_ephemeral() && said.text().contains(part),
        "{custom_id}: {}",
        said.text()
    );
    let after = stored(bot).await;
    let changed = after.iter().filter(|row| !before.contains(row));
    assert_eq!(
        changed.collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "{custom_id}"
    );
    assert_eq!(after.len(), before.len(), "{custom_id}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_answered_by_the_one_it_was_put_to() {
    let bot = Bot::start().await;
    let (start, _) = lived_in(&bot).await;
    let asks = async || {
        let question = bot.mina().slash("/privacy delete").await.unwrap();
        question.message().unwrap()
    };
    let question = asks().await;
    let ids: Vec<String> = question
        .buttons()
        .into_iter()
        .filter_map(|one| one.custom_id)
        .collect();
    let [delete, keep] = ids.as_slice() else {
        panic!("two buttons: {ids:?}")
    };
    let stranger = boss(&bot);
    for custom_id in [delete, keep] {
        // Discord shows the question to its member alone; a tampered client needs no more than its id.
        refused(&bot, &stranger, &start, custom_id, SOMEBODY_ELSE).await;
        // Pressed in another server.
        let there = bot.discord.actor(bot.mina, bot.elsewhere);
        let line = "/timeattack leaderboard";
        let elsewhere = there.slash(line).await.unwrap().message().unwrap();
        refused(&bot, &there, &elsewhere, custom_id, OUTDATED).await;
    }
    // Copied to another message.
    refused(&bot, &bot.mina(), &start, delete, OUTDATED).await;
    // Once it is answered its buttons are void, though the same press is sent again.
    bot.mina()
        .click(&question, &question.buttons()[1].label)
        .await
        .unwrap();
    refused(&bot, &bot.mina(), &question, delete, OUTDATED).await;
    let question = asks().await;
    let label = question.buttons()[0].label.clone();
    let done = bot.mina().click(&question, &label).await.unwrap();
    assert!(done.text().contains("I deleted"), "{}", done.text());
    let kept = stored(&bot).await;
    assert!(kept.iter().any(|row| row.contains("Own")), "{kept:#?}");
    assert!(!kept.iter().any(|row| row.contains("|Read|")), "{kept:#?}");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_can_use_what_was_shown_to_somebody() {
    let bot = Bot::start().await;
    let (start, attack) = lived_in(&bot).await;
    let boss = boss(&bot);
    let member_id = bot.discord.add_user("Member", "en-US");
    bot.discord.join(bot.guild, member_id, 0);
    let member = bot.discord.actor(member_id, bot.channel);
    for row in table() {
        let asked = if row.needs_manager() {
            bot.admin
        } else {
            bot.mina
        };
        let custom_id = row.custom_id(&bot, asked, &attack);
        let press = async |presser: &Actor, part: &str| {
            refused(&bot, presser, &start, &custom_id, part).await;
        };
        match row.whose.as_str() {
            "asked" => {
                press(&member, SOMEBODY_ELSE).await;
                press(&boss, SOMEBODY_ELSE).await;
            }
            "asked, manager" => {
                press(&member, NEEDS_MANAGE_SERVER).await;
                press(&boss, SOMEBODY_ELSE).await;
            }
            "manager" => press(&member, NEEDS_MANAGE_SERVER).await,
            "subject" => {
                press(&member, "belongs to somebody else").await;
                press(&boss, "belongs to somebody else").await;
            }
            "presser" => {
                let before = stored(&bot).await;
                member.forge(&start, &custom_id).await.unwrap();
                let changed = |row: &String| !before.contains(row);
                let own = member_id.to_string();
                for row in stored(&bot).await.iter().filter(|row| changed(row)) {
                    assert!(row.contains(&own), "{custom_id} changed {row}");
                }
                for row in &before {
                    assert!(stored(&bot).await.contains(row), "{custom_id}: {row}");
                }
            }
            other => panic!("“{other}” is nobody"),
        }
    }
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_row_knows_the_answer_of_is_void_on_any_other_message() {
    let bot = Bot::start().await;
    let (start, attack) = lived_in(&bot).await;
    let once = [
        "dm:offer:no",
        "dm:offer:yes",
        "pv:delete",
        "ta:pick:extend:N",
    ];
    let table = table();
    for pattern in once {
        let row = table.iter().find(|row| row.pattern == pattern).unwrap();
        let custom_id = row.custom_id(&bot, bot.mina, &attack);
        refused(&bot, &bot.mina(), &start, &custom_id, OUTDATED).await;
    }
    bot.end().await;
}

/// Posts buttons as an earlier version did, which named nobody.
async fn posted_before(bot: &Bot, custom_ids: &[String]) -> Message {
    let clock = Clock::Manual(bot.clock.clone());
    let token = SecretString::from(bot.discord.token());
    let discord = DiscordMessenger::new(clock, &bot.discord.url(), &token, 0).unwrap();
    let button = |(index, custom_id): (usize, &String)| Button {
        custom_id: custom_id.clone(),
        label: index.to_string(),
        style: ButtonStyle::Secondary,
    };
    let message = messenger::Message {
        content: "From before".into(),
        buttons: custom_ids.iter().enumerate().map(button).collect(),
        ..messenger::Message::default()
    };
    let nonce = Nonce::new(
        bot.discord.messages(bot.channel).len().try_into().unwrap(),
        0,
    );
    let posted = Messenger::Discord(Arc::new(discord))
        .post(bot.channel, &message, &nonce)
        .await
        .unwrap();
    let found = bot
        .discord
        .message_where(bot.channel, |one| one.id == posted)
        .await;
    found.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn controls_of_an_earlier_version_work_or_ask_to_run_the_command_again() {
    let bot = Bot::start().await;
    let (_, attack) = lived_in(&bot).await;
    for row in table().iter().filter(|row| row.is_asked()) {
        let (asked, presser) = if row.needs_manager() {
            (bot.admin, bot.admin())
        } else {
            (bot.mina, bot.mina())
        };
        let custom_id = row.custom_id(&bot, asked, &attack);
        let older = custom_id.split('@').next().unwrap().to_owned();
        if older == "ta:form" || older.starts_with("ta:pick") {
            // No buttons; a form and a menu of an earlier version are read like these.
            continue;
        }
        let message = posted_before(&bot, &[older]).await;
        let there = message.buttons()[0].custom_id.clone().unwrap();
        if row.older == "refused" {
            refused(&bot, &presser, &message, &there, OUTDATED).await;
            continue;
        }
        assert_eq!(row.older, "works", "{}", row.pattern);
        let said = presser.click(&message, "0").await.unwrap();
        // These name what never was.
        let is_void = there.starts_with("ta:messages:save");
        assert_eq!(
            said.text().contains(OUTDATED),
            is_void,
            "{there}: {}",
            said.text()
        );
    }
    bot.end().await;
}
