//! What people write is shown as they wrote it, in every place: it is no markdown, no mention and no
//! link there, and it does not turn the direction of what stands beside it.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use timeattack::ids::{ChannelId, GuildId, UserId};
use timeattack::mailer::EmailAddress;
use timeattack::sandbox::{Actor, Message, OptionValue, permissions};
use timeattack::subscriber::{self, Entry, attributes};
use timeattack::template::{self, Upload};

use crate::support::bot::{Bot, turning};
use crate::support::minutes;

/// Pieces of Discord's markdown, and of Unicode, that change what stands around them.
const PIECES: [&str; 24] = [
    "[click](https:evil.test)",
    "<https://evil.test>",
    "<@1191168914227200002>",
    "<#1191168914227200002>",
    "<@&1>",
    "@everyone",
    "<:x:1>",
    "</timeattack start:1>",
    "<t:0:R>",
    "||spoiler||",
    "**bold**",
    "__line__",
    "~~gone~~",
    "`code`",
    "``` ```",
    "\\*",
    "\u{202e}derutrev",
    "\u{2067}isolated",
    "\u{2069}\u{202c}ended",
    "\u{200f}\u{061c}mark",
    "\u{5e9}\u{5dc}\u{5d5}\u{5dd}",
    "pay\u{200b}pal\u{feff}",
    "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "two\u{2028}lines\u{2029}more",
];

/// Lives of the bot, unless `HOSTILE_STORIES` says otherwise.
const STORIES: u32 = 4;

/// What begins a line of something else.
const BEGINNINGS: [&str; 8] = ["# ", "> ", ">>> ", "- ", "-# ", "1. ", "* ", ""];

fn hostile(longest: usize) -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(PIECES.as_slice()), 1..5);
    let beginning = prop::sample::select(BEGINNINGS.as_slice());
    (beginning, pieces).prop_map(move |(beginning, pieces)| {
        let text = format!("{beginning}{}", pieces.join(" "));
        text.chars().take(longest).collect()
    })
}

/// What is wrong with a text that Discord shows, in markdown or not.
fn fault(shown: &str, is_markdown: bool) -> Option<String> {
    for line in shown.lines() {
        let mut depth = 0_i32;
        for character in line.chars() {
            match character {
                '\u{2068}' => depth += 1,
                '\u{2069}' => depth -= 1,
                '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2066}'
                | '\u{2067}' => {
                    return Some(format!("{character:?} turns the direction"));
                }
                '\u{590}'..='\u{8ff}' if depth == 0 => {
                    return Some("right to left, and not isolated".into());
                }
                '\u{2028}' | '\u{2029}' => return Some("a separator of lines".into()),
                _ => {}
            }
            if depth < 0 {
                return Some("an isolate is ended that was not begun".into());
            }
        }
        if depth != 0 {
            return Some("an isolate is not ended".into());
        }
    }
    let piled = shown.chars().fold((0, 0), |(now, most), one| {
        let now = if one == '\u{301}' { now + 1 } else { 0 };
        (now, most.max(now))
    });
    if piled.1 > 4 {
        return Some(format!("{} marks on one letter", piled.1));
    }
    if !is_markdown {
        return None;
    }
    // In a code block nothing is markdown; it must only not be ended. Neither is the address of a link to
    // a file, which Discord made of the file's name.
    let shown = without_addresses(shown);
    let outside: Vec<&str> = shown.split("```").step_by(2).collect();
    if shown.matches("```").count() % 2 == 1 {
        return Some("a code block is not ended".into());
    }
    for part in outside {
        for piece in [
            "[click](",
            // An address is a link of its own, and of no other's name.
            "](<https:",
            "<@1191168914227200002>evil",
            "<#1191168914227200002>",
            "<@&1>",
            "@everyone",
            "<:x:",
            "</timeattack start:1>",
            "<t:0:",
            "||spoiler",
            "**bold",
            "__line",
            "~~gone",
            "`code`",
        ] {
            if part.contains(piece) {
                return Some(format!("{piece} is read as markdown"));
            }
        }
    }
    None
}

/// Every text that the bot sent, with where it stands and whether it is read as markdown.
fn texts(value: &Value, at: &str, found: &mut Vec<(String, String, bool)>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                let at = format!("{at}/{key}");
                if let Value::String(text) = field {
                    let is_markdown = match key.as_str() {
                        "content" => true,
                        "title" | "description" | "value" => at.contains("embeds"),
                        "name" | "label" | "placeholder" | "text" => false,
                        _ => continue,
                    };
                    // What comes back is not shown; a form's field is what its member typed.
                    let is_returned = key == "value" && !at.contains("embeds");
                    if !is_returned {
                        found.push((at, text.clone(), is_markdown));
                    }
                } else {
                    texts(field, &at, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, at, found)),
        _ => {}
    }
}

/// A server with a hostile name, whose people have hostile names.
struct Scene {
    bot: Bot,
    guild: GuildId,
    member: Actor,
    admin: Actor,
    channel: ChannelId,
}

impl Scene {
    async fn set(text: &dyn Fn(usize) -> String) -> Self {
        let bot = Bot::start().await;
        let guild = bot.discord.add_guild(&text(90), "en-US");
        let channel = bot.discord.add_channel(guild, "general");
        let member_id = bot.discord.add_user(&text(32), "en-US");
        let admin_id = bot.discord.add_user(&text(32), "ko");
        bot.discord.join(guild, member_id, 0);
        bot.discord.join(guild, admin_id, permissions::MANAGE_GUILD);
        let member = bot.discord.actor(member_id, channel);
        let admin = bot.discord.actor(admin_id, channel);
        Self {
            bot,
            guild,
            member,
            admin,
            channel,
        }
    }

    async fn uses(
        &self,
        actor: &Actor,
        command: &str,
        options: &[(&str, &str)],
    ) -> Option<Message> {
        let options: Vec<(&str, OptionValue)> = options
            .iter()
            .map(|(name, value)| (*name, OptionValue::Text((*value).to_owned())))
            .collect();
        // While no time passes nothing is deferred.
        let reply = actor.slash_with(command, &options).await;
        reply.ok().and_then(|reply| reply.message())
    }
}

async fn tell_a_story_with(text: &dyn Fn(usize) -> String) -> Vec<(String, String, bool)> {
    let scene = Scene::set(text).await;
    let Scene {
        bot, member, admin, ..
    } = &scene;
    scene
        .uses(
            admin,
            "setup channels",
            &[("results", &scene.channel.to_string())],
        )
        .await;
    scene.uses(member, "dm allow", &[]).await;
    // Tasks: started, listed, extended, asked about, completed with a proof, failed, corrected.
    for _ in 0..3 {
        let task = text(200);
        let options = [("task", task.as_str()), ("limit", "10m")];
        scene
            .uses(member, "timeattack start", &options)
            .await
            .unwrap();
    }
    for command in ["timeattack status", "timeattack giveup"] {
        scene.uses(member, command, &[]).await.unwrap();
    }
    scene
        .uses(member, "timeattack extend", &[("by", "5m")])
        .await
        .unwrap();
    for command in ["timeattack complete", "timeattack giveup"] {
        let offered = member
            .autocomplete(command, &[], "attack", "")
            .await
            .unwrap();
        assert_eq!(offered.len(), 3, "{offered:?}");
    }
    let file = |name: String| OptionValue::File {
        filename: name,
        content_type: "application/pdf".into(),
        bytes: vec![1],
    };
    let proof = [("proof", file(format!("{}.pdf", text(60))))];
    let asked = member.slash_with("timeattack complete", &proof);
    let asked = turning(&bot.clock, asked).await.unwrap();
    let asked = bot.answered(asked).await.message().unwrap();
    let running = member
        .autocomplete("timeattack giveup", &[], "attack", "")
        .await;
    let running = running.unwrap();
    let done = member
        .select(&asked, "", &[running[0].1.as_str()])
        .await
        .unwrap();
    assert!(done.text().contains("completed"), "{}", done.text());
    turning(&bot.clock, bot.posted(scene.channel, "🎉")).await;
    scene
        .uses(member, "timeattack giveup", &[("attack", &running[1].1)])
        .await
        .unwrap();
    bot.clock.advance_ms(minutes(20));
    turning(&bot.clock, bot.posted(scene.channel, "나약한")).await;
    for command in [
        "timeattack history",
        "timeattack leaderboard",
        "timeattack stats",
        "privacy delete",
    ] {
        scene.uses(member, command, &[]).await.unwrap();
    }
    let ended = admin
        .autocomplete("correct", &[], "attack", "")
        .await
        .unwrap();
    let options = [
        ("attack", ended[0].1.as_str()),
        ("verdict", "completed"),
        ("reason", &text(200)),
    ];
    scene.uses(admin, "correct", &options).await.unwrap();
    scene.uses(member, "timeattack history", &[]).await.unwrap();
    // What is not understood is quoted.
    let wrong = text(60);
    for (actor, command, option) in [
        (member, "timeattack extend", "by"),
        (admin, "setup locale", "timezone"),
        (member, "timezone", "zone"),
        (member, "timeattack complete", "attack"),
        (admin, "subscriber show", "email"),
        (admin, "campaign status", "name"),
        (admin, "queue retry", "id"),
    ] {
        scene.uses(actor, command, &[(option, &wrong)]).await;
    }
    // A template's markdown is its admin's.
    let own = [("failure", "\u{202e}Lost \u{2066}{task}")];
    scene.uses(admin, "setup messages", &own).await.unwrap();
    let options = [("task", wrong.as_str()), ("limit", wrong.as_str())];
    scene
        .uses(member, "timeattack start", &options)
        .await
        .unwrap();
    // Mail: subscribers, a template, a campaign.
    let app = bot.app();
    let entry = Entry {
        email: EmailAddress::parse("_a_*b*_@example.org").unwrap(),
        name: text(100),
        attributes: attributes::parse(&format!("city={}", text(100))).unwrap(),
        consent: None,
    };
    subscriber::add(&app, scene.guild, entry).await.unwrap();
    let upload = Upload {
        name: text(50),
        subject: text(100),
        html: format!("<p>Hello {{{{ name }}}} {}</p>", text(60)).into_bytes(),
        images: Vec::new(),
    };
    let saved = template::save(&app, scene.guild, UserId(9), upload)
        .await
        .unwrap();
    let name = saved.name;
    for (command, option) in [
        ("subscriber list", None),
        ("subscriber show", Some(("email", "_a_*b*_@example.org"))),
        ("template list", None),
        ("template show", Some(("name", name.as_str()))),
        ("template preview", Some(("name", name.as_str()))),
    ] {
        let options: Vec<(&str, &str)> = option.into_iter().collect();
        scene.uses(admin, command, &options).await.unwrap();
    }
    let campaign = text(60);
    let options = [
        ("name", campaign.as_str()),
        ("template", &name),
        ("kind", "notice"),
    ];
    scene
        .uses(admin, "campaign create", &options)
        .await
        .unwrap();
    for (command, option) in [("campaign create", "template"), ("template show", "name")] {
        let offered = admin.autocomplete(command, &[], option, "").await.unwrap();
        assert!(!offered.is_empty());
    }
    admin
        .autocomplete("campaign status", &[], "name", "")
        .await
        .unwrap();
    for command in ["campaign status", "campaign preview", "campaign send"] {
        scene
            .uses(admin, command, &[("name", &campaign)])
            .await
            .unwrap();
    }
    scene.uses(admin, "campaign list", &[]).await.unwrap();
    // An announcement keeps its markdown, but turns nothing.
    let body = "Sale \u{202e}**today**\n\u{2067}only";
    let options = [("body", body), ("kind", "notice")];
    let preview = scene.uses(admin, "announce", &options).await.unwrap();
    let send = preview.buttons()[0].label.clone();
    turning(&bot.clock, admin.click(&preview, &send))
        .await
        .unwrap();
    for command in ["queue status", "queue parked"] {
        scene.uses(admin, command, &[]).await.unwrap();
    }
    let mut found = Vec::new();
    for exchange in bot.discord.exchanges() {
        // The commands themselves hold nothing that people wrote.
        if exchange.path.contains("/commands") {
            continue;
        }
        if let Some(body) = &exchange.request {
            texts(
                body,
                &format!("{} {}", exchange.method, exchange.path),
                &mut found,
            );
        }
    }
    scene.bot.end().await;
    found
}

/// The text without the addresses of links to uploaded files, if they are such: of what Discord leaves
/// of a file's name nothing can end the link.
fn without_addresses(shown: &str) -> String {
    let is_address = |text: &str| {
        let is_of_one = |one: char| one.is_ascii_alphanumeric() || "/._-%".contains(one);
        text.contains("/attachments/") && text.chars().all(is_of_one)
    };
    let mut pieces = shown.split("](http://127.0.0.1:");
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        kept.push_str("](");
        match piece.split_once(')') {
            Some((address, behind)) if is_address(address) => kept.push_str(behind),
            _ => kept.push_str(piece),
        }
    }
    kept
}

#[test]
fn only_addresses_of_files_are_left_out() {
    let link = |path: &str| format!("[name](http://127.0.0.1:80/{path}) **bold**");
    let file = link("attachments/1/2/__line__%EA.pdf");
    assert_eq!(without_addresses(&file), "[name]( **bold**");
    for path in [
        "elsewhere/__line__",
        "attachments/1/2/**bold**",
        "attachments/1 `code`",
    ] {
        let shown = without_addresses(&link(path));
        assert!(shown.contains(path), "{shown}");
    }
    let unended = "[name](http://127.0.0.1:80/attachments/1/2/__line__";
    assert!(without_addresses(unended).contains("__line__"));
}

/// A few stories with texts at random: each is a whole life of the bot. The same ones every time, lest a
/// change be blamed for what was there before; more of them, for whoever looks for it:
/// `HOSTILE_STORIES=100 cargo test --test it hostile_text::`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_write_changes_nothing_around_it_in_any_place() {
    let mut faults = Vec::new();
    let runner = std::sync::Mutex::new(TestRunner::deterministic());
    let stories = std::env::var("HOSTILE_STORIES").ok();
    for _ in 0..stories.map_or(STORIES, |stories| stories.parse().unwrap()) {
        let text = |longest: usize| {
            let mut runner = runner.lock().unwrap();
            hostile(longest).new_tree(&mut runner).unwrap().current()
        };
        let found = tell_a_story_with(&text).await;
        assert!(found.len() > 100, "{} texts", found.len());
        for (at, shown, is_markdown) in found {
            if let Some(fault) = fault(&shown, is_markdown) {
                faults.push(format!("{at}: {fault}: {shown:?}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
