//! What the benches share: a local Discord on a thread of its own, a database full of time
//! attacks, percentiles.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use sqlx::{AnyConnection, Connection as _};
use timeattack::db::Db;
use timeattack::ids::{ChannelId, GuildId};
use timeattack::sandbox::{LocalDiscord, Options};
use tokio::runtime::Handle;

/// Microseconds since the epoch.
pub fn now_us() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Milliseconds since the epoch.
pub fn now_ms() -> i64 {
    now_us() / 1_000
}

/// What has been posted.
#[derive(Default)]
pub struct Posts {
    /// When each `bench<number>;` arrived first, in microseconds.
    pub arrived_us: HashMap<u32, i64>,
    /// How many messages there were.
    pub count: usize,
}

/// A local Discord with one server.
pub struct Local {
    pub discord: LocalDiscord,
    pub guild: GuildId,
    pub channels: Vec<ChannelId>,
    pub posts: Arc<Mutex<Posts>>,
    /// Its thread's runtime.
    pub runtime: Handle,
}

impl Local {
    /// Starts one; its thread ends with the program.
    pub fn start(channels: usize, rate_limits: bool) -> Self {
        let (sender, started) = std::sync::mpsc::channel();
        let posts = Arc::<Mutex<Posts>>::default();
        let noted = Arc::clone(&posts);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let discord = LocalDiscord::start(Options {
                    rate_limits,
                    record: false,
                    on_message: Some(Arc::new(move |message| note(&noted, &message.text()))),
                    ..Options::default()
                });
                let discord = discord.await.expect("it starts");
                sender
                    .send((discord, Handle::current()))
                    .expect("a receiver");
                std::future::pending::<()>().await;
            });
        });
        let (discord, runtime) = started.recv().expect("it starts");
        let guild = discord.add_guild("Bench", "en-US");
        let channels = (0..channels)
            .map(|number| discord.add_channel(guild, &format!("channel-{number}")))
            .collect();
        Self {
            discord,
            guild,
            channels,
            posts,
            runtime,
        }
    }

    /// Returns when `count` numbers have arrived; panics when that takes five minutes.
    pub async fn arrived(&self, count: usize) {
        for _ in 0..30_000 {
            if self.posts().arrived_us.len() >= count {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("not everything arrived within five minutes");
    }

    pub fn posts(&self) -> std::sync::MutexGuard<'_, Posts> {
        self.posts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn note(posts: &Mutex<Posts>, text: &str) {
    let now = now_us();
    let mut posts = posts.lock().unwrap_or_else(PoisonError::into_inner);
    posts.count += 1;
    for part in text.split("bench").skip(1) {
        let number = part.split(';').next();
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            posts.arrived_us.entry(number).or_insert(now);
        }
    }
}

/// One time attack to be stored.
pub struct Planned {
    pub number: u32,
    pub channel: i64,
    pub deadline_ms: i64,
}

/// Makes a database at `url` that holds these running time attacks.
pub async fn fill(url: &str, planned: impl Iterator<Item = Planned>) {
    Db::open(url).await.expect("a database").close().await;
    let mut conn = AnyConnection::connect(url).await.expect("a connection");
    let started_ms = now_ms() - 1;
    let mut planned = planned.peekable();
    sqlx::query("BEGIN")
        .execute(&mut conn)
        .await
        .expect("begin");
    while planned.peek().is_some() {
        let chunk: Vec<Planned> = planned.by_ref().take(500).collect();
        let rows = timeattack::db::placeholders(&conn, chunk.len(), 10);
        let sql = format!(
            "INSERT INTO time_attacks (id, guild_id, channel_id, user_id, member_name, task, \
             state, started_ms, deadline_ms, language) VALUES {rows}"
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for one in chunk {
            query = query
                .bind(i64::from(one.number) + 1)
                .bind(1_i64)
                .bind(one.channel)
                .bind(i64::from(one.number) + 1_000_000)
                .bind("bencher")
                .bind(format!("bench{};", one.number))
                .bind("running")
                .bind(started_ms)
                .bind(one.deadline_ms)
                .bind("ko");
        }
        query.execute(&mut conn).await.expect("inserted");
    }
    sqlx::query("COMMIT")
        .execute(&mut conn)
        .await
        .expect("commit");
    conn.close().await.expect("closed");
}

/// The `per_mille`-th of a thousand parts of sorted values.
pub fn percentile(sorted: &[i64], per_mille: usize) -> i64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * per_mille / 1_000).copied().unwrap_or(0)
}

/// Microseconds as milliseconds with a fraction.
pub fn as_ms(us: i64) -> f64 {
    f64::from(i32::try_from(us).unwrap_or(i32::MAX)) / 1_000.0
}

/// Resident memory of this process in bytes (Linux).
pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1_024
}
