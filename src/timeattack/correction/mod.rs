//! Corrections: an admin says how a time attack ended in truth.
//!
//! # Promise
//!
//! - Only an ended time attack of the admin's own guild, and only to another verdict. What was
//!   changed, by whom, why and when is a row that is never changed again.
//! - Nothing is corrected in secret: the results channel hears of it (its member is pinged), the
//!   verdict that was posted says so, the message of the start is brought up to date, the history
//!   shows it, and the alerts channel, where there is one, is told who did it. A member who allows direct
//!   messages is told by one, and what an earlier one said of the result is edited.
//! - It is final for its member: a finish that was clicked in time no longer turns the verdict round.
//!
//! The time at which it ended stays as it was, and so does the day on which it counts.

mod store;

use std::collections::{HashMap, HashSet};

use futures_util::future::join_all;

use crate::app::App;
use crate::db::Tx;
use crate::error::{Result, UserError, Verdict};
use crate::guild::{self, Settings};
use crate::i18n::{self, Arg, Language};
use crate::ids::{AttackId, CorrectionId, GuildId, UserId};
use crate::messenger::markdown::{linked, named_exactly, shorten};
use crate::messenger::{CONTENT_LENGTH, Message};
use crate::outbox::{self, Class, NewPost, Outbox, Row};

use super::text::timestamp;
use super::{Actor, State, TimeAttack, direct};

/// Characters of a reason, after trimming: one line of a post.
pub const REASON_LENGTH: usize = 200;
/// Ended time attacks looked through for what an admin types: what is corrected is recent, and each
/// keystroke asks anew.
const MOST_SEARCHED: i64 = 300;
/// Members whose names are asked for by one search, and for how long: Discord waits three seconds for what
/// is offered, and every request counts against its limits.
const MOST_ASKED: usize = 20;
const PATIENCE_MS: i64 = 1_000;
/// Characters of a task in a list of many posts.
const DIGEST_TASK: usize = 16;

/// A verdict that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// Its id.
    pub id: CorrectionId,
    /// Where.
    pub guild: GuildId,
    /// Which time attack.
    pub attack: AttackId,
    /// Whose that is.
    pub user: UserId,
    /// Who corrected it; `None` once they asked to be forgotten.
    pub by: Option<UserId>,
    /// What the verdict was.
    pub from: State,
    /// What it is since.
    pub to: State,
    /// Why, in the admin's words.
    pub reason: String,
    /// When, in UTC epoch milliseconds.
    pub at_ms: i64,
}

/// Corrects the verdict of an ended time attack and tells everybody. That the actor may is for the
/// caller to check.
pub async fn correct(
    app: &App,
    actor: Actor,
    attack: AttackId,
    to: State,
    reason: &str,
) -> Result<(TimeAttack, Correction)> {
    let reason = parse_reason(reason)?;
    let correction = Correction {
        id: CorrectionId(app.ids.next(&app.clock)),
        guild: actor.guild,
        attack,
        user: actor.user,
        by: Some(actor.user),
        from: to,
        to,
        reason,
        at_ms: app.clock.now_ms(),
    };
    let job = (app.outbox.clone(), correction);
    let corrected = app.db.write(job, |tx, (outbox, correction)| {
        Box::pin(async move {
            let (guild, attack, to) = (correction.guild, correction.attack, correction.to);
            let Some((user, from)) = store::change_verdict(tx, guild, attack, to).await? else {
                return Ok(None);
            };
            let correction = Correction {
                user,
                from,
                ..correction.clone()
            };
            store::insert(tx, &correction).await?;
            let Some(attack) = super::store::find(tx, guild, attack).await? else {
                return Ok(None);
            };
            let settings = guild::for_guild(tx, guild).await?;
            let mut rows = announce(tx, outbox, &attack, &correction, &settings).await?;
            outbox::enqueue(tx, &rows, outbox.boot()).await?;
            rows.extend(direct::corrected(tx, outbox, &attack, &correction).await?);
            Ok(Some((attack, correction, rows)))
        })
    });
    let Some((attack, correction, rows)) = corrected.await? else {
        return Err(why_not(app, actor.guild, attack, to).await?.into());
    };
    app.outbox.hand(rows);
    tracing::info!(
        timeattack.id = %attack.id,
        guild.id = %attack.guild,
        by = %actor.user,
        own = attack.user == actor.user,
        from = correction.from.as_str(),
        to = correction.to.as_str(),
        "a result was corrected"
    );
    Ok((attack, correction))
}

/// The newest correction of each of `attacks` that has one.
pub async fn newest_of(
    app: &App,
    guild: GuildId,
    attacks: &[TimeAttack],
) -> Result<HashMap<AttackId, Correction>> {
    let ids: Vec<AttackId> = attacks.iter().map(|attack| attack.id).collect();
    let mut conn = app.db.read().await?;
    store::newest_of(&mut conn, guild, &ids).await
}

/// The newest ended time attacks of the guild whose member or task has `words`, newest first. A member is
/// found by what they are called now and by what they were called in any of these time attacks: an admin
/// may know the one or the other.
pub async fn search(app: &App, guild: GuildId, words: &str) -> Result<Vec<TimeAttack>> {
    let mut conn = app.db.read().await?;
    let ids = store::newest_ended(&mut conn, guild, MOST_SEARCHED).await?;
    let mut found = super::store::find_all(&mut conn, guild, &ids).await?;
    drop(conn);
    found.sort_by_key(|attack| std::cmp::Reverse((attack.finished_ms, attack.id)));
    let words = words.trim().to_lowercase();
    if words.is_empty() {
        return Ok(found);
    }
    let has = |text: &str| text.to_lowercase().contains(&words);
    learn_names(app, guild, &found).await;
    let mut named: HashMap<UserId, bool> = HashMap::new();
    for attack in &found {
        let is_named = named.entry(attack.user).or_insert_with(|| {
            let name = app.outbox.known_name(guild, attack.user);
            name.is_some_and(|name| has(&name))
        });
        *is_named |= has(&attack.member_name);
    }
    found.retain(|attack| named.get(&attack.user) == Some(&true) || has(&attack.task));
    Ok(found)
}

/// Asks Discord what the members of these are called now, those of the newest first, for a moment. Those
/// whom it does not come to are found by what is known of them, and asked about at the next keystroke.
async fn learn_names(app: &App, guild: GuildId, attacks: &[TimeAttack]) {
    let mut seen = HashSet::new();
    let users = attacks.iter().map(|attack| attack.user);
    let unknown =
        users.filter(|user| seen.insert(*user) && app.outbox.known_name(guild, *user).is_none());
    let asked = unknown.take(MOST_ASKED);
    let asked = join_all(asked.map(|user| app.outbox.learn_name(guild, user)));
    tokio::select! {
        _ = asked => {}
        () = app.clock.sleep_ms(PATIENCE_MS) => {}
    }
}

/// Everything that is stored of a member here: corrections of their time attacks, and those that
/// they made as an admin. The next `most` behind an id.
pub async fn about(
    app: &App,
    guild: GuildId,
    user: UserId,
    (after, most): (i64, i64),
) -> Result<Vec<Correction>> {
    let mut conn = app.db.read().await?;
    store::about(&mut conn, guild, user, (after, most)).await
}

/// Deletes what is stored of a member here, `most` rows at a time. Corrections that they made of others'
/// time attacks stay without their name: the others' records are theirs. Returns how many rows that were.
pub async fn forget(tx: &mut Tx, guild: GuildId, user: UserId, most: i64) -> Result<i64> {
    // What the admins were told names both, and is nobody's own in the outbox: a row for each.
    let some = store::some_about(tx, guild, user, most / 2).await?;
    let told: Vec<String> = some.iter().map(|id| alert_key(*id)).collect();
    outbox::forget_keys(tx, &told).await?;
    store::forget(tx, guild, user, &some).await?;
    Ok(2 * i64::try_from(some.len()).unwrap_or(i64::MAX))
}

/// The verdict that a state stands for.
pub fn verdict(state: State) -> Verdict {
    match state {
        State::Completed => Verdict::Completed,
        State::Failed | State::Running => Verdict::Failed,
        State::Cancelled => Verdict::Cancelled,
    }
}

/// One of the texts about it that its member is told by direct message.
pub(super) fn direct_text(
    key: &str,
    attack: &TimeAttack,
    correction: &Correction,
    language: Language,
) -> String {
    let channel = ("channel", attack.channel.to_string().into());
    say_with(key, &[channel], attack, correction, language)
}

/// What it says below its time attack in a history. `by`: how whoever corrected it is named.
pub fn line(correction: &Correction, by: Option<String>, language: Language) -> String {
    let reason = linked(&correction.reason);
    match by {
        Some(by) => {
            let args = [("by", by.into()), ("reason", reason.into())];
            i18n::text(language, "history-corrected", &args)
        }
        None => {
            let args = [("reason", reason.into())];
            i18n::text(language, "history-corrected-by-admin", &args)
        }
    }
}

/// Trims, and puts runs of white space and control characters together to one space.
pub fn parse_reason(typed: &str) -> Result<String, UserError> {
    let words = typed.split(|one: char| one.is_whitespace() || one.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let reason = words.join(" ");
    match reason.chars().count() {
        1..=REASON_LENGTH => Ok(reason),
        length => Err(UserError::ReasonLength {
            length,
            most: REASON_LENGTH,
        }),
    }
}

/// Why nothing was changed. Only for the wording: the decision has been made.
async fn why_not(app: &App, guild: GuildId, attack: AttackId, to: State) -> Result<UserError> {
    let mut conn = app.db.read().await?;
    let found = super::store::find(&mut conn, guild, attack).await?;
    Ok(match found.map(|found| found.state) {
        None => UserError::UnknownAttack,
        Some(State::Running) => UserError::StillRunning,
        Some(_) => UserError::SameVerdict {
            verdict: verdict(to),
        },
    })
}

/// What is said about a correction: news where results are, a line in the verdict that was posted,
/// and who did it in the alerts channel.
async fn announce(
    tx: &mut Tx,
    outbox: &Outbox,
    attack: &TimeAttack,
    correction: &Correction,
    settings: &Settings,
) -> Result<Vec<Row>> {
    let language = settings.language.unwrap_or(attack.language);
    let silent = (settings.quiet_hours).is_quiet(settings.timezone, correction.at_ms);
    let mut ladder = vec![settings.results.unwrap_or(attack.channel)];
    ladder.extend(settings.fallback);
    let mut rows = vec![outbox.prepare(NewPost {
        guild: attack.guild,
        user: Some(attack.user),
        class: Class::Notice,
        ladder,
        alerts: settings.alerts,
        language,
        message: Message {
            content: say("correction-post", attack, correction, language),
            mentions: vec![attack.user],
            silent,
            ..Message::default()
        },
        digest: None,
        dropped_ms: None,
        dedupe_key: format!("correction:{}", correction.id),
    })];
    rows.extend(mark_verdict(tx, outbox, attack, correction, language).await?);
    if let Some(alerts) = settings.alerts {
        let key = if correction.by == Some(attack.user) {
            "correction-alert-own"
        } else {
            "correction-alert"
        };
        rows.push(outbox.prepare(NewPost {
            guild: attack.guild,
            user: None,
            class: Class::Notice,
            ladder: vec![alerts],
            alerts: None,
            language,
            message: Message {
                content: alert(outbox, key, attack, correction, language),
                silent,
                ..Message::default()
            },
            digest: None,
            dropped_ms: None,
            dedupe_key: alert_key(correction.id),
        }));
    }
    Ok(rows)
}

/// What the outbox knows the admins' news by.
fn alert_key(correction: CorrectionId) -> String {
    format!("correction-alert:{correction}")
}

/// The verdict that was posted says that it was corrected. One that is older than the outbox
/// remembers stays as it is: the news stand below it.
async fn mark_verdict(
    tx: &mut Tx,
    outbox: &Outbox,
    attack: &TimeAttack,
    correction: &Correction,
    language: Language,
) -> Result<Vec<Row>> {
    let line = say("correction-line", attack, correction, language);
    // The newer ones first: a verdict that was turned round may have become another post.
    for kind in ["success", "givenup", "verdict"] {
        let key = super::announce::key(kind, attack);
        let marked = outbox::rewrite(tx, &key, |payload| {
            let content = &mut payload.message.content;
            let room = content.chars().count() + 1 + line.chars().count() <= CONTENT_LENGTH;
            if room {
                content.push('\n');
                content.push_str(&line);
            }
            if let Some(digest) = &mut payload.digest {
                digest.line = digest_line(attack);
            }
        });
        if let Some(marked) = marked.await? {
            return Ok(vec![outbox.prepare_edit(&marked)]);
        }
    }
    Ok(Vec::new())
}

/// A corrected verdict in a list of many.
fn digest_line(attack: &TimeAttack) -> String {
    let mark = match attack.state {
        State::Completed => "🎉",
        State::Cancelled => "🏳️",
        State::Failed | State::Running => "😢",
    };
    let task = linked(&shorten(&attack.task, DIGEST_TASK));
    let at = timestamp(attack.finished_ms.unwrap_or(attack.deadline_ms), 't');
    format!("⚖️ {mark} <@{}> {task} {at}", attack.user)
}

/// What the admins are told, who must know exactly whom it is about.
fn alert(
    outbox: &Outbox,
    key: &str,
    attack: &TimeAttack,
    correction: &Correction,
    language: Language,
) -> String {
    let known = |user: UserId| outbox.known_name(attack.guild, user);
    let name = known(attack.user).unwrap_or_else(|| attack.member_name.clone());
    let by = correction.by.unwrap_or(correction.user);
    let args = [
        ("by", named_exactly(known(by).as_deref(), by).into()),
        ("name", named_exactly(Some(&name), attack.user).into()),
    ];
    say_with(key, &args, attack, correction, language)
}

/// One of the texts about a correction; all know the same words.
fn say(key: &str, attack: &TimeAttack, correction: &Correction, language: Language) -> String {
    say_with(key, &[], attack, correction, language)
}

fn say_with(
    key: &str,
    more: &[(&str, Arg)],
    attack: &TimeAttack,
    correction: &Correction,
    language: Language,
) -> String {
    let args = [
        ("user", attack.user.into()),
        ("task", linked(&attack.task).into()),
        ("from", verdict(correction.from).text(language).into()),
        ("to", verdict(correction.to).text(language).into()),
        ("reason", linked(&correction.reason).into()),
    ];
    let args: Vec<(&str, Arg)> = args.into_iter().chain(more.iter().cloned()).collect();
    shorten(&i18n::text(language, key, &args), CONTENT_LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ChannelId;
    use crate::outbox::merge::LINE_LENGTH;
    use proptest::prelude::*;

    fn attack(task: &str) -> TimeAttack {
        TimeAttack {
            id: AttackId(1),
            guild: GuildId(2),
            channel: ChannelId(3),
            user: UserId(1_234_567_890_123_456_789),
            member_name: "jamong".into(),
            task: task.into(),
            state: State::Completed,
            started_ms: 1_795_249_800_000,
            deadline_ms: 1_795_251_600_000,
            extensions: 0,
            finished_ms: Some(1_795_251_600_000),
            language: Language::Korean,
            proof_url: None,
            message: None,
            revision: 0,
            undos: 0,
        }
    }

    #[test]
    fn a_reason_is_one_line_and_not_empty() {
        assert_eq!(parse_reason(" proof\nby  mail ").unwrap(), "proof by mail");
        for (wrong, length) in [
            (String::new(), 0),
            (" \n".into(), 0),
            ("가".repeat(201), 201),
        ] {
            let most = REASON_LENGTH;
            assert_eq!(
                parse_reason(&wrong),
                Err(UserError::ReasonLength { length, most })
            );
        }
        assert!(parse_reason(&"가".repeat(REASON_LENGTH)).is_ok());
    }

    proptest! {
        #[test]
        fn nothing_said_is_too_long_or_quotes_markdown(task in any::<String>(), reason in any::<String>()) {
            let task: String = task.chars().take(crate::guild::TASK_LENGTH).collect();
            let reason: String = reason.chars().take(REASON_LENGTH).collect();
            let attack = attack(&task);
            let correction = Correction {
                id: CorrectionId(1),
                guild: attack.guild,
                attack: attack.id,
                user: attack.user,
                by: Some(UserId(1_234_567_890_123_456_788)),
                from: State::Failed,
                to: State::Completed,
                reason,
                at_ms: 0,
            };
            prop_assert!(digest_line(&attack).chars().count() <= LINE_LENGTH);
            for language in Language::ALL {
                for key in ["correction-post", "correction-alert", "correction-line"] {
                    let said = say(key, &attack, &correction, language);
                    prop_assert!(said.chars().count() <= CONTENT_LENGTH);
                    prop_assert!(!said.contains("@everyone") && !said.contains('\n'));
                }
            }
        }
    }
}
