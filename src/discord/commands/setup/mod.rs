//! `/setup`: a guild's settings. Every subcommand checks Manage Server itself.

mod channels;
mod check;
pub(in crate::discord) mod greeting;
mod limits;
pub(in crate::discord) mod locale;
pub(in crate::discord) mod messages;
pub(in crate::discord) mod permissions;
mod quiet_hours;
mod reminders;
mod show;

use crate::discord::answer::Reply;
use crate::discord::asker::Asker;
use crate::discord::framework::Context;
use crate::error::Result;
use crate::guild::Settings;
use crate::i18n::text;

/// Settings of this server
#[poise::command(
    slash_command,
    guild_only,
    subcommand_required,
    default_member_permissions = "MANAGE_GUILD",
    subcommands(
        "channels::channels",
        "locale::locale",
        "limits::limits",
        "quiet_hours::quiet_hours",
        "messages::messages",
        "reminders::reminders",
        "show::show",
        "check::check"
    )
)]
#[expect(
    clippy::unused_async,
    reason = "poise's form; a group itself is never used"
)]
pub(in crate::discord) async fn setup(_ctx: Context<'_>) -> Result<()> {
    Ok(())
}

/// Says that it is saved, and how everything stands now.
fn saved(settings: &Settings, asker: &Asker) -> Reply {
    Reply::new(text(asker.language, "setup-saved", &[])).embed(show::summary(settings, asker))
}
