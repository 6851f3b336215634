//! The message that a time attack lives in: the public answer to its start, with its buttons.
//!
//! It is an interaction's answer, so it is not the outbox's; but it must not look as if a time
//! attack ran that has ended, or had another deadline. Every change counts the row's `revision` up,
//! in the statement that makes it. What a click on the message's own button changes, the answer to
//! that click shows ([`mark_shown`]); whatever is left is brought up to date here, by edits through
//! the outbox that make way for everything else. No verdict waits for any of this: the mark costs
//! it no statement, and the edits are made afterwards.

use tokio_util::sync::CancellationToken;

use super::text::{self, timestamp};
use super::{State, TimeAttack, reminders, store, telling};
use crate::app::App;
use crate::db::Tx;
use crate::duration_text::format_duration;
use crate::error::Result;
use crate::guild::{self, Settings};
use crate::i18n::{self, Language};
use crate::ids::{AttackId, GuildId, MessageId};
use crate::messenger::markdown::linked;
use crate::messenger::{Button, ButtonStyle, Message};
use crate::outbox::{self, NewEdit, Outbox, Row};

/// How much the button of a running time attack adds.
pub const EXTENSION_MS: i64 = 600_000;
/// Between two looks for messages that are out of date. Discord takes about one edit a second in a
/// channel, and each look takes one for each channel.
const LOOK_MS: i64 = 1_000;
/// Edits begun by one look: a fifth of the 50 requests a second that Discord takes of a bot, so
/// that a verdict always finds room.
const EDITS_PER_LOOK: i64 = 10;

/// What a message shows, to be told to [`mark_shown`] once Discord has taken it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    pub(super) guild: GuildId,
    pub(super) attack: AttackId,
    pub(super) revision: i64,
}

impl Shown {
    /// What [`message`] says of this time attack.
    pub fn of(attack: &TimeAttack) -> Self {
        Self {
            guild: attack.guild,
            attack: attack.id,
            revision: attack.revision,
        }
    }
}

/// The message as it should be now, under the guild's settings.
pub fn message(attack: &TimeAttack, settings: &Settings) -> Message {
    match attack.state {
        State::Running => running(attack, settings),
        State::Completed => ended(attack, "started-completed"),
        State::Failed => ended(attack, "started-failed"),
        State::Cancelled => ended(attack, "started-given-up"),
    }
}

/// The deadline's time; with its date when that is more than a day off.
pub fn clock_time(attack: &TimeAttack) -> String {
    let is_far = attack.deadline_ms - attack.started_ms > 24 * 3_600_000;
    timestamp(attack.deadline_ms, if is_far { 'F' } else { 'T' })
}

/// How many extensions were used, and of how many.
pub fn extensions_used(attack: &TimeAttack, limit: i64, language: Language) -> String {
    let used = attack.extensions;
    // The limit may have been lowered since.
    let args = [("used", used.into()), ("limit", limit.max(used).into())];
    i18n::text(language, "extensions-used", &args)
}

fn running(attack: &TimeAttack, settings: &Settings) -> Message {
    let language = attack.language;
    let args = [
        ("user", attack.user.into()),
        ("task", linked(&attack.task).into()),
        ("relative", timestamp(attack.deadline_ms, 'R').into()),
        ("time", clock_time(attack).into()),
    ];
    let mut content = i18n::text(language, "started", &args);
    if attack.extensions > 0 {
        content.push('\n');
        content.push_str(&extensions_used(attack, settings.extension_limit, language));
    }
    // Whoever starts in private must know who will read the result.
    if let Some(results) = settings
        .results
        .filter(|results| *results != attack.channel)
    {
        content.push('\n');
        let args = [("channel", results.to_string().into())];
        content.push_str(&i18n::text(language, "started-result-there", &args));
    }
    let by = format_duration(EXTENSION_MS, language);
    let button = |custom_id: String, key: &str, style: ButtonStyle| Button {
        custom_id,
        label: i18n::text(language, key, &[("by", by.clone().into())]),
        style,
    };
    let buttons = vec![
        button(
            text::complete_button(attack.id),
            "button-complete",
            ButtonStyle::Success,
        ),
        button(
            text::extend_button(attack.id),
            "button-extend",
            ButtonStyle::Secondary,
        ),
        button(
            text::give_up_button(attack.id),
            "button-giveup",
            ButtonStyle::Danger,
        ),
    ];
    Message {
        content,
        buttons,
        ..Message::default()
    }
}

/// How it ended, without buttons: there is nothing left to press.
fn ended(attack: &TimeAttack, key: &str) -> Message {
    let language = attack.language;
    let finished_ms = attack.finished_ms.unwrap_or(attack.deadline_ms);
    let taken = format_duration((finished_ms - attack.started_ms).max(0), language);
    let args = [
        ("user", attack.user.into()),
        ("task", linked(&attack.task).into()),
        ("taken", taken.into()),
        ("at", timestamp(finished_ms, 't').into()),
        ("deadline", timestamp(attack.deadline_ms, 'f').into()),
    ];
    Message {
        content: i18n::text(language, key, &args),
        ..Message::default()
    }
}

/// Discord has taken a message that shows a time attack: from now on it can be edited, and until
/// the next change it need not be.
pub async fn mark_shown(app: &App, shown: Shown, message: MessageId) -> Result<()> {
    app.db
        .write((shown, message), |tx, (shown, message)| {
            Box::pin(mark(tx, *shown, *message))
        })
        .await
}

/// The same in a transaction.
pub(super) async fn mark(tx: &mut Tx, shown: Shown, message: MessageId) -> Result<()> {
    let key = edit_key(shown.attack);
    outbox::withdraw(tx, &key).await?;
    let overtaken = !outbox::under_way(tx, &[key]).await?.is_empty();
    // An edit that is on its way shows something older, and may arrive after this: then
    // another one sets it right.
    let shown_revision = shown.revision - i64::from(overtaken);
    let (guild, attack) = (shown.guild, shown.attack);
    store::mark_shown(tx, guild, attack, shown_revision, message).await
}

/// Forgets the edits of these time attacks' messages, and enqueues those that take the buttons off what
/// ran; they say nothing about whose it was.
pub(super) async fn forget(
    tx: &mut Tx,
    outbox: &Outbox,
    attacks: &[TimeAttack],
) -> Result<Vec<Row>> {
    let keys: Vec<String> = attacks.iter().map(|attack| edit_key(attack.id)).collect();
    outbox::forget_keys(tx, &keys).await?;
    let mut edits = Vec::new();
    for attack in attacks {
        if attack.state != State::Running {
            continue;
        }
        let Some(message_id) = attack.message else {
            continue;
        };
        edits.push(outbox.prepare_replacement(NewEdit {
            guild: attack.guild,
            channel: attack.channel,
            message_id,
            language: attack.language,
            message: Message {
                content: i18n::text(attack.language, "started-deleted", &[]),
                ..Message::default()
            },
            dedupe_key: edit_key(attack.id),
        }));
    }
    outbox::enqueue(tx, &edits, outbox.boot()).await?;
    Ok(edits)
}

/// Brings messages up to date until `stop`.
pub async fn keep_up_to_date(app: App, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.clock.sleep_ms(LOOK_MS) => {}
        }
        if let Err(error) = bring_up_to_date(&app).await {
            let error = format!("{error:#}");
            tracing::warn!(error, "outdated messages were not edited; trying again");
        }
    }
}

/// One look: begins the edit of the oldest outdated message of each channel, unless posts wait.
pub async fn bring_up_to_date(app: &App) -> Result<()> {
    if !app.outbox.has_room_for_edits() {
        return Ok(());
    }
    telling::learn_messages(app).await?;
    reminders::stale::bring_up_to_date(app).await?;
    let mut conn = app.db.read().await?;
    let outdated = store::outdated(&mut conn, EDITS_PER_LOOK).await?;
    drop(conn);
    if outdated.is_empty() {
        return Ok(());
    }
    let job = (app.outbox.clone(), outdated);
    let rows = app
        .db
        .write(job, |tx, (outbox, outdated)| {
            Box::pin(async move {
                let keys: Vec<String> = outdated.iter().copied().map(edit_key).collect();
                let under_way = outbox::under_way(tx, &keys).await?;
                let free: Vec<AttackId> = outdated
                    .iter()
                    .copied()
                    .filter(|attack| !under_way.contains(&edit_key(*attack)))
                    .collect();
                let attacks = store::take_outdated(tx, &free).await?;
                let mut guilds: Vec<GuildId> = attacks.iter().map(|attack| attack.guild).collect();
                guilds.sort_unstable();
                guilds.dedup();
                let settings = guild::for_guilds(tx, &guilds).await?;
                let defaults = Settings::default();
                let rows: Vec<Row> = attacks
                    .iter()
                    .filter_map(|attack| {
                        let settings = settings.get(&attack.guild).unwrap_or(&defaults);
                        let edit = edit(attack, settings)?;
                        Some(outbox.prepare_replacement(edit))
                    })
                    .collect();
                outbox::enqueue_newest(tx, &rows, outbox.boot()).await?;
                Ok(rows)
            })
        })
        .await?;
    app.outbox.hand(rows);
    Ok(())
}

/// `None` while Discord has not told the message's id.
fn edit(attack: &TimeAttack, settings: &Settings) -> Option<NewEdit> {
    Some(NewEdit {
        guild: attack.guild,
        channel: attack.channel,
        message_id: attack.message?,
        language: attack.language,
        message: message(attack, settings),
        dedupe_key: edit_key(attack.id),
    })
}

/// What the outbox knows the edit of this time attack's message by.
fn edit_key(attack: AttackId) -> String {
    format!("start:{attack}")
}
