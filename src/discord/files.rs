//! Files that people are given: none is left out, however many there are and however large.

use poise::serenity_prelude as serenity;
use serenity::CreateAttachment;

use super::answer::{Answer, Reply};
use crate::i18n::{Language, text};

/// Files of one message (Discord's limit).
const MOST_FILES: usize = 10;
/// Bytes of one message's files. Discord takes 25 MiB, but a request has ten seconds, in which a line
/// of 8 Mbit/s sends so many.
const MESSAGE_BYTES: usize = 9 * 1024 * 1024;

/// Bytes that a file may have where Discord takes `limit` (`attachment_size_limit` of the interaction),
/// with some room below it; no more than one message has.
pub(super) fn most_bytes(limit: u32) -> usize {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    (limit - limit / 10).min(MESSAGE_BYTES)
}

/// The files of one spreadsheet, numbered if there are several.
pub(super) fn sheets(kind: &str, files: Vec<Vec<u8>>) -> impl Iterator<Item = CreateAttachment> {
    let several = files.len() > 1;
    files.into_iter().enumerate().map(move |(index, file)| {
        let name = if several {
            format!("{kind}-{}.csv", index + 1)
        } else {
            format!("{kind}.csv")
        };
        CreateAttachment::bytes(file, name)
    })
}

/// The asker's answer with files below it. Where one message does not take them all, more follow, and
/// the first says how many: whoever lacks one can tell.
pub(super) fn answer(
    reply: Reply,
    files: impl IntoIterator<Item = CreateAttachment>,
    language: Language,
) -> Answer {
    let below =
        |reply: Reply, files: Vec<CreateAttachment>| files.into_iter().fold(reply, Reply::file);
    let messages = messages(files);
    let of = messages.len();
    let all: usize = messages.iter().map(Vec::len).sum();
    let mut messages = messages.into_iter();
    let first = below(reply, messages.next().unwrap_or_default());
    if of <= 1 {
        return Answer::Private(first);
    }
    let args = [("files", all.into()), ("messages", of.into())];
    let first = first.line(&text(language, "files-in-messages", &args));
    let then = messages.enumerate().map(|(index, files)| {
        let args = [("part", (index + 2).into()), ("parts", of.into())];
        below(Reply::new(text(language, "files-part", &args)), files)
    });
    let then = then.collect();
    Answer::PrivateThen { first, then }
}

/// Which files go with which message, in their order.
fn messages(files: impl IntoIterator<Item = CreateAttachment>) -> Vec<Vec<CreateAttachment>> {
    let mut messages: Vec<Vec<CreateAttachment>> = Vec::new();
    let mut bytes = 0;
    for file in files {
        bytes += file.data.len();
        match messages.last_mut() {
            Some(last) if last.len() < MOST_FILES && bytes <= MESSAGE_BYTES => last.push(file),
            _ => {
                bytes = file.data.len();
                messages.push(vec![file]);
            }
        }
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_goes_with_a_message_that_takes_it() {
        let file = |bytes: usize| CreateAttachment::bytes(vec![0; bytes], "a.csv");
        let sizes = |files: Vec<usize>| -> Vec<Vec<usize>> {
            let messages = messages(files.into_iter().map(file));
            let size = |message: Vec<CreateAttachment>| {
                message.iter().map(|file| file.data.len()).collect()
            };
            messages.into_iter().map(size).collect()
        };
        assert_eq!(sizes(vec![]), Vec::<Vec<usize>>::new());
        assert_eq!(sizes(vec![1; 23]), [vec![1; 10], vec![1; 10], vec![1; 3]]);
        let (large, small) = (MESSAGE_BYTES, 10);
        assert_eq!(
            sizes(vec![small, large - small, small, large, small]),
            [
                vec![small, large - small],
                vec![small],
                vec![large],
                vec![small]
            ]
        );
    }

    #[test]
    fn a_file_stays_below_what_discord_takes() {
        assert_eq!(most_bytes(10 * 1024 * 1024), MESSAGE_BYTES);
        assert_eq!(
            most_bytes(100 * 1024 * 1024),
            MESSAGE_BYTES,
            "and below what a message takes"
        );
        assert_eq!(most_bytes(1_000), 900);
    }
}
