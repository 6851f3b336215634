//! The page to try the bot by hand: what it shows, what it refuses, and from whom.

use serde_json::{Value, json};

use super::client::Place;
use super::{Answer, Gateway};

async fn act(place: &Place, action: &Value) -> Answer {
    place
        .sent(place.local("POST", "/local/act").json(action))
        .await
}

/// An action of Mina's in the channel.
fn mina_does(place: &Place, mut action: Value) -> Value {
    action["user"] = place.mina.get().into();
    action["channel"] = place.channel.get().into();
    action
}

async fn messages(place: &Place, query: &str) -> Answer {
    let path = format!("/local/channels/{}/messages?{query}", place.channel);
    place.sent(place.local("GET", &path)).await
}

#[tokio::test]
async fn the_page_allows_nothing_from_elsewhere_and_nothing_inline() {
    let place = Place::start().await;
    let page = place.sent(place.local("GET", "/")).await;
    let policy = page.header("content-security-policy").to_owned();
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    let html = page.body.as_str().unwrap().to_owned();
    assert!(html.contains("page.js") && !html.contains("<script>"));
    for (path, kind) in [("/page.js", "text/javascript"), ("/page.css", "text/css")] {
        let part = place.sent(place.local("GET", path)).await;
        assert!(part.header("content-type").starts_with(kind), "{path}");
    }
    place.end();
}

#[tokio::test]
async fn the_world_tells_servers_channels_people_and_commands() {
    let place = Place::start().await;
    place.register().await;
    let world = place.sent(place.local("GET", "/local/world")).await.ok();
    assert_eq!(world["guilds"][0]["name"], "Study");
    assert_eq!(
        world["guilds"][0]["channels"],
        json!([{ "id": place.channel.to_string(), "name": "general" }])
    );
    let members = world["guilds"][0]["members"].as_array().unwrap();
    let names: Vec<&str> = members
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Mina", "jamong"]);
    assert_eq!(world["commands"][0]["name"], "note");
    assert_eq!(world["connected"], false);
    let _connected = Gateway::ready(&place, 0).await;
    let world = place.sent(place.local("GET", "/local/world")).await.ok();
    assert_eq!(world["connected"], true);
    place.end();
}

#[tokio::test]
async fn a_waiting_page_is_told_of_what_came_since_it_looked() {
    let place = Place::start().await;
    let user = format!("user={}", place.mina);
    let empty = messages(&place, &user).await.ok();
    assert_eq!(empty["messages"], json!([]));
    let wait = format!("{user}&wait={}", empty["seen"]);
    // Before it waits: what came in between is not lost.
    place.post(&json!({ "content": "One" })).await.ok();
    let first = messages(&place, &wait).await.ok();
    assert_eq!(first["messages"][0]["content"], "One");
    // While it waits.
    let wait = format!("{user}&wait={}", first["seen"]);
    let two = json!({ "content": "Two" });
    let (second, posted) = tokio::join!(messages(&place, &wait), place.post(&two));
    posted.ok();
    assert_eq!(second.ok()["messages"][1]["content"], "Two");
    place.end();
}

#[tokio::test]
async fn who_and_where_must_exist_and_fit_together() {
    let place = Place::start().await;
    let stranger = place.discord.add_user("Stranger", "ko");
    for (query, status) in [
        ("", 400),
        ("user=Mina", 400),
        ("user=4242", 404),
        (&format!("user={stranger}"), 404),
        (&format!("user={}&wait=soon", place.mina), 400),
    ] {
        assert_eq!(messages(&place, query).await.status, status, "{query}");
    }
    for (path, status) in [
        (
            format!("/local/channels/4242/messages?user={}", place.mina),
            404,
        ),
        (
            format!("/local/channels/general/messages?user={}", place.mina),
            400,
        ),
        ("/local/nothing".into(), 404),
    ] {
        let answer = place.sent(place.local("GET", &path)).await;
        assert_eq!(answer.status, status, "{path}");
    }
    place.end();
}

#[tokio::test]
async fn an_action_runs_and_shows_the_bots_answer() {
    let place = Place::start().await;
    place.register().await;
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    let slash = mina_does(&place, json!({ "do": "slash", "line": "/note text:Hi" }));
    let answering = async {
        let event = gateway.event("INTERACTION_CREATE").await;
        assert_eq!(event["data"]["options"][0]["value"], "Hi");
        let answer = json!({ "type": 4, "data": { "content": "Noted", "flags": 64 } });
        place.callback(&event, &answer).await
    };
    let (acted, answered) = tokio::join!(act(&place, &slash), answering);
    assert_eq!(answered.status, 204);
    assert_eq!(acted.ok(), json!({ "text": "Noted", "ephemeral": true }));
    place.end();
}

#[tokio::test]
async fn an_action_that_cannot_be_is_refused_in_words() {
    let place = Place::start().await;
    place.register().await;
    for (action, part) in [
        (json!({ "do": "slash", "line": "/nothing" }), "no command"),
        (json!({ "do": "slash", "line": "" }), "no command"),
        (json!({ "do": "slash", "line": "/note what" }), "no option"),
        (
            json!({ "do": "autocomplete", "path": "", "focused": "x", "typed": "" }),
            "no command",
        ),
        (
            json!({ "do": "autocomplete", "path": "note", "focused": "x", "typed": "" }),
            "no option",
        ),
        (
            json!({ "do": "click", "message": 1, "custom_id": "x" }),
            "gone",
        ),
        (
            json!({ "do": "select", "message": 1, "custom_id": "x", "values": [] }),
            "gone",
        ),
    ] {
        let refused = act(&place, &mina_does(&place, action.clone())).await;
        assert_eq!(refused.status, 400, "{action}");
        let text = refused.body["refused"].as_str().unwrap().to_owned();
        assert!(text.contains(part), "{action}: {text}");
    }
    let nobody = json!({ "user": 1, "channel": 2, "do": "slash", "line": "/note" });
    assert_eq!(act(&place, &nobody).await.status, 400);
    for malformed in [
        json!(null),
        json!({ "do": "slash", "line": "/note" }),
        mina_does(&place, json!({ "do": "nothing" })),
    ] {
        let status = act(&place, &malformed).await.status;
        assert!((400..500).contains(&status), "{status}: {malformed}");
    }
    place.end();
}

#[tokio::test]
async fn a_form_made_up_by_the_page_breaks_nothing() {
    let place = Place::start().await;
    for rows in [
        json!([{ "type": 18, "components": [] }]),
        json!([7, null]),
        json!("rows"),
    ] {
        let modal = json!({ "custom_id": "x", "components": rows, "_source": "1" });
        let action = json!({ "do": "submit", "modal": modal, "values": {} });
        let refused = act(&place, &mina_does(&place, action)).await;
        assert_eq!(refused.status, 400, "{rows}");
    }
    place.sent(place.local("GET", "/local/world")).await.ok();
    place.end();
}

#[tokio::test]
async fn other_sites_and_names_pointed_here_are_refused() {
    let place = Place::start().await;
    let own = place.discord.url();
    let host = own.strip_prefix("http://").unwrap().to_owned();
    let port = host.rsplit(':').next().unwrap().to_owned();
    let action = mina_does(&place, json!({ "do": "slash", "line": "/note" }));
    for (host, origin, allowed) in [
        (host.clone(), None, true),
        (host.clone(), Some(own.clone()), true),
        (
            format!("localhost:{port}"),
            Some(format!("http://localhost:{port}")),
            true,
        ),
        (format!("[::1]:{port}"), None, true),
        (host.clone(), Some("https://evil.example".into()), false),
        (host.clone(), Some("null".into()), false),
        (
            host.clone(),
            Some(format!("http://localhost:{port}")),
            false,
        ),
        (format!("evil.example:{port}"), None, false),
        (
            format!("evil.example:{port}"),
            Some(format!("http://evil.example:{port}")),
            false,
        ),
        (format!("127.0.0.1.evil.example:{port}"), None, false),
    ] {
        let with = |method: &str, path: &str| {
            let request = place.local(method, path).header("host", &host);
            match &origin {
                Some(origin) => request.header("origin", origin),
                None => request,
            }
        };
        let world = place.sent(with("GET", "/local/world")).await;
        let expected = if allowed { 200 } else { 403 };
        assert_eq!(world.status, expected, "{host} {origin:?}");
        // Allowed, it is refused all the same: there is no such command.
        let acted = place.sent(with("POST", "/local/act").json(&action)).await;
        let expected = if allowed { 400 } else { 403 };
        assert_eq!(acted.status, expected, "{host} {origin:?}");
    }
    place.end();
}

#[tokio::test]
async fn a_bot_may_know_this_place_by_any_name_but_no_browser_may_act_as_one() {
    let place = Place::start().await;
    let by_name = place
        .request("GET", "/users/@me")
        .header("host", "sandbox:7777");
    place.sent(by_name).await.ok();
    let by_page = place
        .request("GET", "/users/@me")
        .header("origin", "https://evil.example");
    assert_eq!(place.sent(by_page).await.status, 403);
    // A plain form of another site cannot even say that it sends JSON.
    let plain = place
        .local("POST", "/local/act")
        .header("content-type", "text/plain");
    assert_eq!(place.sent(plain.body("{}")).await.status, 415);
    place.end();
}
