//! SQL of the campaigns.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Campaign, Kind, Occurrence, State, Tell};
use crate::clock::CLOCKS_DIFFER_MS;
use crate::db::{PIECE_ROWS, Tx, generated};
use crate::error::{CampaignError, Result};
use crate::ids::{CampaignId, GuildId, OccurrenceId, UserId};

const DAY_MS: i64 = 86_400_000;
const CAMPAIGN: &str = "SELECT id, guild_id, guild_name, name, template, segment, kind, author_id, created_ms \
     FROM campaigns";

/// Stores a campaign, in the place of one of the same name that never began, and returns its id;
/// `None`: that one did begin.
pub(super) async fn save(
    tx: &mut Tx,
    campaign: &Campaign,
    now_ms: i64,
) -> Result<Option<CampaignId>> {
    let saved: Option<i64> = sqlx::query_scalar(
        "INSERT INTO campaigns (id, guild_id, guild_name, name, name_key, template, segment, kind, \
             author_id, created_ms, updated_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) \
         ON CONFLICT (guild_id, name_key) DO UPDATE SET guild_name = excluded.guild_name, \
             name = excluded.name, template = excluded.template, segment = excluded.segment, \
             kind = excluded.kind, author_id = excluded.author_id, \
             updated_ms = excluded.updated_ms \
         WHERE NOT EXISTS (SELECT 1 FROM campaign_occurrences AS occurrence \
             WHERE occurrence.campaign_id = campaigns.id AND occurrence.is_test = 0 \
                 AND (occurrence.began_ms IS NOT NULL \
                     OR occurrence.state IN ('scheduled', 'freezing', 'sending'))) \
         RETURNING id",
    )
    .bind(campaign.id.0)
    .bind(campaign.guild.0)
    .bind(campaign.guild_name.clone())
    .bind(campaign.name.clone())
    .bind(super::name_key(&campaign.name))
    .bind(campaign.template.clone())
    .bind(campaign.segment.clone())
    .bind(campaign.kind.as_str())
    .bind(campaign.author.0)
    .bind(now_ms)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(id) = saved else { return Ok(None) };
    // What was shown of the former one can be confirmed no more.
    sqlx::query("DELETE FROM campaign_occurrences WHERE campaign_id = $1 AND state = 'draft'")
        .bind(id)
        .execute(tx)
        .await?;
    Ok(Some(CampaignId(id)))
}

pub(super) async fn count(tx: &mut Tx, guild: GuildId) -> Result<i64> {
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM campaigns WHERE guild_id = $1");
    Ok(count.bind(guild.0).fetch_one(tx).await?)
}

pub(super) async fn find(tx: &mut Tx, guild: GuildId, name: &str) -> Result<Option<Campaign>> {
    let found = sqlx::query(generated(format!(
        "{CAMPAIGN} WHERE guild_id = $1 AND name_key = $2"
    )))
    .bind(guild.0)
    .bind(super::name_key(name))
    .fetch_optional(tx)
    .await?;
    found.as_ref().map(campaign).transpose()
}

/// Whose occurrence it is.
pub(super) async fn of_occurrence(
    tx: &mut Tx,
    guild: GuildId,
    id: OccurrenceId,
) -> Result<Option<Campaign>> {
    let found = sqlx::query(generated(format!(
        "{CAMPAIGN} WHERE guild_id = $1 AND id = \
             (SELECT campaign_id FROM campaign_occurrences WHERE id = $2 AND guild_id = $1)"
    )))
    .bind(guild.0)
    .bind(id.0)
    .fetch_optional(tx)
    .await?;
    found.as_ref().map(campaign).transpose()
}

/// The newest first.
pub(super) async fn page(
    tx: &mut Tx,
    guild: GuildId,
    most: i64,
    skip: i64,
) -> Result<Vec<Campaign>> {
    // No more are passed over than `MOST_CAMPAIGNS`.
    let rows = sqlx::query(generated(format!(
        "{CAMPAIGN} WHERE guild_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3"
    )))
    .bind(guild.0)
    .bind(most)
    .bind(skip)
    .fetch_all(tx)
    .await?;
    rows.iter().map(campaign).collect()
}

/// Names that have in them what was typed, the newest first.
pub(super) async fn names(
    tx: &mut Tx,
    guild: GuildId,
    typed: &str,
    most: usize,
) -> Result<Vec<String>> {
    // Not by `LIKE`, whose signs somebody might type; a guild has few.
    let all = sqlx::query_scalar::<_, String>(
        "SELECT name FROM campaigns WHERE guild_id = $1 ORDER BY id DESC",
    )
    .bind(guild.0)
    .fetch_all(tx)
    .await?;
    let typed = super::name_key(typed);
    let fits = |name: &String| super::name_key(name).contains(&typed);
    Ok(all.into_iter().filter(fits).take(most).collect())
}

fn campaign(row: &AnyRow) -> Result<Campaign> {
    Ok(Campaign {
        id: CampaignId(row.try_get(0)?),
        guild: GuildId(row.try_get(1)?),
        guild_name: row.try_get(2)?,
        name: row.try_get(3)?,
        template: row.try_get(4)?,
        segment: row.try_get(5)?,
        kind: Kind::parse(&row.try_get::<String, _>(6)?),
        author: UserId(row.try_get(7)?),
        created_ms: row.try_get(8)?,
    })
}

/// An occurrence that is made: a draft, or a test.
pub(super) struct NewOccurrence {
    pub(super) id: OccurrenceId,
    pub(super) campaign: CampaignId,
    pub(super) guild: GuildId,
    pub(super) is_test: bool,
    pub(super) at_ms: i64,
    pub(super) content: String,
    pub(super) audience: i64,
}

/// Stores a draft in the place of the campaign's earlier ones.
pub(super) async fn insert_draft(tx: &mut Tx, new: &NewOccurrence, now_ms: i64) -> Result<()> {
    sqlx::query(
        "DELETE FROM campaign_occurrences WHERE campaign_id = $1 AND guild_id = $2 \
             AND state = 'draft'",
    )
    .bind(new.campaign.0)
    .bind(new.guild.0)
    .execute(&mut *tx)
    .await?;
    insert(tx, new, "draft", now_ms).await
}

/// Stores a test, which is in the ledger already.
pub(super) async fn insert_test(tx: &mut Tx, new: &NewOccurrence, now_ms: i64) -> Result<()> {
    insert(tx, new, "sending", now_ms).await
}

async fn insert(tx: &mut Tx, new: &NewOccurrence, state: &'static str, now_ms: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO campaign_occurrences (id, campaign_id, guild_id, state, is_test, at_ms, \
             content, cursor_id, audience, created_ms, updated_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, -1, $8, $9, $9)",
    )
    .bind(new.id.0)
    .bind(new.campaign.0)
    .bind(new.guild.0)
    .bind(state)
    .bind(i64::from(new.is_test))
    .bind(new.at_ms)
    .bind(new.content.clone())
    .bind(new.audience)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// Tests of a guild since then. What is ahead of now was made before the clock was set back, nobody
/// knows when, and keeps nobody from testing.
pub(super) async fn tests_since(
    tx: &mut Tx,
    guild: GuildId,
    since_ms: i64,
    now_ms: i64,
) -> Result<i64> {
    let count = sqlx::query_scalar(
        "SELECT COUNT(*) FROM campaign_occurrences \
         WHERE guild_id = $1 AND is_test = 1 AND created_ms > $2 AND created_ms <= $3",
    );
    let count = count.bind(guild.0).bind(since_ms);
    Ok(count.bind(now_ms + CLOCKS_DIFFER_MS).fetch_one(tx).await?)
}

/// Whether a campaign has begun, or is about to.
pub(super) async fn has_begun(tx: &mut Tx, id: CampaignId) -> Result<bool> {
    let count: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM campaign_occurrences WHERE campaign_id = $1 AND is_test = 0 \
             AND (began_ms IS NOT NULL OR state IN ('scheduled', 'freezing', 'sending'))",
    )
    .bind(id.0)
    .fetch_one(tx)
    .await?;
    Ok(count > 0)
}

/// A draft becomes what is sent, at once or at its time; `false` if it is none (any more), its
/// campaign has begun, or its time has passed: nobody has confirmed that it goes at once.
pub(super) async fn confirm(
    tx: &mut Tx,
    guild: GuildId,
    id: OccurrenceId,
    now_ms: i64,
) -> Result<bool> {
    let confirmed = sqlx::query(
        "UPDATE campaign_occurrences SET state = CASE WHEN at_ms > $3 THEN 'scheduled' \
             ELSE 'freezing' END, audience = 0, updated_ms = $3 \
         WHERE id = $1 AND guild_id = $2 AND state = 'draft' AND (at_ms = 0 OR at_ms > $3) \
             AND NOT EXISTS (SELECT 1 FROM campaign_occurrences AS other \
             WHERE other.campaign_id = campaign_occurrences.campaign_id AND other.is_test = 0 \
                 AND (other.began_ms IS NOT NULL \
                     OR other.state IN ('scheduled', 'freezing', 'sending')))",
    )
    .bind(id.0)
    .bind(guild.0)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(confirmed.rows_affected() == 1)
}

/// Those whose time has come are frozen from now on.
pub(super) async fn start_due(tx: &mut Tx, now_ms: i64) -> Result<()> {
    sqlx::query(
        "UPDATE campaign_occurrences SET state = 'freezing', updated_ms = $1 \
         WHERE state = 'scheduled' AND at_ms <= $1",
    )
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// What there is to do, and when the next one begins.
pub(super) struct Agenda {
    pub(super) freezing: Vec<OccurrenceId>,
    pub(super) due: bool,
    pub(super) next_ms: Option<i64>,
    pub(super) to_tell: bool,
    pub(super) has_old: bool,
}

pub(super) async fn due_from(tx: &mut Tx, from_ms: i64) -> Result<Option<i64>> {
    let first = sqlx::query_scalar(
        "SELECT MIN(at_ms) FROM campaign_occurrences WHERE state = 'scheduled' AND at_ms >= $1",
    );
    Ok(first.bind(from_ms).fetch_one(tx).await?)
}

pub(super) async fn agenda(
    tx: &mut Tx,
    now_ms: i64,
    (drafts_ms, tests_ms): (i64, i64),
) -> Result<Agenda> {
    let freezing = sqlx::query_scalar::<_, i64>(
        "SELECT id FROM campaign_occurrences WHERE state = 'freezing' ORDER BY id LIMIT 100",
    )
    .fetch_all(&mut *tx)
    .await?;
    let next_ms: Option<i64> =
        sqlx::query_scalar("SELECT MIN(at_ms) FROM campaign_occurrences WHERE state = 'scheduled'")
            .fetch_one(&mut *tx)
            .await?;
    let to_tell: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM campaign_occurrences WHERE tell IS NOT NULL")
            .fetch_one(&mut *tx)
            .await?;
    let old: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM campaign_occurrences WHERE (state = 'draft' AND created_ms < $1) \
             OR (is_test = 1 AND created_ms < $2)",
    )
    .bind(drafts_ms)
    .bind(tests_ms)
    .fetch_one(tx)
    .await?;
    Ok(Agenda {
        freezing: freezing.into_iter().map(OccurrenceId).collect(),
        due: next_ms.is_some_and(|at_ms| at_ms <= now_ms),
        next_ms: next_ms.filter(|at_ms| *at_ms > now_ms),
        to_tell: to_tell > 0,
        has_old: old > 0,
    })
}

/// Forgets some of these; the next look finds the rest.
pub(super) async fn forget_old(tx: &mut Tx, (drafts_ms, tests_ms): (i64, i64)) -> Result<()> {
    sqlx::query(
        "DELETE FROM campaign_occurrences WHERE id IN (SELECT id FROM campaign_occurrences \
             WHERE (state = 'draft' AND created_ms < $1) \
                 OR (is_test = 1 AND created_ms < $2) LIMIT $3)",
    )
    .bind(drafts_ms)
    .bind(tests_ms)
    .bind(PIECE_ROWS)
    .execute(tx)
    .await?;
    Ok(())
}

/// An occurrence that is being frozen, and how far it is.
pub(super) struct Freezing {
    pub(super) campaign: Campaign,
    pub(super) content: String,
}

pub(super) async fn freezing(tx: &mut Tx, id: OccurrenceId) -> Result<Option<Freezing>> {
    let found = sqlx::query(
        "SELECT guild_id, content FROM campaign_occurrences WHERE id = $1 AND state = 'freezing'",
    )
    .bind(id.0)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = found else { return Ok(None) };
    let (guild, content) = (GuildId(row.try_get(0)?), row.try_get(1)?);
    let campaign = of_occurrence(tx, guild, id).await?;
    Ok(campaign.map(|campaign| Freezing { campaign, content }))
}

/// How far an occurrence is frozen.
pub(super) struct Frozen {
    /// Up to whom.
    pub(super) cursor: i64,
    /// How many are in it.
    pub(super) audience: i64,
    /// Of which version of the list of subscribers.
    pub(super) list_version: i64,
}

/// How far it is frozen; `None`: it is not being frozen any more.
pub(super) async fn cursor(tx: &mut Tx, id: OccurrenceId) -> Result<Option<Frozen>> {
    let row = sqlx::query(
        "SELECT cursor_id, audience, list_version FROM campaign_occurrences \
         WHERE id = $1 AND state = 'freezing'",
    )
    .bind(id.0)
    .fetch_optional(tx)
    .await?;
    row.map(|row| {
        Ok(Frozen {
            cursor: row.try_get(0)?,
            audience: row.try_get(1)?,
            // One that this program began when lists had no versions: the first.
            list_version: row.try_get::<Option<i64>, _>(2)?.unwrap_or_default(),
        })
    })
    .transpose()
}

/// It goes to this version of the list of subscribers.
pub(super) async fn keep_version(tx: &mut Tx, id: OccurrenceId, version: i64) -> Result<()> {
    sqlx::query("UPDATE campaign_occurrences SET list_version = $2 WHERE id = $1")
        .bind(id.0)
        .bind(version)
        .execute(tx)
        .await?;
    Ok(())
}

/// The next page is in; `false` if somebody else was there first, or it was cancelled.
pub(super) async fn advance(
    tx: &mut Tx,
    id: OccurrenceId,
    (from, to): (i64, i64),
    added: i64,
    now_ms: i64,
) -> Result<bool> {
    let advanced = sqlx::query(
        "UPDATE campaign_occurrences \
         SET cursor_id = $3, audience = audience + $4, updated_ms = $5 \
         WHERE id = $1 AND state = 'freezing' AND cursor_id = $2",
    )
    .bind(id.0)
    .bind(from)
    .bind(to)
    .bind(added)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(advanced.rows_affected() == 1)
}

/// All are in it.
pub(super) async fn begin(tx: &mut Tx, id: OccurrenceId, now_ms: i64) -> Result<bool> {
    let begun = sqlx::query(
        "UPDATE campaign_occurrences SET state = 'sending', content = '', began_ms = $2, \
             updated_ms = $2 WHERE id = $1 AND state = 'freezing'",
    )
    .bind(id.0)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// It cannot be frozen; `false` if it is not being frozen.
pub(super) async fn fail(
    tx: &mut Tx,
    id: OccurrenceId,
    fault: &CampaignError,
    now_ms: i64,
) -> Result<bool> {
    let failed = sqlx::query(
        "UPDATE campaign_occurrences SET state = 'failed', content = '', fault = $2, \
             tell = 'failed', updated_ms = $3 WHERE id = $1 AND state = 'freezing'",
    )
    .bind(id.0)
    .bind(serde_json::to_string(fault)?)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(failed.rows_affected() == 1)
}

/// Cancels an occurrence, and returns what it was; `None` if there was nothing to cancel.
pub(super) async fn cancel(
    tx: &mut Tx,
    guild: GuildId,
    id: OccurrenceId,
    now_ms: i64,
) -> Result<Option<State>> {
    for state in [
        State::Draft,
        State::Scheduled,
        State::Freezing,
        State::Sending,
    ] {
        let cancelled = sqlx::query(
            "UPDATE campaign_occurrences SET state = 'cancelled', content = '', updated_ms = $4 \
             WHERE id = $1 AND guild_id = $2 AND state = $3",
        )
        .bind(id.0)
        .bind(guild.0)
        .bind(state.as_str())
        .bind(now_ms)
        .execute(&mut *tx)
        .await?;
        if cancelled.rows_affected() == 1 {
            return Ok(Some(state));
        }
    }
    Ok(None)
}

/// What failed is being sent again.
pub(super) async fn send_again(
    tx: &mut Tx,
    guild: GuildId,
    id: OccurrenceId,
    now_ms: i64,
) -> Result<bool> {
    let again = sqlx::query(
        "UPDATE campaign_occurrences SET state = 'sending', updated_ms = $3 \
         WHERE id = $1 AND guild_id = $2 AND state IN ('done', 'sending')",
    )
    .bind(id.0)
    .bind(guild.0)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(again.rows_affected() == 1)
}

/// It has come to its end; of a test nobody is told.
pub(super) async fn ended(tx: &mut Tx, id: OccurrenceId, now_ms: i64) -> Result<()> {
    sqlx::query(
        "UPDATE campaign_occurrences SET state = 'done', updated_ms = $2, \
             tell = CASE WHEN is_test = 1 THEN NULL ELSE 'done' END \
         WHERE id = $1 AND state = 'sending'",
    )
    .bind(id.0)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// It rests until an admin resumes it.
pub(super) async fn stopped(tx: &mut Tx, id: OccurrenceId, now_ms: i64) -> Result<()> {
    sqlx::query(
        "UPDATE campaign_occurrences SET tell = 'stopped', updated_ms = $2 \
         WHERE id = $1 AND state = 'sending' AND is_test = 0",
    )
    .bind(id.0)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// It waits, for this reason: the admins are told once a day of each, and not in the place of something
/// else.
pub(super) async fn rests(
    tx: &mut Tx,
    id: OccurrenceId,
    tell: Tell,
    until_ms: i64,
    now_ms: i64,
) -> Result<bool> {
    let told = sqlx::query(
        "UPDATE campaign_occurrences SET tell = $2, rested = $3, rest_until_ms = $4, \
             updated_ms = $5 \
         WHERE id = $1 AND state = 'sending' AND is_test = 0 AND tell IS NULL \
             AND (rested IS NULL OR rested <> $3)",
    )
    .bind(id.0)
    .bind(tell.as_str())
    .bind(format!("{}:{}", tell.as_str(), now_ms.div_euclid(DAY_MS)))
    .bind(until_ms)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(told.rows_affected() == 1)
}

/// Until when it rests, as it was last told.
pub(super) async fn rests_until(tx: &mut Tx, id: OccurrenceId) -> Result<Option<i64>> {
    let until = sqlx::query_scalar("SELECT rest_until_ms FROM campaign_occurrences WHERE id = $1");
    Ok(until.bind(id.0).fetch_one(tx).await?)
}

/// What the admins are still to be told, whose it is, and since when.
pub(super) async fn to_tell(tx: &mut Tx) -> Result<Vec<(OccurrenceId, GuildId, Tell, i64)>> {
    let rows = sqlx::query(
        "SELECT id, guild_id, tell, updated_ms FROM campaign_occurrences \
         WHERE tell IS NOT NULL ORDER BY id LIMIT 100",
    )
    .fetch_all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            let tell = Tell::parse(&row.try_get::<String, _>(2)?);
            let id = OccurrenceId(row.try_get(0)?);
            Ok((id, GuildId(row.try_get(1)?), tell, row.try_get(3)?))
        })
        .collect()
}

/// They are told in this transaction; `false`: somebody else does.
pub(super) async fn told(tx: &mut Tx, id: OccurrenceId, tell: Tell) -> Result<bool> {
    let told =
        sqlx::query("UPDATE campaign_occurrences SET tell = NULL WHERE id = $1 AND tell = $2")
            .bind(id.0)
            .bind(tell.as_str())
            .execute(tx)
            .await?;
    Ok(told.rows_affected() == 1)
}

/// The last occurrence of a campaign that was confirmed.
pub(super) async fn last(
    tx: &mut Tx,
    guild: GuildId,
    id: CampaignId,
) -> Result<Option<Occurrence>> {
    let found = sqlx::query(
        "SELECT id, state, at_ms, audience, fault, began_ms, updated_ms \
         FROM campaign_occurrences \
         WHERE campaign_id = $1 AND guild_id = $2 AND is_test = 0 AND state <> 'draft' \
         ORDER BY id DESC LIMIT 1",
    )
    .bind(id.0)
    .bind(guild.0)
    .fetch_optional(tx)
    .await?;
    let Some(row) = found else { return Ok(None) };
    let fault: Option<String> = row.try_get(4)?;
    Ok(Some(Occurrence {
        id: OccurrenceId(row.try_get(0)?),
        state: State::parse(&row.try_get::<String, _>(1)?),
        at_ms: Some(row.try_get::<i64, _>(2)?).filter(|at_ms| *at_ms > 0),
        frozen: row.try_get(3)?,
        fault: fault.and_then(|json| serde_json::from_str(&json).ok()),
        began_ms: row.try_get(5)?,
    }))
}

/// The names of what is not over, and of the templates that it is made of.
pub(super) async fn not_over(tx: &mut Tx, guild: GuildId) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query(
        "SELECT name, template FROM campaigns WHERE guild_id = $1 \
             AND NOT EXISTS (SELECT 1 FROM campaign_occurrences AS occurrence \
                 WHERE occurrence.campaign_id = campaigns.id AND occurrence.is_test = 0 \
                     AND occurrence.updated_ms >= campaigns.updated_ms \
                     AND occurrence.state IN ('done', 'cancelled', 'failed')) \
         UNION \
         SELECT name, template FROM campaigns WHERE guild_id = $1 \
             AND EXISTS (SELECT 1 FROM campaign_occurrences AS occurrence \
                 WHERE occurrence.campaign_id = campaigns.id AND occurrence.is_test = 0 \
                     AND occurrence.state IN ('scheduled', 'freezing', 'sending')) \
         ORDER BY name",
    )
    .bind(guild.0)
    .fetch_all(tx)
    .await?;
    let named = |row: &AnyRow| Ok((row.try_get(0)?, row.try_get(1)?));
    rows.iter().map(named).collect()
}

/// A campaign that was never confirmed is over by this: it stands in the place of its drafts. `false`:
/// it was confirmed after all.
pub(super) async fn give_up(
    tx: &mut Tx,
    campaign: &Campaign,
    id: OccurrenceId,
    now_ms: i64,
) -> Result<bool> {
    if last(tx, campaign.guild, campaign.id).await?.is_some() {
        return Ok(false);
    }
    let new = NewOccurrence {
        id,
        campaign: campaign.id,
        guild: campaign.guild,
        is_test: false,
        at_ms: 0,
        content: String::new(),
        audience: 0,
    };
    insert_draft(tx, &new, now_ms).await?;
    Ok(cancel(tx, campaign.guild, id, now_ms).await?.is_some())
}

/// What a member has made.
pub(super) async fn by(
    tx: &mut Tx,
    guild: GuildId,
    author: UserId,
    (after, most): (i64, i64),
) -> Result<Vec<Campaign>> {
    let rows = sqlx::query(generated(format!(
        "{CAMPAIGN} WHERE guild_id = $1 AND author_id = $2 AND id > $3 ORDER BY id LIMIT $4"
    )))
    .bind(guild.0)
    .bind(author.0)
    .bind(after)
    .bind(most)
    .fetch_all(tx)
    .await?;
    rows.iter().map(campaign).collect()
}

/// Campaigns stand without the name of who made them: `most` of them.
pub(super) async fn forget_author(
    tx: &mut Tx,
    guild: GuildId,
    author: UserId,
    most: i64,
) -> Result<i64> {
    let done = sqlx::query(
        "UPDATE campaigns SET author_id = 0 WHERE id IN (SELECT id FROM campaigns \
             WHERE guild_id = $1 AND author_id = $2 LIMIT $3)",
    )
    .bind(guild.0)
    .bind(author.0)
    .bind(most)
    .execute(tx)
    .await?;
    Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
}
