//! Mails as files, for a host without a mail server and for the sandbox's mailbox.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ring::digest;

use super::{Failure, Letter, Scope, Sent, Stage};
use crate::clock::Clock;

/// A folder that mails are written into. A file is there as a whole or not at all: it is written
/// and synced beside its place, and renamed. Its name begins with the time, so that names sort by
/// it, and has no address in it.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    clock: Clock,
    /// Keeps mails of the same millisecond apart, and in order.
    next: AtomicU64,
}

impl Files {
    /// Mails go into `folder`, which is made when there is one.
    pub fn new(folder: impl Into<PathBuf>, clock: Clock) -> Self {
        Self {
            folder: folder.into(),
            clock,
            next: AtomicU64::new(0),
        }
    }

    pub(super) async fn write(&self, letter: Arc<Letter>) -> Result<Sent, Failure> {
        let number = self.next.fetch_add(1, Ordering::Relaxed) % 1_000_000;
        // Of another process at the same time comes another mail: the hash keeps them apart.
        let hash = digest::digest(&digest::SHA256, &letter.mail);
        let hash = hash.as_ref().iter().take(6);
        let hash: String = hash.map(|byte| format!("{byte:02x}")).collect();
        let id = format!("{:013}-{number:06}-{hash}", self.clock.now_ms());
        let (folder, name) = (self.folder.clone(), id.clone());
        let write = move || write_whole(&folder, &name, &letter.mail);
        let written = tokio::task::spawn_blocking(write).await;
        let written = written.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        // A file that was not renamed is no mail: nothing is ambiguous here.
        written.map_err(|error| {
            let why = format!("the email could not be written to MAIL_DIR: {error}");
            Failure::of(Scope::Connection, Stage::End, why)
        })?;
        Ok(Sent { id })
    }
}

fn write_whole(folder: &Path, name: &str, mail: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!(".{name}.tmp"));
    let written = fs::File::create(&beside)
        .and_then(|mut file| {
            file.write_all(mail)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, folder.join(format!("{name}.eml"))));
    if written.is_err() {
        // There may be nothing to remove, and nobody to tell.
        let _ = fs::remove_file(&beside);
    }
    written
}
