//! Time attacks against a model of them: what ten thousand members do at random, while time goes
//! on and the process is stopped and killed, must end as the model says, and be said exactly once.

use std::collections::HashMap;

use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use timeattack::ids::{AttackId, ChannelId, UserId};
use timeattack::outbox::LEASE_MS;
use timeattack::timeattack::{self as attacks, Actor, State};

use crate::support::{CHANNEL, TestApp, seconds};

/// Worlds, each with a database of its own.
const WORLDS: u32 = 100;
/// On PostgreSQL every statement crosses a socket, and a killed process's leases have to run out:
/// fewer, as what differs there is the locking and not the rules.
const WORLDS_ON_POSTGRES: u32 = 10;
/// Members of a world, each with a sequence of deeds.
const MEMBERS: usize = 100;
/// Deeds of a member, one a turn; between turns time goes on.
const TURNS: usize = 8;
/// Channels that the members share.
const CHANNELS: i64 = 10;

/// What a member does in a turn, all members at once.
#[derive(Clone, Debug)]
enum Deed {
    Start { limit_s: i64 },
    Complete { which: usize, clicked_before_s: i64 },
    GiveUp { which: usize },
    Extend { which: usize, by_s: i64 },
}

/// How a turn ends.
#[derive(Clone, Debug)]
enum Pause {
    Wait {
        seconds: i64,
    },
    /// SIGTERM, and a new start.
    Restart {
        after_s: i64,
    },
    /// SIGKILL the moment the last answer is there, and a new start.
    Kill {
        after_s: i64,
    },
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => (1..120_i64).prop_map(|limit_s| Deed::Start { limit_s }),
        2 => (0..4_usize, 0..10_i64)
            .prop_map(|(which, clicked_before_s)| Deed::Complete { which, clicked_before_s }),
        1 => (0..4_usize).prop_map(|which| Deed::GiveUp { which }),
        1 => (0..4_usize, 1..60_i64).prop_map(|(which, by_s)| Deed::Extend { which, by_s }),
    ]
}

fn pause() -> impl Strategy<Value = Pause> {
    prop_oneof![
        4 => (1..60_i64).prop_map(|seconds| Pause::Wait { seconds }),
        1 => (1..60_i64).prop_map(|after_s| Pause::Restart { after_s }),
        1 => (1..60_i64).prop_map(|after_s| Pause::Kill { after_s }),
    ]
}

#[derive(Clone, Debug)]
struct Known {
    id: AttackId,
    task: String,
    state: State,
    deadline_ms: i64,
    extensions: i64,
}

/// What the model knows of one member.
struct Member {
    user: UserId,
    channel: ChannelId,
    attacks: Vec<Known>,
}

/// A sequence is one member's; a hundred share a world, so that the time goes into sequences and
/// not into databases, and their deeds race for the same transactions and channels.
#[test]
fn ten_thousand_random_sequences_agree_with_the_model() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let deeds = proptest::collection::vec(proptest::collection::vec(deed(), TURNS), MEMBERS);
    let pauses = proptest::collection::vec(pause(), TURNS);
    let mut runner = TestRunner::new(Config {
        cases: if std::env::var_os("TEST_POSTGRES_URL").is_some() {
            WORLDS_ON_POSTGRES
        } else {
            WORLDS
        },
        max_shrink_iters: 50,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&(deeds, pauses), |(deeds, pauses)| {
            runtime.block_on(play(&deeds, &pauses));
            Ok(())
        })
        .unwrap();
}

async fn play(deeds: &[Vec<Deed>], pauses: &[Pause]) {
    let mut app = TestApp::start().await;
    let mut members: Vec<Member> = (0..)
        .take(deeds.len())
        .map(|number| Member {
            user: UserId(1_000_000 + number),
            channel: ChannelId(CHANNEL.0 + number % CHANNELS),
            attacks: Vec::new(),
        })
        .collect();
    for (turn, pause) in pauses.iter().enumerate() {
        let at_once = members.iter_mut().zip(deeds);
        join_all(at_once.map(|(member, deeds)| act(&app, member, &deeds[turn]))).await;
        match *pause {
            Pause::Wait { seconds: count } => app.advance(seconds(count)).await,
            Pause::Restart { after_s } => app = app.restarted_after(seconds(after_s)).await,
            Pause::Kill { after_s } => {
                app = app.killed_for(seconds(after_s)).await;
                if app.is_postgres() {
                    // Another process might hold what the dead one held, until its lease is over.
                    app.clock.advance_ms(LEASE_MS + seconds(5));
                }
            }
        }
        app.settle().await;
        let now_ms = app.now_ms();
        let states = app.states().await;
        for known in members.iter_mut().flat_map(|member| &mut member.attacks) {
            if known.state == State::Running && known.deadline_ms <= now_ms {
                known.state = State::Failed;
            }
            assert_eq!(states[&known.id], known.state, "{known:?}, turn {turn}");
        }
    }
    // The leases of the killed run out, and edits that came before their message look again.
    app.advance(seconds(25)).await;
    let states = app.states().await;
    let said = said(&app);
    for known in members.iter().flat_map(|member| &member.attacks) {
        let times = usize::from(states[&known.id] != State::Running);
        let found = said.get(&known.task).copied().unwrap_or_default();
        assert_eq!(found, times, "posts that name {known:?}");
    }
}

/// How often each task is named in the channels.
fn said(app: &TestApp) -> HashMap<String, usize> {
    let mut said = HashMap::new();
    for post in app.posted() {
        let embeds = post.message.embeds.iter();
        let boxes = embeds.filter_map(|embed| embed.description.as_deref());
        for text in boxes.chain([post.message.content.as_str()]) {
            for (at, _) in text.match_indices("task") {
                let rest = &text[at..];
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric());
                let task = rest[..end.unwrap_or(rest.len())].to_owned();
                *said.entry(task).or_default() += 1;
            }
        }
    }
    said
}

async fn act(app: &TestApp, member: &mut Member, deed: &Deed) {
    let now_ms = app.now_ms();
    let actor = app.actor(member.user);
    let count = member.attacks.len();
    let is_running = |known: &Known| known.state == State::Running;
    let running = member.attacks.iter().filter(|known| is_running(known));
    let running = running.count();
    match *deed {
        Deed::Start { limit_s } => {
            let task = format!("task{}x{count}", member.user);
            let attack = app.time_attack().by(member.user).in_channel(member.channel);
            let started = attack.task(&task).lasting(seconds(limit_s)).tried().await;
            assert_eq!(started.is_ok(), running < 5);
            member.attacks.extend(started.ok().map(|attack| Known {
                id: attack.id,
                task,
                state: State::Running,
                deadline_ms: attack.deadline_ms,
                extensions: 0,
            }));
        }
        Deed::Complete {
            which,
            clicked_before_s,
        } => {
            let Some(known) = member.attacks.get_mut(which % count.max(1)) else {
                return;
            };
            let clicked_ms = now_ms - seconds(clicked_before_s);
            let is_open = matches!(known.state, State::Running | State::Failed);
            let wins = is_open && clicked_ms <= known.deadline_ms;
            let actor = Actor {
                clicked_ms,
                ..actor
            };
            let id = known.id;
            let outcome =
                app.inside(async move |app| attacks::complete(&app, actor, id, None).await);
            assert_eq!(outcome.await.is_ok(), wins, "{known:?}");
            if wins {
                known.state = State::Completed;
            }
        }
        Deed::GiveUp { which } => {
            let Some(known) = member.attacks.get_mut(which % count.max(1)) else {
                return;
            };
            let wins = is_running(known);
            let id = known.id;
            let outcome = app.inside(async move |app| attacks::give_up(&app, actor, id).await);
            assert_eq!(outcome.await.is_ok(), wins, "{known:?}");
            if wins {
                known.state = State::Cancelled;
            }
        }
        Deed::Extend { which, by_s } => {
            let Some(known) = member.attacks.get_mut(which % count.max(1)) else {
                return;
            };
            let wins = is_running(known) && known.extensions < 3;
            let id = known.id;
            let outcome =
                app.inside(async move |app| attacks::extend(&app, actor, id, seconds(by_s)).await);
            assert_eq!(outcome.await.is_ok(), wins, "{known:?}");
            if wins {
                known.deadline_ms += seconds(by_s);
                known.extensions += 1;
            }
        }
    }
}
