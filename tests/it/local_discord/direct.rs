//! Direct messages: a channel of two that works as any other, and buttons pressed in it.

use serde_json::{Value, json};
use timeattack::ids::{ChannelId, UserId};
use timeattack::sandbox::{Message, Refused};

use super::{Answer, Gateway, Place};

const SILENT: u64 = 1 << 12;

async fn open(place: &Place, user: UserId) -> ChannelId {
    let body = json!({ "recipient_id": user.to_string() });
    let channel = place.call("POST", "/users/@me/channels", &body).await.ok();
    let id: u64 = channel["id"].as_str().unwrap().parse().unwrap();
    ChannelId::from(id)
}

/// A message with an embed and a button.
fn ask() -> Value {
    let button = json!({ "type": 2, "style": 1, "label": "Yes", "custom_id": "yes~1" });
    json!({
        "content": "A word", "embeds": [{ "title": "May I?" }], "flags": SILENT,
        "components": [{ "type": 1, "components": [button] }],
        "nonce": "dm-1", "enforce_nonce": true, "allowed_mentions": { "parse": [] },
    })
}

/// Asks Mina in a direct message; where, and the message.
async fn asked(place: &Place) -> (ChannelId, Message) {
    let channel = open(place, place.mina).await;
    place.post_in(channel, &ask()).await.ok();
    let asked = place.discord.direct_messages(place.mina).pop().unwrap();
    (channel, asked)
}

#[tokio::test]
async fn a_direct_message_is_posted_once_read_edited_and_deleted_as_in_a_channel() {
    let place = Place::start().await;
    let (channel, asked) = asked(&place).await;
    assert_eq!(place.discord.direct_channel(place.mina), Some(channel));
    assert_eq!((asked.guild_id, asked.is_silent()), (None, true));
    assert_eq!(asked.text(), "A word\nMay I?");
    assert_eq!(asked.buttons()[0].label, "Yes");
    let again = place.post_in(channel, &ask()).await.ok();
    assert_eq!(again["id"], asked.id.to_string(), "by its nonce");

    let path = place.messages_of(channel);
    let read = place.get(&format!("{path}?limit=5")).await.ok();
    assert_eq!(read[0]["nonce"], "dm-1");
    assert_eq!(read.as_array().unwrap().len(), 1);
    let one = format!("{path}/{}", asked.id);
    let change = json!({ "content": "Thank you", "components": [] });
    let edited = place.call("PATCH", &one, &change).await.ok();
    assert_eq!(place.get(&one).await.ok(), edited);
    let now = place.discord.direct_messages(place.mina);
    assert_eq!(
        (now[0].text().as_str(), now[0].buttons().len()),
        ("Thank you\nMay I?", 0)
    );
    let deleted = place.sent(place.request("DELETE", &one)).await;
    assert_eq!(deleted.status, 204);
    assert!(place.discord.direct_messages(place.mina).is_empty());
    place.end();
}

#[tokio::test]
async fn each_direct_channel_has_the_limits_of_a_channel_and_opening_one_has_its_own() {
    let place = Place::start().await;
    let (minas, jamongs) = (
        open(&place, place.mina).await,
        open(&place, place.jamong).await,
    );
    place.discord.rate_limits(true);
    let hello = json!({ "content": "Hello" });
    for left in ["4", "3", "2", "1", "0"] {
        let sent = place.post_in(minas, &hello).await;
        assert_eq!(sent.header("x-ratelimit-remaining"), left);
    }
    let refused = place.post_in(minas, &hello).await;
    assert_eq!(
        (refused.status, &refused.body["global"]),
        (429, &json!(false))
    );
    place.post_in(jamongs, &hello).await.ok();
    let recipient = json!({ "recipient_id": place.mina.to_string() });
    let opened: Answer = place.call("POST", "/users/@me/channels", &recipient).await;
    assert_eq!(opened.header("x-ratelimit-limit"), "10");
    assert_eq!(place.discord.direct_messages(place.mina).len(), 5);
    place.end();
}

#[tokio::test]
async fn a_direct_message_can_be_waited_for_before_its_channel_is_open() {
    let place = Place::start().await;
    assert_eq!(place.discord.direct_channel(place.mina), None);
    assert!(place.discord.direct_messages(place.mina).is_empty());
    let waited = place
        .discord
        .direct_message_where(place.mina, |message| message.text().contains("Second"));
    let posted = async {
        let channel = open(&place, place.mina).await;
        for text in ["First", "Second"] {
            place
                .post_in(channel, &json!({ "content": text }))
                .await
                .ok();
        }
    };
    let (found, ()) = tokio::join!(waited, posted);
    assert_eq!(found.unwrap().content, "Second");
    assert!(place.discord.direct_messages(place.jamong).is_empty());
    place.end();
}

#[tokio::test]
async fn a_channel_that_the_person_opened_is_the_one_that_the_bot_gets() {
    let place = Place::start().await;
    let opened = place.discord.open_direct_channel(place.mina);
    assert_eq!(open(&place, place.mina).await, opened);
    assert_eq!(place.discord.open_direct_channel(place.mina), opened);
    place.end();
}

#[tokio::test]
async fn a_button_of_a_direct_message_names_its_user_and_no_server() {
    let place = Place::start().await;
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    let (channel, asked) = asked(&place).await;
    let mina = place.mina.to_string();
    let (actor, shown) = (place.discord.actor(place.mina, channel), asked.clone());
    let doing = tokio::spawn(async move { actor.click(&shown, "Yes").await });
    let event = gateway.event("INTERACTION_CREATE").await;
    assert_eq!((&event["type"], &event["context"]), (&json!(3), &json!(1)));
    assert_eq!(event["user"]["id"], mina);
    for field in ["guild_id", "member", "guild_locale", "guild"] {
        assert_eq!(event.get(field), None, "{field}");
    }
    assert_eq!(event["authorizing_integration_owners"], json!({ "0": "0" }));
    assert_eq!(
        (
            &event["channel"]["type"],
            &event["channel"]["recipients"][0]["id"]
        ),
        (&json!(1), &json!(mina))
    );
    assert_eq!(
        (&event["channel_id"], &event["channel"]["id"]),
        (&json!(channel.to_string()), &json!(channel.to_string()))
    );
    assert_eq!(event["message"]["id"], asked.id.to_string());
    assert_eq!(event["message"].get("guild_id"), None);
    assert_eq!(event["locale"], "en-US");
    let update = json!({ "type": 7, "data": { "content": "Done", "components": [] } });
    place.callback(&event, &update).await.ok();
    assert_eq!(doing.await.unwrap().unwrap().text(), "Done\nMay I?");

    let secret = json!({ "content": "By the way", "flags": 64 });
    let more = place
        .call("POST", &place.webhook(&event, ""), &secret)
        .await
        .ok();
    let about = &more["interaction_metadata"];
    assert_eq!(about["authorizing_integration_owners"], json!({ "0": "0" }));
    assert_eq!(about["interacted_message_id"], asked.id.to_string());
    let texts: Vec<String> = place
        .discord
        .direct_messages(place.mina)
        .iter()
        .map(Message::text)
        .collect();
    assert_eq!(texts, ["Done\nMay I?", "By the way"]);
    place.end();
}

#[tokio::test]
async fn nobody_presses_a_button_in_anothers_direct_messages() {
    let place = Place::start().await;
    let (channel, asked) = asked(&place).await;
    let jamong = place.discord.actor(place.jamong, channel);
    let refused = jamong.click(&asked, "Yes").await;
    let unknown = Refused::Client("there is no such channel".into());
    assert_eq!(refused.unwrap_err(), unknown);
    place.end();
}

#[tokio::test]
async fn a_command_is_offered_in_direct_messages_unless_it_says_otherwise() {
    let place = Place::start().await;
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    let command = |name: &str, more: (&str, Value)| {
        let mut command = json!({ "name": name, "description": "Does it" });
        command[more.0] = more.1;
        command
    };
    let commands = json!([
        command("anywhere", ("nsfw", false.into())),
        command("both", ("contexts", json!([0, 1]))),
        command("servers", ("contexts", json!([0]))),
        command("older", ("dm_permission", false.into())),
        command("private", ("contexts", json!([1]))),
    ]);
    let path = format!("/applications/{}/commands", place.bot().await);
    place.call("PUT", &path, &commands).await.ok();
    let direct = place.discord.open_direct_channel(place.mina);
    for (name, in_server, in_direct) in [
        ("anywhere", true, true),
        ("both", true, true),
        ("servers", true, false),
        ("older", true, false),
        ("private", false, true),
    ] {
        for (channel, is_offered) in [(place.channel, in_server), (direct, in_direct)] {
            let mina = place.discord.actor(place.mina, channel);
            let typed = tokio::spawn(async move { mina.slash(&format!("/{name}")).await });
            if !is_offered {
                let refused = typed.await.unwrap();
                assert!(matches!(refused, Err(Refused::Client(_))), "{name}");
                continue;
            }
            let event = gateway.event("INTERACTION_CREATE").await;
            assert_eq!(event["channel_id"], channel.to_string(), "{name}");
            let answer = json!({ "type": 4, "data": { "content": "Done" } });
            place.callback(&event, &answer).await.ok();
            typed.await.unwrap().unwrap();
        }
    }
    place.end();
}
