//! Making what people write harmless inside Discord's markdown.

/// Escapes markdown, mentions, links and line breaks, so that `text` shows as it was typed, on one
/// line, and pings nobody. (`allowed_mentions` is empty as well; this is for the eye.)
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '[' | ']' | '(' | ')' | '#' | '-'
            | ':' => {
                escaped.push('\\');
                escaped.push(character);
            }
            // A zero-width space after it: Discord no longer reads a mention.
            '@' => escaped.push_str("@\u{200b}"),
            _ if is_invisible(character) => escaped.push(' '),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Makes `text` fit one line of a code block, which nothing in it can end: a backtick becomes its
/// look-alike, a line break or control character a space.
pub fn code_line(text: &str) -> String {
    let plain = |character: char| match character {
        '`' => 'ˋ',
        _ if is_invisible(character) => ' ',
        _ => character,
    };
    text.chars().map(plain).collect()
}

/// What `text`, in Discord's markdown, says to a reader, on one line: without marks, timestamps and
/// mentions of which `name_of` knows nothing.
pub fn plain(text: &str, name_of: impl Fn(&str) -> Option<String>) -> String {
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, token) = rest.split_at(start);
        said.push_str(before);
        let end = token.find('>').filter(|end| is_token(&token[1..*end]));
        let Some(end) = end else {
            said.push('<');
            rest = &token[1..];
            continue;
        };
        let inside = &token[1..end];
        if let Some(user) = inside.strip_prefix('@') {
            let name = name_of(user.trim_start_matches('!'));
            said.extend(name.map(|name| format!("@{name}")));
        } else if let Some(named) = inside.strip_prefix('/') {
            said.push('/');
            said.push_str(named.split(':').next().unwrap_or(named));
        } else if inside.starts_with([':', 'a']) {
            // An emoji of a server: its name.
            let name = inside.trim_start_matches('a').split(':').nth(1);
            said.extend(name.map(|name| format!(":{name}:")));
        }
        rest = &token[end + 1..];
    }
    said.push_str(rest);
    let mut said = without_targets(&said);
    for mark in ["**", "__", "~~", "||", "`", "\\"] {
        said = said.replace(mark, "");
    }
    let line = |line: &str| {
        let line = line.trim_start_matches(['>', '#', ' ', '\t']);
        line.trim_start_matches("-# ").to_owned()
    };
    let lines: Vec<String> = said.lines().map(line).collect();
    let words = lines.iter().flat_map(|line| line.split_whitespace());
    words.collect::<Vec<&str>>().join(" ")
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

/// Whether Discord shows something else than `<inside>`.
fn is_token(inside: &str) -> bool {
    let ends_with_id = inside
        .rsplit([':', '@', '#', '&', '!'])
        .next()
        .is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()));
    match inside.as_bytes() {
        [b'@' | b'#' | b'/' | b':', ..] => ends_with_id,
        [b'a', b':', ..] => ends_with_id,
        [b't', b':', ..] => true,
        _ => false,
    }
}

/// Cuts `text` to `length` characters, the last of them “…” if anything was cut.
pub fn shorten(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    let kept: String = text.chars().take(length.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Control characters, and those that turn the direction of what follows them.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
    fn what_is_said_is_left_and_how_is_not() {
        let name_of = |id: &str| (id == "1").then(|| "Mina".to_owned());
        for (text, said) in [
            (
                "⏱️ <@1> started **Read**!\nUntil <t:9:R> (<t:9:T>).",
                "⏱️ @Mina started Read! Until ().",
            ),
            ("<@!1> and <@2> in <#3>", "@Mina and in"),
            ("# Today\n> `a` ||b|| ~~c~~", "Today a b c"),
            ("-# small <:cat:5> <a:dog:6>", "small :cat: :dog:"),
            (
                "1 < 2 > 0 <b> </timeattack start:7>",
                "1 < 2 > 0 <b> /timeattack start",
            ),
            ("<", "<"),
            (
                "see [the **book**](https://a.b/c?d) now",
                "see the book now",
            ),
            ("[x](http no) [](http://a)", "[x](http no)"),
            ("\\*\\_", "*_"),
        ] {
            assert_eq!(plain(text, name_of), said, "{text}");
        }
    }

    proptest! {
        #[test]
        fn plain_text_is_one_line_whatever_was_written(text in any::<String>()) {
            let said = plain(&text, |_| None);
            prop_assert!(!said.contains(['\n', '\r']) && said.len() <= text.len());
        }

        #[test]
        fn nothing_ends_a_code_line(text in any::<String>()) {
            let line = code_line(&text);
            prop_assert!(!line.contains(['`', '\n', '\r']));
            prop_assert_eq!(line.chars().count(), text.chars().count());
        }

        #[test]
        fn shortened_text_fits(text in any::<String>(), length in 1usize..300) {
            prop_assert!(shorten(&text, length).chars().count() <= length);
        }
    }
}
