//! The upkeep of SQLite's write-ahead log.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use sqlx::{AnyPool, Executor as _};
use tokio::sync::Notify;

/// Transactions after which the log is copied into the database: some twenty megabytes of it. Each
/// copy ends in an fsync that commits of the same moment wait for.
const CHECKPOINT_EVERY: u32 = 1_000;
/// Pages of a log that is begun anew (32 MB). Under unbroken load copying alone never lets it end:
/// there is always something behind what was copied.
const LONG_LOG_PAGES: i64 = 8_192;

/// Copies SQLite's log into the database beside the writer. Done by a commit, as SQLite does by
/// itself, it makes whoever waits for that commit wait for a second fsync of much more.
pub(super) struct Checkpoints {
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
    pub(super) fn start(pool: Option<AnyPool>) -> Self {
        let shared = Arc::new(CheckpointsShared::default());
        if let Some(pool) = pool {
            tokio::spawn(checkpoint_forever(pool, Arc::downgrade(&shared)));
        }
        Self { since: 0, shared }
    }

    pub(super) fn count_commit(&mut self) {
        self.since += 1;
        if self.since >= CHECKPOINT_EVERY {
            self.since = 0;
            self.shared.due.notify_one();
        }
    }

    /// Only little is left to copy, as the other side has just done most of it.
    pub(super) async fn begin_anew_if_long(&self, pool: &AnyPool) {
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
