//! What is stored of a member of a guild: told in full, and deleted in full.
//!
//! # Promise
//!
//! What [`export`] tells is all there is, and after [`delete`] nothing of it is left: no time attack,
//! decision, message or switch, in this guild. A running time attack ends without a word. What stands
//! in Discord stays there, and backups made before still have it. It is deleted in pieces, what runs
//! first, and to the end whatever happens to the process meanwhile; it is told piece by piece, too.
//!
//! To store something new of members: a function in its feature that tells it page by page, one that
//! forgets it, and both called here (what is deleted, with a bound). A test goes through the tables and
//! finds what was left out.

mod export;

pub use export::export;

use crate::announce;
use crate::app::App;
use crate::campaign;
use crate::consent;
use crate::db::{BoxFuture, Tx};
use crate::error::Result;
use crate::ids::{GuildId, UserId, WorkId};
use crate::outbox;
use crate::subscriber;
use crate::template;
use crate::timeattack::{self, correction};
use crate::work::{self, Kind, Piece, Then, Work};

/// Deletes all that is stored of a member.
pub const FORGET: Kind = Kind {
    name: "member",
    step: forget,
};
/// Rows that a piece deletes and counts: few enough that results are hardly late beside it, and that there
/// is room in a piece for what is not counted (an import that is dropped, templates, the work's own).
const ROWS_AT_ONCE: i64 = 60;
/// Less than this is left of a piece that may not have had room for all: what each of the features asks
/// for goes by twos or threes.
const FULL: i64 = 3;
/// Messages looked at by one piece, of which it deletes fewer.
const MESSAGES_AT_ONCE: i64 = 250;

/// How much is stored of a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Time attacks, ended and running.
    pub attacks: i64,
    /// Of these, running ones.
    pub running: i64,
    /// Posts and direct messages, sent and waiting.
    pub messages: i64,
    /// Decisions about direct messages, with their notices.
    pub decisions: i64,
}

/// How much is stored of a member.
pub async fn amount(app: &App, guild: GuildId, user: UserId) -> Result<Amount> {
    let (attacks, running) = timeattack::count_of(app, guild, user).await?;
    Ok(Amount {
        attacks,
        running,
        messages: app.outbox.count_of_member(guild, user).await?,
        decisions: consent::count_records(app, guild, user).await?,
    })
}

/// Deletes all of it, and returns how much it was.
pub async fn delete(app: &App, guild: GuildId, user: UserId) -> Result<Amount> {
    let amount = amount(app, guild, user).await?;
    let work = WorkId(app.ids.next(&app.clock));
    let job = (guild, user, work, app.clock.now_ms());
    let work = app
        .db
        .write(job, |tx, (guild, user, work, now_ms)| {
            Box::pin(async move {
                announce::require_forgettable(tx, *guild, *user).await?;
                work::begin(tx, *work, &FORGET, *guild, user.0, *now_ms).await
            })
        })
        .await?;
    app.works.wake();
    work::finished(app, work).await?;
    tracing::info!(guild.id = %guild, "everything stored about a member was deleted");
    Ok(amount)
}

/// Deletes the next of it: everything but messages first, so that nothing more is said of what is gone,
/// and then the messages, in their order.
fn forget<'t>(tx: &'t mut Tx, app: &'t App, work: &'t Work) -> BoxFuture<'t, Result<Piece>> {
    Box::pin(async move {
        let (guild, user) = (work.guild, UserId(work.subject));
        if work.cursor > 0 {
            // One more than the last, as 0 is what comes before.
            return forget_messages(tx, guild, user, work.cursor - 1).await;
        }
        // Each has many pieces: a piece of work of their own.
        if outbox::files::forget_one_of(tx, guild, user).await? {
            return Ok(Piece {
                next: Some(0),
                then: None,
            });
        }
        let mut left = ROWS_AT_ONCE;
        let attacks = timeattack::forget(tx, &app.outbox, guild, user, left).await?;
        left -= attacks.count;
        left -= announce::forget(tx, guild, user, left.max(0)).await?;
        left -= campaign::forget(tx, guild, user, left.max(0)).await?;
        left -= correction::forget(tx, guild, user, left.max(0)).await?;
        left -= consent::forget(tx, guild, user, left.max(0)).await?;
        subscriber::forget(tx, app, guild, user).await?;
        template::forget(tx, guild, user).await?;
        // As long as a piece was full, there may be more.
        let is_done = left > FULL;
        let (running, edits) = (attacks.running, attacks.edits);
        let then: Then = Box::new(move |app| {
            for attack in running {
                app.timers.disarm(attack);
            }
            app.outbox.hand(edits);
        });
        Ok(Piece {
            next: Some(i64::from(is_done)),
            then: Some(then),
        })
    })
}

async fn forget_messages(tx: &mut Tx, guild: GuildId, user: UserId, after: i64) -> Result<Piece> {
    let look = (after, MESSAGES_AT_ONCE);
    let (rows, last) = outbox::some_of_member(tx, guild, user, look).await?;
    outbox::forget(tx, &rows).await?;
    Ok(Piece {
        next: last.map(|last| last + 1),
        then: Some(Box::new(|app| app.outbox.were_forgotten())),
    })
}
