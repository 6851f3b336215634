//! The way to Discord: the HTTP client, the first contact, the shards and their end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use poise::serenity_prelude as serenity;
use secrecy::{ExposeSecret as _, SecretString};
use serenity::{ClientBuilder, GatewayIntents, Http, HttpBuilder, HttpError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::handler::Handler;
use super::{DiscordSettings, Shards};
use crate::app::App;
use crate::clock::Clock;

/// An answer must be given within 3 s of the click; a request that takes longer than this has
/// failed, and nothing is won by waiting.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Where Discord does not say how long a bot without session starts has to wait.
const NO_STARTS_WAIT_MS: i64 = 3_600_000;
/// How long running commands, and the shards, may take to end.
const LAST_WORDS_MS: i64 = 5_000;
/// Session starts that are left alone: Discord resets the token of a bot that starts more than
/// 1,000 a day, so a crash loop must end before that.
const RESERVED_STARTS: u64 = 20;

/// See [`super::serve`].
pub(super) async fn run(
    app: App,
    settings: DiscordSettings,
    stop: CancellationToken,
    ready: watch::Sender<bool>,
) -> anyhow::Result<()> {
    let clock = app.clock.clone();
    // The boot's id is different for every process, and so are its waits.
    let spread = app.outbox.boot().unsigned_abs();
    let handler = Arc::new(Handler::new(app, &settings, ready.clone()));
    let outcome = tokio::select! {
        outcome = connect_forever(&clock, &settings, &handler, spread) => outcome,
        () = stop.cancelled() => Ok(()),
    };
    ready.send_replace(false);
    // Shards first, so that nothing new comes in; what came is answered meanwhile.
    let last_words = async {
        tokio::join!(handler.disconnect(), handler.finish());
    };
    tokio::select! {
        () = last_words => {}
        () = clock.sleep_ms(LAST_WORDS_MS) => {
            tracing::warn!("some commands were still running when the bot stopped");
        }
    }
    outcome
}

/// Returns only when trying again is of no use.
async fn connect_forever(
    clock: &Clock,
    settings: &DiscordSettings,
    handler: &Arc<Handler>,
    spread: u64,
) -> anyhow::Result<()> {
    let mut backoff = Backoff::default();
    loop {
        let ended = connect(settings, handler).await?;
        handler.all_disconnected();
        let wait_ms = match ended {
            Ended::Lost(why) => {
                let wait_ms = backoff.next_ms(clock.monotonic_ms(), spread);
                tracing::warn!(why, wait_ms, "Discord is away; trying again");
                wait_ms
            }
            Ended::NoStartsLeft { reset_ms } => {
                tracing::error!(
                    reset_ms,
                    "the bot was started too often today; it waits, as Discord would reset its token"
                );
                reset_ms
            }
        };
        clock.sleep_ms(wait_ms).await;
    }
}

/// How a connection ended that may be tried again.
enum Ended {
    Lost(String),
    NoStartsLeft { reset_ms: i64 },
}

async fn connect(settings: &DiscordSettings, handler: &Arc<Handler>) -> anyhow::Result<Ended> {
    let gateway = match http(&settings.api_url, &settings.token)?
        .get_bot_gateway()
        .await
    {
        Ok(gateway) => gateway,
        Err(serenity::Error::Http(HttpError::UnsuccessfulRequest(refusal)))
            if refusal.status_code.as_u16() == 401 =>
        {
            bail!(
                "Discord does not accept DISCORD_TOKEN; \
                 copy it anew from the bot's page at https://discord.com/developers/applications"
            );
        }
        Err(error) => return Ok(Ended::Lost(describe(error))),
    };
    let (first, last, total) = match settings.shards {
        Shards::Auto => (0, gateway.shards.saturating_sub(1), gateway.shards.max(1)),
        Shards::Range { first, last, total } => (first, last, total),
    };
    let shards = u64::from(last.saturating_sub(first)) + 1;
    let starts = gateway.session_start_limit;
    if starts.remaining < shards + RESERVED_STARTS.min(starts.total / 2) {
        let reset_ms = i64::try_from(starts.reset_after).unwrap_or(NO_STARTS_WAIT_MS);
        return Ok(Ended::NoStartsLeft { reset_ms });
    }
    // GUILDS alone: interactions come without any intent, and no event is a source of truth.
    let client = ClientBuilder::new_with_http(
        http(&settings.api_url, &settings.token)?,
        GatewayIntents::GUILDS,
    );
    let mut client = match client.event_handler_arc(Arc::clone(handler)).await {
        Ok(client) => client,
        Err(error) => return Ok(Ended::Lost(describe(error))),
    };
    // serenity falls back to Discord's own address where it could not ask for one: with a proxy or
    // a local Discord that would be the wrong one.
    client.ws_url.lock().await.clone_from(&gateway.url);
    let unstable = handler.connected_by(Arc::clone(&client.shard_manager), shards);
    let ended = tokio::select! {
        // serenity 0.12 counts the range's end in, unlike the ranges of Rust.
        ended = client.start_shard_range(first..last, total) => ended,
        () = unstable.cancelled() => {
            handler.disconnect().await;
            return Ok(Ended::Lost("its sessions end as soon as they began".into()));
        }
    };
    match ended {
        Ok(()) => Ok(Ended::Lost("the gateway's shards ended".into())),
        Err(serenity::Error::Gateway(
            error @ (serenity::GatewayError::InvalidAuthentication
            | serenity::GatewayError::InvalidGatewayIntents
            | serenity::GatewayError::DisallowedGatewayIntents
            | serenity::GatewayError::InvalidShardData
            | serenity::GatewayError::OverloadedShard),
        )) => Err(error).context("Discord's gateway does not take the bot as it is configured"),
        Err(error) => Ok(Ended::Lost(describe(error))),
    }
}

/// serenity's client without its rate limiter, which would ignore `api_url` (and hold a bucket's
/// lock while it sleeps). Answers to interactions have no global limit; the few other requests
/// made here are retried by hand.
fn http(api_url: &str, token: &SecretString) -> anyhow::Result<Http> {
    let client = serenity_client()?;
    Ok(HttpBuilder::new(token.expose_secret())
        .client(client)
        .proxy(api_url.trim_end_matches('/'))
        .ratelimiter_disabled(true)
        .default_allowed_mentions(serenity::CreateAllowedMentions::new())
        .build())
}

fn serenity_client() -> anyhow::Result<reqwest::Client> {
    reqwest::Client::builder()
        .timeout(REQUEST_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .build()
        .context("the HTTP client")
}

/// An error's text without the URL of the request: an interaction's URL holds its token.
pub(super) fn describe(error: serenity::Error) -> String {
    match error {
        serenity::Error::Http(HttpError::Request(error)) => {
            format!("{:#}", anyhow::Error::new(error.without_url()))
        }
        serenity::Error::Http(HttpError::UnsuccessfulRequest(refusal)) => format!(
            "Discord answered {} (code {}): {}",
            refusal.status_code.as_u16(),
            refusal.error.code,
            refusal.error.message
        ),
        error => error.to_string(),
    }
}
