//! SQL of corrections.

use std::collections::HashMap;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Correction;
use crate::db::{List, Tx, generated};
use crate::error::Result;
use crate::ids::{AttackId, CorrectionId, GuildId, UserId};
use crate::timeattack::State;

const COLUMNS: &str =
    "id, guild_id, attack_id, user_id, by_user_id, from_state, to_state, reason, at_ms";

/// Changes the verdict of an ended time attack of this guild. Returns whose it is and what the
/// verdict was; `None` if there is none to change.
pub(super) async fn change_verdict(
    tx: &mut Tx,
    guild: GuildId,
    attack: AttackId,
    to: State,
) -> Result<Option<(UserId, State)>> {
    for was in State::ENDED.into_iter().filter(|was| *was != to) {
        // Conditional, because two admins can correct at once, and a late finish can turn the
        // verdict round meanwhile: what is written down is what was really changed.
        let user: Option<i64> = sqlx::query_scalar(
            "UPDATE time_attacks SET state = $4, revision = revision + 1 \
             WHERE id = $1 AND guild_id = $2 AND state = $3 RETURNING user_id",
        )
        .bind(attack.0)
        .bind(guild.0)
        .bind(was.as_str())
        .bind(to.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(user) = user {
            return Ok(Some((UserId(user), was)));
        }
    }
    Ok(None)
}

pub(super) async fn insert(tx: &mut Tx, correction: &Correction) -> Result<()> {
    sqlx::query(
        "INSERT INTO corrections (id, guild_id, attack_id, user_id, by_user_id, from_state, \
             to_state, reason, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(correction.id.0)
    .bind(correction.guild.0)
    .bind(correction.attack.0)
    .bind(correction.user.0)
    .bind(correction.by.map(|by| by.0))
    .bind(correction.from.as_str())
    .bind(correction.to.as_str())
    .bind(correction.reason.clone())
    .bind(correction.at_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// The newest correction of each of `attacks` that has one.
pub(super) async fn newest_of(
    tx: &mut Tx,
    guild: GuildId,
    attacks: &[AttackId],
) -> Result<HashMap<AttackId, Correction>> {
    if attacks.is_empty() {
        return Ok(HashMap::new());
    }
    let listed = List::of_ids(tx, 2, attacks.iter().map(|one| one.0));
    let sql = format!(
        "SELECT {COLUMNS} FROM corrections WHERE guild_id = $1 AND attack_id {listed} ORDER BY id"
    );
    let query = sqlx::query(generated(sql))
        .bind(guild.0)
        .bind(listed.values());
    let rows = query.fetch_all(tx).await?;
    let read = rows.iter().map(|row| {
        let correction = from_row(row)?;
        Ok((correction.attack, correction))
    });
    // The last of equal keys stays.
    read.collect()
}

/// Those about a member's time attacks and those that they made, oldest first.
pub(super) async fn about(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    (after, most): (i64, i64),
) -> Result<Vec<Correction>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM corrections \
         WHERE guild_id = $1 AND (user_id = $2 OR by_user_id = $2) AND id > $3 \
         ORDER BY id LIMIT $4"
    );
    let query = sqlx::query(generated(sql)).bind(guild.0).bind(user.0);
    let rows = query.bind(after).bind(most).fetch_all(tx).await?;
    rows.iter().map(from_row).collect()
}

/// `most` of those.
pub(super) async fn some_about(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    most: i64,
) -> Result<Vec<CorrectionId>> {
    // Each by an index of its own.
    let ids = sqlx::query_scalar::<_, i64>(
        "SELECT id FROM corrections WHERE guild_id = $1 AND user_id = $2 \
         UNION SELECT id FROM corrections WHERE guild_id = $1 AND by_user_id = $2 LIMIT $3",
    );
    let ids = ids.bind(guild.0).bind(user.0).bind(most).fetch_all(tx);
    Ok(ids.await?.into_iter().map(CorrectionId).collect())
}

/// Forgets a member in these.
pub(super) async fn forget(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    corrections: &[CorrectionId],
) -> Result<()> {
    if corrections.is_empty() {
        return Ok(());
    }
    let listed = List::of_ids(tx, 3, corrections.iter().map(|one| one.0));
    let statements = [
        format!("DELETE FROM corrections WHERE guild_id = $1 AND user_id = $2 AND id {listed}"),
        format!(
            "UPDATE corrections SET by_user_id = NULL \
             WHERE guild_id = $1 AND by_user_id = $2 AND id {listed}"
        ),
    ];
    let values = listed.values();
    for sql in statements {
        let query = sqlx::query(generated(sql)).bind(guild.0).bind(user.0);
        query.bind(values.clone()).execute(&mut *tx).await?;
    }
    Ok(())
}

/// The newest ended time attacks of the guild.
pub(super) async fn newest_ended(tx: &mut Tx, guild: GuildId, most: i64) -> Result<Vec<AttackId>> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "SELECT id FROM time_attacks WHERE guild_id = $1 AND state <> 'running' \
         ORDER BY finished_ms DESC LIMIT $2",
    )
    .bind(guild.0)
    .bind(most)
    .fetch_all(tx)
    .await?;
    Ok(ids.into_iter().map(AttackId).collect())
}

fn from_row(row: &AnyRow) -> Result<Correction> {
    let state = |index: usize| -> Result<State> {
        let name: String = row.try_get(index)?;
        let known = State::ENDED.into_iter().find(|one| one.as_str() == name);
        Ok(known.unwrap_or(State::Failed))
    };
    Ok(Correction {
        id: CorrectionId(row.try_get(0)?),
        guild: GuildId(row.try_get(1)?),
        attack: AttackId(row.try_get(2)?),
        user: UserId(row.try_get(3)?),
        by: row.try_get::<Option<i64>, _>(4)?.map(UserId),
        from: state(5)?,
        to: state(6)?,
        reason: row.try_get(7)?,
        at_ms: row.try_get(8)?,
    })
}
