//! The host's clock is set back (by a hand, or by NTP after a wrong start): what the program set itself
//! goes on within half a minute, and what people were promised stays where it is.

use std::time::Duration;

use futures_util::future::join_all;
use timeattack::guild::{self, Change};
use timeattack::ids::{ChannelId, UserId};
use timeattack::mailer::Mailer;
use timeattack::mailer::memory::MemoryMailer;
use timeattack::messenger::SendError;
use timeattack::messenger::memory::{Fault, Gate};
use timeattack::outbox::mail::{self, Limits};
use timeattack::run::MailMeans;
use timeattack::timeattack::{self as attacks, start_message};

use crate::direct::{allow, notice};
use crate::mail_lane::support as mails;
use crate::support::smtp::{Act, At};
use crate::support::{
    CHANNEL, GUILD, MEMBER, TestApp, days, execute, hours, is_reminder, mail_means, minutes,
    seconds,
};

/// A poller that has not looked by then does not look any more.
const LONGEST_LOOK: Duration = Duration::from_secs(30);
const STEPS: [i64; 2] = [-3_600_000, -86_400_000];

fn unavailable() -> Fault {
    Fault::Refused(SendError::Retry {
        after_ms: None,
        why: "Discord answered 500".into(),
    })
}

fn later(after_ms: i64) -> SendError {
    SendError::Retry {
        after_ms: Some(after_ms),
        why: "429".into(),
    }
}

/// A post whose next try is sixteen seconds away.
async fn waiting_post() -> TestApp {
    let app = TestApp::start().await;
    app.messenger
        .fail_next(std::iter::repeat_n(unavailable(), 5));
    app.time_attack().lasting(minutes(1)).started().await;
    app.advance(minutes(1)).await;
    pass(&app, 20).await;
    assert_eq!((app.posts().len(), app.messenger.attempts()), (0, 5));
    app
}

/// Seconds pass, one by one, and no five of them without a look of the poller.
async fn pass(app: &TestApp, count: i64) {
    let mut look = app.app().outbox.looked();
    for second in 1..=count {
        app.advance(seconds(1)).await;
        if second % 5 == 0 {
            let next = app.app().outbox.looked();
            let looked = tokio::time::timeout(LONGEST_LOOK, look).await;
            looked.expect("the poller looks every five seconds");
            look = next;
        }
    }
}

/// Half a minute passes, by the end of which this is so.
async fn noticed(app: &TestApp, reached: impl AsyncFn() -> bool) {
    look_on(&[app]).await;
    app.changes_until(reached).await;
    app.settle().await;
}

/// Half a minute passes, in which each process looks at the table at its times, at rest or not. A look
/// that is under way when a part of that time begins is not counted: it may know nothing of the step.
async fn look_on(processes: &[&TestApp]) {
    for _ in 0..6 {
        let looks = processes
            .iter()
            .map(|process| process.app().outbox.looked());
        let looks = join_all(looks.collect::<Vec<_>>());
        processes[0].clock.advance_ms(seconds(5));
        let looked = tokio::time::timeout(LONGEST_LOOK, looks).await;
        looked.expect("the poller looks every five seconds");
    }
}

#[tokio::test]
async fn a_post_that_waits_for_its_next_try_is_tried_in_time() {
    for step in STEPS {
        let app = waiting_post().await;
        app.clock.step_ms(step);
        noticed(&app, async || app.posts().len() == 1).await;
        assert_eq!(app.messenger.attempts(), 6, "and not before its time");
    }
}

#[tokio::test]
async fn a_clock_set_forward_makes_a_try_early_and_no_more() {
    for step in STEPS {
        let app = waiting_post().await;
        app.clock.step_ms(-step);
        noticed(&app, async || app.posts().len() == 1).await;
        assert_eq!(app.messenger.attempts(), 6);
    }
}

#[tokio::test]
async fn what_a_process_left_before_the_clock_was_set_back_is_sent_by_the_next() {
    for step in STEPS {
        let app = TestApp::start().await;
        app.messenger.fail_next([Fault::Held(Gate::closed(), None)]);
        app.time_attack().lasting(minutes(1)).started().await;
        app.clock.advance_ms(minutes(1));
        app.messenger.attempted(1).await;
        app.clock.step_ms(step);
        let app = app.killed_for(seconds(1)).await;
        // A dead process's lease runs out once more, as nobody knows how much of it is over.
        look_on(&[&app]).await;
        noticed(&app, async || app.posts().len() == 1).await;
    }
}

/// Whether the lease of what is under way was renewed at one of the last two times that this was due. An
/// older one could run out before its owner, kept from running by other tests, renews it.
async fn renewed(app: &TestApp) -> bool {
    let mut conn = app.app().db.read().await.unwrap();
    let least = "SELECT MIN(lease_until_ms) FROM outbox WHERE state = 'running'";
    let until_ms: Option<i64> = sqlx::query_scalar(least)
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    let newest_ms = app.now_ms() + timeattack::outbox::LEASE_MS;
    until_ms.is_some_and(|until_ms| (newest_ms - seconds(6)..=newest_ms).contains(&until_ms))
}

#[tokio::test]
async fn a_post_under_way_in_a_living_process_is_not_taken_from_it() {
    let app = TestApp::start().await;
    if !app.is_postgres() {
        // One process has a SQLite file for itself.
        assert!(!app.second_process_refused().await.is_empty());
        return;
    }
    for step in STEPS {
        let _second = app.second_process().await;
        let (attempts, posts) = (app.messenger.attempts(), app.posts().len());
        let gate = Gate::closed();
        app.messenger.fail_next([Fault::Held(gate.clone(), None)]);
        app.time_attack().lasting(minutes(1)).started().await;
        app.clock.advance_ms(minutes(1));
        app.messenger.attempted(attempts + 1).await;
        app.clock.step_ms(step);
        for _ in 0..12 {
            app.clock.advance_ms(seconds(5));
            // Its owner renews it in time, as a living one does.
            app.changes_until(async || renewed(&app).await).await;
        }
        gate.open();
        app.settle().await;
        assert_eq!(app.messenger.attempts(), attempts + 1);
        assert_eq!(app.posts().len(), posts + 1);
    }
}

#[tokio::test]
async fn after_the_step_a_post_that_may_be_there_is_looked_for_first() {
    let app = TestApp::start().await;
    let mut faults = vec![Fault::AnswerLost];
    faults.extend(std::iter::repeat_n(unavailable(), 4));
    app.messenger.fail_next(faults);
    app.time_attack().lasting(minutes(1)).started().await;
    app.advance(minutes(1)).await;
    pass(&app, 20).await;
    let attempts = app.messenger.attempts();
    // For all that is known it was sent hours ago, and Discord has forgotten its nonce.
    app.clock.step_ms(-hours(1));
    noticed(&app, async || app.posts().len() == 1).await;
    assert_eq!(app.messenger.attempts(), attempts, "it was found");
}

#[tokio::test]
async fn an_edit_is_tried_again_in_time() {
    for step in STEPS {
        let app = TestApp::start().await;
        let attack = app.time_attack().lasting(hours(48)).started().await;
        let id = crate::start_message::shown(&app, &attack).await;
        app.messenger
            .fail_next_edits([Fault::Refused(later(seconds(20)))]);
        let (actor, key) = (app.actor(attack.user), attack.id);
        app.inside(async move |app| attacks::extend(&app, actor, key, minutes(5)).await)
            .await
            .unwrap();
        app.inside(async |app| start_message::bring_up_to_date(&app).await)
            .await
            .unwrap();
        app.settle().await;
        app.clock.step_ms(step);
        noticed(&app, async || {
            let posts = app.messenger.posts();
            posts.iter().any(|post| post.id == id && post.edits == 1)
        })
        .await;
    }
}

#[tokio::test]
async fn direct_messages_keep_their_pace() {
    for step in STEPS {
        let app = TestApp::with_dm_rate(1.0).await;
        app.decides(MEMBER, allow()).await;
        app.advance(seconds(10)).await;
        let texts = (0..60).map(|number| notice(MEMBER, &format!("{number}")));
        app.enqueue(texts.collect()).await;
        app.settle().await;
        pass(&app, 5).await;
        let before = app.texts(MEMBER).len();
        app.clock.step_ms(step);
        pass(&app, 30).await;
        let sent = app.texts(MEMBER).len() - before;
        assert!((20..=36).contains(&sent), "set back by {step} ms: {sent}");
        app.advance(seconds(60)).await;
    }
}

#[tokio::test]
async fn a_direct_message_that_waits_for_its_next_try_is_tried_in_time() {
    for step in STEPS {
        let app = TestApp::start().await;
        app.decides(MEMBER, allow()).await;
        app.messenger
            .fail_next([Fault::Refused(later(seconds(20)))]);
        app.write_to(MEMBER, "hello").await;
        assert!(app.texts(MEMBER).is_empty());
        app.clock.step_ms(step);
        noticed(&app, async || app.texts(MEMBER) == ["hello"]).await;
    }
}

#[tokio::test]
async fn direct_messages_are_opened_again_after_the_pause_that_was_meant() {
    for step in STEPS {
        let app = TestApp::start().await;
        app.decides(MEMBER, allow()).await;
        let other = UserId(7);
        app.messenger.open_no_dms(true);
        app.decides(other, allow()).await;
        app.messenger.open_no_dms(false);
        assert!(app.app().outbox.opens_no_dms());
        app.clock.step_ms(step);
        app.advance(minutes(5)).await;
        assert!(app.messenger.direct(other).is_empty(), "not too early");
        app.advance(minutes(6)).await;
        assert_eq!(
            app.messenger.direct(other).len(),
            1,
            "set back by {step} ms"
        );
    }
}

#[tokio::test]
async fn a_reminder_is_where_it_was_promised() {
    for step in STEPS {
        let app = TestApp::start().await;
        app.time_attack().lasting(minutes(30)).started().await;
        app.clock.step_ms(step);
        app.advance(minutes(20)).await;
        assert!(app.messenger.posts().is_empty(), "nothing is early");
        app.clock.step_ms(-step);
        app.advance(minutes(1)).await;
        assert!(
            app.messenger
                .posts()
                .iter()
                .any(|post| is_reminder(&post.message))
        );
    }
}

const ALERTS: ChannelId = ChannelId(502);

#[tokio::test]
async fn trouble_is_told_again_although_its_hour_comes_a_second_time() {
    let app = TestApp::start().await;
    let channels = Change::Channels {
        results: Some(Some(CHANNEL)),
        alerts: Some(Some(ALERTS)),
        fallback: None,
    };
    app.inside(async move |app| guild::change(&app, GUILD, channels).await)
        .await
        .unwrap();
    let alerts = || {
        let posts = app.posted();
        posts.iter().filter(|post| post.channel == ALERTS).count()
    };
    let refused = || {
        Fault::Refused(SendError::Discard {
            why: "Discord answered 403 (code 50013)".into(),
        })
    };
    for told in 1..=2 {
        app.messenger.fail_next([refused()]);
        app.time_attack().lasting(minutes(1)).started().await;
        app.advance(minutes(1)).await;
        assert_eq!(alerts(), told);
        // The same ten minutes come again.
        app.clock.step_ms(-minutes(1));
        app.advance(seconds(10)).await;
        app.clock.step_ms(-seconds(10));
        app.advance(seconds(10)).await;
    }
}

#[tokio::test]
async fn ids_of_the_next_process_are_greater() {
    for step in STEPS {
        let app = TestApp::start().await;
        let before = app.time_attack().lasting(minutes(1)).started().await;
        app.advance(minutes(1)).await;
        app.clock.step_ms(step);
        let app = app.restarted_after(seconds(1)).await;
        let after = app.time_attack().lasting(minutes(1)).started().await;
        assert!(after.id > before.id, "set back by {step} ms");
        app.advance(minutes(1)).await;
    }
}

#[tokio::test]
async fn a_mail_that_was_put_off_waits_no_longer_than_it_was_put_off_for() {
    for step in STEPS {
        let (app, _, server) = mails::with_server(mails::limits()).await;
        server.at(At::Rcpt, Act::Say("450 4.2.0 greylisted".into()));
        let id = mails::frozen(&app, 1).await;
        app.settle().await;
        app.advance(minutes(2)).await;
        assert_eq!(server.delivered().len(), 0);
        app.clock.step_ms(step);
        // It notices now, and not at a look some seconds later, for which nothing here waits.
        app.app().outbox.wake_mails();
        app.settle().await;
        app.advance(minutes(4)).await;
        // A try that comes too early would use up one of the few that there are.
        assert_eq!(server.delivered().len(), 0, "not at once");
        app.advance(minutes(1)).await;
        noticed(&app, async || server.delivered().len() == 1).await;
        assert_eq!(
            mails::counts(&app, id).await,
            [(mail::State::Completed, 1)],
            "set back by {step} ms"
        );
    }
}

#[tokio::test]
async fn mails_keep_their_pace() {
    for step in STEPS {
        let limits = Limits {
            rate: 1.0,
            ..mails::limits()
        };
        let (app, _, memory) = mails::with_memory(limits).await;
        mails::frozen(&app, 60).await;
        pass(&app, 5).await;
        let before = memory.letters().len();
        app.clock.step_ms(step);
        pass(&app, 30).await;
        let sent = memory.letters().len() - before;
        assert!((24..=33).contains(&sent), "set back by {step} ms: {sent}");
        app.advance(minutes(1)).await;
    }
}

#[tokio::test]
async fn a_days_limit_lasts_a_day_and_holds() {
    for step in STEPS {
        let limits = Limits {
            daily: 10,
            ..mails::limits()
        };
        let (app, _, memory) = mails::with_memory(limits).await;
        let id = mails::frozen(&app, 20).await;
        app.settle().await;
        assert_eq!(memory.letters().len(), 10);
        app.advance(hours(2)).await;
        app.clock.step_ms(step);
        app.advance(minutes(1)).await;
        app.leap(hours(21)).await;
        assert_eq!(memory.letters().len(), 10, "the day is not over");
        app.leap(hours(3)).await;
        app.advance(minutes(1)).await;
        assert_eq!(
            mails::counts(&app, id).await,
            [(mail::State::Completed, 20)],
            "set back by {step} ms"
        );
    }
}

#[tokio::test]
async fn a_campaign_whose_process_died_goes_on_in_the_next() {
    for step in STEPS {
        let (app, _, server) = mails::with_server(mails::limits()).await;
        let id = mails::frozen(&app, 200).await;
        server.reached(At::End, 20).await;
        app.clock.step_ms(step);
        let app = app.killed_for(seconds(1)).await;
        look_on(&[&app]).await;
        noticed(&app, async || {
            mails::phase(&app, id).await == mail::Phase::Ended
        })
        .await;
        let counts = mails::counts(&app, id).await;
        let open = counts
            .iter()
            .filter(|(state, _)| !matches!(state, mail::State::Completed | mail::State::Unknown));
        assert_eq!(open.count(), 0, "set back by {step} ms: {counts:?}");
        let times = mails::accepted(&server.delivered());
        assert!(times.values().all(|times| *times == 1), "sent twice");
    }
}

#[tokio::test]
async fn instants_of_a_clock_that_was_a_day_ahead_are_set_anew_without_a_step() {
    // Another process's clock was wrong, and that process is no more.
    let app = TestApp::start().await;
    app.messenger.fail_next([unavailable()]);
    app.time_attack().lasting(minutes(1)).started().await;
    app.advance(minutes(1)).await;
    let ahead = app.now_ms() + days(3);
    let sql = format!("UPDATE outbox SET not_before_ms = {ahead} WHERE state = 'retryable'");
    execute(&app.app().db, sql).await.unwrap();
    noticed(&app, async || app.posts().len() == 1).await;
}

#[tokio::test]
async fn two_processes_ten_seconds_apart_keep_one_pace() {
    let limits = Limits {
        rate: 10.0,
        ..mails::limits()
    };
    let memory = std::sync::Arc::new(MemoryMailer::default());
    let mailer = std::sync::Arc::clone(&memory);
    let app = TestApp::with_mail(|_| MailMeans {
        limits,
        author: Some(std::sync::Arc::new(mails::Scribe::default())),
        ..mail_means(Mailer::Memory(mailer))
    })
    .await;
    if !app.is_postgres() {
        // One process has a SQLite file for itself.
        assert!(!app.second_process_refused().await.is_empty());
        return;
    }
    // Less than a lease: by more, one takes what the other has under way for a dead process's.
    let second = app.second_process_ahead_by(seconds(10)).await;
    let id = mails::frozen(&app, 250).await;
    second.app().outbox.wake_mails();
    for tenth in 0..300 {
        app.clock.advance_ms(100);
        app.settle().await;
        let sent = memory.letters().len();
        assert!(sent <= tenth + 10, "{sent} after {tenth} tenths");
    }
    app.advance(minutes(2)).await;
    assert_eq!(memory.letters().len(), 250, "each once");
    assert_eq!(
        mails::counts(&app, id).await,
        [(mail::State::Completed, 250)]
    );
    drop(second);
}
