//! poise's part: which commands there are, what happens after each, and what becomes of errors.

use std::sync::atomic::Ordering;

use anyhow::anyhow;
use poise::FrameworkError;

use super::answer;
use super::asker::Asker;
use super::commands;
use super::handler::Data;
use super::respond::{self, Deferral, Pending};
use crate::error::{Error, UserError};
use crate::i18n::Language;

/// What a slash command gets.
pub(super) type Context<'a> = poise::ApplicationContext<'a, Data, Error>;

/// poise with our own ends: its default for errors would send a second first response, and show
/// people raw error texts.
pub(super) fn options() -> poise::FrameworkOptions<Data, Error> {
    let mut commands = commands::all();
    poise::set_qualified_names(&mut commands);
    poise::FrameworkOptions {
        commands,
        on_error: |error| Box::pin(on_error(error)),
        post_command: |ctx| Box::pin(after(ctx)),
        allowed_mentions: Some(poise::serenity_prelude::CreateAllowedMentions::new()),
        initialize_owners: false,
        ..poise::FrameworkOptions::default()
    }
}

/// Shows what no channel took and was therefore kept for this member.
async fn after(ctx: poise::Context<'_, Data, Error>) {
    let poise::Context::Application(ctx) = ctx else {
        return;
    };
    // Nothing can follow where no message was sent: a form was opened, or the answer was lost.
    if !ctx.has_sent_initial_response.load(Ordering::SeqCst) {
        return;
    }
    if let Ok(asker) = Asker::of_command(ctx.interaction) {
        answer::show_unshown(ctx.data(), ctx.serenity_context(), &asker).await;
        if ctx.command().qualified_name == "timeattack start" {
            commands::dm::offer(ctx.data(), ctx.serenity_context(), &asker).await;
        }
    }
}

/// The one place where a command's error becomes an answer.
async fn on_error(error: FrameworkError<'_, Data, Error>) {
    let (ctx, error) = match error {
        FrameworkError::Command { error, ctx, .. } => (ctx, error),
        FrameworkError::GuildOnly { ctx, .. } => (ctx, UserError::OnlyInServers.into()),
        FrameworkError::CommandPanic { payload, ctx, .. } => {
            let what = payload.unwrap_or_default();
            (ctx, Error::Internal(anyhow!("a command panicked: {what}")))
        }
        FrameworkError::ArgumentParse { error, ctx, .. } => {
            (ctx, Error::Internal(anyhow!("an option: {error}")))
        }
        // Discord still shows this person an older form of the command.
        FrameworkError::CommandStructureMismatch {
            description, ctx, ..
        } => {
            tracing::warn!(
                description,
                "a command arrived in a different form than registered"
            );
            (ctx.into(), UserError::Outdated.into())
        }
        FrameworkError::UnknownInteraction {
            framework,
            interaction,
            ..
        } => {
            tracing::warn!("an unknown command arrived");
            let pending = Pending {
                app: &framework.user_data.app,
                http: &framework.serenity_context.http,
                id: interaction.id,
                token: &interaction.token,
                locale: &interaction.locale,
                deferral: Deferral::Private,
            };
            pending
                .answer(async { Err(UserError::Outdated.into()) })
                .await;
            return;
        }
        other => {
            tracing::error!(error = %other, "an event could not be handled");
            return;
        }
    };
    let poise::Context::Application(ctx) = ctx else {
        return;
    };
    if ctx.interaction_type == poise::CommandInteractionType::Autocomplete {
        // Nothing can be said there; what is wrong shows in the log.
        answer::explain(error, Language::English, ctx.interaction.id.get());
        return;
    }
    let told = respond::command(ctx, Deferral::Private, async { Err(error) });
    // An answer that is lost has been logged.
    let _ = told.await;
    after(ctx.into()).await;
}
