//! What can be written with our fonts, and how wide it is.

use std::sync::LazyLock;

use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, GlyphId, MetadataProvider as _};
use unicode_normalization::UnicodeNormalization as _;

/// For labels.
pub(super) static REGULAR: &[u8] = include_bytes!("../../assets/fonts/TimeattackSans-Regular.ttf");
/// For names and figures.
pub(super) static BOLD: &[u8] = include_bytes!("../../assets/fonts/TimeattackSans-Bold.ttf");

/// Characters of a name that are looked at: Discord's names have 32.
const MOST_CHARACTERS: usize = 64;

/// One of our two fonts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

impl Weight {
    fn font(self) -> Option<&'static FontRef<'static>> {
        static FACES: LazyLock<[Option<FontRef<'static>>; 2]> =
            LazyLock::new(|| [REGULAR, BOLD].map(|bytes| FontRef::new(bytes).ok()));
        match self {
            Self::Regular => FACES[0].as_ref(),
            Self::Bold => FACES[1].as_ref(),
        }
    }

    fn glyph(self, character: char) -> Option<GlyphId> {
        let found = self.font()?.charmap().map(character)?;
        (found != GlyphId::NOTDEF).then_some(found)
    }

    /// How wide `text` is, in pixels.
    pub(super) fn width(self, text: &str, size: f32) -> f32 {
        let Some(font) = self.font() else {
            return 0.0;
        };
        let metrics = font.glyph_metrics(Size::new(size), LocationRef::default());
        let glyphs = text.chars().filter_map(|character| self.glyph(character));
        glyphs
            .filter_map(|glyph| metrics.advance_width(glyph))
            .sum()
    }

    /// `text` at the largest of the sizes down from `size` to `smallest` at which it is no wider than
    /// `room`; if none is small enough, what fits of it at the smallest, with “…”.
    pub(super) fn fit(self, text: &str, size: f32, smallest: f32, room: f32) -> (String, f32) {
        let width = self.width(text, size);
        if width <= room {
            return (text.to_owned(), size);
        }
        let shrunk = size * room / width;
        if shrunk >= smallest {
            return (text.to_owned(), shrunk);
        }
        let mut kept: Vec<char> = text.chars().collect();
        loop {
            kept.pop();
            let cut: String = kept.iter().collect();
            let cut = format!("{}…", cut.trim_end());
            if kept.is_empty() || self.width(&cut, smallest) <= room {
                return (cut, smallest);
            }
        }
    }
}

/// `name` as far as our letters go: an accent that we do not have is left off its letter, and what
/// we do not have at all (emoji, other scripts) is left out. Nothing may be left.
pub(super) fn writable(name: &str) -> String {
    let mut written = String::new();
    for character in name.nfc().take(MOST_CHARACTERS) {
        if character.is_whitespace() {
            written.push(' ');
        } else if let Some(plain) = plain_latin(character) {
            written.push_str(plain);
        } else if Weight::Bold.glyph(character).is_some() {
            written.push(character);
        } else {
            // The plain letters inside it: é, ﬁ, 𝓐.
            let plain = std::iter::once(character).nfkd();
            written.extend(
                plain.filter(|one| !one.is_whitespace() && Weight::Bold.glyph(*one).is_some()),
            );
        }
    }
    let words: Vec<&str> = written.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// Letters that a Korean font has as wide as a syllable, which tears a name apart, and Unicode does
/// not take to pieces.
fn plain_latin(character: char) -> Option<&'static str> {
    Some(match character {
        'Æ' => "AE",
        'æ' => "ae",
        'Œ' => "OE",
        'œ' => "oe",
        'ß' => "ss",
        'Ø' => "O",
        'ø' => "o",
        'Đ' | 'Ð' => "D",
        'đ' | 'ð' => "d",
        'Ł' => "L",
        'ł' => "l",
        'ı' => "i",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_we_have_no_letters_for_is_left_out() {
        for (name, written) in [
            ("jamong", "jamong"),
            ("자몽", "자몽"),
            // As some systems type it: letter by letter.
            ("\u{110c}\u{1161}\u{1106}\u{1169}\u{11bc}", "자몽"),
            ("🔥 Mina  ✨", "Mina"),
            ("José Ñandú", "Jose Nandu"),
            ("Großer Łukasz", "Grosser Lukasz"),
            ("𝓜𝓲𝓷𝓪", "Mina"),
            ("さくら サクラ", "さくら サクラ"),
            ("뷁힣", "뷁힣"),
            ("a\u{202e}b\u{200b}c", "abc"),
            ("🫠", ""),
            ("", ""),
        ] {
            assert_eq!(writable(name), written);
        }
    }

    #[test]
    fn every_syllable_can_be_written_in_bold_and_every_text_of_ours_in_regular() {
        let missing = ('가'..='힣').filter(|one| Weight::Bold.glyph(*one).is_none());
        assert_eq!(missing.count(), 0);
        for language in ["en", "ko"] {
            let root = env!("CARGO_MANIFEST_DIR");
            let texts = std::fs::read_to_string(format!("{root}/assets/locales/{language}.ftl"));
            for line in texts.unwrap().lines() {
                let is_ours = ["stats-", "weekday", "month", "date", "day-count"];
                if !is_ours.iter().any(|key| line.starts_with(key))
                    || line.starts_with("stats-title")
                {
                    continue;
                }
                for one in line.chars() {
                    assert!(Weight::Regular.glyph(one).is_some(), "{one} in {line}");
                }
            }
        }
    }

    #[test]
    fn text_shrinks_before_it_is_cut() {
        let name = "가나다라마바사";
        let width = Weight::Bold.width(name, 48.0);
        assert_eq!(
            Weight::Bold.fit(name, 48.0, 30.0, width + 1.0),
            (name.into(), 48.0)
        );
        let (kept, size) = Weight::Bold.fit(name, 48.0, 30.0, width * 0.8);
        assert!(kept == name && size < 48.0 && size > 30.0);
        let (cut, size) = Weight::Bold.fit(name, 48.0, 30.0, width * 0.3);
        assert!(cut.ends_with('…') && cut.starts_with('가') && size == 30.0);
    }

    proptest! {
        #[test]
        fn what_fits_fits(name in any::<String>(), room in 60.0f32..700.0) {
            let name = writable(&name);
            prop_assert!(name.chars().all(|one| one == ' ' || Weight::Bold.glyph(one).is_some()));
            let (kept, size) = Weight::Bold.fit(&name, 48.0, 34.0, room);
            prop_assert!(Weight::Bold.width(&kept, size) <= room + 0.1);
        }
    }
}
