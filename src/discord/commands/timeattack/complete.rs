//! `/timeattack complete`, its menu, and the button of a running time attack.

use poise::serenity_prelude as serenity;

use super::start::message_of;
use super::{Choice, ask_which, choose, suggest_attack, undo};
use crate::app::App;
use crate::discord::answer::{Answer, Audience, Reply};
use crate::discord::asker::Asker;
use crate::discord::attachment::fetch;
use crate::discord::controls::Action;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::error::{Result, UserError};
use crate::guild::Settings;
use crate::i18n::text;
use crate::ids::{AttackId, FileId, OutboxId};
use crate::messenger::markdown::{escape, linked, shorten};
use crate::outbox::files::{FILE_BYTES, NewFile};
use crate::timeattack::{self, TimeAttack};

/// Characters of a file's name.
const NAME_LENGTH: usize = 80;
/// How long a proof may take to come: meanwhile nobody is told of the finish.
const FETCH_MS: i64 = 10_000;

/// A file that was handed in as a proof.
#[derive(Default)]
struct Proof {
    file: Option<FileId>,
    /// What its member is told of it.
    note: Option<String>,
}

/// Complete a time attack of yours
#[poise::command(slash_command)]
pub(super) async fn complete(
    ctx: Context<'_>,
    #[autocomplete = "suggest_attack"] attack: Option<String>,
    proof: Option<serenity::Attachment>,
) -> Result<()> {
    let app = &ctx.data().app;
    let answer = async {
        let asker = Asker::of_command(ctx.interaction)?;
        // What everybody is told without one they have read before.
        if proof.is_some() {
            asker.require_may_write()?;
        }
        let choice = choose(app, &asker, attack.as_deref()).await?;
        let proof = match proof {
            Some(file) => kept(app, &asker, &file).await?,
            None => Proof::default(),
        };
        let reply = finish_or_ask(app, &asker, choice, proof.file).await?;
        Ok(Answer::Private(match proof.note {
            Some(note) => reply.line(&note),
            None => reply,
        }))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Fetches the file and keeps it for the post. A finish does not fail for want of its proof: the time may
/// be over before the member has another one.
async fn kept(app: &App, asker: &Asker, file: &serenity::Attachment) -> Result<Proof> {
    let language = asker.language;
    let without = |key: &str| {
        let args = [("most", (FILE_BYTES / (1024 * 1024)).into())];
        Ok(Proof {
            file: None,
            note: Some(text(language, key, &args)),
        })
    };
    if !asker.may_attach() {
        return without("proof-not-allowed");
    }
    if usize::try_from(file.size).is_ok_and(|size| size > FILE_BYTES) {
        return without("proof-too-large");
    }
    let fetched = tokio::select! {
        fetched = fetch(app, file, FILE_BYTES, UserError::FileUnreadable) => fetched.ok(),
        () = app.clock.sleep_ms(FETCH_MS) => None,
    };
    let Some(bytes) = fetched.filter(|bytes| !bytes.is_empty()) else {
        return without("proof-unreadable");
    };
    let file = NewFile {
        guild: asker.guild,
        user: asker.user,
        name: file.filename.clone(),
        bytes,
    };
    let args = [("name", escape(&shorten(&file.name, NAME_LENGTH)).into())];
    match app.outbox.keep_file(file).await? {
        Some(file) => Ok(Proof {
            file: Some(file),
            note: Some(text(language, "proof-kept", &args)),
        }),
        None => without("proof-no-room"),
    }
}

async fn finish_or_ask(
    app: &App,
    asker: &Asker,
    choice: Choice,
    proof: Option<FileId>,
) -> Result<Reply> {
    let attacks = match choice {
        Choice::One(attack) => return finish(app, asker, attack, proof).await,
        Choice::Several(attacks) => attacks,
    };
    let question = text(asker.language, "complete-which", &[]);
    let action = proof.map_or(Action::PickComplete, Action::PickCompleteWith);
    Ok(ask_which(question, &action, &attacks, app.now_ms(), asker))
}

/// The button of a reminder was pressed. Its message is edited once it is out of date.
pub(in crate::discord) async fn reminded(
    app: &App,
    asker: &Asker,
    attack: AttackId,
) -> Result<Answer> {
    Ok(Answer::Private(finish(app, asker, attack, None).await?))
}

/// The button of a list of reminders was pressed, by whoever saw it: what counts is what the list names.
pub(in crate::discord) async fn listed(
    app: &App,
    asker: &Asker,
    message: OutboxId,
) -> Result<Answer> {
    let mut own = timeattack::reminders::named_in(app, asker.guild, message).await?;
    if own.is_empty() {
        return Err(UserError::NotKept.into());
    }
    own.retain(|attack| attack.user == asker.user);
    let Some(any) = own.first().map(|attack| attack.id) else {
        return Err(UserError::NotYours.into());
    };
    let actor = asker.actor();
    own.retain(|attack| attack.can_be_completed_at(actor.clicked_ms));
    Ok(Answer::Private(match own.as_slice() {
        // The use case says why not.
        [] => finish(app, asker, any, None).await?,
        [one] => finish(app, asker, one.id, None).await?,
        several => which(app, asker, several),
    }))
}

/// The button of a reminder of an earlier version, which does not say what it reminded of.
pub(in crate::discord) async fn own(app: &App, asker: &Asker) -> Result<Answer> {
    let attacks = match choose(app, asker, None).await? {
        Choice::One(attack) => vec![timeattack::get(app, asker.guild, attack).await?],
        Choice::Several(attacks) => attacks,
    };
    Ok(Answer::Private(which(app, asker, &attacks)))
}

fn which(app: &App, asker: &Asker, attacks: &[TimeAttack]) -> Reply {
    let question = text(asker.language, "complete-which", &[]);
    let now_ms = app.now_ms();
    ask_which(question, &Action::PickComplete, attacks, now_ms, asker)
}

/// One was chosen from the menu; `proof`: the file that was handed in before.
pub(in crate::discord) async fn picked(
    app: &App,
    asker: &Asker,
    attack: AttackId,
    proof: Option<FileId>,
) -> Result<Answer> {
    let is_gone = match proof {
        Some(file) => !app.outbox.keeps(asker.guild, asker.user, file).await?,
        None => false,
    };
    let reply = finish(app, asker, attack, proof).await?;
    Ok(Answer::Update(if is_gone {
        reply.line(&text(asker.language, "proof-gone", &[]))
    } else {
        reply
    }))
}

/// The button was pressed: its message says that it is done, and loses its buttons.
pub(in crate::discord) async fn pressed(
    app: &App,
    asker: &Asker,
    attack: AttackId,
) -> Result<Answer> {
    let completed = timeattack::complete(app, asker.actor(), attack, None).await?;
    Ok(Answer::UpdateThen {
        // What has ended is told without any of them.
        update: message_of(&completed, &Settings::default(), None),
        then: done(&completed, asker),
        to: Audience::Asker,
    })
}

async fn finish(
    app: &App,
    asker: &Asker,
    attack: AttackId,
    proof: Option<FileId>,
) -> Result<Reply> {
    let completed = timeattack::complete(app, asker.actor(), attack, proof).await?;
    Ok(done(&completed, asker))
}

fn done(completed: &TimeAttack, asker: &Asker) -> Reply {
    let language = asker.language;
    // How long it took everybody reads in the post.
    let args = [("task", linked(&completed.task).into())];
    undo::offered(&text(language, "completed", &args), completed, asker)
}
