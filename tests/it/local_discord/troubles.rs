//! What goes wrong: limits, direct messages nobody takes, kicks, and the faults one orders.

use std::time::Duration;

use serde_json::{Value, json};
use timeattack::sandbox::{Actor, Fault, FaultKind, Refused, permissions};

use super::{Answer, Gateway, Place};
use crate::support::seconds;

fn hello() -> Value {
    json!({ "content": "Hello" })
}

#[tokio::test]
async fn every_answer_tells_where_its_bucket_stands() {
    let place = Place::start().await;
    place.discord.rate_limits(true);
    let first = place.post(&hello()).await;
    assert_eq!(first.header("x-ratelimit-limit"), "5");
    assert_eq!(first.header("x-ratelimit-remaining"), "4");
    assert_eq!(first.header("x-ratelimit-reset-after"), "5.000");
    let reset: f64 = first.header("x-ratelimit-reset").parse().unwrap();
    assert_eq!(reset, 1_795_237_205.0);
    place.clock.advance_ms(1_250);
    let refused = place.post(&json!({})).await;
    assert_eq!(refused.refusal(), (400, 50_006));
    assert_eq!(refused.header("x-ratelimit-remaining"), "3");
    assert_eq!(refused.header("x-ratelimit-reset-after"), "3.750");
    let elsewhere = place.discord.add_channel(place.guild, "elsewhere");
    let there = place.post_in(elsewhere, &hello()).await;
    assert_eq!(there.header("x-ratelimit-remaining"), "4");
    let bucket = |answer: &Answer| answer.header("x-ratelimit-bucket").to_owned();
    assert_eq!(bucket(&there), bucket(&first), "one route");
    let me = place.get("/users/@me").await;
    assert_ne!(bucket(&me), bucket(&first));
    place.end();
}

#[tokio::test]
async fn a_full_bucket_is_429_until_it_resets() {
    let place = Place::start().await;
    place.discord.rate_limits(true);
    for _ in 0..5 {
        place.post(&hello()).await.ok();
    }
    place.clock.advance_ms(500);
    let refused = place.post(&hello()).await;
    assert_eq!(
        (refused.status, &refused.body),
        (
            429,
            &json!({
                "message": "You are being rate limited.", "retry_after": 4.5, "global": false,
                "code": 0,
            })
        )
    );
    assert_eq!(refused.header("retry-after"), "5", "whole seconds");
    assert_eq!(refused.header("x-ratelimit-scope"), "user");
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    assert!(refused.headers.get("x-ratelimit-global").is_none());
    assert_eq!(place.discord.too_many_requests(), 1);
    place.clock.advance_ms(4_500);
    place.post(&hello()).await.ok();
    assert_eq!(place.texts().len(), 6);
    place.end();
}

#[tokio::test]
async fn fifty_a_second_in_all_but_an_interaction_is_still_answered() {
    let place = Place::start().await;
    place.register().await;
    let (mut gateway, _) = Gateway::ready(&place, 1).await;
    place.discord.rate_limits(true);
    for _ in 0..50 {
        place.get("/users/@me").await.ok();
    }
    let path = format!("/channels/{}", place.channel);
    let refused = place.get(&path).await;
    assert_eq!(
        (refused.status, &refused.body["global"]),
        (429, &json!(true))
    );
    assert_eq!(refused.header("x-ratelimit-global"), "true");
    assert_eq!(refused.header("x-ratelimit-scope"), "global");
    assert_eq!(refused.header("retry-after"), "1");
    let (event, doing) = place.note(&mut gateway).await;
    let answer = json!({ "type": 4, "data": { "content": "At once" } });
    assert_eq!(place.callback(&event, &answer).await.status, 204);
    assert_eq!(doing.await.unwrap().unwrap().text(), "At once");
    place.clock.advance_ms(seconds(1));
    place.get(&path).await.ok();
    place.end();
}

#[tokio::test]
async fn a_shared_limit_can_be_ordered() {
    let place = Place::start().await;
    let limited = FaultKind::RateLimited {
        retry_after_ms: 1_500,
        global: false,
        shared: true,
    };
    place.discord.fault(Fault::on("/messages", limited));
    let refused = place.post(&hello()).await;
    assert_eq!(
        (refused.status, &refused.body["retry_after"]),
        (429, &json!(1.5))
    );
    assert_eq!(refused.header("x-ratelimit-scope"), "shared");
    place.post(&hello()).await.ok();
    place.end();
}

#[tokio::test]
async fn a_direct_message_reaches_those_who_take_it() {
    let place = Place::start().await;
    let open = async |user: &str| {
        let body = json!({ "recipient_id": user });
        place.call("POST", "/users/@me/channels", &body).await
    };
    let mina = place.mina.to_string();
    let channel = open(&mina).await.ok();
    assert_eq!(
        (&channel["type"], &channel["recipients"][0]["id"]),
        (&json!(1), &json!(mina))
    );
    assert_eq!(
        open(&mina).await.ok()["id"],
        channel["id"],
        "always the same"
    );
    let path = format!("/channels/{}/messages", channel["id"].as_str().unwrap());
    let (mut gateway, _) = Gateway::ready(&place, 1 << 12).await;
    place.call("POST", &path, &hello()).await.ok();
    let told = gateway.event("MESSAGE_CREATE").await;
    assert_eq!(
        (&told["content"], &told["guild_id"]),
        (&json!("Hello"), &Value::Null)
    );

    place.discord.close_dms(place.mina, true);
    let refused = place.call("POST", &path, &hello()).await;
    assert_eq!(refused.refusal(), (403, 50_007));
    assert_eq!(refused.body["message"], "Cannot send messages to this user");
    place.discord.close_dms(place.mina, false);
    place.call("POST", &path, &hello()).await.ok();
    assert_eq!(open("4242").await.refusal(), (400, 50_033), "nobody");

    let stranger = place.discord.add_user("Stranger", "en-US").to_string();
    let channel = open(&stranger).await.ok();
    let path = format!("/channels/{}/messages", channel["id"].as_str().unwrap());
    let refused = place.call("POST", &path, &hello()).await;
    assert_eq!(refused.refusal(), (403, 50_278), "no server in common");

    place.discord.opening_dms_too_fast(true);
    let refused = open(&place.jamong.to_string()).await;
    assert_eq!(refused.refusal(), (403, 40_003));
    place.discord.opening_dms_too_fast(false);
    open(&place.jamong.to_string()).await.ok();
    place.end();
}

#[tokio::test]
async fn a_kicked_bot_is_told_and_then_finds_every_door_closed() {
    let place = Place::start().await;
    place.register().await;
    let (mut gateway, _) = Gateway::ready(&place, 1).await;
    place.discord.kick_bot(place.guild);
    let told = gateway.event("GUILD_DELETE").await;
    assert_eq!(told, json!({ "id": place.guild.to_string() }));
    let guild = format!("/guilds/{}", place.guild);
    assert_eq!(place.get(&guild).await.refusal(), (404, 10_004));
    assert_eq!(place.post(&hello()).await.refusal(), (403, 50_001));
    let path = format!("/channels/{}", place.channel);
    assert_eq!(place.get(&path).await.refusal(), (403, 50_001));
    let mina = place.discord.actor(place.mina, place.channel);
    let gone = mina.slash("/note text:Hello").await;
    assert!(matches!(gone, Err(Refused::Client(_))), "{gone:?}");
    place.end();
}

#[tokio::test]
async fn a_bot_that_is_invited_anew_is_told_and_finds_the_doors_open() {
    let place = Place::start().await;
    place.register().await;
    let (mut gateway, _) = Gateway::ready(&place, 1).await;
    gateway.event("GUILD_CREATE").await;
    let bot = place.bot().await;
    place
        .discord
        .deny_bot(place.channel, permissions::SEND_MESSAGES);
    place.discord.invite_bot(place.guild);
    place.discord.kick_bot(place.guild);
    // What happens meanwhile is not the bot's to know; what it finds is how it stands.
    let kicked = gateway.next().await;
    assert_eq!(
        kicked["t"], "GUILD_DELETE",
        "the first invitation changed nothing"
    );
    place.clock.advance_ms(seconds(7));
    place.discord.invite_bot(place.guild);
    let told = gateway.event("GUILD_CREATE").await;
    assert_eq!(told["id"], place.guild.to_string());
    assert_eq!(told["channels"][0]["id"], place.channel.to_string());
    assert_eq!(told["joined_at"], "2026-11-21T05:00:07.000000+00:00");
    let roles = told["roles"].as_array().unwrap();
    let own: Vec<&Value> = roles
        .iter()
        .filter(|role| role["managed"] == true)
        .collect();
    assert_eq!(own.len(), 1);
    assert_eq!(own[0]["tags"]["bot_id"], bot.to_string());
    assert_eq!(told["members"][0]["roles"], json!([own[0]["id"]]));
    place.post(&hello()).await.ok();
    let typed = |mina: Actor| async move { mina.slash("/note text:Hello").await };
    let (event, doing) = place.does(&mut gateway, place.mina, typed).await;
    let answer = json!({ "type": 4, "data": { "content": "Back" } });
    place.callback(&event, &answer).await.ok();
    assert_eq!(doing.await.unwrap().unwrap().text(), "Back");
    place.end();
}

#[tokio::test]
async fn the_bot_is_told_of_new_servers_channels_and_threads() {
    let place = Place::start().await;
    let (mut gateway, _) = Gateway::ready(&place, 1).await;
    let guild = place.discord.add_guild("New", "ko");
    let told = gateway.next().await;
    assert_eq!(
        (&told["t"], &told["d"]["name"]),
        (&json!("GUILD_CREATE"), &json!("Study"))
    );
    assert_eq!(gateway.event("GUILD_CREATE").await["id"], guild.to_string());
    let channel = place.discord.add_channel(guild, "first");
    let told = gateway.event("CHANNEL_CREATE").await;
    assert_eq!(told["id"], channel.to_string());
    let thread = place.discord.add_thread(channel, "below");
    let told = gateway.event("THREAD_CREATE").await;
    assert_eq!(
        (&told["id"], &told["parent_id"]),
        (&json!(thread.to_string()), &json!(channel.to_string()))
    );
    place.discord.delete_channel(channel);
    let told = gateway.event("CHANNEL_DELETE").await;
    assert_eq!(told["id"], channel.to_string());
    let gone = place.post_in(channel, &hello()).await;
    assert_eq!(gone.refusal(), (404, 10_003));
    place.end();
}

#[tokio::test]
async fn an_ordered_status_stores_nothing_and_passes() {
    let place = Place::start().await;
    let unwell = Fault::on("/messages", FaultKind::Status(503)).method("POST");
    place.discord.fault(unwell.times(2));
    for expected in [503, 503, 200] {
        assert_eq!(place.post(&hello()).await.status, expected);
    }
    let code = FaultKind::Error {
        status: 403,
        code: 50_013,
    };
    place.discord.fault(Fault::on("/users/@me", code));
    assert_eq!(place.get("/users/@me").await.refusal(), (403, 50_013));
    assert_eq!(place.discord.clear_faults(), 0, "used up");
    assert_eq!(place.texts(), ["Hello"]);
    place.end();
}

#[tokio::test]
async fn an_answer_of_somebody_elses_can_be_ordered() {
    let place = Place::start().await;
    let ban = |retry_after: Option<&str>| FaultKind::Banned {
        retry_after: retry_after.map(str::to_owned),
    };
    for (kind, status, retry_after) in [
        (FaultKind::Foreign(404), 404, None),
        (ban(None), 429, None),
        (ban(Some("1800")), 429, Some("1800")),
    ] {
        place.discord.fault(Fault::on("/messages", kind));
        let answer = place.post(&hello()).await;
        assert_eq!(answer.status, status);
        assert!(answer.header("content-type").starts_with("text/html"));
        let told = answer.headers.get("retry-after");
        assert_eq!(told.map(|value| value.to_str().unwrap()), retry_after);
    }
    assert_eq!(place.discord.too_many_requests(), 2);
    assert_eq!(place.texts(), Vec::<String>::new());
    place.end();
}

#[tokio::test]
async fn an_outage_lasts_until_it_is_over() {
    let place = Place::start().await;
    place.discord.outage(true);
    for _ in 0..3 {
        assert_eq!(place.post(&hello()).await.status, 500);
    }
    place.discord.outage(false);
    place.post(&hello()).await.ok();
    assert_eq!(place.texts(), ["Hello"]);
    place.end();
}

#[tokio::test]
async fn a_reset_cuts_the_connection_before_or_after_the_message_is_there() {
    for (kind, stored) in [
        (FaultKind::ResetBeforeWrite, 0),
        (FaultKind::ResetAfterWrite, 1),
    ] {
        let place = Place::start().await;
        place.discord.fault(Fault::on("/messages", kind.clone()));
        let path = place.messages_of(place.channel);
        let request = place.request("POST", &path).json(&hello());
        let cut = request.send().await.expect_err("no status, no headers");
        assert!(cut.is_request() && !cut.is_timeout(), "{kind:?}: {cut:?}");
        assert_eq!(place.texts().len(), stored, "{kind:?}");
        place.post(&hello()).await.ok();
        place.end();
    }
}

#[tokio::test]
async fn a_hang_outlasts_the_clients_patience_and_stores_nothing() {
    let place = Place::start().await;
    let hang = FaultKind::Hang(seconds(60));
    place.discord.fault(Fault::on("/messages", hang));
    let path = place.messages_of(place.channel);
    let request = place.request("POST", &path).json(&hello());
    let patience = Duration::from_millis(200);
    let gave_up = request.timeout(patience).send().await.unwrap_err();
    assert!(gave_up.is_timeout(), "{gave_up:?}");
    place.clock.advance_ms(seconds(60));
    place.post(&hello()).await.ok();
    assert_eq!(place.texts(), ["Hello"]);
    place.end();
}
