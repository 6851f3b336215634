//! SQL of the files that go with posts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sqlx::Row as _;

use super::{Kept, LOOSE_MS};
use crate::db::Tx;
use crate::error::Result;
use crate::ids::{FileId, GuildId, OutboxId, UserId};
use crate::messenger::File;

/// Deletes one of a member's files that belong nowhere, but for the newest so many; `true`: there may be
/// another.
pub(super) async fn forget_one_loose(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    most: i64,
) -> Result<bool> {
    let deleted = sqlx::query(
        "DELETE FROM outbox_files WHERE id IN (SELECT id FROM outbox_files \
             WHERE guild_id = $1 AND user_id = $2 AND outbox_id IS NULL \
             ORDER BY id DESC LIMIT 1 OFFSET $3)",
    )
    .bind(guild.0)
    .bind(user.0)
    .bind(most)
    .execute(tx)
    .await?;
    Ok(deleted.rows_affected() > 0)
}

/// Begins to keep a file, whose pieces follow. `false`: there would be more than `most_bytes` of all.
pub(super) async fn begin(tx: &mut Tx, file: &Kept, most_bytes: i64) -> Result<bool> {
    let inserted = sqlx::query(
        "INSERT INTO outbox_files (id, guild_id, user_id, name, bytes, pieces, created_ms) \
         SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), $4, \
             CAST($5 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS BIGINT) \
         WHERE (SELECT COALESCE(SUM(bytes), 0) FROM outbox_files) <= $8",
    )
    .bind(file.id.0)
    .bind(file.guild.0)
    .bind(file.user.0)
    .bind(file.name.clone())
    .bind(file.bytes)
    .bind(file.pieces)
    .bind(file.created_ms)
    .bind(most_bytes - file.bytes)
    .execute(tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The next piece of a file; nothing if the file is gone. (A job may run twice.)
pub(super) async fn insert_piece(
    tx: &mut Tx,
    file: FileId,
    number: i64,
    piece: &[u8],
) -> Result<()> {
    sqlx::query(
        "INSERT INTO outbox_file_pieces (file_id, piece, base64) \
         SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), $3 \
         WHERE EXISTS (SELECT 1 FROM outbox_files WHERE id = $1) ON CONFLICT DO NOTHING",
    )
    .bind(file.0)
    .bind(number)
    .bind(BASE64.encode(piece))
    .execute(tx)
    .await?;
    Ok(())
}

/// A member's whole file that belongs nowhere yet.
pub async fn find(tx: &mut Tx, guild: GuildId, user: UserId, file: FileId) -> Result<Option<File>> {
    let found = sqlx::query_scalar::<_, String>(
        "SELECT name FROM outbox_files WHERE id = $1 AND guild_id = $2 AND user_id = $3 \
             AND outbox_id IS NULL \
             AND pieces = (SELECT COUNT(*) FROM outbox_file_pieces WHERE file_id = $1)",
    )
    .bind(file.0)
    .bind(guild.0)
    .bind(user.0)
    .fetch_optional(tx)
    .await?;
    Ok(found.map(|name| File::kept(file, name)))
}

/// Ties a file to the post that it goes with.
pub async fn attach(tx: &mut Tx, file: FileId, to: OutboxId) -> Result<()> {
    sqlx::query("UPDATE outbox_files SET outbox_id = $2 WHERE id = $1")
        .bind(file.0)
        .bind(to.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// A file's content; `None` if it is gone.
pub(super) async fn bytes_of(tx: &mut Tx, file: FileId) -> Result<Option<Vec<u8>>> {
    let pieces = sqlx::query_scalar::<_, String>(
        "SELECT base64 FROM outbox_file_pieces WHERE file_id = $1 ORDER BY piece",
    )
    .bind(file.0)
    .fetch_all(tx)
    .await?;
    let mut bytes = Vec::new();
    for piece in &pieces {
        let Ok(piece) = BASE64.decode(piece) else {
            return Ok(None);
        };
        bytes.extend(piece);
    }
    Ok((!bytes.is_empty()).then_some(bytes))
}

/// Deletes a file.
pub(super) async fn forget(tx: &mut Tx, file: FileId) -> Result<()> {
    sqlx::query("DELETE FROM outbox_files WHERE id = $1")
        .bind(file.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// Removes a file that nothing will upload any more. `true`: there may be more.
pub(super) async fn prune_one(tx: &mut Tx, now_ms: i64) -> Result<bool> {
    let pruned = sqlx::query(
        "DELETE FROM outbox_files WHERE id IN (SELECT id FROM outbox_files AS files \
             WHERE (outbox_id IS NULL AND created_ms < $1) \
                 OR (outbox_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM outbox \
                     WHERE outbox.id = files.outbox_id \
                         AND outbox.state IN ('available', 'running', 'retryable'))) \
             LIMIT 1)",
    )
    .bind(now_ms - LOOSE_MS)
    .execute(tx)
    .await?;
    Ok(pruned.rows_affected() > 0)
}

/// The names of the files of a member that are kept, with their sizes: the next `most` behind an id.
pub async fn of_member(
    tx: &mut Tx,
    guild: GuildId,
    user: UserId,
    (after, most): (i64, i64),
) -> Result<Vec<(FileId, String, i64)>> {
    let rows = sqlx::query(
        "SELECT id, name, bytes FROM outbox_files WHERE guild_id = $1 AND user_id = $2 AND id > $3 \
         ORDER BY id LIMIT $4",
    )
    .bind(guild.0)
    .bind(user.0)
    .bind(after)
    .bind(most)
    .fetch_all(tx)
    .await?;
    let read =
        |row: &sqlx::any::AnyRow| Ok((FileId(row.try_get(0)?), row.try_get(1)?, row.try_get(2)?));
    rows.iter().map(read).collect()
}

/// Deletes one of a member's files; `false`: there is none.
pub async fn forget_one_of(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<bool> {
    let deleted = sqlx::query(
        "DELETE FROM outbox_files WHERE id IN (SELECT id FROM outbox_files \
             WHERE guild_id = $1 AND user_id = $2 LIMIT 1)",
    )
    .bind(guild.0)
    .bind(user.0)
    .execute(tx)
    .await?;
    Ok(deleted.rows_affected() > 0)
}
