//! Takes what the gateway brings, and hands it to poise or to the router of components.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use poise::serenity_prelude as serenity;
use serenity::gateway::ShardRunnerMessage;
use serenity::{ConnectionStage, EventHandler, FullEvent, Http, Interaction, ShardManager};
use tokio::sync::{SetOnce, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::arrival;
use super::asker::Asker;
use super::backoff::Sessions;
use super::connection::describe;
use super::files::Making;
use super::register::{CommandIds, Registration};
use super::{DiscordSettings, components, controls, framework, names, register, typed};
use crate::app::App;
use crate::error::Error;
use crate::guild;
use crate::ids::{GuildId, UserId};

/// An answer must be given within 3 s, and a link is not worth being late.
const PATIENCE: Duration = Duration::from_millis(1_000);

/// serenity takes each event in by a task of its own, so an interaction can come in before the READY
/// that it followed. It waits for that, but no longer than its answer has time.
const READY_PATIENCE: Duration = Duration::from_millis(2_000);

/// Servers remembered whose zones are settled; those that are forgotten are looked up again.
const MOST_HEARD_OF: usize = 10_000;

/// What every handler can reach.
pub(super) struct Data {
    pub(super) app: App,
    /// The bot itself; known once the first READY has been taken in.
    pub(super) bot: SetOnce<UserId>,
    /// Where the commands are to be registered.
    pub(super) registration: Registration,
    /// The commands' ids, once Discord has told them.
    command_ids: tokio::sync::Mutex<Option<CommandIds>>,
    /// Who is being shown what was kept for them. A guild's interactions all come to one process.
    showing: Mutex<HashSet<(GuildId, UserId)>>,
    /// The servers that the bot is in, and what they are called, as the gateway tells: a server can have
    /// its commands alone. A name is empty until it is told.
    guilds: Mutex<HashMap<GuildId, String>>,
    /// Servers that have the commands alone, whose zones were settled.
    heard_of: Mutex<HashSet<GuildId>>,
    /// Whose files are being made.
    pub(super) making: Making,
}

/// While it lives, nobody else shows the same member what was kept for them.
pub(super) struct Showing<'a> {
    data: &'a Data,
    member: (GuildId, UserId),
}

impl Data {
    /// The ids of the commands, for links to them; none if Discord does not tell in time.
    pub(super) async fn command_ids(
        &self,
        http: &Http,
        application: serenity::ApplicationId,
    ) -> CommandIds {
        let told = async {
            // One asks, and whoever comes meanwhile waits for its answer.
            let mut known = self.command_ids.lock().await;
            if known.is_none() {
                *known = Some(register::ids(http, application, self.registration.guild()).await?);
            }
            Ok(known.clone().unwrap_or_default())
        };
        match tokio::time::timeout(PATIENCE, told).await {
            Ok(Ok(ids)) => ids,
            Ok(Err(error)) => {
                let error = describe(error);
                tracing::warn!(error, "the ids of the commands are not known");
                CommandIds::new()
            }
            Err(_) => CommandIds::new(),
        }
    }

    /// The commands have other ids now.
    pub(super) async fn forget_command_ids(&self) {
        *self.command_ids.lock().await = None;
    }

    /// Servers that the bot is in: all of them, if there are so few.
    pub(super) fn some_guilds(&self, most: usize) -> Vec<GuildId> {
        self.guilds().keys().copied().take(most).collect()
    }

    /// Whether the bot itself is in this server, and not its commands alone.
    pub(super) fn is_in(&self, guild: GuildId) -> bool {
        self.guilds().contains_key(&guild)
    }

    /// Whether the zone of this server was settled, as far as this process remembers.
    pub(super) fn has_heard_of(&self, guild: GuildId) -> bool {
        let known = self.heard_of.lock();
        known
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&guild)
    }

    /// The zone of this server is settled.
    pub(super) fn heard_of(&self, guild: GuildId) {
        let known = self.heard_of.lock();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_HEARD_OF {
            known.clear();
        }
        known.insert(guild);
    }

    /// A session begins: the shard's servers are these, and no others.
    fn begin_with(&self, ready: &serenity::Ready) {
        let guilds = ready.guilds.iter();
        let now: HashSet<GuildId> = guilds.map(|guild| guild.id.get().into()).collect();
        let (shard, total) = ready.shard.map_or((0, 1), |one| (one.id.0, one.total));
        let (shard, total) = (u64::from(shard), u64::from(total.max(1)));
        let is_its = |guild: &GuildId| (guild.get() >> 22) % total == shard;
        let mut guilds = self.guilds();
        guilds.retain(|guild, _| !is_its(guild) || now.contains(guild));
        for guild in now {
            guilds.entry(guild).or_default();
        }
    }

    /// What a server is called; empty if that is not known.
    pub(super) fn name_of(&self, guild: GuildId) -> String {
        self.guilds().get(&guild).cloned().unwrap_or_default()
    }

    fn guilds(&self) -> MutexGuard<'_, HashMap<GuildId, String>> {
        self.guilds.lock().unwrap_or_else(PoisonError::into_inner)
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

/// What becomes of events. poise's own framework is not used: it could neither put a span around a
/// command nor tell when the last one has ended.
pub(super) struct Handler {
    data: Data,
    options: poise::FrameworkOptions<Data, Error>,
    gateway: Mutex<Gateway>,
    ready: watch::Sender<bool>,
    /// Where interactions are dealt with: not beside the gateway's sessions, with which they would end.
    home: tokio::runtime::Handle,
    /// Answers go over it: a connection of serenity's own client would end with the sessions.
    http: Arc<Http>,
    running: TaskTracker,
    /// One server is greeted after another: at a start there are thousands, and who waits for an answer
    /// goes first.
    greetings: tokio::sync::Mutex<()>,
}

/// serenity's event handler: what the sessions bring, handed over to the bot's own runtime.
pub(super) struct Events(pub(super) Arc<Handler>);

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
    /// Deals with interactions on the runtime that this is called on, and answers over `http`.
    pub(super) fn new(
        app: App,
        settings: &DiscordSettings,
        http: Arc<Http>,
        ready: watch::Sender<bool>,
    ) -> Self {
        Self {
            data: Data {
                app,
                bot: SetOnce::new(),
                registration: Registration::new(settings.guild_id),
                command_ids: tokio::sync::Mutex::default(),
                showing: Mutex::default(),
                guilds: Mutex::default(),
                heard_of: Mutex::default(),
                making: Making::default(),
            },
            options: framework::options(),
            gateway: Mutex::default(),
            ready,
            home: tokio::runtime::Handle::current(),
            http,
            running: TaskTracker::new(),
            greetings: tokio::sync::Mutex::default(),
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

    /// Whether Discord has taken a session of this process.
    pub(super) fn was_connected(&self) -> bool {
        self.data.bot.get().is_some()
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

    /// Keeps the commands registered.
    pub(super) async fn keep_registered(&self) -> Infallible {
        register::keep(&self.data, &self.http).await
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

    /// A server is there: greeted if the bot just came to it.
    async fn greet(&self, guild: &serenity::Guild) {
        let bot = tokio::time::timeout(READY_PATIENCE, self.data.bot.wait()).await;
        let Ok(bot) = bot else { return };
        let _turn = self.greetings.lock().await;
        let arrival = arrival::arrival(guild, *bot);
        if let Err(error) = guild::arrival::arrived(&self.data.app, arrival).await {
            let (error, guild) = (format!("{error:#}"), guild.id.get());
            tracing::warn!(
                error,
                guild.id = guild,
                "a server could not be greeted; trying again in the next session"
            );
        }
    }

    fn gateway(&self) -> MutexGuard<'_, Gateway> {
        self.gateway.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `manager`: of the connection that the interaction came by.
    async fn take(
        &self,
        ctx: serenity::Context,
        manager: Option<Arc<ShardManager>>,
        mut interaction: Interaction,
    ) {
        let bot = tokio::time::timeout(READY_PATIENCE, self.data.bot.wait()).await;
        let (Some(manager), Ok(bot)) = (manager, bot) else {
            tracing::warn!("an interaction arrived without a connection; it stays unanswered");
            return;
        };
        typed::clean_text(&mut interaction);
        names::learn(&self.data.app, &interaction);
        arrival::heard_of(&self.data, &interaction).await;
        match interaction {
            interaction @ (Interaction::Command(_) | Interaction::Autocomplete(_)) => {
                let framework = poise::FrameworkContext {
                    serenity_context: &ctx,
                    bot_id: serenity::UserId::new(bot.get()),
                    options: &self.options,
                    user_data: &self.data,
                    shard_manager: &manager,
                };
                let event = FullEvent::InteractionCreate { interaction };
                poise::dispatch_event(framework, event).await;
            }
            Interaction::Component(component) => {
                components::component(&self.data, &ctx, &component).await;
            }
            Interaction::Modal(form) => components::form(&self.data, &ctx, &form).await,
            _ => {}
        }
    }
}

#[serenity::async_trait]
impl EventHandler for Events {
    async fn ready(&self, _: serenity::Context, ready: serenity::Ready) {
        let handler = &self.0;
        let shard = ready.shard.map_or(serenity::ShardId(0), |shard| shard.id);
        tracing::info!(
            shard = shard.0,
            guilds = ready.guilds.len(),
            "a shard is connected"
        );
        handler.data.begin_with(&ready);
        handler.http.set_application_id(ready.application.id);
        // After all that an interaction is answered by: from here on they are dealt with.
        let _ = handler.data.bot.set(UserId::from(ready.user.id.get()));
        handler.session_began(shard);
        handler.stage(shard, true);
        // One process tells Discord which commands there are: the one that has the first shard.
        if shard.0 == 0 {
            handler.data.registration.look();
        }
    }

    async fn guild_create(&self, _: serenity::Context, guild: serenity::Guild, _: Option<bool>) {
        let handler = Arc::clone(&self.0);
        let id = GuildId::from(guild.id.get());
        let data = &handler.data;
        data.guilds().insert(id, guild.name.clone());
        // It may have come back, and with the bot Discord took its commands out of the server. Whether it was
        // gone is not known: serenity hands over events in no order.
        if data.registration.guild() == Some(id) {
            data.registration.look();
        }
        let work = async move { handler.greet(&guild).await };
        self.0.home.spawn(self.0.running.track_future(work));
    }

    async fn guild_update(
        &self,
        _: serenity::Context,
        _: Option<serenity::Guild>,
        new: serenity::PartialGuild,
    ) {
        let id = GuildId::from(new.id.get());
        self.0.data.guilds().insert(id, new.name);
    }

    async fn guild_delete(
        &self,
        _: serenity::Context,
        guild: serenity::UnavailableGuild,
        _: Option<serenity::Guild>,
    ) {
        // One that is only unavailable is to come back.
        if !guild.unavailable {
            self.0.data.guilds().remove(&GuildId::from(guild.id.get()));
        }
    }

    async fn resume(&self, ctx: serenity::Context, _: serenity::ResumedEvent) {
        self.0.stage(ctx.shard_id, true);
    }

    async fn shard_stage_update(
        &self,
        _: serenity::Context,
        event: serenity::ShardStageUpdateEvent,
    ) {
        let is_connected = event.new == ConnectionStage::Connected;
        self.0.stage(event.shard_id, is_connected);
    }

    async fn interaction_create(&self, mut ctx: serenity::Context, interaction: Interaction) {
        let handler = Arc::clone(&self.0);
        let app = &handler.data.app;
        app.discord_time.saw_id(&app.clock, id_of(&interaction));
        ctx.http = Arc::clone(&handler.http);
        let span = span_of(&interaction);
        let manager = handler.gateway().manager.clone();
        let work = async move { handler.take(ctx, manager, interaction).await }.instrument(span);
        self.0.home.spawn(self.0.running.track_future(work));
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
            let verb = controls::verb(&component.data.custom_id);
            (component.guild_id, format!("button {verb}"))
        }
        Interaction::Modal(form) => (form.guild_id, "form".to_owned()),
        _ => (None, "ping".to_owned()),
    };
    let guild = guild.map(serenity::GuildId::get);
    tracing::info_span!("command", guild.id = guild, command = name)
}

/// Tells when it was made.
fn id_of(interaction: &Interaction) -> u64 {
    match interaction {
        Interaction::Command(command) | Interaction::Autocomplete(command) => command.id.get(),
        Interaction::Component(component) => component.id.get(),
        Interaction::Modal(form) => form.id.get(),
        Interaction::Ping(ping) => ping.id.get(),
        _ => 0,
    }
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
