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
//! - it keeps out what would write a value unescaped (`safe`, `autoescape`);
//! - it keeps out what makes the engine itself fail: a slice with a step panics on an empty text, and
//!   `loop.cycle()` divides by the number of its arguments. A part of a list is not a list of its own
//!   but looks into the one that it was taken from, so a name given to a part of a part of a part …
//!   costs stack at every reading. And `loop` as a value could be put into what `loop.changed`
//!   remembers, which is a circle that is never freed.

use std::ops::Range;

use crate::error::TagFault;

/// Characters of one tag: ten times what somebody writes by hand.
pub(super) const TAG_LENGTH: usize = 1_000;
/// Slices in the values of `set` and `with` of one part: each may be a part of the one before, and an
/// abbreviation or two is what a mail needs.
const NAMED_SLICES: usize = 10;
/// Blocks inside one another. minijinja reads, compiles and drops them by recursion; mails have five.
const BLOCKS: usize = 50;
/// `elif`s of all the blocks that are open around a tag: to minijinja each stands inside the one before.
/// A text for each city of a country fits.
const BRANCHES: usize = 500;
/// Brackets inside one another in a tag.
const BRACKETS: usize = 20;
/// Operators, filters, tests and parts of values in a tag: each may stand inside the next. A hundred
/// comparisons.
const OPERATIONS: usize = 300;
/// `set`s of a template: each keeps a value of its own, as long as a filter's bound.
const SETS: usize = 1_000;

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
/// What `loop` is written for; it stands for nothing by itself.
const LOOP: &[&str] = &[
    "loop.changed(…)",
    "loop.cycle(…)",
    "loop.first",
    "loop.index",
    "loop.index0",
    "loop.last",
    "loop.length",
    "loop.revindex",
];
/// What stands before `(` without being called.
const OPERATORS: &[&str] = &["and", "elif", "else", "if", "in", "is", "not", "or"];

/// The blocks that are open around a tag.
#[derive(Default)]
struct Open<'a> {
    blocks: Vec<Block<'a>>,
    /// `elif`s of all of them.
    branches: usize,
    /// `set`s so far, wherever they stand.
    sets: usize,
}

struct Block<'a> {
    at: usize,
    name: &'a str,
    branches: usize,
}

impl<'a> Open<'a> {
    fn last(&self) -> Option<&'a str> {
        self.blocks.last().map(|block| block.name)
    }

    fn push(&mut self, at: usize, name: &'a str) -> Result<(), TagFault> {
        if self.blocks.len() >= BLOCKS {
            return Err(TagFault::TooDeep { most: BLOCKS });
        }
        let branches = 0;
        self.blocks.push(Block { at, name, branches });
        Ok(())
    }

    fn branch(&mut self) -> Result<(), TagFault> {
        if self.branches >= BRANCHES {
            return Err(TagFault::TooManyBranches { most: BRANCHES });
        }
        if let Some(block) = self.blocks.last_mut() {
            block.branches += 1;
            self.branches += 1;
        }
        Ok(())
    }

    fn pop(&mut self) -> Option<Block<'a>> {
        let block = self.blocks.pop()?;
        self.branches -= block.branches;
        Some(block)
    }

    fn set(&mut self) -> Result<(), TagFault> {
        self.sets += 1;
        if self.sets > SETS {
            return Err(TagFault::TooManySets { most: SETS });
        }
        Ok(())
    }
}

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
    let mut open = Open::default();
    let mut named_slices = 0;
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
            bounded(&words).map_err(fault)?;
            let words = without_trimming(&words);
            let used = match kind {
                Kind::Statement => statement(words, &mut open, start).map_err(fault)?,
                _ => words,
            };
            let slices = expression(used, images).map_err(fault)?;
            if matches!(words.first(), Some(Word::Name("set" | "with"))) && kind == Kind::Statement
            {
                named_slices += slices;
            }
            if named_slices > NAMED_SLICES {
                let most = NAMED_SLICES;
                return Err(fault(TagFault::NamedSlices { most }));
            }
        }
        tags.push(Tag { span, kind });
    }
    match open.pop() {
        Some(Block { at, name, .. }) => {
            let given = name.to_owned();
            let fault = TagFault::Unclosed { given };
            Err(Fault { at, fault })
        }
        None => Ok(tags),
    }
}

/// Every name that stands in a tag, whatever it stands for.
pub(super) fn names<'a>(source: &'a str, tags: &[Tag]) -> Vec<&'a str> {
    let inside = tags.iter().filter(|tag| tag.kind != Kind::Comment);
    let inside = inside.map(|tag| &source[tag.span.start + 2..tag.span.end - 2]);
    let words = inside.flat_map(|inside| words(inside).unwrap_or_default());
    let name = |word| match word {
        Word::Name(name) => Some(name),
        _ => None,
    };
    words.filter_map(name).collect()
}

/// Where a tag ends: bytes from its beginning. What stands in quotes does not end it.
fn end_of(tag: &str, kind: Kind) -> Option<usize> {
    let bytes = tag.as_bytes();
    let end: &[u8; 2] = match kind {
        Kind::Value => b"}}",
        Kind::Statement => b"%}",
        // `{#}` is its beginning alone.
        Kind::Comment => return tag[2..].find("#}").map(|at| 2 + at + 2),
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

/// Refuses what nests more than a tag needs, wherever in the tag it stands: minijinja would read it by
/// recursion.
fn bounded(words: &[Word<'_>]) -> Result<(), TagFault> {
    let (mut depth, mut operations) = (0_usize, 0_usize);
    for word in words {
        match word {
            Word::Sign('(' | '[' | '{') => {
                depth += 1;
                operations += 1;
            }
            Word::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Word::Sign(',' | ':') | Word::Quote(_) | Word::Number => {}
            Word::Sign(_) => operations += 1,
            Word::Name(name) => operations += usize::from(OPERATORS.contains(name)),
        }
        if depth > BRACKETS {
            return Err(TagFault::TooManyBrackets { most: BRACKETS });
        }
        if operations > OPERATIONS {
            return Err(TagFault::TooManyOperations { most: OPERATIONS });
        }
    }
    Ok(())
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
    open: &mut Open<'a>,
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
        "if" | "with" => open.push(at, name)?,
        "for" => {
            open.push(at, name)?;
            // The names before `in` may be several, by commas.
            let from = rest.iter().position(|word| *word == Word::Name("in"));
            return Ok(&rest[from.map_or(0, |at| at + 1)..]);
        }
        "set" => {
            open.set()?;
            // Without a value it would be a block that catches its output.
            if rest.get(1) != Some(&Word::Sign('=')) {
                return Err(unknown("set … endset"));
            }
        }
        "elif" if open.last() != Some("if") => return Err(unopened()),
        "else" if open.last().is_none_or(|open| open == "with") => return Err(unopened()),
        "elif" => open.branch()?,
        "else" => {}
        "endif" | "endfor" | "endwith" => {
            if open.pop().is_none_or(|open| open.name != &name[3..]) {
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
    /// After a value, and behind a `:`: several of its parts.
    Slice,
    /// Around literals.
    List,
}

/// Checks an expression, and counts the slices in it.
fn expression(words: &[Word<'_>], images: &[String]) -> Result<usize, TagFault> {
    let is_with = words.first() == Some(&Word::Name("with"));
    let words = if is_with { &words[1..] } else { words };
    let mut around = vec![if is_with {
        Bracket::With
    } else {
        Bracket::None
    }];
    let mut slices = 0;
    for (index, word) in words.iter().enumerate() {
        let before = index.checked_sub(1).map(|at| words[at]);
        let inner = *around.last().unwrap_or(&Bracket::None);
        match *word {
            Word::Name(name) => {
                if inner == Bracket::List {
                    return Err(TagFault::Sign { given: '[' });
                }
                let after = words.get(index + 1);
                let called = after == Some(&Word::Sign('('));
                let is_attribute = before == Some(Word::Sign('.'));
                if name == "loop" && !is_attribute && after != Some(&Word::Sign('.')) {
                    let given = name.to_owned();
                    return Err(TagFault::Name { given, there: LOOP });
                }
                named(name, &words[..index], called)?;
                if name == "image" && called {
                    picture(&words[index + 2..], images)?;
                }
                let is_empty = called && words.get(index + 2) == Some(&Word::Sign(')'));
                if name == "cycle" && is_attribute && is_empty {
                    return Err(TagFault::NoArgument {
                        given: "loop.cycle".to_owned(),
                    });
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
                ':' if inner == Bracket::Index => {
                    around.pop();
                    around.push(Bracket::Slice);
                    slices += 1;
                }
                ':' if inner == Bracket::Slice => return Err(TagFault::Step),
                '|' | '.' | '-' | '/' | '%' | '=' | '!' | '<' | '>' => {}
                _ => return Err(TagFault::Sign { given: sign }),
            },
            Word::Quote(_) | Word::Number => {}
        }
    }
    Ok(slices)
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
            "{##}{#-#}{#}#}{# { #}",
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
    fn a_comments_beginning_is_not_its_end() {
        for source in ["{#}", "{#", "{#}{{ name }}", "{# }#", "가{#}"] {
            assert_eq!(fault(source), TagFault::Endless, "{source}");
        }
    }

    /// Each of these makes the template engine panic, overflow its stack or keep memory for ever.
    #[test]
    fn what_makes_the_engine_fail_is_refused_and_what_is_like_it_is_not() {
        let cycle = || TagFault::NoArgument {
            given: "loop.cycle".to_owned(),
        };
        let slices = "{% set a = a[:1][:1] %}".repeat(NAMED_SLICES / 2);
        let most = NAMED_SLICES;
        let bare = || TagFault::Name {
            given: "loop".to_owned(),
            there: LOOP,
        };
        for (inside, expected) in [
            ("{{ loop.cycle() }}", cycle()),
            ("{{ loop . cycle ( ) }}", cycle()),
            ("{% if loop.cycle() %}{% endif %}", cycle()),
            ("{{ x[::-1] }}", TagFault::Step),
            ("{{ x[1:2:n] }}", TagFault::Step),
            ("{{ ''[a[0]:(1) : -1] }}", TagFault::Step),
            ("{% set y = (x)[::-1] %}", TagFault::Step),
            ("{{ loop.changed(loop) }}", bare()),
            ("{% set outer = loop %}", bare()),
            ("{{ x|default(loop) }}", bare()),
            (
                &format!("{slices}{{% with b = a[:] %}}{{% endwith %}}"),
                TagFault::NamedSlices { most },
            ),
        ] {
            let source = format!("{{% for x in range(3) %}}{inside}{{% endfor %}}");
            assert_eq!(fault(&source), expected, "{source}");
        }
        let many = "{{ name[:1] }}{% for x in name[1:] %}{% endfor %}".repeat(NAMED_SLICES);
        for source in [
            "{% for x in range(3) %}{{ loop.cycle('a') }}{{ loop.changed(x) }}{% endfor %}",
            "{% set n = loop.index %}{{ x.loop }}{{ x.cycle }}",
            "{{ x[1:][:2][a[:1]:] }}{{ x[-1:] }}",
            &slices,
            &many,
        ] {
            assert_eq!(read(source, &[]).map(|_| ()), Ok(()), "{source}");
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
    fn what_minijinja_reads_by_recursion_is_bounded_before_it_does() {
        let blocks = |count: usize| {
            format!(
                "{}{}",
                "{% if a %}".repeat(count),
                "{% endif %}".repeat(count)
            )
        };
        let branches =
            |count: usize| format!("{{% if a %}}{}{{% endif %}}", "{% elif a %}".repeat(count));
        let sets = |count: usize| "{% set a = b %}".repeat(count);
        let brackets =
            |count: usize| format!("{{{{ {}a{} }}}}", "(".repeat(count), ")".repeat(count));
        let target = |count: usize| {
            let (open, close) = ("(".repeat(count), ")".repeat(count));
            format!("{{% for {open}a{close} in b %}}{{% endfor %}}")
        };
        let signs = |count: usize| format!("{{{{ ({}a) }}}}", "-".repeat(count - 1));
        let parts = |count: usize| format!("{{{{ a{} }}}}", ".b".repeat(count));
        type Makes<'m> = &'m dyn Fn(usize) -> String;
        let all: [(Makes<'_>, usize, TagFault); 7] = [
            (&blocks, BLOCKS, TagFault::TooDeep { most: BLOCKS }),
            (
                &branches,
                BRANCHES,
                TagFault::TooManyBranches { most: BRANCHES },
            ),
            (&sets, SETS, TagFault::TooManySets { most: SETS }),
            (
                &brackets,
                BRACKETS,
                TagFault::TooManyBrackets { most: BRACKETS },
            ),
            (
                &target,
                BRACKETS,
                TagFault::TooManyBrackets { most: BRACKETS },
            ),
            (
                &signs,
                OPERATIONS,
                TagFault::TooManyOperations { most: OPERATIONS },
            ),
            (
                &parts,
                OPERATIONS,
                TagFault::TooManyOperations { most: OPERATIONS },
            ),
        ];
        for (makes, most, expected) in all {
            assert!(read(&makes(most), &[]).is_ok(), "{expected:?}");
            assert_eq!(fault(&makes(most + 1)), expected);
        }
        // What is closed does not count, and what is open counts in sum.
        let twice = branches(BRANCHES).repeat(2);
        assert!(read(&twice, &[]).is_ok());
        let inside = format!(
            "{{% if a %}}{{% elif a %}}{}{{% endif %}}",
            branches(BRANCHES)
        );
        assert_eq!(fault(&inside), TagFault::TooManyBranches { most: BRANCHES });
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
