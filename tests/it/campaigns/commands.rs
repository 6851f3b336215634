//! `/campaign` as admins meet it, wrong input first.

use timeattack::ids::UserId;
use timeattack::mailer::EmailAddress;
use timeattack::subscriber::{self, Entry, attributes};
use timeattack::template::{self, Upload};

use crate::support::bot::{Bot, turning};

pub(super) async fn prepared(bot: &Bot) {
    let app = bot.app();
    for (email, name) in [("mina@example.org", "Mina"), ("zoe@example.org", "=Zoe")] {
        let entry = Entry {
            email: EmailAddress::parse(email).unwrap(),
            name: name.into(),
            attributes: attributes::parse("city=Seoul").unwrap(),
            consent: None,
        };
        subscriber::add(&app, bot.guild, entry).await.unwrap();
    }
    let upload = Upload {
        name: "news".into(),
        subject: "News for {{ name }}".into(),
        html: b"<p>Hello from {{ city }}</p>".to_vec(),
        images: Vec::new(),
    };
    template::save(&app, bot.guild, UserId(9), upload)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_is_made_shown_tested_sent_and_reported() {
    let bot = Bot::start().await;
    prepared(&bot).await;
    let says = async |line: &str| bot.admin().slash(line).await.unwrap();
    let made =
        says("/campaign create name:November template:news segment:city = \"Seoul\" kind:notice")
            .await;
    for part in [
        "**November** was created",
        "Recipients: **2**",
        "city = \"Seoul\"",
    ] {
        assert!(made.text().contains(part), "{part}: {}", made.text());
    }
    let shown = says("/campaign preview name:November").await;
    let shown = shown.message().unwrap();
    assert!(shown.text().contains("News for Mina"), "{}", shown.text());
    let eml = bot.discord.file(&shown.attachments[0]).unwrap();
    let eml = String::from_utf8(eml).unwrap();
    assert!(eml.contains("Subject: News for Mina\r\n"), "{eml}");
    let tested = says("/campaign test name:November email:me@example.com").await;
    assert!(
        tested.text().contains("A test is on its way to me"),
        "{}",
        tested.text()
    );
    let proven = says("/campaign send name:November").await;
    let proven = proven.message().unwrap();
    for part in ["is ready", "aren't signed", "News for Mina", "=Zoe"] {
        assert!(proven.text().contains(part), "{part}: {}", proven.text());
    }
    // Whoever sees the button is no admin by that.
    let button = proven.buttons()[0].clone();
    let id = button.custom_id.unwrap();
    let forged = bot.mina().forge(&bot.started().await, &id).await.unwrap();
    assert!(forged.text().contains("Manage Server"), "{}", forged.text());
    let sending = bot.admin().click(&proven, &id).await.unwrap();
    assert!(sending.text().contains("November"), "{}", sending.text());
    let done = async {
        loop {
            let status = bot
                .admin()
                .slash("/campaign status name:November")
                .await
                .unwrap();
            if status.text().contains("is done") {
                return status.text();
            }
        }
    };
    let done = turning(&bot.clock, done).await;
    assert!(done.contains("2/2") && done.contains("Sent: 2"), "{done}");
    let again = bot.admin().click(&proven, &id).await.unwrap();
    assert!(
        again.text().contains("has already started"),
        "{}",
        again.text()
    );
    let admin = bot.admin();
    let report = admin.slash("/campaign report name:November").await.unwrap();
    let report = report.message().unwrap();
    let names = report.attachments.iter().map(|file| &*file.filename);
    assert!(
        names.eq(["campaign.png", "recipients.csv"]),
        "each file goes by its own name"
    );
    let csv = bot.discord.file(&report.attachments[1]).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.contains("'=Zoe") && csv.contains(",sent,"), "{csv}");
    let list = says("/campaign list").await.text();
    assert!(list.contains("November") && list.contains("news"), "{list}");
    let offered = bot
        .admin()
        .autocomplete("campaign status", &[], "name", "nov")
        .await
        .unwrap();
    assert_eq!(offered[0].1, "November");
    let offered = bot
        .admin()
        .autocomplete("campaign create", &[], "template", "ne")
        .await
        .unwrap();
    assert_eq!(offered[0].1, "news");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_input_gets_a_sentence_that_says_what_to_do() {
    let bot = Bot::start().await;
    prepared(&bot).await;
    let says = async |line: &str| {
        let reply = bot.admin().slash(line).await.unwrap();
        bot.answered(reply).await.text()
    };
    says("/campaign create name:Sale template:news").await;
    says("/campaign create name:News template:news kind:notice").await;
    for (line, said) in [
        (
            "/campaign create name:X template:none",
            "no template with this name",
        ),
        (
            "/campaign create name:X template:news segment:city =",
            "ends at character",
        ),
        (
            "/campaign create name:X template:news segment:cty = \"Seoul\"",
            "Did you mean “city”",
        ),
        (
            "/campaign create name:X template:news segment:city = Seoul",
            "expected a value",
        ),
        ("/campaign send name:None", "no campaign with this name"),
        ("/campaign send name:Sale", "2 without consent"),
        ("/campaign status name:None", "no campaign with this name"),
        ("/campaign status name:Sale", "hasn't been sent yet"),
        ("/campaign pause name:Sale", "isn't being sent"),
        ("/campaign resume name:Sale", "isn't being sent"),
        (
            "/campaign report name:Sale",
            "Nothing of this campaign has been sent yet",
        ),
        (
            "/campaign retry-failed name:Sale",
            "Nothing of this campaign has been sent yet",
        ),
        ("/campaign cancel name:Sale", "cancelled before anything"),
        ("/campaign cancel name:Sale", "Nothing to cancel"),
        (
            "/campaign test name:News email:nobody",
            "isn't a valid email address",
        ),
        ("/campaign schedule name:News at:2020-01-01 18:00", "passed"),
        ("/campaign schedule name:News at:whenever", "whenever"),
    ] {
        let told = says(line).await;
        assert!(told.contains(said), "{line}: {told}");
    }
    let member = bot.mina().let_in().slash("/campaign list").await.unwrap();
    assert!(member.text().contains("Manage Server"), "{}", member.text());
    let scheduled = bot
        .admin()
        .slash("/campaign schedule name:News at:in 2h")
        .await
        .unwrap();
    assert!(
        scheduled.text().contains("It begins at"),
        "{}",
        scheduled.text()
    );
    let shown = scheduled.message().unwrap();
    let confirmed = bot.admin().click(&shown, "Send it then").await.unwrap();
    assert!(confirmed.text().contains("begins"), "{}", confirmed.text());
    let cancelled = says("/campaign cancel name:News").await;
    assert!(
        cancelled.contains("cancelled before anything"),
        "{cancelled}"
    );
    bot.end().await;
}
