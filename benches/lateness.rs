//! How late is a verdict? From the deadline to the arrival of the post at a local Discord, the
//! durable commit in between included; beside it, in the same run, bare tokio tasks that sleep and
//! post to the same server, without a database.
//!
//! Then the same with the local Discord's rate limits on: how long it takes to say everything,
//! beside the time that the limits alone need for as many messages.
//!
//! ```sh
//! cargo bench --bench lateness
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
use std::time::Duration;

use secrecy::SecretString;
use timeattack::clock::Clock;
use timeattack::db::Db;
use timeattack::messenger::Messenger;
use timeattack::messenger::discord::DiscordMessenger;
use timeattack::run::{WorkerOptions, Workers};

use support::{Local, Planned, as_ms, fill, now_ms, now_us, percentile};

/// Discord's global limit.
const GLOBAL_RATE: u32 = 50;

/// A scenario: how many fall due, over how long, in how many channels, beside how many that wait.
struct Scenario {
    name: &'static str,
    due: u32,
    over_ms: i64,
    channels: usize,
    pending: u32,
    /// The most that the 99th percentile may be of the bare tasks'.
    target: f64,
}

const SCENARIOS: [Scenario; 3] = [
    Scenario {
        name: "(a) 10,000 over 20 s, 2,000 channels",
        due: 10_000,
        over_ms: 20_000,
        channels: 2_000,
        pending: 0,
        target: 4.0,
    },
    Scenario {
        name: "(b) 10,000 at one instant, 2,000 channels",
        due: 10_000,
        over_ms: 0,
        channels: 2_000,
        pending: 0,
        target: 3.0,
    },
    Scenario {
        name: "(c) 1,000 over 10 s beside 200,000 pending",
        due: 1_000,
        over_ms: 10_000,
        channels: 1_000,
        pending: 200_000,
        target: 4.0,
    },
];

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!(
        "lateness in ms: deadline to arrival of the POST on loopback, verdicts committed (SQLite, synchronous=FULL)"
    );
    println!(
        "{:<46} {:>22} {:>22} {:>18}",
        "limits off", "bare p50 / p99", "timeattack p50 / p99", "p99 ratio"
    );
    for scenario in &SCENARIOS {
        let bare = runtime.block_on(bare(scenario));
        let (ours, _) = runtime.block_on(ours(scenario, false));
        let ratio = ours.1 / bare.1;
        println!(
            "{:<46} {:>11.2} / {:>8.2} {:>11.2} / {:>8.2} {:>10.2} (≤ {})",
            scenario.name, bare.0, bare.1, ours.0, ours.1, ratio, scenario.target
        );
    }
    println!(
        "\n{:<46} {:>10} {:>12} {:>20} {:>8}",
        "limits on (50 messages a second)", "messages", "took", "limits need", "429"
    );
    for scenario in &SCENARIOS {
        let (_, limited) = runtime.block_on(ours(scenario, true));
        println!(
            "{:<46} {:>10} {:>10.1} s {:>10.1} s ({:.2}) {:>6}",
            scenario.name,
            limited.messages,
            limited.took_s,
            limited.floor_s,
            limited.took_s / limited.floor_s,
            limited.refused
        );
    }
    // Threads of the local Discords are still there.
    std::process::exit(0);
}

/// What became of a run with limits.
struct Limited {
    messages: usize,
    took_s: f64,
    floor_s: f64,
    refused: u64,
}

/// When number `number` is due, from `start_ms` on.
fn due_ms(scenario: &Scenario, start_ms: i64, number: u32) -> i64 {
    // A stride that is prime to the count, so that neighbours in time are strangers in the table.
    let place = i64::from(number) * 7_919 % i64::from(scenario.due);
    start_ms + scenario.over_ms * place / i64::from(scenario.due)
}

fn lateness(scenario: &Scenario, start_ms: i64, local: &Local) -> (f64, f64) {
    let posts = local.posts();
    let late = |number: u32| posts.arrived_us[&number] - due_ms(scenario, start_ms, number) * 1_000;
    let mut sorted: Vec<i64> = (0..scenario.due).map(late).collect();
    sorted.sort_unstable();
    (
        as_ms(percentile(&sorted, 500)),
        as_ms(percentile(&sorted, 990)),
    )
}

async fn bare(scenario: &Scenario) -> (f64, f64) {
    let local = Local::start(scenario.channels, false);
    let client = reqwest::Client::builder()
        .tcp_nodelay(true)
        .build()
        .unwrap();
    let authorization = format!("Bot {}", local.discord.token());
    let start_ms = now_ms() + 1_000;
    for number in 0..scenario.due {
        let channel = local.channels[number as usize % local.channels.len()];
        let url = format!(
            "{}/api/v10/channels/{channel}/messages",
            local.discord.url()
        );
        let request = client
            .post(url)
            .header("authorization", &authorization)
            .header("content-type", "application/json")
            .body(format!("{{\"content\":\"bench{number};{:.<200}\"}}", ""));
        let left_us = due_ms(scenario, start_ms, number) * 1_000 - now_us();
        let at = tokio::time::Instant::now() + Duration::from_micros(left_us.unsigned_abs());
        tokio::spawn(async move {
            tokio::time::sleep_until(at).await;
            let answer = request.send().await.unwrap().error_for_status().unwrap();
            answer.bytes().await.unwrap();
        });
    }
    local.arrived(scenario.due as usize).await;
    local.discord.stop();
    lateness(scenario, start_ms, &local)
}

async fn ours(scenario: &Scenario, rate_limits: bool) -> ((f64, f64), Limited) {
    let local = Local::start(scenario.channels, rate_limits);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("bench.db").display());
    let channel = |number: u32| {
        let channel = local.channels[number as usize % local.channels.len()];
        i64::try_from(channel.get()).unwrap()
    };
    let later_ms = now_ms() + 86_400_000;
    let pending = (0..scenario.pending).map(|number| Planned {
        number: scenario.due + number,
        channel: channel(number),
        deadline_ms: later_ms + i64::from(number),
    });
    fill(&url, pending).await;
    // Time to store these, too, and to start.
    let start_ms = now_ms() + 5_000;
    let due = (0..scenario.due).map(|number| Planned {
        number,
        channel: channel(number),
        deadline_ms: due_ms(scenario, start_ms, number),
    });
    fill(&url, due).await;
    let clock = Clock::System;
    let token = SecretString::from(local.discord.token());
    let rate = if rate_limits { GLOBAL_RATE } else { 0 };
    let messenger =
        DiscordMessenger::new(clock.clone(), &local.discord.url(), &token, rate).unwrap();
    let db = Db::open(&url).await.unwrap();
    let workers = Workers::start(
        clock,
        db,
        Messenger::Discord(Arc::new(messenger)),
        WorkerOptions::default(),
    )
    .await
    .unwrap();
    assert!(now_ms() < start_ms, "ready only after the first deadline");
    local.arrived(scenario.due as usize).await;
    let took_s = as_ms(now_us() - start_ms * 1_000) / 1_000.0;
    workers.stop().await;
    local.discord.stop();
    let messages = local.posts().count;
    let count = f64::from(u32::try_from(messages).unwrap());
    let due_s = as_ms(scenario.over_ms * 1_000) / 1_000.0;
    let limited = Limited {
        messages,
        took_s,
        // The first second's worth goes at once.
        floor_s: (count / f64::from(GLOBAL_RATE) - 1.0).max(due_s),
        refused: local.discord.too_many_requests(),
    };
    (lateness(scenario, start_ms, &local), limited)
}
