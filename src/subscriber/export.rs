//! The files of an export: everybody, and every decision on advertising.

use chrono::DateTime;

use super::{audience, sheet, store};
use crate::app::App;
use crate::db::BoxFuture;
use crate::error::Result;
use crate::export::{Files, Place, Row, Source};
use crate::ids::GuildId;

/// Columns of an export of consents.
const CONSENT_COLUMNS: [&str; 6] = [
    "email",
    "decision",
    "decided_at",
    "source",
    "wording",
    "recorded_at",
];
/// Rows read at once: a read of some milliseconds, which holds nobody up.
const ROWS_AT_ONCE: i64 = 500;

/// Everybody in one version of the list, in files of at most `most_bytes` each. None: there is nobody.
pub async fn export(app: &App, guild: GuildId, most_bytes: usize) -> Result<Files> {
    let version = version(app, guild).await?;
    let names = audience::names_in(app, guild, version).await?;
    let subscribers = Subscribers {
        app: app.clone(),
        guild,
        version,
        names: names.into_iter().collect(),
    };
    Files::plan(subscribers, most_bytes).await
}

/// Every decision on advertising that was ever recorded, also of those who are no subscribers any
/// more, in files of at most `most_bytes` each: what has to be proven. None: there is no decision.
pub async fn export_consents(app: &App, guild: GuildId, most_bytes: usize) -> Result<Files> {
    let consents = Consents {
        app: app.clone(),
        guild,
        version: version(app, guild).await?,
    };
    Files::plan(consents, most_bytes).await
}

async fn version(app: &App, guild: GuildId) -> Result<i64> {
    let mut conn = app.db.read().await?;
    store::version(&mut conn, guild).await
}

struct Subscribers {
    app: App,
    guild: GuildId,
    version: i64,
    /// Of their attributes.
    names: Vec<String>,
}

impl Source for Subscribers {
    fn rows<'a>(&'a self, after: &'a Place) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(async move {
            let mut conn = self.app.db.read_page().await?;
            let (guild, version) = (self.guild, self.version);
            let page = store::exported(&mut conn, guild, version, &after.text, ROWS_AT_ONCE);
            let row = |(email, one): (String, sheet::Exported)| Row {
                place: Place {
                    text: email,
                    ..Place::default()
                },
                bytes: sheet::row(&one.cells(&self.names)),
            };
            Ok(page.await?.into_iter().map(row).collect())
        })
    }

    fn begin(&self, file: &mut Vec<u8>) {
        file.extend(sheet::head(&sheet::columns(&self.names)));
    }
}

struct Consents {
    app: App,
    guild: GuildId,
    version: i64,
}

impl Source for Consents {
    fn rows<'a>(&'a self, after: &'a Place) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(async move {
            let mut conn = self.app.db.read_page().await?;
            let (guild, version) = (self.guild, self.version);
            let behind = (after.text.as_str(), after.id);
            let page = store::decisions(&mut conn, guild, version, behind, ROWS_AT_ONCE).await?;
            let row = |decision: Decision| Row {
                place: Place {
                    text: decision.email.clone(),
                    id: decision.id,
                    ..Place::default()
                },
                bytes: sheet::row(&decision.cells()),
            };
            Ok(page.into_iter().map(row).collect())
        })
    }

    fn begin(&self, file: &mut Vec<u8>) {
        file.extend(sheet::head(&CONSENT_COLUMNS));
    }
}

/// A recorded decision on advertising.
pub(super) struct Decision {
    pub(super) id: i64,
    pub(super) email: String,
    pub(super) granted: bool,
    pub(super) decided_ms: i64,
    pub(super) source: String,
    pub(super) wording: String,
    pub(super) recorded_ms: i64,
}

impl Decision {
    fn cells(self) -> [String; 6] {
        let at = |ms: i64| {
            let at = DateTime::from_timestamp_millis(ms);
            at.map(|at| at.to_rfc3339()).unwrap_or_default()
        };
        let decision = if self.granted { "agreed" } else { "refused" };
        [
            self.email,
            decision.to_owned(),
            at(self.decided_ms),
            self.source,
            self.wording,
            at(self.recorded_ms),
        ]
    }
}
