//! Mail: writing it, signing it, and handing it to a server.
//!
//! [`Mailer::Smtp`] speaks to a mail server, [`Mailer::Files`] puts each mail into a folder as an
//! `.eml` file, [`Mailer::Memory`] keeps them for tests. What is sent is a [`Letter`]: the bytes
//! are final, and the envelope has one recipient.
//!
//! A send ends in [`Sent`] or in a [`Failure`], and the failure's [`Scope`] says whose fault it was
//! and so what to do: that is decided here ([`reply`]), where the servers' words are understood, and
//! nowhere else. The one promise about it: [`Scope::Ambiguous`] is said exactly when a server may
//! have the mail without having said so. Everything else was certainly not taken.
//!
//! Nothing that makes a mail of what was sent leaves before its [`Gate`] is open: of SMTP that is the
//! final dot, of a folder the file's name. So what had no open gate when the program was killed is
//! certainly not there.
//!
//! A mail is written by [`mime::Assembler`], which [`dkim::Signer`] signs for. Addresses are
//! [`address::EmailAddress`] from the moment somebody gives them.
//!
//! Nothing here is logged: texts of servers quote addresses.
//!
//! To teach it another way of sending: a variant, and an arm in [`Mailer::send`].

pub mod address;
pub mod dkim;
mod files;
mod gate;
pub mod memory;
pub mod mime;
pub mod reply;
pub mod smtp;

use std::fmt;
use std::sync::Arc;

pub use address::{EmailAddress, Mailbox};
pub use files::Files;
pub use gate::Gate;
pub use memory::MemoryMailer;
pub use reply::{Reply, Scope};
pub use smtp::{Pool, Stage};

/// Whom mails are given to.
#[derive(Debug)]
pub enum Mailer {
    /// A mail server.
    Smtp(Pool),
    /// A folder.
    Files(Files),
    /// A test.
    Memory(Arc<MemoryMailer>),
}

/// A mail that is ready, and its envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Where reports about it go.
    pub from: EmailAddress,
    /// The one recipient: a mail that is somebody's own has no other (and a refusal is about one).
    pub to: EmailAddress,
    /// Headers and body, with CRLF.
    pub mail: Vec<u8>,
}

/// A mail was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// By what it is known there: what the server said of it, which of Amazon SES is its Message-ID;
    /// or the name of the file.
    pub id: String,
}

/// A mail was not taken, or may not have been.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    /// Whose fault it was.
    pub scope: Scope,
    /// Where in the dialogue it happened.
    pub stage: Stage,
    /// What the server answered, if it did.
    pub reply: Option<Reply>,
    /// What happened, for people. It may quote an address: not for the log.
    pub why: String,
}

impl Mailer {
    /// Sends one mail, through its gate. It is certain to be sent or not by the end, but for
    /// [`Scope::Ambiguous`]; a call that is dropped goes on by itself once the server has heard of the
    /// mail.
    pub async fn send(&self, letter: Arc<Letter>, mut gate: Gate) -> Result<Sent, Failure> {
        match self {
            Self::Smtp(pool) => pool.send(letter, gate).await,
            Self::Files(_) | Self::Memory(_) if !gate.passed().await => Err(Failure::withdrawn()),
            Self::Files(files) => files.write(letter).await,
            Self::Memory(memory) => memory.take(&letter),
        }
    }

    /// Takes nothing more, lets what is on its way arrive, and says goodbye to the server.
    pub async fn close(&self) {
        if let Self::Smtp(pool) = self {
            pool.close().await;
        }
    }
}

impl Failure {
    /// The server refused it.
    fn refused(stage: Stage, reply: Reply) -> Self {
        Self {
            scope: reply::classify(stage, &reply),
            stage,
            why: format!("the mail server answered {stage} with {reply}"),
            reply: Some(reply),
        }
    }

    /// The connection failed.
    fn lost(stage: Stage, why: &str) -> Self {
        Self {
            scope: reply::when_lost(stage),
            stage,
            reply: None,
            why: format!("{why}, {stage}"),
        }
    }

    /// Its gate stayed shut.
    fn withdrawn() -> Self {
        let why = "the email was withdrawn before it was sent";
        Self::of(Scope::Withdrawn, Stage::Body, why)
    }

    /// What was not even tried.
    fn of(scope: Scope, stage: Stage, why: impl Into<String>) -> Self {
        Self {
            scope,
            stage,
            reply: None,
            why: why.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// Without what the server said, which quotes addresses.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.reply.as_ref().map(|reply| reply.code);
        write!(f, "Failure({:?} at {:?}, {code:?})", self.scope, self.stage)
    }
}

impl std::error::Error for Failure {}
