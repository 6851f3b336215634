//! Links that a mail's reader can follow without being anybody: signed, so that they cannot be made by
//! others, and opaque, so that they say nothing about whom they are for.
//!
//! A token is `version ‖ delivery ‖ HMAC-SHA-256(key, purpose ‖ version ‖ delivery)`, base64url
//! without padding. The version tells which key signed it. It follows from the key, so that nobody
//! has to number keys: to change the key, write the new one in front of the old one, and links that
//! the old one signed go on to work until it is taken away.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use crate::ids::DeliveryId;

/// What the signature is for: a signature of one kind of link is none for another.
const UNSUBSCRIBE: &[u8] = b"unsubscribe\0";
/// What a key's version is derived by.
const VERSION: &[u8] = b"version\0";
/// Octets of a version and an id.
const HEAD: usize = 1 + 8;
/// Octets of a token.
const LENGTH: usize = HEAD + 32;
/// Characters of a key at least: even in hexadecimal digits these are 128 bits, beyond guessing.
pub const SHORTEST_KEY: usize = 32;
/// Keys at most; more than a few are never needed at once, and each is tried.
const MOST_KEYS: usize = 8;

/// Makes and reads links.
pub struct Links {
    /// Where this program's HTTP server is reached from outside, without a slash at its end.
    public_url: String,
    /// The key that signs.
    current: Key,
    /// Keys that signed before.
    former: Vec<Key>,
}

struct Key {
    version: u8,
    key: hmac::Key,
}

impl Key {
    fn new(key: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        Self {
            // One octet of a hash with the key in it: two keys may have the same, and both are
            // tried then.
            version: hmac::sign(&key, VERSION).as_ref()[0],
            key,
        }
    }
}

impl Links {
    /// Links below `public_url`, signed with `key`.
    pub fn new(public_url: &str, key: &[u8]) -> Self {
        Self {
            public_url: public_url.trim_end_matches('/').to_owned(),
            current: Key::new(key),
            former: Vec::new(),
        }
    }

    /// Links that these keys signed work, too.
    #[must_use]
    pub fn with_former<'k>(mut self, keys: impl IntoIterator<Item = &'k [u8]>) -> Self {
        self.former.extend(keys.into_iter().map(Key::new));
        self
    }

    /// Where this program is reached from outside.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// Where the reader of a mail unsubscribes.
    pub fn unsubscribe(&self, delivery: DeliveryId) -> String {
        let Key { version, key } = &self.current;
        let mut token = Vec::with_capacity(LENGTH);
        token.push(*version);
        token.extend_from_slice(&delivery.0.to_be_bytes());
        let signature = hmac::sign(key, &[UNSUBSCRIBE, &token].concat());
        token.extend_from_slice(signature.as_ref());
        let token = URL_SAFE_NO_PAD.encode(token);
        format!("{}/unsubscribe/{token}", self.public_url)
    }

    /// Which mail a token came with; `None` if it was not made here.
    pub fn read_unsubscribe(&self, token: &str) -> Option<DeliveryId> {
        let token = URL_SAFE_NO_PAD.decode(token).ok()?;
        if token.len() != LENGTH {
            return None;
        }
        let (head, signature) = token.split_at(HEAD);
        let signed = [UNSUBSCRIBE, head].concat();
        let keys = std::iter::once(&self.current).chain(&self.former);
        // `verify` takes as long wherever the two differ.
        let is_signed = |key: &Key| hmac::verify(&key.key, &signed, signature).is_ok();
        keys.filter(|key| key.version == head[0])
            .find(|key| is_signed(key))?;
        let id: [u8; 8] = head[1..].try_into().ok()?;
        Some(DeliveryId(i64::from_be_bytes(id)))
    }
}

/// The keys in a text, by commas or line breaks, the newest first.
pub fn split_keys(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '\n', '\r'])
        .map(str::trim)
        .filter(|key| !key.is_empty())
}

/// Whether a text has usable keys; an error says why not, without quoting it.
pub fn check_keys(text: &str) -> Result<(), &'static str> {
    let count = split_keys(text).count();
    if count == 0 {
        return Err("has no key in it");
    }
    if count > MOST_KEYS {
        return Err("has more than eight keys in it");
    }
    if split_keys(text).any(|key| key.len() < SHORTEST_KEY) {
        return Err("has a key of fewer than 32 characters in it");
    }
    if !split_keys(text).all(|key| key.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err("has a key with spaces or characters beyond ASCII in it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
    const NEW: &[u8] = b"another-key-another-key-another-key";
    const DELIVERY: DeliveryId = DeliveryId(123_456_789_012_345_678);

    fn token(links: &Links) -> String {
        let link = links.unsubscribe(DELIVERY);
        let token = link.strip_prefix("https://bot.example/unsubscribe/");
        token.unwrap().to_owned()
    }

    #[test]
    fn a_link_leads_back_to_its_mail() {
        let links = Links::new("https://bot.example/", KEY);
        assert_eq!(links.read_unsubscribe(&token(&links)), Some(DELIVERY));
        assert_eq!(links.public_url(), "https://bot.example");
    }

    #[test]
    fn no_other_token_is_read() {
        let links = Links::new("https://bot.example", KEY);
        let good = token(&links);
        let bytes = URL_SAFE_NO_PAD.decode(&good).unwrap();
        // Every bit counts, those of the id and of the version too.
        for bit in 0..bytes.len() * 8 {
            let mut forged = bytes.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            let forged = URL_SAFE_NO_PAD.encode(forged);
            assert_eq!(links.read_unsubscribe(&forged), None, "bit {bit}");
        }
        for length in 0..good.len() {
            assert_eq!(links.read_unsubscribe(&good[..length]), None, "{length}");
        }
        for other in ["", "한글", "../x", &format!("{good}A"), &format!("{good}=")] {
            assert_eq!(links.read_unsubscribe(other), None, "{other}");
        }
        let foreign = Links::new("https://bot.example", NEW);
        assert_eq!(foreign.read_unsubscribe(&good), None);
    }

    #[test]
    fn a_signature_for_something_else_is_none() {
        let links = Links::new("https://bot.example", KEY);
        let head = &URL_SAFE_NO_PAD.decode(token(&links)).unwrap()[..HEAD];
        for purpose in [&b""[..], b"board\0", b"unsubscribe"] {
            let signature = hmac::sign(&links.current.key, &[purpose, head].concat());
            let other = URL_SAFE_NO_PAD.encode([head, signature.as_ref()].concat());
            assert_eq!(links.read_unsubscribe(&other), None);
        }
    }

    #[test]
    fn links_of_a_former_key_work_until_it_is_taken_away() {
        let old = Links::new("https://bot.example", KEY);
        let both = Links::new("https://bot.example", NEW).with_former([KEY]);
        let new = Links::new("https://bot.example", NEW);
        assert_eq!(both.read_unsubscribe(&token(&old)), Some(DELIVERY));
        assert_eq!(both.read_unsubscribe(&token(&both)), Some(DELIVERY));
        assert_eq!(
            new.read_unsubscribe(&token(&both)),
            Some(DELIVERY),
            "the new one signs"
        );
        assert_eq!(new.read_unsubscribe(&token(&old)), None);
    }

    #[test]
    fn keys_of_the_same_version_are_told_apart() {
        let links =
            |key: u32| Links::new("https://bot.example", format!("{KEY:?}{key}").as_bytes());
        let old = links(0);
        // One in 256 has the same version.
        let same = |key: &u32| links(*key).current.version == old.current.version;
        let twin = (1..10_000).find(same).unwrap();
        let former = format!("{KEY:?}0");
        let both = links(twin).with_former([former.as_bytes()]);
        assert_eq!(both.read_unsubscribe(&token(&old)), Some(DELIVERY));
        assert_eq!(both.read_unsubscribe(&token(&both)), Some(DELIVERY));
    }

    #[test]
    fn keys_are_split_and_judged() {
        let long = "x".repeat(SHORTEST_KEY);
        let text = format!(" {long} ,\n\r\n {long}y\n");
        assert_eq!(
            split_keys(&text).collect::<Vec<_>>(),
            [&long, &format!("{long}y")]
        );
        assert_eq!(check_keys(&text), Ok(()));
        let many = [long.as_str(); MOST_KEYS + 1].join(",");
        let spaced = format!("{long} {long}");
        for wrong in [
            "",
            ",",
            "short",
            &long[1..],
            &many,
            &spaced,
            &"열".repeat(40),
        ] {
            assert!(check_keys(wrong).is_err(), "{wrong}");
        }
    }
}
