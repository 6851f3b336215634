//! The database: SQLite by default, PostgreSQL when several processes share the work.
//!
//! Promises:
//! - One SQL text serves both (`sqlx::Any`, placeholders `$1`); where they differ, [`is_postgres`]
//!   says so.
//! - **Every write goes through [`Db::write`]**: one writer per process takes whatever jobs wait
//!   and commits them as one transaction (group commit). One durable commit then serves all who
//!   wait, instead of each waiting for its own fsync.
//! - A job's effects are durable when `write` returns (`synchronous=FULL` on SQLite); only what
//!   says so itself goes without, by [`Db::write_relaxed`].
//! - A job that fails, or panics, takes nothing with it: the group is rolled back and each of its
//!   jobs is run again alone. So a job may run twice; it must keep its state in the database.
//! - While the database is away, whoever asks something of it is told so ([`Error::Away`]), and
//!   that nothing was changed. When it is back all goes on, without a restart.
//!
//! Reads go to a pool of their own and never wait for the writer (WAL).

mod away;
mod disk;
mod log;
mod target;
mod writer;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Context as _;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, AssertSqlSafe, Connection as _};
use tokio::sync::mpsc;

use crate::error::{Error, Result};
pub use away::{TELL_AGAIN_MS, again_ms};
pub use disk::Disk;
use target::{CONNECT_TIMEOUT, FileLock, Target, sqlite_url};
use writer::{Job, Upkeep, Urgency};

/// Jobs that may wait for the writer before callers wait to hand theirs in.
const WAITING_JOBS: usize = 4_096;
/// SQLite readers; more do not help on a machine of a few cores.
const READERS: u32 = 4;
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
    log_alarm: Arc<log::Alarm>,
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
        let log_alarm = Arc::<log::Alarm>::default();
        let upkeep = match &target {
            Target::Sqlite { path } => Some(Upkeep {
                pool: target.pool(1, false).await?,
                database: path.clone(),
                alarm: Arc::clone(&log_alarm),
            }),
            Target::Postgres { .. } => None,
        };
        let begin = target.begin();
        tokio::spawn(writer::write_jobs(writers, jobs, begin, upkeep));
        Ok(Self {
            readers,
            writer,
            file_lock: file_lock.map(Arc::new),
            log_alarm,
        })
    }

    /// A connection to read from.
    pub async fn read(&self) -> Result<PoolConnection<Any>> {
        Ok(self.readers.acquire().await?)
    }

    /// Whether it answers.
    pub async fn is_reachable(&self) -> bool {
        match self.readers.acquire().await {
            Ok(mut conn) => conn.ping().await.is_ok(),
            Err(_) => false,
        }
    }

    /// Whether no other process can share this database (SQLite, locked by this process).
    pub fn is_exclusive(&self) -> bool {
        self.file_lock.is_some()
    }

    /// The disk with SQLite's file; `None` on PostgreSQL, and where the system does not tell.
    pub async fn disk(&self) -> Option<Disk> {
        let lock = Arc::clone(self.file_lock.as_ref()?);
        let looked = tokio::task::spawn_blocking(move || Disk::of(&lock.database));
        looked.await.ok()?.ok()
    }

    /// The length of SQLite's log in megabytes while it is too long. One that nobody keeps from being
    /// begun anew never is; it is as it was at the last of the copies that are made under load.
    pub fn overlong_log_megabytes(&self) -> Option<i64> {
        self.log_alarm.megabytes()
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
        self.submit(data, job, Urgency::Durable).await
    }

    /// As [`Db::write`], for what nobody waits for and a repeat would mend: it rides with the next
    /// job that somebody does wait for, or goes alone after a few milliseconds without an fsync of
    /// its own. It outlives the process, but a power cut in the next moments may undo it.
    pub async fn write_relaxed<D, T, J>(&self, data: D, job: J) -> Result<T>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        J: for<'t> Fn(&'t mut Tx, &'t D) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        self.submit(data, job, Urgency::Relaxed).await
    }

    async fn submit<D, T, J>(&self, data: D, job: J, urgency: Urgency) -> Result<T>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        J: for<'t> Fn(&'t mut Tx, &'t D) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        let (job, answered) = writer::job(data, job, urgency);
        let closed = || anyhow::anyhow!("the database's writer has stopped");
        let sent = self.writer.send(job).await;
        sent.map_err(|_| Error::Away(closed()))?;
        // Whether this one was still done cannot be told.
        answered.await.map_err(|_| Error::Internal(closed()))?
    }

    /// Closes the readers; the writer ends when the last handle is dropped.
    pub async fn close(self) {
        self.readers.close().await;
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let is_away = away::is_away(&error);
        let error = anyhow::Error::new(error).context("the database");
        if is_away {
            Self::Away(error)
        } else {
            Self::Internal(error)
        }
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
