//! SQL of large works.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Kind, Work};
use crate::db::{Tx, generated, is_postgres};
use crate::error::Result;
use crate::ids::{GuildId, WorkId};

const WORK: &str = "SELECT id, kind, guild_id, subject_id, cursor_id FROM works";
/// Works that take turns; more wait until one of these is done.
const MOST_AT_ONCE: i64 = 20;

/// Begins a work, in the transaction that decides it. [`super::Works::wake`] once it is durable.
pub async fn begin(
    tx: &mut Tx,
    id: WorkId,
    kind: &Kind,
    guild: GuildId,
    subject: i64,
    now_ms: i64,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO works (id, kind, guild_id, subject_id, cursor_id, created_ms) \
         VALUES ($1, $2, $3, $4, 0, $5)",
    )
    .bind(id.0)
    .bind(kind.name)
    .bind(guild.0)
    .bind(subject)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// The oldest works.
pub(super) async fn list(tx: &mut Tx) -> Result<Vec<Work>> {
    let rows = sqlx::query(generated(format!("{WORK} ORDER BY id LIMIT $1")))
        .bind(MOST_AT_ONCE)
        .fetch_all(tx)
        .await?;
    rows.iter().map(from_row).collect()
}

/// A work that no other process is at; it is kept from others until this transaction ends.
pub(super) async fn take(tx: &mut Tx, id: WorkId) -> Result<Option<Work>> {
    let lock = if is_postgres(tx) {
        " FOR UPDATE SKIP LOCKED"
    } else {
        ""
    };
    let found = sqlx::query(generated(format!("{WORK} WHERE id = $1{lock}")))
        .bind(id.0)
        .fetch_optional(tx)
        .await?;
    found.as_ref().map(from_row).transpose()
}

pub(super) async fn exists(tx: &mut Tx, id: WorkId) -> Result<bool> {
    let found = sqlx::query_scalar::<_, i64>("SELECT id FROM works WHERE id = $1");
    Ok(found.bind(id.0).fetch_optional(tx).await?.is_some())
}

pub(super) async fn advance(tx: &mut Tx, id: WorkId, cursor: i64) -> Result<()> {
    sqlx::query("UPDATE works SET cursor_id = $2 WHERE id = $1")
        .bind(id.0)
        .bind(cursor)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn end(tx: &mut Tx, id: WorkId) -> Result<()> {
    sqlx::query("DELETE FROM works WHERE id = $1")
        .bind(id.0)
        .execute(tx)
        .await?;
    Ok(())
}

fn from_row(row: &AnyRow) -> Result<Work> {
    Ok(Work {
        id: WorkId(row.try_get(0)?),
        kind: row.try_get(1)?,
        guild: GuildId(row.try_get(2)?),
        subject: row.try_get(3)?,
        cursor: row.try_get(4)?,
    })
}
