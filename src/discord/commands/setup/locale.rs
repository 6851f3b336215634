//! `/setup locale`

use poise::serenity_prelude as serenity;
use serenity::{AutocompleteChoice, CreateAutocompleteResponse};

use super::saved;
use crate::discord::answer::Answer;
use crate::discord::choice::{Choice, Choosable};
use crate::discord::commands::manager;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::discord::suggest::MOST_CHOICES;
use crate::error::Result;
use crate::guild::{self, Change, parse_zone};
use crate::i18n::Language;

/// Offered before anything is typed.
const COMMON: [&str; 8] = [
    "Asia/Seoul",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "UTC",
];

/// Choose the server's time zone and language
#[poise::command(slash_command)]
pub(super) async fn locale(
    ctx: Context<'_>,
    #[autocomplete = "suggest_zone"] timezone: String,
    language: Choice<Language>,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let change = Change::Locale {
            timezone: parse_zone(&timezone)?,
            language: language.0,
        };
        let settings = guild::change(&ctx.data().app, asker.guild, change).await?;
        Ok(Answer::Private(saved(&settings, &asker)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

impl Choosable for Language {
    const ALL: &'static [Self] = &[Self::Korean, Self::English];

    fn name(self) -> &'static str {
        self.code()
    }

    /// Each by its own name, whatever the reader's.
    fn label(self, _: Language) -> String {
        match self {
            Self::Korean => "한국어".to_owned(),
            Self::English => "English".to_owned(),
        }
    }
}

/// Zones that may be meant.
pub(in crate::discord) async fn suggest_zone(
    _ctx: Context<'_>,
    partial: &str,
) -> CreateAutocompleteResponse {
    let zones = zones(partial);
    let choice = |zone: &str| AutocompleteChoice::new(zone, zone);
    CreateAutocompleteResponse::new().set_choices(zones.into_iter().map(choice).collect())
}

/// Zones whose names, or the cities in them, begin with what was typed; then those that have it
/// anywhere.
fn zones(partial: &str) -> Vec<&'static str> {
    let typed = partial.trim().to_lowercase().replace(' ', "_");
    if typed.is_empty() {
        return COMMON.to_vec();
    }
    let all = || chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
    let begins = |name: &str| {
        let name = name.to_lowercase();
        name.starts_with(&typed)
            || name
                .split('/')
                .next_back()
                .is_some_and(|c| c.starts_with(&typed))
    };
    let has = |name: &str| name.to_lowercase().contains(&typed);
    let first = all().filter(|name| begins(name));
    let then = all().filter(|name| !begins(name) && has(name));
    first.chain(then).take(MOST_CHOICES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_found_by_continent_city_and_part() {
        assert_eq!(zones("seo"), ["Asia/Seoul"]);
        assert_eq!(zones("asia/seo"), ["Asia/Seoul"]);
        assert_eq!(zones("new york"), ["America/New_York"]);
        assert_eq!(zones("")[0], "Asia/Seoul");
        assert!(zones("a").len() == MOST_CHOICES);
        assert!(zones("nowhere at all").is_empty());
        assert!(COMMON.iter().all(|zone| parse_zone(zone).is_ok()));
    }
}
