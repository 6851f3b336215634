//! SQLite's files and their copies are for their owner alone.
//!
//! SQLite gives its log and index the permissions of the database's own file, so what counts is that one,
//! and what an earlier version has left.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Read and written by its owner, and by nobody else.
pub(super) const MODE: u32 = 0o600;
/// What others than the owner may do, in a file's mode.
const OTHERS: u32 = 0o077;
/// What SQLite writes beside a database, behind its name.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Makes an empty file, which must not exist.
pub(super) fn make(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(MODE).open(path)
}

/// Takes from others what they may do with a database and what is beside it.
pub(super) fn tighten(database: &Path) {
    // SQLite names what is beside it after the file itself, and not after a link to it.
    let file = fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
    let beside = BESIDE.iter().map(|end| {
        let mut name = file.clone().into_os_string();
        name.push(end);
        PathBuf::from(name)
    });
    for path in beside.chain([file.clone()]) {
        let Ok(found) = fs::metadata(&path) else {
            continue;
        };
        if found.permissions().mode() & OTHERS == 0 {
            continue;
        }
        let file = path.display();
        match fs::set_permissions(&path, Permissions::from_mode(MODE)) {
            Ok(()) => tracing::info!(%file, "others could use the file; now only its owner can"),
            Err(error) => tracing::warn!(
                %file,
                %error,
                "others can use the file, and its permissions could not be changed: chmod 600 it"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_could_read_is_closed_to_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let names = ["a.db", "a.db-wal", "a.db-shm", "a.db-journal"];
        for (name, mode) in names.iter().zip([0o644, 0o640, 0o666, 0o604]) {
            fs::write(path(name), "x").unwrap();
            fs::set_permissions(path(name), Permissions::from_mode(mode)).unwrap();
        }
        fs::write(path("b.db"), "another's").unwrap();
        fs::set_permissions(path("b.db"), Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::symlink(path("a.db"), path("link.db")).unwrap();
        tighten(&path("link.db"));
        let mode = |name: &str| fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(names.map(mode), [MODE; 4]);
        assert_eq!(mode("b.db"), 0o644);
        tighten(&path("absent.db"));
    }
}
