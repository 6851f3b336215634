//! The keys about mail.

use std::collections::HashSet;
use std::path::PathBuf;

use secrecy::SecretString;

use super::{Reader, Wrong, quoted};
use crate::ids::GuildId;
use crate::mailer::Mailbox;
use crate::mailer::smtp::{MOST_CONNECTIONS, Server};

/// Where mails go without an `SMTP_URL`.
const MAIL_DIR: &str = "data/mail";
/// Guild ids that may be listed: a host that trusts more of them lists them elsewhere.
const MOST_GUILDS: usize = 1_000;
/// Mails per second at most: a slip of the finger beyond.
const MOST_RATE: f64 = 100_000.0;
/// Mails in a day at most: likewise.
const MOST_DAILY: i64 = 1_000_000_000;
/// Quick tries at most; the breaker is what looks after longer troubles.
const MOST_RETRIES: u32 = 10;
/// The longest wait before the first quick try.
const LONGEST_RETRY_MS: i64 = 60_000;
/// Later tries at most, and the longest wait before one: nobody reads last week's news.
const MOST_DEFERS: usize = 10;
const LONGEST_DEFER_MS: i64 = 7 * 86_400_000;
/// Characters of a domain or selector (RFC 1035 has 253 of a whole name).
const NAME_LENGTH: usize = 253;

/// How mail leaves.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// The mail server; `None`: mails are written to `dir`.
    pub server: Option<Server>,
    /// The folder for mails where there is no server.
    pub dir: PathBuf,
    /// Whose mails they are; campaigns refuse without it.
    pub from: Option<Mailbox>,
    /// Connections to the server at once.
    pub connections: usize,
    /// The guilds that may send; `None`: all of them (the sandbox).
    pub guilds: Option<HashSet<GuildId>>,
    /// Mails per second, over all processes; 0 for no limit.
    pub rate: f64,
    /// Mails in any 24 hours; 0 for no limit.
    pub daily_limit: i64,
    /// Quick tries of the server after the first.
    pub retries: u32,
    /// The wait before the first of them, doubling.
    pub retry_delay_ms: i64,
    /// The waits of a recipient's temporary refusal, one after the other.
    pub defer_ms: Vec<i64>,
    /// How mails are signed; not at all if `None`.
    pub dkim: Option<DkimConfig>,
    /// The URL as it was given: its user and password count as secret together.
    url: Option<SecretString>,
}

/// How mails are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DkimConfig {
    /// The domain that signs.
    pub domain: String,
    /// The name of its key.
    pub selector: String,
    /// The private key in PEM.
    pub key_file: PathBuf,
}

impl MailConfig {
    pub(super) fn read(keys: &mut Reader<'_>) -> Self {
        let url = keys.secret("SMTP_URL", |url| parse_server(url).map(drop));
        let server = url.as_ref().and_then(|url| {
            use secrecy::ExposeSecret as _;
            parse_server(url.expose_secret()).ok()
        });
        Self {
            server,
            url,
            dir: keys.value("MAIL_DIR", MAIL_DIR, |dir| Ok(PathBuf::from(dir))),
            from: keys.value("MAIL_FROM", "", parse_from),
            guilds: Some(keys.value("MAIL_GUILDS", "", parse_guilds)),
            connections: keys.value("MAIL_CONNECTIONS", "10", parse_connections),
            rate: keys.value("MAIL_RATE", "0", parse_rate),
            daily_limit: keys.value("MAIL_DAILY_LIMIT", "0", parse_daily_limit),
            retries: keys.value("MAIL_RETRIES", "3", parse_retries),
            retry_delay_ms: keys.value("MAIL_RETRY_DELAY", "1s", parse_retry_delay),
            defer_ms: keys.value("MAIL_DEFER", "5m,30m,2h", parse_defer),
            dkim: read_dkim(keys),
        }
    }

    /// Whether the host has begun to set it up.
    pub fn is_used(&self) -> bool {
        let may_send = self.guilds.as_ref().is_none_or(|guilds| !guilds.is_empty());
        self.server.is_some() || self.from.is_some() || self.dkim.is_some() || may_send
    }

    pub(super) fn secrets(&self) -> Vec<SecretString> {
        let mut secrets: Vec<_> = self.url.iter().cloned().collect();
        secrets.extend(self.server.iter().flat_map(Server::secrets));
        secrets
    }
}

/// All three keys, or none: half a signature is a mistake, and mails would go unsigned.
fn read_dkim(keys: &mut Reader<'_>) -> Option<DkimConfig> {
    const KEYS: [&str; 3] = [
        "MAIL_DKIM_DOMAIN",
        "MAIL_DKIM_SELECTOR",
        "MAIL_DKIM_KEY_FILE",
    ];
    let missing: Vec<_> = KEYS
        .into_iter()
        .filter(|key| keys.given(key).is_none())
        .collect();
    if missing.len() == KEYS.len() {
        return None;
    }
    for key in &missing {
        let wrong = "not set, though another MAIL_DKIM_… is".to_owned();
        keys.fault(key, (wrong, "all three of them, or none"));
    }
    let domain = keys.value(KEYS[0], "", |given| parse_name(given, "example.org"));
    let selector = keys.value(KEYS[1], "", |given| parse_name(given, "2026a"));
    let key_file = keys.value(KEYS[2], "", |file| Ok(PathBuf::from(file)));
    Some(DkimConfig {
        domain,
        selector,
        key_file,
    })
}

/// Nothing of the value is quoted: there is a password in it.
fn parse_server(url: &str) -> Result<Server, Wrong> {
    Server::parse(url).map_err(|error| {
        (
            error.to_string(),
            "smtps://USER:PASSWORD@HOST, smtp://USER:PASSWORD@HOST?tls=required, or smtp://HOST",
        )
    })
}

fn parse_from(given: &str) -> Result<Option<Mailbox>, Wrong> {
    if given.is_empty() {
        return Ok(None);
    }
    match Mailbox::parse(given) {
        Ok(from) if from.address.needs_smtputf8() => Err((
            "its address has letters beyond ASCII before the @, which few servers accept".into(),
            "Name <address@example.org>",
        )),
        Ok(from) => Ok(Some(from)),
        Err(error) => Err((error.to_string(), "Name <address@example.org>")),
    }
}

fn parse_connections(given: &str) -> Result<usize, Wrong> {
    let number = given.parse::<usize>().ok();
    let number = number.filter(|number| (1..=MOST_CONNECTIONS).contains(number));
    number.ok_or_else(|| {
        let wrong = format!("{} isn't a valid number of connections", quoted(given));
        (wrong, "1 to 100; as many as the mail server allows at once")
    })
}

fn parse_guilds(given: &str) -> Result<HashSet<GuildId>, Wrong> {
    let ids = given.split(',').map(str::trim).filter(|id| !id.is_empty());
    let write = "the servers' ids separated by commas, as “Copy Server ID” gives them; empty: no \
     server may send email";
    let mut guilds = HashSet::new();
    for id in ids {
        match id.parse::<u64>() {
            Ok(number) if number > 0 && i64::try_from(number).is_ok() => {
                guilds.insert(GuildId::from(number));
            }
            _ => return Err((format!("{} isn't a server's id", quoted(id)), write)),
        }
    }
    if guilds.len() > MOST_GUILDS {
        return Err((
            format!("{} are too many", guilds.len()),
            "at most 1,000 ids",
        ));
    }
    Ok(guilds)
}

fn parse_rate(given: &str) -> Result<f64, Wrong> {
    let rate = given.parse::<f64>().ok();
    let rate = rate.filter(|rate| *rate == 0.0 || (0.001..=MOST_RATE).contains(rate));
    rate.ok_or_else(|| {
        let wrong = format!("{} isn't a rate", quoted(given));
        (
            wrong,
            "emails per second, such as 14 or 0.5; 0 for no limit",
        )
    })
}

fn parse_daily_limit(given: &str) -> Result<i64, Wrong> {
    let limit = given.parse::<i64>().ok();
    let limit = limit.filter(|limit| (0..=MOST_DAILY).contains(limit));
    limit.ok_or_else(|| {
        let wrong = format!("{} isn't a valid number of emails", quoted(given));
        (
            wrong,
            "emails in any 24 hours, such as 50000; 0 for no limit",
        )
    })
}

fn parse_retries(given: &str) -> Result<u32, Wrong> {
    let retries = given.parse::<u32>().ok();
    let retries = retries.filter(|retries| *retries <= MOST_RETRIES);
    retries.ok_or_else(|| {
        let wrong = format!("{} isn't a valid number of tries", quoted(given));
        (wrong, "0 to 10")
    })
}

fn parse_retry_delay(given: &str) -> Result<i64, Wrong> {
    let delay_ms = parse_wait(given).filter(|ms| *ms <= LONGEST_RETRY_MS);
    delay_ms.ok_or_else(|| {
        let wrong = format!("{} isn't a waiting time", quoted(given));
        (wrong, "a number and ms, s or m, up to a minute, such as 1s")
    })
}

fn parse_defer(given: &str) -> Result<Vec<i64>, Wrong> {
    let write = "up to ten waiting times separated by commas, each a number and s, m or h, such as 5m,30m,2h";
    let mut waits = Vec::new();
    for wait in given.split(',').map(str::trim) {
        let ms = parse_wait(wait).filter(|ms| *ms <= LONGEST_DEFER_MS);
        waits.push(ms.ok_or_else(|| (format!("{} isn't a waiting time", quoted(wait)), write))?);
    }
    if waits.len() > MOST_DEFERS {
        return Err((format!("{} waiting times are too many", waits.len()), write));
    }
    Ok(waits)
}

/// `500ms`, `1s`, `5m`, `2h`, `1d`, in milliseconds; not nothing.
fn parse_wait(given: &str) -> Option<i64> {
    let digits = given.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = given.split_at(digits);
    let unit_ms = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let ms = number.parse::<i64>().ok()?.checked_mul(unit_ms)?;
    (ms > 0).then_some(ms)
}

/// A domain or a selector, as it stands in a signature and in the name of a record.
fn parse_name(given: &str, example: &'static str) -> Result<String, Wrong> {
    let is_label = |label: &str| {
        let is_one = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.bytes().all(is_one)
    };
    // Not set is said elsewhere.
    if given.is_empty() || (given.len() <= NAME_LENGTH && given.split('.').all(is_label)) {
        return Ok(given.to_ascii_lowercase());
    }
    Err((format!("{} isn't a valid DNS name", quoted(given)), example))
}
