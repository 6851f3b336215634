//! Commands in the menu of a message (“Apps”): how they are registered, and what comes of choosing
//! one.

use poise::serenity_prelude as serenity;
use serde_json::{Value, json};
use timeattack::sandbox::{Actor, Refused, permissions};

use super::{Answer, Gateway, Place};
use crate::support::seconds;

const NAME: &str = "Start from This";

async fn commands(place: &Place) -> String {
    format!("/applications/{}/commands", place.bot().await)
}

fn menu(name: &str) -> Value {
    json!({ "name": name, "type": 3 })
}

fn slash(name: &str) -> Value {
    json!({ "name": name, "description": "Does it" })
}

async fn replace(place: &Place, list: &Value) -> Answer {
    place.call("PUT", &commands(place).await, list).await
}

/// A place whose bot has registered a command for messages, and is connected.
async fn with_menu() -> (Place, Gateway) {
    let place = Place::start().await;
    replace(&place, &json!([menu(NAME)])).await.ok();
    let (gateway, _) = Gateway::ready(&place, 0).await;
    (place, gateway)
}

/// What the bot posted, as it is kept.
async fn posted(place: &Place, content: &str) -> timeattack::sandbox::Message {
    place.post(&json!({ "content": content })).await.ok();
    let found = place
        .discord
        .message_where(place.channel, |message| message.content == content);
    found.await.unwrap()
}

#[tokio::test]
async fn a_command_for_messages_is_kept_without_description_and_shown_to_the_page() {
    let place = Place::start().await;
    let list = json!([menu(NAME), slash("start"), { "name": NAME, "type": 2, "description": "" }]);
    let kept = replace(&place, &list).await.ok();
    assert_eq!(
        (&kept[0]["name"], &kept[0]["type"], &kept[0]["description"]),
        (&json!(NAME), &json!(3), &json!(""))
    );
    assert_eq!(kept[2]["type"], 2, "a name of its own kind");
    assert_ne!(kept[0]["id"], kept[2]["id"]);
    let again = replace(&place, &list).await.ok();
    assert_eq!(
        (&again[0]["id"], &again[2]["id"]),
        (&kept[0]["id"], &kept[2]["id"])
    );
    let path = commands(&place).await;
    assert_eq!(place.get(&path).await.ok(), again);
    let world = place.sent(place.local("GET", "/local/world")).await.ok();
    let kinds: Vec<&Value> = world["commands"]
        .as_array()
        .unwrap()
        .iter()
        .map(|command| &command["type"])
        .collect();
    assert_eq!(kinds, [3, 1, 2]);
    place.end();
}

#[tokio::test]
async fn one_is_added_changed_and_removed_by_itself() {
    let place = Place::start().await;
    let path = commands(&place).await;
    let made = place.call("POST", &path, &menu(NAME)).await.ok();
    let added = place.call("POST", &path, &slash("start")).await.ok();
    assert_ne!(made["id"], added["id"]);
    let instead = place.call("POST", &path, &menu(NAME)).await.ok();
    assert_eq!(instead["id"], made["id"], "it takes its own place");
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let changes = json!({ "name": "Anew", "default_member_permissions": 32 });
    let changed = place.call("PATCH", &one, &changes).await.ok();
    assert_eq!(
        (
            &changed["name"],
            &changed["type"],
            &changed["default_member_permissions"]
        ),
        (&json!("Anew"), &json!(3), &json!("32"))
    );
    place.call("POST", &path, &menu(NAME)).await.ok();
    let taken = place.call("PATCH", &one, &json!({ "name": NAME })).await;
    assert_eq!(taken.wrong("/name"), "APPLICATION_COMMANDS_DUPLICATE_NAME");
    let described = place
        .call("PATCH", &one, &json!({ "description": "Of what use" }))
        .await;
    assert_eq!(
        described.wrong("/description"),
        "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID"
    );
    assert_eq!(place.sent(place.request("DELETE", &one)).await.status, 204);
    assert_eq!(place.get(&path).await.ok().as_array().unwrap().len(), 2);
    place.end();
}

#[tokio::test]
async fn what_a_menu_cannot_show_is_refused() {
    let place = Place::start().await;
    let with = |field: &str, value: Value| {
        let mut command = menu(NAME);
        command[field] = value;
        command
    };
    let option = json!([{ "type": 3, "name": "text", "description": "What" }]);
    for (command, field, code) in [
        (
            with("description", "Of what use".into()),
            "description",
            "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID",
        ),
        (
            with("options", option),
            "options",
            "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS_INVALID",
        ),
        (with("name", "".into()), "name", "BASE_TYPE_REQUIRED"),
        (
            with("name", "x".repeat(33).into()),
            "name",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (with("type", 9.into()), "type", "BASE_TYPE_CHOICES"),
        // What a menu may be called, a slash command may not.
        (
            json!({ "name": NAME, "description": "Does it" }),
            "name",
            "APPLICATION_COMMAND_INVALID_NAME",
        ),
    ] {
        let refused = replace(&place, &json!([command])).await;
        assert_eq!(refused.wrong(&format!("/0/{field}")), code, "{command}");
        let refused = place.call("POST", &commands(&place).await, &command).await;
        assert_eq!(refused.wrong(&format!("/{field}")), code, "{command}");
    }
    let twice = replace(&place, &json!([menu(NAME), menu(NAME)])).await;
    assert_eq!(
        twice.wrong("/1/name"),
        "APPLICATION_COMMANDS_DUPLICATE_NAME"
    );
    let many: Vec<Value> = (0..16)
        .map(|number| menu(&format!("Menu {number}")))
        .collect();
    let too_many = replace(&place, &json!(many)).await;
    assert_eq!(too_many.refusal(), (400, 30_032));
    replace(&place, &json!(many[..15])).await.ok();
    let one_more = place.call("POST", &commands(&place).await, &many[15]).await;
    assert_eq!(one_more.refusal(), (400, 30_032));
    place
        .call("POST", &commands(&place).await, &many[14])
        .await
        .ok();
    let kept = place.get(&commands(&place).await).await.ok();
    assert_eq!(kept.as_array().unwrap().len(), 15);
    place.end();
}

#[tokio::test]
async fn choosing_it_sends_the_message_as_serenity_reads_it() {
    let (place, mut gateway) = with_menu().await;
    let target = posted(&place, "Read two chapters").await;
    let shown = target.clone();
    let choose = |jamong: Actor| async move { jamong.menu(&shown, NAME).await };
    let (event, doing) = place.does(&mut gateway, place.jamong, choose).await;
    let id = target.id.to_string();
    assert_eq!(
        (&event["type"], &event["data"]["type"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(event["data"]["target_id"], id);
    assert_eq!(event["data"]["options"], Value::Null);
    let path = format!("{}/{id}", place.messages_of(place.channel));
    assert_eq!(
        event["data"]["resolved"]["messages"][&id],
        place.get(&path).await.ok()
    );

    let read: serenity::Interaction = serde_json::from_value(event.clone()).unwrap();
    let serenity::Interaction::Command(command) = read else {
        panic!("{read:?}");
    };
    assert_eq!(command.data.kind, serenity::CommandType::Message);
    assert_eq!(command.data.name, NAME);
    assert_eq!(command.user.id.get(), place.jamong.get());
    let Some(serenity::ResolvedTarget::Message(message)) = command.data.target() else {
        panic!("{:?}", command.data);
    };
    assert_eq!(
        (message.id.to_string(), message.content.as_str()),
        (id.clone(), "Read two chapters")
    );

    let answer = json!({ "type": 4, "data": { "content": "Started" } });
    place.callback(&event, &answer).await.ok();
    let reply = doing.await.unwrap().unwrap().message().unwrap();
    assert_eq!((reply.content.as_str(), reply.kind), ("Started", 23));
    let original = place
        .get(&place.webhook(&event, "/messages/@original"))
        .await
        .ok();
    assert_eq!(original["interaction_metadata"]["target_message_id"], id);
    assert_eq!(original["interaction"]["name"], NAME);
    place.end();
}

#[tokio::test]
async fn it_is_answered_by_a_form_or_in_private_and_within_three_seconds() {
    let (place, mut gateway) = with_menu().await;
    let target = posted(&place, "Read").await;
    let choose = |target: timeattack::sandbox::Message| {
        move |mina: Actor| async move { mina.menu(&target, NAME).await }
    };
    let (event, doing) = place
        .does(&mut gateway, place.mina, choose(target.clone()))
        .await;
    let input = json!({ "type": 4, "custom_id": "limit", "label": "Limit", "style": 1 });
    let rows = json!([{ "type": 1, "components": [input] }]);
    let form = json!({ "custom_id": "form", "title": "Start", "components": rows });
    place
        .callback(&event, &json!({ "type": 9, "data": form }))
        .await
        .ok();
    let modal = doing.await.unwrap().unwrap().modal().unwrap();
    let submit = |mina: Actor| async move { mina.submit(&modal, &[("limit", "30m")]).await };
    let (event, doing) = place.does(&mut gateway, place.mina, submit).await;
    assert_eq!(
        event["data"]["components"][0]["components"][0]["value"],
        "30m"
    );
    let private = json!({ "type": 4, "data": { "content": "Started", "flags": 64 } });
    place.callback(&event, &private).await.ok();
    assert!(doing.await.unwrap().unwrap().is_ephemeral());
    let original = place.webhook(&event, "/messages/@original");
    let started = place.get(&original).await.ok();
    let metadata = &started["interaction_metadata"];
    assert_eq!(
        (
            &metadata["type"],
            &metadata["triggering_interaction_metadata"]["type"]
        ),
        (&json!(5), &json!(2))
    );

    let (event, doing) = place.does(&mut gateway, place.mina, choose(target)).await;
    place.clock.advance_ms(seconds(3) + 1);
    assert_eq!(doing.await.unwrap().unwrap_err(), Refused::NoAnswer);
    let late = place.callback(&event, &private).await;
    assert_eq!(late.refusal(), (404, 10_062));
    place.end();
}

#[tokio::test]
async fn who_may_not_use_it_or_cannot_see_the_message_sends_nothing() {
    let place = Place::start().await;
    let mut guarded = menu("Guarded");
    guarded["default_member_permissions"] = permissions::MANAGE_GUILD.to_string().into();
    let list = json!([menu(NAME), guarded, slash("note")]);
    replace(&place, &list).await.ok();
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    let target = posted(&place, "Read").await;
    let mina = place.discord.actor(place.mina, place.channel);
    let refused = async |actor: &Actor, message, name: &str| match actor.menu(message, name).await {
        Err(Refused::Client(why)) => why,
        other => panic!("{name}: {other:?}"),
    };
    assert!(
        refused(&mina, &target, "Guarded")
            .await
            .contains("permission")
    );
    assert!(
        refused(&mina, &target, "Nothing")
            .await
            .contains("no command")
    );
    let is_no_menu = refused(&mina, &target, "note").await;
    assert!(is_no_menu.contains("no command"), "{is_no_menu}");
    let is_no_slash = mina.slash(&format!("/{NAME}")).await.unwrap_err();
    assert!(matches!(is_no_slash, Refused::Client(_)));

    // A private answer is nobody else's.
    let (event, doing) = place
        .does(&mut gateway, place.mina, |mina: Actor| async move {
            mina.slash("/note").await
        })
        .await;
    let private = json!({ "type": 4, "data": { "content": "Only you", "flags": 64 } });
    place.callback(&event, &private).await.ok();
    let private = doing.await.unwrap().unwrap().message().unwrap();
    let jamong = place.discord.actor(place.jamong, place.channel);
    assert!(refused(&jamong, &private, NAME).await.contains("not shown"));

    // Nor are direct messages.
    let direct = place.discord.open_direct_channel(place.mina);
    place
        .post_in(direct, &json!({ "content": "Between us" }))
        .await
        .ok();
    let between_us = place.discord.direct_messages(place.mina).remove(0);
    let other = place.discord.actor(place.jamong, direct);
    assert!(
        refused(&other, &between_us, NAME)
            .await
            .contains("no such channel")
    );

    place.discord.delete_message(place.channel, target.id);
    assert!(refused(&mina, &target, NAME).await.contains("gone"));
    let other = place.discord.add_channel(place.guild, "other");
    let elsewhere = place.discord.actor(place.mina, other);
    assert!(refused(&elsewhere, &private, NAME).await.contains("gone"));
    place.discord.leave(place.guild, place.mina);
    let again = posted(&place, "Read on").await;
    assert!(refused(&mina, &again, NAME).await.contains("not a member"));
    place.discord.kick_bot(place.guild);
    assert!(refused(&jamong, &again, NAME).await.contains("no command"));
    place.end();
}
