//! `/timeattack stats`: a picture of a member's record, for everybody in the channel.
//!
//! The picture speaks the server's language, as everything does that all see; the text for those who
//! cannot see it says the same facts, in the language of whoever asked.

use poise::serenity_prelude as serenity;
use serenity::{CommandInteraction, CreateAttachment};

use crate::app::App;
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::duration_text::format_duration;
use crate::error::{Result, UserError};
use crate::guild;
use crate::i18n::display::one_line;
use crate::i18n::{Language, text};
use crate::ids::UserId;
use crate::messenger::markdown::{named, shorten};
use crate::picture::{self, Card, Cell, Month, Tile};
use crate::timeattack::record::text::{date, day_count, month, weekday};
use crate::timeattack::record::{self, CalendarDay, Record};

use chrono::{Datelike as _, NaiveDate};

/// The file's name.
const FILE: &str = "timeattack-stats.png";
/// Characters of a file's description (Discord's limit).
const DESCRIPTION_LENGTH: usize = 1_024;
/// A month's name is about so many columns wide: one that has fewer is not named.
const MONTH_COLUMNS: usize = 2;

/// Show a picture of what somebody has achieved
#[poise::command(slash_command)]
pub(super) async fn stats(ctx: Context<'_>, member: Option<serenity::UserId>) -> Result<()> {
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        let (user, name) = match member {
            Some(member) => (member.get().into(), name_of(ctx.interaction, member)),
            None => (asker.user, asker.name.clone()),
        };
        let server = ctx.data().name_of(asker.guild);
        let who = Who { user, name, server };
        let reply = drawn(&ctx.data().app, &asker, who).await?;
        Ok(Answer::in_public(reply, &asker))
    };
    respond::command(ctx, Deferral::Public, answer).await
}

/// What the server calls a member that was chosen, or Discord somebody who has left.
fn name_of(interaction: &CommandInteraction, member: serenity::UserId) -> String {
    let resolved = &interaction.data.resolved;
    let nick = resolved
        .members
        .get(&member)
        .and_then(|one| one.nick.clone());
    let user = resolved.users.get(&member);
    nick.or_else(|| user.map(|user| user.display_name().to_owned()))
        .unwrap_or_default()
}

/// Whose record it is.
#[derive(Clone, Debug)]
struct Who {
    user: UserId,
    name: String,
    /// What the server is called; empty if that is not known.
    server: String,
}

async fn drawn(app: &App, asker: &Asker, who: Who) -> Result<Reply> {
    let settings = guild::settings(app, asker.guild).await?;
    let language = settings.language.unwrap_or(asker.guild_language);
    let user = who.user;
    let record = record::record(app, asker.guild, user).await?;
    let said = described(&record, &who.name, asker.language);
    let named = named(Some(&who.name), user);
    let png = picture::drawn(card(&record, who, language)).await?;
    let png = png.ok_or(UserError::Busy)?;
    let file = CreateAttachment::bytes(png, FILE).description(shorten(&said, DESCRIPTION_LENGTH));
    let title = text(language, "stats-title", &[("name", named.into())]);
    Ok(Reply::new(title).file(file))
}

/// The record in words and figures, to be drawn.
fn card(record: &Record, who: Who, language: Language) -> Card {
    let say = |key: &str| text(language, key, &[]);
    let is_empty = record.totals == record::Totals::default();
    let tile = |value: String, label: String| Tile {
        value,
        label,
        is_burning: false,
    };
    let figures = Figures::of(record, language);
    let current = Tile {
        is_burning: record.streaks.current > 0,
        ..tile(figures.current, text(language, "stats-current", &[]))
    };
    let today = [("date", date(record.today, language).into())];
    let others = [
        ("failed", record.totals.failed.into()),
        ("givenup", record.totals.given_up.into()),
    ];
    let first = NaiveDate::default();
    let named = |days: u64| {
        // 1970 began on a Thursday: its fifth day was a Monday.
        weekday(first + chrono::Days::new(4 + days), language)
    };
    Card {
        name: who.name,
        user: who.user.get(),
        server: who.server,
        nobody: text(language, "stats-nobody", &[]),
        subtitle: text(language, "stats-subtitle", &today),
        tiles: vec![
            tile(figures.completed, text(language, "stats-completed", &[])),
            tile(figures.rate, text(language, "stats-rate", &[])),
            current,
            tile(figures.longest, text(language, "stats-longest", &[])),
            tile(figures.usual, text(language, "stats-usual", &[])),
        ],
        others: if is_empty {
            String::new()
        } else {
            text(language, "stats-of", &others)
        },
        empty: is_empty.then(|| text(language, "stats-empty", &[])),
        weekdays: [named(0), named(2), named(4)],
        months: months(&record.calendar, language),
        days: record.calendar.iter().map(cell).collect(),
        less: say("stats-less"),
        more: say("stats-more"),
        missed: say("stats-failed-only"),
        away: say("stats-away"),
    }
}

/// The figures as people read them.
struct Figures {
    completed: String,
    rate: String,
    current: String,
    longest: String,
    usual: String,
}

impl Figures {
    fn of(record: &Record, language: Language) -> Self {
        let none = || text(language, "stats-none", &[]);
        let rate = record.totals.rate_percent();
        let usual = record.usual_ms;
        Self {
            completed: record.totals.completed.to_string(),
            rate: rate.map_or_else(none, |rate| format!("{rate}%")),
            current: day_count(record.streaks.current, language),
            longest: day_count(record.streaks.longest, language),
            usual: usual.map_or_else(none, |ms| format_duration(ms, language)),
        }
    }
}

/// The names of the months above the columns in which they begin.
fn months(calendar: &[CalendarDay], language: Language) -> Vec<Month> {
    let mut months: Vec<Month> = Vec::new();
    let mut last = None;
    for (column, week) in calendar.chunks(7).enumerate() {
        let Some(monday) = week.first().map(|day| day.date) else {
            continue;
        };
        if last == Some(monday.month()) {
            continue;
        }
        last = Some(monday.month());
        // A month whose last week is the calendar's first would be written into the next one.
        if months
            .last()
            .is_some_and(|before| column - before.column < MONTH_COLUMNS)
        {
            months.pop();
        }
        months.push(Month {
            column,
            name: month(monday, language),
        });
    }
    months
}

fn cell(day: &CalendarDay) -> Cell {
    if day.ended.completed > 0 {
        Cell::Completed(day.ended.completed)
    } else if day.is_away {
        Cell::Away
    } else if day.ended.failed > 0 {
        Cell::Missed
    } else {
        Cell::Empty
    }
}

/// The same facts for those who cannot see the picture.
fn described(record: &Record, name: &str, language: Language) -> String {
    let days = |kind: fn(Cell) -> bool| {
        let days = record.calendar.iter().filter(|day| kind(cell(day))).count();
        day_count(i64::try_from(days).unwrap_or(i64::MAX), language)
    };
    let totals = &record.totals;
    let figures = Figures::of(record, language);
    let args = [
        ("name", one_line(name).into()),
        ("date", date(record.today, language).into()),
        ("completed", totals.completed.into()),
        ("failed", totals.failed.into()),
        ("givenup", totals.given_up.into()),
        ("rate", figures.rate.into()),
        ("current", figures.current.into()),
        ("longest", figures.longest.into()),
        ("usual", figures.usual.into()),
        (
            "daysdone",
            days(|cell| matches!(cell, Cell::Completed(_))).into(),
        ),
        ("daysfailed", days(|cell| cell == Cell::Missed).into()),
        ("daysaway", days(|cell| cell == Cell::Away).into()),
    ];
    text(language, "stats-alt", &args)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeattack::record::Totals;
    use crate::timeattack::record::streak::{Ended, Streaks};

    /// A record of half a year, made by rule.
    fn made(today: &str) -> Record {
        let today: NaiveDate = today.parse().unwrap();
        let weekday = today.weekday().num_days_from_monday();
        let first = today - chrono::Days::new(u64::from(weekday) + 7 * (record::WEEKS - 1));
        let day = |date: NaiveDate| {
            let number = i64::from(date.num_days_from_ce());
            let completed =
                [0, 1, 2, 0, 3, 6, 1, 4, 0, 2, 1][usize::try_from(number % 11).unwrap()];
            let failed = i64::from(number % 5 == 0 || completed == 0 && number % 4 == 0);
            CalendarDay {
                date,
                ended: Ended {
                    completed,
                    failed,
                    ..Ended::default()
                },
                is_away: number % 47 == 0 || number % 48 == 0,
            }
        };
        Record {
            totals: Totals {
                completed: 312,
                failed: 41,
                excused: 2,
                given_up: 7,
            },
            usual_ms: Some(95 * 60_000),
            streaks: Streaks {
                current: 12,
                longest: 31,
            },
            calendar: first
                .iter_days()
                .take_while(|date| *date <= today)
                .map(day)
                .collect(),
            today,
            zone: chrono_tz::Asia::Seoul,
        }
    }

    fn who(name: &str) -> Who {
        Who {
            user: UserId(7),
            name: name.into(),
            server: "Study Room".into(),
        }
    }

    fn empty(today: &str) -> Record {
        let mut record = made(today);
        for day in &mut record.calendar {
            day.ended = Ended::default();
            day.is_away = false;
        }
        Record {
            totals: Totals::default(),
            usual_ms: None,
            streaks: Streaks::default(),
            ..record
        }
    }

    #[test]
    fn months_stand_apart_and_each_is_named_once() {
        for today in ["2026-11-21", "2026-03-01", "2026-06-30", "2026-12-31"] {
            let record = made(today);
            let months = months(&record.calendar, Language::English);
            assert!((6..=7).contains(&months.len()), "{today}: {months:?}");
            for pair in months.windows(2) {
                assert!(pair[1].column - pair[0].column >= MONTH_COLUMNS, "{today}");
                assert_ne!(pair[0].name, pair[1].name);
            }
        }
    }

    #[test]
    fn weeks_begin_on_monday() {
        let card = card(&made("2026-11-21"), who("jamong"), Language::English);
        assert_eq!(card.weekdays, ["Mon", "Wed", "Fri"]);
        assert_eq!(card.days.len(), 25 * 7 + 6);
    }

    #[test]
    fn what_is_drawn_is_told_in_words() {
        let record = made("2026-11-21");
        for language in Language::ALL {
            let said = described(&record, "자몽", language);
            for part in ["자몽", "312", "41", "7", "88%", "12", "31"] {
                assert!(said.contains(part), "{part} in {said}");
            }
            assert!(said.chars().count() <= DESCRIPTION_LENGTH);
        }
    }

    /// To be looked at: `PICTURES=folder cargo test --lib -- pictures_to_look_at`.
    #[test]
    fn pictures_to_look_at() {
        let folder = tempfile::tempdir().unwrap();
        let (full, none) = (made("2026-11-21"), empty("2026-11-21"));
        for (file, record, name, language) in [
            ("english", &full, "Mina", Language::English),
            ("korean", &full, "자몽", Language::Korean),
            ("empty-english", &none, "Mina", Language::English),
            ("empty-korean", &none, "자몽", Language::Korean),
            (
                "long",
                &full,
                "세상에서 가장 긴 이름을 가진 사람이 바로 여기에 있습니다",
                Language::Korean,
            ),
            ("emoji", &full, "🔥 Zoé 🫠 der Große ✨", Language::English),
            ("nothing", &full, "🫠🫠", Language::English),
        ] {
            let png = picture::draw(&card(record, who(name), language)).unwrap();
            assert!(png.starts_with(b"\x89PNG") && png.len() < 200_000, "{file}");
            let folder = option_env!("PICTURES").map_or(folder.path(), std::path::Path::new);
            std::fs::write(folder.join(format!("{file}.png")), png).unwrap();
        }
    }
}
