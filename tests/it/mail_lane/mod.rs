//! The lane of mails: what becomes of every recipient, whatever the mail server says.

mod bounces;
mod crash;
mod deaths;
mod pace;
mod pieces;
mod refusals;
pub mod support;

use timeattack::mailer::Scope;
use timeattack::outbox;
use timeattack::outbox::mail::{self, Ending, Phase, State, reason};

use crate::support::GUILD;
use support::{
    Deed, Sending, abandoned, begun, came_back, counts, does, filled, frozen, known, limits, one,
    phase, progress, retried, rows, with_memory,
};

#[tokio::test]
async fn everybody_gets_one_mail_and_then_it_has_ended() {
    let (app, author, memory) = with_memory(limits()).await;
    let id = frozen(&app, 300).await;
    app.settle().await;
    assert_eq!(counts(&app, id).await, [(State::Completed, 300)]);
    let mut to: Vec<_> = memory
        .letters()
        .iter()
        .map(|one| one.to.to_string())
        .collect();
    to.sort();
    to.dedup();
    assert_eq!((to.len(), memory.letters().len()), (300, 300));
    assert!(
        to.contains(&"Member7@example.org".to_owned()),
        "as it was given"
    );
    let progress = progress(&app, id).await;
    assert_eq!(progress.phase, Phase::Ended);
    assert_eq!(
        (progress.began_ms, progress.ended_ms),
        (Some(app.now_ms()), Some(app.now_ms()))
    );
    assert_eq!(author.endings(), [(id, Ending::Ended)]);
    let row = &rows(&app, id).await[0];
    assert_eq!((row.attempts, row.reason.as_deref()), (1, None));
    assert!(row.server_id.as_deref().unwrap().starts_with("memory-"));
}

#[tokio::test]
async fn nothing_of_what_is_being_filled_goes_and_it_can_be_abandoned() {
    let (app, _, memory) = with_memory(limits()).await;
    let id = frozen(&app, 1).await;
    app.settle().await;
    let one = Sending {
        recipients: 1,
        ..Sending::default()
    };
    let filling = filled(&app, one).await;
    app.app().outbox.wake_mails();
    app.settle().await;
    assert_eq!(counts(&app, filling).await, [(State::Available, 1)]);
    assert_eq!(memory.letters().len(), 1);
    abandoned(&app, filling).await;
    abandoned(&app, id).await;
    assert_eq!(known(&app, filling).await, None);
    assert_eq!(counts(&app, id).await, [(State::Completed, 1)], "too late");
}

#[tokio::test]
async fn who_unsubscribed_meanwhile_is_left_out() {
    let (app, author, memory) = with_memory(limits()).await;
    author.suppress("member3@example.org");
    author.suppress("member4@example.org");
    let id = frozen(&app, 40).await;
    app.settle().await;
    assert_eq!(
        counts(&app, id).await,
        [(State::Completed, 38), (State::Cancelled, 2)]
    );
    let left_out = rows(&app, id).await;
    let left_out = left_out
        .iter()
        .find(|row| row.state == State::Cancelled)
        .unwrap();
    assert_eq!(left_out.reason.as_deref(), Some(reason::SUPPRESSED));
    assert_eq!(memory.letters().len(), 38);
    assert_eq!(phase(&app, id).await, Phase::Ended);
}

#[tokio::test]
async fn a_pause_holds_from_the_next_look_on_and_a_resume_goes_on() {
    let (app, _, memory) = with_memory(mail::Limits {
        rate: 10.0,
        ..limits()
    })
    .await;
    let id = frozen(&app, 50).await;
    app.settle().await;
    for _ in 0..10 {
        app.advance(100).await;
    }
    let sent = memory.letters().len();
    assert!((8..20).contains(&sent), "{sent}");
    assert!(does(&app, Deed::Pause, id).await);
    assert!(!does(&app, Deed::Pause, id).await);
    app.advance(10_000).await;
    assert_eq!(memory.letters().len(), sent);
    assert_eq!(phase(&app, id).await, Phase::Paused);
    assert!(does(&app, Deed::Resume, id).await);
    for _ in 0..100 {
        app.advance(100).await;
    }
    assert_eq!(counts(&app, id).await, [(State::Completed, 50)]);
}

#[tokio::test]
async fn a_cancelled_one_goes_no_further_and_every_row_says_so() {
    let (app, author, memory) = with_memory(mail::Limits {
        rate: 10.0,
        ..limits()
    })
    .await;
    // More than are cancelled at once.
    let id = frozen(&app, 4_500).await;
    app.settle().await;
    let sent = i64::try_from(memory.letters().len()).unwrap();
    assert!(does(&app, Deed::Cancel, id).await);
    app.settle().await;
    assert_eq!(
        counts(&app, id).await,
        [(State::Completed, sent), (State::Cancelled, 4_500 - sent)]
    );
    let progress = progress(&app, id).await;
    assert_eq!(
        (progress.phase, progress.ended_ms),
        (Phase::Cancelled, Some(app.now_ms()))
    );
    assert_eq!(author.endings(), [], "whoever cancelled it knows");
    assert!(!does(&app, Deed::Resume, id).await);
    assert_eq!(retried(&app, id, true).await, 0);
}

#[tokio::test]
async fn a_mail_that_cannot_be_written_stops_its_occurrence_and_no_other() {
    let (app, author, _) = with_memory(limits()).await;
    let broken = Sending {
        content: "broken",
        fault: Some(4),
        ..Sending::default()
    };
    let id = begun(&app, broken).await;
    let other = frozen(&app, 20).await;
    app.settle().await;
    let progress = progress(&app, id).await;
    assert_eq!(progress.phase, Phase::Stopped);
    let why = "there is no field called “city”".to_owned();
    assert_eq!(progress.why.as_ref(), Some(&why));
    assert_eq!(
        author.endings(),
        [(id, Ending::Stopped { why }), (other, Ending::Ended)]
    );
    let row = one(&app, id, State::Retryable).await;
    assert_eq!(row.attempts, 0);
    assert_eq!(progress.counts.values().sum::<i64>(), 10);
}

#[tokio::test]
async fn a_defect_costs_one_recipient_and_the_lane_lives_on() {
    let (app, _, _) = with_memory(limits()).await;
    let panics = Sending {
        content: "panics",
        fault: Some(4),
        ..Sending::default()
    };
    let id = begun(&app, panics).await;
    app.settle().await;
    assert_eq!(
        counts(&app, id).await,
        [(State::Completed, 9), (State::Discarded, 1)]
    );
    let row = one(&app, id, State::Discarded).await;
    assert_eq!(row.reason.as_deref(), Some(reason::DEFECT));
}

#[tokio::test]
async fn what_failed_is_tried_again_and_what_may_have_arrived_only_when_asked_for() {
    let (app, author, memory) = with_memory(limits()).await;
    memory.fail_next([Scope::RecipientPermanent, Scope::Ambiguous]);
    let id = frozen(&app, 10).await;
    app.settle().await;
    // Whatever is lost after its final dot may be the server's trouble.
    app.advance(1_000).await;
    assert_eq!(
        counts(&app, id).await,
        [
            (State::Completed, 8),
            (State::Discarded, 1),
            (State::Unknown, 1)
        ]
    );
    assert_eq!(phase(&app, id).await, Phase::Ended);
    assert_eq!(retried(&app, id, false).await, 1);
    app.settle().await;
    assert_eq!(
        counts(&app, id).await,
        [(State::Completed, 9), (State::Unknown, 1)]
    );
    assert_eq!(retried(&app, id, true).await, 1);
    app.settle().await;
    assert_eq!(counts(&app, id).await, [(State::Completed, 10)]);
    // Twice: it had arrived, and an admin chose.
    assert_eq!(memory.letters().len(), 11);
    assert_eq!(author.endings().len(), 3);
}

#[tokio::test]
async fn a_mail_is_found_by_its_id_and_by_the_servers_and_can_come_back() {
    let (app, _, _) = with_memory(limits()).await;
    let id = frozen(&app, 3).await;
    app.settle().await;
    let row = rows(&app, id).await.remove(1);
    let server_id = row.server_id.clone().unwrap();
    let mut conn = app.app().db.read().await.unwrap();
    let found = mail::addressee(&mut conn, row.id).await.unwrap().unwrap();
    assert_eq!((found.guild, found.occurrence), (GUILD, id));
    assert_eq!(found.email, row.address.to_lowercase());
    let by_server = mail::addressee_by_server_id(&mut conn, &server_id)
        .await
        .unwrap();
    assert_eq!(by_server, Some((row.id, found)));
    drop(conn);
    came_back(&app, row.id, "550 5.1.1 no such user").await;
    let row = one(&app, id, State::Discarded).await;
    assert_eq!(row.reason.as_deref(), Some("550 5.1.1 no such user"));
    let happened = mail::timeline(&app.app().db, GUILD, id, 60_000);
    let happened = happened.await.unwrap();
    assert_eq!(happened.len(), 1);
    assert_eq!((happened[0].completed, happened[0].failed), (2, 1));
    assert_eq!(happened[0].at_ms, app.now_ms() / 60_000 * 60_000);
}

#[tokio::test]
async fn what_waits_shows_in_the_overview_and_is_found_by_an_index() {
    let (app, _, memory) = with_memory(mail::Limits {
        rate: 1.0,
        ..limits()
    })
    .await;
    frozen(&app, 50).await;
    app.settle().await;
    let sent = i64::try_from(memory.letters().len()).unwrap();
    let mut conn = app.app().db.read().await.unwrap();
    let lanes = outbox::overview::lanes(&mut conn).await.unwrap();
    drop(conn);
    let expected = outbox::overview::LaneLoad {
        lane: outbox::Lane::Email,
        waiting: 50 - sent,
        under_way: 0,
        oldest_ms: Some(app.now_ms()),
    };
    assert_eq!(lanes.last(), Some(&expected));
}

/// Each of them is asked many times a second while a campaign of any length goes out.
#[tokio::test]
async fn what_is_asked_at_every_look_is_found_by_an_index() {
    let (app, ..) = with_memory(limits()).await;
    let sending = "SELECT id FROM occurrences WHERE phase = 'sending'";
    let cancelled = "SELECT id FROM occurrences WHERE phase = 'cancelled' AND ended_ms IS NULL";
    let abandoned = "SELECT id FROM occurrences WHERE phase = 'abandoned'";
    let retried = "SELECT id FROM occurrences WHERE retry_discarded > 0";
    let running = "SELECT id FROM deliveries WHERE state = 'running' AND lease_until_ms >= 0";
    let all = [sending, cancelled, abandoned, retried, running].join(" UNION ALL ");
    let has_work = format!("{all} LIMIT 1");
    let claim = "SELECT id, email FROM deliveries WHERE occurrence_id = 1 AND state = 'available' \
         AND not_before_ms <= 5 ORDER BY not_before_ms, id LIMIT 10";
    let next = "SELECT MIN(not_before_ms) FROM deliveries \
         WHERE occurrence_id = 1 AND state = 'retryable'";
    let end = "UPDATE occurrences SET phase = 'ended' WHERE id = 1 \
         AND phase IN ('sending', 'paused') AND NOT EXISTS ( \
             SELECT 1 FROM deliveries WHERE occurrence_id = 1 \
                 AND state IN ('available', 'retryable', 'running'))";
    let progress = "SELECT state, COUNT(*) FROM deliveries WHERE occurrence_id = 1 \
         GROUP BY occurrence_id, state";
    let page = "SELECT id, address FROM deliveries WHERE occurrence_id = 1 AND id > 5 \
         ORDER BY id LIMIT 10";
    let put_back = "UPDATE deliveries SET state = 'available' WHERE id IN ( \
         SELECT id FROM deliveries WHERE occurrence_id = 1 AND state IN ('discarded', 'unknown') \
             AND round < CASE state WHEN 'discarded' THEN 1 ELSE 0 END LIMIT 10)";
    let delete = "DELETE FROM deliveries WHERE id IN ( \
         SELECT id FROM deliveries WHERE occurrence_id = 1 LIMIT 10)";
    let to_forget = "SELECT id FROM occurrences WHERE ended_ms <= 1 AND forgotten_ms IS NULL \
         ORDER BY ended_ms LIMIT 1";
    let suspect = "SELECT id FROM deliveries WHERE deaths > 0 AND state IN ('available', 'retryable') \
             AND not_before_ms <= 1 AND +occurrence_id IN (1, 2) ORDER BY not_before_ms, id LIMIT 1";
    let forgetting = "SELECT id FROM occurrences WHERE forgetting_id IS NOT NULL ORDER BY id";
    for (sql, indexes) in [
        (
            has_work.as_str(),
            &[
                "occurrences_sending",
                "occurrences_cancelled",
                "occurrences_abandoned",
                "occurrences_retried",
                "deliveries_running",
            ][..],
        ),
        (claim, &["deliveries_by_state"]),
        (next, &["deliveries_by_state"]),
        (end, &["deliveries_by_state"]),
        (progress, &["deliveries_by_state"]),
        (page, &["deliveries_of_occurrence"]),
        (put_back, &["deliveries_by_state"]),
        (delete, &["deliveries_of_occurrence"]),
        (suspect, &["deliveries_suspects"]),
        (to_forget, &["occurrences_kept"]),
        (forgetting, &["occurrences_forgetting"]),
    ] {
        let plan = app.plan(sql).await;
        if app.is_postgres() {
            // Which index, it decides by what is in the table, and this one is empty.
            assert!(!plan.contains("Seq Scan"), "{sql}\n{plan}");
            continue;
        }
        for index in indexes {
            assert!(plan.contains(index), "{sql}\n{plan}");
        }
        // It says so where it sorts, or goes through what it should not.
        let is_plain = !plan.contains("TEMP B-TREE") && !plan.contains("SCAN deliveries");
        assert!(is_plain, "{sql}\n{plan}");
    }
}
