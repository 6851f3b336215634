//! The configuration, and the only place that reads the environment.
//!
//! Every key is read and checked before anything starts, and every fault found is reported at
//! once, so that nobody mends a configuration one start at a time. A key that is set to nothing
//! counts as not set. A `.env` file in the working directory is read as well; the environment
//! goes before it. Secrets can be kept in a file of their own, named by `NAME_FILE`.
//!
//! No secret is shown by `Debug`, `Display` or a fault.
//!
//! To add a key: read it in [`Config::from_lookup`], and describe it in `.env.example` and in both
//! READMEs; a test compares them.

mod http;
mod mail;
mod unknown;

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::ids::GuildId;

pub use http::{HttpConfig, Topic};
pub use mail::{DkimConfig, MailConfig};

/// Discord's own address; the API's path is appended to it.
const DISCORD_API_URL: &str = "https://discord.com";
/// Where the data goes without a `DATABASE_URL`.
const DATABASE_URL: &str = "sqlite://data/timeattack.db";
/// What is logged without a `RUST_LOG`.
const RUST_LOG: &str = "info";
/// Most shards a bot may have: a million guilds at Discord's bound would need 400, so a number
/// above this is a slip of the finger.
const MOST_SHARDS: u32 = 16_384;
/// The most requests per second that Discord grants to very large bots, and then some.
const MOST_GLOBAL_RATE: u32 = 10_000;
/// The most direct messages per second. Discord allows all requests together 50 unless it grants
/// more.
const MOST_DM_RATE: f64 = 1_000.0;
/// Characters of a wrong value that are quoted in a fault; tokens are longer.
const QUOTED: usize = 32;
/// The file in the working directory that is read for what the environment leaves out.
const DOT_ENV: &str = ".env";

/// Every key, as the documentation lists them. Those of [`SECRETS`] can end in `_FILE`, too.
pub const KEYS: [&str; 27] = [
    "DISCORD_TOKEN",
    "DISCORD_API_URL",
    "DISCORD_GUILD_ID",
    "DISCORD_SHARDS",
    "DISCORD_GLOBAL_RATE",
    "DATABASE_URL",
    "HTTP_ADDR",
    "PUBLIC_URL",
    "SECRET_KEY",
    "DM_RATE",
    "SMTP_URL",
    "MAIL_DIR",
    "MAIL_FROM",
    "MAIL_GUILDS",
    "MAIL_CONNECTIONS",
    "MAIL_RATE",
    "MAIL_DAILY_LIMIT",
    "MAIL_RETRIES",
    "MAIL_RETRY_DELAY",
    "MAIL_DEFER",
    "MAIL_DKIM_DOMAIN",
    "MAIL_DKIM_SELECTOR",
    "MAIL_DKIM_KEY_FILE",
    "SES_TOPIC_ARNS",
    "ALERT_WEBHOOK_URL",
    "LOG_FORMAT",
    "RUST_LOG",
];
/// The keys whose values are secret.
pub const SECRETS: [&str; 5] = [
    "DISCORD_TOKEN",
    "DATABASE_URL",
    "SECRET_KEY",
    "SMTP_URL",
    "ALERT_WEBHOOK_URL",
];

/// What the program was started to do, which decides what it must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// The bot.
    Run,
    /// The bot with a local Discord. It reads none of the keys that lead to the real Discord, to
    /// the real data or to the operators, so trying something out can reach none of them.
    Sandbox,
    /// Only the database's migrations.
    Migrate,
    /// A check of everything else.
    Check,
    /// A copy of the database.
    Backup,
    /// The slash commands as JSON.
    Commands,
}

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// How to reach Discord.
    pub discord: DiscordConfig,
    /// Where the data is.
    pub database: DatabaseUrl,
    /// How the program is reached by HTTP.
    pub http: HttpConfig,
    /// Direct messages per second; 0 for no limit.
    pub dm_rate: f64,
    /// How mail leaves.
    pub mail: MailConfig,
    /// Where the operators' alerts are posted; its path is as good as a password.
    pub alert_webhook: Option<SecretString>,
    /// What is logged, and how.
    pub log: LogConfig,
    /// Keys that somebody has set and nothing reads.
    pub unknown_keys: Vec<UnknownKey>,
}

/// A key of `.env` that nothing reads, or one of the environment that is nearly one of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKey {
    /// Its name.
    pub key: String,
    /// Which of ours may be meant.
    pub meant: Option<String>,
}

/// How to reach Discord, and as whom.
#[derive(Clone, Debug)]
pub struct DiscordConfig {
    /// The bot's token; always there for [`Command::Run`].
    pub token: Option<SecretString>,
    /// Base of every REST call, without `/api/v10`.
    pub api_url: Url,
    /// The only guild to register the commands in; everywhere if `None`.
    pub guild_id: Option<GuildId>,
    /// The shards that this process runs.
    pub shards: Shards,
    /// Requests per second that Discord allows this bot; 0: a proxy counts them.
    pub global_rate: u32,
}

/// The shards of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shards {
    /// As many as Discord recommends, all in this process.
    Auto,
    /// Those from `first` to `last`, both included, of `total`.
    Range {
        /// The first of this process, counted from 0.
        first: u32,
        /// The last of this process.
        last: u32,
        /// All of the bot's, over all processes.
        total: u32,
    },
}

/// `sqlite://PATH` or `postgres://…`. Its password is not shown.
#[derive(Clone)]
pub struct DatabaseUrl(SecretString);

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// Lines for people, or JSON for machines.
    pub format: LogFormat,
    /// Directives in the syntax of `RUST_LOG`; they have been parsed once without a fault.
    pub filter: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: RUST_LOG.to_owned(),
        }
    }
}

/// The form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A line of text for each event.
    Text,
    /// A JSON object for each event.
    Json,
}

/// Everything that is wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(Vec<Fault>);

/// One thing that is wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key, or the file that holds the keys.
    pub key: String,
    /// What is wrong with it.
    pub wrong: String,
    /// What to write instead.
    pub write: String,
}

impl Config {
    /// Reads the environment and `.env`.
    pub fn from_env(command: Command) -> Result<Self, ConfigErrors> {
        let (file, mut faults) = dot_env();
        let lookup = |key: &str| match std::env::var_os(key) {
            // A value that is not text is one that no check below accepts.
            Some(value) => Some(value.to_string_lossy().into_owned()),
            None => file.get(key).cloned(),
        };
        let environment = std::env::vars_os().filter_map(|(key, _)| key.into_string().ok());
        let unknown_keys = unknown::among(file.keys(), environment);
        match Self::from_lookup(&lookup, command) {
            Ok(config) if faults.is_empty() => Ok(Self {
                unknown_keys,
                ..config
            }),
            read => {
                faults.extend(read.err().into_iter().flat_map(|ConfigErrors(more)| more));
                // What is said to be missing may only be misspelt.
                faults.extend(unknown_keys.iter().map(UnknownKey::fault));
                Err(ConfigErrors(faults))
            }
        }
    }

    /// Reads the keys that `lookup` knows.
    pub fn from_lookup(
        lookup: &dyn Fn(&str) -> Option<String>,
        command: Command,
    ) -> Result<Self, ConfigErrors> {
        let nothing = |_: &str| None;
        let apart = matches!(command, Command::Sandbox | Command::Commands);
        let mut keys = Reader {
            lookup: if apart { &nothing } else { lookup },
            faults: Vec::new(),
        };
        let token = keys.secret("DISCORD_TOKEN", parse_token);
        let token_is_missing = token.is_none() && !keys.is_faulty("DISCORD_TOKEN");
        if command == Command::Run && token_is_missing {
            keys.faults.push(Fault {
                key: "DISCORD_TOKEN".into(),
                wrong: "not set".into(),
                write: "the bot's token, from its page “Bot” at \
                        https://discord.com/developers/applications \
                        (`timeattack sandbox` needs none)"
                    .into(),
            });
        }
        let discord = DiscordConfig {
            token,
            api_url: keys.value("DISCORD_API_URL", DISCORD_API_URL, parse_api_url),
            guild_id: keys.value("DISCORD_GUILD_ID", "", parse_guild_id),
            shards: keys.value("DISCORD_SHARDS", "auto", parse_shards),
            global_rate: keys.value("DISCORD_GLOBAL_RATE", "50", parse_global_rate),
        };
        let database = keys.secret("DATABASE_URL", parse_database_url);
        let database = DatabaseUrl(database.unwrap_or_else(|| DATABASE_URL.into()));
        let http = HttpConfig::read(&mut keys);
        keys.lookup = lookup;
        let dm_rate = keys.value("DM_RATE", "1", parse_dm_rate);
        keys.lookup = if apart { &nothing } else { lookup };
        let mail = MailConfig::read(&mut keys);
        let alert_webhook = keys.secret("ALERT_WEBHOOK_URL", parse_webhook_url);
        keys.lookup = lookup;
        let log = LogConfig {
            format: keys.value("LOG_FORMAT", "text", parse_log_format),
            filter: keys.value("RUST_LOG", RUST_LOG, parse_filter),
        };
        if keys.faults.is_empty() {
            Ok(Self {
                discord,
                database,
                http,
                dm_rate,
                mail,
                alert_webhook,
                log,
                unknown_keys: Vec::new(),
            })
        } else {
            Err(ConfigErrors(keys.faults))
        }
    }

    /// Every secret of this configuration, for the log to leave out.
    pub fn secrets(&self) -> Vec<SecretString> {
        let mut secrets: Vec<_> = self.discord.token.iter().cloned().collect();
        secrets.extend(self.database.passwords());
        secrets.extend(self.http.secrets());
        secrets.extend(self.mail.secrets());
        secrets.extend(self.alert_webhook.iter().cloned());
        secrets
    }
}

impl DatabaseUrl {
    /// A SQLite database at `path`.
    pub fn sqlite(path: &Path) -> Self {
        Self(format!("sqlite://{}", path.display()).into())
    }

    /// SQLite's file.
    pub fn file(&self) -> Option<&Path> {
        let path = self.expose().strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        Some(Path::new(path.split('?').next().unwrap_or(path)))
    }

    /// The whole URL, its password included.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether it leads to a PostgreSQL server, which several processes can share.
    pub fn is_postgres(&self) -> bool {
        self.expose().starts_with("postgres")
    }

    /// The password as it is written in the URL, and as it is meant.
    fn passwords(&self) -> Vec<SecretString> {
        let Some(url) = Url::parse(self.expose())
            .ok()
            .filter(|_| self.is_postgres())
        else {
            return Vec::new();
        };
        let mut passwords: Vec<SecretString> = Vec::new();
        if let Some(password) = url.password() {
            // Decoded as a form's value, but for the plus, which is a space only there.
            let form = format!("p={}", password.replace('+', "%2B"));
            let decoded = url::form_urlencoded::parse(form.as_bytes());
            passwords.extend(decoded.map(|(_, value)| value.into_owned().into()));
            passwords.push(password.into());
        }
        let in_query = url.query_pairs().filter(|(key, _)| key == "password");
        passwords.extend(in_query.map(|(_, value)| value.into_owned().into()));
        passwords
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// Without user, password and options.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_postgres() {
            return f.write_str(self.expose());
        }
        match Url::parse(self.expose()) {
            Ok(url) => {
                write!(f, "postgres://{}", url.host_str().unwrap_or_default())?;
                if let Some(port) = url.port() {
                    write!(f, ":{port}")?;
                }
                f.write_str(url.path())
            }
            Err(_) => f.write_str("postgres://[unreadable]"),
        }
    }
}

impl ConfigErrors {
    /// What is wrong, in the order of the keys.
    pub fn faults(&self) -> &[Fault] {
        &self.0
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is wrong, and nothing was started:")?;
        for Fault { key, wrong, write } in &self.0 {
            write!(f, "\n  {key}: {wrong}\n      write {write}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// What is wrong with a value, and what to write instead.
type Wrong = (String, &'static str);

/// Reads keys and keeps the faults.
struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    /// The value of a key, or of its default; after a fault the default too, to go on with the
    /// other keys.
    fn value<T>(
        &mut self,
        key: &str,
        default: &str,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> T {
        let given = self.given(key);
        match parse(given.as_deref().unwrap_or(default)) {
            Ok(value) => value,
            Err(wrong) => {
                self.fault(key, wrong);
                parse(default).expect("every default is valid, as the tests show")
            }
        }
    }

    /// A secret, given itself or by the file that holds it.
    fn secret(
        &mut self,
        key: &str,
        parse: impl Fn(&str) -> Result<(), Wrong>,
    ) -> Option<SecretString> {
        let file_key = format!("{key}_FILE");
        let (key, value) = match (self.given(key), self.given(&file_key)) {
            (None, None) => return None,
            (Some(value), None) => (key, value),
            (Some(_), Some(_)) => {
                let wrong = format!("set together with {file_key}");
                self.fault(key, (wrong, "one of the two and remove the other"));
                return None;
            }
            (None, Some(file)) => match std::fs::read_to_string(&file) {
                Ok(content) if content.trim().is_empty() => {
                    let wrong = format!("the file {} is empty", quoted(&file));
                    self.fault(&file_key, (wrong, "the secret into the file"));
                    return None;
                }
                Ok(content) => (file_key.as_str(), content.trim().to_owned()),
                Err(error) => {
                    let wrong = format!("the file {} cannot be read: {error}", quoted(&file));
                    let write = "the path of a file that this program can read";
                    self.fault(&file_key, (wrong, write));
                    return None;
                }
            },
        };
        match parse(&value) {
            Ok(()) => Some(value.into()),
            Err(wrong) => {
                self.fault(key, wrong);
                None
            }
        }
    }

    fn given(&self, key: &str) -> Option<String> {
        let value = (self.lookup)(key)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn fault(&mut self, key: &str, (wrong, write): Wrong) {
        self.faults.push(Fault {
            key: key.to_owned(),
            wrong,
            write: write.to_owned(),
        });
    }

    /// Whether the key, or the file that stands for it, has a fault.
    fn is_faulty(&self, key: &str) -> bool {
        let of_key = |fault: &Fault| fault.key.strip_suffix("_FILE").unwrap_or(&fault.key) == key;
        self.faults.iter().any(of_key)
    }
}

/// A wrong value for being shown. Not one that may be a secret put under the wrong key.
fn quoted(value: &str) -> String {
    if value.chars().count() > QUOTED || value.contains('@') {
        return "given".to_owned();
    }
    format!("{value:?}")
}

fn parse_token(token: &str) -> Result<(), Wrong> {
    let write = "only the token, as Discord shows it on the page “Bot”";
    if token.starts_with("Bot ") || token.starts_with("Bearer ") {
        return Err((
            "begins with a word that isn't part of the token".into(),
            write,
        ));
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let wrong = "has spaces or characters that a token can't have";
        return Err((wrong.into(), write));
    }
    Ok(())
}

fn parse_api_url(given: &str) -> Result<Url, Wrong> {
    let write = "an address such as https://discord.com or http://127.0.0.1:8081";
    let url = base_url(given, write)?;
    if url.path().contains("/api") {
        let why = "has the path of the API, which the bot adds itself";
        return Err((format!("{} {why}", quoted(given)), write));
    }
    Ok(url)
}

/// The base of addresses: what is appended to it is a path.
fn base_url(given: &str, write: &'static str) -> Result<Url, Wrong> {
    let wrong = |why: &str| (format!("{} {why}", quoted(given)), write);
    let url = Url::parse(given).map_err(|error| wrong(&format!("is not a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("is neither http:// nor https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("has a user name or password in it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has more than an address and a path"));
    }
    Ok(url)
}

fn parse_guild_id(given: &str) -> Result<Option<GuildId>, Wrong> {
    if given.is_empty() {
        return Ok(None);
    }
    match given.parse::<u64>() {
        Ok(id) if id > 0 && i64::try_from(id).is_ok() => Ok(Some(GuildId::from(id))),
        _ => Err((
            format!("{} isn't a server's id", quoted(given)),
            "the number that “Copy Server ID” gives, or nothing for all servers",
        )),
    }
}

fn parse_shards(given: &str) -> Result<Shards, Wrong> {
    if given.eq_ignore_ascii_case("auto") {
        return Ok(Shards::Auto);
    }
    let range = || {
        let (range, total) = given.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let number = |text: &str| text.trim().parse::<u32>().ok();
        Some((number(first)?, number(last)?, number(total)?))
    };
    let write = "auto, or FIRST-LAST/TOTAL counted from 0, such as 0-1/4";
    let Some((first, last, total)) = range() else {
        return Err((format!("{} isn't a range of shards", quoted(given)), write));
    };
    if first > last || last >= total || total > MOST_SHARDS {
        return Err((
            format!("{} contains no shards, or too many", quoted(given)),
            write,
        ));
    }
    Ok(Shards::Range { first, last, total })
}

fn parse_global_rate(given: &str) -> Result<u32, Wrong> {
    let rate = given
        .parse::<u32>()
        .ok()
        .filter(|rate| *rate <= MOST_GLOBAL_RATE);
    rate.ok_or_else(|| {
        (
            format!("{} isn't a rate", quoted(given)),
            "requests per second, 50 unless Discord granted more; 0 where a proxy counts them",
        )
    })
}

fn parse_dm_rate(given: &str) -> Result<f64, Wrong> {
    let rate = given.parse::<f64>().ok();
    let rate = rate.filter(|rate| *rate == 0.0 || (0.001..=MOST_DM_RATE).contains(rate));
    rate.ok_or_else(|| {
        (
            format!("{} isn't a rate", quoted(given)),
            "direct messages per second, such as 1 or 0.5; 0 for no limit",
        )
    })
}

fn parse_database_url(given: &str) -> Result<(), Wrong> {
    let write = "sqlite://PATH, such as sqlite://data/timeattack.db, or \
                 postgres://USER:PASSWORD@HOST/DATABASE";
    if let Some(path) = given.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        return match path {
            "" => Err(("names no file".into(), write)),
            ":memory:" => {
                let wrong = "in memory, so every deadline would be lost when the bot stops";
                Err((wrong.into(), write))
            }
            _ => Ok(()),
        };
    }
    if given.starts_with("postgres://") || given.starts_with("postgresql://") {
        return match Url::parse(given) {
            Ok(_) => Ok(()),
            Err(error) => Err((
                format!("not a URL: {error} (a password's special characters must be %-encoded)"),
                write,
            )),
        };
    }
    Err(("neither sqlite:// nor postgres://".into(), write))
}

/// Nothing of the value is quoted: which part of it is secret, its service knows.
fn parse_webhook_url(given: &str) -> Result<(), Wrong> {
    let write =
        "the complete address that the service gave you, beginning with https:// or http://";
    match Url::parse(given) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(()),
        Ok(_) => Err(("neither https:// nor http://".into(), write)),
        Err(error) => Err((format!("not a URL: {error}"), write)),
    }
}

fn parse_log_format(given: &str) -> Result<LogFormat, Wrong> {
    match given {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err((format!("{} isn't a format", quoted(given)), "text or json")),
    }
}

fn parse_filter(given: &str) -> Result<String, Wrong> {
    match EnvFilter::builder().parse(given) {
        Ok(_) => Ok(given.to_owned()),
        Err(error) => Err((
            format!("{} isn't a filter: {error}", quoted(given)),
            "a level (error, warn, info, debug, trace), or TARGET=LEVEL, separated by commas",
        )),
    }
}

/// The keys of `.env` in the working directory, and the faults in it.
fn dot_env() -> (HashMap<String, String>, Vec<Fault>) {
    match std::fs::read_to_string(DOT_ENV) {
        Ok(content) => parse_dot_env(&content),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Default::default(),
        Err(error) => {
            let fault = Fault {
                key: DOT_ENV.into(),
                wrong: format!("cannot be read: {error}"),
                write: "a text file that this program can read, or remove it".into(),
            };
            (HashMap::new(), vec![fault])
        }
    }
}

fn parse_dot_env(content: &str) -> (HashMap<String, String>, Vec<Fault>) {
    let (mut values, mut faults) = (HashMap::new(), Vec::new());
    for pair in dotenvy::from_read_iter(content.as_bytes()) {
        match pair {
            Ok((key, value)) => {
                values.entry(key).or_insert(value);
            }
            Err(error) => faults.push(Fault {
                key: DOT_ENV.into(),
                wrong: match line_of(&error, content) {
                    Some(line) => format!("line {line} cannot be read"),
                    None => "cannot be read".into(),
                },
                write: "one KEY=value per line; quote a value with spaces: KEY='a value'".into(),
            }),
        }
    }
    (values, faults)
}

/// The number of the line that a fault is in. The fault's own text quotes the line, which may
/// hold a secret.
fn line_of(error: &dotenvy::Error, content: &str) -> Option<usize> {
    let dotenvy::Error::LineParse(faulty, _) = error else {
        return None;
    };
    // The fault has the line's rest from the value on.
    let rest = faulty.lines().next()?.trim();
    let index = content
        .lines()
        .position(|line| line.trim().ends_with(rest))?;
    Some(index + 1)
}

#[cfg(test)]
mod tests;
