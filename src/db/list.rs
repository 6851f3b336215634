//! Many values in one statement.
//!
//! SQLite keeps the names of a statement's parameters in a list, and walks it for each of them as
//! sqlx asks for its name; its parser does the same. Two thousand parameters named `$1`, `$2`, …
//! took a third of a burst's processor time. So a list of values is one parameter here, and rows to
//! insert have parameters without names on SQLite.

use std::fmt;

use sqlx::AnyConnection;

use super::is_postgres;

/// What stands behind a column in `WHERE column {list}`: whether its value is one of the list, which
/// is bound as a single parameter.
///
/// The statement's text does not depend on the list's length, so it is prepared once.
#[derive(Debug)]
pub struct List {
    parameter: usize,
    values: String,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    /// SQLite: a JSON array.
    Json,
    /// PostgreSQL: an array of this type, as text.
    Array(&'static str),
}

impl List {
    /// A list of ids, or other numbers, bound as `$parameter`.
    pub fn of_ids(
        conn: &AnyConnection,
        parameter: usize,
        ids: impl IntoIterator<Item = i64>,
    ) -> Self {
        let form = if is_postgres(conn) {
            Form::Array("BIGINT")
        } else {
            Form::Json
        };
        let mut written = String::new();
        for id in ids {
            separate(&mut written);
            written.push_str(&id.to_string());
        }
        Self::new(parameter, form, &written)
    }

    /// A list of texts, bound as `$parameter`.
    pub fn of_texts<'a>(
        conn: &AnyConnection,
        parameter: usize,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let form = if is_postgres(conn) {
            Form::Array("TEXT")
        } else {
            Form::Json
        };
        let mut written = String::new();
        for text in texts {
            separate(&mut written);
            match form {
                Form::Json => written.push_str(&serde_json::Value::from(text).to_string()),
                Form::Array(_) => quote(&mut written, text),
            }
        }
        Self::new(parameter, form, &written)
    }

    fn new(parameter: usize, form: Form, written: &str) -> Self {
        let values = match form {
            Form::Json => format!("[{written}]"),
            Form::Array(_) => format!("{{{written}}}"),
        };
        Self {
            parameter,
            values,
            form,
        }
    }

    /// The list as rows of one column `value`, for `FROM {rows} AS asked`.
    pub fn rows(&self) -> String {
        let parameter = self.parameter;
        match self.form {
            Form::Json => format!("(SELECT value FROM json_each(${parameter}))"),
            Form::Array(of) => {
                format!("(SELECT UNNEST(CAST(${parameter} AS {of}[])) AS value)")
            }
        }
    }

    /// What is bound.
    pub fn values(self) -> String {
        self.values
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameter = self.parameter;
        match self.form {
            Form::Json => write!(f, "IN (SELECT value FROM json_each(${parameter}))"),
            Form::Array(of) => write!(f, "= ANY (CAST(${parameter} AS {of}[]))"),
        }
    }
}

fn separate(written: &mut String) {
    if !written.is_empty() {
        written.push(',');
    }
}

/// An element of an array's text, as PostgreSQL's documentation has it (8.15.6).
fn quote(written: &mut String, text: &str) {
    written.push('"');
    for char in text.chars() {
        if matches!(char, '"' | '\\') {
            written.push('\\');
        }
        written.push(char);
    }
    written.push('"');
}

/// `(?, ?), (?, ?)…` for `rows` rows of `columns` columns, and `($1, $2), ($3, $4)…` on PostgreSQL.
/// They take the statement's first `rows × columns` values; its other parameters are numbered behind
/// them.
pub fn placeholders(conn: &AnyConnection, rows: usize, columns: usize) -> String {
    rows_of(conn, rows, columns, |text, _, parameter| {
        text.push_str(parameter);
    })
}

/// As [`placeholders`], each cast to its column's type: PostgreSQL would take a column of nulls for
/// text.
pub fn typed_placeholders(conn: &AnyConnection, rows: usize, types: &[&str]) -> String {
    rows_of(conn, rows, types.len(), |text, column, parameter| {
        text.push_str("CAST(");
        text.push_str(parameter);
        text.push_str(" AS ");
        text.push_str(types[column]);
        text.push(')');
    })
}

fn rows_of(
    conn: &AnyConnection,
    rows: usize,
    columns: usize,
    write: impl Fn(&mut String, usize, &str),
) -> String {
    let is_postgres = is_postgres(conn);
    let mut text = String::with_capacity(rows * columns * 8);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            if column > 0 {
                text.push_str(", ");
            }
            if is_postgres {
                let number = row * columns + column + 1;
                write(&mut text, column, &format!("${number}"));
            } else {
                write(&mut text, column, "?");
            }
        }
        text.push(')');
    }
    text
}
