//! Subscribers: whom a guild can write mail to, and whom it must not.
//!
//! # Promise
//!
//! - Subscribers belong to one guild; an address is there once, however it is written.
//! - Whom not to write to ([`Suppression`]) stands apart from them, by address: no import, addition or
//!   removal clears what somebody decided by unsubscribing, or what their server said.
//! - Who agreed to advertising is recorded with its time, source and words; records are only ever
//!   added to.
//! - An import is read row by row, shown with its faults, and takes effect whole once it was confirmed
//!   ([`import`]). What it says of an address replaces what was known, but for consents and
//!   suppressions.
//!
//! To add something known of a subscriber: nothing to do here; every further column of an import is an
//! attribute ([`attributes`]).

pub mod attributes;
mod audience;
mod export;
mod formula;
pub mod import;
pub mod sheet;
mod store;
pub mod suppression;

pub use audience::{
    Exclusion, Reader, attribute_names, exclusions, first, hold_list_version, list_version, reader,
    readers,
};
pub use export::{export, export_consents};
pub use import::{Imported, Importing, cancel, confirm, forget};

use crate::app::App;
use crate::documents::Patience;
use crate::error::{Result, UserError};
use crate::guild;
use crate::ids::{GuildId, ImportId, UserId};
use crate::mailer::EmailAddress;
use attributes::Attributes;
use import::Counted;
use sheet::{Fault, Line, Sheet};

/// Characters of a name.
pub const NAME_LENGTH: usize = 200;
/// Characters of the source and the words of a consent each.
pub const CONSENT_LENGTH: usize = 500;
/// Subscribers on one page of the list.
pub const PAGE: i64 = 15;
/// Faults that a preview shows.
const FAULTS_SHOWN: usize = 10;
/// Rows written by one piece while a file is read.
const ROWS_AT_ONCE: usize = 100;
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
                let list = store::lock_list(tx, *guild).await?;
                list.require_rest()?;
                let email = entry.email.normalised();
                let known = store::find(tx, *guild, list.version, &email).await?;
                let mut entry = entry.clone();
                for (name, value) in known.into_iter().flat_map(|known| known.attributes) {
                    entry.attributes.entry(name).or_insert(value);
                }
                if entry.attributes.len() > attributes::MOST {
                    let most = attributes::MOST;
                    return Err(UserError::TooManyAttributes { most }.into());
                }
                let entry = &entry;
                let at = (list.version, *now_ms);
                let is_new = store::upsert(tx, *guild, entry, ids.0, at).await?;
                if is_new {
                    if list.subscribers >= MOST_SUBSCRIBERS {
                        let most = MOST_SUBSCRIBERS;
                        return Err(UserError::TooManySubscribers { most }.into());
                    }
                    store::grow(tx, *guild, 1).await?;
                }
                if let Some(consent) = &entry.consent {
                    store::record_consent(tx, *guild, &email, consent, ids.1, at).await?;
                }
                store::lift_by_hand(tx, *guild, &email).await?;
                let suppressions = store::suppressions(tx, *guild, &email).await?;
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
                store::lock_list(tx, *guild).await?.require_rest()?;
                let was_there = store::remove(tx, *guild, email).await?;
                if was_there {
                    store::grow(tx, *guild, -1).await?;
                }
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
    let version = store::version(&mut conn, guild).await?;
    let subscriber = store::find(&mut conn, guild, version, &email).await?;
    let suppressions = store::suppressions(&mut conn, guild, &email).await?;
    let consents = store::consents(&mut conn, guild, version, &email).await?;
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

/// A page; one that does not exist is the nearest that does. Buttons name pages by their number, as an
/// address is too long for them, so those before are passed over: in short reads.
pub async fn list(app: &App, guild: GuildId, page: i64) -> Result<Page> {
    let mut conn = app.db.read().await?;
    let (version, count) = store::counted(&mut conn, guild).await?;
    drop(conn);
    let pages = ((count + PAGE - 1) / PAGE).max(1);
    let page = page.clamp(0, pages - 1);
    let after = skipped(app, guild, version, page * PAGE).await?;
    let mut conn = app.db.read().await?;
    let subscribers = store::page(&mut conn, guild, version, (&after, PAGE)).await?;
    drop(conn);
    Ok(Page {
        subscribers,
        page,
        pages,
        count,
        suppressed: count_suppressed(app, guild, version).await?,
    })
}

/// The address behind which the page begins that has so many before it.
async fn skipped(app: &App, guild: GuildId, version: i64, mut skip: i64) -> Result<String> {
    let mut after = String::new();
    while skip > 0 {
        let some = skip.min(store::LOOKED_AT_ONCE);
        let mut conn = app.db.read().await?;
        let Some(next) = store::skip(&mut conn, guild, version, (&after, some)).await? else {
            break;
        };
        (after, skip) = (next, skip - some);
    }
    Ok(after)
}

async fn count_suppressed(app: &App, guild: GuildId, version: i64) -> Result<i64> {
    let (mut count, mut after) = (0, String::new());
    loop {
        let mut conn = app.db.read().await?;
        let (some, end) = store::count_suppressed(&mut conn, guild, version, &after).await?;
        count += some;
        let Some(end) = end else { return Ok(count) };
        after = end;
    }
}

/// Addresses that begin with what is typed.
pub async fn suggest(app: &App, guild: GuildId, typed: &str, most: usize) -> Result<Vec<String>> {
    let mut conn = app.db.read().await?;
    let version = store::version(&mut conn, guild).await?;
    let typed = typed.trim().to_lowercase();
    store::beginning_with(&mut conn, guild, version, (&typed, most)).await
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
pub async fn read(app: &App, guild: GuildId, user: UserId, bytes: Vec<u8>) -> Result<Draft> {
    if bytes.len() > sheet::MOST_BYTES {
        return Err(UserError::SheetTooLarge {
            most_mib: sheet::MOST_BYTES / (1024 * 1024),
        }
        .into());
    }
    let settings = guild::settings(app, guild).await?;
    let (zone, now_ms) = (settings.timezone, app.clock.now_ms());
    let opened = app.documents.run(guild, Patience::Asked, move |_| {
        Sheet::open(&sheet::decode(&bytes)?, zone, now_ms)
    });
    let sheet = opened.await??;
    let id = ImportId(app.ids.next(&app.clock));
    import::begin(app, id, guild, user).await?;
    let mut counted = Counted::default();
    let read = read_rows(app, guild, id, sheet, &mut counted).await;
    if read.is_err() || counted.good == 0 {
        cancel(app, guild, id).await?;
    }
    let (faulty, faults) = read?;
    if counted.good > 0 {
        import::finish_reading(app, id, counted).await?;
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
    guild: GuildId,
    id: ImportId,
    mut sheet: Sheet,
    counted: &mut Counted,
) -> Result<(usize, Vec<(u64, Fault)>)> {
    let (mut faulty, mut faults) = (0, Vec::new());
    loop {
        // Row by row with everybody else's documents, of which one may come in between.
        let read = app.documents.run(guild, Patience::Steady, move |_| {
            let lines = sheet.next_rows(ROWS_AT_ONCE);
            lines.map(|lines| (sheet, lines))
        });
        let (rest, lines) = read.await??;
        sheet = rest;
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
        import::stage(app, guild, id, rows, counted).await?;
    }
}

/// Whether somebody can be called this.
pub fn is_name(name: &str) -> bool {
    name.chars().count() <= NAME_LENGTH && !name.chars().any(char::is_control)
}
