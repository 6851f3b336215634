//! The record: what members have ended, on which days, in which order of merit.
//!
//! # Promise
//!
//! - A day is the guild's: from local midnight to local midnight by its zone, be it of 23 hours. A guild
//!   that moves to another zone keeps the days that were counted ([`calendar`]), and so does a member with a zone
//!   of their own, which makes the days of their book and of their picture.
//! - What is shown explains itself: every day says what it did to the streak ([`book`]).
//! - Nobody pays for our downtime: a day on which the bot was away ends no streak, and a deadline
//!   that passed meanwhile counts in no rate.
//! - Nothing is kept: all of it is counted anew from what has ended, so corrections and withdrawals hold
//!   from the next look on. A guild with a million ended time attacks is counted
//!   in a fraction of a second (`benches/record.rs`).
//!
//! The rate is of completed and failed ones; those given up are neither.

pub mod calendar;
pub mod days;
pub mod rank;
mod store;
pub mod streak;
pub mod text;

use chrono::{Datelike as _, Days as DayCount, Months, NaiveDate};
use chrono_tz::Tz;

use self::calendar::Calendar;
use self::rank::{Score, ranked, rate_percent};
use self::store::Span;
use self::streak::{Away, Backwards, Days, Ended, Line, Streaks, streaks};
use crate::app::App;
use crate::consent;
use crate::db::Tx;
use crate::error::Result;
use crate::guild;
use crate::ids::{GuildId, UserId};
use crate::presence;

/// Members on one page of a leaderboard.
pub const PLACES: usize = 10;
/// Days on one page of the book.
pub const BOOK_LINES: usize = 12;
/// Weeks of the calendar in a member's picture.
pub const WEEKS: u64 = 26;

/// Days of a member that are read first to count their streak: most have a shorter one.
const FIRST_PAGE_DAYS: u64 = 16;
/// The most that are read at once.
const LONGEST_PAGE_DAYS: u64 = 512;

/// Which days a leaderboard is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// This week, which begins on Monday.
    Week,
    /// This month.
    Month,
    /// All days so far.
    All,
}

impl Period {
    /// Every one there is, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Week, Self::Month, Self::All];

    /// As options and buttons name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "month",
            Self::All => "all",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.as_str() == name)
    }

    /// Its first day and its last, seen from `today`. All days end today, and begin with the first
    /// that has something to show.
    fn dates(self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        match self {
            Self::Week => {
                let monday = today - DayCount::new(today.weekday().num_days_from_monday().into());
                (monday, monday + DayCount::new(6))
            }
            Self::Month => {
                let first = today - DayCount::new(today.day0().into());
                (first, first + Months::new(1) - DayCount::new(1))
            }
            Self::All => (NaiveDate::default(), today),
        }
    }
}

/// One page of who completed most.
#[derive(Clone, Debug)]
pub struct Leaderboard {
    /// Which days.
    pub period: Period,
    /// The first of them.
    pub from: NaiveDate,
    /// The last of them.
    pub to: NaiveDate,
    /// Whose days.
    pub zone: Tz,
    /// At most [`PLACES`], best first.
    pub places: Vec<Place>,
    /// This page, from 0.
    pub page: usize,
    /// How many pages there are, at least 1.
    pub pages: usize,
    /// Members with a place.
    pub members: usize,
    /// The asker's, wherever it is; without anything completed there is none.
    pub own: Option<Place>,
}

/// A member's place on a leaderboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1; equals share one.
    pub rank: i64,
    /// What was counted.
    pub score: Score,
    /// The longest streak within the period, in days.
    pub streak: i64,
}

/// One page of the book that explains a member's streak, newest first.
#[derive(Clone, Debug)]
pub struct Book {
    /// At most [`BOOK_LINES`].
    pub lines: Vec<Line>,
    /// This page, from 0.
    pub page: usize,
    /// How many pages there are, at least 1.
    pub pages: usize,
    /// The member's streaks.
    pub streaks: Streaks,
    /// The member's date.
    pub today: NaiveDate,
}

/// All that a member ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Done in time.
    pub completed: i64,
    /// Deadlines missed, but for those excused.
    pub failed: i64,
    /// Deadlines that passed while the bot was away.
    pub excused: i64,
    /// Given up.
    pub given_up: i64,
}

impl Totals {
    /// Completed of all that count, in per cent.
    pub fn rate_percent(&self) -> Option<i64> {
        rate_percent(self.completed, self.failed)
    }
}

/// A member's record at a glance.
#[derive(Clone, Debug)]
pub struct Record {
    /// All of it.
    pub totals: Totals,
    /// How long those completed took, in the middle.
    pub usual_ms: Option<i64>,
    /// In days.
    pub streaks: Streaks,
    /// The last [`WEEKS`] weeks, each from Monday, the last one up to today.
    pub calendar: Vec<CalendarDay>,
    /// The member's date.
    pub today: NaiveDate,
    /// Whose days these are: the member's zone, or the guild's.
    pub zone: Tz,
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalendarDay {
    /// Which.
    pub date: NaiveDate,
    /// What ended on it.
    pub ended: Ended,
    /// Whether the bot was away on it.
    pub is_away: bool,
}

/// A page of the guild's leaderboard; one that does not exist is the nearest that does.
pub async fn leaderboard(
    app: &App,
    guild: GuildId,
    asker: UserId,
    period: Period,
    page: usize,
) -> Result<Leaderboard> {
    let mut conn = app.db.read().await?;
    let calendar = calendar_of(&mut conn, guild).await?;
    let today = calendar.local_date(app.clock.now_ms());
    let (mut from, to) = period.dates(today);
    let mut span = span(from, to, &calendar);
    let within = (period != Period::All).then_some(span);
    let (mut scores, first_ms) = store::scores(&mut conn, guild, within).await?;
    if period == Period::All {
        // What is without an end has no outages before its beginning.
        span.from_ms = first_ms.unwrap_or(app.clock.now_ms());
        from = calendar.local_date(span.from_ms);
    }
    let outages = presence::outages_within(&mut conn, span.from_ms, span.until_ms).await?;
    let excused = store::excused(&mut conn, guild, span, &outages).await?;
    for score in &mut scores {
        score.failed -= excused.get(&score.user).copied().unwrap_or(0);
    }
    scores.retain(|score| score.completed > 0);
    let ranked = ranked(scores);
    let pages = ranked.len().div_ceil(PLACES).max(1);
    let page = page.min(pages - 1);
    let shown = ranked.iter().skip(page * PLACES).take(PLACES);
    let own = ranked.iter().find(|(_, score)| score.user == asker);
    let users: Vec<UserId> = shown
        .clone()
        .chain(own)
        .map(|(_, score)| score.user)
        .collect();
    let stretches = calendar.stretches(span.from_ms, span.until_ms);
    let days = store::days_of(&mut conn, guild, &users, span, &stretches, &[]).await?;
    let away = calendar.away(&outages);
    let place = |(rank, score): &(i64, Score)| Place {
        rank: *rank,
        score: *score,
        streak: days.get(&score.user).map_or(0, |days| {
            streaks(completed(days), &away, &calendar, today).longest
        }),
    };
    Ok(Leaderboard {
        period,
        from,
        to,
        zone: calendar.zone(),
        places: shown.map(place).collect(),
        page,
        pages,
        members: ranked.len(),
        own: own.map(place),
    })
}

/// A page of the book of a member's days; one that does not exist is the nearest that does.
pub async fn book(app: &App, guild: GuildId, user: UserId, page: usize) -> Result<Book> {
    let mut conn = app.db.read().await?;
    let calendar = calendar_of_member(&mut conn, guild, user).await?;
    let today = calendar.local_date(app.clock.now_ms());
    let (days, away) = all_days(&mut conn, guild, user, &calendar, today).await?;
    let mut lines = streak::book(&days, &away, &calendar, today);
    lines.reverse();
    let pages = lines.len().div_ceil(BOOK_LINES).max(1);
    let page = page.min(pages - 1);
    let shown = lines.into_iter().skip(page * BOOK_LINES).take(BOOK_LINES);
    Ok(Book {
        lines: shown.collect(),
        page,
        pages,
        streaks: streaks(completed(&days), &away, &calendar, today),
        today,
    })
}

/// A member's record at a glance.
pub async fn record(app: &App, guild: GuildId, user: UserId) -> Result<Record> {
    let mut conn = app.db.read().await?;
    let calendar = calendar_of_member(&mut conn, guild, user).await?;
    let today = calendar.local_date(app.clock.now_ms());
    let (days, away) = all_days(&mut conn, guild, user, &calendar, today).await?;
    let mut totals = Totals::default();
    for ended in days.values() {
        totals.completed += ended.completed;
        totals.failed += ended.failed;
        totals.excused += ended.excused;
        totals.given_up += ended.given_up;
    }
    let usual_ms = store::usual_length(&mut conn, guild, user, &totals).await?;
    let (monday, _) = Period::Week.dates(today);
    let first = monday - DayCount::new(7 * (WEEKS - 1));
    let shown_from_ms = calendar.start_of_day(first);
    let outages = presence::outages_within(&mut conn, shown_from_ms, i64::MAX).await?;
    let shown_away = calendar.away(&outages);
    let day = |date: NaiveDate| CalendarDay {
        date,
        ended: days.get(&date).copied().unwrap_or_default(),
        is_away: shown_away.contains_key(&date),
    };
    let shown = first.iter_days().take_while(|date| *date <= today);
    Ok(Record {
        totals,
        usual_ms,
        streaks: streaks(completed(&days), &away, &calendar, today),
        calendar: shown.map(day).collect(),
        today,
        zone: calendar.zone(),
    })
}

/// How many days a member's streak has once something is completed today. Every completion asks, so no more
/// is read than the streak is long, by pages that are twice as long each time.
pub async fn streak_with_today(app: &App, guild: GuildId, user: UserId) -> Result<i64> {
    let mut conn = app.db.read().await?;
    let calendar = calendar_of(&mut conn, guild).await?;
    let today = calendar.local_date(app.clock.now_ms());
    let mut streak = Backwards::from(today);
    let Some(first_ms) = store::first_of(&mut conn, guild, user).await? else {
        return Ok(streak.days());
    };
    // One more: a server that moved to another zone may have gone back by a day.
    let first = calendar.local_date(first_ms) - DayCount::new(1);
    let mut length = FIRST_PAGE_DAYS;
    while let Some(to) = streak.next().filter(|to| *to >= first) {
        let from = (to - DayCount::new(length - 1)).max(first);
        let span = span(from, to, &calendar);
        let outages = presence::outages_within(&mut conn, span.from_ms, span.until_ms).await?;
        let stretches = calendar.stretches(span.from_ms, span.until_ms);
        let found = store::days_of(&mut conn, guild, &[user], span, &stretches, &[]).await?;
        let none = Days::new();
        let days = found.get(&user).unwrap_or(&none);
        streak.read(from, days, &calendar.away(&outages), &calendar);
        length = (length * 2).min(LONGEST_PAGE_DAYS);
    }
    Ok(streak.days())
}

/// All days of a member, and when the bot was away since the first of them.
async fn all_days(
    conn: &mut Tx,
    guild: GuildId,
    user: UserId,
    calendar: &Calendar,
    today: NaiveDate,
) -> Result<(Days, Away)> {
    let Some(from_ms) = store::first_of(conn, guild, user).await? else {
        return Ok((Days::new(), Away::new()));
    };
    let span = Span {
        from_ms,
        until_ms: calendar.end_of_day(today),
    };
    // From the beginning of the first day on.
    let day_ms = calendar.start_of_day(calendar.local_date(from_ms));
    let outages = presence::outages_within(conn, day_ms, span.until_ms).await?;
    let stretches = calendar.stretches(span.from_ms, span.until_ms);
    let mut found = store::days_of(conn, guild, &[user], span, &stretches, &outages).await?;
    let days = found.remove(&user).unwrap_or_default();
    Ok((days, calendar.away(&outages)))
}

/// From the beginning of one day to the end of another.
fn span(from: NaiveDate, to: NaiveDate, calendar: &Calendar) -> Span {
    Span {
        from_ms: calendar.start_of_day(from),
        until_ms: calendar.end_of_day(to),
    }
}

/// The guild's calendar, with the zones that it lived by before.
async fn calendar_of(conn: &mut Tx, guild: GuildId) -> Result<Calendar> {
    let zone = guild::for_guild(conn, guild).await?.timezone;
    let past = guild::past_zones(conn, guild).await?;
    Ok(Calendar::new(&past, zone))
}

/// The calendar of what is shown of one member: the days that they live in.
async fn calendar_of_member(conn: &mut Tx, guild: GuildId, user: UserId) -> Result<Calendar> {
    let own = consent::zones_in(conn, guild, user).await?.own;
    let past = consent::past_zones(conn, guild, user).await?;
    Ok(calendar_of(conn, guild).await?.of_member(&past, own))
}

/// The days on which something was completed, in their order.
fn completed(days: &Days) -> impl Iterator<Item = NaiveDate> {
    let done = days.iter().filter(|(_, ended)| ended.completed > 0);
    done.map(|(date, _)| *date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
        for (period, today, from, to) in [
            (Period::Week, "2026-11-21", "2026-11-16", "2026-11-22"),
            (Period::Week, "2026-11-16", "2026-11-16", "2026-11-22"),
            (Period::Week, "2026-11-22", "2026-11-16", "2026-11-22"),
            (Period::Month, "2026-11-30", "2026-11-01", "2026-11-30"),
            (Period::Month, "2028-02-10", "2028-02-01", "2028-02-29"),
            (Period::Month, "2026-12-31", "2026-12-01", "2026-12-31"),
        ] {
            assert_eq!(period.dates(day(today)), (day(from), day(to)), "{today}");
        }
        for period in Period::ALL {
            assert_eq!(Period::parse(period.as_str()), Some(period));
        }
        assert_eq!(Period::parse("year"), None);
    }
}
