//! Health, what is not there, and limits.

use std::time::Duration;

use serde_json::{Value, json};
use timeattack::http::{self, Limits};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Answer, Site};
use crate::support::{execute, read_only};

/// How long a database may take to store something.
const PATIENCE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn it_says_whether_it_is_there_and_whether_it_is_ready() {
    let site = Site::start().await;
    let alive = site.get(&site.url("/healthz")).await;
    assert_eq!((alive.status, &*alive.body), (200, "ok"));
    let ready = site.get(&site.url("/readyz")).await;
    let told: Value = serde_json::from_str(&ready.body).unwrap();
    assert_eq!(told, json!({ "database": "ok", "gateway": "ok" }));
    assert_eq!(ready.status, 200);
    site.gateway.send_replace(false);
    let ready = site.get(&site.url("/readyz")).await;
    let told: Value = serde_json::from_str(&ready.body).unwrap();
    assert_eq!(
        told,
        json!({ "database": "ok", "gateway": "not connected" })
    );
    assert_eq!(ready.status, 503);
    site.gateway.send_replace(true);
    let db = site.app.app().db.clone();
    let [refuse, take] = read_only(site.app.is_postgres());
    execute(&db, refuse).await.unwrap();
    db.try_to_store(PATIENCE).await.unwrap_err();
    let ready = site.get(&site.url("/readyz")).await;
    assert!(ready.says("cannot be written"), "{}", ready.body);
    assert_eq!(ready.status, 503);
    execute(&db, take).await.unwrap();
    db.try_to_store(PATIENCE).await.unwrap();
    assert_eq!(site.get(&site.url("/readyz")).await.status, 200);
    db.close().await;
    let ready = site.get(&site.url("/readyz")).await;
    assert!(ready.says("unreachable"), "{}", ready.body);
    assert_eq!(site.get(&site.url("/healthz")).await.status, 200);
    site.end().await;
}

#[tokio::test]
async fn what_is_not_there_is_said_to_people_and_to_programs() {
    let site = Site::start().await;
    for path in ["/", "/nothing", "/apis", "/unsubscribe", "/unsubscribe/"] {
        let answer = site.get(&site.url(path)).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.says("여기에는") && answer.says("Nothing here"));
        assert!(
            answer
                .header("content-security-policy")
                .starts_with("default-src 'none';")
        );
    }
    for path in ["/api", "/api/v1/guilds/1", "/webhooks/other"] {
        let answer = site.get(&site.url(path)).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let told: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(told["status"], 404);
        assert_eq!(told["title"], "Not Found");
    }
    let answer = Answer::read(site.client.delete(site.url("/healthz"))).await;
    assert_eq!(answer.status, 405);
    let answer = site.get(&site.url("/webhooks/ses")).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    for path in ["/healthz", "/", "/api"] {
        let answer = site.get(&site.url(path)).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("set-cookie"), "");
    }
    site.end().await;
}

#[tokio::test]
async fn whoever_only_holds_on_is_let_go() {
    let short = Duration::from_millis(200);
    let site = Site::with(Limits {
        head: short,
        request: short,
        ..Limits::default()
    })
    .await;
    // Nothing at all; a head that does not end; a body that does not come.
    for (said, answered) in [
        ("", ""),
        ("GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ", ""),
        (
            "POST /webhooks/ses HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{",
            "HTTP/1.1 408",
        ),
    ] {
        let mut stream = TcpStream::connect(site.addr).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut heard = String::new();
        stream.read_to_string(&mut heard).await.unwrap();
        assert!(heard.starts_with(answered), "{said}: {heard}");
    }
    // A head that is too long.
    let mut stream = TcpStream::connect(site.addr).await.unwrap();
    let long = format!(
        "GET /healthz HTTP/1.1\r\nx: {}\r\n\r\n",
        "x".repeat(64 * 1024)
    );
    // It may hang up before it has heard all of it.
    let _ = stream.write_all(long.as_bytes()).await;
    let mut heard = Vec::new();
    let _ = stream.read_to_end(&mut heard).await;
    assert!(!heard.starts_with(b"HTTP/1.1 200"));
    assert_eq!(site.get(&site.url("/healthz")).await.status, 200);
    site.end().await;
}

#[tokio::test]
async fn a_body_has_a_bound() {
    let site = Site::start().await;
    let request = site.client.post(site.url("/webhooks/ses"));
    let answer = Answer::read(request.body("x".repeat(600 * 1024))).await;
    assert_eq!(answer.status, 413);
    site.end().await;
}

#[tokio::test]
async fn what_is_under_way_is_answered_at_the_end() {
    let site = Site::start().await;
    let mut stream = TcpStream::connect(site.addr).await.unwrap();
    let begun = "POST /webhooks/ses HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n\
        content-length: 2\r\n\r\n";
    stream.write_all(begun.as_bytes()).await.unwrap();
    // It is under way for certain once its body is asked for.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    site.stop.cancel();
    stream.write_all(b"{}").await.unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.unwrap();
    assert!(heard.starts_with("HTTP/1.1 400"), "{heard}");
    site.end().await;
}

#[test]
fn an_address_that_is_taken_is_told_by_its_key() {
    let first = http::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let second = http::bind(first.local_addr().unwrap()).unwrap_err();
    assert!(format!("{second:#}").starts_with("HTTP_ADDR: cannot listen on 127.0.0.1:"));
}
