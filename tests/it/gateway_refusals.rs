//! A gateway that takes no session: what is tried again, what ends the program, and what is said.

use std::time::Duration;

use secrecy::SecretString;
use timeattack::clock::{Clock, ManualClock};
use timeattack::config::Shards;
use timeattack::db::Db;
use timeattack::discord::{self, DiscordSettings, Misconfigured, Refusal};
use timeattack::messenger::Messenger;
use timeattack::messenger::memory::MemoryMessenger;
use timeattack::run::{WorkerOptions, Workers};
use timeattack::sandbox::{Fault, FaultKind, LocalDiscord, Options};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::support::bot::{Bot, turning};
use crate::support::{Database, NOW_MS};

/// A program that is started while Discord refuses it.
struct Refused {
    clock: ManualClock,
    discord: LocalDiscord,
    database: Database,
    shards: Shards,
}

impl Refused {
    async fn with(shards: Shards) -> Self {
        let (clock, hand) = Clock::manual(NOW_MS);
        let options = Options {
            clock,
            ..Options::default()
        };
        let discord = LocalDiscord::start(options).await.unwrap();
        Self {
            clock: hand,
            discord,
            database: Database::fresh().await,
            shards,
        }
    }

    /// Runs it until it ends by itself, or is connected.
    async fn run(&self) -> anyhow::Result<()> {
        let clock = Clock::Manual(self.clock.clone());
        let db = Db::open(&self.database.url).await?;
        let messenger = Messenger::Memory(MemoryMessenger::default());
        let workers = Workers::start(clock, db, messenger, WorkerOptions::default()).await?;
        let settings = DiscordSettings {
            token: SecretString::from(self.discord.token()),
            api_url: self.discord.url(),
            guild_id: None,
            shards: self.shards,
        };
        let stop = CancellationToken::new();
        let (ready, mut is_ready) = watch::channel(false);
        let (refused, _) = watch::channel(None);
        let app = workers.app().clone();
        let mut serving = tokio::spawn(discord::serve(app, settings, stop.clone(), ready, refused));
        let ended = turning(&self.clock, async {
            tokio::select! {
                ended = &mut serving => Some(ended),
                _ = is_ready.wait_for(|ready| *ready) => None,
            }
        })
        .await;
        let ended = match ended {
            Some(ended) => ended,
            None => {
                stop.cancel();
                turning(&self.clock, serving).await
            }
        };
        turning(&self.clock, workers.stop()).await;
        ended.unwrap()
    }
}

const ALL: Shards = Shards::Range {
    first: 0,
    last: 0,
    total: 1,
};

async fn ends_with_advice_for_the_configuration(code: u16) {
    let refused = Refused::with(ALL).await;
    refused.discord.refuse_sessions(Some(code));
    let error = refused.run().await.unwrap_err();
    assert!(error.is::<Misconfigured>(), "{code}: {error}");
    for part in ["DISCORD_SHARDS", &format!("({code})")] {
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shards_that_there_are_not_end_the_program_with_advice() {
    ends_with_advice_for_the_configuration(4010).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_few_shards_of_a_range_end_the_program_with_advice() {
    ends_with_advice_for_the_configuration(4011).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_another_version_can_change_ends_the_program_with_advice() {
    for code in [4012, 4013, 4014] {
        let refused = Refused::with(Shards::Auto).await;
        refused.discord.refuse_sessions(Some(code));
        let error = refused.run().await.unwrap_err();
        assert!(!error.is::<Misconfigured>(), "{code}: {error}");
        for part in ["update timeattack", &format!("({code})")] {
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_never_worked_ends_the_program() {
    let refused = Refused::with(Shards::Auto).await;
    refused.discord.refuse_token(true);
    let error = refused.run().await.unwrap_err();
    assert!(error.is::<Misconfigured>(), "{error}");
    assert!(error.to_string().contains("DISCORD_TOKEN"), "{error}");
    // By the gateway alone: the REST API may be given another token by a proxy.
    let refused = Refused::with(Shards::Auto).await;
    refused.discord.refuse_sessions(Some(4004));
    let error = refused.run().await.unwrap_err();
    assert!(error.is::<Misconfigured>(), "{error}");
    assert!(error.to_string().contains("(4004)"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_is_not_discords_or_not_repeated_is_waited_out() {
    let unauthorized = || FaultKind::Error {
        status: 401,
        code: 0,
    };
    for kind in [
        FaultKind::Foreign(401),
        unauthorized(),
        FaultKind::Foreign(403),
        FaultKind::Error {
            status: 403,
            code: 0,
        },
    ] {
        let refused = Refused::with(Shards::Auto).await;
        refused
            .discord
            .fault(Fault::on("/gateway/bot", kind.clone()).times(2));
        if let FaultKind::Foreign(_) = kind {
            refused
                .discord
                .fault(Fault::on("/users/@me", unauthorized()));
        }
        let ended = refused.run().await;
        assert!(ended.is_ok(), "{kind:?}: {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_few_shards_are_counted_anew_until_they_are_enough() {
    let bot = Bot::start().await;
    // Only the next heartbeat tells serenity that a session which was open is closed.
    bot.discord.heartbeat_every(Duration::from_secs(1));
    let bot = bot.restarted_after(1_000).await;
    assert!(turning(&bot.clock, bot.discord.wait_for_shards(&[(0, 1)])).await);
    bot.discord.refuse_sessions(Some(4011));
    bot.refused_as(Some(Refusal::TooFewShards)).await;
    assert!(bot.discord.wait_for_shards(&[]).await);
    let asked = bot.requests("GET", "/gateway/bot");
    bot.discord.refuse_sessions(None);
    let again = bot.discord.wait_for_shards(&[(0, 1)]);
    assert!(turning(&bot.clock, again).await);
    bot.refused_as(None).await;
    assert!(bot.requests("GET", "/gateway/bot") > asked);
    bot.started().await;
    bot.end().await;
}
