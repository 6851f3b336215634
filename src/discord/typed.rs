//! The one door through which what people type comes in.
//!
//! Options, what is being typed into them, and the fields of forms are cleaned here
//! ([`crate::i18n::typed`]) before anything reads them. Attachments are not text.

use poise::serenity_prelude as serenity;
use serenity::{ActionRowComponent, CommandDataOption, CommandDataOptionValue, Interaction};

use crate::i18n::typed::clean;

/// Cleans all text of an interaction.
pub(super) fn clean_text(interaction: &mut Interaction) {
    match interaction {
        Interaction::Command(command) | Interaction::Autocomplete(command) => {
            command.data.options.iter_mut().for_each(clean_option);
        }
        Interaction::Modal(form) => {
            let rows = form.data.components.iter_mut();
            for component in rows.flat_map(|row| row.components.iter_mut()) {
                if let ActionRowComponent::InputText(input) = component {
                    input.value = input.value.as_deref().map(clean);
                }
            }
        }
        _ => {}
    }
}

fn clean_option(option: &mut CommandDataOption) {
    match &mut option.value {
        CommandDataOptionValue::SubCommand(options)
        | CommandDataOptionValue::SubCommandGroup(options) => {
            options.iter_mut().for_each(clean_option);
        }
        CommandDataOptionValue::String(text)
        | CommandDataOptionValue::Autocomplete { value: text, .. } => *text = clean(text),
        _ => {}
    }
}
