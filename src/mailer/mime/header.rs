//! Headers: each value checked for what could begin another one, folded, and encoded where it is
//! not ASCII (RFC 2047, and RFC 2231 for file names).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::MimeError;
use crate::mailer::address::Mailbox;

/// Characters of a line that has an encoded word in it (RFC 2047 §2), and where others are folded.
const LINE: usize = 76;
/// Characters of an encoded word (RFC 2047 §2).
const WORD: usize = 75;
/// What an encoded word has around its text.
const AROUND: usize = "=?utf-8?B?".len() + "?=".len();
/// Octets of a line without its CRLF (RFC 5322 §2.1.1).
const LONGEST_LINE: usize = 998;
/// Characters of a parameter's value in one line; RFC 2231 breaks longer ones.
const PARAMETER: usize = 60;
/// Characters of a value that people wrote, before it is encoded: a subject is seen up to a hundred.
const VALUE: usize = 2_000;

/// A block of headers that grows.
#[derive(Default)]
pub(super) struct Headers {
    bytes: Vec<u8>,
}

impl Headers {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What is ready already.
    pub(super) fn bytes(&mut self, block: &[u8]) {
        self.bytes.extend_from_slice(block);
    }

    /// The program's own words.
    pub(super) fn raw(&mut self, lines: &str) {
        self.bytes(lines.as_bytes());
    }

    /// A value of visible ASCII and single spaces, that is not broken.
    pub(super) fn token(&mut self, name: &'static str, value: &str) -> Result<(), MimeError> {
        check(name, value)?;
        if !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err(MimeError::Value(name));
        }
        self.line(name, value)
    }

    /// Words that people wrote.
    pub(super) fn text(&mut self, name: &'static str, value: &str) -> Result<(), MimeError> {
        check(name, value)?;
        if value.chars().count() > VALUE {
            return Err(MimeError::TooLong(name));
        }
        let begun = name.len() + ": ".len();
        let value = folded(value, begun).unwrap_or_else(|| encoded_words(value, begun));
        self.line(name, &value)
    }

    /// `Name <address>`, or the address alone.
    pub(super) fn mailbox(
        &mut self,
        name: &'static str,
        mailbox: &Mailbox,
    ) -> Result<(), MimeError> {
        check(name, &mailbox.name)?;
        if mailbox.name.chars().count() > VALUE {
            return Err(MimeError::TooLong(name));
        }
        let address = mailbox.address.as_str();
        check(name, address)?;
        if mailbox.name.is_empty() {
            return self.line(name, address);
        }
        let value = with_phrase(&mailbox.name, address, name.len() + ": ".len());
        self.line(name, &value)
    }

    /// `Name <id>` (RFC 2919), whose id looks like a domain.
    pub(super) fn list_id(&mut self, phrase: &str, id: &str) -> Result<(), MimeError> {
        const NAME: &str = "List-Id";
        check(NAME, phrase)?;
        check(NAME, id)?;
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if id.is_empty() || !id.bytes().all(is_id) {
            return Err(MimeError::Value(NAME));
        }
        if phrase.chars().count() > VALUE {
            return Err(MimeError::TooLong(NAME));
        }
        if phrase.is_empty() {
            return self.line(NAME, &format!("<{id}>"));
        }
        self.line(NAME, &with_phrase(phrase, id, NAME.len() + ": ".len()))
    }

    /// `<url>, <url>`, a line each.
    pub(super) fn urls<'a>(
        &mut self,
        name: &'static str,
        urls: impl Iterator<Item = &'a str>,
    ) -> Result<(), MimeError> {
        let mut value = String::new();
        for url in urls {
            check(name, url)?;
            let is_url = |byte: u8| byte.is_ascii_graphic() && !b"<>,".contains(&byte);
            if url.is_empty() || !url.bytes().all(is_url) {
                return Err(MimeError::Value(name));
            }
            if !value.is_empty() {
                value += ",\r\n ";
            }
            value += &format!("<{url}>");
        }
        self.line(name, &value)
    }

    /// `Content-Type` of a file.
    pub(super) fn media_type(&mut self, media_type: &str) -> Result<(), MimeError> {
        const NAME: &str = "Content-Type";
        check(NAME, media_type)?;
        let is_token = |part: &str| {
            let is_one = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte);
            !part.is_empty() && part.bytes().all(is_one)
        };
        let halves = media_type.split_once('/');
        // Parts inside a part would have boundaries of their own.
        let is_one = halves.is_some_and(|(main, sub)| {
            is_token(main) && is_token(sub) && !main.eq_ignore_ascii_case("multipart")
        });
        if !is_one {
            return Err(MimeError::Value(NAME));
        }
        self.line(NAME, media_type)
    }

    /// `Content-ID` of a picture.
    pub(super) fn content_id(&mut self, id: &str) -> Result<(), MimeError> {
        const NAME: &str = "Content-ID";
        check(NAME, id)?;
        let is_one = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+@".contains(&byte);
        if id.is_empty() || !id.bytes().all(is_one) {
            return Err(MimeError::Value(NAME));
        }
        self.line(NAME, &format!("<{id}>"))
    }

    /// `Content-Disposition` with the file's name.
    pub(super) fn disposition(&mut self, kind: &str, file: &str) -> Result<(), MimeError> {
        const NAME: &str = "Content-Disposition";
        check(NAME, file)?;
        if file.chars().count() > VALUE {
            return Err(MimeError::TooLong(NAME));
        }
        let mut value = kind.to_owned();
        for parameter in file_name(file) {
            value += &format!(";\r\n {parameter}");
        }
        self.line(NAME, &value)
    }

    fn line(&mut self, name: &'static str, value: &str) -> Result<(), MimeError> {
        let first = name.len() + ": ".len();
        let is_too_long = |(number, line): (usize, &str)| {
            let begun = if number == 0 { first } else { 0 };
            begun + line.len() > LONGEST_LINE
        };
        if value.split("\r\n").enumerate().any(is_too_long) {
            return Err(MimeError::TooLong(name));
        }
        for bytes in [name, ": ", value, "\r\n"] {
            self.bytes(bytes.as_bytes());
        }
        Ok(())
    }
}

/// Nothing that ends a line, and nothing that is not a character.
fn check(name: &'static str, value: &str) -> Result<(), MimeError> {
    if value.chars().any(char::is_control) {
        return Err(MimeError::Control(name));
    }
    Ok(())
}

/// `value` as it is, in lines of 76 characters; `None` if it must be encoded to be read as it is.
fn folded(value: &str, begun: usize) -> Option<String> {
    let is_plain = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let spaces_last = value.starts_with(' ') || value.ends_with(' ') || value.contains("  ");
    if !is_plain || spaces_last || value.contains("=?") {
        return None;
    }
    let mut folded = String::with_capacity(value.len() + 8);
    let mut width = begun;
    for (number, word) in value.split(' ').enumerate() {
        // A line is not broken before its first word: a first line of nothing but a name is read
        // wrongly by some.
        if number > 0 && width + 1 + word.len() > LINE {
            folded += "\r\n ";
            width = 1;
        } else if number > 0 {
            folded.push(' ');
            width += 1;
        }
        if width + word.len() > LINE {
            return None;
        }
        folded += word;
        width += word.len();
    }
    Some(folded)
}

/// `value` in encoded words, none of which splits a character.
fn encoded_words(value: &str, begun: usize) -> String {
    let mut words = String::new();
    let mut rest = value;
    let mut width = begun;
    while !rest.is_empty() {
        let room = (LINE - width).min(WORD).saturating_sub(AROUND) / 4 * 3;
        let mut end = room.min(rest.len());
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        if end == 0 {
            // Not even one character fits behind what the line begins with.
            words += "\r\n ";
            width = 1;
            continue;
        }
        words += &format!("=?utf-8?B?{}?=", STANDARD.encode(&rest[..end]));
        rest = &rest[end..];
        if !rest.is_empty() {
            words += "\r\n ";
            width = 1;
        }
    }
    words
}

/// `phrase <inside>`.
fn with_phrase(phrase: &str, inside: &str, begun: usize) -> String {
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b" !#$%&'*+-/^_`{|}~".contains(&byte);
    let is_short = begun + phrase.len() <= LINE;
    let has_edge = phrase.starts_with(' ') || phrase.ends_with(' ') || phrase.contains("  ");
    let is_printable = phrase.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let mut value = if is_short && !has_edge && phrase.bytes().all(is_atom) {
        phrase.to_owned()
    } else if is_short && is_printable && !phrase.contains("=?") {
        let escaped = phrase.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{escaped}\"")
    } else {
        encoded_words(phrase, begun)
    };
    let last_line = value.rsplit("\r\n ").next().unwrap_or_default().len();
    let begun = if value.contains("\r\n") { 1 } else { begun };
    let fits = begun + last_line + " <>".len() + inside.len() <= LINE;
    value += if fits { " <" } else { "\r\n <" };
    value += inside;
    value.push('>');
    value
}

/// The parameters that give a file its name: one, or as many as RFC 2231 §3 needs.
fn file_name(name: &str) -> Vec<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b" .-_()+,!@#&'=~".contains(&byte);
    if name.len() <= PARAMETER && name.bytes().all(is_plain) {
        return vec![format!("filename=\"{name}\"")];
    }
    // Each character is encoded as a whole, so that none is split between two lines.
    let is_attribute = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let mut lines = vec![String::new()];
    for c in name.chars() {
        let mut bytes = [0; 4];
        let mut encoded = String::new();
        for byte in c.encode_utf8(&mut bytes).bytes() {
            if is_attribute(byte) {
                encoded.push(char::from(byte));
            } else {
                encoded += &format!("%{byte:02X}");
            }
        }
        let is_full = lines
            .last()
            .is_some_and(|line| line.len() + encoded.len() > PARAMETER - 10);
        if is_full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(&encoded);
        }
    }
    if let [line] = &lines[..] {
        return vec![format!("filename*=utf-8''{line}")];
    }
    let numbered = lines.iter().enumerate().map(|(number, line)| {
        let charset = if number == 0 { "utf-8''" } else { "" };
        format!("filename*{number}*={charset}{line}")
    });
    numbered.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailer::address::EmailAddress;

    fn written(write: impl FnOnce(&mut Headers) -> Result<(), MimeError>) -> String {
        let mut headers = Headers::default();
        write(&mut headers).unwrap();
        String::from_utf8(headers.into_bytes()).unwrap()
    }

    fn subject(text: &str) -> String {
        written(|headers| headers.text("Subject", text))
    }

    #[test]
    fn a_control_in_any_value_is_an_error_that_names_the_header() {
        let address = EmailAddress::parse("a@example.org").unwrap();
        for bad in [
            "a\r\nBcc: b@example.org",
            "a\n",
            "a\r",
            "a\0b",
            "a\u{7f}",
            "a\u{85}",
            "\t",
        ] {
            let name = bad.to_owned();
            let address = address.clone();
            let mut headers = Headers::default();
            let control = |name| Err(MimeError::Control(name));
            assert_eq!(headers.text("Subject", bad), control("Subject"));
            assert_eq!(headers.token("Feedback-ID", bad), control("Feedback-ID"));
            assert_eq!(
                headers.mailbox("To", &Mailbox { name, address }),
                control("To")
            );
            assert_eq!(headers.list_id(bad, "a.example"), control("List-Id"));
            assert_eq!(headers.list_id("a", bad), control("List-Id"));
            assert_eq!(
                headers.urls("List-Unsubscribe", [bad].into_iter()),
                control("List-Unsubscribe")
            );
            assert_eq!(headers.media_type(bad), control("Content-Type"));
            assert_eq!(headers.content_id(bad), control("Content-ID"));
            assert_eq!(
                headers.disposition("inline", bad),
                control("Content-Disposition")
            );
            assert!(headers.into_bytes().is_empty(), "nothing of it is written");
        }
    }

    #[test]
    fn values_of_another_form_are_refused() {
        let mut headers = Headers::default();
        let value = |name| Err(MimeError::Value(name));
        assert_eq!(headers.list_id("a", "a b>"), value("List-Id"));
        assert_eq!(headers.list_id("a", ""), value("List-Id"));
        assert_eq!(headers.token("Feedback-ID", "소식"), value("Feedback-ID"));
        for url in [
            "",
            "https://a/ b",
            "https://a/>",
            "https://a/,b",
            "https://가",
        ] {
            let refused = headers.urls("List-Unsubscribe", [url].into_iter());
            assert_eq!(refused, value("List-Unsubscribe"), "{url}");
        }
        for media_type in [
            "",
            "png",
            "image/",
            "image/p ng",
            "a/b;c=d",
            "multipart/mixed",
            "a/b/c",
        ] {
            assert_eq!(
                headers.media_type(media_type),
                value("Content-Type"),
                "{media_type}"
            );
        }
        assert_eq!(headers.content_id("a>b"), value("Content-ID"));
        let url = format!("https://example.org/{}", "a".repeat(1_000));
        let refused = headers.urls("List-Unsubscribe", [url.as_str()].into_iter());
        assert_eq!(refused, Err(MimeError::TooLong("List-Unsubscribe")));
        let refused = headers.text("Subject", &"가".repeat(VALUE + 1));
        assert_eq!(refused, Err(MimeError::TooLong("Subject")));
        assert!(headers.into_bytes().is_empty());
    }

    #[test]
    fn plain_words_stay_as_they_are_and_are_folded() {
        assert_eq!(subject("Weekly news"), "Subject: Weekly news\r\n");
        let long = "word ".repeat(40);
        let folded = subject(long.trim_end());
        assert!(folded.lines().count() > 1);
        assert!(folded.lines().all(|line| line.len() <= LINE));
        let unfolded = folded.replace("\r\n ", " ");
        assert_eq!(unfolded, format!("Subject: {}\r\n", long.trim_end()));
    }

    #[test]
    fn what_would_be_read_as_something_else_is_encoded() {
        for text in [
            "=?utf-8?B?7KO8?=",
            " a",
            "a ",
            "a  b",
            "가",
            &"x".repeat(200),
        ] {
            let line = subject(text);
            assert!(line.starts_with("Subject: =?utf-8?B?"), "{line}");
        }
    }

    #[test]
    fn encoded_words_are_75_long_at_most_and_split_no_character() {
        for text in ["가나다".repeat(60), "👩‍👩‍👧‍👦é".repeat(30), "a".repeat(400)]
        {
            let line = subject(&text);
            let mut decoded = String::new();
            for line in line.trim_end().split("\r\n") {
                assert!(line.len() <= LINE, "{line}");
                let word = line.trim_start_matches("Subject:").trim_start();
                assert!(word.len() <= WORD, "{word}");
                let inside = word.strip_prefix("=?utf-8?B?").unwrap();
                let bytes = STANDARD.decode(inside.strip_suffix("?=").unwrap()).unwrap();
                decoded += std::str::from_utf8(&bytes).unwrap();
            }
            assert_eq!(decoded, text);
        }
    }

    #[test]
    fn names_are_atoms_quoted_or_encoded() {
        let to = |name: &str| {
            let name = name.to_owned();
            let address = EmailAddress::parse("a@example.org").unwrap();
            written(|headers| headers.mailbox("To", &Mailbox { name, address }))
        };
        assert_eq!(to(""), "To: a@example.org\r\n");
        assert_eq!(to("Mina Kim"), "To: Mina Kim <a@example.org>\r\n");
        let quoted = "To: \"Kim, \\\"M\\\" <x@y.z>\" <a@example.org>\r\n";
        assert_eq!(to("Kim, \"M\" <x@y.z>"), quoted);
        assert!(to("김미나").starts_with("To: =?utf-8?B?"));
        let long = to(&"김".repeat(60));
        assert!(
            long.ends_with("\r\n <a@example.org>\r\n") || long.ends_with("?= <a@example.org>\r\n")
        );
        assert!(long.lines().all(|line| line.len() <= LINE), "{long}");
    }

    #[test]
    fn file_names_are_written_as_rfc_2231_has_them() {
        let name = |name| written(|headers| headers.disposition("attachment", name));
        let begin = "Content-Disposition: attachment;\r\n ";
        assert_eq!(name("a b.csv"), format!("{begin}filename=\"a b.csv\"\r\n"));
        let korean = format!("{begin}filename*=utf-8''%EA%B0%80.csv\r\n");
        assert_eq!(name("가.csv"), korean);
        assert!(!name("a\"; filename=b.exe").contains("filename=b.exe"));
        let long = name(&"가".repeat(30));
        assert!(long.contains(";\r\n filename*0*=utf-8''%EA"));
        assert!(long.contains(";\r\n filename*1*=%EA"));
        assert!(long.lines().all(|line| line.len() <= LINE), "{long}");
    }
}
