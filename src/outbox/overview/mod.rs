//! What is in the outbox over all guilds: for whoever looks after the host, never for a member.

mod store;

use super::{Lane, mail};
use crate::db::Tx;
use crate::error::Result;
use crate::ids::MessageId;

/// The newest rows among which [`newest_posted`] looks: a bound on what a look costs, however much
/// is kept.
const NEWEST_ROWS: i64 = 1_000;

/// How much is in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneLoad {
    /// Which one.
    pub lane: Lane,
    /// What waits, for its turn or for its time.
    pub waiting: i64,
    /// What a process holds.
    pub under_way: i64,
    /// When the oldest of both was made: UTC epoch milliseconds.
    pub oldest_ms: Option<i64>,
}

/// Every lane, in the order of [`Lane::ALL`].
pub async fn lanes(tx: &mut Tx) -> Result<Vec<LaneLoad>> {
    let mut found = store::loads(tx).await?;
    let (waiting, under_way, oldest_ms) = mail::store::load(tx).await?;
    found.push(LaneLoad {
        lane: Lane::Email,
        waiting,
        under_way,
        oldest_ms,
    });
    let empty = |lane| LaneLoad {
        lane,
        waiting: 0,
        under_way: 0,
        oldest_ms: None,
    };
    let load = |lane| {
        let known = found.iter().find(|load| load.lane == lane);
        known.copied().unwrap_or_else(|| empty(lane))
    };
    Ok(Lane::ALL.map(load).to_vec())
}

/// The first instant from `from_ms` on at which something that waits may go.
pub async fn due_from(tx: &mut Tx, from_ms: i64) -> Result<Option<i64>> {
    store::due_from(tx, from_ms).await
}

/// The newest `most` rows that were said and whose `dedupe_key` begins with `prefix`: what follows
/// it, and the message that says it. In no particular order.
pub async fn newest_posted(
    tx: &mut Tx,
    prefix: &str,
    most: usize,
) -> Result<Vec<(String, MessageId)>> {
    let newest = store::newest_said(tx, NEWEST_ROWS).await?;
    let fits = newest.into_iter().filter_map(|(key, message)| {
        let rest = key.strip_prefix(prefix)?;
        Some((rest.to_owned(), message))
    });
    Ok(fits.take(most).collect())
}
