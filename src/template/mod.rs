//! Templates of mails: what a guild's mails say.
//!
//! # Promise
//!
//! - What is kept can be merged: every tag, picture and style of a template was checked when it was
//!   saved, and its author told the line of what was wrong. What is left to fail is a field that a
//!   recipient does not have, and it is named.
//! - Nothing of a template is taken out or moved silently: what no mail may have is refused, what mail
//!   programs make little of is warned of, and all else is sent as it was written, but for the styles
//!   that are put into the elements they are for.
//! - No value of a recipient becomes markup, a style, a script behind a link, a header or a tag.
//! - A template cannot use up the process: what it can grow, how long it runs and how much it writes
//!   is bounded, and it reads no file and no address. What nests in it, and what its styles will cost, is
//!   bounded before it is read by recursion or put into elements (`tags`, `nesting`, `styles`), also of a
//!   template that an older version kept; and all of it runs in the threads of [`crate::documents`].
//! - A campaign takes a template as it is at that moment ([`frozen`]); no later change reaches it.
//!
//! # From the upload to the mail
//!
//! ```text
//! upload ─tags─▶ checked tags ─html─▶ pieces ─┬─markup─▶ refused, or warnings
//!                                             ├─styles─▶ refused, if they cost too much
//!                                             ├─inline─▶ HTML with its styles in place ─┐
//!                                             └─plain──▶ the text part's template ──────┤
//! images ─────────────────────────────────────▶ named pictures ────────────────────────┴▶ Frozen
//! Frozen ─compile (once a campaign)─▶ Compiled ─render (once a recipient)─▶ Rendered
//! ```
//!
//! To let templates do more: a filter or test needs its name in `tags` and its function in `compile`,
//! and the question answered how much it can make of how little.

mod address;
mod compile;
mod html;
pub mod images;
mod inline;
mod markup;
mod nesting;
mod plain;
mod preview;
mod store;
mod styles;
mod tags;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

pub use compile::Compiled;
pub use preview::{Preview, preview};

use crate::app::App;
use crate::db::{BoxFuture, Tx};
use crate::documents::Patience;
use crate::error::{MailTemplateError, Part, Result, TagFault};
use crate::ids::{GuildId, TemplateId, UserId};
use crate::subscriber::attributes::Attributes;

/// Characters of a template's name: fits a choice of a command with its subject beside it.
pub const NAME_LENGTH: usize = 50;
/// Characters of a subject, with its tags: mail programs show some seventy.
pub const SUBJECT_LENGTH: usize = 200;
/// Bytes of a template's HTML: five times what Gmail shows before it cuts a mail off.
pub const HTML_BYTES: usize = 512 * KIB;
/// Bytes of HTML or text that a template may be once it is prepared: its mails may not be larger.
const PREPARED_BYTES: usize = compile::MERGED_BYTES;
/// Templates of one guild: one for each week of two years.
pub const MOST_TEMPLATES: i64 = 100;
/// Bytes of HTML from which on Gmail cuts a mail off, and hides the unsubscribe link at its end.
pub const CLIPPED_BYTES: usize = 102 * KIB;
const KIB: usize = 1024;

/// A template as it was when a campaign took it: everything that its mails are made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// The subject, with its fields.
    pub subject: String,
    /// The HTML, with its fields, its styles inlined, its line ends CRLF.
    pub html: String,
    /// The text, with its fields, before it is laid out in lines.
    pub text: String,
    /// Shown inside the HTML.
    pub images: Vec<FrozenImage>,
}

/// A picture of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenImage {
    /// `{{ image("name") }}`.
    pub name: String,
    /// Such as `image/png`.
    pub media_type: String,
    /// The file, as base64.
    pub base64: String,
}

/// What a mail is merged with.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    /// `{{ name }}`.
    pub name: &'a str,
    /// `{{ email }}`.
    pub email: &'a str,
    /// Each by its own name.
    pub attributes: &'a Attributes,
    /// `{{ unsubscribe_url }}`.
    pub unsubscribe_url: &'a str,
}

/// A merged mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// Why a mail cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderFault {
    /// The field that is not there, if that is why.
    pub field: Option<String>,
    /// What is wrong, for the log and as a last resort.
    pub why: String,
}

/// A template as somebody uploads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// What it is to be called.
    pub name: String,
    /// The subject, with its fields.
    pub subject: String,
    /// The HTML: UTF-8, with or without a byte order mark.
    pub html: Vec<u8>,
    /// Its pictures.
    pub images: Vec<images::Upload>,
}

/// A template as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What it is called.
    pub name: String,
    /// The HTML as it was uploaded.
    pub html: String,
    /// What its mails are made of.
    pub frozen: Frozen,
    /// Who saved it last, if they did not have their data deleted.
    pub author: Option<UserId>,
    /// When it was saved first.
    pub created_ms: i64,
    /// When it was saved last.
    pub updated_ms: i64,
}

/// A template in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What it is called.
    pub name: String,
    /// Its subject, with its fields.
    pub subject: String,
    /// How many pictures it has.
    pub images: i64,
    /// When it was saved last.
    pub updated_ms: i64,
}

/// What its author should know of a template that was taken all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// So many pictures are fetched from elsewhere: most programs do not before they are asked to.
    RemoteImages(usize),
    /// A form, which mail programs do not send.
    Form,
    /// An element that mail programs leave out.
    Ignored(String),
    /// A picture that is sent with every mail and shown in none.
    UnusedImage(String),
    /// So many KiB of HTML, of which Gmail shows the first 102.
    Clipped(usize),
    /// There is no `{{ unsubscribe_url }}`.
    NoUnsubscribe,
}

/// What became of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// What it is called now.
    pub name: String,
    /// Whether there was one of this name, whose place it took.
    pub replaced: bool,
    /// What its author should know.
    pub warnings: Vec<Warning>,
    /// The fields that it uses.
    pub fields: BTreeSet<String>,
}

/// A name as it is kept, and as it is compared: `None` if it cannot be one.
fn names(given: &str) -> Option<(String, String)> {
    let name: String = given.trim().nfc().collect();
    let fits = (1..=NAME_LENGTH).contains(&name.chars().count());
    let is_name = fits && !name.chars().any(char::is_control);
    let key = name.to_lowercase().nfc().collect();
    is_name.then_some((name, key))
}

/// What is compared of a name that somebody asks for: two names that read the same have the same.
pub fn key(given: &str) -> Result<String, MailTemplateError> {
    let (_, key) = names(given).ok_or(MailTemplateError::Unknown)?;
    Ok(key)
}

/// Checks an upload and makes of it what mails are made of.
pub fn prepare(upload: &Upload) -> Result<(Frozen, Vec<Warning>), MailTemplateError> {
    let subject = upload.subject.trim();
    let is_subject = (1..=SUBJECT_LENGTH).contains(&subject.chars().count());
    if !is_subject || subject.chars().any(char::is_control) {
        return Err(MailTemplateError::SubjectLength {
            most: SUBJECT_LENGTH,
        });
    }
    let html = decoded(&upload.html)?;
    let images = images::read(&upload.images)?;
    let image_names: Vec<String> = images.iter().map(|image| image.name.clone()).collect();
    tags::read(subject, &image_names).map_err(|wrong| tag_fault(Part::Subject, subject, wrong))?;
    let read = tags::read(&html, &image_names);
    let tags = read.map_err(|wrong| tag_fault(Part::Html, &html, wrong))?;
    let pieces = html::pieces(&html, &tags);
    let mut warnings = markup::check(&html, &tags, &pieces)?;
    let inlined = inline::inline(&html, &tags, &pieces)?;
    let frozen = Frozen {
        subject: subject.to_owned(),
        html: inlined.replace("\r\n", "\n").replace('\n', "\r\n"),
        text: plain::template(&html, &tags, &pieces),
        images,
    };
    if frozen.html.len().max(frozen.text.len()) > PREPARED_BYTES {
        let most_kib = PREPARED_BYTES / KIB;
        return Err(MailTemplateError::PreparedTooLarge { most_kib });
    }
    let compiled = Compiled::compile(&frozen)?;
    if subject_uses_itself(&frozen) {
        let fault = TagFault::SubjectInSubject;
        let (part, line) = (Part::Subject, 1);
        return Err(MailTemplateError::Tag { part, line, fault });
    }
    warnings.extend(told(&html, &frozen, &compiled));
    Ok((frozen, warnings))
}

/// What is worth knowing of a template as a whole.
fn told(html: &str, frozen: &Frozen, compiled: &Compiled) -> Vec<Warning> {
    let is_unused = |image: &&FrozenImage| {
        let quoted = ['"', '\''].map(|quote| format!("{quote}{}{quote}", image.name));
        !quoted.iter().any(|quoted| html.contains(quoted))
    };
    let unused = frozen.images.iter().filter(is_unused);
    let mut told: Vec<Warning> = unused
        .map(|image| Warning::UnusedImage(image.name.clone()))
        .collect();
    if frozen.html.len() > CLIPPED_BYTES {
        told.push(Warning::Clipped(frozen.html.len() / KIB));
    }
    let names = compiled.names();
    if !names.iter().any(|name| name == "unsubscribe_url") {
        told.push(Warning::NoUnsubscribe);
    }
    told
}

fn decoded(html: &[u8]) -> Result<String, MailTemplateError> {
    if html.len() > HTML_BYTES {
        return Err(MailTemplateError::TooLarge {
            most_kib: HTML_BYTES / KIB,
        });
    }
    let html = html.strip_prefix(b"\xef\xbb\xbf").unwrap_or(html);
    let html = std::str::from_utf8(html).map_err(|_| MailTemplateError::Encoding)?;
    // PostgreSQL keeps no NUL, and no text has one: it is another encoding, or no text.
    if html.contains('\0') {
        return Err(MailTemplateError::Encoding);
    }
    if html.trim().is_empty() {
        return Err(MailTemplateError::Empty);
    }
    Ok(html.to_owned())
}

fn tag_fault(part: Part, source: &str, wrong: tags::Fault) -> MailTemplateError {
    MailTemplateError::Tag {
        part,
        line: html::line(source, wrong.at),
        fault: wrong.fault,
    }
}

fn subject_uses_itself(frozen: &Frozen) -> bool {
    let alone = Frozen {
        html: String::new(),
        text: String::new(),
        images: frozen.images.clone(),
        subject: frozen.subject.clone(),
    };
    fields(&alone).contains("subject")
}

/// The fields that a template uses: whoever lacks one cannot be written to.
pub(crate) fn fields(frozen: &Frozen) -> BTreeSet<String> {
    let compiled = Compiled::compile(frozen);
    let names = compiled.map(|one| one.names().to_vec());
    names.unwrap_or_default().into_iter().collect()
}

/// Keeps a template; one of the same name is replaced.
pub async fn save(app: &App, guild: GuildId, author: UserId, upload: Upload) -> Result<Saved> {
    let named = names(&upload.name);
    let (name, key) = named.ok_or(MailTemplateError::Name { most: NAME_LENGTH })?;
    let prepared = app.documents.run(guild, Patience::Asked, move |_| {
        let (frozen, warnings) = prepare(&upload)?;
        let fields = fields(&frozen);
        let html = decoded(&upload.html)?;
        Ok::<_, MailTemplateError>((frozen, warnings, fields, html))
    });
    let (frozen, warnings, fields, html) = prepared.await??;
    let now_ms = app.clock.now_ms();
    let template = Template {
        name: name.clone(),
        html,
        frozen,
        author: Some(author),
        created_ms: now_ms,
        updated_ms: now_ms,
    };
    let id = TemplateId(app.ids.next(&app.clock));
    let job = (guild, id, key, template);
    let replaced = app
        .db
        .write(job, |tx, (guild, id, key, template)| {
            Box::pin(async move {
                let is_new = store::upsert(tx, *guild, *id, key, template).await?;
                if is_new && store::count(tx, *guild).await? > MOST_TEMPLATES {
                    let most = MOST_TEMPLATES;
                    return Err(MailTemplateError::TooMany { most }.into());
                }
                Ok(!is_new)
            })
        })
        .await?;
    tracing::info!(guild.id = %guild, replaced, "a template was saved");
    Ok(Saved {
        name,
        replaced,
        warnings,
        fields,
    })
}

/// All templates of a guild, by name.
pub async fn list(app: &App, guild: GuildId) -> Result<Vec<Listed>> {
    let mut conn = app.db.read().await?;
    store::list(&mut conn, guild).await
}

/// One of them, in full.
pub async fn get(app: &App, guild: GuildId, name: &str) -> Result<Template> {
    let key = key(name)?;
    let mut conn = app.db.read().await?;
    let found = store::find(&mut conn, guild, &key).await?;
    Ok(found.ok_or(MailTemplateError::Unknown)?)
}

/// Says whether a template may go, by its guild and its name as [`key`] has it; asked in the
/// transaction that deletes it. A refusal is [`MailTemplateError::InUse`].
pub type Guard = for<'t> fn(&'t mut Tx, GuildId, &'t str) -> BoxFuture<'t, Result<()>>;

/// Deletes one, if its `guard` lets it go. Campaigns that were sent keep what they took.
pub async fn delete(app: &App, guild: GuildId, name: &str, guard: Guard) -> Result<()> {
    let key = key(name)?;
    let deleted = app
        .db
        .write((guild, key, guard), |tx, (guild, key, guard)| {
            Box::pin(async move {
                guard(tx, *guild, key).await?;
                store::delete(tx, *guild, key).await
            })
        })
        .await?;
    if !deleted {
        return Err(MailTemplateError::Unknown.into());
    }
    tracing::info!(guild.id = %guild, "a template was deleted");
    Ok(())
}

/// A template of a guild, by its name, as it is now.
pub async fn frozen(tx: &mut Tx, guild: GuildId, name: &str) -> Result<Frozen> {
    let found = store::find(tx, guild, &key(name)?).await?;
    Ok(found.ok_or(MailTemplateError::Unknown)?.frozen)
}

/// What is to be known of a template that is kept: the fields that it uses, and what its author should
/// know.
pub async fn described(
    app: &App,
    guild: GuildId,
    template: &Template,
) -> Result<(BTreeSet<String>, Vec<Warning>)> {
    let template = template.clone();
    let described = app.documents.run(guild, Patience::Asked, move |_| {
        (fields(&template.frozen), warnings(&template))
    });
    Ok(described.await?)
}

/// What its author should know of a template that is kept.
pub(crate) fn warnings(template: &Template) -> Vec<Warning> {
    let (html, frozen) = (&template.html, &template.frozen);
    let images: Vec<String> = frozen.images.iter().map(|one| one.name.clone()).collect();
    // It was read and compiled before it was kept; by an older version, perhaps.
    let (Ok(tags), Ok(compiled)) = (tags::read(html, &images), Compiled::compile(frozen)) else {
        return Vec::new();
    };
    let pieces = html::pieces(html, &tags);
    let mut warnings = markup::check(html, &tags, &pieces).unwrap_or_default();
    warnings.extend(told(html, frozen, &compiled));
    warnings
}

/// Whoever had their data deleted is no template's author any more.
pub async fn forget(tx: &mut Tx, guild: GuildId, user: UserId) -> Result<()> {
    store::forget_author(tx, guild, user).await
}
