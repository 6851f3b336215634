//! Styles written into the elements they are for: many mail programs leave out `<style>`.
//!
//! css-inline finds which style is for which element, in a copy of the HTML that has no tags of the
//! template and numbers its elements. What it found is then put into the source as it was written,
//! element by element: the repaired and rewritten HTML that css-inline returns is not what is sent.
//!
//! Nothing is fetched: css-inline is built without HTTP and files, and told to load nothing.
//!
//! `<style>` stays where it is, for `:hover` and `@media`. Left out of the inlining are a style that
//! holds under a condition (`{% if %}` inside it, or a `media` other than the screen), and for an
//! element whose class or id depends on the recipient the rules that go by it: these work where
//! `<style>` does.

use std::collections::HashSet;
use std::io;

use css_inline::{CSSInliner, InlineError};

use crate::error::{MailTemplateError, MarkupFault};

use super::PREPARED_BYTES;
use super::html::{Element, Piece, line, pieces, tags_in};
use super::nesting::Nesting;
use super::styles::{MOST_PARTS, Shape, Weigher};
use super::tags::{Kind, Tag};

/// Attributes of an element that its style may go by: html5ever compares each with each.
const ATTRIBUTES: usize = 50;
/// Bytes of an attribute's value that a style may go by, those of `class`, `id` and `style` excepted: more
/// have pictures that are written out.
const VALUE_BYTES: usize = 1_000;
/// Bytes that css-inline may write: the elements and attributes of the largest template, and styles as
/// large as may be.
const INLINER_BYTES: usize = 4 * PREPARED_BYTES;
/// What stands for the template's tags in a style begins with it.
const TOKEN: &str = "mergedfield";
/// The attribute by which an element is known again.
const NUMBER: &str = "data-inlined";

/// The source with its styles inlined.
pub(super) fn inline(
    source: &str,
    tags: &[Tag],
    read: &[Piece],
) -> Result<String, MailTemplateError> {
    let is_style = |piece: &Piece| matches!(piece, Piece::Open(element) if element.name == "style");
    if !read.iter().any(is_style) {
        return Ok(source.to_owned());
    }
    let copy = Copy {
        source,
        tags,
        token: token(source),
    };
    copy.weigh(read)?;
    let inliner = CSSInliner::options()
        .load_remote_stylesheets(false)
        .keep_style_tags(false)
        .build();
    let mut out = Bounded::default();
    let inlined = inliner.inline_to(&copy.of(read), &mut out);
    if out.overflown {
        return Err(too_large());
    }
    inlined.map_err(|error| refused(&error))?;
    let inlined = String::from_utf8(out.bytes).map_err(|_| styles_fault(1, MarkupFault::Style))?;
    let mut edits = Vec::new();
    let numbered: Vec<&Element> = read.iter().filter_map(opened).collect();
    let mut done = vec![false; numbered.len()];
    for piece in &pieces(&inlined, &[]) {
        let Some(styled) = opened(piece) else {
            continue;
        };
        let number = styled.attribute(NUMBER);
        let number = number.and_then(|one| inlined[one.value.clone()].parse::<usize>().ok());
        let style = styled.attribute("style");
        let (Some(number), Some(style)) = (number, style) else {
            continue;
        };
        // A misnested element may be there twice.
        if done.get(number) != Some(&false) {
            continue;
        }
        done[number] = true;
        let style = htmlize::unescape_attribute(&inlined[style.value.clone()]);
        edits.push(copy.edit(numbered[number], style.trim()));
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = String::with_capacity(source.len() + edits.len() * 64);
    let mut at = 0;
    for (range, text) in edits {
        out.push_str(&source[at..range.start]);
        out.push_str(&text);
        at = range.end;
        if out.len() > PREPARED_BYTES {
            return Err(too_large());
        }
    }
    out.push_str(&source[at..]);
    Ok(out)
}

fn opened(piece: &Piece) -> Option<&Element> {
    match piece {
        Piece::Open(element) => Some(element),
        _ => None,
    }
}

fn refused(error: &InlineError) -> MailTemplateError {
    styles_fault(
        1,
        match error {
            InlineError::MissingStyleSheet { .. } => MarkupFault::OutsideStyle,
            _ => MarkupFault::Style,
        },
    )
}

fn styles_fault(line: usize, fault: MarkupFault) -> MailTemplateError {
    MailTemplateError::Markup { line, fault }
}

fn too_large() -> MailTemplateError {
    MailTemplateError::PreparedTooLarge {
        most_kib: PREPARED_BYTES / 1024,
    }
}

/// Takes what css-inline writes, up to [`INLINER_BYTES`].
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    overflown: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > INLINER_BYTES {
            self.overflown = true;
            return Err(io::Error::other("larger than a template may be"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What stands for the source's tags in a style; no word of the source.
fn token(source: &str) -> String {
    let follows = source.split(TOKEN).skip(1);
    let signs = follows.map(|rest| rest.bytes().take_while(|byte| *byte == b'x').count() + 1);
    format!("{TOKEN}{}", "x".repeat(signs.max().unwrap_or(0)))
}

/// Where a style sheet stands, and its text as css-inline is shown it.
struct Sheet {
    at: usize,
    text: String,
}

struct Copy<'a> {
    source: &'a str,
    tags: &'a [Tag],
    token: String,
}

impl Copy<'_> {
    /// Refuses styles that cost more than any mail's.
    fn weigh(&self, pieces: &[Piece]) -> Result<(), MailTemplateError> {
        let (mut shape, mut nesting) = (Shape::default(), Nesting::default());
        let mut sheets = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Open(element) => {
                    nesting.open(&element.name);
                    let attributes = self.attributes(element);
                    let attributes = attributes
                        .iter()
                        .map(|(name, value)| (*name, value.as_str()));
                    shape.add(element, attributes);
                    shape.deepen(&nesting);
                    sheets.extend(self.sheet(element, &pieces[index + 1..]));
                }
                Piece::Close(name) => {
                    nesting.close(name);
                }
                Piece::Text(_) | Piece::Tag(_) | Piece::Comment(_) => {}
            }
        }
        shape.finish(&nesting);
        // A line of the sheet is one of the source: tags of several lines are rare in styles.
        let line_of =
            |sheet: &Sheet, at: usize| line(self.source, sheet.at) + line(&sheet.text, at) - 1;
        let mut weigher = Weigher::new(&shape);
        for sheet in &sheets {
            let fault = MarkupFault::StyleTooDeep { most: MOST_PARTS };
            let read = weigher.read(&sheet.text);
            read.map_err(|at| styles_fault(line_of(sheet, at), fault))?;
        }
        match weigher.weigh() {
            Ok(_) => Ok(()),
            Err((sheet, at)) => {
                let at = sheets.get(sheet).map_or(1, |sheet| line_of(sheet, at));
                Err(styles_fault(at, MarkupFault::StyleTooCostly))
            }
        }
    }

    /// The HTML as css-inline is shown it.
    fn of(&self, pieces: &[Piece]) -> String {
        let mut out = String::with_capacity(self.source.len() * 2);
        let mut number = 0;
        let mut nesting = Nesting::default();
        for (index, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Open(element) => {
                    nesting.open(&element.name);
                    self.element(element, number, &mut out);
                    number += 1;
                    if let Some(sheet) = self.sheet(element, &pieces[index + 1..]) {
                        out.push_str(&sheet.text);
                    }
                }
                // An end of nothing says nothing, or makes an element that is not there.
                Piece::Close(name) => {
                    if nesting.close(name) {
                        out.push_str(&format!("</{name}>"));
                    }
                }
                // Its doctype says how names of classes are compared; a comment says nothing.
                Piece::Comment(range) if is_doctype(&self.source[range.clone()]) => {
                    out.push_str(&self.source[range.clone()]);
                }
                // No style goes by what a text says.
                Piece::Text(_) | Piece::Tag(_) | Piece::Comment(_) => {}
            }
        }
        out
    }

    fn element(&self, element: &Element, number: usize, out: &mut String) {
        out.push_str(&format!("<{} {NUMBER}=\"{number}\"", element.name));
        for (name, value) in self.attributes(element) {
            out.push_str(&format!(" {name}=\"{value}\""));
        }
        out.push('>');
    }

    /// The attributes that a style can go by, whoever the recipient is; without quotes in them.
    fn attributes<'e>(&self, element: &'e Element) -> Vec<(&'e str, String)> {
        let mut shown = Vec::new();
        for attribute in element.attributes.iter().take(ATTRIBUTES) {
            let inside = tags_in(self.tags, &attribute.value);
            let decides = inside.iter().any(|tag| tag.kind == Kind::Statement);
            let is_merged = attribute.name == "style" && !inside.is_empty();
            let is_plain = attribute
                .name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-');
            if decides || is_merged || attribute.conditional || !is_plain {
                continue;
            }
            let mut value = self.with_tokens(attribute.value.clone());
            match attribute.name.as_str() {
                "class" => value = each_once(&value),
                "id" | "style" => {}
                _ => value.truncate(value.floor_char_boundary(VALUE_BYTES)),
            }
            shown.push((attribute.name.as_str(), value.replace('"', "&quot;")));
        }
        shown
    }

    /// Whether the content of a `<style>` holds for every recipient on a screen.
    fn holds_always(&self, element: &Element, after: &[Piece]) -> bool {
        let media = element
            .attribute("media")
            .map(|one| &self.source[one.value.clone()]);
        let media = media.is_none_or(|media| {
            let media = media.trim();
            media.eq_ignore_ascii_case("all") || media.eq_ignore_ascii_case("screen")
        });
        let decides = |piece: &Piece| match piece {
            Piece::Tag(tag) => self.tags[*tag].kind == Kind::Statement,
            _ => false,
        };
        let content = after
            .iter()
            .take_while(|piece| !matches!(piece, Piece::Close(_)));
        let conditional = element.attributes.iter().any(|one| one.conditional);
        media && !conditional && !content.into_iter().any(decides)
    }

    /// The style sheet that an element is, if it holds for everybody.
    fn sheet(&self, element: &Element, after: &[Piece]) -> Option<Sheet> {
        if element.name != "style" || !self.holds_always(element, after) {
            return None;
        }
        let mut text = String::new();
        for piece in after {
            match piece {
                Piece::Text(range) => text.push_str(&without_markup(&self.source[range.clone()])),
                Piece::Tag(tag) if self.tags[*tag].kind == Kind::Value => {
                    text.push_str(&format!("{}{tag}z", self.token));
                }
                Piece::Tag(_) | Piece::Comment(_) => {}
                Piece::Open(_) | Piece::Close(_) => break,
            }
        }
        let at = element.span.end;
        Some(Sheet { at, text })
    }

    fn with_tokens(&self, range: std::ops::Range<usize>) -> String {
        let mut out = String::new();
        let mut at = range.start;
        let first = self
            .tags
            .partition_point(|tag| tag.span.start < range.start);
        for (index, tag) in tags_in(self.tags, &range).iter().enumerate() {
            out.push_str(&self.source[at..tag.span.start]);
            if tag.kind == Kind::Value {
                out.push_str(&format!("{}{}z", self.token, first + index));
            }
            at = tag.span.end;
        }
        out.push_str(&self.source[at.min(range.end)..range.end]);
        out
    }

    /// What is to be written where, so that an element has this style.
    fn edit(&self, element: &Element, style: &str) -> (std::ops::Range<usize>, String) {
        let escaped = style.replace('&', "&amp;").replace('"', "&quot;");
        let mut written = self.with_tags(&escaped);
        let Some(own) = element.attributes.iter().find(|one| one.name == "style") else {
            let at = element.after_name;
            return (at..at, format!(" style=\"{written}\""));
        };
        if own.conditional {
            // It comes first, so that the element's own is ignored only where both are there.
            let at = element.after_name;
            return (at..at, format!(" style=\"{written}\""));
        }
        if !tags_in(self.tags, &own.value).is_empty() {
            // css-inline was not shown it: it follows, and so overrules.
            let quote = self.source.as_bytes()[own.value.start.saturating_sub(1)];
            let kept = &self.source[own.value.clone()];
            if quote == b'\'' {
                written = written.replace('\'', "&#39;");
            }
            let end = written.trim_end_matches(';').len();
            written.truncate(end);
            return (own.value.clone(), format!("{written}; {kept}"));
        }
        let quote = self.source.as_bytes()[own.value.start.saturating_sub(1)];
        match quote {
            b'\'' => (own.value.clone(), written.replace('\'', "&#39;")),
            b'"' => (own.value.clone(), written),
            byte if byte == b'=' || byte.is_ascii_whitespace() => {
                (own.value.clone(), format!("\"{written}\""))
            }
            // Its name alone: `<p style>`.
            _ => (own.value.clone(), format!("=\"{written}\"")),
        }
    }

    fn with_tags(&self, style: &str) -> String {
        let mut out = String::with_capacity(style.len());
        let mut rest = style;
        while let Some(found) = rest.find(&self.token) {
            let after = &rest[found + self.token.len()..];
            let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let tag = after[..digits]
                .parse()
                .ok()
                .and_then(|tag: usize| self.tags.get(tag));
            let (Some(tag), Some('z')) = (tag, after[digits..].chars().next()) else {
                // None of ours.
                out.push_str(&rest[..found + self.token.len()]);
                rest = after;
                continue;
            };
            out.push_str(&rest[..found]);
            out.push_str(&self.source[tag.span.clone()]);
            rest = &after[digits + 1..];
        }
        out.push_str(rest);
        out
    }
}

/// A list of classes, each of them once: css-inline compares an element as often as it has a class.
fn each_once(classes: &str) -> String {
    let mut seen = HashSet::new();
    let classes = classes.split_ascii_whitespace();
    let once: Vec<&str> = classes.filter(|class| seen.insert(*class)).collect();
    once.join(" ")
}

/// CSS in which nothing begins an element. Inside `<svg>` a reader of HTML takes a style for markup; in CSS
/// a `<` before a letter can stand in quotes alone, where it can be written as an escape.
fn without_markup(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    for (index, part) in css.split('<').enumerate() {
        if index > 0 {
            let begins = part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
            out.push_str(if begins { "\\3c " } else { "<" });
        }
        out.push_str(part);
    }
    out
}

fn is_doctype(markup: &str) -> bool {
    let begin = markup.get(.."<!doctype".len());
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case("<!doctype")) && markup.ends_with('>')
}

#[cfg(test)]
mod tests {
    use super::super::tags;
    use super::*;

    fn inlined(source: &str) -> String {
        let tags = tags::read(source, &["logo".to_owned()]).unwrap();
        inline(source, &tags, &pieces(source, &tags)).unwrap()
    }

    #[test]
    fn styles_are_put_where_they_belong_and_all_else_stays_as_it_was() {
        let source = "<!DOCTYPE html>\r\n<STYLE>p{color:red} .b{font-family:\"A B\"} \
            @media (width<9em){p{color:blue}}</STYLE>\r\n<P>a<p class=b style='margin:0'>&nbsp;<br/>";
        let expected = "<!DOCTYPE html>\r\n<STYLE>p{color:red} .b{font-family:\"A B\"} \
            @media (width<9em){p{color:blue}}</STYLE>\r\n<P style=\"color: red;\">a\
            <p class=b style='color: red;font-family: &#39;A B&#39;;margin: 0'>&nbsp;<br/>";
        assert_eq!(inlined(source), expected);
    }

    #[test]
    fn no_tag_of_the_template_is_moved_or_changed() {
        let source = "<style>td{color:{{ colour }};width:{{ w }}px}</style><table>\
            {% for row in [\"a\"] %}<tr {% if loop.first %}class=\"x\"{% endif %}>\
            <td><a href=\"{{ unsubscribe_url }}\">{{ name|default(\"<\") }}</a>{% if a %}</td>\
            {% else %}<b></td>{% endif %}</tr>{% endfor %}</table><img src=\"{{ image(\"logo\") }}\">";
        let out = inlined(source);
        assert_eq!(
            out.replace(" style=\"color: {{ colour }};width: {{ w }}px;\"", ""),
            source
        );
        assert!(
            out.contains("<td style=\"color: {{ colour }};width: {{ w }}px;\"><a href"),
            "{out}"
        );
    }

    #[test]
    fn what_holds_for_some_is_not_made_to_hold_for_all() {
        for source in [
            "<style>{% if vip %}p{color:gold}{% endif %}</style><p>",
            "<style media=print>p{color:gold}</style><p>",
            "<style>.gold{color:gold}</style><p class=\"{% if vip %}gold{% endif %}\">",
            "<style>.gold{color:gold}</style><p {% if vip %}class=\"gold\"{% endif %}>",
            "<style>@media print{p{color:gold}} p:hover{color:gold}</style><p>",
        ] {
            assert_eq!(inlined(source), source);
        }
    }

    #[test]
    fn an_elements_own_style_overrules_also_where_it_has_fields() {
        assert_eq!(
            inlined("<style>p{color:red}</style><p style=\"color:{{ c }}\">"),
            "<style>p{color:red}</style><p style=\"color: red; color:{{ c }}\">"
        );
        assert_eq!(
            inlined("<style>p{color:red}</style><p style='{% if a %}top:0{% endif %}'>"),
            "<style>p{color:red}</style><p style='color: red; {% if a %}top:0{% endif %}'>"
        );
    }

    fn refusal(source: &str) -> MailTemplateError {
        let tags = tags::read(source, &[]).unwrap();
        inline(source, &tags, &pieces(source, &tags)).unwrap_err()
    }

    /// What a reader of HTML makes of the copy is what was counted.
    #[test]
    fn nothing_but_the_elements_of_the_source_is_shown_to_the_inliner() {
        let shown = |source: &str| {
            let tags = tags::read(source, &[]).unwrap();
            let token = token(source);
            let copy = Copy {
                source,
                tags: &tags,
                token,
            };
            copy.of(&pieces(source, &tags))
        };
        assert_eq!(
            shown("<!DOCTYPE html><!-- {{ x }} <b> --><p>a</b></p></p><!x><?y>"),
            format!("<!DOCTYPE html><p {NUMBER}=\"0\"></p>")
        );
        assert_eq!(
            shown("<style>p{a:'<b></i>'} @media (width<9em){}</style>"),
            format!(
                "<style {NUMBER}=\"0\">p{{a:'\\3c b>\\3c /i>'}} @media (width<9em){{}}</style>"
            )
        );
        let long = format!(
            "<p title='{}' class='{}'>",
            "t".repeat(2_000),
            "c".repeat(2_000)
        );
        let shown = shown(&long);
        assert!(shown.contains(&"c".repeat(2_000)) && !shown.contains(&"t".repeat(1_001)));
        assert_eq!(each_once("a b a\n a c"), "a b c");
        assert_eq!(token("mergedfieldxx mergedfield"), "mergedfieldxxx");
        assert_eq!(token("merged field"), "mergedfield");
    }

    #[test]
    fn what_costs_too_much_is_refused_with_the_line_of_its_rule() {
        let elements = "<p>".repeat(4_900);
        let costly = |line| styles_fault(line, MarkupFault::StyleTooCostly);
        let siblings = format!(
            "\n<style>a{{}}\n\n{}</style>{elements}",
            "*~*{a:b}".repeat(20)
        );
        assert_eq!(refusal(&siblings), costly(4));
        let properties: String = (0..2_000).map(|n| format!("p{n}:0;")).collect();
        let many = format!("<style>\np{{{properties}}}</style>{elements}");
        assert_eq!(refusal(&many), costly(2));
        let deep = format!("<style>\np{}{{a:b}}</style>", ">p".repeat(MOST_PARTS));
        let fault = MarkupFault::StyleTooDeep { most: MOST_PARTS };
        assert_eq!(refusal(&deep), styles_fault(2, fault));
    }

    #[test]
    fn a_template_does_not_grow_without_bound() {
        let value = "x".repeat(1_000);
        let source = format!("<style>p{{a:{value}}}</style>{}", "<p>".repeat(1_500));
        assert_eq!(refusal(&source), too_large());
    }

    #[test]
    fn a_style_goes_where_the_elements_own_is_however_that_is_written() {
        for element in [
            "<p style id=a>",
            "<p STYLE id=a>",
            "<p style=\"\" id=a>",
            "<p style = '' id=a>",
            "<p id=a style>",
            "<p id=a style=>",
        ] {
            let out = inlined(&format!("<style>p{{color:red}}</style>{element}"));
            let read = pieces(&out, &[]);
            let styled = read.iter().filter_map(opened).nth(1).unwrap();
            let value = |name| &out[styled.attribute(name).unwrap().value.clone()];
            assert_eq!(styled.attributes.len(), 2, "{out}");
            assert_eq!(value("id"), "a", "{out}");
            assert!(value("style").starts_with("color: red"), "{out}");
        }
    }

    #[test]
    fn nothing_is_fetched() {
        let source = "<style>p{background:url(file:///etc/passwd)}</style><p>";
        assert!(inlined(source).contains("<p style=\"background: url(file:///etc/passwd)"));
    }
}
