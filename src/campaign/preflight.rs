//! Before anything is sent: who would get it, and every one of their mails merged once.

use std::sync::Arc;

use super::press::{Content, Press, Use, class};
use super::{Campaign, SUBSCRIBERS_AT_ONCE, find, store};
use crate::app::App;
use crate::documents::{Patience, Refusal};
use crate::error::{CampaignError, Error, Result, UserError};
use crate::ids::{DeliveryId, GuildId, OccurrenceId};
use crate::mailer::EmailAddress;
use crate::outbox::Class;
use crate::outbox::mail::{self, Recipient};
use crate::subscriber::{self, Exclusion, Reader};
use crate::template::{self, Frozen};

/// Mails that are shown before all are sent.
const SAMPLES: usize = 3;
/// Bytes of a mail above which it is slow to send, and cut short by Gmail (at 102 KB of HTML).
const LARGE: usize = 100_000;
/// Tests of one guild in an hour: a test goes to any address, and must be no way to write to many.
pub const TESTS_PER_HOUR: i64 = 20;
const HOUR_MS: i64 = 3_600_000;
/// How long all mails may take to be merged before they are shown: thirty times what a hundred thousand
/// of an ordinary template take, and within the 15 minutes in which Discord takes the answer.
const PROOF_MS: i64 = 5 * 60_000;

/// Who is left out, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// The segment does not mean them.
    pub segment: i64,
    /// Nothing, or no advertising, is sent to them.
    pub suppressed: i64,
    /// They have not agreed to advertising.
    pub no_consent: i64,
}

/// Who gets it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// So many do.
    pub total: i64,
    /// The others.
    pub left_out: LeftOut,
}

/// A merged mail, to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// To whom.
    pub address: String,
    /// Merged.
    pub subject: String,
    /// The text part, merged.
    pub text: String,
}

/// What an admin should know before they confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The largest mail has so many bytes.
    Large(usize),
    /// So many recipients have no name, and the template has it.
    Nameless(i64),
    /// Mails are not signed.
    Unsigned,
    /// The links in mails are not `https`.
    NotHttps,
    /// A notice without a way to refuse.
    NoWayOut,
}

/// What is confirmed.
#[derive(Clone, Debug)]
pub struct Preflight {
    /// Of which campaign.
    pub campaign: Campaign,
    /// By which it is confirmed.
    pub occurrence: OccurrenceId,
    /// Who gets it.
    pub audience: Audience,
    /// The first few mails.
    pub samples: Vec<Sample>,
    /// What to look at.
    pub warnings: Vec<Warning>,
    /// When it begins, if not at once.
    pub at_ms: Option<i64>,
}

/// Counts who would get it now.
pub(super) async fn audience(app: &App, campaign: &Campaign) -> Result<Audience> {
    let mut audience = Audience::default();
    let version = list_version(app, campaign.guild).await?;
    let mut after = 0;
    while let Some(page) = next_page(app, campaign, version, after).await? {
        after = page.last;
        audience.add(&page);
    }
    Ok(audience)
}

impl Audience {
    fn add(&mut self, page: &Readers) {
        self.total += i64::try_from(page.readers.len()).unwrap_or(i64::MAX);
        self.left_out.segment += page.left_out.segment;
        self.left_out.suppressed += page.left_out.suppressed;
        self.left_out.no_consent += page.left_out.no_consent;
    }

    fn require_somebody(&self) -> Result<(), CampaignError> {
        if self.total > 0 {
            return Ok(());
        }
        Err(CampaignError::NobodyLeft {
            segment: self.left_out.segment,
            suppressed: self.left_out.suppressed,
            no_consent: self.left_out.no_consent,
        })
    }
}

/// The next subscribers, without those who are left out.
pub(super) struct Readers {
    pub(super) readers: Vec<Reader>,
    /// Up to whom this page goes.
    pub(super) last: i64,
    pub(super) left_out: LeftOut,
}

/// The version of the guild's list that is in effect: all pages are of one.
async fn list_version(app: &App, guild: GuildId) -> Result<i64> {
    let mut conn = app.db.read().await?;
    subscriber::list_version(&mut conn, guild).await
}

/// The next page of a version of the list behind `after`; `None`: there is none.
pub(super) async fn next_page(
    app: &App,
    campaign: &Campaign,
    version: i64,
    after: i64,
) -> Result<Option<Readers>> {
    let guild = campaign.guild;
    let mut conn = app.db.read().await?;
    let most = SUBSCRIBERS_AT_ONCE;
    let page = subscriber::readers(&mut conn, guild, version, after, most).await?;
    // Whoever waits for a thread holds no connection.
    drop(conn);
    let Some(last) = page.last().map(|one| one.id) else {
        return Ok(None);
    };
    let all = page.len();
    let meant = match campaign.filter()? {
        None => page,
        Some(filter) => {
            let is_meant =
                move |one: &Reader| filter.matches(&one.name, &one.address, &one.attributes);
            let chosen = app.documents.run(guild, Patience::Steady, move |asker| {
                let page = page.into_iter().take_while(|_| !asker.is_gone());
                page.filter(is_meant).collect::<Vec<Reader>>()
            });
            chosen.await?
        }
    };
    let mut conn = app.db.read().await?;
    let mut left_out = LeftOut {
        segment: i64::try_from(all - meant.len()).unwrap_or(i64::MAX),
        ..LeftOut::default()
    };
    let emails: Vec<String> = meant.iter().map(|one| one.email.clone()).collect();
    let is_ad = campaign.kind.is_ad();
    let exclusions = subscriber::exclusions(&mut conn, guild, is_ad, &emails).await?;
    let mut readers = Vec::with_capacity(meant.len());
    for (reader, exclusion) in meant.into_iter().zip(exclusions) {
        match exclusion {
            None => readers.push(reader),
            Some(Exclusion::Suppressed) => left_out.suppressed += 1,
            Some(Exclusion::NoConsent) => left_out.no_consent += 1,
        }
    }
    Ok(Some(Readers {
        readers,
        last,
        left_out,
    }))
}

/// Whether this guild may send mail at all.
pub(super) fn require_allowed(app: &App, guild: GuildId) -> Result<()> {
    if !app.sender.guilds.has(guild) {
        return Err(CampaignError::NotAllowed.into());
    }
    app.sender.from()?;
    Ok(())
}

/// What a campaign's occurrence is in the ledger.
pub(super) fn in_ledger(
    campaign: &Campaign,
    id: OccurrenceId,
    content: String,
) -> mail::Occurrence {
    mail::Occurrence {
        id,
        guild: campaign.guild,
        guild_name: campaign.guild_name.clone(),
        class: class(campaign.kind.is_ad()),
        content,
        is_test: false,
    }
}

/// What its mails are made of, for the ledger.
fn content(campaign: &Campaign, template: Frozen) -> Result<String> {
    Ok(serde_json::to_string(&Content {
        template,
        is_ad: campaign.kind.is_ad(),
    })?)
}

/// Merges one mail after the other; made of a campaign as it would be sent.
pub(super) async fn press(
    app: &App,
    occurrence: mail::Occurrence,
    purpose: Use,
    patience: Patience,
) -> Result<Arc<Press>> {
    let sender = Arc::clone(&app.sender);
    let made = app
        .documents
        .run(occurrence.guild, patience, move |_| {
            Press::new(sender, &occurrence, purpose)
        })
        .await;
    Ok(Arc::new(made.map_err(refused)??))
}

/// A campaign whose mails take too long will take as long at the next try.
fn refused(refusal: Refusal) -> Error {
    match refusal {
        Refusal::TooSlow { .. } => CampaignError::TooSlow.into(),
        other => other.into(),
    }
}

/// The mails of a page, merged: what they came to.
pub(super) struct Proofs {
    pub(super) recipients: Vec<Recipient>,
    samples: Vec<Sample>,
    largest: usize,
    nameless: i64,
}

/// Merges and writes a page's mails, off the async threads: thousands take seconds. The first fault
/// ends it. Pages of other servers come in between.
pub(super) async fn proofs(
    app: &App,
    guild: GuildId,
    press: &Arc<Press>,
    occurrence: OccurrenceId,
    readers: Vec<Reader>,
    samples: usize,
) -> Result<Proofs> {
    let documents = app.documents.clone();
    let (app, press) = (app.clone(), Arc::clone(press));
    let proven = documents.run(guild, Patience::Steady, move |asker| {
        let now_ms = app.clock.now_ms();
        let mut proofs = Proofs {
            recipients: Vec::with_capacity(readers.len()),
            samples: Vec::new(),
            largest: 0,
            nameless: 0,
        };
        for reader in readers {
            if asker.is_gone() {
                return Err(Refusal::Stopping.into());
            }
            let id = DeliveryId(app.ids.next(&app.clock));
            let recipient = recipient(id, occurrence, reader);
            let (merged, letter) = written(&press, &recipient, now_ms)?;
            proofs.largest = proofs.largest.max(letter.mail.len());
            proofs.nameless += i64::from(recipient.name.trim().is_empty());
            if proofs.samples.len() < samples {
                proofs.samples.push(sample(&app, &recipient, merged));
            }
            proofs.recipients.push(recipient);
        }
        Ok(proofs)
    });
    proven.await.map_err(refused)?
}

/// Without the link by which the recipient leaves: whoever looks is somebody else, and it is long.
fn sample(app: &App, recipient: &Recipient, merged: template::Rendered) -> Sample {
    let url = app.sender.links.unsubscribe(recipient.id);
    Sample {
        address: recipient.address.clone(),
        subject: merged.subject,
        text: merged.text.replace(&url, "…"),
    }
}

fn written(
    press: &Press,
    recipient: &Recipient,
    now_ms: i64,
) -> Result<(template::Rendered, crate::mailer::Letter)> {
    let written = press.written(recipient, now_ms);
    Ok(written.map_err(|fault| CampaignError::Recipient {
        address: recipient.address.clone(),
        fault,
    })?)
}

fn recipient(id: DeliveryId, occurrence: OccurrenceId, reader: Reader) -> Recipient {
    Recipient {
        id,
        occurrence,
        email: reader.email,
        address: reader.address,
        name: reader.name,
        fields: reader.attributes,
    }
}

/// Merges every recipient's mail, and keeps what would be sent until it is confirmed. Nothing is sent.
pub async fn prove(app: &App, guild: GuildId, name: &str, at_ms: Option<i64>) -> Result<Preflight> {
    require_allowed(app, guild)?;
    let mut conn = app.db.read().await?;
    let campaign = find(&mut conn, guild, name).await?;
    if store::has_begun(&mut conn, campaign.id).await? {
        return Err(CampaignError::Begun.into());
    }
    let template = template::frozen(&mut conn, guild, &campaign.template).await?;
    drop(conn);
    let id = OccurrenceId(app.ids.next(&app.clock));
    let traits = Traits::of(&template);
    let content = content(&campaign, template)?;
    let occurrence = in_ledger(&campaign, id, content.clone());
    let press = press(app, occurrence, Use::Proof, Patience::Asked).await?;
    let latest_ms = app.clock.monotonic_ms() + PROOF_MS;
    let (mut audience, mut samples) = (Audience::default(), Vec::new());
    let (mut after, mut largest, mut nameless) = (0, 0, 0);
    let version = list_version(app, guild).await?;
    while let Some(page) = next_page(app, &campaign, version, after).await? {
        after = page.last;
        audience.add(&page);
        let more = SAMPLES - samples.len();
        let proofs = proofs(app, guild, &press, id, page.readers, more).await?;
        if app.clock.monotonic_ms() > latest_ms {
            return Err(CampaignError::TooSlow.into());
        }
        samples.extend(proofs.samples);
        largest = largest.max(proofs.largest);
        nameless += proofs.nameless;
    }
    audience.require_somebody()?;
    let new = store::NewOccurrence {
        id,
        campaign: campaign.id,
        guild,
        is_test: false,
        at_ms: at_ms.unwrap_or_default(),
        content,
        audience: audience.total,
    };
    let job = (new, app.clock.now_ms());
    app.db
        .write(job, |tx, (new, now_ms)| {
            Box::pin(store::insert_draft(tx, new, *now_ms))
        })
        .await?;
    Ok(Preflight {
        warnings: traits.warnings(app, &campaign, largest, nameless),
        campaign,
        occurrence: id,
        audience,
        samples,
        at_ms,
    })
}

/// What warnings go by.
struct Traits {
    has_name: bool,
    has_way_out: bool,
}

impl Traits {
    fn of(template: &Frozen) -> Self {
        let parts = [&template.subject, &template.html, &template.text];
        // Looked for as written: a warning may be wrong, and stops nothing.
        let names = |field: &str| {
            let begins = |part: &str| part.trim_start().starts_with(field);
            parts
                .iter()
                .any(|part| part.split("{{").skip(1).any(begins))
        };
        Self {
            has_name: names("name"),
            has_way_out: names("unsubscribe_url"),
        }
    }

    fn warnings(
        &self,
        app: &App,
        campaign: &Campaign,
        largest: usize,
        nameless: i64,
    ) -> Vec<Warning> {
        let sender = &app.sender;
        let is_https = sender.links.public_url().starts_with("https://");
        let all = [
            (largest > LARGE, Warning::Large(largest)),
            (self.has_name && nameless > 0, Warning::Nameless(nameless)),
            (sender.signer.is_none(), Warning::Unsigned),
            (!is_https, Warning::NotHttps),
            (
                !campaign.kind.is_ad() && !self.has_way_out,
                Warning::NoWayOut,
            ),
        ];
        let held = all.into_iter().filter(|(holds, _)| *holds);
        held.map(|(_, warning)| warning).collect()
    }
}

/// What `/campaign preview` shows.
#[derive(Clone, Debug)]
pub struct Specimen {
    /// Of which campaign.
    pub campaign: Campaign,
    /// The first few mails.
    pub samples: Vec<Sample>,
    /// The first of them as it would be sent.
    pub eml: Vec<u8>,
}

/// The mails of the first few recipients, the first of them whole. Its link leads nowhere: it is
/// nobody's.
pub async fn preview(app: &App, guild: GuildId, name: &str) -> Result<Specimen> {
    app.sender.from()?;
    let mut conn = app.db.read().await?;
    let campaign = find(&mut conn, guild, name).await?;
    let template = template::frozen(&mut conn, guild, &campaign.template).await?;
    drop(conn);
    let readers = first_readers(app, &campaign).await?;
    let id = OccurrenceId(app.ids.next(&app.clock));
    let occurrence = in_ledger(&campaign, id, content(&campaign, template)?);
    let press = press(app, occurrence, Use::Sending, Patience::Asked).await?;
    let documents = app.documents.clone();
    let app = app.clone();
    let written = documents.run(guild, Patience::Asked, move |_| {
        let (mut samples, mut eml) = (Vec::new(), Vec::new());
        for reader in readers {
            let recipient = recipient(DeliveryId(0), id, reader);
            let (merged, letter) = written(&press, &recipient, app.clock.now_ms())?;
            if samples.is_empty() {
                eml = letter.mail;
            }
            samples.push(sample(&app, &recipient, merged));
        }
        Ok::<_, Error>((samples, eml))
    });
    let (samples, eml) = written.await.map_err(refused)??;
    Ok(Specimen {
        campaign,
        samples,
        eml,
    })
}

/// The first few whom it would go to; if it would go to nobody, the first few subscribers.
async fn first_readers(app: &App, campaign: &Campaign) -> Result<Vec<Reader>> {
    let (mut readers, mut after) = (Vec::new(), 0);
    let version = list_version(app, campaign.guild).await?;
    while let Some(page) = next_page(app, campaign, version, after).await? {
        after = page.last;
        readers.extend(page.readers);
        if readers.len() >= SAMPLES {
            break;
        }
    }
    if readers.is_empty() {
        let mut conn = app.db.read().await?;
        let (guild, most) = (campaign.guild, SUBSCRIBERS_AT_ONCE);
        readers = subscriber::readers(&mut conn, guild, version, 0, most).await?;
    }
    readers.truncate(SAMPLES);
    if readers.is_empty() {
        return Err(UserError::NoSubscribers.into());
    }
    Ok(readers)
}

/// Sends one mail to any address, as the subscriber of that address would get it, or the first one.
pub async fn test(app: &App, guild: GuildId, name: &str, to: &EmailAddress) -> Result<()> {
    require_allowed(app, guild)?;
    let mut conn = app.db.read().await?;
    let campaign = find(&mut conn, guild, name).await?;
    let template = template::frozen(&mut conn, guild, &campaign.template).await?;
    let excluded = subscriber::exclusions(&mut conn, guild, false, &[to.normalised()]).await?;
    if excluded.iter().any(Option::is_some) {
        let address = to.to_string();
        return Err(CampaignError::TestSuppressed { address }.into());
    }
    let known = subscriber::reader(&mut conn, guild, &to.normalised()).await?;
    let like = match known {
        Some(reader) => reader,
        None => subscriber::first(&mut conn, guild)
            .await?
            .ok_or(UserError::NoSubscribers)?,
    };
    drop(conn);
    let reader = Reader {
        email: to.normalised(),
        address: to.to_string(),
        ..like
    };
    let id = OccurrenceId(app.ids.next(&app.clock));
    let occurrence = mail::Occurrence {
        // To whoever asked for it, so nobody's consent is needed; what it says stays the same.
        class: Class::Notice,
        is_test: true,
        ..in_ledger(&campaign, id, content(&campaign, template)?)
    };
    let press = press(app, occurrence.clone(), Use::Proof, Patience::Asked).await?;
    let proofs = proofs(app, guild, &press, id, vec![reader], 0).await?;
    let new = store::NewOccurrence {
        id,
        campaign: campaign.id,
        guild,
        is_test: true,
        at_ms: 0,
        content: String::new(),
        audience: 1,
    };
    let job = (new, occurrence, proofs.recipients, app.clock.now_ms());
    app.db
        .write(job, |tx, (new, occurrence, recipients, now_ms)| {
            Box::pin(async move {
                let tests = store::tests_since(tx, new.guild, now_ms - HOUR_MS, *now_ms).await?;
                if tests >= TESTS_PER_HOUR {
                    let most = TESTS_PER_HOUR;
                    return Err(CampaignError::TooManyTests { most }.into());
                }
                store::insert_test(tx, new, *now_ms).await?;
                mail::open(tx, occurrence, *now_ms).await?;
                mail::add(tx, recipients, *now_ms).await?;
                mail::begin(tx, occurrence.id, *now_ms).await?;
                Ok(())
            })
        })
        .await?;
    app.outbox.wake_mails();
    tracing::info!(guild.id = %guild, campaign.id = %campaign.id, "a test email of a campaign is sent");
    Ok(())
}
