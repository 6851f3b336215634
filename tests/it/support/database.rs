//! A database for each test.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AnyConnection, Connection as _, Executor as _};
use tempfile::TempDir;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A fresh database, removed when the last handle is dropped.
pub struct Database {
    pub url: String,
    kept: Option<Arc<Kept>>,
}

enum Kept {
    /// A directory with the SQLite file.
    Directory { _directory: TempDir },
    /// A schema of the test server.
    Schema { server: String, schema: String },
}

impl Database {
    pub async fn fresh() -> Self {
        match std::env::var("TEST_POSTGRES_URL") {
            Ok(server) => Self::postgres(server).await,
            Err(_) => Self::sqlite(),
        }
    }

    fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        Self {
            url,
            kept: Some(Arc::new(Kept::Directory {
                _directory: directory,
            })),
        }
    }

    async fn postgres(server: String) -> Self {
        sqlx::any::install_default_drivers();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let schema = format!("test_{}_{number}", std::process::id());
        let mut conn = AnyConnection::connect(&server)
            .await
            .expect("TEST_POSTGRES_URL names a server that answers");
        let sql = format!("CREATE SCHEMA {schema}");
        conn.execute(sqlx::AssertSqlSafe(sql))
            .await
            .expect("a schema");
        let separator = if server.contains('?') { '&' } else { '?' };
        Self {
            url: format!("{server}{separator}options=-c%20search_path%3D{schema}"),
            kept: Some(Arc::new(Kept::Schema { server, schema })),
        }
    }

    /// Whether several processes can share it.
    pub fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }

    pub fn shared(&self) -> Self {
        Self {
            url: self.url.clone(),
            kept: self.kept.clone(),
        }
    }

    /// Moves it on to the next process.
    pub fn take(&mut self) -> Self {
        Self {
            url: self.url.clone(),
            kept: self.kept.take(),
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let Self::Schema { server, schema } = self else {
            return;
        };
        // On a thread of its own, as drop cannot wait inside the runtime.
        let (server, sql) = (server.clone(), format!("DROP SCHEMA {schema} CASCADE"));
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let mut conn = AnyConnection::connect(&server).await.expect("a connection");
                // Connections of a killed process may still hold locks for a moment.
                let _ = conn.execute("SET lock_timeout = '2s'").await;
                let _ = conn.execute(sqlx::AssertSqlSafe(sql)).await;
            });
        });
        let _ = dropped.join();
    }
}
