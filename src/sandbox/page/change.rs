//! What the page changes: people's settings, where the bot is, and the time.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::{Snowflake, refused, turn};
use crate::ids::UserId;
use crate::sandbox::LocalDiscord;
use crate::sandbox::state::Shared;

/// How far the clock is turned at once: a leap year, beyond which nobody looks at a deadline.
const LONGEST_TURN_MS: i64 = 366 * 86_400_000;

/// How a person sets their account; what is not mentioned stays.
#[derive(Deserialize)]
pub(super) struct Person {
    user: Snowflake,
    takes_dms: Option<bool>,
    locale: Option<String>,
}

pub(super) async fn person(
    axum::Extension(discord): axum::Extension<LocalDiscord>,
    Json(person): Json<Person>,
) -> Response {
    let user = UserId::from(person.user.0);
    if !discord.shared().world().users.contains_key(&user.get()) {
        return refused(StatusCode::NOT_FOUND, "there is nobody with this id");
    }
    if let Some(locale) = &person.locale
        && !discord.set_locale(user, locale)
    {
        return refused(StatusCode::BAD_REQUEST, "Discord has no such language");
    }
    if let Some(takes_dms) = person.takes_dms {
        discord.close_dms(user, !takes_dms);
    }
    discord.shared().change();
    let world = discord.shared().world();
    let told = world.users.get(&user.get());
    Json(json!({
        "takes_dms": told.is_some_and(|user| !user.dms_closed),
        "locale": told.map(|user| &user.locale),
    }))
    .into_response()
}

#[derive(Deserialize)]
pub(super) struct Invitation {
    guild: Snowflake,
}

/// The bot is put out of a server and invited again, as if it came to it for the first time.
pub(super) async fn invite(
    axum::Extension(discord): axum::Extension<LocalDiscord>,
    Json(invitation): Json<Invitation>,
) -> Response {
    let guild = invitation.guild.0;
    if !discord.shared().world().guilds.contains_key(&guild) {
        return refused(StatusCode::NOT_FOUND, "there is no such server");
    }
    discord.kick_bot(guild.into());
    discord.invite_bot(guild.into());
    Json(json!({ "guild": guild.to_string() })).into_response()
}

#[derive(Deserialize)]
pub(super) struct Turn {
    advance_ms: i64,
}

/// Time passes at once, for the bot too if the clock is its own, which does all that comes due meanwhile.
pub(super) async fn clock(State(shared): State<Arc<Shared>>, Json(turn): Json<Turn>) -> Response {
    let ms = turn.advance_ms;
    if !(1..=LONGEST_TURN_MS).contains(&ms) {
        let limits = "the clock is turned by a millisecond at least and by 366 days at most";
        return refused(StatusCode::BAD_REQUEST, limits);
    }
    if !turn::by(&shared, ms).await {
        return refused(StatusCode::CONFLICT, "this clock cannot be turned");
    }
    // Whoever waits for messages is shown the new time with them.
    shared.change();
    Json(json!({ "now_ms": shared.clock.now_ms() })).into_response()
}
