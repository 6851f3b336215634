//! Whose mails they are: what the host has set, and what every mail of a guild has in common.

use std::collections::HashSet;
use std::sync::Arc;

use crate::error::{MailTemplateError, Result};
use crate::ids::{DeliveryId, GuildId, OccurrenceId};
use crate::links::Links;
use crate::mailer::Mailbox;
use crate::mailer::dkim::Signer;
use crate::mailer::mime::{Assembler, Constant, Image};

/// The sender of all mails of this host.
pub struct Sender {
    /// `From`; without it no campaign can be sent.
    pub from: Option<Mailbox>,
    /// Signs; without it mails go unsigned.
    pub signer: Option<Arc<Signer>>,
    /// Makes the links in mails.
    pub links: Links,
    /// Which guilds may send.
    pub guilds: Guilds,
}

/// Whom the host lets use the host's mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guilds {
    /// These, which may be none.
    Only(HashSet<GuildId>),
    /// All of them (the sandbox).
    All,
}

impl Guilds {
    /// Whether a guild is one of them.
    pub fn has(&self, guild: GuildId) -> bool {
        match self {
            Self::Only(guilds) => guilds.contains(&guild),
            Self::All => true,
        }
    }
}

impl Sender {
    /// Who writes; refused without one.
    pub fn from(&self) -> Result<&Mailbox> {
        Ok(self.from.as_ref().ok_or(MailTemplateError::NoSender)?)
    }

    /// What puts a guild's mails together: List-Id (RFC 2919) and Feedback-ID tell its mails from
    /// those of the host's other guilds.
    pub fn assembler(
        &self,
        guild: GuildId,
        guild_name: &str,
        occurrence: OccurrenceId,
        images: Vec<Image>,
    ) -> Result<Assembler> {
        self.assembled(guild, guild_name, occurrence, images, self.signer.clone())
    }

    /// The same without a signature, for mails that are looked at and not sent.
    pub fn unsigned_assembler(
        &self,
        guild: GuildId,
        guild_name: &str,
        occurrence: OccurrenceId,
        images: Vec<Image>,
    ) -> Result<Assembler> {
        self.assembled(guild, guild_name, occurrence, images, None)
    }

    fn assembled(
        &self,
        guild: GuildId,
        guild_name: &str,
        occurrence: OccurrenceId,
        images: Vec<Image>,
        signer: Option<Arc<Signer>>,
    ) -> Result<Assembler> {
        let from = self.from()?;
        let domain = from.address.domain();
        let constant = Constant {
            from: from.clone(),
            reply_to: None,
            list_id: Some((guild_name.to_owned(), format!("{guild}.{domain}"))),
            feedback_id: Some(format!("{occurrence}:{guild}:timeattack")),
            images,
            attachments: Vec::new(),
        };
        let assembler = Assembler::new(&constant, signer);
        Ok(assembler.map_err(anyhow::Error::new)?)
    }

    /// Where programs that only know mail unsubscribe: read by whoever reads the sender's mailbox,
    /// who knows the reader by the address it comes from, and the mail by what it says.
    pub fn unsubscribe_mailto(
        &self,
        occurrence: OccurrenceId,
        delivery: DeliveryId,
    ) -> Result<String> {
        let address = percent_encoded(self.from()?.address.as_str());
        let (occurrence, delivery) = (occurrence.0, delivery.0);
        Ok(format!(
            "mailto:{address}?subject=unsubscribe%20{occurrence:x}.{delivery:x}"
        ))
    }
}

/// As a mail address stands in a URL (RFC 6068 §2).
fn percent_encoded(address: &str) -> String {
    let mut encoded = String::with_capacity(address.len());
    for byte in address.bytes() {
        if byte.is_ascii_alphanumeric() || b"@._~+-".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
