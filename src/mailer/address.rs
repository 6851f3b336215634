//! The address of somebody's mail. Pure.

use std::fmt;

/// Octets before the `@` (RFC 5321 §4.5.3.1.1).
const LOCAL_LENGTH: usize = 64;
/// Octets of the whole (RFC 5321 §4.5.3.1.3, the brackets of a path left out).
const LENGTH: usize = 254;

/// An address that mail can be sent to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    local: String,
    domain: String,
}

/// It is no address that mail can be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no address that mail can be sent to")]
pub struct AddressFault;

impl EmailAddress {
    /// Reads `local@domain`, without quotes, comments or a name.
    pub fn parse(given: &str) -> Result<Self, AddressFault> {
        let (local, domain) = given.trim().rsplit_once('@').ok_or(AddressFault)?;
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| AddressFault)?;
        let is_atom = |atom: &str| !atom.is_empty() && atom.chars().all(is_atom_character);
        let fits = local.len() <= LOCAL_LENGTH && local.len() + 1 + domain.len() <= LENGTH;
        if !fits || !local.split('.').all(is_atom) || !domain.contains('.') {
            return Err(AddressFault);
        }
        Ok(Self {
            local: local.to_owned(),
            domain,
        })
    }

    /// The same text for the same mailbox, as far as that can be told: servers that tell capitals
    /// apart before the `@` exist in RFCs alone.
    pub fn normal(&self) -> String {
        format!("{}@{}", self.local.to_lowercase(), self.domain)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

/// RFC 5322's `atext`, and with RFC 6532 what is not ASCII.
fn is_atom_character(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(character)
        || (!character.is_ascii() && !character.is_control() && !character.is_whitespace())
}
