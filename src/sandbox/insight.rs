//! What is going on inside: how the bot and its work stand, and the switches for trouble
//! (`/local/insight`, `/local/faults`, `/local/bot`), and sample data (`/local/fill`).
//!
//! This room knows no feature, so whoever runs the bot beside it says how it stands: an [`Insight`].
//! Without one (a bot of somebody else's) the page is told what a Discord can know by itself.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::LocalDiscord;
use super::page::{LONGEST_WAIT, Snowflake};
use super::shapes::id;
use super::state::Shared;
use crate::ids::{GuildId, MessageId, UserId, snowflake_ms};

/// Bytes of an order.
const ORDER_MAX: usize = 4 * 1024;
/// The longest outage and the longest absence of the bot: long enough for every retry to be seen,
/// and short enough that nobody who forgets it wonders the day after.
const LONGEST_TROUBLE_MS: i64 = 600_000;

/// What is known of the bot beside a local Discord.
pub trait Insight: Send + Sync {
    /// Whether it is up.
    fn bot(&self) -> BotState;
    /// Kills it as by `kill -9`, to begin anew `down_ms` later; returns once it is dead. `None`:
    /// there is none to kill.
    fn kill(&self, down_ms: i64) -> BoxFuture<'_, Option<BotState>>;
    /// How its work stands.
    fn look(&self) -> BoxFuture<'_, Glance>;
    /// Counts what happened in it; changes with every news.
    fn changes(&self) -> watch::Receiver<u64>;
    /// The first instant from `from_ms` on at which something is due, for a clock that is turned not
    /// to skip it. `None`: nothing is, or nobody knows.
    fn due_from(&self, _from_ms: i64) -> BoxFuture<'_, Option<i64>> {
        Box::pin(std::future::ready(None))
    }
    /// The clock was turned; told once it shows its new time.
    fn turned(&self) {}
    /// Fills a server with what it could look like after half a year, as the page's people would. An
    /// error says why it could not, for the one who asked.
    fn fill(&self, _guild: GuildId) -> BoxFuture<'_, Result<Filled, String>> {
        let none = "this local Discord runs no bot that it could fill";
        Box::pin(std::future::ready(Err(none.to_owned())))
    }
}

/// What a server was filled with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// Time attacks that ended; 0 if it has a past already.
    pub attacks: usize,
    /// Whether emails are on their way; not if they were sent before.
    pub is_mailed: bool,
}

/// Whether the bot is up. Times are UTC epoch milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BotState {
    /// Whether it is.
    pub is_up: bool,
    /// Since when.
    pub since_ms: i64,
    /// When it comes back, while it is down.
    pub back_at_ms: Option<i64>,
}

/// How the bot's work stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// Time attacks that run.
    pub running: i64,
    /// Those of them whose deadlines are next.
    pub next: Vec<RunningGlance>,
    /// What is in each lane of the outbox.
    pub lanes: Vec<LaneGlance>,
    /// The newest verdicts that were posted, the newest last.
    pub verdicts: Vec<VerdictGlance>,
    /// The IANA time zone of each server, as the bot knows it.
    pub zones: Vec<(GuildId, String)>,
}

/// A time attack that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningGlance {
    /// Its id.
    pub id: i64,
    /// Its server.
    pub guild: GuildId,
    /// Whose it is.
    pub user: UserId,
    /// What they are called.
    pub member_name: String,
    /// What is to be done.
    pub task: String,
    /// When it began.
    pub started_ms: i64,
    /// When it ends.
    pub deadline_ms: i64,
}

/// A lane of the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneGlance {
    /// Its name.
    pub lane: &'static str,
    /// What waits in it.
    pub waiting: i64,
    /// What is being sent, or about to be.
    pub under_way: i64,
    /// When the oldest of both was made.
    pub oldest_ms: Option<i64>,
}

/// A verdict that was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerdictGlance {
    /// The time attack.
    pub attack: i64,
    /// When the verdict was due.
    pub deadline_ms: i64,
    /// The message that says it.
    pub message: MessageId,
}

pub(super) fn router() -> Router<Arc<Shared>> {
    let orders = DefaultBodyLimit::max(ORDER_MAX);
    Router::new()
        .route("/local/insight", get(insight))
        .route("/local/faults", post(faults).layer(orders))
        .route("/local/bot", post(kill).layer(orders))
        .route("/local/fill", post(fill).layer(orders))
}

impl LocalDiscord {
    /// Lets the page look into the bot beside it, and kill it. Only the first counts.
    pub fn show_inside(&self, insight: Arc<dyn Insight>) {
        if self.shared().insight.set(insight).is_err() {
            tracing::warn!("the local Discord knows its bot already");
        }
        self.shared().change();
    }
}

#[derive(Deserialize)]
struct Looker {
    /// The `seen` of the last answer: this one waits until there is something newer.
    wait: Option<u64>,
}

/// How things stand; with `wait`, once there is news or after 20 s.
async fn insight(State(shared): State<Arc<Shared>>, Query(looker): Query<Looker>) -> Json<Value> {
    if let Some(seen) = looker.wait {
        // Either way the answer says how things stand.
        let _ = tokio::time::timeout(LONGEST_WAIT, newer(&shared, seen)).await;
    }
    // Read before all else: what comes in between is shown twice rather than never.
    let seen = count(&shared);
    let glance = match shared.insight.get() {
        Some(insight) => insight.look().await,
        None => Glance::default(),
    };
    Json(json!({
        "seen": seen,
        "now_ms": shared.clock.now_ms(),
        "bot": bot_shape(bot(&shared)),
        "gateway": shared.gateway.is_connected(),
        "running": {
            "count": glance.running,
            "next": glance.next.iter().map(running_shape).collect::<Vec<_>>(),
        },
        "lanes": glance.lanes.iter().map(lane_shape).collect::<Vec<_>>(),
        "verdicts": glance.verdicts.iter().map(verdict_shape).collect::<Vec<_>>(),
        "zones": zones_shape(&glance.zones),
        "faults": faults_shape(&shared),
    }))
}

fn zones_shape(zones: &[(GuildId, String)]) -> Value {
    let zones = zones
        .iter()
        .map(|(guild, zone)| (guild.to_string(), Value::from(zone.as_str())));
    Value::Object(zones.collect())
}

/// What happened here and inside, in one number: both only count up.
fn count(shared: &Shared) -> u64 {
    let inside = shared
        .insight
        .get()
        .map(|insight| *insight.changes().borrow());
    shared.changes.borrow().wrapping_add(inside.unwrap_or(0))
}

/// Returns once something has happened that is not in `seen`.
async fn newer(shared: &Shared, seen: u64) {
    // Both are watched before they are counted: nothing that happens in between is missed.
    let mut here = shared.changes.subscribe();
    let mut inside = shared.insight.get().map(|insight| insight.changes());
    while count(shared) == seen {
        let changed_inside = async {
            let changed = match &mut inside {
                Some(inside) => inside.changed().await.is_ok(),
                None => false,
            };
            if !changed {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            // Its sender lives in `shared`.
            _ = here.changed() => {}
            () = changed_inside => {}
        }
    }
}

fn bot(shared: &Shared) -> BotState {
    match shared.insight.get() {
        Some(insight) => insight.bot(),
        // Of somebody else's bot it is known only whether it is connected.
        None => BotState {
            is_up: shared.gateway.is_connected(),
            since_ms: shared.began_ms,
            back_at_ms: None,
        },
    }
}

fn bot_shape(bot: BotState) -> Value {
    json!({
        "state": if bot.is_up { "up" } else { "down" },
        "since_ms": bot.since_ms,
        "back_at_ms": bot.back_at_ms,
    })
}

fn running_shape(attack: &RunningGlance) -> Value {
    json!({
        "id": attack.id.to_string(),
        "guild": id(attack.guild.get()),
        "user": id(attack.user.get()),
        "member_name": attack.member_name,
        "task": attack.task,
        "started_ms": attack.started_ms,
        "deadline_ms": attack.deadline_ms,
    })
}

fn lane_shape(lane: &LaneGlance) -> Value {
    json!({
        "lane": lane.lane,
        "waiting": lane.waiting,
        "under_way": lane.under_way,
        "oldest_ms": lane.oldest_ms,
    })
}

fn verdict_shape(verdict: &VerdictGlance) -> Value {
    // A message's id is made when it is stored, and holds that instant.
    let shown_ms = snowflake_ms(verdict.message.get());
    json!({
        "attack": verdict.attack.to_string(),
        "message": id(verdict.message.get()),
        "deadline_ms": verdict.deadline_ms,
        "shown_ms": shown_ms,
        "late_ms": shown_ms - verdict.deadline_ms,
    })
}

fn faults_shape(shared: &Shared) -> Value {
    json!({
        "outage_until_ms": shared.faults.outage_until_ms(shared.clock.now_ms()),
        "rate_limits": shared.limits.is_on(),
    })
}

/// Trouble to order: any of these.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trouble {
    /// So long every request is answered 500; 0 ends it.
    outage_ms: Option<i64>,
    /// Every gateway connection is cut.
    drop_gateway: Option<bool>,
    rate_limits: Option<bool>,
}

async fn faults(State(shared): State<Arc<Shared>>, Json(trouble): Json<Trouble>) -> Response {
    let discord = LocalDiscord { shared };
    let Trouble {
        outage_ms,
        drop_gateway,
        rate_limits,
    } = trouble;
    if outage_ms.is_none() && drop_gateway.is_none() && rate_limits.is_none() {
        let what = "say what: outage_ms, drop_gateway or rate_limits";
        return refused(StatusCode::BAD_REQUEST, what);
    }
    if let Some(ms) = outage_ms {
        if !is_bearable(ms) {
            let limits = "an outage lasts 0 to 600000 milliseconds";
            return refused(StatusCode::BAD_REQUEST, limits);
        }
        discord.outage_for(ms);
    }
    if drop_gateway == Some(true) {
        discord.drop_gateway();
    }
    if let Some(on) = rate_limits {
        discord.rate_limits(on);
    }
    discord.shared().change();
    Json(faults_shape(discord.shared())).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Death {
    down_ms: i64,
}

/// Kills the bot.
async fn kill(State(shared): State<Arc<Shared>>, Json(death): Json<Death>) -> Response {
    if !is_bearable(death.down_ms) {
        let limits = "the bot is down for 0 to 600000 milliseconds";
        return refused(StatusCode::BAD_REQUEST, limits);
    }
    let Some(insight) = shared.insight.get() else {
        let none = "this local Discord runs no bot that it could kill";
        return refused(StatusCode::CONFLICT, none);
    };
    match insight.kill(death.down_ms).await {
        Some(state) => Json(bot_shape(state)).into_response(),
        None => refused(StatusCode::CONFLICT, "the bot is down already"),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filling {
    guild: Snowflake,
}

/// Fills a server with sample data.
async fn fill(State(shared): State<Arc<Shared>>, Json(filling): Json<Filling>) -> Response {
    let Some(insight) = shared.insight.get() else {
        let none = "this local Discord runs no bot that it could fill";
        return refused(StatusCode::CONFLICT, none);
    };
    if !shared.world().guilds.contains_key(&filling.guild.0) {
        return refused(StatusCode::NOT_FOUND, "there is no such server");
    }
    match insight.fill(filling.guild.0.into()).await {
        Ok(filled) => {
            shared.change();
            let told = json!({ "attacks": filled.attacks, "is_mailed": filled.is_mailed });
            Json(told).into_response()
        }
        Err(why) => refused(StatusCode::CONFLICT, &why),
    }
}

fn is_bearable(ms: i64) -> bool {
    (0..=LONGEST_TROUBLE_MS).contains(&ms)
}

pub(super) fn refused(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "refused": why }))).into_response()
}
