//! `/timeattack extend`, its menu, and the button of a running time attack.

use super::start::message_of;
use super::{Choice, ask_which, choose, suggest_attack};
use crate::app::App;
use crate::discord::answer::{Answer, Audience, Reply};
use crate::discord::asker::Asker;
use crate::discord::components::Action;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::duration_text::{format_duration, parse_duration};
use crate::error::{Result, UserError};
use crate::i18n::text;
use crate::ids::AttackId;
use crate::messenger::markdown::escape;
use crate::timeattack::start_message::{EXTENSION_MS, clock_time, extensions_used};
use crate::timeattack::{self, Extended, text::timestamp};

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
                let extended = timeattack::extend(app, asker.actor(), attack, by_ms).await?;
                Ok(Answer::Public(news(&extended, by_ms)))
            }
            Choice::Several(attacks) => {
                let which = text(asker.language, "extend-which", &[]);
                let action = Action::PickExtend { by_ms };
                let now_ms = app.clock.now_ms();
                let menu = ask_which(which, &action, &attacks, now_ms, asker.language);
                Ok(Answer::Private(menu))
            }
        }
    };
    respond::command(ctx, Deferral::Public, answer).await
}

/// One was chosen from the menu.
pub(in crate::discord) async fn picked(
    app: &App,
    asker: &Asker,
    attack: AttackId,
    by_ms: i64,
) -> Result<Answer> {
    let extended = timeattack::extend(app, asker.actor(), attack, by_ms).await?;
    let args = [
        ("task", escape(&extended.attack.task).into()),
        ("by", format_duration(by_ms, asker.language).into()),
    ];
    Ok(Answer::UpdateThen {
        update: Reply::new(text(asker.language, "extend-done", &args)),
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
    let extended = timeattack::extend(app, asker.actor(), attack, EXTENSION_MS).await?;
    let limit = extended.attack.extensions + extended.left;
    Ok(Answer::Update(message_of(&extended.attack, limit)))
}

/// What everybody is told, as they saw the old deadline: the start's message is edited, but nobody
/// notices an edit.
fn news(extended: &Extended, by_ms: i64) -> Reply {
    let attack = &extended.attack;
    let language = attack.language;
    let args = [
        ("user", attack.user.into()),
        ("task", escape(&attack.task).into()),
        ("by", format_duration(by_ms, language).into()),
        ("relative", timestamp(attack.deadline_ms, 'R').into()),
        ("time", clock_time(attack).into()),
    ];
    let news = text(language, "extended", &args);
    let limit = attack.extensions + extended.left;
    let used = extensions_used(attack, limit, language);
    Reply::new(format!("{news}\n{used}"))
}
