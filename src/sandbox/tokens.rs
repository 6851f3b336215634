//! Tokens: the bot's own, and one for each interaction. They follow from a seed, so that those of a
//! test are always the same, and those of a program that draws its seed are known to nobody.

use ring::hmac;

/// What a local Discord's tokens are made from.
pub type Seed = [u8; 32];

/// Makes tokens.
pub(super) struct Tokens(hmac::Key);

impl Tokens {
    pub(super) fn new(seed: &Seed) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, seed))
    }

    /// The bot's. In three parts, as Discord's have and clients expect.
    pub(super) fn bot(&self) -> String {
        format!("local.discord.{}", self.made("bot", 0))
    }

    /// An interaction's.
    pub(super) fn interaction(&self, id: u64) -> String {
        format!("interaction-{}", self.made("interaction", id))
    }

    fn made(&self, what: &str, number: u64) -> String {
        let tag = hmac::sign(&self.0, format!("{what} {number}").as_bytes());
        tag.as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_follows_from_the_seed_and_from_what_it_is_for() {
        let (one, same, other) = ([1; 32], [1; 32], [2; 32]);
        let [one, same, other] = [one, same, other].map(|seed| Tokens::new(&seed));
        assert_eq!(one.bot(), same.bot());
        assert_ne!(one.bot(), other.bot());
        assert_eq!(one.bot().split('.').count(), 3);
        assert_eq!(one.interaction(7), same.interaction(7));
        assert_ne!(one.interaction(7), one.interaction(8));
        assert_ne!(one.interaction(7), other.interaction(7));
    }
}
