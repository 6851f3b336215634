//! What DNS says of our mails: whether receivers can tell them from forged ones.
//!
//! Asked is of the domain of `MAIL_FROM`, which is that of the envelope as well, and only where mails
//! leave. [`spf`], [`dkim`] and [`dmarc`] judge what is there and say what to publish; a question that
//! DNS does not answer is a warning and never a failure, as it says nothing about the records.

mod dkim;
mod dmarc;
mod spf;

use super::dns::{Dns, NoAnswer};
use super::{Line, is_here};
use crate::config::MailConfig;

/// Characters of a record that are shown: SPF's shall stay below 450 (RFC 7208 §3.4), and nobody reads
/// more.
const SHOWN: usize = 450;

/// SPF, DKIM and DMARC, a line each; where no mail leaves DKIM alone, without asking.
pub async fn mail_records(mail: &MailConfig, dns: &Dns) -> Vec<Line> {
    let (Some(server), Some(from)) = (&mail.server, &mail.from) else {
        return vec![dkim::unasked(mail)];
    };
    let domain = from.address.domain();
    let mail_server = match server.host.as_str() {
        host if is_here(host) => "the mail server",
        host => host,
    };
    let (spf, dkim, dmarc) = tokio::join!(
        spf::check(domain, mail_server, dns),
        dkim::check(mail, domain, dns),
        dmarc::check(domain, mail.dkim.as_ref(), dns),
    );
    vec![spf, dkim, dmarc]
}

/// What is said where each of the three has these records, as [`fuzzing`](crate::fuzzing) asks.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn judged(domain: &str, texts: &[String]) -> [Line; 3] {
    [
        spf::judge(domain, "the mail server", texts),
        dkim::judged(texts),
        dmarc::judged(domain, texts),
    ]
}

/// It is not known what there is.
fn unanswered(what: &str, name: &str, why: &NoAnswer) -> Line {
    Line::warn(
        what,
        format!("{name} could not be looked up: {why}"),
        "try again; if it fails again, check the network and the name servers of this machine",
    )
}

/// A record as it is quoted: anybody can write anything into DNS.
fn shown(record: &str) -> String {
    match record.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("“{}…”", &record[..end]),
        None => format!("“{record}”"),
    }
}

/// A list of tags, `a=b; c=d` (RFC 6376 §3.2), which records of DKIM and DMARC are.
struct Tags<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Tags<'a> {
    /// `None` if it is none, or has a name twice, which makes all of it void.
    fn parse(text: &'a str) -> Option<Self> {
        let mut tags = Vec::new();
        // There may be another semicolon behind the last.
        let text = text.trim_end();
        for tag in text.strip_suffix(';').unwrap_or(text).split(';') {
            let (name, value) = tag.split_once('=')?;
            let name = name.trim();
            if name.is_empty() || tags.iter().any(|(other, _)| *other == name) {
                return None;
            }
            tags.push((name, value.trim()));
        }
        Some(Self(tags))
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        let tag = self.0.iter().find(|(other, _)| *other == name);
        tag.map(|(_, value)| *value)
    }

    /// Whether one of the values behind `name`, which stand there by colon, is `value`; `None` if
    /// there is no such tag.
    fn lists(&self, name: &str, value: &str) -> Option<bool> {
        let mut values = self.get(name)?.split(':').map(str::trim);
        Some(values.any(|other| other.eq_ignore_ascii_case(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_with_space_around_them_and_a_semicolon_at_the_end() {
        let tags = Tags::parse(" v=DKIM1 ;\tt = y : S; p=a b==; n=; ").unwrap();
        assert_eq!(tags.get("v"), Some("DKIM1"));
        assert_eq!(tags.get("p"), Some("a b=="));
        assert_eq!((tags.get("n"), tags.get("k")), (Some(""), None));
        assert_eq!(tags.lists("t", "s"), Some(true));
        assert_eq!(tags.lists("t", "x"), Some(false));
        assert_eq!(tags.lists("h", "sha256"), None);
        for text in ["", ";", "v", "v=DKIM1; p", "p=a; p=b", "=a", "p=a;; k=b"] {
            assert!(Tags::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_long_record_is_quoted_by_its_beginning() {
        assert_eq!(shown("p=가"), "“p=가”");
        let long = shown(&"가".repeat(SHOWN + 1));
        assert_eq!(long.chars().count(), SHOWN + 3);
        assert!(long.ends_with("가…”"), "{long}");
    }
}
