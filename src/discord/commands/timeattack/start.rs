//! `/timeattack start`, and the message that a started time attack lives in.

use chrono::{DateTime, Days};
use chrono_tz::Tz;
use poise::serenity_prelude as serenity;
use serenity::{CreateAutocompleteResponse, Http};

use crate::consent::{self, Zones};
use crate::discord::answer::{Answer, Reply, explain};
use crate::discord::asker::Asker;
use crate::discord::form;
use crate::discord::framework::Context;
use crate::discord::handler::Data;
use crate::discord::names::spelled_out;
use crate::discord::respond::{self, Deferral};
use crate::discord::suggest::{self, CHOICE_LENGTH, MOST_CHOICES};
use crate::duration_text::{self, TimeTextError};
use crate::error::{Result, UserError};
use crate::guild::TASK_LENGTH;
use crate::guild::{self, Settings};
use crate::i18n::{Language, text};
use crate::ids::{AttackId, ChannelId, OutboxId};
use crate::messenger::Message;
use crate::messenger::markdown::{escape, linked, shorten};
use crate::outbox::standby;
use crate::timeattack::start_message::{self, Shown};
use crate::timeattack::text::timestamp;
use crate::timeattack::{self, Start, Started, TimeAttack};
use crate::zones;

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
        asker.require_may_write()?;
        match (task, limit) {
            (Some(task), Some(limit)) => {
                let http = &ctx.serenity_context().http;
                begin_or_ask(ctx.data(), http, &asker, (task, limit)).await
            }
            (task, limit) => {
                let form = form::start(&asker, task.as_deref(), limit.as_deref());
                Ok(Answer::Form(form))
            }
        }
    };
    respond::command(ctx, Deferral::Public, answer).await
}

/// What a member is told of a time of day that was read by their own clock, and not by the server's.
fn whose_clock(typed: &str, deadline_ms: i64, own: Tz, server: Tz, language: Language) -> String {
    let args = [
        ("typed", escape(typed.trim()).into()),
        ("zone", escape(&zones::name(own)).into()),
        ("server", escape(&zones::name(server)).into()),
        ("at", (deadline_ms / 1_000).to_string().into()),
    ];
    text(language, "started-whose-clock", &args)
}

/// Starts it, says so to everybody, and to its member whose clock was read.
async fn begin(
    data: &Data,
    http: &Http,
    asker: &Asker,
    task: &str,
    limit: String,
) -> Result<Answer> {
    asker.require_may_write()?;
    let app = &data.app;
    let task = spelled_out(app, http, asker, task, TASK_LENGTH).await?;
    let request = Start {
        actor: asker.actor(),
        channel: asker.channel,
        member_name: asker.name.clone(),
        task,
        limit: limit.clone(),
        guild_language: asker.guild_language,
        language: asker.language,
        origin: Some(asker.interaction.cast_signed()),
    };
    let Started {
        attack,
        is_again,
        standby,
        own_clock,
        settings,
    } = timeattack::start_answered(app, request).await?;
    if is_again {
        return Ok(Answer::Private(Reply::new(again(&attack, asker.language))));
    }
    let reply = message_of(&attack, &settings, standby);
    let first = match unpostable(data, asker, &settings) {
        Some(channel) => {
            let args = [("channel", channel.to_string().into())];
            reply.line(&text(attack.language, "started-result-nowhere", &args))
        }
        None => reply,
    };
    Ok(match own_clock {
        Some(own) => {
            let (at_ms, server) = (attack.deadline_ms, settings.timezone);
            let then = Reply::new(whose_clock(&limit, at_ms, own, server, asker.language));
            Answer::PublicThen { first, then }
        }
        None => Answer::Public(first),
    })
}

/// The button below a success: the same task with the same limit, by whoever had it.
pub(in crate::discord) async fn repeated(
    data: &Data,
    http: &Http,
    asker: &Asker,
    attack: AttackId,
) -> Result<Answer> {
    let before = timeattack::get(&data.app, asker.guild, attack).await?;
    if before.user != asker.user {
        return Err(UserError::NotYours.into());
    }
    // Of a limit that was a time of day, what is left is rounded up to a second.
    let limit_ms = before.deadline_ms - before.started_ms;
    let seconds = limit_ms.div_euclid(1_000) + i64::from(limit_ms.rem_euclid(1_000) > 0);
    begin(data, http, asker, &before.task, format!("{seconds}s")).await
}

/// What somebody is told who has just started the same.
fn again(attack: &TimeAttack, language: Language) -> String {
    let args = [
        ("task", linked(&attack.task).into()),
        ("relative", timestamp(attack.deadline_ms, 'R').into()),
        ("time", start_message::clock_time(attack).into()),
    ];
    text(language, "started-again", &args)
}

/// The channel where the result is to be told, if it is known that the bot cannot post there and there is
/// no other.
fn unpostable(data: &Data, asker: &Asker, settings: &Settings) -> Option<ChannelId> {
    let is_here = data.is_in(asker.guild);
    let takes_none = |channel: ChannelId| {
        let here = channel == asker.channel && !asker.may_bot_post();
        !is_here || here || data.app.outbox.is_refused_by(channel)
    };
    let results = settings.results.unwrap_or(asker.channel);
    let ladder = [Some(results), settings.fallback];
    ladder
        .into_iter()
        .flatten()
        .all(takes_none)
        .then_some(results)
}

/// Starts it, or says why not, with a button to the form as it was filled in.
pub(in crate::discord) async fn begin_or_ask(
    data: &Data,
    http: &Http,
    asker: &Asker,
    (task, limit): (String, String),
) -> Result<Answer> {
    let begun = begin(data, http, asker, &task, limit.clone()).await;
    begun.or_else(|error| {
        let told = explain(error, asker.language, asker.interaction);
        let refused = form::refused(told, asker, &task, &limit);
        Ok(Answer::Private(refused))
    })
}

/// The public message of a time attack, as it stands. With the mark of what goes out in its place should
/// it not arrive.
pub(in crate::discord) fn message_of(
    attack: &TimeAttack,
    settings: &Settings,
    standby: Option<OutboxId>,
) -> Reply {
    let message = start_message::message(attack, settings);
    standing_by(message, standby).shows(Shown::of(attack))
}

/// A message with the mark of what goes out in its place should it not arrive.
pub(super) fn standing_by(mut message: Message, standby: Option<OutboxId>) -> Reply {
    if let (Some(row), Some(button)) = (standby, message.buttons.last_mut()) {
        button.custom_id.push_str(&standby::mark(row));
    }
    Reply::from(message).instead_of(standby)
}

/// What the typed limit means, as far as it can be told.
async fn suggest_limit(ctx: Context<'_>, partial: &str) -> CreateAutocompleteResponse {
    suggest::offered(async {
        let app = &ctx.data().app;
        let asker = Asker::of_command(ctx.interaction)?;
        let settings = guild::settings(app, asker.guild).await?;
        let zones = consent::zones(app, asker.guild, asker.user).await?;
        let choices = limit_choices(partial, app.now_ms(), &settings, zones, asker.language);
        let choice = |(name, value): (String, String)| suggest::choice(&name, value);
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
    zones: Zones,
    language: Language,
) -> Vec<(String, String)> {
    let zone = zones.theirs();
    // Whose clock it is, where the reader's is not the server's.
    let whose = |at_ms: i64| {
        let own = zones.differing(at_ms);
        own.map_or_else(String::new, |own| format!(" ({})", zones::name(own)))
    };
    let allowed = |deadline_ms: i64| deadline_ms - now_ms <= settings.longest_ms;
    let suggestions = duration_text::suggest(partial, now_ms, zone, language);
    let choices: Vec<(String, String)> = suggestions
        .into_iter()
        .filter(|suggestion| allowed(suggestion.understood.deadline_ms))
        .take(MOST_CHOICES)
        .map(|suggestion| {
            let when = when(suggestion.understood.deadline_ms, now_ms, zone, language);
            let whose = whose(suggestion.understood.deadline_ms);
            let most = CHOICE_LENGTH.saturating_sub(when.chars().count() + whose.len() + 5);
            let name = format!("{} → {when}{whose}", shorten(&suggestion.text, most));
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

/// An instant on the guild's wall: `18:32:10 today`, `오늘 18:32:10`.
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
    let time = at.format("%H:%M:%S");
    match language {
        Language::Korean => format!("{day} {time}"),
        Language::English => format!("{time} {day}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T18:02:10 in Seoul.
    const NOW_MS: i64 = 1_795_251_730_000;
    const SEOUL: Zones = Zones {
        own: None,
        server: chrono_tz::Asia::Seoul,
    };

    fn first(partial: &str, language: Language) -> (String, String) {
        let choices = limit_choices(partial, NOW_MS, &Settings::default(), SEOUL, language);
        choices.into_iter().next().unwrap()
    }

    #[test]
    fn a_limit_is_echoed_as_the_instant_it_means() {
        let (name, value) = first("30m", Language::Korean);
        assert_eq!(
            (name.as_str(), value.as_str()),
            ("30m → 오늘 18:32:10", "30m")
        );
        let (name, _) = first("tomorrow 9am", Language::English);
        assert_eq!(name, "tomorrow 9am → 09:00:00 tomorrow");
        let (name, _) = first("3일", Language::Korean);
        assert_eq!(name, "3일 → 2026-11-24 18:02:10");
    }

    #[test]
    fn a_limit_says_whose_clock_it_is_read_by_where_that_is_not_the_servers() {
        let zones = Zones {
            own: Some(chrono_tz::America::New_York),
            ..SEOUL
        };
        let settings = Settings::default();
        let choices = limit_choices("until 18:00", NOW_MS, &settings, zones, Language::English);
        assert_eq!(
            choices[0].0,
            "until 18:00 → 18:00:00 today (America/New_York)"
        );
        let choices = limit_choices("18:00", NOW_MS, &settings, SEOUL, Language::English);
        assert_eq!(choices[0].0, "18:00 → 18:00:00 tomorrow");
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
                let choices = limit_choices(typed, NOW_MS, &Settings::default(), SEOUL, language);
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
