//! `/privacy`: what the bot knows about a member, and its end.

use poise::serenity_prelude as serenity;
use serenity::{ButtonStyle, CreateActionRow, CreateAttachment, CreateButton};

use crate::app::App;
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::components::Action;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::error::Result;
use crate::i18n::{Arg, text};
use crate::privacy::{self as knowledge, Amount};

/// The file's name.
const FILE: &str = "timeattack-data.json";

/// What the bot knows about you
#[poise::command(
    slash_command,
    guild_only,
    subcommand_required,
    subcommands("export", "delete")
)]
#[expect(
    clippy::unused_async,
    reason = "poise's form; a group itself is never used"
)]
pub(super) async fn privacy(_ctx: Context<'_>) -> Result<()> {
    Ok(())
}

/// Get everything as a file
#[poise::command(slash_command)]
async fn export(ctx: Context<'_>) -> Result<()> {
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        let data = knowledge::export(&ctx.data().app, asker.guild, asker.user).await?;
        let file = CreateAttachment::bytes(serde_json::to_vec_pretty(&data)?, FILE);
        let said = text(asker.language, "privacy-exported", &[]);
        Ok(Answer::Private(Reply::new(said).file(file)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Delete everything, after a question
#[poise::command(slash_command)]
async fn delete(ctx: Context<'_>) -> Result<()> {
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        let amount = knowledge::amount(&ctx.data().app, asker.guild, asker.user).await?;
        let delete = CreateButton::new(Action::DeleteAll.custom_id())
            .label(text(asker.language, "button-delete-all", &[]))
            .style(ButtonStyle::Danger);
        let keep = CreateButton::new(Action::KeepAll.custom_id())
            .label(text(asker.language, "button-cancel", &[]))
            .style(ButtonStyle::Secondary);
        let question = text(asker.language, "privacy-delete-question", &counts(amount));
        let reply = Reply::new(question).row(CreateActionRow::Buttons(vec![delete, keep]));
        Ok(Answer::Private(reply))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// They meant it. What goes is what the presser has here, whoever was asked.
pub(in crate::discord) async fn confirmed(app: &App, asker: &Asker) -> Result<Answer> {
    let amount = knowledge::delete(app, asker.guild, asker.user).await?;
    let said = text(asker.language, "privacy-deleted", &counts(amount));
    Ok(Answer::Update(Reply::new(said)))
}

/// They thought better of it.
pub(in crate::discord) fn kept(asker: &Asker) -> Answer {
    Answer::Update(Reply::new(text(asker.language, "privacy-kept", &[])))
}

fn counts(amount: Amount) -> [(&'static str, Arg); 4] {
    [
        ("attacks", amount.attacks.into()),
        ("running", amount.running.into()),
        ("messages", amount.messages.into()),
        ("decisions", amount.decisions.into()),
    ]
}
