//! The command of a message's menu: a time attack whose task is what the message says.

use poise::serenity_prelude as serenity;
use serenity::Message;

use super::in_korean;
use crate::discord::answer::Answer;
use crate::discord::asker::Asker;
use crate::discord::form;
use crate::discord::framework::Context;
use crate::discord::names::spelled_out;
use crate::discord::respond::{self, Deferral};
use crate::error::Result;
use crate::guild::TASK_LENGTH;
use crate::messenger::markdown::{plain, shorten};

/// Characters of the longest text of a message: a box's (Discord's limit).
const MESSAGE_LENGTH: usize = 4_096;

/// The command, with its name in both languages.
pub(super) fn start_with() -> super::Command {
    let mut command = start_with_message();
    command.name_localizations = in_korean("menu-start-with");
    command
}

/// Open the form with what the message says
#[poise::command(
    context_menu_command = "Start a time attack with this",
    guild_only,
    rename = "start-with"
)]
async fn start_with_message(ctx: Context<'_>, message: Message) -> Result<()> {
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        asker.require_may_write()?;
        let (app, http) = (&ctx.data().app, &ctx.serenity_context().http);
        let said = spelled_out(app, http, &asker, &said_in(&message), MESSAGE_LENGTH).await?;
        let task = shorten(&plain(&said), TASK_LENGTH);
        let task = (!task.is_empty()).then_some(task.as_str());
        Ok(Answer::Form(form::start(&asker, task, None)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// What a message says: its text, else the heading or text of its first box, else the name of its first
/// file.
fn said_in(message: &Message) -> String {
    let embed = message.embeds.first();
    let parts = [
        Some(message.content.as_str()),
        embed.and_then(|embed| embed.title.as_deref()),
        embed.and_then(|embed| embed.description.as_deref()),
        message
            .attachments
            .first()
            .map(|file| file.filename.as_str()),
    ];
    let said = parts
        .into_iter()
        .flatten()
        .find(|part| !part.trim().is_empty());
    said.unwrap_or_default().to_owned()
}
