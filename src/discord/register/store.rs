//! SQL of the scopes in which commands may stand.

use crate::db::Tx;
use crate::error::Result;
use crate::ids::GuildId;

/// As the scope of all servers is stored.
const EVERYWHERE: i64 = 0;

/// Where commands of this application may stand.
pub(super) async fn scopes(tx: &mut Tx, application: i64) -> Result<Vec<Option<GuildId>>> {
    let sql = "SELECT guild_id FROM command_scopes WHERE application_id = $1 ORDER BY guild_id";
    let scopes: Vec<i64> = sqlx::query_scalar(sql)
        .bind(application)
        .fetch_all(tx)
        .await?;
    let scope = |id| (id != EVERYWHERE).then_some(GuildId(id));
    Ok(scopes.into_iter().map(scope).collect())
}

/// Commands of this application may stand there from now on.
pub(super) async fn add(tx: &mut Tx, application: i64, scope: Option<GuildId>) -> Result<()> {
    sqlx::query(
        "INSERT INTO command_scopes (application_id, guild_id) VALUES ($1, $2) \
         ON CONFLICT (application_id, guild_id) DO NOTHING",
    )
    .bind(application)
    .bind(stored(scope))
    .execute(tx)
    .await?;
    Ok(())
}

/// None stand there any more.
pub(super) async fn remove(tx: &mut Tx, application: i64, scope: Option<GuildId>) -> Result<()> {
    sqlx::query("DELETE FROM command_scopes WHERE application_id = $1 AND guild_id = $2")
        .bind(application)
        .bind(stored(scope))
        .execute(tx)
        .await?;
    Ok(())
}

fn stored(scope: Option<GuildId>) -> i64 {
    scope.map_or(EVERYWHERE, |guild| guild.0)
}
