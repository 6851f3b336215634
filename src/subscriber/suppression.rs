//! Leaving the list: what people decide by a link in a mail, and what is said of their address.
//!
//! Every function here belongs into its caller's transaction, and may be called again: what somebody
//! decided first is what stands, with its date.
//!
//! What is said of an address is said of it whatever was sent there, by whichever way it is told: a
//! mail server's refusal, or a report of a bounce or a complaint. So no caller asks whether it was a
//! test's mail, nor do [`bounced`] and [`complained`].

use super::{Reason, Scope, Suppression, store};
use crate::db::Tx;
use crate::error::Result;
use crate::ids::GuildId;

/// Where a refusal came from, as the record of consents has it.
const SOURCE: &str = "unsubscribe link";

/// What somebody refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// Normalised.
    pub email: &'a str,
    /// What.
    pub scope: Scope,
    /// In which words they were asked.
    pub wording: &'a str,
}

/// Somebody wants no more mail, or no more advertising, of a guild. Returns since when that stands:
/// now, unless they had said so before.
///
/// Either way they refuse advertising, which is recorded beside their consents (`record` is the id of
/// that row) even where there never was one. What an admin suppressed by hand, and could lift,
/// becomes their own decision, which nobody else can.
pub async fn unsubscribe(
    tx: &mut Tx,
    guild: GuildId,
    refusal: &Refusal<'_>,
    record: i64,
    now_ms: i64,
) -> Result<i64> {
    let unsubscribed = Suppression {
        scope: refusal.scope,
        reason: Reason::Unsubscribed,
        since_ms: now_ms,
    };
    let stands = store::suppress_firmly(tx, guild, refusal.email, unsubscribed).await?;
    let words = (SOURCE, refusal.wording);
    store::record_refusal(tx, guild, refusal.email, words, record, now_ms).await?;
    Ok(stands)
}

/// A mail server said that there is no such address, or that nothing more is to be sent there.
pub async fn bounced(tx: &mut Tx, guild: GuildId, email: &str, now_ms: i64) -> Result<()> {
    said_of(tx, guild, email, Reason::Bounced, now_ms).await
}

/// Somebody called a mail of the guild spam.
pub async fn complained(tx: &mut Tx, guild: GuildId, email: &str, now_ms: i64) -> Result<()> {
    said_of(tx, guild, email, Reason::Complained, now_ms).await
}

async fn said_of(
    tx: &mut Tx,
    guild: GuildId,
    email: &str,
    reason: Reason,
    since_ms: i64,
) -> Result<()> {
    let suppression = Suppression {
        scope: Scope::All,
        reason,
        since_ms,
    };
    store::suppress_firmly(tx, guild, email, suppression).await?;
    Ok(())
}
