//! What people type, made the same where it looks the same.
//!
//! One text can be written in several ways that no reader can tell apart: macOS sends `분` as two
//! letters, a phone's keyboard puts characters without width at the ends, and some characters only look
//! like nothing. [`clean`] makes these one, and is called once, where a text enters
//! ([`crate::discord`]'s door), so that nothing behind it compares what looks the same and differs.

use unicode_normalization::UnicodeNormalization as _;

/// `text` in the composed form (NFC), without what cannot be seen at its ends; empty if nothing of it
/// can be seen. What is in the middle stays: joiners make families of emoji.
pub fn clean(text: &str) -> String {
    let is_edge = |c: char| c.is_whitespace() || c.is_control() || is_invisible(c);
    let composed: String = text.trim_matches(is_edge).nfc().collect();
    // A selector of variants alone selects nothing.
    let is_nothing =
        |c: char| is_edge(c) || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
    if composed.chars().all(is_nothing) {
        return String::new();
    }
    composed
}

/// Whether a character is drawn as nothing: without width, or as a blank that is no space to Unicode
/// (the Hangul fillers, the Braille pattern without dots).
pub fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e001f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_looks_the_same_is_the_same() {
        for text in [
            "30분",
            "30\u{1107}\u{116e}\u{11ab}",
            "\u{feff}30분\u{200b}",
            " \u{3164}30분\u{2800}\u{2060}\n",
            "\u{200e}30분\u{ad}",
        ] {
            assert_eq!(clean(text), "30분", "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_nothing() {
        for text in [
            "",
            " ",
            "\u{200b}",
            "\u{3164}",
            "\u{2800}",
            "\u{ffa0}\u{115f}",
            "\u{200d}\u{fe0f}",
            "\u{a0}\u{3000}",
        ] {
            assert_eq!(clean(text), "", "{text:?}");
        }
    }

    #[test]
    fn what_belongs_together_stays_together() {
        for text in [
            "❤️",
            "👩‍👩‍👧",
            "می‌خواهم",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        ] {
            assert_eq!(clean(text), text);
        }
    }

    proptest! {
        #[test]
        fn a_second_time_changes_nothing(text in any::<String>()) {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once);
        }
    }
}
