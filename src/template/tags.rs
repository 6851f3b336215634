//! The tags of a template: `{{ … }}`, `{% … %}`, `{# … #}`.
//!
//! minijinja reads them, too; this reader is stricter, and does before a template is kept what a
//! template engine cannot do while it merges:
//!
//! - it knows the filters, tests and functions that there are, and tells their names at once rather
//!   than at the first mail;
//! - it keeps out what makes much of little. Fuel counts instructions, not memory, and a text that is
//!   doubled forty times takes forty instructions. So texts are not joined (`~`, `+`, `*`), lists hold
//!   literals only, and there are no blocks that catch their own output. What is left grows no value
//!   beyond the longest tag or its filter's bound, and every loop is paid for by fuel;
//! - it keeps out what would write a value unescaped (`safe`, `autoescape`).

use std::ops::Range;

use crate::error::TagFault;

/// Characters of one tag: ten times what somebody writes by hand.
pub(super) const TAG_LENGTH: usize = 1_000;

/// What can stand after `|`.
pub(super) const FILTERS: &[&str] = &[
    "abs",
    "capitalize",
    "count",
    "default",
    "first",
    "float",
    "int",
    "last",
    "length",
    "lower",
    "replace",
    "round",
    "title",
    "trim",
    "upper",
    "urlencode",
];
/// What can stand after `is`.
pub(super) const TESTS: &[&str] = &[
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "even",
    "ge",
    "gt",
    "in",
    "le",
    "lt",
    "ne",
    "none",
    "number",
    "odd",
    "startingwith",
    "string",
    "undefined",
];
/// What can stand before `(`.
pub(super) const FUNCTIONS: &[&str] = &["image", "range"];
/// What can stand before `(` after `loop.`.
const LOOP_FUNCTIONS: &[&str] = &["changed", "cycle"];
/// What stands before `(` without being called.
const OPERATORS: &[&str] = &["and", "elif", "else", "if", "in", "is", "not", "or"];

/// One tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    /// Where it stands, with its braces.
    pub(super) span: Range<usize>,
    /// What it is.
    pub(super) kind: Kind,
}

/// What a tag is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `{{ … }}`: becomes text.
    Value,
    /// `{% … %}`: decides what becomes of others.
    Statement,
    /// `{# … #}`: becomes nothing.
    Comment,
}

/// Something is wrong where this tag begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Bytes before it.
    pub(super) at: usize,
    /// What.
    pub(super) fault: TagFault,
}

/// All tags, in their order. `images` are the names of the template's pictures.
pub(super) fn read(source: &str, images: &[String]) -> Result<Vec<Tag>, Fault> {
    let mut tags = Vec::new();
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'{', &source.as_bytes()[at..]) {
        let start = at + found;
        let kind = match source.as_bytes().get(start + 1) {
            Some(b'{') => Kind::Value,
            Some(b'%') => Kind::Statement,
            Some(b'#') => Kind::Comment,
            _ => {
                at = start + 1;
                continue;
            }
        };
        let fault = |fault| Fault { at: start, fault };
        let end = end_of(&source[start..], kind).ok_or_else(|| fault(TagFault::Endless))?;
        let span = start..start + end;
        at = span.end;
        let inside = &source[span.start + 2..span.end - 2];
        if kind != Kind::Comment {
            if inside.chars().count() > TAG_LENGTH {
                return Err(fault(TagFault::TooLong { most: TAG_LENGTH }));
            }
            let words = words(inside).map_err(fault)?;
            let words = without_trimming(&words);
            let used = match kind {
                Kind::Statement => statement(words, &mut open, start).map_err(fault)?,
                _ => words,
            };
            expression(used, images).map_err(fault)?;
        }
        tags.push(Tag { span, kind });
    }
    match open.pop() {
        Some((at, given)) => {
            let given = given.to_owned();
            let fault = TagFault::Unclosed { given };
            Err(Fault { at, fault })
        }
        None => Ok(tags),
    }
}

/// Where a tag ends: bytes from its beginning. What stands in quotes does not end it.
fn end_of(tag: &str, kind: Kind) -> Option<usize> {
    let bytes = tag.as_bytes();
    let end: &[u8; 2] = match kind {
        Kind::Value => b"}}",
        Kind::Statement => b"%}",
        Kind::Comment => return tag.find("#}").map(|at| at + 2),
    };
    let mut at = 2;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => at = end_of_quote(bytes, at, quote)?,
            _ if bytes[at..].starts_with(end) => return Some(at + 2),
            _ => at += 1,
        }
    }
    None
}

/// The byte after a quote's end.
fn end_of_quote(bytes: &[u8], start: usize, quote: u8) -> Option<usize> {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// What a tag is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word<'a> {
    Name(&'a str),
    /// With its quotes.
    Quote(&'a str),
    Number,
    Sign(char),
}

fn words(inside: &str) -> Result<Vec<Word<'_>>, TagFault> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = inside[at..].chars().next() {
        let rest = &inside[at..];
        let length = if first.is_whitespace() {
            first.len_utf8()
        } else if first == '"' || first == '\'' {
            let quote = if first == '"' { b'"' } else { b'\'' };
            let length = end_of_quote(rest.as_bytes(), 0, quote).ok_or(TagFault::Endless)?;
            words.push(Word::Quote(&rest[..length]));
            length
        } else if first.is_alphabetic() || first == '_' {
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            words.push(Word::Name(&rest[..length]));
            length
        } else if first.is_ascii_digit() {
            let is_number = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let length = rest.find(|c| !is_number(c)).unwrap_or(rest.len());
            words.push(Word::Number);
            length
        } else {
            words.push(Word::Sign(first));
            first.len_utf8()
        };
        at += length;
    }
    Ok(words)
}

/// `-` and `+` at a tag's ends say what becomes of the space around it.
fn without_trimming<'w, 'a>(words: &'w [Word<'a>]) -> &'w [Word<'a>] {
    let trims = |word: Option<&Word<'_>>| matches!(word, Some(Word::Sign('-' | '+')));
    let words = if trims(words.first()) {
        &words[1..]
    } else {
        words
    };
    if trims(words.last()) {
        &words[..words.len() - 1]
    } else {
        words
    }
}

/// Checks a statement and what is open around it; returns the expression in it.
fn statement<'w, 'a>(
    words: &'w [Word<'a>],
    open: &mut Vec<(usize, &'a str)>,
    at: usize,
) -> Result<&'w [Word<'a>], TagFault> {
    let unknown = |given: &str| TagFault::Statement {
        given: given.to_owned(),
    };
    let Some(Word::Name(name)) = words.first() else {
        return Err(unknown(""));
    };
    let rest = &words[1..];
    let unopened = || TagFault::Unopened {
        given: (*name).to_owned(),
    };
    match *name {
        "if" => open.push((at, name)),
        "for" => {
            open.push((at, name));
            // The names before `in` may be several, by commas.
            let from = rest.iter().position(|word| *word == Word::Name("in"));
            return Ok(&rest[from.map_or(0, |at| at + 1)..]);
        }
        "with" => open.push((at, name)),
        "set" => {
            // Without a value it would be a block that catches its output.
            if rest.get(1) != Some(&Word::Sign('=')) {
                return Err(unknown("set … endset"));
            }
        }
        "elif" if open.last().is_none_or(|(_, open)| *open != "if") => return Err(unopened()),
        "else" if open.last().is_none_or(|(_, open)| *open == "with") => return Err(unopened()),
        "elif" | "else" => {}
        "endif" | "endfor" | "endwith" => {
            if open.pop().is_none_or(|(_, open)| open != &name[3..]) {
                return Err(unopened());
            }
        }
        other => return Err(unknown(other)),
    }
    if *name == "with" {
        return Ok(words);
    }
    Ok(rest)
}

/// What a bracket is there for, which decides what may stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bracket {
    /// Nothing is around it.
    None,
    /// The assignments of `with`.
    With,
    /// Around a part of an expression.
    Group,
    /// Around arguments.
    Call,
    /// After a value: one of its parts.
    Index,
    /// Around literals.
    List,
}

fn expression(words: &[Word<'_>], images: &[String]) -> Result<(), TagFault> {
    let is_with = words.first() == Some(&Word::Name("with"));
    let words = if is_with { &words[1..] } else { words };
    let mut around = vec![if is_with {
        Bracket::With
    } else {
        Bracket::None
    }];
    for (index, word) in words.iter().enumerate() {
        let before = index.checked_sub(1).map(|at| words[at]);
        let inner = *around.last().unwrap_or(&Bracket::None);
        match *word {
            Word::Name(name) => {
                if inner == Bracket::List {
                    return Err(TagFault::Sign { given: '[' });
                }
                let called = words.get(index + 1) == Some(&Word::Sign('('));
                named(name, &words[..index], called)?;
                if name == "image" && called {
                    picture(&words[index + 2..], images)?;
                }
            }
            Word::Sign(sign) => match sign {
                '(' if inner == Bracket::List => return Err(TagFault::Sign { given: sign }),
                '(' => around.push(match before {
                    Some(Word::Name(name)) if !OPERATORS.contains(&name) => Bracket::Call,
                    _ => Bracket::Group,
                }),
                '[' if inner == Bracket::List => return Err(TagFault::Sign { given: sign }),
                '[' => around.push(match before {
                    Some(Word::Name(name)) if !OPERATORS.contains(&name) => Bracket::Index,
                    Some(Word::Quote(_) | Word::Sign(')' | ']')) => Bracket::Index,
                    _ => Bracket::List,
                }),
                ')' | ']' if around.len() > 1 => {
                    around.pop();
                }
                // Elsewhere it would make a list.
                ',' if matches!(inner, Bracket::With | Bracket::Call | Bracket::List) => {}
                '|' | '.' | '-' | '/' | '%' | '=' | '!' | '<' | '>' | ':' => {}
                _ => return Err(TagFault::Sign { given: sign }),
            },
            Word::Quote(_) | Word::Number => {}
        }
    }
    Ok(())
}

/// Whether what a name stands for exists, if that can be said.
fn named(name: &str, before: &[Word<'_>], called: bool) -> Result<(), TagFault> {
    let fault = |there| {
        let given = name.to_owned();
        Err(TagFault::Name { given, there })
    };
    match before {
        [.., Word::Sign('|')] if !FILTERS.contains(&name) => fault(FILTERS),
        [.., Word::Sign('|')] => Ok(()),
        [.., Word::Name("is")] if name == "not" => Ok(()),
        [.., Word::Name("is")] | [.., Word::Name("is"), Word::Name("not")]
            if !TESTS.contains(&name) =>
        {
            fault(TESTS)
        }
        [.., Word::Name("is")] | [.., Word::Name("is"), Word::Name("not")] => Ok(()),
        [.., Word::Sign('.')] if called && !LOOP_FUNCTIONS.contains(&name) => fault(LOOP_FUNCTIONS),
        [.., Word::Sign('.')] => Ok(()),
        _ if called && !FUNCTIONS.contains(&name) && !OPERATORS.contains(&name) => fault(FUNCTIONS),
        _ => Ok(()),
    }
}

/// A picture is named outright, so that it is known to be there before a mail is merged.
fn picture(arguments: &[Word<'_>], images: &[String]) -> Result<(), TagFault> {
    let given = match arguments {
        [Word::Quote(quote), Word::Sign(')'), ..] => &quote[1..quote.len() - 1],
        _ => "",
    };
    if images.iter().any(|image| image == given) {
        return Ok(());
    }
    Err(TagFault::Image {
        given: given.to_owned(),
        there: images.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(source: &str) -> TagFault {
        read(source, &["logo".to_owned()]).expect_err(source).fault
    }

    #[test]
    fn tags_are_found_whatever_stands_in_their_quotes() {
        let source = "a {{ x|default(\"}} %}\") }} {# }} #} {% if a == '%}' %}{ b }{%- endif -%}";
        let tags = read(source, &[]).unwrap();
        let texts: Vec<&str> = tags.iter().map(|tag| &source[tag.span.clone()]).collect();
        assert_eq!(
            texts,
            [
                "{{ x|default(\"}} %}\") }}",
                "{# }} #}",
                "{% if a == '%}' %}",
                "{%- endif -%}"
            ]
        );
    }

    #[test]
    fn what_a_mail_needs_can_be_written() {
        for source in [
            "{{ name }}{{ 가입일 }}{{- city|upper|default('x') -}}",
            "{% if a and (b or not c) %}{% elif a is not defined %}{% else %}{% endif %}",
            "{% for n in range(3) %}{{ loop.index }}{{ loop.cycle('a', \"b\") }}{% endfor %}",
            "{% for n in ['a', 'b', -1.5] %}{{ n }}{% else %}{% endfor %}",
            "{% set a = b|replace('x', 'y') %}{% with a = 1, b = c %}{{ a }}{% endwith %}",
            "{{ image('logo') }}{{ image(\"logo\") }}{{ name[0] }}{{ name[:1] }}",
            "{{ 'a' if vip is eq('yes') else 'b' }}{{ a != b }}{{ 7 / 2 - 1 }}",
            "{% if x in ['a', 'b'] %}{% endif %}{{ (a) }}",
        ] {
            assert!(read(source, &["logo".to_owned()]).is_ok(), "{source}");
        }
    }

    #[test]
    fn what_makes_much_of_little_or_is_not_there_is_told_by_name() {
        let sign = |given| TagFault::Sign { given };
        for (source, given) in [
            ("{{ a ~ a }}", '~'),
            ("{{ 'a' * 1000000000 }}", '*'),
            ("{{ a + a }}", '+'),
            ("{% set a = [a, a] %}", '['),
            ("{% set a = (a, a) %}", ','),
            ("{% set a = a, a %}", ','),
            ("{% for x in a, a %}{% endfor %}", ','),
            ("{{ {'a': a} }}", '{'),
            ("{% set a = [['x']] %}", '['),
            ("{% if [a] == 1 %}{% endif %}", '['),
        ] {
            assert_eq!(fault(source), sign(given), "{source}");
        }
        for (source, given) in [
            ("{% include 'x' %}", "include"),
            ("{% macro x() %}", "macro"),
            ("{% autoescape false %}", "autoescape"),
            ("{% raw %}", "raw"),
            ("{% set x %}y{% endset %}", "set … endset"),
            ("{% %}", ""),
        ] {
            let given = given.to_owned();
            assert_eq!(fault(source), TagFault::Statement { given }, "{source}");
        }
        for (source, given, there) in [
            ("{{ a|safe }}", "safe", FILTERS),
            ("{{ a|indent(99999999) }}", "indent", FILTERS),
            ("{{ a is prime }}", "prime", TESTS),
            ("{{ a is not prime }}", "prime", TESTS),
            ("{{ lipsum() }}", "lipsum", FUNCTIONS),
            ("{{ a.upper() }}", "upper", LOOP_FUNCTIONS),
        ] {
            let given = given.to_owned();
            assert_eq!(fault(source), TagFault::Name { given, there }, "{source}");
        }
    }

    #[test]
    fn what_is_open_is_closed_by_its_own_end() {
        let source = "line\n{% if a %}{% for b in c %}{% endif %}";
        let given = "endif".to_owned();
        assert_eq!(fault(source), TagFault::Unopened { given });
        let given = "if".to_owned();
        let open = read("a\n{% if a %}", &[]).unwrap_err();
        let fault = TagFault::Unclosed { given };
        assert_eq!(open, Fault { at: 2, fault });
        assert_eq!(
            super::read("{{ a", &[]).unwrap_err().fault,
            TagFault::Endless
        );
        let long = format!("{{{{ {} }}}}", "a".repeat(TAG_LENGTH));
        let most = TAG_LENGTH;
        assert_eq!(
            super::read(&long, &[]).unwrap_err().fault,
            TagFault::TooLong { most }
        );
    }

    #[test]
    fn a_picture_must_be_there_and_named_outright() {
        for (source, given) in [("{{ image('x') }}", "x"), ("{{ image(name) }}", "")] {
            let fault = fault(source);
            let (given, there) = (given.to_owned(), vec!["logo".to_owned()]);
            assert_eq!(fault, TagFault::Image { given, there });
        }
    }
}
