//! Whether something is about to be written that nobody may keep waiting.

use std::sync::Arc;

use tokio::sync::watch;

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
}
