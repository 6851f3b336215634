//! What a member who allows direct messages is told by them: results, and reminders before the
//! deadline.

use super::correction::{self, Correction};
use super::{State, TimeAttack, announce, reminders, store};
use crate::consent;
use crate::db::Tx;
use crate::duration_text::format_duration;
use crate::error::Result;
use crate::guild::reminders::Reminder;
use crate::i18n::{self, Language};
use crate::messenger::Message;
use crate::messenger::markdown::linked;
use crate::outbox::dm::NewDm;
use crate::outbox::{self, Class, Outbox, Restatement, Row};

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
        // What a member has done themselves, one at a time; a burst of verdicts counts nothing.
        let count = match attack.state {
            State::Completed => store::count_completed(tx, attack.guild, attack.user).await?,
            _ => 0,
        };
        rows.push(outbox.prepare_dm(result(attack, *language, count)));
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

/// The failure that was to be told is none. One that was told already is told otherwise: the edit is enqueued,
/// and returned.
pub(super) async fn turn_round(
    tx: &mut Tx,
    outbox: &Outbox,
    completed: &TimeAttack,
) -> Result<Vec<Row>> {
    let language = language_of(tx, completed).await?;
    let said = text(language, "dm-turned-round", completed);
    retell(tx, outbox, &key(announce::VERDICT, completed), said).await
}

/// The finish that was to be told is taken back. `finished` is as it stood, `again` as it runs now. What was
/// told already is told otherwise: the edit is enqueued, and returned.
pub(super) async fn take_back(
    tx: &mut Tx,
    outbox: &Outbox,
    finished: &TimeAttack,
    again: &TimeAttack,
) -> Result<Vec<Row>> {
    let language = language_of(tx, again).await?;
    let said = text(language, "dm-taken-back", again);
    retell(tx, outbox, &result_key(finished), said).await
}

/// An admin corrected the result. What was told of it before says so, and a member who allows direct messages
/// is told why. Returns the rows, all of them enqueued.
pub(super) async fn corrected(
    tx: &mut Tx,
    outbox: &Outbox,
    attack: &TimeAttack,
    correction: &Correction,
) -> Result<Vec<Row>> {
    let allowing = consent::allowing(tx, std::iter::once((attack.guild, attack.user))).await?;
    let allowed = allowing.get(&(attack.guild, attack.user)).copied();
    let language = allowed.unwrap_or(attack.language);
    let say = |key| correction::direct_text(key, attack, correction, language);
    let mut rows = Vec::new();
    for kind in ["success", "givenup", announce::VERDICT] {
        let key = key(kind, attack);
        rows.extend(retell(tx, outbox, &key, say("dm-result-corrected")).await?);
    }
    if allowed.is_some() {
        let key = format!("dm:correction:{}", correction.id);
        let dm = message(attack, language, Class::Notice, say("dm-corrected"), key);
        let news = outbox.prepare_dm(dm);
        outbox::enqueue(tx, std::slice::from_ref(&news), outbox.boot()).await?;
        rows.push(news);
    }
    Ok(rows)
}

/// The language that a member reads direct messages in.
async fn language_of(tx: &mut Tx, attack: &TimeAttack) -> Result<Language> {
    let member = (attack.guild, attack.user);
    let allowing = consent::allowing(tx, std::iter::once(member)).await?;
    Ok(allowing.get(&member).copied().unwrap_or(attack.language))
}

/// Calls a message off that has not left, and makes one that has say this instead: the edit is enqueued, and
/// returned.
async fn retell(tx: &mut Tx, outbox: &Outbox, key: &str, said: String) -> Result<Vec<Row>> {
    outbox::dm::call_off(tx, key).await?;
    let message = Message {
        content: said,
        ..Message::default()
    };
    let keys = [key.to_owned()];
    if !outbox::under_way(tx, &keys).await?.is_empty() {
        // It may arrive in a moment, and is corrected once it has.
        let sending = outbox::rewrite(tx, key, |payload| payload.message = message).await?;
        let edits: Vec<Row> = sending.iter().map(|row| outbox.prepare_edit(row)).collect();
        outbox::enqueue(tx, &edits, outbox.boot()).await?;
        return Ok(edits);
    }
    let Some(row) = outbox::sent_by_key(tx, key).await? else {
        return Ok(Vec::new());
    };
    let restatement = Restatement {
        row,
        message,
        digest: None,
    };
    Ok(outbox.restate(tx, &[restatement]).await?.edits)
}

fn result(attack: &TimeAttack, language: Language, count: i64) -> NewDm {
    let (class, said) = match attack.state {
        State::Completed => (Class::Critical, "dm-completed"),
        State::Cancelled => (Class::Critical, "dm-given-up"),
        State::Failed | State::Running => (Class::Notice, "dm-failed"),
    };
    let content = text_with(language, said, attack, count);
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
    text_with(language, key, attack, 0)
}

/// What a reminder says once it is true no more.
pub(super) fn after_reminder(attack: &TimeAttack, language: Language) -> Message {
    let content = match attack.state {
        State::Running => text(language, "dm-reminder", attack),
        State::Completed => text(language, "dm-reminder-completed", attack),
        State::Failed => text(language, "dm-reminder-failed", attack),
        State::Cancelled => text(language, "dm-reminder-given-up", attack),
    };
    Message {
        content,
        ..Message::default()
    }
}

/// `count`: how many its member has completed in the guild.
fn text_with(language: Language, key: &str, attack: &TimeAttack, count: i64) -> String {
    let seconds = attack.deadline_ms.div_euclid(1_000);
    let taken_ms = attack.finished_ms.unwrap_or(attack.deadline_ms) - attack.started_ms;
    let args = [
        ("task", linked(&attack.task).into()),
        ("deadline", seconds.to_string().into()),
        ("channel", attack.channel.to_string().into()),
        ("taken", format_duration(taken_ms, language).into()),
        ("count", count.into()),
    ];
    i18n::text(language, key, &args)
}
