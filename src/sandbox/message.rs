//! A message, and how it looks to a client.

use serde_json::{Value, json};

use super::shapes::{id, member_without_user};
use super::snowflake::timestamp;
use super::world::World;
use crate::ids::{ChannelId, GuildId, MessageId, UserId};

/// The message's embeds are not shown.
pub(super) const SUPPRESS_EMBEDS: u64 = 1 << 2;
/// Only the user of the interaction sees the message.
pub(super) const EPHEMERAL: u64 = 1 << 6;
/// A deferred answer: “… is thinking”.
pub(super) const LOADING: u64 = 1 << 7;
/// The message makes no sound and shows no notification.
pub(super) const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;
/// The message is made of components alone (“Components V2”).
pub(super) const COMPONENTS_V2: u64 = 1 << 15;

/// A message as the local Discord keeps it.
#[derive(Clone, Debug)]
pub struct Message {
    /// The message's id.
    pub id: MessageId,
    /// Where it was sent.
    pub channel_id: ChannelId,
    /// The server, unless it is a direct message.
    pub guild_id: Option<GuildId>,
    /// Who sent it.
    pub author_id: UserId,
    /// The text.
    pub content: String,
    /// Embeds, as Discord answers them.
    pub embeds: Vec<Value>,
    /// Action rows, as Discord answers them.
    pub components: Vec<Value>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// Bits such as `EPHEMERAL` and `SUPPRESS_NOTIFICATIONS`.
    pub flags: u64,
    /// Discord's message type: 0 by itself, 19 a reply, 20 the answer to a slash command.
    pub kind: u8,
    /// Whether `@everyone` or `@here` was allowed to reach everybody.
    pub mention_everyone: bool,
    /// Users whose mention was allowed.
    pub mentions: Vec<UserId>,
    /// Roles whose mention was allowed.
    pub mention_roles: Vec<u64>,
    /// Every user whom the message notifies: by name, by role, by `@everyone`, or as the one
    /// replied to. Nobody for an edit, as in Discord.
    pub pinged: Vec<UserId>,
    /// The nonce it was sent with.
    pub nonce: Option<Value>,
    /// The message it replies to.
    pub replies_to: Option<MessageId>,
    /// When it was sent: UTC epoch milliseconds.
    pub sent_ms: i64,
    /// When it was last edited: UTC epoch milliseconds.
    pub edited_ms: Option<i64>,
    /// Whether it was read out loud.
    pub tts: bool,
    /// For an ephemeral message, the one who sees it.
    pub visible_to: Option<UserId>,
    /// The interaction it answers, as `interaction_metadata` and (commands only) `interaction`.
    pub(super) interaction: Option<Box<(Value, Value)>>,
}

/// A file on a message.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// The attachment's id.
    pub id: u64,
    /// The file's name.
    pub filename: String,
    /// The text for those who cannot see it.
    pub description: Option<String>,
    /// Its media type.
    pub content_type: String,
    /// Width and height of a picture, where they are known.
    pub dimensions: Option<(u32, u32)>,
    /// Bytes.
    pub size: usize,
    /// Where it is served.
    pub url: String,
}

impl Message {
    /// Whether only one user sees it.
    pub fn is_ephemeral(&self) -> bool {
        self.flags & EPHEMERAL != 0
    }

    /// Whether it was sent without notification (`SUPPRESS_NOTIFICATIONS`).
    pub fn is_silent(&self) -> bool {
        self.flags & SUPPRESS_NOTIFICATIONS != 0
    }

    /// Whether it is a deferred answer that has not been filled in yet.
    pub fn is_loading(&self) -> bool {
        self.flags & LOADING != 0
    }

    /// Whether it was edited after it was sent.
    pub fn was_edited(&self) -> bool {
        self.edited_ms.is_some()
    }

    /// Whether it was sent with the token of this interaction.
    pub(super) fn answers_interaction(&self, interaction: u64) -> bool {
        let metadata = self.interaction.as_deref().map(|(metadata, _)| metadata);
        metadata.is_some_and(|metadata| metadata["id"] == id(interaction))
    }

    /// The content and the texts of the embeds, line by line: what a reader sees.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        if !self.content.is_empty() {
            lines.push(self.content.as_str());
        }
        for embed in &self.embeds {
            let text = |path: &str| embed.pointer(path).and_then(Value::as_str);
            lines.extend(
                ["/author/name", "/title", "/description"]
                    .into_iter()
                    .filter_map(text),
            );
            for field in embed["fields"].as_array().into_iter().flatten() {
                lines.extend(
                    [&field["name"], &field["value"]]
                        .into_iter()
                        .filter_map(|text| text.as_str()),
                );
            }
            lines.extend(text("/footer/text"));
        }
        lines.join("\n")
    }

    /// The buttons, row by row.
    pub fn buttons(&self) -> Vec<Button> {
        let is_button = |component: &&Value| component["type"] == 2;
        self.leaves()
            .into_iter()
            .filter(is_button)
            .map(Button::of)
            .collect()
    }

    /// The components inside the rows, in order.
    pub(super) fn leaves(&self) -> Vec<&Value> {
        fn walk<'a>(components: &'a Value, found: &mut Vec<&'a Value>) {
            for component in components.as_array().into_iter().flatten() {
                found.push(component);
                walk(&component["components"], found);
                found.extend(component.get("accessory"));
            }
        }
        let mut found = Vec::new();
        for row in &self.components {
            walk(&row["components"], &mut found);
            found.extend(row.get("accessory"));
        }
        found
    }
}

/// A button on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// What is written on it, or its emoji.
    pub label: String,
    /// What a click sends; a link button has none.
    pub custom_id: Option<String>,
    /// Where a link button leads.
    pub url: Option<String>,
    /// 1 primary, 2 secondary, 3 success, 4 danger, 5 link.
    pub style: u8,
    /// Whether it cannot be clicked.
    pub disabled: bool,
}

impl Button {
    pub(super) fn of(component: &Value) -> Self {
        let text = |path: &str| {
            component
                .pointer(path)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        Self {
            label: text("/label")
                .or_else(|| text("/emoji/name"))
                .unwrap_or_default(),
            custom_id: text("/custom_id"),
            url: text("/url"),
            style: component["style"]
                .as_u64()
                .and_then(|style| u8::try_from(style).ok())
                .unwrap_or(1),
            disabled: component["disabled"].as_bool().unwrap_or(false),
        }
    }
}

impl World {
    /// A `MessageResponse`.
    pub(super) fn message(&self, message: &Message) -> Value {
        let mut shape = self.basic_message(message);
        if let Some(replied) = message.replies_to {
            let channel = self.channels.get(&message.channel_id.get());
            let referenced = channel.and_then(|channel| channel.message(replied.get()));
            shape["referenced_message"] =
                referenced.map_or(Value::Null, |message| self.basic_message(message));
        }
        shape
    }

    /// The data of MESSAGE_CREATE and MESSAGE_UPDATE: with the server and the author as a member.
    pub(super) fn message_event(&self, message: &Message) -> Value {
        let mut shape = self.message(message);
        // Discord sends ephemeral messages “without guild_id or member”.
        if let Some(guild) = message.guild_id
            && !message.is_ephemeral()
        {
            shape["guild_id"] = id(guild.get());
            let guild = self.guilds.get(&guild.get());
            if let Some(member) =
                guild.and_then(|guild| guild.members.get(&message.author_id.get()))
            {
                shape["member"] = member_without_user(member);
            }
        }
        shape
    }

    fn basic_message(&self, message: &Message) -> Value {
        let mentions: Vec<Value> = message
            .mentions
            .iter()
            .map(|user| self.user_shape(user.get()))
            .collect();
        let mut shape = json!({
            "type": message.kind,
            "content": message.content,
            "mentions": mentions,
            "mention_roles": message.mention_roles.iter().map(|role| id(*role)).collect::<Vec<_>>(),
            "attachments": message.attachments.iter().map(|file| attachment(file, message.is_ephemeral())).collect::<Vec<_>>(),
            "embeds": if message.flags & SUPPRESS_EMBEDS == 0 { message.embeds.as_slice() } else { &[] },
            "timestamp": timestamp(message.sent_ms),
            "edited_timestamp": message.edited_ms.map(timestamp),
            "flags": message.flags,
            "components": message.components,
            "id": id(message.id.get()),
            "channel_id": id(message.channel_id.get()),
            "author": self.user_shape(message.author_id.get()),
            "pinned": false,
            "mention_everyone": message.mention_everyone,
            "tts": message.tts,
        });
        if let Some(nonce) = &message.nonce {
            shape["nonce"] = nonce.clone();
        }
        if let Some(replied) = message.replies_to {
            let mut reference = json!({
                "type": 0,
                "channel_id": id(message.channel_id.get()),
                "message_id": id(replied.get()),
            });
            if let Some(guild) = message.guild_id {
                reference["guild_id"] = id(guild.get());
            }
            shape["message_reference"] = reference;
        }
        if let Some(interaction) = message.interaction.as_deref() {
            let (metadata, legacy) = interaction;
            shape["webhook_id"] = id(self.bot);
            shape["application_id"] = id(self.bot);
            shape["interaction_metadata"] = metadata.clone();
            if !legacy.is_null() {
                shape["interaction"] = legacy.clone();
            }
        } else if message.author_id.get() == self.bot {
            shape["application_id"] = id(self.bot);
        }
        shape
    }
}

/// A `MessageAttachmentResponse`.
pub(super) fn attachment(attachment: &Attachment, ephemeral: bool) -> Value {
    let mut shape = json!({
        "id": id(attachment.id),
        "filename": attachment.filename,
        "size": attachment.size,
        "url": attachment.url,
        "proxy_url": attachment.url,
        "content_type": attachment.content_type,
    });
    if let Some(description) = &attachment.description {
        shape["description"] = description.as_str().into();
    }
    if let Some((width, height)) = attachment.dimensions {
        shape["width"] = width.into();
        shape["height"] = height.into();
    }
    if ephemeral {
        shape["ephemeral"] = true.into();
    }
    shape
}
