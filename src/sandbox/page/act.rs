//! What people do on the page: commands, buttons, menus, forms, plain messages.

use axum::body::{Body as HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Snowflake, refused};
use crate::ids::{ChannelId, UserId};
use crate::sandbox::body::{Body, FILE_MAX, File, Most};
use crate::sandbox::{Actor, LocalDiscord, Message, OptionValue, Refused, Reply};

/// Bytes of an action with files: Discord's own limit for the files of one message of a person
/// who pays nothing is 10 MiB each, and a template takes six.
pub(super) const BODY_MAX: usize = 64 * 1024 * 1024;
/// Bytes of an action without files: a form filled to Discord's limits, and its definition, fit
/// many times.
const JSON_MAX: usize = 256 * 1024;

/// What somebody does.
#[derive(Deserialize)]
struct Act {
    user: Snowflake,
    channel: Snowflake,
    #[serde(flatten)]
    what: What,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
enum What {
    /// A plain message.
    Say { text: String },
    /// A typed line, command and options in one.
    Slash { line: String },
    /// A command with its options. Files come as `files[n]` beside this, in a form whose
    /// `payload_json` this is.
    Command {
        path: String,
        #[serde(default)]
        options: Vec<Given>,
    },
    /// Suggestions for the option being typed, by the others as they stand.
    Autocomplete {
        path: String,
        focused: String,
        typed: String,
        #[serde(default)]
        options: Vec<Given>,
    },
    /// The press of a button.
    Click {
        message: Snowflake,
        custom_id: String,
    },
    /// A command in the message's own menu (“Apps”).
    Menu { message: Snowflake, command: String },
    /// A choice in a menu of a message.
    Select {
        message: Snowflake,
        custom_id: String,
        values: Vec<String>,
    },
    /// A form, and what was filled in.
    Submit {
        modal: Value,
        values: Map<String, Value>,
    },
}

/// An option: text, a number, yes or no, the id of something; or `{"file": n}`.
#[derive(Deserialize)]
struct Given {
    name: String,
    value: Value,
}

/// A refusal of what somebody does is an answer like any other (200, `refused` and perhaps `field`):
/// browsers log every status of an error as if the page were broken. What is no action at all is
/// answered by 4xx.
pub(super) async fn act(Extension(discord): Extension<LocalDiscord>, request: Request) -> Response {
    let (payload, files) = match read(request).await {
        Ok(read) => read,
        Err((status, why)) => return refused(status, why),
    };
    let act: Act = match serde_json::from_value(payload) {
        Ok(act) => act,
        Err(error) => return refused(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()),
    };
    match outcome(&discord, act, files).await {
        Ok(answer) => Json(answer).into_response(),
        Err(why) => {
            let mut answer = json!({ "refused": why.to_string() });
            if let Refused::Field { name, .. } = why {
                answer["field"] = name.into();
            }
            Json(answer).into_response()
        }
    }
}

/// The JSON, and the files that came with it.
async fn read(
    request: Request<HttpBody>,
) -> Result<(Value, Vec<File>), (StatusCode, &'static str)> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("multipart/form-data") {
        let most = Most {
            file: FILE_MAX,
            whole: BODY_MAX,
        };
        let body = Body::read(request, most).await;
        let too_large = "a file has at most 10 MiB, and all together 64 MiB";
        let body = body.map_err(|_| (StatusCode::PAYLOAD_TOO_LARGE, too_large))?;
        return Ok((body.payload, body.files));
    }
    // What a form of another site can send without asking first is none of these.
    if !kind.starts_with("application/json") {
        let expected = "an action is JSON, or a form with its files";
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, expected));
    }
    let bytes = to_bytes(request.into_body(), JSON_MAX).await;
    let bytes = bytes.map_err(|_| (StatusCode::PAYLOAD_TOO_LARGE, "this is too long"))?;
    let payload = serde_json::from_slice(&bytes);
    let payload = payload.map_err(|_| (StatusCode::BAD_REQUEST, "this is no JSON"))?;
    Ok((payload, Vec::new()))
}

async fn outcome(discord: &LocalDiscord, act: Act, mut files: Vec<File>) -> Result<Value, Refused> {
    let (user, channel) = (UserId::from(act.user.0), ChannelId::from(act.channel.0));
    let actor = discord.actor(user, channel);
    let reply = match act.what {
        What::Say { text } => {
            let said = discord.say(user, channel, &text)?;
            return Ok(json!({ "message": said.id.to_string() }));
        }
        What::Slash { line } => actor.slash(&line).await?,
        What::Command { path, options } => command(&actor, &path, options, &mut files).await?,
        What::Autocomplete {
            path,
            focused,
            typed,
            options,
        } => autocomplete(&actor, &path, &options, &focused, &typed).await?,
        What::Click { message, custom_id } => {
            let message = find(discord, channel, message)?;
            actor.click(&message, &custom_id).await?
        }
        What::Menu { message, command } => {
            let message = find(discord, channel, message)?;
            actor.menu(&message, &command).await?
        }
        What::Select {
            message,
            custom_id,
            values,
        } => {
            let message = find(discord, channel, message)?;
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            actor.select(&message, &custom_id, &values).await?
        }
        What::Submit { modal, values } => {
            let values: Vec<(&str, &str)> = values
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
                .collect();
            actor.submit(&modal, &values).await?
        }
    };
    Ok(match reply {
        Reply::Modal(modal) => json!({ "modal": modal }),
        Reply::Choices(choices) => json!({ "choices": choices }),
        reply => json!({ "text": reply.text(), "ephemeral": reply.is_ephemeral() }),
    })
}

async fn command(
    actor: &Actor,
    path: &str,
    options: Vec<Given>,
    files: &mut Vec<File>,
) -> Result<Reply, Refused> {
    let mut read = Vec::new();
    for Given { name, value } in options {
        let value = match value {
            Value::Bool(yes) => OptionValue::Bool(yes),
            Value::Object(file) => {
                let at = files
                    .iter()
                    .position(|one| one.index.is_some() && one.index == file["file"].as_u64());
                let Some(at) = at else {
                    let why = format!("the file of the option “{name}” did not come along");
                    return Err(Refused::Field { name, why });
                };
                let file = files.swap_remove(at);
                OptionValue::File {
                    filename: file.filename,
                    content_type: file.content_type,
                    bytes: file.bytes.to_vec(),
                }
            }
            other => OptionValue::Text(plain(&other)),
        };
        read.push((name, value));
    }
    let options: Vec<(&str, OptionValue)> = read
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    actor.slash_with(path, &options).await
}

async fn autocomplete(
    actor: &Actor,
    path: &str,
    options: &[Given],
    focused: &str,
    typed: &str,
) -> Result<Reply, Refused> {
    // A file says nothing that a suggestion could depend on, and Discord does not send it either.
    let others = options
        .iter()
        .filter(|one| one.name != focused && !one.value.is_object());
    let others: Vec<(&str, String)> = others
        .map(|one| (one.name.as_str(), plain(&one.value)))
        .collect();
    let others: Vec<(&str, &str)> = others
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let choices = actor.autocomplete(path, &others, focused, typed).await?;
    Ok(Reply::Choices(choices))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn find(
    discord: &LocalDiscord,
    channel: ChannelId,
    message: Snowflake,
) -> Result<Message, Refused> {
    let found = discord
        .messages(channel)
        .into_iter()
        .find(|one| one.id.get() == message.0);
    found.ok_or_else(|| Refused::Client("that message is gone".into()))
}
