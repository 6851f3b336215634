//! Permission bits, and the arithmetic that joins roles and overwrites.
//!
//! Source: Discord's reference, “Permissions” (the pseudo-code under “Permission Overwrites”, and
//! “Inherited Permissions” for threads).

use super::world::{Channel, ChannelKind, Guild};

/// Everything, whatever the overwrites say.
pub const ADMINISTRATOR: u64 = 1 << 3;
/// “Manage Channels”.
pub const MANAGE_CHANNELS: u64 = 1 << 4;
/// “Manage Server”.
pub const MANAGE_GUILD: u64 = 1 << 5;
/// See a channel and read in it.
pub const VIEW_CHANNEL: u64 = 1 << 10;
/// Send messages in channels that are not threads.
pub const SEND_MESSAGES: u64 = 1 << 11;
/// Delete and pin other people's messages.
pub const MANAGE_MESSAGES: u64 = 1 << 13;
/// Send embeds.
pub const EMBED_LINKS: u64 = 1 << 14;
/// Send files.
pub const ATTACH_FILES: u64 = 1 << 15;
/// Read what was written before.
pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
/// `@everyone`, `@here` and every role, whether mentionable or not.
pub const MENTION_EVERYONE: u64 = 1 << 17;
/// Enter voice channels; without it their chat is closed, too.
pub const CONNECT: u64 = 1 << 20;
/// Use slash commands.
pub const USE_APPLICATION_COMMANDS: u64 = 1 << 31;
/// Archive, lock and delete threads.
pub const MANAGE_THREADS: u64 = 1 << 34;
/// Send messages in threads.
pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
/// Every permission that Discord has defined.
pub const ALL: u64 = (1 << 53) - 1;

/// What `@everyone` may do in a new server.
pub const EVERYONE: u64 = VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | MENTION_EVERYONE
    | USE_APPLICATION_COMMANDS
    | SEND_MESSAGES_IN_THREADS
    | CONNECT;

/// A permission given to, or taken from, one role or member in one channel.
#[derive(Clone, Debug)]
pub(super) struct Overwrite {
    /// The role's or the member's id.
    pub(super) id: u64,
    /// Whether `id` is a member's.
    pub(super) for_member: bool,
    pub(super) allow: u64,
    pub(super) deny: u64,
}

/// What a member may do in the server as a whole.
pub(super) fn in_guild(guild: &Guild, user: u64) -> u64 {
    if guild.owner_id == user {
        return ALL;
    }
    let of_role = |role: &u64| guild.roles.get(role).map_or(0, |role| role.permissions);
    let roles = guild.members.get(&user).map(|member| &member.roles);
    let of_roles = roles.into_iter().flatten().map(of_role);
    // The `@everyone` role has the server's own id.
    let permissions = of_roles.fold(of_role(&guild.id), |sum, more| sum | more);
    if permissions & ADMINISTRATOR != 0 {
        ALL
    } else {
        permissions
    }
}

/// What a member may do in a channel. A thread takes its parent's overwrites: pass the `parent`.
pub(super) fn in_channel(
    guild: &Guild,
    channel: &Channel,
    parent: Option<&Channel>,
    user: u64,
) -> u64 {
    let base = in_guild(guild, user);
    if base & ADMINISTRATOR != 0 {
        return ALL;
    }
    let overwrites = &parent.unwrap_or(channel).overwrites;
    let mut permissions = base;
    let mut apply = |allow: u64, deny: u64| permissions = (permissions & !deny) | allow;

    if let Some(everyone) = overwrites
        .iter()
        .find(|o| !o.for_member && o.id == guild.id)
    {
        apply(everyone.allow, everyone.deny);
    }
    let (mut allow, mut deny) = (0, 0);
    if let Some(member) = guild.members.get(&user) {
        for overwrite in overwrites
            .iter()
            .filter(|o| !o.for_member && member.roles.contains(&o.id))
        {
            allow |= overwrite.allow;
            deny |= overwrite.deny;
        }
    }
    apply(allow, deny);
    if let Some(own) = overwrites.iter().find(|o| o.for_member && o.id == user) {
        apply(own.allow, own.deny);
    }
    without_implicitly_denied(permissions, channel.kind)
}

/// “Implicit permissions”: who cannot see a channel, or not send in it, cannot do what needs that.
fn without_implicitly_denied(permissions: u64, kind: ChannelKind) -> u64 {
    if permissions & VIEW_CHANNEL == 0 {
        return 0;
    }
    let send = if kind.is_thread() {
        SEND_MESSAGES_IN_THREADS
    } else {
        SEND_MESSAGES
    };
    if permissions & send == 0 {
        return permissions & !(EMBED_LINKS | ATTACH_FILES | MENTION_EVERYONE);
    }
    permissions
}
