//! Members who left while their time attacks run: these end quietly.
//!
//! Nobody tells of a member who leaves (`outbox::Membership`), so shortly before something would be said of
//! a time attack, at its deadline or in a reminder, Discord is asked whether its member is still there. If
//! not, all that they run in that guild ends without a word. It is a service at some requests a second:
//! where more time attacks end within the same minutes, the others end as ever.

use std::collections::HashSet;

use tokio_util::sync::CancellationToken;

use super::store;
use crate::app::App;
use crate::error::Result;
use crate::ids::{GuildId, UserId};
use crate::outbox::Membership;

/// Between two looks.
const LOOK_MS: i64 = 5_000;
/// So long before a deadline or a reminder Discord is asked.
const AHEAD_MS: i64 = 120_000;
/// Time attacks looked at, and members asked about, by one look: two requests a second of Discord's fifty.
const LOOKED_AT: i64 = 200;
const ASKED: usize = 10;

/// Looks after those whose time is nearly over, until `stop`.
pub async fn keep_up(app: App, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.clock.sleep_ms(LOOK_MS) => {}
        }
        let looked = tokio::select! {
            () = stop.cancelled() => return,
            looked = look(&app) => looked,
        };
        if let Err(error) = looked {
            let error = format!("{error:#}");
            tracing::warn!(error, "could not look for members who left; trying again");
        }
    }
}

async fn look(app: &App) -> Result<()> {
    // What waits to be said goes before.
    if !app.outbox.has_room_for_edits() {
        return Ok(());
    }
    let now_ms = app.now_ms();
    let mut conn = app.db.read().await?;
    let soon = store::members_of_soon(&mut conn, now_ms, now_ms + AHEAD_MS, LOOKED_AT).await?;
    drop(conn);
    let mut seen = HashSet::new();
    let mut asked = 0;
    for (guild, user) in soon {
        if !seen.insert((guild, user)) {
            continue;
        }
        let membership = match app.outbox.known_membership(guild, user) {
            Some(known) => known,
            None if asked < ASKED => {
                asked += 1;
                app.outbox.membership(guild, user).await
            }
            None => continue,
        };
        if membership == Membership::Left {
            end_quietly(app, guild, user).await?;
        }
    }
    Ok(())
}

/// Ends all that a member runs in a guild, and says nothing.
async fn end_quietly(app: &App, guild: GuildId, user: UserId) -> Result<()> {
    let ended = app
        .db
        .write((guild, user, app.now_ms()), |tx, job| {
            let (guild, user, now_ms) = job;
            Box::pin(store::cancel_all_of(tx, *guild, *user, *now_ms))
        })
        .await?;
    for attack in &ended {
        app.timers.disarm(*attack);
    }
    tracing::info!(guild.id = %guild, ended = ended.len(), "a member has left: their time attacks \
     end silently");
    Ok(())
}
