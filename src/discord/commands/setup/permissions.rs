//! Which permissions the bot has in a channel: computed from what Discord says now, never from a
//! cache. Pure.
//!
//! Source: Discord's reference, “Permissions”, “Permission Overwrites”.

use poise::serenity_prelude as serenity;
use serde::Deserialize;
use serenity::{
    GuildId, PermissionOverwrite, PermissionOverwriteType, Permissions, RoleId, UserId,
};

/// What the bot needs to post results and their proofs, and the texts that name it.
pub(super) const NEEDED: [(Permissions, &str); 6] = [
    (Permissions::VIEW_CHANNEL, "permission-view"),
    (Permissions::SEND_MESSAGES, "permission-send"),
    (Permissions::SEND_MESSAGES_IN_THREADS, "permission-threads"),
    (Permissions::EMBED_LINKS, "permission-embed"),
    (Permissions::ATTACH_FILES, "permission-attach"),
    (Permissions::READ_MESSAGE_HISTORY, "permission-history"),
];

/// What it needs besides where people speak.
pub(super) const NEEDED_IN_VOICE: (Permissions, &str) =
    (Permissions::CONNECT, "permission-connect");

/// A role, as far as permissions need it. (serenity's own type refuses whatever lacks a field that
/// Discord added last.)
#[derive(Debug, Deserialize)]
pub(in crate::discord) struct Role {
    pub(in crate::discord) id: RoleId,
    pub(in crate::discord) permissions: Permissions,
}

/// The bot, as one guild knows it.
pub(in crate::discord) struct Member<'a> {
    pub(in crate::discord) guild: GuildId,
    pub(in crate::discord) user: UserId,
    pub(in crate::discord) roles: &'a [RoleId],
}

/// What the member may do in a channel with these overwrites (of a thread: its parent's).
pub(in crate::discord) fn permissions_in(
    member: &Member<'_>,
    roles: &[Role],
    overwrites: &[PermissionOverwrite],
) -> Permissions {
    let everyone = RoleId::new(member.guild.get());
    let has = |role: RoleId| role == everyone || member.roles.contains(&role);
    let base = roles
        .iter()
        .filter(|role| has(role.id))
        .fold(Permissions::empty(), |all, role| all | role.permissions);
    if base.administrator() {
        return Permissions::all();
    }
    let mut permissions = base;
    let mut apply = |allow: Permissions, deny: Permissions| {
        permissions = (permissions - deny) | allow;
    };
    let of_everyone = overwrites
        .iter()
        .filter(|one| one.kind == PermissionOverwriteType::Role(everyone));
    for one in of_everyone {
        apply(one.allow, one.deny);
    }
    // Those of all other roles count together: one role's permission goes before another's denial.
    let of_roles = overwrites.iter().filter(
        |one| matches!(one.kind, PermissionOverwriteType::Role(role) if role != everyone && has(role)),
    );
    let (allow, deny) = of_roles.fold(
        (Permissions::empty(), Permissions::empty()),
        |(allow, deny), one| (allow | one.allow, deny | one.deny),
    );
    apply(allow, deny);
    let own = overwrites
        .iter()
        .filter(|one| one.kind == PermissionOverwriteType::Member(member.user));
    for one in own {
        apply(one.allow, one.deny);
    }
    // Who cannot see a channel can do nothing in it.
    if permissions.view_channel() {
        permissions
    } else {
        Permissions::empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(id: u64, permissions: Permissions) -> Role {
        Role {
            id: RoleId::new(id),
            permissions,
        }
    }

    fn overwrite(
        kind: PermissionOverwriteType,
        allow: Permissions,
        deny: Permissions,
    ) -> PermissionOverwrite {
        PermissionOverwrite { allow, deny, kind }
    }

    #[test]
    fn overwrites_count_in_discords_order() {
        let view_and_send = Permissions::VIEW_CHANNEL | Permissions::SEND_MESSAGES;
        let send = Permissions::SEND_MESSAGES;
        let none = Permissions::empty();
        let roles = [role(1, view_and_send), role(2, none), role(3, none)];
        let mine = [RoleId::new(2), RoleId::new(3)];
        let bot = Member {
            guild: GuildId::new(1),
            user: UserId::new(9),
            roles: &mine,
        };
        let of_role = |id| PermissionOverwriteType::Role(RoleId::new(id));
        let may_send = |overwrites: &[PermissionOverwrite]| {
            permissions_in(&bot, &roles, overwrites).send_messages()
        };
        assert!(may_send(&[]));
        let denied = overwrite(of_role(1), none, send);
        assert!(!may_send(std::slice::from_ref(&denied)));
        // A role's permission goes before everyone's denial, and before another role's.
        let allowed = overwrite(of_role(2), send, none);
        let other = overwrite(of_role(3), none, send);
        assert!(may_send(&[denied.clone(), allowed.clone(), other.clone()]));
        // The member's own goes before all.
        let own = overwrite(PermissionOverwriteType::Member(UserId::new(9)), none, send);
        assert!(!may_send(&[allowed, own]));
        // Somebody else's role does not count.
        assert!(may_send(&[overwrite(of_role(4), none, send)]));
        // Without sight there is nothing.
        let blind = overwrite(of_role(1), none, Permissions::VIEW_CHANNEL);
        assert!(!may_send(&[blind]));
    }

    #[test]
    fn an_administrator_may_do_everything() {
        let roles = [role(1, Permissions::ADMINISTRATOR)];
        let bot = Member {
            guild: GuildId::new(1),
            user: UserId::new(9),
            roles: &[],
        };
        assert_eq!(permissions_in(&bot, &roles, &[]), Permissions::all());
    }
}
