//! Whether something is about to be written that nobody may keep waiting.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// How long a piece or a page of a large work waits at most for what is about to be written.
pub(super) const MOST_WAITED: Duration = Duration::from_millis(100);

/// Says that verdicts are due within milliseconds: a piece of a large work that began now would still be
/// in their way. Clones share it.
#[derive(Clone, Default)]
pub struct Soon(Arc<watch::Sender<bool>>);

impl Soon {
    /// Whether anything is about to be written.
    pub fn set(&self, any: bool) {
        self.0
            .send_if_modified(|before| std::mem::replace(before, any) != any);
    }

    /// Returns once nothing is.
    pub async fn is_over(&self) {
        // The sender is this one, so it cannot be gone.
        let _ = self.0.subscribe().wait_for(|any| !any).await;
    }

    /// Returns once nothing is, or after [`MOST_WAITED`].
    pub(super) async fn is_over_or_long(&self) {
        let _ = tokio::time::timeout(MOST_WAITED, self.is_over()).await;
    }
}
