//! `/setup limits`

use super::saved;
use crate::discord::answer::Answer;
use crate::discord::commands::manager;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::duration_text::parse_duration;
use crate::error::{Result, UserError};
use crate::guild::{self, Change};

/// Choose how much members may start
#[poise::command(slash_command)]
pub(super) async fn limits(
    ctx: Context<'_>,
    // The bounds of `guild::MOST_RUNNING` and `guild::MOST_EXTENSIONS`, which check again.
    #[min = 1]
    #[max = 25]
    running: Option<i64>,
    longest: Option<String>,
    #[min = 0]
    #[max = 100]
    extensions: Option<i64>,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let longest_ms = match longest {
            Some(longest) => Some(parse_duration(&longest).map_err(UserError::Duration)?),
            None => None,
        };
        let change = Change::Limits {
            running,
            longest_ms,
            extensions,
        };
        let settings = guild::change(&ctx.data().app, asker.guild, change).await?;
        Ok(Answer::Private(saved(&settings, &asker)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}
