//! The commands as they are sent to Discord, and whether those that it has are the same.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::discord::commands;

/// The kind of a slash command, by Discord's “Application Command Types”.
pub(super) const SLASH: u64 = 1;
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

/// Commands of one guild have no contexts: they are only there anyway.
pub(super) fn of_guild(mut commands: Value) -> Value {
    for command in commands.as_array_mut().into_iter().flatten() {
        if let Some(command) = command.as_object_mut() {
            command.remove("contexts");
            command.remove("integration_types");
        }
    }
    commands
}

/// Whether Discord's list says the same as ours.
pub(super) fn are_same(there: &Value, wanted: &Value) -> bool {
    canonical_list(there) == canonical_list(wanted)
}

/// The ids of those commands in Discord's list that are ours, by name and kind.
pub(super) fn ids_of_ours(there: &Value) -> Vec<u64> {
    let key = |command: &Value| {
        let kind = command["type"].as_u64().unwrap_or(SLASH);
        (command["name"].as_str().map(str::to_owned), kind)
    };
    let ours = commands_json();
    let ours: HashSet<_> = ours.as_array().into_iter().flatten().map(key).collect();
    let there = there.as_array().into_iter().flatten();
    there
        .filter(|command| ours.contains(&key(command)))
        .filter_map(|command| command["id"].as_str()?.parse().ok())
        .collect()
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
            ("type", kind) if is_command && kind == SLASH => continue,
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
            "timezone: zone",
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
