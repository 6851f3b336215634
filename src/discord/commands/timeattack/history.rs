//! `/timeattack history`, page by page: one by one, or by day with what each did to the streak.

use poise::serenity_prelude as serenity;
use serenity::{ButtonStyle, CreateActionRow, CreateButton, CreateEmbed, CreateEmbedFooter};

use crate::app::App;
use crate::discord::answer::{Answer, Reply, listed};
use crate::discord::asker::Asker;
use crate::discord::commands::pager;
use crate::discord::controls::{Action, Asked};
use crate::discord::framework::Context;
use crate::discord::names::{Names, marked_if_left, name_of};
use crate::discord::respond::{self, Deferral};
use crate::error::Result;
use crate::i18n::{Language, text};
use crate::ids::UserId;
use crate::timeattack::record::{self, streak::Streaks, text::day_count, text::line};
use crate::timeattack::text::ended_line;
use crate::timeattack::{self, correction};

/// Show past time attacks and how they ended
#[poise::command(slash_command)]
pub(super) async fn history(ctx: Context<'_>, member: Option<serenity::UserId>) -> Result<()> {
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        let user = member.map_or(asker.user, |member| member.get().into());
        let reply = page(&ctx.data().app, &asker, user, 0).await?;
        Ok(Answer::Private(reply))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// One page of the list, with buttons to its neighbours and to the days.
pub(in crate::discord) async fn page(
    app: &App,
    asker: &Asker,
    user: UserId,
    page: i64,
) -> Result<Reply> {
    let language = asker.language;
    let history = timeattack::history(app, asker.guild, user, page).await?;
    if history.attacks.is_empty() {
        return empty(app, asker, user).await;
    }
    let corrections = correction::newest_of(app, asker.guild, &history.attacks).await?;
    let streaks = record::book(app, asker.guild, user, 0).await?.streaks;
    let by = corrections.values().filter_map(|one| one.by);
    let names = Names::asked(app, asker.guild, by.chain([user])).await?;
    let lines = history.attacks.iter().map(|attack| {
        let line = ended_line(attack, language);
        match corrections.get(&attack.id) {
            Some(one) => {
                let by = one.by.map(|by| names.shown(by));
                format!("{line}\n-# {}", correction::line(one, by, language))
            }
            None => line,
        }
    });
    let name = names.shown(user);
    let title = title("history-title", name, history.page, history.pages, language);
    let title = marked_if_left(app, asker, user, title).await;
    let reply = Reply::new(format!("{title}\n{}", streak_line(streaks, language)))
        .embed(CreateEmbed::new().description(listed(lines)));
    let asked = asker.asked();
    let by_day = CreateButton::new(Action::Days { user, page: 0 }.custom_id(asked))
        .label(text(language, "button-by-day", &[]))
        .style(ButtonStyle::Primary);
    Ok(reply.row(buttons(
        asked,
        by_day,
        history.page,
        history.pages,
        |page| Action::History { user, page },
    )))
}

/// One page of the days, with buttons to its neighbours and to the list.
pub(in crate::discord) async fn days(
    app: &App,
    asker: &Asker,
    user: UserId,
    page: i64,
) -> Result<Reply> {
    let language = asker.language;
    let page = usize::try_from(page).unwrap_or(0);
    let book = record::book(app, asker.guild, user, page).await?;
    if book.lines.is_empty() {
        return empty(app, asker, user).await;
    }
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let (page, pages) = (count(book.page), count(book.pages));
    let lines = book.lines.iter();
    let lines = lines.map(|one| line(one, book.today, language));
    let name = name_of(app, asker.guild, user).await?;
    let title = title("book-title", name, page, pages, language);
    let title = marked_if_left(app, asker, user, title).await;
    let embed = CreateEmbed::new()
        .description(listed(lines))
        .footer(CreateEmbedFooter::new(text(language, "book-legend", &[])));
    let reply = Reply::new(format!("{title}\n{}", streak_line(book.streaks, language)));
    let asked = asker.asked();
    let one_by_one = CreateButton::new(Action::History { user, page: 0 }.custom_id(asked))
        .label(text(language, "button-one-by-one", &[]))
        .style(ButtonStyle::Primary);
    Ok(reply
        .embed(embed)
        .row(buttons(asked, one_by_one, page, pages, |page| {
            Action::Days { user, page }
        })))
}

async fn empty(app: &App, asker: &Asker, user: UserId) -> Result<Reply> {
    let name = name_of(app, asker.guild, user).await?;
    let said = text(asker.language, "history-empty", &[("name", name.into())]);
    Ok(Reply::new(marked_if_left(app, asker, user, said).await))
}

fn title(key: &str, name: String, page: i64, pages: i64, language: Language) -> String {
    let args = [
        ("name", name.into()),
        ("page", (page + 1).into()),
        ("pages", pages.into()),
    ];
    text(language, key, &args)
}

fn streak_line(streaks: Streaks, language: Language) -> String {
    let args = [
        ("current", day_count(streaks.current, language).into()),
        ("longest", day_count(streaks.longest, language).into()),
    ];
    text(language, "streak-line", &args)
}

/// To the other view, and to the pages beside this one if there are any.
fn buttons(
    asked: Asked,
    other_view: CreateButton,
    page: i64,
    pages: i64,
    action: impl Fn(i64) -> Action,
) -> CreateActionRow {
    let mut buttons = vec![other_view];
    buttons.extend(pager(asked, page, pages, action));
    CreateActionRow::Buttons(buttons)
}
