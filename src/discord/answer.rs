//! What people get back: an answer, made of plain data, and the ways to send it.

use std::sync::Arc;

use poise::serenity_prelude as serenity;
use serenity::{
    CreateActionRow, CreateAllowedMentions, CreateAttachment, CreateButton, CreateEmbed,
    CreateInteractionResponse, CreateInteractionResponseFollowup, CreateInteractionResponseMessage,
    CreateModal, EditInteractionResponse,
};

use super::asker::Asker;
use super::connection::describe;
use super::files::{Permit, Rest};
use super::handler::Data;
use crate::error::{Error, Result, UserError};
use crate::i18n::{Language, text};
use crate::ids::OutboxId;
use crate::messenger::{self, CONTENT_LENGTH, DESCRIPTION_LENGTH, markdown::shorten};
use crate::timeattack;
use crate::timeattack::start_message::Shown;

/// Bytes of files that go with a first response, which has three tries of 0.9 s: sent by a line of
/// 3 Mbit/s within one of them.
const AT_ONCE_BYTES: usize = 256 * 1024;

/// The answer to an interaction.
#[derive(Debug)]
pub(super) enum Answer {
    /// A message for everybody in the channel.
    Public(Reply),
    /// The same, and then a message that only the asker sees.
    PublicThen {
        /// For everybody.
        first: Reply,
        /// After it, for the asker.
        then: Reply,
    },
    /// A message that only the asker sees.
    Private(Reply),
    /// The same, and then others: with more files than one message takes.
    PrivateThen {
        /// To begin with.
        first: Reply,
        /// After it, each for the asker, and made when it is its turn.
        then: Rest,
    },
    /// In the place of the message whose button was pressed.
    Update(Reply),
    /// The same, and then another message.
    UpdateThen {
        /// In its place.
        update: Reply,
        /// After it.
        then: Reply,
        /// Who sees that.
        to: Audience,
    },
    /// A form to fill in.
    Form(CreateModal),
}

/// What follows an answer.
#[derive(Debug)]
pub(super) enum Then {
    Nothing,
    /// One message.
    Message(Reply, Audience),
    /// Messages with files, for the asker.
    Files(Rest),
}

impl Then {
    /// The next message, and for whom; `None`: that was the last.
    pub(super) async fn next(&mut self) -> Result<Option<(Reply, Audience)>> {
        match std::mem::replace(self, Self::Nothing) {
            Self::Nothing => Ok(None),
            Self::Message(reply, to) => Ok(Some((reply, to))),
            Self::Files(mut rest) => {
                let made = rest.next().await;
                *self = Self::Files(rest);
                Ok(made?.map(|reply| (reply, Audience::Asker)))
            }
        }
    }

    /// Messages with files that were not made yet.
    pub(super) fn files_left(&self) -> usize {
        match self {
            Self::Files(rest) => rest.left(),
            Self::Nothing | Self::Message(..) => 0,
        }
    }
}

/// Who sees a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Everybody in the channel.
    Everybody,
    /// The asker alone.
    Asker,
}

/// What a message says. It pings nobody, whatever its text.
#[derive(Clone, Debug, Default)]
pub(super) struct Reply {
    content: String,
    embeds: Vec<CreateEmbed>,
    rows: Vec<CreateActionRow>,
    /// Files below it.
    files: Vec<CreateAttachment>,
    /// The time attack whose message this is to be.
    shown: Option<Shown>,
    /// The message of the outbox that goes out if this one does not arrive.
    standby: Option<OutboxId>,
    /// The extension that its reader learns of by it.
    tells: Option<Shown>,
    /// Kept until it is sent.
    permit: Option<Arc<Permit>>,
}

impl Reply {
    pub(super) fn new(content: impl Into<String>) -> Self {
        Self {
            content: shorten(&content.into(), CONTENT_LENGTH),
            ..Self::default()
        }
    }

    pub(super) fn embed(mut self, embed: CreateEmbed) -> Self {
        self.embeds.push(embed);
        self
    }

    pub(super) fn row(mut self, row: CreateActionRow) -> Self {
        self.rows.push(row);
        self
    }

    /// A row of buttons, if there are any.
    pub(super) fn buttons(self, buttons: Vec<CreateButton>) -> Self {
        if buttons.is_empty() {
            self
        } else {
            self.row(CreateActionRow::Buttons(buttons))
        }
    }

    /// One more line of text.
    pub(super) fn line(mut self, line: &str) -> Self {
        self.content = shorten(&format!("{}\n{line}", self.content), CONTENT_LENGTH);
        self
    }

    /// Only in a message of its own, not in the place of another.
    pub(super) fn file(mut self, file: CreateAttachment) -> Self {
        self.files.push(file);
        self
    }

    /// Others' files wait until this one's are sent.
    pub(super) fn keeping(mut self, permit: Arc<Permit>) -> Self {
        self.permit = Some(permit);
        self
    }

    /// Bytes of its files.
    pub(super) fn file_bytes(&self) -> usize {
        self.files.iter().map(|file| file.data.len()).sum()
    }

    /// Whether it has files.
    pub(super) fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// This becomes the message of a time attack, to be edited when something changes.
    pub(super) fn shows(mut self, shown: Shown) -> Self {
        self.shown = Some(shown);
        self
    }

    /// Should it not arrive, this message of the outbox takes its place.
    pub(super) fn instead_of(mut self, standby: Option<OutboxId>) -> Self {
        self.standby = standby;
        self
    }

    /// Its reader learns of an extension by it.
    pub(super) fn tells(mut self, extension: Shown) -> Self {
        self.tells = Some(extension);
        self
    }

    pub(super) fn standby(&self) -> Option<OutboxId> {
        self.standby
    }

    fn into_message(self) -> CreateInteractionResponseMessage {
        // Embeds and rows are always given: in an update, what is not given stays.
        let message = CreateInteractionResponseMessage::new()
            .content(self.content)
            .embeds(self.embeds)
            .components(self.rows)
            .allowed_mentions(CreateAllowedMentions::new());
        self.files
            .into_iter()
            .fold(message, CreateInteractionResponseMessage::add_file)
    }

    pub(super) fn into_followup(self) -> CreateInteractionResponseFollowup {
        let followup = CreateInteractionResponseFollowup::new()
            .content(self.content)
            .embeds(self.embeds)
            .components(self.rows)
            .allowed_mentions(CreateAllowedMentions::new());
        self.files
            .into_iter()
            .fold(followup, CreateInteractionResponseFollowup::add_file)
    }

    /// In the place of a message, whole.
    pub(super) fn into_edit(self) -> EditInteractionResponse {
        EditInteractionResponse::new()
            .content(self.content)
            .embeds(self.embeds)
            .components(self.rows)
            .allowed_mentions(CreateAllowedMentions::new())
    }
}

/// A message as it would be posted, except that nobody is pinged.
impl From<messenger::Message> for Reply {
    fn from(message: messenger::Message) -> Self {
        message
            .embeds
            .into_iter()
            .fold(Self::new(message.content), |reply, embed| {
                reply.embed(embed_of(embed))
            })
            .buttons(message.buttons.into_iter().map(button_of).collect())
    }
}

impl Answer {
    /// For everybody in the channel, if the asker may write there; else for the asker alone.
    pub(super) fn in_public(reply: Reply, asker: &Asker) -> Self {
        if asker.may_write() {
            Self::Public(reply)
        } else {
            Self::Private(reply)
        }
    }

    /// The time attack whose message it is.
    pub(super) fn shown(&self) -> Option<Shown> {
        match self {
            Self::Public(reply) | Self::PublicThen { first: reply, .. } | Self::Update(reply) => {
                reply.shown
            }
            Self::UpdateThen { update, .. } => update.shown,
            Self::Private(_) | Self::PrivateThen { .. } | Self::Form(_) => None,
        }
    }

    /// Its first message; a form is none.
    fn first(&self) -> Option<&Reply> {
        match self {
            Self::Public(first)
            | Self::PublicThen { first, .. }
            | Self::Private(first)
            | Self::PrivateThen { first, .. }
            | Self::Update(first)
            | Self::UpdateThen { update: first, .. } => Some(first),
            Self::Form(_) => None,
        }
    }

    /// The message of the outbox that goes out if it does not arrive.
    pub(super) fn standby(&self) -> Option<OutboxId> {
        self.first()?.standby
    }

    /// The extension that its reader learns of by it.
    pub(super) fn tells(&self) -> Option<Shown> {
        self.first()?.tells
    }

    /// Those of all that it says.
    pub(super) fn standbys(&self) -> Vec<OutboxId> {
        let then = match self {
            Self::UpdateThen { then, .. } => then.standby(),
            // Files are told of by nothing else.
            _ => None,
        };
        self.standby().into_iter().chain(then).collect()
    }

    /// What keeps others' files waiting until it, and what follows it, is sent.
    pub(super) fn permit(&self) -> Option<Arc<Permit>> {
        match self {
            Self::Private(reply) | Self::PrivateThen { first: reply, .. } => reply.permit.clone(),
            _ => None,
        }
    }

    /// The answer alone, and what follows it.
    pub(super) fn split(self) -> (Self, Then) {
        match self {
            Self::UpdateThen { update, then, to } => {
                (Self::Update(update), Then::Message(then, to))
            }
            Self::PublicThen { first, then } => {
                (Self::Public(first), Then::Message(then, Audience::Asker))
            }
            Self::PrivateThen { first, then } => (Self::Private(first), Then::Files(then)),
            alone => (alone, Then::Nothing),
        }
    }

    /// Whether it has files that take longer to be sent than a first response may.
    pub(super) fn is_large(&self) -> bool {
        // An update has none.
        self.first()
            .is_some_and(|first| first.file_bytes() > AT_ONCE_BYTES)
    }

    pub(super) fn into_response(self) -> CreateInteractionResponse {
        match self {
            Self::Public(reply) | Self::PublicThen { first: reply, .. } => {
                CreateInteractionResponse::Message(reply.into_message())
            }
            Self::Private(reply) | Self::PrivateThen { first: reply, .. } => {
                CreateInteractionResponse::Message(reply.into_message().ephemeral(true))
            }
            Self::Update(reply) | Self::UpdateThen { update: reply, .. } => {
                CreateInteractionResponse::UpdateMessage(reply.into_message())
            }
            Self::Form(form) => CreateInteractionResponse::Modal(form),
        }
    }
}

/// Logs that an answer could not be sent.
pub(super) fn lost(error: serenity::Error) {
    tracing::warn!(error = describe(error), "an answer could not be sent");
}

/// What a person is told about an error. One that is not theirs is logged here, once, with the id
/// that the person sees if it is ours.
pub(super) fn explain(error: Error, language: Language, interaction: u64) -> String {
    match error {
        Error::User(error) => {
            tracing::debug!(%error, "refused");
            error.text(language)
        }
        Error::Away(error) => {
            log_failed(&error, interaction);
            UserError::Busy.text(language)
        }
        Error::Internal(error) => {
            let id = log_failed(&error, interaction);
            text(language, "error-internal", &[("id", id.into())])
        }
    }
}

/// Logs an error with all its causes, and returns the id that it has there.
fn log_failed(error: &anyhow::Error, interaction: u64) -> String {
    let id = format!("{:08X}", interaction & 0xffff_ffff);
    tracing::error!(
        error.id = id,
        interaction.id = interaction,
        error = format!("{error:#}"),
        "an interaction failed"
    );
    id
}

/// Shows the asker what was kept for them because no channel took it. Each is kept until Discord
/// has taken it.
pub(super) async fn show_unshown(data: &Data, ctx: &serenity::Context, asker: &Asker) {
    let app = &data.app;
    // A second answer at the same time would show the same.
    let Some(_showing) = data.begin_showing(asker) else {
        return;
    };
    let unshown = match timeattack::unshown(app, asker.guild, asker.user).await {
        Ok(unshown) => unshown,
        Err(error) => {
            let error = format!("{error:#}");
            return tracing::warn!(error, "messages kept for a member could not be read");
        }
    };
    for kept in unshown {
        let (row, mut message) = (kept.id, kept.message);
        let key = if kept.was_direct {
            "kept-for-you-direct"
        } else {
            "kept-for-you"
        };
        let heading = text(asker.language, key, &[]);
        message.content = format!("{heading}\n{}", message.content);
        let followup = Reply::from(message).into_followup().ephemeral(true);
        let sent = ctx
            .http
            .create_followup_message(&asker.token, &followup, Vec::new());
        if let Err(error) = sent.await {
            return lost(error);
        }
        if let Err(error) = timeattack::was_shown(app, row).await {
            let error = format!("{error:#}");
            return tracing::warn!(error, "messages shown to a member stay in the list");
        }
    }
}

fn embed_of(embed: messenger::Embed) -> CreateEmbed {
    let mut made = CreateEmbed::new();
    if let Some(title) = embed.title {
        made = made.title(title);
    }
    if let Some(description) = embed.description {
        made = made.description(description);
    }
    if let Some(url) = embed.image_url {
        made = made.image(url);
    }
    if let Some(color) = embed.color {
        made = made.color(color);
    }
    made
}

fn button_of(button: messenger::Button) -> CreateButton {
    let style = match button.style {
        messenger::ButtonStyle::Primary => serenity::ButtonStyle::Primary,
        messenger::ButtonStyle::Secondary => serenity::ButtonStyle::Secondary,
        messenger::ButtonStyle::Success => serenity::ButtonStyle::Success,
        messenger::ButtonStyle::Danger => serenity::ButtonStyle::Danger,
    };
    CreateButton::new(button.custom_id)
        .label(button.label)
        .style(style)
}

/// As many lines as an embed's description takes.
pub(super) fn listed(lines: impl IntoIterator<Item = String>) -> String {
    let mut list = String::new();
    let mut length = 0;
    for line in lines {
        let line_length = line.chars().count() + 1;
        // Room for the dots that say that there is more.
        if length + line_length > DESCRIPTION_LENGTH - 2 {
            list.push_str("\n…");
            break;
        }
        if !list.is_empty() {
            list.push('\n');
        }
        list.push_str(&line);
        length += line_length;
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_fits_an_embed() {
        assert_eq!(listed(["a".to_owned(), "b".to_owned()]), "a\nb");
        let long = listed((0..200).map(|_| "가".repeat(50)));
        assert!(long.chars().count() <= DESCRIPTION_LENGTH);
        assert!(long.ends_with("\n…"));
    }

    #[test]
    fn a_fault_of_ours_is_told_by_its_id_alone() {
        let error = Error::Internal(anyhow::anyhow!("a bug"));
        let told = explain(error, Language::English, 0xabcd);
        assert!(told.contains("0000ABCD") && !told.contains("bug"));
    }

    #[test]
    fn a_database_that_is_away_is_no_fault_to_report_but_a_reason_to_try_again() {
        for language in Language::ALL {
            let error = Error::Away(anyhow::anyhow!("no connection"));
            let told = explain(error, language, 0xabcd);
            assert_eq!(told, UserError::Busy.text(language));
        }
    }

    #[test]
    fn no_answer_pings_anybody_and_an_update_takes_the_buttons_away() {
        let reply = Reply::new("<@1> @everyone");
        let update = serde_json::to_value(Answer::Update(reply).into_response()).unwrap();
        assert_eq!(update["type"], 7);
        assert_eq!(
            update["data"]["allowed_mentions"]["parse"],
            serde_json::json!([])
        );
        assert_eq!(update["data"]["components"], serde_json::json!([]));
        assert_eq!(update["data"]["embeds"], serde_json::json!([]));
    }
}
