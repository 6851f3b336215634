//! How time attacks are put into words: values for templates, lists, timestamps. The texts
//! themselves are Fluent's, in `assets/locales`.

use chrono::DateTime;
use chrono_tz::Tz;

use super::{State, TimeAttack};
use crate::duration_text::format_duration;
use crate::guild::template::Values;
use crate::i18n::{Language, text};
use crate::ids::AttackId;
use crate::messenger::markdown::{linked, shorten};

/// The `custom_id` of the button below a verdict that opens the form for another start.
pub const NEW_BUTTON: &str = "ta:new";
/// The `custom_id` of the button below reminders of an earlier version, which named nothing.
pub const COMPLETE_OWN_BUTTON: &str = "ta:done";
/// Begins the `custom_id` of the button below a list of reminders, behind which the number of its message
/// stands: completes what of it is its presser's, or asks which.
pub const COMPLETE_LISTED_BUTTON: &str = "ta:done:";
/// Characters of a task in a list.
const LISTED_TASK: usize = 60;

/// The `custom_id` of the button that completes a time attack.
pub fn complete_button(attack: AttackId) -> String {
    format!("ta:complete:{attack}")
}

/// The `custom_id` of the button below a reminder that completes its time attack.
pub fn reminded_button(attack: AttackId) -> String {
    format!("ta:reminded:{attack}")
}

/// The `custom_id` of the button that adds [`super::start_message::EXTENSION_MS`].
pub fn extend_button(attack: AttackId) -> String {
    format!("ta:extend:{attack}")
}

/// The `custom_id` of the button that takes a finish back.
pub fn undo_button(attack: AttackId) -> String {
    format!("ta:undo:{attack}")
}

/// The `custom_id` of the button that starts the same once more.
pub fn again_button(attack: AttackId) -> String {
    format!("ta:again:{attack}")
}

/// The `custom_id` of the button that asks whether to give up.
pub fn give_up_button(attack: AttackId) -> String {
    format!("ta:giveup:{attack}")
}

/// A Discord timestamp of `style` (`R` relative, `T` time with seconds, `f` date and time …).
pub fn timestamp(at_ms: i64, style: char) -> String {
    format!("<t:{}:{style}>", at_ms.div_euclid(1_000))
}

/// Local date and time, `2026-11-21T18:00:00`.
pub fn local_date(at_ms: i64, zone: Tz) -> String {
    let utc = DateTime::from_timestamp_millis(at_ms).unwrap_or_default();
    utc.with_timezone(&zone)
        .format("%Y-%m-%dT%H:%M:%S")
        .to_string()
}

/// How far the clocks of `zone` are ahead of UTC's then: `+09:00`.
pub fn offset(at_ms: i64, zone: Tz) -> String {
    let utc = DateTime::from_timestamp_millis(at_ms).unwrap_or_default();
    utc.with_timezone(&zone).format("%:z").to_string()
}

/// What the fields of a template stand for.
pub fn values(attack: &TimeAttack, zone: Tz, language: Language) -> Values {
    let finished_ms = attack.finished_ms.unwrap_or(attack.deadline_ms);
    let span = |ms: i64| format_duration(ms.max(0), language);
    Values {
        mention: format!("<@{}>", attack.user),
        name: attack.member_name.clone(),
        task: attack.task.clone(),
        date: local_date(attack.deadline_ms, zone),
        deadline: timestamp(attack.deadline_ms, 'f'),
        limit: span(attack.deadline_ms - attack.started_ms),
        taken: span(finished_ms - attack.started_ms),
        left: span(attack.deadline_ms - finished_ms),
    }
}

/// One line about a running time attack: `• task — <t:…:R> (<t:…:T>)`.
pub fn running_line(attack: &TimeAttack) -> String {
    format!(
        "• **{}** — {} ({})",
        listed_task(attack),
        timestamp(attack.deadline_ms, 'R'),
        timestamp(attack.deadline_ms, 'T'),
    )
}

/// One line about how a time attack ended.
pub fn ended_line(attack: &TimeAttack, language: Language) -> String {
    let values = values(attack, Tz::UTC, language);
    let (key, mark) = match attack.state {
        State::Completed => ("history-completed", "✅"),
        State::Cancelled => ("history-cancelled", "🏳️"),
        State::Failed | State::Running => ("history-failed", "😢"),
    };
    let args = [
        ("taken", values.taken.into()),
        ("limit", values.limit.into()),
    ];
    format!(
        "{mark} **{}** — {} · {}",
        listed_task(attack),
        text(language, key, &args),
        timestamp(attack.finished_ms.unwrap_or(attack.deadline_ms), 'f'),
    )
}

fn listed_task(attack: &TimeAttack) -> String {
    linked(&shorten(&attack.task, LISTED_TASK))
}
