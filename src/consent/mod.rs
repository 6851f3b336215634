//! Who allowed which messages, when, where and in which words; and when the law wants them told.
//!
//! # Promise
//!
//! - Nobody gets a direct message they did not ask for: a member allows them with `/dm allow`, or
//!   with the button of an offer that is made once, at their first time attack.
//! - Every decision is a record that is only ever added to: when, by what means, in which words and
//!   language. How it stands ([`Member`]) is kept beside it, in the same transaction.
//! - A withdrawal takes effect at once: what waits is cancelled with it, and whatever is sent asks
//!   again at the last moment ([`DoorKeeper`]).
//! - Every decision is followed by a notice of its result within fourteen days, and by another
//!   before two years are over ([`notices`]).
//!
//! Consent is given to one guild; whether a member can be written to at all holds for all of them.

mod door;
pub mod notices;
mod store;
mod zone;

use std::collections::HashMap;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use door::{DoorKeeper, may_go};
pub use store::{Record, allowing};
pub use zone::{Zones, own_zones, past_zones, set_zone, zones, zones_in};

use crate::app::App;
use crate::db::Tx;
use crate::error::Result;
use crate::i18n::{Language, text};
use crate::ids::{GuildId, UserId};
use crate::outbox::dm::{Answer, Caller, Door as _};
use crate::outbox::{self, Class};

/// Whoever has just decided need not say so again: a second press of “Keep it” within a day.
const KEPT_AGAIN_MS: i64 = 86_400_000;

/// What a member can allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Results, reminders and announcements by direct message.
    Notice,
    /// Advertising besides.
    Ads,
    /// All that is allowed, at night too.
    Night,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Notice, Self::Ads, Self::Night];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Ads => "ads",
            Self::Night => "night",
        }
    }

    /// The words that a member agrees to.
    pub fn wording(self, language: Language) -> String {
        let key = match self {
            Self::Notice => "consent-notice",
            Self::Ads => "consent-ads",
            Self::Night => "consent-night",
        };
        text(language, key, &[])
    }
}

/// By what means a member decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A slash command.
    Command,
    /// The offer at their first time attack.
    Offer,
    /// The button below a direct message.
    StopButton,
    /// The button of the notice after two years.
    Renewal,
}

impl Source {
    fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Offer => "offer",
            Self::StopButton => "stop_button",
            Self::Renewal => "renewal",
        }
    }
}

/// How a member of a guild stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What the guild was called when they last decided.
    pub guild_name: String,
    /// Their own zone; the guild's if `None`.
    pub timezone: Option<Tz>,
    /// The language of what they are written.
    pub language: Language,
    /// Allows results, reminders and announcements.
    pub notice: bool,
    /// Allows advertising.
    pub ads: bool,
    /// Allows what they allow at night, too.
    pub night: bool,
}

impl Member {
    /// Whether they allow this.
    pub fn allows(&self, scope: Scope) -> bool {
        match scope {
            Scope::Notice => self.notice,
            Scope::Ads => self.ads,
            Scope::Night => self.night,
        }
    }

    fn set(&mut self, scope: Scope, granted: bool) {
        match scope {
            Scope::Notice => self.notice = granted,
            Scope::Ads => self.ads = granted,
            Scope::Night => self.night = granted,
        }
    }
}

/// Who decides, and by what means.
#[derive(Clone, Debug)]
pub struct Decider {
    /// Of which guild.
    pub guild: GuildId,
    /// What that guild is called.
    pub guild_name: String,
    /// Whose decision.
    pub user: UserId,
    /// In which language they were asked.
    pub language: Language,
    /// By what means.
    pub source: Source,
}

/// What a member wants from now on.
#[derive(Clone, Debug)]
pub enum Wish {
    /// Direct messages. What is `None` stays as it is.
    Allow {
        /// At night, too.
        night: Option<bool>,
        /// Advertising, too.
        ads: Option<bool>,
    },
    /// None at all.
    Stop,
    /// Whatever is allowed stays allowed.
    Keep,
}

/// A change of what a member allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Of what.
    pub scope: Scope,
    /// Allowed, or refused.
    pub granted: bool,
}

/// What a decision led to.
#[derive(Clone, Debug)]
pub struct Decided {
    /// How it stands now.
    pub member: Member,
    /// What that changed.
    pub changes: Vec<Change>,
}

/// Records a decision; it takes effect with it.
pub async fn decide(app: &App, decider: Decider, wish: Wish) -> Result<Decided> {
    let job = (app.clone(), decider, wish);
    let (decided, rows) = app
        .db
        .write(job, |tx, (app, decider, wish)| {
            Box::pin(decide_in(tx, app, decider, wish))
        })
        .await?;
    app.outbox.hand(rows);
    app.outbox.wake_dms();
    if !decided.changes.is_empty() {
        tracing::info!(
            changes = decided.changes.len(),
            "a member changed their DM settings"
        );
    }
    Ok(decided)
}

async fn decide_in(
    tx: &mut Tx,
    app: &App,
    decider: &Decider,
    wish: &Wish,
) -> Result<(Decided, Vec<outbox::Row>)> {
    let (guild, user) = (decider.guild, decider.user);
    let now_ms = app.clock.now_ms();
    // Two decisions of one member wait for each other, also in two processes.
    let mut member = store::lock_member(tx, decider, now_ms).await?;
    if !decider.guild_name.is_empty() {
        member.guild_name.clone_from(&decider.guild_name);
    }
    member.language = decider.language;
    let records = store::records(tx, guild, user, store::ALL).await?;
    // To refuse is a decision, though nothing was allowed before; but only the first time.
    let is_first_refusal = matches!(wish, Wish::Stop) && records.is_empty();
    let newest_ms = records
        .last()
        .map_or(i64::MIN, |(_, record)| record.decided_ms);
    let is_kept_twice =
        matches!(wish, Wish::Keep) && now_ms.saturating_sub(newest_ms) < KEPT_AGAIN_MS;
    let changes = if is_kept_twice {
        Vec::new()
    } else {
        changes(&member, wish, is_first_refusal)
    };
    for change in &changes {
        member.set(change.scope, change.granted);
    }
    store::save(tx, guild, user, &member, now_ms).await?;
    for change in &changes {
        let record = Record {
            scope: change.scope,
            granted: change.granted,
            decided_ms: now_ms,
            source: decider.source.as_str().to_owned(),
            wording: change.scope.wording(decider.language),
            language: decider.language,
        };
        let id = app.ids.next(&app.clock);
        store::record(tx, id, guild, user, &record).await?;
    }
    match wish {
        Wish::Stop => outbox::dm::withdraw_from(tx, guild, user, now_ms).await?,
        Wish::Allow { .. } | Wish::Keep => {
            outbox::dm::reopen(tx, user).await?;
            outbox::dm::reconsider(tx, guild, user, now_ms).await?;
        }
    }
    let rows = notices::after(tx, app, decider, &member, &changes, is_first_refusal).await?;
    outbox::enqueue(tx, &rows, app.outbox.boot()).await?;
    Ok((Decided { member, changes }, rows))
}

/// What `wish` changes for `member`.
fn changes(member: &Member, wish: &Wish, is_first_refusal: bool) -> Vec<Change> {
    let wanted: Vec<(Scope, bool)> = match wish {
        Wish::Allow { night, ads, .. } => [
            Some((Scope::Notice, true)),
            ads.map(|ads| (Scope::Ads, ads)),
            night.map(|night| (Scope::Night, night)),
        ]
        .into_iter()
        .flatten()
        .collect(),
        Wish::Stop => Scope::ALL.into_iter().map(|scope| (scope, false)).collect(),
        // Said once more: recorded although nothing changes.
        Wish::Keep => {
            let kept = Scope::ALL.into_iter().filter(|scope| member.allows(*scope));
            return kept
                .map(|scope| Change {
                    scope,
                    granted: true,
                })
                .collect();
        }
    };
    let differs = |(scope, granted): &(Scope, bool)| {
        member.allows(*scope) != *granted || (is_first_refusal && *scope == Scope::Notice)
    };
    let changes = wanted.into_iter().filter(differs);
    changes
        .map(|(scope, granted)| Change { scope, granted })
        .collect()
}

/// How a member stands; `None` if they never decided and were never asked.
pub async fn member(app: &App, guild: GuildId, user: UserId) -> Result<Option<Member>> {
    let mut conn = app.db.read().await?;
    store::member(&mut conn, guild, user).await
}

/// What `/dm status` shows.
#[derive(Clone, Debug)]
pub struct Status {
    /// How they stand; `None` if they never decided.
    pub member: Option<Member>,
    /// When each of what is allowed was allowed.
    pub since_ms: HashMap<Scope, i64>,
    /// Since when their direct messages are closed.
    pub closed_ms: Option<i64>,
    /// How many messages wait for them.
    pub waiting: i64,
}

/// How a member stands, in full.
pub async fn status(app: &App, guild: GuildId, user: UserId) -> Result<Status> {
    let mut conn = app.db.read().await?;
    let mut since_ms = HashMap::new();
    for (_, record) in store::records(&mut conn, guild, user, store::ALL).await? {
        if record.granted {
            since_ms.insert(record.scope, record.decided_ms);
        } else {
            since_ms.remove(&record.scope);
        }
    }
    Ok(Status {
        member: store::member(&mut conn, guild, user).await?,
        since_ms,
        closed_ms: outbox::dm::closed_since(&mut conn, user).await?,
        waiting: outbox::dm::count_waiting(&mut conn, guild, user, app.clock.now_ms()).await?,
    })
}

/// What a member ever decided, oldest first: the next `most` behind an id, each with its own.
pub async fn records(
    app: &App,
    guild: GuildId,
    user: UserId,
    (after, most): (i64, i64),
) -> Result<Vec<(i64, Record)>> {
    let mut conn = app.db.read().await?;
    store::records(&mut conn, guild, user, (after, most)).await
}

/// How many decisions of a member there are.
pub async fn count_records(app: &App, guild: GuildId, user: UserId) -> Result<i64> {
    let mut conn = app.db.read().await?;
    store::count_records(&mut conn, guild, user).await
}

/// Whether a member has been asked whether they want direct messages, or has decided.
pub async fn was_asked(app: &App, guild: GuildId, user: UserId) -> Result<bool> {
    let mut conn = app.db.read().await?;
    store::was_asked(&mut conn, guild, user).await
}

/// Whether this member is to be asked now whether they want direct messages: once, ever.
pub async fn may_offer(app: &App, decider: Decider) -> Result<bool> {
    let job = (decider, app.clock.now_ms());
    app.db
        .write(job, |tx, (decider, now_ms)| {
            Box::pin(store::offer(tx, decider, *now_ms))
        })
        .await
}

/// How many members of a guild allow what; never who.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Allow direct messages.
    pub notice: i64,
    /// Allow advertising.
    pub ads: i64,
    /// Allow them at night.
    pub night: i64,
    /// Stopped or declined them.
    pub refused: i64,
}

/// See [`Counts`].
pub async fn counts(app: &App, guild: GuildId) -> Result<Counts> {
    let mut conn = app.db.read().await?;
    store::counts(&mut conn, guild).await
}

/// Those of a guild who allow direct messages, with `after` the last of the page before.
pub async fn audience(
    tx: &mut Tx,
    guild: GuildId,
    after: UserId,
    most: i64,
) -> Result<Vec<(UserId, Member, bool)>> {
    store::audience(tx, guild, after, most).await
}

/// Those of `members` who can be told something by direct message now, with their languages: they
/// allow it, it is not their night, and their direct messages are not closed.
pub async fn open_to(
    tx: &mut Tx,
    members: impl Iterator<Item = (GuildId, UserId)>,
    now_ms: i64,
) -> Result<HashMap<(GuildId, UserId), Language>> {
    let mut open = allowing(tx, members).await?;
    let callers: Vec<Caller> = open
        .keys()
        .map(|(guild, user)| Caller {
            guild: *guild,
            user: *user,
            class: Class::Notice,
            expires_at_ms: None,
        })
        .collect();
    let answers = DoorKeeper.ask(tx, &callers, now_ms).await?;
    for (caller, answer) in callers.iter().zip(answers) {
        let goes =
            answer == Answer::Send && outbox::dm::closed_since(tx, caller.user).await?.is_none();
        if !goes {
            open.remove(&(caller.guild, caller.user));
        }
    }
    Ok(open)
}

/// Forgets all that a member ever decided, `most` rows at a time, and at last, if they decided nothing on
/// another server, the way to them. Returns how many rows that were.
pub async fn forget(tx: &mut Tx, guild: GuildId, user: UserId, most: i64) -> Result<i64> {
    let forgotten = store::forget(tx, guild, user, most).await?;
    if forgotten < most && !store::is_known(tx, user).await? {
        outbox::dm::forget_way(tx, user).await?;
    }
    Ok(forgotten)
}
