//! What changes all rows of an occurrence: in pieces, so that whoever wants to write meanwhile comes in
//! between.
//!
//! # Promise
//!
//! - What was decided takes effect at once, for the occurrence as a whole, in the transaction that
//!   decides it; the lane does piece after piece at its looks ([`go_on`]), and the outbox's sweep what
//!   is to be forgotten ([`forget`]).
//! - That something is left is said by the occurrence's own row: so whoever is there goes on with it
//!   after a crash, and two who do it at once do it once. Until then each row has the state that it
//!   had, or the one that it gets.
//!
//! | decided | from then on | piece by piece |
//! |---|---|---|
//! | [`cancel`] | nothing of it is claimed | what waits is cancelled |
//! | [`abandon`] | there is no such occurrence | its rows are deleted, and itself with the last |
//! | [`retry_failed`] | it is being sent | what had failed until then waits again |
//! | [`forget`] | its content is gone, and nothing of it can be sent again | its rows' names and fields go |

mod store;

use crate::db::{PIECE_ROWS, Tx};
use crate::error::Result;
use crate::ids::OccurrenceId;

pub(super) use store::hold;
pub use store::{abandon, cancel, retry_failed};

/// Rows of one piece.
const ROWS_AT_ONCE: i64 = PIECE_ROWS - 10;
/// Occurrences of one piece: each takes two statements, and the look that does it has others.
const OCCURRENCES_AT_ONCE: i64 = 6;
const DAY_MS: i64 = 86_400_000;
/// What mails were made of is kept for so long after an occurrence's end: time enough to look at the
/// report, and to send again what failed.
pub const KEPT_DAYS: i64 = 30;

/// What [`go_on`] did.
#[derive(Default)]
pub(super) struct Went {
    /// Occurrences of which rows wait that did not.
    pub(super) revived: Vec<OccurrenceId>,
    /// Occurrences that may be over by now.
    pub(super) touched: Vec<OccurrenceId>,
    /// There are more pieces.
    pub(super) more: bool,
}

/// Does the next piece of what was decided and is not done: of several occurrences, if they are small.
pub(super) async fn go_on(tx: &mut Tx, now_ms: i64) -> Result<Went> {
    let mut went = Went::default();
    let mut room = Room {
        rows: ROWS_AT_ONCE,
        occurrences: OCCURRENCES_AT_ONCE,
    };
    for retry in store::retries(tx).await? {
        if room.is_taken() {
            went.more = true;
            return Ok(went);
        }
        let piece = store::put_back_some(tx, &retry, room.rows).await?;
        if !piece.more {
            went.touched.push(retry.id);
        }
        went.revived.push(retry.id);
        went.more |= room.take(&piece);
    }
    for id in store::cancelled(tx).await? {
        if room.is_taken() {
            went.more = true;
            return Ok(went);
        }
        let piece = store::cancel_some(tx, id, room.rows, now_ms).await?;
        went.more |= room.take(&piece);
    }
    for id in store::abandoned(tx).await? {
        if room.is_taken() {
            went.more = true;
            return Ok(went);
        }
        let piece = store::delete_some(tx, id, room.rows).await?;
        went.more |= room.take(&piece);
    }
    Ok(went)
}

/// What a piece can still take.
struct Room {
    rows: i64,
    occurrences: i64,
}

impl Room {
    fn is_taken(&self) -> bool {
        self.rows <= 0 || self.occurrences <= 0
    }

    /// `true`: there is more of this occurrence.
    fn take(&mut self, piece: &store::Piece) -> bool {
        self.rows -= piece.rows;
        self.occurrences -= 1;
        piece.more
    }
}

/// Forgets some of what the mails were made of whose occurrences ended long ago; `true`: there may be
/// more. How each of them ended, when, and by what address stays.
pub(in crate::outbox) async fn forget(tx: &mut Tx, now_ms: i64) -> Result<bool> {
    if let Some((id, behind)) = store::forgetting(tx).await? {
        store::forget_some(tx, id, behind).await?;
        return Ok(true);
    }
    store::begin_to_forget(tx, now_ms - KEPT_DAYS * DAY_MS, now_ms).await
}
