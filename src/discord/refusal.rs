//! Why Discord's gateway takes no session, and what to do about it.
//!
//! Source: Discord's page “Opcodes and Status Codes”, gateway close codes.

use crate::config::Shards;

/// The bot cannot be connected as it is configured: only whoever runs it can change that.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Misconfigured(pub(super) String);

/// A refusal that trying again may or may not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 4004: the token, which the REST API may accept all the same if a proxy adds another.
    Token,
    /// 4010: there is no such shard.
    InvalidShard,
    /// 4011: the bot is in more servers than so few shards may have.
    TooFewShards,
    /// 4012: Discord no longer speaks our version of the gateway.
    ApiVersion,
    /// 4013: intents that do not exist.
    InvalidIntents,
    /// 4014: intents that the bot was not granted.
    DisallowedIntents,
    /// 403 to the question for the gateway's address.
    Forbidden,
}

/// What becomes of the connection after a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// It is tried again, ever more slowly: what Discord says may change.
    TryAgain,
    /// The program ends, as its configuration must change first.
    EndMisconfigured,
    /// The program ends, as it must be replaced.
    EndOutdated,
}

impl Refusal {
    /// What a close code of the gateway says; `None`: nothing that has to be put right by hand.
    pub(super) fn of_close_code(code: u16) -> Option<Self> {
        Some(match code {
            4004 => Self::Token,
            4010 => Self::InvalidShard,
            4011 => Self::TooFewShards,
            4012 => Self::ApiVersion,
            4013 => Self::InvalidIntents,
            4014 => Self::DisallowedIntents,
            _ => return None,
        })
    }

    /// `was_connected`: the same configuration has worked before.
    pub(super) fn course(self, shards: &Shards, was_connected: bool) -> Course {
        match (self, shards) {
            // The next try asks Discord anew how many shards there are to be.
            (Self::InvalidShard | Self::TooFewShards, Shards::Auto) | (Self::Forbidden, _) => {
                Course::TryAgain
            }
            (Self::InvalidShard | Self::TooFewShards, Shards::Range { .. }) => {
                Course::EndMisconfigured
            }
            // Restarts that cannot help would use up the day's session starts.
            (Self::Token, _) if was_connected => Course::TryAgain,
            (Self::Token, _) => Course::EndMisconfigured,
            (Self::ApiVersion | Self::InvalidIntents | Self::DisallowedIntents, _) => {
                Course::EndOutdated
            }
        }
    }

    /// What is wrong and what to do, for the log and the operators.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Token => {
                "Discord's gateway does not accept DISCORD_TOKEN (4004); reset the token on the bot's \
                 page at https://discord.com/developers/applications, set DISCORD_TOKEN to it, and \
                 start the program again"
            }
            Self::InvalidShard => {
                "Discord's gateway says that there is no such shard (4010); write DISCORD_SHARDS as \
                 FIRST-LAST/TOTAL with FIRST <= LAST < TOTAL and the same TOTAL in every process, or \
                 set it to auto"
            }
            Self::TooFewShards => {
                "the bot is in more servers than Discord lets so few shards serve (4011); set \
                 DISCORD_SHARDS to auto, or to FIRST-LAST/TOTAL with a greater TOTAL, the same in \
                 every process (at most 2,500 servers a shard)"
            }
            Self::ApiVersion => {
                "Discord no longer supports version 10 of its gateway (4012), the only one that \
                 this program supports; update timeattack"
            }
            Self::InvalidIntents => {
                "Discord's gateway does not know the intents (4013), though the bot asks only for \
                 GUILDS; check what DISCORD_API_URL leads to, or update timeattack"
            }
            Self::DisallowedIntents => {
                "Discord's gateway does not grant the intents (4014), though the bot asks only \
                 for GUILDS, which needs no approval; check what DISCORD_API_URL leads to, or \
                 update timeattack"
            }
            Self::Forbidden => {
                "Discord refuses to tell the gateway's address (403); if DISCORD_API_URL leads to a \
                 proxy, it must let GET /gateway/bot through, else Discord has banned this host's \
                 address for a while"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_close_code_that_must_be_put_right_by_hand_says_what_to_do() {
        for (code, part) in [
            (4004, "DISCORD_TOKEN"),
            (4010, "DISCORD_SHARDS"),
            (4011, "DISCORD_SHARDS"),
            (4012, "update timeattack"),
            (4013, "GUILDS"),
            (4014, "GUILDS"),
        ] {
            let advice = Refusal::of_close_code(code).unwrap().advice();
            assert!(advice.contains(part), "{advice}");
            assert!(advice.contains(&format!("({code})")), "{advice}");
        }
        for other in [1000, 1001, 1006, 4000, 4001, 4003, 4007, 4008, 4009] {
            assert_eq!(Refusal::of_close_code(other), None);
        }
    }

    #[test]
    fn only_what_may_change_by_itself_is_tried_again() {
        let range = Shards::Range {
            first: 0,
            last: 1,
            total: 2,
        };
        for (refusal, shards, was_connected, course) in [
            (Refusal::TooFewShards, &Shards::Auto, true, Course::TryAgain),
            (
                Refusal::TooFewShards,
                &range,
                true,
                Course::EndMisconfigured,
            ),
            (
                Refusal::InvalidShard,
                &Shards::Auto,
                false,
                Course::TryAgain,
            ),
            (
                Refusal::InvalidShard,
                &range,
                false,
                Course::EndMisconfigured,
            ),
            (Refusal::Token, &range, true, Course::TryAgain),
            (Refusal::Token, &range, false, Course::EndMisconfigured),
            (Refusal::ApiVersion, &range, true, Course::EndOutdated),
            (Refusal::InvalidIntents, &range, false, Course::EndOutdated),
            (
                Refusal::DisallowedIntents,
                &range,
                false,
                Course::EndOutdated,
            ),
            (Refusal::Forbidden, &range, false, Course::TryAgain),
        ] {
            let found = refusal.course(shards, was_connected);
            assert_eq!(found, course, "{refusal:?}");
        }
    }
}
