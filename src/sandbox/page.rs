//! A plain page to try the bot by hand, and the JSON behind it (`/local/…`).
//!
//! It has no password, and acts as anybody: so it listens on this machine unless told otherwise,
//! and answers only a browser that got the page from here (see [`refuse_other_sites`]).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::permissions::VIEW_CHANNEL;
use super::shapes::id;
use super::state::Shared;
use super::world::{Guild, User, World};
use super::{LocalDiscord, Refused, Reply};
use crate::clock::Clock;
use crate::ids::{ChannelId, UserId};

const PAGE: &str = include_str!("../../assets/sandbox/index.html");
const SCRIPT: &str = include_str!("../../assets/sandbox/page.js");
const STYLE: &str = include_str!("../../assets/sandbox/page.css");
/// Nothing from elsewhere, nothing inline: what a member writes is never a script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Bytes of an action: a form filled to Discord's limits, and its definition, fit many times.
const ACT_MAX: usize = 256 * 1024;
/// How long an answer waits for something to show, before the page asks again.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// How far the clock is turned at once: a leap year, beyond which nobody looks at a deadline.
const LONGEST_TURN_MS: i64 = 366 * 86_400_000;

pub(super) fn router(discord: LocalDiscord) -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(page))
        .route(
            "/page.js",
            get(|| async {
                (
                    [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")],
                    SCRIPT,
                )
            }),
        )
        .route(
            "/page.css",
            get(|| async { ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE) }),
        )
        .route("/local/world", get(world))
        .route("/local/channels/{channel}/messages", get(messages))
        .route(
            "/local/act",
            post(act).layer(DefaultBodyLimit::max(ACT_MAX)),
        )
        .route("/local/people", post(change_person))
        .route("/local/clock", post(turn_clock))
        .layer(axum::Extension(discord))
}

/// Refuses what another site makes a browser send here.
///
/// A request that names an `Origin` must come from the page itself. And the page and its JSON are
/// served under an address or `localhost` only: any other name may have been pointed here by
/// whoever owns it (DNS rebinding), and its pages would count as this origin. Bots send no
/// `Origin` and may know this place by any name.
pub(super) async fn refuse_other_sites(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = text(headers, header::HOST);
    let is_own = match headers.get(header::ORIGIN) {
        None => true,
        Some(_) => text(headers, header::ORIGIN).strip_prefix("http://") == Some(host),
    };
    let path = request.uri().path();
    let is_bots = ["/api", "/gateway", "/attachments/"]
        .iter()
        .any(|door| path.starts_with(door));
    if is_own && (is_bots || is_local_name(host)) {
        return next.run(request).await;
    }
    refused(
        StatusCode::FORBIDDEN,
        "this request comes from another site",
    )
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

fn is_local_name(host: &str) -> bool {
    let Ok(uri) = host.parse::<Uri>() else {
        return false;
    };
    let name = uri.host().unwrap_or_default();
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || address.parse::<IpAddr>().is_ok()
}

async fn page() -> Response {
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(PAGE)).into_response()
}

/// Servers, channels, people, commands, and the time.
async fn world(State(shared): State<Arc<Shared>>) -> Json<Value> {
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
    let names: serde_json::Map<String, Value> = names.collect();
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
        .map(|user| json!({ "id": id(user.id), "name": user.global_name, "locale": user.locale }))
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
struct Reader {
    user: u64,
    /// The `seen` of the last answer: this one waits until there is something newer.
    wait: Option<u64>,
}

/// What this user sees in the channel; with `wait`, once there is news or after 20 s.
async fn messages(
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
    let visible = world.channels.get(&channel).filter(|channel| {
        let guild = channel.guild.and_then(|guild| world.guilds.get(&guild));
        match guild {
            None => channel.recipient == Some(reader.user),
            Some(guild) => {
                guild.members.contains_key(&reader.user)
                    && world.permissions_in(channel, reader.user) & VIEW_CHANNEL != 0
            }
        }
    });
    let Some(channel) = visible else {
        return refused(
            StatusCode::NOT_FOUND,
            "there is no such channel for this user",
        );
    };
    let shown = channel.messages.iter().filter(|message| {
        let only = message.visible_to;
        only.is_none_or(|only| only.get() == reader.user)
    });
    let shown: Vec<Value> = shown.map(|message| world.message(message)).collect();
    let now_ms = shared.clock.now_ms();
    Json(json!({ "seen": seen, "now_ms": now_ms, "messages": shown })).into_response()
}

/// How a person sets their account.
#[derive(Deserialize)]
struct Person {
    user: u64,
    takes_dms: bool,
}

async fn change_person(
    axum::Extension(discord): axum::Extension<LocalDiscord>,
    Json(person): Json<Person>,
) -> Response {
    if !discord.shared().world().users.contains_key(&person.user) {
        return refused(StatusCode::NOT_FOUND, "there is nobody with this id");
    }
    discord.close_dms(person.user.into(), !person.takes_dms);
    Json(json!({ "takes_dms": person.takes_dms })).into_response()
}

#[derive(Deserialize)]
struct Turn {
    advance_ms: i64,
}

/// Time passes at once, for the bot too if the clock is its own.
async fn turn_clock(State(shared): State<Arc<Shared>>, Json(turn): Json<Turn>) -> Response {
    let ms = turn.advance_ms;
    if !(1..=LONGEST_TURN_MS).contains(&ms) {
        let limits = "the clock is turned by a millisecond at least and by 366 days at most";
        return refused(StatusCode::BAD_REQUEST, limits);
    }
    match &shared.clock {
        Clock::Shifted(clock) => clock.shift_ms(ms),
        Clock::Manual(clock) => clock.advance_ms(ms),
        Clock::System => return refused(StatusCode::CONFLICT, "this clock cannot be turned"),
    }
    // Whoever waits for messages is shown the new time with them.
    shared.change();
    Json(json!({ "now_ms": shared.clock.now_ms() })).into_response()
}

fn refused(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "refused": why }))).into_response()
}

/// What somebody does.
#[derive(Deserialize)]
struct Act {
    user: u64,
    channel: u64,
    #[serde(flatten)]
    what: What,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
enum What {
    /// A typed line.
    Slash {
        line: String,
    },
    /// Suggestions for the option being typed.
    Autocomplete {
        path: String,
        focused: String,
        typed: String,
    },
    Click {
        message: u64,
        custom_id: String,
    },
    Select {
        message: u64,
        custom_id: String,
        values: Vec<String>,
    },
    Submit {
        modal: Value,
        values: serde_json::Map<String, Value>,
    },
}

async fn act(
    axum::Extension(discord): axum::Extension<LocalDiscord>,
    Json(act): Json<Act>,
) -> Response {
    let (user, channel) = (UserId::from(act.user), ChannelId::from(act.channel));
    let actor = discord.actor(user, channel);
    let find = |message: u64| {
        let found = discord
            .messages(channel)
            .into_iter()
            .find(|one| one.id.get() == message);
        found.ok_or_else(|| Refused::Client("that message is gone".into()))
    };
    let outcome = match act.what {
        What::Slash { line } => actor.slash(&line).await,
        What::Autocomplete {
            path,
            focused,
            typed,
        } => actor
            .autocomplete(&path, &[], &focused, &typed)
            .await
            .map(Reply::Choices),
        What::Click { message, custom_id } => match find(message) {
            Ok(message) => actor.click(&message, &custom_id).await,
            Err(refused) => Err(refused),
        },
        What::Select {
            message,
            custom_id,
            values,
        } => match find(message) {
            Ok(message) => {
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                actor.select(&message, &custom_id, &values).await
            }
            Err(refused) => Err(refused),
        },
        What::Submit { modal, values } => {
            let values: Vec<(&str, &str)> = values
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
                .collect();
            actor.submit(&modal, &values).await
        }
    };
    match outcome {
        Ok(Reply::Modal(modal)) => Json(json!({ "modal": modal })).into_response(),
        Ok(Reply::Choices(choices)) => Json(json!({ "choices": choices })).into_response(),
        Ok(reply) => {
            Json(json!({ "text": reply.text(), "ephemeral": reply.is_ephemeral() })).into_response()
        }
        Err(why) => refused(StatusCode::BAD_REQUEST, &why.to_string()),
    }
}
