//! Direct messages as people meet them: the offer, `/dm`, `/announce`, `/queue`, `/privacy`, and
//! the buttons below the messages.

use timeattack::ids::UserId;
use timeattack::sandbox::{Message, Reply, permissions};

use crate::support::bot::{Bot, turning};
use crate::support::{hours, minutes};

impl Bot {
    /// Waits for a direct message that says so.
    async fn written(&self, user: UserId, part: &str) -> Message {
        let found = self
            .discord
            .direct_message_where(user, |message| message.text().contains(part));
        turning(&self.clock, found).await.unwrap_or_else(|| {
            let texts: Vec<String> = self.texts(user);
            panic!("no direct message with “{part}” among {texts:#?}")
        })
    }

    fn texts(&self, user: UserId) -> Vec<String> {
        let messages = self.discord.direct_messages(user);
        messages.iter().map(Message::text).collect()
    }

    /// The ephemeral message that offers direct messages.
    async fn offer(&self) -> Message {
        self.posted(self.channel, "as a DM").await
    }

    async fn says(&self, user: UserId, line: &str) -> Reply {
        let actor = self.discord.actor(user, self.channel);
        let reply = turning(&self.clock, actor.slash(line)).await.unwrap();
        self.answered(reply).await
    }

    /// The admin confirms an announcement to one member.
    async fn sends(&self, preview: &Message) -> Reply {
        let admin = self.admin();
        let sent = turning(&self.clock, admin.click(preview, "Send it to 1"));
        self.answered(sent.await.unwrap()).await
    }

    /// Whether somebody was written this.
    fn got(&self, user: UserId, part: &str) -> bool {
        self.texts(user).iter().any(|text| text.contains(part))
    }

    async fn night_begins(&self) {
        // From 14:00 to 22:00 in Seoul.
        self.clock.advance_ms(hours(8));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn direct_messages_are_offered_once_at_the_first_time_attack() {
    let bot = Bot::start().await;
    bot.started().await;
    let offer = bot.offer().await;
    assert!(offer.is_ephemeral());
    let taken = bot.mina().click(&offer, "Yes, please").await.unwrap();
    let text = taken.text();
    for part in ["Study", "✅ Get DMs from this server", "/dm stop"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(taken.message().unwrap().buttons().is_empty());
    bot.written(bot.mina, "settings were saved").await;
    bot.says(bot.mina, "/timeattack start task:Run limit:5m")
        .await;
    bot.clock.advance_ms(minutes(5));
    let told = bot.written(bot.mina, "Run").await;
    assert_eq!(told.buttons().len(), 1);
    let messages = bot.discord.messages(bot.channel);
    let offers = messages
        .iter()
        .filter(|one| one.text().contains("Want the result as a DM"));
    assert_eq!(offers.count(), 0, "the one became its answer");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_no_thanks_is_never_written_to() {
    let bot = Bot::start().await;
    bot.started().await;
    let offer = bot.offer().await;
    let declined = bot.mina().click(&offer, "No, thanks").await.unwrap();
    assert!(
        declined.text().contains("🚫 Get DMs from this server"),
        "{}",
        declined.text()
    );
    bot.clock.advance_ms(minutes(10));
    bot.posted(bot.channel, "나약한 자식").await;
    assert!(bot.texts(bot.mina).is_empty());
    assert_eq!(bot.requests("POST", "/users/@me/channels"), 0);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_allowed_is_shown_and_stopped_by_command_and_by_button() {
    let bot = Bot::start().await;
    bot.says(bot.jamong, "/timezone zone:europe/berlin").await;
    let line = "/dm allow night:true ads:true";
    let allowed = bot.says(bot.jamong, line).await;
    assert!(allowed.is_ephemeral());
    assert!(allowed.text().contains("광고"), "{}", allowed.text());
    let status = bot.says(bot.jamong, "/dm status").await.text();
    assert_eq!(status.matches('✅').count(), 3, "{status}");
    assert!(status.contains("Europe/Berlin"), "{status}");
    let notice = bot.written(bot.jamong, "처리되었습니다").await;
    let inbox = bot.discord.direct_channel(bot.jamong).unwrap();
    let in_direct = bot.discord.actor(bot.jamong, inbox);
    let stopped = turning(&bot.clock, in_direct.click(&notice, "그만 받기")).await;
    let stopped = stopped.unwrap().text();
    assert_eq!(stopped.matches('🚫').count(), 3, "{stopped}");
    let status = bot.says(bot.jamong, "/dm status").await.text();
    assert!(!status.contains('✅'), "{status}");
    let again = bot.says(bot.jamong, "/dm stop").await.text();
    assert!(again.contains("바뀐 것이 없어요"), "{again}");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_announcement_is_shown_confirmed_and_followed() {
    let bot = Bot::start().await;
    bot.says(bot.mina, "/dm allow").await;
    bot.says(bot.jamong, "/dm allow ads:true").await;
    let line = "/announce body:Half the price!\\nToday only kind:ad";
    let preview = bot.says(bot.admin, line).await;
    assert!(preview.is_ephemeral());
    let shown = preview.text();
    for part in [
        "**One** member gets it now",
        "One allows messages, but no advertising",
        "(광고) **Study**",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!bot.got(bot.jamong, "Half"));
    let preview = preview.message().unwrap();
    assert!(bot.sends(&preview).await.text().contains("/1"));
    let ad = bot.written(bot.jamong, "Half the price!\nToday only").await;
    assert!(ad.text().starts_with("(광고) "), "{}", ad.text());
    let done = bot
        .until(&preview, |now| now.text().contains("is done"))
        .await;
    assert!(done.text().contains("Sent: 1"), "{}", done.text());
    assert!(!bot.got(bot.mina, "Half"));
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_is_asked_for_member_by_member() {
    let bot = Bot::start().await;
    let role = bot.discord.add_role(bot.guild, "Runners");
    bot.discord.give_role(bot.guild, bot.mina, role);
    bot.says(bot.mina, "/dm allow").await;
    bot.says(bot.jamong, "/dm allow").await;
    let line = "/announce body:Run! kind:notice role:@Runners";
    let preview = bot.says(bot.admin, line).await;
    assert!(
        preview.text().contains("One does not have the role"),
        "{}",
        preview.text()
    );
    let preview = preview.message().unwrap();
    bot.sends(&preview).await;
    bot.written(bot.mina, "Run!").await;
    assert!(!bot.got(bot.jamong, "Run!"));
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_the_morning_is_shown_with_the_reason_and_comes_out_then() {
    let bot = Bot::start().await;
    bot.says(bot.mina, "/dm allow").await;
    bot.written(bot.mina, "settings were saved").await;
    bot.night_begins().await;
    let preview = bot
        .says(bot.admin, "/announce body:Tomorrow at ten kind:notice")
        .await;
    assert!(
        preview.text().contains("🌙 **One** member"),
        "{}",
        preview.text()
    );
    let preview = preview.message().unwrap();
    bot.sends(&preview).await;
    bot.until(&preview, |now| {
        now.text().contains("Held until the morning: 1")
    })
    .await;
    let status = bot.says(bot.admin, "/queue status").await.text();
    let held = "One direct message:** held until 08:00 Asia/Seoul: no night consent";
    assert!(status.contains(held), "{status}");
    let own = bot.says(bot.mina, "/dm status").await.text();
    assert!(own.contains("One message is waiting"), "{own}");
    assert!(!bot.got(bot.mina, "Tomorrow"));
    bot.clock.advance_ms(hours(10));
    bot.written(bot.mina, "Tomorrow at ten").await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_night_of_announcements_is_one_message_in_the_morning() {
    let bot = Bot::start().await;
    bot.says(bot.jamong, "/dm allow").await;
    bot.written(bot.jamong, "처리되었습니다").await;
    bot.night_begins().await;
    for number in 1..=6 {
        let line = format!("/announce body:소식 {number} kind:notice");
        let preview = bot.says(bot.admin, &line).await.message().unwrap();
        bot.sends(&preview).await;
    }
    // Each is held as soon as the lane has come to it.
    let held = "6 direct messages:** held until 08:00";
    while !bot
        .says(bot.admin, "/queue status")
        .await
        .text()
        .contains(held)
    {}
    bot.clock.advance_ms(hours(10));
    let digest = bot.written(bot.jamong, "메시지 6개").await;
    let text = digest.text();
    for number in 1..=6 {
        assert!(text.contains(&format!("소식 {number}")), "{number}: {text}");
    }
    assert_eq!(digest.buttons().len(), 1);
    assert_eq!(bot.texts(bot.jamong).len(), 2, "the notice and the digest");
    bot.end().await;
}

/// The number of the only message that was given up, once it is.
async fn parked_id(bot: &Bot, why: &str) -> String {
    loop {
        let list = bot.says(bot.admin, "/queue parked").await.text();
        if list.contains(why) {
            let mut numbers = list.split('`').filter(|part| part.parse::<i64>().is_ok());
            return numbers.next().unwrap().to_owned();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_up_is_tried_again_when_its_channel_is_open() {
    let bot = Bot::start().await;
    bot.started().await;
    bot.discord
        .deny_bot(bot.channel, permissions::SEND_MESSAGES);
    bot.clock.advance_ms(minutes(10));
    let id = parked_id(&bot, "50013").await;
    let elsewhere = bot.discord.actor(bot.admin, bot.elsewhere);
    let foreign = elsewhere.slash(&format!("/queue retry id:{id}")).await;
    let refused = foreign.unwrap().text();
    assert!(refused.contains("can't find that message"), "{refused}");
    bot.discord.deny_bot(bot.channel, 0);
    let retried = bot.says(bot.admin, &format!("/queue retry id:{id}")).await;
    assert!(
        retried.text().contains("sending it again"),
        "{}",
        retried.text()
    );
    let card = bot.posted(bot.channel, "나약한 자식").await;
    assert!(!card.is_ephemeral());
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_up_is_put_away() {
    let bot = Bot::start().await;
    bot.says(bot.mina, "/dm allow").await;
    bot.written(bot.mina, "settings were saved").await;
    bot.discord.close_dms(bot.mina, true);
    let line = "/announce body:Hello kind:notice";
    let preview = bot.says(bot.admin, line).await.message().unwrap();
    bot.sends(&preview).await;
    let id = parked_id(&bot, "50007").await;
    let away = bot
        .says(bot.admin, &format!("/queue discard id:{id}"))
        .await;
    assert!(away.text().contains("Dismissed"), "{}", away.text());
    let list = bot.says(bot.admin, "/queue parked").await.text();
    assert!(list.contains("Everything was delivered"), "{list}");
    let closed = bot.says(bot.mina, "/dm status").await.text();
    assert!(closed.contains("Discord has rejected"), "{closed}");
    assert!(
        !bot.discord
            .messages(bot.channel)
            .iter()
            .any(|one| one.text().contains("📬 I couldn't post"))
    );
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_stored_about_a_member_comes_as_a_file() {
    let bot = Bot::start().await;
    bot.started().await;
    bot.says(bot.mina, "/dm allow ads:true").await;
    let export = bot.says(bot.mina, "/privacy export").await;
    assert!(export.is_ephemeral());
    let message = export.message().unwrap();
    let file = bot.discord.file(&message.attachments[0]).unwrap();
    let data: serde_json::Value = serde_json::from_slice(&file).unwrap();
    assert_eq!(data["user_id"], bot.mina.to_string());
    assert_eq!(data["time_attacks"][0]["task"], "Read");
    assert_eq!(data["consents"].as_array().unwrap().len(), 2);
    assert_eq!(
        data["consents"][1]["wording"],
        "Advertising by direct message"
    );
    assert_eq!(data["direct_messages"]["ads"], true);
    assert_eq!(data["consent_notices"][0]["kind"], "result");
    assert_eq!(data["announcements"], serde_json::json!([]));
    let other = bot
        .says(bot.jamong, "/privacy export")
        .await
        .message()
        .unwrap();
    let file = bot.discord.file(&other.attachments[0]).unwrap();
    assert!(!String::from_utf8(file).unwrap().contains("Read"));
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_input_gets_a_sentence_that_says_what_to_do() {
    let bot = Bot::start().await;
    for (user, line, said) in [
        (
            bot.admin,
            "/announce body:(광고) Buy kind:ad",
            "I add it myself",
        ),
        (
            bot.admin,
            "/announce body:\\n kind:notice",
            "between 1 and 1400",
        ),
        (bot.admin, "/queue retry id:abc", "can't find that message"),
        (bot.admin, "/queue discard id:1", "can't find that message"),
        (
            bot.mina,
            "/timezone zone:Nowhere",
            "don't know which time zone",
        ),
        (bot.jamong, "/timezone zone:Nowhere", "시간대"),
    ] {
        let reply = bot.says(user, line).await;
        assert!(reply.is_ephemeral(), "{line}");
        assert!(reply.text().contains(said), "{line}: {}", reply.text());
    }
    let alone = bot
        .says(bot.admin, "/announce body:Hello kind:notice")
        .await;
    assert!(
        alone.text().contains("Nobody gets it now"),
        "{}",
        alone.text()
    );
    assert_eq!(
        alone.message().unwrap().buttons().len(),
        1,
        "there is nobody to send it to"
    );
    for line in [
        "/announce body:Hi kind:notice",
        "/queue status",
        "/queue parked",
    ] {
        let refused = bot.mina().let_in().slash(line).await.unwrap().text();
        assert!(refused.contains("Manage Server"), "{line}: {refused}");
    }
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_of_an_announcement_is_an_admins_whoever_presses_it() {
    let bot = Bot::start().await;
    bot.says(bot.jamong, "/dm allow").await;
    let preview = bot
        .says(bot.admin, "/announce body:Hello kind:notice")
        .await;
    let preview = preview.message().unwrap();
    let send = preview.buttons()[0].custom_id.clone().unwrap();
    let start = bot.started().await;
    let forged = bot.mina().forge(&start, &send).await.unwrap();
    assert!(forged.text().contains("Manage Server"), "{}", forged.text());
    let elsewhere = bot.discord.actor(bot.admin, bot.elsewhere);
    let there = elsewhere
        .slash("/timeattack start task:x limit:5m")
        .await
        .unwrap();
    let forged = elsewhere
        .forge(&there.message().unwrap(), &send)
        .await
        .unwrap();
    assert!(
        forged.text().contains("no longer valid"),
        "{}",
        forged.text()
    );
    assert!(!bot.got(bot.jamong, "Hello"));
    bot.end().await;
}
