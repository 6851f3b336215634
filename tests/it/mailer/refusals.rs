//! Every row of the table of replies, as a server says it and at the place where it says it; and the
//! dialogue that goes on after it.

use timeattack::mailer::Scope;
use timeattack::mailer::smtp::Stage;

use super::{Post, letter, letter_to};
use crate::support::smtp::{Act, At};

#[tokio::test]
async fn a_refusal_says_whose_fault_it_is_and_the_connection_goes_on() {
    use Scope::{
        Connection, DailyQuota, MailboxSoft, Message, RecipientPermanent, RecipientTemporary,
        Sender, Throttle,
    };
    for (at, reply, scope, stage) in [
        (
            At::Mail,
            "452 4.3.1 Insufficient system storage",
            Connection,
            Stage::MailFrom,
        ),
        (
            At::Mail,
            "454 Throttling failure: Maximum sending rate exceeded.",
            Throttle,
            Stage::MailFrom,
        ),
        (
            At::End,
            "454 Throttling failure: Maximum sending rate exceeded.",
            Throttle,
            Stage::End,
        ),
        (
            At::End,
            "454 Throttling failure: Daily message quota exceeded.",
            DailyQuota,
            Stage::End,
        ),
        (
            At::Rcpt,
            "450 4.2.1 Busy",
            RecipientTemporary,
            Stage::RcptTo,
        ),
        (At::Rcpt, "451 Later", RecipientTemporary, Stage::RcptTo),
        (
            At::Rcpt,
            "452 4.2.2 Full",
            RecipientTemporary,
            Stage::RcptTo,
        ),
        (At::Rcpt, "552 Full", RecipientTemporary, Stage::RcptTo),
        (At::End, "452 4.2.2 Full", RecipientTemporary, Stage::End),
        (
            At::Rcpt,
            "550 5.1.1 Nobody",
            RecipientPermanent,
            Stage::RcptTo,
        ),
        (
            At::Rcpt,
            "550 5.1.2 Nowhere",
            RecipientPermanent,
            Stage::RcptTo,
        ),
        (
            At::Rcpt,
            "556 5.1.10 Null MX",
            RecipientPermanent,
            Stage::RcptTo,
        ),
        (At::Rcpt, "550 5.2.1 Closed", MailboxSoft, Stage::RcptTo),
        (At::End, "552 5.2.2 Full", MailboxSoft, Stage::End),
        (At::Mail, "552 5.3.4 Too big", Message, Stage::MailFrom),
        (At::End, "552 5.3.4 Too big", Message, Stage::End),
        (At::End, "554 5.6.0 Bad", Message, Stage::End),
        (At::Mail, "530 5.7.0 Log in first", Sender, Stage::MailFrom),
        (
            At::Rcpt,
            "554 5.7.1 Relay access denied",
            Sender,
            Stage::RcptTo,
        ),
        (At::Rcpt, "450 4.7.1 Not from you", Sender, Stage::RcptTo),
        (
            At::End,
            "554 Message rejected: Email address is not verified.",
            Sender,
            Stage::End,
        ),
        (At::Data, "451 4.3.0 Later", RecipientTemporary, Stage::Data),
    ] {
        for offers in [&["PIPELINING"][..], &[]] {
            let post = Post::start().await;
            post.server.offering(offers);
            post.server.says(at, reply);
            let failure = post.send(letter()).await.unwrap_err();
            assert_eq!(
                (failure.scope, failure.stage),
                (scope, stage),
                "{at:?} {reply}"
            );
            let told = failure.reply.unwrap().to_string();
            assert_eq!(told, reply);
            // On the same connection, and with the first one forgotten.
            post.send(letter_to("next@example.org")).await.unwrap();
            assert_eq!(post.recipients(), ["next@example.org"], "{at:?} {reply}");
            assert_eq!(post.server.sessions().len(), 1, "{at:?} {reply}");
        }
    }
}

#[tokio::test]
async fn a_server_that_closes_says_421_wherever_it_is() {
    for (at, stage) in [
        (At::Greeting, Stage::Greeting),
        (At::Ehlo, Stage::Ehlo),
        (At::Mail, Stage::MailFrom),
        (At::Rcpt, Stage::RcptTo),
        (At::Data, Stage::Data),
        (At::End, Stage::End),
    ] {
        let post = Post::start().await;
        post.server
            .at(at, Act::SayAndClose("421 4.3.2 Shutting down".into()));
        let failure = post.send(letter()).await.unwrap_err();
        assert_eq!(
            (failure.scope, failure.stage),
            (Scope::Connection, stage),
            "{at:?}"
        );
        // Nothing is left of it: the next mail has a connection of its own.
        post.send(letter_to("next@example.org")).await.unwrap();
        assert_eq!(post.recipients(), ["next@example.org"], "{at:?}");
        assert_eq!(post.server.sessions().len(), 2, "{at:?}");
    }
}

#[tokio::test]
async fn a_server_that_wants_nothing_of_us_is_the_senders_affair() {
    for (at, reply) in [
        (At::Greeting, "554 5.7.1 No service for you"),
        (At::Ehlo, "550 5.7.1 Go away"),
    ] {
        let post = Post::start().await;
        post.server.says(at, reply);
        let failure = post.send(letter()).await.unwrap_err();
        assert_eq!(failure.scope, Scope::Sender, "{reply}");
    }
}

#[tokio::test]
async fn no_server_there_is_a_matter_of_the_connection() {
    let post = Post::start().await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let post = Post::by(post.server, 1, &url);
    let failure = post.send(letter()).await.unwrap_err();
    assert_eq!(
        (failure.scope, failure.stage),
        (Scope::Connection, Stage::Connect)
    );
}

/// It was sent MAIL, RCPT and DATA together, refused RCPT, and waits for a mail nevertheless.
#[tokio::test]
async fn a_server_that_waits_for_a_mail_to_nobody_gets_none() {
    let post = Post::start().await;
    post.server.takes_mails_for_nobody();
    post.server.says(At::Rcpt, "550 5.1.1 Nobody");
    let failure = post.send(letter()).await.unwrap_err();
    assert_eq!(failure.scope, Scope::RecipientPermanent);
    post.send(letter_to("next@example.org")).await.unwrap();
    let delivered = post.server.delivered();
    assert_eq!(delivered.len(), 1);
    assert_eq!(delivered[0].to, ["next@example.org"]);
    assert_eq!(delivered[0].mail, letter_to("next@example.org").mail);
    assert_eq!(post.server.sessions().len(), 1);
}

/// The refusal of the one mail is told to the one, although the next was announced behind it.
#[tokio::test]
async fn refusals_of_mails_that_follow_each_other_are_not_mixed_up() {
    let post = Post::start().await;
    for reply in ["550 5.1.1 Nobody", "250 Ok", "552 Full"] {
        post.server.says(At::Rcpt, reply);
    }
    post.server.says(At::End, "554 5.6.0 Bad");
    let sends: Vec<_> = (0..5)
        .map(|number| post.sending(letter_to(&format!("m{number}@example.org"))))
        .collect();
    let mut scopes = Vec::new();
    for send in sends {
        scopes.push(send.await.unwrap().map_err(|failure| failure.scope).err());
    }
    let expected = [
        Some(Scope::RecipientPermanent),
        Some(Scope::Message),
        Some(Scope::RecipientTemporary),
        None,
        None,
    ];
    assert_eq!(scopes, expected);
    assert_eq!(post.recipients(), ["m3@example.org", "m4@example.org"]);
    assert_eq!(post.server.sessions().len(), 1);
}

#[tokio::test]
async fn answers_that_are_none_end_the_connection_and_nothing_else() {
    let long_line = [b"250 ".to_vec(), vec![b'x'; 600], b"\r\n".to_vec()].concat();
    let many_lines = "250-x\r\n".repeat(101).into_bytes();
    let endless = vec![b'x'; 10_000];
    for answer in [
        b"\r\n".to_vec(),
        b"hello\r\n".to_vec(),
        b"99 x\r\n".to_vec(),
        b"250-a\r\n550 b\r\n".to_vec(),
        b"\0\xff\xfe\r\n".to_vec(),
        b"199 x\r\n".to_vec(),
        long_line,
        many_lines,
        endless,
    ] {
        for (at, scope) in [
            (At::Greeting, Scope::Connection),
            (At::Ehlo, Scope::Connection),
            (At::Rcpt, Scope::Connection),
            (At::Data, Scope::Connection),
            // It had the mail, and what it said of it cannot be known.
            (At::End, Scope::Ambiguous),
        ] {
            let post = Post::start().await;
            post.server.at(at, Act::Raw(answer.clone()));
            let failure = post.send(letter()).await.unwrap_err();
            assert_eq!(failure.scope, scope, "{at:?} {answer:?}");
            post.send(letter_to("next@example.org")).await.unwrap();
        }
    }
}
