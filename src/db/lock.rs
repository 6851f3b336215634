//! The lock that keeps a second process off SQLite's file. Two processes on one file would both think
//! themselves alone, and take each other's leases for those of the dead.
//!
//! On Linux the lock (`flock`) is on the database's file itself: neither a removed lock file nor
//! another name of the database (a hard link, a symbolic link, a bind mount, another container) leads
//! past it, and the system releases it when the process dies, however it dies. A lease in a table was
//! rejected: after `kill -9` the next start would have to wait until it runs out, as nothing tells a
//! dead process in another container from a living one.
//!
//! SQLite's own locks (`fcntl`) are of another kind and never meet this one. They have a trap, though:
//! **closing any descriptor of a file drops all of the process's `fcntl` locks on it**, also those that
//! SQLite's connections hold. So a descriptor that was opened here is kept in [`DESCRIPTORS`] and used
//! again; it is closed only once its file was deleted, when no process can open the database any more.
//!
//! Other systems let the two kinds of locks meet, so there the lock is on a file beside the database.
//! Earlier versions of this program did the same everywhere: where such a file was left, it is locked,
//! too, so that neither runs beside the other.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;

use super::private;
use crate::error::Result;

/// The descriptors of databases that this process has opened past SQLite.
static DESCRIPTORS: Mutex<Vec<Descriptor>> = Mutex::new(Vec::new());

struct Descriptor {
    file: File,
    id: FileId,
    is_locked: bool,
}

/// What a file is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

/// The lock of one database; dropped, it is released.
#[derive(Debug, Default)]
pub(super) struct FileLock {
    /// The files that are locked.
    ids: Vec<FileId>,
}

/// Why a file could not be locked.
enum Fault {
    InUse,
    Open(io::Error),
    Lock(io::Error),
}

impl FileLock {
    /// Takes the lock of `database`, making an empty file where there is none.
    pub(super) fn take(database: &Path) -> Result<Self> {
        if let Some(directory) = database.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            fs::create_dir_all(directory).with_context(|| unusable(database))?;
        }
        let in_use = || {
            anyhow::anyhow!(
                "{} is in use by another timeattack; stop it first, or use PostgreSQL to run several",
                database.display()
            )
        };
        let path = locked_by(database);
        let mut lock = Self::default();
        lock.add(&path).map_err(|fault| match fault {
            Fault::InUse => in_use(),
            Fault::Open(error) => anyhow::Error::new(error).context(unusable(database)),
            Fault::Lock(error) => anyhow::Error::new(error).context(format!(
                "locking {}; keep it on a disk of this machine, or use PostgreSQL",
                path.display()
            )),
        })?;
        let earlier = beside(database);
        if earlier != path && earlier != database && earlier.exists() {
            match lock.add(&earlier) {
                Ok(()) => {}
                Err(Fault::InUse) => return Err(in_use().into()),
                // Another user's, most likely, who did not run what runs now.
                Err(Fault::Open(error) | Fault::Lock(error)) => {
                    let file = earlier.display();
                    tracing::warn!(%file, %error, "the lock file of an earlier version cannot be locked");
                }
            }
        }
        if !database.exists() {
            // Where the lock is on another file. SQLite would make one that everybody can read.
            private::make(database).with_context(|| unusable(database))?;
        }
        private::tighten(database);
        warn_of_other_names(database);
        Ok(lock)
    }

    /// Locks one more file, making an empty one where there is none.
    fn add(&mut self, path: &Path) -> std::result::Result<(), Fault> {
        let mut descriptors = descriptors();
        descriptors.retain(|one| one.is_locked || !is_deleted(&one.file));
        // Asked by its name, as opening it to ask would be followed by closing it.
        let known = fs::metadata(path).ok().map(|file| FileId::of(&file));
        let known = descriptors.iter().position(|one| Some(one.id) == known);
        let descriptor = match known {
            Some(known) => &mut descriptors[known],
            None => {
                descriptors.push(open(path).map_err(Fault::Open)?);
                let last = descriptors.len() - 1;
                &mut descriptors[last]
            }
        };
        if descriptor.is_locked {
            return Err(Fault::InUse);
        }
        descriptor.file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => Fault::InUse,
            TryLockError::Error(error) => Fault::Lock(error),
        })?;
        descriptor.is_locked = true;
        self.ids.push(descriptor.id);
        Ok(())
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        let mut descriptors = descriptors();
        let mine = descriptors.iter_mut();
        for descriptor in mine.filter(|one| self.ids.contains(&one.id)) {
            descriptor.is_locked = false;
            if let Err(error) = descriptor.file.unlock() {
                tracing::warn!(%error, "the database's lock could not be released; it is released \
                 when the process ends");
            }
        }
    }
}

impl FileId {
    fn of(file: &Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
        }
    }
}

/// The file that stands for a database when it is locked.
fn locked_by(database: &Path) -> PathBuf {
    if cfg!(target_os = "linux") {
        database.to_owned()
    } else {
        beside(database)
    }
}

/// The file beside a database that stands for it on other systems, and stood for it everywhere in earlier
/// versions.
fn beside(database: &Path) -> PathBuf {
    database.with_extension("lock")
}

/// Said of a database whose file, or the one that stands for it, cannot be opened.
fn unusable(database: &Path) -> String {
    format!(
        "the database {} can't be opened or created; check DATABASE_URL, and whether this program \
         can write in its folder",
        database.display()
    )
}

fn open(path: &Path) -> io::Result<Descriptor> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = options.mode(private::MODE).open(path)?;
    let id = FileId::of(&file.metadata()?);
    Ok(Descriptor {
        file,
        id,
        is_locked: false,
    })
}

fn is_deleted(file: &File) -> bool {
    file.metadata().is_ok_and(|file| file.nlink() == 0)
}

/// SQLite names its log after the name by which it opened the database: after a crash, what stands in
/// the log is not found by another name.
fn warn_of_other_names(database: &Path) {
    let names = fs::metadata(database).map_or(1, |file| file.nlink());
    if names > 1 {
        tracing::warn!(
            names,
            "the database's file has other names (hard links); always use the same one, as SQLite's \
             log belongs to a name"
        );
    }
}

fn descriptors() -> MutexGuard<'static, Vec<Descriptor>> {
    DESCRIPTORS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_of_the_file_and_not_of_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let lock = FileLock::take(&path("deep/a.db")).unwrap();
        fs::hard_link(path("deep/a.db"), path("b.db")).unwrap();
        std::os::unix::fs::symlink(path("deep"), path("other")).unwrap();
        for name in ["deep/a.db", "deep/./a.db", "b.db", "other/a.db"] {
            let refused = FileLock::take(&path(name)).unwrap_err().to_string();
            assert!(refused.contains("in use"), "{name}: {refused}");
        }
        let another = FileLock::take(&path("c.db")).unwrap();
        drop(lock);
        let again = FileLock::take(&path("b.db")).unwrap();
        drop((another, again));
    }

    #[test]
    fn a_database_that_cannot_be_made_is_named_and_not_its_lock() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        for name in ["file/a.db", "file/deep/a.db", "."] {
            let database = folder.path().join(name);
            let refused = FileLock::take(&database).unwrap_err();
            let refused = format!("{refused:#}");
            let named = format!("the database {} can't be", database.display());
            assert!(refused.contains(&named), "{refused}");
            assert!(!refused.contains(".lock"), "{refused}");
        }
    }

    #[test]
    fn a_descriptor_is_used_again_until_its_file_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let kept = |id: FileId| descriptors().iter().filter(|one| one.id == id).count();
        let id = FileLock::take(&path).unwrap().ids[0];
        drop(FileLock::take(&path).unwrap());
        assert_eq!(kept(id), 1);
        // Another file by the same name is another database.
        fs::rename(&path, folder.path().join("aside.db")).unwrap();
        let other = FileLock::take(&path).unwrap();
        assert_ne!(other.ids[0], id);
        fs::remove_file(folder.path().join("aside.db")).unwrap();
        let third = FileLock::take(&folder.path().join("c.db")).unwrap();
        assert_eq!(kept(id), usize::from(third.ids[0] == id));
    }

    #[test]
    fn the_lock_of_an_earlier_version_keeps_out_and_is_taken_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        // As an earlier version locks it.
        let earlier = File::create(path("a.lock")).unwrap();
        earlier.try_lock().unwrap();
        let refused = FileLock::take(&path("a.db")).unwrap_err().to_string();
        assert!(refused.contains("in use"), "{refused}");
        earlier.unlock().unwrap();
        let lock = FileLock::take(&path("a.db")).unwrap();
        assert!(earlier.try_lock().is_err(), "it is kept out, too");
        drop(lock);
        earlier.try_lock().unwrap();
        // None is made where none was left, and a database may be called so.
        let others = ["b.db", "c.lock"].map(|name| FileLock::take(&path(name)).unwrap());
        assert!(!cfg!(target_os = "linux") || !path("b.lock").exists());
        drop(others);
    }
}
