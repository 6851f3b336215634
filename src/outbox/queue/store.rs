//! SQL of `/queue`.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::db::Tx;
use crate::error::Result;
use crate::ids::{ChannelId, GuildId, OutboxId, UserId, first_id_of};
use crate::outbox::Payload;

/// Lines of `/queue status`.
const MOST_LINES: i64 = 15;
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

pub(super) async fn waiting(tx: &mut Tx, guild: GuildId, now_ms: i64) -> Result<Vec<Waiting>> {
    let rows = sqlx::query(
        "SELECT lane, state, held, held_zone, \
             CASE WHEN held IS NOT NULL AND not_before_ms > $2 THEN not_before_ms ELSE 0 END \
                 AS until_ms, \
             CASE WHEN not_before_ms > $2 THEN 1 ELSE 0 END AS is_later, \
             COUNT(*), MIN(not_before_ms), MAX(last_error) \
         FROM outbox WHERE guild_id = $1 AND state IN ('available', 'running', 'retryable') \
         GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 5, 2, 6 LIMIT $3",
    )
    .bind(guild.0)
    .bind(now_ms)
    .bind(MOST_LINES)
    .fetch_all(tx)
    .await?;
    rows.iter().map(|row| line(row, now_ms)).collect()
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

pub(super) async fn dropped(
    tx: &mut Tx,
    guild: GuildId,
    now_ms: i64,
) -> Result<Vec<(String, i64)>> {
    let rows = sqlx::query(
        "SELECT last_error, COUNT(*) FROM outbox WHERE id > $2 AND guild_id = $1 AND lane = 'dm' \
             AND state = 'cancelled' AND last_error IN ('expired', 'not_allowed', 'cancelled') \
         GROUP BY last_error ORDER BY last_error",
    )
    .bind(guild.0)
    .bind(first_id_of(now_ms - DROPPED_MS))
    .fetch_all(tx)
    .await?;
    let pair = |row: &AnyRow| -> Result<(String, i64)> { Ok((row.try_get(0)?, row.try_get(1)?)) };
    rows.iter().map(pair).collect()
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

pub(super) async fn about(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<Vec<About>> {
    let rows = sqlx::query(
        "SELECT lane, state, created_ms, payload FROM outbox \
         WHERE kind = 'dm' AND guild_id = $1 AND user_id = $2 ORDER BY id",
    )
    .bind(guild.0)
    .bind(user.0)
    .fetch_all(tx)
    .await?;
    let about = |row: &AnyRow| -> Result<About> {
        let payload: String = row.try_get(3)?;
        // As it is stored, where a later version wrote what this one does not know.
        let text = serde_json::from_str::<Payload>(&payload)
            .map_or(payload, |payload| payload.message.content);
        Ok(About {
            lane: row.try_get(0)?,
            state: row.try_get(1)?,
            created_ms: row.try_get(2)?,
            text,
        })
    };
    rows.iter().map(about).collect()
}

/// Waits again, as if it had been tried once: whether it arrived after all is looked up first.
pub(super) async fn retry(tx: &mut Tx, guild: GuildId, id: OutboxId, now_ms: i64) -> Result<bool> {
    let retried = sqlx::query(
        "UPDATE outbox SET state = 'retryable', attempt = 1, crashes = 0, not_before_ms = $3, \
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
