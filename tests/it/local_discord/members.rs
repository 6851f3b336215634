//! Members and their roles: how a bot asks for them, and a role as a command's option.

use serde_json::{Value, json};
use timeattack::ids::{RoleId, UserId};
use timeattack::sandbox::{Actor, OptionValue, Refused};

use super::{Gateway, Place};

async fn roles_of_mina(place: &Place) -> Value {
    let path = format!("/guilds/{}/members/{}", place.guild, place.mina);
    let member = place.get(&path).await.ok();
    assert_eq!(member["user"]["id"], place.mina.to_string());
    member["roles"].clone()
}

#[tokio::test]
async fn a_member_is_answered_with_their_roles_until_they_leave() {
    let place = Place::start().await;
    let role = place.discord.add_role(place.guild, "Early birds");
    assert_eq!(roles_of_mina(&place).await, json!([]));
    for _ in 0..2 {
        place.discord.give_role(place.guild, place.mina, role);
    }
    let unknown = RoleId::from(4_242);
    place.discord.give_role(place.guild, place.mina, unknown);
    assert_eq!(roles_of_mina(&place).await, json!([role.to_string()]));

    let path = format!("/guilds/{}", place.guild);
    let guild = place.get(&path).await.ok();
    assert_eq!(guild["name"], "Study");
    let roles = place.get(&format!("{path}/roles")).await.ok();
    assert_eq!(guild["roles"], roles);
    let named = |name: &str| {
        roles
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["name"] == name)
    };
    assert_eq!(named("@everyone").unwrap()["id"], place.guild.to_string());
    assert_eq!(named("Early birds").unwrap()["id"], role.to_string());
    assert_eq!(named("Early birds").unwrap()["permissions"], "0");

    let stranger = place.discord.add_user("Stranger", "ko");
    let outside = place.get(&format!("{path}/members/{stranger}")).await;
    assert_eq!(outside.refusal(), (404, 10_007));
    place.register().await;
    place.discord.leave(place.guild, place.mina);
    let gone = place.get(&format!("{path}/members/{}", place.mina)).await;
    assert_eq!(gone.refusal(), (404, 10_007));
    assert_eq!(gone.body["message"], "Unknown Member");
    let typed = place.discord.actor(place.mina, place.channel);
    let refused = typed.slash("/note text:Hi").await.unwrap_err();
    assert_eq!(refused.to_string(), "not a member of this server");
    place.end();
}

#[tokio::test]
async fn who_left_the_last_server_takes_no_direct_messages() {
    let place = Place::start().await;
    let direct = place.discord.open_direct_channel(place.mina);
    place.discord.leave(place.guild, place.mina);
    let refused = place.post_in(direct, &json!({ "content": "Hello" })).await;
    assert_eq!(refused.refusal(), (403, 50_278));
    place.discord.join(place.guild, place.mina, 0);
    place
        .post_in(direct, &json!({ "content": "Hello" }))
        .await
        .ok();
    place.end();
}

#[tokio::test]
async fn the_bot_is_told_of_a_new_role() {
    let place = Place::start().await;
    let (mut gateway, _) = Gateway::ready(&place, 1).await;
    let role = place.discord.add_role(place.guild, "Early birds");
    let told = gateway.event("GUILD_ROLE_CREATE").await;
    assert_eq!(told["guild_id"], place.guild.to_string());
    assert_eq!(
        (&told["role"]["id"], &told["role"]["name"]),
        (&json!(role.to_string()), &json!("Early birds"))
    );
    place.end();
}

#[tokio::test]
async fn a_role_is_chosen_by_name_mention_or_id_and_resolved() {
    let place = Place::start().await;
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    let role = place.discord.add_role(place.guild, "Mina");
    let spaced = place.discord.add_role(place.guild, "Early birds");
    let everyone = RoleId::from(place.guild.get());
    let command = json!({
        "name": "tell", "description": "Tells some", "options": [
            { "type": 8, "name": "role", "description": "Whom" },
            { "type": 6, "name": "user", "description": "Whom" },
            { "type": 9, "name": "any", "description": "Whom" },
            { "type": 3, "name": "text", "description": "What" },
        ],
    });
    let path = format!("/applications/{}/commands", place.bot().await);
    place.call("PUT", &path, &json!([command])).await.ok();
    for (line, kind, chosen) in [
        ("role:@Mina text:Hello".to_owned(), 8, role.get()),
        ("role:@Early birds text:Hello".to_owned(), 8, spaced.get()),
        ("role:Early birds".to_owned(), 8, spaced.get()),
        (format!("role:<@&{role}>"), 8, role.get()),
        (format!("role:{role}"), 8, role.get()),
        ("role:@everyone".to_owned(), 8, everyone.get()),
        ("user:@Mina".to_owned(), 6, place.mina.get()),
        ("any:@Mina".to_owned(), 9, place.mina.get()),
        ("any:@Early birds".to_owned(), 9, spaced.get()),
    ] {
        let typed = format!("/tell {line}");
        let tell = |actor: Actor| async move { actor.slash(&typed).await };
        let (event, doing) = place.does(&mut gateway, place.jamong, tell).await;
        let option = &event["data"]["options"][0];
        let id = chosen.to_string();
        assert_eq!(
            (&option["type"], &option["value"]),
            (&json!(kind), &json!(id)),
            "{line}"
        );
        let is_user = chosen == place.mina.get();
        let resolved = &event["data"]["resolved"];
        assert_eq!(resolved["users"][&id]["id"] == json!(id), is_user, "{line}");
        assert_eq!(
            resolved["roles"][&id]["id"] == json!(id),
            !is_user,
            "{line}"
        );
        let answer = json!({ "type": 4, "data": { "content": "Told" } });
        place.callback(&event, &answer).await.ok();
        doing.await.unwrap().unwrap();
    }
    let jamong = place.discord.actor(place.jamong, place.channel);
    for line in ["/tell role:@Nobody", "/tell role:4242", "/tell role:"] {
        let refused = jamong.slash(line).await;
        assert!(matches!(refused, Err(Refused::Field { .. })), "{line}");
    }
    let elsewhere = place.discord.add_guild("Elsewhere", "ko");
    let foreign = place.discord.add_role(elsewhere, "Early birds");
    let given = [("role", OptionValue::Id(foreign.get()))];
    let refused = jamong.slash_with("tell", &given).await;
    assert!(matches!(refused, Err(Refused::Field { .. })), "{refused:?}");
    place.end();
}

#[tokio::test]
async fn a_person_sets_their_app_to_another_language() {
    let place = Place::start().await;
    place.register().await;
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    for (locale, is_known) in [("ko", true), ("pt-BR", true), ("kr", false), ("", false)] {
        assert_eq!(place.discord.set_locale(place.mina, locale), is_known);
    }
    assert!(!place.discord.set_locale(UserId::from(4_242), "ko"));
    let (event, _doing) = place.note(&mut gateway).await;
    assert_eq!(
        (&event["locale"], &event["guild_locale"]),
        (&json!("pt-BR"), &json!("ko"))
    );
    let world = place.sent(place.local("GET", "/local/world")).await.ok();
    assert_eq!(world["people"][0]["locale"], "pt-BR");
    place.end();
}
