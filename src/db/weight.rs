//! How much a transaction asks of the database: what a budget for large work is measured by. Counted,
//! not timed, so that a busy machine changes nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::AnyConnection;

use super::is_postgres;

/// What was between two commits of the writer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// Jobs that shared it.
    pub jobs: usize,
    /// Statements.
    pub statements: u64,
    /// Rows inserted, updated and deleted, also by foreign keys.
    pub rows: i64,
}

/// Weighs transactions while somebody wants to know: it costs two statements more for each.
#[derive(Default)]
pub(super) struct Scales {
    /// `None`: nobody asks.
    weighed: Mutex<Option<Vec<Weight>>>,
}

impl Scales {
    fn lock(&self) -> MutexGuard<'_, Option<Vec<Weight>>> {
        self.weighed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was committed since the last call. From the first one on transactions are weighed.
    pub(super) fn take(&self) -> Vec<Weight> {
        self.lock().replace(Vec::new()).unwrap_or_default()
    }

    /// The rows that this connection has changed in its life, if somebody wants to know.
    pub(super) async fn changed(&self, conn: &mut AnyConnection) -> sqlx::Result<Option<i64>> {
        if self.lock().is_none() {
            return Ok(None);
        }
        let sql = if is_postgres(conn) {
            // Those of transactions before this one are among them until the server has collected
            // them, which it does between two transactions: a difference within one is exact.
            "SELECT CAST(COALESCE(SUM(n_tup_ins + n_tup_upd + n_tup_del), 0) AS BIGINT) \
             FROM pg_stat_xact_user_tables"
        } else {
            "SELECT total_changes()"
        };
        sqlx::query_scalar(sql).fetch_one(conn).await.map(Some)
    }

    /// A transaction of this weight was committed.
    pub(super) fn add(&self, weight: Weight) {
        if let Some(weighed) = &mut *self.lock() {
            weighed.push(weight);
        }
    }
}
