//! What every button, menu and form means, and who may use it.
//!
//! What a control does stands in its `custom_id`, so that it works after a restart, in another
//! process, months later:
//!
//! ```text
//! <ta|dm|an|su|ca|pv|se|he>:<verb>[:<argument>…][@<asked member>.<server>][~mark]
//! ```
//!
//! The mark is the outbox's, which knows its own posts by it; it is cut off.
//!
//! # Who may use it
//!
//! [`Action::whose`] says so of each kind of control, and [`Control::open`] is the only way from a
//! press to an [`Action`], so a new control cannot forget the question. There are four answers:
//!
//! - **asked**: part of a question, a preview or a list that was shown to one member. Their id and the
//!   server's stand in the `custom_id`; for anybody else, or in another server, nothing changes. Where no
//!   row knows that it was answered ([`Action::is_answered_once`]), the message must still have it. *asked, manager* also needs Manage
//!   Server at the press. A preview of what is sent to many is confirmed by whoever has seen it:
//!   another admin runs the command and sees it, too.
//! - **manager**: whoever has Manage Server at the press. It shows, stops or continues what belongs
//!   to the whole server and is under way already: an admin must not wait for the one who began it.
//! - **subject**: the member whose time attack its row is; the use case compares.
//! - **presser**: anybody. It changes nothing but what is the presser's own, and its label says so.
//!
//! The first `custom_id`s did not name the member who was asked. Such controls are still there
//! in old messages: those marked *refused* below are answered with a request to run the command
//! again, as a wrong press could not be undone; the others work as before.
//!
//! | control | whose | of an older version |
//! |---|---|---|
//! | `ta:complete:N` | subject | |
//! | `ta:extend:N` | subject | |
//! | `ta:giveup:N` | subject | |
//! | `ta:giveup:N:confirm` | asked | works |
//! | `ta:keep` | asked | works |
//! | `ta:reminded:N` | subject | |
//! | `ta:done:N` | presser | |
//! | `ta:done` | presser | |
//! | `ta:undo:N` | subject | |
//! | `ta:again:N` | subject | |
//! | `ta:new` | presser | |
//! | `ta:history:N:N` | asked | works |
//! | `ta:days:N:N` | asked | works |
//! | `ta:board:PERIOD:N:N` | presser | |
//! | `ta:pick:complete` | asked | works |
//! | `ta:pick:complete:N` | asked | refused |
//! | `ta:pick:giveup` | asked | works |
//! | `ta:pick:extend:N` | asked | works |
//! | `ta:messages:save:HASH` | asked, manager | works |
//! | `ta:messages:cancel` | asked, manager | works |
//! | `su:list:N` | asked, manager | works |
//! | `su:import:N` | asked, manager | refused |
//! | `su:cancel:N` | asked, manager | works |
//! | `pv:delete` | asked | refused |
//! | `pv:keep` | asked | works |
//! | `ta:form` | asked | works |
//! | `ta:again` | asked | works |
//! | `dm:offer:yes` | asked | refused |
//! | `dm:offer:no` | asked | refused |
//! | `dm:stop:N` | presser | |
//! | `dm:keep:N` | presser | |
//! | `an:send:N` | asked, manager | refused |
//! | `an:show:N` | manager | |
//! | `an:cancel:N` | manager | |
//! | `ca:send:N` | asked, manager | refused |
//! | `ca:cancel:N` | manager | |
//! | `ca:show:N` | manager | |
//! | `ca:pause:N` | manager | |
//! | `ca:resume:N` | manager | |
//! | `ca:retry:N` | asked, manager | refused |
//! | `ca:retry-all:N` | asked, manager | refused |
//! | `ca:list:N` | asked, manager | works |
//! | `se:here` | manager | |
//! | `se:zone` | manager | |
//! | `se:pick-zone` | asked, manager | refused |
//! | `se:korean` | manager | |
//! | `se:english` | manager | |
//! | `he:topic` | asked | refused |
//!
//! A test holds this table against the source, and another one presses each of them as somebody else.

use poise::serenity_prelude as serenity;
use serenity::{ActionRowComponent, ButtonKind, Message};

use super::asker::Asker;
use super::commands::campaign;
use super::commands::setup::messages;
use crate::consent::notices::KEEP_BUTTON;
use crate::error::UserError;
use crate::guild::arrival;
use crate::i18n::Language;
use crate::ids::{AnnouncementId, AttackId, FileId, GuildId, ImportId, OutboxId, UserId};
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
    /// Below a reminder: completes its time attack.
    CompleteReminded(AttackId),
    /// Below a list of reminders, by the number of its message: completes what of it is its presser's, or
    /// asks which.
    CompleteListed(OutboxId),
    /// Below reminders of an earlier version: asks which of those that its presser runs.
    CompleteOwn,
    /// Takes a finish back.
    Undo(AttackId),
    /// Below a success: starts the same once more.
    Again(AttackId),
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
    /// The same, with the file that was handed in as its proof.
    PickCompleteWith(FileId),
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
    /// Opens that form as it was filled in when it was refused.
    FillInAgain,
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
    /// Below the greeting of a server: results are posted in this channel.
    ResultsHere,
    /// Below the greeting: asks for the zone.
    AskZone,
    /// A menu: the zone that was chosen.
    PickZone,
    /// Below the greeting: the server speaks this language.
    Speak(Language),
    /// A menu: the topic of `/help` that was chosen.
    HelpTopic,
}

/// Whose a control is: see the table above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Of the member to whom it was shown.
    Asked(Older),
    /// The same, as long as they manage the server.
    AskedManager(Older),
    /// Of everybody who manages the server.
    Manager,
    /// Of the member whose time attack it names; the use case compares.
    Subject,
    /// Of everybody: it changes what is the presser's own.
    Presser,
}

/// What becomes of a control that does not say who was asked, because it is older than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Older {
    /// It does no harm: what it does is checked elsewhere, or can be done again.
    Works,
    /// Nothing happens, as it could not be undone; the command can be run again.
    Refused,
}

/// The member to whom a question was put, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) guild: GuildId,
    pub(super) user: UserId,
}

impl Asked {
    /// Reads what [`Action::custom_id`] writes behind the `@`.
    fn parse(text: &str) -> Option<Self> {
        let (user, guild) = text.split_once('.')?;
        Some(Self {
            guild: guild.parse::<u64>().ok()?.into(),
            user: user.parse::<u64>().ok()?.into(),
        })
    }
}

/// A control as it came with a press: what it does is known once it is [opened](Control::open).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Control {
    action: Action,
    asked: Option<Asked>,
}

impl Control {
    /// What a `custom_id` means; `None` if it is not of this version's grammar.
    pub(super) fn parse(custom_id: &str) -> Option<Self> {
        let custom_id = without_mark(custom_id);
        let (what, asked) = match custom_id.split_once('@') {
            Some((what, asked)) => (what, Some(Asked::parse(asked)?)),
            None => (custom_id, None),
        };
        let action = Action::parse(what)?;
        Some(Self { action, asked })
    }

    /// Its `custom_id`, of this version's form.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn custom_id(&self) -> String {
        self.asked.map_or_else(
            || self.action.written(),
            |asked| self.action.custom_id(asked),
        )
    }

    /// The action, if whoever pressed may take it. `asker` is an error where there is no server: then
    /// only what is the presser's own can be done. `has_it`: whether the message that was pressed has
    /// this control; a form has no message.
    pub(super) fn open(
        self,
        asker: Result<&Asker, &UserError>,
        has_it: bool,
    ) -> Result<Action, UserError> {
        let asker = match (self.action.whose(), asker) {
            (Whose::Presser, _) => return Ok(self.action),
            (_, asker) => asker.map_err(Clone::clone)?,
        };
        match self.action.whose() {
            Whose::Presser | Whose::Subject => {}
            Whose::Manager => asker.require_manage_server()?,
            Whose::Asked(older) => self.require_asked(asker, older, has_it)?,
            Whose::AskedManager(older) => {
                // Said first: who was asked is nothing to whoever may not do it anyway.
                asker.require_manage_server()?;
                self.require_asked(asker, older, has_it)?;
            }
        }
        Ok(self.action)
    }

    fn require_asked(&self, asker: &Asker, older: Older, has_it: bool) -> Result<(), UserError> {
        match (self.asked, older) {
            (Some(asked), _) if asked.user != asker.user => Err(UserError::AskedSomebodyElse),
            (Some(asked), _) if asked.guild != asker.guild => Err(UserError::Outdated),
            (None, Older::Refused) => Err(UserError::Outdated),
            // Answered already, in another window or a moment ago.
            _ if self.action.is_answered_once() && !has_it => Err(UserError::Outdated),
            _ => Ok(()),
        }
    }
}

/// Whether `message` has a control with this `custom_id`, as Discord sends it with a press.
pub(super) fn has(message: &Message, custom_id: &str) -> bool {
    let mut components = message.components.iter().flat_map(|row| &row.components);
    components.any(|component| match component {
        ActionRowComponent::Button(button) => {
            matches!(&button.data, ButtonKind::NonLink { custom_id: id, .. } if id == custom_id)
        }
        ActionRowComponent::SelectMenu(menu) => menu.custom_id.as_deref() == Some(custom_id),
        _ => false,
    })
}

fn without_mark(custom_id: &str) -> &str {
    custom_id
        .split_once('~')
        .map_or(custom_id, |(custom_id, _mark)| custom_id)
}

impl Action {
    /// Who may use it. Every new action answers this before it compiles; the table at the head of
    /// this file says why it is so.
    pub(super) fn whose(&self) -> Whose {
        match self {
            Self::Complete(_)
            | Self::CompleteReminded(_)
            | Self::Extend(_)
            | Self::GiveUp(_)
            | Self::Undo(_)
            | Self::Again(_) => Whose::Subject,
            Self::CompleteOwn
            | Self::CompleteListed(_)
            | Self::New
            | Self::Leaderboard { .. }
            | Self::StopDms(_)
            | Self::KeepDms(_) => Whose::Presser,
            Self::GiveUpConfirmed(_)
            | Self::KeepGoing
            | Self::History { .. }
            | Self::Days { .. }
            | Self::PickComplete
            | Self::PickGiveUp
            | Self::PickExtend { .. }
            | Self::KeepAll
            | Self::StartForm
            | Self::FillInAgain => Whose::Asked(Older::Works),
            Self::PickCompleteWith(_)
            | Self::DeleteAll
            | Self::AnswerOffer { .. }
            | Self::HelpTopic => Whose::Asked(Older::Refused),
            Self::SaveMessages(_)
            | Self::CancelMessages
            | Self::Subscribers(_)
            | Self::CancelImport(_) => Whose::AskedManager(Older::Works),
            Self::Import(_) | Self::SendAnnouncement(_) | Self::PickZone => {
                Whose::AskedManager(Older::Refused)
            }
            Self::ShowAnnouncement(_)
            | Self::CancelAnnouncement(_)
            | Self::ResultsHere
            | Self::AskZone
            | Self::Speak(_) => Whose::Manager,
            Self::Campaign(button) => match button {
                campaign::Button::Send(_)
                | campaign::Button::RetryFailed(_)
                | campaign::Button::RetryAll(_) => Whose::AskedManager(Older::Refused),
                campaign::Button::List(_) => Whose::AskedManager(Older::Works),
                campaign::Button::Cancel(_)
                | campaign::Button::Show(_)
                | campaign::Button::Pause(_)
                | campaign::Button::Resume(_) => Whose::Manager,
            },
        }
    }

    /// Whether it would do the same again after it was answered. The others name a row that knows
    /// how it was answered, or change nothing.
    fn is_answered_once(&self) -> bool {
        matches!(
            self,
            Self::DeleteAll | Self::AnswerOffer { .. } | Self::PickExtend { .. }
        )
    }

    /// As it stands in a `custom_id`, shown to `asked`: at most 100 characters, and 75 if the outbox
    /// may add its mark.
    pub(super) fn custom_id(&self, asked: Asked) -> String {
        let what = self.written();
        match self.whose() {
            Whose::Asked(_) | Whose::AskedManager(_) => {
                format!("{what}@{}.{}", asked.user.get(), asked.guild.get())
            }
            Whose::Manager | Whose::Subject | Whose::Presser => what,
        }
    }

    fn written(&self) -> String {
        match self {
            Self::Complete(id) => text::complete_button(*id),
            Self::Extend(id) => text::extend_button(*id),
            Self::GiveUp(id) => text::give_up_button(*id),
            Self::GiveUpConfirmed(id) => format!("ta:giveup:{id}:confirm"),
            Self::KeepGoing => "ta:keep".into(),
            Self::CompleteReminded(id) => text::reminded_button(*id),
            Self::CompleteListed(message) => format!("{}{message}", text::COMPLETE_LISTED_BUTTON),
            Self::CompleteOwn => text::COMPLETE_OWN_BUTTON.into(),
            Self::Undo(id) => text::undo_button(*id),
            Self::Again(id) => text::again_button(*id),
            Self::New => text::NEW_BUTTON.into(),
            Self::History { user, page } => format!("ta:history:{}:{page}", user.get()),
            Self::Days { user, page } => format!("ta:days:{}:{page}", user.get()),
            Self::Leaderboard {
                period,
                page,
                owner,
            } => format!("ta:board:{}:{page}:{}", period.as_str(), owner.get()),
            Self::PickComplete => "ta:pick:complete".into(),
            Self::PickCompleteWith(file) => format!("ta:pick:complete:{file}"),
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
            Self::FillInAgain => "ta:again".into(),
            Self::AnswerOffer { wants: true } => "dm:offer:yes".into(),
            Self::AnswerOffer { wants: false } => "dm:offer:no".into(),
            Self::StopDms(guild) => format!("{STOP_BUTTON}{}", guild.get()),
            Self::KeepDms(guild) => format!("{KEEP_BUTTON}{}", guild.get()),
            Self::SendAnnouncement(id) => format!("an:send:{id}"),
            Self::ShowAnnouncement(id) => format!("an:show:{id}"),
            Self::CancelAnnouncement(id) => format!("an:cancel:{id}"),
            Self::Campaign(button) => format!("ca:{button}"),
            Self::HelpTopic => "he:topic".into(),
            Self::ResultsHere => arrival::RESULTS_BUTTON.into(),
            Self::AskZone => arrival::ZONE_BUTTON.into(),
            Self::PickZone => "se:pick-zone".into(),
            Self::Speak(Language::Korean) => arrival::KOREAN_BUTTON.into(),
            Self::Speak(Language::English) => arrival::ENGLISH_BUTTON.into(),
        }
    }

    /// Reads what [`Action::written`] writes.
    fn parse(written: &str) -> Option<Self> {
        let parts: Vec<&str> = written.split(':').collect();
        let attack = |id: &str| id.parse().ok().map(AttackId);
        let this_guild = |id: &str| id.parse::<u64>().ok().map(GuildId::from);
        match parts.as_slice() {
            ["ta", "complete", id] => attack(id).map(Self::Complete),
            ["ta", "extend", id] => attack(id).map(Self::Extend),
            ["ta", "giveup", id] => attack(id).map(Self::GiveUp),
            ["ta", "giveup", id, "confirm"] => attack(id).map(Self::GiveUpConfirmed),
            ["ta", "keep"] => Some(Self::KeepGoing),
            ["ta", "reminded", id] => attack(id).map(Self::CompleteReminded),
            ["ta", "done", message] => {
                let message = message.parse().ok().map(OutboxId);
                message.map(Self::CompleteListed)
            }
            ["ta", "done"] => Some(Self::CompleteOwn),
            ["ta", "undo", id] => attack(id).map(Self::Undo),
            ["ta", "again", id] => attack(id).map(Self::Again),
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
            ["ta", "pick", "complete", file] => {
                file.parse().ok().map(FileId).map(Self::PickCompleteWith)
            }
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
            ["ta", "again"] => Some(Self::FillInAgain),
            ["dm", "offer", "yes"] => Some(Self::AnswerOffer { wants: true }),
            ["dm", "offer", "no"] => Some(Self::AnswerOffer { wants: false }),
            ["dm", "stop", guild] => this_guild(guild).map(Self::StopDms),
            ["dm", "keep", guild] => this_guild(guild).map(Self::KeepDms),
            ["he", "topic"] => Some(Self::HelpTopic),
            ["se", "here"] => Some(Self::ResultsHere),
            ["se", "zone"] => Some(Self::AskZone),
            ["se", "pick-zone"] => Some(Self::PickZone),
            ["se", "korean"] => Some(Self::Speak(Language::Korean)),
            ["se", "english"] => Some(Self::Speak(Language::English)),
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
    let what = without_mark(custom_id)
        .split('@')
        .next()
        .unwrap_or_default();
    let verb = what.split(':').nth(1).unwrap_or("unknown");
    verb.chars().take(20).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ids::OccurrenceId;

    /// As long as an id can be.
    const LONGEST: i64 = u64::MAX.cast_signed();
    const ASKED: Asked = Asked {
        guild: GuildId(LONGEST),
        user: UserId(LONGEST),
    };

    /// The kind after this one, each with the longest arguments it can have. An action that is added
    /// does not compile before it is here.
    fn after(action: Option<&Action>) -> Option<Action> {
        let (id, user) = (i64::MAX, UserId(LONGEST));
        let of_campaign = |button| Some(Action::Campaign(button));
        let occurrence = OccurrenceId(id);
        let Some(action) = action else {
            return Some(Action::Complete(AttackId(id)));
        };
        match action {
            Action::Complete(_) => Some(Action::Extend(AttackId(id))),
            Action::Extend(_) => Some(Action::GiveUp(AttackId(id))),
            Action::GiveUp(_) => Some(Action::GiveUpConfirmed(AttackId(id))),
            Action::GiveUpConfirmed(_) => Some(Action::KeepGoing),
            Action::KeepGoing => Some(Action::CompleteOwn),
            Action::CompleteOwn => Some(Action::CompleteReminded(AttackId(id))),
            Action::CompleteReminded(_) => Some(Action::CompleteListed(OutboxId(id))),
            Action::CompleteListed(_) => Some(Action::Undo(AttackId(id))),
            Action::Undo(_) => Some(Action::Again(AttackId(id))),
            Action::Again(_) => Some(Action::New),
            Action::New => Some(Action::History { user, page: id }),
            Action::History { .. } => Some(Action::Days {
                user,
                page: i64::MIN,
            }),
            Action::Days { .. } => Some(Action::Leaderboard {
                period: Period::Month,
                page: usize::MAX,
                owner: user,
            }),
            Action::Leaderboard { .. } => Some(Action::PickComplete),
            Action::PickComplete => Some(Action::PickCompleteWith(FileId(id))),
            Action::PickCompleteWith(_) => Some(Action::PickGiveUp),
            Action::PickGiveUp => Some(Action::PickExtend { by_ms: id }),
            Action::PickExtend { .. } => {
                messages::Saved::parse("sF-00ff00ff00ff00ff").map(Action::SaveMessages)
            }
            Action::SaveMessages(_) => Some(Action::CancelMessages),
            Action::CancelMessages => Some(Action::Subscribers(id)),
            Action::Subscribers(_) => Some(Action::Import(ImportId(id))),
            Action::Import(_) => Some(Action::CancelImport(ImportId(id))),
            Action::CancelImport(_) => Some(Action::DeleteAll),
            Action::DeleteAll => Some(Action::KeepAll),
            Action::KeepAll => Some(Action::StartForm),
            Action::StartForm => Some(Action::FillInAgain),
            Action::FillInAgain => Some(Action::AnswerOffer { wants: true }),
            Action::AnswerOffer { wants: true } => Some(Action::AnswerOffer { wants: false }),
            Action::AnswerOffer { wants: false } => Some(Action::StopDms(GuildId(LONGEST))),
            Action::StopDms(_) => Some(Action::KeepDms(GuildId(LONGEST))),
            Action::KeepDms(_) => Some(Action::SendAnnouncement(AnnouncementId(id))),
            Action::SendAnnouncement(_) => Some(Action::ShowAnnouncement(AnnouncementId(id))),
            Action::ShowAnnouncement(_) => Some(Action::CancelAnnouncement(AnnouncementId(id))),
            Action::CancelAnnouncement(_) => of_campaign(campaign::Button::Send(occurrence)),
            Action::Campaign(button) => of_campaign(match button {
                campaign::Button::Send(_) => campaign::Button::Cancel(occurrence),
                campaign::Button::Cancel(_) => campaign::Button::Show(occurrence),
                campaign::Button::Show(_) => campaign::Button::Pause(occurrence),
                campaign::Button::Pause(_) => campaign::Button::Resume(occurrence),
                campaign::Button::Resume(_) => campaign::Button::RetryFailed(occurrence),
                campaign::Button::RetryFailed(_) => campaign::Button::RetryAll(occurrence),
                campaign::Button::RetryAll(_) => campaign::Button::List(id),
                campaign::Button::List(_) => return Some(Action::ResultsHere),
            }),
            Action::ResultsHere => Some(Action::AskZone),
            Action::AskZone => Some(Action::PickZone),
            Action::PickZone => Some(Action::Speak(Language::Korean)),
            Action::Speak(Language::Korean) => Some(Action::Speak(Language::English)),
            Action::Speak(Language::English) => Some(Action::HelpTopic),
            Action::HelpTopic => None,
        }
    }

    fn every() -> Vec<Action> {
        std::iter::successors(after(None), |action| after(Some(action))).collect()
    }

    /// The kind of a control, as the table names it.
    fn kind(action: &Action) -> String {
        let written = action.written();
        let parts = written.split(':').map(|part| match part {
            "week" | "month" | "all" => "PERIOD",
            _ if part.parse::<i128>().is_ok() => "N",
            _ if part.contains('-') && messages::Saved::parse(part).is_some() => "HASH",
            _ => part,
        });
        let parts: Vec<&str> = parts.collect();
        parts.join(":")
    }

    #[test]
    fn every_control_is_read_back_with_and_without_a_mark() {
        let all = every();
        assert_eq!(all.len(), 48);
        for action in all {
            let custom_id = action.custom_id(ASKED);
            let is_asked = custom_id.contains('@');
            let control = Control {
                action: action.clone(),
                asked: is_asked.then_some(ASKED),
            };
            assert_eq!(Control::parse(&custom_id), Some(control.clone()));
            let marked = format!("{custom_id}~1a2b3c4d5e6f7a8b.0");
            assert_eq!(Control::parse(&marked), Some(control));
            // What asks somebody is an answer to them, which the outbox does not send.
            let most = if is_asked { 100 } else { 75 };
            assert!(custom_id.len() <= most, "{custom_id}");
            let older = Control {
                action: action.clone(),
                asked: None,
            };
            assert_eq!(Control::parse(&action.written()), Some(older));
        }
    }

    #[test]
    fn the_table_says_whose_each_control_is() {
        let rows = include_str!("controls.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("//! | `"))
            .map(|row| {
                let mut cells = row.split('|').map(str::trim);
                let mut next = || cells.next().unwrap_or_default().to_owned();
                (next().trim_end_matches('`').to_owned(), (next(), next()))
            });
        let written: BTreeMap<String, (String, String)> = rows.collect();
        let said = |older| match older {
            Older::Works => "works",
            Older::Refused => "refused",
        };
        let actual = every().into_iter().map(|action| {
            let (whose, older) = match action.whose() {
                Whose::Asked(older) => ("asked", said(older)),
                Whose::AskedManager(older) => ("asked, manager", said(older)),
                Whose::Manager => ("manager", ""),
                Whose::Subject => ("subject", ""),
                Whose::Presser => ("presser", ""),
            };
            (kind(&action), (whose.to_owned(), older.to_owned()))
        });
        assert_eq!(written, actual.collect());
    }

    #[test]
    fn what_is_not_of_this_grammar_is_none() {
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
            "@",
            "ta:fly:1",
            "pv:delete@",
            "pv:delete@1",
            "pv:delete@1.",
            "pv:delete@1.x",
            "pv:delete@1.2.3",
            "pv:delete@1.2@1.2",
            "pv:delete@-1.2",
        ] {
            assert_eq!(Control::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_verb_of_the_log_names_nobody() {
        assert_eq!(verb("pv:delete@1.2"), "delete");
        assert_eq!(verb("pv:delete@1.2~a.0"), "delete");
        assert_eq!(verb(""), "unknown");
    }
}
