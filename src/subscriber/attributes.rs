//! What is known of a subscriber besides address and name: named texts, usable in templates.

use std::collections::BTreeMap;

use crate::error::UserError;

/// Attributes of one subscriber: more are a database of its own.
pub const MOST: usize = 30;
/// Characters of a name.
pub const NAME_LENGTH: usize = 40;
/// Characters of a value: a sentence or an address, not a letter.
pub const VALUE_LENGTH: usize = 500;
/// What a template knows by these names is not an attribute.
const RESERVED: [&str; 8] = [
    "email",
    "image",
    "loop",
    "name",
    "range",
    "self",
    "subject",
    "unsubscribe_url",
];

/// Named texts; an empty one is not kept.
pub type Attributes = BTreeMap<String, String>;

/// The name as it is stored and used in templates: lower case, with `_` for spaces and hyphens. `None`
/// if it cannot be one: a name begins with a letter, of any language, and goes on with letters, digits
/// and `_`. What is a letter, and no word of a template's own, the template engine is asked: by Unicode a
/// vowel sign is a letter and a circled digit a number, and neither can be used.
pub fn name(given: &str) -> Option<String> {
    let name: String = given
        .trim()
        .chars()
        .map(|character| match character {
            ' ' | '-' | '.' => '_',
            _ => character,
        })
        .flat_map(char::to_lowercase)
        .collect();
    let mut characters = name.chars();
    let begins = characters.next().is_some_and(char::is_alphabetic);
    let goes_on = characters.all(|character| character.is_alphanumeric() || character == '_');
    let fits = name.chars().count() <= NAME_LENGTH && !RESERVED.contains(&name.as_str());
    (begins && goes_on && fits && is_field(&name)).then_some(name)
}

/// Whether a template that consists of this word asks for a field of this name.
fn is_field(name: &str) -> bool {
    let engine = minijinja::Environment::empty();
    let read = engine.compile_expression(name);
    read.is_ok_and(|read| read.undeclared_variables(false) == [name.to_owned()].into())
}

/// Whether a value can be kept: short enough, and on one line as far as it is seen.
pub fn is_value(value: &str) -> bool {
    value.chars().count() <= VALUE_LENGTH && !value.chars().any(|one| one == '\0')
}

/// Reads `city=Seoul, joined=2026-01-01`.
pub fn parse(typed: &str) -> Result<Attributes, UserError> {
    let mut attributes = Attributes::new();
    for part in typed
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let fault = || UserError::Attribute {
            given: part.to_owned(),
        };
        let (given, value) = part.split_once('=').ok_or_else(fault)?;
        let name = name(given).ok_or_else(fault)?;
        let value = value.trim();
        if !is_value(value) {
            return Err(fault());
        }
        if !value.is_empty() {
            attributes.insert(name, value.to_owned());
        }
    }
    if attributes.len() > MOST {
        return Err(UserError::TooManyAttributes { most: MOST });
    }
    Ok(attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_a_template_can_use() {
        for (given, kept) in [
            ("City", Some("city")),
            ("First Name", Some("first_name")),
            ("가입일", Some("가입일")),
            ("e-mail", Some("e_mail")),
            ("2nd", None),
            ("", None),
            ("a b!", None),
            ("subject", None),
            ("Email", None),
            ("Not", None),
            ("none", None),
            ("\u{a980}x", None),
            ("a①", None),
        ] {
            assert_eq!(name(given).as_deref(), kept, "{given}");
        }
        assert_eq!(name(&"a".repeat(NAME_LENGTH + 1)), None);
    }

    #[test]
    fn attributes_are_read_as_they_are_typed() {
        let read = parse("city = Seoul, Joined=2026-01-01,, empty=").unwrap();
        let read: Vec<(&str, &str)> = read.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(read, [("city", "Seoul"), ("joined", "2026-01-01")]);
        for wrong in ["city", "=Seoul", "subject=x", "1=2"] {
            assert!(
                matches!(parse(wrong), Err(UserError::Attribute { .. })),
                "{wrong}"
            );
        }
    }
}
