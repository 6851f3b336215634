//! The keys about our own HTTP server.

use std::net::SocketAddr;

use secrecy::{ExposeSecret as _, SecretString};

use super::{Reader, Wrong, base_url, quoted};
use crate::links;

/// Where the server listens without an `HTTP_ADDR`: on this machine alone, as a proxy in front of it
/// brings TLS.
const HTTP_ADDR: &str = "127.0.0.1:8080";
/// Topics whose word counts; a host has one for each region or so.
const MOST_TOPICS: usize = 20;

/// How the program is reached by HTTP.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Where the server listens; `None`: there is none.
    pub addr: Option<SocketAddr>,
    /// Where it is reached from outside, which is what links begin with; no slash at its end.
    pub public_url: String,
    /// The keys that sign links, the newest first; empty: one is made and kept in a file.
    pub keys: Vec<SecretString>,
    /// SNS topics whose bounces and complaints are believed; none: the webhook is off.
    pub ses_topics: Vec<Topic>,
}

/// A topic of Amazon SNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its whole name.
    pub arn: String,
    /// The region that is named in it, where its messages are signed.
    pub region: String,
}

impl HttpConfig {
    pub(super) fn read(keys: &mut Reader<'_>) -> Self {
        let addr = keys.value("HTTP_ADDR", HTTP_ADDR, parse_addr);
        let public_url = keys.value("PUBLIC_URL", "", parse_public_url);
        let here = || format!("http://{}", addr.unwrap_or(DEFAULT_ADDR));
        let secret = keys.secret("SECRET_KEY", parse_keys);
        let secret = secret.as_ref().map_or("", |secret| secret.expose_secret());
        Self {
            addr,
            public_url: public_url.unwrap_or_else(here),
            keys: links::split_keys(secret).map(SecretString::from).collect(),
            ses_topics: keys.value("SES_TOPIC_ARNS", "", parse_topics),
        }
    }

    pub(super) fn secrets(&self) -> Vec<SecretString> {
        self.keys.clone()
    }
}

/// [`HTTP_ADDR`], read.
const DEFAULT_ADDR: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

fn parse_addr(given: &str) -> Result<Option<SocketAddr>, Wrong> {
    if given.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    given.parse().map(Some).map_err(|_| {
        let wrong = format!("{} isn't an address to listen on", quoted(given));
        (
            wrong,
            "IP:PORT, such as 127.0.0.1:8080 or 0.0.0.0:8080, or off",
        )
    })
}

fn parse_public_url(given: &str) -> Result<Option<String>, Wrong> {
    if given.is_empty() {
        return Ok(None);
    }
    let write = "the address at which others reach this program, such as https://bot.example.org";
    let url = base_url(given, write)?;
    Ok(Some(url.as_str().trim_end_matches('/').to_owned()))
}

/// Nothing of the value is quoted.
fn parse_keys(given: &str) -> Result<(), Wrong> {
    links::check_keys(given).map_err(|why| {
        let write = "32 or more random characters, as `openssl rand -hex 32` prints; to change \
         it, write the new key first, then a comma and the old key";
        (why.to_owned(), write)
    })
}

fn parse_topics(given: &str) -> Result<Vec<Topic>, Wrong> {
    let write = "ARNs of SNS topics separated by commas, such as arn:aws:sns:us-east-1:123456789012:bounces";
    let given: Vec<&str> = given.split(',').map(str::trim).collect();
    let arns: Vec<&str> = given.into_iter().filter(|arn| !arn.is_empty()).collect();
    if arns.len() > MOST_TOPICS {
        return Err((format!("more than {MOST_TOPICS} topics"), write));
    }
    let topics = arns.into_iter().map(|arn| {
        let topic = Topic::parse(arn);
        topic.ok_or_else(|| (format!("{} isn't an SNS topic", quoted(arn)), write))
    });
    topics.collect()
}

impl Topic {
    /// `arn:aws:sns:REGION:ACCOUNT:NAME`.
    fn parse(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", "aws", "sns", region, account, name] = parts[..] else {
            return None;
        };
        // It becomes part of a host's name.
        let is_region =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let fits = !region.is_empty()
            && region.bytes().all(is_region)
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && !name.is_empty()
            && name.bytes().all(is_name);
        fits.then(|| Self {
            arn: arn.to_owned(),
            region: region.to_owned(),
        })
    }
}
