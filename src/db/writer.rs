//! The one writer of a process: takes whatever jobs wait and commits them as one transaction.

use std::time::Duration;

use sqlx::{AnyPool, Executor as _};
use tokio::sync::{mpsc, oneshot};

use super::log::Checkpoints;
use super::target::Begin;
use super::{BoxFuture, Tx};
use crate::error::{Error, Result};

/// Jobs committed together at most: enough to share an fsync among all that came meanwhile, few
/// enough that the first of them does not wait long for the last.
const GROUP_SIZE: usize = 256;
/// How long a job that nobody waits for waits for another.
const PATIENCE: Duration = Duration::from_millis(5);

/// Whether somebody waits for a job's effects to be on the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    Durable,
    Relaxed,
}

/// One job of the writer, its types erased.
pub(super) trait Job: Send {
    /// Runs inside the open transaction; `false` if it failed.
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool>;
    fn urgency(&self) -> Urgency;
    /// The transaction ended; tells whoever waits.
    fn answer(self: Box<Self>, committed: std::result::Result<(), String>);
}

struct TypedJob<D, T, J> {
    data: D,
    job: J,
    urgency: Urgency,
    outcome: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

/// A job, and where its outcome arrives.
pub(super) fn job<D, T, J>(
    data: D,
    job: J,
    urgency: Urgency,
) -> (Box<dyn Job>, oneshot::Receiver<Result<T>>)
where
    D: Send + Sync + 'static,
    T: Send + 'static,
    J: for<'t> Fn(&'t mut Tx, &'t D) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
{
    let (answer, answered) = oneshot::channel();
    let job = TypedJob {
        data,
        job,
        urgency,
        outcome: None,
        answer,
    };
    (Box::new(job), answered)
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

    fn urgency(&self) -> Urgency {
        self.urgency
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
/// Does the jobs until the last [`super::Db`] is dropped.
pub(super) async fn write_jobs(
    pool: AnyPool,
    mut jobs: mpsc::Receiver<Box<dyn Job>>,
    begin: Begin,
    upkeep: Option<AnyPool>,
) {
    let mut checkpoints = Checkpoints::start(upkeep);
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

/// Takes what waits; what nobody waits for alone waits for company. `false`: there will be no more.
async fn next_group(
    jobs: &mut mpsc::Receiver<Box<dyn Job>>,
    group: &mut Vec<Box<dyn Job>>,
) -> bool {
    if jobs.recv_many(group, GROUP_SIZE).await == 0 {
        return false;
    }
    let company = async {
        while group.len() < GROUP_SIZE && all_relaxed(group) {
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
    begin: Begin,
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
    begin: Begin,
) -> std::result::Result<(), String> {
    let begin = if all_relaxed(group) {
        begin.relaxed
    } else {
        begin.durable
    };
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

fn all_relaxed(group: &[Box<dyn Job>]) -> bool {
    group.iter().all(|job| job.urgency() == Urgency::Relaxed)
}
