//! What members allow, what is recorded of it, and what the law wants them told.

use sqlx::Row as _;
use timeattack::consent::{self, Scope, Source, Wish};
use timeattack::ids::UserId;

use crate::direct::{allow, decider};
use crate::support::{GUILD, MEMBER, NOW_MS, OTHER, TestApp, WHOLE, hours, minutes};

const DAY_MS: i64 = 86_400_000;

impl TestApp {
    /// What somebody was told about their own decisions.
    fn notices(&self, user: UserId) -> Vec<String> {
        let direct = self.messenger.direct(user).into_iter();
        let texts = direct.map(|message| message.content);
        texts.filter(|text| text.contains("📄")).collect()
    }

    /// Looks after the notices, as the program does once an hour.
    async fn look_after_notices(&self) {
        self.inside(async |app| consent::notices::look(&app).await)
            .await
            .unwrap();
        self.settle().await;
    }

    /// How the notices stand: kind, state, and whether they were alarmed about.
    async fn notice_states(&self) -> Vec<(String, String, bool)> {
        let mut conn = self.app().db.read().await.unwrap();
        let sql = "SELECT kind, state, alarmed_ms FROM consent_notices ORDER BY id";
        let rows = sqlx::query(sql).fetch_all(&mut *conn).await.unwrap();
        let state = |row: &sqlx::any::AnyRow| {
            let alarmed: Option<i64> = row.get(2);
            (row.get(0), row.get(1), alarmed.is_some())
        };
        rows.iter().map(state).collect()
    }
}

fn state(kind: &str, state: &str) -> (String, String, bool) {
    (kind.into(), state.into(), false)
}

#[tokio::test]
async fn every_decision_is_recorded_with_its_words_and_never_changed() {
    let app = TestApp::start().await;
    let all = Wish::Allow {
        night: Some(true),
        ads: Some(true),
    };
    app.decides(MEMBER, all).await;
    app.advance(minutes(1)).await;
    app.decides(MEMBER, allow()).await;
    app.decides(MEMBER, Wish::Stop).await;
    let records = app
        .inside(async |app| consent::records(&app, GUILD, MEMBER, WHOLE).await)
        .await
        .unwrap();
    let records: Vec<_> = records.into_iter().map(|(_, one)| one).collect();
    let facts: Vec<(Scope, bool)> = records.iter().map(|one| (one.scope, one.granted)).collect();
    let (yes, no) = (true, false);
    let expected = [
        (Scope::Notice, yes),
        (Scope::Ads, yes),
        (Scope::Night, yes),
        (Scope::Notice, no),
        (Scope::Ads, no),
        (Scope::Night, no),
    ];
    assert_eq!(facts, expected, "what changes nothing is no decision");
    assert_eq!(records[0].decided_ms, NOW_MS);
    assert_eq!(records[3].decided_ms, NOW_MS + minutes(1));
    assert_eq!(records[1].source, "command");
    assert_eq!(records[1].wording, "Advertising by direct message");
}

#[tokio::test]
async fn the_result_of_a_decision_is_told_at_the_next_permitted_time() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    let told = app.notices(MEMBER);
    assert_eq!(told.len(), 1);
    for part in ["Study", "2026-11-21", "✅ Get DMs from this server"] {
        assert!(told[0].contains(part), "{part}: {told:?}");
    }
    app.until(NOW_MS + hours(8)).await;
    app.decides(MEMBER, Wish::Stop).await;
    assert_eq!(app.notices(MEMBER).len(), 1, "not at night");
    app.until(NOW_MS + hours(18)).await;
    let told = app.notices(MEMBER);
    assert_eq!(told.len(), 2, "although nothing is allowed any more");
    assert!(told[1].contains("🚫 Get DMs from this server"), "{told:?}");
    app.look_after_notices().await;
    let said = state("result", "said");
    assert_eq!(
        app.notice_states().await,
        [said.clone(), state("renewal", "void"), said]
    );
}

#[tokio::test]
async fn who_declines_the_offer_is_not_written_to_about_it() {
    let app = TestApp::start().await;
    let offer = decider(MEMBER, Source::Offer);
    let asked = offer.clone();
    let is_first = async |offer| {
        app.inside(async move |app| consent::may_offer(&app, offer).await)
            .await
            .unwrap()
    };
    assert!(is_first(asked.clone()).await);
    assert!(!is_first(asked).await, "asked once, ever");
    app.inside(async move |app| consent::decide(&app, offer, Wish::Stop).await)
        .await
        .unwrap();
    app.settle().await;
    assert!(app.messenger.direct(MEMBER).is_empty());
    let records = app
        .inside(async |app| consent::records(&app, GUILD, MEMBER, WHOLE).await)
        .await
        .unwrap();
    let records: Vec<_> = records.into_iter().map(|(_, one)| one).collect();
    assert_eq!(records.len(), 1);
    assert!(!records[0].granted);
    assert_eq!(app.notice_states().await, [state("result", "said")]);
}

#[tokio::test]
async fn a_consent_is_asked_about_again_before_two_years_are_over_and_every_two_years() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.decides(OTHER, allow()).await;
    app.clock.advance_ms(366 * DAY_MS);
    app.decides(OTHER, Wish::Stop).await;
    app.clock.advance_ms(331 * DAY_MS);
    app.look_after_notices().await;
    let said = app.notices(OTHER).len();
    assert_eq!(app.notices(MEMBER).len(), 1, "33 days before");
    app.clock.advance_ms(6 * DAY_MS);
    app.look_after_notices().await;
    let told = app.notices(MEMBER);
    assert_eq!(told.len(), 2);
    assert!(
        told[1].contains("You allowed this on 2026-11-21"),
        "{told:?}"
    );
    let message = app.messenger.direct(MEMBER).pop().unwrap();
    assert_eq!(message.buttons.len(), 2, "to keep it, and to stop");
    assert_eq!(app.notices(OTHER).len(), said, "withdrawn meanwhile");
    app.clock.advance_ms(700 * DAY_MS);
    app.look_after_notices().await;
    assert_eq!(app.notices(MEMBER).len(), 2);
    app.clock.advance_ms(31 * DAY_MS);
    app.look_after_notices().await;
    assert_eq!(app.notices(MEMBER).len(), 3);
}

#[tokio::test]
async fn a_later_decision_about_something_else_puts_no_renewal_off() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.clock.advance_ms(600 * DAY_MS);
    let night = Wish::Allow {
        night: Some(true),
        ads: None,
    };
    app.decides(MEMBER, night).await;
    app.clock.advance_ms(105 * DAY_MS);
    app.look_after_notices().await;
    let told = app.notices(MEMBER).pop().unwrap();
    assert!(told.contains("You allowed this on 2026-11-21"), "{told}");
    assert!(!told.contains("At night"), "that one is younger: {told}");
}

#[tokio::test]
async fn a_renewal_that_waits_for_the_morning_goes_with_the_consent() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    // 705 days on, in the night.
    app.clock.advance_ms(705 * DAY_MS + hours(10));
    app.look_after_notices().await;
    let count = app.notices(MEMBER).len();
    app.decides(MEMBER, Wish::Stop).await;
    app.clock.advance_ms(hours(12));
    app.settle().await;
    let told = app.notices(MEMBER);
    assert_eq!(told.len(), count + 1, "{told:?}");
    assert!(told[count].contains("🚫"), "the stop alone");
}

#[tokio::test]
async fn a_consent_that_is_kept_begins_its_two_years_anew() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.clock.advance_ms(705 * DAY_MS);
    app.look_after_notices().await;
    app.decides(MEMBER, Wish::Keep).await;
    let count = app.notices(MEMBER).len();
    app.clock.advance_ms(690 * DAY_MS);
    app.look_after_notices().await;
    assert_eq!(app.notices(MEMBER).len(), count);
    app.clock.advance_ms(20 * DAY_MS);
    app.look_after_notices().await;
    assert_eq!(app.notices(MEMBER).len(), count + 1);
}

#[tokio::test]
async fn a_notice_that_cannot_be_delivered_in_time_is_alarmed_about_once() {
    let app = TestApp::start().await;
    app.messenger.close_dms(MEMBER, true);
    app.decides(MEMBER, allow()).await;
    app.clock.advance_ms(13 * DAY_MS);
    app.look_after_notices().await;
    let is_alarmed = async || app.notice_states().await[0].2;
    assert!(!is_alarmed().await);
    app.clock.advance_ms(2 * DAY_MS);
    app.look_after_notices().await;
    assert!(is_alarmed().await);
    let app = app.restarted_after(DAY_MS).await;
    app.look_after_notices().await;
    assert_eq!(
        app.notice_states().await[0].1,
        "enqueued",
        "still to be told"
    );
}

#[tokio::test]
async fn admins_see_numbers_only() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.decides(OTHER, allow()).await;
    app.decides(OTHER, Wish::Stop).await;
    let counts = app
        .inside(async |app| consent::counts(&app, GUILD).await)
        .await
        .unwrap();
    assert_eq!(
        (counts.notice, counts.ads, counts.night, counts.refused),
        (1, 0, 0, 1)
    );
}
