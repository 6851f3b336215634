//! The one router of buttons, menus and forms.
//!
//! What a component does stands in its `custom_id`, so that it works after a restart, in another
//! process, months later:
//!
//! ```text
//! <ta|dm|an|su|ca|pv>:<verb>[:<argument>…][~mark]
//! ```
//!
//! The mark is the outbox's, which knows its own posts by it; it is cut off. There are no
//! collectors: an instant click would reach the bot before a collector listens.

use poise::serenity_prelude as serenity;
use serenity::{ComponentInteraction, ComponentInteractionDataKind, ModalInteraction};

use super::answer::{self, Answer};
use super::asker::Asker;
use super::commands::setup::messages;
use super::commands::timeattack::{complete, extend, giveup, history, leaderboard, start, undo};
use super::commands::{announce, campaign, dm, privacy, subscriber};
use super::form;
use super::handler::Data;
use super::respond::{Deferral, Pending};
use crate::consent::Wish;
use crate::consent::notices::KEEP_BUTTON;
use crate::error::{CampaignError, Error, Result, UserError};
use crate::ids::{AnnouncementId, AttackId, GuildId, ImportId, UserId};
use crate::outbox::dm::STOP_BUTTON;
use crate::timeattack::record::Period;
use crate::timeattack::text;

/// What a button, menu or form does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Completes it.
    Complete(AttackId),
    /// Adds [`EXTENSION_MS`](crate::timeattack::start_message::EXTENSION_MS).
    Extend(AttackId),
    /// Asks whether to give up.
    GiveUp(AttackId),
    /// Gives up.
    GiveUpConfirmed(AttackId),
    /// Does not give up.
    KeepGoing,
    /// Completes what its presser runs, or asks which.
    CompleteOwn,
    /// Takes a finish back.
    Undo(AttackId),
    /// Opens the form for a new one.
    New,
    /// Turns to a page of a member's history.
    History {
        /// Whose.
        user: UserId,
        /// From 0.
        page: i64,
    },
    /// Turns to a page of a member's days.
    Days {
        /// Whose.
        user: UserId,
        /// From 0.
        page: i64,
    },
    /// Turns to a page of the leaderboard.
    Leaderboard {
        /// Which days.
        period: Period,
        /// From 0.
        page: usize,
        /// Who asked for it, and may turn it.
        owner: UserId,
    },
    /// A menu: completes the one chosen.
    PickComplete,
    /// A menu: asks whether to give up the one chosen.
    PickGiveUp,
    /// A menu: adds so much to the one chosen.
    PickExtend {
        /// Milliseconds.
        by_ms: i64,
    },
    /// Saves the message templates of the preview that it is part of.
    SaveMessages(messages::Saved),
    /// Forgets them.
    CancelMessages,
    /// A page of the list of subscribers, from 0.
    Subscribers(i64),
    /// Imports the file of the preview that it is part of.
    Import(ImportId),
    /// Forgets it.
    CancelImport(ImportId),
    /// Deletes all that is stored of its presser.
    DeleteAll,
    /// Deletes nothing.
    KeepAll,
    /// The form for a new one, filled in.
    StartForm,
    /// The offer of direct messages is taken or declined.
    AnswerOffer {
        /// Taken.
        wants: bool,
    },
    /// Below a direct message: no more of this guild's.
    StopDms(GuildId),
    /// Below a direct message: what is allowed stays allowed.
    KeepDms(GuildId),
    /// Sends the announcement of the preview that it is part of.
    SendAnnouncement(AnnouncementId),
    /// Shows how far it is.
    ShowAnnouncement(AnnouncementId),
    /// Stops it, or forgets the draft.
    CancelAnnouncement(AnnouncementId),
    /// What a button of a campaign does.
    Campaign(campaign::Button),
}

impl Action {
    /// As it stands in a `custom_id`: at most 100 characters.
    pub(super) fn custom_id(&self) -> String {
        match self {
            Self::Complete(id) => text::complete_button(*id),
            Self::Extend(id) => text::extend_button(*id),
            Self::GiveUp(id) => text::give_up_button(*id),
            Self::GiveUpConfirmed(id) => format!("ta:giveup:{id}:confirm"),
            Self::KeepGoing => "ta:keep".into(),
            Self::CompleteOwn => text::COMPLETE_OWN_BUTTON.into(),
            Self::Undo(id) => text::undo_button(*id),
            Self::New => text::NEW_BUTTON.into(),
            Self::History { user, page } => format!("ta:history:{}:{page}", user.get()),
            Self::Days { user, page } => format!("ta:days:{}:{page}", user.get()),
            Self::Leaderboard {
                period,
                page,
                owner,
            } => format!("ta:board:{}:{page}:{}", period.as_str(), owner.get()),
            Self::PickComplete => "ta:pick:complete".into(),
            Self::PickGiveUp => "ta:pick:giveup".into(),
            Self::PickExtend { by_ms } => format!("ta:pick:extend:{by_ms}"),
            Self::SaveMessages(saved) => format!("ta:messages:save:{saved}"),
            Self::CancelMessages => "ta:messages:cancel".into(),
            Self::Subscribers(page) => format!("su:list:{page}"),
            Self::Import(id) => format!("su:import:{id}"),
            Self::CancelImport(id) => format!("su:cancel:{id}"),
            Self::DeleteAll => "pv:delete".into(),
            Self::KeepAll => "pv:keep".into(),
            Self::StartForm => "ta:form".into(),
            Self::AnswerOffer { wants: true } => "dm:offer:yes".into(),
            Self::AnswerOffer { wants: false } => "dm:offer:no".into(),
            Self::StopDms(guild) => format!("{STOP_BUTTON}{}", guild.get()),
            Self::KeepDms(guild) => format!("{KEEP_BUTTON}{}", guild.get()),
            Self::SendAnnouncement(id) => format!("an:send:{id}"),
            Self::ShowAnnouncement(id) => format!("an:show:{id}"),
            Self::CancelAnnouncement(id) => format!("an:cancel:{id}"),
            Self::Campaign(button) => format!("ca:{button}"),
        }
    }

    /// What a `custom_id` means; `None` if it is not of this version's grammar.
    pub(super) fn parse(custom_id: &str) -> Option<Self> {
        let (custom_id, _mark) = custom_id.split_once('~').unwrap_or((custom_id, ""));
        let parts: Vec<&str> = custom_id.split(':').collect();
        let attack = |id: &str| id.parse().ok().map(AttackId);
        let this_guild = |id: &str| id.parse::<u64>().ok().map(GuildId::from);
        match parts.as_slice() {
            ["ta", "complete", id] => attack(id).map(Self::Complete),
            ["ta", "extend", id] => attack(id).map(Self::Extend),
            ["ta", "giveup", id] => attack(id).map(Self::GiveUp),
            ["ta", "giveup", id, "confirm"] => attack(id).map(Self::GiveUpConfirmed),
            ["ta", "keep"] => Some(Self::KeepGoing),
            ["ta", "done"] => Some(Self::CompleteOwn),
            ["ta", "undo", id] => attack(id).map(Self::Undo),
            ["ta", "new"] => Some(Self::New),
            ["ta", "history", user, page] => Some(Self::History {
                user: user.parse::<u64>().ok()?.into(),
                page: page.parse().ok()?,
            }),
            ["ta", "days", user, page] => Some(Self::Days {
                user: user.parse::<u64>().ok()?.into(),
                page: page.parse().ok()?,
            }),
            ["ta", "board", period, page, owner] => Some(Self::Leaderboard {
                period: Period::parse(period)?,
                page: page.parse().ok()?,
                owner: owner.parse::<u64>().ok()?.into(),
            }),
            ["ta", "pick", "complete"] => Some(Self::PickComplete),
            ["ta", "pick", "giveup"] => Some(Self::PickGiveUp),
            ["ta", "pick", "extend", by_ms] => Some(Self::PickExtend {
                by_ms: by_ms.parse().ok()?,
            }),
            ["ta", "messages", "save", saved] => {
                messages::Saved::parse(saved).map(Self::SaveMessages)
            }
            ["ta", "messages", "cancel"] => Some(Self::CancelMessages),
            ["su", "list", page] => page.parse().ok().map(Self::Subscribers),
            ["su", "import", id] => id.parse().ok().map(ImportId).map(Self::Import),
            ["su", "cancel", id] => id.parse().ok().map(ImportId).map(Self::CancelImport),
            ["pv", "delete"] => Some(Self::DeleteAll),
            ["pv", "keep"] => Some(Self::KeepAll),
            ["ta", "form"] => Some(Self::StartForm),
            ["dm", "offer", "yes"] => Some(Self::AnswerOffer { wants: true }),
            ["dm", "offer", "no"] => Some(Self::AnswerOffer { wants: false }),
            ["dm", "stop", guild] => this_guild(guild).map(Self::StopDms),
            ["dm", "keep", guild] => this_guild(guild).map(Self::KeepDms),
            ["ca", verb, of] => campaign::Button::parse(verb, of).map(Self::Campaign),
            ["an", verb, id] => {
                let id = AnnouncementId(id.parse().ok()?);
                match *verb {
                    "send" => Some(Self::SendAnnouncement(id)),
                    "show" => Some(Self::ShowAnnouncement(id)),
                    "cancel" => Some(Self::CancelAnnouncement(id)),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// The verb of a `custom_id`, for the log.
pub(super) fn verb(custom_id: &str) -> String {
    let (custom_id, _mark) = custom_id.split_once('~').unwrap_or((custom_id, ""));
    let verb = custom_id.split(':').nth(1).unwrap_or("unknown");
    verb.chars().take(20).collect()
}

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
    let action = Action::parse(&interaction.data.custom_id);
    let answered = pending.answer(async {
        let app = &data.app;
        match &action {
            // Pressed in a direct message, where there is no server and no member.
            Some(Action::StopDms(guild)) => dm::pressed(app, interaction, *guild, Wish::Stop).await,
            Some(Action::KeepDms(guild)) => dm::pressed(app, interaction, *guild, Wish::Keep).await,
            _ => route(data, ctx, &asked.clone()?, interaction).await,
        }
    });
    if answered.await
        && let Ok(asker) = &asked
    {
        if let Some(Action::SendAnnouncement(id)) = action {
            announce::followed(data, ctx, asker, id);
        }
        if let Some(Action::Campaign(button)) = action {
            campaign::followed(data, ctx, asker, button);
        }
        answer::show_unshown(data, ctx, asker).await;
    }
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
        let asker = asked.clone()?;
        match Action::parse(&interaction.data.custom_id) {
            Some(Action::StartForm) => {
                let (task, limit) = form::read(interaction);
                start::filled_in(&data.app, &asker, task, limit).await
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
    asker: &Asker,
    interaction: &ComponentInteraction,
) -> Result<Answer> {
    let action = Action::parse(&interaction.data.custom_id).ok_or(UserError::Outdated)?;
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
        Action::CompleteOwn => complete::own(app, asker).await,
        Action::Undo(attack) => undo::pressed(app, asker, attack).await,
        Action::New => Ok(Answer::Form(form::start(asker.language, None, None))),
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
        Action::PickComplete => {
            let proof = complete::proof_in(&interaction.message);
            complete::picked(app, asker, picked(interaction)?, proof).await
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
        Action::StartForm | Action::StopDms(_) | Action::KeepDms(_) => {
            Err(UserError::Outdated.into())
        }
    }
}

/// The time attack chosen from a menu.
fn picked(interaction: &ComponentInteraction) -> Result<AttackId, UserError> {
    match &interaction.data.kind {
        ComponentInteractionDataKind::StringSelect { values } => values
            .first()
            .and_then(|value| value.parse().ok())
            .map(AttackId)
            .ok_or(UserError::Outdated),
        _ => Err(UserError::Outdated),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::OccurrenceId;

    #[test]
    fn every_action_is_read_back_from_its_custom_id_with_and_without_a_mark() {
        let attack = AttackId(i64::MAX);
        let saved = messages::Saved::parse("sF-00ff00ff00ff00ff").unwrap();
        for action in [
            Action::Complete(attack),
            Action::Extend(attack),
            Action::GiveUp(attack),
            Action::GiveUpConfirmed(attack),
            Action::KeepGoing,
            Action::CompleteOwn,
            Action::Undo(attack),
            Action::New,
            Action::History {
                user: u64::MAX.into(),
                page: i64::MAX,
            },
            Action::Days {
                user: u64::MAX.into(),
                page: i64::MIN,
            },
            Action::Leaderboard {
                period: Period::Month,
                page: usize::MAX,
                owner: u64::MAX.into(),
            },
            Action::PickComplete,
            Action::PickGiveUp,
            Action::PickExtend { by_ms: i64::MAX },
            Action::SaveMessages(saved),
            Action::CancelMessages,
            Action::Subscribers(i64::MAX),
            Action::Import(ImportId(i64::MAX)),
            Action::CancelImport(ImportId(i64::MAX)),
            Action::DeleteAll,
            Action::KeepAll,
            Action::StartForm,
            Action::AnswerOffer { wants: true },
            Action::AnswerOffer { wants: false },
            Action::StopDms(u64::MAX.into()),
            Action::KeepDms(u64::MAX.into()),
            Action::SendAnnouncement(AnnouncementId(i64::MAX)),
            Action::ShowAnnouncement(AnnouncementId(i64::MAX)),
            Action::CancelAnnouncement(AnnouncementId(i64::MAX)),
            Action::Campaign(campaign::Button::Send(OccurrenceId(i64::MAX))),
            Action::Campaign(campaign::Button::Cancel(OccurrenceId(i64::MAX))),
            Action::Campaign(campaign::Button::Show(OccurrenceId(i64::MAX))),
            Action::Campaign(campaign::Button::Pause(OccurrenceId(i64::MAX))),
            Action::Campaign(campaign::Button::Resume(OccurrenceId(i64::MAX))),
            Action::Campaign(campaign::Button::RetryFailed(OccurrenceId(i64::MAX))),
            Action::Campaign(campaign::Button::RetryAll(OccurrenceId(i64::MAX))),
            Action::Campaign(campaign::Button::List(i64::MAX)),
        ] {
            let custom_id = action.custom_id();
            assert!(custom_id.len() <= 75, "{custom_id} and a mark of 20");
            assert_eq!(Action::parse(&custom_id), Some(action.clone()));
            let marked = format!("{custom_id}~1a2b3c4d5e6f7a8b.0");
            assert_eq!(Action::parse(&marked), Some(action));
        }
    }

    #[test]
    fn what_is_not_of_this_grammar_is_outdated() {
        for other in [
            "",
            "ta",
            "ta:",
            "ta:complete",
            "ta:complete:x",
            "ta:complete:1:2",
            "xx:complete:1",
            "ta:giveup:1:yes",
            "ta:history:-1:0",
            "ta:board:year:0:1",
            "ta:board:week:-1:1",
            "~",
            "ta:fly:1",
        ] {
            assert_eq!(Action::parse(other), None, "{other}");
        }
    }
}
