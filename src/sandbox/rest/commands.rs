//! Application commands: registered, checked, listed.
//!
//! Source: Discord's reference, “Application Commands”.

use serde_json::{Map, Value, json};

use super::{Answer, Call};
use crate::sandbox::error::{ApiError, Form};
use crate::sandbox::shapes::id;
use crate::sandbox::state::Shared;
use crate::sandbox::world::World;

/// Commands of one kind in one place.
const COMMANDS: usize = 100;
/// Options of a command, choices of an option.
const OPTIONS: usize = 25;
/// Characters of a command in all: names, descriptions and values, the longest language counting.
const COMMAND_LENGTH: usize = 8_000;

pub(super) fn route(shared: &Shared, call: &Call, guild: Option<u64>, rest: &[&str]) -> Answer {
    let mut world = shared.world();
    if let Some(guild) = guild
        && !world.guilds.get(&guild).is_some_and(|guild| guild.has_bot)
    {
        return Err(ApiError::code(50_001));
    }
    let body = &call.body.payload;
    match (call.method.as_str(), rest) {
        ("GET", []) => Ok(Some(Value::Array(
            world.commands.get(&guild).cloned().unwrap_or_default(),
        ))),
        ("PUT", []) => {
            let list = body.as_array().cloned().unwrap_or_default();
            let mut form = Form::default();
            form.count("", list.len(), 0, COMMANDS);
            for (index, command) in list.iter().enumerate() {
                check(command, &format!("{index}"), &mut form);
            }
            form.finish()?;
            let stored: Vec<Value> = list
                .iter()
                .map(|command| shape(shared, &world, guild, command))
                .collect();
            world.commands.insert(guild, stored.clone());
            drop(world);
            shared.change();
            Ok(Some(Value::Array(stored)))
        }
        ("POST", []) => {
            let mut form = Form::default();
            check(body, "", &mut form);
            form.finish()?;
            let stored = shape(shared, &world, guild, body);
            let list = world.commands.entry(guild).or_default();
            list.retain(|known| known["name"] != stored["name"]);
            list.push(stored.clone());
            drop(world);
            shared.change();
            Ok(Some(stored))
        }
        (method, [command]) => {
            let list = world.commands.entry(guild).or_default();
            let at = list.iter().position(|known| known["id"] == **command);
            let at = at.ok_or_else(|| ApiError::code(10_063))?;
            match method {
                "GET" => Ok(Some(list[at].clone())),
                "DELETE" => {
                    list.remove(at);
                    Ok(None)
                }
                "PATCH" => {
                    let mut changed = list[at].clone();
                    if let (Some(changed), Some(body)) = (changed.as_object_mut(), body.as_object())
                    {
                        changed.extend(body.clone());
                    }
                    let mut form = Form::default();
                    check(&changed, "", &mut form);
                    form.finish()?;
                    list[at] = changed.clone();
                    Ok(Some(changed))
                }
                _ => Err(ApiError::unknown_route()),
            }
        }
        _ => Err(ApiError::unknown_route()),
    }
}

/// An `ApplicationCommandResponse`; a command of the same name keeps its id.
fn shape(shared: &Shared, world: &World, guild: Option<u64>, command: &Value) -> Value {
    let known = world.commands.get(&guild).into_iter().flatten();
    let known = known.clone().find(|known| known["name"] == command["name"]);
    let made = || id(shared.ids.make(shared.clock.now_ms()));
    let mut shape = json!({
        "id": known.map_or_else(made, |known| known["id"].clone()),
        "application_id": id(world.bot),
        "version": made(),
        "type": 1,
        "description": "",
        "nsfw": false,
        "default_member_permissions": null,
        "name_localizations": null,
        "description_localizations": null,
        "integration_types": [0],
    });
    if let Some(guild) = guild {
        shape["guild_id"] = id(guild);
    } else {
        shape["contexts"] = Value::Null;
        shape["dm_permission"] = true.into();
    }
    let given = command.as_object().cloned().unwrap_or_default();
    for (field, value) in given {
        // Bits come as a string or a number, and are answered as a string.
        let value = match (field.as_str(), &value) {
            ("default_member_permissions", Value::Number(bits)) => bits.to_string().into(),
            ("options", Value::Array(options)) => options.iter().map(option_shape).collect(),
            ("integration_types" | "contexts", Value::Null) => continue,
            _ => value,
        };
        shape[field] = value;
    }
    shape
}

/// An option, without what it leaves out.
fn option_shape(option: &Value) -> Value {
    let mut shape = Map::new();
    for (field, value) in option.as_object().into_iter().flatten() {
        let value = match (field.as_str(), value) {
            (_, Value::Null) => continue,
            ("options", Value::Array(options)) => options.iter().map(option_shape).collect(),
            _ => value.clone(),
        };
        shape.insert(field.clone(), value);
    }
    Value::Object(shape)
}

fn check(command: &Value, at: &str, form: &mut Form) {
    let path = |field: &str| {
        if at.is_empty() {
            field.to_owned()
        } else {
            format!("{at}.{field}")
        }
    };
    let is_chat_input = command["type"].as_u64().unwrap_or(1) == 1;
    name(command, &path("name"), is_chat_input, form);
    if is_chat_input {
        description(command, &path("description"), form);
    }
    options(command, &path("options"), 0, form);
    if length(command) > COMMAND_LENGTH {
        form.add(
            at,
            "APPLICATION_COMMAND_TOO_LARGE",
            format!("Command exceeds maximum size ({COMMAND_LENGTH})"),
        );
    }
}

fn name(value: &Value, path: &str, is_chat_input: bool, form: &mut Form) {
    let name = value["name"].as_str().unwrap_or_default();
    form.length(path, name, 1, 32);
    let fits = |c: char| c == '-' || c == '_' || c == '\'' || c.is_alphanumeric();
    let is_lower = name.to_lowercase() == name;
    if is_chat_input && !name.is_empty() && !(name.chars().all(fits) && is_lower) {
        form.add(
            path,
            "APPLICATION_COMMAND_INVALID_NAME",
            "Command name is invalid",
        );
    }
}

fn description(value: &Value, path: &str, form: &mut Form) {
    form.length(
        path,
        value["description"].as_str().unwrap_or_default(),
        1,
        100,
    );
    for (locale, text) in value["description_localizations"]
        .as_object()
        .into_iter()
        .flatten()
    {
        form.length(
            &format!("{path}_localizations.{locale}"),
            text.as_str().unwrap_or_default(),
            1,
            100,
        );
    }
}

fn options(value: &Value, path: &str, depth: u32, form: &mut Form) {
    let options = value["options"].as_array().map_or(&[][..], Vec::as_slice);
    form.count(path, options.len(), 0, OPTIONS);
    let mut optional_seen = false;
    let mut names = Vec::new();
    for (index, option) in options.iter().enumerate() {
        let at = format!("{path}.{index}");
        name(option, &format!("{at}.name"), true, form);
        description(option, &format!("{at}.description"), form);
        if names.contains(&&option["name"]) {
            form.add(
                &at,
                "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
                "Option name already exists",
            );
        }
        names.push(&option["name"]);
        let kind = option["type"].as_u64().unwrap_or(0);
        if !(1..=11).contains(&kind) || (kind == 2 && depth > 0) || (kind == 1 && depth > 1) {
            form.not_a_choice(&format!("{at}.type"), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11");
        }
        let required = option["required"].as_bool().unwrap_or(false);
        if required && optional_seen {
            form.add(
                &at,
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            );
        }
        optional_seen |= !required && kind > 2;
        let choices = option["choices"].as_array().map_or(&[][..], Vec::as_slice);
        form.count(&format!("{at}.choices"), choices.len(), 0, OPTIONS);
        options_of(option, &at, kind, depth, form);
    }
}

fn options_of(option: &Value, at: &str, kind: u64, depth: u32, form: &mut Form) {
    if kind <= 2 {
        options(option, &format!("{at}.options"), depth + 1, form);
    }
}

/// Characters that count against [`COMMAND_LENGTH`].
fn length(value: &Value) -> usize {
    let longest = |field: &str| {
        let own = value[field].as_str().unwrap_or_default().chars().count();
        let localized = value[format!("{field}_localizations")]
            .as_object()
            .into_iter()
            .flatten();
        localized
            .map(|(_, text)| text.as_str().unwrap_or_default().chars().count())
            .fold(own, usize::max)
    };
    let below = value["options"]
        .as_array()
        .into_iter()
        .flatten()
        .chain(value["choices"].as_array().into_iter().flatten());
    longest("name")
        + longest("description")
        + value["value"]
            .as_str()
            .map_or(0, |text| text.chars().count())
        + below.map(length).sum::<usize>()
}
