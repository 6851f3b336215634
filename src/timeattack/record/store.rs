//! SQL of the record: what has ended, counted by member and by day.
//!
//! Everything is answered by the two indexes of what has ended, without the rows themselves, and
//! counted in the database: a guild with a million of them sends as many rows as it has members.

use std::collections::HashMap;

use sqlx::Row as _;

use super::Totals;
use super::days::{Stretch, date_of_number};
use super::rank::Score;
use super::streak::Days;
use crate::db::{List, Tx, generated};
use crate::error::Result;
use crate::ids::{GuildId, UserId};
use crate::presence::Outage;

/// Outages named by one statement: as many as are planned in no time.
const OUTAGE_CHUNK: usize = 50;

/// The failures of each member. The plus keeps SQLite, which goes by no statistics, from reading
/// everything there is in the order of the members.
const EXCUSED: &str = "+user_id AS member, COUNT(*)";

/// What counts of each member.
const COUNTED: &str = "\
     CAST(SUM(CASE WHEN state = 'completed' THEN 1 ELSE 0 END) AS BIGINT), \
     CAST(SUM(CASE WHEN state = 'failed' THEN 1 ELSE 0 END) AS BIGINT), \
     MAX(CASE WHEN state = 'completed' THEN finished_ms ELSE 0 END), MIN(finished_ms)";

/// A stretch of a guild's time, in UTC epoch milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from_ms: i64,
    /// Not part of it.
    pub(super) until_ms: i64,
}

/// A guild's whole past is read member by member, a span of it in the order of time.
fn scores_sql(in_span: bool) -> String {
    let (span, member) = if in_span {
        // The plus as in `EXCUSED`.
        ("AND finished_ms >= $2 AND finished_ms < $3", "+user_id")
    } else {
        ("", "user_id")
    };
    format!(
        "SELECT {member} AS member, {COUNTED} FROM time_attacks \
         WHERE guild_id = $1 AND state <> 'running' {span} GROUP BY member"
    )
}

/// What each member ended within `span` (in all, without one), and when the first of it was.
pub(super) async fn scores(
    tx: &mut Tx,
    guild: GuildId,
    span: Option<Span>,
) -> Result<(Vec<Score>, Option<i64>)> {
    let mut query = sqlx::query(generated(scores_sql(span.is_some()))).bind(guild.0);
    if let Some(span) = span {
        query = query.bind(span.from_ms).bind(span.until_ms);
    }
    let rows = query.fetch_all(tx).await?;
    let mut scores = Vec::with_capacity(rows.len());
    let mut first_ms: Option<i64> = None;
    for row in rows {
        scores.push(Score {
            user: UserId(row.try_get(0)?),
            completed: row.try_get(1)?,
            failed: row.try_get(2)?,
            reached_ms: row.try_get(3)?,
        });
        let own_ms: i64 = row.try_get(4)?;
        first_ms = Some(first_ms.map_or(own_ms, |ms| ms.min(own_ms)));
    }
    Ok((scores, first_ms))
}

/// Each member's failures whose deadlines fell into `outages`.
pub(super) async fn excused(
    tx: &mut Tx,
    guild: GuildId,
    span: Span,
    outages: &[Outage],
) -> Result<HashMap<UserId, i64>> {
    let mut excused = HashMap::new();
    for chunk in outages.chunks(OUTAGE_CHUNK) {
        let Some(sql) = failed_within(chunk, span, EXCUSED, "", "member") else {
            continue;
        };
        let query = sqlx::query(generated(sql)).bind(guild.0);
        for row in query.fetch_all(&mut *tx).await? {
            let count: i64 = row.try_get(1)?;
            *excused.entry(UserId(row.try_get(0)?)).or_insert(0) += count;
        }
    }
    Ok(excused)
}

/// What each of `users` ended, by the day on which it did.
pub(super) async fn days_of(
    tx: &mut Tx,
    guild: GuildId,
    users: &[UserId],
    span: Span,
    stretches: &[Stretch],
    outages: &[Outage],
) -> Result<HashMap<UserId, Days>> {
    let mut found: HashMap<UserId, Days> = HashMap::new();
    if users.is_empty() {
        return Ok(found);
    }
    let day = day_of("finished_ms", stretches);
    let listed = List::of_ids(tx, 4, users.iter().map(|user| user.0));
    let query = sqlx::query(generated(days_sql(&day, &listed)));
    let query = query.bind(guild.0).bind(span.from_ms).bind(span.until_ms);
    let query = query.bind(listed.values());
    for row in query.fetch_all(&mut *tx).await? {
        let (user, date) = (UserId(row.try_get(0)?), date_of_number(row.try_get(1)?));
        let ended = found.entry(user).or_default().entry(date).or_default();
        ended.completed = row.try_get(2)?;
        ended.failed = row.try_get(3)?;
        ended.given_up = row.try_get(4)?;
    }
    let columns = format!("user_id, {day} AS day_number, COUNT(*)");
    let listed = List::of_ids(tx, 2, users.iter().map(|user| user.0));
    let of_them = format!("AND user_id {listed}");
    let users = listed.values();
    for chunk in outages.chunks(OUTAGE_CHUNK) {
        let sql = failed_within(chunk, span, &columns, &of_them, "user_id, day_number");
        let Some(sql) = sql else { continue };
        let query = sqlx::query(generated(sql))
            .bind(guild.0)
            .bind(users.clone());
        for row in query.fetch_all(&mut *tx).await? {
            let (user, date) = (UserId(row.try_get(0)?), date_of_number(row.try_get(1)?));
            let excused: i64 = row.try_get(2)?;
            let ended = found.entry(user).or_default().entry(date).or_default();
            ended.failed -= excused;
            ended.excused += excused;
        }
    }
    Ok(found)
}

/// What members of a guild (`$1`) ended from `$2` until `$3`, by day.
fn days_sql(day: &str, users: &List) -> String {
    format!(
        "SELECT user_id, {day} AS day_number, \
             CAST(SUM(CASE WHEN state = 'completed' THEN 1 ELSE 0 END) AS BIGINT), \
             CAST(SUM(CASE WHEN state = 'failed' THEN 1 ELSE 0 END) AS BIGINT), \
             CAST(SUM(CASE WHEN state = 'cancelled' THEN 1 ELSE 0 END) AS BIGINT) \
         FROM time_attacks \
         WHERE guild_id = $1 AND state <> 'running' AND finished_ms >= $2 AND finished_ms < $3 \
             AND user_id {users} \
         GROUP BY user_id, day_number"
    )
}

/// A query for the guild's (`$1`) failures whose deadlines fell into `outages`, groups of which may
/// come more than once; `None`: no outage reaches into the span.
///
/// One part for each outage, with its numbers in it: joined with a table of them, PostgreSQL would
/// hold every failure there ever was against each.
fn failed_within(
    outages: &[Outage],
    span: Span,
    columns: &str,
    more: &str,
    group: &str,
) -> Option<String> {
    let part = |outage: &Outage| {
        let from_ms = outage.from_ms.max(span.from_ms);
        let until_ms = outage.until_ms.min(span.until_ms);
        (from_ms < until_ms).then(|| {
            format!(
                "SELECT {columns} FROM time_attacks \
                 WHERE guild_id = $1 AND state <> 'running' AND state = 'failed' \
                     AND finished_ms >= {from_ms} AND finished_ms < {until_ms} {more} \
                 GROUP BY {group}"
            )
        })
    };
    let parts: Vec<String> = outages.iter().filter_map(part).collect();
    (!parts.is_empty()).then(|| parts.join(" UNION ALL "))
}

/// When the first of a member's ended ones ended.
pub(super) async fn first_of(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<Option<i64>> {
    let first: Option<i64> = sqlx::query_scalar(
        "SELECT MIN(finished_ms) FROM time_attacks \
         WHERE guild_id = $1 AND user_id = $2 AND state <> 'running'",
    )
    .bind(guild.0)
    .bind(user.0)
    .fetch_one(tx)
    .await?;
    Ok(first)
}

/// How long those completed by a member took, in the middle; of an even number, the mean of both.
pub(super) async fn usual_length(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    totals: &Totals,
) -> Result<Option<i64>> {
    let count = totals.completed;
    if count == 0 {
        return Ok(None);
    }
    let lengths: Vec<i64> = sqlx::query_scalar(
        "SELECT finished_ms - started_ms AS length_ms FROM time_attacks \
         WHERE guild_id = $1 AND user_id = $2 AND state <> 'running' AND state = 'completed' \
         ORDER BY length_ms LIMIT $3 OFFSET $4",
    )
    .bind(guild.0)
    .bind(user.0)
    .bind(2 - count % 2)
    .bind((count - 1) / 2)
    .fetch_all(tx)
    .await?;
    let found = i64::try_from(lengths.len()).unwrap_or(1).max(1);
    Ok(Some((lengths.iter().sum::<i64>() / found).max(0)))
}

/// The days that instants belong to, as SQL: their numbers since 1970-01-01.
fn day_of(column: &str, stretches: &[Stretch]) -> String {
    let mut ahead = String::from("CASE");
    for stretch in stretches.iter().skip(1).rev() {
        let Stretch { since_ms, ahead_ms } = stretch;
        ahead.push_str(&format!(" WHEN {column} >= {since_ms} THEN {ahead_ms}"));
    }
    let first = stretches.first().map_or(0, |first| first.ahead_ms);
    // Without a change there is nothing to distinguish, and SQL wants one case at least.
    let ahead = if stretches.len() > 1 {
        format!("{ahead} ELSE {first} END")
    } else {
        first.to_string()
    };
    format!("({column} + {ahead}) / 86400000")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What has ended is a guild's whole past: none of it is looked up row by row, and of a week no
    /// more is read than the week; nor of a member's days more than those that a streak asks for.
    #[tokio::test]
    async fn scores_are_read_from_an_index_alone() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let db = crate::db::Db::open(&url).await.unwrap();
        let mut conn = db.read().await.unwrap();
        let outage = Outage {
            from_ms: 1,
            until_ms: 2,
        };
        let span = Span {
            from_ms: 0,
            until_ms: 9,
        };
        let of_two = "AND user_id IN ($2, $3)";
        let by_time = "ended_in_guild (guild_id=? AND finished_ms>? AND finished_ms<?)";
        let members = List::of_ids(&conn, 4, [1]);
        for (sql, index) in [
            (
                days_sql("(finished_ms + 0) / 86400000", &members),
                "ended_of_member (guild_id=? AND user_id=? AND finished_ms>? AND finished_ms<?)",
            ),
            (scores_sql(false), "ended_of_member (guild_id=?)"),
            (scores_sql(true), by_time),
            (
                failed_within(&[outage], span, EXCUSED, "", "member").unwrap(),
                by_time,
            ),
            (
                failed_within(&[outage], span, "user_id, COUNT(*)", of_two, "user_id").unwrap(),
                "ended_of_member (guild_id=? AND user_id=? AND finished_ms>? AND finished_ms<?)",
            ),
        ] {
            let explain = format!("EXPLAIN QUERY PLAN {sql}");
            let plan = sqlx::query(generated(explain)).fetch_all(&mut *conn).await;
            let steps: Vec<String> = plan.unwrap().iter().map(|row| row.get("detail")).collect();
            let read = format!("SEARCH time_attacks USING COVERING INDEX time_attacks_{index}");
            assert_eq!(steps[0], read, "{sql}: {steps:#?}");
        }
    }

    #[test]
    fn days_are_reckoned_by_the_stretch_that_an_instant_is_in() {
        let stretch = |since_ms, ahead_ms| Stretch { since_ms, ahead_ms };
        assert_eq!(day_of("x", &[stretch(5, 9)]), "(x + 9) / 86400000");
        let changes = [stretch(5, 1), stretch(10, 2), stretch(20, 3)];
        assert_eq!(
            day_of("x", &changes),
            "(x + CASE WHEN x >= 20 THEN 3 WHEN x >= 10 THEN 2 ELSE 1 END) / 86400000"
        );
    }
}
