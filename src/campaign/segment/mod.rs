//! Who gets a campaign: an expression over what is known of subscribers, and the filter it means.
//!
//! ```text
//! gender = "Female" and joined >= 2026-01-01
//! (도시 in ("서울", "부산") or name contains "kim") and not email contains "@test."
//! ```
//!
//! # Promise
//!
//! - The whole expression is understood or refused, with the place and what was expected there.
//! - Pure: the same expression and subscriber give the same answer.
//! - What is printed ([`Filter`]'s `Display`) is read back as the same filter.
//!
//! # What comparisons mean
//!
//! Everything known of a subscriber is text; the value on the right says how it is read.
//!
//! - A text in quotes: both sides in Unicode's composed form and lower case, without the spaces around
//!   them; `<` and the like go by the characters.
//! - A number: the attribute is read as one. A date: its first ten characters are read as `YYYY-MM-DD`.
//!   What cannot be read so is neither equal to it, nor less, nor more.
//! - `!=` is the opposite of `=`, and so true of whoever has no such attribute. Every other comparison,
//!   `contains` and `in` are false of them.
//! - `is empty` is true of an attribute that is missing, or is nothing but space.

mod lexer;
mod parser;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;
use unicode_normalization::UnicodeNormalization as _;

use crate::error::SegmentFault;
use crate::subscriber::attributes::Attributes;

/// Characters of an expression: what fits a line of Discord's composer and can still be read.
pub const MOST_LENGTH: usize = 500;
/// How deep `not` and parentheses may stand inside one another.
pub const MOST_DEPTH: usize = 20;
/// `2026-01-01`.
const DATE_LENGTH: usize = 10;

/// Whom an expression means.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Whom all of these mean; two at least.
    All(Vec<Filter>),
    /// Whom one of these means; two at least.
    Any(Vec<Filter>),
    /// Whom this does not mean.
    Not(Box<Filter>),
    /// Of whom this is so.
    Is(Field, Test),
}

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// What they are called.
    Name,
    /// Where mail goes.
    Email,
    /// Something else that is known, by its name.
    Attribute(String),
}

/// What must be so.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// A comparison.
    Compare(Comparison, Value),
    /// This text is in it.
    Contains(String),
    /// It equals one of these.
    In(Vec<Value>),
    /// It is empty, or (`false`) is not.
    Empty(bool),
}

/// How two things are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

/// What something is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number, never infinite.
    Number(f64),
    /// A day.
    Date(NaiveDate),
}

/// Reads an expression.
pub fn parse(text: &str) -> Result<Filter, SegmentFault> {
    let length = text.chars().count();
    if length > MOST_LENGTH {
        return Err(SegmentFault::TooLong { most: MOST_LENGTH });
    }
    let tokens = lexer::tokens(text)?;
    parser::Parser::new(tokens, length + 1).whole()
}

impl Filter {
    /// Whether it means this subscriber.
    pub fn matches(&self, name: &str, email: &str, attributes: &Attributes) -> bool {
        match self {
            Self::All(parts) => parts
                .iter()
                .all(|part| part.matches(name, email, attributes)),
            Self::Any(parts) => parts
                .iter()
                .any(|part| part.matches(name, email, attributes)),
            Self::Not(part) => !part.matches(name, email, attributes),
            Self::Is(field, test) => test.holds(match field {
                Field::Name => name,
                Field::Email => email,
                Field::Attribute(attribute) => attributes.get(attribute).map_or("", String::as_str),
            }),
        }
    }

    /// Refuses attributes that are not among those known, with the nearest that is.
    pub fn check(&self, known: &BTreeSet<String>) -> Result<(), SegmentFault> {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().try_for_each(|part| part.check(known))
            }
            Self::Not(part) => part.check(known),
            Self::Is(Field::Attribute(name), _) if !known.contains(name) => {
                Err(SegmentFault::UnknownField {
                    name: name.clone(),
                    nearest: nearest(name, known),
                })
            }
            Self::Is(..) => Ok(()),
        }
    }
}

/// The known name that is likest, if one is like enough to have been meant.
fn nearest(name: &str, known: &BTreeSet<String>) -> Option<String> {
    let names = known.iter().map(String::as_str).chain(["name", "email"]);
    let like = names.map(|one| (strsim::normalized_damerau_levenshtein(name, one), one));
    let nearest = like.max_by(|(a, _), (b, _)| a.total_cmp(b));
    let meant = nearest.filter(|(like, _)| *like >= 0.5);
    meant.map(|(_, one)| one.to_owned())
}

impl Test {
    /// Whether it holds of what is known; what is missing is an empty text.
    fn holds(&self, known: &str) -> bool {
        let is_missing = known.trim().is_empty();
        match self {
            Self::Compare(Comparison::Unequal, value) => is_missing || !equals(known, value),
            Self::Empty(is_empty) => is_missing == *is_empty,
            _ if is_missing => false,
            Self::Compare(comparison, value) => {
                compared(known, value).is_some_and(|order| comparison.fits(order))
            }
            Self::Contains(text) => folded(known).contains(&folded(text)),
            Self::In(values) => {
                // Once, and not for each of them.
                let folded_known = folded(known);
                values.iter().any(|value| match value {
                    Value::Text(text) => folded(text) == folded_known,
                    Value::Number(_) | Value::Date(_) => equals(known, value),
                })
            }
        }
    }
}

fn equals(known: &str, value: &Value) -> bool {
    compared(known, value) == Some(std::cmp::Ordering::Equal)
}

/// How what is known stands to a value; `None` if it cannot be read as one.
fn compared(known: &str, value: &Value) -> Option<std::cmp::Ordering> {
    match value {
        Value::Text(text) => Some(folded(known).cmp(&folded(text))),
        Value::Number(value) => number(known)?.partial_cmp(value),
        Value::Date(value) => Some(date(known)?.cmp(value)),
    }
}

/// What does not count when texts are compared: case, the form of characters, spaces around.
fn folded(text: &str) -> String {
    text.trim().nfc().flat_map(char::to_lowercase).collect()
}

/// A decimal number: no exponent, no infinity.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_decimal = |byte: u8| byte.is_ascii_digit() || b"+-.".contains(&byte);
    let is_number = text.bytes().all(is_decimal) && text.bytes().any(|byte| byte.is_ascii_digit());
    let number: f64 = is_number.then(|| text.parse().ok()).flatten()?;
    number.is_finite().then_some(number)
}

/// The day that a text begins with.
fn date(text: &str) -> Option<NaiveDate> {
    parser::date_of(text.trim())
}

impl Comparison {
    fn fits(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) => joined(f, parts, " and "),
            Self::Any(parts) => joined(f, parts, " or "),
            Self::Not(part) => {
                f.write_str("not ")?;
                part.inside(f)
            }
            Self::Is(field, test) => write!(f, "{field} {test}"),
        }
    }
}

impl Filter {
    /// As a part of another: in parentheses where it would be read otherwise.
    fn inside(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(_) | Self::Any(_) => write!(f, "({self})"),
            Self::Not(_) | Self::Is(..) => write!(f, "{self}"),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Filter], word: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        part.inside(f)?;
    }
    Ok(())
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("name"),
            Self::Email => f.write_str("email"),
            Self::Attribute(name) if parser::is_keyword(name) => write!(f, "`{name}`"),
            Self::Attribute(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare(comparison, value) => write!(f, "{} {value}", comparison.sign()),
            Self::Contains(text) => write!(f, "contains {}", Value::Text(text.clone())),
            Self::Empty(true) => f.write_str("is empty"),
            Self::Empty(false) => f.write_str("is not empty"),
            Self::In(values) => {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                write!(f, "in ({})", values.join(", "))
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => {
                let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
                write!(f, "\"{escaped}\"")
            }
            Self::Number(number) => number.fmt(f),
            Self::Date(date) => write!(f, "{}", date.format("%Y-%m-%d")),
        }
    }
}
