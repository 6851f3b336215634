//! Mails wait for connections: no more of those than are allowed, kept while they are of use.

use std::sync::Arc;

use timeattack::mailer::{Gate, Mailer, MemoryMailer, Scope};

use super::{Post, letter, letter_to};
use crate::support::seconds;
use crate::support::smtp::{Act, At, SmtpServer};

#[tokio::test]
async fn there_are_no_more_connections_than_allowed_and_every_mail_arrives_once() {
    let post = Post::to(SmtpServer::start().await, 3, "");
    let sends: Vec<_> = (0..200)
        .map(|number| post.sending(letter_to(&format!("m{number}@example.org"))))
        .collect();
    for send in sends {
        send.await.unwrap().unwrap();
    }
    let mut recipients = post.recipients();
    recipients.sort();
    let mut expected: Vec<_> = (0..200)
        .map(|number| format!("m{number}@example.org"))
        .collect();
    expected.sort();
    assert_eq!(recipients, expected);
    assert_eq!(post.server.most_open(), 3);
    assert_eq!(post.server.sessions().len(), 3);
}

#[tokio::test]
async fn a_connection_that_rested_is_asked_before_it_is_used() {
    let post = Post::start().await;
    post.send(letter()).await.unwrap();
    post.passes(seconds(4)).await;
    post.send(letter()).await.unwrap();
    assert!(!post.server.sessions()[0].contains(&"NOOP".to_owned()));
    post.passes(seconds(6)).await;
    post.send(letter()).await.unwrap();
    assert_eq!(post.server.sessions()[0][7], "NOOP");
    // One that does not answer well is replaced.
    post.server
        .at(At::Noop, Act::SayAndClose("421 4.4.2 Timeout".into()));
    post.passes(seconds(6)).await;
    post.send(letter()).await.unwrap();
    assert_eq!(post.server.sessions().len(), 2);
    assert_eq!(post.server.delivered().len(), 4);
}

#[tokio::test]
async fn a_connection_that_rests_for_long_is_closed_with_a_word() {
    let post = Post::start().await;
    post.send(letter()).await.unwrap();
    post.passes(seconds(60)).await;
    post.server.reached(At::Quit, 1).await;
    post.send(letter()).await.unwrap();
    assert_eq!(post.server.sessions().len(), 2);
}

#[tokio::test]
async fn closing_lets_what_waits_arrive_and_takes_nothing_more() {
    let post = Post::start().await;
    let sends: Vec<_> = (0..10).map(|_| post.sending(letter())).collect();
    post.server.reached(At::Greeting, 1).await;
    post.mailer.close().await;
    for send in sends {
        send.await.unwrap().unwrap();
    }
    assert_eq!(post.server.delivered().len(), 10);
    assert_eq!(post.server.sessions()[0].last().unwrap(), "QUIT");
    let failure = post.send(letter()).await.unwrap_err();
    assert_eq!(failure.scope, Scope::Connection);
}

#[tokio::test]
async fn a_send_that_nobody_waits_for_any_more_is_not_begun() {
    let post = Post::start().await;
    post.server.at(At::Greeting, Act::Hang);
    let first = post.sending(letter_to("first@example.org"));
    post.server.reached(At::Greeting, 1).await;
    let dropped = post.sending(letter_to("dropped@example.org"));
    let last = post.sending(letter_to("last@example.org"));
    tokio::task::yield_now().await;
    dropped.abort();
    dropped.await.unwrap_err();
    post.passes(seconds(300)).await;
    first.await.unwrap().unwrap_err();
    last.await.unwrap().unwrap();
    assert_eq!(post.recipients(), ["last@example.org"]);
}

#[tokio::test]
async fn the_mailer_of_tests_keeps_mails_and_fails_to_order() {
    let memory = Arc::new(MemoryMailer::default());
    let mailer = Mailer::Memory(Arc::clone(&memory));
    memory.fail_next([Scope::Throttle, Scope::Ambiguous]);
    let send = || mailer.send(Arc::new(letter()), Gate::open());
    assert_eq!(send().await.unwrap_err().scope, Scope::Throttle);
    assert_eq!(memory.letters(), []);
    // It may have arrived; here it has.
    assert_eq!(send().await.unwrap_err().scope, Scope::Ambiguous);
    assert_eq!(send().await.unwrap().id, "memory-2");
    assert_eq!(memory.letters(), [letter(), letter()]);
}
