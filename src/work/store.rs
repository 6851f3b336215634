//! SQL of large works.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Kind, Work};
use crate::db::{List, Tx, generated, is_postgres};
use crate::error::Result;
use crate::ids::{GuildId, WorkId};

const WORK: &str = "SELECT id, kind, guild_id, subject_id, cursor_id FROM works";
/// Works that take turns; more wait until one of these is done.
const MOST_AT_ONCE: i64 = 20;

/// Begins a work, in the transaction that decides it. [`super::Works::wake`] once it is durable. Returns its
/// id, by which it is waited for.
///
/// There is one of each kind about each subject: one that is under way begins anew, and does what has come
/// since. However often something is asked for, it waits in one place.
pub async fn begin(
    tx: &mut Tx,
    id: WorkId,
    kind: &Kind,
    guild: GuildId,
    subject: i64,
    now_ms: i64,
) -> Result<WorkId> {
    let begun = sqlx::query_scalar(
        "INSERT INTO works (id, kind, guild_id, subject_id, cursor_id, created_ms) \
         VALUES ($1, $2, $3, $4, 0, $5) \
         ON CONFLICT (guild_id, kind, subject_id) DO UPDATE SET cursor_id = 0 RETURNING id",
    )
    .bind(id.0)
    .bind(kind.name)
    .bind(guild.0)
    .bind(subject)
    .bind(now_ms);
    Ok(WorkId(begun.fetch_one(tx).await?))
}

/// The works of these kinds that take turns now, but for those to `skip`: each guild's oldest, then each
/// guild's second, and so on. So a guild with very many keeps no other waiting.
pub(super) async fn list(
    tx: &mut Tx,
    kinds: impl IntoIterator<Item = &'static str>,
    skip: impl IntoIterator<Item = WorkId>,
) -> Result<Vec<Work>> {
    let kinds = List::of_texts(tx, 1, kinds);
    let skip = List::of_ids(tx, 2, skip.into_iter().map(|id| id.0));
    let sql = format!(
        "SELECT id, kind, guild_id, subject_id, cursor_id FROM ( \
             SELECT id, kind, guild_id, subject_id, cursor_id, \
                 ROW_NUMBER() OVER (PARTITION BY guild_id ORDER BY id) AS place \
             FROM works WHERE kind {kinds} AND NOT (id {skip})) AS waiting \
         ORDER BY place, id LIMIT $3"
    );
    let query = sqlx::query(generated(sql)).bind(kinds.values());
    let query = query.bind(skip.values()).bind(MOST_AT_ONCE);
    let rows = query.fetch_all(tx).await?;
    rows.iter().map(from_row).collect()
}

/// Whether there is any, of whatever kind.
pub(super) async fn any(tx: &mut Tx) -> Result<bool> {
    let any = sqlx::query_scalar::<_, i64>("SELECT id FROM works LIMIT 1");
    Ok(any.fetch_optional(tx).await?.is_some())
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

#[cfg(test)]
mod tests {
    use sqlx::Executor as _;

    use super::*;
    use crate::db::Db;

    #[tokio::test]
    async fn a_guild_with_very_many_works_and_works_that_cannot_go_on_keep_no_others_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let db = Db::open(&url).await.unwrap();
        // Forty of guild 1, forty of a later version, and then two of guild 2 and one of guild 3.
        let listed = db.write((), |tx, ()| {
            Box::pin(async move {
                for id in 1..=83 {
                    let (kind, guild) = match id {
                        1..=40 => ("known", 1),
                        41..=80 => ("later", 9),
                        81..=82 => ("known", 2),
                        _ => ("known", 3),
                    };
                    let sql =
                        format!("INSERT INTO works VALUES ({id}, '{kind}', {guild}, {id}, 0, 0)");
                    tx.execute(generated(sql)).await?;
                }
                let all = list(tx, ["known"], []).await?;
                let most = list(tx, ["known"], (1..=39).map(WorkId)).await?;
                Ok([all, most].map(|works| works.iter().map(|work| work.id.0).collect::<Vec<_>>()))
            })
        });
        let [all, most] = listed.await.unwrap();
        assert_eq!(all[..6], [1, 81, 83, 2, 82, 3]);
        assert_eq!(all.len(), usize::try_from(MOST_AT_ONCE).unwrap());
        assert_eq!(most, [40, 81, 83, 82]);
    }
}
