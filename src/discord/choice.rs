//! Options with a fixed set of choices, sent by name. (poise's own send numbers, which mean something
//! else once the set has changed.)

use poise::serenity_prelude as serenity;
use poise::{SlashArgError, SlashArgument};
use serenity::{CommandInteraction, CommandOptionType, CreateCommandOption, ResolvedValue};

use crate::i18n::Language;

/// What can be chosen.
pub(super) trait Choosable: Copy + Send + 'static {
    /// All of them, as they are shown.
    const ALL: &'static [Self];

    /// As it is sent.
    fn name(self) -> &'static str;

    /// As it is shown.
    fn label(self, language: Language) -> String;
}

/// The one that was chosen.
pub(super) struct Choice<T>(pub(super) T);

#[serenity::async_trait]
impl<T: Choosable> SlashArgument for Choice<T> {
    async fn extract(
        _: &serenity::Context,
        _: &CommandInteraction,
        value: &ResolvedValue<'_>,
    ) -> Result<Self, SlashArgError> {
        let wrong = SlashArgError::new_command_structure_mismatch;
        let ResolvedValue::String(name) = value else {
            return Err(wrong("expected a choice's name"));
        };
        let known = T::ALL.iter().find(|one| one.name() == *name);
        known
            .map(|one| Self(*one))
            .ok_or_else(|| wrong("an unknown choice"))
    }

    fn create(builder: CreateCommandOption) -> CreateCommandOption {
        let builder = builder.kind(CommandOptionType::String);
        T::ALL.iter().fold(builder, |builder, one| {
            let (english, korean) = (Language::English, Language::Korean);
            let (shown, in_korean) = (one.label(english), one.label(korean));
            if shown == in_korean {
                return builder.add_string_choice(shown, one.name());
            }
            let localized = [(korean.code(), in_korean)];
            builder.add_string_choice_localized(shown, one.name(), localized)
        })
    }
}
