//! Large work, done in pieces: imports, deletes, whatever would keep verdicts waiting if it were one
//! transaction.
//!
//! # Promise
//!
//! - That there is something to do, and up to where it is done, stands in the database ([`begin`], in the
//!   transaction that decides it). So whoever is there goes on with it after a crash, and two processes
//!   that do it at once do each piece once.
//! - What is asked for again while it is being done is begun anew, and is not done twice side by side. So a
//!   kind's pieces can be done again.
//! - A piece is one transaction of at most [`PIECE_ROWS`](crate::db::PIECE_ROWS) rows and
//!   [`PIECE_STATEMENTS`](crate::db::PIECE_STATEMENTS) statements, which makes way for everything that
//!   somebody waits for ([`Db::write_piece`](crate::db::Db::write_piece)). Works take turns, those of all
//!   guilds before a guild's second.
//! - What cannot be done now is tried again until it is, and keeps nothing else waiting.
//!
//! To add a kind: a [`Kind`] in its feature, with the function that does a piece, listed in `run`.
//! Statements of a piece find their rows by key or by a short range of an index, whose plan needs no
//! statistics: PostgreSQL has none of a table that was just filled.

mod store;

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{Notify, broadcast, watch};
use tokio_util::sync::CancellationToken;

pub use store::begin;

use crate::app::App;
use crate::db::{BoxFuture, Tx};
use crate::error::{Result, UserError};
use crate::ids::{GuildId, WorkId};

/// Between two looks for what another process left unfinished, or what failed.
const LOOK_MS: i64 = 10_000;
/// Ends of works that are kept for those who wait for one; who has missed more looks for themselves.
const KEPT_ENDS: usize = 256;

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
    /// Tells which works are over, or were perhaps ended by another process.
    over: broadcast::Sender<WorkId>,
    ended: CancellationToken,
}

impl Works {
    /// Works of these kinds; see [`keep_up`].
    pub fn new(kinds: Vec<Kind>) -> Self {
        Self {
            kinds: kinds.into(),
            woken: Arc::default(),
            done: Arc::new(watch::Sender::new(0)),
            over: broadcast::Sender::new(KEPT_ENDS),
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
    // Before the look: an end in between is not missed.
    let mut over = app.works.over.subscribe();
    loop {
        let mut conn = app.db.read().await?;
        if !store::exists(&mut conn, id).await? {
            return Ok(());
        }
        drop(conn);
        tokio::select! {
            () = is_over(&mut over, id) => {}
            () = app.clock.sleep_ms(LOOK_MS) => {}
            () = app.works.ended.cancelled() => return Err(UserError::GoesOnLater.into()),
        }
    }
}

/// Returns when this one may be over; other works, of which there may be many, wake nobody who waits for it.
async fn is_over(over: &mut broadcast::Receiver<WorkId>, id: WorkId) {
    loop {
        match over.recv().await {
            Ok(other) if other != id => {}
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
            // Never: whoever waits has a handle to the works.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Whether anything is left to do.
pub async fn is_idle(app: &App) -> Result<bool> {
    let mut conn = app.db.read().await?;
    Ok(!store::any(&mut conn).await?)
}

/// Does piece after piece of all works, until `stop`.
pub async fn keep_up(app: App, stop: CancellationToken) {
    let mut failed = Failed::default();
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
        let wait_ms = failed.wait_ms(app.clock.monotonic_ms());
        tokio::select! {
            () = stop.cancelled() => break,
            () = app.works.woken.notified() => {}
            () = app.clock.sleep_ms(wait_ms) => {}
        }
    }
    app.works.ended.cancel();
}

/// Works whose last piece failed, or which another process was at: each is left alone for a while, whatever
/// else there is to do.
#[derive(Default)]
struct Failed(HashMap<WorkId, i64>);

impl Failed {
    fn add(&mut self, id: WorkId, now_ms: i64) {
        self.0.insert(id, now_ms + LOOK_MS);
    }

    /// Those that are still left alone.
    fn at(&mut self, now_ms: i64) -> impl Iterator<Item = WorkId> {
        self.0.retain(|_, until_ms| now_ms < *until_ms);
        self.0.keys().copied()
    }

    /// Until the first of them is tried again, or there is another look.
    fn wait_ms(&self, now_ms: i64) -> i64 {
        let first = self.0.values().min();
        first.map_or(LOOK_MS, |until_ms| (until_ms - now_ms).clamp(0, LOOK_MS))
    }
}

/// One piece of each work whose turn it is. `true`: there may be more.
async fn round(app: &App, failed: &mut Failed, stop: &CancellationToken) -> Result<bool> {
    let mut conn = app.db.read().await?;
    // What a later version began is left to it.
    let kinds = app.works.kinds.iter().map(|kind| kind.name);
    let skip = failed.at(app.clock.monotonic_ms());
    let works = store::list(&mut conn, kinds, skip).await?;
    drop(conn);
    let any = !works.is_empty();
    for work in works {
        if stop.is_cancelled() {
            return Ok(false);
        }
        match go_on(app, work.id).await {
            Ok(true) => {}
            // Left to the process that is at it, which may die.
            Ok(false) => failed.add(work.id, app.clock.monotonic_ms()),
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(work.id = %work.id, kind = work.kind, error, "a piece of a background job failed; trying again");
                failed.add(work.id, app.clock.monotonic_ms());
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
    // One that another process is at may be over, too.
    let may_be_over = done.as_ref().is_none_or(|done| done.next.is_none());
    if let Some(then) = done.and_then(|done| done.then) {
        then(app);
    }
    app.works.done.send_modify(|count| *count += 1);
    if may_be_over {
        // Perhaps nobody waits for it.
        let _ = app.works.over.send(id);
    }
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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn who_waits_for_a_work_hears_of_no_other() {
        let (over, mut heard) = broadcast::channel(KEPT_ENDS);
        for id in 2..100 {
            over.send(WorkId(id)).unwrap();
        }
        assert_eq!(is_over(&mut heard, WorkId(1)).now_or_never(), None);
        over.send(WorkId(1)).unwrap();
        assert_eq!(is_over(&mut heard, WorkId(1)).now_or_never(), Some(()));
        // Who has missed some looks for themselves.
        for id in 0..1_000 {
            over.send(WorkId(2 + id)).unwrap();
        }
        assert_eq!(is_over(&mut heard, WorkId(1)).now_or_never(), Some(()));
        assert_eq!(is_over(&mut heard, WorkId(1)).now_or_never(), None);
    }

    #[test]
    fn what_failed_is_tried_again_after_a_while_and_not_when_nothing_else_is_left() {
        let mut failed = Failed::default();
        assert_eq!(failed.wait_ms(0), LOOK_MS);
        failed.add(WorkId(1), 0);
        failed.add(WorkId(2), 4_000);
        assert_eq!(failed.at(LOOK_MS - 1).count(), 2);
        assert_eq!(failed.wait_ms(4_000), LOOK_MS - 4_000);
        assert_eq!(failed.at(LOOK_MS).collect::<Vec<_>>(), [WorkId(2)]);
        assert_eq!(failed.wait_ms(99_000), 0);
    }
}
