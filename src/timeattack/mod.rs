//! Time attacks: a member sets a task and a deadline, and everybody sees how it ends.
//!
//! # Promise
//!
//! A started time attack is durable. At its deadline, to the millisecond and after any restart,
//! exactly one verdict is posted; a finished one is never announced as failed.
//!
//! # States
//!
//! ```text
//! running ──complete──▶ completed ◀── a finish clicked in time, handled late
//!    │──────deadline──▶ failed ──────────────┘
//!    └──────give up───▶ cancelled
//!    ▲                      │
//!    └──undo, within 30 s───┘ (of completed, too; settled at once if the deadline has passed)
//! ```
//!
//! An admin may correct an ended one to another verdict ([`correction`]).
//!
//! Every change is one conditional `UPDATE … WHERE state = 'running'`, in one transaction with the
//! outbox row that announces it. Whoever's `UPDATE` matches decides; everybody else says nothing.
//!
//! **Fair finish**: what counts is when the member clicked (the time inside the interaction's
//! snowflake), not when the bot came to it. A finish in time that is handled after the verdict
//! turns it round, and the posted message is edited.
//!
//! What has ended is counted by [`record`]: days, streaks, the leaderboard.
//!
//! The public message of a start shows how it stands ([`start_message`]). Nothing runs that nobody was
//! told of ([`telling`]).
//!
//! To add a use case: a function here that keeps the branches, its SQL in `store.rs`, its wording
//! in `text.rs`, the answer to the person in `discord/`.

mod announce;
mod direct;
mod store;

pub mod correction;
pub mod departures;
pub mod extension;
pub mod overview;
pub mod record;
pub mod reminders;
#[cfg(feature = "sandbox")]
pub mod sample;
pub mod start_message;
pub mod telling;
pub mod text;
pub mod timer;

pub use extension::{Extended, extend};
pub use store::{MOST_COUNTED, Overdue, count_running, overdue_since};

use std::collections::HashMap;

use chrono_tz::Tz;

use crate::app::App;
use crate::consent::{self, Zones};
use crate::db::Tx;
use crate::duration_text;
use crate::error::{Error, Result, UserError};
use crate::guild::{self, MOST_RUNNING_IN_GUILD, Settings, TASK_LENGTH};
use crate::i18n::Language;
use crate::i18n::typed::clean;
use crate::ids::{AttackId, ChannelId, FileId, GuildId, MessageId, OutboxId, UserId};
use crate::messenger::markdown::shorten;
use crate::messenger::tokens;
use crate::outbox;

/// The oldest click that a limit counts from: what is answered later than Discord's tokens live was
/// not clicked then.
const LATEST_CLICK_MS: i64 = 15 * 60_000;
/// The furthest that a click may be ahead of Discord's clock as it is known here: by its `Date` it is
/// known to the second.
const MOST_AHEAD_MS: i64 = 2_000;
/// The shortest limit.
pub const SHORTEST_MS: i64 = 1_000;
/// For so long after the click a finish can be taken back.
pub const UNDO_MS: i64 = 30_000;
/// So often a finish of one time attack can be taken back: a slip or two, and no game with the
/// channel.
pub const MOST_UNDOS: i64 = 3;
/// Entries on one page of `/timeattack history`.
pub const PAGE: i64 = 10;

/// How a time attack stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The deadline is ahead.
    Running,
    /// Done in time.
    Completed,
    /// The deadline passed.
    Failed,
    /// Given up before the deadline.
    Cancelled,
}

impl State {
    /// Those that a time attack can end in.
    pub const ENDED: [Self; 3] = [Self::Completed, Self::Failed, Self::Cancelled];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A time attack as it is stored. Times are UTC epoch milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeAttack {
    /// Its id.
    pub id: AttackId,
    /// Where it belongs.
    pub guild: GuildId,
    /// Where it was started.
    pub channel: ChannelId,
    /// Whose it is.
    pub user: UserId,
    /// What that member was called at the start.
    pub member_name: String,
    /// What is to be done.
    pub task: String,
    /// How it stands.
    pub state: State,
    /// When it began.
    pub started_ms: i64,
    /// When it ends.
    pub deadline_ms: i64,
    /// How often it was extended.
    pub extensions: i64,
    /// When it ended.
    pub finished_ms: Option<i64>,
    /// The guild's language at the start.
    pub language: Language,
    /// What the member showed at the end, of which earlier versions stored the address alone.
    pub proof_url: Option<String>,
    /// The message that says that it was started, once Discord has told its id.
    pub message: Option<MessageId>,
    /// Counts its changes.
    pub revision: i64,
    /// How often its finish was taken back.
    pub undos: i64,
}

impl TimeAttack {
    /// Whether a finish clicked then would count.
    pub fn can_be_completed_at(&self, clicked_ms: i64) -> bool {
        matches!(self.state, State::Running | State::Failed) && self.deadline_ms >= clicked_ms
    }
}

/// Who asks, where, and when they clicked.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    /// The guild of the interaction; nothing of another guild is ever seen or changed.
    pub guild: GuildId,
    /// The member.
    pub user: UserId,
    /// When they clicked, by Discord's clock.
    pub clicked_ms: i64,
}

/// What `/timeattack start` asks for.
#[derive(Clone, Debug)]
pub struct Start {
    /// Who.
    pub actor: Actor,
    /// Where.
    pub channel: ChannelId,
    /// The member's display name.
    pub member_name: String,
    /// The task as typed.
    pub task: String,
    /// The limit as typed: `30m`, `내일 오전 9시까지`.
    pub limit: String,
    /// The guild's language, as Discord says.
    pub guild_language: Language,
    /// The member's own, in which a refusal offers what was perhaps meant.
    pub language: Language,
    /// The interaction: the same one again starts nothing new.
    pub origin: Option<i64>,
}

/// What a start led to.
#[derive(Clone, Debug)]
pub struct Started {
    /// As it runs.
    pub attack: TimeAttack,
    /// Whether it ran already: the member has tried again.
    pub is_again: bool,
    /// The message that goes out unless the member is told otherwise; see [`telling`].
    pub standby: Option<OutboxId>,
    /// The member's own zone, if the limit was read by it and the server's clocks show another time.
    pub own_clock: Option<Tz>,
    /// Under which it was started.
    pub settings: Settings,
}

/// One page of a member's ended time attacks, newest first.
#[derive(Clone, Debug)]
pub struct History {
    /// At most [`PAGE`].
    pub attacks: Vec<TimeAttack>,
    /// This page, from 0.
    pub page: i64,
    /// How many pages there are, at least 1.
    pub pages: i64,
}

/// Starts a time attack: parses what was typed, stores it, arms its timer.
pub async fn start(app: &App, request: Start) -> Result<TimeAttack> {
    let started = start_by(app, request, false).await?;
    Ok(started.attack)
}

/// The same for a member who is told by an answer that may be lost: a message stands by for it, and what
/// they have just started is not started again.
pub async fn start_answered(app: &App, request: Start) -> Result<Started> {
    start_by(app, request, true).await
}

async fn start_by(app: &App, request: Start, is_answered: bool) -> Result<Started> {
    let settings = guild::settings(app, request.actor.guild).await?;
    let language = settings.language.unwrap_or(request.guild_language);
    let task = parse_task(&request.task, settings.timezone, language)?;
    let now_ms = clicked_or_now(app, request.actor.clicked_ms);
    let zones = consent::zones(app, request.actor.guild, request.actor.user).await?;
    let understood = read_limit(&request, now_ms, zones.theirs())?;
    check_limit(understood.deadline_ms - now_ms, &settings)?;
    let own_clock = own_clock(understood, zones);
    let attack = TimeAttack {
        id: AttackId(app.ids.next(&app.clock)),
        guild: request.actor.guild,
        channel: request.channel,
        user: request.actor.user,
        member_name: request.member_name,
        task,
        state: State::Running,
        started_ms: now_ms,
        deadline_ms: understood.deadline_ms,
        extensions: 0,
        finished_ms: None,
        language,
        proof_url: None,
        message: None,
        revision: 0,
        undos: 0,
    };
    let room = store::Room {
        member: settings.running_limit,
        guild: MOST_RUNNING_IN_GUILD,
    };
    let reminder_ms = reminders::next_after(&attack, &settings, now_ms);
    let standby = is_answered.then(|| {
        let post = telling::started(&attack, &settings, now_ms);
        app.outbox.prepare_standby(post)
    });
    let standing_by = standby.as_ref().map(outbox::Row::id);
    let job = (attack, request.origin, standby, app.outbox.boot());
    let outcome = app
        .db
        .write(job, move |tx, (attack, origin, standby, boot)| {
            Box::pin(async move {
                let row = standby.as_ref().map(outbox::Row::id);
                if row.is_some() {
                    let since_ms = attack.started_ms - telling::AGAIN_MS;
                    if let Some(same) = store::find_same(tx, attack, since_ms).await? {
                        return Ok((store::Inserted::Known(same), true));
                    }
                }
                let (origin, next_ms) = (*origin, reminder_ms);
                let inserted =
                    store::insert_if_room(tx, attack, origin, next_ms, row, room).await?;
                if let (store::Inserted::New(_), Some(standby)) = (&inserted, standby) {
                    outbox::enqueue(tx, std::slice::from_ref(standby), *boot).await?;
                }
                Ok((inserted, false))
            })
        })
        .await?;
    let (outcome, is_again) = outcome;
    let attack = match outcome {
        store::Inserted::New(attack) => attack,
        // Delivered twice by Discord, or tried twice by the member: the first one counts.
        store::Inserted::Known(attack) => {
            return Ok(Started {
                attack,
                is_again,
                standby: None,
                own_clock,
                settings,
            });
        }
        store::Inserted::MemberFull => {
            return Err(UserError::TooManyRunning {
                running: room.member,
            }
            .into());
        }
        store::Inserted::GuildFull => {
            return Err(UserError::TooManyInGuild { limit: room.guild }.into());
        }
    };
    app.timers.arm(attack.id, attack.deadline_ms);
    app.reminders.due_at(reminder_ms);
    if standing_by.is_some() {
        app.outbox.stands_by();
    }
    tracing::info!(timeattack.id = %attack.id, guild.id = %attack.guild, "a time attack was started");
    Ok(Started {
        attack,
        is_again: false,
        standby: standing_by,
        own_clock,
        settings,
    })
}

/// When it was clicked, by Discord's clock: what a member sets themselves counts from then, and is shown
/// by the same clock. A click that cannot be true (none of Discord's, or one that came hours late) counts
/// from now.
fn clicked_or_now(app: &App, clicked_ms: i64) -> i64 {
    let now_ms = app.now_ms();
    if (now_ms - LATEST_CLICK_MS..=now_ms + MOST_AHEAD_MS).contains(&clicked_ms) {
        clicked_ms
    } else {
        now_ms
    }
}

/// What the typed limit means. A refusal says what it may mean.
fn read_limit(
    request: &Start,
    now_ms: i64,
    zone: Tz,
) -> std::result::Result<duration_text::Understood, UserError> {
    let limit = &request.limit;
    duration_text::parse(limit, now_ms, zone)
        .map_err(|error| UserError::of_time(limit, error, now_ms, zone, request.language))
}

/// The member's own zone, if what they typed was read by it and means another instant in the server's.
fn own_clock(understood: duration_text::Understood, zones: Zones) -> Option<Tz> {
    let differing = zones.differing(understood.deadline_ms);
    differing.filter(|_| !understood.is_absolute)
}

/// Completes a time attack, if it was clicked in time, and announces it, with the member's file that proves
/// it.
pub async fn complete(
    app: &App,
    actor: Actor,
    attack: AttackId,
    proof: Option<FileId>,
) -> Result<TimeAttack> {
    // Read before, so that nobody who writes waits for it: what it tells changes once a day. No finish
    // fails for want of it.
    let streak = record::streak_with_today(app, actor.guild, actor.user).await;
    let streak = streak.unwrap_or_else(|error| {
        let error = format!("{error:#}");
        tracing::warn!(guild.id = %actor.guild, error, "a streak could not be read, so the post \
         goes without it");
        0
    });
    let job = (app.outbox.clone(), actor, attack, proof, app.now_ms());
    let (completed, rows) = app
        .db
        .write(job, move |tx, (outbox, actor, attack, proof, now_ms)| {
            Box::pin(async move {
                let Some((completed, was)) = store::complete_if_in_time(tx, actor, *attack).await?
                else {
                    return Ok((None, Vec::new()));
                };
                let settings = guild::for_guild(tx, completed.guild).await?;
                reminders::call_off(tx, &completed, &settings, *now_ms).await?;
                let member = (completed.guild, completed.user);
                let own = consent::own_zones(tx, std::iter::once(member)).await?;
                let theirs = own.get(&member).copied();
                let post = announce::success(&completed, &settings, theirs, streak, *now_ms);
                let mut told = Vec::new();
                let mut rows = match (was, proof) {
                    (State::Failed, proof) => {
                        told = direct::turn_round(tx, outbox, &completed).await?;
                        let edit = announce::turn_round(tx, outbox, &completed, post).await?;
                        // An edit uploads nothing.
                        let proof = match proof {
                            Some(file) => {
                                let post = announce::proof(&completed, &settings, *now_ms);
                                announce::with_file(tx, outbox, post, *file).await?
                            }
                            None => None,
                        };
                        [Some(edit), proof].into_iter().flatten().collect()
                    }
                    (_, Some(file)) => {
                        let with = announce::with_file(tx, outbox, post.clone(), *file).await?;
                        vec![with.unwrap_or_else(|| outbox.prepare(post))]
                    }
                    (_, None) => vec![outbox.prepare(post)],
                };
                rows.extend(direct::results(tx, outbox, std::slice::from_ref(&completed)).await?);
                outbox::enqueue(tx, &rows, outbox.boot()).await?;
                // These are enqueued already.
                rows.extend(told);
                Ok((Some(completed), rows))
            })
        })
        .await?;
    let Some(completed) = completed else {
        return Err(why_not(app, actor, attack).await?.into());
    };
    app.timers.disarm(attack);
    app.outbox.hand(rows);
    tracing::info!(timeattack.id = %attack, guild.id = %actor.guild, "a time attack was completed");
    Ok(completed)
}

/// Gives a running time attack up, and says so in public.
pub async fn give_up(app: &App, actor: Actor, attack: AttackId) -> Result<TimeAttack> {
    let job = (app.outbox.clone(), actor, attack, app.now_ms());
    let (given_up, rows) = app
        .db
        .write(job, |tx, (outbox, actor, attack, now_ms)| {
            Box::pin(async move {
                let Some(given_up) = store::cancel_if_running(tx, actor, *attack).await? else {
                    return Ok((None, Vec::new()));
                };
                let settings = guild::for_guild(tx, given_up.guild).await?;
                reminders::call_off(tx, &given_up, &settings, *now_ms).await?;
                let post = outbox.prepare(announce::given_up(&given_up, &settings, *now_ms));
                let mut rows = vec![post];
                rows.extend(direct::results(tx, outbox, std::slice::from_ref(&given_up)).await?);
                outbox::enqueue(tx, &rows, outbox.boot()).await?;
                Ok((Some(given_up), rows))
            })
        })
        .await?;
    let Some(given_up) = given_up else {
        return Err(why_not(app, actor, attack).await?.into());
    };
    app.timers.disarm(attack);
    app.outbox.hand(rows);
    tracing::info!(timeattack.id = %attack, guild.id = %actor.guild, "a time attack was given up");
    Ok(given_up)
}

/// Takes a finish back, completed or given up, if it was clicked no more than [`UNDO_MS`] before.
/// The time attack runs again as if nothing had happened: what was posted says so, and a deadline
/// that has passed meanwhile is settled at once.
pub async fn undo(app: &App, actor: Actor, attack: AttackId) -> Result<TimeAttack> {
    let job = (app.outbox.clone(), actor, attack, app.now_ms());
    let again = app
        .db
        .write(job, |tx, (outbox, actor, attack, now_ms)| {
            Box::pin(async move {
                let finished = store::find(tx, actor.guild, *attack).await?;
                let settings = guild::for_guild(tx, actor.guild).await?;
                let bounds = store::Undo {
                    within_ms: UNDO_MS,
                    most: MOST_UNDOS,
                    running: settings.running_limit,
                };
                let again = store::run_again(tx, actor, *attack, bounds).await?;
                let (Some(finished), Some(again)) = (finished, again) else {
                    return Ok(None);
                };
                let mut rows = announce::take_back(tx, outbox, &finished, &settings).await?;
                outbox::enqueue(tx, &rows, outbox.boot()).await?;
                rows.extend(direct::take_back(tx, outbox, &finished, &again).await?);
                let reminder_ms = reminders::plan(tx, &again, &settings, *now_ms).await?;
                Ok(Some((again, rows, reminder_ms)))
            })
        })
        .await?;
    let Some((again, rows, reminder_ms)) = again else {
        return Err(why_not_undone(app, actor, attack).await?.into());
    };
    app.timers.arm(again.id, again.deadline_ms);
    app.reminders.due_at(reminder_ms);
    app.outbox.hand(rows);
    tracing::info!(timeattack.id = %attack, guild.id = %actor.guild, "a time attack was undone");
    Ok(again)
}

/// One time attack of the guild.
pub async fn get(app: &App, guild: GuildId, attack: AttackId) -> Result<TimeAttack> {
    let found = find(app, guild, attack).await?;
    found.ok_or_else(|| UserError::UnknownAttack.into())
}

/// The time attack of the guild with this id, if there is one.
pub async fn find(app: &App, guild: GuildId, attack: AttackId) -> Result<Option<TimeAttack>> {
    let mut conn = app.db.read().await?;
    store::find(&mut conn, guild, attack).await
}

/// A member's running time attacks, the next deadline first.
pub async fn running_of(app: &App, guild: GuildId, user: UserId) -> Result<Vec<TimeAttack>> {
    let mut conn = app.db.read().await?;
    store::running_of(&mut conn, guild, user).await
}

/// A page of a member's ended time attacks; a page that does not exist is the nearest that does.
pub async fn history(app: &App, guild: GuildId, user: UserId, page: i64) -> Result<History> {
    let mut conn = app.db.read().await?;
    let count = store::count_ended(&mut conn, guild, user).await?;
    let pages = ((count + PAGE - 1) / PAGE).max(1);
    let page = page.clamp(0, pages - 1);
    Ok(History {
        attacks: store::ended_of(&mut conn, guild, user, PAGE, page * PAGE).await?,
        page,
        pages,
    })
}

/// Every time attack of a member, oldest first: the next `most` behind an id.
pub async fn all_of(
    app: &App,
    guild: GuildId,
    user: UserId,
    (after, most): (i64, i64),
) -> Result<Vec<TimeAttack>> {
    let mut conn = app.db.read().await?;
    store::all_of(&mut conn, guild, user, (after, most)).await
}

/// What some members of a guild were called when they last started something.
pub async fn stored_names(
    app: &App,
    guild: GuildId,
    users: &[UserId],
) -> Result<HashMap<UserId, String>> {
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let mut conn = app.db.read().await?;
    store::names_of(&mut conn, guild, users).await
}

/// How many time attacks a member has, and how many of them run.
pub async fn count_of(app: &App, guild: GuildId, user: UserId) -> Result<(i64, i64)> {
    let mut conn = app.db.read().await?;
    store::count_of(&mut conn, guild, user).await
}

/// What [`forget`] did.
pub struct Forgotten {
    /// Rows.
    pub count: i64,
    /// Those that ran, for which nobody waits any more.
    pub running: Vec<AttackId>,
    /// Takes the buttons off their messages.
    pub edits: Vec<outbox::Row>,
}

/// Forgets time attacks of a member, `most` rows at a time, and what they chose about them; those that run
/// first.
pub async fn forget(
    tx: &mut Tx,
    outbox: &outbox::Outbox,
    guild: GuildId,
    user: UserId,
    most: i64,
) -> Result<Forgotten> {
    // Each is a row, the edit of its message may be one, and that which this takes the place of.
    let attacks = store::some_of(tx, guild, user, most / 3).await?;
    let edits = start_message::forget(tx, outbox, &attacks).await?;
    reminders::forget(tx, guild, user).await?;
    let ids: Vec<AttackId> = attacks.iter().map(|attack| attack.id).collect();
    store::forget(tx, guild, &ids).await?;
    let runs = |attack: &&TimeAttack| attack.state == State::Running;
    Ok(Forgotten {
        count: 3 * i64::try_from(attacks.len()).unwrap_or(i64::MAX),
        running: attacks.iter().filter(runs).map(|one| one.id).collect(),
        edits,
    })
}

/// The newest verdicts of a member.
pub async fn newest_ended(
    app: &App,
    guild: GuildId,
    user: UserId,
    most: i64,
) -> Result<Vec<TimeAttack>> {
    let mut conn = app.db.read().await?;
    store::ended_of(&mut conn, guild, user, most, 0).await
}

/// What waits to be shown to this member because no channel took it, the oldest first. It waits
/// until [`was_shown`].
pub async fn unshown(app: &App, guild: GuildId, user: UserId) -> Result<Vec<outbox::Unshown>> {
    let mut conn = app.db.read().await?;
    outbox::unshown(&mut conn, guild, user).await
}

/// The member has seen it: it is not shown again.
pub async fn was_shown(app: &App, row: OutboxId) -> Result<()> {
    let job = (row, app.clock.now_ms());
    app.db
        .write(job, |tx, (row, now_ms)| {
            Box::pin(outbox::mark_shown(tx, *row, *now_ms))
        })
        .await
}

/// A time attack that never was, to show how its result would be posted.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Whose it would be, and when it would have ended.
    pub actor: Actor,
    /// Their display name.
    pub member_name: String,
    /// What they would have set out to do.
    pub task: String,
    /// The guild's language.
    pub language: Language,
}

/// Result posts as people would see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Of a finish in time.
    pub success: String,
    /// Of a missed deadline.
    pub failure: String,
}

/// How the posts look under `settings`: half an hour set, twenty minutes taken.
pub fn preview(settings: &Settings, sample: Sample) -> Preview {
    let started_ms = sample.actor.clicked_ms - 20 * 60_000;
    let mut attack = TimeAttack {
        id: AttackId(0),
        guild: sample.actor.guild,
        channel: ChannelId(0),
        user: sample.actor.user,
        member_name: sample.member_name,
        task: sample.task,
        state: State::Completed,
        started_ms,
        deadline_ms: started_ms + 30 * 60_000,
        extensions: 0,
        finished_ms: Some(sample.actor.clicked_ms),
        language: sample.language,
        proof_url: None,
        message: None,
        revision: 0,
        undos: 0,
    };
    let success = announce::success(&attack, settings, None, 0, sample.actor.clicked_ms);
    attack.state = State::Failed;
    attack.finished_ms = Some(attack.deadline_ms);
    let failure = announce::failure(&attack, settings, None, attack.deadline_ms);
    Preview {
        success: success.message.content,
        failure: failure.message.content,
    }
}

/// Whether a limit is within the guild's bounds.
fn check_limit(limit_ms: i64, settings: &Settings) -> Result<(), UserError> {
    if (SHORTEST_MS..=settings.longest_ms).contains(&limit_ms) {
        return Ok(());
    }
    Err(UserError::LimitOutOfBounds {
        given_ms: limit_ms,
        longest_ms: settings.longest_ms,
    })
}

/// Trims, and puts runs of white space and control characters together to one space. Tokens of Discord's
/// that nobody has put into words are told in general ones.
fn parse_task(typed: &str, zone: Tz, language: Language) -> Result<String, UserError> {
    // Not everything came through Discord's door: a message's text, for one.
    let typed = clean(typed);
    let words = typed.split(|character: char| character.is_whitespace() || character.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let task = words.join(" ");
    match task.chars().count() {
        1..=TASK_LENGTH => {
            let task = tokens::named(&task, &tokens::Known::default(), zone, language);
            Ok(shorten(&task, TASK_LENGTH))
        }
        length => Err(UserError::TaskLength { length }),
    }
}

/// Why a conditional change did not match. Only for the wording: the decision has been made.
async fn why_not(app: &App, actor: Actor, attack: AttackId) -> Result<UserError> {
    let mut conn = app.db.read().await?;
    let Some(found) = store::find(&mut conn, actor.guild, attack).await? else {
        return Ok(UserError::UnknownAttack);
    };
    Ok(match found.state {
        _ if found.user != actor.user => UserError::NotYours,
        State::Running | State::Failed => UserError::TooLate {
            deadline_ms: found.deadline_ms,
        },
        State::Completed | State::Cancelled => UserError::AlreadyEnded,
    })
}

async fn why_not_undone(app: &App, actor: Actor, attack: AttackId) -> Result<UserError> {
    let mut conn = app.db.read().await?;
    let Some(found) = store::find(&mut conn, actor.guild, attack).await? else {
        return Ok(UserError::UnknownAttack);
    };
    let running = store::running_of(&mut conn, actor.guild, actor.user).await?;
    let limit = guild::for_guild(&mut conn, actor.guild)
        .await?
        .running_limit;
    drop(conn);
    let corrections = correction::newest_of(app, actor.guild, std::slice::from_ref(&found)).await?;
    let is_in_time = found
        .finished_ms
        .is_some_and(|finished_ms| finished_ms >= actor.clicked_ms - UNDO_MS);
    Ok(match found.state {
        _ if found.user != actor.user => UserError::NotYours,
        State::Running | State::Failed => UserError::NothingToUndo,
        _ if corrections.contains_key(&found.id) => UserError::WasCorrected,
        _ if found.undos >= MOST_UNDOS => UserError::UndoneTooOften { most: MOST_UNDOS },
        _ if is_in_time && running.len() >= usize::try_from(limit).unwrap_or(usize::MAX) => {
            UserError::TooManyRunning { running: limit }
        }
        State::Completed | State::Cancelled => UserError::UndoTooLate {
            seconds: UNDO_MS / 1_000,
        },
    })
}

/// What [`fail_due`] did.
pub(crate) struct Settled {
    pub(crate) failed: Vec<TimeAttack>,
    pub(crate) rows: Vec<outbox::Row>,
    /// Those that are not due after all, with their deadlines: extended, or the clock went back.
    pub(crate) not_due: Vec<(AttackId, i64)>,
}

/// Fails those of `attacks` whose deadline has passed, and announces them: one transaction for all.
pub(crate) async fn fail_due(app: &App, attacks: Vec<AttackId>) -> Result<Settled, Error> {
    let job = (app.outbox.clone(), attacks, app.now_ms());
    app.db
        .write(job, |tx, (outbox, attacks, now_ms)| {
            Box::pin(async move {
                let mut failed = store::fail_if_due(tx, attacks, *now_ms).await?;
                let not_due = if failed.len() == attacks.len() {
                    Vec::new()
                } else {
                    store::still_running(tx, attacks).await?
                };
                telling::void_untold(tx, &mut failed).await?;
                let mut guilds: Vec<GuildId> = failed.iter().map(|attack| attack.guild).collect();
                guilds.sort_unstable();
                guilds.dedup();
                let settings = guild::for_guilds(tx, &guilds).await?;
                let defaults = Settings::default();
                let members = failed.iter().map(|attack| (attack.guild, attack.user));
                let own = consent::own_zones(tx, members).await?;
                let mut rows: Vec<outbox::Row> = failed
                    .iter()
                    .map(|attack| {
                        let settings = settings.get(&attack.guild).unwrap_or(&defaults);
                        let theirs = own.get(&(attack.guild, attack.user)).copied();
                        outbox.prepare(announce::failure(attack, settings, theirs, *now_ms))
                    })
                    .collect();
                outbox::merge::merge_new(&mut rows);
                rows.extend(direct::results(tx, outbox, &failed).await?);
                outbox::enqueue(tx, &rows, outbox.boot()).await?;
                Ok(Settled {
                    failed,
                    rows,
                    not_due,
                })
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T18:02:10 in Seoul.
    const NOW_MS: i64 = 1_795_251_730_000;

    #[test]
    fn whose_clock_was_read_is_known_of_times_that_are_others_in_the_servers_zone() {
        use chrono_tz::America::New_York;
        use chrono_tz::Asia::{Seoul, Tokyo};
        let read = |typed: &str, own: Option<Tz>| {
            let zones = Zones { own, server: Seoul };
            let understood = duration_text::parse(typed, NOW_MS, zones.theirs()).unwrap();
            own_clock(understood, zones)
        };
        for typed in ["until 18:00", "tomorrow 9am", "내일 오전 9시까지"] {
            assert_eq!(read(typed, Some(New_York)), Some(New_York), "{typed}");
            assert_eq!(read(typed, Some(Tokyo)), None, "{typed}: the same time");
            assert_eq!(read(typed, None), None, "{typed}");
        }
        for typed in [
            "30m",
            "11pm KST",
            "<t:1795302000:t>",
            "23:00+09:00",
            "한국 시간 23시",
        ] {
            assert_eq!(read(typed, Some(New_York)), None, "{typed}");
        }
    }

    #[test]
    fn a_task_is_trimmed_and_counted_in_characters() {
        let parse = |typed: &str| parse_task(typed, Tz::Asia__Seoul, Language::English);
        assert_eq!(parse("  알고리즘\n 3문제  ").unwrap(), "알고리즘 3문제");
        assert_eq!(parse(" \n\t "), Err(UserError::TaskLength { length: 0 }));
        assert!(parse(&"가".repeat(TASK_LENGTH)).is_ok());
        assert_eq!(
            parse(&"가".repeat(TASK_LENGTH + 1)),
            Err(UserError::TaskLength {
                length: TASK_LENGTH + 1
            })
        );
    }
}
