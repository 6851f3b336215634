//! `/campaign`: mail to subscribers.

mod button;
mod progress;
mod report;
mod send;
mod show;

use poise::serenity_prelude as serenity;
use serenity::CreateAutocompleteResponse;

use crate::announce;
use crate::campaign::{self as campaigns, Audience, Draft, Kind};
use crate::discord::answer::{Answer, Reply};
use crate::discord::choice::Choice;
use crate::discord::commands::manager;
use crate::discord::commands::template::suggest_template;
use crate::discord::framework::Context;
use crate::discord::guild_name::guild_name;
use crate::discord::respond::{self, Deferral};
use crate::discord::suggest::{self, MOST_CHOICES};
use crate::error::Result;
use crate::i18n::{Language, text};
use crate::messenger::markdown::escape;

pub(in crate::discord) use button::Button;
pub(in crate::discord) use button::{followed, pressed};

/// Mail to subscribers
#[poise::command(
    slash_command,
    guild_only,
    subcommand_required,
    default_member_permissions = "MANAGE_GUILD",
    subcommands(
        "create",
        "show::preview",
        "show::test",
        "send::send",
        "send::schedule",
        "progress::pause",
        "progress::resume",
        "progress::cancel",
        "progress::status",
        "show::list",
        "report::report",
        "report::retry_failed"
    )
)]
#[expect(
    clippy::unused_async,
    reason = "poise's form; a group itself is never used"
)]
pub(in crate::discord) async fn campaign(_ctx: Context<'_>) -> Result<()> {
    Ok(())
}

/// Make one
#[poise::command(slash_command)]
async fn create(
    ctx: Context<'_>,
    #[max_length = 60] name: String,
    #[autocomplete = "suggest_template"] template: String,
    #[max_length = 500] segment: Option<String>,
    kind: Option<Choice<announce::Kind>>,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let (app, http) = (&ctx.data().app, &ctx.serenity_context().http);
        let kind = match kind {
            Some(Choice(announce::Kind::Notice)) => Kind::Notice,
            Some(Choice(announce::Kind::Ad)) | None => Kind::Ad,
        };
        let draft = Draft {
            guild: asker.guild,
            guild_name: guild_name(app, http, &asker).await,
            author: asker.user,
            name,
            template,
            segment: segment.unwrap_or_default(),
            kind,
        };
        let (campaign, audience) = campaigns::create(app, draft).await?;
        let language = asker.language;
        let mut lines = vec![text(
            language,
            "campaign-created",
            &[("name", escape(&campaign.name).into())],
        )];
        if !campaign.segment.is_empty() {
            let args = [("segment", code(&campaign.segment).into())];
            lines.push(text(language, "campaign-segment", &args));
        }
        lines.extend(counted(&audience, language));
        if campaign.kind == Kind::Ad {
            lines.push(text(language, "campaign-is-ad", &[]));
        }
        Ok(Answer::Private(Reply::new(lines.join("\n"))))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// As code, which nothing in it can end.
fn code(expression: &str) -> String {
    format!("`{}`", crate::messenger::markdown::code_line(expression))
}

/// Who gets it, and who does not and why.
fn counted(audience: &Audience, language: Language) -> Vec<String> {
    let line = |key: &str, count: i64| text(language, key, &[("count", count.into())]);
    let mut lines = vec![line("campaign-audience", audience.total)];
    for (key, count) in [
        ("campaign-left-out-segment", audience.left_out.segment),
        ("campaign-left-out-suppressed", audience.left_out.suppressed),
        ("campaign-left-out-consent", audience.left_out.no_consent),
    ] {
        if count > 0 {
            lines.push(line(key, count));
        }
    }
    lines
}

/// Names of campaigns that have in them what is typed.
async fn suggest_campaign(ctx: Context<'_>, partial: &str) -> CreateAutocompleteResponse {
    suggest::offered(async {
        let (app, guild) = (&ctx.data().app, manager(ctx)?.guild);
        let names = campaigns::suggest(app, guild, partial, MOST_CHOICES).await?;
        Ok(suggest::names(names))
    })
    .await
}
