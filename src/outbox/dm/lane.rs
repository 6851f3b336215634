//! The sender of direct messages.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;
use tracing::Instrument as _;

use super::store::{self, Found, Look};
use super::{Door, Dropped, Letter, NO_OPENING_MS, Rate};
use crate::error::Result;
use crate::ids::{ChannelId, MessageId, OutboxId};
use crate::messenger::SendError;
use crate::outbox::store as rows;
use crate::outbox::suspects::Turn;
use crate::outbox::{self, Class, Membership, Outbox, POLL_MS, Row, lock, retry};

/// Messages on their way at once.
const MOST_IN_FLIGHT: usize = 16;
/// Of a backlog, while posts go out and no rate holds it back: one after the other, so as not to be in
/// their way.
const MOST_BESIDE_POSTS: usize = 1;
/// For so long after a post others are expected.
const POSTS_EXPECTED_MS: i64 = 1_000;
/// Posts that a message of a backlog lets go before it.
const POSTS_FIRST: usize = 3;
/// While the channels' posts are many, what makes way is looked at again after this long.
const MAKE_WAY_MS: i64 = 100;
/// What was asked about longer ago is asked about anew before it is sent.
const FRESH_MS: i64 = 1_000;

/// How direct messages are sent.
#[derive(Clone)]
pub struct Settings {
    /// Messages per second, over all processes.
    pub rate: Rate,
    /// Knows who wants which messages when.
    pub door: Arc<dyn Door>,
}

/// The lane's state in memory.
pub struct Lane {
    settings: Settings,
    wake: Notify,
    in_flight: AtomicUsize,
    /// Those of a backlog among them.
    bulk_in_flight: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Monotonic time before which nothing is sent: Discord could not be reached.
    paused_until: i64,
    failures: u32,
    /// No direct message is opened before; monotonic time.
    opening_from_ms: i64,
    /// Nothing is to be done before; wall time. `None`: there is something to look at.
    rests_until_ms: Option<i64>,
    /// It is being looked at: what the table says is taken may not be counted as under way yet.
    is_looking: bool,
}

impl Lane {
    pub(in crate::outbox) fn new(settings: Settings) -> Self {
        Self {
            settings,
            wake: Notify::new(),
            in_flight: AtomicUsize::new(0),
            bulk_in_flight: AtomicUsize::new(0),
            state: Mutex::default(),
        }
    }

    /// Whether all that could be sent at `now_ms` is, and the rest waits for its time.
    pub(in crate::outbox) fn rests(&self, now_ms: i64) -> bool {
        let until_ms = lock(&self.state).rests_until_ms;
        !self.is_busy() && until_ms.is_some_and(|until_ms| until_ms > now_ms)
    }

    /// Whether what the table says is taken is counted as under way.
    pub(in crate::outbox) fn counts_all(&self) -> bool {
        !self.is_busy() && !lock(&self.state).is_looking
    }

    /// The longest time between two messages of a backlog that is due to nothing but the pace.
    pub(in crate::outbox) fn longest_pause_ms(&self) -> i64 {
        self.settings.rate.longest_pause_ms()
    }

    pub(in crate::outbox) fn is_busy(&self) -> bool {
        self.in_flight.load(Ordering::Acquire) > 0
    }
}

/// A letter on its way; dropping it makes room for the next.
struct Slot {
    outbox: Outbox,
    bulk: bool,
}

impl Slot {
    fn of(outbox: &Outbox, bulk: bool) -> Self {
        let lane = &outbox.inner.dms;
        lane.in_flight.fetch_add(1, Ordering::AcqRel);
        lane.bulk_in_flight
            .fetch_add(usize::from(bulk), Ordering::AcqRel);
        Self {
            outbox: outbox.clone(),
            bulk,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let lane = &self.outbox.inner.dms;
        lane.bulk_in_flight
            .fetch_sub(usize::from(self.bulk), Ordering::AcqRel);
        lane.in_flight.fetch_sub(1, Ordering::AcqRel);
        self.outbox.wake_dms();
        self.outbox.changed();
    }
}

impl Outbox {
    /// There may be something new to send.
    pub fn wake_dms(&self) {
        let lane = &self.inner.dms;
        lock(&lane.state).rests_until_ms = None;
        lane.wake.notify_one();
    }

    /// No direct message is opened at present, because Discord said that it were too many.
    pub fn opens_no_dms(&self) -> bool {
        lock(&self.inner.dms.state).opening_from_ms > self.inner.clock.monotonic_ms()
    }

    pub(in crate::outbox) async fn send_dms_forever(self) {
        // While the token is refused nothing is claimed.
        while self.unless_stopping(self.inner.halt.over()).await.is_some() {
            let now_ms = self.inner.clock.now_ms();
            // What is enqueued from here on is either seen by this look or wakes the next.
            {
                let mut state = lock(&self.inner.dms.state);
                state.rests_until_ms = Some(now_ms);
                state.is_looking = true;
            }
            let found = self.look(now_ms).await;
            lock(&self.inner.dms.state).is_looking = false;
            let next_ms = match found {
                Ok(None) => continue,
                Ok(Some(next_ms)) => next_ms.min(now_ms + POLL_MS),
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::warn!(error, "direct messages could not be read; trying again");
                    now_ms + POLL_MS
                }
            };
            self.rest_until(now_ms, next_ms).await;
        }
    }

    async fn rest_until(&self, began_ms: i64, next_ms: i64) {
        let lane = &self.inner.dms;
        {
            let mut state = lock(&lane.state);
            // Woken during the look: there is something new.
            if state.rests_until_ms != Some(began_ms) {
                return;
            }
            state.rests_until_ms = Some(next_ms);
        }
        self.changed();
        tokio::select! {
            () = self.inner.clock.sleep_at_most(next_ms, POLL_MS) => {}
            () = lane.wake.notified() => {}
            () = self.inner.stop.cancelled() => {}
            () = self.inner.halt.begun() => {}
        }
    }

    /// Begins what can be sent now. Returns when to look again; `None`: at once.
    async fn look(&self, now_ms: i64) -> Result<Option<i64>> {
        let lane = &self.inner.dms;
        let free =
            |most: usize, taken: &AtomicUsize| most.saturating_sub(taken.load(Ordering::Acquire));
        let most = free(MOST_IN_FLIGHT, &lane.in_flight);
        let bulk_slots = self.bulk_slots();
        let most_bulk = free(bulk_slots, &lane.bulk_in_flight);
        let pause_ms = lock(&lane.state).paused_until - self.inner.clock.monotonic_ms();
        if pause_ms > 0 {
            return Ok(Some(now_ms + pause_ms));
        }
        // Whatever ends its way wakes this lane. Of a backlog several are taken together, to share a
        // transaction.
        let has_bulk_room = most_bulk >= bulk_slots.div_ceil(2);
        if most == 0 {
            return Ok(Some(now_ms + POLL_MS));
        }
        let makes_way = !self.has_room_for_edits();
        let mut turn = self.free_turn();
        let look = Look {
            boot: self.inner.boot,
            now_ms,
            most,
            most_bulk: if makes_way || !has_bulk_room {
                0
            } else {
                most_bulk
            },
            rate: lane.settings.rate,
            takes_suspect: turn.is_some(),
            is_durable: false,
        };
        // It need only outlive the process: after a power cut the same nonce finds what was sent.
        let mut found = self.claim_dms(look.clone()).await?;
        if found.must_be_durable {
            self.begin_letters(std::mem::take(&mut found.letters), &mut turn);
            let most_bulk = free(bulk_slots, &lane.bulk_in_flight);
            let look = Look {
                is_durable: true,
                most: free(MOST_IN_FLIGHT, &lane.in_flight),
                most_bulk: look.most_bulk.min(most_bulk),
                takes_suspect: turn.is_some(),
                ..look
            };
            found = self.claim_dms(look).await?;
        }
        let Found {
            letters,
            more,
            next_ms,
            unreadable,
            ..
        } = found;
        if unreadable > 0 {
            self.count_discarded(unreadable);
            tracing::error!(
                count = unreadable,
                "direct messages that this version cannot read were discarded"
            );
        }
        self.begin_letters(letters, &mut turn);
        if more {
            return Ok(None);
        }
        let next_ms = next_ms.unwrap_or(now_ms + POLL_MS);
        Ok(Some(if makes_way {
            next_ms.min(now_ms + MAKE_WAY_MS)
        } else {
            next_ms
        }))
    }

    /// How many of a backlog may be on their way at once.
    fn bulk_slots(&self) -> usize {
        if self.inner.dms.settings.rate != Rate::UNLIMITED {
            return MOST_IN_FLIGHT;
        }
        let posted_ms = lock(&self.inner.sent_ms).get(&outbox::Lane::Post).copied();
        let now_ms = self.inner.clock.monotonic_ms();
        if posted_ms.is_some_and(|posted_ms| now_ms - posted_ms < POSTS_EXPECTED_MS) {
            MOST_BESIDE_POSTS
        } else {
            MOST_IN_FLIGHT
        }
    }

    /// The time is read when the writer comes to it: what is asked is whether they may go then.
    async fn claim_dms(&self, look: Look) -> Result<Found> {
        let door = Arc::clone(&self.inner.dms.settings.door);
        let is_durable = look.is_durable;
        let job = (look, door, self.inner.clock.clone());
        let db = &self.inner.db;
        if is_durable {
            db.write(job, claim).await
        } else {
            db.write_relaxed(job, claim).await
        }
    }

    fn begin_letters(&self, letters: Vec<Letter>, turn: &mut Option<Turn>) {
        for letter in letters {
            let turn = if letter.rows.iter().any(Row::is_suspect) {
                turn.take().map(Turn::used)
            } else {
                None
            };
            self.begin_letter(letter, turn);
        }
    }

    fn begin_letter(&self, letter: Letter, turn: Option<Turn>) {
        {
            let mut held = lock(&self.inner.held);
            letter.rows.iter().for_each(|row| {
                held.insert(row.id);
            });
        }
        let Some(lead) = letter.rows.first() else {
            return;
        };
        let slot = Slot::of(self, lead.dm.bulk);
        let span = tracing::info_span!(
            "outbox.deliver",
            lane = "dm",
            outbox.id = %lead.message_key,
            guild.id = %lead.guild,
            attempt = lead.attempt,
        );
        let outbox = self.clone();
        let sending = async move {
            let ids = letter.rows.iter().map(|row| row.id).collect();
            outbox.contain(ids, outbox.deliver_letter(letter)).await;
            drop(turn);
            drop(slot);
        };
        self.inner.tasks.spawn(sending.instrument(span));
    }

    /// Lets posts that are on their way go first, but not for ever.
    async fn let_posts_go(&self) {
        let mut changes = self.changes();
        for _ in 0..POSTS_FIRST {
            if !lock(&self.inner.lane).is_sending() {
                return;
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    async fn deliver_letter(&self, mut letter: Letter) {
        let claimed_ms = self.inner.clock.monotonic_ms();
        if letter.rows.first().is_some_and(|lead| lead.dm.bulk)
            && self.unless_stopping(self.let_posts_go()).await.is_none()
        {
            return self.leave_unsent(&letter.rows);
        }
        match self.unless_stopping(self.reader_has_left(&letter)).await {
            None => return self.leave_unsent(&letter.rows),
            Some(true) => return self.drop_letter(&letter.rows, Dropped::Left).await,
            Some(false) => {}
        }
        let known = letter.channel;
        let outcome = match self.unless_stopping(self.channel_of(&letter)).await {
            None => return self.leave_unsent(&letter.rows),
            Some(Err(error)) => Err(error),
            Some(Ok(channel)) => {
                letter.channel = Some(channel);
                for row in &mut letter.rows {
                    row.channel = channel;
                }
                let ready = self.inner.messenger.ready(channel);
                if self.unless_stopping(ready).await.is_none() {
                    return self.leave_unsent(&letter.rows);
                }
                if self.inner.clock.monotonic_ms() - claimed_ms > FRESH_MS {
                    // Meanwhile they may have said stop, or night may have come: it is asked anew.
                    return self.put_back(&letter.rows).await;
                }
                match self.send_post(&letter.rows).await {
                    None => return self.leave_unsent(&letter.rows),
                    Some(outcome) => outcome,
                }
            }
        };
        let was_known = known.is_some();
        let opened = letter.channel.filter(|_| !was_known);
        // See `deliver_inner` of the posts' lane.
        let was_sent = outcome.is_ok();
        if !was_sent {
            self.forget(&letter.rows);
        }
        self.record_letter(&letter.rows, opened, was_known, outcome)
            .await;
        if was_sent {
            self.forget(&letter.rows);
        }
    }

    /// Whether the server on whose behalf it is has lost this member. What the law wants said is sent all
    /// the same, and so is everything while Discord cannot be asked.
    async fn reader_has_left(&self, letter: &Letter) -> bool {
        let Some(lead) = letter.rows.first() else {
            return false;
        };
        match lead.user {
            Some(user) if lead.class != Class::Legal => {
                self.membership(lead.guild, user).await == Membership::Left
            }
            _ => false,
        }
    }

    /// Nobody misses it.
    async fn drop_letter(&self, letter: &[Row], why: Dropped) {
        if let Err(error) = self.drop_fleeting(letter, why.as_str()).await {
            // Its lease runs out, and it is asked about anew.
            let error = format!("{error:#}");
            tracing::warn!(error, "a direct message was not dropped yet");
        }
        self.forget(letter);
    }

    async fn channel_of(&self, letter: &Letter) -> Result<ChannelId, SendError> {
        let user = letter.rows.first().and_then(|row| row.user);
        match (letter.channel, user) {
            (Some(channel), _) => Ok(channel),
            (None, Some(user)) => self.inner.messenger.open_dm(user).await,
            (None, None) => Err(SendError::Discard {
                why: "it has no reader".into(),
            }),
        }
    }

    /// Stores how it ended, trying until the database is there.
    async fn record_letter(
        &self,
        letter: &[Row],
        opened: Option<ChannelId>,
        was_known: bool,
        outcome: Result<Option<MessageId>, SendError>,
    ) {
        let mut failures = 0;
        let ending = self.judge(letter, was_known, outcome);
        let job = Record {
            key: letter[0].message_key,
            user: letter[0].user,
            ids: letter.iter().map(|row| row.id).collect(),
            boot: self.inner.boot,
            now_ms: self.inner.clock.now_ms(),
            opened,
            ending,
        };
        loop {
            let write = |job: Record| async {
                let db = &self.inner.db;
                match &job.ending {
                    // Were it lost, the same nonce would find the message again.
                    Ending::Sent(_) => db.write_relaxed(job, run).await,
                    _ => db.write(job, run).await,
                }
            };
            let Err(error) = write(job.clone()).await else {
                return;
            };
            if !self.waited_after(&error, &mut failures).await {
                return;
            }
        }
    }

    /// What a failure means for the letter, and for the lane.
    fn judge(
        &self,
        letter: &[Row],
        was_known: bool,
        outcome: Result<Option<MessageId>, SendError>,
    ) -> Ending {
        let lead = &letter[0];
        let now_ms = self.inner.clock.now_ms();
        let mut state = lock(&self.inner.dms.state);
        let later = |after_ms: Option<i64>, why: String| {
            let since_ms = now_ms - lead.first_attempt_ms.unwrap_or(now_ms);
            if retry::is_hopeless(lead.attempt, since_ms) {
                self.count_discarded(letter.len());
                return Ending::Never {
                    why: format!("gave up after a day: {why}"),
                    is_closed: false,
                };
            }
            let spread = lead.id.0.unsigned_abs();
            let wait_ms = after_ms.unwrap_or_else(|| retry::wait_ms(lead.attempt, spread));
            tracing::warn!(
                attempt = lead.attempt,
                wait_ms,
                why,
                "a direct message is tried again later"
            );
            Ending::Later {
                at_ms: now_ms + wait_ms,
                why,
            }
        };
        match outcome {
            Ok(message) => {
                state.failures = 0;
                state.paused_until = 0;
                let sent_ms = self.inner.clock.monotonic_ms();
                lock(&self.inner.sent_ms).insert(lead.lane, sent_ms);
                Ending::Sent(message)
            }
            Err(SendError::Retry { after_ms, why }) => {
                // Without a word of when: it is Discord, or the way to it, and not this reader, so the
                // others wait as well. What failed together is one failure.
                let monotonic_ms = self.inner.clock.monotonic_ms();
                if after_ms.is_none() && state.paused_until <= monotonic_ms {
                    let pause_ms = retry::wait_ms(i64::from(state.failures) + 1, 0);
                    state.failures = state.failures.saturating_add(1);
                    state.paused_until = monotonic_ms + pause_ms;
                }
                later(after_ms, why)
            }
            Err(SendError::TooManyOpened { why }) => {
                let monotonic_ms = self.inner.clock.monotonic_ms();
                if state.opening_from_ms <= monotonic_ms {
                    tracing::error!(
                        why,
                        "Discord is limiting new DMs; the bot opens none for ten minutes"
                    );
                }
                state.opening_from_ms = monotonic_ms + NO_OPENING_MS;
                Ending::NotOpened {
                    until_ms: now_ms + NO_OPENING_MS,
                    why,
                }
            }
            Err(SendError::Unauthorized) => {
                drop(state);
                self.token_is_refused();
                Ending::NotAttempted
            }
            Err(SendError::Unreachable { why }) => {
                state.failures = 0;
                tracing::info!(why, "a member does not accept direct messages");
                Ending::Never {
                    why,
                    is_closed: true,
                }
            }
            // The channel that was remembered may be another bot's, or gone: it is asked for anew.
            Err(SendError::Discard { why }) if was_known && lead.attempt <= 1 => {
                Ending::OtherChannel { why }
            }
            Err(SendError::Discard { why }) => {
                state.failures = 0;
                self.count_discarded(letter.len());
                tracing::warn!(why, "a direct message was rejected permanently");
                Ending::Never {
                    why,
                    is_closed: false,
                }
            }
        }
    }
}

fn claim<'t>(
    tx: &'t mut crate::db::Tx,
    (look, door, clock): &'t (Look, Arc<dyn Door>, crate::clock::Clock),
) -> crate::db::BoxFuture<'t, Result<Found>> {
    Box::pin(async move {
        let look = Look {
            now_ms: clock.now_ms(),
            ..look.clone()
        };
        store::claim(tx, door.as_ref(), &look).await
    })
}

/// How an attempt ended.
#[derive(Clone, Debug)]
enum Ending {
    Sent(Option<MessageId>),
    /// The token was refused, which says nothing of the message.
    NotAttempted,
    Later {
        at_ms: i64,
        why: String,
    },
    NotOpened {
        until_ms: i64,
        why: String,
    },
    OtherChannel {
        why: String,
    },
    Never {
        why: String,
        is_closed: bool,
    },
}

#[derive(Clone)]
struct Record {
    key: i64,
    user: Option<crate::ids::UserId>,
    ids: Vec<OutboxId>,
    boot: i64,
    now_ms: i64,
    opened: Option<ChannelId>,
    ending: Ending,
}

fn run<'t>(tx: &'t mut crate::db::Tx, job: &'t Record) -> crate::db::BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        let Record {
            key,
            user,
            ids,
            boot,
            now_ms,
            opened,
            ending,
        } = job;
        if let (Some(channel), Some(user)) = (opened, user) {
            store::opened(tx, *user, *channel).await?;
        }
        match ending {
            Ending::Sent(message) => rows::complete(tx, *key, *boot, *message, *now_ms).await,
            Ending::NotAttempted => rows::put_back(tx, *boot, *now_ms, ids).await,
            Ending::Later { at_ms, why } => {
                rows::retry(tx, *key, *boot, *now_ms, again(*at_ms, why)).await
            }
            Ending::NotOpened { until_ms, why } => {
                store::stop_opening(tx, *until_ms).await?;
                rows::retry(tx, *key, *boot, *now_ms, again(*until_ms, why)).await
            }
            Ending::OtherChannel { why } => {
                if let Some(user) = user {
                    store::forget_channel(tx, *user).await?;
                }
                rows::retry(tx, *key, *boot, *now_ms, again(*now_ms, why)).await
            }
            Ending::Never { why, is_closed } => {
                if let (true, Some(user)) = (is_closed, user) {
                    store::closed(tx, *user, *now_ms).await?;
                }
                for id in ids {
                    rows::discard(tx, *id, *boot, *now_ms, why).await?;
                }
                Ok(())
            }
        }
    })
}

/// It may have arrived, for all that is known; of a direct message nobody asks.
fn again(at_ms: i64, why: &str) -> rows::Again<'_> {
    rows::Again {
        at_ms,
        why,
        alerted: false,
        is_in_doubt: true,
    }
}
