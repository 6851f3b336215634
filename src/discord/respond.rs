//! Sending answers: within Discord's 3 s, once, and the same again where it may not have arrived.

use std::future::ready;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;

use anyhow::anyhow;
use futures_util::FutureExt as _;
use poise::serenity_prelude as serenity;
use serde::Deserialize;
use serenity::{
    Builder as _, CreateInteractionResponse, CreateInteractionResponseMessage, Http, HttpError,
    InteractionId, LightMethod, Request, Route,
};

use super::answer::{self, Answer, Audience, Reply, Then};
use super::asker;
use super::connection::describe;
use super::framework::Context;
use crate::app::App;
use crate::error::{Error, Result};
use crate::i18n::text;
use crate::ids::{MessageId, OutboxId};
use crate::timeattack::extension;
use crate::timeattack::start_message::{self, Shown};
use crate::timeattack::telling;

/// Tries to send a first response, each for so long, with a pause between them: what fits the 3 s
/// that Discord waits.
const TRIES: u32 = 3;
const TRY_MS: i64 = 900;
const BETWEEN_TRIES_MS: i64 = 100;
/// An answer that takes longer than this to make is deferred: half of the 3 s, so that the
/// deferral itself may fail once.
const DEFER_AFTER_MS: i64 = 1_500;
/// Discord's code for an interaction that was answered already.
const ALREADY_ANSWERED: isize = 40_060;

/// An interaction that is to be answered.
pub(super) struct Pending<'a> {
    pub(super) app: &'a App,
    pub(super) http: &'a Http,
    pub(super) id: InteractionId,
    pub(super) token: &'a str,
    pub(super) locale: &'a str,
    pub(super) deferral: Deferral,
}

/// What is sent when the answer takes its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deferral {
    /// “… is thinking”, for everybody.
    Public,
    /// “… is thinking”, for the asker.
    Private,
    /// Nothing to be seen: the message of the button stays as it is.
    Unseen,
}

/// Answers a command with what `work` comes to.
pub(super) async fn command(
    ctx: Context<'_>,
    deferral: Deferral,
    work: impl Future<Output = Result<Answer>>,
) -> Result<()> {
    let pending = Pending {
        app: &ctx.data().app,
        http: &ctx.serenity_context().http,
        id: ctx.interaction.id,
        token: &ctx.interaction.token,
        locale: &ctx.interaction.locale,
        deferral,
    };
    let can_be_followed = pending.answer(work).await;
    // What poise's hook after the command goes by.
    let flag = ctx.has_sent_initial_response;
    flag.store(can_be_followed, Ordering::SeqCst);
    Ok(())
}

impl Pending<'_> {
    /// Answers with what `work` comes to, errors and panics put into words. Returns whether there
    /// is an answer now that something can follow.
    pub(super) async fn answer(&self, work: impl Future<Output = Result<Answer>>) -> bool {
        let work = caught(work);
        tokio::pin!(work);
        let in_time = tokio::select! {
            biased;
            answer = &mut work => Some(answer),
            () = self.app.clock.sleep_ms(DEFER_AFTER_MS) => None,
        };
        let sent = match in_time.map(|answer| self.explained(answer)) {
            Some(answer) if !answer.is_large() => self.send_first(answer).await,
            Some(answer) => self.defer(ready(Ok(answer))).await,
            None => self.defer(work).await,
        };
        sent.unwrap_or_else(|error| {
            answer::lost(error);
            false
        })
    }

    /// Says that the answer takes its time, to be made or to be uploaded, and sends it then.
    async fn defer(
        &self,
        work: impl Future<Output = Result<Answer>>,
    ) -> Result<bool, serenity::Error> {
        let deferral = self.deferral.response();
        let deferred = self.respond(&deferral, false).await;
        // Whatever became of the deferral, what was begun is brought to its end.
        let answer = self.explained(work.await);
        let (standbys, tells) = (answer.standbys(), answer.tells());
        let sent = match deferred {
            Ok(_) => self.send_deferred(answer).await,
            Err(error) => Err(error),
        };
        self.told(tells, sent.is_ok()).await;
        self.unless_lost(standbys, sent).await
    }

    /// Whether its reader has learned of an extension.
    async fn told(&self, extension: Option<Shown>, has_arrived: bool) {
        let Some(told) = extension else { return };
        if let Err(error) = extension::was(self.app, told, has_arrived).await {
            let error = format!("{error:#}");
            tracing::warn!(
                error,
                "whether a member was told of an extension could not be kept"
            );
        }
    }

    /// What was to be told by an answer that is lost is told by the outbox.
    async fn unless_lost<T>(
        &self,
        standbys: Vec<OutboxId>,
        sent: Result<T, serenity::Error>,
    ) -> Result<T, serenity::Error> {
        if let Err(error) = &sent {
            let is_certain = was_refused(error);
            for standby in standbys {
                self.was_lost(standby, is_certain).await;
            }
        }
        sent
    }

    async fn was_lost(&self, standby: OutboxId, is_certain: bool) {
        // Should this fail, it goes out a moment later by itself.
        if let Err(error) = telling::was_lost(self.app, standby, is_certain).await {
            let error = format!("{error:#}");
            tracing::warn!(error, "an answer was lost; the bot posts it later");
        }
    }

    /// Discord has taken a message: nothing goes out in its place, and if it shows a time attack it can be
    /// edited later.
    async fn was_taken(
        &self,
        standby: Option<OutboxId>,
        shown: Option<Shown>,
        message: Option<MessageId>,
    ) {
        let shown = match shown {
            Some(shown) => self.known(message).await.map(|message| (shown, message)),
            None => None,
        };
        let stored = match (standby, shown) {
            (Some(standby), shown) => telling::was_told(self.app, standby, shown).await,
            (None, Some((shown, message))) => {
                start_message::mark_shown(self.app, shown, message).await
            }
            (None, None) => Ok(()),
        };
        if let Err(error) = stored {
            let error = format!("{error:#}");
            tracing::warn!(error, "the message of a start could not be kept");
        }
    }

    /// The answer, or the error put into words.
    fn explained(&self, answer: Result<Answer>) -> Answer {
        answer.unwrap_or_else(|error| {
            let language = asker::language(self.locale);
            let text = answer::explain(error, language, self.id.get());
            Answer::Private(Reply::new(text))
        })
    }

    async fn send_first(&self, answer: Answer) -> Result<bool, serenity::Error> {
        let _permit = answer.permit();
        let (standby, standbys) = (answer.standby(), answer.standbys());
        let (shown, tells) = (answer.shown(), answer.tells());
        let (answer, then) = answer.split();
        let is_form = matches!(answer, Answer::Form(_));
        let response = answer.into_response();
        let taken = self.respond(&response, shown.is_some()).await;
        // Its files are gone before the next are made.
        drop(response);
        self.told(tells, taken.is_ok()).await;
        let message = self.unless_lost(standbys, taken).await?;
        self.was_taken(standby, shown, message).await;
        self.follow(then, 0).await;
        Ok(!is_form)
    }

    /// Sends the answer after its deferral.
    async fn send_deferred(&self, answer: Answer) -> Result<bool, serenity::Error> {
        let _permit = answer.permit();
        let (http, token) = (self.http, self.token);
        let (standby, shown) = (answer.standby(), answer.shown());
        let (answer, then) = answer.split();
        let message = match answer {
            Answer::Update(reply) | Answer::UpdateThen { update: reply, .. } => {
                let edit = reply.into_edit();
                http.edit_original_interaction_response(token, &edit, Vec::new())
                    .await?
            }
            Answer::Public(reply) | Answer::PublicThen { first: reply, .. } => {
                let followup = reply.into_followup();
                followup.execute(http, (None, token)).await?
            }
            Answer::Private(reply) | Answer::PrivateThen { first: reply, .. } => {
                if self.deferral == Deferral::Public {
                    // What follows a public deferral first takes its place, and is as public.
                    http.delete_original_interaction_response(token).await?;
                }
                let has_files = reply.has_files();
                let followup = reply.into_followup().ephemeral(true);
                match followup.execute(http, (None, token)).await {
                    Err(error) if has_files => {
                        // It may be too large for the line; what comes behind it may arrive.
                        answer::lost(error);
                        self.follow(then, 1).await;
                        return Ok(true);
                    }
                    sent => sent?,
                }
            }
            // Made without waiting for anything, so never deferred.
            Answer::Form(_) => return Ok(false),
        };
        let message = Some(message.id.get().into());
        self.was_taken(standby, shown, message).await;
        self.follow(then, 0).await;
        Ok(true)
    }

    /// What is said besides, one message after another: each is made once the one before is gone. Tried
    /// once: nothing would keep a repeat from showing twice, and whoever asked has their answer already.
    /// Of files that did not arrive they are told; `missing` messages with some did not before.
    async fn follow(&self, mut then: Then, mut missing: usize) {
        loop {
            let left = then.files_left();
            match caught(then.next()).await {
                Ok(Some((reply, to))) => {
                    let has_files = reply.has_files();
                    if !self.follow_with(reply, to).await && has_files {
                        missing += 1;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    missing += left;
                    let language = asker::language(self.locale);
                    let said = answer::explain(error, language, self.id.get());
                    self.follow_with(Reply::new(said), Audience::Asker).await;
                    break;
                }
            }
        }
        if missing > 0 {
            let language = asker::language(self.locale);
            let told = text(language, "files-missing", &[("messages", missing.into())]);
            self.follow_with(Reply::new(told), Audience::Asker).await;
        }
    }

    /// Returns whether it was taken.
    async fn follow_with(&self, reply: Reply, to: Audience) -> bool {
        let standby = reply.standby();
        let followup = reply.into_followup().ephemeral(to == Audience::Asker);
        // By its builder, which alone sends its files.
        let sent = followup.execute(self.http, (None, self.token)).await;
        let sent = self.unless_lost(standby.into_iter().collect(), sent).await;
        let is_taken = sent.map_err(answer::lost).is_ok();
        if is_taken && standby.is_some() {
            self.was_taken(standby, None, None).await;
        }
        is_taken
    }

    /// The message that the first response became. Without it the message stays as it is, which is no
    /// reason to apologise.
    async fn known(&self, message: Option<MessageId>) -> Option<MessageId> {
        if message.is_some() {
            return message;
        }
        // The answer to an earlier try was lost.
        let original = self.http.get_original_interaction_response(self.token);
        match original.await {
            Ok(message) => Some(message.id.get().into()),
            Err(error) => {
                let error = describe(error);
                tracing::debug!(error, "the message of a start is not known");
                None
            }
        }
    }

    /// Sends the first response, the same one again where it may not have arrived, and returns the
    /// message that it became if `wants_message` and Discord told.
    ///
    /// A repeat is harmless: Discord takes one response, and says of a second that there is one
    /// already, which is as good as an answer.
    async fn respond(
        &self,
        response: &CreateInteractionResponse,
        wants_message: bool,
    ) -> Result<Option<MessageId>, serenity::Error> {
        let clock = &self.app.clock;
        let mut attempt = 1;
        loop {
            let sent = tokio::select! {
                sent = self.respond_once(response, wants_message) => sent,
                () = clock.sleep_ms(TRY_MS), if attempt < TRIES => Err(serenity::Error::Other("no answer in time")),
            };
            match sent {
                Err(serenity::Error::Http(HttpError::UnsuccessfulRequest(refusal)))
                    if refusal.error.code == ALREADY_ANSWERED && attempt > 1 =>
                {
                    return Ok(None);
                }
                Err(error) if attempt < TRIES && may_not_have_arrived(&error) => {
                    clock.sleep_ms(BETWEEN_TRIES_MS).await;
                    attempt += 1;
                }
                ended => return ended,
            }
        }
    }

    async fn respond_once(
        &self,
        response: &CreateInteractionResponse,
        wants_message: bool,
    ) -> Result<Option<MessageId>, serenity::Error> {
        let (http, id, token) = (self.http, self.id, self.token);
        if !wants_message {
            // By its builder, which alone can number the files: several would else be one.
            response.clone().execute(http, (id, token)).await?;
            return Ok(None);
        }
        // serenity's own call knows no `with_response`.
        let route = Route::InteractionResponse {
            interaction_id: id,
            token,
        };
        let request = Request::new(route, LightMethod::Post)
            .params(Some(vec![("with_response", "true".to_owned())]))
            .body(Some(serde_json::to_vec(response)?));
        let taken: Taken = http.fire(request).await?;
        let message = taken.interaction.response_message_id;
        Ok(message.map(|message| message.get().into()))
    }
}

impl Deferral {
    fn response(self) -> CreateInteractionResponse {
        let message = CreateInteractionResponseMessage::new();
        match self {
            Self::Public => CreateInteractionResponse::Defer(message),
            Self::Private => CreateInteractionResponse::Defer(message.ephemeral(true)),
            Self::Unseen => CreateInteractionResponse::Acknowledge,
        }
    }
}

/// What Discord says of a response that it took, as far as it is of use.
#[derive(Deserialize)]
struct Taken {
    interaction: TakenInteraction,
}

#[derive(Deserialize)]
struct TakenInteraction {
    response_message_id: Option<serenity::MessageId>,
}

/// Whether Discord said itself that it did not take it.
fn was_refused(error: &serenity::Error) -> bool {
    match error {
        serenity::Error::Http(HttpError::UnsuccessfulRequest(refusal)) => {
            refusal.status_code.is_client_error() && refusal.error.code != ALREADY_ANSWERED
        }
        _ => false,
    }
}

fn may_not_have_arrived(error: &serenity::Error) -> bool {
    match error {
        serenity::Error::Http(HttpError::UnsuccessfulRequest(refusal)) => {
            refusal.status_code.is_server_error()
        }
        serenity::Error::Http(HttpError::Request(_)) | serenity::Error::Other(_) => true,
        _ => false,
    }
}

/// A panic of a handler as an error, so that the person who asked is told.
async fn caught<T>(answer: impl Future<Output = Result<T>>) -> Result<T> {
    let outcome = AssertUnwindSafe(answer).catch_unwind().await;
    outcome.unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .unwrap_or_default();
        Err(Error::Internal(anyhow!("a handler panicked: {what}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_like_any_other_and_quotes_nothing() {
        let panics = async { panic!("a constant") };
        let Err(Error::Internal(error)) = caught::<Answer>(panics).await else {
            unreachable!("it panicked");
        };
        assert_eq!(error.to_string(), "a handler panicked: a constant");
        let task = "what somebody wrote".to_owned();
        let panics = async move { panic!("cannot show {task}") };
        let Err(Error::Internal(error)) = caught::<Answer>(panics).await else {
            unreachable!("it panicked");
        };
        assert_eq!(error.to_string(), "a handler panicked: ");
    }
}
