//! Direct messages: the one channel that the bot has with each person, once either opened it, and
//! who takes messages there.

use super::state::Shared;
use super::world::{Channel, ChannelKind, World};
use super::{LocalDiscord, Message, made};
use crate::ids::{ChannelId, UserId};

impl LocalDiscord {
    /// The person opens their channel with the bot, as their client does when they choose it.
    pub fn open_direct_channel(&self, user: UserId) -> ChannelId {
        let id = made(&self.shared.ids);
        open(&self.shared, &mut self.shared.world(), user.get(), id).into()
    }

    /// The channel that the bot has with a person, if one was opened.
    pub fn direct_channel(&self, user: UserId) -> Option<ChannelId> {
        let world = self.shared.world();
        let channel = world.direct.get(&user.get());
        channel.map(|channel| ChannelId::from(*channel))
    }

    /// What stands in a person's direct messages with the bot, the oldest first.
    pub fn direct_messages(&self, user: UserId) -> Vec<Message> {
        let channel = self.direct_channel(user);
        channel.map_or_else(Vec::new, |channel| self.messages(channel))
    }

    /// Waits for a direct message to a person, whose channel need not be open yet.
    pub async fn direct_message_where(
        &self,
        user: UserId,
        fits: impl Fn(&Message) -> bool,
    ) -> Option<Message> {
        self.wait_for(|| {
            self.direct_messages(user)
                .into_iter()
                .find(|message| fits(message))
        })
        .await
    }

    /// A user takes no more direct messages from the bot, or does again.
    pub fn close_dms(&self, user: UserId, closed: bool) {
        if let Some(user) = self.shared.world().users.get_mut(&user.get()) {
            user.dms_closed = closed;
        }
    }

    /// Opening a direct message is answered 40003, or is possible again.
    pub fn opening_dms_too_fast(&self, on: bool) {
        self.shared.world().opening_dms_too_fast = on;
    }
}

/// The direct-message channel with a user; made with this id if there is none.
pub(super) fn open(shared: &Shared, world: &mut World, user: u64, id: u64) -> u64 {
    if let Some(channel) = world.direct.get(&user) {
        return *channel;
    }
    let mut channel = Channel::new(id, ChannelKind::Direct, "", shared.clock.now_ms());
    channel.recipient = Some(user);
    world.channels.insert(id, channel);
    world.direct.insert(user, id);
    id
}
