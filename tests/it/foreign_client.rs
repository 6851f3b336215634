//! The local Discord as seen by a client that is not ours: what only serenity understands would
//! be no Discord.
//!
//! `TEST_DISCORD_PY` names a Python in which `tests/clients/discord_py/requirements.txt` is
//! installed. cargo alone lists these tests as ignored; `.ci/run` makes the Python and runs them.
//! Run without the variable they fail.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use timeattack::sandbox::{LocalDiscord, Options};
use tokio::sync::mpsc;

use crate::support::openapi::OpenApi;

/// The client gives up after 20 seconds by itself; this is for one that hangs.
const PATIENCE: Duration = Duration::from_secs(30);
const CLIENT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/clients/discord_py/client.py"
);

#[tokio::test]
#[ignore = "needs TEST_DISCORD_PY, a Python with discord.py; .ci/run has one"]
async fn discord_py_plays_a_command_a_button_and_a_form() {
    let discord = LocalDiscord::start(Options::default())
        .await
        .expect("it starts");
    let guild = discord.add_guild("Guild", "en-US");
    let channel = discord.add_channel(guild, "general");
    let user = discord.add_user("mina", "en-US");
    discord.join(guild, user, 0);
    let mina = discord.actor(user, channel);

    let mut client = DiscordPy::start(&discord.url(), &discord.token());
    // It says so after it registered its command. Each next step waits for the client's line and
    // not only for its answer: what comes before the client kept the button or form, it drops.
    assert_eq!(client.event().await, json!({ "event": "ready" }));

    let reply = mina.slash("/ping word:hello").await.expect("an answer");
    assert_eq!(reply.text(), "pong hello");
    let command = json!({ "event": "command", "word": "hello" });
    assert_eq!(client.event().await, command);

    let clicked = mina
        .click(&reply.message().expect("a message"), "open")
        .await;
    let form = clicked.expect("an answer").modal().expect("a form");
    assert_eq!(client.event().await, json!({ "event": "click" }));

    let submitted = mina.submit(&form, &[("text", "안녕")]).await;
    assert_eq!(submitted.expect("an answer").text(), "You wrote 안녕");
    let modal = json!({ "event": "modal", "text": "안녕" });
    assert_eq!(client.event().await, modal);
    assert!(client.ended().await.success());

    if let Some(api) = OpenApi::from_env() {
        assert_eq!(api.violations(&discord.exchanges()), Vec::<String>::new());
    }
}

/// `tests/clients/discord_py/client.py`, running. Dropping it ends it.
struct DiscordPy {
    child: Child,
    events: mpsc::UnboundedReceiver<Value>,
}

impl DiscordPy {
    fn start(url: &str, token: &str) -> Self {
        let python = std::env::var_os("TEST_DISCORD_PY")
            .expect("TEST_DISCORD_PY names a Python with discord.py");
        let mut child = Command::new(&python)
            .args([CLIENT, url, token])
            .env("PYTHONIOENCODING", "utf-8")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("TEST_DISCORD_PY={}: {error}", python.display()));
        let stdout = child.stdout.take().expect("piped");
        // As many events as the story has; a thread, because pipes block.
        let (sender, events) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let line = line.expect("UTF-8");
                let event = serde_json::from_str(&line).expect("one line of JSON per event");
                let _ = sender.send(event);
            }
        });
        Self { child, events }
    }

    /// The next thing it says.
    async fn event(&mut self) -> Value {
        let event = tokio::time::timeout(PATIENCE, self.events.recv()).await;
        event
            .expect("it says something or ends")
            .expect("discord.py goes on; what stopped it is on stderr")
    }

    /// Waits for its end, which closes its stdout.
    async fn ended(mut self) -> ExitStatus {
        let more = tokio::time::timeout(PATIENCE, self.events.recv()).await;
        assert_eq!(more.expect("it ends"), None, "it has nothing more to say");
        self.child.wait().expect("it was started")
    }
}

impl Drop for DiscordPy {
    fn drop(&mut self) {
        // Both fail only if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
