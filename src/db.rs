//! The database: SQLite by default, PostgreSQL when several processes share the work.
//!
//! Promises:
//! - One SQL text serves both (`sqlx::Any`, placeholders `$1`); where they differ, [`is_postgres`]
//!   says so.
//! - **Every write goes through [`Db::write`]**: one writer per process takes whatever jobs wait
//!   and commits them as one transaction (group commit). One durable commit then serves all who
//!   wait, instead of each waiting for its own fsync.
//! - A job's effects are durable when `write` returns (`synchronous=FULL` on SQLite).
//! - A job that fails takes nothing with it: the group is rolled back and each of its jobs is run
//!   again alone. So a job may run twice; it must keep its state in the database.
//!
//! Reads go to a pool of their own and never wait for the writer (WAL).

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Context as _;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, AssertSqlSafe, Connection as _, Executor as _};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::error::{Error, Result};

/// Jobs committed together at most: enough to share an fsync among all that came meanwhile, few
/// enough that the first of them does not wait long for the last.
const GROUP_SIZE: usize = 256;
/// Jobs that may wait for the writer before callers wait to hand theirs in.
const WAITING_JOBS: usize = 4_096;
/// A database that does not answer for this long is away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// SQLite readers; more do not help on a machine of a few cores.
const READERS: u32 = 4;
/// How long a job that nobody waits for waits for another.
const PATIENCE: Duration = Duration::from_millis(5);
/// Transactions after which the log is copied into the database: some twenty megabytes of it. Each
/// copy ends in an fsync that commits of the same moment wait for.
const CHECKPOINT_EVERY: u32 = 1_000;
/// Pages of a log that is begun anew (32 MB). Under unbroken load copying alone never lets it end:
/// there is always something behind what was copied.
const LONG_LOG_PAGES: i64 = 8_192;
/// The oldest SQLite without the bug that can corrupt a WAL.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);
/// A database older than this program is brought up to date by these.
static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// An open transaction or connection: what every store's functions take.
pub type Tx = AnyConnection;
/// A boxed future, as the jobs of [`Db::write`] return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A handle to the database; clones share it.
#[derive(Clone)]
pub struct Db {
    readers: AnyPool,
    writer: mpsc::Sender<Box<dyn Job>>,
    file_lock: Option<Arc<FileLock>>,
}

/// The lock that keeps a second process off SQLite's file; it ends with the last handle.
struct FileLock {
    _file: std::fs::File,
}

impl Db {
    /// Opens the database, creating a missing SQLite file, and brings its tables up to date.
    ///
    /// `url` is `sqlite://PATH` or `postgres://…`.
    pub async fn open(url: &str) -> Result<Self> {
        sqlx::any::install_default_drivers();
        let target = Target::parse(url)?;
        let file_lock = target.lock_file()?;
        target.reach().await?;
        let writers = target.pool(1, false).await?;
        target.check_version(&writers).await?;
        MIGRATIONS
            .run(&writers)
            .await
            .context("bringing the database's tables up to date")?;
        let readers = target.pool(READERS, true).await?;
        let (writer, jobs) = mpsc::channel(WAITING_JOBS);
        let checkpoints = match &target {
            Target::Sqlite { .. } => Some(target.pool(1, false).await?),
            Target::Postgres { .. } => None,
        };
        tokio::spawn(write_jobs(writers, jobs, target.begin(), checkpoints));
        Ok(Self {
            readers,
            writer,
            file_lock: file_lock.map(Arc::new),
        })
    }

    /// A connection to read from.
    pub async fn read(&self) -> Result<PoolConnection<Any>> {
        Ok(self.readers.acquire().await?)
    }

    /// Whether no other process can share this database (SQLite, locked by this process).
    pub fn is_exclusive(&self) -> bool {
        self.file_lock.is_some()
    }

    /// Runs `job` on `data` inside a transaction and returns when it is durable.
    ///
    /// The job may be run again after a failure in its group, so its only effects are the
    /// database's. A refusal that wrote nothing is best returned inside `T`: an `Err` costs its
    /// whole group a second run.
    pub async fn write<D, T, J>(&self, data: D, job: J) -> Result<T>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        J: for<'t> Fn(&'t mut Tx, &'t D) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        self.submit(data, job, false).await
    }

    /// As [`Db::write`], for what nobody waits for: it rides with the next job that somebody does,
    /// or goes alone after a few milliseconds, so that it does not cost them a commit.
    pub async fn write_patiently<D, T, J>(&self, data: D, job: J) -> Result<T>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        J: for<'t> Fn(&'t mut Tx, &'t D) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        self.submit(data, job, true).await
    }

    async fn submit<D, T, J>(&self, data: D, job: J, is_patient: bool) -> Result<T>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        J: for<'t> Fn(&'t mut Tx, &'t D) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = TypedJob {
            data,
            job,
            is_patient,
            outcome: None,
            answer,
        };
        let closed = || Error::Internal(anyhow::anyhow!("the database's writer has stopped"));
        self.writer
            .send(Box::new(job))
            .await
            .map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }

    /// Closes the readers; the writer ends when the last handle is dropped.
    pub async fn close(self) {
        self.readers.close().await;
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Internal(anyhow::Error::new(error).context("the database"))
    }
}

/// Whether this connection speaks to PostgreSQL, where one SQL text cannot serve both.
pub fn is_postgres(tx: &Tx) -> bool {
    tx.backend_name() == "PostgreSQL"
}

/// Opens a database as it is, without making or changing anything.
pub async fn look(url: &str) -> Result<AnyConnection> {
    sqlx::any::install_default_drivers();
    let url = match Target::parse(url)? {
        Target::Sqlite { path } if path.exists() => sqlite_url(&path, "ro"),
        // One that will be made at the first start; whether it can be, shows its folder.
        Target::Sqlite { path } => {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let made = folder.map(std::fs::create_dir_all).transpose();
            made.with_context(|| format!("making the folder of {}", path.display()))?;
            "sqlite::memory:".to_owned()
        }
        Target::Postgres { url } => url,
    };
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, AnyConnection::connect(&url));
    Ok(connected.await.context("it does not answer")??)
}

/// The newest migration that was applied, or `None` if there are no tables yet.
pub async fn schema_version(conn: &mut Tx) -> Result<Option<i64>> {
    let tables = if is_postgres(conn) {
        "SELECT COUNT(*) FROM information_schema.tables \
         WHERE table_name = '_sqlx_migrations' AND table_schema = current_schema()"
    } else {
        "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'"
    };
    let tables: i64 = sqlx::query_scalar(tables).fetch_one(&mut *conn).await?;
    if tables == 0 {
        return Ok(None);
    }
    let newest = sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations");
    Ok(newest.fetch_one(conn).await?)
}

/// Copies the SQLite database behind `url` to `destination`; the program that owns it may run.
pub async fn backup(url: &str, destination: &Path) -> Result<()> {
    sqlx::any::install_default_drivers();
    match Target::parse(url)? {
        Target::Sqlite { path } if path.exists() => backup_file(&path, destination).await,
        Target::Sqlite { path } => Err(Error::Internal(anyhow::anyhow!(
            "there is no database at {}",
            path.display()
        ))),
        Target::Postgres { .. } => Err(Error::Internal(anyhow::anyhow!(
            "backup copies SQLite databases; for PostgreSQL use pg_dump"
        ))),
    }
}

async fn backup_file(path: &Path, destination: &Path) -> Result<()> {
    if destination.exists() {
        return Err(Error::Internal(anyhow::anyhow!(
            "{} exists already; name a new file",
            destination.display()
        )));
    }
    let mut source = AnyConnection::connect(&sqlite_url(path, "ro"))
        .await
        .with_context(|| format!("opening {}", path.display()))?;
    // VACUUM INTO reads one snapshot, so writers go on meanwhile.
    sqlx::query("VACUUM INTO $1")
        .bind(destination.display().to_string())
        .execute(&mut source)
        .await
        .with_context(|| format!("writing {}", destination.display()))?;
    std::fs::File::open(destination)
        .and_then(|file| file.sync_all())
        .with_context(|| format!("syncing {}", destination.display()))?;
    Ok(source.close().await?)
}

enum Target {
    Sqlite { path: PathBuf },
    Postgres { url: String },
}

impl Target {
    fn parse(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let path = path.split_once('?').map_or(path, |(path, _)| path);
            return Ok(Self::Sqlite { path: path.into() });
        }
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            return Ok(Self::Postgres { url: url.into() });
        }
        Err(Error::Internal(anyhow::anyhow!(
            "DATABASE_URL must begin with sqlite:// or postgres://"
        )))
    }

    /// Makes the directory and takes the lock. Two processes on one SQLite file would both think
    /// themselves alone, and take each other's leases for those of the dead.
    fn lock_file(&self) -> Result<Option<FileLock>> {
        let Self::Sqlite { path } = self else {
            return Ok(None);
        };
        if let Some(directory) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            std::fs::create_dir_all(directory)
                .with_context(|| format!("making the directory {}", directory.display()))?;
        }
        let lock_path = path.with_extension("lock");
        let lock = std::fs::File::create(&lock_path)
            .with_context(|| format!("opening {}", lock_path.display()))?;
        lock.try_lock().map_err(|_| {
            anyhow::anyhow!(
                "{} is in use by another timeattack; stop it first, or use PostgreSQL to run several",
                path.display()
            )
        })?;
        Ok(Some(FileLock { _file: lock }))
    }

    /// Connects once by itself: a pool tries until its time is up, and then only says that.
    async fn reach(&self) -> Result<()> {
        let Self::Postgres { url } = self else {
            return Ok(());
        };
        let connected = tokio::time::timeout(CONNECT_TIMEOUT, AnyConnection::connect(url));
        let connection = connected
            .await
            .context("PostgreSQL does not answer")?
            .context("connecting to PostgreSQL")?;
        Ok(connection.close().await?)
    }

    /// `test`: ask each connection whether it still lives before it is used. The writer does not
    /// (it would cost every transaction a round trip); it replaces its connection after an error.
    async fn pool(&self, size: u32, test: bool) -> Result<AnyPool> {
        let (url, on_connect) = match self {
            Self::Sqlite { path } => (sqlite_url(path, "rwc"), SQLITE_PRAGMAS),
            Self::Postgres { url } => (url.clone(), POSTGRES_SETTINGS),
        };
        let options: AnyConnectOptions = url.parse().context("DATABASE_URL")?;
        let pool = AnyPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(CONNECT_TIMEOUT)
            .test_before_acquire(test)
            .after_connect(move |conn, _| {
                Box::pin(async move {
                    conn.execute(on_connect).await?;
                    Ok(())
                })
            })
            .connect_with(options)
            .await
            .context("opening the database")?;
        Ok(pool)
    }

    async fn check_version(&self, pool: &AnyPool) -> Result<()> {
        if matches!(self, Self::Postgres { .. }) {
            return Ok(());
        }
        let version: String = sqlx::query_scalar("SELECT sqlite_version()")
            .fetch_one(pool)
            .await?;
        let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
        let mut part = || parts.next().unwrap_or(0);
        if (part(), part(), part()) < OLDEST_SQLITE {
            return Err(Error::Internal(anyhow::anyhow!(
                "SQLite {version} can corrupt its log; 3.51.3 or newer is needed"
            )));
        }
        Ok(())
    }

    /// On SQLite the write lock is taken at once: a transaction that reads first and then finds
    /// somebody else writing cannot be continued (“database is locked”).
    fn begin(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "BEGIN IMMEDIATE",
            Self::Postgres { .. } => "BEGIN",
        }
    }
}

/// FULL: an acknowledged deadline survives a power cut. The log is cut back to 64 MB after use, and
/// copied into the database by [`Checkpoints`], not by whichever commit finds it long.
const SQLITE_PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA wal_autocheckpoint = 0; PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864; \
     PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY";
/// A statement that waits for a lock held by a hung process gives up before its lease does.
const POSTGRES_SETTINGS: &str = "SET lock_timeout = '10s'";

fn sqlite_url(path: &Path, mode: &str) -> String {
    format!("sqlite://{}?mode={mode}", path.display())
}

/// One job of the writer, its types erased.
trait Job: Send {
    /// Runs inside the open transaction; `false` if it failed.
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool>;
    /// Whether it may wait for another to share a commit with.
    fn is_patient(&self) -> bool;
    /// The transaction ended; tells whoever waits.
    fn answer(self: Box<Self>, committed: std::result::Result<(), String>);
}

struct TypedJob<D, T, J> {
    data: D,
    job: J,
    is_patient: bool,
    outcome: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

impl<D, T, J> Job for TypedJob<D, T, J>
where
    D: Send + Sync + 'static,
    T: Send + 'static,
    J: for<'t> Fn(&'t mut Tx, &'t D) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
{
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool> {
        // Made before the block: the future must not hold `self` as shared and exclusive at once.
        let Self {
            data, job, outcome, ..
        } = self;
        Box::pin(async move {
            let result = job(tx, data).await;
            let succeeded = result.is_ok();
            *outcome = Some(result);
            succeeded
        })
    }

    fn is_patient(&self) -> bool {
        self.is_patient
    }

    fn answer(self: Box<Self>, committed: std::result::Result<(), String>) {
        let result = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) | (Err(_), Some(outcome @ Err(_))) => outcome,
            (Err(reason), _) => Err(Error::Internal(anyhow::anyhow!(
                "the transaction did not commit: {reason}"
            ))),
            (Ok(()), None) => Err(Error::Internal(anyhow::anyhow!("the job did not run"))),
        };
        // Whoever asked may be gone; the work is done all the same.
        let _ = self.answer.send(result);
    }
}

/// Copies SQLite's log into the database beside the writer. Done by a commit, as SQLite does by
/// itself, it makes whoever waits for that commit wait for a second fsync of much more.
struct Checkpoints {
    since: u32,
    shared: Arc<CheckpointsShared>,
}

#[derive(Default)]
struct CheckpointsShared {
    due: Notify,
    /// The log was copied but is long: the writer, whom nobody can then overtake, begins it anew.
    is_long: AtomicBool,
}

impl Checkpoints {
    fn start(pool: Option<AnyPool>) -> Self {
        let shared = Arc::new(CheckpointsShared::default());
        if let Some(pool) = pool {
            tokio::spawn(checkpoint_forever(pool, Arc::downgrade(&shared)));
        }
        Self { since: 0, shared }
    }

    fn count_commit(&mut self) {
        self.since += 1;
        if self.since >= CHECKPOINT_EVERY {
            self.since = 0;
            self.shared.due.notify_one();
        }
    }

    /// Only little is left to copy, as the other side has just done most of it.
    async fn begin_anew_if_long(&self, pool: &AnyPool) {
        if self.shared.is_long.swap(false, Ordering::Relaxed)
            && let Err(error) = pool.execute("PRAGMA wal_checkpoint(RESTART)").await
        {
            tracing::warn!(%error, "the log could not be begun anew; tried again soon");
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        // Wakes the other side, which then finds nobody left.
        self.shared.due.notify_one();
    }
}

async fn checkpoint_forever(pool: AnyPool, shared: Weak<CheckpointsShared>) {
    while let Some(shared) = shared.upgrade() {
        shared.due.notified().await;
        if Arc::strong_count(&shared) == 1 {
            break;
        }
        // PASSIVE: copies what no reader needs, and waits for nobody.
        let copied = sqlx::query_as::<_, (i64, i64, i64)>("PRAGMA wal_checkpoint(PASSIVE)");
        match copied.fetch_one(&pool).await {
            Ok((_, pages, _)) => {
                shared
                    .is_long
                    .store(pages >= LONG_LOG_PAGES, Ordering::Relaxed);
            }
            Err(error) => {
                tracing::warn!(%error, "the log could not be copied into the database; tried again soon");
            }
        }
    }
    pool.close().await;
}

async fn write_jobs(
    pool: AnyPool,
    mut jobs: mpsc::Receiver<Box<dyn Job>>,
    begin: &'static str,
    checkpoints: Option<AnyPool>,
) {
    let mut checkpoints = Checkpoints::start(checkpoints);
    let mut group = Vec::with_capacity(GROUP_SIZE);
    while next_group(&mut jobs, &mut group).await {
        checkpoints.begin_anew_if_long(&pool).await;
        checkpoints.count_commit();
        let outcome = write_group(&pool, &mut group, begin).await;
        if outcome.is_ok() || group.len() == 1 {
            group.drain(..).for_each(|job| job.answer(outcome.clone()));
            continue;
        }
        // One of them failed, or the connection did. Alone, each succeeds or fails for itself.
        for job in group.drain(..) {
            let mut alone = vec![job];
            let outcome = write_group(&pool, &mut alone, begin).await;
            alone.drain(..).for_each(|job| job.answer(outcome.clone()));
        }
    }
    pool.close().await;
}

/// Takes what waits; what is patient alone waits for company. `false`: there will be no more.
async fn next_group(
    jobs: &mut mpsc::Receiver<Box<dyn Job>>,
    group: &mut Vec<Box<dyn Job>>,
) -> bool {
    if jobs.recv_many(group, GROUP_SIZE).await == 0 {
        return false;
    }
    let company = async {
        while group.len() < GROUP_SIZE && group.iter().all(|job| job.is_patient()) {
            let room = GROUP_SIZE - group.len();
            if jobs.recv_many(group, room).await == 0 {
                return;
            }
        }
    };
    // Its end is as good as company: nothing that was received is lost by giving up the wait.
    let _ = tokio::time::timeout(PATIENCE, company).await;
    true
}

/// Runs all of `group` in one transaction. `Err`: nothing was committed.
async fn write_group(
    pool: &AnyPool,
    group: &mut [Box<dyn Job>],
    begin: &'static str,
) -> std::result::Result<(), String> {
    let mut conn = pool.acquire().await.map_err(|error| error.to_string())?;
    let outcome = run_group(&mut conn, group, begin).await;
    if let Err(reason) = &outcome {
        tracing::debug!(
            reason,
            jobs = group.len(),
            "a group of writes was rolled back"
        );
        if conn.execute("ROLLBACK").await.is_err() {
            // The state of this connection is unknown; the pool opens another.
            drop(conn.detach());
        }
    }
    outcome
}

async fn run_group(
    conn: &mut Tx,
    group: &mut [Box<dyn Job>],
    begin: &'static str,
) -> std::result::Result<(), String> {
    conn.execute(begin)
        .await
        .map_err(|error| error.to_string())?;
    for job in group {
        if !job.run(conn).await {
            return Err("a job failed".into());
        }
    }
    conn.execute("COMMIT")
        .await
        .map_err(|error| error.to_string())?;
    Ok(())
}

/// `($1, $2), ($3, $4)…` for inserting `rows` rows of `columns` columns in one statement.
pub fn placeholders(rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 6);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=columns {
            if column > 1 {
                text.push_str(", ");
            }
            text.push('$');
            text.push_str(&(row * columns + column).to_string());
        }
        text.push(')');
    }
    text
}

/// `$first, $first+1, …` for an `IN (…)` list of `count` values.
pub fn list(first: usize, count: usize) -> String {
    let names: Vec<String> = (first..first + count).map(|n| format!("${n}")).collect();
    names.join(", ")
}

/// SQL put together by the program from constant parts, never from what a person wrote.
pub fn generated(sql: String) -> AssertSqlSafe<String> {
    AssertSqlSafe(sql)
}
