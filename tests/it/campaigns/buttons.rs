//! What admins press: after a restart, too late, on another server; and what a report is made of.

use std::collections::BTreeSet;

use timeattack::campaign::{self, Draft, Kind};
use timeattack::ids::UserId;
use timeattack::mailer::{EmailAddress, Scope};
use timeattack::sandbox::{Message, Reply};
use timeattack::subscriber::{self, Entry, attributes};
use timeattack::template;

use super::commands::prepared;
use crate::subscribers::many;
use crate::support::bot::Bot;
use crate::support::{execute, hours, minutes, seconds};

/// What an admin's command is answered with.
async fn says(bot: &Bot, line: &str) -> Message {
    let answer = bot.admin().slash(line).await.unwrap();
    answer.message().unwrap()
}

/// What a button that an admin presses is answered with.
async fn pressed(bot: &Bot, message: &Message, button: &str) -> String {
    bot.admin().click(message, button).await.unwrap().text()
}

async fn creates(bot: &Bot, name: &str) {
    says(
        bot,
        &format!("/campaign create name:{name} template:news kind:notice"),
    )
    .await;
}

/// Waits, while time passes, until the message says that it is done.
async fn until_done(bot: &Bot, message: &Message) -> String {
    let done = bot
        .until(message, |now| now.text().contains("is done"))
        .await;
    done.text()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_failed_is_sent_again_by_its_buttons_also_after_a_restart() {
    let bot = Bot::start().await;
    prepared(&bot).await;
    let jamong = Entry {
        email: EmailAddress::parse("jamong@example.org").unwrap(),
        name: "자몽".into(),
        attributes: attributes::parse("city=Busan").unwrap(),
        consent: None,
    };
    subscriber::add(&bot.app(), bot.guild, jamong)
        .await
        .unwrap();
    creates(&bot, "November").await;
    bot.mails.fail_next([Scope::MailboxSoft, Scope::Ambiguous]);
    let shown = says(&bot, "/campaign send name:November").await;
    pressed(&bot, &shown, "Send it to all of them").await;
    let done = until_done(&bot, &shown).await;
    for part in [
        "Sent: 1",
        "Failed: 1",
        "May have arrived (the connection broke at the last moment): 1",
    ] {
        assert!(done.contains(part), "{part}: {done}");
    }
    let question = says(&bot, "/campaign retry-failed name:November").await;
    for part in ["1 failed. 1 may have arrived.", "**twice**"] {
        assert!(
            question.text().contains(part),
            "{part}: {}",
            question.text()
        );
    }
    let labels: Vec<String> = question
        .buttons()
        .into_iter()
        .map(|one| one.label)
        .collect();
    assert_eq!(labels, ["Only what failed", "Also what may have arrived"]);
    let bot = bot.restarted_after(seconds(1)).await;
    pressed(&bot, &question, "Only what failed").await;
    let done = until_done(&bot, &question).await;
    assert!(
        done.contains("Sent: 2") && done.contains("broke at the last moment): 1"),
        "{done}"
    );
    assert_eq!(bot.mails.letters().len(), 3);
    // It was answered, and is seen on another screen as it was.
    let again = pressed(&bot, &question, "Only what failed").await;
    assert!(again.contains("Nothing of this campaign failed"), "{again}");
    let question = says(&bot, "/campaign retry-failed name:November").await;
    let labels: Vec<String> = question
        .buttons()
        .into_iter()
        .map(|one| one.label)
        .collect();
    assert_eq!(labels, ["Also what may have arrived"]);
    pressed(&bot, &question, "Also what may have arrived").await;
    let done = until_done(&bot, &question).await;
    assert!(
        done.contains("Sent: 3") && !done.contains("May have"),
        "{done}"
    );
    // The one that had arrived all the same came twice, as the admin chose.
    let letters = bot.mails.letters();
    let to: BTreeSet<String> = letters.iter().map(|one| one.to.normalised()).collect();
    assert_eq!((letters.len(), to.len()), (4, 3));
    let nothing = says(&bot, "/campaign retry-failed name:November")
        .await
        .text();
    assert!(
        nothing.contains("Nothing of this campaign failed"),
        "{nothing}"
    );
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buttons_work_after_a_restart_and_those_that_are_stale_do_nothing_and_say_so() {
    let bot = Bot::start().await;
    prepared(&bot).await;
    for name in ["November", "December", "January", "February"] {
        creates(&bot, name).await;
    }
    for number in 0..8 {
        creates(&bot, &format!("Spare {number}")).await;
    }
    let replaced = says(&bot, "/campaign send name:November").await;
    let shown = says(&bot, "/campaign send name:November").await;
    let unwanted = says(&bot, "/campaign send name:February").await;
    let scheduled = says(&bot, "/campaign schedule name:December at:in 3h").await;
    let confirmed = bot.admin().click(&scheduled, "Send it then").await.unwrap();
    let scheduled = confirmed.message().unwrap();
    let late = says(&bot, "/campaign schedule name:January at:in 1h").await;
    let list = says(&bot, "/campaign list").await;
    let bot = bot.restarted_after(minutes(1)).await;
    for (button, said) in [
        ("Send it to all of them", "too old"),
        ("Cancel", "Nothing to cancel"),
    ] {
        let told = pressed(&bot, &replaced, button).await;
        assert!(told.contains(said), "{button}: {told}");
    }
    let dropped = pressed(&bot, &unwanted, "Cancel").await;
    assert!(dropped.contains("Nothing will be sent"), "{dropped}");
    let again = pressed(&bot, &unwanted, "Send it to all of them").await;
    assert!(again.contains("too old"), "{again}");
    let page = pressed(&bot, &list, "▶").await;
    assert!(
        page.contains("November") && !page.contains("Spare 7"),
        "{page}"
    );
    let refreshed = pressed(&bot, &scheduled, "Refresh").await;
    assert!(refreshed.contains("**December** begins"), "{refreshed}");
    let cancelled = pressed(&bot, &scheduled, "Cancel it").await;
    assert!(
        cancelled.contains("**December** was cancelled"),
        "{cancelled}"
    );
    let again = pressed(&bot, &scheduled, "Cancel it").await;
    assert!(again.contains("Nothing to cancel"), "{again}");
    // The time that was shown has passed, and nobody has said that it should go now.
    let bot = bot.restarted_after(hours(2)).await;
    let told = pressed(&bot, &late, "Send it then").await;
    assert!(told.contains("too old"), "{told}");
    assert!(bot.mails.letters().is_empty());
    pressed(&bot, &shown, "Send it to all of them").await;
    let done = until_done(&bot, &shown).await;
    assert!(done.contains("Sent: 2"), "{done}");
    let again = pressed(&bot, &shown, "Send it to all of them").await;
    assert!(again.contains("has already started"), "{again}");
    assert_eq!(bot.mails.letters().len(), 2);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_servers_buttons_do_nothing_and_tell_nothing() {
    let bot = Bot::start().await;
    prepared(&bot).await;
    let there = bot.discord.actor(bot.admin, bot.elsewhere);
    let elsewhere = there
        .slash("/campaign list")
        .await
        .unwrap()
        .message()
        .unwrap();
    // What each is answered with where there is nothing at all is what it is answered with here.
    let tries = async |id: &str| {
        for verb in [
            "send",
            "cancel",
            "show",
            "pause",
            "resume",
            "retry",
            "retry-all",
        ] {
            let press = async |id: &str| {
                let button = format!("ca:{verb}:{id}");
                there.forge(&elsewhere, &button).await.unwrap().text()
            };
            let (told, expected) = (press(id).await, press("1").await);
            assert_eq!(told, expected, "{verb}");
            assert!(!told.contains("November"), "{verb}: {told}");
        }
    };
    let id_of = |message: &Message| {
        let buttons = message.buttons();
        let id = buttons[0].custom_id.as_ref().unwrap().clone();
        id.rsplit(':').next().unwrap().to_owned()
    };
    creates(&bot, "November").await;
    let shown = says(&bot, "/campaign send name:November").await;
    let id = id_of(&shown);
    tries(&id).await;
    pressed(&bot, &shown, "Cancel").await;
    let shown = says(&bot, "/campaign schedule name:November at:in 1h").await;
    let id = id_of(&shown);
    pressed(&bot, &shown, "Send it then").await;
    tries(&id).await;
    let status = says(&bot, "/campaign status name:November").await.text();
    assert!(status.contains("begins"), "{status}");
    bot.mails.fail_next([Scope::MailboxSoft, Scope::Ambiguous]);
    bot.clock.advance_ms(hours(1));
    until_done(&bot, &says(&bot, "/campaign status name:November").await).await;
    tries(&id).await;
    let status = says(&bot, "/campaign status name:November").await.text();
    assert!(
        status.contains("Failed: 1") && status.contains("May have arrived"),
        "{status}"
    );
    assert_eq!(bot.mails.letters().len(), 1);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_says_when_by_the_servers_clock_and_whether_that_changes_before() {
    let bot = Bot::start().await;
    prepared(&bot).await;
    creates(&bot, "November").await;
    says(&bot, "/setup locale timezone:America/New_York language:en").await;
    let schedules = async |bot: &Bot, at: &str| {
        says(bot, &format!("/campaign schedule name:November at:{at}"))
            .await
            .text()
    };
    let changes = "The clocks change before then";
    for (at, local, is_changed) in [
        (
            "2026-12-01 18:00",
            "**2026-12-01 18:00** (America/New_York, UTC-05:00)",
            false,
        ),
        (
            "2027-03-14 01:30",
            "**2027-03-14 01:30** (America/New_York, UTC-05:00)",
            false,
        ),
        (
            "2027-03-14 03:00",
            "**2027-03-14 03:00** (America/New_York, UTC-04:00)",
            true,
        ),
        // It happens twice: the first of them.
        (
            "2027-11-07 01:30",
            "**2027-11-07 01:30** (America/New_York, UTC-04:00)",
            true,
        ),
        (
            "2027-11-07 02:00",
            "**2027-11-07 02:00** (America/New_York, UTC-05:00)",
            false,
        ),
        (
            "in 2h",
            "**2026-11-21 02:00** (America/New_York, UTC-05:00)",
            false,
        ),
    ] {
        let said = schedules(&bot, at).await;
        assert!(said.contains(local), "{at}: {said}");
        assert_eq!(said.contains(changes), is_changed, "{at}: {said}");
    }
    let skipped = schedules(&bot, "2027-03-14 02:30").await;
    assert!(skipped.contains("the clocks go forward then"), "{skipped}");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_of_more_files_than_a_message_takes_is_whole() {
    let bot = Bot::start().await;
    many(&bot, 150).await;
    let app = bot.app();
    let upload = template::Upload {
        name: "plain".into(),
        subject: "News".into(),
        html: b"<p>x</p>".to_vec(),
        images: Vec::new(),
    };
    template::save(&app, bot.guild, UserId(9), upload)
        .await
        .unwrap();
    let draft = Draft {
        guild: bot.guild,
        guild_name: "Study".into(),
        author: UserId(9),
        name: "November".into(),
        template: "plain".into(),
        segment: String::new(),
        kind: Kind::Notice,
    };
    campaign::create(&app, draft).await.unwrap();
    let shown = says(&bot, "/campaign send name:November").await;
    pressed(&bot, &shown, "Send it to all of them").await;
    until_done(&bot, &shown).await;
    // Thirteen rows fit a file.
    let why = format!("UPDATE deliveries SET reason = '{}'", "x".repeat(10_000));
    execute(&app.db, why).await.unwrap();
    bot.discord.limit_files(150_000);
    let admin = bot.admin();
    // No time passes: it is the size of the files that takes longer than a first answer may.
    let report = admin.slash("/campaign report name:November").await.unwrap();
    assert!(matches!(report, Reply::Deferred(_)), "{report:?}");
    let report = report.message().unwrap();
    let report = bot.until(&report, |now| now.attachments.len() == 10).await;
    assert!(
        report.text().contains("13 files, in 2 messages"),
        "{}",
        report.text()
    );
    let rest = bot
        .discord
        .message_where(bot.channel, |now| now.text().contains("Message 2 of 2"));
    let rest = rest.await.unwrap();
    assert!(rest.is_ephemeral());
    let files: Vec<_> = report.attachments.iter().chain(&rest.attachments).collect();
    let names: Vec<&str> = files.iter().map(|file| &*file.filename).collect();
    let sheets = (1..=12).map(|n| format!("recipients-{n}.csv"));
    let expected: Vec<String> = std::iter::once("campaign.png".to_owned())
        .chain(sheets)
        .collect();
    assert_eq!(names, expected);
    let mut to = BTreeSet::new();
    for file in &files[1..] {
        let sheet = String::from_utf8(bot.discord.file(file).unwrap()).unwrap();
        assert!(
            sheet.starts_with("\u{feff}email,name,state,reason,"),
            "each has the header"
        );
        to.extend(sheet.lines().skip(1).map(|row| row[..22].to_owned()));
    }
    assert_eq!(to.len(), 150);
    bot.end().await;
}
