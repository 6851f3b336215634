//! `/queue`: what waits, why and until when, and what was given up.

use chrono::DateTime;
use poise::serenity_prelude as serenity;
use serenity::{CreateAutocompleteResponse, CreateEmbed};

use super::manager;
use crate::app::App;
use crate::discord::answer::{Answer, Reply, listed};
use crate::discord::asker::Asker;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::discord::suggest::{self, MOST_CHOICES};
use crate::error::{Result, UserError};
use crate::i18n::{Language, text};
use crate::ids::OutboxId;
use crate::messenger::markdown::{escape, shorten};
use crate::outbox::queue::{Parked, Waiting, Why};
use crate::timeattack::text::timestamp;

/// Messages listed by `/queue parked`.
const MOST_PARKED: usize = 15;
/// Characters of a reason.
const WHY_LENGTH: usize = 120;

/// What waits to be sent
#[poise::command(
    slash_command,
    guild_only,
    subcommand_required,
    default_member_permissions = "MANAGE_GUILD",
    subcommands("status", "parked", "retry", "discard")
)]
#[expect(
    clippy::unused_async,
    reason = "poise's form; a group itself is never used"
)]
pub(in crate::discord) async fn queue(_ctx: Context<'_>) -> Result<()> {
    Ok(())
}

/// Show what waits, why and until when
#[poise::command(slash_command)]
async fn status(ctx: Context<'_>) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let reply = overview(&ctx.data().app, &asker).await?;
        Ok(Answer::Private(reply))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Show what was given up
#[poise::command(slash_command)]
async fn parked(ctx: Context<'_>) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let parked = ctx
            .data()
            .app
            .outbox
            .parked(asker.guild, MOST_PARKED)
            .await?;
        Ok(Answer::Private(list(&parked, asker.language)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Try something once more that was given up
#[poise::command(slash_command)]
async fn retry(ctx: Context<'_>, #[autocomplete = "suggest_parked"] id: String) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let app = &ctx.data().app;
        app.outbox.retry_parked(asker.guild, parse(&id)?).await?;
        Ok(Answer::Private(Reply::new(text(
            asker.language,
            "queue-retried",
            &[],
        ))))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Put something away that waits or was given up
#[poise::command(slash_command)]
async fn discard(ctx: Context<'_>, #[autocomplete = "suggest_parked"] id: String) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let app = &ctx.data().app;
        app.outbox.discard_waiting(asker.guild, parse(&id)?).await?;
        Ok(Answer::Private(Reply::new(text(
            asker.language,
            "queue-discarded",
            &[],
        ))))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

fn parse(id: &str) -> Result<OutboxId, UserError> {
    let id = id.trim().trim_matches('`');
    id.parse()
        .map(OutboxId)
        .map_err(|_| UserError::UnknownMessage)
}

async fn suggest_parked(ctx: Context<'_>, partial: &str) -> CreateAutocompleteResponse {
    suggest::offered(async {
        let outbox = &ctx.data().app.outbox;
        let parked = outbox.parked(manager(ctx)?.guild, MOST_CHOICES).await?;
        let fits = |one: &Parked| one.id.to_string().starts_with(partial.trim());
        let choice = |one: Parked| {
            let name = format!("{} · {} · {}", one.id, one.lane, one.why);
            suggest::choice(&name, one.id.to_string())
        };
        Ok(parked.into_iter().filter(fits).map(choice).collect())
    })
    .await
}

async fn overview(app: &App, asker: &Asker) -> Result<Reply> {
    let language = asker.language;
    let status = app.outbox.status(asker.guild).await?;
    let mut lines: Vec<String> = status
        .waiting
        .iter()
        .map(|waiting| line(waiting, language))
        .collect();
    if lines.is_empty() {
        lines.push(text(language, "queue-empty", &[]));
    }
    if status.parked > 0 {
        let count = [("count", status.parked.into())];
        lines.push(text(language, "queue-parked-count", &count));
    }
    for (why, count) in status.dropped {
        let key = match why.as_str() {
            "expired" => "queue-dropped-expired",
            "cancelled" => "queue-dropped-cancelled",
            _ => "queue-dropped-not-allowed",
        };
        lines.push(text(language, key, &[("count", count.into())]));
    }
    let embed = CreateEmbed::new()
        .title(text(language, "queue-title", &[]))
        .description(listed(lines));
    Ok(Reply::default().embed(embed))
}

fn line(waiting: &Waiting, language: Language) -> String {
    let lane = match waiting.lane.as_str() {
        "dm" => "queue-lane-dm",
        "edit" => "queue-lane-edit",
        _ => "queue-lane-post",
    };
    let why = match &waiting.why {
        Why::OnTheirWay => text(language, "queue-running", &[]),
        Why::Next => text(language, "queue-next", &[]),
        Why::Planned { from_ms } => {
            let at = [("at", timestamp(*from_ms, 'f').into())];
            text(language, "queue-planned", &at)
        }
        Why::Quiet { until_ms, zone } => {
            let args = [
                ("time", wall(*until_ms, zone).into()),
                ("zone", zone.replace('_', "\\_").into()),
            ];
            text(language, "queue-quiet", &args)
        }
        Why::Opening { until_ms } => {
            let at = [("at", timestamp(*until_ms, 'T').into())];
            text(language, "queue-opening", &at)
        }
        Why::Retry { at_ms, error } => {
            let args = [
                ("at", timestamp(*at_ms, 'T').into()),
                ("why", escape(&shorten(error, WHY_LENGTH)).into()),
            ];
            text(language, "queue-retry", &args)
        }
    };
    let args = [("count", waiting.count.into())];
    format!("**{}** {why}", text(language, lane, &args))
}

/// A time as the clocks of `zone` show it.
fn wall(at_ms: i64, zone: &str) -> String {
    let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::UTC);
    let at = DateTime::from_timestamp_millis(at_ms).unwrap_or_default();
    at.with_timezone(&zone).format("%H:%M").to_string()
}

fn list(parked: &[Parked], language: Language) -> Reply {
    if parked.is_empty() {
        return Reply::new(text(language, "queue-parked-empty", &[]));
    }
    let line = |one: &Parked| {
        // Who closed their direct messages is nobody's business but theirs.
        let to = match one.lane.as_str() {
            "dm" => text(language, "queue-parked-dm", &[]),
            _ => format!("<#{}>", one.channel),
        };
        let why = escape(&shorten(&one.why, WHY_LENGTH));
        format!("`{}` → {to} {} · {why}", one.id, timestamp(one.at_ms, 'f'))
    };
    let embed = CreateEmbed::new()
        .title(text(language, "queue-parked-title", &[]))
        .description(listed(parked.iter().map(line)));
    Reply::new(text(language, "queue-parked-hint", &[])).embed(embed)
}
