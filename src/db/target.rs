//! Which database, how it is reached and how its connections are set.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, Connection as _, Executor as _};

use super::lock::FileLock;
use crate::error::{Error, Result};

/// A database that does not answer for this long is away.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The oldest SQLite without the bug that can corrupt a WAL.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// Where the data is.
pub(super) enum Target {
    Sqlite { path: PathBuf },
    Postgres { url: String },
}

impl Target {
    pub(super) fn parse(url: &str) -> Result<Self> {
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

    /// Keeps other processes off SQLite's file; PostgreSQL is made for several.
    pub(super) fn lock_file(&self) -> Result<Option<FileLock>> {
        match self {
            Self::Sqlite { path } => FileLock::take(path).map(Some),
            Self::Postgres { .. } => Ok(None),
        }
    }

    /// Connects once by itself: a pool tries until its time is up, and then only says that.
    pub(super) async fn reach(&self) -> Result<()> {
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
    pub(super) async fn pool(&self, size: u32, test: bool) -> Result<AnyPool> {
        let (url, on_connect): (_, &[&str]) = match self {
            Self::Sqlite { path } => (sqlite_url(path, "rwc"), &[SQLITE_PRAGMAS, SQLITE_PATIENCE]),
            Self::Postgres { url } => (url.clone(), &[POSTGRES_SETTINGS]),
        };
        let options: AnyConnectOptions = url.parse().context("DATABASE_URL")?;
        let pool = AnyPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(CONNECT_TIMEOUT)
            .test_before_acquire(test)
            .after_connect(move |conn, _| {
                Box::pin(async move {
                    for settings in on_connect {
                        conn.execute(*settings).await?;
                    }
                    Ok(())
                })
            })
            .connect_with(options)
            .await
            .context("opening the database")?;
        Ok(pool)
    }

    pub(super) async fn check_version(&self, pool: &AnyPool) -> Result<()> {
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

    /// How a group of jobs begins.
    pub(super) fn begin(&self) -> Begin {
        match self {
            Self::Sqlite { .. } => Begin {
                durable: "PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
                relaxed: "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
            },
            Self::Postgres { .. } => Begin {
                durable: "BEGIN",
                relaxed: "BEGIN; SET LOCAL synchronous_commit = off",
            },
        }
    }
}

/// The statements that begin a transaction whose commit waits for the disk, and one whose does not.
///
/// On SQLite the write lock is taken at once: a transaction that reads first and then finds somebody
/// else writing cannot be continued (“database is locked”).
#[derive(Clone, Copy)]
pub(super) struct Begin {
    pub(super) durable: &'static str,
    pub(super) relaxed: &'static str,
}

/// FULL: an acknowledged deadline survives a power cut. The log is cut back to 64 MB after use, and
/// copied into the database by [`super::log`], not by whichever commit finds it long.
const SQLITE_PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864; \
     PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY";
/// How long a connection waits for a lock that another holds: longer than any transaction of ours
/// takes, and shorter than a lease.
pub(super) const SQLITE_PATIENCE: &str = "PRAGMA busy_timeout = 5000";
/// A statement that waits for a lock held by a hung process gives up before its lease does.
const POSTGRES_SETTINGS: &str = "SET lock_timeout = '10s'";

pub(super) fn sqlite_url(path: &Path, mode: &str) -> String {
    format!("sqlite://{}?mode={mode}", path.display())
}
