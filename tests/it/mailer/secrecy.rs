//! Encryption and login: what must not go in the clear does not.

use timeattack::clock::Clock;
use timeattack::mailer::Scope;
use timeattack::mailer::smtp::{self, Server, Stage};

use super::{Post, letter};
use crate::support::smtp::{Act, At, SmtpServer};

const OFFERS: [&str; 3] = ["PIPELINING", "STARTTLS", "AUTH PLAIN LOGIN"];
const PASSWORD: &str = "p%40ss";

fn post(server: SmtpServer, scheme: &str, option: &str) -> Post {
    let url = format!("{scheme}://user:{PASSWORD}@{}{option}", server.address);
    Post::by(server, 1, &url)
}

async fn server() -> SmtpServer {
    let server = SmtpServer::start().await;
    server.offering(&OFFERS);
    server.knowing("user", "p@ss");
    server
}

#[tokio::test]
async fn mails_go_encrypted_in_either_way() {
    for (scheme, option) in [
        ("smtps", ""),
        ("smtp", "?tls=required"),
        ("smtp", "?tls=opportunistic"),
    ] {
        let server = server().await;
        if scheme == "smtps" {
            server.wrapped();
        }
        let post = post(server, scheme, option);
        post.send(letter()).await.unwrap();
        post.send(letter()).await.unwrap();
        assert_eq!(post.server.encrypted(), 1, "{scheme}{option}");
        assert_eq!(post.server.delivered()[1].mail, letter().mail);
    }
}

#[tokio::test]
async fn a_starttls_that_somebody_took_out_stops_what_needs_it() {
    for option in ["?tls=required", "?tls=opportunistic"] {
        let server = server().await;
        server.offering(&["PIPELINING", "AUTH PLAIN"]);
        let post = post(server, "smtp", option);
        let failure = post.send(letter()).await.unwrap_err();
        assert_eq!(
            (failure.scope, failure.stage),
            (Scope::Connection, Stage::StartTls)
        );
        // Neither the password nor a mail was told to whoever listens.
        assert_eq!(post.server.sessions()[0], ["EHLO [127.0.0.1]"], "{option}");
    }
    let post = Post::to(SmtpServer::start().await, 1, "?tls=opportunistic");
    post.send(letter()).await.unwrap();
    assert_eq!(
        post.server.encrypted(),
        0,
        "nothing secret in it, and nothing asked for"
    );
}

#[tokio::test]
async fn a_certificate_for_somebody_else_is_refused() {
    let server = server().await;
    server.wrapped();
    server.certified_for("other.example");
    let post = post(server, "smtps", "");
    let failure = post.send(letter()).await.unwrap_err();
    assert_eq!(
        (failure.scope, failure.stage),
        (Scope::Connection, Stage::StartTls)
    );
    assert!(post.server.delivered().is_empty());
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let server = server().await;
    server.wrapped();
    let url = format!("smtps://{}", server.address);
    let probe = smtp::probe(&Server::parse(&url).unwrap(), &Clock::System).await;
    assert_eq!(probe.unwrap_err().stage, Stage::StartTls);
}

/// Somebody between put commands' answers behind the server's go-ahead.
#[tokio::test]
async fn what_came_in_the_clear_is_not_taken_for_what_comes_encrypted() {
    let server = server().await;
    let injected = b"220 Go on\r\n250 mail.example\r\n".to_vec();
    server.at(At::StartTls, Act::Raw(injected));
    let post = post(server, "smtp", "?tls=required");
    let failure = post.send(letter()).await.unwrap_err();
    assert_eq!(
        (failure.scope, failure.stage),
        (Scope::Connection, Stage::StartTls)
    );
    assert!(failure.why.contains("more than its answer"), "{failure}");
}

#[tokio::test]
async fn tls_that_is_cut_or_refused_is_a_matter_of_the_connection() {
    for act in [
        Act::Close,
        Act::Raw(b"220 Go on\r\n".to_vec()),
        Act::Say("454 4.7.0 TLS not available".into()),
    ] {
        let server = server().await;
        server.at(At::StartTls, act.clone());
        if matches!(act, Act::Raw(_)) {
            // It says so, and goes on as if it had not.
            server.at(At::Helo, Act::Close);
        }
        let post = post(server, "smtp", "?tls=required");
        let failure = post.send(letter()).await.unwrap_err();
        assert_eq!(
            (failure.scope, failure.stage),
            (Scope::Connection, Stage::StartTls),
            "{act:?}"
        );
    }
}

#[tokio::test]
async fn both_logins_are_known() {
    for offers in [
        ["STARTTLS", "AUTH PLAIN"],
        ["STARTTLS", "AUTH LOGIN"],
        ["STARTTLS", "AUTH=LOGIN"],
    ] {
        let server = server().await;
        server.offering(&offers);
        let post = post(server, "smtp", "?tls=required");
        post.send(letter()).await.unwrap();
    }
}

#[tokio::test]
async fn a_login_that_is_refused_is_the_senders_fault_and_one_that_cannot_be_checked_is_not() {
    for (reply, scope) in [
        ("535 5.7.8 Wrong", Scope::Sender),
        ("534 5.7.9 Another mechanism", Scope::Sender),
        (
            "454 4.7.0 Temporary authentication failure",
            Scope::Connection,
        ),
        ("421 4.3.0 Later", Scope::Connection),
    ] {
        let server = server().await;
        server.says(At::Auth, reply);
        let post = post(server, "smtp", "?tls=required");
        let failure = post.send(letter()).await.unwrap_err();
        assert_eq!(
            (failure.scope, failure.stage),
            (scope, Stage::Auth),
            "{reply}"
        );
        assert!(!failure.why.contains("p@ss"), "{failure}");
        assert!(post.server.delivered().is_empty());
    }
    let server = server().await;
    server.offering(&["STARTTLS", "AUTH CRAM-MD5"]);
    let post = post(server, "smtp", "?tls=required");
    let failure = post.send(letter()).await.unwrap_err();
    assert_eq!((failure.scope, failure.stage), (Scope::Sender, Stage::Auth));
}
