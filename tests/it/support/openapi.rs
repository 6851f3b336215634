//! Exchanges with Discord held against Discord's own description of its API.
//!
//! `DISCORD_OPENAPI` names the file (Discord publishes it as `discord-api-spec/openapi.json`).
//! [`OpenApi::violations`] says what in a list of exchanges departs from it: routes, methods,
//! parameters, request bodies, statuses and answers. Where a client of ours departs and Discord
//! accepts it all the same, [`QUIRKS`] says so; to add one, give the operation, the place in the
//! body, the form found there, and Discord's page or the client's source as the reason.
//!
//! The document marks few objects as closed, so a misspelt optional field goes unseen. Headers are
//! not looked at.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Registry, ValidationError, Validator};
use serde_json::{Value, json};
use timeattack::sandbox::record::Exchange;
use url::form_urlencoded;

/// The name under which the document is known to its own `$ref`s.
const DOCUMENT: &str = "https://discord.com/openapi.json";
/// Enough for a sentence; a message that repeats a whole body tells less.
const MESSAGE_CHARS: usize = 300;
/// A value longer than this is left out of a message, which would otherwise end before its point.
const VALUE_CHARS: usize = 100;

/// Where a client departs from the document and Discord accepts it.
struct Quirk {
    /// The `operationId`; `*` is any.
    operation: &'static str,
    /// A JSON pointer into the request: `*` is one segment, a leading `**` any number.
    pointer: &'static str,
    /// Only this form is let through, so that a boolean there is still a violation.
    form: Form,
    reason: &'static str,
}

#[derive(Clone, Copy)]
enum Form {
    /// A string of decimal digits where the document has an integer.
    Digits,
    /// A whole number where the document has a string of digits.
    Number,
}

const BITS_ARE_STRINGS: &str = "serenity sends permission bitsets as strings, the form that \
    Discord's pages give for them (Permissions: “In API v8 and above, all permissions are \
    serialized as strings”)";
const FILE_NUMBERS: &str = "serenity sends the file's place in the upload as a number, as the \
    example in Discord's pages does (API Reference, Uploading Files: `\"id\": 0`)";
const DEFAULT_IDS: &str = "serenity sends the ids of a select menu's defaults as numbers";

const QUIRKS: &[Quirk] = &[
    Quirk {
        operation: "*",
        pointer: "**/default_member_permissions",
        form: Form::Digits,
        reason: BITS_ARE_STRINGS,
    },
    Quirk {
        operation: "*",
        pointer: "**/permission_overwrites/*/allow",
        form: Form::Digits,
        reason: BITS_ARE_STRINGS,
    },
    Quirk {
        operation: "*",
        pointer: "**/permission_overwrites/*/deny",
        form: Form::Digits,
        reason: BITS_ARE_STRINGS,
    },
    Quirk {
        operation: "set_channel_permission_overwrite",
        pointer: "/allow",
        form: Form::Digits,
        reason: BITS_ARE_STRINGS,
    },
    Quirk {
        operation: "set_channel_permission_overwrite",
        pointer: "/deny",
        form: Form::Digits,
        reason: BITS_ARE_STRINGS,
    },
    Quirk {
        operation: "*",
        pointer: "**/attachments/*/id",
        form: Form::Number,
        reason: FILE_NUMBERS,
    },
    Quirk {
        operation: "*",
        pointer: "**/default_values/*/id",
        form: Form::Number,
        reason: DEFAULT_IDS,
    },
];

/// An OpenAPI 3.1 document, ready to check with.
pub struct OpenApi {
    document: Value,
    registry: Registry<'static>,
    routes: Vec<Route>,
    /// By the schema's pointer. Compiling costs far more than validating, so each once.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

struct Route {
    /// `/channels/{channel_id}/messages`
    template: String,
    segments: Vec<Segment>,
}

enum Segment {
    Literal(String),
    Parameter(String),
}

/// One operation and the exchange that is said to be one of it.
struct Call<'a> {
    api: &'a OpenApi,
    exchange: &'a Exchange,
    id: &'a str,
    pointer: String,
    found: Vec<String>,
}

/// One thing wrong in a body.
struct Finding {
    pointer: String,
    message: String,
    /// A value of the wrong type, or not one of those listed.
    is_mismatch: bool,
}

impl OpenApi {
    /// The document that `DISCORD_OPENAPI` names, read once; `None` without the variable.
    ///
    /// # Panics
    /// If the variable is set and the file is not an OpenAPI document: a check that was asked
    /// for must not fall away.
    pub fn from_env() -> Option<&'static Self> {
        static LOADED: OnceLock<Option<OpenApi>> = OnceLock::new();
        let loaded = LOADED.get_or_init(|| {
            let path = std::env::var_os("DISCORD_OPENAPI")?;
            let text = std::fs::read(&path)
                .unwrap_or_else(|error| panic!("DISCORD_OPENAPI={}: {error}", path.display()));
            let document = serde_json::from_slice(&text)
                .unwrap_or_else(|error| panic!("DISCORD_OPENAPI={}: {error}", path.display()));
            Some(Self::new(document))
        });
        loaded.as_ref()
    }

    /// # Panics
    /// If it has no `paths` or a resource in it can't be read.
    pub fn new(mut document: Value) -> Self {
        give_forms_a_json_part(&mut document);
        let registry = Registry::new()
            .draft(Draft::Draft202012)
            .add(DOCUMENT, document.clone())
            .and_then(jsonschema::RegistryBuilder::prepare)
            .expect("the document's schemas can be indexed");
        let paths = document["paths"].as_object().expect("paths");
        let routes = paths.keys().map(|template| Route::new(template)).collect();
        Self {
            registry,
            routes,
            validators: Mutex::default(),
            document,
        }
    }

    /// What departs from the document, one sentence each, in the order of the exchanges.
    pub fn violations(&self, exchanges: &[Exchange]) -> Vec<String> {
        exchanges.iter().flat_map(|one| self.check(one)).collect()
    }

    fn check(&self, exchange: &Exchange) -> Vec<String> {
        let Exchange { method, path, .. } = exchange;
        let segments: Vec<&str> = without_version(path).split('/').skip(1).collect();
        let fitting = self.routes.iter().filter(|route| route.fits(&segments));
        // As OpenAPI asks: `/users/@me` before `/users/{user_id}`.
        let Some(route) = fitting.max_by_key(|route| route.literals()) else {
            return vec![line(exchange, "unknown route")];
        };
        let item = format!("/paths/{}", escaped(&route.template));
        let pointer = format!("{item}/{}", method.to_ascii_lowercase());
        let Some(operation) = self.document.pointer(&pointer) else {
            let message = format!("{} has no method {method}", route.template);
            return vec![line(exchange, &message)];
        };
        let mut call = Call {
            api: self,
            exchange,
            id: operation["operationId"].as_str().unwrap_or_default(),
            pointer,
            found: Vec::new(),
        };
        call.check_parameters(&item, route, &segments);
        call.check_request();
        call.check_response();
        call.found
    }

    /// Follows a `$ref` within the document; gives the place itself otherwise.
    fn resolved(&self, pointer: &str) -> Option<String> {
        let target = self.document.pointer(pointer)?;
        match target["$ref"].as_str() {
            Some(reference) => self.resolved(reference.strip_prefix('#')?),
            None => Some(pointer.to_owned()),
        }
    }

    fn validator(&self, pointer: &str) -> Arc<Validator> {
        let mut validators = self.validators.lock().expect("no panic");
        if let Some(known) = validators.get(pointer) {
            return Arc::clone(known);
        }
        let fragment = pointer.replace('{', "%7B").replace('}', "%7D");
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&self.registry)
            // The document's date-time and uri are promises, although 2020-12 would only note them.
            .should_validate_formats(true)
            .build(&json!({ "$ref": format!("{DOCUMENT}#{fragment}") }))
            .unwrap_or_else(|error| panic!("the schema at {pointer}: {error}"));
        let validator = Arc::new(validator);
        validators.insert(pointer.to_owned(), Arc::clone(&validator));
        validator
    }
}

impl Route {
    fn new(template: &str) -> Self {
        let segments = template.split('/').skip(1).map(|segment| {
            let name = segment
                .strip_prefix('{')
                .and_then(|it| it.strip_suffix('}'));
            match name {
                Some(name) => Segment::Parameter(name.to_owned()),
                None => Segment::Literal(segment.to_owned()),
            }
        });
        Self {
            template: template.to_owned(),
            segments: segments.collect(),
        }
    }

    fn fits(&self, path: &[&str]) -> bool {
        self.segments.len() == path.len()
            && self.segments.iter().zip(path).all(|pair| match pair {
                (Segment::Literal(literal), segment) => literal == segment,
                (Segment::Parameter(_), segment) => !segment.is_empty(),
            })
    }

    /// Which segments are literal; of two routes that fit, the greater is the more concrete.
    fn literals(&self) -> Vec<bool> {
        let segments = self.segments.iter();
        segments
            .map(|segment| matches!(segment, Segment::Literal(_)))
            .collect()
    }
}

impl<'a> Call<'a> {
    fn say(&mut self, message: &str) {
        self.found.push(line(self.exchange, message));
    }

    fn check_parameters(&mut self, item: &str, route: &Route, path: &[&str]) {
        let query: Vec<(String, String)> = form_urlencoded::parse(self.exchange.query.as_bytes())
            .into_owned()
            .collect();
        let mut known = Vec::new();
        for (pointer, parameter) in self.parameters(item) {
            let name = parameter["name"].as_str().unwrap_or_default();
            let place = parameter["in"].as_str().unwrap_or_default();
            let values: Vec<&str> = match place {
                "path" => route.values(name, path),
                "query" => {
                    known.push(name);
                    let named = query.iter().filter(|(key, _)| key == name);
                    named.map(|(_, value)| value.as_str()).collect()
                }
                // Headers and cookies are not recorded.
                _ => continue,
            };
            if values.is_empty() {
                if parameter["required"] == true {
                    self.say(&format!("{place} parameter {name} is missing"));
                }
                continue;
            }
            let validator = self.api.validator(&format!("{pointer}/schema"));
            if !readings(&values).iter().any(|one| validator.is_valid(one)) {
                let shown = shortened(&values.join(", "), VALUE_CHARS);
                self.say(&format!("{place} parameter {name} can't be {shown:?}"));
            }
        }
        for (key, _) in &query {
            if !known.contains(&key.as_str()) {
                self.say(&format!("unknown query parameter {key}"));
            }
        }
    }

    /// Those of the path and those of the operation, with their places.
    fn parameters(&self, item: &str) -> Vec<(String, &'a Value)> {
        let api = self.api;
        let lists = [item, &self.pointer].map(|owner| format!("{owner}/parameters"));
        let mut parameters = Vec::new();
        for list in lists {
            let count = api.document.pointer(&list).and_then(Value::as_array);
            for index in 0..count.map_or(0, Vec::len) {
                let place = api.resolved(&format!("{list}/{index}")).expect("listed");
                let parameter = api.document.pointer(&place).expect("resolved");
                parameters.push((place, parameter));
            }
        }
        parameters
    }

    fn check_request(&mut self) {
        let Some(body) = self.api.resolved(&format!("{}/requestBody", self.pointer)) else {
            if self.exchange.request.is_some() {
                self.say("this operation has no request body");
            }
            return;
        };
        match &self.exchange.request {
            Some(request) => self.check_body("request", &body, request),
            None if self.api.document.pointer(&format!("{body}/required"))
                == Some(&json!(true)) =>
            {
                self.say("the request body is missing");
            }
            None => (),
        }
    }

    fn check_response(&mut self) {
        let status = self.exchange.status;
        // Discord's page on status codes has 502 and “5xx (SERVER ERROR)” for every route and
        // promises no body; the document leaves them out.
        if status >= 500 {
            return;
        }
        let names = [
            status.to_string(),
            format!("{}XX", status / 100),
            "default".into(),
        ];
        let places = names.map(|name| format!("{}/responses/{name}", self.pointer));
        let documented = places.iter().find_map(|place| self.api.resolved(place));
        let Some(documented) = documented else {
            self.say("the status is not documented");
            return;
        };
        let schema = format!("{documented}/{JSON_CONTENT}");
        let has_json = self.api.document.pointer(&schema).is_some();
        match &self.exchange.response {
            Some(response) if has_json => self.check_body("response", &documented, response),
            Some(_)
                if self
                    .api
                    .document
                    .pointer(&format!("{documented}/content"))
                    .is_none() =>
            {
                self.say("this answer has no body");
            }
            None if has_json => self.say("the answer's body is missing"),
            _ => (),
        }
    }

    fn check_body(&mut self, part: &str, owner: &str, body: &Value) {
        let schema = format!("{owner}/{JSON_CONTENT}/schema");
        if self.api.document.pointer(&schema).is_none() {
            return;
        }
        let validator = self.api.validator(&schema);
        // Cheaper than listing errors, and nearly always enough.
        if validator.is_valid(body) {
            return;
        }
        let operation = (part == "request").then_some(self.id);
        for error in validator.iter_errors(body) {
            for Finding {
                pointer, message, ..
            } in findings(operation, &error)
            {
                let message = shortened(&message, MESSAGE_CHARS);
                self.say(&format!("{part}{pointer}: {message}"));
            }
        }
    }
}

impl Route {
    /// The value that a path has for a parameter of the template.
    fn values<'p>(&self, name: &str, path: &[&'p str]) -> Vec<&'p str> {
        let pairs = self.segments.iter().zip(path);
        pairs
            .filter(|(segment, _)| matches!(segment, Segment::Parameter(own) if own == name))
            .map(|(_, value)| *value)
            .collect()
    }
}

/// Where a body's JSON part stands in a `requestBody` or a response.
const JSON_CONTENT: &str = "content/application~1json";

/// Three operations take a form only (a sticker's upload is one). What of a form can be recorded
/// as JSON is its fields without the files, so that is what is expected of the exchange.
fn give_forms_a_json_part(document: &mut Value) {
    let items = document["paths"].as_object_mut().expect("paths");
    let operations = items.values_mut().filter_map(Value::as_object_mut);
    for operation in operations.flat_map(|item| item.values_mut()) {
        let Some(body) = operation.get_mut("requestBody") else {
            continue;
        };
        if body["content"]["application/json"].is_object() {
            continue;
        }
        let forms = ["multipart/form-data", "application/x-www-form-urlencoded"];
        let mut content = forms.iter().map(|form| &body["content"][*form]);
        let Some(mut json_part) = content.find(|content| content.is_object()).cloned() else {
            continue;
        };
        leave_files_out(&mut json_part["schema"]);
        body["content"]["application/json"] = json_part;
        // A form of files alone leaves nothing to record.
        body["required"] = Value::Bool(false);
    }
}

fn leave_files_out(schema: &mut Value) {
    let Some(properties) = schema["properties"].as_object_mut() else {
        return;
    };
    let mut files = Vec::new();
    properties.retain(|name, property| {
        let is_file = property["contentEncoding"] == "binary";
        if is_file {
            files.push(Value::from(name.as_str()));
        }
        !is_file
    });
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|name| !files.contains(name));
    }
}

/// What is wrong, traced into the alternative that was meant, less what [`QUIRKS`] lets through.
/// `operation` is `None` for an answer: quirks are a client's.
fn findings(operation: Option<&str>, error: &ValidationError<'_>) -> Vec<Finding> {
    let pointer = error.instance_path().as_str();
    let alternatives = match error.kind() {
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            context.as_slice()
        }
        _ => &[],
    };
    let alternatives = alternatives.iter().map(|errors| {
        let errors = errors.iter();
        errors
            .flat_map(|error| findings(operation, error))
            .collect::<Vec<_>>()
    });
    let closest = alternatives.min_by_key(|found| (distance(pointer, found), found.len()));
    if let Some(closest) = closest
        && distance(pointer, &closest) < Distance::OtherValue
    {
        return closest;
    }
    if operation.is_some_and(|operation| is_excused(operation, pointer, error.instance())) {
        return Vec::new();
    }
    vec![Finding {
        pointer: pointer.to_owned(),
        message: message(error),
        is_mismatch: matches!(
            error.kind(),
            ValidationErrorKind::Type { .. }
                | ValidationErrorKind::Enum { .. }
                | ValidationErrorKind::Constant { .. }
                | ValidationErrorKind::OneOfNotValid { .. }
                | ValidationErrorKind::AnyOf { .. }
        ),
    }]
}

/// How far a value is from an alternative that refused it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    /// The same kind of thing, with something wrong in it.
    Inside,
    /// Its `type`, which tells Discord's alternatives apart, names another.
    OtherKind,
    /// Not even the same JSON type, or not one of the values.
    OtherValue,
}

fn distance(pointer: &str, found: &[Finding]) -> Distance {
    let distances = found.iter().map(|finding| {
        let below = finding.pointer.strip_prefix(pointer);
        match (finding.is_mismatch, below) {
            (true, Some("")) => Distance::OtherValue,
            (true, Some("/type")) => Distance::OtherKind,
            _ => Distance::Inside,
        }
    });
    distances.max().unwrap_or(Distance::Inside)
}

fn is_excused(operation: &str, pointer: &str, value: &Value) -> bool {
    QUIRKS.iter().any(|quirk| {
        debug_assert!(!quirk.reason.is_empty());
        (quirk.operation == "*" || quirk.operation == operation)
            && pointer_fits(quirk.pointer, pointer)
            && quirk.form.fits(value)
    })
}

impl Form {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Digits => value
                .as_str()
                .is_some_and(|text| text.parse::<u64>().is_ok()),
            Self::Number => value.is_u64(),
        }
    }
}

fn pointer_fits(pattern: &str, pointer: &str) -> bool {
    let mut segments: Vec<&str> = pointer.split('/').skip(1).collect();
    let pattern: Vec<&str> = match pattern.strip_prefix("**/") {
        Some(end) => {
            let end: Vec<&str> = end.split('/').collect();
            segments.drain(..segments.len().saturating_sub(end.len()));
            end
        }
        None => pattern.split('/').skip(1).collect(),
    };
    pattern.len() == segments.len()
        && pattern
            .iter()
            .zip(&segments)
            .all(|(pattern, segment)| *pattern == "*" || pattern == segment)
}

/// What a parameter's text can stand for. Discord's pages (API Reference, Boolean and Array Query
/// Strings) take `1` for true, which discord.py sends, and a repeated name for an array; a few
/// routes take a list with commas.
fn readings(values: &[&str]) -> Vec<Value> {
    let mut readings = Vec::new();
    if let [value] = values {
        readings.push(Value::from(*value));
        readings.extend(value.parse::<i64>().map(Value::from));
        readings.extend(match value.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(Value::Bool(true)),
            "false" | "0" => Some(Value::Bool(false)),
            _ => None,
        });
    }
    let listed = values.iter().flat_map(|value| value.split(','));
    readings.push(listed.clone().collect());
    let numbers: Result<Value, _> = listed.map(str::parse::<i64>).collect();
    readings.extend(numbers);
    readings
}

fn message(error: &ValidationError<'_>) -> String {
    if error.instance().to_string().len() > VALUE_CHARS {
        error.masked_with("this").to_string()
    } else {
        error.to_string()
    }
}

fn line(exchange: &Exchange, message: &str) -> String {
    let Exchange {
        method,
        path,
        status,
        ..
    } = exchange;
    format!("{method} {path} ({status}): {message}")
}

fn shortened(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `/api/v10/users/@me` is `/users/@me` in the document, whose server address has the version.
fn without_version(path: &str) -> &str {
    let Some(rest) = path.strip_prefix("/api") else {
        return path;
    };
    let version = rest
        .strip_prefix("/v")
        .and_then(|rest| rest.split_once('/'));
    match version {
        Some((number, _)) if number.parse::<u8>().is_ok() => &rest["/v".len() + number.len()..],
        _ => rest,
    }
}

/// As one segment of a JSON pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests;
