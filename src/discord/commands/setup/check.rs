//! `/setup check`: proves that the bot may do what the settings ask of it.

use poise::serenity_prelude as serenity;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serenity::{
    ChannelType, CreateEmbed, Http, LightMethod, PermissionOverwrite, Permissions, Request, RoleId,
    Route,
};

use super::permissions::{Member, NEEDED, NEEDED_IN_VOICE, Role, permissions_in};
use crate::app::App;
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::commands::manager;
use crate::discord::connection::describe;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::error::{Result, UserError};
use crate::guild::{self, Settings};
use crate::i18n::{Language, text};
use crate::ids::{ChannelId, UserId};
use crate::messenger::Message;
use crate::messenger::markdown::{escape, shorten};
use crate::outbox::{Class, Fate, NewPost};

/// How long the test message may take; then it is said that it still waits.
const TEST_WAIT_MS: i64 = 5_000;

/// Check that the bot may do what the settings need
#[poise::command(slash_command)]
pub(super) async fn check(ctx: Context<'_>) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let data = ctx.data();
        let bot = *data.bot.get().ok_or(UserError::Busy)?;
        let settings = guild::settings(&data.app, asker.guild).await?;
        let mut lines =
            permission_lines(&ctx.serenity_context().http, &asker, bot, &settings).await;
        lines.push(test_post(&data.app, &asker, &settings).await?);
        let embed = CreateEmbed::new()
            .title(text(asker.language, "check-title", &[]))
            .description(lines.join("\n"));
        Ok(Answer::Private(Reply::default().embed(embed)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// One line for each channel that the settings name.
pub(super) async fn permission_lines(
    http: &Http,
    asker: &Asker,
    bot: UserId,
    settings: &Settings,
) -> Vec<String> {
    let mut channels: Vec<ChannelId> = Vec::new();
    let results = settings.results.unwrap_or(asker.channel);
    for channel in [Some(results), settings.alerts, settings.fallback]
        .into_iter()
        .flatten()
    {
        if !channels.contains(&channel) {
            channels.push(channel);
        }
    }
    let mut lines = Vec::with_capacity(channels.len());
    for channel in channels {
        let found = permissions(http, asker, bot, channel).await;
        lines.push(permission_line(channel, found, asker.language));
    }
    lines
}

fn permission_line(channel: ChannelId, found: Result<Has, String>, language: Language) -> String {
    let channel = ("channel", format!("<#{}>", channel.get()).into());
    match found {
        Ok(has) => {
            let in_voice = has.is_voice.then_some(NEEDED_IN_VOICE);
            let missing: Vec<String> = NEEDED
                .into_iter()
                .chain(in_voice)
                .filter(|(needed, _)| !has.permissions.contains(*needed))
                .map(|(_, key)| text(language, key, &[]))
                .collect();
            if missing.is_empty() && has.is_locked && !has.permissions.manage_threads() {
                return text(language, "check-locked", &[channel]);
            }
            if missing.is_empty() {
                return text(language, "check-ok", &[channel]);
            }
            let missing = ("missing", missing.join(", ").into());
            text(language, "check-missing", &[channel, missing])
        }
        Err(why) => {
            let why = ("why", escape(&shorten(&why, 200)).into());
            text(language, "check-unseen", &[channel, why])
        }
    }
}

/// What the bot may do in a channel.
struct Has {
    permissions: Permissions,
    /// A voice or a stage channel.
    is_voice: bool,
    /// A thread in which only those who manage threads write.
    is_locked: bool,
}

/// What the bot may do in a channel, from Discord itself; or why that cannot be told.
async fn permissions(
    http: &Http,
    asker: &Asker,
    bot: UserId,
    channel: ChannelId,
) -> Result<Has, String> {
    let guild_id = serenity::GuildId::new(asker.guild.get());
    let user_id = serenity::UserId::new(bot.get());
    let channel_id = serenity::ChannelId::new(channel.get());
    let found: Found = read(http, Route::Channel { channel_id }).await?;
    let is_voice = matches!(found.kind, ChannelType::Voice | ChannelType::Stage);
    let thread = found.thread_metadata.as_ref();
    let is_locked = thread.is_some_and(|thread| thread.locked);
    let overwrites = overwrites(http, found).await?;
    let roles: Vec<Role> = read(http, Route::GuildRoles { guild_id }).await?;
    let member: Roles = read(http, Route::GuildMember { guild_id, user_id }).await?;
    let member = Member {
        guild: guild_id,
        user: user_id,
        roles: &member.roles,
    };
    Ok(Has {
        permissions: permissions_in(&member, &roles, &overwrites),
        is_voice,
        is_locked,
    })
}

/// A channel's overwrites; a thread has none of its own and lives by its parent's.
async fn overwrites(http: &Http, found: Found) -> Result<Vec<PermissionOverwrite>, String> {
    match found.parent_id.filter(|_| found.thread_metadata.is_some()) {
        None => Ok(found.permission_overwrites),
        Some(channel_id) => {
            let parent: Found = read(http, Route::Channel { channel_id }).await?;
            Ok(parent.permission_overwrites)
        }
    }
}

/// A channel, as far as permissions need it.
#[derive(Deserialize)]
struct Found {
    #[serde(rename = "type")]
    kind: ChannelType,
    #[serde(default)]
    permission_overwrites: Vec<PermissionOverwrite>,
    parent_id: Option<serenity::ChannelId>,
    thread_metadata: Option<Thread>,
}

/// What only a thread has.
#[derive(Deserialize)]
struct Thread {
    #[serde(default)]
    locked: bool,
}

/// A member, as far as permissions need it.
#[derive(Deserialize)]
struct Roles {
    roles: Vec<RoleId>,
}

async fn read<T: DeserializeOwned>(http: &Http, route: Route<'_>) -> Result<T, String> {
    let request = Request::new(route, LightMethod::Get);
    http.fire(request).await.map_err(describe)
}

/// Posts a message the way that results go, and says what became of it.
async fn test_post(app: &App, asker: &Asker, settings: &Settings) -> Result<String> {
    let channel = settings.results.unwrap_or(asker.channel);
    let language = settings.language.unwrap_or(asker.guild_language);
    let post = NewPost {
        guild: asker.guild,
        user: None,
        class: Class::Critical,
        ladder: vec![channel],
        // What becomes of it is told here.
        alerts: None,
        language,
        message: Message {
            content: text(language, "check-post", &[]),
            silent: true,
            ..Message::default()
        },
        digest: None,
        dropped_ms: None,
        dedupe_key: format!("check:{}", asker.interaction),
    };
    let channel = ("channel", format!("<#{}>", channel.get()).into());
    Ok(match app.outbox.post_and_wait(post, TEST_WAIT_MS).await? {
        Fate::Posted => text(asker.language, "check-posted", &[channel]),
        Fate::Waiting => text(asker.language, "check-waiting", &[channel]),
        Fate::Refused { why } => {
            let why = ("why", escape(&shorten(&why, 200)).into());
            text(asker.language, "check-refused", &[channel, why])
        }
    })
}
