//! The lane of mails: a ledger of one row per occurrence and recipient.
//!
//! # Promise
//!
//! - Never twice knowingly, never lost silently: every recipient of an occurrence has one row, unique
//!   by (occurrence, address), and the states of its rows sum to its audience at every moment.
//! - Nothing of an occurrence goes before [`begin`], which is in the transaction that adds its last
//!   recipients. So what was being filled when the process died goes on being filled.
//! - A row is claimed in one durable transaction, and only then given to the mailer; whether its
//!   recipient still wants it is asked in that same transaction ([`Author::may_go`]). The mailer sends
//!   all but what makes a mail of it, and waits for its gate ([`crate::mailer::Gate`]), which is opened
//!   once the table durably says that it may have left. A row whose process died before that waits
//!   again, and goes by itself from then on (`deaths/`); one whose process died after is
//!   [`State::Unknown`]: it may have arrived, and is never sent again by itself.
//! - [`KEPT_DAYS`] after an occurrence's end what its mails were made of is removed: its content, and
//!   its recipients' names and fields. To whom they went, and what became of them, stays.
//! - What changes all rows of an occurrence takes effect at once, and is done in pieces
//!   (`pieces/`), whoever is there to go on with it.
//! - What a failure means is decided by its scope (`mailer::reply`): a fault of the connection or of
//!   ours uses up nobody's attempt.
//!
//! # States of a row
//!
//! ```text
//! available ──claim──▶ running ──▶ completed
//!     ▲                 │  │  ├──▶ discarded  (refused for good, or put off too often)
//!     │                 │  │  └──▶ unknown    (may have arrived; an admin chooses)
//!     └── not their ────┘  └─────▶ retryable ──claim──▶ running …
//!         fault, or had
//!         not left
//! available, retryable ──▶ cancelled  (the campaign was, or they unsubscribed)
//! completed, unknown   ──▶ discarded  (it came back; told of a running one, that is how it ends)
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::db::{BoxFuture, Tx};
use crate::documents::Documents;
use crate::error::Result;
use crate::ids::{DeliveryId, GuildId, OccurrenceId};
use crate::mailer::{Letter, Mailer};

use super::Class;

mod breaker;
mod daily;
pub(super) mod deaths;
mod judge;
pub(super) mod lane;
mod pieces;
pub(super) mod store;
mod throttle;
mod waits;

pub(super) use lane::Lane;
pub(super) use pieces::forget;
pub use pieces::{KEPT_DAYS, abandon, cancel, retry_failed};
pub use store::{
    add, addressee, addressee_by_server_id, begin, came_back, open, page, pause, progress, resume,
    timeline,
};

/// What the lane goes by.
#[derive(Clone)]
pub struct Settings {
    /// Whom mails are given to.
    pub mailer: Arc<Mailer>,
    /// Whose mails they are.
    pub author: Arc<dyn Author>,
    /// How many at once, how fast, and how often again.
    pub limits: Limits,
    /// Where they are written: what they are made of is a stranger's.
    pub documents: Documents,
}

/// How the host's mail may be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Connections to the mail server (`MAIL_CONNECTIONS`).
    pub connections: usize,
    /// Mails per second, over all processes; 0: no limit.
    pub rate: f64,
    /// Mails in any 24 hours; 0: no limit.
    pub daily: i64,
    /// Quick tries of a connection after the first.
    pub retries: u32,
    /// The wait before the first of them, doubling.
    pub retry_delay_ms: i64,
    /// The waits of a recipient's temporary refusal, one after the other.
    pub defer_ms: Vec<i64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10,
            rate: 0.0,
            daily: 0,
            retries: 3,
            retry_delay_ms: 1_000,
            defer_ms: vec![300_000, 1_800_000, 7_200_000],
        }
    }
}

/// What the lane asks of the features whose mails it sends.
pub trait Author: Send + Sync {
    /// Why each of these must not be written to after all, in their order; `None`: it may. Asked in
    /// the transaction that claims them. All are of one guild and class.
    fn may_go<'t>(
        &'t self,
        tx: &'t mut Tx,
        guild: GuildId,
        class: Class,
        emails: &'t [String],
    ) -> BoxFuture<'t, Result<Vec<Option<Withheld>>>>;

    /// Who writes the mails of an occurrence; made once, and kept while it is being sent.
    fn press(&self, occurrence: &Occurrence) -> Result<Arc<dyn Press>>;

    /// A mail server said this of an address; in the transaction that records it.
    fn bounced<'t>(
        &'t self,
        tx: &'t mut Tx,
        guild: GuildId,
        email: &'t str,
        bounce: Bounce,
        now_ms: i64,
    ) -> BoxFuture<'t, Result<()>>;

    /// An occurrence came to its end, or was stopped; in the transaction that says so.
    fn ended<'t>(
        &'t self,
        tx: &'t mut Tx,
        occurrence: OccurrenceId,
        ending: Ending,
        now_ms: i64,
    ) -> BoxFuture<'t, Result<()>>;

    /// This occurrence waits until it may go on: the day's mails are used up, or the mail server is
    /// away; in a transaction of the lane. The former is said at most once in a day by each process,
    /// the latter whenever it goes.
    fn resting<'t>(
        &'t self,
        _tx: &'t mut Tx,
        _occurrence: OccurrenceId,
        _rest: Rest,
        _now_ms: i64,
    ) -> BoxFuture<'t, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

/// Writes mails.
pub trait Press: Send + Sync {
    /// The mail to one recipient; an error, as people read it, is a fault of the mail itself.
    fn write(&self, recipient: &Recipient, now_ms: i64) -> Result<Letter, String>;
}

/// Why a recipient is left out after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// They unsubscribed, or are suppressed for another reason.
    Suppressed,
    /// Advertising, and no consent stands any more.
    NoConsent,
}

/// What a mail server said of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounce {
    /// There is none.
    Gone,
    /// It is full or closed; for the so-many-eth occurrence in a row that ended like this.
    Soft {
        /// Counted with this one, unless it is a test.
        times: i64,
    },
}

/// How an occurrence ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every row has its end.
    Ended,
    /// The mail itself, or its sender, is refused; it rests until an admin resumes it.
    Stopped {
        /// What the server said, for people.
        why: String,
    },
}

/// One sending of a campaign, as the lane knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Its id.
    pub id: OccurrenceId,
    /// Whose.
    pub guild: GuildId,
    /// What that server is called: whoever unsubscribes is told.
    pub guild_name: String,
    /// [`Class::Notice`] or [`Class::Ad`].
    pub class: Class,
    /// What its author needs to write its mails; the lane does not read it.
    pub content: String,
    /// A test goes before everything else, and is in no list.
    pub is_test: bool,
}

/// Somebody a mail goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The row, and the recipient in Message-ID and links.
    pub id: DeliveryId,
    /// In which occurrence.
    pub occurrence: OccurrenceId,
    /// Normalised.
    pub email: String,
    /// As it was given.
    pub address: String,
    /// What they are called; may be empty.
    pub name: String,
    /// What else is known, as it was frozen.
    pub fields: BTreeMap<String, String>,
}

/// The reasons of ours, beside what servers say. They are stored: new ones are added, none renamed.
pub mod reason {
    /// An admin cancelled the campaign.
    pub const CANCELLED: &str = "cancelled";
    /// [`super::Withheld::Suppressed`].
    pub const SUPPRESSED: &str = "suppressed";
    /// [`super::Withheld::NoConsent`].
    pub const NO_CONSENT: &str = "no_consent";
    /// The process that was sending it ended.
    pub const INTERRUPTED: &str = "interrupted";
    /// A defect of this program.
    pub const DEFECT: &str = "defect";
}

/// The state of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Waits for its turn.
    Available,
    /// Is being sent.
    Running,
    /// Is tried again at its time.
    Retryable,
    /// A mail server took it.
    Completed,
    /// Refused for good.
    Discarded,
    /// Left out after all.
    Cancelled,
    /// May have arrived.
    Unknown,
}

impl State {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Running => "running",
            Self::Retryable => "retryable",
            Self::Completed => "completed",
            Self::Discarded => "discarded",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }

    fn parse(name: &str) -> Self {
        match name {
            "available" => Self::Available,
            "running" => Self::Running,
            "retryable" => Self::Retryable,
            "completed" => Self::Completed,
            "discarded" => Self::Discarded,
            "cancelled" => Self::Cancelled,
            // What a later version may call it: this one does not know, and sends nothing.
            _ => Self::Unknown,
        }
    }
}

/// The state of an occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its recipients are being added.
    Filling,
    /// Its mails go out.
    Sending,
    /// An admin paused it.
    Paused,
    /// The mail itself or its sender was refused; it can be resumed.
    Stopped,
    /// Every row has its end.
    Ended,
    /// An admin cancelled it.
    Cancelled,
}

impl Phase {
    fn parse(name: &str) -> Self {
        match name {
            "filling" => Self::Filling,
            "sending" => Self::Sending,
            "paused" => Self::Paused,
            "ended" => Self::Ended,
            "cancelled" => Self::Cancelled,
            _ => Self::Stopped,
        }
    }
}

/// How far an occurrence is. The numbers sum to its audience.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// Why it was stopped.
    pub why: Option<String>,
    /// Rows by their state; a state without any is left out.
    pub counts: BTreeMap<State, i64>,
    /// When it began to be sent.
    pub began_ms: Option<i64>,
    /// When it came to its end.
    pub ended_ms: Option<i64>,
    /// When what its mails were made of was removed, [`KEPT_DAYS`] after its end: nothing of it can be
    /// sent again.
    pub forgotten_ms: Option<i64>,
}

/// A row of the ledger, for a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// As it was given.
    pub address: String,
    /// What they are called; empty once that was forgotten.
    pub name: String,
    /// How it stands.
    pub state: State,
    /// Why, where it did not simply arrive: what the server said, or a key of ours.
    pub reason: Option<String>,
    /// By what the mail server knows it.
    pub server_id: Option<String>,
    /// Attempts that counted.
    pub attempts: i64,
    /// When it came to its end.
    pub ended_ms: Option<i64>,
}

/// Whose mail it is: what a link in it, or a word about it from outside, leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// On which server.
    pub guild: GuildId,
    /// What that server is called.
    pub guild_name: String,
    /// In which occurrence.
    pub occurrence: OccurrenceId,
    /// What kind of mail.
    pub class: Class,
    /// Whether it was a test.
    pub is_test: bool,
    /// Normalised.
    pub email: String,
}

/// What happened in a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Its beginning.
    pub at_ms: i64,
    /// Mails taken.
    pub completed: i64,
    /// Recipients put off for the first time.
    pub deferred: i64,
    /// Mails refused for good, and those that may have arrived.
    pub failed: i64,
}

/// Whether mail rests, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// It is tried again then.
    pub until_ms: i64,
    /// Why.
    pub cause: RestCause,
}

/// Why mail rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestCause {
    /// The mail server cannot be reached.
    Unreachable,
    /// The mail server wants it slower.
    Throttled,
    /// The day's mails are used up, by `MAIL_DAILY_LIMIT` or by the server's own.
    DailyLimit,
}
