//! How the posts of results are worded: the Korean original, gentle, plain, or a server's own words.

use crate::support::bot::Bot;
use crate::support::minutes;

/// An admin chooses the words, sees both posts, and saves them.
async fn chosen(bot: &Bot, options: &str) -> String {
    let line = format!("/setup messages {options}");
    let preview = bot.admin().slash(&line).await.unwrap();
    let shown = preview.text();
    let message = preview.message().unwrap();
    let saved = bot.admin().click(&message, "Save").await.unwrap();
    assert!(saved.text().contains("Settings saved"), "{}", saved.text());
    shown
}

/// What is posted when Mina misses a deadline.
async fn missed(bot: &Bot, part: &str) -> String {
    bot.started().await;
    bot.clock.advance_ms(minutes(10));
    bot.posted(bot.channel, part).await.content
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_classic_card_says_in_english_where_it_comes_from() {
    let bot = Bot::start().await;
    let card = missed(&bot, "나약한 자식").await;
    assert!(card.contains("weakling"), "{card}");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_style_words_both_posts_and_replaces_what_was_worded_before() {
    let bot = Bot::start().await;
    chosen(&bot, "failure:Lost {task}").await;
    let shown = chosen(&bot, "style:gentle").await;
    assert!(
        shown.contains("Well done") && shown.contains("ran out of time"),
        "{shown}"
    );
    let settings = bot.admin().slash("/setup show").await.unwrap().text();
    assert!(settings.contains("gentle") && !settings.contains("Lost"));
    let post = missed(&bot, "ran out of time").await;
    assert!(!post.contains("나약한"), "{post}");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_given_with_a_style_goes_before_it_and_default_is_the_styles() {
    let bot = Bot::start().await;
    let shown = chosen(&bot, "style:plain success:Won {task}").await;
    assert!(
        shown.contains("Won") && shown.contains("did not complete"),
        "{shown}"
    );
    let shown = chosen(&bot, "success:default").await;
    assert!(shown.contains("completed **"), "{shown}");
    let shown = chosen(&bot, "style:classic").await;
    assert!(shown.contains("나약한 자식"), "{shown}");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_style_is_there_in_korean() {
    let bot = Bot::start().await;
    bot.admin()
        .slash("/setup locale timezone:Asia/Seoul language:ko")
        .await
        .unwrap();
    for (style, success, failure) in [
        ("gentle", "잘했어요", "그럴 수 있어요"),
        ("plain", "완료:", "실패:"),
        ("classic", "해냈어요", "나약한 자식"),
    ] {
        let shown = chosen(&bot, &format!("style:{style}")).await;
        assert!(
            shown.contains(success) && shown.contains(failure),
            "{style}: {shown}"
        );
        assert!(!shown.contains("weakling"), "{shown}");
    }
    bot.end().await;
}
