//! What happens by itself, or to all of something, is done in pieces like any large work; and what looks
//! through very much is right over several looks.

use timeattack::campaign;
use timeattack::consent::notices;
use timeattack::ids::{GuildId, UserId, first_id_of};
use timeattack::outbox::mail::{self, State};
use timeattack::outbox::queue::Why;
use timeattack::subscriber;

use crate::campaigns::support::{Post, template};
use crate::direct::members_allow;
use crate::mail_lane::support::{
    Deed, Sending, abandoned, decided_to_retry, does, ended, filled, limits, with_memory,
};
use crate::support::{GUILD, MEMBER, NOW_MS, TestApp, days, execute, hours, minutes, seconds};

/// More than a look goes through, twice.
const MANY: i64 = 11_000;

/// Rows for an `INSERT`.
fn values(count: i64, row: impl Fn(i64) -> String) -> String {
    let rows: Vec<String> = (1..=count).map(row).collect();
    rows.join(", ")
}

impl TestApp {
    async fn executes(&self, sql: String) {
        execute(&self.app().db, sql).await.unwrap();
    }
}

#[tokio::test]
async fn a_campaign_is_frozen_in_pieces() {
    let post = Post::start().await;
    post.template("news", template("Hi {{ name }}", "<p>x</p>"))
        .await;
    post.subscribers(2_000).await;
    post.notice("November", "").await.unwrap();
    let id = post.proves("November").await.unwrap().occurrence;
    post.app.weighs().await;
    let frozen = post.inside(async move |app| {
        campaign::confirm(&app, GUILD, id).await?;
        campaign::freeze(&app, id).await
    });
    frozen.await.unwrap();
    post.app.was_light(2_000);
    assert_eq!(post.frozen(id).await, 2_000);
    post.inside(async move |app| campaign::cancel_occurrence(&app, GUILD, id).await)
        .await
        .unwrap();
    post.until_over("November").await;
}

#[tokio::test]
async fn notices_that_are_due_at_once_are_said_in_pieces() {
    let app = TestApp::with_dm_rate(1_000.0).await;
    let users: Vec<UserId> = (1..=300).map(UserId).collect();
    members_allow(&app, &users, 0).await;
    let notices = values(300, |n| {
        format!(
            "({n}, {GUILD}, {n}, 'renewal', '[{{\"scope\":\"notice\",\"granted\":true}}]', 0, \
             {NOW_MS} - 1000, {NOW_MS} + 86400000, 'planned', 0)"
        )
    });
    app.executes(format!(
        "INSERT INTO consent_notices (id, guild_id, user_id, kind, decision, decided_ms, \
         not_before_ms, due_ms, state, updated_ms) VALUES {notices}"
    ))
    .await;
    app.weighs().await;
    let overdue = app.inside(async |app| notices::look(&app).await).await;
    assert_eq!(overdue.unwrap(), 0);
    // Each is enqueued, with its message and the next notice.
    app.was_light(900);
    let open = "consent_notices WHERE state = 'planned' AND due_ms > 86400000 AND id > 300";
    assert_eq!(app.count(open).await, 300);
    app.settle().await;
}

#[tokio::test]
async fn what_was_done_long_ago_is_removed_in_pieces() {
    let app = TestApp::start().await;
    let old = values(1_500, |n| {
        format!(
            "({n}, 'post', {n}, 'post', 'notice', {GUILD}, 1, 1, '{{}}', 'p:{n}', 'completed', 0, 0, \
             {NOW_MS})"
        )
    });
    app.executes(format!(
        "INSERT INTO outbox (id, lane, message_key, kind, class, guild_id, user_id, channel_id, \
         payload, dedupe_key, state, not_before_ms, created_ms, updated_ms) VALUES {old}"
    ))
    .await;
    app.weighs().await;
    app.clock.advance_ms(days(8));
    app.changes_until(async || app.count("outbox").await == 0)
        .await;
    // The last piece is there a moment before it is weighed.
    app.was_light(1_250);
}

#[tokio::test]
async fn what_a_process_holds_at_its_end_is_given_back_in_pieces() {
    let app = TestApp::start().await;
    let boot = app.app().outbox.boot();
    let held = values(1_500, |n| {
        format!(
            "({n}, 'post', {n}, 'post', 'notice', {GUILD}, 1, 1, '{{}}', 'p:{n}', 'running', 0, 1, \
             {boot}, {NOW_MS} + 15000, 0, 0)"
        )
    });
    app.executes(format!(
        "INSERT INTO outbox (id, lane, message_key, kind, class, guild_id, user_id, channel_id, \
         payload, dedupe_key, state, not_before_ms, attempt, lease_owner, lease_until_ms, \
         created_ms, updated_ms) VALUES {held}"
    ))
    .await;
    app.weighs().await;
    app.inside(async |app| app.outbox.drain(std::time::Duration::from_secs(10)).await)
        .await;
    app.was_light(1_500);
    let back = "outbox WHERE state = 'retryable' AND lease_owner IS NULL AND attempt = 1";
    assert_eq!(app.count(back).await, 1_500);
    app.executes("DELETE FROM outbox".into()).await;
}

#[tokio::test]
async fn mails_of_a_process_that_is_no_more_are_looked_after_in_pieces() {
    let (app, ..) = with_memory(limits()).await;
    app.settle().await;
    let recipients = 1_000;
    let id = filled(
        &app,
        Sending {
            recipients,
            ..Sending::default()
        },
    )
    .await;
    // Paused, so that what waits again stays.
    app.executes("UPDATE occurrences SET phase = 'paused', began_ms = 0".into())
        .await;
    app.executes(
        "UPDATE deliveries SET state = 'running', attempt = 1, lease_owner = 1, \
         lease_until_ms = 0, unsent = id % 2"
            .into(),
    )
    .await;
    let unsent = app.count("deliveries WHERE unsent = 1").await;
    app.weighs().await;
    for _ in 0..40 {
        app.advance(seconds(6)).await;
    }
    app.was_light(1_000);
    let mine = |state: &str| format!("deliveries WHERE occurrence_id = {id} AND state = '{state}'");
    assert_eq!(app.count(&mine("running")).await, 0);
    assert_eq!(app.count(&mine("available")).await, unsent);
    assert_eq!(app.count(&mine("unknown")).await, 1_000 - unsent);
    assert!(does(&app, Deed::Cancel, id).await);
    app.settle().await;
}

#[tokio::test]
async fn what_changes_a_whole_ledger_is_done_in_pieces() {
    let (app, ..) = with_memory(limits()).await;
    app.settle().await;
    let id = ended(&app, 2_500, State::Discarded).await;
    app.weighs().await;
    assert_eq!(decided_to_retry(&app, id, false).await, 2_500);
    app.was_light(240);
    assert!(does(&app, Deed::Cancel, id).await);
    app.settle().await;
    app.was_light(240);
    let sending = Sending {
        recipients: 2_500,
        ..Sending::default()
    };
    let abandoned_one = filled(&app, sending).await;
    app.app().db.weighed();
    abandoned(&app, abandoned_one).await;
    app.app().outbox.wake_mails();
    let left = format!("deliveries WHERE occurrence_id = {abandoned_one}");
    app.changes_until(async || app.count(&left).await == 0)
        .await;
    app.was_light(2_250);
    let old = ended(&app, 2_500, State::Completed).await;
    app.app().db.weighed();
    app.clock.advance_ms(days(31));
    let told = format!("deliveries WHERE occurrence_id = {old} AND name <> ''");
    app.changes_until(async || app.count(&told).await == 0)
        .await;
    app.was_light(2_250);
}

#[tokio::test]
async fn several_ledgers_are_changed_in_pieces_as_one_is() {
    let (app, ..) = with_memory(limits()).await;
    app.settle().await;
    let mut all = Vec::new();
    for _ in 0..10 {
        let sending = Sending {
            recipients: 300,
            ..Sending::default()
        };
        all.push(filled(&app, sending).await);
    }
    app.weighs().await;
    for id in all {
        abandoned(&app, id).await;
    }
    // What is left of each is less than a piece.
    app.app().outbox.wake_mails();
    app.changes_until(async || app.count("deliveries").await == 0)
        .await;
    app.was_light(3_000);
}

#[tokio::test]
async fn a_queue_that_takes_several_looks_is_counted_whole() {
    let app = TestApp::start().await;
    let (later, other) = (NOW_MS + days(3), GuildId(5));
    // Every other one is another guild's; those of this one have one of four fates each.
    let row = |n: i64| {
        let guild = if n % 2 == 0 { GUILD } else { other };
        let at_ms = later + n % 7;
        let (state, error, not_before_ms) = match n / 2 % 4 {
            0 => ("retryable", format!("'why {}'", n % 3), at_ms),
            1 => ("cancelled", "'expired'".to_owned(), 0),
            2 => ("cancelled", "'cancelled'".to_owned(), 0),
            _ => ("available", "NULL".to_owned(), at_ms),
        };
        // As old as an hour.
        let id = first_id_of(NOW_MS - hours(1)) + n;
        format!(
            "({id}, 'dm', {id}, 'dm', 'notice', {guild}, {MEMBER}, 0, \
             '{{\"message\":{{\"content\":\"x\"}},\"language\":\"en\"}}', 'd:{n}', '{state}', \
             {not_before_ms}, {error}, 0, {NOW_MS})"
        )
    };
    for from in [0, MANY] {
        let rows = values(MANY, |n| row(from + n));
        app.executes(format!(
            "INSERT INTO outbox (id, lane, message_key, kind, class, guild_id, user_id, channel_id, \
             payload, dedupe_key, state, not_before_ms, last_error, created_ms, updated_ms) \
             VALUES {rows}"
        ))
        .await;
    }
    let mine = |state: &str| format!("outbox WHERE guild_id = {GUILD} AND {state}");
    let status = app
        .inside(async |app| app.outbox.status(GUILD).await)
        .await
        .unwrap();
    let waiting: Vec<(i64, &Why)> = status
        .waiting
        .iter()
        .map(|one| (one.count, &one.why))
        .collect();
    let planned = Why::Planned { from_ms: later };
    let retried = Why::Retry {
        at_ms: later,
        error: "why 2".into(),
    };
    let expected = [
        (app.count(&mine("state = 'available'")).await, &planned),
        (app.count(&mine("state = 'retryable'")).await, &retried),
    ];
    assert_eq!(waiting, expected);
    let expired = app.count(&mine("last_error = 'expired'")).await;
    let cancelled = app.count(&mine("last_error = 'cancelled'")).await;
    let dropped = [
        ("cancelled".to_owned(), cancelled),
        ("expired".to_owned(), expired),
    ];
    assert_eq!(status.dropped, dropped);
    let theirs = app
        .inside(async |app| app.outbox.count_of_member(GUILD, MEMBER).await)
        .await;
    assert_eq!(theirs.unwrap(), MANY);
    app.executes("DELETE FROM outbox".into()).await;
}

#[tokio::test]
async fn a_long_list_is_counted_and_turned_over_several_looks() {
    let app = TestApp::start().await;
    let guild = GUILD.0;
    let rows = values(MANY, |n| {
        format!("({n}, {guild}, 'm{n:05}@x.kr', 'm{n:05}@x.kr', 'M', '{{}}', 0, 0)")
    });
    app.executes(format!(
        "INSERT INTO subscribers (id, guild_id, email, address, name, attributes, created_ms, \
         updated_ms) VALUES {rows}"
    ))
    .await;
    // Some of whom are no subscribers, and some of whom nothing but advertising is sent to.
    let rows = values(MANY, |n| {
        let scope = if n % 10 == 0 { "ads" } else { "all" };
        format!(
            "({guild}, 'm{:05}@x.kr', '{scope}', 'bounced', 0)",
            n + 1_000
        )
    });
    app.executes(format!(
        "INSERT INTO suppressions (guild_id, email, scope, reason, since_ms) VALUES {rows}"
    ))
    .await;
    app.executes(format!(
        "INSERT INTO subscriber_lists (guild_id, version, subscribers) VALUES ({guild}, 0, {MANY})"
    ))
    .await;
    let turned = async |page| {
        app.inside(async move |app| subscriber::list(&app, GUILD, page).await)
            .await
            .unwrap()
    };
    for (page, shown, first) in [
        (0, 0, 1),
        (333, 333, 4_996),
        (700, 700, 10_501),
        (9_999, 733, 10_996),
    ] {
        let page = turned(page).await;
        assert_eq!((page.page, page.pages, page.count), (shown, 734, MANY));
        // 10,000 subscribers are suppressed, a tenth of them for advertising alone.
        assert_eq!(page.suppressed, 9_000);
        assert_eq!(page.subscribers[0].address, format!("m{first:05}@x.kr"));
    }
    let suggested = async |typed: &'static str| {
        app.inside(async move |app| subscriber::suggest(&app, GUILD, typed, 3).await)
            .await
            .unwrap()
    };
    assert_eq!(
        suggested("M1099").await,
        ["m10990@x.kr", "m10991@x.kr", "m10992@x.kr"]
    );
    assert_eq!(suggested("m05000@x").await, ["m05000@x.kr"]);
    assert!(suggested("k").await.is_empty() && suggested("z").await.is_empty());
}

#[tokio::test]
async fn what_happened_to_a_long_campaign_is_told_over_several_looks() {
    let (app, ..) = with_memory(limits()).await;
    app.settle().await;
    let count = usize::try_from(MANY).unwrap();
    let id = ended(&app, count, State::Completed).await;
    app.executes(format!(
        "UPDATE deliveries SET ended_ms = {NOW_MS}, deferred_ms = CASE WHEN id % 2 = 0 \
             THEN {NOW_MS} + 60000 END"
    ))
    .await;
    let deferred = app.count("deliveries WHERE deferred_ms IS NOT NULL").await;
    let course = mail::timeline(&app.app().db, GUILD, id, minutes(1)).await;
    let course = course.unwrap();
    let counted: Vec<_> = course
        .iter()
        .map(|one| (one.completed, one.deferred, one.failed))
        .collect();
    assert_eq!(counted, [(MANY, 0, 0), (0, deferred, 0)]);
    assert_eq!(course[1].at_ms - course[0].at_ms, minutes(1));
}

#[tokio::test]
async fn mails_that_wait_too_long_after_the_clock_was_set_back_are_changed_in_pieces() {
    let (app, ..) = with_memory(limits()).await;
    app.settle().await;
    let recipients = 10_000;
    let id = filled(
        &app,
        Sending {
            recipients,
            ..Sending::default()
        },
    )
    .await;
    // Put off: none is due.
    for sql in [
        "UPDATE occurrences SET phase = 'sending', began_ms = 0".to_owned(),
        format!(
            "UPDATE deliveries SET state = 'retryable', attempt = 1, deferrals = 1, \
             not_before_ms = {NOW_MS} + 300000"
        ),
    ] {
        app.executes(sql).await;
    }
    app.advance(seconds(6)).await;
    app.weighs().await;
    app.clock.step_ms(-hours(1));
    app.advance(seconds(6)).await;
    let latest_ms = app.now_ms() + minutes(5);
    let left = format!("deliveries WHERE not_before_ms > {latest_ms}");
    app.changes_until(async || app.count(&left).await == 0)
        .await;
    app.advance(seconds(6)).await;
    app.was_light(10_000);
    assert!(does(&app, Deed::Cancel, id).await);
    app.settle().await;
}

#[tokio::test]
async fn messages_that_wait_too_long_after_the_clock_was_set_back_are_changed_in_pieces() {
    let app = TestApp::start().await;
    app.settle().await;
    let at_ms = NOW_MS + hours(2);
    // To somebody who allows none: what is due is dropped.
    let rows = values(3_000, |n| {
        format!(
            "({n}, 'dm', {n}, 'dm', 'notice', {GUILD}, {MEMBER}, 0, \
             '{{\"message\":{{\"content\":\"x\"}},\"language\":\"en\"}}', 'd:{n}', 'retryable', \
             {at_ms}, 1, {NOW_MS}, 0, {NOW_MS})"
        )
    });
    app.executes(format!(
        "INSERT INTO outbox (id, lane, message_key, kind, class, guild_id, user_id, channel_id, \
         payload, dedupe_key, state, not_before_ms, attempt, first_attempt_ms, created_ms, \
         updated_ms) VALUES {rows}"
    ))
    .await;
    app.weighs().await;
    app.clock.step_ms(-hours(1));
    app.clock.advance_ms(seconds(6));
    app.changes_until(async || app.count("outbox WHERE state = 'retryable'").await == 0)
        .await;
    app.settle().await;
    app.was_light(6_000);
}
