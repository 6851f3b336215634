//! DKIM (RFC 6376): whether receivers find the key that ours sign with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::dns::Dns;
use super::super::{Level, Line, signer};
use super::{Tags, shown, unanswered};
use crate::config::{DkimConfig, MailConfig};
use crate::mailer::dkim::Signer;

const WHAT: &str = "DKIM";

pub(super) async fn check(mail: &MailConfig, from: &str, dns: &Dns) -> Line {
    let (dkim, signer) = match key(mail) {
        Ok(key) => key,
        Err(line) => return line,
    };
    let name = signer.record_name();
    let line = match dns.texts(&name).await {
        Ok(texts) => judge(&signer, &texts),
        Err(why) => {
            let advice = format!("try again, and make sure that DNS has {}", wanted(&signer));
            Line::warn(WHAT, unanswered(WHAT, &name, &why).detail, advice)
        }
    };
    aligned(line, &dkim.domain, from)
}

/// Where no mail leaves: what DNS should say is told, and not asked.
pub(super) fn unasked(mail: &MailConfig) -> Line {
    let (dkim, signer) = match key(mail) {
        Ok(key) => key,
        Err(line) => return line,
    };
    let line = Line::warn(
        WHAT,
        "the key can be read and signs; its DNS record is checked once SMTP_URL and MAIL_FROM are \
         set",
        format!("make sure that DNS has {}", wanted(&signer)),
    );
    match &mail.from {
        Some(from) => aligned(line, &dkim.domain, from.address.domain()),
        None => line,
    }
}

/// The key that signs, or why there is none.
fn key(mail: &MailConfig) -> Result<(&DkimConfig, Signer), Line> {
    let Some(dkim) = &mail.dkim else {
        let detail = "emails are not signed here";
        let advice = "set MAIL_DKIM_DOMAIN, MAIL_DKIM_SELECTOR and MAIL_DKIM_KEY_FILE, unless the \
                      mail server signs";
        return Err(Line::warn(WHAT, detail, advice));
    };
    match signer(dkim) {
        Ok(signer) => Ok((dkim, signer)),
        Err(why) => {
            let detail = format!("the key of MAIL_DKIM_KEY_FILE cannot be used: {why}");
            let advice = "name a file with a private key, such as the one that `openssl genrsa \
             2048` writes";
            Err(Line::fail(WHAT, detail, advice))
        }
    }
}

/// The record that receivers need.
fn wanted(signer: &Signer) -> String {
    let (name, record) = (signer.record_name(), signer.record());
    format!("the TXT record {name} with the text: {record}")
}

fn judge(signer: &Signer, texts: &[String]) -> Line {
    let name = signer.record_name();
    let fail = |detail: String| {
        let what_to_do = match texts.len() {
            0 => "publish",
            1 => "replace it with",
            _ => "remove all of them except",
        };
        Line::fail(WHAT, detail, format!("{what_to_do} {}", wanted(signer)))
    };
    let [text] = texts else {
        return fail(match texts.len() {
            0 => format!("DNS has no record {name}: no signature can be verified"),
            count => format!(
                "{name} has {count} records, and a receiver may use any of them (RFC 6376 §3.6.2.2)"
            ),
        });
    };
    let wanted_text = signer.record();
    let parsed = Tags::parse(&wanted_text).expect("our own record is a list of tags");
    let record = match compare(text, &parsed) {
        Ok(record) => record,
        Err(wrong) => return fail(format!("{name} {wrong}: no signature can be verified")),
    };
    if is_bare(record.get("p").unwrap_or_default(), &parsed) {
        return Line::warn(
            WHAT,
            format!("{name} has the bare RSA key (PKCS#1), which not all receivers read"),
            format!("replace it with {}", self::wanted(signer)),
        );
    }
    if record.lists("t", "y") == Some(true) {
        return Line::warn(
            WHAT,
            format!("{name} has our key, but says t=y: receivers treat emails as unsigned"),
            "remove y from its t= once emails arrive well",
        );
    }
    Line::ok(WHAT, format!("{name} has the key that signs"))
}

/// What is said of these records and a key of the tests, as [`fuzzing`](crate::fuzzing) asks.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn judged(texts: &[String]) -> Line {
    let pem = include_bytes!("../../../tests/keys/dkim_rsa.pem");
    let signer = Signer::new("example.org", "2026a", pem).expect("a key");
    judge(&signer, texts)
}

/// The tags of `text`, if receivers verify with it what the key of the record `wanted` signs; else
/// what is wrong with it.
fn compare<'a>(text: &'a str, wanted: &Tags<'_>) -> Result<Tags<'a>, String> {
    let record = Tags::parse(text);
    let is_one = |tags: &Tags<'_>| tags.get("v").is_none_or(|version| version == "DKIM1");
    let record = record.filter(is_one);
    let record = record.ok_or_else(|| format!("isn't a DKIM record, {}", shown(text)))?;
    let key = record.get("p").map(without_space);
    match key.as_deref() {
        None => return Err(format!("has no key: {}", shown(text))),
        Some("") => return Err("has its key revoked (p= is empty)".to_owned()),
        // In base64 one key has one form.
        Some(key) if Some(key) != wanted.get("p") && !is_bare(key, wanted) => {
            return Err("has another key than MAIL_DKIM_KEY_FILE".to_owned());
        }
        Some(_) => {}
    }
    let kind = record.get("k").unwrap_or("rsa");
    if !wanted.lists("k", kind).unwrap_or_default() {
        return Err(format!("says its key is of the kind {}", shown(kind)));
    }
    if record.lists("h", "sha256") == Some(false) {
        return Err("allows no SHA-256 (h=)".to_owned());
    }
    if record.lists("s", "*") == Some(false) && record.lists("s", "email") == Some(false) {
        return Err("is not for mail (s=)".to_owned());
    }
    Ok(record)
}

fn without_space(key: &str) -> String {
    key.split_whitespace().collect()
}

/// Whether `key` is the wanted one of RSA without the words around it that say of what kind it is
/// (RFC 6376 §3.6.1 calls for it, all its examples have the words): these are in front.
fn is_bare(key: &str, wanted: &Tags<'_>) -> bool {
    let decoded = |key: &str| STANDARD.decode(without_space(key)).unwrap_or_default();
    let (key, wanted) = (decoded(key), decoded(wanted.get("p").unwrap_or_default()));
    let words = wanted.len().saturating_sub(key.len());
    (1..=32).contains(&words) && key.len() > words && wanted.ends_with(&key)
}

/// `line`, unless nothing in it is worse than that DMARC does not count what is signed.
fn aligned(line: Line, domain: &str, from: &str) -> Line {
    if line.level == Level::Fail || is_aligned(domain, from) {
        return line;
    }
    Line::warn(
        WHAT,
        format!(
            "the key signs for {domain}, but emails are from {from}: DMARC counts a signature \
             only if both domains belong to one organisation (RFC 9989 §4.4.1)"
        ),
        format!("set MAIL_DKIM_DOMAIN to {from} or a domain above it"),
    )
}

/// Whether one is the other, or above it. Two beside one another may be one organisation's, too, which
/// no name tells: they are warned of.
fn is_aligned(one: &str, other: &str) -> bool {
    let is_above = |above: &str, below: &str| {
        let sub = below.strip_suffix(above);
        // Nothing is everybody's: `org` is above all of its domains.
        above.contains('.') && sub.is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
    };
    is_above(one, other) || is_above(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RSA: &[u8] = include_bytes!("../../../tests/keys/dkim_rsa.pem");
    const OTHER: &[u8] = include_bytes!("../../../tests/keys/dkim_rsa_other.pem");
    const ED25519: &[u8] = include_bytes!("../../../tests/keys/dkim_ed25519.pem");

    fn signer(key: &[u8]) -> Signer {
        Signer::new("example.org", "2026a", key).unwrap()
    }

    fn key(signer: &Signer) -> String {
        let record = signer.record();
        record.rsplit_once("p=").unwrap().1.to_owned()
    }

    fn line(signer: &Signer, text: &str) -> Line {
        judge(signer, &[text.to_owned()])
    }

    #[test]
    fn the_key_is_found_however_its_record_is_written() {
        let rsa = signer(RSA);
        let key = key(&rsa);
        let (begin, end) = key.split_at(200);
        for text in [
            rsa.record(),
            rsa.record().replace("; ", ";"),
            // RSA is what a key is of if nothing is said.
            format!("p={key}"),
            format!("p={begin} {end};k=RSA ; v=DKIM1; n=ours;"),
            format!("h=sha1:sha256; s=email; t=s; p={begin}\t{end}"),
            format!("h = sha256; s=other : *; p = {key}"),
        ] {
            let line = line(&rsa, &text);
            assert_eq!(line.level, Level::Ok, "{line}: {text}");
            assert!(line.detail.contains("2026a._domainkey.example.org"));
        }
        let ed25519 = signer(ED25519);
        assert_eq!(line(&ed25519, &ed25519.record()).level, Level::Ok);
    }

    #[test]
    fn what_no_signature_can_be_verified_with_fails_and_the_right_one_is_told() {
        let rsa = signer(RSA);
        let key = key(&rsa);
        for (text, sought) in [
            (
                signer(OTHER).record(),
                "another key than MAIL_DKIM_KEY_FILE",
            ),
            (
                signer(ED25519).record(),
                "another key than MAIL_DKIM_KEY_FILE",
            ),
            // What is signed is case-sensitive, and so is base64.
            (format!("p={}", key.to_lowercase()), "another key"),
            ("v=DKIM1; k=rsa; p=".to_owned(), "revoked"),
            ("v=DKIM1; p= ;".to_owned(), "revoked"),
            ("v=DKIM1; k=rsa".to_owned(), "has no key"),
            (
                "v=spf1 -all".to_owned(),
                "isn't a DKIM record, “v=spf1 -all”",
            ),
            (
                "verification".to_owned(),
                "isn't a DKIM record, “verification”",
            ),
            (
                format!("v=DKIM2; p={key}"),
                "isn't a DKIM record, “v=DKIM2; p=",
            ),
            (format!("k=ed25519; p={key}"), "the kind “ed25519”"),
            (format!("h=sha1; p={key}"), "SHA-256"),
            (format!("s=tlsrpt; p={key}"), "not for mail"),
        ] {
            let line = line(&rsa, &text);
            assert_eq!(line.level, Level::Fail, "{line}: {text}");
            assert!(line.detail.contains(sought), "{line}");
            assert!(
                line.detail.contains("2026a._domainkey.example.org"),
                "{line}"
            );
            assert!(line.advice.unwrap().contains(&rsa.record()));
        }
        let none = judge(&rsa, &[]);
        assert_eq!(none.level, Level::Fail);
        assert!(
            none.detail
                .contains("no record 2026a._domainkey.example.org")
        );
        assert!(none.advice.unwrap().ends_with(&rsa.record()));
        let two = judge(&rsa, &[rsa.record(), signer(OTHER).record()]);
        assert_eq!(two.level, Level::Fail);
        assert!(two.detail.contains("2 records"), "{two}");
    }

    #[test]
    fn a_bare_rsa_key_is_ours_but_not_read_by_all() {
        let rsa = signer(RSA);
        let whole = STANDARD.decode(key(&rsa)).unwrap();
        let bare = STANDARD.encode(&whole[24..]);
        let warned = line(&rsa, &format!("v=DKIM1; p={bare}"));
        assert_eq!(warned.level, Level::Warn, "{warned}");
        assert!(warned.detail.contains("PKCS#1"), "{warned}");
        assert!(warned.advice.unwrap().ends_with(&rsa.record()));
        // A part of it is no key.
        let part = STANDARD.encode(&whole[60..]);
        assert_eq!(line(&rsa, &format!("p={part}")).level, Level::Fail);
    }

    #[test]
    fn a_record_that_says_it_is_a_test_is_warned_of() {
        let rsa = signer(RSA);
        let line = line(&rsa, &format!("{}; t=s:y", rsa.record()));
        assert_eq!(line.level, Level::Warn);
        assert!(line.detail.contains("t=y"), "{line}");
    }

    #[test]
    fn domains_are_aligned_below_one_another() {
        for (domain, from, is) in [
            ("example.org", "example.org", true),
            ("example.org", "mail.example.org", true),
            ("mail.example.org", "example.org", true),
            ("example.org", "example.net", false),
            ("example.org", "myexample.org", false),
            ("myexample.org", "example.org", false),
            ("org", "example.org", false),
        ] {
            assert_eq!(is_aligned(domain, from), is, "{domain}, {from}");
        }
        let ok = || Line::ok(WHAT, "well");
        assert_eq!(aligned(ok(), "example.org", "a.example.org"), ok());
        let line = aligned(ok(), "example.net", "example.org");
        assert_eq!(line.level, Level::Warn);
        assert!(line.detail.contains("signs for example.net"), "{line}");
        assert!(line.detail.contains("DMARC"), "{line}");
        // Worse things are told first.
        let failed = Line::fail(WHAT, "no key", "publish it");
        assert_eq!(
            aligned(failed.clone(), "example.net", "example.org"),
            failed
        );
    }
}
