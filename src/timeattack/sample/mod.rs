//! A made-up past for the sandbox: half a year in which members kept their deadlines, or did not. In no
//! release, and never in a server of Discord's.
//!
//! What happened is the same at every start: who looks for a picture of it finds the same one.

mod store;

use chrono::{Datelike as _, Days, NaiveDate, NaiveTime, TimeZone as _};
use chrono_tz::Tz;

use super::record::WEEKS;
use crate::app::App;
use crate::error::Result;
use crate::guild;
use crate::i18n::Language;
use crate::ids::{ChannelId, GuildId, UserId};

/// Rows of one transaction.
const ROWS_AT_ONCE: usize = 200;
/// Whoever has ended something before that has a past already.
const PAST_MS: i64 = 2 * 86_400_000;

/// Somebody to whom it happened.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub user: UserId,
    /// What the server calls them.
    pub name: String,
    /// Their language as Discord writes it, for what they did.
    pub locale: String,
}

/// A time attack that ended.
#[derive(Clone, Debug)]
struct Ended {
    user: UserId,
    name: String,
    task: &'static str,
    language: Language,
    state: &'static str,
    started_ms: i64,
    deadline_ms: i64,
    finished_ms: i64,
}

/// Writes the past of these people; returns how much it was: nothing in a server that has a past.
pub async fn fill(
    app: &App,
    guild: GuildId,
    channel: ChannelId,
    people: &[Person],
) -> Result<usize> {
    let now_ms = app.clock.now_ms();
    let zone = guild::settings(app, guild).await?.timezone;
    let mut conn = app.db.read().await?;
    if store::has_ended_before(&mut conn, guild, now_ms - PAST_MS).await? {
        return Ok(0);
    }
    drop(conn);
    let mut past: Vec<Ended> = people
        .iter()
        .enumerate()
        .flat_map(|(index, person)| past_of(index, person, zone, now_ms))
        .collect();
    // Whatever is listed goes by the order in which it began.
    past.sort_by_key(|ended| ended.started_ms);
    for some in past.chunks(ROWS_AT_ONCE) {
        let rows: Vec<(i64, Ended)> = some
            .iter()
            .map(|ended| (app.ids.next(&app.clock), ended.clone()))
            .collect();
        let job = (guild, channel, rows);
        app.db
            .write(job, |tx, (guild, channel, rows)| {
                Box::pin(store::insert(tx, *guild, *channel, rows))
            })
            .await?;
    }
    Ok(past.len())
}

/// How somebody lives: whoever comes first is the most diligent, and all get better with time.
fn past_of(index: usize, person: &Person, zone: Tz, now_ms: i64) -> Vec<Ended> {
    let mut chance = Chance::new(index);
    let today = super::record::days::local_date(now_ms, zone);
    let days = WEEKS * 7;
    let laziness = u64::try_from(index).unwrap_or(u64::MAX).min(4);
    let mut past = Vec::new();
    for back in (1..days).rev() {
        let Some(date) = today.checked_sub_days(Days::new(back)) else {
            continue;
        };
        let is_weekend = date.weekday().number_from_monday() > 5;
        // The last days of the first are a streak.
        let is_streak = index == 0 && back <= 16;
        let busy = 82 - 14 * laziness - if is_weekend { 25 } else { 0 } + 10 * (days - back) / days;
        if !is_streak && !chance.percent(busy) {
            continue;
        }
        for turn in 0..=chance.below(3) {
            let fails = 8 + 9 * laziness + 12 * back / days;
            let state = if is_streak || !chance.percent(fails) {
                "completed"
            } else if chance.percent(25) {
                "cancelled"
            } else {
                "failed"
            };
            past.extend(ended(&mut chance, person, (zone, date, turn), state));
        }
    }
    past.retain(|ended| ended.finished_ms < now_ms);
    past
}

fn ended(
    chance: &mut Chance,
    person: &Person,
    (zone, date, turn): (Tz, NaiveDate, u64),
    state: &'static str,
) -> Option<Ended> {
    let language = Language::from_locale(&person.locale);
    let (task, minutes) = task(language, chance);
    let hour = u32::try_from(8 + 5 * turn + chance.below(4)).ok()?;
    let minute = u32::try_from(chance.below(60)).ok()?;
    let local = date.and_time(NaiveTime::from_hms_opt(hour.min(21), minute, 0)?);
    // A time that a change of the clocks skips is none.
    let started_ms = zone
        .from_local_datetime(&local)
        .earliest()?
        .timestamp_millis();
    let limit_ms = minutes * 60_000;
    let share = i64::try_from(45 + chance.below(50)).ok()?;
    let finished_ms = match state {
        "failed" => started_ms + limit_ms,
        _ => started_ms + limit_ms * share / 100,
    };
    Some(Ended {
        user: person.user,
        name: person.name.clone(),
        task,
        language,
        state,
        started_ms,
        deadline_ms: started_ms + limit_ms,
        finished_ms,
    })
}

/// Something that people do, and in how many minutes.
fn task(language: Language, chance: &mut Chance) -> (&'static str, i64) {
    const KOREAN: [(&str, i64); 8] = [
        ("알고리즘 3문제 풀기", 90),
        ("책 20쪽 읽기", 45),
        ("영어 단어 30개 외우기", 30),
        ("책상 정리하기", 20),
        ("공원 두 바퀴 달리기", 40),
        ("발표 자료 만들기", 120),
        ("밀린 빨래 하기", 60),
        ("일기 쓰기", 15),
    ];
    const ENGLISH: [(&str, i64); 8] = [
        ("Solve 3 algorithm problems", 90),
        ("Read 20 pages", 45),
        ("Learn 30 words", 30),
        ("Tidy my desk", 20),
        ("Run around the park twice", 40),
        ("Prepare the slides", 120),
        ("Do the laundry", 60),
        ("Write my diary", 15),
    ];
    let at = usize::try_from(chance.below(8)).unwrap_or(0);
    match language {
        Language::Korean => KOREAN[at],
        Language::English => ENGLISH[at],
    }
}

/// The same chances at every start (splitmix64).
struct Chance(u64);

impl Chance {
    fn new(seed: usize) -> Self {
        Self(u64::try_from(seed).unwrap_or(0).wrapping_add(26))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_past_is_half_a_year_long_and_over() {
        let now_ms = 1_795_251_600_000;
        for index in 0..6 {
            let person = Person {
                user: UserId(1),
                name: "Mina".into(),
                locale: "en-US".into(),
            };
            let past = past_of(index, &person, chrono_tz::America::New_York, now_ms);
            assert!(past.len() > 40, "{index}: {}", past.len());
            let first = past.iter().map(|ended| ended.started_ms).min().unwrap();
            assert!(first < now_ms - 170 * 86_400_000);
            for ended in &past {
                assert!(ended.started_ms < ended.finished_ms && ended.finished_ms < now_ms);
                assert!(ended.finished_ms <= ended.deadline_ms);
            }
            for state in ["completed", "failed", "cancelled"] {
                assert!(past.iter().any(|ended| ended.state == state), "{state}");
            }
        }
    }
}
