//! A server with subscribers and templates, whose mails are kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use timeattack::app::App;
use timeattack::campaign::{self, Audience, Campaign, Draft, Kind, Preflight, Status};
use timeattack::error::{Error, Result};
use timeattack::guild::{self, Change};
use timeattack::ids::{OccurrenceId, UserId};
use timeattack::mailer::{EmailAddress, Mailer, MemoryMailer};
use timeattack::outbox::mail::Limits;
use timeattack::run::MailMeans;
use timeattack::sender::{Guilds, Sender};
use timeattack::subscriber::{self, Consent, Entry, attributes};
use timeattack::template::{self, Upload};

use crate::support::{CHANNEL, GUILD, TestApp, execute, mail_means, seconds};

const ADMIN: UserId = UserId(9);

pub struct Post {
    pub app: TestApp,
    /// Every mail that was sent.
    pub mails: Arc<MemoryMailer>,
}

/// A template of this subject and body.
pub fn template(subject: &str, html: &str) -> Upload {
    Upload {
        name: String::new(),
        subject: subject.into(),
        html: html.as_bytes().to_vec(),
        images: Vec::new(),
    }
}

impl Post {
    pub async fn start() -> Self {
        Self::with(|means| means).await
    }

    /// With so many mails a second.
    pub async fn at_a_rate(rate: f64) -> Self {
        let limits = Limits {
            rate,
            ..Limits::default()
        };
        Self::with(|means| MailMeans { limits, ..means }).await
    }

    /// The host lets nobody send.
    pub async fn of_no_guild() -> Self {
        Self::with(|means| {
            let all = mail_means(Mailer::Memory(Arc::default()));
            let sender = Arc::into_inner(all.sender).unwrap();
            let sender = Arc::new(Sender {
                guilds: Guilds::Only([].into()),
                ..sender
            });
            MailMeans { sender, ..means }
        })
        .await
    }

    /// The host lets it send as long as `is_let` says so when a process starts; ten mails a second.
    pub async fn let_by_the_host(is_let: Arc<AtomicBool>) -> Self {
        let mails = Arc::new(MemoryMailer::default());
        let kept = Arc::clone(&mails);
        let app = TestApp::with_mails(move |_| {
            let all = mail_means(Mailer::Memory(Arc::clone(&kept)));
            let none = Guilds::Only([].into());
            let guilds = if is_let.load(Ordering::SeqCst) {
                Guilds::All
            } else {
                none
            };
            let sender = Arc::into_inner(all.sender).unwrap();
            let limits = Limits {
                rate: 10.0,
                ..Limits::default()
            };
            let sender = Arc::new(Sender { guilds, ..sender });
            MailMeans {
                sender,
                limits,
                ..all
            }
        })
        .await;
        Self { app, mails }
    }

    async fn with(change: impl FnOnce(MailMeans) -> MailMeans) -> Self {
        let mails = Arc::new(MemoryMailer::default());
        let means = change(mail_means(Mailer::Memory(Arc::clone(&mails))));
        let app = TestApp::with_mail(|_| means).await;
        Self { app, mails }
    }

    pub async fn inside<T, F>(&self, work: impl FnOnce(App) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.app.inside(work).await
    }

    pub async fn killed_for(self, ms: i64) -> Self {
        Self {
            app: self.app.killed_for(ms).await,
            mails: self.mails,
        }
    }

    /// Saves a template, in the place of one of the same name.
    pub async fn template(&self, name: &str, upload: Upload) {
        let upload = Upload {
            name: name.to_owned(),
            ..upload
        };
        self.inside(async move |app| template::save(&app, GUILD, ADMIN, upload).await)
            .await
            .unwrap();
    }

    pub async fn subscriber(&self, email: &str, name: &str, attributes: &str) {
        self.added(email, name, attributes, None).await;
    }

    /// An admin removes somebody.
    pub async fn leaves(&self, email: &str) {
        let email = EmailAddress::parse(email).unwrap();
        self.inside(async move |app| subscriber::remove(&app, GUILD, &email, false).await)
            .await
            .unwrap();
    }

    /// One who agreed to advertising.
    pub async fn reader(&self, email: &str, name: &str) {
        let consent = Consent {
            decided_ms: self.app.now_ms() - 1_000,
            source: "fair".into(),
            wording: "I agree".into(),
        };
        self.added(email, name, "", Some(consent)).await;
    }

    async fn added(&self, email: &str, name: &str, known: &str, consent: Option<Consent>) {
        let entry = Entry {
            email: EmailAddress::parse(email).unwrap(),
            name: name.into(),
            attributes: attributes::parse(known).unwrap(),
            consent,
        };
        self.inside(async move |app| subscriber::add(&app, GUILD, entry).await)
            .await
            .unwrap();
    }

    /// So many of them.
    pub async fn subscribers(&self, count: i64) {
        let row = |n: i64| {
            format!(
                "({n}, {guild}, 'reader{n}@example.org', 'reader{n}@example.org', 'R{n}', '{{}}', 0, 0)",
                guild = GUILD.0
            )
        };
        let rows: Vec<String> = (1..=count).map(row).collect();
        let sql = format!(
            "INSERT INTO subscribers (id, guild_id, email, address, name, attributes, created_ms, \
             updated_ms) VALUES {}",
            rows.join(", ")
        );
        execute(&self.app.app().db, sql).await.unwrap();
    }

    pub async fn notice(&self, name: &str, segment: &str) -> Result<(Campaign, Audience)> {
        self.made(name, segment, Kind::Notice).await
    }

    pub async fn ad(&self, name: &str) -> Result<(Campaign, Audience)> {
        self.made(name, "", Kind::Ad).await
    }

    /// A campaign of the template “news”.
    async fn made(&self, name: &str, segment: &str, kind: Kind) -> Result<(Campaign, Audience)> {
        let draft = Draft {
            guild: GUILD,
            guild_name: "Study".into(),
            author: ADMIN,
            name: name.into(),
            template: "news".into(),
            segment: segment.into(),
            kind,
        };
        self.inside(async move |app| campaign::create(&app, draft).await)
            .await
    }

    pub async fn proves(&self, name: &str) -> Result<Preflight> {
        let name = name.to_owned();
        self.inside(async move |app| campaign::prove(&app, GUILD, &name, None).await)
            .await
    }

    pub async fn proves_for(&self, name: &str, at_ms: i64) -> Result<Preflight> {
        let name = name.to_owned();
        self.inside(async move |app| campaign::prove(&app, GUILD, &name, Some(at_ms)).await)
            .await
    }

    /// It is confirmed, frozen and sent.
    pub async fn sends(&self, id: OccurrenceId) -> Result<Campaign, Error> {
        let sent = self
            .inside(async move |app| {
                let campaign = campaign::confirm(&app, GUILD, id).await?;
                campaign::freeze(&app, id).await?;
                Ok(campaign)
            })
            .await;
        self.app.settle().await;
        sent
    }

    pub async fn tests(&self, name: &str, to: EmailAddress) -> Result<()> {
        let name = name.to_owned();
        self.inside(async move |app| campaign::test(&app, GUILD, &name, &to).await)
            .await
    }

    pub async fn status(&self, name: &str) -> Status {
        let name = name.to_owned();
        self.inside(async move |app| campaign::status(&app, GUILD, &name).await)
            .await
            .unwrap()
    }

    /// How many are frozen.
    pub async fn frozen(&self, id: OccurrenceId) -> i64 {
        let status = self.inside(async move |app| campaign::status_of(&app, GUILD, id).await);
        status.await.unwrap().occurrence.map_or(0, |one| one.frozen)
    }

    /// Time passes until it is over: its keeper tells nobody when it looks.
    pub async fn until_over(&self, name: &str) {
        for _ in 0..200 {
            self.app.settle().await;
            if self.status(name).await.is_over() {
                return;
            }
            self.app.clock.advance_ms(seconds(1));
            tokio::task::yield_now().await;
        }
        panic!("it is not over: {:?}", self.status(name).await);
    }

    pub async fn alerts_channel(&self) {
        let change = Change::Channels {
            results: Some(Some(CHANNEL)),
            alerts: Some(Some(CHANNEL)),
            fallback: None,
        };
        self.inside(async move |app| guild::change(&app, GUILD, change).await)
            .await
            .unwrap();
    }

    /// To whom mails went, in order of their addresses.
    pub fn to(&self) -> Vec<String> {
        let letters = self.mails.letters();
        let mut to: Vec<String> = letters.iter().map(|one| one.to.normalised()).collect();
        to.sort();
        to
    }

    /// A mail as it was sent.
    pub fn mail(&self, index: usize) -> String {
        String::from_utf8(self.mails.letters()[index].mail.clone()).unwrap()
    }
}
