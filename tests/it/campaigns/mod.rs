//! Campaigns: who gets them, once, and what stops them before anybody does.

mod buttons;
mod commands;
mod law;
mod one_mail;
pub mod support;

use timeattack::campaign::{self, Audience, Failed, Kind, LeftOut, State as Place, Warning};
use timeattack::error::{CampaignError, MailFault, SegmentFault, UserError};
use timeattack::ids::GuildId;
use timeattack::mailer::{EmailAddress, Scope};
use timeattack::outbox::mail::{Phase, State};
use timeattack::subscriber::{self, Reason};

use crate::support::{GUILD, all, days, hours, minutes, refusal, seconds};
use support::{Post, template};

#[tokio::test]
async fn it_goes_once_to_everybody_whom_the_segment_means() {
    let post = Post::start().await;
    post.template("news", template("Hi {{ name }}", "<p>{{ city }}</p>"))
        .await;
    post.subscriber("mina@example.org", "Mina", "city=Seoul")
        .await;
    post.subscriber("jamong@example.org", "자몽", "city=Busan")
        .await;
    post.subscriber("zoe@example.org", "Zoe", "city=Seoul")
        .await;
    let (_, audience) = post.notice("November", "city = \"seoul\"").await.unwrap();
    let left_out = LeftOut {
        segment: 1,
        ..LeftOut::default()
    };
    assert_eq!(audience, Audience { total: 2, left_out });
    let proven = post.proves("november").await.unwrap();
    assert_eq!(proven.audience, audience);
    assert_eq!(proven.samples[0].subject, "Hi Mina");
    assert!(
        proven.warnings.contains(&Warning::Unsigned),
        "{:?}",
        proven.warnings
    );
    assert!(proven.warnings.contains(&Warning::NoWayOut));
    assert!(
        post.to().is_empty(),
        "nothing is sent before it is confirmed"
    );
    post.sends(proven.occurrence).await.unwrap();
    assert_eq!(post.to(), ["mina@example.org", "zoe@example.org"]);
    let status = post.status("November").await;
    assert_eq!(status.count(&[State::Completed]), 2);
    assert_eq!(status.progress.as_ref().unwrap().phase, Phase::Ended);
    assert!(status.is_over());
    // Pressed again, or asked for again: it is sent once.
    let again = refusal(post.sends(proven.occurrence).await);
    assert_eq!(again, UserError::Campaign(CampaignError::Begun));
    let again = refusal(post.proves("November").await);
    assert_eq!(again, UserError::Campaign(CampaignError::Begun));
    let taken = refusal(post.notice("NOVEMBER", "").await);
    assert_eq!(taken, UserError::Campaign(CampaignError::NameTaken));
    assert_eq!(post.to().len(), 2);
}

#[tokio::test]
async fn one_mail_that_cannot_be_made_stops_it_and_is_named() {
    let post = Post::start().await;
    post.template("news", template("News", "<p>{{ city }}</p>"))
        .await;
    post.subscriber("mina@example.org", "Mina", "city=Seoul")
        .await;
    post.subscriber("jamong@example.org", "자몽", "").await;
    post.notice("November", "").await.unwrap();
    let stopped = refusal(post.proves("November").await);
    let fault = MailFault::Field("city".into());
    let address = "jamong@example.org".into();
    assert_eq!(
        stopped,
        UserError::Campaign(CampaignError::Recipient { address, fault })
    );
    // What was in order when it was shown can be so no more when it begins.
    post.subscriber("jamong@example.org", "자몽", "city=Busan")
        .await;
    let proven = post.proves("November").await.unwrap();
    post.leaves("jamong@example.org").await;
    post.subscriber("jamong@example.org", "자몽", "").await;
    post.sends(proven.occurrence).await.unwrap();
    assert!(post.to().is_empty());
    let status = post.status("November").await;
    let occurrence = status.occurrence.unwrap();
    assert_eq!(occurrence.state, Place::Failed);
    assert!(matches!(
        occurrence.fault,
        Some(CampaignError::Recipient { .. })
    ));
    assert_eq!(status.progress, None, "nothing of it stays in the ledger");
    // It never began, so it can be sent once that is put right.
    post.subscriber("jamong@example.org", "자몽", "city=Busan")
        .await;
    let proven = post.proves("November").await.unwrap();
    post.sends(proven.occurrence).await.unwrap();
    assert_eq!(post.to().len(), 2);
}

#[tokio::test]
async fn what_was_shown_goes_out_whatever_becomes_of_the_template() {
    let post = Post::start().await;
    post.template("news", template("As shown", "<p>x</p>"))
        .await;
    post.subscriber("mina@example.org", "Mina", "").await;
    post.notice("November", "").await.unwrap();
    let proven = post.proves("November").await.unwrap();
    post.template("news", template("Changed", "<p>y</p>")).await;
    post.sends(proven.occurrence).await.unwrap();
    assert!(
        post.mail(0).contains("Subject: As shown\r\n"),
        "{}",
        post.mail(0)
    );
}

#[tokio::test]
async fn a_process_that_is_killed_while_it_freezes_loses_nobody_and_adds_nobody_twice() {
    let post = Post::start().await;
    post.template("news", template("News", "<p>x</p>")).await;
    post.subscribers(1_300).await;
    post.notice("November", "").await.unwrap();
    let id = post.proves("November").await.unwrap().occurrence;
    post.inside(async move |app| campaign::confirm(&app, GUILD, id).await)
        .await
        .unwrap();
    // Its keeper may be at it already, and this is another one; both at once are one.
    post.inside(async move |app| campaign::freeze_beside(&app, id))
        .await;
    while post.frozen(id).await < 500 {
        tokio::task::yield_now().await;
    }
    let post = post.killed_for(seconds(20)).await;
    post.until_over("November").await;
    let mut to = post.to();
    assert_eq!(to.len(), 1_300);
    to.dedup();
    let status = post.status("November").await;
    let unknown = status.count(&[State::Unknown]);
    assert_eq!(status.total(), 1_300);
    assert_eq!(status.count(&[State::Completed]) + unknown, 1_300);
    assert_eq!(to.len(), 1_300, "nobody got it twice");
}

#[tokio::test]
async fn it_begins_at_its_time_and_at_once_after_downtime() {
    let post = Post::start().await;
    post.template("news", template("News", "<p>x</p>")).await;
    post.subscriber("mina@example.org", "Mina", "").await;
    for name in ["On time", "Late"] {
        post.notice(name, "").await.unwrap();
    }
    let at_ms = post.app.now_ms() + hours(1);
    let proven = post.proves_for("On time", at_ms).await.unwrap();
    post.sends(proven.occurrence).await.unwrap();
    let status = post.status("On time").await;
    assert_eq!(status.occurrence.unwrap().state, Place::Scheduled);
    post.app.leap(minutes(59)).await;
    assert!(post.to().is_empty());
    // Whoever subscribes before it begins gets it.
    post.subscriber("zoe@example.org", "Zoe", "").await;
    post.app.advance(minutes(1)).await;
    post.until_over("On time").await;
    assert_eq!(post.to(), ["mina@example.org", "zoe@example.org"]);
    let at_ms = post.app.now_ms() + hours(1);
    let proven = post.proves_for("Late", at_ms).await.unwrap();
    post.sends(proven.occurrence).await.unwrap();
    let post = post.killed_for(hours(3)).await;
    post.until_over("Late").await;
    assert_eq!(post.to().len(), 4);
}

#[tokio::test]
async fn what_is_scheduled_or_only_shown_can_be_cancelled() {
    let post = Post::start().await;
    post.template("news", template("News", "<p>x</p>")).await;
    post.subscriber("mina@example.org", "Mina", "").await;
    post.notice("November", "").await.unwrap();
    let cancel = async || {
        post.inside(async |app| campaign::cancel(&app, GUILD, "November").await)
            .await
    };
    // One that was only made is given up by it, once.
    assert_eq!(cancel().await.unwrap().1, Place::Draft);
    let retried = post.inside(async |app| campaign::failed(&app, GUILD, "November").await);
    let not_begun = UserError::Campaign(CampaignError::NotBegun);
    assert_eq!(refusal(retried.await), not_begun);
    let nothing = refusal(cancel().await);
    assert_eq!(nothing, UserError::Campaign(CampaignError::NothingToCancel));
    let at_ms = post.app.now_ms() + hours(1);
    let proven = post.proves_for("November", at_ms).await.unwrap();
    post.sends(proven.occurrence).await.unwrap();
    assert_eq!(cancel().await.unwrap().1, Place::Scheduled);
    post.app.leap(hours(2)).await;
    assert!(post.to().is_empty());
    // A draft that another preflight has replaced is one no more.
    let first = post.proves("November").await.unwrap().occurrence;
    let second = post.proves("November").await.unwrap().occurrence;
    assert_eq!(refusal(post.sends(first).await), UserError::Outdated);
    let elsewhere = post
        .inside(async move |app| campaign::confirm(&app, GuildId(5), second).await)
        .await;
    assert_eq!(refusal(elsewhere), UserError::Outdated);
    post.sends(second).await.unwrap();
    assert_eq!(post.to().len(), 1);
}

#[tokio::test]
async fn it_is_paused_resumed_and_cancelled_and_the_states_sum_to_the_audience() {
    let post = Post::at_a_rate(10.0).await;
    post.template("news", template("News", "<p>x</p>")).await;
    post.subscribers(100).await;
    post.notice("November", "").await.unwrap();
    let id = post.proves("November").await.unwrap().occurrence;
    post.sends(id).await.unwrap();
    post.app.advance(seconds(2)).await;
    post.inside(async |app| campaign::pause(&app, GUILD, "November").await)
        .await
        .unwrap();
    let sent = post.to().len();
    assert!((1..60).contains(&sent), "{sent}");
    post.app.advance(seconds(30)).await;
    assert_eq!(post.to().len(), sent);
    let status = post.status("November").await;
    assert_eq!(
        (status.total(), status.progress.unwrap().phase),
        (100, Phase::Paused)
    );
    post.inside(async |app| campaign::resume(&app, GUILD, "November").await)
        .await
        .unwrap();
    let running = refusal(
        post.inside(async |app| campaign::resume(&app, GUILD, "November").await)
            .await,
    );
    assert_eq!(running, UserError::Campaign(CampaignError::NotPaused));
    post.app.advance(seconds(2)).await;
    post.inside(async |app| campaign::cancel(&app, GUILD, "November").await)
        .await
        .unwrap();
    let sent = post.to().len();
    post.app.advance(seconds(60)).await;
    assert_eq!(post.to().len(), sent);
    let status = post.status("November").await;
    assert_eq!(status.total(), 100);
    let withheld = status.count(&[State::Cancelled]);
    assert_eq!(withheld + status.count(&[State::Completed]), 100);
    assert_eq!(status.occurrence.unwrap().state, Place::Cancelled);
}

#[tokio::test]
async fn what_failed_is_sent_again_and_what_may_have_arrived_only_if_asked_for() {
    let post = Post::start().await;
    post.template("news", template("News", "<p>x</p>")).await;
    post.subscribers(5).await;
    post.notice("November", "").await.unwrap();
    post.mails.fail_next([Scope::MailboxSoft, Scope::Ambiguous]);
    let id = post.proves("November").await.unwrap().occurrence;
    post.sends(id).await.unwrap();
    post.until_over("November").await;
    let status = post.status("November").await;
    assert_eq!(status.count(&[State::Discarded]), 1);
    assert_eq!(status.count(&[State::Unknown]), 1);
    let retry = async |unknown| {
        let again = post.inside(async move |app| campaign::retry(&app, GUILD, id, unknown).await);
        let again = again.await;
        post.until_over("November").await;
        again
    };
    assert_eq!(retry(false).await.unwrap(), 1);
    assert_eq!(post.status("November").await.count(&[State::Completed]), 4);
    let nothing = refusal(retry(false).await);
    assert_eq!(nothing, UserError::Campaign(CampaignError::NothingFailed));
    assert_eq!(retry(true).await.unwrap(), 1);
    let status = post.status("November").await;
    assert_eq!(status.count(&[State::Completed]), 5);
    // The one that had arrived all the same came twice, as the admin chose.
    assert_eq!(post.mails.letters().len(), 6);
    let files = post
        .inside(async move |app| all(campaign::files(&app, GUILD, id, 1_000_000).await).await)
        .await;
    let file = String::from_utf8(files[0].clone()).unwrap();
    assert_eq!(file.lines().count(), 6, "{file}");
    assert!(file.contains(",sent,"), "{file}");
}

#[tokio::test]
async fn what_failed_long_ago_cannot_be_sent_again_and_an_admin_is_told_why() {
    let post = Post::start().await;
    post.template("news", template("News", "<p>x</p>")).await;
    post.subscribers(2).await;
    post.notice("November", "").await.unwrap();
    post.mails.fail_next([Scope::RecipientPermanent]);
    let id = post.proves("November").await.unwrap().occurrence;
    post.sends(id).await.unwrap();
    let failed = || post.inside(async |app| campaign::failed(&app, GUILD, "November").await);
    let once = Failed {
        id,
        failed: 1,
        unknown: 0,
    };
    assert_eq!(failed().await.unwrap(), once);
    post.app.clock.advance_ms(days(31));
    post.app
        .changes_until(async || post.status("November").await.is_forgotten())
        .await;
    let forgotten = UserError::Campaign(CampaignError::Forgotten { days: 30 });
    assert_eq!(refusal(failed().await), forgotten);
    // By a button that was shown before.
    let retried = post.inside(async move |app| campaign::retry(&app, GUILD, id, true).await);
    assert_eq!(refusal(retried.await), forgotten);
    let status = post.status("November").await;
    assert_eq!(status.occurrence.unwrap().state, Place::Done);
    assert_eq!(post.to().len(), 1);
}

#[tokio::test]
async fn one_that_was_stopped_goes_on_once_the_cause_is_gone() {
    for scope in [Scope::Message, Scope::Sender] {
        let post = Post::start().await;
        post.alerts_channel().await;
        post.template("news", template("News", "<p>x</p>")).await;
        post.subscribers(60).await;
        post.notice("November", "").await.unwrap();
        let resume = async || {
            let resumed = post.inside(async |app| campaign::resume(&app, GUILD, "November").await);
            resumed.await.unwrap();
            post.app.advance(minutes(1)).await;
        };
        let is_stopped = async |times: usize| {
            let status = post.status("November").await;
            let phase = status.progress.as_ref().unwrap().phase;
            assert_eq!((phase, status.total()), (Phase::Stopped, 60));
            assert!(status.is_over(), "nothing of it happens by itself");
            // The keeper of campaigns tells it once it has seen it.
            let stops = || {
                let told = post.app.posts();
                let stops = told.iter().filter(|post| post.contains("stopped because"));
                stops.count()
            };
            post.app.changes_until(async || stops() >= times).await;
            let (stops, told) = (stops(), post.app.posts());
            assert_eq!(stops, times, "{told:?}");
        };
        post.mails.fail_next([scope]);
        let id = post.proves("November").await.unwrap().occurrence;
        post.sends(id).await.unwrap();
        post.app.advance(minutes(1)).await;
        is_stopped(1).await;
        // Resumed while the cause is there, it stops again, and the admins are told again.
        post.mails.fail_next([scope]);
        resume().await;
        is_stopped(2).await;
        resume().await;
        let status = post.status("November").await;
        assert_eq!(status.count(&[State::Completed]), 60);
        assert_eq!(status.progress.unwrap().why, None);
        let mut to = post.to();
        to.dedup();
        assert_eq!(
            (to.len(), post.mails.letters().len()),
            (60, 60),
            "each once"
        );
        post.app
            .changes_until(async || post.app.posts().len() > 2)
            .await;
        let told = post.app.posts();
        assert!(told[2].contains("is done: 60 sent"), "{told:?}");
    }
}

#[tokio::test]
async fn the_admins_are_told_once_a_day_why_it_waits() {
    for (faults, said) in [
        (vec![Scope::DailyQuota], "today's sending limit is used up"),
        (vec![Scope::Connection; 6], "can't be reached"),
    ] {
        let post = Post::start().await;
        post.alerts_channel().await;
        post.template("news", template("News", "<p>x</p>")).await;
        post.subscriber("mina@example.org", "Mina", "").await;
        post.notice("November", "").await.unwrap();
        post.mails.fail_next(faults);
        let id = post.proves("November").await.unwrap().occurrence;
        post.sends(id).await.unwrap();
        post.app.advance(minutes(1)).await;
        post.app.leap(minutes(58)).await;
        post.app.advance(minutes(15)).await;
        let told = post.app.posts();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[0].contains(said) && told[0].contains("**November**"),
            "{told:?}"
        );
        assert!(told[1].contains("is done: 1 sent"), "{told:?}");
    }
}

#[tokio::test]
async fn the_admins_are_told_once_how_it_ended() {
    let post = Post::start().await;
    post.alerts_channel().await;
    post.template("news", template("News", "<p>x</p>")).await;
    post.subscriber("mina@example.org", "Mina", "").await;
    post.notice("November", "").await.unwrap();
    let id = post.proves("November").await.unwrap().occurrence;
    post.sends(id).await.unwrap();
    post.app.advance(minutes(2)).await;
    let told = post.app.posts();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("November") && told[0].contains('1'),
        "{told:?}"
    );
    let post = post.killed_for(seconds(20)).await;
    post.app.advance(minutes(2)).await;
    assert_eq!(post.app.posts().len(), 1);
}

#[tokio::test]
async fn a_segment_is_refused_with_its_place_and_an_unknown_attribute_with_the_nearest() {
    let post = Post::start().await;
    post.template("news", template("News", "<p>x</p>")).await;
    post.subscriber("mina@example.org", "Mina", "gender=Female")
        .await;
    let fault = refusal(post.notice("November", "gendr = \"Female\"").await);
    let unknown = SegmentFault::UnknownField {
        name: "gendr".into(),
        nearest: Some("gender".into()),
    };
    assert_eq!(fault, UserError::Campaign(CampaignError::Segment(unknown)));
    let fault = refusal(post.notice("November", "gender =").await);
    assert!(matches!(
        fault,
        UserError::Campaign(CampaignError::Segment(SegmentFault::Expected { at: 9, .. }))
    ));
    post.notice("November", "gender = \"Male\"").await.unwrap();
    let nobody = refusal(post.proves("November").await);
    let nobody_left = CampaignError::NobodyLeft {
        segment: 1,
        suppressed: 0,
        no_consent: 0,
    };
    assert_eq!(nobody, UserError::Campaign(nobody_left));
    // It never began: it can be made anew.
    let (campaign, audience) = post
        .notice("november", "gender = \"Female\"")
        .await
        .unwrap();
    assert_eq!((campaign.name.as_str(), audience.total), ("november", 1));
    assert_eq!(campaign.kind, Kind::Notice);
}

#[tokio::test]
async fn only_servers_that_the_host_lets_may_send() {
    let post = Post::of_no_guild().await;
    post.template("news", template("News", "<p>x</p>")).await;
    post.subscriber("mina@example.org", "Mina", "").await;
    post.notice("November", "").await.unwrap();
    let refused = refusal(post.proves("November").await);
    assert_eq!(refused, UserError::Campaign(CampaignError::NotAllowed));
    let to = EmailAddress::parse("admin@example.org").unwrap();
    let refused = refusal(post.tests("November", to).await);
    assert_eq!(refused, UserError::Campaign(CampaignError::NotAllowed));
}

#[tokio::test]
async fn an_address_that_a_test_finds_not_to_exist_is_written_to_no_more() {
    let post = Post::start().await;
    post.template("news", template("News", "<p>x</p>")).await;
    post.subscriber("mina@example.org", "Mina", "").await;
    post.subscriber("zoe@example.org", "Zoe", "").await;
    post.notice("November", "").await.unwrap();
    post.mails.fail_next([Scope::RecipientPermanent]);
    let mina = EmailAddress::parse("mina@example.org").unwrap();
    post.tests("November", mina.clone()).await.unwrap();
    post.app.settle().await;
    let known = post.inside(async move |app| subscriber::get(&app, GUILD, &mina).await);
    let (_, suppressions, _) = known.await.unwrap();
    let reasons: Vec<_> = suppressions.iter().map(|one| one.reason).collect();
    assert_eq!(reasons, [Reason::Bounced]);
    let proven = post.proves("November").await.unwrap();
    assert_eq!(
        (proven.audience.total, proven.audience.left_out.suppressed),
        (1, 1)
    );
}

#[tokio::test]
async fn a_test_goes_to_whom_it_is_for_and_not_too_often() {
    let post = Post::start().await;
    post.template("news", template("Hi {{ name }}", "<p>x</p>"))
        .await;
    post.subscriber("mina@example.org", "Mina", "").await;
    post.notice("November", "").await.unwrap();
    let to = EmailAddress::parse("Admin@example.org").unwrap();
    for _ in 0..campaign::TESTS_PER_HOUR {
        post.tests("November", to.clone()).await.unwrap();
    }
    let refused = refusal(post.tests("November", to.clone()).await);
    assert!(matches!(
        refused,
        UserError::Campaign(CampaignError::TooManyTests { .. })
    ));
    post.app.settle().await;
    assert_eq!(post.to().len(), 20);
    assert_eq!(post.mails.letters()[0].to.to_string(), "Admin@example.org");
    assert!(
        post.mail(0).contains("Subject: Hi Mina\r\n"),
        "{}",
        post.mail(0)
    );
    assert_eq!(
        post.status("November").await.occurrence,
        None,
        "a test is no sending of it"
    );
    post.app.clock.advance_ms(hours(1));
    post.app.settle().await;
    post.tests("November", to.clone()).await.unwrap();
    post.app.settle().await;
    // Who wants nothing gets no test either, and whoever tests is told.
    post.inside(async move |app| subscriber::remove(&app, GUILD, &to, true).await)
        .await
        .unwrap();
    let to = EmailAddress::parse("admin@example.org").unwrap();
    let refused = refusal(post.tests("November", to).await);
    assert!(matches!(
        refused,
        UserError::Campaign(CampaignError::TestSuppressed { .. })
    ));
}
