//! What would be sent, shown before it is; and its confirmation.

use chrono::{DateTime, Offset as _};
use chrono_tz::Tz;
use poise::serenity_prelude as serenity;
use serenity::{ButtonStyle, CreateActionRow, CreateEmbed};

use super::button::Button;
use super::{code, counted, progress, suggest_campaign};
use crate::app::App;
use crate::campaign::{self as campaigns, Kind, Preflight, Sample, Warning};
use crate::consent;
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::commands::manager;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::duration_text;
use crate::error::{Result, UserError};
use crate::i18n::{Language, text};
use crate::ids::OccurrenceId;
use crate::messenger::markdown::{escape, shorten};
use crate::timeattack::text::timestamp;
use crate::zones;

/// Characters of a subject in a sample.
const SUBJECT_LENGTH: usize = 200;
/// Characters of a mail's beginning where it is looked at, and where it stands between what is to be
/// read and the button: three of them are to leave both on one screen.
pub(super) const TEXT_LENGTH: usize = 300;
const BEGINNING_LENGTH: usize = 60;

/// Send it, after a look
#[poise::command(slash_command)]
pub(super) async fn send(
    ctx: Context<'_>,
    #[autocomplete = "suggest_campaign"] name: String,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let proven = campaigns::prove(&ctx.data().app, asker.guild, &name, None).await?;
        Ok(Answer::Private(preflight(&proven, Vec::new(), &asker)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Send it at a time, after a look
#[poise::command(slash_command)]
pub(super) async fn schedule(
    ctx: Context<'_>,
    #[autocomplete = "suggest_campaign"] name: String,
    #[max_length = 64] at: String,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let app = &ctx.data().app;
        let zone = consent::zones(app, asker.guild, asker.user).await?.theirs();
        let now_ms = app.now_ms();
        let understood = duration_text::parse(&at, now_ms, zone)
            .map_err(|error| UserError::of_time(&at, error, now_ms, zone, asker.language))?;
        let at_ms = understood.deadline_ms;
        let proven = campaigns::prove(app, asker.guild, &name, Some(at_ms)).await?;
        let when = when(now_ms, at_ms, zone, asker.language);
        Ok(Answer::Private(preflight(&proven, when, &asker)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// The time by the clock that it was read by, and whether that clock changes meanwhile.
fn when(now_ms: i64, at_ms: i64, zone: Tz, language: Language) -> Vec<String> {
    let local = |ms: i64| {
        let utc = DateTime::from_timestamp_millis(ms).unwrap_or_default();
        utc.with_timezone(&zone)
    };
    let args = [
        (
            "local",
            local(at_ms).format("%Y-%m-%d %H:%M").to_string().into(),
        ),
        ("zone", zones::name(zone).into()),
        ("offset", local(at_ms).format("%:z").to_string().into()),
        ("left", timestamp(at_ms, 'R').into()),
    ];
    let mut lines = vec![text(language, "campaign-schedule-at", &args)];
    let offset = |ms: i64| local(ms).offset().fix();
    if offset(now_ms) != offset(at_ms) {
        lines.push(text(language, "campaign-schedule-dst", &[]));
    }
    lines
}

/// Who gets it, how it looks, and what to look at.
fn preflight(proven: &Preflight, when: Vec<String>, asker: &Asker) -> Reply {
    let language = asker.language;
    let campaign = &proven.campaign;
    let named = [("name", escape(&campaign.name).into())];
    let mut lines = vec![text(language, "campaign-preflight", &named)];
    lines.extend(when);
    let kind = match campaign.kind {
        Kind::Notice => "campaign-kind-notice",
        Kind::Ad => "campaign-kind-ad",
    };
    lines.push(text(language, kind, &[]));
    if !campaign.segment.is_empty() {
        let args = [("segment", code(&campaign.segment).into())];
        lines.push(text(language, "campaign-segment", &args));
    }
    lines.extend(counted(&proven.audience, language));
    lines.extend(proven.warnings.iter().map(|one| warned(*one, language)));
    let id = proven.occurrence;
    let key = match proven.at_ms {
        Some(_) => "button-campaign-schedule",
        None => "button-campaign-send",
    };
    let buttons = vec![
        Button::Send(id).labelled(asker, key, ButtonStyle::Danger),
        Button::Cancel(id).labelled(asker, "button-cancel", ButtonStyle::Secondary),
    ];
    let reply = Reply::new(lines.join("\n"));
    proven
        .samples
        .iter()
        .fold(reply, |reply, one| {
            reply.embed(sample(one, BEGINNING_LENGTH))
        })
        .row(CreateActionRow::Buttons(buttons))
}

/// A mail as an embed: to whom, the subject, and how it begins.
pub(super) fn sample(sample: &Sample, most: usize) -> CreateEmbed {
    let beginning = shorten(sample.text.trim(), most);
    let lines = beginning.lines().filter(|line| !line.trim().is_empty());
    let lines: Vec<String> = lines.map(escape).collect();
    CreateEmbed::new()
        .title(escape(&shorten(&sample.subject, SUBJECT_LENGTH)))
        .description(format!(
            "✉️ {}\n{}",
            escape(&sample.address),
            lines.join("\n")
        ))
}

fn warned(warning: Warning, language: Language) -> String {
    match warning {
        Warning::Large(bytes) => text(
            language,
            "campaign-warning-large",
            &[("size", bytes.div_ceil(1_000).into())],
        ),
        Warning::Nameless(count) => text(
            language,
            "campaign-warning-nameless",
            &[("count", count.into())],
        ),
        Warning::Unsigned => text(language, "campaign-warning-unsigned", &[]),
        Warning::NotHttps => text(language, "campaign-warning-not-https", &[]),
        Warning::NoWayOut => text(language, "campaign-warning-no-way-out", &[]),
    }
}

/// What was shown goes out, now or at its time.
pub(super) async fn confirmed(app: &App, asker: &Asker, id: OccurrenceId) -> Result<Answer> {
    campaigns::confirm(app, asker.guild, id).await?;
    campaigns::freeze_beside(app, id);
    let status = campaigns::status_of(app, asker.guild, id).await?;
    Ok(Answer::Update(progress::shown(app, &status, None, asker)))
}

/// It was only shown.
pub(super) fn dropped(asker: &Asker) -> Answer {
    Answer::Update(Reply::new(text(asker.language, "campaign-dropped", &[])))
}
