//! The gateway: the handshake and its refusals, sessions that come back, and a server that is
//! unwell in all the ways Discord's can be.

use std::time::Duration;

use serde_json::json;

use super::{Gateway, Place};
use crate::support::{hours, seconds};

const GUILDS: u64 = 1;
const MESSAGES: u64 = 1 << 9;

#[tokio::test]
async fn hello_identify_ready_and_the_servers_follow() {
    let place = Place::start().await;
    let mut gateway = Gateway::open(&place).await;
    assert_eq!(gateway.heartbeat_ms, 41_250);
    gateway.identify(&place.discord.token(), GUILDS).await;
    let first = gateway.next().await;
    assert_eq!((&first["t"], &first["s"]), (&json!("READY"), &json!(1)));
    let ready = &first["d"];
    let guild = place.guild.to_string();
    assert_eq!(ready["shard"], json!([0, 1]));
    assert_eq!(ready["user"]["id"], place.bot().await.to_string());
    assert_eq!(
        ready["guilds"],
        json!([{ "id": guild, "unavailable": true }])
    );
    let resume_at = ready["resume_gateway_url"].as_str().unwrap();
    assert!(resume_at.starts_with("ws://127.0.0.1:"), "{resume_at}");
    let created = gateway.event("GUILD_CREATE").await;
    assert_eq!(
        (&created["id"], &created["member_count"]),
        (&json!(guild), &json!(3))
    );
    assert_eq!(
        created["channels"][0]["id"],
        json!(place.channel.to_string())
    );
    place.end();
}

#[tokio::test]
async fn a_heartbeat_is_acknowledged() {
    let place = Place::start().await;
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    gateway.send(1, &json!(gateway.sequence)).await;
    assert_eq!(gateway.next().await["op"], 11);
    place.end();
}

#[tokio::test]
async fn who_may_not_come_in_is_told_by_the_close_code() {
    let place = Place::start().await;
    let token = place.discord.token();
    let identified = |intents: u64, shard: [u64; 2]| json!({ "token": token, "intents": intents, "properties": {}, "shard": shard });
    for (op, data, code) in [
        (2, json!({ "token": "another", "intents": 0 }), 4_004),
        (
            6,
            json!({ "token": "another", "session_id": "x", "seq": 0 }),
            4_004,
        ),
        (2, json!({ "token": token }), 4_013),
        // Members, presences, message content: nobody granted them.
        (2, identified(1 << 1, [0, 1]), 4_014),
        (2, identified(1 << 8, [0, 1]), 4_014),
        (2, identified(1 << 15, [0, 1]), 4_014),
        (2, identified(GUILDS, [2, 2]), 4_010),
        (3, json!({}), 4_003),
        (42, json!({}), 4_001),
    ] {
        let mut gateway = Gateway::open(&place).await;
        gateway.send(op, &data).await;
        assert_eq!(gateway.ended().await, Some(code), "{op} {data}");
    }
    let mut gateway = Gateway::open(&place).await;
    gateway.say("not json").await;
    assert_eq!(gateway.ended().await, Some(4_002));
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    gateway.identify(&token, 0).await;
    assert_eq!(gateway.ended().await, Some(4_005), "once is enough");
    place.end();
}

#[tokio::test]
async fn events_go_to_the_shard_of_their_server_and_to_those_who_asked() {
    let place = Place::start().await;
    let mut shards = Vec::new();
    for shard in 0..2 {
        let mut gateway = Gateway::open(&place).await;
        let data = json!({
            "token": place.discord.token(), "intents": GUILDS | MESSAGES, "properties": {},
            "shard": [shard, 2],
        });
        gateway.send(2, &data).await;
        let ready = gateway.event("READY").await;
        shards.push((gateway, ready["guilds"].as_array().unwrap().len()));
    }
    let owner = usize::try_from((place.guild.get() >> 22) % 2).unwrap();
    assert_eq!((shards[owner].1, shards[1 - owner].1), (1, 0));
    let (mut uninterested, _) = Gateway::ready(&place, 0).await;
    let sent = place.post(&json!({ "content": "Hello" })).await.ok();
    let told = shards[owner].0.event("MESSAGE_CREATE").await;
    assert_eq!(
        (&told["id"], &told["guild_id"]),
        (&sent["id"], &json!(place.guild.to_string()))
    );
    for quiet in [&mut shards[1 - owner].0, &mut uninterested] {
        // The answer to a heartbeat is the next thing said: nothing came before it.
        quiet.send(1, &json!(null)).await;
        assert_eq!(quiet.next().await["op"], 11);
    }
    place.end();
}

#[tokio::test]
async fn a_dropped_connection_resumes_and_is_told_all_that_it_missed() {
    let place = Place::start().await;
    let (mut gateway, ready) = Gateway::ready(&place, GUILDS | MESSAGES).await;
    gateway.event("GUILD_CREATE").await;
    place.post(&json!({ "content": "Seen" })).await.ok();
    gateway.event("MESSAGE_CREATE").await;
    let sequence = gateway.sequence;
    place.discord.drop_gateway();
    assert_eq!(gateway.ended().await, None, "without a word");
    for text in ["Missed", "Missed too"] {
        place.post(&json!({ "content": text })).await.ok();
    }
    let mut back = Gateway::resume(&place, &ready, sequence).await;
    for (text, number) in [("Missed", 1), ("Missed too", 2)] {
        let event = back.next().await;
        assert_eq!(event["d"]["content"], text);
        assert_eq!(event["s"], sequence + number);
    }
    assert_eq!(back.next().await["t"], "RESUMED");
    place.post(&json!({ "content": "Live" })).await.ok();
    assert_eq!(back.event("MESSAGE_CREATE").await["content"], "Live");
    place.end();
}

#[tokio::test]
async fn a_resume_takes_the_session_over_from_an_older_connection() {
    let place = Place::start().await;
    let (old, ready) = Gateway::ready(&place, MESSAGES).await;
    let mut new = Gateway::resume(&place, &ready, old.sequence).await;
    new.event("RESUMED").await;
    assert_eq!(old.ended().await, None);
    place.post(&json!({ "content": "To the new" })).await.ok();
    assert_eq!(new.event("MESSAGE_CREATE").await["content"], "To the new");
    place.end();
}

#[tokio::test]
async fn what_cannot_be_resumed_is_an_invalid_session() {
    let place = Place::start().await;
    let unknown =
        json!({ "session_id": "0", "resume_gateway_url": place.get("/gateway").await.ok()["url"] });
    let mut gateway = Gateway::resume(&place, &unknown, 0).await;
    assert_eq!(gateway.next().await, json!({ "op": 9, "d": false }));
    let (known, ready) = Gateway::ready(&place, 0).await;
    let ahead = Gateway::resume(&place, &ready, known.sequence + 1).await;
    assert_eq!(ahead.ended().await, Some(4_007), "a number never told");
    place.end();
}

#[tokio::test]
async fn a_reconnect_order_keeps_the_session() {
    let place = Place::start().await;
    let (mut gateway, ready) = Gateway::ready(&place, MESSAGES).await;
    place.discord.reconnect();
    assert_eq!(gateway.next().await["op"], 7);
    let sequence = gateway.sequence;
    drop(gateway);
    let mut back = Gateway::resume(&place, &ready, sequence).await;
    back.event("RESUMED").await;
    place.end();
}

#[tokio::test]
async fn a_resumable_invalid_session_is_resumed_on_the_same_connection() {
    let place = Place::start().await;
    let (mut gateway, ready) = Gateway::ready(&place, MESSAGES).await;
    place.discord.invalid_session(true);
    assert_eq!(gateway.next().await, json!({ "op": 9, "d": true }));
    place.post(&json!({ "content": "Meanwhile" })).await.ok();
    let sequence = gateway.sequence;
    gateway.send_resume(&place, &ready, sequence).await;
    assert_eq!(
        gateway.event("MESSAGE_CREATE").await["content"],
        "Meanwhile"
    );
    gateway.event("RESUMED").await;
    place.end();
}

#[tokio::test]
async fn an_ended_session_is_gone_and_a_new_one_can_begin() {
    let place = Place::start().await;
    let (mut gateway, ready) = Gateway::ready(&place, 0).await;
    place.discord.invalid_session(false);
    assert_eq!(gateway.next().await, json!({ "op": 9, "d": false }));
    gateway.send_resume(&place, &ready, 1).await;
    assert_eq!(gateway.next().await, json!({ "op": 9, "d": false }));
    gateway.identify(&place.discord.token(), 0).await;
    let again = gateway.event("READY").await;
    assert_ne!(again["session_id"], ready["session_id"]);
    place.end();
}

#[tokio::test]
async fn a_zombie_takes_heartbeats_and_says_nothing_until_it_is_cured() {
    let place = Place::start().await;
    let (mut gateway, _) = Gateway::ready(&place, MESSAGES).await;
    place.discord.zombie(true);
    gateway.send(1, &json!(1)).await;
    // Taken and refused in one: what follows on this connection is read after the heartbeat.
    gateway.send(42, &json!(null)).await;
    assert_eq!(gateway.ended().await, Some(4_001), "and no op 11 before");
    place.discord.zombie(false);
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    gateway.send(1, &json!(1)).await;
    assert_eq!(gateway.next().await["op"], 11);
    place.end();
}

#[tokio::test]
async fn whoever_sends_no_heartbeat_is_closed_and_has_to_begin_anew() {
    let place = Place::start().await;
    place.discord.heartbeat_every(Duration::from_millis(20));
    let (silent, ready) = Gateway::ready(&place, 0).await;
    let unidentified = Gateway::open(&place).await;
    assert_eq!((silent.heartbeat_ms, silent.sequence), (20, 1));
    assert_eq!(silent.ended().await, Some(4_009));
    assert_eq!(unidentified.ended().await, Some(4_009));
    let mut back = Gateway::resume(&place, &ready, 1).await;
    assert_eq!(back.next().await, json!({ "op": 9, "d": false }));
    place.end();
}

#[tokio::test]
async fn whoever_sends_heartbeats_stays() {
    let place = Place::start().await;
    // So long that a busy machine does not look like a silent client.
    place.discord.heartbeat_every(Duration::from_millis(400));
    let silent = Gateway::open(&place).await;
    let (mut gateway, _) = Gateway::ready(&place, MESSAGES).await;
    let silence = silent.ended();
    tokio::pin!(silence);
    let mut closed = None;
    // Twice as long as the silent one lasts, told by its own end and the next one's.
    for _ in 0..2 {
        while closed.is_none() {
            gateway.send(1, &json!(gateway.sequence)).await;
            assert_eq!(gateway.next().await["op"], 11);
            let a_while = Duration::from_millis(50);
            closed = tokio::time::timeout(a_while, &mut silence).await.ok();
        }
        assert_eq!(closed.take(), Some(Some(4_009)));
        silence.set(Gateway::open(&place).await.ended());
    }
    place.post(&json!({ "content": "Still there" })).await.ok();
    assert_eq!(
        gateway.event("MESSAGE_CREATE").await["content"],
        "Still there"
    );
    place.end();
}

#[tokio::test]
async fn a_shard_begins_one_session_in_five_seconds_and_others_beside_it() {
    let place = Place::start().await;
    place.discord.rate_limits(true);
    let begin = async |shard: u64| {
        let mut gateway = Gateway::open(&place).await;
        let data = json!({
            "token": place.discord.token(), "intents": 0, "properties": {}, "shard": [shard, 32],
        });
        gateway.send(2, &data).await;
        (gateway.next().await, gateway)
    };
    let (first, connection) = begin(0).await;
    assert_eq!(first["t"], "READY");
    assert_eq!(begin(1).await.0["t"], "READY", "another remainder");
    for shard in [0, 16] {
        let (refused, mut gateway) = begin(shard).await;
        assert_eq!(refused, json!({ "op": 9, "d": false }), "{shard}");
        // The connection stays, to try again on it.
        gateway.send(1, &json!(null)).await;
        assert_eq!(gateway.next().await["op"], 11);
    }
    place.clock.advance_ms(seconds(5));
    assert_eq!(begin(16).await.0["t"], "READY");
    // To come back is no beginning.
    place.discord.drop_gateway();
    let mut back = Gateway::resume(&place, &first["d"], connection.sequence).await;
    assert_eq!(back.next().await["t"], "RESUMED");
    let told = place.get("/gateway/bot").await.ok();
    let limit = &told["session_start_limit"];
    assert_eq!(
        (&limit["total"], &limit["remaining"]),
        (&json!(1_000), &json!(995))
    );
    assert_eq!(limit["max_concurrency"], 16);
    assert_eq!(limit["reset_after"], hours(24) - seconds(5));
    place.end();
}

#[tokio::test]
async fn one_session_too_many_in_a_day_ends_all_and_costs_the_token() {
    let place = Place::start().await;
    place.discord.rate_limits(true);
    let (mut kept, _) = Gateway::ready(&place, 0).await;
    let mut gateway = Gateway::open(&place).await;
    for _ in 1..1_000 {
        gateway.identify(&place.discord.token(), 0).await;
        assert_eq!(gateway.next().await, json!({ "op": 9, "d": false }));
    }
    kept.send(1, &json!(null)).await;
    assert_eq!(kept.next().await["op"], 11, "a thousand are allowed");
    let left = place.get("/gateway/bot").await.ok();
    assert_eq!(left["session_start_limit"]["remaining"], 0);
    gateway.identify(&place.discord.token(), 0).await;
    assert_eq!(gateway.ended().await, Some(4_004));
    assert_eq!(kept.ended().await, Some(4_004));
    assert_eq!(place.get("/users/@me").await.status, 401);
    place.clock.advance_ms(hours(24));
    let mut later = Gateway::open_at(&place).await;
    later.identify(&place.discord.token(), 0).await;
    assert_eq!(later.ended().await, Some(4_004), "a new token is needed");
    place.end();
}
