//! `/setup channels`

use poise::serenity_prelude as serenity;
use serde::Deserialize;
use serenity::{Http, LightMethod, Request, Route};

use super::{check, saved};
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::choice::{Choice, Choosable};
use crate::discord::commands::manager;
use crate::discord::connection::describe;
use crate::discord::framework::Context;
use crate::discord::handler::Data;
use crate::discord::respond::{self, Deferral};
use crate::error::{Result, UserError};
use crate::guild::{self, Change};
use crate::i18n::{Language, text};
use crate::ids::{ChannelId, GuildId};

/// Choose where results and alerts are posted
#[poise::command(slash_command)]
pub(super) async fn channels(
    ctx: Context<'_>,
    #[channel_types(
        "Text",
        "Voice",
        "News",
        "NewsThread",
        "PublicThread",
        "PrivateThread",
        "Stage",
        "Forum"
    )]
    results: Option<serenity::ChannelId>,
    #[channel_types(
        "Text",
        "Voice",
        "News",
        "NewsThread",
        "PublicThread",
        "PrivateThread",
        "Stage",
        "Forum"
    )]
    alerts: Option<serenity::ChannelId>,
    #[channel_types(
        "Text",
        "Voice",
        "News",
        "NewsThread",
        "PublicThread",
        "PrivateThread",
        "Stage",
        "Forum"
    )]
    fallback: Option<serenity::ChannelId>,
    clear: Option<Choice<Cleared>>,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let http = &ctx.serenity_context().http;
        let clear = clear.map(|clear| clear.0);
        let given = async |channel, cleared| -> Result<_> {
            Ok(match (channel, clear == Some(cleared)) {
                (Some(_), true) => return Err(UserError::SetAndCleared.into()),
                (Some(channel), false) => Some(Some(of_guild(http, asker.guild, channel).await?)),
                (None, true) => Some(None),
                (None, false) => None,
            })
        };
        let change = Change::Channels {
            results: given(results, Cleared::Results).await?,
            alerts: given(alerts, Cleared::Alerts).await?,
            fallback: given(fallback, Cleared::Fallback).await?,
        };
        let reply = change_channels(ctx.data(), http, &asker, change).await?;
        Ok(Answer::Private(reply))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Changes them, and says what the bot may do in each. Told now, and not by a result that comes nowhere.
pub(super) async fn change_channels(
    data: &Data,
    http: &Http,
    asker: &Asker,
    change: Change,
) -> Result<Reply> {
    let settings = guild::change(&data.app, asker.guild, change).await?;
    let lines = match data.bot.get() {
        Some(bot) => check::permission_lines(http, asker, *bot, &settings).await,
        None => Vec::new(),
    };
    let reply = saved(&settings, asker);
    Ok(lines.iter().fold(reply, |reply, line| reply.line(line)))
}

/// The channel that a server does without from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cleared {
    Results,
    Alerts,
    Fallback,
}

impl Choosable for Cleared {
    const ALL: &'static [Self] = &[Self::Results, Self::Alerts, Self::Fallback];

    fn name(self) -> &'static str {
        match self {
            Self::Results => "results",
            Self::Alerts => "alerts",
            Self::Fallback => "fallback",
        }
    }

    fn label(self, language: Language) -> String {
        let key = match self {
            Self::Results => "clear-results",
            Self::Alerts => "clear-alerts",
            Self::Fallback => "clear-fallback",
        };
        text(language, key, &[])
    }
}

/// Kinds of channel that take messages: text, voice, announcements, threads of each kind, stage (Discord's
/// “Channel Types”).
const TAKES_POSTS: [u8; 7] = [0, 2, 5, 10, 11, 12, 13];

/// A channel, as far as it tells whose it is, and of which kind.
#[derive(Deserialize)]
struct Found {
    #[serde(rename = "type")]
    kind: u8,
    guild_id: Option<serenity::GuildId>,
}

/// The channel, if it is one of this guild that the bot can see, and takes messages. (A forum is offered,
/// so that whoever looks for it is told.)
///
/// Discord offers only channels of the guild, but an id that was sent by other means would make
/// the bot post one guild's results in another.
async fn of_guild(http: &Http, guild: GuildId, channel: serenity::ChannelId) -> Result<ChannelId> {
    let ours: ChannelId = channel.get().into();
    let route = Route::Channel {
        channel_id: channel,
    };
    let found: Result<Found, _> = http.fire(Request::new(route, LightMethod::Get)).await;
    match found {
        Ok(found) if found.guild_id.is_some_and(|id| id.get() == guild.get()) => {
            if TAKES_POSTS.contains(&found.kind) {
                return Ok(ours);
            }
            Err(UserError::ChannelTakesNoPosts { channel: ours }.into())
        }
        Ok(_) => Err(UserError::ChannelNotHere { channel: ours }.into()),
        Err(serenity::Error::Http(serenity::HttpError::UnsuccessfulRequest(refusal)))
            if matches!(refusal.status_code.as_u16(), 403 | 404) =>
        {
            Err(UserError::ChannelNotHere { channel: ours }.into())
        }
        Err(error) => {
            tracing::warn!(error = describe(error), "a channel could not be looked up");
            Err(UserError::Busy.into())
        }
    }
}
