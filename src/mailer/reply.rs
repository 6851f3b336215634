//! What a mail server's refusal means: whose fault it is, which decides what to do.
//!
//! The code alone does not say it: a 550 may be about the recipient, about us, or about the mail.
//! The enhanced code in the text (RFC 3463) says more, and so does where in the dialogue it came:
//! a 552 to RCPT is a full mailbox of the moment (RFC 5321 §4.5.3.1.10), a 552 after the mail is
//! about the mail. The table `RULES` is read from the top, and the first that fits decides; to teach
//! it a server's habit, put a rule above those that judge it wrongly, and a line into the tests.

use std::fmt;

use super::smtp::Stage;

/// Characters of a server's text that are kept.
const TEXT_LENGTH: usize = 500;
/// Characters of the id by which a server knows a mail.
const ID_LENGTH: usize = 200;

/// Whose fault it is, which says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The server could not be reached, or was lost before it had the mail: try again soon, and
    /// when that does not help, leave it alone for a while. No recipient is to blame.
    Connection,
    /// Too many at once: go slower, and try again.
    Throttle,
    /// The day's mails are used up: go on tomorrow, and tell the admins.
    DailyQuota,
    /// This recipient cannot get mail now: try again in minutes to hours.
    RecipientTemporary,
    /// This recipient does not exist: never write there again.
    RecipientPermanent,
    /// This mailbox is full or closed: this mail failed, the next may not.
    MailboxSoft,
    /// The mail itself is refused: no other recipient would get it either.
    Message,
    /// We are refused, our login or our address: no mail would get through.
    Sender,
    /// The server had the whole mail and did not say what became of it. It may have arrived, and
    /// is never sent again by itself.
    Ambiguous,
    /// Whoever gave it withdrew it before it left (its [`super::Gate`] stayed shut). Nobody is to blame.
    Withdrawn,
}

/// What a server answered: a code, and text in lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Three digits, 200 to 599.
    pub code: u16,
    /// The lines without their codes, joined by spaces; no control characters.
    pub text: String,
}

/// `class.subject.detail` (RFC 3463).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enhanced {
    /// 2, 4 or 5.
    pub class: u16,
    /// What it is about: 1 an address, 2 a mailbox, 3 the system, 6 the content, 7 a policy.
    pub subject: u16,
    /// What about it.
    pub detail: u16,
}

impl Reply {
    /// A reply with this text, whose lines end in a line feed.
    pub(super) fn new(code: u16, text: &str) -> Self {
        let is_shown = |c: &char| !c.is_control();
        let text = text.replace('\n', " ");
        let text = text.chars().filter(is_shown).take(TEXT_LENGTH).collect();
        Self { code, text }
    }

    /// The enhanced code that the text begins with. One whose class is not that of the code is
    /// none: such servers copy what another one said.
    pub fn enhanced(&self) -> Option<Enhanced> {
        let word = self
            .text
            .split([' ', ':', ';'])
            .find(|word| !word.is_empty())?;
        let mut numbers = word.split('.').map(|number| {
            let digits = (1..=3).contains(&number.len());
            let is_number = digits && number.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| number.parse::<u16>().ok()).flatten()
        });
        let (class, subject, detail) = (numbers.next()??, numbers.next()??, numbers.next()??);
        let is_whole = numbers.next().is_none() && class == self.code / 100;
        is_whole.then_some(Enhanced {
            class,
            subject,
            detail,
        })
    }

    /// 2xx: done.
    pub fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// By what the server knows the mail that it took: of `250 Ok 0102…-000000` (SES) what is
    /// behind the Ok, of `250 2.0.0 Ok: queued as 4F1` (Postfix) the queue's name.
    pub fn accepted_id(&self) -> String {
        let mut text = self.text.trim();
        if self.enhanced().is_some() {
            text = text
                .split_once(' ')
                .map_or("", |(_, rest)| rest.trim_start());
        }
        for word in ["ok:", "ok", "queued as", "id="] {
            let begins = text
                .get(..word.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(word));
            if begins {
                text = text[word.len()..].trim_start();
            }
        }
        text.chars().take(ID_LENGTH).collect()
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.text)
    }
}

/// What a reply must be like, and what it means then.
struct Rule {
    /// Where it came; everywhere if empty.
    stages: &'static [Stage],
    /// From and to, both included.
    codes: (u16, u16),
    /// The enhanced codes, of which one must be there; [`ANY`] stands for every number. Everything
    /// goes if empty.
    enhanced: &'static [(u16, u16)],
    /// Words in lower case, of which one must be in the text; everything goes if empty.
    words: &'static [&'static str],
    scope: Scope,
}

/// Every detail of an enhanced code.
const ANY: u16 = u16::MAX;
/// Before there is a mail.
const BEFORE: &[Stage] = &[
    Stage::Connect,
    Stage::Greeting,
    Stage::Ehlo,
    Stage::StartTls,
    Stage::Idle,
];
/// What a server says about a mail that has one recipient.
const ABOUT_ONE: &[Stage] = &[Stage::RcptTo, Stage::Data, Stage::End];
const AFTER_RECIPIENT: &[Stage] = &[Stage::Data, Stage::End];
const TEMPORARY: (u16, u16) = (400, 499);
const PERMANENT: (u16, u16) = (500, 599);
/// Servers that consent say why, too: `235 2.7.0 Authentication successful`.
const REFUSED: (u16, u16) = (400, 599);

const fn rule(stages: &'static [Stage], codes: (u16, u16), scope: Scope) -> Rule {
    Rule {
        stages,
        codes,
        enhanced: &[],
        words: &[],
        scope,
    }
}

const fn saying(
    stages: &'static [Stage],
    codes: (u16, u16),
    words: &'static [&'static str],
    scope: Scope,
) -> Rule {
    Rule {
        words,
        ..rule(stages, codes, scope)
    }
}

const fn coded(
    stages: &'static [Stage],
    codes: (u16, u16),
    enhanced: &'static [(u16, u16)],
    scope: Scope,
) -> Rule {
    Rule {
        enhanced,
        ..rule(stages, codes, scope)
    }
}

/// First come, first served.
const RULES: &[Rule] = &[
    // 421 is said by a server that is about to close, about nothing else (RFC 5321 §3.8).
    rule(&[], (421, 421), Scope::Connection),
    // Amazon SES says both with 454, wherever it notices.
    saying(
        &[],
        TEMPORARY,
        &["daily message quota", "daily sending quota"],
        Scope::DailyQuota,
    ),
    saying(
        &[],
        TEMPORARY,
        &["sending rate exceeded", "rate limit", "too many messages"],
        Scope::Throttle,
    ),
    // Gmail: “our system has detected an unusual rate”.
    coded(&[], TEMPORARY, &[(7, 28)], Scope::Throttle),
    // A login that could not be checked is the server's trouble, one that was refused is ours.
    rule(&[Stage::Auth], TEMPORARY, Scope::Connection),
    rule(&[Stage::Auth], PERMANENT, Scope::Sender),
    rule(BEFORE, TEMPORARY, Scope::Connection),
    rule(BEFORE, PERMANENT, Scope::Sender),
    // Out of step: the dialogue is broken, not the mail.
    rule(&[], (503, 503), Scope::Connection),
    rule(&[], (530, 530), Scope::Sender),
    rule(&[], (534, 535), Scope::Sender),
    // “Come again later” is said with policy codes by some, and is about this one recipient.
    saying(
        ABOUT_ONE,
        TEMPORARY,
        &["greylist", "graylist"],
        Scope::RecipientTemporary,
    ),
    coded(&[], REFUSED, &[(7, ANY)], Scope::Sender),
    saying(
        &[],
        PERMANENT,
        &["not verified", "relay", "blocked", "blacklist", "spam"],
        Scope::Sender,
    ),
    coded(&[], PERMANENT, &[(3, 4), (6, ANY)], Scope::Message),
    // What is said of the sender's address is not said of the recipient's.
    rule(&[Stage::MailFrom], (552, 552), Scope::Message),
    rule(&[Stage::MailFrom], TEMPORARY, Scope::Connection),
    rule(&[Stage::MailFrom], PERMANENT, Scope::Sender),
    rule(&[Stage::RcptTo], (552, 552), Scope::RecipientTemporary),
    rule(ABOUT_ONE, TEMPORARY, Scope::RecipientTemporary),
    coded(ABOUT_ONE, PERMANENT, &[(1, 7), (1, 8)], Scope::Sender),
    coded(ABOUT_ONE, PERMANENT, &[(1, ANY)], Scope::RecipientPermanent),
    coded(ABOUT_ONE, PERMANENT, &[(2, ANY)], Scope::MailboxSoft),
    // No enhanced code that says more. To RCPT these are about the address (RFC 5321 §4.2.3).
    rule(&[Stage::RcptTo], (550, 551), Scope::RecipientPermanent),
    rule(&[Stage::RcptTo], (553, 553), Scope::RecipientPermanent),
    rule(&[Stage::RcptTo], (501, 501), Scope::RecipientPermanent),
    rule(AFTER_RECIPIENT, (552, 552), Scope::Message),
    // Everything else that is final stops the campaign: nobody is suppressed for what may be ours.
    rule(&[], PERMANENT, Scope::Sender),
];

/// Whose fault a refusal is that came at this stage. A reply that is no refusal, and came where
/// something else was expected, is a broken dialogue.
pub fn classify(stage: Stage, reply: &Reply) -> Scope {
    let enhanced = reply.enhanced();
    let text = reply.text.to_lowercase();
    let fits = |rule: &&Rule| {
        let (from, to) = rule.codes;
        let is_one = |(subject, detail): &(u16, u16)| {
            enhanced.is_some_and(|code| {
                code.subject == *subject && (*detail == ANY || code.detail == *detail)
            })
        };
        (rule.stages.is_empty() || rule.stages.contains(&stage))
            && (from..=to).contains(&reply.code)
            && (rule.enhanced.is_empty() || rule.enhanced.iter().any(is_one))
            && (rule.words.is_empty() || rule.words.iter().any(|word| text.contains(word)))
    };
    let found = RULES.iter().find(fits).map(|rule| rule.scope);
    found.unwrap_or_else(|| when_lost(stage))
}

/// Whose fault it is that the connection ended, or nothing sensible came, at this stage.
pub fn when_lost(stage: Stage) -> Scope {
    match stage {
        Stage::End => Scope::Ambiguous,
        _ => Scope::Connection,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_told_from_the_others() {
        use Scope::{
            Ambiguous, Connection, DailyQuota, MailboxSoft, Message, RecipientPermanent,
            RecipientTemporary, Sender, Throttle,
        };
        use Stage::{Auth, Data, End, Greeting, MailFrom, RcptTo, StartTls};
        for (stage, reply, scope) in [
            // Connection.
            (Greeting, "421 4.3.2 Shutting down", Connection),
            (RcptTo, "421 Too many errors", Connection),
            (End, "421 4.7.0 Try again later", Connection),
            (Greeting, "450 Busy", Connection),
            (StartTls, "454 4.7.0 TLS not available", Connection),
            (
                Auth,
                "454 4.7.0 Temporary authentication failure",
                Connection,
            ),
            (
                MailFrom,
                "452 4.3.1 Insufficient system storage",
                Connection,
            ),
            (Data, "503 5.5.1 Bad sequence", Connection),
            // No refusal, out of step.
            (Data, "250 2.7.0 Ok", Connection),
            // Throttle and quota, in Amazon's words.
            (
                End,
                "454 Throttling failure: Maximum sending rate exceeded.",
                Throttle,
            ),
            (
                MailFrom,
                "454 Throttling failure: Maximum sending rate exceeded.",
                Throttle,
            ),
            (RcptTo, "450 4.7.28 An unusual rate of mail", Throttle),
            (
                End,
                "454 Throttling failure: Daily message quota exceeded.",
                DailyQuota,
            ),
            (
                MailFrom,
                "454 4.7.0 Daily message quota exceeded",
                DailyQuota,
            ),
            // Recipient, temporary.
            (RcptTo, "450 Mailbox busy", RecipientTemporary),
            (RcptTo, "451 4.3.0 Local error", RecipientTemporary),
            (RcptTo, "452 4.2.2 Over quota", RecipientTemporary),
            (
                RcptTo,
                "552 Exceeded storage allocation",
                RecipientTemporary,
            ),
            (RcptTo, "552 5.2.2 Over quota", RecipientTemporary),
            (
                RcptTo,
                "450 4.7.1 Greylisted for five minutes",
                RecipientTemporary,
            ),
            (End, "451 Try later", RecipientTemporary),
            (Data, "452 4.5.3 Too many", RecipientTemporary),
            // Recipient, permanent.
            (RcptTo, "550 5.1.1 No such user", RecipientPermanent),
            (RcptTo, "550 5.1.2 No such host", RecipientPermanent),
            (RcptTo, "556 5.1.10 Null MX", RecipientPermanent),
            (End, "550 5.1.1 No such user", RecipientPermanent),
            (RcptTo, "550 no such user", RecipientPermanent),
            (RcptTo, "553 mailbox name not allowed", RecipientPermanent),
            // Mailbox, soft.
            (RcptTo, "550 5.2.1 Mailbox disabled", MailboxSoft),
            (End, "552 5.2.2 Mailbox full", MailboxSoft),
            (RcptTo, "550 5.2.2 Mailbox full", MailboxSoft),
            // Message.
            (MailFrom, "552 5.3.4 Too big", Message),
            (MailFrom, "552 Too big", Message),
            (RcptTo, "552 5.3.4 Too big", Message),
            (End, "552 5.3.4 Too big", Message),
            (End, "554 5.6.0 Bad content", Message),
            (End, "550 5.6.1 Media not supported", Message),
            (End, "552 Too big", Message),
            // Sender.
            (Auth, "535 5.7.8 Wrong password", Sender),
            (Auth, "534 Choose another mechanism", Sender),
            (MailFrom, "530 5.7.0 Must issue STARTTLS first", Sender),
            (MailFrom, "530 Authentication required", Sender),
            (MailFrom, "550 5.1.7 Bad sender", Sender),
            (RcptTo, "550 5.1.8 Sender's domain does not exist", Sender),
            (RcptTo, "554 5.7.1 Relay access denied", Sender),
            (RcptTo, "550 relay not permitted", Sender),
            (RcptTo, "450 4.7.1 Client host rejected", Sender),
            (End, "550 5.7.26 Unauthenticated mail", Sender),
            (
                End,
                "554 Message rejected: Email address is not verified.",
                Sender,
            ),
            (End, "554 Transaction failed", Sender),
            (Greeting, "554 No service for you", Sender),
            // No sense in it.
            (MailFrom, "354 Go on", Connection),
            (End, "354 Go on", Ambiguous),
        ] {
            let (code, text) = reply.split_once(' ').unwrap();
            let parsed = Reply::new(code.parse().unwrap(), text);
            assert_eq!(classify(stage, &parsed), scope, "{stage:?}: {reply}");
        }
    }

    #[test]
    fn only_what_was_whole_is_ambiguous() {
        for stage in Stage::ALL {
            let expected = if stage == Stage::End {
                Scope::Ambiguous
            } else {
                Scope::Connection
            };
            assert_eq!(when_lost(stage), expected, "{stage:?}");
        }
    }

    #[test]
    fn every_refusal_at_every_stage_has_a_meaning_of_its_own_class() {
        for stage in Stage::ALL {
            for code in 400..600 {
                let scope = classify(stage, &Reply::new(code, ""));
                assert_ne!(scope, Scope::Ambiguous, "a refusal is an answer: {code}");
                let is_final = matches!(scope, Scope::RecipientPermanent | Scope::MailboxSoft);
                assert!(!is_final || code >= 500, "{stage:?} {code}");
            }
        }
    }

    #[test]
    fn enhanced_codes_are_read_from_the_text() {
        let read = |code, text| {
            let enhanced = Reply::new(code, text).enhanced();
            enhanced.map(|it| (it.class, it.subject, it.detail))
        };
        assert_eq!(read(550, "5.1.1 No such user"), Some((5, 1, 1)));
        assert_eq!(read(550, "5.7.26: policy"), Some((5, 7, 26)));
        assert_eq!(read(550, "No such user 5.1.1"), None);
        assert_eq!(read(450, "5.1.1 copied from elsewhere"), None);
        for text in [
            "",
            "5.1",
            "5.1.1.1 x",
            "5.1.1000 x",
            "5.+1.1 x",
            "192.0.2.1 is blocked",
        ] {
            assert_eq!(read(550, text), None, "{text}");
        }
    }

    #[test]
    fn the_servers_id_of_a_mail_is_what_is_left_of_its_answer() {
        for (text, id) in [
            ("Ok 0102018c-1234-000000", "0102018c-1234-000000"),
            ("2.0.0 Ok: queued as 4F1A2", "4F1A2"),
            ("OK id=1rNqTv-0000", "1rNqTv-0000"),
            ("2.0.0 Ok", ""),
            ("", ""),
            ("감사합니다", "감사합니다"),
        ] {
            assert_eq!(Reply::new(250, text).accepted_id(), id, "{text}");
        }
    }

    #[test]
    fn a_text_is_kept_short_and_without_controls() {
        let reply = Reply::new(550, &format!("a\r\n\u{1b}[31m{}", "x".repeat(9_000)));
        assert!(reply.text.starts_with("a [31mx"));
        assert_eq!(reply.text.chars().count(), TEXT_LENGTH);
    }
}
