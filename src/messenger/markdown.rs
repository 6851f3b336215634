//! Making what people write harmless inside Discord's markdown.

use crate::i18n::display::{one_line, unturned};
use crate::i18n::typed::clean;
use crate::ids::UserId;

/// Characters of a display name (Discord's limit).
const NAME_LENGTH: usize = 32;

/// Escapes markdown, mentions, links and line breaks, so that `text` shows as it was typed, on one
/// line, and pings nobody. (`allowed_mentions` is empty as well; this is for the eye.)
pub fn escape(text: &str) -> String {
    escaped(&one_line(text), |_, _| None)
}

/// The same, but web addresses stay links. Each stands in `<…>`, so that Discord shows no preview of it:
/// nobody floods a channel by the addresses in a task.
pub fn linked(text: &str) -> String {
    escaped(&one_line(text), |line, at| {
        let address = address_at(line, at)?;
        Some((address.len(), link_to(address)?))
    })
}

/// `line` escaped, but for what `kept` says of the text at an index: how long it is, and what stands for it.
fn escaped(line: &str, kept: impl Fn(&str, usize) -> Option<(usize, String)>) -> String {
    // A number and a dot at the beginning of a line would be the beginning of a list.
    let number = line.len()
        - line
            .trim_start_matches(|one: char| one.is_ascii_digit())
            .len();
    let mut escaped = String::with_capacity(line.len() + 8);
    let mut at = 0;
    while let Some(character) = line[at..].chars().next() {
        if let Some((length, instead)) = kept(line, at) {
            escaped.push_str(&instead);
            at += length;
            continue;
        }
        match character {
            '.' if number > 0 && at == number => escaped.push_str("\\."),
            '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '[' | ']' | '(' | ')' | '#' | '-'
            | ':' => {
                escaped.push('\\');
                escaped.push(character);
            }
            // A zero-width space after it: Discord no longer reads a mention.
            '@' => escaped.push_str("@\u{200b}"),
            _ => escaped.push(character),
        }
        at += character.len_utf8();
    }
    escaped
}

/// The web address that begins there, as people write them in the middle of a sentence: what closes the
/// sentence, or a bracket around it, is not part of it.
fn address_at(line: &str, at: usize) -> Option<&str> {
    let rest = &line[at..];
    let scheme = ["https://", "http://"].into_iter().find(|scheme| {
        rest.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })?;
    if line[..at].ends_with(char::is_alphanumeric) {
        return None;
    }
    let ends = |one: char| {
        one.is_whitespace()
            || one.is_control()
            || "<>\"“”‘’「」『』《》".contains(one)
            || matches!(one, '\u{2066}'..='\u{2069}')
    };
    let behind = &rest[scheme.len()..];
    let mut length = behind.find(ends).unwrap_or(behind.len());
    // Letters of a particle follow a host of ASCII without a space: `https://example.com을`.
    let host = behind[..length].find(['/', '?', '#']).unwrap_or(length);
    if behind.starts_with(|one: char| one.is_ascii())
        && let Some(foreign) = behind[..host].find(|one: char| !one.is_ascii())
    {
        length = foreign;
    }
    let mut address = &rest[..scheme.len() + length];
    while let Some(last) = address.chars().next_back() {
        let count = |one: char| address.matches(one).count();
        let is_outside = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '~' | '|' | '`' | '。' | '、' => {
                true
            }
            ')' => count(')') > count('('),
            ']' => count(']') > count('['),
            _ => false,
        };
        if !is_outside {
            break;
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    let host = address.get(scheme.len()..)?;
    host.starts_with(char::is_alphanumeric).then_some(address)
}

/// A link that nothing in its address can end, nor anything of the markdown around it: characters that
/// could are written as an address may write them, too. `None`: it was cut, and would lead elsewhere; or
/// it is hardly anything but such characters.
fn link_to(address: &str) -> Option<String> {
    if address.contains('…') {
        return None;
    }
    let characters: Vec<char> = address.chars().collect();
    let beside = |index: usize| {
        let before = index.checked_sub(1).map(|before| characters[before]);
        [before, characters.get(index + 1).copied()]
    };
    let mut link = String::with_capacity(address.len() + 2);
    link.push('<');
    for (index, character) in characters.iter().enumerate() {
        let is_mark = match character {
            '*' | '`' | '|' | '\\' => true,
            '~' => beside(index).contains(&Some('~')),
            // Inside a word it marks nothing.
            '_' => {
                let is_letter = |one: Option<char>| one.is_some_and(char::is_alphanumeric);
                !beside(index).into_iter().all(is_letter)
            }
            _ => false,
        };
        if is_mark {
            link.push_str(&format!("%{:02X}", u32::from(*character)));
        } else {
            link.push(*character);
        }
    }
    link.push('>');
    // No text becomes longer by its links than by being escaped.
    (link.chars().count() <= 2 * characters.len()).then_some(link)
}

/// Somebody who is named and not pinged: by their name. (A mention that pings nobody is a number to
/// readers whose Discord does not know the member.) Without a name that can be seen, the mention is all
/// there is.
pub fn named(name: Option<&str>, user: UserId) -> String {
    let name = name.map(clean).filter(|name| !name.is_empty());
    match name {
        Some(name) => escape(&shorten(&name, NAME_LENGTH)),
        None => format!("<@{user}>"),
    }
}

/// The same with the mention beside the name, for readers who are to act on it.
pub fn named_exactly(name: Option<&str>, user: UserId) -> String {
    let (named, mention) = (named(name, user), format!("<@{user}>"));
    if named == mention {
        mention
    } else {
        format!("{named} ({mention})")
    }
}

/// Makes `text` fit one line of a code block, which nothing in it can end: a backtick becomes its
/// look-alike, a line break or control character a space.
pub fn code_line(text: &str) -> String {
    one_line(text).replace('`', "ˋ")
}

/// What `text`, in Discord's markdown, says to a reader, on one line: without its marks. Its tokens have
/// been [put into words](super::tokens::named).
pub fn plain(text: &str) -> String {
    let mut said = without_targets(text);
    for mark in ["**", "__", "~~", "||", "`", "\\"] {
        said = said.replace(mark, "");
    }
    let line = |line: &str| {
        let line = line.trim_start_matches(['>', '#', ' ', '\t']);
        line.trim_start_matches("-# ").to_owned()
    };
    let lines: Vec<String> = said.lines().map(line).collect();
    let words = lines.iter().flat_map(|line| line.split_whitespace());
    unturned(&words.collect::<Vec<&str>>().join(" "))
}

/// `[label](https://…)` is its label.
fn without_targets(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(middle) = rest.find("](http") {
        let (before, after) = (&rest[..middle], &rest[middle + 2..]);
        let target = after
            .find(')')
            .filter(|end| !after[..*end].contains(char::is_whitespace));
        match (before.rfind('['), target) {
            (Some(open), Some(end)) => {
                said.push_str(&before[..open]);
                said.push_str(&before[open + 1..]);
                rest = &after[end + 1..];
            }
            _ => {
                said.push_str(&rest[..middle + 2]);
                rest = after;
            }
        }
    }
    said.push_str(rest);
    said
}

/// Cuts `text` to `length` characters, the last of them “…” if anything was cut.
pub fn shorten(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    let kept: String = text.chars().take(length.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markdown_shows_as_it_was_typed() {
        assert_eq!(escape("**a** <@1>\nb"), "\\*\\*a\\*\\* \\<@\u{200b}1\\> b");
    }

    #[test]
    fn addresses_stay_links_that_show_no_preview_and_end_nothing() {
        for (text, shown) in [
            (
                "read https://example.com/a_b?x=(2)",
                "read <https://example.com/a_b?x=(2)>",
            ),
            ("(see http://a.b/c).", "\\(see <http://a.b/c>\\)."),
            (
                "https://a.b/c, HTTPS://d.e!",
                "<https://a.b/c>, <HTTPS://d.e>!",
            ),
            ("https://example.com을 읽기", "<https://example.com>을 읽기"),
            (
                "https://한국.com/길 https://a.b/길",
                "<https://한국.com/길> <https://a.b/길>",
            ),
            (
                "https://a.b/**bold**/__x__",
                "<https://a.b/%2A%2Abold%2A%2A/%5F%5Fx%5F%5F>",
            ),
            (
                "https://a.b/~~x||y`z\\",
                "<https://a.b/%7E%7Ex%7C%7Cy%60z%5C>",
            ),
            ("https://a.b/~me/@you", "<https://a.b/~me/@you>"),
            ("[x](https://a.b)", "\\[x\\]\\(<https://a.b>\\)"),
            ("<https://a.b>", "\\<<https://a.b>\\>"),
            ("https://a.b/<@1>", "<https://a.b/>\\<@\u{200b}1\\>"),
            // What is no address, or would lead elsewhere, is text.
            ("https://", "https\\://"),
            ("https://*", "https\\://\\*"),
            ("xhttps://a.b", "xhttps\\://a.b"),
            ("javascript:x", "javascript\\:x"),
            ("https://a.b/lon…", "https\\://a.b/lon…"),
            ("1. https://a.b", "1\\. <https://a.b>"),
        ] {
            assert_eq!(linked(text), shown, "{text}");
        }
        let stars = format!("https://a.b/x{}y", "*".repeat(100));
        assert!(linked(&stars).starts_with("https\\:"), "{}", linked(&stars));
    }

    #[test]
    fn what_is_said_is_left_and_how_is_not() {
        for (text, said) in [
            (
                "⏱️ @Mina started **Read**!\nUntil 18:00 (18:00:00).",
                "⏱️ @Mina started Read! Until 18:00 (18:00:00).",
            ),
            ("# Today\n> `a` ||b|| ~~c~~", "Today a b c"),
            ("-# small :cat:", "small :cat:"),
            ("1 < 2 > 0 <b>", "1 < 2 > 0 <b>"),
            ("<", "<"),
            (
                "see [the **book**](https://a.b/c?d) now",
                "see the book now",
            ),
            ("[x](http no) [](http://a)", "[x](http no)"),
            ("\\*\\_", "*_"),
        ] {
            assert_eq!(plain(text), said, "{text}");
        }
    }

    proptest! {
        #[test]
        fn plain_text_is_one_line_whatever_was_written(text in any::<String>()) {
            let said = plain(&text);
            prop_assert!(!said.contains(['\n', '\r']) && said.len() <= text.len());
        }

        #[test]
        fn nothing_that_is_escaped_is_read_as_markdown(text in any::<String>()) {
            let escaped = escape(&text);
            let mut rest = escaped.chars();
            while let Some(character) = rest.next() {
                match character {
                    '\\' => drop(rest.next()),
                    '@' => prop_assert_eq!(rest.next(), Some('\u{200b}')),
                    _ => {
                        let is_read = "*_~`|><[]()#-:".contains(character);
                        prop_assert!(!is_read, "{}", character);
                    }
                }
            }
            let is_list = escaped.trim_start_matches(|one: char| one.is_ascii_digit()).starts_with('.');
            prop_assert!(!is_list || escaped.starts_with('.'));
        }

        #[test]
        fn outside_of_its_links_a_text_is_escaped(
            text in "(https://| |a|\\.|[*_~`|\\\\()<>@#:…을]|\\[|\\]){0,30}"
        ) {
            let linked = linked(&text);
            prop_assert!(linked.chars().count() <= 2 * text.chars().count());
            let mut outside = String::new();
            let mut rest = linked.as_str();
            while let Some(start) = rest.find("<http") {
                let before = &rest[..start];
                outside.push_str(before);
                let marks = before.len() - before.trim_end_matches('\\').len();
                if marks % 2 == 1 {
                    // It is escaped.
                    outside.push('<');
                    rest = &rest[start + 1..];
                    continue;
                }
                let end = rest[start..].find('>').expect("every link ends");
                let link = &rest[start + 1..start + end];
                prop_assert!(!link.contains(['*', '`', '|', '\\', '<', ' ']), "{}", linked);
                prop_assert!(!link.contains("__") && !link.contains("~~"), "{}", linked);
                rest = &rest[start + end + 1..];
            }
            outside.push_str(rest);
            let mut rest = outside.chars();
            while let Some(character) = rest.next() {
                match character {
                    '\\' => drop(rest.next()),
                    '@' => prop_assert_eq!(rest.next(), Some('\u{200b}')),
                    _ => prop_assert!(!"*_~`|><[]()#:".contains(character), "{}", linked),
                }
            }
        }

        #[test]
        fn nothing_ends_a_code_line(text in any::<String>()) {
            let line = code_line(&text);
            prop_assert!(!line.contains(['`', '\n', '\r']));
        }

        #[test]
        fn shortened_text_fits(text in any::<String>(), length in 1usize..300) {
            prop_assert!(shorten(&text, length).chars().count() <= length);
        }
    }
}
