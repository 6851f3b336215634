//! What `timeattack check` says of mail, and advises.

use std::time::Duration;

use timeattack::check::dns::Dns;
use timeattack::check::{self, Level, Line};
use timeattack::clock::Clock;
use timeattack::config::{Command, Config, MailConfig};

use crate::support::smtp::{At, SmtpServer};

pub(super) fn mail(pairs: &[(&str, &str)]) -> MailConfig {
    let lookup = |key: &str| {
        let pair = pairs.iter().find(|(name, _)| *name == key);
        pair.map(|(_, value)| (*value).to_owned())
    };
    Config::from_lookup(&lookup, Command::Check).unwrap().mail
}

async fn server_line(url: &str) -> Line {
    check::mail_server(&mail(&[("SMTP_URL", url)]), &Clock::System).await
}

#[tokio::test]
async fn a_mail_server_is_tried_up_to_the_login_and_gets_no_mail() {
    let server = SmtpServer::start().await;
    server.offering(&["AUTH PLAIN"]);
    server.knowing("user", "canary");
    let url = format!("smtp://user:canary@{}", server.address);
    let line = server_line(&url).await;
    assert_eq!(line.level, Level::Ok, "{line}");
    assert!(
        line.detail.ends_with("on this machine, logged in"),
        "{line}"
    );
    let session = &server.sessions()[0];
    assert_eq!(session.last().unwrap(), "QUIT");
    assert_eq!(session.len(), 3);

    server.says(At::Auth, "535 5.7.8 Wrong");
    let line = server_line(&url).await;
    assert_eq!(line.level, Level::Fail);
    assert!(line.advice.as_ref().unwrap().contains("password"), "{line}");
    assert!(!line.to_string().contains("canary"), "{line}");

    server.says(At::Greeting, "421 4.3.2 Busy");
    let line = server_line(&url).await;
    assert_eq!(line.level, Level::Fail);
}

#[tokio::test]
async fn what_is_wrong_with_the_way_to_a_server_is_told_with_what_to_do() {
    let server = SmtpServer::start().await;
    let line = server_line(&format!("smtp://{}?tls=required", server.address)).await;
    assert_eq!(line.level, Level::Fail);
    assert!(line.detail.contains("STARTTLS"), "{line}");
    server.wrapped();
    let line = server_line(&format!("smtps://{}", server.address)).await;
    assert_eq!(
        line.level,
        Level::Fail,
        "nobody vouches for its certificate"
    );
    assert!(line.advice.unwrap().contains("certificate"));
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let line = server_line(&url).await;
    assert!(line.advice.unwrap().contains("host and port"));
    let none = check::mail_server(&mail(&[]), &Clock::System).await;
    assert_eq!(none.level, Level::Warn);
    assert!(none.detail.contains("data/mail"), "{none}");
}

#[tokio::test]
async fn a_dkim_key_is_read_and_its_record_told() {
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys");
    let line = async |file: &str, from: &str| {
        let file = format!("{keys}/{file}");
        dkim_line(&[
            ("MAIL_DKIM_DOMAIN", "example.org"),
            ("MAIL_DKIM_SELECTOR", "2026a"),
            ("MAIL_DKIM_KEY_FILE", &file),
            ("MAIL_FROM", from),
        ])
        .await
    };
    for (file, kind) in [("dkim_rsa.pem", "rsa"), ("dkim_ed25519.pem", "ed25519")] {
        let line = line(file, "News <news@mail.example.org>").await;
        assert_eq!(line.level, Level::Warn, "DNS is not asked");
        assert!(line.detail.contains("once SMTP_URL"), "{line}");
        let advice = line.advice.unwrap();
        let record = format!("2026a._domainkey.example.org with the text: v=DKIM1; k={kind}; p=");
        assert!(advice.contains(&record), "{advice}");
    }
    for file in ["dkim_rsa_1024.pem", "README.md", "absent.pem"] {
        assert_eq!(line(file, "").await.level, Level::Fail, "{file}");
    }
    // Another domain than the sender's convinces nobody; nor does one that only ends alike.
    for from in ["news@example.net", "news@myexample.org"] {
        let line = line("dkim_rsa.pem", from).await;
        assert_eq!(line.level, Level::Warn, "{from}");
        assert!(line.detail.contains("DMARC"), "{line}");
    }
    assert_eq!(dkim_line(&[]).await.level, Level::Warn);
}

/// Where no mail leaves, which asks nobody.
async fn dkim_line(pairs: &[(&str, &str)]) -> Line {
    let nobody = Dns::at(([127, 0, 0, 1], 1).into(), Duration::ZERO);
    let mut lines = check::mail_records(&mail(pairs), &nobody).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.remove(0)
}

#[test]
fn a_sender_is_asked_for() {
    assert_eq!(check::mail_sender(&mail(&[])).level, Level::Warn);
    let line = check::mail_sender(&mail(&[("MAIL_FROM", "News <news@example.org>")]));
    assert_eq!(
        (line.level, line.detail.as_str()),
        (Level::Ok, "news@example.org")
    );
}
