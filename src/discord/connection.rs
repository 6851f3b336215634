//! The way to Discord: the HTTP client, the first contact, the shards and their end.

use std::convert::Infallible;
use std::future::IntoFuture as _;
use std::ops::RangeInclusive;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use poise::serenity_prelude as serenity;
use secrecy::{ExposeSecret as _, SecretString};
use serenity::{
    ClientBuilder, ConnectionStage, GatewayError, GatewayIntents, Http, HttpBuilder, HttpError,
    ShardManager,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::gateway_runtime::GatewayRuntime;
use super::handler::{Events, Handler};
use super::refusal::{Course, Misconfigured, Refusal};
use super::{DiscordSettings, Shards};
use crate::app::App;
use crate::messenger::discord::is_about_the_token;

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

/// A shard without a session for so long is asked about by hand; then again after twice as long, and
/// so on up to the longest: each such question is a session start, of which there are 1,000 a day.
const FIRST_PATIENCE_MS: i64 = 30_000;
const LONGEST_PATIENCE_MS: i64 = 600_000;
/// How often it is looked whether all shards have one.
const LOOK_EVERY_MS: i64 = 5_000;
/// GUILDS alone: interactions come without any intent, and no event is a source of truth.
pub(super) const INTENTS: GatewayIntents = GatewayIntents::GUILDS;

/// See [`super::serve`].
pub(super) async fn run(
    app: App,
    settings: DiscordSettings,
    stop: CancellationToken,
    ready: watch::Sender<bool>,
    refused: watch::Sender<Option<Refusal>>,
) -> anyhow::Result<()> {
    let clock = app.clock.clone();
    let documents = app.documents.clone();
    let rest = Arc::new(http(&settings.api_url, &settings.token)?);
    let handler = Handler::new(app.clone(), &settings, Arc::clone(&rest), ready.clone());
    let handler = Arc::new(handler);
    let connection = Connection {
        app,
        settings,
        rest,
        handler: Arc::clone(&handler),
        ready: ready.clone(),
        refused,
    };
    // Kept until the last words are said: the sessions end with it.
    let mut keeping = pin!(connection.keep());
    let outcome = tokio::select! {
        outcome = &mut keeping => outcome,
        never = handler.keep_registered() => match never {},
        () = stop.cancelled() => Ok(()),
    };
    ready.send_replace(false);
    // Whoever waits for a document is told so, and waits no longer.
    documents.stop();
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

struct Connection {
    app: App,
    settings: DiscordSettings,
    rest: Arc<Http>,
    handler: Arc<Handler>,
    ready: watch::Sender<bool>,
    refused: watch::Sender<Option<Refusal>>,
}

/// How a connection ended.
enum Ended {
    Lost(String),
    NoStartsLeft {
        reset_ms: i64,
    },
    /// Discord said so twice.
    TokenRefused,
    Refused(Refusal),
}

impl Connection {
    /// Returns only when trying again is of no use.
    async fn keep(&self) -> anyhow::Result<()> {
        let clock = &self.app.clock;
        // The boot's id is different for every process, and so are its waits.
        let spread = self.app.outbox.boot().unsigned_abs();
        let mut backoff = Backoff::default();
        loop {
            let ended = self.connect().await?;
            self.handler.all_disconnected();
            let wait_ms = match ended {
                Ended::Lost(why) => {
                    let wait_ms = backoff.next_ms(clock.monotonic_ms(), spread);
                    tracing::warn!(why, wait_ms, "Discord can't be reached; trying again");
                    wait_ms
                }
                Ended::NoStartsLeft { reset_ms } => {
                    tracing::error!(
                        reset_ms,
                        "the bot was started too often today; it waits because Discord would \
                         reset its token"
                    );
                    reset_ms
                }
                // The outbox asks again and again, and tells the operators.
                Ended::TokenRefused if self.handler.was_connected() => {
                    self.app.outbox.token_is_refused();
                    self.app.outbox.token_is_accepted().await;
                    backoff.next_ms(clock.monotonic_ms(), spread)
                }
                Ended::TokenRefused => {
                    self.refused.send_replace(Some(Refusal::Token));
                    let why = "Discord does not accept DISCORD_TOKEN; copy it again from the \
                     bot's page at https://discord.com/developers/applications";
                    return Err(Misconfigured(why.to_owned()).into());
                }
                Ended::Refused(refusal) => {
                    self.refused.send_replace(Some(refusal));
                    let was_connected = self.handler.was_connected();
                    match refusal.course(&self.settings.shards, was_connected) {
                        Course::TryAgain => {}
                        Course::EndMisconfigured => {
                            return Err(Misconfigured(refusal.advice().to_owned()).into());
                        }
                        Course::EndOutdated => bail!(refusal.advice()),
                    }
                    let wait_ms = backoff.next_ms(clock.monotonic_ms(), spread);
                    tracing::error!(wait_ms, "{}; trying again", refusal.advice());
                    wait_ms
                }
            };
            clock.sleep_ms(wait_ms).await;
        }
    }

    async fn connect(&self) -> anyhow::Result<Ended> {
        let Self {
            settings,
            rest,
            handler,
            ..
        } = self;
        let gateway = match rest.get_bot_gateway().await {
            Ok(gateway) => gateway,
            Err(error) if is_token_refused(&error) => {
                return self.second_opinion(None).await;
            }
            Err(serenity::Error::Http(HttpError::UnsuccessfulRequest(refusal)))
                if refusal.status_code.as_u16() == 403 =>
            {
                return Ok(Ended::Refused(Refusal::Forbidden));
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
        let runtime = GatewayRuntime::start()?;
        let client =
            ClientBuilder::new_with_http(http(&settings.api_url, &settings.token)?, INTENTS)
                .event_handler(Events(Arc::clone(handler)));
        // Made there, as it spawns its shards on the runtime that it was made on.
        let mut client = match runtime.spawn(client.into_future())?.await {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => return Ok(Ended::Lost(describe(error))),
            Err(panic) => return Ok(Ended::Lost(panic.to_string())),
        };
        // serenity falls back to Discord's own address where it could not ask for one: with a proxy
        // or a local Discord that would be the wrong one.
        client.ws_url.lock().await.clone_from(&gateway.url);
        let manager = Arc::clone(&client.shard_manager);
        let unstable = handler.connected_by(Arc::clone(&manager), shards);
        // serenity 0.12 counts the range's end in, unlike the ranges of Rust.
        let sessions =
            runtime.spawn(async move { client.start_shard_range(first..last, total).await })?;
        // What returns early ends the sessions by dropping their runtime: a shard whose socket is
        // closed must not be told to end.
        let ended = tokio::select! {
            ended = sessions => match ended {
                Ok(ended) => ended,
                // What it was, and where, was logged as it happened.
                Err(panic) => return Ok(Ended::Lost(panic.to_string())),
            },
            () = unstable.cancelled() => {
                return Ok(Ended::Lost("its sessions end as soon as they begin".into()));
            }
            refusal = self.refusal(&manager, &gateway.url, first..=last, total) => {
                return self.second_opinion(Some(refusal)).await;
            }
            never = self.forget_refusal_once_connected() => match never {},
        };
        let refusal = match ended {
            Ok(()) => return Ok(Ended::Lost("the gateway's shards ended".into())),
            Err(serenity::Error::Gateway(GatewayError::InvalidAuthentication)) => Refusal::Token,
            Err(serenity::Error::Gateway(GatewayError::InvalidGatewayIntents)) => {
                Refusal::InvalidIntents
            }
            Err(serenity::Error::Gateway(GatewayError::DisallowedGatewayIntents)) => {
                Refusal::DisallowedIntents
            }
            Err(error) => return Ok(Ended::Lost(describe(error))),
        };
        self.second_opinion(Some(refusal)).await
    }

    /// A token that was refused once is asked about again, by its name: a proxy that is out of order
    /// says 401, too, and one that adds a token of its own has another than the gateway is given.
    async fn second_opinion(&self, refusal: Option<Refusal>) -> anyhow::Result<Ended> {
        if refusal.is_some_and(|refusal| refusal != Refusal::Token) {
            return Ok(refusal.map_or(Ended::TokenRefused, Ended::Refused));
        }
        Ok(match (self.rest.get_current_user().await, refusal) {
            (Err(error), _) if is_token_refused(&error) => Ended::TokenRefused,
            (Err(error), _) => Ended::Lost(describe(error)),
            (Ok(_), Some(refusal)) => Ended::Refused(refusal),
            (Ok(_), None) => Ended::Lost("it answered 401 once, and accepts the token".into()),
        })
    }

    /// Why a shard that is without a session gets none; returns only when the gateway says so.
    async fn refusal(
        &self,
        manager: &ShardManager,
        address: &str,
        shards: RangeInclusive<u32>,
        total: u32,
    ) -> Refusal {
        let clock = &self.app.clock;
        let mut patience_ms = FIRST_PATIENCE_MS;
        let (mut connected, mut since_ms) = (0, clock.monotonic_ms());
        loop {
            clock.sleep_ms(LOOK_EVERY_MS).await;
            let missing: Vec<u32> = {
                let runners = manager.runners.lock().await;
                let is_missing = |shard: &u32| {
                    let runner = runners.get(&serenity::ShardId(*shard));
                    runner.is_none_or(|runner| runner.stage != ConnectionStage::Connected)
                };
                shards.clone().filter(is_missing).collect()
            };
            let now_ms = clock.monotonic_ms();
            let connected_now = shards.clone().count() - missing.len();
            let Some(shard) = missing.first().filter(|_| connected_now <= connected) else {
                // All of them, or one more: it gets on.
                (connected, since_ms, patience_ms) = (connected_now, now_ms, FIRST_PATIENCE_MS);
                continue;
            };
            connected = connected_now;
            if now_ms - since_ms < patience_ms {
                continue;
            }
            match super::refusal_of(address, &self.settings.token, (*shard, total)).await {
                Ok(Some(refusal)) => return refusal,
                Ok(None) => {}
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::warn!(
                        shard,
                        error,
                        "a shard has no session, and the gateway is away"
                    );
                }
            }
            (since_ms, patience_ms) = (now_ms, (patience_ms * 2).min(LONGEST_PATIENCE_MS));
        }
    }

    /// Once all shards are connected an earlier refusal is over. Never returns.
    async fn forget_refusal_once_connected(&self) -> Infallible {
        // Its sender is `self`.
        let _ = self.ready.subscribe().wait_for(|ready| *ready).await;
        self.refused
            .send_if_modified(|refused| refused.take().is_some());
        std::future::pending().await
    }
}

/// Whether Discord itself says that it does not accept the token: with its own code beside the 401.
/// (serenity makes a code below zero of a page that somebody else sent.)
fn is_token_refused(error: &serenity::Error) -> bool {
    let serenity::Error::Http(HttpError::UnsuccessfulRequest(refusal)) = error else {
        return false;
    };
    let code = i64::try_from(refusal.error.code).unwrap_or(i64::MAX);
    refusal.status_code.as_u16() == 401 && is_about_the_token(code)
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
