//! How far a campaign is, and what stops it.

use std::sync::Arc;

use poise::serenity_prelude as serenity;
use serenity::{ButtonStyle, Http};

use super::button::Button;
use super::suggest_campaign;
use crate::app::App;
use crate::campaign::{self as campaigns, Campaign, State as Place, Status};
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::commands::manager;
use crate::discord::follow::{self, Look};
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::duration_text::format_duration;
use crate::error::Result;
use crate::i18n::{Language, text};
use crate::ids::OccurrenceId;
use crate::messenger::markdown::{escape, shorten};
use crate::outbox::mail::{Phase, RestCause, State};
use crate::timeattack::text::timestamp;

/// Characters of what a mail server said.
const WHY_LENGTH: usize = 300;

/// Nothing more for now
#[poise::command(slash_command)]
pub(super) async fn pause(
    ctx: Context<'_>,
    #[autocomplete = "suggest_campaign"] name: String,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let campaign = campaigns::pause(&ctx.data().app, asker.guild, &name).await?;
        Ok(said(&asker, "campaign-paused", &campaign))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Go on
#[poise::command(slash_command)]
pub(super) async fn resume(
    ctx: Context<'_>,
    #[autocomplete = "suggest_campaign"] name: String,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let campaign = campaigns::resume(&ctx.data().app, asker.guild, &name).await?;
        Ok(said(&asker, "campaign-resumed", &campaign))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Nothing more at all
#[poise::command(slash_command)]
pub(super) async fn cancel(
    ctx: Context<'_>,
    #[autocomplete = "suggest_campaign"] name: String,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let (campaign, was) = campaigns::cancel(&ctx.data().app, asker.guild, &name).await?;
        let key = match was {
            Place::Sending => "campaign-cancelled",
            _ => "campaign-called-off",
        };
        Ok(said(&asker, key, &campaign))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

fn said(asker: &Asker, key: &str, campaign: &Campaign) -> Answer {
    let args = [("name", escape(&campaign.name).into())];
    Answer::Private(Reply::new(text(asker.language, key, &args)))
}

/// How far it is
#[poise::command(slash_command)]
pub(super) async fn status(
    ctx: Context<'_>,
    #[autocomplete = "suggest_campaign"] name: String,
) -> Result<()> {
    let mut followed = None;
    let answer = async {
        let asker = manager(ctx)?;
        let app = &ctx.data().app;
        let status = campaigns::status(app, asker.guild, &name).await?;
        let reply = shown(app, &status, None, &asker);
        if !status.is_over() {
            followed = status.occurrence.map(|one| (asker, one.id));
        }
        Ok(Answer::Private(reply))
    };
    respond::command(ctx, Deferral::Private, answer).await?;
    if let Some((asker, id)) = followed {
        follow(&ctx.data().app, &ctx.serenity_context().http, &asker, id);
    }
    Ok(())
}

/// How many had come to their end, and when that was.
type Before = Option<(i64, i64)>;

/// Brings the answer up to date until the campaign is over.
pub(super) fn follow(app: &App, http: &Arc<Http>, asker: &Asker, id: OccurrenceId) {
    let (for_whom, handles) = (asker.clone(), app.clone());
    follow::follow(app, http, asker, move |before: Before| {
        let (app, asker) = (handles.clone(), for_whom.clone());
        async move {
            let status = campaigns::status_of(&app, asker.guild, id).await?;
            let now = (status.done(), app.clock.monotonic_ms());
            let look = Look {
                reply: shown(&app, &status, before, &asker),
                is_over: status.is_over(),
            };
            Ok((look, Some(now)))
        }
    });
}

/// How far it is, in words; with what was known the last time, also how fast.
pub(super) fn shown(app: &App, status: &Status, before: Before, asker: &Asker) -> Reply {
    let language = asker.language;
    let mut lines = vec![heading(status, language)];
    let (done, total) = (status.done(), status.total());
    // What was cancelled has come to its end too, but a full bar would look like a success.
    let has_bar = !matches!(phase(status), Some(Phase::Filling | Phase::Cancelled));
    if total > 0 && has_bar {
        lines.push(follow::bar(done, total));
        lines.extend(pace(app, status, before, language));
    }
    for (key, states) in [
        ("campaign-sent", &[State::Completed][..]),
        ("campaign-waiting", &[State::Available, State::Running]),
        ("campaign-deferred", &[State::Retryable]),
        ("campaign-failed", &[State::Discarded]),
        ("campaign-unknown", &[State::Unknown]),
        ("campaign-withheld", &[State::Cancelled]),
    ] {
        let count = status.count(states);
        if count > 0 {
            lines.push(text(language, key, &[("count", count.into())]));
        }
    }
    lines.extend(resting(status, language));
    Reply::new(lines.join("\n")).buttons(buttons(status, asker))
}

fn phase(status: &Status) -> Option<Phase> {
    status.progress.as_ref().map(|progress| progress.phase)
}

fn heading(status: &Status, language: Language) -> String {
    let name = escape(&status.campaign.name);
    let say = |key: &str, more: &[(&str, crate::i18n::Arg)]| {
        let args = [&[("name", name.clone().into())], more].concat();
        text(language, key, &args)
    };
    let Some(occurrence) = &status.occurrence else {
        return say("campaign-is-new", &[]);
    };
    match (occurrence.state, phase(status)) {
        (Place::Draft, _) => say("campaign-is-new", &[]),
        (Place::Scheduled, _) => {
            let at_ms = occurrence.at_ms.unwrap_or_default();
            let (at, left) = (timestamp(at_ms, 'F'), timestamp(at_ms, 'R'));
            say(
                "campaign-is-scheduled",
                &[("at", at.into()), ("left", left.into())],
            )
        }
        (Place::Freezing, _) => say(
            "campaign-is-freezing",
            &[("count", occurrence.frozen.into())],
        ),
        (Place::Failed, _) => {
            let why = occurrence.fault.as_ref().map(|fault| fault.text(language));
            let why = why.unwrap_or_default();
            say("campaign-is-failed", &[("why", why.into())])
        }
        (Place::Cancelled, _) | (_, Some(Phase::Cancelled)) => say("campaign-is-cancelled", &[]),
        (_, Some(Phase::Paused)) => say("campaign-is-paused", &[]),
        (_, Some(Phase::Stopped)) => {
            let why = status.progress.as_ref().and_then(|one| one.why.clone());
            let why = escape(&shorten(&why.unwrap_or_default(), WHY_LENGTH));
            say("campaign-is-stopped", &[("why", why.into())])
        }
        (Place::Done, _) | (_, Some(Phase::Ended)) => say("campaign-is-done", &[]),
        (Place::Sending, _) => say("campaign-is-sending", &[]),
    }
}

/// Mails in a second since the last look, and how long the rest takes at that.
fn pace(app: &App, status: &Status, before: Before, language: Language) -> Option<String> {
    let (done_before, at_ms) = before?;
    if phase(status) != Some(Phase::Sending) {
        return None;
    }
    let passed_ms = app.clock.monotonic_ms() - at_ms;
    let done = status.done() - done_before;
    if done <= 0 || passed_ms <= 0 {
        return None;
    }
    let left = status.total() - status.done();
    let left_ms = (left * passed_ms / done).max(1_000);
    // To the second below a minute, else to the minute: it is a guess.
    let unit_ms = if left_ms < 60_000 { 1_000 } else { 60_000 };
    let left_ms = (left_ms + unit_ms - 1) / unit_ms * unit_ms;
    let tenths = done * 10_000 / passed_ms;
    let args = [
        ("rate", format!("{}.{}", tenths / 10, tenths % 10).into()),
        ("left", format_duration(left_ms, language).into()),
    ];
    Some(text(language, "campaign-pace", &args))
}

fn resting(status: &Status, language: Language) -> Option<String> {
    let rest = status.rest.as_ref()?;
    if phase(status) != Some(Phase::Sending) {
        return None;
    }
    let key = match rest.cause {
        RestCause::Unreachable => "campaign-rests-unreachable",
        RestCause::Throttled => "campaign-rests-throttled",
        RestCause::DailyLimit => "campaign-rests-daily",
    };
    let until = timestamp(rest.until_ms, 'T');
    Some(text(language, key, &[("until", until.into())]))
}

fn buttons(status: &Status, asker: &Asker) -> Vec<serenity::CreateButton> {
    let Some(occurrence) = &status.occurrence else {
        return Vec::new();
    };
    let id = occurrence.id;
    let refresh = || {
        let button = Button::Show(id);
        button.labelled(asker, "button-refresh", ButtonStyle::Secondary)
    };
    let cancel = || {
        let button = Button::Cancel(id);
        button.labelled(asker, "button-campaign-cancel", ButtonStyle::Danger)
    };
    let pause = || Button::Pause(id).labelled(asker, "button-pause", ButtonStyle::Primary);
    let resume = || Button::Resume(id).labelled(asker, "button-resume", ButtonStyle::Success);
    match (occurrence.state, phase(status)) {
        (Place::Scheduled | Place::Freezing, _) => vec![refresh(), cancel()],
        (Place::Sending, Some(Phase::Sending)) => vec![refresh(), pause(), cancel()],
        (Place::Sending, Some(Phase::Paused | Phase::Stopped)) => {
            vec![refresh(), resume(), cancel()]
        }
        _ => Vec::new(),
    }
}
