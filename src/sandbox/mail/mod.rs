//! The mailbox: what the bot wrote to its folder of mails (`/local/mail`).
//!
//! It only reads, and looks anew each time. A mail that cannot be understood is shown as it is
//! written; what it holds is bounded, as it may come from whoever can make the bot send one.

mod letter;

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::extract::{Path as UrlPath, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::insight::refused;
use super::state::Shared;
use crate::documents::Patience;
use crate::ids::GuildId;
use letter::Letter;

/// Mails of the folder are of no server.
const NOBODY: GuildId = GuildId(0);
/// Mails in the list: more than anybody scrolls through.
const LISTED: usize = 200;
/// Files that are looked at for it. Beyond them the order is no longer by age alone.
const LOOKED_AT: usize = 100_000;
/// Bytes read of a mail for the list: its head, unless somebody made it to be long.
const HEAD_BYTES: u64 = 64 * 1024;
/// Bytes read of a mail that is shown; what follows is not. Mail servers refuse much longer ones.
const MAIL_BYTES: u64 = 32 * 1024 * 1024;
/// Characters of a mail's name.
const ID_LENGTH: usize = 200;
/// What the HTML of a mail may do: show itself and the pictures that it brought, in the page's own
/// frame, and open a link that somebody presses in a tab of its own. Nothing is fetched, no script
/// runs, no form is sent, and without a script nothing opens by itself.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
     sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'";

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/local/mail", get(list))
        .route("/local/mail/{id}", get(one))
        .route("/local/mail/{id}/html", get(html))
}

/// A mail's file.
struct File {
    id: String,
    path: PathBuf,
    size: u64,
    /// When it was written: UTC epoch milliseconds.
    written_ms: i64,
}

async fn list(State(shared): State<Arc<Shared>>) -> Response {
    let Some(folder) = shared.mail.clone() else {
        return Json(json!({ "mails": [] })).into_response();
    };
    let found = shared
        .documents
        .run(NOBODY, Patience::Steady, move |_| listed(&folder));
    let found = found.await;
    let (mails, total) = found.unwrap_or_default();
    Json(json!({ "mails": mails, "total": total })).into_response()
}

async fn one(state: State<Arc<Shared>>, id: UrlPath<String>) -> Response {
    opened(state, id, |file, bytes| {
        let letter = Letter::read(bytes);
        Json(letter.whole(&file.id, file.written_ms)).into_response()
    })
    .await
}

async fn html(state: State<Arc<Shared>>, id: UrlPath<String>) -> Response {
    opened(state, id, |_, bytes| {
        let Some(html) = Letter::read(bytes).html_with_pictures() else {
            return refused(StatusCode::NOT_FOUND, "this mail has no HTML");
        };
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
        ];
        (headers, html).into_response()
    })
    .await
}

/// Reads the mail and answers with what `show` makes of it, beside the threads that serve.
async fn opened(
    State(shared): State<Arc<Shared>>,
    UrlPath(id): UrlPath<String>,
    show: impl FnOnce(&File, &[u8]) -> Response + Send + 'static,
) -> Response {
    let unknown = || refused(StatusCode::NOT_FOUND, "there is no such mail");
    let Some(folder) = shared.mail.clone() else {
        return unknown();
    };
    let shown = shared.documents.run(NOBODY, Patience::Steady, move |_| {
        let file = File::find(&folder, &id)?;
        let bytes = file.read(MAIL_BYTES).ok()?;
        Some(show(&file, &bytes))
    });
    match shown.await {
        Ok(Some(response)) => response,
        Ok(None) => unknown(),
        Err(_) => refused(StatusCode::INTERNAL_SERVER_ERROR, "it cannot be shown"),
    }
}

/// The newest mails, the newest first, and how many there are in all.
fn listed(folder: &Path) -> (Vec<Value>, usize) {
    // There is no folder until the first mail is written.
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.take(LOOKED_AT).filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        File::find(folder, name.strip_suffix(".eml")?)
    });
    let mut files: Vec<File> = files.collect();
    files.sort_by(|a, b| (b.written_ms, &b.id).cmp(&(a.written_ms, &a.id)));
    let total = files.len();
    files.truncate(LISTED);
    let shown = files.iter().filter_map(|file| {
        // One that has just been removed is not listed.
        let head = file.read(HEAD_BYTES).ok()?;
        let letter = Letter::read_head(&head);
        let mut line = letter.line(&file.id, file.written_ms);
        line["size"] = file.size.into();
        Some(line)
    });
    (shown.collect(), total)
}

impl File {
    /// The mail of this name, which comes from outside: a plain file in the folder itself.
    fn find(folder: &Path, id: &str) -> Option<Self> {
        if !is_id(id) {
            return None;
        }
        let path = folder.join(format!("{id}.eml"));
        // Not followed: a link may lead out of the folder.
        let metadata = fs::symlink_metadata(&path).ok()?;
        if !metadata.is_file() {
            return None;
        }
        let written = metadata.modified().ok()?.duration_since(UNIX_EPOCH);
        let written_ms = i64::try_from(written.ok()?.as_millis()).ok()?;
        Some(Self {
            id: id.to_owned(),
            path,
            size: metadata.len(),
            written_ms,
        })
    }

    fn read(&self, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        fs::File::open(&self.path)?
            .take(most)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Whether this can be the name of a mail: no separator, so it stays in the folder, and no dot in
/// front, so it is neither hidden nor another folder.
fn is_id(id: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-@+=".contains(c);
    (1..=ID_LENGTH).contains(&id.len()) && !id.starts_with('.') && id.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_in_the_folder() {
        for id in ["1795237200000-1", "a.b", "0f9e@host", "x"] {
            assert!(is_id(id), "{id}");
        }
        let long = "x".repeat(ID_LENGTH + 1);
        for id in [
            "", ".", "..", ".hidden", "../x", "a/b", "a\\b", "a\0", "한글", " a", &long,
        ] {
            assert!(!is_id(id), "{id:?}");
        }
    }
}
