//! Takes what the gateway brings, and hands it to poise or to the router of components.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use poise::serenity_prelude as serenity;
use serenity::gateway::ShardRunnerMessage;
use serenity::{ConnectionStage, EventHandler, FullEvent, Interaction, ShardManager};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::asker::Asker;
use super::backoff::Sessions;
use super::connection::describe;
use super::register::CommandIds;
use super::{DiscordSettings, components, framework, register};
use crate::app::App;
use crate::error::Error;
use crate::ids::{GuildId, UserId};

/// An answer must be given within 3 s, and a link is not worth being late.
const PATIENCE: Duration = Duration::from_millis(1_000);

/// What every handler can reach.
pub(super) struct Data {
    pub(super) app: App,
    /// The bot itself; known from the first READY on.
    pub(super) bot: OnceLock<UserId>,
    /// The only guild that the commands are registered in.
    commands_guild: Option<GuildId>,
    /// The commands' ids, once Discord has told them.
    command_ids: tokio::sync::OnceCell<CommandIds>,
    /// Who is being shown what was kept for them. A guild's interactions all come to one process.
    showing: Mutex<HashSet<(GuildId, UserId)>>,
}

/// While it lives, nobody else shows the same member what was kept for them.
pub(super) struct Showing<'a> {
    data: &'a Data,
    member: (GuildId, UserId),
}

impl Data {
    /// The ids of the commands, for links to them; none if Discord does not tell in time.
    pub(super) async fn command_ids(&self, ctx: framework::Context<'_>) -> CommandIds {
        let (http, application) = (&ctx.serenity_context().http, ctx.interaction.application_id);
        let asked = || register::ids(http, application, self.commands_guild);
        let told = self.command_ids.get_or_try_init(asked);
        match tokio::time::timeout(PATIENCE, told).await {
            Ok(Ok(ids)) => ids.clone(),
            Ok(Err(error)) => {
                let error = describe(error);
                tracing::warn!(error, "the ids of the commands are not known");
                CommandIds::new()
            }
            Err(_) => CommandIds::new(),
        }
    }

    /// `None` while it is being done already.
    pub(super) fn begin_showing(&self, asker: &Asker) -> Option<Showing<'_>> {
        let member = (asker.guild, asker.user);
        let mut showing = self.showing.lock().unwrap_or_else(PoisonError::into_inner);
        // Made only if it is the first: dropping it ends the showing.
        showing
            .insert(member)
            .then(|| Showing { data: self, member })
    }
}

impl Drop for Showing<'_> {
    fn drop(&mut self) {
        let showing = self.data.showing.lock();
        let mut showing = showing.unwrap_or_else(PoisonError::into_inner);
        showing.remove(&self.member);
    }
}

/// serenity's event handler. poise's own framework is not used: it could neither put a span around
/// a command nor tell when the last one has ended.
pub(super) struct Handler {
    data: Data,
    options: poise::FrameworkOptions<Data, Error>,
    registered: OnceLock<()>,
    gateway: Mutex<Gateway>,
    ready: watch::Sender<bool>,
    running: TaskTracker,
}

/// The shards of the present connection.
#[derive(Default)]
struct Gateway {
    manager: Option<Arc<ShardManager>>,
    expected: u64,
    connected: HashSet<u32>,
    sessions: Sessions,
    /// Cancelled when sessions end as soon as they began.
    unstable: CancellationToken,
}

impl Handler {
    pub(super) fn new(app: App, settings: &DiscordSettings, ready: watch::Sender<bool>) -> Self {
        Self {
            data: Data {
                app,
                bot: OnceLock::new(),
                commands_guild: settings.guild_id,
                command_ids: tokio::sync::OnceCell::new(),
                showing: Mutex::default(),
            },
            options: framework::options(),
            registered: OnceLock::new(),
            gateway: Mutex::default(),
            ready,
            running: TaskTracker::new(),
        }
    }

    /// A new connection is being made, of so many shards. What is returned is cancelled when it
    /// should be ended, because serenity would make its sessions anew without ever slowing down.
    pub(super) fn connected_by(
        &self,
        manager: Arc<ShardManager>,
        expected: u64,
    ) -> CancellationToken {
        let unstable = CancellationToken::new();
        *self.gateway() = Gateway {
            manager: Some(manager),
            expected,
            unstable: unstable.clone(),
            ..Gateway::default()
        };
        unstable
    }

    /// A session of a shard began, by an IDENTIFY of which there are 1,000 a day.
    fn session_began(&self, shard: serenity::ShardId) {
        let now = self.data.app.clock.monotonic_ms();
        let mut gateway = self.gateway();
        if !gateway.sessions.begin(shard.0, now) {
            gateway.unstable.cancel();
        }
    }

    /// The connection is gone.
    pub(super) fn all_disconnected(&self) {
        *self.gateway() = Gateway::default();
        self.ready.send_replace(false);
    }

    /// Ends the connection: nothing more comes in.
    pub(super) async fn disconnect(&self) {
        // Kept where it is: what still arrives meanwhile is answered.
        let manager = self.gateway().manager.clone();
        if let Some(manager) = manager {
            // Each shard is told directly, too: once one was restarted, serenity's manager takes
            // the end of the one before for this one's, and would leave it connected.
            for (shard, runner) in manager.runners.lock().await.iter() {
                let end = ShardRunnerMessage::Shutdown(*shard, 1_000);
                runner.runner_tx.send_to_shard(end);
            }
            manager.shutdown_all().await;
        }
    }

    /// Returns when every interaction that came in has been dealt with.
    pub(super) async fn finish(&self) {
        self.running.close();
        self.running.wait().await;
    }

    fn stage(&self, shard: serenity::ShardId, is_connected: bool) {
        let mut gateway = self.gateway();
        if is_connected {
            gateway.connected.insert(shard.0);
        } else {
            gateway.connected.remove(&shard.0);
        }
        let all = gateway.expected > 0 && gateway.connected.len() as u64 >= gateway.expected;
        drop(gateway);
        self.ready.send_if_modified(|ready| {
            let changed = *ready != all;
            *ready = all;
            changed
        });
    }

    fn gateway(&self) -> MutexGuard<'_, Gateway> {
        self.gateway.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn take(&self, ctx: serenity::Context, interaction: Interaction) {
        match interaction {
            interaction @ (Interaction::Command(_) | Interaction::Autocomplete(_)) => {
                self.give_to_poise(&ctx, interaction).await;
            }
            Interaction::Component(component) => {
                components::component(&self.data, &ctx, &component).await;
            }
            Interaction::Modal(form) => components::form(&self.data, &ctx, &form).await,
            _ => {}
        }
    }

    async fn give_to_poise(&self, ctx: &serenity::Context, interaction: Interaction) {
        // Both are there from the moment an interaction can come.
        let manager = self.gateway().manager.clone();
        let (Some(manager), Some(bot)) = (manager, self.data.bot.get()) else {
            tracing::warn!("an interaction came without a connection; it is left unanswered");
            return;
        };
        let framework = poise::FrameworkContext {
            serenity_context: ctx,
            bot_id: serenity::UserId::new(bot.get()),
            options: &self.options,
            user_data: &self.data,
            shard_manager: &manager,
        };
        poise::dispatch_event(framework, FullEvent::InteractionCreate { interaction }).await;
    }
}

#[serenity::async_trait]
impl EventHandler for Handler {
    async fn ready(&self, ctx: serenity::Context, ready: serenity::Ready) {
        let _ = self.data.bot.set(UserId::from(ready.user.id.get()));
        let shard = ready.shard.map_or(serenity::ShardId(0), |shard| shard.id);
        tracing::info!(
            shard = shard.0,
            guilds = ready.guilds.len(),
            "a shard is connected"
        );
        self.session_began(shard);
        self.stage(shard, true);
        // One process tells Discord which commands there are: the one that has the first shard.
        if shard.0 == 0 && self.registered.set(()).is_ok() {
            let application = ready.application.id;
            register::register(
                &self.data.app.clock,
                &ctx.http,
                application,
                self.data.commands_guild,
            )
            .await;
        }
    }

    async fn resume(&self, ctx: serenity::Context, _: serenity::ResumedEvent) {
        self.stage(ctx.shard_id, true);
    }

    async fn shard_stage_update(
        &self,
        _: serenity::Context,
        event: serenity::ShardStageUpdateEvent,
    ) {
        self.stage(event.shard_id, event.new == ConnectionStage::Connected);
    }

    async fn interaction_create(&self, ctx: serenity::Context, interaction: Interaction) {
        let span = span_of(&interaction);
        let work = self.take(ctx, interaction).instrument(span);
        self.running.track_future(work).await;
    }
}

/// One span per interaction: what was used, and in which guild; nothing that people wrote.
fn span_of(interaction: &Interaction) -> tracing::Span {
    let (guild, name) = match interaction {
        Interaction::Command(command) => (command.guild_id, command_name(&command.data)),
        Interaction::Autocomplete(command) => {
            let name = format!("{} (autocomplete)", command_name(&command.data));
            (command.guild_id, name)
        }
        Interaction::Component(component) => {
            let verb = components::verb(&component.data.custom_id);
            (component.guild_id, format!("button {verb}"))
        }
        Interaction::Modal(form) => (form.guild_id, "form".to_owned()),
        _ => (None, "ping".to_owned()),
    };
    let guild = guild.map(serenity::GuildId::get);
    tracing::info_span!("command", guild.id = guild, command = name)
}

fn command_name(data: &serenity::CommandData) -> String {
    let sub = data.options.iter().find(|option| {
        matches!(
            option.value,
            serenity::CommandDataOptionValue::SubCommand(_)
        )
    });
    match sub {
        Some(sub) => format!("{} {}", data.name, sub.name),
        None => data.name.clone(),
    }
}
