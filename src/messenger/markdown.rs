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

    proptest! {
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
