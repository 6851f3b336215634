//! `/template`: what mails say.

use poise::serenity_prelude as serenity;
use serenity::{CreateAttachment, CreateAutocompleteResponse, CreateEmbed};

use super::manager;
use super::subscriber::{address, suggest_email};
use crate::app::App;
use crate::campaign;
use crate::discord::answer::{Answer, Reply, listed};
use crate::discord::attachment::fetch;
use crate::discord::framework::Context;
use crate::discord::guild_name::guild_name;
use crate::discord::names::name_of;
use crate::discord::respond::{self, Deferral};
use crate::discord::suggest;
use crate::error::{ImageFault, MailTemplateError, Result};
use crate::i18n::{Arg, Language, text};
use crate::messenger::markdown::{escape, shorten};
use crate::template::images::{self, IMAGE_BYTES};
use crate::template::{self as templates, HTML_BYTES, Listed, Preview, Template, Warning};
use crate::timeattack::text::timestamp;

/// Lines of the text part that a preview shows.
const LINES_SHOWN: usize = 12;
/// Characters of each.
const LINE_LENGTH: usize = 160;
/// Characters of an embed's title; Discord takes 256.
const TITLE_LENGTH: usize = 250;
/// Characters of a subject in a list.
const SHOWN: usize = 60;
const KIB: usize = 1024;

/// What mails say
#[poise::command(
    slash_command,
    guild_only,
    subcommand_required,
    default_member_permissions = "MANAGE_GUILD",
    subcommands("save", "list", "show", "preview", "delete")
)]
#[expect(
    clippy::unused_async,
    reason = "poise's form; a group itself is never used"
)]
pub(super) async fn template(_ctx: Context<'_>) -> Result<()> {
    Ok(())
}

/// Save one, or replace it
#[poise::command(slash_command)]
#[expect(clippy::too_many_arguments, reason = "one for each option")]
async fn save(
    ctx: Context<'_>,
    #[autocomplete = "suggest_template"] name: String,
    subject: String,
    body: serenity::Attachment,
    image1: Option<serenity::Attachment>,
    image2: Option<serenity::Attachment>,
    image3: Option<serenity::Attachment>,
    image4: Option<serenity::Attachment>,
    image5: Option<serenity::Attachment>,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let app = &ctx.data().app;
        let too_large = MailTemplateError::TooLarge {
            most_kib: HTML_BYTES / KIB,
        };
        let html = fetch(app, &body, HTML_BYTES, too_large.into()).await?;
        let files = [image1, image2, image3, image4, image5];
        let upload = templates::Upload {
            name,
            subject,
            html,
            images: pictures(app, files.into_iter().flatten()).await?,
        };
        let saved = templates::save(app, asker.guild, asker.user, upload).await?;
        let language = asker.language;
        let key = if saved.replaced {
            "template-replaced"
        } else {
            "template-saved"
        };
        let said = text(language, key, &[("name", escape(&saved.name).into())]);
        let mut lines = vec![fields(saved.fields.iter(), language)];
        lines.extend(saved.warnings.iter().map(|one| warning(one, language)));
        let embed = CreateEmbed::new().description(listed(lines));
        Ok(Answer::Private(Reply::new(said).embed(embed)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

async fn pictures(
    app: &App,
    files: impl Iterator<Item = serenity::Attachment>,
) -> Result<Vec<images::Upload>> {
    let mut pictures = Vec::new();
    for file in files {
        let too_large = MailTemplateError::Image {
            file: file.filename.clone(),
            fault: ImageFault::TooLarge {
                most_mib: IMAGE_BYTES / (KIB * KIB),
            },
        };
        pictures.push(images::Upload {
            bytes: fetch(app, &file, IMAGE_BYTES, too_large.into()).await?,
            file: file.filename,
            media_type: file.content_type,
        });
    }
    Ok(pictures)
}

/// The fields that a template uses.
fn fields<'a>(names: impl Iterator<Item = &'a String>, language: Language) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        return text(language, "template-without-fields", &[]);
    }
    text(
        language,
        "template-fields",
        &[("fields", names.join(", ").into())],
    )
}

fn warning(warning: &Warning, language: Language) -> String {
    let say = |key: &str, args: &[(&str, Arg)]| text(language, key, args);
    match warning {
        Warning::RemoteImages(number) => say(
            "template-warning-remote-images",
            &[("count", (*number).into())],
        ),
        Warning::Form => say("template-warning-form", &[]),
        Warning::Ignored(element) => say(
            "template-warning-ignored",
            &[("element", element.as_str().into())],
        ),
        Warning::UnusedImage(name) => say(
            "template-warning-unused-image",
            &[("name", name.as_str().into())],
        ),
        Warning::Clipped(kib) => say("template-warning-clipped", &[("size", (*kib).into())]),
        Warning::NoUnsubscribe => say("template-warning-no-unsubscribe", &[]),
    }
}

/// Show all of them
#[poise::command(slash_command)]
async fn list(ctx: Context<'_>) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let language = asker.language;
        let all = templates::list(&ctx.data().app, asker.guild).await?;
        if all.is_empty() {
            return Ok(Answer::Private(Reply::new(text(
                language,
                "templates-none",
                &[],
            ))));
        }
        let line = |one: &Listed| {
            let args = [
                ("name", escape(&one.name).into()),
                ("subject", escape(&shorten(&one.subject, SHOWN)).into()),
                ("images", one.images.into()),
                ("at", timestamp(one.updated_ms, 'R').into()),
            ];
            text(language, "template-line", &args)
        };
        let title = text(language, "templates-title", &[("count", all.len().into())]);
        let embed = CreateEmbed::new().description(listed(all.iter().map(line)));
        Ok(Answer::Private(Reply::new(title).embed(embed)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Show one
#[poise::command(slash_command)]
async fn show(ctx: Context<'_>, #[autocomplete = "suggest_template"] name: String) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let app = &ctx.data().app;
        let template = templates::get(app, asker.guild, &name).await?;
        let (used, warnings) = templates::described(app, asker.guild, &template).await?;
        let author = match template.author {
            Some(author) => Some(name_of(app, asker.guild, author).await?),
            None => None,
        };
        let fields = fields(used.iter(), asker.language);
        let mut lines = facts(&template, author, fields, asker.language);
        lines.extend(warnings.iter().map(|one| warning(one, asker.language)));
        let embed = CreateEmbed::new()
            .title(escape(&template.name))
            .description(listed(lines));
        let file = CreateAttachment::bytes(template.html.into_bytes(), "template.html");
        Ok(Answer::Private(Reply::default().embed(embed).file(file)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// `author`: how whoever saved it is named.
fn facts(
    template: &Template,
    author: Option<String>,
    fields: String,
    language: Language,
) -> Vec<String> {
    let frozen = &template.frozen;
    let names = frozen.images.iter().map(|one| format!("`{}`", one.name));
    let names: Vec<String> = names.collect();
    let mut lines = vec![
        text(
            language,
            "template-subject",
            &[("subject", escape(&frozen.subject).into())],
        ),
        text(
            language,
            "template-size",
            &[("size", kib(template.html.len()))],
        ),
        fields,
    ];
    if !names.is_empty() {
        let names = ("names", names.join(", ").into());
        lines.push(text(language, "template-images", &[names]));
    }
    let at = ("at", timestamp(template.updated_ms, 'f').into());
    lines.push(match author {
        Some(author) => text(
            language,
            "template-saved-by",
            &[at, ("author", author.into())],
        ),
        None => text(language, "template-saved-at", &[at]),
    });
    lines
}

/// Full KiB, and one for anything less.
fn kib(bytes: usize) -> Arg {
    bytes.div_ceil(KIB).into()
}

/// Show the mail that somebody would get
#[poise::command(slash_command)]
async fn preview(
    ctx: Context<'_>,
    #[autocomplete = "suggest_template"] name: String,
    #[autocomplete = "suggest_email"] email: Option<String>,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let app = &ctx.data().app;
        let email = email.as_deref().map(address).transpose()?;
        let guild_name = guild_name(app, &ctx.serenity_context().http, &asker).await;
        let sample = text(asker.language, "template-sample-name", &[]);
        let preview = templates::preview(
            app,
            asker.guild,
            &guild_name,
            &name,
            email.as_ref(),
            &sample,
        );
        Ok(Answer::Private(shown(preview.await?, asker.language)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

fn shown(preview: Preview, language: Language) -> Reply {
    let mut lines = preview.text.lines();
    let mut shown: Vec<String> = lines
        .by_ref()
        .take(LINES_SHOWN)
        .map(|line| escape(&shorten(line, LINE_LENGTH)))
        .collect();
    if lines.next().is_some() {
        shown.push("…".to_owned());
    }
    let facts = [
        ("address", escape(&shorten(&preview.address, SHOWN)).into()),
        ("size", kib(preview.mail.len())),
        ("images", preview.images.into()),
    ];
    shown.push(String::new());
    shown.push(text(language, "template-preview-facts", &facts));
    shown.extend(preview.warnings.iter().map(|one| warning(one, language)));
    let embed = CreateEmbed::new()
        .title(shorten(&escape(&preview.subject), TITLE_LENGTH))
        .description(listed(shown));
    Reply::new(text(language, "template-preview", &[]))
        .embed(embed)
        .file(CreateAttachment::bytes(preview.mail, "preview.eml"))
}

/// Delete one
#[poise::command(slash_command)]
async fn delete(ctx: Context<'_>, #[autocomplete = "suggest_template"] name: String) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let app = &ctx.data().app;
        templates::delete(app, asker.guild, &name, campaign::spares_template).await?;
        let args = [("name", escape(name.trim()).into())];
        let said = text(asker.language, "template-deleted", &args);
        Ok(Answer::Private(Reply::new(said)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Names in which the typed stands.
pub(super) async fn suggest_template(
    ctx: Context<'_>,
    partial: &str,
) -> CreateAutocompleteResponse {
    suggest::offered(async {
        let all = templates::list(&ctx.data().app, manager(ctx)?.guild).await?;
        let typed = partial.trim().to_lowercase();
        let fits = |one: &Listed| one.name.to_lowercase().contains(&typed);
        let choice = |one: Listed| {
            let label = format!("{} · {}", one.name, one.subject);
            suggest::choice(&label, one.name)
        };
        Ok(all.into_iter().filter(fits).map(choice).collect())
    })
    .await
}
