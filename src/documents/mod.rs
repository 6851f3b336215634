//! Strangers' documents: one place that runs everything that parses or expands what a member, an
//! admin, a file of subscribers or a mail brings.
//!
//! # Promise
//!
//! - **Its own threads.** A document is worked on by a few threads of this room, never by those that
//!   answer and send, and never by tokio's pool for blocking work, whose end a runtime waits for.
//!   When the program stops, they are left behind, whatever they are doing.
//! - **Last in line.** Where the processors are few, these threads get what the others leave (on Linux).
//! - **Its own stack.** Each thread has [`STACK_BYTES`]. Whatever recurses over a document has a bound
//!   on its depth that is checked before it recurses, and a test that such a stack takes a document at
//!   the bound, in an unoptimised build.
//! - **Fair.** No server has all threads: one is always left to the others. Of those that wait, the
//!   server with the least work under way is next, and among these whoever waits longest. Of one
//!   server's documents, what somebody waits for goes before the program's own work.
//! - **Bounded.** So many documents that somebody asked for may wait, of one server and in all; one that
//!   waits for its campaign's mails to be written is not refused for it. A document that does not begin
//!   in time, or takes too long, is refused with a sentence ([`Refusal`]). This is the last net: what a
//!   document may cost is bounded where it is read (`template`, `subscriber::sheet`).
//! - **Can be abandoned.** When nobody waits any more (the asker gave up, the time is over, the program
//!   stops), [`Asker::is_gone`] says so, and our own loops look at it.
//! - A panic ends one document and nothing else.
//!
//! # What is read without it
//!
//! Texts that are short by Discord's own limits, or by a bound that is checked first, and are read in
//! one pass: times, durations, names and custom ids (a hundred characters), messages of a server (two
//! thousand), expressions of a segment (five hundred, twenty deep), one line of a mail server, the JSON
//! of a webhook (its body is bounded, and serde_json refuses what is deeper than 128).

mod queue;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{io, thread};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::ids::GuildId;
use queue::{Job, Queue};

/// Stack of each thread: several times what the deepest document at every bound takes in an
/// unoptimised build. Address space alone; memory is what was really used of it.
pub const STACK_BYTES: usize = 64 * 1024 * 1024;
/// Threads: two for the documents of one server, and one that is left to all others.
const THREADS: usize = 3;

/// How much less than the others' the share of the processors is that these threads get.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// How much may wait, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Documents that wait, over all servers: at a tenth of a second for a large one, what three threads
    /// do within the time that somebody waits.
    pub most_waiting: usize,
    /// Of these, documents of one server: as many as its admins have hands.
    pub most_waiting_of_one: usize,
    /// How long one may wait until it is begun: shorter than anybody looks at “thinking…”.
    pub wait: Duration,
    /// How long one may be worked on: ten times what the largest that is allowed takes on a slow
    /// machine.
    pub work: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            most_waiting: 64,
            most_waiting_of_one: 8,
            wait: Duration::from_secs(30),
            work: Duration::from_secs(15),
        }
    }
}

/// Whether somebody waits for the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Somebody does: they are told at once when too much waits already.
    Asked,
    /// It is the program's own work on what it was given before, such as the mails of a campaign. Its
    /// caller bounds how much of it waits.
    Steady,
}

/// Why a document was not worked on to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Too much waits already.
    #[error("too many documents wait")]
    Busy,
    /// It takes too long.
    #[error("the document took longer than {seconds} s")]
    TooSlow {
        /// For so long it was worked on.
        seconds: i64,
    },
    /// The program stops.
    #[error("the program stops")]
    Stopping,
    /// The work panicked; the log has it.
    #[error("the work on a document panicked")]
    Defect,
}

/// Whoever waits for the answer, as the work sees them.
#[derive(Clone, Debug, Default)]
pub struct Asker {
    gone: Arc<AtomicBool>,
}

impl Asker {
    /// Nobody waits any more: whatever is made now is thrown away.
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }
}

/// Says so when the asker stops waiting, however that comes.
struct Leaving(Asker);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.gone.store(true, Ordering::Relaxed);
    }
}

/// The threads; clones share them. They end when the last clone is dropped and what they do is done.
#[derive(Clone)]
pub struct Documents {
    handle: Arc<Handle>,
}

struct Handle {
    shared: Arc<Shared>,
    limits: Limits,
    stop: CancellationToken,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
}

impl Documents {
    /// Starts the threads.
    pub fn start(limits: Limits) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue::new(THREADS)),
            wake: Condvar::new(),
        });
        // Dropped on the way out, it ends those that were started.
        let handle = Handle {
            shared: Arc::clone(&shared),
            limits,
            stop: CancellationToken::new(),
        };
        for number in 1..=THREADS {
            let shared = Arc::clone(&shared);
            let thread = thread::Builder::new()
                .name(format!("document-{number}"))
                .stack_size(STACK_BYTES);
            // Not joined, on purpose: what they do at the end is left behind.
            thread.spawn(move || shared.work_forever())?;
        }
        Ok(Self {
            handle: Arc::new(handle),
        })
    }

    /// Works on a document of this server, off the threads that answer and send.
    ///
    /// The time is real time and not a [`crate::clock::Clock`]'s: what is bounded is how long a
    /// processor works.
    pub async fn run<T: Send + 'static>(
        &self,
        owner: GuildId,
        patience: Patience,
        work: impl FnOnce(&Asker) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let Handle {
            shared,
            limits,
            stop,
        } = &*self.handle;
        let (begins, begun) = oneshot::channel();
        let (ends, ended) = oneshot::channel();
        let asker = Asker::default();
        let leaving = Leaving(asker.clone());
        let span = tracing::Span::current();
        let run = {
            let asker = asker.clone();
            move || {
                // Whether anybody still listens is looked at where it matters.
                let _ = begins.send(());
                let made = span.in_scope(|| catch_unwind(AssertUnwindSafe(|| work(&asker))));
                let _ = ends.send(made);
            }
        };
        let bound = match patience {
            Patience::Asked => Some((limits.most_waiting, limits.most_waiting_of_one)),
            Patience::Steady => None,
        };
        let job = Job {
            asker,
            run: Box::new(run),
        };
        if !lock(&shared.queue).push(owner, job, bound) {
            return Err(Refusal::Busy);
        }
        shared.wake.notify_one();
        let answer = async {
            let begun = match patience {
                Patience::Asked => tokio::time::timeout(limits.wait, begun).await,
                Patience::Steady => Ok(begun.await),
            };
            let begun = begun.map_err(|_| Refusal::Busy)?;
            begun.map_err(|_| Refusal::Stopping)?;
            let seconds = i64::try_from(limits.work.as_secs()).unwrap_or(i64::MAX);
            let ended = tokio::time::timeout(limits.work, ended).await;
            let ended = ended.map_err(|_| Refusal::TooSlow { seconds })?;
            ended
                .map_err(|_| Refusal::Stopping)?
                .map_err(|_| Refusal::Defect)
        };
        let answer = tokio::select! {
            biased;
            () = stop.cancelled() => Err(Refusal::Stopping),
            answer = answer => answer,
        };
        drop(leaving);
        match &answer {
            Err(Refusal::TooSlow { .. }) => {
                tracing::warn!(guild.id = %owner, "the bot gave up on a document because it took too long");
            }
            Err(Refusal::Defect) => {
                tracing::error!(
                    guild.id = %owner,
                    "a document could not be read because of a bug in this program"
                );
            }
            _ => {}
        }
        answer
    }

    /// Whoever waits is told that the program stops; what is being worked on is left behind.
    pub fn stop(&self) {
        self.handle.stop.cancel();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        lock(&self.shared.queue).close();
        self.shared.wake.notify_all();
    }
}

impl Shared {
    fn work_forever(&self) {
        come_last();
        let mut queue = lock(&self.queue);
        loop {
            if let Some((owner, job)) = queue.take() {
                drop(queue);
                (job.run)();
                queue = lock(&self.queue);
                queue.ended(owner);
            } else if queue.is_closed() {
                return;
            } else {
                let woken = self.wake.wait(queue);
                queue = woken.unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

/// The calling thread comes after those that answer and send, where the processors are few.
fn come_last() {
    #[cfg(target_os = "linux")]
    {
        // Linux schedules each thread by its own number.
        let lowered =
            rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS);
        if let Err(error) = lowered {
            tracing::debug!(%error, "documents are processed at normal priority");
        }
    }
}

/// Does something on a thread with the stack that documents are worked on with, and waits for it.
#[cfg(test)]
pub(crate) fn on_a_thread_of_documents<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn(work);
    thread.expect("a thread").join().expect("no panic")
}

/// Nothing that can panic is done under the lock.
fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}
