//! Campaigns: mail to a guild's subscribers.
//!
//! # Promise
//!
//! - Nothing is sent before every recipient's mail has been merged once, and an admin has confirmed
//!   what they were shown: the template as it was then is what goes out, whatever becomes of it later.
//! - Whom it goes to is decided when it begins, of one version of the list of subscribers, page by page ([`freeze()`]), each page in one transaction
//!   with the place where the next begins; when there is no next one, the sending begins. So a process
//!   that dies meanwhile loses nobody and adds nobody twice; [`keep_up`] goes on with it.
//! - A mail that cannot be made, or is no advertising as the law wants it ([`korea`]), stops it before
//!   the first mail, and names the recipient and what is wrong.
//! - Whoever unsubscribed, or took a consent back, is left out when it begins, and asked about again when
//!   each mail is about to go ([`Desk`]).
//! - A campaign is sent once. One that never began can be made anew under its name.
//!
//! # States of an occurrence
//!
//! ```text
//! draft ──confirm──▶ freezing ──last page──▶ sending ──last mail──▶ done
//!   │                ▲   │  └── a mail that cannot be made ──▶ failed
//!   │                │   │                      │
//!   └──confirm──▶ scheduled ──── cancel ────────┴──▶ cancelled
//! ```
//!
//! Whether it is paused, and how far it is, the ledger knows ([`crate::outbox::mail`]).

mod author;
mod bell;
mod freeze;
mod keeper;
pub mod korea;
mod preflight;
mod press;
mod report;
pub mod segment;
mod store;

use unicode_normalization::UnicodeNormalization as _;

pub use author::Desk;
pub use bell::Bell;
pub use freeze::{
    Failed, cancel, cancel_occurrence, confirm, failed, freeze, freeze_beside, pause, resume, retry,
};
pub use keeper::keep_up;
pub use preflight::{
    Audience, LeftOut, Preflight, Sample, Specimen, TESTS_PER_HOUR, Warning, preview, prove, test,
};
pub use report::{Report, Status, files, report, status, status_of};

use crate::app::App;
use crate::db::{BoxFuture, Tx};
use crate::error::{CampaignError, MailTemplateError, Result};
use crate::ids::{CampaignId, GuildId, OccurrenceId, UserId};
use crate::subscriber;
use crate::template;
use segment::Filter;

/// Characters of a name: it must be told from others in a list.
pub const NAME_LENGTH: usize = 60;
/// Campaigns of one guild: one a day for years. More make no list that anybody reads.
pub const MOST_CAMPAIGNS: i64 = 1_000;
/// Campaigns on one page of the list.
pub const PAGE: i64 = 10;
/// Subscribers looked at at once.
const SUBSCRIBERS_AT_ONCE: i64 = 200;

/// What a campaign is, by law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// News about what somebody takes part in.
    Notice,
    /// Advertising.
    Ad,
}

impl Kind {
    /// As it is stored and chosen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Ad => "ad",
        }
    }

    fn parse(stored: &str) -> Self {
        // What this version does not know is taken for what has more rules.
        if stored == "notice" {
            Self::Notice
        } else {
            Self::Ad
        }
    }

    fn is_ad(self) -> bool {
        self == Self::Ad
    }
}

/// A campaign as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// On which server.
    pub guild: GuildId,
    /// What that server is called.
    pub guild_name: String,
    /// What it is called.
    pub name: String,
    /// The name of its template.
    pub template: String,
    /// Whom it goes to, as an expression; empty: everybody.
    pub segment: String,
    /// What it is.
    pub kind: Kind,
    /// Who made it.
    pub author: UserId,
    /// When.
    pub created_ms: i64,
}

impl Campaign {
    /// Whom it goes to; `None`: everybody. What is stored was read once, so it can be read again.
    fn filter(&self) -> Result<Option<Filter>> {
        if self.segment.is_empty() {
            return Ok(None);
        }
        let filter = segment::parse(&self.segment).map_err(CampaignError::Segment)?;
        Ok(Some(filter))
    }
}

/// Where an occurrence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Shown to an admin, and not confirmed.
    Draft,
    /// Waits for its time.
    Scheduled,
    /// Its recipients are being added.
    Freezing,
    /// Its mails go out, or rest: the ledger knows.
    Sending,
    /// All of them have come to their end.
    Done,
    /// An admin cancelled it.
    Cancelled,
    /// It could not begin.
    Failed,
}

impl State {
    const ALL: [Self; 7] = [
        Self::Draft,
        Self::Scheduled,
        Self::Freezing,
        Self::Sending,
        Self::Done,
        Self::Cancelled,
        Self::Failed,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Freezing => "freezing",
            Self::Sending => "sending",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    fn parse(stored: &str) -> Self {
        let known = Self::ALL.into_iter().find(|one| one.as_str() == stored);
        known.unwrap_or(Self::Failed)
    }
}

/// One sending of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Its id, also in the ledger.
    pub id: OccurrenceId,
    /// Where it is.
    pub state: State,
    /// When it begins, if not at once.
    pub at_ms: Option<i64>,
    /// Recipients frozen so far.
    pub frozen: i64,
    /// Why it could not begin.
    pub fault: Option<CampaignError>,
    /// When its first mail could go.
    pub began_ms: Option<i64>,
}

/// What the admins are to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tell {
    Done,
    Stopped,
    Failed,
    /// The day's mails are used up.
    Limited,
    /// The mail server is away.
    Away,
}

impl Tell {
    fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Limited => "limited",
            Self::Away => "away",
        }
    }

    fn parse(stored: &str) -> Self {
        let known = [Self::Done, Self::Stopped, Self::Limited, Self::Away]
            .into_iter()
            .find(|one| one.as_str() == stored);
        known.unwrap_or(Self::Failed)
    }
}

/// A campaign as an admin states it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// On which server.
    pub guild: GuildId,
    /// What that server is called.
    pub guild_name: String,
    /// Who makes it.
    pub author: UserId,
    /// What it is called.
    pub name: String,
    /// The name of its template.
    pub template: String,
    /// Whom it goes to, as typed; empty: everybody.
    pub segment: String,
    /// What it is.
    pub kind: Kind,
}

/// Makes a campaign, and says how many it would go to now.
pub async fn create(app: &App, draft: Draft) -> Result<(Campaign, Audience)> {
    let name = checked_name(&draft.name)?;
    let filter = match draft.segment.trim() {
        "" => None,
        typed => Some(segment::parse(typed).map_err(CampaignError::Segment)?),
    };
    let mut conn = app.db.read().await?;
    template::frozen(&mut conn, draft.guild, &draft.template).await?;
    drop(conn);
    if let Some(filter) = &filter {
        let known = subscriber::attribute_names(app, draft.guild).await?;
        filter.check(&known).map_err(CampaignError::Segment)?;
    }
    let campaign = Campaign {
        id: CampaignId(app.ids.next(&app.clock)),
        guild: draft.guild,
        guild_name: draft.guild_name,
        name,
        template: draft.template.trim().to_owned(),
        segment: filter.map(|filter| filter.to_string()).unwrap_or_default(),
        kind: draft.kind,
        author: draft.author,
        created_ms: app.clock.now_ms(),
    };
    let audience = preflight::audience(app, &campaign).await?;
    let saved = app
        .db
        .write(campaign, |tx, campaign| {
            Box::pin(async move {
                let Some(id) = store::save(tx, campaign, campaign.created_ms).await? else {
                    return Err(CampaignError::NameTaken.into());
                };
                if store::count(tx, campaign.guild).await? > MOST_CAMPAIGNS {
                    let most = MOST_CAMPAIGNS;
                    return Err(CampaignError::TooMany { most }.into());
                }
                Ok(Campaign {
                    id,
                    ..campaign.clone()
                })
            })
        })
        .await?;
    tracing::info!(guild.id = %saved.guild, campaign.id = %saved.id, "a campaign was created");
    Ok((saved, audience))
}

fn checked_name(typed: &str) -> Result<String, CampaignError> {
    let name = typed.trim();
    let fits = (1..=NAME_LENGTH).contains(&name.chars().count());
    if fits && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(CampaignError::Name { most: NAME_LENGTH })
    }
}

/// What counts when names are compared.
fn name_key(name: &str) -> String {
    name.trim().nfc().flat_map(char::to_lowercase).collect()
}

/// A campaign by its name.
pub async fn get(app: &App, guild: GuildId, name: &str) -> Result<Campaign> {
    let mut conn = app.db.read().await?;
    find(&mut conn, guild, name).await
}

async fn find(tx: &mut Tx, guild: GuildId, name: &str) -> Result<Campaign> {
    let found = store::find(tx, guild, name).await?;
    Ok(found.ok_or(CampaignError::Unknown)?)
}

/// One page of the list, the newest first.
#[derive(Clone, Debug)]
pub struct Page {
    /// At most [`PAGE`], each with its last occurrence.
    pub campaigns: Vec<(Campaign, Option<Occurrence>)>,
    /// This page, from 0.
    pub page: i64,
    /// How many pages there are, at least 1.
    pub pages: i64,
    /// How many campaigns there are.
    pub count: i64,
}

/// A page; one that does not exist is the nearest that does.
pub async fn list(app: &App, guild: GuildId, page: i64) -> Result<Page> {
    let mut conn = app.db.read().await?;
    let count = store::count(&mut conn, guild).await?;
    let pages = ((count + PAGE - 1) / PAGE).max(1);
    let page = page.clamp(0, pages - 1);
    let mut campaigns = Vec::new();
    for campaign in store::page(&mut conn, guild, PAGE, page * PAGE).await? {
        let last = store::last(&mut conn, guild, campaign.id).await?;
        campaigns.push((campaign, last));
    }
    Ok(Page {
        campaigns,
        page,
        pages,
        count,
    })
}

/// Names of campaigns that have in them what is typed.
pub async fn suggest(app: &App, guild: GuildId, typed: &str, most: usize) -> Result<Vec<String>> {
    let mut conn = app.db.read().await?;
    store::names(&mut conn, guild, typed, most).await
}

/// Whether a template may be deleted ([`template::Guard`]): not while a campaign that is not over is
/// made of it. One that was made and never sent is not over before it is cancelled.
pub fn spares_template<'t>(
    tx: &'t mut Tx,
    guild: GuildId,
    key: &'t str,
) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        for (campaign, template) in store::not_over(tx, guild).await? {
            if template::key(&template)? == key {
                return Err(MailTemplateError::InUse { campaign }.into());
            }
        }
        Ok(())
    })
}

/// The campaigns that a member has made on a server: the next `most` behind an id.
pub async fn by(
    app: &App,
    guild: GuildId,
    author: UserId,
    (after, most): (i64, i64),
) -> Result<Vec<Campaign>> {
    let mut conn = app.db.read().await?;
    store::by(&mut conn, guild, author, (after, most)).await
}

/// The first instant from `from_ms` on at which a campaign of any guild begins: for whoever looks after
/// the host, never for a member.
pub async fn due_from(tx: &mut Tx, from_ms: i64) -> Result<Option<i64>> {
    store::due_from(tx, from_ms).await
}

/// Forgets who made `most` of their campaigns. Returns how many that were.
pub async fn forget(tx: &mut Tx, guild: GuildId, author: UserId, most: i64) -> Result<i64> {
    store::forget_author(tx, guild, author, most).await
}
