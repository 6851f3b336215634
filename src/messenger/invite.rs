//! The address at which the bot is invited.
//!
//! Source: Discord's page “OAuth2”, “Bot Authorization Flow”.

use crate::ids::GuildId;

/// What the bot asks for in a server: View Channels, Send Messages, Embed Links, Attach Files, Read
/// Message History, Send Messages in Threads.
const PERMISSIONS: u64 = 1 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 38;

/// The address that invites the bot with its commands, into `guild` if one is named.
pub fn invite_link(application: u64, guild: Option<GuildId>) -> String {
    let link = format!(
        "https://discord.com/oauth2/authorize?client_id={application}\
         &scope=bot+applications.commands&permissions={PERMISSIONS}"
    );
    match guild {
        Some(guild) => format!("{link}&guild_id={}", guild.get()),
        None => link,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_is_the_one_that_the_readmes_give() {
        let link = invite_link(1, None).replace("client_id=1", "client_id=CLIENT_ID");
        for readme in [
            include_str!("../../README.md"),
            include_str!("../../README.ko.md"),
        ] {
            assert!(readme.contains(&link), "{link}");
        }
        assert!(invite_link(1, Some(GuildId(2))).ends_with("&guild_id=2"));
    }
}
