//! Every task that lives as long as the program panics once: it is told, and goes on. (The HTTP server and
//! the teller of refusals, which no bot of these tests has, are kept alike.)
//!
//! Where a task has a span, whoever hears of the spans can make it panic: the test's own log does.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Metadata, Subscriber};

use crate::support::bot::{Bot, turning};
use crate::support::{minutes, seconds};

/// All of them.
const KEEPERS: [&str; 18] = [
    "alerts",
    "announcements",
    "campaigns",
    "departures",
    "direct messages",
    "discord",
    "large work",
    "leases",
    "mails",
    "notices",
    "posts",
    "presence",
    "reminders",
    "start messages",
    "sweep",
    "time",
    "token",
    "verdicts",
];
/// Those that sleep until something happens which no clock brings.
const WAIT_FOR_EVENTS: [&str; 2] = ["token", "verdicts"];

/// A log that lets a task panic as it is about to go on.
#[derive(Clone, Default)]
struct Saboteur(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    spans: u64,
    /// Names of the keepers by their spans.
    keepers: BTreeMap<u64, String>,
    /// How many lives each has had.
    lives: BTreeMap<String, u32>,
    /// Who is to die.
    doomed: BTreeSet<String>,
    /// What was logged of a panic: the task, or the alert.
    told: Vec<String>,
}

impl Saboteur {
    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        let looked = look(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.changes.send_modify(|count| *count += 1);
        looked
    }

    /// Waits, while time passes, until it is so.
    async fn until(&self, bot: &Bot, is_so: impl Fn(&State) -> bool) {
        let mut changes = self.0.changes.subscribe();
        let so = changes.wait_for(|_| {
            let state = self.0.state.lock();
            is_so(&state.unwrap_or_else(PoisonError::into_inner))
        });
        tokio::pin!(so);
        // Much at a time: some look once in many minutes.
        let mut hand = tokio::time::interval(Duration::from_millis(10));
        loop {
            tokio::select! {
                so = &mut so => return drop(so.unwrap()),
                _ = hand.tick() => bot.clock.advance_ms(seconds(5)),
            }
        }
    }

    fn lives(&self, name: &str) -> u32 {
        self.with(|state| state.lives.get(name).copied().unwrap_or_default())
    }
}

/// The fields of a span or an event that are looked at.
#[derive(Default)]
struct Fields {
    name: Option<String>,
    task: Option<String>,
    alert: Option<String>,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "name" => self.name = Some(value.to_owned()),
            "task" => self.task = Some(value.to_owned()),
            "alert" => self.alert = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

impl Subscriber for Saboteur {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("timeattack")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let is_keeper = span.metadata().name() == "keeper";
        self.with(|state| {
            state.spans += 1;
            if let Some(name) = fields.name.filter(|_| is_keeper) {
                *state.lives.entry(name.clone()).or_default() += 1;
                state.keepers.insert(state.spans, name);
            }
            Id::from_u64(state.spans)
        })
    }

    fn enter(&self, span: &Id) {
        let dies = {
            let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
            let name = state.keepers.get(&span.into_u64()).cloned();
            name.is_some_and(|name| state.doomed.remove(&name))
        };
        assert!(!dies, "as the test wants it");
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        if let Some(told) = fields.task.or(fields.alert) {
            self.with(|state| state.told.push(told));
        }
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_keeper_survives_a_panic_and_it_is_told() {
    let saboteur = Saboteur::default();
    let bot = Bot::start_logging(|_, _| {}, Some(Dispatch::new(saboteur.clone()))).await;
    let there = |state: &State| state.lives.len() > KEEPERS.len();
    saboteur.until(&bot, there).await;
    let mut expected: BTreeSet<&str> = KEEPERS.into();
    // Without a webhook it has returned already.
    expected.insert("webhook");
    let names = saboteur.with(|state| state.lives.keys().cloned().collect::<Vec<_>>());
    assert_eq!(names, expected.into_iter().collect::<Vec<_>>());

    for name in KEEPERS {
        saboteur.with(|state| state.doomed.insert(name.to_owned()));
        let died = |state: &State| state.lives[name] == 2;
        if WAIT_FOR_EVENTS.contains(&name) {
            match name {
                "verdicts" => drop(
                    bot.mina()
                        .slash("/timeattack start task:Read limit:1m")
                        .await,
                ),
                _ => bot.app().outbox.token_is_refused(),
            }
        }
        saboteur.until(&bot, died).await;
        let told = saboteur.with(|state| std::mem::take(&mut state.told));
        assert!(told.iter().any(|one| one == name), "{name}: {told:?}");
        assert!(
            told.iter().any(|one| one == "task_panicked"),
            "{name}: {told:?}"
        );
    }
    bot.posted(bot.channel, "나약한").await;

    // They do what they are for, in their second life.
    let app = bot.app();
    turning(&bot.clock, app.outbox.token_is_accepted()).await;
    let start = bot.started().await;
    bot.mina()
        .click(&start, &start.buttons()[1].label)
        .await
        .unwrap();
    bot.until(&start, |message| message.text().contains("1 of 3"))
        .await;
    bot.clock.advance_ms(minutes(20));
    let second = async {
        while bot.cards() < 2 {
            tokio::task::yield_now().await;
        }
    };
    turning(&bot.clock, second).await;
    for name in KEEPERS {
        assert_eq!(saboteur.lives(name), 2, "{name}");
    }
    bot.end().await;
}
