//! Times as members meet them: whose clock counts, whose zone is read, and what is the same to a reader.

use timeattack::sandbox::{Message, OptionValue, Reply};

use crate::support::bot::{Bot, turning};
use crate::support::{minutes, seconds};

/// What is typed into an option, as it is.
fn typed(text: &str) -> OptionValue {
    OptionValue::Text(text.to_owned())
}

impl Bot {
    /// A command of Mina's, while no time passes.
    async fn mina_says(&self, line: &str) -> Reply {
        self.mina().slash(line).await.unwrap()
    }

    /// Waits, while time passes, until the bot knows how far Discord's clock is ahead.
    async fn measured(&self, is: impl Fn(i64) -> bool) -> i64 {
        let time = self.app().discord_time;
        let measured = async {
            while !is(time.ahead_ms()) {
                tokio::task::yield_now().await;
            }
        };
        turning(&self.clock, measured).await;
        time.ahead_ms()
    }
}

/// The host's clock is slow: what is clicked in time by the clock that everybody sees is in time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_host_completes_what_still_runs() {
    for (slow_ms, limit, after_ms) in [
        (1_000, "5s", 4_400),
        (3_000, "10s", 7_500),
        (300_000, "2m", minutes(2) - 500),
    ] {
        let bot = Bot::start_apart(slow_ms).await;
        let line = format!("/timeattack start task:Read limit:{limit}");
        let start = bot.mina_says(&line).await.message().unwrap();
        bot.kept(&start).await;
        bot.clock.advance_ms(after_ms);
        assert_eq!(bot.cards(), 0, "{slow_ms} ms slow: it still runs");
        let done = bot.mina().click(&start, "Complete").await.unwrap();
        assert!(done.text().contains("Read"), "{}", done.text());
        bot.posted(bot.channel, "🎉").await;
        bot.end().await;
    }
}

/// It is fast: the card does not come before the deadline that everybody sees.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fast_host_fails_nobody_before_the_deadline() {
    let bot = Bot::start_apart(-30_000).await;
    let ahead_ms = bot.measured(|ahead_ms| ahead_ms <= -29_700).await;
    assert!((-30_000..=-29_700).contains(&ahead_ms), "{ahead_ms}");
    let start = bot
        .mina_says("/timeattack start task:Read limit:2m")
        .await
        .message()
        .unwrap();
    bot.kept(&start).await;
    bot.clock.advance_ms(minutes(2) - seconds(1));
    let app = bot.app();
    assert_eq!(bot.cards(), 0);
    let done = bot.mina().click(&start, "Complete").await.unwrap();
    assert!(done.text().contains("Read"), "{}", done.text());
    drop(app);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_keeps_time_stays_by_its_own_clock() {
    let bot = Bot::start().await;
    for _ in 0..5 {
        bot.mina_says("/timeattack status").await;
        bot.clock.advance_ms(60_337);
    }
    assert_eq!(bot.app().discord_time.ahead_ms(), 0);
    bot.end().await;
}

/// `30분` in decomposed Hangul, with characters without width around it.
const DECOMPOSED: &str = "\u{200b}30\u{1107}\u{116e}\u{11ab}\u{feff}.";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_looks_the_same_is_the_same() {
    let bot = Bot::start().await;
    let jamong = bot.jamong();
    // 과제, as macOS sends it.
    let task = "\u{1100}\u{116a}\u{110c}\u{1166}";
    let options = [("task", typed(task)), ("limit", typed(DECOMPOSED))];
    let started = jamong
        .slash_with("timeattack start", &options)
        .await
        .unwrap();
    assert!(started.text().contains("과제"), "{}", started.text());
    bot.kept(&started.message().unwrap()).await;
    for part in ["과", "\u{1100}\u{116a}"] {
        let offered = jamong
            .autocomplete("timeattack complete", &[], "attack", part)
            .await
            .unwrap();
        assert!(offered[0].0.contains("과제"), "{part}: {offered:?}");
    }
    for nothing in ["\u{200b}", "\u{3164}", "\u{2800}", "\u{ffa0}\u{2060}"] {
        let options = [("task", typed(nothing)), ("limit", typed("30m"))];
        let refused = jamong
            .slash_with("timeattack start", &options)
            .await
            .unwrap();
        assert!(refused.is_ephemeral(), "{nothing:?}: {}", refused.text());
    }
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_mean_two_things_is_asked_with_both() {
    let bot = Bot::start().await;
    for (limit, parts) in [
        ("at 3:15", ["at 3:15am", "at 3:15pm"]),
        ("0:30", ["30m", "12:30am"]),
        ("오후 4시 15분 전", ["오후 3시 45분", "오후 4시 15분까지"]),
        ("6 o'clock", ["6am", "6pm"]),
    ] {
        let options = [("task", typed("Read")), ("limit", typed(limit))];
        let asked = bot
            .mina()
            .slash_with("timeattack start", &options)
            .await
            .unwrap();
        assert!(asked.is_ephemeral(), "{limit}");
        let offered = bot
            .mina()
            .autocomplete("timeattack start", &[], "limit", limit)
            .await
            .unwrap();
        for part in parts {
            assert!(asked.text().contains(part), "{limit}: {}", asked.text());
            assert!(
                offered.iter().any(|one| one.1 == part),
                "{limit}: {offered:?}"
            );
        }
    }
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn zones_are_found_by_what_people_call_them_wherever_they_are_asked() {
    let bot = Bot::start().await;
    for typed in ["GMT+9", "UTC+9", "서울", "한국", "KST", "Busan", "+09:00"] {
        let server = bot
            .admin()
            .autocomplete("setup locale", &[], "timezone", typed)
            .await
            .unwrap();
        let own = bot
            .mina()
            .autocomplete("timezone", &[], "zone", typed)
            .await
            .unwrap();
        for list in [server, own] {
            let (name, value) = &list[0];
            assert_eq!(value, "Asia/Seoul", "{typed}: {list:?}");
            // NOW_MS is 14:00 there.
            assert!(name.contains("14:00") && name.contains("UTC+9"), "{name}");
            assert!(
                list.iter().all(|(_, value)| !value.contains("GMT")),
                "{list:?}"
            );
        }
    }
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_members_own_zone_reads_what_they_type_until_they_clear_it() {
    let bot = Bot::start().await;
    let shown = bot.mina_says("/timezone").await.text();
    assert!(shown.contains("Asia/Seoul"), "{shown}");
    let set = bot.mina_says("/timezone zone:New York").await;
    assert!(set.is_ephemeral());
    // 14:00 in Seoul.
    for part in ["America/New\\_York", "00:00", "UTC-5"] {
        assert!(set.text().contains(part), "{part}: {}", set.text());
    }
    let offered = bot
        .mina()
        .autocomplete("timeattack start", &[], "limit", "until 18:00")
        .await
        .unwrap();
    assert_eq!(
        offered[0].0,
        "until 18:00 → 18:00:00 today (America/New_York)"
    );
    let started = bot
        .mina_says("/timeattack start task:Read limit:until 18:00")
        .await;
    // 18:00 in New York is 23:00 UTC.
    let at = 1_795_302_000;
    assert!(
        started.text().contains(&at.to_string()),
        "{}",
        started.text()
    );
    bot.kept(&started.message().unwrap()).await;
    // A member who chose a zone has decided nothing about messages, and is asked once like others.
    bot.posted(bot.channel, "as a DM").await;
    let export = bot.mina_says("/privacy export").await.message().unwrap();
    assert!(!export.attachments.is_empty());
    let app = bot.app();
    let files = timeattack::privacy::export(&app, bot.guild, bot.mina, usize::MAX).await;
    let file = files.unwrap().next().await.unwrap().unwrap();
    let stored: serde_json::Value = serde_json::from_slice(&file).unwrap();
    assert_eq!(stored["timezone"], "America/New_York");
    assert_eq!(
        stored["past_timezones"][0]["timezone"],
        serde_json::Value::Null
    );
    let cleared = bot.mina_says("/timezone zone:server").await.text();
    assert!(cleared.contains("Asia/Seoul"), "{cleared}");
    let wrong = bot.mina_says("/timezone zone:Nowhere").await.text();
    assert!(wrong.contains("Nowhere"), "{wrong}");
    bot.end().await;
}

impl Bot {
    /// What Mina alone was told of the clock that her time was read by.
    fn told_whose_clock(&self) -> Vec<String> {
        let messages = self.discord.messages(self.channel).into_iter();
        let private = messages.filter(Message::is_ephemeral);
        let texts = private.map(|one| one.text());
        texts
            .filter(|one| one.contains("in your time zone"))
            .collect()
    }

    /// Waits until she was told so often.
    async fn told_whose_clock_times(&self, times: usize) {
        let told = self
            .discord
            .message_where(self.channel, |_| self.told_whose_clock().len() == times);
        assert!(told.await.is_some(), "{:?}", self.told_whose_clock());
    }

    /// Mina fills in this form.
    async fn fills_in(&self, form: &Reply, task: &str, limit: &str) -> Reply {
        let form = form.modal().unwrap();
        let values = [("task", task), ("limit", limit)];
        self.mina().submit(&form, &values).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_clock_was_read_is_told_however_the_time_was_typed() {
    let bot = Bot::start().await;
    bot.mina_says("/timezone zone:New York").await;
    // These are the same on every clock, and nothing is told of them.
    for (task, limit) in [("A", "11pm KST"), ("B", "<t:1795302000:t>"), ("C", "30m")] {
        let line = format!("/timeattack start task:{task} limit:{limit}");
        let started = bot.mina_says(&line).await;
        assert!(!started.is_ephemeral(), "{}", started.text());
    }
    bot.mina_says("/timeattack start task:D limit:until 18:00")
        .await;
    bot.told_whose_clock_times(1).await;
    // The form of the command, and the same again after a refusal.
    let form = bot.mina_says("/timeattack start").await;
    let refused = bot
        .fills_in(&form, "E", "until 25:00")
        .await
        .message()
        .unwrap();
    let button = refused.buttons()[0].label.clone();
    let form = bot.mina().click(&refused, &button).await.unwrap();
    let started = bot.fills_in(&form, "E", "until 19:00").await;
    assert!(!started.is_ephemeral(), "{}", started.text());
    bot.told_whose_clock_times(2).await;
    let said = bot.told_whose_clock();
    assert!(
        said[1].contains("19\\:00") && said[1].contains("New\\_York"),
        "{said:?}"
    );
    // The menu of a message.
    bot.admin().slash("/setup limits running:10").await.unwrap();
    let message = bot.discord.say(bot.jamong, bot.channel, "Words").unwrap();
    let mut menus = bot.discord.commands(None).into_iter();
    let menu = menus.find(|one| one["type"] == 3).unwrap();
    let mina = bot.mina();
    let form = mina.menu(&message, menu["name"].as_str().unwrap()).await;
    let form = form.unwrap();
    let started = bot.fills_in(&form, "F", "until 20:00").await;
    assert!(!started.is_ephemeral(), "{}", started.text());
    bot.told_whose_clock_times(3).await;
    bot.end().await;
}
