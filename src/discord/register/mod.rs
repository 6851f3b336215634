//! Keeps the commands registered with Discord where they are wanted, and nowhere else.
//!
//! # Promise
//!
//! - The commands stand in the server of `DISCORD_GUILD_ID`, or without one everywhere. Discord is asked
//!   whether they do at each new session of the first shard, and when the bot comes (back) into that
//!   server. A guild may create 200 commands a day, and every change of a global one takes a while to
//!   reach people; so what Discord has is read first, and replaced only if it differs.
//! - They do not stand anywhere else: a member would see each of them twice. Where they may stand is
//!   remembered in the database before they are sent there ([`store`]). A database that remembers
//!   nothing (of an older version, or a new one) takes every server of the bot for such a place, up to
//!   [`MOST_SUSPECTED`]. There only commands with a name of ours are deleted; another program of the
//!   same application keeps its own.
//! - What fails is tried again until it works, ever more slowly; what only people can put right is said
//!   with what to do.

mod list;
mod store;

use std::collections::HashMap;
use std::convert::Infallible;

use poise::serenity_prelude as serenity;
use serde::Deserialize;
use serde_json::Value;
use serenity::{ApplicationId, CommandId, Http, HttpError, LightMethod, Request, Route};
use tokio::sync::Notify;

use super::connection::describe;
use super::handler::Data;
use crate::error::Error;
use crate::ids::GuildId;
use crate::messenger::invite_link;

pub use list::commands_json;

/// Waits between two tries grow from the first to the last. Most of what lasts for longer is put right by
/// people, and an invitation is noticed at once.
const FIRST_WAIT_MS: i64 = 1_000;
const LONGEST_WAIT_MS: i64 = 900_000;
/// Servers that are looked at where nothing is remembered: one request each, a tenth of a second. A bot
/// in more of them has hardly been tried out in one of these alone.
const MOST_SUSPECTED: usize = 100;
/// Discord's codes (its page “Opcodes and Status Codes”): the server is none of the bot's, or is not; the
/// command is gone already.
const MISSING_ACCESS: i64 = 50_001;
const UNKNOWN_GUILD: i64 = 10_004;
const UNKNOWN_COMMAND: i64 = 10_063;

/// The ids of the commands by their names, as Discord gave them.
pub(super) type CommandIds = HashMap<String, u64>;

/// Asks Discord for the ids of the commands.
pub(super) async fn ids(
    http: &Http,
    application_id: ApplicationId,
    guild: Option<GuildId>,
) -> Result<CommandIds, serenity::Error> {
    let commands: Vec<Known> = http
        .fire(Request::new(route(application_id, guild), LightMethod::Get))
        .await?;
    let is_slash = |one: &Known| one.kind == list::SLASH;
    let named = |one: Known| Some((one.name, one.id.parse().ok()?));
    Ok(commands
        .into_iter()
        .filter(is_slash)
        .filter_map(named)
        .collect())
}

/// A command as Discord tells it.
#[derive(Deserialize)]
struct Known {
    id: String,
    name: String,
    #[serde(rename = "type", default = "slash")]
    kind: u64,
}

fn slash() -> u64 {
    list::SLASH
}

fn route<'a>(application_id: ApplicationId, guild: Option<GuildId>) -> Route<'a> {
    match guild {
        Some(guild) => Route::GuildCommands {
            application_id,
            guild_id: serenity::GuildId::new(guild.get()),
        },
        None => Route::Commands { application_id },
    }
}

/// Where the commands are to stand, and whether somebody should look.
pub(super) struct Registration {
    guild: Option<GuildId>,
    wanted: Notify,
}

impl Registration {
    pub(super) fn new(guild: Option<GuildId>) -> Self {
        Self {
            guild,
            wanted: Notify::new(),
        }
    }

    /// The only guild that the commands are registered in.
    pub(super) fn guild(&self) -> Option<GuildId> {
        self.guild
    }

    /// Discord may not have them, or may take them now.
    pub(super) fn look(&self) {
        self.wanted.notify_one();
    }
}

/// Looks whenever it should, and tries again until it is done.
pub(super) async fn keep(data: &Data, http: &Http) -> Infallible {
    let (registration, clock) = (&data.registration, &data.app.clock);
    let mut waits: Option<i64> = None;
    loop {
        match waits {
            None => registration.wanted.notified().await,
            Some(wait_ms) => tokio::select! {
                () = clock.sleep_ms(wait_ms) => {}
                // What was in the way may be gone.
                () = registration.wanted.notified() => waits = None,
            },
        }
        // Known since READY, before which there is nothing to be done.
        let Some(application) = http.application_id() else {
            waits = None;
            continue;
        };
        let attempt = Attempt {
            data,
            http,
            application,
        };
        waits = match attempt.run().await {
            Ok(()) => None,
            Err(fault) => {
                let longer = |wait_ms: i64| (wait_ms * 2).min(LONGEST_WAIT_MS);
                let wait_ms = waits.map_or(FIRST_WAIT_MS, longer);
                fault.tell(application, registration.guild, wait_ms);
                Some(wait_ms)
            }
        };
    }
}

/// One try to bring everything about.
struct Attempt<'a> {
    data: &'a Data,
    http: &'a Http,
    application: ApplicationId,
}

impl Attempt<'_> {
    async fn run(&self) -> Result<(), Fault> {
        let scope = self.data.registration.guild;
        let suspected = self.remember(scope).await;
        // A database that is away keeps nobody from their commands.
        if self.register(scope).await? {
            self.data.forget_command_ids().await;
            tracing::info!("the slash commands were registered");
        } else {
            tracing::info!("the slash commands are registered already");
        }
        let suspected = suspected.map_err(Fault::Database)?;
        for other in suspected.into_iter().filter(|other| *other != scope) {
            self.clear(other).await?;
        }
        Ok(())
    }

    /// Remembers that commands are going to stand in `scope`. Returns where they may stand.
    async fn remember(&self, scope: Option<GuildId>) -> Result<Vec<Option<GuildId>>, Error> {
        let app = &self.data.app;
        let mut conn = app.db.read().await?;
        let mut known = store::scopes(&mut conn, self.id()).await?;
        drop(conn);
        let mut new = Vec::new();
        if known.is_empty() {
            let guilds = self.data.some_guilds(MOST_SUSPECTED).into_iter().map(Some);
            new.extend(guilds.filter(|guild| *guild != scope));
        }
        if !known.contains(&scope) {
            new.push(scope);
        }
        known.extend(&new);
        if !new.is_empty() {
            app.db
                .write((self.id(), new), |tx, (application, new)| {
                    Box::pin(async move {
                        for scope in new {
                            store::add(tx, *application, *scope).await?;
                        }
                        Ok(())
                    })
                })
                .await?;
        }
        // Looked at always: another database may have put them there.
        if !known.contains(&None) {
            known.push(None);
        }
        Ok(known)
    }

    /// `false`: Discord has them already.
    async fn register(&self, scope: Option<GuildId>) -> Result<bool, Fault> {
        let wanted = match scope {
            Some(_) => list::of_guild(commands_json()),
            None => commands_json(),
        };
        let there = self.there(scope).await?;
        if list::are_same(&there, &wanted) {
            return Ok(false);
        }
        let replace = Request::new(route(self.application, scope), LightMethod::Put)
            .body(Some(wanted.to_string().into_bytes()));
        let replaced: Result<Value, _> = self.http.fire(replace).await;
        replaced.map_err(|error| Fault::Discord("they could not be replaced", error))?;
        Ok(true)
    }

    /// Deletes what is ours where it is not wanted.
    async fn clear(&self, scope: Option<GuildId>) -> Result<(), Fault> {
        let ours = match self.there(scope).await {
            Ok(there) => list::ids_of_ours(&there),
            // Where the bot is not, its commands are not either.
            Err(Fault::Discord(_, error)) if is_not_there(&error) => Vec::new(),
            Err(fault) => return Err(fault),
        };
        let count = ours.len();
        for command in ours {
            self.delete(scope, CommandId::new(command)).await?;
        }
        if count > 0 {
            let guild = scope.map(GuildId::get);
            tracing::info!(
                guild.id = guild,
                count,
                "slash commands outside DISCORD_GUILD_ID were deleted"
            );
        }
        self.data
            .app
            .db
            .write((self.id(), scope), |tx, (application, scope)| {
                Box::pin(store::remove(tx, *application, *scope))
            })
            .await
            .map_err(Fault::Database)
    }

    /// The commands that Discord has there.
    async fn there(&self, scope: Option<GuildId>) -> Result<Value, Fault> {
        let read = Request::new(route(self.application, scope), LightMethod::Get)
            .params(Some(vec![("with_localizations", "true".to_owned())]));
        let there = self.http.fire(read).await;
        there.map_err(|error| Fault::Discord("they could not be read", error))
    }

    async fn delete(&self, scope: Option<GuildId>, command_id: CommandId) -> Result<(), Fault> {
        let application_id = self.application;
        let route = match scope {
            Some(guild) => Route::GuildCommand {
                application_id,
                guild_id: serenity::GuildId::new(guild.get()),
                command_id,
            },
            None => Route::Command {
                application_id,
                command_id,
            },
        };
        match self
            .http
            .request(Request::new(route, LightMethod::Delete))
            .await
        {
            Err(error) if code_of(&error) != Some(UNKNOWN_COMMAND) => {
                Err(Fault::Discord("an old one could not be deleted", error))
            }
            _ => Ok(()),
        }
    }

    fn id(&self) -> i64 {
        self.application.get().cast_signed()
    }
}

/// Why it could not be done.
enum Fault {
    Discord(&'static str, serenity::Error),
    Database(Error),
}

impl Fault {
    fn tell(self, application: ApplicationId, guild: Option<GuildId>, wait_ms: i64) {
        match (self, guild) {
            (Self::Discord(_, error), Some(guild)) if is_not_there(&error) => {
                let (error, link) = (describe(error), invite_link(application.get(), Some(guild)));
                tracing::error!(
                    error,
                    wait_ms,
                    "the slash commands cannot be registered in the server of DISCORD_GUILD_ID \
                     ({guild}): the bot is not in it, or was invited without its commands (the \
                     scope applications.commands). Invite it there by {link} or set \
                     DISCORD_GUILD_ID to one of the bot's servers; it is tried again, and as soon \
                     as the bot is invited"
                );
            }
            (Self::Discord(what, error), _) => {
                let error = describe(error);
                tracing::warn!(
                    error,
                    wait_ms,
                    "the slash commands were not registered, as {what}; trying again"
                );
            }
            (Self::Database(error), _) => {
                let error = format!("{error:#}");
                tracing::warn!(
                    error,
                    wait_ms,
                    "could not find out where else slash commands are registered; trying again"
                );
            }
        }
    }
}

/// Whether Discord says that the bot, or its scope for commands, is not in that server.
fn is_not_there(error: &serenity::Error) -> bool {
    matches!(code_of(error), Some(MISSING_ACCESS | UNKNOWN_GUILD))
}

/// Discord's own code.
fn code_of(error: &serenity::Error) -> Option<i64> {
    match error {
        serenity::Error::Http(HttpError::UnsuccessfulRequest(refusal)) => {
            i64::try_from(refusal.error.code).ok()
        }
        _ => None,
    }
}
