//! What is going on inside, and the switches for trouble: as the page asks for them. The bot beside
//! this local Discord is made up; the real one is killed in `tests/it/sandbox.rs`.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use timeattack::ids::{GuildId, MessageId, UserId};
use timeattack::sandbox::insight::{
    BotState, Glance, Insight, LaneGlance, RunningGlance, VerdictGlance,
};
use tokio::sync::watch;

use super::client::Place;
use super::{Answer, Gateway};
use crate::support::{NOW_MS, minutes, seconds};

async fn look(place: &Place, query: &str) -> Value {
    let path = format!("/local/insight{query}");
    place.sent(place.local("GET", &path)).await.ok()
}

async fn order(place: &Place, path: &str, order: &Value) -> Answer {
    place.sent(place.local("POST", path).json(order)).await
}

/// A bot that does as it is told.
struct Told {
    state: Mutex<BotState>,
    glance: Glance,
    changes: watch::Sender<u64>,
}

impl Told {
    fn beside(place: &Place, glance: Glance) -> Arc<Self> {
        let told = Arc::new(Self {
            state: Mutex::new(BotState {
                is_up: true,
                since_ms: NOW_MS,
                back_at_ms: None,
            }),
            glance,
            changes: watch::Sender::new(0),
        });
        place.discord.show_inside(told.clone());
        told
    }
}

impl Insight for Told {
    fn bot(&self) -> BotState {
        *self.state.lock().unwrap()
    }

    fn kill(&self, down_ms: i64) -> BoxFuture<'_, Option<BotState>> {
        let mut state = self.state.lock().unwrap();
        let killed = state.is_up.then_some(BotState {
            is_up: false,
            since_ms: NOW_MS,
            back_at_ms: Some(NOW_MS + down_ms),
        });
        *state = killed.unwrap_or(*state);
        Box::pin(std::future::ready(killed))
    }

    fn look(&self) -> BoxFuture<'_, Glance> {
        Box::pin(std::future::ready(self.glance.clone()))
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

#[tokio::test]
async fn without_a_bot_of_its_own_it_tells_what_a_discord_knows() {
    let place = Place::start().await;
    let state = json!({ "state": "down", "since_ms": NOW_MS, "back_at_ms": null });
    let mut told = look(&place, "").await;
    assert!(told["seen"].take().is_u64());
    let expected = json!({
        "seen": null,
        "now_ms": NOW_MS,
        "bot": state,
        "gateway": false,
        "running": { "count": 0, "next": [] },
        "lanes": [],
        "zones": {}, "verdicts": [],
        "faults": { "outage_until_ms": null, "rate_limits": false },
    });
    assert_eq!(told, expected);
    let _connected = Gateway::ready(&place, 0).await;
    let told = look(&place, "").await;
    assert_eq!(
        (&told["bot"]["state"], &told["gateway"]),
        (&json!("up"), &json!(true))
    );
    let refused = order(&place, "/local/bot", &json!({ "down_ms": 0 })).await;
    assert_eq!(refused.status, 409);
    assert!(refused.body["refused"].as_str().unwrap().contains("no bot"));
    place.end();
}

#[tokio::test]
async fn what_the_bot_does_is_told_with_ids_that_javascript_can_hold() {
    let place = Place::start().await;
    let posted = place.post(&json!({ "content": "A verdict" })).await.ok();
    let message: u64 = posted["id"].as_str().unwrap().parse().unwrap();
    Told::beside(
        &place,
        Glance {
            running: 9,
            next: vec![RunningGlance {
                id: i64::MAX,
                guild: GuildId::from(u64::MAX),
                user: UserId::from(7),
                member_name: "Mina".into(),
                task: "<b>Read</b>".into(),
                started_ms: 1,
                deadline_ms: 2,
            }],
            lanes: vec![LaneGlance {
                lane: "post",
                waiting: 3,
                under_way: 4,
                oldest_ms: Some(5),
            }],
            verdicts: vec![VerdictGlance {
                attack: 8,
                deadline_ms: NOW_MS - 250,
                message: MessageId::from(message),
            }],
            zones: vec![(place.guild, "Pacific/Apia".into())],
        },
    );
    let told = look(&place, "").await;
    let running = json!({
        "id": "9223372036854775807", "guild": "18446744073709551615", "user": "7",
        "member_name": "Mina", "task": "<b>Read</b>", "started_ms": 1, "deadline_ms": 2,
    });
    assert_eq!(told["running"], json!({ "count": 9, "next": [running] }));
    let lane = json!({ "lane": "post", "waiting": 3, "under_way": 4, "oldest_ms": 5 });
    assert_eq!(told["lanes"], json!([lane]));
    let verdict = json!({
        "attack": "8", "message": message.to_string(),
        "deadline_ms": NOW_MS - 250, "shown_ms": NOW_MS, "late_ms": 250,
    });
    assert_eq!(told["verdicts"], json!([verdict]));
    let zones = json!({ place.guild.to_string(): "Pacific/Apia" });
    assert_eq!(told["zones"], zones);
    place.end();
}

#[tokio::test]
async fn whoever_waits_is_told_of_news_from_the_bot_and_from_discord() {
    let place = Place::start().await;
    let bot = Told::beside(&place, Glance::default());
    let first = look(&place, "").await["seen"].as_u64().unwrap();
    // Before it waits: what came in between is not lost.
    bot.changes.send_modify(|count| *count += 1);
    let second = look(&place, &format!("?wait={first}")).await["seen"].clone();
    assert_eq!(second, first + 1);
    // While it waits.
    let wait = format!("?wait={second}");
    let (told, ()) = tokio::join!(look(&place, &wait), async {
        place.post(&json!({ "content": "News" })).await.ok();
    });
    assert_ne!(told["seen"], second);
    let wait = format!("?wait={}", told["seen"]);
    let (third, ()) = tokio::join!(look(&place, &wait), async {
        bot.changes.send_modify(|count| *count += 1);
    });
    assert_ne!(third["seen"], told["seen"]);
    let path = place.local("GET", "/local/insight?wait=soon");
    assert_eq!(place.sent(path).await.status, 400);
    place.end();
}

#[tokio::test]
async fn the_bot_is_killed_once_and_within_bounds() {
    let place = Place::start().await;
    Told::beside(&place, Glance::default());
    for down_ms in [-1, 600_001, i64::MAX] {
        let refused = order(&place, "/local/bot", &json!({ "down_ms": down_ms })).await;
        assert_eq!(refused.status, 400, "{down_ms}");
        assert!(refused.body["refused"].as_str().unwrap().contains("600000"));
    }
    for malformed in [
        json!({}),
        json!({ "down_ms": "long" }),
        json!({ "down_ms": 1, "x": 1 }),
    ] {
        assert_eq!(
            order(&place, "/local/bot", &malformed).await.status,
            422,
            "{malformed}"
        );
    }
    assert_eq!(look(&place, "").await["bot"]["state"], "up");
    let down = json!({ "state": "down", "since_ms": NOW_MS, "back_at_ms": NOW_MS + 5_000 });
    let killed = order(&place, "/local/bot", &json!({ "down_ms": 5_000 }))
        .await
        .ok();
    assert_eq!(killed, down);
    assert_eq!(look(&place, "").await["bot"], down);
    let again = order(&place, "/local/bot", &json!({ "down_ms": 1 })).await;
    assert_eq!(again.status, 409);
    assert!(again.body["refused"].as_str().unwrap().contains("already"));
    place.end();
}

#[tokio::test]
async fn an_outage_lasts_as_long_as_ordered_by_the_clock() {
    let place = Place::start().await;
    let told = order(&place, "/local/faults", &json!({ "outage_ms": 10_000 }))
        .await
        .ok();
    let until_ms = NOW_MS + seconds(10);
    assert_eq!(
        told,
        json!({ "outage_until_ms": until_ms, "rate_limits": false })
    );
    assert_eq!(place.get("/users/@me").await.status, 500);
    place.clock.advance_ms(seconds(10) - 1);
    assert_eq!(place.get("/users/@me").await.status, 500);
    let seen = look(&place, "").await;
    assert_eq!(seen["faults"]["outage_until_ms"], until_ms);
    // Whoever watches is told of its end.
    let wait = format!("?wait={}", seen["seen"]);
    let (over, ()) = tokio::join!(look(&place, &wait), async { place.clock.advance_ms(1) });
    assert_eq!(over["faults"]["outage_until_ms"], Value::Null);
    place.get("/users/@me").await.ok();
    // One that is no longer wanted is ended.
    order(
        &place,
        "/local/faults",
        &json!({ "outage_ms": minutes(10) }),
    )
    .await
    .ok();
    assert_eq!(place.get("/users/@me").await.status, 500);
    order(&place, "/local/faults", &json!({ "outage_ms": 0 }))
        .await
        .ok();
    place.get("/users/@me").await.ok();
    place.end();
}

#[tokio::test]
async fn the_gateway_is_dropped_and_limits_are_switched() {
    let place = Place::start().await;
    let (gateway, _) = Gateway::ready(&place, 0).await;
    order(&place, "/local/faults", &json!({ "drop_gateway": false }))
        .await
        .ok();
    assert_eq!(look(&place, "").await["gateway"], true);
    let both = json!({ "drop_gateway": true, "rate_limits": true });
    let told = order(&place, "/local/faults", &both).await.ok();
    assert_eq!(told["rate_limits"], true);
    assert_eq!(gateway.ended().await, None, "without a word");
    let limited = place.get("/users/@me").await;
    assert!(limited.headers.contains_key("x-ratelimit-limit"));
    order(&place, "/local/faults", &json!({ "rate_limits": false }))
        .await
        .ok();
    let unlimited = place.get("/users/@me").await;
    assert!(!unlimited.headers.contains_key("x-ratelimit-limit"));
    place.end();
}

#[tokio::test]
async fn trouble_that_makes_no_sense_is_refused_and_changes_nothing() {
    let place = Place::start().await;
    for (trouble, status) in [
        (json!({}), 400),
        (json!({ "outage_ms": -1 }), 400),
        (json!({ "outage_ms": 600_001, "rate_limits": true }), 400),
        (json!({ "outage_ms": "long" }), 422),
        (json!({ "rate_limits": 1 }), 422),
        (json!({ "storm": true }), 422),
        (
            json!({ "drop_gateway": true, "padding": "x".repeat(5_000) }),
            413,
        ),
    ] {
        let refused = order(&place, "/local/faults", &trouble).await;
        assert_eq!(refused.status, status, "{trouble}");
    }
    let faults = look(&place, "").await["faults"].clone();
    assert_eq!(
        faults,
        json!({ "outage_until_ms": null, "rate_limits": false })
    );
    place.end();
}
