//! What the messenger makes of Discord's answers: reading a channel back, limits, and what is final.

use std::sync::Arc;

use futures_util::FutureExt as _;
use secrecy::SecretString;
use serde_json::json;
use timeattack::clock::Clock;
use timeattack::ids::MessageId;
use timeattack::messenger::discord::DiscordMessenger;
use timeattack::messenger::{Button, ButtonStyle, Message, Messenger, Nonce, SendError, Token};
use timeattack::sandbox::{Fault, FaultKind};

use crate::local_discord::Place;
use crate::support::bot::turning;
use crate::support::{hours, minutes, seconds};

/// A messenger without a global limit of its own, and the local Discord that it speaks to.
async fn sender() -> (Place, Messenger) {
    let place = Place::start().await;
    let messenger = limited_sender(&place, 0);
    (place, messenger)
}

fn limited_sender(place: &Place, global_rate: u32) -> Messenger {
    let clock = Clock::Manual(place.clock.clone());
    let token = SecretString::from(place.discord.token());
    let url = place.discord.url();
    let discord = DiscordMessenger::new(clock, &url, &token, global_rate).unwrap();
    Messenger::Discord(Arc::new(discord))
}

fn now_ms(place: &Place) -> i64 {
    Clock::Manual(place.clock.clone()).now_ms()
}

/// A card, whose button bears the mark by which it is known again.
fn card() -> Message {
    Message {
        content: "Card".into(),
        buttons: vec![Button {
            custom_id: "a".into(),
            label: "Go".into(),
            style: ButtonStyle::Primary,
        }],
        ..Message::default()
    }
}

/// Posts the card as the message of this key.
async fn post(place: &Place, messenger: &Messenger, key: i64) -> Result<MessageId, SendError> {
    let nonce = Nonce::new(key, 0);
    messenger.post(place.channel, &card(), &nonce).await
}

/// Others talk in the channel.
async fn talk(place: &Place, messages: usize) {
    for number in 0..messages {
        let message = json!({ "content": number.to_string() });
        place.post(&message).await.ok();
    }
}

/// When it is to be tried again, if Discord said so.
fn again_after_ms<T: std::fmt::Debug>(outcome: Result<T, SendError>) -> Option<i64> {
    match outcome {
        Err(SendError::Retry { after_ms, .. }) => after_ms,
        other => panic!("not to be tried again: {other:?}"),
    }
}

/// Waits until somebody waits for time to pass.
async fn somebody_waits(place: &Place) {
    while place.clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
}

/// How many pages of the channel were read.
fn pages(place: &Place) -> usize {
    let exchanges = place.discord.exchanges();
    exchanges.iter().filter(|one| one.method == "GET").count()
}

#[tokio::test]
async fn a_post_is_found_amid_a_busy_channel() {
    let (place, messenger) = sender().await;
    let (since_ms, nonce) = (now_ms(&place), Nonce::new(1, 0));
    talk(&place, 150).await;
    let id = post(&place, &messenger, 1).await.unwrap();
    place.clock.advance_ms(minutes(3));
    talk(&place, 150).await;
    let found = messenger.find(place.channel, &nonce, since_ms).await;
    assert_eq!(found, Ok(Some(id)));
    assert_eq!(pages(&place), 2);
    place.end();
}

#[tokio::test]
async fn a_channel_is_read_back_to_the_first_attempt_and_no_further() {
    let (place, messenger) = sender().await;
    let old = Nonce::new(1, 0);
    post(&place, &messenger, 1).await.unwrap();
    talk(&place, 150).await;
    place.clock.advance_ms(hours(1));
    let since_ms = now_ms(&place);
    talk(&place, 150).await;
    let never_posted = Nonce::new(2, 0);
    let found = messenger.find(place.channel, &never_posted, since_ms).await;
    assert_eq!(found, Ok(None));
    assert_eq!(pages(&place), 2);
    let before = messenger.find(place.channel, &old, since_ms).await;
    assert_eq!(before, Ok(None), "not read so far back");
    place.end();
}

#[tokio::test]
async fn a_flood_is_read_back_in_part_and_that_within_the_limits() {
    let (place, messenger) = sender().await;
    let (since_ms, first) = (now_ms(&place), Nonce::new(1, 0));
    let at_first = post(&place, &messenger, 1).await.unwrap();
    talk(&place, 1_100).await;
    place.discord.rate_limits(true);
    let found = messenger.find(place.channel, &first, since_ms);
    let found = turning(&place.clock, found).await;
    assert_eq!(found, Ok(Some(at_first)), "right after the first attempt");
    assert_eq!((pages(&place), place.discord.too_many_requests()), (11, 0));
    place.end();
}

#[tokio::test]
async fn after_a_global_429_those_who_wait_for_their_slot_send_nothing() {
    let place = Place::start().await;
    let messenger = limited_sender(&place, 1);
    let limited = FaultKind::RateLimited {
        retry_after_ms: seconds(3),
        global: true,
        shared: false,
    };
    place.discord.fault(Fault::on("/messages", limited));
    let begin = |key| {
        let (messenger, channel) = (messenger.clone(), place.channel);
        tokio::spawn(async move { messenger.post(channel, &card(), &Nonce::new(key, 0)).await })
    };
    let (first, second) = (begin(1), begin(2));
    assert_eq!(again_after_ms(first.await.unwrap()), Some(seconds(3)));
    somebody_waits(&place).await;
    // The slot has had its rest, and is the second's.
    place.clock.advance_ms(1_010);
    somebody_waits(&place).await;
    assert_eq!(place.texts(), Vec::<String>::new());
    place.clock.advance_ms(seconds(2));
    assert!(second.await.unwrap().is_ok());
    assert_eq!(place.texts(), ["Card"]);
    place.end();
}

#[tokio::test]
async fn a_long_global_429_sends_everybody_back_until_it_is_over() {
    let (place, messenger) = sender().await;
    let limited = FaultKind::RateLimited {
        retry_after_ms: minutes(10),
        global: true,
        shared: false,
    };
    place.discord.fault(Fault::on("/messages", limited));
    let nonce = Nonce::new(1, 0);
    let refused = post(&place, &messenger, 1).await;
    assert_eq!(again_after_ms(refused), Some(minutes(10)));
    place.clock.advance_ms(minutes(4));
    let left = Some(minutes(6) + 1);
    assert_eq!(again_after_ms(post(&place, &messenger, 1).await), left);
    let found = messenger.find(place.channel, &nonce, 0).await;
    assert_eq!(again_after_ms(found), left);
    let edited = messenger
        .edit(place.channel, MessageId(1), &card(), &nonce)
        .await;
    assert_eq!(again_after_ms(edited), left);
    assert_eq!(place.discord.exchanges(), [], "nothing was sent");
    place.clock.advance_ms(minutes(6) + 1);
    assert!(post(&place, &messenger, 1).await.is_ok());
    place.end();
}

#[tokio::test]
async fn only_what_discord_itself_says_for_good_is_final() {
    let (place, messenger) = sender().await;
    let code = |status, code| FaultKind::Error { status, code };
    for (kind, is_final) in [
        (code(404, 10_003), true),
        (code(404, 10_008), true),
        (code(403, 50_001), true),
        (code(403, 50_013), true),
        (code(400, 50_035), true),
        // No such route, as Discord's front says it.
        (code(404, 0), false),
        (code(400, 0), false),
        // Cloudflare's, and what passes.
        (code(403, 40_333), false),
        (code(403, 40_004), false),
        // Whoever writes HTTP's status there.
        (code(403, 403), false),
        (code(503, 50_013), false),
        (FaultKind::Status(408), false),
        (FaultKind::Foreign(302), false),
        (FaultKind::Foreign(400), false),
        (FaultKind::Foreign(401), false),
        (FaultKind::Foreign(403), false),
        (FaultKind::Foreign(404), false),
        (FaultKind::Foreign(413), false),
        (FaultKind::Foreign(200), false),
    ] {
        place
            .discord
            .fault(Fault::on("/messages", kind.clone()).method("POST"));
        messenger.expect_open(place.channel);
        match post(&place, &messenger, 1).await {
            Err(SendError::Discard { why }) => assert!(is_final, "{kind:?}: {why}"),
            Err(SendError::Retry { after_ms: None, .. }) => assert!(!is_final, "{kind:?}"),
            other => panic!("{kind:?}: {other:?}"),
        }
    }
    // These concern one person, or the opening of direct messages, and not the channel.
    for status in [50_007, 50_278] {
        place
            .discord
            .fault(Fault::on("/messages", code(403, status)));
        let refused = post(&place, &messenger, 1).await;
        assert!(
            matches!(refused, Err(SendError::Unreachable { .. })),
            "{refused:?}"
        );
    }
    place
        .discord
        .fault(Fault::on("/messages", code(403, 40_003)));
    let refused = post(&place, &messenger, 1).await;
    assert!(
        matches!(refused, Err(SendError::TooManyOpened { .. })),
        "{refused:?}"
    );
    place.end();
}

#[tokio::test]
async fn a_401_is_believed_when_discord_says_it_twice() {
    let (place, messenger) = sender().await;
    let code = |status, code| FaultKind::Error { status, code };
    let revoked = || code(401, 0);
    let passes = |outcome: Result<MessageId, SendError>| {
        assert_eq!(again_after_ms(outcome), None, "by the outbox's own waits");
    };
    // Once, while Discord knows the token.
    place.discord.fault(Fault::on("/messages", revoked()));
    passes(post(&place, &messenger, 1).await);
    assert!(post(&place, &messenger, 1).await.is_ok());
    // By a proxy, in HTML or in a JSON of its own, or about another token.
    for kind in [FaultKind::Foreign(401), code(401, 401), code(401, 50_027)] {
        place.discord.fault(Fault::on("/messages", kind.clone()));
        place.discord.fault(Fault::on("/users/@me", revoked()));
        let refused = post(&place, &messenger, 2).await;
        assert_ne!(refused, Err(SendError::Unauthorized), "{kind:?}");
        let unasked = place.discord.clear_faults();
        assert_eq!(unasked, 1, "{kind:?} is not worth a question");
    }
    // Once by Discord, and then by nobody who knows.
    for kind in [
        FaultKind::Foreign(401),
        FaultKind::Status(500),
        code(403, 0),
    ] {
        place.discord.fault(Fault::on("/messages", revoked()));
        place.discord.fault(Fault::on("/users/@me", kind.clone()));
        passes(post(&place, &messenger, 2).await);
        assert_eq!(place.discord.clear_faults(), 0, "{kind:?}");
    }
    place.discord.refuse_token(true);
    let refused = post(&place, &messenger, 2).await;
    assert_eq!(refused, Err(SendError::Unauthorized));
    assert_eq!(messenger.token().await, Token::Refused);
    place.discord.refuse_token(false);
    assert_eq!(messenger.token().await, Token::Accepted);
    assert!(post(&place, &messenger, 2).await.is_ok());
    place.end();
}

#[tokio::test]
async fn a_ban_by_cloudflare_stops_everything_for_as_long_as_it_says() {
    for (retry_after, wait_ms) in [
        (Some("120"), seconds(120)),
        (Some("0"), seconds(1)),
        (None, seconds(60)),
        (Some("Wed, 25 Nov 2026 07:28:00 GMT"), seconds(60)),
        (Some("9999999"), hours(24)),
    ] {
        let (place, messenger) = sender().await;
        let elsewhere = place.discord.add_channel(place.guild, "elsewhere");
        let retry_after = retry_after.map(str::to_owned);
        let banned = FaultKind::Banned { retry_after };
        place.discord.fault(Fault::on("/messages", banned.clone()));
        let refused = post(&place, &messenger, 1).await;
        assert_eq!(again_after_ms(refused), Some(wait_ms), "{banned:?}");
        let is_ready = || messenger.ready(elsewhere).now_or_never().is_some();
        place.clock.advance_ms(wait_ms);
        assert!(!is_ready(), "{banned:?}");
        place.clock.advance_ms(1);
        assert!(is_ready(), "{banned:?}");
        place.end();
    }
}

#[tokio::test]
async fn a_channel_that_takes_nothing_is_left_alone_after_a_few_refusals() {
    let (place, messenger) = sender().await;
    place.discord.delete_channel(place.channel);
    for key in 1..=20 {
        let refused = post(&place, &messenger, key).await;
        assert!(
            matches!(refused, Err(SendError::Discard { .. })),
            "{refused:?}"
        );
    }
    let posts = || {
        let exchanges = place.discord.exchanges();
        exchanges.iter().filter(|one| one.method == "POST").count()
    };
    assert_eq!(posts(), 3);
    messenger.expect_open(place.channel);
    post(&place, &messenger, 21).await.unwrap_err();
    assert_eq!(posts(), 4);
    place.end();
}
