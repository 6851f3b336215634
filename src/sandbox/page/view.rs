//! What there is to see: servers, channels, people, commands, messages.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{LONGEST_WAIT, refused};
use crate::sandbox::message::Message;
use crate::sandbox::permissions::{self, VIEW_CHANNEL};
use crate::sandbox::shapes::id;
use crate::sandbox::state::Shared;
use crate::sandbox::world::{Channel, Guild, MESSAGES_KEPT, User, World};

/// Messages shown unless more are asked for: what a screen or five hold.
const SHOWN: usize = 100;
/// Newest messages of each channel whose ids are told, to count those that were not read.
const COUNTED: usize = 20;

/// Servers, channels, people, commands, and the time.
pub(super) async fn world(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let world = shared.world();
    let guilds: Vec<Value> = world
        .guilds
        .values()
        .map(|guild| shown_guild(&world, guild))
        .collect();
    let is_person = |user: &&User| !user.bot && user.id != world.owner;
    let mut people: Vec<&User> = world.users.values().filter(is_person).collect();
    people.sort_by_key(|user| user.id);
    let people: Vec<Value> = people
        .into_iter()
        .map(|user| shown_person(&world, user))
        .collect();
    let commands: Vec<Value> = world.commands.values().flatten().cloned().collect();
    let names = world.users.values().map(|user| {
        let name = user.global_name.as_deref().unwrap_or(&user.name);
        (user.id.to_string(), Value::from(name))
    });
    let names: Map<String, Value> = names.collect();
    Json(json!({
        "guilds": guilds,
        "people": people,
        "bot": id(world.bot),
        "commands": commands,
        "names": names,
        "connected": shared.gateway.is_connected(),
        "now_ms": shared.clock.now_ms(),
    }))
}

fn shown_guild(world: &World, guild: &Guild) -> Value {
    let channels = world.channels.values();
    let channels = channels.filter(|channel| channel.guild == Some(guild.id));
    let channels: Vec<Value> = channels
        .map(|one| json!({ "id": id(one.id), "name": one.name }))
        .collect();
    let members = guild.members.keys();
    let members = members.filter_map(|user| world.users.get(user));
    let members: Vec<Value> = members
        .filter(|user| !user.bot)
        .map(|user| {
            let permissions = permissions::in_guild(guild, user.id).to_string();
            json!({
                "id": id(user.id),
                "name": user.global_name,
                "locale": user.locale,
                "permissions": permissions,
            })
        })
        .collect();
    let roles: Vec<Value> = guild
        .roles
        .values()
        .map(|role| json!({ "id": id(role.id), "name": role.name }))
        .collect();
    json!({
        "id": id(guild.id),
        "name": guild.name,
        "locale": guild.locale,
        "channels": channels,
        "members": members,
        "roles": roles,
        "has_bot": guild.has_bot,
    })
}

/// A person, and their direct messages: the channel with the bot, if one of the two opened it.
fn shown_person(world: &World, user: &User) -> Value {
    json!({
        "id": id(user.id),
        "name": user.global_name,
        "locale": user.locale,
        "takes_dms": !user.dms_closed,
        "direct": world.direct.get(&user.id).map(|channel| id(*channel)),
    })
}

#[derive(Deserialize)]
pub(super) struct Reader {
    user: u64,
    /// The `seen` of the last answer: this one waits until there is something newer.
    wait: Option<u64>,
    /// How many messages at most.
    limit: Option<usize>,
}

/// What this user sees in the channel; with `wait`, once there is news or after 20 s.
pub(super) async fn messages(
    State(shared): State<Arc<Shared>>,
    Path(channel): Path<u64>,
    Query(reader): Query<Reader>,
) -> Response {
    if let Some(seen) = reader.wait {
        let mut changes = shared.changes.subscribe();
        let newer = changes.wait_for(|count| *count != seen);
        // Either way the answer says how things stand.
        let _ = tokio::time::timeout(LONGEST_WAIT, newer).await;
    }
    // Read before the messages: one that comes in between is shown twice rather than never.
    let seen = *shared.changes.borrow();
    let world = shared.world();
    let found = world.channels.get(&channel);
    let Some(channel) = found.filter(|channel| sees(&world, channel, reader.user)) else {
        return refused(
            StatusCode::NOT_FOUND,
            "there is no such channel for this user",
        );
    };
    let limit = reader.limit.unwrap_or(SHOWN).min(MESSAGES_KEPT);
    let mut newest: Vec<&Message> = shown(channel, reader.user).take(limit + 1).collect();
    let has_more = newest.len() > limit;
    newest.truncate(limit);
    let messages: Vec<Value> = newest
        .iter()
        .rev()
        .map(|message| world.message(message))
        .collect();
    Json(json!({
        "seen": seen,
        "now_ms": shared.clock.now_ms(),
        "messages": messages,
        "has_more": has_more,
        "tails": tails(&world, reader.user),
        "connected": shared.gateway.is_connected(),
    }))
    .into_response()
}

/// Whether the channel is there for this user.
fn sees(world: &World, channel: &Channel, user: u64) -> bool {
    match channel.guild.and_then(|guild| world.guilds.get(&guild)) {
        None => channel.recipient == Some(user),
        Some(guild) => {
            guild.members.contains_key(&user)
                && world.permissions_in(channel, user) & VIEW_CHANNEL != 0
        }
    }
}

/// What stands in the channel for this user, the newest first.
fn shown(channel: &Channel, user: u64) -> impl Iterator<Item = &Message> {
    let messages = channel.messages.iter().rev();
    messages
        .map(AsRef::as_ref)
        .filter(move |message: &&Message| {
            let only = message.visible_to;
            only.is_none_or(|only| only.get() == user)
        })
}

/// The newest messages of every channel that this user sees, by their ids, the oldest first: what
/// the page has not shown yet is unread. A person's own are left out.
fn tails(world: &World, user: u64) -> Value {
    let channels = world.channels.values();
    let tails = channels
        .filter(|channel| sees(world, channel, user))
        .map(|channel| {
            let newest = shown(channel, user).filter(|message| message.author_id.get() != user);
            let mut ids: Vec<Value> = newest
                .take(COUNTED)
                .map(|message| id(message.id.get()))
                .collect();
            ids.reverse();
            (channel.id.to_string(), Value::from(ids))
        });
    Value::Object(tails.collect())
}
