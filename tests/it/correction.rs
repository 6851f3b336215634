//! Admins' corrections: what is changed, what is refused, what is said.

use std::collections::HashSet;

use timeattack::error::{Error, UserError, Verdict};
use timeattack::ids::{AttackId, GuildId, UserId};
use timeattack::privacy;
use timeattack::timeattack::correction::{self, Correction};
use timeattack::timeattack::{Actor, State, TimeAttack};

use crate::direct::allow;
use crate::support::{GUILD, MEMBER, OTHER, TestApp, WHOLE, execute, minutes, refusal};

const ADMIN: UserId = UserId(99_000_000_000_000_009);

impl TestApp {
    pub async fn corrected(
        &self,
        by: UserId,
        attack: AttackId,
        to: State,
        reason: &str,
    ) -> Result<(TimeAttack, Correction), Error> {
        let (actor, reason) = (self.actor(by), reason.to_owned());
        self.inside(async move |app| correction::correct(&app, actor, attack, to, &reason).await)
            .await
    }

    /// The server has an alerts channel, and speaks English.
    pub async fn tells_admins(&self) {
        let alerts = "INSERT INTO guild_settings (guild_id, alerts_channel_id, timezone, language, \
             quiet_start_min, quiet_end_min, running_limit, longest_ms, extension_limit, \
             updated_ms) \
             VALUES (77000000000000001, 4242, 'Asia/Seoul', 'en', 0, 0, 5, 86400000, 3, 0)";
        execute(&self.app().db, alerts).await.unwrap();
    }

    async fn failed(&self) -> TimeAttack {
        let attack = self.time_attack().lasting(minutes(10)).started().await;
        self.clock.advance_ms(minutes(10));
        self.settle().await;
        attack
    }
}

#[tokio::test]
async fn a_correction_is_told_marked_and_kept() {
    let app = TestApp::start().await;
    app.tells_admins().await;
    let attack = app.failed().await;
    let (after, correction) = app
        .corrected(ADMIN, attack.id, State::Completed, "  proof by *mail*\n")
        .await
        .unwrap();
    app.settle().await;
    assert_eq!(
        (after.state, after.finished_ms),
        (State::Completed, Some(attack.deadline_ms))
    );
    assert_eq!(
        (correction.from, correction.to),
        (State::Failed, State::Completed)
    );
    assert_eq!((correction.user, correction.by), (MEMBER, Some(ADMIN)));
    assert_eq!(correction.reason, "proof by *mail*");
    let posts = app.posted();
    assert_eq!(posts.len(), 3, "{posts:#?}");
    let with = |part: &str| {
        let found = posts
            .iter()
            .find(|post| post.message.content.contains(part));
        found.unwrap_or_else(|| panic!("{part} in {posts:#?}"))
    };
    // Channels do not wait for one another.
    let (card, news, alert) = (with("나약한"), with("a correction"), with("> corrected"));
    let marked = card
        .message
        .content
        .ends_with("⚖️ Corrected: completed. Reason: proof by \\*mail\\*");
    assert!(marked, "{}", card.message.content);
    let news = &news.message;
    assert!(
        news.content.contains("is now completed (it was failed)"),
        "{}",
        news.content
    );
    assert_eq!(news.mentions, [MEMBER]);
    assert_eq!(alert.channel.0, 4242);
    let alert = &alert.message;
    assert!(
        alert.content.contains(&format!("<@{}> corrected", ADMIN.0)),
        "{}",
        alert.content
    );
    assert_eq!(alert.mentions, []);
    let newest = correction::newest_of(app.app(), GUILD, &[after])
        .await
        .unwrap();
    assert_eq!(newest[&attack.id], correction);
}

#[tokio::test]
async fn what_cannot_be_corrected_is_refused_and_leaves_no_trace() {
    let app = TestApp::start().await;
    let running = app
        .time_attack()
        .by(OTHER)
        .lasting(minutes(60))
        .started()
        .await;
    let attack = app.failed().await;
    let to = State::Completed;
    let refused = refusal(app.corrected(ADMIN, running.id, to, "why").await);
    assert_eq!(refused, UserError::StillRunning);
    let refused = refusal(app.corrected(ADMIN, attack.id, State::Failed, "why").await);
    assert_eq!(
        refused,
        UserError::SameVerdict {
            verdict: Verdict::Failed
        }
    );
    let refused = refusal(app.corrected(ADMIN, AttackId(7), to, "why").await);
    assert_eq!(refused, UserError::UnknownAttack);
    for (reason, length) in [(" \n ".to_owned(), 0), ("가".repeat(201), 201)] {
        let refused = refusal(app.corrected(ADMIN, attack.id, to, &reason).await);
        assert_eq!(refused, UserError::ReasonLength { length, most: 200 });
    }
    // From another server, the id of this one's means nothing.
    let elsewhere = Actor {
        guild: GuildId(5),
        ..app.actor(ADMIN)
    };
    let refused = correction::correct(app.app(), elsewhere, attack.id, to, "why").await;
    assert_eq!(refusal(refused), UserError::UnknownAttack);
    app.settle().await;
    assert_eq!(app.posts().len(), 1, "the card alone");
    assert_eq!(
        correction::about(app.app(), GUILD, MEMBER, WHOLE)
            .await
            .unwrap(),
        []
    );
    assert_eq!(app.state(running.id).await, State::Running);
    app.complete(&running).await.unwrap();
    app.settle().await;
}

#[tokio::test]
async fn a_corrected_verdict_is_final_for_its_member() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(30)).started().await;
    app.complete(&attack).await.unwrap();
    app.corrected(ADMIN, attack.id, State::Failed, "the proof was another's")
        .await
        .unwrap();
    // The deadline is still ahead, and the click was in time.
    let again = refusal(app.complete(&attack).await);
    assert!(matches!(again, UserError::TooLate { .. }), "{again:?}");
    assert_eq!(app.state(attack.id).await, State::Failed);
    app.clock.advance_ms(minutes(30));
    app.settle().await;
    assert_eq!(app.posts().len(), 2, "{:#?}", app.posts());
}

#[tokio::test]
async fn two_admins_at_once_leave_a_chain_without_a_gap() {
    let app = TestApp::start().await;
    let attack = app.failed().await;
    let tries = (0..12).map(|number| {
        let to = State::ENDED[number % 3];
        app.corrected(
            UserId(700 + i64::try_from(number).unwrap()),
            attack.id,
            to,
            "why",
        )
    });
    let outcomes = futures_util::future::join_all(tries).await;
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    for refused in outcomes.into_iter().filter(Result::is_err) {
        assert!(matches!(refusal(refused), UserError::SameVerdict { .. }));
    }
    app.settle().await;
    let chain = correction::about(app.app(), GUILD, MEMBER, WHOLE)
        .await
        .unwrap();
    assert_eq!(chain.len(), done);
    // Each begins where another ended: as transitions they lead from the first verdict to the last.
    let mut balance = std::collections::HashMap::from([("failed", 1)]);
    *balance
        .entry(app.state(attack.id).await.as_str())
        .or_insert(0) -= 1;
    for one in &chain {
        assert_ne!(one.from, one.to);
        *balance.entry(one.from.as_str()).or_insert(0) -= 1;
        *balance.entry(one.to.as_str()).or_insert(0) += 1;
    }
    assert!(balance.values().all(|left| *left == 0), "{chain:#?}");
    let ids: HashSet<_> = chain.iter().map(|one| one.id).collect();
    assert_eq!(ids.len(), done);
}

#[tokio::test]
async fn who_asks_to_be_forgotten_is() {
    let app = TestApp::start().await;
    app.tells_admins().await;
    let own = app.failed().await;
    let others = app
        .time_attack()
        .by(OTHER)
        .lasting(minutes(5))
        .started()
        .await;
    app.clock.advance_ms(minutes(5));
    app.settle().await;
    app.corrected(OTHER, own.id, State::Completed, "one")
        .await
        .unwrap();
    app.corrected(MEMBER, others.id, State::Completed, "two")
        .await
        .unwrap();
    app.settle().await;
    let about = correction::about(app.app(), GUILD, MEMBER, WHOLE)
        .await
        .unwrap();
    assert_eq!(about.len(), 2, "about theirs, and by them");
    let elsewhere = correction::about(app.app(), GuildId(5), MEMBER, WHOLE)
        .await
        .unwrap();
    assert_eq!(elsewhere, []);
    let deleted = app
        .inside(async move |app| privacy::delete(&app, GUILD, MEMBER).await)
        .await;
    deleted.unwrap();
    assert_eq!(
        app.mentions_of(&MEMBER.to_string()).await,
        Vec::<String>::new()
    );
    let left = correction::about(app.app(), GUILD, OTHER, WHOLE)
        .await
        .unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].attack, left[0].by), (others.id, None));
}

#[tokio::test]
async fn its_member_is_told_by_direct_message_and_what_was_told_before_is_edited() {
    let app = TestApp::start().await;
    app.tells_admins().await;
    app.decides(MEMBER, allow()).await;
    let attack = app.failed().await;
    let ran_out = |app: &TestApp| {
        let texts = app.texts(MEMBER).into_iter();
        texts.filter(|text| text.contains("Time ran out")).count()
    };
    assert_eq!(ran_out(&app), 1, "{:?}", app.texts(MEMBER));
    let corrected = app.corrected(ADMIN, attack.id, State::Completed, "proof by mail");
    corrected.await.unwrap();
    app.settle().await;
    assert_eq!(ran_out(&app), 0, "{:?}", app.texts(MEMBER));
    let texts = app.texts(MEMBER);
    let with = |part: &str| texts.iter().filter(|text| text.contains(part)).count();
    assert_eq!(with("was corrected to completed"), 1, "{texts:?}");
    assert_eq!(with("proof by mail"), 1, "{texts:?}");
    // Once more, and the news say so again.
    let corrected = app.corrected(ADMIN, attack.id, State::Failed, "a mistake");
    corrected.await.unwrap();
    app.settle().await;
    let texts = app.texts(MEMBER);
    let with = |part: &str| texts.iter().filter(|text| text.contains(part)).count();
    assert_eq!(with("was corrected to failed"), 1, "{texts:?}");
    assert_eq!(with("a mistake"), 1, "{texts:?}");
}

#[tokio::test]
async fn who_allows_no_direct_message_gets_none_of_a_correction() {
    let app = TestApp::start().await;
    let attack = app.failed().await;
    let corrected = app.corrected(ADMIN, attack.id, State::Completed, "proof");
    corrected.await.unwrap();
    app.settle().await;
    assert!(app.texts(MEMBER).is_empty(), "{:?}", app.texts(MEMBER));
}

/// What was told of a verdict before the finish was handled that had been clicked in time.
#[tokio::test]
async fn a_failure_that_was_told_by_direct_message_is_told_otherwise_once_it_is_none() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    let attack = app.failed().await;
    let clicked_ms = attack.deadline_ms - 1;
    app.complete_clicked_at(&attack, clicked_ms).await.unwrap();
    app.settle().await;
    let texts = app.texts(MEMBER);
    let with = |part: &str| texts.iter().filter(|text| text.contains(part)).count();
    assert_eq!(with("Time ran out"), 0, "{texts:?}");
    assert_eq!(with("counts as completed after all"), 1, "{texts:?}");
    assert_eq!(with("You kept your word"), 1, "{texts:?}");
}
