//! How fast is `/timeattack start`? From the interaction that leaves the local Discord's gateway
//! to the answer that arrives there, the durable commit included; beside it, in the same run, a
//! bare serenity client that answers at once and stores nothing.
//!
//! ```sh
//! cargo bench --bench commands
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
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use serenity::all::{
    Client, Context, CreateInteractionResponse, CreateInteractionResponseMessage, EventHandler,
    GatewayIntents, HttpBuilder, Interaction,
};
use timeattack::clock::Clock;
use timeattack::config::Shards;
use timeattack::db::Db;
use timeattack::discord::{self, DiscordSettings};
use timeattack::ids::UserId;
use timeattack::messenger::Messenger;
use timeattack::messenger::discord::DiscordMessenger;
use timeattack::run::{WorkerOptions, Workers};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use support::{Local, as_ms, now_us, percentile};

/// Commands of one measurement.
const COMMANDS: usize = 5_000;
/// Each may run five at once.
const MEMBERS: usize = 2 * COMMANDS / 5;
/// Members who wait for their answer before anybody takes their place.
const AT_ONCE: usize = 16;
/// Commands per second of the paced measurement.
const RATE: u64 = 500;

fn main() {
    println!("/timeattack start through gateway and callback, answer times in ms");
    println!(
        "{:<34} {:>12} {:>20} {:>26}",
        "",
        format!("{AT_ONCE} at once"),
        "p50 / p99",
        format!("p50 / p99 at {RATE}/s")
    );
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    runtime().block_on(bare());
    runtime().block_on(ours());
    // The threads of the local Discords are still there.
    std::process::exit(0);
}

/// Answers every interaction at once.
struct Bare;

#[serenity::async_trait]
impl EventHandler for Bare {
    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        if let Interaction::Command(command) = interaction {
            let message = CreateInteractionResponseMessage::new().content("started");
            let response = CreateInteractionResponse::Message(message);
            command.create_response(&context, response).await.unwrap();
        }
    }
}

async fn bare() {
    let (local, members) = world();
    let http = HttpBuilder::new(local.discord.token())
        .proxy(local.discord.url())
        .ratelimiter_disabled(true)
        .build();
    let commands = discord::commands_json();
    let application = http.get_current_user().await.unwrap().id.get();
    http.set_application_id(application.into());
    http.create_global_commands(&commands).await.unwrap();
    let builder = serenity::client::ClientBuilder::new_with_http(http, GatewayIntents::GUILDS);
    let mut client: Client = builder.event_handler(Bare).await.unwrap();
    tokio::spawn(async move { client.start().await });
    assert!(local.discord.wait_for_bot().await, "connected");
    measure("bare serenity, nothing stored", local, members).await;
}

async fn ours() {
    let (local, members) = world();
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("bench.db").display());
    let clock = Clock::System;
    let token = SecretString::from(local.discord.token());
    let api_url = local.discord.url();
    let messenger = DiscordMessenger::new(clock.clone(), &api_url, &token, 0).unwrap();
    let db = Db::open(&url).await.unwrap();
    let workers = Workers::start(
        clock,
        db,
        Messenger::Discord(Arc::new(messenger)),
        WorkerOptions::default(),
    )
    .await
    .unwrap();
    let settings = DiscordSettings {
        token,
        api_url,
        guild_id: None,
        shards: Shards::Auto,
    };
    let ((ready, _), (refused, _)) = (watch::channel(false), watch::channel(None));
    let app = workers.app().clone();
    tokio::spawn(async move {
        discord::serve(app, settings, CancellationToken::new(), ready, refused)
            .await
            .unwrap();
    });
    assert!(local.discord.wait_for_bot().await, "connected");
    measure("timeattack, started and durable", local, members).await;
    assert_eq!(
        workers.app().timers.armed(),
        2 * COMMANDS,
        "all of them run"
    );
}

fn world() -> (Local, Vec<UserId>) {
    let local = Local::start(50, false);
    let members = (0..MEMBERS).map(|number| {
        let member = local.discord.add_user(&format!("member{number}"), "en-US");
        local.discord.join(local.guild, member, 0);
        member
    });
    let members = members.collect();
    (local, members)
}

async fn measure(name: &str, local: Local, members: Vec<UserId>) {
    let (local, members) = (Arc::new(local), Arc::new(members));
    let begun_us = now_us();
    let closed = closed(&local, &members).await;
    let per_second = 1_000_000 * COMMANDS / usize::try_from(now_us() - begun_us).unwrap();
    let paced = paced(&local, &members).await;
    println!(
        "{name:<34} {per_second:>10}/s {:>10.2} / {:>7.2} {:>16.2} / {:>7.2}",
        as_ms(percentile(&closed, 500)),
        as_ms(percentile(&closed, 990)),
        as_ms(percentile(&paced, 500)),
        as_ms(percentile(&paced, 990)),
    );
}

/// As many as answers come.
async fn closed(local: &Arc<Local>, members: &Arc<Vec<UserId>>) -> Vec<i64> {
    let next = Arc::new(AtomicUsize::new(0));
    let workers: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (local, members) = (Arc::clone(local), Arc::clone(members));
            let (next, runtime) = (Arc::clone(&next), local.runtime.clone());
            runtime.spawn(async move {
                let mut took = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= COMMANDS {
                        return took;
                    }
                    let begun_us = now_us();
                    start(&local, &members, number).await;
                    took.push(now_us() - begun_us);
                }
            })
        })
        .collect();
    let mut took = Vec::new();
    for worker in workers {
        took.extend(worker.await.unwrap());
    }
    took.sort_unstable();
    took
}

/// As many as come, whatever the answers do; the time runs from when each was to be sent.
async fn paced(local: &Arc<Local>, members: &Arc<Vec<UserId>>) -> Vec<i64> {
    let (local, members) = (Arc::clone(local), Arc::clone(members));
    let runtime = local.runtime.clone();
    let all = runtime.spawn(async move {
        let begun = tokio::time::Instant::now();
        let begun_us = now_us();
        let mut commands = Vec::new();
        for number in 0..COMMANDS {
            let after = Duration::from_micros(1_000_000 / RATE * number as u64);
            tokio::time::sleep_until(begun + after).await;
            let (local, members) = (Arc::clone(&local), Arc::clone(&members));
            commands.push(tokio::spawn(async move {
                start(&local, &members, COMMANDS + number).await;
                now_us() - begun_us - i64::try_from(after.as_micros()).unwrap()
            }));
        }
        let mut took = Vec::new();
        for command in commands {
            took.push(command.await.unwrap());
        }
        took
    });
    let mut took = all.await.unwrap();
    took.sort_unstable();
    took
}

async fn start(local: &Local, members: &[UserId], number: usize) {
    let channel = local.channels[number % local.channels.len()];
    let member = local
        .discord
        .actor(members[number % members.len()], channel);
    let reply = member.slash("/timeattack start task:bench limit:2h").await;
    let text = reply.unwrap().text();
    assert!(text.contains("bench") || text == "started", "{text}");
}
