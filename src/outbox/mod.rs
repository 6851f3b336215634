//! The outbox: everything that leaves the program leaves through it.
//!
//! # Promise
//!
//! A feature enqueues what must be said in the transaction that decides it ([`Outbox::prepare`],
//! [`enqueue`]). From then on the message is sent, or it is told to somebody that it was not:
//! nothing ends silently, and nothing is shown twice.
//!
//! # States
//!
//! ```text
//! available ──claim──▶ running ──▶ completed
//!     ▲                 │  │  └──▶ discarded   (permanent refusal, no rung of the ladder left)
//!     └── next rung ────┘  ├─────▶ cancelled   (an edit that nobody misses, a message not wanted)
//!                          └─────▶ retryable ──claim──▶ running …
//! ```
//!
//! - `running` rows carry a lease of [`LEASE_MS`], renewed while this process holds them. A lease
//!   that ran out means that its process died; whoever sees it takes the row over.
//! - An attempt is counted, and said to be under way, before it is made. A process that dies was mostly
//!   killed from outside, so what was under way is sent again, one by one; only what was alone under way
//!   is suspected of the death, waits longer each time, and is given up after a day (see `suspects`).
//! - Rows of one `message_key` are one message on the screen: verdicts waiting for one channel are
//!   merged (see [`merge`]), and stay together for every further attempt, because the nonce that
//!   keeps a repeat from showing twice belongs to the message.
//! - A refused post goes down its ladder of channels, then waits for its member's next command
//!   ([`unshown`]); the guild's alerts channel is told.
//! - Messages that were said past the outbox (answers to interactions) are brought up to date in a
//!   lane of their own ([`Outbox::prepare_replacement`]), which makes way for all posts. Such an
//!   edit that is refused for good is dropped: the message it was for is gone.
//! - What an interaction's answer tells stands by here, and goes out if the answer is lost ([`standby`]).
//! - Files that go with posts are kept here until they are uploaded ([`files`]).
//! - Direct messages have a lane of their own ([`dm`]), which asks at the claim whether their
//!   recipients want them now.
//! - Mails have a lane and a table of their own ([`mail`]): what may have arrived is not sent again.
//!
//! # To send something new
//!
//! Make a [`NewPost`], `prepare` it, `enqueue` the row in your transaction, and [`Outbox::hand`]
//! the rows to the lane once the transaction is durable.

pub mod dm;
mod edit;
mod edit_lane;
pub mod files;
mod fleeting;
mod forget;
mod halt;
pub mod mail;
mod membership;
pub mod merge;
pub mod overview;
pub mod pace;
mod post_lane;
pub mod queue;
mod restate;
mod retry;
mod stall;
pub mod standby;
mod store;
mod suspects;
mod trial;
mod waits;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::{BackstepWatch, Clock};
use crate::db::{BoxFuture, Db};
use crate::error::Result;
use crate::i18n::Language;
use crate::ids::{ChannelId, GuildId, IdMaker, MessageId, OutboxId, UserId};
use crate::messenger::{Button, Message, Messenger};

pub use edit_lane::NewEdit;
pub use membership::Membership;
pub use restate::{Restated, Restatement};
pub use stall::{STALLED_MS, Stall};
pub use store::{
    Unshown, enqueue, enqueue_newest, forget, forget_keys, mark_shown, named_in, rewrite,
    sent_by_key, some_of_member, told, under_way, unshown, withdraw, withdraw_unsent,
};
pub use suspects::MOST_CRASHES;
pub use trial::Fate;
use waits::Waits;

/// How long a claim holds without being renewed.
pub const LEASE_MS: i64 = 15_000;
/// How often claims are renewed: twice could fail and the third would still be in time.
const RENEW_MS: i64 = 5_000;
/// The longest time between two looks at the table; hints only make it shorter.
const POLL_MS: i64 = 5_000;
/// Between two times at which what is old is removed.
const PRUNE_EVERY_MS: i64 = 3_600_000;
/// Rows held in memory; more stay in the table until there is room.
const MOST_HELD: usize = 20_000;
/// Leases renewed by one write: of all that may be held they are many, and others write in between.
const RENEWED_AT_ONCE: usize = 250;
/// Rows claimed by one look at the table.
const CLAIM_BATCH: i64 = 500;
/// Completed rows are kept this long: for edits of what they posted, and for `/queue`.
const KEEP_MS: i64 = 7 * 24 * 3_600_000;

/// How urgent and how welcome a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The answer to the member's own action.
    Critical,
    /// News that the member can expect.
    Notice,
    /// Advertising.
    Ad,
    /// What the law wants said about a decision of the member's.
    Legal,
}

impl Class {
    fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Notice => "notice",
            Self::Ad => "ad",
            Self::Legal => "legal",
        }
    }

    fn parse(name: &str) -> Self {
        match name {
            "critical" => Self::Critical,
            "ad" => Self::Ad,
            "legal" => Self::Legal,
            _ => Self::Notice,
        }
    }
}

/// A post to be made, as features state it.
#[derive(Clone, Debug)]
pub struct NewPost {
    /// Whose guild.
    pub guild: GuildId,
    /// Whom it is about; a post that no channel takes is shown at this member's next command.
    pub user: Option<UserId>,
    /// How urgent.
    pub class: Class,
    /// Where it goes: the first channel, and if that one refuses it, the next.
    pub ladder: Vec<ChannelId>,
    /// Where troubles with it are told.
    pub alerts: Option<ChannelId>,
    /// The language of what the outbox adds (headings of merged posts, alerts).
    pub language: Language,
    /// What it says.
    pub message: Message,
    /// How it is put when it is merged with many others; `None`: never merged.
    pub digest: Option<Digest>,
    /// From then on nobody wants it: it is dropped, as when its channel refuses it. `None`: it is
    /// always told.
    pub dropped_ms: Option<i64>,
    /// Unique: the same thing is said once, however often it is enqueued.
    pub dedupe_key: String,
}

/// One message in a list of many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// What kind of news it is: only the like are listed together.
    #[serde(default)]
    pub topic: Topic,
    /// One line, at most [`merge::LINE_LENGTH`] characters.
    pub line: String,
    /// Whom the full message would have pinged.
    pub mention: Option<UserId>,
    /// The button below several together, as long as any of them has one of its own; the number of their
    /// message is added to its `custom_id` ([`named_in`]). `None`: the first button of the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub button: Option<Button>,
}

/// What a list of many is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// How time attacks ended.
    #[default]
    Results,
    /// What the admins should look after.
    Alerts,
    /// Deadlines that are near.
    Reminders,
}

/// What a row says, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    pub(crate) message: Message,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<Digest>,
    /// The channels still to be tried after the present one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) ladder: Vec<ChannelId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) alerts: Option<ChannelId>,
    pub(crate) language: Language,
    /// For an edit: the row whose message is to be brought up to date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) edit_of: Option<OutboxId>,
    /// For an edit of what was said past the outbox: the message to be replaced by this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) replaces: Option<MessageId>,
    /// Whether an answer may have said the same, see [`standby`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_standby: bool,
}

/// Which sender takes a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Posts to channels, and edits of them.
    Post,
    /// Messages that were said past the outbox, brought up to date.
    Edit,
    /// Direct messages.
    Dm,
    /// Mails, which have a ledger of their own.
    Email,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 4] = [Self::Post, Self::Edit, Self::Dm, Self::Email];

    /// Its name in the table and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Edit => "edit",
            Self::Dm => "dm",
            Self::Email => "email",
        }
    }

    fn parse(name: &str) -> Self {
        match name {
            "edit" => Self::Edit,
            "dm" => Self::Dm,
            _ => Self::Post,
        }
    }
}

/// A row of the outbox.
#[derive(Clone, Debug)]
pub struct Row {
    pub(crate) id: OutboxId,
    lane: Lane,
    pub(crate) message_key: i64,
    pub(crate) class: Class,
    pub(crate) guild: GuildId,
    pub(crate) user: Option<UserId>,
    pub(crate) channel: ChannelId,
    pub(crate) rung: i64,
    pub(crate) payload: Payload,
    pub(crate) dedupe_key: String,
    /// The number of the next attempt, or of the one under way, from 1.
    pub(crate) attempt: i64,
    /// Whether the table says already that this attempt is under way.
    pub(crate) begun: bool,
    /// How many processes died while it was under way.
    pub(crate) deaths: i64,
    /// Of how many of these deaths it is suspected.
    pub(crate) crashes: i64,
    pub(crate) first_attempt_ms: Option<i64>,
    pub(crate) alerted: bool,
    pub(crate) created_ms: i64,
    /// Claimed by this process as it is inserted, so that its lane can send it at once.
    pub(crate) claimed: bool,
    pub(crate) message_id: Option<MessageId>,
    /// What direct messages have, and fleeting posts the end of.
    dm: dm::Terms,
}

impl Row {
    /// Its id.
    pub fn id(&self) -> OutboxId {
        self.id
    }

    /// Whether it has this `dedupe_key`.
    pub fn is_known_by(&self, dedupe_key: &str) -> bool {
        self.dedupe_key == dedupe_key
    }

    /// Whether files go with it: then it waits for its turn to be uploaded.
    fn has_files(&self) -> bool {
        self.is_post() && !self.payload.message.files.is_empty()
    }

    /// Whether it adds a message to a server's channel.
    fn is_post(&self) -> bool {
        self.lane == Lane::Post && self.payload.edit_of.is_none()
    }

    fn kind(&self) -> &'static str {
        match self.lane {
            Lane::Dm => "dm",
            Lane::Post if self.is_post() => "post",
            Lane::Post | Lane::Edit | Lane::Email => "edit",
        }
    }
}

/// The rows of one message, as a sender holds them.
type Delivery = Vec<Row>;

/// A handle to the outbox; clones share it.
#[derive(Clone)]
pub struct Outbox {
    inner: Arc<Inner>,
}

/// How often the poller has begun to look, and which of its looks came to their end.
#[derive(Clone, Copy, Default)]
struct Turns {
    begun: u64,
    ended: u64,
}

struct Inner {
    clock: Clock,
    ids: Arc<IdMaker>,
    db: Db,
    messenger: Messenger,
    /// This boot of this process, as the owner of leases.
    boot: i64,
    lane: Mutex<post_lane::Lane>,
    dms: dm::Lane,
    mails: mail::Lane,
    /// The rows in memory, whose leases this process renews.
    held: Mutex<HashSet<OutboxId>>,
    /// When leases were last renewed, by the wall clock.
    renewed_ms: Mutex<i64>,
    /// When the log was last told that the database fails, by the monotonic clock.
    complained_ms: Mutex<Option<i64>>,
    /// When this process last sent something in each lane, by the monotonic clock; at first, when it
    /// began.
    sent_ms: Mutex<HashMap<Lane, i64>>,
    /// Rows that this process has discarded.
    discarded: AtomicU64,
    /// Wakes the poller before its time.
    poll: Notify,
    /// The earliest `not_before_ms` this process knows of.
    next_due_ms: Mutex<Option<i64>>,
    /// Counts what happened, for those who wait for the outbox to come to rest.
    changes: watch::Sender<u64>,
    /// The poller's turns, for those who wait for one.
    turns: watch::Sender<Turns>,
    /// On while the token is refused: nothing is sent.
    halt: halt::Halt,
    /// Who is a member of which server, as Discord said.
    known_members: membership::Known,
    /// Processes that are no more, whose messages are being looked after.
    dead: Mutex<suspects::Dead>,
    /// The turn of a message that was under way when a process died.
    suspects: Arc<Semaphore>,
    /// The turns of messages with files.
    uploads: Arc<Semaphore>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// A task that lives as long as the program: begins a life of it.
pub type Task = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

impl Outbox {
    /// An outbox whose background work has not begun; see [`Outbox::run`].
    pub fn new(
        clock: Clock,
        ids: Arc<IdMaker>,
        db: Db,
        messenger: Messenger,
        dms: dm::Settings,
        mails: mail::Settings,
    ) -> Self {
        let boot = ids.next(&clock);
        let began_ms = clock.monotonic_ms();
        let inner = Inner {
            clock,
            ids,
            db,
            messenger,
            boot,
            lane: Mutex::default(),
            dms: dm::Lane::new(dms),
            mails: mail::Lane::new(mails),
            held: Mutex::default(),
            renewed_ms: Mutex::default(),
            complained_ms: Mutex::default(),
            sent_ms: Mutex::new(Lane::ALL.map(|lane| (lane, began_ms)).into()),
            discarded: AtomicU64::new(0),
            poll: Notify::new(),
            next_due_ms: Mutex::default(),
            changes: watch::Sender::new(0),
            turns: watch::Sender::default(),
            halt: halt::Halt::default(),
            known_members: membership::Known::default(),
            dead: Mutex::default(),
            suspects: Arc::new(Semaphore::new(1)),
            uploads: Arc::new(Semaphore::new(files::MOST_UPLOADS)),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Makes the row of a post. It is claimed for this process while there is room in memory.
    pub fn prepare(&self, post: NewPost) -> Row {
        let now_ms = self.inner.clock.now_ms();
        let id = OutboxId(self.inner.ids.next(&self.inner.clock));
        let claimed = !self.inner.stop.is_cancelled()
            && !self.inner.halt.is_on()
            && lock(&self.inner.held).len() < MOST_HELD;
        let mut ladder = post.ladder.into_iter();
        // What must wait for its channel, or for the turn of its files, is still unsent should the process
        // end meanwhile.
        let waits =
            |channel| !post.message.files.is_empty() || lock(&self.inner.lane).has_queue(channel);
        // A post without any channel cannot be made; 0 is refused by Discord and goes its way to
        // the member's next command.
        let channel = ladder.next().unwrap_or(ChannelId(0));
        let mut rest = Vec::new();
        for next in ladder {
            if next != channel && !rest.contains(&next) {
                rest.push(next);
            }
        }
        let begun = claimed && !waits(channel);
        Row {
            id,
            lane: Lane::Post,
            message_key: id.0,
            class: post.class,
            guild: post.guild,
            user: post.user,
            channel,
            rung: 0,
            payload: Payload {
                message: post.message,
                digest: post.digest,
                ladder: rest,
                alerts: post.alerts,
                language: post.language,
                edit_of: None,
                replaces: None,
                is_standby: false,
            },
            dedupe_key: post.dedupe_key,
            attempt: 1,
            begun,
            deaths: 0,
            crashes: 0,
            first_attempt_ms: None,
            alerted: false,
            created_ms: now_ms,
            claimed,
            message_id: None,
            dm: dm::Terms {
                expires_at_ms: post.dropped_ms,
                ..dm::Terms::default()
            },
        }
    }

    /// Makes the row that brings the message of `of` up to date after its payload was rewritten.
    pub(crate) fn prepare_edit(&self, of: &Row) -> Row {
        let post = NewPost {
            guild: of.guild,
            // Should it be refused for good, the member is shown what it would have said.
            user: of.user,
            class: Class::Critical,
            ladder: vec![of.channel],
            alerts: None,
            language: of.payload.language,
            message: of.payload.message.clone(),
            digest: None,
            dropped_ms: None,
            dedupe_key: format!("edit:{}:{}", of.id, self.inner.ids.next(&self.inner.clock)),
        };
        let mut row = self.prepare(post);
        row.payload.edit_of = Some(of.id);
        // It may have to wait for the message itself.
        row.begun = false;
        row
    }

    /// Which boot of which process this is, as leases name it.
    pub fn boot(&self) -> i64 {
        self.inner.boot
    }

    /// Hands rows to the lane, once the transaction that inserted them is durable.
    pub fn hand(&self, rows: Vec<Row>) {
        let is_dm = |row: &Row| row.lane == Lane::Dm;
        if rows.iter().any(is_dm) {
            self.wake_dms();
        }
        if rows.iter().any(|row| !row.claimed && !is_dm(row)) {
            self.inner.poll.notify_one();
        }
        let claimed: Vec<Row> = rows.into_iter().filter(|row| row.claimed).collect();
        self.accept(claimed);
        self.changed();
    }

    /// Begins the background work (sending, renewing leases, looking at the table) by `spawn`, which gives
    /// each task a name and begins it again should it panic.
    pub async fn run(&self, spawn: impl Fn(&'static str, Task)) -> Result<()> {
        if self.inner.db.is_exclusive() {
            // Nobody else can hold a lease, so every lease is a dead process's.
            let now_ms = self.inner.clock.now_ms();
            let db = &self.inner.db;
            let expire = || {
                db.write_piece(now_ms, |tx, now_ms| {
                    Box::pin(suspects::expire_leases(tx, *now_ms))
                })
            };
            while expire().await? {}
            // Nobody can be answering either.
            db.write(now_ms, |tx, now_ms| {
                Box::pin(store::release_standby(tx, None, *now_ms))
            })
            .await?;
            mail::deaths::interrupt_all(db, self.inner.mails.is_limited(), now_ms).await?;
        }
        let task = |forever: fn(Self) -> BoxFuture<'static, ()>| -> Task {
            let outbox = self.clone();
            Box::new(move || {
                let life = forever(outbox.clone());
                Box::pin(outbox.inner.tasks.track_future(life))
            })
        };
        spawn("posts", task(|outbox| Box::pin(outbox.poll_forever())));
        spawn(
            "direct messages",
            task(|outbox| Box::pin(outbox.send_dms_forever())),
        );
        spawn(
            "mails",
            task(|outbox| Box::pin(outbox.send_mails_forever())),
        );
        spawn("leases", task(|outbox| Box::pin(outbox.renew_forever())));
        spawn(
            "token",
            task(|outbox| Box::pin(outbox.ask_for_token_forever())),
        );
        Ok(())
    }

    /// Stops sending: what is on its way is waited for, for `most`; what waits is given back to the
    /// table.
    pub async fn drain(&self, most: Duration) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        if tokio::time::timeout(most, self.inner.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                "some messages were still being sent; the next start takes care of them"
            );
        }
        if let Err(error) = self.release().await {
            tracing::warn!(
                error = format!("{error:#}"),
                "claims could not be released; they expire by themselves"
            );
        }
    }

    /// Gives what this process holds back to the table, in pieces: it may be very much, and others write
    /// to the same database.
    async fn release(&self) -> Result<()> {
        let unsent = lock(&self.inner.lane).waiting();
        // The last piece looks for what is not known to be unsent.
        let mut known = unsent.chunks(store::RELEASED_AT_ONCE);
        loop {
            let some = known.next().unwrap_or_default().to_vec();
            let job = (self.inner.boot, self.inner.clock.now_ms(), some);
            let released = self
                .inner
                .db
                .write_piece(job, |tx, (boot, now_ms, unsent)| {
                    Box::pin(store::release(tx, *boot, *now_ms, unsent))
                });
            if !released.await? {
                return Ok(());
            }
        }
    }

    /// Changes whenever something was sent, failed or settled.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }

    /// Returns once the poller has looked at everything in a turn that began after this call.
    pub fn looked(&self) -> impl Future<Output = ()> + use<> {
        let mut turns = self.inner.turns.subscribe();
        let begun = turns.borrow_and_update().begun;
        async move {
            // Only with its sender is there no other turn.
            let _ = turns.wait_for(|turns| turns.ended > begun).await;
        }
    }

    /// Whether this channel refused the last post of this process.
    pub fn is_refused_by(&self, channel: ChannelId) -> bool {
        self.inner.messenger.is_refused_by(channel)
    }

    /// Whether nothing is sent because Discord refuses the token.
    pub fn is_halted(&self) -> bool {
        self.inner.halt.is_on()
    }

    /// How many messages this process has given up since it began, because no channel of theirs takes
    /// them.
    pub fn discarded(&self) -> u64 {
        self.inner.discarded.load(Ordering::Relaxed)
    }

    fn count_discarded(&self, rows: usize) {
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.inner.discarded.fetch_add(rows, Ordering::Relaxed);
    }

    /// How many rows this process holds.
    pub fn held(&self) -> usize {
        self.held_rows() + self.inner.mails.held()
    }

    /// Those of them that are no mails.
    fn held_rows(&self) -> usize {
        lock(&self.inner.held).len()
    }

    /// Whether everything that is due has been sent, refused, or put off (also by waiting behind
    /// something in its channel that was put off).
    pub async fn is_at_rest(&self) -> Result<bool> {
        let now_ms = self.inner.clock.now_ms();
        let blocked = || lock(&self.inner.lane).blocked(self.inner.clock.monotonic_ms());
        // What memory knows need not be asked of the table.
        if self.held_rows() != blocked()
            || self.inner.dms.is_busy()
            || !self.inner.mails.rests(now_ms)
        {
            return Ok(false);
        }
        let mut conn = self.inner.db.read().await?;
        // Fewer than are blocked, if somebody has deleted rows meanwhile.
        let due = store::count_due(&mut conn, now_ms).await?;
        let dms_rest = self.inner.dms.rests(now_ms) || dm::count_due(&mut conn, now_ms).await? == 0;
        let blocked = blocked();
        let posts_rest =
            self.held_rows() == blocked && due <= i64::try_from(blocked).unwrap_or(i64::MAX);
        // Asked after the table, in which a message may have been taken meanwhile.
        let mails_rest = self.inner.mails.rests(now_ms);
        Ok(posts_rest && dms_rest && mails_rest && self.inner.dms.counts_all())
    }

    fn changed(&self) {
        self.inner.changes.send_modify(|count| *count += 1);
    }

    /// Something becomes due at `at_ms`: the poller must not sleep longer.
    fn due_at(&self, at_ms: i64) {
        let mut next = lock(&self.inner.next_due_ms);
        if next.is_none_or(|known| at_ms < known) {
            *next = Some(at_ms);
            self.inner.poll.notify_one();
        }
    }

    async fn poll_forever(self) {
        let mut pruned_ms: Option<i64> = None;
        let mut waits = Waits::new(BackstepWatch::new(&self.inner.clock));
        loop {
            // While the token is refused nothing is claimed: it is another process's to send.
            if self.unless_stopping(self.inner.halt.over()).await.is_none() {
                return;
            }
            self.inner.turns.send_modify(|turns| turns.begun += 1);
            let began_ms = self.inner.clock.monotonic_ms();
            lock(&self.inner.next_due_ms).take();
            let more_waits = self.set_waits_anew(&mut waits).await;
            let more_waits = more_waits.unwrap_or_else(|error| {
                let error = format!("{error:#}");
                tracing::warn!(error, "waiting messages could not be checked; trying again");
                false
            });
            // The wait is counted from here, lest what falls due during the look be passed over.
            let now_ms = self.inner.clock.now_ms();
            match self.claim().await {
                // There may be more than one batch held.
                Ok(true) => continue,
                Ok(false) if more_waits => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(
                    error = format!("{error:#}"),
                    "the outbox could not be read; trying again"
                ),
            }
            if pruned_ms.is_none_or(|pruned_ms| began_ms - pruned_ms > PRUNE_EVERY_MS) {
                // In pieces, between which others write, and what is due is claimed.
                if self.prune(now_ms).await {
                    continue;
                }
                // As of the time that was looked by: what became old meanwhile is not put off for an hour.
                pruned_ms = Some(began_ms);
            }
            self.inner
                .turns
                .send_modify(|turns| turns.ended = turns.begun);
            self.wait_for_poll(now_ms, began_ms).await;
        }
    }

    /// Waits for the next turn, after one that read these times of the two clocks: a wall clock that was
    /// set back meanwhile makes the wait no longer.
    async fn wait_for_poll(&self, now_ms: i64, began_ms: i64) {
        let latest_ms = now_ms + POLL_MS;
        let next_ms = lock(&self.inner.next_due_ms).map_or(latest_ms, |next| next.min(latest_ms));
        let wait = self
            .inner
            .clock
            .sleep_until_either(next_ms, began_ms + POLL_MS);
        tokio::select! {
            () = wait => {}
            () = self.inner.poll.notified() => {}
            () = self.inner.stop.cancelled() => {}
        }
    }

    /// Takes what is due from the table. `true`: there may be more.
    async fn claim(&self) -> Result<bool> {
        let room = MOST_HELD.saturating_sub(lock(&self.inner.held).len());
        if room == 0 {
            return Ok(false);
        }
        self.renew_if_time_jumped().await?;
        let edits = if self.has_room_for_edits() {
            edit_lane::CLAIM_BATCH
        } else {
            0
        };
        let dead = lock(&self.inner.dead).clone();
        let dead = dead.at(self.inner.clock.monotonic_ms());
        let job = (self.inner.boot, self.inner.clock.clone(), edits, dead);
        let claimed = self
            .inner
            .db
            .write(job, |tx, (boot, clock, edits, dead)| {
                // Read here: an instant from before the clock was set back would end the leases of
                // living processes.
                let now_ms = clock.now_ms();
                let dead = dead.clone();
                Box::pin(store::claim(tx, *boot, now_ms, CLAIM_BATCH, *edits, dead))
            })
            .await?;
        *lock(&self.inner.dead) = claimed.dead;
        self.count_discarded(claimed.unreadable.len());
        for unreadable in &claimed.unreadable {
            tracing::error!(outbox.id = %unreadable, "a message that this version cannot read was discarded");
        }
        if let Some(next_ms) = claimed.next_due_ms {
            let mut next = lock(&self.inner.next_due_ms);
            *next = Some(next.map_or(next_ms, |known| known.min(next_ms)));
        }
        if claimed.expired {
            self.wake_dms();
        }
        let any = claimed.expired || !claimed.rows.is_empty();
        self.accept(claimed.rows);
        self.changed();
        Ok(any)
    }

    /// Removes some of what is old. `true`: there may be more.
    async fn prune(&self, now_ms: i64) -> bool {
        let more = self.try_prune(now_ms).await.unwrap_or_else(|error| {
            tracing::warn!(
                error = format!("{error:#}"),
                "old messages could not be removed; trying again in an hour"
            );
            false
        });
        self.changed();
        more
    }

    async fn try_prune(&self, now_ms: i64) -> Result<bool> {
        let db = &self.inner.db;
        let rows = db.write_piece(now_ms - KEEP_MS, |tx, before_ms| {
            Box::pin(store::prune(tx, *before_ms))
        });
        let rows = rows.await?;
        let mails = db.write_piece(now_ms, |tx, now_ms| Box::pin(mail::forget(tx, *now_ms)));
        let mails = mails.await?;
        let files = self.prune_files(now_ms).await?;
        Ok(files || mails || rows)
    }

    async fn renew_forever(self) {
        loop {
            tokio::select! {
                () = self.inner.clock.sleep_ms(RENEW_MS) => {}
                () = self.inner.tasks_done() => return,
            }
            if let Err(error) = self.renew().await {
                tracing::warn!(error = format!("{error:#}"), "leases could not be renewed");
            }
        }
    }

    async fn renew(&self) -> Result<()> {
        let now_ms = self.inner.clock.now_ms();
        let held: Vec<OutboxId> = lock(&self.inner.held).iter().copied().collect();
        for some in held.chunks(RENEWED_AT_ONCE) {
            let job = (self.inner.boot, now_ms + LEASE_MS, some.to_vec());
            self.inner
                .db
                .write_relaxed(job, |tx, (boot, until_ms, held)| {
                    Box::pin(store::renew(tx, *boot, *until_ms, held))
                })
                .await?;
        }
        *lock(&self.inner.renewed_ms) = now_ms;
        self.changed();
        Ok(())
    }

    /// After the machine slept, or its clock was set, this process's own leases look as if they had
    /// run out. They are renewed before anybody is taken for dead.
    async fn renew_if_time_jumped(&self) -> Result<()> {
        let since_ms = self.inner.clock.now_ms() - *lock(&self.inner.renewed_ms);
        if (0..2 * RENEW_MS).contains(&since_ms) {
            return Ok(());
        }
        self.renew().await
    }
}

impl Inner {
    /// Returns when the outbox is stopping and nothing is on its way any more.
    async fn tasks_done(&self) {
        self.stop.cancelled().await;
        // Sending tasks end by themselves, and say so; this one must not wait for itself.
        let mut changes = self.changes.subscribe();
        while lock(&self.lane).is_busy() || self.dms.is_busy() {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
