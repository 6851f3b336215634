//! Mail: what is written is read by another library, what is signed is verified by another, and the
//! server at the other end is one that misbehaves.

mod check;
mod dialogue;
mod files;
mod losses;
mod mime;
mod queue;
mod records;
mod refusals;
mod secrecy;
mod signatures;

use std::sync::Arc;

use timeattack::clock::{Clock, ManualClock};
use timeattack::mailer::mime::{Assembler, Constant, Draft};
use timeattack::mailer::smtp::{Pool, Server};
use timeattack::mailer::{Failure, Gate, Letter, Mailbox, Mailer, Sent};

use crate::support::NOW_MS;
use crate::support::smtp::{At, SmtpServer};

/// A mailer that speaks to the scripted server, over a clock that a test turns.
struct Post {
    server: SmtpServer,
    mailer: Arc<Mailer>,
    clock: ManualClock,
}

impl Post {
    async fn start() -> Self {
        let server = SmtpServer::start().await;
        Self::to(server, 1, "")
    }

    /// With as many connections, and `options` behind the address.
    fn to(server: SmtpServer, connections: usize, options: &str) -> Self {
        let url = format!("smtp://{}{options}", server.address);
        Self::by(server, connections, &url)
    }

    fn by(server: SmtpServer, connections: usize, url: &str) -> Self {
        let (clock, hand) = Clock::manual(NOW_MS);
        let there = Server::parse(url).unwrap().with_roots(server.roots());
        let mailer = Mailer::Smtp(Pool::new(there, connections, clock));
        Self {
            server,
            mailer: Arc::new(mailer),
            clock: hand,
        }
    }

    async fn send(&self, letter: Letter) -> Result<Sent, Failure> {
        self.mailer.send(Arc::new(letter), Gate::open()).await
    }

    /// On its way while the test goes on.
    fn sending(&self, letter: Letter) -> tokio::task::JoinHandle<Result<Sent, Failure>> {
        let mailer = Arc::clone(&self.mailer);
        tokio::spawn(async move { mailer.send(Arc::new(letter), Gate::open()).await })
    }

    /// Waits until the server has heard this, and somebody waits for its answer; then so much time
    /// passes.
    async fn waits_at(&self, at: At, times: usize, ms: i64) {
        self.server.reached(at, times).await;
        self.passes(ms).await;
    }

    async fn passes(&self, ms: i64) {
        while self.clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        self.clock.advance_ms(ms);
    }

    /// The recipients of what was delivered, in order.
    fn recipients(&self) -> Vec<String> {
        let delivered = self.server.delivered();
        delivered.into_iter().flat_map(|mail| mail.to).collect()
    }
}

fn letter_to(to: &str) -> Letter {
    Letter {
        from: "news@example.org".parse().unwrap(),
        to: to.parse().unwrap(),
        mail: format!(
            "Subject: Hello\r\n\r\nTo {to}.\r\n{}",
            "line\r\n".repeat(400)
        )
        .into_bytes(),
    }
}

fn letter() -> Letter {
    letter_to("mina@example.org")
}

fn constant() -> Constant {
    Constant {
        from: Mailbox::parse("자몽 <news@example.org>").unwrap(),
        reply_to: None,
        list_id: Some(("Weekly".into(), "weekly.example.org".into())),
        feedback_id: Some("7:42:campaign:timeattack".into()),
        images: Vec::new(),
        attachments: Vec::new(),
    }
}

fn draft<'a>(to: &'a Mailbox, subject: &'a str, text: &'a str, html: &'a str) -> Draft<'a> {
    Draft {
        occurrence: 7,
        recipient: 42,
        to,
        subject,
        text,
        html,
        unsubscribe: None,
        date_ms: NOW_MS,
    }
}

fn assembled(constant: &Constant, draft: &Draft<'_>) -> Vec<u8> {
    let assembler = Assembler::new(constant, None).unwrap();
    assembler.assemble(draft).unwrap()
}

/// Longer than what systems keep on the way, so that a loss in the middle is seen while writing.
fn long_letter() -> Letter {
    let mut letter = letter();
    letter
        .mail
        .extend(b"a long line of a long mail\r\n".repeat(400_000));
    letter
}
