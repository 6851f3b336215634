//! A local Discord: REST and gateway v10, well enough that serenity and other clients cannot tell.
//!
//! # Promise
//!
//! It serves the tests, each with its own, and `timeattack sandbox`. It answers in the shapes of
//! Discord's OpenAPI document, enforces Discord's rules (permissions, sizes, three seconds for a
//! first answer, fifteen minutes for a token, nonces, rate limits with their headers), and makes
//! the troubles one orders. All of it is in memory; time comes from the [`Clock`] alone.
//!
//! # Map
//!
//! `world` is what exists, `rest` and `gateway` are the two doors of the bot, `actor` is
//! the people's, `interactions` joins them. At every door stands `same_site`, and the keys to them are
//! `tokens`. `direct` is what people and the bot have between
//! themselves. `page` is a chat client in the browser to try it by hand, `insight` what it is told of
//! the bot beside it, `mail` the mailbox.

mod actor;
mod body;
mod components;
mod direct;
mod draft;
mod error;
mod faults;
mod gateway;
pub mod insight;
mod interactions;
mod limits;
mod mail;
mod message;
mod page;
pub mod permissions;
mod picture;
mod posting;
pub mod record;
mod rest;
mod same_site;
mod say;
mod shapes;
mod slash_line;
mod snowflake;
mod state;
mod tokens;
mod world;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use slash_line::as_read as slash_line_as_read;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use actor::{Actor, OptionValue, Refused, Reply};
pub use faults::{Fault, FaultKind};
pub use message::{Attachment, Button, Message};
pub use record::Exchange;
pub use state::OnMessage;
pub use tokens::Seed;

use crate::clock::Clock;
use crate::documents::{self, Documents};
use crate::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use crate::server;
use permissions::Overwrite;
use snowflake::SnowflakeMaker;
use state::Shared;
use tokens::Tokens;
use world::{Channel, ChannelKind, Guild, Member, Role, User, World};

/// How long the waiting helpers wait, in real time: far longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Connections at once: more than any test or bench makes, and far fewer than systems allow.
const CONNECTIONS: usize = 4_096;
/// How long a connection may be idle: longer than the clients of bots and browsers keep theirs, so
/// that none of them sends a request into one that is just being closed.
const IDLE: Duration = Duration::from_secs(600);
/// How long a client may take for the next piece of an answer. It is on this machine, or near.
const WRITE: Duration = Duration::from_secs(30);

/// How to start a local Discord.
pub struct Options {
    /// Where to listen; port 0 takes any.
    pub addr: SocketAddr,
    /// Its time.
    pub clock: Clock,
    /// What the tokens follow from: for anything but a test, drawn for each start.
    pub seed: Seed,
    /// Connections at once, and so the most file handles.
    pub connections: usize,
    /// Whether rate limits are kept from the start.
    pub rate_limits: bool,
    /// Whether exchanges are kept, for checks against Discord's schema.
    pub record: bool,
    /// The folder of the mails that the bot wrote, for the page's mailbox.
    pub mail: Option<PathBuf>,
    /// Told of every stored message.
    pub on_message: Option<OnMessage>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock: Clock::System,
            seed: Seed::default(),
            connections: CONNECTIONS,
            rate_limits: false,
            record: true,
            mail: None,
            on_message: None,
        }
    }
}

/// A running local Discord; clones share it, and it ends with [`LocalDiscord::stop`].
#[derive(Clone)]
pub struct LocalDiscord {
    shared: Arc<Shared>,
}

/// Who and what is in a server.
#[derive(Clone, Debug)]
pub struct Cast {
    /// The language it speaks.
    pub locale: String,
    /// Its channels, as they are listed.
    pub channels: Vec<ChannelId>,
    /// Its people, without the bot.
    pub people: Vec<Part>,
}

/// Somebody in a server.
#[derive(Clone, Debug)]
pub struct Part {
    /// Who.
    pub user: UserId,
    /// What they are called.
    pub name: String,
    /// Their language.
    pub locale: String,
    /// Whether they have Manage Server.
    pub manages: bool,
}

impl LocalDiscord {
    /// Starts to listen.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.addr).await?;
        let ids = SnowflakeMaker::default();
        // The world's own ids come from a fixed day, so that the same world has the same ids at
        // every start, and what the bot stored of it stays true.
        let bot = person(&ids, "timeattack", "en-US", true);
        let owner = person(&ids, "owner", "en-US", false);
        let tokens = Tokens::new(&options.seed);
        let shared = Arc::new(Shared {
            base_url: format!("http://{}", listener.local_addr()?),
            token: tokens.bot(),
            tokens,
            limits: limits::Limits::default(),
            faults: faults::Faults::default(),
            record: record::Record::new(options.record),
            gateway: gateway::Gateway::default(),
            on_message: options.on_message,
            insight: OnceLock::new(),
            mail: options.mail,
            documents: Documents::start(documents::Limits::default())?,
            began_ms: options.clock.now_ms(),
            changes: tokio::sync::watch::Sender::new(0),
            turning: tokio::sync::Mutex::default(),
            stop: CancellationToken::new(),
            world: std::sync::Mutex::new(World::new(bot, owner)),
            clock: options.clock,
            ids,
        });
        shared.limits.switch(options.rate_limits);
        let discord = Self { shared };
        let router = page::router(discord.clone())
            .merge(insight::router())
            .merge(mail::router())
            .fallback(rest::handle)
            .layer(axum::middleware::from_fn(same_site::refuse_others))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(Arc::clone(&discord.shared));
        let stop = discord.shared.stop.clone();
        let limits = server::Limits {
            connections: options.connections,
            head: IDLE,
            write: WRITE,
        };
        tokio::spawn(async move {
            // By the machine's clock: how long a client takes is not what is turned.
            server::serve(listener, router, limits, &Clock::System, stop).await;
        });
        Ok(discord)
    }

    /// Base of its API, as `DISCORD_API_URL` takes it.
    pub fn url(&self) -> String {
        self.shared.base_url.clone()
    }

    /// The bot's token.
    pub fn token(&self) -> String {
        self.shared.token.clone()
    }

    /// Ends it.
    pub fn stop(&self) {
        self.shared.stop.cancel();
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// A server that the bot has been in for long, with the permissions it asks for when it is invited.
    pub fn add_guild(&self, name: &str, locale: &str) -> GuildId {
        let mut world = self.shared.world();
        let id = made(&self.shared.ids);
        let everyone = Role {
            id,
            name: "@everyone".into(),
            permissions: permissions::EVERYONE & !permissions::MENTION_EVERYONE,
            position: 0,
            mentionable: false,
            bot: None,
        };
        let own = bots_role(made(&self.shared.ids), world.bot);
        let bot = bots_member(world.bot, own.id, WORLD_MS);
        let guild = Guild {
            id,
            name: name.into(),
            owner_id: world.owner,
            locale: locale.into(),
            roles: BTreeMap::from([(everyone.id, everyone), (own.id, own)]),
            members: BTreeMap::from([(bot.user, bot)]),
            has_bot: true,
            has_commands_alone: false,
            system_channel: None,
        };
        let shape = world.guild_create(&guild, false);
        world.guilds.insert(id, guild);
        self.shared.emit_of_guild("GUILD_CREATE", &shape, id);
        id.into()
    }

    /// A text channel.
    pub fn add_channel(&self, guild: GuildId, name: &str) -> ChannelId {
        self.add_channel_of_kind(guild, name, ChannelKind::Text as u8)
    }

    /// A channel of another kind, by Discord's number; one of text if there is none of it here.
    pub fn add_channel_of_kind(&self, guild: GuildId, name: &str, kind: u8) -> ChannelId {
        let mut world = self.shared.world();
        let id = made(&self.shared.ids);
        let kind = ChannelKind::of_number(kind).unwrap_or(ChannelKind::Text);
        let mut channel = Channel::new(id, kind, name, self.shared.clock.now_ms());
        channel.guild = Some(guild.get());
        channel.position = world.channels.len();
        let shape = world.channel_shape(&channel);
        world.channels.insert(id, channel);
        let shared = &self.shared;
        shared.emit_of_guild("CHANNEL_CREATE", &shape, guild.get());
        id.into()
    }

    /// A public thread below a text channel.
    pub fn add_thread(&self, parent: ChannelId, name: &str) -> ChannelId {
        let mut world = self.shared.world();
        let id = made(&self.shared.ids);
        let now_ms = self.shared.clock.now_ms();
        let mut thread = Channel::new(id, ChannelKind::PublicThread, name, now_ms);
        let above = world.channels.get(&parent.get());
        thread.guild = above.and_then(|parent| parent.guild);
        thread.parent = Some(parent.get());
        thread.owner = world.owner;
        let shape = world.channel_shape(&thread);
        if let Some(guild) = thread.guild {
            self.shared.emit_of_guild("THREAD_CREATE", &shape, guild);
        }
        world.channels.insert(id, thread);
        id.into()
    }

    /// Archives a thread; locked, only moderators bring it back by writing in it.
    pub fn archive_thread(&self, thread: ChannelId, locked: bool) {
        let mut world = self.shared.world();
        let Some(found) = world.channels.get_mut(&thread.get()) else {
            return;
        };
        (found.archived, found.locked) = (true, locked);
        if let Some(found) = world.channels.get(&thread.get())
            && let Some(guild) = found.guild
        {
            let shape = world.channel_shape(found);
            self.shared.emit_of_guild("THREAD_UPDATE", &shape, guild);
        }
    }

    /// Chooses where Discord itself writes in a server who came.
    pub fn set_system_channel(&self, guild: GuildId, channel: Option<ChannelId>) {
        if let Some(found) = self.shared.world().guilds.get_mut(&guild.get()) {
            found.system_channel = channel.map(ChannelId::get);
        }
    }

    /// Who and what is in a server: for whoever plays its people. `None`: there is no such server.
    pub fn cast(&self, guild: GuildId) -> Option<Cast> {
        let world = self.shared.world();
        let found = world.guilds.get(&guild.get())?;
        let channels = world.channels.values();
        let in_it = channels.filter(|one| one.guild == Some(found.id) && !one.kind.is_thread());
        let is_person = |user: &&User| !user.bot && user.id != world.owner;
        let members = found.members.keys();
        let people = members
            .filter_map(|id| world.users.get(id))
            .filter(is_person);
        let part = |user: &User| Part {
            user: user.id.into(),
            name: user
                .global_name
                .clone()
                .unwrap_or_else(|| user.name.clone()),
            locale: user.locale.clone(),
            manages: permissions::in_guild(found, user.id) & permissions::MANAGE_GUILD != 0,
        };
        Some(Cast {
            locale: found.locale.clone(),
            channels: in_it.map(|channel| channel.id.into()).collect(),
            people: people.map(part).collect(),
        })
    }

    /// Puts the bot out of a server.
    pub fn kick_bot(&self, guild: GuildId) {
        let mut world = self.shared.world();
        let bot = world.bot;
        // With it go the commands that stand in this server alone.
        world.commands.remove(&Some(guild.get()));
        if let Some(found) = world.guilds.get_mut(&guild.get()) {
            found.has_bot = false;
            found.has_commands_alone = false;
            found.members.remove(&bot);
            // Without `unavailable`: that is how a kick differs from an outage of Discord's.
            let gone = serde_json::json!({ "id": shapes::id(guild.get()) });
            let shared = &self.shared;
            shared.emit_of_guild("GUILD_DELETE", &gone, guild.get());
            shared.change();
        }
    }

    /// Puts the bot out of a server that keeps its commands, as one does that authorised
    /// `applications.commands` and no bot.
    pub fn keep_commands_alone(&self, guild: GuildId) {
        self.kick_bot(guild);
        if let Some(found) = self.shared.world().guilds.get_mut(&guild.get()) {
            found.has_commands_alone = true;
        }
    }

    /// Brings the bot back into a server that it was put out of, with the permissions it asks for.
    /// What its admins had denied it is forgotten with its role.
    pub fn invite_bot(&self, guild: GuildId) {
        let mut world = self.shared.world();
        let bot = world.bot;
        let role = made(&self.shared.ids);
        let now_ms = self.shared.clock.now_ms();
        let Some(found) = world.guilds.get_mut(&guild.get()) else {
            return;
        };
        if found.has_bot {
            return;
        }
        found.has_bot = true;
        found.roles.retain(|_, role| role.bot != Some(bot));
        found.roles.insert(role, bots_role(role, bot));
        found.members.insert(bot, bots_member(bot, role, now_ms));
        for channel in world.channels.values_mut() {
            if channel.guild == Some(guild.get()) {
                channel.overwrites.retain(|overwrite| overwrite.id != bot);
            }
        }
        let Some(found) = world.guilds.get(&guild.get()) else {
            return;
        };
        let shape = world.guild_create(found, false);
        let shared = &self.shared;
        shared.emit_of_guild("GUILD_CREATE", &shape, guild.get());
        shared.change();
    }

    /// Somebody with an account.
    pub fn add_user(&self, name: &str, locale: &str) -> UserId {
        let user = person(&self.shared.ids, name, locale, false);
        let id = user.id;
        self.shared.world().users.insert(id, user);
        id.into()
    }

    /// Somebody sets their app to another language, which their next interactions name. `false`:
    /// there is nobody with this id, or Discord has no such language.
    pub fn set_locale(&self, user: UserId, locale: &str) -> bool {
        if !LOCALES.contains(&locale) {
            return false;
        }
        let mut world = self.shared.world();
        let Some(user) = world.users.get_mut(&user.get()) else {
            return false;
        };
        locale.clone_into(&mut user.locale);
        drop(world);
        self.shared.change();
        true
    }

    /// Makes a user a member, with these permissions besides everybody's.
    pub fn join(&self, guild: GuildId, user: UserId, more: u64) {
        let mut world = self.shared.world();
        let joined_ms = self.shared.clock.now_ms();
        let role_id = made(&self.shared.ids);
        let Some(guild) = world.guilds.get_mut(&guild.get()) else {
            return;
        };
        let mut roles = Vec::new();
        if more != 0 {
            let role = Role {
                id: role_id,
                name: "more".into(),
                permissions: more,
                position: 2,
                mentionable: false,
                bot: None,
            };
            guild.roles.insert(role_id, role);
            roles.push(role_id);
        }
        let member = Member {
            user: user.get(),
            nick: None,
            roles,
            joined_ms,
        };
        guild.members.insert(user.get(), member);
    }

    /// A member leaves the server.
    pub fn leave(&self, guild: GuildId, user: UserId) {
        if let Some(guild) = self.shared.world().guilds.get_mut(&guild.get()) {
            guild.members.remove(&user.get());
        }
    }

    /// A server calls a member otherwise. (Discord tells of it only bots with a privileged intent.)
    pub fn rename(&self, guild: GuildId, user: UserId, nick: &str) {
        let mut world = self.shared.world();
        let guild = world.guilds.get_mut(&guild.get());
        if let Some(member) = guild.and_then(|guild| guild.members.get_mut(&user.get())) {
            member.nick = Some(nick.into());
        }
    }

    /// A role that gives nothing and can be mentioned by nobody but those who may mention all.
    pub fn add_role(&self, guild: GuildId, name: &str) -> RoleId {
        let mut world = self.shared.world();
        let id = made(&self.shared.ids);
        if let Some(found) = world.guilds.get_mut(&guild.get()) {
            let role = Role {
                id,
                name: name.into(),
                permissions: 0,
                position: u32::try_from(found.roles.len()).unwrap_or(u32::MAX),
                mentionable: false,
                bot: None,
            };
            let shape = shapes::role(&role);
            let shape = serde_json::json!({ "guild_id": shapes::id(found.id), "role": shape });
            found.roles.insert(id, role);
            let shared = &self.shared;
            shared.emit_of_guild("GUILD_ROLE_CREATE", &shape, guild.get());
        }
        id.into()
    }

    /// Gives a member a role of the server.
    pub fn give_role(&self, guild: GuildId, user: UserId, role: RoleId) {
        let mut world = self.shared.world();
        let Some(guild) = world.guilds.get_mut(&guild.get()) else {
            return;
        };
        let is_known = guild.roles.contains_key(&role.get());
        if let Some(member) = guild.members.get_mut(&user.get())
            && is_known
            && !member.roles.contains(&role.get())
        {
            member.roles.push(role.get());
        }
    }

    /// Takes permissions from the bot in one channel.
    pub fn deny_bot(&self, channel: ChannelId, deny: u64) {
        let mut world = self.shared.world();
        let bot = world.bot;
        if let Some(channel) = world.channels.get_mut(&channel.get()) {
            channel.overwrites.retain(|overwrite| overwrite.id != bot);
            channel.overwrites.push(Overwrite {
                id: bot,
                for_member: true,
                allow: 0,
                deny,
            });
        }
    }

    /// Takes permissions from a member in one channel.
    pub fn deny(&self, channel: ChannelId, user: UserId, deny: u64) {
        let mut world = self.shared.world();
        if let Some(channel) = world.channels.get_mut(&channel.get()) {
            let user = user.get();
            channel.overwrites.retain(|overwrite| overwrite.id != user);
            channel.overwrites.push(Overwrite {
                id: user,
                for_member: true,
                allow: 0,
                deny,
            });
        }
    }

    /// Takes permissions from everybody in one channel, also from whoever has them by a role.
    pub fn deny_everyone(&self, channel: ChannelId, deny: u64) {
        let mut world = self.shared.world();
        let Some(channel) = world.channels.get_mut(&channel.get()) else {
            return;
        };
        let Some(everyone) = channel.guild else {
            return;
        };
        channel
            .overwrites
            .retain(|overwrite| overwrite.id != everyone);
        channel.overwrites.push(Overwrite {
            id: everyone,
            for_member: false,
            allow: 0,
            deny,
        });
    }

    /// Deletes a channel.
    pub fn delete_channel(&self, channel: ChannelId) {
        let mut world = self.shared.world();
        let Some(channel) = world.channels.remove(&channel.get()) else {
            return;
        };
        let shape = world.channel_shape(&channel);
        if let Some(guild) = channel.guild {
            self.shared.emit_of_guild("CHANNEL_DELETE", &shape, guild);
        }
    }

    /// Deletes a message, as a moderator does.
    pub fn delete_message(&self, channel: ChannelId, message: MessageId) {
        if let Some(channel) = self.shared.world().channels.get_mut(&channel.get()) {
            channel.remove(message.get());
        }
    }

    /// What stands in a channel, the oldest first, ephemeral messages included.
    pub fn messages(&self, channel: ChannelId) -> Vec<Message> {
        let world = self.shared.world();
        let channel = world.channels.get(&channel.get());
        let messages = channel.into_iter().flat_map(|channel| &channel.messages);
        messages.map(|message| message.as_ref().clone()).collect()
    }

    /// What is in a message's file; nothing once newer files have taken its place.
    pub fn file(&self, attachment: &Attachment) -> Option<Vec<u8>> {
        let world = self.shared.world();
        let upload = world.uploads.get(attachment.id)?;
        Some(upload.bytes.to_vec())
    }

    /// Waits for a message.
    pub async fn message_where(
        &self,
        channel: ChannelId,
        fits: impl Fn(&Message) -> bool,
    ) -> Option<Message> {
        self.wait_for(|| {
            self.messages(channel)
                .into_iter()
                .find(|message| fits(message))
        })
        .await
    }

    /// Waits until a bot is connected and has registered its commands.
    pub async fn wait_for_bot(&self) -> bool {
        let ready = || {
            let has_commands = self
                .shared
                .world()
                .commands
                .values()
                .any(|list| !list.is_empty());
            (has_commands && self.shared.gateway.is_connected()).then_some(())
        };
        self.wait_for(ready).await.is_some()
    }

    /// Waits until so many commands are registered, in a guild or everywhere.
    pub async fn wait_for_commands(&self, guild: Option<GuildId>, count: usize) -> bool {
        let same = || (self.commands(guild).len() == count).then_some(());
        self.wait_for(same).await.is_some()
    }

    /// Waits until these shards, of so many, are connected and no others.
    pub async fn wait_for_shards(&self, shards: &[(u64, u64)]) -> bool {
        let same = || (self.shared.gateway.shards() == shards).then_some(());
        self.wait_for(same).await.is_some()
    }

    async fn wait_for<T>(&self, look: impl Fn() -> Option<T>) -> Option<T> {
        tokio::time::timeout(PATIENCE, self.shared.found(look))
            .await
            .ok()
    }

    /// The registered commands, a guild's or the global ones.
    pub fn commands(&self, guild: Option<GuildId>) -> Vec<Value> {
        let list = guild.map(GuildId::get);
        self.shared
            .world()
            .commands
            .get(&list)
            .cloned()
            .unwrap_or_default()
    }

    /// Every request and its answer so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shared.record.all()
    }

    /// How many requests were answered 429.
    pub fn too_many_requests(&self) -> u64 {
        self.shared.limits.too_many()
    }

    /// Somebody in a channel.
    pub fn actor(&self, user: UserId, channel: ChannelId) -> Actor {
        Actor::new(self.clone(), user, channel)
    }

    /// Orders a fault.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults.add(fault);
    }

    /// Takes back what was ordered; returns how many faults had not happened yet.
    pub fn clear_faults(&self) -> usize {
        let waiting = self.shared.faults.waiting();
        self.shared.faults.clear();
        waiting
    }

    /// Every request is answered 500, or no longer.
    pub fn outage(&self, on: bool) {
        self.shared.faults.outage.store(on, Ordering::Relaxed);
    }

    /// Every request is answered 500 for so long by the clock; 0 ends it.
    pub fn outage_for(&self, ms: i64) {
        let shared = Arc::clone(&self.shared);
        let until_ms = shared.clock.now_ms().saturating_add(ms.max(0));
        shared.faults.outage_until(until_ms);
        // Whoever watches is told when it is over.
        tokio::spawn(async move {
            tokio::select! {
                () = shared.clock.sleep_until(until_ms) => shared.change(),
                () = shared.stop.cancelled() => {}
            }
        });
    }

    /// Heartbeats are no longer answered, or are again.
    pub fn zombie(&self, on: bool) {
        self.shared.faults.zombie.store(on, Ordering::Relaxed);
    }

    /// In sessions that begin while it is on, interactions come before READY and whatever else there
    /// is, which comes once it is off: so a client sees them that takes each event in by a task of
    /// its own.
    pub fn overtake_ready(&self, on: bool) {
        let overtaken = &self.shared.faults.ready_overtaken;
        overtaken.store(on, Ordering::Relaxed);
        if !on {
            self.shared.gateway.release();
        }
    }

    /// Cuts every gateway connection.
    pub fn drop_gateway(&self) {
        self.shared.gateway.drop_connections();
    }

    /// Says something on every gateway connection, whether clients understand it or not.
    pub fn say_on_gateway(&self, text: &str) {
        self.shared.gateway.say(text);
    }

    /// Sends a binary frame on every gateway connection.
    pub fn send_on_gateway(&self, bytes: &[u8]) {
        self.shared.gateway.send_bytes(bytes);
    }

    /// Asks every gateway connection to come back.
    pub fn reconnect(&self) {
        self.shared.gateway.reconnect();
    }

    /// The bot's token is refused, as after it was reset, or taken again.
    pub fn refuse_token(&self, on: bool) {
        self.shared.faults.token_reset.store(on, Ordering::Relaxed);
    }

    /// Every session is over, and whoever asks for one is closed with this code of Discord's; `None`:
    /// they are taken again.
    pub fn refuse_sessions(&self, code: Option<u16>) {
        let refusal = &self.shared.faults.session_refusal;
        refusal.store(code.unwrap_or(0), Ordering::Relaxed);
        if let Some(code) = code {
            self.shared.gateway.end_all(code);
        }
    }

    /// Who connects from now on is told to send heartbeats this often, and is closed (4009) after
    /// half as long again without one.
    pub fn heartbeat_every(&self, every: Duration) {
        let every_ms = i64::try_from(every.as_millis()).unwrap_or(i64::MAX);
        self.shared.gateway.set_heartbeat(every_ms);
    }

    /// Declares every session over.
    pub fn invalid_session(&self, resumable: bool) {
        self.shared.gateway.invalidate(resumable);
    }

    /// A file may have so many bytes from now on, and interactions say so. (Discord has changed it
    /// twice.)
    pub fn limit_files(&self, bytes: usize) {
        self.shared.world().file_bytes = bytes;
    }

    /// Rate limits on or off.
    pub fn rate_limits(&self, on: bool) {
        self.shared.limits.switch(on);
    }
}

/// The role that Discord makes for a bot when it is invited.
fn bots_role(id: u64, bot: u64) -> Role {
    Role {
        id,
        name: "timeattack".into(),
        permissions: permissions::VIEW_CHANNEL
            | permissions::SEND_MESSAGES
            | permissions::SEND_MESSAGES_IN_THREADS
            | permissions::EMBED_LINKS
            | permissions::ATTACH_FILES
            | permissions::READ_MESSAGE_HISTORY,
        position: 1,
        mentionable: false,
        bot: Some(bot),
    }
}

fn bots_member(bot: u64, role: u64, joined_ms: i64) -> Member {
    Member {
        user: bot,
        nick: None,
        roles: vec![role],
        joined_ms,
    }
}

/// The languages of Discord's apps, by its reference, “Locales”.
const LOCALES: [&str; 34] = [
    "id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl",
    "no", "pl", "pt-BR", "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th",
    "zh-CN", "ja", "zh-TW", "ko", "ar", "he",
];

/// The day from which the world's own ids come: 2024-01-01.
const WORLD_MS: i64 = 1_704_067_200_000;

fn made(ids: &SnowflakeMaker) -> u64 {
    ids.make(WORLD_MS)
}

fn person(ids: &SnowflakeMaker, name: &str, locale: &str, bot: bool) -> User {
    User {
        id: made(ids),
        name: name.to_lowercase(),
        global_name: (!bot).then(|| name.to_owned()),
        locale: locale.to_owned(),
        bot,
        dms_closed: false,
    }
}
