//! The message that a time attack lives in never says what is no longer so.

use timeattack::guild::Settings;
use timeattack::i18n::Language;
use timeattack::ids::{MessageId, UserId};
use timeattack::messenger::memory::{Fault as MemoryFault, Gate};
use timeattack::messenger::{Message, Messenger, Nonce, SendError};
use timeattack::sandbox::{Exchange, Fault, FaultKind};
use timeattack::timeattack::start_message::{self, Shown};
use timeattack::timeattack::{self as attacks, Actor, Start, TimeAttack};

use crate::support::bot::{Bot, turning};
use crate::support::{NOW_MS, TestApp, minutes};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_by_command_shows_the_new_deadline_and_keeps_the_buttons() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    bot.mina().slash("/timeattack extend by:5m").await.unwrap();
    let deadline = format!("<t:{}", (NOW_MS + minutes(15)) / 1_000);
    let edited = bot
        .until(&start, |message| message.content.contains(&deadline))
        .await;
    assert_eq!(edited.buttons().len(), 3);
    assert!(edited.content.contains("1 of"), "{}", edited.content);
    assert!(edited.pinged.is_empty());
    // The buttons of an edited message work as before.
    bot.mina()
        .click(&edited, &edited.buttons()[0].label)
        .await
        .unwrap();
    bot.posted(bot.channel, "🎉").await;
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_from_the_form_is_brought_up_to_date_as_well() {
    let bot = Bot::start().await;
    let form = bot.mina().slash("/timeattack start").await.unwrap();
    let form = form.modal().unwrap();
    let values = [("task", "Walk"), ("limit", "10m")];
    let reply = bot.mina().submit(&form, &values).await.unwrap();
    let start = reply.message().unwrap();
    bot.kept(&start).await;
    bot.mina().slash("/timeattack complete").await.unwrap();
    let edited = bot
        .until(&start, |message| message.buttons().is_empty())
        .await;
    assert!(edited.content.contains('✅'), "{}", edited.content);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_ends_a_time_attack_takes_the_buttons_off_its_start_message() {
    let bot = Bot::start().await;
    let missed = bot.started().await;
    bot.clock.advance_ms(minutes(10));
    let edited = bot
        .until(&missed, |message| message.buttons().is_empty())
        .await;
    assert!(edited.content.contains('⌛'), "{}", edited.content);

    let given_up = bot.started().await;
    let question = bot.mina().slash("/timeattack giveup").await.unwrap();
    let question = question.message().unwrap();
    bot.mina()
        .click(&question, &question.buttons()[0].label)
        .await
        .unwrap();
    let edited = bot
        .until(&given_up, |message| message.buttons().is_empty())
        .await;
    assert!(edited.content.contains("gave up"), "{}", edited.content);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_click_shows_by_itself_is_not_edited_again() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    let labels: Vec<String> = start.buttons().into_iter().map(|one| one.label).collect();
    bot.mina().click(&start, &labels[1]).await.unwrap();
    bot.mina().click(&start, &labels[0]).await.unwrap();
    // Another's message is edited later; by then this one's turn would have come.
    let other = bot.started().await;
    bot.mina().slash("/timeattack extend by:5m").await.unwrap();
    bot.until(&other, |message| message.content.contains("1 of"))
        .await;
    let edits = bot.requests("PATCH", &format!("/messages/{}", start.id));
    assert!(
        edits <= 1,
        "{edits} edits, though each click showed its own"
    );
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_edit_is_made_after_a_restart_and_long_after_the_interaction_expired() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    let bot = bot.restarted_after(minutes(60)).await;
    let edited = bot
        .until(&start, |message| message.buttons().is_empty())
        .await;
    assert!(edited.content.contains('⌛'), "{}", edited.content);
    assert_eq!(bot.cards(), 1);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_start_message_is_left_alone_and_the_verdict_comes_all_the_same() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    bot.discord.delete_message(bot.channel, start.id);
    bot.clock.advance_ms(minutes(10));
    bot.posted(bot.channel, "나약한").await;
    let other = bot.started().await;
    bot.mina().slash("/timeattack complete").await.unwrap();
    bot.until(&other, |message| message.buttons().is_empty())
        .await;
    let tries = bot.requests("PATCH", &format!("/messages/{}", start.id));
    assert_eq!(tries, 1, "a refusal for good is final");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trouble_with_the_edit_is_waited_out_and_delays_no_verdict() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    let fault = Fault::on("/messages/", FaultKind::Status(503));
    bot.discord.fault(fault.method("PATCH").times(3));
    bot.clock.advance_ms(minutes(10));
    bot.posted(bot.channel, "나약한").await;
    bot.until(&start, |message| message.buttons().is_empty())
        .await;
    bot.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_to_the_start_does_not_lose_the_message() {
    let bot = Bot::start().await;
    let fault = Fault::on("/callback", FaultKind::ResetAfterWrite);
    bot.discord.fault(fault.method("POST"));
    let mina = bot.mina();
    let starting = mina.slash("/timeattack start task:Read limit:10m");
    let start = turning(&bot.clock, async {
        let start = starting.await.unwrap().message().unwrap();
        // The next command is answered after the repeat of the first answer.
        while bot.requests("GET", "/messages/@original") == 0 {
            bot.mina().slash("/timeattack status").await.unwrap();
        }
        start
    })
    .await;
    bot.mina().slash("/timeattack complete").await.unwrap();
    bot.until(&start, |message| message.buttons().is_empty())
        .await;
    bot.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_verdicts_goes_out_before_any_edit() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    for number in 0..100 {
        let request = Start {
            actor: Actor {
                guild: bot.guild,
                user: UserId(5_000 + number),
                clicked_ms: NOW_MS,
            },
            channel: bot.results,
            member_name: "jamong".into(),
            task: "Read".into(),
            limit: "10m".into(),
            guild_language: Language::English,
            language: Language::English,
            origin: None,
        };
        attacks::start(&bot.app(), request).await.unwrap();
    }
    // The first message of the burst takes five seconds, and the rest waits behind it.
    let path = format!("/channels/{}/messages", bot.results.get());
    let slow = Fault::on(&path, FaultKind::Slow(5_000));
    bot.discord.fault(slow.method("POST"));
    let mut changes = bot.app().outbox.changes();
    bot.clock.advance_ms(minutes(10));
    // All are decided before the clock goes on, and with it the look for outdated messages.
    while bot.app().outbox.held() < 100 {
        changes.changed().await.unwrap();
    }
    bot.until(&start, |message| message.buttons().is_empty())
        .await;
    let exchanges = bot.ended().await;
    let at = |method: &str, part: &str| {
        let fits = |one: &Exchange| one.method == method && one.path.contains(part);
        exchanges.iter().position(fits)
    };
    let (verdicts, edit) = (at("POST", &path), at("PATCH", "/messages/"));
    assert!(
        verdicts.is_some() && verdicts < edit,
        "{verdicts:?} {edit:?}"
    );
}

/// A message in the memory messenger that a time attack lives in.
pub async fn shown(app: &TestApp, attack: &attacks::TimeAttack) -> MessageId {
    let message = start_message::message(attack, &Settings::default());
    let sender = Messenger::Memory(app.messenger.clone());
    let nonce = Nonce::new(attack.id.0, 9);
    let id = sender.post(attack.channel, &message, &nonce).await.unwrap();
    let shown = Shown::of(attack);
    app.inside(async move |app| start_message::mark_shown(&app, shown, id).await)
        .await
        .unwrap();
    id
}

async fn look(app: &TestApp) {
    app.inside(async |app| start_message::bring_up_to_date(&app).await)
        .await
        .unwrap();
    app.settle().await;
}

fn now(app: &TestApp, id: MessageId) -> (Message, usize) {
    let posted = app.posted().into_iter().find(|post| post.id == id).unwrap();
    (posted.message, posted.edits)
}

#[tokio::test]
async fn several_changes_are_one_edit_and_it_shows_the_last() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    let id = shown(&app, &attack).await;
    let (actor, key) = (app.actor(attack.user), attack.id);
    for _ in 0..2 {
        app.inside(async move |app| attacks::extend(&app, actor, key, minutes(5)).await)
            .await
            .unwrap();
    }
    app.complete(&attack).await.unwrap();
    look(&app).await;
    look(&app).await;
    let (message, edits) = now(&app, id);
    assert_eq!(edits, 1);
    assert!(message.buttons.is_empty() && message.content.contains('✅'));
}

#[tokio::test]
async fn a_message_that_is_not_known_is_not_edited() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(1)).started().await;
    app.advance(minutes(1)).await;
    look(&app).await;
    assert_eq!(app.posted().len(), 1);
    // Its id may become known later, by a press of one of its buttons.
    let id = shown(&app, &attack).await;
    look(&app).await;
    assert!(now(&app, id).0.buttons.is_empty());
}

#[tokio::test]
async fn a_late_finish_turns_the_start_message_round_too() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(1)).started().await;
    let id = shown(&app, &attack).await;
    app.advance(minutes(1)).await;
    look(&app).await;
    assert!(now(&app, id).0.content.contains('⌛'));
    app.complete_clicked_at(&attack, attack.deadline_ms)
        .await
        .unwrap();
    look(&app).await;
    assert!(now(&app, id).0.content.contains('✅'));
}

#[tokio::test]
async fn the_messages_of_one_channel_are_edited_one_by_one() {
    let app = TestApp::start().await;
    let mut messages = Vec::new();
    for number in 0..3 {
        let builder = app.time_attack().by(UserId(700 + number));
        let attack = builder.lasting(minutes(1)).started().await;
        messages.push(shown(&app, &attack).await);
    }
    app.clock.advance_ms(minutes(1));
    app.settle().await;
    let edited = || {
        let posted = app.posted();
        let edited = posted.iter().filter(|post| messages.contains(&post.id));
        edited.map(|post| post.edits).sum::<usize>()
    };
    // The program looks by itself, too; no look edits more than one message of a channel.
    for _ in 0..3 {
        let before = edited();
        look(&app).await;
        assert!(
            edited() <= before + 2,
            "{} edits at once",
            edited() - before
        );
    }
    assert_eq!(edited(), 3);
}

#[tokio::test]
async fn an_edit_whose_message_is_gone_is_dropped_without_a_word() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(1)).started().await;
    let gone = Shown::of(&attack);
    app.inside(async move |app| start_message::mark_shown(&app, gone, MessageId(404)).await)
        .await
        .unwrap();
    app.advance(minutes(1)).await;
    look(&app).await;
    assert_eq!(app.posts().len(), 1, "the verdict alone");
    let attempts = app.messenger.attempts();
    app.advance(minutes(10)).await;
    assert_eq!(app.messenger.attempts(), attempts);
}

#[tokio::test]
async fn an_edit_that_is_tried_again_does_not_overwrite_what_a_click_has_shown_since() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    let id = shown(&app, &attack).await;
    let (actor, key) = (app.actor(attack.user), attack.id);
    let later = SendError::Retry {
        after_ms: Some(minutes(1)),
        why: "429".into(),
    };
    app.messenger.fail_next_edits([MemoryFault::Refused(later)]);
    app.inside(async move |app| attacks::extend(&app, actor, key, minutes(5)).await)
        .await
        .unwrap();
    look(&app).await;
    complete_and_show(&app, &attack, id).await;
    app.advance(minutes(2)).await;
    look(&app).await;
    let (message, edits) = now(&app, id);
    assert_eq!(edits, 0, "{}", message.content);
}

#[tokio::test]
async fn an_edit_that_arrives_after_a_click_was_shown_is_set_right() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    let id = shown(&app, &attack).await;
    let (actor, key) = (app.actor(attack.user), attack.id);
    let gate = Gate::closed();
    app.messenger
        .fail_next_edits([MemoryFault::Held(gate.clone(), None)]);
    app.inside(async move |app| attacks::extend(&app, actor, key, minutes(5)).await)
        .await
        .unwrap();
    app.inside(async |app| start_message::bring_up_to_date(&app).await)
        .await
        .unwrap();
    complete_and_show(&app, &attack, id).await;
    gate.open();
    app.settle().await;
    look(&app).await;
    let (message, edits) = now(&app, id);
    assert_eq!(edits, 2);
    assert!(message.buttons.is_empty() && message.content.contains('✅'));
}

/// What a click on the message's own button does: it completes, and Discord shows the answer.
async fn complete_and_show(app: &TestApp, attack: &TimeAttack, id: MessageId) {
    let completed = app.complete(attack).await.unwrap();
    let by_click = Shown::of(&completed);
    app.inside(async move |app| start_message::mark_shown(&app, by_click, id).await)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_edit_that_a_refused_token_cuts_short_is_as_good_as_not_tried() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(60)).started().await;
    let id = shown(&app, &attack).await;
    let other = app.time_attack().lasting(minutes(1)).started().await;
    app.messenger
        .fail_next_edits([MemoryFault::Held(Gate::closed(), None)]);
    let (actor, key) = (app.actor(attack.user), attack.id);
    app.inside(async move |app| attacks::extend(&app, actor, key, minutes(5)).await)
        .await
        .unwrap();
    app.inside(async |app| start_message::bring_up_to_date(&app).await)
        .await
        .unwrap();
    app.messenger.edits_attempted(1).await;
    app.messenger
        .fail_next([MemoryFault::Refused(SendError::Unauthorized)]);
    app.clock.advance_ms(other.deadline_ms - app.now_ms());
    app.halted().await;
    let given_back = "outbox WHERE lane = 'edit' AND state = 'available' AND attempt = 0 \
         AND in_flight = 0";
    app.changes_until(async || app.count(given_back).await == 1)
        .await;
    app.messenger.accept_token();
    app.clock.advance_ms(minutes(1));
    app.accepted().await;
    app.settle().await;
    let posts = app.messenger.posts();
    assert!(posts.iter().any(|post| post.id == id && post.edits == 1));
    assert_eq!(app.count("outbox WHERE deaths > 0").await, 0);
}
