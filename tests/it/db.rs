//! The database: what becomes of the others when one write fails, and when it is away.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use timeattack::db::{Db, List, Tx, generated, placeholders, typed_placeholders};
use timeattack::error::{Error, Result};
use timeattack::timeattack::State;
use tokio::sync::Notify;

use crate::support::bot::{Bot, turning};
use crate::support::{Database, MEMBER, OTHER, TestApp, execute, minutes, seconds};

/// What a write of these tests does.
#[derive(Clone)]
enum Deed {
    Insert(i64),
    /// Panics after it has inserted.
    Panic(i64),
}

async fn act(tx: &mut Tx, deed: &Deed) -> Result<()> {
    let (Deed::Insert(id) | Deed::Panic(id)) = deed;
    let insert = sqlx::query("INSERT INTO written VALUES ($1)").bind(*id);
    insert.execute(tx).await?;
    assert!(matches!(deed, Deed::Insert(_)), "a fault");
    Ok(())
}

async fn write(db: &Db, deed: Deed) -> Result<()> {
    db.write(deed, |tx, deed| Box::pin(act(tx, deed))).await
}

async fn written(db: &Db) -> Vec<i64> {
    let mut conn = db.read().await.unwrap();
    let ids = sqlx::query_scalar("SELECT id FROM written ORDER BY id");
    ids.fetch_all(&mut *conn).await.unwrap()
}

#[tokio::test]
async fn a_job_that_panics_fails_alone_and_the_writer_goes_on() {
    let database = Database::fresh().await;
    let db = Db::open(&database.url).await.unwrap();
    execute(&db, "CREATE TABLE written (id BIGINT)")
        .await
        .unwrap();
    // On this test's one thread the writer comes to its turn when all four wait for it.
    let deeds = [
        Deed::Insert(1),
        Deed::Insert(2),
        Deed::Panic(3),
        Deed::Insert(4),
    ];
    let outcomes = join_all(deeds.map(|deed| write(&db, deed))).await;
    let failed: Vec<bool> = outcomes.iter().map(Result::is_err).collect();
    assert_eq!(failed, [false, false, true, false], "{outcomes:?}");
    let Err(Error::Internal(error)) = &outcomes[2] else {
        panic!("{:?}", outcomes[2]);
    };
    assert!(error.to_string().contains("panicked: a fault"), "{error}");

    // Also when it is alone.
    write(&db, Deed::Panic(5)).await.unwrap_err();
    write(&db, Deed::Insert(6)).await.unwrap();
    assert_eq!(written(&db).await, [1, 2, 4, 6]);
}

#[tokio::test]
async fn an_attempt_to_store_that_takes_too_long_has_failed_at_once() {
    let database = Database::fresh().await;
    let db = Db::open(&database.url).await.unwrap();
    // The writer has something in hand that does not end.
    let (begun, goes_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let long = db.write((Arc::clone(&begun), Arc::clone(&goes_on)), |_, signals| {
        Box::pin(async move {
            signals.0.notify_one();
            signals.1.notified().await;
            Ok(())
        })
    });
    let (long, ()) = futures_util::join!(long, async {
        begun.notified().await;
        let attempt = db.try_to_store(Duration::ZERO).await;
        assert!(matches!(attempt, Err(Error::Away(_))), "{attempt:?}");
        assert!(!db.is_storing());
        goes_on.notify_one();
    });
    long.unwrap();
}

/// Texts that a list's form could trip over.
const ODD_TEXTS: [&str; 12] = [
    "",
    " ",
    "NULL",
    "null",
    "a,b",
    "{a}",
    "[\"a\"]",
    "\"",
    "\\",
    "\\\"",
    "한글 🎉\n\t'",
    "plain",
];

#[tokio::test]
async fn a_list_holds_what_was_put_into_it_and_nothing_else() {
    let database = Database::fresh().await;
    let db = Db::open(&database.url).await.unwrap();
    execute(&db, "CREATE TABLE listed (id BIGINT, said TEXT)")
        .await
        .unwrap();
    let found = db
        .write((), |tx, ()| {
            Box::pin(async move {
                let rows = placeholders(tx, ODD_TEXTS.len() + 1, 2);
                let mut insert =
                    sqlx::query(generated(format!("INSERT INTO listed VALUES {rows}")));
                for (id, text) in (1_i64..).zip(ODD_TEXTS) {
                    insert = insert.bind(id).bind(text);
                }
                insert = insert.bind(i64::MAX).bind("another");
                insert.execute(&mut *tx).await?;

                let texts = List::of_texts(tx, 2, ODD_TEXTS);
                let sql =
                    format!("SELECT id FROM listed WHERE id > $1 AND said {texts} ORDER BY id");
                let by_text = sqlx::query_scalar::<_, i64>(generated(sql)).bind(0_i64);
                let by_text = by_text.bind(texts.values()).fetch_all(&mut *tx).await?;

                let texts = List::of_texts(tx, 1, ODD_TEXTS);
                let sql = format!(
                    "SELECT COUNT(*) FROM {} AS asked \
                    JOIN listed ON listed.said = asked.value",
                    texts.rows()
                );
                let joined = sqlx::query_scalar::<_, i64>(generated(sql));
                let joined = joined.bind(texts.values()).fetch_one(&mut *tx).await?;

                let ids = List::of_ids(tx, 1, [3, i64::MAX, -7]);
                let sql = format!("SELECT id FROM listed WHERE id {ids} ORDER BY id");
                let by_id = sqlx::query_scalar::<_, i64>(generated(sql));
                let by_id = by_id.bind(ids.values()).fetch_all(&mut *tx).await?;

                let nobody = List::of_ids(tx, 1, []);
                let sql = format!("SELECT COUNT(*) FROM listed WHERE NOT (id {nobody})");
                let others = sqlx::query_scalar::<_, i64>(generated(sql));
                let others = others.bind(nobody.values()).fetch_one(&mut *tx).await?;
                Ok((by_text, joined, by_id, others))
            })
        })
        .await
        .unwrap();
    let all: Vec<i64> = (1..).take(ODD_TEXTS.len()).collect();
    assert_eq!(found, (all, 12, vec![3, i64::MAX], 13));
}

#[tokio::test]
async fn rows_of_a_statement_have_parameters_without_names_on_sqlite() {
    let database = Database::fresh().await;
    let db = Db::open(&database.url).await.unwrap();
    execute(&db, "CREATE TABLE typed (id BIGINT, said TEXT)")
        .await
        .unwrap();
    let written = db
        .write((), |tx, ()| {
            Box::pin(async move {
                let rows = typed_placeholders(tx, 2, &["BIGINT", "TEXT"]);
                // A numbered parameter behind them, which stands before them in the text.
                let sql = format!(
                    "INSERT INTO typed SELECT v.column1 + CAST($5 AS BIGINT), v.column2 \
                     FROM (VALUES {rows}) AS v WHERE 1 = 1"
                );
                let insert = sqlx::query(generated(sql));
                let insert = insert.bind(1_i64).bind(None::<&str>).bind(2_i64).bind("b");
                insert.bind(10_i64).execute(&mut *tx).await?;
                let ids = sqlx::query_scalar::<_, i64>("SELECT id FROM typed ORDER BY id");
                Ok((rows, ids.fetch_all(&mut *tx).await?))
            })
        })
        .await
        .unwrap();
    assert_eq!(written.1, [11, 12]);
    assert_eq!(
        written.0.contains('$'),
        database.is_postgres(),
        "{}",
        written.0
    );
}

#[tokio::test]
async fn what_waits_when_the_database_is_closed_is_stored_and_what_comes_later_is_refused() {
    let database = Database::fresh().await;
    let db = Db::open(&database.url).await.unwrap();
    execute(&db, "CREATE TABLE written (id BIGINT)")
        .await
        .unwrap();
    let writes = join_all((1..=4).map(|id| write(&db, Deed::Insert(id))));
    let (stored, ()) = tokio::join!(writes, db.clone().close());
    assert!(stored.iter().all(Result::is_ok), "{stored:?}");
    let late = write(&db, Deed::Insert(5)).await;
    assert!(matches!(late, Err(Error::Away(_))), "{late:?}");
    assert!(matches!(db.read().await, Err(Error::Away(_))));
    // Its lock went with it.
    let again = Db::open(&database.url).await.unwrap();
    assert_eq!(written(&again).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_server_started_again_between_two_writes_costs_nobody_an_error() {
    let database = Database::fresh().await;
    if !database.is_postgres() {
        // SQLite has no server that could end.
        return;
    }
    let db = Db::open(&database.url).await.unwrap();
    let process = |db: Db| async move {
        db.write((), |tx, ()| {
            Box::pin(async move {
                let process =
                    sqlx::query_scalar::<_, i64>("SELECT CAST(pg_backend_pid() AS BIGINT)");
                Ok(process.fetch_one(tx).await?)
            })
        })
        .await
    };
    let before = process(db.clone()).await.unwrap();
    let mut conn = db.read().await.unwrap();
    let ended =
        sqlx::query_scalar::<_, bool>("SELECT pg_terminate_backend(CAST($1 AS INT), 10000)")
            .bind(before);
    assert!(ended.fetch_one(&mut *conn).await.unwrap());
    assert_ne!(process(db).await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_politely_and_all_goes_on_when_there_is_room() {
    let bot = Bot::start().await;
    if bot.database.is_postgres() {
        // Nothing here can fill a server's disk; which of its errors say so is tested in `db`.
        return bot.end().await;
    }
    let start = bot.started().await;
    bot.admin().slash("/setup limits running:25").await.unwrap();
    let db = bot.app().db;
    // Not a page more than there is, whatever is asked for.
    execute(&db, "PRAGMA max_page_count = 1").await.unwrap();
    let long = "x".repeat(190);
    let mut told = String::new();
    // The room that is left in the pages there are runs out first.
    for number in 0..25 {
        let line = format!("/timeattack start task:{number}{long} limit:30m");
        told = bot.jamong().slash(&line).await.unwrap().text();
        if told.contains("데이터") {
            break;
        }
    }
    assert!(told.contains("데이터") && told.contains("다시"), "{told}");
    execute(&db, "PRAGMA max_page_count = 1000000")
        .await
        .unwrap();
    bot.mina()
        .click(&start, &start.buttons()[0].label)
        .await
        .unwrap();
    bot.posted(bot.channel, "🎉").await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verdicts_wait_until_they_can_be_stored_and_then_follow_within_ten_seconds() {
    let kept = tempfile::NamedTempFile::new().unwrap();
    let says = |part: &str| fs::read_to_string(&kept).unwrap().contains(part);
    let log = tracing_subscriber::fmt().with_writer(Arc::new(kept.reopen().unwrap()));
    let bot = Bot::start_logging(|_, _| {}, Some(log.finish().into())).await;
    bot.started().await;
    let db = bot.app().db;
    let away = "ALTER TABLE outbox RENAME TO outbox_away";
    execute(&db, away).await.unwrap();
    bot.clock.advance_ms(minutes(10));
    // Nothing tells of it but the log, so that is read again and again.
    turning(&bot.clock, async {
        while !says("results could not be stored") {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(bot.cards(), 0);

    execute(&db, "ALTER TABLE outbox_away RENAME TO outbox")
        .await
        .unwrap();
    let back_ms = bot.app().clock.now_ms();
    turning(&bot.clock, bot.posted(bot.channel, "나약한")).await;
    let after_ms = bot.app().clock.now_ms() - back_ms;
    assert!(after_ms <= seconds(10), "told after {after_ms} ms");
    assert_eq!(bot.cards(), 1);
    assert!(says("the waiting results are now stored"));
    bot.end().await;
}

#[tokio::test]
async fn a_verdict_that_cannot_be_stored_keeps_no_other_waiting() {
    let app = TestApp::start().await;
    let (broken, mended) = if app.is_postgres() {
        (
            "ALTER TABLE outbox ADD CONSTRAINT broken CHECK (user_id <> 99000000000000001)",
            "ALTER TABLE outbox DROP CONSTRAINT broken",
        )
    } else {
        (
            "CREATE TRIGGER broken BEFORE INSERT ON outbox \
             WHEN NEW.user_id = 99000000000000001 BEGIN SELECT RAISE(ABORT, 'broken'); END",
            "DROP TRIGGER broken",
        )
    };
    let waiting = app.time_attack().by(MEMBER).started().await;
    app.time_attack().by(OTHER).started().await;
    execute(&app.app().db, broken).await.unwrap();
    let mut changes = app.app().outbox.changes();
    app.clock.advance_ms(minutes(10));
    while app.posts().is_empty() {
        changes.changed().await.unwrap();
    }
    assert_eq!(app.posted()[0].message.mentions, [OTHER]);
    assert_eq!(app.state(waiting.id).await, State::Running);

    execute(&app.app().db, mended).await.unwrap();
    app.advance(seconds(10)).await;
    let posted = app.posted();
    assert_eq!(posted.len(), 2);
    assert_eq!(posted[1].message.mentions, [MEMBER]);
}

#[tokio::test]
async fn a_process_that_stands_still_keeps_no_other_from_learning_whether_it_can_store() {
    let database = Database::fresh().await;
    if !database.is_postgres() {
        // SQLite's file has one process.
        return;
    }
    let [still, going] = [Db::open(&database.url), Db::open(&database.url)];
    let (still, going) = (still.await.unwrap(), going.await.unwrap());
    still.try_to_store(Duration::from_secs(5)).await.unwrap();
    // It stops in the midst of such an attempt.
    let (reached, is_reached) = tokio::sync::oneshot::channel();
    let reached = std::sync::Mutex::new(Some(reached));
    let frozen = tokio::spawn(async move {
        still
            .write(reached, |tx, reached| {
                Box::pin(async move {
                    let probe = "UPDATE write_probes SET count = count + 1 WHERE id = 1";
                    sqlx::query(probe).execute(&mut *tx).await?;
                    let reached = reached.lock().unwrap().take();
                    let _ = reached.expect("it is run once").send(());
                    std::future::pending::<()>().await;
                    Ok(())
                })
            })
            .await
    });
    is_reached.await.unwrap();
    going.try_to_store(Duration::from_secs(5)).await.unwrap();
    assert!(going.is_storing());
    frozen.abort();
}
