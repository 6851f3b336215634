//! The lane of channel posts: one sender per channel that has something to say.
//!
//! A channel's posts leave in order, one at a time, because Discord counts per channel and because
//! what waits behind a slow one can then be merged. A post that must be tried again goes back to
//! the table and blocks its channel meanwhile, so an outage costs one attempt per channel and wait,
//! not one per message.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument as _;

use super::{
    self as outbox, Class, Delivery, Digest, MOST_CRASHES, NewPost, Outbox, Row, Topic, dm, lock,
    merge, retry, store, suspects,
};
use crate::db::{BoxFuture, TELL_AGAIN_MS, Tx, again_ms};
use crate::error::Result;
use crate::i18n::{Arg, text};
use crate::ids::{ChannelId, MessageId, OutboxId};
use crate::messenger::markdown::{escape, shorten};
use crate::messenger::{CONTENT_LENGTH, Message, Nonce, SendError};

/// Requests on their way at once: enough to keep both ends busy, few enough not to drown them.
const MOST_IN_FLIGHT: usize = 64;
/// Discord remembers a nonce for “the past few minutes”; after this long the channel is read back.
pub(super) const NONCE_WINDOW_MS: i64 = 120_000;
/// Alerts of one kind about one channel are told once in each such stretch of time.
const ALERT_EVERY_MS: i64 = 600_000;

/// What waits in memory, by channel.
pub(super) struct Lane {
    channels: HashMap<ChannelId, Queue>,
    in_flight: Arc<Semaphore>,
    /// What stopped senders had not sent.
    left: Vec<OutboxId>,
}

/// A channel with a sender. It is removed when it has nothing left.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<Delivery>,
    /// Monotonic time before which nothing is tried.
    blocked_until: i64,
}

/// The turns that a channel's sender has.
#[derive(Clone, Copy)]
struct Turns {
    suspect: bool,
    upload: bool,
}

impl Turns {
    fn allow(self, rows: &Delivery) -> bool {
        let waits =
            |row: &Row| row.is_suspect() && !self.suspect || row.has_files() && !self.upload;
        !rows.iter().any(waits)
    }
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            channels: HashMap::new(),
            in_flight: Arc::new(Semaphore::new(MOST_IN_FLIGHT)),
            left: Vec::new(),
        }
    }
}

impl Lane {
    pub(super) fn is_busy(&self) -> bool {
        !self.channels.is_empty()
    }

    /// Whether a request is on its way.
    pub(super) fn is_sending(&self) -> bool {
        self.in_flight.available_permits() < MOST_IN_FLIGHT
    }

    /// Whether a post to this channel would have others before it.
    pub(super) fn has_queue(&self, channel: ChannelId) -> bool {
        self.channels.contains_key(&channel)
    }

    /// What has not been sent, and will not be by this process once it stops.
    pub(super) fn waiting(&self) -> Vec<OutboxId> {
        let queues = self.channels.values();
        let waiting = queues.flat_map(|queue| queue.waiting.iter().flatten());
        waiting
            .map(|row| row.id)
            .chain(self.left.iter().copied())
            .collect()
    }

    fn abandon(&mut self, channel: ChannelId) {
        let queue = self.channels.remove(&channel).unwrap_or_default();
        let waiting = queue.waiting.iter().flatten();
        self.left.extend(waiting.map(|row| row.id));
    }

    /// Rows that wait behind something that is tried again later.
    pub(super) fn blocked(&self, monotonic_ms: i64) -> usize {
        let queues = self.channels.values();
        queues
            .filter(|queue| queue.blocked_until > monotonic_ms)
            .flat_map(|queue| queue.waiting.iter().map(Vec::len))
            .sum()
    }
}

impl Outbox {
    /// Takes rows that this process has claimed. One that is in memory already (its lease ran out
    /// while this process was frozen, and it claimed the row anew) stays as it is.
    pub(super) fn accept(&self, mut rows: Vec<Row>) {
        {
            let mut held = lock(&self.inner.held);
            rows.retain(|row| held.insert(row.id));
        }
        let (rows, edits) = rows
            .into_iter()
            .partition(|row| row.lane == outbox::Lane::Post);
        self.accept_edits(edits);
        let mut lane = lock(&self.inner.lane);
        for delivery in deliveries(rows) {
            let channel = delivery[0].channel;
            let is_new = !lane.channels.contains_key(&channel);
            let queue = lane.channels.entry(channel).or_default();
            queue.waiting.push_back(delivery);
            if is_new {
                let sender = self.clone().send_channel(channel);
                self.inner.tasks.spawn(sender);
            }
        }
    }

    /// Sends what waits for one channel until nothing does.
    async fn send_channel(self, channel: ChannelId) {
        while self.channel_is_ready(channel).await {
            // Before a request's place is taken, which others must not wait for meanwhile; and before it is
            // said to be under way, as a process that ends while it waits is not its fault.
            let turn = if self.is_suspect_next(channel) {
                match self.turn_of_suspect().await {
                    Some(turn) => Some(turn),
                    None => break,
                }
            } else {
                None
            };
            let upload = if self.is_upload_next(channel) {
                match self.turn_of_upload().await {
                    Some(turn) => Some(turn),
                    None => break,
                }
            } else {
                None
            };
            let in_flight = Arc::clone(&lock(&self.inner.lane).in_flight);
            let Ok(_permit) = in_flight.acquire().await else {
                break;
            };
            let turns = Turns {
                suspect: turn.is_some(),
                upload: upload.is_some(),
            };
            let Some(deliveries) = self.take_next(channel, turns) else {
                self.changed();
                return;
            };
            let rows = deliveries.iter().flatten().map(|row| row.id).collect();
            self.contain(rows, self.deliver(deliveries)).await;
            drop((turn, upload));
            self.changed();
        }
        if self.inner.stop.is_cancelled() {
            // What waits here is given back to the table by `drain`.
            lock(&self.inner.lane).abandon(channel);
        } else {
            // The token is refused. The table keeps what waits, also for a process with another one.
            let queue = lock(&self.inner.lane).channels.remove(&channel);
            let waiting = queue.into_iter().flat_map(|queue| queue.waiting).flatten();
            self.put_back(&waiting.collect::<Vec<Row>>()).await;
        }
        self.changed();
    }

    /// A panic in `sending` ends nothing but itself: these rows are no longer held, so their lease
    /// runs out and they are taken for what they are, a message that a process did not survive.
    pub(super) async fn contain(&self, rows: Vec<OutboxId>, sending: impl Future<Output = ()>) {
        if AssertUnwindSafe(sending).catch_unwind().await.is_err() {
            tracing::error!("a message could not be sent because of a bug in this program");
            let mut held = lock(&self.inner.held);
            rows.iter().for_each(|row| {
                held.remove(row);
            });
        }
    }

    /// Whether the next message of this channel was under way when a process died.
    fn is_suspect_next(&self, channel: ChannelId) -> bool {
        let lane = lock(&self.inner.lane);
        let next = lane
            .channels
            .get(&channel)
            .and_then(|queue| queue.waiting.front());
        next.is_some_and(|rows| rows.iter().any(Row::is_suspect))
    }

    /// Whether the next message of this channel has files.
    fn is_upload_next(&self, channel: ChannelId) -> bool {
        let lane = lock(&self.inner.lane);
        let next = lane
            .channels
            .get(&channel)
            .and_then(|queue| queue.waiting.front());
        next.is_some_and(|rows| rows.iter().any(Row::has_files))
    }

    /// Returns when it is the turn of the next message with files; `None`: sending has stopped.
    async fn turn_of_upload(&self) -> Option<OwnedSemaphorePermit> {
        let turn = Arc::clone(&self.inner.uploads).acquire_owned();
        tokio::select! {
            biased;
            () = self.inner.stop.cancelled() => None,
            () = self.inner.halt.begun() => None,
            permit = turn => permit.ok(),
        }
    }

    /// Waits for the channel's turn; `false` when sending has stopped.
    async fn channel_is_ready(&self, channel: ChannelId) -> bool {
        let ready = async {
            loop {
                let until = lock(&self.inner.lane)
                    .channels
                    .get(&channel)
                    .map_or(0, |queue| queue.blocked_until);
                if until <= self.inner.clock.monotonic_ms() {
                    break;
                }
                self.inner.clock.sleep_until_monotonic(until).await;
            }
            self.inner.messenger.ready(channel).await;
        };
        tokio::select! {
            biased;
            () = self.inner.stop.cancelled() => false,
            () = self.inner.halt.begun() => false,
            () = ready => true,
        }
    }

    /// The deliveries of the next message, or `None` if nothing waits; then the channel's sender
    /// ends, and it is removed in the same breath, so that the next row starts another.
    fn take_next(&self, channel: ChannelId, turns: Turns) -> Option<Vec<Delivery>> {
        let mut lane = lock(&self.inner.lane);
        let queue = lane.channels.get_mut(&channel)?;
        if queue.waiting.front().is_some_and(|next| !turns.allow(next)) {
            // It came meanwhile, and waits for its turn first.
            return Some(Vec::new());
        }
        let Some(first) = queue.waiting.pop_front() else {
            // A block must outlast the queue, or the next post would begin at once.
            if queue.blocked_until <= self.inner.clock.monotonic_ms() {
                lane.channels.remove(&channel);
                return None;
            }
            return Some(Vec::new());
        };
        let mut taken = vec![first];
        if is_fresh(&taken[0]) {
            let lead = taken[0][0].clone();
            while let Some(next) = queue.waiting.front() {
                let rows = taken.iter().map(Vec::len).sum::<usize>() + next.len();
                let mergeable = is_fresh(next) && merge::fits_with(&lead, &next[0]);
                if !mergeable || rows > merge::MOST_LISTED {
                    break;
                }
                taken.extend(queue.waiting.pop_front());
            }
            // Put back what makes the message too long to be shown whole.
            while taken.len() > 1 && !merge::is_good(taken.iter().flatten().map(|row| &row.payload))
            {
                let last = taken.pop();
                last.into_iter()
                    .for_each(|last| queue.waiting.push_front(last));
            }
        }
        Some(taken)
    }

    async fn deliver(&self, deliveries: Vec<Delivery>) {
        let Some(lead) = deliveries.first().and_then(|delivery| delivery.first()) else {
            return;
        };
        let span = tracing::info_span!(
            "outbox.deliver",
            lane = "post",
            outbox.id = %lead.message_key,
            guild.id = %lead.guild,
            attempt = lead.attempt,
        );
        self.deliver_inner(deliveries).instrument(span).await;
    }

    async fn deliver_inner(&self, deliveries: Vec<Delivery>) {
        let deliveries = self.without_late(deliveries).await;
        let edit_of = deliveries
            .iter()
            .flatten()
            .find_map(|row| row.payload.edit_of);
        if let Some(of) = edit_of {
            return self.deliver_edit(deliveries, of).await;
        }
        let Some(rows) = self.begin(deliveries).await else {
            return;
        };
        let outcome = self.send_post(&rows).await;
        self.end(&rows, outcome).await;
    }

    /// An attempt came to an end; `None`: sending stopped before.
    pub(super) async fn end(
        &self,
        rows: &[Row],
        outcome: Option<Result<Option<MessageId>, SendError>>,
    ) {
        let Some(outcome) = outcome else {
            return self.leave_unsent(rows);
        };
        // What is about to be free for the next claim must be forgotten before it is, lest that
        // claim be taken for one that is held already.
        let was_sent = outcome.is_ok();
        if !was_sent {
            self.forget(rows);
        }
        self.record(rows, outcome).await;
        if was_sent {
            self.forget(rows);
        }
    }

    /// Says in the table that an attempt is under way, and that several deliveries are one message
    /// from now on: should the process end, whoever comes after sends the same message with the
    /// same nonce. `None`: there is nothing left to send, or sending has stopped.
    pub(super) async fn begin(&self, deliveries: Vec<Delivery>) -> Option<Vec<Row>> {
        let is_merge = deliveries.len() > 1;
        let mut rows: Vec<Row> = deliveries.into_iter().flatten().collect();
        let lead = rows.first()?;
        let now_ms = self.inner.clock.now_ms();
        let job = BeginJob {
            key: lead.message_key,
            rows: rows.iter().map(|row| row.id).collect(),
            boot: self.inner.boot,
            attempt: lead.attempt,
            now_ms,
        };
        if is_merge || rows.iter().any(|row| !row.begun) {
            let mut failures = 0;
            let held = loop {
                let db = &self.inner.db;
                let begun = if is_merge {
                    db.write(job.clone(), BeginJob::run).await
                } else {
                    // It need only outlive the process.
                    db.write_relaxed(job.clone(), BeginJob::run).await
                };
                match begun {
                    Ok(held) => break held,
                    Err(error) => {
                        if !self.waited_after(&error, &mut failures).await {
                            self.leave_unsent(&rows);
                            return None;
                        }
                    }
                }
            };
            let (kept, gone): (Vec<Row>, Vec<Row>) =
                rows.into_iter().partition(|row| held.contains(&row.id));
            // Deleted, or another process's since this one was frozen for longer than its lease.
            self.forget(&gone);
            rows = kept;
        }
        for row in &mut rows {
            row.message_key = job.key;
            row.begun = true;
            row.first_attempt_ms.get_or_insert(now_ms);
        }
        (!rows.is_empty()).then_some(rows)
    }

    /// `None`: sending stopped before `work` was done. Only for what may be cut short.
    pub(super) async fn unless_stopping<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.inner.stop.cancelled() => None,
            done = work => Some(done),
        }
    }

    /// Sending has stopped before these were sent; [`Outbox::drain`] gives them back as they were.
    pub(super) fn leave_unsent(&self, rows: &[Row]) {
        let ids = rows.iter().map(|row| row.id);
        lock(&self.inner.lane).left.extend(ids);
    }

    /// `None`: sending stopped before the request.
    pub(super) async fn send_post(
        &self,
        rows: &[Row],
    ) -> Option<Result<Option<MessageId>, SendError>> {
        let lead = &rows[0];
        let nonce = Nonce::new(lead.message_key, lead.rung);
        if self.ended_too_many(rows) {
            return self.unless_stopping(self.find_instead(lead, &nonce)).await;
        }
        match self
            .unless_stopping(self.find_earlier(lead, &nonce))
            .await?
        {
            Ok(None) => {}
            known => return Some(known),
        }
        let message = if lead.lane == outbox::Lane::Dm {
            dm::compose(rows)
        } else {
            merge::compose(lead.message_key, rows.iter().map(|row| &row.payload))
        };
        if !message.files.is_empty() {
            return self.upload(lead, message, &nonce).await;
        }
        let messenger = &self.inner.messenger;
        let posted = messenger.post(lead.channel, &message, &nonce).await;
        Some(posted.map(Some))
    }

    /// Sends a message with its files, in its turn; without them where the channel takes none.
    async fn upload(
        &self,
        lead: &Row,
        mut message: Message,
        nonce: &Nonce,
    ) -> Option<Result<Option<MessageId>, SendError>> {
        let loaded = self.unless_stopping(self.load_files(&mut message)).await?;
        if let Err(error) = loaded {
            return Some(Err(SendError::Retry {
                after_ms: None,
                why: format!("its files could not be read: {error}"),
            }));
        }
        let messenger = &self.inner.messenger;
        let posted = messenger.post(lead.channel, &message, nonce).await;
        let Err(SendError::Discard { why }) = posted else {
            return Some(posted.map(Some));
        };
        tracing::warn!(why, "a post's file was rejected; the post goes without it");
        message.files.clear();
        let note = text(lead.payload.language, "file-not-taken", &[]);
        let said = format!("{}\n-# {note}", message.content);
        message.content = shorten(&said, CONTENT_LENGTH);
        let posted = messenger.post(lead.channel, &message, nonce).await;
        Some(posted.map(Some))
    }

    /// Whether this message has been suspected of one death after the other for a day.
    pub(super) fn ended_too_many(&self, rows: &[Row]) -> bool {
        let now_ms = self.inner.clock.now_ms();
        rows.iter().any(|row| {
            let since_ms = now_ms - row.first_attempt_ms.unwrap_or(now_ms);
            suspects::is_hopeless(row.crashes, since_ms)
        })
    }

    /// A message that one process after the other did not survive is not sent again. It may have
    /// arrived each time: a process can end between the post and the record of it.
    async fn find_instead(
        &self,
        lead: &Row,
        nonce: &Nonce,
    ) -> Result<Option<MessageId>, SendError> {
        let since_ms = lead.first_attempt_ms.unwrap_or(lead.created_ms);
        let found = if bears_mark(lead) {
            let messenger = &self.inner.messenger;
            messenger.find(lead.channel, nonce, since_ms).await
        } else {
            Ok(None)
        };
        match found {
            Ok(None) | Err(SendError::Discard { .. }) => Err(given_up(lead)),
            found_or_later => found_or_later,
        }
    }

    /// After a gap longer than Discord remembers nonces: is it there already?
    async fn find_earlier(
        &self,
        lead: &Row,
        nonce: &Nonce,
    ) -> Result<Option<MessageId>, SendError> {
        let now_ms = self.inner.clock.now_ms();
        let Some(first_ms) = lead.first_attempt_ms else {
            return Ok(None);
        };
        // One that is ahead was made before the clock was set back: nobody knows how long ago.
        let is_remembered = (0..NONCE_WINDOW_MS).contains(&(now_ms - first_ms));
        // Discord knows no nonce of an answer.
        let is_new = lead.attempt <= 1 || is_remembered;
        if !bears_mark(lead) || is_new && !lead.is_standby() {
            return Ok(None);
        }
        let since_ms = first_ms.min(lead.created_ms).min(now_ms - NONCE_WINDOW_MS);
        match self
            .inner
            .messenger
            .find(lead.channel, nonce, since_ms)
            .await
        {
            // Not allowed to read the history: sending is the better of two evils.
            Err(SendError::Discard { .. }) => Ok(None),
            other => other,
        }
    }

    /// Stores how it ended. What was sent is recorded even if the database is away for a while:
    /// forgetting it would say it twice.
    pub(super) async fn record(&self, rows: &[Row], outcome: Result<Option<MessageId>, SendError>) {
        let mut failures = 0;
        loop {
            let recorded = match &outcome {
                Ok(message) => self.record_sent(rows, *message).await,
                Err(SendError::Retry { after_ms, why }) => {
                    self.record_retry(rows, *after_ms, why).await
                }
                Err(SendError::TooManyOpened { why }) => self.record_retry(rows, None, why).await,
                Err(SendError::Discard { why } | SendError::Unreachable { why }) => {
                    self.record_refusal(rows, why).await
                }
                Err(SendError::Unauthorized) => {
                    self.token_is_refused();
                    let ids = rows.iter().map(|row| row.id).collect();
                    self.give_back(ids).await
                }
            };
            let Err(error) = recorded else {
                return;
            };
            if !self.waited_after(&error, &mut failures).await {
                return;
            }
        }
    }

    /// Waits before the database is asked again; `false`: sending stopped meanwhile.
    pub(super) async fn waited_after(
        &self,
        error: &crate::error::Error,
        failures: &mut u32,
    ) -> bool {
        self.complain(error);
        let sleep = self.inner.clock.sleep_ms(again_ms(*failures));
        *failures = failures.saturating_add(1);
        self.unless_stopping(sleep).await.is_some()
    }

    fn complain(&self, error: &crate::error::Error) {
        let now_ms = self.inner.clock.monotonic_ms();
        let mut complained_ms = lock(&self.inner.complained_ms);
        if complained_ms.is_some_and(|last_ms| now_ms - last_ms < TELL_AGAIN_MS) {
            return;
        }
        *complained_ms = Some(now_ms);
        tracing::error!(
            error = format!("{error:#}"),
            "what was sent could not be recorded; trying again until it can"
        );
    }

    async fn record_sent(&self, rows: &[Row], message: Option<MessageId>) -> Result<()> {
        let now_ms = self.inner.clock.now_ms();
        let job = (rows[0].message_key, self.inner.boot, message, now_ms);
        self.inner
            .db
            // Were it lost, the same nonce would find the message again.
            .write_relaxed(job, |tx, (key, boot, message, now_ms)| {
                Box::pin(store::complete(tx, *key, *boot, *message, *now_ms))
            })
            .await?;
        let files = rows.iter().flat_map(|row| &row.payload.message.files);
        self.forget_files(files.map(|file| file.id)).await;
        let sent_ms = self.inner.clock.monotonic_ms();
        lock(&self.inner.sent_ms).insert(rows[0].lane, sent_ms);
        let late_ms = now_ms - rows[0].created_ms;
        tracing::debug!(rows = rows.len(), late_ms, "sent");
        Ok(())
    }

    async fn record_retry(&self, rows: &[Row], after_ms: Option<i64>, why: &str) -> Result<()> {
        let lead = &rows[0];
        let now_ms = self.inner.clock.now_ms();
        let since_ms = now_ms - lead.first_attempt_ms.unwrap_or(now_ms);
        if retry::is_hopeless(lead.attempt, since_ms) {
            return self
                .record_refusal(rows, &format!("gave up after a day: {why}"))
                .await;
        }
        let spread = lead.id.0.unsigned_abs();
        let wait_ms = after_ms.unwrap_or_else(|| retry::wait_ms(lead.attempt, spread));
        let is_late = since_ms + wait_ms >= retry::ALERT_AFTER_MS && !lead.alerted;
        let alert = is_late
            .then(|| self.alert("alert-late", "late", lead, why))
            .flatten();
        tracing::warn!(
            attempt = lead.attempt,
            wait_ms,
            why,
            "a post is tried again later"
        );
        // Before the table says so: whoever finds the row there must find its channel blocked.
        if lead.is_post() {
            self.block(lead.channel, wait_ms);
        }
        let job = RetryJob {
            key: lead.message_key,
            boot: self.inner.boot,
            now_ms,
            at_ms: now_ms + wait_ms,
            why: why.to_owned(),
            alerted: lead.alerted || is_late,
            // Who says when it may be tried again did not take it.
            is_in_doubt: after_ms.is_none(),
            alert: alert.clone().into_iter().collect(),
        };
        self.inner
            .db
            .write(job, |tx, job| {
                Box::pin(async move {
                    let again = store::Again {
                        at_ms: job.at_ms,
                        why: &job.why,
                        alerted: job.alerted,
                        is_in_doubt: job.is_in_doubt,
                    };
                    store::retry(tx, job.key, job.boot, job.now_ms, again).await?;
                    store::enqueue(tx, &job.alert, job.boot).await
                })
            })
            .await?;
        self.hand(alert.into_iter().collect());
        self.due_at(now_ms + wait_ms);
        Ok(())
    }

    /// Each of the rows goes its own way: to its next channel, or to its member's next command.
    async fn record_refusal(&self, rows: &[Row], why: &str) -> Result<()> {
        let now_ms = self.inner.clock.now_ms();
        let lead = &rows[0];
        if lead.lane == outbox::Lane::Edit {
            return self.drop_edit(lead, why).await;
        }
        // Only the like are merged: all of these are, or none.
        if lead.is_fleeting() {
            return self.drop_fleeting(rows, why).await;
        }
        tracing::warn!(rows = rows.len(), why, "a post was rejected permanently");
        let alert = if lead.is_post() {
            self.alert("alert-refused", "refused", lead, why)
        } else {
            None
        };
        let alert: Vec<Row> = alert.into_iter().collect();
        let job = (
            rows.to_vec(),
            alert.clone(),
            self.inner.boot,
            now_ms,
            why.to_owned(),
        );
        self.inner
            .db
            .write(job, |tx, (rows, alert, boot, now_ms, why)| {
                Box::pin(async move {
                    for row in rows {
                        match row.payload.ladder.first() {
                            Some(next) => {
                                store::step_down(tx, row, *next, *boot, *now_ms, why).await?;
                            }
                            None => store::discard(tx, row.id, *boot, *now_ms, why).await?,
                        }
                    }
                    store::enqueue(tx, alert, *boot).await
                })
            })
            .await?;
        let is_last = |row: &&Row| row.payload.ladder.is_empty();
        self.count_discarded(rows.iter().filter(is_last).count());
        self.hand(alert);
        self.due_at(now_ms);
        Ok(())
    }

    /// A post to the guild's alerts channel, unless that is the very channel in trouble.
    fn alert(&self, key: &str, kind: &str, about: &Row, why: &str) -> Option<Row> {
        let channel = about
            .payload
            .alerts
            .filter(|alerts| *alerts != about.channel)?;
        let language = about.payload.language;
        let args: [(&str, Arg); 2] = [
            ("channel", about.channel.to_string().into()),
            ("why", escape(&shorten(why, 200)).into()),
        ];
        let content = text(language, key, &args);
        let bucket = self.inner.clock.now_ms().div_euclid(ALERT_EVERY_MS);
        let mut alert = self.prepare(NewPost {
            guild: about.guild,
            user: None,
            class: Class::Notice,
            ladder: vec![channel],
            alerts: None,
            language,
            message: Message {
                content: content.clone(),
                ..Message::default()
            },
            digest: Some(Digest {
                topic: Topic::Alerts,
                line: shorten(&content, merge::LINE_LENGTH),
                mention: None,
                button: None,
            }),
            dropped_ms: None,
            dedupe_key: format!("alert:{kind}:{}:{bucket}", about.channel),
        });
        // Left to the table, which alone knows whether it has been told already.
        (alert.claimed, alert.begun) = (false, false);
        Some(alert)
    }

    /// Nothing is tried in this channel for a while.
    fn block(&self, channel: ChannelId, for_ms: i64) {
        let until = self.inner.clock.monotonic_ms() + for_ms;
        if let Some(queue) = lock(&self.inner.lane).channels.get_mut(&channel) {
            queue.blocked_until = queue.blocked_until.max(until);
        }
    }

    pub(super) fn forget(&self, rows: &[Row]) {
        let mut held = lock(&self.inner.held);
        for row in rows {
            held.remove(&row.id);
        }
    }

    /// Gives back what was not sent after all; a failure is left to the leases.
    pub(super) async fn put_back(&self, rows: &[Row]) {
        self.forget(rows);
        let ids = rows.iter().map(|row| row.id).collect();
        if let Err(error) = self.give_back(ids).await {
            let error = format!("{error:#}");
            tracing::warn!(error, "a claim could not be released; it expires by itself");
        }
    }

    /// These are as if no attempt had been made.
    async fn give_back(&self, ids: Vec<OutboxId>) -> Result<()> {
        let job = (ids, self.inner.boot, self.inner.clock.now_ms());
        self.inner
            .db
            .write(job, |tx, (ids, boot, now_ms)| {
                Box::pin(store::put_back(tx, *boot, *now_ms, ids))
            })
            .await
    }
}

#[derive(Clone)]
struct BeginJob {
    key: i64,
    rows: Vec<OutboxId>,
    boot: i64,
    attempt: i64,
    now_ms: i64,
}

impl BeginJob {
    fn run<'t>(tx: &'t mut Tx, job: &'t Self) -> BoxFuture<'t, Result<Vec<OutboxId>>> {
        let Self {
            key,
            rows,
            boot,
            attempt,
            now_ms,
        } = job;
        Box::pin(store::begin(tx, *key, rows, *boot, *attempt, *now_ms))
    }
}

struct RetryJob {
    key: i64,
    boot: i64,
    now_ms: i64,
    at_ms: i64,
    why: String,
    alerted: bool,
    is_in_doubt: bool,
    alert: Vec<Row>,
}

/// Whether a message of which this is the first row would be known by the mark on its first button.
fn bears_mark(lead: &Row) -> bool {
    lead.lane == outbox::Lane::Dm || !lead.payload.message.buttons.is_empty()
}

/// Refuses such a message.
pub(super) fn given_up(lead: &Row) -> SendError {
    tracing::error!(
        outbox.id = %lead.message_key,
        "gave up on a message: for a day, {MOST_CRASHES} processes or more ended while sending it"
    );
    SendError::Discard {
        why: "the program ended each time it was sent".to_owned(),
    }
}

/// Rows by message, in order of age.
pub(super) fn deliveries(rows: Vec<Row>) -> Vec<Delivery> {
    let mut deliveries: Vec<Delivery> = Vec::new();
    let mut by_key: HashMap<i64, usize> = HashMap::new();
    for row in rows {
        let index = *by_key.entry(row.message_key).or_insert_with(|| {
            deliveries.push(Vec::new());
            deliveries.len() - 1
        });
        deliveries[index].push(row);
    }
    deliveries
}

/// Whether this message was never attempted: only then may it still become part of another.
fn is_fresh(delivery: &Delivery) -> bool {
    delivery.iter().all(|row| row.attempt <= 1 && row.is_post())
}
