//! A message that shows how far something is, and brings itself up to date until it is over.

use std::sync::Arc;

use poise::serenity_prelude as serenity;

use super::answer::{self, Reply};
use super::asker::Asker;
use crate::app::App;
use crate::error::Result;

/// How often it is looked at.
pub(super) const REFRESH_MS: i64 = 5_000;
/// And for how long: an interaction's token lives fifteen minutes.
const REFRESHES: u32 = 160;
/// Parts of the bar.
const PARTS: i64 = 20;

/// How it stands.
pub(super) struct Look {
    /// What the message says now.
    pub(super) reply: Reply,
    /// Whether it will say anything else.
    pub(super) is_over: bool,
}

/// Brings the answer to an interaction up to date, by itself. `look` is given what it remembered the
/// last time.
pub(super) fn follow<S, F, Fut>(app: &App, http: &Arc<serenity::Http>, asker: &Asker, look: F)
where
    S: Default + Send + 'static,
    F: Fn(S) -> Fut + Send + 'static,
    Fut: Future<Output = Result<(Look, S)>> + Send,
{
    let (app, http, token) = (app.clone(), Arc::clone(http), asker.token.clone());
    tokio::spawn(async move {
        let (mut shown, mut state) = (None, S::default());
        for _ in 0..REFRESHES {
            app.clock.sleep_ms(REFRESH_MS).await;
            let Ok((now, next)) = look(state).await else {
                return;
            };
            state = next;
            let edit = now.reply.into_edit();
            // Compared as it would be sent: what is the same is not sent again.
            let said = serde_json::to_string(&edit).ok();
            if shown.is_none() || shown != said {
                let edited = http.edit_original_interaction_response(&token, &edit, Vec::new());
                if let Err(error) = edited.await {
                    return answer::lost(error);
                }
                shown = said;
            }
            if now.is_over {
                return;
            }
        }
    });
}

/// `█████░░░░░ 5/10`
pub(super) fn bar(done: i64, total: i64) -> String {
    let filled = usize::try_from(done * PARTS / total.max(1)).unwrap_or(0);
    let parts = usize::try_from(PARTS).unwrap_or(0);
    let (filled, rest) = (filled.min(parts), parts.saturating_sub(filled));
    format!(
        "`{}{}` {done}/{total}",
        "█".repeat(filled),
        "░".repeat(rest)
    )
}
