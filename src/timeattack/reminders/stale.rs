//! Reminders that were sent, in a channel or by direct message, and are true no more.
//!
//! A reminder says how much time is left, and has a button. Once its time attack has ended, or ends at
//! another time, both are wrong for whoever reads on later. So each time attack keeps which rows of the
//! outbox its reminders are, and up to which of its changes these tell; what lags behind is edited here,
//! after everything else.

use std::collections::HashMap;

use super::super::{State, TimeAttack, direct};
use super::{DIGEST_TASK, buttons, digest, store};
use crate::app::App;
use crate::consent;
use crate::error::Result;
use crate::guild::{self, Settings};
use crate::i18n::text;
use crate::ids::{GuildId, OutboxId};
use crate::messenger::Message;
use crate::messenger::markdown::{linked, shorten};
use crate::outbox::Restatement;
use crate::timeattack::start_message::clock_time;
use crate::timeattack::text::timestamp;

/// Time attacks looked after at once.
const LOOK: i64 = 20;

/// Brings sent reminders up to date, some at a time.
pub async fn bring_up_to_date(app: &App) -> Result<()> {
    let mut conn = app.db.read().await?;
    let outdated = store::outdated(&mut conn, LOOK).await?;
    if outdated.is_empty() {
        return Ok(());
    }
    let mut guilds: Vec<GuildId> = outdated.iter().map(|(attack, _)| attack.guild).collect();
    guilds.sort_unstable();
    guilds.dedup();
    let settings = guild::for_guilds(&mut conn, &guilds).await?;
    let direct = outdated
        .iter()
        .filter(|(_, sent)| sent.iter().any(|one| one.is_direct));
    let members = direct.map(|(attack, _)| (attack.guild, attack.user));
    let allowing = consent::allowing(&mut conn, members).await?;
    drop(conn);
    let job = (app.outbox.clone(), outdated, (settings, allowing));
    let edits = app
        .db
        .write(job, |tx, (outbox, outdated, (settings, allowing))| {
            Box::pin(async move {
                let mut restatements = Vec::new();
                for (attack, sent) in outdated {
                    let now = restated(attack, settings);
                    let language = allowing.get(&(attack.guild, attack.user));
                    let language = language.copied().unwrap_or(attack.language);
                    let direct = Restatement {
                        message: direct::after_reminder(attack, language),
                        digest: None,
                        ..now.clone()
                    };
                    restatements.extend(sent.iter().map(|one| Restatement {
                        row: one.row,
                        ..if one.is_direct { &direct } else { &now }.clone()
                    }));
                }
                let restated = outbox.restate(tx, &restatements).await?;
                for (attack, sent) in outdated {
                    if !sent.iter().any(|one| restated.busy.contains(&one.row)) {
                        store::are_up_to_date(tx, attack).await?;
                    }
                }
                Ok(restated.edits)
            })
        })
        .await?;
    app.outbox.hand(edits);
    Ok(())
}

/// What a reminder says as things stand.
fn restated(attack: &TimeAttack, settings: &HashMap<GuildId, Settings>) -> Restatement {
    let own = settings.get(&attack.guild).and_then(|one| one.language);
    let language = own.unwrap_or(attack.language);
    let (key, mark) = match attack.state {
        State::Running => ("reminder-moved", None),
        State::Completed => ("reminder-completed", Some("✅")),
        State::Failed => ("reminder-failed", Some("⌛")),
        State::Cancelled => ("reminder-given-up", Some("🏳️")),
    };
    let args = [
        ("user", attack.user.into()),
        ("task", linked(&attack.task).into()),
        ("relative", timestamp(attack.deadline_ms, 'R').into()),
        ("time", clock_time(attack).into()),
    ];
    let content = text(language, key, &args);
    let mut digest = digest(attack, Some(attack.user), language);
    if let Some(mark) = mark {
        let task = linked(&shorten(&attack.task, DIGEST_TASK));
        digest.line = format!("⏰ <@{}> {task} {mark}", attack.user);
    }
    Restatement {
        row: OutboxId(0),
        message: Message {
            content,
            // An edit pings nobody, whoever it names.
            mentions: vec![attack.user],
            buttons: if mark.is_none() {
                buttons(attack, language)
            } else {
                Vec::new()
            },
            ..Message::default()
        },
        digest: Some(digest),
    }
}
