//! A raw client: one world, its REST API, and gateway connections to it.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::header::HeaderMap;
use reqwest::multipart;
use serde_json::{Value, json};
use timeattack::clock::{Clock, ManualClock};
use timeattack::ids::{ChannelId, GuildId, UserId};
use timeattack::sandbox::{Actor, LocalDiscord, Message, Options, Refused, Reply};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::support::NOW_MS;
use crate::support::openapi::OpenApi;

/// Far longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A local Discord with one server, a channel in it and two members, and an HTTP client.
pub struct Place {
    pub discord: LocalDiscord,
    pub clock: ManualClock,
    pub guild: GuildId,
    pub channel: ChannelId,
    pub mina: UserId,
    pub jamong: UserId,
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// `null` if there was none.
    pub body: Value,
}

impl Answer {
    async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = match text.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
        };
        Self {
            status,
            headers,
            body,
        }
    }

    /// HTTP's status and Discord's code.
    pub fn refusal(&self) -> (u16, u64) {
        (self.status, self.body["code"].as_u64().unwrap_or(0))
    }

    /// Discord's code for what is wrong with one field, by its JSON pointer.
    pub fn wrong(&self, field: &str) -> &str {
        assert_eq!(self.refusal(), (400, 50_035), "{self:?}");
        assert_eq!(self.body["message"], "Invalid Form Body");
        let found = self
            .body
            .pointer(&format!("/errors{field}/_errors/0/code"))
            .and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("nothing wrong with {field} in {}", self.body))
    }

    /// The body of a success.
    pub fn ok(self) -> Value {
        assert!(self.status < 300, "{self:?}");
        self.body
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self
            .headers
            .get(name)
            .unwrap_or_else(|| panic!("no {name}"));
        value.to_str().unwrap()
    }
}

impl Place {
    pub async fn start() -> Self {
        let (clock, hand) = Clock::manual(NOW_MS);
        let options = Options {
            clock,
            ..Options::default()
        };
        let discord = LocalDiscord::start(options).await.unwrap();
        let guild = discord.add_guild("Study", "ko");
        let channel = discord.add_channel(guild, "general");
        let (mina, jamong) = (
            discord.add_user("Mina", "en-US"),
            discord.add_user("jamong", "ko"),
        );
        discord.join(guild, mina, 0);
        discord.join(guild, jamong, 0);
        Self {
            discord,
            clock: hand,
            guild,
            channel,
            mina,
            jamong,
            http: reqwest::Client::new(),
        }
    }

    /// A request with the bot's token, not sent yet.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().unwrap();
        let url = format!("{}/api/v10{path}", self.discord.url());
        let token = format!("Bot {}", self.discord.token());
        self.http
            .request(method, url)
            .header("authorization", token)
    }

    /// A request to the page's side, which knows no token.
    pub fn local(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.discord.url());
        self.http.request(method.parse().unwrap(), url)
    }

    pub async fn sent(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.sent(self.request("GET", path)).await
    }

    pub async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.sent(self.request(method, path).json(body)).await
    }

    pub fn messages_of(&self, channel: ChannelId) -> String {
        format!("/channels/{channel}/messages")
    }

    pub async fn post_in(&self, channel: ChannelId, message: &Value) -> Answer {
        self.call("POST", &self.messages_of(channel), message).await
    }

    pub async fn post(&self, message: &Value) -> Answer {
        self.post_in(self.channel, message).await
    }

    /// A message with files, as Discord's “Uploading Files” has them.
    pub async fn upload(&self, path: &str, payload: &Value, files: &[(&str, Vec<u8>)]) -> Answer {
        let mut form = multipart_form(payload);
        for (index, (name, bytes)) in files.iter().enumerate() {
            let part = multipart::Part::bytes(bytes.clone()).file_name((*name).to_owned());
            let part = part.mime_str("image/png").unwrap();
            form = form.part(format!("files[{index}]"), part);
        }
        self.sent(self.request("POST", path).multipart(form)).await
    }

    pub async fn bot(&self) -> UserId {
        let me = self.get("/users/@me").await.ok();
        UserId::from(me["id"].as_str().unwrap().parse::<u64>().unwrap())
    }

    /// The texts that stand in the channel.
    pub fn texts(&self) -> Vec<String> {
        let messages = self.discord.messages(self.channel);
        messages.iter().map(Message::text).collect()
    }

    /// Registers `/note text: file:`, whose `text` completes itself.
    pub async fn register(&self) {
        let command = json!({
            "name": "note", "description": "Takes a note", "options": [
                { "type": 3, "name": "text", "description": "What", "autocomplete": true },
                { "type": 11, "name": "file", "description": "A file" },
            ],
        });
        let path = format!("/applications/{}/commands", self.bot().await);
        self.call("PUT", &path, &json!([command])).await.ok();
    }

    /// Somebody does something, and the client sees the interaction that comes of it.
    pub async fn does<F>(
        &self,
        gateway: &mut Gateway,
        user: UserId,
        act: impl FnOnce(Actor) -> F,
    ) -> (Value, JoinHandle<Result<Reply, Refused>>)
    where
        F: Future<Output = Result<Reply, Refused>> + Send + 'static,
    {
        let doing = tokio::spawn(act(self.discord.actor(user, self.channel)));
        (gateway.event("INTERACTION_CREATE").await, doing)
    }

    /// Mina types `/note`.
    pub async fn note(&self, gateway: &mut Gateway) -> (Value, JoinHandle<Result<Reply, Refused>>) {
        let typed = |mina: Actor| async move { mina.slash("/note text:Hello").await };
        self.does(gateway, self.mina, typed).await
    }

    /// The first answer to an interaction.
    pub async fn callback(&self, interaction: &Value, answer: &Value) -> Answer {
        self.call("POST", &callback_path(interaction), answer).await
    }

    /// The webhook of an interaction's token.
    pub fn webhook(&self, interaction: &Value, below: &str) -> String {
        let text = |field: &str| interaction[field].as_str().unwrap().to_owned();
        format!(
            "/webhooks/{}/{}{below}",
            text("application_id"),
            text("token")
        )
    }

    /// Ends it, and holds all that was said against Discord's schema.
    ///
    /// What was refused as malformed was malformed on purpose. And of its answer the tree of
    /// errors is [`Answer::wrong`]'s to look at: the schema wants numbers for the codes in there,
    /// where Discord writes words (its reference, “Error Messages”: `BASE_TYPE_CHOICES`).
    pub fn end(self) {
        self.discord.stop();
        let Some(api) = OpenApi::from_env() else {
            return;
        };
        let mut found = Vec::new();
        for exchange in self.discord.exchanges() {
            let violations = api.violations(std::slice::from_ref(&exchange));
            let meant = [
                "request",
                "the request body is missing",
                "query parameter",
                "response/errors/",
            ];
            let is_meant = |text: &String| {
                let starts = |what: &&str| text.contains(&format!("(400): {what}"));
                meant.iter().any(starts)
            };
            found.extend(violations.into_iter().filter(|text| !is_meant(text)));
        }
        assert_eq!(found, Vec::<String>::new());
    }
}

pub fn callback_path(interaction: &Value) -> String {
    let text = |field: &str| interaction[field].as_str().unwrap();
    format!("/interactions/{}/{}/callback", text("id"), text("token"))
}

pub fn multipart_form(payload: &Value) -> multipart::Form {
    let json = multipart::Part::text(payload.to_string());
    let json = json.mime_str("application/json").unwrap();
    multipart::Form::new().part("payload_json", json)
}

/// A gateway connection.
pub struct Gateway {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Of the last event.
    pub sequence: u64,
    /// How often it wants to hear that somebody is there.
    pub heartbeat_ms: u64,
}

impl Gateway {
    /// Connects, and is greeted.
    pub async fn open(place: &Place) -> Self {
        let told = place.get("/gateway/bot").await.ok();
        Self::at(told["url"].as_str().unwrap()).await
    }

    /// Connects without asking where, for which a token is needed.
    pub async fn open_at(place: &Place) -> Self {
        let url = format!("{}/gateway", place.discord.url());
        Self::at(&url.replacen("http", "ws", 1)).await
    }

    async fn at(url: &str) -> Self {
        let url = format!("{url}?v=10&encoding=json");
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let mut gateway = Self {
            socket,
            sequence: 0,
            heartbeat_ms: 0,
        };
        let hello = gateway.next().await;
        assert_eq!(hello["op"], 10);
        gateway.heartbeat_ms = hello["d"]["heartbeat_interval"].as_u64().unwrap();
        gateway
    }

    /// Connects and identifies; the READY.
    pub async fn ready(place: &Place, intents: u64) -> (Self, Value) {
        let mut gateway = Self::open(place).await;
        gateway.identify(&place.discord.token(), intents).await;
        let ready = gateway.event("READY").await;
        (gateway, ready)
    }

    pub async fn identify(&mut self, token: &str, intents: u64) {
        let properties = json!({ "os": "linux", "browser": "test", "device": "test" });
        let data = json!({ "token": token, "intents": intents, "properties": properties });
        self.send(2, &data).await;
    }

    /// Connects where READY said and takes the session up after `sequence`.
    pub async fn resume(place: &Place, ready: &Value, sequence: u64) -> Self {
        let mut gateway = Self::at(ready["resume_gateway_url"].as_str().unwrap()).await;
        gateway.send_resume(place, ready, sequence).await;
        gateway
    }

    pub async fn send_resume(&mut self, place: &Place, ready: &Value, sequence: u64) {
        let session = &ready["session_id"];
        let token = place.discord.token();
        let data = json!({ "token": token, "session_id": session, "seq": sequence });
        self.send(6, &data).await;
    }

    pub async fn send(&mut self, op: u64, data: &Value) {
        let payload = json!({ "op": op, "d": data });
        self.say(&payload.to_string()).await;
    }

    pub async fn say(&mut self, text: &str) {
        self.socket.send(Frame::text(text)).await.unwrap();
    }

    /// The next payload.
    pub async fn next(&mut self) -> Value {
        let frame = tokio::time::timeout(PATIENCE, self.socket.next()).await;
        let frame = frame.expect("something is said").expect("not the end");
        let payload: Value = serde_json::from_str(frame.unwrap().to_text().unwrap()).unwrap();
        if let Some(sequence) = payload["s"].as_u64() {
            self.sequence = sequence;
        }
        payload
    }

    /// The data of the next event of this name; others pass by.
    pub async fn event(&mut self, name: &str) -> Value {
        loop {
            let payload = self.next().await;
            if payload["t"] == name {
                return payload["d"].clone();
            }
        }
    }

    /// How it ends: with Discord's close code, or without a word.
    pub async fn ended(mut self) -> Option<u16> {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            match frame.expect("it ends") {
                Some(Ok(Frame::Close(close))) => return close.map(|close| close.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}
