//! Processes that end, in order or not, and several at once.

use std::collections::HashMap;

use timeattack::ids::DeliveryId;
use timeattack::mailer::smtp::Stage;
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
    assert!(
        unknown <= 10 * 8,
        "no more than two of each connection: {unknown}"
    );
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
async fn what_a_dead_process_may_have_sent_is_unknown_and_the_rest_of_what_it_held_is_sent() {
    let (app, _, server) = with_server(limits()).await;
    for _ in 0..4 {
        server.at(At::End, Act::Hang);
    }
    let id = frozen(&app, 200).await;
    server.reached(At::End, 4).await;
    let app = app.killed_for(seconds(1)).await;
    app.settle().await;
    if app.is_postgres() {
        // For all that anybody knows it lives.
        let mut held = [(State::Completed, 184), (State::Running, 16)];
        held.sort_unstable();
        assert_eq!(counts(&app, id).await, held);
    }
    app.advance(seconds(20)).await;
    let counts = counts(&app, id).await;
    let [(State::Completed, completed), (State::Unknown, unknown)] = counts[..] else {
        panic!("{counts:?}");
    };
    // Four had been sent, and at most as many more were about to be, each behind one of them.
    assert!((4..=8).contains(&unknown), "{unknown}");
    assert_eq!(completed + unknown, 200);
    let times = accepted(&server.delivered());
    assert!(times.values().all(|times| *times == 1), "sent twice");
    assert_eq!(phase(&app, id).await, Phase::Ended);
}

/// Four connections die, each in the midst of a mail. While the server is told of a mail the ledger opens
/// its gate, and this mail is short: its final dot is mostly on the way before the client can hear that
/// the server has gone, and then nobody but the server knows whether it read the dot. So as many as died
/// may be in doubt, one for each connection, and each of those says that the whole mail had left. The
/// mail announced behind it, and one whose dot had not left, is sent again. (Where the test decides when
/// the dot leaves there is no doubt: `mailer::dialogue`; nor with a mail longer than what is on the way
/// at a time: `refusals::what_is_lost_in_the_midst_of_a_long_mail_goes_again`.)
#[tokio::test]
async fn of_connections_that_die_in_the_midst_of_a_mail_no_more_than_that_mail_is_in_doubt() {
    let (app, _, server) = with_server(limits()).await;
    const DEATHS: usize = 4;
    for _ in 0..DEATHS {
        server.at(At::Body, Act::Close);
    }
    let id = frozen(&app, 40).await;
    app.settle().await;
    app.advance(seconds(30)).await;
    for row in rows(&app, id).await {
        if row.state == State::Unknown {
            let reason = row.reason.unwrap();
            assert!(reason.ends_with(&Stage::End.to_string()), "{reason}");
        }
    }
    let counts: HashMap<State, i64> = counts(&app, id).await.into_iter().collect();
    let of = |state| usize::try_from(counts.get(&state).copied().unwrap_or(0)).unwrap();
    assert!(of(State::Unknown) <= DEATHS, "{counts:?}");
    let times = accepted(&server.delivered());
    assert_eq!(times.len(), of(State::Completed), "{counts:?}");
    assert_eq!(of(State::Completed) + of(State::Unknown), 40);
    assert!(times.values().all(|times| *times == 1), "sent twice");
}
