//! The keys that sign links: those of `SECRET_KEY`, or one that is made once and kept in a file.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};

use crate::check::Line;
use crate::config::{Config, DatabaseUrl};
use crate::links::{self, Links};

/// The file's name.
const FILE: &str = "secret.key";
/// Its folder where there is no SQLite file to be beside of.
const FOLDER: &str = "data";
/// Random octets of a key: as many as HMAC-SHA-256 makes use of.
const KEY_BYTES: usize = 32;
/// Read and written by its owner alone.
const MODE: u32 = 0o600;
/// Bits of a file's mode by which others than its owner can do something with it.
const OTHERS: u32 = 0o077;

/// Makes and reads links as the host has set; a missing key is made.
pub(super) fn links(config: &Config) -> anyhow::Result<Links> {
    let mut keys = config.http.keys.clone();
    if keys.is_empty() {
        let file = file(&config.database);
        keys = kept(&file).with_context(|| format!("the key in {}", file.display()))?;
        if config.database.is_postgres() {
            tracing::warn!(
                file = %file.display(),
                "links are signed with this folder's own key: other processes that share the \
                 database can't read them; set the same SECRET_KEY for all"
            );
        }
    }
    let mut keys = keys.iter().map(|key| key.expose_secret().as_bytes());
    let current = keys.next().context("there is no key")?;
    Ok(Links::new(&config.http.public_url, current).with_former(keys))
}

/// Whether there is a key, or can be.
pub(super) fn check(config: &Config) -> Line {
    const WHAT: &str = "link key";
    match config.http.keys.len() {
        0 => {}
        1 => return Line::ok(WHAT, "of SECRET_KEY"),
        count => {
            let detail = format!(
                "the first of SECRET_KEY signs links; {} still accepted",
                count - 1
            );
            return Line::ok(WHAT, detail);
        }
    }
    let file = file(&config.database);
    let shown = file.display();
    let advice = "links in sent emails need it: restore it from a backup, or remove it to get a \
     new one";
    match read(&file) {
        Ok(None) => Line::ok(
            WHAT,
            format!("will be created at the first start, in {shown}"),
        ),
        Ok(Some(_)) if config.database.is_postgres() => Line::warn(
            WHAT,
            format!("in {shown}, which processes on other machines don't have"),
            "set the same SECRET_KEY for all of them",
        ),
        Ok(Some(_)) if is_open(&file) => Line::warn(
            WHAT,
            format!("in {shown}, which others can read"),
            format!("chmod 600 {shown}"),
        ),
        Ok(Some(_)) => Line::ok(WHAT, format!("in {shown}; keep it with the backups")),
        Err(error) => Line::fail(WHAT, format!("{shown}: {error:#}"), advice),
    }
}

/// Where the key goes when the database is copied to `copy`.
fn beside(copy: &Path) -> PathBuf {
    let mut name = copy.as_os_str().to_owned();
    name.push(format!(".{FILE}"));
    name.into()
}

/// Copies the key beside a copy of the database that is about to be made: without it every link in the
/// mails that were sent is dead. `None`: there is no file of it. Must not exist there yet.
pub(super) fn back_up(config: &Config, copy: &Path) -> anyhow::Result<Option<PathBuf>> {
    let file = file(&config.database);
    let beside = beside(copy);
    if !config.http.keys.is_empty() || !file.exists() {
        return Ok(None);
    }
    let key = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
    let mut options = OpenOptions::new();
    let made = options
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(&beside);
    let written = made.and_then(|mut made| {
        made.write_all(&key)?;
        made.sync_all()
    });
    written.with_context(|| format!("making {}; name a new file", beside.display()))?;
    Ok(Some(beside))
}

/// Where a key that nobody set is kept.
pub(super) fn file(database: &DatabaseUrl) -> PathBuf {
    let folder = database.file().and_then(Path::parent);
    let folder = folder.unwrap_or(Path::new(FOLDER));
    folder.join(FILE)
}

/// The keys of the file, which is made if it is missing. One that cannot be used is an error and is
/// never replaced: every link in every mail that was sent hangs on it.
fn kept(file: &Path) -> anyhow::Result<Vec<SecretString>> {
    let keys = match read(file)? {
        Some(keys) => keys,
        None => {
            make(file).context("it cannot be made")?;
            read(file)?.context("it has gone again")?
        }
    };
    if is_open(file) {
        let closed = fs::set_permissions(file, Permissions::from_mode(MODE));
        let file = file.display();
        match closed {
            Ok(()) => tracing::info!(%file, "others could read the key; now only its owner can"),
            Err(error) => tracing::warn!(%file, %error, "others can read the key: chmod 600 it"),
        }
    }
    Ok(keys)
}

/// `None`: there is no such file.
fn read(file: &Path) -> anyhow::Result<Option<Vec<SecretString>>> {
    let text = match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => SecretString::from(read.context("it cannot be read")?),
    };
    let text = text.expose_secret();
    if let Err(why) = links::check_keys(text) {
        anyhow::bail!("the file {why}; restore its key, or remove the file to get a new one");
    }
    Ok(Some(
        links::split_keys(text).map(SecretString::from).collect(),
    ))
}

/// Whether others than its owner can do something with it.
fn is_open(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|file| file.mode() & OTHERS != 0)
}

/// Makes the file with a key in it. It appears whole or not at all, and only if there is none: of two
/// processes that start at once one makes it and both read it.
fn make(file: &Path) -> anyhow::Result<()> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).context("the system gives no randomness")?;
    let folder = file.parent().filter(|one| !one.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let draft = folder.join(format!("{FILE}.{}", std::process::id()));
    let written = write(&draft, &URL_SAFE_NO_PAD.encode(key));
    let linked = written.and_then(|()| fs::hard_link(&draft, file));
    // What is left of it would be no harm but to the eye.
    let _ = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
        _ => {}
    }
    File::open(folder)?.sync_all()?;
    tracing::info!(file = %file.display(), "created secret.key (signs links); include it in backups");
    Ok(())
}

fn write(file: &Path, key: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(MODE)
        .open(file)?;
    file.write_all(format!("{key}\n").as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/secret.key");
        let key = |keys: Vec<SecretString>| keys[0].expose_secret().to_owned();
        let made = key(kept(&file).unwrap());
        assert_eq!(made.len(), 43, "32 octets in base64");
        assert_eq!(key(kept(&file).unwrap()), made);
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        let files = fs::read_dir(file.parent().unwrap()).unwrap();
        assert_eq!(files.count(), 1, "no draft is left");
        let other = tempfile::tempdir().unwrap();
        assert_ne!(key(kept(&other.path().join("secret.key")).unwrap()), made);
    }

    #[test]
    fn a_file_that_cannot_be_used_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        for content in ["", "short\n"] {
            fs::write(&file, content).unwrap();
            assert!(kept(&file).is_err());
            assert_eq!(fs::read_to_string(&file).unwrap(), content);
        }
        // A new key in front of the old one.
        fs::write(&file, format!("{0}new\n{0}old\n", "x".repeat(32))).unwrap();
        assert_eq!(kept(&file).unwrap().len(), 2);
    }

    #[test]
    fn it_is_beside_the_database() {
        let beside = |url: &str| file(&DatabaseUrl::sqlite(Path::new(url)));
        assert_eq!(
            beside("/var/lib/ta/a.db"),
            Path::new("/var/lib/ta/secret.key")
        );
        assert_eq!(beside("a.db"), Path::new("secret.key"));
    }
}
