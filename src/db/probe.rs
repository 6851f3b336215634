//! Whether something can be stored. A database that only answers questions may stand on a disk that
//! became read-only, or be a standby: that shows when something is written, and not before. Most
//! transactions of an idle program change no row, so that they succeed says nothing either.
//!
//! What the last attempt came to is remembered, so whoever asks costs nothing. The watch
//! (`alerts::watch`) sees to it that there is an attempt every few seconds.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::Executor as _;

use super::{Db, generated, is_postgres};
use crate::error::{Error, Result};

/// What the attempts to store something came to.
#[derive(Default)]
pub(super) struct Storing {
    has_failed: AtomicBool,
    is_probing: AtomicBool,
}

impl Storing {
    /// A transaction could not be begun or committed.
    pub(super) fn failed(&self) {
        self.has_failed.store(true, Ordering::Relaxed);
    }
}

impl Db {
    /// Whether something could be stored when that was last tried.
    pub fn is_storing(&self) -> bool {
        !self.storing.has_failed.load(Ordering::Relaxed)
    }

    /// Stores something of no meaning, and remembers whether that succeeded within `patience`. An attempt
    /// that takes longer has failed and goes on; until it ends there is no other, so a database that hangs
    /// is asked once.
    ///
    /// # Errors
    ///
    /// [`Error::Away`] if it was not stored in time.
    pub async fn try_to_store(&self, patience: Duration) -> Result<()> {
        if self.storing.is_probing.swap(true, Ordering::Relaxed) {
            self.storing.failed();
            return Err(Error::Away(anyhow::anyhow!("a test write has not ended")));
        }
        let db = self.clone();
        let attempt = tokio::spawn(async move {
            let stored = db.store_a_count().await;
            let has_failed = stored.is_err();
            db.storing.has_failed.store(has_failed, Ordering::Relaxed);
            db.storing.is_probing.store(false, Ordering::Relaxed);
            stored
        });
        let Ok(ended) = tokio::time::timeout(patience, attempt).await else {
            self.storing.failed();
            let seconds = patience.as_secs();
            return Err(Error::Away(anyhow::anyhow!("no answer within {seconds} s")));
        };
        ended.map_err(anyhow::Error::new)?
    }

    async fn store_a_count(&self) -> Result<()> {
        self.write((), move |tx, ()| {
            Box::pin(async move {
                // A row that no other process has in hand: one that stands still keeps its own from
                // everybody until it goes on, and our writer must not wait for it. There are more rows
                // than processes; should all be taken, whoever has them can store something.
                let skip = if is_postgres(tx) {
                    " FOR UPDATE SKIP LOCKED"
                } else {
                    ""
                };
                // Another number each time: SQLite writes nothing where nothing changes.
                let count = format!(
                    "UPDATE write_probes SET count = count + 1 \
                     WHERE id = (SELECT id FROM write_probes ORDER BY id LIMIT 1{skip})"
                );
                tx.execute(generated(count)).await?;
                Ok(())
            })
        })
        .await
    }
}
