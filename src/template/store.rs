//! SQL of the templates.

use sqlx::Row as _;

use super::{Frozen, FrozenImage, Listed, Template};
use crate::db::Tx;
use crate::error::Result;
use crate::ids::{GuildId, TemplateId, UserId};

/// Inserts a template, or replaces the one of the same name. Returns whether it is new. (A job may run
/// twice: the pictures of before go first.)
pub(super) async fn upsert(
    tx: &mut Tx,
    guild: GuildId,
    id: TemplateId,
    key: &str,
    template: &Template,
) -> Result<bool> {
    let stored: i64 = sqlx::query_scalar(
        "INSERT INTO templates (id, guild_id, name, name_key, subject, html, inlined, plain, \
             author_id, created_ms, updated_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (guild_id, name_key) DO UPDATE SET name = excluded.name, \
             subject = excluded.subject, html = excluded.html, inlined = excluded.inlined, \
             plain = excluded.plain, author_id = excluded.author_id, \
             updated_ms = excluded.updated_ms \
         RETURNING id",
    )
    .bind(id.0)
    .bind(guild.0)
    .bind(template.name.clone())
    .bind(key.to_owned())
    .bind(template.frozen.subject.clone())
    .bind(template.html.clone())
    .bind(template.frozen.html.clone())
    .bind(template.frozen.text.clone())
    .bind(template.author.map(|author| author.0))
    .bind(template.created_ms)
    .bind(template.updated_ms)
    .fetch_one(&mut *tx)
    .await?;
    sqlx::query("DELETE FROM template_images WHERE template_id = $1")
        .bind(stored)
        .execute(&mut *tx)
        .await?;
    for (position, image) in (0_i64..).zip(&template.frozen.images) {
        sqlx::query(
            "INSERT INTO template_images (template_id, position, name, media_type, base64) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(stored)
        .bind(position)
        .bind(image.name.clone())
        .bind(image.media_type.clone())
        .bind(image.base64.clone())
        .execute(&mut *tx)
        .await?;
    }
    Ok(stored == id.0)
}

pub(super) async fn count(tx: &mut Tx, guild: GuildId) -> Result<i64> {
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM templates WHERE guild_id = $1");
    Ok(count.bind(guild.0).fetch_one(tx).await?)
}

pub(super) async fn list(tx: &mut Tx, guild: GuildId) -> Result<Vec<Listed>> {
    let rows = sqlx::query(
        "SELECT name, subject, updated_ms, (SELECT COUNT(*) FROM template_images \
             WHERE template_images.template_id = templates.id) \
         FROM templates WHERE guild_id = $1 ORDER BY name_key",
    )
    .bind(guild.0)
    .fetch_all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Listed {
                name: row.try_get(0)?,
                subject: row.try_get(1)?,
                updated_ms: row.try_get(2)?,
                images: row.try_get(3)?,
            })
        })
        .collect()
}

pub(super) async fn find(tx: &mut Tx, guild: GuildId, key: &str) -> Result<Option<Template>> {
    let found = sqlx::query(
        "SELECT id, name, subject, html, inlined, plain, author_id, created_ms, updated_ms \
         FROM templates WHERE guild_id = $1 AND name_key = $2",
    )
    .bind(guild.0)
    .bind(key.to_owned())
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = found else { return Ok(None) };
    let author: Option<i64> = row.try_get(6)?;
    Ok(Some(Template {
        name: row.try_get(1)?,
        html: row.try_get(3)?,
        frozen: Frozen {
            subject: row.try_get(2)?,
            html: row.try_get(4)?,
            text: row.try_get(5)?,
            images: images(tx, TemplateId(row.try_get(0)?)).await?,
        },
        author: author.map(UserId),
        created_ms: row.try_get(7)?,
        updated_ms: row.try_get(8)?,
    }))
}

/// Of a template that was found by its guild.
async fn images(tx: &mut Tx, template: TemplateId) -> Result<Vec<FrozenImage>> {
    let rows = sqlx::query(
        "SELECT name, media_type, base64 FROM template_images \
         WHERE template_id = $1 ORDER BY position",
    )
    .bind(template.0)
    .fetch_all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(FrozenImage {
                name: row.try_get(0)?,
                media_type: row.try_get(1)?,
                base64: row.try_get(2)?,
            })
        })
        .collect()
}

pub(super) async fn delete(tx: &mut Tx, guild: GuildId, key: &str) -> Result<bool> {
    let deleted = sqlx::query("DELETE FROM templates WHERE guild_id = $1 AND name_key = $2")
        .bind(guild.0)
        .bind(key.to_owned())
        .execute(tx)
        .await?;
    Ok(deleted.rows_affected() == 1)
}

pub(super) async fn forget_author(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<()> {
    sqlx::query("UPDATE templates SET author_id = NULL WHERE guild_id = $1 AND author_id = $2")
        .bind(guild.0)
        .bind(user.0)
        .execute(tx)
        .await?;
    Ok(())
}
