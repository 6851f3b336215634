//! “Fill with sample data”: half a year of history, three hundred subscribers, a template with a picture
//! and a campaign, so that whoever tries the bot sees what it looks like when it is used.
//!
//! The past is written by [`timeattack::sample`], as nobody can live it by commands. All else is done as
//! the page's people would do it, by their commands and clicks, with the files of `examples/`: what the
//! button does can be done by hand, and the files cannot drift from what the bot takes.

use std::time::Duration;

use anyhow::Context as _;

use crate::app::App;
use crate::ids::GuildId;
use crate::sandbox::insight::Filled;
use crate::sandbox::{Actor, Cast, LocalDiscord, Message, OptionValue, Part, Reply};
use crate::timeattack::sample::{self, Person};

const SUBSCRIBERS: &str = include_str!("../../examples/subscribers.csv");
const TEMPLATE: &str = include_str!("../../examples/newsletter.html");
const BANNER: &[u8] = include_bytes!("../../examples/banner.png");

/// How long an answer that takes its time is waited for: far longer than it takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Fills the server. What is there already stays as it is.
pub(super) async fn fill(
    discord: &LocalDiscord,
    app: &App,
    guild: GuildId,
) -> anyhow::Result<Filled> {
    let cast = discord.cast(guild).context("there is no such server")?;
    let channel = *cast.channels.first().context("the server has no channel")?;
    let person = |part: &Part| Person {
        user: part.user,
        name: part.name.clone(),
        locale: part.locale.clone(),
    };
    let people: Vec<Person> = cast.people.iter().map(person).collect();
    let attacks = sample::fill(app, guild, channel, &people)
        .await
        .map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let play = Play {
        discord,
        cast: &cast,
    };
    let manages = |part: &&Part| part.manages;
    let admin = cast.people.iter().find(manages);
    let admin = admin.context("nobody manages the server")?;
    let is_mailed = play.mail(&discord.actor(admin.user, channel)).await?;
    // What everybody in the channel sees first.
    if attacks > 0
        && let Some(first) = cast.people.first()
    {
        let first = discord.actor(first.user, channel);
        play.does(
            &first,
            "/timeattack leaderboard",
            &[("period", text("all"))],
        )
        .await?;
        play.does(&first, "/timeattack stats", &[]).await?;
    }
    Ok(Filled { attacks, is_mailed })
}

/// The people of a server, as they use the bot.
struct Play<'a> {
    discord: &'a LocalDiscord,
    cast: &'a Cast,
}

impl Play<'_> {
    /// Subscribers, a template and a campaign that is sent; `false`: it was sent before.
    async fn mail(&self, admin: &Actor) -> anyhow::Result<bool> {
        let (campaign, subject) = match self.cast.locale.as_str() {
            "ko" => ("주간 소식", "{{ name }} 님, 새로운 한 주가 시작돼요"),
            _ => ("Weekly letter", "{{ name }}, a new week begins"),
        };
        let list = file("subscribers.csv", "text/csv", SUBSCRIBERS.as_bytes());
        let preview = self
            .does(admin, "/subscriber import", &[("file", list)])
            .await?;
        // Without a button there is nobody new in it.
        self.presses(admin, &preview, "su:import:").await?;
        let options = [
            ("name", text(campaign)),
            ("subject", text(subject)),
            (
                "body",
                file("newsletter.html", "text/html", TEMPLATE.as_bytes()),
            ),
            ("image1", file("banner.png", "image/png", BANNER)),
        ];
        self.does(admin, "/template save", &options).await?;
        let options = [
            ("name", text(campaign)),
            ("template", text(campaign)),
            ("kind", text("notice")),
        ];
        self.does(admin, "/campaign create", &options).await?;
        let shown = self
            .does(admin, "/campaign send", &[("name", text(campaign))])
            .await?;
        Ok(self.presses(admin, &shown, "ca:send:").await?.is_some())
    }

    /// Uses a command, and returns the whole answer.
    async fn does(
        &self,
        actor: &Actor,
        command: &str,
        options: &[(&str, OptionValue)],
    ) -> anyhow::Result<Message> {
        let reply = actor.slash_with(command, options).await;
        let reply = reply.with_context(|| command.to_owned())?;
        self.answered(reply)
            .await
            .with_context(|| format!("{command} was not answered"))
    }

    /// Presses the button of a message that does this, if it has one.
    async fn presses(
        &self,
        actor: &Actor,
        message: &Message,
        what: &str,
    ) -> anyhow::Result<Option<Message>> {
        let buttons = message.buttons();
        let ids = buttons.iter().filter_map(|one| one.custom_id.as_deref());
        let Some(button) = ids.into_iter().find(|id| id.starts_with(what)) else {
            return Ok(None);
        };
        match actor.click(message, button).await? {
            // The message itself is changed later on.
            Reply::Acknowledged => {
                let changed =
                    |now: &Message| now.id == message.id && now.edited_ms != message.edited_ms;
                self.shown(message, changed).await.map(Some)
            }
            reply => self.answered(reply).await.map(Some),
        }
    }

    /// The message of an answer, once it is filled in.
    async fn answered(&self, reply: Reply) -> anyhow::Result<Message> {
        let message = reply.message().context("there was no message")?;
        if !matches!(reply, Reply::Deferred(_)) {
            return Ok(message);
        }
        let filled = |now: &Message| now.id == message.id && !now.is_loading();
        self.shown(&message, filled).await
    }

    /// Waits until a message of this channel looks so.
    async fn shown(
        &self,
        message: &Message,
        looks: impl Fn(&Message) -> bool,
    ) -> anyhow::Result<Message> {
        let found = self.discord.message_where(message.channel_id, looks);
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.ok().flatten().context("the answer took too long")
    }
}

fn text(given: &str) -> OptionValue {
    OptionValue::Text(given.to_owned())
}

fn file(filename: &str, content_type: &str, bytes: &[u8]) -> OptionValue {
    OptionValue::File {
        filename: filename.to_owned(),
        content_type: content_type.to_owned(),
        bytes: bytes.to_vec(),
    }
}
