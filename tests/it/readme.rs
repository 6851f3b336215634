//! What README tells a host to do, done.

use sqlx::AssertSqlSafe;
use timeattack::ids::{MessageId, UserId};
use timeattack::messenger::SendError;
use timeattack::messenger::memory::Fault;
use timeattack::timeattack::State;
use timeattack::timeattack::start_message::{self, Shown};

use crate::direct::allow;
use crate::support::{CHANNEL, MEMBER, OTHER, TestApp, execute, minutes, seconds};

const ENGLISH: &str = include_str!("../../README.md");
const KOREAN: &str = include_str!("../../README.ko.md");
/// The member of README's example.
const EXAMPLE: &str = "80351110224678912";

/// The statements that remove a member's data.
fn statements(readme: &str) -> &str {
    let mut blocks = readme.split("```sql\n").skip(1);
    let block = blocks.find(|block| block.contains("DELETE FROM time_attacks"));
    block.unwrap().split("```").next().unwrap()
}

#[test]
fn both_readmes_remove_a_member_in_the_same_way() {
    assert_eq!(statements(ENGLISH), statements(KOREAN));
}

#[tokio::test]
async fn a_member_is_removed_and_the_posts_that_waited_with_theirs_go_out() {
    let app = TestApp::start().await;
    app.tells_admins().await;
    let waits = Fault::Refused(SendError::Retry {
        after_ms: None,
        why: "Discord answered 500".into(),
    });
    app.messenger.fail_next([waits]);
    let members = [
        (MEMBER, "reading"),
        (OTHER, "cooking"),
        (UserId(3), "walking"),
    ];
    let mut attacks = Vec::new();
    for (user, task) in members {
        let builder = app.time_attack().by(user).task(task);
        let attack = builder.lasting(minutes(1)).started().await;
        attacks.push(attack.id);
        let shown = Shown::of(&attack);
        let kept = async move |app| start_message::mark_shown(&app, shown, MessageId(7)).await;
        app.inside(kept).await.unwrap();
    }
    app.advance(minutes(1)).await;
    assert!(app.posts().is_empty(), "they wait");
    app.decides(MEMBER, allow()).await;
    app.switches_reminders(MEMBER, false).await;
    // Whether they became one message hangs on who came first; here they did, led by hers.
    let merged = "UPDATE outbox SET message_key = \
         (SELECT id FROM outbox WHERE lane = 'post' AND user_id = 99000000000000001) \
         WHERE lane = 'post'";
    execute(&app.app().db, merged).await.unwrap();
    // The message of her start is edited, and says what she set out to do.
    app.inside(async |app| start_message::bring_up_to_date(&app).await)
        .await
        .unwrap();
    app.settle().await;
    let edits = "SELECT COUNT(*) FROM outbox WHERE lane = 'edit' AND payload LIKE $1";
    assert_eq!(count(&app, edits, &["%reading%"]).await, 1);

    // An admin has corrected hers, and she, as an admin, another's.
    for (by, attack) in [(UserId(4), attacks[0]), (MEMBER, attacks[1])] {
        let corrected = app
            .corrected(by, attack, State::Completed, "a photo of it")
            .await;
        corrected.unwrap();
    }
    app.settle().await;

    let removal = statements(ENGLISH).replace(EXAMPLE, &MEMBER.to_string());
    execute(&app.app().db, removal).await.unwrap();
    let app = app.restarted_after(seconds(1)).await;
    app.advance(minutes(1)).await;
    // What was posted before, to the admins, stays where it is.
    let posted = app.posted().into_iter();
    let here = posted.filter(|post| post.channel == CHANNEL);
    let said: Vec<String> = here.map(|post| post.message.content).collect();
    let said = said.join("\n");
    assert!(
        said.contains("cooking") && said.contains("walking"),
        "{said}"
    );
    assert!(!said.contains("reading"), "{said}");

    for sought in [MEMBER.to_string().as_str(), "reading"] {
        assert_eq!(app.mentions_of(sought).await, Vec::<String>::new());
    }
}

async fn count(app: &TestApp, sql: impl Into<String>, like: &[&str]) -> i64 {
    let mut conn = app.app().db.read().await.unwrap();
    let mut query = sqlx::query_scalar(AssertSqlSafe(sql.into()));
    for pattern in like {
        query = query.bind(*pattern);
    }
    query.fetch_one(&mut *conn).await.unwrap()
}
