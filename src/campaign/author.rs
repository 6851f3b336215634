//! The author of a campaign's mails, as the lane of mails knows it.

use std::sync::Arc;

use super::press::{self, Use};
use super::store;
use super::{Bell, Tell};
use crate::db::{BoxFuture, Tx};
use crate::error::{CampaignError, Result};
use crate::ids::{GuildId, OccurrenceId};
use crate::outbox::Class;
use crate::outbox::mail::{Author, Bounce, Ending, Occurrence, Press, Rest, RestCause, Withheld};
use crate::sender::Sender;
use crate::subscriber::{self, Exclusion, suppression};

/// Campaigns in a row after whose refusals by a full or closed mailbox nothing more is sent there.
const SOFT_BOUNCES: i64 = 3;

/// Writes the mails of campaigns, and minds their recipients' wishes.
pub struct Desk {
    sender: Arc<Sender>,
    bell: Bell,
}

impl Desk {
    /// One that writes in this sender's name.
    pub fn new(sender: Arc<Sender>) -> Self {
        Self {
            sender,
            bell: Bell::default(),
        }
    }

    /// The bell of those who look after campaigns: it rings when one has ended.
    pub fn ringing(self, bell: Bell) -> Self {
        Self { bell, ..self }
    }
}

impl Author for Desk {
    fn may_go<'t>(
        &'t self,
        tx: &'t mut Tx,
        guild: GuildId,
        class: Class,
        emails: &'t [String],
    ) -> BoxFuture<'t, Result<Vec<Option<Withheld>>>> {
        Box::pin(async move {
            let is_ad = class == Class::Ad;
            let exclusions = subscriber::exclusions(tx, guild, is_ad, emails).await?;
            let withheld = |exclusion: Exclusion| match exclusion {
                Exclusion::Suppressed => Withheld::Suppressed,
                Exclusion::NoConsent => Withheld::NoConsent,
            };
            let exclusions = exclusions.into_iter();
            Ok(exclusions.map(|one| one.map(withheld)).collect())
        })
    }

    fn press(&self, occurrence: &Occurrence) -> Result<Arc<dyn Press>> {
        // Whom the host no longer lets send has nothing more sent, however far it is.
        if !self.sender.guilds.has(occurrence.guild) {
            return Err(CampaignError::NotAllowed.into());
        }
        let sender = Arc::clone(&self.sender);
        let press = press::Press::new(sender, occurrence, Use::Sending)?;
        Ok(Arc::new(press))
    }

    fn bounced<'t>(
        &'t self,
        tx: &'t mut Tx,
        guild: GuildId,
        email: &'t str,
        bounce: Bounce,
        now_ms: i64,
    ) -> BoxFuture<'t, Result<()>> {
        Box::pin(async move {
            let is_over = match bounce {
                Bounce::Gone => true,
                Bounce::Soft { times } => times >= SOFT_BOUNCES,
            };
            if is_over {
                suppression::bounced(tx, guild, email, now_ms).await?;
            }
            Ok(())
        })
    }

    fn ended<'t>(
        &'t self,
        tx: &'t mut Tx,
        occurrence: OccurrenceId,
        ending: Ending,
        now_ms: i64,
    ) -> BoxFuture<'t, Result<()>> {
        Box::pin(async move {
            match ending {
                Ending::Ended => store::ended(tx, occurrence, now_ms).await?,
                // Why, the ledger knows.
                Ending::Stopped { .. } => store::stopped(tx, occurrence, now_ms).await?,
            }
            self.bell.ring();
            Ok(())
        })
    }

    fn resting<'t>(
        &'t self,
        tx: &'t mut Tx,
        occurrence: OccurrenceId,
        rest: Rest,
        now_ms: i64,
    ) -> BoxFuture<'t, Result<()>> {
        Box::pin(async move {
            let tell = match rest.cause {
                RestCause::DailyLimit => Tell::Limited,
                RestCause::Unreachable => Tell::Away,
                // For seconds, and nobody can do anything.
                RestCause::Throttled => return Ok(()),
            };
            if store::rests(tx, occurrence, tell, rest.until_ms, now_ms).await? {
                self.bell.ring();
            }
            Ok(())
        })
    }
}
