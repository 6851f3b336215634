//! What can be said in a Discord channel, and who says it.
//!
//! [`Messenger::Discord`] speaks to Discord (or to the local one); [`Messenger::Memory`] keeps what
//! it was given, for tests. Both are used by the outbox's senders only.
//!
//! A send ends in a [`MessageId`] or a [`SendError`], and the error says what to do: try again and
//! when, give this channel up, or stop altogether. That is decided here, where Discord's codes are
//! understood, and nowhere else.

pub mod discord;
mod discord_time;
mod invite;
pub mod limits;
pub mod markdown;
pub mod memory;
pub mod tokens;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{ChannelId, FileId, GuildId, MessageId, UserId};

pub use discord_time::{ALARM_MS, DiscordTime};
pub use invite::invite_link;
pub use limits::Breakers;

/// Characters of a message's content (Discord's limit).
pub const CONTENT_LENGTH: usize = 2_000;
/// Characters of all embeds of a message together (Discord's limit).
pub const EMBEDS_LENGTH: usize = 6_000;
/// Characters of one embed's description (Discord's limit).
pub const DESCRIPTION_LENGTH: usize = 4_096;
/// Embeds of a message (Discord's limit).
pub const MOST_EMBEDS: usize = 10;
/// Users that `allowed_mentions` may name (Discord's limit).
pub const MOST_MENTIONS: usize = 100;

/// A message to a channel. Whoever is not in `mentions` is not pinged, whatever the text says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The text, in Discord's markdown.
    pub content: String,
    /// Boxes below it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub embeds: Vec<Embed>,
    /// The only users that the text may ping.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    /// One row of buttons, five at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
    /// Files below it, uploaded with the post. An edit leaves them there, or takes them all away if there
    /// are none here any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<File>,
    /// Arrives without a sound (Discord's `SUPPRESS_NOTIFICATIONS`).
    #[serde(default)]
    pub silent: bool,
}

/// A file below a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// What it is kept by until it is uploaded.
    pub id: FileId,
    /// What it is called.
    pub name: String,
    /// Its content, while it is uploaded.
    #[serde(skip)]
    pub bytes: Arc<Vec<u8>>,
}

impl File {
    /// One whose content is kept elsewhere.
    pub fn kept(id: FileId, name: String) -> Self {
        Self {
            id,
            name,
            bytes: Arc::default(),
        }
    }
}

/// A box below a message's text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Embed {
    /// Its heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its text, in Discord's markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// The colour of its edge, `0xRRGGBB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<u32>,
}

impl Embed {
    /// The characters that count against [`EMBEDS_LENGTH`].
    pub fn length(&self) -> usize {
        let count = |text: &Option<String>| text.as_deref().map_or(0, |text| text.chars().count());
        count(&self.title) + count(&self.description)
    }
}

/// A button of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What a click sends back; see `discord::components` for its grammar.
    pub custom_id: String,
    /// What is written on it, 34 characters at most to be shown whole on a phone.
    pub label: String,
    /// Its weight.
    pub style: ButtonStyle,
}

/// How a button looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ButtonStyle {
    /// The one that most people want.
    Primary,
    /// The others.
    Secondary,
    /// Well done.
    Success,
    /// What cannot be undone.
    Danger,
}

/// Says which post a message is: a repeat of the same one must not show twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Nonce(String);

impl Nonce {
    /// At most 19 characters; Discord takes 25.
    pub fn new(message_key: i64, rung: i64) -> Self {
        Self(format!("{message_key:x}.{rung}"))
    }

    /// As it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a message was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It may work later. It may also have arrived: the same nonce must be used again.
    #[error("to be tried again: {why}")]
    Retry {
        /// When Discord said so, or `None`: by the outbox's own waits.
        after_ms: Option<i64>,
        /// For the log and `/queue`.
        why: String,
    },
    /// This channel will not take it, now or later: Discord itself said so, with a code of its
    /// own. Whatever else answers on the way is [`SendError::Retry`].
    #[error("refused: {why}")]
    Discard {
        /// For the log and `/queue`.
        why: String,
    },
    /// This person takes no direct messages, now or until they change it.
    #[error("unreachable: {why}")]
    Unreachable {
        /// For the log and `/queue`.
        why: String,
    },
    /// Direct messages are opened too fast: nobody else's may be opened for a while.
    #[error("not opened: {why}")]
    TooManyOpened {
        /// For the log and `/queue`.
        why: String,
    },
    /// Discord does not accept the token: it said so of this request, and again when it was asked
    /// who the bot is. Every further request would bring the ban of the whole address nearer, so
    /// nothing is sent until [`Messenger::token`] says otherwise.
    #[error("Discord does not accept the bot's token")]
    Unauthorized,
}

/// What Discord says of the bot's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// It knows whose it is.
    Accepted,
    /// It is nobody's: 401, in the words of Discord itself.
    Refused,
    /// No answer, or one that is not Discord's.
    Unknown,
}

/// Sends messages.
#[derive(Clone)]
pub enum Messenger {
    /// To Discord.
    Discord(std::sync::Arc<discord::DiscordMessenger>),
    /// To a list, for tests.
    Memory(memory::MemoryMessenger),
}

impl Messenger {
    /// Returns when a post to `channel` may be sent without breaking Discord's rate limits.
    ///
    /// The wait comes before the message is made, so that what arrives during it can be merged.
    /// One caller per channel at a time.
    pub async fn ready(&self, channel: ChannelId) {
        if let Self::Discord(discord) = self {
            discord.ready(channel).await;
        }
    }

    /// Posts a message. With the same nonce again, within Discord's window of a few minutes, it is
    /// the first message that is returned.
    pub async fn post(
        &self,
        channel: ChannelId,
        message: &Message,
        nonce: &Nonce,
    ) -> Result<MessageId, SendError> {
        match self {
            Self::Discord(discord) => discord.post(channel, message, nonce).await,
            Self::Memory(memory) => memory.post(channel, message, nonce).await,
        }
    }

    /// The channel of direct messages with `user`, opened if it is not yet. It can be opened with
    /// somebody who takes none.
    pub async fn open_dm(&self, user: UserId) -> Result<ChannelId, SendError> {
        match self {
            Self::Discord(discord) => discord.open_dm(user).await,
            Self::Memory(memory) => memory.open_dm(user),
        }
    }

    /// What a server calls somebody, and `None` if they are no member of it; an error where Discord does
    /// not tell.
    pub async fn member_name(
        &self,
        guild: GuildId,
        user: UserId,
    ) -> Result<Option<String>, SendError> {
        match self {
            Self::Discord(discord) => discord.member_name(guild, user).await,
            Self::Memory(memory) => Ok(memory.member_name(guild, user)),
        }
    }

    /// Asks Discord whether it accepts the token.
    pub async fn token(&self) -> Token {
        match self {
            Self::Discord(discord) => discord.token().await,
            Self::Memory(memory) => memory.token(),
        }
    }

    /// Discord's clock; the host's own where nothing is sent to Discord.
    pub fn time(&self) -> DiscordTime {
        match self {
            Self::Discord(discord) => discord.time(),
            Self::Memory(_) => DiscordTime::default(),
        }
    }

    /// Asks Discord for its time once.
    pub async fn ask_the_time(&self) {
        if let Self::Discord(discord) = self {
            discord.ask_the_time().await;
        }
    }

    /// Somebody has seen to it that `channel` takes posts: earlier refusals are forgotten.
    pub fn expect_open(&self, channel: ChannelId) {
        if let Self::Discord(discord) = self {
            discord.expect_open(channel);
        }
    }

    /// Whether `channel` refused the last post, for what will not pass by itself.
    pub fn is_refused_by(&self, channel: ChannelId) -> bool {
        match self {
            Self::Discord(discord) => discord.is_refused_by(channel),
            Self::Memory(_) => false,
        }
    }

    /// What is not sent at present, as Discord refused it too often.
    pub fn breakers(&self) -> Breakers {
        match self {
            Self::Discord(discord) => discord.breakers(),
            Self::Memory(_) => Breakers::default(),
        }
    }

    /// Puts `message` in the place of one that was posted with `nonce`.
    pub async fn edit(
        &self,
        channel: ChannelId,
        id: MessageId,
        message: &Message,
        nonce: &Nonce,
    ) -> Result<(), SendError> {
        match self {
            Self::Discord(discord) => discord.edit(channel, id, message, nonce).await,
            Self::Memory(memory) => memory.edit(channel, id, message).await,
        }
    }

    /// Looks for a message that was posted with `nonce` since `since_ms`, by the mark its first
    /// button carries. For repeats after Discord has forgotten the nonce.
    ///
    /// `None` is no proof: in a channel where more was said since than is read back (a thousand
    /// messages) it may have been overlooked.
    pub async fn find(
        &self,
        channel: ChannelId,
        nonce: &Nonce,
        since_ms: i64,
    ) -> Result<Option<MessageId>, SendError> {
        match self {
            Self::Discord(discord) => discord.find(channel, nonce, since_ms).await,
            Self::Memory(memory) => Ok(memory.find(channel, nonce)),
        }
    }
}
