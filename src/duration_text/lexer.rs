//! Tokens, and the text that they came from.
//!
//! A Hangul syllable is a token of its own: Korean leaves the spaces between words to taste, so
//! words are matched syllable by syllable and spaces are forgotten here. English words do need
//! their ends, so a run of Latin letters is one token.

use std::cell::Cell;
use std::ops::Range;

use unicode_normalization::char::decompose_compatible;

use super::numerals::Quantity;
use super::{MAX_TEXT, TimeTextError};
use crate::i18n::typed::is_invisible;

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
        /// What is written behind the point, and in how many digits: `17.30` may be a time of day
        /// and `12.1` a date.
        decimals: Option<(u32, usize)>,
    },
    /// Latin letters in lower case, without the dots and apostrophes of `p.m.` and `o'clock`.
    Word(String),
    /// One Hangul syllable.
    Syllable(char),
    /// Anything else.
    Mark(char),
}

/// Marks that mean nothing at the end of a text.
const IDLE: [char; 23] = [
    '.', '!', '?', '~', ',', ';', '…', '。', '、', '"', '\'', '“', '”', '‘', '「', '」', '～', '`',
    'ㅋ', 'ㅎ', 'ㅠ', 'ㅜ', '^',
];

/// Korean endings of a sentence, which say nothing about time: `30분이요`. The longest come first.
const POLITE: [&str; 9] = [
    "이에요",
    "입니다",
    "할게요",
    "할게",
    "예요",
    "이요",
    "이야",
    "임",
    "요",
];

/// Marks that mean nothing at its beginning.
const QUOTES: [char; 8] = ['"', '\'', '“', '”', '‘', '「', '~', '`'];

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
        let mut tokens = tokens_of(text);
        // `30분.`, `"6pm"`: what ends a sentence or quotes says nothing about time.
        let drop_marks = |tokens: &mut Vec<Token>| {
            while matches!(tokens.last(), Some(Token { lexeme: Lexeme::Mark(c), .. }) if IDLE.contains(c))
            {
                tokens.pop();
            }
        };
        drop_marks(&mut tokens);
        drop_politeness(&mut tokens);
        drop_marks(&mut tokens);
        let idle = tokens
            .iter()
            .take_while(|token| matches!(token.lexeme, Lexeme::Mark(c) if QUOTES.contains(&c)));
        let idle = idle.count();
        tokens.drain(..idle);
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
        match self.lexeme(pos)? {
            Lexeme::Word(_) => words.split(' ').try_fold(pos, |pos, word| {
                matches!(self.lexeme(pos), Some(Lexeme::Word(found)) if found == word)
                    .then_some(pos + 1)
            }),
            Lexeme::Syllable(_) => words.chars().try_fold(pos, |pos, syllable| {
                matches!(self.lexeme(pos), Some(Lexeme::Syllable(found)) if *found == syllable)
                    .then_some(pos + 1)
            }),
            _ => None,
        }
    }

    /// What a word has to begin with to stand at `pos`. Most words of a table do not, and are not looked
    /// at further: reading a text looks into some hundred tables.
    fn beginning(&self, pos: usize) -> Option<([u8; 4], usize)> {
        let mut beginning = [0; 4];
        let length = match self.lexeme(pos)? {
            Lexeme::Word(word) => {
                beginning[0] = *word.as_bytes().first()?;
                1
            }
            Lexeme::Syllable(syllable) => syllable.encode_utf8(&mut beginning).len(),
            _ => return None,
        };
        Some((beginning, length))
    }

    /// The position after whichever of `alternatives` takes most of the text.
    pub(super) fn after_any(&self, pos: usize, alternatives: &[&str]) -> Option<usize> {
        let (beginning, length) = self.beginning(pos)?;
        let mut furthest = None;
        for words in alternatives {
            if words.as_bytes().starts_with(&beginning[..length]) {
                furthest = furthest.max(self.after(pos, words));
            }
        }
        furthest
    }

    /// The position after one of `alternatives`, or the same position if there is none of them.
    pub(super) fn skip(&self, pos: usize, alternatives: &[&str]) -> usize {
        self.after_any(pos, alternatives).unwrap_or(pos)
    }

    /// The value beside whichever of the table's words takes most of the text.
    pub(super) fn look_up<T: Copy>(&self, pos: usize, table: &[(&str, T)]) -> Option<(T, usize)> {
        let (beginning, length) = self.beginning(pos)?;
        let mut found: Option<(T, usize)> = None;
        for (words, value) in table {
            if words.as_bytes().starts_with(&beginning[..length])
                && let Some(end) = self.after(pos, words)
                && found.is_none_or(|(_, furthest)| furthest <= end)
            {
                found = Some((*value, end));
            }
        }
        found
    }

    /// Whether nothing stands between the token at `pos` and the one before it, not even a space.
    pub(super) fn is_adjacent(&self, pos: usize) -> bool {
        match (
            pos.checked_sub(1)
                .and_then(|before| self.tokens.get(before)),
            self.tokens.get(pos),
        ) {
            (Some(before), Some(token)) => before.end == token.at,
            _ => false,
        }
    }

    /// The position after a punctuation mark.
    pub(super) fn after_mark(&self, pos: usize, mark: char) -> Option<usize> {
        matches!(self.lexeme(pos), Some(Lexeme::Mark(found)) if *found == mark).then_some(pos + 1)
    }

    /// Whether any of it is Korean: then a date such as `12/1` has its month first.
    pub(super) fn is_korean(&self) -> bool {
        let mut tokens = self.tokens.iter();
        tokens.any(|token| matches!(token.lexeme, Lexeme::Syllable(_)))
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

    /// How many tokens there are.
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The whole text with something else in place of these tokens, in the characters that it is read
    /// as. A space is put where a number or a word would run into its neighbour.
    pub(super) fn rewritten(&self, span: Range<usize>, part: &str) -> String {
        let text: Vec<char> = self.text.chars().collect();
        let until = |end: usize| fold_all(&text[..end.min(text.len())]);
        let (start, end) = match (self.tokens.get(span.start), span.is_empty()) {
            (Some(token), true) => (token.at, token.at),
            (Some(token), false) => (token.at, self.chars_of(span).end),
            (None, _) => (text.len(), text.len()),
        };
        let before = until(start);
        let after = fold_all(&text[end.min(text.len())..]);
        let runs_into = |left: Option<char>, right: Option<char>| {
            let is_word = |c: char| c.is_ascii_alphanumeric();
            left.is_some_and(is_word) && right.is_some_and(is_word)
        };
        let space = |is_needed: bool| if is_needed { " " } else { "" };
        let first = space(runs_into(before.chars().last(), part.chars().next()));
        let second = space(runs_into(part.chars().last(), after.chars().next()));
        let whole = format!("{before}{first}{part}{second}{after}");
        whole.trim().to_owned()
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

/// A text in the characters that it is read as: see [`fold`].
pub(super) fn folded(text: &str) -> String {
    fold_all(&text.chars().collect::<Vec<_>>())
}

fn fold_all(chars: &[char]) -> String {
    chars.iter().flat_map(|c| fold(*c)).collect()
}

/// What a character is read as: full-width digits and letters, digits in circles and the like become
/// ASCII, as their compatibility decomposition (Unicode, NFKD) has them. What would become anything else
/// stays as it is, such as `½`, which is a number of its own.
fn fold(c: char) -> Vec<char> {
    let narrow = match c {
        '’' | '´' => '\'',
        '−' | '–' | '—' | '‐' | '‑' => '-',
        '∼' | '〜' => '~',
        '∶' => ':',
        '⁄' => '/',
        _ => c,
    };
    if narrow.is_ascii() || ('가'..='힣').contains(&narrow) {
        return vec![narrow];
    }
    // A power is no digit: `30²`.
    if matches!(narrow, '¹' | '²' | '³' | '\u{2070}'..='\u{209f}') {
        return vec![narrow];
    }
    let mut plain = Vec::new();
    decompose_compatible(narrow, |part| plain.push(part));
    if plain.iter().all(char::is_ascii) {
        plain
    } else {
        vec![narrow]
    }
}

/// Leaves out an ending that only makes a sentence polite, unless there is nothing before it.
fn drop_politeness(tokens: &mut Vec<Token>) {
    let ends_in = |ending: &str| {
        let length = ending.chars().count();
        let Some(start) = tokens.len().checked_sub(length).filter(|start| *start > 0) else {
            return false;
        };
        let mut pairs = tokens[start..].iter().zip(ending.chars());
        pairs.all(|(token, c)| matches!(token.lexeme, Lexeme::Syllable(found) if found == c))
    };
    if let Some(ending) = POLITE.into_iter().find(|ending| ends_in(ending)) {
        tokens.truncate(tokens.len() - ending.chars().count());
    }
}

/// The tokens of a text, with their places in the text as it was written.
fn tokens_of(text: &str) -> Vec<Token> {
    let mut chars = Vec::new();
    let mut places = Vec::new();
    for (place, c) in text.chars().enumerate() {
        for plain in fold(c) {
            chars.push(plain.to_ascii_lowercase());
            places.push(place);
        }
    }
    let mut found = tokens(&chars);
    for token in &mut found {
        (token.at, token.end) = (places[token.at], places[token.end - 1] + 1);
    }
    found
}

fn tokens(chars: &[char]) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let mut end = at + 1;
        let lexeme = match c {
            _ if c.is_whitespace() || is_invisible(c) => {
                at = end;
                continue;
            }
            '0'..='9' | '.' | '½' | '¼' | '¾' if starts_number(chars, at) => {
                number(chars, at, &mut end)
            }
            'a'..='z' => {
                // A dot before a digit is a decimal point, and ends an abbreviation only where three
                // letters are before it: `Dec.1`.
                while matches!(chars.get(end), Some('a'..='z' | '\''))
                    || (chars.get(end) == Some(&'.')
                        && (!is_digit(chars, end + 1) || end - at >= 3))
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

fn is_digit(chars: &[char], at: usize) -> bool {
    chars.get(at).is_some_and(char::is_ascii_digit)
}

/// A digit, a point with a digit behind it, or a half in one character.
fn starts_number(chars: &[char], at: usize) -> bool {
    is_digit(chars, at)
        || chars.get(at).is_some_and(|c| vulgar(*c).is_some())
        || (chars.get(at) == Some(&'.')
            && is_digit(chars, at + 1)
            && !(at > 0 && is_digit(chars, at - 1)))
}

/// `½`, in hundredths.
fn vulgar(c: char) -> Option<[char; 2]> {
    match c {
        '½' => Some(['5', '0']),
        '¼' => Some(['2', '5']),
        '¾' => Some(['7', '5']),
        _ => None,
    }
}

/// `30`, `1.5`, `.5`, `1½`. Of a row with several points, as dates have them (`2026.12.1`), and of an
/// address or a version, each part is a number of its own.
fn number(chars: &[char], at: usize, end: &mut usize) -> Lexeme {
    let digits_from = |mut end: usize| {
        while is_digit(chars, end) {
            end += 1;
        }
        end
    };
    let whole = at..digits_from(at);
    *end = whole.end;
    let mut fraction: &[char] = &[];
    let half = chars.get(*end).and_then(|c| vulgar(*c));
    if let Some(half) = &half {
        *end += 1;
        let quantity = Quantity::from_digits(&chars[whole.clone()], half);
        return Lexeme::Number {
            digits: whole.len(),
            quantity,
            decimals: None,
        };
    }
    if chars.get(*end) == Some(&'.') && is_digit(chars, *end + 1) {
        let after = digits_from(*end + 1);
        // A year may have a space behind the next point: `2026.12. 1.`
        let goes_on =
            chars.get(after) == Some(&'.') && (is_digit(chars, after + 1) || whole.len() == 4);
        let went_on = at > 0 && chars[at - 1] == '.' && at > 1 && is_digit(chars, at - 2);
        // A number that begins with its point has nothing else.
        if whole.is_empty() || (!goes_on && !went_on) {
            fraction = &chars[*end + 1..after];
            *end = after;
        }
    }
    let value = |digits: &[char]| digits.iter().collect::<String>().parse().ok();
    Lexeme::Number {
        digits: whole.len(),
        quantity: Quantity::from_digits(&chars[whole], fraction),
        decimals: value(fraction).map(|value| (value, fraction.len())),
    }
}
