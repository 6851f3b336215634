//! The program as a process, while its host, its database and Discord's gateway fail again and again:
//! what was answered is what is said in the end, once, and deadlines that pass meanwhile are told on
//! time.
//!
//! Each of these tests has a short form of some seconds, which runs with all tests, and a long form that
//! a variable asks for. All of them run on SQLite, or with `TEST_POSTGRES_URL` on PostgreSQL:
//!
//! | what fails | test | variable | long form |
//! |---|---|---|---|
//! | the process is killed (`kill -9`) | `blows::kills…` | `SIEGE_KILLS` | so many kills |
//! | the process is asked to end (SIGTERM) | `blows::ends…` | `SIEGE_ENDS` | so many ends |
//! | PostgreSQL ends all connections | `blows::restarts…` | `SIEGE_RESTARTS` | so many times |
//! | PostgreSQL itself is started again | `blows::restarts…` | `SIEGE_RESTART_COMMAND` | by this command each time |
//! | the process stands still (SIGSTOP) | `standstill` | `SIEGE_STANDSTILL` | for so many seconds |
//! | the gateway, in each of eight ways | `gateway` | `SIEGE_NOISE` | so many times each |
//!
//! ```sh
//! export SIEGE_KILLS=150 SIEGE_ENDS=8 SIEGE_RESTARTS=10 SIEGE_STANDSTILL=60 SIEGE_NOISE=10
//! cargo test --release --test it siege:: -- --nocapture --test-threads 4
//!
//! # Alone, as every other test on that server would lose its connections, too.
//! TEST_POSTGRES_URL=postgres://postgres@127.0.0.1:5432/postgres SIEGE_RESTARTS=10 \
//!     SIEGE_RESTART_COMMAND='pg_ctlcluster 15 main restart' \
//!     cargo test --release --test it restarts_of_postgresql -- --nocapture
//! ```
//!
//! Elsewhere: kills in the midst of a campaign are in `kill`, deaths at each instant of a message in
//! `deaths`, and a full disk in `db`.

#![expect(
    clippy::print_stdout,
    reason = "a siege tells its figures, which nobody would believe without having seen them"
)]

mod blows;
mod gateway;
mod standstill;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use timeattack::ids::ChannelId;
use timeattack::sandbox::{LocalDiscord, Message, Refused, Reply};

use crate::support::host::Host;

/// By when a verdict must have been posted that is due at once, on a machine that is busy with other
/// tests: long enough for those, and less than the five seconds after which the outbox's poller, and the
/// ten after which the sweep, would find what was missed.
const ON_TIME_MS: i64 = 4_500;

/// By when a command must be answered again once the gateway is well: less than the 41 s between two
/// heartbeats, after which a session that is stuck would be noticed anyway.
const BACK: Duration = Duration::from_secs(30);

/// The number that the variable asks for, or that of the short form.
fn asked_for(variable: &str, short: usize) -> usize {
    let asked = std::env::var(variable).ok();
    asked.map_or(short, |number| number.parse().unwrap())
}

/// How a message tells the end of a task: `None` if it does not; merged messages have a line for each.
fn verdict(text: &str, task: &str) -> Option<bool> {
    let line = text.lines().find(|line| line.contains(task))?;
    let is_card = line.contains("Value:");
    Some(!is_card && line.contains('🎉'))
}

/// The message of an answer, once it says more than that the bot is thinking.
async fn whole(discord: &LocalDiscord, reply: &Reply) -> Option<Message> {
    let message = reply.message()?;
    if !matches!(reply, Reply::Deferred(_)) {
        return Some(message);
    }
    let says = |now: &Message| now.id == message.id && !now.text().is_empty();
    discord.message_where(message.channel_id, says).await
}

/// The button whose `custom_id` begins like this.
fn button(message: &Message, prefix: &str) -> Option<String> {
    let ids = message
        .buttons()
        .into_iter()
        .filter_map(|one| one.custom_id);
    ids.into_iter().find(|id| id.starts_with(prefix))
}

/// A member who lets deadlines pass, whatever happens to the program meanwhile.
struct Scene {
    host: Host,
    results: ChannelId,
    running: Vec<Running>,
}

struct Running {
    task: String,
    /// Its deadline; when its start was answered, if that was later.
    due_ms: i64,
}

impl Scene {
    async fn set() -> Self {
        let host = Host::start(&[]).await;
        let results = host.discord.add_channel(host.guild, "results");
        let setup = format!("/setup channels results:<#{results}>");
        host.admin.slash(&setup).await.unwrap();
        Self {
            host,
            results,
            running: Vec::new(),
        }
    }

    /// The member starts time attacks with these limits, in seconds, all at the same time. On a machine
    /// that is very busy some of these starts are not answered in time: nobody was promised those.
    async fn start(&mut self, limits: impl Iterator<Item = i64>) {
        let started = limits.enumerate().map(|(number, limit)| {
            let task = format!("siege{number:03}x");
            let line = format!("/timeattack start task:{task} limit:{limit}s");
            let began_ms = wall_ms();
            let member = self.host.member.clone().clicked_at(began_ms);
            let discord = &self.host.discord;
            async move {
                let reply = match member.slash(&line).await {
                    Ok(reply) => reply,
                    Err(Refused::NoAnswer) => return None,
                    Err(other) => panic!("{other}"),
                };
                let message = whole(discord, &reply).await.expect("an answer");
                let text = message.text();
                assert!(text.contains(&task) && !message.is_ephemeral(), "{text}");
                Some(Running {
                    task,
                    due_ms: wall_ms().max(began_ms + limit * 1_000),
                })
            }
        });
        self.running = join_all(started).await.into_iter().flatten().collect();
        assert!(self.running.len() >= 4, "{}", self.running.len());
    }

    /// When it was told that this one's deadline has passed.
    async fn told_ms(&self, one: &Running) -> i64 {
        let fits = |message: &Message| verdict(&message.text(), &one.task) == Some(false);
        let told = self.host.discord.message_where(self.results, fits).await;
        told.unwrap_or_else(|| panic!("{} was never told", one.task))
            .sent_ms
    }

    fn messages_of(&self, one: &Running) -> usize {
        let messages = self.host.discord.messages(self.results);
        let fits = |message: &&Message| verdict(&message.text(), &one.task).is_some();
        messages.iter().filter(fits).count()
    }

    /// How long it takes until a command is answered.
    async fn back(&self) -> Duration {
        let begun = Instant::now();
        loop {
            match self.host.member.slash("/timeattack status").await {
                Ok(_) => return begun.elapsed(),
                Err(Refused::NoAnswer) => {
                    let waited = begun.elapsed();
                    assert!(waited < BACK, "no command is answered for {waited:?}");
                }
                Err(other) => panic!("{other}"),
            }
        }
    }

    /// The program ends in order, by which all that was on its way is sent: each was told once.
    async fn end(mut self) {
        self.host.program.terminate();
        let ended = self.host.program.ended().await;
        assert!(ended.success(), "{}", self.host.program.log());
        for one in &self.running {
            assert_eq!(self.messages_of(one), 1, "{}", one.task);
        }
    }
}

fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
