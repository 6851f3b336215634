//! The buttons below the greeting of a server: who may press them stands in [`controls`].
//!
//! [`controls`]: crate::discord::controls

use poise::serenity_prelude as serenity;
use serenity::{
    CreateActionRow, CreateSelectMenu, CreateSelectMenuKind, CreateSelectMenuOption, Http,
};

use super::channels::change_channels;
use super::locale::{entry, saved_from};
use super::saved;
use crate::app::App;
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::controls::Action;
use crate::discord::handler::Data;
use crate::error::{Result, UserError};
use crate::guild::{self, Change};
use crate::i18n::{Language, text};
use crate::messenger::markdown::escape;
use crate::zones;

/// Results are posted where the button was pressed.
pub(in crate::discord) async fn results_here(
    data: &Data,
    http: &Http,
    asker: &Asker,
) -> Result<Answer> {
    let change = Change::Channels {
        results: Some(Some(asker.channel)),
        alerts: None,
        fallback: None,
    };
    let reply = change_channels(data, http, asker, change).await?;
    Ok(Answer::Private(reply))
}

/// Asks for the zone: by a menu of a few, each with what its clocks show now.
pub(in crate::discord) async fn ask_zone(app: &App, asker: &Asker) -> Result<Answer> {
    let language = asker.language;
    let settings = guild::settings(app, asker.guild).await?;
    let option = |zone| {
        let (label, value) = entry(zone, app.now_ms(), language);
        CreateSelectMenuOption::new(label, value)
    };
    let options = zones::to_choose(settings.timezone);
    let options = options.into_iter().map(option).collect();
    let menu = CreateSelectMenu::new(
        Action::PickZone.custom_id(asker.asked()),
        CreateSelectMenuKind::String { options },
    )
    .placeholder(text(language, "zone-placeholder", &[]));
    let zone = escape(&zones::name(settings.timezone));
    let question = text(language, "zone-ask", &[("zone", zone.into())]);
    Ok(Answer::Private(
        Reply::new(question).row(CreateActionRow::SelectMenu(menu)),
    ))
}

/// The zone that was chosen from the menu.
pub(in crate::discord) async fn zone_picked(
    app: &App,
    asker: &Asker,
    picked: Option<&str>,
) -> Result<Answer> {
    let zone = picked.ok_or(UserError::Outdated)?;
    let change = Change::Timezone(guild::parse_zone(zone)?);
    let before = guild::settings(app, asker.guild).await?.timezone;
    let settings = guild::change(app, asker.guild, change).await?;
    Ok(Answer::Update(saved_from(before, &settings, asker)))
}

/// The server speaks this language from now on.
pub(in crate::discord) async fn speak(
    app: &App,
    asker: &Asker,
    language: Language,
) -> Result<Answer> {
    let settings = guild::change(app, asker.guild, Change::Language(language)).await?;
    Ok(Answer::Private(saved(&settings, asker)))
}
