//! `/help`, and the command of a message's menu.

use timeattack::sandbox::Message;

use crate::support::bot::Bot;

/// The values that the menu of a message offers.
fn topics(message: &Message) -> Vec<String> {
    let options = &message.components[0]["components"][0]["options"];
    let values = options.as_array().unwrap().iter();
    values
        .map(|option| option["value"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_matters_comes_first_and_a_menu_leads_to_every_other_command() {
    let bot = Bot::start().await;
    let registered = bot.discord.commands(None);
    let id = registered
        .iter()
        .find(|one| one["name"] == "timeattack")
        .and_then(|one| one["id"].as_str())
        .unwrap();
    let told = bot.mina().slash("/help").await.unwrap();
    assert!(told.is_ephemeral());
    let message = told.message().unwrap();
    let told = told.text();
    assert!(
        told.contains(&format!("</timeattack start:{id}> — Start a time attack")),
        "{told}"
    );
    assert_eq!(told.matches("</").count(), 3, "{told}");
    assert!(told.contains("Start a time attack with this"), "{told}");
    assert_eq!(topics(&message), ["timeattacks", "records", "you"]);
    let records = bot.mina().select(&message, "", &["records"]).await.unwrap();
    let records = records.text();
    assert!(
        records.contains(&format!("</timeattack leaderboard:{id}>")),
        "{records}"
    );

    // All there is, for whoever manages the server.
    let managers = bot.admin().slash("/help").await.unwrap().message().unwrap();
    let mut all = String::new();
    for topic in topics(&managers) {
        let told = bot.admin().select(&managers, "", &[&topic]).await.unwrap();
        all += &told.text();
    }
    for command in registered.iter().filter(|one| one["type"] != 3) {
        let name = command["name"].as_str().unwrap();
        let below = command["options"].as_array().into_iter().flatten();
        let below: Vec<String> = below
            .filter(|option| option["type"] == 1)
            .map(|option| format!("</{name} {}:", option["name"].as_str().unwrap()))
            .collect();
        let own = format!("</{name}:");
        for link in if below.is_empty() { vec![own] } else { below } {
            assert!(all.contains(&link), "{link}: {all}");
        }
    }

    let korean = bot.jamong().slash("/help").await.unwrap().text();
    assert!(korean.contains("타임어택을 시작해요"), "{korean}");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_of_managers_are_for_managers_and_a_menu_is_for_whom_it_was_shown_to() {
    let bot = Bot::start().await;
    let message = bot.mina().slash("/help").await.unwrap().message().unwrap();
    let menu = message.components[0]["components"][0]["custom_id"]
        .as_str()
        .unwrap()
        .to_owned();
    // A tampered client chooses what it was not offered: a press of it has no choice at all.
    let forged = bot.mina().forge(&message, &menu).await.unwrap();
    assert!(forged.text().contains("run the command again"));
    let elsewhere = bot.jamong().forge(&bot.started().await, &menu).await;
    let refused = elsewhere.unwrap();
    assert!(refused.is_ephemeral() && !refused.text().contains("</timeattack start"));
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_command_is_told_in_full_a_group_by_its_commands_and_another_is_refused() {
    let bot = Bot::start().await;
    let help = async |given: &str| {
        let line = format!("/help command:{given}");
        bot.mina().slash(&line).await.unwrap().text()
    };
    let start = help("/Timeattack  START").await;
    for part in [
        "/timeattack start",
        "**task** (optional)",
        "**limit**",
        "limit:45m",
    ] {
        assert!(start.contains(part), "{part}: {start}");
    }
    let setup = help("setup limits").await;
    assert!(
        setup.contains("You need the “Manage Server” permission"),
        "{setup}"
    );
    let group = help("dm").await;
    assert!(
        group.contains("</dm allow:") && group.contains("</dm stop:"),
        "{group}"
    );
    let unknown = help("fly **away**").await;
    assert!(
        unknown.contains("no command “fly \\*\\*away\\*\\*”"),
        "{unknown}"
    );
    let offered = bot
        .mina()
        .autocomplete("help", &[], "command", "/Privacy exp")
        .await
        .unwrap();
    assert_eq!(
        offered,
        [("/privacy export".to_owned(), "privacy export".to_owned())]
    );
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_messages_menu_opens_the_form_with_what_it_says() {
    let bot = Bot::start().await;
    let start = bot.started().await;
    let menu = "Start a time attack with this";
    let form = bot
        .jamong()
        .menu(&start, menu)
        .await
        .unwrap()
        .modal()
        .unwrap();
    let task = &form["components"][0]["components"][0];
    let filled = task["value"].as_str().unwrap();
    // As a reader sees it, on one line, and no longer than a task may be.
    assert!(filled.contains("started Read! The deadline is"), "{form}");
    assert!(
        !filled.contains('\n') && filled.chars().count() <= 200,
        "{form}"
    );
    assert!(
        form["title"].as_str().unwrap().contains("타임어택"),
        "{form}"
    );
    let limit = form["components"][1]["components"][0]["custom_id"]
        .as_str()
        .unwrap();
    let task = task["custom_id"].as_str().unwrap();
    let begun = bot
        .jamong()
        .submit(&form, &[(task, "나도 읽기"), (limit, "30분")])
        .await;
    assert!(begun.unwrap().text().contains("나도 읽기"));
    // Of a picture alone its name is what it says; of nothing the form is empty.
    let stats = bot
        .mina()
        .slash("/privacy export")
        .await
        .unwrap()
        .message()
        .unwrap();
    let form = bot
        .mina()
        .menu(&stats, menu)
        .await
        .unwrap()
        .modal()
        .unwrap();
    assert!(
        form["components"][0]["components"][0]["value"].is_string(),
        "{form}"
    );
    bot.end().await;
}

/// Without the commands' ids their names still stand there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn help_is_given_while_discord_tells_no_ids() {
    use timeattack::sandbox::{Fault, FaultKind};
    let bot = Bot::start().await;
    bot.discord
        .fault(Fault::on("/commands", FaultKind::Status(500)).times(u32::MAX));
    let told = bot.mina().slash("/help").await.unwrap().text();
    assert!(
        told.contains("`/timeattack start` — Start a time attack"),
        "{told}"
    );
    bot.discord.clear_faults();
    let told = bot.mina().slash("/help").await.unwrap().text();
    assert!(told.contains("</timeattack start:"), "{told}");
    bot.end().await;
}
