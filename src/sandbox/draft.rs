//! Reads and checks what a client sends as a message: content, embeds, components, files.
//!
//! Sources: Discord's reference, “Create Message”, “Embed Limits”, “Component Reference”,
//! “Allowed Mentions Object”. A draft tells an absent field from `null`, because an edit leaves
//! the first as it was and empties the second.

use serde_json::{Map, Value, json};

use super::body::File;
use super::components;
use super::error::{ApiError, Form};
use super::message::COMPONENTS_V2;
use super::snowflake;

/// Characters of content. (Nitro's 4,000 are for people.)
const CONTENT_MAX: usize = 2_000;
/// Embeds on a message.
const EMBEDS_MAX: usize = 10;
/// Characters in all embeds of a message together.
const EMBED_CHARACTERS_MAX: usize = 6_000;
/// Fields in an embed.
const FIELDS_MAX: usize = 25;
/// Files on a message.
const FILES_MAX: usize = 10;
/// Characters of the text for those who cannot see a file.
const FILE_DESCRIPTION_MAX: usize = 1_024;
/// Characters of a nonce.
const NONCE_MAX: usize = 25;

/// What a client wants a message to be. `None`: not mentioned.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) content: Option<String>,
    pub(super) embeds: Option<Vec<Value>>,
    pub(super) components: Option<Vec<Value>>,
    /// Files already on the message that stay, for an edit.
    pub(super) kept_attachments: Option<Vec<u64>>,
    pub(super) files: Vec<NewFile>,
    pub(super) flags: Option<u64>,
    pub(super) allowed_mentions: AllowedMentions,
    pub(super) nonce: Option<Value>,
    pub(super) enforce_nonce: bool,
    pub(super) reference: Option<Reference>,
    pub(super) tts: bool,
}

#[derive(Debug)]
pub(super) struct NewFile {
    pub(super) filename: String,
    pub(super) description: Option<String>,
    pub(super) content_type: String,
    pub(super) bytes: axum::body::Bytes,
}

#[derive(Debug)]
pub(super) struct Reference {
    pub(super) message: u64,
    pub(super) fail_if_not_exists: bool,
}

/// Who may be mentioned. Left out, everybody is: `parse` holds all three kinds.
#[derive(Debug)]
pub(super) struct AllowedMentions {
    pub(super) everyone: bool,
    /// `None`: every user that is mentioned.
    pub(super) users: Option<Vec<u64>>,
    /// `None`: every role that is mentioned.
    pub(super) roles: Option<Vec<u64>>,
    pub(super) replied_user: bool,
}

impl Default for AllowedMentions {
    fn default() -> Self {
        Self {
            everyone: true,
            users: None,
            roles: None,
            replied_user: true,
        }
    }
}

impl Draft {
    /// Reads a message; every wrong field is named in the error. `at` is where the message stands
    /// in the body: empty, or `data` in an interaction's callback.
    pub(super) fn read(payload: &Value, files: Vec<File>, at: &str) -> Result<Self, ApiError> {
        let mut form = Form::default();
        let path = |field: &str| {
            if at.is_empty() {
                field.to_owned()
            } else {
                format!("{at}.{field}")
            }
        };
        let mut draft = Self::default();
        if !payload.is_object() && !payload.is_null() {
            form.wrong_type(at, "dict");
            form.finish()?;
            return Ok(draft);
        }

        match payload.get("content") {
            None => {}
            Some(Value::Null) => draft.content = Some(String::new()),
            Some(Value::String(content)) => {
                form.length(&path("content"), content, 0, CONTENT_MAX);
                // Discord trims what it stores.
                draft.content = Some(content.trim().to_owned());
            }
            Some(_) => form.wrong_type(&path("content"), "string"),
        }
        draft.flags = match payload.get("flags") {
            None | Some(Value::Null) => None,
            Some(flags) => flags.as_u64().or_else(|| {
                form.wrong_type(&path("flags"), "integer");
                None
            }),
        };
        draft.tts = payload["tts"].as_bool().unwrap_or(false);
        draft.embeds = read_embeds(payload, &path, &mut form);
        let v2 = draft.flags.unwrap_or(0) & COMPONENTS_V2 != 0;
        draft.components = read_list(payload, "components", &path, &mut form)
            .map(|rows| components::read_message_rows(rows, &path("components"), v2, &mut form));
        if let Some(allowed) = payload
            .get("allowed_mentions")
            .filter(|allowed| !allowed.is_null())
        {
            draft.allowed_mentions =
                read_allowed_mentions(allowed, &path("allowed_mentions"), &mut form);
        }
        draft.nonce = read_nonce(payload, &path, &mut form);
        draft.enforce_nonce = payload["enforce_nonce"].as_bool().unwrap_or(false);
        if let Some(reference) = payload
            .get("message_reference")
            .filter(|reference| !reference.is_null())
        {
            match snowflake::parse(&reference["message_id"]) {
                Some(message) => {
                    let fail_if_not_exists =
                        reference["fail_if_not_exists"].as_bool().unwrap_or(true);
                    draft.reference = Some(Reference {
                        message,
                        fail_if_not_exists,
                    });
                }
                None => form.required(&path("message_reference.message_id")),
            }
        }
        draft.read_attachments(payload, files, &path, &mut form);
        form.finish()?;
        Ok(draft)
    }

    /// Whether there is nothing to show: no content, no embed, no file, no V2 component.
    pub(super) fn is_empty(&self) -> bool {
        let v2 = self.flags.unwrap_or(0) & COMPONENTS_V2 != 0;
        let no_embeds = self.embeds.as_ref().is_none_or(Vec::is_empty);
        let no_components = self.components.as_ref().is_none_or(Vec::is_empty);
        self.content.as_ref().is_none_or(String::is_empty)
            && no_embeds
            && self.files.is_empty()
            && (no_components || !v2)
    }

    fn read_attachments(
        &mut self,
        payload: &Value,
        files: Vec<File>,
        path: &impl Fn(&str) -> String,
        form: &mut Form,
    ) {
        form.count(&path("files"), files.len(), 0, FILES_MAX);
        let listed = read_list(payload, "attachments", path, form);
        let mut kept = Vec::new();
        let mut described: Vec<(String, &Value)> = Vec::new();
        for (index, attachment) in listed.into_iter().flatten().enumerate() {
            let Some(id) = snowflake::parse(&attachment["id"]) else {
                form.required(&path(&format!("attachments.{index}.id")));
                continue;
            };
            let description = attachment["description"].as_str().unwrap_or_default();
            let at = path(&format!("attachments.{index}.description"));
            form.length(&at, description, 0, FILE_DESCRIPTION_MAX);
            // A small number points at `files[n]`; a snowflake at a file that is already there.
            if files.iter().any(|file| file.index == Some(id)) {
                described.push((id.to_string(), attachment));
            } else {
                kept.push(id);
            }
        }
        if listed.is_some() {
            self.kept_attachments = Some(kept);
        }
        for file in files {
            let index = file
                .index
                .map(|index| index.to_string())
                .unwrap_or_default();
            let listed = described
                .iter()
                .find(|(id, _)| *id == index)
                .map(|(_, attachment)| *attachment);
            let text = |field: &str| {
                listed
                    .and_then(|listed| listed[field].as_str())
                    .map(str::to_owned)
            };
            self.files.push(NewFile {
                filename: text("filename").unwrap_or(file.filename),
                description: text("description"),
                content_type: file.content_type,
                bytes: file.bytes,
            });
        }
    }
}

/// A list, which may be absent (`None`) or null (empty).
fn read_list<'a>(
    payload: &'a Value,
    field: &str,
    path: &impl Fn(&str) -> String,
    form: &mut Form,
) -> Option<&'a [Value]> {
    match payload.get(field) {
        None => None,
        Some(Value::Null) => Some(&[]),
        Some(Value::Array(items)) => Some(items),
        Some(_) => {
            form.wrong_type(&path(field), "list");
            None
        }
    }
}

fn read_nonce(payload: &Value, path: &impl Fn(&str) -> String, form: &mut Form) -> Option<Value> {
    match payload.get("nonce") {
        None | Some(Value::Null) => None,
        Some(Value::String(nonce)) => {
            form.length(&path("nonce"), nonce, 0, NONCE_MAX);
            Some(nonce.as_str().into())
        }
        Some(Value::Number(nonce)) if nonce.is_i64() || nonce.is_u64() => {
            Some(nonce.clone().into())
        }
        Some(_) => {
            form.wrong_type(&path("nonce"), "string or integer");
            None
        }
    }
}

fn read_embeds(
    payload: &Value,
    path: &impl Fn(&str) -> String,
    form: &mut Form,
) -> Option<Vec<Value>> {
    let embeds = read_list(payload, "embeds", path, form)?;
    form.count(&path("embeds"), embeds.len(), 0, EMBEDS_MAX);
    let mut characters = 0;
    let mut read = Vec::new();
    for (index, embed) in embeds.iter().enumerate() {
        let at = path(&format!("embeds.{index}"));
        if !embed.is_object() {
            form.wrong_type(&at, "dict");
            continue;
        }
        read.push(read_embed(embed, &at, &mut characters, form));
    }
    if characters > EMBED_CHARACTERS_MAX {
        let message = format!("Embed size exceeds maximum size of {EMBED_CHARACTERS_MAX}");
        form.add(&path("embeds"), "MAX_EMBED_SIZE_EXCEEDED", message);
    }
    Some(read)
}

/// Checks one embed and writes it as Discord answers it: known fields only, `type` “rich”.
fn read_embed(embed: &Value, at: &str, characters: &mut usize, form: &mut Form) -> Value {
    let mut text =
        |from: &Value, field: &str, max: usize, required: bool, at: &str, form: &mut Form| {
            let path = format!("{at}.{field}");
            match from.get(field) {
                Some(Value::String(text)) => {
                    form.length(&path, text, usize::from(required), max);
                    *characters += text.chars().count();
                    Some(Value::from(text.trim()))
                }
                None | Some(Value::Null) => {
                    if required {
                        form.required(&path);
                    }
                    None
                }
                Some(_) => {
                    form.wrong_type(&path, "string");
                    None
                }
            }
        };
    let mut read = Map::from_iter([("type".to_owned(), "rich".into())]);
    let mut put = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            read.insert(field.to_owned(), value);
        }
    };
    put("title", text(embed, "title", 256, false, at, form));
    put(
        "description",
        text(embed, "description", 4_096, false, at, form),
    );
    if let Some(footer) = embed.get("footer").filter(|footer| footer.is_object()) {
        let text = text(footer, "text", 2_048, true, &format!("{at}.footer"), form);
        let mut shape = json!({ "text": text });
        copy_url(
            footer,
            "icon_url",
            &mut shape,
            &format!("{at}.footer"),
            form,
        );
        put("footer", Some(shape));
    }
    if let Some(author) = embed.get("author").filter(|author| author.is_object()) {
        let name = text(author, "name", 256, true, &format!("{at}.author"), form);
        let mut shape = json!({ "name": name });
        copy_url(author, "url", &mut shape, &format!("{at}.author"), form);
        copy_url(
            author,
            "icon_url",
            &mut shape,
            &format!("{at}.author"),
            form,
        );
        put("author", Some(shape));
    }
    if let Some(fields) = embed["fields"].as_array() {
        form.count(&format!("{at}.fields"), fields.len(), 0, FIELDS_MAX);
        let mut shapes = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            let at = format!("{at}.fields.{index}");
            let name = text(field, "name", 256, true, &at, form);
            let value = text(field, "value", 1_024, true, &at, form);
            shapes.push(json!({ "name": name, "value": value, "inline": field["inline"].as_bool().unwrap_or(false) }));
        }
        put("fields", Some(shapes.into()));
    }
    for field in ["image", "thumbnail"] {
        if embed[field].is_object() {
            let mut shape = json!({});
            copy_url(
                &embed[field],
                "url",
                &mut shape,
                &format!("{at}.{field}"),
                form,
            );
            put(field, Some(shape));
        }
    }
    match &embed["color"] {
        Value::Null => {}
        color => match color.as_u64().filter(|color| *color <= 0xff_ffff) {
            Some(color) => put("color", Some(color.into())),
            None => form.add(
                &format!("{at}.color"),
                "NUMBER_TYPE_MAX",
                "int value should be less than or equal to 16777215.",
            ),
        },
    }
    if let Some(time) = embed["timestamp"].as_str() {
        match chrono::DateTime::parse_from_rfc3339(time) {
            Ok(time) => put(
                "timestamp",
                Some(snowflake::timestamp(time.timestamp_millis()).into()),
            ),
            Err(_) => form.add(
                &format!("{at}.timestamp"),
                "DATE_TIME_TYPE_PARSE",
                format!("Could not parse {time}. Should be ISO8601."),
            ),
        }
    }
    let mut url = json!({});
    copy_url(embed, "url", &mut url, at, form);
    put("url", url.get("url").cloned());
    Value::Object(read)
}

/// Copies a link, which Discord wants to be `http`, `https` or (for files) `attachment`.
fn copy_url(from: &Value, field: &str, to: &mut Value, at: &str, form: &mut Form) {
    let Some(url) = from[field].as_str().filter(|url| !url.is_empty()) else {
        return;
    };
    if ["http://", "https://", "attachment://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
    {
        to[field] = url.into();
    } else {
        let message = "Not a well formed URL.";
        form.add(&format!("{at}.{field}"), "URL_TYPE_INVALID_URL", message);
    }
}

fn read_allowed_mentions(allowed: &Value, at: &str, form: &mut Form) -> AllowedMentions {
    if !allowed.is_object() {
        form.wrong_type(at, "dict");
    }
    let parse = allowed["parse"].as_array().map_or(&[][..], Vec::as_slice);
    let parses = |kind: &str| parse.iter().any(|parsed| parsed == kind);
    for (index, kind) in parse.iter().enumerate() {
        if !["users", "roles", "everyone"]
            .iter()
            .any(|known| kind == known)
        {
            form.not_a_choice(
                &format!("{at}.parse.{index}"),
                "'roles', 'users', 'everyone'",
            );
        }
    }
    let mut ids = |field: &str| {
        let ids = allowed[field].as_array().map_or(&[][..], Vec::as_slice);
        form.count(&format!("{at}.{field}"), ids.len(), 0, 100);
        if parses(field) && !ids.is_empty() {
            let message =
                format!("parse:[\"{field}\"] and {field}: [ids...] are mutually exclusive.");
            form.add(at, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message);
        }
        let mut read = Vec::new();
        for (index, id) in ids.iter().enumerate() {
            match snowflake::parse(id) {
                Some(id) => read.push(id),
                None => form.add(
                    &format!("{at}.{field}.{index}"),
                    "NUMBER_TYPE_COERCE",
                    format!("Value {id} is not snowflake."),
                ),
            }
        }
        (!parses(field)).then_some(read)
    };
    AllowedMentions {
        users: ids("users"),
        roles: ids("roles"),
        everyone: parses("everyone"),
        replied_user: allowed["replied_user"].as_bool().unwrap_or(false),
    }
}
