//! Files that people are given: none is left out, however many there are and however large. Those of a
//! message are made when it is their turn, and are gone once it is sent.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use poise::serenity_prelude as serenity;
use serenity::CreateAttachment;

use super::answer::{Answer, Reply};
use crate::error::{Result, UserError};
use crate::export::Files;
use crate::i18n::{Language, text};
use crate::ids::{GuildId, UserId};

/// Files of one message (Discord's limit).
const MOST_FILES: usize = 10;
/// Bytes of one message's files. Discord takes 25 MiB, but a request has ten seconds, in which a line
/// of 8 Mbit/s sends so many.
const MESSAGE_BYTES: usize = 9 * 1024 * 1024;

/// Whose files are made and sent at once by one process: those of a message are in memory, and all rows
/// are read twice.
const MOST_AT_ONCE: usize = 2;

/// Whose files are being made, or sent.
#[derive(Clone, Default)]
pub(super) struct Making {
    owners: Arc<Mutex<HashSet<Owner>>>,
}

/// Who gets files: a server's admins, or one member what is known of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    Guild(GuildId),
    Member(GuildId, UserId),
}

/// Files that are being made; goes with the answer until all of its messages are sent.
pub(super) struct Permit {
    making: Making,
    owner: Owner,
}

impl Making {
    /// Allows files to be made; refused while others are.
    pub(super) fn begin(&self, owner: Owner) -> Result<Arc<Permit>, UserError> {
        let mut owners = self.owners();
        if owners.contains(&owner) {
            return Err(UserError::FileUnderWay);
        }
        if owners.len() >= MOST_AT_ONCE {
            return Err(UserError::FilesUnderWay);
        }
        owners.insert(owner);
        drop(owners);
        let making = self.clone();
        Ok(Arc::new(Permit { making, owner }))
    }

    fn owners(&self) -> MutexGuard<'_, HashSet<Owner>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Permit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Permit").field(&self.owner).finish()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.making.owners().remove(&self.owner);
    }
}

/// Bytes that a file may have where Discord takes `limit` (`attachment_size_limit` of the interaction),
/// with some room below it; no more than one message has.
pub(super) fn most_bytes(limit: u32) -> usize {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    (limit - limit / 10).min(MESSAGE_BYTES)
}

/// Files of one kind, numbered if there are several.
pub(super) struct Sheets {
    /// What they are called.
    pub(super) kind: &'static str,
    /// What their names end with.
    pub(super) extension: &'static str,
    pub(super) files: Files,
}

impl Sheets {
    /// For spreadsheets.
    pub(super) fn csv(kind: &'static str, files: Files) -> Self {
        let extension = "csv";
        Self {
            kind,
            extension,
            files,
        }
    }

    fn name(&self, index: usize) -> String {
        let Self {
            kind, extension, ..
        } = self;
        if self.files.sizes().len() > 1 {
            format!("{kind}-{}.{extension}", index + 1)
        } else {
            format!("{kind}.{extension}")
        }
    }
}

/// The asker's answer with files below it: `picture`, which is there, and then those of `sheets`. Where one
/// message does not take them all, more follow, and the first says how many: whoever lacks one can tell.
pub(super) async fn answer(
    reply: Reply,
    picture: Option<CreateAttachment>,
    sheets: Vec<Sheets>,
    permit: Arc<Permit>,
    language: Language,
) -> Result<Answer> {
    let mut rest = Rest::of(picture, sheets, language);
    let in_first = rest.messages.front().map_or(0, Vec::len);
    let first = rest.below(reply.keeping(permit)).await?;
    if rest.left() == 0 {
        return Ok(Answer::Private(first));
    }
    let all = in_first + rest.messages.iter().map(Vec::len).sum::<usize>();
    let args = [("files", all.into()), ("messages", rest.parts.into())];
    let first = first.line(&text(language, "files-in-messages", &args));
    Ok(Answer::PrivateThen { first, then: rest })
}

/// Messages with files that are still to be made, one after another.
pub(super) struct Rest {
    picture: Option<CreateAttachment>,
    sheets: Vec<Sheets>,
    /// How many messages there are in all.
    parts: usize,
    messages: VecDeque<Vec<Slot>>,
    /// The first file of the next message, if it was made for the one before, which did not take it.
    ahead: Option<CreateAttachment>,
    language: Language,
}

/// A file that has its place in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Slot {
    /// The index of its sheets; `None`: the picture.
    of: Option<usize>,
    name: String,
    bytes: usize,
}

impl Rest {
    fn of(picture: Option<CreateAttachment>, sheets: Vec<Sheets>, language: Language) -> Self {
        let picture_slot = picture.iter().map(|picture| Slot {
            of: None,
            name: picture.filename.clone(),
            bytes: picture.data.len(),
        });
        let messages = messages(picture_slot.chain(unmade(&sheets)));
        Self {
            picture,
            parts: messages.len(),
            messages,
            ahead: None,
            sheets,
            language,
        }
    }

    /// Messages that were not made yet.
    pub(super) fn left(&self) -> usize {
        self.messages.len()
    }

    /// Makes the next message; `None`: that was the last.
    pub(super) async fn next(&mut self) -> Result<Option<Reply>> {
        if self.messages.is_empty() {
            return Ok(None);
        }
        let part = self.parts - self.left() + 1;
        let args = [("part", part.into()), ("parts", self.parts.into())];
        let reply = Reply::new(text(self.language, "files-part", &args));
        self.below(reply).await.map(Some)
    }

    /// The files of the next message, below `reply`.
    async fn below(&mut self, mut reply: Reply) -> Result<Reply> {
        let mut slots = VecDeque::from(self.messages.pop_front().unwrap_or_default());
        let mut bytes = 0;
        while let Some(slot) = slots.front() {
            let file = match self.ahead.take() {
                Some(file) => Some(file),
                None => self.make(slot).await?,
            };
            if let Some(file) = file {
                let with_it = bytes + file.data.len();
                if bytes > 0 && with_it > MESSAGE_BYTES {
                    // It has grown since it was counted.
                    self.ahead = Some(file);
                    break;
                }
                bytes = with_it;
                reply = reply.file(file);
            }
            slots.pop_front();
        }
        if !slots.is_empty() {
            self.messages.push_front(slots.into());
            self.parts += 1;
        } else if self.messages.is_empty() {
            // What has come since they were counted may need more.
            self.messages = messages(unmade(&self.sheets));
            self.parts += self.messages.len();
        }
        Ok(reply)
    }

    async fn make(&mut self, Slot { of, name, .. }: &Slot) -> Result<Option<CreateAttachment>> {
        let Some(of) = of else {
            return Ok(self.picture.take());
        };
        let file = self.sheets[*of].files.next().await?;
        Ok(file.map(|file| CreateAttachment::bytes(file, name.clone())))
    }
}

/// The files that were not made yet.
fn unmade(sheets: &[Sheets]) -> impl Iterator<Item = Slot> {
    sheets.iter().enumerate().flat_map(|(of, sheets)| {
        sheets.files.unmade().map(move |(index, bytes)| Slot {
            of: Some(of),
            name: sheets.name(index),
            bytes,
        })
    })
}

impl std::fmt::Debug for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rest")
            .field("parts", &self.parts)
            .field("left", &self.left())
            .finish_non_exhaustive()
    }
}

/// Which files go with which message, in their order.
fn messages(files: impl IntoIterator<Item = Slot>) -> VecDeque<Vec<Slot>> {
    let mut messages: VecDeque<Vec<Slot>> = VecDeque::new();
    let mut bytes = 0;
    for file in files {
        bytes += file.bytes;
        match messages.back_mut() {
            Some(last) if last.len() < MOST_FILES && bytes <= MESSAGE_BYTES => last.push(file),
            _ => {
                bytes = file.bytes;
                messages.push_back(vec![file]);
            }
        }
    }
    messages
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use futures_util::future::BoxFuture;

    use super::*;
    use crate::export::{Place, Row, Source};

    #[test]
    fn every_file_goes_with_a_message_that_takes_it() {
        let file = |bytes: usize| Slot {
            of: None,
            name: "a.csv".into(),
            bytes,
        };
        let sizes = |files: Vec<usize>| -> Vec<Vec<usize>> {
            let messages = messages(files.into_iter().map(file));
            let size = |message: Vec<Slot>| message.iter().map(|file| file.bytes).collect();
            messages.into_iter().map(size).collect()
        };
        assert_eq!(sizes(vec![]), Vec::<Vec<usize>>::new());
        assert_eq!(sizes(vec![1; 23]), [vec![1; 10], vec![1; 10], vec![1; 3]]);
        let (large, small) = (MESSAGE_BYTES, 10);
        assert_eq!(
            sizes(vec![small, large - small, small, large, small]),
            [
                vec![small, large - small],
                vec![small],
                vec![large],
                vec![small]
            ]
        );
    }

    /// Lines of a kilobyte: how many there are, and how many of them were read.
    struct Lines(Arc<AtomicI64>, Arc<AtomicI64>);

    fn lines(count: i64) -> Arc<AtomicI64> {
        Arc::new(AtomicI64::new(count))
    }

    impl Source for Lines {
        fn rows<'a>(&'a self, after: &'a Place) -> BoxFuture<'a, Result<Vec<Row>>> {
            let row = |id| Row {
                place: Place {
                    id,
                    ..Place::default()
                },
                bytes: vec![b'x'; 1_024],
            };
            let until = (after.id + 500).min(self.0.load(Ordering::SeqCst));
            let rows: Vec<Row> = (after.id + 1..=until).map(row).collect();
            self.1.fetch_add(until - after.id, Ordering::SeqCst);
            Box::pin(async move { Ok(rows) })
        }

        fn begin(&self, _file: &mut Vec<u8>) {}
    }

    #[tokio::test]
    async fn no_more_than_a_message_of_files_is_held_at_a_time() {
        let read = Arc::<AtomicI64>::default();
        let all = Lines(lines(100_000), Arc::clone(&read));
        let files = Files::plan(all, MESSAGE_BYTES).await.unwrap();
        let last = Files::plan(Lines(lines(3), Arc::default()), MESSAGE_BYTES);
        let sheets = vec![
            Sheets::csv("subscribers", files),
            Sheets::csv("consents", last.await.unwrap()),
        ];
        read.store(0, Ordering::SeqCst);
        let permit = Making::default().begin(Owner::Guild(GuildId(1))).unwrap();
        let reply = Reply::new("Here");
        let answered = answer(reply, None, sheets, permit, Language::English).await;
        let Answer::PrivateThen { first, mut then } = answered.unwrap() else {
            unreachable!("one message does not take it");
        };
        // What was read is in the messages so far, but for the rest of a page.
        let check = |message: &Reply, before: i64| {
            let bytes = message.file_bytes();
            assert!(bytes <= MESSAGE_BYTES, "{bytes}");
            let given = before + i64::try_from(bytes / 1_024).unwrap();
            let read = read.load(Ordering::SeqCst);
            assert!(
                (given - 3..given + 500).contains(&read),
                "{read} of {given}"
            );
            given
        };
        let mut given = check(&first, 0);
        let (mut parts, mut told) = (1, first);
        while let Some(message) = then.next().await.unwrap() {
            // The one before was sent, and is gone.
            drop(std::mem::replace(&mut told, message));
            given = check(&told, given);
            parts += 1;
        }
        assert_eq!((given, parts, then.left()), (100_003, 11, 0));
    }

    #[tokio::test]
    async fn what_has_grown_since_it_was_counted_has_more_messages_and_none_is_too_large() {
        let counts = [lines(1), lines(3), lines(3)];
        let mut sheets = Vec::new();
        for (kind, count) in ["a", "b", "c"].into_iter().zip(&counts) {
            let files = Files::plan(Lines(Arc::clone(count), Arc::default()), MESSAGE_BYTES);
            sheets.push(Sheets::csv(kind, files.await.unwrap()));
        }
        counts[1].store(30_000, Ordering::SeqCst);
        let permit = Making::default().begin(Owner::Guild(GuildId(1))).unwrap();
        let reply = Reply::new("Here");
        let answered = answer(reply, None, sheets, permit, Language::English).await;
        let Answer::PrivateThen { first, mut then } = answered.unwrap() else {
            unreachable!("one message does not take it");
        };
        let mut sizes = vec![first.file_bytes()];
        while let Some(message) = then.next().await.unwrap() {
            sizes.push(message.file_bytes());
        }
        assert!(
            sizes.iter().all(|size| (1..=MESSAGE_BYTES).contains(size)),
            "{sizes:?}"
        );
        assert_eq!(sizes.iter().sum::<usize>(), 30_004 * 1_024);
        assert_eq!(then.parts, sizes.len());
    }

    #[test]
    fn a_server_gets_files_once_at_a_time_and_few_servers_at_once() {
        let making = Making::default();
        let guild = |id| Owner::Guild(GuildId(id));
        let first = making.begin(guild(1)).unwrap();
        let again = making.begin(guild(1)).err();
        assert_eq!(again, Some(UserError::FileUnderWay));
        let answer = Arc::clone(&first);
        let second = making.begin(Owner::Member(GuildId(1), UserId(2))).unwrap();
        assert_eq!(making.begin(guild(3)).err(), Some(UserError::FilesUnderWay));
        drop(first);
        assert!(making.begin(guild(1)).is_err(), "an answer is on its way");
        drop((answer, second));
        let both = [making.begin(guild(1)), making.begin(guild(3))];
        assert!(both.iter().all(Result::is_ok));
    }

    #[test]
    fn a_file_stays_below_what_discord_takes() {
        assert_eq!(most_bytes(10 * 1024 * 1024), MESSAGE_BYTES);
        assert_eq!(
            most_bytes(100 * 1024 * 1024),
            MESSAGE_BYTES,
            "and below what a message takes"
        );
        assert_eq!(most_bytes(1_000), 900);
    }
}
