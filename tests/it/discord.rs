//! The bot as people meet it.

use std::time::Duration;

use timeattack::sandbox::{Fault, FaultKind, Message, Refused, permissions};

use crate::support::bot::Bot;
use crate::support::{NOW_MS, file, minutes, seconds};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_by_options_is_shown_and_the_card_comes_at_the_deadline() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    assert!(!start.is_ephemeral());
    let text = start.text();
    assert!(
        text.contains("Read") && text.contains(":R>") && text.contains(":T>"),
        "{text}"
    );
    assert_eq!(start.buttons().len(), 3);
    bot.clock.advance_ms(minutes(10));
    let card = bot.posted(bot.channel, "나약한 자식").await;
    assert!(card.content.contains("Name: Mina") && card.content.contains("Value: Read"));
    assert_eq!(card.pinged, [bot.mina]);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_without_options_opens_a_form_in_the_members_language() {
    let bot = Bot::start().await;
    let form = bot
        .jamong()
        .slash("/timeattack start")
        .await
        .unwrap()
        .modal()
        .unwrap();
    assert!(
        form["title"]
            .as_str()
            .unwrap()
            .chars()
            .any(|c| ('가'..='힣').contains(&c)),
        "{form}"
    );
    let inputs: Vec<String> = form["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            row["components"][0]["custom_id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let values = [(inputs[0].as_str(), "산책"), (inputs[1].as_str(), "삼십분")];
    let reply = bot.jamong().submit(&form, &values).await.unwrap();
    assert!(reply.text().contains("산책"), "{}", reply.text());

    let wrong = [(inputs[0].as_str(), "산책"), (inputs[1].as_str(), "30")];
    let reply = bot.jamong().submit(&form, &wrong).await.unwrap();
    assert!(
        reply.is_ephemeral() && reply.text().contains("30"),
        "{}",
        reply.text()
    );
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn autocomplete_echoes_the_instant_understood() {
    let bot = Bot::start().await;
    let offered = bot
        .mina()
        .autocomplete("timeattack start", &[], "limit", "1h 30m")
        .await
        .unwrap();
    assert_eq!(offered[0].1, "1h 30m");
    assert!(offered[0].0.contains("15:30"), "{offered:?}");
    let asked_back = bot
        .jamong()
        .autocomplete("timeattack start", &[], "limit", "9시")
        .await
        .unwrap();
    assert!(
        asked_back.iter().any(|(_, value)| value.contains("오전")),
        "{asked_back:?}"
    );
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completing_by_button_posts_a_success_and_no_card_ever_after() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    let refused = bot
        .jamong()
        .click(&start, &start.buttons()[0].label)
        .await
        .unwrap();
    assert!(
        refused.is_ephemeral(),
        "somebody else's is refused in private"
    );
    bot.clock.advance_ms(minutes(4));
    bot.mina()
        .click(&start, &start.buttons()[0].label)
        .await
        .unwrap();
    bot.posted(bot.channel, "🎉").await;
    bot.clock.advance_ms(minutes(20));
    let again = bot.mina().slash("/timeattack complete").await.unwrap();
    assert!(again.is_ephemeral());
    let cards = bot
        .discord
        .messages(bot.channel)
        .iter()
        .filter(|m| m.content.contains("나약한"))
        .count();
    assert_eq!(cards, 0);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_is_shown_in_the_success_post() {
    let bot = Bot::start().await;
    bot.started().await;
    let proof = file("done.png", &[1, 2, 3]);
    bot.mina()
        .slash_with("timeattack complete", &[("proof", proof)])
        .await
        .unwrap();
    let post = bot.posted(bot.channel, "🎉").await;
    assert_eq!(post.attachments[0].filename, "done.png");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finish_clicked_in_time_edits_the_card_that_was_posted() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    bot.clock.advance_ms(minutes(10));
    let card = bot.posted(bot.channel, "나약한").await;
    bot.clock.advance_ms(seconds(1));
    let in_time = bot.mina().clicked_at(NOW_MS + minutes(10) - 500);
    in_time
        .click(&start, &start.buttons()[0].label)
        .await
        .unwrap();
    let turned = bot.discord.message_where(bot.channel, |message| {
        message.id == card.id && message.was_edited() && message.content.contains("🎉")
    });
    assert!(
        turned.await.is_some(),
        "{:?}",
        bot.discord.messages(bot.channel)
    );
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_history_extend_and_giveup() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    let status = bot.mina().slash("/timeattack status").await.unwrap();
    assert!(status.is_ephemeral() && status.text().contains("Read"));
    let extended = bot.mina().slash("/timeattack extend by:5m").await.unwrap();
    assert!(
        extended
            .text()
            .contains(&format!("<t:{}", (NOW_MS + minutes(15)) / 1_000)),
        "{}",
        extended.text()
    );
    let asked = bot.mina().slash("/timeattack giveup").await.unwrap();
    let question = asked.message().unwrap();
    assert!(question.is_ephemeral());
    bot.mina()
        .click(&question, &question.buttons()[0].label)
        .await
        .unwrap();
    bot.posted(bot.channel, "🏳").await;
    let history = bot.mina().slash("/timeattack history").await.unwrap();
    assert!(
        history.is_ephemeral() && history.text().contains("Read"),
        "{}",
        history.text()
    );
    let old = bot
        .mina()
        .click(&start, &start.buttons()[0].label)
        .await
        .unwrap();
    assert!(old.is_ephemeral());
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_several_running_a_menu_asks_which() {
    let bot = Bot::start().await;
    bot.started().await;
    bot.mina()
        .slash("/timeattack start task:Write limit:20m")
        .await
        .unwrap();
    let menu = bot
        .mina()
        .slash("/timeattack complete")
        .await
        .unwrap()
        .message()
        .unwrap();
    assert!(menu.is_ephemeral());
    let options = menu.components[0]["components"][0]["options"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(options.len(), 2);
    let write = options
        .iter()
        .find(|one| one["label"].as_str().unwrap().contains("Write"))
        .unwrap();
    bot.mina()
        .select(&menu, "", &[write["value"].as_str().unwrap()])
        .await
        .unwrap();
    let post = bot.posted(bot.channel, "🎉").await;
    assert!(post.content.contains("Write"), "{}", post.content);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_chosen_from_the_menu_is_told_to_everybody() {
    let bot = Bot::start().await;
    for task in ["Read", "Write"] {
        let line = format!("/timeattack start task:{task} limit:10m");
        bot.jamong().slash(&line).await.unwrap();
    }
    let asked = bot.jamong().slash("/timeattack extend by:5m").await;
    let menu = asked.unwrap().message().unwrap();
    assert!(menu.is_ephemeral());
    let options = &menu.components[0]["components"][0]["options"];
    let options = options.as_array().unwrap();
    let write = options.iter().find(|one| one["label"] == "Write").unwrap();
    let chosen = [write["value"].as_str().unwrap()];
    bot.jamong().select(&menu, "", &chosen).await.unwrap();
    let deadline = format!("<t:{}", (NOW_MS + minutes(15)) / 1_000);
    // In the server's language, where the member's own is Korean.
    let news = bot.posted(bot.channel, "extended **Write**").await;
    assert!(!news.is_ephemeral() && news.text().contains(&deadline));
    assert!(news.pinged.is_empty());
    let answered = bot
        .posted(bot.channel, "**Write** 타임어택을 5분 늘렸어요")
        .await;
    assert_eq!(answered.id, menu.id);
    assert!(answered.components.is_empty());
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_guilds_time_attack_is_unknown_here() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    let custom_id = start.buttons()[0].custom_id.clone().unwrap();
    let id: String = custom_id.chars().filter(char::is_ascii_digit).collect();
    let there = bot.discord.actor(bot.mina, bot.elsewhere);
    let reply = there
        .slash(&format!("/timeattack complete attack:{id}"))
        .await
        .unwrap();
    assert!(reply.is_ephemeral());
    bot.clock.advance_ms(minutes(10));
    bot.posted(bot.channel, "나약한").await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn setup_is_for_those_who_manage_the_server() {
    let bot = Bot::start().await;
    let refused = bot.mina().slash("/setup show").await;
    assert!(
        matches!(refused, Err(Refused::Client(_))),
        "the client's first door: {refused:?}"
    );
    let results = bot.results.get();
    bot.admin()
        .slash(&format!("/setup channels results:{results}"))
        .await
        .unwrap();
    bot.admin()
        .slash("/setup locale timezone:Europe/Berlin language:en")
        .await
        .unwrap();
    bot.admin().slash("/setup limits running:1").await.unwrap();
    bot.admin()
        .slash("/setup quiet-hours start:22:00 end:07:00")
        .await
        .unwrap();
    let shown = bot.admin().slash("/setup show").await.unwrap();
    for part in ["Europe/Berlin", "22:00", &results.to_string()] {
        assert!(shown.text().contains(part), "{part} in {}", shown.text());
    }
    bot.started().await;
    let second = bot
        .mina()
        .slash("/timeattack start task:Too limit:1h")
        .await
        .unwrap();
    assert!(
        second.is_ephemeral() && second.text().contains("one time attack"),
        "{}",
        second.text()
    );
    bot.clock.advance_ms(minutes(10));
    bot.posted(bot.results, "나약한").await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn setup_refuses_what_is_wrong_and_says_what_to_do() {
    let bot = Bot::start().await;
    for (line, part) in [
        ("/setup locale timezone:Mars/Base language:en", "Mars"),
        ("/setup quiet-hours start:25:00 end:07:00", "25"),
        ("/setup quiet-hours start:22:00", "off"),
        ("/setup limits", "one"),
        ("/setup limits longest:soon", "soon"),
        ("/setup messages failure:Lost {tsak}", "tsak"),
    ] {
        let reply = bot.admin().slash(line).await.unwrap();
        assert!(
            reply.is_ephemeral() && reply.text().contains(part),
            "{line}: {}",
            reply.text()
        );
    }
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_is_previewed_before_it_is_saved() {
    let bot = Bot::start().await;
    let preview = bot
        .admin()
        .slash("/setup messages failure:Lost: {task}")
        .await
        .unwrap()
        .message()
        .unwrap();
    assert!(
        preview.is_ephemeral() && preview.text().contains("Lost:"),
        "{}",
        preview.text()
    );
    bot.admin()
        .click(&preview, &preview.buttons()[0].label)
        .await
        .unwrap();
    bot.started().await;
    bot.clock.advance_ms(minutes(10));
    bot.posted(bot.channel, "Lost: Read").await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_results_channel_that_refuses_falls_back_and_alerts() {
    let bot = Bot::start().await;
    let (results, channel) = (bot.results.get(), bot.channel.get());
    let line = format!("/setup channels results:{results} alerts:{channel} fallback:{channel}");
    bot.admin().slash(&line).await.unwrap();
    bot.discord
        .deny_bot(bot.results, permissions::SEND_MESSAGES);
    bot.started().await;
    bot.clock.advance_ms(minutes(10));
    bot.posted(bot.channel, "나약한").await;
    bot.posted(bot.channel, "50013").await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trouble_on_the_wire_shows_the_card_once() {
    for kind in [
        FaultKind::Status(503),
        FaultKind::ResetBeforeWrite,
        FaultKind::ResetAfterWrite,
        FaultKind::RateLimited {
            retry_after_ms: 800,
            global: false,
            shared: false,
        },
        FaultKind::Foreign(403),
        FaultKind::Banned {
            retry_after: Some("1".into()),
        },
    ] {
        let bot = Bot::start().await;
        bot.started().await;
        bot.discord
            .fault(Fault::on("/messages", kind.clone()).method("POST").times(2));
        bot.clock.advance_ms(minutes(10));
        let turning = {
            let clock = bot.clock.clone();
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    clock.advance_ms(500);
                }
            })
        };
        bot.posted(bot.channel, "나약한").await;
        while bot.discord.clear_faults() > 0 {}
        turning.abort();
        let cards = bot
            .discord
            .messages(bot.channel)
            .iter()
            .filter(|m| m.content.contains("나약한"))
            .count();
        assert_eq!(cards, 1, "{kind:?}");
        // Ordered faults answer in ways that are none of Discord's: no look at the schema.
        bot.ended().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_work_again_after_the_gateway_was_lost() {
    let bot = Bot::start().await;
    bot.discord.drop_gateway();
    let mut answered = None;
    for _ in 0..100 {
        if let Ok(reply) = bot.mina().slash("/timeattack status").await {
            answered = Some(reply);
            break;
        }
        bot.clock.advance_ms(seconds(1));
    }
    assert!(answered.is_some());
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_posts_to_many_channels_meet_no_429() {
    let bot = Bot::start().await;
    bot.discord.rate_limits(true);
    let members = [bot.mina, bot.jamong, bot.admin];
    // Five are running of each member in each server, and deadlines pass three times a second,
    // where a channel takes one message a second.
    let crowd = [(bot.channel, 9), (bot.results, 6), (bot.elsewhere, 15)];
    for number in 0..15 {
        for (channel, _) in crowd.iter().filter(|(_, count)| number < *count) {
            let member = bot.discord.actor(members[number % 3], *channel);
            let line = format!("/timeattack start task:Page{number}. limit:10m");
            let reply = member.slash(&line).await.unwrap();
            assert!(!reply.is_ephemeral(), "{}", reply.text());
        }
        bot.clock.advance_ms(300);
    }
    bot.clock.advance_ms(minutes(10) - 15 * 300);
    let clock = bot.clock.clone();
    let turning = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            clock.advance_ms(100);
        }
    });
    let is_card = |message: &Message| message.kind == 0;
    for (channel, count) in crowd {
        for number in 0..count {
            let task = format!("Page{number}.");
            let card = bot.discord.message_where(channel, |message| {
                is_card(message) && message.text().contains(&task)
            });
            assert!(card.await.is_some(), "{task} in {channel}");
        }
        let cards = bot.discord.messages(channel).into_iter().filter(is_card);
        assert!(cards.count() > 1, "not all of it merged");
    }
    turning.abort();
    assert_eq!(bot.discord.too_many_requests(), 0);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_channel_took_is_kept_until_discord_has_shown_it() {
    let bot = Bot::start().await;
    bot.started().await;
    // It follows the first start in its own time, and is not what is to fail here.
    bot.posted(bot.channel, "as a DM").await;
    bot.discord
        .deny_bot(bot.channel, permissions::SEND_MESSAGES);
    bot.clock.advance_ms(minutes(10));
    let card = bot
        .discord
        .message_where(bot.channel, |message| message.text().contains("나약한"));
    let lost = Fault::on("/webhooks/", FaultKind::Status(500)).method("POST");
    bot.discord.fault(lost);
    // Asked again and again, as the verdict may not have been refused yet: the first time that it
    // is shown, Discord fails; the second time it comes.
    let asking = async {
        loop {
            bot.mina().slash("/timeattack status").await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let shown = tokio::select! {
        card = card => card.unwrap(),
        () = asking => unreachable!("it asks for ever"),
    };
    assert!(shown.is_ephemeral() && shown.text().contains("📬"));
    assert_eq!(bot.discord.clear_faults(), 0, "it failed once");
    let exchanges = bot.ended().await;
    let shown = exchanges
        .iter()
        .filter(|one| one.method == "POST" && one.path.contains("/webhooks/"))
        .count();
    assert_eq!(shown, 2, "the offer, and the card once");
}
