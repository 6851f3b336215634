//! What a night's backlog of direct messages costs: 10,000 held ones are released without a limit
//! of their own, against a local Discord, each to a member whose channel is not open yet.
//!
//! How many a second, and how late 1,000 verdicts are meanwhile, beside the same verdicts without
//! a release in the same run.
//!
//! ```sh
//! cargo bench --bench release
//! ```

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "a bench prints, ends at the first thing that is wrong, and uses a part of the support"
)]

mod support;

use std::sync::Arc;

use secrecy::SecretString;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use timeattack::clock::Clock;
use timeattack::db::Db;
use timeattack::ids::UserId;
use timeattack::messenger::Messenger;
use timeattack::messenger::discord::DiscordMessenger;
use timeattack::run::{WorkerOptions, Workers};

use support::{Local, Planned, as_ms, fill, now_ms, percentile};

const VERDICTS: u32 = 1_000;
const OVER_MS: i64 = 10_000;
const HELD: u32 = 10_000;
/// Numbers of held messages begin here.
const FIRST_HELD: u32 = 1_000_000;
/// The most that the verdicts' 99th percentile may be of that without a release.
const MOST_RATIO: f64 = 1.25;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!("{HELD} held direct messages released without a limit (SQLite, synchronous=FULL)");
    let alone = runtime.block_on(run(0, HELD));
    println!(
        "released alone:              {:>8.0} messages/s",
        alone.per_second
    );
    println!(
        "\nlateness in ms of {VERDICTS} verdicts over {} s",
        OVER_MS / 1_000
    );
    println!("{:<28} {:>10} {:>10}", "", "p50", "p99");
    let without = runtime.block_on(run(VERDICTS, 0));
    println!(
        "{:<28} {:>10.2} {:>10.2}",
        "without a release", without.p50, without.p99
    );
    let during = runtime.block_on(run(VERDICTS, HELD));
    println!(
        "{:<28} {:>10.2} {:>10.2}",
        "during the release", during.p50, during.p99
    );
    println!(
        "p99 ratio {:.2} (≤ {MOST_RATIO}); released beside them: {:.0} messages/s",
        during.p99 / without.p99,
        during.per_second
    );
    // Threads of the local Discords are still there.
    std::process::exit(0);
}

struct Outcome {
    per_second: f64,
    p50: f64,
    p99: f64,
}

async fn run(verdicts: u32, held: u32) -> Outcome {
    let local = Local::start(1_000, false);
    let users: Vec<UserId> = (0..held)
        .map(|number| local.discord.add_user(&format!("user{number}"), "en-US"))
        .collect();
    for user in &users {
        local.discord.join(local.guild, *user, 0);
    }
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("bench.db").display());
    // Time to store these, and to start.
    let start_ms = now_ms() + 8_000;
    let due_ms = |number: u32| {
        // A stride that is prime to the count, so that neighbours in time are strangers.
        let place = i64::from(number) * 7_919 % i64::from(verdicts.max(1));
        start_ms + OVER_MS * place / i64::from(verdicts.max(1))
    };
    let planned = (0..verdicts).map(|number| Planned {
        number,
        channel: local.channels[number as usize].0,
        deadline_ms: due_ms(number),
    });
    fill(&url, planned).await;
    hold(&url, &users, start_ms).await;
    let clock = Clock::System;
    let token = SecretString::from(local.discord.token());
    let messenger = DiscordMessenger::new(clock.clone(), &local.discord.url(), &token, 0).unwrap();
    let db = Db::open(&url).await.unwrap();
    let messenger = Messenger::Discord(Arc::new(messenger));
    let workers = Workers::start(clock, db, messenger, WorkerOptions::default())
        .await
        .unwrap();
    assert!(now_ms() < start_ms, "ready only after the first deadline");
    local.arrived((verdicts + held) as usize).await;
    workers.stop().await;
    local.discord.stop();
    let posts = local.posts();
    assert_eq!(posts.count, (verdicts + held) as usize, "each once");
    let late = |number: u32| posts.arrived_us[&number] - due_ms(number) * 1_000;
    let mut sorted: Vec<i64> = (0..verdicts).map(late).collect();
    sorted.sort_unstable();
    let last = (0..held)
        .map(|number| posts.arrived_us[&(FIRST_HELD + number)])
        .max();
    let took_s = last.map_or(1.0, |last_us| as_ms(last_us - start_ms * 1_000) / 1_000.0);
    Outcome {
        per_second: f64::from(held) / took_s,
        p50: as_ms(percentile(&sorted, 500)),
        p99: as_ms(percentile(&sorted, 990)),
    }
}

/// Fills in what a night leaves behind: members who allow direct messages, one held for each.
async fn hold(url: &str, users: &[UserId], until_ms: i64) {
    let mut conn = AnyConnection::connect(url).await.unwrap();
    // No quiet hours, whenever this bench is run.
    let settings = "INSERT INTO guild_settings (guild_id, timezone, quiet_start_min, \
         quiet_end_min, running_limit, longest_ms, extension_limit, updated_ms) \
         VALUES (1, 'UTC', 0, 0, 5, 86400000, 3, 0)";
    conn.execute(settings).await.unwrap();
    for (chunk, first) in users.chunks(500).zip((0_u32..).step_by(500)) {
        let members = chunk
            .iter()
            .map(|user| format!("(1, {user}, 'Bench', 'en', 1, 0, 0, 0)"));
        let members: Vec<String> = members.collect();
        let rows = chunk.iter().zip(first..).map(|(user, number)| {
            let (id, text) = (i64::from(number) + 1, FIRST_HELD + number);
            format!(
                "({id}, 'dm', {id}, 'dm', 'notice', 1, {user}, 0, \
                 '{{\"message\":{{\"content\":\"bench{text}; {:.<200}\"}},\"language\":\"en\"}}', \
                 'held:{id}', 'available', {until_ms}, 1, 'quiet', 'UTC', 0, 0)",
                ""
            )
        });
        let rows: Vec<String> = rows.collect();
        let sql = format!(
            "INSERT INTO members (guild_id, user_id, guild_name, language, notice, ads, night, \
             updated_ms) VALUES {}; \
             INSERT INTO outbox (id, lane, message_key, kind, class, guild_id, user_id, \
             channel_id, payload, dedupe_key, state, not_before_ms, bulk, held, held_zone, \
             created_ms, updated_ms) VALUES {}",
            members.join(", "),
            rows.join(", ")
        );
        conn.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    conn.close().await.unwrap();
}
