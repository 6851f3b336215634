//! Proofs: files that go with the post of a finish, and stay there.

use timeattack::ids::{ChannelId, FileId};
use timeattack::messenger::memory::{Fault as MemoryFault, Gate};
use timeattack::outbox::files::{FILE_BYTES, NewFile};
use timeattack::privacy;
use timeattack::sandbox::{Fault, FaultKind, Message, OptionValue, permissions};
use timeattack::timeattack::{self as attacks, TimeAttack};

use crate::support::bot::{Bot, turning};
use crate::support::{GUILD, MEMBER, OTHER, TestApp, file, hours, minutes, seconds};

impl Bot {
    /// Mina completes with this file; what she is told.
    async fn proves(&self, proof: OptionValue) -> Message {
        let mina = self.mina();
        let options = [("proof", proof)];
        let done = mina.slash_with("timeattack complete", &options);
        let reply = turning(&self.clock, done).await.unwrap();
        self.answered(reply).await.message().unwrap()
    }

    async fn proof_in(&self, part: &str) -> (Message, Vec<u8>) {
        let post = turning(&self.clock, self.posted(self.channel, part)).await;
        let bytes = self.discord.file(&post.attachments[0]).unwrap();
        (post, bytes)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_is_uploaded_with_the_post_and_stays_whatever_becomes_of_the_option() {
    let bot = Bot::start().await;
    bot.started().await;
    let bytes: Vec<u8> = (0..700_000_u32).map(|one| one.to_le_bytes()[0]).collect();
    let told = bot.proves(file("내 인증.png", &bytes)).await;
    assert!(told.is_ephemeral());
    assert!(
        told.text().contains("will be posted with the result"),
        "{}",
        told.text()
    );
    let (post, uploaded) = bot.proof_in("🎉").await;
    assert_eq!(uploaded, bytes);
    assert!(post.attachments[0].filename.ends_with(".png"));
    assert!(post.embeds.is_empty());
    // An edit of the post leaves it there.
    let attacks = bot.admin().autocomplete("correct", &[], "attack", "").await;
    let id = attacks.unwrap()[0].1.clone();
    let line = format!("/correct attack:{id} verdict:failed reason:no");
    bot.admin().slash(&line).await.unwrap();
    let edited = bot.until(&post, |now| now.text().contains("⚖️")).await;
    assert_eq!(edited.attachments.len(), 1);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_survives_a_restart_between_the_command_and_the_post() {
    let bot = Bot::start().await;
    bot.started().await;
    bot.discord.fault(
        Fault::on(
            &format!("/channels/{}/messages", bot.channel),
            FaultKind::Status(500),
        )
        .method("POST")
        .times(u32::MAX),
    );
    bot.proves(file("done.png", &[7; 300_000])).await;
    let bot = bot.restarted_after(seconds(1)).await;
    bot.discord.clear_faults();
    let (_, uploaded) = bot.proof_in("🎉").await;
    assert_eq!(uploaded, [7; 300_000]);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finish_that_is_taken_back_takes_its_proof_along() {
    let bot = Bot::start().await;
    bot.started().await;
    let told = bot.proves(file("done.png", &[1, 2, 3])).await;
    let (post, _) = bot.proof_in("🎉").await;
    bot.mina().click(&told, "Undo").await.unwrap();
    let undone = bot.until(&post, |now| now.text().contains("↩️")).await;
    assert!(undone.attachments.is_empty());
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_that_cannot_be_had_costs_nobody_their_finish() {
    let bot = Bot::start().await;
    for (bytes, fault, said) in [
        (FILE_BYTES + 1, false, "larger than 8 MB"),
        (0, false, "couldn't download your file"),
        (10, true, "couldn't download your file"),
    ] {
        bot.started().await;
        if fault {
            let gone = Fault::on("/attachments/", FaultKind::Status(404));
            bot.discord.fault(gone.times(u32::MAX));
        }
        let told = bot.proves(file("done.png", &vec![1; bytes])).await;
        bot.discord.clear_faults();
        assert!(told.text().contains("Well done"), "{}", told.text());
        assert!(told.text().contains(said), "{}", told.text());
        bot.clock.advance_ms(minutes(1));
    }
    let posts = turning(
        &bot.clock,
        bot.discord
            .message_where(bot.channel, |one| one.text().contains("🎉")),
    );
    assert!(posts.await.unwrap().attachments.is_empty());
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_file_is_posted_for_somebody_who_may_post_none() {
    let bot = Bot::start().await;
    bot.started().await;
    bot.discord
        .deny(bot.channel, bot.mina, permissions::ATTACH_FILES);
    let told = bot.proves(file("done.png", &[1, 2, 3])).await;
    assert!(told.text().contains("Well done"), "{}", told.text());
    assert!(told.text().contains("aren't allowed"), "{}", told.text());
    let post = turning(&bot.clock, bot.posted(bot.channel, "🎉")).await;
    assert!(post.attachments.is_empty());
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_takes_no_files_gets_the_text() {
    let bot = Bot::start().await;
    bot.started().await;
    bot.discord.deny_bot(bot.channel, permissions::ATTACH_FILES);
    bot.proves(file("done.png", &[1, 2, 3])).await;
    let post = turning(&bot.clock, bot.posted(bot.channel, "🎉")).await;
    assert!(post.attachments.is_empty());
    assert!(post.text().contains("can't post files"), "{}", post.text());
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_question_which_one_it_proves_keeps_the_file() {
    let bot = Bot::start().await;
    bot.started().await;
    let second = "/timeattack start task:Write limit:10m";
    bot.mina().slash(second).await.unwrap();
    let asked = bot.proves(file("done.png", &[4, 5, 6])).await;
    assert!(asked.text().contains("Which one"), "{}", asked.text());
    let mina = bot.mina();
    let attacks = mina.autocomplete("timeattack complete", &[], "attack", "write");
    let id = attacks.await.unwrap()[0].1.clone();
    let bot = bot.restarted_after(seconds(1)).await;
    let done = bot.mina().select(&asked, "", &[id.as_str()]).await.unwrap();
    assert!(done.text().contains("Write"), "{}", done.text());
    let (_, uploaded) = bot.proof_in("🎉").await;
    assert_eq!(uploaded, [4, 5, 6]);
    bot.end().await;
}

impl TestApp {
    async fn keeps(&self, bytes: usize) -> Option<FileId> {
        let file = NewFile {
            guild: GUILD,
            user: MEMBER,
            name: "done.png".into(),
            bytes: vec![1; bytes],
        };
        self.inside(async move |app| app.outbox.keep_file(file).await)
            .await
            .unwrap()
    }

    async fn completes_with(&self, attack: &TimeAttack, file: Option<FileId>) {
        let (actor, id) = (self.actor(attack.user), attack.id);
        self.inside(async move |app| attacks::complete(&app, actor, id, file).await)
            .await
            .unwrap();
        self.settle().await;
    }
}

#[tokio::test]
async fn bytes_are_kept_no_longer_than_they_are_needed() {
    let app = TestApp::start().await;
    assert_eq!(app.keeps(FILE_BYTES + 1).await, None);
    assert_eq!(app.keeps(0).await, None);
    let mut files = Vec::new();
    for _ in 0..5 {
        files.push(app.keeps(400_000).await.unwrap());
    }
    assert_eq!(app.count("outbox_files").await, 3, "of one member");
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    app.completes_with(&attack, Some(files[4])).await;
    let posted = app.posted();
    let file = &posted[0].message.files[0];
    assert_eq!(
        (file.name.as_str(), file.bytes.len()),
        ("done.png", 400_000)
    );
    assert_eq!(app.count("outbox_files").await, 2, "it is Discord's now");
    assert_eq!(app.count("outbox_file_pieces").await, 6);
    // What was never tied to anything goes, too.
    app.leap(hours(3)).await;
    let looked = app.app().outbox.looked();
    app.advance(seconds(10)).await;
    looked.await;
    assert_eq!(app.count("outbox_files").await, 0);
    assert_eq!(app.count("outbox_file_pieces").await, 0);
}

#[tokio::test]
async fn a_file_is_its_members_own_and_used_once() {
    let app = TestApp::start().await;
    let file = app.keeps(10).await.unwrap();
    let others = app.time_attack().by(OTHER).started().await;
    app.completes_with(&others, Some(file)).await;
    let own = app.time_attack().started().await;
    app.completes_with(&own, Some(file)).await;
    let again = app.time_attack().started().await;
    app.completes_with(&again, Some(file)).await;
    let files: Vec<usize> = app
        .posted()
        .iter()
        .map(|one| one.message.files.len())
        .collect();
    assert_eq!(files, [0, 1, 0]);
}

#[tokio::test]
async fn a_proof_that_comes_after_the_verdict_has_a_post_of_its_own() {
    let app = TestApp::start().await;
    let attack = app.time_attack().lasting(minutes(10)).started().await;
    let file = app.keeps(10).await.unwrap();
    let mut actor = app.actor(MEMBER);
    app.advance(minutes(10)).await;
    actor.clicked_ms = attack.deadline_ms - 500;
    let id = attack.id;
    app.inside(async move |app| attacks::complete(&app, actor, id, Some(file)).await)
        .await
        .unwrap();
    app.settle().await;
    let posted = app.posted();
    assert_eq!(posted.len(), 2, "{posted:?}");
    assert!(posted[0].message.content.contains("해냈어요") && posted[0].message.files.is_empty());
    assert!(posted[1].message.content.contains("📎") && posted[1].message.files.len() == 1);
    assert!(posted[1].message.mentions.is_empty());
}

#[tokio::test]
async fn files_of_a_member_are_told_and_forgotten() {
    let mut app = TestApp::start().await;
    app.leaves_unsent();
    let file = app.keeps(400_000).await.unwrap();
    let attack = app.time_attack().started().await;
    let gate = Gate::closed();
    app.messenger
        .fail_next([MemoryFault::Held(gate.clone(), None)]);
    let (actor, id) = (app.actor(MEMBER), attack.id);
    app.inside(async move |app| attacks::complete(&app, actor, id, Some(file)).await)
        .await
        .unwrap();
    let told = app.inside(async move |app| privacy::export(&app, GUILD, MEMBER, 1 << 20).await);
    let told = crate::support::all(told.await).await;
    let told = String::from_utf8(told.concat()).unwrap();
    assert!(told.contains("\"name\": \"done.png\""), "{told}");
    app.inside(async move |app| privacy::delete(&app, GUILD, MEMBER).await)
        .await
        .unwrap();
    assert_eq!(app.count("outbox_files").await, 0);
    assert_eq!(app.count("outbox_file_pieces").await, 0);
    gate.open();
}

/// More than may be on their way at once.
const CROWD: i64 = 70;

#[tokio::test]
async fn uploads_that_wait_for_their_turn_keep_no_other_post_up() {
    let app = TestApp::start().await;
    let gate = Gate::closed();
    let held = || MemoryFault::Held(gate.clone(), None);
    app.messenger.fail_next([held(), held()]);
    for number in 1..=CROWD {
        let file = app.keeps(10).await;
        let attack = app.time_attack().in_channel(ChannelId(number));
        let attack = attack.started().await;
        let actor = app.actor(MEMBER);
        app.inside(async move |app| attacks::complete(&app, actor, attack.id, file).await)
            .await
            .unwrap();
    }
    app.messenger.attempted(2).await;
    let plain = app.time_attack().by(OTHER).started().await;
    app.complete(&plain).await.unwrap();
    app.changes_until(async || app.posts().len() == 1).await;
    // What waits for its turn has not been begun: nobody could suspect it of anything.
    app.changes_until(async || app.count("outbox WHERE in_flight = 1").await == 2)
        .await;
    gate.open();
    app.settle().await;
    assert_eq!(app.posts().len(), 71);
}

#[tokio::test]
async fn large_files_are_removed_one_by_one_and_apart_from_all_else() {
    let app = TestApp::start().await;
    let mut files = Vec::new();
    for _ in 0..3 {
        files.push(app.keeps(FILE_BYTES).await);
    }
    app.weighs().await;
    // One more: the oldest makes way.
    files.push(app.keeps(10).await);
    let attack = app.time_attack().started().await;
    app.completes_with(&attack, files[2]).await;
    app.leap(hours(3)).await;
    let looked = app.app().outbox.looked();
    app.advance(seconds(10)).await;
    looked.await;
    assert_eq!(app.count("outbox_files").await, 0);
    let rows = app.app().db.weighed().into_iter().map(|one| one.rows);
    // A file with its pieces.
    assert_eq!(rows.max(), Some(44));
}
