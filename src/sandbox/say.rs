//! What people write themselves: plain messages, as anybody's client sends them.

use super::draft::Draft;
use super::permissions::{SEND_MESSAGES, SEND_MESSAGES_IN_THREADS, VIEW_CHANNEL};
use super::posting::{self, Envelope};
use super::{LocalDiscord, Message, Refused};
use crate::ids::{ChannelId, UserId};

/// Characters of a person's message, without a subscription.
const TEXT_MAX: usize = 2_000;

impl LocalDiscord {
    /// Somebody writes in a channel.
    pub fn say(&self, user: UserId, channel: ChannelId, text: &str) -> Result<Message, Refused> {
        let refuse = |why: &str| Err(Refused::Client(why.to_owned()));
        let text = text.trim();
        if text.is_empty() || text.chars().count() > TEXT_MAX {
            return refuse("a message has 1 to 2,000 characters");
        }
        let mut world = self.shared().world();
        let world = &mut *world;
        let Some(found) = world.channels.get(&channel.get()) else {
            return refuse("there is no such channel");
        };
        let is_there = match found.guild.and_then(|guild| world.guilds.get(&guild)) {
            Some(guild) => guild.members.contains_key(&user.get()),
            None => found.recipient == Some(user.get()),
        };
        if !is_there {
            return refuse("there is no such channel");
        }
        let send = if found.kind.is_thread() {
            SEND_MESSAGES_IN_THREADS
        } else {
            SEND_MESSAGES
        };
        let needed = VIEW_CHANNEL | send;
        if world.permissions_in(found, user.get()) & needed != needed {
            return refuse("You do not have permission to send messages in this channel");
        }
        let draft = Draft {
            content: Some(text.to_owned()),
            ..Draft::default()
        };
        let envelope = Envelope {
            channel: channel.get(),
            author: user.get(),
            kind: 0,
            replies_to: None,
            interaction: None,
            ephemeral_for: None,
            loading: false,
        };
        let message = posting::post(self.shared(), world, draft, envelope);
        Ok(message.as_ref().clone())
    }
}
