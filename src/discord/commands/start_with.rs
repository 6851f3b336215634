//! The command of a message's menu: a time attack whose task is what the message says.

use poise::serenity_prelude as serenity;
use serenity::Message;

use super::in_korean;
use crate::discord::answer::Answer;
use crate::discord::asker::Asker;
use crate::discord::form;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::error::Result;
use crate::guild::TASK_LENGTH;
use crate::messenger::markdown::{plain, shorten};

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
        let task = task_of(&message);
        let task = (!task.is_empty()).then_some(task.as_str());
        Ok(Answer::Form(form::start(asker.language, task, None)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// What a message says, on one line: its text, else the heading or text of its first box, else the
/// name of its first file.
fn task_of(message: &Message) -> String {
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
    let name_of = |id: &str| {
        let user = message
            .mentions
            .iter()
            .find(|user| user.id.to_string() == id)?;
        Some(
            user.global_name
                .clone()
                .unwrap_or_else(|| user.name.clone()),
        )
    };
    shorten(&plain(said.unwrap_or_default(), name_of), TASK_LENGTH)
}
