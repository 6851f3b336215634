//! Announcements: a direct message to everybody on a server who allowed it.
//!
//! # Promise
//!
//! - It is shown as it will look, with how many get it now, in the morning or not at all and why,
//!   before anything is sent; it goes to nobody until an admin confirms it.
//! - Everybody who allows it at that moment gets it once, whatever happens to the process meanwhile:
//!   the recipients are put into the outbox in pieces, each with the place where the next begins.
//! - Advertising says what it is, whose it is and how to refuse it, in Korean and English, and goes
//!   only to those who allowed advertising.
//! - A cancelled one stops at once; what was sent stays sent.

mod store;
mod text;

use std::collections::HashSet;

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

pub use store::{Progress, Said};
pub use text::{BODY_LENGTH, compose};

use crate::app::App;
use crate::consent::{self, Member, Scope};
use crate::db::{BoxFuture, Tx};
use crate::error::{Result, UserError};
use crate::guild::{self, Settings};
use crate::ids::{AnnouncementId, GuildId, RoleId, UserId, WorkId};
use crate::messenger::Message;
use crate::outbox::dm::{Answer, NewDm};
use crate::outbox::{self, Class, Membership, Row};
use crate::work::{self, Kind as WorkKind, Piece, Work};

/// Cancels what is left of an announcement.
pub const CANCEL: WorkKind = WorkKind {
    name: "announcement",
    step: cancel_some,
};
/// Members looked at in one piece: each may get a message.
const PAGE: i64 = 200;
/// Messages that a piece cancels.
const CANCELLED_AT_ONCE: i64 = 200;
/// A draft that was not sent within a day is forgotten.
const DRAFT_LIFE_MS: i64 = 86_400_000;
/// What was sent is forgotten after so long; how far it was is known for a week only.
const SENT_LIFE_MS: i64 = 90 * 86_400_000;
/// Readers asked about before an announcement, and how many at once.
const MOST_ASKED: usize = 100;
const ASKED_AT_ONCE: usize = 10;
/// Between two looks for what another process left unfinished.
const LOOK_MS: i64 = 60_000;

/// What an announcement is, by law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// News of the server.
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

    fn class(self) -> Class {
        match self {
            Self::Notice => Class::Notice,
            Self::Ad => Class::Ad,
        }
    }

    fn parse(name: &str) -> Self {
        if name == "notice" {
            Self::Notice
        } else {
            Self::Ad
        }
    }
}

/// The role whose holders alone get it.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// Who of those who allow direct messages has it.
    pub holders: HashSet<UserId>,
}

/// An announcement as an admin states it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// On which server.
    pub guild: GuildId,
    /// What that server is called.
    pub guild_name: String,
    /// Who announces.
    pub author: UserId,
    /// What it is.
    pub kind: Kind,
    /// What it says, as typed.
    pub body: String,
    /// To whom alone.
    pub role: Option<Role>,
}

/// An announcement as it is stored.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// Its id.
    pub id: AnnouncementId,
    /// On which server.
    pub guild: GuildId,
    /// What that server is called.
    pub guild_name: String,
    /// Who announces.
    pub author: UserId,
    /// What it is.
    pub kind: Kind,
    /// What it says.
    pub body: String,
    /// To whom alone.
    pub role: Option<Role>,
}

/// Who would get it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// At once.
    pub now: i64,
    /// When the night is over where they live.
    pub morning: i64,
    /// When the first of those nights is over.
    pub morning_ms: Option<i64>,
    /// Not, as they allow messages but no advertising.
    pub no_ads: i64,
    /// Not, as their direct messages are closed.
    pub closed: i64,
    /// Not, as they do not have the role.
    pub without_role: i64,
    /// Not, as they have left the server.
    pub left: i64,
    /// Not, as they stopped or declined direct messages.
    pub refused: i64,
}

impl Audience {
    /// Those who get it at all.
    pub fn total(&self) -> i64 {
        self.now + self.morning
    }
}

/// Stores a draft, and says who would get it.
pub async fn draft(app: &App, draft: Draft) -> Result<(Announcement, Audience)> {
    let announcement = Announcement {
        id: AnnouncementId(app.ids.next(&app.clock)),
        guild: draft.guild,
        guild_name: draft.guild_name,
        author: draft.author,
        kind: draft.kind,
        body: text::checked(&draft.body)?,
        role: draft.role,
    };
    let audience = audience(app, &announcement).await?;
    let job = (announcement.clone(), app.clock.now_ms());
    app.db
        .write(job, |tx, (announcement, now_ms)| {
            Box::pin(store::insert(tx, announcement, *now_ms))
        })
        .await?;
    Ok((announcement, audience))
}

/// Those of the guild who allow direct messages at all.
pub async fn allowing(app: &App, guild: GuildId) -> Result<Vec<UserId>> {
    let mut conn = app.db.read().await?;
    let (mut all, mut after) = (Vec::new(), UserId(0));
    loop {
        let page = consent::audience(&mut conn, guild, after, PAGE).await?;
        let Some((last, ..)) = page.last() else {
            return Ok(all);
        };
        after = *last;
        all.extend(page.into_iter().map(|(user, ..)| user));
    }
}

/// Counts who would get it now.
async fn audience(app: &App, announcement: &Announcement) -> Result<Audience> {
    let now_ms = app.clock.now_ms();
    let mut conn = app.db.read().await?;
    let settings = guild::for_guild(&mut conn, announcement.guild).await?;
    let mut audience = Audience::default();
    let mut readers: Vec<(UserId, Option<i64>)> = Vec::new();
    let mut after = UserId(0);
    loop {
        let page = consent::audience(&mut conn, announcement.guild, after, PAGE).await?;
        let Some((last, ..)) = page.last() else {
            break;
        };
        after = *last;
        for (user, member, is_closed) in &page {
            match announcement.goes_to(*user, member, *is_closed, &settings, now_ms) {
                Recipient::Now => readers.push((*user, None)),
                Recipient::At(until_ms) => readers.push((*user, Some(until_ms))),
                Recipient::Closed => audience.closed += 1,
                Recipient::NoAds => audience.no_ads += 1,
                Recipient::WithoutRole => audience.without_role += 1,
            }
        }
    }
    drop(conn);
    let left = left(app, announcement.guild, &readers).await;
    for (user, until_ms) in readers {
        if left.contains(&user) {
            audience.left += 1;
            continue;
        }
        let Some(until_ms) = until_ms else {
            audience.now += 1;
            continue;
        };
        audience.morning += 1;
        let first = audience.morning_ms.map_or(until_ms, |ms| ms.min(until_ms));
        audience.morning_ms = Some(first);
    }
    audience.refused = consent::counts(app, announcement.guild).await?.refused;
    Ok(audience)
}

/// Those of `readers` who have left the server, as far as it can be asked while an admin waits: of many,
/// the others are asked about when their messages are about to go.
async fn left(app: &App, guild: GuildId, readers: &[(UserId, Option<i64>)]) -> HashSet<UserId> {
    let mut left = HashSet::new();
    for some in readers[..readers.len().min(MOST_ASKED)].chunks(ASKED_AT_ONCE) {
        let asked = some
            .iter()
            .map(|(user, _)| app.outbox.membership(guild, *user));
        let said = join_all(asked).await;
        let gone = some
            .iter()
            .zip(said)
            .filter(|(_, one)| *one == Membership::Left);
        left.extend(gone.map(|((user, _), _)| *user));
    }
    left
}

/// Whether and when somebody gets an announcement.
enum Recipient {
    Now,
    At(i64),
    NoAds,
    Closed,
    WithoutRole,
}

impl Announcement {
    fn goes_to(
        &self,
        user: UserId,
        member: &Member,
        is_closed: bool,
        settings: &Settings,
        now_ms: i64,
    ) -> Recipient {
        if self
            .role
            .as_ref()
            .is_some_and(|role| !role.holders.contains(&user))
        {
            return Recipient::WithoutRole;
        }
        if self.kind == Kind::Ad && !member.allows(Scope::Ads) {
            return Recipient::NoAds;
        }
        if is_closed {
            return Recipient::Closed;
        }
        match consent::may_go(self.kind.class(), None, Some(member), settings, now_ms) {
            Answer::Hold { until_ms, .. } => Recipient::At(until_ms),
            Answer::Send | Answer::Drop(_) => Recipient::Now,
        }
    }

    fn message_to(&self, user: UserId, member: &Member, author: Option<&str>) -> NewDm {
        NewDm {
            guild: self.guild,
            user,
            class: self.kind.class(),
            language: member.language,
            message: Message {
                content: compose(self, author),
                ..Message::default()
            },
            not_before_ms: None,
            expires_at_ms: None,
            batch: Some(self.id.0),
            dedupe_key: format!("announcement:{}:{user}", self.id),
        }
    }
}

/// Sends a draft: puts it into the outbox for everybody who gets it.
pub async fn send(app: &App, guild: GuildId, id: AnnouncementId) -> Result<()> {
    let job = (guild, id, app.clock.now_ms());
    let begun = app
        .db
        .write(job, |tx, (guild, id, now_ms)| {
            Box::pin(store::begin(tx, *guild, *id, *now_ms))
        })
        .await?;
    if !begun {
        return Err(UserError::Outdated.into());
    }
    tracing::info!(announcement.id = %id, "an announcement begins");
    expand(app, id).await
}

/// Goes on putting an announcement into the outbox, until everybody is in it.
async fn expand(app: &App, id: AnnouncementId) -> Result<()> {
    loop {
        let job = (app.clone(), id);
        let page = app
            .db
            .write_piece(job, |tx, (app, id)| Box::pin(expand_page(tx, app, *id)))
            .await?;
        let Some(rows) = page else {
            return Ok(());
        };
        app.outbox.hand(rows);
    }
}

/// The next piece; `None` when it is done, or was cancelled.
async fn expand_page(tx: &mut Tx, app: &App, id: AnnouncementId) -> Result<Option<Vec<Row>>> {
    let now_ms = app.clock.now_ms();
    let Some((announcement, cursor)) = store::sending(tx, id).await? else {
        return Ok(None);
    };
    let settings = guild::for_guild(tx, announcement.guild).await?;
    let page = consent::audience(tx, announcement.guild, cursor, PAGE).await?;
    let Some((last, ..)) = page.last() else {
        store::finish(tx, id, now_ms).await?;
        return Ok(None);
    };
    let last = *last;
    let gets_it = |(user, member, is_closed): &&(UserId, Member, bool)| {
        let recipient = announcement.goes_to(*user, member, *is_closed, &settings, now_ms);
        matches!(recipient, Recipient::Now | Recipient::At(_))
    };
    let author = app
        .outbox
        .known_name(announcement.guild, announcement.author);
    let rows: Vec<Row> = page
        .iter()
        .filter(gets_it)
        .map(|(user, member, _)| {
            let message = announcement.message_to(*user, member, author.as_deref());
            app.outbox.prepare_dm(message)
        })
        .collect();
    outbox::enqueue(tx, &rows, app.outbox.boot()).await?;
    store::advance(tx, id, last, now_ms).await?;
    Ok(Some(rows))
}

/// Stops what is left of an announcement.
pub async fn cancel(app: &App, guild: GuildId, id: AnnouncementId) -> Result<()> {
    let work = WorkId(app.ids.next(&app.clock));
    let job = (guild, id, work, app.clock.now_ms());
    let begun = app
        .db
        .write(job, |tx, (guild, id, work, now_ms)| {
            Box::pin(async move {
                if !store::cancel(tx, *guild, *id, *now_ms).await? {
                    return Ok(None);
                }
                outbox::dm::cancel_batch(tx, id.0).await?;
                let begun = work::begin(tx, *work, &CANCEL, *guild, id.0, *now_ms);
                begun.await.map(Some)
            })
        })
        .await?;
    let Some(work) = begun else {
        return Err(UserError::Outdated.into());
    };
    tracing::info!(announcement.id = %id, "an announcement was cancelled");
    app.works.wake();
    work::finished(app, work).await
}

/// Cancels the next of its messages, of which none is sent any more.
fn cancel_some<'t>(tx: &'t mut Tx, app: &'t App, work: &'t Work) -> BoxFuture<'t, Result<Piece>> {
    Box::pin(async move {
        let (batch, now_ms) = (work.subject, app.clock.now_ms());
        let most = CANCELLED_AT_ONCE;
        let more = outbox::dm::cancel_some(tx, work.guild, batch, most, now_ms).await?;
        Ok(Piece::until(more.then_some(work.cursor)))
    })
}

/// How far an announcement is.
pub async fn progress(app: &App, guild: GuildId, id: AnnouncementId) -> Result<Progress> {
    let mut conn = app.db.read().await?;
    let progress = store::progress(&mut conn, guild, id, app.clock.now_ms()).await?;
    progress.ok_or_else(|| UserError::Outdated.into())
}

/// Goes on with what a process that ended left unfinished, until `stop`.
pub async fn keep_up(app: App, stop: CancellationToken) {
    loop {
        if let Err(error) = look(&app).await {
            let error = format!("{error:#}");
            tracing::warn!(error, "announcements could not be processed; trying again");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.clock.sleep_ms(LOOK_MS) => {}
        }
    }
}

async fn look(app: &App) -> Result<()> {
    let now_ms = app.clock.now_ms();
    let lives = (now_ms - DRAFT_LIFE_MS, now_ms - SENT_LIFE_MS);
    let mut conn = app.db.read().await?;
    let unfinished = store::unfinished(&mut conn).await?;
    let has_old = store::has_old(&mut conn, lives).await?;
    drop(conn);
    for id in unfinished {
        expand(app, id).await?;
    }
    if has_old {
        app.db
            .write_piece(lives, |tx, lives| Box::pin(store::forget_old(tx, *lives)))
            .await?;
    }
    Ok(())
}

/// What a member has announced on a server, for their own eyes: when, what it was, what it said. The next
/// `most` behind an id, each with its own.
pub async fn by(
    app: &App,
    guild: GuildId,
    author: UserId,
    (after, most): (i64, i64),
) -> Result<Vec<(i64, Said)>> {
    let mut conn = app.db.read().await?;
    store::by(&mut conn, guild, author, (after, most)).await
}

/// Who announced something cannot be forgotten while it is being sent, as its messages name them to its
/// readers.
pub async fn require_forgettable(tx: &mut Tx, guild: GuildId, author: UserId) -> Result<()> {
    if store::is_sending(tx, guild, author).await? {
        return Err(UserError::AnnouncementUnderWay.into());
    }
    Ok(())
}

/// Forgets who announced what, `most` at a time: drafts go, and what was sent stands without their name.
/// Returns how many that were.
pub async fn forget(tx: &mut Tx, guild: GuildId, author: UserId, most: i64) -> Result<i64> {
    store::forget_author(tx, guild, author, most).await
}
