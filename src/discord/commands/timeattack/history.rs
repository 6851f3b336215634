//! `/timeattack history`, page by page.

use poise::serenity_prelude as serenity;
use serenity::{ButtonStyle, CreateActionRow, CreateButton, CreateEmbed};

use crate::app::App;
use crate::discord::answer::{Answer, Reply, listed};
use crate::discord::asker::Asker;
use crate::discord::components::Action;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::error::Result;
use crate::i18n::text;
use crate::ids::UserId;
use crate::timeattack;
use crate::timeattack::text::ended_line;

/// Show past time attacks and how they ended
#[poise::command(slash_command)]
pub(super) async fn history(ctx: Context<'_>, member: Option<serenity::UserId>) -> Result<()> {
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        let user = member.map_or(asker.user, |member| member.get().into());
        let reply = page(&ctx.data().app, &asker, user, 0).await?;
        Ok(Answer::Private(reply))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// One page, with buttons to its neighbours.
pub(in crate::discord) async fn page(
    app: &App,
    asker: &Asker,
    user: UserId,
    page: i64,
) -> Result<Reply> {
    let language = asker.language;
    let history = timeattack::history(app, asker.guild, user, page).await?;
    if history.attacks.is_empty() {
        let args = [("user", user.into())];
        return Ok(Reply::new(text(language, "history-empty", &args)));
    }
    let args = [
        ("user", user.into()),
        ("page", (history.page + 1).into()),
        ("pages", history.pages.into()),
    ];
    let lines = history
        .attacks
        .iter()
        .map(|attack| ended_line(attack, language));
    let reply = Reply::new(text(language, "history-title", &args))
        .embed(CreateEmbed::new().description(listed(lines)));
    if history.pages == 1 {
        return Ok(reply);
    }
    let button = |label: &str, page: i64| {
        CreateButton::new(Action::History { user, page }.custom_id())
            .label(label)
            .style(ButtonStyle::Secondary)
            .disabled(!(0..history.pages).contains(&page))
    };
    Ok(reply.row(CreateActionRow::Buttons(vec![
        button("◀", history.page - 1),
        button("▶", history.page + 1),
    ])))
}
