//! Mails that were in hand when their process ended, again and again.

use timeattack::outbox::mail::{Limits, Phase, State, reason};

use super::support::{Sending, begun, counts, filled, frozen, limits, one, phase, with_memory};
use crate::deaths::hurrying;
use crate::support::{days, execute, seconds};

/// Longer than a lease.
const AWAY_MS: i64 = 25_000;

#[tokio::test]
async fn a_mail_that_ends_every_process_is_given_up_after_a_day_and_keeps_nobody_up() {
    let (mut app, author, memory) = with_memory(limits()).await;
    author.hold("write", "deadly");
    let deadly = Sending {
        content: "deadly",
        recipients: 1,
        ..Sending::default()
    };
    let id = begun(&app, deadly).await;
    for life in 1..=3 {
        hurrying(&app.clock, author.waited(life)).await;
        app = app.killed_for(AWAY_MS).await;
    }
    // While it waits others go out.
    let other = frozen(&app, 5).await;
    app.settle().await;
    assert_eq!(counts(&app, other).await, [(State::Completed, 5)]);
    assert_eq!(counts(&app, id).await, [(State::Available, 1)]);
    hurrying(&app.clock, author.waited(4)).await;
    let app = app.killed_for(days(1)).await;
    app.settle().await;
    app.advance(seconds(20)).await;
    let row = one(&app, id, State::Discarded).await;
    assert_eq!(row.reason.as_deref(), Some(reason::DEFECT));
    assert_eq!(phase(&app, id).await, Phase::Ended);
    assert_eq!(memory.letters().len(), 5);
    author.release();
}

#[tokio::test]
async fn mails_that_were_in_hand_together_go_one_by_one_and_are_not_suspected() {
    let (app, author, memory) = with_memory(limits()).await;
    author.hold("write", "news");
    let id = frozen(&app, 12).await;
    // As many as a server has threads.
    author.waited(2).await;
    assert_eq!(app.count("deliveries WHERE unsent = 1").await, 12);
    let app = app.killed_for(AWAY_MS).await;
    hurrying(&app.clock, author.waited(3)).await;
    assert_eq!(app.count("deliveries WHERE state = 'running'").await, 1);
    assert_eq!(app.count("deliveries WHERE crashes > 0").await, 0);
    // Nothing else was in hand at this death.
    let app = app.killed_for(AWAY_MS).await;
    author.release();
    app.advance(seconds(20)).await;
    assert_eq!(counts(&app, id).await, [(State::Completed, 12)]);
    assert_eq!(app.count("deliveries WHERE crashes > 0").await, 1);
    assert_eq!(memory.letters().len(), 12);
}

#[tokio::test]
async fn what_a_dead_process_left_is_looked_after_at_once_however_much_it_is() {
    let (app, ..) = with_memory(limits()).await;
    app.settle().await;
    let recipients = 600;
    filled(
        &app,
        Sending {
            recipients,
            ..Sending::default()
        },
    )
    .await;
    for sql in [
        "UPDATE occurrences SET phase = 'paused', began_ms = 0",
        "UPDATE deliveries SET state = 'running', attempt = 1, lease_owner = 1, \
         lease_until_ms = 0, unsent = 1",
    ] {
        execute(&app.app().db, sql).await.unwrap();
    }
    app.advance(seconds(6)).await;
    assert_eq!(app.count("deliveries WHERE state = 'running'").await, 0);
}

#[tokio::test]
async fn a_mail_that_another_process_took_over_is_taken_back_from_the_days_count_by_that_one_alone()
{
    let daily = Limits {
        daily: 10,
        ..limits()
    };
    let (app, author, memory) = with_memory(daily).await;
    author.hold("write", "news");
    frozen(&app, 1).await;
    author.waited(1).await;
    let until_ms = app.now_ms() + seconds(10);
    let sql = format!("UPDATE deliveries SET lease_owner = 1, lease_until_ms = {until_ms}");
    execute(&app.app().db, sql).await.unwrap();
    author.release();
    app.changes_until(async || app.app().outbox.held() == 0)
        .await;
    assert_eq!(memory.letters().len(), 0);
    assert_eq!(app.count("mail_minutes WHERE count = 1").await, 1);
}
