//! `/timezone`: a member's own time zone.

use poise::serenity_prelude as serenity;
use serenity::CreateAutocompleteResponse;

use super::setup::locale::zone_entries;
use crate::app::App;
use crate::consent::{self, Decider, Source, Zones};
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::discord::suggest::{self, MOST_CHOICES};
use crate::error::Result;
use crate::guild::parse_zone;
use crate::i18n::{Language, text};
use crate::messenger::markdown::escape;
use crate::zones;

/// What stands for the server's zone.
const SERVER: &str = "server";
/// What people may write for it.
const SERVERS: [&str; 7] = [
    SERVER,
    "서버",
    "서버 시간",
    "default",
    "기본",
    "none",
    "clear",
];

/// Choose your own time zone
#[poise::command(slash_command, guild_only)]
pub(super) async fn timezone(
    ctx: Context<'_>,
    #[autocomplete = "suggest_own_zone"] zone: Option<String>,
) -> Result<()> {
    let answer = async {
        let app = &ctx.data().app;
        let asker = Asker::of_command(ctx.interaction)?;
        let given = zone
            .as_deref()
            .map(str::trim)
            .filter(|zone| !zone.is_empty());
        let (zones, is_new) = match given {
            None => (consent::zones(app, asker.guild, asker.user).await?, false),
            Some(given) if is_server(given) => (set(app, &asker, None).await?, true),
            Some(given) => (set(app, &asker, Some(parse_zone(given)?)).await?, true),
        };
        let now_ms = app.now_ms();
        let told = told(zones, is_new, now_ms, asker.language);
        Ok(Answer::Private(Reply::new(told)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

async fn set(app: &App, asker: &Asker, own: Option<chrono_tz::Tz>) -> Result<Zones> {
    let decider = Decider {
        guild: asker.guild,
        // Kept as it is: what the server is called matters to messages only.
        guild_name: String::new(),
        user: asker.user,
        language: asker.language,
        source: Source::Command,
    };
    consent::set_zone(app, decider, own).await
}

fn is_server(given: &str) -> bool {
    SERVERS.iter().any(|word| word.eq_ignore_ascii_case(given))
}

/// Whose clock it is, and what that shows now.
fn told(zones: Zones, is_new: bool, now_ms: i64, language: Language) -> String {
    let zone = zones.theirs();
    let args = [
        ("zone", escape(&zones::name(zone)).into()),
        ("time", zones::local_time(zone, now_ms).into()),
        (
            "offset",
            zones::offset_name(zones::offset_min(zone, now_ms)).into(),
        ),
        ("server", escape(&zones::name(zones.server)).into()),
    ];
    let key = match (zones.own, is_new) {
        (Some(_), true) => "timezone-set",
        (Some(_), false) => "timezone-own",
        (None, true) => "timezone-cleared",
        (None, false) => "timezone-server",
    };
    text(language, key, &args)
}

/// Zones that may be meant, and the server's.
async fn suggest_own_zone(ctx: Context<'_>, partial: &str) -> CreateAutocompleteResponse {
    suggest::offered(async {
        let app = &ctx.data().app;
        let asker = Asker::of_command(ctx.interaction)?;
        let now_ms = app.now_ms();
        let mut entries = zone_entries(partial, now_ms, asker.language);
        let typed = partial.trim().to_lowercase();
        if SERVERS.iter().any(|word| word.starts_with(&typed)) {
            let server = consent::zones(app, asker.guild, asker.user).await?.server;
            let args = [
                ("zone", zones::name(server).into()),
                ("time", zones::local_time(server, now_ms).into()),
            ];
            let name = text(asker.language, "timezone-choice-server", &args);
            entries.insert(0, (name, SERVER.to_owned()));
        }
        let choice = |(name, value): (String, String)| suggest::choice(&name, value);
        Ok(entries.into_iter().take(MOST_CHOICES).map(choice).collect())
    })
    .await
}
