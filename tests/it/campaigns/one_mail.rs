//! A campaign and its template: which of them needs which, and what a mail of them is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use timeattack::campaign;
use timeattack::error::{CampaignError, Error, MailTemplateError, UserError};
use timeattack::mailer::EmailAddress;
use timeattack::outbox::mail::{Phase, State};
use timeattack::template;

use super::support::{Post, template};
use crate::support::{GUILD, hours, minutes, refusal};

async fn deletes(post: &Post) -> Result<(), UserError> {
    let deleted = post
        .inside(async |app| template::delete(&app, GUILD, "NEWS", campaign::spares_template).await)
        .await;
    deleted.map_err(|error| match error {
        Error::User(error) => error,
        other => panic!("{other:?}"),
    })
}

#[tokio::test]
async fn a_template_is_not_deleted_while_a_campaign_that_is_not_over_uses_it() {
    let post = Post::start().await;
    post.template("news", template("News", "<p>x</p>")).await;
    post.subscriber("mina@example.org", "Mina", "").await;
    let in_use = || {
        let campaign = "November".to_owned();
        Err(UserError::MailTemplate(MailTemplateError::InUse {
            campaign,
        }))
    };
    let cancel = async || {
        let cancelled = post.inside(async |app| campaign::cancel(&app, GUILD, "November").await);
        cancelled.await.unwrap();
    };
    post.notice("November", "").await.unwrap();
    assert_eq!(deletes(&post).await, in_use(), "made, and never sent");
    let at_ms = post.app.now_ms() + hours(1);
    let scheduled = post.proves_for("November", at_ms).await.unwrap();
    assert_eq!(deletes(&post).await, in_use(), "shown");
    post.sends(scheduled.occurrence).await.unwrap();
    assert_eq!(deletes(&post).await, in_use(), "scheduled");
    cancel().await;
    assert_eq!(deletes(&post).await, Ok(()), "cancelled");
    post.template("news", template("News", "<p>x</p>")).await;
    let proven = post.proves("November").await.unwrap();
    post.sends(proven.occurrence).await.unwrap();
    assert_eq!(deletes(&post).await, Ok(()), "sent");
    // One that was made and is given up needs none.
    post.template("news", template("News", "<p>x</p>")).await;
    post.notice("December", "").await.unwrap();
    assert!(deletes(&post).await.is_err());
    post.inside(async |app| campaign::cancel(&app, GUILD, "December").await)
        .await
        .unwrap();
    assert_eq!(deletes(&post).await, Ok(()));
}

/// A mail without what two mails of one template must differ in: when and by which ids they are known.
fn without_ids(mail: &str) -> String {
    let is_ours = |line: &str| {
        let names = [
            "date:",
            "message-id:",
            "feedback-id:",
            "x-timeattack-delivery:",
        ];
        let line = line.to_lowercase();
        names.iter().any(|name| line.starts_with(name))
    };
    let unfolded = mail.replace("\r\n ", " ").replace("\r\n\t", " ");
    let mut boundaries: Vec<String> = Vec::new();
    for part in unfolded.split("boundary=\"").skip(1) {
        boundaries.extend(part.split('"').next().map(str::to_owned));
    }
    let mut same = unfolded.clone();
    for (number, boundary) in boundaries.iter().enumerate() {
        same = same.replace(boundary, &format!("boundary-{number}"));
    }
    let lines = same.split("\r\n").filter(|line| !is_ours(line));
    // Where a quoted-printable line is broken depends on what is in it.
    let text = lines.collect::<Vec<_>>().join("\n").replace("=\n", "");
    let mut out = String::new();
    let mut rest = text.as_str();
    let marks = [
        "/unsubscribe/",
        "subject=unsubscribe%20",
        "subject=3Dunsubscribe%20",
    ];
    while let Some((at, mark)) = marks
        .iter()
        .filter_map(|mark| rest.find(mark).map(|at| (at, mark)))
        .min()
    {
        out.push_str(&rest[..at + mark.len()]);
        rest = &rest[at + mark.len()..];
        let is_id = |one: char| one.is_ascii_alphanumeric() || "-_.=".contains(one);
        rest = rest.trim_start_matches(is_id);
    }
    out + rest
}

#[tokio::test]
async fn what_is_previewed_is_what_is_sent() {
    let post = Post::start().await;
    let html = "<p>안녕하세요, {{ name }}</p><p><a href=\"{{ unsubscribe_url }}\">bye</a></p>";
    post.template("news", template("소식 for {{ name }}", html))
        .await;
    post.subscriber("mina@example.org", "미나", "").await;
    post.notice("November", "").await.unwrap();
    let by_template = post
        .inside(async |app| template::preview(&app, GUILD, "Study", "news", None, "x").await)
        .await
        .unwrap();
    let by_campaign = post
        .inside(async |app| campaign::preview(&app, GUILD, "November").await)
        .await
        .unwrap();
    post.tests("November", EmailAddress::parse("mina@example.org").unwrap())
        .await
        .unwrap();
    post.app.settle().await;
    let proven = post.proves("November").await.unwrap();
    post.sends(proven.occurrence).await.unwrap();
    let sent = without_ids(&post.mail(1));
    assert!(
        sent.contains("List-Unsubscribe: <https://timeattack.example/unsubscribe/>, <mailto:"),
        "{sent}"
    );
    let text = |mail: &[u8]| without_ids(std::str::from_utf8(mail).unwrap());
    similar(&text(&by_template.mail), &sent);
    similar(&text(&by_campaign.eml), &sent);
    similar(&without_ids(&post.mail(0)), &sent);
}

fn similar(one: &str, other: &str) {
    for (one, other) in one.lines().zip(other.lines()) {
        assert_eq!(one, other);
    }
    assert_eq!(one.lines().count(), other.lines().count());
}

#[tokio::test]
async fn a_link_of_a_subscribers_own_is_followed_and_not_run() {
    let post = Post::start().await;
    post.template("news", template("News", "<a href=\"{{ site }}\">x</a>"))
        .await;
    post.subscriber("mina@example.org", "Mina", "site=https://mina.example/?a=1")
        .await;
    post.notice("November", "").await.unwrap();
    post.proves("November").await.unwrap();
    post.subscriber("zoe@example.org", "Zoe", "site=javascript:alert(1)")
        .await;
    let refused = refusal(post.proves("November").await);
    let UserError::Campaign(CampaignError::Recipient { address, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(address, "zoe@example.org");
    // Whoever lacks the field is told of it as ever.
    post.leaves("zoe@example.org").await;
    post.subscriber("zoe@example.org", "Zoe", "").await;
    let refused = format!("{:?}", refusal(post.proves("November").await));
    assert!(refused.contains("Field(\"site\")"), "{refused}");
}

#[tokio::test]
async fn what_the_host_no_longer_lets_send_is_not_sent() {
    let is_let = Arc::new(AtomicBool::new(true));
    let post = Post::let_by_the_host(Arc::clone(&is_let)).await;
    post.template("news", template("News", "<p>x</p>")).await;
    post.subscribers(100).await;
    for name in ["November", "December"] {
        post.notice(name, "").await.unwrap();
    }
    let at_ms = post.app.now_ms() + hours(1);
    let scheduled = post.proves_for("December", at_ms).await.unwrap();
    post.sends(scheduled.occurrence).await.unwrap();
    let proven = post.proves("November").await.unwrap();
    post.sends(proven.occurrence).await.unwrap();
    let sent = post.to().len();
    assert!(sent < 100, "{sent}");
    is_let.store(false, Ordering::SeqCst);
    let post = post.killed_for(hours(2)).await;
    post.app.advance(minutes(1)).await;
    post.until_over("December").await;
    let progress = post.status("November").await.progress.unwrap();
    assert_eq!(progress.phase, Phase::Stopped);
    let fault = post.status("December").await.occurrence.unwrap().fault;
    assert_eq!(fault, Some(CampaignError::NotAllowed));
    assert_eq!(post.to().len(), sent);
    let resume = async |post: &Post| {
        let resumed = post.inside(async |app| campaign::resume(&app, GUILD, "November").await);
        resumed.await
    };
    let refused = refusal(resume(&post).await);
    assert_eq!(refused, UserError::Campaign(CampaignError::NotAllowed));
    is_let.store(true, Ordering::SeqCst);
    let post = post.killed_for(minutes(1)).await;
    resume(&post).await.unwrap();
    post.until_over("November").await;
    let status = post.status("November").await;
    // What was under way when the first process was killed may have arrived.
    assert_eq!(status.count(&[State::Completed, State::Unknown]), 100);
    assert!(post.to().len() > sent);
}
