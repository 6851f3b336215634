//! How far a campaign is, and what became of it.

use chrono::DateTime;

use super::{Campaign, Occurrence, find, store};
use crate::app::App;
use crate::db::BoxFuture;
use crate::error::{CampaignError, Result};
use crate::export::{Files, Place, Row, Source};
use crate::ids::{DeliveryId, GuildId, OccurrenceId};
use crate::outbox::mail::{self, Delivery, Phase, Progress, Rest, State, Stretch};
use crate::subscriber::sheet;

/// Rows of the ledger read at once.
const ROWS_AT_ONCE: i64 = 1_000;
/// Stretches that a picture of its course has at most: one is a few pixels wide then.
const MOST_STRETCHES: i64 = 60;
/// The lengths that a stretch can have, so that its ends are round times.
const STEPS_MS: [i64; 11] = [
    1_000,
    5_000,
    15_000,
    60_000,
    300_000,
    900_000,
    3_600_000,
    10_800_000,
    21_600_000,
    86_400_000,
    604_800_000,
];
/// The columns of the file.
const COLUMNS: [&str; 7] = [
    "email",
    "name",
    "state",
    "reason",
    "server_id",
    "attempts",
    "ended_at",
];

/// How far a campaign is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Which.
    pub campaign: Campaign,
    /// Its last occurrence; `None`: nothing was confirmed yet.
    pub occurrence: Option<Occurrence>,
    /// What the ledger says of it.
    pub progress: Option<Progress>,
    /// Why no mail goes out at present, if none does.
    pub rest: Option<Rest>,
}

impl Status {
    /// Rows in these states.
    pub fn count(&self, states: &[State]) -> i64 {
        let counts = self.progress.as_ref().map(|progress| &progress.counts);
        let of = |state: &State| counts.and_then(|counts| counts.get(state)).copied();
        states.iter().filter_map(of).sum()
    }

    /// All of them.
    pub fn total(&self) -> i64 {
        let counts = self.progress.as_ref().map(|progress| &progress.counts);
        counts.map_or(0, |counts| counts.values().sum())
    }

    /// Those that have come to their end.
    pub fn done(&self) -> i64 {
        self.total() - self.count(&[State::Available, State::Running, State::Retryable])
    }

    /// Whether what its mails were made of was removed, long after its end.
    pub fn is_forgotten(&self) -> bool {
        let progress = self.progress.as_ref();
        progress.is_some_and(|progress| progress.forgotten_ms.is_some())
    }

    /// Whether nothing of it happens by itself any more.
    pub fn is_over(&self) -> bool {
        let is_scheduled = self.occurrence.as_ref().is_some_and(|one| {
            matches!(one.state, super::State::Scheduled | super::State::Freezing)
        });
        let phase = self.progress.as_ref().map(|progress| progress.phase);
        let is_sent = matches!(phase, Some(Phase::Filling | Phase::Sending | Phase::Paused));
        !is_scheduled && !is_sent
    }
}

/// How far a campaign is, by its name.
pub async fn status(app: &App, guild: GuildId, name: &str) -> Result<Status> {
    let mut conn = app.db.read().await?;
    let campaign = find(&mut conn, guild, name).await?;
    drop(conn);
    state_of(app, campaign).await
}

/// The same, by an occurrence of it.
pub async fn status_of(app: &App, guild: GuildId, id: OccurrenceId) -> Result<Status> {
    let mut conn = app.db.read().await?;
    let campaign = store::of_occurrence(&mut conn, guild, id).await?;
    drop(conn);
    state_of(app, campaign.ok_or(CampaignError::Unknown)?).await
}

async fn state_of(app: &App, campaign: Campaign) -> Result<Status> {
    let mut conn = app.db.read().await?;
    let occurrence = store::last(&mut conn, campaign.guild, campaign.id).await?;
    let progress = match &occurrence {
        Some(occurrence) => mail::progress(&mut conn, campaign.guild, occurrence.id).await?,
        None => None,
    };
    Ok(Status {
        campaign,
        occurrence,
        progress,
        rest: app.outbox.mails_rest(),
    })
}

/// What became of a campaign.
#[derive(Clone, Debug)]
pub struct Report {
    /// How far it is.
    pub status: Status,
    /// What happened when; the stretches in which something did.
    pub course: Vec<Stretch>,
    /// The length of a stretch.
    pub step_ms: i64,
}

/// What became of a campaign that has begun.
pub async fn report(app: &App, guild: GuildId, name: &str) -> Result<Report> {
    let status = status(app, guild, name).await?;
    let (Some(occurrence), Some(progress)) = (&status.occurrence, &status.progress) else {
        return Err(CampaignError::NotBegun.into());
    };
    let began_ms = progress.began_ms.or(occurrence.began_ms);
    let began_ms = began_ms.ok_or(CampaignError::NotBegun)?;
    let until_ms = progress.ended_ms.unwrap_or_else(|| app.clock.now_ms());
    let step_ms = step(until_ms - began_ms);
    let course = mail::timeline(&app.db, guild, occurrence.id, step_ms).await?;
    Ok(Report {
        status,
        course,
        step_ms,
    })
}

/// The shortest step of which there are few enough in `length_ms`.
fn step(length_ms: i64) -> i64 {
    let fits = |step: &&i64| length_ms / **step < MOST_STRETCHES;
    STEPS_MS.iter().find(fits).copied().unwrap_or(STEPS_MS[10])
}

/// A row per recipient, in files for spreadsheets of at most `most_bytes` each, of which there is always
/// one.
pub async fn files(
    app: &App,
    guild: GuildId,
    id: OccurrenceId,
    most_bytes: usize,
) -> Result<Files> {
    let recipients = Recipients {
        app: app.clone(),
        guild,
        id,
    };
    Files::plan(recipients, most_bytes).await
}

struct Recipients {
    app: App,
    guild: GuildId,
    id: OccurrenceId,
}

impl Source for Recipients {
    fn rows<'a>(&'a self, after: &'a Place) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(async move {
            let mut conn = self.app.db.read_page().await?;
            let after = DeliveryId(after.id);
            let page = mail::page(&mut conn, self.guild, self.id, after, ROWS_AT_ONCE).await?;
            let row = |delivery: &Delivery| Row {
                place: Place {
                    id: delivery.id.0,
                    ..Place::default()
                },
                bytes: sheet::row(&cells(delivery)),
            };
            Ok(page.iter().map(row).collect())
        })
    }

    fn begin(&self, file: &mut Vec<u8>) {
        file.extend(sheet::head(&COLUMNS));
    }

    fn is_never_empty(&self) -> bool {
        true
    }
}

fn cells(delivery: &Delivery) -> [String; 7] {
    let state = match delivery.state {
        State::Available => "waiting",
        State::Running => "sending",
        State::Retryable => "deferred",
        State::Completed => "sent",
        State::Discarded => "failed",
        State::Cancelled => "skipped",
        State::Unknown => "may_have_arrived",
    };
    let ended = delivery.ended_ms.and_then(DateTime::from_timestamp_millis);
    [
        delivery.address.clone(),
        delivery.name.clone(),
        state.to_owned(),
        delivery.reason.clone().unwrap_or_default(),
        delivery.server_id.clone().unwrap_or_default(),
        delivery.attempts.to_string(),
        ended.map(|at| at.to_rfc3339()).unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_has_few_stretches_of_round_lengths() {
        for (length_ms, expected_ms) in [
            (0, 1_000),
            (59_999, 1_000),
            (60_000, 5_000),
            (3_600_000, 300_000),
            (7 * 86_400_000, 10_800_000),
            (i64::MAX, 604_800_000),
        ] {
            assert_eq!(step(length_ms), expected_ms, "{length_ms}");
        }
    }
}
