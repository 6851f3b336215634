//! The two encodings of bodies: quoted-printable (RFC 2045 §6.7) and base64 in lines (§6.8).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Characters of a line, without its CRLF.
const LINE: usize = 76;
/// Bytes that make such a line in base64.
const BASE64_LINE: usize = LINE / 4 * 3;

/// Characters that stand for themselves, wherever in a line they are: printable ASCII but for `=`.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 33;
    while byte < 127 {
        plain[byte] = byte != b'=' as usize;
        byte += 1;
    }
    plain
};

/// An upper bound of what [`quoted_printable`] writes, but for soft line breaks.
pub(super) fn quoted_length(text: &str) -> usize {
    // Three characters for each byte beyond ASCII; markup has no other `=` to speak of.
    let plain = text
        .bytes()
        .filter(|byte| PLAIN[usize::from(*byte)])
        .count();
    let encoded = plain + (text.len() - plain) * 3;
    encoded + encoded / 24
}

/// Line breaks of every kind become CRLF. A line that begins with a dot, or with a `From ` that a
/// mailbox file would take for another mail's beginning, is made to begin with something else, so
/// that nobody on the way has to change it, which would break the signature.
pub(super) fn quoted_printable(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    let mut width = 0;
    while let Some(&byte) = rest.first() {
        let begins = width == 0;
        let is_apart = begins && (byte == b'.' || rest.starts_with(b"From "));
        let run = if is_apart {
            0
        } else {
            // One place is kept free for the `=` of a soft line break.
            let room = rest.len().min(LINE - 1 - width);
            let is_special = |byte: &u8| !PLAIN[usize::from(*byte)];
            rest[..room].iter().position(is_special).unwrap_or(room)
        };
        if run > 0 {
            out.extend_from_slice(&rest[..run]);
            width += run;
            rest = &rest[run..];
            continue;
        }
        let breaks = match rest {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        if breaks > 0 {
            out.extend_from_slice(b"\r\n");
            width = 0;
            rest = &rest[breaks..];
            continue;
        }
        let is_space = byte == b' ' || byte == b'\t';
        let ends_line = matches!(rest.get(1), None | Some(b'\r' | b'\n'));
        let is_literal = !is_apart && (PLAIN[usize::from(byte)] || (is_space && !ends_line));
        if width + if is_literal { 1 } else { 3 } > LINE - 1 {
            out.extend_from_slice(b"=\r\n");
            // Not 0: what follows in the same line of the text begins no line of it.
            width = 0;
            continue;
        }
        if is_literal {
            out.push(byte);
            width += 1;
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            let digit = |four: u8| HEX[usize::from(four)];
            out.extend_from_slice(&[b'=', digit(byte >> 4), digit(byte & 15)]);
            width += 3;
        }
        rest = &rest[1..];
    }
}

/// What [`base64_lines`] writes.
pub(super) fn base64_length(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4 + bytes.div_ceil(BASE64_LINE) * 2
}

/// Lines of 76 characters, each with its CRLF.
pub(super) fn base64_lines(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(base64_length(bytes.len()));
    let mut line = [0; LINE];
    for chunk in bytes.chunks(BASE64_LINE) {
        let length = STANDARD
            .encode_slice(chunk, &mut line)
            .expect("57 bytes are 76 characters");
        out.extend_from_slice(&line[..length]);
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> String {
        let mut out = Vec::new();
        quoted_printable(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_has_no_meaning_stands_for_itself() {
        assert_eq!(encoded("a b\tc <d=\"1\">"), "a b\tc <d=3D\"1\">");
        assert_eq!(encoded("é"), "=C3=A9");
        assert_eq!(encoded("\0\u{7f}"), "=00=7F");
    }

    #[test]
    fn line_breaks_are_crlf_and_no_line_ends_in_a_space() {
        assert_eq!(encoded("a\nb\r\nc\rd\n\n"), "a\r\nb\r\nc\r\nd\r\n\r\n");
        assert_eq!(encoded("a \nb\t\r\nc "), "a=20\r\nb=09\r\nc=20");
    }

    #[test]
    fn lines_are_76_characters_long_at_most() {
        for text in [
            "가".repeat(500),
            "a".repeat(500),
            " ".repeat(500),
            "a=".repeat(99),
        ] {
            let encoded = encoded(&text);
            let lines: Vec<_> = encoded.split("\r\n").collect();
            assert!(lines.iter().all(|line| line.len() <= 76), "{encoded}");
            let (last, others) = lines.split_last().unwrap();
            assert!(others.iter().all(|line| line.ends_with('=')), "{encoded}");
            assert!(!last.ends_with(' '), "{encoded}");
            assert!(
                encoded.len() <= quoted_length(&text) + 3,
                "{}",
                encoded.len()
            );
        }
        assert_eq!(encoded(&"a".repeat(75)), "a".repeat(75));
    }

    #[test]
    fn nothing_on_the_way_has_to_change_a_line() {
        let text = format!("From me\nFromage\n.\n..a\na.b\n{}.\n", "x".repeat(75));
        for line in encoded(&text).split("\r\n") {
            assert!(
                !line.starts_with('.') && !line.starts_with("From "),
                "{line}"
            );
        }
        assert_eq!(encoded("From me\n.a"), "=46rom me\r\n=2Ea");
    }

    #[test]
    fn base64_stands_in_lines() {
        let mut out = Vec::new();
        base64_lines(&[0; 58], &mut out);
        let expected = format!("{}\r\nAA==\r\n", "A".repeat(76));
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        assert_eq!(base64_length(58), expected.len());
        assert_eq!(base64_length(0), 0);
    }
}
