//! How fast is a leaderboard of a guild in which a million time attacks have ended? And a member's
//! book and record, and what an admin is offered to correct; beside them, in the same run, the plain
//! count of the same rows.
//!
//! ```sh
//! cargo bench --bench record
//! BENCH_DATABASE_URL=postgres://… cargo bench --bench record   # an empty database, left full
//! ```

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "a bench prints, ends at the first thing that is wrong, and uses a part of the support"
)]

mod support;

use std::future::Future;

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use timeattack::app::App;
use timeattack::clock::Clock;
use timeattack::db::Db;
use timeattack::ids::{GuildId, UserId};
use timeattack::messenger::Messenger;
use timeattack::messenger::memory::MemoryMessenger;
use timeattack::run::{WorkerOptions, Workers};
use timeattack::timeattack::correction;
use timeattack::timeattack::record::{self, Period};

use support::{as_ms, now_ms, now_us, percentile};

const ENDED: i64 = 1_000_000;
const MEMBERS: i64 = 5_000;
/// Over so many days, evenly.
const DAYS: i64 = 730;
/// Outages of a minute and a half, evenly.
const OUTAGES: i64 = 50;
const TIMES: usize = 40;
const GUILD: GuildId = GuildId(7);

fn main() {
    tokio::runtime::Runtime::new().unwrap().block_on(run());
}

async fn run() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite://{}", folder.path().join("bench.db").display());
    let url = std::env::var("BENCH_DATABASE_URL").unwrap_or(file);
    Db::open(&url).await.unwrap().close().await;
    fill(&url).await;
    let db = Db::open(&url).await.unwrap();
    let messenger = Messenger::Memory(MemoryMessenger::default());
    let workers = Workers::start(Clock::System, db, messenger, WorkerOptions::default());
    let workers = workers.await.unwrap();
    let app = workers.app();
    println!("{ENDED} ended, {MEMBERS} members, {DAYS} days, {OUTAGES} outages; times in ms");
    println!("{:<34} {:>8} {:>8}", "", "p50", "p99");
    measure("the plain count", || count(app)).await;
    for period in Period::ALL {
        let what = format!("leaderboard, {}", period.as_str());
        let board = async || {
            let board = record::leaderboard(app, GUILD, UserId(17), period, 0)
                .await
                .unwrap();
            assert_eq!(board.places.len(), 10);
        };
        measure(&what, board).await;
    }
    // The one with the most: a member has two hundred on average.
    let busiest = UserId(0);
    measure("book of the busiest member", async || {
        record::book(app, GUILD, busiest, 0).await.unwrap();
    })
    .await;
    measure("record of the busiest member", async || {
        record::record(app, GUILD, busiest).await.unwrap();
    })
    .await;
    measure("search for a correction", async || {
        let found = correction::search(app, GUILD, "9").await.unwrap();
        assert!(!found.is_empty());
    })
    .await;
    workers.stop().await;
}

async fn fill(url: &str) {
    let mut conn = AnyConnection::connect(url).await.unwrap();
    let (from_ms, each_ms) = (now_ms() - DAYS * 86_400_000, DAYS * 86_400_000 / ENDED);
    // A member's number is a square, so that a few have most.
    let sql = format!(
        "INSERT INTO time_attacks (id, guild_id, channel_id, user_id, member_name, task, state, \
             started_ms, deadline_ms, finished_ms, language) \
         WITH RECURSIVE number (i) AS \
             (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM number WHERE i + 1 < {ENDED}) \
         SELECT i + 1, {}, 1, ((i * 7919) % 1000) * ((i * 7919) % 1000) * {MEMBERS} / 1000000, \
             'bencher', 'task ' || CAST(i AS TEXT), \
             CASE WHEN i % 10 < 7 THEN 'completed' WHEN i % 10 < 9 THEN 'failed' ELSE 'cancelled' END, \
             {from_ms} + i * {each_ms} - 600000, {from_ms} + i * {each_ms}, \
             {from_ms} + i * {each_ms}, 'ko' \
         FROM number",
        GUILD.0
    );
    sqlx::query(AssertSqlSafe(sql))
        .execute(&mut conn)
        .await
        .unwrap();
    let outages = (0..OUTAGES).map(|number| {
        let at_ms = from_ms + number * (DAYS * 86_400_000 / OUTAGES);
        format!("({at_ms}, {})", at_ms + 90_000)
    });
    let outages: Vec<String> = outages.collect();
    let sql = format!(
        "INSERT INTO outages (from_ms, until_ms) VALUES {}",
        outages.join(", ")
    );
    sqlx::query(AssertSqlSafe(sql))
        .execute(&mut conn)
        .await
        .unwrap();
    // What PostgreSQL does by itself in time; SQLite never does.
    if url.starts_with("postgres") {
        let upkeep = sqlx::query("VACUUM ANALYZE time_attacks");
        upkeep.execute(&mut conn).await.unwrap();
    }
    conn.close().await.unwrap();
}

async fn count(app: &App) {
    let mut conn = app.db.read().await.unwrap();
    let sql = "SELECT COUNT(*) FROM time_attacks WHERE guild_id = $1 AND state <> 'running'";
    let found = sqlx::query_scalar::<_, i64>(sql).bind(GUILD.0);
    assert_eq!(found.fetch_one(&mut *conn).await.unwrap(), ENDED);
}

async fn measure<F: Future<Output = ()>>(what: &str, work: impl Fn() -> F) {
    work().await;
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let begun = now_us();
        work().await;
        times.push(now_us() - begun);
    }
    times.sort_unstable();
    let [p50, p99] = [500, 990].map(|at| as_ms(percentile(&times, at)));
    println!("{what:<34} {p50:>8.1} {p99:>8.1}");
}
