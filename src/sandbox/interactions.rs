//! Interactions: what a person did, and how the bot answered it.
//!
//! Source: Discord's reference, “Receiving and Responding to Interactions”: one first answer within
//! three seconds; the token lives fifteen minutes.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use super::body::Body;
use super::components::check_modal;
use super::draft::Draft;
use super::error::{ApiError, Form, invalid};
use super::message::{EPHEMERAL, Message};
use super::posting::{self, Envelope};
use super::shapes::id;
use super::state::Shared;
use super::world::World;
use crate::ids::MessageId;

/// How long the first answer may take.
pub(super) const FIRST_ANSWER_MS: i64 = 3_000;
/// How long the token may be used after that.
const TOKEN_LIFE_MS: i64 = 15 * 60_000;
/// Interactions remembered.
const KEPT: usize = 10_000;

/// An interaction's kinds, by Discord's numbers.
pub(super) const COMMAND: u8 = 2;
pub(super) const COMPONENT: u8 = 3;
pub(super) const AUTOCOMPLETE: u8 = 4;
pub(super) const MODAL_SUBMIT: u8 = 5;

#[derive(Default)]
pub(super) struct Interactions {
    by_id: HashMap<u64, Interaction>,
    by_token: HashMap<String, u64>,
    order: VecDeque<u64>,
}

pub(super) struct Interaction {
    pub(super) id: u64,
    pub(super) token: String,
    pub(super) kind: u8,
    pub(super) channel: u64,
    pub(super) user: u64,
    pub(super) command: Option<Command>,
    /// The message whose component was used.
    pub(super) source: Option<MessageId>,
    pub(super) made_ms: i64,
    pub(super) answer: Option<Answer>,
    /// The message that `@original` means.
    pub(super) original: Option<MessageId>,
}

/// The command that was used.
pub(super) struct Command {
    /// Its path: `timeattack start`.
    pub(super) name: String,
    /// The message in whose menu it was chosen.
    pub(super) target: Option<MessageId>,
}

/// The bot's first answer.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Message(MessageId),
    Deferred(MessageId),
    DeferredUpdate,
    Updated(MessageId),
    Choices(Value),
    Modal(Value),
}

impl Interactions {
    pub(super) fn add(&mut self, interaction: Interaction) {
        if self.order.len() == KEPT
            && let Some(oldest) = self.order.pop_front()
            && let Some(gone) = self.by_id.remove(&oldest)
        {
            self.by_token.remove(&gone.token);
        }
        self.order.push_back(interaction.id);
        self.by_token
            .insert(interaction.token.clone(), interaction.id);
        self.by_id.insert(interaction.id, interaction);
    }

    pub(super) fn get(&self, id: u64) -> Option<&Interaction> {
        self.by_id.get(&id)
    }

    /// The interaction of a webhook's token: 10015 when there never was one, 50027 when its time
    /// is over, 10015 too before it was first answered.
    fn of_token(&self, token: &str, now_ms: i64) -> Result<&Interaction, ApiError> {
        let found = self.by_token.get(token).and_then(|id| self.by_id.get(id));
        let found = found.ok_or_else(|| ApiError::code(10_015))?;
        if now_ms - found.made_ms > TOKEN_LIFE_MS {
            return Err(ApiError::code(50_027));
        }
        if found.answer.is_none() {
            return Err(ApiError::code(10_015));
        }
        Ok(found)
    }
}

/// `POST /interactions/{id}/{token}/callback`
pub(super) fn callback(
    shared: &Shared,
    interaction_id: u64,
    token: &str,
    body: Body,
    with_response: bool,
) -> Result<Option<Value>, ApiError> {
    let mut world = shared.world();
    let world = &mut *world;
    let unknown = || ApiError::code(10_062);
    let found = world.interactions.get(interaction_id).ok_or_else(unknown)?;
    if found.token != token {
        return Err(unknown());
    }
    if found.answer.is_some() {
        return Err(ApiError::code(40_060));
    }
    if shared.clock.monotonic_ms() - found.made_ms > FIRST_ANSWER_MS {
        return Err(unknown());
    }
    let (kind, source, user, channel) = (found.kind, found.source, found.user, found.channel);
    let data = body.payload.get("data").cloned().unwrap_or(Value::Null);
    let answer = match body.payload["type"].as_u64() {
        Some(number @ (4 | 5)) if kind != AUTOCOMPLETE => {
            let deferred = number == 5;
            let draft = Draft::read(&data, body.files, "data")?;
            if !deferred && draft.is_empty() {
                return Err(ApiError::code(50_006));
            }
            let envelope = envelope(world, interaction_id, &draft, deferred);
            let message = posting::post(shared, world, draft, envelope);
            if deferred {
                Answer::Deferred(message.id)
            } else {
                Answer::Message(message.id)
            }
        }
        Some(6) if matches!(kind, COMPONENT | MODAL_SUBMIT) => Answer::DeferredUpdate,
        Some(7) if matches!(kind, COMPONENT | MODAL_SUBMIT) && source.is_some() => {
            let draft = Draft::read(&data, body.files, "data")?;
            let message = source.and_then(|id| stored(world, channel, id));
            let message = message.ok_or_else(|| ApiError::code(10_008))?;
            Answer::Updated(posting::edit(shared, world, &message, draft)?.id)
        }
        Some(8) if kind == AUTOCOMPLETE => Answer::Choices(read_choices(&data)?),
        Some(9) if kind != MODAL_SUBMIT && kind != AUTOCOMPLETE => {
            let mut form = Form::default();
            check_modal(&data, &mut form);
            form.finish()?;
            Answer::Modal(data)
        }
        _ => {
            return Err(invalid(
                "type",
                "INTERACTION_APPLICATION_COMMAND_CALLBACK_TYPE_INVALID",
                "This callback type does not fit this interaction.",
            ));
        }
    };
    let original = match &answer {
        Answer::Message(id) | Answer::Deferred(id) | Answer::Updated(id) => Some(*id),
        Answer::DeferredUpdate => source,
        Answer::Choices(_) | Answer::Modal(_) => None,
    };
    let response = with_response.then(|| {
        let message = original.and_then(|id| stored(world, channel, id));
        response(world, interaction_id, kind, &answer, message.as_deref())
    });
    if let Some(found) = world.interactions.by_id.get_mut(&interaction_id) {
        found.answer = Some(answer);
        found.original = original;
    }
    tracing::trace!(interaction_id, user, "answered");
    shared.change();
    Ok(response)
}

fn stored(world: &World, channel: u64, id: MessageId) -> Option<Arc<Message>> {
    world.channels.get(&channel)?.message(id.get()).cloned()
}

fn envelope(world: &World, interaction_id: u64, draft: &Draft, loading: bool) -> Envelope {
    let interaction = world.interactions.get(interaction_id);
    let ephemeral = draft.flags.unwrap_or(0) & EPHEMERAL != 0;
    let user = interaction.map_or(0, |one| one.user);
    Envelope {
        channel: interaction.map_or(0, |one| one.channel),
        author: world.bot,
        kind: match interaction.map(|one| (one.kind, &one.command)) {
            Some((COMMAND, Some(command))) if command.target.is_some() => 23,
            Some((COMMAND, _)) => 20,
            _ => 19,
        },
        replies_to: None,
        interaction: interaction.map(|one| Box::new(metadata(world, one))),
        ephemeral_for: ephemeral.then_some(user),
        loading,
    }
}

/// `interaction_metadata`, and for commands the older `interaction`.
fn metadata(world: &World, interaction: &Interaction) -> (Value, Value) {
    let user = world.user_shape(interaction.user);
    let guild = world
        .channels
        .get(&interaction.channel)
        .and_then(|channel| channel.guild);
    let mut metadata = json!({
        "id": id(interaction.id),
        "type": interaction.kind,
        "user": user,
        "authorizing_integration_owners": { "0": id(guild.unwrap_or(0)) },
    });
    let Some(Command { name, target }) = &interaction.command else {
        if let Some(source) = interaction.source
            && interaction.kind == COMPONENT
        {
            metadata["interacted_message_id"] = id(source.get());
        }
        if interaction.kind == MODAL_SUBMIT {
            // A form that a component opened came from its message, one that a command opened from
            // none.
            let mut triggering = json!({
                "id": id(interaction.id), "type": COMMAND, "user": user,
                "authorizing_integration_owners": {},
            });
            if let Some(source) = interaction.source {
                triggering["type"] = COMPONENT.into();
                triggering["interacted_message_id"] = id(source.get());
            }
            metadata["triggering_interaction_metadata"] = triggering;
        }
        return (metadata, Value::Null);
    };
    if let Some(target) = target {
        metadata["target_message_id"] = id(target.get());
    }
    let legacy = json!({ "id": id(interaction.id), "type": COMMAND, "name": name, "user": user });
    (metadata, legacy)
}

/// An `InteractionCallbackResponse`.
fn response(
    world: &World,
    interaction_id: u64,
    kind: u8,
    answer: &Answer,
    message: Option<&Message>,
) -> Value {
    let mut interaction = json!({ "id": id(interaction_id), "type": kind });
    let number = match answer {
        Answer::Message(_) => 4,
        Answer::Deferred(_) => 5,
        Answer::DeferredUpdate => 6,
        Answer::Updated(_) => 7,
        Answer::Choices(_) => 8,
        Answer::Modal(_) => 9,
    };
    let mut response = json!({});
    if let Some(message) = message {
        interaction["response_message_id"] = id(message.id.get());
        interaction["response_message_loading"] = message.is_loading().into();
        interaction["response_message_ephemeral"] = message.is_ephemeral().into();
        if matches!(number, 4 | 7) {
            response["resource"] = json!({ "type": number, "message": world.message(message) });
        }
    }
    response["interaction"] = interaction;
    response
}

fn read_choices(data: &Value) -> Result<Value, ApiError> {
    let mut form = Form::default();
    let choices = data["choices"].as_array().cloned().unwrap_or_default();
    form.count("data.choices", choices.len(), 0, 25);
    for (index, choice) in choices.iter().enumerate() {
        let path = format!("data.choices.{index}.name");
        form.length(&path, choice["name"].as_str().unwrap_or_default(), 1, 100);
        if let Some(value) = choice["value"].as_str() {
            form.length(&format!("data.choices.{index}.value"), value, 1, 100);
        }
    }
    form.finish()?;
    Ok(Value::Array(choices))
}

/// `POST /webhooks/{application}/{token}`: one more message.
pub(super) fn follow_up(shared: &Shared, token: &str, body: Body) -> Result<Value, ApiError> {
    let mut world = shared.world();
    let world = &mut *world;
    let found = world
        .interactions
        .of_token(token, shared.clock.monotonic_ms())?;
    let (interaction_id, original) = (found.id, found.original);
    let deferred = matches!(found.answer, Some(Answer::Deferred(_)));
    let channel = found.channel;
    let draft = Draft::read(&body.payload, body.files, "")?;
    if draft.is_empty() {
        return Err(ApiError::code(50_006));
    }
    // The first follow-up of a deferred answer takes its place.
    let loading = original
        .and_then(|id| stored(world, channel, id))
        .filter(|message| message.is_loading());
    if let Some(loading) = loading.filter(|_| deferred) {
        let message = posting::edit(shared, world, &loading, draft)?;
        return Ok(world.message(&message));
    }
    let envelope = envelope(world, interaction_id, &draft, false);
    let message = posting::post(shared, world, draft, envelope);
    Ok(world.message(&message))
}

/// `GET|PATCH|DELETE /webhooks/{application}/{token}/messages/{message}`
pub(super) fn own_message(
    shared: &Shared,
    method: &str,
    token: &str,
    message: &str,
    body: Body,
) -> Result<Option<Value>, ApiError> {
    let mut world = shared.world();
    let world = &mut *world;
    let found = world
        .interactions
        .of_token(token, shared.clock.monotonic_ms())?;
    let (interaction, channel, original) = (found.id, found.channel, found.original);
    let message_id = match message {
        "@original" => original,
        number => number.parse::<u64>().ok().map(MessageId::from),
    };
    // A token opens the messages of its own interaction, and no others of the channel.
    let is_its = |message: &Arc<Message>| {
        Some(message.id) == original || message.answers_interaction(interaction)
    };
    let message = message_id
        .and_then(|id| stored(world, channel, id))
        .filter(is_its)
        .ok_or_else(|| ApiError::code(10_008))?;
    match method {
        "PATCH" => {
            let draft = Draft::read(&body.payload, body.files, "")?;
            let message = posting::edit(shared, world, &message, draft)?;
            Ok(Some(world.message(&message)))
        }
        "DELETE" => {
            posting::delete(shared, world, channel, message.id);
            Ok(None)
        }
        _ => Ok(Some(world.message(&message))),
    }
}
