//! A finish that is taken back.

use timeattack::error::{Error, UserError};
use timeattack::guild::{self, Change};
use timeattack::ids::{AttackId, GuildId};
use timeattack::messenger::memory::{Fault, Gate};
use timeattack::timeattack::{self as attacks, Actor, MOST_UNDOS, State, TimeAttack, UNDO_MS};

use crate::direct::allow;
use crate::support::bot::Bot;
use crate::support::{GUILD, MEMBER, OTHER, TestApp, minutes, refusal, seconds};

impl TestApp {
    async fn undo(&self, attack: &TimeAttack) -> Result<TimeAttack, Error> {
        let actor = self.actor(attack.user);
        self.undo_by(actor, attack.id).await
    }

    async fn undo_by(&self, actor: Actor, id: AttackId) -> Result<TimeAttack, Error> {
        let undone = self
            .inside(async move |app| attacks::undo(&app, actor, id).await)
            .await;
        self.settle().await;
        undone
    }

    async fn give_up(&self, attack: &TimeAttack) {
        let (actor, id) = (self.actor(attack.user), attack.id);
        self.inside(async move |app| attacks::give_up(&app, actor, id).await)
            .await
            .unwrap();
        self.settle().await;
    }
}

const TOO_LATE: UserError = UserError::UndoTooLate {
    seconds: UNDO_MS / 1_000,
};

#[tokio::test]
async fn a_completion_taken_back_runs_to_its_old_deadline() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    app.advance(minutes(2)).await;
    app.complete(&attack).await.unwrap();
    app.settle().await;
    assert!(app.posts()[0].contains("해냈어요"));
    app.advance(seconds(30)).await;
    let again = app.undo(&attack).await.unwrap();
    assert_eq!((again.state, again.finished_ms), (State::Running, None));
    assert_eq!(again.deadline_ms, attack.deadline_ms);
    let posts = app.posts();
    assert_eq!(
        posts.len(),
        1,
        "the post is edited, and none is added: {posts:?}"
    );
    assert!(posts[0].contains("되돌렸어요") && !posts[0].contains("해냈어요"));
    app.advance(minutes(8)).await;
    let posts = app.posts();
    assert_eq!(posts.len(), 2, "{posts:?}");
    assert!(posts[1].contains("나약한"));
    assert_eq!(app.state(attack.id).await, State::Failed);
}

#[tokio::test]
async fn what_is_on_its_way_when_a_finish_is_taken_back_is_corrected_once_it_has_arrived() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    app.settle().await;
    let (gate, attempts) = (Gate::closed(), app.messenger.attempts());
    let held = || Fault::AnswerHeld(gate.clone());
    app.messenger.fail_next([held(), held()]);
    app.complete(&attack).await.unwrap();
    app.messenger.attempted(attempts + 2).await;
    let (actor, id) = (app.actor(MEMBER), attack.id);
    app.inside(async move |app| attacks::undo(&app, actor, id).await)
        .await
        .unwrap();
    gate.open();
    app.settle().await;
    app.advance(seconds(5)).await;
    let posts = app.posts();
    assert!(
        posts.iter().any(|post| post.contains("되돌렸어요")),
        "{posts:?}"
    );
    assert!(
        !posts.iter().any(|post| post.contains("해냈어요")),
        "{posts:?}"
    );
    let direct = app.texts(MEMBER);
    let last = direct.last().unwrap();
    assert!(last.contains("↩️"), "{direct:?}");
    assert!(!direct.iter().any(|text| text.contains("🎉")), "{direct:?}");
}

#[tokio::test]
async fn what_was_given_up_can_be_taken_back_and_completed() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    app.give_up(&attack).await;
    app.undo(&attack).await.unwrap();
    app.complete(&attack).await.unwrap();
    app.settle().await;
    let posts = app.posts();
    assert_eq!(posts.len(), 2, "{posts:?}");
    assert!(posts[0].contains("되돌렸어요"), "{posts:?}");
    assert!(posts[1].contains("해냈어요"), "{posts:?}");
    assert_eq!(app.app().timers.armed(), 0);
}

#[tokio::test]
async fn each_finish_has_a_post_of_its_own() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    for _ in 0..MOST_UNDOS {
        app.complete(&attack).await.unwrap();
        app.settle().await;
        app.undo(&attack).await.unwrap();
    }
    app.complete(&attack).await.unwrap();
    app.settle().await;
    let refused = refusal(app.undo(&attack).await);
    assert_eq!(refused, UserError::UndoneTooOften { most: MOST_UNDOS });
    let posts = app.posts();
    let undone = posts
        .iter()
        .filter(|post| post.contains("되돌렸어요"))
        .count();
    let done = posts
        .iter()
        .filter(|post| post.contains("해냈어요"))
        .count();
    assert_eq!((undone, done), (3, 1), "{posts:?}");
}

#[tokio::test]
async fn taken_back_after_its_deadline_it_is_settled_at_once() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    app.advance(minutes(10) - seconds(5)).await;
    app.complete(&attack).await.unwrap();
    app.advance(seconds(15)).await;
    app.undo(&attack).await.unwrap();
    assert_eq!(app.state(attack.id).await, State::Failed);
    let posts = app.posts();
    assert_eq!(posts.len(), 2, "{posts:?}");
    assert!(posts[1].contains("나약한"), "{posts:?}");
}

#[tokio::test]
async fn a_finish_that_turned_a_verdict_round_can_be_taken_back() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(1)).started().await;
    app.advance(minutes(1) + seconds(2)).await;
    app.complete_clicked_at(&attack, attack.deadline_ms - 1)
        .await
        .unwrap();
    app.settle().await;
    assert!(app.posts()[0].contains("해냈어요"));
    app.undo(&attack).await.unwrap();
    let posts = app.posts();
    assert_eq!(posts.len(), 2, "{posts:?}");
    assert!(posts[0].contains("되돌렸어요"), "{posts:?}");
    assert!(posts[1].contains("나약한"), "{posts:?}");
}

#[tokio::test]
async fn after_thirty_seconds_it_stays_as_it_is_by_the_click_not_by_the_handling() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    app.complete(&attack).await.unwrap();
    let clicked = Actor {
        clicked_ms: app.now_ms() + UNDO_MS,
        ..app.actor(MEMBER)
    };
    app.advance(UNDO_MS + 1).await;
    assert_eq!(refusal(app.undo(&attack).await), TOO_LATE);
    assert_eq!(app.state(attack.id).await, State::Completed);
    app.undo_by(clicked, attack.id).await.unwrap();
    assert_eq!(app.state(attack.id).await, State::Running);
}

#[tokio::test]
async fn only_ones_own_finish_of_ones_own_guild_is_taken_back() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    assert_eq!(refusal(app.undo(&attack).await), UserError::NothingToUndo);
    app.complete(&attack).await.unwrap();
    app.settle().await;
    let other = app.actor(OTHER);
    assert_eq!(
        refusal(app.undo_by(other, attack.id).await),
        UserError::NotYours
    );
    let elsewhere = Actor {
        guild: GuildId(1),
        ..app.actor(MEMBER)
    };
    let refused = refusal(app.undo_by(elsewhere, attack.id).await);
    assert_eq!(refused, UserError::UnknownAttack);
    let missed = app.time_attack().lasting(seconds(10)).started().await;
    app.advance(seconds(10)).await;
    assert_eq!(refusal(app.undo(&missed).await), UserError::NothingToUndo);
}

#[tokio::test]
async fn no_more_run_by_undoing_than_the_guild_allows() {
    let app = TestApp::start().await;
    let limit = Change::Limits {
        running: Some(1),
        longest_ms: None,
        extensions: None,
    };
    app.inside(async move |app| guild::change(&app, GUILD, limit).await)
        .await
        .unwrap();
    let first = app.time_attack().lasting(minutes(10)).started().await;
    app.complete(&first).await.unwrap();
    let second = app.time_attack().lasting(minutes(10)).started().await;
    let full = UserError::TooManyRunning { running: 1 };
    assert_eq!(refusal(app.undo(&first).await), full);
    app.give_up(&second).await;
    app.undo(&first).await.unwrap();
}

/// Two presses at once: one takes it back, and the other is told that there is nothing to take back.
#[tokio::test]
async fn of_two_presses_one_takes_it_back() {
    let app = TestApp::start().await;
    for _ in 0..50 {
        let attack = app.time_attack().lasting(minutes(10)).started().await;
        app.complete(&attack).await.unwrap();
        let (actor, id) = (app.actor(MEMBER), attack.id);
        let both = app
            .inside(async move |app| {
                tokio::join!(
                    attacks::undo(&app, actor, id),
                    attacks::undo(&app, actor, id)
                )
            })
            .await;
        let undone = [both.0, both.1].into_iter().filter(Result::is_ok).count();
        assert_eq!(undone, 1);
        app.complete(&attack).await.unwrap();
    }
    app.settle().await;
}

#[tokio::test]
async fn reminders_and_direct_messages_follow() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    app.advance(minutes(1)).await;
    app.complete(&attack).await.unwrap();
    app.settle().await;
    app.undo(&attack).await.unwrap();
    app.advance(minutes(9)).await;
    assert_eq!(app.reminders().len(), 2);
    let texts = app.texts(MEMBER);
    // What was told of the finish says that it was taken back.
    for (mark, count) in [("🎉", 0), ("↩", 1), ("⏰", 2), ("😢", 1)] {
        let found = texts.iter().filter(|text| text.contains(mark)).count();
        assert_eq!(found, count, "{mark}: {texts:?}");
    }
}

#[tokio::test]
async fn taken_back_before_a_crash_it_still_has_its_verdict() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    app.complete(&attack).await.unwrap();
    app.settle().await;
    app.undo(&attack).await.unwrap();
    let app = app.killed_for(minutes(11)).await;
    app.settle().await;
    let posts = app.posts();
    assert_eq!(posts.len(), 2, "{posts:?}");
    assert!(posts[1].contains("나약한"), "{posts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_button_takes_it_back_for_its_member_and_the_start_runs_on() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    bot.mina().click(&start, "Complete").await.unwrap();
    let offer = bot.posted(bot.channel, "You can undo until").await;
    assert!(offer.is_ephemeral());
    assert_eq!(offer.visible_to, Some(bot.mina));
    bot.posted(bot.channel, "did it").await;
    let undone = bot.mina().click(&offer, "Undo").await.unwrap();
    assert!(undone.text().contains("running again"), "{}", undone.text());
    assert!(undone.message().unwrap().buttons().is_empty());
    bot.until(&start, |now| now.buttons().len() == 3).await;
    bot.posted(bot.channel, "undid that").await;
    // Given up by its command, and that is taken back, too.
    let question = bot.mina().slash("/timeattack giveup").await.unwrap();
    let question = question.message().unwrap();
    let given_up = bot.mina().click(&question, "Give up").await.unwrap();
    let given_up = given_up.message().unwrap();
    bot.mina().click(&given_up, "Undo").await.unwrap();
    let forged = bot.jamong().forge(&start, &undo_id(&start)).await.unwrap();
    assert!(forged.text().contains("다른 사람"), "{}", forged.text());
    let status = bot.mina().slash("/timeattack status").await.unwrap();
    assert!(
        status.text().contains("one time attack running"),
        "{}",
        status.text()
    );
    bot.end().await;
}

fn undo_id(start: &timeattack::sandbox::Message) -> String {
    let buttons = start.buttons();
    let complete = buttons[0].custom_id.as_deref().unwrap();
    complete.replace("complete", "undo")
}

#[tokio::test]
async fn an_undo_reaches_the_direct_message_as_well() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    app.complete(&attack).await.unwrap();
    app.settle().await;
    assert!(app.texts(MEMBER).last().unwrap().contains('🎉'));
    let told = app.texts(MEMBER).len();
    app.undo(&attack).await.unwrap();
    app.advance(seconds(5)).await;
    let texts = app.texts(MEMBER);
    assert_eq!(texts.len(), told, "edited, and not one more: {texts:?}");
    assert!(texts.last().unwrap().contains("undid that"), "{texts:?}");
}
