//! SVG, element by element. Numbers and colours are the program's; text is escaped here and nowhere
//! else.

use std::fmt::Write as _;

use super::words::Weight;
use crate::i18n::display::one_line;

/// The name of our fonts.
pub(super) const FAMILY: &str = "Timeattack Sans";

/// Which point of a text its place means.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) weight: Weight,
    pub(super) size: f32,
    pub(super) color: &'static str,
    pub(super) anchor: Anchor,
}

/// A document that grows.
pub(super) struct Svg {
    text: String,
}

impl Svg {
    pub(super) fn new(width: u32, height: u32) -> Self {
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\">"
        );
        Self { text }
    }

    /// A part without any text that people wrote: constant, or made of numbers.
    pub(super) fn raw(&mut self, part: &str) {
        self.text.push_str(part);
    }

    /// A rectangle with round corners; `more` are attributes.
    pub(super) fn rect(&mut self, at: (f32, f32), size: (f32, f32), radius: f32, more: &str) {
        // Writing to a string cannot fail.
        let _ = write!(
            self.text,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{radius:.1}\" {more}/>",
            at.0, at.1, size.0, size.1
        );
    }

    /// Lines from point to point; `more` are attributes.
    pub(super) fn path(&mut self, path: &str, more: &str) {
        let _ = write!(self.text, "<path d=\"{path}\" {more}/>");
    }

    /// A line of text; `at` is on its baseline.
    pub(super) fn text(&mut self, at: (f32, f32), style: Style, text: &str) {
        let anchor = match style.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = match style.weight {
            Weight::Regular => 400,
            Weight::Bold => 700,
        };
        let _ = write!(
            self.text,
            "<text x=\"{:.1}\" y=\"{:.1}\" font-family=\"{FAMILY}\" font-weight=\"{weight}\" \
             font-size=\"{:.1}\" fill=\"{}\" text-anchor=\"{anchor}\">{}</text>",
            at.0,
            at.1,
            style.size,
            style.color,
            escape(text)
        );
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</svg>");
        self.text
    }
}

/// Makes `text` the content of an XML element. What XML has no place for is left out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in one_line(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => {}
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_opens_or_closes_anything(text in any::<String>()) {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
        }
    }
}
