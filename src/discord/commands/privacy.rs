//! `/privacy`: what the bot knows about a member.

use poise::serenity_prelude as serenity;
use serde_json::json;
use serenity::CreateAttachment;

use crate::announce;
use crate::app::App;
use crate::consent::{self, notices};
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::error::Result;
use crate::i18n::text;
use crate::timeattack;

/// The file's name.
const FILE: &str = "timeattack-data.json";

/// What the bot knows about you
#[poise::command(slash_command, guild_only, subcommand_required, subcommands("export"))]
#[expect(
    clippy::unused_async,
    reason = "poise's form; a group itself is never used"
)]
pub(in crate::discord) async fn privacy(_ctx: Context<'_>) -> Result<()> {
    Ok(())
}

/// Get everything as a file
#[poise::command(slash_command)]
async fn export(ctx: Context<'_>) -> Result<()> {
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        let data = everything(&ctx.data().app, &asker).await?;
        let file = CreateAttachment::bytes(serde_json::to_vec_pretty(&data)?, FILE);
        let said = text(asker.language, "privacy-exported", &[]);
        Ok(Answer::Private(Reply::new(said).file(file)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// All that is stored of the asker in this server; times in UTC epoch milliseconds.
async fn everything(app: &App, asker: &Asker) -> Result<serde_json::Value> {
    let (guild, user) = (asker.guild, asker.user);
    let member = consent::member(app, guild, user).await?;
    let status = consent::status(app, guild, user).await?;
    let records = consent::records(app, guild, user).await?;
    let attacks = timeattack::all_of(app, guild, user).await?;
    let attacks: Vec<_> = attacks
        .iter()
        .map(|attack| {
            json!({
                "id": attack.id.to_string(),
                "channel_id": attack.channel.to_string(),
                "member_name": attack.member_name,
                "task": attack.task,
                "state": attack.state.as_str(),
                "started_ms": attack.started_ms,
                "deadline_ms": attack.deadline_ms,
                "finished_ms": attack.finished_ms,
                "extensions": attack.extensions,
                "proof_url": attack.proof_url,
                "language": attack.language,
            })
        })
        .collect();
    let messages = app.outbox.about(guild, user).await?;
    Ok(json!({
        "guild_id": guild.to_string(),
        "user_id": user.to_string(),
        "exported_ms": app.clock.now_ms(),
        "direct_messages": member.map(|member| json!({
            "guild_name": member.guild_name,
            "timezone": member.timezone.map(chrono_tz::Tz::name),
            "language": member.language,
            "notice": member.notice,
            "ads": member.ads,
            "night": member.night,
            "closed_ms": status.closed_ms,
        })),
        "consents": records,
        "consent_notices": notices::all_of(app, guild, user).await?,
        "announcements": announce::by(app, guild, user).await?,
        "time_attacks": attacks,
        "messages": messages,
    }))
}
