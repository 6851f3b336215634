//! Announcements: who gets them, once, and how they are stopped.

use std::collections::HashSet;

use timeattack::announce::{self, Announcement, Audience, Draft, Kind, Role};
use timeattack::consent::Wish;
use timeattack::error::{Error, UserError};
use timeattack::ids::{GuildId, RoleId, UserId};
use timeattack::messenger::memory::{Fault, Gate};

use crate::direct::{allow, members_allow};
use crate::support::{
    GUILD, MEMBER, NOW_MS, OTHER, TestApp, WHOLE, execute, hours, minutes, seconds,
};

const ADMIN: UserId = UserId(9);

fn draft(kind: Kind, body: &str) -> Draft {
    Draft {
        guild: GUILD,
        guild_name: "Study".into(),
        author: ADMIN,
        kind,
        body: body.into(),
        role: None,
    }
}

impl TestApp {
    async fn drafted(&self, draft: Draft) -> (Announcement, Audience) {
        self.inside(async move |app| announce::draft(&app, draft).await)
            .await
            .unwrap()
    }

    async fn announced(&self, draft: Draft) -> Announcement {
        let (announcement, _) = self.drafted(draft).await;
        let id = announcement.id;
        self.inside(async move |app| announce::send(&app, GUILD, id).await)
            .await
            .unwrap();
        self.settle().await;
        announcement
    }
}

fn with_ads() -> Wish {
    Wish::Allow {
        night: None,
        ads: Some(true),
    }
}

#[tokio::test]
async fn it_goes_to_those_who_allowed_it_and_to_nobody_else() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.decides(OTHER, with_ads()).await;
    app.decides(UserId(3), allow()).await;
    app.decides(UserId(3), Wish::Stop).await;
    app.announced(draft(Kind::Notice, "We meet at six.")).await;
    app.announced(draft(Kind::Ad, "Half the price!")).await;
    let texts = app.texts(MEMBER);
    assert_eq!(texts, ["📣 **Study**\nWe meet at six."]);
    let texts = app.texts(OTHER);
    assert_eq!(texts.len(), 2);
    assert!(texts[1].starts_with("(광고) **Study**\nHalf the price!"));
    assert!(app.texts(UserId(3)).is_empty());
}

#[tokio::test]
async fn an_admin_is_told_beforehand_who_gets_it_when() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.decides(OTHER, with_ads()).await;
    app.decides(UserId(3), allow()).await;
    app.decides(UserId(3), Wish::Stop).await;
    let night = Wish::Allow {
        night: Some(true),
        ads: Some(true),
    };
    app.decides(UserId(4), night).await;
    app.messenger.close_dms(UserId(5), true);
    app.decides(UserId(5), with_ads()).await;
    app.until(NOW_MS + hours(8)).await;
    let (_, audience) = app.drafted(draft(Kind::Ad, "x")).await;
    let expected = Audience {
        now: 1,
        morning: 1,
        morning_ms: Some(NOW_MS + hours(18)),
        no_ads: 1,
        closed: 1,
        without_role: 0,
        left: 0,
        refused: 1,
    };
    assert_eq!(audience, expected);
    assert!(app.texts(OTHER).is_empty(), "nothing is sent yet");
}

/// Somebody allows direct messages and leaves the server.
#[tokio::test]
async fn who_left_is_neither_counted_nor_written_to() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.decides(OTHER, allow()).await;
    app.messenger.leave(GUILD, MEMBER, true);
    let (announcement, audience) = app.drafted(draft(Kind::Notice, "x")).await;
    assert_eq!((audience.now, audience.left), (1, 1), "{audience:?}");
    let id = announcement.id;
    app.inside(async move |app| announce::send(&app, GUILD, id).await)
        .await
        .unwrap();
    app.settle().await;
    assert_eq!(app.texts(OTHER).len(), 1);
    assert!(app.texts(MEMBER).is_empty(), "{:?}", app.texts(MEMBER));
    // They come back, and are asked about again.
    app.messenger.leave(GUILD, MEMBER, false);
    app.advance(minutes(2)).await;
    let (_, audience) = app.drafted(draft(Kind::Notice, "x")).await;
    assert_eq!((audience.now, audience.left), (2, 0), "{audience:?}");
}

#[tokio::test]
async fn a_role_narrows_it_down() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.decides(OTHER, allow()).await;
    let role = Role {
        id: RoleId(1),
        holders: HashSet::from([MEMBER]),
    };
    let draft = Draft {
        role: Some(role),
        ..draft(Kind::Notice, "For you")
    };
    app.announced(draft).await;
    assert_eq!((app.texts(MEMBER).len(), app.texts(OTHER).len()), (1, 0));
}

#[tokio::test]
async fn it_is_sent_once_however_often_it_is_confirmed_and_by_its_own_guild() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    let (announcement, _) = app.drafted(draft(Kind::Notice, "Once")).await;
    let id = announcement.id;
    let send = async |guild| {
        app.inside(async move |app| announce::send(&app, guild, id).await)
            .await
    };
    let outdated = |sent| matches!(sent, Err(Error::User(UserError::Outdated)));
    assert!(outdated(send(GuildId(5)).await));
    send(GUILD).await.unwrap();
    assert!(outdated(send(GUILD).await));
    app.settle().await;
    assert_eq!(app.texts(MEMBER).len(), 1);
    let elsewhere = app.inside(async move |app| announce::cancel(&app, GuildId(5), id).await);
    assert!(outdated(elsewhere.await));
}

#[tokio::test]
async fn what_is_cancelled_stops_and_is_counted() {
    let app = TestApp::with_dm_rate(10.0).await;
    let users: Vec<UserId> = (1..=100).map(UserId).collect();
    members_allow(&app, &users, 0).await;
    let announcement = app.announced(draft(Kind::Notice, "Soon over")).await;
    app.advance(seconds(2)).await;
    let id = announcement.id;
    app.inside(async move |app| announce::cancel(&app, GUILD, id).await)
        .await
        .unwrap();
    app.settle().await;
    let sent = app.messenger.posts().len();
    assert!((1..50).contains(&sent), "{sent}");
    app.advance(seconds(20)).await;
    assert_eq!(app.messenger.posts().len(), sent);
    let progress = app
        .inside(async move |app| announce::progress(&app, GUILD, id).await)
        .await
        .unwrap();
    assert!(progress.is_over() && progress.is_cancelled);
    let sent = i64::try_from(sent).unwrap();
    assert_eq!((progress.sent, progress.cancelled), (sent, 100 - sent));
}

#[tokio::test]
async fn an_announcement_goes_on_where_a_killed_process_left_it() {
    let app = TestApp::start().await;
    let users: Vec<UserId> = (1..=1_200).map(UserId).collect();
    members_allow(&app, &users, 0).await;
    // It dies with one on its way (more are not while posts may come), and when not all were in the outbox yet.
    app.messenger
        .fail_next(std::iter::repeat_n(Fault::Held(Gate::closed(), None), 1));
    let (announcement, _) = app.drafted(draft(Kind::Notice, "To all")).await;
    let id = announcement.id;
    app.inside(async move |app| announce::send(&app, GUILD, id).await)
        .await
        .unwrap();
    app.messenger.attempted(1).await;
    let lost = format!("DELETE FROM outbox WHERE batch_id = {id} AND user_id > 700");
    execute(&app.app().db, lost).await.unwrap();
    let half =
        format!("UPDATE announcements SET state = 'sending', cursor_user_id = 500 WHERE id = {id}");
    execute(&app.app().db, half).await.unwrap();
    let app = app.killed_for(seconds(20)).await;
    app.advance(seconds(30)).await;
    let mut channels: Vec<i64> = app
        .messenger
        .posts()
        .iter()
        .map(|post| post.channel.0)
        .collect();
    channels.sort_unstable();
    channels.dedup();
    assert_eq!(channels.len(), users.len());
    assert_eq!(app.messenger.posts().len(), users.len());
}

#[tokio::test]
async fn drafts_are_forgotten_after_a_day_and_the_others_after_three_months() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.drafted(draft(Kind::Notice, "Never sent")).await;
    app.announced(draft(Kind::Notice, "Sent")).await;
    let kept = async || {
        let said = app.inside(async |app| announce::by(&app, GUILD, ADMIN, WHOLE).await);
        let said = said.await.unwrap().into_iter();
        said.map(|(_, one)| one.body).collect::<Vec<_>>()
    };
    assert_eq!(kept().await, ["Never sent", "Sent"]);
    for (days, expected) in [(2, &["Sent"][..]), (100, &[])] {
        app.clock.advance_ms(days * 24 * hours(1));
        while kept().await != expected {
            // It looks once a minute.
            app.clock.advance_ms(seconds(60));
            app.settle().await;
        }
    }
}

#[tokio::test]
async fn withdrawn_consent_counts_until_the_last_moment() {
    let app = TestApp::start().await;
    app.decides(MEMBER, with_ads()).await;
    app.until(NOW_MS + hours(8)).await;
    let announcement = app.announced(draft(Kind::Ad, "Tomorrow")).await;
    let no_ads = Wish::Allow {
        night: None,
        ads: Some(false),
    };
    app.decides(MEMBER, no_ads).await;
    app.until(NOW_MS + hours(18)).await;
    assert!(app.texts(MEMBER).is_empty());
    let id = announcement.id;
    let progress = app
        .inside(async move |app| announce::progress(&app, GUILD, id).await)
        .await
        .unwrap();
    assert_eq!((progress.sent, progress.withdrawn), (0, 1));
}
