//! The rules for advertising, from the template to the last mail.

use timeattack::campaign::LeftOut;
use timeattack::error::{AdFault, CampaignError, MailFault, UserError};
use timeattack::mailer::EmailAddress;
use timeattack::outbox::mail::State;
use timeattack::subscriber;

use super::support::{Post, template};
use crate::support::{GUILD, refusal, seconds};

const BODY: &str = "<p>Half the price!</p><p>보낸 곳: Study · help@example.org<br>\
                    <a href=\"{{ unsubscribe_url }}\">무료 수신거부 / Unsubscribe</a></p>";

fn ad_fault(error: UserError) -> AdFault {
    match error {
        UserError::Campaign(CampaignError::Recipient {
            fault: MailFault::Ad(fault),
            ..
        }) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn advertising_goes_to_those_alone_who_agreed_and_not_once_they_refuse() {
    let post = Post::at_a_rate(1.0).await;
    post.template("news", template("(광고) Half the price", BODY))
        .await;
    for n in 0..20 {
        post.reader(&format!("reader{n}@example.org"), "R").await;
    }
    post.subscriber("never@example.org", "N", "").await;
    post.ad("Sale").await.unwrap();
    let proven = post.proves("Sale").await.unwrap();
    let left_out = LeftOut {
        no_consent: 1,
        ..LeftOut::default()
    };
    assert_eq!(
        (proven.audience.total, proven.audience.left_out),
        (20, left_out)
    );
    post.sends(proven.occurrence).await.unwrap();
    post.app.advance(seconds(3)).await;
    let early = post.to();
    assert!((1..15).contains(&early.len()), "{early:?}");
    // Queued already, and refused while it waits.
    let mut waiting = (0..20).map(|n| format!("reader{n}@example.org"));
    let waiting = waiting.rfind(|email| !early.contains(email)).unwrap();
    let email = EmailAddress::parse(&waiting).unwrap();
    post.inside(async move |app| subscriber::remove(&app, GUILD, &email, true).await)
        .await
        .unwrap();
    post.until_over("Sale").await;
    let to = post.to();
    assert_eq!(to.len(), 19);
    assert!(!to.contains(&waiting));
    let status = post.status("Sale").await;
    assert_eq!(status.count(&[State::Cancelled]), 1);
    assert_eq!(status.total(), 20);
}

#[tokio::test]
async fn an_old_consent_in_a_new_import_revives_nobody_who_withdrew() {
    let post = Post::start().await;
    post.template("news", template("(광고) Half the price", BODY))
        .await;
    post.reader("mina@example.org", "Mina").await;
    post.reader("zoe@example.org", "Zoe").await;
    let withdrawn = format!(
        "INSERT INTO mail_consents (id, guild_id, email, granted, decided_ms, source, wording, \
         recorded_ms) VALUES (1, {}, 'mina@example.org', 0, {}, 'link', 'No more', 0)",
        GUILD.0,
        post.app.now_ms()
    );
    crate::support::execute(&post.app.app().db, withdrawn)
        .await
        .unwrap();
    // Stated a second earlier than the withdrawal, recorded later.
    post.reader("mina@example.org", "Mina").await;
    let (_, audience) = post.ad("Sale").await.unwrap();
    assert_eq!((audience.total, audience.left_out.no_consent), (1, 1));
}

#[tokio::test]
async fn advertising_that_is_not_marked_or_cannot_be_refused_is_not_sent() {
    let post = Post::start().await;
    post.reader("mina@example.org", "Mina").await;
    post.template("news", template("x", BODY)).await;
    post.ad("Sale").await.unwrap();
    let link = "<a href=\"{{ unsubscribe_url }}\">무료 수신거부 / Unsubscribe</a>";
    for (subject, body, expected) in [
        ("Half the price", BODY.to_owned(), AdFault::MarkMissing),
        ("[광고] Half", BODY.to_owned(), AdFault::MarkBrackets),
        ("(광/고) Half", BODY.to_owned(), AdFault::MarkBroken),
        ("🔥 (광고) Half", BODY.to_owned(), AdFault::MarkLate),
        // What comes of merging is what counts.
        ("{{ name }} (광고)", BODY.to_owned(), AdFault::MarkLate),
        ("(광고) Half", BODY.replace(link, ""), AdFault::Link),
        ("(광고) Half", BODY.replace("Study", ""), AdFault::Name),
        (
            "(광고) Half",
            BODY.replace("help@example.org", "{{ email }}"),
            AdFault::Contact,
        ),
        ("(광고) Half", BODY.replace("수신거부", ""), AdFault::Korean),
        (
            "(광고) Half",
            BODY.replace("Unsubscribe", ""),
            AdFault::English,
        ),
    ] {
        post.template("news", template(subject, &body)).await;
        let fault = ad_fault(refusal(post.proves("Sale").await));
        assert_eq!(fault, expected, "{subject}");
    }
    post.template("news", template("(광고) Half", BODY)).await;
    let proven = post.proves("Sale").await.unwrap();
    post.sends(proven.occurrence).await.unwrap();
    let mail = post.mail(0);
    assert!(
        mail.contains("List-Unsubscribe: <https://timeattack.example/unsubscribe/"),
        "{mail}"
    );
    assert!(
        mail.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"),
        "{mail}"
    );
    assert!(
        mail.contains("mailto:bot@example.org?subject=unsubscribe%20"),
        "{mail}"
    );
    // The link needs no login: it is ours, and says whose mail it was.
    let plain = mail.replace("\r\n ", "");
    let token = plain.split("/unsubscribe/").nth(1).unwrap();
    let token = token.split('>').next().unwrap();
    let links = &post.app.app().sender.links;
    assert!(links.read_unsubscribe(token).is_some(), "{token}");
}
