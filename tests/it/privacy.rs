//! What is stored of a member, and its end.

use sqlx::{AssertSqlSafe, Row as _};
use timeattack::consent::Source;
use timeattack::ids::{ChannelId, GuildId, UserId};
use timeattack::messenger::SendError;
use timeattack::messenger::memory::Fault;
use timeattack::privacy::{self, Amount};
use timeattack::timeattack::start_message::{self, Shown};
use timeattack::timeattack::{self as attacks, Actor};

use crate::direct::{allow, decider};
use crate::support::bot::Bot;
use crate::support::{GUILD, MEMBER, OTHER, TestApp, all, execute, hours, minutes, seconds};

impl TestApp {
    /// The columns of all tables in which this stands, in any form.
    pub async fn mentions_of(&self, sought: &str) -> Vec<String> {
        let tables = if self.is_postgres() {
            "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) \
             FROM information_schema.columns WHERE table_schema = current_schema()"
        } else {
            "SELECT tables.name, columns.name FROM sqlite_schema AS tables \
             JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'"
        };
        let mut conn = self.app().db.read().await.unwrap();
        let columns = sqlx::query(tables).fetch_all(&mut *conn).await.unwrap();
        assert!(columns.len() > 50, "the tables are seen");
        let mut found = Vec::new();
        for column in columns {
            let (table, column): (String, String) = (column.get(0), column.get(1));
            if table.starts_with("_sqlx") {
                continue;
            }
            let sql = format!("SELECT COUNT(*) FROM {table} WHERE CAST({column} AS TEXT) LIKE $1");
            let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
                .bind(format!("%{sought}%"))
                .fetch_one(&mut *conn)
                .await
                .unwrap();
            if count > 0 {
                found.push(format!("{table}.{column}"));
            }
        }
        found
    }

    async fn deletes(&self, user: UserId) -> Amount {
        let deleted = self
            .inside(async move |app| privacy::delete(&app, GUILD, user).await)
            .await;
        deleted.unwrap()
    }
}

#[tokio::test]
async fn nothing_of_a_member_is_left_in_any_table() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.switches_reminders(MEMBER, false).await;
    for limit in [minutes(1), hours(1)] {
        let builder = app.time_attack().task("reading").lasting(limit);
        let attack = builder.started().await;
        let shown = Shown::of(&attack);
        let kept = async move |app| {
            start_message::mark_shown(&app, shown, timeattack::ids::MessageId(7)).await
        };
        app.inside(kept).await.unwrap();
    }
    app.advance(minutes(2)).await;
    assert!(!app.mentions_of("reading").await.is_empty());
    let amount = app.deletes(MEMBER).await;
    assert_eq!(
        (amount.attacks, amount.running, amount.decisions),
        (2, 1, 1)
    );
    assert!(amount.messages >= 2, "{amount:?}");
    for sought in [MEMBER.to_string().as_str(), "reading"] {
        assert_eq!(app.mentions_of(sought).await, Vec::<String>::new());
    }
    assert_eq!(app.app().timers.armed(), 0);
    let posts = app.posts().len();
    app.leap(hours(2)).await;
    assert_eq!(app.posts().len(), posts, "what ran ended without a word");
    assert_eq!(app.deletes(MEMBER).await, Amount::default(), "again");
}

#[tokio::test]
async fn what_others_have_and_what_the_member_has_elsewhere_stays() {
    let app = TestApp::start().await;
    let elsewhere = GuildId(5);
    app.decides(MEMBER, allow()).await;
    app.decides(OTHER, allow()).await;
    let there = timeattack::consent::Decider {
        guild: elsewhere,
        ..decider(MEMBER, Source::Command)
    };
    app.inside(async move |app| timeattack::consent::decide(&app, there, allow()).await)
        .await
        .unwrap();
    app.time_attack()
        .by(OTHER)
        .lasting(minutes(1))
        .started()
        .await;
    app.time_attack().lasting(minutes(1)).started().await;
    let mut request = app.time_attack().request();
    request.actor = Actor {
        guild: elsewhere,
        ..request.actor
    };
    request.channel = ChannelId(6);
    app.inside(async move |app| attacks::start(&app, request).await)
        .await
        .unwrap();
    app.deletes(MEMBER).await;
    app.advance(minutes(11)).await;
    let verdicts = app
        .posts()
        .into_iter()
        .filter(|post| post.contains("나약한"));
    assert_eq!(verdicts.count(), 2);
    let direct = app
        .texts(MEMBER)
        .into_iter()
        .filter(|text| text.contains("😢"));
    assert_eq!(direct.count(), 1, "of the other server");
}

#[tokio::test]
async fn posts_that_wait_with_the_members_go_out_by_themselves() {
    let app = TestApp::start().await;
    let down = Fault::Refused(SendError::Retry {
        after_ms: None,
        why: "Discord answered 500".into(),
    });
    app.messenger.fail_next([down]);
    for (user, task) in [(MEMBER, "reading"), (OTHER, "cooking")] {
        let builder = app.time_attack().by(user).task(task);
        builder.lasting(minutes(1)).started().await;
    }
    app.advance(minutes(1)).await;
    assert!(app.posts().is_empty(), "they wait");
    let merged = "UPDATE outbox SET message_key = \
         (SELECT id FROM outbox WHERE user_id = 99000000000000001)";
    execute(&app.app().db, merged).await.unwrap();
    app.deletes(MEMBER).await;
    app.advance(minutes(1)).await;
    let said = app.posts().join("\n");
    assert!(
        said.contains("cooking") && !said.contains("reading"),
        "{said}"
    );
}

/// A deadline at the very moment: either its verdict was made before and goes too, or there is none.
#[tokio::test]
async fn a_deadline_that_passes_meanwhile_leaves_nothing_behind() {
    let app = TestApp::start().await;
    for _ in 0..20 {
        app.time_attack().lasting(seconds(1)).started().await;
        app.clock.advance_ms(seconds(1));
        app.deletes(MEMBER).await;
        app.settle().await;
        app.deletes(MEMBER).await;
        assert_eq!(
            app.mentions_of(&MEMBER.to_string()).await,
            Vec::<String>::new()
        );
    }
}

/// So many ended time attacks of a member, and as many corrections of them.
async fn much(app: &timeattack::app::App, guild: GuildId, user: UserId, count: i64) {
    let rows = |row: &dyn Fn(i64) -> String| (1..=count).map(row).collect::<Vec<_>>().join(", ");
    let attacks = rows(&|n| {
        format!("({n}, {guild}, 1, {user}, 'm', 'line\none {n}', 'completed', 0, 1, 1, 'ko')")
    });
    let corrections = rows(&|n| {
        format!("({n}, {guild}, {n}, {user}, {user}, 'failed', 'completed', 'why', {n})")
    });
    for sql in [
        format!(
            "INSERT INTO time_attacks (id, guild_id, channel_id, user_id, member_name, task, state, \
             started_ms, deadline_ms, finished_ms, language) VALUES {attacks}"
        ),
        format!(
            "INSERT INTO corrections (id, guild_id, attack_id, user_id, by_user_id, from_state, \
             to_state, reason, at_ms) VALUES {corrections}"
        ),
    ] {
        execute(&app.db, sql).await.unwrap();
    }
}

/// What the files say, one behind the other: each is whole by itself.
fn put_together(files: &[Vec<u8>]) -> serde_json::Map<String, serde_json::Value> {
    let mut whole = serde_json::Map::new();
    for file in files {
        let part: serde_json::Value = serde_json::from_slice(file).unwrap();
        let part = part.as_object().unwrap().clone();
        assert_eq!(part.len(), 17, "{:?}", part.keys());
        for (name, value) in part {
            match (whole.get_mut(&name), value) {
                (None, value) => drop(whole.insert(name, value)),
                (Some(list), serde_json::Value::Array(more)) => {
                    list.as_array_mut().unwrap().extend(more);
                }
                (Some(same), value) => assert_eq!(*same, value, "{name}"),
            }
        }
    }
    whole
}

#[tokio::test]
async fn what_is_stored_of_a_member_is_told_in_files_that_are_each_whole() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.decides(OTHER, allow()).await;
    much(app.app(), GUILD, MEMBER, 1_200).await;
    let export = |most_bytes| {
        app.inside(async move |app| {
            all(privacy::export(&app, GUILD, MEMBER, most_bytes).await).await
        })
    };
    let one = export(usize::MAX).await;
    assert_eq!(one.len(), 1);
    let whole = put_together(&one);
    for (list, count) in [
        ("consents", 1),
        ("time_attacks", 1_200),
        ("corrections", 1_200),
        ("campaigns", 0),
    ] {
        assert_eq!(whole[list].as_array().unwrap().len(), count, "{list}");
    }
    assert!(!whole["consent_notices"].as_array().unwrap().is_empty());
    assert_eq!(whole["time_attacks"][1_199]["task"], "line\none 1200");
    assert_eq!(whole["direct_messages"]["notice"], true);
    let files = export(50_000).await;
    assert!(files.len() > 10, "{}", files.len());
    let longest = files.iter().map(Vec::len).max();
    assert!(longest < Some(50_200), "{longest:?}");
    assert_eq!(put_together(&files), whole);
    // Of a member of whom nothing is known there is that.
    let nobody = app
        .inside(async |app| all(privacy::export(&app, GUILD, UserId(3), 1_000).await).await)
        .await;
    let nobody = put_together(&nobody);
    assert_eq!(nobody["direct_messages"], serde_json::Value::Null);
    assert_eq!(nobody["messages"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_a_message_takes_of_a_member_comes_in_several() {
    let bot = Bot::start().await;
    much(&bot.app(), bot.guild, bot.mina, 100).await;
    bot.discord.limit_files(5_000);
    bot.mina().slash("/privacy export").await.unwrap();
    let parts = |text: &str| text.contains("Message 2 of 2");
    bot.discord
        .message_where(bot.channel, |message| parts(&message.text()))
        .await
        .unwrap();
    let (mut names, mut files) = (Vec::new(), Vec::new());
    for message in bot.discord.messages(bot.channel) {
        assert!(message.is_ephemeral());
        for file in &message.attachments {
            names.push(file.filename.clone());
            files.push(bot.discord.file(file).unwrap());
        }
    }
    let numbered = |n: usize| format!("timeattack-data-{n}.json");
    let expected: Vec<String> = (1..=files.len()).map(numbered).collect();
    assert_eq!(names, expected);
    let whole = put_together(&files);
    assert_eq!(whole["time_attacks"].as_array().unwrap().len(), 100);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_asked_first_shown_and_done_for_the_presser_alone() {
    let bot = Bot::start().await;
    let other = bot
        .jamong()
        .slash("/timeattack start task:걷기 limit:1시간")
        .await;
    bot.kept(&other.unwrap().message().unwrap()).await;
    let start = bot.started().await;
    let asked = bot.mina().slash("/privacy delete").await.unwrap();
    assert!(asked.is_ephemeral());
    assert!(
        asked
            .text()
            .contains("**one** time attack, one of them running"),
        "{}",
        asked.text()
    );
    let asked = asked.message().unwrap();
    let kept = bot.mina().click(&asked, "Cancel").await.unwrap();
    assert!(
        kept.text().contains("Nothing was deleted"),
        "{}",
        kept.text()
    );
    // Another's press, forged, deletes nothing, whoever was asked.
    let delete = asked.buttons()[0].custom_id.clone().unwrap();
    for (forged, part) in [(delete.as_str(), "다른 사람"), ("pv:delete", "다시 실행")] {
        let forged = bot.jamong().forge(&start, forged).await.unwrap();
        assert!(forged.text().contains(part), "{}", forged.text());
        let status = bot.jamong().slash("/timeattack status").await.unwrap();
        assert!(status.text().contains("걷기"), "{}", status.text());
    }
    let asked = bot.mina().slash("/privacy delete").await.unwrap();
    let asked = asked.message().unwrap();
    let done = bot.mina().click(&asked, "Delete everything").await.unwrap();
    assert!(
        done.text().contains("I deleted one time attack"),
        "{}",
        done.text()
    );
    let status = bot.mina().slash("/timeattack status").await.unwrap();
    assert!(
        status.text().contains("no time attack running"),
        "{}",
        status.text()
    );
    // The message of what ran has nothing left to press, and a press on its way is told so.
    let deleted = bot
        .until(&start, |now| now.text().contains("was deleted"))
        .await;
    assert!(deleted.buttons().is_empty() && !deleted.text().contains("Read"));
    let complete = start.buttons()[0].custom_id.clone().unwrap();
    let pressed = bot.mina().forge(&start, &complete).await.unwrap();
    assert!(
        pressed.text().contains("no longer stored"),
        "{}",
        pressed.text()
    );
    bot.end().await;
}
