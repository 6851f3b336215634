//! What members write is shown as they meant it: tokens of Discord's as names, addresses as links, and a
//! form that was refused is not lost.

use timeattack::sandbox::{Message, OptionValue};

use crate::support::bot::Bot;
use crate::support::minutes;

impl Bot {
    /// Mina starts this for ten minutes; the start message.
    async fn starts(&self, task: &str) -> Message {
        let options = [
            ("task", OptionValue::Text(task.into())),
            ("limit", OptionValue::Text("10m".into())),
        ];
        let started = self.mina().slash_with("timeattack start", &options).await;
        let start = started.unwrap().message().unwrap();
        self.kept(&start).await;
        start
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_names_on_every_message_and_card_and_ping_nobody() {
    let bot = Bot::start().await;
    bot.discord.rename(bot.guild, bot.jamong, "Grape");
    let role = bot.discord.add_role(bot.guild, "readers");
    let task = format!(
        "with <@{0}>, <@!{0}>, <@&{role}> in <#{1}> <:cat:7> <a:dog:8> </timeattack start:9> \
         <t:1795251600:t> <id:customize> <@424242> <#424242>",
        bot.jamong, bot.results
    );
    let start = bot.starts(&task).await;
    let said = "with @Grape, @Grape, @readers in #results :cat: :dog: /timeattack start 18:00 \
                Channels & Roles @unknown-user #unknown";
    let shown = |text: &str| text.replace(['\\', '\u{200b}'], "");
    assert!(shown(&start.content).contains(said), "{}", start.content);
    assert!(start.pinged.is_empty());
    bot.clock.advance_ms(minutes(10));
    let card = bot.posted(bot.channel, "나약한").await;
    assert!(
        card.content.contains(&format!("Value: {said}")),
        "{}",
        card.content
    );
    assert_eq!(card.pinged, [bot.mina]);
    // An admin's reason is a member's text, too.
    let offered = bot.admin().autocomplete("correct", &[], "attack", "").await;
    let options = [
        ("attack", OptionValue::Text(offered.unwrap()[0].1.clone())),
        ("verdict", OptionValue::Text("completed".into())),
        (
            "reason",
            OptionValue::Text(format!("<@{}> saw it", bot.jamong)),
        ),
    ];
    bot.admin().slash_with("correct", &options).await.unwrap();
    let news = bot.posted(bot.channel, "a correction").await;
    assert!(
        shown(&news.content).contains("@Grape saw it"),
        "{}",
        news.content
    );
    assert_eq!(news.pinged, [bot.mina]);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_writer_cannot_see_is_not_named_and_names_are_read_once() {
    let bot = Bot::start().await;
    let secret = bot.discord.add_channel(bot.guild, "secret");
    bot.discord.deny(
        secret,
        bot.mina,
        timeattack::sandbox::permissions::VIEW_CHANNEL,
    );
    bot.discord
        .rename(bot.guild, bot.jamong, &format!("<#{}>", bot.results));
    let start = bot.starts(&format!("<#{secret}> <@{}>", bot.jamong)).await;
    assert!(!start.content.contains("secret"), "{}", start.content);
    assert!(!start.content.contains("results"), "{}", start.content);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_does_not_become_too_long_by_names() {
    let bot = Bot::start().await;
    bot.discord.rename(bot.guild, bot.jamong, &"가".repeat(32));
    let mention = format!("<@{}>", bot.jamong);
    let task = format!("{}{mention}", "x".repeat(200 - mention.chars().count()));
    let start = bot.starts(&task).await;
    assert!(start.content.contains('…'), "{}", start.content);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_are_links_in_messages_and_plain_on_cards() {
    let bot = Bot::start().await;
    let start = bot
        .starts("read https://example.com/a_b?x=(2) **now**")
        .await;
    assert!(
        start
            .content
            .contains("**read <https://example.com/a_b?x=(2)> \\*\\*now\\*\\***"),
        "{}",
        start.content
    );
    let status = bot.mina().slash("/timeattack status").await.unwrap();
    assert!(
        status.text().contains("<https://example.com/a_b?x=(2)>"),
        "{}",
        status.text()
    );
    bot.clock.advance_ms(minutes(10));
    let card = bot.posted(bot.channel, "나약한").await;
    assert!(
        card.content
            .contains("Value: read https://example.com/a_b?x=(2) **now**"),
        "{}",
        card.content
    );
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_was_refused_opens_again_as_it_was_filled_in() {
    let bot = Bot::start().await;
    let form = bot.mina().slash("/timeattack start").await.unwrap();
    let values = [("task", "Read *all* of <it>"), ("limit", "soonish")];
    let refused = bot.mina().submit(&form.modal().unwrap(), &values).await;
    let refused = refused.unwrap().message().unwrap();
    assert!(refused.is_ephemeral());
    let bot = bot.restarted_after(0).await;
    let again = bot
        .mina()
        .click(&refused, "Fill it in again")
        .await
        .unwrap();
    let form = again.modal().unwrap();
    let value = |row: usize| form["components"][row]["components"][0]["value"].clone();
    assert_eq!(value(0), "Read *all* of <it>");
    assert_eq!(value(1), "soonish");
    let values = [("task", "Read"), ("limit", "10m")];
    let started = bot.mina().submit(&form, &values).await.unwrap();
    assert!(started.text().contains("started"), "{}", started.text());
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_was_refused_opens_the_form_as_it_was_typed() {
    let bot = Bot::start().await;
    let refused = bot
        .mina()
        .slash("/timeattack start task:Read limit:soonish")
        .await
        .unwrap();
    let refused = refused.message().unwrap();
    assert!(refused.is_ephemeral() && refused.text().contains("soonish"));
    let again = bot
        .mina()
        .click(&refused, "Fill it in again")
        .await
        .unwrap();
    let form = again.modal().unwrap();
    assert_eq!(form["components"][1]["components"][0]["value"], "soonish");
    bot.end().await;
}
