//! Operators' alerts: what is said at their webhook, when, and how often.

use std::collections::VecDeque;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Json, State};
use axum::http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use sqlx::Executor as _;
use timeattack::alerts::webhook::Webhook;
use timeattack::alerts::{Alerts, Condition, Event};
use timeattack::clock::{Clock, ManualClock};
use timeattack::config::{LogConfig, LogFormat};
use timeattack::db::Db;
use timeattack::guild::{self, Change};
use timeattack::i18n::Language;
use timeattack::ids::{ChannelId, MessageId};
use timeattack::messenger::discord::DiscordMessenger;
use timeattack::messenger::memory::{Fault, Gate};
use timeattack::messenger::{Messenger, SendError};
use timeattack::run::{WorkerOptions, Workers};
use timeattack::telemetry;
use timeattack::timeattack::start_message::{self, Shown};
use timeattack::timeattack::{self as attacks, Actor, Start};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::local_discord::Place;
use crate::support::bot::turning;
use crate::support::{
    Database, GUILD, MEMBER, TestApp, execute, hours, minutes, read_only, seconds,
};

/// What a wait of these tests may take of real time.
const PATIENCE: Duration = Duration::from_secs(30);
/// The part of the address that nobody may see.
const SECRET: &str = "T0-canary";

/// An operators' webhook: keeps what it takes, and answers as it is told.
struct Hook {
    url: String,
    server: Arc<Server>,
}

struct Server {
    /// The next answers, one each; then 200.
    answers: Mutex<VecDeque<Answer>>,
    taken: watch::Sender<Vec<String>>,
    tried: watch::Sender<usize>,
}

#[derive(Clone, Copy)]
enum Answer {
    Status(u16),
    /// 429, with the seconds to wait.
    Later(&'static str),
}

impl Hook {
    async fn start() -> Self {
        let server = Arc::new(Server {
            answers: Mutex::default(),
            taken: watch::Sender::default(),
            tried: watch::Sender::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let path = format!("/services/{SECRET}");
        let router = axum::Router::new()
            .route(&path, axum::routing::post(answer))
            .with_state(Arc::clone(&server));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url: format!("http://{address}{path}"),
            server,
        }
    }

    fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.server.answers.lock().unwrap().extend(answers);
    }

    /// What it has taken.
    fn taken(&self) -> Vec<String> {
        self.server.taken.borrow().clone()
    }

    /// Waits until it was asked `count` times.
    async fn tried(&self, count: usize) {
        let mut tried = self.server.tried.subscribe();
        let waited = tried.wait_for(|tried| *tried >= count);
        let waited = tokio::time::timeout(PATIENCE, waited).await;
        assert!(waited.is_ok(), "it was asked {} times", self.tries());
    }

    fn tries(&self) -> usize {
        *self.server.tried.borrow()
    }

    /// Waits until it has taken an alert with `part`, and returns that.
    async fn said(&self, part: &str) -> String {
        let mut taken = self.server.taken.subscribe();
        let waited = taken.wait_for(|taken| find(taken, part).is_some());
        match tokio::time::timeout(PATIENCE, waited).await {
            Ok(taken) => find(&taken.unwrap(), part).unwrap(),
            Err(_) => panic!("no alert with “{part}” among {:#?}", self.taken()),
        }
    }

    /// How many alerts with `part` it has taken.
    fn count(&self, part: &str) -> usize {
        let taken = self.taken();
        taken.iter().filter(|text| text.contains(part)).count()
    }
}

fn find(taken: &[String], part: &str) -> Option<String> {
    taken.iter().find(|text| text.contains(part)).cloned()
}

async fn answer(
    State(server): State<Arc<Server>>,
    Json(body): Json<Value>,
) -> (StatusCode, HeaderMap) {
    let told = server.answers.lock().unwrap().pop_front();
    let (status, mut headers) = (StatusCode::OK, HeaderMap::new());
    let status = match told {
        None => {
            let text = body["text"].as_str().unwrap().to_owned();
            assert_eq!(body, json!({ "text": text }), "nothing else");
            server.taken.send_modify(|taken| taken.push(text));
            status
        }
        Some(Answer::Status(status)) => StatusCode::from_u16(status).unwrap(),
        Some(Answer::Later(seconds)) => {
            headers.insert("retry-after", seconds.parse().unwrap());
            StatusCode::TOO_MANY_REQUESTS
        }
    };
    server.tried.send_modify(|tried| *tried += 1);
    (status, headers)
}

/// Alerts alone, posted to a webhook.
struct Teller {
    alerts: Alerts,
    hook: Hook,
    clock: ManualClock,
    stop: CancellationToken,
    delivering: JoinHandle<()>,
}

impl Teller {
    async fn start() -> Self {
        let hook = Hook::start().await;
        let url = hook.url.clone();
        Self::at(&url, hook)
    }

    fn at(url: &str, hook: Hook) -> Self {
        let (clock, hand) = Clock::manual(0);
        let webhook = Webhook::new(SecretString::from(url)).unwrap();
        let alerts = Alerts::new(clock, Some(webhook));
        let stop = CancellationToken::new();
        let (teller, stopped) = (alerts.clone(), stop.clone());
        let delivering = tokio::spawn(async move { teller.deliver(stopped).await });
        Self {
            alerts,
            hook,
            clock: hand,
            stop,
            delivering,
        }
    }

    fn raise(&self, condition: Condition) {
        self.alerts.raise(condition, String::new());
    }

    /// Waits until the next try waits for its time.
    async fn waits(&self) {
        while self.clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Ends it, and tells what was taken.
    async fn end(self) -> Vec<String> {
        self.stop.cancel();
        self.delivering.await.unwrap();
        self.hook.taken()
    }
}

#[tokio::test]
async fn a_condition_is_said_once_and_so_is_its_end() {
    let teller = Teller::start().await;
    for _ in 0..3 {
        teller.raise(Condition::DatabaseAway);
        teller.clock.advance_ms(minutes(1));
    }
    teller.alerts.end(Condition::DatabaseAway);
    teller.alerts.end(Condition::DatabaseAway);
    assert_eq!(
        teller.end().await,
        [
            "timeattack: the database cannot be read.",
            "timeattack: over: the database cannot be read; it lasted 3 min.",
        ]
    );
}

#[tokio::test]
async fn what_flaps_is_held_back_until_ten_minutes_are_over() {
    let teller = Teller::start().await;
    for _ in 0..50 {
        teller.raise(Condition::DiskLow);
        teller.alerts.end(Condition::DiskLow);
        teller.alerts.happened(Event::Discarded, 2);
        teller.clock.advance_ms(seconds(10));
        teller.alerts.say_what_was_held_back();
    }
    teller.raise(Condition::DiskLow);
    teller.clock.advance_ms(seconds(100));
    teller.alerts.say_what_was_held_back();
    let taken = teller.end().await;
    let low = "timeattack: the disk with the database is nearly full.";
    assert_eq!(taken[0], low);
    assert!(taken[1].starts_with("timeattack: over: the disk"));
    assert_eq!(
        taken[2],
        "timeattack: the bot gave up on 2 messages; the log says why."
    );
    assert_eq!(taken[3], format!("{low} It began again 100 s ago."));
    assert_eq!(
        taken[4],
        "timeattack: the bot gave up on 98 messages; the log says why."
    );
    assert_eq!(taken.len(), 5);
}

#[tokio::test]
async fn a_webhook_that_fails_is_asked_again_and_takes_the_alerts_in_order() {
    let teller = Teller::start().await;
    teller.hook.answers([500, 502, 302].map(Answer::Status));
    teller.raise(Condition::TokenRefused);
    teller.hook.tried(1).await;
    teller.raise(Condition::DiskLow);
    for (tries, wait_ms) in [(1, 1_000), (2, 2_000), (3, 4_000)] {
        teller.waits().await;
        teller.clock.advance_ms(wait_ms - 1);
        assert_eq!(teller.clock.sleepers(), 1);
        assert_eq!(teller.hook.tries(), tries);
        teller.clock.advance_ms(1);
        teller.hook.tried(tries + 1).await;
    }
    teller.hook.said("the disk").await;
    let taken = teller.end().await;
    assert_eq!(taken.len(), 2);
    assert!(taken[0].contains("token"), "{taken:?}");
}

#[tokio::test]
async fn a_webhook_is_asked_again_when_it_said_so() {
    let teller = Teller::start().await;
    teller.hook.answers([Answer::Later("90")]);
    teller.raise(Condition::DiskLow);
    teller.hook.tried(1).await;
    teller.waits().await;
    teller.clock.advance_ms(seconds(90) - 1);
    assert_eq!(teller.clock.sleepers(), 1);
    teller.clock.advance_ms(1);
    teller.hook.said("the disk").await;
    teller.end().await;
}

#[tokio::test]
async fn a_refused_alert_is_dropped_and_the_next_goes_out() {
    let teller = Teller::start().await;
    teller.hook.answers([Answer::Status(404)]);
    teller.raise(Condition::DiskLow);
    teller.raise(Condition::DatabaseAway);
    teller.hook.said("the database cannot be read").await;
    assert_eq!(teller.end().await.len(), 1);
}

#[tokio::test]
async fn what_no_webhook_took_for_a_day_is_dropped_and_counted() {
    let teller = Teller::start().await;
    teller.hook.answers([Answer::Later("86400")]);
    teller.raise(Condition::DiskLow);
    teller.hook.tried(1).await;
    teller.waits().await;
    teller.raise(Condition::LogLong);
    teller.clock.advance_ms(hours(24) - 1);
    teller.raise(Condition::DatabaseAway);
    teller.clock.advance_ms(1);
    let said = teller.hook.said("the database cannot be read").await;
    let lost = "2 earlier alerts could not be posted.";
    assert!(said.starts_with(lost), "{said}");
    assert_eq!(teller.end().await.len(), 1);
}

#[tokio::test]
async fn what_waits_at_the_end_is_tried_once_more() {
    let teller = Teller::start().await;
    teller.hook.answers([Answer::Later("3600")]);
    teller.raise(Condition::DiskLow);
    teller.hook.tried(1).await;
    teller.raise(Condition::DatabaseAway);
    teller.waits().await;
    assert_eq!(teller.end().await.len(), 2);

    let teller = Teller::start().await;
    let server = Arc::clone(&teller.hook.server);
    teller.hook.answers([500; 9].map(Answer::Status));
    teller.raise(Condition::DiskLow);
    teller.hook.tried(1).await;
    teller.waits().await;
    assert!(teller.end().await.is_empty());
    assert_eq!(*server.tried.borrow(), 2, "once more, and no more");
}

#[tokio::test]
async fn nothing_of_the_address_is_logged() {
    let kept = tempfile::NamedTempFile::new().unwrap();
    let config = LogConfig {
        format: LogFormat::Text,
        filter: "trace".into(),
    };
    let output = Arc::new(kept.reopen().unwrap());
    // No secrets are named, so nothing is redacted: what is not written cannot be overlooked.
    let log = telemetry::subscriber(&config, &[], output);
    let logged = tracing::subscriber::set_default(log);

    let teller = Teller::start().await;
    teller.hook.answers([Answer::Status(500)]);
    teller.raise(Condition::DiskLow);
    teller.hook.tried(1).await;
    teller.waits().await;
    teller.clock.advance_ms(seconds(1));
    teller.hook.said("the disk").await;
    teller.hook.answers([Answer::Status(404)]);
    teller.raise(Condition::LogLong);
    teller.hook.tried(3).await;
    let (port, _) = teller.hook.url.rsplit_once("/services").unwrap();
    let port = port.rsplit_once(':').unwrap().1.to_owned();
    teller.end().await;
    // And where nobody listens.
    let nobody = format!("http://127.0.0.1:1/services/{SECRET}");
    let teller = Teller::at(&nobody, Hook::start().await);
    teller.raise(Condition::DiskLow);
    teller.waits().await;
    teller.end().await;
    drop(logged);

    let log = fs::read_to_string(&kept).unwrap();
    for told in [
        "it answered 500",
        "it answered 404",
        "accepts alerts again",
        "it could not be reached",
        "disk_low",
        "the disk with the database",
    ] {
        assert!(log.contains(told), "“{told}” is missing:\n{log}");
    }
    for canary in [SECRET, "services", &format!(":{port}"), "127.0.0.1"] {
        let line = log.lines().find(|line| line.contains(canary));
        assert_eq!(line, None, "“{canary}” was logged");
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_told_while_it_is() {
    let hook = Hook::start().await;
    let app = TestApp::start_telling(&hook.url).await;
    let db = app.app().db.clone();
    execute(&db, "ALTER TABLE outbox RENAME TO outbox_away")
        .await
        .unwrap();
    turning(&app.clock, hook.said("the database cannot be read")).await;
    execute(&db, "ALTER TABLE outbox_away RENAME TO outbox")
        .await
        .unwrap();
    let over = "over: the database cannot be read";
    turning(&app.clock, hook.said(over)).await;
    assert_eq!(hook.count("the database cannot be read"), 2);
    app.settle().await;
}

#[tokio::test]
async fn a_database_that_takes_nothing_is_told_while_it_does_not() {
    let hook = Hook::start().await;
    let app = TestApp::start_telling(&hook.url).await;
    let db = app.app().db.clone();
    // On SQLite another program holds the write lock, for longer than anybody waits for it.
    let mut other = app.connect().await;
    let [refuse, take] = read_only(true);
    if app.is_postgres() {
        execute(&db, refuse).await.unwrap();
    } else {
        other.execute("BEGIN IMMEDIATE").await.unwrap();
    }
    let nothing = "nothing can be stored in the database";
    turning(&app.clock, hook.said(nothing)).await;
    assert!(!db.is_storing());
    if app.is_postgres() {
        execute(&db, take).await.unwrap();
    } else {
        other.execute("ROLLBACK").await.unwrap();
    }
    turning(&app.clock, hook.said(&format!("over: {nothing}"))).await;
    assert!(db.is_storing());
    assert_eq!(hook.count("the database cannot be read"), 0);
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_told() {
    let hook = Hook::start().await;
    let app = TestApp::start_telling(&hook.url).await;
    let mut readers = Vec::new();
    for _ in 0..4 {
        readers.push(app.app().db.read().await.unwrap());
    }
    let away = "the database cannot be read";
    let said = turning(&app.clock, hook.said(away)).await;
    assert!(said.contains("no answer within 5 s"), "{said}");
    drop(readers);
    turning(&app.clock, hook.said(&format!("over: {away}"))).await;
}

#[tokio::test]
async fn a_refused_token_is_told() {
    let hook = Hook::start().await;
    let app = TestApp::start_telling(&hook.url).await;
    app.messenger
        .fail_next([Fault::Refused(SendError::Unauthorized)]);
    app.time_attack().lasting(minutes(1)).started().await;
    app.clock.advance_ms(minutes(1));
    app.halted().await;
    let refused = "does not accept the bot's token";
    let said = turning(&app.clock, hook.said(refused)).await;
    assert!(said.contains("DISCORD_TOKEN"), "{said}");
    app.messenger.accept_token();
    turning(&app.clock, hook.said(&format!("over: Discord {refused}"))).await;
    app.settle().await;
    assert_eq!(app.posts().len(), 1);
}

#[tokio::test]
async fn a_stalled_lane_is_told_and_so_is_its_end() {
    let hook = Hook::start().await;
    let app = TestApp::start_telling(&hook.url).await;
    let gate = Gate::closed();
    app.messenger.fail_next([Fault::Held(gate.clone(), None)]);
    app.time_attack().lasting(minutes(1)).started().await;
    app.clock.advance_ms(minutes(1));
    app.messenger.attempted(1).await;
    // Not before a minute is over.
    app.clock.advance_ms(seconds(50));
    let stalled = "no posts are going out";
    let said = turning(&app.clock, hook.said(stalled)).await;
    assert!(said.contains("has been due for 6"), "{said}");
    gate.open();
    turning(&app.clock, hook.said(&format!("over: {stalled}"))).await;
    app.settle().await;
    assert_eq!((app.posts().len(), hook.count(stalled)), (1, 2));
}

#[tokio::test]
async fn a_post_that_is_tried_again_for_a_minute_stalls_its_lane() {
    let hook = Hook::start().await;
    let app = TestApp::start_telling(&hook.url).await;
    let unavailable = Fault::Refused(SendError::Retry {
        after_ms: None,
        why: "Discord answered 500".into(),
    });
    app.messenger.fail_next(vec![unavailable; 7]);
    app.time_attack().lasting(minutes(1)).started().await;
    app.advance(minutes(2)).await;
    let stalled = "no posts are going out";
    let said = turning(&app.clock, hook.said(stalled)).await;
    assert!(said.contains("Discord answered 500"), "{said}");
    app.advance(minutes(5)).await;
    turning(&app.clock, hook.said(&format!("over: {stalled}"))).await;
    assert_eq!((app.posts().len(), hook.count(stalled)), (1, 2));
}

/// A time attack whose start is shown by `message` is completed, and the message is edited once.
async fn outdated(app: &TestApp, message: MessageId) {
    let attack = app.time_attack().started().await;
    let shown = Shown::of(&attack);
    app.inside(async move |app| start_message::mark_shown(&app, shown, message).await)
        .await
        .unwrap();
    app.complete(&attack).await.unwrap();
    app.inside(async |app| start_message::bring_up_to_date(&app).await)
        .await
        .unwrap();
    app.settle().await;
}

#[tokio::test]
async fn edits_are_stalled_only_when_none_goes_out() {
    let hook = Hook::start().await;
    let app = TestApp::start_telling(&hook.url).await;
    app.time_attack().lasting(minutes(1)).started().await;
    app.advance(minutes(1)).await;
    let message = app.posted()[0].id;
    let in_an_hour = SendError::Retry {
        after_ms: Some(hours(1)),
        why: "429".into(),
    };
    app.messenger.fail_next_edits([Fault::Refused(in_an_hour)]);
    outdated(&app, message).await;
    assert_eq!(app.posted()[0].edits, 0);
    app.advance(seconds(50)).await;
    outdated(&app, message).await;
    assert_eq!(app.posted()[0].edits, 1);
    let stalled = "no edits are going out";
    let said = turning(&app.clock, hook.said(stalled)).await;
    assert!(said.contains("has been due for 11"), "{said}");
    assert!(said.contains("429"), "{said}");
    app.advance(hours(1)).await;
    turning(&app.clock, hook.said(&format!("over: {stalled}"))).await;
    assert_eq!(app.posted()[0].edits, 2);
}

#[tokio::test]
async fn messages_that_are_given_up_are_counted() {
    let hook = Hook::start().await;
    let app = TestApp::start_telling(&hook.url).await;
    let refused = Fault::Refused(SendError::Discard {
        why: "Discord answered 404 (code 10003)".into(),
    });
    let given_up_in = async |channels: &[i64]| {
        app.messenger
            .fail_next(vec![refused.clone(); channels.len()]);
        for channel in channels {
            let attack = app.time_attack().in_channel(ChannelId(*channel));
            attack.lasting(minutes(1)).started().await;
        }
        app.advance(minutes(1)).await;
    };
    given_up_in(&[1]).await;
    turning(&app.clock, hook.said("gave up on 1 message")).await;
    given_up_in(&[2, 3]).await;
    app.advance(minutes(10)).await;
    turning(&app.clock, hook.said("gave up on 2 messages")).await;

    // What goes down its ladder is not given up.
    let channels = Change::Channels {
        results: Some(Some(ChannelId(4))),
        alerts: None,
        fallback: Some(Some(ChannelId(5))),
    };
    app.inside(async move |app| guild::change(&app, GUILD, channels).await)
        .await
        .unwrap();
    app.messenger.fail_next([refused]);
    app.time_attack().lasting(minutes(1)).started().await;
    app.advance(minutes(20)).await;
    assert_eq!((app.posts().len(), hook.count("gave up")), (1, 2));
}

#[tokio::test]
async fn verdicts_that_are_late_are_told() {
    let hook = Hook::start().await;
    let app = TestApp::start_telling(&hook.url).await;
    let (broken, mended) = if app.is_postgres() {
        (
            "ALTER TABLE outbox ADD CONSTRAINT broken CHECK (user_id IS NULL)",
            "ALTER TABLE outbox DROP CONSTRAINT broken",
        )
    } else {
        (
            "CREATE TRIGGER broken BEFORE INSERT ON outbox \
             BEGIN SELECT RAISE(ABORT, 'broken'); END",
            "DROP TRIGGER broken",
        )
    };
    app.time_attack().lasting(minutes(1)).started().await;
    execute(&app.app().db, broken).await.unwrap();
    app.clock.advance_ms(minutes(1));
    let said = turning(&app.clock, hook.said("results are late")).await;
    assert!(said.contains("(1, the oldest by"), "{said}");
    execute(&app.app().db, mended).await.unwrap();
    turning(&app.clock, hook.said("over: results are late")).await;
    app.settle().await;
    assert_eq!(app.posts().len(), 1);
}

#[tokio::test]
async fn operators_are_told_while_discord_is_down() {
    let place = Place::start().await;
    let hook = Hook::start().await;
    let database = Database::fresh().await;
    let clock = Clock::Manual(place.clock.clone());
    let token = SecretString::from(place.discord.token());
    let url = place.discord.url();
    let discord = DiscordMessenger::new(clock.clone(), &url, &token, 0).unwrap();
    let messenger = Messenger::Discord(Arc::new(discord));
    let webhook = Webhook::new(SecretString::from(hook.url.as_str())).unwrap();
    let db = Db::open(&database.url).await.unwrap();
    let options = WorkerOptions {
        webhook: Some(webhook),
        ..WorkerOptions::default()
    };
    let workers = Workers::start(clock.clone(), db, messenger, options);
    let workers = workers.await.unwrap();
    let start = Start {
        actor: Actor {
            guild: place.guild,
            user: MEMBER,
            clicked_ms: clock.now_ms(),
        },
        channel: place.channel,
        member_name: "Mina".into(),
        task: "Read".into(),
        limit: "1m".into(),
        guild_language: Language::English,
        language: Language::English,
        origin: None,
    };
    attacks::start(workers.app(), start).await.unwrap();
    place.discord.outage(true);
    place.clock.advance_ms(minutes(1));
    let stalled = "no posts are going out";
    let said = turning(&place.clock, hook.said(stalled)).await;
    assert!(said.contains("500"), "{said}");
    assert!(place.texts().is_empty());

    place.discord.outage(false);
    let over = format!("over: {stalled}");
    turning(&place.clock, hook.said(&over)).await;
    assert_eq!(place.texts().len(), 1);
    turning(&place.clock, workers.stop()).await;
    place.end();
}
