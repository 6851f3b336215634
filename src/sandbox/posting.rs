//! Turns a draft into a message: files, mentions, nonce, permissions, and the event that says so.

use std::sync::Arc;

use serde_json::{Value, json};

use super::draft::{AllowedMentions, Draft, NewFile};
use super::error::{ApiError, invalid};
use super::gateway::{DIRECT_MESSAGES, GUILD_MESSAGES};
use super::message::{
    Attachment, EPHEMERAL, LOADING, Message, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS,
};
use super::permissions::{
    ATTACH_FILES, EMBED_LINKS, MENTION_EVERYONE, READ_MESSAGE_HISTORY, SEND_MESSAGES,
    SEND_MESSAGES_IN_THREADS,
};
use super::picture;
use super::shapes::id;
use super::state::Shared;
use super::world::{Channel, ChannelKind, Upload, World};
use crate::ids::{MessageId, UserId};

/// The flags that a bot may set when it sends a message.
const FLAGS_ALLOWED: u64 = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | super::message::COMPONENTS_V2;

/// What is known of a message besides its draft.
pub(super) struct Envelope {
    pub(super) channel: u64,
    pub(super) author: u64,
    /// Discord's message type.
    pub(super) kind: u8,
    pub(super) replies_to: Option<u64>,
    pub(super) interaction: Option<Box<(Value, Value)>>,
    pub(super) ephemeral_for: Option<u64>,
    /// Whether this is “… is thinking”, to be filled in later.
    pub(super) loading: bool,
}

/// `POST /channels/{id}/messages`: checks what the bot may do here, and sends.
pub(super) fn send(
    shared: &Shared,
    world: &mut World,
    channel: u64,
    draft: Draft,
) -> Result<Arc<Message>, ApiError> {
    may_send(world, channel, &draft)?;
    let nonce = draft.nonce.as_ref().map(|nonce| {
        nonce
            .as_str()
            .map_or_else(|| nonce.to_string(), str::to_owned)
    });
    let enforced = nonce
        .as_deref()
        .filter(|nonce| draft.enforce_nonce && !nonce.is_empty());
    if let Some(first) =
        enforced.and_then(|nonce| world.with_nonce(channel, nonce, shared.clock.now_ms()))
    {
        return Ok(first);
    }
    let replies_to = match &draft.reference {
        None => None,
        Some(reference) => {
            let exists = world
                .channels
                .get(&channel)
                .is_some_and(|channel| channel.message(reference.message).is_some());
            if !exists && reference.fail_if_not_exists {
                return Err(invalid(
                    "message_reference",
                    "REPLIES_UNKNOWN_MESSAGE",
                    "Unknown message",
                ));
            }
            exists.then_some(reference.message)
        }
    };
    let envelope = Envelope {
        channel,
        author: world.bot,
        kind: if replies_to.is_some() { 19 } else { 0 },
        replies_to,
        interaction: None,
        ephemeral_for: None,
        loading: false,
    };
    let message = post(shared, world, draft, envelope);
    if let Some(nonce) = nonce.filter(|nonce| !nonce.is_empty()) {
        world.remember_nonce(&nonce, &message, shared.clock.now_ms());
    }
    Ok(message)
}

/// Whether the bot may send this draft to this channel.
fn may_send(world: &World, channel: u64, draft: &Draft) -> Result<(), ApiError> {
    let (channel, permissions) = world.visible_channel(channel)?;
    if channel.kind == ChannelKind::Forum {
        return Err(ApiError::code(50_008));
    }
    if channel.kind == ChannelKind::Direct {
        if let Some(user) = channel.recipient {
            world.takes_dms(user)?;
        }
    } else {
        let send = if channel.kind.is_thread() {
            SEND_MESSAGES_IN_THREADS
        } else {
            SEND_MESSAGES
        };
        let has = |needed: u64| permissions & needed != 0;
        // “Bots need EMBED_LINKS”: a person's link just stays without a preview, a bot is refused.
        let embeds = draft
            .embeds
            .as_ref()
            .is_some_and(|embeds| !embeds.is_empty());
        if !has(send)
            || (embeds && !has(EMBED_LINKS))
            || (!draft.files.is_empty() && !has(ATTACH_FILES))
        {
            return Err(ApiError::code(50_013));
        }
        if draft.reference.is_some() && !has(READ_MESSAGE_HISTORY) {
            return Err(ApiError::code(160_002));
        }
        // An archived thread comes back when somebody writes; a locked one only for moderators.
        if channel.archived && channel.locked && !has(super::permissions::MANAGE_THREADS) {
            return Err(ApiError::code(50_083));
        }
    }
    if draft.is_empty() {
        return Err(ApiError::code(50_006));
    }
    Ok(())
}

/// Stores a message and tells the gateway.
pub(super) fn post(
    shared: &Shared,
    world: &mut World,
    draft: Draft,
    envelope: Envelope,
) -> Arc<Message> {
    let now_ms = shared.clock.now_ms();
    let id = shared.ids.make(now_ms);
    let ephemeral = envelope.ephemeral_for.is_some();
    let mut message = Message {
        id: MessageId::from(id),
        channel_id: envelope.channel.into(),
        guild_id: None,
        author_id: envelope.author.into(),
        content: String::new(),
        embeds: Vec::new(),
        components: Vec::new(),
        attachments: Vec::new(),
        flags: draft.flags.unwrap_or(0) & FLAGS_ALLOWED,
        kind: envelope.kind,
        mention_everyone: false,
        mentions: Vec::new(),
        mention_roles: Vec::new(),
        pinged: Vec::new(),
        nonce: draft.nonce.clone(),
        replies_to: envelope.replies_to.map(MessageId::from),
        sent_ms: now_ms,
        edited_ms: None,
        tts: draft.tts,
        visible_to: envelope.ephemeral_for.map(UserId::from),
        interaction: envelope.interaction,
    };
    if ephemeral {
        message.flags |= EPHEMERAL;
    }
    if envelope.loading {
        message.flags |= LOADING;
    }
    fill(shared, world, &mut message, draft);
    if let Some(channel) = world.channels.get_mut(&envelope.channel) {
        message.guild_id = channel.guild.map(Into::into);
        // Writing in an archived thread brings it back.
        channel.archived &= channel.locked;
    }
    let message = world.store(message);
    if let Some(on_message) = &shared.on_message {
        on_message(&message);
    }
    shared.emit_message(world, "MESSAGE_CREATE", &message);
    shared.change();
    message
}

/// Changes a message by a draft: what the draft does not mention stays.
pub(super) fn edit(
    shared: &Shared,
    world: &mut World,
    message: &Message,
    draft: Draft,
) -> Result<Arc<Message>, ApiError> {
    let mut edited = message.clone();
    edited.flags &= !LOADING;
    if let Some(flags) = draft.flags {
        edited.flags = (edited.flags & !FLAGS_ALLOWED) | (flags & FLAGS_ALLOWED);
    }
    // A deferred answer that is filled in is new to its reader, and notifies; an edit does not.
    let fresh = message.is_loading();
    fill(shared, world, &mut edited, draft);
    if !fresh {
        edited.pinged.clear();
    }
    let nothing_left =
        edited.content.is_empty() && edited.embeds.is_empty() && edited.attachments.is_empty();
    if nothing_left
        && (edited.flags & super::message::COMPONENTS_V2 == 0 || edited.components.is_empty())
    {
        return Err(ApiError::code(50_006));
    }
    edited.edited_ms = Some(shared.clock.now_ms());
    let channel = message.channel_id.get();
    let stored = world.edit(channel, message.id, |stored| *stored = edited);
    let stored = stored.ok_or_else(|| ApiError::code(10_008))?;
    shared.emit_message(world, "MESSAGE_UPDATE", &stored);
    shared.change();
    Ok(stored)
}

/// Deletes a message and tells the gateway, if everybody could see it.
pub(super) fn delete(shared: &Shared, world: &mut World, channel: u64, message: MessageId) {
    let Some(found) = world.channels.get_mut(&channel) else {
        return;
    };
    let removed = found.remove(message.get());
    if removed.is_some_and(|message| message.visible_to.is_none()) {
        let mut data = json!({ "id": id(message.get()), "channel_id": id(channel) });
        let intent = match found.guild {
            Some(guild) => {
                data["guild_id"] = id(guild);
                GUILD_MESSAGES
            }
            None => DIRECT_MESSAGES,
        };
        let gateway = &shared.gateway;
        gateway.emit("MESSAGE_DELETE", &data, found.guild, Some(intent));
    }
    shared.change();
}

/// Writes a draft's fields into a message.
fn fill(shared: &Shared, world: &mut World, message: &mut Message, draft: Draft) {
    if let Some(kept) = &draft.kept_attachments {
        message.attachments.retain(|file| kept.contains(&file.id));
    }
    for file in draft.files {
        let kept = keep(shared, world, message.channel_id.get(), file);
        message.attachments.push(kept);
    }
    if let Some(embeds) = draft.embeds {
        message.embeds = embeds;
        for embed in &mut message.embeds {
            show_attached_images(embed, &message.attachments);
        }
    }
    if let Some(components) = draft.components {
        message.components = components;
    }
    if let Some(content) = draft.content {
        message.content = content;
        mention(world, message, &draft.allowed_mentions);
    }
}

/// Keeps an uploaded file where it can be fetched.
pub(super) fn keep(shared: &Shared, world: &mut World, channel: u64, file: NewFile) -> Attachment {
    let id = shared.ids.make(shared.clock.now_ms());
    // Discord keeps letters, digits and `._-` of a name.
    let plain = |c: char| {
        if c.is_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '_'
        }
    };
    let filename: String = file.filename.chars().map(plain).collect();
    let in_path: String = url::form_urlencoded::byte_serialize(filename.as_bytes()).collect();
    let content_type = picture::kind_of(&file.bytes).map_or(file.content_type, str::to_owned);
    let attachment = Attachment {
        id,
        url: format!("{}/attachments/{channel}/{id}/{in_path}", shared.base_url),
        filename,
        description: file.description,
        content_type: content_type.clone(),
        dimensions: picture::dimensions_of(&file.bytes),
        size: file.bytes.len(),
    };
    let upload = Upload {
        bytes: file.bytes,
        content_type,
    };
    world.uploads.keep(id, upload);
    attachment
}

/// `attachment://name` in an embed becomes the file's address.
fn show_attached_images(embed: &mut Value, attachments: &[Attachment]) {
    for field in [
        "/image/url",
        "/thumbnail/url",
        "/footer/icon_url",
        "/author/icon_url",
    ] {
        let Some(url) = embed.pointer_mut(field) else {
            continue;
        };
        let name = url
            .as_str()
            .and_then(|url| url.strip_prefix("attachment://"))
            .map(str::to_owned);
        if let Some(file) =
            name.and_then(|name| attachments.iter().find(|file| file.filename == name))
        {
            *url = file.url.as_str().into();
        }
    }
}

/// Works out whom a message mentions and whom it notifies. Embeds never notify.
///
/// Source: Discord's reference, “Allowed Mentions Object”.
fn mention(world: &World, message: &mut Message, allowed: &AllowedMentions) {
    message.mentions.clear();
    message.mention_roles.clear();
    message.mention_everyone = false;
    message.pinged.clear();
    let Some(channel) = world.channels.get(&message.channel_id.get()) else {
        return;
    };
    let found = Mentions::of(&message.content);
    let may_all = world.permissions_in(channel, message.author_id.get()) & MENTION_EVERYONE != 0;
    let may_user = |user: &u64| {
        allowed
            .users
            .as_ref()
            .is_none_or(|users| users.contains(user))
    };
    let known = found
        .users
        .iter()
        .filter(|user| world.users.contains_key(user));
    message.mentions = known
        .filter(|user| may_user(user))
        .map(|user| UserId::from(*user))
        .collect();
    message.pinged.clone_from(&message.mentions);

    let guild = channel.guild.and_then(|guild| world.guilds.get(&guild));
    for (role, guild) in found.roles.iter().filter_map(|role| Some((role, guild?))) {
        let Some(role) = guild.roles.get(role) else {
            continue;
        };
        let wanted = allowed
            .roles
            .as_ref()
            .is_none_or(|roles| roles.contains(&role.id));
        if !wanted {
            continue;
        }
        message.mention_roles.push(role.id);
        if role.mentionable || may_all {
            let holders = guild
                .members
                .values()
                .filter(|member| member.roles.contains(&role.id));
            message
                .pinged
                .extend(holders.map(|member| UserId::from(member.user)));
        }
    }
    message.mention_everyone = found.everyone && allowed.everyone && may_all && guild.is_some();
    if message.mention_everyone {
        message.pinged.extend(everybody_in(world, channel));
    }
    if let Some(replied) = message.replies_to.and_then(|id| channel.message(id.get()))
        && allowed.replied_user
    {
        message.mentions.push(replied.author_id);
        message.pinged.push(replied.author_id);
    }
    let author = message.author_id;
    message.mentions.sort();
    message.mentions.dedup();
    message.pinged.sort();
    message.pinged.dedup();
    message.pinged.retain(|user| *user != author);
}

fn everybody_in(world: &World, channel: &Channel) -> Vec<UserId> {
    let guild = channel.guild.and_then(|guild| world.guilds.get(&guild));
    let members = guild.into_iter().flat_map(|guild| guild.members.keys());
    let sees =
        |user: &&u64| world.permissions_in(channel, **user) & super::permissions::VIEW_CHANNEL != 0;
    members
        .filter(sees)
        .map(|user| UserId::from(*user))
        .collect()
}

/// The mentions written in a text.
#[derive(Default)]
struct Mentions {
    users: Vec<u64>,
    roles: Vec<u64>,
    everyone: bool,
}

impl Mentions {
    fn of(content: &str) -> Self {
        let mut found = Self {
            everyone: content.contains("@everyone") || content.contains("@here"),
            ..Self::default()
        };
        for part in content.split("<@").skip(1) {
            let Some((inside, _)) = part.split_once('>') else {
                continue;
            };
            if let Some(role) = inside.strip_prefix('&') {
                found.roles.extend(role.parse::<u64>());
            } else {
                found
                    .users
                    .extend(inside.trim_start_matches('!').parse::<u64>());
            }
        }
        found
    }
}
