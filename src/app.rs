//! The handles that every feature shares, and nothing else.

use std::sync::Arc;

use crate::campaign;
use crate::clock::Clock;
use crate::db::Db;
use crate::documents::Documents;
use crate::ids::IdMaker;
use crate::messenger::DiscordTime;
use crate::outbox::Outbox;
use crate::sender::Sender;
use crate::timeattack::reminders::Bell;
use crate::timeattack::timer::Timers;
use crate::work::Works;

/// Shared handles; clones are cheap.
#[derive(Clone)]
pub struct App {
    /// The time of this host: for everything that waits, and is waited for, in here.
    pub clock: Clock,
    /// How far Discord's clock, by which people see and click, is from it; see [`App::now_ms`].
    pub discord_time: DiscordTime,
    /// Makes the ids of new rows.
    pub ids: Arc<IdMaker>,
    /// The database.
    pub db: Db,
    /// Where what strangers send is parsed and expanded.
    pub documents: Documents,
    /// Everything that leaves the program.
    pub outbox: Outbox,
    /// One task per running time attack.
    pub timers: Timers,
    /// Whose mails they are.
    pub sender: Arc<Sender>,
    /// Rings when there is something to do for a campaign.
    pub campaigns: campaign::Bell,
    /// Rings when a reminder is planned.
    pub reminders: Bell,
    /// Large work, done in pieces.
    pub works: Works,
}

impl App {
    /// What Discord's clock shows: the one that people see deadlines by.
    pub fn now_ms(&self) -> i64 {
        self.discord_time.now_ms(&self.clock)
    }
}
