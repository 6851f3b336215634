//! What the outbox is given to say about a time attack.

use super::Proof;
use super::TimeAttack;
use super::text;
use super::timer::LATE_MS;
use crate::db::Tx;
use crate::error::Result;
use crate::guild::Settings;
use crate::guild::template::{self, Template, Values};
use crate::i18n::{self, Language};
use crate::messenger::markdown::{escape, shorten};
use crate::messenger::{Button, ButtonStyle, Embed, Message};
use crate::outbox::{self, Class, Digest, NewPost, Outbox, Payload, Row, Topic};

/// Green: done.
const COLOR_DONE: u32 = 0x0057_F287;
/// The kind of post that a verdict at a deadline is; see [`key`].
pub(super) const VERDICT: &str = "verdict";
/// Characters of a task in a list of many.
const DIGEST_TASK: usize = 20;

/// The verdict at the deadline.
pub(super) fn failure(attack: &TimeAttack, settings: &Settings, now_ms: i64) -> NewPost {
    let language = settings.language.unwrap_or(attack.language);
    let template = settings.failure_template.as_deref();
    let mut content = render(
        template,
        template::DEFAULT_FAILURE,
        attack,
        settings,
        language,
    );
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
    post(
        attack,
        settings,
        now_ms,
        language,
        content,
        Vec::new(),
        digest,
        key,
    )
}

/// The post of a finish in time.
pub(super) fn success(
    attack: &TimeAttack,
    settings: &Settings,
    proof: Option<&Proof>,
    now_ms: i64,
) -> NewPost {
    let language = settings.language.unwrap_or(attack.language);
    let default = i18n::text(language, "success-template", &[]);
    let template = settings.success_template.as_deref();
    let content = render(template, &default, attack, settings, language);
    let embeds = proof
        .map(|proof| show(proof, language))
        .into_iter()
        .collect();
    let digest = digest("🎉", attack);
    let key = key("success", attack);
    post(
        attack, settings, now_ms, language, content, embeds, digest, key,
    )
}

/// The post of a member who gave up.
pub(super) fn given_up(attack: &TimeAttack, settings: &Settings, now_ms: i64) -> NewPost {
    let language = settings.language.unwrap_or(attack.language);
    let content = i18n::text(
        language,
        "given-up",
        &[
            ("user", attack.user.to_string().into()),
            ("task", escape(&attack.task).into()),
        ],
    );
    let digest = digest("🏳️", attack);
    let key = key("givenup", attack);
    post(
        attack,
        settings,
        now_ms,
        language,
        content,
        Vec::new(),
        digest,
        key,
    )
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

/// Makes the post of a finish say that it was taken back. Returns the edit to enqueue, if there is
/// such a post. `finished` is as it stood.
pub(super) async fn take_back(
    tx: &mut Tx,
    outbox: &Outbox,
    finished: &TimeAttack,
    settings: &Settings,
) -> Result<Option<Row>> {
    let language = settings.language.unwrap_or(finished.language);
    let args = [
        ("user", finished.user.to_string().into()),
        ("task", escape(&finished.task).into()),
    ];
    let message = Message {
        content: i18n::text(language, "taken-back", &args),
        mentions: vec![finished.user],
        ..Message::default()
    };
    let digest = digest("↩️", finished);
    // A finish in time that was handled late stands where its failure stood.
    for kind in ["success", "givenup", VERDICT] {
        let (message, digest) = (message.clone(), Some(digest.clone()));
        let post = outbox::rewrite(tx, &key(kind, finished), |payload| {
            rewrite(payload, message, digest);
        })
        .await?;
        if let Some(post) = post {
            return Ok(Some(outbox.prepare_edit(&post)));
        }
    }
    Ok(None)
}

fn rewrite(payload: &mut Payload, message: Message, digest: Option<Digest>) {
    // Silent or not is decided when a message is first sent, and cannot be edited.
    let silent = payload.message.silent;
    payload.message = Message { silent, ..message };
    payload.digest = digest;
}

#[expect(
    clippy::too_many_arguments,
    reason = "the parts in which the three posts differ"
)]
fn post(
    attack: &TimeAttack,
    settings: &Settings,
    now_ms: i64,
    language: Language,
    content: String,
    embeds: Vec<Embed>,
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
            embeds,
            mentions: vec![attack.user],
            buttons: vec![Button {
                custom_id: text::NEW_BUTTON.into(),
                label: i18n::text(language, "button-new", &[]),
                style: ButtonStyle::Secondary,
            }],
            silent: settings.quiet_hours.is_quiet(settings.timezone, now_ms),
        },
        digest: Some(digest),
        dropped_ms: None,
        dedupe_key,
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
    language: Language,
) -> String {
    let own = own.and_then(|own| template::parse(own).ok());
    let values = text::values(attack, settings.timezone, language);
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
    format!("{} {}", values.mention, escape(&values.task))
}

/// Pictures are shown, other files linked.
fn show(proof: &Proof, language: Language) -> Embed {
    let name = escape(&shorten(&proof.filename, 80));
    let title = i18n::text(language, "proof-title", &[]);
    if proof.is_image {
        Embed {
            title: Some(title),
            image_url: Some(proof.url.clone()),
            color: Some(COLOR_DONE),
            ..Embed::default()
        }
    } else {
        Embed {
            title: Some(title),
            description: Some(format!("📎 [{name}]({})", proof.url)),
            color: Some(COLOR_DONE),
            ..Embed::default()
        }
    }
}

fn digest(mark: &str, attack: &TimeAttack) -> Digest {
    let task = escape(&shorten(&attack.task, DIGEST_TASK));
    let at = seconds(attack.finished_ms.unwrap_or(attack.deadline_ms));
    Digest {
        topic: Topic::Results,
        line: format!("{mark} <@{}> {task} <t:{at}:t>", attack.user),
        mention: Some(attack.user),
    }
}

fn seconds(ms: i64) -> String {
    ms.div_euclid(1_000).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AttackId, ChannelId, GuildId, UserId};
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
        let in_time = failure(&attack, &settings, attack.deadline_ms + LATE_MS);
        let late = failure(&attack, &settings, attack.deadline_ms + LATE_MS + 1);
        assert!(in_time.message.content.ends_with("```"));
        assert!(late.message.content.contains("<t:1795251600:"));
    }

    #[test]
    fn both_default_success_templates_are_sound() {
        for language in [Language::Korean, Language::English] {
            let default = i18n::text(language, "success-template", &[]);
            assert!(template::parse(&default).unwrap().has_mention());
        }
    }

    proptest! {
        #[test]
        fn no_post_pings_anybody_else_or_is_too_long(name in any::<String>(), task in any::<String>()) {
            let task: String = task.chars().take(crate::guild::TASK_LENGTH).collect();
            let attack = attack(&name, &task);
            let settings = Settings::default();
            for post in [
                failure(&attack, &settings, attack.deadline_ms + 60_000),
                success(&attack, &settings, None, attack.deadline_ms),
                given_up(&attack, &settings, attack.deadline_ms),
            ] {
                prop_assert_eq!(&post.message.mentions, &vec![attack.user]);
                prop_assert!(post.message.content.chars().count() <= 2_000);
                prop_assert!(post.digest.unwrap().line.chars().count() <= LINE_LENGTH);
            }
        }
    }
}
