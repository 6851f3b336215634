//! `/timeattack`

pub(in crate::discord) mod complete;
pub(in crate::discord) mod extend;
pub(in crate::discord) mod giveup;
pub(in crate::discord) mod history;
pub(in crate::discord) mod leaderboard;
mod reminders;
pub(in crate::discord) mod start;
mod stats;
mod status;
pub(in crate::discord) mod undo;

use poise::serenity_prelude as serenity;
use serenity::{
    CreateActionRow, CreateAutocompleteResponse, CreateSelectMenu, CreateSelectMenuKind,
    CreateSelectMenuOption,
};

use crate::app::App;
use crate::discord::answer::Reply;
use crate::discord::asker::Asker;
use crate::discord::controls::Action;
use crate::discord::framework::Context;
use crate::discord::suggest;
use crate::duration_text::format_duration;
use crate::error::{Result, UserError};
use crate::i18n::display::one_line;
use crate::i18n::{Language, text};
use crate::ids::AttackId;
use crate::messenger::markdown::shorten;
use crate::timeattack::{self, State, TimeAttack};

/// Options of a menu (Discord's limit).
const MOST_OPTIONS: usize = 25;
/// Characters of a task in a choice, which may have 100 with the time left.
const CHOICE_TASK: usize = 60;

/// Hold yourself to a deadline
#[poise::command(
    slash_command,
    guild_only,
    subcommand_required,
    subcommands(
        "start::start",
        "complete::complete",
        "status::status",
        "giveup::giveup",
        "extend::extend",
        "history::history",
        "leaderboard::leaderboard",
        "stats::stats",
        "reminders::reminders"
    )
)]
#[expect(
    clippy::unused_async,
    reason = "poise's form; a group itself is never used"
)]
pub(in crate::discord) async fn timeattack(_ctx: Context<'_>) -> Result<()> {
    Ok(())
}

/// Which time attack a command means.
enum Choice {
    One(AttackId),
    /// None was named, and there are several: the member is asked.
    Several(Vec<TimeAttack>),
}

/// Which time attack is meant by `given`: an id from the autocomplete, or words of the task, which may be
/// digits alone; by nothing, the only one there is.
async fn choose(app: &App, asker: &Asker, given: Option<&str>) -> Result<Choice> {
    let given = given.map(str::trim).filter(|given| !given.is_empty());
    let by_id = match given {
        Some(given) => by_id(app, asker, given).await?,
        None => None,
    };
    if let Some(own) = by_id.as_ref().filter(|attack| attack.user == asker.user) {
        return Ok(Choice::One(own.id));
    }
    let all = candidates(app, asker).await?;
    let runs_none = all.is_empty();
    let candidates = match given {
        Some(words) => {
            let has_words = |attack: &TimeAttack| matches(attack, words);
            best(all.into_iter().filter(has_words).collect(), words)
        }
        None => all,
    };
    match candidates.as_slice() {
        [] => match by_id {
            // The use case says whose it is.
            Some(others) => Ok(Choice::One(others.id)),
            None if runs_none => Err(UserError::NothingRunning.into()),
            None => Err(UserError::UnknownAttack.into()),
        },
        [one] => Ok(Choice::One(one.id)),
        _ => Ok(Choice::Several(candidates)),
    }
}

/// The time attack of the guild that has this id, as the autocomplete sends it.
pub(in crate::discord) async fn by_id(
    app: &App,
    asker: &Asker,
    given: &str,
) -> Result<Option<TimeAttack>> {
    // `007` and `+7` are no ids, but may be tasks.
    let id = given.parse().map(AttackId).ok();
    let Some(id) = id.filter(|id| id.to_string() == given) else {
        return Ok(None);
    };
    timeattack::find(app, asker.guild, id).await
}

/// Those of `found` whose whole task is `words`, or all if there are none.
pub(in crate::discord) fn best(found: Vec<TimeAttack>, words: &str) -> Vec<TimeAttack> {
    let words = words.to_lowercase();
    let is_whole = |attack: &TimeAttack| attack.task.to_lowercase() == words;
    if found.iter().any(is_whole) {
        found.into_iter().filter(is_whole).collect()
    } else {
        found
    }
}

/// Those running, and those that were running at the click: a finish in time that is handled late
/// still counts.
async fn candidates(app: &App, asker: &Asker) -> Result<Vec<TimeAttack>> {
    let mut candidates = timeattack::running_of(app, asker.guild, asker.user).await?;
    let clicked_ms = asker.actor().clicked_ms;
    if candidates.is_empty() {
        let ended = timeattack::newest_ended(app, asker.guild, asker.user, 5).await?;
        let in_time =
            |attack: &TimeAttack| attack.state == State::Failed && attack.deadline_ms >= clicked_ms;
        candidates.extend(ended.into_iter().filter(in_time));
    }
    Ok(candidates)
}

fn matches(attack: &TimeAttack, words: &str) -> bool {
    attack.task.to_lowercase().contains(&words.to_lowercase())
}

/// A menu of time attacks below a question.
fn ask_which(
    question: String,
    action: &Action,
    attacks: &[TimeAttack],
    now_ms: i64,
    asker: &Asker,
) -> Reply {
    let language = asker.language;
    let option = |attack: &TimeAttack| {
        let task = one_line(&shorten(&attack.task, CHOICE_TASK));
        CreateSelectMenuOption::new(task, attack.id.to_string())
            .description(time_left(attack, now_ms, language))
    };
    let options = attacks.iter().take(MOST_OPTIONS).map(option).collect();
    let kind = CreateSelectMenuKind::String { options };
    let menu = CreateSelectMenu::new(action.custom_id(asker.asked()), kind).placeholder(text(
        language,
        "which-placeholder",
        &[],
    ));
    Reply::new(question).row(CreateActionRow::SelectMenu(menu))
}

/// Choices for an `[attack]` option: the member's own running ones.
async fn suggest_attack(ctx: Context<'_>, partial: &str) -> CreateAutocompleteResponse {
    suggest::offered(async {
        let app = &ctx.data().app;
        let asker = Asker::of_command(ctx.interaction)?;
        let running = timeattack::running_of(app, asker.guild, asker.user).await?;
        let now_ms = app.now_ms();
        let choice = |attack: &TimeAttack| {
            let task = one_line(&shorten(&attack.task, CHOICE_TASK));
            let left = time_left(attack, now_ms, asker.language);
            suggest::choice(&format!("{task} · {left}"), attack.id.to_string())
        };
        let fits = |attack: &&TimeAttack| matches(attack, partial.trim());
        Ok(running.iter().filter(fits).map(choice).collect())
    })
    .await
}

fn time_left(attack: &TimeAttack, now_ms: i64, language: Language) -> String {
    let left = format_duration((attack.deadline_ms - now_ms).max(0), language);
    text(language, "time-left", &[("left", left.into())])
}
