//! How fast a campaign leaves: from the frozen ledger to its last row, by what really sends it: the
//! campaigns' desk with its template, its subscribers and whom it must not write to, the ledger with
//! its commits, and the mailer.
//!
//! ```sh
//! (cd benches/nodemailer && npm ci)     # the peer; without it the rest is measured
//! cargo bench --bench campaign
//! BENCH_DATABASE_URL=postgres://… cargo bench --bench campaign   # schemas of its own
//! ```
//!
//! The other side is `smtp-sink`, and the limit `smtp-source`, both of Debian's postfix package, in
//! the same run: before and after each measurement, as others may compute beside it. Each measurement
//! is a process of its own, so that its memory is its own, too; another fills the ledger before.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a bench prints, and ends at the first thing that is wrong"
)]

#[path = "support/smtp.rs"]
mod smtp;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use timeattack::campaign::Desk;
use timeattack::clock::Clock;
use timeattack::db::{Db, placeholders};
use timeattack::ids::{DeliveryId, GuildId, OccurrenceId};
use timeattack::links::Links;
use timeattack::mailer::dkim::Signer;
use timeattack::mailer::smtp::{Pool, Server};
use timeattack::mailer::{Mailbox, Mailer};
use timeattack::messenger::Messenger;
use timeattack::messenger::memory::MemoryMessenger;
use timeattack::outbox::Class;
use timeattack::outbox::mail::{self, Author as _, Limits, Occurrence, Phase, Recipient, State};
use timeattack::run::{MailMeans, WorkerOptions, Workers};
use timeattack::sender::{Guilds, Sender};
use timeattack::template::{Upload, images, prepare};

use smtp::{CONNECTIONS, Sink};

const GUILD: GuildId = GuildId(1);
const OCCURRENCE: OccurrenceId = OccurrenceId(1);
const RSA: &[u8] = include_bytes!("../tests/keys/dkim_rsa.pem");
/// Rows added in one transaction.
const CHUNK: usize = 1_000;
/// One in so many who were subscribers is written to no more, and in no audience.
const GONE: usize = 20;

/// A kind of mail.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    /// Rows of its table, and bytes of the picture inside it.
    rows: usize,
    image: usize,
    mails: usize,
    /// To be reached, as a part of what `smtp-source` does.
    at_least: f64,
}

const KINDS: [Kind; 2] = [
    Kind {
        name: "100KB",
        rows: 90,
        image: 60_000,
        mails: 5_000,
        at_least: 0.45,
    },
    Kind {
        name: "4KB",
        rows: 14,
        image: 0,
        mails: 20_000,
        at_least: 0.3,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let kind_of = |name: &str| *KINDS.iter().find(|kind| kind.name == name).unwrap();
    match arguments[..] {
        ["fill", url, kind, mails] => {
            runtime.block_on(fill(url, kind_of(kind), mails.parse().unwrap()));
        }
        ["measure", url, address, mails, signed] => {
            let (address, mails) = (address.parse().unwrap(), mails.parse().unwrap());
            runtime.block_on(measure(url, address, mails, signed == "RSA-2048"));
        }
        _ if !smtp::is_postfix_there() => return ExitCode::FAILURE,
        _ => runtime.block_on(all()),
    }
    ExitCode::SUCCESS
}

async fn all() {
    let sink = Sink::start();
    for kind in KINDS {
        let size = size(kind);
        println!("{} ({size} bytes, {} mails)", kind.name, kind.mails);
        let limit = || smtp::source(sink.address, kind.mails, size);
        let peer = smtp::nodemailer(sink.address, kind.mails.min(5_000), kind.image);
        if let Some(peer) = peer {
            let load = smtp::load();
            println!("         nodemailer: {peer:>6.0}/s, load {load}");
        }
        for (signed, wanted) in [
            ("unsigned", format!("≥ {}", kind.at_least)),
            ("RSA-2048", "≥ 1,500/s".to_owned()),
        ] {
            let before = limit();
            let run = measured(sink.address, kind, kind.mails, signed).await;
            let limit = f64::midpoint(before, limit());
            println!("        smtp-source: {limit:>6.0}/s, before and after");
            let ratio = run.rate / limit;
            println!("  {signed:>17}: {run}, {ratio:.2} of smtp-source ({wanted})");
            if let Some(peer) = peer.filter(|_| signed == "unsigned") {
                let times = run.rate / peer;
                println!("                     {times:.1} of nodemailer (≥ 3)");
            }
        }
    }
    let kind = KINDS[1];
    for mails in [5_000, 100_000] {
        let run = measured(sink.address, kind, mails, "unsigned").await;
        println!("{mails:>7} recipients: {run} (≤ 80 MB)");
    }
    let address = smtp::late().await;
    let mails = 2_400;
    let run = measured(address, kind, mails, "unsigned").await;
    println!("        20 ms late: {run}");
    // It blocks this thread, and the server is on the runtime's others.
    let peer = tokio::task::spawn_blocking(move || smtp::nodemailer(address, mails, 0));
    if let Some(peer) = peer.await.unwrap() {
        println!("         nodemailer: {peer:>6.0}/s (less than that)");
    }
}

/// What a process of its own found.
struct Run {
    /// Mails per second.
    rate: f64,
    /// At most.
    megabytes: u64,
    /// Processor time of a mail.
    cpu_us: f64,
    load: String,
}

impl std::fmt::Display for Run {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            rate,
            megabytes,
            cpu_us,
            load,
        } = self;
        write!(
            out,
            "{rate:>6.0}/s, {cpu_us:.0} µs of ours each, at most {megabytes} MB, load {load}"
        )
    }
}

async fn measured(address: SocketAddr, kind: Kind, mails: usize, signed: &'static str) -> Run {
    let ledger = Ledger::new().await;
    let (url, mails) = (ledger.url.clone(), mails.to_string());
    let run = tokio::task::spawn_blocking(move || {
        let itself = |arguments: &[&str]| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            let command = command.args(arguments).stderr(Stdio::inherit());
            let output = command.output().unwrap();
            assert!(output.status.success());
            String::from_utf8(output.stdout).unwrap()
        };
        itself(&["fill", &url, kind.name, &mails]);
        let found = itself(&["measure", &url, &address.to_string(), &mails, signed]);
        let mut found = found.split_whitespace();
        let mut number = || found.next().unwrap().parse::<f64>().unwrap();
        Run {
            rate: number(),
            cpu_us: number(),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "few"
            )]
            megabytes: number() as u64,
            load: smtp::load(),
        }
    });
    let run = run.await.unwrap();
    ledger.gone().await;
    run
}

/// A database of its own.
struct Ledger {
    url: String,
    /// The server and the schema, or the folder.
    schema: Option<(String, String)>,
    _folder: tempfile::TempDir,
}

impl Ledger {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let Ok(server) = std::env::var("BENCH_DATABASE_URL") else {
            return Self {
                url: format!("sqlite://{}", folder.path().join("bench.db").display()),
                schema: None,
                _folder: folder,
            };
        };
        sqlx::any::install_default_drivers();
        let schema = format!("bench_{}", std::process::id());
        let mut conn = AnyConnection::connect(&server).await.unwrap();
        let sql = format!("CREATE SCHEMA {schema}");
        conn.execute(AssertSqlSafe(sql)).await.unwrap();
        let separator = if server.contains('?') { '&' } else { '?' };
        Self {
            url: format!("{server}{separator}options=-c%20search_path%3D{schema}"),
            schema: Some((server, schema)),
            _folder: folder,
        }
    }

    async fn gone(self) {
        if let Some((server, schema)) = self.schema {
            let mut conn = AnyConnection::connect(&server).await.unwrap();
            let sql = format!("DROP SCHEMA {schema} CASCADE");
            conn.execute(AssertSqlSafe(sql)).await.unwrap();
        }
    }
}

/// The subscribers, those who are none any more, and the ledger, up to where the first mail may go.
async fn fill(url: &str, kind: Kind, mails: usize) {
    let db = Db::open(url).await.unwrap();
    let opened = db.write(occurrence(kind), |tx, occurrence| {
        Box::pin(mail::open(tx, occurrence, 0))
    });
    opened.await.unwrap();
    for first in (0..mails).step_by(CHUNK) {
        let numbers = first..mails.min(first + CHUNK);
        let recipients: Vec<_> = numbers.map(recipient).collect();
        let added = db.write(recipients, |tx, recipients| {
            Box::pin(async move {
                let sql = format!(
                    "INSERT INTO subscribers (id, guild_id, email, address, name, attributes, \
                     created_ms, updated_ms) VALUES {}",
                    placeholders(tx, recipients.len(), 8)
                );
                let mut insert = sqlx::query(AssertSqlSafe(sql));
                for one in recipients {
                    let attributes = serde_json::to_string(&one.fields)?;
                    insert = insert.bind(one.id.0).bind(GUILD.0).bind(one.email.clone());
                    insert = insert.bind(one.address.clone()).bind(one.name.clone());
                    insert = insert.bind(attributes).bind(0_i64).bind(0_i64);
                }
                insert.execute(&mut *tx).await?;
                let gone = recipients.len() / GONE;
                let sql = format!(
                    "INSERT INTO suppressions VALUES {}",
                    placeholders(tx, gone, 5)
                );
                let mut insert = sqlx::query(AssertSqlSafe(sql));
                for one in recipients.iter().take(gone) {
                    insert = insert.bind(GUILD.0).bind(format!("gone-{}", one.email));
                    insert = insert.bind("all").bind("unsubscribed").bind(0_i64);
                }
                insert.execute(&mut *tx).await?;
                mail::add(tx, recipients, 0).await
            })
        });
        added.await.unwrap();
    }
    db.close().await;
}

async fn measure(url: &str, address: SocketAddr, mails: usize, is_signed: bool) {
    let db = Db::open(url).await.unwrap();
    let server = Server::parse(&format!("smtp://{address}")).unwrap();
    let means = MailMeans {
        sender: sender(is_signed),
        mailer: Arc::new(Mailer::Smtp(Pool::new(server, CONNECTIONS, Clock::System))),
        limits: Limits {
            connections: CONNECTIONS,
            ..Limits::default()
        },
        ..MailMeans::default()
    };
    let options = WorkerOptions {
        mail: means,
        ..WorkerOptions::default()
    };
    let messenger = Messenger::Memory(MemoryMessenger::default());
    let workers = Workers::start(Clock::System, db, messenger, options);
    let workers = workers.await.unwrap();
    let app = workers.app().clone();
    let cpu = smtp::cpu_secs();
    let begun = app.db.write(app.clock.now_ms(), |tx, now_ms| {
        Box::pin(mail::begin(tx, OCCURRENCE, *now_ms))
    });
    assert!(begun.await.unwrap());
    app.outbox.wake_mails();
    // Asked now and then: the answer counts all rows.
    let progress = loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut conn = app.db.read().await.unwrap();
        let progress = mail::progress(&mut conn, GUILD, OCCURRENCE).await;
        let progress = progress.unwrap().unwrap();
        if progress.phase != Phase::Sending {
            break progress;
        }
    };
    let cpu = smtp::cpu_secs() - cpu;
    let expected = BTreeMap::from([(State::Completed, i64::try_from(mails).unwrap())]);
    assert_eq!((progress.phase, progress.counts), (Phase::Ended, expected));
    let took_ms = progress.ended_ms.unwrap() - progress.began_ms.unwrap();
    let took = Duration::from_millis(u64::try_from(took_ms).unwrap());
    workers.stop().await;
    let each_us = cpu * 1e6 / f64::from(u32::try_from(mails).unwrap());
    let (rate, megabytes) = (smtp::rate(mails, took), smtp::peak_megabytes());
    println!("{rate} {each_us} {megabytes}");
}

fn sender(is_signed: bool) -> Arc<Sender> {
    let signer = || Arc::new(Signer::new("example.org", "bench", RSA).unwrap());
    Arc::new(Sender {
        from: Some(Mailbox::parse("Bench <news@example.org>").unwrap()),
        signer: is_signed.then(signer),
        links: Links::new("https://bench.example", b"0123456789abcdef0123456789abcdef"),
        guilds: Guilds::All,
    })
}

/// As a campaign freezes it.
fn occurrence(kind: Kind) -> Occurrence {
    let row =
        "<tr><td>In {{ city }} there is news of the week, {{ name }}, as everywhere.</td></tr>\n";
    let image = if kind.image > 0 {
        "<img src=\"{{ image(\"picture\") }}\" alt=\"\">"
    } else {
        ""
    };
    let html = format!(
        "<style>td{{color:#333;padding:4px}}</style><h1>안녕하세요 {{{{ name }}}}</h1>{image}\n\
         <table>{}</table>\n<a href=\"{{{{ unsubscribe_url }}}}\">unsubscribe</a>\n",
        row.repeat(kind.rows)
    );
    let picture = || {
        let noise =
            (0..kind.image).map(|at| (at.wrapping_mul(2_654_435_761) >> 11).to_le_bytes()[0]);
        images::Upload {
            file: "picture.png".to_owned(),
            media_type: None,
            bytes: b"\x89PNG\r\n\x1a\n".iter().copied().chain(noise).collect(),
        }
    };
    let upload = Upload {
        name: "news".to_owned(),
        subject: "News for {{ name }}".to_owned(),
        html: html.into_bytes(),
        images: (kind.image > 0).then(picture).into_iter().collect(),
    };
    let (template, _) = prepare(&upload).unwrap();
    Occurrence {
        id: OCCURRENCE,
        guild: GUILD,
        guild_name: "Study Room".to_owned(),
        class: Class::Notice,
        content: serde_json::json!({ "template": template, "is_ad": false }).to_string(),
        is_test: false,
    }
}

fn recipient(number: usize) -> Recipient {
    Recipient {
        id: DeliveryId(i64::try_from(number).unwrap() + 1),
        occurrence: OCCURRENCE,
        email: format!("member{number}@example.org"),
        address: format!("Member{number}@example.org"),
        name: format!("Member {number}"),
        fields: BTreeMap::from([
            ("city".to_owned(), "서울".to_owned()),
            ("joined".to_owned(), "2026-01-01".to_owned()),
        ]),
    }
}

/// Bytes of a mail of this kind.
fn size(kind: Kind) -> usize {
    let press = Desk::new(sender(false)).press(&occurrence(kind)).unwrap();
    let letter = press.write(&recipient(1), Clock::System.now_ms()).unwrap();
    letter.mail.len()
}
