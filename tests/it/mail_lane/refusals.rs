//! The table of replies (`rules/email.md`), from what a server says to what the ledger says.

use timeattack::mailer::Scope;
use timeattack::outbox::mail::{Bounce, Ending, Phase, RestCause, State};

use super::support::{
    Deed, Sending, accepted, begun, counts, does, frozen, limits, one, phase, progress,
    with_memory, with_server,
};
use crate::support::smtp::{Act, At};
use crate::support::{hours, minutes, seconds};

#[tokio::test]
async fn a_recipient_who_does_not_exist_fails_and_is_never_written_to_again() {
    for reply in [
        "550 5.1.1 <x@example.org>: no such user",
        "550 no",
        "553 5.1.10 null MX",
    ] {
        let (app, author, server) = with_server(limits()).await;
        server.says(At::Rcpt, reply);
        let id = frozen(&app, 12).await;
        app.settle().await;
        assert_eq!(
            counts(&app, id).await,
            [(State::Completed, 11), (State::Discarded, 1)]
        );
        let row = one(&app, id, State::Discarded).await;
        let why = row.reason.unwrap();
        assert!(why.contains(reply), "{why}");
        assert_eq!(
            author.bounces(),
            [(row.address.to_lowercase(), Bounce::Gone)]
        );
        assert_eq!(phase(&app, id).await, Phase::Ended);
    }
}

#[tokio::test]
async fn a_full_mailbox_is_counted_over_occurrences_in_a_row() {
    let (app, author, server) = with_server(limits()).await;
    for times in 1..=3 {
        server.says(At::Rcpt, "550 5.2.2 mailbox full");
        let id = frozen(&app, 1).await;
        app.settle().await;
        assert_eq!(counts(&app, id).await, [(State::Discarded, 1)]);
        let last = author.bounces().pop().unwrap();
        assert_eq!(last, ("member0@example.org".into(), Bounce::Soft { times }));
    }
    // A test says how it is, and is no campaign.
    server.says(At::Rcpt, "550 5.2.2 mailbox full");
    let test = Sending {
        recipients: 1,
        is_test: true,
        ..Sending::default()
    };
    begun(&app, test).await;
    app.settle().await;
    assert_eq!(author.bounces().pop().unwrap().1, Bounce::Soft { times: 3 });
    frozen(&app, 1).await;
    app.settle().await;
    server.says(At::Rcpt, "550 5.2.1 mailbox disabled");
    frozen(&app, 1).await;
    app.settle().await;
    assert_eq!(author.bounces().pop().unwrap().1, Bounce::Soft { times: 1 });
}

#[tokio::test]
async fn a_recipient_is_put_off_thrice_and_then_given_up() {
    let (app, author, server) = with_server(limits()).await;
    for reply in [
        "450 4.2.1 greylisted",
        "452 4.2.2 full",
        "552 too much",
        "451 later",
    ] {
        server.says(At::Rcpt, reply);
    }
    let id = frozen(&app, 1).await;
    app.settle().await;
    for (wait_ms, attempts) in [(minutes(5), 1), (minutes(30), 2), (hours(2), 3)] {
        let row = one(&app, id, State::Retryable).await;
        assert_eq!(row.attempts, attempts);
        app.clock.advance_ms(wait_ms - 1);
        app.settle().await;
        assert_eq!(one(&app, id, State::Retryable).await.attempts, attempts);
        app.clock.advance_ms(1);
        app.settle().await;
    }
    let row = one(&app, id, State::Discarded).await;
    assert_eq!(row.attempts, 4);
    assert!(row.reason.unwrap().contains("451 later"));
    assert_eq!(author.bounces(), []);
    assert_eq!(phase(&app, id).await, Phase::Ended);
}

#[tokio::test]
async fn a_throttle_slows_all_and_blames_nobody() {
    let (app, _, server) = with_server(limits()).await;
    let id = frozen(&app, 200).await;
    app.settle().await;
    server.says(
        At::Mail,
        "454 4.7.0 Throttling failure: Maximum sending rate exceeded.",
    );
    let second = frozen(&app, 60).await;
    app.settle().await;
    let rest = app.app().outbox.mails_rest().unwrap();
    assert_eq!(rest.cause, RestCause::Throttled);
    assert!(
        counts(&app, second)
            .await
            .iter()
            .any(|(state, _)| *state == State::Available)
    );
    for _ in 0..300 {
        app.advance(100).await;
    }
    assert_eq!(counts(&app, second).await, [(State::Completed, 60)]);
    assert_eq!(counts(&app, id).await, [(State::Completed, 200)]);
    assert!(
        accepted(&server.delivered())
            .values()
            .all(|times| *times == 1)
    );
}

#[tokio::test]
async fn the_servers_own_quota_rests_for_an_hour_and_then_one_mail_tries() {
    let (app, author, server) = with_server(limits()).await;
    server.says(
        At::Mail,
        "454 4.7.0 Throttling failure: Daily message quota exceeded.",
    );
    let id = frozen(&app, 30).await;
    app.settle().await;
    let sent = server.delivered().len();
    let rest = app.app().outbox.mails_rest().unwrap();
    let until_ms = app.now_ms() + hours(1);
    assert_eq!(
        (rest.until_ms, rest.cause),
        (until_ms, RestCause::DailyLimit)
    );
    app.clock.advance_ms(hours(1) - 1);
    app.settle().await;
    assert_eq!(server.delivered().len(), sent);
    assert_eq!(author.rests().len(), 1);
    assert_eq!(author.rests()[0].0, id);
    app.clock.advance_ms(1);
    app.settle().await;
    assert_eq!(counts(&app, id).await, [(State::Completed, 30)]);
    assert_eq!(app.app().outbox.mails_rest(), None);
}

#[tokio::test]
async fn a_refusal_of_the_mail_or_of_its_sender_stops_it_and_suppresses_nobody() {
    for (at, reply) in [
        (At::End, "552 5.3.4 message too big"),
        (At::End, "554 5.6.0 content rejected"),
        (At::Mail, "530 5.7.0 must issue STARTTLS"),
        (
            At::Mail,
            "554 Message rejected: Email address is not verified.",
        ),
        (At::Rcpt, "550 5.7.1 <x@example.org>: relaying denied"),
    ] {
        let (app, author, server) = with_server(limits()).await;
        server.says(at, reply);
        let id = frozen(&app, 100).await;
        app.settle().await;
        let stopped = progress(&app, id).await;
        assert_eq!(stopped.phase, Phase::Stopped, "{reply}");
        let why = stopped.why.unwrap();
        assert!(!why.contains('@'), "{why}");
        assert_eq!(author.endings(), [(id, Ending::Stopped { why })]);
        assert_eq!(author.bounces(), []);
        assert_eq!(one(&app, id, State::Retryable).await.attempts, 0);
        assert_eq!(stopped.counts.values().sum::<i64>(), 100);
        assert!(does(&app, Deed::Resume, id).await);
        app.settle().await;
        assert_eq!(counts(&app, id).await, [(State::Completed, 100)], "{reply}");
        assert!(
            accepted(&server.delivered())
                .values()
                .all(|times| *times == 1)
        );
    }
}

#[tokio::test]
async fn what_is_lost_before_the_final_dot_goes_once_and_uses_up_no_attempt() {
    for at in [At::Mail, At::Rcpt, At::Data] {
        let (app, _, server) = with_server(limits()).await;
        for _ in 0..3 {
            server.at(at, Act::Close);
        }
        let id = frozen(&app, 40).await;
        app.settle().await;
        for _ in 0..10 {
            app.advance(seconds(1)).await;
        }
        assert_eq!(counts(&app, id).await, [(State::Completed, 40)], "{at:?}");
        let times = accepted(&server.delivered());
        assert_eq!(
            (times.len(), times.values().max()),
            (40, Some(&1)),
            "{at:?}"
        );
        let attempts = super::support::rows(&app, id).await;
        assert!(attempts.iter().all(|row| row.attempts == 1), "{at:?}");
    }
}

#[tokio::test]
async fn what_is_lost_in_the_midst_of_a_long_mail_goes_again() {
    let (app, _, server) = with_server(limits()).await;
    server.at(At::Body, Act::Close);
    let huge = Sending {
        content: "huge",
        recipients: 2,
        ..Sending::default()
    };
    let id = begun(&app, huge).await;
    app.settle().await;
    for _ in 0..3 {
        app.advance(seconds(1)).await;
    }
    assert_eq!(counts(&app, id).await, [(State::Completed, 2)]);
    let times = accepted(&server.delivered());
    assert_eq!((times.len(), times.values().max()), (2, Some(&1)));
}

#[tokio::test]
async fn one_mail_that_the_server_cannot_bear_does_not_keep_a_campaign_for_ever() {
    let (app, author, memory) = with_memory(limits()).await;
    memory.fail_next([Scope::Connection]);
    let id = frozen(&app, 1).await;
    app.settle().await;
    assert!(does(&app, Deed::Pause, id).await);
    // Others are taken meanwhile.
    let other = frozen(&app, 19).await;
    app.advance(seconds(1)).await;
    assert_eq!(counts(&app, other).await, [(State::Completed, 19)]);
    memory.fail_next([Scope::Connection; 40]);
    assert!(does(&app, Deed::Resume, id).await);
    for _ in 0..60 {
        app.clock.advance_ms(minutes(10));
        app.settle().await;
    }
    let row = one(&app, id, State::Discarded).await;
    assert!(row.reason.is_some());
    assert_eq!(phase(&app, id).await, Phase::Ended);
    assert_eq!(
        author.endings(),
        [(other, Ending::Ended), (id, Ending::Ended)]
    );
}

#[tokio::test]
async fn what_is_lost_after_the_final_dot_is_never_sent_again_by_itself() {
    let (app, _, server) = with_server(limits()).await;
    server.at(At::End, Act::Close);
    let id = frozen(&app, 40).await;
    app.settle().await;
    for _ in 0..10 {
        app.advance(seconds(1)).await;
    }
    assert_eq!(
        counts(&app, id).await,
        [(State::Completed, 39), (State::Unknown, 1)]
    );
    let times = accepted(&server.delivered());
    assert_eq!((times.len(), times.values().max()), (40, Some(&1)));
    assert_eq!(phase(&app, id).await, Phase::Ended);
}

#[tokio::test]
async fn a_server_that_is_away_is_tried_soon_then_seldom_and_nobody_is_blamed() {
    let (app, _, server) = with_server(limits()).await;
    // Those that the mailer has try at first, up to eight; then one mail, thrice and seldom. More than that:
    // it heals below.
    for _ in 0..40 {
        server.at(
            At::Greeting,
            Act::SayAndClose("421 4.3.2 shutting down".into()),
        );
    }
    let id = frozen(&app, 20).await;
    app.settle().await;
    assert_eq!(
        app.app().outbox.mails_rest(),
        None,
        "the quick tries are no rest"
    );
    let mut waits = Vec::new();
    for _ in 0..seconds(8) / 100 {
        app.advance(100).await;
    }
    while let Some(rest) = app.app().outbox.mails_rest() {
        assert_eq!(rest.cause, RestCause::Unreachable);
        let wait_ms = rest.until_ms - app.now_ms();
        waits.push(wait_ms / 1_000);
        if waits.len() == 3 {
            server.heals();
        }
        app.clock.advance_ms(wait_ms);
        app.settle().await;
        assert!(waits.len() < 10, "{waits:?}");
    }
    assert!(waits[0] <= 60 && waits[1..] == [120, 240], "{waits:?}");
    assert_eq!(counts(&app, id).await, [(State::Completed, 20)]);
    let attempts = super::support::rows(&app, id).await;
    assert!(attempts.iter().all(|row| row.attempts == 1));
}

#[tokio::test]
async fn a_slow_server_is_waited_for() {
    let (app, _, server) = with_server(limits()).await;
    server.at(At::End, Act::Drip("250 2.0.0 Ok: queued as 4F1".into()));
    server.at(At::Rcpt, Act::Drip("250 2.1.5 Ok".into()));
    let id = frozen(&app, 20).await;
    app.settle().await;
    assert_eq!(counts(&app, id).await, [(State::Completed, 20)]);
}
