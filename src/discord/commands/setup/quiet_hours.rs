//! `/setup quiet-hours`

use super::saved;
use crate::discord::answer::Answer;
use crate::discord::commands::manager;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::error::{Result, UserError};
use crate::guild::{self, Change, parse_time_of_day};
use crate::quiet_hours::QuietHours;

/// Choose when results are posted without a sound
#[poise::command(slash_command, rename = "quiet-hours")]
pub(super) async fn quiet_hours(
    ctx: Context<'_>,
    start: Option<String>,
    end: Option<String>,
    off: Option<bool>,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let quiet_hours = match (start, end, off.unwrap_or(false)) {
            (None, None, true) => QuietHours::OFF,
            (Some(start), Some(end), false) => QuietHours {
                start_min: parse_time_of_day(&start)?,
                end_min: parse_time_of_day(&end)?,
            },
            // Both times and off, or half of them: not guessed.
            _ => return Err(UserError::QuietHoursIncomplete.into()),
        };
        let change = Change::QuietHours(quiet_hours);
        let settings = guild::change(&ctx.data().app, asker.guild, change).await?;
        Ok(Answer::Private(saved(&settings, &asker)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}
