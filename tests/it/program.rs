//! The program as a process: its log, its end, and the file of its database.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::{AnyConnection, Connection as _, Executor as _};

use timeattack::clock::Clock;

use crate::support::host::Host;

/// Starts, verdicts and apologies that each log is compared with.
const ROUNDS: usize = 20;
/// Bytes of SQLite's log that the program lays out in advance once nobody has written for a second.
const LAID_OUT_BYTES: u64 = 48 << 20;
/// How much earlier than READY an interaction comes.
const OVERTAKES_BY_MS: i64 = 100;
/// What was promised to whoever stops the service.
const PROMISED_END: Duration = Duration::from_secs(25);

async fn start_and_complete(host: &Host) {
    for round in 0..ROUNDS {
        let start = host.started(&format!("task{round}")).await;
        let complete = start.buttons()[0].label.clone();
        host.member.click(&start, &complete).await.unwrap();
    }
}

/// The codes in the apologies of commands that fail.
async fn apologies(host: &Host) -> Vec<String> {
    let away = "ALTER TABLE time_attacks RENAME TO time_attacks_away";
    host.alter(away).await;
    let mut codes = Vec::new();
    for _ in 0..ROUNDS {
        let told = host.member.slash("/timeattack status").await.unwrap();
        let told = told.text();
        let (_, code) = told.rsplit_once(' ').unwrap();
        assert!(
            code.len() == 8 && u32::from_str_radix(code, 16).is_ok(),
            "{told}"
        );
        codes.push(code.to_owned());
    }
    let back = "ALTER TABLE time_attacks_away RENAME TO time_attacks";
    host.alter(back).await;
    codes
}

/// Starts and verdicts, and codes of apologies, that are missing in the log of a program with these
/// keys.
async fn missing(filter: &str, format: &str) -> (usize, usize) {
    let settings = [
        ("RUST_LOG", filter.to_owned()),
        ("LOG_FORMAT", format.to_owned()),
    ];
    let mut host = Host::start(&settings).await;
    start_and_complete(&host).await;
    let codes = apologies(&host).await;
    host.program.terminate();
    assert!(host.program.ended().await.success());
    let log = host.program.log();
    if format == "json" {
        for line in log.lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    }
    let starts = log.matches("a time attack was started").count();
    let verdicts = log.matches("a time attack was completed").count();
    assert!(starts <= ROUNDS && verdicts <= ROUNDS, "{log}");
    let untold = codes.iter().filter(|code| !log.contains(code.as_str()));
    (2 * ROUNDS - starts - verdicts, untold.count())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_start_verdict_and_apology_is_in_the_log() {
    assert_eq!(missing("info", "text").await, (0, 0));
    assert_eq!(missing("info", "json").await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_of_libraries_hides_nothing_of_ours() {
    assert_eq!(missing("sqlx=debug", "text").await, (0, 0));
    let spans = "serenity=trace,[command]=debug,timeattack::outbox=off";
    assert_eq!(missing(spans, "text").await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quieter_log_has_what_was_asked_for() {
    assert_eq!(missing("warn", "text").await, (2 * ROUNDS, 0));
    let ours = "off,timeattack=info";
    assert_eq!(missing(ours, "text").await, (0, 0));
    assert_eq!(missing("off", "text").await, (2 * ROUNDS, ROUNDS));
}

/// The log beside SQLite's file, in bytes.
fn log_bytes(file: &Path) -> u64 {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(log).map_or(0, |log| log.len())
}

async fn laid_out(file: &Path) {
    // Nothing tells of it but the file, so that is looked at again and again.
    let long = async {
        while log_bytes(file) < LAID_OUT_BYTES {
            tokio::task::yield_now().await;
        }
    };
    let long = tokio::time::timeout(PROMISED_END, long).await;
    long.expect("the log is laid out");
}

/// The tasks in a copy of this file alone, which is sound.
async fn tasks_of_the_file_alone(file: &Path) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    fs::copy(file, &copy).unwrap();
    let url = format!("sqlite://{}", copy.display());
    let mut conn = AnyConnection::connect(&url).await.unwrap();
    let sound: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(sound, "ok");
    let tasks = sqlx::query_scalar("SELECT task FROM time_attacks");
    tasks.fetch_all(&mut conn).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_orderly_end_the_file_alone_has_everything() {
    let mut host = Host::start(&[]).await;
    if host.database.is_postgres() {
        // SQLite alone has a log beside its file.
        return;
    }
    let file = host.file();
    laid_out(&file).await;
    let mut told = Vec::new();
    loop {
        let task = format!("task{}", told.len());
        let line = format!("/timeattack start task:{task} limit:10m");
        if told.len() == ROUNDS {
            // What follows comes while the program ends.
            host.program.terminate();
        }
        match host.member.slash(&line).await {
            Ok(reply) if reply.text().contains(&task) => told.push(task),
            _ => break,
        }
    }
    assert!(told.len() >= ROUNDS);
    assert!(host.program.ended().await.success());
    assert_eq!(log_bytes(&file), 0, "{}", host.program.log());
    let tasks = tasks_of_the_file_alone(&file).await;
    for task in told {
        assert!(tasks.contains(&task), "{task} is missing");
    }

    // The same after an end that had nothing to do.
    fs::remove_file(&file).unwrap();
    let (status, log) = host.program.run(&["migrate"]);
    assert!(status.success(), "{log}");
    assert_eq!(log_bytes(&file), 0, "{log}");
    assert!(tasks_of_the_file_alone(&file).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_goes_on_keeps_no_end_waiting_and_loses_nothing() {
    let mut host = Host::start(&[]).await;
    if host.database.is_postgres() {
        return;
    }
    let mut reader = AnyConnection::connect(&host.database.url).await.unwrap();
    let read = "BEGIN; SELECT COUNT(*) FROM time_attacks";
    reader.execute(read).await.unwrap();
    host.started("Read").await;
    let begun = Instant::now();
    host.program.terminate();
    assert!(host.program.ended().await.success());
    let took = begun.elapsed();
    assert!(took < PROMISED_END / 2, "{took:?}");
    // The file alone cannot have it, and that is said.
    let log = host.program.log();
    assert!(log.contains("-wal"), "{log}");
    reader.execute("ROLLBACK").await.unwrap();
    reader.close().await.unwrap();
    assert_eq!(tasks_of_the_file_alone(&host.file()).await, ["Read"]);
}

/// Paths that lead to the same database as `file`.
fn other_ways_to(file: &Path, folder: &Path) -> Vec<PathBuf> {
    let beside = |name: &str| file.with_file_name(name);
    fs::hard_link(file, beside("link.db")).unwrap();
    fs::hard_link(file, folder.join("elsewhere.db")).unwrap();
    symlink(file, beside("symlink.db")).unwrap();
    symlink(file.parent().unwrap(), folder.join("folder")).unwrap();
    vec![
        file.to_owned(),
        file.parent()
            .unwrap()
            .join(".")
            .join(file.file_name().unwrap()),
        beside("link.db"),
        folder.join("elsewhere.db"),
        beside("symlink.db"),
        folder.join("folder").join(file.file_name().unwrap()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_program_is_refused_by_whatever_way_it_finds_the_file() {
    let mut host = Host::start(&[]).await;
    if host.database.is_postgres() {
        // Several may share it.
        return;
    }
    let file = host.file();
    // Whatever else lies there may be tidied away.
    for entry in fs::read_dir(file.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !name.starts_with(file.file_name().unwrap().to_str().unwrap()) {
            fs::remove_file(&path).unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    for path in other_ways_to(&file, folder.path()) {
        let url = format!("sqlite://{}", path.display());
        let second = host.program.with(&[("DATABASE_URL", url)]);
        for command in ["run", "migrate"] {
            let (status, told) = second.run(&[command]);
            assert_eq!(status.code(), Some(1), "{command} {path:?}: {told}");
            assert!(told.contains("is in use by another timeattack"), "{told}");
        }
    }

    // What only reads may do so beside it.
    let copy = folder.path().join("copy.db");
    let (status, told) = host.program.run(&["backup", copy.to_str().unwrap()]);
    assert!(status.success() && copy.exists(), "{told}");
    let (_, told) = host.program.run(&["check"]);
    assert!(told.contains("at version"), "{told}");

    // A program that was killed keeps nobody waiting.
    host.started("Read").await;
    host.program.kill();
    host.start_again().await;
    host.started("Write").await;
    host.program.terminate();
    assert!(host.program.ended().await.success());
    let tasks = tasks_of_the_file_alone(&file).await;
    assert_eq!(tasks, ["Read", "Write"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_comes_in_time_while_the_database_is_stuck() {
    let mut host = Host::start(&[]).await;
    host.started("Read").await;
    let mut holder = AnyConnection::connect(&host.database.url).await.unwrap();
    let hold = if host.database.is_postgres() {
        "BEGIN; LOCK TABLE time_attacks, outbox, presence IN ACCESS EXCLUSIVE MODE"
    } else {
        "BEGIN IMMEDIATE"
    };
    holder.execute(hold).await.unwrap();
    let begun = Instant::now();
    host.program.terminate();
    host.program.ended().await;
    let took = begun.elapsed();
    assert!(took < PROMISED_END, "{took:?}: {}", host.program.log());
}

/// serenity takes READY and the interaction behind it in by tasks of their own, in no order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_is_taken_in_before_the_first_ready_is_answered() {
    let mut host = Host::start(&[]).await;
    host.program.kill();
    host.discord.overtake_ready(true);
    host.start_again().await;
    let released = async {
        // Nothing tells that it has been taken in.
        Clock::System.sleep_ms(OVERTAKES_BY_MS).await;
        host.discord.overtake_ready(false);
    };
    tokio::join!(host.started("Read"), released);
}
