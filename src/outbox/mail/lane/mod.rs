//! The sender of mails.
//!
//! One loop for each process: in one transaction it records what came to its end, opens the gates of
//! mails that are about to leave, renews its claims, and claims as many rows as there is room for; then
//! each of these is written and given to the mailer by a task of its own, which brings back how it
//! ended. So a mail costs no transaction of its own, and however long an audience is, no more of it is
//! in memory than the window.
//!
//! Before its first mail an occurrence is opened: what its mails are made of is read, where strangers'
//! documents are. That may take long, so it is done by a task of its own, and nothing of the occurrence is
//! claimed before.
//!
//! The window is what is claimed: four times the connections, so that these have mails to send while
//! the next are being claimed. Of these only what has passed its gate may have arrived: two mails for
//! each connection at most, the one that it is sending and the one behind. What the process leaves in
//! doubt when it is killed is no more than that, and mostly what had arrived but was not recorded yet;
//! the rest of the window waits again.

mod store;

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::breaker::{Breaker, May};
use super::judge::{Claimed, News, Outcome, Verdict, judge};
use super::throttle::Throttle;
use super::waits::{Anew, Waits};
use super::{Occurrence, Press, Rest, RestCause, Settings};
use crate::clock::BackstepWatch;
use crate::documents::{Asker, Patience, Refusal};
use crate::error::Result;
use crate::ids::{DeliveryId, GuildId, OccurrenceId};
use crate::mailer::{Gate, Scope};
use crate::outbox::pace::Rate;
use crate::outbox::suspects::Dead;
use crate::outbox::{self, Outbox, POLL_MS, RENEW_MS, lock};
use store::{Cycle, Done};

pub(super) use store::{CLAIMED, claimed, count_mails};

/// Rows under way for each connection.
const WINDOW: usize = 4;
/// Of these in the mailer's hands: it announces a mail behind the one before only if more wait than
/// there are connections. What is not in its hands is given back when there is trouble.
const IN_HAND: usize = 2;
/// How long the first of several that came to their end waits for company.
const PATIENCE: Duration = Duration::from_millis(5);
/// How long nothing is sent after the server said that the day's mails are used up.
const QUOTA_MS: i64 = 3_600_000;
/// Rows with which the connection was lost that are remembered.
const MOST_LOSSES: usize = 10_000;
/// That the day's limit was reached is told once in such a time.
const TELL_AGAIN_MS: i64 = 24 * 3_600_000;

/// The lane's state in memory.
pub(in crate::outbox) struct Lane {
    settings: Settings,
    wake: Notify,
    /// Room in the mailer's hands.
    hands: Semaphore,
    state: Mutex<State>,
}

struct State {
    breaker: Breaker,
    throttle: Throttle,
    quota: Option<Quota>,
    /// The day's limit is reached until then; wall time.
    limited_ms: Option<i64>,
    /// What the table says is under way here, until its end is recorded.
    under_way: HashMap<DeliveryId, OccurrenceId>,
    /// How many of these have not come to their end.
    unfinished: usize,
    settled: Vec<Settled>,
    /// The one of them that a process did not survive.
    suspect: Option<DeliveryId>,
    /// Occurrences that are being opened, and whose they are.
    opening: HashMap<OccurrenceId, GuildId>,
    /// Those that have been.
    opened: Vec<(OccurrenceId, Opened)>,
    /// Mails that wait for their gates.
    leaving: Vec<Leaving>,
    /// Ends when those that the mailer does not have yet are to come back.
    hold: CancellationToken,
    /// Nothing is to be done before; wall time. `None`: there is something to look at.
    rests_until_ms: Option<i64>,
    is_looking: bool,
    /// To be told to those whose mails wait.
    untold: Option<Rest>,
    /// Mails taken.
    taken: u64,
    /// Rows with which the connection was lost: how often, and what had been taken at the first time.
    losses: HashMap<DeliveryId, (u32, u64)>,
}

/// Who writes an occurrence's mails, or why nobody can.
type Opened = Result<Arc<dyn Press>, String>;

/// The server takes no more today.
struct Quota {
    until_ms: i64,
    is_trying: bool,
}

/// A mail that is about to leave.
struct Leaving {
    id: DeliveryId,
    /// Told whether it may.
    gate: oneshot::Sender<bool>,
}

/// A row whose attempt has ended.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    claimed: Claimed,
    verdict: Verdict,
}

impl Settled {
    /// Whether an admin may have it sent again.
    fn has_failed(&self) -> bool {
        matches!(
            self.verdict,
            Verdict::Discarded { .. } | Verdict::Unknown { .. }
        )
    }
}

/// What the loop alone knows.
#[derive(Default)]
struct Memory {
    presses: HashMap<OccurrenceId, Opened>,
    idle: HashMap<OccurrenceId, i64>,
    served: Option<OccurrenceId>,
    /// When claims were last renewed, by both clocks: one that was set, or slept, shows.
    renewed_ms: Option<(i64, i64)>,
    told_ms: Option<i64>,
    /// `None`: there was no look yet.
    watch: Option<BackstepWatch>,
    /// The clock was set back, and waits have not been set anew since.
    was_set_back: bool,
    /// Waits have been looked through since this process began.
    has_looked: bool,
    /// They are being looked through.
    anew: Option<Anew>,
    /// Processes that are no more.
    dead: Dead,
    /// The end of the last transaction is not known.
    is_unsure: bool,
}

impl Memory {
    /// Whether it is the time to renew claims.
    fn renews(&self, now_ms: i64, monotonic_ms: i64) -> bool {
        self.renewed_ms.is_none_or(|(wall_ms, mono_ms)| {
            !(0..RENEW_MS).contains(&(now_ms - wall_ms)) || monotonic_ms - mono_ms >= RENEW_MS
        })
    }
}

impl Lane {
    pub(in crate::outbox) fn new(settings: Settings) -> Self {
        let limits = &settings.limits;
        let state = State {
            breaker: Breaker::new(limits.retries, limits.retry_delay_ms),
            throttle: Throttle::new(limits.rate),
            quota: None,
            limited_ms: None,
            under_way: HashMap::new(),
            unfinished: 0,
            settled: Vec::new(),
            suspect: None,
            opening: HashMap::new(),
            opened: Vec::new(),
            leaving: Vec::new(),
            hold: CancellationToken::new(),
            rests_until_ms: None,
            is_looking: false,
            untold: None,
            taken: 0,
            losses: HashMap::new(),
        };
        Self {
            hands: Semaphore::new(limits.connections.max(1) * IN_HAND),
            wake: Notify::new(),
            state: Mutex::new(state),
            settings,
        }
    }

    /// Whether all that could be sent at `now_ms` is, and the rest waits for its time.
    pub(in crate::outbox) fn rests(&self, now_ms: i64) -> bool {
        let state = lock(&self.state);
        let is_idle = state.under_way.is_empty() && !state.is_looking;
        is_idle
            && state.opening.is_empty()
            && state.opened.is_empty()
            && state
                .rests_until_ms
                .is_some_and(|until_ms| until_ms > now_ms)
    }

    /// How many mails are under way here.
    pub(in crate::outbox) fn held(&self) -> usize {
        lock(&self.state).under_way.len()
    }

    /// Whether there is a limit to a day's mails.
    pub(in crate::outbox) fn is_limited(&self) -> bool {
        self.settings.limits.daily > 0
    }

    fn window(&self) -> usize {
        self.settings.limits.connections.max(1) * WINDOW
    }
}

impl State {
    /// Rows that may be claimed, of so many; or when there may be some again, by the monotonic clock.
    fn room(&self, free: usize, now_ms: i64) -> (usize, Option<i64>) {
        if let Some(quota) = &self.quota {
            if quota.is_trying {
                return (0, None);
            }
            if now_ms < quota.until_ms {
                return (0, Some(quota.until_ms));
            }
        }
        if let Some(until_ms) = self.throttle.paused_until_ms(now_ms) {
            return (0, Some(until_ms));
        }
        match self.breaker.may(now_ms) {
            May::Not(until_ms) => (0, until_ms),
            May::One => (free.min(1), None),
            May::Freely if self.quota.is_some() => (free.min(1), None),
            May::Freely => (free, None),
        }
    }

    fn begun(&mut self) {
        self.breaker.begun();
        if let Some(quota) = &mut self.quota {
            quota.is_trying = true;
        }
    }

    /// What the lane makes of an attempt's end.
    fn learn(&mut self, news: News, era: u64, now_ms: i64) {
        match news {
            News::Took => {
                self.taken += 1;
                self.throttle.sent(now_ms);
                // Others were on their way when the server said so, and may have been in time.
                self.quota.take_if(|quota| quota.is_trying);
                self.answered();
            }
            News::Answered => self.answered(),
            News::Slower => {
                self.answered();
                self.throttle.asked(now_ms);
                self.call_back();
            }
            News::DayIsOver => {
                self.answered();
                let is_known = self
                    .quota
                    .as_ref()
                    .is_some_and(|quota| now_ms < quota.until_ms);
                if !is_known {
                    tracing::warn!(
                        "the mail server accepts no more emails today; trying again in an hour"
                    );
                    self.quota = Some(Quota {
                        until_ms: now_ms + QUOTA_MS,
                        is_trying: false,
                    });
                    self.call_back();
                }
            }
            News::Lost => {
                if self.breaker.lost(era, now_ms) {
                    self.call_back();
                    if self.breaker.is_open() {
                        tracing::warn!("the mail server can't be reached; sending is paused");
                    }
                }
            }
            News::None => self.breaker.untried(era),
        }
        if news != News::Took
            && let Some(quota) = &mut self.quota
        {
            quota.is_trying = false;
        }
    }

    /// Whether it is this mail with which the connection is lost again and again, counting once more:
    /// others were taken meanwhile, and the quick tries are used up.
    fn is_unbearable(&mut self, id: DeliveryId, outcome: &Outcome, retries: u32) -> bool {
        let lost =
            matches!(outcome, Outcome::Failed(failure) if failure.scope == Scope::Connection);
        if !lost {
            if !matches!(outcome, Outcome::Untried) {
                self.losses.remove(&id);
            }
            return false;
        }
        if self.losses.len() >= MOST_LOSSES {
            // So many are no one mail's fault.
            self.losses.clear();
        }
        let (times, taken) = self.losses.entry(id).or_insert((0, self.taken));
        *times += 1;
        *times > retries + 1 && self.taken > *taken
    }

    fn answered(&mut self) {
        if self.breaker.answered() {
            tracing::info!("the mail server is back; sending continues");
        }
    }

    /// Those that the mailer does not have yet come back.
    fn call_back(&mut self) {
        std::mem::take(&mut self.hold).cancel();
    }
}

impl Outbox {
    /// There may be something to send: after a [`super::begin`], [`super::resume`] or
    /// [`super::retry_failed`] is durable.
    pub fn wake_mails(&self) {
        let lane = &self.inner.mails;
        lock(&lane.state).rests_until_ms = None;
        lane.wake.notify_one();
    }

    /// Why no mail goes out at present, over all guilds; `None`: it does. The quick tries are no
    /// rest.
    pub fn mails_rest(&self) -> Option<Rest> {
        let (now_ms, monotonic_ms) = (self.inner.clock.now_ms(), self.inner.clock.monotonic_ms());
        let state = lock(&self.inner.mails.state);
        let rest = |until_ms: i64, cause| Rest {
            until_ms: now_ms + (until_ms - monotonic_ms).max(0),
            cause,
        };
        if let Some(quota) = &state.quota {
            return Some(rest(quota.until_ms, RestCause::DailyLimit));
        }
        if let Some(until_ms) = state.breaker.open_until_ms() {
            return Some(rest(until_ms, RestCause::Unreachable));
        }
        if let Some(until_ms) = state.limited_ms.filter(|until_ms| *until_ms > now_ms) {
            let cause = RestCause::DailyLimit;
            return Some(Rest { until_ms, cause });
        }
        let until_ms = state.throttle.paused_until_ms(monotonic_ms)?;
        Some(rest(until_ms, RestCause::Throttled))
    }

    pub(in crate::outbox) async fn send_mails_forever(self) {
        let mut memory = Memory {
            // A life of this task before ended in the midst of a look.
            is_unsure: lock(&self.inner.mails.state).is_looking,
            ..Memory::default()
        };
        let mut failures = 0;
        loop {
            let now_ms = self.inner.clock.now_ms();
            let is_stopping = self.inner.stop.is_cancelled();
            {
                let mut state = lock(&self.inner.mails.state);
                if is_stopping && state.under_way.is_empty() {
                    break;
                }
                // What is enqueued from here on is either seen by this look or wakes the next.
                if state.rests_until_ms.is_none() {
                    memory.idle.clear();
                }
                state.rests_until_ms = Some(now_ms);
                state.is_looking = true;
            }
            let looked = self.look_at_mails(&mut memory, is_stopping, now_ms).await;
            lock(&self.inner.mails.state).is_looking = false;
            match looked {
                Ok(next_ms) => {
                    failures = 0;
                    self.rest_mails(now_ms, next_ms, is_stopping).await;
                }
                Err(error) => {
                    memory.is_unsure = true;
                    if is_stopping || !self.waited_after(&error, &mut failures).await {
                        let error = format!("{error:#}");
                        tracing::error!(
                            error,
                            "the results of the last emails could not be stored"
                        );
                        break;
                    }
                }
            }
        }
        self.inner.mails.settings.mailer.close().await;
        self.changed();
    }

    /// Waits until there is something to do, or until `next_ms`.
    async fn rest_mails(&self, began_ms: i64, next_ms: i64, is_stopping: bool) {
        let lane = &self.inner.mails;
        let is_woken = {
            let mut state = lock(&lane.state);
            // Woken during the look: there is something new.
            if state.rests_until_ms == Some(began_ms) {
                state.rests_until_ms = Some(next_ms);
            }
            let is_told = !state.settled.is_empty() || !state.opened.is_empty();
            state.rests_until_ms.is_none() || is_told || !state.leaving.is_empty()
        };
        if next_ms > began_ms && !is_woken {
            self.changed();
            tokio::select! {
                () = self.inner.clock.sleep_at_most(next_ms, POLL_MS) => {}
                () = lane.wake.notified() => {}
                () = self.inner.stop.cancelled(), if !is_stopping => {}
            }
        }
        // While the mailer has enough to do, results and gates wait for each other, to share a
        // transaction.
        let gathered = async {
            while lane.is_gathering() {
                lane.wake.notified().await;
            }
        };
        // Whether it was enough or time is up is all the same.
        let _ = tokio::time::timeout(PATIENCE, gathered).await;
    }

    /// Records, renews, claims and begins. Returns when to look again.
    async fn look_at_mails(
        &self,
        memory: &mut Memory,
        is_stopping: bool,
        now_ms: i64,
    ) -> Result<i64> {
        let monotonic_ms = self.inner.clock.monotonic_ms();
        let is_nothing = lock(&self.inner.mails.state).under_way.is_empty() && !memory.is_unsure;
        if is_nothing && !self.has_mails().await? {
            memory.presses.clear();
            lock(&self.inner.mails.state).opened.clear();
            return Ok(now_ms + POLL_MS);
        }
        let more_waits = !is_stopping
            && self
                .set_some_waits_anew(memory, now_ms, monotonic_ms)
                .await?;
        let (mut cycle, until_ms) = self.cycle(memory, is_stopping, now_ms, monotonic_ms);
        let leaving = self.take_leaving();
        cycle.leaving = leaving.iter().map(|one| one.id).collect();
        let settled = Arc::clone(&cycle.settled);
        let (renews, tells_rest) = (cycle.renew.is_some(), cycle.rest.is_some());
        let ran = self
            .inner
            .db
            .write(cycle, |tx, cycle| Box::pin(store::run(tx, cycle)));
        let mut done = match ran.await {
            Ok(done) => done,
            Err(error) => {
                let mut state = lock(&self.inner.mails.state);
                let later = std::mem::take(&mut state.settled);
                state.settled.extend(settled.iter().cloned());
                state.settled.extend(later);
                // Their gates stay closed until it is certain that the ledger knows.
                state.leaving.extend(leaving);
                return Err(error);
            }
        };
        for one in leaving {
            // The mailer may have given it up.
            let _ = one.gate.send(done.leaving.contains(&one.id));
        }
        memory.is_unsure = false;
        if renews {
            // What dead processes left is looked for whenever claims are renewed.
            memory.renewed_ms = (!done.left_more).then_some((now_ms, monotonic_ms));
        }
        memory.dead = std::mem::take(&mut done.dead);
        done.more |= more_waits;
        if done.was_limit_told {
            memory.told_ms = Some(monotonic_ms);
        }
        {
            let mut state = lock(&self.inner.mails.state);
            for one in settled.iter() {
                let id = one.claimed.recipient.id;
                state.under_way.remove(&id);
                state.suspect.take_if(|suspect| *suspect == id);
            }
            if tells_rest {
                state.untold = None;
            }
            state.limited_ms = done.limited_ms;
        }
        if !settled.is_empty() {
            self.changed();
        }
        Ok(self.begin_mails(memory, done, until_ms, now_ms))
    }

    /// The next piece of what waits for too long, if it is the time to look for that. `true`: there is more.
    async fn set_some_waits_anew(
        &self,
        memory: &mut Memory,
        now_ms: i64,
        monotonic_ms: i64,
    ) -> Result<bool> {
        let clock = &self.inner.clock;
        let watch = memory
            .watch
            .get_or_insert_with(|| BackstepWatch::new(clock));
        memory.was_set_back |= watch.was_set_back(clock);
        let is_time = memory.was_set_back || memory.renews(now_ms, monotonic_ms);
        if memory.anew.is_none() && is_time {
            let limits = &self.inner.mails.settings.limits;
            let was_set_back = std::mem::take(&mut memory.was_set_back);
            let waits = Waits::of(limits, was_set_back, !memory.has_looked);
            memory.anew = Some(Anew::new(waits));
        }
        let Some(anew) = &mut memory.anew else {
            return Ok(false);
        };
        let went = anew.go_on(&self.inner.db, clock).await?;
        if went.has_changed {
            memory.idle.clear();
        }
        if !went.more {
            memory.has_looked = true;
            memory.anew = None;
        }
        Ok(went.more)
    }

    /// What is to be done now, and when there may be room for more.
    fn cycle(
        &self,
        memory: &mut Memory,
        is_stopping: bool,
        now_ms: i64,
        monotonic_ms: i64,
    ) -> (Cycle, Option<i64>) {
        let lane = &self.inner.mails;
        let mut state = lock(&lane.state);
        let settled = std::mem::take(&mut state.settled);
        for one in &settled {
            // It may be due again.
            memory.idle.remove(&one.claimed.recipient.occurrence);
        }
        let recorded: HashSet<_> = settled.iter().map(|one| one.claimed.recipient.id).collect();
        let takes_suspect = state.suspect.is_none_or(|id| recorded.contains(&id));
        if takes_suspect && state.suspect.is_some() {
            // It may be the turn of another occurrence's.
            memory.idle.clear();
        }
        for (id, opened) in std::mem::take(&mut state.opened) {
            memory.idle.remove(&id);
            memory.presses.insert(id, opened);
        }
        let still = || {
            state
                .under_way
                .iter()
                .filter(|(id, _)| !recorded.contains(id))
        };
        let held = || still().map(|(id, _)| *id).collect::<Vec<_>>();
        let free = lane.window().saturating_sub(still().count());
        let (room, until_ms) = if is_stopping {
            (0, None)
        } else {
            state.room(free, monotonic_ms)
        };
        let renews = memory.renews(now_ms, monotonic_ms);
        if renews {
            // Others may have changed what is due, and nobody tells this process.
            memory.idle.clear();
        }
        let tells_limit = memory
            .told_ms
            .is_none_or(|told_ms| monotonic_ms - told_ms >= TELL_AGAIN_MS);
        let settings = &lane.settings;
        let cycle = Cycle {
            boot: self.inner.boot,
            clock: self.inner.clock.clone(),
            author: Arc::clone(&settings.author),
            daily: settings.limits.daily,
            busy: still().map(|(_, occurrence)| *occurrence).collect(),
            renew: renews.then(held),
            dead: memory.dead.clone().at(monotonic_ms),
            takes_suspect,
            leaving: Vec::new(),
            held: memory.is_unsure.then(held),
            room,
            rate: Rate(state.throttle.rate(monotonic_ms)),
            idle: memory.idle.clone(),
            known: memory.presses.keys().copied().collect(),
            opening: state.opening.clone(),
            served: memory.served.unwrap_or(OccurrenceId(0)),
            rest: state.untold.clone(),
            tells_limit,
            settled: Arc::new(settled),
        };
        let wall_ms = until_ms.map(|until_ms| now_ms + (until_ms - monotonic_ms));
        (cycle, wall_ms)
    }

    async fn has_mails(&self) -> Result<bool> {
        let mut conn = self.inner.db.read().await?;
        store::has_work(&mut conn).await
    }

    /// Begins what was claimed. Returns when to look again.
    fn begin_mails(
        &self,
        memory: &mut Memory,
        done: Done,
        until_ms: Option<i64>,
        now_ms: i64,
    ) -> i64 {
        let Done {
            claimed,
            to_open,
            sending,
            idle,
            revived,
            served,
            more,
            paced_ms,
            limited_ms,
            ..
        } = done;
        for occurrence in to_open {
            self.open(occurrence);
        }
        for id in &revived {
            memory.idle.remove(id);
        }
        memory.idle.extend(idle);
        memory.idle.retain(|id, _| sending.contains(id));
        memory.served = served.or(memory.served);
        let was_any = !claimed.is_empty();
        let (era, hold) = {
            let mut state = lock(&self.inner.mails.state);
            if was_any {
                state.begun();
            }
            for row in &claimed {
                let id = row.recipient.id;
                state.under_way.insert(id, row.recipient.occurrence);
                if row.is_suspect() {
                    state.suspect = Some(id);
                }
            }
            state.unfinished += claimed.len();
            (state.breaker.era(), state.hold.clone())
        };
        for row in claimed {
            match memory.presses.get(&row.recipient.occurrence) {
                Some(Ok(press)) => self.begin_mail(row, Arc::clone(press), era, hold.clone()),
                Some(Err(why)) => self.settle_mail(row, era, Outcome::Unwritable(why.clone())),
                // It was dropped just now, as its occurrence rested: the next look has it again.
                None => self.settle_mail(row, era, Outcome::Untried),
            }
        }
        memory.presses.retain(|id, _| sending.contains(id));
        if more {
            return now_ms;
        }
        let idle = memory.idle.values().copied();
        let next_ms = idle.chain(paced_ms).chain(limited_ms).chain(until_ms).min();
        next_ms.map_or(now_ms + POLL_MS, |next_ms| {
            next_ms.clamp(now_ms + 1, now_ms + POLL_MS)
        })
    }

    /// Has an occurrence's mails begun, beside all others.
    fn open(&self, occurrence: Occurrence) {
        let id = occurrence.id;
        let state = &self.inner.mails.state;
        lock(state).opening.insert(id, occurrence.guild);
        let outbox = self.clone();
        self.inner.tasks.spawn(async move {
            let opened = outbox.unless_stopping(outbox.press(occurrence)).await;
            let lane = &outbox.inner.mails;
            {
                let mut state = lock(&lane.state);
                state.opening.remove(&id);
                // Else the program stops, or it is tried at a later look.
                if let Some(opened) = opened.flatten() {
                    state.opened.push((id, opened));
                    state.rests_until_ms = None;
                }
            }
            lane.wake.notify_one();
            outbox.changed();
        });
    }

    /// `None`: the program stops.
    async fn press(&self, occurrence: Occurrence) -> Option<Opened> {
        let settings = &self.inner.mails.settings;
        let author = Arc::clone(&settings.author);
        let (id, guild) = (occurrence.id, occurrence.guild);
        let made = settings
            .documents
            .run(guild, Patience::Steady, move |_| author.press(&occurrence));
        match made.await {
            Ok(made) => Some(made.map_err(|error| error.to_string())),
            Err(Refusal::Stopping | Refusal::Busy) => None,
            Err(Refusal::Defect) => {
                tracing::error!(
                    occurrence.id = %id,
                    "emails could not be written because of a bug in this program"
                );
                Some(Err("a bug in this program".to_owned()))
            }
            Err(slow @ Refusal::TooSlow { .. }) => Some(Err(slow.to_string())),
        }
    }

    fn begin_mail(&self, row: Claimed, press: Arc<dyn Press>, era: u64, hold: CancellationToken) {
        let span = tracing::info_span!(
            "outbox.deliver",
            lane = "email",
            delivery.id = %row.recipient.id,
            occurrence.id = %row.recipient.occurrence,
            guild.id = %row.guild,
            attempt = row.attempt,
        );
        let outbox = self.clone();
        let sending = async move {
            let outcome = outbox.send_mail(&row, press, &hold).await;
            outbox.settle_mail(row, era, outcome);
        };
        self.inner.tasks.spawn(sending.instrument(span));
    }

    async fn send_mail(
        &self,
        row: &Claimed,
        press: Arc<dyn Press>,
        hold: &CancellationToken,
    ) -> Outcome {
        let lane = &self.inner.mails;
        let now_ms = self.inner.clock.now_ms();
        let recipient = row.recipient.clone();
        let write = move |_: &Asker| press.write(&recipient, now_ms);
        let documents = &lane.settings.documents;
        let letter = match documents.run(row.guild, Patience::Steady, write).await {
            Ok(Ok(letter)) => Arc::new(letter),
            Ok(Err(why)) => return Outcome::Unwritable(why),
            Err(Refusal::Stopping | Refusal::Busy) => return Outcome::Untried,
            Err(slow @ Refusal::TooSlow { .. }) => return Outcome::Unwritable(slow.to_string()),
            Err(Refusal::Defect) => {
                tracing::error!("an email could not be written because of a bug in this program");
                return Outcome::Defect { was_given: false };
            }
        };
        let hand = tokio::select! {
            biased;
            () = hold.cancelled() => return Outcome::Untried,
            () = self.inner.stop.cancelled() => return Outcome::Untried,
            hand = lane.hands.acquire() => hand,
        };
        // Not the outbox itself: the mailer, which is its own, keeps gates.
        let (inner, id) = (Arc::downgrade(&self.inner), row.recipient.id);
        let gate = Gate::new(move |gate| {
            if let Some(inner) = inner.upgrade() {
                inner.mails.is_leaving(Leaving { id, gate });
            }
        });
        let send = AssertUnwindSafe(lane.settings.mailer.send(letter, gate));
        let sent = send.catch_unwind().await;
        drop(hand);
        match sent {
            Ok(Ok(sent)) => Outcome::Sent(sent),
            Ok(Err(failure)) => Outcome::Failed(failure),
            Err(_) => {
                tracing::error!("an email may not have been sent because of a bug in this program");
                Outcome::Defect { was_given: true }
            }
        }
    }

    fn take_leaving(&self) -> Vec<Leaving> {
        let mut leaving = std::mem::take(&mut lock(&self.inner.mails.state).leaving);
        leaving.retain(|one| !one.gate.is_closed());
        leaving
    }

    fn settle_mail(&self, claimed: Claimed, era: u64, outcome: Outcome) {
        let lane = &self.inner.mails;
        let now_ms = self.inner.clock.now_ms();
        let monotonic_ms = self.inner.clock.monotonic_ms();
        if let Outcome::Failed(failure) = &outcome {
            // What the server said quotes addresses.
            tracing::debug!(?failure, "an email was not accepted");
        }
        let limits = &lane.settings.limits;
        let id = claimed.recipient.id;
        let is_unbearable = lock(&lane.state).is_unbearable(id, &outcome, limits.retries);
        let (verdict, news) = judge(outcome, &claimed, limits, is_unbearable, now_ms);
        if news == News::Took {
            lock(&self.inner.sent_ms).insert(outbox::Lane::Email, monotonic_ms);
        }
        let mut state = lock(&lane.state);
        let knew_quota = state.quota.is_some();
        let was_away = state.breaker.is_open();
        state.learn(news, era, monotonic_ms);
        if !knew_quota && let Some(quota) = &state.quota {
            state.untold = Some(Rest {
                until_ms: now_ms + (quota.until_ms - monotonic_ms),
                cause: RestCause::DailyLimit,
            });
        }
        if !was_away && let Some(until_ms) = state.breaker.open_until_ms() {
            // A quota's end is further away.
            state.untold.get_or_insert(Rest {
                until_ms: now_ms + (until_ms - monotonic_ms),
                cause: RestCause::Unreachable,
            });
        }
        state.unfinished -= 1;
        state.settled.push(Settled { claimed, verdict });
        drop(state);
        lane.wake.notify_one();
    }
}

impl Lane {
    /// The mailer is about to give this mail away.
    fn is_leaving(&self, leaving: Leaving) {
        lock(&self.state).leaving.push(leaving);
        self.wake.notify_one();
    }

    /// There are results and closed gates, but too few for a transaction of their own, and the mailer
    /// has enough to do meanwhile.
    fn is_gathering(&self) -> bool {
        let connections = self.settings.limits.connections.max(1);
        let state = lock(&self.state);
        let count = state.settled.len() + state.leaving.len();
        count > 0 && count < connections && state.unfinished >= connections * IN_HAND
    }
}
