//! `/correct`: an admin says how a time attack ended in truth.

use poise::serenity_prelude as serenity;
use serenity::{AutocompleteChoice, CreateAutocompleteResponse};

use super::manager;
use super::timeattack::{best, by_id};
use crate::app::App;
use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::choice::{Choice, Choosable};
use crate::discord::framework::Context;
use crate::discord::names::{Names, spelled_out};
use crate::discord::respond::{self, Deferral};
use crate::discord::suggest::{self, MOST_CHOICES};
use crate::error::{Result, UserError};
use crate::guild;
use crate::i18n::display::one_line;
use crate::i18n::{Language, text};
use crate::ids::AttackId;
use crate::messenger::markdown::{linked, shorten};
use crate::timeattack::correction::{self, REASON_LENGTH, verdict};
use crate::timeattack::record::{days::local_date, text::day};
use crate::timeattack::{State, TimeAttack};

/// Characters of each of a member's names and of a task in a choice, which may have 100.
const CHOICE_NAME: usize = 16;
const CHOICE_TASK: usize = 40;

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
        let (app, http) = (&ctx.data().app, &ctx.serenity_context().http);
        let reason = spelled_out(app, http, &asker, &reason, REASON_LENGTH).await?;
        let reply = corrected(app, &asker, &attack, verdict.0, &reason).await?;
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
    // Before anything is looked for: it is wrong whichever is meant.
    let reason = correction::parse_reason(reason)?;
    let attack = meant(app, asker, given).await?;
    let done = correction::correct(app, asker.actor(), attack, to, &reason);
    let (attack, correction) = done.await?;
    let language = asker.language;
    let names = Names::asked(app, asker.guild, [attack.user]).await?;
    let args = [
        ("task", linked(&attack.task).into()),
        ("name", names.shown_exactly(attack.user).into()),
        ("from", verdict(correction.from).text(language).into()),
        ("to", verdict(correction.to).text(language).into()),
    ];
    Ok(Reply::new(text(language, "correct-done", &args)))
}

/// An id from the list, or words that only one of the newest ended ones has: of several, the one whose
/// whole task they are.
async fn meant(app: &App, asker: &Asker, given: &str) -> Result<AttackId> {
    let given = given.trim();
    if let Some(attack) = by_id(app, asker, given).await? {
        return Ok(attack.id);
    }
    if given.is_empty() {
        return Err(UserError::UnknownAttack.into());
    }
    let found = correction::search(app, asker.guild, given).await?;
    match best(found, given).as_slice() {
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
    let mut found = correction::search(app, asker.guild, partial).await?;
    found.truncate(MOST_CHOICES);
    let choice = |attack: &TimeAttack| {
        let ended = local_date(attack.finished_ms.unwrap_or(attack.deadline_ms), zone);
        let name = format!(
            "{} {} · {} · {}",
            mark(attack.state),
            called(app, attack),
            one_line(&shorten(&attack.task, CHOICE_TASK)),
            day(ended, today, asker.language),
        );
        suggest::choice(&name, attack.id.to_string())
    };
    Ok(found.iter().map(choice).collect())
}

/// What the member is called now, and in brackets what they were called then.
fn called(app: &App, attack: &TimeAttack) -> String {
    let then = one_line(&shorten(&attack.member_name, CHOICE_NAME));
    match app.outbox.known_name(attack.guild, attack.user) {
        Some(now) if now != attack.member_name => {
            let now = one_line(&shorten(&now, CHOICE_NAME));
            format!("{now} ({then})")
        }
        _ => then,
    }
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
