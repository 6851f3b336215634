//! `/timeattack extend`, its menu, and the button of a running time attack.

use super::start::{message_of, standing_by};
use super::{Choice, ask_which, choose, suggest_attack};
use crate::app::App;
use crate::discord::answer::{Answer, Audience, Reply};
use crate::discord::asker::Asker;
use crate::discord::controls::Action;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::duration_text::{format_duration, parse_duration};
use crate::error::{Result, UserError};
use crate::i18n::text;
use crate::ids::AttackId;
use crate::messenger::markdown::linked;
use crate::timeattack::extension::{self, Extended, Extension, Told};
use crate::timeattack::start_message::{self, EXTENSION_MS};
use crate::timeattack::telling;
use crate::timeattack::text::timestamp;

/// Give a time attack of yours more time
#[poise::command(slash_command)]
pub(super) async fn extend(
    ctx: Context<'_>,
    by: String,
    #[autocomplete = "suggest_attack"] attack: Option<String>,
) -> Result<()> {
    let app = &ctx.data().app;
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        let by_ms = parse_duration(&by).map_err(UserError::Duration)?;
        match choose(app, &asker, attack.as_deref()).await? {
            Choice::One(attack) => {
                let extended = extended(app, &asker, attack, by_ms).await?;
                told(app, &asker, &extended, by_ms).await
            }
            Choice::Several(attacks) => {
                let which = text(asker.language, "extend-which", &[]);
                let action = Action::PickExtend { by_ms };
                let now_ms = app.now_ms();
                let menu = ask_which(which, &action, &attacks, now_ms, &asker);
                Ok(Answer::Private(menu))
            }
        }
    };
    respond::command(ctx, Deferral::Public, answer).await
}

/// Everybody is told by a message where it was asked for; of somebody who may not write there, by a post in
/// the channel of the start.
async fn extended(app: &App, asker: &Asker, attack: AttackId, by_ms: i64) -> Result<Extended> {
    let asked = Extension {
        by_ms,
        origin: asker.interaction.cast_signed(),
        told: if asker.may_write() {
            Told::In(asker.channel)
        } else {
            Told::WhereItStarted
        },
    };
    extension::extend_answered(app, asker.actor(), attack, asked).await
}

async fn told(app: &App, asker: &Asker, extended: &Extended, by_ms: i64) -> Result<Answer> {
    if extended.is_again {
        let said = again(asker, extended, by_ms);
        return Ok(Answer::Private(said.tells(extended.told())));
    }
    if asker.may_write() {
        let news = news(extended, by_ms).tells(extended.told());
        return Ok(Answer::Public(news));
    }
    post_news(app, extended).await?;
    let done = done(asker, extended, by_ms).tells(extended.told());
    Ok(Answer::Private(done))
}

async fn post_news(app: &App, extended: &Extended) -> Result<()> {
    match extended.standby {
        Some(standby) => telling::was_lost(app, standby, false).await,
        None => Ok(()),
    }
}

/// What somebody is told who has just asked for the same.
fn again(asker: &Asker, extended: &Extended, by_ms: i64) -> Reply {
    let attack = &extended.attack;
    let args = [
        ("task", linked(&attack.task).into()),
        ("by", format_duration(by_ms, asker.language).into()),
        ("relative", timestamp(attack.deadline_ms, 'R').into()),
        ("time", start_message::clock_time(attack).into()),
    ];
    Reply::new(text(asker.language, "extended-again", &args))
}

fn done(asker: &Asker, extended: &Extended, by_ms: i64) -> Reply {
    let args = [
        ("task", linked(&extended.attack.task).into()),
        ("by", format_duration(by_ms, asker.language).into()),
    ];
    Reply::new(text(asker.language, "extend-done", &args))
}

/// One was chosen from the menu.
pub(in crate::discord) async fn picked(
    app: &App,
    asker: &Asker,
    attack: AttackId,
    by_ms: i64,
) -> Result<Answer> {
    let extended = extended(app, asker, attack, by_ms).await?;
    if extended.is_again {
        let said = again(asker, &extended, by_ms);
        return Ok(Answer::Update(said.tells(extended.told())));
    }
    let update = done(asker, &extended, by_ms).tells(extended.told());
    if !asker.may_write() {
        post_news(app, &extended).await?;
        return Ok(Answer::Update(update));
    }
    Ok(Answer::UpdateThen {
        update,
        then: news(&extended, by_ms),
        to: Audience::Everybody,
    })
}

/// The button was pressed: its message shows the new deadline.
pub(in crate::discord) async fn pressed(
    app: &App,
    asker: &Asker,
    attack: AttackId,
) -> Result<Answer> {
    let asked = Extension {
        by_ms: EXTENSION_MS,
        origin: asker.interaction.cast_signed(),
        told: Told::ByItsMessage,
    };
    let extended = extension::extend_answered(app, asker.actor(), attack, asked).await?;
    let message = message_of(&extended.attack, &extended.settings, None);
    Ok(Answer::Update(message.tells(extended.told())))
}

fn news(extended: &Extended, by_ms: i64) -> Reply {
    let news = telling::extended(&extended.attack, by_ms, &extended.settings);
    standing_by(news, extended.standby)
}
