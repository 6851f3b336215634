//! The one writer of a process: takes whatever jobs wait and commits them as one transaction.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool, Executor as _};
use tokio::sync::{mpsc, oneshot};

use super::away::is_away;
use super::log::{self, Alarm, Checkpoints};
use super::target::Begin;
use super::{BoxFuture, Tx, is_postgres};
use crate::error::{Error, Result};

/// Jobs committed together at most: enough to share an fsync among all that came meanwhile, few
/// enough that the first of them does not wait long for the last.
const GROUP_SIZE: usize = 256;
/// How long a job that nobody waits for waits for another.
const PATIENCE: Duration = Duration::from_millis(5);

/// When nobody has wanted to write for this long, there is time for the log.
const IDLE: Duration = Duration::from_secs(1);

/// What SQLite needs beside the writer.
pub(super) struct Upkeep {
    /// Of one connection, for copying the log.
    pub(super) pool: AnyPool,
    /// The database's file.
    pub(super) database: PathBuf,
    /// Hears how long the log is.
    pub(super) alarm: Arc<Alarm>,
}

/// Whether somebody waits for a job's effects to be on the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    Durable,
    Relaxed,
}

/// One job of the writer, its types erased.
pub(super) trait Job: Send {
    /// Runs inside the open transaction.
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, Ran>;
    /// A job that panicked does so again: it is not run a second time.
    fn has_panicked(&self) -> bool;
    fn urgency(&self) -> Urgency;
    /// The transaction ended; tells whoever waits.
    fn answer(self: Box<Self>, committed: std::result::Result<(), Failure>);
}

/// How a job left its transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ran {
    Succeeded,
    Failed,
    /// Perhaps in the midst of a statement: the state of the connection is unknown.
    Panicked,
}

/// Why nothing of a group was committed.
#[derive(Clone)]
pub(super) enum Failure {
    /// No transaction could be begun; the next attempt would only wait for as long.
    NotBegun(String),
    /// One of the jobs failed.
    Job,
    /// The commit failed. It is certain that nothing was changed if the database said so itself; if
    /// the connection was lost meanwhile, it may have been.
    NotCommitted { why: String, is_certain: bool },
}

impl Failure {
    fn is_not_begun(&self) -> bool {
        matches!(self, Self::NotBegun(_))
    }

    /// Whether nothing was changed for certain.
    fn is_certain(&self) -> bool {
        !matches!(
            self,
            Self::NotCommitted {
                is_certain: false,
                ..
            }
        )
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotBegun(why) => {
                Self::Away(anyhow::anyhow!("no transaction could be begun: {why}"))
            }
            Failure::Job => Self::Internal(anyhow::anyhow!("the job did not run")),
            Failure::NotCommitted { why, is_certain } => {
                let error = anyhow::anyhow!("the transaction did not commit: {why}");
                if is_certain {
                    Self::Away(error)
                } else {
                    Self::Internal(error)
                }
            }
        }
    }
}

struct TypedJob<D, T, J> {
    data: D,
    job: J,
    urgency: Urgency,
    has_panicked: bool,
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
        has_panicked: false,
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
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, Ran> {
        // Made before the block: the future must not hold `self` as shared and exclusive at once.
        let Self {
            data,
            job,
            has_panicked,
            outcome,
            ..
        } = self;
        Box::pin(async move {
            // Caught, or one job's fault would end the writer, and with it the program's every write.
            let work = AssertUnwindSafe(async move { job(tx, data).await });
            let (ran, result) = match work.catch_unwind().await {
                Ok(result @ Ok(_)) => (Ran::Succeeded, result),
                Ok(result @ Err(_)) => (Ran::Failed, result),
                Err(panic) => {
                    *has_panicked = true;
                    // Only a constant: one that was put together may quote what people wrote.
                    let what = panic.downcast_ref::<&str>().copied().unwrap_or_default();
                    let error = anyhow::anyhow!("a job of the database's writer panicked: {what}");
                    (Ran::Panicked, Err(Error::Internal(error)))
                }
            };
            *outcome = Some(result);
            ran
        })
    }

    fn has_panicked(&self) -> bool {
        self.has_panicked
    }

    fn urgency(&self) -> Urgency {
        self.urgency
    }

    fn answer(self: Box<Self>, committed: std::result::Result<(), Failure>) {
        let result = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) | (Err(_), Some(outcome @ Err(_))) => outcome,
            (Err(failure), _) => Err(failure.into()),
            (Ok(()), None) => Err(Failure::Job.into()),
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
    upkeep: Option<Upkeep>,
) {
    let (beside, mut to_lay_out) = upkeep
        .map(|upkeep| ((upkeep.pool, upkeep.alarm), upkeep.database))
        .unzip();
    let mut checkpoints = Checkpoints::start(beside);
    let mut group = Vec::with_capacity(GROUP_SIZE);
    while next_group(&mut jobs, &mut group, &mut to_lay_out).await {
        checkpoints.begin_anew_if_long(&pool).await;
        checkpoints.count_commit();
        match write_group(&pool, &mut group, begin).await {
            Err(failure) if group.len() > 1 && !failure.is_not_begun() => {
                write_each(&pool, group.drain(..), begin, &failure).await;
            }
            outcome => group.drain(..).for_each(|job| job.answer(outcome.clone())),
        }
    }
    pool.close().await;
}

/// One of a group failed, or its commit did. Alone, each succeeds or fails for itself.
async fn write_each(
    pool: &AnyPool,
    jobs: impl Iterator<Item = Box<dyn Job>>,
    begin: Begin,
    together: &Failure,
) {
    let mut given_up = None;
    for job in jobs {
        let mut alone = [job];
        let outcome = match &given_up {
            Some(failure) => Err(Failure::clone(failure)),
            None if alone[0].has_panicked() => Err(Failure::Job),
            None => write_group(pool, &mut alone, begin).await,
        };
        let [job] = alone;
        match outcome {
            Err(failure) if failure.is_not_begun() => {
                // This one has waited for the database; it helps nobody that the others do, too.
                // What was committed in spite of all is not to be called unchanged.
                let failure = if together.is_certain() {
                    failure
                } else {
                    together.clone()
                };
                job.answer(Err(failure.clone()));
                given_up = Some(failure);
            }
            outcome => job.answer(outcome),
        }
    }
}

/// Takes what waits; what nobody waits for alone waits for company. `false`: there will be no more.
async fn next_group(
    jobs: &mut mpsc::Receiver<Box<dyn Job>>,
    group: &mut Vec<Box<dyn Job>>,
    to_lay_out: &mut Option<PathBuf>,
) -> bool {
    let first = jobs.recv_many(group, GROUP_SIZE);
    let received = match to_lay_out {
        None => first.await,
        Some(database) => match tokio::time::timeout(IDLE, first).await {
            Ok(received) => received,
            Err(_) => {
                log::lay_out(std::mem::take(database)).await;
                *to_lay_out = None;
                jobs.recv_many(group, GROUP_SIZE).await
            }
        },
    };
    if received == 0 {
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
) -> std::result::Result<(), Failure> {
    let begin = if all_relaxed(group) {
        begin.relaxed
    } else {
        begin.durable
    };
    let begun = begin_on(pool, begin).await;
    let mut conn = begun.map_err(|error| Failure::NotBegun(error.to_string()))?;
    let mut ran = Ran::Succeeded;
    for job in &mut *group {
        ran = job.run(&mut conn).await;
        if ran != Ran::Succeeded {
            break;
        }
    }
    let outcome = match ran {
        Ran::Succeeded => commit(&mut conn).await,
        Ran::Failed | Ran::Panicked => Err(Failure::Job),
    };
    if outcome.is_err() {
        tracing::debug!(jobs = group.len(), "a group of writes is rolled back");
        if ran == Ran::Panicked || conn.execute("ROLLBACK").await.is_err() {
            // The state of this connection is unknown; the pool opens another. Closing it rolls back.
            drop(conn.detach());
        }
    }
    outcome
}

/// A connection with an open transaction.
async fn begin_on(pool: &AnyPool, begin: &'static str) -> sqlx::Result<PoolConnection<Any>> {
    let mut conn = pool.acquire().await?;
    let Err(error) = conn.execute(begin).await else {
        return Ok(conn);
    };
    let is_postgres = is_postgres(&conn);
    drop(conn.detach());
    if !is_postgres {
        return Err(error);
    }
    // The server may have been started again since this connection was last used, which shows only
    // now: that the old one is gone is no news to anybody, if there can be a new one.
    let mut conn = pool.acquire().await?;
    match conn.execute(begin).await {
        Ok(_) => Ok(conn),
        Err(error) => {
            drop(conn.detach());
            Err(error)
        }
    }
}

async fn commit(conn: &mut Tx) -> std::result::Result<(), Failure> {
    let Err(error) = conn.execute("COMMIT").await else {
        return Ok(());
    };
    let is_certain = matches!(error, sqlx::Error::Database(_)) && is_away(&error);
    let why = error.to_string();
    Err(Failure::NotCommitted { why, is_certain })
}

fn all_relaxed(group: &[Box<dyn Job>]) -> bool {
    group.iter().all(|job| job.urgency() == Urgency::Relaxed)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use sqlx::any::AnyPoolOptions;

    use super::*;

    /// How long the writer of this test waits for a connection.
    const SOON: Duration = Duration::from_millis(50);
    const BEGIN: Begin = Begin {
        durable: "BEGIN IMMEDIATE",
        relaxed: "BEGIN IMMEDIATE",
    };

    fn counting(runs: &Arc<AtomicU32>) -> (Box<dyn Job>, oneshot::Receiver<Result<()>>) {
        job(
            Arc::clone(runs),
            |_, runs| {
                runs.fetch_add(1, Ordering::Relaxed);
                Box::pin(std::future::ready(Ok(())))
            },
            Urgency::Durable,
        )
    }

    #[tokio::test]
    async fn a_database_that_is_away_is_waited_for_once_and_not_by_each() {
        sqlx::any::install_default_drivers();
        let pool = AnyPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(SOON)
            .connect("sqlite::memory:")
            .await
            .unwrap();
        // The only connection is taken: the database might as well be away.
        let taken = pool.acquire().await.unwrap();
        let runs = Arc::new(AtomicU32::new(0));
        let (sender, jobs) = mpsc::channel(3);
        let mut answers = Vec::new();
        for _ in 0..3 {
            let (job, answer) = counting(&runs);
            sender.send(job).await.unwrap();
            answers.push(answer);
        }
        let writer = tokio::spawn(write_jobs(pool.clone(), jobs, BEGIN, None));
        let mut answers = answers.into_iter();
        let first = answers.next().unwrap().await.unwrap();
        // It is back as soon as the first knows: were the others tried again, they would run.
        drop(taken);
        assert!(matches!(first, Err(Error::Away(_))), "{first:?}");
        for answer in answers {
            let answer = answer.await.unwrap();
            assert!(matches!(answer, Err(Error::Away(_))), "{answer:?}");
        }
        assert_eq!(runs.load(Ordering::Relaxed), 0);

        let (job, answer) = counting(&runs);
        sender.send(job).await.unwrap();
        answer.await.unwrap().unwrap();
        drop(sender);
        writer.await.unwrap();
    }
}
