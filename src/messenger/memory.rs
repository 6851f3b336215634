//! A messenger that keeps what it is given, and fails when it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Message, Nonce, SendError};
use crate::ids::{ChannelId, MessageId};

/// Keeps posts for tests; clones share them.
#[derive(Clone, Default)]
pub struct MemoryMessenger {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    posts: Vec<Posted>,
    attempts: usize,
    faults: VecDeque<Fault>,
}

/// A message as it stands in its channel.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Its id.
    pub id: MessageId,
    /// Where it was posted.
    pub channel: ChannelId,
    /// What it says now.
    pub message: Message,
    /// How often it was edited.
    pub edits: usize,
    nonce: Nonce,
}

/// What happens to one attempt to post.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It fails, and nothing is stored.
    Refused(SendError),
    /// It is stored, but the answer is lost.
    AnswerLost,
}

impl MemoryMessenger {
    /// Every message, in the order they were posted.
    pub fn posts(&self) -> Vec<Posted> {
        self.lock().posts.clone()
    }

    /// How often something was posted, repeats and failures included.
    pub fn attempts(&self) -> usize {
        self.lock().attempts
    }

    /// The next attempts meet these faults, one each.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().faults.extend(faults);
    }

    /// No further attempt meets a fault.
    pub fn stop_failing(&self) {
        self.lock().faults.clear();
    }

    pub(super) fn post(
        &self,
        channel: ChannelId,
        message: &Message,
        nonce: &Nonce,
    ) -> Result<MessageId, SendError> {
        let mut state = self.lock();
        state.attempts += 1;
        let fault = state.faults.pop_front();
        if let Some(Fault::Refused(error)) = fault {
            return Err(error);
        }
        let known = state.posts.iter().find(|post| post.nonce == *nonce);
        let id = if let Some(post) = known {
            post.id
        } else {
            let number = i64::try_from(state.posts.len()).unwrap_or(i64::MAX);
            let id = MessageId(1_000 + number);
            state.posts.push(Posted {
                id,
                channel,
                message: message.clone(),
                edits: 0,
                nonce: nonce.clone(),
            });
            id
        };
        match fault {
            Some(Fault::AnswerLost) => Err(SendError::Retry {
                after_ms: None,
                why: "the connection was lost".into(),
            }),
            _ => Ok(id),
        }
    }

    pub(super) fn edit(
        &self,
        channel: ChannelId,
        id: MessageId,
        message: &Message,
    ) -> Result<(), SendError> {
        let mut state = self.lock();
        let posted = state.posts.iter_mut().find(|post| post.id == id);
        let Some(post) = posted.filter(|post| post.channel == channel) else {
            return Err(SendError::Discard {
                why: "unknown message".into(),
            });
        };
        post.message = message.clone();
        post.edits += 1;
        Ok(())
    }

    pub(super) fn find(&self, channel: ChannelId, nonce: &Nonce) -> Option<MessageId> {
        let state = self.lock();
        let mut posts = state.posts.iter();
        posts
            .find(|post| post.channel == channel && post.nonce == *nonce)
            .map(|post| post.id)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
