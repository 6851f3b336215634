//! Members start, meet and miss deadlines without a break, while the process or its database is struck
//! again and again: what they were answered is what is told in the end, once.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use sqlx::{AnyConnection, Connection as _};
use timeattack::ids::ChannelId;
use timeattack::sandbox::{Actor, LocalDiscord, Message, Options, Refused, Reply, permissions};
use tokio::sync::watch;

use super::{asked_for, button, verdict, wall_ms, whole};
use crate::support::Database;
use crate::support::program::Program;

/// Of the short forms.
const KILLS: usize = 8;
const ENDS: usize = 4;
const RESTARTS: usize = 8;
/// Members at work at once.
const MEMBERS: usize = 8;
/// Waits of twenty seconds for a verdict. On PostgreSQL a post that a killed process had taken is the next
/// one's once its lease has run out, which takes up to twenty seconds itself, and as long again if that
/// one is killed with it.
const MOST_WAITS: usize = 4;
/// What was promised to whoever stops the service.
const PROMISED_END: Duration = Duration::from_secs(25);

/// What a member does with a time attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    /// Lets its deadline pass.
    Miss,
    /// Completes it before its deadline.
    Complete,
    /// Completes it in time, by a click that arrives after the verdict.
    CompleteLate,
}

/// A time attack whose start was answered, and how it must be told.
#[derive(Clone, Debug)]
struct Promise {
    task: String,
    is_success: bool,
    /// What was answered.
    answer: String,
}

/// What all members share.
struct Place {
    discord: LocalDiscord,
    results: ChannelId,
    /// Answers so far: by their number the controller strikes.
    answers: watch::Sender<usize>,
    numbers: AtomicUsize,
    is_over: AtomicBool,
}

impl Place {
    /// A press that is repeated until it is answered for good.
    async fn answered<F>(&self, press: impl Fn() -> F) -> Reply
    where
        F: Future<Output = Result<Reply, Refused>>,
    {
        loop {
            match press().await {
                // The answer follows, if nothing comes between: the next press shows whether it did.
                Ok(Reply::Acknowledged | Reply::Deferred(_)) => {}
                Ok(reply) if is_apology(&reply.text()) => {}
                Ok(reply) => {
                    self.count_answer();
                    return reply;
                }
                Err(Refused::NoAnswer) => assert!(self.discord.wait_for_bot().await),
                Err(other) => panic!("{other}"),
            }
        }
    }

    /// The message of a start; `None`: nobody was promised anything, though it may have been stored.
    async fn started(&self, actor: &Actor, line: &str) -> Option<Message> {
        let reply = match actor.slash(line).await {
            Ok(reply) => reply,
            Err(Refused::NoAnswer) => {
                assert!(self.discord.wait_for_bot().await);
                return None;
            }
            Err(other) => panic!("{other}"),
        };
        whole(&self.discord, &reply).await
    }

    fn count_answer(&self) {
        self.answers.send_modify(|answers| *answers += 1);
    }

    async fn told(&self, task: &str, success: bool, why: &str) {
        for _ in 0..MOST_WAITS {
            let fits = |message: &Message| verdict(&message.text(), task) == Some(success);
            let told = self.discord.message_where(self.results, fits);
            if told.await.is_some() {
                return;
            }
        }
        let said = self.discord.messages(self.results).into_iter();
        let said: Vec<String> = said
            .map(|message| message.text())
            .filter(|text| text.contains(task))
            .collect();
        panic!("{task} was never told as it ended (success: {success}; {why}): {said:#?}");
    }
}

async fn member(place: Arc<Place>, actor: Actor, deeds: Vec<Deed>) -> Vec<Promise> {
    let mut promises = Vec::new();
    for deed in deeds.into_iter().cycle() {
        if place.is_over.load(Ordering::Relaxed) {
            break;
        }
        let number = place.numbers.fetch_add(1, Ordering::Relaxed);
        let task = format!("siege{number:05}x");
        let limit = if deed == Deed::Complete { "30s" } else { "1s" };
        let line = format!("/timeattack start task:{task} limit:{limit}");
        let began_ms = wall_ms();
        let starter = actor.clone().clicked_at(began_ms);
        let Some(message) = place.started(&starter, &line).await else {
            continue;
        };
        let Some(complete) = button(&message, "ta:complete:") else {
            // Nothing was started: the database was away, or too many that nobody was promised run.
            continue;
        };
        place.count_answer();
        let press = |actor: Actor| {
            let (place, message, complete) = (&place, &message, &complete);
            async move {
                let answer = place.answered(|| actor.forge(message, complete)).await;
                format!("{deed:?}: {answer:?}")
            }
        };
        let answer = match deed {
            Deed::Miss => format!("{deed:?}"),
            // However long it takes until it is answered.
            Deed::Complete => press(actor.clone().clicked_at(began_ms + 900)).await,
            Deed::CompleteLate => {
                place.told(&task, false, "its deadline passed").await;
                press(actor.clone().clicked_at(began_ms + 900)).await
            }
        };
        promises.push(Promise {
            task,
            is_success: deed != Deed::Miss,
            answer,
        });
    }
    promises
}

/// Whether a member is told that what they asked for could not be done just now.
fn is_apology(text: &str) -> bool {
    [
        "I can't reach my database",
        "Something went wrong on my side",
    ]
    .iter()
    .any(|part| text.contains(part))
}

/// What befalls the program.
#[derive(Clone, Copy, Debug)]
enum Blow {
    /// `kill -9`, and a new start.
    Kill,
    /// SIGTERM, and a new start.
    End,
    /// PostgreSQL ends all of its connections.
    Restart,
}

impl Blow {
    async fn strike(self, program: &mut Program, discord: &LocalDiscord, name: &str) {
        match self {
            Self::Kill => program.kill(),
            Self::End => {
                let begun = Instant::now();
                program.terminate();
                assert!(program.ended().await.success(), "{}", program.log());
                let took = begun.elapsed();
                assert!(took < PROMISED_END, "{took:?}");
            }
            Self::Restart => return end_connections(name).await,
        }
        program.start();
        assert!(discord.wait_for_bot().await);
    }
}

/// Ends all of PostgreSQL's connections that go by this name; with a command for that, all there are.
async fn end_connections(name: &str) {
    if let Ok(command) = std::env::var("SIEGE_RESTART_COMMAND") {
        let restart = move || Command::new("sh").args(["-c", &command]).status();
        let restarted = tokio::task::spawn_blocking(restart).await.unwrap();
        assert!(restarted.unwrap().success(), "PostgreSQL is started again");
        return;
    }
    let server = std::env::var("TEST_POSTGRES_URL").unwrap();
    let mut conn = AnyConnection::connect(&server).await.unwrap();
    let end =
        "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1";
    let ended: i64 = sqlx::query_scalar(end)
        .bind(name)
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert!(ended > 0, "the program is connected");
    conn.close().await.unwrap();
}

/// A server whose members are at work, and the program.
struct Siege {
    program: Program,
    discord: LocalDiscord,
    place: Arc<Place>,
    members: Vec<tokio::task::JoinHandle<Vec<Promise>>>,
    /// By which PostgreSQL knows the program's connections.
    name: String,
    _database: Database,
}

impl Siege {
    async fn begin() -> Self {
        let discord = LocalDiscord::start(Options::default()).await.unwrap();
        let guild = discord.add_guild("Study", "en-US");
        let channel = discord.add_channel(guild, "general");
        let results = discord.add_channel(guild, "results");
        let database = Database::fresh().await;
        // Each local Discord listens on a port of its own.
        let port = discord.url().rsplit(':').next().unwrap().to_owned();
        let name = format!("siege-{}-{port}", std::process::id());
        let mut url = database.url.clone();
        if database.is_postgres() {
            url += &format!("&application_name={name}");
        }
        let mut program = Program::new(vec![
            ("DISCORD_TOKEN", discord.token()),
            ("DISCORD_API_URL", discord.url()),
            ("DATABASE_URL", url),
            ("HTTP_ADDR", "off".to_owned()),
        ]);
        program.start();
        assert!(discord.wait_for_bot().await);
        let admin = discord.add_user("Admin", "en-US");
        discord.join(guild, admin, permissions::MANAGE_GUILD);
        let admin = discord.actor(admin, channel);
        for setup in [
            format!("/setup channels results:<#{results}>"),
            // A start whose answer was lost runs on.
            "/setup limits running:25".to_owned(),
        ] {
            admin.slash(&setup).await.unwrap();
        }
        let place = Arc::new(Place {
            discord: discord.clone(),
            results,
            answers: watch::channel(0).0,
            numbers: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        });
        let members = (0..MEMBERS).map(|number| {
            let user = discord.add_user(&format!("Member {number}"), "en-US");
            discord.join(guild, user, 0);
            let mut deeds = vec![Deed::Miss, Deed::Complete, Deed::CompleteLate];
            deeds.rotate_left(number % 3);
            let actor = discord.actor(user, channel);
            tokio::spawn(member(Arc::clone(&place), actor, deeds))
        });
        Self {
            members: members.collect(),
            program,
            discord,
            place,
            name,
            _database: database,
        }
    }

    /// Strikes so often, each time after some more answers.
    async fn suffer(&mut self, blow: Blow, times: usize) {
        let mut runner = TestRunner::deterministic();
        let mut answers = self.place.answers.subscribe();
        for _ in 0..times {
            let more = (1..20_usize).new_tree(&mut runner).unwrap().current();
            let enough = *answers.borrow() + more;
            let reached = answers.wait_for(|answers| *answers >= enough);
            reached.await.unwrap();
            blow.strike(&mut self.program, &self.discord, &self.name)
                .await;
        }
    }

    /// The members stop, and all that was promised is told, once. Returns the promises.
    async fn ended(self) -> Vec<Promise> {
        self.place.is_over.store(true, Ordering::Relaxed);
        let mut promises = Vec::new();
        for member in self.members {
            promises.extend(member.await.unwrap());
        }
        for promise in &promises {
            let Promise {
                task,
                is_success,
                answer,
            } = promise;
            self.place.told(task, *is_success, answer).await;
        }
        let messages = self.discord.messages(self.place.results);
        let said: Vec<String> = messages.iter().map(Message::text).collect();
        for Promise {
            task,
            is_success,
            answer,
        } in &promises
        {
            let told: Vec<bool> = said.iter().filter_map(|text| verdict(text, task)).collect();
            let about = || {
                let about = messages.iter().filter(|one| one.text().contains(task));
                about.collect::<Vec<_>>()
            };
            assert_eq!(told, [*is_success], "{task}: {answer}; {:?}", about());
        }
        promises
    }
}

async fn withstands(blow: Blow, times: usize) {
    let mut siege = Siege::begin().await;
    siege.suffer(blow, times).await;
    let promises = siege.ended().await;
    let successes = promises.iter().filter(|promise| promise.is_success).count();
    println!(
        "{blow:?} × {times}: {} starts answered, {successes} of them completed; each told once, as \
         answered",
        promises.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing_that_was_answered_and_tell_nothing_twice() {
    withstands(Blow::Kill, asked_for("SIEGE_KILLS", KILLS)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ends_under_load_lose_nothing_that_was_answered_and_tell_nothing_twice() {
    withstands(Blow::End, asked_for("SIEGE_ENDS", ENDS)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarts_of_postgresql_lose_nothing_that_was_answered_and_tell_nothing_twice() {
    if std::env::var("TEST_POSTGRES_URL").is_err() {
        // SQLite has no server that could end.
        return;
    }
    withstands(Blow::Restart, asked_for("SIEGE_RESTARTS", RESTARTS)).await;
}
