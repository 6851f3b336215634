//! The record as people meet it: `/timeattack leaderboard`, `stats` and `history`, and `/correct`.

use timeattack::ids::AttackId;
use timeattack::sandbox::{Message, OptionValue, Refused};

use crate::support::bot::Bot;
use crate::support::{hours, minutes};

impl Bot {
    /// Mina completes so many, each started and done in a minute.
    async fn completes(&self, tasks: &[&str]) {
        for task in tasks {
            let line = format!("/timeattack start task:{task} limit:10m");
            let start = self.mina().slash(&line).await.unwrap().message().unwrap();
            self.kept(&start).await;
            self.clock.advance_ms(minutes(1));
            let done = start.buttons()[0].label.clone();
            self.mina().click(&start, &done).await.unwrap();
        }
    }

    /// Mina starts “Read” and misses its deadline.
    async fn misses(&self) -> AttackId {
        let start = self.started().await;
        self.clock.advance_ms(minutes(10));
        self.posted(self.channel, "나약한").await;
        let custom_id = start.buttons()[0].custom_id.clone().unwrap();
        let id: String = custom_id.chars().filter(char::is_ascii_digit).collect();
        AttackId(id.parse().unwrap())
    }
}

fn answer(outcome: Result<timeattack::sandbox::Reply, Refused>) -> Message {
    outcome.unwrap().message().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leaderboard_is_for_everybody_and_pings_nobody() {
    let bot = Bot::start().await;
    let nobody = answer(bot.jamong().slash("/timeattack leaderboard").await);
    assert!(nobody.text().contains("Be the first"), "{}", nobody.text());
    bot.completes(&["Read", "Write"]).await;
    bot.misses().await;
    let board = answer(
        bot.jamong()
            .slash("/timeattack leaderboard period:month")
            .await,
    );
    assert!(!board.is_ephemeral() && board.pinged.is_empty());
    let text = board.text();
    for part in [
        "this month",
        "1 Nov 2026 – 30 Nov 2026 · Asia/Seoul · one member",
        "🥇 **Mina** · **2** completed · 66% success · longest streak 1 day",
        "**jamong** hasn't completed anything",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let own = answer(bot.mina().slash("/timeattack leaderboard").await);
    assert!(own.text().contains("is **1st** of 1"), "{}", own.text());
    let wrong = bot
        .mina()
        .slash("/timeattack leaderboard period:decade")
        .await;
    assert!(matches!(wrong, Err(Refused::Field { .. })), "{wrong:?}");
    // Another server knows nothing of it, and speaks its own language.
    let there = bot.discord.actor(bot.mina, bot.elsewhere);
    let there = answer(there.slash("/timeattack leaderboard period:all").await);
    assert!(there.text().contains("첫 주자"), "{}", there.text());
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_is_turned_by_whoever_asked_and_others_get_their_own() {
    let bot = Bot::start().await;
    let app = bot.app();
    let rows: Vec<String> = (0..25)
        .map(|number| {
            let ended = app.clock.now_ms() - number;
            format!(
                "({number}, {}, 1, {}, 'm', 't', 'completed', {}, {ended}, {ended}, 'en')",
                bot.guild.0,
                5_000 + number,
                ended - 1_000
            )
        })
        .collect();
    let sql = format!(
        "INSERT INTO time_attacks (id, guild_id, channel_id, user_id, member_name, task, state, \
         started_ms, deadline_ms, finished_ms, language) VALUES {}",
        rows.join(", ")
    );
    crate::support::execute(&app.db, sql).await.unwrap();
    bot.completes(&["Read"]).await;
    let board = answer(bot.mina().slash("/timeattack leaderboard").await);
    assert!(board.text().contains("page 1 of 3"), "{}", board.text());
    assert!(
        board.text().contains("is **26th** of 26"),
        "{}",
        board.text()
    );
    let other = answer(bot.jamong().click(&board, "▶").await);
    assert!(
        other.is_ephemeral() && other.text().contains("2/3쪽"),
        "{}",
        other.text()
    );
    let own = bot.jamong().click(&other, "▶").await.unwrap();
    assert!(own.text().contains("3/3쪽"), "{}", own.text());
    let turned = bot.mina().click(&board, "▶").await.unwrap();
    assert!(turned.text().contains("page 2 of 3"), "{}", turned.text());
    let page = format!("ta:board:week:99999:{}", bot.mina);
    let mina = bot.mina();
    let far = mina.forge(&board, &page);
    let far = far.await.unwrap();
    assert!(far.text().contains("page 3 of 3"), "{}", far.text());
    let wrong = bot
        .mina()
        .forge(&board, "ta:board:century:0:1")
        .await
        .unwrap();
    assert!(
        wrong.is_ephemeral() && wrong.text().contains("too old"),
        "{}",
        wrong.text()
    );
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_shows_each_one_and_each_day() {
    let bot = Bot::start().await;
    bot.completes(&["Read"]).await;
    bot.clock.advance_ms(hours(24));
    bot.completes(&["Write", "Sing"]).await;
    bot.misses().await;
    let list = answer(bot.mina().slash("/timeattack history").await);
    assert!(list.is_ephemeral());
    let text = list.text();
    assert!(
        text.contains("Streak: **2 days** · longest: **2 days**"),
        "{text}"
    );
    assert!(text.contains("Write") && text.contains("failed"), "{text}");
    let days = bot.mina().click(&list, "By day").await.unwrap();
    let text = days.text();
    for part in [
        "**Sun 22 Nov** · ✅✅❌ · day 2 of the streak",
        "**Sat 21 Nov** · ✅ · day 1 of the streak",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let days = days.message().unwrap();
    let back = bot.mina().click(&days, "One by one").await.unwrap();
    assert!(back.text().contains("Sing"), "{}", back.text());
    let none = answer(bot.jamong().slash("/timeattack history").await);
    assert!(none.buttons().is_empty());
    let page = format!("ta:days:{}:-7", bot.mina);
    let mina = bot.mina();
    let forged = mina.forge(&days, &page);
    let forged = forged.await.unwrap();
    assert!(forged.text().contains("Sun 22 Nov"), "{}", forged.text());
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stats_are_a_picture_with_its_facts_in_words() {
    let bot = Bot::start().await;
    bot.completes(&["Read"]).await;
    bot.misses().await;
    for (line, name) in [
        ("/timeattack stats".to_owned(), "jamong"),
        (format!("/timeattack stats member:{}", bot.mina), "Mina"),
    ] {
        let shown = answer(bot.jamong().slash(&line).await);
        assert!(!shown.is_ephemeral() && shown.pinged.is_empty());
        let file = &shown.attachments[0];
        assert_eq!(
            (file.filename.as_str(), file.content_type.as_str()),
            ("timeattack-stats.png", "image/png")
        );
        let said = file.description.as_deref().unwrap();
        assert!(
            said.starts_with(&format!("{name} 님의 기록, 2026년 11월 21일")),
            "{said}"
        );
        let png = bot.discord.file(file).unwrap();
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
        // Width and height, as PNG has them first.
        assert_eq!(png[16..24], [0, 0, 4, 176, 0, 0, 2, 118]);
        if name == "Mina" {
            assert!(
                said.contains("완료 1개, 실패 1개, 포기 0개, 성공률 50%"),
                "{said}"
            );
        }
    }
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_corrects_and_everybody_sees_it() {
    let bot = Bot::start().await;
    let (results, channel) = (bot.results, bot.channel);
    let line = format!("/setup channels results:{channel} alerts:{results}");
    bot.admin().slash(&line).await.unwrap();
    let attack = bot.misses().await;
    let offered = bot
        .admin()
        .autocomplete("correct", &[], "attack", "mina")
        .await
        .unwrap();
    assert_eq!(
        offered,
        [("❌ Mina · Read · Sat 21 Nov".to_owned(), attack.to_string())]
    );
    let none = bot
        .admin()
        .autocomplete("correct", &[], "attack", "nobody")
        .await
        .unwrap();
    assert_eq!(none, []);
    let line = format!("/correct attack:{attack} verdict:completed reason:Proof by mail");
    let done = answer(bot.admin().slash(&line).await);
    assert!(
        done.is_ephemeral() && done.text().contains("is now completed"),
        "{}",
        done.text()
    );
    let news = bot.posted(channel, "a correction").await;
    assert_eq!(news.pinged, [bot.mina]);
    let marked = bot.discord.message_where(channel, |message| {
        message.was_edited() && message.text().contains("⚖️ Corrected: completed")
    });
    assert!(marked.await.unwrap().text().contains("나약한"));
    let alert = format!(
        "Admin (<@{}>) corrected **Read** of Mina (<@{}>)",
        bot.admin, bot.mina
    );
    bot.posted(results, &alert).await;
    // The message of the start is brought up to date like after any other change.
    let start = bot
        .discord
        .messages(channel)
        .into_iter()
        .find(|one| one.kind == 20)
        .unwrap();
    bot.until(&start, |now| now.text().contains("✅")).await;
    let history = answer(bot.mina().slash("/timeattack history").await);
    let text = history.text();
    assert!(
        text.contains("⚖️ corrected by Admin: Proof by mail"),
        "{text}"
    );
    let same = answer(bot.admin().slash(&line).await);
    assert!(
        same.is_ephemeral() && same.text().contains("already completed"),
        "{}",
        same.text()
    );
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn corrections_are_for_those_who_manage_the_server_it_belongs_to() {
    let bot = Bot::start().await;
    let attack = bot.misses().await;
    let line = format!("/correct attack:{attack} verdict:completed reason:please");
    let refused = bot.mina().slash(&line).await;
    assert!(
        matches!(refused, Err(Refused::Client(_))),
        "the client's first door: {refused:?}"
    );
    // Let in by the server's own settings: the bot asks again.
    let refused = answer(bot.mina().let_in().slash(&line).await);
    assert!(
        refused.is_ephemeral() && refused.text().contains("Manage Server"),
        "{}",
        refused.text()
    );
    let offered = bot
        .mina()
        .let_in()
        .autocomplete("correct", &[], "attack", "")
        .await;
    assert_eq!(offered.unwrap(), []);
    let there = bot.discord.actor(bot.admin, bot.elsewhere);
    let unknown = answer(there.slash(&line).await);
    assert!(
        unknown.is_ephemeral() && unknown.text().contains("can't find"),
        "{}",
        unknown.text()
    );
    let offered = there
        .autocomplete("correct", &[], "attack", "")
        .await
        .unwrap();
    assert_eq!(offered, []);
    for (line, part) in [
        (
            "/correct attack:nonsense verdict:failed reason:why",
            "can't find",
        ),
        ("/correct attack:1 verdict:failed reason:why", "can't find"),
    ] {
        let refused = answer(bot.admin().slash(line).await);
        assert!(
            refused.is_ephemeral() && refused.text().contains(part),
            "{}",
            refused.text()
        );
    }
    let text = |text: &str| OptionValue::Text(text.into());
    let blank = [
        ("attack", text("1")),
        ("verdict", text("failed")),
        ("reason", text("  ")),
    ];
    let blank = answer(bot.admin().slash_with("correct", &blank).await);
    assert!(
        blank.text().contains("Please write why"),
        "{}",
        blank.text()
    );
    bot.end().await;
}
