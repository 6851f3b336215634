//! The gateway breaks off, forgets sessions and says what no client can understand: the program is back
//! within a bounded time, and deadlines that pass meanwhile are told on time.

use std::time::Duration;

use super::{ON_TIME_MS, Scene, asked_for};

/// Of the short form.
const ROUNDS: usize = 1;
/// Time attacks that run meanwhile, and the seconds over which their deadlines are spread.
const RUNNING: i64 = 12;
const SPREAD: i64 = 6;
/// What Discord wants of a bot with many or large servers at the most, and more.
const LARGE_BYTES: usize = 8 << 20;
/// So often that a connection whose heartbeats are not answered is given up soon.
const HEARTBEAT: Duration = Duration::from_secs(2);

const GARBAGE: [&str; 12] = [
    "",
    "garbage",
    "{",
    "null",
    "[]",
    "{}",
    "{\"op\":null}",
    "{\"op\":99,\"d\":{}}",
    "{\"op\":-1}",
    "{\"op\":0}",
    "{\"op\":0,\"t\":\"INTERACTION_CREATE\",\"s\":\"1\",\"d\":{}}",
    "{\"op\":10,\"d\":{\"heartbeat_interval\":-1}}",
];

/// A sequence number that no event ever had: with it no session can be resumed.
const AHEAD: &str = "{\"op\":0,\"t\":\"NOISE\",\"s\":1000000,\"d\":{}}";

#[derive(Clone, Copy, Debug)]
enum Noise {
    /// The connection is gone, without a word.
    Cut,
    /// Opcode 7.
    Reconnect,
    /// Opcode 9, and the session can be resumed.
    Resumable,
    /// Opcode 9, and it cannot.
    Invalid,
    Garbage,
    Ahead,
    Large,
    /// Heartbeats are not answered.
    Zombie,
}

impl Noise {
    async fn make(self, scene: &mut Scene) {
        let discord = &scene.host.discord;
        match self {
            Self::Cut => discord.drop_gateway(),
            Self::Reconnect => discord.reconnect(),
            Self::Resumable => discord.invalid_session(true),
            Self::Invalid => discord.invalid_session(false),
            Self::Garbage => {
                for text in GARBAGE {
                    discord.say_on_gateway(text);
                }
                for bytes in [&b""[..], b"\x78\x9c\xff\xff", &[0; 1_024]] {
                    discord.send_on_gateway(bytes);
                }
            }
            Self::Ahead => {
                discord.say_on_gateway(AHEAD);
                discord.drop_gateway();
            }
            Self::Large => discord.say_on_gateway(&large()),
            Self::Zombie => {
                discord.zombie(true);
                assert!(discord.wait_for_shards(&[]).await, "it is given up");
                discord.zombie(false);
            }
        }
    }
}

/// A frame with as many members as fit into it.
fn large() -> String {
    let member = "{\"user\":{\"id\":\"1\",\"username\":\"noise\"},\"roles\":[\"2\",\"3\"]}";
    let members = vec![member; LARGE_BYTES / member.len()].join(",");
    format!("{{\"op\":11,\"d\":[{members}]}}")
}

async fn withstands(noise: Noise) {
    let rounds = asked_for("SIEGE_NOISE", ROUNDS);
    let (mut latest_ms, mut longest) = (0, Duration::ZERO);
    for _ in 0..rounds {
        let mut scene = Scene::set().await;
        if let Noise::Zombie = noise {
            // It is told so at its next start.
            scene.host.discord.heartbeat_every(HEARTBEAT);
            scene.host.program.kill();
            scene.host.start_again().await;
        }
        // From the second second on, so that a busy machine has started all before the first is over.
        scene
            .start((0..RUNNING).map(|number| 2 + number % SPREAD))
            .await;
        noise.make(&mut scene).await;
        longest = longest.max(scene.back().await);
        for one in &scene.running {
            let late_ms = scene.told_ms(one).await - one.due_ms;
            assert!(late_ms <= ON_TIME_MS, "{}: {late_ms} ms late", one.task);
            latest_ms = latest_ms.max(late_ms);
        }
        scene.end().await;
    }
    println!(
        "{noise:?} × {rounds}: a command answered within {longest:?}; verdicts at most {latest_ms} ms late"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_cut_is_made_anew() {
    withstands(Noise::Cut).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_to_reconnect_is_followed() {
    withstands(Noise::Reconnect).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_can_be_resumed_is_resumed() {
    withstands(Noise::Resumable).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_over_is_begun_anew() {
    withstands(Noise::Invalid).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_survived() {
    withstands(Noise::Garbage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sequence_that_was_never_reached_is_survived() {
    withstands(Noise::Ahead).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_of_eight_megabytes_is_survived() {
    withstands(Noise::Large).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_without_answers_to_heartbeats_is_given_up() {
    withstands(Noise::Zombie).await;
}
