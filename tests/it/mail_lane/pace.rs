//! How fast mails go, and whose turn it is.

use timeattack::outbox::mail::{Limits, Phase, RestCause, State};

use super::support::{
    Sending, begun, counts, delivery_of, frozen, limits, phase, rows, with_memory,
};
use crate::support::{TestApp, hours, minutes};

async fn tenths(app: &TestApp, count: usize) {
    for _ in 0..count {
        app.advance(100).await;
    }
}

#[tokio::test]
async fn a_minute_takes_as_many_as_the_rate_says() {
    let (app, _, memory) = with_memory(Limits {
        rate: 20.0,
        ..limits()
    })
    .await;
    frozen(&app, 1_500).await;
    app.settle().await;
    // What had not been used before the first is over after the first seconds.
    let before = memory.letters().len();
    assert!(before <= 6, "{before}");
    tenths(&app, 600).await;
    let sent = memory.letters().len() - before;
    assert!((1_140..=1_260).contains(&sent), "{sent}");
}

#[tokio::test]
async fn several_occurrences_take_turns_and_a_test_goes_first() {
    let (app, _, memory) = with_memory(Limits {
        rate: 10.0,
        ..limits()
    })
    .await;
    let first = frozen(&app, 100).await;
    let second = frozen(&app, 100).await;
    app.settle().await;
    tenths(&app, 50).await;
    let done = async |id| {
        let counts = counts(&app, id).await;
        counts
            .iter()
            .find(|(state, _)| *state == State::Completed)
            .map_or(0, |(_, count)| *count)
    };
    let (one, other) = (done(first).await, done(second).await);
    assert!(
        one + other >= 45 && (one - other).abs() <= 3,
        "{one} {other}"
    );
    let test = Sending {
        recipients: 1,
        is_test: true,
        ..Sending::default()
    };
    let test = begun(&app, test).await;
    app.settle().await;
    tenths(&app, 1).await;
    assert_eq!(phase(&app, test).await, Phase::Ended);
    let test = rows(&app, test).await.remove(0).id;
    let place = memory
        .letters()
        .iter()
        .rev()
        .position(|one| delivery_of(&one.mail) == test);
    assert!(place.is_some_and(|behind| behind <= 1), "{place:?}");
}

#[tokio::test]
async fn a_days_limit_rolls_and_those_who_wait_are_told_once() {
    let (app, author, memory) = with_memory(Limits {
        daily: 30,
        ..limits()
    })
    .await;
    let id = frozen(&app, 70).await;
    app.settle().await;
    assert_eq!(memory.letters().len(), 30);
    let rest = app.app().outbox.mails_rest().unwrap();
    assert_eq!(rest.cause, RestCause::DailyLimit);
    let since = rest.until_ms - app.now_ms();
    assert!(
        (hours(24)..hours(24) + minutes(1) + 1).contains(&since),
        "{since}"
    );
    let told = author.rests();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0, told[0].1.until_ms), (id, rest.until_ms));
    app.clock.advance_ms(hours(23));
    app.settle().await;
    assert_eq!(memory.letters().len(), 30);
    app.clock.advance_ms(hours(1) + minutes(1));
    app.settle().await;
    assert_eq!(memory.letters().len(), 60);
    app.clock.advance_ms(hours(24) + minutes(1));
    app.settle().await;
    assert_eq!(counts(&app, id).await, [(State::Completed, 70)]);
    assert_eq!(app.app().outbox.mails_rest(), None);
}

#[tokio::test]
async fn a_campaign_whose_mails_take_long_to_begin_keeps_no_other_from_being_sent() {
    let (app, author, _) = with_memory(limits()).await;
    author.hold("open", "slow");
    let slow = Sending {
        content: "slow",
        recipients: 50,
        ..Sending::default()
    };
    let slow = begun(&app, slow).await;
    let quick = frozen(&app, 100).await;
    app.changes_until(async || phase(&app, quick).await == Phase::Ended)
        .await;
    assert_eq!(counts(&app, slow).await, [(State::Available, 50)]);
    author.release();
    app.settle().await;
    assert_eq!(counts(&app, slow).await, [(State::Completed, 50)]);
}
