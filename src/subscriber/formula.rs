//! Cells that a spreadsheet would take for formulas, and run.
//!
//! A file of ours is separated by commas. A program that separates at semicolons or tabs (a spreadsheet
//! where the comma is a decimal's, a paste) sees other cells, which begin in the midst of ours; and the
//! quotes around a cell of ours mean nothing to it, so that a line break in it begins a row. So a
//! formula is looked for behind each of these, and past whatever does not show.

use std::borrow::Cow;

/// Put before what would be a formula: spreadsheets take the rest for text.
const MARK: char = '\'';
/// What a formula begins with, also in the forms that Korean and Japanese keyboards write.
const SIGNS: [char; 12] = [
    '=', '+', '-', '@', '＝', '＋', '－', '＠', '﹢', '﹣', '﹦', '﹫',
];
/// Letters by their class, and nothing to be seen.
const FILLERS: [char; 4] = ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}'];

/// The cell as it is written: [`armed`] reads it back.
pub(super) fn defused(cell: &str) -> Cow<'_, str> {
    let mut written = String::new();
    let mut copied = 0;
    for at in begins(cell) {
        if is_formula(&cell[at..], at == 0) {
            written.push_str(&cell[copied..at]);
            written.push(MARK);
            copied = at;
        }
    }
    if written.is_empty() {
        return Cow::Borrowed(cell);
    }
    written.push_str(&cell[copied..]);
    Cow::Owned(written)
}

/// What [`defused`] was given.
pub(super) fn armed(cell: &str) -> Cow<'_, str> {
    let mut read = String::new();
    let mut copied = 0;
    for at in begins(cell) {
        let rest = cell[at..].strip_prefix(MARK);
        if rest.is_some_and(|rest| is_formula(rest, at == 0)) {
            read.push_str(&cell[copied..at]);
            copied = at + MARK.len_utf8();
        }
    }
    if copied == 0 {
        return Cow::Borrowed(cell);
    }
    read.push_str(&cell[copied..]);
    Cow::Owned(read)
}

/// Where some program begins a cell.
fn begins(cell: &str) -> impl Iterator<Item = usize> {
    let ends = cell
        .char_indices()
        .filter(|(_, character)| separates(*character));
    std::iter::once(0).chain(ends.map(|(at, character)| at + character.len_utf8()))
}

fn separates(character: char) -> bool {
    character == ';' || character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Whether a cell that begins so is taken for a formula. Marks count as nothing, so that one more can be
/// told from one that was there.
fn is_formula(cell: &str, is_first: bool) -> bool {
    for character in cell.chars() {
        if SIGNS.contains(&character) {
            return true;
        }
        if separates(character) {
            // One that a cell begins with is itself taken for the beginning of a formula by some.
            return is_first && character.is_control();
        }
        let is_seen = character.is_ascii_graphic() || character.is_alphanumeric();
        if is_seen && character != MARK && !FILLERS.contains(&character) {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_some_program_would_run_is_marked_and_all_else_stays() {
        for (cell, written) in [
            ("=1", "'=1"),
            ("'=1", "''=1"),
            ("＝1", "'＝1"),
            ("x;=1", "x;'=1"),
            ("x; \u{200b}@a\t+2;y", "x;' \u{200b}@a\t'+2;y"),
            ("\u{feff}=1", "'\u{feff}=1"),
            ("\u{3164}\u{2067}-1", "'\u{3164}\u{2067}-1"),
            ("a\r\n=1", "a\r\n'=1"),
            ("\tx", "'\tx"),
            ("a=1", "a=1"),
            ("1-2; b-c", "1-2; b-c"),
            ("it's", "it's"),
            ("'x", "'x"),
            ("", ""),
        ] {
            assert_eq!(defused(cell), written, "{cell:?}");
            assert_eq!(armed(written), cell, "{written:?}");
        }
    }

    /// A cell as a program sees it that separates here: whether it runs it.
    fn runs(cell: &str) -> bool {
        let seen = cell.trim_start_matches(|one: char| {
            one.is_whitespace() || matches!(one, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{2066}')
        });
        seen.starts_with(SIGNS)
    }

    proptest! {
        #[test]
        fn no_part_of_what_is_written_is_run_and_it_is_read_back(
            cell in "[a1=+@\\-';\t\r\n \u{200b}\u{feff}\u{2066}＝가]{0,12}",
            any in any::<String>(),
        ) {
            for cell in [cell, any] {
                let written = defused(&cell);
                for part in written.split([';', '\t', '\r', '\n']) {
                    prop_assert!(!runs(part), "{written:?}");
                }
                prop_assert_eq!(armed(&written), cell.as_str());
            }
        }
    }
}
