//! Interactions: three seconds for a first answer, fifteen minutes for the token, and the kinds
//! of answer there are. Time is turned by hand.

use serde_json::{Value, json};
use timeattack::sandbox::{Actor, OptionValue, Refused, Reply};

use super::client::callback_path;
use super::{Gateway, Place};
use crate::support::{minutes, seconds};

const GUILDS: u64 = 1;
const EPHEMERAL: u64 = 1 << 6;

/// A place whose bot has registered `/note` and is connected.
async fn with_note() -> (Place, Gateway) {
    let place = Place::start().await;
    place.register().await;
    let (gateway, _) = Gateway::ready(&place, GUILDS).await;
    (place, gateway)
}

fn message(content: &str) -> Value {
    json!({ "type": 4, "data": { "content": content } })
}

fn secret(content: &str) -> Value {
    json!({ "type": 4, "data": { "content": content, "flags": EPHEMERAL } })
}

fn with_button(content: &str) -> Value {
    let button = json!({ "type": 2, "style": 1, "label": "Done", "custom_id": "done~1" });
    json!({
        "type": 4,
        "data": { "content": content, "components": [{ "type": 1, "components": [button] }] },
    })
}

fn form() -> Value {
    let input = json!({ "type": 4, "custom_id": "why", "label": "Why", "style": 1 });
    let rows = json!([{ "type": 1, "components": [input] }]);
    json!({ "type": 9, "data": { "custom_id": "form~1", "title": "Why", "components": rows } })
}

#[tokio::test]
async fn a_command_tells_who_where_what_and_is_answered_for_all() {
    let (place, mut gateway) = with_note().await;
    let (event, doing) = place.note(&mut gateway).await;
    assert_eq!((&event["type"], &event["context"]), (&json!(2), &json!(0)));
    assert_eq!(event["member"]["user"]["id"], place.mina.to_string());
    assert_eq!(event["channel_id"], place.channel.to_string());
    assert_eq!(
        (&event["locale"], &event["guild_locale"]),
        (&json!("en-US"), &json!("ko"))
    );
    assert_eq!(
        event["data"]["options"],
        json!([{ "name": "text", "type": 3, "value": "Hello" }])
    );
    let answer = place.callback(&event, &message("Noted")).await;
    assert_eq!((answer.status, answer.body), (204, Value::Null));
    let reply = doing.await.unwrap().unwrap();
    assert_eq!(
        (reply.text().as_str(), reply.is_ephemeral()),
        ("Noted", false)
    );
    assert_eq!(reply.message().unwrap().kind, 20);
    place.end();
}

#[tokio::test]
async fn the_callback_answers_with_the_message_when_asked() {
    let (place, mut gateway) = with_note().await;
    let (event, _doing) = place.note(&mut gateway).await;
    let path = callback_path(&event) + "?with_response=true";
    let told = place.call("POST", &path, &message("Noted")).await.ok();
    assert_eq!(told["interaction"]["id"], event["id"]);
    assert_eq!(told["resource"]["message"]["content"], "Noted");
    place.end();
}

#[tokio::test]
async fn after_three_seconds_the_interaction_is_unknown_and_the_member_told_so() {
    let (place, mut gateway) = with_note().await;
    let (in_time, doing) = place.note(&mut gateway).await;
    place.clock.advance_ms(seconds(3));
    assert_eq!(place.callback(&in_time, &message("Just")).await.status, 204);
    let _either = doing.await.unwrap();
    let (late, doing) = place.note(&mut gateway).await;
    place.clock.advance_ms(seconds(3) + 1);
    assert_eq!(doing.await.unwrap().unwrap_err(), Refused::NoAnswer);
    let answer = place.callback(&late, &message("Too late")).await;
    assert_eq!(answer.refusal(), (404, 10_062));
    assert_eq!(answer.body["message"], "Unknown interaction");
    assert_eq!(place.texts(), ["Just"]);
    place.end();
}

#[tokio::test]
async fn a_second_callback_is_refused_and_another_token_unknown() {
    let (place, mut gateway) = with_note().await;
    let (event, doing) = place.note(&mut gateway).await;
    let forged = json!({ "id": event["id"], "token": "forged", "application_id": "1" });
    let answer = place.callback(&forged, &message("Mine")).await;
    assert_eq!(answer.refusal(), (404, 10_062));
    place.callback(&event, &message("First")).await.ok();
    doing.await.unwrap().unwrap();
    let second = place.callback(&event, &message("Second")).await;
    assert_eq!(second.refusal(), (400, 40_060));
    assert_eq!(place.texts(), ["First"]);
    place.end();
}

#[tokio::test]
async fn a_malformed_callback_leaves_the_interaction_open() {
    let (place, mut gateway) = with_note().await;
    let (event, doing) = place.note(&mut gateway).await;
    let long = place.callback(&event, &message(&"x".repeat(2_001))).await;
    assert_eq!(long.wrong("/data/content"), "BASE_TYPE_MAX_LENGTH");
    assert_eq!(
        place.callback(&event, &message(" ")).await.refusal(),
        (400, 50_006)
    );
    // Nothing was clicked that could be changed, and nothing asked for choices.
    for kind in [6, 7, 8, 99] {
        let answer = place.callback(&event, &json!({ "type": kind })).await;
        assert_eq!(answer.refusal(), (400, 50_035), "{kind}");
    }
    place.callback(&event, &message("Right")).await.ok();
    assert_eq!(doing.await.unwrap().unwrap().text(), "Right");
    place.end();
}

#[tokio::test]
async fn a_token_lives_fifteen_minutes_and_not_before_its_first_answer() {
    let (place, mut gateway) = with_note().await;
    let (event, doing) = place.note(&mut gateway).await;
    let webhook = place.webhook(&event, "");
    let more = json!({ "content": "More" });
    let early = place.call("POST", &webhook, &more).await;
    assert_eq!(early.refusal(), (404, 10_015));
    place.callback(&event, &message("First")).await.ok();
    doing.await.unwrap().unwrap();
    place.clock.advance_ms(minutes(15));
    place.call("POST", &webhook, &more).await.ok();
    place.clock.advance_ms(1);
    let late = place.call("POST", &webhook, &more).await;
    assert_eq!(late.refusal(), (401, 50_027));
    assert_eq!(late.body["message"], "Invalid Webhook Token");
    let original = place.webhook(&event, "/messages/@original");
    assert_eq!(place.get(&original).await.refusal(), (401, 50_027));
    assert_eq!(place.texts(), ["First", "More"]);
    place.end();
}

#[tokio::test]
async fn an_ephemeral_answer_is_seen_by_its_member_alone() {
    let (place, mut gateway) = with_note().await;
    let (event, doing) = place.note(&mut gateway).await;
    place.callback(&event, &secret("Only you")).await.ok();
    let reply = doing.await.unwrap().unwrap();
    assert!(reply.is_ephemeral());
    let shown = reply.message().unwrap();
    assert_eq!(shown.visible_to, Some(place.mina));
    let path = place.messages_of(place.channel);
    assert_eq!(place.get(&path).await.ok(), json!([]));
    let one = format!("{path}/{}", shown.id);
    assert_eq!(place.get(&one).await.refusal(), (404, 10_008));
    let seen_by = async |user| {
        let path = format!("/local/channels/{}/messages?user={user}", place.channel);
        let answer = place.sent(place.local("GET", &path)).await.ok();
        answer["messages"].as_array().unwrap().len()
    };
    assert_eq!(
        (seen_by(place.mina).await, seen_by(place.jamong).await),
        (1, 0)
    );
    // The token still reaches it.
    let original = place.webhook(&event, "/messages/@original");
    assert_eq!(place.get(&original).await.ok()["content"], "Only you");
    place.end();
}

#[tokio::test]
async fn a_deferred_answer_is_filled_in_edited_and_deleted_by_its_token() {
    let (place, mut gateway) = with_note().await;
    let (event, doing) = place.note(&mut gateway).await;
    let deferred = json!({ "type": 5, "data": { "flags": EPHEMERAL } });
    place.callback(&event, &deferred).await.ok();
    assert!(matches!(doing.await.unwrap().unwrap(), Reply::Deferred(_)));
    let original = place.webhook(&event, "/messages/@original");
    let thinking = place.get(&original).await.ok();
    assert_eq!(thinking["flags"], EPHEMERAL | 1 << 7);
    let body = json!({ "content": "Thought" });
    let filled = place.call("PATCH", &original, &body).await.ok();
    assert_eq!(
        (&filled["id"], &filled["flags"]),
        (&thinking["id"], &json!(EPHEMERAL))
    );
    let deleted = place.sent(place.request("DELETE", &original)).await;
    assert_eq!(deleted.status, 204);
    assert_eq!(place.get(&original).await.refusal(), (404, 10_008));
    place.end();
}

#[tokio::test]
async fn a_token_opens_the_messages_of_its_own_interaction_only() {
    let (place, mut gateway) = with_note().await;
    let (event, doing) = place.note(&mut gateway).await;
    place.callback(&event, &message("Mine")).await.ok();
    doing.await.unwrap().unwrap();
    let more = json!({ "content": "More" });
    let more = place
        .call("POST", &place.webhook(&event, ""), &more)
        .await
        .ok();
    let other = place.post(&json!({ "content": "Another's" })).await.ok();
    let path = |id: &Value| place.webhook(&event, &format!("/messages/{}", id.as_str().unwrap()));
    let change = json!({ "content": "Changed" });
    place.call("PATCH", &path(&more["id"]), &change).await.ok();
    let refused = place.call("PATCH", &path(&other["id"]), &change).await;
    assert_eq!(refused.refusal(), (404, 10_008));
    assert_eq!(place.texts(), ["Mine", "Changed", "Another's"]);
    place.end();
}

#[tokio::test]
async fn a_click_updates_the_message_or_is_only_acknowledged() {
    let (place, mut gateway) = with_note().await;
    let (event, doing) = place.note(&mut gateway).await;
    place.callback(&event, &with_button("To do")).await.ok();
    let shown = doing.await.unwrap().unwrap().message().unwrap();

    let clicked = shown.clone();
    let click = |actor: Actor| async move { actor.click(&clicked, "Done").await };
    let (event, doing) = place.does(&mut gateway, place.jamong, click).await;
    assert_eq!(
        (&event["type"], &event["data"]["custom_id"]),
        (&json!(3), &json!("done~1"))
    );
    assert_eq!(event["message"]["id"], shown.id.to_string());
    place.callback(&event, &json!({ "type": 6 })).await.ok();
    assert!(matches!(doing.await.unwrap().unwrap(), Reply::Acknowledged));
    let original = place.webhook(&event, "/messages/@original");
    assert_eq!(place.get(&original).await.ok()["content"], "To do");

    let clicked = shown.clone();
    let click = |actor: Actor| async move { actor.click(&clicked, "done").await };
    let (event, doing) = place.does(&mut gateway, place.mina, click).await;
    let update = json!({ "type": 7, "data": { "content": "Done", "components": [] } });
    place.callback(&event, &update).await.ok();
    let updated = doing.await.unwrap().unwrap().message().unwrap();
    assert_eq!((updated.id, updated.content.as_str()), (shown.id, "Done"));
    let gone = place.discord.actor(place.mina, place.channel);
    assert!(matches!(
        gone.click(&updated, "Done").await,
        Err(Refused::Client(_))
    ));
    place.end();
}

#[tokio::test]
async fn a_menu_sends_what_it_offers_and_no_more_than_it_takes() {
    let (place, mut gateway) = with_note().await;
    let (event, doing) = place.note(&mut gateway).await;
    let options = ["a", "b", "c"].map(|value| json!({ "label": value, "value": value }));
    let menu = json!({ "type": 3, "custom_id": "pick", "max_values": 2, "options": options });
    let rows = json!([{ "type": 1, "components": [menu] }]);
    let answer = json!({ "type": 4, "data": { "content": "Which?", "components": rows } });
    place.callback(&event, &answer).await.ok();
    let shown = doing.await.unwrap().unwrap().message().unwrap();
    let actor = place.discord.actor(place.mina, place.channel);
    for values in [&["d"][..], &[], &["a", "b", "c"]] {
        let refused = actor.select(&shown, "pick", values).await;
        assert!(matches!(refused, Err(Refused::Client(_))), "{refused:?}");
    }
    let select = |actor: Actor| async move { actor.select(&shown, "pick", &["a", "c"]).await };
    let (event, doing) = place.does(&mut gateway, place.mina, select).await;
    assert_eq!(event["data"]["component_type"], 3);
    assert_eq!(event["data"]["values"], json!(["a", "c"]));
    place.callback(&event, &json!({ "type": 6 })).await.ok();
    doing.await.unwrap().unwrap();
    place.end();
}

#[tokio::test]
async fn a_form_opens_checks_its_lengths_and_comes_back_filled() {
    let (place, mut gateway) = with_note().await;
    let (event, doing) = place.note(&mut gateway).await;
    let mut wrong = form();
    wrong["data"]["title"] = "x".repeat(46).into();
    let refused = place.callback(&event, &wrong).await;
    assert_eq!(refused.wrong("/data/title"), "BASE_TYPE_BAD_LENGTH");
    wrong = form();
    wrong["data"]["components"] = json!([]);
    let refused = place.callback(&event, &wrong).await;
    assert_eq!(refused.wrong("/data/components"), "BASE_TYPE_BAD_LENGTH");
    place.callback(&event, &form()).await.ok();
    let modal = doing.await.unwrap().unwrap().modal().unwrap();

    let actor = place.discord.actor(place.mina, place.channel);
    let empty = actor.submit(&modal, &[("why", "")]).await;
    assert!(matches!(empty, Err(Refused::Field { .. })), "{empty:?}");
    let submit = |actor: Actor| async move { actor.submit(&modal, &[("why", "Because")]).await };
    let (event, doing) = place.does(&mut gateway, place.mina, submit).await;
    assert_eq!(
        (&event["type"], &event["data"]["custom_id"]),
        (&json!(5), &json!("form~1"))
    );
    let given = &event["data"]["components"][0]["components"][0];
    assert_eq!(
        (&given["custom_id"], &given["value"]),
        (&json!("why"), &json!("Because"))
    );
    let again = place.callback(&event, &form()).await;
    assert_eq!(
        again.refusal(),
        (400, 50_035),
        "a form cannot answer a form"
    );
    place.callback(&event, &secret("I see")).await.ok();
    assert_eq!(doing.await.unwrap().unwrap().text(), "I see");
    place.end();
}

#[tokio::test]
async fn autocomplete_offers_at_most_25_choices_and_nothing_else() {
    let (place, mut gateway) = with_note().await;
    let type_he = |actor: Actor| async move {
        let offered = actor.autocomplete("note", &[], "text", "he").await;
        offered.map(Reply::Choices)
    };
    let (event, doing) = place.does(&mut gateway, place.mina, type_he).await;
    assert_eq!(event["type"], 4);
    assert_eq!(
        event["data"]["options"],
        json!([{ "name": "text", "type": 3, "value": "he", "focused": true }])
    );
    let choices = |count: usize| {
        let one = |n: usize| json!({ "name": format!("Choice {n}"), "value": format!("c{n}") });
        json!({ "type": 8, "data": { "choices": (0..count).map(one).collect::<Vec<_>>() } })
    };
    let refused = place.callback(&event, &choices(26)).await;
    assert_eq!(refused.wrong("/data/choices"), "BASE_TYPE_MAX_LENGTH");
    let posted = place.callback(&event, &message("No message here")).await;
    assert_eq!(posted.refusal(), (400, 50_035));
    place.callback(&event, &choices(25)).await.ok();
    let Reply::Choices(offered) = doing.await.unwrap().unwrap() else {
        panic!("choices were offered");
    };
    assert_eq!(offered.len(), 25);
    assert_eq!(offered[24], ("Choice 24".into(), "c24".into()));
    assert_eq!(place.texts(), Vec::<String>::new());
    place.end();
}

#[tokio::test]
async fn a_commands_file_is_resolved_served_and_limited() {
    let (place, mut gateway) = with_note().await;
    let file = |size: usize| OptionValue::File {
        filename: "proof.png".into(),
        content_type: "image/png".into(),
        bytes: vec![7; size],
    };
    let attach = |file: OptionValue| {
        |actor: Actor| async move { actor.slash_with("note", &[("file", file)]).await }
    };
    let (event, doing) = place.does(&mut gateway, place.mina, attach(file(3))).await;
    let id = event["data"]["options"][0]["value"].as_str().unwrap();
    let resolved = &event["data"]["resolved"]["attachments"][id];
    assert_eq!(
        (&resolved["filename"], &resolved["size"]),
        (&json!("proof.png"), &json!(3))
    );
    assert_eq!(resolved["ephemeral"], true);
    let served = reqwest::get(resolved["url"].as_str().unwrap())
        .await
        .unwrap();
    assert_eq!(served.headers()["content-type"], "image/png");
    assert_eq!(served.bytes().await.unwrap().as_ref(), [7, 7, 7]);
    place.callback(&event, &message("Seen")).await.ok();
    doing.await.unwrap().unwrap();
    let actor = place.discord.actor(place.mina, place.channel);
    let large = [("file", file(10 * 1024 * 1024 + 1))];
    let refused = actor.slash_with("note", &large).await.unwrap_err();
    assert_eq!(refused.to_string(), "Your files are too powerful");
    place.end();
}
