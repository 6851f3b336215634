//! What the buttons of a campaign do. Each names its occurrence, so that it works after a restart and
//! never means another one of the same campaign.

use std::fmt;

use poise::serenity_prelude as serenity;
use serenity::{ButtonStyle, CreateButton};

use super::{progress, report, send, show};
use crate::app::App;
use crate::campaign as campaigns;
use crate::discord::answer::Answer;
use crate::discord::asker::Asker;
use crate::discord::controls::Action;
use crate::discord::handler::Data;
use crate::error::Result;
use crate::i18n::text;
use crate::ids::OccurrenceId;

/// A button of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::discord) enum Button {
    /// What was shown goes out.
    Send(OccurrenceId),
    /// It does not, or nothing more of it does.
    Cancel(OccurrenceId),
    /// How far it is.
    Show(OccurrenceId),
    /// Nothing more of it, until it is resumed.
    Pause(OccurrenceId),
    /// It goes on.
    Resume(OccurrenceId),
    /// What failed is tried again.
    RetryFailed(OccurrenceId),
    /// The same, with what may have arrived.
    RetryAll(OccurrenceId),
    /// A page of the list, from 0.
    List(i64),
}

impl Button {
    /// What stands behind `ca:` in a `custom_id`.
    pub(in crate::discord) fn parse(verb: &str, of: &str) -> Option<Self> {
        let number: i64 = of.parse().ok()?;
        let id = OccurrenceId(number);
        Some(match verb {
            "send" => Self::Send(id),
            "cancel" => Self::Cancel(id),
            "show" => Self::Show(id),
            "pause" => Self::Pause(id),
            "resume" => Self::Resume(id),
            "retry" => Self::RetryFailed(id),
            "retry-all" => Self::RetryAll(id),
            "list" => Self::List(number),
            _ => return None,
        })
    }

    /// As it is shown to `asker`.
    pub(super) fn labelled(self, asker: &Asker, key: &str, style: ButtonStyle) -> CreateButton {
        CreateButton::new(Action::Campaign(self).custom_id(asker.asked()))
            .label(text(asker.language, key, &[]))
            .style(style)
    }
}

impl fmt::Display for Button {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(id) => write!(f, "send:{id}"),
            Self::Cancel(id) => write!(f, "cancel:{id}"),
            Self::Show(id) => write!(f, "show:{id}"),
            Self::Pause(id) => write!(f, "pause:{id}"),
            Self::Resume(id) => write!(f, "resume:{id}"),
            Self::RetryFailed(id) => write!(f, "retry:{id}"),
            Self::RetryAll(id) => write!(f, "retry-all:{id}"),
            Self::List(page) => write!(f, "list:{page}"),
        }
    }
}

/// A button was pressed.
pub(in crate::discord) async fn pressed(
    app: &App,
    asker: &Asker,
    button: Button,
) -> Result<Answer> {
    let guild = asker.guild;
    let id = match button {
        Button::List(page) => return show::turned(app, asker, page).await,
        Button::Send(id) => return send::confirmed(app, asker, id).await,
        Button::Cancel(id) => {
            let was = campaigns::cancel_occurrence(app, guild, id).await?;
            if was == campaigns::State::Draft {
                return Ok(send::dropped(asker));
            }
            id
        }
        Button::Show(id) => id,
        Button::Pause(id) => {
            let name = campaigns::status_of(app, guild, id).await?.campaign.name;
            campaigns::pause(app, guild, &name).await?;
            id
        }
        Button::Resume(id) => {
            let name = campaigns::status_of(app, guild, id).await?.campaign.name;
            campaigns::resume(app, guild, &name).await?;
            id
        }
        Button::RetryFailed(id) => return report::again(app, asker, id, false).await,
        Button::RetryAll(id) => return report::again(app, asker, id, true).await,
    };
    let status = campaigns::status_of(app, guild, id).await?;
    Ok(Answer::Update(progress::shown(app, &status, None, asker)))
}

/// Below some of them the answer shows how far it is, and goes on to.
pub(in crate::discord) fn followed(
    data: &Data,
    ctx: &serenity::Context,
    asker: &Asker,
    button: Button,
) {
    match button {
        Button::Send(id) | Button::Resume(id) | Button::RetryFailed(id) | Button::RetryAll(id) => {
            progress::follow(&data.app, &ctx.http, asker, id);
        }
        Button::Cancel(_) | Button::Show(_) | Button::Pause(_) | Button::List(_) => {}
    }
}
