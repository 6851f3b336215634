//! A member's own time zone: what they type is read by it, their nights go by it, and their pictures
//! show its days. What everybody sees goes by the server's. Days that were counted keep the zone of their
//! time, so the zones of before are remembered.

use std::collections::HashMap;

use chrono_tz::Tz;

use super::{Decider, store};
use crate::app::App;
use crate::db::Tx;
use crate::error::Result;
use crate::guild;
use crate::ids::{GuildId, UserId};
use crate::outbox;

/// Zones of before that are remembered of a member: more than anybody moves.
const MOST_PAST_ZONES: usize = 20;

/// Whose clock a member lives by on a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zones {
    /// What they chose; the server's is theirs if `None`.
    pub own: Option<Tz>,
    /// The server's.
    pub server: Tz,
}

impl Zones {
    /// The one that what they type is read by.
    pub fn theirs(self) -> Tz {
        self.own.unwrap_or(self.server)
    }

    /// Their own zone, if its clocks show another time then than the server's.
    pub fn differing(self, at_ms: i64) -> Option<Tz> {
        let offset = |zone| crate::zones::offset_min(zone, at_ms);
        self.own.filter(|own| offset(*own) != offset(self.server))
    }
}

/// Both zones of a member.
pub async fn zones(app: &App, guild: GuildId, user: UserId) -> Result<Zones> {
    let mut conn = app.db.read().await?;
    zones_in(&mut conn, guild, user).await
}

/// The same, within a transaction.
pub async fn zones_in(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<Zones> {
    let member = store::member(tx, guild, user).await?;
    Ok(Zones {
        own: member.and_then(|member| member.timezone),
        server: guild::for_guild(tx, guild).await?.timezone,
    })
}

/// The zones of those of `members` who chose one.
pub async fn own_zones(
    tx: &mut Tx,
    members: impl Iterator<Item = (GuildId, UserId)>,
) -> Result<HashMap<(GuildId, UserId), Tz>> {
    store::own_zones(tx, members).await
}

/// The zones that a member chose before, each with when they gave it up, oldest first; `None` stands for the
/// server's.
pub async fn past_zones(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
) -> Result<Vec<(i64, Option<Tz>)>> {
    store::past_zones(tx, guild, user).await
}

/// Stores a member's own zone; `None` is the server's again. Messages that wait for their morning are
/// asked anew. It is no decision about messages: nothing is allowed by it.
pub async fn set_zone(app: &App, decider: Decider, own: Option<Tz>) -> Result<Zones> {
    let job = (decider, own, app.clock.now_ms());
    let zones = app
        .db
        .write(job, |tx, (decider, own, now_ms)| {
            Box::pin(async move {
                let (guild, user) = (decider.guild, decider.user);
                let mut member = store::lock_member(tx, decider, *now_ms).await?;
                let before = std::mem::replace(&mut member.timezone, *own);
                store::save(tx, guild, user, &member, *now_ms).await?;
                if before != *own {
                    let mut past = store::past_zones(tx, guild, user).await?;
                    past.push((*now_ms, before));
                    let forgotten = past.len().saturating_sub(MOST_PAST_ZONES);
                    store::keep_past_zones(tx, guild, user, &past[forgotten..]).await?;
                }
                outbox::dm::reconsider(tx, guild, user, *now_ms).await?;
                zones_in(tx, guild, user).await
            })
        })
        .await?;
    app.outbox.wake_dms();
    Ok(zones)
}
