//! Reminders: a member is told of a deadline before it comes.
//!
//! # Promise
//!
//! Each reminder that a guild has chosen ([`guild::reminders`]) is posted once in the channel of the
//! start, without a sound in the guild's quiet hours. Who allows direct messages and can be sent one
//! at that moment gets it there as well; then the post pings nobody. A member may switch them off.
//!
//! A reminder is worth something now or not at all. It makes way for verdicts, one that comes later
//! than [`LATEST_MS`] is left out, none waits for a morning, and nobody is told of one that could not
//! be posted. What ends or moves meanwhile takes back what has not left yet (`call_off`), and what was
//! posted says so and loses its button ([`stale`]).
//!
//! The button below a reminder completes the time attack that it names, the one below a list of several
//! those of the list that are its presser's ([`named_in`]).
//!
//! When the next one is due stands in the time attack's row, indexed. So a million of them cost no
//! task and no message until they are due, and after a restart nothing need be set up.

pub mod stale;
mod store;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::text::{COMPLETE_LISTED_BUTTON, reminded_button, timestamp};
use super::{TimeAttack, direct, start_message};
use crate::app::App;
use crate::consent;
use crate::db::Tx;
use crate::error::Result;
use crate::guild::reminders::{Reminder, When};
use crate::guild::{self, Settings};
use crate::i18n::{Language, text};
use crate::ids::{AttackId, GuildId, OutboxId, UserId};
use crate::messenger::markdown::{linked, shorten};
use crate::messenger::{Button, ButtonStyle, Message};
use crate::outbox::{self, Class, Digest, NewPost, Outbox, Row, Topic};

/// A reminder that is later than this is left out.
pub const LATEST_MS: i64 = 120_000;
/// Reminders seen to by one transaction.
const BATCH: i64 = 200;
/// Time attacks planned anew by one piece: a statement for each.
const PLANNED_AT_ONCE: i64 = 25;
/// Between two looks while posts wait, which go before.
const MAKE_WAY_MS: i64 = 1_000;
/// The longest time between two looks: what another process has started is found by then.
const LOOK_MS: i64 = 10_000;
/// Characters of a task in a list of many.
const DIGEST_TASK: usize = 20;

/// Tells the task that sees to reminders of ones that are due soon; clones share it.
#[derive(Clone, Default)]
pub struct Bell {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    /// The earliest that is known to be due.
    next_ms: Mutex<Option<i64>>,
    rung: Notify,
}

impl Bell {
    /// A reminder is due then.
    pub(super) fn due_at(&self, at_ms: Option<i64>) {
        let Some(at_ms) = at_ms else { return };
        let mut next_ms = self.next_ms();
        if next_ms.is_none_or(|known_ms| at_ms < known_ms) {
            *next_ms = Some(at_ms);
            self.inner.rung.notify_one();
        }
    }

    fn next_ms(&self) -> std::sync::MutexGuard<'_, Option<i64>> {
        let next_ms = self.inner.next_ms.lock();
        next_ms.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says when the next reminder of a time attack is due that has just begun, moved, or begun again.
pub(super) async fn plan(
    tx: &mut Tx,
    attack: &TimeAttack,
    settings: &Settings,
    now_ms: i64,
) -> Result<Option<i64>> {
    let next_ms = next_after(attack, settings, now_ms);
    store::set_next(tx, attack, next_ms).await?;
    Ok(next_ms)
}

/// When the first reminder after `now_ms` is due.
pub(super) fn next_after(attack: &TimeAttack, settings: &Settings, now_ms: i64) -> Option<i64> {
    let next = settings
        .reminders
        .next(attack.started_ms, attack.deadline_ms, now_ms);
    next.map(|reminder| reminder.at_ms)
}

/// A guild has chosen other reminders: those of what runs are planned anew, page by page so that
/// others write meanwhile. What is started at that very moment may be planned by the old choice until
/// its first reminder, which is posted by the new one or not at all.
pub async fn plan_anew(app: &App, guild: GuildId) -> Result<()> {
    let mut after = AttackId(i64::MIN);
    loop {
        let job = (guild, after, app.clock.now_ms());
        let page = app.db.write_piece(job, |tx, (guild, after, now_ms)| {
            Box::pin(async move {
                let settings = guild::for_guild(tx, *guild).await?;
                let page = store::running_in_guild(tx, *guild, *after, PLANNED_AT_ONCE).await?;
                let mut first_ms: Option<i64> = None;
                for attack in &page {
                    let next_ms = plan(tx, attack, &settings, *now_ms).await?;
                    first_ms = [first_ms, next_ms].into_iter().flatten().min();
                }
                Ok((page.last().map(|attack| attack.id), first_ms))
            })
        });
        let (last, first_ms) = page.await?;
        app.reminders.due_at(first_ms);
        match last {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

/// Switches a member's reminders in a guild on or off.
pub async fn switch(app: &App, guild: GuildId, user: UserId, on: bool) -> Result<()> {
    let job = (guild, user, on, app.clock.now_ms());
    app.db
        .write(job, |tx, (guild, user, on, now_ms)| {
            Box::pin(async move {
                if *on {
                    store::accept(tx, *guild, *user).await
                } else {
                    store::refuse(tx, *guild, *user, *now_ms).await
                }
            })
        })
        .await
}

/// Since when a member has switched them off; `None`: they are on.
pub async fn off_since(app: &App, guild: GuildId, user: UserId) -> Result<Option<i64>> {
    let mut conn = app.db.read().await?;
    store::refused_ms(&mut conn, guild, user).await
}

/// Forgets what a member chose.
pub(super) async fn forget(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<()> {
    store::accept(tx, guild, user).await
}

/// When the first of all reminders is due.
pub async fn first_due(tx: &mut Tx) -> Result<Option<i64>> {
    store::first_due(tx).await
}

/// Posts what is due, until `stop`.
pub async fn keep_up(app: App, stop: CancellationToken) {
    loop {
        // Taken before the look: what is planned during it is heard of after it.
        app.reminders.next_ms().take();
        let now_ms = app.now_ms();
        let next_ms = match see_to_due(&app).await {
            Ok(next_ms) => next_ms,
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(error, "reminders were not posted; trying again");
                None
            }
        };
        let latest_ms = now_ms + LOOK_MS;
        let planned_ms = *app.reminders.next_ms();
        let wake_ms = [next_ms, planned_ms].into_iter().flatten().min();
        let wake_ms = wake_ms.unwrap_or(latest_ms).min(latest_ms);
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.clock.sleep_at_most(wake_ms - app.discord_time.ahead_ms(), LOOK_MS) => {}
            () = app.reminders.inner.rung.notified() => {}
        }
    }
}

/// Posts what is due, and returns when to look again.
async fn see_to_due(app: &App) -> Result<Option<i64>> {
    loop {
        let mut conn = app.db.read().await?;
        let first_ms = store::first_due(&mut conn).await?;
        drop(conn);
        let now_ms = app.now_ms();
        match first_ms {
            Some(first_ms) if first_ms <= now_ms => {}
            first_ms => return Ok(first_ms),
        }
        if !app.outbox.has_room_for_edits() {
            return Ok(Some(now_ms + MAKE_WAY_MS));
        }
        let job = (app.outbox.clone(), now_ms);
        let rows = app
            .db
            .write(job, |tx, (outbox, now_ms)| {
                Box::pin(async move {
                    let mut rows = take(tx, outbox, *now_ms).await?;
                    outbox::merge::merge_new(&mut rows);
                    outbox::enqueue(tx, &rows, outbox.boot()).await?;
                    Ok(rows)
                })
            })
            .await?;
        app.outbox.hand(rows);
    }
}

/// Makes the posts of what is due, and plans what comes after.
async fn take(tx: &mut Tx, outbox: &Outbox, now_ms: i64) -> Result<Vec<Row>> {
    let attacks = store::take_due(tx, now_ms, BATCH).await?;
    let mut guilds: Vec<GuildId> = attacks.iter().map(|attack| attack.guild).collect();
    guilds.sort_unstable();
    guilds.dedup();
    let settings = guild::for_guilds(tx, &guilds).await?;
    let defaults = Settings::default();
    let mut due = Vec::new();
    for attack in &attacks {
        let settings = settings.get(&attack.guild).unwrap_or(&defaults);
        // Of several that were missed, the last is the one that is still true.
        let latest = settings
            .reminders
            .latest(attack.started_ms, attack.deadline_ms, now_ms);
        due.extend(
            latest
                .filter(|one| is_worth_it(attack, one, now_ms))
                .map(|one| (attack, settings, one)),
        );
        if let Some(next_ms) = next_after(attack, settings, now_ms) {
            store::set_next(tx, attack, Some(next_ms)).await?;
        }
    }
    let members: HashSet<(GuildId, UserId)> = due
        .iter()
        .map(|(attack, ..)| (attack.guild, attack.user))
        .collect();
    let refusing = store::refusing(tx, &members).await?;
    due.retain(|(attack, ..)| !refusing.contains(&(attack.guild, attack.user)));
    let open = consent::open_to(tx, members.into_iter(), now_ms).await?;
    let rows = rows(outbox, &due, &open, now_ms);
    for (attack, _, reminder) in &due {
        let key = key(attack, *reminder);
        for (key, is_direct) in [(format!("dm:{key}"), true), (key, false)] {
            if let Some(row) = rows.iter().find(|row| row.is_known_by(&key)) {
                store::remember(tx, attack, row.id(), is_direct).await?;
            }
        }
    }
    Ok(rows)
}

/// The time attacks that a message of several reminders names, as long as that is known.
pub async fn named_in(app: &App, guild: GuildId, message: OutboxId) -> Result<Vec<TimeAttack>> {
    let mut conn = app.db.read().await?;
    let keys = outbox::named_in(&mut conn, guild, message.0).await?;
    let attacks: Vec<AttackId> = keys.iter().filter_map(|key| named_by(key)).collect();
    super::store::find_all(&mut conn, guild, &attacks).await
}

/// The time attack of a [`key`].
fn named_by(key: &str) -> Option<AttackId> {
    let (attack, _) = key.strip_prefix("reminder:")?.split_once(':')?;
    attack.parse().ok().map(AttackId)
}

fn is_worth_it(attack: &TimeAttack, reminder: &Reminder, now_ms: i64) -> bool {
    now_ms - reminder.at_ms <= LATEST_MS && now_ms < attack.deadline_ms
}

type Due<'a> = (&'a TimeAttack, &'a Settings, Reminder);

fn rows(
    outbox: &Outbox,
    due: &[Due<'_>],
    open: &HashMap<(GuildId, UserId), Language>,
    now_ms: i64,
) -> Vec<Row> {
    let mut rows = Vec::with_capacity(due.len());
    for (attack, settings, reminder) in due {
        let direct = open.get(&(attack.guild, attack.user));
        let post = post(attack, settings, *reminder, direct.is_some(), now_ms);
        rows.push(outbox.prepare(post));
        let until_ms = until_ms(attack, now_ms);
        let direct =
            direct.map(|language| direct::reminder(attack, *language, *reminder, until_ms));
        rows.extend(direct.map(|dm| outbox.prepare_dm(dm)));
    }
    rows
}

fn post(
    attack: &TimeAttack,
    settings: &Settings,
    reminder: Reminder,
    is_told: bool,
    now_ms: i64,
) -> NewPost {
    let language = settings.language.unwrap_or(attack.language);
    // Whoever gets it as a direct message need not be pinged twice.
    let mention = (!is_told).then_some(attack.user);
    NewPost {
        guild: attack.guild,
        user: Some(attack.user),
        class: Class::Notice,
        ladder: vec![attack.channel],
        alerts: None,
        language,
        message: Message {
            content: content(attack, reminder, language),
            mentions: mention.into_iter().collect(),
            buttons: buttons(attack, language),
            silent: settings.quiet_hours.is_quiet(settings.timezone, now_ms),
            ..Message::default()
        },
        digest: Some(digest(attack, mention, language)),
        dropped_ms: Some(until_ms(attack, now_ms)),
        dedupe_key: key(attack, reminder),
    }
}

/// From then on nobody wants it.
fn until_ms(attack: &TimeAttack, now_ms: i64) -> i64 {
    attack.deadline_ms.min(now_ms + LATEST_MS)
}

/// Takes back what has not left yet: the time attack, as it was, has ended or moved. Only the last
/// reminder can still be on its way, and only for [`LATEST_MS`].
pub(super) async fn call_off(
    tx: &mut Tx,
    attack: &TimeAttack,
    settings: &Settings,
    now_ms: i64,
) -> Result<()> {
    let latest = settings
        .reminders
        .latest(attack.started_ms, attack.deadline_ms, now_ms);
    if let Some(latest) = latest.filter(|one| now_ms - one.at_ms <= 2 * LATEST_MS) {
        let key = key(attack, latest);
        outbox::withdraw_unsent(tx, &key).await?;
        outbox::dm::call_off(tx, &format!("dm:{key}")).await?;
    }
    Ok(())
}

/// One for each moment of each deadline.
pub(super) fn key(attack: &TimeAttack, reminder: Reminder) -> String {
    format!("reminder:{}:{}", attack.id, reminder.at_ms)
}

fn content(attack: &TimeAttack, reminder: Reminder, language: Language) -> String {
    let key = match reminder.when {
        When::Share(50) => "reminder-half",
        When::Share(_) | When::Before(_) => "reminder",
    };
    let args = [
        ("user", attack.user.into()),
        ("task", linked(&attack.task).into()),
        ("relative", timestamp(attack.deadline_ms, 'R').into()),
        ("time", start_message::clock_time(attack).into()),
    ];
    text(language, key, &args)
}

/// Names its time attack: whoever presses it may have others by then.
fn buttons(attack: &TimeAttack, language: Language) -> Vec<Button> {
    vec![button(reminded_button(attack.id), language)]
}

fn button(custom_id: String, language: Language) -> Button {
    Button {
        custom_id,
        label: text(language, "button-complete", &[]),
        style: ButtonStyle::Success,
    }
}

fn digest(attack: &TimeAttack, mention: Option<UserId>, language: Language) -> Digest {
    let task = linked(&shorten(&attack.task, DIGEST_TASK));
    let relative = timestamp(attack.deadline_ms, 'R');
    Digest {
        topic: Topic::Reminders,
        line: format!("⏰ <@{}> {task} {relative}", attack.user),
        mention,
        button: Some(button(COMPLETE_LISTED_BUTTON.into(), language)),
    }
}
