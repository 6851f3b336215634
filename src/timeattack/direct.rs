//! What a member who allows direct messages is told by them: results, and a reminder before the
//! deadline.

use super::{State, TimeAttack};
use crate::consent;
use crate::db::Tx;
use crate::duration_text::format_duration;
use crate::error::Result;
use crate::i18n::{self, Language};
use crate::messenger::Message;
use crate::messenger::markdown::escape;
use crate::outbox::dm::NewDm;
use crate::outbox::{self, Class, Outbox, Row};

/// How long before the deadline the reminder comes.
const REMINDER_MS: i64 = 10 * 60_000;
/// A shorter time attack needs none.
const REMINDED_FROM_MS: i64 = 20 * 60_000;

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
        // After a deadline the reminder has expired by itself.
        if attack.state != State::Failed {
            outbox::dm::call_off(tx, &reminder_key(attack)).await?;
        }
    }
    Ok(rows)
}

/// The reminder of a time attack, if its member allows direct messages and there is time for one.
pub(super) async fn reminder(
    tx: &mut Tx,
    outbox: &Outbox,
    attack: &TimeAttack,
    now_ms: i64,
) -> Result<Vec<Row>> {
    let at_ms = attack.deadline_ms - REMINDER_MS;
    if attack.deadline_ms - attack.started_ms < REMINDED_FROM_MS || at_ms <= now_ms {
        return Ok(Vec::new());
    }
    let member = (attack.guild, attack.user);
    let allowing = consent::allowing(tx, std::iter::once(member)).await?;
    let Some(language) = allowing.get(&member).copied() else {
        return Ok(Vec::new());
    };
    let content = text(language, "dm-reminder", attack);
    Ok(vec![outbox.prepare_dm(NewDm {
        not_before_ms: Some(at_ms),
        expires_at_ms: Some(attack.deadline_ms),
        ..message(
            attack,
            language,
            Class::Notice,
            content,
            reminder_key(attack),
        )
    })])
}

/// The deadline has moved: the reminder moves with it.
pub(super) async fn move_reminder(
    tx: &mut Tx,
    outbox: &Outbox,
    attack: &TimeAttack,
    now_ms: i64,
) -> Result<Vec<Row>> {
    let before = TimeAttack {
        extensions: attack.extensions - 1,
        ..attack.clone()
    };
    outbox::dm::call_off(tx, &reminder_key(&before)).await?;
    reminder(tx, outbox, attack, now_ms).await
}

/// The failure that was to be told is none.
pub(super) async fn turn_round(tx: &mut Tx, attack: &TimeAttack) -> Result<()> {
    outbox::dm::call_off(tx, &format!("dm:verdict:{}", attack.id)).await
}

fn result(attack: &TimeAttack, language: Language) -> NewDm {
    // The keys of the posts that say the same in public: a post that no channel takes is not shown
    // to whoever gets this.
    let (class, key, dedupe_key) = match attack.state {
        State::Completed => (
            Class::Critical,
            "dm-completed",
            format!("dm:success:{}", attack.id),
        ),
        State::Cancelled => (
            Class::Critical,
            "dm-given-up",
            format!("dm:givenup:{}", attack.id),
        ),
        State::Failed | State::Running => (
            Class::Notice,
            "dm-failed",
            format!("dm:verdict:{}", attack.id),
        ),
    };
    let content = text(language, key, attack);
    message(attack, language, class, content, dedupe_key)
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

/// One for each deadline.
fn reminder_key(attack: &TimeAttack) -> String {
    format!("reminder:{}:{}", attack.id, attack.extensions)
}
