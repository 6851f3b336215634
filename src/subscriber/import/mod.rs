//! An import from its file to the subscribers: read and shown, confirmed, and taken in piece by piece.
//!
//! # Promise
//!
//! - Nobody sees a part of an import. Its rows are written as the next version of the guild's list, beside
//!   the present one, and one small commit makes that the present one. Whoever reads page after page
//!   (a campaign, an export) stays at the version at which they began. Each row has room for two versions:
//!   while a campaign is being frozen at the one before the present one, no other import is confirmed.
//!   (An export is a matter of seconds; should two imports come into effect meanwhile, it has some rows
//!   of the first.)
//! - Once confirmed it is taken in, whatever ends in between: nothing of it can fail that was read. Until
//!   then nobody can be added or removed by hand, and no other import confirmed: they are told.
//!   Unsubscribing is no change of the list, and always possible.
//! - Whether there is room for all was decided before the first row is written.

mod store;

use super::store as lists;
use super::{Entry, MOST_SUBSCRIBERS};
use crate::app::App;
use crate::db::{BoxFuture, Tx};
use crate::error::{Result, UserError};
use crate::ids::{GuildId, ImportId, UserId, WorkId};
use crate::work::{self, Kind, Piece, Work};

/// Rows of a file that a piece takes in: each changes a subscriber, and may add a consent.
const ROWS_AT_ONCE: i64 = 50;
/// Rows of a file that a piece deletes.
const DELETED_AT_ONCE: i64 = 200;

/// Takes a confirmed import in.
pub const APPLY: Kind = Kind {
    name: "import",
    step: apply,
};
/// Deletes the rows of a file that is needed no more.
pub const CLEAR: Kind = Kind {
    name: "import-rows",
    step: clear,
};

/// What an import did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// How many are there now that were not before.
    pub added: i64,
    /// How many were there, and are as the file says now.
    pub replaced: i64,
}

/// How far a confirmed import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Importing {
    /// Its rows.
    pub total: i64,
    /// Those that are written, which nobody sees before all are.
    pub done: i64,
    /// Of these, subscribers that were not there before.
    pub added: i64,
    /// All of it is there.
    pub is_over: bool,
}

/// What a file would do, counted while it is read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted {
    pub(super) good: i64,
    pub(super) new: i64,
    pub(super) suppressed: i64,
    pub(super) consents: i64,
}

/// Begins to read a file. The guild's earlier draft makes way.
pub(super) async fn begin(app: &App, id: ImportId, guild: GuildId, user: UserId) -> Result<()> {
    let job = (app.clone(), id, guild, user);
    let dropped = app
        .db
        .write(job, |tx, (app, id, guild, user)| {
            Box::pin(async move {
                let now_ms = app.clock.now_ms();
                let dropped = store::begin(tx, *id, *guild, *user, now_ms).await?;
                for (id, guild) in &dropped {
                    clear_later(tx, app, *guild, *id).await?;
                }
                Ok(dropped.len())
            })
        })
        .await?;
    if dropped > 0 {
        app.works.wake();
    }
    Ok(())
}

/// Keeps rows of a file that is being read, and counts them.
pub(super) async fn stage(
    app: &App,
    guild: GuildId,
    id: ImportId,
    rows: Vec<(i64, Entry)>,
    counted: &mut Counted,
) -> Result<()> {
    let emails: Vec<String> = rows.iter().map(|(_, row)| row.email.normalised()).collect();
    // Beside the writer: what is shown is how it stands now.
    let mut conn = app.db.read().await?;
    let version = lists::version(&mut conn, guild).await?;
    let (known, suppressed) = store::known(&mut conn, guild, version, &emails).await?;
    drop(conn);
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let consents = rows.iter().filter(|(_, row)| row.consent.is_some()).count();
    counted.good += count(rows.len());
    counted.new += count(rows.len()) - known;
    counted.suppressed += suppressed;
    counted.consents += count(consents);
    let staged = app
        .db
        .write_piece((id, rows), |tx, (id, rows)| {
            Box::pin(store::stage(tx, *id, rows))
        })
        .await?;
    if staged {
        Ok(())
    } else {
        Err(UserError::Outdated.into())
    }
}

/// All rows are there: it can be confirmed.
pub(super) async fn finish_reading(app: &App, id: ImportId, counted: Counted) -> Result<()> {
    let read = app
        .db
        .write((id, counted.new), |tx, (id, new)| {
            Box::pin(store::finish_reading(tx, *id, *new))
        })
        .await?;
    if read {
        Ok(())
    } else {
        Err(UserError::Outdated.into())
    }
}

/// The import takes effect, whole: returns when it has.
pub async fn confirm(app: &App, guild: GuildId, id: ImportId) -> Result<Imported> {
    let work = start(app, guild, id).await?;
    work::finished(app, work).await?;
    let over = progress(app, guild, id).await?;
    Ok(Imported {
        added: over.added,
        replaced: over.total - over.added,
    })
}

/// The import is taken in from now on; see [`progress`], and [`work::finished`].
pub async fn start(app: &App, guild: GuildId, id: ImportId) -> Result<WorkId> {
    let work = WorkId(app.ids.next(&app.clock));
    let job = (guild, id, work, app.clock.now_ms());
    let work = app
        .db
        .write(job, |tx, (guild, id, work, now_ms)| {
            Box::pin(async move {
                let list = lists::lock_list(tx, *guild).await?;
                let Some(new) = store::read(tx, *guild, *id).await? else {
                    return Err(UserError::Outdated.into());
                };
                list.require_rest()?;
                if store::is_read_as_before(tx, *guild, list.version).await? {
                    return Err(UserError::CampaignBegins.into());
                }
                if new > 0 && list.subscribers + new > MOST_SUBSCRIBERS {
                    let most = MOST_SUBSCRIBERS;
                    return Err(UserError::TooManySubscribers { most }.into());
                }
                if !store::apply(tx, *guild, *id).await? {
                    return Err(UserError::Outdated.into());
                }
                work::begin(tx, *work, &APPLY, *guild, id.0, *now_ms).await
            })
        })
        .await?;
    app.works.wake();
    tracing::info!(guild.id = %guild, import.id = %id, "an import was confirmed");
    Ok(work)
}

/// How far a confirmed import is.
pub async fn progress(app: &App, guild: GuildId, id: ImportId) -> Result<Importing> {
    let mut conn = app.db.read().await?;
    let progress = store::progress(&mut conn, guild, id).await?;
    progress.ok_or_else(|| UserError::Outdated.into())
}

/// Takes the next rows in; behind the last of them all are there at once.
fn apply<'t>(tx: &'t mut Tx, app: &'t App, work: &'t Work) -> BoxFuture<'t, Result<Piece>> {
    Box::pin(async move {
        let (guild, id, now_ms) = (work.guild, ImportId(work.subject), app.clock.now_ms());
        let list = lists::lock_list(tx, guild).await?;
        let rows = store::staged(tx, id, work.cursor, ROWS_AT_ONCE).await?;
        let Some(last) = rows.last() else {
            store::finish(tx, guild, id).await?;
            clear_later(tx, app, guild, id).await?;
            tracing::info!(guild.id = %guild, import.id = %id, "subscribers were imported");
            return Ok(Piece::until(None));
        };
        let next_id = || app.ids.next(&app.clock);
        // Ids of now, not of when the file was read: whoever goes through the list by ids meets all
        // new ones behind all that were there.
        let new: Vec<_> = rows.iter().map(|row| (next_id(), row)).collect();
        let added = store::write(tx, guild, &list, &new, now_ms).await?;
        let consents: Vec<_> = rows
            .iter()
            .filter_map(|row| Some((next_id(), row.email.as_str(), row.consent.as_ref()?)))
            .collect();
        store::record(tx, guild, &list, &consents, now_ms).await?;
        let done = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        store::advance(tx, id, done, added).await?;
        Ok(Piece::until(Some(last.id)))
    })
}

/// Its rows are deleted, piece by piece.
async fn clear_later(tx: &mut Tx, app: &App, guild: GuildId, id: ImportId) -> Result<()> {
    let work = WorkId(app.ids.next(&app.clock));
    work::begin(tx, work, &CLEAR, guild, id.0, app.clock.now_ms()).await?;
    Ok(())
}

fn clear<'t>(tx: &'t mut Tx, _app: &'t App, work: &'t Work) -> BoxFuture<'t, Result<Piece>> {
    Box::pin(async move {
        let id = ImportId(work.subject);
        let next = store::delete_some(tx, id, work.cursor, DELETED_AT_ONCE).await?;
        Ok(Piece::until(next))
    })
}

/// The import is forgotten.
pub async fn cancel(app: &App, guild: GuildId, id: ImportId) -> Result<()> {
    let job = (app.clone(), guild, id);
    app.db
        .write(job, |tx, (app, guild, id)| {
            Box::pin(async move {
                if store::drop(tx, *guild, *id).await? {
                    clear_later(tx, app, *guild, *id).await?;
                }
                Ok(())
            })
        })
        .await?;
    app.works.wake();
    Ok(())
}

/// Who imports what is forgotten, with what they have not confirmed.
pub async fn forget(tx: &mut Tx, app: &App, guild: GuildId, user: UserId) -> Result<()> {
    for id in store::drop_of(tx, guild, user).await? {
        clear_later(tx, app, guild, id).await?;
    }
    Ok(())
}
