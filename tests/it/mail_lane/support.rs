//! An author whose mails say whose they are, and the story of an occurrence.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex};

use timeattack::clock::Clock;
use timeattack::db::{BoxFuture, Tx};
use timeattack::error::Result;
use timeattack::ids::{DeliveryId, GuildId, OccurrenceId};
use timeattack::mailer::smtp::{Pool, Server};
use timeattack::mailer::{Letter, Mailer, MemoryMailer};
use timeattack::outbox::Class;
use timeattack::outbox::mail::{
    self, Author, Bounce, Delivery, Ending, Limits, Occurrence, Phase, Press, Progress, Recipient,
    Rest, State, Withheld,
};
use timeattack::run::MailMeans;
use tokio::sync::watch;

use crate::support::smtp::{Delivered, SmtpServer};
use crate::support::{GUILD, TestApp, execute};

/// Remembers what it was told.
#[derive(Default)]
pub struct Scribe {
    suppressed: Mutex<HashSet<String>>,
    bounces: Mutex<Vec<(String, Bounce)>>,
    endings: Mutex<Vec<(OccurrenceId, Ending)>>,
    rests: Mutex<Vec<(OccurrenceId, Rest)>>,
    holds: Arc<Holds>,
}

/// What takes as long as the test says.
#[derive(Default)]
struct Holds {
    held: Mutex<HashSet<String>>,
    released: Condvar,
    /// How often something waited.
    waited: watch::Sender<usize>,
}

impl Holds {
    fn wait(&self, what: &str) {
        let held = self.held.lock().unwrap();
        if held.contains(what) {
            self.waited.send_modify(|waited| *waited += 1);
            let is_held = |held: &mut HashSet<String>| held.contains(what);
            drop(self.released.wait_while(held, is_held).unwrap());
        }
    }
}

impl Scribe {
    /// Whoever is about to `open` or `write` mails of this content waits.
    pub fn hold(&self, what: &str, content: &str) {
        let held = format!("{what} {content}");
        self.holds.held.lock().unwrap().insert(held);
    }

    pub fn release(&self) {
        self.holds.held.lock().unwrap().clear();
        self.holds.released.notify_all();
    }

    /// Returns once something has waited so often.
    pub async fn waited(&self, times: usize) {
        let mut waited = self.holds.waited.subscribe();
        waited.wait_for(|waited| *waited >= times).await.unwrap();
    }

    pub fn suppress(&self, email: &str) {
        self.suppressed.lock().unwrap().insert(email.to_owned());
    }

    pub fn bounces(&self) -> Vec<(String, Bounce)> {
        self.bounces.lock().unwrap().clone()
    }

    pub fn endings(&self) -> Vec<(OccurrenceId, Ending)> {
        self.endings.lock().unwrap().clone()
    }

    pub fn rests(&self) -> Vec<(OccurrenceId, Rest)> {
        self.rests.lock().unwrap().clone()
    }
}

impl Author for Scribe {
    fn may_go<'t>(
        &'t self,
        _tx: &'t mut Tx,
        _guild: GuildId,
        _class: Class,
        emails: &'t [String],
    ) -> BoxFuture<'t, Result<Vec<Option<Withheld>>>> {
        let suppressed = self.suppressed.lock().unwrap();
        let answer = |email: &String| suppressed.contains(email).then_some(Withheld::Suppressed);
        let answers = emails.iter().map(answer).collect();
        Box::pin(async move { Ok(answers) })
    }

    fn press(&self, occurrence: &Occurrence) -> Result<Arc<dyn Press>> {
        self.holds.wait(&format!("open {}", occurrence.content));
        Ok(Arc::new(Plain {
            content: occurrence.content.clone(),
            holds: Arc::clone(&self.holds),
        }))
    }

    fn bounced<'t>(
        &'t self,
        _tx: &'t mut Tx,
        _guild: GuildId,
        email: &'t str,
        bounce: Bounce,
        _now_ms: i64,
    ) -> BoxFuture<'t, Result<()>> {
        self.bounces
            .lock()
            .unwrap()
            .push((email.to_owned(), bounce));
        Box::pin(async { Ok(()) })
    }

    fn ended<'t>(
        &'t self,
        _tx: &'t mut Tx,
        occurrence: OccurrenceId,
        ending: Ending,
        _now_ms: i64,
    ) -> BoxFuture<'t, Result<()>> {
        self.endings.lock().unwrap().push((occurrence, ending));
        Box::pin(async { Ok(()) })
    }

    fn resting<'t>(
        &'t self,
        _tx: &'t mut Tx,
        occurrence: OccurrenceId,
        rest: Rest,
        _now_ms: i64,
    ) -> BoxFuture<'t, Result<()>> {
        self.rests.lock().unwrap().push((occurrence, rest));
        Box::pin(async { Ok(()) })
    }
}

/// `broken` and `panics` are contents; everything else is written.
struct Plain {
    content: String,
    holds: Arc<Holds>,
}

impl Press for Plain {
    fn write(&self, recipient: &Recipient, _now_ms: i64) -> Result<Letter, String> {
        self.holds.wait(&format!("write {}", self.content));
        let fault = (recipient.name == "fault").then_some(self.content.as_str());
        assert_ne!(fault, Some("panics"), "as the test ordered");
        if fault == Some("broken") {
            return Err("there is no field called “city”".to_owned());
        }
        // More than the buffers on the way take, or some more than a kilobyte.
        let lines = if self.content == "huge" { 300_000 } else { 20 };
        let filler = "x".repeat(70) + "\r\n";
        Ok(Letter {
            from: "news@example.org".parse().unwrap(),
            to: recipient.address.parse().unwrap(),
            mail: format!(
                "X-Delivery: {}\r\n\r\n{}",
                recipient.id,
                filler.repeat(lines)
            )
            .into(),
        })
    }
}

/// Which delivery a mail is.
pub fn delivery_of(mail: &[u8]) -> DeliveryId {
    let text = String::from_utf8_lossy(mail);
    let id = text.strip_prefix("X-Delivery: ").unwrap();
    DeliveryId(id.split_once("\r\n").unwrap().0.parse().unwrap())
}

/// How often each was accepted.
pub fn accepted(delivered: &[Delivered]) -> HashMap<DeliveryId, usize> {
    let mut counts = HashMap::new();
    for one in delivered {
        *counts.entry(delivery_of(&one.mail)).or_default() += 1;
    }
    counts
}

pub fn limits() -> Limits {
    Limits {
        connections: 4,
        ..Limits::default()
    }
}

fn means(author: &Arc<Scribe>, mailer: Mailer, limits: Limits) -> MailMeans {
    MailMeans {
        mailer: Arc::new(mailer),
        limits,
        author: Some(Arc::clone(author) as Arc<dyn Author>),
        ..MailMeans::default()
    }
}

/// The program with a mailer that remembers.
pub async fn with_memory(limits: Limits) -> (TestApp, Arc<Scribe>, Arc<MemoryMailer>) {
    let author = Arc::new(Scribe::default());
    let memory = Arc::new(MemoryMailer::default());
    let mailer = Mailer::Memory(Arc::clone(&memory));
    let app = TestApp::with_mail(|_| means(&author, mailer, limits)).await;
    (app, author, memory)
}

/// The program with a mail server.
pub async fn with_server(limits: Limits) -> (TestApp, Arc<Scribe>, SmtpServer) {
    let (author, server) = (Arc::new(Scribe::default()), SmtpServer::start().await);
    let (scribe, address) = (Arc::clone(&author), server.address);
    let made = move |clock: &Clock| {
        let server = Server::parse(&format!("smtp://{address}")).unwrap();
        let pool = Pool::new(server, limits.connections, clock.clone());
        means(&scribe, Mailer::Smtp(pool), limits.clone())
    };
    (TestApp::with_mails(made).await, author, server)
}

/// An occurrence that is to be sent.
pub struct Sending {
    pub content: &'static str,
    pub recipients: usize,
    /// This one is called `fault`.
    pub fault: Option<usize>,
    pub is_test: bool,
}

impl Default for Sending {
    fn default() -> Self {
        Self {
            content: "news",
            recipients: 10,
            fault: None,
            is_test: false,
        }
    }
}

pub async fn frozen(app: &TestApp, recipients: usize) -> OccurrenceId {
    begun(
        app,
        Sending {
            recipients,
            ..Sending::default()
        },
    )
    .await
}

/// Fills it, begins it, and says so to the lane.
pub async fn begun(app: &TestApp, sending: Sending) -> OccurrenceId {
    let id = filled(app, sending).await;
    let job = (id, app.now_ms());
    let begun = app.app().db.write(job, |tx, (id, now_ms)| {
        Box::pin(mail::begin(tx, *id, *now_ms))
    });
    assert!(begun.await.unwrap());
    app.app().outbox.wake_mails();
    id
}

/// Fills it.
pub async fn filled(app: &TestApp, sending: Sending) -> OccurrenceId {
    let handles = app.app();
    let next = || handles.ids.next(&handles.clock);
    let occurrence = Occurrence {
        id: OccurrenceId(next()),
        guild: GUILD,
        guild_name: "Study Room".into(),
        class: Class::Notice,
        content: sending.content.into(),
        is_test: sending.is_test,
    };
    let id = occurrence.id;
    let recipient = |number: usize| Recipient {
        id: DeliveryId(next()),
        occurrence: id,
        email: format!("member{number}@example.org"),
        address: format!("Member{number}@example.org"),
        name: if sending.fault == Some(number) {
            "fault".into()
        } else {
            format!("Member {number}")
        },
        fields: BTreeMap::from([("city".to_owned(), "서울".to_owned())]),
    };
    let recipients: Vec<_> = (0..sending.recipients).map(recipient).collect();
    let job = (occurrence, recipients, app.now_ms());
    let filled = handles
        .db
        .write(job, |tx, (occurrence, recipients, now_ms)| {
            Box::pin(async move {
                mail::open(tx, occurrence, *now_ms).await?;
                mail::add(tx, recipients, *now_ms).await?;
                // Who is in it already is not added again.
                mail::add(tx, &recipients[..recipients.len().min(3)], *now_ms).await
            })
        });
    filled.await.unwrap();
    id
}

/// One that has ended, with so many rows in this state.
pub async fn ended(app: &TestApp, recipients: usize, state: State) -> OccurrenceId {
    let sending = Sending {
        recipients,
        ..Sending::default()
    };
    let id = filled(app, sending).await;
    let (now_ms, state) = (app.now_ms(), state.as_str());
    for sql in [
        format!(
            "UPDATE deliveries SET state = '{state}', reason = 'as it was', attempt = 1, \
             ended_ms = {now_ms} WHERE occurrence_id = {id}"
        ),
        format!(
            "UPDATE occurrences SET phase = 'ended', began_ms = {now_ms}, ended_ms = {now_ms} \
             WHERE id = {id}"
        ),
    ] {
        execute(&app.app().db, sql).await.unwrap();
    }
    id
}

/// What an admin does to it.
#[derive(Clone, Copy)]
pub enum Deed {
    Pause,
    Resume,
    Cancel,
}

pub async fn does(app: &TestApp, deed: Deed, id: OccurrenceId) -> bool {
    let job = (deed, id, app.now_ms());
    let done = app.app().db.write(job, |tx, (deed, id, now_ms)| {
        Box::pin(async move {
            match deed {
                Deed::Pause => mail::pause(tx, GUILD, *id, *now_ms).await,
                Deed::Resume => mail::resume(tx, GUILD, *id, *now_ms).await,
                Deed::Cancel => mail::cancel(tx, GUILD, *id, *now_ms).await,
            }
        })
    });
    let done = done.await.unwrap();
    app.app().outbox.wake_mails();
    done
}

pub async fn retried(app: &TestApp, id: OccurrenceId, unknown: bool) -> i64 {
    let retried = decided_to_retry(app, id, unknown).await;
    app.app().outbox.wake_mails();
    retried
}

/// The same, and the lane has not heard of it.
pub async fn decided_to_retry(app: &TestApp, id: OccurrenceId, unknown: bool) -> i64 {
    let failed = counts(app, id)
        .await
        .into_iter()
        .filter(|(state, _)| *state == State::Discarded || (unknown && *state == State::Unknown));
    let failed: i64 = failed.map(|(_, count)| count).sum();
    let job = (id, unknown, app.now_ms());
    let retried = app.app().db.write(job, |tx, (id, unknown, now_ms)| {
        Box::pin(mail::retry_failed(tx, GUILD, *id, *unknown, *now_ms))
    });
    if retried.await.unwrap() { failed } else { 0 }
}

pub async fn abandoned(app: &TestApp, id: OccurrenceId) {
    let job = (id, app.now_ms());
    let abandoned = app.app().db.write(job, |tx, (id, now_ms)| {
        Box::pin(mail::abandon(tx, *id, *now_ms))
    });
    abandoned.await.unwrap();
}

/// It is told that this mail came back.
pub async fn came_back(app: &TestApp, id: DeliveryId, why: &'static str) {
    let job = (id, app.now_ms());
    let back = app.app().db.write(job, |tx, (id, now_ms)| {
        Box::pin(mail::came_back(tx, *id, why, *now_ms))
    });
    back.await.unwrap();
}

/// How far it is; `None`: there is none.
pub async fn known(app: &TestApp, id: OccurrenceId) -> Option<Progress> {
    let mut conn = app.app().db.read().await.unwrap();
    mail::progress(&mut conn, GUILD, id).await.unwrap()
}

pub async fn progress(app: &TestApp, id: OccurrenceId) -> Progress {
    known(app, id).await.unwrap()
}

pub async fn phase(app: &TestApp, id: OccurrenceId) -> Phase {
    progress(app, id).await.phase
}

pub async fn counts(app: &TestApp, id: OccurrenceId) -> Vec<(State, i64)> {
    progress(app, id).await.counts.into_iter().collect()
}

pub async fn rows(app: &TestApp, id: OccurrenceId) -> Vec<Delivery> {
    let mut conn = app.app().db.read().await.unwrap();
    let rows = mail::page(&mut conn, GUILD, id, DeliveryId(0), 100_000).await;
    rows.unwrap()
}

/// The one row in this state.
pub async fn one(app: &TestApp, id: OccurrenceId, state: State) -> Delivery {
    let mut rows = rows(app, id).await;
    rows.retain(|row| row.state == state);
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}
