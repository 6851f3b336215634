//! Tells the task that looks after campaigns that there is something to do.

use std::sync::Arc;

use tokio::sync::Notify;

/// Clones share it.
#[derive(Clone, Default)]
pub struct Bell {
    rung: Arc<Notify>,
}

impl Bell {
    /// Something was confirmed, scheduled, or has come to its end.
    pub(super) fn ring(&self) {
        self.rung.notify_one();
    }

    pub(super) async fn rung(&self) {
        self.rung.notified().await;
    }
}
