//! A campaign through a real mail server, which delivers into a maildir.
//!
//! `tests/mail_server/run.sh` starts the server, runs this test, and has what was delivered read and
//! its signatures verified by other libraries (`tests/mail_server/check.py`). cargo alone lists the
//! test as ignored; run without its variables it fails.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use timeattack::mailer::dkim::Signer;

use crate::support::newsroom::Newsroom;

/// Names that a careless program would let break a header, the HTML or the parts of a mail.
const NAMES: [&str; 8] = [
    "Mina",
    "자몽 🍊",
    "O'Neil, \"Bob\" <bob@evil.test>",
    "<script>alert(1)</script>",
    "=?utf-8?q?=0D=0ABcc:_x?=",
    "--=_timeattack_a",
    "{{ email }} {% for x in y %}",
    "ÄÖÜ и 漢字 with a name that is so long that it must be folded over several lines of a header",
];

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; see the head of this file"))
}

#[tokio::test]
#[ignore = "needs a mail server: tests/mail_server/run.sh has one; .ci/run runs it"]
async fn a_campaign_reaches_a_real_mail_server() {
    let (server, key) = (variable("TEST_MAIL_SERVER"), variable("TEST_DKIM_KEY"));
    let expected = PathBuf::from(variable("TEST_MAIL_EXPECTED"));
    let newsroom = Newsroom::open(vec![
        ("SMTP_URL", server),
        ("MAIL_DKIM_DOMAIN", "example.org".to_owned()),
        ("MAIL_DKIM_SELECTOR", "test".to_owned()),
        ("MAIL_DKIM_KEY_FILE", key.clone()),
    ])
    .await;
    let recipients: Vec<(String, &str)> = (0..200)
        .map(|number| {
            (
                format!("reader{number}@example.net"),
                NAMES[number % NAMES.len()],
            )
        })
        .collect();
    let mut sheet = csv::Writer::from_writer(Vec::new());
    sheet.write_record(["email", "name"]).unwrap();
    for (email, name) in &recipients {
        sheet.write_record([email.as_str(), name]).unwrap();
    }
    newsroom.import(sheet.into_inner().unwrap()).await;
    let html = "<style>p { color: #333 }</style><p>Hello {{ name }}</p>\
        <img src=\"{{ image(\"logo\") }}\" alt=\"logo\">\
        <p><a href=\"{{ unsubscribe_url }}\">Unsubscribe · 수신거부</a></p>";
    let subject = "소식 for {{ name }}";
    newsroom.save_template(subject, html, Some(png())).await;
    newsroom.send().await;
    newsroom.over().await;

    let pem = std::fs::read(key).unwrap();
    let signer = Signer::new("example.org", "test", &pem).unwrap();
    let names: serde_json::Map<_, _> = recipients
        .iter()
        .map(|(email, name)| (email.clone(), json!(name)))
        .collect();
    let expectation = json!({
        "recipients": names,
        "record_name": signer.record_name(),
        "record": signer.record(),
        "image": STANDARD.encode(png()),
        "unsubscribe": "https://timeattack.example/unsubscribe/",
    });
    std::fs::write(expected, expectation.to_string()).unwrap();
}

/// One grey pixel.
fn png() -> Vec<u8> {
    STANDARD
        .decode(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==",
        )
        .unwrap()
}
