//! What people read, in Korean and English.
//!
//! The texts are Fluent messages in `assets/locales/{ko,en}.ftl`, compiled into the program, and
//! [`text`] is the one way to them. The tests hold the two files and the source together: both
//! files have the same keys with the same variables, every key that the source names exists, and
//! none is left over.
//!
//! To add a text: name it in the source as `text(language, "the-key", &[("count", count.into())])`
//! and write it into both files. A command's description is found by the command's name
//! (`cmd-timeattack-start`, `cmd-timeattack-start-task`) instead.
//!
//! What people write enters a text as a variable; [`display`] keeps its direction to itself there, and
//! wherever else it is shown.
//!
//! A Korean particle directly behind a variable is chosen by the word in it:
//! `“{ $given }”{ JOSA($given, "을/를") }`, see [`josa`]. The tests find one that is not.

pub mod display;
pub mod josa;
pub mod typed;

use std::fmt;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentError, FluentResource, FluentValue};
use serde::{Deserialize, Serialize};
use unic_langid::{LanguageIdentifier, langid};

use crate::ids::{AttackId, ChannelId, GuildId, MessageId, OutboxId, UserId};

/// Integers up to here are exact in the `f64` that Fluent counts with.
const EXACT_UP_TO: u64 = 1 << f64::MANTISSA_DIGITS;

/// A language that the program speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// 한국어
    #[serde(rename = "ko")]
    Korean,
    /// English
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// Every language, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::Korean, Self::English];

    /// The language for a locale as Discord writes it (`ko`, `en-US`, `pt-BR`, …): Korean for
    /// Korean, English for all others.
    pub fn from_locale(locale: &str) -> Self {
        match locale.split(['-', '_']).next() {
            Some(language) if language.eq_ignore_ascii_case("ko") => Self::Korean,
            _ => Self::English,
        }
    }

    /// `ko` or `en`, as the database and Discord's choices have it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Korean => "ko",
            Self::English => "en",
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::Korean => include_str!("../../assets/locales/ko.ftl"),
            Self::English => include_str!("../../assets/locales/en.ftl"),
        }
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static KOREAN: LazyLock<FluentBundle<FluentResource>> =
            LazyLock::new(|| load(Language::Korean));
        static ENGLISH: LazyLock<FluentBundle<FluentResource>> =
            LazyLock::new(|| load(Language::English));
        match self {
            Self::Korean => &KOREAN,
            Self::English => &ENGLISH,
        }
    }

    fn identifier(self) -> LanguageIdentifier {
        match self {
            Self::Korean => langid!("ko"),
            Self::English => langid!("en"),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The value of a variable in a text.
///
/// Numbers choose plural forms. Ids go in as strings: Fluent counts in `f64`, which would change
/// a snowflake's last digits.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg(FluentValue<'static>);

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self(FluentValue::String(text.into()))
    }
}

impl From<i64> for Arg {
    fn from(number: i64) -> Self {
        if number.unsigned_abs() <= EXACT_UP_TO {
            Self(FluentValue::from(number))
        } else {
            Self::from(number.to_string())
        }
    }
}

impl From<usize> for Arg {
    fn from(number: usize) -> Self {
        Self::from(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// Ids of the program's own go in as they are, Discord's as Discord writes them.
macro_rules! id_arg {
    ($($id:ident => $text:expr),* $(,)?) => {
        $(impl From<$id> for Arg {
            fn from(id: $id) -> Self {
                let text: fn($id) -> String = $text;
                Self::from(text(id))
            }
        })*
    };
}

id_arg! {
    AttackId => |id| id.to_string(),
    OutboxId => |id| id.to_string(),
    GuildId => |id| id.get().to_string(),
    ChannelId => |id| id.get().to_string(),
    UserId => |id| id.get().to_string(),
    MessageId => |id| id.get().to_string(),
}

/// The text `key` (or `key.attribute`) in `language`.
///
/// Never fails: a key that does not exist is returned as it is, a variable that was not given
/// shows as `{$name}`, and either is logged as an error.
pub fn text(language: Language, key: &str, args: &[(&str, Arg)]) -> String {
    let Some((text, faults)) = format(language.bundle(), key, args) else {
        tracing::error!(key, %language, "there is no such text");
        return key.to_owned();
    };
    if !faults.is_empty() {
        tracing::error!(key, %language, ?faults, "the text could not be completed");
    }
    text
}

fn format(
    bundle: &FluentBundle<FluentResource>,
    key: &str,
    args: &[(&str, Arg)],
) -> Option<(String, Vec<FluentError>)> {
    let (id, attribute) = match key.split_once('.') {
        Some((id, attribute)) => (id, Some(attribute)),
        None => (key, None),
    };
    let message = bundle.get_message(id)?;
    let pattern = match attribute {
        Some(attribute) => message.get_attribute(attribute)?.value(),
        None => message.value()?,
    };
    let mut values = FluentArgs::with_capacity(args.len());
    for (name, Arg(value)) in args {
        values.set(*name, contained(value));
    }
    let mut faults = Vec::new();
    let text = bundle.format_pattern(pattern, Some(&values), &mut faults);
    Some((text.into_owned(), faults))
}

/// What is put into a text keeps its direction to itself. Fluent would isolate every variable, also
/// ids, timestamps and lines of markdown, which its marks break; this one isolates where it must.
fn contained(value: &FluentValue<'static>) -> FluentValue<'static> {
    match value {
        FluentValue::String(text) => {
            FluentValue::String(display::isolated(text).into_owned().into())
        }
        other => other.clone(),
    }
}

fn load(language: Language) -> FluentBundle<FluentResource> {
    let resource = FluentResource::try_new(language.source().to_owned());
    bundle_of(
        language,
        resource.unwrap_or_else(|(rest, faults)| {
            tracing::error!(%language, ?faults, "texts that cannot be read are left out");
            rest
        }),
    )
}

fn bundle_of(language: Language, texts: FluentResource) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![language.identifier()]);
    // The marks that isolate directions would break `<@id>` and code blocks: see `contained`.
    bundle.set_use_isolating(false);
    let mut faults = Vec::new();
    faults.extend(bundle.add_function("JOSA", josa_function).err());
    faults.extend(bundle.add_resource(texts).err().into_iter().flatten());
    if !faults.is_empty() {
        tracing::error!(%language, ?faults, "texts that are there twice are left out");
    }
    bundle
}

/// `JOSA($word, "을/를")` is the particle alone, so that the word can stand in quotes or bold.
fn josa_function<'a>(positional: &[FluentValue<'a>], _: &FluentArgs) -> FluentValue<'a> {
    let [word, FluentValue::String(pair)] = positional else {
        return FluentValue::Error;
    };
    let word = match word {
        FluentValue::String(word) => word.clone().into_owned(),
        FluentValue::Number(number) => number.as_string().into_owned(),
        _ => return FluentValue::Error,
    };
    match josa::particle(&word, pair) {
        Some(particle) => FluentValue::from(particle),
        None => FluentValue::Error,
    }
}

#[cfg(test)]
mod tests;
