//! The REST API: every request goes through one door, where tokens, faults and limits are looked
//! at, and from there to its route.

pub(super) mod commands;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::{Body as HttpBody, Bytes};
use axum::extract::{FromRequestParts as _, Request, State, WebSocketUpgrade};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::body::{Body, Most};
use super::draft::Draft;
use super::error::{ApiError, invalid};
use super::faults::FaultKind;
use super::interactions;
use super::limits::{MAX_CONCURRENCY, Standing, TooMany};
use super::record::Exchange;
use super::shapes::role;
use super::snowflake;
use super::state::Shared;
use super::world::Channel;
use super::{direct, gateway, permissions, picture, posting};

/// What a route answers: a body, or 204.
type Answer = Result<Option<Value>, ApiError>;

/// One request, taken apart.
struct Call {
    method: Method,
    path: String,
    query: String,
    body: Body,
}

impl Call {
    fn query(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// The only handler: everything that is not the chat page. Its `Date` is by the clock of this Discord,
/// which may be another than its host's and than the bot's.
pub(super) async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let clock = shared.clock.clone();
    let mut response = dispatch(shared, request).await;
    let now = chrono::DateTime::from_timestamp_millis(clock.now_ms()).unwrap_or_default();
    let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = date.parse() {
        response.headers_mut().insert("date", date);
    }
    response
}

async fn dispatch(shared: Arc<Shared>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if path == "/gateway" || path == "/gateway/" {
        return upgrade(shared, request).await;
    }
    if let Some(rest) = path.strip_prefix("/attachments/") {
        let now_ms = shared.clock.now_ms();
        let fault = shared.faults.take(request.method(), &path, now_ms);
        return match before(&shared, fault.as_ref()).await {
            Some(spoiled) => spoiled,
            None => attachment(&shared, rest),
        };
    }
    let versions = ["/api/v10", "/api/v9", "/api"];
    let Some(below) = versions
        .iter()
        .find_map(|version| path.strip_prefix(version))
    else {
        return plain(404, &ApiError::unknown_route().body());
    };
    api(shared, request, &path, below).await
}

async fn api(shared: Arc<Shared>, request: Request, path: &str, below: &str) -> Response {
    let segments: Vec<&str> = below
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let method = request.method().clone();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let authorized = is_authorized(&shared, &request, &segments);
    let fault = shared.faults.take(&method, below, shared.clock.now_ms());
    if let Some(spoiled) = before(&shared, fault.as_ref()).await {
        return spoiled;
    }
    let standing = match shared
        .limits
        .take(&method, &segments, shared.clock.monotonic_ms())
    {
        Some(Err(too_many)) => return too_many_requests(&shared, &too_many),
        Some(Ok(standing)) => Some(standing),
        None => None,
    };
    let most = Most::of_bot(shared.world().file_bytes);
    let body = Body::read(request, most).await;
    let mut recorded = None;
    let answer = match (authorized, body) {
        (false, body) => {
            let body = body.ok().filter(|_| shared.record.is_on());
            recorded = body.map(|body| body.payload);
            Err(ApiError::unauthorized())
        }
        (true, Err(error)) => Err(error),
        (true, Ok(body)) => {
            recorded = shared.record.is_on().then(|| body.payload.clone());
            let call = Call {
                method: method.clone(),
                path: below.to_owned(),
                query: query.clone(),
                body,
            };
            route(&shared, call, &segments)
        }
    };
    let (status, answer) = match answer {
        Ok(Some(answer)) => (success(&method, &segments), Some(answer)),
        Ok(None) => (204, None),
        Err(error) => (error.status, Some(error.body())),
    };
    if shared.record.is_on() {
        shared.record.add(Exchange {
            method: method.to_string(),
            path: path.to_owned(),
            query,
            request: recorded.filter(|body| !body.is_null()),
            status,
            response: answer.clone(),
        });
    }
    if matches!(fault, Some(FaultKind::ResetAfterWrite)) {
        return cut();
    }
    let mut response = match answer {
        Some(answer) => plain(status, &answer),
        None => StatusCode::NO_CONTENT.into_response(),
    };
    if let Some(standing) = standing {
        write_standing(&mut response, &shared, &standing);
    }
    response
}

/// What a fault does before anything is carried out.
async fn before(shared: &Shared, fault: Option<&FaultKind>) -> Option<Response> {
    match fault? {
        FaultKind::Status(status) => {
            let message = format!("{status}: Internal Server Error");
            Some(plain(*status, &json!({ "message": message, "code": 0 })))
        }
        FaultKind::Error { status, code } => {
            let mut error = ApiError::code(*code);
            error.status = *status;
            Some(plain(*status, &error.body()))
        }
        FaultKind::Foreign(status) => Some(foreign(*status)),
        FaultKind::Banned { retry_after } => {
            shared.limits.count_too_many();
            let mut response = foreign(429);
            let value = retry_after.as_deref().map(HeaderValue::from_str);
            if let Some(Ok(value)) = value {
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
            Some(response)
        }
        FaultKind::Hang(ms) => {
            shared.clock.sleep_ms(*ms).await;
            Some(cut())
        }
        FaultKind::Slow(ms) => {
            shared.clock.sleep_ms(*ms).await;
            None
        }
        FaultKind::ResetBeforeWrite => Some(cut()),
        FaultKind::RateLimited {
            retry_after_ms,
            global,
            shared: is_shared,
        } => {
            shared.limits.count_too_many();
            let scope = if *is_shared {
                "shared"
            } else if *global {
                "global"
            } else {
                "user"
            };
            let too_many = TooMany {
                retry_after_ms: *retry_after_ms,
                global: *global,
                scope,
                standing: None,
            };
            Some(too_many_requests(shared, &too_many))
        }
        FaultKind::ResetAfterWrite => None,
    }
}

/// An answer of somebody else's. Like all that a fault puts in the place of an answer it is not
/// recorded: the schema is of Discord's answers.
fn foreign(status: u16) -> Response {
    let page = format!("<html><title>{status}</title><body>Not Discord</body></html>");
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, axum::response::Html(page)).into_response()
}

/// An answer that breaks off: its body fails, and with it the connection.
fn cut() -> Response {
    let broken =
        futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("cut")) });
    Response::new(HttpBody::from_stream(broken))
}

fn is_authorized(shared: &Shared, request: &Request, segments: &[&str]) -> bool {
    // These carry their own token in the path; `/gateway` asks for none.
    if matches!(
        segments,
        ["interactions", ..] | ["webhooks", _, _, ..] | ["gateway"]
    ) {
        return true;
    }
    let header = request.headers().get(header::AUTHORIZATION);
    let token = header
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bot "));
    token == Some(shared.token.as_str()) && !shared.faults.token_reset.load(Ordering::Relaxed)
}

/// Exactly `application/json`: discord.py reads anything else as text.
fn plain(status: u16, body: &Value) -> Response {
    let mut response = Response::new(HttpBody::from(body.to_string()));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    // Discord stands behind a proxy that says so; discord.py believes a 429 only with it.
    response
        .headers_mut()
        .insert(header::VIA, HeaderValue::from_static("1.1 local"));
    response
}

/// 201 where the documented answer is that, else 200.
fn success(method: &Method, segments: &[&str]) -> u16 {
    let is_new = *method == Method::POST && matches!(segments, ["applications", .., "commands"]);
    if is_new { 201 } else { 200 }
}

fn too_many_requests(shared: &Shared, too_many: &TooMany) -> Response {
    let seconds = seconds(too_many.retry_after_ms);
    let body = json!({
        "message": "You are being rate limited.",
        "retry_after": seconds,
        "global": too_many.global,
        "code": 0,
    });
    let mut response = plain(429, &body);
    let headers = response.headers_mut();
    let whole = (too_many.retry_after_ms + 999) / 1_000;
    headers.insert("retry-after", HeaderValue::from(whole));
    headers.insert(
        "x-ratelimit-scope",
        HeaderValue::from_static(too_many.scope),
    );
    if too_many.global {
        headers.insert("x-ratelimit-global", HeaderValue::from_static("true"));
    }
    if let Some(standing) = &too_many.standing {
        write_standing(&mut response, shared, standing);
    }
    response
}

/// Up to a day's milliseconds are exact in an `f64`.
#[expect(
    clippy::cast_precision_loss,
    reason = "waits are far below 2^53 milliseconds"
)]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}

fn write_standing(response: &mut Response, shared: &Shared, standing: &Standing) {
    let reset_ms = shared.clock.now_ms() + standing.reset_after_ms;
    for (name, value) in [
        ("x-ratelimit-limit", standing.limit.to_string()),
        ("x-ratelimit-remaining", standing.remaining.to_string()),
        ("x-ratelimit-reset", format!("{:.3}", seconds(reset_ms))),
        (
            "x-ratelimit-reset-after",
            format!("{:.3}", seconds(standing.reset_after_ms)),
        ),
        ("x-ratelimit-bucket", standing.bucket.clone()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
}

async fn upgrade(shared: Arc<Shared>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.on_upgrade(|socket| gateway::serve(shared, socket)),
        Err(refused) => refused.into_response(),
    }
}

fn attachment(shared: &Shared, path: &str) -> Response {
    let file = path
        .split('/')
        .nth(1)
        .and_then(|number| number.parse().ok());
    let world = shared.world();
    match file.and_then(|file| world.uploads.get(file)) {
        Some(upload) => {
            // The page is served from this address too: a file that somebody uploaded must not
            // become a script beside it.
            let is_shown = picture::SHOWN.contains(&upload.content_type.as_str());
            // What it was called may be anything, which a header may not.
            let kind = HeaderValue::from_str(&upload.content_type);
            let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
            let fixed = HeaderValue::from_static;
            let headers = [
                (header::CONTENT_TYPE, kind),
                (
                    header::CONTENT_SECURITY_POLICY,
                    fixed("default-src 'none'; sandbox"),
                ),
                (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
                // Without a name: a browser takes it from the address.
                (
                    header::CONTENT_DISPOSITION,
                    fixed(if is_shown { "inline" } else { "attachment" }),
                ),
            ];
            (headers, upload.bytes.clone()).into_response()
        }
        None => Result::<Infallible, _>::Err(StatusCode::NOT_FOUND).into_response(),
    }
}

fn route(shared: &Shared, call: Call, segments: &[&str]) -> Answer {
    let number = |text: &str| snowflake_in("id", text);
    match (call.method.as_str(), segments) {
        ("GET", ["gateway"]) => Ok(Some(json!({ "url": gateway::gateway_url(shared) }))),
        ("GET", ["gateway", "bot"]) => Ok(Some(json!({
            "url": gateway::gateway_url(shared),
            "shards": 1,
            "session_start_limit": session_start_limit(shared),
        }))),
        ("GET", ["users", "@me"]) => Ok(Some(shared.world().current_user())),
        ("GET", ["users", user]) => {
            let world = shared.world();
            let user = number(user)?;
            world
                .users
                .get(&user)
                .ok_or_else(|| ApiError::code(10_013))?;
            Ok(Some(world.user_shape(user)))
        }
        ("GET", ["applications" | "oauth2", .., "@me"]) => {
            Ok(Some(shared.world().application(false)))
        }
        ("POST", ["users", "@me", "channels"]) => open_dm(shared, &call),
        (_, ["applications", _, "commands", rest @ ..]) => {
            commands::route(shared, &call, None, rest)
        }
        (_, ["applications", _, "guilds", guild, "commands", rest @ ..]) => {
            commands::route(shared, &call, Some(number(guild)?), rest)
        }
        ("GET", ["guilds", guild, rest @ ..]) => guild_route(shared, number(guild)?, rest),
        ("GET", ["channels", channel]) => {
            let world = shared.world();
            let (channel, _) = world.visible_channel(number(channel)?)?;
            Ok(Some(world.channel_shape(channel)))
        }
        ("POST", ["channels", channel, "messages"]) => {
            let channel = number(channel)?;
            let draft = Draft::read(&call.body.payload, call.body.files, "")?;
            let mut world = shared.world();
            let message = posting::send(shared, &mut world, channel, draft)?;
            Ok(Some(world.message(&message)))
        }
        ("GET", ["channels", channel, "messages"]) => {
            list_messages(shared, number(channel)?, &call)
        }
        (_, ["channels", channel, "messages", message]) => {
            one_message(shared, number(channel)?, number(message)?, call)
        }
        ("POST", ["interactions", interaction, token, "callback"]) => {
            let with_response = call
                .query("with_response")
                .is_some_and(|value| matches!(value.as_str(), "true" | "1" | "True"));
            let interaction = number(interaction)?;
            interactions::callback(shared, interaction, token, call.body, with_response)
        }
        ("POST", ["webhooks", _, token]) => {
            interactions::follow_up(shared, token, call.body).map(Some)
        }
        ("GET" | "PATCH" | "DELETE", ["webhooks", _, token, "messages", message]) => {
            interactions::own_message(shared, call.method.as_str(), token, message, call.body)
        }
        _ => {
            tracing::warn!(method = %call.method, path = call.path, "the local Discord has no such route");
            Err(ApiError::unknown_route())
        }
    }
}

fn session_start_limit(shared: &Shared) -> Value {
    let starts = shared.limits.session_starts(shared.clock.monotonic_ms());
    json!({
        "total": starts.total,
        "remaining": starts.remaining,
        "reset_after": starts.reset_after_ms,
        "max_concurrency": MAX_CONCURRENCY,
    })
}

fn guild_route(shared: &Shared, guild: u64, rest: &[&str]) -> Answer {
    let world = shared.world();
    let guild = world.guild(guild)?;
    match rest {
        [] => Ok(Some(world.guild_shape(guild))),
        ["channels"] => {
            let of_guild =
                |channel: &&Channel| channel.guild == Some(guild.id) && !channel.kind.is_thread();
            let channels = world.channels.values().filter(of_guild);
            Ok(Some(
                channels
                    .map(|channel| world.channel_shape(channel))
                    .collect(),
            ))
        }
        ["roles"] => Ok(Some(guild.roles.values().map(role).collect())),
        ["members", user] => {
            let user = if *user == "@me" {
                Some(world.bot)
            } else {
                user.parse().ok()
            };
            let member = user.and_then(|user| guild.members.get(&user));
            let member = member.ok_or_else(|| ApiError::code(10_007))?;
            Ok(Some(world.member(member)))
        }
        _ => Err(ApiError::unknown_route()),
    }
}

fn open_dm(shared: &Shared, call: &Call) -> Answer {
    let mut world = shared.world();
    if world.opening_dms_too_fast {
        return Err(ApiError::code(40_003));
    }
    let user = snowflake::parse(&call.body.payload["recipient_id"]);
    let user = user.filter(|user| world.users.contains_key(user));
    let user = user.ok_or_else(|| ApiError::code(50_033))?;
    let made = shared.ids.make(shared.clock.now_ms());
    let channel = direct::open(shared, &mut world, user, made);
    let shape = world
        .channels
        .get(&channel)
        .map(|channel| world.channel_shape(channel));
    Ok(shape)
}

fn list_messages(shared: &Shared, channel: u64, call: &Call) -> Answer {
    let world = shared.world();
    let (channel, allowed) = world.visible_channel(channel)?;
    if allowed & permissions::READ_MESSAGE_HISTORY == 0 {
        return Ok(Some(json!([])));
    }
    let limit = page_length(call)?;
    let snowflake = |name: &str| {
        let value = call.query(name);
        value.map(|text| snowflake_in(name, &text)).transpose()
    };
    let (after, before) = (snowflake("after")?, snowflake("before")?);
    if after.is_some() && before.is_some() {
        // Discord's page: “only one may be passed at a time”. What it does with two it does not
        // say, so whoever passes two hears of it here.
        let message = "Only one of before and after may be passed.";
        return Err(invalid("before", "BASE_TYPE_CHOICES", message));
    }
    let fits = |message: u64| {
        after.is_none_or(|after| message > after) && before.is_none_or(|before| message < before)
    };
    let mut found: Vec<_> = channel
        .messages
        .iter()
        .filter(|message| message.visible_to.is_none() && fits(message.id.get()))
        .collect();
    // Stored in the order they came, which a backdated click or a clock set back can belie; pages
    // go by id. Newest first in both cases.
    found.sort_by_key(|message| std::cmp::Reverse(message.id));
    if after.is_some() {
        // The ones that follow it, where it is else the newest that are meant.
        found.drain(..found.len().saturating_sub(limit));
    }
    found.truncate(limit);
    Ok(Some(
        found
            .into_iter()
            .map(|message| world.message(message))
            .collect(),
    ))
}

/// How many messages are asked for: 1 to 100, and 50 unless told.
fn page_length(call: &Call) -> Result<usize, ApiError> {
    let Some(text) = call.query("limit") else {
        return Ok(50);
    };
    let wrong = |code: &'static str, message: &str| invalid("limit", code, message);
    let Ok(limit) = text.parse::<i64>() else {
        let message = format!("Value \"{text}\" is not int.");
        return Err(wrong("NUMBER_TYPE_COERCE", &message));
    };
    match usize::try_from(limit) {
        Ok(limit @ 1..=100) => Ok(limit),
        Ok(101..) => {
            let message = "int value should be less than or equal to 100.";
            Err(wrong("NUMBER_TYPE_MAX", message))
        }
        Ok(0) | Err(_) => {
            let message = "int value should be greater than or equal to 1.";
            Err(wrong("NUMBER_TYPE_MIN", message))
        }
    }
}

fn snowflake_in(field: &str, text: &str) -> Result<u64, ApiError> {
    let message = format!("Value \"{text}\" is not snowflake.");
    text.parse()
        .map_err(|_| invalid(field, "NUMBER_TYPE_COERCE", &message))
}

fn one_message(shared: &Shared, channel: u64, message: u64, call: Call) -> Answer {
    let mut world = shared.world();
    let (found, allowed) = world.visible_channel(channel)?;
    let message = found
        .message(message)
        .filter(|message| message.visible_to.is_none())
        .cloned();
    let message = message.ok_or_else(|| ApiError::code(10_008))?;
    let is_own = message.author_id.get() == world.bot;
    match call.method.as_str() {
        "GET" if allowed & permissions::READ_MESSAGE_HISTORY == 0 => Err(ApiError::code(50_013)),
        "GET" => Ok(Some(world.message(&message))),
        "PATCH" if !is_own => Err(ApiError::code(50_005)),
        "PATCH" => {
            let draft = Draft::read(&call.body.payload, call.body.files, "")?;
            let message = posting::edit(shared, &mut world, &message, draft)?;
            Ok(Some(world.message(&message)))
        }
        "DELETE" if !is_own && allowed & permissions::MANAGE_MESSAGES == 0 => {
            Err(ApiError::code(50_013))
        }
        "DELETE" => {
            posting::delete(shared, &mut world, channel, message.id);
            Ok(None)
        }
        _ => Err(ApiError::unknown_route()),
    }
}
