//! Leaving the list.

use reqwest::Method;
use reqwest::multipart::Form;
use timeattack::outbox::Class;
use timeattack::subscriber::{self, Scope};

use super::{Answer, ELSEWHERE, Site};
use crate::support::{GUILD, minutes};

const MINA: &str = "mina@example.org";

fn said(scope: &str, reason: &str) -> (i64, String, String) {
    (GUILD.0, scope.to_owned(), reason.to_owned())
}

impl Site {
    async fn press(&self, link: &str, field: (&str, &str)) -> Answer {
        Answer::read(self.client.post(link).form(&[field])).await
    }
}

#[tokio::test]
async fn the_page_asks_and_only_the_button_acts() {
    let site = Site::start().await;
    let mail = site.mail(GUILD, Class::Ad, false, MINA).await;
    for method in [Method::GET, Method::HEAD] {
        let answer = Answer::read(site.client.request(method, &mail.link)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("set-cookie"), "");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let page = site.get(&mail.link).await;
    for part in [
        "<html lang=\"ko\">",
        "Study Room",
        "m•••@example.org",
        "광고 메일 그만 받기",
        "Advertising only",
        "이 서버의 모든 메일 그만 받기",
        "All email from this server",
    ] {
        assert!(page.says(part), "{part}: {}", page.body);
    }
    assert!(!page.says(MINA) && !page.says("<script") && !page.says("style=\""));
    assert_eq!(site.suppressions(MINA).await, []);

    let done = site.press(&mail.link, ("scope", "ads")).await;
    assert_eq!(done.status, 200);
    // The notice of K7: the sender, the fact, its date and the result.
    for part in [
        "이제 광고 메일을 보내지 않아요",
        "Study News &lt;news@example.org&gt;",
        "2026-11-21 14:00 (Asia/Seoul)",
        "광고성 정보 수신거부를 처리했어요",
    ] {
        assert!(done.says(part), "{part}: {}", done.body);
    }
    assert_eq!(site.suppressions(MINA).await, [said("ads", "unsubscribed")]);
    let words = "광고 메일 그만 받기 / Advertising only".to_owned();
    let record = (0, "unsubscribe link".to_owned(), words);
    assert_eq!(site.consents(MINA).await, std::slice::from_ref(&record));

    // Again, later: nothing new, and the date is that of the decision.
    site.app.clock.advance_ms(minutes(5));
    let again = site.press(&mail.link, ("scope", "ads")).await;
    assert!(again.says("2026-11-21 14:00 (Asia/Seoul)"));
    assert_eq!(site.consents(MINA).await, [record]);

    let all = site.press(&mail.link, ("scope", "all")).await;
    assert!(all.says("You&#39;re unsubscribed") && all.says("2026-11-21 14:05"));
    let both = [said("ads", "unsubscribed"), said("all", "unsubscribed")];
    let mut found = site.suppressions(MINA).await;
    found.sort();
    assert_eq!(found.len(), 2);
    assert!(both.iter().all(|one| found.contains(one)));
    site.end().await;
}

#[tokio::test]
async fn the_readers_language_comes_first() {
    let site = Site::start().await;
    let mail = site.mail(GUILD, Class::Notice, false, MINA).await;
    let request = site.client.get(&mail.link);
    let english = Answer::read(request.header("accept-language", "en-GB,en;q=0.9,ko;q=0.5")).await;
    assert!(english.says("<html lang=\"en\">"));
    let at = |part: &str| english.body.find(part).unwrap();
    assert!(at("All email") < at("모든 메일"));
    // A notice is no advertising: there is one thing to leave.
    assert!(!english.says("Advertising only"));
    site.end().await;
}

#[tokio::test]
async fn a_mail_programs_own_button_refuses_what_the_mail_is() {
    let site = Site::start().await;
    for (class, email, scope) in [
        (Class::Ad, "ad@example.org", "ads"),
        (Class::Notice, "notice@example.org", "all"),
    ] {
        let mail = site.mail(GUILD, class, false, email).await;
        let answer = site
            .press(&mail.link, ("List-Unsubscribe", "One-Click"))
            .await;
        assert_eq!(answer.status, 200, "no redirect");
        assert_eq!(
            site.suppressions(email).await,
            [said(scope, "unsubscribed")]
        );
        let words = "List-Unsubscribe=One-Click".to_owned();
        let record = (0, "unsubscribe link".to_owned(), words);
        assert_eq!(site.consents(email).await, [record]);
    }
    // The other encoding that RFC 8058 names.
    let mail = site.mail(GUILD, Class::Ad, false, "form@example.org").await;
    let form = Form::new().text("List-Unsubscribe", "One-Click");
    let answer = Answer::read(site.client.post(&mail.link).multipart(form)).await;
    assert_eq!(answer.status, 200);
    let found = site.suppressions("form@example.org").await;
    assert_eq!(found, [said("ads", "unsubscribed")]);
    site.end().await;
}

#[tokio::test]
async fn what_is_no_answer_to_the_question_changes_nothing() {
    let site = Site::start().await;
    let mail = site.mail(GUILD, Class::Ad, false, MINA).await;
    for field in [
        ("scope", ""),
        ("scope", "everything"),
        ("List-Unsubscribe", "no"),
        ("x", "y"),
    ] {
        let answer = site.press(&mail.link, field).await;
        assert_eq!(answer.status, 400, "{field:?}");
        assert!(answer.says("Unsubscribe?"), "it asks again");
    }
    let large = "x".repeat(16 * 1024);
    assert_eq!(site.press(&mail.link, ("scope", &large)).await.status, 400);
    for method in [Method::PUT, Method::DELETE] {
        let answer = Answer::read(site.client.request(method, &mail.link)).await;
        assert_eq!(answer.status, 405);
    }
    assert_eq!(site.suppressions(MINA).await, []);
    site.end().await;
}

#[tokio::test]
async fn wrong_links_are_all_answered_alike() {
    let site = Site::start().await;
    let mail = site.mail(GUILD, Class::Ad, false, MINA).await;
    let (base, token) = mail.link.rsplit_once('/').unwrap();
    let forged = format!("{}{}", &token[..token.len() - 2], "AA");
    // Signed by us, for a mail that is not known any more.
    let links = &site.app.app().sender.links;
    let forgotten = links.unsubscribe(timeattack::ids::DeliveryId(1));
    let forgotten = forgotten.rsplit_once('/').unwrap().1;
    let mut bodies = Vec::new();
    for token in [
        &forged,
        &token[..20],
        "x",
        "%ff",
        "%00",
        "..%2f..",
        forgotten,
    ] {
        for answer in [
            site.get(&format!("{base}/{token}")).await,
            site.press(&format!("{base}/{token}"), ("scope", "all"))
                .await,
            site.press(&format!("{base}/{token}"), ("x", "")).await,
        ] {
            assert_eq!(answer.status, 404, "{token}");
            bodies.push(answer.body);
        }
    }
    assert!(bodies[0].contains("ask the admins of the Discord server"));
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(site.suppressions(MINA).await, []);
    site.end().await;
}

#[tokio::test]
async fn a_tests_link_says_so_and_changes_nothing() {
    let site = Site::start().await;
    let mail = site.mail(GUILD, Class::Ad, true, MINA).await;
    assert!(site.get(&mail.link).await.says("This email was a test"));
    for field in [("scope", "all"), ("List-Unsubscribe", "One-Click")] {
        let answer = site.press(&mail.link, field).await;
        assert_eq!(answer.status, 200);
        assert!(answer.says("This email was a test"));
    }
    assert_eq!(site.suppressions(MINA).await, []);
    assert_eq!(site.consents(MINA).await, []);
    site.end().await;
}

#[tokio::test]
async fn one_server_is_left_and_no_other() {
    let site = Site::start().await;
    let here = site.mail(GUILD, Class::Ad, false, MINA).await;
    site.mail(ELSEWHERE, Class::Ad, false, MINA).await;
    site.press(&here.link, ("scope", "all")).await;
    assert_eq!(site.suppressions(MINA).await, [said("all", "unsubscribed")]);
    site.end().await;
}

#[tokio::test]
async fn what_they_decided_is_not_lifted_with_what_an_admin_did() {
    let site = Site::start().await;
    let mail = site.mail(GUILD, Class::Notice, false, MINA).await;
    let email = timeattack::mailer::EmailAddress::parse(MINA).unwrap();
    let app = site.app.app();
    subscriber::remove(app, GUILD, &email, true).await.unwrap();
    assert_eq!(site.suppressions(MINA).await, [said("all", "by_hand")]);
    site.press(&mail.link, ("scope", "all")).await;
    let entry = subscriber::Entry {
        email: email.clone(),
        name: "Mina".into(),
        attributes: Default::default(),
        consent: None,
    };
    let added = subscriber::add(app, GUILD, entry).await.unwrap();
    assert_eq!(added.suppressed.unwrap().scope, Scope::All);
    assert_eq!(site.suppressions(MINA).await, [said("all", "unsubscribed")]);
    site.end().await;
}

#[tokio::test]
async fn a_servers_name_cannot_do_anything_to_the_page() {
    let site = Site::start().await;
    let name = "\"><script>alert(1)</script>\u{202e}evil\u{2066}";
    let mail = site.mail_from(GUILD, name, Class::Ad, false, MINA).await;
    for answer in [
        site.get(&mail.link).await,
        site.press(&mail.link, ("scope", "ads")).await,
    ] {
        assert!(!answer.says("<script") && !answer.says("\u{202e}") && !answer.says("\u{2066}"));
        assert!(answer.says("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;evil"));
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("style-src 'sha256-") && !policy.contains("unsafe"));
    }
    site.end().await;
}
