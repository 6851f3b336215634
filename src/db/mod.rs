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
//! - What is large is written in pieces ([`Db::write_piece`]), which make way for all other jobs, and
//!   of which each is short: nobody waits for more than one of them. None begins while a verdict is due
//!   within milliseconds ([`Soon`]), unless that would keep it waiting for long.
//! - A job that fails, or panics, takes nothing with it: the group is rolled back and each of its
//!   jobs is run again alone. So a job may run twice; it must keep its state in the database. Nor does a
//!   panic of the writer itself, or of the copying of the log, end them (`writer`, `log`).
//! - While the database is away, whoever asks something of it is told so ([`Error::Away`]), and
//!   that nothing was changed. When it is back all goes on, without a restart. Whether anything can
//!   be stored is tried now and then (`probe`).
//! - SQLite's files and copies are for their owner alone (`private`): there are addresses in them.
//! - No second process uses the same SQLite file, by whatever name it finds it (`lock`).
//! - After [`Db::close`] SQLite's file is whole without the log beside it (`log`).
//!
//! Reads go to a pool of their own and never wait for the writer (WAL).

mod away;
mod disk;
mod list;
mod lock;
mod log;
mod private;
mod probe;
mod soon;
mod target;
mod tx;
mod weight;
mod writer;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Connection as _};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
pub use away::{TELL_AGAIN_MS, again_ms};
pub use disk::Disk;
pub use list::{List, placeholders, typed_placeholders};
use probe::Storing;
pub use soon::Soon;
use target::{CONNECT_TIMEOUT, Target, sqlite_url};
pub use tx::Tx;
use weight::Scales;
pub use weight::Weight;
use writer::{Job, Queues, Upkeep, Urgency};

/// Jobs that may wait for the writer before callers wait to hand theirs in.
const WAITING_JOBS: usize = 4_096;
/// Pieces of large works that may wait; each work has one at a time, and there are few works.
const WAITING_PIECES: usize = 64;
/// Rows that a piece of a large work changes at most: some milliseconds on SQLite, where each row
/// changes a page of every index, and a verdict that comes in the midst of it waits for its end.
pub const PIECE_ROWS: i64 = 250;
/// Statements of a piece at most. On PostgreSQL each is a way to the server and back.
pub const PIECE_STATEMENTS: u64 = 32;
/// SQLite readers; more do not help on a machine of a few cores.
const READERS: u32 = 4;
/// How long [`Db::close`] waits for those who still read: longer than any read of a member's takes, and
/// a small part of the time in which the program must end.
const LAST_READS: Duration = Duration::from_secs(1);
/// A database older than this program is brought up to date by these.
static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// A boxed future, as the jobs of [`Db::write`] return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A handle to the database; clones share it.
#[derive(Clone)]
pub struct Db {
    readers: AnyPool,
    writer: mpsc::Sender<Box<dyn Job>>,
    pieces: mpsc::Sender<Box<dyn Job>>,
    scales: Arc<Scales>,
    soon: Soon,
    /// SQLite's file, which is locked.
    file: Option<Arc<Path>>,
    log_alarm: Arc<log::Alarm>,
    storing: Arc<Storing>,
    /// Cancelled to close it.
    closing: CancellationToken,
    /// Cancelled once it is closed.
    closed: CancellationToken,
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
        let (pieces, waiting_pieces) = mpsc::channel(WAITING_PIECES);
        let queues = Queues {
            jobs,
            pieces: waiting_pieces,
        };
        let scales = Arc::<Scales>::default();
        let log_alarm = Arc::<log::Alarm>::default();
        let upkeep = match &target {
            Target::Sqlite { path } => Some(Upkeep {
                pool: target.pool(1, false).await?,
                database: path.clone(),
                alarm: Arc::clone(&log_alarm),
            }),
            Target::Postgres { .. } => None,
        };
        let file = match target {
            Target::Sqlite { ref path } => Some(Arc::from(path.as_path())),
            Target::Postgres { .. } => None,
        };
        let db = Self {
            readers: readers.clone(),
            writer,
            pieces,
            scales,
            soon: Soon::default(),
            file,
            log_alarm,
            storing: Arc::default(),
            closing: CancellationToken::new(),
            closed: CancellationToken::new(),
        };
        let has_log = upkeep.is_some();
        let begin = target.begin();
        let watching = writer::Watching {
            storing: Arc::clone(&db.storing),
            scales: Arc::clone(&db.scales),
            soon: db.soon.clone(),
        };
        let closing = db.closing.clone();
        let closed = db.closed.clone().drop_guard();
        tokio::spawn(async move {
            writer::write_jobs(&writers, queues, begin, watching, upkeep, closing).await;
            if tokio::time::timeout(LAST_READS, readers.close())
                .await
                .is_err()
            {
                tracing::warn!("the database was closed while it was still being read");
            }
            // The last connection: what it copies out of the log no other adds to.
            if has_log {
                log::empty(&writers).await;
            }
            writers.close().await;
            drop(file_lock);
            drop(closed);
        });
        Ok(db)
    }

    /// A connection to read from.
    pub async fn read(&self) -> Result<Tx> {
        Ok(Tx::pooled(self.readers.acquire().await?))
    }

    /// The same for a page of a large work: once nothing is about to be written that it would take the
    /// processors from ([`Db::soon`]), or after a tenth of a second.
    pub async fn read_page(&self) -> Result<Tx> {
        self.soon.is_over_or_long().await;
        self.read().await
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
        self.file.is_some()
    }

    /// The disk with SQLite's file; `None` on PostgreSQL, and where the system does not tell.
    pub async fn disk(&self) -> Option<Disk> {
        let file = Arc::clone(self.file.as_ref()?);
        let looked = tokio::task::spawn_blocking(move || Disk::of(&file));
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

    /// As [`Db::write_relaxed`], for a piece of a large work: it runs in a transaction of its own, when
    /// nothing that somebody waits for wants to be written or is about to ([`Db::soon`]), or when it has
    /// let so many of those pass that it would never end. What it does is bounded by [`PIECE_ROWS`] and
    /// [`PIECE_STATEMENTS`].
    pub async fn write_piece<D, T, J>(&self, data: D, job: J) -> Result<T>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        J: for<'t> Fn(&'t mut Tx, &'t D) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        self.submit(data, job, Urgency::Piece).await
    }

    /// Where it is said that something is about to be written which a piece must not delay.
    pub fn soon(&self) -> &Soon {
        &self.soon
    }

    /// How much each transaction asked of the database that was committed since the last call; they are
    /// weighed from the first call on. For tests.
    pub fn weighed(&self) -> Vec<Weight> {
        self.scales.take()
    }

    async fn submit<D, T, J>(&self, data: D, job: J, urgency: Urgency) -> Result<T>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        J: for<'t> Fn(&'t mut Tx, &'t D) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        let (job, answered) = writer::job(data, job, urgency);
        let closed = || anyhow::anyhow!("the database's writer has stopped");
        let queue = match urgency {
            Urgency::Durable | Urgency::Relaxed => &self.writer,
            Urgency::Piece => &self.pieces,
        };
        let sent = queue.send(job).await;
        sent.map_err(|_| Error::Away(closed()))?;
        // Whether this one was still done cannot be told.
        answered.await.map_err(|_| Error::Internal(closed()))?
    }

    /// Takes no more writes, stores those that wait, and closes every connection; on SQLite it copies
    /// the log into the file before. Without it all that happens when the last handle is dropped, if
    /// the process lives for so long.
    pub async fn close(self) {
        self.closing.cancel();
        self.closed.cancelled().await;
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
pub fn is_postgres(conn: &AnyConnection) -> bool {
    conn.backend_name() == "PostgreSQL"
}

/// Opens a database as it is, without making or changing anything.
pub async fn look(url: &str) -> Result<Tx> {
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
    let connected = connected.await.context("it does not answer")?;
    Ok(Tx::own(connected?))
}

/// An error that names the database, if another process of ours uses it and it takes one alone.
pub fn refuse_if_used(url: &str) -> Result<()> {
    Target::parse(url)?.lock_file().map(drop)
}

/// The newest migration that was applied, or `None` if there are no tables yet.
pub async fn schema_version(conn: &mut AnyConnection) -> Result<Option<i64>> {
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

/// Tables whose ids the program makes.
const IDENTIFIED: [&str; 17] = [
    "time_attacks",
    "outbox",
    "consents",
    "consent_notices",
    "announcements",
    "corrections",
    "subscribers",
    "mail_consents",
    "templates",
    "campaigns",
    "campaign_occurrences",
    "occurrences",
    "deliveries",
    "works",
    "subscriber_imports",
    "subscriber_import_rows",
    "outbox_files",
];
/// Tables with ids of another kind: those of the one or the few rows that a migration makes.
#[cfg(test)]
const NUMBERED: [&str; 2] = ["presence", "write_probes"];

/// The greatest id that the program has made; 0 if there is none.
pub async fn newest_id(conn: &mut Tx) -> Result<i64> {
    let newest = IDENTIFIED.map(|table| format!("SELECT MAX(id) AS id FROM {table}"));
    let sql = format!(
        "SELECT MAX(id) FROM ({}) AS newest",
        newest.join(" UNION ALL ")
    );
    let newest: Option<i64> = sqlx::query_scalar(generated(sql)).fetch_one(conn).await?;
    Ok(newest.unwrap_or(0))
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
    let mut source = AnyConnection::connect(&sqlite_url(path, "ro"))
        .await
        .with_context(|| format!("opening {}", path.display()))?;
    // SQLite writes into an empty file, too, and would make one that everybody can read.
    let file = private::make(destination)
        .with_context(|| format!("making {}; name a new file", destination.display()))?;
    // VACUUM INTO reads one snapshot, so writers go on meanwhile.
    let written = sqlx::query("VACUUM INTO $1")
        .bind(destination.display().to_string())
        .execute(&mut source)
        .await;
    if let Err(error) = written {
        // Half a copy is none.
        let _ = std::fs::remove_file(destination);
        let error = anyhow::Error::new(error).context(format!("writing {}", destination.display()));
        return Err(error.into());
    }
    file.sync_all()
        .with_context(|| format!("syncing {}", destination.display()))?;
    Ok(source.close().await?)
}

/// SQL put together by the program from constant parts, never from what a person wrote.
pub fn generated(sql: String) -> AssertSqlSafe<String> {
    AssertSqlSafe(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_table_whose_ids_the_program_makes_is_looked_at_for_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let db = Db::open(&url).await.unwrap();
        let mut conn = db.read().await.unwrap();
        let with_ids = sqlx::query_scalar::<_, String>(
            "SELECT tables.name FROM sqlite_master AS tables \
             JOIN pragma_table_info(tables.name) AS columns \
             WHERE tables.type = 'table' AND columns.name = 'id' ORDER BY tables.name",
        );
        let with_ids = with_ids.fetch_all(&mut *conn).await.unwrap();
        let mut known = [&IDENTIFIED[..], &NUMBERED].concat();
        known.sort_unstable();
        assert_eq!(with_ids, known);
    }
}
