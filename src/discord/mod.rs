//! Discord, as people meet it: slash commands, buttons, forms. The only room that knows poise.
//!
//! # Promise
//!
//! - Every interaction is answered within Discord's 3 s, once. Whoever asks for what cannot be
//!   done is told why and what to do instead, in their own language; whoever meets a fault of ours
//!   gets an apology with an id that the log knows as well (`answer::explain`).
//! - Nothing here decides: a handler asks a use case, and puts its outcome into words.
//! - Whose guild and which member is what Discord says of the interaction, never what an option or
//!   a button says.
//! - Nothing is kept in memory between two interactions: a button carries the id of its row, a
//!   preview carries the template that it shows. So both outlive a restart, and any process can
//!   answer them.
//!
//! # Map
//!
//! `connection` keeps the gateway, `backoff` says when to try it again, `handler` takes what comes from it, `framework` is poise's
//! part (slash commands), `components` the router of buttons, menus and forms. `asker` is who
//! asks, `attachment` fetches what they attach, `answer` is what they get, `files` what is below it,
//! `respond` how it is sent, `follow` keeps it up to date. `suggest` is what is offered while they type, `choice` what an option offers at once. `register` tells Discord which commands there are.
//!
//! # To add a command
//!
//! A file in `commands/`, its function in the list of `commands/mod.rs`, its descriptions in both
//! `.ftl` files under `cmd-<command>-<option>`. To add a button: a variant of
//! `components::Action` with its text form, and an arm in the router there.

mod answer;
mod asker;
mod attachment;
mod backoff;
mod choice;
mod commands;
mod components;
mod connection;
mod files;
mod follow;
mod form;
mod framework;
mod guild_name;
mod handler;
mod register;
mod respond;
mod suggest;

use secrecy::SecretString;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::config::Shards;
use crate::ids::GuildId;

pub use register::commands_json;

/// How this process takes part in Discord.
#[derive(Clone, Debug)]
pub struct DiscordSettings {
    /// The bot's token.
    pub token: SecretString,
    /// Base of every REST call, without `/api/v10`.
    pub api_url: String,
    /// The only guild to register the commands in; everywhere if `None`.
    pub guild_id: Option<GuildId>,
    /// The shards that this process runs.
    pub shards: Shards,
}

/// Answers Discord until `stop`, then lets what is being answered finish for up to 5 s.
///
/// `ready` shows whether all shards of this process are connected. An unreachable Discord is
/// tried again for ever; an error means that trying again is of no use: the token is not accepted,
/// or the bot may not connect as it is configured.
pub async fn serve(
    app: App,
    settings: DiscordSettings,
    stop: CancellationToken,
    ready: watch::Sender<bool>,
) -> anyhow::Result<()> {
    connection::run(app, settings, stop, ready).await
}
