//! SQL of `/queue`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::db::{Db, Tx, generated};
use crate::error::Result;
use crate::ids::{ChannelId, GuildId, OutboxId, UserId, first_id_of};
use crate::outbox::Payload;

/// Lines of `/queue status`.
const MOST_LINES: usize = 15;
/// Rows that one read looks at.
const LOOKED_AT_ONCE: i64 = 5_000;
/// What was dropped is counted as long as it is kept.
const DROPPED_MS: i64 = 7 * 86_400_000;

/// Messages of one lane that wait for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// `post`, `edit` or `dm`.
    pub lane: String,
    /// Why they wait.
    pub why: Why,
    /// How many.
    pub count: i64,
}

/// Why messages wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// They are being sent.
    OnTheirWay,
    /// They are next.
    Next,
    /// For their own time.
    Planned {
        /// When the first of them is due.
        from_ms: i64,
    },
    /// It is night for their readers, who gave no night consent.
    Quiet {
        /// When the night ends.
        until_ms: i64,
        /// By the clocks of which zone.
        zone: String,
    },
    /// Discord lets no direct messages be opened at present.
    Opening {
        /// Until then.
        until_ms: i64,
    },
    /// They failed and are tried again.
    Retry {
        /// When the first of them is.
        at_ms: i64,
        /// What was wrong.
        error: String,
    },
}

/// A message that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// Its id.
    pub id: OutboxId,
    /// `post` or `dm`.
    pub lane: String,
    /// Where it was to go.
    pub channel: ChannelId,
    /// Why it was given up.
    pub why: String,
    /// When.
    pub at_ms: i64,
}

/// What waits or is under way, by lane and reason. All that waits is looked through, also other guilds', in
/// short reads in the order of its index, which costs less than an index that each message changes.
pub(super) async fn waiting(db: &Db, guild: GuildId, now_ms: i64) -> Result<Vec<Waiting>> {
    let mut conn = db.read().await?;
    let mut lines = Lines::default();
    // No more than what every process holds.
    let running = lines_of("state = 'running'");
    let running = sqlx::query(generated(running))
        .bind(guild.0)
        .bind(now_ms)
        .fetch_all(&mut *conn)
        .await?;
    lines.add(&running, now_ms)?;
    let mut after = (String::new(), i64::MIN, 0);
    loop {
        let end = end_of_look(&mut conn, &after).await?;
        let until = if end.is_some() {
            " AND (lane, not_before_ms, id) <= ($6, $7, $8)"
        } else {
            ""
        };
        let sql = lines_of(&format!("{WAITING}{until}"));
        let mut some = sqlx::query(generated(sql))
            .bind(guild.0)
            .bind(now_ms)
            .bind(after.0)
            .bind(after.1)
            .bind(after.2);
        if let Some((lane, not_before_ms, id)) = &end {
            some = some.bind(lane.clone()).bind(*not_before_ms).bind(*id);
        }
        lines.add(&some.fetch_all(&mut *conn).await?, now_ms)?;
        drop(conn);
        let Some(end) = end else {
            return Ok(lines.0.into_values().collect());
        };
        after = end;
        conn = db.read().await?;
    }
}

/// What waits behind a place in the order of its index.
const WAITING: &str =
    "state IN ('available', 'retryable') AND (lane, not_before_ms, id) > ($3, $4, $5)";

/// Where a read ends that begins behind a place, by the index alone; `None`: with the last.
async fn end_of_look(
    tx: &mut Tx,
    (lane, not_before_ms, id): &(String, i64, i64),
) -> Result<Option<(String, i64, i64)>> {
    let end = sqlx::query(
        "SELECT lane, not_before_ms, id FROM outbox WHERE state IN ('available', 'retryable') \
             AND (lane, not_before_ms, id) > ($1, $2, $3) \
         ORDER BY lane, not_before_ms, id LIMIT 1 OFFSET $4",
    )
    .bind(lane.clone())
    .bind(*not_before_ms)
    .bind(*id)
    .bind(LOOKED_AT_ONCE - 1)
    .fetch_optional(tx)
    .await?;
    let place = |row: &AnyRow| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    end.as_ref().map(place).transpose()
}

/// The rows of guild `$1` for which `holds` at `$2`, by what is said of them.
fn lines_of(holds: &str) -> String {
    format!(
        "SELECT lane, state, held, held_zone, \
             CASE WHEN held IS NOT NULL AND not_before_ms > $2 THEN not_before_ms ELSE 0 END \
                 AS until_ms, \
             CASE WHEN not_before_ms > $2 THEN 1 ELSE 0 END AS is_later, \
             COUNT(*), MIN(not_before_ms), MAX(last_error) \
         FROM outbox WHERE guild_id = $1 AND {holds} GROUP BY 1, 2, 3, 4, 5, 6"
    )
}

/// The first lines of all, in their order.
#[derive(Default)]
struct Lines(BTreeMap<Key, Waiting>);

/// By lane, then by until when, then by state and whether it is due.
type Key = (String, i64, String, i64, Option<String>, Option<String>);

impl Lines {
    fn add(&mut self, rows: &[AnyRow], now_ms: i64) -> Result<()> {
        for row in rows {
            let key = (
                row.try_get(0)?,
                row.try_get(4)?,
                row.try_get(1)?,
                row.try_get::<i64, _>(5)?,
                row.try_get(2)?,
                row.try_get(3)?,
            );
            let some = line(row, now_ms)?;
            match self.0.entry(key) {
                Entry::Vacant(none) => drop(none.insert(some)),
                Entry::Occupied(mut all) => all.get_mut().merge(some),
            }
            // What is behind so many now is behind them in the end, too.
            if self.0.len() > MOST_LINES {
                self.0.pop_last();
            }
        }
        Ok(())
    }
}

impl Waiting {
    /// More messages that wait for the same.
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        match (&mut self.why, other.why) {
            (Why::Planned { from_ms }, Why::Planned { from_ms: other }) => {
                *from_ms = other.min(*from_ms);
            }
            (
                Why::Retry { at_ms, error },
                Why::Retry {
                    at_ms: other_ms,
                    error: other,
                },
            ) => {
                *at_ms = other_ms.min(*at_ms);
                if other > *error {
                    *error = other;
                }
            }
            _ => {}
        }
    }
}

fn line(row: &AnyRow, now_ms: i64) -> Result<Waiting> {
    let state: String = row.try_get(1)?;
    let held: Option<String> = row.try_get(2)?;
    let zone: Option<String> = row.try_get(3)?;
    let until_ms: i64 = row.try_get(4)?;
    let first_ms: i64 = row.try_get(7)?;
    let error: Option<String> = row.try_get(8)?;
    let why = match (state.as_str(), held.as_deref()) {
        ("running", _) => Why::OnTheirWay,
        ("retryable", _) => Why::Retry {
            at_ms: first_ms.max(now_ms),
            error: error.unwrap_or_default(),
        },
        // Its night is over, but not its turn.
        (_, Some(_)) if until_ms <= now_ms => Why::Next,
        (_, Some("opening")) => Why::Opening { until_ms },
        (_, Some(_)) => Why::Quiet {
            until_ms,
            zone: zone.unwrap_or_default(),
        },
        _ if first_ms > now_ms => Why::Planned { from_ms: first_ms },
        _ => Why::Next,
    };
    Ok(Waiting {
        lane: row.try_get(0)?,
        why,
        count: row.try_get(6)?,
    })
}

pub(super) async fn count_parked(tx: &mut Tx, guild: GuildId) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "SELECT COUNT(*) FROM outbox WHERE guild_id = $1 AND state = 'discarded' \
             AND shown_ms IS NULL AND class <> 'legal'",
    )
    .bind(guild.0)
    .fetch_one(tx)
    .await?)
}

/// How many were dropped lately, by reason: in short reads by key, from the first of that time on.
pub(super) async fn dropped(db: &Db, guild: GuildId, now_ms: i64) -> Result<Vec<(String, i64)>> {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    let mut after = first_id_of(now_ms - DROPPED_MS);
    loop {
        let mut conn = db.read().await?;
        let end: Option<i64> = sqlx::query_scalar(
            "SELECT MAX(id) FROM (SELECT id FROM outbox WHERE id > $1 ORDER BY id LIMIT $2) \
                 AS looked",
        )
        .bind(after)
        .bind(LOOKED_AT_ONCE)
        .fetch_one(&mut *conn)
        .await?;
        let Some(end) = end else {
            return Ok(counts.into_iter().collect());
        };
        let rows = sqlx::query(
            "SELECT last_error, COUNT(*) FROM outbox \
             WHERE id > $2 AND id <= $3 AND guild_id = $1 AND lane = 'dm' \
                 AND state = 'cancelled' AND last_error IN ('expired', 'not_allowed', 'cancelled') \
             GROUP BY last_error",
        )
        .bind(guild.0)
        .bind(after)
        .bind(end)
        .fetch_all(&mut *conn)
        .await?;
        for row in &rows {
            *counts.entry(row.try_get(0)?).or_default() += row.try_get::<i64, _>(1)?;
        }
        after = end;
    }
}

pub(super) async fn parked(tx: &mut Tx, guild: GuildId, most: usize) -> Result<Vec<Parked>> {
    let rows = sqlx::query(
        "SELECT id, lane, channel_id, last_error, updated_ms FROM outbox \
         WHERE guild_id = $1 AND state = 'discarded' AND shown_ms IS NULL AND class <> 'legal' \
         ORDER BY id DESC LIMIT $2",
    )
    .bind(guild.0)
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .fetch_all(tx)
    .await?;
    let parked = |row: &AnyRow| -> Result<Parked> {
        let why: Option<String> = row.try_get(3)?;
        Ok(Parked {
            id: OutboxId(row.try_get(0)?),
            lane: row.try_get(1)?,
            channel: ChannelId(row.try_get(2)?),
            why: why.unwrap_or_default(),
            at_ms: row.try_get(4)?,
        })
    };
    rows.iter().map(parked).collect()
}

/// A direct message to a member.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct About {
    /// `post`, `edit` or `dm`.
    pub lane: String,
    /// How it stands.
    pub state: String,
    /// When it was made.
    pub created_ms: i64,
    /// What it says.
    pub text: String,
}

pub(super) async fn about(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    (after, most): (i64, i64),
) -> Result<Vec<(i64, About)>> {
    let rows = sqlx::query(
        "SELECT lane, state, created_ms, payload, id FROM outbox \
         WHERE kind = 'dm' AND guild_id = $1 AND user_id = $2 AND id > $3 ORDER BY id LIMIT $4",
    )
    .bind(guild.0)
    .bind(user.0)
    .bind(after)
    .bind(most)
    .fetch_all(tx)
    .await?;
    let about = |row: &AnyRow| -> Result<(i64, About)> {
        let payload: String = row.try_get(3)?;
        // As it is stored, where a later version wrote what this one does not know.
        let text = serde_json::from_str::<Payload>(&payload)
            .map_or(payload, |payload| payload.message.content);
        let about = About {
            lane: row.try_get(0)?,
            state: row.try_get(1)?,
            created_ms: row.try_get(2)?,
            text,
        };
        Ok((row.try_get(4)?, about))
    };
    rows.iter().map(about).collect()
}

/// Waits again, as if it had been tried once: whether it arrived after all is looked up first.
pub(super) async fn retry(tx: &mut Tx, guild: GuildId, id: OutboxId, now_ms: i64) -> Result<bool> {
    let retried = sqlx::query(
        "UPDATE outbox SET state = 'retryable', attempt = 1, crashes = 0, deaths = 0, not_before_ms = $3, \
             message_key = id, held = NULL, held_zone = NULL, updated_ms = $3 \
         WHERE id = $1 AND guild_id = $2 AND state = 'discarded' AND shown_ms IS NULL \
             AND class <> 'legal'",
    )
    .bind(id.0)
    .bind(guild.0)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(retried.rows_affected() == 1)
}

pub(super) async fn put_away(
    tx: &mut Tx,
    guild: GuildId,
    id: OutboxId,
    now_ms: i64,
) -> Result<bool> {
    let hidden = sqlx::query(
        "UPDATE outbox SET shown_ms = $3, updated_ms = $3 \
         WHERE id = $1 AND guild_id = $2 AND state = 'discarded' AND shown_ms IS NULL \
             AND class <> 'legal'",
    )
    .bind(id.0)
    .bind(guild.0)
    .bind(now_ms)
    .execute(&mut *tx)
    .await?;
    if hidden.rows_affected() == 1 {
        return Ok(true);
    }
    let cancelled = sqlx::query(
        "UPDATE outbox SET state = 'cancelled', last_error = 'cancelled', updated_ms = $3 \
         WHERE id = $1 AND guild_id = $2 AND state IN ('available', 'retryable') \
             AND class <> 'legal'",
    )
    .bind(id.0)
    .bind(guild.0)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(cancelled.rows_affected() == 1)
}
