//! A mail as one recipient would get it, before anything is sent.

use super::{Compiled, Fields, Frozen, Template, Warning, get, warnings};
use crate::app::App;
use crate::documents::Patience;
use crate::error::{MailTemplateError, Part, Result, UserError};
use crate::ids::{DeliveryId, GuildId, OccurrenceId};
use crate::mailer::mime::{Draft, MAIL_LENGTH, MimeError, Unsubscribe};
use crate::mailer::{EmailAddress, Mailbox};
use crate::subscriber::{self as subscribers, attributes::Attributes};

/// The address of a recipient who is made up (RFC 2606: it is nobody's).
const NOBODY: &str = "someone@example.com";
/// A preview is of no occurrence and no delivery: the link in it unsubscribes nobody.
const OCCURRENCE: OccurrenceId = OccurrenceId(0);
const DELIVERY: DeliveryId = DeliveryId(0);

/// A mail that was merged and put together, and not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// To whom it would go.
    pub address: String,
    /// Its subject.
    pub subject: String,
    /// Its text part.
    pub text: String,
    /// The mail: the bytes that would be sent.
    pub mail: Vec<u8>,
    /// How many pictures are in it.
    pub images: usize,
    /// What its author should know.
    pub warnings: Vec<Warning>,
}

/// Whom a preview is for.
struct Recipient {
    mailbox: Mailbox,
    attributes: Attributes,
}

/// The mail that a subscriber would get; without an address the first one, and where there is none
/// somebody called `sample_name`.
pub async fn preview(
    app: &App,
    guild: GuildId,
    guild_name: &str,
    name: &str,
    email: Option<&EmailAddress>,
    sample_name: &str,
) -> Result<Preview> {
    app.sender.from()?;
    let template = get(app, guild, name).await?;
    let recipient = recipient(app, guild, email, sample_name).await?;
    let (writer, guild_name) = (app.clone(), guild_name.to_owned());
    let written = app.documents.run(guild, Patience::Asked, move |_| {
        write(&writer, guild, &guild_name, &template, &recipient)
    });
    written.await?
}

async fn recipient(
    app: &App,
    guild: GuildId,
    email: Option<&EmailAddress>,
    sample_name: &str,
) -> Result<Recipient> {
    let found = match email {
        Some(email) => {
            let (found, ..) = subscribers::get(app, guild, email).await?;
            Some(found.ok_or(UserError::UnknownSubscriber)?)
        }
        None => {
            let page = subscribers::list(app, guild, 0).await?;
            page.subscribers.into_iter().next()
        }
    };
    let (address, name, attributes) = match found {
        Some(found) => (found.address, found.name, found.attributes),
        None => (NOBODY.to_owned(), sample_name.to_owned(), Attributes::new()),
    };
    let address = EmailAddress::parse(&address).map_err(anyhow::Error::new)?;
    Ok(Recipient {
        mailbox: Mailbox { name, address },
        attributes,
    })
}

fn write(
    app: &App,
    guild: GuildId,
    guild_name: &str,
    template: &Template,
    recipient: &Recipient,
) -> Result<Preview> {
    let frozen: &Frozen = &template.frozen;
    let compiled = Compiled::compile(frozen)?;
    let url = app.sender.links.unsubscribe(DELIVERY);
    let address = recipient.mailbox.address.to_string();
    let mail = compiled.merge(&Fields {
        name: &recipient.mailbox.name,
        email: &address,
        attributes: &recipient.attributes,
        unsubscribe_url: &url,
    })?;
    let images = compiled.images().to_vec();
    let assembler = app
        .sender
        .assembler(guild, guild_name, OCCURRENCE, images)?;
    let mailto = app.sender.unsubscribe_mailto(OCCURRENCE, DELIVERY)?;
    let assembled = assembler.assemble(&Draft {
        occurrence: OCCURRENCE.0,
        recipient: DELIVERY.0,
        to: &recipient.mailbox,
        subject: &mail.subject,
        text: &mail.text,
        html: &mail.html,
        unsubscribe: Some(Unsubscribe {
            url: &url,
            mailto: Some(&mailto),
        }),
        date_ms: app.clock.now_ms(),
    });
    Ok(Preview {
        address,
        subject: mail.subject,
        // The link leads nowhere from here, and is long.
        text: mail.text.replace(&url, "…"),
        mail: assembled.map_err(fault)?,
        images: frozen.images.len(),
        warnings: warnings(template),
    })
}

/// Why a mail cannot be put together, for the template's author.
fn fault(error: MimeError) -> crate::error::Error {
    match error {
        MimeError::TooLarge => MailTemplateError::MergedTooLarge {
            most_kib: MAIL_LENGTH / 1024,
        }
        .into(),
        MimeError::TooLong("Subject") => MailTemplateError::Unmergeable {
            part: Part::Subject,
            line: 1,
            why: error.to_string(),
        }
        .into(),
        // Nothing that a template says.
        other => anyhow::Error::new(other).into(),
    }
}
