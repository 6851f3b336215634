//! Mails as files: whole or not at all, in order, and named after nobody.

use std::fs;
use std::sync::Arc;

use timeattack::clock::Clock;
use timeattack::mailer::{Files, Gate, Mailer, Scope};

use super::{letter, letter_to};
use crate::support::NOW_MS;

#[tokio::test]
async fn mails_are_whole_files_whose_names_sort_by_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/when/needed");
    let (clock, hand) = Clock::manual(NOW_MS);
    let mailer = Mailer::Files(Files::new(&path, clock));
    let mut ids = Vec::new();
    for number in 0..30 {
        let letter = letter_to(&format!("canary{number}@example.org"));
        ids.push(
            mailer
                .send(Arc::new(letter), Gate::open())
                .await
                .unwrap()
                .id,
        );
        hand.advance_ms(i64::from(number % 3 == 0));
    }
    let entries = fs::read_dir(&path).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected: Vec<_> = ids.iter().map(|id| format!("{id}.eml")).collect();
    assert_eq!(names, expected);
    assert!(!names.concat().contains("canary") && !names.concat().contains('@'));
    let first = fs::read(path.join(&names[0])).unwrap();
    assert_eq!(first, letter_to("canary0@example.org").mail);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_told_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let mailer = Mailer::Files(Files::new(&file, Clock::System));
    let failure = mailer
        .send(Arc::new(letter()), Gate::open())
        .await
        .unwrap_err();
    assert_eq!(failure.scope, Scope::Connection);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
