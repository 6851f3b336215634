//! The form for a new time attack.

use poise::serenity_prelude as serenity;
use serenity::{
    ActionRow, ActionRowComponent, CreateActionRow, CreateInputText, CreateModal, InputTextStyle,
    ModalInteraction,
};

use super::components::Action;
use crate::duration_text::MAX_TEXT;
use crate::guild::TASK_LENGTH;
use crate::i18n::{Language, text};

const TASK: &str = "task";
const LIMIT: &str = "limit";

/// The form, filled in with what is known already.
pub(super) fn start(language: Language, task: Option<&str>, limit: Option<&str>) -> CreateModal {
    let title = text(language, "form-title", &[]);
    let task_input = input(text(language, "form-task", &[]), TASK, TASK_LENGTH, task);
    let limit_input = input(text(language, "form-limit", &[]), LIMIT, MAX_TEXT, limit)
        .placeholder(text(language, "form-limit-example", &[]));
    CreateModal::new(Action::StartForm.custom_id(), title).components(vec![
        CreateActionRow::InputText(task_input),
        CreateActionRow::InputText(limit_input),
    ])
}

/// The task and the limit that were filled in.
pub(super) fn read(form: &ModalInteraction) -> (String, String) {
    let field = |wanted: &str| {
        let inputs = form.data.components.iter().flat_map(inputs);
        let found = inputs
            .filter(|(id, _)| *id == wanted)
            .find_map(|(_, value)| value);
        found.unwrap_or_default().to_owned()
    };
    (field(TASK), field(LIMIT))
}

fn inputs(row: &ActionRow) -> impl Iterator<Item = (&str, Option<&str>)> {
    row.components
        .iter()
        .filter_map(|component| match component {
            ActionRowComponent::InputText(input) => {
                Some((input.custom_id.as_str(), input.value.as_deref()))
            }
            _ => None,
        })
}

fn input(label: String, id: &str, longest: usize, value: Option<&str>) -> CreateInputText {
    let input = CreateInputText::new(InputTextStyle::Short, label, id)
        .max_length(u16::try_from(longest).unwrap_or(u16::MAX))
        .required(true);
    match value {
        // Discord refuses a form with a value longer than its field.
        Some(value) => input.value(value.chars().take(longest).collect::<String>()),
        None => input,
    }
}
