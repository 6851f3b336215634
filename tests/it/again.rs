//! What stands below a success: how long the streak is, and a button that starts the same once more.

use crate::support::bot::Bot;
use crate::support::minutes;

const DAY_MS: i64 = 86_400_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_is_started_again_with_the_same_limit_by_whom_it_was() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    bot.mina().click(&start, "Complete").await.unwrap();
    let post = bot.posted(bot.channel, "🎉").await;
    let others = bot.jamong().click(&post, "Again (10 min)").await.unwrap();
    assert!(others.is_ephemeral(), "{}", others.text());
    let again = bot.mina().click(&post, "Again (10 min)").await.unwrap();
    assert!(!again.is_ephemeral());
    assert!(
        again.text().contains("started **Read**!"),
        "{}",
        again.text()
    );
    // Pressed twice, it is started once.
    let twice = bot.mina().click(&post, "Again (10 min)").await.unwrap();
    assert!(twice.is_ephemeral(), "{}", twice.text());
    let status = bot.mina().slash("/timeattack status").await.unwrap().text();
    assert_eq!(status.matches("Read").count(), 2, "{status}");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_streak_is_told_from_its_second_day_on() {
    let bot = Bot::start().await;
    for day in 1..=3 {
        let start = bot.started().await;
        bot.mina().click(&start, "Complete").await.unwrap();
        let fits = |post: &timeattack::sandbox::Message| {
            let text = post.text();
            text.contains("🎉") && (day == 1) != text.contains(&format!("{day} days in a row"))
        };
        let post = bot.discord.message_where(bot.channel, fits).await;
        assert!(post.is_some(), "{:#?}", bot.discord.messages(bot.channel));
        bot.clock.advance_ms(DAY_MS - minutes(1));
    }
    bot.end().await;
}
