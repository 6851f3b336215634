//! How fast mail leaves: writing it, signing it and handing it over, without the ledger.
//!
//! ```sh
//! cargo bench --bench mail
//! ```
//!
//! The other side is `smtp-sink`, and the limit `smtp-source`, both of Debian's postfix package, in
//! the same run; and a server of the bench's own that answers everything 20 ms late, as one across a
//! network does. What counts are the ratios: the machine differs.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "a bench prints, ends at the first thing that is wrong, and uses a part of the support"
)]

#[path = "support/smtp.rs"]
mod smtp;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use timeattack::clock::Clock;
use timeattack::mailer::dkim::Signer;
use timeattack::mailer::mime::{Assembler, Attachment, Constant, Draft, Image, Unsubscribe};
use timeattack::mailer::smtp::{Pool, Server};
use timeattack::mailer::{Gate, Letter, Mailbox, Mailer};

use smtp::{CONNECTIONS, Sink, cpu_secs, source};

/// Twice the connections, so that there is always a mail to announce behind another.
const UNDER_WAY: usize = 2 * CONNECTIONS;
const RSA: &[u8] = include_bytes!("../tests/keys/dkim_rsa.pem");
const ED25519: &[u8] = include_bytes!("../tests/keys/dkim_ed25519.pem");

/// A kind of mail.
struct Kind {
    name: &'static str,
    mails: i64,
    /// Bytes of the HTML, and of the image inside it.
    html: usize,
    image: usize,
    /// To be reached, as a part of what `smtp-source` does.
    at_least: f64,
}

const KINDS: [Kind; 2] = [
    Kind {
        name: "100 KB",
        mails: 5_000,
        html: 16_000,
        image: 60_000,
        at_least: 0.45,
    },
    Kind {
        name: "4 KB",
        mails: 20_000,
        html: 2_200,
        image: 0,
        at_least: 0.3,
    },
];

fn main() -> ExitCode {
    if !smtp::is_postfix_there() {
        return ExitCode::FAILURE;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        writing();
        for round in 1..=2 {
            println!("round {round}");
            against_sink().await;
            late().await;
        }
    });
    ExitCode::SUCCESS
}

fn assembler(kind: &Kind, key: Option<&[u8]>) -> Arc<Assembler> {
    let mut constant = Constant {
        from: Mailbox::parse("Bench <news@example.org>").unwrap(),
        reply_to: None,
        list_id: Some(("Weekly".into(), "weekly.example.org".into())),
        feedback_id: Some("7:42:campaign:timeattack".into()),
        images: Vec::new(),
        attachments: Vec::new(),
    };
    if kind.image > 0 {
        constant.images.push(Image {
            content_id: "logo@example.org".into(),
            file: Attachment {
                name: "logo.png".into(),
                media_type: "image/png".into(),
                bytes: (0..=255).cycle().take(kind.image).collect(),
            },
        });
    }
    let signer = key.map(|key| Arc::new(Signer::new("example.org", "bench", key).unwrap()));
    Arc::new(Assembler::new(&constant, signer).unwrap())
}

/// Personalised: no two mails are the same.
fn letter(assembler: &Assembler, kind: &Kind, number: i64) -> Letter {
    let to = Mailbox::parse(&format!("Member {number} <member{number}@example.org>")).unwrap();
    let paragraph =
        format!("<p style=\"color:#333\">Hello, Member {number}, there is news.</p>\r\n");
    let html = paragraph.repeat(kind.html / paragraph.len());
    let text = format!("Hello, Member {number}, there is news.\r\n").repeat(10);
    let url = format!("https://example.org/unsubscribe/{number:032x}");
    let draft = Draft {
        occurrence: 1,
        recipient: number,
        to: &to,
        subject: "News of the week",
        text: &text,
        html: &html,
        unsubscribe: Some(Unsubscribe {
            url: &url,
            mailto: None,
        }),
        date_ms: 1_795_237_200_000,
    };
    Letter {
        from: "news@example.org".parse().unwrap(),
        mail: assembler.assemble(&draft).unwrap(),
        to: to.address,
    }
}

/// What a mail costs before it is sent, on one core.
fn writing() {
    println!("writing and signing, one core:");
    for kind in &KINDS {
        for (signed, key) in [
            ("unsigned", None),
            ("Ed25519", Some(ED25519)),
            ("RSA-2048", Some(RSA)),
        ] {
            let assembler = assembler(kind, key);
            let (begun, mut bytes) = (Instant::now(), 0);
            const MAILS: i64 = 1_000;
            for number in 0..MAILS {
                bytes += letter(&assembler, kind, number).mail.len();
            }
            let each = begun.elapsed().as_secs_f64() / f64::from(1_000);
            println!(
                "  {:>6} {signed:>8}: {:>4.0} µs each, {} bytes",
                kind.name,
                each * 1e6,
                bytes / 1_000
            );
        }
    }
}

async fn against_sink() {
    let sink = Sink::start();
    for kind in &KINDS {
        let size = letter(&assembler(kind, None), kind, 1).mail.len();
        let mails = usize::try_from(kind.mails).unwrap();
        let limit = source(sink.address, mails, size);
        println!("  {:>6} smtp-source: {limit:>6.0}/s", kind.name);
        for (signed, key) in [
            ("unsigned", None),
            ("Ed25519", Some(ED25519)),
            ("RSA-2048", Some(RSA)),
        ] {
            let begun = cpu_secs();
            let rate = sent(sink.address, kind, kind.mails, key).await;
            let cpu = (cpu_secs() - begun) / f64::from(i32::try_from(kind.mails).unwrap());
            let wanted = match signed {
                "unsigned" => format!(" (≥ {})", kind.at_least),
                "RSA-2048" => " (≥ 1,500/s)".to_owned(),
                _ => String::new(),
            };
            println!(
                "  {:>6} {signed:>11}: {rate:>6.0}/s, {:.2} of smtp-source{wanted}, {:.0} µs of this process each",
                kind.name,
                rate / limit,
                cpu * 1e6
            );
        }
    }
}

/// Against a server 20 ms away.
async fn late() {
    let address = smtp::late().await;
    let rate = sent(address, &KINDS[1], 2_400, None).await;
    println!("    20 ms late: {rate:>6.0}/s over {CONNECTIONS} connections (> 239, aim 480)");
}

/// Mails per second.
async fn sent(address: SocketAddr, kind: &'static Kind, mails: i64, key: Option<&[u8]>) -> f64 {
    let server = Server::parse(&format!("smtp://{address}")).unwrap();
    let mailer = Arc::new(Mailer::Smtp(Pool::new(server, CONNECTIONS, Clock::System)));
    let assembler = assembler(kind, key);
    let next = Arc::new(AtomicI64::new(0));
    let begun = Instant::now();
    let senders: Vec<_> = (0..UNDER_WAY)
        .map(|_| {
            let (mailer, assembler, next) = (mailer.clone(), assembler.clone(), next.clone());
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= mails {
                        break;
                    }
                    let letter = letter(&assembler, kind, number);
                    mailer.send(Arc::new(letter), Gate::open()).await.unwrap();
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    let took = begun.elapsed();
    mailer.close().await;
    f64::from(i32::try_from(mails).unwrap()) / took.as_secs_f64()
}
