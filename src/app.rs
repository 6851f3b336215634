//! The handles that every feature shares, and nothing else.

use std::sync::Arc;

use crate::campaign;
use crate::clock::Clock;
use crate::db::Db;
use crate::ids::IdMaker;
use crate::outbox::Outbox;
use crate::sender::Sender;
use crate::timeattack::reminders::Bell;
use crate::timeattack::timer::Timers;

/// Shared handles; clones are cheap.
#[derive(Clone)]
pub struct App {
    /// The time.
    pub clock: Clock,
    /// Makes the ids of new rows.
    pub ids: Arc<IdMaker>,
    /// The database.
    pub db: Db,
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
}
