//! Processes that end, in order or not, and several at once.

use std::collections::HashMap;

use timeattack::ids::DeliveryId;
use timeattack::outbox::mail::{Phase, State, reason};

use super::support::{accepted, counts, frozen, limits, phase, rows, with_memory, with_server};
use crate::support::smtp::{Act, At};
use crate::support::{TestApp, seconds};

#[tokio::test]
async fn a_process_that_ends_in_order_leaves_nothing_in_doubt() {
    let (app, _, server) = with_server(limits()).await;
    let id = frozen(&app, 400).await;
    server.reached(At::End, 50).await;
    let app = app.restarted_after(seconds(1)).await;
    app.settle().await;
    assert_eq!(counts(&app, id).await, [(State::Completed, 400)]);
    let times = accepted(&server.delivered());
    assert_eq!((times.len(), times.values().max()), (400, Some(&1)));
}

#[tokio::test]
async fn ten_kills_send_nothing_twice_and_lose_nothing() {
    let (mut app, author, server) = with_server(limits()).await;
    const AUDIENCE: usize = 1_500;
    let id = frozen(&app, AUDIENCE).await;
    for kill in 1..=10 {
        server.reached(At::End, kill * 70).await;
        // Longer than a lease, which is what another process would wait for.
        app = app.killed_for(seconds(20)).await;
    }
    app.settle().await;
    app.advance(seconds(30)).await;
    let rows = rows(&app, id).await;
    assert_eq!(rows.len(), AUDIENCE);
    let times: HashMap<DeliveryId, usize> = accepted(&server.delivered());
    assert!(times.values().all(|times| *times == 1), "sent twice");
    let mut unknown = 0;
    for row in &rows {
        let arrived = times.contains_key(&row.id);
        match row.state {
            State::Completed => assert!(arrived),
            State::Unknown => {
                assert_eq!(row.reason.as_deref(), Some(reason::INTERRUPTED));
                unknown += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(unknown <= 10 * 16, "no more than a window each: {unknown}");
    assert_eq!(phase(&app, id).await, Phase::Ended);
    assert_eq!(author.endings().len(), 1);
}

#[tokio::test]
async fn two_processes_share_an_audience_without_sending_twice() {
    let (app, _, memory) = with_memory(limits()).await;
    if !app.is_postgres() {
        // A SQLite file has one process: the second is refused.
        assert!(!app.second_process_refused().await.is_empty());
        return;
    }
    let second = app.second_process().await;
    let id = frozen(&app, 600).await;
    second.app().outbox.wake_mails();
    app.settle().await;
    end(&app, &second).await;
    assert_eq!(counts(&app, id).await, [(State::Completed, 600)]);
    assert_eq!(memory.letters().len(), 600);
    assert_eq!(phase(&app, id).await, Phase::Ended);
}

/// Whoever looks next finds that nothing is left.
async fn end(app: &TestApp, second: &TestApp) {
    app.advance(seconds(10)).await;
    second.settle().await;
}

#[tokio::test]
async fn what_a_dead_process_held_is_unknown_once_nobody_can_hold_it_any_more() {
    let (app, _, server) = with_server(limits()).await;
    for _ in 0..4 {
        server.at(At::End, Act::Hang);
    }
    let id = frozen(&app, 200).await;
    server.reached(At::End, 4).await;
    let app = app.killed_for(seconds(1)).await;
    app.settle().await;
    let interrupted = if app.is_postgres() {
        // For all that anybody knows it lives.
        State::Running
    } else {
        State::Unknown
    };
    let mut expected = [(State::Completed, 184), (interrupted, 16)];
    expected.sort_unstable();
    assert_eq!(counts(&app, id).await, expected);
    app.advance(seconds(20)).await;
    assert_eq!(
        counts(&app, id).await,
        [(State::Completed, 184), (State::Unknown, 16)]
    );
    assert_eq!(phase(&app, id).await, Phase::Ended);
}
