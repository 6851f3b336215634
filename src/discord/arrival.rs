//! A server as the gateway tells of it: where the bot may write in it, for the greeting; and one of which
//! only an interaction tells.

use poise::serenity_prelude as serenity;
use serenity::{ChannelType, GuildChannel, Interaction, Permissions};

use super::commands::setup::permissions::{Member, Role, permissions_in};
use super::handler::Data;
use crate::guild::arrival::{self, Arrival, MOST_CHANNELS};
use crate::ids::{ChannelId, GuildId, UserId};

/// Without these a greeting would not be seen, or not be kept up to date.
const NEEDED: Permissions = Permissions::VIEW_CHANNEL.union(Permissions::SEND_MESSAGES);

/// What the greeting needs to know of a server.
pub(super) fn arrival(guild: &serenity::Guild, bot: UserId) -> Arrival {
    Arrival {
        guild: GuildId::from(guild.id.get()),
        locale: guild.preferred_locale.clone(),
        joined_ms: guild.joined_at.unix_timestamp().saturating_mul(1_000),
        channels: channels(guild, bot),
    }
}

/// Settles the zone of a server that has the commands alone, before its first interaction is dealt with.
pub(super) async fn heard_of(data: &Data, interaction: &Interaction) {
    let (guild, locale) = match interaction {
        Interaction::Command(one) | Interaction::Autocomplete(one) => {
            (one.guild_id, &one.guild_locale)
        }
        Interaction::Component(one) => (one.guild_id, &one.guild_locale),
        Interaction::Modal(one) => (one.guild_id, &one.guild_locale),
        _ => return,
    };
    let (Some(guild), Some(locale)) = (guild, locale) else {
        return;
    };
    let guild = GuildId::from(guild.get());
    if data.is_in(guild) || data.has_heard_of(guild) {
        return;
    }
    match arrival::heard_of(&data.app, guild, locale).await {
        Ok(()) => data.heard_of(guild),
        Err(error) => {
            let error = format!("{error:#}");
            tracing::warn!(
                error,
                guild.id = guild.0,
                "the zone of a server was not guessed; its next interaction does it"
            );
        }
    }
}

/// Where the bot may write: the system channel, then the others as they are listed.
fn channels(guild: &serenity::Guild, bot: UserId) -> Vec<ChannelId> {
    let user = serenity::UserId::new(bot.get());
    // Discord tells the bot's own membership without any privileged intent.
    let own = guild
        .members
        .get(&user)
        .map(|member| member.roles.as_slice());
    let member = Member {
        guild: guild.id,
        user,
        roles: own.unwrap_or_default(),
    };
    let roles: Vec<Role> = guild
        .roles
        .values()
        .map(|role| Role {
            id: role.id,
            permissions: role.permissions,
        })
        .collect();
    let may_write = |channel: &&GuildChannel| {
        channel.kind == ChannelType::Text
            && permissions_in(&member, &roles, &channel.permission_overwrites).contains(NEEDED)
    };
    let mut open: Vec<&GuildChannel> = guild.channels.values().filter(may_write).collect();
    let is_system = |channel: &GuildChannel| Some(channel.id) == guild.system_channel_id;
    open.sort_by_key(|channel| (!is_system(channel), channel.position, channel.id));
    let open = open.into_iter().take(MOST_CHANNELS);
    open.map(|channel| ChannelId::from(channel.id.get()))
        .collect()
}
