//! What the messenger makes of Discord's answers: reading a channel back, limits, and what is final.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::json;
use timeattack::clock::Clock;
use timeattack::ids::MessageId;
use timeattack::messenger::discord::DiscordMessenger;
use timeattack::messenger::{Button, ButtonStyle, Message, Messenger, Nonce};

use crate::local_discord::Place;
use crate::support::bot::turning;
use crate::support::{hours, minutes};

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

async fn posted(place: &Place, messenger: &Messenger, nonce: &Nonce) -> MessageId {
    let posted = messenger.post(place.channel, &card(), nonce).await;
    posted.unwrap()
}

/// Others talk in the channel.
async fn talk(place: &Place, messages: usize) {
    for number in 0..messages {
        let message = json!({ "content": number.to_string() });
        place.post(&message).await.ok();
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
    let id = posted(&place, &messenger, &nonce).await;
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
    posted(&place, &messenger, &old).await;
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
    let at_first = posted(&place, &messenger, &first).await;
    talk(&place, 1_100).await;
    place.discord.rate_limits(true);
    let found = messenger.find(place.channel, &first, since_ms);
    let found = turning(&place.clock, found).await;
    assert_eq!(found, Ok(Some(at_first)), "right after the first attempt");
    assert_eq!((pages(&place), place.discord.too_many_requests()), (11, 0));
    place.end();
}
