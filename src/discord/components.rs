//! The one router of buttons, menus and forms.
//!
//! What a control means and who may use it is in [`controls`]; here it is done. There are no
//! collectors: an instant click would reach the bot before a collector listens.

use poise::serenity_prelude as serenity;
use serenity::{ComponentInteraction, ComponentInteractionDataKind, ModalInteraction};

use super::answer::{self, Answer};
use super::asker::Asker;
use super::commands::setup::{greeting, messages};
use super::commands::timeattack::{complete, extend, giveup, history, leaderboard, start, undo};
use super::commands::{announce, campaign, dm, help, privacy, subscriber};
use super::controls::{self, Action, Control};
use super::form;
use super::handler::Data;
use super::respond::{Deferral, Pending};
use crate::consent::Wish;
use crate::error::{CampaignError, Error, Result, UserError};
use crate::ids::AttackId;

/// A button was pressed, or something chosen from a menu.
pub(super) async fn component(
    data: &Data,
    ctx: &serenity::Context,
    interaction: &ComponentInteraction,
) {
    let asked = Asker::of_component(interaction);
    let pending = Pending {
        app: &data.app,
        http: &ctx.http,
        id: interaction.id,
        token: &interaction.token,
        locale: &interaction.locale,
        deferral: Deferral::Unseen,
    };
    // What was done, for what follows the answer; a refusal is followed by nothing.
    let mut done = None;
    let answered = pending.answer(async {
        let action = opened(interaction, asked.as_ref())?;
        let answer = route(data, ctx, asked.as_ref(), interaction, action.clone()).await?;
        done = Some(action);
        Ok(answer)
    });
    if answered.await
        && let Ok(asker) = &asked
    {
        match done {
            Some(Action::SendAnnouncement(id)) => announce::followed(data, ctx, asker, id),
            Some(Action::Import(id)) => subscriber::followed(data, ctx, asker, id),
            Some(Action::Campaign(button)) => campaign::followed(data, ctx, asker, button),
            _ => {}
        }
        answer::show_unshown(data, ctx, asker).await;
    }
}

/// What the press means, if it may be done.
fn opened(
    interaction: &ComponentInteraction,
    asker: Result<&Asker, &UserError>,
) -> Result<Action, UserError> {
    let custom_id = &interaction.data.custom_id;
    let control = Control::parse(custom_id).ok_or(UserError::Outdated)?;
    control.open(asker, controls::has(&interaction.message, custom_id))
}

/// A form was filled in.
pub(super) async fn form(data: &Data, ctx: &serenity::Context, interaction: &ModalInteraction) {
    let asked = Asker::of_form(interaction);
    let pending = Pending {
        app: &data.app,
        http: &ctx.http,
        id: interaction.id,
        token: &interaction.token,
        locale: &interaction.locale,
        deferral: Deferral::Public,
    };
    let answered = pending.answer(async {
        let asker = asked.as_ref().map_err(Clone::clone)?;
        let control = Control::parse(&interaction.data.custom_id).ok_or(UserError::Outdated)?;
        match control.open(Ok(asker), true)? {
            Action::StartForm => {
                let (task, limit) = form::read(interaction);
                start::begin_or_ask(data, &ctx.http, asker, (task, limit)).await
            }
            _ => Err(UserError::Outdated.into()),
        }
    });
    if answered.await
        && let Ok(asker) = &asked
    {
        answer::show_unshown(data, ctx, asker).await;
        dm::offer(data, ctx, asker).await;
    }
}

async fn route(
    data: &Data,
    ctx: &serenity::Context,
    asker: Result<&Asker, &UserError>,
    interaction: &ComponentInteraction,
    action: Action,
) -> Result<Answer> {
    let app = &data.app;
    match action {
        // Pressed in a direct message, where there is no server and no member.
        Action::StopDms(guild) => return dm::pressed(app, interaction, guild, Wish::Stop).await,
        Action::KeepDms(guild) => return dm::pressed(app, interaction, guild, Wish::Keep).await,
        _ => {}
    }
    let asker = asker.map_err(Clone::clone)?;
    let answered = act(data, ctx, asker, interaction, action).await;
    answered.map_err(|error| match error {
        // Nobody has chosen anything: the button is of what is there no more.
        Error::User(UserError::UnknownAttack) => UserError::NotKept.into(),
        Error::User(UserError::Campaign(CampaignError::Unknown)) => UserError::Outdated.into(),
        error => error,
    })
}

async fn act(
    data: &Data,
    ctx: &serenity::Context,
    asker: &Asker,
    interaction: &ComponentInteraction,
    action: Action,
) -> Result<Answer> {
    let app = &data.app;
    match action {
        Action::Complete(attack) => complete::pressed(app, asker, attack).await,
        Action::Extend(attack) => extend::pressed(app, asker, attack).await,
        Action::GiveUp(attack) => {
            let question = giveup::question(app, asker, attack).await?;
            Ok(Answer::Private(question))
        }
        Action::GiveUpConfirmed(attack) => giveup::confirmed(app, asker, attack).await,
        Action::KeepGoing => Ok(giveup::kept(asker)),
        Action::CompleteReminded(attack) => complete::reminded(app, asker, attack).await,
        Action::CompleteListed(message) => complete::listed(app, asker, message).await,
        Action::CompleteOwn => complete::own(app, asker).await,
        Action::Undo(attack) => undo::pressed(app, asker, attack).await,
        Action::Again(attack) => start::repeated(data, &ctx.http, asker, attack).await,
        Action::New => {
            asker.require_may_write()?;
            Ok(Answer::Form(form::start(asker, None, None)))
        }
        Action::FillInAgain => {
            asker.require_may_write()?;
            Ok(Answer::Form(form::again(asker, &interaction.message)))
        }
        Action::History { user, page } => {
            let page = history::page(app, asker, user, page).await?;
            Ok(Answer::Update(page))
        }
        Action::Days { user, page } => {
            let days = history::days(app, asker, user, page).await?;
            Ok(Answer::Update(days))
        }
        Action::Leaderboard {
            period,
            page,
            owner,
        } => {
            let message = &interaction.message;
            leaderboard::turned(app, asker, period, page, owner, message).await
        }
        Action::PickComplete => complete::picked(app, asker, picked(interaction)?, None).await,
        Action::PickCompleteWith(proof) => {
            complete::picked(app, asker, picked(interaction)?, Some(proof)).await
        }
        Action::PickGiveUp => {
            let question = giveup::question(app, asker, picked(interaction)?).await?;
            Ok(Answer::Update(question))
        }
        Action::PickExtend { by_ms } => {
            extend::picked(app, asker, picked(interaction)?, by_ms).await
        }
        Action::SaveMessages(saved) => {
            messages::save(app, asker, &interaction.message, saved).await
        }
        Action::CancelMessages => Ok(messages::cancel(asker)),
        Action::Subscribers(page) => subscriber::turned(app, asker, page).await,
        Action::Import(id) => subscriber::confirmed(app, asker, id).await,
        Action::CancelImport(id) => subscriber::cancelled(app, asker, id).await,
        Action::DeleteAll => privacy::confirmed(app, asker).await,
        Action::KeepAll => Ok(privacy::kept(asker)),
        Action::AnswerOffer { wants } => dm::answered(app, &ctx.http, asker, wants).await,
        Action::SendAnnouncement(id) => announce::confirmed(app, asker, id).await,
        Action::ShowAnnouncement(id) => announce::refreshed(app, asker, id).await,
        Action::CancelAnnouncement(id) => announce::cancelled(app, asker, id).await,
        Action::Campaign(button) => campaign::pressed(app, asker, button).await,
        Action::ResultsHere => greeting::results_here(data, &ctx.http, asker).await,
        Action::AskZone => greeting::ask_zone(app, asker).await,
        Action::PickZone => greeting::zone_picked(app, asker, chosen(interaction)).await,
        Action::Speak(language) => greeting::speak(app, asker, language).await,
        Action::HelpTopic => {
            let application = interaction.application_id;
            help::turned(data, &ctx.http, application, asker, chosen(interaction)).await
        }
        Action::StartForm | Action::StopDms(_) | Action::KeepDms(_) => {
            Err(UserError::Outdated.into())
        }
    }
}

/// The time attack chosen from a menu.
fn picked(interaction: &ComponentInteraction) -> Result<AttackId, UserError> {
    chosen(interaction)
        .and_then(|value| value.parse().ok())
        .map(AttackId)
        .ok_or(UserError::Outdated)
}

/// What was chosen from a menu.
fn chosen(interaction: &ComponentInteraction) -> Option<&str> {
    match &interaction.data.kind {
        ComponentInteractionDataKind::StringSelect { values } => values.first().map(String::as_str),
        _ => None,
    }
}
