//! What the server's parts share.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::faults::Faults;
use super::gateway::Gateway;
use super::insight::Insight;
use super::limits::Limits;
use super::message::Message;
use super::record::Record;
use super::snowflake::SnowflakeMaker;
use super::tokens::Tokens;
use super::world::World;
use crate::clock::Clock;
use crate::documents::Documents;

/// Called for each message once it is stored; for benches that measure when.
pub type OnMessage = Arc<dyn Fn(&Message) + Send + Sync>;

pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) ids: SnowflakeMaker,
    pub(super) base_url: String,
    /// The bot's.
    pub(super) token: String,
    pub(super) tokens: Tokens,
    pub(super) limits: Limits,
    pub(super) faults: Faults,
    pub(super) record: Record,
    pub(super) gateway: Gateway,
    pub(super) on_message: Option<OnMessage>,
    /// What is known of the bot beside it.
    pub(super) insight: OnceLock<Arc<dyn Insight>>,
    /// The folder of the bot's mails.
    pub(super) mail: Option<PathBuf>,
    /// Where mails are read.
    pub(super) documents: Documents,
    /// When it began: UTC epoch milliseconds.
    pub(super) began_ms: i64,
    /// Counts what happened that somebody may be waiting for. A count, not a bell: whoever looks
    /// again compares it, and so misses nothing that happened between two looks.
    pub(super) changes: watch::Sender<u64>,
    /// Held while the clock is turned: one turn after another.
    pub(super) turning: tokio::sync::Mutex<()>,
    pub(super) stop: CancellationToken,
    pub(super) world: Mutex<World>,
}

impl Shared {
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something happened that somebody may be waiting for.
    pub(super) fn change(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Waits until `look` finds something, looking again after each change.
    pub(super) async fn found<T>(&self, look: impl Fn() -> Option<T>) -> T {
        let mut changes = self.changes.subscribe();
        loop {
            changes.mark_unchanged();
            if let Some(found) = look() {
                return found;
            }
            // Its sender lives in `self`.
            let _ = changes.changed().await;
        }
    }

    /// Tells the bot of a message, if it asked for messages.
    pub(super) fn emit_message(&self, world: &World, event: &str, message: &Message) {
        let intent = if message.guild_id.is_some() {
            super::gateway::GUILD_MESSAGES
        } else {
            super::gateway::DIRECT_MESSAGES
        };
        if self.gateway.is_wanted(intent) {
            let data = world.message_event(message);
            let guild = message.guild_id.map(crate::ids::GuildId::get);
            self.gateway.emit(event, &data, guild, Some(intent));
        }
    }

    /// Tells the bot of something about a server, if it asked for servers.
    pub(super) fn emit_of_guild(&self, event: &str, data: &Value, guild: u64) {
        let intent = super::gateway::GUILDS;
        self.gateway.emit(event, data, Some(guild), Some(intent));
    }

    /// Tells the bot of anything else.
    pub(super) fn emit(&self, event: &str, data: &Value, guild: Option<u64>) {
        self.gateway.emit(event, data, guild, None);
    }
}
