//! What whoever looks after the host is told over all guilds.

use timeattack::messenger::SendError;
use timeattack::messenger::memory::Fault;
use timeattack::outbox::{self, Lane, overview::LaneLoad};
use timeattack::timeattack::overview;

use crate::support::{CHANNEL, GUILD, MEMBER, NOW_MS, OTHER, TestApp, minutes};

async fn lanes(app: &TestApp) -> Vec<LaneLoad> {
    let mut conn = app.app().db.read().await.unwrap();
    outbox::overview::lanes(&mut conn).await.unwrap()
}

async fn next(app: &TestApp, most: i64) -> Vec<overview::Running> {
    let mut conn = app.app().db.read().await.unwrap();
    overview::next_deadlines(&mut conn, most).await.unwrap()
}

async fn verdicts(app: &TestApp, most: usize) -> Vec<overview::Shown> {
    let mut conn = app.app().db.read().await.unwrap();
    overview::verdicts(&mut conn, most).await.unwrap()
}

#[tokio::test]
async fn the_next_deadlines_stand_first_whosever_they_are() {
    let app = TestApp::start().await;
    assert_eq!(next(&app, 8).await, []);
    let later = app.time_attack().lasting(minutes(20)).started().await;
    let soon = app
        .time_attack()
        .by(OTHER)
        .lasting(minutes(5))
        .started()
        .await;
    let ended = app.time_attack().lasting(minutes(1)).started().await;
    app.complete(&ended).await.unwrap();
    let found = next(&app, 8).await;
    let ids: Vec<_> = found.iter().map(|one| one.id).collect();
    assert_eq!(ids, [soon.id, later.id]);
    assert_eq!(
        (found[0].guild, found[0].user, found[0].member_name.as_str()),
        (GUILD, OTHER, "jamong")
    );
    assert_eq!(
        (found[0].started_ms, found[0].deadline_ms),
        (NOW_MS, NOW_MS + minutes(5))
    );
    assert_eq!(next(&app, 1).await.len(), 1);
    app.settle().await;
}

#[tokio::test]
async fn a_verdict_is_told_once_its_message_is_there_in_the_order_of_the_messages() {
    let app = TestApp::start().await;
    let long = app.time_attack().lasting(minutes(10)).started().await;
    let short = app
        .time_attack()
        .by(OTHER)
        .lasting(minutes(5))
        .started()
        .await;
    let completed = app.time_attack().lasting(minutes(20)).started().await;
    app.complete(&completed).await.unwrap();
    app.settle().await;
    assert_eq!(
        verdicts(&app, 20).await,
        [],
        "a success is no verdict at a deadline"
    );
    app.advance(minutes(10)).await;
    let shown = verdicts(&app, 20).await;
    let told: Vec<_> = shown
        .iter()
        .map(|one| (one.attack, one.deadline_ms))
        .collect();
    assert_eq!(
        told,
        [
            (short.id, NOW_MS + minutes(5)),
            (long.id, NOW_MS + minutes(10))
        ]
    );
    let posted = app.posted();
    let messages: Vec<_> = shown.iter().map(|one| one.message).collect();
    assert!(
        messages
            .iter()
            .all(|id| posted.iter().any(|post| post.id == *id))
    );
    let newest = verdicts(&app, 1).await;
    assert_eq!((newest.len(), newest[0].attack), (1, long.id));
}

#[tokio::test]
async fn what_is_in_each_lane_is_counted_waiting_or_under_way() {
    let mut app = TestApp::start().await;
    let empty = |lane| LaneLoad {
        lane,
        waiting: 0,
        under_way: 0,
        oldest_ms: None,
    };
    assert_eq!(lanes(&app).await, Lane::ALL.map(empty));
    // Nothing is sent any more: what is to be said waits.
    app.messenger
        .fail_next([Fault::Refused(SendError::Unauthorized)]);
    app.time_attack()
        .by(MEMBER)
        .in_channel(CHANNEL)
        .lasting(minutes(1))
        .started()
        .await;
    app.clock.advance_ms(minutes(1));
    app.verdicts_made().await;
    app.halted().await;
    let [post, edit, dm, mail] = lanes(&app).await.try_into().unwrap();
    assert_eq!(post.lane, Lane::Post);
    assert_eq!(post.waiting + post.under_way, 1);
    assert_eq!(post.oldest_ms, Some(NOW_MS + minutes(1)));
    assert_eq!((edit.lane, dm), (Lane::Edit, empty(Lane::Dm)));
    assert_eq!(mail, empty(Lane::Email));
    app.leaves_unsent();
}
