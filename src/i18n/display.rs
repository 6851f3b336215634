//! What people write, made fit to stand among other words.
//!
//! A name or a task can have characters that are not seen but change what stands around them: they
//! turn the direction of the rest of the line, hide letters, or pile marks over the lines above.
//! [`one_line`] takes those away, and isolates what is written from right to left, so that it keeps
//! its own direction and nothing else's. [`text`](super::text) does the latter to every variable, so
//! no text of ours can be turned by what is put into it; the rooms that show something without a text
//! of ours (a choice, a picture, a quoted line) use this module themselves. What markdown is, this room
//! does not know: that is `messenger::markdown`'s.

use std::borrow::Cow;

/// First-strong isolate: what follows has the direction of its first letter.
const ISOLATE: char = '\u{2068}';
/// The end of an isolate.
const END: char = '\u{2069}';
/// Marks above or below one letter. Vietnamese needs two, Hebrew with accents three; a stack of more
/// is there to cover other lines.
const MOST_MARKS: usize = 4;

/// `text` on one line, without what is unseen; from right to left it is isolated.
pub fn one_line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut marks = 0;
    // Without these first: the marks on both sides of one that is left out are on the same letter.
    let seen = text.chars().filter(|one| !turns(*one) && !is_unseen(*one));
    for character in seen {
        if is_mark(character) {
            marks += 1;
            if marks > MOST_MARKS {
                continue;
            }
        } else {
            marks = 0;
        }
        match character {
            // Also the separators of lines and paragraphs, which `is_control` leaves out.
            '\u{2028}' | '\u{2029}' => shown.push(' '),
            _ if character.is_control() => shown.push(' '),
            _ => shown.push(character),
        }
    }
    match isolated(&shown) {
        Cow::Borrowed(_) => shown,
        Cow::Owned(isolated) => isolated,
    }
}

/// `text`, which may have several lines and markdown, without what turns its direction.
pub fn unturned(text: &str) -> String {
    text.chars().filter(|one| !turns(*one)).collect()
}

/// `text` as it is if it cannot change the direction of what stands around it; else isolated.
pub(super) fn isolated(text: &str) -> Cow<'_, str> {
    if is_contained(text) {
        return Cow::Borrowed(text);
    }
    let kept = unturned(text);
    Cow::Owned(if kept.chars().any(is_right_to_left) {
        format!("{ISOLATE}{kept}{END}")
    } else {
        kept
    })
}

/// Whether all that goes from right to left stands in isolates of ours, and nothing else turns.
fn is_contained(text: &str) -> bool {
    let mut depth = 0_u32;
    for character in text.chars() {
        match character {
            ISOLATE => depth += 1,
            END if depth > 0 => depth -= 1,
            _ if turns(character) => return false,
            _ if depth == 0 && is_right_to_left(character) => return false,
            // A line of its own ends what was begun on the one before.
            '\n' if depth > 0 => return false,
            _ => {}
        }
    }
    depth == 0
}

/// Whether it changes the direction of what follows (Unicode Standard Annex #9): marks, embeddings,
/// overrides, isolates and their ends.
fn turns(character: char) -> bool {
    matches!(
        character,
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
    )
}

/// Whether it takes no room and joins nothing. (Joiners make families of emoji and letters of Persian
/// and Hindi; they stay.)
fn is_unseen(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
    )
}

/// Hebrew, Arabic and the others that are written from right to left.
fn is_right_to_left(character: char) -> bool {
    matches!(
        u32::from(character),
        0x0590..=0x08ff | 0xfb1d..=0xfdff | 0xfe70..=0xfefe | 0x1_0800..=0x1_0fff | 0x1_e800..=0x1_efff
    )
}

/// Marks that are put over and under the letter before them, of the scripts in which they are piled.
fn is_mark(character: char) -> bool {
    matches!(
        u32::from(character),
        0x0300..=0x036f
            | 0x0483..=0x0489
            | 0x0591..=0x05bd
            | 0x0610..=0x061a
            | 0x064b..=0x065f
            | 0x06d6..=0x06dc
            | 0x0e31
            | 0x0e34..=0x0e3a
            | 0x0e47..=0x0e4e
            | 0x0f71..=0x0f84
            | 0x1ab0..=0x1aff
            | 0x1dc0..=0x1dff
            | 0x20d0..=0x20ff
            | 0xfe20..=0xfe2f
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn marks_are_counted_over_what_is_left_out() {
        let pile = "\u{301}".repeat(MOST_MARKS);
        for between in ["", "\u{202e}", "\u{200b}", "\u{2068}\u{feff}"] {
            let shown = one_line(&format!("a{pile}{between}{pile}b"));
            assert_eq!(shown, format!("a{pile}b"), "{between:?}");
        }
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in [
            "",
            "알고리즘 3문제 풀기",
            "알고리즘",
            "Read 20 pages (ch. 3)",
            "Tiếng Việt",
            "👩‍👩‍👧 🇰🇷 ❤️",
            "ภาษาไทย",
        ] {
            assert_eq!(one_line(text), text);
            assert_eq!(isolated(text), text);
        }
    }

    #[test]
    fn what_turns_is_taken_away_and_right_to_left_isolated() {
        assert_eq!(one_line("a\u{202e}b\u{2067}c\u{200f}d"), "abcd");
        assert_eq!(one_line("שלום"), "\u{2068}שלום\u{2069}");
        assert_eq!(one_line("a\u{202e}שלום"), "\u{2068}aשלום\u{2069}");
        assert_eq!(one_line("a\u{2028}b\nc\td"), "a b c d");
        assert_eq!(one_line("pa\u{200b}y\u{feff}pal"), "paypal");
        assert_eq!(unturned("a\u{202e}\n**b**"), "a\n**b**");
    }

    #[test]
    fn marks_are_piled_no_higher_than_languages_do() {
        let zalgo = format!("a{}b", "\u{0301}".repeat(50));
        assert_eq!(one_line(&zalgo), format!("a{}b", "\u{0301}".repeat(4)));
    }

    #[test]
    fn what_is_isolated_already_stays_in_what_it_is_put_into() {
        let name = one_line("שלום");
        let line = format!("{name} · 10:30");
        assert_eq!(isolated(&line), line);
        let cut = "\u{2068}שלום";
        assert_eq!(isolated(cut), "\u{2068}שלום\u{2069}");
    }

    proptest! {
        #[test]
        fn nothing_leaves_its_place(text in any::<String>()) {
            let shown = one_line(&text);
            prop_assert!(is_contained(&shown));
            let has_lines = shown.contains(['\n', '\r', '\u{2028}', '\u{2029}']);
            prop_assert!(!has_lines);
            prop_assert_eq!(one_line(&shown), shown.clone(), "a second time changes nothing");
            prop_assert!(is_contained(&isolated(&text)) || text.contains('\n'));
        }
    }
}
