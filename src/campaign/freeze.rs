//! From a confirmation to the first mail, and what admins do to what is being sent.

use super::preflight::{self, next_page, require_allowed};
use super::press::Use;
use super::store::{self, Freezing, Frozen};
use super::{Campaign, State, find};
use crate::app::App;
use crate::db::Tx;
use crate::documents::Patience;
use crate::error::{CampaignError, Error, Result, UserError};
use crate::ids::{GuildId, OccurrenceId};
use crate::outbox::mail;
use crate::subscriber;

/// The cursor of what the ledger does not know yet. Ids of subscribers are above 0.
const UNOPENED: i64 = -1;

/// What was shown is what goes out: at once, or at its time. Whoever confirms it [`freeze`]s it next;
/// should they not live to, [`super::keep_up`] does.
pub async fn confirm(app: &App, guild: GuildId, id: OccurrenceId) -> Result<Campaign> {
    require_allowed(app, guild)?;
    let job = (guild, id, app.clock.now_ms());
    let confirmed = app
        .db
        .write(job, |tx, (guild, id, now_ms)| {
            Box::pin(async move {
                let Some(campaign) = store::of_occurrence(tx, *guild, *id).await? else {
                    return Ok(Err(UserError::Outdated));
                };
                if store::confirm(tx, *guild, *id, *now_ms).await? {
                    return Ok(Ok(campaign));
                }
                let begun = store::has_begun(tx, campaign.id).await?;
                Ok(Err(if begun {
                    CampaignError::Begun.into()
                } else {
                    UserError::Outdated
                }))
            })
        })
        .await?;
    let campaign = confirmed?;
    app.campaigns.ring();
    tracing::info!(guild.id = %guild, campaign.id = %campaign.id, "a campaign was confirmed");
    Ok(campaign)
}

/// Adds an occurrence's recipients to the ledger, page by page, and begins to send. What was done of it
/// before is not done again, and two who do it at once do it once.
pub async fn freeze(app: &App, id: OccurrenceId) -> Result<()> {
    let mut conn = app.db.read().await?;
    let Some(Freezing { campaign, content }) = store::freezing(&mut conn, id).await? else {
        return Ok(());
    };
    drop(conn);
    let occurrence = preflight::in_ledger(&campaign, id, content);
    let frozen = pages(app, &campaign, &occurrence).await;
    match frozen {
        Err(Error::User(UserError::Campaign(fault))) => fail(app, id, fault).await,
        frozen => frozen,
    }
}

async fn pages(app: &App, campaign: &Campaign, occurrence: &mail::Occurrence) -> Result<()> {
    let id = occurrence.id;
    // The host may have changed its mind since it was scheduled.
    require_allowed(app, campaign.guild)?;
    let press = preflight::press(app, occurrence.clone(), Use::Proof, Patience::Steady).await?;
    loop {
        let mut conn = app.db.read_page().await?;
        let Some(frozen) = store::cursor(&mut conn, id).await? else {
            return Ok(());
        };
        drop(conn);
        let Frozen {
            cursor,
            audience,
            list_version,
        } = frozen;
        if cursor == UNOPENED {
            open(app, occurrence).await?;
            continue;
        }
        let Some(page) = next_page(app, campaign, list_version, cursor).await? else {
            if audience == 0 {
                return Err(nobody_left(app, campaign).await?);
            }
            return begin(app, id, cursor).await;
        };
        let proofs = preflight::proofs(app, campaign.guild, &press, id, page.readers, 0).await?;
        let job = (
            id,
            (cursor, page.last),
            proofs.recipients,
            app.clock.now_ms(),
        );
        app.db
            .write_piece(job, |tx, (id, step, recipients, now_ms)| {
                Box::pin(add(tx, *id, *step, recipients, *now_ms))
            })
            .await?;
    }
}

async fn add(
    tx: &mut Tx,
    id: OccurrenceId,
    step: (i64, i64),
    recipients: &[mail::Recipient],
    now_ms: i64,
) -> Result<()> {
    let added = i64::try_from(recipients.len()).unwrap_or(i64::MAX);
    // Conditional, because another process may be at the same page: whichever UPDATE matches adds it.
    if store::advance(tx, id, step, added, now_ms).await? {
        mail::add(tx, recipients, now_ms).await?;
    }
    Ok(())
}

async fn open(app: &App, occurrence: &mail::Occurrence) -> Result<()> {
    let job = (occurrence.clone(), app.clock.now_ms());
    app.db
        .write(job, |tx, (occurrence, now_ms)| {
            Box::pin(async move {
                if store::advance(tx, occurrence.id, (UNOPENED, 0), 0, *now_ms).await? {
                    // Whatever is imported from here on waits for the next campaign.
                    let version = subscriber::hold_list_version(tx, occurrence.guild).await?;
                    store::keep_version(tx, occurrence.id, version).await?;
                    mail::open(tx, occurrence, *now_ms).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Whoever has become a subscriber since the last page was read waits for the next campaign.
async fn begin(app: &App, id: OccurrenceId, cursor: i64) -> Result<()> {
    let job = (id, cursor, app.clock.now_ms());
    let begun = app
        .db
        .write(job, |tx, (id, cursor, now_ms)| {
            Box::pin(async move {
                let is_there = store::advance(tx, *id, (*cursor, *cursor), 0, *now_ms).await?;
                if !is_there || !store::begin(tx, *id, *now_ms).await? {
                    return Ok(false);
                }
                mail::begin(tx, *id, *now_ms).await?;
                Ok(true)
            })
        })
        .await?;
    if begun {
        app.outbox.wake_mails();
        tracing::info!(occurrence.id = %id, "a campaign is being sent");
    }
    Ok(())
}

async fn nobody_left(app: &App, campaign: &Campaign) -> Result<Error> {
    let left_out = preflight::audience(app, campaign).await?.left_out;
    let fault = CampaignError::NobodyLeft {
        segment: left_out.segment,
        suppressed: left_out.suppressed,
        no_consent: left_out.no_consent,
    };
    Ok(fault.into())
}

/// It cannot begin: nothing of it was sent, and nothing of it stays in the ledger.
async fn fail(app: &App, id: OccurrenceId, fault: CampaignError) -> Result<()> {
    let job = (id, fault, app.clock.now_ms());
    app.db
        .write(job, |tx, (id, fault, now_ms)| {
            Box::pin(async move {
                if store::fail(tx, *id, fault, *now_ms).await? {
                    mail::abandon(tx, *id, *now_ms).await?;
                }
                Ok(())
            })
        })
        .await?;
    app.outbox.wake_mails();
    app.campaigns.ring();
    tracing::warn!(occurrence.id = %id, "a campaign could not start");
    Ok(())
}

/// Nothing more is sent from now on, until it is resumed.
pub async fn pause(app: &App, guild: GuildId, name: &str) -> Result<Campaign> {
    let (campaign, id) = underway(app, guild, name).await?;
    let job = (guild, id, app.clock.now_ms());
    let paused = app
        .db
        .write(job, |tx, (guild, id, now_ms)| {
            Box::pin(mail::pause(tx, *guild, *id, *now_ms))
        })
        .await?;
    if paused {
        tracing::info!(occurrence.id = %id, "a campaign was paused");
        Ok(campaign)
    } else {
        Err(CampaignError::NotSending.into())
    }
}

/// What was paused, or stopped by a server's refusal, goes on.
pub async fn resume(app: &App, guild: GuildId, name: &str) -> Result<Campaign> {
    require_allowed(app, guild)?;
    let (campaign, id) = underway(app, guild, name).await?;
    let job = (guild, id, app.clock.now_ms());
    let resumed = app
        .db
        .write(job, |tx, (guild, id, now_ms)| {
            Box::pin(mail::resume(tx, *guild, *id, *now_ms))
        })
        .await?;
    if !resumed {
        return Err(CampaignError::NotPaused.into());
    }
    app.outbox.wake_mails();
    tracing::info!(occurrence.id = %id, "a campaign was resumed");
    Ok(campaign)
}

async fn underway(app: &App, guild: GuildId, name: &str) -> Result<(Campaign, OccurrenceId)> {
    let mut conn = app.db.read().await?;
    let campaign = find(&mut conn, guild, name).await?;
    let last = store::last(&mut conn, guild, campaign.id).await?;
    match last {
        Some(last) if last.state == State::Sending => Ok((campaign, last.id)),
        _ => Err(CampaignError::NotSending.into()),
    }
}

/// What is left of a campaign is not sent: what waits, what is scheduled, or what was only shown or
/// not even that.
pub async fn cancel(app: &App, guild: GuildId, name: &str) -> Result<(Campaign, State)> {
    let mut conn = app.db.read().await?;
    let campaign = find(&mut conn, guild, name).await?;
    let last = store::last(&mut conn, guild, campaign.id).await?;
    drop(conn);
    if let Some(last) = last {
        let was = cancel_occurrence(app, guild, last.id).await?;
        return Ok((campaign, was));
    }
    let id = OccurrenceId(app.ids.next(&app.clock));
    let job = (campaign.clone(), id, app.clock.now_ms());
    let given_up = app
        .db
        .write(job, |tx, (campaign, id, now_ms)| {
            Box::pin(store::give_up(tx, campaign, *id, *now_ms))
        })
        .await?;
    if !given_up {
        return Err(UserError::Outdated.into());
    }
    tracing::info!(campaign.id = %campaign.id, "a campaign was cancelled before it was sent");
    Ok((campaign, State::Draft))
}

/// The same of an occurrence that a button names.
pub async fn cancel_occurrence(app: &App, guild: GuildId, id: OccurrenceId) -> Result<State> {
    let job = (guild, id, app.clock.now_ms());
    let was = app
        .db
        .write(job, |tx, (guild, id, now_ms)| {
            Box::pin(async move {
                let was = store::cancel(tx, *guild, *id, *now_ms).await?;
                match was {
                    Some(State::Freezing) => mail::abandon(tx, *id, *now_ms).await?,
                    Some(State::Sending) => {
                        mail::cancel(tx, *guild, *id, *now_ms).await?;
                    }
                    _ => {}
                }
                Ok(was)
            })
        })
        .await?;
    let was = was.ok_or(CampaignError::NothingToCancel)?;
    app.outbox.wake_mails();
    tracing::info!(occurrence.id = %id, "a campaign was cancelled");
    Ok(was)
}

/// What of a campaign could be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Of which occurrence.
    pub id: OccurrenceId,
    /// Refused for good.
    pub failed: i64,
    /// What may have arrived.
    pub unknown: i64,
}

/// What of a campaign could be sent again ([`retry`]), if anything.
pub async fn failed(app: &App, guild: GuildId, name: &str) -> Result<Failed> {
    let status = super::status(app, guild, name).await?;
    let id = match &status.occurrence {
        Some(one) if matches!(one.state, State::Sending | State::Done) => one.id,
        Some(one) if one.state == State::Cancelled && one.began_ms.is_some() => {
            return Err(CampaignError::Cancelled.into());
        }
        _ => return Err(CampaignError::NotBegun.into()),
    };
    let failed = status.count(&[mail::State::Discarded]);
    let unknown = status.count(&[mail::State::Unknown]);
    if failed + unknown == 0 {
        return Err(CampaignError::NothingFailed.into());
    }
    if status.is_forgotten() {
        return Err(forgotten());
    }
    Ok(Failed {
        id,
        failed,
        unknown,
    })
}

fn forgotten() -> Error {
    let days = mail::KEPT_DAYS;
    CampaignError::Forgotten { days }.into()
}

/// What was refused for good is tried again; with `unknown`, also what may have arrived. Returns how
/// many.
pub async fn retry(app: &App, guild: GuildId, id: OccurrenceId, unknown: bool) -> Result<i64> {
    require_allowed(app, guild)?;
    let mut conn = app.db.read().await?;
    let progress = mail::progress(&mut conn, guild, id).await?;
    drop(conn);
    let forgotten_ms = progress.as_ref().and_then(|one| one.forgotten_ms);
    let job = (guild, id, unknown, forgotten_ms, app.clock.now_ms());
    app.db
        .write(job, |tx, (guild, id, unknown, forgotten_ms, now_ms)| {
            Box::pin(async move {
                if !store::send_again(tx, *guild, *id, *now_ms).await? {
                    let campaign = store::of_occurrence(tx, *guild, *id).await?;
                    campaign.ok_or(CampaignError::Unknown)?;
                    return Err(CampaignError::Cancelled.into());
                }
                if mail::retry_failed(tx, *guild, *id, *unknown, *now_ms).await? {
                    return Ok(());
                }
                // Undoes the change above: nothing is sent, so nothing would come to its end.
                Err(match forgotten_ms {
                    Some(_) => forgotten(),
                    None => CampaignError::NothingFailed.into(),
                })
            })
        })
        .await?;
    app.outbox.wake_mails();
    let failed = |state| progress.as_ref()?.counts.get(&state).copied();
    let again = failed(mail::State::Discarded).unwrap_or(0)
        + failed(mail::State::Unknown)
            .filter(|_| unknown)
            .unwrap_or(0);
    // One may have failed since they were counted.
    let again = again.max(1);
    tracing::info!(occurrence.id = %id, again, "sending a campaign's failed emails again");
    Ok(again)
}

/// Freezes it beside whoever asked, who need not wait for it.
pub fn freeze_beside(app: &App, id: OccurrenceId) {
    let app = app.clone();
    tokio::spawn(async move {
        if let Err(error) = freeze(&app, id).await {
            let error = format!("{error:#}");
            tracing::warn!(error, "a campaign could not be started; trying again");
        }
    });
}
