//! Templates of mails, and the commands around them.

use std::sync::Arc;

use mail_parser::{MessageParser, MimeHeaders as _};
use timeattack::db::{BoxFuture, Tx};
use timeattack::error::{MailTemplateError, Result, UserError};
use timeattack::ids::GuildId;
use timeattack::mailer::Mailer;
use timeattack::sandbox::{OptionValue, Reply};
use timeattack::template::{self, Guard, MOST_TEMPLATES, Saved, Upload, images};

use crate::support::bot::Bot;
use crate::support::{self, GUILD, MEMBER, TestApp, file, mail_means};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";
const FREE: Guard = |_, _, _| Box::pin(async { Ok(()) });

fn upload(name: &str, html: &str) -> Upload {
    Upload {
        name: name.into(),
        subject: "News for {{ name }}".into(),
        html: html.into(),
        images: Vec::new(),
    }
}

impl TestApp {
    async fn saves(&self, guild: GuildId, upload: Upload) -> Result<Saved> {
        self.inside(async move |app| template::save(&app, guild, MEMBER, upload).await)
            .await
    }

    async fn template(&self, guild: GuildId, name: &'static str) -> Result<template::Template> {
        self.inside(async move |app| template::get(&app, guild, name).await)
            .await
    }
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T>) -> MailTemplateError {
    match support::refusal(outcome) {
        UserError::MailTemplate(refusal) => refusal,
        other => panic!("a refusal of a template was expected, not {other:?}"),
    }
}

#[tokio::test]
async fn a_template_is_its_guilds_and_the_same_name_is_the_same_template() {
    let app = TestApp::start().await;
    let mut first = upload("소식 Weekly", "<p>one");
    first.images.push(images::Upload {
        file: "logo.png".into(),
        media_type: Some("image/png".into()),
        bytes: PNG.to_vec(),
    });
    let saved = app.saves(GUILD, first).await.unwrap();
    assert!(!saved.replaced);
    // Written with letters put together, and in capitals.
    let again = upload(" 소식 WEEKLY ", "<p>{{ city }}");
    let saved = app.saves(GUILD, again).await.unwrap();
    assert!(saved.replaced && saved.fields.contains("city"), "{saved:?}");
    let kept = app.template(GUILD, "소식 weekly").await.unwrap();
    assert_eq!(kept.html, "<p>{{ city }}");
    assert!(kept.frozen.images.is_empty(), "pictures are replaced, too");
    assert_eq!(kept.author, Some(MEMBER));
    let elsewhere = app.template(GuildId(9), "소식 weekly").await;
    assert_eq!(refusal(elsewhere), MailTemplateError::Unknown);
    let frozen = app
        .inside(async |app| {
            let mut tx = app.db.read().await?;
            template::frozen(&mut tx, GUILD, "소식 Weekly").await
        })
        .await;
    assert_eq!(frozen.unwrap(), kept.frozen);
}

#[tokio::test]
async fn a_guild_has_so_many_templates_and_replacing_one_is_no_more() {
    let app = TestApp::start().await;
    for number in 0..MOST_TEMPLATES {
        let name = format!("template {number}");
        app.saves(GUILD, upload(&name, "x")).await.unwrap();
    }
    let most = MOST_TEMPLATES;
    let refused = refusal(app.saves(GUILD, upload("one more", "x")).await);
    assert_eq!(refused, MailTemplateError::TooMany { most });
    assert!(
        app.saves(GUILD, upload("template 5", "y"))
            .await
            .unwrap()
            .replaced
    );
    assert!(app.saves(GuildId(9), upload("one more", "x")).await.is_ok());
    let all = app
        .inside(async |app| template::list(&app, GUILD).await)
        .await
        .unwrap();
    assert_eq!(all.len(), usize::try_from(MOST_TEMPLATES).unwrap());
}

#[tokio::test]
async fn what_a_campaign_uses_is_not_deleted_and_nothing_is_deleted_elsewhere() {
    fn used<'t>(_: &'t mut Tx, _: GuildId, key: &'t str) -> BoxFuture<'t, Result<()>> {
        assert_eq!(key, "news");
        let campaign = "Autumn".to_owned();
        Box::pin(async { Err(MailTemplateError::InUse { campaign }.into()) })
    }
    let app = TestApp::start().await;
    app.saves(GUILD, upload("News", "x")).await.unwrap();
    let delete = async |guild: GuildId, guard: Guard| {
        app.inside(async move |app| template::delete(&app, guild, "news", guard).await)
            .await
    };
    let campaign = "Autumn".to_owned();
    assert_eq!(
        refusal(delete(GUILD, used).await),
        MailTemplateError::InUse { campaign }
    );
    assert_eq!(
        refusal(delete(GuildId(9), FREE).await),
        MailTemplateError::Unknown
    );
    assert!(app.template(GUILD, "news").await.is_ok());
    delete(GUILD, FREE).await.unwrap();
    assert_eq!(
        refusal(app.template(GUILD, "news").await),
        MailTemplateError::Unknown
    );
}

#[tokio::test]
async fn a_template_stays_when_its_author_has_their_data_deleted() {
    let app = TestApp::start().await;
    app.saves(GUILD, upload("News", "x")).await.unwrap();
    app.inside(async |app| timeattack::privacy::delete(&app, GUILD, MEMBER).await)
        .await
        .unwrap();
    assert_eq!(app.template(GUILD, "news").await.unwrap().author, None);
    assert!(app.mentions_of(&MEMBER.0.to_string()).await.is_empty());
}

async fn save(bot: &Bot, subject: &str, html: &[u8], image: Option<(&str, &[u8])>) -> Reply {
    let mut options = vec![
        ("name", OptionValue::Text("News".into())),
        ("subject", OptionValue::Text(subject.into())),
        ("body", file("mail.html", html)),
    ];
    if let Some((name, bytes)) = image {
        options.push(("image1", file(name, bytes)));
    }
    bot.uploads("template save", &options).await
}

fn attachment(bot: &Bot, reply: &Reply) -> Vec<u8> {
    let message = reply.message().unwrap();
    bot.discord.file(&message.attachments[0]).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_is_saved_listed_shown_previewed_and_deleted() {
    let bot = Bot::start().await;
    let says = async |line: &str| bot.admin().slash(line).await.unwrap();
    let html = "<style>p{color:red}</style><p>Hi {{ name }} of {{ city }}</p>\
        <img src=\"{{ image('logo') }}\" alt=\"Logo\">\
        <a href=\"{{ unsubscribe_url }}\">unsubscribe</a>";
    let saved = save(
        &bot,
        "{{ name }}, 소식",
        html.as_bytes(),
        Some(("Logo.png", PNG)),
    )
    .await;
    assert!(saved.is_ephemeral());
    for part in ["News", "was saved", "`city`, `name`, `unsubscribe_url`"] {
        assert!(saved.text().contains(part), "{part}: {}", saved.text());
    }
    let list = says("/template list").await.text();
    assert!(
        list.contains("**News**") && list.contains("1 picture"),
        "{list}"
    );
    let shown = says("/template show name:news").await;
    for part in ["`city`", "`logo`", "1 KB", "소식"] {
        assert!(shown.text().contains(part), "{part}: {}", shown.text());
    }
    assert_eq!(attachment(&bot, &shown), html.as_bytes());
    // Nobody has a city yet.
    let missing = says("/template preview name:News").await.text();
    assert!(
        missing.contains("This recipient has no “city”"),
        "{missing}"
    );
    says("/subscriber add email:mina@example.com name:미나 <b> attributes:city=Seoul & more").await;
    let preview = says("/template preview name:News email:mina@example.com").await;
    for part in ["소식", "Hi 미나", "Seoul & more", "1 picture", "To mina@"] {
        assert!(preview.text().contains(part), "{part}: {}", preview.text());
    }
    let mail = attachment(&bot, &preview);
    let read = MessageParser::default().parse(&mail).unwrap();
    assert_eq!(read.subject(), Some("미나 <b>, 소식"));
    assert_eq!(
        read.from().unwrap().first().unwrap().address(),
        Some("bot@example.org")
    );
    assert_eq!(
        read.to().unwrap().first().unwrap().address(),
        Some("mina@example.com")
    );
    let html = read.body_html(0).unwrap();
    for part in [
        "<p style=\"color: red;\">Hi 미나 &lt;b&gt; of Seoul &amp; more</p>",
        "<img src=\"cid:logo@timeattack\" alt=\"Logo\">",
        "<a href=\"https://timeattack.example/unsubscribe/",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    let text = read.body_text(0).unwrap();
    assert!(
        text.starts_with("Hi 미나 <b> of Seoul & more\r\n\r\nLogo unsubscribe (https://"),
        "{text}"
    );
    let picture = read.attachment(0).unwrap();
    assert_eq!(picture.content_id(), Some("logo@timeattack"));
    assert_eq!(picture.contents(), PNG);
    for header in [
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "List-Id",
        "Feedback-ID",
    ] {
        assert!(read.header_raw(header).is_some(), "{header}");
    }
    assert!(mail.iter().all(u8::is_ascii));
    // The first subscriber's, where nobody is named; and the same bytes again.
    let again = says("/template preview name:NEWS").await;
    assert_eq!(attachment(&bot, &again), mail);
    let offered = bot
        .admin()
        .autocomplete("template preview", &[], "name", "ew")
        .await
        .unwrap();
    assert_eq!(offered[0].1, "News");
    let offered = bot
        .admin()
        .autocomplete("template preview", &[], "email", "mi")
        .await
        .unwrap();
    assert_eq!(offered[0].1, "mina@example.com");
    let none = bot
        .mina()
        .let_in()
        .autocomplete("template preview", &[], "name", "")
        .await
        .unwrap();
    assert!(none.is_empty(), "{none:?}");
    let replaced = save(&bot, "s", b"<p>x", None).await.text();
    assert!(replaced.contains("was replaced"), "{replaced}");
    let deleted = says("/template delete name:news").await.text();
    assert!(deleted.contains("was deleted"), "{deleted}");
    let list = says("/template list").await.text();
    assert!(list.contains("no templates yet"), "{list}");
    assert!(bot.mails.letters().is_empty(), "a preview sends nothing");
    bot.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_templates_get_a_sentence_that_says_what_to_do() {
    let bot = Bot::start().await;
    let large = vec![b'a'; template::HTML_BYTES + 1];
    for (html, said) in [
        (&b""[..], "This file is empty"),
        (b"\xb0\xa1", "isn't UTF-8 text"),
        (&large, "larger than 512 KiB"),
        (
            b"a\n{{ name",
            "Line 2 of the HTML: this tag is never closed",
        ),
        (
            b"\n\n{% include 'x' %}",
            "Line 3 of the HTML: `include` doesn't exist in emails",
        ),
        (b"{{ a|`*_safe }}", "Line 1 of the HTML"),
        (b"{{ a|safe }}", "`safe` doesn't exist here"),
        (b"{% if a %}", "`if` is never closed. Add `endif`"),
        (
            b"{{ image('x') }}",
            "there is no picture `x`: none was uploaded",
        ),
        (b"{{ a b }}", "this tag can't be read"),
        (b"<script>x</script>", "mail apps run no scripts"),
        (b"<a href={{ a }}>", "could become HTML"),
    ] {
        let told = save(&bot, "s", html, None).await.text();
        assert!(told.contains(said), "{said}: {told}");
    }
    for (image, said) in [
        (
            ("a.png", &b"<svg>"[..]),
            "mail apps can't show this kind of image",
        ),
        (("a.jpg", PNG), "this is PNG"),
        (("로고.png", PNG), "can't have this file name"),
    ] {
        let told = save(&bot, "s", b"x", Some(image)).await.text();
        assert!(told.contains(said), "{said}: {told}");
    }
    for subject in ["{{ name", "{{ subject }}"] {
        let told = save(&bot, subject, b"x", None).await.text();
        assert!(told.contains("The subject: "), "{told}");
    }
    for (line, said) in [
        ("/template show name:x", "no template with this name"),
        ("/template preview name:x", "no template with this name"),
        ("/template delete name:x", "no template with this name"),
    ] {
        let told = bot.admin().slash(line).await.unwrap().text();
        assert!(told.contains(said), "{line}: {told}");
    }
    let warned = save(
        &bot,
        "s",
        b"<form><img src=\"https://x/y.png\"></form>",
        Some(("a.gif", b"GIF89a")),
    );
    let warned = warned.await.text();
    for part in [
        "One picture is loaded",
        "don't submit forms",
        "shown in none",
        "unsubscribe_url",
    ] {
        assert!(warned.contains(part), "{part}: {warned}");
    }
    let told = bot
        .admin()
        .slash("/template preview name:news email:a@b.kr")
        .await;
    assert!(
        told.unwrap()
            .text()
            .contains("no subscriber with this address")
    );
    // Somebody made up, as there is nobody.
    let told = bot
        .admin()
        .slash("/template preview name:news")
        .await
        .unwrap();
    assert!(told.text().contains("To someone@"), "{}", told.text());
    let member = bot.mina().let_in().slash("/template list").await.unwrap();
    assert!(member.text().contains("Manage Server"), "{}", member.text());
    bot.end().await;
}

/// What a member is called is shown as it is, in a mail's header as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_name_stays_a_name() {
    let bot = Bot::start().await;
    save(
        &bot,
        "{{ name }}",
        b"<p title=\"{{ name }}\">{{ name }}</p>",
        None,
    )
    .await;
    let name = "\"><script>alert(1)</script>, x@evil.example <@1> **@everyone** {{ email }}";
    let line = format!("/subscriber add email:mina@example.com name:{name}");
    bot.admin().slash(&line).await.unwrap();
    let preview = bot
        .admin()
        .slash("/template preview name:News")
        .await
        .unwrap();
    let mail = attachment(&bot, &preview);
    let read = MessageParser::default().parse(&mail).unwrap();
    assert_eq!(read.subject(), Some(name));
    let to = read.to().unwrap();
    assert_eq!(to.iter().count(), 1);
    assert_eq!(to.first().unwrap().address(), Some("mina@example.com"));
    let html = read.body_html(0).unwrap();
    assert_eq!(html.matches('<').count(), 2, "{html}");
    let message = preview.message().unwrap();
    assert!(!preview.text().contains("@everyone"), "{}", preview.text());
    assert!(!message.text().contains("<@1>"), "{}", message.text());
    bot.end().await;
}

#[tokio::test]
async fn without_a_sender_there_is_no_preview() {
    let app = TestApp::start().await;
    app.saves(GUILD, upload("News", "x")).await.unwrap();
    let preview = app
        .inside(async |app| template::preview(&app, GUILD, "Study", "News", None, "Name").await)
        .await;
    assert_eq!(refusal(preview), MailTemplateError::NoSender);
}

#[tokio::test]
async fn where_nobody_subscribes_the_field_that_somebody_made_up_lacks_is_named() {
    let mails = Mailer::Memory(Arc::default());
    let app = TestApp::with_mail(|_| mail_means(mails)).await;
    app.saves(GUILD, upload("News", "{{ name }} of {{ city }}"))
        .await
        .unwrap();
    let preview = app
        .inside(async |app| template::preview(&app, GUILD, "Study", "News", None, "Name").await)
        .await;
    let field = "city".to_owned();
    assert_eq!(refusal(preview), MailTemplateError::MissingField { field });
}
