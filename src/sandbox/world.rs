//! What exists in the local Discord: servers, channels, people, messages, commands.
//!
//! All of it is in memory and behind one lock that is held for microseconds and never across an
//! `await`. Ids are bare `u64`s in here; the room's edges speak the types of [`crate::ids`].

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::body::FILE_MAX;
use super::error::ApiError;
use super::interactions::Interactions;
use super::message::Message;
use super::permissions::{self, Overwrite};
use crate::ids::MessageId;

/// Messages kept per channel; older ones are forgotten, so that a load test needs no memory. More
/// than a bot of ours reads back, so that a flood beyond that can be tried.
pub(super) const MESSAGES_KEPT: usize = 1_500;
/// How long a nonce is remembered. Discord's reference says “the past few minutes”.
const NONCE_LIFE_MS: i64 = 5 * 60_000;
/// Nonces remembered in all, each with its message: a bound on memory under load.
const NONCES_KEPT: usize = 100_000;
/// Bytes of uploads kept in all; the oldest go first.
const UPLOADS_KEPT: usize = 64 * 1024 * 1024;

pub(super) struct World {
    /// The bot's user id, which is its application's id too, as for every newer application.
    pub(super) bot: u64,
    /// The person who registered the application.
    pub(super) owner: u64,
    pub(super) users: HashMap<u64, User>,
    pub(super) guilds: BTreeMap<u64, Guild>,
    /// Server channels, threads and direct messages alike.
    pub(super) channels: BTreeMap<u64, Channel>,
    /// The direct-message channel by the user at its other end.
    pub(super) direct: HashMap<u64, u64>,
    /// Commands as Discord answers them; `None` is the global list.
    pub(super) commands: HashMap<Option<u64>, Vec<Value>>,
    pub(super) interactions: Interactions,
    pub(super) uploads: Uploads,
    nonces: Nonces,
    /// While set, opening a direct message is answered 40003.
    pub(super) opening_dms_too_fast: bool,
    /// Bytes that a file may have.
    pub(super) file_bytes: usize,
}

#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) id: u64,
    pub(super) name: String,
    /// The name people see; bots have none.
    pub(super) global_name: Option<String>,
    pub(super) locale: String,
    pub(super) bot: bool,
    /// Whether the user takes no direct messages from servers' members.
    pub(super) dms_closed: bool,
}

pub(super) struct Guild {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) owner_id: u64,
    pub(super) locale: String,
    pub(super) roles: BTreeMap<u64, Role>,
    pub(super) members: BTreeMap<u64, Member>,
    /// Whether the bot is in it.
    pub(super) has_bot: bool,
    /// Whether it has the bot's commands although the bot is not in it.
    pub(super) has_commands_alone: bool,
    /// Where Discord itself writes who came.
    pub(super) system_channel: Option<u64>,
}

#[derive(Clone, Debug)]
pub(super) struct Role {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) permissions: u64,
    pub(super) position: u32,
    pub(super) mentionable: bool,
    /// Set on the role that Discord makes for a bot.
    pub(super) bot: Option<u64>,
}

#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) user: u64,
    pub(super) nick: Option<String>,
    pub(super) roles: Vec<u64>,
    pub(super) joined_ms: i64,
}

/// The kinds of channel that exist here, by Discord's “Channel Types”.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChannelKind {
    Text = 0,
    Direct = 1,
    Voice = 2,
    News = 5,
    PublicThread = 11,
    Stage = 13,
    Forum = 15,
}

impl ChannelKind {
    /// The kind of a server's channel by Discord's number.
    pub(super) fn of_number(number: u8) -> Option<Self> {
        let kinds = [
            Self::Text,
            Self::Voice,
            Self::News,
            Self::Stage,
            Self::Forum,
        ];
        kinds.into_iter().find(|kind| *kind as u8 == number)
    }

    pub(super) fn is_thread(self) -> bool {
        self == Self::PublicThread
    }
}

pub(super) struct Channel {
    pub(super) id: u64,
    pub(super) kind: ChannelKind,
    /// `None` for direct messages.
    pub(super) guild: Option<u64>,
    /// The channel a thread belongs to.
    pub(super) parent: Option<u64>,
    /// The other end of a direct message.
    pub(super) recipient: Option<u64>,
    pub(super) name: String,
    pub(super) position: usize,
    pub(super) overwrites: Vec<Overwrite>,
    pub(super) archived: bool,
    pub(super) locked: bool,
    pub(super) owner: u64,
    pub(super) created_ms: i64,
    pub(super) last_message: Option<u64>,
    pub(super) message_count: u64,
    pub(super) messages: VecDeque<Arc<Message>>,
}

impl Channel {
    pub(super) fn new(id: u64, kind: ChannelKind, name: &str, now_ms: i64) -> Self {
        Self {
            id,
            kind,
            guild: None,
            parent: None,
            recipient: None,
            name: name.to_owned(),
            position: 0,
            overwrites: Vec::new(),
            archived: false,
            locked: false,
            owner: 0,
            created_ms: now_ms,
            last_message: None,
            message_count: 0,
            messages: VecDeque::new(),
        }
    }

    pub(super) fn message(&self, id: u64) -> Option<&Arc<Message>> {
        // Ids only grow, but a click can be backdated: search from the newest, without bisecting.
        self.messages
            .iter()
            .rev()
            .find(|message| message.id.get() == id)
    }

    pub(super) fn message_mut(&mut self, id: u64) -> Option<&mut Message> {
        let found = self
            .messages
            .iter_mut()
            .rev()
            .find(|message| message.id.get() == id);
        found.map(Arc::make_mut)
    }

    pub(super) fn push(&mut self, message: Arc<Message>) {
        if self.messages.len() == MESSAGES_KEPT {
            self.messages.pop_front();
        }
        if message.visible_to.is_none() {
            self.last_message = Some(message.id.get());
            self.message_count += 1;
        }
        self.messages.push_back(message);
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<Arc<Message>> {
        let at = self
            .messages
            .iter()
            .position(|message| message.id.get() == id)?;
        self.messages.remove(at)
    }
}

impl World {
    pub(super) fn new(bot: User, owner: User) -> Self {
        Self {
            bot: bot.id,
            owner: owner.id,
            users: HashMap::from([(bot.id, bot), (owner.id, owner)]),
            guilds: BTreeMap::new(),
            channels: BTreeMap::new(),
            direct: HashMap::new(),
            commands: HashMap::new(),
            interactions: Interactions::default(),
            uploads: Uploads::default(),
            nonces: Nonces::default(),
            opening_dms_too_fast: false,
            file_bytes: FILE_MAX,
        }
    }

    /// The server, if the bot is in it; else 10004, as for one that never was.
    pub(super) fn guild(&self, id: u64) -> Result<&Guild, ApiError> {
        let guild = self.guilds.get(&id).filter(|guild| guild.has_bot);
        guild.ok_or_else(|| ApiError::code(10_004))
    }

    /// What `user` may do in `channel`. In direct messages, all that there is to do.
    pub(super) fn permissions_in(&self, channel: &Channel, user: u64) -> u64 {
        let Some(guild) = channel.guild.and_then(|id| self.guilds.get(&id)) else {
            return permissions::ALL & !permissions::ADMINISTRATOR;
        };
        let parent = channel.parent.and_then(|id| self.channels.get(&id));
        permissions::in_channel(guild, channel, parent, user)
    }

    /// The channel, if the bot can see it: 10003 when it does not exist, 50001 when it is hidden
    /// or the bot was kicked.
    pub(super) fn visible_channel(&self, id: u64) -> Result<(&Channel, u64), ApiError> {
        let channel = self
            .channels
            .get(&id)
            .ok_or_else(|| ApiError::code(10_003))?;
        if let Some(guild) = channel.guild
            && !self.guilds.get(&guild).is_some_and(|guild| guild.has_bot)
        {
            return Err(ApiError::code(50_001));
        }
        let permissions = self.permissions_in(channel, self.bot);
        if permissions & permissions::VIEW_CHANNEL == 0 {
            return Err(ApiError::code(50_001));
        }
        Ok((channel, permissions))
    }

    /// Stores a message.
    pub(super) fn store(&mut self, message: Message) -> Arc<Message> {
        let message = Arc::new(message);
        if let Some(channel) = self.channels.get_mut(&message.channel_id.get()) {
            channel.push(Arc::clone(&message));
        }
        message
    }

    /// Changes a stored message and hands back how it looks now.
    pub(super) fn edit(
        &mut self,
        channel: u64,
        id: MessageId,
        change: impl FnOnce(&mut Message),
    ) -> Option<Arc<Message>> {
        let channel = self.channels.get_mut(&channel)?;
        change(channel.message_mut(id.get())?);
        channel.message(id.get()).cloned()
    }

    /// The message that was sent to this channel with this nonce in the past few minutes.
    pub(super) fn with_nonce(
        &self,
        channel: u64,
        nonce: &str,
        now_ms: i64,
    ) -> Option<Arc<Message>> {
        let (at_ms, message) = self.nonces.messages.get(&(channel, nonce.to_owned()))?;
        if now_ms - at_ms > NONCE_LIFE_MS {
            return None;
        }
        // As it looks now, if it is still kept; a deleted or forgotten one as it looked then.
        let now = self
            .channels
            .get(&channel)
            .and_then(|channel| channel.message(message.id.get()));
        Some(Arc::clone(now.unwrap_or(message)))
    }

    pub(super) fn remember_nonce(&mut self, nonce: &str, message: &Arc<Message>, now_ms: i64) {
        let key = (message.channel_id.get(), nonce.to_owned());
        let nonces = &mut self.nonces;
        let too_old = |(at_ms, _): &(i64, (u64, String))| now_ms - at_ms > NONCE_LIFE_MS;
        while nonces.order.len() >= NONCES_KEPT || nonces.order.front().is_some_and(too_old) {
            if let Some((at_ms, key)) = nonces.order.pop_front()
                && nonces
                    .messages
                    .get(&key)
                    .is_some_and(|(newest_ms, _)| *newest_ms == at_ms)
            {
                nonces.messages.remove(&key);
            }
        }
        nonces.order.push_back((now_ms, key.clone()));
        nonces.messages.insert(key, (now_ms, Arc::clone(message)));
    }

    /// Whether a direct message from the bot reaches the user.
    pub(super) fn takes_dms(&self, user: u64) -> Result<(), ApiError> {
        let user = self
            .users
            .get(&user)
            .ok_or_else(|| ApiError::code(10_013))?;
        if user.dms_closed || user.bot {
            return Err(ApiError::code(50_007));
        }
        let shares = |guild: &Guild| guild.has_bot && guild.members.contains_key(&user.id);
        if !self.guilds.values().any(shares) {
            return Err(ApiError::code(50_278));
        }
        Ok(())
    }
}

#[derive(Default)]
struct Nonces {
    messages: HashMap<(u64, String), (i64, Arc<Message>)>,
    order: VecDeque<(i64, (u64, String))>,
}

/// An uploaded file.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    pub(super) bytes: axum::body::Bytes,
    pub(super) content_type: String,
}

/// The files behind `/attachments/…`.
#[derive(Default)]
pub(super) struct Uploads {
    files: BTreeMap<u64, Upload>,
    bytes: usize,
}

impl Uploads {
    pub(super) fn keep(&mut self, id: u64, upload: Upload) {
        self.bytes += upload.bytes.len();
        self.files.insert(id, upload);
        while self.bytes > UPLOADS_KEPT && self.files.len() > 1 {
            if let Some((_, oldest)) = self.files.pop_first() {
                self.bytes -= oldest.bytes.len();
            }
        }
    }

    pub(super) fn get(&self, id: u64) -> Option<&Upload> {
        self.files.get(&id)
    }
}
