//! What goes well: extensions used where they are offered, and mails that arrive as they were.

use std::sync::Arc;

use proptest::prelude::*;
use timeattack::mailer::smtp::Stage;
use timeattack::mailer::{Failure, Gate, Letter, Scope, Sent};
use tokio::sync::oneshot;

use super::{Post, letter, letter_to, long_letter};
use crate::support::smtp::{Act, At, SmtpServer};

#[tokio::test]
async fn a_mail_arrives_as_it_was_and_the_servers_id_for_it_is_kept() {
    let post = Post::start().await;
    post.server.says(At::End, "250 Ok 0102018c-77aa-000000");
    let sent = post.send(letter()).await.unwrap();
    assert_eq!(sent.id, "0102018c-77aa-000000");
    let delivered = &post.server.delivered()[0];
    assert_eq!(delivered.mail, letter().mail);
    assert_eq!(delivered.from, "news@example.org");
    assert_eq!(delivered.to, ["mina@example.org"]);
    let size = letter().mail.len();
    let expected = [
        "EHLO [127.0.0.1]".to_owned(),
        format!("MAIL FROM:<news@example.org> SIZE={size}"),
        "RCPT TO:<mina@example.org>".to_owned(),
        "DATA".to_owned(),
    ];
    assert_eq!(post.server.sessions(), [expected]);
}

/// A mail that waits for its gate, and who opens it.
async fn held_back(post: &Post, letter: Letter) -> (Sending, oneshot::Sender<bool>) {
    let (asked, gate) = oneshot::channel();
    let gate_of_it = Gate::new(move |opened| asked.send(opened).unwrap());
    let mailer = Arc::clone(&post.mailer);
    let sending = tokio::spawn(async move { mailer.send(Arc::new(letter), gate_of_it).await });
    (sending, gate.await.unwrap())
}

type Sending = tokio::task::JoinHandle<Result<Sent, Failure>>;

#[tokio::test]
async fn the_final_dot_waits_until_the_gate_is_open() {
    let post = Post::start().await;
    let (sending, gate) = held_back(&post, letter()).await;
    post.server.reached(At::Body, 1).await;
    assert_eq!(post.server.delivered(), []);
    gate.send(true).unwrap();
    sending.await.unwrap().unwrap();
    assert_eq!(post.server.delivered()[0].mail, letter().mail);

    // One that is withdrawn has not arrived, and the next one is none the worse for it.
    let (sending, gate) = held_back(&post, letter_to("withdrawn@example.org")).await;
    post.server.reached(At::Body, 2).await;
    gate.send(false).unwrap();
    let failure = sending.await.unwrap().unwrap_err();
    assert_eq!(failure.scope, Scope::Withdrawn);
    post.send(letter_to("next@example.org")).await.unwrap();
    assert_eq!(post.recipients(), ["mina@example.org", "next@example.org"]);
}

#[tokio::test]
async fn a_server_that_leaves_while_the_final_dot_waits_has_no_mail() {
    for act in [Act::Close, Act::SayAndClose("452 4.3.1 full".into())] {
        let post = Post::start().await;
        post.server.at(At::Body, act.clone());
        let (sending, gate) = held_back(&post, letter()).await;
        let failure = sending.await.unwrap().unwrap_err();
        assert_ne!(failure.scope, Scope::Ambiguous, "{act:?}");
        assert_eq!(failure.stage, Stage::Body, "{act:?}");
        assert!(gate.send(true).is_err(), "nobody waits for it any more");
    }
}

/// It left while the client was still writing, and the client looks only after its gate was opened.
#[tokio::test]
async fn a_server_that_left_before_the_final_dot_was_written_has_no_mail() {
    for last_words in ["", "452 4.3.1 full"] {
        let post = Post::start().await;
        post.server
            .at(At::Body, Act::SayAndClose(last_words.into()));
        let (sending, gate) = held_back(&post, long_letter()).await;
        post.server.reached(At::Body, 1).await;
        gate.send(true).unwrap();
        let failure = sending.await.unwrap().unwrap_err();
        assert_ne!(failure.scope, Scope::Ambiguous, "{last_words:?}");
        assert_eq!(failure.stage, Stage::Body, "{last_words:?}");
    }
}

#[tokio::test]
async fn commands_go_out_together_where_the_server_offers_it_and_one_by_one_elsewhere() {
    for (offers, unasked) in [(&["PIPELINING"][..], 2), (&[], 0)] {
        let post = Post::start().await;
        post.server.offering(offers);
        post.send(letter()).await.unwrap();
        assert_eq!(post.server.unasked(), unasked, "{offers:?}");
        assert_eq!(post.recipients(), ["mina@example.org"]);
    }
}

#[tokio::test]
async fn the_next_envelope_goes_out_behind_a_mail() {
    let post = Post::start().await;
    post.server
        .at(At::Greeting, Act::Drip("220 mail.example".into()));
    let sends: Vec<_> = (0..20)
        .map(|number| post.sending(letter_to(&format!("m{number}@example.org"))))
        .collect();
    for send in sends {
        send.await.unwrap().unwrap();
    }
    let expected: Vec<_> = (0..20)
        .map(|number| format!("m{number}@example.org"))
        .collect();
    assert_eq!(post.recipients(), expected);
    // Three commands each, of which only the first ever had to be waited for, once.
    let session = &post.server.sessions()[0];
    assert_eq!(session.len(), 1 + 20 * 3);
    assert!(post.server.unasked() >= 2 * 20, "{}", post.server.unasked());
}

#[tokio::test]
async fn a_server_from_long_ago_is_greeted_as_it_expects() {
    let post = Post::start().await;
    post.server.says(At::Ehlo, "502 5.5.2 What?");
    post.send(letter()).await.unwrap();
    let session = &post.server.sessions()[0];
    let expected = [
        "EHLO [127.0.0.1]",
        "HELO [127.0.0.1]",
        "MAIL FROM:<news@example.org>",
    ];
    assert_eq!(session[..3], expected);
}

#[tokio::test]
async fn a_name_for_ehlo_can_be_given() {
    let post = Post::to(SmtpServer::start().await, 1, "/me.example");
    post.send(letter()).await.unwrap();
    assert_eq!(post.server.sessions()[0][0], "EHLO me.example");
}

#[tokio::test]
async fn answers_may_come_slowly_and_in_many_lines() {
    let post = Post::start().await;
    post.server
        .at(At::Greeting, Act::Drip("220 a\n220 b\n220 c".into()));
    post.server
        .at(At::Mail, Act::Drip("250 2.1.0 one\n250 2.1.0 two".into()));
    post.server
        .at(At::End, Act::Drip("250 2.0.0 Ok: queued as 4F1".into()));
    assert_eq!(post.send(letter()).await.unwrap().id, "4F1");
}

#[tokio::test]
async fn a_mail_too_large_for_the_server_is_not_even_offered() {
    let post = Post::start().await;
    post.server.offering(&["SIZE 1000"]);
    let failure = post.send(letter()).await.unwrap_err();
    assert_eq!(failure.scope, Scope::Message);
    assert_eq!(post.server.sessions()[0], ["EHLO [127.0.0.1]"]);
}

#[tokio::test]
async fn a_local_part_beyond_ascii_needs_a_server_that_takes_it() {
    let post = Post::start().await;
    let failure = post.send(letter_to("미나@example.org")).await.unwrap_err();
    assert_eq!(
        (failure.scope, failure.stage),
        (Scope::RecipientPermanent, Stage::MailFrom)
    );
    assert!(failure.why.contains("SMTPUTF8"), "{failure}");
    // A domain beyond ASCII has a form that every server takes.
    post.send(letter_to("mina@한국.example")).await.unwrap();
    assert_eq!(post.recipients(), ["mina@xn--3e0b707e.example"]);

    let post = Post::start().await;
    post.server
        .offering(&["PIPELINING", "SMTPUTF8", "8BITMIME"]);
    post.send(letter_to("미나@example.org")).await.unwrap();
    assert_eq!(post.recipients(), ["미나@example.org"]);
    let mail = &post.server.sessions()[0][1];
    assert!(mail.ends_with("BODY=8BITMIME SMTPUTF8"), "{mail}");
}

#[tokio::test]
async fn bytes_beyond_ascii_need_a_server_that_takes_them() {
    let eight_bit = || Letter {
        mail: "Subject: a\r\n\r\n안녕\r\n".into(),
        ..letter()
    };
    let post = Post::start().await;
    post.send(eight_bit()).await.unwrap();
    assert!(post.server.sessions()[0][1].contains(" BODY=8BITMIME"));
    let post = Post::start().await;
    post.server.offering(&["PIPELINING"]);
    let failure = post.send(eight_bit()).await.unwrap_err();
    assert_eq!(failure.scope, Scope::Message);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Dots, ends that look like the mail's, and lines of any length come through.
    #[test]
    fn every_mail_comes_through_as_it_was(
        lines in prop::collection::vec("[.]{0,3}[a-z. ]{0,20}|[.]|[.]{2}|[a-z.]{990,998}", 0..30)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mail = lines.iter().map(|line| format!("{line}\r\n")).collect::<String>();
        let mail = format!("Subject: a\r\n\r\n{mail}").into_bytes();
        let delivered = runtime.block_on(async {
            let post = Post::start().await;
            for _ in 0..2 {
                let mail = mail.clone();
                post.send(Letter { mail, ..letter() }).await.unwrap();
            }
            post.server.delivered()
        });
        prop_assert_eq!(&delivered[0].mail, &mail);
        prop_assert_eq!(&delivered[1].mail, &mail);
    }
}
