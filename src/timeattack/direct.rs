//! What a member who allows direct messages is told by them: results, and reminders before the
//! deadline.

use super::{State, TimeAttack, announce, reminders};
use crate::consent;
use crate::db::Tx;
use crate::duration_text::format_duration;
use crate::error::Result;
use crate::guild::reminders::Reminder;
use crate::i18n::{self, Language};
use crate::messenger::Message;
use crate::messenger::markdown::escape;
use crate::outbox::dm::NewDm;
use crate::outbox::{self, Class, Outbox, Row};

/// The results of those of `attacks` whose members allow direct messages.
pub(super) async fn results(
    tx: &mut Tx,
    outbox: &Outbox,
    attacks: &[TimeAttack],
) -> Result<Vec<Row>> {
    let members = attacks.iter().map(|attack| (attack.guild, attack.user));
    let allowing = consent::allowing(tx, members).await?;
    if allowing.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = Vec::new();
    for attack in attacks {
        let Some(language) = allowing.get(&(attack.guild, attack.user)) else {
            continue;
        };
        rows.push(outbox.prepare_dm(result(attack, *language)));
    }
    Ok(rows)
}

/// A reminder for a member who can be sent a direct message now; of no use from `until_ms` on.
pub(super) fn reminder(
    attack: &TimeAttack,
    language: Language,
    reminder: Reminder,
    until_ms: i64,
) -> NewDm {
    let content = text(language, "dm-reminder", attack);
    let key = format!("dm:{}", reminders::key(attack, reminder));
    NewDm {
        expires_at_ms: Some(until_ms),
        ..message(attack, language, Class::Notice, content, key)
    }
}

/// The failure that was to be told is none.
pub(super) async fn turn_round(tx: &mut Tx, attack: &TimeAttack) -> Result<()> {
    outbox::dm::call_off(tx, &key(announce::VERDICT, attack)).await
}

/// The finish that was to be told is taken back. `finished` is as it stood.
pub(super) async fn take_back(tx: &mut Tx, finished: &TimeAttack) -> Result<()> {
    outbox::dm::call_off(tx, &result_key(finished)).await
}

fn result(attack: &TimeAttack, language: Language) -> NewDm {
    let (class, said) = match attack.state {
        State::Completed => (Class::Critical, "dm-completed"),
        State::Cancelled => (Class::Critical, "dm-given-up"),
        State::Failed | State::Running => (Class::Notice, "dm-failed"),
    };
    let content = text(language, said, attack);
    message(attack, language, class, content, result_key(attack))
}

/// The keys of the posts that say the same in public: a post that no channel takes is not shown to
/// whoever gets this.
fn result_key(attack: &TimeAttack) -> String {
    match attack.state {
        State::Completed => key("success", attack),
        State::Cancelled => key("givenup", attack),
        State::Failed | State::Running => key(announce::VERDICT, attack),
    }
}

fn key(kind: &str, attack: &TimeAttack) -> String {
    format!("dm:{}", announce::key(kind, attack))
}

fn message(
    attack: &TimeAttack,
    language: Language,
    class: Class,
    content: String,
    dedupe_key: String,
) -> NewDm {
    NewDm {
        guild: attack.guild,
        user: attack.user,
        class,
        language,
        message: Message {
            content,
            ..Message::default()
        },
        not_before_ms: None,
        expires_at_ms: None,
        batch: None,
        dedupe_key,
    }
}

fn text(language: Language, key: &str, attack: &TimeAttack) -> String {
    let seconds = attack.deadline_ms.div_euclid(1_000);
    let taken_ms = attack.finished_ms.unwrap_or(attack.deadline_ms) - attack.started_ms;
    let args = [
        ("task", escape(&attack.task).into()),
        ("deadline", seconds.to_string().into()),
        ("channel", attack.channel.to_string().into()),
        ("taken", format_duration(taken_ms, language).into()),
    ];
    i18n::text(language, key, &args)
}
