//! `/dm`: which direct messages a member wants; the offer that asks them once, and the buttons
//! below the messages themselves.

use poise::serenity_prelude as serenity;
use serenity::{ButtonStyle, ComponentInteraction, CreateActionRow, CreateButton, Http};

use crate::app::App;
use crate::consent::{self, Decided, Decider, Member, Scope, Source, Wish, notices};
use crate::discord::answer::{self, Answer, Reply};
use crate::discord::asker::{self, Asker};
use crate::discord::controls::Action;
use crate::discord::framework::Context;
use crate::discord::guild_name::guild_name;
use crate::discord::handler::Data;
use crate::discord::respond::{self, Deferral};
use crate::error::Result;
use crate::guild;
use crate::i18n::{Language, text};
use crate::ids::{GuildId, UserId};
use crate::messenger::markdown::escape;
use crate::timeattack::{self, text::timestamp};
use crate::zones;

/// Choose which direct messages you get
#[poise::command(
    slash_command,
    guild_only,
    subcommand_required,
    subcommands("allow", "stop", "status")
)]
#[expect(
    clippy::unused_async,
    reason = "poise's form; a group itself is never used"
)]
pub(in crate::discord) async fn dm(_ctx: Context<'_>) -> Result<()> {
    Ok(())
}

/// Allow direct messages
#[poise::command(slash_command)]
async fn allow(ctx: Context<'_>, night: Option<bool>, ads: Option<bool>) -> Result<()> {
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        let wish = Wish::Allow { night, ads };
        let http = &ctx.serenity_context().http;
        decide(&ctx.data().app, http, &asker, Source::Command, wish).await
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Stop all direct messages of this server
#[poise::command(slash_command)]
async fn stop(ctx: Context<'_>) -> Result<()> {
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        let http = &ctx.serenity_context().http;
        decide(&ctx.data().app, http, &asker, Source::Command, Wish::Stop).await
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Show what you allowed
#[poise::command(slash_command)]
async fn status(ctx: Context<'_>) -> Result<()> {
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        let reply = standing(&ctx.data().app, &asker).await?;
        Ok(Answer::Private(reply))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

async fn decide(
    app: &App,
    http: &Http,
    asker: &Asker,
    source: Source,
    wish: Wish,
) -> Result<Answer> {
    // To stop waits for nothing: what the server is called is asked afterwards.
    let asks_first = !matches!(wish, Wish::Stop);
    let mut sender = String::new();
    if asks_first {
        sender = guild_name(app, http, asker).await;
    }
    let decider = Decider {
        guild: asker.guild,
        guild_name: sender.clone(),
        user: asker.user,
        language: asker.language,
        source,
    };
    let decided = consent::decide(app, decider, wish).await?;
    if !asks_first {
        sender = guild_name(app, http, asker).await;
    }
    Ok(Answer::Private(outcome(
        app,
        &decided,
        &sender,
        asker.language,
    )))
}

/// What was decided, and what is in force now.
fn outcome(app: &App, decided: &Decided, sender: &str, language: Language) -> Reply {
    let member = &decided.member;
    let mut lines = Vec::new();
    if decided.changes.is_empty() {
        lines.push(text(language, "dm-unchanged", &[]));
    } else {
        let now = timestamp(app.now_ms(), 'f');
        let args = [
            ("sender", escape(sender).into()),
            ("at", now.into()),
            ("facts", notices::facts(&decided.changes, language).into()),
        ];
        lines.push(text(language, "dm-recorded", &args));
    }
    lines.push(text(
        language,
        if member.notice {
            "dm-is-on"
        } else {
            "dm-is-off"
        },
        &[],
    ));
    Reply::new(lines.join("\n"))
}

/// What `/dm status` shows.
async fn standing(app: &App, asker: &Asker) -> Result<Reply> {
    let language = asker.language;
    let status = consent::status(app, asker.guild, asker.user).await?;
    let settings = guild::settings(app, asker.guild).await?;
    let allows = |scope| status.member.as_ref().is_some_and(|one| one.allows(scope));
    let mut lines = vec![text(language, "dm-status", &[])];
    for scope in Scope::ALL {
        let words = scope.wording(language);
        let line = match status.since_ms.get(&scope).filter(|_| allows(scope)) {
            Some(since_ms) => {
                let args = [
                    ("what", words.into()),
                    ("since", timestamp(*since_ms, 'D').into()),
                ];
                text(language, "dm-status-on", &args)
            }
            None => text(language, "dm-status-off", &[("what", words.into())]),
        };
        lines.push(line);
    }
    let own = status.member.as_ref().and_then(|member| member.timezone);
    let zone = escape(&zones::name(own.unwrap_or(settings.timezone)));
    lines.push(text(language, "dm-status-zone", &[("zone", zone.into())]));
    if status.waiting > 0 {
        let count = status.waiting.into();
        lines.push(text(language, "dm-status-waiting", &[("count", count)]));
    }
    if let Some(closed_ms) = status.closed_ms {
        let since = timestamp(closed_ms, 'D').into();
        lines.push(text(language, "dm-status-closed", &[("since", since)]));
    }
    Ok(Reply::new(lines.join("\n")))
}

/// The offer's button: they want them, or they do not.
pub(in crate::discord) async fn answered(
    app: &App,
    http: &Http,
    asker: &Asker,
    wants: bool,
) -> Result<Answer> {
    let wish = if wants {
        Wish::Allow {
            night: None,
            ads: None,
        }
    } else {
        Wish::Stop
    };
    match decide(app, http, asker, Source::Offer, wish).await? {
        Answer::Private(reply) => Ok(Answer::Update(reply)),
        other => Ok(other),
    }
}

/// A button below a direct message, which knows no server but the one it names. What it changes is
/// the presser's own.
pub(in crate::discord) async fn pressed(
    app: &App,
    interaction: &ComponentInteraction,
    guild: GuildId,
    wish: Wish,
) -> Result<Answer> {
    let user = UserId::from(interaction.user.id.get());
    let language = asker::language(&interaction.locale);
    let known: Option<Member> = consent::member(app, guild, user).await?;
    let guild_name = known.map(|member| member.guild_name).unwrap_or_default();
    let source = match wish {
        Wish::Keep => Source::Renewal,
        Wish::Stop | Wish::Allow { .. } => Source::StopButton,
    };
    let decider = Decider {
        guild,
        guild_name: guild_name.clone(),
        user,
        language,
        source,
    };
    let decided = consent::decide(app, decider, wish).await?;
    Ok(Answer::Private(outcome(
        app,
        &decided,
        &guild_name,
        language,
    )))
}

/// After their first time attack, asks a member whether they want its results by direct message.
/// Once, ever; and only in an answer to something they did.
pub(in crate::discord) async fn offer(data: &Data, ctx: &serenity::Context, asker: &Asker) {
    let app = &data.app;
    let made = async {
        if consent::was_asked(app, asker.guild, asker.user).await? {
            return Ok(None);
        }
        if timeattack::running_of(app, asker.guild, asker.user)
            .await?
            .is_empty()
        {
            return Ok(None);
        }
        let decider = Decider {
            guild: asker.guild,
            guild_name: guild_name(app, &ctx.http, asker).await,
            user: asker.user,
            language: asker.language,
            source: Source::Offer,
        };
        let is_first = consent::may_offer(app, decider).await?;
        Ok(is_first.then(|| question(asker)))
    };
    let made: Result<Option<Reply>> = made.await;
    match made {
        Ok(None) => {}
        Ok(Some(question)) => {
            let followup = question.into_followup().ephemeral(true);
            let sent = ctx
                .http
                .create_followup_message(&asker.token, &followup, Vec::new());
            if let Err(error) = sent.await {
                answer::lost(error);
            }
        }
        Err(error) => {
            let error = format!("{error:#}");
            tracing::warn!(error, "direct messages could not be offered");
        }
    }
}

fn question(asker: &Asker) -> Reply {
    let language = asker.language;
    let button = |action: &Action, key: &str, style| {
        CreateButton::new(action.custom_id(asker.asked()))
            .label(text(language, key, &[]))
            .style(style)
    };
    let words = Scope::Notice.wording(language);
    let question = text(language, "dm-offer", &[("what", words.into())]);
    Reply::new(question).row(CreateActionRow::Buttons(vec![
        button(
            &Action::AnswerOffer { wants: true },
            "dm-offer-yes",
            ButtonStyle::Primary,
        ),
        button(
            &Action::AnswerOffer { wants: false },
            "dm-offer-no",
            ButtonStyle::Secondary,
        ),
    ]))
}
