//! Tells Discord which commands there are, when that has changed.
//!
//! A guild may create 200 commands a day, and every change of a global one takes a while to reach
//! people; so what Discord has is read first, and replaced only if it differs.

use std::collections::HashMap;

use anyhow::Context as _;
use poise::serenity_prelude as serenity;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use serenity::{ApplicationId, Http, LightMethod, Request, Route};

use super::commands;
use super::connection::describe;
use crate::clock::Clock;
use crate::ids::GuildId;

/// Tries, with waits that grow from the first to the last: about half an hour in all.
const TRIES: u32 = 12;
const FIRST_WAIT_MS: i64 = 1_000;
const LONGEST_WAIT_MS: i64 = 300_000;
/// The fields that are compared. Others are Discord's own (ids, versions), or mean nothing to us.
const COMPARED: [&str; 17] = [
    "autocomplete",
    "channel_types",
    "choices",
    "contexts",
    "default_member_permissions",
    "description",
    "description_localizations",
    "max_length",
    "max_value",
    "min_length",
    "min_value",
    "name",
    "name_localizations",
    "options",
    "required",
    "type",
    "value",
];

/// The slash commands, and those of a message's menu, as the JSON that is sent to Discord.
pub fn commands_json() -> Value {
    let commands = commands::all();
    let slash = commands
        .iter()
        .filter_map(poise::Command::create_as_slash_command);
    // poise gives a menu's command no other names.
    let menu = commands.iter().filter_map(|command| {
        let built = command.create_as_context_menu_command()?;
        let (language, name) = command.name_localizations.first()?;
        Some(built.name_localized(language.clone(), name.clone()))
    });
    let built = slash.chain(menu);
    // Serialising plain data to JSON cannot fail; an empty list would be seen at once.
    let made: Vec<Value> = built
        .map(|command| serde_json::to_value(command).unwrap_or_default())
        .collect();
    Value::Array(made)
}

/// The ids of the commands by their names, as Discord gave them.
pub(super) type CommandIds = HashMap<String, u64>;

/// Asks Discord for the ids of the commands.
pub(super) async fn ids(
    http: &Http,
    application_id: ApplicationId,
    guild: Option<GuildId>,
) -> Result<CommandIds, serenity::Error> {
    let commands: Vec<Known> = http
        .fire(Request::new(route(application_id, guild), LightMethod::Get))
        .await?;
    let is_slash = |one: &Known| one.kind == 1;
    let named = |one: Known| Some((one.name, one.id.parse().ok()?));
    Ok(commands
        .into_iter()
        .filter(is_slash)
        .filter_map(named)
        .collect())
}

/// A command as Discord tells it.
#[derive(Deserialize)]
struct Known {
    id: String,
    name: String,
    #[serde(rename = "type", default = "slash")]
    kind: u8,
}

fn slash() -> u8 {
    1
}

fn route<'a>(application_id: ApplicationId, guild: Option<GuildId>) -> Route<'a> {
    match guild {
        Some(guild) => Route::GuildCommands {
            application_id,
            guild_id: serenity::GuildId::new(guild.get()),
        },
        None => Route::Commands { application_id },
    }
}

/// Registers the commands, in one guild or for all; tries again until it works or is hopeless.
pub(super) async fn register(
    clock: &Clock,
    http: &Http,
    application: ApplicationId,
    guild: Option<GuildId>,
) {
    let mut wait_ms = FIRST_WAIT_MS;
    for attempt in 1..=TRIES {
        match register_once(http, application, guild).await {
            Ok(true) => return tracing::info!("the slash commands were registered"),
            Ok(false) => return tracing::info!("the slash commands are registered already"),
            Err(error) if attempt == TRIES => {
                let error = format!("{error:#}");
                tracing::error!(error, "the slash commands could not be registered");
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(
                    error,
                    wait_ms,
                    "the slash commands were not registered; trying again"
                );
                clock.sleep_ms(wait_ms).await;
                wait_ms = (wait_ms * 2).min(LONGEST_WAIT_MS);
            }
        }
    }
}

async fn register_once(
    http: &Http,
    application_id: ApplicationId,
    guild: Option<GuildId>,
) -> anyhow::Result<bool> {
    let wanted = match guild {
        Some(_) => of_guild(commands_json()),
        None => commands_json(),
    };
    let read = Request::new(route(application_id, guild), LightMethod::Get)
        .params(Some(vec![("with_localizations", "true".to_owned())]));
    let there: Value = http
        .fire(read)
        .await
        .map_err(|error| anyhow::anyhow!(describe(error)))
        .context("reading the commands that Discord has")?;
    if canonical_list(&there) == canonical_list(&wanted) {
        return Ok(false);
    }
    let replace = Request::new(route(application_id, guild), LightMethod::Put)
        .body(Some(serde_json::to_vec(&wanted)?));
    let _: Value = http
        .fire(replace)
        .await
        .map_err(|error| anyhow::anyhow!(describe(error)))
        .context("replacing them")?;
    Ok(true)
}

/// Commands of one guild have no contexts: they are only there anyway.
fn of_guild(mut commands: Value) -> Value {
    for command in commands.as_array_mut().into_iter().flatten() {
        if let Some(command) = command.as_object_mut() {
            command.remove("contexts");
            command.remove("integration_types");
        }
    }
    commands
}

/// Commands in an order and form in which equal ones are equal.
fn canonical_list(commands: &Value) -> Vec<Value> {
    let mut list: Vec<Value> = commands
        .as_array()
        .into_iter()
        .flatten()
        .map(|command| canonical(command, true))
        .collect();
    list.sort_by(|one, other| one["name"].as_str().cmp(&other["name"].as_str()));
    list
}

/// Keeps the compared fields, without those that say what is so by default.
fn canonical(value: &Value, is_command: bool) -> Value {
    let mut kept = Map::new();
    for key in COMPARED {
        let field = &value[key];
        let field = match (key, field) {
            (_, Value::Null | Value::Bool(false)) => continue,
            // A menu's command has no description, and Discord says so in this way.
            (_, Value::String(text)) if text.is_empty() => continue,
            (_, Value::Array(items)) if items.is_empty() => continue,
            (_, Value::Object(fields)) if fields.is_empty() => continue,
            ("type", kind) if is_command && kind == 1 => continue,
            ("options" | "choices", Value::Array(items)) => {
                items.iter().map(|item| canonical(item, false)).collect()
            }
            ("channel_types", Value::Array(kinds)) => {
                let mut kinds: Vec<Option<u64>> = kinds.iter().map(Value::as_u64).collect();
                kinds.sort_unstable();
                json!(kinds)
            }
            // 1 and 1.0 are the same bound.
            ("min_value" | "max_value", Value::Number(number)) => json!(number.as_f64()),
            (_, field) => field.clone(),
        };
        kept.insert(key.to_owned(), field);
    }
    Value::Object(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_of_the_interface() {
        let commands = commands_json();
        let commands = commands.as_array().unwrap();
        let names = |command: &Value| {
            let options = command["options"].as_array().into_iter().flatten();
            let names = options.map(|option| option["name"].as_str().unwrap());
            format!(
                "{}: {}",
                command["name"].as_str().unwrap(),
                names.collect::<Vec<_>>().join(" ")
            )
        };
        let listed: Vec<String> = commands.iter().map(names).collect();
        let expected = [
            "timeattack: start complete status giveup extend history leaderboard stats reminders",
            "dm: allow stop status",
            "privacy: export delete",
            "help: command",
            "announce: body kind role",
            "queue: status parked retry discard",
            "subscriber: import add remove show list export",
            "template: save list show preview delete",
            "campaign: create preview test send schedule pause resume cancel status list report \
             retry-failed",
            "correct: attack verdict reason",
            "setup: channels locale limits quiet-hours messages reminders show check",
            "Start a time attack with this: ",
        ];
        assert_eq!(listed, expected);
        for name in [
            "announce",
            "queue",
            "subscriber",
            "template",
            "campaign",
            "correct",
            "setup",
        ] {
            let command = commands.iter().find(|command| command["name"] == name);
            assert_eq!(
                command.unwrap()["default_member_permissions"],
                "32",
                "{name}"
            );
        }
        let menu = commands.last().unwrap();
        assert_eq!(
            (&menu["type"], &menu["description"]),
            (&json!(3), &Value::Null)
        );
        assert!(menu["name_localizations"]["ko"].is_string());
        let setup = &commands[8];
        assert_eq!(setup["contexts"], json!([0]));
        let limit = &commands[0]["options"][0]["options"][1];
        assert_eq!(limit["name"], "limit");
        assert_eq!(limit["autocomplete"], true);
        assert!(limit["description_localizations"]["ko"].is_string());
    }

    #[test]
    fn what_discord_adds_is_no_difference() {
        let sent = commands_json();
        let mut there = sent.clone();
        for command in there.as_array_mut().unwrap() {
            command["id"] = json!("1");
            command["version"] = json!("2");
            if command["type"].is_null() {
                command["type"] = json!(1);
            }
            command["nsfw"] = json!(false);
            if command["name_localizations"].is_null() {
                command["name_localizations"] = Value::Null;
            }
        }
        there.as_array_mut().unwrap().reverse();
        assert_eq!(canonical_list(&sent), canonical_list(&there));
        there[1]["options"][0]["description"] = json!("another");
        assert_ne!(canonical_list(&sent), canonical_list(&there));
    }

    #[test]
    fn no_command_is_too_large() {
        for command in commands_json().as_array().unwrap() {
            // All names, descriptions and values, the longest locale counting (Discord's limit).
            assert!(command.to_string().chars().count() < 8_000 * 2);
        }
    }
}
