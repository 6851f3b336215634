//! What happens to campaigns by itself: those whose time has come begin, those that a process left
//! half frozen go on, and the admins are told how they ended.

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use super::store::Agenda;
use super::{Campaign, Tell, freeze, store};
use crate::app::App;
use crate::db::Tx;
use crate::error::Result;
use crate::guild;
use crate::i18n::{Language, text};
use crate::ids::OccurrenceId;
use crate::messenger::Message;
use crate::messenger::markdown::escape;
use crate::outbox::mail::{self, State as Row};
use crate::outbox::{self, Class, NewPost};

/// Between two looks for what another process scheduled, or left unfinished.
const LOOK_MS: i64 = 30_000;
/// After the bell, which may ring a moment before what it rings for is durable.
const AGAIN_MS: i64 = 500;
/// What was shown and not confirmed within a day is forgotten.
const DRAFT_LIFE_MS: i64 = 86_400_000;
/// A test is remembered for a week: for its count, and for what its mail may still lead to.
const TEST_LIFE_MS: i64 = 7 * 86_400_000;

/// Looks after campaigns until `stop`.
pub async fn keep_up(app: App, stop: CancellationToken) {
    let mut rung = false;
    loop {
        let mut next_ms = app.clock.now_ms() + if rung { AGAIN_MS } else { LOOK_MS };
        match look(&app).await {
            Ok(due_ms) => next_ms = due_ms.map_or(next_ms, |due_ms| due_ms.min(next_ms)),
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(error, "campaigns could not be processed; trying again");
            }
        }
        rung = tokio::select! {
            () = stop.cancelled() => return,
            () = app.campaigns.rung() => true,
            () = app.clock.sleep_at_most(next_ms, LOOK_MS) => false,
        };
    }
}

/// Does what there is to do, and says when the next campaign begins.
async fn look(app: &App) -> Result<Option<i64>> {
    let now_ms = app.clock.now_ms();
    let lives = (now_ms - DRAFT_LIFE_MS, now_ms - TEST_LIFE_MS);
    let mut agenda = read(app, now_ms, lives).await?;
    if agenda.due {
        app.db
            .write(now_ms, |tx, now_ms| Box::pin(store::start_due(tx, *now_ms)))
            .await?;
        agenda = read(app, now_ms, lives).await?;
    }
    for id in agenda.freezing {
        // One that fails by a fault of ours must not keep the others waiting.
        if let Err(error) = freeze(app, id).await {
            let error = format!("{error:#}");
            tracing::warn!(occurrence.id = %id, error, "a campaign could not be started; trying again");
        }
    }
    if agenda.to_tell || read(app, now_ms, lives).await?.to_tell {
        tell(app).await?;
    }
    if agenda.has_old {
        app.db
            .write_piece(lives, |tx, lives| Box::pin(store::forget_old(tx, *lives)))
            .await?;
    }
    Ok(agenda.next_ms)
}

async fn read(app: &App, now_ms: i64, lives: (i64, i64)) -> Result<Agenda> {
    let mut conn = app.db.read().await?;
    store::agenda(&mut conn, now_ms, lives).await
}

/// Tells the admins, once each, in the transaction that says that they are told.
async fn tell(app: &App) -> Result<()> {
    let mut conn = app.db.read().await?;
    let to_tell = store::to_tell(&mut conn).await?;
    drop(conn);
    for (id, guild, what, since_ms) in to_tell {
        // Beside the writer: to count them takes as long as there are many.
        let mut conn = app.db.read().await?;
        let progress = mail::progress(&mut conn, guild, id).await?;
        drop(conn);
        let counts = progress.map(|progress| progress.counts).unwrap_or_default();
        let job = (app.clone(), id, guild, what, (since_ms, counts));
        let row = app
            .db
            .write(job, |tx, (app, id, guild, what, (since_ms, counts))| {
                Box::pin(async move {
                    if !store::told(tx, *id, *what).await? {
                        return Ok(None);
                    }
                    let Some(campaign) = store::of_occurrence(tx, *guild, *id).await? else {
                        return Ok(None);
                    };
                    let how = (*since_ms, counts);
                    let post = post(tx, &campaign, *id, *what, how).await?;
                    let Some(post) = post else { return Ok(None) };
                    let row = app.outbox.prepare(post);
                    outbox::enqueue(tx, std::slice::from_ref(&row), app.outbox.boot()).await?;
                    Ok(Some(row))
                })
            })
            .await?;
        app.outbox.hand(row.into_iter().collect());
    }
    Ok(())
}

/// What the alerts channel is told; `None`: the server has none.
async fn post(
    tx: &mut Tx,
    campaign: &Campaign,
    id: OccurrenceId,
    what: Tell,
    (since_ms, counts): (i64, &BTreeMap<Row, i64>),
) -> Result<Option<NewPost>> {
    let settings = guild::for_guild(tx, campaign.guild).await?;
    let Some(alerts) = settings.alerts else {
        return Ok(None);
    };
    let language = settings.language.unwrap_or(Language::English);
    let count = |state: Row| counts.get(&state).copied().unwrap_or_default();
    let args = [
        ("name", escape(&campaign.name).into()),
        ("sent", count(Row::Completed).into()),
        ("failed", count(Row::Discarded).into()),
        ("unknown", count(Row::Unknown).into()),
        ("withheld", count(Row::Cancelled).into()),
    ];
    let content = match what {
        Tell::Done => text(language, "campaign-told-done", &args),
        Tell::Stopped => text(language, "campaign-told-stopped", &args[..1]),
        Tell::Failed => text(language, "campaign-told-failed", &args[..1]),
        Tell::Limited => {
            let until_ms = store::rests_until(tx, id).await?.unwrap_or(since_ms);
            let until = (
                "until",
                format!("<t:{}:R>", until_ms.div_euclid(1_000)).into(),
            );
            let [name, ..] = args;
            text(language, "campaign-told-limited", &[name, until])
        }
        Tell::Away => text(language, "campaign-told-away", &args[..1]),
    };
    Ok(Some(NewPost {
        guild: campaign.guild,
        user: None,
        class: Class::Notice,
        ladder: vec![alerts],
        alerts: None,
        language,
        message: Message {
            content,
            ..Message::default()
        },
        digest: None,
        dropped_ms: None,
        // It can come to its end more than once: what failed can be sent again.
        dedupe_key: format!("campaign:{id}:{}:{since_ms}", what.as_str()),
    }))
}
