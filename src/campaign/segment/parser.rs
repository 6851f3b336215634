//! From words and signs to a filter.

use chrono::NaiveDate;

use super::lexer::{Kind, Token};
use super::{Comparison, Field, Filter, MOST_DEPTH, Test, Value};
use crate::error::{Expected, SegmentFault};
use crate::subscriber::attributes;

/// Reads tokens, one after the other.
pub(super) struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    /// Where the text ends, in characters from 1.
    end: usize,
    depth: usize,
}

impl Parser {
    pub(super) fn new(tokens: Vec<Token>, end: usize) -> Self {
        Self {
            tokens: tokens.into_iter().peekable(),
            end,
            depth: 0,
        }
    }

    /// The whole expression.
    pub(super) fn whole(mut self) -> Result<Filter, SegmentFault> {
        let filter = self.any()?;
        match self.tokens.peek() {
            None => Ok(filter),
            Some(_) => Err(self.expected(Expected::End)),
        }
    }

    fn any(&mut self) -> Result<Filter, SegmentFault> {
        let mut parts = vec![self.all()?];
        while self.takes_word("or") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Filter::Any))
    }

    fn all(&mut self) -> Result<Filter, SegmentFault> {
        let mut parts = vec![self.one()?];
        while self.takes_word("and") {
            parts.push(self.one()?);
        }
        Ok(one_or(parts, Filter::All))
    }

    fn one(&mut self) -> Result<Filter, SegmentFault> {
        if self.takes_word("not") {
            self.deeper()?;
            let filter = self.one()?;
            self.depth -= 1;
            return Ok(Filter::Not(Box::new(filter)));
        }
        if self.takes(&Kind::Open) {
            self.deeper()?;
            let filter = self.any()?;
            self.takes_or(&Kind::Close, Expected::Close)?;
            self.depth -= 1;
            return Ok(filter);
        }
        let field = self.field()?;
        let test = self.test()?;
        Ok(Filter::Is(field, test))
    }

    fn deeper(&mut self) -> Result<(), SegmentFault> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(SegmentFault::TooDeep { most: MOST_DEPTH });
        }
        Ok(())
    }

    fn field(&mut self) -> Result<Field, SegmentFault> {
        let name = match self.tokens.peek().map(|token| &token.kind) {
            Some(Kind::Word(word)) if !is_keyword(word) => word.clone(),
            Some(Kind::Name(name)) => name.clone(),
            _ => return Err(self.expected(Expected::Field)),
        };
        let field = match name.trim().to_lowercase().as_str() {
            "name" => Some(Field::Name),
            "email" => Some(Field::Email),
            _ => attributes::name(&name).map(Field::Attribute),
        };
        match field {
            Some(field) => {
                self.tokens.next();
                Ok(field)
            }
            None => Err(self.expected(Expected::Field)),
        }
    }

    fn test(&mut self) -> Result<Test, SegmentFault> {
        if self.takes_word("is") {
            let is_empty = !self.takes_word("not");
            return match self.takes_word("empty") {
                true => Ok(Test::Empty(is_empty)),
                false => Err(self.expected(Expected::Empty)),
            };
        }
        if self.takes_word("contains") {
            return Ok(Test::Contains(self.text()?));
        }
        if self.takes_word("in") {
            return self.list().map(Test::In);
        }
        let comparison = match self.tokens.peek().map(|token| &token.kind) {
            Some(Kind::Equal) => Comparison::Equal,
            Some(Kind::Unequal) => Comparison::Unequal,
            Some(Kind::Less) => Comparison::Less,
            Some(Kind::AtMost) => Comparison::AtMost,
            Some(Kind::More) => Comparison::More,
            Some(Kind::AtLeast) => Comparison::AtLeast,
            _ => return Err(self.expected(Expected::Comparison)),
        };
        self.tokens.next();
        Ok(Test::Compare(comparison, self.value()?))
    }

    fn list(&mut self) -> Result<Vec<Value>, SegmentFault> {
        self.takes_or(&Kind::Open, Expected::Open)?;
        let mut values = vec![self.value()?];
        while self.takes(&Kind::Comma) {
            values.push(self.value()?);
        }
        self.takes_or(&Kind::Close, Expected::CommaOrClose)?;
        Ok(values)
    }

    fn text(&mut self) -> Result<String, SegmentFault> {
        match self.tokens.peek().map(|token| &token.kind) {
            Some(Kind::Text(text) | Kind::Figures(text)) => {
                let text = text.clone();
                self.tokens.next();
                Ok(text)
            }
            _ => Err(self.expected(Expected::Value)),
        }
    }

    fn value(&mut self) -> Result<Value, SegmentFault> {
        let value = match self.tokens.peek().map(|token| (&token.kind, token.at)) {
            Some((Kind::Text(text), _)) => Value::Text(text.clone()),
            Some((Kind::Figures(figures), at)) => {
                let value = figures_of(figures);
                value.ok_or_else(|| SegmentFault::Value {
                    at,
                    found: figures.clone(),
                })?
            }
            _ => return Err(self.expected(Expected::Value)),
        };
        self.tokens.next();
        Ok(value)
    }

    fn takes(&mut self, kind: &Kind) -> bool {
        self.tokens.next_if(|token| token.kind == *kind).is_some()
    }

    fn takes_or(&mut self, kind: &Kind, expected: Expected) -> Result<(), SegmentFault> {
        if self.takes(kind) {
            return Ok(());
        }
        Err(self.expected(expected))
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is_it = |token: &Token| matches!(&token.kind, Kind::Word(typed) if typed.eq_ignore_ascii_case(word));
        self.tokens.next_if(is_it).is_some()
    }

    fn expected(&mut self, expected: Expected) -> SegmentFault {
        let (at, found) = match self.tokens.peek() {
            Some(token) => (token.at, token.typed.clone()),
            None => (self.end, String::new()),
        };
        SegmentFault::Expected {
            at,
            expected,
            found,
        }
    }
}

fn one_or(mut parts: Vec<Filter>, joined: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.len() {
        1 => parts.swap_remove(0),
        _ => joined(parts),
    }
}

/// Words that are no names unless they stand in backticks or brackets.
pub(super) fn is_keyword(word: &str) -> bool {
    ["and", "or", "not", "in", "is", "contains", "empty"]
        .iter()
        .any(|keyword| word.eq_ignore_ascii_case(keyword))
}

/// A date or a number.
fn figures_of(typed: &str) -> Option<Value> {
    if let Some(date) = super::date(typed)
        && typed.len() == super::DATE_LENGTH
    {
        return Some(Value::Date(date));
    }
    super::number(typed).map(Value::Number)
}

/// Only here, so that what a value is stands in one place.
pub(super) fn date_of(text: &str) -> Option<NaiveDate> {
    let fits = |(index, byte): (usize, &u8)| match index {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    let head = text.get(..super::DATE_LENGTH)?;
    let is_date = head.as_bytes().iter().enumerate().all(fits);
    is_date.then(|| head.parse().ok()).flatten()
}
