//! The page to try the bot by hand: what it shows, what it refuses, and from whom.

use serde_json::{Value, json};

use timeattack::clock::Clock;
use timeattack::sandbox::{LocalDiscord, Options};

use super::client::Place;
use super::{Answer, Gateway};
use crate::support::{NOW_MS, hours, minutes};

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
    let roles = world["guilds"][0]["roles"].as_array().unwrap();
    assert_eq!(roles[0]["name"], "@everyone");
    assert_eq!(world["people"][0]["name"], "Mina");
    assert_eq!(world["people"][0]["direct"], Value::Null);
    assert_eq!(world["bot"], place.bot().await.to_string());
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

async fn turn(place: &Place, by: &Value) -> Answer {
    let turn = json!({ "advance_ms": by });
    place
        .sent(place.local("POST", "/local/clock").json(&turn))
        .await
}

#[tokio::test]
async fn the_clock_shows_its_time_and_is_turned_forward() {
    let place = Place::start().await;
    let told = async || place.sent(place.local("GET", "/local/world")).await.ok()["now_ms"].clone();
    assert_eq!(told().await, NOW_MS);
    let turned = turn(&place, &json!(minutes(10))).await.ok();
    assert_eq!(turned, json!({ "now_ms": NOW_MS + minutes(10) }));
    assert_eq!(told().await, NOW_MS + minutes(10));
    for by in [0, -1, hours(366 * 24) + 1, i64::MAX] {
        assert_eq!(turn(&place, &json!(by)).await.status, 400, "{by}");
    }
    for by in [json!(null), json!("an hour"), json!(1.5)] {
        assert_eq!(turn(&place, &by).await.status, 422, "{by}");
    }
    assert_eq!(told().await, NOW_MS + minutes(10), "nothing of that counts");
    place.end();
}

#[tokio::test]
async fn a_page_that_waits_is_told_of_the_new_time() {
    let place = Place::start().await;
    let user = format!("user={}", place.mina);
    let empty = messages(&place, &user).await.ok();
    assert_eq!(empty["now_ms"], NOW_MS);
    let wait = format!("{user}&wait={}", empty["seen"]);
    let an_hour = json!(hours(1));
    let (waited, turned) = tokio::join!(messages(&place, &wait), turn(&place, &an_hour));
    turned.ok();
    assert_eq!(waited.ok()["now_ms"], NOW_MS + hours(1));
    place.end();
}

#[tokio::test]
async fn what_waits_for_a_time_has_it_once_the_clock_is_turned_there() {
    let place = Place::start().await;
    place.register().await;
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    let (_unanswered, doing) = place.note(&mut gateway).await;
    turn(&place, &json!(3_000)).await.ok();
    let gone = doing.await.unwrap().unwrap_err();
    assert_eq!(gone.to_string(), "The application did not respond");
    place.end();
}

#[tokio::test]
async fn a_shifted_clock_is_turned_and_the_machines_own_is_not() {
    let (clock, _) = Clock::shifted();
    for (clock, status) in [(Clock::System, 409), (clock, 200)] {
        let options = Options {
            clock: clock.clone(),
            ..Options::default()
        };
        let discord = LocalDiscord::start(options).await.unwrap();
        let before_ms = clock.now_ms();
        let url = format!("{}/local/clock", discord.url());
        let turn = reqwest::Client::new()
            .post(url)
            .json(&json!({ "advance_ms": hours(8) }));
        assert_eq!(turn.send().await.unwrap().status(), status);
        let is_turned = clock.now_ms() >= before_ms + hours(8);
        assert_eq!(is_turned, status == 200);
        discord.stop();
    }
}

#[tokio::test]
async fn direct_messages_are_shown_to_their_recipient_alone_who_acts_in_them() {
    let place = Place::start().await;
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    let direct = place.discord.open_direct_channel(place.mina);
    let world = place.sent(place.local("GET", "/local/world")).await.ok();
    assert_eq!(world["people"][0]["direct"], direct.to_string());
    let button = json!({ "type": 2, "style": 1, "label": "Yes", "custom_id": "yes" });
    let rows = json!([{ "type": 1, "components": [button] }]);
    let ask = json!({ "content": "May I?", "components": rows });
    let asked = place.post_in(direct, &ask).await.ok();
    let path = |user| format!("/local/channels/{direct}/messages?user={user}");
    let shown = place.sent(place.local("GET", &path(place.mina))).await.ok();
    assert_eq!(shown["messages"], json!([asked]));
    let hidden = place.sent(place.local("GET", &path(place.jamong))).await;
    assert_eq!(hidden.status, 404);

    let id: u64 = asked["id"].as_str().unwrap().parse().unwrap();
    let click = |user: u64| {
        json!({
            "user": user, "channel": direct.get(), "do": "click",
            "message": id, "custom_id": "yes",
        })
    };
    assert_eq!(act(&place, &click(place.jamong.get())).await.status, 400);
    let clicked = click(place.mina.get());
    let answering = async {
        let event = gateway.event("INTERACTION_CREATE").await;
        assert_eq!(event["user"]["id"], place.mina.to_string());
        let update = json!({ "type": 7, "data": { "content": "You may", "components": [] } });
        place.callback(&event, &update).await
    };
    let (acted, answered) = tokio::join!(act(&place, &clicked), answering);
    assert_eq!(answered.status, 204);
    assert_eq!(acted.ok()["text"], "You may");
    place.end();
}

#[tokio::test]
async fn a_person_takes_no_direct_messages_until_they_do_again() {
    let place = Place::start().await;
    let direct = place.discord.open_direct_channel(place.mina);
    let set = async |user: u64, takes_dms: bool| {
        let person = json!({ "user": user, "takes_dms": takes_dms });
        place
            .sent(place.local("POST", "/local/people").json(&person))
            .await
    };
    let hello = json!({ "content": "Hello" });
    for (takes_dms, expected) in [(false, (403, 50_007)), (true, (200, 0))] {
        let told = set(place.mina.get(), takes_dms).await.ok();
        assert_eq!(told, json!({ "takes_dms": takes_dms }));
        let world = place.sent(place.local("GET", "/local/world")).await.ok();
        assert_eq!(world["people"][0]["takes_dms"], takes_dms);
        let sent = place.post_in(direct, &hello).await;
        assert_eq!(sent.refusal(), expected);
    }
    assert_eq!(set(4_242, false).await.status, 404);
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
