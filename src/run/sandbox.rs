//! `timeattack sandbox`: the bot beside a local Discord, and what the page is told of its inside.

use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use tokio::sync::watch;
use url::Url;

use super::end::stop_signal;
use super::http_connections;
use super::lives::{Lives, Means};
use super::sample;
use crate::campaign;
use crate::clock::Clock;
use crate::config::{Config, DatabaseUrl, DiscordConfig, HttpConfig};
use crate::db::{self, BoxFuture};
use crate::error::Result;
use crate::guild;
use crate::http;
use crate::ids::GuildId;
use crate::mailer::Mailbox;
use crate::outbox;
use crate::sandbox::insight::{
    BotState, Filled, Glance, Insight, LaneGlance, RunningGlance, VerdictGlance,
};
use crate::sandbox::{LocalDiscord, Options, Seed, permissions};
use crate::timeattack;

/// Whose mails the sandbox's are.
const FROM: &str = "timeattack <mail@timeattack.example>";
/// Mails per second: five hundred take twenty seconds, so that a campaign can be watched, paused and
/// killed while it runs. Files alone would take all of them at once.
const MAIL_RATE: f64 = 25.0;
/// Connections of the local Discord however few file handles there are: the bot's gateway and some of
/// its requests, and a page's.
const LOCAL_CONNECTIONS: usize = 16;
/// After its commands are registered, the bot logs so within this time.
const LOGGED_MS: i64 = 300;
/// The furthest that a clock which was turned is taken up again: a century.
const LONGEST_TURNED_MS: i64 = 100 * 366 * 86_400_000;
/// Next deadlines that are shown.
const DEADLINES: i64 = 8;
/// Verdicts that are shown.
const VERDICTS: usize = 20;

/// Runs the bot against a local Discord, with a page to try it by hand.
pub async fn sandbox(config: Config, sandbox: crate::cli::Sandbox) -> anyhow::Result<ExitCode> {
    let stop = stop_signal()?;
    // One clock for both sides, which the page turns forward, and which goes on where it was.
    let (clock, hand) = Clock::shifted();
    let turned = Turned::read(&sandbox.data);
    hand.shift_ms(turned.by_ms);
    // Both servers are of this process.
    let connections = http_connections(&config) / 2;
    let discord = LocalDiscord::start(Options {
        addr: sandbox.addr,
        clock: clock.clone(),
        seed: random_seed()?,
        connections: connections.max(LOCAL_CONNECTIONS),
        rate_limits: true,
        record: false,
        mail: Some(sandbox.data.join("mail")),
        ..Options::default()
    })
    .await
    .with_context(|| format!("listening on {}; choose another with --addr", sandbox.addr))?;
    let guilds = settle_in(&discord);
    let page = discord.url();
    say_where(&page)?;
    tokio::spawn(say_where_again(discord.clone(), clock.clone()));
    let database = DatabaseUrl::sqlite(&sandbox.data.join("timeattack.db"));
    let listener = http_beside(sandbox.addr, &page)?;
    let public = reached_at(listener.local_addr()?);
    // The page's mailbox is that folder.
    let mut mail = config.mail;
    mail.dir = sandbox.data.join("mail");
    mail.from = Some(Mailbox::parse(FROM).context("the sandbox's own mailbox")?);
    mail.guilds = None;
    mail.rate = MAIL_RATE;
    let config = Config {
        http: HttpConfig {
            addr: None,
            public_url: format!("http://{public}"),
            ..config.http
        },
        discord: DiscordConfig {
            token: Some(discord.token().into()),
            api_url: page.parse().context("the sandbox's own address")?,
            ..config.discord
        },
        database: database.clone(),
        mail,
        ..config
    };
    let (bot, orders) = Lives::new(Means {
        clock: clock.clone(),
        config,
        listener,
        connections,
    });
    discord.show_inside(Arc::new(Inside {
        clock,
        database,
        bot: bot.clone(),
        discord: discord.clone(),
        guilds,
        last: Mutex::default(),
        turned,
    }));
    let ended = bot.live(orders, stop).await;
    discord.stop();
    ended
}

/// Says where the page is.
fn say_where(page: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "The sandbox is at {page} (Ctrl+C ends it)")
}

/// The same below what the bot logs as it starts, which would else hide it.
async fn say_where_again(discord: LocalDiscord, clock: Clock) {
    if discord.wait_for_bot().await {
        clock.sleep_ms(LOGGED_MS).await;
        // Whoever has closed the output does not look for it there.
        let _ = say_where(&discord.url());
    }
}

/// What the local Discord's tokens follow from: new ones for each start, so that nobody knows them who
/// was not told.
fn random_seed() -> anyhow::Result<Seed> {
    let mut seed = Seed::default();
    getrandom::fill(&mut seed).context("the system gives no random bytes")?;
    Ok(seed)
}

/// The address of the bot's own HTTP server: the port behind the page's, so that links in mails that
/// were sent before a restart work after it, or any where that one is taken.
fn http_beside(page: SocketAddr, url: &str) -> anyhow::Result<TcpListener> {
    // The page may have been given any port.
    let port = Url::parse(url)?.port().and_then(|port| port.checked_add(1));
    let beside = port.map(|port| TcpListener::bind((page.ip(), port)));
    match beside {
        Some(Ok(listener)) => Ok(listener),
        _ => http::bind(SocketAddr::new(page.ip(), 0)),
    }
}

/// An address as a browser on this machine reaches it.
fn reached_at(addr: SocketAddr) -> SocketAddr {
    match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, addr.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, addr.port()).into(),
        _ => addr,
    }
}

/// The servers and people of the sandbox.
///
/// Its ids follow from the order in which it is made, and the bot's database remembers them from
/// one start to the next: what is new is made last.
fn settle_in(discord: &LocalDiscord) -> Vec<GuildId> {
    let people = [
        ("Mina", "en-US", 0),
        ("자몽", "ko", 0),
        ("Admin", "en-US", permissions::MANAGE_GUILD),
    ]
    .map(|(name, locale, more)| (discord.add_user(name, locale), more));
    let servers = [
        ("Study Room", "en-US", ["general", "results"]),
        ("공부방", "ko", ["일반", "결과"]),
    ]
    .map(|(name, locale, channels)| {
        let guild = discord.add_guild(name, locale);
        for channel in channels {
            discord.add_channel(guild, channel);
        }
        for (user, more) in people {
            discord.join(guild, user, more);
        }
        guild
    });
    let [(mina, _), (jamong, _), _] = people;
    for (guild, early, late) in [
        (servers[0], "Early birds", "Night owls"),
        (servers[1], "일찍 일어나는 새", "올빼미"),
    ] {
        discord.give_role(guild, mina, discord.add_role(guild, early));
        discord.give_role(guild, jamong, discord.add_role(guild, late));
    }
    for (user, _) in people {
        discord.open_direct_channel(user);
    }
    servers.to_vec()
}

/// What the page is told of the bot.
struct Inside {
    clock: Clock,
    database: DatabaseUrl,
    bot: Lives,
    discord: LocalDiscord,
    /// The servers there are.
    guilds: Vec<GuildId>,
    /// What was last read, for when nothing can be.
    last: Mutex<Glance>,
    turned: Turned,
}

/// How far the clock was turned by hand, kept in a file beside the database: what was stored by a clock
/// that was turned lies in the future of one that is not.
struct Turned {
    file: PathBuf,
    by_ms: i64,
}

impl Turned {
    /// As it was kept. What cannot be read, or can be nobody's turn, is none.
    fn read(data: &Path) -> Self {
        let file = data.join("clock");
        let kept = std::fs::read_to_string(&file).ok();
        let by_ms = kept.and_then(|kept| kept.trim().parse().ok());
        let is_a_turn = |by_ms: &i64| (0..=LONGEST_TURNED_MS).contains(by_ms);
        Self {
            file,
            by_ms: by_ms.filter(is_a_turn).unwrap_or(0),
        }
    }

    /// Keeps it: a number in a file, written in one go.
    fn keep(&self, by_ms: i64) {
        let new = self.file.with_extension("new");
        let written = std::fs::write(&new, by_ms.to_string());
        if let Err(error) = written.and_then(|()| std::fs::rename(&new, &self.file)) {
            tracing::warn!(%error, "the turned clock could not be saved for the next start");
        }
    }
}

impl Inside {
    /// Reads by a connection of its own and not by the bot's, so that it can while the bot is down.
    /// What it reads then is how things stand: nobody else writes to this database.
    async fn read(&self) -> Result<Glance> {
        let mut conn = db::look(self.database.expose()).await?;
        let (count, _) = timeattack::count_running(&mut conn, self.clock.now_ms()).await?;
        let next = timeattack::overview::next_deadlines(&mut conn, DEADLINES).await?;
        let lanes = outbox::overview::lanes(&mut conn).await?;
        let verdicts = timeattack::overview::verdicts(&mut conn, VERDICTS).await?;
        let settings = guild::for_guilds(&mut conn, &self.guilds).await?;
        let zone = |guild: &GuildId| {
            let settings = settings.get(guild).cloned().unwrap_or_default();
            (*guild, settings.timezone.name().to_owned())
        };
        Ok(Glance {
            zones: self.guilds.iter().map(zone).collect(),
            running: count,
            next: next.into_iter().map(running).collect(),
            lanes: lanes.into_iter().map(lane).collect(),
            verdicts: verdicts.into_iter().map(verdict).collect(),
        })
    }
}

impl Insight for Inside {
    fn bot(&self) -> BotState {
        self.bot.state()
    }

    fn kill(&self, down_ms: i64) -> BoxFuture<'_, Option<BotState>> {
        Box::pin(self.bot.kill(down_ms))
    }

    fn look(&self) -> BoxFuture<'_, Glance> {
        Box::pin(async move {
            let read = self.read().await;
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            match read {
                Ok(glance) => last.clone_from(&glance),
                // Before the very first migration there is nothing to read.
                Err(error) => {
                    tracing::debug!(error = format!("{error:#}"), "the inside cannot be read");
                }
            }
            last.clone()
        })
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.bot.changes()
    }

    fn due_from(&self, from_ms: i64) -> BoxFuture<'_, Option<i64>> {
        Box::pin(async move {
            let due: Result<Option<i64>> = async {
                let mut conn = db::look(self.database.expose()).await?;
                let deadline = timeattack::overview::due_from(&mut conn, from_ms).await?;
                let message = outbox::overview::due_from(&mut conn, from_ms).await?;
                let campaign = campaign::due_from(&mut conn, from_ms).await?;
                let all = [deadline, message, campaign];
                Ok(all.into_iter().flatten().min())
            }
            .await;
            due.unwrap_or_else(|error| {
                tracing::debug!(error = format!("{error:#}"), "what is due cannot be read");
                None
            })
        })
    }

    fn fill(&self, guild: GuildId) -> BoxFuture<'_, std::result::Result<Filled, String>> {
        Box::pin(async move {
            let app = self.bot.app().ok_or("the bot is down")?;
            let filled = sample::fill(&self.discord, &app, guild).await;
            filled.map_err(|error| {
                let error = format!("{error:#}");
                tracing::warn!(error, "the sample data is not complete");
                error
            })
        })
    }

    fn turned(&self) {
        self.turned.keep(self.clock.turned_ms());
    }
}

fn running(attack: timeattack::overview::Running) -> RunningGlance {
    RunningGlance {
        id: attack.id.0,
        guild: attack.guild,
        user: attack.user,
        member_name: attack.member_name,
        task: attack.task,
        started_ms: attack.started_ms,
        deadline_ms: attack.deadline_ms,
    }
}

fn lane(load: outbox::overview::LaneLoad) -> LaneGlance {
    LaneGlance {
        lane: load.lane.as_str(),
        waiting: load.waiting,
        under_way: load.under_way,
        oldest_ms: load.oldest_ms,
    }
}

fn verdict(shown: timeattack::overview::Shown) -> VerdictGlance {
    VerdictGlance {
        attack: shown.attack.0,
        deadline_ms: shown.deadline_ms,
        message: shown.message,
    }
}
