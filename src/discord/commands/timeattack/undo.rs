//! The button that takes a finish back.

use poise::serenity_prelude as serenity;
use serenity::{ButtonStyle, CreateActionRow, CreateButton};

use crate::app::App;
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::controls::Action;
use crate::error::Result;
use crate::i18n::text;
use crate::ids::AttackId;
use crate::messenger::markdown::linked;
use crate::timeattack::{self, TimeAttack, UNDO_MS, text::timestamp};

/// What is said of a finish, with the button that takes it back, and until when it does.
pub(super) fn offered(said: &str, finished: &TimeAttack, asker: &Asker) -> Reply {
    let language = asker.language;
    let until_ms = finished.finished_ms.unwrap_or(finished.deadline_ms) + UNDO_MS;
    let args = [("until", timestamp(until_ms, 'T').into())];
    let until = text(language, "undo-until", &args);
    let button = CreateButton::new(Action::Undo(finished.id).custom_id(asker.asked()))
        .label(text(language, "button-undo", &[]))
        .style(ButtonStyle::Secondary);
    Reply::new(format!("{said}\n-# {until}")).row(CreateActionRow::Buttons(vec![button]))
}

/// The button was pressed.
pub(in crate::discord) async fn pressed(
    app: &App,
    asker: &Asker,
    attack: AttackId,
) -> Result<Answer> {
    let again = timeattack::undo(app, asker.actor(), attack).await?;
    let is_over = again.deadline_ms <= app.now_ms();
    let key = if is_over { "undone-too-late" } else { "undone" };
    let args = [
        ("task", linked(&again.task).into()),
        ("relative", timestamp(again.deadline_ms, 'R').into()),
    ];
    Ok(Answer::Update(Reply::new(text(asker.language, key, &args))))
}
