//! A messenger that keeps what it is given, and fails when it is told to.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, watch};

use super::{
    CONTENT_LENGTH, DESCRIPTION_LENGTH, EMBEDS_LENGTH, Embed, MOST_EMBEDS, MOST_MENTIONS, Message,
    Nonce, SendError, Token,
};
use crate::ids::{ChannelId, GuildId, MessageId, UserId};

/// Keeps posts for tests; clones share them.
#[derive(Clone, Default)]
pub struct MemoryMessenger {
    state: Arc<Mutex<State>>,
    /// How often something was posted, repeats and failures included.
    attempts: watch::Sender<usize>,
    /// How often something was edited, failures included.
    edits: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    posts: Vec<Posted>,
    by_nonce: HashMap<Nonce, MessageId>,
    faults: VecDeque<Fault>,
    edit_faults: VecDeque<Fault>,
    /// Who takes no direct messages.
    closed: HashSet<ChannelId>,
    /// Who has left which server.
    left: HashSet<(GuildId, UserId)>,
    /// What servers call their members.
    names: HashMap<(GuildId, UserId), String>,
    opens_none: bool,
    /// Since a post was refused for it.
    refuses_token: bool,
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
    /// It is stored, and answered only when the gate opens.
    AnswerHeld(Gate),
    /// It is answered only when the gate opens; then it fails, or it works.
    Held(Gate, Option<SendError>),
    /// The program itself fails.
    Defect,
}

/// Holds answers back until it is opened; clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    /// A closed one.
    pub fn closed() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    /// Lets everything through.
    pub fn open(&self) {
        self.0.close();
    }

    async fn passed(&self) {
        // Nothing is ever granted: only its closing ends the wait.
        let _ = self.0.acquire().await;
    }
}

impl MemoryMessenger {
    /// Every message, in the order they were posted.
    pub fn posts(&self) -> Vec<Posted> {
        self.lock().posts.clone()
    }

    /// How often something was posted, repeats and failures included.
    pub fn attempts(&self) -> usize {
        *self.attempts.borrow()
    }

    /// Waits until something was posted `count` times.
    pub async fn attempted(&self, count: usize) {
        let mut attempts = self.attempts.subscribe();
        // Its sender is `self`.
        let _ = attempts.wait_for(|attempts| *attempts >= count).await;
    }

    /// Waits until something was edited `count` times, failures included.
    pub async fn edits_attempted(&self, count: usize) {
        let mut edits = self.edits.subscribe();
        // Its sender is `self`.
        let _ = edits.wait_for(|edits| *edits >= count).await;
    }

    /// The next attempts meet these faults, one each.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().faults.extend(faults);
    }

    /// The next edits meet these faults, one each.
    pub fn fail_next_edits(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().edit_faults.extend(faults);
    }

    /// What somebody got by direct message.
    pub fn direct(&self, user: UserId) -> Vec<Message> {
        let state = self.lock();
        let posts = state.posts.iter();
        let direct = posts.filter(|post| post.channel == dm_channel(user));
        direct.map(|post| post.message.clone()).collect()
    }

    /// Somebody takes no direct messages, or does again.
    pub fn close_dms(&self, user: UserId, closed: bool) {
        let mut state = self.lock();
        if closed {
            state.closed.insert(dm_channel(user));
        } else {
            state.closed.remove(&dm_channel(user));
        }
    }

    /// Somebody leaves a server, or joins it again.
    pub fn leave(&self, guild: GuildId, user: UserId, has_left: bool) {
        let mut state = self.lock();
        if has_left {
            state.left.insert((guild, user));
        } else {
            state.left.remove(&(guild, user));
        }
    }

    /// A server calls a member so from now on.
    pub fn rename(&self, guild: GuildId, user: UserId, name: &str) {
        self.lock().names.insert((guild, user), name.to_owned());
    }

    pub(super) fn member_name(&self, guild: GuildId, user: UserId) -> Option<String> {
        let state = self.lock();
        let is_member = !state.left.contains(&(guild, user));
        is_member.then(|| state.names.get(&(guild, user)).cloned().unwrap_or_default())
    }

    /// Opening a direct message is refused as too fast, or works again.
    pub fn open_no_dms(&self, on: bool) {
        self.lock().opens_none = on;
    }

    /// The token that was refused is accepted again.
    pub fn accept_token(&self) {
        self.lock().refuses_token = false;
    }

    pub(super) fn token(&self) -> Token {
        if self.lock().refuses_token {
            Token::Refused
        } else {
            Token::Accepted
        }
    }

    pub(super) fn open_dm(&self, user: UserId) -> Result<ChannelId, SendError> {
        if self.lock().opens_none {
            return Err(SendError::TooManyOpened {
                why: "40003".into(),
            });
        }
        Ok(dm_channel(user))
    }

    /// No further attempt meets a fault.
    pub fn stop_failing(&self) {
        self.lock().faults.clear();
    }

    pub(super) async fn post(
        &self,
        channel: ChannelId,
        message: &Message,
        nonce: &Nonce,
    ) -> Result<MessageId, SendError> {
        let fault = {
            let mut state = self.lock();
            let fault = state.faults.pop_front();
            state.refuses_token |= matches!(fault, Some(Fault::Refused(SendError::Unauthorized)));
            fault
        };
        self.attempts.send_modify(|attempts| *attempts += 1);
        let after = match &fault {
            Some(after @ (Fault::AnswerLost | Fault::AnswerHeld(_))) => Some(after.clone()),
            _ => None,
        };
        meet(fault).await?;
        if !fits(message) {
            return Err(SendError::Discard {
                why: "50035".into(),
            });
        }
        let id = self.store(channel, message, nonce)?;
        match after {
            Some(Fault::AnswerHeld(gate)) => gate.passed().await,
            Some(_) => {
                return Err(SendError::Retry {
                    after_ms: None,
                    why: "the connection was lost".into(),
                });
            }
            None => {}
        }
        Ok(id)
    }

    fn store(
        &self,
        channel: ChannelId,
        message: &Message,
        nonce: &Nonce,
    ) -> Result<MessageId, SendError> {
        let mut state = self.lock();
        if state.closed.contains(&channel) {
            return Err(SendError::Unreachable {
                why: "50007".into(),
            });
        }
        if let Some(known) = state.by_nonce.get(nonce) {
            return Ok(*known);
        }
        let number = i64::try_from(state.posts.len()).unwrap_or(i64::MAX);
        let id = MessageId(1_000 + number);
        state.by_nonce.insert(nonce.clone(), id);
        state.posts.push(Posted {
            id,
            channel,
            message: message.clone(),
            edits: 0,
            nonce: nonce.clone(),
        });
        Ok(id)
    }

    pub(super) async fn edit(
        &self,
        channel: ChannelId,
        id: MessageId,
        message: &Message,
    ) -> Result<(), SendError> {
        let fault = self.lock().edit_faults.pop_front();
        self.edits.send_modify(|edits| *edits += 1);
        meet(fault).await?;
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

/// Whether it is within Discord's sizes.
fn fits(message: &Message) -> bool {
    let boxes = || message.embeds.iter();
    let description = |embed: &Embed| {
        embed
            .description
            .as_ref()
            .map_or(0, |text| text.chars().count())
    };
    message.content.chars().count() <= CONTENT_LENGTH
        && message.embeds.len() <= MOST_EMBEDS
        && boxes().map(Embed::length).sum::<usize>() <= EMBEDS_LENGTH
        && boxes().all(|embed| description(embed) <= DESCRIPTION_LENGTH)
        && message.mentions.len() <= MOST_MENTIONS
        && message.buttons.len() <= 5
}

/// No channel of a server has such an id.
fn dm_channel(user: UserId) -> ChannelId {
    ChannelId(-user.0)
}

async fn meet(fault: Option<Fault>) -> Result<(), SendError> {
    match fault {
        Some(Fault::Refused(error)) => Err(error),
        Some(Fault::Held(gate, error)) => {
            gate.passed().await;
            error.map_or(Ok(()), Err)
        }
        Some(Fault::Defect) => panic!("a defect was asked for"),
        Some(Fault::AnswerLost | Fault::AnswerHeld(_)) | None => Ok(()),
    }
}
