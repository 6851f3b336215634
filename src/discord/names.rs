//! What members are called who are named without being pinged, and what is meant by the tokens that people
//! write.
//!
//! Names come with interactions ([`learn`]); others are asked for, a moment long ([`Names::asked`]), and
//! where Discord does not tell, a member is called as when they last started something.
//!
//! Everything of a member's own words that others see is [spelled out](spelled_out) where it comes in:
//! the task of a start, and the reason of a correction. A channel that the writer cannot see is not named.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures_util::future::join_all;
use poise::serenity_prelude as serenity;
use serde::Deserialize;
use serenity::{
    ChannelId, ChannelType, GuildChannel, Http, Interaction, LightMethod, Member, Permissions,
    Request, Route,
};

use super::asker::Asker;
use crate::app::App;
use crate::error::Result;
use crate::guild;
use crate::i18n::{Language, text};
use crate::ids::{GuildId, UserId};
use crate::messenger::markdown::{named, named_exactly, shorten};
use crate::messenger::tokens::{self, Known, Wanted};
use crate::outbox::Membership;
use crate::timeattack;

/// An answer comes with an older name rather than late.
const PATIENCE_MS: i64 = 1_000;
const PATIENCE: Duration = Duration::from_millis(PATIENCE_MS.unsigned_abs());
/// Threads of one text that are asked about: each is a request, and few texts have more than one.
const MOST_THREADS: usize = 5;
/// Names asked for at once: so many fit the patience without keeping others from being asked.
const MOST_ASKED: usize = 25;

/// The names of some members.
pub(super) struct Names(HashMap<UserId, String>);

impl Names {
    /// What Discord calls these members of a server now, as far as it tells in time.
    pub(super) async fn asked(
        app: &App,
        guild: GuildId,
        users: impl IntoIterator<Item = UserId>,
    ) -> Result<Self> {
        let users: Vec<UserId> = users.into_iter().collect();
        let asked = users.iter().take(MOST_ASKED);
        let asked = asked.map(|user| app.outbox.learn_name(guild, *user));
        tokio::select! {
            _ = join_all(asked) => {}
            () = app.clock.sleep_ms(PATIENCE_MS) => {}
        }
        Self::known(app, guild, users).await
    }

    /// What they are known to be called, without asking anybody.
    pub(super) async fn known(
        app: &App,
        guild: GuildId,
        users: impl IntoIterator<Item = UserId>,
    ) -> Result<Self> {
        let (mut names, mut unknown) = (HashMap::new(), Vec::new());
        for user in users {
            match app.outbox.known_name(guild, user) {
                Some(name) => drop(names.insert(user, name)),
                None => unknown.push(user),
            }
        }
        names.extend(timeattack::stored_names(app, guild, &unknown).await?);
        Ok(Self(names))
    }

    /// How somebody is named.
    pub(super) fn shown(&self, user: UserId) -> String {
        named(self.name(user), user)
    }

    /// The same, where the reader must know exactly who it is.
    pub(super) fn shown_exactly(&self, user: UserId) -> String {
        named_exactly(self.name(user), user)
    }

    fn name(&self, user: UserId) -> Option<&str> {
        self.0.get(&user).map(String::as_str)
    }
}

/// Those of `users` who have left the server, as far as Discord tells in time.
pub(super) async fn left(
    app: &App,
    guild: GuildId,
    users: impl IntoIterator<Item = UserId>,
) -> HashSet<UserId> {
    let mut users: HashSet<UserId> = users.into_iter().collect();
    let asked = users.iter().take(MOST_ASKED);
    let asked = asked.map(|user| app.outbox.membership(guild, *user));
    tokio::select! {
        _ = join_all(asked) => {}
        () = app.clock.sleep_ms(PATIENCE_MS) => {}
    }
    // One that takes too long hides nothing that is known of the others.
    users.retain(|user| app.outbox.known_membership(guild, *user) == Some(Membership::Left));
    users
}

/// A line about somebody who has left the server.
pub(super) fn marked_left(line: &str, language: Language) -> String {
    format!("{line} · {}", text(language, "leaderboard-left", &[]))
}

/// The same where it is about the member who was asked about, if they have left.
pub(super) async fn marked_if_left(app: &App, asker: &Asker, user: UserId, line: String) -> String {
    // Whoever asks is there.
    if user == asker.user || left(app, asker.guild, [user]).await.is_empty() {
        return line;
    }
    marked_left(&line, asker.language)
}

/// How one member is named.
pub(super) async fn name_of(app: &App, guild: GuildId, user: UserId) -> Result<String> {
    Ok(Names::asked(app, guild, [user]).await?.shown(user))
}

/// What somebody wrote, with the names of those whom its tokens mean in their place. What has no more than
/// `longest` characters has no more afterwards; what has more is refused elsewhere.
pub(super) async fn spelled_out(
    app: &App,
    http: &Http,
    asker: &Asker,
    written: &str,
    longest: usize,
) -> Result<String> {
    let wanted = Wanted::of(written).filter(|_| written.chars().count() <= longest);
    let Some(wanted) = wanted else {
        return Ok(written.to_owned());
    };
    let settings = guild::settings(app, asker.guild).await?;
    let language = settings.language.unwrap_or(asker.guild_language);
    let users = wanted.users.iter().take(MOST_ASKED);
    let users: Vec<UserId> = users.map(|id| UserId::from(*id)).collect();
    let of_server = tokio::time::timeout(PATIENCE, of_server(http, asker, &wanted));
    let (names, of_server) = tokio::join!(
        Names::asked(app, asker.guild, users.iter().copied()),
        of_server
    );
    let names = names?;
    let known_user = |user: UserId| Some((user.get(), names.name(user)?.to_owned()));
    let (roles, channels) = of_server.unwrap_or_default();
    let known = Known {
        users: users.into_iter().filter_map(known_user).collect(),
        roles,
        channels,
    };
    let named = tokens::named(written, &known, settings.timezone, language);
    Ok(shorten(&named, longest))
}

/// What the roles and channels are called that are wanted.
async fn of_server(
    http: &Http,
    asker: &Asker,
    wanted: &Wanted,
) -> (HashMap<u64, String>, HashMap<u64, String>) {
    let (mut roles, mut channels) = (HashMap::new(), HashMap::new());
    if wanted.roles.is_empty() && wanted.channels.is_empty() {
        return (roles, channels);
    }
    let id = serenity::GuildId::new(asker.guild.get().max(1));
    let Ok(server) = http.get_guild(id).await else {
        return (roles, channels);
    };
    for role in server.roles.values() {
        if wanted.roles.contains(&role.id.get()) {
            roles.insert(role.id.get(), role.name.clone());
        }
    }
    if wanted.channels.is_empty() {
        return (roles, channels);
    }
    let list = http.get_channels(id).await.unwrap_or_default();
    let is_seen = |channel: &GuildChannel| {
        let permissions = server.user_permissions_in(channel, &asker.member);
        permissions.contains(Permissions::VIEW_CHANNEL)
    };
    for channel in &list {
        if wanted.channels.contains(&channel.id.get()) && is_seen(channel) {
            channels.insert(channel.id.get(), channel.name.clone());
        }
    }
    // A thread is in no list, but whoever writes in it sees it.
    if let Some(here) = asker.channel_name.clone() {
        channels.insert(asker.channel.get(), here);
    }
    let is_listed = |id: u64| list.iter().any(|one| one.id.get() == id);
    let others = wanted.channels.iter().copied();
    let others = others.filter(|id| !channels.contains_key(id) && !is_listed(*id));
    let others = join_all(others.take(MOST_THREADS).map(|id| thread(http, id)));
    // One that takes too long costs no other its name.
    let others = tokio::time::timeout(PATIENCE / 2, others).await;
    for thread in others.into_iter().flatten().flatten() {
        let parent = list.iter().find(|one| thread.parent_id == Some(one.id));
        if thread.guild_id == id && parent.is_some_and(is_seen) {
            channels.insert(thread.id.get(), thread.name);
        }
    }
    (roles, channels)
}

/// A thread that everybody sees who sees its channel.
async fn thread(http: &Http, id: u64) -> Option<Thread> {
    let route = Route::Channel {
        channel_id: ChannelId::new(id.max(1)),
    };
    let found: Thread = http
        .fire(Request::new(route, LightMethod::Get))
        .await
        .ok()?;
    let is_public = [ChannelType::PublicThread, ChannelType::NewsThread].contains(&found.kind);
    is_public.then_some(found)
}

/// A thread, as far as it is named.
#[derive(Deserialize)]
struct Thread {
    id: ChannelId,
    #[serde(rename = "type")]
    kind: ChannelType,
    guild_id: serenity::GuildId,
    parent_id: Option<ChannelId>,
    name: String,
}

/// Remembers what an interaction tells of the names of members: of whoever made it, and of those whom
/// they chose.
pub(super) fn learn(app: &App, interaction: &Interaction) {
    let made_by = |guild: Option<serenity::GuildId>, member: Option<&Member>| {
        if let (Some(guild), Some(member)) = (guild, member) {
            saw(app, guild, member.user.id, member.display_name());
        }
    };
    match interaction {
        Interaction::Command(command) => {
            made_by(command.guild_id, command.member.as_deref());
            let (Some(guild), resolved) = (command.guild_id, &command.data.resolved) else {
                return;
            };
            for (id, user) in &resolved.users {
                // Without a member they are somebody who has left, and are called as everywhere.
                let nick = resolved.members.get(id).and_then(|one| one.nick.as_deref());
                saw(app, guild, *id, nick.unwrap_or_else(|| user.display_name()));
            }
        }
        Interaction::Autocomplete(command) => {
            made_by(command.guild_id, command.member.as_deref());
        }
        Interaction::Component(pressed) => made_by(pressed.guild_id, pressed.member.as_ref()),
        Interaction::Modal(form) => made_by(form.guild_id, form.member.as_ref()),
        _ => {}
    }
}

fn saw(app: &App, guild: serenity::GuildId, user: serenity::UserId, name: &str) {
    let (guild, user) = (GuildId::from(guild.get()), UserId::from(user.get()));
    app.outbox.saw_name(guild, user, name);
}
