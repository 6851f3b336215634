//! The form for a new time attack, and the button that opens it again as it was filled in.

use poise::serenity_prelude as serenity;
use serenity::{
    ActionRow, ActionRowComponent, ButtonStyle, CreateActionRow, CreateButton, CreateEmbed,
    CreateEmbedAuthor, CreateEmbedFooter, CreateInputText, CreateModal, InputTextStyle, Message,
    ModalInteraction,
};

use super::answer::Reply;
use super::asker::Asker;
use super::controls::Action;
use crate::duration_text::MAX_TEXT;
use crate::guild::TASK_LENGTH;
use crate::i18n::display::one_line;
use crate::i18n::text;
use crate::messenger::markdown::shorten;

const TASK: &str = "task";
const LIMIT: &str = "limit";

/// The form, filled in with what is known already.
pub(super) fn start(asker: &Asker, task: Option<&str>, limit: Option<&str>) -> CreateModal {
    let language = asker.language;
    let title = text(language, "form-title", &[]);
    let task_input = input(text(language, "form-task", &[]), TASK, TASK_LENGTH, task);
    let limit_input = input(text(language, "form-limit", &[]), LIMIT, MAX_TEXT, limit)
        .placeholder(text(language, "form-limit-example", &[]));
    CreateModal::new(Action::StartForm.custom_id(asker.asked()), title).components(vec![
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

/// A refusal of what was filled in, with the button that opens the form with the same in it.
///
/// Discord closes a form whatever comes of it. What was written stands in a box below the refusal, in the
/// two places that Discord shows without markdown, and comes back with the press: nothing is kept
/// elsewhere.
pub(super) fn refused(said: String, asker: &Asker, task: &str, limit: &str) -> Reply {
    let mut written = CreateEmbed::new();
    let task = one_line(&shorten(task, TASK_LENGTH));
    let limit = one_line(&shorten(limit, MAX_TEXT));
    let is_empty = task.is_empty() && limit.is_empty();
    // Discord takes neither of them empty.
    if !task.is_empty() {
        written = written.author(CreateEmbedAuthor::new(task));
    }
    if !limit.is_empty() {
        written = written.footer(CreateEmbedFooter::new(limit));
    }
    let again = || {
        CreateButton::new(Action::FillInAgain.custom_id(asker.asked()))
            .label(text(asker.language, "button-fill-in-again", &[]))
            .style(ButtonStyle::Primary)
    };
    // Where they may not write, no other words would help.
    let buttons = asker.may_write().then(again);
    let reply = Reply::new(said).buttons(buttons.into_iter().collect());
    if is_empty {
        reply
    } else {
        reply.embed(written)
    }
}

/// The form as it was filled in, by the refusal of it.
pub(super) fn again(asker: &Asker, refusal: &Message) -> CreateModal {
    let written = refusal.embeds.first();
    let task = written.and_then(|embed| embed.author.as_ref());
    let limit = written.and_then(|embed| embed.footer.as_ref());
    start(
        asker,
        task.map(|task| task.name.as_str()),
        limit.map(|limit| limit.text.as_str()),
    )
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
