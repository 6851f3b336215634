//! That members are told of what they start and extend.
//!
//! # Promise
//!
//! Only an interaction's answer tells of a start, and of an extension by command. Discord may refuse it
//! (the host was slow, a proxy was in the way), or it may be lost, or the process may end before it is
//! sent; the member then reads “The application did not respond” and believes that nothing happened. So
//! the same message stands by in the outbox ([`outbox::standby`]), enqueued by the transaction that
//! decides, and it goes out when the answer does not arrive. Somebody who tries again within
//! [`AGAIN_MS`] in the same channel starts nothing new, and extends nothing twice ([`super::extension`]).
//!
//! A start whose answer was refused, and whose message certainly reached nobody until the deadline, never
//! was (`void_untold`): no verdict pings somebody who could not know of it. If a try of that message may
//! have arrived, the start counts: it may stand in its channel, with its buttons.
//!
//! Everything else that an interaction changes is told by a post of its own (a finish, a correction),
//! shown by an edit of its message (an undo, a button), or can be asked for again with the same outcome
//! (settings, announcements, the steps of a campaign).

use std::collections::HashSet;

use super::start_message::{self, Shown};
use super::text::{reminded_button, timestamp};
use super::{TimeAttack, store};
use crate::app::App;
use crate::db::Tx;
use crate::duration_text::format_duration;
use crate::error::Result;
use crate::guild::Settings;
use crate::i18n;
use crate::ids::{AttackId, ChannelId, MessageId, OutboxId};
use crate::messenger::markdown::linked;
use crate::messenger::{Button, ButtonStyle, Message};
use crate::outbox::standby::{self, Told};
use crate::outbox::{self, Class, NewPost};

/// The same member's same task with the same limit in the same channel within this time is the same start:
/// long enough to read that there was no answer and to enter the command once more.
pub const AGAIN_MS: i64 = 30_000;
/// Starts looked after at once, of which the outbox is to say whether they were told.
const LOOK: i64 = 500;

/// The message of a start, for when its answer is lost.
pub(super) fn started(attack: &TimeAttack, settings: &Settings, now_ms: i64) -> NewPost {
    let message = start_message::message(attack, settings);
    let key = format!("started:{}", attack.id);
    post(attack, attack.channel, settings, message, key, now_ms)
}

/// What everybody is told of an extension, as they saw the old deadline: the start's message is edited,
/// but nobody notices an edit. By its button the message is known again.
pub fn extended(attack: &TimeAttack, by_ms: i64, settings: &Settings) -> Message {
    let language = attack.language;
    let args = [
        ("user", attack.user.into()),
        ("task", linked(&attack.task).into()),
        ("by", format_duration(by_ms, language).into()),
        ("relative", timestamp(attack.deadline_ms, 'R').into()),
        ("time", start_message::clock_time(attack).into()),
    ];
    let news = i18n::text(language, "extended", &args);
    let used = start_message::extensions_used(attack, settings.extension_limit, language);
    Message {
        content: format!("{news}\n{used}"),
        buttons: vec![Button {
            custom_id: reminded_button(attack.id),
            label: i18n::text(language, "button-complete", &[]),
            style: ButtonStyle::Success,
        }],
        ..Message::default()
    }
}

/// The same as a post in this channel, for when the answer is lost.
pub(super) fn extension(
    attack: &TimeAttack,
    channel: ChannelId,
    by_ms: i64,
    settings: &Settings,
    now_ms: i64,
) -> NewPost {
    let message = extended(attack, by_ms, settings);
    let key = format!("extended:{}:{}", attack.id, attack.revision);
    post(attack, channel, settings, message, key, now_ms)
}

fn post(
    attack: &TimeAttack,
    channel: ChannelId,
    settings: &Settings,
    message: Message,
    dedupe_key: String,
    now_ms: i64,
) -> NewPost {
    let mut ladder = vec![channel];
    ladder.extend(settings.results);
    ladder.extend(settings.fallback);
    NewPost {
        guild: attack.guild,
        user: Some(attack.user),
        class: Class::Critical,
        ladder,
        alerts: settings.alerts,
        language: attack.language,
        message: Message {
            // They read that nothing happened, so they are called.
            mentions: vec![attack.user],
            silent: settings.quiet_hours.is_quiet(settings.timezone, now_ms),
            ..message
        },
        digest: None,
        dropped_ms: None,
        dedupe_key,
    }
}

/// Discord has taken the answer: what stood by is not sent. `shown` is the message that it became, if
/// that is known.
pub async fn was_told(app: &App, row: OutboxId, shown: Option<(Shown, MessageId)>) -> Result<()> {
    app.db
        .write((row, shown), |tx, (row, shown)| {
            Box::pin(async move {
                standby::take_back(tx, *row).await?;
                store::stands_by_no_more(tx, *row).await?;
                if let Some((shown, message)) = shown {
                    start_message::mark(tx, *shown, *message).await?;
                }
                Ok(())
            })
        })
        .await
}

/// The answer was refused, which is certain, or lost: what stood by goes out.
pub async fn was_lost(app: &App, row: OutboxId, is_certain: bool) -> Result<()> {
    let job = (row, is_certain, app.clock.now_ms());
    app.db
        .write(job, |tx, (row, is_certain, now_ms)| {
            Box::pin(async move {
                if *is_certain {
                    store::mark_untold(tx, *row).await?;
                }
                standby::release(tx, *row, *now_ms).await
            })
        })
        .await?;
    app.outbox.look_at_posts();
    Ok(())
}

/// Takes those out of `failed` that nobody was told of, and deletes them as if they had never been.
pub(super) async fn void_untold(tx: &mut Tx, failed: &mut Vec<TimeAttack>) -> Result<()> {
    let ids: Vec<AttackId> = failed.iter().map(|attack| attack.id).collect();
    let untold = store::untold(tx, &ids).await?;
    if untold.is_empty() {
        return Ok(());
    }
    let mut void = HashSet::new();
    for (attack, row) in untold {
        // Conditional, because a sender may claim it at this moment, and an answer may have been lost.
        if standby::take_back_unsaid(tx, row).await? {
            void.insert(attack);
        }
    }
    for attack in failed.iter().filter(|attack| void.contains(&attack.id)) {
        store::forget(tx, attack.guild, &[attack.id]).await?;
        tracing::warn!(
            timeattack.id = %attack.id,
            guild.id = %attack.guild,
            "a start could not be announced before its deadline, so it is void"
        );
    }
    failed.retain(|attack| !void.contains(&attack.id));
    Ok(())
}

/// Learns which messages the outbox has sent in the place of lost answers, so that they are kept up to
/// date like the answers.
pub(super) async fn learn_messages(app: &App) -> Result<()> {
    let mut conn = app.db.read().await?;
    let standing_by = store::standing_by(&mut conn, LOOK).await?;
    if standing_by.is_empty() {
        return Ok(());
    }
    let rows: Vec<OutboxId> = standing_by.iter().map(|(_, row)| *row).collect();
    let told = outbox::told(&mut conn, &rows).await?;
    drop(conn);
    for (attack, row) in standing_by {
        let message = match told.get(&row) {
            Some(Told::NotYet | Told::UnderWay) => continue,
            // In another channel than the start it stays as it is.
            Some(Told::There(channel, message)) if *channel == attack.channel => Some(*message),
            Some(Told::Nowhere) if attack.state == super::State::Running => continue,
            _ => None,
        };
        let job = (row, attack, message);
        app.db
            .write(job, |tx, (row, attack, message)| {
                Box::pin(async move {
                    store::stands_by_no_more(tx, *row).await?;
                    if let Some(message) = message {
                        // What it shows is the start, whatever has changed since.
                        let shown = Shown::of(&TimeAttack {
                            revision: 0,
                            ..attack.clone()
                        });
                        start_message::mark(tx, shown, *message).await?;
                    }
                    Ok(())
                })
            })
            .await?;
    }
    Ok(())
}
