//! Mails that a process had claimed when it ended.
//!
//! # Promise
//!
//! - What had passed its gate may have arrived, and is never sent again by itself. What had not has
//!   certainly not arrived, and waits again.
//! - Those that wait again go one after the other from then on ([`Claimed::is_suspect`]), beside all others:
//!   one of them may have ended the process. As with messages (`outbox::suspects`) a mail is suspected of a
//!   death only if nothing else can have been at fault; then it waits longer each time, and is given up
//!   after a day of such deaths.

mod store;

pub(super) use store::{interrupt, lapsed, suspect_due};

use super::judge::Claimed;
use crate::db::{Db, PIECE_ROWS};
use crate::error::Result;
use crate::outbox::suspects::Dead;

/// Mails of a dead process that one piece gives back, and those of which it says that they may have
/// arrived: together with what counts them no more than a piece may be.
const INTERRUPTED_AT_ONCE: i64 = PIECE_ROWS / 2 - 15;

impl Claimed {
    /// Whether a process ended while it had this.
    pub(super) fn is_suspect(&self) -> bool {
        self.deaths > 0
    }
}

/// All that was under way has ended: nobody else can hold it, and this process has just begun.
/// `is_limited`: mails are counted towards a day's limit.
pub(in crate::outbox) async fn interrupt_all(db: &Db, is_limited: bool, now_ms: i64) -> Result<()> {
    let mut dead = Dead::default();
    loop {
        let job = (is_limited, now_ms, dead);
        let interrupted = db.write_piece(job, |tx, (is_limited, now_ms, dead)| {
            Box::pin(store::interrupt_some(
                tx,
                *is_limited,
                *now_ms,
                dead.clone(),
            ))
        });
        let more;
        (more, dead) = interrupted.await?;
        if !more {
            return Ok(());
        }
    }
}
