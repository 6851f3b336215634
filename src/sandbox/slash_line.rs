//! Reads what somebody types: `/timeattack start task:Read a book limit:30m`.

use serde_json::Value;

use super::actor::{OptionValue, Refused};
use super::rest::commands::{CHAT_INPUT, kind_of};
use super::world::{Channel, Role, World};

/// The kinds of option that name something of the server, by Discord's “Application Command Option
/// Type”.
pub(super) const USER: u64 = 6;
pub(super) const CHANNEL: u64 = 7;
pub(super) const ROLE: u64 = 8;
pub(super) const MENTIONABLE: u64 = 9;

type Options = Vec<(String, OptionValue)>;

/// The command, its path (`timeattack`, `start`) and its options.
pub(super) fn parse(
    world: &World,
    channel: u64,
    line: &str,
) -> Result<(Value, Vec<String>, Options), Refused> {
    let line = line.trim().trim_start_matches('/');
    let head = line.split_once(':').map_or(line, |(before, _)| before);
    let words: Vec<&str> = head.split_whitespace().collect();
    let (command, path) = (1..=words.len().min(3))
        .rev()
        .find_map(|count| find(world, channel, &words[..count].join(" ")).ok())
        .ok_or_else(|| Refused::Client(format!("there is no command “/{}”", words.join(" "))))?;
    let leaf =
        leaf(&command, &path[1..]).ok_or_else(|| Refused::Client("choose a subcommand".into()))?;
    let mut rest = line;
    for word in &path {
        rest = rest
            .trim_start()
            .strip_prefix(word.as_str())
            .unwrap_or(rest);
    }
    Ok((command.clone(), path, options(leaf, rest)?))
}

/// The options of a line that calls a command for sorting fruit, as
/// [`fuzzing`](crate::fuzzing) asks.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn as_read(line: &str) -> Option<Vec<(String, String)>> {
    let user = |id, name: &str| super::world::User {
        id,
        name: name.to_owned(),
        global_name: None,
        locale: "en-US".to_owned(),
        bot: id == 1,
        dms_closed: false,
    };
    let mut world = World::new(user(1, "bot"), user(2, "owner"));
    let command = serde_json::json!({
        "name": "fruit", "type": 1,
        "options": [
            {"name": "sort", "type": 1, "options": [
                {"name": "by", "type": 3}, {"name": "and-by", "type": 3}, {"name": "과일", "type": 3},
            ]},
            {"name": "more", "type": 2, "options": [{"name": "eat", "type": 1, "options": []}]},
        ],
    });
    world.commands.insert(None, vec![command]);
    let (_, _, options) = parse(&world, 3, line).ok()?;
    let text = |value| match value {
        OptionValue::Text(text) => text,
        _ => String::new(),
    };
    let options = options.into_iter();
    let options = options.map(|(name, value)| (name, text(value)));
    Some(options.collect())
}

/// The registered command at a path written with spaces, which must end at something to run.
pub(super) fn find(
    world: &World,
    channel: u64,
    path: &str,
) -> Result<(Value, Vec<String>), Refused> {
    let unknown = || Refused::Client(format!("there is no command “/{path}”"));
    let words: Vec<String> = path
        .trim_start_matches('/')
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let first = words.first().ok_or_else(unknown)?;
    let command = offered(world, channel, CHAT_INPUT, first).ok_or_else(unknown)?;
    leaf(command, &words[1..]).ok_or_else(unknown)?;
    Ok((command.clone(), words))
}

/// The command of this kind and name that clients offer in the channel.
pub(super) fn offered<'a>(
    world: &'a World,
    channel: u64,
    kind: u64,
    name: &str,
) -> Option<&'a Value> {
    let guild = world
        .channels
        .get(&channel)
        .and_then(|channel| channel.guild);
    // With the bot its commands leave a server.
    let has_them = |guild: u64| {
        let found = world.guilds.get(&guild);
        found.is_some_and(|guild| guild.has_bot || guild.has_commands_alone)
    };
    if !guild.is_none_or(has_them) {
        return None;
    }
    // A guild's own command goes before a global one of the same name.
    let lists = [guild.map(Some), Some(None)];
    let mut commands = lists
        .into_iter()
        .flatten()
        .filter_map(|list| world.commands.get(&list))
        .flatten();
    commands.find(|command| {
        let is_meant = command["name"] == *name && kind_of(command) == kind;
        is_meant && is_for(command, guild.is_some())
    })
}

/// Whether clients offer the command in servers, or in direct messages with the bot: by its
/// `contexts`, and by the older `dm_permission`.
fn is_for(command: &Value, servers: bool) -> bool {
    let context = if servers { 0 } else { 1 };
    let contexts = command["contexts"].as_array();
    contexts.is_none_or(|contexts| contexts.iter().any(|one| *one == context))
        && (servers || command["dm_permission"] != false)
}

/// The subcommand below a command, if the path ends at one that can be run.
pub(super) fn leaf<'a>(command: &'a Value, path: &[String]) -> Option<&'a Value> {
    let mut node = command;
    for word in path {
        let below = node["options"].as_array()?;
        node = below
            .iter()
            .find(|option| option["name"] == *word && option["type"].as_u64() <= Some(2))?;
    }
    let below = node["options"].as_array().into_iter().flatten();
    let is_group = below
        .clone()
        .any(|option| option["type"].as_u64() <= Some(2));
    (!is_group).then_some(node)
}

/// `name:value` pairs; a value runs to the next name.
fn options(leaf: &Value, text: &str) -> Result<Options, Refused> {
    let declared = leaf["options"].as_array().map_or(&[][..], Vec::as_slice);
    let mut starts: Vec<(usize, &str)> = Vec::new();
    for name in declared.iter().filter_map(|option| option["name"].as_str()) {
        let wanted = format!("{name}:");
        for (at, _) in text.match_indices(&wanted) {
            let is_word = at == 0 || text[..at].ends_with(char::is_whitespace);
            if is_word && !starts.iter().any(|(_, known)| *known == name) {
                starts.push((at, name));
            }
        }
    }
    starts.sort_unstable();
    let before = starts.first().map_or(text, |(at, _)| &text[..*at]).trim();
    if !before.is_empty() {
        let names: Vec<&str> = declared
            .iter()
            .filter_map(|option| option["name"].as_str())
            .collect();
        return Err(Refused::Client(format!(
            "“{before}” is no option; there are: {}",
            names.join(", ")
        )));
    }
    let ends = starts.iter().skip(1).map(|(at, _)| *at).chain([text.len()]);
    let pairs = starts.iter().zip(ends).map(|((at, name), end)| {
        let value = text[at + name.len() + 1..end].trim();
        ((*name).to_owned(), OptionValue::Text(value.to_owned()))
    });
    Ok(pairs.collect())
}

/// What the text of a yes-or-no option means: as English and Korean clients write it, and as
/// people do who type it.
pub(super) fn yes_or_no(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "yes" | "예" | "네" => Some(true),
        "false" | "no" | "아니요" | "아니오" => Some(false),
        _ => None,
    }
}

/// What the text of a user, channel, role or mentionable option means: a mention, an id, `@name`
/// or `#name`. `kind` is the option's.
pub(super) fn mentioned(world: &World, channel: u64, kind: u64, text: &str) -> Option<u64> {
    let text = text.trim();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_mention = text.starts_with('<') || digits.len() == text.len();
    if is_mention && let Ok(number) = digits.parse() {
        return Some(number);
    }
    let guild = world.channels.get(&channel)?.guild?;
    let guild = world.guilds.get(&guild)?;
    let name = text.trim_start_matches(['@', '#']);
    let user = || {
        let named = |user: &&u64| {
            let user = world.users.get(user);
            user.is_some_and(|user| user.name == name || user.global_name.as_deref() == Some(name))
        };
        guild.members.keys().find(named).copied()
    };
    let role = || {
        // “@everyone” has its sign in its name.
        let named = |role: &&Role| role.name.trim_start_matches('@') == name;
        guild.roles.values().find(named).map(|role| role.id)
    };
    match kind {
        USER => user(),
        ROLE => role(),
        CHANNEL => {
            let named = |one: &&Channel| one.guild == Some(guild.id) && one.name == name;
            world.channels.values().find(named).map(|one| one.id)
        }
        _ => user().or_else(role),
    }
}
