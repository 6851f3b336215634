//! Whom mail may go to: subscribers page by page, and who of them must be left out.

use std::collections::BTreeSet;

use super::attributes::Attributes;
use super::store;
use crate::app::App;
use crate::db::Tx;
use crate::error::Result;
use crate::ids::GuildId;

/// Subscribers read at once while names of attributes are gathered.
const PAGE: i64 = 1_000;
/// Addresses asked about by one statement: with two more parameters well under SQLite's 32,766.
const ASKED_AT_ONCE: usize = 500;

/// Somebody whom a campaign may go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// By which pages go on.
    pub id: i64,
    /// Normalised.
    pub email: String,
    /// As it was given.
    pub address: String,
    /// What they are called; may be empty.
    pub name: String,
    /// What else is known.
    pub attributes: Attributes,
}

/// Why somebody must be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusion {
    /// Nothing, or no advertising, is sent there.
    Suppressed,
    /// It is advertising, and they have not agreed to any, or have taken it back.
    NoConsent,
}

/// Which version of a guild's list is in effect: each import makes the next one. Whoever reads page after
/// page reads all pages of one version.
pub async fn list_version(tx: &mut Tx, guild: GuildId) -> Result<i64> {
    store::version(tx, guild).await
}

/// The same, in the transaction that keeps it for long: no import comes into effect, and none is confirmed,
/// before that is stored.
pub async fn hold_list_version(tx: &mut Tx, guild: GuildId) -> Result<i64> {
    Ok(store::lock_list(tx, guild).await?.version)
}

/// The next `most` subscribers of a version of the list behind `after`, by id; from 0 on.
pub async fn readers(
    tx: &mut Tx,
    guild: GuildId,
    version: i64,
    after: i64,
    most: i64,
) -> Result<Vec<Reader>> {
    store::readers(tx, guild, version, (after, most)).await
}

/// A subscriber by their normalised address.
pub async fn reader(tx: &mut Tx, guild: GuildId, email: &str) -> Result<Option<Reader>> {
    let version = store::version(tx, guild).await?;
    store::reader(tx, guild, version, email).await
}

/// The guild's first subscriber, who stands for all where one is needed.
pub async fn first(tx: &mut Tx, guild: GuildId) -> Result<Option<Reader>> {
    let version = store::version(tx, guild).await?;
    Ok(store::readers(tx, guild, version, (0, 1)).await?.pop())
}

/// Why each of these normalised addresses must be left out, in their order; `None`: it need not.
/// Whoever is no subscriber any more is judged like the others: what counts is what they decided.
pub async fn exclusions(
    tx: &mut Tx,
    guild: GuildId,
    is_ad: bool,
    emails: &[String],
) -> Result<Vec<Option<Exclusion>>> {
    let mut exclusions = Vec::with_capacity(emails.len());
    for emails in emails.chunks(ASKED_AT_ONCE) {
        let suppressed = store::suppressed_of(tx, guild, is_ad, emails).await?;
        let consenting = if is_ad {
            Some(store::consenting_of(tx, guild, emails).await?)
        } else {
            None
        };
        exclusions.extend(emails.iter().map(|email| {
            if suppressed.contains(email) {
                return Some(Exclusion::Suppressed);
            }
            let agrees = consenting.as_ref().is_none_or(|all| all.contains(email));
            (!agrees).then_some(Exclusion::NoConsent)
        }));
    }
    Ok(exclusions)
}

/// The names of the attributes that subscribers have. All of them are looked at: whoever is told that
/// nobody has an attribute must be able to believe it.
pub async fn attribute_names(app: &App, guild: GuildId) -> Result<BTreeSet<String>> {
    let mut conn = app.db.read().await?;
    let version = store::version(&mut conn, guild).await?;
    drop(conn);
    names_in(app, guild, version).await
}

/// The same in a version of the list.
pub(super) async fn names_in(app: &App, guild: GuildId, version: i64) -> Result<BTreeSet<String>> {
    let (mut names, mut after) = (BTreeSet::new(), 0);
    loop {
        let mut conn = app.db.read_page().await?;
        let page = store::readers(&mut conn, guild, version, (after, PAGE)).await?;
        drop(conn);
        let Some(last) = page.last() else {
            return Ok(names);
        };
        after = last.id;
        for name in page.into_iter().flat_map(|one| one.attributes.into_keys()) {
            names.insert(name);
        }
    }
}
