//! The whole bot against a local Discord: the real gateway client and REST calls.
//!
//! With `DISCORD_OPENAPI` set, all that went over the wire is held against Discord's own schema.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use sqlx::{AnyConnection, Connection as _};
use timeattack::app::App;
use timeattack::clock::{Clock, ManualClock};
use timeattack::config::Shards;
use timeattack::db::Db;
use timeattack::discord::{DiscordSettings, Refusal};
use timeattack::ids::{ChannelId, GuildId, UserId};
use timeattack::mailer::{Mailer, MemoryMailer};
use timeattack::messenger::Messenger;
use timeattack::messenger::discord::DiscordMessenger;
use timeattack::run::{MailMeans, WorkerOptions, Workers};
use timeattack::sandbox::{
    Actor, Exchange, LocalDiscord, Message, OptionValue, Options, Reply, permissions,
};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::Dispatch;

use super::openapi::OpenApi;
use super::{Database, NOW_MS, PATIENCE, mail_means};

/// The bot, connected to a local Discord with two servers.
pub struct Bot {
    pub discord: LocalDiscord,
    pub clock: ManualClock,
    pub guild: GuildId,
    pub channel: ChannelId,
    pub results: ChannelId,
    /// The second server, and its channel.
    pub other: GuildId,
    pub elsewhere: ChannelId,
    pub mina: UserId,
    pub jamong: UserId,
    pub admin: UserId,
    pub database: Database,
    /// Every mail that was sent.
    pub mails: Arc<MemoryMailer>,
    mail: MailMeans,
    settings: DiscordSettings,
    process: Option<Process>,
}

/// The program on a runtime of its own, so that nothing of it outlives it.
struct Process {
    runtime: Option<Runtime>,
    running: Option<Running>,
}

struct Running {
    workers: Workers,
    serving: JoinHandle<anyhow::Result<()>>,
    refused: watch::Receiver<Option<Refusal>>,
    stop: CancellationToken,
}

impl Process {
    async fn start(
        clock: Clock,
        url: &str,
        settings: DiscordSettings,
        mail: MailMeans,
        log: Option<Dispatch>,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .on_thread_start(move || {
                if let Some(log) = &log {
                    // For as long as the thread lives.
                    std::mem::forget(tracing::dispatcher::set_default(log));
                }
            })
            .enable_all()
            .build()
            .unwrap();
        let url = url.to_owned();
        let running =
            runtime.spawn(async move { Running::start(clock, &url, settings, mail).await });
        let running = running.await.unwrap();
        Self {
            runtime: Some(runtime),
            running: Some(running),
        }
    }

    /// Ends it as by SIGTERM. Time goes on meanwhile: its last words have a bound in time.
    async fn end(mut self, clock: &ManualClock) {
        let running = self.running.take().unwrap();
        let ended = self.runtime.as_ref().unwrap().spawn(running.end());
        turning(clock, ended).await.unwrap();
        let runtime = self.runtime.take().unwrap();
        let gone = tokio::task::spawn_blocking(move || {
            runtime.shutdown_timeout(Duration::from_secs(10));
        });
        gone.await.unwrap();
    }
}

/// A failed test ends here.
impl Drop for Process {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Running {
    async fn start(clock: Clock, url: &str, settings: DiscordSettings, mail: MailMeans) -> Self {
        let db = Db::open(url).await.unwrap();
        let messenger =
            DiscordMessenger::new(clock.clone(), &settings.api_url, &settings.token, 0).unwrap();
        let messenger = Messenger::Discord(Arc::new(messenger));
        let options = WorkerOptions {
            mail,
            ..WorkerOptions::default()
        };
        let workers = Workers::start(clock, db, messenger, options).await.unwrap();
        let stop = CancellationToken::new();
        let (ready, mut is_ready) = watch::channel(false);
        let (refused, is_refused) = watch::channel(None);
        let serving = workers.serve_discord(settings, stop.clone(), ready, refused);
        let serving = tokio::spawn(serving);
        let connected = tokio::time::timeout(PATIENCE, is_ready.wait_for(|is| *is));
        connected
            .await
            .expect("the bot connects in time")
            .expect("the bot goes on");
        Self {
            workers,
            serving,
            refused: is_refused,
            stop,
        }
    }

    async fn end(self) {
        self.stop.cancel();
        self.serving.await.unwrap().unwrap();
        self.workers.stop().await;
    }
}

/// Turns the clock, a tenth of a second every ten milliseconds, until `done`.
pub async fn turning<T>(clock: &ManualClock, done: impl Future<Output = T>) -> T {
    tokio::pin!(done);
    let mut hand = tokio::time::interval(Duration::from_millis(10));
    loop {
        tokio::select! {
            done = &mut done => return done,
            _ = hand.tick() => clock.advance_ms(100),
        }
    }
}

impl Bot {
    pub async fn start() -> Self {
        Self::start_with(|_, _| {}).await
    }

    /// With settings, and a guild, of the test's own.
    pub async fn start_with(set: impl FnOnce(&mut DiscordSettings, GuildId)) -> Self {
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        let _ = tracing_subscriber::fmt()
            .with_test_writer()
            .with_env_filter(filter)
            .try_init();
        Self::start_logging(set, None).await
    }

    /// With a Discord whose clock is ahead of this host's.
    pub async fn start_apart(ahead_ms: i64) -> Self {
        Self::start_all(|_, _| {}, None, ahead_ms).await
    }

    /// With a log of its own.
    pub async fn start_logging(
        set: impl FnOnce(&mut DiscordSettings, GuildId),
        log: Option<Dispatch>,
    ) -> Self {
        Self::start_all(set, log, 0).await
    }

    async fn start_all(
        set: impl FnOnce(&mut DiscordSettings, GuildId),
        log: Option<Dispatch>,
        ahead_ms: i64,
    ) -> Self {
        let (clock, hand) = Clock::manual(NOW_MS);
        let discord = LocalDiscord::start(Options {
            clock: Clock::Manual(hand.ahead_by(ahead_ms)),
            ..Options::default()
        })
        .await
        .unwrap();
        let mina = discord.add_user("Mina", "en-US");
        let jamong = discord.add_user("jamong", "ko");
        let admin = discord.add_user("Admin", "en-US");
        let guild = discord.add_guild("Study", "en-US");
        let channel = discord.add_channel(guild, "general");
        let results = discord.add_channel(guild, "results");
        let other = discord.add_guild("Other", "ko");
        let elsewhere = discord.add_channel(other, "elsewhere");
        for guild in [guild, other] {
            discord.join(guild, mina, 0);
            discord.join(guild, jamong, 0);
            discord.join(guild, admin, permissions::MANAGE_GUILD);
        }
        let database = Database::fresh().await;
        let mut settings = DiscordSettings {
            token: SecretString::from(discord.token()),
            api_url: discord.url(),
            guild_id: None,
            shards: Shards::Auto,
        };
        set(&mut settings, guild);
        let mails = Arc::new(MemoryMailer::default());
        let mail = mail_means(Mailer::Memory(Arc::clone(&mails)));
        let (options, means) = (settings.clone(), mail.clone());
        let process = Process::start(clock, &database.url, options, means, log).await;
        assert!(discord.wait_for_bot().await, "it registers its commands");
        Self {
            discord,
            clock: hand,
            guild,
            other,
            channel,
            results,
            elsewhere,
            mina,
            jamong,
            admin,
            database,
            mails,
            mail,
            settings,
            process: Some(process),
        }
    }

    /// The program ends, and starts again `after_ms` later.
    pub async fn restarted_after(mut self, after_ms: i64) -> Self {
        self.process.take().unwrap().end(&self.clock).await;
        self.clock.advance_ms(after_ms);
        let clock = Clock::Manual(self.clock.clone());
        let (settings, mail) = (self.settings.clone(), self.mail.clone());
        let process = Process::start(clock, &self.database.url, settings, mail, None).await;
        self.process = Some(process);
        self
    }

    /// The program ends, and starts again with other settings.
    pub async fn restarted_with(mut self, set: impl FnOnce(&mut DiscordSettings)) -> Self {
        set(&mut self.settings);
        self.restarted_after(0).await
    }

    /// The program's handles.
    pub fn app(&self) -> App {
        let running = self.process.as_ref().and_then(|one| one.running.as_ref());
        running.unwrap().workers.app().clone()
    }

    /// Waits, while time passes, until the gateway's refusal is this one.
    pub async fn refused_as(&self, wanted: Option<Refusal>) {
        let running = self.process.as_ref().and_then(|one| one.running.as_ref());
        let mut refused = running.unwrap().refused.clone();
        let told = refused.wait_for(|refused| *refused == wanted);
        turning(&self.clock, told).await.unwrap();
    }

    pub fn mina(&self) -> Actor {
        self.discord.actor(self.mina, self.channel)
    }

    pub fn jamong(&self) -> Actor {
        self.discord.actor(self.jamong, self.channel)
    }

    pub fn admin(&self) -> Actor {
        self.discord.actor(self.admin, self.channel)
    }

    /// An admin's command with files, which the bot fetches while time passes.
    pub async fn uploads(&self, command: &str, options: &[(&str, OptionValue)]) -> Reply {
        let admin = self.admin();
        let sent = admin.slash_with(command, options);
        let reply = turning(&self.clock, sent).await.unwrap();
        self.answered(reply).await
    }

    /// What is said in the end, where the bot asked for more time first: while the clock is turned it
    /// soon has to.
    pub async fn answered(&self, reply: Reply) -> Reply {
        match reply {
            Reply::Deferred(thinking) => {
                let filled = self.until(&thinking, |now| !now.is_loading()).await;
                Reply::Message(Box::new(filled))
            }
            reply => reply,
        }
    }

    pub async fn posted(&self, channel: ChannelId, part: &str) -> Message {
        let found = self
            .discord
            .message_where(channel, |message| message.text().contains(part));
        found.await.unwrap_or_else(|| {
            let texts: Vec<String> = self
                .discord
                .messages(channel)
                .iter()
                .map(Message::text)
                .collect();
            panic!("no message with “{part}” among {texts:#?}")
        })
    }

    /// Mina starts “Read” for ten minutes; the start message.
    pub async fn started(&self) -> Message {
        let reply = self
            .mina()
            .slash("/timeattack start task:Read limit:10m")
            .await
            .unwrap();
        let start = reply.message().unwrap();
        self.kept(&start).await;
        start
    }

    /// Waits until the bot knows which message shows a time attack, which is after its answer was
    /// shown. Nothing tells of it, so the table is asked again and again.
    pub async fn kept(&self, start: &Message) {
        let mut conn = AnyConnection::connect(&self.database.url).await.unwrap();
        let sql = "SELECT COUNT(*) FROM time_attacks WHERE message_id = $1";
        let message = start.id.0;
        loop {
            let found = sqlx::query_scalar::<_, i64>(sql).bind(message);
            if found.fetch_one(&mut conn).await.unwrap() == 1 {
                return;
            }
        }
    }

    /// Waits, while time passes, until this message says so.
    pub async fn until(&self, message: &Message, says: impl Fn(&Message) -> bool) -> Message {
        let edited = self
            .discord
            .message_where(message.channel_id, |now| now.id == message.id && says(now));
        let edited = turning(&self.clock, edited).await;
        edited.unwrap_or_else(|| panic!("{:#?}", self.discord.messages(message.channel_id)))
    }

    /// The cards of missed deadlines in the channel.
    pub fn cards(&self) -> usize {
        let messages = self.discord.messages(self.channel);
        messages
            .iter()
            .filter(|message| message.content.contains("나약한"))
            .count()
    }

    /// Requests so far by method and a part of the path.
    pub fn requests(&self, method: &str, part: &str) -> usize {
        let exchanges = self.discord.exchanges();
        let fits = |one: &&Exchange| one.method == method && one.path.contains(part);
        exchanges.iter().filter(fits).count()
    }

    /// Ends the bot, and holds what was said against Discord's schema.
    pub async fn end(self) {
        let exchanges = self.ended().await;
        if let Some(api) = OpenApi::from_env() {
            assert_eq!(api.violations(&exchanges), Vec::<String>::new());
        }
    }

    /// Ends the bot.
    pub async fn ended(mut self) -> Vec<Exchange> {
        self.process.take().unwrap().end(&self.clock).await;
        self.discord.stop();
        self.discord.exchanges()
    }
}
