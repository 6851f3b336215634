//! Wiring: what is started in which order, and how it ends.
//!
//! Start: HTTP's address is taken → database → outbox → settler → timers (the overdue ring at once) →
//! sweep → alerts → HTTP answers → Discord. Sending begins before listening, so what a crash left
//! behind is on its way before the first new command comes in.
//!
//! End: listening stops first, then deciding and watching, then sending; what is on its way is
//! waited for, what waits is given back to the table. All within [`SHUTDOWN`].
//!
//! `sandbox` does so beside a local Discord, where the bot can be killed and has many such `lives`.

#[cfg(feature = "sandbox")]
mod lives;
#[cfg(feature = "sandbox")]
mod sandbox;
mod secret_key;

use std::collections::HashSet;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::alerts::watch::{Watched, watch_forever};
use crate::alerts::webhook::Webhook;
use crate::alerts::{Alerts, Event};
use crate::announce;
use crate::app::App;
use crate::campaign::{self, Desk};
use crate::check::{self, dns::Dns};
use crate::clock::Clock;
use crate::config::{Config, ConfigErrors, DatabaseUrl, MailConfig, Topic};
use crate::consent::{DoorKeeper, notices};
use crate::db::{self, Db};
use crate::discord::{self, DiscordSettings};
use crate::error::Result;
use crate::http::sns::{Amazon, Sns};
use crate::http::{self, Front};
use crate::ids::IdMaker;
use crate::links::Links;
use crate::mailer::smtp::Pool;
use crate::mailer::{Files, Mailer};
use crate::messenger::Messenger;
use crate::messenger::discord::DiscordMessenger;
use crate::outbox::Outbox;
use crate::outbox::dm::{self, Rate};
use crate::outbox::mail;
use crate::presence::Presence;
use crate::sender::{Guilds, Sender};
use crate::timeattack::reminders::{self, Bell};
use crate::timeattack::start_message;
use crate::timeattack::timer::{self, Due, Timers};

#[cfg(feature = "sandbox")]
pub use sandbox::sandbox;

/// Everything has ended this long after a signal, or is ended by force: what was promised to
/// whoever stops the service.
pub const SHUTDOWN: Duration = Duration::from_secs(25);

/// What is on its way when the program stops is waited for this long: longer than any request.
const DRAIN: Duration = Duration::from_secs(13);

/// The program without its front doors: decides what comes due and sends what is said.
pub struct Workers {
    app: App,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    /// Ends the telling of the operators, after what there is to tell.
    hush: CancellationToken,
    telling: JoinHandle<()>,
    /// Timers armed at the start.
    pub armed: usize,
}

/// What the workers go by.
pub struct WorkerOptions {
    /// Direct messages per second.
    pub dm_rate: Rate,
    /// Whose mails go out, and how.
    pub mail: MailMeans,
    /// Where operators are told; without it alerts stand in the log alone.
    pub webhook: Option<Webhook>,
    /// Whether this process is connected to Discord; without it, it counts as connected.
    pub connected: Option<watch::Receiver<bool>>,
}

/// Whose mails go out, to whom they are given, and within which limits.
#[derive(Clone)]
pub struct MailMeans {
    /// Whose.
    pub sender: Arc<Sender>,
    /// To whom.
    pub mailer: Arc<Mailer>,
    /// Within which limits.
    pub limits: mail::Limits,
    /// Who writes them; `None`: the campaigns' desk. (The lane's own tests have another.)
    pub author: Option<Arc<dyn mail::Author>>,
}

/// What the configuration says about mail. A key that cannot sign is an error: nothing is to go
/// unsigned by mistake.
pub fn mail_means(mail: &MailConfig, clock: &Clock, links: Links) -> anyhow::Result<MailMeans> {
    let signer = mail.dkim.as_ref().map(|dkim| {
        let signer = check::signer(dkim).map(Arc::new);
        signer.context("the key of MAIL_DKIM_KEY_FILE cannot be used")
    });
    let mailer = match &mail.server {
        Some(server) => Mailer::Smtp(Pool::new(server.clone(), mail.connections, clock.clone())),
        None => Mailer::Files(Files::new(&mail.dir, clock.clone())),
    };
    let guilds = mail.guilds.clone().map_or(Guilds::All, Guilds::Only);
    Ok(MailMeans {
        sender: Arc::new(Sender {
            from: mail.from.clone(),
            signer: signer.transpose()?,
            links,
            guilds,
        }),
        mailer: Arc::new(mailer),
        limits: mail::Limits {
            connections: mail.connections,
            rate: mail.rate,
            daily: mail.daily_limit,
            retries: mail.retries,
            retry_delay_ms: mail.retry_delay_ms,
            defer_ms: mail.defer_ms.clone(),
        },
        author: None,
    })
}

/// Nobody's mails, which go nowhere.
impl Default for MailMeans {
    fn default() -> Self {
        Self {
            sender: Arc::new(Sender {
                from: None,
                signer: None,
                links: Links::new("http://127.0.0.1:8080", b""),
                guilds: Guilds::Only(HashSet::new()),
            }),
            mailer: Arc::new(Mailer::Memory(Arc::default())),
            limits: mail::Limits::default(),
            author: None,
        }
    }
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            dm_rate: Rate::UNLIMITED,
            mail: MailMeans::default(),
            webhook: None,
            connected: None,
        }
    }
}

impl Workers {
    /// Starts the workers on an open database, and arms every running time attack.
    pub async fn start(
        clock: Clock,
        db: Db,
        messenger: Messenger,
        options: WorkerOptions,
    ) -> Result<Self> {
        let WorkerOptions {
            dm_rate,
            mail,
            webhook,
            connected,
        } = options;
        let (app, due) = build(clock, db, messenger.clone(), dm_rate, mail);
        app.outbox.run().await?;
        let stop = CancellationToken::new();
        let mut tasks = vec![tokio::spawn(timer::settle_forever(
            app.clone(),
            due,
            stop.clone(),
        ))];
        tasks.push(be_present(&app, connected, stop.clone()).await?);
        let armed = timer::arm_all(&app).await?;
        tasks.push(tokio::spawn(timer::sweep_forever(
            app.clone(),
            stop.clone(),
        )));
        tasks.push(tokio::spawn(start_message::keep_up_to_date(
            app.clone(),
            stop.clone(),
        )));
        tasks.push(tokio::spawn(reminders::keep_up(app.clone(), stop.clone())));
        tasks.push(tokio::spawn(announce::keep_up(app.clone(), stop.clone())));
        tasks.push(tokio::spawn(campaign::keep_up(app.clone(), stop.clone())));
        let alerts = Alerts::new(app.clock.clone(), webhook);
        let watched = Watched {
            clock: app.clock.clone(),
            db: app.db.clone(),
            outbox: app.outbox.clone(),
            messenger,
        };
        let watching = watch_forever(watched, alerts.clone(), stop.clone());
        tasks.push(tokio::spawn(watching));
        let alarm = {
            let alerts = alerts.clone();
            move |overdue| alerts.happened(Event::NoticeOverdue, overdue)
        };
        let notices = notices::keep_up(app.clone(), alarm, stop.clone());
        tasks.push(tokio::spawn(notices));
        let hush = CancellationToken::new();
        let hushed = hush.clone();
        let telling = tokio::spawn(async move { alerts.deliver(hushed).await });
        tracing::info!(armed, "ready: every running time attack has its timer");
        Ok(Self {
            app,
            stop,
            tasks,
            hush,
            telling,
            armed,
        })
    }

    /// The handles that features use.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Ends the workers in order.
    pub async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            // A panic in there was logged when it happened.
            let _ = task.await;
        }
        self.hush.cancel();
        let (_, ()) = tokio::join!(self.telling, self.app.outbox.drain(DRAIN));
        self.app.db.close().await;
    }
}

/// Tells whoever is there later that the bot is there now.
async fn be_present(
    app: &App,
    connected: Option<watch::Receiver<bool>>,
    stop: CancellationToken,
) -> Result<JoinHandle<()>> {
    let mut presence = Presence::new(app.clock.clone(), app.db.clone());
    let (always, is_connected) = watch::channel(true);
    let connected = connected.unwrap_or(is_connected);
    if *connected.borrow() {
        // Before anything is answered: what it says is to know of the outage that has just ended.
        presence.beat().await?;
    }
    Ok(tokio::spawn(async move {
        presence.keep(connected, stop).await;
        drop(always);
    }))
}

fn build(clock: Clock, db: Db, messenger: Messenger, dm_rate: Rate, mail: MailMeans) -> (App, Due) {
    let process = random_process();
    let ids = Arc::new(IdMaker::new(process));
    let (timers, due) = Timers::new(clock.clone());
    let dms = dm::Settings {
        rate: dm_rate,
        door: Arc::new(DoorKeeper),
    };
    let campaigns = campaign::Bell::default();
    let desk = Desk::new(Arc::clone(&mail.sender)).ringing(campaigns.clone());
    let mails = mail::Settings {
        mailer: mail.mailer,
        author: mail.author.unwrap_or_else(|| Arc::new(desk)),
        limits: mail.limits,
    };
    let outbox = Outbox::new(
        clock.clone(),
        Arc::clone(&ids),
        db.clone(),
        messenger,
        dms,
        mails,
    );
    let app = App {
        clock,
        ids,
        db,
        outbox,
        timers,
        sender: mail.sender,
        campaigns,
        reminders: Bell::default(),
    };
    (app, due)
}

/// What tells this process's ids from those of others that share the database.
fn random_process() -> u16 {
    let mut bytes = [0; 2];
    // Without randomness the process id is the next best difference.
    if getrandom::fill(&mut bytes).is_err() {
        return u16::try_from(std::process::id() & 0xffff).unwrap_or(0);
    }
    u16::from_le_bytes(bytes)
}

/// Brings the database's tables up to date.
pub async fn migrate(config: Config) -> anyhow::Result<ExitCode> {
    let db = Db::open(config.database.expose()).await?;
    db.close().await;
    tracing::info!(database = %config.database, "the database is up to date");
    Ok(ExitCode::SUCCESS)
}

/// Says of each thing around the program whether it is in order.
pub async fn check(config: std::result::Result<Config, ConfigErrors>) -> anyhow::Result<ExitCode> {
    let mut lines = check::configuration(&config);
    if let Ok(config) = &config {
        lines.push(check::alerts(config));
        lines.push(check_database(&config.database).await);
        lines.push(check::discord_token(&config.discord).await);
        lines.push(check::public_url(&config.http));
        lines.push(secret_key::check(config));
        lines.push(check::mail_server(&config.mail, &Clock::System).await);
        lines.push(check::mail_sender(&config.mail));
        lines.extend(check::mail_records(&config.mail, &Dns::of_this_machine()).await);
    }
    Ok(check::report(&lines, &mut std::io::stdout().lock())?)
}

async fn check_database(database: &DatabaseUrl) -> check::Line {
    let counted = async {
        let mut conn = db::look(database.expose()).await?;
        db::schema_version(&mut conn).await
    };
    match counted.await {
        Ok(Some(version)) => {
            check::Line::ok("database", format!("{database} at version {version}"))
        }
        Ok(None) => check::Line::warn(
            "database",
            format!("{database} has no tables yet"),
            "they are made at the first start, or now by `timeattack migrate`",
        ),
        Err(error) => check::Line::fail(
            "database",
            format!("{database} cannot be opened: {error:#}"),
            "check DATABASE_URL, the folder's permissions, and that the server runs",
        ),
    }
}

/// Copies the database to `file`.
pub async fn backup(config: Config, file: &Path) -> anyhow::Result<ExitCode> {
    db::backup(config.database.expose(), file).await?;
    tracing::info!(file = %file.display(), "the copy is complete");
    Ok(ExitCode::SUCCESS)
}

/// Runs the bot until SIGTERM or SIGINT.
pub async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let stop = stop_signal()?;
    // Before anything is opened: whoever runs it twice is told so at once.
    let listener = config.http.addr.map(http::bind).transpose()?;
    live(Clock::System, config, listener, stop, |_| {}).await?;
    Ok(ExitCode::SUCCESS)
}

/// A life of the bot: from the opening of its database until `stop`, and all that was on its way.
/// `begun` is shown its handles once its workers are at work. Without a `listener` there is no HTTP
/// server.
async fn live(
    clock: Clock,
    config: Config,
    listener: Option<TcpListener>,
    stop: CancellationToken,
    begun: impl FnOnce(&App),
) -> anyhow::Result<()> {
    let Some(token) = config.discord.token.clone() else {
        anyhow::bail!("DISCORD_TOKEN is not set");
    };
    let api_url = config
        .discord
        .api_url
        .as_str()
        .trim_end_matches('/')
        .to_owned();
    let messenger =
        DiscordMessenger::new(clock.clone(), &api_url, &token, config.discord.global_rate)?;
    let messenger = Messenger::Discord(Arc::new(messenger));
    let mail = mail_means(&config.mail, &clock, secret_key::links(&config)?)?;
    let webhook = config.alert_webhook.map(Webhook::new).transpose()?;
    let db = Db::open(config.database.expose()).await?;
    let (ready, connected) = watch::channel(false);
    let options = WorkerOptions {
        dm_rate: Rate(config.dm_rate),
        mail,
        webhook,
        connected: Some(connected.clone()),
    };
    let sns = sns(config.http.ses_topics, &clock)?;
    let workers = Workers::start(clock, db, messenger, options).await?;
    begun(workers.app());
    // Of its own: Discord's end, however it came, is HTTP's too.
    let hang_up = stop.child_token();
    let front = Front::new(workers.app().clone(), connected, sns);
    let answering = listener.map(|listener| {
        let served = http::serve(listener, front, http::Limits::default(), hang_up.clone());
        tokio::spawn(served)
    });
    let settings = DiscordSettings {
        token,
        api_url,
        guild_id: config.discord.guild_id,
        shards: config.discord.shards,
    };
    let served = discord::serve(workers.app().clone(), settings, stop, ready).await;
    hang_up.cancel();
    if let Some(answering) = answering
        && let Err(error) = answering.await.map_err(anyhow::Error::new).flatten()
    {
        tracing::error!(error = format!("{error:#}"), "the HTTP server failed");
    }
    let ended = tokio::time::timeout(SHUTDOWN - Duration::from_secs(7), workers.stop()).await;
    if ended.is_err() {
        tracing::warn!(
            "not everything came to its end in time; the rest is sent at the next start"
        );
    }
    served?;
    tracing::info!("ended");
    Ok(())
}

/// Whose word on bounces and complaints is believed; nobody's without topics.
fn sns(topics: Vec<Topic>, clock: &Clock) -> anyhow::Result<Option<Sns>> {
    if topics.is_empty() {
        return Ok(None);
    }
    let amazon = Arc::new(Amazon::https()?);
    Ok(Some(Sns::new(topics, amazon, clock.clone())))
}

/// Prints the slash commands.
pub async fn commands(_config: Config) -> anyhow::Result<ExitCode> {
    let json = serde_json::to_string_pretty(&discord::commands_json())?;
    writeln!(std::io::stdout().lock(), "{json}")?;
    Ok(ExitCode::SUCCESS)
}

/// Cancelled at the first SIGTERM or SIGINT.
fn stop_signal() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stopped = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: what is on its way is waited for");
        stopped.cancel();
    });
    Ok(stop)
}
