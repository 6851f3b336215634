//! Fleeting posts: worth something for a while, and then nothing. A reminder is one.
//!
//! They are dropped when their time is over before they could be posted, and when their channel
//! refuses them: nobody misses them, and nobody is told.

use super::{Delivery, Outbox, Row, store};
use crate::error::Result;

impl Row {
    /// Whether it is dropped rather than told otherwise.
    pub(super) fn is_fleeting(&self) -> bool {
        self.is_post() && self.dm.expires_at_ms.is_some()
    }
}

impl Outbox {
    /// Drops what comes too late, and returns the rest.
    pub(super) async fn without_late(&self, deliveries: Vec<Delivery>) -> Vec<Delivery> {
        let now_ms = self.inner.clock.now_ms();
        let is_late = |row: &Row| {
            row.is_fleeting()
                && row
                    .dm
                    .expires_at_ms
                    .is_some_and(|until_ms| until_ms <= now_ms)
        };
        if !deliveries.iter().flatten().any(is_late) {
            return deliveries;
        }
        let (late, in_time): (Vec<Row>, Vec<Row>) =
            deliveries.into_iter().flatten().partition(is_late);
        if let Err(error) = self.drop_fleeting(&late, "out_of_date").await {
            // Their leases run out, and whoever takes them then drops them.
            let error = format!("{error:#}");
            tracing::warn!(error, "outdated messages could not be dropped yet");
        }
        self.forget(&late);
        super::post_lane::deliveries(in_time)
    }

    /// Nobody misses these.
    pub(super) async fn drop_fleeting(&self, rows: &[Row], why: &str) -> Result<()> {
        tracing::debug!(rows = rows.len(), why, "outdated posts were dropped");
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let job = (ids, self.inner.boot, why.to_owned());
        let now_ms = self.inner.clock.now_ms();
        self.inner
            .db
            .write((job, now_ms), |tx, ((ids, boot, why), now_ms)| {
                Box::pin(async move {
                    for id in ids {
                        store::cancel(tx, *id, *boot, *now_ms, why).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}
