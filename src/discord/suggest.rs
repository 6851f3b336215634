//! What is offered while an option is typed.

use poise::serenity_prelude::{AutocompleteChoice, CreateAutocompleteResponse};

use crate::error::{Error, Result};
use crate::i18n::display::one_line;
use crate::messenger::markdown::shorten;

/// Choices that Discord shows (its limit).
pub(super) const MOST_CHOICES: usize = 25;
/// Characters of a choice's name and of its value (Discord's limit).
pub(super) const CHOICE_LENGTH: usize = 100;
/// Characters of a choice's name: the marks that isolate its direction take two.
const NAME_LENGTH: usize = CHOICE_LENGTH - 2;

/// The first choices that `work` comes to; none where it fails, as what is typed can be sent all the
/// same. Whoever may not use the command is told nothing.
pub(super) async fn offered(
    work: impl Future<Output = Result<Vec<AutocompleteChoice>>>,
) -> CreateAutocompleteResponse {
    let response = CreateAutocompleteResponse::new();
    match work.await {
        Ok(mut choices) => {
            choices.truncate(MOST_CHOICES);
            response.set_choices(choices)
        }
        Err(Error::User(_)) => response,
        Err(error) => {
            let error = format!("{error:#}");
            tracing::warn!(error, "nothing could be suggested");
            response
        }
    }
}

/// A choice, whose name is shown as it stands: without markdown.
pub(super) fn choice(name: &str, value: impl Into<String>) -> AutocompleteChoice {
    AutocompleteChoice::new(one_line(&shorten(name, NAME_LENGTH)), value.into())
}

/// Each as it is; one that is too long to be chosen is left out.
pub(super) fn names(names: Vec<String>) -> Vec<AutocompleteChoice> {
    let fits = |name: &String| name.chars().count() <= CHOICE_LENGTH;
    let names = names.into_iter().filter(fits);
    names.map(|name| choice(&name.clone(), name)).collect()
}
