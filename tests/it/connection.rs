//! How the bot meets Discord: registration, shards, restarts, lost connections, and what of all
//! that reaches the log.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use sqlx::{AnyConnection, Connection as _, Executor as _};
use timeattack::config::{LogConfig, LogFormat, Shards};
use timeattack::sandbox::{Refused, Reply};
use timeattack::telemetry;

use crate::support::bot::{Bot, turning};
use crate::support::{file, hours, minutes, seconds};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_of_shards_is_connected_and_answers_for_all_its_guilds() {
    let range = Shards::Range {
        first: 0,
        last: 1,
        total: 2,
    };
    let bot = Bot::start_with(|settings, _| settings.shards = range).await;
    assert!(bot.discord.wait_for_shards(&[(0, 2), (1, 2)]).await);
    bot.started().await;
    let there = bot.discord.actor(bot.mina, bot.elsewhere);
    there.slash("/timeattack status").await.unwrap();
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_end_at_once_are_made_ever_more_slowly() {
    let bot = Bot::start().await;
    // serenity begins the next session after five seconds, for ever; after three short ones it is
    // kept from it.
    for _ in 0..3 {
        bot.discord.invalid_session(false);
        let again = bot.discord.wait_for_shards(&[(0, 1)]).await;
        assert!(again, "a lost session is made anew");
    }
    assert!(bot.discord.wait_for_shards(&[]).await, "it waits");
    assert_eq!(bot.requests("GET", "/gateway/bot"), 1);
    let again = bot.discord.wait_for_shards(&[(0, 1)]);
    assert!(turning(&bot.clock, again).await);
    assert_eq!(bot.requests("GET", "/gateway/bot"), 2);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_is_saved_after_a_restart() {
    let bot = Bot::start().await;
    let preview = bot
        .admin()
        .slash("/setup messages success:Won {task} failure:Lost {task}")
        .await
        .unwrap()
        .message()
        .unwrap();
    let bot = bot.restarted_after(minutes(5)).await;
    bot.admin()
        .click(&preview, &preview.buttons()[0].label)
        .await
        .unwrap();
    bot.started().await;
    bot.clock.advance_ms(minutes(10));
    bot.posted(bot.channel, "Lost Read").await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buttons_answer_months_later() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    bot.clock.advance_ms(minutes(10));
    let card = bot.posted(bot.channel, "나약한").await;
    let bot = bot.restarted_after(hours(24 * 100)).await;
    for button in start.buttons() {
        let pressed = bot.mina().forge(&start, &button.custom_id.unwrap()).await;
        let refused = pressed.unwrap();
        assert!(
            refused.is_ephemeral() && !refused.text().is_empty(),
            "{}",
            refused.text()
        );
    }
    let form = bot
        .mina()
        .click(&card, &card.buttons()[0].label)
        .await
        .unwrap();
    let values = [("task", "Again"), ("limit", "10m")];
    let reply = bot
        .mina()
        .submit(&form.modal().unwrap(), &values)
        .await
        .unwrap();
    assert!(reply.text().contains("Again"), "{}", reply.text());
    assert_eq!(bot.cards(), 1);
    bot.end().await;
}

/// Keeps everybody from writing until it is dropped.
async fn lock(bot: &Bot) -> AnyConnection {
    let mut conn = AnyConnection::connect(&bot.database.url).await.unwrap();
    if bot.database.is_postgres() {
        conn.execute("BEGIN").await.unwrap();
        conn.execute("LOCK TABLE time_attacks IN EXCLUSIVE MODE")
            .await
            .unwrap();
    } else {
        conn.execute("BEGIN IMMEDIATE").await.unwrap();
    }
    conn
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_database_is_waited_for_after_a_deferral() {
    let bot = Bot::start().await;
    let locked = lock(&bot).await;
    let mina = bot.mina();
    let starting = mina.slash("/timeattack start task:Read limit:10m");
    let deferred = turning(&bot.clock, starting).await.unwrap();
    assert!(matches!(deferred, Reply::Deferred(_)), "{deferred:?}");
    locked.close().await.unwrap();
    let start = bot.posted(bot.channel, "Read").await;
    assert!(!start.is_ephemeral() && start.buttons().len() == 3);

    // A button that takes its time leaves its message alone until it is done.
    let locked = lock(&bot).await;
    let extend = start.buttons()[1].label.clone();
    let extending = mina.click(&start, &extend);
    let acknowledged = turning(&bot.clock, extending).await.unwrap();
    assert!(
        matches!(acknowledged, Reply::Acknowledged),
        "{acknowledged:?}"
    );
    locked.close().await.unwrap();
    let extended = bot
        .until(&start, |message| message.content.contains("1 of"))
        .await;

    // What only the member should see replaces a public deferral.
    let jamong = bot.jamong();
    let refusing = lock(&bot).await;
    let complete = extended.buttons()[0].label.clone();
    let clicking = jamong.click(&extended, &complete);
    turning(&bot.clock, clicking).await.unwrap();
    refusing.close().await.unwrap();
    let refusal = bot.discord.message_where(bot.channel, |message| {
        message.visible_to == Some(bot.jamong)
    });
    assert!(refusal.await.is_some());
    bot.end().await;
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_finest_level_the_log_has_no_token_no_task_and_no_name() {
    let kept = Kept::default();
    let output = kept.clone();
    let config = LogConfig {
        format: LogFormat::Text,
        filter: "trace,serenity=trace,poise=trace,hyper=trace,hyper_util=trace,reqwest=trace,\
                 h2=trace,rustls=trace,tungstenite=trace,tokio_tungstenite=trace,sqlx=trace,\
                 [command]=trace,serenity[]=trace"
            .into(),
    };
    // No secrets are named, so nothing is redacted: what is not written cannot be overlooked.
    let subscriber = telemetry::subscriber(&config, &[], move || output.clone());
    let bot = Bot::start_logging(|_, _| {}, Some(subscriber.into())).await;
    let user = bot.discord.add_user("Zanzibarova", "en-US");
    bot.discord.join(bot.guild, user, 0);
    let member = bot.discord.actor(user, bot.channel);
    let typed = member
        .autocomplete("timeattack start", &[], "limit", "xylophage")
        .await;
    assert!(!typed.unwrap().is_empty());
    let line = "/timeattack start task:카나리아 limit:10m";
    let start = member.slash(line).await.unwrap().message().unwrap();
    member
        .click(&start, &start.buttons()[1].label)
        .await
        .unwrap();
    let form = member.slash("/timeattack start").await.unwrap();
    let wrong = [("task", "카나리아"), ("limit", "xylophage")];
    member.submit(&form.modal().unwrap(), &wrong).await.unwrap();
    for line in [
        "/setup messages failure:{xylophage}",
        "/setup locale timezone:xylophage language:en",
    ] {
        assert!(bot.admin().slash(line).await.unwrap().is_ephemeral());
    }
    bot.admin().slash("/setup check").await.unwrap();
    let proof = file("xylophage.png", &[1]);
    member
        .slash_with("timeattack complete", &[("proof", proof)])
        .await
        .unwrap();
    bot.posted(bot.channel, "🎉").await;
    member.slash(line).await.unwrap();
    // A lost answer and a lost connection are the moments when libraries write most.
    bot.discord.fault(timeattack::sandbox::Fault::on(
        "/callback",
        timeattack::sandbox::FaultKind::Error {
            status: 404,
            code: 10_062,
        },
    ));
    let lost = turning(&bot.clock, member.slash("/timeattack status")).await;
    assert!(matches!(lost, Err(Refused::NoAnswer)), "{lost:?}");
    bot.discord.reconnect();
    bot.clock.advance_ms(minutes(10) + seconds(1));
    bot.posted(bot.channel, "나약한").await;
    let token = bot.discord.token();
    bot.ended().await;

    let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("a time attack was started"), "{log}");
    for canary in [
        &token,
        "interaction-",
        "카나리아",
        "xylophage",
        "Zanzibarova",
        "zanzibarova",
    ] {
        let line = log.lines().find(|line| line.contains(canary));
        assert_eq!(line, None, "“{canary}” was logged");
    }
}
