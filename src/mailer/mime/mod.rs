//! How a mail is written: `mixed(related(alternative(text, html), images), attachments)`, of which
//! only what is needed is there (RFC 2046, 2387, 2392).
//!
//! An [`Assembler`] is made once for a campaign and has written, once, everything that all mails
//! have in common: the constant headers, the parts' headers, the images' and attachments' base64
//! with its line breaks. A mail is put together by copying these and encoding the two bodies.
//!
//! Promised of every mail: CRLF only, no line over 76 characters but for headers that cannot be
//! broken (and none over 998 in any case), seven bits only (a recipient's address beyond ASCII
//! excepted), each header once, and nothing that a merged value contains can begin a header or a
//! part: controls in headers are an error that names the header, and the parts' boundary has a
//! sequence that neither encoding can write.

mod encode;
mod header;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::address::Mailbox;
use super::dkim::Signer;
use header::Headers;

/// The header by which a mail is known again where its Message-ID was rewritten (Amazon SES does).
pub const DELIVERY_HEADER: &str = "X-Timeattack-Delivery";
/// Octets of a mail, encoded. Amazon SES takes 40 MB; Gmail takes 25 MB, and that is what counts.
pub const MAIL_LENGTH: usize = 25_000_000;
/// The years that a Date can have (four digits).
const YEARS: std::ops::RangeInclusive<i64> = 1..=253_402_300_799_999;

/// `=_` stands in no quoted-printable text (an `=` is followed by hex digits or a line's end) and
/// in no base64, so no body can hold a boundary. None begins with another.
const MIXED: &str = "=_timeattack_m";
const RELATED: &str = "=_timeattack_r";
const ALTERNATIVE: &str = "=_timeattack_a";

/// What makes a mail impossible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MimeError {
    /// A character that would begin another header, or is none.
    #[error("the header {0} has a line break or a control character in it")]
    Control(&'static str),
    /// A value of another form than the header's.
    #[error("the value of the header {0} is not one")]
    Value(&'static str),
    /// Longer than a line may be, and it cannot be broken.
    #[error("the header {0} is too long")]
    TooLong(&'static str),
    /// Longer than [`MAIL_LENGTH`].
    #[error("the email is larger than 25 MB")]
    TooLarge,
    /// A signature could not be made.
    #[error("the email could not be signed")]
    Signature,
}

/// What all mails of a campaign have in common.
#[derive(Clone, Debug)]
pub struct Constant {
    /// Whose mails they are.
    pub from: Mailbox,
    /// Where answers go, if not there.
    pub reply_to: Option<Mailbox>,
    /// `Name <id.of.the.list>` without its brackets: the name, may be empty, and the id (RFC 2919).
    pub list_id: Option<(String, String)>,
    /// Gmail's feedback loop: up to three ids and the sender's, by colons.
    pub feedback_id: Option<String>,
    /// Shown inside the HTML, by `cid:`.
    pub images: Vec<Image>,
    /// Files beside the text.
    pub attachments: Vec<Attachment>,
}

/// A picture inside the HTML.
#[derive(Clone, Debug)]
pub struct Image {
    /// `<img src="cid:…">` names it; without brackets.
    pub content_id: String,
    /// The picture as a file.
    pub file: Attachment,
}

/// A file in a mail.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// What it is saved as.
    pub name: String,
    /// Such as `image/png`.
    pub media_type: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What differs from mail to mail.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// The occurrence of the campaign, and the recipient in it: from both together come the
    /// Message-ID and [`DELIVERY_HEADER`], the same at every try.
    pub occurrence: i64,
    /// See `occurrence`.
    pub recipient: i64,
    /// To whom.
    pub to: &'a Mailbox,
    /// The subject, merged.
    pub subject: &'a str,
    /// The text part, merged.
    pub text: &'a str,
    /// The HTML part, merged.
    pub html: &'a str,
    /// Where to unsubscribe; a mail for one person alone has none.
    pub unsubscribe: Option<Unsubscribe<'a>>,
    /// The Date: UTC epoch milliseconds.
    pub date_ms: i64,
}

/// `List-Unsubscribe` and `List-Unsubscribe-Post` (RFC 2369, 8058).
#[derive(Clone, Copy, Debug)]
pub struct Unsubscribe<'a> {
    /// `https://…`; a POST to it unsubscribes.
    pub url: &'a str,
    /// `mailto:…`, for programs that only know mail.
    pub mailto: Option<&'a str>,
}

/// Writes the mails of one campaign.
#[derive(Clone, Debug)]
pub struct Assembler {
    from_domain: String,
    /// The headers that are always the same.
    headers: Vec<u8>,
    /// Up to the text.
    before_text: Vec<u8>,
    /// Between the text and the HTML.
    before_html: Vec<u8>,
    /// From the HTML's end to the mail's.
    tail: Vec<u8>,
    signer: Option<Arc<Signer>>,
}

impl Assembler {
    /// Writes what all mails have in common. Without a `signer` they go unsigned.
    pub fn new(constant: &Constant, signer: Option<Arc<Signer>>) -> Result<Self, MimeError> {
        let size = |file: &Attachment| encode::base64_length(file.bytes.len());
        let images = constant.images.iter().map(|image| size(&image.file));
        let attachments = constant.attachments.iter().map(size);
        if images.chain(attachments).sum::<usize>() > MAIL_LENGTH {
            return Err(MimeError::TooLarge);
        }
        let mut headers = Headers::default();
        headers.mailbox("From", &constant.from)?;
        if let Some(reply_to) = &constant.reply_to {
            headers.mailbox("Reply-To", reply_to)?;
        }
        if let Some((name, id)) = &constant.list_id {
            headers.list_id(name, id)?;
        }
        if let Some(id) = &constant.feedback_id {
            headers.token("Feedback-ID", id)?;
        }
        headers.token("MIME-Version", "1.0")?;
        let mut body = Parts {
            images: &constant.images,
            attachments: &constant.attachments,
        };
        headers.raw(body.content_type());
        Ok(Self {
            from_domain: constant.from.address.domain().to_owned(),
            headers: headers.into_bytes(),
            before_text: body.before_text(),
            before_html: leaf(ALTERNATIVE, "text/html"),
            tail: body.tail()?,
            signer,
        })
    }

    /// The Message-ID of a mail, the same at every try.
    pub fn message_id(&self, occurrence: i64, recipient: i64) -> String {
        let delivery = delivery(occurrence, recipient);
        format!("<{delivery}@{}>", self.from_domain)
    }

    /// One mail, signed if there is a signer.
    pub fn assemble(&self, draft: &Draft<'_>) -> Result<Vec<u8>, MimeError> {
        let head = self.head(draft)?;
        let bodies = encode::quoted_length(draft.text) + encode::quoted_length(draft.html);
        let length = self.before_text.len() + self.before_html.len() + self.tail.len() + bodies;
        if length > MAIL_LENGTH {
            return Err(MimeError::TooLarge);
        }
        // Room for the signature in front: its length is known only when it is made.
        let mut mail = Vec::with_capacity(head.len() + length + 1_200);
        let Some(signer) = &self.signer else {
            mail.extend_from_slice(&head);
            self.write_body(draft, &mut mail);
            return Ok(mail);
        };
        let mut body = Vec::with_capacity(length);
        self.write_body(draft, &mut body);
        let signature = signer.sign(&head, &body[2..], draft.date_ms);
        mail.extend_from_slice(&signature.map_err(|_| MimeError::Signature)?);
        mail.extend_from_slice(&head);
        mail.extend_from_slice(&body);
        Ok(mail)
    }

    fn head(&self, draft: &Draft<'_>) -> Result<Vec<u8>, MimeError> {
        let mut headers = Headers::with_capacity(1_024 + self.headers.len());
        headers.token("Date", &date(draft.date_ms)?)?;
        headers.bytes(&self.headers);
        headers.mailbox("To", draft.to)?;
        headers.text("Subject", draft.subject)?;
        let delivery = delivery(draft.occurrence, draft.recipient);
        headers.token("Message-ID", &format!("<{delivery}@{}>", self.from_domain))?;
        headers.token(DELIVERY_HEADER, &delivery)?;
        if let Some(unsubscribe) = &draft.unsubscribe {
            let urls = [Some(unsubscribe.url), unsubscribe.mailto];
            headers.urls("List-Unsubscribe", urls.into_iter().flatten())?;
            headers.token("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")?;
        }
        Ok(headers.into_bytes())
    }

    /// From the empty line after the headers on.
    fn write_body(&self, draft: &Draft<'_>, mail: &mut Vec<u8>) {
        mail.extend_from_slice(&self.before_text);
        encode::quoted_printable(draft.text, mail);
        mail.extend_from_slice(&self.before_html);
        encode::quoted_printable(draft.html, mail);
        mail.extend_from_slice(&self.tail);
    }
}

/// The mail's name in its ledger.
fn delivery(occurrence: i64, recipient: i64) -> String {
    format!("{occurrence:x}.{recipient:x}")
}

fn date(date_ms: i64) -> Result<String, MimeError> {
    let date: Option<DateTime<Utc>> = DateTime::from_timestamp_millis(date_ms);
    let date = date.filter(|_| YEARS.contains(&date_ms));
    Ok(date.ok_or(MimeError::Value("Date"))?.to_rfc2822())
}

/// The constant parts of a body.
struct Parts<'a> {
    images: &'a [Image],
    attachments: &'a [Attachment],
}

impl Parts<'_> {
    /// The Content-Type of what the mail is as a whole.
    fn content_type(&self) -> &'static str {
        // As text, not put together: three of them, each looked at once is enough.
        if !self.attachments.is_empty() {
            "Content-Type: multipart/mixed; boundary=\"=_timeattack_m\"\r\n"
        } else if !self.images.is_empty() {
            "Content-Type: multipart/related; boundary=\"=_timeattack_r\";\r\n \
             type=\"multipart/alternative\"\r\n"
        } else {
            "Content-Type: multipart/alternative; boundary=\"=_timeattack_a\"\r\n"
        }
    }

    /// From the empty line after the headers to the text's first.
    fn before_text(&mut self) -> Vec<u8> {
        let mut text = "\r\n".to_owned();
        if !self.attachments.is_empty() {
            let inner = Parts {
                images: self.images,
                attachments: &[],
            };
            text += &format!("--{MIXED}\r\n{}\r\n", inner.content_type());
        }
        if !self.images.is_empty() {
            let inner = Parts {
                images: &[],
                attachments: &[],
            };
            text += &format!("--{RELATED}\r\n{}\r\n", inner.content_type());
        }
        let first = leaf(ALTERNATIVE, "text/plain");
        // The line break before a boundary belongs to it; here there is one already.
        [text.as_bytes(), &first[2..]].concat()
    }

    /// What follows the HTML.
    fn tail(&self) -> Result<Vec<u8>, MimeError> {
        let mut tail = format!("\r\n--{ALTERNATIVE}--\r\n").into_bytes();
        for image in self.images {
            let mut headers = part(RELATED, "inline", &image.file)?;
            headers.content_id(&image.content_id)?;
            tail.extend(headers.into_bytes());
            tail.extend_from_slice(b"\r\n");
            encode::base64_lines(&image.file.bytes, &mut tail);
        }
        if !self.images.is_empty() {
            tail.extend(format!("--{RELATED}--\r\n").into_bytes());
        }
        for file in self.attachments {
            tail.extend(part(MIXED, "attachment", file)?.into_bytes());
            tail.extend_from_slice(b"\r\n");
            encode::base64_lines(&file.bytes, &mut tail);
        }
        if !self.attachments.is_empty() {
            tail.extend(format!("--{MIXED}--\r\n").into_bytes());
        }
        Ok(tail)
    }
}

/// The beginning of a text part.
fn leaf(boundary: &str, media_type: &str) -> Vec<u8> {
    format!(
        "\r\n--{boundary}\r\nContent-Type: {media_type}; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    .into_bytes()
}

/// The beginning of a file's part, but for the empty line.
fn part(boundary: &str, disposition: &str, file: &Attachment) -> Result<Headers, MimeError> {
    let mut headers = Headers::default();
    headers.raw(&format!("--{boundary}\r\n"));
    headers.media_type(&file.media_type)?;
    headers.raw("Content-Transfer-Encoding: base64\r\n");
    headers.disposition(disposition, &file.name)?;
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assembler() -> Assembler {
        let constant = Constant {
            from: Mailbox::parse("자몽 <news@example.org>").unwrap(),
            reply_to: None,
            list_id: Some(("Weekly".into(), "weekly.example.org".into())),
            feedback_id: Some("7:42:campaign:timeattack".into()),
            images: Vec::new(),
            attachments: Vec::new(),
        };
        Assembler::new(&constant, None).unwrap()
    }

    #[test]
    fn a_mail_is_written_like_this() {
        let draft = Draft {
            occurrence: 0x1f,
            recipient: 0x2a,
            to: &Mailbox::parse("Mina <mina@example.org>").unwrap(),
            subject: "주간 소식",
            text: "안녕\nFrom here.\n.",
            html: "<p>안녕</p>",
            unsubscribe: Some(Unsubscribe {
                url: "https://example.org/unsubscribe/t",
                mailto: Some("mailto:out@example.org?subject=t"),
            }),
            date_ms: 1_795_237_200_000,
        };
        let mail = assembler().assemble(&draft).unwrap();
        let expected = "Date: Sat, 21 Nov 2026 05:00:00 +0000\n\
            From: =?utf-8?B?7J6Q66q9?= <news@example.org>\n\
            List-Id: Weekly <weekly.example.org>\n\
            Feedback-ID: 7:42:campaign:timeattack\n\
            MIME-Version: 1.0\n\
            Content-Type: multipart/alternative; boundary=\"=_timeattack_a\"\n\
            To: Mina <mina@example.org>\n\
            Subject: =?utf-8?B?7KO86rCEIOyGjOyLnQ==?=\n\
            Message-ID: <1f.2a@example.org>\n\
            X-Timeattack-Delivery: 1f.2a\n\
            List-Unsubscribe: <https://example.org/unsubscribe/t>,\n \
            <mailto:out@example.org?subject=t>\n\
            List-Unsubscribe-Post: List-Unsubscribe=One-Click\n\
            \n\
            --=_timeattack_a\n\
            Content-Type: text/plain; charset=utf-8\n\
            Content-Transfer-Encoding: quoted-printable\n\
            \n\
            =EC=95=88=EB=85=95\n=46rom here.\n=2E\n\
            --=_timeattack_a\n\
            Content-Type: text/html; charset=utf-8\n\
            Content-Transfer-Encoding: quoted-printable\n\
            \n\
            <p>=EC=95=88=EB=85=95</p>\n\
            --=_timeattack_a--\n";
        let mail = String::from_utf8(mail).unwrap();
        assert_eq!(mail, expected.replace('\n', "\r\n"));
    }

    #[test]
    fn a_message_id_is_the_mails_own_and_never_changes() {
        let assembler = assembler();
        assert_eq!(assembler.message_id(0x1f, 0x2a), "<1f.2a@example.org>");
        assert_ne!(
            assembler.message_id(1, 0x1f),
            assembler.message_id(0x11, 0xf)
        );
    }

    #[test]
    fn a_date_that_cannot_be_written_is_an_error() {
        for date_ms in [i64::MIN, -1, 0, 253_402_300_800_000, i64::MAX] {
            assert_eq!(date(date_ms), Err(MimeError::Value("Date")));
        }
        assert!(date(253_402_300_799_999).is_ok());
    }
}
