//! The page to try the bot by hand: what it shows, what it refuses, and from whom.

use serde_json::{Value, json};

use timeattack::clock::Clock;
use timeattack::sandbox::{LocalDiscord, Options, permissions};

use super::client::Place;
use super::{Answer, Gateway};
use crate::support::{NOW_MS, hours, minutes};

async fn act(place: &Place, action: &Value) -> Answer {
    place
        .sent(place.local("POST", "/local/act").json(action))
        .await
}

/// An action that is taken: a refusal is answered by 200 as well.
async fn done(place: &Place, action: &Value) -> Value {
    let told = act(place, action).await.ok();
    assert_eq!(told.get("refused"), None, "{action}: {told}");
    told
}

/// An action that is refused in words: the whole answer.
async fn refused(place: &Place, action: &Value) -> Value {
    let told = act(place, action).await.ok();
    assert!(told["refused"].is_string(), "{action}: {told}");
    told
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
    assert!(!html.contains("<script>") && !html.contains("style="));
    place.end();
}

/// Whatever a file of the page names is there, so that nothing is missing from what is compiled in.
#[tokio::test]
async fn every_file_of_the_page_is_served_as_what_it_is() {
    let place = Place::start().await;
    let page = place.sent(place.local("GET", "/")).await.ok();
    let mut wanted: Vec<String> = named(page.as_str().unwrap(), "\"/sandbox/", "/sandbox/");
    let mut seen = std::collections::BTreeSet::new();
    while let Some(path) = wanted.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let file = place.sent(place.local("GET", &path)).await;
        let kind = match path.rsplit('.').next() {
            Some("js") => "text/javascript",
            Some("css") => "text/css",
            _ => "image/svg+xml",
        };
        assert_eq!(file.status, 200, "{path}");
        assert!(file.header("content-type").starts_with(kind), "{path}");
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        let text = file.body.as_str().unwrap();
        for breach in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
        ] {
            assert!(!text.contains(breach), "{breach} in {path}");
        }
        wanted.extend(named(text, "from \"./", "/sandbox/js/"));
    }
    assert!(seen.len() > 20, "{seen:?}");
    let nothing = place.local("GET", "/sandbox/js/../../../Cargo.toml");
    assert_eq!(place.sent(nothing).await.status, 404);
    place.end();
}

/// The names that follow `mark` up to the next quote, below `folder`.
fn named(text: &str, mark: &str, folder: &str) -> Vec<String> {
    let parts = text.split(mark).skip(1);
    let names = parts.filter_map(|part| part.split('"').next());
    names.map(|name| format!("{folder}{name}")).collect()
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
    let may: u64 = members[0]["permissions"].as_str().unwrap().parse().unwrap();
    assert_eq!(may & permissions::MANAGE_GUILD, 0);
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
async fn an_app_is_used_on_a_message() {
    let place = Place::start().await;
    let path = format!("/applications/{}/commands", place.bot().await);
    let list = json!([{ "name": "Start from This", "type": 3 }]);
    place.call("PUT", &path, &list).await.ok();
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    let posted = place.post(&json!({ "content": "Read" })).await.ok();
    let using = |command: &str| {
        let using = json!({ "do": "menu", "message": posted["id"], "command": command });
        mina_does(&place, using)
    };
    let answering = async {
        let event = gateway.event("INTERACTION_CREATE").await;
        assert_eq!(event["data"]["target_id"], posted["id"]);
        let answer = json!({ "type": 4, "data": { "content": "Done" } });
        place.callback(&event, &answer).await
    };
    let action = using("Start from This");
    let (acted, _) = tokio::join!(act(&place, &action), answering);
    assert_eq!(acted.ok()["text"], "Done");
    refused(&place, &using("Nothing")).await;
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
        let told = refused(&place, &mina_does(&place, action.clone())).await;
        let text = told["refused"].as_str().unwrap();
        assert!(text.contains(part), "{action}: {text}");
    }
    let nobody = json!({ "user": 1, "channel": 2, "do": "slash", "line": "/note" });
    refused(&place, &nobody).await;
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
        refused(&place, &mina_does(&place, action)).await;
    }
    place.sent(place.local("GET", "/local/world")).await.ok();
    place.end();
}

#[tokio::test]
async fn a_command_comes_with_its_options_and_their_files() {
    let place = Place::start().await;
    place.register().await;
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    let options = json!([
        { "name": "text", "value": "a: b limit:" },
        { "name": "file", "value": { "file": 0 } },
    ]);
    let command = json!({ "do": "command", "path": "note", "options": options });
    // Ids as JavaScript writes them.
    let mut command = mina_does(&place, command);
    command["user"] = place.mina.to_string().into();
    command["channel"] = place.channel.to_string().into();
    let part = reqwest::multipart::Part::bytes(b"%PNG".to_vec()).file_name("dot.png");
    let form = reqwest::multipart::Form::new()
        .text("payload_json", command.to_string())
        .part("files[0]", part.mime_str("image/png").unwrap());
    let request = place.local("POST", "/local/act").multipart(form);
    let answering = async {
        let event = gateway.event("INTERACTION_CREATE").await;
        let data = &event["data"];
        assert_eq!(data["options"][0]["value"], "a: b limit:");
        let file = data["options"][1]["value"].as_str().unwrap();
        let attached = &data["resolved"]["attachments"][file];
        assert_eq!(attached["filename"], "dot.png");
        assert_eq!(attached["size"], 4);
        let answer = json!({ "type": 4, "data": { "content": "Noted" } });
        place.callback(&event, &answer).await
    };
    let (acted, answered) = tokio::join!(place.sent(request), answering);
    assert_eq!(answered.status, 204);
    assert_eq!(acted.ok(), json!({ "text": "Noted", "ephemeral": false }));
    place.end();
}

#[tokio::test]
async fn what_cannot_be_sent_names_its_option() {
    let place = Place::start().await;
    place.register().await;
    let long = "x".repeat(6_001);
    for (options, field) in [
        (json!([{ "name": "nothing", "value": "x" }]), "nothing"),
        (json!([{ "name": "text", "value": long }]), "text"),
        (json!([{ "name": "text", "value": true }]), "text"),
        (json!([{ "name": "file", "value": "x" }]), "file"),
        (json!([{ "name": "file", "value": { "file": 0 } }]), "file"),
    ] {
        let command = json!({ "do": "command", "path": "note", "options": options });
        let told = refused(&place, &mina_does(&place, command)).await;
        assert_eq!(told["field"], field);
    }
    place.end();
}

#[tokio::test]
async fn yes_and_no_are_understood_as_people_type_them() {
    let place = Place::start().await;
    let option = json!({ "type": 5, "name": "on", "description": "Whether" });
    let command = json!({ "name": "remind", "description": "Reminds", "options": [option] });
    let path = format!("/applications/{}/commands", place.bot().await);
    place.call("PUT", &path, &json!([command])).await.ok();
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    for (typed, meant) in [
        ("True", true),
        ("yes", true),
        ("예", true),
        ("FALSE", false),
        ("No", false),
        ("아니요", false),
    ] {
        let line = format!("/remind on:{typed}");
        let options = json!([{ "name": "on", "value": typed }]);
        for action in [
            json!({ "do": "slash", "line": line }),
            json!({ "do": "command", "path": "remind", "options": options }),
        ] {
            let action = mina_does(&place, action);
            let answering = async {
                let event = gateway.event("INTERACTION_CREATE").await;
                assert_eq!(event["data"]["options"][0]["value"], meant, "{typed}");
                let answer = json!({ "type": 4, "data": { "content": "Set" } });
                place.callback(&event, &answer).await
            };
            let (acted, _) = tokio::join!(act(&place, &action), answering);
            assert_eq!(acted.ok()["text"], "Set", "{typed}");
        }
    }
    for typed in ["", "maybe", "1", "truest"] {
        let slash = json!({ "do": "slash", "line": format!("/remind on:{typed}") });
        let told = refused(&place, &mina_does(&place, slash)).await;
        assert_eq!(told["field"], "on");
    }
    place.end();
}

#[tokio::test]
async fn suggestions_are_asked_for_with_the_other_options() {
    let place = Place::start().await;
    place.register().await;
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    // A file is not sent along, nor the focused option twice.
    let others = json!([
        { "name": "file", "value": { "file": 0 } },
        { "name": "text", "value": "old" },
    ]);
    let asked = json!({
        "do": "autocomplete", "path": "note", "focused": "text", "typed": "ne", "options": others,
    });
    let asked = mina_does(&place, asked);
    let answering = async {
        let event = gateway.event("INTERACTION_CREATE").await;
        let options = event["data"]["options"].as_array().unwrap();
        assert_eq!(options.len(), 1);
        assert_eq!(options[0]["value"], "ne");
        assert_eq!(options[0]["focused"], true);
        let choices = json!([{ "name": "New", "value": "new" }]);
        let answer = json!({ "type": 8, "data": { "choices": choices } });
        place.callback(&event, &answer).await
    };
    let (acted, answered) = tokio::join!(act(&place, &asked), answering);
    assert_eq!(answered.status, 204);
    assert_eq!(acted.ok(), json!({ "choices": [["New", "new"]] }));
    place.end();
}

#[tokio::test]
async fn an_action_that_is_too_large_or_no_json_is_refused() {
    let place = Place::start().await;
    let line = json!({ "do": "slash", "line": "x".repeat(300 * 1024) });
    let long = act(&place, &mina_does(&place, line)).await;
    assert_eq!(long.status, 413);
    for (kind, body, status) in [
        ("application/json", "{", 400),
        ("text/plain", "{}", 415),
        ("application/x-www-form-urlencoded", "do=slash", 415),
        ("multipart/form-data", "x", 413),
    ] {
        let request = place.local("POST", "/local/act");
        let request = request.header("content-type", kind).body(body);
        assert_eq!(place.sent(request).await.status, status, "{kind}");
    }
    let file = reqwest::multipart::Part::bytes(vec![0; 10 * 1024 * 1024 + 1]).file_name("big");
    let form = reqwest::multipart::Form::new()
        .text("payload_json", "{}")
        .part("files[0]", file);
    let request = place.local("POST", "/local/act").multipart(form);
    assert_eq!(place.sent(request).await.status, 413);
    place.end();
}

#[tokio::test]
async fn people_write_where_they_may_and_nowhere_else() {
    let place = Place::start().await;
    let say = |user: u64, channel: u64, text: &str| json!({ "user": user, "channel": channel, "do": "say", "text": text });
    let (mina, channel) = (place.mina.get(), place.channel.get());
    let said = done(&place, &say(mina, channel, " Hello <@1> @everyone ")).await;
    let shown = messages(&place, &format!("user={mina}")).await.ok();
    assert_eq!(shown["messages"][0]["id"], said["message"]);
    assert_eq!(shown["messages"][0]["content"], "Hello <@1> @everyone");
    assert_eq!(shown["messages"][0]["mention_everyone"], false);

    let stranger = place.discord.add_user("Stranger", "ko").get();
    let direct = place.discord.open_direct_channel(place.mina).get();
    for (user, channel, text) in [
        (mina, channel, "  "),
        (mina, channel, &"x".repeat(2_001)),
        (mina, 4_242, "Hello"),
        (stranger, channel, "Hello"),
        (place.jamong.get(), direct, "Hello"),
    ] {
        refused(&place, &say(user, channel, text)).await;
    }
    done(&place, &say(mina, direct, "Hello")).await;
    place.end();
}

#[tokio::test]
async fn what_came_in_other_channels_is_told_by_id_to_those_who_see_it() {
    let place = Place::start().await;
    let other = place.discord.add_channel(place.guild, "other");
    let direct = place.discord.open_direct_channel(place.mina);
    let posted = place.post_in(other, &json!({ "content": "One" })).await;
    let posted = posted.ok()["id"].clone();
    let told = place
        .post_in(direct, &json!({ "content": "Two" }))
        .await
        .ok()["id"]
        .clone();
    let mine = json!({ "do": "say", "text": "Mine is read" });
    done(&place, &mina_does(&place, mine)).await;
    let seen = messages(&place, &format!("user={}", place.mina)).await.ok();
    let expected = json!({
        other.to_string(): [posted], direct.to_string(): [told], place.channel.to_string(): [],
    });
    assert_eq!(seen["tails"], expected);
    let seen = messages(&place, &format!("user={}", place.jamong))
        .await
        .ok();
    assert_eq!(seen["tails"][other.to_string()], json!([posted]));
    assert_eq!(seen["tails"].get(direct.to_string()), None);
    place.end();
}

#[tokio::test]
async fn only_so_many_messages_are_shown_and_whether_there_are_more() {
    let place = Place::start().await;
    for text in ["One", "Two", "Three"] {
        place.post(&json!({ "content": text })).await.ok();
    }
    for (limit, texts, has_more) in [
        (2, json!(["Two", "Three"]), true),
        (3, json!(["One", "Two", "Three"]), false),
        (0, json!([]), true),
    ] {
        let query = format!("user={}&limit={limit}", place.mina);
        let shown = messages(&place, &query).await.ok();
        let contents: Vec<&Value> = shown["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| &message["content"])
            .collect();
        assert_eq!(json!(contents), texts);
        assert_eq!(shown["has_more"], has_more);
    }
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
    refused(&place, &click(place.jamong.get())).await;
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
        assert_eq!(told, json!({ "takes_dms": takes_dms, "locale": "en-US" }));
        let world = place.sent(place.local("GET", "/local/world")).await.ok();
        assert_eq!(world["people"][0]["takes_dms"], takes_dms);
        let sent = place.post_in(direct, &hello).await;
        assert_eq!(sent.refusal(), expected);
    }
    assert_eq!(set(4_242, false).await.status, 404);
    place.end();
}

#[tokio::test]
async fn a_person_speaks_another_language_from_their_next_action_on() {
    let place = Place::start().await;
    place.register().await;
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    let set = async |locale: &str| {
        let person = json!({ "user": place.mina.to_string(), "locale": locale });
        let request = place.local("POST", "/local/people").json(&person);
        place.sent(request).await
    };
    assert_eq!(set("ko").await.ok()["locale"], "ko");
    let slash = mina_does(&place, json!({ "do": "slash", "line": "/note text:Hi" }));
    let answering = async {
        let event = gateway.event("INTERACTION_CREATE").await;
        assert_eq!(event["locale"], "ko");
        let answer = json!({ "type": 4, "data": { "content": "네" } });
        place.callback(&event, &answer).await
    };
    let (acted, _) = tokio::join!(act(&place, &slash), answering);
    assert_eq!(acted.ok()["text"], "네");
    for locale in ["", "xx", "KO"] {
        assert_eq!(set(locale).await.status, 400, "{locale}");
    }
    place.end();
}
