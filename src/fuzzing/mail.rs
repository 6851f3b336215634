//! Mails as such: addresses, headers, servers' replies, and what others say of them.

use std::sync::Arc;

use mail_parser::{MessageParser, MimeHeaders as _};

use super::{parts, texts};
use crate::check;
use crate::clock::Clock;
use crate::config::Topic;
use crate::http::sns::{Amazon, MemoryAmazon, Sns};
use crate::ids::DeliveryId;
use crate::links::Links;
use crate::mailer::mime::{Assembler, Attachment, Constant, Draft, Image, Unsubscribe};
use crate::mailer::reply::{classify, when_lost};
use crate::mailer::smtp::{Stage, replies};
use crate::mailer::{EmailAddress, Mailbox};

/// 21 November 2026.
const NOW_MS: i64 = 1_795_237_200_000;

/// An address, and one with a name: what is read is one that mail can be sent to, and reads as itself.
pub fn address(input: &[u8]) {
    let [text] = texts(input);
    if let Ok(address) = EmailAddress::parse(&text) {
        let written = address.as_str();
        assert_eq!(EmailAddress::parse(written).as_ref(), Ok(&address));
        assert!(
            written.len() <= 254 && address.local().len() <= 64,
            "{written}"
        );
        let is_bad = |c: char| c.is_control() || c.is_whitespace() || "<>,;()\\\"".contains(c);
        assert!(!written.contains(is_bad), "{written}");
        assert!(address.domain().is_ascii(), "{written}");
        let normalised = address.normalised();
        assert_eq!(normalised.to_lowercase(), normalised, "{written}");
        if let Ok(again) = EmailAddress::parse(&normalised) {
            assert_eq!(again.normalised(), normalised, "{written}");
        }
    }
    if let Ok(mailbox) = Mailbox::parse(&text) {
        assert!(!mailbox.name.chars().any(char::is_control));
        let escaped = mailbox.name.replace('\\', "\\\\").replace('"', "\\\"");
        let written = format!("\"{escaped}\" <{}>", mailbox.address);
        assert_eq!(Mailbox::parse(&written), Ok(mailbox));
    }
}

fn constant(from: Mailbox) -> Constant {
    Constant {
        from,
        reply_to: None,
        list_id: None,
        feedback_id: None,
        images: Vec::new(),
        attachments: Vec::new(),
    }
}

fn mailbox(name: &str) -> Mailbox {
    let address = EmailAddress::parse("mina@example.com").expect("an address");
    let name = name.to_owned();
    Mailbox { name, address }
}

/// A subject that may be in a mail is read from it as it was.
pub(super) fn subject_is_read_back(subject: &str) {
    let assembler = Assembler::new(&constant(mailbox("")), None).expect("nothing is wrong");
    let draft = Draft {
        occurrence: 1,
        recipient: 2,
        to: &mailbox(""),
        subject,
        text: "x",
        html: "x",
        unsubscribe: None,
        date_ms: NOW_MS,
    };
    let Ok(mail) = assembler.assemble(&draft) else {
        return;
    };
    let read = MessageParser::default().parse(&mail).expect("a mail");
    assert_eq!(
        read.subject().unwrap_or_default().trim_end(),
        subject.trim_end()
    );
}

/// Names of sender, recipient and list, a subject, a file's name, a text: whatever they are, the mail
/// has the headers and parts that it should, and they are read from it as they were.
pub fn mime(input: &[u8]) {
    let [from, to, list, subject, file, text] = texts(input);
    let mut constant = constant(mailbox(&from));
    constant.list_id = Some((list.into_owned(), "list.example.com".to_owned()));
    let attachment = Attachment {
        name: file.clone().into_owned(),
        media_type: "image/png".to_owned(),
        bytes: input.to_vec(),
    };
    constant.images.push(Image {
        content_id: "logo@timeattack".to_owned(),
        file: attachment.clone(),
    });
    constant.attachments.push(attachment);
    let Ok(assembler) = Assembler::new(&constant, None) else {
        return;
    };
    let to = mailbox(&to);
    let assembled = assembler.assemble(&Draft {
        occurrence: 1,
        recipient: 2,
        to: &to,
        subject: &subject,
        text: &text,
        html: &text,
        unsubscribe: Some(Unsubscribe {
            url: "https://example.org/u/t",
            mailto: Some("mailto:bot@example.org?subject=x"),
        }),
        date_ms: NOW_MS,
    });
    let Ok(mail) = assembled else { return };
    for line in mail.split(|byte| *byte == b'\n') {
        assert!(line.len() <= 999 && line.is_ascii(), "{}", line.len());
    }
    let read = MessageParser::default().parse(&mail).expect("a mail");
    let headers: Vec<&str> = read
        .headers()
        .iter()
        .map(mail_parser::Header::name)
        .collect();
    assert_eq!(
        headers,
        [
            "Date",
            "From",
            "List-ID",
            "MIME-Version",
            "Content-Type",
            "To",
            "Subject",
            "Message-ID",
            "X-Timeattack-Delivery",
            "List-Unsubscribe",
            "List-Unsubscribe-Post",
        ]
    );
    // Mixed, related, alternative, text, HTML, picture, file.
    assert_eq!(read.parts.len(), 7);
    assert_eq!(
        read.subject().unwrap_or_default().trim_end(),
        subject.trim_end()
    );
    let name = |address: Option<&mail_parser::Address<'_>>| {
        let first = address.and_then(|address| address.first());
        assert_eq!(
            first.and_then(|one| one.address()),
            Some("mina@example.com")
        );
        let name = first.and_then(|one| one.name()).unwrap_or_default();
        name.trim().to_owned()
    };
    assert_eq!(name(read.to()), to.name.trim());
    assert_eq!(name(read.from()), from.trim());
    let body = read.body_text(0).expect("a text");
    let lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
    assert_eq!(lines(&body).trim_end(), lines(&text).trim_end());
    let attached = read.attachment(1).expect("a file");
    assert_eq!(attached.contents(), input);
    assert_eq!(
        attached.attachment_name().unwrap_or_default().trim(),
        file.trim()
    );
}

/// What a mail server sends: each reply says whose fault it is, and nothing that could be a line of its
/// own in a log.
pub fn reply(input: &[u8]) {
    for reply in replies(input) {
        assert!((200..600).contains(&reply.code), "{reply}");
        assert!(!reply.text.chars().any(char::is_control), "{reply}");
        assert!(reply.accepted_id().chars().count() <= reply.text.chars().count());
        if let Some(enhanced) = reply.enhanced() {
            assert_eq!(enhanced.class, reply.code / 100);
            assert!(enhanced.subject <= 999 && enhanced.detail <= 999);
        }
        for stage in Stage::ALL {
            let scope = classify(stage, &reply);
            if reply.is_positive() {
                assert_eq!(scope, when_lost(stage), "{reply}");
            }
        }
    }
}

/// A message of SNS and the certificate that it names: no fuzzer can sign, so nothing is believed.
pub fn sns(input: &[u8]) {
    let [body, pem] = parts(input);
    let address = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem";
    let amazon = MemoryAmazon::default();
    if let Ok(mut answers) = amazon.answers.lock() {
        answers.insert(address.to_owned(), pem.to_vec());
    }
    let topic = Topic {
        arn: "arn:aws:sns:us-east-1:123456789012:bounces".to_owned(),
        region: "us-east-1".to_owned(),
    };
    let (clock, _) = Clock::manual(NOW_MS);
    let sns = Sns::new(vec![topic], Arc::new(Amazon::Memory(amazon)), clock);
    let read = futures_util::FutureExt::now_or_never(sns.read(body));
    assert!(read.expect("memory answers at once").is_err());
    crate::http::is_understood(body);
}

/// Records of DNS: whatever is published there, the operator is told one line that ends.
pub fn dns(input: &[u8]) {
    let [domain, records] = texts(input);
    let records: Vec<String> = records.lines().map(str::to_owned).collect();
    for line in check::judged(&domain, &records) {
        let shown = line.to_string();
        assert!(!shown.chars().any(char::is_control), "{shown}");
        let domains = domain.chars().count() * 8;
        assert!(shown.chars().count() <= 4_000 + domains, "{shown}");
    }
}

/// A token of a link to unsubscribe: only what was made here is known, in the one form that was made.
pub fn token(input: &[u8]) {
    let [token] = texts(input);
    let links = Links::new("https://example.org", b"a key of thirty-two letters, more")
        .with_former([&b"another key of thirty-two letters"[..]]);
    if let Some(DeliveryId(id)) = links.read_unsubscribe(&token) {
        let current = links.unsubscribe(DeliveryId(id));
        let former = Links::new("https://example.org", b"another key of thirty-two letters");
        let former = former.unsubscribe(DeliveryId(id));
        let is_ours = |link: &str| link.rsplit('/').next() == Some(&*token);
        assert!(is_ours(&current) || is_ours(&former), "{token}");
    }
}
