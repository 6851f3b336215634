//! Messages to Discord by its REST API.
//!
//! By reqwest directly and not by serenity's `Http`: that one drops the headers of a refusal, which
//! say how long to wait, and has no timeout.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use reqwest::header::HeaderMap;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::discord_time::DiscordTime;
use super::limits::{Action, Breakers, Headers, Limiter, Stopped};
use super::{Button, ButtonStyle, Embed, File, Message, Nonce, SendError, Token};
use crate::clock::Clock;
use crate::ids::{ChannelId, GuildId, MessageId, UserId};

/// A request that takes longer has failed; well under the 15 s of a lease.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The same with files: those of a line of 1 Mbit/s. Meanwhile leases are renewed.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(90);
/// Sends without a sound (Discord's message flag).
const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;
/// Milliseconds from the Unix epoch to Discord's.
const DISCORD_EPOCH_MS: i64 = 1_420_070_400_000;
/// By how much Discord's clock, which its ids tell, may be behind ours.
const CLOCKS_DIFFER_MS: i64 = 60_000;
/// Messages of one page of a channel (Discord's limit).
const PAGE_LENGTH: usize = 100;
/// Pages read back at most, from the newest on: a thousand messages. Clients commonly see five
/// pages in five seconds, so more would keep the channel's posts waiting for longer than a repeat
/// is worth.
const MOST_PAGES: usize = 10;

/// After a 429 that names no wait, or none to speak of.
const SHORTEST_RETRY_MS: i64 = 1_000;
/// Nobody is made to wait longer, whatever an answer says: what waits for a day is given up.
const LONGEST_RETRY_MS: i64 = 86_400_000;
/// How long everything waits after a ban that does not say how long it lasts. Asking once a minute
/// is far from what bans, and a minute is soon enough for posts that are late anyway.
const BAN_MS: i64 = 60_000;
/// Discord's codes have five digits or six; 0 says nothing in particular. (Others, who write HTTP's
/// status there, have three.)
const LOWEST_CODE: i64 = 10_000;
/// Codes that pass, by what Discord's page “Opcodes and Status Codes” says of them.
const PASSING_CODES: [i64; 10] = [
    20_016,  // slow mode
    20_022,  // announcements are edited too often
    20_028,  // the channel's limit for writing
    20_029,  // the server's
    30_046,  // too many edits of old messages, “try again later”
    40_004,  // sending is “temporarily disabled”
    40_006,  // “this feature has been temporarily disabled server-side”
    40_062,  // “service resource is being rate limited”
    40_333,  // Cloudflare blocks the request: “internal network error”
    130_000, // “currently overloaded, try again a little later”
];

/// Sends messages to Discord, within its limits.
pub struct DiscordMessenger {
    client: reqwest::Client,
    base: String,
    authorization: SecretString,
    limiter: Limiter,
    clock: Clock,
    time: DiscordTime,
    /// How often Discord was asked about the token, and what it said the last time.
    asked: AtomicU64,
    said: tokio::sync::Mutex<Token>,
}

impl DiscordMessenger {
    /// `api_url` as in the configuration; `global_rate` in requests per second, 0 for no limit.
    pub fn new(
        clock: Clock,
        api_url: &str,
        token: &SecretString,
        global_rate: u32,
    ) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .tcp_nodelay(true)
            .user_agent(concat!(
                "DiscordBot (timeattack, ",
                env!("CARGO_PKG_VERSION"),
                ")"
            ))
            .build()
            .context("the HTTP client")?;
        Ok(Self {
            client,
            base: format!("{}/api/v10", api_url.trim_end_matches('/')),
            authorization: format!("Bot {}", token.expose_secret()).into(),
            limiter: Limiter::new(clock.clone(), global_rate),
            clock,
            time: DiscordTime::default(),
            asked: AtomicU64::new(0),
            said: tokio::sync::Mutex::new(Token::Unknown),
        })
    }

    pub(super) async fn ready(&self, channel: ChannelId) {
        self.limiter.ready(Action::Post, channel).await;
    }

    pub(super) async fn post(
        &self,
        channel: ChannelId,
        message: &Message,
        nonce: &Nonce,
    ) -> Result<MessageId, SendError> {
        if let Some(why) = self.limiter.closed(channel) {
            return Err(SendError::Discard { why });
        }
        let mut body = body_of(message, nonce);
        body["nonce"] = json!(nonce.as_str());
        body["enforce_nonce"] = json!(true);
        if message.silent {
            body["flags"] = json!(SUPPRESS_NOTIFICATIONS);
        }
        let path = format!("/channels/{}/messages", channel.get());
        let request = self.client.post(self.url(&path));
        let request = if message.files.is_empty() {
            request.json(&body)
        } else {
            upload(request, body, &message.files)
        };
        let posted: Result<Identified, SendError> = self.send(Action::Post, channel, request).await;
        // A channel that takes no files may take the text: that is for the next post to tell.
        if posted.is_ok() || !message.files.is_empty() {
            self.limiter.open(channel);
        }
        Ok(posted?.id.into())
    }

    pub(super) async fn open_dm(&self, user: UserId) -> Result<ChannelId, SendError> {
        let body = json!({ "recipient_id": user.get().to_string() });
        let request = self
            .client
            .post(self.url("/users/@me/channels"))
            .json(&body);
        self.limiter.bucket_ready(Action::Open, NOWHERE).await;
        let opened: Identified = self.send(Action::Open, NOWHERE, request).await?;
        Ok(opened.id.into())
    }

    pub(super) async fn member_name(
        &self,
        guild: GuildId,
        user: UserId,
    ) -> Result<Option<String>, SendError> {
        let path = format!("/guilds/{}/members/{}", guild.get(), user.get());
        let bucket = ChannelId(guild.0);
        self.limiter.bucket_ready(Action::Member, bucket).await;
        let request = self.client.get(self.url(&path));
        let found: Result<Member, Failure> = self.exchange(Action::Member, bucket, request).await;
        match found {
            Ok(member) => Ok(Some(member.name())),
            Err(Failure {
                code: Some(code), ..
            }) if NO_MEMBER_CODES.contains(&code) => Ok(None),
            Err(Failure { error, .. }) => Err(error),
        }
    }

    pub(super) fn expect_open(&self, channel: ChannelId) {
        self.limiter.open(channel);
    }

    pub(super) fn is_refused_by(&self, channel: ChannelId) -> bool {
        self.limiter.is_refused_by(channel)
    }

    pub(super) fn breakers(&self) -> Breakers {
        self.limiter.breakers()
    }

    pub(super) async fn edit(
        &self,
        channel: ChannelId,
        id: MessageId,
        message: &Message,
        nonce: &Nonce,
    ) -> Result<(), SendError> {
        let path = format!("/channels/{}/messages/{}", channel.get(), id.get());
        let mut body = body_of(message, nonce);
        // What is not named is kept.
        if message.files.is_empty() {
            body["attachments"] = json!([]);
        }
        let request = self
            .client
            .request(Method::PATCH, self.url(&path))
            .json(&body);
        self.limiter.bucket_ready(Action::Edit, channel).await;
        let _: Identified = self.send(Action::Edit, channel, request).await?;
        Ok(())
    }

    pub(super) async fn find(
        &self,
        channel: ChannelId,
        nonce: &Nonce,
        since_ms: i64,
    ) -> Result<Option<MessageId>, SendError> {
        // `since_ms` is of this host's clock, and ids are of Discord's.
        let behind_ms = self.time.ahead_ms().min(0);
        let earliest = first_snowflake(since_ms + behind_ms - CLOCKS_DIFFER_MS);
        let mark = mark(nonce);
        let ours = |page: &[Found]| {
            page.iter()
                .find(|found| found.bears(&mark))
                .map(|found| found.identified.id.into())
        };
        let mut query = String::new();
        for _ in 0..MOST_PAGES {
            let page = self.page(channel, &query).await?;
            if let Some(id) = ours(&page) {
                return Ok(Some(id));
            }
            let oldest = page.iter().map(|found| found.identified.id).min();
            let Some(oldest) = oldest.filter(|oldest| *oldest > earliest) else {
                return Ok(None);
            };
            if page.len() < PAGE_LENGTH {
                return Ok(None);
            }
            query = format!("&before={oldest}");
        }
        // Too much was said since to read all of it. What is left is where a post whose answer was
        // lost stands most probably: right after the first attempt.
        let page = self.page(channel, &format!("&after={earliest}")).await?;
        Ok(ours(&page))
    }

    /// A page of a channel's messages: the newest, unless `query` says which.
    async fn page(&self, channel: ChannelId, query: &str) -> Result<Vec<Found>, SendError> {
        let path = format!(
            "/channels/{}/messages?limit={PAGE_LENGTH}{query}",
            channel.get()
        );
        self.limiter.bucket_ready(Action::Read, channel).await;
        let request = self.client.get(self.url(&path));
        self.send(Action::Read, channel, request).await
    }

    /// Discord's clock, as far as its answers tell.
    pub(super) fn time(&self) -> DiscordTime {
        self.time.clone()
    }

    /// Asks for something that needs no token, for the `Date` of the answer.
    pub(super) async fn ask_the_time(&self) {
        let sent_ms = self.clock.now_ms();
        if let Ok(response) = self.client.get(self.url("/gateway")).send().await {
            self.note_date(sent_ms, response.headers());
        }
    }

    fn note_date(&self, sent_ms: i64, headers: &HeaderMap) {
        if let Some(date) = header(headers, "date") {
            self.time.saw_date(&self.clock, sent_ms, date);
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn send<T: serde::de::DeserializeOwned>(
        &self,
        action: Action,
        channel: ChannelId,
        request: RequestBuilder,
    ) -> Result<T, SendError> {
        let exchanged = self.exchange(action, channel, request).await;
        exchanged.map_err(|failure| failure.error)
    }

    async fn exchange<T: serde::de::DeserializeOwned>(
        &self,
        action: Action,
        channel: ChannelId,
        request: RequestBuilder,
    ) -> Result<T, Failure> {
        let slot = self.limiter.slot().await.map_err(stopped)?;
        let sent_ms = self.clock.now_ms();
        let answer = request
            .header("authorization", self.authorization.expose_secret())
            .send()
            .await;
        let response = answer.map_err(|error| lost(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        self.note_date(sent_ms, &headers);
        if let Some(limits) = limits_of(&headers) {
            self.limiter.learn(action, channel, limits);
        }
        let body = response.bytes().await;
        drop(slot);
        let body = body.map_err(|error| lost(&error))?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| {
                Failure::from(SendError::Retry {
                    after_ms: None,
                    why: format!("not an answer of Discord's: {error}"),
                })
            });
        }
        let refused = self.refused(action, channel, status, &headers, &body);
        if refused != SendError::Unauthorized {
            let refusal: Refusal = serde_json::from_slice(&body).unwrap_or_default();
            return Err(Failure {
                error: refused,
                code: refusal.code,
            });
        }
        // One 401 is not believed: a front that is out of order says it, too. Asked for by name,
        // Discord says it of the token alone.
        Err(Failure::from(match self.token().await {
            Token::Refused => refused,
            Token::Accepted => once("the answer was 401, though Discord accepts the token"),
            Token::Unknown => once("the answer was 401, and Discord could not be asked again"),
        }))
    }

    /// Asks who the bot is. Whoever comes while a question that began after their own 401 is under
    /// way, or answered, shares its answer: sixty-four refused at once are one question.
    pub(super) async fn token(&self) -> Token {
        let before = self.asked.load(Ordering::Acquire);
        let mut said = self.said.lock().await;
        if self.asked.load(Ordering::Acquire) == before {
            self.asked.fetch_add(1, Ordering::AcqRel);
            *said = self.ask_for_token().await;
        }
        *said
    }

    async fn ask_for_token(&self) -> Token {
        let Ok(slot) = self.limiter.slot().await else {
            return Token::Unknown;
        };
        let request = self.client.get(self.url("/users/@me"));
        let answer = request
            .header("authorization", self.authorization.expose_secret())
            .send()
            .await;
        let Ok(response) = answer else {
            return Token::Unknown;
        };
        let status = response.status();
        let body = response.bytes().await;
        drop(slot);
        if matches!(
            status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
        ) {
            self.limiter.count_refusal();
        }
        let Ok(body) = body else {
            return Token::Unknown;
        };
        if refuses_token(status, &body) {
            return Token::Refused;
        }
        if status == StatusCode::UNAUTHORIZED {
            return Token::Unknown;
        }
        match serde_json::from_slice::<Identified>(&body) {
            Ok(_) if status.is_success() => Token::Accepted,
            _ => Token::Unknown,
        }
    }

    /// What becomes of a request that was not carried out. It is final only where Discord itself
    /// said so, with a code of its own: pages of a proxy on the way, and what the API's front says
    /// of a route, come with the same statuses and pass.
    fn refused(
        &self,
        action: Action,
        channel: ChannelId,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> SendError {
        let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return self.too_many(action, channel, headers, &refusal);
        }
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            self.limiter.count_refusal();
        }
        let Some(code) = refusal.code else {
            return SendError::Retry {
                after_ms: None,
                why: format!("the answer was {}, and not Discord's own", status.as_u16()),
            };
        };
        if status == StatusCode::UNAUTHORIZED && is_about_the_token(code) {
            return SendError::Unauthorized;
        }
        let why = format!(
            "Discord answered {} (code {code}): {}",
            status.as_u16(),
            super::markdown::shorten(&refusal.message, 100)
        );
        match code {
            OPENED_TOO_FAST => return SendError::TooManyOpened { why },
            code if UNREACHABLE_CODES.contains(&code) => return SendError::Unreachable { why },
            _ => {}
        }
        let may_be_final = status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT;
        if may_be_final && is_final(code) {
            if action == Action::Post && CLOSED_CODES.contains(&code) {
                self.limiter.refused_by(channel, &why);
            }
            SendError::Discard { why }
        } else {
            SendError::Retry {
                after_ms: None,
                why,
            }
        }
    }

    fn too_many(
        &self,
        action: Action,
        channel: ChannelId,
        headers: &HeaderMap,
        refusal: &Refusal,
    ) -> SendError {
        // Those of a limit that is shared with others do not count: Discord's page “Rate Limits”.
        if header(headers, "x-ratelimit-scope") != Some("shared") {
            self.limiter.count_refusal();
        }
        let (after_ms, everything) = match refusal.retry_after {
            Some(seconds) => (milliseconds(seconds), refusal.global),
            // Not Discord's, but Cloudflare's before it, and then the whole address is meant.
            None => (ban_ms(headers), true),
        };
        let after_ms = after_ms.max(SHORTEST_RETRY_MS);
        if everything {
            self.limiter.block_everything(after_ms);
        } else {
            self.limiter.block(action, channel, after_ms);
        }
        SendError::Retry {
            after_ms: Some(after_ms),
            why: "429: too many requests".into(),
        }
    }
}

/// Why a request came to nothing, with Discord's own code if it gave one.
struct Failure {
    error: SendError,
    code: Option<i64>,
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        Self { error, code: None }
    }
}

/// It may pass; asked for again by the outbox's own waits.
fn once(why: &str) -> SendError {
    SendError::Retry {
        after_ms: None,
        why: why.to_owned(),
    }
}

/// Nothing was sent, and nobody may until the stop is over.
fn stopped(Stopped { left_ms }: Stopped) -> SendError {
    SendError::Retry {
        after_ms: Some(left_ms),
        why: "sending waits because Discord refused requests".into(),
    }
}

/// The request may have arrived or not; the same nonce tells at the next attempt.
fn lost(error: &reqwest::Error) -> SendError {
    let why = if error.is_timeout() {
        "Discord did not answer in time"
    } else if error.is_connect() {
        "Discord could not be reached"
    } else {
        "the connection to Discord was lost"
    };
    SendError::Retry {
        after_ms: None,
        why: why.into(),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn limits_of(headers: &HeaderMap) -> Option<Headers> {
    let seconds: f64 = header(headers, "x-ratelimit-reset-after")?.parse().ok()?;
    Some(Headers {
        remaining: header(headers, "x-ratelimit-remaining")?.parse().ok()?,
        reset_after_ms: milliseconds(seconds),
    })
}

/// How long a ban by Cloudflare lasts, by its `Retry-After`.
fn ban_ms(headers: &HeaderMap) -> i64 {
    let seconds = header(headers, "retry-after").and_then(|value| value.parse::<u32>().ok());
    seconds.map_or(BAN_MS, |seconds| {
        (i64::from(seconds) * 1_000).min(LONGEST_RETRY_MS)
    })
}

/// A day at most, and rounded up: a wait must not end too early.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "clamped to a day beforehand; fractions are rounded up on purpose"
)]
fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1_000.0)
        .clamp(0.0, LONGEST_RETRY_MS as f64)
        .ceil() as i64
}

fn body_of(message: &Message, nonce: &Nonce) -> Value {
    let users: Vec<String> = message
        .mentions
        .iter()
        .map(|user| user.get().to_string())
        .collect();
    let embeds: Vec<Value> = message.embeds.iter().map(embed).collect();
    let buttons: Vec<Value> = message
        .buttons
        .iter()
        .enumerate()
        .map(|(index, one)| button(one, (index == 0).then_some(nonce)))
        .collect();
    let rows = if buttons.is_empty() {
        json!([])
    } else {
        json!([{ "type": 1, "components": buttons }])
    };
    json!({
        "content": message.content,
        "embeds": embeds,
        "components": rows,
        "allowed_mentions": { "parse": [], "users": users },
    })
}

/// A request with files beside its JSON (Discord's page “Reference”, “Uploading Files”).
fn upload(request: RequestBuilder, mut body: Value, files: &[File]) -> RequestBuilder {
    let named = files.iter().enumerate();
    body["attachments"] = named
        .map(|(number, file)| json!({ "id": number.to_string(), "filename": file.name }))
        .collect();
    let form = Form::new().text("payload_json", body.to_string());
    let form = files.iter().enumerate().fold(form, |form, (number, file)| {
        let part = Part::bytes(file.bytes.to_vec()).file_name(file.name.clone());
        form.part(format!("files[{number}]"), part)
    });
    request.multipart(form).timeout(UPLOAD_TIMEOUT)
}

fn embed(embed: &Embed) -> Value {
    let mut value = json!({});
    if let Some(title) = &embed.title {
        value["title"] = json!(title);
    }
    if let Some(description) = &embed.description {
        value["description"] = json!(description);
    }
    if let Some(url) = &embed.image_url {
        value["image"] = json!({ "url": url });
    }
    if let Some(color) = embed.color {
        value["color"] = json!(color);
    }
    value
}

fn button(button: &Button, nonce: Option<&Nonce>) -> Value {
    let style = match button.style {
        ButtonStyle::Primary => 1,
        ButtonStyle::Secondary => 2,
        ButtonStyle::Success => 3,
        ButtonStyle::Danger => 4,
    };
    let marked = nonce.map(mark).unwrap_or_default();
    json!({
        "type": 2,
        "style": style,
        "label": button.label,
        "custom_id": format!("{}{marked}", button.custom_id),
    })
}

/// The smallest id that Discord gives to what is made at `wall_ms`.
fn first_snowflake(wall_ms: i64) -> u64 {
    (wall_ms - DISCORD_EPOCH_MS).max(0).unsigned_abs() << 22
}

/// What the first button's `custom_id` ends with, to know a post of ours again.
fn mark(nonce: &Nonce) -> String {
    format!("~{}", nonce.as_str())
}

/// What Discord writes when it refuses.
#[derive(Default, Deserialize)]
struct Refusal {
    /// Always there, but for some answers 429; none means that somebody else answered.
    code: Option<i64>,
    #[serde(default)]
    message: String,
    /// Seconds.
    retry_after: Option<f64>,
    #[serde(default)]
    global: bool,
}

/// Whether a 401 with this code is Discord's word on the token: `0` comes with “401: Unauthorized”,
/// 40001 with “Unauthorized. Provide a valid token and try again”. Others are about something else (a
/// webhook's token), or not Discord's.
pub fn is_about_the_token(code: i64) -> bool {
    matches!(code, 0 | 40_001)
}

/// Whether this answer is Discord's word on the token. A 401 alone is not: a front that is out of order
/// says it, too.
pub fn refuses_token(status: StatusCode, body: &[u8]) -> bool {
    let refusal = || serde_json::from_slice::<Refusal>(body).unwrap_or_default();
    status == StatusCode::UNAUTHORIZED && refusal().code.is_some_and(is_about_the_token)
}

/// Direct messages are opened too fast.
const OPENED_TOO_FAST: i64 = 40_003;
/// Somebody takes no direct messages, or shares no server with the bot.
const UNREACHABLE_CODES: [i64; 2] = [50_007, 50_278];
/// Nobody with this id is a member, or there is no such account.
const NO_MEMBER_CODES: [i64; 2] = [10_007, 10_013];
/// Requests that concern no channel.
const NOWHERE: ChannelId = ChannelId(0);

/// What is said of a channel, whatever it is sent: it is gone, not to be seen, not to be written in; or a
/// thread that is archived for good, or locked.
const CLOSED_CODES: [i64; 5] = [10_003, 50_001, 50_013, 50_083, 160_005];

/// Whether the same request would be refused again and again.
fn is_final(code: i64) -> bool {
    code >= LOWEST_CODE && !PASSING_CODES.contains(&code)
}

/// A member of a server, as far as it tells what they are called there.
#[derive(Deserialize)]
struct Member {
    #[serde(default)]
    nick: Option<String>,
    #[serde(default)]
    user: Option<MemberUser>,
}

#[derive(Deserialize)]
struct MemberUser {
    #[serde(default)]
    global_name: Option<String>,
    #[serde(default)]
    username: String,
}

impl Member {
    /// As Discord's clients show them.
    fn name(self) -> String {
        let user = self
            .user
            .map(|user| user.global_name.unwrap_or(user.username));
        self.nick.or(user).unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct Identified {
    #[serde(deserialize_with = "snowflake")]
    id: u64,
}

/// Discord's ids are digits in a string.
fn snowflake<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let digits = String::deserialize(from)?;
    digits.parse().map_err(serde::de::Error::custom)
}

/// A message of a channel, as far as it tells whether it is ours.
#[derive(Deserialize)]
struct Found {
    #[serde(flatten)]
    identified: Identified,
    #[serde(default)]
    components: Vec<Value>,
}

impl Found {
    fn bears(&self, mark: &str) -> bool {
        let buttons = self
            .components
            .iter()
            .filter_map(|row| row["components"].as_array())
            .flatten();
        buttons
            .filter_map(|button| button["custom_id"].as_str())
            .any(|custom_id| custom_id.ends_with(mark))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::super::limits::MOST_REFUSALS;
    use super::*;

    #[tokio::test]
    async fn a_shared_429_blocks_its_bucket_and_does_not_count() {
        let (clock, hand) = Clock::manual(0);
        let token = SecretString::from("token");
        let messenger = DiscordMessenger::new(clock, "http://localhost", &token, 0).unwrap();
        let channel = ChannelId(1);
        let refuse = |scope: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-ratelimit-scope", scope.parse().unwrap());
            let status = StatusCode::TOO_MANY_REQUESTS;
            let body = br#"{ "message": "Slowly", "retry_after": 1.5, "global": false }"#;
            messenger.refused(Action::Post, channel, status, &headers, body)
        };
        let is_ready = || {
            let ready = messenger.limiter.ready(Action::Post, channel);
            ready.now_or_never().is_some()
        };
        (0..MOST_REFUSALS).for_each(|_| drop(refuse("shared")));
        assert!(messenger.limiter.slot().await.is_ok());
        assert!(!is_ready());
        hand.advance_ms(1_501);
        assert!(is_ready());
        (0..MOST_REFUSALS).for_each(|_| drop(refuse("user")));
        assert!(messenger.limiter.slot().await.is_err());
    }
}
