//! Which of the database's errors say that it is away: the database, or what is below it, is at
//! fault, and not what was asked of it. The same may work in a moment.

use sqlx::error::DatabaseError;
use sqlx::sqlite::SqliteError;

/// SQLite's primary result codes (<https://sqlite.org/rescode.html>): somebody else has held the
/// lock for too long, the disk has become read-only, cannot be read or written, is full, or the
/// file cannot be opened.
const SQLITE_AWAY: [i64; 5] = [5, 8, 10, 13, 14];
/// PostgreSQL's classes and codes of errors (appendix A of its manual): no connection, too little
/// disk, memory or connections left, shut down, the server's own disk; a standby that cannot write,
/// and a lock that a hung process holds.
const POSTGRES_AWAY: [&str; 6] = ["08", "53", "57P", "58", "25006", "55P03"];

/// How soon a database that failed is asked again; twice as long after each further failure.
const FIRST_WAIT_MS: i64 = 500;
/// The longest of these waits: with an attempt that is under way meanwhile, what waits is stored
/// within the ten seconds promised after the database's return.
const LONGEST_WAIT_MS: i64 = 5_000;
/// More than lead to the longest wait, and not so many that a number runs over.
const MOST_DOUBLINGS: u32 = 8;
/// Between two words about a trouble that goes on: who reads the log shall find more in it.
pub const TELL_AGAIN_MS: i64 = 60_000;

/// How long to wait before the database is asked again, after it failed `failures` times before
/// this one.
pub fn again_ms(failures: u32) -> i64 {
    (FIRST_WAIT_MS << failures.min(MOST_DOUBLINGS)).min(LONGEST_WAIT_MS)
}

pub(super) fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => is_told(error.as_ref()),
        _ => false,
    }
}

/// Whether the database itself says so.
fn is_told(error: &dyn DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<SqliteError>().is_some() {
        // The low byte of an extended code is its primary code.
        let primary = code.parse::<i64>().map(|code| code & 0xff);
        return primary.is_ok_and(|primary| SQLITE_AWAY.contains(&primary));
    }
    POSTGRES_AWAY.iter().any(|away| code.starts_with(away))
}

#[cfg(test)]
mod tests {
    use sqlx::{AnyConnection, Connection as _, Executor as _};

    use super::*;
    use crate::error::Error;

    #[test]
    fn a_lost_connection_is_away_and_a_missing_row_is_not() {
        let lost = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        for error in [
            sqlx::Error::Io(lost),
            sqlx::Error::PoolTimedOut,
            sqlx::Error::PoolClosed,
        ] {
            assert!(matches!(Error::from(error), Error::Away(_)));
        }
        let error = Error::from(sqlx::Error::RowNotFound);
        assert!(matches!(error, Error::Internal(_)));
    }

    #[tokio::test]
    async fn a_full_disk_is_away_and_a_broken_rule_is_not() {
        sqlx::any::install_default_drivers();
        let mut conn = AnyConnection::connect("sqlite::memory:").await.unwrap();
        let rows = "CREATE TABLE rows (id BIGINT CHECK (id > 0), text TEXT)";
        conn.execute(rows).await.unwrap();
        let broken = conn.execute("INSERT INTO rows VALUES (0, '')").await;
        assert!(!is_away(&broken.unwrap_err()));
        // As full as a disk can be: no page more.
        conn.execute("PRAGMA max_page_count = 1").await.unwrap();
        let full = conn.execute("INSERT INTO rows VALUES (1, hex(zeroblob(10000)))");
        assert!(is_away(&full.await.unwrap_err()));
    }
}
