//! What no mail may have in its HTML, and what mail programs make little of.
//!
//! Nothing is taken out silently: a script is refused, a form is warned of.

use crate::error::{MailTemplateError, MarkupFault};

use super::Warning;
use super::html::{Attribute, Element, Piece, line, tags_in};
use super::nesting::Nesting;
use super::tags::{Kind, Tag};

/// Elements inside one another: what reads them does so by recursion, in mail programs, too. Mails
/// that are laid out by tables inside tables have some forty.
const DEPTH: usize = 100;
/// Elements of one mail: a newsletter has a few hundred. Each is compared with each rule of its styles.
const ELEMENTS: usize = 5_000;
/// Elements that a reader of HTML makes of them, as it opens again what was left open.
const TREE_ELEMENTS: usize = 4 * ELEMENTS;
/// Attributes with an address.
pub(super) const ADDRESSES: [&str; 8] = [
    "action",
    "background",
    "data",
    "formaction",
    "href",
    "poster",
    "src",
    "xlink:href",
];

/// Refuses what no mail may have; warns of the rest.
pub(super) fn check(
    source: &str,
    tags: &[Tag],
    pieces: &[Piece],
) -> Result<Vec<Warning>, MailTemplateError> {
    let fault = |at: usize, fault: MarkupFault| MailTemplateError::Markup {
        line: line(source, at),
        fault,
    };
    let mut seen = Seen::default();
    let mut nesting = Nesting::default();
    let mut elements = 0;
    let mut in_style = false;
    // Where the last piece was text that ends with a `<`.
    let mut after_angle = false;
    for piece in pieces {
        match piece {
            Piece::Open(element) => {
                elements += 1;
                nesting.open(&element.name);
                in_style = element.name == "style";
                let at = element.span.start;
                if nesting.depth() > DEPTH {
                    return Err(fault(at, MarkupFault::TooDeep { most: DEPTH }));
                }
                if elements > ELEMENTS {
                    return Err(fault(at, MarkupFault::TooMany { most: ELEMENTS }));
                }
                if nesting.elements() > TREE_ELEMENTS {
                    return Err(fault(at, MarkupFault::Reopened));
                }
                self::element(source, tags, element).map_err(|wrong| fault(at, wrong))?;
                seen.element(source, tags, element);
            }
            Piece::Close(name) => {
                nesting.close(name);
                in_style = false;
            }
            Piece::Text(range) if in_style => {
                let styles = source[range.clone()].to_ascii_lowercase();
                if styles.contains("@import") {
                    return Err(fault(range.start, MarkupFault::OutsideStyle));
                }
            }
            Piece::Tag(tag) if in_style && is_field(source, &tags[*tag]) => {
                return Err(fault(tags[*tag].span.start, MarkupFault::FieldInStyle));
            }
            Piece::Tag(tag) if after_angle && tags[*tag].kind == Kind::Value => {
                return Err(fault(tags[*tag].span.start, MarkupFault::Unquoted));
            }
            Piece::Text(_) | Piece::Tag(_) | Piece::Comment(_) => {}
        }
        after_angle = match piece {
            Piece::Text(range) | Piece::Comment(range) => {
                let ends = |end: &&str| source[range.clone()].ends_with(*end);
                ["<", "</", "<!", "<?"].iter().any(ends)
            }
            // A statement writes nothing by itself.
            Piece::Tag(tag) => after_angle && tags[*tag].kind != Kind::Value,
            Piece::Open(_) | Piece::Close(_) => false,
        };
    }
    Ok(seen.warnings())
}

fn element(source: &str, tags: &[Tag], element: &Element) -> Result<(), MarkupFault> {
    if element.unquoted {
        return Err(MarkupFault::Unquoted);
    }
    if element.name == "script" {
        return Err(MarkupFault::Script);
    }
    for attribute in &element.attributes {
        if attribute.name.starts_with("on") {
            return Err(MarkupFault::Script);
        }
        let mut inside = tags_in(tags, &attribute.value).iter();
        if inside.any(|tag| is_field(source, tag)) {
            match attribute.name.as_str() {
                "style" => return Err(MarkupFault::FieldInStyle),
                // It is markup itself, once it is no attribute any more.
                "srcdoc" => return Err(MarkupFault::Unquoted),
                _ => {}
            }
        }
        let value = value(source, tags, attribute);
        if ADDRESSES.contains(&attribute.name.as_str()) && is_script(&value) {
            return Err(MarkupFault::Script);
        }
        let is_rel = element.name == "link" && attribute.name == "rel";
        if is_rel && value.to_ascii_lowercase().contains("stylesheet") {
            return Err(MarkupFault::OutsideStyle);
        }
    }
    Ok(())
}

/// Whether a tag becomes something that a recipient's data decides, rather than a picture's address.
fn is_field(source: &str, tag: &Tag) -> bool {
    let inside = source[tag.span.start + 2..tag.span.end - 2].trim();
    let is_image = inside.starts_with("image(") && inside.find(')') == Some(inside.len() - 1);
    tag.kind == Kind::Value && !is_image
}

/// What a browser ignores in an address is ignored here.
fn is_script(address: &str) -> bool {
    let address: String = address
        .chars()
        .filter(|one| !one.is_control() && !one.is_whitespace())
        .flat_map(char::to_lowercase)
        .take(20)
        .collect();
    ["javascript:", "vbscript:", "data:text"]
        .iter()
        .any(|scheme| address.starts_with(scheme))
}

/// The value of an attribute, without the template's tags in it.
fn value(source: &str, tags: &[Tag], attribute: &Attribute) -> String {
    let mut value = String::new();
    let mut at = attribute.value.start;
    for tag in tags_in(tags, &attribute.value) {
        value.push_str(&source[at..tag.span.start]);
        at = tag.span.end;
    }
    value.push_str(&source[at.min(attribute.value.end)..attribute.value.end]);
    htmlize::unescape_attribute(value).into_owned()
}

/// What there was to warn of.
#[derive(Default)]
struct Seen {
    remote_images: usize,
    forms: usize,
    ignored: Vec<String>,
}

impl Seen {
    fn element(&mut self, source: &str, tags: &[Tag], element: &Element) {
        match element.name.as_str() {
            "img" => {
                let address = element.attribute("src").map(|one| value(source, tags, one));
                let address = address.unwrap_or_default().trim().to_ascii_lowercase();
                let remote = ["http:", "https:", "//"];
                if remote.iter().any(|scheme| address.starts_with(scheme)) {
                    self.remote_images += 1;
                }
            }
            "form" => self.forms += 1,
            "iframe" | "object" | "embed" | "video" | "audio" | "svg" | "canvas"
                if !self.ignored.contains(&element.name) =>
            {
                self.ignored.push(element.name.clone());
            }
            _ => {}
        }
    }

    fn warnings(self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if self.remote_images > 0 {
            warnings.push(Warning::RemoteImages(self.remote_images));
        }
        if self.forms > 0 {
            warnings.push(Warning::Form);
        }
        warnings.extend(self.ignored.into_iter().map(Warning::Ignored));
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::super::{html, tags};
    use super::*;

    fn checked(source: &str) -> Result<Vec<Warning>, MailTemplateError> {
        let tags = tags::read(source, &["a".to_owned()]).unwrap();
        check(source, &tags, &html::pieces(source, &tags))
    }

    #[test]
    fn what_no_mail_may_have_is_refused_with_its_line() {
        for (source, expected) in [
            ("<script>1</script>", MarkupFault::Script),
            ("<img src=x onerror=\"1\">", MarkupFault::Script),
            ("<a href=\"java\tscript:x\">", MarkupFault::Script),
            ("<a href=\"&#106;avascript:x\">", MarkupFault::Script),
            (
                "<a href=\"java{% if a %}{% endif %}script:x\">",
                MarkupFault::Script,
            ),
            ("<link rel=stylesheet href=x>", MarkupFault::OutsideStyle),
            ("<style>@import 'x';</style>", MarkupFault::OutsideStyle),
            ("<a href={{ x }}>", MarkupFault::Unquoted),
            ("<{{ x }}>", MarkupFault::Unquoted),
            ("</{{ x }}>", MarkupFault::Unquoted),
            ("<{% if a %}{{ x }}{% endif %}", MarkupFault::Unquoted),
            ("<!{{ x }}>", MarkupFault::Unquoted),
            ("<iframe srcdoc=\"{{ x }}\">", MarkupFault::Unquoted),
            ("<a href=\"data:text/html,x\">", MarkupFault::Script),
            ("<p style=\"color:{{ x }}\">", MarkupFault::FieldInStyle),
            (
                "<style>p { color: {{ x }} }</style>",
                MarkupFault::FieldInStyle,
            ),
            (
                "<p style=\"background:url({{ image('a')|default(x) }})\">",
                MarkupFault::FieldInStyle,
            ),
        ] {
            let source = format!("\n{source}");
            let line = 2;
            let fault = expected;
            assert_eq!(
                checked(&source),
                Err(MailTemplateError::Markup { line, fault }),
                "{source}"
            );
        }
        assert!(checked(&"<div>".repeat(DEPTH)).is_ok());
        assert!(checked(&"<div>".repeat(DEPTH + 1)).is_err());
        assert!(checked(&"<br>".repeat(ELEMENTS)).is_ok());
        assert!(checked(&"<br>".repeat(ELEMENTS + 1)).is_err());
        // An end of nothing makes nothing less deep.
        assert!(checked(&"<div></b>".repeat(DEPTH + 1)).is_err());
        let left_open = format!("<p>{}</p>{}", "<b>".repeat(90), "<p>x</p>".repeat(300));
        assert!(matches!(
            checked(&left_open),
            Err(MailTemplateError::Markup {
                fault: MarkupFault::Reopened,
                ..
            })
        ));
    }

    #[test]
    fn what_mail_programs_make_little_of_is_warned_of() {
        let source = "<img src=\"https://x/y.png\"><img src='{{ u }}'><form><video></video></form>\
            <a href=\"{{ unsubscribe_url }}\">1 < {{ x }}</a>";
        let warnings = [
            Warning::RemoteImages(1),
            Warning::Form,
            Warning::Ignored("video".into()),
        ];
        assert_eq!(checked(source).unwrap(), warnings);
    }
}
