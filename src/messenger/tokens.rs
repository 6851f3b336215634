//! What Discord shows as something else than it is written: mentions, emoji, times (its page “Reference”,
//! “Message Formatting”).
//!
//! What people write is shown as it stands, escaped, and on cards and pictures there is no markdown at
//! all. There `<@80351110224678912>` would be a number to every reader, so a token is put into words where
//! a text comes in ([`named`]).

use std::collections::{BTreeSet, HashMap};

use chrono::DateTime;
use chrono_tz::Tz;

use crate::i18n::{Language, text};

/// Digits of an id: 2⁶⁴ has twenty.
const MOST_DIGITS: usize = 20;

/// What stands between `<` and `>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'t> {
    /// `<@id>`, and `<@!id>` as older clients write it.
    User(u64),
    /// `<@&id>`
    Role(u64),
    /// `<#id>`
    Channel(u64),
    /// `</name:id>`
    Command(&'t str),
    /// `<:name:id>`, and `<a:name:id>` if it moves.
    Emoji(&'t str),
    /// `<t:seconds>`, and `<t:seconds:style>`.
    Time {
        /// Since 1970.
        seconds: i64,
        /// `t` and `T` are times, `d` and `D` dates, the others both.
        style: char,
    },
    /// `<id:page>`: a page of the server itself.
    Page(&'t str),
}

/// What users, roles and channels are called, by their ids.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What the server calls them.
    pub users: HashMap<u64, String>,
    /// Without an `@`.
    pub roles: HashMap<u64, String>,
    /// Without a `#`.
    pub channels: HashMap<u64, String>,
}

/// The ids that a text names, whose names are to be known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of users.
    pub users: BTreeSet<u64>,
    /// Of roles.
    pub roles: BTreeSet<u64>,
    /// Of channels.
    pub channels: BTreeSet<u64>,
}

impl Wanted {
    /// Those in `text`; `None` if it has no token at all.
    pub fn of(text: &str) -> Option<Self> {
        let (mut wanted, mut has_some) = (Self::default(), false);
        replaced(text, |token| {
            has_some = true;
            match token {
                Token::User(id) => drop(wanted.users.insert(id)),
                Token::Role(id) => drop(wanted.roles.insert(id)),
                Token::Channel(id) => drop(wanted.channels.insert(id)),
                _ => {}
            }
            String::new()
        });
        has_some.then_some(wanted)
    }
}

/// `text` with every token in words. Whoever or whatever is not `known` is called as Discord calls what it
/// does not know. A time is told by the clock of `zone`, as everything that all see.
pub fn named(text: &str, known: &Known, zone: Tz, language: Language) -> String {
    replaced(text, |token| said(token, known, zone, language))
}

fn said(token: Token<'_>, known: &Known, zone: Tz, language: Language) -> String {
    let name = |names: &HashMap<u64, String>, id: u64, mark: char, unknown: &str| {
        names.get(&id).map_or_else(
            || text(language, unknown, &[]),
            // The role of everybody has the mark in its name.
            |name| format!("{mark}{}", name.trim_start_matches(mark)),
        )
    };
    match token {
        Token::User(id) => name(&known.users, id, '@', "token-user"),
        Token::Role(id) => name(&known.roles, id, '@', "token-role"),
        Token::Channel(id) => name(&known.channels, id, '#', "token-channel"),
        Token::Command(name) => format!("/{name}"),
        Token::Emoji(name) => format!(":{name}:"),
        Token::Time { seconds, style } => {
            let format = match style {
                't' => "%H:%M",
                'T' => "%H:%M:%S",
                'd' | 'D' => "%Y-%m-%d",
                _ => "%Y-%m-%d %H:%M",
            };
            let at = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
            at.with_timezone(&zone).format(format).to_string()
        }
        Token::Page(page) => text(language, "token-page", &[("page", page.into())]),
    }
}

/// `text` with what `words` says in the place of every token. What that puts in is not read again: it may
/// be a name that looks like one.
pub fn replaced<'t>(text: &'t str, mut words: impl FnMut(Token<'t>) -> String) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, from) = rest.split_at(start);
        replaced.push_str(before);
        let inside = from[1..].split_once('>').map(|(inside, _)| inside);
        match inside.and_then(|inside| Some((inside, read(inside)?))) {
            Some((inside, token)) => {
                replaced.push_str(&words(token));
                rest = &from[inside.len() + 2..];
            }
            None => {
                replaced.push('<');
                rest = &from[1..];
            }
        }
    }
    replaced.push_str(rest);
    replaced
}

/// What `<inside>` is to Discord; `None`: what it looks like.
fn read(inside: &str) -> Option<Token<'_>> {
    if let Some(id) = inside.strip_prefix("@&") {
        return id_of(id).map(Token::Role);
    }
    if let Some(id) = inside.strip_prefix('@') {
        return id_of(id.strip_prefix('!').unwrap_or(id)).map(Token::User);
    }
    if let Some(id) = inside.strip_prefix('#') {
        return id_of(id).map(Token::Channel);
    }
    if let Some(command) = inside.strip_prefix('/') {
        let (name, id) = command.rsplit_once(':')?;
        let is_name = |one: char| one.is_alphanumeric() || " _-'".contains(one);
        let is_command = !name.is_empty() && name.chars().all(is_name);
        return id_of(id)
            .filter(|_| is_command)
            .map(|_| Token::Command(name));
    }
    if let Some(page) = inside.strip_prefix("id:") {
        let is_page = |one: u8| one.is_ascii_alphanumeric() || one == b'-' || one == b':';
        let is_one = !page.is_empty() && page.bytes().all(is_page);
        // A page may name a role behind its own name.
        let page = page.split(':').next().unwrap_or(page);
        return is_one.then_some(Token::Page(page));
    }
    if let Some(time) = inside.strip_prefix("t:") {
        let (seconds, style) = time.split_once(':').unwrap_or((time, "f"));
        let seconds: i64 = seconds.parse().ok()?;
        // As late as Discord shows any, and as the calendar here goes.
        DateTime::from_timestamp(seconds, 0)?;
        let mut styles = style.chars();
        return match (styles.next(), styles.next()) {
            (Some(style), None) if style.is_ascii_alphabetic() => {
                Some(Token::Time { seconds, style })
            }
            _ => None,
        };
    }
    let emoji = inside.strip_prefix("a:").or(inside.strip_prefix(':'))?;
    let (name, id) = emoji.split_once(':')?;
    let is_name = |one: char| one.is_alphanumeric() || one == '_' || one == '~';
    let is_emoji = !name.is_empty() && name.chars().all(is_name);
    id_of(id).filter(|_| is_emoji).map(|_| Token::Emoji(name))
}

fn id_of(digits: &str) -> Option<u64> {
    let is_id =
        (1..=MOST_DIGITS).contains(&digits.len()) && digits.bytes().all(|one| one.is_ascii_digit());
    is_id.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Asia::Seoul;
    use proptest::prelude::*;

    fn english(text: &str) -> String {
        let known = Known {
            users: [(1, "Mina".to_owned()), (2, "<@1>".to_owned())].into(),
            roles: [(3, "readers".to_owned()), (4, "@everyone".to_owned())].into(),
            channels: [(5, "books".to_owned())].into(),
        };
        named(text, &known, Seoul, Language::English)
    }

    #[test]
    fn every_token_is_put_into_words() {
        for (written, said) in [
            ("ask <@1> and <@!1>", "ask @Mina and @Mina"),
            // What is put in is not read again.
            ("<@2>", "@<@1>"),
            ("<@9>", "@unknown-user"),
            ("<@&3> <@&4> <@&9>", "@readers @everyone @deleted-role"),
            ("<#5> <#9>", "#books #unknown"),
            ("<:cat:7><a:dog_2:8>", ":cat::dog_2:"),
            ("</timeattack start:7>", "/timeattack start"),
            ("</타임어택 시작:7>", "/타임어택 시작"),
            (
                "<t:1795251600> <t:1795251600:R>",
                "2026-11-21 18:00 2026-11-21 18:00",
            ),
            (
                "<t:1795251600:t> <t:1795251600:T> <t:1795251600:D>",
                "18:00 18:00:00 2026-11-21",
            ),
            ("<t:-1:d>", "1970-01-01"),
            (
                "<id:customize> <id:browse> <id:linked-roles:3>",
                "Channels & Roles Browse Channels Linked Roles",
            ),
            ("<<@1>>", "<@Mina>"),
            ("<@<@1>", "<@@Mina"),
        ] {
            assert_eq!(english(written), said, "{written}");
        }
    }

    #[test]
    fn what_is_none_stays_as_it_is() {
        for plain in [
            "",
            "<",
            "1 < 2 > 0",
            "<b>",
            "<@>",
            "<@x>",
            "<@123456789012345678901>",
            "<@99999999999999999999>",
            "<:cat>",
            "<:c t:1>",
            "<t:>",
            "<t:1:>",
            "<t:1:RR>",
            "<t:99999999999999999:R>",
            "</start>",
            "<id:>",
            "<https://a.b>",
            "@everyone",
            "<@1",
        ] {
            assert_eq!(english(plain), plain);
            assert_eq!(Wanted::of(plain), None, "{plain}");
        }
    }

    #[test]
    fn what_has_to_be_asked_for_is_told_once() {
        let wanted = Wanted::of("<@1> <@!1> <@&3> <#5> <:x:9>").unwrap();
        assert_eq!(wanted.users, BTreeSet::from([1]));
        assert_eq!(wanted.roles, BTreeSet::from([3]));
        assert_eq!(wanted.channels, BTreeSet::from([5]));
        assert_eq!(Wanted::of("<:x:9>"), Some(Wanted::default()));
    }

    proptest! {
        #[test]
        fn no_token_is_left(text in "(<[@#:/ta]|[!&]|[0-9]|:|>|x| ){0,40}") {
            let said = named(&text, &Known::default(), Seoul, Language::Korean);
            // One that comes to be by what was put in is none of the writer's.
            for token in ["<@1>", "<#1>", "<@&1>", "<@!1>", "<:x:1>"] {
                prop_assert!(!said.contains(token) || !text.contains(token), "{} {}", text, said);
            }
        }
    }
}
