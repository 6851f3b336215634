//! Application commands: registered, checked, listed.
//!
//! Source: Discord's reference, “Application Commands”.

use serde_json::{Map, Value, json};

use super::{Answer, Call};
use crate::sandbox::error::{ApiError, Form};
use crate::sandbox::shapes::id;
use crate::sandbox::state::Shared;
use crate::sandbox::world::World;

/// Slash commands in one place: of the application, or of one server.
const COMMANDS: usize = 100;
/// Commands in the menu of a user, and of a message, in one place.
const MENU_COMMANDS: usize = 15;
/// Options of a command, choices of an option.
const OPTIONS: usize = 25;
/// The kinds of command that exist here, by Discord's “Application Command Types”.
pub(in crate::sandbox) const CHAT_INPUT: u64 = 1;
const USER: u64 = 2;
pub(in crate::sandbox) const MESSAGE: u64 = 3;
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
            form.count("", list.len(), 0, COMMANDS + 2 * MENU_COMMANDS);
            for (index, command) in list.iter().enumerate() {
                check(command, &format!("{index}"), &mut form);
                if list[..index].iter().any(|other| is_same(other, command)) {
                    already_named(&format!("{index}"), &mut form);
                }
            }
            form.finish()?;
            for kind in [CHAT_INPUT, USER, MESSAGE] {
                has_room(&list, kind)?;
            }
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
            let mut changed = list.clone();
            changed.retain(|known| !is_same(known, &stored));
            changed.push(stored.clone());
            has_room(&changed, kind_of(&stored))?;
            *list = changed;
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
                    drop(world);
                    shared.change();
                    Ok(None)
                }
                "PATCH" => {
                    let mut changed = list[at].clone();
                    for (field, value) in body.as_object().into_iter().flatten() {
                        // What a command is, it stays.
                        if field != "type" {
                            put(&mut changed, field, value);
                        }
                    }
                    let mut form = Form::default();
                    check(&changed, "", &mut form);
                    let others = list.iter().enumerate().filter(|(other, _)| *other != at);
                    if others
                        .into_iter()
                        .any(|(_, other)| is_same(other, &changed))
                    {
                        already_named("", &mut form);
                    }
                    form.finish()?;
                    list[at] = changed.clone();
                    drop(world);
                    shared.change();
                    Ok(Some(changed))
                }
                _ => Err(ApiError::unknown_route()),
            }
        }
        _ => Err(ApiError::unknown_route()),
    }
}

pub(in crate::sandbox) fn kind_of(command: &Value) -> u64 {
    command["type"].as_u64().unwrap_or(CHAT_INPUT)
}

/// Whether both go by one name: each kind has names of its own.
fn is_same(one: &Value, other: &Value) -> bool {
    one["name"] == other["name"] && kind_of(one) == kind_of(other)
}

fn already_named(at: &str, form: &mut Form) {
    form.add(
        &path(at, "name"),
        "APPLICATION_COMMANDS_DUPLICATE_NAME",
        "Application command names must be unique",
    );
}

fn has_room(list: &[Value], kind: u64) -> Result<(), ApiError> {
    let most = if kind == CHAT_INPUT {
        COMMANDS
    } else {
        MENU_COMMANDS
    };
    let count = list.iter().filter(|command| kind_of(command) == kind);
    if count.count() > most {
        return Err(ApiError::code(30_032));
    }
    Ok(())
}

fn path(at: &str, field: &str) -> String {
    if at.is_empty() {
        field.to_owned()
    } else {
        format!("{at}.{field}")
    }
}

/// An `ApplicationCommandResponse`; a command of the same name and kind keeps its id.
fn shape(shared: &Shared, world: &World, guild: Option<u64>, command: &Value) -> Value {
    let known = world.commands.get(&guild).into_iter().flatten();
    let known = known.clone().find(|known| is_same(known, command));
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
    for (field, value) in command.as_object().into_iter().flatten() {
        put(&mut shape, field, value);
    }
    shape
}

/// Writes a given field as Discord answers it.
fn put(shape: &mut Value, field: &str, value: &Value) {
    shape[field] = match (field, value) {
        // Bits come as a string or a number, and are answered as a string.
        ("default_member_permissions", Value::Number(bits)) => bits.to_string().into(),
        ("options", Value::Array(options)) => options.iter().map(option_shape).collect(),
        ("integration_types" | "contexts" | "options", Value::Null) => return,
        ("description", Value::Null) => "".into(),
        _ => value.clone(),
    };
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
    let kind = kind_of(command);
    let is_chat_input = kind == CHAT_INPUT;
    name(command, &path(at, "name"), is_chat_input, form);
    match kind {
        CHAT_INPUT => description(command, &path(at, "description"), form),
        USER | MESSAGE => no_description(command, at, form),
        _ => form.not_a_choice(&path(at, "type"), "1, 2, 3"),
    }
    if is_chat_input {
        options(command, &path(at, "options"), 0, form);
    }
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

/// A command in a menu has a name and nothing else to show. Empty is as good as left out.
fn no_description(command: &Value, at: &str, form: &mut Form) {
    if !command["description"]
        .as_str()
        .unwrap_or_default()
        .is_empty()
    {
        form.add(
            &path(at, "description"),
            "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID",
            "Context menu commands cannot have description",
        );
    }
    let options = command["options"].as_array();
    if options.is_some_and(|options| !options.is_empty()) {
        // That they are refused is documented, by which code is not.
        form.add(
            &path(at, "options"),
            "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS_INVALID",
            "Context menu commands cannot have options",
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
