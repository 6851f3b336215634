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

use css_inline::{CSSInliner, InlineError};

use crate::error::MarkupFault;

use super::html::{Element, Piece, pieces, tags_in};
use super::tags::{Kind, Tag};

/// Attributes of an element that its style may go by: html5ever compares each with each.
const ATTRIBUTES: usize = 50;
/// The attribute by which an element is known again.
const NUMBER: &str = "data-inlined";

/// The source with its styles inlined.
pub(super) fn inline(source: &str, tags: &[Tag], read: &[Piece]) -> Result<String, MarkupFault> {
    let is_style = |piece: &Piece| matches!(piece, Piece::Open(element) if element.name == "style");
    if !read.iter().any(is_style) {
        return Ok(source.to_owned());
    }
    let copy = Copy {
        source,
        tags,
        token: token(source),
    };
    let inliner = CSSInliner::options()
        .load_remote_stylesheets(false)
        .keep_style_tags(false)
        .build();
    let inlined = inliner
        .inline(&copy.of(read))
        .map_err(|error| refused(&error))?;
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

fn refused(error: &InlineError) -> MarkupFault {
    match error {
        InlineError::MissingStyleSheet { .. } => MarkupFault::OutsideStyle,
        _ => MarkupFault::Style,
    }
}

/// What stands for the source's tags in a style; no word of the source.
fn token(source: &str) -> String {
    let mut token = "mergedfield".to_owned();
    while source.contains(&token) {
        token.push('x');
    }
    token
}

struct Copy<'a> {
    source: &'a str,
    tags: &'a [Tag],
    token: String,
}

impl Copy<'_> {
    /// The HTML as css-inline is shown it.
    fn of(&self, pieces: &[Piece]) -> String {
        let mut out = String::with_capacity(self.source.len() * 2);
        let mut number = 0;
        for (index, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Open(element) => {
                    self.element(element, number, &mut out);
                    number += 1;
                    if element.name == "style" && self.holds_always(element, &pieces[index + 1..]) {
                        self.style(&pieces[index + 1..], &mut out);
                    }
                }
                Piece::Close(name) => out.push_str(&format!("</{name}>")),
                // Its doctype says how names of classes are compared; a comment says nothing.
                Piece::Comment(range) if !self.source[range.clone()].starts_with("<!--") => {
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
            let value = self.with_tokens(attribute.value.clone());
            let value = value.replace('"', "&quot;");
            out.push_str(&format!(" {}=\"{value}\"", attribute.name));
        }
        out.push('>');
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

    fn style(&self, after: &[Piece], out: &mut String) {
        for piece in after {
            match piece {
                Piece::Text(range) => out.push_str(&self.source[range.clone()]),
                Piece::Tag(tag) if self.tags[*tag].kind == Kind::Value => {
                    out.push_str(&format!("{}{tag}z", self.token));
                }
                Piece::Tag(_) | Piece::Comment(_) => {}
                Piece::Open(_) | Piece::Close(_) => break,
            }
        }
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
            _ => (own.value.clone(), format!("\"{written}\"")),
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

    #[test]
    fn nothing_is_fetched() {
        let source = "<style>p{background:url(file:///etc/passwd)}</style><p>";
        assert!(inlined(source).contains("<p style=\"background: url(file:///etc/passwd)"));
    }
}
