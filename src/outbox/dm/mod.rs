//! The lane of direct messages.
//!
//! # Promise
//!
//! - Whether somebody wants a message now is asked when it is about to be sent, not when it was
//!   queued: of a [`Door`], which knows their consent and their night. What may not go yet is held
//!   until it may, with the reason in the table; what is not wanted any more is cancelled.
//! - What was held goes out in the morning at the host's rate, oldest first, and a fifth of the rate
//!   stays free for what is said at once ([`super::pace`]). It makes way for the channels' posts, too.
//! - More than [`MOST_ONE_BY_ONE`] that were held for one member become one message, as long as
//!   they fit whole.
//! - Discord is asked whether its reader is still a member of the server, unless the law wants it said
//!   (`outbox::membership`).
//! - What has expired is dropped and counted, never sent late.
//! - Somebody who cannot be written to is not tried again until they say so ([`reopen`]). When
//!   Discord says that direct messages are opened too fast, none is opened for a while.
//!
//! Claim and pace are one transaction, so neither a crash nor a second process sends faster.

mod lane;
mod store;

use serde::{Deserialize, Serialize};

pub use super::pace::Rate;
pub use lane::{Lane, Settings};
pub use store::{
    batch, call_off, cancel_batch, cancel_some, closed_since, count_due, count_waiting, fates,
    forget_way, reconsider, reconsider_some, reopen, withdraw_from,
};
pub(super) use store::{channel_of, set_opening_anew};

use super::{Class, NewPost, Outbox, Row};
use crate::db::{BoxFuture, Tx};
use crate::error::Result;
use crate::i18n::{Language, text};
use crate::ids::{ChannelId, GuildId, UserId};
use crate::messenger::{Button, ButtonStyle, Embed, Message};

/// Held messages of one member up to which each goes by itself.
pub const MOST_ONE_BY_ONE: usize = 5;
/// How long no direct message is opened after Discord said that it were too many.
const NO_OPENING_MS: i64 = 600_000;
/// Characters of all texts in one message of several; Discord takes 6,000 with the heading.
const DIGEST_LENGTH: usize = 5_700;
/// Begins the `custom_id` of the button that stops a guild's direct messages; the guild follows.
pub const STOP_BUTTON: &str = "dm:stop:";

/// A direct message, as features state it.
#[derive(Clone, Debug)]
pub struct NewDm {
    /// On whose behalf.
    pub guild: GuildId,
    /// To whom.
    pub user: UserId,
    /// How urgent and how welcome.
    pub class: Class,
    /// The member's language, for what the outbox adds.
    pub language: Language,
    /// What it says. A button that stops these messages is added.
    pub message: Message,
    /// Not before; at once if `None`.
    pub not_before_ms: Option<i64>,
    /// From then on it is of no use.
    pub expires_at_ms: Option<i64>,
    /// The announcement that it is part of; such messages make way for others.
    pub batch: Option<i64>,
    /// Unique: the same thing is said once, however often it is enqueued.
    pub dedupe_key: String,
}

/// What only direct messages have.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Terms {
    pub(super) not_before_ms: Option<i64>,
    pub(super) expires_at_ms: Option<i64>,
    pub(super) bulk: bool,
    pub(super) batch: Option<i64>,
    pub(super) was_held: bool,
}

/// Whom a message is for and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// On whose behalf.
    pub guild: GuildId,
    /// To whom.
    pub user: UserId,
    /// How urgent and how welcome.
    pub class: Class,
    /// From then on it is of no use.
    pub expires_at_ms: Option<i64>,
}

/// What becomes of a message that is about to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It may go.
    Send,
    /// It is night where the member lives.
    Hold {
        /// When the night ends.
        until_ms: i64,
        /// The zone that says so.
        zone: &'static str,
    },
    /// It may not go, now or later.
    Drop(Dropped),
}

/// Why a message is dropped. None of these is a failure, so nobody is alarmed; they are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dropped {
    /// Its time is over, or will be when it may go.
    Expired,
    /// The member does not allow it (any more).
    NotAllowed,
    /// An admin cancelled it.
    Cancelled,
    /// The member has left the server on whose behalf it is.
    Left,
}

impl Dropped {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotAllowed => "not_allowed",
            Self::Cancelled => "cancelled",
            Self::Left => "left",
        }
    }
}

/// Knows who wants which messages when.
pub trait Door: Send + Sync {
    /// One answer for each of `callers`, in their order.
    fn ask<'t>(
        &'t self,
        tx: &'t mut Tx,
        callers: &'t [Caller],
        now_ms: i64,
    ) -> BoxFuture<'t, Result<Vec<Answer>>>;
}

impl Outbox {
    /// Makes the row of a direct message.
    pub fn prepare_dm(&self, dm: NewDm) -> Row {
        let mut row = self.prepare(NewPost {
            guild: dm.guild,
            user: Some(dm.user),
            class: dm.class,
            ladder: Vec::new(),
            alerts: None,
            language: dm.language,
            message: dm.message,
            digest: None,
            dropped_ms: None,
            dedupe_key: dm.dedupe_key,
        });
        row.lane = super::Lane::Dm;
        // The lane claims its rows itself, as it asks whether they may go.
        (row.claimed, row.begun) = (false, false);
        row.dm = Terms {
            not_before_ms: dm.not_before_ms,
            expires_at_ms: dm.expires_at_ms,
            // Nobody waits for what the law wants said.
            bulk: dm.batch.is_some() || dm.class == Class::Legal,
            batch: dm.batch,
            was_held: false,
        };
        row
    }
}

/// The one message that says what all of `rows` say, to one member on behalf of one guild.
pub(super) fn compose(rows: &[Row]) -> Message {
    let Some(lead) = rows.first() else {
        return Message::default();
    };
    let mut message = match rows {
        [one] => one.payload.message.clone(),
        many => digest(many),
    };
    message.buttons.push(Button {
        custom_id: format!("{STOP_BUTTON}{}", lead.guild.get()),
        label: text(lead.payload.language, "dm-stop-button", &[]),
        style: ButtonStyle::Secondary,
    });
    message
}

/// Several that waited for the morning, whole, one below the other.
fn digest(rows: &[Row]) -> Message {
    let language = rows[0].payload.language;
    let mut boxes: Vec<String> = Vec::new();
    for row in rows {
        let said = &row.payload.message.content;
        let length = said.chars().count();
        match boxes.last_mut() {
            Some(last)
                if last.chars().count() + 2 + length <= crate::messenger::DESCRIPTION_LENGTH =>
            {
                last.push_str("\n\n");
                last.push_str(said);
            }
            _ => boxes.push(said.clone()),
        }
    }
    let embed = |description: String| Embed {
        description: Some(description),
        ..Embed::default()
    };
    Message {
        content: text(language, "dm-digest", &[("count", rows.len().into())]),
        embeds: boxes.into_iter().map(embed).collect(),
        ..Message::default()
    }
}

/// How many of `rows`, from the first on, fit one message whole.
pub(super) fn fitting(rows: &[Row]) -> usize {
    let mut length = 0;
    let fits = |row: &&Row| {
        length += row.payload.message.content.chars().count() + 2;
        // Messages with more than text go by themselves.
        length <= DIGEST_LENGTH && is_plain(&row.payload.message)
    };
    rows.iter().take_while(fits).count()
}

fn is_plain(message: &Message) -> bool {
    message.embeds.is_empty() && message.buttons.is_empty()
}

/// Direct messages that leave as one, and the channel to their reader if it is open.
#[derive(Clone, Debug)]
struct Letter {
    rows: Vec<Row>,
    channel: Option<ChannelId>,
}
