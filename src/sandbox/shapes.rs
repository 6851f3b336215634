//! How the world looks in JSON: every field that Discord's OpenAPI document requires, and those
//! beyond it that clients read.

use serde_json::{Value, json};

use super::permissions;
use super::snowflake::timestamp;
use super::world::{Channel, ChannelKind, Guild, Member, Role, User, World};

/// A snowflake in JSON is a string: JavaScript's numbers have only 53 bits.
pub(super) fn id(snowflake: u64) -> Value {
    Value::String(snowflake.to_string())
}

fn optional_id(snowflake: Option<u64>) -> Value {
    snowflake.map_or(Value::Null, id)
}

/// A `UserResponse`.
pub(super) fn user(user: &User) -> Value {
    let mut shape = json!({
        "id": id(user.id),
        "username": user.name,
        "avatar": null,
        // Bots have kept their four digits; people's are gone, which is written "0".
        "discriminator": if user.bot { "0001" } else { "0" },
        "public_flags": 0,
        "flags": 0,
        "banner": null,
        "accent_color": null,
        "global_name": user.global_name,
        "avatar_decoration_data": null,
        "collectibles": null,
        "primary_guild": null,
    });
    if user.bot {
        shape["bot"] = true.into();
    }
    shape
}

impl World {
    /// The user with this id; one who is gone looks as Discord shows deleted accounts.
    pub(super) fn user_shape(&self, user_id: u64) -> Value {
        match self.users.get(&user_id) {
            Some(found) => user(found),
            None => user(&User {
                id: user_id,
                name: "deleted_user".to_owned(),
                global_name: None,
                locale: "en-US".to_owned(),
                bot: false,
                dms_closed: true,
            }),
        }
    }

    /// A `UserPIIResponse`: the bot, to itself.
    pub(super) fn current_user(&self) -> Value {
        let mut shape = self.user_shape(self.bot);
        shape["mfa_enabled"] = true.into();
        shape["locale"] = "en-US".into();
        shape["verified"] = true.into();
        shape["email"] = Value::Null;
        shape
    }

    /// A `PrivateApplicationResponse`.
    pub(super) fn application(&self, privileged_intents: bool) -> Value {
        let guilds = self.guilds.values().filter(|guild| guild.has_bot).count();
        // The “limited” flags are what an application in under 100 servers gets: presence,
        // members and message content.
        let flags = if privileged_intents {
            (1 << 13) | (1 << 15) | (1 << 19)
        } else {
            0
        };
        json!({
            "id": id(self.bot),
            "name": self.users.get(&self.bot).map(|bot| bot.name.as_str()),
            "icon": null,
            "description": "",
            "type": null,
            "bot": self.user_shape(self.bot),
            "bot_public": true,
            "bot_require_code_grant": false,
            "verify_key": "0".repeat(64),
            "flags": flags,
            "flags_new": flags.to_string(),
            "redirect_uris": [],
            "interactions_endpoint_url": null,
            "role_connections_verification_url": null,
            "owner": self.user_shape(self.owner),
            "approximate_guild_count": guilds,
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "team": null,
            "eligible_oauth2_scopes": ["applications.commands", "bot"],
            "integration_types_config": {
                "0": { "oauth2_install_params": { "scopes": ["applications.commands", "bot"], "permissions": "0" } },
            },
        })
    }

    /// A `GuildMemberResponse`.
    pub(super) fn member(&self, member: &Member) -> Value {
        let mut shape = member_without_user(member);
        shape["user"] = self.user_shape(member.user);
        shape
    }

    /// A `GuildResponse`.
    pub(super) fn guild_shape(&self, guild: &Guild) -> Value {
        let roles: Vec<Value> = guild.roles.values().map(role).collect();
        json!({
            "id": id(guild.id),
            "name": guild.name,
            "icon": null,
            "icon_hash": null,
            "description": null,
            "home_header": null,
            "splash": null,
            "discovery_splash": null,
            "features": ["COMMUNITY", "NEWS"],
            "banner": null,
            "owner_id": id(guild.owner_id),
            "application_id": null,
            "region": "us-central",
            "afk_channel_id": null,
            "afk_timeout": 300,
            "system_channel_id": optional_id(guild.system_channel),
            "system_channel_flags": 0,
            "widget_enabled": false,
            "widget_channel_id": null,
            "verification_level": 0,
            "roles": roles,
            "default_message_notifications": 0,
            "mfa_level": 0,
            "explicit_content_filter": 0,
            "max_presences": null,
            "max_members": 500_000,
            "max_stage_video_channel_users": 50,
            "max_video_channel_users": 25,
            "vanity_url_code": null,
            "premium_tier": 0,
            "premium_subscription_count": 0,
            "preferred_locale": guild.locale,
            "rules_channel_id": null,
            "safety_alerts_channel_id": null,
            "public_updates_channel_id": null,
            "premium_progress_bar_enabled": false,
            "nsfw": false,
            "nsfw_level": 0,
            "emojis": [],
            "stickers": [],
            "incidents_data": null,
        })
    }

    /// The data of GUILD_CREATE: the server and what only the gateway tells of it. Without the
    /// privileged members intent the list holds the bot alone.
    pub(super) fn guild_create(&self, guild: &Guild, with_members: bool) -> Value {
        let in_guild = |channel: &&Channel| channel.guild == Some(guild.id);
        let threads = |wanted: bool| {
            let channels = self.channels.values().filter(in_guild);
            let channels = channels.filter(|channel| channel.kind.is_thread() == wanted);
            channels
                .map(|channel| self.channel_shape(channel))
                .collect::<Vec<Value>>()
        };
        let listed = |member: &&Member| with_members || member.user == self.bot;
        let members = guild
            .members
            .values()
            .filter(listed)
            .map(|member| self.member(member));
        let members: Vec<Value> = members.collect();
        let joined_ms = guild
            .members
            .get(&self.bot)
            .map_or(0, |member| member.joined_ms);
        let mut shape = self.guild_shape(guild);
        let more = json!({
            "joined_at": timestamp(joined_ms),
            "large": guild.members.len() > 250,
            "unavailable": false,
            "member_count": guild.members.len(),
            "voice_states": [],
            "members": members,
            "channels": threads(false),
            "threads": threads(true),
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
            "application_command_counts": {},
            "embedded_activities": [],
        });
        if let (Some(shape), Value::Object(more)) = (shape.as_object_mut(), more) {
            shape.extend(more);
        }
        shape
    }

    /// A `GuildChannelResponse`, `ThreadResponse` or `PrivateChannelResponse`.
    pub(super) fn channel_shape(&self, channel: &Channel) -> Value {
        match channel.kind {
            ChannelKind::Direct => json!({
                "id": id(channel.id),
                "type": channel.kind as u8,
                "last_message_id": optional_id(channel.last_message),
                "flags": 0,
                "recipients": channel.recipient.map(|user| self.user_shape(user)).into_iter().collect::<Vec<_>>(),
            }),
            ChannelKind::PublicThread => json!({
                "id": id(channel.id),
                "type": channel.kind as u8,
                "last_message_id": optional_id(channel.last_message),
                "flags": 0,
                "guild_id": optional_id(channel.guild),
                "name": channel.name,
                "parent_id": optional_id(channel.parent),
                "rate_limit_per_user": 0,
                "owner_id": id(channel.owner),
                "thread_metadata": {
                    "archived": channel.archived,
                    "archive_timestamp": timestamp(channel.created_ms),
                    "auto_archive_duration": 4320,
                    "locked": channel.locked,
                    "create_timestamp": timestamp(channel.created_ms),
                },
                // Discord stops counting both at 50.
                "message_count": channel.message_count.min(50),
                "member_count": 1,
                "total_message_sent": channel.message_count,
            }),
            ChannelKind::Text
            | ChannelKind::Voice
            | ChannelKind::News
            | ChannelKind::Stage
            | ChannelKind::Forum => json!({
                "id": id(channel.id),
                "type": channel.kind as u8,
                "last_message_id": optional_id(channel.last_message),
                "flags": 0,
                "guild_id": optional_id(channel.guild),
                "name": channel.name,
                "parent_id": optional_id(channel.parent),
                "rate_limit_per_user": 0,
                "topic": null,
                "position": channel.position,
                "permission_overwrites": channel.overwrites.iter().map(overwrite).collect::<Vec<_>>(),
                "nsfw": false,
            }),
        }
    }

    /// The `channel` of an interaction, and of its resolved data: the channel, and what the
    /// invoking user may do in it.
    pub(super) fn interaction_channel(&self, channel: &Channel, user: u64) -> Value {
        let mut shape = self.channel_shape(channel);
        if channel.guild.is_some() {
            shape["permissions"] = self.permissions_in(channel, user).to_string().into();
            if let Some(shape) = shape.as_object_mut() {
                shape.remove("permission_overwrites");
            }
        }
        shape
    }
}

/// A member without its `user`, as messages and resolved data carry it.
pub(super) fn member_without_user(member: &Member) -> Value {
    let roles: Vec<Value> = member.roles.iter().map(|role| id(*role)).collect();
    json!({
        "avatar": null,
        "banner": null,
        "communication_disabled_until": null,
        "flags": 0,
        "joined_at": timestamp(member.joined_ms),
        "nick": member.nick,
        "pending": false,
        "premium_since": null,
        "roles": roles,
        "mute": false,
        "deaf": false,
    })
}

/// A `GuildRoleResponse`.
pub(super) fn role(role: &Role) -> Value {
    let mut shape = json!({
        "id": id(role.id),
        "name": role.name,
        "permissions": (role.permissions & permissions::ALL).to_string(),
        "position": role.position,
        "color": 0,
        "colors": { "primary_color": 0, "secondary_color": null, "tertiary_color": null },
        "hoist": false,
        "managed": role.bot.is_some(),
        "mentionable": role.mentionable,
        "icon": null,
        "unicode_emoji": null,
        "flags": 0,
    });
    if let Some(bot) = role.bot {
        shape["tags"] = json!({ "bot_id": id(bot) });
    }
    shape
}

fn overwrite(overwrite: &permissions::Overwrite) -> Value {
    json!({
        "id": id(overwrite.id),
        "type": u8::from(overwrite.for_member),
        "allow": overwrite.allow.to_string(),
        "deny": overwrite.deny.to_string(),
    })
}
