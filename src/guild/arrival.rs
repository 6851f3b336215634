//! A server's first minute with the bot: its zone is guessed by its language, and a greeting says so,
//! with buttons for the three things that a server wants to choose first.
//!
//! # Promise
//!
//! - A server is greeted once, however often Discord tells of it, and whichever process hears it: the
//!   note that it was greeted and the greeting are one transaction.
//! - The greeting goes through the outbox, to the first of the given channels that takes it.
//! - A server that the bot has been in for longer than [`NEW_MS`], or that has settings already, keeps
//!   what it has. A zone that was guessed is said to be a guess until somebody chooses one.
//! - A server that has the commands alone has its zone guessed at the first interaction ([`heard_of`]).
//! - The greeting shows how things stand: when a setting changes that it names, it is edited.

use super::store::{self, Known};
use super::{Settings, ZoneGuess};
use crate::app::App;
use crate::db::Tx;
use crate::error::Result;
use crate::i18n::{Language, text};
use crate::ids::{ChannelId, GuildId};
use crate::messenger::markdown::{escape, shorten};
use crate::messenger::{Button, ButtonStyle, Message};
use crate::outbox::{self, Class, NewPost, Outbox, Row};
use crate::zones;

/// The bot's first days in a server: one that it came to while it was away is greeted, too, and one in
/// which it has long been is not told again what it knows.
pub const NEW_MS: i64 = 3 * 24 * 3_600_000;
/// Channels that the greeting may go to: if so many refuse it, the next one will as well.
pub const MOST_CHANNELS: usize = 5;

/// Characters of a place on a button.
const BUTTON_PLACE: usize = 20;

/// Posts results in the channel of the press.
pub const RESULTS_BUTTON: &str = "se:here";
/// Asks for the zone.
pub const ZONE_BUTTON: &str = "se:zone";
/// Speaks Korean.
pub const KOREAN_BUTTON: &str = "se:korean";
/// Speaks English.
pub const ENGLISH_BUTTON: &str = "se:english";

/// A server as Discord tells of it when the bot comes to it, and at each start.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Which.
    pub guild: GuildId,
    /// The language that Discord says it speaks.
    pub locale: String,
    /// When the bot came.
    pub joined_ms: i64,
    /// Where the bot may write, the best first.
    pub channels: Vec<ChannelId>,
}

/// Settles the zone of a server that is new, and greets it. Nothing happens to the others.
pub async fn arrived(app: &App, arrival: Arrival) -> Result<()> {
    if arrival.joined_ms < app.now_ms().saturating_sub(NEW_MS) {
        return Ok(());
    }
    let mut conn = app.db.read().await?;
    let known = store::known(&mut conn, arrival.guild).await?;
    drop(conn);
    if known == Known::Greeted || (known == Known::Settled && arrival.channels.is_empty()) {
        return Ok(());
    }
    let (guild, now_ms) = (arrival.guild, app.clock.now_ms());
    let outbox = app.outbox.clone();
    let greeting = app
        .db
        .write((arrival, now_ms), move |tx, (arrival, now_ms)| {
            let outbox = outbox.clone();
            Box::pin(async move { settle(tx, &outbox, arrival, *now_ms).await })
        })
        .await?;
    if greeting.is_some() {
        tracing::info!(guild.id = guild.0, "a server is greeted");
    }
    app.outbox.hand(greeting.into_iter().collect());
    Ok(())
}

/// Settles the zone of a server that has the commands alone, of which only an interaction tells: by the
/// language that it says the server speaks. Nothing happens to one that has settings.
pub async fn heard_of(app: &App, guild: GuildId, locale: &str) -> Result<()> {
    let mut conn = app.db.read().await?;
    let known = store::known(&mut conn, guild).await?;
    drop(conn);
    if known != Known::Nothing {
        return Ok(());
    }
    let job = (guild, locale.to_owned(), app.clock.now_ms());
    app.db
        .write(job, |tx, (guild, locale, now_ms)| {
            Box::pin(async move {
                settle_zone(tx, *guild, locale, *now_ms).await?;
                Ok(())
            })
        })
        .await
}

/// Guesses the zone of a server that has no settings. Returns how it is set.
async fn settle_zone(tx: &mut Tx, guild: GuildId, locale: &str, now_ms: i64) -> Result<Settings> {
    let mut settings = store::for_guild(tx, guild).await?;
    if store::known(tx, guild).await? == Known::Nothing {
        let guess = zones::of_locale(locale);
        settings.timezone = guess.zone;
        settings.zone_guess = Some(if guess.is_vague {
            ZoneGuess::VagueLocale
        } else {
            ZoneGuess::Locale
        });
        store::save(tx, guild, &settings, now_ms).await?;
    }
    Ok(settings)
}

/// In one transaction: the zone, the note that it was greeted, and the greeting.
async fn settle(
    tx: &mut Tx,
    outbox: &Outbox,
    arrival: &Arrival,
    now_ms: i64,
) -> Result<Option<Row>> {
    let guild = arrival.guild;
    let settings = settle_zone(tx, guild, &arrival.locale, now_ms).await?;
    // Without a channel it is greeted once it has one, if it is still new then.
    if arrival.channels.is_empty() || !store::greet(tx, guild, now_ms).await? {
        return Ok(None);
    }
    let spoken = Language::from_locale(&arrival.locale);
    let language = settings.language.unwrap_or(spoken);
    let row = outbox.prepare(NewPost {
        guild,
        user: None,
        class: Class::Notice,
        ladder: arrival.channels.clone(),
        alerts: None,
        language,
        message: message(&settings, language, now_ms),
        digest: None,
        dropped_ms: Some(now_ms.saturating_add(NEW_MS)),
        dedupe_key: key(guild),
    });
    outbox::enqueue(tx, std::slice::from_ref(&row), outbox.boot()).await?;
    Ok(Some(row))
}

/// Brings the greeting up to date, as long as the outbox knows it. Returns the edit to be handed over.
pub(super) async fn restate(
    tx: &mut Tx,
    outbox: &Outbox,
    guild: GuildId,
    settings: &Settings,
    now_ms: i64,
) -> Result<Option<Row>> {
    let mut is_same = true;
    let greeting = outbox::rewrite(tx, &key(guild), |payload| {
        let language = settings.language.unwrap_or(payload.language);
        let new = message(settings, language, now_ms);
        is_same = payload.message == new;
        payload.message = new;
    })
    .await?;
    let Some(greeting) = greeting.filter(|_| !is_same) else {
        return Ok(None);
    };
    let edit = outbox.prepare_edit(&greeting);
    outbox::enqueue(tx, std::slice::from_ref(&edit), outbox.boot()).await?;
    Ok(Some(edit))
}

fn key(guild: GuildId) -> String {
    format!("greeting:{}", guild.get())
}

/// What it says: what the bot is for, and how the three settings stand.
fn message(settings: &Settings, language: Language, now_ms: i64) -> Message {
    let zone = settings.timezone;
    let name = zones::name(zone);
    let place = zones::city(zone, language).unwrap_or_else(|| name.clone());
    let place = shorten(&place, BUTTON_PLACE);
    let results = settings.results.map_or_else(
        || text(language, "setup-where-started", &[]),
        |channel| format!("<#{}>", channel.get()),
    );
    let of_zone = match settings.zone_guess {
        None => "greeting-zone",
        Some(ZoneGuess::Locale) => "greeting-zone-guessed",
        Some(ZoneGuess::VagueLocale) => "greeting-zone-vague",
    };
    let zone_args = [
        ("zone", escape(&name).into()),
        (
            "offset",
            zones::offset_name(zones::offset_min(zone, now_ms)).into(),
        ),
    ];
    let lines = [
        text(language, "greeting", &[]),
        String::new(),
        text(language, "greeting-ask", &[]),
        text(language, "greeting-results", &[("where", results.into())]),
        text(language, of_zone, &zone_args),
        text(language, "greeting-language", &[]),
        String::new(),
        text(language, "greeting-more", &[]),
    ];
    let button = |custom_id: &str, label: String, style| Button {
        custom_id: custom_id.to_owned(),
        label,
        style,
    };
    // Each by its own name, whatever the reader's.
    let (other, spoken) = match language {
        Language::Korean => (ENGLISH_BUTTON, "English"),
        Language::English => (KOREAN_BUTTON, "한국어"),
    };
    Message {
        content: lines.join("\n"),
        buttons: vec![
            button(
                RESULTS_BUTTON,
                text(language, "button-results-here", &[]),
                ButtonStyle::Primary,
            ),
            button(
                ZONE_BUTTON,
                text(language, "button-zone", &[("place", place.into())]),
                ButtonStyle::Secondary,
            ),
            button(other, spoken.to_owned(), ButtonStyle::Secondary),
        ],
        ..Message::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messenger::CONTENT_LENGTH;

    #[test]
    fn the_greeting_fits_whatever_it_says() {
        for language in Language::ALL {
            for zone in chrono_tz::TZ_VARIANTS {
                let settings = Settings {
                    timezone: zone,
                    zone_guess: Some(ZoneGuess::VagueLocale),
                    results: Some(ChannelId(i64::MAX)),
                    ..Settings::default()
                };
                let message = message(&settings, language, 1_795_251_600_000);
                assert!(message.content.chars().count() <= CONTENT_LENGTH);
                assert!(message.mentions.is_empty() && message.buttons.len() == 3);
                for button in &message.buttons {
                    let length = button.label.chars().count();
                    assert!((1..=34).contains(&length), "{zone}: {}", button.label);
                }
            }
        }
    }
}
