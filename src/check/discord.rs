//! What Discord says of the bot besides its token: where it is invited, whether its commands can be
//! registered where they are wanted, and whether it may begin a session.

use reqwest::header::AUTHORIZATION;
use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Line, TIMEOUT};
use crate::config::{DiscordConfig, Shards};
use crate::messenger::invite_link;

/// Discord's codes (its page “Opcodes and Status Codes”): the server is none of the bot's, or is not.
const NOT_THERE: [u32; 2] = [50_001, 10_004];

/// Asks Discord with the bot's token, which was accepted.
pub struct Asker<'a> {
    config: &'a DiscordConfig,
    token: &'a SecretString,
    client: Client,
}

/// Where sessions begin, and how many may.
#[derive(Debug, Deserialize)]
pub struct Gateway {
    /// The address.
    pub url: String,
    /// Shards that Discord recommends.
    shards: u32,
    /// Sessions that may begin today.
    pub session_start_limit: SessionStarts,
}

/// Sessions that may begin in a day.
#[derive(Debug, Deserialize)]
pub struct SessionStarts {
    /// In all.
    pub total: u32,
    /// How many are left.
    pub remaining: u32,
}

#[derive(Deserialize)]
struct Application {
    id: String,
}

#[derive(Deserialize)]
struct Refused {
    code: u32,
}

impl<'a> Asker<'a> {
    /// `None` without a token.
    pub fn new(config: &'a DiscordConfig) -> Option<Self> {
        let client = Client::builder().timeout(TIMEOUT).build().ok()?;
        Some(Self {
            config,
            token: config.token.as_ref()?,
            client,
        })
    }

    /// The address that invites the bot, and whether it is where its commands are wanted. Nothing where
    /// Discord does not answer, as the token's line has just told how it stands with that.
    pub async fn invitation(&self) -> Vec<Line> {
        let application: Option<Application> = self.read("/applications/@me").await;
        let Some(id) = application.and_then(|one| one.id.parse::<u64>().ok()) else {
            return Vec::new();
        };
        let link = invite_link(id, self.config.guild_id);
        let mut lines = vec![Line::ok("invite link", &link)];
        if let Some(guild) = self.config.guild_id {
            let path = format!("/applications/{id}/guilds/{guild}/commands");
            lines.extend(self.ask(&path).await.map(|(status, body)| {
                let guild = format!("the server of DISCORD_GUILD_ID ({guild})");
                commands_there(status, &body, &guild, &link)
            }));
        }
        lines
    }

    /// Where sessions begin.
    pub async fn gateway(&self) -> Option<Gateway> {
        self.read("/gateway/bot").await
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
        let (status, body) = self.ask(path).await?;
        let is_read = status == StatusCode::OK;
        is_read
            .then(|| serde_json::from_slice(&body).ok())
            .flatten()
    }

    async fn ask(&self, path: &str) -> Option<(StatusCode, Vec<u8>)> {
        let base = self.config.api_url.as_str().trim_end_matches('/');
        let authorization = format!("Bot {}", self.token.expose_secret());
        let request = self.client.get(format!("{base}/api/v10{path}"));
        let answer = request.header(AUTHORIZATION, authorization).send();
        let answer = answer.await.ok()?;
        Some((answer.status(), answer.bytes().await.ok()?.to_vec()))
    }
}

impl Gateway {
    /// The first of this process's shards, and how many there are in all.
    pub fn shard(&self, shards: &Shards) -> (u32, u32) {
        match shards {
            Shards::Auto => (0, self.shards.max(1)),
            Shards::Range { first, total, .. } => (*first, *total),
        }
    }
}

/// Whether commands can be registered in `guild`, as Discord answers a look at those that are there.
fn commands_there(status: StatusCode, body: &[u8], guild: &str, link: &str) -> Line {
    const WHAT: &str = "commands";
    let code = serde_json::from_slice(body).map(|refused: Refused| refused.code);
    if status.is_success() {
        Line::ok(WHAT, format!("go only to {guild}"))
    } else if code.is_ok_and(|code| NOT_THERE.contains(&code)) {
        Line::fail(
            WHAT,
            format!(
                "the bot is not in {guild}, or was invited without the scope applications.commands"
            ),
            format!(
                "invite it there by {link} or set DISCORD_GUILD_ID to one of the bot's servers"
            ),
        )
    } else {
        Line::warn(
            WHAT,
            format!(
                "not known whether they can be registered in {guild}: Discord answered {}",
                status.as_u16()
            ),
            "try again in a few minutes",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Level;

    #[test]
    fn a_server_that_the_bot_is_not_in_fails_with_the_link() {
        let line = |status: u16, body: &str| {
            let status = StatusCode::from_u16(status).unwrap();
            commands_there(status, body.as_bytes(), "the server (7)", "https://invite")
        };
        assert_eq!(line(200, "[]").level, Level::Ok);
        for body in [
            r#"{"message": "Missing Access", "code": 50001}"#,
            r#"{"message": "Unknown Guild", "code": 10004}"#,
        ] {
            let line = line(403, body);
            assert_eq!(line.level, Level::Fail);
            assert!(line.detail.contains("(7)"), "{line}");
            assert!(line.to_string().contains("https://invite"), "{line}");
        }
        // A proxy's word is none of Discord's.
        for (status, body) in [(403, "<html>"), (502, ""), (429, "{}")] {
            assert_eq!(line(status, body).level, Level::Warn);
        }
    }
}
