//! `/timeattack leaderboard`: for everybody in the channel, page by page.
//!
//! The pages of an answer are turned by whoever asked for it; anybody else who presses gets a board
//! of their own, which only they see, so that nobody turns it under others' eyes.

use std::collections::HashSet;

use poise::serenity_prelude as serenity;
use serenity::{ButtonStyle, CreateActionRow, CreateButton, Message, MessageFlags};

use crate::app::App;
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::choice::{Choice, Choosable};
use crate::discord::controls::Action;
use crate::discord::framework::Context;
use crate::discord::names::{self, Names};
use crate::discord::respond::{self, Deferral};
use crate::error::Result;
use crate::guild;
use crate::i18n::{Language, text};
use crate::ids::UserId;
use crate::messenger::markdown::escape;
use crate::timeattack::record::text::{date, day_count, medal, ordinal};
use crate::timeattack::record::{self, Leaderboard, Period, Place};
use crate::zones;

/// Show who completed most
#[poise::command(slash_command)]
pub(super) async fn leaderboard(ctx: Context<'_>, period: Option<Choice<Period>>) -> Result<()> {
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        let app = &ctx.data().app;
        let language = public_language(app, &asker).await?;
        let period = period.map_or(Period::Week, |period| period.0);
        let board = page(app, &asker, language, period, 0).await?;
        Ok(Answer::in_public(board, &asker))
    };
    respond::command(ctx, Deferral::Public, answer).await
}

/// A page was turned.
pub(in crate::discord) async fn turned(
    app: &App,
    asker: &Asker,
    period: Period,
    to: usize,
    owner: UserId,
    message: &Message,
) -> Result<Answer> {
    let flags = message.flags.unwrap_or_default();
    let is_private = flags.contains(MessageFlags::EPHEMERAL);
    let is_own = asker.user == owner;
    let language = if is_private || !is_own {
        asker.language
    } else {
        public_language(app, asker).await?
    };
    let board = page(app, asker, language, period, to).await?;
    Ok(if is_own {
        Answer::Update(board)
    } else {
        Answer::Private(board)
    })
}

async fn public_language(app: &App, asker: &Asker) -> Result<Language> {
    let settings = guild::settings(app, asker.guild).await?;
    Ok(settings.language.unwrap_or(asker.guild_language))
}

/// One page, with buttons to its neighbours.
async fn page(
    app: &App,
    asker: &Asker,
    language: Language,
    period: Period,
    page: usize,
) -> Result<Reply> {
    let board = record::leaderboard(app, asker.guild, asker.user, period, page).await?;
    // With it Discord tells their names, too.
    let users = board.places.iter().map(|place| place.score.user);
    let left = names::left(app, asker.guild, users.clone()).await;
    let names = Names::known(app, asker.guild, users.chain([asker.user])).await?;
    let reply = Reply::new(written(&board, &left, &names, asker.user, language));
    if board.pages == 1 {
        return Ok(reply);
    }
    let button = |label: &str, page: Option<usize>| {
        let there = page.filter(|page| *page < board.pages);
        let action = Action::Leaderboard {
            period,
            // Two buttons of a message must differ, also where they lead nowhere.
            page: page.unwrap_or(board.pages),
            owner: asker.user,
        };
        CreateButton::new(action.custom_id(asker.asked()))
            .label(label)
            .style(ButtonStyle::Secondary)
            .disabled(there.is_none())
    };
    Ok(reply.row(CreateActionRow::Buttons(vec![
        button("◀", board.page.checked_sub(1)),
        button("▶", Some(board.page + 1)),
    ])))
}

fn written(
    board: &Leaderboard,
    left: &HashSet<UserId>,
    names: &Names,
    asker: UserId,
    language: Language,
) -> String {
    let title = match board.period {
        Period::Week => text(language, "leaderboard-week", &[]),
        Period::Month => text(language, "leaderboard-month", &[]),
        Period::All => text(language, "leaderboard-all", &[]),
    };
    let days = [
        ("from", date(board.from, language).into()),
        ("to", date(board.to, language).into()),
        ("zone", escape(&zones::name(board.zone)).into()),
        ("members", board.members.into()),
    ];
    let mut lines = vec![
        format!("### {title}"),
        format!("-# {}", text(language, "leaderboard-days", &days)),
    ];
    if board.places.is_empty() {
        lines.push(text(language, "leaderboard-empty", &[]));
        return lines.join("\n");
    }
    let shown = distinct(&board.places, names);
    lines.extend(board.places.iter().zip(shown).map(|(place, name)| {
        let line = line(place, name, language);
        if left.contains(&place.score.user) {
            names::marked_left(&line, language)
        } else {
            line
        }
    }));
    let mut foot = match &board.own {
        Some(own) => {
            let args = [
                ("name", names.shown(asker).into()),
                ("rank", ordinal(own.rank, language).into()),
                ("members", board.members.into()),
            ];
            text(language, "leaderboard-own", &args)
        }
        None => {
            let args = [("name", names.shown(asker).into())];
            text(language, "leaderboard-none", &args)
        }
    };
    if board.pages > 1 {
        let args = [
            ("page", (board.page + 1).into()),
            ("pages", board.pages.into()),
        ];
        foot = format!("{foot} ({})", text(language, "leaderboard-page", &args));
    }
    lines.push(format!("-# {foot}"));
    lines.join("\n")
}

/// The names of a page; those of two members who are called the same have their mentions beside them.
fn distinct(places: &[Place], names: &Names) -> Vec<String> {
    let users = || places.iter().map(|place| place.score.user);
    let shown: Vec<String> = users().map(|user| names.shown(user)).collect();
    let is_shared = |name: &String| shown.iter().filter(|other| *other == name).count() > 1;
    let exact = users().zip(&shown).map(|(user, name)| {
        if is_shared(name) {
            names.shown_exactly(user)
        } else {
            name.clone()
        }
    });
    exact.collect()
}

fn line(place: &Place, name: String, language: Language) -> String {
    let score = &place.score;
    let args = [
        ("rank", medal(place.rank).into()),
        ("name", name.into()),
        ("completed", score.completed.into()),
        ("rate", score.rate_percent().unwrap_or(0).into()),
        ("streak", day_count(place.streak, language).into()),
    ];
    text(language, "leaderboard-line", &args)
}

impl Choosable for Period {
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.as_str()
    }

    fn label(self, language: Language) -> String {
        let key = match self {
            Self::Week => "period-week",
            Self::Month => "period-month",
            Self::All => "period-all",
        };
        text(language, key, &[])
    }
}
