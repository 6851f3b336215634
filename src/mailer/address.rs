//! Addresses: parsed once, and from then on fit for a header and for the envelope.

use std::fmt;
use std::str::FromStr;

/// Octets of the part before the @ (RFC 5321 §4.5.3.1.1).
pub const LOCAL_LENGTH: usize = 64;
/// Octets of the domain (RFC 5321 §4.5.3.1.2).
pub const DOMAIN_LENGTH: usize = 255;
/// Octets of the whole: a path has 256 with its angle brackets (RFC 5321 §4.5.3.1.3).
pub const ADDRESS_LENGTH: usize = 254;
/// Bytes of an address as it may be written: a domain is longer in letters of its own than in A-labels,
/// which are made in a time that grows with the square of its length.
const WRITTEN_BYTES: usize = 2_000;
/// Characters of a name beside an address; longer ones are no names.
pub const NAME_LENGTH: usize = 200;

/// An address that mail can go to.
///
/// Only what people have is taken: no quoted local parts (`"a b"@…`), no addresses of machines
/// (`a@[192.0.2.1]`), no domain without a dot (RFC 5321 §2.3.5 wants it whole). The domain is kept
/// as it stands in the envelope: in A-labels and lower case (RFC 5891); the local part as it was
/// written, because only its own server knows whether case matters there.
///
/// It is lettre's address (RFC 5321, 5322) with less in it: what lettre, and so most of what sends mail
/// from Rust, would not take is refused here, too.
///
/// `Debug` leaves the local part out: addresses have no place in a log.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress(lettre::Address);

/// An address with the name of whose it is: `Name <address>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The name as it is read; may be empty.
    pub name: String,
    /// The address.
    pub address: EmailAddress,
}

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is nothing before or behind an @, or no @.
    #[error("an address has the form name@example.org")]
    Form,
    /// A character that does not belong there: a space, a comma, a bracket, a control.
    #[error("it has a character that an address can't have")]
    Character,
    /// A dot at the beginning, at the end, or beside another.
    #[error("it has a dot in a wrong place")]
    Dot,
    /// The part before the @ is longer than [`LOCAL_LENGTH`].
    #[error("the part before the @ is longer than 64 bytes")]
    LocalTooLong,
    /// The domain, or the whole, is longer than mail servers take.
    #[error("the domain is longer than mail servers accept")]
    DomainTooLong,
    /// The domain is not one.
    #[error("the part behind the @ is not a domain")]
    Domain,
    /// The name beside the address is not one.
    #[error("the name beside the address is too long or has a control character in it")]
    Name,
}

impl EmailAddress {
    /// Reads an address, with space around it.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        if text.len() > WRITTEN_BYTES {
            return Err(AddressError::DomainTooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::Form)?;
        if local.is_empty() || domain.is_empty() {
            return Err(AddressError::Form);
        }
        check_local(local)?;
        let domain = to_a_labels(domain)?;
        if local.len() + 1 + domain.len() > ADDRESS_LENGTH {
            return Err(AddressError::DomainTooLong);
        }
        let address = lettre::Address::new(local, domain);
        address.map(Self).map_err(|_| AddressError::Form)
    }

    /// The part before the @.
    pub fn local(&self) -> &str {
        self.0.user()
    }

    /// The domain in A-labels and lower case.
    pub fn domain(&self) -> &str {
        self.0.domain()
    }

    /// The whole, as it stands in a header and in the envelope.
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// What two addresses have in common that reach the same person: by this a suppression is
    /// looked up. Case goes, although a server could tell `A@` from `a@`: none does, and who left
    /// as one must not be written to as the other.
    pub fn normalised(&self) -> String {
        self.as_str().to_lowercase()
    }

    /// Whether only a server with SMTPUTF8 can take it (RFC 6531): its local part has letters
    /// beyond ASCII, for which there is no other form.
    pub fn needs_smtputf8(&self) -> bool {
        !self.local().is_ascii()
    }
}

impl FromStr for EmailAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress(…@{})", self.domain())
    }
}

impl Mailbox {
    /// Reads `address`, `Name <address>` or `"Name" <address>`.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let Some((name, rest)) = text.rsplit_once('<') else {
            let address = EmailAddress::parse(text)?;
            let name = String::new();
            return Ok(Self { name, address });
        };
        let address = rest.strip_suffix('>').ok_or(AddressError::Form)?;
        let address = EmailAddress::parse(address)?;
        let name = unquoted(name.trim());
        if name.chars().any(char::is_control) || name.chars().count() > NAME_LENGTH {
            return Err(AddressError::Name);
        }
        Ok(Self { name, address })
    }
}

/// Without the quotes around it, and the backslashes that protect something inside them.
fn unquoted(name: &str) -> String {
    let inside = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'));
    let Some(inside) = inside else {
        return name.to_owned();
    };
    let mut plain = String::with_capacity(inside.len());
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        plain.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    plain
}

/// A dot-atom (RFC 5322 §3.2.3), with letters beyond ASCII (RFC 6532).
fn check_local(local: &str) -> Result<(), AddressError> {
    if local.len() > LOCAL_LENGTH {
        return Err(AddressError::LocalTooLong);
    }
    let is_atom = |c: char| match c {
        '.' => true,
        c if c.is_ascii() => c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c),
        // Marks that turn the direction of a text, and spaces of all kinds, hide what is there.
        c => c.is_alphanumeric(),
    };
    if !local.chars().all(is_atom) {
        return Err(AddressError::Character);
    }
    if local.split('.').any(str::is_empty) {
        return Err(AddressError::Dot);
    }
    Ok(())
}

fn to_a_labels(domain: &str) -> Result<String, AddressError> {
    let domain = idna::domain_to_ascii_strict(domain).map_err(|_| {
        if domain.len() > DOMAIN_LENGTH {
            AddressError::DomainTooLong
        } else {
            AddressError::Domain
        }
    })?;
    if domain.len() > DOMAIN_LENGTH {
        return Err(AddressError::DomainTooLong);
    }
    let labels: Vec<_> = domain.split('.').collect();
    let is_label = |label: &&str| {
        let only_those = label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        only_those && (1..=63).contains(&label.len())
    };
    let is_number = labels
        .last()
        .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if labels.len() < 2 || !labels.iter().all(is_label) || is_number {
        return Err(AddressError::Domain);
    }
    Ok(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_as_the_envelope_wants_them() {
        for (given, kept) in [
            ("mina@example.org", "mina@example.org"),
            (
                " Mina.Kim+news@Example.ORG\r\n",
                "Mina.Kim+news@example.org",
            ),
            ("o'neil@example.org", "o'neil@example.org"),
            ("mina@bücher.example", "mina@xn--bcher-kva.example"),
            ("mina@한국.example", "mina@xn--3e0b707e.example"),
            ("미나@example.org", "미나@example.org"),
        ] {
            let address = EmailAddress::parse(given).unwrap();
            assert_eq!(address.as_str(), kept);
            assert_eq!(address.to_string(), kept);
            let again: EmailAddress = kept.parse().unwrap();
            assert_eq!(again, address);
        }
    }

    #[test]
    fn what_no_mail_can_go_to_is_refused_with_the_reason() {
        use AddressError::{Character, Domain, DomainTooLong, Dot, Form, LocalTooLong};
        let long_local = format!("{}@example.org", "a".repeat(65));
        let long_local_in_korean = format!("{}@example.org", "가".repeat(22));
        let label = "d".repeat(60);
        let long_domain = format!("a@{label}.{label}.{label}.{label}.{label}.org");
        let long_label = format!("a@{}.org", "d".repeat(64));
        let long_whole = format!("{}@{label}.{label}.{label}.{label}.org", "a".repeat(64));
        for (given, error) in [
            ("", Form),
            ("mina", Form),
            ("@example.org", Form),
            ("mina@", Form),
            ("mina kim@example.org", Character),
            ("mi\r\nna@example.org", Character),
            ("mi\0na@example.org", Character),
            ("a,b@example.org", Character),
            ("<a@example.org", Character),
            ("a@b@example.org", Character),
            ("\"a b\"@example.org", Character),
            ("a\u{202e}b@example.org", Character),
            (".a@example.org", Dot),
            ("a..b@example.org", Dot),
            ("a.@example.org", Dot),
            (&long_local, LocalTooLong),
            (&long_local_in_korean, LocalTooLong),
            (&long_domain, DomainTooLong),
            (&long_whole, DomainTooLong),
            (&long_label, Domain),
            ("a@localhost", Domain),
            ("a@[192.0.2.1]", Domain),
            ("a@192.0.2.1", Domain),
            ("a@example..org", Domain),
            ("a@exam ple.org", Domain),
            ("a@example.org>", Domain),
            ("a@example.org\r\nRCPT TO:<b@example.org>", Character),
            ("a@example.org\r\nDATA", Domain),
        ] {
            assert_eq!(EmailAddress::parse(given), Err(error), "{given:?}");
        }
        let longest = format!("{}@example.org", "a".repeat(64));
        assert!(EmailAddress::parse(&longest).is_ok());
    }

    #[test]
    fn case_does_not_make_another_person_of_one() {
        let one = EmailAddress::parse("Mina@Bücher.example").unwrap();
        assert_eq!(one.normalised(), "mina@xn--bcher-kva.example");
        assert_eq!(
            (one.local(), one.domain()),
            ("Mina", "xn--bcher-kva.example")
        );
    }

    #[test]
    fn only_a_local_part_beyond_ascii_needs_smtputf8() {
        let needs = |text| EmailAddress::parse(text).unwrap().needs_smtputf8();
        assert!(needs("미나@example.org"));
        assert!(!needs("mina@한국.example"));
    }

    #[test]
    fn no_local_part_is_shown_to_a_log() {
        let address = EmailAddress::parse("canary@example.org").unwrap();
        assert_eq!(format!("{address:?}"), "EmailAddress(…@example.org)");
    }

    #[test]
    fn a_mailbox_has_a_name_or_none() {
        let read = |text| Mailbox::parse(text).map(|it| (it.name, it.address.to_string()));
        let is = |name: &str| Ok((name.to_owned(), "a@example.org".to_owned()));
        assert_eq!(read("a@example.org"), is(""));
        assert_eq!(read("<a@example.org>"), is(""));
        assert_eq!(read("자몽 소식 <a@example.org>"), is("자몽 소식"));
        assert_eq!(read("\"Kim, \\\"M\\\"\" <a@example.org>"), is("Kim, \"M\""));
        assert_eq!(read("A <a@example.org"), Err(AddressError::Form));
        assert_eq!(read("A\r\nB <a@example.org>"), Err(AddressError::Name));
    }
}
