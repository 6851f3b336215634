//! What a mail says: its head, its text, its HTML and its files.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use mail_parser::{Address, Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use serde_json::{Value, json};

use crate::sandbox::picture;

/// Characters of a line in the head that are shown.
const LINE_LENGTH: usize = 2_000;
/// Lines of the head that are shown.
const HEADERS: usize = 200;
/// Bytes of the text, and of the source, that are shown.
const TEXT_BYTES: usize = 256 * 1024;
/// Files that are listed.
const FILES: usize = 100;
/// Files that are looked at for it: each is looked for in the HTML.
const LOOKED_AT: usize = 500;
/// Bytes of the HTML with its pictures inside. A picture may be shown many times, and each time it
/// is written out; beyond this the rest is left out.
const HTML_BYTES: usize = 16 * 1024 * 1024;

/// A mail, as far as it could be understood.
pub(super) struct Letter<'x> {
    source: &'x [u8],
    parsed: Option<Message<'x>>,
}

impl<'x> Letter<'x> {
    pub(super) fn read(source: &'x [u8]) -> Self {
        Self {
            source,
            parsed: MessageParser::default().parse(source),
        }
    }

    /// Reads no further than its head.
    pub(super) fn read_head(source: &'x [u8]) -> Self {
        Self {
            source,
            parsed: MessageParser::default().parse_headers(source),
        }
    }

    /// As it stands in the list.
    pub(super) fn line(&self, id: &str, written_ms: i64) -> Value {
        let parsed = self.parsed.as_ref();
        let date = parsed.and_then(Message::date);
        let date = date.filter(|date| date.is_valid());
        let date_ms = date.map_or(written_ms, |date| date.to_timestamp().saturating_mul(1_000));
        json!({
            "id": id,
            "from": people(parsed.and_then(Message::from)),
            "to": people(parsed.and_then(Message::to)),
            "subject": cut(parsed.and_then(Message::subject).unwrap_or_default(), LINE_LENGTH),
            "date_ms": date_ms,
        })
    }

    /// All of it.
    pub(super) fn whole(&self, id: &str, written_ms: i64) -> Value {
        let mut shape = self.line(id, written_ms);
        let source = &self.source[..self.source.len().min(TEXT_BYTES)];
        shape["headers"] = self.headers();
        shape["text"] = self.text().map_or(Value::Null, Value::from);
        shape["has_html"] = self.html().is_some().into();
        shape["source"] = String::from_utf8_lossy(source).into();
        shape["files"] = self.files();
        shape["unsubscribe"] = self.unsubscribe().map_or(Value::Null, Value::from);
        shape
    }

    /// Its HTML, in which the pictures that it brought are to be seen.
    pub(super) fn html_with_pictures(&self) -> Option<String> {
        let html = self.html()?;
        Some(open_apart(&show_pictures(html, &self.pictures())))
    }

    /// The page where its reader leaves the list (RFC 2369, 3.2): the first web address of the header.
    fn unsubscribe(&self) -> Option<String> {
        let mut headers = self.parsed.iter().flat_map(Message::headers_raw);
        let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case("List-Unsubscribe"))?;
        let mut addresses = value
            .split('<')
            .skip(1)
            .filter_map(|rest| rest.split_once('>'));
        let address = addresses.find_map(|(address, _)| {
            // Folded where it was long.
            let address: String = address.split_whitespace().collect();
            let url = url::Url::parse(&address).ok()?;
            matches!(url.scheme(), "http" | "https").then(|| url.to_string())
        });
        address.filter(|address| address.len() <= LINE_LENGTH)
    }

    /// As they are written, without the folds.
    fn headers(&self) -> Value {
        let headers = self.parsed.iter().flat_map(Message::headers_raw);
        let lines = headers.take(HEADERS).map(|(name, value)| {
            let value = value.split_whitespace().collect::<Vec<&str>>().join(" ");
            json!([name, cut(&value, LINE_LENGTH)])
        });
        lines.collect()
    }

    fn text(&self) -> Option<String> {
        let bodies = self.parsed.iter().flat_map(Message::text_bodies);
        // A mail of HTML alone has no text, although one could be made of it.
        let texts = bodies.filter_map(|part| match &part.body {
            PartType::Text(text) => Some(text.as_ref()),
            _ => None,
        });
        let texts: Vec<&str> = texts.collect();
        if texts.is_empty() {
            return None;
        }
        let mut text = texts.join("\n");
        text.truncate(text.floor_char_boundary(TEXT_BYTES));
        Some(text)
    }

    fn html(&self) -> Option<&str> {
        let mut bodies = self.parsed.iter().flat_map(Message::html_bodies);
        bodies.find_map(|part| match &part.body {
            PartType::Html(html) => Some(html.as_ref()),
            _ => None,
        })
    }

    /// What it brought beside its bodies, but for the pictures that its HTML shows.
    fn files(&self) -> Value {
        let html = self.html().unwrap_or_default();
        let is_shown = |part: &&MessagePart| {
            let id = part.content_id().unwrap_or_default();
            !id.is_empty() && html.contains(&format!("cid:{id}"))
        };
        let files = self.parsed.iter().flat_map(Message::attachments);
        let files = files.take(LOOKED_AT);
        let files = files.filter(|part| !is_shown(part)).take(FILES);
        let shapes = files.enumerate().map(|(index, part)| {
            let unnamed = || format!("file {}", index + 1);
            let name = part
                .attachment_name()
                .map_or_else(unnamed, |name| cut(name, LINE_LENGTH));
            json!({ "name": name, "type": kind(part), "size": part.contents().len() })
        });
        shapes.collect()
    }

    /// The pictures by their content id, as `data:` URLs.
    fn pictures(&self) -> HashMap<&str, String> {
        let parts = self.parsed.iter().flat_map(|parsed| &parsed.parts);
        let pictures = parts.filter_map(|part| {
            let (id, kind) = (part.content_id()?, kind(part));
            let url = || format!("data:{kind};base64,{}", BASE64.encode(part.contents()));
            // Not SVG, which is a document of its own.
            picture::SHOWN.contains(&kind.as_str()).then(|| (id, url()))
        });
        pictures.collect()
    }
}

/// Writes a picture in the place of each `cid:` that names one.
fn show_pictures(html: &str, pictures: &HashMap<&str, String>) -> String {
    let mut shown = String::with_capacity(html.len());
    let mut parts = html.split("cid:");
    shown.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.find(|c: char| c.is_whitespace() || "\"'<>()&".contains(c));
        let (name, after) = part.split_at(end.unwrap_or(part.len()));
        match pictures.get(name) {
            Some(url) if shown.len() + url.len() <= HTML_BYTES => shown.push_str(url),
            _ => shown.extend(["cid:", name]),
        }
        shown.push_str(after);
    }
    shown
}

/// Makes every link open in a tab of its own, as in mail programs: what it leads to does not belong
/// into the frame. Not in front of a doctype, which would then be none.
fn open_apart(html: &str) -> String {
    const BASE: &str = "<base target=\"_blank\">";
    let is_doctype = |start: &&str| {
        let start = start.trim_start().as_bytes();
        start.len() >= 9 && start[..9].eq_ignore_ascii_case(b"<!doctype")
    };
    let doctype = Some(html)
        .filter(is_doctype)
        .and_then(|html| html.find('>'));
    let (doctype, rest) = html.split_at(doctype.map_or(0, |end| end + 1));
    format!("{doctype}{BASE}{rest}")
}

/// Who, by name and address.
fn people(address: Option<&Address>) -> String {
    let addresses = address.into_iter().flat_map(Address::iter);
    let written = addresses.map(|one| match (one.name(), one.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    });
    let mut line = String::new();
    for one in written {
        // Somebody may have written to thousands.
        if line.len() > LINE_LENGTH {
            break;
        }
        if !line.is_empty() {
            line.push_str(", ");
        }
        line.push_str(&one);
    }
    cut(&line, LINE_LENGTH)
}

/// The media type of a part.
fn kind(part: &MessagePart) -> String {
    let kind = part.content_type().map(|kind| match kind.subtype() {
        Some(subtype) => format!("{}/{subtype}", kind.ctype()).to_ascii_lowercase(),
        None => kind.ctype().to_ascii_lowercase(),
    });
    kind.unwrap_or_else(|| "application/octet-stream".to_owned())
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_shown_where_they_are_named_and_not_where_another_is() {
        let pictures = HashMap::from([("logo", "data:1".to_owned())]);
        for (html, shown) in [
            ("", ""),
            ("no picture", "no picture"),
            ("<img src=\"cid:logo\">", "<img src=\"data:1\">"),
            ("<img src=cid:logo>", "<img src=data:1>"),
            ("url(cid:logo)", "url(data:1)"),
            ("'cid:logo''cid:logo'", "'data:1''data:1'"),
            ("<img src=\"cid:logo2\">", "<img src=\"cid:logo2\">"),
            ("a cid: and cid:", "a cid: and cid:"),
            ("cid:cid:logo", "cid:data:1"),
        ] {
            assert_eq!(show_pictures(html, &pictures), shown, "{html}");
        }
    }

    #[test]
    fn links_open_apart_and_a_doctype_stays_first() {
        for (html, shown) in [
            ("<a>", "<base target=\"_blank\"><a>"),
            (
                "<!DOCTYPE html><html>",
                "<!DOCTYPE html><base target=\"_blank\"><html>",
            ),
            ("", "<base target=\"_blank\">"),
        ] {
            assert_eq!(open_apart(html), shown);
        }
    }

    #[test]
    fn only_a_web_address_is_a_page_to_leave_the_list() {
        for (header, page) in [
            (
                "<https://a.example/u/1>, <mailto:out@a.example>",
                Some("https://a.example/u/1"),
            ),
            (
                "<mailto:out@a.example>,\r\n <http://127.0.0.1:7778/u>",
                Some("http://127.0.0.1:7778/u"),
            ),
            ("<javascript:alert(1)>", None),
            ("<mailto:out@a.example>", None),
            ("https://a.example", None),
        ] {
            let mail = format!("List-Unsubscribe: {header}\r\n\r\n");
            let found = Letter::read(mail.as_bytes()).unsubscribe();
            assert_eq!(found.as_deref(), page, "{header}");
        }
    }

    /// Each of these would be read by recursion, or over and over again.
    #[test]
    fn a_hostile_mail_is_read_within_moments() {
        let message = "Content-Type: message/rfc822\r\n\r\n".repeat(50_000);
        let parts = "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n".repeat(50_000);
        let files = "--a\r\nContent-Type: image/png\r\nContent-ID: <x>\r\n\r\n\r\n".repeat(20_000);
        let files = format!(
            "Content-Type: multipart/mixed; boundary=a\r\n\r\n{files}--a\r\nContent-Type: text/html\r\n\r\n{}",
            "cid:x ".repeat(100_000)
        );
        let html = format!("Content-Type: text/html\r\n\r\n{}", "<div>".repeat(500_000));
        let people = format!("To: {}\r\n\r\n", "a@b.kr, (((".repeat(100_000));
        for mail in [message, parts, files, html, people] {
            let (shape, html) = crate::documents::on_a_thread_of_documents(move || {
                let letter = Letter::read(mail.as_bytes());
                (letter.whole("x", 0), letter.html_with_pictures())
            });
            assert!(
                shape["files"]
                    .as_array()
                    .is_some_and(|files| files.len() <= FILES)
            );
            assert!(html.is_none_or(|html| html.len() < HTML_BYTES));
        }
    }

    #[test]
    fn a_picture_shown_many_times_has_a_bound() {
        let pictures = HashMap::from([("big", "x".repeat(1024 * 1024))]);
        let shown = show_pictures(&"'cid:big'".repeat(1_000), &pictures);
        assert!(shown.len() < HTML_BYTES + 1_000 * "'cid:big'".len());
        assert_eq!(shown.matches("'x").count(), HTML_BYTES / (1024 * 1024) - 1);
    }
}
