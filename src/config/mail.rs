//! The keys about mail.

use std::path::PathBuf;

use secrecy::SecretString;

use super::{Reader, Wrong, quoted};
use crate::mailer::Mailbox;
use crate::mailer::smtp::{MOST_CONNECTIONS, Server};

/// Where mails go without an `SMTP_URL`.
const MAIL_DIR: &str = "data/mail";
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
            connections: keys.value("MAIL_CONNECTIONS", "10", parse_connections),
            dkim: read_dkim(keys),
        }
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
        let wrong = "not set, while others of MAIL_DKIM_… are".to_owned();
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
            "its address has letters beyond ASCII before the @, which few servers take".into(),
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
        let wrong = format!("{} is not a number of connections", quoted(given));
        (wrong, "1 to 100; as many as the mail server allows at once")
    })
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
    Err((format!("{} is not a name in DNS", quoted(given)), example))
}
