//! `/announce`: a direct message to everybody who allowed it. Shown first, sent after a click.

use std::collections::HashSet;

use futures_util::{StreamExt as _, stream};
use poise::serenity_prelude as serenity;
use serenity::{ButtonStyle, CreateActionRow, CreateButton, CreateEmbed, Http, HttpError};

use super::manager;
use crate::announce::{self, Announcement, Audience, Draft, Kind, Progress, Role};
use crate::app::App;
use crate::clock::Clock;
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::choice::{Choice, Choosable};
use crate::discord::connection::describe;
use crate::discord::controls::{Action, Asked};
use crate::discord::follow::{self, Look};
use crate::discord::framework::Context;
use crate::discord::guild_name::guild_name;
use crate::discord::handler::Data;
use crate::discord::respond::{self, Deferral};
use crate::error::{Error, Result, UserError};
use crate::i18n::{Language, text};
use crate::ids::{AnnouncementId, GuildId, RoleId, UserId};
use crate::timeattack::text::timestamp;

/// Members asked about at once.
const AT_ONCE: usize = 8;
/// Between two such groups: well below Discord's 50 requests a second.
const BETWEEN_MS: i64 = 250;
/// Members asked about at all: what is done while an answer may still be given.
const MOST_ASKED: usize = 5_000;
/// How often each is asked about, and the wait between, growing.
const TRIES: i64 = 3;
const AGAIN_MS: i64 = 1_000;
/// Discord's code for somebody who is not in the server; a 404 alone may be a proxy's.
const UNKNOWN_MEMBER: isize = 10_007;

/// Write to everybody who allowed direct messages
#[poise::command(slash_command, guild_only, default_member_permissions = "MANAGE_GUILD")]
pub(in crate::discord) async fn announce(
    ctx: Context<'_>,
    #[max_length = 1400] body: String,
    kind: Choice<Kind>,
    role: Option<serenity::Role>,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let (app, http) = (&ctx.data().app, &ctx.serenity_context().http);
        let role = match role {
            Some(role) => Some(holders(app, http, &asker, role).await?),
            None => None,
        };
        let draft = Draft {
            guild: asker.guild,
            guild_name: guild_name(app, http, &asker).await,
            author: asker.user,
            kind: kind.0,
            body,
            role,
        };
        let (announcement, audience) = announce::draft(app, draft).await?;
        let preview = preview(&announcement, &audience, &asker);
        Ok(Answer::Private(preview))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

impl Choosable for Kind {
    const ALL: &'static [Self] = &[Self::Notice, Self::Ad];

    fn name(self) -> &'static str {
        self.as_str()
    }

    fn label(self, language: Language) -> String {
        let key = match self {
            Self::Notice => "announce-kind-notice",
            Self::Ad => "announce-kind-ad",
        };
        text(language, key, &[])
    }
}

/// Who of those who allow direct messages has a role. Each is asked about by name: the list of a
/// server's members is a privileged intent, which this bot does without.
async fn holders(app: &App, http: &Http, asker: &Asker, role: serenity::Role) -> Result<Role> {
    let allowing = announce::allowing(app, asker.guild).await?;
    let everyone = role.id.get() == asker.guild.get();
    if !everyone && allowing.len() > MOST_ASKED {
        return Err(UserError::TooManyForRole { most: MOST_ASKED }.into());
    }
    let mut holders = HashSet::new();
    for group in allowing.chunks(AT_ONCE) {
        if everyone {
            holders.extend(group.iter().copied());
            continue;
        }
        let asked = stream::iter(group.iter().copied())
            .map(|user| has_role(&app.clock, http, asker.guild, user, role.id));
        let answers: Vec<Result<Option<UserId>>> = asked.buffer_unordered(AT_ONCE).collect().await;
        for answer in answers {
            holders.extend(answer?);
        }
        if group.len() == AT_ONCE {
            app.clock.sleep_ms(BETWEEN_MS).await;
        }
    }
    Ok(Role {
        id: RoleId::from(role.id.get()),
        holders,
    })
}

async fn has_role(
    clock: &Clock,
    http: &Http,
    guild: GuildId,
    user: UserId,
    role: serenity::RoleId,
) -> Result<Option<UserId>> {
    let guild = serenity::GuildId::new(guild.get());
    let user_id = serenity::UserId::new(user.get());
    for attempt in 1..=TRIES {
        match http.get_member(guild, user_id).await {
            Ok(member) => return Ok(member.roles.contains(&role).then_some(user)),
            // They have left.
            Err(serenity::Error::Http(HttpError::UnsuccessfulRequest(refusal)))
                if refusal.error.code == UNKNOWN_MEMBER =>
            {
                return Ok(None);
            }
            Err(error) => {
                let error = describe(error);
                tracing::warn!(attempt, error, "a member's roles could not be read");
                clock.sleep_ms(attempt * AGAIN_MS).await;
            }
        }
    }
    Err(Error::User(UserError::RolesUnreadable))
}

/// How it will look, and who gets it when.
fn preview(announcement: &Announcement, audience: &Audience, asker: &Asker) -> Reply {
    let (language, asked) = (asker.language, asker.asked());
    let line = |key: &str, count: i64| text(language, key, &[("count", count.into())]);
    let mut lines = vec![text(language, "announce-preview", &[])];
    lines.push(line("announce-now", audience.now));
    if let Some(first_ms) = audience.morning_ms {
        let args = [
            ("count", audience.morning.into()),
            ("at", timestamp(first_ms, 'f').into()),
        ];
        lines.push(text(language, "announce-morning", &args));
    }
    for (key, count) in [
        ("announce-no-ads", audience.no_ads),
        ("announce-left", audience.left),
        ("announce-closed", audience.closed),
        ("announce-without-role", audience.without_role),
        ("announce-refused", audience.refused),
    ] {
        if count > 0 {
            lines.push(line(key, count));
        }
    }
    // Whoever sees the preview is its author.
    let composed = announce::compose(announcement, Some(&asker.name));
    let embed = CreateEmbed::new().description(composed);
    let mut reply = Reply::new(lines.join("\n")).embed(embed);
    let mut buttons = Vec::new();
    if audience.total() > 0 {
        let send = Action::SendAnnouncement(announcement.id);
        let total = [("count", audience.total().into())];
        buttons.push(
            CreateButton::new(send.custom_id(asked))
                .label(text(language, "announce-send", &total))
                .style(ButtonStyle::Danger),
        );
    }
    let drop = Action::CancelAnnouncement(announcement.id);
    buttons.push(
        CreateButton::new(drop.custom_id(asked))
            .label(text(language, "button-cancel", &[]))
            .style(ButtonStyle::Secondary),
    );
    reply = reply.row(CreateActionRow::Buttons(buttons));
    reply
}

/// The preview was confirmed.
pub(in crate::discord) async fn confirmed(
    app: &App,
    asker: &Asker,
    id: AnnouncementId,
) -> Result<Answer> {
    announce::send(app, asker.guild, id).await?;
    refreshed(app, asker, id).await
}

/// How far it is.
pub(in crate::discord) async fn refreshed(
    app: &App,
    asker: &Asker,
    id: AnnouncementId,
) -> Result<Answer> {
    let progress = announce::progress(app, asker.guild, id).await?;
    Ok(Answer::Update(bar(
        id,
        &progress,
        asker.asked(),
        asker.language,
    )))
}

/// What is left of it is stopped, or the draft forgotten.
pub(in crate::discord) async fn cancelled(
    app: &App,
    asker: &Asker,
    id: AnnouncementId,
) -> Result<Answer> {
    announce::cancel(app, asker.guild, id).await?;
    refreshed(app, asker, id).await
}

fn bar(id: AnnouncementId, progress: &Progress, asked: Asked, language: Language) -> Reply {
    let total = progress.total();
    let done = total - progress.waiting - progress.held;
    let heading = match (progress.is_cancelled, progress.is_over()) {
        (true, _) => "announce-cancelled",
        (false, true) => "announce-done",
        (false, false) => "announce-sending",
    };
    let mut lines = vec![text(language, heading, &[]), follow::bar(done, total)];
    for (key, count) in [
        ("announce-sent", progress.sent),
        ("announce-waiting", progress.waiting),
        ("announce-held", progress.held),
        ("announce-undelivered", progress.refused),
        ("announce-withdrawn", progress.withdrawn),
        ("announce-stopped", progress.cancelled),
    ] {
        if count > 0 {
            lines.push(text(language, key, &[("count", count.into())]));
        }
    }
    let reply = Reply::new(lines.join("\n"));
    if progress.is_over() || progress.is_cancelled {
        return reply;
    }
    let button = |action: &Action, key: &str, style| {
        CreateButton::new(action.custom_id(asked))
            .label(text(language, key, &[]))
            .style(style)
    };
    reply.row(CreateActionRow::Buttons(vec![
        button(
            &Action::ShowAnnouncement(id),
            "button-refresh",
            ButtonStyle::Secondary,
        ),
        button(
            &Action::CancelAnnouncement(id),
            "announce-stop",
            ButtonStyle::Danger,
        ),
    ]))
}

/// Brings the message of a confirmed announcement up to date until it is over, by itself.
pub(in crate::discord) fn followed(
    data: &Data,
    ctx: &serenity::Context,
    asker: &Asker,
    id: AnnouncementId,
) {
    let (app, asked, language) = (data.app.clone(), asker.asked(), asker.language);
    follow::follow(&data.app, &ctx.http, asker, move |()| {
        let app = app.clone();
        async move {
            let progress = announce::progress(&app, asked.guild, id).await?;
            let look = Look {
                reply: bar(id, &progress, asked, language),
                is_over: progress.is_over() || progress.is_cancelled,
            };
            Ok((look, ()))
        }
    });
}
