//! SQL of the direct messages' lane.

use std::collections::{HashMap, HashSet};

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Answer, Caller, Door, Dropped, Letter, MOST_ONE_BY_ONE, NO_OPENING_MS, Rate, fitting};
use crate::clock::CLOCKS_DIFFER_MS;
use crate::db::{List, Tx, generated, is_postgres};
use crate::error::Result;
use crate::ids::{ChannelId, GuildId, OutboxId, UserId};
use crate::outbox::pace::{Kept, Pace};
use crate::outbox::store::{COLUMNS, from_row};
use crate::outbox::{Class, LEASE_MS, Row};

/// Rows asked about at once, where more are held or dropped than sent.
const LOOK_AHEAD: usize = 100;
/// Such rounds of one look: what is held or dropped costs no permit, so a night's start goes
/// through thousands of rows, but others want to write in between.
const MOST_ROUNDS: usize = 2;
/// Held for the night.
const QUIET: &str = "quiet";
/// Held because Discord lets no direct messages be opened at present.
const OPENING: &str = "opening";
const UNREACHABLE: &str = "the member does not accept direct messages";

/// What a look at the table goes by.
#[derive(Clone)]
pub(super) struct Look {
    pub(super) boot: i64,
    pub(super) now_ms: i64,
    /// Letters that can be sent now.
    pub(super) most: usize,
    /// How many of these may be of a backlog.
    pub(super) most_bulk: usize,
    pub(super) rate: Rate,
    /// Whether one may be taken that was under way when a process died.
    pub(super) takes_suspect: bool,
    /// Whether what it stores outlives a power cut.
    pub(super) is_durable: bool,
}

/// What a look found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) letters: Vec<Letter>,
    /// Whether there is more that need not wait.
    pub(super) more: bool,
    /// When the next look is worth while.
    pub(super) next_ms: Option<i64>,
    /// Messages that this version cannot read; they are discarded.
    pub(super) unreadable: usize,
    /// Whether there was any message that could be asked about.
    saw_any: bool,
    /// A message was taken that was under way when a process died: no other is in this look.
    took_suspect: bool,
    /// Something is to be merged, which a relaxed look does not.
    pub(super) must_be_durable: bool,
}

impl Found {
    fn due_at(&mut self, at_ms: i64) {
        self.next_ms = Some(self.next_ms.map_or(at_ms, |known| known.min(at_ms)));
    }
}

/// Takes what may be sent now, what is said at once first, and holds or drops what may not.
pub(super) async fn claim(tx: &mut Tx, door: &dyn Door, look: &Look) -> Result<Found> {
    let mut found = Found::default();
    let due = count_due(tx, look.now_ms).await? > 0;
    if due {
        // Locked before any message is, by every process: in one order, so that none waits for the
        // other.
        let mut paces = Paces::read(tx, look.rate).await?;
        let opening_from_ms = opening_from_ms(tx, look.now_ms).await?;
        for bulk in [false, true] {
            let round = Round {
                look,
                bulk,
                opening_from_ms,
            };
            round.take_all(tx, door, &mut paces, &mut found).await?;
        }
        paces.keep(tx).await?;
        if !found.saw_any && look.most_bulk > 0 {
            adopt_orphans(tx, look.now_ms).await?;
        }
    }
    for bulk in [0, 1] {
        let next_ms: Option<i64> = sqlx::query_scalar(
            "SELECT not_before_ms FROM outbox WHERE lane = 'dm' AND bulk = $1 \
                 AND state IN ('available', 'retryable') AND not_before_ms > $2 \
             ORDER BY not_before_ms LIMIT 1",
        )
        .bind(bulk)
        .bind(look.now_ms)
        .fetch_optional(&mut *tx)
        .await?;
        next_ms.into_iter().for_each(|at_ms| found.due_at(at_ms));
    }
    Ok(found)
}

/// A look at one of the two kinds: what is said at once, and what makes way.
struct Round<'a> {
    look: &'a Look,
    bulk: bool,
    /// No direct message may be opened before.
    opening_from_ms: i64,
}

impl Round<'_> {
    async fn take_all(
        &self,
        tx: &mut Tx,
        door: &dyn Door,
        paces: &mut Paces,
        found: &mut Found,
    ) -> Result<()> {
        let look = self.look;
        let taken = found.letters.len();
        let most = if self.bulk {
            look.most_bulk.min(look.most - taken)
        } else {
            look.most
        };
        for turn in 0.. {
            let room = most - (found.letters.len() - taken);
            if room == 0 {
                break;
            }
            if turn == MOST_ROUNDS {
                found.more = true;
                break;
            }
            // As many as can be sent; if fewer were, a night begins, and they are many.
            let limit = if turn == 0 { room } else { LOOK_AHEAD };
            let takes_suspect = look.takes_suspect && !found.took_suspect;
            let (rows, unreadable) = waiting(tx, self.bulk, look, takes_suspect, limit).await?;
            found.unreadable += unreadable;
            found.saw_any |= !rows.is_empty();
            let is_all = rows.len() + unreadable < limit;
            let is_full = self.take(tx, door, rows, room, paces, found).await?;
            // What is left waits for the pace, or there is nothing left.
            if is_full || is_all {
                break;
            }
        }
        Ok(())
    }

    /// Sorts out `rows`. `true`: no permit is left.
    async fn take(
        &self,
        tx: &mut Tx,
        door: &dyn Door,
        rows: Vec<Row>,
        room: usize,
        paces: &mut Paces,
        found: &mut Found,
    ) -> Result<bool> {
        let look = self.look;
        let callers: Vec<Caller> = rows.iter().filter_map(caller).collect();
        let answers = door.ask(tx, &callers, look.now_ms).await?;
        let users: Vec<UserId> = callers.iter().map(|caller| caller.user).collect();
        let known = channels(tx, &users).await?;
        let mut sends = Vec::new();
        let mut is_full = false;
        let mut room = room.min(paces.room(self.bulk, look.now_ms));
        let mut others: HashMap<Otherwise, Vec<i64>> = HashMap::new();
        for (row, answer) in rows.into_iter().zip(answers) {
            let channel = row.user.and_then(|user| known.get(&user)).copied();
            let is_open = matches!(channel, Some(Channel::Open(_)));
            let otherwise = match (answer, channel) {
                (Answer::Drop(why), _) => Otherwise::Ended("cancelled", why.as_str()),
                (_, Some(Channel::Closed)) => Otherwise::Ended("discarded", UNREACHABLE),
                (Answer::Hold { until_ms, zone }, _) => Otherwise::Held(until_ms, QUIET, zone),
                (Answer::Send, _) if !is_open && self.opening_from_ms > look.now_ms => {
                    Otherwise::Held(self.opening_from_ms, OPENING, "UTC")
                }
                (Answer::Send, _) if room == 0 => {
                    is_full = true;
                    continue;
                }
                (Answer::Send, channel) => {
                    room -= 1;
                    sends.push((row, channel.and_then(Channel::open)));
                    continue;
                }
            };
            others.entry(otherwise).or_default().push(row.message_key);
        }
        for (otherwise, keys) in others {
            otherwise.store(tx, &keys, look.now_ms).await?;
        }
        let before = found.letters.len();
        self.begin(tx, sends, found).await?;
        paces.take(self.bulk, look.now_ms, found.letters.len() - before);
        if is_full {
            match paces.next_ms(self.bulk, look.now_ms) {
                Some(next_ms) => found.due_at(next_ms),
                None => found.more = true,
            }
        }
        Ok(is_full)
    }

    /// Marks what is sent as under way, several held for one member as one message.
    async fn begin(
        &self,
        tx: &mut Tx,
        sends: Vec<(Row, Option<ChannelId>)>,
        found: &mut Found,
    ) -> Result<()> {
        if sends.is_empty() {
            return Ok(());
        }
        let (boot, now_ms) = (self.look.boot, self.look.now_ms);
        let leads: Vec<&Row> = sends.iter().map(|(row, _)| row).collect();
        let crowded = if self.bulk {
            crowded(tx, &leads, now_ms).await?
        } else {
            HashSet::new()
        };
        if !crowded.is_empty() && !self.look.is_durable {
            // That several are one message must outlive a power cut, too, or they would be grouped
            // otherwise the next time: the same look once more, for good.
            found.must_be_durable = true;
        }
        let mut joined = HashSet::new();
        let mut keys = Vec::new();
        let mut channels = HashMap::new();
        for (row, channel) in sends {
            if joined.contains(&row.id) {
                continue;
            }
            let is_crowded = crowded.contains(&(row.guild, row.user)) && joins(&row);
            if is_crowded && !self.look.is_durable {
                continue;
            }
            if is_crowded {
                let mut mates = mates(tx, &row, now_ms).await?;
                mates.retain(|mate| !joined.contains(&mate.id));
                let count = fitting(&mates);
                if count > 1 {
                    let ids: Vec<OutboxId> = mates[..count].iter().map(|mate| mate.id).collect();
                    merge(tx, ids[0], &ids).await?;
                    joined.extend(ids.iter().copied());
                    channels.insert(ids[0].0, channel);
                    keys.push(ids[0].0);
                    continue;
                }
            }
            channels.insert(row.message_key, channel);
            keys.push(row.message_key);
        }
        let mut letters: HashMap<i64, Letter> = HashMap::new();
        for row in start(tx, &keys, boot, now_ms).await? {
            found.took_suspect |= row.is_suspect();
            let channel = channels.get(&row.message_key).copied().flatten();
            let letter = letters.entry(row.message_key).or_insert_with(|| Letter {
                rows: Vec::new(),
                channel,
            });
            letter.rows.push(row);
        }
        for key in keys {
            // The lead first: the nonce and the mark are its own.
            if let Some(mut letter) = letters.remove(&key) {
                letter.rows.sort_by_key(|row| (row.id.0 != key, row.id));
                found.letters.push(letter);
            }
        }
        Ok(())
    }
}

fn caller(row: &Row) -> Option<Caller> {
    Some(Caller {
        guild: row.guild,
        user: row.user?,
        class: row.class,
        expires_at_ms: row.dm.expires_at_ms,
    })
}

/// Whether it may become part of a message of several: not what has a time of its own, which would
/// be that of all of them.
fn joins(row: &Row) -> bool {
    row.dm.was_held
        && row.class == Class::Notice
        && row.attempt <= 1
        && row.dm.expires_at_ms.is_none()
}

/// The same in SQL, of those that are no part of one yet.
const JOINS: &str = "state IN ('available', 'retryable') AND held = 'quiet' \
     AND class = 'notice' AND attempt = 0 AND expires_at_ms IS NULL AND id = message_key \
     AND NOT EXISTS (SELECT 1 FROM outbox AS part \
         WHERE part.message_key = outbox.id AND part.id <> outbox.id)";

/// The two rates as they stand.
struct Paces {
    all: Option<Kept>,
    bulk: Option<Kept>,
}

impl Paces {
    async fn read(tx: &mut Tx, rate: Rate) -> Result<Self> {
        Ok(Self {
            all: Kept::read(tx, "dm", Pace::of_all(rate)).await?,
            bulk: Kept::read(tx, "dm-bulk", Pace::of_bulk(rate)).await?,
        })
    }

    /// Those that hold for what is said at once, or for what makes way.
    fn of(&self, bulk: bool) -> impl Iterator<Item = &Kept> {
        self.all
            .iter()
            .chain(self.bulk.iter().filter(move |_| bulk))
    }

    fn room(&self, bulk: bool, now_ms: i64) -> usize {
        let rooms = self.of(bulk).map(|kept| kept.room(now_ms));
        rooms.min().unwrap_or(usize::MAX)
    }

    fn take(&mut self, bulk: bool, now_ms: i64, count: usize) {
        let bulk = self.bulk.iter_mut().filter(|_| bulk);
        for kept in self.all.iter_mut().chain(bulk).filter(|_| count > 0) {
            kept.take(now_ms, count);
        }
    }

    /// When there is room again; `None` without a limit.
    fn next_ms(&self, bulk: bool, now_ms: i64) -> Option<i64> {
        self.of(bulk).map(|kept| kept.next_ms(now_ms)).max()
    }

    async fn keep(&self, tx: &mut Tx) -> Result<()> {
        for kept in self.all.iter().chain(&self.bulk) {
            kept.keep(tx).await?;
        }
        Ok(())
    }
}

/// Until when Discord lets no direct message be opened, for all processes.
#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds since the epoch are far below 2^53"
)]
async fn opening_from_ms(tx: &mut Tx, now_ms: i64) -> Result<i64> {
    let found = sqlx::query_scalar::<_, f64>("SELECT next_ms FROM pace WHERE name = 'dm-open'")
        .fetch_optional(&mut *tx)
        .await?;
    let from_ms = found.map_or(0, |at_ms| at_ms as i64);
    if from_ms <= now_ms + NO_OPENING_MS + CLOCKS_DIFFER_MS {
        return Ok(from_ms);
    }
    // Further ahead than the pause is long, it was stored before the clock was set back.
    set_opening_anew(tx, now_ms).await?;
    Ok(now_ms + NO_OPENING_MS)
}

/// The clock was set back to `now_ms`: a pause in opening begins anew, as nobody knows how much of it
/// is over.
pub(in crate::outbox) async fn set_opening_anew(tx: &mut Tx, now_ms: i64) -> Result<()> {
    sqlx::query("UPDATE pace SET next_ms = $1 WHERE name = 'dm-open' AND next_ms > $1")
        .bind(real(now_ms + NO_OPENING_MS))
        .execute(tx)
        .await?;
    Ok(())
}

/// Nobody opens a direct message before.
pub(super) async fn stop_opening(tx: &mut Tx, until_ms: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO pace (name, next_ms) VALUES ('dm-open', $1) \
         ON CONFLICT (name) DO UPDATE SET next_ms = excluded.next_ms",
    )
    .bind(real(until_ms))
    .execute(tx)
    .await?;
    Ok(())
}

/// Makes messages of their own of parts whose first row waits no more: a message is claimed by that
/// one.
async fn adopt_orphans(tx: &mut Tx, now_ms: i64) -> Result<()> {
    sqlx::query(
        "UPDATE outbox SET message_key = id WHERE id IN ( \
             SELECT id FROM outbox WHERE lane = 'dm' AND bulk = 1 \
                 AND state IN ('available', 'retryable') AND not_before_ms <= $1 \
                 AND message_key <> id \
                 AND NOT EXISTS (SELECT 1 FROM outbox AS lead \
                     WHERE lead.id = outbox.message_key \
                         AND lead.state IN ('available', 'running', 'retryable')) \
             ORDER BY not_before_ms LIMIT 100)",
    )
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// The open channel of direct messages with somebody.
pub(in crate::outbox) async fn channel_of(
    tx: &mut Tx,
    user: Option<UserId>,
) -> Result<Option<ChannelId>> {
    let Some(user) = user else {
        return Ok(None);
    };
    let known = channels(tx, &[user]).await?;
    Ok(known.get(&user).copied().and_then(Channel::open))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since the epoch are far below 2^53"
)]
fn real(ms: i64) -> f64 {
    ms as f64
}

/// What is due, oldest first; one row for each message.
async fn waiting(
    tx: &mut Tx,
    bulk: bool,
    look: &Look,
    takes_suspect: bool,
    most: usize,
) -> Result<(Vec<Row>, usize)> {
    let now_ms = look.now_ms;
    let skip_locked = skip_locked(tx);
    // One after the other: the oldest of its kind, which then is no longer waiting.
    let or_suspect = if takes_suspect {
        // Signs keep SQLite from going through all that waits, by the index of that: of suspects there are
        // few.
        "OR id = (SELECT MIN(id) FROM outbox WHERE deaths > 0 AND lane || '' = 'dm' AND +bulk = $1 \
             AND state IN ('available', 'retryable') AND +not_before_ms <= $2 AND id = message_key \
             AND (batch_id IS NULL OR batch_id NOT IN (SELECT batch_id FROM cancelled_batches)))"
    } else {
        ""
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM outbox WHERE lane = 'dm' AND bulk = $1 \
             AND state IN ('available', 'retryable') AND not_before_ms <= $2 \
             AND id = message_key AND (deaths = 0 {or_suspect}) \
             AND (batch_id IS NULL OR batch_id NOT IN (SELECT batch_id FROM cancelled_batches)) \
         ORDER BY not_before_ms, id LIMIT $3 {skip_locked}"
    );
    let rows = sqlx::query(generated(sql))
        .bind(i64::from(bulk))
        .bind(now_ms)
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(&mut *tx)
        .await?;
    readable(tx, &rows, now_ms).await
}

fn skip_locked(tx: &Tx) -> &'static str {
    if is_postgres(tx) {
        "FOR UPDATE SKIP LOCKED"
    } else {
        ""
    }
}

/// Those that this version can read; one that it cannot must not keep all others from being sent.
/// Returns how many it gave up.
async fn readable(tx: &mut Tx, rows: &[AnyRow], now_ms: i64) -> Result<(Vec<Row>, usize)> {
    let mut read = Vec::with_capacity(rows.len());
    let mut unreadable = 0;
    for row in rows {
        if let Ok(row) = from_row(row) {
            read.push(row);
            continue;
        }
        let id: i64 = row.try_get(0)?;
        tracing::error!(
            outbox.id = id,
            "a direct message that this version cannot read was discarded"
        );
        sqlx::query(
            "UPDATE outbox SET state = 'discarded', last_error = 'this version cannot read it', \
                 in_flight = 0, lease_owner = NULL, lease_until_ms = NULL, updated_ms = $2 \
             WHERE id = $1",
        )
        .bind(id)
        .bind(now_ms)
        .execute(&mut *tx)
        .await?;
        unreadable += 1;
    }
    Ok((read, unreadable))
}

/// Members for whom more was held than should arrive one by one.
async fn crowded(
    tx: &mut Tx,
    rows: &[&Row],
    now_ms: i64,
) -> Result<HashSet<(GuildId, Option<UserId>)>> {
    let mut users: Vec<UserId> = rows
        .iter()
        .filter(|row| joins(row))
        .filter_map(|row| row.user)
        .collect();
    users.sort_unstable();
    users.dedup();
    if users.is_empty() {
        return Ok(HashSet::new());
    }
    // By `kind`, as the index of a member's messages is: by their lane SQLite would rather go through
    // all that waits.
    let listed = List::of_ids(tx, 2, users.iter().map(|user| user.0));
    let sql = format!(
        "SELECT guild_id, user_id FROM outbox WHERE kind = 'dm' AND user_id {listed} \
             AND {JOINS} AND not_before_ms <= $1 \
         GROUP BY guild_id, user_id HAVING COUNT(*) > {MOST_ONE_BY_ONE}"
    );
    let query = sqlx::query(generated(sql))
        .bind(now_ms)
        .bind(listed.values());
    let mut crowded = HashSet::new();
    for row in query.fetch_all(tx).await? {
        let member = (GuildId(row.try_get(0)?), Some(UserId(row.try_get(1)?)));
        crowded.insert(member);
    }
    Ok(crowded)
}

/// All that was held for the member of `row`, oldest first.
async fn mates(tx: &mut Tx, row: &Row, now_ms: i64) -> Result<Vec<Row>> {
    let skip_locked = skip_locked(tx);
    let sql = format!(
        "SELECT {COLUMNS} FROM outbox WHERE kind = 'dm' AND user_id = $1 AND guild_id = $2 \
             AND {JOINS} AND not_before_ms <= $3 \
         ORDER BY id LIMIT 100 {skip_locked}"
    );
    let rows = sqlx::query(generated(sql))
        .bind(row.user.map(|user| user.0))
        .bind(row.guild.0)
        .bind(now_ms)
        .fetch_all(&mut *tx)
        .await?;
    Ok(readable(tx, &rows, now_ms).await?.0)
}

/// These are one message from now on.
async fn merge(tx: &mut Tx, lead: OutboxId, rows: &[OutboxId]) -> Result<()> {
    let listed = List::of_ids(tx, 2, rows.iter().map(|id| id.0));
    let sql = format!("UPDATE outbox SET message_key = $1 WHERE id {listed}");
    let query = sqlx::query(generated(sql))
        .bind(lead.0)
        .bind(listed.values());
    query.execute(tx).await?;
    Ok(())
}

/// An attempt at these messages begins.
async fn start(tx: &mut Tx, keys: &[i64], boot: i64, now_ms: i64) -> Result<Vec<Row>> {
    let mut started = Vec::with_capacity(keys.len());
    for chunk in keys.chunks(500) {
        let listed = List::of_ids(tx, 4, chunk.iter().copied());
        let sql = format!(
            "UPDATE outbox SET state = 'running', lease_owner = $1, lease_until_ms = $2, \
                 updated_ms = $3, attempt = attempt + 1, in_flight = 1, \
                 first_attempt_ms = COALESCE(first_attempt_ms, $3) \
             WHERE message_key {listed} AND state IN ('available', 'retryable') \
             RETURNING {COLUMNS}"
        );
        let query = sqlx::query(generated(sql))
            .bind(boot)
            .bind(now_ms + LEASE_MS)
            .bind(now_ms)
            .bind(listed.values());
        let rows = query.fetch_all(&mut *tx).await?;
        for mut row in readable(tx, &rows, now_ms).await?.0 {
            // Counted already.
            row.attempt -= 1;
            row.begun = true;
            started.push(row);
        }
    }
    Ok(started)
}

/// What becomes of a message that is not sent now.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Otherwise {
    /// State and reason.
    Ended(&'static str, &'static str),
    /// Until when, why, and by the clocks of which zone.
    Held(i64, &'static str, &'static str),
}

impl Otherwise {
    /// Many at once: when a night begins, thousands are held.
    async fn store(self, tx: &mut Tx, keys: &[i64], now_ms: i64) -> Result<()> {
        for chunk in keys.chunks(500) {
            let listed = List::of_ids(tx, 1, chunk.iter().copied());
            let changes = match self {
                Self::Ended(..) => "state = $3, last_error = $4",
                Self::Held(..) => {
                    "held = $3, held_zone = $4, not_before_ms = $5, state = 'available', \
                     bulk = CASE WHEN class IN ('notice', 'ad') THEN 1 ELSE bulk END"
                }
            };
            let sql = format!(
                "UPDATE outbox SET updated_ms = $2, {changes} \
                 WHERE message_key {listed} AND state IN ('available', 'retryable')"
            );
            let query = sqlx::query(generated(sql))
                .bind(listed.values())
                .bind(now_ms);
            let query = match self {
                Self::Ended(state, why) => query.bind(state).bind(why),
                Self::Held(until_ms, why, zone) => query.bind(why).bind(zone).bind(until_ms),
            };
            query.execute(&mut *tx).await?;
        }
        Ok(())
    }
}

/// The way to somebody.
#[derive(Clone, Copy)]
enum Channel {
    Open(ChannelId),
    Unopened,
    Closed,
}

impl Channel {
    fn open(self) -> Option<ChannelId> {
        match self {
            Self::Open(channel) => Some(channel),
            Self::Unopened | Self::Closed => None,
        }
    }
}

async fn channels(tx: &mut Tx, users: &[UserId]) -> Result<HashMap<UserId, Channel>> {
    let mut known = HashMap::new();
    for chunk in users.chunks(500) {
        let listed = List::of_ids(tx, 1, chunk.iter().map(|user| user.0));
        let sql = format!(
            "SELECT user_id, channel_id, closed_ms FROM dm_channels WHERE user_id {listed}"
        );
        let query = sqlx::query(generated(sql)).bind(listed.values());
        for row in query.fetch_all(&mut *tx).await? {
            let channel: Option<i64> = row.try_get(1)?;
            let closed_ms: Option<i64> = row.try_get(2)?;
            let way = match (closed_ms, channel) {
                (Some(_), _) => Channel::Closed,
                (None, Some(channel)) => Channel::Open(ChannelId(channel)),
                (None, None) => Channel::Unopened,
            };
            known.insert(UserId(row.try_get(0)?), way);
        }
    }
    Ok(known)
}

/// Remembers the channel to somebody.
pub(super) async fn opened(tx: &mut Tx, user: UserId, channel: ChannelId) -> Result<()> {
    sqlx::query(
        "INSERT INTO dm_channels (user_id, channel_id) VALUES ($1, $2) \
         ON CONFLICT (user_id) DO UPDATE SET channel_id = excluded.channel_id",
    )
    .bind(user.0)
    .bind(channel.0)
    .execute(tx)
    .await?;
    Ok(())
}

/// The channel to somebody is not what it was: it is asked for anew.
pub(super) async fn forget_channel(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query("UPDATE dm_channels SET channel_id = NULL WHERE user_id = $1")
        .bind(user.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// Nothing is known of the way to somebody any more.
pub async fn forget_way(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query("DELETE FROM dm_channels WHERE user_id = $1")
        .bind(user.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// Somebody takes no direct messages.
pub(super) async fn closed(tx: &mut Tx, user: UserId, now_ms: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO dm_channels (user_id, closed_ms) VALUES ($1, $2) \
         ON CONFLICT (user_id) DO UPDATE SET closed_ms = excluded.closed_ms",
    )
    .bind(user.0)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// Somebody says that they can be written to: it is tried again.
pub async fn reopen(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query("UPDATE dm_channels SET closed_ms = NULL WHERE user_id = $1")
        .bind(user.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// Since when somebody takes no direct messages.
pub async fn closed_since(tx: &mut Tx, user: UserId) -> Result<Option<i64>> {
    let found = sqlx::query_scalar::<_, Option<i64>>(
        "SELECT closed_ms FROM dm_channels WHERE user_id = $1",
    )
    .bind(user.0)
    .fetch_optional(tx)
    .await?;
    Ok(found.flatten())
}

/// Whatever is held for the night for a member is asked about anew.
pub async fn reconsider(tx: &mut Tx, guild: GuildId, user: UserId, now_ms: i64) -> Result<()> {
    sqlx::query(
        "UPDATE outbox SET not_before_ms = $1 WHERE kind = 'dm' AND user_id = $4 \
             AND guild_id = $2 AND held = $3 \
             AND state IN ('available', 'retryable') AND not_before_ms > $1",
    )
    .bind(now_ms)
    .bind(guild.0)
    .bind(QUIET)
    .bind(user.0)
    .execute(tx)
    .await?;
    Ok(())
}

/// The same for a whole guild, of the next `most` messages of all guilds behind `after`. Returns up to
/// where these go; `None`: there are none. In the order of the key, of which a piece is short however
/// many others are held.
pub async fn reconsider_some(
    tx: &mut Tx,
    guild: GuildId,
    after: i64,
    most: i64,
    now_ms: i64,
) -> Result<Option<i64>> {
    let last: Option<i64> = sqlx::query_scalar(
        "SELECT MAX(id) FROM (SELECT id FROM outbox WHERE id > $1 ORDER BY id LIMIT $2) AS piece",
    )
    .bind(after)
    .bind(most)
    .fetch_one(&mut *tx)
    .await?;
    let Some(last) = last else { return Ok(None) };
    // The plus keeps SQLite to the range of keys.
    sqlx::query(
        "UPDATE outbox SET not_before_ms = $1 WHERE id > $4 AND id <= $5 AND guild_id = $2 \
             AND held = $3 AND state IN ('available', 'retryable') AND +not_before_ms > $1",
    )
    .bind(now_ms)
    .bind(guild.0)
    .bind(QUIET)
    .bind(after)
    .bind(last)
    .execute(tx)
    .await?;
    Ok(Some(last))
}

/// Cancels what waits for a member who wants no more, but what the law wants said.
pub async fn withdraw_from(tx: &mut Tx, guild: GuildId, user: UserId, now_ms: i64) -> Result<()> {
    // A post that no channel took, and that one of these would have told: it is shown after all.
    sqlx::query(
        "UPDATE outbox SET shown_ms = NULL WHERE state = 'discarded' AND guild_id = $1 \
             AND dedupe_key IN (SELECT SUBSTR(dedupe_key, 4) FROM outbox \
                 WHERE kind = 'dm' AND guild_id = $1 AND user_id = $2 \
                     AND state IN ('available', 'retryable'))",
    )
    .bind(guild.0)
    .bind(user.0)
    .execute(&mut *tx)
    .await?;
    // Nor is what could not be delivered before shown any more.
    sqlx::query(
        "UPDATE outbox SET shown_ms = $3 WHERE kind = 'dm' AND guild_id = $1 AND user_id = $2 \
             AND state = 'discarded' AND shown_ms IS NULL AND class <> 'legal'",
    )
    .bind(guild.0)
    .bind(user.0)
    .bind(now_ms)
    .execute(&mut *tx)
    .await?;
    // What is on its way is not tried again.
    sqlx::query(
        "UPDATE outbox SET expires_at_ms = $3 WHERE kind = 'dm' AND guild_id = $1 \
             AND user_id = $2 AND state = 'running' AND class <> 'legal'",
    )
    .bind(guild.0)
    .bind(user.0)
    .bind(now_ms)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "UPDATE outbox SET state = 'cancelled', last_error = $4, updated_ms = $3 \
         WHERE kind = 'dm' AND guild_id = $1 AND user_id = $2 AND class <> 'legal' \
             AND state IN ('available', 'retryable')",
    )
    .bind(guild.0)
    .bind(user.0)
    .bind(now_ms)
    .bind(Dropped::NotAllowed.as_str())
    .execute(tx)
    .await?;
    Ok(())
}

/// A message that still waits is of no use any more.
pub async fn call_off(tx: &mut Tx, dedupe_key: &str) -> Result<()> {
    sqlx::query(
        "UPDATE outbox SET state = 'cancelled', last_error = 'out_of_date' \
         WHERE dedupe_key = $1 AND lane = 'dm' AND state IN ('available', 'retryable')",
    )
    .bind(dedupe_key.to_owned())
    .execute(&mut *tx)
    .await?;
    // One that is on its way is not tried again.
    sqlx::query(
        "UPDATE outbox SET expires_at_ms = 0 \
         WHERE dedupe_key = $1 AND lane = 'dm' AND state = 'running'",
    )
    .bind(dedupe_key.to_owned())
    .execute(tx)
    .await?;
    Ok(())
}

/// Nothing of a batch is sent from now on. What waits is to be cancelled piece by piece
/// ([`cancel_some`]).
pub async fn cancel_batch(tx: &mut Tx, batch: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO cancelled_batches (batch_id) VALUES ($1) ON CONFLICT (batch_id) DO NOTHING",
    )
    .bind(batch)
    .execute(tx)
    .await?;
    Ok(())
}

/// Cancels some of what waits of a cancelled batch. `true`: there is more.
pub async fn cancel_some(
    tx: &mut Tx,
    guild: GuildId,
    batch: i64,
    most: i64,
    now_ms: i64,
) -> Result<bool> {
    let cancelled = sqlx::query(
        "UPDATE outbox SET state = 'cancelled', last_error = $4, updated_ms = $3 \
         WHERE state IN ('available', 'retryable') AND id IN ( \
             SELECT id FROM outbox WHERE batch_id = $1 AND guild_id = $2 \
                 AND state IN ('available', 'retryable') LIMIT $5)",
    )
    .bind(batch)
    .bind(guild.0)
    .bind(now_ms)
    .bind(Dropped::Cancelled.as_str())
    .bind(most)
    .execute(&mut *tx)
    .await?;
    if cancelled.rows_affected() > 0 {
        return Ok(true);
    }
    // What is on its way is not tried again.
    sqlx::query(
        "UPDATE outbox SET expires_at_ms = $3 \
         WHERE batch_id = $1 AND guild_id = $2 AND state = 'running'",
    )
    .bind(batch)
    .bind(guild.0)
    .bind(now_ms)
    .execute(&mut *tx)
    .await?;
    sqlx::query("DELETE FROM cancelled_batches WHERE batch_id = $1")
        .bind(batch)
        .execute(tx)
        .await?;
    Ok(false)
}

/// How the messages of a batch stand: state, why they are held, and their number.
pub async fn batch(
    tx: &mut Tx,
    guild: GuildId,
    batch: i64,
    now_ms: i64,
) -> Result<Vec<(String, Option<String>, i64)>> {
    let rows = sqlx::query(
        "SELECT state, CASE WHEN state IN ('available', 'retryable') AND not_before_ms > $3 \
                    THEN held \
                WHEN state = 'cancelled' THEN last_error END AS why, COUNT(*) \
         FROM outbox WHERE batch_id = $1 AND guild_id = $2 GROUP BY 1, 2",
    )
    .bind(batch)
    .bind(guild.0)
    .bind(now_ms)
    .fetch_all(tx)
    .await?;
    let mut counts = Vec::with_capacity(rows.len());
    for row in rows {
        counts.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    }
    Ok(counts)
}

/// Messages that wait for a member.
pub async fn count_waiting(tx: &mut Tx, guild: GuildId, user: UserId, now_ms: i64) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "SELECT COUNT(*) FROM outbox WHERE kind = 'dm' AND user_id = $1 AND guild_id = $2 \
             AND state IN ('available', 'retryable') AND held = 'quiet' \
             AND not_before_ms > $3",
    )
    .bind(user.0)
    .bind(guild.0)
    .bind(now_ms)
    .fetch_one(tx)
    .await?)
}

/// What became of messages: by their keys, state and whether their reader was shown them
/// otherwise. What is long done is not there any more.
pub async fn fates(tx: &mut Tx, keys: &[String]) -> Result<HashMap<String, (String, bool)>> {
    let mut fates = HashMap::new();
    for chunk in keys.chunks(500) {
        let listed = List::of_texts(tx, 1, chunk.iter().map(String::as_str));
        let sql =
            format!("SELECT dedupe_key, state, shown_ms FROM outbox WHERE dedupe_key {listed}");
        let query = sqlx::query(generated(sql)).bind(listed.values());
        for row in query.fetch_all(&mut *tx).await? {
            let shown_ms: Option<i64> = row.try_get(2)?;
            fates.insert(row.try_get(0)?, (row.try_get(1)?, shown_ms.is_some()));
        }
    }
    Ok(fates)
}

/// Whether there are messages that could be asked about now: one at most is counted.
pub async fn count_due(tx: &mut Tx, now_ms: i64) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE lane = 'dm' \
             AND state IN ('available', 'retryable') AND bulk IN (0, 1) \
             AND not_before_ms <= $1 LIMIT 1) AS due",
    )
    .bind(now_ms)
    .fetch_one(tx)
    .await?)
}
