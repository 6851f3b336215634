//! The process ends while a message is under way: before it arrives, or after it arrived and before
//! that is recorded; up to four times in a row. What was answered must be what is said in the end, in the
//! channel: whoever kills a process has nothing against its messages.

use std::time::Duration;

use timeattack::clock::ManualClock;
use timeattack::messenger::memory::{Fault, Gate};
use timeattack::timeattack as attacks;
use timeattack::timeattack::TimeAttack;

use crate::direct::allow;
use crate::support::{
    CHANNEL, GUILD, MEMBER, NOW_MS, OTHER, TestApp, days, execute, minutes, seconds,
};
use timeattack::ids::{ChannelId, UserId};

/// Deaths in a row: more than a message is suspected of before it is given up, were there no day to wait.
const MOST_DEATHS: u32 = 4;
/// Between a death and the next start: longer than a lease, and short enough that on SQLite all deaths of a
/// series lie within the time for which Discord knows a nonce.
const AWAY_MS: i64 = 25_000;

/// When a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Death {
    /// The message had not arrived.
    Before,
    /// It had, and nobody had recorded it.
    After,
}

impl Death {
    fn fault(self) -> Fault {
        match self {
            Self::Before => Fault::Held(Gate::closed(), None),
            Self::After => Fault::AnswerHeld(Gate::closed()),
        }
    }
}

/// Every series of up to [`MOST_DEATHS`].
fn all_series() -> Vec<Vec<Death>> {
    let of_length = |length: u32| {
        (0..1_u32 << length).map(move |bits| {
            let death = |at: u32| [Death::Before, Death::After][usize::from(bits >> at & 1 == 1)];
            (0..length).map(death).collect()
        })
    };
    (0..=MOST_DEATHS).flat_map(of_length).collect()
}

/// A missed deadline whose post meets these deaths; the member's click, made in time, is handled
/// after the first of them.
async fn die(series: &[Death], clicks: bool) -> (TestApp, TimeAttack) {
    let mut app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(1)).started().await;
    let mut attempts = 0;
    // The next attempt's fault is set before it can be made.
    app.messenger
        .fail_next(series.first().map(|death| death.fault()));
    app.clock.advance_ms(minutes(1));
    app.verdicts_made().await;
    for (number, _) in series.iter().enumerate() {
        attempts += 1;
        // What is suspected waits before it is tried again.
        if !hurrying(&app.clock, tried_again(&app, attempts)).await {
            // So long after the first try that its channel was read first: there it was.
            assert!(series[..number].contains(&Death::After), "{series:?}");
            break;
        }
        if number == 0 && clicks {
            let completed = app.complete_clicked_at(&attack, attack.deadline_ms).await;
            completed.unwrap();
        }
        let next = series.get(number + 1).map(|death| death.fault());
        app.messenger.stop_failing();
        app.messenger.fail_next(next);
        app = app.killed_for(AWAY_MS).await;
    }
    app.messenger.stop_failing();
    app.settle().await;
    if series.is_empty() && clicks {
        let completed = app.complete_clicked_at(&attack, attack.deadline_ms).await;
        completed.unwrap();
        app.settle().await;
    }
    // A suspect waits, and an edit looks again for its message.
    app.advance(minutes(3)).await;
    (app, attack)
}

/// Whether the post was tried so often; `false`: it is known to be there.
async fn tried_again(app: &TestApp, attempts: usize) -> bool {
    let told = app.changes_until(async || {
        let mut conn = app.app().db.read().await.expect("a connection");
        let left =
            sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM outbox WHERE state <> 'completed'");
        left.fetch_one(&mut *conn).await.expect("a count") == 0
    });
    tokio::select! {
        biased;
        () = app.messenger.attempted(attempts) => true,
        () = told => false,
    }
}

/// Turns the clock, half a second every ten milliseconds, until `done`.
pub async fn hurrying<T>(clock: &ManualClock, done: impl Future<Output = T>) -> T {
    tokio::pin!(done);
    let mut hand = tokio::time::interval(Duration::from_millis(10));
    loop {
        tokio::select! {
            done = &mut done => return done,
            _ = hand.tick() => clock.advance_ms(500),
        }
    }
}

/// How it ended, as everybody can read in the channel; nothing is kept for the member's next command.
async fn said(app: &TestApp) -> Vec<String> {
    let unshown = attacks::unshown(app.app(), GUILD, MEMBER).await.unwrap();
    assert!(unshown.is_empty(), "{unshown:?}");
    let posted = app.posted();
    let in_channel = posted.iter().filter(|post| post.channel == CHANNEL);
    in_channel
        .map(|post| post.message.content.clone())
        .collect()
}

#[tokio::test]
async fn a_verdict_is_told_once_wherever_processes_end() {
    for series in all_series() {
        let (app, _) = die(&series, false).await;
        let said = said(&app).await;
        assert_eq!(said.len(), 1, "{series:?}: {said:?}");
        assert!(said[0].contains("Value:"), "{series:?}: {said:?}");
    }
}

#[tokio::test]
async fn a_finish_that_was_confirmed_is_told_wherever_processes_end() {
    for series in all_series() {
        let (app, attack) = die(&series, true).await;
        assert_eq!(app.state(attack.id).await, attacks::State::Completed);
        let said = said(&app).await;
        assert_eq!(said.len(), 1, "{series:?}: {said:?}");
        assert!(said[0].contains("🎉"), "{series:?}: {said:?}");
    }
}

#[tokio::test]
async fn an_edit_arrives_wherever_processes_end() {
    let mut app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(1)).started().await;
    app.advance(minutes(1)).await;
    app.settle().await;
    let edits = |count| std::iter::repeat_n(Fault::Held(Gate::closed(), None), count);
    app.messenger.fail_next_edits(edits(4));
    let completed = app.complete_clicked_at(&attack, attack.deadline_ms).await;
    completed.unwrap();
    for tried in 1..=4 {
        hurrying(&app.clock, app.messenger.edits_attempted(tried)).await;
        app = app.killed_for(AWAY_MS).await;
    }
    app.advance(minutes(3)).await;
    let said = said(&app).await;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("🎉"), "{said:?}");
}

/// Discord hangs, everything is under way, and the process is killed again and again.
#[tokio::test]
async fn messages_that_were_under_way_together_are_not_suspected() {
    let mut app = TestApp::start().await;
    for number in 0..5 {
        let builder = app.time_attack().by(UserId(1_000 + number));
        let channel = ChannelId(10_000 + number);
        builder
            .in_channel(channel)
            .lasting(minutes(1))
            .started()
            .await;
    }
    app.decides(UserId(1_000), allow()).await;
    let hang = || Fault::Held(Gate::closed(), None);
    app.messenger
        .fail_next(std::iter::repeat_with(hang).take(100));
    app.clock.advance_ms(minutes(1));
    app.verdicts_made().await;
    for life in 1..=5 {
        // From the second life on they go one by one.
        hurrying(&app.clock, app.messenger.attempted(4 + life)).await;
        if life == 5 {
            app.messenger.stop_failing();
        }
        app = app.killed_for(AWAY_MS).await;
    }
    app.settle().await;
    app.advance(minutes(2)).await;
    let cards = app.posts();
    assert_eq!(
        cards.iter().filter(|card| card.contains("Value:")).count(),
        5,
        "{cards:?}"
    );
    assert_eq!(app.texts(UserId(1_000)).len(), 1);
    assert_eq!(app.app().outbox.discarded(), 0);
}

/// A message that does end each process: the others pass it, and it is given up once the day is over.
#[tokio::test]
async fn a_message_that_ends_every_process_is_given_up_after_a_day_and_keeps_nobody_up() {
    let mut app = TestApp::start().await;
    app.time_attack().lasting(minutes(1)).started().await;
    let hang = || Fault::Held(Gate::closed(), None);
    app.messenger.fail_next([hang()]);
    app.clock.advance_ms(minutes(1));
    app.verdicts_made().await;
    for attempts in 1..=3 {
        hurrying(&app.clock, app.messenger.attempted(attempts)).await;
        app.messenger.stop_failing();
        // The first is followed by no wait, and the next attempt may come at once.
        app.messenger.fail_next((attempts < 3).then(hang));
        app = app.killed_for(AWAY_MS).await;
    }
    // While it waits another one goes out.
    let other = app.time_attack().by(OTHER).lasting(seconds(1));
    other.in_channel(ChannelId(5)).started().await;
    app.advance(seconds(2)).await;
    assert_eq!(app.posts().len(), 1, "{:?}", app.posts());
    app.messenger.fail_next([hang()]);
    hurrying(&app.clock, app.messenger.attempted(5)).await;
    let app = app.killed_for(days(1)).await;
    app.settle().await;
    app.advance(minutes(5)).await;
    assert_eq!(app.posts().len(), 1, "{:?}", app.posts());
    let unshown = attacks::unshown(app.app(), GUILD, MEMBER).await.unwrap();
    assert_eq!(unshown.len(), 1, "its member is told all the same");
}

/// Posts that a process had under way whose leases end at these times.
async fn left_under_way(app: &TestApp, leases_ms: &[i64]) {
    let row = |(n, until_ms): (usize, &i64)| {
        format!(
            "({n}, 'post', {n}, 'post', 'notice', {GUILD}, {n}, \
             '{{\"message\":{{\"content\":\"x\"}},\"language\":\"en\"}}', 'p:{n}', 'running', 0, 1, 1, \
             {NOW_MS}, 7, {until_ms}, {NOW_MS}, {NOW_MS})"
        )
    };
    let rows: Vec<String> = (1_usize..).zip(leases_ms).map(row).collect();
    let sql = format!(
        "INSERT INTO outbox (id, lane, message_key, kind, class, guild_id, channel_id, payload, \
         dedupe_key, state, not_before_ms, attempt, in_flight, first_attempt_ms, lease_owner, \
         lease_until_ms, created_ms, updated_ms) VALUES {}",
        rows.join(", ")
    );
    execute(&app.app().db, sql).await.unwrap();
}

#[tokio::test]
async fn what_was_under_way_together_is_not_suspected_however_its_leases_end() {
    let app = TestApp::start().await;
    left_under_way(&app, &[NOW_MS + 1_000, NOW_MS + 6_000, NOW_MS + 6_000]).await;
    for (past, posts) in [(2, 1), (5, 3)] {
        app.clock.advance_ms(seconds(past));
        app.app().outbox.look_at_posts();
        app.changes_until(async || app.posts().len() == posts).await;
    }
    app.settle().await;
    assert_eq!(app.count("outbox WHERE crashes > 0").await, 0);
    assert_eq!(app.count("outbox WHERE deaths = 1").await, 3);
}

#[tokio::test]
async fn of_what_is_given_back_over_several_looks_the_last_was_not_alone() {
    let app = TestApp::start().await;
    left_under_way(&app, &[NOW_MS; 251]).await;
    app.clock.advance_ms(seconds(6));
    app.changes_until(async || app.posts().len() == 251).await;
    app.settle().await;
    assert_eq!(app.count("outbox WHERE crashes > 0").await, 0);
}

#[tokio::test]
async fn the_one_that_was_under_way_at_an_earlier_death_is_suspected_whenever_its_lease_ends() {
    let app = TestApp::start().await;
    left_under_way(&app, &[NOW_MS + 6_000, NOW_MS + 1_000, NOW_MS + 1_000]).await;
    let sql = "UPDATE outbox SET deaths = 1 WHERE id = 1";
    execute(&app.app().db, sql).await.unwrap();
    for (past, posts) in [(2, 2), (5, 3)] {
        app.clock.advance_ms(seconds(past));
        app.app().outbox.look_at_posts();
        app.changes_until(async || app.posts().len() == posts).await;
    }
    app.settle().await;
    assert_eq!(app.count("outbox WHERE crashes > 0").await, 1);
    assert_eq!(app.count("outbox WHERE crashes = 1 AND id = 1").await, 1);
}
