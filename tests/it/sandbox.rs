//! `timeattack sandbox` as it is run: the program itself, a browser's requests, and its death.
//!
//! Its clock is the machine's, turned forward by the page's switch; whoever waits here waits by the
//! page's own long polls.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use timeattack::sandbox::{LocalDiscord, Options};

use crate::support::minutes;

/// Far longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running sandbox; dropped, it is killed.
struct Sandbox {
    child: Child,
    url: String,
    http: reqwest::Client,
}

fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_timeattack"));
    command
        .args(["sandbox", "--addr", "127.0.0.1:0", "--data"])
        .arg(data)
        // Beside no `.env` of somebody's.
        .current_dir(data)
        .env_remove("DATABASE_URL")
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

impl Sandbox {
    fn start(data: &Path) -> Self {
        let mut child = command(data).spawn().unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"));
        let url = url
            .unwrap_or_else(|| panic!("no address in {line:?}"))
            .to_owned();
        Self {
            child,
            url,
            http: reqwest::Client::new(),
        }
    }

    async fn get(&self, path: &str) -> Value {
        let sent = self.http.get(format!("{}{path}", self.url)).send().await;
        sent.unwrap().json().await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.http.post(format!("{}{path}", self.url)).json(body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Waits until what goes on inside is so.
    async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let waited = async {
            let mut told = self.get("/local/insight").await;
            while !is_so(&told) {
                told = self
                    .get(&format!("/local/insight?wait={}", told["seen"]))
                    .await;
            }
            told
        };
        let waited = tokio::time::timeout(PATIENCE, waited).await;
        waited.unwrap_or_else(|_| panic!("not {what}"))
    }

    async fn until_connected(&self) -> Value {
        let commands = async {
            while self.get("/local/world").await["commands"] == json!([]) {
                self.until("connected", |told| told["gateway"] == true)
                    .await;
            }
        };
        tokio::time::timeout(PATIENCE, commands)
            .await
            .expect("commands");
        self.until("connected", |told| told["gateway"] == true)
            .await
    }

    /// The first member, in the first server's first channel, types a line.
    async fn types(&self, line: &str) -> Value {
        let world = self.get("/local/world").await;
        let number = |id: &Value| id.as_str().unwrap().parse::<u64>().unwrap();
        let act = json!({
            "user": number(&world["people"][0]["id"]),
            "channel": number(&world["guilds"][0]["channels"][0]["id"]),
            "do": "slash",
            "line": line,
        });
        let (status, told) = self.post("/local/act", &act).await;
        assert_eq!((status, told.get("refused")), (200, None), "{told}");
        told
    }

    /// The cards of missed deadlines in the first server's first channel.
    async fn cards(&self) -> usize {
        let world = self.get("/local/world").await;
        let id = |id: &Value| id.as_str().unwrap().to_owned();
        let channel = id(&world["guilds"][0]["channels"][0]["id"]);
        let user = id(&world["people"][0]["id"]);
        let path = format!("/local/channels/{channel}/messages?user={user}");
        let told = self.get(&path).await;
        let messages = told["messages"].as_array().unwrap();
        let is_card = |one: &&Value| one["content"].as_str().unwrap().contains("나약한");
        messages.iter().filter(is_card).count()
    }

    /// Ends as by SIGTERM.
    async fn end(mut self) -> ExitStatus {
        let told = Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", self.child.id())])
            .status();
        assert!(told.unwrap().success());
        ended(&mut self.child).await
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process tells nobody of its end but who asks.
async fn ended(child: &mut Child) -> ExitStatus {
    let asked = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(asked.elapsed() < PATIENCE, "it does not end");
        tokio::task::yield_now().await;
    }
}

fn running(told: &Value) -> &Value {
    &told["running"]["count"]
}

#[tokio::test]
async fn a_bot_that_is_killed_with_a_deadline_ahead_says_its_verdict_when_it_is_back() {
    let data = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(data.path());
    sandbox.until_connected().await;
    sandbox.types("/timeattack start task:Read limit:5m").await;
    let told = sandbox.until("running", |told| *running(told) == 1).await;
    let next = &told["running"]["next"][0];
    assert_eq!(
        (&next["task"], &next["member_name"]),
        (&json!("Read"), &json!("Mina"))
    );
    let deadline_ms = next["deadline_ms"].as_i64().unwrap();

    let down = json!({ "down_ms": minutes(10) });
    let (status, bot) = sandbox.post("/local/bot", &down).await;
    assert_eq!((status, &bot["state"]), (200, &json!("down")));
    let back_at_ms = bot["back_at_ms"].as_i64().unwrap();
    assert!(back_at_ms > deadline_ms);
    let (again, _) = sandbox.post("/local/bot", &down).await;
    assert_eq!(again, 409);
    let told = sandbox
        .until("disconnected", |told| told["gateway"] == false)
        .await;
    assert_eq!(told["bot"], bot);
    assert_eq!(*running(&told), 1, "the database can still be read");

    // The deadline passes, and nobody says so.
    sandbox
        .post("/local/clock", &json!({ "advance_ms": minutes(6) }))
        .await;
    let told = sandbox.get("/local/insight").await;
    assert_eq!(
        (&told["bot"]["state"], running(&told)),
        (&json!("down"), &json!(1))
    );
    assert_eq!(sandbox.cards().await, 0);

    sandbox
        .post("/local/clock", &json!({ "advance_ms": minutes(4) }))
        .await;
    let told = sandbox
        .until("said", |told| told["verdicts"] != json!([]))
        .await;
    assert_eq!(
        (&told["bot"]["state"], running(&told)),
        (&json!("up"), &json!(0))
    );
    let verdict = &told["verdicts"][0];
    assert_eq!(verdict["deadline_ms"], deadline_ms);
    assert!(verdict["late_ms"].as_i64().unwrap() >= back_at_ms - deadline_ms);
    assert_eq!(sandbox.cards().await, 1);
    assert!(sandbox.end().await.success());
}

#[tokio::test]
async fn a_verdict_that_discord_did_not_take_before_the_kill_is_said_once_after_it() {
    let data = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(data.path());
    sandbox.until_connected().await;
    sandbox.types("/timeattack start task:Read limit:5m").await;
    let posts = |told: &Value| {
        let post = &told["lanes"][0];
        post["waiting"].as_i64().unwrap() + post["under_way"].as_i64().unwrap()
    };
    // The start's message stands by until the bot knows that its answer was taken.
    let told = |told: &Value| posts(told) == 0 && running(told) == &json!(1);
    sandbox.until("told", told).await;
    let outage = json!({ "outage_ms": minutes(10) });
    let (status, _) = sandbox.post("/local/faults", &outage).await;
    assert_eq!(status, 200);
    let turned = json!({ "advance_ms": minutes(5) });
    sandbox.post("/local/clock", &turned).await;
    let has_post = |told: &Value| posts(told) == 1;
    // What runs and what waits are read one after the other.
    let decided = |told: &Value| has_post(told) && running(told) == &json!(0);
    let told = sandbox.until("decided", decided).await;
    assert_eq!(told["verdicts"], json!([]));

    let down = json!({ "down_ms": minutes(1) });
    let (status, _) = sandbox.post("/local/bot", &down).await;
    assert_eq!(status, 200);
    let told = sandbox.until("down", |told| told["gateway"] == false).await;
    assert!(has_post(&told), "{told}");
    // It comes back into the outage, which ends five minutes later.
    let turned = json!({ "advance_ms": minutes(1) });
    sandbox.post("/local/clock", &turned).await;
    sandbox
        .until("up", |told| told["bot"]["state"] == "up")
        .await;
    sandbox
        .post("/local/clock", &json!({ "advance_ms": minutes(5) }))
        .await;
    let told = sandbox
        .until("said", |told| told["verdicts"] != json!([]))
        .await;
    assert_eq!(told["faults"]["outage_until_ms"], Value::Null);
    sandbox.until("at rest", |told| !has_post(told)).await;
    assert_eq!(sandbox.cards().await, 1);
    assert!(sandbox.end().await.success());
}

/// As long as a machine under load may take, and far less than the turn.
const ON_TIME_MS: i64 = 1_500;

#[tokio::test]
async fn a_turn_over_deadlines_shows_each_verdict_on_time() {
    let data = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(data.path());
    sandbox.until_connected().await;
    for (task, limit) in [("Read", "5m"), ("Write", "2h"), ("Walk", "20h")] {
        let line = format!("/timeattack start task:{task} limit:{limit}");
        sandbox.types(&line).await;
    }
    sandbox
        .until("running", |told| *running(told) == json!(3))
        .await;
    let turned = json!({ "advance_ms": minutes(8 * 60) });
    let (status, _) = sandbox.post("/local/clock", &turned).await;
    assert_eq!(status, 200);
    let said = |told: &Value| told["verdicts"].as_array().unwrap().len() == 2;
    let told = sandbox.until("said", said).await;
    for verdict in told["verdicts"].as_array().unwrap() {
        assert!(
            verdict["late_ms"].as_i64().unwrap() < ON_TIME_MS,
            "{verdict}"
        );
    }
    assert_eq!(*running(&told), 1, "what is due later goes on");
    assert_eq!(sandbox.cards().await, 2);
    assert!(sandbox.end().await.success());
}

#[tokio::test]
async fn a_clock_that_was_turned_goes_on_from_there_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(data.path());
    sandbox.until_connected().await;
    let turned = json!({ "advance_ms": minutes(60 * 24) });
    let (_, told) = sandbox.post("/local/clock", &turned).await;
    let turned_ms = told["now_ms"].as_i64().unwrap();
    sandbox.types("/timeattack start task:Read limit:1h").await;
    sandbox
        .until("running", |told| *running(told) == json!(1))
        .await;
    assert!(sandbox.end().await.success());

    let sandbox = Sandbox::start(data.path());
    let told = sandbox.until_connected().await;
    let now_ms = told["now_ms"].as_i64().unwrap();
    assert!((turned_ms..turned_ms + minutes(10)).contains(&now_ms));
    let left_ms = told["running"]["next"][0]["deadline_ms"].as_i64().unwrap() - now_ms;
    assert!((minutes(50)..=minutes(60)).contains(&left_ms), "{left_ms}");
    assert!(sandbox.end().await.success());
}

/// How many emails are in the mailbox.
async fn mails(sandbox: &Sandbox) -> usize {
    let told = sandbox.get("/local/mail").await;
    usize::try_from(told["total"].as_u64().unwrap_or(0)).unwrap()
}

#[tokio::test]
async fn sample_data_fills_stats_leaderboard_and_mailbox_once() {
    let data = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(data.path());
    sandbox.until_connected().await;
    let world = sandbox.get("/local/world").await;
    for guild in world["guilds"].as_array().unwrap() {
        let (status, told) = sandbox
            .post("/local/fill", &json!({ "guild": guild["id"] }))
            .await;
        assert_eq!(status, 200, "{told}");
        assert!(told["attacks"].as_u64().unwrap() > 300, "{told}");
        assert_eq!(told["is_mailed"], true, "{told}");
        let (_, again) = sandbox
            .post("/local/fill", &json!({ "guild": guild["id"] }))
            .await;
        assert_eq!(again, json!({ "attacks": 0, "is_mailed": false }));
    }
    let told = sandbox.types("/timeattack leaderboard period:all").await;
    let mina = format!("**{}**", world["people"][0]["name"].as_str().unwrap());
    assert!(told.to_string().contains(&mina), "{told}");
    let told = sandbox.types("/timeattack history").await;
    assert!(told.to_string().contains("page 1 of"), "{told}");
    while mails(&sandbox).await == 0 {
        sandbox.until("sending", |_| true).await;
    }
    let nowhere = sandbox.post("/local/fill", &json!({ "guild": "1" })).await;
    assert_eq!(nowhere.0, 404);
    assert!(sandbox.end().await.success());
}

#[tokio::test]
async fn it_can_be_killed_again_and_again_and_works_after_each() {
    let data = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(data.path());
    sandbox.until_connected().await;
    for round in 1..=4 {
        // Works after each death, too.
        let line = format!("/timeattack start task:Round {round} limit:5h");
        sandbox.types(&line).await;
        let down = json!({ "down_ms": minutes(1) });
        let (status, _) = sandbox.post("/local/bot", &down).await;
        assert_eq!(status, 200);
        sandbox
            .until("disconnected", |told| told["gateway"] == false)
            .await;
        let past = json!({ "advance_ms": minutes(1) });
        sandbox.post("/local/clock", &past).await;
        let told = sandbox.until_connected().await;
        assert_eq!(*running(&told), round, "what was acknowledged is kept");
    }
    assert!(sandbox.end().await.success());
}

#[tokio::test]
async fn a_signal_ends_it_well_also_while_its_bot_is_dead() {
    let data = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(data.path());
    sandbox.until_connected().await;
    let (status, _) = sandbox
        .post("/local/bot", &json!({ "down_ms": minutes(10) }))
        .await;
    assert_eq!(status, 200);
    assert!(sandbox.end().await.success());
}

#[tokio::test]
async fn a_bot_that_ends_by_itself_takes_the_sandbox_with_it() {
    let data = tempfile::tempdir().unwrap();
    let first = Sandbox::start(data.path());
    first.until_connected().await;
    let mut second = command(data.path()).stderr(Stdio::piped()).spawn().unwrap();
    let status = ended(&mut second).await;
    assert_eq!(status.code(), Some(1));
    let mut said = String::new();
    second
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(said.contains("in use by another timeattack"), "{said}");
    assert!(first.end().await.success());
}

/// Whoever reads the source, or has run another sandbox, knows none of its tokens.
#[tokio::test]
async fn each_start_has_a_token_of_its_own() {
    let data = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(data.path());
    sandbox.until_connected().await;
    let other = LocalDiscord::start(Options::default()).await.unwrap();
    for token in ["local.discord.token".to_owned(), other.token()] {
        let asked = sandbox
            .http
            .get(format!("{}/api/v10/users/@me", sandbox.url));
        let asked = asked.header("authorization", format!("Bot {token}"));
        assert_eq!(asked.send().await.unwrap().status(), 401, "{token}");
    }
    other.stop();
    assert!(sandbox.end().await.success());
}
