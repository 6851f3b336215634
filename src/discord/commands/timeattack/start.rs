//! `/timeattack start`, and the message that a started time attack lives in.

use chrono::{DateTime, Days};
use chrono_tz::Tz;
use poise::serenity_prelude as serenity;
use serenity::{AutocompleteChoice, CreateAutocompleteResponse};

use crate::app::App;
use crate::discord::answer::{Answer, Reply, explain};
use crate::discord::asker::Asker;
use crate::discord::form;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::discord::suggest::{self, CHOICE_LENGTH, MOST_CHOICES};
use crate::duration_text::{self, MAX_TEXT, TimeTextError};
use crate::error::{Result, UserError};
use crate::guild::TASK_LENGTH;
use crate::guild::{self, Settings};
use crate::i18n::{Language, text};
use crate::messenger::markdown::{escape, shorten};
use crate::timeattack::start_message::{self, Shown};
use crate::timeattack::{self, Start, TimeAttack};

/// Start a time attack
#[poise::command(slash_command)]
pub(super) async fn start(
    ctx: Context<'_>,
    #[min_length = 1]
    #[max_length = 200]
    task: Option<String>,
    #[autocomplete = "suggest_limit"] limit: Option<String>,
) -> Result<()> {
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        match (task, limit) {
            (Some(task), Some(limit)) => begin(&ctx.data().app, &asker, task, limit).await,
            (task, limit) => {
                let form = form::start(asker.language, task.as_deref(), limit.as_deref());
                Ok(Answer::Form(form))
            }
        }
    };
    respond::command(ctx, Deferral::Public, answer).await
}

/// Starts it, and says so to everybody.
pub(in crate::discord) async fn begin(
    app: &App,
    asker: &Asker,
    task: String,
    limit: String,
) -> Result<Answer> {
    let request = Start {
        actor: asker.actor(),
        channel: asker.channel,
        member_name: asker.name.clone(),
        task,
        limit,
        guild_language: asker.guild_language,
        origin: Some(asker.interaction.cast_signed()),
    };
    // Read before it is started: nothing that can fail may stand between the start and its answer,
    // or the member is told of a failure where there was none.
    let settings = guild::settings(app, asker.guild).await?;
    let attack = timeattack::start(app, request).await?;
    Ok(Answer::Public(message_of(
        &attack,
        settings.extension_limit,
    )))
}

/// The form was filled in. Discord closes it whatever comes of it, so a refusal or an apology shows
/// what was written, to be copied into the next try.
pub(in crate::discord) async fn filled_in(
    app: &App,
    asker: &Asker,
    task: String,
    limit: String,
) -> Result<Answer> {
    let written = [
        ("task", escape(&shorten(&task, TASK_LENGTH)).into()),
        ("limit", escape(&shorten(&limit, MAX_TEXT)).into()),
    ];
    match begin(app, asker, task, limit).await {
        Err(error) => {
            let written = text(asker.language, "form-written", &written);
            let told = explain(error, asker.language, asker.interaction);
            Ok(Answer::Private(Reply::new(format!("{told}\n{written}"))))
        }
        begun => begun,
    }
}

/// The public message of a time attack, as it stands.
pub(in crate::discord) fn message_of(attack: &TimeAttack, extension_limit: i64) -> Reply {
    let message = start_message::message(attack, extension_limit);
    Reply::from(message).shows(Shown::of(attack))
}

/// What the typed limit means, as far as it can be told.
async fn suggest_limit(ctx: Context<'_>, partial: &str) -> CreateAutocompleteResponse {
    suggest::offered(async {
        let app = &ctx.data().app;
        let asker = Asker::of_command(ctx.interaction)?;
        let settings = guild::settings(app, asker.guild).await?;
        let choices = limit_choices(partial, app.clock.now_ms(), &settings, asker.language);
        let choice = |(name, value): (String, String)| AutocompleteChoice::new(name, value);
        Ok(choices.into_iter().map(choice).collect())
    })
    .await
}

/// Names and values: the limits that may be meant, or else what is wrong with the one typed. Its
/// value is then the text as it is, so that sending it explains the same again.
fn limit_choices(
    partial: &str,
    now_ms: i64,
    settings: &Settings,
    language: Language,
) -> Vec<(String, String)> {
    let zone = settings.timezone;
    let allowed = |deadline_ms: i64| deadline_ms - now_ms <= settings.longest_ms;
    let suggestions = duration_text::suggest(partial, now_ms, zone, language);
    let choices: Vec<(String, String)> = suggestions
        .into_iter()
        .filter(|suggestion| allowed(suggestion.understood.deadline_ms))
        .take(MOST_CHOICES)
        .map(|suggestion| {
            let when = when(suggestion.understood.deadline_ms, now_ms, zone, language);
            let name = format!("{} → {when}", suggestion.text);
            (shorten(&name, CHOICE_LENGTH), suggestion.text)
        })
        .collect();
    let typed = partial.trim();
    if !choices.is_empty() || typed.is_empty() {
        return choices;
    }
    let fault = match duration_text::parse(typed, now_ms, zone) {
        Ok(understood) => UserError::LimitOutOfBounds {
            given_ms: understood.deadline_ms - now_ms,
            longest_ms: settings.longest_ms,
        }
        .text(language),
        Err(TimeTextError::Past { at_ms }) => {
            let at = when(at_ms, now_ms, zone, language);
            text(language, "hint-past", &[("at", at.into())])
        }
        Err(error) => UserError::Time(error).text(language),
    };
    // A choice shows no markdown; the marks that escape it would only be in the way.
    let hint = shorten(&format!("⚠️ {}", fault.replace('\\', "")), CHOICE_LENGTH);
    vec![(hint, typed.chars().take(CHOICE_LENGTH).collect())]
}

/// An instant on the guild's wall: `18:32:10 오늘`.
fn when(at_ms: i64, now_ms: i64, zone: Tz, language: Language) -> String {
    let local = |ms: i64| {
        DateTime::from_timestamp_millis(ms)
            .unwrap_or_default()
            .with_timezone(&zone)
    };
    let (at, today) = (local(at_ms), local(now_ms).date_naive());
    let day = if at.date_naive() == today {
        text(language, "day-today", &[])
    } else if Some(at.date_naive()) == today.checked_add_days(Days::new(1)) {
        text(language, "day-tomorrow", &[])
    } else {
        at.format("%Y-%m-%d").to_string()
    };
    format!("{} {day}", at.format("%H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T18:02:10 in Seoul.
    const NOW_MS: i64 = 1_795_251_730_000;

    fn first(partial: &str, language: Language) -> (String, String) {
        let choices = limit_choices(partial, NOW_MS, &Settings::default(), language);
        choices.into_iter().next().unwrap()
    }

    #[test]
    fn a_limit_is_echoed_as_the_instant_it_means() {
        let (name, value) = first("30m", Language::Korean);
        assert_eq!(
            (name.as_str(), value.as_str()),
            ("30m → 18:32:10 오늘", "30m")
        );
        let (name, _) = first("tomorrow 9am", Language::English);
        assert_eq!(name, "tomorrow 9am → 09:00:00 tomorrow");
        let (name, _) = first("3일", Language::Korean);
        assert_eq!(name, "3일 → 18:02:10 2026-11-24");
    }

    #[test]
    fn a_limit_that_cannot_be_is_explained_in_its_place() {
        for (typed, said) in [("아무말", "아무말"), ("40일", "30일")] {
            let (name, value) = first(typed, Language::Korean);
            assert!(
                name.starts_with("⚠️") && name.contains(said),
                "{typed}: {name}"
            );
            assert_eq!(value, typed);
        }
    }

    #[test]
    fn choices_fit_discord_whatever_is_typed() {
        let essay = "가나다 ".repeat(2_000);
        for typed in ["", "9", "내일", "next friday", "\\*_<@1>", essay.as_str()] {
            for language in Language::ALL {
                let choices = limit_choices(typed, NOW_MS, &Settings::default(), language);
                assert!(choices.len() <= 25);
                for (name, value) in choices {
                    assert!(
                        (1..=CHOICE_LENGTH).contains(&name.chars().count()),
                        "{name}"
                    );
                    assert!(
                        (1..=CHOICE_LENGTH).contains(&value.chars().count()),
                        "{value}"
                    );
                }
            }
        }
    }
}
