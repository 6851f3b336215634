//! `/privacy`: what the bot knows about a member, and its end.

use poise::serenity_prelude as serenity;
use serenity::{ButtonStyle, CreateActionRow, CreateButton};

use crate::app::App;
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::controls::Action;
use crate::discord::files::{self, Owner, Sheets};
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::error::Result;
use crate::i18n::{Arg, text};
use crate::privacy::{self as knowledge, Amount};

/// The file's name, without what says that it is JSON.
const FILE: &str = "timeattack-data";

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
        let owner = Owner::Member(asker.guild, asker.user);
        let permit = ctx.data().making.begin(owner)?;
        let most_bytes = files::most_bytes(ctx.interaction.attachment_size_limit);
        let app = &ctx.data().app;
        let data = knowledge::export(app, asker.guild, asker.user, most_bytes).await?;
        let sheets = Sheets {
            kind: FILE,
            extension: "json",
            files: data,
        };
        let reply = Reply::new(text(asker.language, "privacy-exported", &[]));
        files::answer(reply, None, vec![sheets], permit, asker.language).await
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Delete everything, after a question
#[poise::command(slash_command)]
async fn delete(ctx: Context<'_>) -> Result<()> {
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        let amount = knowledge::amount(&ctx.data().app, asker.guild, asker.user).await?;
        let delete = CreateButton::new(Action::DeleteAll.custom_id(asker.asked()))
            .label(text(asker.language, "button-delete-all", &[]))
            .style(ButtonStyle::Danger);
        let keep = CreateButton::new(Action::KeepAll.custom_id(asker.asked()))
            .label(text(asker.language, "button-cancel", &[]))
            .style(ButtonStyle::Secondary);
        let question = text(asker.language, "privacy-delete-question", &counts(amount));
        let reply = Reply::new(question).row(CreateActionRow::Buttons(vec![delete, keep]));
        Ok(Answer::Private(reply))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// They meant it.
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
