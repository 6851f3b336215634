//! `/setup reminders`

use super::saved;
use crate::discord::answer::Answer;
use crate::discord::commands::manager;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::duration_text::{format_duration, parse_duration};
use crate::error::{Result, UserError};
use crate::guild::reminders::{MOST, Reminders, When};
use crate::guild::{self, Change};
use crate::i18n::{Language, text};
use crate::timeattack::reminders as reminding;

/// Choose when members are reminded
#[poise::command(slash_command)]
pub(super) async fn reminders(
    ctx: Context<'_>,
    at: Option<String>,
    off: Option<bool>,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let reminders = match (at, off.unwrap_or(false)) {
            (None, true) => Reminders::NONE,
            (Some(at), false) => parse(&at)?,
            (None, false) => return Err(UserError::NothingToChange.into()),
            (Some(_), true) => return Err(UserError::RemindersIncomplete.into()),
        };
        let app = &ctx.data().app;
        let longest_ms = guild::settings(app, asker.guild).await?.longest_ms;
        let comes = |when| !matches!(when, When::Before(ms) if 2 * ms > longest_ms);
        if !reminders.iter().all(comes) {
            // One of the first half would come for no time attack that can be started here.
            let earliest_ms = longest_ms / 2;
            return Err(UserError::ReminderOutOfBounds { earliest_ms }.into());
        }
        let change = Change::Reminders(reminders);
        let settings = guild::change(app, asker.guild, change).await?;
        reminding::plan_anew(app, asker.guild).await?;
        Ok(Answer::Private(saved(&settings, &asker)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Reads `50%, 10m, 1분`.
fn parse(typed: &str) -> Result<Reminders, UserError> {
    let items = typed.split([',', '、', '，', ';', '/']).map(str::trim);
    let items: Vec<&str> = items.filter(|item| !item.is_empty()).collect();
    if items.len() > MOST {
        return Err(UserError::TooManyReminders { most: MOST });
    }
    if items.is_empty() {
        return Err(UserError::NothingToChange);
    }
    let whens: Result<Vec<When>, UserError> = items.into_iter().map(parse_one).collect();
    Reminders::new(whens?).ok_or(UserError::TooManyReminders { most: MOST })
}

fn parse_one(item: &str) -> Result<When, UserError> {
    let percent = item.strip_suffix(['%', '％']).map(str::trim);
    let Some(percent) = percent else {
        let before_ms = parse_duration(item).map_err(UserError::Duration)?;
        return if (1_000..=guild::LONGEST_MS).contains(&before_ms) {
            Ok(When::Before(before_ms))
        } else {
            Err(UserError::ReminderOutOfBounds {
                earliest_ms: guild::LONGEST_MS,
            })
        };
    };
    match percent.parse() {
        Ok(percent @ 1..=99) => Ok(When::Share(percent)),
        _ => Err(UserError::Share {
            given: item.to_owned(),
        }),
    }
}

/// As [`parse`] reads it.
pub(super) fn written(reminders: &Reminders, language: Language) -> String {
    if reminders.is_empty() {
        return text(language, "setup-none", &[]);
    }
    let one = |when| match when {
        When::Share(percent) => format!("{percent}%"),
        When::Before(ms) => format_duration(ms, language),
    };
    let all: Vec<String> = reminders.iter().map(one).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_and_durations_are_read_in_both_languages() {
        let default = Some(Reminders::default());
        for typed in [
            "50%, 10m, 1m",
            "1분, 10 분, 50 %",
            "10m,10m,1m,50%",
            " 50％、10분、1m, ",
        ] {
            assert_eq!(parse(typed).ok(), default, "{typed}");
        }
    }

    #[test]
    fn what_is_no_reminder_is_refused_with_the_reason() {
        assert_eq!(parse(" , "), Err(UserError::NothingToChange));
        assert_eq!(
            parse("1m,2m,3m,4m,5m,6m"),
            Err(UserError::TooManyReminders { most: 5 })
        );
        for wrong in ["0%", "100%", "x%", "-5%", "256%"] {
            let given = wrong.to_owned();
            assert_eq!(parse(wrong), Err(UserError::Share { given }), "{wrong}");
        }
        assert!(matches!(parse("10"), Err(UserError::Duration(_))));
        assert!(matches!(parse("soon"), Err(UserError::Duration(_))));
        assert!(matches!(
            parse("9y"),
            Err(UserError::Duration(_) | UserError::ReminderOutOfBounds { .. })
        ));
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_typed(
            shares in prop::collection::vec(1..=99u8, 0..=2),
            minutes in prop::collection::vec(1..1_440i64, 1..=3),
            korean in any::<bool>(),
        ) {
            let shares = shares.into_iter().map(When::Share);
            let before = minutes.into_iter().map(|minute| When::Before(minute * 60_000));
            let reminders = Reminders::new(shares.chain(before).collect()).unwrap();
            let language = if korean { Language::Korean } else { Language::English };
            prop_assert_eq!(parse(&written(&reminders, language)), Ok(reminders));
        }
    }
}
