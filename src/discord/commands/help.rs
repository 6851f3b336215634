//! `/help`: the three commands that matter first, and a menu that leads to all others by what they are
//! about. In the asker's language, as links that put a command into their composer.

use poise::serenity_prelude as serenity;
use serenity::{
    ApplicationId, CreateActionRow, CreateAutocompleteResponse, CreateEmbed, CreateSelectMenu,
    CreateSelectMenuKind, CreateSelectMenuOption, Http,
};

use super::Command;
use crate::discord::answer::{Answer, Reply, listed};
use crate::discord::asker::Asker;
use crate::discord::controls::Action;
use crate::discord::framework::Context;
use crate::discord::handler::Data;
use crate::discord::register::CommandIds;
use crate::discord::respond::{self, Deferral};
use crate::discord::suggest::{self, MOST_CHOICES};
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
        let (http, application) = (&ctx.serenity_context().http, ctx.interaction.application_id);
        let book = Book {
            commands: &ctx.framework.options.commands,
            ids: ctx.data().command_ids(http, application).await,
            language: asker.language,
        };
        let reply = match command.as_deref().map(normal) {
            Some(given) if !given.is_empty() => Reply::default().embed(book.about(&given)?),
            _ => book.overview(&asker),
        };
        Ok(Answer::Private(reply))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// A topic was chosen from the menu.
pub(in crate::discord) async fn turned(
    data: &Data,
    http: &Http,
    application: ApplicationId,
    asker: &Asker,
    chosen: Option<&str>,
) -> Result<Answer> {
    let topic = chosen.and_then(Topic::parse).ok_or(UserError::Outdated)?;
    if topic.is_for_managers() {
        asker.require_manage_server()?;
    }
    let mut commands = super::all();
    poise::set_qualified_names(&mut commands);
    let book = Book {
        commands: &commands,
        ids: data.command_ids(http, application).await,
        language: asker.language,
    };
    let reply = Reply::default().embed(book.topic(topic));
    Ok(Answer::Update(reply.row(book.menu(asker, Some(topic)))))
}

/// What commands are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    /// Starting one, and what can be done while it runs.
    TimeAttacks,
    /// How they ended.
    Records,
    /// What is a member's own: zone, direct messages, what is stored.
    You,
    /// The server's settings.
    Setup,
    /// Mail to subscribers.
    Mail,
    /// What else whoever manages the server does.
    Server,
}

impl Topic {
    /// In the order in which they are offered.
    const ALL: [Self; 6] = [
        Self::TimeAttacks,
        Self::Records,
        Self::You,
        Self::Setup,
        Self::Mail,
        Self::Server,
    ];

    /// As the menu sends it, and as its texts are found.
    fn name(self) -> &'static str {
        match self {
            Self::TimeAttacks => "timeattacks",
            Self::Records => "records",
            Self::You => "you",
            Self::Setup => "setup",
            Self::Mail => "mail",
            Self::Server => "server",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }

    fn is_for_managers(self) -> bool {
        matches!(self, Self::Setup | Self::Mail | Self::Server)
    }
}

/// The commands that matter first.
const FIRST: [&str; 3] = [
    "timeattack start",
    "timeattack complete",
    "timeattack status",
];

/// What is known of the commands, for one reader.
struct Book<'a> {
    commands: &'a [Command],
    ids: CommandIds,
    language: Language,
}

impl Book<'_> {
    /// What matters first, and a menu of the rest.
    fn overview(&self, asker: &Asker) -> Reply {
        let leaves = leaves(self.commands);
        let first = FIRST.into_iter().filter_map(|name| {
            let leaf = leaves.iter().find(|leaf| leaf.qualified_name == name);
            leaf.map(|leaf| self.line(leaf))
        });
        let mut lines: Vec<String> = first.collect();
        lines.push(self.say("help-menu"));
        lines.push(self.say("help-more"));
        Reply::default()
            .embed(self.chapter("help-title", lines))
            .row(self.menu(asker, None))
    }

    /// All commands about one thing.
    fn topic(&self, topic: Topic) -> CreateEmbed {
        let leaves = leaves(self.commands);
        let about = leaves.iter().filter(|leaf| self.topic_of(leaf) == topic);
        let lines = about.map(|leaf| self.line(leaf)).collect();
        self.chapter(&topic_key(topic), lines)
    }

    /// The topics that are for this reader.
    fn menu(&self, asker: &Asker, chosen: Option<Topic>) -> CreateActionRow {
        let is_for_them = |topic: &Topic| !topic.is_for_managers() || asker.manages();
        let option = |topic: Topic| {
            let key = topic_key(topic);
            CreateSelectMenuOption::new(self.say(&key), topic.name())
                .description(self.say(&format!("{key}-about")))
                .default_selection(chosen == Some(topic))
        };
        let options = Topic::ALL.into_iter().filter(is_for_them).map(option);
        let options = options.collect();
        let menu = CreateSelectMenu::new(
            Action::HelpTopic.custom_id(asker.asked()),
            CreateSelectMenuKind::String { options },
        );
        CreateActionRow::SelectMenu(menu.placeholder(self.say("help-placeholder")))
    }

    /// Every command is about something: a new one that is named nowhere here is found by who uses it.
    fn topic_of(&self, leaf: &Command) -> Topic {
        match leaf.qualified_name.as_ref() {
            "timeattack history" | "timeattack leaderboard" | "timeattack stats" => Topic::Records,
            "timeattack reminders" => Topic::You,
            _ => match root(leaf) {
                "timeattack" => Topic::TimeAttacks,
                "setup" => Topic::Setup,
                "subscriber" | "template" | "campaign" => Topic::Mail,
                _ if self.is_for_managers(leaf) => Topic::Server,
                _ => Topic::You,
            },
        }
    }

    fn chapter(&self, title: &str, lines: Vec<String>) -> CreateEmbed {
        CreateEmbed::new()
            .title(self.say(title))
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

/// Of a topic's name; what is in it stands beside it.
fn topic_key(topic: Topic) -> String {
    format!("help-topic-{}", topic.name())
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
            suggest::choice(&format!("/{name}"), name)
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
            let topics = Topic::ALL.map(|topic| book.topic(topic));
            for topic in &topics {
                let length = length(std::slice::from_ref(topic));
                assert!(length <= EMBEDS_LENGTH, "{length}");
            }
            let told = serde_json::to_string(&topics).unwrap();
            assert!(!told.contains('…'), "nothing is left out");
            assert!(!told.contains("help-"), "{told}");
            for topic in Topic::ALL {
                assert_eq!(Topic::parse(topic.name()), Some(topic));
                for key in [topic_key(topic), topic_key(topic) + "-about"] {
                    let said = book.say(&key);
                    // Discord's bound on the label and the description of a menu's option.
                    assert!(said != key && said.chars().count() <= 100, "{said}");
                }
            }
            for name in FIRST {
                assert!(
                    leaves(&commands)
                        .iter()
                        .any(|leaf| leaf.qualified_name == name)
                );
            }
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
