//! The mailbox: the mails in the bot's folder, as the page lists and shows them.

use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};
use timeattack::sandbox::{LocalDiscord, Options};

use crate::support::NOW_MS;

/// A mail with two bodies, a picture in one of them, and a file.
const WHOLE: &str = "From: =?utf-8?B?7J6Q66q9?= <jamong@example.org>\r\n\
    To: Mina <mina@example.org>, bare@example.org\r\n\
    Subject: =?utf-8?B?7KO86rCEIOyGjOyLnQ==?=\r\n\
    Date: Sat, 21 Nov 2026 14:00:00 +0900\r\n\
    List-Unsubscribe: <https://example.org/u/1>,\r\n <mailto:out@example.org>\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=m\r\n\r\n\
    --m\r\nContent-Type: multipart/related; boundary=r\r\n\r\n\
    --r\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n\
    --a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n안녕하세요 <b>\r\n\
    --a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
    <p style=\"color:red\">안녕</p><script>alert(1)</script><img src=\"cid:logo@x\"><img src=\"cid:none\">\r\n\
    --a--\r\n\
    --r\r\nContent-Type: image/png\r\nContent-ID: <logo@x>\r\n\
    Content-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--r--\r\n\
    --m\r\nContent-Type: text/csv; name=\"a.csv\"\r\n\
    Content-Disposition: attachment; filename=\"a.csv\"\r\n\r\n1,2,3\r\n--m--\r\n";

/// A local Discord whose bot writes mails.
struct Mailbox {
    discord: LocalDiscord,
    folder: tempfile::TempDir,
}

impl Mailbox {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            mail: Some(folder.path().join("mail")),
            ..Options::default()
        };
        let discord = LocalDiscord::start(options).await.unwrap();
        Self { discord, folder }
    }

    /// Writes a mail `age_s` seconds before now.
    fn write(&self, name: &str, mail: impl AsRef<[u8]>, age_s: u64) {
        let folder = self.folder.path().join("mail");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        fs::write(&path, mail).unwrap();
        let written_s = NOW_MS.unsigned_abs() / 1_000 - age_s;
        let written = UNIX_EPOCH + Duration::from_secs(written_s);
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(written).unwrap();
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let url = format!("{}/local/mail{path}", self.discord.url());
        reqwest::get(url).await.unwrap()
    }

    async fn told(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    async fn ids(&self) -> Vec<String> {
        let told = self.told("").await;
        let mails = told["mails"].as_array().unwrap();
        let ids = mails
            .iter()
            .map(|mail| mail["id"].as_str().unwrap().to_owned());
        ids.collect()
    }
}

#[tokio::test]
async fn there_are_no_mails_before_the_first_is_written() {
    let mailbox = Mailbox::start().await;
    assert_eq!(mailbox.told("").await, json!({ "mails": [], "total": 0 }));
    assert_eq!(mailbox.get("/one").await.status(), 404);
    let without = LocalDiscord::start(Options::default()).await.unwrap();
    let told = reqwest::get(format!("{}/local/mail", without.url()))
        .await
        .unwrap();
    assert_eq!(told.json::<Value>().await.unwrap(), json!({ "mails": [] }));
    let one = reqwest::get(format!("{}/local/mail/one", without.url()))
        .await
        .unwrap();
    assert_eq!(one.status(), 404);
}

#[tokio::test]
async fn the_newest_stand_first_with_who_what_and_when() {
    let mailbox = Mailbox::start().await;
    mailbox.write("older.eml", WHOLE, 60);
    mailbox.write("newer.eml", "Subject: Undated\r\n\r\nHi\r\n", 30);
    mailbox.write("broken.eml", [0xff, 0, b'\n', b'\n', 0xfe], 20);
    mailbox.write("empty.eml", "", 10);
    mailbox.write("notes.txt", "Subject: No mail\r\n\r\n", 0);
    assert_eq!(mailbox.ids().await, ["empty", "broken", "newer", "older"]);
    let told = mailbox.told("").await;
    let older = json!({
        "id": "older",
        "from": "자몽 <jamong@example.org>",
        "to": "Mina <mina@example.org>, bare@example.org",
        "subject": "주간 소식",
        "date_ms": 1_795_237_200_000_i64,
        "size": WHOLE.len(),
    });
    assert_eq!(told["mails"][3], older);
    // Without a date it has that of its file.
    assert_eq!(told["mails"][2]["date_ms"], NOW_MS - 30_000);
    assert_eq!(told["mails"][2]["subject"], "Undated");
}

#[tokio::test]
async fn a_list_has_a_bound() {
    let mailbox = Mailbox::start().await;
    for number in 0..201 {
        let name = format!("{number}.eml");
        mailbox.write(&name, "Subject: One of many\r\n\r\n", number);
    }
    let ids = mailbox.ids().await;
    assert_eq!(
        (ids.len(), ids[0].as_str(), ids[199].as_str()),
        (200, "0", "199")
    );
}

#[tokio::test]
async fn a_mail_is_shown_with_its_text_its_files_and_its_source() {
    let mailbox = Mailbox::start().await;
    mailbox.write("one.eml", WHOLE, 0);
    let told = mailbox.told("/one").await;
    assert_eq!(
        (&told["id"], &told["subject"]),
        (&json!("one"), &json!("주간 소식"))
    );
    assert_eq!(told["text"].as_str().unwrap().trim(), "안녕하세요 <b>");
    assert_eq!(told["has_html"], true);
    assert_eq!(told["source"], WHOLE);
    // The picture is part of the HTML, and no file beside it.
    let file = json!({ "name": "a.csv", "type": "text/csv", "size": 5 });
    assert_eq!(told["files"], json!([file]));
    assert_eq!(told["unsubscribe"], "https://example.org/u/1");
    let unsubscribe = json!([
        "List-Unsubscribe",
        "<https://example.org/u/1>, <mailto:out@example.org>"
    ]);
    assert!(
        told["headers"].as_array().unwrap().contains(&unsubscribe),
        "{}",
        told["headers"]
    );
}

#[tokio::test]
async fn its_html_shows_its_pictures_and_may_do_nothing_else() {
    let mailbox = Mailbox::start().await;
    mailbox.write("one.eml", WHOLE, 0);
    let response = mailbox.get("/one/html").await;
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(
        header("content-security-policy"),
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
         sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'"
    );
    let html = response.text().await.unwrap();
    assert!(html.contains("<p style=\"color:red\">안녕</p>"), "{html}");
    assert!(
        html.contains("<img src=\"data:image/png;base64,iVBORw==\">"),
        "{html}"
    );
    assert!(html.contains("<img src=\"cid:none\">"), "{html}");
}

#[tokio::test]
async fn a_mail_that_is_broken_is_shown_as_it_is_written() {
    let mailbox = Mailbox::start().await;
    let unended = "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: image/png\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n%%%";
    for (name, mail) in [
        ("bytes", &[0xff_u8, 0xfe, 0, b'\n'][..]),
        ("empty", b""),
        ("unended", unended.as_bytes()),
        ("plain", b"Just words"),
    ] {
        mailbox.write(&format!("{name}.eml"), mail, 0);
        let told = mailbox.told(&format!("/{name}")).await;
        assert_eq!(
            told["source"],
            String::from_utf8_lossy(mail).as_ref(),
            "{name}"
        );
        assert_eq!(told["has_html"], false, "{name}");
        let html = mailbox.get(&format!("/{name}/html")).await;
        assert_eq!(html.status(), 404, "{name}");
    }
    assert_eq!(mailbox.ids().await.len(), 4);
}

#[tokio::test]
async fn what_is_shown_of_a_long_mail_has_a_bound() {
    let mailbox = Mailbox::start().await;
    let long = "가".repeat(500_000);
    let mail = format!("Subject: {long}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{long}");
    mailbox.write("long.eml", &mail, 0);
    let told = mailbox.told("/long").await;
    for (part, most) in [("source", 262_146), ("text", 262_144), ("subject", 6_000)] {
        let bytes = told[part].as_str().unwrap().len();
        assert!((1..=most).contains(&bytes), "{part}: {bytes}");
    }
    let line = &mailbox.told("").await["mails"][0];
    assert_eq!(line["size"], mail.len());
    assert!(line["subject"].as_str().unwrap().len() <= 6_000);
}

#[tokio::test]
async fn nothing_outside_the_folder_is_read() {
    let mailbox = Mailbox::start().await;
    mailbox.write("own.eml", "Subject: Own\r\n\r\n", 0);
    let outside = mailbox.folder.path().join("outside.eml");
    fs::write(&outside, "Subject: Secret\r\n\r\n").unwrap();
    let folder = mailbox.folder.path().join("mail");
    link(&outside, &folder.join("linked.eml"));
    fs::create_dir(folder.join("folder.eml")).unwrap();
    let absolute = outside.to_str().unwrap().replace('/', "%2f");
    let absolute = absolute.trim_end_matches(".eml");
    for id in [
        "..%2foutside",
        "%2e%2e%2foutside",
        "..%5coutside",
        absolute,
        "linked",
        "folder",
        "own.eml",
        "own%00",
        ".",
        "%2e%2e",
    ] {
        for route in ["", "/html"] {
            let status = mailbox.get(&format!("/{id}{route}")).await.status();
            assert!(status == 404 || status == 400, "{id}{route}: {status}");
        }
    }
    assert_eq!(mailbox.ids().await, ["own"]);
}

fn link(to: &Path, from: &Path) {
    std::os::unix::fs::symlink(to, from).unwrap();
}
