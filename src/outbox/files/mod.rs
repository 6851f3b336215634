//! Files that go with posts.
//!
//! # Promise
//!
//! What a member hands in lives at Discord for a short time only: the address of an option's file ends.
//! So its bytes are kept here ([`Outbox::keep_file`]) before anything is decided, tied to the post by the
//! transaction that enqueues it ([`attach`]), and uploaded with it, after any restart. Then it is Discord's
//! to keep, and the bytes are deleted.
//!
//! # Bounds
//!
//! A file has [`FILE_BYTES`] at most. Of one member so many wait for the answer to which time attack they
//! belong (`MOST_LOOSE`), and not for longer than `LOOSE_MS`; of all together so many bytes
//! (`MOST_BYTES`): Discord may be away for a day, and the disk is the host's. They are written in pieces,
//! which make way for verdicts, and uploaded by `MOST_UPLOADS` at once, since each is in memory then. They
//! are deleted in such pieces, too, a file at a time: a large one is as many megabytes of the database.

mod store;

pub use store::{attach, find, forget_one_of, of_member};

use std::sync::Arc;

use super::Outbox;
use crate::error::Result;
use crate::ids::{FileId, GuildId, UserId};
use crate::messenger::{File, Message};

/// Bytes of a file: less than the 10 MiB that Discord takes of a bot in a server without boosts, with room
/// for what is sent besides.
pub const FILE_BYTES: usize = 8 * 1024 * 1024;
/// Bytes of a piece: some milliseconds of the database's writer.
const PIECE_BYTES: usize = 192 * 1024;
/// Files of one member of which it is not yet known where they belong.
const MOST_LOOSE: i64 = 3;
/// Such a file is deleted after this time: an answer may come late, but the question is gone with the
/// window.
const LOOSE_MS: i64 = 3_600_000;
/// Bytes of all files.
const MOST_BYTES: i64 = 512 * 1024 * 1024;
/// Uploads at once.
pub(super) const MOST_UPLOADS: usize = 2;
/// Characters of a file's name.
const NAME_LENGTH: usize = 80;

/// A file that was handed in.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Where.
    pub guild: GuildId,
    /// By whom.
    pub user: UserId,
    /// What it is called.
    pub name: String,
    /// Its content, [`FILE_BYTES`] at most.
    pub bytes: Vec<u8>,
}

/// A file that is kept, without its bytes.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) id: FileId,
    pub(super) guild: GuildId,
    pub(super) user: UserId,
    pub(super) name: String,
    pub(super) bytes: i64,
    pub(super) pieces: i64,
    pub(super) created_ms: i64,
}

impl Outbox {
    /// Keeps a file until it is known which post it goes with. `None`: it is too large, or there is no room
    /// for more.
    pub async fn keep_file(&self, file: NewFile) -> Result<Option<FileId>> {
        let id = FileId(self.inner.ids.next(&self.inner.clock));
        let length = file.bytes.len();
        if !(1..=FILE_BYTES).contains(&length) {
            return Ok(None);
        }
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let kept = Kept {
            id,
            guild: file.guild,
            user: file.user,
            name: name_of(&file.name),
            bytes: count(length),
            pieces: count(length.div_ceil(PIECE_BYTES)),
            created_ms: self.inner.clock.now_ms(),
        };
        let db = &self.inner.db;
        // The member's oldest that belong nowhere make way for it.
        let make_room = || {
            db.write_piece((kept.guild, kept.user), |tx, (guild, user)| {
                Box::pin(store::forget_one_loose(tx, *guild, *user, MOST_LOOSE - 1))
            })
        };
        while make_room().await? {}
        let has_room = db.write(kept, |tx, kept| {
            Box::pin(store::begin(tx, kept, MOST_BYTES))
        });
        if !has_room.await? {
            return Ok(None);
        }
        for (number, piece) in (0_i64..).zip(file.bytes.chunks(PIECE_BYTES)) {
            let job = (id, number, piece.to_vec());
            db.write_piece(job, |tx, (id, number, piece)| {
                Box::pin(store::insert_piece(tx, *id, *number, piece))
            })
            .await?;
        }
        Ok(Some(id))
    }

    /// Whether a member's file is kept that belongs nowhere yet.
    pub async fn keeps(&self, guild: GuildId, user: UserId, file: FileId) -> Result<bool> {
        let mut conn = self.inner.db.read().await?;
        Ok(find(&mut conn, guild, user, file).await?.is_some())
    }

    /// These were uploaded. What cannot be deleted now is with what is old.
    pub(super) async fn forget_files(&self, files: impl Iterator<Item = FileId>) {
        for file in files {
            let db = &self.inner.db;
            let forgotten = db.write_piece(file, |tx, file| Box::pin(store::forget(tx, *file)));
            if let Err(error) = forgotten.await {
                let error = format!("{error:#}");
                tracing::warn!(error, "a file that was uploaded is deleted later");
            }
        }
    }

    /// Removes a file that nothing will upload any more. `true`: there may be more.
    pub(super) async fn prune_files(&self, now_ms: i64) -> Result<bool> {
        let db = &self.inner.db;
        let pruned = db.write_piece(now_ms, |tx, now_ms| Box::pin(store::prune_one(tx, *now_ms)));
        pruned.await
    }

    /// Takes the bytes of a message's files into memory; one that is gone is left out.
    pub(super) async fn load_files(&self, message: &mut Message) -> Result<()> {
        let mut conn = self.inner.db.read().await?;
        let mut loaded = Vec::with_capacity(message.files.len());
        for file in std::mem::take(&mut message.files) {
            if let Some(bytes) = store::bytes_of(&mut conn, file.id).await? {
                let bytes = Arc::new(bytes);
                loaded.push(File { bytes, ..file });
            }
        }
        message.files = loaded;
        Ok(())
    }
}

/// A name that nothing in a request or in a link can end. Its ending, by which Discord knows pictures, stays.
fn name_of(given: &str) -> String {
    let kept = |one: char| {
        if one.is_alphanumeric() || "._-".contains(one) {
            one
        } else {
            '_'
        }
    };
    let name: Vec<char> = given.chars().map(kept).collect();
    let from = name.len().saturating_sub(NAME_LENGTH);
    let name: String = name[from..].iter().collect();
    let name = name.trim_matches('.');
    if name.is_empty() {
        "file".to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_ending_and_nothing_that_could_end_it() {
        for (given, kept) in [
            ("done.png", "done.png"),
            ("내 인증 사진.jpg", "내_인증_사진.jpg"),
            ("a\"b/c\\d\r\n.png", "a_b_c_d__.png"),
            ("SPOILER_x.png", "SPOILER_x.png"),
            ("...", "file"),
            ("", "file"),
        ] {
            assert_eq!(name_of(given), kept);
        }
        let long = name_of(&format!("{}.png", "가".repeat(200)));
        assert_eq!(long.chars().count(), NAME_LENGTH);
        assert!(long.ends_with(".png"));
    }
}
