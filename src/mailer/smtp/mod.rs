//! Our own side of SMTP (RFC 5321): a few connections that are kept, and used one mail after the
//! other.
//!
//! Why not lettre's: its pool leaves Nagle's algorithm on, which costs a small mail 44 ms, and none
//! of its connections pipelines. Here a mail costs one round trip where the server offers
//! PIPELINING and more mails wait than there are connections: MAIL, RCPT and DATA go out behind the
//! mail before. So whoever has a lot to send keeps twice as many sends under way as there are
//! connections.
//!
//! Each connection belongs to a task, and mails wait for them in one queue; a send is a message to
//! a task, so a send that is dropped leaves no half-written dialogue behind. A connection that had
//! been used and turns out to be gone before the server heard of a mail's content is replaced, and
//! the mail tried once more: servers close what they think has lived long enough.

mod connection;
mod server;
mod wire;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use connection::Offers;
pub use server::{Server, ServerError, Tls};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use wire::replies;

use super::{Failure, Gate, Letter, Scope, Sent};
use crate::clock::Clock;
use connection::Connection;

/// A connection that nobody used for so long is asked whether it is still one.
const IDLE_MS: i64 = 5_000;
/// One that nobody used for so long is closed, well before servers do it (RFC 5321 §4.5.3.2.7 has
/// them wait for five minutes).
const LONGEST_IDLE_MS: i64 = 60_000;
/// Most connections to a server; more would be an attack on it.
pub const MOST_CONNECTIONS: usize = 100;

/// A point in the dialogue: what was said last, and what an answer would be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Looking the server up, and connecting.
    Connect,
    /// The server's first words.
    Greeting,
    /// EHLO.
    Ehlo,
    /// STARTTLS, and TLS itself.
    StartTls,
    /// AUTH.
    Auth,
    /// MAIL.
    MailFrom,
    /// RCPT.
    RcptTo,
    /// DATA.
    Data,
    /// While the mail is written, before its end.
    Body,
    /// After the mail's final dot.
    End,
    /// Between mails: NOOP, QUIT.
    Idle,
}

impl Stage {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Connect,
        Self::Greeting,
        Self::Ehlo,
        Self::StartTls,
        Self::Auth,
        Self::MailFrom,
        Self::RcptTo,
        Self::Data,
        Self::Body,
        Self::End,
        Self::Idle,
    ];
}

/// As the end of a sentence.
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "while connecting",
            Self::Greeting => "instead of a greeting",
            Self::Ehlo => "after EHLO",
            Self::StartTls => "while the connection was encrypted",
            Self::Auth => "after AUTH",
            Self::MailFrom => "after MAIL",
            Self::RcptTo => "after RCPT",
            Self::Data => "after DATA",
            Self::Body => "while the mail was sent",
            Self::End => "after the whole mail",
            Self::Idle => "between mails",
        })
    }
}

/// How long to wait (RFC 5321 §4.5.3.2). Long after the whole mail: who gives up earlier sends it
/// again, and people get it twice.
fn limit_ms(stage: Stage) -> i64 {
    const SECOND_MS: i64 = 1_000;
    const MINUTE_MS: i64 = 60 * SECOND_MS;
    match stage {
        Stage::Connect | Stage::StartTls => 30 * SECOND_MS,
        Stage::Greeting | Stage::Ehlo | Stage::MailFrom | Stage::RcptTo => 5 * MINUTE_MS,
        Stage::Auth | Stage::Data => 2 * MINUTE_MS,
        Stage::Body => 3 * MINUTE_MS,
        Stage::End => 10 * MINUTE_MS,
        Stage::Idle => 10 * SECOND_MS,
    }
}

/// What a server said before any mail: for those who want to know whether it could be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What it offers.
    pub offers: Offers,
    /// Whether the connection was encrypted.
    pub is_encrypted: bool,
}

/// Connects, encrypts, logs in, and says goodbye.
pub async fn probe(server: &Server, clock: &Clock) -> Result<Probe, Failure> {
    let connection = Connection::open(server, clock).await?;
    let probe = Probe {
        offers: connection.offers().clone(),
        is_encrypted: connection.is_encrypted(),
    };
    connection.quit().await;
    Ok(probe)
}

/// Connections to one server, made when they are needed.
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    server: Server,
    clock: Clock,
    most: usize,
    queue: Mutex<Queue>,
    arrived: Notify,
    stop: CancellationToken,
    workers: TaskTracker,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Job>,
    /// Tasks there are, and those of them that wait for a mail.
    workers: usize,
    idle: usize,
}

/// A mail that somebody waits for the end of.
struct Job {
    letter: Arc<Letter>,
    gate: Gate,
    answer: oneshot::Sender<Result<Sent, Failure>>,
    /// It was tried on a connection that was gone.
    is_second: bool,
}

impl Pool {
    /// At most `most` connections to this server.
    pub fn new(server: Server, most: usize, clock: Clock) -> Self {
        Self {
            shared: Arc::new(Shared {
                server,
                clock,
                most: most.clamp(1, MOST_CONNECTIONS),
                queue: Mutex::default(),
                arrived: Notify::new(),
                stop: CancellationToken::new(),
                workers: TaskTracker::new(),
            }),
        }
    }

    /// Sends one mail, as soon as a connection is free. What waits is bounded by who calls: each
    /// call waits with one mail.
    pub(super) async fn send(&self, letter: Arc<Letter>, gate: Gate) -> Result<Sent, Failure> {
        let (answer, answered) = oneshot::channel();
        let job = Job {
            letter,
            gate,
            answer,
            is_second: false,
        };
        {
            let mut queue = self.shared.lock();
            // Looked at under the lock that `close` takes: nothing is put into a queue that nobody
            // empties any more.
            if self.shared.stop.is_cancelled() {
                let why = "the connections to the mail server are closed";
                return Err(Failure::of(Scope::Connection, Stage::Idle, why));
            }
            queue.waiting.push_back(job);
            if queue.idle < queue.waiting.len() && queue.workers < self.shared.most {
                queue.workers += 1;
                let worker = work(Arc::clone(&self.shared));
                self.shared.workers.spawn(worker);
            }
        }
        self.shared.arrived.notify_one();
        let answer = answered.await;
        // Only if the runtime ends in the middle of it: nobody can say how far it was.
        answer.unwrap_or_else(|_| {
            let why = "the program ended while the email was being sent";
            Err(Failure::of(Scope::Ambiguous, Stage::End, why))
        })
    }

    /// Mails that wait go out, then the connections are closed.
    pub(super) async fn close(&self) {
        {
            let _queue = self.shared.lock();
            self.shared.stop.cancel();
        }
        self.shared.workers.close();
        self.shared.workers.wait().await;
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({:?}, {})", self.shared.server, self.shared.most)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next mail that somebody still waits for; `None`: there is none, and none will come, or
    /// none came for a long time. The task is not counted any more then.
    async fn next(&self) -> Option<Job> {
        let until_ms = self.clock.monotonic_ms() + LONGEST_IDLE_MS;
        loop {
            // Registered before the queue is looked at: what arrives in between is not missed.
            let arrived = self.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            {
                let mut queue = self.lock();
                if let Some(job) = queue.take() {
                    return Some(job);
                }
                let is_late = self.clock.monotonic_ms() >= until_ms;
                if self.stop.is_cancelled() || is_late {
                    queue.workers -= 1;
                    return None;
                }
                queue.idle += 1;
            }
            // Counted back whatever happens.
            let _idle = Idle(self);
            tokio::select! {
                () = arrived => {}
                () = self.stop.cancelled() => {}
                () = self.clock.sleep_until_monotonic(until_ms) => {}
            }
        }
    }
}

struct Idle<'a>(&'a Shared);

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        self.0.lock().idle -= 1;
    }
}

impl Queue {
    fn take(&mut self) -> Option<Job> {
        loop {
            let job = self.waiting.pop_front()?;
            if !job.answer.is_closed() {
                return Some(job);
            }
        }
    }
}

/// The life of a task, and of its connection.
async fn work(shared: Arc<Shared>) {
    let mut connection: Option<Connection> = None;
    // The mail whose envelope went out behind the one before.
    let mut announced: Option<Job> = None;
    loop {
        let is_announced = announced.is_some();
        let Some(job) = (match announced.take() {
            Some(job) => Some(job),
            None => shared.next().await,
        }) else {
            break;
        };
        announced = transfer(&shared, &mut connection, job, is_announced).await;
    }
    if let Some(connection) = connection {
        connection.quit().await;
    }
}

/// Sends one mail. Returns the mail whose envelope is on its way already.
async fn transfer(
    shared: &Shared,
    kept: &mut Option<Connection>,
    mut job: Job,
    is_announced: bool,
) -> Option<Job> {
    let mut is_announced = is_announced;
    // It is opened while the server is told of the mail.
    job.gate.ask();
    loop {
        if !is_announced && let Err(failure) = make_ready(shared, kept).await {
            return answer(job, Err(failure));
        }
        let Some(connection) = kept else {
            // It went down with the mail before.
            is_announced = false;
            job.is_second = true;
            continue;
        };
        let was_used = connection.tried > 0;
        let ready = connection.announce(&job.letter, is_announced).await;
        if let Err(failure) = ready {
            let is_over = connection.is_over();
            if is_over {
                *kept = None;
            }
            if is_over && was_used && !job.is_second && failure.scope == Scope::Connection {
                (job.is_second, is_announced) = (true, false);
                continue;
            }
            return answer(job, Err(failure));
        }
        let mut next = None;
        let mut commands = String::new();
        if connection.offers().pipelining {
            next = shared.lock().take();
            // One that this server cannot take is told so in its own turn.
            if let Some(envelope) = next.as_ref().map(|next| connection.envelope(&next.letter)) {
                match envelope {
                    Ok(envelope) => commands = envelope.concat(),
                    Err(failure) => next = answer(next?, Err(failure)),
                }
            }
        }
        if let Some(next) = &mut next {
            // With this one's: so a connection can send two mails for each time that gates are opened.
            next.gate.ask();
        }
        let delivered = connection
            .deliver(&job.letter, &mut job.gate, &commands)
            .await;
        connection.used_ms = shared.clock.monotonic_ms();
        if connection.is_over() {
            *kept = None;
        }
        answer(job, delivered);
        return next;
    }
}

/// There is a connection, and it is one.
async fn make_ready(shared: &Shared, kept: &mut Option<Connection>) -> Result<(), Failure> {
    if let Some(connection) = kept {
        let idle_ms = shared.clock.monotonic_ms() - connection.used_ms;
        if idle_ms < IDLE_MS || connection.is_alive().await {
            return Ok(());
        }
    }
    *kept = None;
    *kept = Some(Connection::open(&shared.server, &shared.clock).await?);
    Ok(())
}

/// Tells whoever waits. `None`, for the loop above.
fn answer(job: Job, result: Result<Sent, Failure>) -> Option<Job> {
    // Who asked may have gone.
    let _ = job.answer.send(result);
    None
}
