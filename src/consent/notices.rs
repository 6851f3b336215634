//! What the law wants a member told about their own decisions.
//!
//! - Within fourteen days of each consent, refusal or withdrawal: who the sender is, what was
//!   decided and when, and that it was done.
//! - Before the same calendar date two years on, and every two years after that, while it holds: who
//!   the sender is, what was allowed and when, and how to keep or withdraw it.
//!
//! Both go by direct message at the next permitted time, carry no advertising, and are written in
//! the table until they are known to have been read out. Those that are overdue are alarmed about,
//! once each. Whoever refuses without ever having allowed anything is told in the answer to that
//! command or click itself: a direct message would be the first, and one they did not ask for.
//!
//! (정보통신망법 제50조 제7항·제8항, 시행령 제62조의2·제62조의3.)

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, NaiveDate, TimeZone as _};
use chrono_tz::Tz;
use tokio_util::sync::CancellationToken;

use super::{Change, Decider, Member, Scope, store};
use crate::app::App;
use crate::db::{BoxFuture, Tx};
use crate::error::Result;
use crate::guild;
use crate::i18n::{Language, text};
use crate::ids::{GuildId, UserId};
use crate::messenger::markdown::{escape, shorten};
use crate::messenger::{Button, ButtonStyle, Message};
use crate::outbox::dm::NewDm;
use crate::outbox::{self, Class, Row};

/// By when the result of a decision must be told.
const RESULT_DAYS: i64 = 14;
/// How long before its date a renewal is asked for: time enough for a closed inbox to open.
const RENEWAL_DAYS: i64 = 30;
const DAY_MS: i64 = 86_400_000;
/// Between two looks at what is planned.
const LOOK_MS: i64 = 3_600_000;
/// Notices of one piece: each takes some statements.
const CHUNK: i64 = 7;
/// Characters of a guild's name that are shown.
const NAME_LENGTH: usize = 100;
/// Begins the `custom_id` of the button that keeps what is allowed; the guild follows.
pub const KEEP_BUTTON: &str = "dm:keep:";

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The result of a decision.
    Result,
    /// Whether it still holds.
    Renewal,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Result => "result",
            Self::Renewal => "renewal",
        }
    }

    pub(super) fn parse(name: &str) -> Self {
        if name == "renewal" {
            Self::Renewal
        } else {
            Self::Result
        }
    }
}

/// Something to be told.
#[derive(Clone, Debug)]
pub(super) struct Notice {
    pub(super) id: i64,
    pub(super) guild: GuildId,
    pub(super) user: UserId,
    pub(super) kind: Kind,
    pub(super) changes: Vec<Change>,
    pub(super) decided_ms: i64,
    pub(super) not_before_ms: i64,
    pub(super) due_ms: i64,
}

impl Notice {
    fn key(&self) -> String {
        key_of(self.id)
    }
}

fn key_of(notice: i64) -> String {
    format!("consent:{notice}")
}

/// What follows a decision: its notice, made now, and the plan for two years on.
pub(super) async fn after(
    tx: &mut Tx,
    app: &App,
    decider: &Decider,
    member: &Member,
    changes: &[Change],
    is_first_refusal: bool,
) -> Result<Vec<Row>> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let now_ms = app.clock.now_ms();
    let settings = guild::for_guild(tx, decider.guild).await?;
    let zone = member.timezone.unwrap_or(settings.timezone);
    let result = Notice {
        id: app.ids.next(&app.clock),
        guild: decider.guild,
        user: decider.user,
        kind: Kind::Result,
        changes: changes.to_vec(),
        decided_ms: now_ms,
        not_before_ms: now_ms,
        due_ms: now_ms + RESULT_DAYS * DAY_MS,
    };
    let mut rows = Vec::new();
    if is_first_refusal {
        store::plan(tx, &result, "said", now_ms).await?;
    } else {
        store::plan(tx, &result, "enqueued", now_ms).await?;
        rows.push(app.outbox.prepare_dm(message(&result, member, zone)));
    }
    for id in store::void_renewals(tx, decider.guild, decider.user, now_ms).await? {
        outbox::dm::call_off(tx, &key_of(id)).await?;
    }
    plan_renewals(tx, app, (decider.guild, decider.user), member, zone).await?;
    Ok(rows)
}

/// Plans the next questions whether what `member` allows still holds: two years after each of it
/// was allowed, or was last said to be kept. What was allowed on one day is asked about together.
async fn plan_renewals(
    tx: &mut Tx,
    app: &App,
    (guild, user): (GuildId, UserId),
    member: &Member,
    zone: Tz,
) -> Result<()> {
    let now_ms = app.clock.now_ms();
    let mut granted_ms: BTreeMap<Scope, i64> = BTreeMap::new();
    for (_, record) in store::records(tx, guild, user, store::ALL).await? {
        if record.granted {
            granted_ms.insert(record.scope, record.decided_ms);
        }
    }
    let mut by_date: BTreeMap<i64, (i64, Vec<Change>)> = BTreeMap::new();
    for (scope, decided_ms) in granted_ms {
        if member.allows(scope) {
            let due_ms = renewal_due_ms(decided_ms, zone, now_ms);
            let (_, changes) = by_date.entry(due_ms).or_insert((decided_ms, Vec::new()));
            changes.push(Change {
                scope,
                granted: true,
            });
        }
    }
    for (due_ms, (decided_ms, changes)) in by_date {
        let renewal = Notice {
            id: app.ids.next(&app.clock),
            guild,
            user,
            kind: Kind::Renewal,
            changes,
            decided_ms,
            not_before_ms: due_ms - RENEWAL_DAYS * DAY_MS,
            due_ms,
        };
        store::plan(tx, &renewal, "planned", now_ms).await?;
    }
    Ok(())
}

/// When the day begins before which a consent of `decided_ms` must be asked about again: the first
/// of its two-yearly dates that is more than the notice's lead away from `now_ms`.
fn renewal_due_ms(decided_ms: i64, zone: Tz, now_ms: i64) -> i64 {
    let decided = DateTime::from_timestamp_millis(decided_ms)
        .unwrap_or_default()
        .with_timezone(&zone)
        .date_naive();
    let due = |years: i32| {
        let year = decided.year() + years;
        // 29 February is not there two years on: the day before is in time.
        let date = NaiveDate::from_ymd_opt(year, decided.month(), decided.day())
            .or_else(|| NaiveDate::from_ymd_opt(year, decided.month(), decided.day() - 1))?;
        // Where the clocks skip midnight, the day begins at one.
        let begin = |hour| {
            zone.from_local_datetime(&date.and_hms_opt(hour, 0, 0)?)
                .earliest()
        };
        let begun = begin(0).or_else(|| begin(1))?;
        Some(begun.timestamp_millis())
    };
    let dates = (1..=50).filter_map(|turn| due(2 * turn));
    let lead_ms = RENEWAL_DAYS * DAY_MS;
    let next = dates.into_iter().find(|due_ms| due_ms - lead_ms > now_ms);
    next.unwrap_or(decided_ms + 2 * 365 * DAY_MS)
}

fn message(notice: &Notice, member: &Member, zone: Tz) -> NewDm {
    let language = member.language;
    let sender = escape(&shorten(&member.guild_name, NAME_LENGTH));
    let date = DateTime::from_timestamp_millis(notice.decided_ms)
        .unwrap_or_default()
        .with_timezone(&zone)
        .format("%Y-%m-%d");
    let args = [
        ("sender", sender.into()),
        ("date", date.to_string().into()),
        ("facts", facts(&notice.changes, language).into()),
    ];
    let (key, buttons) = match notice.kind {
        Kind::Result => ("consent-result", Vec::new()),
        Kind::Renewal => (
            "consent-renewal",
            vec![Button {
                custom_id: format!("{KEEP_BUTTON}{}", notice.guild.get()),
                label: text(language, "dm-keep-button", &[]),
                style: ButtonStyle::Primary,
            }],
        ),
    };
    NewDm {
        guild: notice.guild,
        user: notice.user,
        class: Class::Legal,
        language,
        message: Message {
            content: text(language, key, &args),
            buttons,
            ..Message::default()
        },
        not_before_ms: None,
        expires_at_ms: None,
        batch: None,
        dedupe_key: notice.key(),
    }
}

/// What a member was or will be told about their own decisions, for their own eyes: the next `most`
/// behind an id, each with its own.
pub async fn all_of(
    app: &App,
    guild: GuildId,
    user: UserId,
    (after, most): (i64, i64),
) -> Result<Vec<(i64, Told)>> {
    let mut conn = app.db.read().await?;
    store::told(&mut conn, guild, user, (after, most)).await
}

/// A notice, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Told {
    /// `result` or `renewal`.
    pub kind: String,
    /// `planned`, `enqueued`, `said` or `void`.
    pub state: String,
    /// When the decision was made.
    pub decided_ms: i64,
    /// By when it is to be said.
    pub due_ms: i64,
}

/// Says what is due, and looks after what was to be said, until `stop`. `alarm` is told how many
/// have become overdue.
pub async fn keep_up(app: App, alarm: impl Fn(u64) + Send, stop: CancellationToken) {
    loop {
        match look(&app).await {
            Ok(0) => {}
            Ok(overdue) => alarm(overdue),
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(
                    error,
                    "notices of consent could not be processed; trying again"
                );
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.clock.sleep_ms(LOOK_MS) => {}
        }
    }
}

/// One look at all that is planned or on its way; how many have become overdue.
pub async fn look(app: &App) -> Result<u64> {
    each(app, "planned", enqueue_chunk).await?;
    each(app, "enqueued", settle_chunk).await?;
    let now_ms = app.clock.now_ms();
    let mut overdue = 0;
    loop {
        let alarmed = app
            .db
            .write_piece(now_ms, |tx, now_ms| Box::pin(store::alarm(tx, *now_ms)));
        match alarmed.await? {
            0 => return Ok(overdue),
            some => overdue += some,
        }
    }
}

/// What becomes of some notices, and the messages to be handed to the outbox.
type Treat = for<'t> fn(&'t mut Tx, &'t App, &'t [Notice]) -> BoxFuture<'t, Result<Vec<Row>>>;

/// Goes through all notices of a state in pieces, so that others write in between.
async fn each(app: &App, state: &'static str, treat: Treat) -> Result<()> {
    let mut after = 0;
    loop {
        let mut conn = app.db.read().await?;
        let now_ms = app.clock.now_ms();
        let notices = store::notices(&mut conn, state, now_ms, after, CHUNK).await?;
        drop(conn);
        let Some(last) = notices.last() else {
            return Ok(());
        };
        after = last.id;
        let job = (app.clone(), notices);
        let rows = app
            .db
            .write_piece(job, move |tx, (app, notices)| treat(tx, app, notices))
            .await?;
        app.outbox.hand(rows);
    }
}

/// What was planned for now is said, if it still holds, and the next one planned.
fn enqueue_chunk<'t>(
    tx: &'t mut Tx,
    app: &'t App,
    notices: &'t [Notice],
) -> BoxFuture<'t, Result<Vec<Row>>> {
    Box::pin(async move {
        let now_ms = app.clock.now_ms();
        let mut rows = Vec::new();
        for notice in notices {
            let member = store::member(tx, notice.guild, notice.user).await?;
            let mut notice = notice.clone();
            notice
                .changes
                .retain(|change| member.as_ref().is_some_and(|one| one.allows(change.scope)));
            let Some(member) = member.filter(|_| !notice.changes.is_empty()) else {
                store::advance(tx, notice.id, "planned", "void", now_ms).await?;
                continue;
            };
            if !store::advance(tx, notice.id, "planned", "enqueued", now_ms).await? {
                continue;
            }
            let settings = guild::for_guild(tx, notice.guild).await?;
            let zone = member.timezone.unwrap_or(settings.timezone);
            rows.push(app.outbox.prepare_dm(message(&notice, &member, zone)));
            // The same once more, two years on.
            let due_ms = renewal_due_ms(notice.decided_ms, zone, notice.due_ms);
            let next = Notice {
                id: app.ids.next(&app.clock),
                not_before_ms: due_ms - RENEWAL_DAYS * DAY_MS,
                due_ms,
                ..notice.clone()
            };
            store::plan(tx, &next, "planned", now_ms).await?;
        }
        outbox::enqueue(tx, &rows, app.outbox.boot()).await?;
        Ok(rows)
    })
}

/// What has arrived, or was shown otherwise, is done.
fn settle_chunk<'t>(
    tx: &'t mut Tx,
    app: &'t App,
    notices: &'t [Notice],
) -> BoxFuture<'t, Result<Vec<Row>>> {
    Box::pin(async move {
        let now_ms = app.clock.now_ms();
        let keys: Vec<String> = notices.iter().map(Notice::key).collect();
        let fates = outbox::dm::fates(tx, &keys).await?;
        for notice in notices {
            let is_said = match fates.get(&notice.key()) {
                // Long done, and removed.
                None => true,
                Some((state, was_shown)) => state == "completed" || *was_shown,
            };
            if is_said {
                store::advance(tx, notice.id, "enqueued", "said", now_ms).await?;
            }
        }
        Ok(Vec::new())
    })
}

/// What a member is told in the answer to their click: the same facts as the notice.
pub fn facts(changes: &[Change], language: Language) -> String {
    let line = |change: &Change| {
        let mark = if change.granted { "✅" } else { "🚫" };
        format!("{mark} {}", change.scope.wording(language))
    };
    changes.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEOUL: Tz = chrono_tz::Asia::Seoul;

    fn seoul(year: i32, month: u32, day: u32, hour: u32) -> i64 {
        let local = SEOUL.with_ymd_and_hms(year, month, day, hour, 0, 0);
        local.unwrap().timestamp_millis()
    }

    #[test]
    fn a_renewal_is_due_before_the_same_date_two_years_on() {
        let decided = seoul(2026, 11, 21, 23);
        let first = renewal_due_ms(decided, SEOUL, decided);
        assert_eq!(first, seoul(2028, 11, 21, 0));
        let second = renewal_due_ms(decided, SEOUL, first - RENEWAL_DAYS * DAY_MS);
        assert_eq!(second, seoul(2030, 11, 21, 0));
    }

    #[test]
    fn a_consent_of_a_leap_day_is_renewed_by_the_day_before_its_date_would_be() {
        let decided = seoul(2028, 2, 29, 12);
        let first = renewal_due_ms(decided, SEOUL, decided);
        assert_eq!(first, seoul(2030, 2, 28, 0));
        let second = renewal_due_ms(decided, SEOUL, first);
        assert_eq!(second, seoul(2032, 2, 29, 0));
    }

    #[test]
    fn a_consent_renews_even_where_midnight_does_not_exist() {
        // Santiago's clocks go forward at midnight of early September.
        let zone = chrono_tz::America::Santiago;
        for day in 1..=14 {
            let decided = zone.with_ymd_and_hms(2024, 9, day, 12, 0, 0).unwrap();
            let decided = decided.timestamp_millis();
            let due = renewal_due_ms(decided, zone, decided);
            let days = (due - decided) / DAY_MS;
            assert!((728..=730).contains(&days), "{day}: {days}");
        }
    }
}
