//! What a server is called: the sender's name in what the law wants said.

use std::time::Duration;

use poise::serenity_prelude as serenity;
use serenity::Http;

use super::asker::Asker;
use crate::app::App;
use crate::consent;
use crate::i18n::text;

/// An answer must be given within 3 s, and a name is not worth being late.
const PATIENCE: Duration = Duration::from_millis(1_000);

/// Asked of Discord; if it does not say, what the member's last decision has, or just “this server”.
pub(super) async fn guild_name(app: &App, http: &Http, asker: &Asker) -> String {
    let guild = serenity::GuildId::new(asker.guild.get().max(1));
    let asked = tokio::time::timeout(PATIENCE, http.get_guild(guild)).await;
    if let Ok(Ok(guild)) = asked {
        return guild.name;
    }
    let known = consent::member(app, asker.guild, asker.user).await;
    match known {
        Ok(Some(member)) if !member.guild_name.is_empty() => member.guild_name,
        _ => text(asker.language, "this-server", &[]),
    }
}
