//! Large work, done in pieces: imports, deletes, whatever would keep verdicts waiting if it were one
//! transaction.
//!
//! # Promise
//!
//! - That there is something to do, and up to where it is done, stands in the database ([`begin`], in the
//!   transaction that decides it). So whoever is there goes on with it after a crash, and two processes
//!   that do it at once do each piece once.
//! - A piece is one transaction of at most [`PIECE_ROWS`](crate::db::PIECE_ROWS) rows and
//!   [`PIECE_STATEMENTS`](crate::db::PIECE_STATEMENTS) statements, which makes way for everything that
//!   somebody waits for ([`Db::write_piece`](crate::db::Db::write_piece)). Works take turns.
//! - What cannot be done now is tried again until it is.
//!
//! To add a kind: a [`Kind`] in its feature, with the function that does a piece, listed in `run`.
//! Statements of a piece find their rows by key or by a short range of an index, whose plan needs no
//! statistics: PostgreSQL has none of a table that was just filled.

mod store;

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

pub use store::begin;

use crate::app::App;
use crate::db::{BoxFuture, Tx};
use crate::error::{Result, UserError};
use crate::ids::{GuildId, WorkId};

/// Between two looks for what another process left unfinished, or what failed.
const LOOK_MS: i64 = 10_000;

/// A work as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Its id.
    pub id: WorkId,
    /// The name of its [`Kind`].
    pub kind: String,
    /// Whose.
    pub guild: GuildId,
    /// What it is about.
    pub subject: i64,
    /// Up to where it is done; 0 at first.
    pub cursor: i64,
}

/// What a piece came to.
pub struct Piece {
    /// Where the next one begins; `None`: there is none.
    pub next: Option<i64>,
    /// What is to be done in memory once it is durable.
    pub then: Option<Then>,
}

impl Piece {
    /// The next one begins at `next`, if there is one.
    pub fn until(next: Option<i64>) -> Self {
        Self { next, then: None }
    }
}

/// What follows a piece.
pub type Then = Box<dyn FnOnce(&App) + Send>;

/// Does the next piece of a work.
pub type Step = for<'t> fn(&'t mut Tx, &'t App, &'t Work) -> BoxFuture<'t, Result<Piece>>;

/// A kind of work.
#[derive(Clone, Copy)]
pub struct Kind {
    /// As it is stored: never renamed.
    pub name: &'static str,
    /// Does its pieces.
    pub step: Step,
}

/// A handle to the works of this process; clones share it.
#[derive(Clone)]
pub struct Works {
    kinds: Arc<[Kind]>,
    woken: Arc<Notify>,
    /// Counts pieces.
    done: Arc<watch::Sender<u64>>,
    ended: CancellationToken,
}

impl Works {
    /// Works of these kinds; see [`keep_up`].
    pub fn new(kinds: Vec<Kind>) -> Self {
        Self {
            kinds: kinds.into(),
            woken: Arc::default(),
            done: Arc::new(watch::Sender::new(0)),
            ended: CancellationToken::new(),
        }
    }

    /// Something was begun, and is durable.
    pub fn wake(&self) {
        self.woken.notify_one();
    }

    /// Changes with each piece.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.done.subscribe()
    }

    fn kind(&self, name: &str) -> Option<Kind> {
        self.kinds.iter().find(|kind| kind.name == name).copied()
    }
}

/// Returns when a work is done, by whichever process.
pub async fn finished(app: &App, id: WorkId) -> Result<()> {
    let mut changes = app.works.changes();
    loop {
        changes.mark_unchanged();
        let mut conn = app.db.read().await?;
        if !store::exists(&mut conn, id).await? {
            return Ok(());
        }
        drop(conn);
        tokio::select! {
            changed = changes.changed() => drop(changed),
            () = app.clock.sleep_ms(LOOK_MS) => {}
            () = app.works.ended.cancelled() => return Err(UserError::GoesOnLater.into()),
        }
    }
}

/// Whether anything is left to do.
pub async fn is_idle(app: &App) -> Result<bool> {
    let mut conn = app.db.read().await?;
    Ok(store::list(&mut conn).await?.is_empty())
}

/// Does piece after piece of all works, until `stop`.
pub async fn keep_up(app: App, stop: CancellationToken) {
    let mut failed = HashSet::new();
    loop {
        let went_on = match round(&app, &mut failed, &stop).await {
            Ok(went_on) => went_on,
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(
                    error,
                    "background jobs could not be looked up; trying again"
                );
                false
            }
        };
        if stop.is_cancelled() {
            break;
        }
        if went_on {
            continue;
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = app.works.woken.notified() => {}
            () = app.clock.sleep_ms(LOOK_MS) => failed.clear(),
        }
    }
    app.works.ended.cancel();
}

/// One piece of each work. `true`: there may be more.
async fn round(app: &App, failed: &mut HashSet<WorkId>, stop: &CancellationToken) -> Result<bool> {
    let mut conn = app.db.read().await?;
    let mut works = store::list(&mut conn).await?;
    drop(conn);
    // What a later version began is left to it.
    works.retain(|work| app.works.kind(&work.kind).is_some() && !failed.contains(&work.id));
    let any = !works.is_empty();
    for work in works {
        if stop.is_cancelled() {
            return Ok(false);
        }
        match go_on(app, work.id).await {
            Ok(true) => {}
            // Left to the process that is at it, which may die.
            Ok(false) => drop(failed.insert(work.id)),
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(work.id = %work.id, kind = work.kind, error, "a piece of a \
                 background job failed; trying again");
                failed.insert(work.id);
            }
        }
    }
    Ok(any)
}

/// `false`: another process is at it, or it is done.
async fn go_on(app: &App, id: WorkId) -> Result<bool> {
    let done = app
        .db
        .write_piece((app.clone(), id), |tx, (app, id)| {
            Box::pin(piece(tx, app, *id))
        })
        .await?;
    let is_mine = done.is_some();
    if let Some(then) = done.and_then(|done| done.then) {
        then(app);
    }
    app.works.done.send_modify(|count| *count += 1);
    Ok(is_mine)
}

async fn piece(tx: &mut Tx, app: &App, id: WorkId) -> Result<Option<Piece>> {
    // As it stands now: another process may have been at it, or may be.
    let Some(work) = store::take(tx, id).await? else {
        return Ok(None);
    };
    let Some(kind) = app.works.kind(&work.kind) else {
        return Ok(None);
    };
    let done = (kind.step)(tx, app, &work).await?;
    match done.next {
        Some(cursor) => store::advance(tx, id, cursor).await?,
        None => {
            store::end(tx, id).await?;
            tracing::debug!(work.id = %id, kind = work.kind, "a background job is done");
        }
    }
    Ok(Some(done))
}
