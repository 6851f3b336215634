//! Tokens, and the text that they came from.
//!
//! A Hangul syllable is a token of its own: Korean leaves the spaces between words to taste, so
//! words are matched syllable by syllable and spaces are forgotten here. English words do need
//! their ends, so a run of Latin letters is one token.

use std::cell::Cell;
use std::ops::Range;

use super::numerals::Quantity;
use super::{MAX_TEXT, TimeTextError};

/// One token, with its place in the text in characters.
#[derive(Debug)]
struct Token {
    lexeme: Lexeme,
    at: usize,
    end: usize,
}

/// What a token is.
#[derive(Debug)]
pub(super) enum Lexeme {
    /// Digits, perhaps with a decimal point.
    Number {
        /// The number that they write.
        quantity: Quantity,
        /// How many digits there are before the point; a year has four, minutes have two.
        digits: usize,
    },
    /// Latin letters in lower case, without the dots and apostrophes of `p.m.` and `o'clock`.
    Word(String),
    /// One Hangul syllable.
    Syllable(char),
    /// Anything else.
    Mark(char),
}

/// A text under examination. Positions (`pos`) count tokens.
///
/// The grammars try alternatives; whichever got furthest tells where the text stopped making
/// sense. That one note is kept in cells, so that grammar functions can take `&Phrase`.
#[derive(Debug)]
pub(super) struct Phrase<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    furthest: Cell<usize>,
    rejected: Cell<Option<usize>>,
}

impl<'a> Phrase<'a> {
    /// Splits a text into tokens.
    pub(super) fn new(text: &'a str) -> Result<Self, TimeTextError> {
        if text.chars().nth(MAX_TEXT).is_some() {
            return Err(TimeTextError::TooLong);
        }
        let tokens = tokens(&text.chars().map(fold).collect::<Vec<_>>());
        if tokens.is_empty() {
            return Err(TimeTextError::Empty);
        }
        Ok(Self {
            text,
            tokens,
            furthest: Cell::new(0),
            rejected: Cell::new(None),
        })
    }

    /// The token at `pos`, if the text goes on until there.
    pub(super) fn lexeme(&self, pos: usize) -> Option<&Lexeme> {
        self.tokens.get(pos).map(|token| &token.lexeme)
    }

    /// Whether nothing is left at `pos`.
    pub(super) fn is_end(&self, pos: usize) -> bool {
        pos >= self.tokens.len()
    }

    /// The position after `words`, which are Korean syllables, or English words with a space
    /// between them.
    pub(super) fn after(&self, pos: usize, words: &str) -> Option<usize> {
        if words.is_ascii() {
            return words.split(' ').try_fold(pos, |pos, word| {
                matches!(self.lexeme(pos), Some(Lexeme::Word(found)) if found == word)
                    .then_some(pos + 1)
            });
        }
        words.chars().try_fold(pos, |pos, syllable| {
            matches!(self.lexeme(pos), Some(Lexeme::Syllable(found)) if *found == syllable)
                .then_some(pos + 1)
        })
    }

    /// The position after whichever of `alternatives` takes most of the text.
    pub(super) fn after_any(&self, pos: usize, alternatives: &[&str]) -> Option<usize> {
        let ends = alternatives.iter().map(|words| self.after(pos, words));
        ends.max().flatten()
    }

    /// The position after one of `alternatives`, or the same position if there is none of them.
    pub(super) fn skip(&self, pos: usize, alternatives: &[&str]) -> usize {
        self.after_any(pos, alternatives).unwrap_or(pos)
    }

    /// The value beside whichever of the table's words takes most of the text.
    pub(super) fn look_up<T: Copy>(&self, pos: usize, table: &[(&str, T)]) -> Option<(T, usize)> {
        let found = table
            .iter()
            .filter_map(|(words, value)| Some((*value, self.after(pos, words)?)));
        found.max_by_key(|(_, end)| *end)
    }

    /// The position after a punctuation mark.
    pub(super) fn after_mark(&self, pos: usize, mark: char) -> Option<usize> {
        matches!(self.lexeme(pos), Some(Lexeme::Mark(found)) if *found == mark).then_some(pos + 1)
    }

    /// Notes that the text made sense up to `pos`.
    pub(super) fn made_sense_until(&self, pos: usize) {
        self.furthest.set(self.furthest.get().max(pos));
    }

    /// Notes that the number at `pos` stands where one belongs, but cannot be: `25:00`. That
    /// explains more than how far any other reading got.
    pub(super) fn reject(&self, pos: usize) {
        if self.rejected.get().is_none() {
            self.rejected.set(Some(pos));
        }
    }

    /// The error for a text that no grammar took.
    pub(super) fn unknown(&self) -> TimeTextError {
        self.unknown_at(self.rejected.get().unwrap_or(self.furthest.get()))
    }

    /// The error for a text that stops making sense at `pos`.
    pub(super) fn unknown_at(&self, pos: usize) -> TimeTextError {
        let at = match self.tokens.get(pos) {
            Some(token) => token.at,
            None => self.text.chars().count(),
        };
        TimeTextError::Unknown {
            rest: self.text.chars().skip(at).collect(),
            at,
        }
    }

    /// What was written for these tokens.
    pub(super) fn written(&self, span: Range<usize>) -> String {
        let chars = self.chars_of(span);
        let text = self.text.chars().skip(chars.start);
        text.take(chars.len()).collect()
    }

    /// Where these tokens are in the text, in characters.
    pub(super) fn chars_of(&self, span: Range<usize>) -> Range<usize> {
        let tokens = self.tokens.get(span).unwrap_or_default();
        match (tokens.first(), tokens.last()) {
            (Some(first), Some(last)) => first.at..last.end,
            _ => 0..0,
        }
    }
}

/// Full-width forms (U+FF01 to U+FF5E) become ASCII, capitals small; one character stays one, so
/// that places in the folded text are places in the original.
fn fold(c: char) -> char {
    let narrow = match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '’' => '\'',
        _ => c,
    };
    narrow.to_ascii_lowercase()
}

fn tokens(chars: &[char]) -> Vec<Token> {
    let is_digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let mut end = at + 1;
        let lexeme = match c {
            _ if c.is_whitespace() => {
                at = end;
                continue;
            }
            '0'..='9' | '.' if is_digit(at) || is_digit(end) => {
                end = at;
                while is_digit(end) {
                    end += 1;
                }
                let whole = at..end;
                let mut fraction = end..end;
                if chars.get(end) == Some(&'.') && is_digit(end + 1) {
                    end += 1;
                    fraction = end..end;
                    while is_digit(end) {
                        end += 1;
                    }
                    fraction.end = end;
                }
                Lexeme::Number {
                    digits: whole.len(),
                    quantity: Quantity::from_digits(&chars[whole], &chars[fraction]),
                }
            }
            'a'..='z' => {
                // A dot before a digit is a decimal point, not the end of an abbreviation.
                while matches!(chars.get(end), Some('a'..='z' | '\''))
                    || (chars.get(end) == Some(&'.') && !is_digit(end + 1))
                {
                    end += 1;
                }
                let letters = chars[at..end].iter().filter(|c| c.is_ascii_lowercase());
                Lexeme::Word(letters.collect())
            }
            '가'..='힣' => Lexeme::Syllable(c),
            _ => Lexeme::Mark(c),
        };
        tokens.push(Token { lexeme, at, end });
        at = end;
    }
    tokens
}
