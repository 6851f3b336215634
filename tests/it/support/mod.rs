//! The harness: the whole program on a database of its own, with a clock turned by hand and a
//! messenger that remembers.
//!
//! `TEST_POSTGRES_URL` chooses PostgreSQL (a schema for each test); without it each test has a
//! SQLite file. Nothing is skipped: with the variable set and the server away the tests fail.

pub mod bot;
mod database;
pub mod dns;
pub mod host;
pub mod newsroom;
pub mod openapi;
pub mod program;
pub mod smtp;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::select_all;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _, Row as _};

use timeattack::alerts::webhook::Webhook;
use timeattack::app::App;
use timeattack::clock::{Clock, ManualClock};
use timeattack::db::Db;
use timeattack::error::{Error, UserError};
use timeattack::export::Files;
use timeattack::i18n::Language;
use timeattack::ids::{AttackId, ChannelId, GuildId, UserId};
use timeattack::links::Links;
use timeattack::mailer::{Mailbox, Mailer};
use timeattack::messenger::memory::{MemoryMessenger, Posted};
use timeattack::messenger::{Message, Messenger};
use timeattack::outbox::Outbox;
use timeattack::outbox::dm::Rate;
use timeattack::outbox::mail;
use timeattack::run::{MailMeans, WorkerOptions, Workers};
use timeattack::sandbox::OptionValue;
use timeattack::sender::{Guilds, Sender};
use timeattack::timeattack::{self as attacks, Actor, Start, TimeAttack};

use tokio::runtime::Runtime;
use tokio::sync::watch;

pub use database::Database;

/// What has not come by then does not come: longer than anything takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// 2026-11-21 14:00 in Seoul.
pub const NOW_MS: i64 = 1_795_237_200_000;
pub const GUILD: GuildId = GuildId(77_000_000_000_000_001);
pub const CHANNEL: ChannelId = ChannelId(88_000_000_000_000_001);
pub const MEMBER: UserId = UserId(99_000_000_000_000_001);
pub const OTHER: UserId = UserId(99_000_000_000_000_002);

pub fn seconds(count: i64) -> i64 {
    count * 1_000
}

pub fn minutes(count: i64) -> i64 {
    count * 60_000
}

pub fn hours(count: i64) -> i64 {
    count * 3_600_000
}

pub fn days(count: i64) -> i64 {
    count * 86_400_000
}

/// Runs statements by hand, in the writer's own connection.
pub async fn execute(db: &Db, sql: impl Into<String>) -> Result<(), Error> {
    db.write(sql.into(), |tx, sql| {
        Box::pin(async move {
            tx.execute(AssertSqlSafe(sql.clone())).await?;
            Ok(())
        })
    })
    .await
}

/// Statements after which nothing can be stored but can be read, and which undo that.
pub fn read_only(is_postgres: bool) -> [&'static str; 2] {
    if is_postgres {
        [
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        ]
    } else {
        // The writer replaces a connection that was made read-only, so the table refuses instead.
        [
            "CREATE TRIGGER read_only BEFORE UPDATE ON write_probes \
             BEGIN SELECT RAISE(ABORT, 'read-only'); END",
            "DROP TRIGGER read_only",
        ]
    }
}

/// A page that has everything.
pub const WHOLE: (i64, i64) = (0, i64::MAX);

/// All files of an export.
pub async fn all(files: Result<Files, Error>) -> Vec<Vec<u8>> {
    let mut files = files.unwrap();
    let mut all = Vec::new();
    while let Some(file) = files.next().await.unwrap() {
        all.push(file);
    }
    all
}

/// What somebody was refused with.
pub fn refusal<T: std::fmt::Debug>(outcome: Result<T, Error>) -> UserError {
    match outcome {
        Err(Error::User(refusal)) => refusal,
        other => panic!("a refusal was expected, not {other:?}"),
    }
}

/// A file for an option of a command, of the kind that its name says.
pub fn file(name: &str, bytes: &[u8]) -> OptionValue {
    let content_type = match name.rsplit('.').next().unwrap() {
        "html" => "text/html; charset=utf-8".into(),
        "csv" => "text/csv".into(),
        "jpg" => "image/jpeg".into(),
        other => format!("image/{other}"),
    };
    OptionValue::File {
        filename: name.into(),
        content_type,
        bytes: bytes.to_vec(),
    }
}

/// Mails of every guild, from `Study <bot@example.org>`, unsigned, given to `mailer`.
pub fn mail_means(mailer: Mailer) -> MailMeans {
    MailMeans {
        sender: Arc::new(Sender {
            from: Some(Mailbox::parse("Study <bot@example.org>").expect("an address")),
            signer: None,
            links: Links::new("https://timeattack.example", b"a key of the tests"),
            guilds: Guilds::All,
        }),
        mailer: Arc::new(mailer),
        limits: mail::Limits::default(),
        author: None,
    }
}

/// What a process is started with.
#[derive(Clone)]
struct Means {
    dm_rate: Rate,
    /// Whose mails go out, and to whom they are given: made anew for each process, as connections
    /// die with theirs.
    mail: MakesMail,
    /// Where operators are told.
    webhook: Option<String>,
}

type MakesMail = Arc<dyn Fn(&Clock) -> MailMeans + Send + Sync>;

/// The program under test, on a runtime of its own, so that it can be killed like a process.
/// Dropping it with unsent work fails the test.
pub struct TestApp {
    pub clock: ManualClock,
    pub messenger: MemoryMessenger,
    process: Option<Process>,
    database: Database,
    means: Means,
    /// Other processes on the same database.
    peers: Mutex<Vec<Outbox>>,
    expects_unsent: bool,
}

struct Process {
    runtime: Runtime,
    workers: Workers,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(None).await
    }

    /// With operators who are told at `webhook`.
    pub async fn start_telling(webhook: &str) -> Self {
        Self::start_with(Some(webhook.to_owned())).await
    }

    async fn start_with(webhook: Option<String>) -> Self {
        let (clock, hand) = Clock::manual(NOW_MS);
        let database = Database::fresh().await;
        let messenger = MemoryMessenger::default();
        let means = Means {
            dm_rate: Rate::UNLIMITED,
            mail: Arc::new(|_| MailMeans::default()),
            webhook,
        };
        Self::boot(database, clock, hand, messenger, means).await
    }

    /// With so many direct messages a second.
    pub async fn with_dm_rate(per_second: f64) -> Self {
        let (clock, hand) = Clock::manual(NOW_MS);
        let database = Database::fresh().await;
        let messenger = MemoryMessenger::default();
        let means = Means {
            dm_rate: Rate(per_second),
            mail: Arc::new(|_| MailMeans::default()),
            webhook: None,
        };
        Self::boot(database, clock, hand, messenger, means).await
    }

    /// Whose mails go out like this; the clock and the database are the test's as ever.
    pub async fn with_mail(mail: impl FnOnce(&Clock) -> MailMeans) -> Self {
        let (clock, hand) = Clock::manual(NOW_MS);
        let made = mail(&clock);
        Self::start_mailing(clock, hand, Arc::new(move |_| made.clone())).await
    }

    /// The same, made anew for each process of the test.
    pub async fn with_mails(mail: impl Fn(&Clock) -> MailMeans + Send + Sync + 'static) -> Self {
        let (clock, hand) = Clock::manual(NOW_MS);
        Self::start_mailing(clock, hand, Arc::new(mail)).await
    }

    async fn start_mailing(clock: Clock, hand: ManualClock, mail: MakesMail) -> Self {
        let database = Database::fresh().await;
        let messenger = MemoryMessenger::default();
        let means = Means {
            dm_rate: Rate::UNLIMITED,
            mail,
            webhook: None,
        };
        Self::boot(database, clock, hand, messenger, means).await
    }

    async fn boot(
        database: Database,
        clock: Clock,
        hand: ManualClock,
        messenger: MemoryMessenger,
        means: Means,
    ) -> Self {
        // Shown with a failing test when RUST_LOG asks for it.
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        let _ = tracing_subscriber::fmt()
            .with_test_writer()
            .with_env_filter(filter)
            .try_init();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let (url, sender) = (database.url.clone(), Messenger::Memory(messenger.clone()));
        let webhook = means.webhook.clone();
        let options = WorkerOptions {
            dm_rate: means.dm_rate,
            mail: (means.mail)(&clock),
            webhook: webhook
                .map(|webhook| Webhook::new(webhook.into()).expect("the address of a webhook")),
            connected: None,
        };
        let workers = runtime.spawn(async move {
            let db = Db::open(&url).await.expect("the database opens");
            Workers::start(clock, db, sender, options)
                .await
                .expect("the workers start")
        });
        let workers = workers.await.expect("the start does not panic");
        Self {
            clock: hand,
            messenger,
            process: Some(Process { runtime, workers }),
            database,
            means,
            peers: Mutex::default(),
            expects_unsent: false,
        }
    }

    /// A second process on the same database: its own leases and timers, the same clock.
    pub async fn second_process(&self) -> Self {
        self.second_process_ahead_by(0).await
    }

    /// The same on another machine, whose wall clock is ahead by so much.
    pub async fn second_process_ahead_by(&self, ms: i64) -> Self {
        let hand = self.clock.ahead_by(ms);
        let clock = Clock::Manual(hand.clone());
        let database = self.database.shared();
        let messenger = self.messenger.clone();
        let second = Self::boot(database, clock, hand, messenger, self.means.clone()).await;
        let outbox = second.app().outbox.clone();
        self.peers.lock().expect("no panic").push(outbox);
        second
    }

    /// What somebody who starts a second process on the same SQLite file is told.
    pub async fn second_process_refused(&self) -> String {
        let refused = Db::open(&self.database.url).await.err().expect("a refusal");
        refused.to_string()
    }

    pub fn is_postgres(&self) -> bool {
        self.database.is_postgres()
    }

    /// A connection past the program.
    pub async fn connect(&self) -> AnyConnection {
        AnyConnection::connect(&self.database.url)
            .await
            .expect("a connection")
    }

    /// The process ends as by SIGTERM, and starts again `after_ms` later.
    pub async fn restarted_after(mut self, after_ms: i64) -> Self {
        let Process { runtime, workers } = self.process.take().expect("running");
        runtime.spawn(workers.stop()).await.expect("it ends");
        runtime.shutdown_background();
        self.again(after_ms).await
    }

    /// The process is killed as by SIGKILL, and starts again `after_ms` later: nothing is given
    /// back, no task takes another step.
    pub async fn killed_for(mut self, after_ms: i64) -> Self {
        let Process { runtime, workers } = self.process.take().expect("running");
        drop(workers);
        let ended = tokio::task::spawn_blocking(move || {
            runtime.shutdown_timeout(Duration::from_secs(10));
        });
        ended.await.expect("it is dead");
        self.again(after_ms).await
    }

    async fn again(mut self, after_ms: i64) -> Self {
        self.clock.advance_ms(after_ms);
        let clock = Clock::Manual(self.clock.clone());
        let (hand, messenger) = (self.clock.clone(), self.messenger.clone());
        let (database, means) = (self.database.take(), self.means.clone());
        Self::boot(database, clock, hand, messenger, means).await
    }

    /// Runs something inside the process, so that it dies with it.
    pub async fn inside<T, F>(&self, work: impl FnOnce(App) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let process = self.process.as_ref().expect("running");
        let work = work(process.workers.app().clone());
        process
            .runtime
            .spawn(work)
            .await
            .expect("it does not panic")
    }

    pub fn app(&self) -> &App {
        self.process.as_ref().expect("running").workers.app()
    }

    pub fn now_ms(&self) -> i64 {
        self.app().clock.now_ms()
    }

    /// Begins the story of a time attack.
    pub fn time_attack(&self) -> AttackBuilder<'_> {
        AttackBuilder {
            app: self,
            user: MEMBER,
            guild: GUILD,
            channel: CHANNEL,
            task: "알고리즘 3문제 풀기".into(),
            limit_ms: minutes(10),
        }
    }

    /// A member acting now.
    pub fn actor(&self, user: UserId) -> Actor {
        Actor {
            guild: GUILD,
            user,
            clicked_ms: self.now_ms(),
        }
    }

    pub async fn complete(&self, attack: &TimeAttack) -> Result<TimeAttack, Error> {
        self.complete_clicked_at(attack, self.now_ms()).await
    }

    pub async fn complete_clicked_at(
        &self,
        attack: &TimeAttack,
        clicked_ms: i64,
    ) -> Result<TimeAttack, Error> {
        let actor = Actor {
            clicked_ms,
            ..self.actor(attack.user)
        };
        let id = attack.id;
        self.inside(async move |app| attacks::complete(&app, actor, id, None).await)
            .await
    }

    pub async fn state(&self, attack: AttackId) -> attacks::State {
        attacks::get(self.app(), GUILD, attack)
            .await
            .expect("it exists")
            .state
    }

    /// How every time attack stands.
    pub async fn states(&self) -> HashMap<AttackId, attacks::State> {
        let mut conn = self.app().db.read().await.expect("a connection");
        let rows = sqlx::query("SELECT id, state FROM time_attacks");
        let rows = rows.fetch_all(&mut *conn).await.expect("rows");
        let known = |row: &sqlx::any::AnyRow| {
            let state = match row.get::<String, _>("state").as_str() {
                "running" => attacks::State::Running,
                "completed" => attacks::State::Completed,
                "failed" => attacks::State::Failed,
                "cancelled" => attacks::State::Cancelled,
                other => panic!("a state called {other}"),
            };
            (AttackId(row.get("id")), state)
        };
        rows.iter().map(known).collect()
    }

    /// What stands in the channels but for reminders, in the order it was posted.
    pub fn posts(&self) -> Vec<String> {
        let posts = self.posted();
        posts.into_iter().map(|post| post.message.content).collect()
    }

    pub fn posted(&self) -> Vec<Posted> {
        let mut posts = self.messenger.posts();
        posts.retain(|post| !is_reminder(&post.message));
        posts
    }

    /// The reminders in the channels, in the order they were posted.
    pub fn reminders(&self) -> Vec<Posted> {
        let mut posts = self.messenger.posts();
        // A direct message need not say whom it is for.
        let in_channel = |post: &Posted| !post.message.content.starts_with("⏰ **");
        posts.retain(|post| is_reminder(&post.message) && in_channel(post));
        posts
    }

    /// Time passes, in steps short enough that whatever wakes on the way can act.
    pub async fn advance(&self, ms: i64) {
        let mut left = ms;
        while left > 0 {
            let step = left.min(seconds(10));
            self.clock.advance_ms(step);
            left -= step;
            self.settle().await;
        }
    }

    /// Time passes in one step, however long: for hours in which nothing is due before their end.
    pub async fn leap(&self, ms: i64) {
        self.clock.advance_ms(ms);
        self.settle().await;
    }

    /// Waits until everything that is due has been decided and sent, refused or put off.
    pub async fn settle(&self) {
        self.changes_until(async || self.is_settled().await).await;
    }

    /// Looks again after each signal of this process or its peers, until `reached`.
    pub async fn changes_until(&self, reached: impl AsyncFn() -> bool) {
        let mut outboxes = self.peers();
        outboxes.push(self.app().outbox.clone());
        let mut changes: Vec<_> = outboxes.iter().map(Outbox::changes).collect();
        let waited = async {
            loop {
                changes.iter_mut().for_each(watch::Receiver::mark_unchanged);
                if reached().await {
                    return;
                }
                let any = changes.iter_mut().map(|one| Box::pin(one.changed()));
                let _ = select_all(any).await;
            }
        };
        if tokio::time::timeout(PATIENCE, waited).await.is_err() {
            panic!("it did not come to rest:\n{}", self.outbox_rows().await);
        }
    }

    /// What is in the outbox, for a failing test's message.
    async fn outbox_rows(&self) -> String {
        let mut conn = self.app().db.read().await.expect("a connection");
        let sql = "SELECT id, message_key, channel_id, state, not_before_ms, attempt, dedupe_key \
             FROM outbox WHERE state <> 'completed' ORDER BY id";
        let rows = sqlx::query(sql).fetch_all(&mut *conn).await.expect("rows");
        let shown = rows.iter().map(|row| {
            let number = |column: &str| row.get::<i64, _>(column);
            format!(
                "{} (message {}) channel {} {} not before {} attempt {} {}",
                number("id"),
                number("message_key"),
                number("channel_id"),
                row.get::<String, _>("state"),
                number("not_before_ms") - self.now_ms(),
                number("attempt"),
                row.get::<String, _>("dedupe_key"),
            )
        });
        let held = self.app().outbox.held();
        format!("{held} held\n{}", shown.collect::<Vec<_>>().join("\n"))
    }

    async fn is_settled(&self) -> bool {
        // What is decided is enqueued with it: so the decisions are asked about first.
        let mut conn = self.app().db.read().await.expect("a connection");
        let counted = attacks::count_running(&mut conn, self.now_ms()).await;
        drop(conn);
        if counted.expect("a count").1 > 0 || self.has_due_reminders().await {
            return false;
        }
        let mut outboxes = self.peers();
        outboxes.push(self.app().outbox.clone());
        // A row is forgotten a moment after the table says that it was sent: each process is asked.
        for outbox in outboxes {
            if !outbox.is_at_rest().await.expect("a count") {
                return false;
            }
        }
        true
    }

    /// How the database would look for this. A table as small as a test's PostgreSQL would rather go
    /// through, so it is kept from that where there is an index.
    pub async fn plan(&self, sql: &str) -> String {
        let (explain, prefer) = if self.is_postgres() {
            ("EXPLAIN", "SET enable_seqscan = off")
        } else {
            ("EXPLAIN QUERY PLAN", "SELECT 1")
        };
        let mut conn = self.app().db.read().await.expect("a connection");
        let preferred = sqlx::query(prefer).execute(&mut *conn).await;
        preferred.expect("a setting");
        let plan = sqlx::query(AssertSqlSafe(format!("{explain} {sql}")));
        let rows = plan.fetch_all(&mut *conn).await.expect("a plan");
        // What the step says is the last column of SQLite's answer, and the only one of PostgreSQL's.
        let steps = rows.iter().map(|row| row.get::<String, _>(row.len() - 1));
        steps.collect::<Vec<_>>().join("\n")
    }

    async fn has_due_reminders(&self) -> bool {
        let mut conn = self.app().db.read().await.expect("a connection");
        let first_ms = attacks::reminders::first_due(&mut conn).await;
        let now_ms = self.now_ms();
        first_ms
            .expect("a time")
            .is_some_and(|at_ms| at_ms <= now_ms)
    }

    fn peers(&self) -> Vec<Outbox> {
        self.peers.lock().expect("no panic").clone()
    }

    /// Waits until sending has stopped because the token was refused.
    pub async fn halted(&self) {
        self.changes_until(async || self.app().outbox.is_halted())
            .await;
    }

    /// Waits until the token is accepted again.
    pub async fn accepted(&self) {
        self.app().outbox.token_is_accepted().await;
    }

    /// Waits until every deadline that has passed has its verdict, sent or not.
    pub async fn verdicts_made(&self) {
        self.changes_until(async || {
            let mut conn = self.app().db.read().await.expect("a connection");
            let counted = attacks::count_running(&mut conn, self.now_ms()).await;
            counted.expect("a count").1 == 0
        })
        .await;
    }

    /// This test means to leave something unsent.
    pub fn leaves_unsent(&mut self) {
        self.expects_unsent = true;
    }
}

/// By the marks that reminders begin with.
pub fn is_reminder(message: &Message) -> bool {
    let embeds = message.embeds.iter();
    let mut lines = embeds.filter_map(|embed| embed.description.as_deref());
    let marked = |text: &str| text.starts_with('⏰') || text.starts_with('⏳');
    marked(&message.content) || lines.any(marked)
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let process = self.process.take();
        if let Some(Process { runtime, workers }) = process {
            let held = workers.app().outbox.held();
            runtime.shutdown_background();
            if self.expects_unsent || std::thread::panicking() {
                return;
            }
            assert!(
                held == 0,
                "{held} messages were left unsent at the end of the test"
            );
        }
    }
}

pub struct AttackBuilder<'a> {
    app: &'a TestApp,
    user: UserId,
    guild: GuildId,
    channel: ChannelId,
    task: String,
    limit_ms: i64,
}

static ORIGIN: AtomicI64 = AtomicI64::new(1);

impl AttackBuilder<'_> {
    pub fn by(mut self, user: UserId) -> Self {
        self.user = user;
        self
    }

    pub fn in_channel(mut self, channel: ChannelId) -> Self {
        self.channel = channel;
        self
    }

    pub fn task(mut self, task: &str) -> Self {
        self.task = task.into();
        self
    }

    pub fn lasting(mut self, limit_ms: i64) -> Self {
        self.limit_ms = limit_ms;
        self
    }

    pub fn request(&self) -> Start {
        Start {
            actor: Actor {
                guild: self.guild,
                user: self.user,
                clicked_ms: self.app.now_ms(),
            },
            channel: self.channel,
            member_name: "jamong".into(),
            task: self.task.clone(),
            limit: format!("{}s", self.limit_ms / 1_000),
            guild_language: Language::Korean,
            language: Language::Korean,
            origin: Some(ORIGIN.fetch_add(1, Ordering::Relaxed)),
        }
    }

    pub async fn tried(self) -> Result<TimeAttack, Error> {
        let request = self.request();
        let inside = self
            .app
            .inside(async move |app| attacks::start(&app, request).await);
        inside.await
    }

    pub async fn started(self) -> TimeAttack {
        self.tried().await.expect("it starts")
    }
}
