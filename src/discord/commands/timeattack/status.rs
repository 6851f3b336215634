//! `/timeattack status`

use poise::serenity_prelude as serenity;
use serenity::CreateEmbed;

use crate::app::App;
use crate::discord::answer::{Answer, Reply, listed};
use crate::discord::asker::Asker;
use crate::discord::framework::Context;
use crate::discord::names::{marked_if_left, name_of};
use crate::discord::respond::{self, Deferral};
use crate::error::Result;
use crate::i18n::text;
use crate::ids::UserId;
use crate::timeattack;
use crate::timeattack::text::{ended_line, running_line};

/// Verdicts below what is running.
const NEWEST: i64 = 5;

/// Show the time attacks that are running
#[poise::command(slash_command)]
pub(super) async fn status(ctx: Context<'_>, member: Option<serenity::UserId>) -> Result<()> {
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        let user = member.map_or(asker.user, |member| member.get().into());
        let reply = overview(&ctx.data().app, &asker, user).await?;
        Ok(Answer::Private(reply))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

async fn overview(app: &App, asker: &Asker, user: UserId) -> Result<Reply> {
    let language = asker.language;
    let running = timeattack::running_of(app, asker.guild, user).await?;
    let ended = timeattack::newest_ended(app, asker.guild, user, NEWEST).await?;
    let name = name_of(app, asker.guild, user).await?;
    let args = [("name", name.into()), ("count", running.len().into())];
    let title = text(language, "status-title", &args);
    let mut reply = Reply::new(marked_if_left(app, asker, user, title).await);
    if !running.is_empty() {
        let embed = CreateEmbed::new()
            .title(text(language, "status-running", &[]))
            .description(listed(running.iter().map(running_line)));
        reply = reply.embed(embed);
    }
    if !ended.is_empty() {
        let lines = ended.iter().map(|attack| ended_line(attack, language));
        let embed = CreateEmbed::new()
            .title(text(language, "status-newest", &[]))
            .description(listed(lines));
        reply = reply.embed(embed);
    }
    Ok(reply)
}
