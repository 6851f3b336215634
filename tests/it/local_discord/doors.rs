//! Other sites reach none of the local Discord's doors, whatever they make a browser send.

use serde_json::json;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::Gateway;
use super::client::{Place, callback_path};

/// What a browser of ours says, what one that another site uses, and what a program does.
async fn senders(place: &Place) -> Vec<(Vec<(&'static str, String)>, bool)> {
    let own = place.discord.url();
    let host = own.strip_prefix("http://").unwrap().to_owned();
    let port = host.rsplit(':').next().unwrap().to_owned();
    let host_of = |name: &str| ("host", format!("{name}:{port}"));
    let origin = |origin: &str| ("origin", origin.to_owned());
    let site = |site: &str| ("sec-fetch-site", site.to_owned());
    vec![
        (vec![], true),
        (vec![origin(&own)], true),
        (
            vec![
                host_of("localhost"),
                origin(&format!("http://localhost:{port}")),
            ],
            true,
        ),
        (vec![host_of("[::1]")], true),
        (vec![site("same-origin")], true),
        (vec![origin("https://evil.example")], false),
        (vec![origin("null")], false),
        (vec![origin(&format!("http://localhost:{port}"))], false),
        (vec![host_of("evil.example")], false),
        (
            vec![
                host_of("evil.example"),
                origin(&format!("http://evil.example:{port}")),
            ],
            false,
        ),
        (vec![host_of("127.0.0.1.evil.example")], false),
        (vec![host_of("sandbox")], false),
        (vec![site("cross-site")], false),
        (vec![site("same-site")], false),
    ]
}

#[tokio::test]
async fn other_sites_and_names_pointed_here_find_every_door_closed() {
    let place = Place::start().await;
    place.register().await;
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    let (event, _doing) = place.note(&mut gateway).await;
    let channel = place.channel;
    let file = place
        .upload(
            &place.messages_of(channel),
            &json!({ "content": "One" }),
            &[("a.png", vec![1])],
        )
        .await
        .ok();
    let file = file["attachments"][0]["url"].as_str().unwrap().to_owned();
    let file = file.strip_prefix(&place.discord.url()).unwrap().to_owned();
    let callback = format!("/api/v10{}", callback_path(&event));
    let messages = format!("/api/v10/channels/{channel}/messages");
    let local = format!("/local/channels/{channel}/messages?user={}", place.mina);
    let before = place.texts().len();
    let doors = [
        ("GET", "/"),
        ("GET", "/sandbox/js/main.js"),
        ("GET", "/local/world"),
        ("GET", &local),
        ("GET", "/local/insight"),
        ("GET", "/local/mail"),
        ("GET", &file),
        ("GET", "/gateway"),
        ("GET", "/api/v10/gateway"),
        ("GET", "/api/v10/gateway/bot"),
        ("GET", &messages),
        ("GET", "/api/nothing"),
        ("GET", "/nothing"),
        ("POST", "/local/act"),
        ("POST", "/local/people"),
        ("POST", "/local/clock"),
        ("POST", "/local/faults"),
        ("POST", "/local/bot"),
        ("POST", "/local/nothing"),
        ("POST", &messages),
        ("POST", &callback),
        ("PUT", "/api/v10/applications/1/commands"),
        ("DELETE", &messages),
    ];
    for (headers, is_welcome) in senders(&place).await {
        for (method, path) in doors {
            // Also with the token, which nobody else knows.
            let token = format!("Bot {}", place.discord.token());
            let mut request = place.local(method, path).header("authorization", token);
            for (name, value) in &headers {
                request = request.header(*name, value);
            }
            let status = place.sent(request).await.status;
            assert_eq!(
                status != 403,
                is_welcome,
                "{method} {path} {headers:?}: {status}"
            );
        }
    }
    // Nothing of it was done.
    assert_eq!(place.texts().len(), before);
    place.discord.stop();
}

#[tokio::test]
async fn the_gateway_is_no_way_in_for_a_page_either() {
    let place = Place::start().await;
    let url = format!("{}/gateway?v=10&encoding=json", place.discord.url());
    let url = url.replacen("http", "ws", 1);
    for (headers, is_welcome) in senders(&place).await {
        let mut request = url.as_str().into_client_request().unwrap();
        for (name, value) in &headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok(_) => assert!(is_welcome, "{headers:?}"),
            Err(Error::Http(answer)) => {
                assert!(!is_welcome, "{headers:?}");
                assert_eq!(answer.status().as_u16(), 403);
            }
            Err(error) => panic!("{headers:?}: {error}"),
        }
    }
    place.end();
}

/// A form of another site can be sent without asking first, and has no `Origin` in old browsers.
#[tokio::test]
async fn a_plain_form_cannot_even_say_that_it_sends_json() {
    let place = Place::start().await;
    let plain = place
        .local("POST", "/local/act")
        .header("content-type", "text/plain");
    assert_eq!(place.sent(plain.body("{}")).await.status, 415);
    place.end();
}

/// A link that leads here shows the page.
#[tokio::test]
async fn a_link_of_another_site_may_be_followed() {
    let place = Place::start().await;
    let link = place
        .local("GET", "/")
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "document");
    assert_eq!(place.sent(link).await.status, 200);
    place.end();
}
