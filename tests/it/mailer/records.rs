//! What `timeattack check` says of the records that a name server has: from the question to the line.

use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;
use timeattack::check::dns::Dns;
use timeattack::check::{self, Level, Line};

use super::check::mail;
use crate::support::dns::DnsServer;

const SPF: &str = "v=spf1 include:spf.example.net ~all";
const DMARC: &str = "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.org";
/// Longer than any test takes, so that a busy machine does not decide.
const PATIENCE: Duration = Duration::from_secs(60);

/// The keys of a host who signs with the RSA key of the tests.
fn settings(from: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        ("SMTP_URL", "smtp://smtp.example.net"),
        ("MAIL_FROM", from),
        ("MAIL_DKIM_DOMAIN", "example.org"),
        ("MAIL_DKIM_SELECTOR", "2026a"),
        (
            "MAIL_DKIM_KEY_FILE",
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/dkim_rsa.pem"),
        ),
    ]
}

/// The record that belongs to that key.
fn key_record() -> String {
    let config = mail(&settings("")).dkim.unwrap();
    check::signer(&config).unwrap().record()
}

/// A name server with everything that `example.org` needs.
async fn complete() -> DnsServer {
    let server = DnsServer::start().await;
    server.has("example.org", &["site-verification=canary", SPF]);
    server.has("2026a._domainkey.example.org", &[&key_record()]);
    server.has("_dmarc.example.org", &[DMARC]);
    server
}

async fn lines(server: &DnsServer, settings: &[(&str, &str)]) -> Vec<Line> {
    check::mail_records(&mail(settings), &Dns::at(server.address, PATIENCE)).await
}

/// The line about `what`, of mails from `example.org`.
async fn line(server: &DnsServer, what: &str) -> Line {
    let lines = lines(server, &settings("News <news@example.org>")).await;
    let mut lines = lines.into_iter().filter(|line| line.what == what);
    lines.next().unwrap()
}

#[tokio::test]
async fn records_that_are_in_order_are_shown() {
    let server = complete().await;
    let lines = lines(&server, &settings("News <news@example.org>")).await;
    let said: Vec<_> = lines.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "ok    SPF: example.org has “v=spf1 include:spf.example.net ~all”; this check does \
             not evaluate it, so make sure that it has what the operator of smtp.example.net tells \
             you to include",
            "ok    DKIM: 2026a._domainkey.example.org has the key that signs",
            "ok    DMARC: quarantine for example.org, as _dmarc.example.org says “v=DMARC1; \
             p=quarantine; rua=mailto:dmarc@example.org”",
        ]
    );
    assert_eq!(
        server.asked(),
        [
            "2026a._domainkey.example.org",
            "_dmarc.example.org",
            "example.org"
        ]
    );
}

#[tokio::test]
async fn what_is_not_there_is_told_with_what_to_publish() {
    let server = DnsServer::start().await;
    // A name that does not exist, and one that has other things, are the same.
    server.has("example.org", &[]);
    let lines = lines(&server, &settings("News <news@example.org>")).await;
    let levels: Vec<_> = lines
        .iter()
        .map(|line| (line.what.as_str(), line.level))
        .collect();
    let expected = [
        ("SPF", Level::Warn),
        ("DKIM", Level::Fail),
        ("DMARC", Level::Warn),
    ];
    assert_eq!(levels, expected);
    for (line, sought) in lines.iter().zip([
        "TXT record at example.org such as: v=spf1 include:",
        &key_record(),
        "_dmarc.example.org with the text: v=DMARC1; p=none; rua=mailto:",
    ]) {
        let advice = line.advice.as_ref().unwrap();
        assert!(advice.contains(sought), "{line}");
    }
}

#[tokio::test]
async fn a_domain_below_goes_by_the_records_above_it_for_dkim_and_dmarc_but_not_for_spf() {
    let server = complete().await;
    // Letters beyond ASCII are asked for as they stand in the envelope.
    let lines = lines(&server, &settings("News <news@소식.mail.example.org>")).await;
    assert_eq!(lines[0].level, Level::Warn, "{}", lines[0]);
    let below = "xn--9l4b4x.mail.example.org";
    assert!(lines[0].detail.contains(below), "{}", lines[0]);
    assert_eq!(lines[1].level, Level::Ok, "{}", lines[1]);
    assert_eq!(lines[2].level, Level::Ok, "{}", lines[2]);
    let begin = format!("quarantine for {below}, as _dmarc.example.org says");
    assert!(lines[2].detail.starts_with(&begin), "{}", lines[2]);
    let mut expected = [
        "2026a._domainkey.example.org".to_owned(),
        format!("_dmarc.{below}"),
        "_dmarc.example.org".to_owned(),
        "_dmarc.mail.example.org".to_owned(),
        below.to_owned(),
    ];
    expected.sort();
    assert_eq!(server.asked(), expected);
}

#[tokio::test]
async fn a_key_may_be_elsewhere_and_must_be_ours() {
    let server = complete().await;
    let ours = "2026a._domainkey.example.org";
    server.has_alias(ours, "key.example.net");
    assert_eq!(line(&server, "DKIM").await.level, Level::Fail);
    server.has("key.example.net", &[&key_record()]);
    assert_eq!(line(&server, "DKIM").await.level, Level::Ok);
    server.has(ours, &["v=DKIM1; k=rsa; p="]);
    let revoked = line(&server, "DKIM").await;
    assert_eq!(revoked.level, Level::Fail);
    assert!(revoked.detail.contains("revoked"), "{revoked}");
    server.has(ours, &[&format!("{}; t=y", key_record())]);
    assert_eq!(line(&server, "DKIM").await.level, Level::Warn);
    server.has(ours, &[&key_record(), "v=DKIM1; p=AAAA"]);
    let two = line(&server, "DKIM").await;
    assert_eq!(two.level, Level::Fail);
    assert!(two.detail.contains("2 records"), "{two}");
}

#[tokio::test]
async fn two_records_of_spf_fail_and_two_of_dmarc_are_warned_of() {
    let server = complete().await;
    server.has("example.org", &[SPF, "v=spf1 -all"]);
    assert_eq!(line(&server, "SPF").await.level, Level::Fail);
    server.has("_dmarc.example.org", &[DMARC, "v=DMARC1; p=none"]);
    assert_eq!(line(&server, "DMARC").await.level, Level::Warn);
}

#[tokio::test]
async fn mails_that_are_not_signed_are_still_asked_about() {
    let server = complete().await;
    let unsigned = &settings("News <news@example.org>")[..2];
    let lines = lines(&server, unsigned).await;
    let levels: Vec<_> = lines.iter().map(|line| line.level).collect();
    assert_eq!(levels, [Level::Ok, Level::Warn, Level::Ok]);
    assert!(lines[1].detail.contains("not signed here"), "{}", lines[1]);
    assert_eq!(server.asked(), ["_dmarc.example.org", "example.org"]);
}

#[tokio::test]
async fn another_domain_than_the_senders_is_warned_of() {
    let server = complete().await;
    let lines = lines(&server, &settings("News <news@example.com>")).await;
    assert_eq!(lines[1].level, Level::Warn);
    assert!(lines[1].detail.contains("DMARC"), "{}", lines[1]);
}

#[tokio::test]
async fn nothing_is_asked_where_no_mail_leaves() {
    let server = complete().await;
    let settings = settings("News <news@example.org>");
    for without in ["SMTP_URL", "MAIL_FROM"] {
        let settings = settings.iter().filter(|(key, _)| *key != without);
        let settings: Vec<_> = settings.copied().collect();
        let lines = lines(&server, &settings).await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(
            (lines[0].what.as_str(), lines[0].level),
            ("DKIM", Level::Warn)
        );
        assert!(lines[0].advice.as_ref().unwrap().contains(&key_record()));
    }
    assert_eq!(server.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_name_server_that_cannot_say_fails_nothing() {
    let server = complete().await;
    for code in [ResponseCode::ServFail, ResponseCode::Refused] {
        for name in [
            "example.org",
            "2026a._domainkey.example.org",
            "_dmarc.example.org",
        ] {
            server.fails_at(name, code);
        }
        for line in lines(&server, &settings("News <news@example.org>")).await {
            assert_eq!(line.level, Level::Warn, "{line}");
            assert!(
                line.detail
                    .contains("could not be looked up: the name server answered"),
                "{line}"
            );
            assert!(
                line.advice.as_ref().unwrap().starts_with("try again"),
                "{line}"
            );
        }
    }
}

#[tokio::test]
async fn an_answer_is_waited_for_only_so_long_and_silence_fails_nothing() {
    let silent = complete().await;
    for name in [
        "example.org",
        "2026a._domainkey.example.org",
        "_dmarc.example.org",
    ] {
        silent.is_silent_at(name);
    }
    // One that would answer gets no time; of the other no answer can be missed, however short it is.
    for (server, patience) in [
        (complete().await, Duration::ZERO),
        (silent, Duration::from_millis(20)),
    ] {
        let dns = Dns::at(server.address, patience);
        let mail = mail(&settings("News <news@example.org>"));
        let lines = check::mail_records(&mail, &dns).await;
        assert_eq!(lines.len(), 3);
        for line in &lines {
            assert_eq!(line.level, Level::Warn, "{line}");
            let end = "could not be looked up: no answer in time";
            assert!(line.detail.ends_with(end), "{line}");
        }
        // What to publish is told all the same.
        let advice = lines[1].advice.as_ref().unwrap();
        assert!(advice.contains(&key_record()), "{advice}");
    }
}

#[tokio::test]
async fn what_anybody_wrote_into_dns_does_not_move_the_cursor() {
    let server = complete().await;
    server.has("example.org", &["v=spf1 mx \u{1b}[2J\u{7}~all"]);
    let line = line(&server, "SPF").await.to_string();
    assert!(line.contains("v=spf1 mx \u{fffd}[2J\u{fffd}~all"), "{line}");
    assert!(!line.contains(char::is_control), "{line}");
}
