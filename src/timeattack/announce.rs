//! What the outbox is given to say about a time attack.

use chrono_tz::Tz;

use super::TimeAttack;
use super::text;
use super::timer::LATE_MS;
use crate::consent::Zones;
use crate::db::Tx;
use crate::duration_text::format_duration;
use crate::error::Result;
use crate::guild::template::{self, Template, Values};
use crate::guild::{Settings, Style};
use crate::i18n::{self, Language};
use crate::ids::{FileId, UserId};
use crate::messenger::markdown::{linked, named, shorten};
use crate::messenger::{Button, ButtonStyle, Message};
use crate::outbox::{self, Class, Digest, NewPost, Outbox, Payload, Row, Topic, files};

/// The kind of post that a verdict at a deadline is; see [`key`].
pub(super) const VERDICT: &str = "verdict";
/// The kind of post that shows a proof by itself.
const PROOF: &str = "proof";
/// Days in a row that are worth a word.
const STREAK: i64 = 2;
/// Characters of a task in a list of many.
const DIGEST_TASK: usize = 20;

/// The verdict at the deadline. Where the member lives by another clock than the server (`theirs`), the
/// date on the card says by which it is.
pub(super) fn failure(
    attack: &TimeAttack,
    settings: &Settings,
    theirs: Option<Tz>,
    now_ms: i64,
) -> NewPost {
    let language = settings.language.unwrap_or(attack.language);
    let template = settings.failure_template.as_deref();
    let default = default_failure(settings.style, language);
    let mut content = render(template, &default, attack, settings, theirs, language);
    if now_ms - attack.deadline_ms > LATE_MS {
        content.push('\n');
        content.push_str(&i18n::text(
            language,
            "verdict-late",
            &[("deadline", seconds(attack.deadline_ms).into())],
        ));
    }
    let digest = digest("😢", attack);
    let key = key(VERDICT, attack);
    post(attack, settings, now_ms, language, content, digest, key)
}

/// The post of a finish in time, which makes a streak of so many days. `theirs` as for a [`failure`].
pub(super) fn success(
    attack: &TimeAttack,
    settings: &Settings,
    theirs: Option<Tz>,
    streak: i64,
    now_ms: i64,
) -> NewPost {
    let language = settings.language.unwrap_or(attack.language);
    let default = default_success(settings.style, language);
    let template = settings.success_template.as_deref();
    let mut content = render(template, &default, attack, settings, theirs, language);
    if streak >= STREAK {
        content.push('\n');
        content.push_str(&i18n::text(
            language,
            "success-streak",
            &[("days", streak.into())],
        ));
    }
    let digest = digest("🎉", attack);
    let key = key("success", attack);
    let mut post = post(attack, settings, now_ms, language, content, digest, key);
    let limit = format_duration(attack.deadline_ms - attack.started_ms, language);
    let again = Button {
        custom_id: text::again_button(attack.id),
        label: i18n::text(language, "button-again", &[("limit", limit.into())]),
        style: ButtonStyle::Secondary,
    };
    // Behind the first one, which is what several posts together keep.
    post.message.buttons.push(again);
    post
}

/// The post of a proof that came so late that the finish is told by an edit.
pub(super) fn proof(attack: &TimeAttack, settings: &Settings, now_ms: i64) -> NewPost {
    let language = settings.language.unwrap_or(attack.language);
    let args = [
        ("name", named(Some(&attack.member_name), attack.user).into()),
        ("task", linked(&attack.task).into()),
    ];
    let content = i18n::text(language, "proof-late", &args);
    let (digest, key) = (digest("📎", attack), key(PROOF, attack));
    let mut post = post(attack, settings, now_ms, language, content, digest, key);
    post.message.mentions.clear();
    post
}

/// A post with the member's file, which is one by itself; `None` if the file is not kept any more.
pub(super) async fn with_file(
    tx: &mut Tx,
    outbox: &Outbox,
    mut post: NewPost,
    file: FileId,
) -> Result<Option<Row>> {
    let (guild, user) = (post.guild, post.user.unwrap_or(UserId(0)));
    let Some(found) = files::find(tx, guild, user, file).await? else {
        return Ok(None);
    };
    post.message.files = vec![found];
    post.digest = None;
    let row = outbox.prepare(post);
    files::attach(tx, file, row.id()).await?;
    Ok(Some(row))
}

/// The post of a member who gave up.
pub(super) fn given_up(attack: &TimeAttack, settings: &Settings, now_ms: i64) -> NewPost {
    let language = settings.language.unwrap_or(attack.language);
    let content = i18n::text(
        language,
        "given-up",
        &[
            ("user", attack.user.to_string().into()),
            ("task", linked(&attack.task).into()),
        ],
    );
    let digest = digest("🏳️", attack);
    let key = key("givenup", attack);
    post(attack, settings, now_ms, language, content, digest, key)
}

/// Makes the failure that was announced say the success instead. Returns the row to enqueue: the
/// edit of what was posted, or, if nothing of the verdict is left, a post of its own.
pub(super) async fn turn_round(
    tx: &mut Tx,
    outbox: &Outbox,
    attack: &TimeAttack,
    success: NewPost,
) -> Result<Row> {
    let (message, digest) = (success.message.clone(), success.digest.clone());
    let verdict = outbox::rewrite(tx, &key(VERDICT, attack), |payload| {
        rewrite(payload, message, digest);
    })
    .await?;
    Ok(match verdict {
        Some(verdict) => outbox.prepare_edit(&verdict),
        None => outbox.prepare(success),
    })
}

/// Makes the post of a finish say that it was taken back, and that of its proof. Returns the edits to
/// enqueue, if there are such posts. `finished` is as it stood.
pub(super) async fn take_back(
    tx: &mut Tx,
    outbox: &Outbox,
    finished: &TimeAttack,
    settings: &Settings,
) -> Result<Vec<Row>> {
    let language = settings.language.unwrap_or(finished.language);
    let args = [
        ("user", finished.user.to_string().into()),
        ("task", linked(&finished.task).into()),
    ];
    let message = Message {
        content: i18n::text(language, "taken-back", &args),
        mentions: vec![finished.user],
        ..Message::default()
    };
    let digest = digest("↩️", finished);
    let mut edits = Vec::new();
    // A finish in time that was handled late stands where its failure stood, and its proof below.
    for kinds in [["success", "givenup", VERDICT].as_slice(), &[PROOF]] {
        for kind in kinds {
            let (message, digest) = (message.clone(), Some(digest.clone()));
            let post = outbox::rewrite(tx, &key(kind, finished), |payload| {
                rewrite(payload, message, digest);
            })
            .await?;
            if let Some(post) = post {
                edits.push(outbox.prepare_edit(&post));
                break;
            }
        }
    }
    Ok(edits)
}

fn rewrite(payload: &mut Payload, message: Message, digest: Option<Digest>) {
    // Silent or not is decided when a message is first sent, and cannot be edited.
    let silent = payload.message.silent;
    payload.message = Message { silent, ..message };
    payload.digest = digest;
}

fn post(
    attack: &TimeAttack,
    settings: &Settings,
    now_ms: i64,
    language: Language,
    content: String,
    digest: Digest,
    dedupe_key: String,
) -> NewPost {
    let mut ladder = vec![settings.results.unwrap_or(attack.channel)];
    ladder.extend(settings.fallback);
    NewPost {
        guild: attack.guild,
        user: Some(attack.user),
        class: Class::Notice,
        ladder,
        alerts: settings.alerts,
        language,
        message: Message {
            content,
            mentions: vec![attack.user],
            buttons: vec![Button {
                custom_id: text::NEW_BUTTON.into(),
                label: i18n::text(language, "button-new", &[]),
                style: ButtonStyle::Secondary,
            }],
            silent: settings.quiet_hours.is_quiet(settings.timezone, now_ms),
            ..Message::default()
        },
        digest: Some(digest),
        dropped_ms: None,
        dedupe_key,
    }
}

/// The success post of a style.
fn default_success(style: Style, language: Language) -> String {
    let key = match style {
        Style::Classic => "success-template",
        Style::Gentle => "success-gentle",
        Style::Plain => "success-plain",
    };
    i18n::text(language, key, &[])
}

/// The failure post of a style. The classic card is Korean in every language: where it is not
/// understood, a line says what it is.
fn default_failure(style: Style, language: Language) -> String {
    let card = template::DEFAULT_FAILURE;
    match (style, language) {
        (Style::Classic, Language::Korean) => card.to_owned(),
        (Style::Classic, Language::English) => {
            let origin = i18n::text(language, "failure-origin", &[]);
            format!("{card}\n{origin}")
        }
        (Style::Gentle, _) => i18n::text(language, "failure-gentle", &[]),
        (Style::Plain, _) => i18n::text(language, "failure-plain", &[]),
    }
}

/// What a post about a time attack is known by: once for each time that it ended.
pub(super) fn key(kind: &str, attack: &TimeAttack) -> String {
    match attack.undos {
        0 => format!("{kind}:{}", attack.id),
        undos => format!("{kind}:{}:{undos}", attack.id),
    }
}

/// The guild's own template, or the default if there is none or it no longer parses.
fn render(
    own: Option<&str>,
    default: &str,
    attack: &TimeAttack,
    settings: &Settings,
    theirs: Option<Tz>,
    language: Language,
) -> String {
    let own = own.and_then(|own| template::parse(own).ok());
    let mut values = text::values(attack, settings.timezone, language);
    let zones = Zones {
        own: theirs,
        server: settings.timezone,
    };
    if zones.differing(attack.deadline_ms).is_some() {
        values.date += &text::offset(attack.deadline_ms, settings.timezone);
    }
    let render = |template: Template| {
        let body = template.render(&values);
        // Whoever failed or won is always told.
        if template.has_mention() {
            body
        } else {
            format!("{}\n{body}", values.mention)
        }
    };
    match (own, template::parse(default)) {
        (Some(own), _) => render(own),
        (None, Ok(default)) => render(default),
        (None, Err(_)) => fallback(&values),
    }
}

/// Should a default template be broken (a test keeps it from that), the bare facts.
fn fallback(values: &Values) -> String {
    format!("{} {}", values.mention, linked(&values.task))
}

fn digest(mark: &str, attack: &TimeAttack) -> Digest {
    let task = linked(&shorten(&attack.task, DIGEST_TASK));
    let at = seconds(attack.finished_ms.unwrap_or(attack.deadline_ms));
    Digest {
        topic: Topic::Results,
        line: format!("{mark} <@{}> {task} <t:{at}:t>", attack.user),
        mention: Some(attack.user),
        button: None,
    }
}

fn seconds(ms: i64) -> String {
    ms.div_euclid(1_000).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AttackId, ChannelId, GuildId};
    use crate::outbox::merge::LINE_LENGTH;
    use crate::timeattack::State;
    use proptest::prelude::*;

    fn attack(name: &str, task: &str) -> TimeAttack {
        TimeAttack {
            id: AttackId(1),
            guild: GuildId(2),
            channel: ChannelId(3),
            user: UserId(1_234_567_890_123_456_789),
            member_name: name.into(),
            task: task.into(),
            state: State::Failed,
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
    fn a_verdict_that_is_late_says_so() {
        let settings = Settings::default();
        let attack = attack("jamong", "알고리즘 3문제 풀기");
        let in_time = failure(&attack, &settings, None, attack.deadline_ms + LATE_MS);
        let late = failure(&attack, &settings, None, attack.deadline_ms + LATE_MS + 1);
        assert!(in_time.message.content.ends_with("```"));
        assert!(late.message.content.contains("<t:1795251600:"));
    }

    #[test]
    fn every_style_is_sound_in_both_languages() {
        for language in Language::ALL {
            for style in Style::ALL {
                let success = template::parse(&default_success(style, language)).unwrap();
                assert!(success.has_mention());
                let failure = default_failure(style, language);
                assert_eq!(
                    template::parse(&failure).unwrap().has_mention(),
                    style != Style::Classic
                );
                assert_eq!(failure.contains("나약한 자식"), style == Style::Classic);
            }
        }
        let origin = default_failure(Style::Classic, Language::English);
        assert!(origin.starts_with(template::DEFAULT_FAILURE) && origin.contains("weakling"));
    }

    proptest! {
        #[test]
        fn no_post_pings_anybody_else_or_is_too_long(name in any::<String>(), task in any::<String>()) {
            let task: String = task.chars().take(crate::guild::TASK_LENGTH).collect();
            let attack = attack(&name, &task);
            let settings = Settings::default();
            for post in [
                failure(&attack, &settings, None, attack.deadline_ms + 60_000),
                success(&attack, &settings, None, 9_999, attack.deadline_ms),
                given_up(&attack, &settings, attack.deadline_ms),
            ] {
                prop_assert_eq!(&post.message.mentions, &vec![attack.user]);
                prop_assert!(post.message.content.chars().count() <= 2_000);
                prop_assert!(post.digest.unwrap().line.chars().count() <= LINE_LENGTH);
            }
        }
    }
}
