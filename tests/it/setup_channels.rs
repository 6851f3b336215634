//! `/setup channels`: each channel by itself, of every kind that takes messages.

use timeattack::ids::ChannelId;
use timeattack::sandbox::permissions;

use crate::support::bot::Bot;
use crate::support::minutes;

/// What an admin is answered.
async fn set(bot: &Bot, options: &str) -> String {
    let line = format!("/setup channels {options}");
    let reply = bot.admin().slash(line.trim()).await.unwrap();
    assert!(reply.is_ephemeral());
    reply.text()
}

/// The line of the settings that begins so.
async fn shown(bot: &Bot, begins: &str) -> String {
    let settings = bot.admin().slash("/setup show").await.unwrap().text();
    let line = settings.lines().find(|line| line.contains(begins));
    line.unwrap_or_else(|| panic!("{settings}")).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_channel_is_set_by_itself_and_cleared_again() {
    let bot = Bot::start().await;
    let (one, other) = (bot.channel, bot.results);
    set(&bot, &format!("alerts:{one}")).await;
    assert!(shown(&bot, "Alerts").await.contains(&format!("<#{one}>")));
    assert!(!shown(&bot, "Results").await.contains("<#"));
    set(&bot, &format!("fallback:{one}")).await;
    set(&bot, &format!("results:{other}")).await;
    for (name, channel) in [("Results", other), ("Alerts", one), ("Fallback", one)] {
        let line = shown(&bot, name).await;
        assert!(line.contains(&format!("<#{channel}>")), "{line}");
    }
    // One is cleared while another is set.
    set(&bot, &format!("clear:alerts fallback:{other}")).await;
    assert!(!shown(&bot, "Alerts").await.contains("<#"));
    assert!(
        shown(&bot, "Fallback")
            .await
            .contains(&format!("<#{other}>"))
    );
    set(&bot, "clear:fallback").await;
    assert!(!shown(&bot, "Fallback").await.contains("<#"));
    set(&bot, "clear:results").await;
    assert!(!shown(&bot, "Results").await.contains("<#"));
    // Results go where they were started again.
    bot.started().await;
    bot.clock.advance_ms(minutes(10));
    bot.posted(bot.channel, "나약한").await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_and_a_contradiction_are_refused() {
    let bot = Bot::start().await;
    let before = shown(&bot, "Results").await;
    assert!(set(&bot, "").await.contains("at least one option"));
    let both = set(&bot, &format!("results:{} clear:results", bot.results)).await;
    assert!(both.contains("Leave out one"), "{both}");
    assert_eq!(shown(&bot, "Results").await, before);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_go_to_every_kind_of_channel_that_takes_messages() {
    let bot = Bot::start().await;
    let add = |name: &str, kind| bot.discord.add_channel_of_kind(bot.guild, name, kind);
    let thread = bot.discord.add_thread(bot.channel, "thread");
    for channel in [add("voice", 2), add("news", 5), add("stage", 13), thread] {
        let saved = set(&bot, &format!("results:{channel}")).await;
        assert!(saved.contains("all permissions OK"), "{saved}");
        bot.started().await;
        bot.clock.advance_ms(minutes(10));
        bot.posted(channel, "나약한").await;
    }
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forum_is_explained_and_its_posts_are_taken() {
    let bot = Bot::start().await;
    let forum = bot.discord.add_channel_of_kind(bot.guild, "forum", 15);
    for option in ["results", "alerts", "fallback"] {
        let refused = set(&bot, &format!("{option}:{forum}")).await;
        assert!(refused.contains("one of its posts"), "{refused}");
        assert!(refused.contains(&format!("<#{forum}>")), "{refused}");
    }
    assert!(!shown(&bot, "Results").await.contains("<#"));
    let post = bot.discord.add_thread(forum, "Results");
    set(&bot, &format!("results:{post}")).await;
    bot.started().await;
    bot.clock.advance_ms(minutes(10));
    bot.posted(post, "나약한").await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_bot_lacks_in_a_voice_channel_is_told_at_once() {
    let bot = Bot::start().await;
    let voice: ChannelId = bot.discord.add_channel_of_kind(bot.guild, "voice", 2);
    bot.discord.deny_bot(voice, permissions::CONNECT);
    let saved = set(&bot, &format!("results:{voice}")).await;
    assert!(saved.contains("Connect"), "{saved}");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_thread_is_told_on_saving_and_by_the_check() {
    let bot = Bot::start().await;
    let thread = bot.discord.add_thread(bot.channel, "thread");
    bot.discord.archive_thread(thread, true);
    let saved = set(&bot, &format!("results:{thread}")).await;
    let locked = format!("<#{thread}>: this thread is locked");
    assert!(saved.contains(&locked), "{saved}");
    let checked = bot.admin().slash("/setup check").await.unwrap().text();
    assert!(checked.contains(&locked), "{checked}");
    // One that is only archived comes back with the first post.
    bot.discord.archive_thread(thread, false);
    let saved = set(&bot, &format!("results:{thread}")).await;
    assert!(saved.contains("all permissions OK"), "{saved}");
    bot.started().await;
    bot.clock.advance_ms(minutes(10));
    bot.posted(thread, "나약한").await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_thread_that_refused_a_result_is_known_at_the_next_start() {
    let bot = Bot::start().await;
    let thread = bot.discord.add_thread(bot.channel, "thread");
    set(&bot, &format!("results:{thread}")).await;
    bot.discord.archive_thread(thread, true);
    let start = bot.started().await;
    bot.mina().click(&start, "Complete").await.unwrap();
    let mut changes = bot.app().outbox.changes();
    while bot.app().outbox.discarded() == 0 {
        changes.changed().await.unwrap();
    }
    let line = "/timeattack start task:Write limit:10m";
    let told = bot.mina().slash(line).await.unwrap().text();
    assert!(told.contains("I can't post in"), "{told}");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_proofs_cannot_be_posted_is_told_on_saving_and_by_the_check() {
    let bot = Bot::start().await;
    bot.discord.deny_bot(bot.results, permissions::ATTACH_FILES);
    let saved = set(&bot, &format!("results:{}", bot.results)).await;
    assert!(saved.contains("Attach Files"), "{saved}");
    let checked = bot.admin().slash("/setup check").await.unwrap().text();
    assert!(checked.contains("Attach Files"), "{checked}");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_that_takes_messages_is_offered() {
    let bot = Bot::start().await;
    let commands = bot.discord.commands(None);
    let setup = commands.iter().find(|one| one["name"] == "setup").unwrap();
    let channels = &setup["options"][0];
    assert_eq!(channels["name"], "channels");
    for option in channels["options"].as_array().unwrap().iter().take(3) {
        let mut kinds: Vec<u64> = option["channel_types"]
            .as_array()
            .unwrap()
            .iter()
            .map(|kind| kind.as_u64().unwrap())
            .collect();
        kinds.sort_unstable();
        assert_eq!(kinds, [0, 2, 5, 10, 11, 12, 13, 15], "{option}");
        assert_ne!(option["required"], true, "{option}");
    }
    bot.end().await;
}
