//! How a campaign looks before it is sent, and which there are.

use poise::serenity_prelude as serenity;
use serenity::{CreateAttachment, CreateEmbed};

use super::button::Button;
use super::{send, suggest_campaign};
use crate::app::App;
use crate::campaign::{self as campaigns, Campaign, Kind, Occurrence, Page, State};
use crate::discord::answer::{Answer, Reply, listed};
use crate::discord::asker::Asker;
use crate::discord::commands::{manager, pager};
use crate::discord::controls::Action;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::error::{Result, UserError};
use crate::i18n::{Language, text};
use crate::mailer::EmailAddress;
use crate::messenger::markdown::escape;
use crate::timeattack::text::timestamp;

/// See how it looks
#[poise::command(slash_command)]
pub(super) async fn preview(
    ctx: Context<'_>,
    #[autocomplete = "suggest_campaign"] name: String,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let specimen = campaigns::preview(&ctx.data().app, asker.guild, &name).await?;
        let args = [("name", escape(&specimen.campaign.name).into())];
        let said = text(asker.language, "campaign-preview", &args);
        let file = CreateAttachment::bytes(specimen.eml, "preview.eml");
        let samples = specimen.samples.iter();
        let reply = samples.fold(Reply::new(said), |reply, one| {
            reply.embed(send::sample(one, send::TEXT_LENGTH))
        });
        Ok(Answer::Private(reply.file(file)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Send one mail of it to an address
#[poise::command(slash_command)]
pub(super) async fn test(
    ctx: Context<'_>,
    #[autocomplete = "suggest_campaign"] name: String,
    email: String,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let address = EmailAddress::parse(&email).map_err(|_| UserError::EmailAddress {
            given: email.trim().to_owned(),
        })?;
        campaigns::test(&ctx.data().app, asker.guild, &name, &address).await?;
        let args = [("email", escape(&address.to_string()).into())];
        let said = text(asker.language, "campaign-tested", &args);
        Ok(Answer::Private(Reply::new(said)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Show all of them
#[poise::command(slash_command)]
pub(super) async fn list(ctx: Context<'_>) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let page = campaigns::list(&ctx.data().app, asker.guild, 0).await?;
        Ok(Answer::Private(page_of(&page, &asker)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// A button of the list was pressed.
pub(super) async fn turned(app: &App, asker: &Asker, page: i64) -> Result<Answer> {
    let page = campaigns::list(app, asker.guild, page).await?;
    Ok(Answer::Update(page_of(&page, asker)))
}

fn page_of(page: &Page, asker: &Asker) -> Reply {
    let language = asker.language;
    if page.count == 0 {
        return Reply::new(text(language, "campaigns-none", &[]));
    }
    let args = [
        ("count", page.count.into()),
        ("page", (page.page + 1).into()),
        ("pages", page.pages.into()),
    ];
    let lines = page.campaigns.iter();
    let lines = lines.map(|(campaign, last)| line(campaign, last.as_ref(), language));
    let to = |page| Action::Campaign(Button::List(page));
    Reply::new(text(language, "campaigns-title", &args))
        .embed(CreateEmbed::new().description(listed(lines)))
        .buttons(pager(asker.asked(), page.page, page.pages, to))
}

fn line(campaign: &Campaign, last: Option<&Occurrence>, language: Language) -> String {
    let mark = match last.map(|one| one.state) {
        None | Some(State::Draft) => "📝",
        Some(State::Scheduled) => "⏰",
        Some(State::Freezing | State::Sending) => "📤",
        Some(State::Done) => "✅",
        Some(State::Cancelled) => "🛑",
        Some(State::Failed) => "⚠️",
    };
    let kind = match campaign.kind {
        Kind::Notice => "campaign-kind-notice",
        Kind::Ad => "campaign-kind-ad",
    };
    let at_ms = last.and_then(|one| one.began_ms.or(one.at_ms));
    format!(
        "{mark} **{}** · {} · {} · {}",
        escape(&campaign.name),
        escape(&campaign.template),
        text(language, kind, &[]),
        timestamp(at_ms.unwrap_or(campaign.created_ms), 'f')
    )
}
