//! Extensions: a member moves the deadline of their time attack, as often as the server allows.
//!
//! An answer tells of an extension, and answers can be lost ([`telling`]). A member who reads that there was
//! none tries again; the same extension within [`AGAIN_MS`] is then the same one, unless the first is known
//! to have been told.

use super::start_message::Shown;
use super::telling::{self, AGAIN_MS};
use super::{Actor, State, TimeAttack, check_limit, clicked_or_now, reminders, store, why_not};
use crate::app::App;
use crate::error::{Result, UserError};
use crate::guild::{self, Settings};
use crate::ids::{AttackId, ChannelId, OutboxId};
use crate::outbox;

/// Discord waits so long for an answer. Nobody reads earlier that there was none, so an extension that comes
/// earlier is another one.
const UNANSWERED_MS: i64 = 3_000;

/// What a member asks for whose answer may be lost.
#[derive(Clone, Copy, Debug)]
pub struct Extension {
    /// How much more time.
    pub by_ms: i64,
    /// The interaction: the same one again extends nothing.
    pub origin: i64,
    /// Who tells everybody of it.
    pub told: Told,
}

/// What tells everybody of an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The message of the button that was pressed: it shows the new deadline.
    ByItsMessage,
    /// A message in this channel; a post of the outbox stands by for it.
    In(ChannelId),
    /// A post in the channel of the start.
    WhereItStarted,
}

/// What an extension led to.
#[derive(Clone, Debug)]
pub struct Extended {
    /// With its new deadline.
    pub attack: TimeAttack,
    /// Whether it had been extended already: the member has tried again.
    pub is_again: bool,
    /// Extensions it still has.
    pub left: i64,
    /// The message that goes out unless everybody is told otherwise; see [`telling`].
    pub standby: Option<OutboxId>,
    /// Under which it was extended.
    pub settings: Settings,
}

impl Extended {
    /// What the answer tells, to be said to [`was`] once it is known whether it arrived.
    pub fn told(&self) -> Shown {
        Shown::of(&self.attack)
    }
}

/// Moves the deadline of a running time attack, as often as the guild allows.
pub async fn extend(app: &App, actor: Actor, attack: AttackId, by_ms: i64) -> Result<Extended> {
    extend_by(app, actor, attack, (by_ms, None)).await
}

/// The same for a member whose answer may be lost: what they have just asked for is not done twice.
pub async fn extend_answered(
    app: &App,
    actor: Actor,
    attack: AttackId,
    asked: Extension,
) -> Result<Extended> {
    extend_by(app, actor, attack, (asked.by_ms, Some(asked))).await
}

async fn extend_by(
    app: &App,
    actor: Actor,
    attack: AttackId,
    (by_ms, asked): (i64, Option<Extension>),
) -> Result<Extended> {
    let settings = guild::settings(app, actor.guild).await?;
    check_limit(by_ms, &settings)?;
    let now_ms = app.now_ms();
    let clicked_ms = clicked_or_now(app, actor.clicked_ms);
    let bounds = store::Extending {
        by_ms,
        most: settings.extension_limit,
        longest_ms: settings.longest_ms,
        now_ms,
        clicked_ms,
        origin: asked.map(|asked| asked.origin),
        same_since_ms: asked.map_or(i64::MAX, |_| clicked_ms - AGAIN_MS),
        unanswered_ms: clicked_ms - UNANSWERED_MS,
    };
    let job = (settings.clone(), actor, app.outbox.clone());
    let extended = app
        .db
        .write(job, move |tx, (settings, actor, outbox)| {
            Box::pin(async move {
                let extended = store::extend_if_running(tx, actor, attack, bounds).await?;
                let Some(extended) = extended else {
                    let same = store::find_extended(tx, actor, attack, bounds).await?;
                    return Ok(same.map(|same| (same, None, None, true)));
                };
                let before = TimeAttack {
                    deadline_ms: extended.deadline_ms - by_ms,
                    ..extended.clone()
                };
                reminders::call_off(tx, &before, settings, now_ms).await?;
                let reminder_ms = reminders::plan(tx, &extended, settings, now_ms).await?;
                let channel = match asked.map(|asked| asked.told) {
                    None | Some(Told::ByItsMessage) => None,
                    Some(Told::In(channel)) => Some(channel),
                    Some(Told::WhereItStarted) => Some(extended.channel),
                };
                let standby = channel.map(|channel| {
                    let post = telling::extension(&extended, channel, by_ms, settings, now_ms);
                    outbox.prepare_standby(post)
                });
                if let Some(standby) = &standby {
                    outbox::enqueue(tx, std::slice::from_ref(standby), outbox.boot()).await?;
                }
                let standby = standby.as_ref().map(outbox::Row::id);
                Ok(Some((extended, reminder_ms, standby, false)))
            })
        })
        .await?;
    let Some((extended, reminder_ms, standby, is_again)) = extended else {
        return Err(why_not_extended(app, actor, attack, by_ms, &settings)
            .await?
            .into());
    };
    if !is_again {
        app.timers.arm(extended.id, extended.deadline_ms);
        app.reminders.due_at(reminder_ms);
        tracing::info!(timeattack.id = %attack, guild.id = %actor.guild, "a time attack was extended");
    }
    if standby.is_some() {
        app.outbox.stands_by();
    }
    Ok(Extended {
        left: (settings.extension_limit - extended.extensions).max(0),
        attack: extended,
        is_again,
        standby,
        settings,
    })
}

/// Whether the answer that tells of an extension has arrived.
pub async fn was(app: &App, told: Shown, has_arrived: bool) -> Result<()> {
    app.db
        .write((told, has_arrived), |tx, (told, has_arrived)| {
            Box::pin(store::mark_extension(tx, *told, *has_arrived))
        })
        .await
}

async fn why_not_extended(
    app: &App,
    actor: Actor,
    attack: AttackId,
    by_ms: i64,
    settings: &Settings,
) -> Result<UserError> {
    let mut conn = app.db.read().await?;
    let found = store::find(&mut conn, actor.guild, attack).await?;
    drop(conn);
    match found {
        Some(found)
            if found.user == actor.user
                && found.state == State::Running
                && found.deadline_ms > app.now_ms() =>
        {
            Ok(if found.extensions >= settings.extension_limit {
                UserError::NoExtensionLeft {
                    limit: settings.extension_limit,
                }
            } else {
                UserError::LimitOutOfBounds {
                    given_ms: found.deadline_ms + by_ms - found.started_ms,
                    longest_ms: settings.longest_ms,
                }
            })
        }
        _ => why_not(app, actor, attack).await,
    }
}
