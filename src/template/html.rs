//! The HTML of a template, as a row of pieces that knows the template's tags.
//!
//! Not a tree, on purpose. A parser that builds one repairs what it reads, and a template is broken by
//! every repair: `{% for %}` between `<table>` and `<tr>` is moved out of the table, two `<div>`s of
//! which a mail has one become nested. Here every piece is a range of the source, so that whatever is
//! done to a template, what was not meant stays as it was written.

use std::ops::Range;

use super::tags::{Kind, Tag};

/// Elements whose content is no markup.
const RAW: [&str; 8] = [
    "iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp",
];

/// One piece of the source.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text, or the content of an element whose content is no markup.
    Text(Range<usize>),
    /// A tag of the template, by its index: in text, in a comment, or inside an element whose
    /// content is no markup. (Those in attributes are found by the attribute's range.)
    Tag(usize),
    /// The beginning of an element.
    Open(Element),
    /// The end of an element, by its name in lower case.
    Close(String),
    /// A comment, a doctype or the like, as far as there are no tags in it.
    Comment(Range<usize>),
}

/// The beginning of an element.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Element {
    /// In lower case.
    pub(super) name: String,
    /// From `<` to behind `>`.
    pub(super) span: Range<usize>,
    /// Behind the name, where another attribute can be put.
    pub(super) after_name: usize,
    /// In the order of the source.
    pub(super) attributes: Vec<Attribute>,
    /// A field stands where a value could become an attribute.
    pub(super) unquoted: bool,
}

/// An attribute of an element.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    /// In lower case.
    pub(super) name: String,
    /// Without its quotes; empty if there is none.
    pub(super) value: Range<usize>,
    /// A statement before it decides whether it is there.
    pub(super) conditional: bool,
}

impl Element {
    /// An attribute, if it is always there.
    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|one| one.name == name)
    }
}

/// The tags inside a range.
pub(super) fn tags_in<'t>(tags: &'t [Tag], range: &Range<usize>) -> &'t [Tag] {
    let from = tags.partition_point(|tag| tag.span.start < range.start);
    let to = tags.partition_point(|tag| tag.span.start < range.end);
    &tags[from..to.max(from)]
}

/// The line, from 1, at which so many bytes were read.
pub(super) fn line(source: &str, at: usize) -> usize {
    let read = &source.as_bytes()[..at.min(source.len())];
    1 + memchr::memchr_iter(b'\n', read).count()
}

/// Reads the pieces of a source whose tags are known.
pub(super) fn pieces(source: &str, tags: &[Tag]) -> Vec<Piece> {
    let mut reader = Reader {
        source,
        tags,
        at: 0,
        pieces: Vec::new(),
    };
    while reader.at < source.len() {
        reader.next();
    }
    reader.pieces
}

struct Reader<'a> {
    source: &'a str,
    tags: &'a [Tag],
    at: usize,
    pieces: Vec<Piece>,
}

impl Reader<'_> {
    fn next(&mut self) {
        if let Some(tag) = self.tag_at(self.at) {
            self.at = self.tags[tag].span.end;
            return self.pieces.push(Piece::Tag(tag));
        }
        let rest = &self.source[self.at..];
        let mut bytes = rest.bytes().skip(1);
        let second = bytes.next();
        let letter = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphabetic());
        if rest.starts_with("<!--") {
            let end = self.source[self.at + 4..].find("-->");
            // `<!-->` and `<!--->` are comments, too.
            let short = ["<!-->", "<!--->"]
                .iter()
                .find(|one| rest.starts_with(**one));
            let end = match (short, end) {
                (Some(short), _) => self.at + short.len(),
                (None, Some(end)) => self.at + 4 + end + 3,
                (None, None) => self.source.len(),
            };
            self.skip_to(end, Piece::Comment);
        } else if rest.starts_with('<') && letter(second) {
            self.open();
        } else if rest.starts_with("</") && letter(bytes.next()) {
            let end = self.end_of_markup();
            let name = self.name_at(self.at + 2);
            self.skip_to(end, |_| Piece::Close(name.clone()));
        } else if rest.starts_with("<!") || rest.starts_with("<?") || rest.starts_with("</") {
            let end = self.end_of_markup();
            self.skip_to(end, Piece::Comment);
        } else {
            let first = rest.chars().next().map_or(1, char::len_utf8);
            let found = memchr::memchr2(b'<', b'{', &rest.as_bytes()[first..]);
            let mut end = found.map_or(self.source.len(), |found| self.at + first + found);
            // A brace that begins no tag is text as any other.
            while self.source.as_bytes().get(end) == Some(&b'{') && self.tag_at(end).is_none() {
                let found = memchr::memchr2(b'<', b'{', &self.source.as_bytes()[end + 1..]);
                end = found.map_or(self.source.len(), |found| end + 1 + found);
            }
            self.pieces.push(Piece::Text(self.at..end));
            self.at = end;
        }
    }

    /// The index of the tag that begins here.
    fn tag_at(&self, at: usize) -> Option<usize> {
        let found = self.tags.binary_search_by_key(&at, |tag| tag.span.start);
        found.ok()
    }

    /// Pushes what goes on up to `end` as pieces of this kind, but for the tags in it.
    fn skip_to(&mut self, end: usize, piece: impl Fn(Range<usize>) -> Piece) {
        let from = self.tags.partition_point(|tag| tag.span.start < self.at);
        let mut any = false;
        let mut tag = from;
        while self.tags.get(tag).is_some_and(|one| one.span.start < end) {
            let span = self.tags[tag].span.clone();
            if span.start > self.at {
                self.pieces.push(piece(self.at..span.start));
                any = true;
            }
            self.pieces.push(Piece::Tag(tag));
            self.at = span.end;
            tag += 1;
        }
        if self.at < end || !any {
            self.pieces.push(piece(self.at.min(end)..end));
        }
        self.at = self.at.max(end);
    }

    /// Behind the next `>` that stands in no tag of the template.
    fn end_of_markup(&self) -> usize {
        let mut at = self.at;
        while at < self.source.len() {
            if let Some(tag) = self.tag_at(at) {
                at = self.tags[tag].span.end;
            } else if self.source.as_bytes()[at] == b'>' {
                return at + 1;
            } else {
                at += 1;
            }
        }
        at
    }

    fn name_at(&self, start: usize) -> String {
        let ends = |byte: u8| byte.is_ascii_whitespace() || b"/>{".contains(&byte);
        let bytes = &self.source.as_bytes()[start..];
        let length = bytes.iter().position(|byte| ends(*byte));
        let end = start + length.unwrap_or(bytes.len());
        self.source[start..end].to_ascii_lowercase()
    }

    fn open(&mut self) {
        let start = self.at;
        let name = self.name_at(start + 1);
        let after_name = start + 1 + name.len();
        let mut element = Element {
            name,
            span: start..start,
            after_name,
            attributes: Vec::new(),
            unquoted: false,
        };
        self.at = after_name;
        self.attributes(&mut element);
        element.span.end = self.at;
        let name = element.name.clone();
        self.pieces.push(Piece::Open(element));
        if RAW.contains(&name.as_str()) {
            let end = self.end_of_raw(&name);
            if end > self.at {
                self.skip_to(end, Piece::Text);
            }
        }
    }

    /// Reads attributes up to behind the `>`.
    fn attributes(&mut self, element: &mut Element) {
        let bytes = self.source.as_bytes();
        let mut conditional = 0_usize;
        while self.at < bytes.len() {
            if let Some(tag) = self.tag_at(self.at) {
                let Tag { span, kind } = &self.tags[tag];
                match kind {
                    Kind::Value => element.unquoted = true,
                    Kind::Statement => conditional += 1,
                    Kind::Comment => {}
                }
                self.at = span.end;
                continue;
            }
            match bytes[self.at] {
                b'>' => {
                    self.at += 1;
                    return;
                }
                byte if byte.is_ascii_whitespace() || byte == b'/' => self.at += 1,
                _ => {
                    let attribute = self.attribute(conditional > 0, element);
                    element.attributes.push(attribute);
                }
            }
        }
    }

    fn attribute(&mut self, conditional: bool, element: &mut Element) -> Attribute {
        let bytes = self.source.as_bytes();
        let start = self.at;
        // A name may begin with `=`.
        self.at += 1;
        self.run(|byte| byte.is_ascii_whitespace() || b"=/>".contains(&byte));
        let name = self.source[start..self.at].to_ascii_lowercase();
        let after_name = self.at;
        self.run(|byte| !byte.is_ascii_whitespace());
        if bytes.get(self.at) != Some(&b'=') {
            self.at = after_name;
            return Attribute {
                name,
                value: after_name..after_name,
                conditional,
            };
        }
        self.at += 1;
        self.run(|byte| !byte.is_ascii_whitespace());
        let value = match bytes.get(self.at) {
            Some(&quote @ (b'"' | b'\'')) if self.tag_at(self.at).is_none() => {
                let start = self.at + 1;
                self.at = start;
                while self.at < bytes.len() && bytes[self.at] != quote {
                    let tag = self.tag_at(self.at);
                    self.at = tag.map_or(self.at + 1, |tag| self.tags[tag].span.end);
                }
                let value = start..self.at.min(bytes.len());
                self.at += 1;
                value
            }
            _ => {
                let start = self.at;
                while self.at < bytes.len() {
                    if let Some(tag) = self.tag_at(self.at) {
                        element.unquoted |= self.tags[tag].kind == Kind::Value;
                        self.at = self.tags[tag].span.end;
                    } else if bytes[self.at].is_ascii_whitespace() || bytes[self.at] == b'>' {
                        break;
                    } else {
                        self.at += 1;
                    }
                }
                start..self.at
            }
        };
        self.at = self.at.min(bytes.len());
        Attribute {
            name,
            value,
            conditional,
        }
    }

    /// Goes on to the next byte that ends a run, or to a tag.
    fn run(&mut self, ends: impl Fn(u8) -> bool) {
        let bytes = self.source.as_bytes();
        while self.at < bytes.len() && !ends(bytes[self.at]) && self.tag_at(self.at).is_none() {
            self.at += 1;
        }
    }

    /// Where the end of such an element begins.
    fn end_of_raw(&self, name: &str) -> usize {
        let bytes = self.source.as_bytes();
        let mut at = self.at;
        while let Some(found) = memchr::memmem::find(&bytes[at..], b"</") {
            let start = at + found;
            let after = bytes.get(start + 2..start + 2 + name.len());
            let is_it = after.is_some_and(|after| after.eq_ignore_ascii_case(name.as_bytes()));
            // Of the tags before it only the last can reach beyond it.
            let last = tags_in(self.tags, &(self.at..start)).last();
            if is_it && last.is_none_or(|tag| tag.span.end <= start) {
                return start;
            }
            at = start + 2;
        }
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces, shown as they stand in the source.
    fn shown(source: &str) -> Vec<String> {
        let tags = super::super::tags::read(source, &[]).unwrap();
        pieces(source, &tags)
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(range) => source[range].to_owned(),
                Piece::Tag(tag) => format!("T:{}", &source[tags[tag].span.clone()]),
                Piece::Open(element) => {
                    let attributes = element.attributes.iter().map(|one| {
                        let mark = if one.conditional { "?" } else { "" };
                        format!(" {}{mark}={}", one.name, &source[one.value.clone()])
                    });
                    let mark = if element.unquoted { "!" } else { "" };
                    format!("<{}{}{mark}", element.name, attributes.collect::<String>())
                }
                Piece::Close(name) => format!("/{name}"),
                Piece::Comment(range) => format!("C:{}", &source[range]),
            })
            .collect()
    }

    #[test]
    fn pieces_know_the_templates_tags_wherever_they_stand() {
        let source = "<!doctype html><TABLE>{% for r in range(2) %}<tr {% if r %}class=\"a\"\
            {% endif %} id='{{ \"'>\" }}'><td>{ 1 < 2 {{ name }}</td></tr>{% endfor %}</TABLE>";
        assert_eq!(
            shown(source),
            [
                "C:<!doctype html>",
                "<table",
                "T:{% for r in range(2) %}",
                "<tr class?=a id?={{ \"'>\" }}",
                "<td",
                "{ 1 ",
                "< 2 ",
                "T:{{ name }}",
                "/td",
                "/tr",
                "T:{% endfor %}",
                "/table",
            ]
        );
    }

    #[test]
    fn what_is_no_markup_is_text_up_to_its_own_end() {
        assert_eq!(
            shown("<style>a>b{c:{{ d }}}</p></STYLE><!-- {% set a = 1 %} <p> -->x<!-->y"),
            [
                "<style",
                "a>b{c:",
                "T:{{ d }}",
                "}</p>",
                "/style",
                "C:<!-- ",
                "T:{% set a = 1 %}",
                "C: <p> -->",
                "x",
                "C:<!-->",
                "y",
            ]
        );
    }

    #[test]
    fn a_field_outside_quotes_is_seen() {
        assert_eq!(shown("<a href={{ x }}>"), ["<a href={{ x }}!"]);
        assert_eq!(shown("<a {{ x }}>"), ["<a!"]);
        assert_eq!(shown("<a{{ x }}>"), ["<a!"]);
        assert_eq!(shown("<a b>"), ["<a b="]);
        assert_eq!(shown("<a b=\"x"), ["<a b=x"]);
        assert_eq!(shown("<a b="), ["<a b="]);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_read_ends_and_nothing_is_lost(source in "([<>/a-c='\" !-]|\\{\\{ x \\}\\}|<style>|</style>|가){0,40}") {
            let tags = super::super::tags::read(&source, &[]).unwrap_or_default();
            let mut end = 0;
            for piece in pieces(&source, &tags) {
                let (Piece::Text(span) | Piece::Comment(span)) = piece else { continue };
                proptest::prop_assert!(span.start >= end && span.end <= source.len());
                end = span.end;
                proptest::prop_assert!(source.get(span).is_some());
            }
        }
    }
}
