//! Files made from many rows, one after another.
//!
//! # Promise
//!
//! - No more than one file of an export is held at a time, and one page of rows: each file is made when
//!   it is asked for ([`Files::next`]), and whoever asked drops it before the next.
//! - How many files there are is known before the first one is made: all rows are read once to find where
//!   the files are cut, and again to write them. What changes in between changes no file's place: each
//!   has as many rows as it was to have, if they still fit, and the last one what is left. Only if that
//!   has become too much for one file are there more ([`Files::unmade`]).
//! - Rows are read by key, page by page. A page is a read of some milliseconds, and between two pages no
//!   connection is held.
//!
//! To add an export: a [`Source`] in its feature.

use std::collections::VecDeque;

use crate::db::BoxFuture;
use crate::error::Result;

/// Where a row stands: what comes behind it is read from there. Each source uses the parts that its order
/// needs; all of them empty is before the first row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// For files of several sections.
    pub section: usize,
    /// The text that rows are ordered by.
    pub text: String,
    /// The id that they are ordered by, behind the text.
    pub id: i64,
}

/// A row as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it stands.
    pub place: Place,
    /// What is written.
    pub bytes: Vec<u8>,
}

/// What files are made from.
pub trait Source: Send + Sync {
    /// The next rows behind a place; none: that was the last.
    fn rows<'a>(&'a self, after: &'a Place) -> BoxFuture<'a, Result<Vec<Row>>>;

    /// Begins a file.
    fn begin(&self, file: &mut Vec<u8>);

    /// Adds a row to a file, behind `last` if it has a row already.
    fn add(&self, file: &mut Vec<u8>, _last: Option<&Place>, row: &Row) {
        file.extend_from_slice(&row.bytes);
    }

    /// Ends a file whose last row is `last`.
    fn end(&self, _file: &mut Vec<u8>, _last: Option<&Place>) {}

    /// Whether there is a file even without a row.
    fn is_never_empty(&self) -> bool {
        false
    }
}

/// The files of an export.
pub struct Files {
    source: Box<dyn Source>,
    planned: Vec<Planned>,
    /// What a file has at most.
    most_bytes: usize,
    made: usize,
    /// Where the last row stands that was read.
    after: Place,
    /// Rows that were read and are in no file yet: less than a page.
    ahead: VecDeque<Row>,
}

/// A file as it was when its place was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Planned {
    rows: usize,
    bytes: usize,
}

/// A file that is being written.
#[derive(Default)]
struct File {
    bytes: Vec<u8>,
    rows: usize,
    last: Option<Place>,
}

impl File {
    fn begun(source: &dyn Source) -> Self {
        let mut file = Self::default();
        source.begin(&mut file.bytes);
        file
    }

    /// Adds a row; `false`: with it the file would have more than `most_bytes`, so it has stayed as it was.
    /// A file's first row is always taken.
    fn take(&mut self, source: &dyn Source, row: &Row, most_bytes: usize) -> bool {
        let before = self.bytes.len();
        source.add(&mut self.bytes, self.last.as_ref(), row);
        if self.bytes.len() > most_bytes && self.rows > 0 {
            self.bytes.truncate(before);
            return false;
        }
        self.last = Some(row.place.clone());
        self.rows += 1;
        true
    }

    fn ended(mut self, source: &dyn Source) -> Vec<u8> {
        source.end(&mut self.bytes, self.last.as_ref());
        self.bytes
    }

    fn planned(self, source: &dyn Source) -> Planned {
        let rows = self.rows;
        let bytes = self.ended(source).len();
        Planned { rows, bytes }
    }
}

impl Files {
    /// Finds where files of at most `most_bytes` each are cut. One row, and the little that ends a file,
    /// may have more.
    pub async fn plan(source: impl Source + 'static, most_bytes: usize) -> Result<Self> {
        let mut planned = Vec::new();
        let mut after = Place::default();
        let mut file = File::begun(&source);
        loop {
            let rows = source.rows(&after).await?;
            let Some(last) = rows.last() else { break };
            after = last.place.clone();
            for row in &rows {
                if !file.take(&source, row, most_bytes) {
                    let whole = std::mem::replace(&mut file, File::begun(&source));
                    planned.push(whole.planned(&source));
                    file.take(&source, row, most_bytes);
                }
            }
        }
        if file.rows > 0 || source.is_never_empty() {
            planned.push(file.planned(&source));
        }
        Ok(Self {
            source: Box::new(source),
            planned,
            most_bytes,
            made: 0,
            after: Place::default(),
            ahead: VecDeque::new(),
        })
    }

    /// About how many bytes each of them has.
    pub fn sizes(&self) -> impl ExactSizeIterator<Item = usize> {
        self.planned.iter().map(|file| file.bytes)
    }

    /// Those that were not made yet: which of all each is, and about how many bytes it has.
    pub fn unmade(&self) -> impl Iterator<Item = (usize, usize)> {
        self.sizes().enumerate().skip(self.made)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.planned.is_empty()
    }

    /// Makes the next one; `None`: that was the last.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(&planned) = self.planned.get(self.made) else {
            return Ok(None);
        };
        // What has come since is in the last one.
        let is_last = self.made + 1 == self.planned.len();
        let mut file = File::begun(&*self.source);
        while is_last || file.rows < planned.rows {
            let Some(row) = self.row().await? else { break };
            if !file.take(&*self.source, &row, self.most_bytes) {
                self.ahead.push_front(row);
                if is_last {
                    let (rows, bytes) = (0, self.most_bytes);
                    self.planned.push(Planned { rows, bytes });
                }
                break;
            }
        }
        self.made += 1;
        Ok(Some(file.ended(&*self.source)))
    }

    async fn row(&mut self) -> Result<Option<Row>> {
        if self.ahead.is_empty() {
            self.ahead = self.source.rows(&self.after).await?.into();
            if let Some(last) = self.ahead.back() {
                self.after = last.place.clone();
            }
        }
        Ok(self.ahead.pop_front())
    }
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files")
            .field("planned", &self.planned.len())
            .field("made", &self.made)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const PAGE: usize = 7;

    /// Numbers as lines of four bytes each, in files that begin with `<` and end with `>`.
    struct Numbers {
        count: Arc<AtomicUsize>,
        read: Arc<AtomicUsize>,
        is_never_empty: bool,
    }

    impl Source for Numbers {
        fn rows<'a>(&'a self, after: &'a Place) -> BoxFuture<'a, Result<Vec<Row>>> {
            let from = usize::try_from(after.id).unwrap() + 1;
            let until = self.count.load(Ordering::SeqCst).min(from + PAGE - 1);
            let row = |number: usize| Row {
                place: Place {
                    id: i64::try_from(number).unwrap(),
                    ..Place::default()
                },
                bytes: format!("{number:03}\n").into_bytes(),
            };
            let rows: Vec<Row> = (from..=until).map(row).collect();
            self.read.fetch_add(rows.len(), Ordering::SeqCst);
            Box::pin(async move { Ok(rows) })
        }

        fn begin(&self, file: &mut Vec<u8>) {
            file.push(b'<');
        }

        fn add(&self, file: &mut Vec<u8>, last: Option<&Place>, row: &Row) {
            if let Some(last) = last {
                assert_eq!(last.id + 1, row.place.id, "none is left out, none repeated");
            }
            file.extend(&row.bytes);
        }

        fn end(&self, file: &mut Vec<u8>, _last: Option<&Place>) {
            file.push(b'>');
        }

        fn is_never_empty(&self) -> bool {
            self.is_never_empty
        }
    }

    fn numbers(count: usize) -> (Numbers, Arc<AtomicUsize>, Arc<AtomicUsize>) {
        let (count, read) = (Arc::new(AtomicUsize::new(count)), Arc::default());
        let source = Numbers {
            count: Arc::clone(&count),
            read: Arc::clone(&read),
            is_never_empty: false,
        };
        (source, count, read)
    }

    #[tokio::test]
    async fn a_file_is_made_when_it_is_asked_for_and_no_rows_but_a_page_are_read_ahead() {
        let (source, _, read) = numbers(100);
        let mut files = Files::plan(source, 43).await.unwrap();
        let sizes: Vec<usize> = files.sizes().collect();
        assert_eq!(sizes, [42; 10]);
        assert_eq!(read.swap(0, Ordering::SeqCst), 100, "they were counted");
        let (mut given, mut all) = (0, String::new());
        while let Some(file) = files.next().await.unwrap() {
            given += 10;
            let read = read.load(Ordering::SeqCst);
            assert!((given..given + PAGE).contains(&read), "{read} of {given}");
            assert_eq!(file.len(), 42);
            all.push_str(&String::from_utf8(file).unwrap());
        }
        assert_eq!(given, 100);
        let lines = all.replace(['<', '>'], "");
        let expected: String = (1..=100).map(|n| format!("{n:03}\n")).collect();
        assert_eq!(lines, expected);
    }

    #[tokio::test]
    async fn there_are_as_many_files_as_were_promised_whatever_changes_meanwhile() {
        for (then, lengths) in [
            (25, [42, 42, 22]),
            (23, [42, 42, 14]),
            (30, [42, 42, 42]),
            (12, [42, 10, 2]),
        ] {
            let (source, count, _) = numbers(25);
            let mut files = Files::plan(source, 43).await.unwrap();
            count.store(then, Ordering::SeqCst);
            for length in lengths {
                assert_eq!(files.next().await.unwrap().unwrap().len(), length, "{then}");
            }
            assert_eq!(files.next().await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn what_has_become_too_much_for_the_last_file_has_more_files() {
        let (source, count, _) = numbers(25);
        let mut files = Files::plan(source, 43).await.unwrap();
        count.store(57, Ordering::SeqCst);
        let mut lengths = Vec::new();
        while let Some(file) = files.next().await.unwrap() {
            lengths.push(file.len());
            let unmade: Vec<usize> = files.unmade().map(|(index, _)| index).collect();
            let expected: Vec<usize> = (lengths.len()..files.sizes().len()).collect();
            assert_eq!(unmade, expected);
        }
        assert_eq!(lengths, [42, 42, 42, 42, 42, 30]);
        assert_eq!(files.sizes().len(), 6);
    }

    #[tokio::test]
    async fn without_a_row_there_is_no_file_or_one_without_rows() {
        let (source, ..) = numbers(0);
        let mut files = Files::plan(source, 100).await.unwrap();
        assert!(files.is_empty());
        assert_eq!(files.next().await.unwrap(), None);
        let (mut source, ..) = numbers(0);
        source.is_never_empty = true;
        let mut files = Files::plan(source, 100).await.unwrap();
        assert_eq!(files.next().await.unwrap().unwrap(), b"<>");
        assert_eq!(files.next().await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_row_that_is_longer_than_a_file_may_be_has_one_of_its_own() {
        let (source, ..) = numbers(3);
        let mut files = Files::plan(source, 2).await.unwrap();
        assert_eq!(files.sizes().len(), 3);
        assert_eq!(files.next().await.unwrap().unwrap(), b"<001\n>");
    }
}
