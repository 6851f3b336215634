//! The one writer of a process: takes whatever jobs wait and commits them as one transaction.

use std::future::Pending;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::OptionFuture;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool, Executor as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Timeout;
use tokio_util::sync::CancellationToken;

use super::away::is_away;
use super::log::{self, Alarm, Checkpoints};
use super::probe::Storing;
use super::soon::{MOST_WAITED, Soon};
use super::target::Begin;
use super::weight::{Scales, Weight};
use super::{BoxFuture, Tx, is_postgres};
use crate::error::{Error, Result};

/// Jobs committed together at most: enough to share an fsync among all that came meanwhile, few
/// enough that the first of them does not wait long for the last.
const GROUP_SIZE: usize = 256;
/// How long a job that nobody waits for waits for another.
const PATIENCE: Duration = Duration::from_millis(5);

/// Groups that a piece of a large work lets pass at most, unless something is about to be written: under
/// unbroken load one transaction in so many is a piece, so that the work comes to its end and is hardly
/// noticed.
const MOST_PASSED: u32 = 4;
/// A piece of a large work writes as much of SQLite's log as so many other commits.
const COMMITS_OF_A_PIECE: u32 = 20;

/// When nobody has wanted to write for this long, there is time for the log.
const IDLE: Duration = Duration::from_secs(1);

/// The wait after the writer itself panicked: what panics at once, again and again, must not take a core.
const AFTER_A_PANIC: Duration = Duration::from_millis(100);

/// What SQLite needs beside the writer.
pub(super) struct Upkeep {
    /// Of one connection, for copying the log.
    pub(super) pool: AnyPool,
    /// The database's file.
    pub(super) database: PathBuf,
    /// Hears how long the log is.
    pub(super) alarm: Arc<Alarm>,
}

/// Who is told how the writing goes.
#[derive(Default)]
pub(super) struct Watching {
    /// Hears that something could not be stored.
    pub(super) storing: Arc<Storing>,
    /// Weighs transactions, if somebody asked for it.
    pub(super) scales: Arc<Scales>,
    /// Says whether something is about to be written.
    pub(super) soon: Soon,
}

/// Whether somebody waits for a job's effects to be on the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    Durable,
    Relaxed,
    /// A piece of a large work: alone in its transaction, and after all others.
    Piece,
}

/// What waits for the writer.
pub(super) struct Queues {
    pub(super) jobs: mpsc::Receiver<Box<dyn Job>>,
    pub(super) pieces: mpsc::Receiver<Box<dyn Job>>,
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
                    let error = anyhow::anyhow!("a job of the database writer panicked: {what}");
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

/// Does the jobs until the last [`super::Db`] is dropped, or until `closing`, and then those that wait
/// already.
///
/// No panic ends it, as nothing could be stored any more. Jobs catch their own; should the writer itself
/// panic, those who wait for the group it was at are told that nobody knows what became of it, the
/// connection is closed (which rolls back), and the next group is begun.
pub(super) async fn write_jobs(
    pool: &AnyPool,
    queues: Queues,
    begin: Begin,
    watching: Watching,
    upkeep: Option<Upkeep>,
    closing: CancellationToken,
) {
    let (beside, mut to_lay_out) = upkeep
        .map(|upkeep| ((upkeep.pool, upkeep.alarm), upkeep.database))
        .unzip();
    let mut checkpoints = Checkpoints::start(beside);
    let mut waiting = Waiting {
        queues,
        held: None,
        soon: watching.soon.clone(),
        passed: 0,
        closing,
    };
    let mut group = Vec::with_capacity(GROUP_SIZE);
    loop {
        let turn = async {
            if !waiting.next_group(&mut group, &mut to_lay_out).await {
                return false;
            }
            checkpoints.begin_anew_if_long(pool).await;
            checkpoints.count_commits(commits_of(&group));
            write_and_answer(pool, &mut group, begin, &watching).await;
            true
        };
        match AssertUnwindSafe(turn).catch_unwind().await {
            Ok(true) => {}
            Ok(false) => break,
            Err(_) => {
                // What it was, and where, was logged as it happened.
                tracing::error!(
                    jobs = group.len(),
                    "the database's writer panicked; it goes on"
                );
                group.clear();
                if let Ok(conn) = pool.acquire().await {
                    drop(conn.detach());
                }
                let _ = tokio::time::timeout(AFTER_A_PANIC, std::future::pending::<()>()).await;
            }
        }
    }
    checkpoints.end().await;
}

/// Commits a group, and tells everybody of it who waits.
async fn write_and_answer(
    pool: &AnyPool,
    group: &mut Vec<Box<dyn Job>>,
    begin: Begin,
    watching: &Watching,
) {
    let outcome = write_group(pool, group, begin, &watching.scales).await;
    if let Err(Failure::NotBegun(_) | Failure::NotCommitted { .. }) = outcome {
        watching.storing.failed();
    }
    match outcome {
        Err(failure) if group.len() > 1 && !failure.is_not_begun() => {
            write_each(pool, group.drain(..), begin, &failure, &watching.scales).await;
        }
        outcome => group.drain(..).for_each(|job| job.answer(outcome.clone())),
    }
}

/// One of a group failed, or its commit did. Alone, each succeeds or fails for itself.
async fn write_each(
    pool: &AnyPool,
    jobs: impl Iterator<Item = Box<dyn Job>>,
    begin: Begin,
    together: &Failure,
    scales: &Scales,
) {
    let mut given_up = None;
    for job in jobs {
        let mut alone = [job];
        let outcome = match &given_up {
            Some(failure) => Err(Failure::clone(failure)),
            None if alone[0].has_panicked() => Err(Failure::Job),
            None => write_group(pool, &mut alone, begin, scales).await,
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

/// A piece that waits for its moment, from when it came.
struct Held {
    piece: Box<dyn Job>,
    patience: Pin<Box<Timeout<Pending<()>>>>,
}

impl Held {
    fn new(piece: Box<dyn Job>) -> Self {
        let patience = Box::pin(tokio::time::timeout(MOST_WAITED, std::future::pending()));
        Self { piece, patience }
    }

    /// Returns once nothing is about to be written, or it has waited for as long as it may.
    async fn moment(&mut self, soon: &Soon) {
        tokio::select! {
            () = soon.is_over() => {}
            _ = &mut self.patience => {}
        }
    }
}

/// The two queues, and how many groups have passed the piece that waits.
struct Waiting {
    queues: Queues,
    /// The next piece.
    held: Option<Held>,
    soon: Soon,
    passed: u32,
    closing: CancellationToken,
}

impl Waiting {
    /// Takes what waits; what nobody waits for alone waits for company. `false`: there will be no more.
    async fn next_group(
        &mut self,
        group: &mut Vec<Box<dyn Job>>,
        to_lay_out: &mut Option<PathBuf>,
    ) -> bool {
        if self.passed >= MOST_PASSED
            && let Some(piece) = self.take_piece()
        {
            self.passed = 0;
            group.push(piece);
            return true;
        }
        let received = match to_lay_out {
            None => self.first(group).await,
            Some(database) => match tokio::time::timeout(IDLE, self.first(group)).await {
                Ok(received) => received,
                Err(_) => {
                    log::lay_out(std::mem::take(database), self.closing.clone()).await;
                    *to_lay_out = None;
                    self.first(group).await
                }
            },
        };
        if received == 0 {
            return false;
        }
        if group.iter().any(|job| job.urgency() == Urgency::Piece) {
            self.passed = 0;
            return true;
        }
        self.gather(group).await;
        let is_passed = self.held.is_some() || !self.queues.pieces.is_empty();
        self.passed = if is_passed { self.passed + 1 } else { 0 };
        true
    }

    /// The piece that waits, if its moment has come.
    fn take_piece(&mut self) -> Option<Box<dyn Job>> {
        if self.held.is_none() {
            self.held = self.queues.pieces.try_recv().ok().map(Held::new);
        }
        self.held.as_mut()?.moment(&self.soon).now_or_never()?;
        self.held.take().map(|held| held.piece)
    }

    /// The first jobs, or if there are none, a piece in its moment; 0: there will be no more. Nothing is
    /// lost when this is given up.
    async fn first(&mut self, group: &mut Vec<Box<dyn Job>>) -> usize {
        let Queues { jobs, pieces } = &mut self.queues;
        loop {
            let is_held = self.held.is_some();
            let moment = OptionFuture::from(self.held.as_mut().map(|held| held.moment(&self.soon)));
            tokio::select! {
                biased;
                // Whoever comes from now on is told that it is closed. A piece that waits is dropped: its
                // work goes on at the next start.
                () = self.closing.cancelled() => {
                    jobs.close();
                    pieces.close();
                    break;
                }
                received = jobs.recv_many(group, GROUP_SIZE) => return received,
                Some(()) = moment => {
                    group.extend(self.held.take().map(|held| held.piece));
                    return group.len();
                }
                Some(piece) = pieces.recv(), if !is_held => {
                    self.held = Some(Held::new(piece));
                }
            }
        }
        self.held = None;
        jobs.recv_many(group, GROUP_SIZE).await
    }

    async fn gather(&mut self, group: &mut Vec<Box<dyn Job>>) {
        let company = async {
            while group.len() < GROUP_SIZE && all_relaxed(group) {
                let room = GROUP_SIZE - group.len();
                if self.queues.jobs.recv_many(group, room).await == 0 {
                    return;
                }
            }
        };
        // Its end is as good as company: nothing that was received is lost by giving up the wait.
        let _ = tokio::time::timeout(PATIENCE, company).await;
    }
}

/// As how many commits a group counts for the log.
fn commits_of(group: &[Box<dyn Job>]) -> u32 {
    let is_piece = group.iter().any(|job| job.urgency() == Urgency::Piece);
    if is_piece { COMMITS_OF_A_PIECE } else { 1 }
}

/// Runs all of `group` in one transaction. `Err`: nothing was committed.
async fn write_group(
    pool: &AnyPool,
    group: &mut [Box<dyn Job>],
    begin: Begin,
    scales: &Scales,
) -> std::result::Result<(), Failure> {
    let begin = if all_relaxed(group) {
        begin.relaxed
    } else {
        begin.durable
    };
    let begun = begin_on(pool, begin).await;
    let not_begun = |error: sqlx::Error| Failure::NotBegun(error.to_string());
    let mut tx = Tx::pooled(begun.map_err(not_begun)?);
    let before = scales.changed(&mut tx).await.map_err(not_begun)?;
    let mut ran = Ran::Succeeded;
    for job in &mut *group {
        ran = job.run(&mut tx).await;
        if ran != Ran::Succeeded {
            break;
        }
    }
    let outcome = match ran {
        Ran::Succeeded => commit_weighed(&mut tx, group.len(), scales, before).await,
        Ran::Failed | Ran::Panicked => Err(Failure::Job),
    };
    if outcome.is_err() {
        tracing::debug!(jobs = group.len(), "a group of writes is rolled back");
        if ran == Ran::Panicked || tx.execute("ROLLBACK").await.is_err() {
            // The state of this connection is unknown; the pool opens another. Closing it rolls back.
            drop(tx.detach());
        }
    }
    outcome
}

/// Commits what so many jobs did; `before` is what the connection had changed when the transaction
/// began, if it is weighed.
async fn commit_weighed(
    tx: &mut Tx,
    jobs: usize,
    scales: &Scales,
    before: Option<i64>,
) -> std::result::Result<(), Failure> {
    let statements = tx.statements();
    let changed = match before {
        Some(_) => scales.changed(tx).await.map_err(|_| Failure::Job)?,
        None => None,
    };
    commit(tx).await?;
    if let (Some(before), Some(changed)) = (before, changed) {
        let rows = changed - before;
        scales.add(Weight {
            jobs,
            statements,
            rows,
        });
    }
    Ok(())
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

/// Whether nobody waits for any of these to be on the disk.
fn all_relaxed(group: &[Box<dyn Job>]) -> bool {
    group.iter().all(|job| job.urgency() != Urgency::Durable)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
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
        let (_pieces, pieces) = mpsc::channel(1);
        let queues = Queues { jobs, pieces };
        let writer = tokio::spawn({
            let (pool, closing) = (pool.clone(), CancellationToken::new());
            async move { write_jobs(&pool, queues, BEGIN, Watching::default(), None, closing).await }
        });
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

    /// A writer that has not begun, and what its jobs did in their order.
    struct Idle {
        jobs: mpsc::Sender<Box<dyn Job>>,
        pieces: mpsc::Sender<Box<dyn Job>>,
        queues: Queues,
        soon: Soon,
        did: Arc<Mutex<Vec<&'static str>>>,
    }

    async fn hand(
        queue: &mpsc::Sender<Box<dyn Job>>,
        did: &Arc<Mutex<Vec<&'static str>>>,
        urgency: Urgency,
        name: &'static str,
    ) {
        let did = (Arc::clone(did), name);
        let (job, _) = job(
            did,
            |_, (did, name)| {
                did.lock().unwrap().push(*name);
                Box::pin(std::future::ready(Ok(())))
            },
            urgency,
        );
        queue.send(job).await.unwrap();
    }

    impl Idle {
        fn new(room: usize) -> Self {
            let (jobs, waiting) = mpsc::channel(room);
            let (pieces, waiting_pieces) = mpsc::channel(room);
            let queues = Queues {
                jobs: waiting,
                pieces: waiting_pieces,
            };
            let did = Arc::default();
            Self {
                jobs,
                pieces,
                queues,
                soon: Soon::default(),
                did,
            }
        }

        async fn hand(&self, urgency: Urgency) {
            let (queue, name) = match urgency {
                Urgency::Piece => (&self.pieces, "piece"),
                Urgency::Durable | Urgency::Relaxed => (&self.jobs, "job"),
            };
            hand(queue, &self.did, urgency, name).await;
        }

        /// Works until so much is done.
        async fn run(self, all: usize) -> Vec<&'static str> {
            sqlx::any::install_default_drivers();
            let pool = AnyPoolOptions::new()
                .max_connections(1)
                .connect("sqlite::memory:")
                .await
                .unwrap();
            let Self {
                jobs,
                pieces,
                queues,
                soon,
                did,
            } = self;
            let closing = CancellationToken::new();
            let watching = Watching {
                soon,
                ..Watching::default()
            };
            let writer = write_jobs(&pool, queues, BEGIN, watching, None, closing);
            let watched = Arc::clone(&did);
            let done = async move {
                while watched.lock().unwrap().len() < all {
                    tokio::task::yield_now().await;
                }
                drop((jobs, pieces));
            };
            tokio::join!(writer, done);
            let did = did.lock().unwrap();
            did.clone()
        }
    }

    #[tokio::test]
    async fn pieces_make_way_for_what_somebody_waits_for() {
        let idle = Idle::new(10);
        for urgency in [Urgency::Piece, Urgency::Piece, Urgency::Durable] {
            idle.hand(urgency).await;
        }
        assert_eq!(idle.run(3).await, ["job", "piece", "piece"]);
    }

    #[tokio::test]
    async fn a_piece_waits_for_what_is_about_to_come_but_not_for_ever() {
        for comes in [true, false] {
            let idle = Idle::new(10);
            idle.soon.set(true);
            idle.hand(Urgency::Piece).await;
            let (jobs, did, soon) = (idle.jobs.clone(), Arc::clone(&idle.did), idle.soon.clone());
            let about_to_come = async move {
                if comes {
                    tokio::task::yield_now().await;
                    hand(&jobs, &did, Urgency::Durable, "job").await;
                    soon.set(false);
                }
            };
            let all = 1 + usize::from(comes);
            let (did, ()) = tokio::join!(idle.run(all), about_to_come);
            assert_eq!(did[all - 1], "piece", "{did:?}");
        }
    }

    #[tokio::test]
    async fn under_unbroken_load_a_piece_comes_to_its_turn() {
        let idle = Idle::new(10 * GROUP_SIZE);
        idle.hand(Urgency::Piece).await;
        for _ in 0..10 * GROUP_SIZE {
            idle.hand(Urgency::Durable).await;
        }
        let did = idle.run(1 + 10 * GROUP_SIZE).await;
        let at = did.iter().position(|did| *did == "piece");
        assert_eq!(at, Some(MOST_PASSED as usize * GROUP_SIZE));
    }

    #[tokio::test]
    async fn a_piece_that_let_enough_pass_still_waits_for_what_is_about_to_come() {
        let idle = Idle::new(1);
        idle.hand(Urgency::Piece).await;
        let mut waiting = Waiting {
            queues: idle.queues,
            held: None,
            soon: idle.soon.clone(),
            passed: MOST_PASSED,
            closing: CancellationToken::new(),
        };
        idle.soon.set(true);
        assert!(waiting.take_piece().is_none());
        idle.soon.set(false);
        assert!(waiting.take_piece().is_some());
        assert!(waiting.take_piece().is_none());
    }

    #[tokio::test]
    async fn the_patience_with_a_piece_runs_from_when_it_came() {
        let idle = Idle::new(10);
        idle.soon.set(true);
        let (pieces, did) = (idle.pieces.clone(), Arc::clone(&idle.did));
        let (jobs, soon) = (idle.jobs.clone(), idle.soon.clone());
        let after_a_rest = async move {
            // The writer has waited for longer than its patience lasts when the piece comes.
            let rest = tokio::time::timeout(2 * MOST_WAITED, std::future::pending::<()>());
            rest.await.unwrap_err();
            hand(&pieces, &did, Urgency::Piece, "piece").await;
            drop(pieces);
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            hand(&jobs, &did, Urgency::Durable, "job").await;
            soon.set(false);
        };
        let (did, ()) = tokio::join!(idle.run(2), after_a_rest);
        assert_eq!(did, ["job", "piece"]);
    }

    /// A job that panics in the midst of its transaction where nothing catches it but the writer.
    struct Uncaught(#[expect(dead_code, reason = "dropped with the job")] oneshot::Sender<()>);

    impl Job for Uncaught {
        fn run<'t>(&'t mut self, _: &'t mut Tx) -> BoxFuture<'t, Ran> {
            Box::pin(async { panic!("as the test wants it") })
        }

        fn has_panicked(&self) -> bool {
            false
        }

        fn urgency(&self) -> Urgency {
            Urgency::Durable
        }

        fn answer(self: Box<Self>, _: std::result::Result<(), Failure>) {}
    }

    #[tokio::test]
    async fn a_writer_that_panics_goes_on_with_another_connection() {
        sqlx::any::install_default_drivers();
        let pool = AnyPoolOptions::new().max_connections(1);
        let pool = pool.connect("sqlite::memory:").await.unwrap();
        let (sender, jobs) = mpsc::channel(3);
        let (_pieces, pieces) = mpsc::channel(1);
        let queues = Queues { jobs, pieces };
        let closing = CancellationToken::new();
        let writer = tokio::spawn(async move {
            write_jobs(&pool, queues, BEGIN, Watching::default(), None, closing).await;
        });
        let runs = Arc::new(AtomicU32::new(0));
        for panics in 1..=2 {
            let (held, dropped) = oneshot::channel();
            sender.send(Box::new(Uncaught(held))).await.unwrap();
            assert!(dropped.await.is_err(), "who waits for it is told so");
            let (job, answer) = counting(&runs);
            sender.send(job).await.unwrap();
            answer.await.unwrap().unwrap();
            assert_eq!(runs.load(Ordering::Relaxed), panics);
        }
        drop(sender);
        writer.await.unwrap();
    }
}
