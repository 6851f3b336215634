//! What nobody was told of does not run, or is told another way: answers that are refused, lost, or
//! never sent because the process ended.

use timeattack::ids::{ChannelId, OutboxId};
use timeattack::messenger::SendError;
use timeattack::messenger::memory::Fault as MemoryFault;
use timeattack::outbox::standby;
use timeattack::sandbox::{Fault, FaultKind, Message, Refused};
use timeattack::timeattack::extension::{self, Extension, Told};
use timeattack::timeattack::{self as attacks, Start, Started};
use timeattack::timeattack::{start_message, telling};

use crate::support::bot::{Bot, turning};
use crate::support::{CHANNEL, TestApp, execute, minutes, seconds};

/// The first answer meets this trouble, at every try.
fn lose_answers(bot: &Bot, kind: &FaultKind) {
    let times = match kind {
        FaultKind::Error { .. } => 1,
        _ => 3,
    };
    let fault = Fault::on("/callback", kind.clone());
    bot.discord.fault(fault.method("POST").times(times));
}

/// Every way in which an answer fails to arrive, though Discord can be written to.
fn losses() -> Vec<FaultKind> {
    let refused = |status, code| FaultKind::Error { status, code };
    vec![
        refused(404, 10_062),
        refused(400, 50_083),
        refused(400, 50_035),
        refused(401, 50_027),
        refused(403, 50_001),
        FaultKind::Foreign(403),
        FaultKind::Status(503),
        FaultKind::Hang(60_000),
        FaultKind::ResetBeforeWrite,
    ]
}

async fn tries(bot: &Bot, line: &str) -> Result<String, Refused> {
    let mina = bot.mina();
    let reply = turning(&bot.clock, mina.slash(line)).await;
    reply.map(|reply| reply.text())
}

/// The messages in the channel that say so to everybody.
fn saying(bot: &Bot, channel: ChannelId, part: &str) -> Vec<Message> {
    let mut messages = bot.discord.messages(channel);
    messages.retain(|message| !message.is_ephemeral() && message.text().contains(part));
    messages
}

async fn posted(bot: &Bot, part: &str) -> Message {
    turning(&bot.clock, bot.posted(bot.channel, part)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_whose_answer_is_lost_is_told_by_a_post() {
    for loss in losses() {
        let bot = Bot::start().await;
        lose_answers(&bot, &loss);
        let line = "/timeattack start task:Read limit:10m";
        let refused = tries(&bot, line).await;
        assert_eq!(refused, Err(Refused::NoAnswer), "{loss:?}");
        let start = posted(&bot, "started **Read**").await;
        assert_eq!(start.pinged, [bot.mina], "{loss:?}");
        assert_eq!(start.buttons().len(), 3, "{loss:?}");
        // Whoever tries again starts nothing new, and is told so. What was ordered for tries that the bot
        // did not make is over.
        bot.discord.clear_faults();
        let again = bot.mina().slash(line).await.unwrap().text();
        assert!(again.contains("didn't start another"), "{loss:?}: {again}");
        // It is kept up to date like any other.
        turning(&bot.clock, bot.kept(&start)).await;
        bot.clock.advance_ms(minutes(10));
        let ended = bot.until(&start, |now| now.content.contains('⌛')).await;
        assert!(ended.buttons().is_empty(), "{loss:?}");
        assert_eq!(bot.cards(), 1, "{loss:?}");
        assert_eq!(saying(&bot, bot.channel, "Read").len(), 2, "{loss:?}");
        bot.ended().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_whose_answer_is_lost_is_told_by_a_post() {
    let bot = Bot::start().await;
    let form = bot.mina().slash("/timeattack start").await.unwrap();
    let form = form.modal().unwrap();
    lose_answers(
        &bot,
        &FaultKind::Error {
            status: 404,
            code: 10_062,
        },
    );
    let values = [("task", "Walk"), ("limit", "10m")];
    let mina = bot.mina();
    let refused = turning(&bot.clock, mina.submit(&form, &values)).await;
    assert_eq!(refused.err(), Some(Refused::NoAnswer));
    let start = posted(&bot, "started **Walk**").await;
    bot.mina().click(&start, "Complete").await.unwrap();
    bot.posted(bot.channel, "🎉").await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_arrived_though_nothing_came_back_is_not_said_twice() {
    let bot = Bot::start().await;
    // The first try is carried out; the others are cut off before they are.
    bot.discord
        .fault(Fault::on("/callback", FaultKind::ResetAfterWrite));
    bot.discord
        .fault(Fault::on("/callback", FaultKind::ResetBeforeWrite).times(2));
    let told = tries(&bot, "/timeattack start task:Read limit:10m").await;
    assert!(told.unwrap().contains("started **Read**"));
    let start = saying(&bot, bot.channel, "Read").remove(0);
    // The outbox finds it by its mark, so it is kept up to date as well.
    turning(&bot.clock, bot.kept(&start)).await;
    bot.clock.advance_ms(seconds(30));
    assert_eq!(saying(&bot, bot.channel, "Read").len(), 1);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_taken_is_followed_by_nothing() {
    let bot = Bot::start().await;
    bot.started().await;
    let mut passed = 0;
    while passed < standby::STANDBY_MS * 3 {
        bot.clock.advance_ms(500);
        passed += 500;
    }
    assert_eq!(saying(&bot, bot.channel, "Read").len(), 1);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_whose_answer_is_lost_is_told_by_a_post() {
    for loss in losses() {
        let bot = Bot::start().await;
        let start = bot.started().await;
        lose_answers(&bot, &loss);
        let refused = tries(&bot, "/timeattack extend by:5m").await;
        assert_eq!(refused, Err(Refused::NoAnswer), "{loss:?}");
        posted(&bot, "extended **Read**").await;
        bot.until(&start, |now| now.content.contains("1 of")).await;
        let told = saying(&bot, bot.channel, "extended **Read**");
        assert_eq!(told.len(), 1, "{loss:?}");
        bot.ended().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_from_a_menu_is_told_whatever_is_lost() {
    let bot = Bot::start().await;
    bot.started().await;
    bot.mina()
        .slash("/timeattack start task:Write limit:20m")
        .await
        .unwrap();
    for (fails, times, by) in [("/callback", 1, "1m"), ("/webhooks/", 1, "2m")] {
        let line = format!("/timeattack extend by:{by}");
        let menu = bot.mina().slash(&line).await;
        let menu = menu.unwrap().message().unwrap();
        let options = menu.components[0]["components"][0]["options"].clone();
        let write = options.as_array().unwrap().iter();
        let write = write.clone().find(|one| one["label"] == "Write").unwrap();
        let kind = FaultKind::Error {
            status: 404,
            code: 10_062,
        };
        let fault = Fault::on(fails, kind).method("POST").times(times);
        bot.discord.fault(fault);
        let before = saying(&bot, bot.channel, "extended **Write**").len();
        let mina = bot.mina();
        let chosen = [write["value"].as_str().unwrap()];
        let _ = turning(&bot.clock, mina.select(&menu, "", &chosen)).await;
        let told = bot.discord.message_where(bot.channel, |_| {
            saying(&bot, bot.channel, "extended **Write**").len() > before
        });
        assert!(turning(&bot.clock, told).await.is_some(), "{fails}");
    }
    bot.ended().await;
}

/// How often Mina's only time attack was extended, as its message says.
async fn extensions(bot: &Bot, start: &Message, count: usize) {
    let used = format!("{count} of 3 used");
    bot.until(start, |now| now.content.contains(&used)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_tries_again_after_a_lost_answer_has_extended_once() {
    let refused = FaultKind::Error {
        status: 404,
        code: 10_062,
    };
    for loss in [refused, FaultKind::Status(503), FaultKind::ResetBeforeWrite] {
        let bot = Bot::start().await;
        let start = bot.started().await;
        lose_answers(&bot, &loss);
        let line = "/timeattack extend by:5m";
        assert_eq!(tries(&bot, line).await, Err(Refused::NoAnswer), "{loss:?}");
        bot.discord.clear_faults();
        let again = bot.mina().slash(line).await.unwrap();
        let said = again.text();
        assert!(again.is_ephemeral(), "{loss:?}: {said}");
        assert!(said.contains("same extension"), "{loss:?}: {said}");
        extensions(&bot, &start, 1).await;
        // Now they know, and whatever they ask for is meant.
        let more = bot.mina().slash(line).await.unwrap().text();
        assert!(more.contains("2 of 3"), "{loss:?}: {more}");
        bot.ended().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_extension_and_one_that_comes_later_count_whatever_was_lost() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    lose_answers(&bot, &FaultKind::Status(503));
    let line = "/timeattack extend by:5m";
    assert_eq!(tries(&bot, line).await, Err(Refused::NoAnswer));
    bot.discord.clear_faults();
    let other = bot.mina().slash("/timeattack extend by:6m").await;
    assert!(other.unwrap().text().contains("2 of 3"));
    extensions(&bot, &start, 2).await;
    lose_answers(&bot, &FaultKind::Status(503));
    assert_eq!(tries(&bot, line).await, Err(Refused::NoAnswer));
    bot.discord.clear_faults();
    bot.clock.advance_ms(telling::AGAIN_MS);
    let later = bot.mina().slash(line).await.unwrap().text();
    assert!(!later.contains("same extension"), "{later}");
    extensions(&bot, &start, 3).await;
    bot.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn extensions_that_were_told_all_count() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    let line = "/timeattack extend by:5m";
    for count in 1..=2 {
        let told = bot.mina().slash(line).await.unwrap().text();
        assert!(told.contains(&format!("{count} of 3")), "{told}");
    }
    let start = bot
        .until(&start, |now| now.content.contains("2 of 3"))
        .await;
    let extend = start.buttons()[1].label.clone();
    let told = bot.mina().click(&start, &extend).await.unwrap().text();
    assert!(told.contains("3 of 3"), "{told}");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_that_is_pressed_again_after_a_lost_answer_extends_once() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    let extend = start.buttons()[1].label.clone();
    lose_answers(&bot, &FaultKind::Status(503));
    let mina = bot.mina();
    let pressed = turning(&bot.clock, mina.click(&start, &extend)).await;
    assert_eq!(pressed.err(), Some(Refused::NoAnswer));
    bot.discord.clear_faults();
    let again = bot.mina().click(&start, &extend).await.unwrap();
    assert!(again.text().contains("1 of 3"), "{}", again.text());
    let more = bot.mina().click(&start, &extend).await.unwrap();
    assert!(more.text().contains("2 of 3"), "{}", more.text());
    bot.ended().await;
}

/// Discord has the answer, and the bot does not know: by its mark it is found.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_that_was_told_though_nothing_came_back_is_not_told_twice() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    // Asked for elsewhere, which is where it is told.
    let elsewhere = bot.discord.actor(bot.mina, bot.results);
    bot.discord
        .fault(Fault::on("/callback", FaultKind::ResetAfterWrite));
    bot.discord
        .fault(Fault::on("/callback", FaultKind::ResetBeforeWrite).times(2));
    let line = "/timeattack extend by:5m";
    let told = turning(&bot.clock, elsewhere.slash(line)).await;
    assert!(told.unwrap().text().contains("extended **Read**"));
    extensions(&bot, &start, 1).await;
    let row = async {
        let looked = bot.app().outbox.looked();
        bot.clock.advance_ms(seconds(10));
        looked.await;
    };
    turning(&bot.clock, row).await;
    bot.mina().click(&start, "Complete").await.unwrap();
    // Posts of a channel go in their order, so nothing of it is on its way any more.
    turning(&bot.clock, bot.posted(bot.channel, "🎉")).await;
    assert_eq!(saying(&bot, bot.results, "extended **Read**").len(), 1);
    assert_eq!(saying(&bot, bot.channel, "extended **Read**").len(), 0);
    bot.end().await;
}

#[tokio::test]
async fn the_same_interaction_extends_once_however_often_discord_delivers_it() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(5)).started().await;
    let extend = async |origin| {
        let (actor, id) = (app.actor(attack.user), attack.id);
        let asked = Extension {
            by_ms: minutes(1),
            origin,
            told: Told::WhereItStarted,
        };
        app.inside(async move |app| extension::extend_answered(&app, actor, id, asked).await)
            .await
            .unwrap()
    };
    let first = extend(1).await;
    assert!(!first.is_again && first.standby.is_some());
    let again = extend(1).await;
    assert!(again.is_again && again.standby.is_none());
    assert_eq!(again.attack, first.attack);
    assert_eq!(extend(2).await.attack.extensions, 2);
}

/// Discord refuses the answer, and takes no post until the deadline is over, and says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_reached_nobody_until_its_deadline_never_was() {
    let bot = Bot::start().await;
    lose_answers(
        &bot,
        &FaultKind::Error {
            status: 404,
            code: 10_062,
        },
    );
    let limited = FaultKind::RateLimited {
        // Until after the deadline, so that no try is under way then.
        retry_after_ms: seconds(20),
        global: false,
        shared: true,
    };
    let refuses = Fault::on("/messages", limited);
    bot.discord.fault(refuses.method("POST").times(u32::MAX));
    let line = "/timeattack start task:Read limit:8s";
    assert_eq!(tries(&bot, line).await, Err(Refused::NoAnswer));
    let nothing_runs = async {
        loop {
            let mut conn = bot.app().db.read().await.unwrap();
            let counted = attacks::count_running(&mut conn, 0).await.unwrap();
            if counted.0 == 0 {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    turning(&bot.clock, nothing_runs).await;
    bot.discord.clear_faults();
    let later = bot.mina().slash("/timeattack history").await;
    let later = later.unwrap().text();
    assert!(!later.contains("Read"), "{later}");
    bot.clock.advance_ms(minutes(6));
    let other = bot
        .mina()
        .slash("/timeattack start task:Other limit:1m")
        .await;
    assert!(other.is_ok(), "{other:?}");
    posted(&bot, "Value: Other").await;
    assert!(saying(&bot, bot.channel, "Read").is_empty());
    bot.ended().await;
}

async fn begun(app: &TestApp, limit_ms: i64) -> Started {
    let request = app.time_attack().lasting(limit_ms).request();
    app.inside(async move |app| attacks::start_answered(&app, request).await)
        .await
        .unwrap()
}

async fn lost(app: &TestApp, row: OutboxId, is_certain: bool) {
    app.inside(async move |app| telling::was_lost(&app, row, is_certain).await)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_process_that_ends_between_a_start_and_its_answer_loses_nothing() {
    let app = TestApp::start().await;
    let started = begun(&app, minutes(5)).await;
    assert!(app.posts().is_empty());
    let app = app.killed_for(seconds(30)).await;
    app.settle().await;
    let posts = app.posted();
    assert_eq!(posts.len(), 1, "{:?}", app.posts());
    assert_eq!(posts[0].message.buttons.len(), 3);
    app.inside(async |app| start_message::bring_up_to_date(&app).await)
        .await
        .unwrap();
    let known = attacks::get(app.app(), started.attack.guild, started.attack.id).await;
    assert_eq!(known.unwrap().message, Some(posts[0].id));
    app.advance(minutes(5)).await;
    assert_eq!(app.posts().len(), 2, "{:?}", app.posts());
}

#[tokio::test]
async fn what_stands_by_goes_out_by_itself_when_nobody_says_anything() {
    let app = TestApp::start().await;
    begun(&app, minutes(5)).await;
    app.advance(standby::STANDBY_MS - 1).await;
    assert!(app.posts().is_empty());
    app.advance(1).await;
    assert_eq!(app.posts().len(), 1);
}

#[tokio::test]
async fn of_starts_that_nobody_could_be_told_of_only_those_that_surely_were_not_are_void() {
    for is_certain in [true, false] {
        let app = TestApp::start().await;
        let started = begun(&app, seconds(20)).await;
        let down = MemoryFault::Refused(SendError::Retry {
            after_ms: Some(seconds(60)),
            why: "Discord answered 503".into(),
        });
        app.messenger.fail_next([down]);
        lost(&app, started.standby.unwrap(), is_certain).await;
        app.messenger.attempted(1).await;
        app.advance(minutes(2)).await;
        let posts = app.posts();
        // The member may have seen the answer: they are told how it ended, after how it began.
        let expected = if is_certain { 0 } else { 2 };
        assert_eq!(posts.len(), expected, "{is_certain}: {posts:?}");
    }
}

#[tokio::test]
async fn the_same_task_is_the_same_start_for_some_seconds() {
    let app = TestApp::start().await;
    let first = begun(&app, minutes(5)).await;
    let again = begun(&app, minutes(5)).await;
    assert!(!first.is_again && again.is_again);
    assert_eq!(first.attack, again.attack);
    let told = async |started: &Started| {
        let standby = started.standby.unwrap();
        app.inside(async move |app| telling::was_told(&app, standby, None).await)
            .await
            .unwrap();
    };
    told(&first).await;
    // The same instant is the same limit, however long it is until then.
    app.clock.advance_ms(seconds(10));
    let instant = Start {
        limit: format!("<t:{}>", first.attack.deadline_ms / 1_000),
        ..app.time_attack().request()
    };
    let instant = app
        .inside(async move |app| attacks::start_answered(&app, instant).await)
        .await
        .unwrap();
    assert!(instant.is_again);
    // Whoever corrects the limit means another one.
    let corrected = begun(&app, minutes(7)).await;
    assert!(!corrected.is_again);
    told(&corrected).await;
    app.advance(telling::AGAIN_MS).await;
    let later = begun(&app, minutes(5)).await;
    assert!(!later.is_again);
    told(&later).await;
    app.advance(minutes(1)).await;
    assert!(app.posts().is_empty(), "{:?}", app.posts());
}

#[tokio::test]
async fn a_start_that_its_channel_refuses_is_told_elsewhere_or_at_the_next_command() {
    let app = TestApp::start().await;
    let started = begun(&app, minutes(5)).await;
    let refused = MemoryFault::Refused(SendError::Discard {
        why: "50013".into(),
    });
    app.messenger.fail_next([refused]);
    lost(&app, started.standby.unwrap(), true).await;
    app.advance(seconds(1)).await;
    let unshown = attacks::unshown(app.app(), started.attack.guild, started.attack.user).await;
    assert_eq!(unshown.unwrap().len(), 1);
    assert!(app.posted().iter().all(|post| post.channel != CHANNEL));
}

/// Discord takes the message, and the answer is lost: it stands in the channel, with its buttons.
#[tokio::test]
async fn a_start_that_may_have_been_told_by_its_post_is_not_void() {
    let app = TestApp::start().await;
    let started = begun(&app, seconds(20)).await;
    app.messenger.fail_next([MemoryFault::AnswerLost]);
    lost(&app, started.standby.unwrap(), true).await;
    let waits = "outbox WHERE state = 'retryable'";
    app.changes_until(async || app.count(waits).await == 1)
        .await;
    // Until after the deadline, as after many tries.
    let later_ms = app.now_ms() + minutes(1);
    let sql = format!("UPDATE outbox SET not_before_ms = {later_ms} WHERE state = 'retryable'");
    execute(&app.app().db, sql).await.unwrap();
    app.advance(minutes(2)).await;
    let posts = app.posts();
    assert_eq!(posts.len(), 2, "how it began, and how it ended: {posts:?}");
    assert_eq!(app.state(started.attack.id).await, attacks::State::Failed);
}
