//! Strangers' documents beside everything else: verdicts in time, a stop in time, sentences.

use std::sync::mpsc;
use std::time::Duration;

use timeattack::documents::{Patience, Refusal};
use timeattack::error::{MailTemplateError, MarkupFault, Result, TagFault, UserError};
use timeattack::i18n::Language;
use timeattack::ids::GuildId;
use timeattack::template::{self, Saved, Upload};

use crate::support::{self, GUILD, MEMBER, TestApp, minutes};

/// Longer than any test may take.
const AGES: Duration = Duration::from_secs(60);

/// A document that is being worked on until it is let go.
struct Held {
    go: mpsc::Sender<()>,
    answer: tokio::task::JoinHandle<Result<(), Refusal>>,
}

/// Holds all threads, with documents of as many servers as it takes.
async fn all_threads_held(app: &TestApp) -> Vec<Held> {
    let mut all = Vec::new();
    for guild in 1..=3 {
        let (begins, begun) = tokio::sync::oneshot::channel();
        let (go, wait) = mpsc::channel();
        let documents = app.app().documents.clone();
        let answer = tokio::spawn(async move {
            let work = move |_: &_| {
                let _ = begins.send(());
                let _ = wait.recv_timeout(AGES);
            };
            documents.run(GuildId(guild), Patience::Asked, work).await
        });
        begun.await.unwrap();
        all.push(Held { go, answer });
    }
    all
}

async fn saves(app: &TestApp, html: String) -> Result<Saved> {
    let upload = Upload {
        name: "news".into(),
        subject: "News".into(),
        html: html.into_bytes(),
        images: Vec::new(),
    };
    app.inside(async move |app| template::save(&app, GUILD, MEMBER, upload).await)
        .await
}

#[tokio::test]
async fn a_verdict_comes_while_every_thread_has_a_document_and_a_stop_leaves_them_behind() {
    let app = TestApp::start().await;
    app.time_attack().lasting(minutes(10)).started().await;
    let held = all_threads_held(&app).await;
    app.advance(minutes(10)).await;
    assert_eq!(app.posts().len(), 1);
    let app = app.restarted_after(0).await;
    for Held { go, answer } in held {
        assert_eq!(answer.await.unwrap(), Err(Refusal::Stopping));
        go.send(()).expect("it was still being worked on");
    }
    assert_eq!(app.posts().len(), 1);
}

#[tokio::test]
async fn what_eats_the_stack_or_the_processor_is_refused_with_a_sentence() {
    let app = TestApp::start().await;
    let branches = "{% elif name == 'a' %}b\n".repeat(8_000);
    let deep = saves(&app, format!("{{% if name %}}\n{branches}{{% endif %}}")).await;
    let UserError::MailTemplate(MailTemplateError::Tag { line, fault, .. }) =
        support::refusal(deep)
    else {
        panic!("a fault of a tag");
    };
    assert!(matches!(fault, TagFault::TooManyBranches { most } if line == most + 2));
    let properties: String = (0..2_000).map(|n| format!("p{n}:0;")).collect();
    let siblings = "p ~ p ~ a{color:red}p ~ p{color:red}\n".repeat(20);
    for style in [format!("p{{{properties}}}"), siblings] {
        let html = format!("<style>\n{style}</style>{}", "<p>x".repeat(4_900));
        let refused = support::refusal(saves(&app, html).await);
        assert!(
            matches!(
                refused,
                UserError::MailTemplate(MailTemplateError::Markup {
                    fault: MarkupFault::StyleTooCostly,
                    line: 2..,
                })
            ),
            "{refused:?}"
        );
        for language in Language::ALL {
            assert!(refused.text(language).chars().count() > 40);
        }
    }
    assert!(saves(&app, "<p>{{ name }}".into()).await.is_ok());
}

#[tokio::test]
async fn each_refusal_says_what_to_do_in_both_languages() {
    for refusal in [
        Refusal::Busy,
        Refusal::TooSlow { seconds: 15 },
        Refusal::Stopping,
        Refusal::Defect,
    ] {
        let texts = Language::ALL.map(|language| UserError::from(refusal).text(language));
        assert_ne!(texts[0], texts[1]);
        assert!(
            texts.iter().all(|text| text.chars().count() > 40),
            "{texts:?}"
        );
    }
}
