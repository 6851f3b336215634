//! One connection: the dialogue, from the greeting to QUIT.

use super::server::{Server, Tls};
use super::wire::{Lost, Wire};
use super::{Stage, limit_ms};
use crate::clock::Clock;
use crate::mailer::reply::Reply;
use crate::mailer::{Failure, Gate, Letter, Scope, Sent};

/// A server that closed has a moment to say why.
const LAST_WORDS_MS: i64 = 2_000;

/// What makes a mail of what was sent, behind the end of its last line: until the server has these bytes
/// it has no mail (RFC 5321 §4.1.1.4).
const FINAL_DOT: &[u8] = b".\r\n";

/// What the server offered at EHLO.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// Commands may be sent without waiting for each answer (RFC 2920).
    pub pipelining: bool,
    /// Encryption (RFC 3207).
    pub starttls: bool,
    /// Bytes beyond ASCII in a mail (RFC 6152).
    pub eight_bit: bool,
    /// Letters beyond ASCII in an address (RFC 6531).
    pub smtputf8: bool,
    /// The size of a mail can be told (RFC 1870).
    pub size: bool,
    /// The largest mail that is taken.
    pub largest: Option<usize>,
    /// Logins, in upper case.
    pub logins: Vec<String>,
}

impl Offers {
    fn read(lines: &str) -> Self {
        let mut offers = Self::default();
        // The first line is a greeting.
        for line in lines.lines().skip(1) {
            // Old servers write AUTH=LOGIN.
            let line = line.to_ascii_uppercase().replacen("AUTH=", "AUTH ", 1);
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("PIPELINING") => offers.pipelining = true,
                Some("STARTTLS") => offers.starttls = true,
                Some("8BITMIME") => offers.eight_bit = true,
                Some("SMTPUTF8") => offers.smtputf8 = true,
                Some("SIZE") => {
                    offers.size = true;
                    let largest = words.next().and_then(|size| size.parse().ok());
                    // 0: it has no limit to tell of (RFC 1870 §4).
                    offers.largest = largest.filter(|size| *size > 0);
                }
                Some("AUTH") => offers.logins.extend(words.map(str::to_owned)),
                _ => {}
            }
        }
        offers
    }
}

/// A connection that is ready for mails.
pub(super) struct Connection {
    wire: Wire,
    offers: Offers,
    /// Nothing more can be said on it.
    is_over: bool,
    /// The server remembers the beginning of a mail that came to nothing.
    needs_reset: bool,
    /// Mails that were tried on it.
    pub(super) tried: u64,
    /// When it was last used, by the monotonic clock.
    pub(super) used_ms: i64,
}

impl Connection {
    /// Connects, encrypts and logs in.
    pub(super) async fn open(server: &Server, clock: &Clock) -> Result<Self, Failure> {
        let at = |stage| move |lost: Lost| Failure::lost(stage, &lost.why);
        let limit = limit_ms(Stage::Connect);
        let wire = Wire::connect(&server.host, server.port, clock, limit).await;
        let mut connection = Self {
            wire: wire.map_err(at(Stage::Connect))?,
            offers: Offers::default(),
            is_over: false,
            needs_reset: false,
            tried: 0,
            used_ms: clock.monotonic_ms(),
        };
        if server.tls == Tls::Wrapped {
            connection.encrypt(server).await?;
        }
        connection.expect(Stage::Greeting, 220).await?;
        connection.hello(server).await?;
        connection.secure(server).await?;
        connection.log_in(server).await?;
        Ok(connection)
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    pub(super) fn offers(&self) -> &Offers {
        &self.offers
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.wire.is_encrypted()
    }

    async fn encrypt(&mut self, server: &Server) -> Result<(), Failure> {
        let limit = limit_ms(Stage::StartTls);
        let encrypted = self
            .wire
            .encrypt(&server.host, &server.tls_config, limit)
            .await;
        encrypted.map_err(|lost| self.lost(Stage::StartTls, &lost))
    }

    async fn hello(&mut self, server: &Server) -> Result<(), Failure> {
        let name = server
            .hello
            .clone()
            .unwrap_or_else(|| self.wire.own_address());
        self.write(Stage::Ehlo, format!("EHLO {name}\r\n").as_bytes())
            .await?;
        let lines = self.wire.reply_lines(limit_ms(Stage::Ehlo)).await;
        let (code, lines) = lines.map_err(|lost| self.lost(Stage::Ehlo, &lost))?;
        if code == 250 {
            self.offers = Offers::read(&lines);
            return Ok(());
        }
        if !matches!(code, 500 | 502 | 504) {
            return Err(self.refused(Stage::Ehlo, Reply::new(code, &lines)));
        }
        // A server from before 1993 (RFC 5321 §3.2).
        self.offers = Offers::default();
        self.write(Stage::Ehlo, format!("HELO {name}\r\n").as_bytes())
            .await?;
        self.expect(Stage::Ehlo, 250).await.map(drop)
    }

    async fn secure(&mut self, server: &Server) -> Result<(), Failure> {
        let wanted = matches!(server.tls, Tls::Required | Tls::Opportunistic);
        if !wanted {
            return Ok(());
        }
        if self.offers.starttls {
            self.write(Stage::StartTls, b"STARTTLS\r\n").await?;
            self.expect(Stage::StartTls, 220).await?;
            self.encrypt(server).await?;
            // What was offered in the clear counts no more (RFC 3207 §4.2).
            return self.hello(server).await;
        }
        let why = match server.tls {
            Tls::Required => "the mail server does not offer STARTTLS, which tls=required asks for",
            _ if server.has_login() => {
                "the mail server does not offer STARTTLS, and the password is not sent without it"
            }
            _ => return Ok(()),
        };
        // Not the sender's fault: somebody between may have taken it out, and may stop doing so.
        Err(Failure::of(Scope::Connection, Stage::StartTls, why))
    }

    async fn log_in(&mut self, server: &Server) -> Result<(), Failure> {
        let Some(login) = &server.login else {
            return Ok(());
        };
        let offers = |name: &str| self.offers.logins.iter().any(|login| login == name);
        if offers("PLAIN") {
            let command = format!("AUTH PLAIN {}\r\n", login.plain());
            self.write(Stage::Auth, command.as_bytes()).await?;
        } else if offers("LOGIN") {
            self.write(Stage::Auth, b"AUTH LOGIN\r\n").await?;
            self.expect(Stage::Auth, 334).await?;
            let user = format!("{}\r\n", login.user_base64());
            self.write(Stage::Auth, user.as_bytes()).await?;
            self.expect(Stage::Auth, 334).await?;
            let password = format!("{}\r\n", login.password_base64());
            self.write(Stage::Auth, password.as_bytes()).await?;
        } else {
            let why = "the mail server offers no login that this program knows (PLAIN, LOGIN)";
            return Err(Failure::of(Scope::Sender, Stage::Auth, why));
        }
        self.expect(Stage::Auth, 235).await.map(drop)
    }

    /// MAIL, RCPT and DATA for a mail; an error if this server cannot take it at all.
    pub(super) fn envelope(&self, letter: &Letter) -> Result<[String; 3], Failure> {
        let size = letter.mail.len();
        if self.offers.largest.is_some_and(|largest| size > largest) {
            let why = format!("the email has {size} bytes, more than the mail server accepts");
            return Err(Failure::of(Scope::Message, Stage::MailFrom, why));
        }
        let mut mail = format!("MAIL FROM:<{}>", letter.from);
        if self.offers.size {
            mail += &format!(" SIZE={size}");
        }
        if letter.from.needs_smtputf8() || letter.to.needs_smtputf8() {
            if !self.offers.smtputf8 {
                let (scope, whose) = if letter.to.needs_smtputf8() {
                    (Scope::RecipientPermanent, "the recipient's")
                } else {
                    (Scope::Sender, "the sender's")
                };
                let why = format!(
                    "{whose} address has letters beyond ASCII before the @, and the mail server \
                     doesn't accept those (SMTPUTF8)"
                );
                return Err(Failure::of(scope, Stage::MailFrom, why));
            }
            mail += " BODY=8BITMIME SMTPUTF8";
        } else if !letter.mail.is_ascii() {
            if !self.offers.eight_bit {
                let why = "the email has bytes beyond ASCII, and the mail server doesn't accept those \
                     (8BITMIME)";
                return Err(Failure::of(Scope::Message, Stage::MailFrom, why));
            }
            mail += " BODY=8BITMIME";
        }
        let recipient = format!("RCPT TO:<{}>\r\n", letter.to);
        Ok([mail + "\r\n", recipient, "DATA\r\n".to_owned()])
    }

    /// Brings the dialogue to where the server waits for the mail. `is_announced`: the envelope was
    /// written behind the mail before, by [`Self::deliver`].
    pub(super) async fn announce(
        &mut self,
        letter: &Letter,
        is_announced: bool,
    ) -> Result<(), Failure> {
        const STAGES: [Stage; 3] = [Stage::MailFrom, Stage::RcptTo, Stage::Data];
        self.tried += 1;
        if self.offers.pipelining {
            let reset = !is_announced && self.needs_reset;
            if !is_announced {
                let commands = self.envelope(letter)?.concat();
                let reset = if reset { "RSET\r\n" } else { "" };
                self.write(Stage::MailFrom, format!("{reset}{commands}").as_bytes())
                    .await?;
            }
            if reset {
                self.reset_done().await?;
            }
            return self.announced(STAGES).await;
        }
        let commands = self.envelope(letter)?;
        if self.needs_reset {
            self.write(Stage::MailFrom, b"RSET\r\n").await?;
            self.reset_done().await?;
        }
        for (stage, command) in STAGES.into_iter().zip(commands) {
            self.write(stage, command.as_bytes()).await?;
            let reply = self.reply(stage).await?;
            if !is_go_on(stage, &reply) {
                self.needs_reset = true;
                return Err(self.refused(stage, reply));
            }
        }
        Ok(())
    }

    async fn reset_done(&mut self) -> Result<(), Failure> {
        self.needs_reset = false;
        let reply = self.reply(Stage::MailFrom).await?;
        if reply.is_positive() {
            return Ok(());
        }
        // One that cannot forget cannot be used again.
        self.is_over = true;
        Err(Failure::lost(
            Stage::MailFrom,
            "the mail server refused RSET",
        ))
    }

    /// All replies to a group of commands, of which each must be read: the first refusal is the
    /// reason, the others follow from it.
    async fn announced(&mut self, stages: [Stage; 3]) -> Result<(), Failure> {
        let mut refusal = None;
        let mut waits_for_mail = false;
        for stage in stages {
            let reply = match self.reply(stage).await {
                Ok(reply) => reply,
                // What was refused before it was lost was refused.
                Err(lost) => return Err(refusal.unwrap_or(lost)),
            };
            waits_for_mail = stage == Stage::Data && is_go_on(stage, &reply);
            if !is_go_on(stage, &reply) && refusal.is_none() {
                refusal = Some(self.refused(stage, reply));
            }
            if self.is_over {
                break;
            }
        }
        let Some(refusal) = refusal else {
            return Ok(());
        };
        self.needs_reset = true;
        if waits_for_mail && !self.is_over {
            // It refused the recipient and waits for a mail all the same: a mail of nothing, which
            // has nowhere to go (RFC 2920 §3.1).
            self.write(Stage::Data, b".\r\n").await.ok();
            if !self.is_over {
                self.reply(Stage::Data).await.ok();
            }
        }
        Err(refusal)
    }

    /// Sends the mail that was announced, and right behind it the envelope of the `next` one: its
    /// answers come back with the answer to this mail, which saves a round trip for each (RFC 2920
    /// §3.1 lets commands follow the end of a mail). The final dot waits for the mail's gate.
    pub(super) async fn deliver(
        &mut self,
        letter: &Letter,
        gate: &mut Gate,
        next: &str,
    ) -> Result<Sent, Failure> {
        let mut bytes = Vec::with_capacity(letter.mail.len() + next.len() + 64);
        stuffed(&letter.mail, &mut bytes);
        let end = bytes.len();
        bytes.extend_from_slice(next.as_bytes());
        let mut begin = 0;
        if !gate.is_open() {
            begin = end - FINAL_DOT.len();
            if let Err((_, lost)) = self
                .wire
                .write(&bytes[..begin], limit_ms(Stage::Body))
                .await
            {
                return Err(self.lost_within(&lost).await);
            }
            self.wait_at(gate).await?;
        }
        if let Err((written, lost)) = self
            .wire
            .write(&bytes[begin..], limit_ms(Stage::Body))
            .await
        {
            if begin + written >= end {
                self.is_over = true;
                return Err(Failure::lost(Stage::End, &lost.why));
            }
            return Err(self.lost_within(&lost).await);
        }
        let reply = self.reply(Stage::End).await?;
        if reply.is_positive() {
            let id = reply.accepted_id();
            return Ok(Sent { id });
        }
        Err(self.refused(Stage::End, reply))
    }

    /// The end of the mail was never written, so it was not taken; but perhaps the server said why.
    async fn lost_within(&mut self, lost: &Lost) -> Failure {
        self.is_over = true;
        match self.wire.reply(LAST_WORDS_MS).await {
            Ok(reply) if reply.code >= 400 => Failure::refused(Stage::Body, reply),
            _ => Failure::lost(Stage::Body, &lost.why),
        }
    }

    /// All of the mail but its final dot was written. A server that speaks now, or closes, has no mail.
    async fn wait_at(&mut self, gate: &mut Gate) -> Result<(), Failure> {
        let said = tokio::select! {
            biased;
            // First: if the dot followed what the server said before it, nobody could tell whether the
            // mail arrived.
            said = self.wire.reply(limit_ms(Stage::End)) => said,
            may_leave = gate.passed() => {
                if may_leave {
                    return Ok(());
                }
                // DATA cannot be taken back, but by going away.
                self.is_over = true;
                return Err(Failure::withdrawn());
            }
        };
        self.is_over = true;
        Err(match said {
            Ok(reply) if reply.code >= 400 => Failure::refused(Stage::Body, reply),
            Ok(_) => Failure::lost(
                Stage::Body,
                "the mail server answered before the mail's end",
            ),
            Err(lost) => Failure::lost(Stage::Body, &lost.why),
        })
    }

    /// Whether the server is still there.
    pub(super) async fn is_alive(&mut self) -> bool {
        if self.write(Stage::Idle, b"NOOP\r\n").await.is_err() {
            return false;
        }
        let reply = self.reply(Stage::Idle).await;
        reply.is_ok_and(|reply| reply.is_positive())
    }

    /// Says goodbye.
    pub(super) async fn quit(mut self) {
        if self.is_over {
            return;
        }
        if self.write(Stage::Idle, b"QUIT\r\n").await.is_ok() {
            // Whatever it says, it is over.
            let _ = self.reply(Stage::Idle).await;
        }
        self.wire.shutdown(limit_ms(Stage::Idle)).await;
    }

    async fn write(&mut self, stage: Stage, bytes: &[u8]) -> Result<(), Failure> {
        let Err((_, lost)) = self.wire.write(bytes, limit_ms(stage)).await else {
            return Ok(());
        };
        self.is_over = true;
        // 421 and what it is about may have come before the end.
        match self.wire.reply(LAST_WORDS_MS).await {
            Ok(reply) if reply.code >= 400 => Err(Failure::refused(stage, reply)),
            _ => Err(Failure::lost(stage, &lost.why)),
        }
    }

    async fn reply(&mut self, stage: Stage) -> Result<Reply, Failure> {
        let reply = self.wire.reply(limit_ms(stage)).await;
        reply.map_err(|lost| self.lost(stage, &lost))
    }

    /// A reply that must have this code for the dialogue to go on.
    async fn expect(&mut self, stage: Stage, code: u16) -> Result<Reply, Failure> {
        let reply = self.reply(stage).await?;
        if reply.code == code {
            return Ok(reply);
        }
        self.is_over = true;
        Err(self.refused(stage, reply))
    }

    fn lost(&mut self, stage: Stage, lost: &Lost) -> Failure {
        self.is_over = true;
        Failure::lost(stage, &lost.why)
    }

    fn refused(&mut self, stage: Stage, reply: Reply) -> Failure {
        // The server closes (421), or is out of step and nothing it says can be told from another.
        if reply.code == 421 || reply.code < 400 {
            self.is_over = true;
        }
        Failure::refused(stage, reply)
    }
}

/// Whether the answer to this command lets the next one follow.
fn is_go_on(stage: Stage, reply: &Reply) -> bool {
    match stage {
        Stage::Data => reply.code == 354,
        _ => reply.is_positive(),
    }
}

/// The mail as it is sent: a dot that begins a line doubled (RFC 5321 §4.5.2), and its end.
fn stuffed(mail: &[u8], out: &mut Vec<u8>) {
    if mail.starts_with(b".") {
        out.push(b'.');
    }
    let mut rest = mail;
    while let Some(at) = memchr::memmem::find(rest, b"\n.") {
        out.extend_from_slice(&rest[..=at]);
        out.push(b'.');
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    if !mail.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(FINAL_DOT);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_that_begin_a_line_are_doubled() {
        let sent = |mail: &str| {
            let mut out = Vec::new();
            stuffed(mail.as_bytes(), &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(sent("a\r\n"), "a\r\n.\r\n");
        assert_eq!(sent("a"), "a\r\n.\r\n");
        assert_eq!(sent(""), "\r\n.\r\n");
        assert_eq!(sent(".\r\n"), "..\r\n.\r\n");
        assert_eq!(
            sent("a.\r\n.b\r\n..\r\n.\r\n"),
            "a.\r\n..b\r\n...\r\n..\r\n.\r\n"
        );
        assert_eq!(sent("a\r\n."), "a\r\n..\r\n.\r\n");
    }

    #[test]
    fn offers_are_read_from_the_answer_to_ehlo() {
        let lines = "mail.example greets you\nPIPELINING\nSIZE 10240000\nSTARTTLS\n\
            AUTH plain LOGIN\nAUTH=XOAUTH2\n8BITMIME\nsmtputf8\nX-OTHER thing";
        let offers = Offers::read(lines);
        let expected = Offers {
            pipelining: true,
            starttls: true,
            eight_bit: true,
            smtputf8: true,
            size: true,
            largest: Some(10_240_000),
            logins: vec!["PLAIN".into(), "LOGIN".into(), "XOAUTH2".into()],
        };
        assert_eq!(offers, expected);
        let unlimited = Offers::read("hi\nSIZE 0");
        assert_eq!((unlimited.size, unlimited.largest), (true, None));
        assert_eq!(Offers::read("PIPELINING"), Offers::default());
    }
}
