//! `/setup locale`

use chrono_tz::Tz;
use poise::serenity_prelude as serenity;
use serenity::CreateAutocompleteResponse;

use super::saved;
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::{self, Asker};
use crate::discord::choice::{Choice, Choosable};
use crate::discord::commands::manager;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::discord::suggest::{self, MOST_CHOICES};
use crate::error::Result;
use crate::guild::{self, Change, Settings, parse_zone};
use crate::i18n::{Language, text};
use crate::messenger::markdown::escape;
use crate::zones;

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
        let app = &ctx.data().app;
        let before = guild::settings(app, asker.guild).await?.timezone;
        let settings = guild::change(app, asker.guild, change).await?;
        let saved = saved_from(before, &settings, &asker);
        Ok(Answer::Private(saved))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Says that it is saved. A server that lived by another zone before is told what becomes of its days.
pub(super) fn saved_from(before: Tz, settings: &Settings, asker: &Asker) -> Reply {
    let saved = saved(settings, asker);
    if before == settings.timezone {
        return saved;
    }
    let args = [("before", escape(&zones::name(before)).into())];
    saved.line(&text(asker.language, "setup-zone-moved", &args))
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

/// Zones that may be meant, each with what its clocks show now.
pub(in crate::discord) async fn suggest_zone(
    ctx: Context<'_>,
    partial: &str,
) -> CreateAutocompleteResponse {
    let now_ms = ctx.data().app.now_ms();
    let language = asker::language(&ctx.interaction.locale);
    let entries = zone_entries(partial, now_ms, language);
    let choice = |(name, value): (String, String)| suggest::choice(&name, value);
    CreateAutocompleteResponse::new().set_choices(entries.into_iter().map(choice).collect())
}

/// Names and values: `서울 (Asia/Seoul) · 18:02 · UTC+9`, and what is sent when it is chosen.
pub(crate) fn zone_entries(
    partial: &str,
    now_ms: i64,
    language: Language,
) -> Vec<(String, String)> {
    let zones = zones::suggest(partial, now_ms).into_iter();
    let entries = zones.map(|zone| entry(zone, now_ms, language));
    entries.take(MOST_CHOICES).collect()
}

/// A zone to choose: what is shown, and what is sent.
pub(super) fn entry(zone: Tz, now_ms: i64, language: Language) -> (String, String) {
    let name = zones::name(zone);
    let minutes = zones::offset_min(zone, now_ms);
    let time = zones::local_time(zone, now_ms);
    let offset = zones::offset_name(minutes);
    let place = zones::city(zone, language).filter(|city| *city != name);
    let place = place.map_or_else(|| name.clone(), |city| format!("{city} ({name})"));
    (format!("{place} · {time} · {offset}"), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_zone_is_shown_with_its_time_now_and_can_be_chosen() {
        // 2026-11-21T18:02:10 in Seoul.
        let now_ms = 1_795_251_730_000;
        let first = |typed, language| zone_entries(typed, now_ms, language).remove(0);
        assert_eq!(
            first("GMT+9", Language::Korean),
            (
                "서울 (Asia/Seoul) · 18:02 · UTC+9".to_owned(),
                "Asia/Seoul".to_owned()
            )
        );
        assert_eq!(
            first("뉴욕", Language::English).0,
            "New York (America/New_York) · 04:02 · UTC-5"
        );
        for typed in ["", "a", "미국", "+5:30", "utc"] {
            for language in Language::ALL {
                for (name, value) in zone_entries(typed, now_ms, language) {
                    assert!(name.chars().count() <= 98, "{name}");
                    assert!(parse_zone(&value).is_ok(), "{value}");
                }
            }
        }
    }
}
