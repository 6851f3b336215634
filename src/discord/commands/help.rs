//! `/help`: every command, in the asker's language, as links that put it into their composer.

use poise::serenity_prelude as serenity;
use serenity::{AutocompleteChoice, CreateAutocompleteResponse, CreateEmbed};

use super::Command;
use crate::discord::answer::{Answer, Reply, listed};
use crate::discord::asker::Asker;
use crate::discord::framework::Context;
use crate::discord::register::CommandIds;
use crate::discord::respond::{self, Deferral};
use crate::discord::suggest::MOST_CHOICES;
use crate::error::{Result, UserError};
use crate::i18n::{Language, text};

/// What can be done here
#[poise::command(slash_command, guild_only)]
pub(super) async fn help(
    ctx: Context<'_>,
    #[autocomplete = "suggest_command"] command: Option<String>,
) -> Result<()> {
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        let book = Book {
            commands: &ctx.framework.options.commands,
            ids: ctx.data().command_ids(ctx).await,
            language: asker.language,
        };
        let embeds = match command.as_deref().map(normal) {
            None => book.overview(asker.manages()),
            Some(given) if given.is_empty() => book.overview(asker.manages()),
            Some(given) => vec![book.about(&given)?],
        };
        let reply = embeds.into_iter().fold(Reply::default(), Reply::embed);
        Ok(Answer::Private(reply))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// What is known of the commands, for one reader.
struct Book<'a> {
    commands: &'a [Command],
    ids: CommandIds,
    language: Language,
}

impl Book<'_> {
    /// All that the reader can use: with those of the server's managers, if they are one.
    fn overview(&self, manages: bool) -> Vec<CreateEmbed> {
        let (mut managers, members): (Vec<&Command>, Vec<&Command>) = leaves(self.commands)
            .into_iter()
            .partition(|leaf| self.is_for_managers(leaf));
        // What a server begins with.
        managers.sort_by_key(|leaf| root(leaf) != "setup");
        let mut lines: Vec<String> = members.iter().map(|leaf| self.line(leaf)).collect();
        lines.push(text(self.language, "help-menu", &[]));
        lines.push(text(self.language, "help-more", &[]));
        let mut embeds = vec![self.chapter("help-title", lines)];
        if manages {
            // Too many for a line each: by what they are about.
            let groups = managers.chunk_by(|one, next| root(one) == root(next));
            let lines = groups.map(|group| self.group(group)).collect();
            embeds.push(self.chapter("help-title-managers", lines));
        }
        embeds
    }

    fn chapter(&self, title: &str, lines: Vec<String>) -> CreateEmbed {
        CreateEmbed::new()
            .title(text(self.language, title, &[]))
            .description(listed(lines))
    }

    /// Everything about one command, or all commands of a group. `given` is normal.
    fn about(&self, given: &str) -> Result<CreateEmbed, UserError> {
        let leaves = leaves(self.commands);
        if let Some(leaf) = leaves.iter().find(|leaf| leaf.qualified_name == given) {
            return Ok(self.leaf(leaf));
        }
        let of_group = |leaf: &&&Command| leaf.qualified_name.starts_with(&format!("{given} "));
        let lines: Vec<String> = leaves
            .iter()
            .filter(of_group)
            .map(|leaf| self.line(leaf))
            .collect();
        if lines.is_empty() {
            let given = given.to_owned();
            return Err(UserError::UnknownCommand { given });
        }
        Ok(CreateEmbed::new()
            .title(format!("/{given}"))
            .description(listed(lines)))
    }

    fn leaf(&self, leaf: &Command) -> CreateEmbed {
        let key = key(leaf);
        let mut lines = vec![
            format!("{} — {}", self.mention(leaf), self.say(&key)),
            String::new(),
        ];
        for option in &leaf.parameters {
            let about = self.say(&format!("{key}-{}", option.name));
            let args = [
                ("name", option.name.to_string().into()),
                ("about", about.into()),
            ];
            let one = if option.required {
                "help-option"
            } else {
                "help-option-optional"
            };
            lines.push(text(self.language, one, &args));
        }
        if !leaf.parameters.is_empty() {
            lines.push(String::new());
        }
        lines.push(self.say(&note_key(leaf)));
        if self.is_for_managers(leaf) {
            lines.push(self.say("help-needs-manager"));
        }
        CreateEmbed::new()
            .title(format!("/{}", leaf.qualified_name))
            .description(listed(lines))
    }

    fn group(&self, leaves: &[&Command]) -> String {
        if let [leaf] = leaves {
            return self.line(leaf);
        }
        let about = self.say(&format!("help-group-{}", root(leaves[0])));
        let links: Vec<String> = leaves.iter().map(|leaf| self.mention(leaf)).collect();
        format!("**{about}** — {}", links.join(" "))
    }

    fn line(&self, leaf: &Command) -> String {
        format!("{} — {}", self.mention(leaf), self.say(&key(leaf)))
    }

    /// A link that puts the command into the reader's composer, or its name if Discord has not told
    /// its id.
    fn mention(&self, leaf: &Command) -> String {
        let name = &leaf.qualified_name;
        match self.ids.get(root(leaf)) {
            Some(id) => format!("</{name}:{id}>"),
            None => format!("`/{name}`"),
        }
    }

    /// `default_member_permissions` stand at the group.
    fn is_for_managers(&self, leaf: &Command) -> bool {
        let group = self.commands.iter().find(|one| one.name == root(leaf));
        group.is_some_and(|group| !group.default_member_permissions.is_empty())
    }

    fn say(&self, key: &str) -> String {
        text(self.language, key, &[])
    }
}

/// The commands that can be typed, groups opened.
fn leaves(commands: &[Command]) -> Vec<&Command> {
    let mut leaves = Vec::new();
    for command in commands {
        if command.slash_action.is_none() {
            continue;
        }
        if command.subcommands.is_empty() {
            leaves.push(command);
        } else {
            leaves.extend(self::leaves(&command.subcommands));
        }
    }
    leaves
}

/// The command that Discord knows by an id.
fn root(leaf: &Command) -> &str {
    let name = leaf.qualified_name.as_ref();
    name.split(' ').next().unwrap_or(name)
}

/// Of its description.
fn key(leaf: &Command) -> String {
    format!("cmd-{}", leaf.qualified_name.replace(' ', "-"))
}

/// Of what else is worth knowing.
fn note_key(leaf: &Command) -> String {
    format!("help-{}", leaf.qualified_name.replace(' ', "-"))
}

/// A command as somebody types its name: `/TimeAttack  start` is `timeattack start`.
fn normal(typed: &str) -> String {
    let words = typed.trim().trim_start_matches('/').split_whitespace();
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

#[expect(clippy::unused_async, reason = "poise's form")]
async fn suggest_command(ctx: Context<'_>, partial: &str) -> CreateAutocompleteResponse {
    let typed = normal(partial);
    let fits = |leaf: &&Command| leaf.qualified_name.contains(&typed);
    let choices = leaves(&ctx.framework.options.commands)
        .into_iter()
        .filter(fits)
        .take(MOST_CHOICES)
        .map(|leaf| {
            let name = leaf.qualified_name.to_string();
            AutocompleteChoice::new(format!("/{name}"), name)
        });
    CreateAutocompleteResponse::new().set_choices(choices.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messenger::EMBEDS_LENGTH;

    fn length(embeds: &[CreateEmbed]) -> usize {
        let json = serde_json::to_value(embeds).unwrap();
        let texts = json.as_array().unwrap().iter();
        texts
            .flat_map(|embed| [&embed["title"], &embed["description"]])
            .map(|text| text.as_str().unwrap().chars().count())
            .sum()
    }

    #[test]
    fn every_command_is_told_in_both_languages_within_discords_sizes() {
        let mut commands = super::super::all();
        poise::set_qualified_names(&mut commands);
        for language in Language::ALL {
            let book = Book {
                commands: &commands,
                ids: commands
                    .iter()
                    .map(|one| (one.name.to_string(), u64::MAX))
                    .collect(),
                language,
            };
            let overview = book.overview(true);
            assert!(length(&overview) <= EMBEDS_LENGTH, "{}", length(&overview));
            let told = serde_json::to_string(&overview).unwrap();
            assert!(!told.contains('…'), "nothing is left out");
            assert!(!told.contains("help-"), "{told}");
            for leaf in leaves(&commands) {
                let name = &leaf.qualified_name;
                assert!(told.contains(&format!("</{name}:")), "{name}");
                let about = serde_json::to_string(&book.about(name).unwrap()).unwrap();
                // A key that is not there is shown as itself.
                assert!(
                    !about.contains("help-") && !about.contains("cmd-"),
                    "{about}"
                );
            }
        }
    }

    #[test]
    fn a_name_is_read_however_it_is_typed() {
        assert_eq!(normal(" /TimeAttack   Start "), "timeattack start");
        assert_eq!(normal("/"), "");
    }
}
