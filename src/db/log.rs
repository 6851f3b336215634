//! The upkeep of SQLite's write-ahead log.
//!
//! Each commit appends to the log and waits until it is on the disk. That takes twice as long while
//! the file grows, as the file system then has its own books to write, so the log is laid out in
//! advance; and copying the log back into the database happens beside the writer. At an orderly end
//! nothing is left in it ([`empty`]): whoever then copies the database's file alone has everything.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Weak};

use futures_util::FutureExt as _;
use sqlx::{AnyPool, Executor as _};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::target::SQLITE_PATIENCE;

/// Transactions after which the log is copied into the database: some twenty megabytes of it. Each
/// copy ends in an fsync that commits of the same moment wait for.
const CHECKPOINT_EVERY: u32 = 1_000;
/// A log of this length is begun anew (16 MB). Under unbroken load copying alone never lets it end:
/// there is always something behind what was copied.
const LONG_LOG_BYTES: i64 = 16 << 20;
/// What is laid out in advance: a log of this length when one more copy falls due.
const LAID_OUT_BYTES: u64 = 48 << 20;
/// A piece of what is laid out.
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];
/// A log longer than this is too long (64 MB): twice what it should ever be, and it has not filled a
/// disk yet.
const ALARM_LOG_BYTES: i64 = 64 << 20;
/// How long the writer waits for those who read from a log that it is about to begin anew: enough
/// for reads that are about to end, as there is always one under load, and too little to be noticed
/// by whoever waits for a write. A reader that goes on for longer (a backup) would stop all writes
/// for as long as the usual patience lasts, again after every copy.
const RESTART_PATIENCE: &str = "PRAGMA busy_timeout = 20";

/// How long the end waits for those who read from the log.
const LAST_PATIENCE: &str = "PRAGMA busy_timeout = 1000";

/// Writes zeros behind the log of `database` until it has its usual length. SQLite takes them for the
/// rest of an older log, as it leaves one itself. Nobody may write to the database until it returns,
/// which is soon when the database is `closing`.
pub(super) async fn lay_out(database: PathBuf, closing: CancellationToken) {
    let laid_out = tokio::task::spawn_blocking(move || write_zeros(&database, &closing));
    match laid_out.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database's log could not be allocated; commits are slower \
             until it has grown");
        }
        Err(error) => tracing::warn!(%error, "allocating the database's log did not end"),
    }
}

fn write_zeros(database: &Path, closing: &CancellationToken) -> std::io::Result<()> {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    // Opening and closing it ends no lock of SQLite's: those are on its other two files.
    let mut log = match std::fs::OpenOptions::new().write(true).open(log) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let mut length = log.seek(SeekFrom::End(0))?;
    while length < LAID_OUT_BYTES {
        if closing.is_cancelled() {
            // For a log that is about to go.
            return Ok(());
        }
        log.write_all(&ZEROS)?;
        length += ZEROS.len() as u64;
    }
    log.sync_all()
}

/// Copies SQLite's log into the database beside the writer. Done by a commit, as SQLite does by
/// itself, it makes whoever waits for that commit wait for a second fsync of much more.
pub(super) struct Checkpoints {
    since: u32,
    shared: Arc<CheckpointsShared>,
    beside: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct CheckpointsShared {
    due: Notify,
    /// The log was copied but is long: the writer, whom nobody can then overtake, begins it anew.
    is_long: AtomicBool,
}

impl Checkpoints {
    pub(super) fn start(beside: Option<(AnyPool, Arc<Alarm>)>) -> Self {
        let shared = Arc::new(CheckpointsShared::default());
        let beside = beside.map(|(pool, alarm)| {
            tokio::spawn(checkpoint_forever(pool, alarm, Arc::downgrade(&shared)))
        });
        Self {
            since: 0,
            shared,
            beside,
        }
    }

    /// Returns when the other side has closed its connection.
    pub(super) async fn end(mut self) {
        let beside = self.beside.take();
        drop(self);
        if let Some(beside) = beside {
            // A panic in there was logged when it happened.
            let _ = beside.await;
        }
    }

    /// So much was written as so many usual commits write.
    pub(super) fn count_commits(&mut self, commits: u32) {
        self.since += commits;
        if self.since >= CHECKPOINT_EVERY {
            self.since = 0;
            self.shared.due.notify_one();
        }
    }

    /// Only little is left to copy, as the other side has just done most of it.
    pub(super) async fn begin_anew_if_long(&self, pool: &AnyPool) {
        if self.shared.is_long.swap(false, Ordering::Relaxed)
            && let Err(error) = begin_anew(pool).await
        {
            tracing::warn!(%error, "the database's log could not be reset; trying again soon");
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        // Wakes the other side, which then finds nobody left.
        self.shared.due.notify_one();
    }
}

/// Begins the log anew; if somebody goes on reading from it, the next copy will ask for it again.
async fn begin_anew(writer: &AnyPool) -> sqlx::Result<()> {
    let mut conn = writer.acquire().await?;
    conn.execute(RESTART_PATIENCE).await?;
    let begun = conn.execute("PRAGMA wal_checkpoint(RESTART)").await;
    if let Err(error) = conn.execute(SQLITE_PATIENCE).await {
        // The writer must not go on without its patience; the pool opens another connection.
        drop(conn.detach());
        return Err(error);
    }
    begun.map(drop)
}

/// Copies all of the log into the database and cuts it to nothing. Nobody writes any more; if somebody
/// reads on, what they read from stays, and it is said.
pub(super) async fn empty(writer: &AnyPool) {
    let why = match try_empty(writer).await {
        Ok(true) => return,
        Ok(false) => "something is still reading it".to_owned(),
        Err(error) => error.to_string(),
    };
    tracing::warn!(
        why,
        "the database's log could not be emptied: until the next start, copy the file that ends in \
         -wal together with the database"
    );
}

async fn try_empty(writer: &AnyPool) -> sqlx::Result<bool> {
    let mut conn = writer.acquire().await?;
    conn.execute(LAST_PATIENCE).await?;
    let (busy, _, _) = sqlx::query_as::<_, (i64, i64, i64)>("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(&mut *conn)
        .await?;
    Ok(busy == 0)
}

async fn checkpoint_forever(pool: AnyPool, alarm: Arc<Alarm>, shared: Weak<CheckpointsShared>) {
    while let Some(shared) = shared.upgrade() {
        shared.due.notified().await;
        if Arc::strong_count(&shared) == 1 {
            break;
        }
        // No panic ends it: a log that nobody copies grows until the disk is full.
        let Ok(copied) = AssertUnwindSafe(copy(&pool)).catch_unwind().await else {
            // What it was, and where, was logged as it happened.
            tracing::error!("copying the log into the database panicked; tried again soon");
            continue;
        };
        match copied {
            Ok(Some(bytes)) => {
                let is_long = bytes >= LONG_LOG_BYTES;
                shared.is_long.store(is_long, Ordering::Relaxed);
                alarm.hear(bytes);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "the log could not be copied into the database; trying again soon");
            }
        }
    }
    pool.close().await;
}

/// Copies what no reader needs and waits for nobody. Returns the log's length, unless the writer is
/// just beginning it anew.
async fn copy(pool: &AnyPool) -> sqlx::Result<Option<i64>> {
    let mut conn = pool.acquire().await?;
    let copied = sqlx::query_as::<_, (i64, i64, i64)>("PRAGMA wal_checkpoint(PASSIVE)")
        .fetch_one(&mut *conn)
        .await;
    let (_, pages, _) = match copied {
        Ok(copied) => copied,
        Err(error) => {
            // One that was opened while the disk was read-only stays so for ever; the pool opens
            // another.
            drop(conn.detach());
            return Err(error);
        }
    };
    let page_bytes: i64 = sqlx::query_scalar("PRAGMA page_size")
        .fetch_one(&mut *conn)
        .await?;
    Ok((pages >= 0).then_some(pages * page_bytes))
}

/// Knows whether the log is too long.
#[derive(Default)]
pub(super) struct Alarm {
    /// 0 while it is not.
    megabytes: AtomicI64,
}

impl Alarm {
    /// The log's length while it is too long.
    pub(super) fn megabytes(&self) -> Option<i64> {
        let megabytes = self.megabytes.load(Ordering::Relaxed);
        (megabytes > 0).then_some(megabytes)
    }

    fn hear(&self, bytes: i64) {
        // Not off at the length at which it goes on, or it would go on and off about there.
        let is_on = self.megabytes().is_some() && bytes >= LONG_LOG_BYTES;
        let is_too_long = is_on || bytes > ALARM_LOG_BYTES;
        let megabytes = if is_too_long { bytes >> 20 } else { 0 };
        self.megabytes.store(megabytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sqlx::any::AnyPoolOptions;
    use sqlx::{AnyConnection, Connection as _};

    use super::*;

    /// Less than the usual patience, and enough for a machine that is busy with other tests.
    const SOON: Duration = Duration::from_secs(3);

    #[tokio::test]
    async fn a_log_that_was_laid_out_is_read_like_any_other() {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let url = super::super::sqlite_url(&path, "rwc");
        let mut conn = AnyConnection::connect(&url).await.unwrap();
        let tables = "PRAGMA journal_mode = WAL; CREATE TABLE rows (id BIGINT)";
        conn.execute(tables).await.unwrap();
        conn.execute("INSERT INTO rows VALUES (1)").await.unwrap();
        let log = folder.path().join("test.db-wal");
        let length = || std::fs::metadata(&log).unwrap().len();
        let closing = CancellationToken::new();
        lay_out(path.clone(), closing.clone()).await;
        let laid_out = length();
        assert!(laid_out >= LAID_OUT_BYTES, "{laid_out} bytes");
        conn.execute("INSERT INTO rows VALUES (2)").await.unwrap();
        assert_eq!(length(), laid_out, "the file did not grow");
        closing.cancel();
        std::fs::File::create(path.with_extension("new-wal")).unwrap();
        lay_out(path.with_extension("new"), closing).await;
        let new = std::fs::metadata(path.with_extension("new-wal")).unwrap();
        assert_eq!(new.len(), 0, "nothing is laid out for one that is closing");

        // As after a power cut: another process finds the files as they are.
        let copied = folder.path().join("copy.db");
        std::fs::copy(&path, &copied).unwrap();
        std::fs::copy(&log, folder.path().join("copy.db-wal")).unwrap();
        let url = super::super::sqlite_url(&copied, "rwc");
        let mut after = AnyConnection::connect(&url).await.unwrap();
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM rows")
            .fetch_one(&mut after)
            .await
            .unwrap();
        assert_eq!(rows, 2);
        let sound: String = sqlx::query_scalar("PRAGMA integrity_check")
            .fetch_one(&mut after)
            .await
            .unwrap();
        assert_eq!(sound, "ok");
    }

    #[tokio::test]
    async fn a_reader_that_does_not_end_stops_no_writes() {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().unwrap();
        let url = super::super::sqlite_url(&folder.path().join("test.db"), "rwc");
        let pool = AnyPoolOptions::new().max_connections(1);
        let pool = pool.connect(&url).await.unwrap();
        let wal = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; \
             CREATE TABLE rows (id BIGINT); INSERT INTO rows VALUES (1)";
        pool.execute(wal).await.unwrap();
        let mut reader = AnyConnection::connect(&url).await.unwrap();
        reader.execute("BEGIN; SELECT * FROM rows").await.unwrap();
        pool.execute("INSERT INTO rows VALUES (2)").await.unwrap();

        let checkpoints = Checkpoints::start(None);
        checkpoints.shared.is_long.store(true, Ordering::Relaxed);
        let begun = tokio::time::timeout(SOON, checkpoints.begin_anew_if_long(&pool));
        begun.await.expect("it does not wait for the reader");
        let patience: i64 = sqlx::query_scalar("PRAGMA busy_timeout")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(SQLITE_PATIENCE, format!("PRAGMA busy_timeout = {patience}"));

        reader.execute("ROLLBACK").await.unwrap();
        let before = copy(&pool).await.unwrap().unwrap();
        assert!(before > 0 && before % 4_096 == 0, "{before} bytes");
        begin_anew(&pool).await.unwrap();
        pool.execute("INSERT INTO rows VALUES (3)").await.unwrap();
        let after = copy(&pool).await.unwrap().unwrap();
        assert!(after < before, "{after} of {before} bytes");
    }

    #[test]
    fn a_log_is_too_long_until_it_is_of_its_usual_length_again() {
        let alarm = Alarm::default();
        for (length, too_long) in [
            (1, None),
            (64, None),
            (65, Some(65)),
            (64, Some(64)),
            (16, Some(16)),
            (15, None),
            (64, None),
            (66, Some(66)),
        ] {
            alarm.hear(length << 20);
            assert_eq!(alarm.megabytes(), too_long);
        }
    }
}
