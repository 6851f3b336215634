//! Mails as mail-parser reads them, which has no line in common with what wrote them: whatever a
//! subscriber's values are, they stay in their place.

use mail_parser::{Message, MessageParser, MimeHeaders as _, PartType};
use proptest::prelude::*;
use timeattack::mailer::mime::{
    Assembler, Attachment, DELIVERY_HEADER, Image, MAIL_LENGTH, MimeError, Unsubscribe,
};
use timeattack::mailer::{EmailAddress, Mailbox};

use super::{assembled, constant, draft};

fn read(mail: &[u8]) -> Message<'_> {
    MessageParser::default().parse(mail).unwrap()
}

fn picture() -> Image {
    Image {
        content_id: "logo@example.org".into(),
        file: Attachment {
            name: "로고.png".into(),
            media_type: "image/png".into(),
            bytes: (0..=255).cycle().take(5_000).collect(),
        },
    }
}

fn file() -> Attachment {
    Attachment {
        name: "report of the week.csv".into(),
        media_type: "text/csv".into(),
        bytes: b"a,b\n1,2\n".to_vec(),
    }
}

/// Promises that hold for every mail.
fn check_form(mail: &[u8]) {
    let text = std::str::from_utf8(mail).unwrap();
    assert!(text.ends_with("\r\n"));
    assert!(text.is_ascii());
    for line in text.split_terminator("\r\n") {
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
        assert!(line.len() <= 998, "{line}");
    }
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let names = head.split("\r\n").filter(|line| !line.starts_with(' '));
    let mut names: Vec<_> = names
        .map(|line| line.split_once(':').unwrap().0.to_lowercase())
        .collect();
    names.sort();
    let all = names.clone();
    names.dedup();
    assert_eq!(names, all, "each header once");
}

#[test]
fn a_mail_is_built_as_deep_as_it_has_to_be() {
    let to = Mailbox::parse("mina@example.org").unwrap();
    let draft = draft(&to, "s", "text", "<p>html</p>");
    for (images, files, expected) in [
        (0, 0, "alternative(text/plain text/html)"),
        (
            2,
            0,
            "related(alternative(text/plain text/html) image/png image/png)",
        ),
        (0, 1, "mixed(alternative(text/plain text/html) text/csv)"),
        (
            1,
            2,
            "mixed(related(alternative(text/plain text/html) image/png) text/csv text/csv)",
        ),
    ] {
        let mut constant = constant();
        constant.images = vec![picture(); images];
        constant.attachments = vec![file(); files];
        let mail = assembled(&constant, &draft);
        check_form(&mail);
        assert_eq!(outline(&read(&mail), 0), expected);
    }
}

fn outline(message: &Message<'_>, id: usize) -> String {
    let part = &message.parts[id];
    let kind = part.content_type().unwrap();
    let sub = kind.subtype().unwrap();
    let PartType::Multipart(inner) = &part.body else {
        return format!("{}/{sub}", kind.ctype());
    };
    let inner: Vec<_> = inner
        .iter()
        .map(|id| outline(message, usize::try_from(*id).unwrap()))
        .collect();
    format!("{sub}({})", inner.join(" "))
}

#[test]
fn everything_is_read_back_as_it_was_given() {
    let mut constant = constant();
    constant.images = vec![picture()];
    constant.attachments = vec![file()];
    constant.reply_to = Some(Mailbox::parse("\"Team, the\" <team@example.org>").unwrap());
    let to = Mailbox::parse("김미나 <mina@bücher.example>").unwrap();
    let html = "<img src=\"cid:logo@example.org\">".repeat(40);
    let mut draft = draft(
        &to,
        "주간 소식: 이번 주에 있었던 일과 다음 주에 있을 일",
        "안녕\n.\nFrom 나\n",
        &html,
    );
    draft.unsubscribe = Some(Unsubscribe {
        url: "https://example.org/unsubscribe/token",
        mailto: Some("mailto:out@example.org?subject=token"),
    });
    let mail = assembled(&constant, &draft);
    check_form(&mail);
    let message = read(&mail);
    assert_eq!(message.subject().unwrap(), draft.subject);
    let from = message.from().unwrap().first().unwrap();
    assert_eq!(
        (from.name(), from.address()),
        (Some("자몽"), Some("news@example.org"))
    );
    let reply_to = message.reply_to().unwrap().first().unwrap();
    assert_eq!(reply_to.name(), Some("Team, the"));
    let to = message.to().unwrap().first().unwrap();
    assert_eq!(to.name(), Some("김미나"));
    assert_eq!(to.address(), Some("mina@xn--bcher-kva.example"));
    assert_eq!(message.message_id(), Some("7.2a@example.org"));
    let header = |name: &str| message.header_raw(name).unwrap().trim().to_owned();
    assert_eq!(header(DELIVERY_HEADER), "7.2a");
    assert_eq!(
        header("List-Unsubscribe-Post"),
        "List-Unsubscribe=One-Click"
    );
    assert_eq!(
        header("List-Unsubscribe"),
        "<https://example.org/unsubscribe/token>,\r\n <mailto:out@example.org?subject=token>"
    );
    assert_eq!(header("List-Id"), "Weekly <weekly.example.org>");
    assert_eq!(header("Feedback-ID"), "7:42:campaign:timeattack");
    let date = message.date().unwrap().to_timestamp();
    assert_eq!(date, draft.date_ms / 1_000);
    assert_eq!(
        message.body_text(0).unwrap(),
        draft.text.replace('\n', "\r\n")
    );
    assert_eq!(message.body_html(0).unwrap(), html);
    let mut files = message.attachments();
    let image = files.next().unwrap();
    assert_eq!(image.attachment_name(), Some("로고.png"));
    assert_eq!(image.content_id(), Some("logo@example.org"));
    assert_eq!(image.contents(), picture().file.bytes);
    let csv = files.next().unwrap();
    assert_eq!(csv.attachment_name(), Some("report of the week.csv"));
    assert_eq!(csv.contents(), file().bytes);
}

#[test]
fn a_mail_is_the_same_at_every_try() {
    let to = Mailbox::parse("mina@example.org").unwrap();
    let draft = draft(&to, "s", "t", "h");
    assert_eq!(
        assembled(&constant(), &draft),
        assembled(&constant(), &draft)
    );
}

#[test]
fn what_would_begin_another_header_is_refused_and_the_header_named() {
    let assembler = Assembler::new(&constant(), None).unwrap();
    let to = Mailbox::parse("mina@example.org").unwrap();
    for bad in [
        "a\r\nBcc: b@example.org",
        "a\nb",
        "a\rb",
        "a\0b",
        "a\u{1b}b",
        "a\u{85}b",
    ] {
        let refused = assembler.assemble(&draft(&to, bad, "", "")).unwrap_err();
        assert_eq!(refused, MimeError::Control("Subject"), "{bad:?}");
        assert!(refused.to_string().contains("Subject"));
        let named = Mailbox {
            name: bad.into(),
            address: to.address.clone(),
        };
        let refused = assembler.assemble(&draft(&named, "", "", "")).unwrap_err();
        assert_eq!(refused, MimeError::Control("To"));
        let mut with_link = draft(&to, "", "", "");
        with_link.unsubscribe = Some(Unsubscribe {
            url: bad,
            mailto: None,
        });
        let refused = assembler.assemble(&with_link).unwrap_err();
        assert_eq!(refused, MimeError::Control("List-Unsubscribe"));
        let mut constant = constant();
        constant.from.name = bad.into();
        assert_eq!(
            Assembler::new(&constant, None).unwrap_err(),
            MimeError::Control("From")
        );
    }
}

#[test]
fn what_no_server_takes_is_not_written() {
    let mut constant = constant();
    let to = Mailbox::parse("mina@example.org").unwrap();
    let text = "a".repeat(MAIL_LENGTH + 1);
    let assembler = Assembler::new(&constant, None).unwrap();
    let refused = assembler.assemble(&draft(&to, "s", &text, ""));
    assert_eq!(refused.unwrap_err(), MimeError::TooLarge);
    constant.attachments = vec![Attachment {
        bytes: vec![0; MAIL_LENGTH],
        ..file()
    }];
    assert_eq!(
        Assembler::new(&constant, None).unwrap_err(),
        MimeError::TooLarge
    );
}

/// What a person could put into a field to get out of it.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,120}",
        "[\"\\\\<>@,;:=?()\\[\\] .a-z]{0,200}",
        "(=\\?utf-8\\?[BQ]\\?[A-Za-z0-9=_]{0,20}\\?= ?){1,4}",
        "[가-힣 👩‍👧é]{0,90}",
        Just("--=_timeattack_a--".to_owned()),
    ]
}

/// The same with line breaks, for bodies.
fn hostile_body() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            hostile(),
            Just("\r\n--=_timeattack_a\r\nContent-Type: text/html\r\n\r\nout".to_owned()),
            Just("\n--=_timeattack_r--\n".to_owned()),
            Just("\r\n.\r\nQUIT".to_owned()),
            Just("\nFrom mina\n".to_owned()),
            Just(" \t\r \n".to_owned()),
        ],
        0..8,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_value_gets_out_of_its_place(
        name in hostile(), subject in hostile(), text in hostile_body(), html in hostile_body()
    ) {
        let to = Mailbox {
            name: name.clone(),
            address: EmailAddress::parse("mina@example.org").unwrap(),
        };
        let mut constant = constant();
        constant.images = vec![picture()];
        let mail = assembled(&constant, &draft(&to, &subject, &text, &html));
        check_form(&mail);
        let message = read(&mail);
        let lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
        prop_assert_eq!(outline(&message, 0), "related(alternative(text/plain text/html) image/png)");
        prop_assert_eq!(message.headers().len(), 10);
        prop_assert_eq!(lines(&message.body_text(0).unwrap()), lines(&text));
        prop_assert_eq!(lines(&message.body_html(0).unwrap()), lines(&html));
        let recipients = message.to().unwrap();
        prop_assert_eq!(recipients.iter().count(), 1);
        let to = recipients.first().unwrap();
        prop_assert_eq!(to.address(), Some("mina@example.org"));
        prop_assert_eq!(to.name().unwrap_or_default(), name);
        prop_assert_eq!(message.subject().unwrap_or_default(), subject);
    }

    #[test]
    fn no_address_gets_out_of_the_envelope(text in "\\PC{0,40}@?\\PC{0,40}|[a-z가.@<> \r\n]{0,40}") {
        if let Ok(address) = EmailAddress::parse(&text) {
            let whole = address.as_str();
            let is_safe = |c: char| !c.is_control() && !c.is_whitespace() && !"<>,;:\"()[]\\".contains(c);
            prop_assert!(whole.chars().all(is_safe), "{whole:?}");
            prop_assert_eq!(whole.matches('@').count(), 1);
            prop_assert_eq!(EmailAddress::parse(whole), Ok(address.clone()));
        }
    }
}
