//! Mails that come back, told before or after the mail server's own answer was recorded.

use std::sync::Arc;

use timeattack::outbox::mail::{self, Phase, State};
use tokio::sync::Notify;

use super::support::{came_back, counts, frozen, limits, one, phase, with_server};
use crate::support::smtp::{Act, At};
use crate::support::{GUILD, seconds};

const WHY: &str = "smtp; 550 5.1.1 unknown";

#[tokio::test]
async fn a_mail_that_came_back_has_failed_whichever_was_told_first() {
    for is_early in [true, false] {
        let (app, _, server) = with_server(limits()).await;
        let go = Arc::new(Notify::new());
        server.at(At::End, Act::Await(Arc::clone(&go)));
        let id = frozen(&app, 1).await;
        server.reached(At::End, 1).await;
        let row = one(&app, id, State::Running).await;
        if is_early {
            came_back(&app, row.id, WHY).await;
            assert_eq!(counts(&app, id).await, [(State::Running, 1)], "it is");
        }
        go.notify_one();
        app.settle().await;
        if !is_early {
            assert_eq!(counts(&app, id).await, [(State::Completed, 1)]);
            came_back(&app, row.id, WHY).await;
        }
        let row = one(&app, id, State::Discarded).await;
        assert_eq!(row.reason.as_deref(), Some(WHY));
        assert_eq!((row.attempts, row.ended_ms), (1, Some(app.now_ms())));
        assert!(row.server_id.is_some(), "what the server said is kept, too");
        assert_eq!(phase(&app, id).await, Phase::Ended);
        let happened = mail::timeline(&app.app().db, GUILD, id, 60_000);
        let happened = happened.await.unwrap();
        assert_eq!((happened[0].completed, happened[0].failed), (0, 1));
    }
}

/// Whatever the attempt itself came to, or if nobody hears any more what it came to.
#[tokio::test]
async fn what_came_back_while_it_was_under_way_is_neither_tried_again_nor_in_doubt() {
    for act in [Act::Close, Act::Say("451 later".into()), Act::Hang] {
        let is_killed = matches!(act, Act::Hang);
        let (mut app, _, server) = with_server(limits()).await;
        let go = Arc::new(Notify::new());
        server.at(At::Data, Act::Await(Arc::clone(&go)));
        server.at(At::End, act);
        let id = frozen(&app, 1).await;
        server.reached(At::Data, 1).await;
        let row = one(&app, id, State::Running).await;
        came_back(&app, row.id, WHY).await;
        go.notify_one();
        if is_killed {
            server.reached(At::End, 1).await;
            app = app.killed_for(seconds(20)).await;
        }
        app.settle().await;
        let row = one(&app, id, State::Discarded).await;
        assert_eq!(row.reason.as_deref(), Some(WHY));
        assert!(row.ended_ms.is_some());
        app.advance(seconds(10)).await;
        assert_eq!(phase(&app, id).await, Phase::Ended);
    }
}
