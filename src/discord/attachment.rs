//! Files that people attach to a command.

use poise::serenity_prelude as serenity;

use crate::app::App;
use crate::error::UserError;

/// How long a file of 20 MiB may take to come.
const FETCH_MS: i64 = 60_000;

/// The file's bytes; one of more than `most` is not fetched, but refused as `too_large`.
pub(super) async fn fetch(
    app: &App,
    file: &serenity::Attachment,
    most: usize,
    too_large: UserError,
) -> Result<Vec<u8>, UserError> {
    if usize::try_from(file.size).is_ok_and(|size| size > most) {
        return Err(too_large);
    }
    let fetched = tokio::select! {
        fetched = file.download() => fetched.ok(),
        () = app.clock.sleep_ms(FETCH_MS) => None,
    };
    // serenity takes the page of an error for the file.
    let is_whole =
        |bytes: &Vec<u8>| bytes.len() == usize::try_from(file.size).unwrap_or(usize::MAX);
    fetched.filter(is_whole).ok_or(UserError::FileUnreadable)
}
