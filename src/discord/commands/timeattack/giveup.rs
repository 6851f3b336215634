//! `/timeattack giveup`: asks first, as everybody is told.

use poise::serenity_prelude as serenity;
use serenity::{ButtonStyle, CreateActionRow, CreateButton};

use super::{Choice, ask_which, choose, suggest_attack, undo};
use crate::app::App;
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::controls::Action;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::error::{Result, UserError};
use crate::i18n::text;
use crate::ids::AttackId;
use crate::messenger::markdown::linked;
use crate::timeattack::{self, State, text::timestamp};

/// Give up a time attack of yours
#[poise::command(slash_command)]
pub(super) async fn giveup(
    ctx: Context<'_>,
    #[autocomplete = "suggest_attack"] attack: Option<String>,
) -> Result<()> {
    let app = &ctx.data().app;
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        let reply = match choose(app, &asker, attack.as_deref()).await? {
            Choice::One(attack) => question(app, &asker, attack).await?,
            Choice::Several(attacks) => {
                let which = text(asker.language, "giveup-which", &[]);
                let now_ms = app.now_ms();
                ask_which(which, &Action::PickGiveUp, &attacks, now_ms, &asker)
            }
        };
        Ok(Answer::Private(reply))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Asks whether to give it up. Nothing is changed, so the question can be asked again.
pub(in crate::discord) async fn question(
    app: &App,
    asker: &Asker,
    attack: AttackId,
) -> Result<Reply> {
    let attack = timeattack::get(app, asker.guild, attack).await?;
    if attack.user != asker.user {
        return Err(UserError::NotYours.into());
    }
    match attack.state {
        State::Running => {}
        State::Failed => {
            return Err(UserError::TooLate {
                deadline_ms: attack.deadline_ms,
            }
            .into());
        }
        State::Completed | State::Cancelled => return Err(UserError::AlreadyEnded.into()),
    }
    let language = asker.language;
    let args = [
        ("task", linked(&attack.task).into()),
        ("relative", timestamp(attack.deadline_ms, 'R').into()),
    ];
    let confirm = CreateButton::new(Action::GiveUpConfirmed(attack.id).custom_id(asker.asked()))
        .label(text(language, "button-giveup", &[]))
        .style(ButtonStyle::Danger);
    let keep = CreateButton::new(Action::KeepGoing.custom_id(asker.asked()))
        .label(text(language, "button-keep", &[]))
        .style(ButtonStyle::Secondary);
    let question = text(language, "giveup-question", &args);
    Ok(Reply::new(question).row(CreateActionRow::Buttons(vec![confirm, keep])))
}

/// They meant it.
pub(in crate::discord) async fn confirmed(
    app: &App,
    asker: &Asker,
    attack: AttackId,
) -> Result<Answer> {
    let given_up = timeattack::give_up(app, asker.actor(), attack).await?;
    let args = [("task", linked(&given_up.task).into())];
    let said = text(asker.language, "giveup-done", &args);
    let reply = undo::offered(&said, &given_up, asker);
    Ok(Answer::Update(reply))
}

/// They thought better of it.
pub(in crate::discord) fn kept(asker: &Asker) -> Answer {
    Answer::Update(Reply::new(text(asker.language, "giveup-kept", &[])))
}
