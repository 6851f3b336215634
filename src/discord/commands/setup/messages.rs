//! `/setup messages`: shows how the posts would look, and saves them only then.
//!
//! Until they are saved, the templates live in the preview itself: each in the footer of its
//! embed, which Discord shows as it is, without markdown. What the bot wrote into its message comes
//! back with the press of its button, so a preview outlives a restart and costs no memory. A hash
//! in the button tells whether what comes back is what was shown.

use std::fmt;

use poise::serenity_prelude as serenity;
use serenity::{
    ButtonStyle, CreateActionRow, CreateButton, CreateEmbed, CreateEmbedFooter, Message,
};

use super::saved;
use crate::app::App;
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::choice::{Choice, Choosable};
use crate::discord::commands::manager;
use crate::discord::controls::Action;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::error::{Result, UserError};
use crate::guild::template;
use crate::guild::{self, Change, Style};
use crate::i18n::display::unturned;
use crate::i18n::{Language, text};
use crate::messenger::markdown::code_line;
use crate::timeattack;

/// What is typed to have the original back.
const DEFAULT: &str = "default";
/// Characters shown on either side of a fault.
const CONTEXT: usize = 20;

/// Choose the words of the results
#[poise::command(slash_command)]
pub(super) async fn messages(
    ctx: Context<'_>,
    style: Option<Choice<Style>>,
    #[max_length = 1000] success: Option<String>,
    #[max_length = 1000] failure: Option<String>,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let style = style.map(|style| style.0);
        // With a style both posts are its own, but for what is worded here.
        let default = style.map(|_| None);
        let typed = Templates {
            style,
            success: success.as_deref().map(typed).or(default.clone()),
            failure: failure.as_deref().map(typed).or(default),
        };
        let reply = match typed.check() {
            Ok(()) => preview(&ctx.data().app, &asker, &typed).await?,
            Err((error, template)) => Reply::new(fault(&error, &template, asker.language)),
        };
        Ok(Answer::Private(reply))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

impl Choosable for Style {
    const ALL: &'static [Self] = &Style::ALL;

    fn name(self) -> &'static str {
        self.as_str()
    }

    fn label(self, language: Language) -> String {
        let key = match self {
            Self::Classic => "style-classic",
            Self::Gentle => "style-gentle",
            Self::Plain => "style-plain",
        };
        text(language, key, &[])
    }
}

/// What is to be changed: an outer `None` stays as it is, an inner one is the style's own.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Templates {
    style: Option<Style>,
    success: Option<Option<String>>,
    failure: Option<Option<String>>,
}

/// What the button of a preview says about it: which templates are in it, in which order, and
/// their hash. `s` and `f` are templates of the guild's own, `S` and `F` the style's. Before them
/// stands the style, if it is chosen: `c`, `g` or `p`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::discord) struct Saved {
    style: Option<Style>,
    success: Option<Kind>,
    failure: Option<Kind>,
    hash: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Own,
    Original,
}

impl fmt::Display for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.style.map_or("", letter))?;
        f.write_str(match self.success {
            Some(Kind::Own) => "s",
            Some(Kind::Original) => "S",
            None => "",
        })?;
        f.write_str(match self.failure {
            Some(Kind::Own) => "f",
            Some(Kind::Original) => "F",
            None => "",
        })?;
        write!(f, "-{:016x}", self.hash)
    }
}

/// The style in a button.
fn letter(style: Style) -> &'static str {
    match style {
        Style::Classic => "c",
        Style::Gentle => "g",
        Style::Plain => "p",
    }
}

impl Saved {
    /// Reads what `Display` writes.
    pub(in crate::discord) fn parse(text: &str) -> Option<Self> {
        let (kinds, hash) = text.split_once('-')?;
        let chosen = Style::ALL
            .into_iter()
            .find(|style| kinds.starts_with(letter(*style)));
        let kinds = kinds.strip_prefix(chosen.map_or("", letter))?;
        let (success, failure) = match kinds {
            "s" => (Some(Kind::Own), None),
            "S" => (Some(Kind::Original), None),
            "f" => (None, Some(Kind::Own)),
            "F" => (None, Some(Kind::Original)),
            "sf" => (Some(Kind::Own), Some(Kind::Own)),
            "sF" => (Some(Kind::Own), Some(Kind::Original)),
            "Sf" => (Some(Kind::Original), Some(Kind::Own)),
            "SF" => (Some(Kind::Original), Some(Kind::Original)),
            _ => return None,
        };
        let hash = u64::from_str_radix(hash, 16).ok()?;
        // A style says both.
        if chosen.is_some() && (success.is_none() || failure.is_none()) {
            return None;
        }
        Some(Self {
            style: chosen,
            success,
            failure,
            hash,
        })
    }
}

impl Templates {
    /// The first fault, and the template that has it.
    fn check(&self) -> Result<(), (UserError, String)> {
        if self.success.is_none() && self.failure.is_none() {
            return Err((UserError::NothingToChange, String::new()));
        }
        for template in [&self.success, &self.failure]
            .into_iter()
            .flatten()
            .flatten()
        {
            template::parse(template).map_err(|error| (error, template.clone()))?;
        }
        Ok(())
    }

    fn saved(&self) -> Saved {
        let kind = |template: &Option<Option<String>>| {
            template.as_ref().map(|template| match template {
                Some(_) => Kind::Own,
                None => Kind::Original,
            })
        };
        Saved {
            style: self.style,
            success: kind(&self.success),
            failure: kind(&self.failure),
            hash: self.hash(),
        }
    }

    /// FNV-1a, which needs no crate and stays the same in every version: it tells a changed text,
    /// not an attacker, as only the bot writes its messages.
    fn hash(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for template in [&self.success, &self.failure] {
            let own = template.as_ref().and_then(Option::as_deref).unwrap_or("");
            for byte in own.bytes().chain([0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        hash
    }

    /// Reads the templates back from the preview that `saved` was a button of.
    fn read(saved: Saved, message: &Message) -> Result<Self, UserError> {
        let mut embeds = message.embeds.iter();
        let mut read = |kind: Option<Kind>| -> Result<Option<Option<String>>, UserError> {
            let Some(kind) = kind else { return Ok(None) };
            let embed = embeds.next().ok_or(UserError::Outdated)?;
            match kind {
                Kind::Original => Ok(Some(None)),
                Kind::Own => {
                    let footer = embed.footer.as_ref().ok_or(UserError::Outdated)?;
                    Ok(Some(Some(footer.text.clone())))
                }
            }
        };
        let templates = Self {
            style: saved.style,
            success: read(saved.success)?,
            failure: read(saved.failure)?,
        };
        if templates.hash() == saved.hash {
            Ok(templates)
        } else {
            Err(UserError::Outdated)
        }
    }
}

/// A template as it was typed: on one line, as Discord's footers keep no others, and without what
/// turns its direction.
fn typed(template: &str) -> Option<String> {
    let template = unturned(template.trim());
    let is_default = template.eq_ignore_ascii_case(DEFAULT);
    (!is_default).then(|| template.replace("\r\n", "\\n").replace(['\n', '\r'], "\\n"))
}

/// Both posts as they would look, with buttons to save or forget them.
async fn preview(app: &App, asker: &Asker, templates: &Templates) -> Result<Reply> {
    let mut settings = guild::settings(app, asker.guild).await?;
    let language = settings.language.unwrap_or(asker.guild_language);
    settings.style = templates.style.unwrap_or(settings.style);
    if let Some(success) = &templates.success {
        settings.success_template.clone_from(success);
    }
    if let Some(failure) = &templates.failure {
        settings.failure_template.clone_from(failure);
    }
    let sample = timeattack::Sample {
        actor: asker.actor(),
        member_name: asker.name.clone(),
        task: text(language, "preview-task", &[]),
        language,
    };
    let posts = timeattack::preview(&settings, sample);
    let mut reply = Reply::new(text(asker.language, "preview-title", &[]));
    if let Some(style) = templates.style {
        let style = style.label(asker.language);
        reply = reply.line(&text(
            asker.language,
            "preview-style",
            &[("value", style.into())],
        ));
    }
    let parts = [
        ("preview-success", posts.success, &templates.success),
        ("preview-failure", posts.failure, &templates.failure),
    ];
    for (key, post, template) in parts {
        let Some(template) = template else { continue };
        let mut embed = CreateEmbed::new()
            .title(text(asker.language, key, &[]))
            .description(post);
        if let Some(own) = template {
            embed = embed.footer(CreateEmbedFooter::new(own.clone()));
        }
        reply = reply.embed(embed);
    }
    let button = |action: &Action, key: &str, style| {
        CreateButton::new(action.custom_id(asker.asked()))
            .label(text(asker.language, key, &[]))
            .style(style)
    };
    let save = Action::SaveMessages(templates.saved());
    Ok(reply.row(CreateActionRow::Buttons(vec![
        button(&save, "button-save", ButtonStyle::Primary),
        button(
            &Action::CancelMessages,
            "button-cancel",
            ButtonStyle::Secondary,
        ),
    ])))
}

/// The button of a preview: saves what it shows.
pub(in crate::discord) async fn save(
    app: &App,
    asker: &Asker,
    message: &Message,
    shown: Saved,
) -> Result<Answer> {
    let templates = Templates::read(shown, message)?;
    let change = match templates.style {
        Some(style) => Change::Style {
            style,
            success: templates.success.flatten(),
            failure: templates.failure.flatten(),
        },
        None => Change::Messages {
            success: templates.success,
            failure: templates.failure,
        },
    };
    let settings = guild::change(app, asker.guild, change).await?;
    Ok(Answer::Update(saved(&settings, asker)))
}

/// The button of a preview: forgets it.
pub(in crate::discord) fn cancel(asker: &Asker) -> Answer {
    let content = text(asker.language, "preview-cancelled", &[]);
    Answer::Update(Reply::new(content))
}

/// What is wrong with a template, and where: the part around it with a caret below.
fn fault(error: &UserError, template: &str, language: Language) -> String {
    let message = error.text(language);
    let UserError::Template { at, .. } = error else {
        return message;
    };
    // The place counts a typed `\n` as the one character it stands for.
    let plain = template.replace("\\n", "\n");
    let characters: Vec<char> = plain.chars().collect();
    let at = (at - 1).min(characters.len().saturating_sub(1));
    let start = at.saturating_sub(CONTEXT);
    let end = (at + CONTEXT + 1).min(characters.len());
    let excerpt: String = characters[start..end].iter().collect();
    let before: String = characters[start..at].iter().collect();
    // Discord's code font shows a Hangul syllable as wide as two others.
    let width: usize = before.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum();
    format!(
        "{message}\n```\n{}\n{}^\n```",
        code_line(&excerpt),
        " ".repeat(width)
    )
}

fn is_wide(character: char) -> bool {
    matches!(character, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ff60}' | '\u{1f300}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn templates(success: &str, failure: &str) -> Templates {
        Templates {
            style: None,
            success: Some(typed(success)),
            failure: Some(typed(failure)),
        }
    }

    #[test]
    fn what_a_button_says_of_its_preview_is_read_back() {
        for templates in [
            templates("{task}", "default"),
            templates("Default ", "{name}"),
            Templates {
                style: None,
                success: None,
                failure: Some(Some("x".into())),
            },
            Templates {
                style: Some(Style::Gentle),
                ..templates("default", "{task}")
            },
        ] {
            let saved = templates.saved();
            assert_eq!(Saved::parse(&saved.to_string()), Some(saved));
        }
        for wrong in [
            "",
            "s",
            "fs-0",
            "s-xyz",
            "-0000000000000000",
            "g-0",
            "gs-0",
            "xSF-0",
        ] {
            assert_eq!(Saved::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_template_that_changed_on_its_way_has_another_hash() {
        assert_ne!(templates("a", "b").hash(), templates("ab", "").hash());
        assert_ne!(templates("a ", "b").hash(), templates("a  b", "b").hash());
    }

    #[test]
    fn line_breaks_become_what_can_be_typed() {
        assert_eq!(typed(" a\nb\r\nc "), Some("a\\nb\\nc".into()));
        assert_eq!(typed(" DEFAULT "), None);
    }

    #[test]
    fn a_fault_is_pointed_at() {
        let (error, template) = templates("축하해요 {tsak}!", "default")
            .check()
            .unwrap_err();
        let shown = fault(&error, &template, Language::English);
        let (message, excerpt) = shown.split_once("```\n").unwrap();
        assert!(message.contains("tsak"));
        assert_eq!(excerpt, "축하해요 {tsak}!\n         ^\n```");
    }
}
