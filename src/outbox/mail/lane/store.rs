//! SQL of the lane: everything between two looks is one transaction.
//!
//! Statements are for many rows at once. Results are stored by statements of a few fixed numbers of
//! rows: so their texts repeat, and the database has them prepared.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::super::judge::{Claimed, Refusal, Verdict};
use super::super::pieces;
use super::super::{
    Author, Bounce, Ending, Occurrence, Recipient, Rest, RestCause, State, Withheld, daily, deaths,
    reason,
};
use super::Settled;
use crate::clock::Clock;
use crate::db::{List, Tx, generated, is_postgres, typed_placeholders};
use crate::error::Result;
use crate::ids::{DeliveryId, GuildId, OccurrenceId};
use crate::outbox::pace::{Kept, Pace, Rate};
use crate::outbox::suspects::Dead;
use crate::outbox::{Class, LEASE_MS};

/// Results stored by one statement: the least of these that is enough.
const SIZES: [usize; 4] = [1, 8, 32, 128];
/// Rows named by one statement: what one look claims, many times over.
const LISTED: usize = 500;
/// The newest occurrences in which an address's mailbox is looked for.
const NEWEST: i64 = 10;
/// What another process is about to take is looked at again after this long.
const TAKEN_ELSEWHERE_MS: i64 = 100;
/// Occurrences of one server that are being opened at once: as many as it has of the documents' threads.
const MOST_OPENING_OF_ONE: usize = 2;
/// Occurrences that are being opened at once: their contents are in memory.
const MOST_OPENING: usize = 16;
/// Columns of a result.
const RESULT: [&str; 9] = [
    "BIGINT", "TEXT", "TEXT", "TEXT", "BIGINT", "BIGINT", "BIGINT", "BIGINT", "BIGINT",
];
/// No row has this id: it fills up a statement.
const NOBODY: i64 = -1;

/// What is to be done in one transaction.
pub(super) struct Cycle {
    pub(super) boot: i64,
    pub(super) clock: Clock,
    pub(super) author: Arc<dyn Author>,
    /// What came to its end.
    pub(super) settled: Arc<Vec<Settled>>,
    /// Mails that are about to leave.
    pub(super) leaving: Vec<DeliveryId>,
    /// Occurrences of which more is under way here.
    pub(super) busy: HashSet<OccurrenceId>,
    /// Claims to be renewed; then those that ran out are looked for, too.
    pub(super) renew: Option<Vec<DeliveryId>>,
    /// Processes that are no more.
    pub(super) dead: Dead,
    /// Whether a mail may be taken that a process did not survive: one at a time.
    pub(super) takes_suspect: bool,
    /// After a transaction whose end is not known: these are held, what else is this process's is
    /// given back.
    pub(super) held: Option<Vec<DeliveryId>>,
    /// Rows that may be claimed.
    pub(super) room: usize,
    pub(super) rate: Rate,
    /// Mails in 24 hours; 0: no limit.
    pub(super) daily: i64,
    /// Occurrences of which nothing is due yet.
    pub(super) idle: HashMap<OccurrenceId, i64>,
    /// Occurrences whose mails can be written.
    pub(super) known: HashSet<OccurrenceId>,
    /// Those that are being opened, and whose they are: nothing of them is claimed yet.
    pub(super) opening: HashMap<OccurrenceId, GuildId>,
    /// The one that was served last: the next comes first.
    pub(super) served: OccurrenceId,
    /// To be told to the authors of what waits.
    pub(super) rest: Option<Rest>,
    /// Whether they have not been told today that the limit was reached.
    pub(super) tells_limit: bool,
}

/// What was done.
#[derive(Default)]
pub(super) struct Done {
    pub(super) claimed: Vec<Claimed>,
    /// Those that may leave: they are this process's still.
    pub(super) leaving: HashSet<DeliveryId>,
    /// Occurrences of which something is due and whose mails cannot be written yet.
    pub(super) to_open: Vec<Occurrence>,
    /// Processes that are no more.
    pub(super) dead: Dead,
    /// They left more than one look gives back.
    pub(super) left_more: bool,
    /// What is being sent.
    pub(super) sending: HashSet<OccurrenceId>,
    /// Of which nothing is due before.
    pub(super) idle: HashMap<OccurrenceId, i64>,
    /// Of which something may be due again.
    pub(super) revived: Vec<OccurrenceId>,
    pub(super) served: Option<OccurrenceId>,
    /// Something was left out, or changes in pieces: there is more to do at once.
    pub(super) more: bool,
    /// The rate has room again.
    pub(super) paced_ms: Option<i64>,
    /// The limit has room again.
    pub(super) limited_ms: Option<i64>,
    pub(super) was_limit_told: bool,
}

/// Occurrences that are being sent, as the claim sees them.
#[derive(Clone, Copy)]
struct Sending {
    id: OccurrenceId,
    guild: GuildId,
    class: Class,
    is_test: bool,
}

/// Whether there is anything to look after: most of the time there is not, and then nothing need be
/// written.
pub(super) async fn has_work(tx: &mut Tx) -> Result<bool> {
    let found: Option<i64> = sqlx::query_scalar(
        "SELECT id FROM occurrences WHERE phase = 'sending' \
         UNION ALL SELECT id FROM occurrences WHERE phase = 'cancelled' AND ended_ms IS NULL \
         UNION ALL SELECT id FROM occurrences WHERE phase = 'abandoned' \
         UNION ALL SELECT id FROM occurrences WHERE retry_discarded > 0 \
         UNION ALL SELECT id FROM deliveries WHERE state = 'running' AND lease_until_ms >= 0 \
         LIMIT 1",
    )
    .fetch_optional(tx)
    .await?;
    Ok(found.is_some())
}

/// Does all of it, at the time at which the writer comes to it.
pub(super) async fn run(tx: &mut Tx, cycle: &Cycle) -> Result<Done> {
    let now_ms = cycle.clock.now_ms();
    let mut done = Done {
        dead: cycle.dead.clone(),
        ..Done::default()
    };
    let lapsed = match &cycle.renew {
        Some(_) => deaths::lapsed(tx, now_ms).await?,
        None => BTreeSet::new(),
    };
    // What failed is of the round in which that is recorded.
    let failed = cycle.settled.iter().filter(|one| one.has_failed());
    let failed = failed.map(|one| one.claimed.recipient.occurrence);
    pieces::hold(tx, &lapsed.iter().copied().chain(failed).collect()).await?;
    let mut touched = record(tx, cycle, now_ms).await?;
    done.leaving = open_gates(tx, cycle.boot, &cycle.leaving).await?;
    if let Some(held) = &cycle.held {
        let given_back = give_back_others(tx, cycle.boot, held).await?;
        if cycle.daily > 0 && given_back > 0 {
            count_mails(tx, -given_back, now_ms).await?;
        }
    }
    if let Some(held) = &cycle.renew {
        renew(tx, cycle.boot, now_ms + LEASE_MS, held).await?;
        if !lapsed.is_empty() {
            let interrupted = deaths::interrupt(tx, now_ms, now_ms, &mut done.dead).await?;
            if cycle.daily > 0 && interrupted.unsent > 0 {
                count_mails(tx, -interrupted.unsent, now_ms).await?;
            }
            done.left_more = interrupted.more;
            touched.extend(interrupted.occurrences);
        }
    }
    let went = pieces::go_on(tx, now_ms).await?;
    touched.extend(went.touched);
    done.revived = went.revived;
    let mut sending = sending(tx).await?;
    done.sending = sending.iter().map(|one| one.id).collect();
    if let Some(rest) = &cycle.rest {
        tell(tx, cycle, &sending, rest, now_ms).await?;
    }
    sending.retain(|one| {
        let due_ms = cycle.idle.get(&one.id).copied();
        let is_due = due_ms.is_none_or(|due_ms| due_ms <= now_ms) || done.revived.contains(&one.id);
        is_due && !cycle.opening.contains_key(&one.id)
    });
    if cycle.room > 0 && !sending.is_empty() {
        claim(tx, cycle, sending, &mut done, now_ms).await?;
    }
    let is_over = |id: &OccurrenceId| {
        !cycle.busy.contains(id)
            && !done
                .claimed
                .iter()
                .any(|row| row.recipient.occurrence == *id)
    };
    touched.extend(
        done.idle
            .iter()
            .filter(|(_, due)| **due == i64::MAX)
            .map(|(id, _)| *id),
    );
    for id in touched.into_iter().filter(is_over).collect::<BTreeSet<_>>() {
        end_if_over(tx, cycle, id, now_ms).await?;
    }
    done.more |= went.more || done.left_more;
    Ok(done)
}

/// The least number of rows of a statement that is enough for so many, or the most there is.
fn size(rows: usize) -> usize {
    let enough = SIZES.into_iter().find(|size| *size >= rows);
    enough.unwrap_or(SIZES[SIZES.len() - 1])
}

/// `rows` in pieces, and of each the size of its statement.
fn pieces<T>(rows: &[T]) -> impl Iterator<Item = (&[T], usize)> {
    let most = SIZES[SIZES.len() - 1];
    rows.chunks(most).map(|piece| (piece, size(piece.len())))
}

/// A row's result, as it is stored.
struct Stored<'a> {
    id: DeliveryId,
    state: State,
    reason: Option<&'a str>,
    server_id: Option<&'a str>,
    not_before_ms: i64,
    /// Attempts that do not count after all, and deferrals that do.
    untried: i64,
    deferred: i64,
    soft: i64,
    ended_ms: Option<i64>,
}

impl<'a> Stored<'a> {
    fn of(settled: &'a Settled, now_ms: i64) -> Self {
        let stored = Self {
            id: settled.claimed.recipient.id,
            state: State::Completed,
            reason: None,
            server_id: None,
            not_before_ms: 0,
            untried: 0,
            deferred: 0,
            soft: 0,
            ended_ms: Some(now_ms),
        };
        match &settled.verdict {
            Verdict::Completed { server_id } => Self {
                server_id: Some(server_id),
                ..stored
            },
            Verdict::Back { not_before_ms } => Self {
                state: if settled.claimed.deferrals > 0 {
                    State::Retryable
                } else {
                    State::Available
                },
                not_before_ms: *not_before_ms,
                untried: 1,
                ended_ms: None,
                ..stored
            },
            Verdict::Deferred { until_ms, why } => Self {
                state: State::Retryable,
                reason: Some(why),
                not_before_ms: *until_ms,
                deferred: 1,
                ended_ms: None,
                ..stored
            },
            Verdict::Discarded { why, refusal } => Self {
                state: State::Discarded,
                reason: Some(why),
                soft: i64::from(*refusal == Some(Refusal::Soft)),
                ..stored
            },
            Verdict::Unknown { why } => Self {
                state: State::Unknown,
                reason: Some(why),
                ..stored
            },
            Verdict::Stopped { why } => Self {
                state: State::Retryable,
                reason: Some(why),
                untried: 1,
                ended_ms: None,
                ..stored
            },
        }
    }
}

/// Stores how attempts ended, and tells their authors. Returns the occurrences that may be over.
async fn record(tx: &mut Tx, cycle: &Cycle, now_ms: i64) -> Result<Vec<OccurrenceId>> {
    let mut touched = HashSet::new();
    let mut untried = 0;
    for (piece, size) in pieces(&cycle.settled) {
        let rows: Vec<_> = piece.iter().map(|one| Stored::of(one, now_ms)).collect();
        let stored = store(tx, cycle.boot, &rows, size, now_ms).await?;
        // What another process has taken over, that one has taken back from the count.
        let stored = rows.iter().filter(|row| stored.contains(&row.id));
        untried += stored.map(|row| row.untried).sum::<i64>();
    }
    for Settled {
        claimed, verdict, ..
    } in cycle.settled.iter()
    {
        let occurrence = claimed.recipient.occurrence;
        if !matches!(
            verdict,
            Verdict::Back { .. } | Verdict::Stopped { .. } | Verdict::Deferred { .. }
        ) {
            touched.insert(occurrence);
        }
        match verdict {
            Verdict::Stopped { why } => stop(tx, cycle, occurrence, why, now_ms).await?,
            Verdict::Discarded {
                refusal: Some(refusal),
                ..
            } => tell_bounce(tx, cycle, claimed, *refusal, now_ms).await?,
            _ => {}
        }
    }
    if cycle.daily > 0 && untried > 0 {
        count_mails(tx, -untried, now_ms).await?;
    }
    Ok(touched.into_iter().collect())
}

/// What came back while it was under way ends as that, whatever the attempt came to: the word on it was
/// faster than the mail server's own. Returns those that were this process's still.
async fn store(
    tx: &mut Tx,
    boot: i64,
    rows: &[Stored<'_>],
    size: usize,
    now_ms: i64,
) -> Result<HashSet<DeliveryId>> {
    let owner = size * RESULT.len() + 1;
    let now = owner + 1;
    let sql = format!(
        "UPDATE deliveries SET \
             state = CASE WHEN bounce IS NULL THEN v.column2 ELSE 'discarded' END, \
             reason = COALESCE(bounce, v.column3), bounce = NULL, server_id = v.column4, \
             not_before_ms = v.column5, attempt = attempt - v.column6, \
             deferrals = deferrals + v.column7, \
             deferred_ms = CASE WHEN v.column7 = 1 AND deferred_ms IS NULL THEN ${now} \
                 ELSE deferred_ms END, \
             deaths = CASE WHEN v.column7 = 1 THEN 0 ELSE deaths END, \
             crashes = CASE WHEN v.column7 = 1 THEN 0 ELSE crashes END, \
             soft = v.column8, unsent = 0, \
             ended_ms = CASE WHEN bounce IS NULL THEN v.column9 ELSE ${now} END, \
             round = (SELECT occurrences.round FROM occurrences \
                 WHERE occurrences.id = deliveries.occurrence_id), \
             lease_owner = NULL, lease_until_ms = NULL \
         FROM (VALUES {}) AS v \
         WHERE deliveries.id = v.column1 AND deliveries.state = 'running' \
             AND deliveries.lease_owner = ${owner} RETURNING deliveries.id",
        typed_placeholders(tx, size, &RESULT),
    );
    let mut update = sqlx::query(generated(sql));
    let nobody = Stored {
        id: DeliveryId(NOBODY),
        state: State::Unknown,
        reason: None,
        server_id: None,
        not_before_ms: 0,
        untried: 0,
        deferred: 0,
        soft: 0,
        ended_ms: None,
    };
    for row in rows.iter().chain(std::iter::repeat(&nobody)).take(size) {
        update = update
            .bind(row.id.0)
            .bind(row.state.as_str())
            .bind(row.reason)
            .bind(row.server_id)
            .bind(row.not_before_ms)
            .bind(row.untried)
            .bind(row.deferred)
            .bind(row.soft)
            .bind(row.ended_ms);
    }
    let stored = update.bind(boot).bind(now_ms).fetch_all(tx).await?;
    let id = |row: &AnyRow| Ok(DeliveryId(row.try_get(0)?));
    stored.iter().map(id).collect()
}

/// The mail itself or its sender is refused: all of it rests until an admin has looked. A test is over
/// then, as nobody would resume it.
async fn stop(tx: &mut Tx, cycle: &Cycle, id: OccurrenceId, why: &str, now_ms: i64) -> Result<()> {
    let stopped = sqlx::query(
        "UPDATE occurrences SET phase = CASE is_test WHEN 1 THEN 'cancelled' ELSE 'stopped' END, \
             why = $2, updated_ms = $3 \
         WHERE id = $1 AND phase IN ('sending', 'paused')",
    )
    .bind(id.0)
    .bind(why)
    .bind(now_ms)
    .execute(&mut *tx)
    .await?;
    if stopped.rows_affected() == 1 {
        let why = why.to_owned();
        let ending = Ending::Stopped { why };
        cycle.author.ended(tx, id, ending, now_ms).await?;
    }
    Ok(())
}

async fn tell_bounce(
    tx: &mut Tx,
    cycle: &Cycle,
    claimed: &Claimed,
    refusal: Refusal,
    now_ms: i64,
) -> Result<()> {
    let (guild, email) = (claimed.guild, claimed.recipient.email.as_str());
    let bounce = match refusal {
        Refusal::Gone => Bounce::Gone,
        Refusal::Soft => Bounce::Soft {
            times: soft_in_a_row(tx, claimed).await?,
        },
    };
    cycle.author.bounced(tx, guild, email, bounce, now_ms).await
}

/// In how many occurrences in a row, up to this one, the mailbox was full or closed.
async fn soft_in_a_row(tx: &mut Tx, claimed: &Claimed) -> Result<i64> {
    let rows = sqlx::query(
        "SELECT deliveries.soft FROM ( \
             SELECT id FROM occurrences WHERE guild_id = $1 AND is_test = 0 AND id <= $3 \
             ORDER BY id DESC LIMIT $4) AS newest \
         JOIN deliveries ON deliveries.occurrence_id = newest.id AND deliveries.email = $2 \
         WHERE deliveries.state = 'completed' OR deliveries.soft = 1 ORDER BY newest.id DESC",
    )
    .bind(claimed.guild.0)
    .bind(claimed.recipient.email.as_str())
    .bind(claimed.recipient.occurrence.0)
    .bind(NEWEST)
    .fetch_all(tx)
    .await?;
    let mut times = 0;
    for row in &rows {
        if row.try_get::<i64, _>(0)? == 0 {
            break;
        }
        times += 1;
    }
    Ok(times)
}

async fn renew(tx: &mut Tx, boot: i64, until_ms: i64, held: &[DeliveryId]) -> Result<()> {
    for piece in held.chunks(LISTED) {
        let listed = listed(tx, 3, piece);
        let sql = format!(
            "UPDATE deliveries SET lease_until_ms = $1 \
             WHERE lease_owner = $2 AND state = 'running' AND id {listed}"
        );
        let renewed = sqlx::query(generated(sql)).bind(until_ms).bind(boot);
        renewed.bind(listed.values()).execute(&mut *tx).await?;
    }
    Ok(())
}

fn listed(tx: &Tx, parameter: usize, ids: &[DeliveryId]) -> List {
    List::of_ids(tx, parameter, ids.iter().map(|id| id.0))
}

/// Rows that a transaction claimed whose end was not heard of: nobody has sent them. Returns how many they
/// were.
async fn give_back_others(tx: &mut Tx, boot: i64, held: &[DeliveryId]) -> Result<i64> {
    let listed = listed(tx, 2, held);
    let sql = format!(
        "UPDATE deliveries SET not_before_ms = 0, attempt = attempt - 1, unsent = 0, \
             lease_owner = NULL, lease_until_ms = NULL, \
             state = CASE WHEN deferrals > 0 THEN 'retryable' ELSE 'available' END \
         WHERE state = 'running' AND lease_owner = $1 AND NOT (id {listed})"
    );
    let given = sqlx::query(generated(sql)).bind(boot);
    let given = given.bind(listed.values()).execute(tx).await?;
    Ok(i64::try_from(given.rows_affected()).unwrap_or(i64::MAX))
}

/// Tests first, then the oldest.
async fn sending(tx: &mut Tx) -> Result<Vec<Sending>> {
    let rows = sqlx::query(
        "SELECT id, guild_id, class, is_test FROM occurrences WHERE phase = 'sending' \
         ORDER BY is_test DESC, id",
    )
    .fetch_all(tx)
    .await?;
    let one = |row: &AnyRow| -> Result<Sending> {
        Ok(Sending {
            id: OccurrenceId(row.try_get(0)?),
            guild: GuildId(row.try_get(1)?),
            class: Class::parse(&row.try_get::<String, _>(2)?),
            is_test: row.try_get::<i64, _>(3)? == 1,
        })
    };
    rows.iter().map(one).collect()
}

async fn tell(
    tx: &mut Tx,
    cycle: &Cycle,
    sending: &[Sending],
    rest: &Rest,
    now_ms: i64,
) -> Result<()> {
    for one in sending.iter().filter(|one| !one.is_test) {
        let rest = rest.clone();
        cycle.author.resting(tx, one.id, rest, now_ms).await?;
    }
    Ok(())
}

/// Takes as many rows as there is room for, from all in turn.
async fn claim(
    tx: &mut Tx,
    cycle: &Cycle,
    sending: Vec<Sending>,
    done: &mut Done,
    now_ms: i64,
) -> Result<()> {
    let mut room = cycle.room;
    // Locked before any row is, by every process: in one order, so that none waits for the other.
    // The limit is read behind the same lock.
    let is_limited = cycle.daily > 0;
    let pace = Pace::of_mails(cycle.rate).or_else(|| is_limited.then(Pace::unlimited));
    let mut pace = Kept::read(tx, "mail", pace).await?;
    if let Some(pace) = pace.as_ref().filter(|_| cycle.rate != Rate::UNLIMITED) {
        let paced = pace.room(now_ms);
        if paced < room {
            room = paced;
            done.paced_ms = Some(pace.next_ms(now_ms));
        }
    }
    if is_limited {
        let (left, over_ms) = left_today(tx, cycle.daily, now_ms).await?;
        if left < room {
            room = left;
        }
        if left == 0 {
            done.limited_ms = Some(over_ms);
            if cycle.tells_limit {
                let rest = Rest {
                    until_ms: over_ms,
                    cause: RestCause::DailyLimit,
                };
                tell(tx, cycle, &sending, &rest, now_ms).await?;
                done.was_limit_told = true;
            }
        }
    }
    let (sending, unopened): (Vec<_>, Vec<_>) = sending
        .into_iter()
        .partition(|one| cycle.known.contains(&one.id));
    // Also while there is no room: so none waits for that twice.
    for one in unopened {
        open(tx, cycle, one, done, now_ms).await?;
    }
    if cycle.takes_suspect && room > 0 {
        room -= take_suspect(tx, cycle, &sending, done, now_ms).await?;
    }
    let (tests, others): (Vec<_>, Vec<_>) = sending.into_iter().partition(|one| one.is_test);
    let mut others = others;
    let next = others.partition_point(|one| one.id <= cycle.served);
    others.rotate_left(next);
    for round in [tests, others] {
        room -= take_in_turn(tx, cycle, round, room, done, now_ms).await?;
    }
    let count = done.claimed.len();
    if count > 0 {
        if let Some(pace) = &mut pace {
            pace.take(now_ms, count);
            pace.keep(tx).await?;
        }
        if is_limited {
            count_mails(tx, i64::try_from(count).unwrap_or(i64::MAX), now_ms).await?;
        }
    }
    Ok(())
}

/// Claims the next mail that a process did not survive: how many that is.
async fn take_suspect(
    tx: &mut Tx,
    cycle: &Cycle,
    sending: &[Sending],
    done: &mut Done,
    now_ms: i64,
) -> Result<usize> {
    let known: Vec<_> = sending.iter().map(|one| (one.id, one.guild)).collect();
    if known.is_empty() {
        return Ok(0);
    }
    let Some(row) = deaths::suspect_due(tx, &known, now_ms).await? else {
        return Ok(0);
    };
    let of = |one: &&Sending| one.id == row.recipient.occurrence;
    match sending.iter().find(of).copied() {
        Some(one) => take_rows(tx, cycle, one, vec![row], done, now_ms).await,
        None => Ok(0),
    }
}

/// Shares `room` among all who have something. Returns how much of it was used.
async fn take_in_turn(
    tx: &mut Tx,
    cycle: &Cycle,
    mut sending: Vec<Sending>,
    room: usize,
    done: &mut Done,
    now_ms: i64,
) -> Result<usize> {
    let mut left = room;
    while left > 0 && !sending.is_empty() {
        let share = left.div_ceil(sending.len());
        let mut have_more = Vec::new();
        for one in sending {
            let wanted = share.min(left);
            if wanted == 0 {
                break;
            }
            let (looked_at, taken) = take(tx, cycle, one, wanted, done, now_ms).await?;
            left -= taken;
            if taken > 0 && !one.is_test {
                done.served = Some(one.id);
            }
            if looked_at < wanted {
                let due_ms = next_due_ms(tx, cycle, one.id, done).await?;
                // What is due all the same, another process is about to take.
                let due_ms = match due_ms {
                    Some(due_ms) if due_ms <= now_ms => now_ms + TAKEN_ELSEWHERE_MS,
                    Some(due_ms) => due_ms,
                    None => i64::MAX,
                };
                done.idle.insert(one.id, due_ms);
            } else {
                done.more |= taken < looked_at;
                have_more.push(one);
            }
        }
        // What was left out made room, but that is for the next look: this one is long enough.
        if done.more {
            break;
        }
        sending = have_more;
    }
    Ok(room - left)
}

/// Claims up to `wanted` rows of one occurrence: how many were looked at, and how many are to be
/// sent.
async fn take(
    tx: &mut Tx,
    cycle: &Cycle,
    one: Sending,
    wanted: usize,
    done: &mut Done,
    now_ms: i64,
) -> Result<(usize, usize)> {
    let mut rows = due(tx, one, State::Retryable, wanted, now_ms).await?;
    if rows.len() < wanted {
        let left = wanted - rows.len();
        rows.extend(due(tx, one, State::Available, left, now_ms).await?);
    }
    if rows.is_empty() {
        return Ok((0, 0));
    }
    let looked_at = rows.len();
    let taken = take_rows(tx, cycle, one, rows, done, now_ms).await?;
    Ok((looked_at, taken))
}

/// Claims those of these rows of an occurrence that are to be sent: how many they are.
async fn take_rows(
    tx: &mut Tx,
    cycle: &Cycle,
    one: Sending,
    rows: Vec<Claimed>,
    done: &mut Done,
    now_ms: i64,
) -> Result<usize> {
    let emails: Vec<String> = rows.iter().map(|row| row.recipient.email.clone()).collect();
    // A test goes to whom the admin names: nobody is advertised to, but who wants no mail gets none.
    let class = if one.is_test {
        Class::Notice
    } else {
        one.class
    };
    let answers = cycle.author.may_go(tx, one.guild, class, &emails).await?;
    let mut withheld: HashMap<&'static str, Vec<DeliveryId>> = HashMap::new();
    let mut going = Vec::with_capacity(rows.len());
    for (index, row) in rows.into_iter().enumerate() {
        match answers.get(index).copied().flatten() {
            None => going.push(row),
            Some(Withheld::Suppressed) => {
                let group = withheld.entry(reason::SUPPRESSED).or_default();
                group.push(row.recipient.id);
            }
            Some(Withheld::NoConsent) => {
                let group = withheld.entry(reason::NO_CONSENT).or_default();
                group.push(row.recipient.id);
            }
        }
    }
    for (why, ids) in withheld {
        leave_out(tx, why, &ids, now_ms).await?;
    }
    let ids: Vec<DeliveryId> = going.iter().map(|row| row.recipient.id).collect();
    begin(tx, cycle.boot, &ids, now_ms).await?;
    let taken = going.len();
    done.claimed.extend(going);
    Ok(taken)
}

/// Has an occurrence opened of which something is due: nothing of it is claimed before, as nobody knows
/// how long that takes.
async fn open(
    tx: &mut Tx,
    cycle: &Cycle,
    one: Sending,
    done: &mut Done,
    now_ms: i64,
) -> Result<()> {
    let opening = cycle.opening.values().copied();
    let opening = opening.chain(done.to_open.iter().map(|known| known.guild));
    let (all, own) = opening.fold((0, 0), |(all, own), guild| {
        (all + 1, own + usize::from(guild == one.guild))
    });
    // Whatever has been opened makes room for the next.
    if all >= MOST_OPENING || own >= MOST_OPENING_OF_ONE {
        return Ok(());
    }
    match next_due_ms(tx, cycle, one.id, done).await? {
        Some(due_ms) if due_ms <= now_ms => done.to_open.push(occurrence(tx, one).await?),
        due_ms => {
            done.idle.insert(one.id, due_ms.unwrap_or(i64::MAX));
        }
    }
    Ok(())
}

/// What is due of an occurrence, in the order in which it was added or became due.
async fn due(
    tx: &mut Tx,
    one: Sending,
    state: State,
    most: usize,
    now_ms: i64,
) -> Result<Vec<Claimed>> {
    // Another process takes the rows behind those that this one is taking.
    let lock = if is_postgres(tx) {
        " FOR UPDATE SKIP LOCKED"
    } else {
        ""
    };
    let sql = format!(
        "SELECT {CLAIMED} FROM deliveries \
         WHERE occurrence_id = $1 AND state = $2 AND not_before_ms <= $3 AND deaths = 0 \
         ORDER BY not_before_ms, id LIMIT $4{lock}"
    );
    let rows = sqlx::query(generated(sql))
        .bind(one.id.0)
        .bind(state.as_str())
        .bind(now_ms)
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(tx)
        .await?;
    rows.iter().map(|row| claimed(row, one.guild)).collect()
}

/// Columns of a row that is claimed.
pub(in crate::outbox::mail) const CLAIMED: &str =
    "id, email, address, name, fields, attempt, deferrals, deaths, occurrence_id";

pub(in crate::outbox::mail) fn claimed(row: &AnyRow, guild: GuildId) -> Result<Claimed> {
    Ok(Claimed {
        recipient: Recipient {
            id: DeliveryId(row.try_get(0)?),
            occurrence: OccurrenceId(row.try_get(8)?),
            email: row.try_get(1)?,
            address: row.try_get(2)?,
            name: row.try_get(3)?,
            fields: serde_json::from_str(&row.try_get::<String, _>(4)?)?,
        },
        guild,
        attempt: row.try_get::<i64, _>(5)? + 1,
        deferrals: row.try_get(6)?,
        deaths: row.try_get(7)?,
    })
}

/// From now on these may arrive. Returns those that are this process's still: what another has taken
/// over must not leave.
async fn open_gates(tx: &mut Tx, boot: i64, leaving: &[DeliveryId]) -> Result<HashSet<DeliveryId>> {
    let mut open = HashSet::with_capacity(leaving.len());
    for piece in leaving.chunks(LISTED) {
        let listed = listed(tx, 2, piece);
        let sql = format!(
            "UPDATE deliveries SET unsent = 0 \
             WHERE lease_owner = $1 AND state = 'running' AND id {listed} RETURNING id"
        );
        let opened = sqlx::query(generated(sql)).bind(boot).bind(listed.values());
        for row in &opened.fetch_all(&mut *tx).await? {
            open.insert(DeliveryId(row.try_get(0)?));
        }
    }
    Ok(open)
}

/// They are under way from now on; none has left yet.
async fn begin(tx: &mut Tx, boot: i64, ids: &[DeliveryId], now_ms: i64) -> Result<()> {
    for piece in ids.chunks(LISTED) {
        let listed = listed(tx, 4, piece);
        let sql = format!(
            "UPDATE deliveries SET state = 'running', attempt = attempt + 1, unsent = 1, \
                 lease_owner = $1, lease_until_ms = $2, \
                 first_attempt_ms = COALESCE(first_attempt_ms, $3) \
             WHERE id {listed}"
        );
        let begun = sqlx::query(generated(sql))
            .bind(boot)
            .bind(now_ms + LEASE_MS)
            .bind(now_ms);
        begun.bind(listed.values()).execute(&mut *tx).await?;
    }
    Ok(())
}

async fn leave_out(tx: &mut Tx, why: &str, ids: &[DeliveryId], now_ms: i64) -> Result<()> {
    for piece in ids.chunks(LISTED) {
        let listed = listed(tx, 3, piece);
        let sql = format!(
            "UPDATE deliveries SET state = 'cancelled', reason = $1, ended_ms = $2 \
             WHERE id {listed}"
        );
        let cancelled = sqlx::query(generated(sql)).bind(why).bind(now_ms);
        cancelled.bind(listed.values()).execute(&mut *tx).await?;
    }
    Ok(())
}

async fn occurrence(tx: &mut Tx, one: Sending) -> Result<Occurrence> {
    let row = sqlx::query("SELECT guild_name, content FROM occurrences WHERE id = $1")
        .bind(one.id.0)
        .fetch_one(tx)
        .await?;
    Ok(Occurrence {
        id: one.id,
        guild: one.guild,
        guild_name: row.try_get(0)?,
        class: one.class,
        content: row.try_get(1)?,
        is_test: one.is_test,
    })
}

/// When the next row of an occurrence is due, of those that wait for nothing else: while a mail is in hand
/// that a process did not survive, others of the kind wait for its end.
async fn next_due_ms(
    tx: &mut Tx,
    cycle: &Cycle,
    id: OccurrenceId,
    done: &Done,
) -> Result<Option<i64>> {
    let is_taken = !cycle.takes_suspect || done.claimed.iter().any(Claimed::is_suspect);
    let only = if is_taken { " AND deaths = 0" } else { "" };
    let sql = format!(
        "SELECT MIN(not_before_ms) FROM deliveries WHERE occurrence_id = $1 AND state = $2{only}"
    );
    let mut next_ms: Option<i64> = None;
    for state in [State::Available, State::Retryable] {
        let first: Option<i64> = sqlx::query_scalar(generated(sql.clone()))
            .bind(id.0)
            .bind(state.as_str())
            .fetch_one(&mut *tx)
            .await?;
        next_ms = next_ms.into_iter().chain(first).min();
    }
    Ok(next_ms)
}

/// When nothing of it waits or is under way any more, in whatever process, it has ended.
async fn end_if_over(tx: &mut Tx, cycle: &Cycle, id: OccurrenceId, now_ms: i64) -> Result<()> {
    // Some of it may be put back at this moment.
    pieces::hold(tx, &BTreeSet::from([id])).await?;
    let ended = sqlx::query(
        "UPDATE occurrences SET phase = 'ended', ended_ms = $2, updated_ms = $2 \
         WHERE id = $1 AND phase IN ('sending', 'paused') AND retry_discarded = 0 AND NOT EXISTS ( \
             SELECT 1 FROM deliveries WHERE occurrence_id = $1 \
                 AND state IN ('available', 'retryable', 'running'))",
    )
    .bind(id.0)
    .bind(now_ms)
    .execute(&mut *tx)
    .await?;
    if ended.rows_affected() == 1 {
        cycle.author.ended(tx, id, Ending::Ended, now_ms).await?;
    }
    Ok(())
}

/// How many mails may go today, and when there is more room.
async fn left_today(tx: &mut Tx, limit: i64, now_ms: i64) -> Result<(usize, i64)> {
    let uncounted = sqlx::query(
        "DELETE FROM mail_minutes WHERE minute < $1 OR minute > $2 RETURNING minute, count",
    )
    .bind(daily::first_counted(now_ms))
    .bind(daily::last_counted(now_ms))
    .fetch_all(&mut *tx)
    .await?;
    let mut ahead: i64 = 0;
    for row in &uncounted {
        if row.try_get::<i64, _>(0)? > daily::last_counted(now_ms) {
            ahead += row.try_get::<i64, _>(1)?;
        }
    }
    if ahead != 0 {
        count_mails(tx, ahead, now_ms).await?;
    }
    let row = sqlx::query(
        "SELECT CAST(SUM(count) AS BIGINT), MIN(CASE WHEN count > 0 THEN minute END) \
         FROM mail_minutes",
    )
    .fetch_one(tx)
    .await?;
    let counted: Option<i64> = row.try_get(0)?;
    let first: Option<i64> = row.try_get(1)?;
    let left = usize::try_from(limit - counted.unwrap_or(0)).unwrap_or(0);
    let over_ms = first.map_or(now_ms, daily::over_ms);
    Ok((left, over_ms))
}

/// Counts mails towards the day's limit, or some of them not after all.
pub(in crate::outbox::mail) async fn count_mails(
    tx: &mut Tx,
    count: i64,
    now_ms: i64,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO mail_minutes (minute, count) VALUES ($1, $2) \
         ON CONFLICT (minute) DO UPDATE SET count = mail_minutes.count + $2",
    )
    .bind(daily::minute(now_ms))
    .bind(count)
    .execute(tx)
    .await?;
    Ok(())
}
