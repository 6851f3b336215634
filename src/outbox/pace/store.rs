//! SQL of the paces.

use super::Pace;
use crate::db::Tx;
use crate::error::Result;

/// A rate, and when the next message is due by it.
pub(in crate::outbox) struct Kept {
    name: &'static str,
    pace: Pace,
    next_ms: f64,
    is_changed: bool,
}

impl Kept {
    /// The row stays locked until the end of the transaction: processes take turns. `None` without a
    /// rate.
    pub(in crate::outbox) async fn read(
        tx: &mut Tx,
        name: &'static str,
        pace: Option<Pace>,
    ) -> Result<Option<Self>> {
        let Some(pace) = pace else { return Ok(None) };
        let next_ms: f64 = sqlx::query_scalar(
            "INSERT INTO pace (name, next_ms) VALUES ($1, 0) \
             ON CONFLICT (name) DO UPDATE SET next_ms = pace.next_ms RETURNING next_ms",
        )
        .bind(name)
        .fetch_one(&mut *tx)
        .await?;
        Ok(Some(Self {
            name,
            pace,
            next_ms,
            is_changed: false,
        }))
    }

    /// How many may go now.
    pub(in crate::outbox) fn room(&self, now_ms: i64) -> usize {
        self.pace.room(self.next_ms, real(now_ms))
    }

    /// So many go now.
    pub(in crate::outbox) fn take(&mut self, now_ms: i64, count: usize) {
        self.next_ms = self.pace.after(self.next_ms, real(now_ms), count);
        self.is_changed = true;
    }

    /// When there is room again.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds since the epoch are far below 2^53"
    )]
    pub(in crate::outbox) fn next_ms(&self, now_ms: i64) -> i64 {
        let due_ms = self.pace.due(self.next_ms, real(now_ms));
        (due_ms.ceil() as i64).max(now_ms + 1)
    }

    /// Stores what was taken.
    pub(in crate::outbox) async fn keep(&self, tx: &mut Tx) -> Result<()> {
        if self.is_changed {
            sqlx::query("UPDATE pace SET next_ms = $2 WHERE name = $1")
                .bind(self.name)
                .bind(self.next_ms)
                .execute(tx)
                .await?;
        }
        Ok(())
    }
}

/// The clock was set back to `now_ms`: no rate waits for an instant of before.
pub(in crate::outbox) async fn set_anew(tx: &mut Tx, now_ms: i64) -> Result<()> {
    sqlx::query(
        "UPDATE pace SET next_ms = $1 WHERE name IN ('dm', 'dm-bulk', 'mail') AND next_ms > $1",
    )
    .bind(real(now_ms))
    .execute(tx)
    .await?;
    Ok(())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since the epoch are far below 2^53"
)]
fn real(ms: i64) -> f64 {
    ms as f64
}
