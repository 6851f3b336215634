//! Reminders before a deadline: when they come, where, to whom, and when not.

use timeattack::guild::reminders::{Reminders, When};
use timeattack::guild::{self, Change};
use timeattack::ids::{ChannelId, UserId};
use timeattack::messenger::SendError;
use timeattack::messenger::memory::{Fault, Gate, Posted};
use timeattack::timeattack::{self as attacks, reminders, start_message};

use crate::direct::allow;
use crate::support::bot::{Bot, turning};
use crate::support::{CHANNEL, GUILD, MEMBER, OTHER, TestApp, execute, hours, minutes, seconds};

impl TestApp {
    async fn remind(&self, reminders: Vec<When>) {
        let change = Change::Reminders(Reminders::new(reminders).unwrap());
        self.changes(change).await;
        self.inside(async |app| reminders::plan_anew(&app, GUILD).await)
            .await
            .unwrap();
    }

    async fn changes(&self, change: Change) {
        self.inside(async move |app| guild::change(&app, GUILD, change).await)
            .await
            .unwrap();
    }

    /// Posts and messages that are out of date are edited now, and not a second later.
    async fn brought_up_to_date(&self) {
        self.inside(async |app| start_message::bring_up_to_date(&app).await)
            .await
            .unwrap();
        self.settle().await;
    }

    fn reminded(&self) -> Vec<String> {
        let reminders = self.reminders().into_iter();
        reminders.map(|post| post.message.content).collect()
    }

    pub async fn switches_reminders(&self, user: UserId, on: bool) {
        self.inside(async move |app| reminders::switch(&app, GUILD, user, on).await)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_member_is_reminded_at_half_time_and_ten_minutes_and_one_before_the_deadline() {
    let app = TestApp::start().await;
    app.changes(Change::Channels {
        results: Some(Some(ChannelId(5))),
        alerts: None,
        fallback: None,
    })
    .await;
    app.time_attack().lasting(minutes(30)).started().await;
    // As they were posted: what has ended is told otherwise.
    let mut told: Vec<Posted> = Vec::new();
    for (wait, count) in [
        (minutes(15) - 1, 0),
        (1, 1),
        (minutes(5), 2),
        (minutes(9), 3),
        (minutes(1), 3),
    ] {
        app.advance(wait).await;
        let now = app.reminders();
        assert_eq!(now.len(), count, "{now:?}");
        told.extend(now.into_iter().skip(told.len()));
    }
    assert!(told[0].message.content.contains("절반"), "{told:?}");
    for later in &told[1..] {
        assert!(later.message.content.contains("마감: <t:"), "{told:?}");
    }
    for post in told {
        assert_eq!(post.channel, CHANNEL, "where it was started");
        assert_eq!(post.message.mentions, [MEMBER]);
        assert!(!post.message.silent);
        assert_eq!(post.message.buttons.len(), 1);
    }
    assert_eq!(app.posts().len(), 1, "and the verdict");
}

#[tokio::test]
async fn a_reminder_at_night_makes_no_sound() {
    let app = TestApp::start().await;
    app.time_attack().lasting(hours(10)).started().await;
    for half in [hours(5), hours(5) - minutes(10)] {
        app.leap(half - minutes(1)).await;
        app.advance(minutes(1)).await;
    }
    let silent: Vec<bool> = app
        .reminders()
        .iter()
        .map(|one| one.message.silent)
        .collect();
    assert_eq!(silent, [false, true], "at 19:00, and at 23:50");
}

#[tokio::test]
async fn nobody_is_reminded_of_what_has_ended() {
    let app = TestApp::start().await;
    let done = app.time_attack().lasting(minutes(30)).started().await;
    app.time_attack()
        .by(OTHER)
        .lasting(minutes(30))
        .started()
        .await;
    app.advance(minutes(1)).await;
    app.complete(&done).await.unwrap();
    app.advance(minutes(30)).await;
    for post in app.reminders() {
        assert_eq!(post.message.mentions, [OTHER]);
    }
    assert_eq!(app.reminders().len(), 3);
}

#[tokio::test]
async fn an_extension_moves_what_is_still_to_come() {
    let app = TestApp::start().await;
    app.remind(vec![When::Before(minutes(10))]).await;
    let attack = app.time_attack().lasting(minutes(30)).started().await;
    app.advance(minutes(19)).await;
    let (actor, id) = (app.actor(MEMBER), attack.id);
    app.inside(async move |app| attacks::extend(&app, actor, id, minutes(10)).await)
        .await
        .unwrap();
    app.advance(minutes(10)).await;
    assert!(app.reminded().is_empty());
    app.advance(minutes(1)).await;
    assert_eq!(app.reminded().len(), 1);
}

#[tokio::test]
async fn what_a_guild_chooses_holds_at_once_for_what_runs_and_for_what_begins() {
    let app = TestApp::start().await;
    app.time_attack().lasting(hours(2)).started().await;
    app.advance(hours(1)).await;
    assert_eq!(app.reminded().len(), 1);
    app.remind(vec![]).await;
    app.advance(minutes(20)).await;
    app.time_attack()
        .by(OTHER)
        .lasting(hours(1))
        .started()
        .await;
    app.remind(vec![When::Share(90), When::Before(minutes(15))])
        .await;
    app.advance(minutes(40)).await;
    let told = app.reminded();
    assert_eq!(
        told.len(),
        3,
        "at 15 min and a tenth of the two hours left: {told:?}"
    );
    // The same choice again repeats nothing that was said.
    app.remind(vec![When::Share(90), When::Before(minutes(15))])
        .await;
    app.advance(minutes(20)).await;
    let told = app.reminded();
    assert_eq!(told.len(), 5, "and of the other: {told:?}");
}

#[tokio::test]
async fn a_member_switches_them_off_for_themselves_alone_and_on_again() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.switches_reminders(MEMBER, false).await;
    app.switches_reminders(MEMBER, false).await;
    for user in [MEMBER, OTHER] {
        let builder = app.time_attack().by(user);
        builder.lasting(minutes(10)).started().await;
    }
    app.advance(minutes(5)).await;
    let told = app.reminders();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].message.mentions, [OTHER]);
    app.switches_reminders(MEMBER, true).await;
    app.advance(minutes(4)).await;
    let mentioned = app.reminded().join("\n");
    assert!(mentioned.contains(&MEMBER.to_string()), "{mentioned}");
    assert!(app.texts(MEMBER)[0].contains("⏰"));
}

#[tokio::test]
async fn who_is_told_directly_is_not_pinged_in_the_channel_as_well() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.time_attack().lasting(minutes(10)).started().await;
    app.advance(minutes(5)).await;
    assert_eq!(app.texts(MEMBER).len(), 1);
    assert!(app.texts(MEMBER)[0].contains("⏰"));
    let told = app.reminders();
    assert_eq!(told.len(), 1, "the others see it, too");
    assert!(told[0].message.mentions.is_empty());
}

#[tokio::test]
async fn who_cannot_be_told_directly_now_is_pinged_and_nothing_waits_for_the_morning() {
    let app = TestApp::start().await;
    app.decides(MEMBER, allow()).await;
    app.decides(OTHER, allow()).await;
    app.messenger.close_dms(OTHER, true);
    app.write_to(OTHER, "closed").await;
    app.time_attack()
        .by(OTHER)
        .lasting(minutes(10))
        .started()
        .await;
    app.advance(minutes(5)).await;
    assert_eq!(app.reminders()[0].message.mentions, [OTHER], "closed");
    app.advance(minutes(5)).await;
    // Half past nine in the evening.
    app.until(crate::support::NOW_MS + hours(7) + minutes(30))
        .await;
    app.time_attack().lasting(minutes(10)).started().await;
    app.advance(minutes(5)).await;
    let told = app.reminders();
    let last = &told.last().unwrap().message;
    assert_eq!(
        (&last.mentions[..], last.silent),
        (&[MEMBER][..], true),
        "at night"
    );
    let waiting = "SELECT COUNT(*) FROM outbox WHERE dedupe_key LIKE 'dm:reminder:%'";
    let mut conn = app.app().db.read().await.unwrap();
    let waiting: i64 = sqlx::query_scalar(waiting)
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    assert_eq!(waiting, 0);
}

#[tokio::test]
async fn what_ends_takes_back_the_reminder_that_has_not_left_yet() {
    let app = TestApp::start().await;
    app.remind(vec![When::Share(50)]).await;
    let attack = app.time_attack().lasting(minutes(60)).started().await;
    app.advance(minutes(30) - 1).await;
    let down = Fault::Refused(SendError::Retry {
        after_ms: Some(minutes(1)),
        why: "Discord answered 503".into(),
    });
    app.messenger.fail_next([down]);
    app.advance(seconds(10)).await;
    app.complete(&attack).await.unwrap();
    app.advance(minutes(2)).await;
    assert!(app.reminded().is_empty(), "{:?}", app.reminded());
    assert_eq!(app.posts().len(), 1);
}

#[tokio::test]
async fn a_reminder_missed_by_a_moment_is_made_up_for_and_an_old_one_is_not() {
    let app = TestApp::start().await;
    app.remind(vec![When::Share(50)]).await;
    for task in ["soon", "later"] {
        let lasting = if task == "soon" { 20 } else { 60 };
        let builder = app.time_attack().task(task);
        builder.lasting(minutes(lasting)).started().await;
    }
    app.advance(minutes(9)).await;
    let app = app.killed_for(minutes(2)).await;
    app.settle().await;
    assert_eq!(app.reminded().len(), 1, "{:?}", app.reminded());
    assert!(app.reminded()[0].contains("soon"));
    let app = app.restarted_after(minutes(21) + seconds(1)).await;
    app.settle().await;
    assert_eq!(app.reminded().len(), 1, "two minutes and a second late");
}

#[tokio::test]
async fn many_in_one_channel_become_one_message() {
    let app = TestApp::start().await;
    for number in 0..30 {
        let builder = app.time_attack().by(UserId(1_000 + number));
        builder.lasting(minutes(10)).started().await;
    }
    app.clock.advance_ms(minutes(5));
    app.settle().await;
    let told = app.reminders();
    assert!(told.len() <= 2, "{}", told.len());
    let mentioned: usize = told.iter().map(|post| post.message.mentions.len()).sum();
    assert_eq!(mentioned, 30);
}

#[tokio::test]
async fn a_reminder_that_its_channel_refuses_is_dropped_without_a_word() {
    let app = TestApp::start().await;
    app.changes(Change::Channels {
        results: Some(Some(ChannelId(5))),
        alerts: Some(Some(ChannelId(6))),
        fallback: Some(Some(ChannelId(7))),
    })
    .await;
    let refused = Fault::Refused(SendError::Discard {
        why: "50013".into(),
    });
    app.time_attack().lasting(minutes(10)).started().await;
    app.advance(minutes(5) - 1).await;
    app.messenger.fail_next([refused]);
    app.advance(1).await;
    assert!(
        app.messenger.posts().is_empty(),
        "no alert, no other channel"
    );
    let unshown = app
        .inside(async |app| attacks::unshown(&app, GUILD, MEMBER).await)
        .await;
    assert!(unshown.unwrap().is_empty());
}

#[tokio::test]
async fn a_reminder_that_discord_takes_only_later_is_dropped() {
    let app = TestApp::start().await;
    app.remind(vec![When::Share(50)]).await;
    app.time_attack().lasting(minutes(60)).started().await;
    app.advance(minutes(30) - 1).await;
    let down = || {
        Fault::Refused(SendError::Retry {
            after_ms: Some(minutes(3)),
            why: "Discord answered 503".into(),
        })
    };
    app.messenger.fail_next([down()]);
    app.advance(minutes(10)).await;
    assert!(app.reminded().is_empty(), "{:?}", app.reminded());
    assert_eq!(app.app().outbox.held(), 0);
}

#[tokio::test]
async fn reminders_make_way_while_verdicts_go_out() {
    let app = TestApp::start().await;
    for number in 0..80 {
        let builder = app.time_attack().by(UserId(1_000 + number));
        let channel = ChannelId(10_000 + number);
        builder
            .in_channel(channel)
            .lasting(minutes(1))
            .started()
            .await;
    }
    app.remind(vec![When::Before(minutes(1))]).await;
    app.time_attack().lasting(minutes(2)).started().await;
    let gate = Gate::closed();
    app.messenger
        .fail_next(vec![Fault::Held(gate.clone(), None); 80]);
    app.clock.advance_ms(minutes(1));
    app.verdicts_made().await;
    assert!(app.reminders().is_empty());
    gate.open();
    app.advance(seconds(10)).await;
    assert_eq!(app.posts().len(), 80);
    assert_eq!(app.reminders().len(), 1, "as soon as there was room");
}

#[tokio::test]
async fn two_processes_remind_once() {
    let app = TestApp::start().await;
    if !app.is_postgres() {
        let refused = app.second_process_refused().await;
        assert!(refused.contains("use PostgreSQL"), "{refused}");
        return;
    }
    let second = app.second_process().await;
    app.time_attack().lasting(minutes(10)).started().await;
    app.advance(minutes(9)).await;
    assert_eq!(app.reminders().len(), 2);
    drop(second);
}

#[tokio::test]
async fn no_look_for_reminders_goes_through_all_that_runs() {
    let app = TestApp::start().await;
    let sql = "SELECT id FROM time_attacks WHERE state = 'running' AND next_reminder_ms <= 1 \
         ORDER BY next_reminder_ms, id LIMIT 5";
    let plan = app.plan(sql).await;
    assert!(plan.contains("time_attacks_to_remind"), "{plan}");
}

/// A database of before reminders: what runs in it is reminded from its next change on, and not
/// disturbed.
#[tokio::test]
async fn what_ran_before_there_were_reminders_runs_on() {
    let app = TestApp::start().await;
    app.time_attack().lasting(minutes(10)).started().await;
    let before = "UPDATE time_attacks SET next_reminder_ms = NULL";
    execute(&app.app().db, before).await.unwrap();
    app.advance(minutes(10)).await;
    assert_eq!((app.reminders().len(), app.posts().len()), (0, 1));
}

/// Mina finishes what she was reminded of otherwise, and has another one by then; jamong has one as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_button_of_a_reminder_completes_the_time_attack_that_it_names() {
    let bot = Bot::start().await;
    bot.started().await;
    bot.clock.advance_ms(minutes(5));
    let reminder = bot.posted(bot.channel, "halfway").await;
    assert_eq!(reminder.pinged, [bot.mina]);
    for (actor, task) in [(bot.mina(), "Second"), (bot.jamong(), "Own")] {
        let line = format!("/timeattack start task:{task} limit:30m");
        actor.slash(&line).await.unwrap();
    }
    let other = bot.jamong().click(&reminder, "Complete").await.unwrap();
    assert!(other.is_ephemeral() && other.text().contains("다른 사람의 타임어택"));
    let done = bot.mina().click(&reminder, "Complete").await.unwrap();
    let said = done.text();
    assert!(
        done.is_ephemeral() && said.contains("Well done") && said.contains("Read"),
        "{said}"
    );
    bot.posted(bot.channel, "did it").await;
    // Once more, through a client that has not seen that it is over.
    let custom_id = reminder.buttons()[0].custom_id.clone().unwrap();
    let again = bot.mina().forge(&reminder, &custom_id).await.unwrap();
    assert!(again.text().contains("already ended"), "{}", again.text());
    let edited = bot.until(&reminder, |now| now.buttons().is_empty()).await;
    assert!(
        edited.text().contains("completed **Read**"),
        "{}",
        edited.text()
    );
    let status = bot.mina().slash("/timeattack status").await.unwrap().text();
    assert!(status.contains("Second"), "{status}");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_button_of_a_list_of_reminders_asks_which_of_those_it_names() {
    let bot = Bot::start().await;
    bot.admin().slash("/setup reminders at:5m").await.unwrap();
    for task in ["One", "Two"] {
        let line = format!("/timeattack start task:{task} limit:10m");
        bot.mina().slash(&line).await.unwrap();
    }
    bot.jamong()
        .slash("/timeattack start task:Own limit:10m")
        .await
        .unwrap();
    let later = "/timeattack start task:Later limit:1h";
    bot.mina().slash(later).await.unwrap();
    bot.clock.advance_ms(minutes(5));
    let list = turning(&bot.clock, bot.posted(bot.channel, "**Own** is due")).await;
    for task in ["One", "Two"] {
        assert!(list.text().contains(task), "{}", list.text());
    }
    let stranger = bot.admin().click(&list, "Complete").await.unwrap();
    assert!(stranger.text().contains("belongs to somebody else"));
    let asked = bot.mina().click(&list, "Complete").await.unwrap();
    let menu = asked.message().unwrap();
    let options = menu.components[0]["components"][0]["options"].clone();
    let named: Vec<&str> = options
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["label"].as_str())
        .collect();
    assert_eq!(named, ["One", "Two"], "and not what is no part of the list");
    // Of one there is nothing to choose.
    let own = bot.jamong().click(&list, "Complete").await.unwrap();
    assert!(own.text().contains("Own"), "{}", own.text());
    // The others' button stays.
    let edited = bot
        .until(&list, |now| {
            now.text().contains("완료했어요") || now.text().contains("completed **Own**")
        })
        .await;
    assert_eq!(edited.buttons().len(), 1);
    bot.clock.advance_ms(minutes(5));
    bot.until(&list, |now| now.buttons().is_empty()).await;
    bot.end().await;
}

#[tokio::test]
async fn reminders_say_how_it_ended_and_lose_their_buttons_whatever_ends_it() {
    for how in ["completed", "given up", "missed"] {
        let app = TestApp::start().await;
        let attack = app.time_attack().lasting(minutes(30)).started().await;
        app.advance(minutes(15)).await;
        assert_eq!(app.reminders()[0].message.buttons.len(), 1);
        let (actor, id) = (app.actor(MEMBER), attack.id);
        match how {
            "completed" => drop(app.complete(&attack).await.unwrap()),
            "given up" => {
                let given_up = app.inside(async move |app| attacks::give_up(&app, actor, id).await);
                given_up.await.unwrap();
            }
            _ => app.advance(minutes(15)).await,
        }
        app.brought_up_to_date().await;
        for reminder in app.reminders() {
            assert!(reminder.message.buttons.is_empty(), "{how}: {reminder:?}");
            assert!(reminder.edits > 0, "{how}");
        }
    }
}

#[tokio::test]
async fn reminders_show_the_new_deadline_and_what_was_taken_back() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(30)).started().await;
    app.advance(minutes(15)).await;
    let (actor, id) = (app.actor(MEMBER), attack.id);
    app.inside(async move |app| attacks::extend(&app, actor, id, minutes(10)).await)
        .await
        .unwrap();
    app.brought_up_to_date().await;
    let moved = format!("<t:{}", (attack.deadline_ms + minutes(10)) / 1_000);
    let reminder = app.reminders().remove(0).message;
    assert!(reminder.content.contains(&moved), "{reminder:?}");
    assert_eq!(reminder.buttons.len(), 1);
    app.complete(&attack).await.unwrap();
    app.brought_up_to_date().await;
    assert!(app.reminders()[0].message.buttons.is_empty());
    let actor = app.actor(MEMBER);
    app.inside(async move |app| attacks::undo(&app, actor, id).await)
        .await
        .unwrap();
    app.brought_up_to_date().await;
    let reminder = app.reminders().remove(0).message;
    assert!(reminder.content.contains(&moved), "{reminder:?}");
    assert_eq!(reminder.buttons.len(), 1);
}

#[tokio::test]
async fn a_reminder_by_direct_message_says_what_became_of_it() {
    for how in ["completed", "missed", "given up", "moved"] {
        let app = TestApp::start().await;
        app.decides(MEMBER, allow()).await;
        let attack = app.time_attack().lasting(minutes(30)).started().await;
        app.advance(minutes(15)).await;
        let reminder = || {
            let texts = app.texts(MEMBER).into_iter();
            texts.filter(|text| text.contains('⏰')).collect::<Vec<_>>()
        };
        let relative = format!("<t:{}:R>", attack.deadline_ms / 1_000);
        assert!(reminder()[0].contains(&relative), "{:?}", reminder());
        let (actor, id) = (app.actor(MEMBER), attack.id);
        let said = match how {
            "completed" => {
                app.complete(&attack).await.unwrap();
                "You completed".to_owned()
            }
            "given up" => {
                let given_up = app.inside(async move |app| attacks::give_up(&app, actor, id).await);
                given_up.await.unwrap();
                "You gave up".to_owned()
            }
            "moved" => {
                let by_ms = minutes(10);
                app.inside(async move |app| attacks::extend(&app, actor, id, by_ms).await)
                    .await
                    .unwrap();
                format!("<t:{}:R>", (attack.deadline_ms + by_ms) / 1_000)
            }
            _ => {
                app.advance(minutes(15)).await;
                "ended at".to_owned()
            }
        };
        app.brought_up_to_date().await;
        let now = reminder();
        assert!(
            now.iter().all(|text| text.contains(&said)),
            "{how}: {now:?}"
        );
        assert!(
            !now.iter().any(|text| text.contains(&relative)),
            "{how}: {now:?}"
        );
    }
}

#[tokio::test]
async fn a_reminder_whose_time_attack_ended_while_the_bot_was_away_is_edited_after_the_start() {
    let app = TestApp::start().await;
    app.time_attack().lasting(minutes(30)).started().await;
    app.advance(minutes(15)).await;
    let app = app.killed_for(minutes(30)).await;
    app.settle().await;
    app.brought_up_to_date().await;
    assert!(app.reminders()[0].message.buttons.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_of_reminders_say_what_they_do_and_refuse_what_they_cannot() {
    let bot = Bot::start().await;
    let admin = async |line: &str| bot.admin().slash(line).await.unwrap().text();
    let saved = admin("/setup reminders at:80%, 30분, 5m").await;
    assert!(saved.contains("Reminders:** 80%, 30 min, 5 min"), "{saved}");
    let none = admin("/setup reminders off:true").await;
    assert!(none.contains("Reminders:** none"), "{none}");
    for (line, said) in [
        ("/setup reminders", "Nothing to change"),
        ("/setup reminders at:5m off:true", "not both"),
        ("/setup reminders at:0%", "isn't a percentage"),
        ("/setup reminders at:101%", "isn't a percentage"),
        ("/setup reminders at:10", "Add a unit"),
        ("/setup reminders at:yesterday", "don't understand"),
        ("/setup reminders at:1m,2m,3m,4m,5m,6m", "at most 5"),
        ("/setup reminders at:400d", "between 1 second and 366 days"),
        ("/setup reminders at:16d", "between 1 second and 15 days"),
    ] {
        let told = admin(line).await;
        assert!(told.contains(said), "{line}: {told}");
    }
    let member = bot.mina().let_in().slash("/setup reminders off:true").await;
    assert!(member.unwrap().text().contains("Manage Server"));
    let off = bot.jamong().slash("/timeattack reminders on:false").await;
    assert!(off.unwrap().text().contains("알리지 않을게요"));
    let on = bot.jamong().slash("/timeattack reminders on:true").await;
    assert!(on.unwrap().text().contains("알려 드릴게요"));
    bot.end().await;
}
