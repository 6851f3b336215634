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

use crate::db::Tx;
use crate::error::Result;
use crate::ids::OccurrenceId;

pub(super) use store::hold;
pub use store::{abandon, cancel, retry_failed};

/// Rows of one piece.
const ROWS_AT_ONCE: i64 = 2_000;
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

/// Does the next piece of all that was decided and is not done.
pub(super) async fn go_on(tx: &mut Tx, now_ms: i64) -> Result<Went> {
    let mut went = Went::default();
    for retry in store::retries(tx).await? {
        if store::put_back_some(tx, &retry).await? {
            went.more = true;
        } else {
            went.touched.push(retry.id);
        }
        went.revived.push(retry.id);
    }
    for id in store::cancelled(tx).await? {
        went.more |= store::cancel_some(tx, id, now_ms).await?;
    }
    for id in store::abandoned(tx).await? {
        went.more |= store::delete_some(tx, id).await?;
    }
    Ok(went)
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
