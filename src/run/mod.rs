//! Wiring: what is started in which order, and how it ends.
//!
//! Start: HTTP's address is taken → database → outbox → settler → timers (the overdue ring at once) →
//! sweep → alerts → HTTP answers → Discord. Sending begins before listening, so what a crash left
//! behind is on its way before the first new command comes in.
//!
//! End: listening stops first, then deciding and watching, then sending; what is on its way is
//! waited for, what waits is given back to the table; then the database is closed. All within
//! [`SHUTDOWN`], to which `end` keeps it.
//!
//! `sandbox` does so beside a local Discord, where the bot can be killed and has many such `lives`.

mod checks;
mod end;
mod handles;
mod keepers;
#[cfg(feature = "sandbox")]
mod lives;
#[cfg(feature = "sandbox")]
mod sample;
#[cfg(feature = "sandbox")]
mod sandbox;
mod secret_key;

use std::collections::HashSet;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::alerts::watch::{Watched, watch_forever};
use crate::alerts::webhook::Webhook;
use crate::alerts::{Alerts, Condition, Event};
use crate::announce;
use crate::app::App;
use crate::campaign::{self, Desk};
use crate::check;
use crate::clock::Clock;
use crate::config::{Config, MailConfig, Topic};
use crate::consent::{DoorKeeper, notices};
use crate::db::{self, BoxFuture, Db};
use crate::discord::{self, DiscordSettings, Refusal};
use crate::documents::{self, Documents};
use crate::error::Result;
use crate::guild;
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
use crate::privacy;
use crate::sender::{Guilds, Sender};
use crate::subscriber::import;
use crate::timeattack::departures;
use crate::timeattack::reminders::{self, Bell};
use crate::timeattack::start_message;
use crate::timeattack::timer::{self, Due, Timers};
use crate::work::{self, Works};
use handles::Handles;
use keepers::Keepers;

pub use checks::check;
pub use end::block_on;
use end::stop_signal;
#[cfg(feature = "sandbox")]
pub use sandbox::sandbox;

/// Everything has ended this long after a signal, or is ended by force: what was promised to
/// whoever stops the service.
pub const SHUTDOWN: Duration = Duration::from_secs(25);

/// Between two questions for Discord's time. Not a whole minute, so that the answers do not all begin
/// at the same part of a second: what each says to the second, all together say to the tenth.
const ASK_THE_TIME_MS: i64 = 60_337;
/// The first questions come within a second or so: then it is known to a quarter of one.
const FIRST_ASKED: u32 = 5;
const FIRST_ASK_MS: i64 = 237;
/// What is on its way when the program stops is waited for this long: longer than any request.
const DRAIN: Duration = Duration::from_secs(13);
/// All of the workers' end together: [`DRAIN`], and what the database takes before and after it.
const WORK_ENDS: Duration = Duration::from_secs(15);
/// The database's end: what waits is stored, and SQLite's log copied. Before it Discord's last words
/// take five seconds; with the workers' end that is less than [`SHUTDOWN`].
const DATABASE_CLOSES: Duration = Duration::from_secs(3);

/// The program without its front doors: decides what comes due and sends what is said.
pub struct Workers {
    app: App,
    alerts: Alerts,
    stop: CancellationToken,
    keepers: Keepers,
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
        let mut conn = db.read().await?;
        let newest = db::newest_id(&mut conn).await?;
        drop(conn);
        let ids = IdMaker::new(random_process());
        ids.start_after(newest);
        let (app, due) = build(clock, ids, db, messenger.clone(), dm_rate, mail)?;
        let stop = CancellationToken::new();
        let alerts = Alerts::new(app.clock.clone(), webhook);
        let keepers = Keepers::new(app.clock.clone(), alerts.clone(), stop.clone());
        // They end when the outbox is drained, after all others.
        app.outbox
            .run(|name, begin| drop(keepers.spawn(name, begin)))
            .await?;
        let due = Arc::new(tokio::sync::Mutex::new(due));
        let mut tasks = vec![
            keepers.spawn_with(&app, &stop, "verdicts", move |app, stop| {
                timer::settle_forever(app, Arc::clone(&due), stop)
            }),
        ];
        tasks.push(be_present(&app, connected, &keepers, &stop).await?);
        let armed = timer::arm_all(&app).await?;
        let with = |name, begin: Keeper| keepers.spawn_with(&app, &stop, name, begin);
        tasks.extend([
            with("sweep", |app, stop| {
                Box::pin(timer::sweep_forever(app, stop))
            }),
            with("start messages", |app, stop| {
                Box::pin(start_message::keep_up_to_date(app, stop))
            }),
            with("reminders", |app, stop| {
                Box::pin(reminders::keep_up(app, stop))
            }),
            with("departures", |app, stop| {
                Box::pin(departures::keep_up(app, stop))
            }),
            with("announcements", |app, stop| {
                Box::pin(announce::keep_up(app, stop))
            }),
            with("campaigns", |app, stop| {
                Box::pin(campaign::keep_up(app, stop))
            }),
            with("large work", |app, stop| Box::pin(work::keep_up(app, stop))),
        ]);
        let (asking, asked) = (app.clock.clone(), messenger.clone());
        tasks.push(keepers.spawn_with(&app, &stop, "time", move |_, stop| {
            keep_asking_the_time(asking.clone(), asked.clone(), stop)
        }));
        let watched = Arc::new(Watched {
            clock: app.clock.clone(),
            db: app.db.clone(),
            outbox: app.outbox.clone(),
            messenger,
            told_discarded: AtomicU64::new(0),
        });
        let told = alerts.clone();
        tasks.push(keepers.spawn_with(&app, &stop, "alerts", move |_, stop| {
            watch_forever(Arc::clone(&watched), told.clone(), stop)
        }));
        let told = alerts.clone();
        tasks.push(
            keepers.spawn_with(&app, &stop, "notices", move |app, stop| {
                let told = told.clone();
                let alarm = move |overdue| told.happened(Event::NoticeOverdue, overdue);
                notices::keep_up(app, alarm, stop)
            }),
        );
        let hush = CancellationToken::new();
        let (told, hushed) = (alerts.clone(), hush.clone());
        let telling = keepers.spawn("webhook", move || {
            let (told, hushed) = (told.clone(), hushed.clone());
            async move { told.deliver(hushed).await }
        });
        tracing::info!(armed, "ready: a timer is set for every running time attack");
        Ok(Self {
            app,
            alerts,
            stop,
            keepers,
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

    /// Answers Discord until `stop`, as [`discord::serve`] says; should it panic, it is begun again with new
    /// sessions. What was being answered then is answered to its end beside the next life.
    pub fn serve_discord(
        &self,
        settings: DiscordSettings,
        stop: CancellationToken,
        ready: watch::Sender<bool>,
        refused: watch::Sender<Option<Refusal>>,
    ) -> impl Future<Output = anyhow::Result<()>> + Send + 'static {
        let (app, outcome) = (self.app.clone(), Arc::new(Mutex::new(Ok(()))));
        let told = Arc::clone(&outcome);
        let keepers = self.keepers.until(&stop);
        let served = keepers.spawn("discord", move || {
            // Of an earlier life, which ended with its sessions.
            ready.send_replace(false);
            let (settings, stop) = (settings.clone(), stop.clone());
            let (ready, refused) = (ready.clone(), refused.clone());
            let (app, told) = (app.clone(), Arc::clone(&told));
            async move {
                let served = discord::serve(app, settings, stop, ready, refused).await;
                *told.lock().unwrap_or_else(PoisonError::into_inner) = served;
            }
        });
        async move {
            // Its panics are caught.
            let _ = served.await;
            let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *outcome, Ok(()))
        }
    }

    /// Ends the workers in order.
    pub async fn stop(self) {
        let Self {
            app,
            stop,
            tasks,
            hush,
            telling,
            ..
        } = self;
        stop.cancel();
        app.documents.stop();
        let work = async {
            for task in tasks {
                // A panic in there was logged when it happened.
                let _ = task.await;
            }
            hush.cancel();
            let (_, ()) = tokio::join!(telling, app.outbox.drain(DRAIN));
        };
        if tokio::time::timeout(WORK_ENDS, work).await.is_err() {
            tracing::warn!(
                "not everything was finished in time; the rest is sent after the next start"
            );
        }
        let closed = tokio::time::timeout(DATABASE_CLOSES, app.db.close());
        if closed.await.is_err() {
            tracing::warn!(
                "the database could not be closed in time; nothing is lost, but if you copy \
                 SQLite's file, also copy the one that ends in -wal"
            );
        }
    }
}

/// A task that needs nothing else: begins a life of it.
type Keeper = fn(App, CancellationToken) -> BoxFuture<'static, ()>;

/// Tells whoever is there later that the bot is there now.
async fn be_present(
    app: &App,
    connected: Option<watch::Receiver<bool>>,
    keepers: &Keepers,
    stop: &CancellationToken,
) -> Result<JoinHandle<()>> {
    let mut presence = Presence::new(app.clock.clone(), app.db.clone());
    let (always, is_connected) = watch::channel(true);
    let connected = connected.unwrap_or(is_connected);
    if *connected.borrow() {
        // Before anything is answered: what it says is to know of the outage that has just ended.
        presence.beat().await?;
    }
    let (presence, always) = (
        Arc::new(tokio::sync::Mutex::new(presence)),
        Arc::new(always),
    );
    Ok(keepers.spawn_with(app, stop, "presence", move |_, stop| {
        let (presence, connected) = (Arc::clone(&presence), connected.clone());
        // Without it the connection would count as lost.
        let always = Arc::clone(&always);
        async move {
            presence.lock().await.keep(connected, stop).await;
            drop(always);
        }
    }))
}

/// Asks Discord for its time now and then, until `stop`.
async fn keep_asking_the_time(clock: Clock, messenger: Messenger, stop: CancellationToken) {
    let mut asked = 0;
    loop {
        messenger.ask_the_time().await;
        asked += 1;
        let wait_ms = if asked < FIRST_ASKED {
            FIRST_ASK_MS
        } else {
            ASK_THE_TIME_MS
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = clock.sleep_ms(wait_ms) => {}
        }
    }
}

fn build(
    clock: Clock,
    ids: IdMaker,
    db: Db,
    messenger: Messenger,
    dm_rate: Rate,
    mail: MailMeans,
) -> anyhow::Result<(App, Due)> {
    let documents = Documents::start(documents::Limits::default());
    let documents = documents.context("starting the threads that read documents")?;
    let ids = Arc::new(ids);
    let discord_time = messenger.time();
    let (timers, due) = Timers::new(clock.clone(), discord_time.clone(), db.soon().clone());
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
        documents: documents.clone(),
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
        discord_time,
        ids,
        db,
        documents,
        outbox,
        timers,
        sender: mail.sender,
        campaigns,
        reminders: Bell::default(),
        works: Works::new(kinds_of_work()),
    };
    Ok((app, due))
}

/// Every kind of large work there is.
fn kinds_of_work() -> Vec<work::Kind> {
    vec![
        announce::CANCEL,
        guild::RECONSIDER,
        import::APPLY,
        import::CLEAR,
        privacy::FORGET,
    ]
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

/// Copies the database to `file`, and the key that signs links beside it.
pub async fn backup(config: Config, file: &Path) -> anyhow::Result<ExitCode> {
    db::backup(config.database.expose(), file).await?;
    let key = secret_key::back_up(&config, file)?;
    let file = file.display();
    match key.as_deref().map(Path::display) {
        Some(key) => tracing::info!(
            %file,
            %key,
            "backup complete: keep both files; without the key (secret.key beside the database) \
             links in sent emails stop working"
        ),
        None if config.http.keys.is_empty() => tracing::info!(%file, "backup complete"),
        None => tracing::info!(
            %file,
            "backup complete; keep SECRET_KEY, too: it signs links and isn't in the copy"
        ),
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs the bot until SIGTERM or SIGINT.
pub async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let stop = stop_signal()?;
    // Before anything is opened: whoever runs it twice is told so at once.
    let listener = config.http.addr.map(http::bind).transpose();
    if listener.is_err() {
        // What listens there may be this very program, whose database says so more clearly.
        db::refuse_if_used(config.database.expose())?;
    }
    let listener = listener?;
    let connections = http_connections(&config);
    let entrance = listener.map(|listener| Entrance {
        listener,
        connections,
    });
    live(Clock::System, config, entrance, stop, |_| {}).await?;
    Ok(ExitCode::SUCCESS)
}

/// Where the program is reached by HTTP, and by how many at once.
struct Entrance {
    listener: TcpListener,
    connections: usize,
}

/// How many connections HTTP may have, after as many file handles as possible were asked for. That
/// there are few is logged.
fn http_connections(config: &Config) -> usize {
    let handles = Handles::of_this_process(config);
    let line = handles.check();
    if line.level != check::Level::Ok {
        tracing::warn!(
            allowed = handles.allowed,
            needed = handles.needed,
            connections = handles.http(),
            "few file handles: see `timeattack check`"
        );
    }
    handles.http()
}

/// A life of the bot: from the opening of its database until `stop`, and all that was on its way.
/// `begun` is shown its handles once its workers are at work. Without an `entrance` there is no HTTP
/// server.
async fn live(
    clock: Clock,
    config: Config,
    entrance: Option<Entrance>,
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
    // Before the key is made beside it: a folder that cannot be used is the database's first.
    let db = Db::open(config.database.expose()).await?;
    let mail = mail_means(&config.mail, &clock, secret_key::links(&config)?)?;
    let webhook = config.alert_webhook.map(Webhook::new).transpose()?;
    let (ready, connected) = watch::channel(false);
    let (refused, is_refused) = watch::channel(None);
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
    let answering = entrance.map(|entrance| answer_http(&workers, entrance, front, &hang_up));
    let settings = DiscordSettings {
        token,
        api_url,
        guild_id: config.discord.guild_id,
        shards: config.discord.shards,
    };
    let alerts = workers.alerts.clone();
    let telling = workers.keepers.until(&stop).spawn("refusals", move || {
        tell_of_refusals(is_refused.clone(), alerts.clone())
    });
    let served = workers.serve_discord(settings, stop, ready, refused).await;
    // Ends with what it was told of; the operators are told before the workers are gone.
    let _ = telling.await;
    hang_up.cancel();
    if let Some(answering) = answering {
        // What went wrong was logged when it did.
        let _ = answering.await;
    }
    workers.stop().await;
    served?;
    tracing::info!("ended");
    Ok(())
}

/// Answers by HTTP until `hang_up`.
fn answer_http(
    workers: &Workers,
    entrance: Entrance,
    front: Front,
    hang_up: &CancellationToken,
) -> JoinHandle<()> {
    let limits = http::Limits {
        connections: entrance.connections,
        ..http::Limits::default()
    };
    let hang_up = hang_up.clone();
    let keepers = workers.keepers.until(&hang_up);
    keepers.spawn_failing("http", move || {
        let (front, hang_up) = (front.clone(), hang_up.clone());
        // Fails where no file handle is left, as after a panic under load.
        let listener = entrance.listener.try_clone();
        async move { http::serve(listener?, front, limits, hang_up).await }
    })
}

/// Tells the operators why Discord's gateway takes no session, and when it does.
async fn tell_of_refusals(mut refused: watch::Receiver<Option<Refusal>>, alerts: Alerts) {
    while refused.changed().await.is_ok() {
        let now = *refused.borrow_and_update();
        match now {
            Some(refusal) => {
                alerts.raise(Condition::GatewayRefused, refusal.advice().to_owned());
            }
            None => alerts.end(Condition::GatewayRefused),
        }
    }
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
