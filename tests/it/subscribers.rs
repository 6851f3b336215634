//! Subscribers: imports, what is never cleared, and the commands.

use timeattack::error::{Error, UserError};
use timeattack::ids::{GuildId, ImportId, UserId};
use timeattack::mailer::EmailAddress;
use timeattack::sandbox::{self, FaultKind, Message, Reply};
use timeattack::subscriber::sheet::Fault;
use timeattack::subscriber::{self, Consent, Draft, Entry, Imported, Reason, attributes};

use crate::support::bot::Bot;
use crate::support::{GUILD, TestApp, all, execute, file, refusal};

const ADMIN: UserId = UserId(5);

impl TestApp {
    async fn reads(&self, guild: GuildId, file: &str) -> Result<Draft, Error> {
        let bytes = file.as_bytes().to_vec();
        self.inside(async move |app| subscriber::read(&app, guild, ADMIN, bytes).await)
            .await
    }

    async fn confirms(&self, guild: GuildId, id: ImportId) -> Result<Imported, Error> {
        self.inside(async move |app| subscriber::confirm(&app, guild, id).await)
            .await
    }

    async fn imports(&self, file: &str) -> Imported {
        let draft = self.reads(GUILD, file).await.unwrap();
        self.confirms(GUILD, draft.id).await.unwrap()
    }

    async fn adds(&self, email: &str, consent: Option<Consent>) -> subscriber::Added {
        let entry = Entry {
            email: address(email),
            name: "Mina".into(),
            attributes: attributes::parse("city=Seoul").unwrap(),
            consent,
        };
        self.inside(async move |app| subscriber::add(&app, GUILD, entry).await)
            .await
            .unwrap()
    }

    async fn addresses(&self, guild: GuildId) -> Vec<String> {
        let page = self
            .inside(async move |app| subscriber::list(&app, guild, 0).await)
            .await
            .unwrap();
        let subscribers = page.subscribers.into_iter();
        subscribers.map(|one| one.address).collect()
    }
}

fn address(given: &str) -> EmailAddress {
    EmailAddress::parse(given).unwrap()
}

#[tokio::test]
async fn whoever_is_added_again_keeps_what_is_not_said_anew() {
    let app = TestApp::start().await;
    app.imports("email,name,city,joined\nmina@example.com,Mina,Busan,2026-01-02\n")
        .await;
    assert!(!app.adds("mina@example.com", None).await.is_new);
    let mina = app
        .inside(async |app| subscriber::get(&app, GUILD, &address("mina@example.com")).await)
        .await
        .unwrap();
    let attributes = mina.0.unwrap().attributes;
    let known: Vec<_> = attributes
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    assert_eq!(known, [("city", "Seoul"), ("joined", "2026-01-02")]);
}

#[tokio::test]
async fn an_import_changes_nothing_until_it_is_confirmed_and_then_once() {
    let app = TestApp::start().await;
    app.adds("known@example.com", None).await;
    let file = "email,name,city\n\
         new@example.com,New,Busan\n\
         Known@Example.com,Known again,Jeju\n\
         nobody,Nobody,\n";
    let draft = app.reads(GUILD, file).await.unwrap();
    assert_eq!((draft.good, draft.new, draft.faulty), (2, 1, 1));
    assert_eq!(draft.faults, [(4, Fault::Email)]);
    assert_eq!(app.addresses(GUILD).await, ["known@example.com"]);
    let imported = app.confirms(GUILD, draft.id).await.unwrap();
    assert_eq!((imported.added, imported.replaced), (1, 1));
    // As the file writes it, once.
    assert_eq!(
        app.addresses(GUILD).await,
        ["Known@example.com", "new@example.com"]
    );
    let again = refusal(app.confirms(GUILD, draft.id).await);
    assert_eq!(again, UserError::Outdated);
}

#[tokio::test]
async fn an_import_is_its_own_guilds_and_its_subscribers_too() {
    let app = TestApp::start().await;
    let other = GuildId(9);
    let draft = app.reads(GUILD, "email\na@example.com\n").await.unwrap();
    assert_eq!(
        refusal(app.confirms(other, draft.id).await),
        UserError::Outdated
    );
    app.confirms(GUILD, draft.id).await.unwrap();
    assert!(app.addresses(other).await.is_empty());
    let draft = app.reads(other, "email\na@example.com\n").await.unwrap();
    assert_eq!(draft.new, 1, "another guild's is none of this one's");
}

#[tokio::test]
async fn no_import_and_no_addition_clears_what_somebody_decided() {
    let app = TestApp::start().await;
    app.adds("gone@example.com", None).await;
    let unsubscribed = "INSERT INTO suppressions (guild_id, email, scope, reason, since_ms) \
         VALUES (77000000000000001, 'gone@example.com', 'all', 'unsubscribed', 1)";
    execute(&app.app().db, unsubscribed).await.unwrap();
    let draft = app.reads(GUILD, "email\nGONE@example.com\n").await.unwrap();
    assert_eq!(draft.suppressed, 1, "and the preview says so");
    app.confirms(GUILD, draft.id).await.unwrap();
    let added = app.adds("gone@example.com", None).await;
    assert_eq!(added.suppressed.unwrap().reason, Reason::Unsubscribed);
    let (subscriber, ..) = app
        .inside(async |app| subscriber::get(&app, GUILD, &address("gone@example.com")).await)
        .await
        .unwrap();
    assert_eq!(subscriber.unwrap().suppressions.len(), 1);
}

#[tokio::test]
async fn what_an_admin_suppressed_survives_an_import_and_an_admin_lifts_it() {
    let app = TestApp::start().await;
    app.adds("a@example.com", None).await;
    let removed = app
        .inside(async |app| subscriber::remove(&app, GUILD, &address("A@example.com"), true).await)
        .await;
    assert!(removed.unwrap());
    app.imports("email\na@example.com\n").await;
    let page = app
        .inside(async |app| subscriber::list(&app, GUILD, 0).await)
        .await
        .unwrap();
    assert_eq!((page.count, page.suppressed), (1, 1));
    assert_eq!(app.adds("a@example.com", None).await.suppressed, None);
}

#[tokio::test]
async fn consents_are_added_and_never_changed_and_the_same_one_once() {
    let app = TestApp::start().await;
    let file = "email,consent_at,consent_source,consent_wording\n\
         a@example.com,2026-01-01,sign-up form,I agree to advertising\n";
    app.imports(file).await;
    app.imports(file).await;
    app.imports("email\na@example.com\n").await;
    let later = Consent {
        decided_ms: 1_790_000_000_000,
        source: "fair".into(),
        wording: "Yes".into(),
    };
    app.adds("a@example.com", Some(later.clone())).await;
    let (_, _, consents) = app
        .inside(async |app| subscriber::get(&app, GUILD, &address("a@example.com")).await)
        .await
        .unwrap();
    assert_eq!(consents.len(), 2, "{consents:?}");
    assert_eq!(consents[0].source, "sign-up form");
    assert_eq!(consents[1], later);
}

#[tokio::test]
async fn an_import_of_a_hundred_thousand_is_read_and_written_and_one_more_is_refused() {
    let app = TestApp::start().await;
    let mut file = String::from("email,name,city\n");
    for number in 0..100_000 {
        file.push_str(&format!(
            "member{number}@example.com,Member {number},Seoul\n"
        ));
    }
    let draft = app.reads(GUILD, &file).await.unwrap();
    assert_eq!((draft.good, draft.faulty), (100_000, 0));
    let imported = app.confirms(GUILD, draft.id).await.unwrap();
    assert_eq!((imported.added, imported.replaced), (100_000, 0));
    file.push_str("one@more.com,One more,\n");
    let refused = refusal(app.reads(GUILD, &file).await);
    assert_eq!(refused, UserError::SheetTooLong { most: 100_000 });
    let files = app
        .inside(async |app| all(subscriber::export(&app, GUILD, 1_000_000).await).await)
        .await;
    assert!(files.len() > 4 && files.iter().all(|file| file.len() <= 1_000_000));
    let rows: usize = files
        .iter()
        .map(|file| String::from_utf8_lossy(file).lines().count() - 1)
        .sum();
    assert_eq!(rows, 100_000);
}

/// Asked at every claim of the lane of mails, also before PostgreSQL has any statistics.
#[tokio::test]
async fn whether_somebody_is_suppressed_is_looked_up_by_their_address() {
    let app = TestApp::start().await;
    let sql = "SELECT asked.column1 FROM (VALUES ('a@example.com'), ('b@example.com')) AS asked \
         WHERE (SELECT COUNT(*) FROM suppressions WHERE guild_id = 1 \
             AND email = asked.column1 AND (scope = 'all' OR 0 = 1)) > 0";
    let plan = app.plan(sql).await;
    let by = if app.is_postgres() {
        "Index Cond: ((guild_id = 1) AND (email = "
    } else {
        "(guild_id=? AND email=?"
    };
    assert!(plan.contains(by), "{plan}");
}

#[tokio::test]
async fn a_draft_makes_way_for_the_next_and_goes_with_its_admin() {
    let app = TestApp::start().await;
    let first = app.reads(GUILD, "email\na@example.com\n").await.unwrap();
    let second = app.reads(GUILD, "email\nb@example.com\n").await.unwrap();
    let outdated = refusal(app.confirms(GUILD, first.id).await);
    assert_eq!(outdated, UserError::Outdated);
    app.inside(async |app| timeattack::privacy::delete(&app, GUILD, ADMIN).await)
        .await
        .unwrap();
    let gone = refusal(app.confirms(GUILD, second.id).await);
    assert_eq!(gone, UserError::Outdated);
    let empty = app.reads(GUILD, "email\nx\n").await.unwrap();
    assert_eq!(empty.good, 0);
    let nothing = refusal(app.confirms(GUILD, empty.id).await);
    assert_eq!(nothing, UserError::Outdated);
}

async fn file_of(bot: &Bot, name: &str, bytes: &[u8]) -> Reply {
    let options = [("file", file(name, bytes))];
    bot.uploads("subscriber import", &options).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_previewed_imported_listed_shown_and_exported() {
    let bot = Bot::start().await;
    let says = async |line: &str| bot.admin().slash(line).await.unwrap().text();
    let csv = "이메일,이름,도시\r\nmina@example.com,=미나,서울\r\nnobody,x,\r\n";
    let preview = file_of(&bot, "list.csv", csv.as_bytes()).await;
    assert!(preview.is_ephemeral());
    for part in [
        "**1** row: 1 new",
        "1 row is left out",
        "line 3: not a valid email address",
    ] {
        assert!(preview.text().contains(part), "{part}: {}", preview.text());
    }
    let preview = preview.message().unwrap();
    let member = bot
        .mina()
        .forge(&bot.started().await, "su:import:1")
        .await
        .unwrap();
    assert!(member.text().contains("Manage Server"), "{}", member.text());
    let done = bot.admin().click(&preview, "Import 1").await.unwrap();
    assert!(done.text().contains("1 new, 0 updated"), "{}", done.text());
    let added = says(
        "/subscriber add email:B@Example.com name:자몽 attributes:city=Busan \
         consent_source:fair consent_wording:I agree",
    )
    .await;
    assert!(added.contains("is now a subscriber"), "{added}");
    let list = says("/subscriber list").await;
    assert!(
        list.contains("2 subscribers") && list.contains("자몽"),
        "{list}"
    );
    let shown = says("/subscriber show email:b@example.com").await;
    for part in ["**city:** Busan", "Agreed to advertising", "I agree"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let offered = bot
        .admin()
        .autocomplete("subscriber show", &[], "email", "MI")
        .await
        .unwrap();
    assert_eq!(offered[0].1, "mina@example.com");
    let none = bot
        .mina()
        .let_in()
        .autocomplete("subscriber show", &[], "email", "mi")
        .await
        .unwrap();
    assert!(none.is_empty(), "nobody else is told addresses: {none:?}");
    let export = bot.admin().slash("/subscriber export").await.unwrap();
    let export = bot.answered(export).await;
    let file = bot
        .discord
        .file(&export.message().unwrap().attachments[0])
        .unwrap();
    let file = String::from_utf8(file).unwrap();
    assert!(
        file.contains("'=미나") && file.contains("I agree"),
        "{file}"
    );
    let consents = &export.message().unwrap().attachments[1];
    let consents = String::from_utf8(bot.discord.file(consents).unwrap()).unwrap();
    assert!(
        consents.contains("decision") && consents.contains("agreed"),
        "{consents}"
    );
    let removed = says("/subscriber remove email:mina@example.com suppress:true").await;
    assert!(
        removed.contains("nothing is sent there, even if it is imported"),
        "{removed}"
    );
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_files_and_options_get_a_sentence_that_says_what_to_do() {
    let bot = Bot::start().await;
    for (file, said) in [
        (&b""[..], "This file is empty"),
        (b"name,city\nA,B\n", "No column is named"),
        (b"email,1st\na@b.kr,x\n", "can't be the name of a column"),
        (b"email,city,city\n", "Two columns"),
        (b"email\n\xff\xfe\xff\xff", "neither UTF-8 nor CP949"),
        (b"email\nnobody\n", "Nothing in this file can be imported"),
    ] {
        let told = file_of(&bot, "list.csv", file).await.text();
        assert!(told.contains(said), "{said}: {told}");
    }
    for (line, said) in [
        ("/subscriber list", "no subscribers yet"),
        ("/subscriber export", "no subscribers yet"),
        (
            "/subscriber show email:a@example.com",
            "no subscriber with this address",
        ),
        (
            "/subscriber show email:nobody",
            "isn't a valid email address",
        ),
        (
            "/subscriber remove email:a@example.com",
            "no subscriber with this address",
        ),
        (
            "/subscriber add email:a b@c name:A",
            "isn't a valid email address",
        ),
        (
            "/subscriber add email:a@b.kr name:A attributes:city",
            "name=value",
        ),
        (
            "/subscriber add email:a@b.kr name:A attributes:name=B",
            "name=value",
        ),
        (
            "/subscriber add email:a@b.kr name:A consent_source:x",
            "For a consent, give both",
        ),
    ] {
        let told = bot.admin().slash(line).await.unwrap().text();
        assert!(told.contains(said), "{line}: {told}");
    }
    let member = bot.mina().let_in().slash("/subscriber list").await.unwrap();
    assert!(member.text().contains("Manage Server"), "{}", member.text());
    bot.end().await;
}

/// So many subscribers, by hand, whose names are a hundred characters.
pub async fn many(bot: &Bot, count: i64) {
    let row = |n: i64| {
        let (guild, name) = (bot.guild.get(), "N".repeat(100));
        let email = format!("reader{n:04}@example.org");
        format!("({n}, {guild}, '{email}', '{email}', '{name}', '{{}}', 0, 0)")
    };
    let rows: Vec<String> = (1..=count).map(row).collect();
    let sql = format!(
        "INSERT INTO subscribers (id, guild_id, email, address, name, attributes, created_ms, \
         updated_ms) VALUES {}",
        rows.join(", ")
    );
    execute(&bot.app().db, sql).await.unwrap();
}

/// The files of the messages that only the admin sees, and what those say, in their order.
fn given(bot: &Bot) -> (Vec<String>, Vec<(String, Vec<u8>)>) {
    let (mut texts, mut files) = (Vec::new(), Vec::new());
    for message in bot.discord.messages(bot.channel) {
        assert!(message.is_ephemeral() && message.attachments.len() <= 10);
        texts.push(message.text());
        for file in &message.attachments {
            files.push((file.filename.clone(), bot.discord.file(file).unwrap()));
        }
    }
    (texts, files)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_of_more_files_than_a_message_takes_is_whole() {
    let bot = Bot::start().await;
    many(&bot, 150).await;
    // Ten rows fit a file.
    bot.discord.limit_files(1_600);
    let admin = bot.admin();
    admin.slash("/subscriber export").await.unwrap();
    let is_last = |message: &Message| message.text().contains("Message 2 of 2");
    bot.discord
        .message_where(bot.channel, is_last)
        .await
        .unwrap();
    let (texts, files) = given(&bot);
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].contains("15 files, in 2 messages"), "{texts:?}");
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let numbered: Vec<String> = (1..=15).map(|n| format!("subscribers-{n}.csv")).collect();
    assert_eq!(names, numbered);
    let mut rows: Vec<String> = Vec::new();
    for (_, file) in files {
        let file = String::from_utf8(file).unwrap();
        rows.extend(file.lines().skip(1).map(|row| row[..22].to_owned()));
    }
    let all: Vec<String> = (1..=150)
        .map(|n| format!("reader{n:04}@example.org"))
        .collect();
    assert_eq!(rows, all);
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_lacks_a_part_of_an_export_is_told() {
    let bot = Bot::start().await;
    many(&bot, 150).await;
    bot.discord.limit_files(1_600);
    bot.discord
        .fault(sandbox::Fault::on("/webhooks/", FaultKind::Status(502)).method("POST"));
    bot.admin().slash("/subscriber export").await.unwrap();
    let is_told = |message: &Message| message.text().contains("Please ask again");
    bot.discord
        .message_where(bot.channel, is_told)
        .await
        .unwrap();
    let (texts, files) = given(&bot);
    assert_eq!(files.len(), 10);
    assert!(
        texts[1].contains("One message with files couldn't be sent"),
        "{texts:?}"
    );
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_take_long_to_be_sent_come_after_the_first_answer() {
    let bot = Bot::start().await;
    many(&bot, 3_000).await;
    let thinking = bot.admin().slash("/subscriber export").await.unwrap();
    // The file may be there by now, but it was not in the first answer.
    assert!(matches!(thinking, Reply::Deferred(_)), "{thinking:?}");
    let message = thinking.message().unwrap();
    let has_file = |now: &Message| now.id == message.id && now.attachments.len() == 1;
    bot.discord
        .message_where(bot.channel, has_file)
        .await
        .unwrap();
    let (_, files) = given(&bot);
    assert_eq!(files[0].0, "subscribers.csv");
    let file = String::from_utf8(files[0].1.clone()).unwrap();
    assert_eq!(file.lines().count(), 3_001);
    bot.end().await;
}
