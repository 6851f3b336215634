//! How full the disk with SQLite's file is.

use std::io;
use std::path::Path;

/// Less than this is left of a disk that is nearly full.
const LOW_PERCENT: u64 = 5;

/// A disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// What this program may still fill; what is kept for the system's own needs is no part of it.
    pub free_bytes: u64,
    /// All of it.
    pub total_bytes: u64,
}

impl Disk {
    /// The disk that `file` is on.
    pub(super) fn of(file: &Path) -> io::Result<Self> {
        let disk = rustix::fs::statvfs(file)?;
        Ok(Self {
            free_bytes: disk.f_bavail.saturating_mul(disk.f_frsize),
            total_bytes: disk.f_blocks.saturating_mul(disk.f_frsize),
        })
    }

    /// Whether it is nearly full.
    pub fn is_low(&self) -> bool {
        self.free_per_mille() < LOW_PERCENT * 10
    }

    /// How much of a thousand parts is free.
    pub fn free_per_mille(&self) -> u64 {
        let per_mille = u128::from(self.free_bytes) * 1_000;
        let free = per_mille.checked_div(u128::from(self.total_bytes));
        // A disk without a size (some network file systems tell none) is not one that is full.
        free.map_or(1_000, |free| u64::try_from(free).unwrap_or(1_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_than_a_twentieth_is_low() {
        let disk = |free_bytes, total_bytes| Disk {
            free_bytes,
            total_bytes,
        };
        assert!(disk(0, 1_000).is_low());
        assert!(disk(49, 1_000).is_low());
        assert!(!disk(50, 1_000).is_low());
        assert!(!disk(u64::MAX, u64::MAX).is_low());
        assert!(!disk(0, 0).is_low());
    }

    #[test]
    fn a_disk_tells_its_size() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::of(folder.path()).unwrap();
        assert!(disk.total_bytes >= disk.free_bytes && disk.total_bytes > 0);
        assert!(Disk::of(&folder.path().join("absent")).is_err());
    }
}
