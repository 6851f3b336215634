//! What the stores' functions take: a connection that counts the statements asked of it.

use std::fmt;
use std::ops::{Deref, DerefMut};

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, Describe, Either, Execute, Executor, SqlStr};

/// An open transaction, or a connection to read from.
pub struct Tx {
    conn: Conn,
    statements: u64,
}

enum Conn {
    Pooled(PoolConnection<Any>),
    Own(AnyConnection),
}

impl Tx {
    /// One of a pool, to which it goes back.
    pub(super) fn pooled(conn: PoolConnection<Any>) -> Self {
        Self {
            conn: Conn::Pooled(conn),
            statements: 0,
        }
    }

    /// One that ends with this.
    pub(super) fn own(conn: AnyConnection) -> Self {
        Self {
            conn: Conn::Own(conn),
            statements: 0,
        }
    }

    /// How many statements were asked of it.
    pub(super) fn statements(&self) -> u64 {
        self.statements
    }

    /// Takes the connection out of its pool, which opens another one.
    pub(super) fn detach(self) -> AnyConnection {
        match self.conn {
            Conn::Pooled(conn) => conn.detach(),
            Conn::Own(conn) => conn,
        }
    }
}

impl Deref for Tx {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        match &self.conn {
            Conn::Pooled(conn) => conn,
            Conn::Own(conn) => conn,
        }
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        match &mut self.conn {
            Conn::Pooled(conn) => conn,
            Conn::Own(conn) => conn,
        }
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx")
            .field("statements", &self.statements)
            .finish_non_exhaustive()
    }
}

impl<'c> Executor<'c> for &'c mut Tx {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, sqlx::Result<Either<AnyQueryResult, AnyRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        self.statements += 1;
        (&mut **self).fetch_many(query)
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<AnyRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        self.statements += 1;
        (&mut **self).fetch_optional(query)
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<AnyStatement>>
    where
        'c: 'e,
    {
        (&mut **self).prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Any>>>
    where
        'c: 'e,
    {
        (&mut **self).describe(sql)
    }
}
