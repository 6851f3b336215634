//! A connection that is lost, at every point of the dialogue: what may have arrived is ambiguous,
//! and nothing else is.

use timeattack::mailer::Scope;
use timeattack::mailer::smtp::Stage;

use super::{Post, letter, letter_to, long_letter};
use crate::support::minutes;
use crate::support::smtp::{Act, At, SmtpServer};

#[tokio::test]
async fn a_loss_is_ambiguous_only_after_the_final_dot() {
    for offers in [&["PIPELINING"][..], &[]] {
        for at in At::DIALOGUE {
            let post = Post::start().await;
            post.server.offering(offers);
            post.server.at(at, Act::Close);
            let failure = post.send(long_letter()).await.unwrap_err();
            let ambiguous = at == At::End;
            let expected = if ambiguous {
                Scope::Ambiguous
            } else {
                Scope::Connection
            };
            assert_eq!(failure.scope, expected, "{at:?} {offers:?}");
            assert_eq!(
                post.server.delivered().len(),
                usize::from(ambiguous),
                "{at:?}"
            );
            // Not sent again by itself, and the next one goes by a connection of its own.
            post.send(letter_to("next@example.org")).await.unwrap();
            assert_eq!(post.recipients().last().unwrap(), "next@example.org");
            assert_eq!(post.server.delivered().len(), 1 + usize::from(ambiguous));
        }
    }
}

#[tokio::test]
async fn silence_is_waited_for_as_long_as_the_rfc_says_and_no_longer() {
    for (at, waits, scope) in [
        (At::Greeting, minutes(5), Scope::Connection),
        (At::Ehlo, minutes(5), Scope::Connection),
        (At::Mail, minutes(5), Scope::Connection),
        (At::Rcpt, minutes(5), Scope::Connection),
        (At::Data, minutes(2), Scope::Connection),
        (At::End, minutes(10), Scope::Ambiguous),
    ] {
        let post = Post::start().await;
        // One by one: whoever has heard RCPT is then waited for at RCPT.
        post.server.offering(&[]);
        post.server.at(at, Act::Hang);
        let sending = post.sending(letter());
        post.waits_at(at, 1, waits - 1).await;
        assert_eq!(post.clock.sleepers(), 1, "{at:?}");
        assert!(!sending.is_finished());
        post.clock.advance_ms(1);
        let failure = sending.await.unwrap().unwrap_err();
        assert_eq!(failure.scope, scope, "{at:?}");
    }
}

/// It was closed while nobody spoke: no mail is to blame, and none was begun.
#[tokio::test]
async fn a_kept_connection_that_is_gone_is_replaced_without_a_word() {
    for act in [Act::Close, Act::SayAndClose("421 4.4.2 Timeout".into())] {
        for at in [At::Mail, At::Rcpt, At::Data] {
            let post = Post::start().await;
            post.send(letter_to("first@example.org")).await.unwrap();
            post.server.at(at, act.clone());
            post.send(letter_to("second@example.org")).await.unwrap();
            let expected = ["first@example.org", "second@example.org"];
            assert_eq!(post.recipients(), expected, "{at:?}");
            assert_eq!(post.server.sessions().len(), 2);
        }
    }
}

#[tokio::test]
async fn a_mail_that_loses_two_connections_is_told_so() {
    let post = Post::start().await;
    post.send(letter_to("first@example.org")).await.unwrap();
    post.server.at(At::Mail, Act::Close);
    post.server.at(At::Mail, Act::Close);
    let failure = post.send(letter()).await.unwrap_err();
    assert_eq!(
        (failure.scope, failure.stage),
        (Scope::Connection, Stage::MailFrom)
    );
    // The one that was kept, and the one in its place.
    assert_eq!(post.server.sessions().len(), 2);
}

#[tokio::test]
async fn a_mail_announced_behind_one_that_was_lost_goes_out_all_the_same() {
    let post = Post::start().await;
    post.server.at(At::End, Act::Close);
    let first = post.sending(letter_to("first@example.org"));
    let second = post.sending(letter_to("second@example.org"));
    let failure = first.await.unwrap().unwrap_err();
    assert_eq!(failure.scope, Scope::Ambiguous);
    second.await.unwrap().unwrap();
    assert_eq!(
        post.recipients(),
        ["first@example.org", "second@example.org"]
    );
}

#[tokio::test]
async fn a_refusal_in_the_middle_of_a_mail_is_heard() {
    let post = Post::start().await;
    post.server
        .at(At::Body, Act::SayAndClose("552 5.3.4 Too big".into()));
    let failure = post.send(long_letter()).await.unwrap_err();
    assert_eq!(failure.reply.map(|reply| reply.code), Some(552));
    assert_eq!(failure.scope, Scope::Message);
    assert!(post.server.delivered().is_empty());
}

#[tokio::test]
async fn a_loss_within_tls_is_judged_like_one_without() {
    for at in At::DIALOGUE {
        let server = SmtpServer::start().await;
        server.wrapped();
        let url = format!("smtps://{}", server.address);
        let post = Post::by(server, 1, &url);
        post.server.at(at, Act::Close);
        let failure = post.send(long_letter()).await.unwrap_err();
        let expected = if at == At::End {
            Scope::Ambiguous
        } else {
            Scope::Connection
        };
        assert_eq!(failure.scope, expected, "{at:?}");
    }
}
