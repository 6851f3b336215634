//! `/timeattack reminders`

use crate::discord::answer::{Answer, Reply};
use crate::discord::asker::Asker;
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::error::Result;
use crate::i18n::text;
use crate::timeattack::reminders as reminding;

/// Switch reminders of your deadlines on or off
#[poise::command(slash_command)]
pub(super) async fn reminders(ctx: Context<'_>, on: bool) -> Result<()> {
    let answer = async {
        let app = &ctx.data().app;
        let asker = Asker::of_command(ctx.interaction)?;
        reminding::switch(app, asker.guild, asker.user, on).await?;
        let key = if on { "reminders-on" } else { "reminders-off" };
        Ok(Answer::Private(Reply::new(text(asker.language, key, &[]))))
    };
    respond::command(ctx, Deferral::Private, answer).await
}
