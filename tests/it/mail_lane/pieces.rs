//! What changes all rows of an occurrence, in pieces: none of them is lost to a process that ends in
//! between.

use timeattack::ids::OccurrenceId;
use timeattack::outbox::mail::{Ending, Phase, State};

use super::support::{
    Deed, Sending, abandoned, counts, decided_to_retry, does, ended, filled, known, limits, one,
    progress, rows, with_memory,
};
use crate::support::{TestApp, days, execute, hours, seconds};

/// More than a piece, of which a decision has the first.
const ROWS: usize = 2_500;
/// What a piece changes of them, and what it leaves.
const PIECE: i64 = 240;
const LEFT: i64 = 2_500 - PIECE;

/// So many rows of a table are this occurrence's.
async fn stored(app: &TestApp, table: &str, of: &str, id: OccurrenceId) -> i64 {
    count(app, &format!("{table} WHERE {of} = {id}")).await
}

async fn count(app: &TestApp, those: &str) -> i64 {
    let mut conn = app.app().db.read().await.unwrap();
    let sql = format!("SELECT COUNT(*) FROM {those}");
    let count = sqlx::query_scalar(sqlx::AssertSqlSafe(sql));
    count.fetch_one(&mut *conn).await.unwrap()
}

#[tokio::test]
async fn what_failed_is_sent_again_though_the_process_dies_between_two_pieces() {
    let (app, author, memory) = with_memory(limits()).await;
    app.settle().await;
    let id = ended(&app, ROWS, State::Discarded).await;
    assert_eq!(decided_to_retry(&app, id, false).await, 2_500);
    let between = [(State::Available, PIECE), (State::Discarded, LEFT)];
    assert_eq!(counts(&app, id).await, between);
    let app = app.killed_for(seconds(20)).await;
    app.settle().await;
    assert_eq!(counts(&app, id).await, [(State::Completed, 2_500)]);
    assert_eq!(memory.letters().len(), ROWS);
    assert_eq!(
        author.endings(),
        [(id, Ending::Ended)],
        "not before the last piece"
    );
}

#[tokio::test]
async fn what_may_have_arrived_since_the_decision_is_not_sent_by_it() {
    let (app, _, memory) = with_memory(limits()).await;
    app.settle().await;
    let id = ended(&app, ROWS, State::Unknown).await;
    assert_eq!(
        decided_to_retry(&app, id, false).await,
        0,
        "nothing was refused"
    );
    assert_eq!(decided_to_retry(&app, id, true).await, 2_500);
    // One of the first piece was on its way, in a process that is no more.
    let sent = format!(
        "UPDATE deliveries SET state = 'running', attempt = 1, lease_owner = 1, lease_until_ms = 0 \
         WHERE id = (SELECT MIN(id) FROM deliveries \
             WHERE occurrence_id = {id} AND state = 'available')"
    );
    execute(&app.app().db, sent).await.unwrap();
    let app = app.killed_for(seconds(20)).await;
    app.settle().await;
    let all = [(State::Completed, 2_499), (State::Unknown, 1)];
    assert_eq!(counts(&app, id).await, all);
    assert_eq!(memory.letters().len(), ROWS - 1);
    // It is, once somebody decides anew.
    assert_eq!(decided_to_retry(&app, id, true).await, 1);
    assert_eq!(one(&app, id, State::Available).await.attempts, 0);
    app.app().outbox.wake_mails();
    app.settle().await;
    assert_eq!(counts(&app, id).await, [(State::Completed, 2_500)]);
}

#[tokio::test]
async fn one_that_is_cancelled_while_it_is_put_back_goes_no_further() {
    let (app, _, memory) = with_memory(limits()).await;
    app.settle().await;
    let id = ended(&app, ROWS, State::Discarded).await;
    decided_to_retry(&app, id, false).await;
    assert!(does(&app, Deed::Cancel, id).await);
    app.settle().await;
    let left = [(State::Discarded, LEFT), (State::Cancelled, PIECE)];
    assert_eq!(counts(&app, id).await, left);
    let over = progress(&app, id).await;
    assert_eq!(
        (over.phase, over.ended_ms),
        (Phase::Cancelled, Some(app.now_ms()))
    );
    assert!(memory.letters().is_empty());
}

#[tokio::test]
async fn an_abandoned_one_is_none_at_once_and_gone_though_the_process_dies_between_two_pieces() {
    let (app, _, memory) = with_memory(limits()).await;
    app.settle().await;
    let sending = Sending {
        recipients: ROWS,
        ..Sending::default()
    };
    let id = filled(&app, sending).await;
    abandoned(&app, id).await;
    assert_eq!(known(&app, id).await, None);
    assert_eq!(stored(&app, "deliveries", "occurrence_id", id).await, LEFT);
    let app = app.killed_for(seconds(20)).await;
    app.settle().await;
    assert_eq!(stored(&app, "deliveries", "occurrence_id", id).await, 0);
    assert_eq!(stored(&app, "occurrences", "id", id).await, 0);
    assert!(memory.letters().is_empty());
}

/// One that was paused before its one mail went.
async fn paused(app: &TestApp) -> OccurrenceId {
    let one = Sending {
        recipients: 1,
        ..Sending::default()
    };
    let id = filled(app, one).await;
    let paused = format!("UPDATE occurrences SET phase = 'paused', began_ms = 1 WHERE id = {id}");
    execute(&app.app().db, paused).await.unwrap();
    id
}

/// Waits until nothing of it is left to be forgotten.
async fn forgotten(app: &TestApp, id: OccurrenceId) {
    let done = format!(
        "occurrences WHERE id = {id} AND forgotten_ms IS NOT NULL AND forgetting_id IS NULL"
    );
    app.changes_until(async || count(app, &done).await == 1)
        .await;
}

#[tokio::test]
async fn what_mails_were_made_of_is_forgotten_a_month_after_the_end_and_the_report_stays() {
    let (app, _, _) = with_memory(limits()).await;
    let (paused, cancelled) = (paused(&app).await, paused(&app).await);
    assert!(does(&app, Deed::Cancel, cancelled).await);
    let id = ended(&app, ROWS, State::Discarded).await;
    let (before, then) = (rows(&app, id).await, progress(&app, id).await);
    app.clock.advance_ms(hours(2));
    let later = ended(&app, 1, State::Discarded).await;
    app.clock.advance_ms(days(30) - hours(1));
    forgotten(&app, id).await;
    forgotten(&app, cancelled).await;
    let made_of = "(name <> '' OR fields <> '{}')";
    let of = |id| format!("deliveries WHERE occurrence_id = {id} AND {made_of}");
    assert_eq!(count(&app, &of(id)).await, 0);
    assert_eq!(count(&app, &of(cancelled)).await, 0);
    let empty = format!("occurrences WHERE id = {id} AND content = ''");
    assert_eq!(count(&app, &empty).await, 1);
    // Who, how, why and when is known as before.
    let (mut after, now) = (rows(&app, id).await, progress(&app, id).await);
    for (row, was) in after.iter_mut().zip(&before) {
        row.name.clone_from(&was.name);
    }
    assert_eq!(after, before);
    assert_eq!(now.counts, then.counts);
    assert_eq!((now.phase, now.ended_ms), (Phase::Ended, then.ended_ms));
    assert!(now.forgotten_ms.is_some());
    // It could be made of nothing.
    assert_eq!(decided_to_retry(&app, id, true).await, 0);
    assert_eq!(progress(&app, id).await, now);
    // What ended less than a month ago, or has not, is all there.
    for kept in [later, paused] {
        assert_eq!(progress(&app, kept).await.forgotten_ms, None);
        assert_eq!(count(&app, &of(kept)).await, 1);
    }
    // What is sent again has not ended.
    assert_eq!(decided_to_retry(&app, later, false).await, 1);
    assert!(does(&app, Deed::Resume, paused).await);
    app.settle().await;
    assert_eq!(counts(&app, later).await, [(State::Completed, 1)]);
    assert_eq!(counts(&app, paused).await, [(State::Completed, 1)]);
}

#[tokio::test]
async fn what_is_being_forgotten_goes_though_the_process_dies_between_two_pieces() {
    let (app, _, _) = with_memory(limits()).await;
    let id = ended(&app, ROWS, State::Completed).await;
    let begun = format!(
        "UPDATE occurrences SET content = '', forgotten_ms = 1, forgetting_id = \
             (SELECT MIN(id) FROM deliveries WHERE occurrence_id = {id}) WHERE id = {id}"
    );
    execute(&app.app().db, begun).await.unwrap();
    let app = app.killed_for(seconds(20)).await;
    forgotten(&app, id).await;
    let left = format!("deliveries WHERE occurrence_id = {id} AND fields <> '{{}}'");
    assert_eq!(count(&app, &left).await, 1, "it was behind that one");
}
