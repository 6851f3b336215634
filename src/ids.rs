//! Ids made by the program: time-ordered, so that rows are stored in the order they were made,
//! and never by the database, so that both databases agree and a row knows its id beforehand.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::clock::Clock;

/// 2025-01-01T00:00:00Z: ids count milliseconds from here, 41 bits of them last until 2094.
const EPOCH_MS: i64 = 1_735_689_600_000;
/// Low bits: 12 that tell processes apart, 10 that count within a millisecond.
const LOW_BITS: u32 = 22;
const COUNT_BITS: u32 = 10;

/// Makes ids for one boot of one process.
#[derive(Debug)]
pub struct IdMaker {
    /// The last (millisecond, count) handed out, as one number.
    last: AtomicI64,
    process: i64,
}

impl IdMaker {
    /// `process` tells this process from others that share the database; 12 bits of it count.
    pub fn new(process: u16) -> Self {
        Self {
            last: AtomicI64::new(0),
            process: i64::from(process & 0xfff),
        }
    }

    /// Makes all ids from now on greater than `newest`, whatever the clock shows: it may have been set
    /// back since `newest` was made, or that process's clock may be ahead. Of two rows the newer one is
    /// told by its id (which of two consents holds, for one).
    pub fn start_after(&self, newest: i64) {
        let next_ms = (newest >> LOW_BITS) + 1;
        let before = (next_ms << COUNT_BITS) - 1;
        self.last.fetch_max(before, Ordering::Relaxed);
    }

    /// The next id. When more than 1,024 are made in one millisecond, or the clock is set back,
    /// ids borrow from the milliseconds to come rather than repeat.
    pub fn next(&self, clock: &Clock) -> i64 {
        let now = (clock.now_ms() - EPOCH_MS).max(0) << COUNT_BITS;
        let bump = |last: i64| Some(now.max(last + 1));
        let last = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, bump);
        let last = last.unwrap_or_else(|last| last);
        let tick = now.max(last + 1);
        let (ms, count) = (tick >> COUNT_BITS, tick & ((1 << COUNT_BITS) - 1));
        (ms << LOW_BITS) | (self.process << COUNT_BITS) | count
    }
}

/// An id that is greater than all that were made before `ms`: ids grow with time, so an age is a
/// range of the primary key.
pub fn first_id_of(ms: i64) -> i64 {
    (ms - EPOCH_MS).max(0) << LOW_BITS
}

/// The instant inside a Discord snowflake, in UTC epoch milliseconds.
///
/// Source: Discord's reference, “Snowflakes”: bits 63–22 are milliseconds since 2015-01-01.
pub fn snowflake_ms(snowflake: u64) -> i64 {
    const DISCORD_EPOCH_MS: i64 = 1_420_070_400_000;
    (snowflake >> 22).cast_signed() + DISCORD_EPOCH_MS
}

/// Declares an id type: a `BIGINT` in the database that cannot be taken for another table's.
macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

/// Declares the type of one kind of Discord snowflake, stored as a `BIGINT`.
macro_rules! snowflake_type {
    ($(#[$doc:meta])* $name:ident) => {
        id_type!($(#[$doc])* $name);

        impl From<u64> for $name {
            fn from(snowflake: u64) -> Self {
                Self(snowflake.cast_signed())
            }
        }

        impl $name {
            /// The number as Discord writes it.
            pub fn get(self) -> u64 {
                self.0.cast_unsigned()
            }
        }
    };
}

id_type!(/// A time attack.
    AttackId);
id_type!(/// A message in the outbox.
    OutboxId);
id_type!(/// A file that goes with a post.
    FileId);
id_type!(/// An announcement.
    AnnouncementId);
id_type!(/// A file of subscribers that was read.
    ImportId);
id_type!(/// A large work, done in pieces.
    WorkId);
id_type!(/// A template of mails.
    TemplateId);
id_type!(/// A campaign.
    CampaignId);
id_type!(/// One sending of a campaign, or of a test of it.
    OccurrenceId);
id_type!(/// One recipient's mail of an occurrence.
    DeliveryId);
id_type!(/// An admin's correction of a verdict.
    CorrectionId);
snowflake_type!(/// A Discord server.
    GuildId);
snowflake_type!(/// A Discord channel.
    ChannelId);
snowflake_type!(/// A Discord user.
    UserId);
snowflake_type!(/// A Discord message.
    MessageId);
snowflake_type!(/// A role in a Discord server.
    RoleId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_even_when_the_clock_stands_still_or_goes_back() {
        let (clock, hand) = Clock::manual(EPOCH_MS + 1_000_000);
        let ids = IdMaker::new(7);
        let mut last = 0;
        for round in 0..5_000 {
            if round == 2_500 {
                hand.step_ms(-60_000);
            }
            let id = ids.next(&clock);
            assert!(id > last);
            last = id;
        }
    }

    #[test]
    fn ids_of_the_next_boot_are_greater_even_after_the_clock_was_set_back() {
        let (clock, hand) = Clock::manual(EPOCH_MS + 1_000_000_000);
        let newest = IdMaker::new(0xfff).next(&clock);
        hand.step_ms(-86_400_000);
        let ids = IdMaker::new(0);
        ids.start_after(newest);
        let first = ids.next(&clock);
        assert!(first > newest);
        assert!(ids.next(&clock) > first);
        hand.step_ms(2 * 86_400_000);
        assert!(ids.next(&clock) > first_id_of(clock.now_ms()) - 1);
    }

    #[test]
    fn a_snowflake_tells_its_time() {
        // The example of Discord's reference: 2016-04-30 11:18:25.796 UTC.
        assert_eq!(snowflake_ms(175_928_847_299_117_063), 1_462_015_105_796);
    }
}
