//! Whether somebody is still a member of a server, and what it calls them.
//!
//! Discord tells of members who leave or are renamed only with a privileged intent, which this bot does
//! without. So it is asked, one by one, within its limits, before something goes to a member by direct
//! message and where members are listed. What it said is remembered for a while ([`KNOWN_MS`]). A name
//! also comes with every interaction ([`Outbox::saw_name`]), and costs no request then.
//!
//! Names are kept in memory alone: they are Discord's to tell, and a member who leaves takes theirs along.

use std::collections::HashMap;
use std::sync::Mutex;

use super::{Outbox, lock};
use crate::ids::{GuildId, UserId};

/// What Discord said is asked again after this long: who leaves is noticed within a minute, and a list that
/// is turned page by page costs no request twice.
const KNOWN_MS: i64 = 60_000;
/// A name is asked for again after this long: people change theirs on some days, not every minute.
const NAME_KNOWN_MS: i64 = 600_000;
/// Members remembered.
const MOST_KNOWN: usize = 10_000;

/// How somebody stands to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// They are a member.
    Member,
    /// They are none (any more).
    Left,
    /// Discord could not be asked, or does not tell this bot.
    Unknown,
}

/// What Discord said, each with when it did, by the monotonic clock.
#[derive(Default)]
pub(super) struct Known {
    members: Mutex<HashMap<(GuildId, UserId), (bool, i64)>>,
    names: Mutex<HashMap<(GuildId, UserId), (String, i64)>>,
}

impl Outbox {
    /// Asks Discord, or what it said a moment ago.
    pub async fn membership(&self, guild: GuildId, user: UserId) -> Membership {
        if let Some(known) = self.known_membership(guild, user) {
            return known;
        }
        match self.inner.messenger.member_name(guild, user).await {
            Ok(name) => {
                self.remember(guild, user, name.is_some());
                if let Some(name) = &name {
                    self.saw_name(guild, user, name);
                }
                said(name.is_some())
            }
            Err(error) => {
                tracing::debug!(%error, "could not find out from Discord whether somebody is a member");
                Membership::Unknown
            }
        }
    }

    /// What Discord said a moment ago.
    pub fn known_membership(&self, guild: GuildId, user: UserId) -> Option<Membership> {
        let now_ms = self.inner.clock.monotonic_ms();
        let known = lock(&self.inner.known_members.members);
        let (is_member, at_ms) = known.get(&(guild, user)).copied()?;
        (now_ms - at_ms < KNOWN_MS).then(|| said(is_member))
    }

    /// Asks Discord what a server calls a member, unless it is known or the answer would be that they have
    /// left. [`Outbox::known_name`] has the name afterwards, if there is one.
    pub async fn learn_name(&self, guild: GuildId, user: UserId) {
        let now_ms = self.inner.clock.monotonic_ms();
        let known = lock(&self.inner.known_members.names)
            .get(&(guild, user))
            .is_some_and(|(_, at_ms)| now_ms - at_ms < NAME_KNOWN_MS);
        if !known {
            self.membership(guild, user).await;
        }
    }

    /// What the server last called this member, as far as this process has seen.
    pub fn known_name(&self, guild: GuildId, user: UserId) -> Option<String> {
        let known = lock(&self.inner.known_members.names);
        known.get(&(guild, user)).map(|(name, _)| name.clone())
    }

    /// Discord has just told what a server calls a member.
    pub fn saw_name(&self, guild: GuildId, user: UserId, name: &str) {
        if name.is_empty() {
            return;
        }
        let now_ms = self.inner.clock.monotonic_ms();
        let mut known = lock(&self.inner.known_members.names);
        if known.len() >= MOST_KNOWN && !known.contains_key(&(guild, user)) {
            known.retain(|_, (_, at_ms)| now_ms - *at_ms < NAME_KNOWN_MS);
        }
        // More within that time than are remembered: those are asked for again.
        if known.len() < MOST_KNOWN || known.contains_key(&(guild, user)) {
            known.insert((guild, user), (name.to_owned(), now_ms));
        }
    }

    fn remember(&self, guild: GuildId, user: UserId, is_member: bool) {
        let now_ms = self.inner.clock.monotonic_ms();
        let mut known = lock(&self.inner.known_members.members);
        if known.len() >= MOST_KNOWN {
            known.retain(|_, (_, at_ms)| now_ms - *at_ms < KNOWN_MS);
        }
        // More within a minute than are remembered: those are asked about again.
        if known.len() < MOST_KNOWN {
            known.insert((guild, user), (is_member, now_ms));
        }
    }
}

fn said(is_member: bool) -> Membership {
    if is_member {
        Membership::Member
    } else {
        Membership::Left
    }
}
