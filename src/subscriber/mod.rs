//! Subscribers: whom a guild can write mail to, and whom it must not.
//!
//! # Promise
//!
//! - Subscribers belong to one guild; an address is there once, however it is written.
//! - Whom not to write to ([`Suppression`]) stands apart from them, by address: no import, addition or
//!   removal clears what somebody decided by unsubscribing, or what their server said.
//! - Who agreed to advertising is recorded with its time, source and words; records are only ever
//!   added to.
//! - An import is read row by row, shown with its faults, and takes effect in one transaction once it
//!   was confirmed. What it says of an address replaces what was known, but for consents and
//!   suppressions.
//!
//! To add something known of a subscriber: nothing to do here; every further column of an import is an
//! attribute ([`attributes`]).

pub mod attributes;
mod audience;
pub mod sheet;
mod store;
pub mod suppression;

pub use audience::{Exclusion, Reader, attribute_names, exclusions, first, reader, readers};

use chrono::DateTime;
use chrono_tz::Tz;

use crate::app::App;
use crate::error::{Result, UserError};
use crate::guild;
use crate::ids::{GuildId, ImportId, UserId};
use crate::mailer::EmailAddress;
use attributes::Attributes;
use sheet::{Exported, Fault, Line, Sheet, Table};

/// Characters of a name.
pub const NAME_LENGTH: usize = 200;
/// Characters of the source and the words of a consent each.
pub const CONSENT_LENGTH: usize = 500;
/// Subscribers on one page of the list.
pub const PAGE: i64 = 15;
/// Faults that a preview shows.
const FAULTS_SHOWN: usize = 10;
/// Rows written by one transaction while a file is read: a few milliseconds, so that what is urgent
/// comes in between.
const ROWS_AT_ONCE: usize = 500;
/// Columns of an export of consents.
const CONSENT_COLUMNS: [&str; 6] = [
    "email",
    "decision",
    "decided_at",
    "source",
    "wording",
    "recorded_at",
];
/// Consents read at once for an export.
const CONSENTS_AT_ONCE: i64 = 1_000;
/// Subscribers of one guild.
pub const MOST_SUBSCRIBERS: i64 = 500_000;

/// What somebody agreed to: advertising by mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// When.
    pub decided_ms: i64,
    /// Where: a form, a contract, an event.
    pub source: String,
    /// In which words.
    pub wording: String,
}

/// Somebody as an import or an addition states them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where mail goes.
    pub email: EmailAddress,
    /// What they are called; may be empty.
    pub name: String,
    /// What else is known.
    pub attributes: Attributes,
    /// What they agreed to.
    pub consent: Option<Consent>,
}

/// Somebody as they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// Where mail goes, as it was given.
    pub address: String,
    /// What they are called; may be empty.
    pub name: String,
    /// What else is known.
    pub attributes: Attributes,
    /// Since when.
    pub created_ms: i64,
    /// Why nothing, or no advertising, is sent there.
    pub suppressions: Vec<Suppression>,
}

/// What is not sent to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Anything.
    All,
    /// Advertising.
    Ads,
}

/// Why it is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// They unsubscribed.
    Unsubscribed,
    /// Their server said that there is no such address.
    Bounced,
    /// They called it spam.
    Complained,
    /// An admin said so, who alone can say otherwise.
    ByHand,
}

/// That something is not sent to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// What.
    pub scope: Scope,
    /// Why.
    pub reason: Reason,
    /// Since when.
    pub since_ms: i64,
}

impl Scope {
    fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Ads => "ads",
        }
    }

    fn parse(stored: &str) -> Self {
        // What this version does not know is taken for the stricter.
        if stored == "ads" {
            Self::Ads
        } else {
            Self::All
        }
    }
}

impl Reason {
    /// As it is stored, and as an export says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsubscribed => "unsubscribed",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::ByHand => "by_hand",
        }
    }

    fn parse(stored: &str) -> Self {
        let all = [Self::Bounced, Self::Complained, Self::ByHand];
        let known = all.into_iter().find(|one| one.as_str() == stored);
        known.unwrap_or(Self::Unsubscribed)
    }
}

/// What became of an addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// Whether there was nobody with this address.
    pub is_new: bool,
    /// What is not sent there all the same.
    pub suppressed: Option<Suppression>,
}

/// Adds somebody, or replaces what is given of them: attributes that are not given stay. What an admin
/// suppressed by hand is lifted; what the person decided is not.
pub async fn add(app: &App, guild: GuildId, entry: Entry) -> Result<Added> {
    let ids = (app.ids.next(&app.clock), app.ids.next(&app.clock));
    let job = (guild, entry, ids, app.clock.now_ms());
    let added = app
        .db
        .write(job, |tx, (guild, entry, ids, now_ms)| {
            Box::pin(async move {
                let known = store::find(tx, *guild, &entry.email.normalised()).await?;
                let mut entry = entry.clone();
                for (name, value) in known.into_iter().flat_map(|known| known.attributes) {
                    entry.attributes.entry(name).or_insert(value);
                }
                if entry.attributes.len() > attributes::MOST {
                    let most = attributes::MOST;
                    return Err(UserError::TooManyAttributes { most }.into());
                }
                let entry = &entry;
                let is_new = store::upsert(tx, *guild, entry, ids.0, *now_ms).await?;
                if is_new && store::count(tx, *guild).await? > MOST_SUBSCRIBERS {
                    return Err(UserError::TooManySubscribers {
                        most: MOST_SUBSCRIBERS,
                    }
                    .into());
                }
                if let Some(consent) = &entry.consent {
                    let email = entry.email.normalised();
                    store::record_consent(tx, *guild, &email, consent, ids.1, *now_ms).await?;
                }
                store::lift_by_hand(tx, *guild, &entry.email.normalised()).await?;
                let suppressions =
                    store::suppressions(tx, *guild, &entry.email.normalised()).await?;
                Ok(Added {
                    is_new,
                    suppressed: suppressions.first().copied(),
                })
            })
        })
        .await?;
    tracing::info!(guild.id = %guild, "a subscriber was added");
    Ok(added)
}

/// Removes somebody; with `suppress`, nothing is sent there any more, whoever adds or imports them.
/// Returns whether they were there.
pub async fn remove(
    app: &App,
    guild: GuildId,
    email: &EmailAddress,
    suppress: bool,
) -> Result<bool> {
    let job = (guild, email.normalised(), suppress, app.clock.now_ms());
    app.db
        .write(job, |tx, (guild, email, suppress, now_ms)| {
            Box::pin(async move {
                let was_there = store::remove(tx, *guild, email).await?;
                if *suppress {
                    let by_hand = Suppression {
                        scope: Scope::All,
                        reason: Reason::ByHand,
                        since_ms: *now_ms,
                    };
                    store::suppress(tx, *guild, email, by_hand).await?;
                }
                Ok(was_there)
            })
        })
        .await
}

/// Somebody, in full, with what they agreed to, the oldest first. Whoever was removed is known by what
/// is not sent to them.
pub async fn get(
    app: &App,
    guild: GuildId,
    email: &EmailAddress,
) -> Result<(Option<Subscriber>, Vec<Suppression>, Vec<Consent>)> {
    let mut conn = app.db.read().await?;
    let email = email.normalised();
    let subscriber = store::find(&mut conn, guild, &email).await?;
    let suppressions = store::suppressions(&mut conn, guild, &email).await?;
    let consents = store::consents(&mut conn, guild, &email).await?;
    if subscriber.is_none() && suppressions.is_empty() {
        return Err(UserError::UnknownSubscriber.into());
    }
    Ok((subscriber, suppressions, consents))
}

/// One page of the list, by address.
#[derive(Clone, Debug)]
pub struct Page {
    /// At most [`PAGE`].
    pub subscribers: Vec<Subscriber>,
    /// This page, from 0.
    pub page: i64,
    /// How many pages there are, at least 1.
    pub pages: i64,
    /// How many subscribers there are.
    pub count: i64,
    /// How many of them get nothing.
    pub suppressed: i64,
}

/// A page; one that does not exist is the nearest that does.
pub async fn list(app: &App, guild: GuildId, page: i64) -> Result<Page> {
    let mut conn = app.db.read().await?;
    let count = store::count(&mut conn, guild).await?;
    let pages = ((count + PAGE - 1) / PAGE).max(1);
    let page = page.clamp(0, pages - 1);
    Ok(Page {
        subscribers: store::page(&mut conn, guild, PAGE, page * PAGE).await?,
        page,
        pages,
        count,
        suppressed: store::count_suppressed(&mut conn, guild).await?,
    })
}

/// Addresses that begin with what is typed.
pub async fn suggest(app: &App, guild: GuildId, typed: &str, most: usize) -> Result<Vec<String>> {
    let mut conn = app.db.read().await?;
    store::beginning_with(&mut conn, guild, &typed.trim().to_lowercase(), most).await
}

/// Everybody, as the files of an export of at most `most_bytes` each.
pub async fn export(app: &App, guild: GuildId, most_bytes: usize) -> Result<Vec<Vec<u8>>> {
    let mut conn = app.db.read().await?;
    let rows: Vec<Exported> = store::all(&mut conn, guild).await?;
    drop(conn);
    if rows.is_empty() {
        return Err(UserError::NoSubscribers.into());
    }
    // Hundreds of thousands of rows take longer than a moment to be written.
    let written = tokio::task::spawn_blocking(move || sheet::write(&rows, most_bytes));
    Ok(written.await.map_err(anyhow::Error::new)?)
}

/// Every decision on advertising that was ever recorded, also of those who are no subscribers any
/// more, as the files of an export of at most `most_bytes` each: what has to be proven. Empty: there is
/// none. Read page by page, so that what is held is what is written.
pub async fn export_consents(app: &App, guild: GuildId, most_bytes: usize) -> Result<Vec<Vec<u8>>> {
    let mut table = Table::new(&CONSENT_COLUMNS, most_bytes);
    let mut after = (String::new(), 0);
    loop {
        let mut conn = app.db.read().await?;
        let page = store::decisions(&mut conn, guild, &after, CONSENTS_AT_ONCE).await?;
        drop(conn);
        let Some(last) = page.last() else {
            return Ok(table.files_if_any());
        };
        after = (last.email.clone(), last.id);
        for decision in page {
            table.push(&decision.cells());
        }
    }
}

/// A recorded decision on advertising.
struct Decision {
    id: i64,
    email: String,
    granted: bool,
    decided_ms: i64,
    source: String,
    wording: String,
    recorded_ms: i64,
}

impl Decision {
    fn cells(self) -> [String; 6] {
        let at = |ms: i64| {
            let at = DateTime::from_timestamp_millis(ms);
            at.map(|at| at.to_rfc3339()).unwrap_or_default()
        };
        let decision = if self.granted { "agreed" } else { "refused" };
        [
            self.email,
            decision.to_owned(),
            at(self.decided_ms),
            self.source,
            self.wording,
            at(self.recorded_ms),
        ]
    }
}

/// An import that was read and waits to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its id.
    pub id: ImportId,
    /// Rows that can be imported.
    pub good: i64,
    /// Of these, addresses that are not there yet.
    pub new: i64,
    /// Of these, addresses that nothing, or no advertising, is sent to.
    pub suppressed: i64,
    /// Of these, with a consent.
    pub consents: i64,
    /// Rows that are left out.
    pub faulty: usize,
    /// The first of those, by their lines.
    pub faults: Vec<(u64, Fault)>,
}

/// Reads a file. Nothing changes before it is confirmed ([`confirm`]).
pub async fn read(app: &App, guild: GuildId, user: UserId, bytes: &[u8]) -> Result<Draft> {
    if bytes.len() > sheet::MOST_BYTES {
        return Err(UserError::SheetTooLarge {
            most_mib: sheet::MOST_BYTES / (1024 * 1024),
        }
        .into());
    }
    let settings = guild::settings(app, guild).await?;
    let text = sheet::decode(bytes)?;
    let id = ImportId(app.ids.next(&app.clock));
    let job = (id, guild, user, app.clock.now_ms());
    app.db
        .write(job, |tx, (id, guild, user, now_ms)| {
            Box::pin(store::begin_import(tx, *id, *guild, *user, *now_ms))
        })
        .await?;
    let read = read_rows(app, id, &text, settings.timezone).await;
    if read.is_err() {
        cancel(app, guild, id).await?;
    }
    let (faulty, faults) = read?;
    let counted = app
        .db
        .write((id, guild), |tx, (id, guild)| {
            Box::pin(store::finish_reading(tx, *id, *guild))
        })
        .await?;
    if counted.good == 0 {
        cancel(app, guild, id).await?;
    }
    Ok(Draft {
        id,
        good: counted.good,
        new: counted.new,
        suppressed: counted.suppressed,
        consents: counted.consents,
        faulty,
        faults,
    })
}

async fn read_rows(
    app: &App,
    id: ImportId,
    text: &str,
    zone: Tz,
) -> Result<(usize, Vec<(u64, Fault)>)> {
    let mut sheet = Sheet::open(text, zone, app.clock.now_ms())?;
    let (mut faulty, mut faults) = (0, Vec::new());
    loop {
        let lines = sheet.next_rows(ROWS_AT_ONCE)?;
        if lines.is_empty() {
            return Ok((faulty, faults));
        }
        let mut rows = Vec::with_capacity(lines.len());
        for Line { number, read } in lines {
            match read {
                Ok(entry) => rows.push((app.ids.next(&app.clock), entry)),
                Err(fault) => {
                    faulty += 1;
                    if faults.len() < FAULTS_SHOWN {
                        faults.push((number, fault));
                    }
                }
            }
        }
        app.db
            .write((id, rows), |tx, (id, rows)| {
                Box::pin(store::stage(tx, *id, rows))
            })
            .await?;
    }
}

/// What an import did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// How many are there now that were not before.
    pub added: i64,
    /// How many were there, and are as the file says now.
    pub replaced: i64,
}

/// The import takes effect, whole.
pub async fn confirm(app: &App, guild: GuildId, id: ImportId) -> Result<Imported> {
    let job = (guild, id, app.clock.now_ms());
    let imported = app
        .db
        .write(job, |tx, (guild, id, now_ms)| {
            Box::pin(async move {
                let before = store::count(tx, *guild).await?;
                let Some(rows) = store::import(tx, *guild, *id, *now_ms).await? else {
                    return Err(UserError::Outdated.into());
                };
                let after = store::count(tx, *guild).await?;
                if after > MOST_SUBSCRIBERS {
                    return Err(UserError::TooManySubscribers {
                        most: MOST_SUBSCRIBERS,
                    }
                    .into());
                }
                let added = after - before;
                Ok(Imported {
                    added,
                    replaced: rows - added,
                })
            })
        })
        .await?;
    tracing::info!(guild.id = %guild, added = imported.added, replaced = imported.replaced, "subscribers were imported");
    Ok(imported)
}

/// The import is forgotten.
pub async fn cancel(app: &App, guild: GuildId, id: ImportId) -> Result<()> {
    app.db
        .write((guild, id), |tx, (guild, id)| {
            Box::pin(store::forget_import(tx, *guild, *id))
        })
        .await
}

/// Whether somebody can be called this.
pub fn is_name(name: &str) -> bool {
    name.chars().count() <= NAME_LENGTH && !name.chars().any(char::is_control)
}

/// Who imports what is forgotten with its drafts.
pub async fn forget(tx: &mut crate::db::Tx, guild: GuildId, user: UserId) -> Result<()> {
    store::forget_imports_of(tx, guild, user).await
}
