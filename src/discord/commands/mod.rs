//! The slash commands, one file each.
//!
//! A file has the command as poise sees it, which only turns options into the arguments of a plain
//! function and its [`Answer`](super::answer::Answer) into Discord's; the plain function serves
//! the command's buttons and forms, too.

pub(super) mod announce;
pub(super) mod campaign;
mod correct;
pub(super) mod dm;
pub(super) mod help;
pub(super) mod privacy;
mod queue;
pub(super) mod setup;
mod start_with;
pub(super) mod subscriber;
mod template;
pub(super) mod timeattack;
mod timezone;

use std::borrow::Cow;

use poise::serenity_prelude::{ButtonStyle, CreateButton};

use super::asker::Asker;
use super::controls::{Action, Asked};
use super::framework::Context;
use super::handler::Data;
use crate::error::{Error, UserError};
use crate::i18n::{Language, text};

type Text = Cow<'static, str>;
type Command = poise::Command<Data, Error>;

/// Every command, with its descriptions in both languages.
pub(super) fn all() -> Vec<Command> {
    let mut commands = vec![
        timeattack::timeattack(),
        timezone::timezone(),
        dm::dm(),
        privacy::privacy(),
        help::help(),
        announce::announce(),
        queue::queue(),
        subscriber::subscriber(),
        template::template(),
        campaign::campaign(),
        correct::correct(),
        setup::setup(),
    ];
    for command in &mut commands {
        describe(command, "cmd");
    }
    // A message's menu shows names alone.
    commands.push(start_with::start_with());
    commands
}

/// English is what Discord shows to whoever has no language of ours.
fn describe(command: &mut Command, parent: &str) {
    let key = format!("{parent}-{}", command.name);
    command.description = Some(text(Language::English, &key, &[]).into());
    command.description_localizations = in_korean(&key);
    for parameter in &mut command.parameters {
        let key = format!("{key}-{}", parameter.name);
        parameter.description = Some(text(Language::English, &key, &[]).into());
        parameter.description_localizations = in_korean(&key);
    }
    for subcommand in &mut command.subcommands {
        describe(subcommand, &key);
    }
}

fn in_korean(key: &str) -> Cow<'static, [(Text, Text)]> {
    let korean = Language::Korean;
    vec![(korean.code().into(), text(korean, key, &[]).into())].into()
}

/// The asker of a command for managers, who is one.
fn manager(ctx: Context<'_>) -> Result<Asker, UserError> {
    let asker = Asker::of_command(ctx.interaction)?;
    asker.require_manage_server()?;
    Ok(asker)
}

/// The buttons to the pages beside this one of a list, if it has any. Pages count from 0.
fn pager(asked: Asked, page: i64, pages: i64, action: impl Fn(i64) -> Action) -> Vec<CreateButton> {
    if pages <= 1 {
        return Vec::new();
    }
    // Discord refuses two buttons of one `custom_id`, also where they lead nowhere: the one before
    // the first page is page -1, and nobody can press it.
    let button = |(label, page): (&str, i64)| {
        CreateButton::new(action(page).custom_id(asked))
            .label(label)
            .style(ButtonStyle::Secondary)
            .disabled(!(0..pages).contains(&page))
    };
    [("◀", page - 1), ("▶", page + 1)].map(button).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::Scope;

    /// What is recorded as the words that a member agreed to is what they read.
    #[test]
    fn the_options_of_consent_say_what_is_recorded() {
        for language in Language::ALL {
            for (scope, key) in [
                (Scope::Notice, "cmd-dm-allow"),
                (Scope::Ads, "cmd-dm-allow-ads"),
                (Scope::Night, "cmd-dm-allow-night"),
            ] {
                assert_eq!(text(language, key, &[]), scope.wording(language));
            }
        }
    }
}
