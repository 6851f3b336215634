//! `/setup show`

use poise::serenity_prelude as serenity;
use serenity::CreateEmbed;

use super::reminders;
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::choice::Choosable as _;
use crate::discord::commands::manager;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::duration_text::format_duration;
use crate::error::Result;
use crate::guild::{self, Settings};
use crate::i18n::{Language, text};
use crate::ids::ChannelId;
use crate::messenger::markdown::{code_line, escape, shorten};
use crate::quiet_hours::QuietHours;
use crate::zones;

/// Characters of a template in the list.
const SHOWN_TEMPLATE: usize = 300;

/// Show this server's settings
#[poise::command(slash_command)]
pub(super) async fn show(ctx: Context<'_>) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let settings = guild::settings(&ctx.data().app, asker.guild).await?;
        let reply = Reply::default().embed(summary(&settings, &asker));
        Ok(Answer::Private(reply))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Everything that is in force.
pub(super) fn summary(settings: &Settings, asker: &Asker) -> CreateEmbed {
    let language = asker.language;
    let say = |key: &str, value: String| text(language, key, &[("value", value.into())]);
    let none = || text(language, "setup-none", &[]);
    let channel = |channel: Option<ChannelId>| {
        channel.map_or_else(none, |channel| format!("<#{}>", channel.get()))
    };
    let results = settings.results.map_or_else(
        || text(language, "setup-where-started", &[]),
        |channel| format!("<#{}>", channel.get()),
    );
    let template = |template: Option<&str>| {
        template.map_or_else(
            || text(language, "setup-default", &[]),
            |template| format!("`{}`", code_line(&shorten(template, SHOWN_TEMPLATE))),
        )
    };
    let public = settings.language.unwrap_or(asker.guild_language);
    let lines = [
        say("setup-results", results),
        say("setup-alerts", channel(settings.alerts)),
        say("setup-fallback", channel(settings.fallback)),
        say("setup-timezone", zone(settings, language)),
        say("setup-language", language_name(public).to_owned()),
        say(
            "setup-quiet-hours",
            quiet_hours(settings.quiet_hours, language),
        ),
        say(
            "setup-reminders",
            reminders::written(&settings.reminders, language),
        ),
        say("setup-running", settings.running_limit.to_string()),
        say(
            "setup-longest",
            format_duration(settings.longest_ms, language),
        ),
        say("setup-extensions", settings.extension_limit.to_string()),
        say("setup-style", settings.style.label(language)),
        say(
            "setup-success",
            template(settings.success_template.as_deref()),
        ),
        say(
            "setup-failure",
            template(settings.failure_template.as_deref()),
        ),
    ];
    CreateEmbed::new()
        .title(text(language, "setup-title", &[]))
        .description(lines.join("\n"))
}

/// The zone, and whether anybody chose it.
fn zone(settings: &Settings, language: Language) -> String {
    let name = escape(&zones::name(settings.timezone));
    match settings.zone_guess {
        None => name,
        Some(_) => text(language, "setup-zone-guessed", &[("zone", name.into())]),
    }
}

fn language_name(language: Language) -> &'static str {
    match language {
        Language::Korean => "한국어",
        Language::English => "English",
    }
}

fn quiet_hours(quiet: QuietHours, language: Language) -> String {
    if quiet.start_min == quiet.end_min {
        return text(language, "setup-none", &[]);
    }
    let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    format!("{}–{}", time(quiet.start_min), time(quiet.end_min))
}
