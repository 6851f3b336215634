//! From the characters of an expression to its words and signs.

use crate::error::SegmentFault;

/// A word or sign, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// In characters from 1.
    pub(super) at: usize,
    /// As it was typed.
    pub(super) typed: String,
}

/// What a word or sign is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word(String),
    /// A name in backticks or brackets.
    Name(String),
    /// A text in quotes.
    Text(String),
    /// Begins with a digit or a sign: a number or a date.
    Figures(String),
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
    Open,
    Close,
    Comma,
    /// What belongs to no expression.
    Other,
}

/// Telephones write the curly ones by themselves.
const QUOTES: [(char, char); 4] = [('"', '"'), ('\'', '\''), ('“', '”'), ('‘', '’')];
/// Around names that have spaces.
const NAME_QUOTES: [(char, char); 2] = [('`', '`'), ('[', ']')];
/// Signs, the longer before those that they begin with.
const SIGNS: [(&str, Kind); 14] = [
    ("==", Kind::Equal),
    ("!=", Kind::Unequal),
    ("<>", Kind::Unequal),
    ("<=", Kind::AtMost),
    (">=", Kind::AtLeast),
    ("≠", Kind::Unequal),
    ("≤", Kind::AtMost),
    ("≥", Kind::AtLeast),
    ("=", Kind::Equal),
    ("<", Kind::Less),
    (">", Kind::More),
    ("(", Kind::Open),
    (")", Kind::Close),
    (",", Kind::Comma),
];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SegmentFault> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = characters.get(at).copied() {
        if first.is_whitespace() {
            at += 1;
            continue;
        }
        let (kind, length) = next(&characters[at..], at + 1)?;
        tokens.push(Token {
            kind,
            at: at + 1,
            typed: characters[at..at + length].iter().collect(),
        });
        at += length;
    }
    Ok(tokens)
}

/// The first token of `rest`, which does not begin with a space, and how many characters it has.
fn next(rest: &[char], at: usize) -> Result<(Kind, usize), SegmentFault> {
    let first = rest[0];
    let closed_by = |pairs: &[(char, char)]| {
        let pair = pairs.iter().find(|(open, _)| *open == first);
        pair.map(|(_, close)| *close)
    };
    if let Some(close) = closed_by(&QUOTES) {
        let (text, length) = quoted(rest, close, true).ok_or(SegmentFault::Unclosed { at })?;
        return Ok((Kind::Text(text), length));
    }
    if let Some(close) = closed_by(&NAME_QUOTES) {
        let (name, length) = quoted(rest, close, false).ok_or(SegmentFault::Unclosed { at })?;
        return Ok((Kind::Name(name), length));
    }
    for (sign, kind) in SIGNS {
        if sign.chars().zip(rest).filter(|(a, b)| a == *b).count() == sign.chars().count() {
            return Ok((kind, sign.chars().count()));
        }
    }
    let run = |fits: fn(char) -> bool| {
        let run: String = rest.iter().copied().take_while(|one| fits(*one)).collect();
        let length = run.chars().count();
        (run, length)
    };
    if first.is_ascii_digit() || first == '-' || first == '+' || first == '.' {
        let (figures, length) = run(|one| one.is_alphanumeric() || "+-._:".contains(one));
        return Ok((Kind::Figures(figures), length));
    }
    if first.is_alphabetic() || first == '_' {
        let (word, length) = run(|one| one.is_alphanumeric() || one == '_');
        return Ok((Kind::Word(word), length));
    }
    Ok((Kind::Other, 1))
}

/// What stands between quotes, and how long it is with them. In a text a backslash makes the next
/// character an ordinary one.
fn quoted(rest: &[char], close: char, escapes: bool) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut characters = rest.iter().copied().enumerate().skip(1);
    while let Some((index, character)) = characters.next() {
        if character == close {
            return Some((text, index + 1));
        }
        if escapes && character == '\\' {
            text.push(characters.next()?.1);
        } else {
            text.push(character);
        }
    }
    None
}
