//! Many connections at once: those who only hold on, in whatever way, lock nobody out.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use timeattack::http::Limits;
use timeattack::outbox::Class;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Answer, Site};
use crate::support::GUILD;

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the server waits for clients in these tests, where it is meant to lose its patience.
const SHORT: Duration = Duration::from_millis(300);
/// And where it is not.
const LONG: Duration = Duration::from_secs(600);

fn limits(connections: usize, write: Duration) -> Limits {
    Limits {
        connections,
        head: LONG,
        request: LONG,
        write,
    }
}

async fn connected(addr: SocketAddr, said: &str) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(said.as_bytes()).await.unwrap();
    stream
}

/// Asks again and again and reads nothing, until it is cut off. It tells when it has begun.
async fn deaf(addr: SocketAddr, begun: Arc<Semaphore>) {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let requests = "GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n".repeat(200);
    let mut written = stream.write_all(requests.as_bytes()).await;
    begun.add_permits(1);
    while written.is_ok() {
        written = stream.write_all(requests.as_bytes()).await;
    }
}

/// Returns when the server has closed it.
async fn until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let mut heard = Vec::new();
    let closed = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut heard)).await;
    match closed.expect("it is closed") {
        Ok(_) => heard,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            heard
        }
    }
}

async fn answers_now(site: &Site, path: &str) -> Answer {
    // Over a connection of its own.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answered = Answer::read(client.get(site.url(path)));
    let answered = tokio::time::timeout(PATIENCE, answered).await;
    answered.unwrap_or_else(|_| panic!("{path} is not answered"))
}

/// What a mail program's button sends.
async fn one_click(site: &Site, link: &str) -> Answer {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let pressed = client
        .post(link)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body("List-Unsubscribe=One-Click");
    let answered = tokio::time::timeout(PATIENCE, Answer::read(pressed)).await;
    assert!(answered.is_ok(), "{} does not answer", site.addr);
    answered.unwrap()
}

#[tokio::test]
async fn who_does_not_take_answers_is_cut_off_and_others_are_served_all_the_while() {
    let site = Site::with(limits(16, SHORT)).await;
    let mail = site.mail(GUILD, Class::Ad, false, "mina@example.org").await;
    let (mut crowd, begun) = (JoinSet::new(), Arc::new(Semaphore::new(0)));
    for _ in 0..40 {
        crowd.spawn(deaf(site.addr, Arc::clone(&begun)));
    }
    let all = tokio::time::timeout(PATIENCE, begun.acquire_many(40)).await;
    drop(all.expect("they begin").unwrap());
    for _ in 0..5 {
        assert_eq!(answers_now(&site, "/healthz").await.status, 200);
        assert_eq!(answers_now(&site, "/readyz").await.status, 200);
        assert_eq!(one_click(&site, &mail.link).await.status, 200);
    }
    let gone = async { while crowd.join_next().await.is_some() {} };
    let gone = tokio::time::timeout(PATIENCE, gone).await;
    gone.expect("none of them stays");
    site.end().await;
}

#[tokio::test]
async fn a_deaf_client_is_cut_off_also_when_there_is_room_for_it() {
    let site = Site::with(limits(16, SHORT)).await;
    let begun = Arc::new(Semaphore::new(0));
    let gone = tokio::time::timeout(PATIENCE, deaf(site.addr, begun)).await;
    gone.expect("it is cut off");
    site.end().await;
}

/// A byte now and then is no reason to wait longer.
#[tokio::test]
async fn who_reads_a_byte_now_and_then_is_cut_off() {
    let site = Site::with(limits(16, SHORT)).await;
    let stream = TcpStream::connect(site.addr).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let asking = async move {
        let requests = "GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n".repeat(200);
        while writer.write_all(requests.as_bytes()).await.is_ok() {}
    };
    let reading = async {
        let mut now_and_then = tokio::time::interval(SHORT / 10);
        // What had come before the end can still be read after it.
        while reader.read_u8().await.is_ok() {
            now_and_then.tick().await;
        }
    };
    let cut_off = async {
        tokio::select! {
            () = asking => {}
            () = reading => {}
        }
    };
    let cut_off = tokio::time::timeout(PATIENCE, cut_off).await;
    cut_off.expect("it is cut off");
    site.end().await;
}

/// What a client that reads has asked for it gets, in order, however much it asks for at once.
#[tokio::test]
async fn many_small_requests_in_a_row_are_all_answered() {
    const REQUESTS: usize = 3_000;
    let site = Site::with(limits(16, LONG)).await;
    let stream = TcpStream::connect(site.addr).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let asking = tokio::spawn(async move {
        for number in 0..REQUESTS {
            let last = if number + 1 == REQUESTS {
                "connection: close\r\n"
            } else {
                ""
            };
            let request = format!("GET /nothing/{number} HTTP/1.1\r\nhost: x\r\n{last}\r\n");
            writer.write_all(request.as_bytes()).await.unwrap();
        }
        // Kept, so that it is the server which ends it.
        writer
    });
    // Nothing is read before all is asked, or as much as the system takes.
    let mut heard = String::new();
    let read = tokio::time::timeout(PATIENCE, reader.read_to_string(&mut heard)).await;
    read.expect("all is answered").unwrap();
    assert_eq!(
        heard.matches("HTTP/1.1 404 Not Found\r\n").count(),
        REQUESTS
    );
    drop(asking.await.unwrap());
    site.end().await;
}

#[tokio::test]
async fn idle_connections_make_room_the_oldest_first() {
    let site = Site::with(limits(8, LONG)).await;
    let ask = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut heard = [0; 15];
    let mut answered = Vec::new();
    for _ in 0..3 {
        let mut stream = connected(site.addr, ask).await;
        stream.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"HTTP/1.1 200 OK");
        answered.push(stream);
    }
    // Half a head, and nothing at all.
    let mut silent = vec![connected(site.addr, "GET /healthz HTTP/1.1\r\nhost").await];
    for _ in 0..7 {
        silent.push(connected(site.addr, "").await);
    }
    for stream in &mut answered {
        until_closed(stream).await;
    }
    // There are as many silent ones as places.
    assert_eq!(answers_now(&site, "/healthz").await.status, 200);
    until_closed(&mut silent[0]).await;
    let last = silent.last_mut().unwrap();
    last.write_all(ask.as_bytes()).await.unwrap();
    last.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"HTTP/1.1 200 OK");
    site.end().await;
}

/// A body that does not come, of which the server has asked for more.
async fn slow_body(site: &Site, path: &str) -> TcpStream {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 10\r\n\r\n"
    );
    let mut stream = connected(site.addr, &head).await;
    let mut asked = [0; 25];
    let read = tokio::time::timeout(PATIENCE, stream.read_exact(&mut asked)).await;
    read.expect("it is asked for").unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

#[tokio::test]
async fn ordinary_requests_leave_room_for_one_click_and_these_for_health() {
    // Three quarters of it for ordinary requests, seven eighths for these and one-click. (Some more
    // than are taken here: connections that have just ended may still count.)
    let site = Site::with(limits(64, LONG)).await;
    let mail = site.mail(GUILD, Class::Ad, false, "mina@example.org").await;
    let path = mail.link.strip_prefix(&site.url("")).unwrap();
    let mut under_way = Vec::new();
    for _ in 0..48 {
        under_way.push(slow_body(&site, "/webhooks/ses").await);
    }
    let program = Answer::read(site.client.post(site.url("/webhooks/ses"))).await;
    assert_eq!((program.status, program.header("retry-after")), (503, "5"));
    assert_eq!(program.header("content-type"), "application/problem+json");
    let person = site.get(&mail.link).await;
    assert_eq!((person.status, person.header("retry-after")), (503, "5"));
    assert!(
        person.says("잠시 뒤에") && person.says("in a moment"),
        "{}",
        person.body
    );
    assert_eq!(one_click(&site, &mail.link).await.status, 200);
    for _ in 0..8 {
        under_way.push(slow_body(&site, path).await);
    }
    assert_eq!(one_click(&site, &mail.link).await.status, 503);
    assert_eq!(answers_now(&site, "/healthz").await.status, 200);
    assert_eq!(answers_now(&site, "/readyz").await.status, 200);
    // Whoever comes in great numbers takes the places of those whose bodies do not come.
    let mut idle = Vec::new();
    for _ in 0..64 {
        idle.push(connected(site.addr, "").await);
    }
    for mut slow in under_way {
        until_closed(&mut slow).await;
    }
    assert_eq!(one_click(&site, &mail.link).await.status, 200);
    site.end().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_time_also_after_its_first_answer() {
    let site = Site::with(Limits {
        head: SHORT,
        ..limits(16, LONG)
    })
    .await;
    let mut stream = connected(site.addr, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let heard = String::from_utf8(until_closed(&mut stream).await).unwrap();
    assert!(heard.starts_with("HTTP/1.1 200 OK"), "{heard}");
    site.end().await;
}

/// RFC 9112 §9.6: a client that has nothing more to say may still want to hear.
#[tokio::test]
async fn who_says_nothing_more_still_hears_the_answer() {
    let site = Site::with(limits(16, LONG)).await;
    let mail = site.mail(GUILD, Class::Ad, false, "mina@example.org").await;
    let path = mail.link.strip_prefix(&site.url("")).unwrap();
    let body = "List-Unsubscribe=One-Click";
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = connected(site.addr, &request).await;
    stream.shutdown().await.unwrap();
    let heard = String::from_utf8(until_closed(&mut stream).await).unwrap();
    assert!(heard.starts_with("HTTP/1.1 200 OK"), "{heard}");
    site.end().await;
}

#[tokio::test]
async fn a_head_has_a_bound_in_bytes_and_in_lines() {
    let site = Site::with(limits(16, LONG)).await;
    let headers = |count: usize| -> String {
        let lines = (0..count).map(|number| format!("x-{number}: y\r\n"));
        lines.collect()
    };
    for (headers, status) in [
        (headers(50), "200 OK"),
        (headers(1_000), "431 Request Header Fields Too Large"),
        (
            format!("x: {}\r\n", "y".repeat(20_000)),
            "431 Request Header Fields Too Large",
        ),
    ] {
        let request =
            format!("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
        let mut stream = connected(site.addr, &request).await;
        let heard = String::from_utf8(until_closed(&mut stream).await).unwrap();
        assert!(heard.starts_with(&format!("HTTP/1.1 {status}")), "{heard}");
    }
    site.end().await;
}
