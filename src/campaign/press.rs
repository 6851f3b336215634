//! Writes a campaign's mails: merges the template, and puts the mail together.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::korea::{self, Letterhead};
use crate::error::{AdFault, MailFault, Result};
use crate::mailer::mime::{Assembler, Draft, Unsubscribe};
use crate::mailer::{EmailAddress, Letter, Mailbox};
use crate::outbox::Class;
use crate::outbox::mail::{self, Occurrence, Recipient};
use crate::sender::Sender;
use crate::template::{Compiled, Fields, Frozen, Rendered};

/// What the mails of an occurrence are made of, as the ledger keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Content {
    /// As it was when it was confirmed.
    pub(super) template: Frozen,
    /// Whether it is advertising. (A test of it is sent as what it is: to whoever asked.)
    pub(super) is_ad: bool,
}

/// Writes the mails of one occurrence.
pub(super) struct Press {
    sender: Arc<Sender>,
    template: Compiled,
    assembler: Assembler,
    from: Mailbox,
    guild_name: String,
    is_ad: bool,
}

/// Whether mails are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// To be sent.
    Sending,
    /// To see whether they can be written: a signature adds nothing to that, and takes its time.
    Proof,
}

impl Press {
    /// Its content is what was confirmed, so that it compiles is known.
    pub(super) fn new(sender: Arc<Sender>, occurrence: &Occurrence, purpose: Use) -> Result<Self> {
        let content: Content = serde_json::from_str(&occurrence.content)?;
        let template = Compiled::new(&content.template);
        let template = template.map_err(|fault| anyhow::anyhow!("a template: {}", fault.why))?;
        let images = template.images().to_vec();
        let (guild, name) = (occurrence.guild, &occurrence.guild_name);
        let assembler = match purpose {
            Use::Sending => sender.assembler(guild, name, occurrence.id, images)?,
            Use::Proof => sender.unsigned_assembler(guild, name, occurrence.id, images)?,
        };
        Ok(Self {
            from: sender.from()?.clone(),
            sender,
            template,
            assembler,
            guild_name: occurrence.guild_name.clone(),
            is_ad: content.is_ad,
        })
    }

    /// The merged mail to one recipient, if it is one that may be sent.
    pub(super) fn merged(&self, recipient: &Recipient) -> Result<Rendered, MailFault> {
        let url = self.sender.links.unsubscribe(recipient.id);
        let fields = Fields {
            name: &recipient.name,
            email: &recipient.address,
            attributes: &recipient.fields,
            unsubscribe_url: &url,
        };
        let rendered = self.template.render(&fields);
        let mail = rendered.map_err(|fault| match fault.field {
            Some(field) => MailFault::Field(field),
            None => MailFault::Merge(fault.why),
        })?;
        if self.is_ad {
            self.lawful(&mail, recipient, &url).map_err(MailFault::Ad)?;
        }
        Ok(mail)
    }

    fn lawful(&self, mail: &Rendered, recipient: &Recipient, url: &str) -> Result<(), AdFault> {
        let head = Letterhead {
            names: [&self.guild_name, &self.from.name],
            unsubscribe_url: url,
            reader: &recipient.address,
        };
        korea::check(mail, &head)
    }

    /// The mail to one recipient, with what it was merged to.
    pub(super) fn written(
        &self,
        recipient: &Recipient,
        now_ms: i64,
    ) -> Result<(Rendered, Letter), MailFault> {
        let merged = self.merged(recipient)?;
        let fault = |why: String| MailFault::Mail(why);
        let address = EmailAddress::parse(&recipient.address);
        let address = address.map_err(|error| fault(error.to_string()))?;
        let to = Mailbox {
            name: recipient.name.clone(),
            address,
        };
        let url = self.sender.links.unsubscribe(recipient.id);
        let mailto = self
            .sender
            .unsubscribe_mailto(recipient.occurrence, recipient.id)
            .map_err(|error| fault(error.to_string()))?;
        let draft = Draft {
            occurrence: recipient.occurrence.0,
            recipient: recipient.id.0,
            to: &to,
            subject: &merged.subject,
            text: &merged.text,
            html: &merged.html,
            unsubscribe: Some(Unsubscribe {
                url: &url,
                mailto: Some(&mailto),
            }),
            date_ms: now_ms,
        };
        let mail = self.assembler.assemble(&draft);
        let mail = mail.map_err(|error| fault(error.to_string()))?;
        let letter = Letter {
            from: self.from.address.clone(),
            to: to.address,
            mail,
        };
        Ok((merged, letter))
    }
}

impl mail::Press for Press {
    fn write(&self, recipient: &Recipient, now_ms: i64) -> Result<Letter, String> {
        let written = self.written(recipient, now_ms);
        written
            .map(|(_, letter)| letter)
            .map_err(|fault| fault.text(crate::i18n::Language::English))
    }
}

/// The class by which the lane knows a mail.
pub(super) fn class(is_ad: bool) -> Class {
    if is_ad { Class::Ad } else { Class::Notice }
}
