//! `timeattack check` tests everything around the program, prints one line for each, and says what
//! to do about each problem:
//!
//! ```text
//! ok    configuration: every setting can be read
//! fail  Discord token: the token is not valid: Discord answered 401 — make a new one (“Reset Token”) …
//! ```
//!
//! [`dns`] looks up the records that receivers of email look up, and [`mail_records`] judges them.
//!
//! To add a check: a function that returns a [`Line`], called in [`crate::run::check`].

pub mod discord;
pub mod dns;
mod records;

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use reqwest::StatusCode;
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use crate::clock::Clock;
use crate::config::{
    Config, ConfigErrors, DiscordConfig, DkimConfig, HttpConfig, MailConfig, UnknownKey,
};
use crate::mailer::dkim::Signer;
use crate::mailer::smtp::{self, Stage, Tls};
use crate::mailer::{Failure, Scope};
use crate::messenger::discord::refuses_token;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use records::judged;
pub use records::mail_records;

/// Discord answers within a second, a mail server within a few seconds; a check waits no longer than
/// this for each.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A check warns of a clock that differs by more.
const CLOCK_MS: i64 = 1_000;

/// The result of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// In order.
    Ok,
    /// The bot runs, but not everything of it.
    Warn,
    /// The bot cannot run like this.
    Fail,
}

/// What was found out about one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The result.
    pub level: Level,
    /// What was checked.
    pub what: String,
    /// What was found.
    pub detail: String,
    /// What to do about it.
    pub advice: Option<String>,
}

impl Line {
    /// It is in order.
    pub fn ok(what: &str, detail: impl Into<String>) -> Self {
        Self {
            level: Level::Ok,
            what: what.to_owned(),
            detail: detail.into(),
            advice: None,
        }
    }

    /// The bot runs, but not everything of it, until somebody does as advised.
    pub fn warn(what: &str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            level: Level::Warn,
            advice: Some(advice.into()),
            ..Self::ok(what, detail)
        }
    }

    /// The bot cannot run until somebody does as advised.
    pub fn fail(what: &str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            level: Level::Fail,
            ..Self::warn(what, detail, advice)
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "fail",
        };
        write!(f, "{level:4}  {}: {}", self.what, one_line(&self.detail))?;
        match &self.advice {
            Some(advice) => write!(f, " — {}", one_line(advice)),
            None => Ok(()),
        }
    }
}

/// Errors from elsewhere may have several lines, and what DNS or a server says, controls of terminals.
fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace(char::is_control, "\u{fffd}")
}

/// Prints the lines; the exit code is 1 if one of them is a failure.
pub fn report(lines: &[Line], output: &mut impl Write) -> io::Result<ExitCode> {
    for line in lines {
        writeln!(output, "{line}")?;
    }
    let failed = lines.iter().any(|line| line.level == Level::Fail);
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The configuration: a line for each fault.
pub fn configuration(config: &Result<Config, ConfigErrors>) -> Vec<Line> {
    match config {
        Ok(_) => vec![Line::ok("configuration", "every setting can be read")],
        Err(errors) => {
            let faults = errors.faults().iter();
            let line = |fault: &crate::config::Fault| {
                let detail = format!("{}: {}", fault.key, fault.wrong);
                Line::fail("configuration", detail, format!("write {}", fault.write))
            };
            faults.map(line).collect()
        }
    }
}

/// Keys that no part of the program reads: one line for each.
pub fn unknown_keys(config: &Result<Config, ConfigErrors>) -> Vec<Line> {
    // Faulty configurations list them among the faults.
    let unknown = config
        .as_ref()
        .map_or(&[][..], |config| &config.unknown_keys);
    let line = |key: &UnknownKey| {
        let advice = ".env.example lists all keys";
        Line::warn("configuration", key.to_string(), advice)
    };
    unknown.iter().map(line).collect()
}

/// Where the operators' alerts go. Nothing is posted, because its readers would take it for an alert.
pub fn alerts(config: &Config) -> Line {
    Line::ok(
        "alerts",
        match &config.alert_webhook {
            Some(_) => "posted to the webhook of ALERT_WEBHOOK_URL, and logged",
            None => "logged only, because ALERT_WEBHOOK_URL is not set",
        },
    )
}

/// This machine's clock, compared with the `Date` of an answer from Discord; `None` without an answer,
/// which the token's line reports.
pub async fn host_clock(discord: &DiscordConfig, clock: &Clock) -> Option<Line> {
    const WHAT: &str = "Clock";
    let url = format!(
        "{}/api/v10/gateway",
        discord.api_url.as_str().trim_end_matches('/')
    );
    let client = reqwest::Client::builder().timeout(TIMEOUT).build().ok()?;
    let sent_ms = clock.now_ms();
    let answer = client.get(&url).send().await.ok()?;
    let came_ms = clock.now_ms();
    let date = answer.headers().get("date")?.to_str().ok()?;
    let date_ms = chrono::DateTime::parse_from_rfc2822(date)
        .ok()?
        .timestamp_millis();
    // A `Date` is cut to the second, and the answer was made between the two readings.
    let (least_ms, most_ms) = (date_ms - came_ms, date_ms + 999 - sent_ms);
    if least_ms > most_ms {
        return None;
    }
    let ahead_ms = 0.clamp(least_ms, most_ms);
    if ahead_ms.abs() <= CLOCK_MS {
        return Some(Line::ok(WHAT, "agrees with Discord's within a second"));
    }
    let direction = if ahead_ms > 0 { "slow" } else { "fast" };
    let seconds = ahead_ms.abs() / 1_000;
    Some(Line::warn(
        WHAT,
        format!("{seconds} s {direction} compared with Discord's"),
        "set it by NTP (`timedatectl set-ntp true`); until then deadlines use Discord's clock",
    ))
}

/// The token: asks Discord whose it is.
pub async fn discord_token(discord: &DiscordConfig) -> Line {
    const WHAT: &str = "Discord token";
    let Some(token) = &discord.token else {
        return Line::fail(WHAT, "not set", "set DISCORD_TOKEN; `run` needs it");
    };
    let url = format!(
        "{}/api/v10/users/@me",
        discord.api_url.as_str().trim_end_matches('/')
    );
    let unreachable = |error: &reqwest::Error| {
        let why = if error.is_timeout() {
            "did not answer in time".to_owned()
        } else {
            format!("could not be reached ({})", root_cause(error))
        };
        let advice = "check the network, a proxy or firewall, and DISCORD_API_URL";
        Line::fail(WHAT, format!("{} {why}", discord.api_url), advice)
    };
    let agent = concat!("DiscordBot (timeattack, ", env!("CARGO_PKG_VERSION"), ")");
    let client = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .pool_max_idle_per_host(0)
        .user_agent(agent);
    let authorization = format!("Bot {}", token.expose_secret());
    let (status, body) = match ask_for_token(client, &url, &authorization).await {
        Ok(answer) => answer,
        Err(error) => return unreachable(&error),
    };
    match (status, serde_json::from_slice::<Me>(&body)) {
        (StatusCode::OK, Ok(me)) => Line::ok(WHAT, format!("{} ({})", me.username, me.id)),
        (StatusCode::OK, Err(_)) => Line::fail(
            WHAT,
            format!("{} answered, but not as Discord does", discord.api_url),
            "check DISCORD_API_URL",
        ),
        (StatusCode::UNAUTHORIZED, _) if !refuses_token(status, &body) => Line::fail(
            WHAT,
            format!(
                "not known: {} answered 401, but not as Discord does",
                discord.api_url
            ),
            "check DISCORD_API_URL, and whether a proxy in between wants a login; Discord itself \
             was not asked about the token",
        ),
        (StatusCode::UNAUTHORIZED, _) => Line::fail(
            WHAT,
            "the token is not valid: Discord answered 401",
            "make a new one (“Reset Token”) on the page “Bot” at \
             https://discord.com/developers/applications and set DISCORD_TOKEN to it",
        ),
        (StatusCode::TOO_MANY_REQUESTS, _) => Line::warn(
            WHAT,
            "not known: Discord answered 429, too many requests",
            "try again in a few minutes",
        ),
        (status, _) if status.is_server_error() => Line::warn(
            WHAT,
            format!("not known: Discord answered {}", status.as_u16()),
            "look at https://discordstatus.com and try again",
        ),
        (status, _) => Line::fail(
            WHAT,
            format!("{} answered {}", discord.api_url, status.as_u16()),
            "check DISCORD_API_URL",
        ),
    }
}

/// What is answered; a token that is refused is asked about once more, as the bot itself does.
async fn ask_for_token(
    client: reqwest::ClientBuilder,
    url: &str,
    authorization: &str,
) -> reqwest::Result<(StatusCode, Vec<u8>)> {
    let client = client.build()?;
    let ask = async || -> reqwest::Result<(StatusCode, Vec<u8>)> {
        let request = client.get(url).header("authorization", authorization);
        let answer = request.send().await?;
        Ok((answer.status(), answer.bytes().await?.to_vec()))
    };
    let (status, body) = ask().await?;
    if refuses_token(status, &body) {
        return ask().await;
    }
    Ok((status, body))
}

/// Without any mail settings there is nothing to check.
pub fn unused_mail() -> Line {
    Line::ok(
        "mail",
        "not set up, which is fine without campaigns; they need SMTP_URL, MAIL_FROM and \
         MAIL_GUILDS",
    )
}

/// Where links in mails lead. Nothing is fetched: what is in front of the server is not seen from here.
pub fn public_url(http: &HttpConfig) -> Line {
    const WHAT: &str = "links in emails";
    let url = &http.public_url;
    if http.addr.is_none() {
        return Line::warn(
            WHAT,
            format!("lead to {url}, but HTTP_ADDR is off here"),
            "make sure that another process answers there, or nobody can unsubscribe",
        );
    }
    if url.starts_with("https://") {
        return Line::ok(WHAT, format!("lead to {url}"));
    }
    Line::warn(
        WHAT,
        format!("lead to {url}, which is not https"),
        "put a proxy with TLS in front of HTTP_ADDR and set PUBLIC_URL to its address: mail apps \
         show their own “Unsubscribe” button only for https (RFC 8058)",
    )
}

/// The mail server: connects, encrypts, logs in and says goodbye. No mail is sent.
pub async fn mail_server(mail: &MailConfig, clock: &Clock) -> Line {
    const WHAT: &str = "mail server";
    let Some(server) = &mail.server else {
        return Line::warn(
            WHAT,
            format!("none; emails are written to {}", mail.dir.display()),
            "set SMTP_URL to send them",
        );
    };
    let probe = tokio::time::timeout(TIMEOUT, smtp::probe(server, clock)).await;
    let probe = match probe {
        Ok(Ok(probe)) => probe,
        Ok(Err(failure)) => return unusable(WHAT, &server.to_string(), &failure),
        Err(_) => {
            let detail = format!("{server} did not answer in time");
            return Line::fail(WHAT, detail, "check the network, a firewall, and SMTP_URL");
        }
    };
    let login = if server.has_login() {
        "logged in"
    } else {
        "without a login"
    };
    let detail = |tls: &str| format!("{server}: {tls}, {login}");
    if probe.is_encrypted {
        return Line::ok(WHAT, detail("encrypted"));
    }
    let advice = match server.tls {
        Tls::Opportunistic => "the mail server offers no STARTTLS, so emails are sent unencrypted",
        _ => "use smtps:// or ?tls=required in SMTP_URL unless the server is on this machine",
    };
    if is_here(&server.host) {
        return Line::ok(WHAT, detail("on this machine"));
    }
    Line::warn(WHAT, detail("not encrypted"), advice)
}

/// What can be done about a server that takes no mail.
fn unusable(what: &str, server: &str, failure: &Failure) -> Line {
    let advice = match (failure.stage, failure.scope) {
        (Stage::Connect, _) => "check the network, a firewall, and the host and port in SMTP_URL",
        (Stage::StartTls, _) => {
            "check that the server's certificate is valid for the host in SMTP_URL; port 465 wants \
             smtps://, port 587 smtp:// with ?tls=required"
        }
        (Stage::Auth, Scope::Sender) => {
            "check the user and the password in SMTP_URL (special characters are %-encoded)"
        }
        (Stage::Greeting, Scope::Connection) => {
            "check SMTP_URL: port 465 wants smtps://, ports 587 and 25 smtp://; then try again"
        }
        (_, Scope::Sender) => "ask the mail server's operator to let this machine send",
        _ => "try again in a few minutes",
    };
    Line::fail(what, format!("{server}: {failure}"), advice)
}

fn is_here(host: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Whose mails they are.
pub fn mail_sender(mail: &MailConfig) -> Line {
    const WHAT: &str = "mail sender";
    match &mail.from {
        Some(from) => Line::ok(WHAT, from.address.as_str()),
        None => Line::warn(
            WHAT,
            "MAIL_FROM is not set; campaigns can't be sent without it",
            "set it to Name <address>, with an address of your own domain",
        ),
    }
}

/// Reads the key that signs.
pub fn signer(dkim: &DkimConfig) -> anyhow::Result<Signer> {
    let pem = std::fs::read(&dkim.key_file)?;
    Ok(Signer::new(&dkim.domain, &dkim.selector, &pem)?)
}

/// The innermost cause, which is the one that says something (“Connection refused”).
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[derive(Deserialize)]
struct Me {
    id: String,
    username: String,
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::config::Command;

    /// A server that answers every request with `status` and `body`; returns its address.
    async fn answering(status: &'static str, body: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 4_096];
                let length = stream.read(&mut request).await.unwrap();
                let request = String::from_utf8_lossy(&request[..length]).to_lowercase();
                assert!(request.starts_with("get /api/v10/users/@me "), "{request}");
                assert!(
                    request.contains("authorization: bot the-token"),
                    "{request}"
                );
                let length = body.len();
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n");
                let answer = format!("{head}{body}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        format!("http://{address}")
    }

    fn config(api_url: &str, token: Option<&str>) -> DiscordConfig {
        let lookup = |key: &str| match key {
            "DISCORD_API_URL" => Some(api_url.to_owned()),
            "DISCORD_TOKEN" => token.map(str::to_owned),
            _ => None,
        };
        Config::from_lookup(&lookup, Command::Check)
            .unwrap()
            .discord
    }

    #[tokio::test]
    async fn a_token_is_judged_by_what_discord_answers() {
        let me = r#"{"id": "80351110224678912", "username": "timeattack", "bot": true}"#;
        let unauthorized = r#"{"message": "401: Unauthorized", "code": 0}"#;
        for (status, body, level, detail) in [
            ("200 OK", me, Level::Ok, "timeattack (80351110224678912)"),
            ("200 OK", "<html>", Level::Fail, "not as Discord does"),
            (
                "401 Unauthorized",
                unauthorized,
                Level::Fail,
                "the token is not valid: ",
            ),
            (
                "401 Unauthorized",
                r#"{"message": "Unauthorized. Provide a valid token", "code": 40001}"#,
                Level::Fail,
                "the token is not valid: ",
            ),
            // A proxy's page, what is no page, and Discord's word on something else.
            (
                "401 Unauthorized",
                "<html><h1>Log in first</h1></html>",
                Level::Fail,
                "not known: ",
            ),
            ("401 Unauthorized", "", Level::Fail, "not known: "),
            (
                "401 Unauthorized",
                r#"{"message": "Invalid Webhook Token", "code": 50027}"#,
                Level::Fail,
                "not known: ",
            ),
            ("404 Not Found", "", Level::Fail, "answered 404"),
            ("429 Too Many Requests", "{}", Level::Warn, "429"),
            ("502 Bad Gateway", "", Level::Warn, "502"),
        ] {
            let server = answering(status, body).await;
            let line = discord_token(&config(&server, Some("the-token"))).await;
            assert_eq!(line.level, level, "{line}");
            assert!(line.detail.contains(detail), "{line}");
            assert!(!line.to_string().contains("the-token"), "{line}");
        }
    }

    /// As the bot itself: Discord has to say it twice.
    #[tokio::test]
    async fn a_token_that_was_refused_once_is_asked_about_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let answers = async {
            for (status, body) in [
                (401, r#"{"message": "401: Unauthorized", "code": 0}"#),
                (200, r#"{"id": "1", "username": "timeattack"}"#),
            ] {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 4_096];
                assert!(stream.read(&mut request).await.unwrap() > 0);
                let length = body.len();
                let head = "connection: close";
                let answer = format!(
                    "HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n{head}\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        };
        let config = config(&address, Some("the-token"));
        let (line, ()) = tokio::join!(discord_token(&config), answers);
        assert_eq!(line, Line::ok("Discord token", "timeattack (1)"));
    }

    #[tokio::test]
    async fn a_token_that_cannot_be_tried_fails() {
        let line = discord_token(&config("http://127.0.0.1:1", Some("the-token"))).await;
        assert_eq!(line.level, Level::Fail);
        assert!(line.detail.contains("could not be reached"), "{line}");
        let line = discord_token(&config("http://127.0.0.1:1", None)).await;
        assert_eq!((line.level, line.detail.as_str()), (Level::Fail, "not set"));
    }

    #[test]
    fn where_alerts_go_is_said_without_the_address() {
        let line = |address: Option<&str>| {
            let lookup = |key: &str| match key {
                "ALERT_WEBHOOK_URL" => address.map(str::to_owned),
                _ => None,
            };
            alerts(&Config::from_lookup(&lookup, Command::Check).unwrap()).to_string()
        };
        assert!(line(None).starts_with("ok    alerts: logged only"));
        let set = line(Some("https://hooks.example/canary"));
        assert!(set.starts_with("ok    alerts: posted"), "{set}");
        assert!(!set.contains("hooks") && !set.contains("canary"), "{set}");
    }

    #[test]
    fn each_line_says_what_to_do() {
        let lookup = |key: &str| (key == "LOG_FORMAT").then(|| "xml".to_owned());
        let mut lines = configuration(&Config::from_lookup(&lookup, Command::Check));
        lines.insert(0, Line::ok("database", "SQLite\n3.51.3\u{1b}[2J"));
        let mut output = Vec::new();
        let code = report(&lines, &mut output).unwrap();
        assert_eq!(code, ExitCode::FAILURE);
        assert_eq!(
            String::from_utf8(output).unwrap(),
            "ok    database: SQLite 3.51.3\u{fffd}[2J\n\
             fail  configuration: LOG_FORMAT: \"xml\" isn't a format — write text or json\n"
        );
        let warning = [Line::warn("time", "off by 3 s", "set the clock")];
        let code = report(&warning, &mut Vec::new()).unwrap();
        assert_eq!(code, ExitCode::SUCCESS);
    }
}
