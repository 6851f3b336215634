//! `/timeattack complete`, its menu, and the button of a running time attack.

use poise::serenity_prelude as serenity;
use serenity::{CreateEmbed, Message};

use super::start::message_of;
use super::{Choice, ask_which, choose, suggest_attack, undo};
use crate::app::App;
use crate::discord::answer::{Answer, Audience, Reply};
use crate::discord::asker::Asker;
use crate::discord::components::Action;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::duration_text::format_duration;
use crate::error::Result;
use crate::i18n::{Language, text};
use crate::ids::AttackId;
use crate::messenger::markdown::{escape, shorten};
use crate::timeattack::{self, Proof, TimeAttack};

/// Complete a time attack of yours
#[poise::command(slash_command)]
pub(super) async fn complete(
    ctx: Context<'_>,
    #[autocomplete = "suggest_attack"] attack: Option<String>,
    proof: Option<serenity::Attachment>,
) -> Result<()> {
    let app = &ctx.data().app;
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        let proof = proof.map(|file| Proof {
            is_image: file.content_type.as_deref().is_some_and(is_image),
            url: file.url,
            filename: file.filename,
        });
        let reply = finish_or_ask(app, &asker, attack.as_deref(), proof).await?;
        Ok(Answer::Private(reply))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

async fn finish_or_ask(
    app: &App,
    asker: &Asker,
    given: Option<&str>,
    proof: Option<Proof>,
) -> Result<Reply> {
    let attacks = match choose(app, asker, given).await? {
        Choice::One(attack) => return finish(app, asker, attack, proof).await,
        Choice::Several(attacks) => attacks,
    };
    let question = text(asker.language, "complete-which", &[]);
    let now_ms = app.clock.now_ms();
    let action = Action::PickComplete;
    let reply = ask_which(question, &action, &attacks, now_ms, asker.language);
    Ok(match proof {
        Some(proof) => reply.embed(embed_of(&proof)),
        None => reply,
    })
}

/// The button of a reminder was pressed, by whoever saw it.
pub(in crate::discord) async fn own(app: &App, asker: &Asker) -> Result<Answer> {
    let reply = finish_or_ask(app, asker, None, None).await?;
    Ok(Answer::Private(reply))
}

/// One was chosen from the menu.
pub(in crate::discord) async fn picked(
    app: &App,
    asker: &Asker,
    attack: AttackId,
    proof: Option<Proof>,
) -> Result<Answer> {
    Ok(Answer::Update(finish(app, asker, attack, proof).await?))
}

/// The button was pressed: its message says that it is done, and loses its buttons.
pub(in crate::discord) async fn pressed(
    app: &App,
    asker: &Asker,
    attack: AttackId,
) -> Result<Answer> {
    let completed = timeattack::complete(app, asker.actor(), attack, None).await?;
    Ok(Answer::UpdateThen {
        // No extension is told of what has ended.
        update: message_of(&completed, 0),
        then: done(&completed, asker.language),
        to: Audience::Asker,
    })
}

async fn finish(app: &App, asker: &Asker, attack: AttackId, proof: Option<Proof>) -> Result<Reply> {
    let completed = timeattack::complete(app, asker.actor(), attack, proof).await?;
    Ok(done(&completed, asker.language))
}

fn done(completed: &TimeAttack, language: Language) -> Reply {
    let args = [
        ("task", escape(&completed.task).into()),
        ("taken", taken(completed, language).into()),
    ];
    undo::offered(&text(language, "completed", &args), completed, language)
}

fn taken(attack: &TimeAttack, language: Language) -> String {
    let finished_ms = attack.finished_ms.unwrap_or(attack.deadline_ms);
    format_duration((finished_ms - attack.started_ms).max(0), language)
}

/// What Discord can show inside a message.
fn is_image(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    matches!(
        kind,
        "image/png" | "image/jpeg" | "image/gif" | "image/webp"
    )
}

/// A proof, kept in the question which time attack it is for: what the bot itself wrote into its
/// message comes back with the answer, so nothing has to be remembered between the two.
fn embed_of(proof: &Proof) -> CreateEmbed {
    let embed = CreateEmbed::new()
        .title(shorten(&proof.filename, 200))
        .url(proof.url.clone());
    if proof.is_image {
        embed.image(proof.url.clone())
    } else {
        embed
    }
}

/// The proof that [`embed_of`] put into a question.
pub(in crate::discord) fn proof_in(message: &Message) -> Option<Proof> {
    let embed = message.embeds.first()?;
    Some(Proof {
        url: embed.url.clone()?,
        filename: embed.title.clone()?,
        is_image: embed.image.is_some(),
    })
}
