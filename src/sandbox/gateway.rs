//! The gateway: one WebSocket per shard, with sessions that can be resumed.
//!
//! Source: Discord's reference, “Gateway”. Frames are plain JSON text whatever compression was
//! asked for: a text frame is not compressed, and clients take it as it is.

use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::{CloseFrame, Message as Frame, WebSocket};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::limits::Identify;
use super::shapes::id;
use super::state::Shared;
use crate::clock::Clock;

pub(super) const GUILDS: u64 = 1;
pub(super) const GUILD_MESSAGES: u64 = 1 << 9;
pub(super) const DIRECT_MESSAGES: u64 = 1 << 12;
/// Presences, members and message content: a bot has them only if its owner asked Discord.
const PRIVILEGED: u64 = 1 << 1 | 1 << 8 | 1 << 15;
const HEARTBEAT_MS: i64 = 41_250;
/// Events kept for a session that comes back.
const REPLAY: usize = 2_000;
/// Sessions kept that have no connection.
const SESSIONS_KEPT: usize = 64;

/// Who is connected, and what they missed.
pub(super) struct Gateway {
    sessions: Mutex<HashMap<String, Session>>,
    /// How often whoever connects from now on is told to send heartbeats.
    heartbeat_ms: AtomicI64,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            sessions: Mutex::default(),
            heartbeat_ms: AtomicI64::new(HEARTBEAT_MS),
        }
    }
}

struct Session {
    shard: (u64, u64),
    intents: u64,
    sequence: u64,
    replay: VecDeque<(u64, String)>,
    connection: Option<mpsc::UnboundedSender<Order>>,
    /// What interactions overtake; `None` where nothing is held back.
    held: Option<Vec<String>>,
}

/// What a connection is told to do.
enum Order {
    Send(String),
    SendBytes(Vec<u8>),
    /// Closed with a code; 0: the connection is just gone.
    Close(u16),
}

impl Session {
    fn send(&mut self, event: &str, data: &Value) {
        self.sequence += 1;
        let text = json!({ "op": 0, "t": event, "s": self.sequence, "d": data }).to_string();
        if self.replay.len() == REPLAY {
            self.replay.pop_front();
        }
        self.replay.push_back((self.sequence, text.clone()));
        match &mut self.held {
            Some(held) if event != "INTERACTION_CREATE" => held.push(text),
            _ => self.order(Order::Send(text)),
        }
    }

    fn order(&self, order: Order) {
        if let Some(connection) = &self.connection {
            // A connection that is just ending is caught up by the replay.
            let _ = connection.send(order);
        }
    }

    fn has(&self, guild: Option<u64>) -> bool {
        let (shard, total) = self.shard;
        match guild {
            Some(guild) => (guild >> 22) % total == shard,
            // Direct messages are the first shard's.
            None => shard == 0,
        }
    }
}

impl Gateway {
    pub(super) fn is_wanted(&self, intent: u64) -> bool {
        self.lock()
            .values()
            .any(|session| session.intents & intent != 0)
    }

    /// Whether any session is connected.
    pub(super) fn is_connected(&self) -> bool {
        self.lock()
            .values()
            .any(|session| session.connection.is_some())
    }

    /// The connected shards in order, each with the total it named.
    pub(super) fn shards(&self) -> Vec<(u64, u64)> {
        let sessions = self.lock();
        let connected = sessions
            .values()
            .filter(|session| session.connection.is_some());
        let mut shards: Vec<(u64, u64)> = connected.map(|session| session.shard).collect();
        shards.sort_unstable();
        shards
    }

    pub(super) fn emit(&self, event: &str, data: &Value, guild: Option<u64>, intent: Option<u64>) {
        for session in self.lock().values_mut() {
            let wanted = intent.is_none_or(|intent| session.intents & intent != 0);
            if wanted && session.has(guild) {
                session.send(event, data);
            }
        }
    }

    /// Every connection is cut, without a word.
    pub(super) fn drop_connections(&self) {
        self.order_all(|| Order::Close(0));
    }

    /// Sends what interactions were to overtake.
    pub(super) fn release(&self) {
        for session in self.lock().values_mut() {
            for text in session.held.take().into_iter().flatten() {
                session.order(Order::Send(text));
            }
        }
    }

    /// A text frame on every connection, outside its session.
    pub(super) fn say(&self, text: &str) {
        self.order_all(|| Order::Send(text.to_owned()));
    }

    /// A binary frame on every connection.
    pub(super) fn send_bytes(&self, bytes: &[u8]) {
        self.order_all(|| Order::SendBytes(bytes.to_vec()));
    }

    /// Every connection is asked to come back (opcode 7).
    pub(super) fn reconnect(&self) {
        self.say(&json!({ "op": 7, "d": null }).to_string());
    }

    /// Every session is declared over (opcode 9).
    pub(super) fn invalidate(&self, resumable: bool) {
        let mut sessions = self.lock();
        for session in sessions.values_mut() {
            // Nobody is identified on this connection any more: what happens from here on waits
            // for a RESUME, on this connection or another.
            if let Some(connection) = session.connection.take() {
                let _ =
                    connection.send(Order::Send(json!({ "op": 9, "d": resumable }).to_string()));
            }
        }
        if !resumable {
            sessions.clear();
        }
    }

    /// How often heartbeats are to be sent on connections that are made from now on.
    pub(super) fn set_heartbeat(&self, every_ms: i64) {
        self.heartbeat_ms.store(every_ms.max(1), Ordering::Relaxed);
    }

    /// Every session is over, and whoever is connected is told why.
    pub(super) fn end_all(&self, code: u16) {
        self.order_all(|| Order::Close(code));
        self.lock().clear();
    }

    /// The session is over, if it is still this connection's.
    fn end(&self, session: &str, sender: &mpsc::UnboundedSender<Order>) {
        let mut sessions = self.lock();
        let connection = sessions
            .get(session)
            .and_then(|one| one.connection.as_ref());
        if connection.is_some_and(|connection| connection.same_channel(sender)) {
            sessions.remove(session);
        }
    }

    /// Whether the session is held by the connection with this sender.
    fn is_on(&self, session: &str, sender: &mpsc::UnboundedSender<Order>) -> bool {
        let sessions = self.lock();
        let connection = sessions
            .get(session)
            .and_then(|one| one.connection.as_ref());
        connection.is_some_and(|connection| connection.same_channel(sender))
    }

    fn order_all(&self, order: impl Fn() -> Order) {
        for session in self.lock().values() {
            if let Some(connection) = &session.connection {
                let _ = connection.send(order());
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves one connection until it ends.
pub(super) async fn serve(shared: Arc<Shared>, mut socket: WebSocket) {
    let every_ms = shared.gateway.heartbeat_ms.load(Ordering::Relaxed);
    // Half an interval is left to the network. By the machine's clock and not by the one that can be
    // turned: a client's heart beats by its own.
    let machine = Clock::System;
    let patience_ms = every_ms.saturating_add(every_ms / 2);
    let mut silence = pin!(machine.sleep_ms(patience_ms));
    let hello = json!({ "op": 10, "d": { "heartbeat_interval": every_ms } });
    if socket.send(Frame::text(hello.to_string())).await.is_err() {
        return;
    }
    let (sender, mut orders) = mpsc::unbounded_channel();
    let mut session: Option<String> = None;
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => break,
            () = &mut silence => {
                if let Some(session) = &session {
                    // Not to be resumed: “reconnect and start a new one”.
                    shared.gateway.end(session, &sender);
                }
                close(&mut socket, 4_009).await;
                break;
            }
            order = orders.recv() => match order {
                Some(Order::Send(text)) => {
                    if socket.send(Frame::text(text)).await.is_err() {
                        break;
                    }
                }
                Some(Order::SendBytes(bytes)) => {
                    if socket.send(Frame::binary(bytes)).await.is_err() {
                        break;
                    }
                }
                Some(Order::Close(code)) => {
                    close(&mut socket, code).await;
                    break;
                }
                None => break,
            },
            frame = socket.recv() => {
                let Some(Ok(frame)) = frame else { break };
                let Frame::Text(text) = frame else { continue };
                let Ok(payload) = serde_json::from_str::<Value>(&text) else {
                    close(&mut socket, 4_002).await;
                    break;
                };
                if payload["op"] == 1 {
                    silence.set(machine.sleep_ms(patience_ms));
                }
                match take(&shared, &payload, &mut session, &sender) {
                    Taken::Nothing => {}
                    Taken::Answer(answer) => {
                        if socket.send(Frame::text(answer.to_string())).await.is_err() {
                            break;
                        }
                    }
                    Taken::Close(code) => {
                        close(&mut socket, code).await;
                        break;
                    }
                }
            }
        }
    }
    if let Some(id) = session
        && let Some(session) = shared.gateway.lock().get_mut(&id)
    {
        // The session may have been resumed on a newer connection already, which stays.
        session.connection.take_if(|own| own.same_channel(&sender));
    }
    shared.change();
}

enum Taken {
    Nothing,
    Answer(Value),
    Close(u16),
}

fn take(
    shared: &Shared,
    payload: &Value,
    session: &mut Option<String>,
    sender: &mpsc::UnboundedSender<Order>,
) -> Taken {
    let is_identified = session
        .as_ref()
        .is_some_and(|id| shared.gateway.is_on(id, sender));
    match payload["op"].as_u64() {
        Some(1) if shared.faults.zombie.load(Ordering::Relaxed) => Taken::Nothing,
        Some(1) => Taken::Answer(json!({ "op": 11, "d": null })),
        Some(2 | 6) if is_identified => Taken::Close(4_005),
        Some(2) => identify(shared, &payload["d"], session, sender),
        Some(6) => resume(shared, &payload["d"], session, sender),
        // Presence updates and requests for members are taken and have nothing to show.
        Some(3 | 4 | 8) if !is_identified => Taken::Close(4_003),
        Some(3 | 4 | 8) => Taken::Nothing,
        _ => Taken::Close(4_001),
    }
}

fn is_token(shared: &Shared, data: &Value) -> bool {
    let token = data["token"].as_str().unwrap_or_default();
    let is_reset = shared.faults.token_reset.load(Ordering::Relaxed);
    token.strip_prefix("Bot ").unwrap_or(token) == shared.token && !is_reset
}

fn identify(
    shared: &Shared,
    data: &Value,
    session: &mut Option<String>,
    sender: &mpsc::UnboundedSender<Order>,
) -> Taken {
    if !is_token(shared, data) {
        return Taken::Close(4_004);
    }
    let refusal = shared.faults.session_refusal.load(Ordering::Relaxed);
    if refusal != 0 {
        return Taken::Close(refusal);
    }
    let shard = (
        data["shard"][0].as_u64().unwrap_or(0),
        data["shard"][1].as_u64().unwrap_or(1),
    );
    if shard.1 == 0 || shard.0 >= shard.1 {
        return Taken::Close(4_010);
    }
    let Some(intents) = data["intents"].as_u64() else {
        return Taken::Close(4_013);
    };
    if intents & PRIVILEGED != 0 {
        return Taken::Close(4_014);
    }
    match shared.limits.identify(shard.0, shared.clock.monotonic_ms()) {
        Identify::Fine => {}
        Identify::TooSoon => return Taken::Answer(json!({ "op": 9, "d": false })),
        Identify::TooMany => {
            tracing::warn!("too many sessions were begun in a day: the bot's token is reset");
            shared.faults.token_reset.store(true, Ordering::Relaxed);
            shared.gateway.end_all(4_004);
            return Taken::Close(4_004);
        }
    }
    let is_overtaken = shared.faults.ready_overtaken.load(Ordering::Relaxed);
    let world = shared.world();
    let session_id = format!("{:032x}", shared.ids.make(shared.clock.now_ms()));
    let mut new = Session {
        shard,
        intents,
        sequence: 0,
        replay: VecDeque::new(),
        connection: Some(sender.clone()),
        held: is_overtaken.then(Vec::new),
    };
    let guilds: Vec<_> = world
        .guilds
        .values()
        .filter(|guild| guild.has_bot && new.has(Some(guild.id)))
        .collect();
    let unavailable: Vec<Value> = guilds
        .iter()
        .map(|guild| json!({ "id": id(guild.id), "unavailable": true }))
        .collect();
    // From here on nothing may happen without this session: a bot that has read READY expects every
    // event, and one between READY and the session's entry would be lost.
    let mut sessions = shared.gateway.lock();
    new.send(
        "READY",
        &json!({
            "v": 10,
            "user": world.current_user(),
            "guilds": unavailable,
            "session_id": session_id,
            "resume_gateway_url": gateway_url(shared),
            "shard": [shard.0, shard.1],
            "application": { "id": id(world.bot), "flags": 0 },
        }),
    );
    if intents & GUILDS != 0 {
        for guild in guilds {
            new.send("GUILD_CREATE", &world.guild_create(guild, false));
        }
    }
    if sessions.len() >= SESSIONS_KEPT {
        sessions.retain(|_, session| session.connection.is_some());
    }
    sessions.insert(session_id.clone(), new);
    *session = Some(session_id);
    drop(sessions);
    shared.change();
    Taken::Nothing
}

fn resume(
    shared: &Shared,
    data: &Value,
    session: &mut Option<String>,
    sender: &mpsc::UnboundedSender<Order>,
) -> Taken {
    if !is_token(shared, data) {
        return Taken::Close(4_004);
    }
    let session_id = data["session_id"].as_str().unwrap_or_default();
    let after = data["seq"].as_u64().unwrap_or(0);
    let mut sessions = shared.gateway.lock();
    let Some(found) = sessions.get_mut(session_id) else {
        return Taken::Answer(json!({ "op": 9, "d": false }));
    };
    if after > found.sequence {
        return Taken::Close(4_007);
    }
    let oldest = found.replay.front().map_or(0, |(sequence, _)| *sequence);
    if after + 1 < oldest {
        // What it missed is no longer known in full.
        sessions.remove(session_id);
        return Taken::Answer(json!({ "op": 9, "d": false }));
    }
    if let Some(older) = found.connection.replace(sender.clone()) {
        let _ = older.send(Order::Close(0));
    }
    for (sequence, text) in &found.replay {
        if *sequence > after {
            let _ = sender.send(Order::Send(text.clone()));
        }
    }
    found.send("RESUMED", &json!({}));
    *session = Some(session_id.to_owned());
    drop(sessions);
    shared.change();
    Taken::Nothing
}

/// Where clients find this gateway.
pub(super) fn gateway_url(shared: &Shared) -> String {
    format!("{}/gateway", shared.base_url.replacen("http", "ws", 1))
}

async fn close(socket: &mut WebSocket, code: u16) {
    if code == 0 {
        return;
    }
    let reason = match code {
        4_004 => "Authentication failed.",
        4_002 => "Decode error.",
        4_003 => "Not authenticated.",
        4_005 => "Already authenticated.",
        4_007 => "Invalid seq.",
        4_009 => "Session timed out.",
        4_010 => "Invalid shard.",
        4_011 => "Sharding required.",
        4_012 => "Invalid API version.",
        4_013 => "Invalid intent(s).",
        4_014 => "Disallowed intent(s).",
        _ => "Unknown opcode.",
    };
    let frame = CloseFrame {
        code,
        reason: reason.into(),
    };
    // Nobody may be there to hear it.
    let _ = socket.send(Frame::Close(Some(frame))).await;
}
