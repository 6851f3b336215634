//! What a person does: slash commands, buttons, menus, forms; and what they get for it.
//!
//! The client's own rules are kept here, as Discord's apps keep them: required options, choices,
//! lengths, which commands a member may use.

use serde_json::{Value, json};

use super::LocalDiscord;
use super::draft::NewFile;
use super::interactions::{
    AUTOCOMPLETE, Answer, COMMAND, COMPONENT, Command, FIRST_ANSWER_MS, Interaction, MODAL_SUBMIT,
};
use super::message::Message;
use super::posting;
use super::rest::commands::MESSAGE;
use super::shapes::{id, member_without_user, role};
use super::slash_line::{self, CHANNEL, MENTIONABLE, ROLE, USER};
use super::world::{Guild, World};
use crate::ids::{ChannelId, MessageId, UserId};

/// A person in a channel.
#[derive(Clone)]
pub struct Actor {
    discord: LocalDiscord,
    user: u64,
    channel: u64,
    clicked_ms: Option<i64>,
    let_in: bool,
}

/// An option of a slash command, as a client sends it.
#[derive(Clone, Debug)]
pub enum OptionValue {
    /// Text, a choice's value, or a whole number, as typed.
    Text(String),
    /// Yes or no.
    Bool(bool),
    /// A user, channel or role by id.
    Id(u64),
    /// A file.
    File {
        /// Its name.
        filename: String,
        /// Its media type.
        content_type: String,
        /// What is in it.
        bytes: Vec<u8>,
    },
}

/// Why the client did not even send it, or why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a command, option or component that there is.
    #[error("{0}")]
    Client(String),
    /// What was given for an option of a command, or for a field of a form, cannot be sent.
    #[error("{why}")]
    Field {
        /// The option's name, or the field's `custom_id`.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// The bot did not answer within three seconds.
    #[error("The application did not respond")]
    NoAnswer,
}

impl Refused {
    fn field(name: &str, why: String) -> Self {
        Self::Field {
            name: name.to_owned(),
            why,
        }
    }
}

/// The bot's first answer.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A message, ephemeral or not.
    Message(Box<Message>),
    /// “… is thinking”: the message that will be filled in.
    Deferred(Box<Message>),
    /// The message whose component was used, changed.
    Updated(Box<Message>),
    /// The component's click was taken; what follows follows.
    Acknowledged,
    /// A form.
    Modal(Value),
    /// Choices of an autocomplete: name and value.
    Choices(Vec<(String, String)>),
}

impl Reply {
    /// What a reader sees of it.
    pub fn text(&self) -> String {
        self.shown().map(Message::text).unwrap_or_default()
    }

    /// Whether only the person sees it.
    pub fn is_ephemeral(&self) -> bool {
        self.shown().is_some_and(Message::is_ephemeral)
    }

    /// Its message.
    pub fn message(&self) -> Option<Message> {
        self.shown().cloned()
    }

    /// Its form.
    pub fn modal(&self) -> Option<Value> {
        match self {
            Self::Modal(modal) => Some(modal.clone()),
            _ => None,
        }
    }

    fn shown(&self) -> Option<&Message> {
        match self {
            Self::Message(message) | Self::Deferred(message) | Self::Updated(message) => {
                Some(message)
            }
            Self::Acknowledged | Self::Modal(_) | Self::Choices(_) => None,
        }
    }
}

impl Actor {
    pub(super) fn new(discord: LocalDiscord, user: UserId, channel: ChannelId) -> Self {
        Self {
            discord,
            user: user.get(),
            channel: channel.get(),
            clicked_ms: None,
            let_in: false,
        }
    }

    /// The same person, after the server's admins opened every command to them: their settings go
    /// before a command's `default_member_permissions`.
    #[must_use]
    pub fn let_in(mut self) -> Self {
        self.let_in = true;
        self
    }

    /// The same person, whose next actions were done at this wall time, however late they arrive.
    #[must_use]
    pub fn clicked_at(mut self, wall_ms: i64) -> Self {
        self.clicked_ms = Some(wall_ms);
        self
    }

    /// Types a line: `/timeattack start task:Read limit:30m`.
    pub async fn slash(&self, line: &str) -> Result<Reply, Refused> {
        let (command, path, options) = {
            let world = self.discord.shared().world();
            slash_line::parse(&world, self.channel, line)?
        };
        self.command(COMMAND, &command, &path, options, None).await
    }

    /// Sends a command with options as given, files included.
    pub async fn slash_with(
        &self,
        path: &str,
        options: &[(&str, OptionValue)],
    ) -> Result<Reply, Refused> {
        let options = options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let (command, path) = {
            let world = self.discord.shared().world();
            slash_line::find(&world, self.channel, path)?
        };
        self.command(COMMAND, &command, &path, options, None).await
    }

    /// What is offered for the option `focused` with `typed` in it.
    pub async fn autocomplete(
        &self,
        path: &str,
        options: &[(&str, &str)],
        focused: &str,
        typed: &str,
    ) -> Result<Vec<(String, String)>, Refused> {
        let mut all: Vec<(String, OptionValue)> = options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), OptionValue::Text((*value).to_owned())))
            .collect();
        all.push((focused.to_owned(), OptionValue::Text(typed.to_owned())));
        let (command, path) = {
            let world = self.discord.shared().world();
            slash_line::find(&world, self.channel, path)?
        };
        match self
            .command(AUTOCOMPLETE, &command, &path, all, Some(focused))
            .await?
        {
            Reply::Choices(choices) => Ok(choices),
            _ => Ok(Vec::new()),
        }
    }

    /// Chooses a command in the message's menu (“Apps”).
    pub async fn menu(&self, message: &Message, name: &str) -> Result<Reply, Refused> {
        let data = {
            let world = self.discord.shared().world();
            let command = slash_line::offered(&world, self.channel, MESSAGE, name);
            let unknown = || Refused::Client(format!("there is no command “{name}” for messages"));
            let command = command.ok_or_else(unknown)?;
            self.may_use(&world, command)?;
            let shown = self.shown(&world, message.id)?;
            let target = message.id.to_string();
            let mut data = json!({
                "id": command["id"],
                "name": command["name"],
                "type": MESSAGE,
                "target_id": target,
                "resolved": { "messages": { target: shown } },
            });
            if let Some(guild) = command.get("guild_id") {
                data["guild_id"] = guild.clone();
            }
            data
        };
        let command = Command {
            name: name.to_owned(),
            target: Some(message.id),
        };
        self.send(COMMAND, data, Some(command), None).await
    }

    /// The message as this person sees it.
    fn shown(&self, world: &World, message: MessageId) -> Result<Value, Refused> {
        let gone = || Refused::Client("that message is gone".into());
        let channel = world.channels.get(&self.channel).ok_or_else(gone)?;
        let message = channel.message(message.get()).ok_or_else(gone)?;
        if message
            .visible_to
            .is_some_and(|reader| reader.get() != self.user)
        {
            return Err(Refused::Client("that message is not shown to you".into()));
        }
        Ok(world.message(message))
    }

    /// Presses the button with this `custom_id` or label.
    pub async fn click(&self, message: &Message, button: &str) -> Result<Reply, Refused> {
        let buttons = message.buttons();
        let fits = |id: &str| id == button || id.split('~').next() == Some(button);
        let found = buttons
            .iter()
            .find(|one| one.label == button || one.custom_id.as_deref().is_some_and(fits));
        let found = found
            .filter(|one| !one.disabled)
            .and_then(|one| one.custom_id.clone());
        let custom_id = found
            .ok_or_else(|| Refused::Client(format!("there is no button “{button}” to press")))?;
        self.component(
            message,
            json!({ "component_type": 2, "custom_id": custom_id }),
        )
        .await
    }

    /// Sends the press of a button that this message need not have, as only a tampered client does.
    pub async fn forge(&self, message: &Message, custom_id: &str) -> Result<Reply, Refused> {
        let data = json!({ "component_type": 2, "custom_id": custom_id });
        self.component(message, data).await
    }

    /// Chooses values in the menu with this `custom_id` (the first menu, if empty).
    pub async fn select(
        &self,
        message: &Message,
        custom_id: &str,
        values: &[&str],
    ) -> Result<Reply, Refused> {
        let leaves = message.leaves();
        let menu = leaves.iter().find(|one| {
            one["type"] == 3 && (custom_id.is_empty() || one["custom_id"] == custom_id)
        });
        let menu = menu.ok_or_else(|| Refused::Client("there is no such menu".into()))?;
        let options = menu["options"].as_array().map_or(&[][..], Vec::as_slice);
        let is_offered = |value: &&str| options.iter().any(|one| one["value"] == **value);
        let (least, most) = (menu["min_values"].as_u64(), menu["max_values"].as_u64());
        let count = u64::try_from(values.len()).unwrap_or(u64::MAX);
        if !values.iter().all(is_offered)
            || !(least.unwrap_or(1)..=most.unwrap_or(1)).contains(&count)
        {
            return Err(Refused::Client(
                "the menu does not offer this choice".into(),
            ));
        }
        let data = json!({ "component_type": 3, "custom_id": menu["custom_id"], "values": values });
        self.component(message, data).await
    }

    /// Sends a form in.
    pub async fn submit(&self, modal: &Value, values: &[(&str, &str)]) -> Result<Reply, Refused> {
        let mut rows = Vec::new();
        for row in modal["components"].as_array().into_iter().flatten() {
            let inputs = row["components"]
                .as_array()
                .cloned()
                .unwrap_or_else(|| vec![row["component"].clone()]);
            let mut filled = Vec::new();
            for input in inputs {
                let custom_id = input["custom_id"].as_str().unwrap_or_default();
                let given = values
                    .iter()
                    .find(|(name, _)| *name == custom_id)
                    .map(|(_, value)| *value);
                let value = given.or(input["value"].as_str()).unwrap_or_default();
                // A field of a form is required unless it says otherwise; an option is not.
                check_length(&input, custom_id, value, input["required"] != false)?;
                filled.push(json!({ "type": 4, "custom_id": custom_id, "value": value, "id": 2 }));
            }
            rows.push(if row["type"] == 18 {
                json!({ "type": 18, "id": 1, "component": filled.first() })
            } else {
                json!({ "type": 1, "id": 1, "components": filled })
            });
        }
        let source = modal["_source"]
            .as_str()
            .and_then(|source| source.parse::<u64>().ok());
        let data = json!({ "custom_id": modal["custom_id"], "components": rows });
        self.send(MODAL_SUBMIT, data, None, source.map(MessageId::from))
            .await
    }

    async fn component(&self, message: &Message, data: Value) -> Result<Reply, Refused> {
        let mut data = data;
        data["id"] = 1.into();
        let reply = self.send(COMPONENT, data, None, Some(message.id)).await?;
        Ok(match reply {
            // Which message the form came from, for its submission.
            Reply::Modal(mut modal) => {
                modal["_source"] = message.id.to_string().into();
                Reply::Modal(modal)
            }
            other => other,
        })
    }

    async fn command(
        &self,
        kind: u8,
        command: &Value,
        path: &[String],
        options: Vec<(String, OptionValue)>,
        focused: Option<&str>,
    ) -> Result<Reply, Refused> {
        let (data, name) = {
            let discord = self.discord.clone();
            let mut world = discord.shared().world();
            self.may_use(&world, command)?;
            let leaf = slash_line::leaf(command, &path[1..])
                .ok_or_else(|| Refused::Client("choose a subcommand".into()))?;
            let given = self.options(&mut world, leaf, options, focused)?;
            let mut resolved = json!({});
            for option in &given {
                self.resolve(&world, option, &mut resolved);
            }
            let mut given: Vec<Value> = given.into_iter().map(|(value, _)| value).collect();
            for (depth, name) in path[1..].iter().enumerate().rev() {
                let is_group = depth == 0 && path.len() == 3;
                given = vec![
                    json!({ "type": if is_group { 2 } else { 1 }, "name": name, "options": given }),
                ];
            }
            let mut data = json!({
                "id": command["id"], "name": command["name"], "type": 1, "options": given,
            });
            if resolved
                .as_object()
                .is_some_and(|resolved| !resolved.is_empty())
            {
                data["resolved"] = resolved;
            }
            if let Some(guild) = command.get("guild_id") {
                data["guild_id"] = guild.clone();
            }
            (data, path.join(" "))
        };
        let command = Command { name, target: None };
        self.send(kind, data, Some(command), None).await
    }

    /// The client's “You do not have permission to use this command”.
    fn may_use(&self, world: &World, command: &Value) -> Result<(), Refused> {
        let Some(channel) = world.channels.get(&self.channel) else {
            return Err(Refused::Client("there is no such channel".into()));
        };
        let needed = command["default_member_permissions"]
            .as_str()
            .and_then(|bits| bits.parse::<u64>().ok());
        let has = world.permissions_in(channel, self.user);
        match needed {
            Some(_) if self.let_in => Ok(()),
            Some(needed) if channel.guild.is_some() && has & needed != needed => Err(
                Refused::Client("You do not have permission to use this command".into()),
            ),
            _ => Ok(()),
        }
    }

    /// Options as Discord sends them, each with the file it carries.
    fn options(
        &self,
        world: &mut World,
        leaf: &Value,
        given: Vec<(String, OptionValue)>,
        focused: Option<&str>,
    ) -> Result<Vec<(Value, Option<Value>)>, Refused> {
        let declared = leaf["options"].as_array().cloned().unwrap_or_default();
        for option in &declared {
            let is_given = given.iter().any(|(name, _)| option["name"] == *name);
            if option["required"] == true && !is_given && focused.is_none() {
                let name = option["name"].as_str().unwrap_or_default();
                let why = format!("the option “{name}” is required");
                return Err(Refused::field(name, why));
            }
        }
        let mut sent = Vec::new();
        for (name, value) in given {
            let Some(option) = declared.iter().find(|option| option["name"] == *name) else {
                let why = format!("there is no option “{name}”");
                return Err(Refused::field(&name, why));
            };
            let kind = option["type"].as_u64().unwrap_or(3);
            let mut file = None;
            let wrong = || {
                let why = format!("the option “{name}” needs {}", kind_name(kind));
                Refused::field(&name, why)
            };
            let value = match (kind, value) {
                (3, OptionValue::Text(text)) => {
                    check_choice(option, &text, focused)?;
                    if focused.is_none() {
                        check_length(option, &name, &text, option["required"] == true)?;
                    }
                    Value::String(text)
                }
                (4, OptionValue::Text(text)) => {
                    let number: i64 = text.trim().parse().map_err(|_| wrong())?;
                    let least = option["min_value"].as_i64().unwrap_or(i64::MIN);
                    let most = option["max_value"].as_i64().unwrap_or(i64::MAX);
                    if !(least..=most).contains(&number) {
                        let why = format!("the option “{name}” must be between {least} and {most}");
                        return Err(Refused::field(&name, why));
                    }
                    number.into()
                }
                (5, OptionValue::Bool(value)) => value.into(),
                (5, OptionValue::Text(text)) => {
                    slash_line::yes_or_no(&text).ok_or_else(wrong)?.into()
                }
                (USER..=MENTIONABLE, OptionValue::Id(number)) => {
                    self.named(world, kind, number).ok_or_else(wrong)?
                }
                (USER..=MENTIONABLE, OptionValue::Text(text)) => {
                    let meant = slash_line::mentioned(world, self.channel, kind, &text);
                    let meant = meant.and_then(|number| self.named(world, kind, number));
                    meant.ok_or_else(wrong)?
                }
                (
                    11,
                    OptionValue::File {
                        filename,
                        content_type,
                        bytes,
                    },
                ) => {
                    if bytes.len() > world.file_bytes {
                        let why = "Your files are too powerful".into();
                        return Err(Refused::field(&name, why));
                    }
                    let upload = NewFile {
                        filename,
                        description: None,
                        content_type,
                        bytes: bytes.into(),
                    };
                    let kept = posting::keep(self.discord.shared(), world, self.channel, upload);
                    file = Some(super::message::attachment(&kept, true));
                    id(kept.id)
                }
                _ => return Err(wrong()),
            };
            let mut shape = json!({ "name": name, "type": kind, "value": value });
            if focused == Some(name.as_str()) {
                shape["focused"] = true.into();
            }
            sent.push((shape, file));
        }
        Ok(sent)
    }

    /// An option's id, if clients offer it: roles are the server's own.
    fn named(&self, world: &World, kind: u64, number: u64) -> Option<Value> {
        let is_role = |guild: &Guild| guild.roles.contains_key(&number);
        let is_offered = kind != ROLE || self.guild(world).is_some_and(is_role);
        is_offered.then(|| id(number))
    }

    fn guild<'a>(&self, world: &'a World) -> Option<&'a Guild> {
        let channel = world.channels.get(&self.channel)?;
        world.guilds.get(&channel.guild?)
    }

    fn resolve(&self, world: &World, option: &(Value, Option<Value>), resolved: &mut Value) {
        let (option, file) = option;
        let Some(key) = option["value"].as_str() else {
            return;
        };
        let number: u64 = key.parse().unwrap_or(0);
        let channel = world.channels.get(&self.channel);
        let guild = self.guild(world);
        let kind = option["type"].as_u64();
        if let Some(ROLE | MENTIONABLE) = kind
            && let Some(found) = guild.and_then(|guild| guild.roles.get(&number))
        {
            resolved["roles"][key] = role(found);
            return;
        }
        match kind {
            Some(USER | MENTIONABLE) => {
                resolved["users"][key] = world.user_shape(number);
                if let Some(member) = guild.and_then(|guild| guild.members.get(&number)) {
                    let mut shape = member_without_user(member);
                    let has = channel.map_or(0, |channel| world.permissions_in(channel, number));
                    shape["permissions"] = has.to_string().into();
                    resolved["members"][key] = shape;
                }
            }
            Some(CHANNEL) => {
                if let Some(found) = world.channels.get(&number) {
                    resolved["channels"][key] = world.interaction_channel(found, self.user);
                }
            }
            Some(11) => resolved["attachments"][key] = file.clone().unwrap_or_default(),
            _ => {}
        }
    }

    /// Makes the interaction, tells the bot, and waits for its first answer.
    async fn send(
        &self,
        kind: u8,
        data: Value,
        command: Option<Command>,
        source: Option<MessageId>,
    ) -> Result<Reply, Refused> {
        let shared = self.discord.shared();
        let clicked_ms = self.clicked_ms.unwrap_or_else(|| shared.clock.now_ms());
        let interaction_id = shared.ids.make(clicked_ms);
        let made_ms = shared.clock.monotonic_ms();
        {
            let mut world = shared.world();
            let token = shared.tokens.interaction(interaction_id);
            let event = self.event(&world, interaction_id, kind, &token, &data, source)?;
            world.interactions.add(Interaction {
                id: interaction_id,
                token,
                kind,
                channel: self.channel,
                user: self.user,
                command,
                source,
                made_ms,
                answer: None,
                original: None,
            });
            let guild = world
                .channels
                .get(&self.channel)
                .and_then(|channel| channel.guild);
            shared.emit("INTERACTION_CREATE", &event, guild);
        }
        let answered = shared.found(|| self.reply(interaction_id));
        tokio::select! {
            reply = answered => Ok(reply),
            () = shared.clock.sleep_until_monotonic(made_ms + FIRST_ANSWER_MS) => Err(Refused::NoAnswer),
        }
    }

    fn reply(&self, interaction_id: u64) -> Option<Reply> {
        let world = self.discord.shared().world();
        let answer = world.interactions.get(interaction_id)?.answer.clone()?;
        let message = |id: MessageId| {
            let found = world.channels.get(&self.channel)?.message(id.get())?;
            Some(Box::new(found.as_ref().clone()))
        };
        Some(match answer {
            Answer::Message(id) => Reply::Message(message(id)?),
            Answer::Deferred(id) => Reply::Deferred(message(id)?),
            Answer::Updated(id) => Reply::Updated(message(id)?),
            Answer::DeferredUpdate => Reply::Acknowledged,
            Answer::Modal(modal) => Reply::Modal(modal),
            Answer::Choices(choices) => {
                let text = |value: &Value| {
                    value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned)
                };
                let choices = choices.as_array().cloned().unwrap_or_default();
                Reply::Choices(
                    choices
                        .iter()
                        .map(|one| (text(&one["name"]), text(&one["value"])))
                        .collect(),
                )
            }
        })
    }

    /// The data of INTERACTION_CREATE.
    fn event(
        &self,
        world: &World,
        interaction_id: u64,
        kind: u8,
        token: &str,
        data: &Value,
        source: Option<MessageId>,
    ) -> Result<Value, Refused> {
        let channel = world.channels.get(&self.channel);
        // Of direct messages nobody sees any but their own.
        let channel = channel
            .filter(|channel| channel.recipient.is_none_or(|user| user == self.user))
            .ok_or_else(|| Refused::Client("there is no such channel".into()))?;
        let user = world
            .users
            .get(&self.user)
            .ok_or_else(|| Refused::Client("nobody is acting".into()))?;
        let mut event = json!({
            "id": id(interaction_id),
            "application_id": id(world.bot),
            "type": kind,
            "token": token,
            "version": 1,
            "data": data,
            "channel_id": id(channel.id),
            "channel": world.interaction_channel(channel, self.user),
            "app_permissions": world.permissions_in(channel, world.bot).to_string(),
            "locale": user.locale,
            "entitlements": [],
            // A server's install is what brings the bot into direct messages; there it is “0”.
            "authorizing_integration_owners": { "0": "0" },
            "context": if channel.guild.is_some() { 0 } else { 1 },
            "attachment_size_limit": world.file_bytes,
        });
        match channel.guild.and_then(|guild| world.guilds.get(&guild)) {
            Some(guild) => {
                let member = guild.members.get(&self.user);
                let member =
                    member.ok_or_else(|| Refused::Client("not a member of this server".into()))?;
                let mut shape = world.member(member);
                shape["permissions"] = world.permissions_in(channel, self.user).to_string().into();
                event["member"] = shape;
                event["guild_id"] = id(guild.id);
                event["guild_locale"] = guild.locale.as_str().into();
                event["guild"] =
                    json!({ "id": id(guild.id), "locale": guild.locale, "features": [] });
                event["authorizing_integration_owners"] = json!({ "0": id(guild.id) });
            }
            None => event["user"] = world.user_shape(self.user),
        }
        if let Some(source) = source {
            event["message"] = self.shown(world, source)?;
        }
        Ok(event)
    }
}

/// What an option of this type is given.
fn kind_name(kind: u64) -> &'static str {
    match kind {
        4 => "a whole number",
        5 => "yes or no",
        USER => "a member",
        CHANNEL => "a channel",
        ROLE => "a role",
        MENTIONABLE => "a member or role",
        10 => "a number",
        11 => "a file",
        _ => "text",
    }
}

fn check_choice(option: &Value, text: &str, focused: Option<&str>) -> Result<(), Refused> {
    let choices = option["choices"].as_array().map_or(&[][..], Vec::as_slice);
    if choices.is_empty()
        || focused.is_some()
        || choices.iter().any(|choice| choice["value"] == text)
    {
        return Ok(());
    }
    let name = option["name"].as_str().unwrap_or_default();
    let why = format!("“{text}” isn't one of the choices");
    Err(Refused::field(name, why))
}

fn check_length(field: &Value, name: &str, text: &str, required: bool) -> Result<(), Refused> {
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    let least = field["min_length"].as_u64().unwrap_or(u64::from(required));
    let most = field["max_length"].as_u64().unwrap_or(6_000);
    let is_left_out = length == 0 && !required;
    if (length < least && !is_left_out) || length > most {
        let why = format!("“{name}” must have {least} to {most} characters");
        return Err(Refused::field(name, why));
    }
    Ok(())
}
