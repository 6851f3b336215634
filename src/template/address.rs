//! Addresses that come from a recipient's data.
//!
//! A value is escaped wherever it stands, and that is not enough where it stands for an address: no
//! character of `javascript:…` needs escaping. So wherever the beginning of an address is a field, what
//! it is merged to must be an address of the web, of mail or of a telephone.

use minijinja::{Error, ErrorKind, Value};

use super::html::{Attribute, Piece, pieces, tags_in};
use super::markup::ADDRESSES;
use super::tags::{self, Kind, Tag};

/// The filter by which such a value goes. Authors cannot write it: it is none of [`tags::FILTERS`].
pub(super) const FILTER: &str = "as_address";
/// How an address may begin. `cid:` is a picture of the mail.
const BEGINNINGS: [&str; 5] = ["https://", "http://", "mailto:", "tel:", "cid:"];
/// A literal with one of these in it has settled what kind of address it is.
const SETTLING: [char; 4] = [':', '/', '?', '#'];

/// The HTML with [`FILTER`] in every tag by which an address begins. Lines stay where they are.
pub(super) fn guarded(source: &str, images: &[String]) -> Result<String, tags::Fault> {
    let tags = tags::read(source, images)?;
    let mut begin: Vec<&Tag> = Vec::new();
    for piece in pieces(source, &tags) {
        let Piece::Open(element) = piece else {
            continue;
        };
        let attributes = element.attributes.iter();
        let addresses = attributes.filter(|one| ADDRESSES.contains(&one.name.as_str()));
        for attribute in addresses {
            begin.extend(beginning(source, &tags, attribute));
        }
    }
    let mut guarded = String::with_capacity(source.len() + begin.len() * (FILTER.len() + 3));
    let mut at = 0;
    for tag in begin {
        let inside = &source[tag.span.start + 2..tag.span.end - 2];
        let bare = inside.strip_prefix(['-', '+']).unwrap_or(inside);
        let open = tag.span.start + 2 + inside.len() - bare.len();
        let bare = bare.strip_suffix(['-', '+']).unwrap_or(bare);
        guarded.push_str(&source[at..open]);
        guarded.push_str(&format!("({bare})|{FILTER}"));
        at = open + bare.len();
    }
    guarded.push_str(&source[at..]);
    Ok(guarded)
}

/// The tags by which an address may begin: before them stands nothing that is certainly written.
fn beginning<'t>(source: &str, tags: &'t [Tag], attribute: &Attribute) -> Vec<&'t Tag> {
    let mut begin = Vec::new();
    let mut is_begun = false;
    // Whether it had begun before each statement that is open.
    let mut before: Vec<bool> = Vec::new();
    let mut at = attribute.value.start;
    for tag in tags_in(tags, &attribute.value) {
        is_begun |= source[at.min(tag.span.start)..tag.span.start].contains(SETTLING);
        at = tag.span.end;
        match tag.kind {
            Kind::Value if !is_begun => {
                begin.push(tag);
                is_begun = true;
            }
            Kind::Value | Kind::Comment => {}
            Kind::Statement => {
                let inside = source[tag.span.start + 2..tag.span.end - 2].trim_start();
                let inside = inside.trim_start_matches(['-', '+']).trim_start();
                let is = |name: &str| inside.starts_with(name);
                if is("if") || is("for") || is("with") {
                    before.push(is_begun);
                } else if is("end") {
                    is_begun = before.pop().unwrap_or(false);
                } else if is("el") {
                    is_begun = before.last().copied().unwrap_or(false);
                }
            }
        }
    }
    begin
}

/// What a value may be where an address begins: nothing, or an address that is followed and not run.
pub(super) fn as_address(value: &Value) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    if value.as_str().is_some_and(is_address) {
        return Ok(value.clone());
    }
    let why = "the address of a link or picture must begin with https://, http://, mailto: or tel:";
    Err(Error::new(ErrorKind::InvalidOperation, why))
}

fn is_address(value: &str) -> bool {
    let begins = |one: &&str| {
        let head = value.get(..one.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(one))
    };
    value.is_empty() || BEGINNINGS.iter().any(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tags_by_which_an_address_begins_are_guarded() {
        for (source, expected) in [
            (
                "<a href=\"{{ x }}\">{{ x }}</a>",
                "<a href=\"{{( x )|as_address}}\">{{ x }}</a>",
            ),
            (
                "<img src='{{- x|lower -}}'>",
                "<img src='{{-( x|lower )|as_address-}}'>",
            ),
            (
                "<a href=\" {{ x }}{{ y }}\">",
                "<a href=\" {{( x )|as_address}}{{ y }}\">",
            ),
            (
                "<a href=\"java{{ x }}\">",
                "<a href=\"java{{( x )|as_address}}\">",
            ),
            (
                "<a href=\"https://{{ x }}\">",
                "<a href=\"https://{{ x }}\">",
            ),
            ("<a title=\"{{ x }}\">", "<a title=\"{{ x }}\">"),
            (
                "<a href=\"{% if a %}{{ x }}{% else %}{{ y }}{% endif %}{{ z }}\">",
                "<a href=\"{% if a %}{{( x )|as_address}}{% else %}{{( y )|as_address}}{% endif %}{{( z )|as_address}}\">",
            ),
        ] {
            assert_eq!(guarded(source, &[]).unwrap(), expected);
        }
    }

    #[test]
    fn an_address_is_followed_and_not_run() {
        for good in [
            "",
            "https://a",
            "HTTP://a",
            "mailto:a@b",
            "tel:+82",
            "cid:x",
        ] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "javascript:x",
            "JavaScript:x",
            " https://a",
            "java\tscript:x",
            "data:text/html,x",
            "vbscript:x",
            "//evil.example",
            "www.example.org",
            "한",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
