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
//! `connection` keeps the gateway, whose sessions live on a `gateway_runtime`; `backoff` says when to
//! try it again, `refusal` what to do about one that takes no session, `dial` asks it why. `handler`
//! takes what comes from it, `framework` is poise's part (slash commands), `controls` says what
//! buttons, menus and forms mean and whose they are, `components` does it. `arrival` greets a server that
//! the bot came to. `asker` is who asks, `names` what members are called, `attachment` fetches what they
//! attach, `answer` is what they get, `files` what is below it, `respond` how it is sent, `follow` keeps it
//! up to date. `suggest` is what is offered while they type, `choice` what an option offers at once.
//! `register` keeps the commands registered.
//!
//! # To add a command
//!
//! A file in `commands/`, its function in the list of `commands/mod.rs`, its descriptions in both
//! `.ftl` files under `cmd-<command>-<option>`. To add a button: a variant of
//! `controls::Action` with its text form, whose it is, and an arm in the router in `components`.

mod answer;
mod arrival;
mod asker;
mod attachment;
mod backoff;
mod choice;
mod commands;
mod components;
mod connection;
mod controls;
mod dial;
mod files;
mod follow;
mod form;
mod framework;
mod gateway_runtime;
mod guild_name;
mod handler;
mod names;
mod refusal;
mod register;
mod respond;
mod suggest;
mod typed;

use secrecy::SecretString;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::config::Shards;
use crate::ids::GuildId;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use commands::setup::locale::zone_entries;
pub use refusal::{Misconfigured, Refusal};
pub use register::commands_json;

/// Why the gateway at `address` takes no session of this shard (its number, and how many there are); `None`:
/// it takes it. Costs one of the day's session starts.
pub async fn refusal_of(
    address: &str,
    token: &SecretString,
    shard: (u32, u32),
) -> anyhow::Result<Option<Refusal>> {
    let intents = connection::INTENTS.bits();
    let closed = dial::close_code(address, token, intents, shard).await?;
    Ok(closed.and_then(Refusal::of_close_code))
}

/// A `custom_id` as it is written once it was understood, as [`fuzzing`](crate::fuzzing) asks.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn custom_id_as_understood(custom_id: &str) -> Option<String> {
    controls::verb(custom_id);
    controls::Control::parse(custom_id).map(|control| control.custom_id())
}

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
/// `ready` shows whether all shards of this process are connected, `refused` why Discord's gateway
/// takes no session, until it does. An unreachable Discord is tried again for ever, and so is one
/// that refused a token which it had accepted before; an error means that trying again is of no use:
/// [`Misconfigured`] if the configuration must change first, another if the program must.
pub async fn serve(
    app: App,
    settings: DiscordSettings,
    stop: CancellationToken,
    ready: watch::Sender<bool>,
    refused: watch::Sender<Option<Refusal>>,
) -> anyhow::Result<()> {
    connection::run(app, settings, stop, ready, refused).await
}
