//! Who is named without being pinged is named by their name, and found by every name they have had; and
//! a time attack is found by its task, whatever that looks like.

use timeattack::sandbox::{Fault, FaultKind, Message, OptionValue, Refused, Reply, permissions};

use crate::support::bot::Bot;
use crate::support::minutes;

fn answer(outcome: Result<Reply, Refused>) -> Message {
    outcome.unwrap().message().unwrap()
}

impl Bot {
    /// Mina starts this and completes it a minute later.
    async fn does(&self, task: &str) {
        let options = [
            ("task", OptionValue::Text(task.into())),
            ("limit", OptionValue::Text("10m".into())),
        ];
        let started = self.mina().slash_with("timeattack start", &options).await;
        let start = started.unwrap().message().unwrap();
        self.kept(&start).await;
        self.clock.advance_ms(minutes(1));
        self.mina().click(&start, "Complete").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_are_listed_by_their_names_as_the_server_has_them_now() {
    let bot = Bot::start().await;
    bot.does("Read").await;
    bot.discord.rename(bot.guild, bot.mina, "Mi*na*");
    let bot = bot.restarted_after(0).await;
    let mina = bot.mina;
    for line in [
        "/timeattack leaderboard period:all".to_owned(),
        format!("/timeattack history member:{mina}"),
        format!("/timeattack status member:{mina}"),
        format!("/timeattack stats member:{mina}"),
    ] {
        let shown = answer(bot.jamong().slash(&line).await);
        let text = shown.text();
        assert!(text.contains("**Mi\\*na\\***"), "{line}: {text}");
        assert!(!text.contains("<@"), "{line}: {text}");
    }
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_gone_or_cannot_be_asked_about_is_called_as_when_they_started() {
    let bot = Bot::start().await;
    bot.does("Read").await;
    bot.discord.leave(bot.guild, bot.mina);
    let bot = bot.restarted_after(0).await;
    let board = answer(bot.jamong().slash("/timeattack leaderboard").await);
    assert!(board.text().contains("🥇 **Mina** ·"), "{}", board.text());
    assert!(board.text().contains("has left"), "{}", board.text());
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_of_one_name_are_told_apart_and_one_without_a_name_is_mentioned() {
    let bot = Bot::start().await;
    bot.does("Read").await;
    bot.discord.rename(bot.guild, bot.jamong, "Mina");
    let jamong = bot.jamong();
    let started = jamong.slash("/timeattack start task:a limit:10m");
    let start = started.await.unwrap().message().unwrap();
    let label = start.buttons()[0].label.clone();
    bot.jamong().click(&start, &label).await.unwrap();
    let board = answer(bot.admin().slash("/timeattack leaderboard").await);
    for user in [bot.mina, bot.jamong] {
        let shown = format!("**Mina (<@{user}>)** ·");
        assert!(board.text().contains(&shown), "{}", board.text());
    }
    bot.discord.rename(bot.guild, bot.mina, "\u{3164}");
    let status = format!("/timeattack status member:{}", bot.mina);
    let status = answer(bot.admin().slash(&status).await);
    let shown = format!("<@{}>", bot.mina);
    assert!(status.text().contains(&shown), "{}", status.text());
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_is_found_by_every_name_they_have_had() {
    let bot = Bot::start().await;
    bot.does("Read").await;
    bot.discord.rename(bot.guild, bot.mina, "Neo");
    bot.does("Write").await;
    // Nothing of hers came since.
    bot.discord.rename(bot.guild, bot.mina, "Trinity");
    let bot = bot.restarted_after(0).await;
    for (typed, tasks) in [
        ("mina", vec!["Write", "Read"]),
        ("neo", vec!["Write", "Read"]),
        ("trinity", vec!["Write", "Read"]),
        ("read", vec!["Read"]),
        ("morpheus", vec![]),
    ] {
        let admin = bot.admin();
        let offered = admin.autocomplete("correct", &[], "attack", typed);
        let offered = offered.await.unwrap();
        let said: Vec<&str> = offered.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(said.len(), tasks.len(), "{typed}: {said:?}");
        for (name, task) in said.iter().zip(tasks) {
            assert!(name.contains(&format!("· {task} ·")), "{typed}: {name}");
            assert!(name.contains("Trinity ("), "{typed}: {name}");
        }
    }
    // Where Discord does not answer, what is stored is searched.
    let bot = bot.restarted_after(0).await;
    bot.discord
        .fault(Fault::on("/members/", FaultKind::Status(500)).times(20));
    let admin = bot.admin();
    let offered = admin.autocomplete("correct", &[], "attack", "neo").await;
    assert_eq!(offered.unwrap().len(), 2);
    bot.discord.clear_faults();
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn digits_are_an_id_first_and_then_words_of_a_task() {
    let bot = Bot::start().await;
    for task in ["1984", "007", "2001: a space odyssey"] {
        let options = [
            ("task", OptionValue::Text(task.into())),
            ("limit", OptionValue::Text("2h".into())),
        ];
        let started = bot.mina().slash_with("timeattack start", &options).await;
        assert!(started.unwrap().text().contains("started"));
    }
    let text = |text: &str| OptionValue::Text(text.into());
    for (command, given, task) in [
        ("timeattack complete", "1984", "1984"),
        ("timeattack giveup", "007", "007"),
        ("timeattack complete", "2001", "2001"),
    ] {
        let options = [("attack", text(given))];
        let done = bot.mina().slash_with(command, &options).await.unwrap();
        assert!(
            done.text().contains(&format!("**{task}")),
            "{given}: {}",
            done.text()
        );
    }
    let none = bot
        .mina()
        .slash_with("timeattack giveup", &[("attack", text("42"))])
        .await
        .unwrap();
    assert!(none.text().contains("can't find"), "{}", none.text());
    let corrected = [
        ("attack", text("1984")),
        ("verdict", text("failed")),
        ("reason", text("why")),
    ];
    let corrected = answer(bot.admin().slash_with("correct", &corrected).await);
    assert!(
        corrected.text().contains("**1984** of Mina (<@"),
        "{}",
        corrected.text()
    );
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_task_is_meant_before_a_part_of_another() {
    let bot = Bot::start().await;
    for task in ["read", "read more"] {
        let line = format!("/timeattack start task:{task} limit:2h");
        bot.mina().slash(&line).await.unwrap();
    }
    let done = bot.mina().slash("/timeattack complete attack:Read").await;
    let done = answer(done);
    assert!(done.text().contains("**read**"), "{}", done.text());
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_are_named_wherever_they_are_written_about_by_whoever_sees_them() {
    let bot = Bot::start().await;
    let plan = bot.discord.add_thread(bot.channel, "Plan");
    let old = bot.discord.add_thread(bot.channel, "Old plan");
    bot.discord.archive_thread(old, true);
    let secret = bot.discord.add_channel(bot.guild, "secret");
    let hidden = bot.discord.add_thread(secret, "Hidden");
    bot.discord
        .deny(secret, bot.mina, permissions::VIEW_CHANNEL);
    let other = bot.discord.add_thread(bot.elsewhere, "Elsewhere");
    let task = format!(
        "read <#{plan}> <#{old}> <#{hidden}> <#{other}> <#{}>",
        bot.results
    );
    let options = [
        ("task", OptionValue::Text(task)),
        ("limit", OptionValue::Text("10m".into())),
    ];
    let started = bot.mina().slash_with("timeattack start", &options).await;
    let started = answer(started).text();
    for named in ["#Plan", "#Old plan", "#results"] {
        assert!(started.contains(named), "{named}: {started}");
    }
    for hidden in ["Hidden", "Elsewhere", "<#"] {
        assert!(!started.contains(hidden), "{hidden}: {started}");
    }
    bot.end().await;
}
