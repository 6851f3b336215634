//! What is stored of a member of a guild: told in full, and deleted in full.
//!
//! # Promise
//!
//! What [`export`] tells is all there is, and after [`delete`] nothing of it is left: no time attack,
//! decision, message or switch, in this guild. A running time attack ends without a word. What stands
//! in Discord stays there, and backups made before still have it.
//!
//! To store something new of members: a function in its feature that tells it, one that forgets it,
//! and both called here. A test goes through the tables and finds what was left out.

use serde_json::{Value, json};

use crate::announce;
use crate::app::App;
use crate::campaign::{self, Campaign};
use crate::consent::{self, notices};
use crate::error::Result;
use crate::ids::{GuildId, UserId};
use crate::outbox;
use crate::subscriber;
use crate::template;
use crate::timeattack::correction::{self, Correction};
use crate::timeattack::{self, TimeAttack, reminders};

/// How much is stored of a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Time attacks, ended and running.
    pub attacks: usize,
    /// Of these, running ones.
    pub running: usize,
    /// Posts and direct messages, sent and waiting.
    pub messages: usize,
    /// Decisions about direct messages, with their notices.
    pub decisions: usize,
}

/// How much is stored of a member.
pub async fn amount(app: &App, guild: GuildId, user: UserId) -> Result<Amount> {
    let attacks = timeattack::all_of(app, guild, user).await?;
    let is_running = |attack: &&TimeAttack| attack.state == timeattack::State::Running;
    Ok(Amount {
        attacks: attacks.len(),
        running: attacks.iter().filter(is_running).count(),
        messages: app.outbox.of_member(guild, user).await?.len(),
        decisions: consent::records(app, guild, user).await?.len(),
    })
}

/// Deletes all of it, and returns how much it was.
pub async fn delete(app: &App, guild: GuildId, user: UserId) -> Result<Amount> {
    let amount = amount(app, guild, user).await?;
    // Found beside the writer, deleted with the rest.
    let messages = app.outbox.of_member(guild, user).await?;
    let job = (guild, user, messages, app.outbox.clone());
    let (running, edits) = app
        .db
        .write(job, |tx, (guild, user, messages, outbox)| {
            Box::pin(async move {
                outbox::forget(tx, messages).await?;
                announce::forget(tx, *guild, *user).await?;
                campaign::forget(tx, *guild, *user).await?;
                consent::forget(tx, *guild, *user).await?;
                subscriber::forget(tx, *guild, *user).await?;
                template::forget(tx, *guild, *user).await?;
                correction::forget(tx, *guild, *user).await?;
                timeattack::forget(tx, outbox, *guild, *user).await
            })
        })
        .await?;
    for attack in running {
        app.timers.disarm(attack);
    }
    app.outbox.hand(edits);
    // What came in meanwhile.
    app.outbox.forget_member(guild, user).await?;
    tracing::info!(guild.id = %guild, "all that was stored of a member was deleted");
    Ok(amount)
}

/// All that is stored of a member; times in UTC epoch milliseconds.
pub async fn export(app: &App, guild: GuildId, user: UserId) -> Result<Value> {
    let member = consent::member(app, guild, user).await?;
    let status = consent::status(app, guild, user).await?;
    let attacks = timeattack::all_of(app, guild, user).await?;
    let attacks: Vec<Value> = attacks.iter().map(attack).collect();
    let campaigns = campaign::by(app, guild, user).await?;
    let corrections = correction::about(app, guild, user).await?;
    let corrections = corrections.iter().map(|one| corrected(one, user));
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
        "reminders_off_ms": reminders::off_since(app, guild, user).await?,
        "consents": consent::records(app, guild, user).await?,
        "consent_notices": notices::all_of(app, guild, user).await?,
        "announcements": announce::by(app, guild, user).await?,
        "campaigns": campaigns.iter().map(made).collect::<Vec<Value>>(),
        "time_attacks": attacks,
        "corrections": corrections.collect::<Vec<Value>>(),
        "messages": app.outbox.about(guild, user).await?,
    }))
}

fn attack(attack: &TimeAttack) -> Value {
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
        "undos": attack.undos,
        "proof_url": attack.proof_url,
        "language": attack.language,
    })
}

fn made(campaign: &Campaign) -> Value {
    json!({
        "id": campaign.id.to_string(),
        "name": campaign.name,
        "template": campaign.template,
        "segment": campaign.segment,
        "kind": campaign.kind.as_str(),
        "created_ms": campaign.created_ms,
    })
}

/// Who else took part in it is theirs to ask about.
fn corrected(correction: &Correction, user: UserId) -> Value {
    json!({
        "id": correction.id.to_string(),
        "attack_id": correction.attack.to_string(),
        "attack_is_yours": correction.user == user,
        "made_by_you": correction.by == Some(user),
        "from": correction.from.as_str(),
        "to": correction.to.as_str(),
        "reason": correction.reason,
        "at_ms": correction.at_ms,
    })
}
