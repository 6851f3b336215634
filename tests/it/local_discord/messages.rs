//! Messages over REST: who may send what, nonces, mentions, and what is refused as malformed.

use serde_json::{Value, json};
use timeattack::sandbox::permissions::{
    ATTACH_FILES, EMBED_LINKS, READ_MESSAGE_HISTORY, SEND_MESSAGES, SEND_MESSAGES_IN_THREADS,
    VIEW_CHANNEL,
};

use super::{Answer, Place};
use crate::support::{minutes, seconds};

/// Content, and nobody is notified.
fn quiet(content: &str) -> Value {
    json!({ "content": content, "allowed_mentions": { "parse": [] } })
}

fn with_nonce(content: &str, nonce: &Value) -> Value {
    json!({ "content": content, "nonce": nonce, "enforce_nonce": true })
}

#[tokio::test]
async fn a_message_is_answered_stored_and_found_again() {
    let place = Place::start().await;
    let sent = place.post(&quiet("  Hello ")).await.ok();
    assert_eq!(sent["content"], "Hello", "Discord trims what it stores");
    assert_eq!(sent["channel_id"], place.channel.to_string());
    let one = format!("/{}", sent["id"].as_str().unwrap());
    let path = place.messages_of(place.channel) + &one;
    assert_eq!(place.get(&path).await.ok(), sent);
    let edited = place.call("PATCH", &path, &quiet("Bye")).await.ok();
    assert_eq!(edited["content"], "Bye");
    assert!(edited["edited_timestamp"].is_string());
    let deleted = place.sent(place.request("DELETE", &path)).await;
    assert_eq!((deleted.status, deleted.body), (204, Value::Null));
    assert_eq!(place.get(&path).await.refusal(), (404, 10_008));
    place.end();
}

#[tokio::test]
async fn the_list_is_the_newest_first_and_pages_both_ways() {
    let place = Place::start().await;
    let mut ids = Vec::new();
    for number in 1..=5 {
        let sent = place.post(&quiet(&number.to_string())).await.ok();
        ids.push(sent["id"].as_str().unwrap().to_owned());
    }
    let list = async |query: &str| -> Vec<String> {
        let path = place.messages_of(place.channel) + query;
        let listed = place.get(&path).await.ok();
        let texts = listed.as_array().unwrap().iter();
        texts
            .map(|one| one["content"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(list("?limit=2").await, ["5", "4"]);
    assert_eq!(
        list(&format!("?limit=2&before={}", ids[3])).await,
        ["3", "2"]
    );
    assert_eq!(
        list(&format!("?limit=2&after={}", ids[1])).await,
        ["4", "3"]
    );
    // Its clock was set back: pages go by id, whatever came first.
    place.clock.step_ms(-minutes(1));
    place.post(&quiet("0")).await.ok();
    assert_eq!(list("?limit=1").await, ["5"]);
    assert_eq!(list("?limit=1&after=1").await, ["0"]);
    place.end();
}

#[tokio::test]
async fn a_page_is_of_one_to_a_hundred_messages_before_or_after_one() {
    let place = Place::start().await;
    let sent = place.post(&quiet("One")).await.ok();
    let path = place.messages_of(place.channel);
    for (query, field, code) in [
        ("limit=0", "/limit", "NUMBER_TYPE_MIN"),
        ("limit=101", "/limit", "NUMBER_TYPE_MAX"),
        ("limit=all", "/limit", "NUMBER_TYPE_COERCE"),
        ("before=now", "/before", "NUMBER_TYPE_COERCE"),
        ("after=1&before=2", "/before", "BASE_TYPE_CHOICES"),
    ] {
        let refused = place.get(&format!("{path}?{query}")).await;
        assert_eq!(refused.wrong(field), code, "{query}");
    }
    let hundred = place.get(&format!("{path}?limit=100&after=1")).await.ok();
    assert_eq!(hundred[0]["id"], sent["id"]);
    place.end();
}

#[tokio::test]
async fn without_the_right_token_nothing_is_answered() {
    let place = Place::start().await;
    let nobody = place.local("GET", "/api/v10/users/@me");
    let wrong = nobody.header("authorization", "Bot another");
    let answer = place.sent(wrong).await;
    assert_eq!(answer.refusal(), (401, 0));
    assert_eq!(answer.body["message"], "401: Unauthorized");
    place.end();
}

#[tokio::test]
async fn a_hidden_channel_is_missing_access_and_one_that_never_was_is_unknown() {
    let place = Place::start().await;
    place.discord.deny_bot(place.channel, VIEW_CHANNEL);
    let hidden = place.post(&quiet("Hello")).await;
    assert_eq!(hidden.refusal(), (403, 50_001));
    assert_eq!(hidden.body["message"], "Missing Access");
    let path = format!("/channels/{}", place.channel);
    assert_eq!(place.get(&path).await.refusal(), (403, 50_001));
    let nowhere = place.post_in(4_242.into(), &quiet("Hello")).await;
    assert_eq!(nowhere.refusal(), (404, 10_003));
    assert_eq!(place.texts(), Vec::<String>::new());
    place.end();
}

#[tokio::test]
async fn each_missing_permission_refuses_what_needs_it_and_nothing_else() {
    let place = Place::start().await;
    let embed = json!({ "embeds": [{ "title": "Card" }] });
    let files = [("a.png", vec![1])];
    for (missing, allowed) in [
        (SEND_MESSAGES, [false, false, false]),
        (EMBED_LINKS, [true, false, true]),
        (ATTACH_FILES, [true, true, false]),
        (0, [true, true, true]),
    ] {
        place.discord.deny_bot(place.channel, missing);
        let path = place.messages_of(place.channel);
        let answers = [
            place.post(&quiet("Text")).await,
            place.post(&embed).await,
            place.upload(&path, &json!({}), &files).await,
        ];
        for (answer, allowed) in answers.iter().zip(allowed) {
            let expected = if allowed { (200, 0) } else { (403, 50_013) };
            assert_eq!(answer.refusal(), expected, "{missing:#x}: {answer:?}");
        }
    }
    assert_eq!(place.texts().len(), 7);
    place.end();
}

#[tokio::test]
async fn without_the_history_nothing_old_is_read_or_replied_to() {
    let place = Place::start().await;
    let old = place.post(&quiet("Old")).await.ok();
    place.discord.deny_bot(place.channel, READ_MESSAGE_HISTORY);
    let path = place.messages_of(place.channel);
    assert_eq!(place.get(&path).await.ok(), json!([]));
    let one = format!("{path}/{}", old["id"].as_str().unwrap());
    assert_eq!(place.get(&one).await.refusal(), (403, 50_013));
    let reply = json!({ "content": "Re", "message_reference": { "message_id": old["id"] } });
    assert_eq!(place.post(&reply).await.refusal(), (400, 160_002));
    assert_eq!(place.post(&quiet("New")).await.status, 200);
    place.end();
}

#[tokio::test]
async fn a_thread_asks_for_its_own_permission_by_its_parents_overwrites() {
    let place = Place::start().await;
    let thread = place.discord.add_thread(place.channel, "week 1");
    place.discord.deny_bot(place.channel, SEND_MESSAGES);
    place.post_in(thread, &quiet("In the thread")).await.ok();
    assert_eq!(place.post(&quiet("Here")).await.refusal(), (403, 50_013));
    place
        .discord
        .deny_bot(place.channel, SEND_MESSAGES_IN_THREADS);
    let refused = place.post_in(thread, &quiet("Again")).await;
    assert_eq!(refused.refusal(), (403, 50_013));
    let shape = place.get(&format!("/channels/{thread}")).await.ok();
    assert_eq!(
        (&shape["type"], &shape["parent_id"]),
        (&json!(11), &json!(place.channel.to_string()))
    );
    place.end();
}

#[tokio::test]
async fn writing_brings_an_archived_thread_back_but_not_a_locked_one() {
    let place = Place::start().await;
    let thread = place.discord.add_thread(place.channel, "week 1");
    let path = format!("/channels/{thread}");
    let archived = async || place.get(&path).await.ok()["thread_metadata"]["archived"].clone();
    place.discord.archive_thread(thread, false);
    assert_eq!(archived().await, true);
    place.post_in(thread, &quiet("Back")).await.ok();
    assert_eq!(archived().await, false);
    place.discord.archive_thread(thread, true);
    let refused = place.post_in(thread, &quiet("Back")).await;
    assert_eq!(refused.refusal(), (400, 50_083));
    place.end();
}

#[tokio::test]
async fn an_enforced_nonce_gives_the_first_message_back_for_some_minutes() {
    let place = Place::start().await;
    let nonce = json!("outbox-1");
    let first = place.post(&with_nonce("One", &nonce)).await.ok();
    assert_eq!(first["nonce"], nonce);
    place.clock.advance_ms(minutes(5));
    let again = place.post(&with_nonce("Two", &nonce)).await.ok();
    assert_eq!(
        (&again["id"], &again["content"]),
        (&first["id"], &json!("One"))
    );
    place.clock.advance_ms(seconds(1));
    let later = place.post(&with_nonce("Three", &nonce)).await.ok();
    assert_ne!(later["id"], first["id"]);
    assert_eq!(place.texts(), ["One", "Three"]);
    place.end();
}

#[tokio::test]
async fn a_nonce_counts_in_its_channel_only_and_not_unless_enforced() {
    let place = Place::start().await;
    let elsewhere = place.discord.add_channel(place.guild, "elsewhere");
    let nonce = json!(17);
    place.post(&with_nonce("Here", &nonce)).await.ok();
    let there = place.post_in(elsewhere, &with_nonce("There", &nonce)).await;
    assert_eq!(there.ok()["content"], "There");
    let unenforced = json!({ "content": "Again", "nonce": nonce });
    place.post(&unenforced).await.ok();
    place.post(&unenforced).await.ok();
    assert_eq!(place.texts(), ["Here", "Again", "Again"]);
    place.end();
}

#[tokio::test]
async fn a_nonce_is_a_number_or_at_most_25_characters() {
    let place = Place::start().await;
    let long = place.post(&with_nonce("x", &json!("n".repeat(26)))).await;
    assert_eq!(long.wrong("/nonce"), "BASE_TYPE_MAX_LENGTH");
    let fits = place.post(&with_nonce("x", &json!("n".repeat(25)))).await;
    assert_eq!(fits.status, 200);
    let flag = place.post(&with_nonce("x", &json!(true))).await;
    assert_eq!(flag.wrong("/nonce"), "BASE_TYPE_BAD_TYPE");
    place.end();
}

#[tokio::test]
async fn those_are_notified_whom_allowed_mentions_lets_through() {
    let place = Place::start().await;
    let (mina, jamong) = (place.mina, place.jamong);
    let content = format!("<@{mina}> <@{jamong}> @everyone");
    for (allowed, reached) in [
        (Value::Null, vec![mina, jamong]),
        (json!({ "parse": [] }), vec![]),
        (json!({ "users": [mina.to_string()] }), vec![mina]),
        (json!({ "parse": ["users"] }), vec![mina, jamong]),
        (json!({ "parse": ["everyone"] }), vec![]),
    ] {
        let mut message = json!({ "content": content });
        if !allowed.is_null() {
            message["allowed_mentions"] = allowed.clone();
        }
        let answer = place.post(&message).await.ok();
        let stored = place.discord.messages(place.channel).pop().unwrap();
        assert_eq!(stored.pinged, reached, "{allowed}");
        assert_eq!(answer["mentions"].as_array().unwrap().len(), reached.len());
        // The bot may not: for that it would need MENTION_EVERYONE.
        assert_eq!(answer["mention_everyone"], false, "{allowed}");
    }
    place.end();
}

#[tokio::test]
async fn an_allowed_mentions_that_contradicts_itself_is_refused() {
    let place = Place::start().await;
    let mina = place.mina.to_string();
    for (allowed, field, code) in [
        (
            json!({ "parse": ["users"], "users": [mina] }),
            "",
            "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        ),
        (
            json!({ "parse": ["friends"] }),
            "/parse/0",
            "BASE_TYPE_CHOICES",
        ),
        (
            json!({ "users": ["Mina"] }),
            "/users/0",
            "NUMBER_TYPE_COERCE",
        ),
        (
            json!({ "roles": vec![mina.as_str(); 101] }),
            "/roles",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (json!("none"), "", "BASE_TYPE_BAD_TYPE"),
    ] {
        let message = json!({ "content": "Hi", "allowed_mentions": allowed });
        let answer = place.post(&message).await;
        let field = format!("/allowed_mentions{field}");
        assert_eq!(answer.wrong(&field), code, "{allowed}");
    }
    assert_eq!(place.texts(), Vec::<String>::new());
    place.end();
}

#[tokio::test]
async fn what_is_too_much_is_named_by_its_field() {
    let place = Place::start().await;
    let many = |count: usize, one: Value| Value::from(vec![one; count]);
    let embed = json!({ "title": "t" });
    let wide = json!({ "description": "x".repeat(3_001) });
    let field = json!({ "name": "n", "value": "v" });
    for (message, field, code) in [
        (
            json!({ "content": "x".repeat(2_001) }),
            "/content",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (json!({ "content": 5 }), "/content", "BASE_TYPE_BAD_TYPE"),
        (
            json!({ "embeds": many(11, embed) }),
            "/embeds",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            json!({ "embeds": many(2, wide) }),
            "/embeds",
            "MAX_EMBED_SIZE_EXCEEDED",
        ),
        (
            json!({ "embeds": [{ "title": "x".repeat(257) }] }),
            "/embeds/0/title",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            json!({ "embeds": [{ "title": "t", "fields": many(26, field) }] }),
            "/embeds/0/fields",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            json!({ "embeds": [{ "title": "t", "fields": [{ "name": "n" }] }] }),
            "/embeds/0/fields/0/value",
            "BASE_TYPE_REQUIRED",
        ),
        (
            json!({ "embeds": [{ "image": { "url": "javascript:alert(1)" } }] }),
            "/embeds/0/image/url",
            "URL_TYPE_INVALID_URL",
        ),
        (
            json!({ "embeds": ["card"] }),
            "/embeds/0",
            "BASE_TYPE_BAD_TYPE",
        ),
    ] {
        let answer = place.post(&message).await;
        assert_eq!(answer.wrong(field), code);
    }
    assert_eq!(place.post(&quiet(&"가".repeat(2_000))).await.status, 200);
    let nothing = place.post(&json!({ "content": "  " })).await;
    assert_eq!(nothing.refusal(), (400, 50_006));
    place.end();
}

#[tokio::test]
async fn components_that_no_client_could_show_are_refused() {
    let place = Place::start().await;
    let button = |id: &str| json!({ "type": 2, "style": 1, "label": "Go", "custom_id": id });
    let row = |buttons: Vec<Value>| json!({ "type": 1, "components": buttons });
    let menu = json!({ "type": 3, "custom_id": "m", "options": [{ "label": "A", "value": "a" }] });
    let of = |prefix: &str, count: usize| -> Vec<Value> {
        (0..count)
            .map(|n| button(&format!("{prefix}{n}")))
            .collect()
    };
    for (rows, field, code) in [
        (
            (0..6).map(|n| row(of(&n.to_string(), 1))).collect(),
            "",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            vec![row(of("b", 6))],
            "/0/components",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (vec![row(vec![])], "/0/components", "BASE_TYPE_BAD_LENGTH"),
        (vec![button("loose")], "/0/type", "BASE_TYPE_CHOICES"),
        (
            vec![row(vec![button("twice"), button("twice")])],
            "/0/components/1/custom_id",
            "COMPONENT_CUSTOM_ID_DUPLICATED",
        ),
        (
            vec![row(vec![button(&"x".repeat(101))])],
            "/0/components/0/custom_id",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            vec![row(vec![menu.clone(), button("beside")])],
            "/0",
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
        ),
    ] {
        let rows: Vec<Value> = rows;
        let answer = place
            .post(&json!({ "content": "x", "components": rows }))
            .await;
        assert_eq!(answer.wrong(&format!("/components{field}")), code);
    }
    let fits = json!({ "content": "x", "components": [row(of("b", 5)), row(vec![menu])] });
    let sent = place.post(&fits).await.ok();
    assert_eq!(sent["components"][0]["components"][4]["custom_id"], "b4");
    let stored = place.discord.messages(place.channel).pop().unwrap();
    assert_eq!(stored.buttons().len(), 5);
    place.end();
}

#[tokio::test]
async fn a_body_that_is_no_json_is_said_to_be_so() {
    let place = Place::start().await;
    let path = place.messages_of(place.channel);
    let request = place.request("POST", &path);
    let request = request.header("content-type", "application/json");
    let answer: Answer = place.sent(request.body("{\"content\"")).await;
    assert_eq!(answer.refusal(), (400, 50_109));
    let list = place.post(&json!(["Hi"])).await;
    assert_eq!(list.refusal(), (400, 50_035));
    let unknown = place.get("/no/such/route").await;
    assert_eq!(unknown.refusal(), (404, 0));
}
