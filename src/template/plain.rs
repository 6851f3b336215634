//! The text part of a mail, made of its HTML: for those who read mail as text, and because a mail
//! without one is taken for spam.
//!
//! It is made of the template, not of each mail: [`template`] writes a template of the text, in which
//! the tags stand as they stood, and [`laid_out`] turns what was merged of it into lines. As nobody
//! knows before the merging which piece follows which, breaks are written as marks that say what is
//! wanted (a new line, an empty line, a space), and are settled afterwards.

use super::html::{Element, Piece, tags_in};
use super::tags::{Kind, Tag};

/// A new line begins here, if none has begun.
const BREAK: u8 = 0x01;
/// An empty line is above here.
const PARAGRAPH: u8 = 0x02;
/// A cell of a table begins here.
const CELL: u8 = 0x03;
/// A space that stays.
const SPACE: u8 = 0x04;

/// Elements around which an empty line is left.
const PARAGRAPHS: [&str; 13] = [
    "blockquote",
    "dl",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "ol",
    "p",
    "pre",
    "ul",
];
/// Elements that begin a new line.
const BLOCKS: [&str; 22] = [
    "address",
    "article",
    "aside",
    "body",
    "caption",
    "center",
    "dd",
    "div",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "header",
    "li",
    "main",
    "nav",
    "section",
    "table",
    "tr",
    "option",
];
/// Elements whose content is not shown as text.
const HIDDEN: [&str; 8] = [
    "iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp",
];

/// A link that is open.
struct Link {
    /// Where it leads, as text with its tags.
    address: String,
    /// Where its text begins.
    start: usize,
}

/// The template of the text part.
pub(super) fn template(source: &str, tags: &[Tag], pieces: &[Piece]) -> String {
    let mut writer = Writer {
        source,
        tags,
        out: String::with_capacity(source.len() / 2),
        hidden: false,
        preformatted: 0,
        links: Vec::new(),
        lists: Vec::new(),
    };
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(range) => {
                if !writer.hidden {
                    let text = writer.decoded(range.clone());
                    writer.text(&text);
                }
            }
            Piece::Tag(tag) => writer.tag(*tag, pieces.get(index.wrapping_sub(1))),
            Piece::Open(element) => writer.open(element, &pieces[index + 1..]),
            Piece::Close(name) => writer.close(name),
            Piece::Comment(_) => {}
        }
    }
    writer.out
}

struct Writer<'a> {
    source: &'a str,
    tags: &'a [Tag],
    out: String,
    hidden: bool,
    preformatted: usize,
    links: Vec<Link>,
    /// Of each list that is open the number of its next item; `None`: it has no numbers.
    lists: Vec<Option<usize>>,
}

impl Writer<'_> {
    fn mark(&mut self, mark: u8) {
        self.out.push(char::from(mark));
    }

    /// The source's text with its characters as they are shown.
    fn decoded(&self, range: std::ops::Range<usize>) -> String {
        htmlize::unescape(&self.source[range]).into_owned()
    }

    fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                ' ' | '\t' if self.preformatted > 0 => self.mark(SPACE),
                '\n' if self.preformatted > 0 => self.out.push('\n'),
                // `&nbsp;` is there for the layout of the HTML.
                ' ' | '\t' | '\n' | '\r' | '\x0c' | '\u{a0}' => self.out.push(' '),
                // What was no tag does not become one.
                '{' => self.out.push_str("{{ '{' }}"),
                _ if character.is_control() => {}
                _ => self.out.push(character),
            }
        }
    }

    /// Statements stay wherever they stand, as one may end elsewhere what it began there.
    fn tag(&mut self, tag: usize, before: Option<&Piece>) {
        let Tag { span, kind } = &self.tags[tag];
        let in_comment = matches!(before, Some(Piece::Comment(range))
            if !self.source[range.clone()].ends_with('>'));
        let is_shown = match kind {
            Kind::Statement => true,
            Kind::Value => !self.hidden && !in_comment,
            Kind::Comment => false,
        };
        if is_shown {
            self.out.push_str(&self.source[span.clone()]);
        }
    }

    fn open(&mut self, element: &Element, after: &[Piece]) {
        let name = element.name.as_str();
        let address = element.attribute("href").filter(|_| name == "a");
        let alt = element.attribute("alt").filter(|_| name == "img");
        let told = address.or(alt).map(|one| one.value.clone());
        for tag in tags_in(self.tags, &element.span) {
            let is_told = told
                .as_ref()
                .is_some_and(|told| told.contains(&tag.span.start));
            if tag.kind == Kind::Statement && !is_told {
                self.out.push_str(&self.source[tag.span.clone()]);
            }
        }
        self.breaks(name);
        match name {
            "br" => self.out.push('\n'),
            "hr" => {
                self.out.push_str("----------");
                self.mark(PARAGRAPH);
            }
            "td" | "th" => self.mark(CELL),
            "pre" => self.preformatted += 1,
            "ul" => self.lists.push(None),
            "ol" => self.lists.push(is_fixed(after, self.tags).then_some(1)),
            "li" => match self.lists.last_mut() {
                Some(Some(number)) => {
                    self.out.push_str(&format!("{number}. "));
                    *number += 1;
                }
                _ => self.out.push_str("- "),
            },
            "img" => {
                if let Some(alt) = alt {
                    let alt = self.attribute(alt.value.clone());
                    // What is beside a picture does not stick to it.
                    self.out.push_str(&format!(" {alt} "));
                }
            }
            "a" => {
                let address = address.map(|one| self.attribute(one.value.clone()));
                let address = address.unwrap_or_default().trim().to_owned();
                let start = self.out.len();
                self.links.push(Link { address, start });
            }
            _ => {}
        }
        self.hidden = HIDDEN.contains(&name);
    }

    fn close(&mut self, name: &str) {
        self.hidden = false;
        match name {
            "a" => self.end_of_link(),
            "pre" => self.preformatted = self.preformatted.saturating_sub(1),
            "ul" | "ol" => {
                self.lists.pop();
            }
            _ => {}
        }
        self.breaks(name);
    }

    fn breaks(&mut self, name: &str) {
        let inside = !self.lists.is_empty() && matches!(name, "ul" | "ol");
        if PARAGRAPHS.contains(&name) && !inside {
            self.mark(PARAGRAPH);
        } else if BLOCKS.contains(&name) || inside {
            self.mark(BREAK);
        }
    }

    /// The text of a link is followed by where it leads, if that is not what it says.
    fn end_of_link(&mut self) {
        let Some(Link { address, start }) = self.links.pop() else {
            return;
        };
        let shown = address.strip_prefix("mailto:").unwrap_or(&address);
        if shown.is_empty() || shown.starts_with('#') {
            return;
        }
        let marks = |c: char| c.is_whitespace() || c.is_control();
        let said = self.out[start..].trim_matches(marks);
        let said = said
            .trim_start_matches("https://")
            .trim_start_matches("http://");
        let plain = shown
            .trim_start_matches("https://")
            .trim_start_matches("http://");
        if said.is_empty() {
            self.out.push_str(shown);
        } else if said.trim_end_matches('/') != plain.trim_end_matches('/') {
            self.out.push_str(&format!(" ({shown})"));
        }
    }

    /// An attribute's value as text, with its tags.
    fn attribute(&self, range: std::ops::Range<usize>) -> String {
        let mut out = String::new();
        let mut at = range.start;
        let text = |range: std::ops::Range<usize>| {
            let text = htmlize::unescape_attribute(&self.source[range]).into_owned();
            let text: String = text.chars().filter(|c| !c.is_control()).collect();
            text.replace('{', "{{ '{' }}")
        };
        for tag in tags_in(self.tags, &range) {
            out.push_str(&text(at..tag.span.start));
            if tag.kind != Kind::Comment {
                out.push_str(&self.source[tag.span.clone()]);
            }
            at = tag.span.end;
        }
        out.push_str(&text(at.min(range.end)..range.end));
        out
    }
}

/// Whether the items of a list that begins here are the same for everybody, so that they can be
/// numbered.
fn is_fixed(after: &[Piece], tags: &[Tag]) -> bool {
    let mut depth = 1;
    for piece in after {
        match piece {
            Piece::Open(element) if matches!(element.name.as_str(), "ul" | "ol") => depth += 1,
            Piece::Close(name) if matches!(name.as_str(), "ul" | "ol") => depth -= 1,
            Piece::Tag(tag) if tags[*tag].kind == Kind::Statement => return false,
            _ => {}
        }
        if depth == 0 {
            return true;
        }
    }
    true
}

/// Settles what was wanted between the pieces of a merged text.
pub(super) fn laid_out(merged: &str) -> String {
    let mut out = String::with_capacity(merged.len());
    // Wanted before what comes next.
    let (mut lines, mut typed, mut cell, mut space) = (0_u8, 0_u8, false, false);
    let mut rest = merged;
    while let Some(&first) = rest.as_bytes().first() {
        let ends = |byte: &u8| *byte <= b' ';
        let run = rest.as_bytes().iter().position(ends).unwrap_or(rest.len());
        if run > 0 || first == SPACE {
            // An empty line at most, however many were wanted.
            let lines_now = lines.max(typed.min(2));
            if !out.is_empty() && lines_now > 0 {
                out.push_str(if lines_now == 1 { "\n" } else { "\n\n" });
            } else if !out.is_empty() && cell {
                out.push_str(" | ");
            } else if !out.is_empty() && space {
                out.push(' ');
            }
            (lines, typed, cell, space) = (0, 0, false, false);
            if run > 0 {
                out.push_str(&rest[..run]);
                rest = &rest[run..];
                continue;
            }
            out.push(' ');
        }
        match first {
            BREAK => lines = lines.max(1),
            PARAGRAPH => lines = 2,
            CELL => cell = true,
            b'\n' => typed = typed.saturating_add(1),
            b' ' | b'\t' => space = true,
            // No other control character is for reading.
            _ => {}
        }
        rest = &rest[1..];
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{html, tags};
    use super::*;

    fn text_of(source: &str) -> String {
        let tags = tags::read(source, &[]).unwrap();
        template(source, &tags, &html::pieces(source, &tags))
    }

    fn laid(source: &str) -> String {
        laid_out(&text_of(source))
    }

    #[test]
    fn a_mail_is_read_as_text() {
        let source = "<html><head><title>T</title><style>p{}</style></head><body>\n\
            <h1>Hello&nbsp;&amp; welcome</h1>\n<p>Read  the\n <b>news</b> at \
            <a href=\"https://example.org/?a=1&amp;b=2\">our page</a>, or \
            <a href=\"https://example.org\">example.org</a>.<br>Bye</p>\
            <ul><li>one</li> <li>two<ol><li>x</li><li>y</li></ol></li></ul>\
            <table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td></td><td>d</td></tr></table>\
            <hr><pre>  x\n  y</pre><a href=\"#top\">up</a> <img alt=\"Our logo\" src=x>\
            <a href=\"mailto:a@b.kr\">write</a><!-- <p>no</p> --></body></html>";
        insta::assert_snapshot!(laid(source), @r"
        Hello & welcome

        Read the news at our page (https://example.org/?a=1&b=2), or example.org.
        Bye

        - one
        - two
        1. x
        2. y

        a | b
        c | d

        ----------

          x
          y

        up Our logo write (a@b.kr)
        ");
    }

    #[test]
    fn tags_stay_and_what_was_none_does_not_become_one() {
        let text = text_of(
            "<ul>{% for x in range(2) %}<li>{{ x }}</li>{% endfor %}</ul>\
            <a href=\"{{ unsubscribe_url }}\">out</a> &#123;&#123; name }}\
            <p {% if a %}class=\"b\"{% endif %} title=\"{{ t }}\">",
        );
        assert!(
            text.contains("{% for x in range(2) %}\u{1}- {{ x }}\u{1}{% endfor %}"),
            "{text:?}"
        );
        assert!(text.contains("out ({{ unsubscribe_url }})"), "{text}");
        assert!(text.contains("{{ '{' }}{{ '{' }} name }}"), "{text}");
        assert!(text.contains("{% if a %}{% endif %}"), "{text}");
        assert!(!text.contains("{{ t }}"), "{text}");
    }

    #[test]
    fn values_are_laid_out_with_the_rest() {
        assert_eq!(
            laid_out("\u{1}- a\u{1}\u{1}- b\u{1}\u{2}  c \n\n\n d "),
            "- a\n- b\n\nc\n\nd\n"
        );
        assert_eq!(laid_out(" \u{2}\n "), "");
    }
}
