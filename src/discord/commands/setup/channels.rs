//! `/setup channels`

use poise::serenity_prelude as serenity;
use serde::Deserialize;
use serenity::{Http, LightMethod, Request, Route};

use super::saved;
use crate::discord::answer::Answer;
use crate::discord::commands::manager;
use crate::discord::connection::describe;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::error::{Result, UserError};
use crate::guild::{self, Change};
use crate::ids::{ChannelId, GuildId};

/// Choose where results and alerts are posted
#[poise::command(slash_command)]
pub(super) async fn channels(
    ctx: Context<'_>,
    #[channel_types("Text", "News", "PublicThread", "PrivateThread", "NewsThread")]
    results: serenity::ChannelId,
    #[channel_types("Text", "News", "PublicThread", "PrivateThread", "NewsThread")] alerts: Option<
        serenity::ChannelId,
    >,
    #[channel_types("Text", "News", "PublicThread", "PrivateThread", "NewsThread")]
    fallback: Option<serenity::ChannelId>,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let http = &ctx.serenity_context().http;
        let results = of_guild(http, asker.guild, results).await?;
        let alerts = match alerts {
            Some(alerts) => Some(of_guild(http, asker.guild, alerts).await?),
            None => None,
        };
        let fallback = match fallback {
            Some(fallback) => Some(of_guild(http, asker.guild, fallback).await?),
            None => None,
        };
        let change = Change::Channels {
            results,
            alerts,
            fallback,
        };
        let settings = guild::change(&ctx.data().app, asker.guild, change).await?;
        Ok(Answer::Private(saved(&settings, &asker)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// A channel, as far as it tells whose it is.
#[derive(Deserialize)]
struct Found {
    guild_id: Option<serenity::GuildId>,
}

/// The channel, if it is one of this guild that the bot can see.
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
        Ok(found) if found.guild_id.is_some_and(|id| id.get() == guild.get()) => Ok(ours),
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
