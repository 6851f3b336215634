//! `/correct`: an admin says how a time attack ended in truth.

use poise::serenity_prelude as serenity;
use serenity::{AutocompleteChoice, CreateAutocompleteResponse};

use super::manager;
use crate::app::App;
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::choice::{Choice, Choosable};
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::discord::suggest::{self, CHOICE_LENGTH, MOST_CHOICES};
use crate::error::{Result, UserError};
use crate::guild;
use crate::i18n::{Language, text};
use crate::ids::AttackId;
use crate::messenger::markdown::{escape, shorten};
use crate::timeattack::correction::{self, REASON_LENGTH, verdict};
use crate::timeattack::record::{days::local_date, text::day};
use crate::timeattack::{State, TimeAttack};

/// Characters of a member's name and of a task in a choice, which may have 100.
const CHOICE_NAME: usize = 24;
const CHOICE_TASK: usize = 50;

/// Correct how a time attack ended
#[poise::command(slash_command, guild_only, default_member_permissions = "MANAGE_GUILD")]
pub(in crate::discord) async fn correct(
    ctx: Context<'_>,
    #[autocomplete = "suggest_ended"] attack: String,
    verdict: Choice<State>,
    #[max_length = 200] reason: String,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let reply = corrected(&ctx.data().app, &asker, &attack, verdict.0, &reason).await?;
        Ok(Answer::Private(reply))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

async fn corrected(
    app: &App,
    asker: &Asker,
    given: &str,
    to: State,
    reason: &str,
) -> Result<Reply> {
    let attack = meant(app, asker, given).await?;
    let done = correction::correct(app, asker.actor(), attack, to, reason);
    let (attack, correction) = done.await?;
    let language = asker.language;
    let args = [
        ("task", escape(&attack.task).into()),
        ("user", attack.user.into()),
        ("from", verdict(correction.from).text(language).into()),
        ("to", verdict(correction.to).text(language).into()),
    ];
    Ok(Reply::new(text(language, "correct-done", &args)))
}

/// An id from the list, or words that only one of the newest ended ones has.
async fn meant(app: &App, asker: &Asker, given: &str) -> Result<AttackId> {
    if let Ok(id) = given.trim().parse() {
        return Ok(AttackId(id));
    }
    if given.trim().is_empty() {
        return Err(UserError::UnknownAttack.into());
    }
    let found = correction::search(app, asker.guild, given, 2).await?;
    match found.as_slice() {
        [one] => Ok(one.id),
        _ => Err(UserError::UnknownAttack.into()),
    }
}

/// Choices for `attack`: the newest ended ones of the guild, by member and task.
async fn suggest_ended(ctx: Context<'_>, partial: &str) -> CreateAutocompleteResponse {
    suggest::offered(async {
        let asker = manager(ctx)?;
        choices(&ctx.data().app, &asker, partial).await
    })
    .await
}

async fn choices(app: &App, asker: &Asker, partial: &str) -> Result<Vec<AutocompleteChoice>> {
    let zone = guild::settings(app, asker.guild).await?.timezone;
    let today = local_date(app.clock.now_ms(), zone);
    let found = correction::search(app, asker.guild, partial, MOST_CHOICES).await?;
    let choice = |attack: &TimeAttack| {
        let ended = local_date(attack.finished_ms.unwrap_or(attack.deadline_ms), zone);
        let name = format!(
            "{} {} · {} · {}",
            mark(attack.state),
            shorten(&attack.member_name, CHOICE_NAME),
            shorten(&attack.task, CHOICE_TASK),
            day(ended, today, asker.language),
        );
        AutocompleteChoice::new(shorten(&name, CHOICE_LENGTH), attack.id.to_string())
    };
    Ok(found.iter().map(choice).collect())
}

fn mark(state: State) -> &'static str {
    match state {
        State::Completed => "✅",
        State::Cancelled => "🏳️",
        State::Failed | State::Running => "❌",
    }
}

/// A verdict.
impl Choosable for State {
    const ALL: &'static [Self] = &Self::ENDED;

    fn name(self) -> &'static str {
        self.as_str()
    }

    fn label(self, language: Language) -> String {
        verdict(self).text(language)
    }
}

/// What Discord keeps people to is what the use case does.
const _: () = assert!(REASON_LENGTH == 200);
