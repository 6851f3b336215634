//! Reads the CSV file of an import, row by row, and writes that of an export. Pure.

use std::collections::HashSet;
use std::io::Cursor;

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use csv::{ByteRecord, ReaderBuilder, WriterBuilder};

use super::attributes::{self, Attributes};
use super::formula::{armed, defused};
use super::{Consent, Entry};
use crate::error::UserError;
use crate::mailer::EmailAddress;

/// Rows of a file.
pub const MOST_ROWS: usize = 100_000;
/// Bytes of a file.
pub const MOST_BYTES: usize = 20 * 1024 * 1024;
/// Columns that are no attributes.
const OWN_COLUMNS: usize = 6;
/// Separators in one line: more than all values at their longest could have in them.
const MOST_SEPARATORS: usize = 20_000;
/// The columns that say what somebody agreed to.
const CONSENT: [&str; 3] = ["consent_at", "consent_source", "consent_wording"];
/// The column that says why nothing is sent there.
const SUPPRESSED: &str = "suppressed";
/// Characters of a consent's source and wording each.
const CONSENT_LENGTH: usize = 500;

/// What is wrong with a row, which is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It has more or fewer fields than the header.
    Fields,
    /// No address, or none that mail can be sent to.
    Email,
    /// The name is too long or has a line break.
    Name,
    /// The value of this column is too long.
    Value(String),
    /// Not all of a consent's columns are filled, or too much is in them.
    ConsentIncomplete,
    /// The consent's time cannot be read, is still to come, or is older than mails are.
    ConsentTime,
    /// The address stood in an earlier row.
    Repeated,
}

/// A row of the file: what it says, or what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the file, from 1; the header is a line, too.
    pub number: u64,
    /// What was read.
    pub read: Result<Entry, Fault>,
}

/// What a column means.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Column {
    Email,
    Name,
    Attribute(String),
    /// The index in [`CONSENT`].
    Consent(usize),
    /// What an export says and no import changes.
    Suppressed,
}

/// A file that is being read.
pub struct Sheet {
    reader: csv::Reader<Cursor<String>>,
    columns: Vec<Column>,
    record: ByteRecord,
    seen: HashSet<String>,
    zone: Tz,
    now_ms: i64,
    rows: usize,
}

/// The file's text: UTF-8, with or without its mark, or CP949 as Korean spreadsheets write it.
pub fn decode(bytes: &[u8]) -> Result<String, UserError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // One kind of line break, or lines would be counted otherwise than people do.
    let broken = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(broken(text));
    }
    let (text, had_errors) = encoding_rs::EUC_KR.decode_without_bom_handling(bytes);
    if had_errors {
        return Err(UserError::SheetEncoding);
    }
    Ok(broken(&text))
}

impl Sheet {
    /// Reads the header of `text`. Times without a zone are of `zone`.
    pub fn open(text: impl Into<String>, zone: Tz, now_ms: i64) -> Result<Self, UserError> {
        let text = text.into();
        let delimiter = delimiter(&text);
        // Each field costs more memory than its separator; what has so many is no table of people.
        let separators = |line: &str| line.bytes().filter(|byte| *byte == delimiter).count();
        if let Some(at) = text
            .lines()
            .position(|line| separators(line) > MOST_SEPARATORS)
        {
            return Err(UserError::SheetLine { line: at + 1 });
        }
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(Cursor::new(text));
        let mut header = ByteRecord::new();
        match reader.read_byte_record(&mut header) {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err(UserError::SheetEmpty),
        }
        if header.len() > attributes::MOST + OWN_COLUMNS {
            return Err(UserError::TooManyAttributes {
                most: attributes::MOST,
            });
        }
        let columns: Result<Vec<Column>, UserError> = header.iter().map(column).collect();
        let columns = columns?;
        let mut once = HashSet::new();
        if let Some(twice) = columns
            .iter()
            .find(|column| !once.insert(format!("{column:?}")))
        {
            return Err(UserError::SheetColumnTwice {
                given: twice.name().to_owned(),
            });
        }
        if !columns.contains(&Column::Email) {
            return Err(UserError::SheetWithoutEmail);
        }
        let is_attribute = |column: &&Column| matches!(column, Column::Attribute(_));
        if columns.iter().filter(is_attribute).count() > attributes::MOST {
            return Err(UserError::TooManyAttributes {
                most: attributes::MOST,
            });
        }
        Ok(Self {
            reader,
            columns,
            record: ByteRecord::new(),
            seen: HashSet::new(),
            zone,
            now_ms,
            rows: 0,
        })
    }

    /// The next `most` rows; fewer, or none, at the end.
    pub fn next_rows(&mut self, most: usize) -> Result<Vec<Line>, UserError> {
        let mut lines = Vec::new();
        while lines.len() < most {
            // Bytes of a string, and fields of any number: nothing is left that could be wrong.
            if !matches!(self.reader.read_byte_record(&mut self.record), Ok(true)) {
                break;
            }
            self.rows += 1;
            if self.rows > MOST_ROWS {
                return Err(UserError::SheetTooLong { most: MOST_ROWS });
            }
            let number = self.record.position().map_or(0, csv::Position::line);
            lines.push(Line {
                number,
                read: self.entry(),
            });
        }
        Ok(lines)
    }

    fn entry(&mut self) -> Result<Entry, Fault> {
        if self.record.len() != self.columns.len() {
            return Err(Fault::Fields);
        }
        let mut email = None;
        let mut name = String::new();
        let mut attributes = Attributes::new();
        let mut consent = [const { String::new() }; 3];
        for (column, field) in self.columns.iter().zip(&self.record) {
            let field = std::str::from_utf8(field).unwrap_or_default().trim();
            let field = armed(field);
            let field = &*field;
            match column {
                Column::Email => email = EmailAddress::parse(field).ok(),
                Column::Name => field.clone_into(&mut name),
                Column::Consent(index) => field.clone_into(&mut consent[*index]),
                Column::Attribute(key) if !attributes::is_value(field) => {
                    return Err(Fault::Value(key.clone()));
                }
                Column::Suppressed => {}
                Column::Attribute(_) if field.is_empty() => {}
                Column::Attribute(key) => {
                    attributes.insert(key.clone(), field.to_owned());
                }
            }
        }
        let email = email.ok_or(Fault::Email)?;
        if !super::is_name(&name) {
            return Err(Fault::Name);
        }
        let consent = self.consent(consent)?;
        if !self.seen.insert(email.normalised()) {
            return Err(Fault::Repeated);
        }
        Ok(Entry {
            email,
            name,
            attributes,
            consent,
        })
    }

    fn consent(&self, [at, source, wording]: [String; 3]) -> Result<Option<Consent>, Fault> {
        if [&at, &source, &wording].iter().all(|part| part.is_empty()) {
            return Ok(None);
        }
        let fits = |part: &String| (1..=CONSENT_LENGTH).contains(&part.chars().count());
        if at.is_empty() || !fits(&source) || !fits(&wording) {
            return Err(Fault::ConsentIncomplete);
        }
        let decided_ms = instant(&at, self.zone).ok_or(Fault::ConsentTime)?;
        // Before 1970 nobody agreed to mails, and years before the first are written in two ways.
        if !(0..=self.now_ms).contains(&decided_ms) {
            return Err(Fault::ConsentTime);
        }
        Ok(Some(Consent {
            decided_ms,
            source,
            wording,
        }))
    }
}

impl Column {
    fn name(&self) -> &str {
        match self {
            Self::Email => "email",
            Self::Name => "name",
            Self::Attribute(name) => name,
            Self::Consent(index) => CONSENT[*index],
            Self::Suppressed => SUPPRESSED,
        }
    }
}

fn column(header: &[u8]) -> Result<Column, UserError> {
    let given = std::str::from_utf8(header).unwrap_or_default().trim();
    let lower = given.to_lowercase();
    match lower.as_str() {
        "email" | "e-mail" | "mail" | "이메일" | "메일" => return Ok(Column::Email),
        "name" | "이름" => return Ok(Column::Name),
        SUPPRESSED => return Ok(Column::Suppressed),
        _ => {}
    }
    if let Some(index) = CONSENT.iter().position(|one| *one == lower) {
        return Ok(Column::Consent(index));
    }
    let name = attributes::name(given).map(Column::Attribute);
    name.ok_or_else(|| UserError::SheetColumn {
        given: given.to_owned(),
    })
}

/// Spreadsheets write commas, semicolons where the comma is a decimal's, or tabs: whatever the header
/// has most of.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let count = |delimiter: u8| header.bytes().filter(|byte| *byte == delimiter).count();
    let most = [b',', b';', b'\t']
        .into_iter()
        .rev()
        .max_by_key(|one| count(*one));
    most.unwrap_or(b',')
}

/// `2026-11-21T18:00:00+09:00`, or `2026-11-21`, `2026-11-21 18:00` and `2026-11-21 18:00:00` in
/// `zone`.
fn instant(given: &str, zone: Tz) -> Option<i64> {
    if let Ok(at) = DateTime::parse_from_rfc3339(given) {
        return Some(at.timestamp_millis());
    }
    let date = NaiveDate::parse_from_str(given, "%Y-%m-%d")
        .ok()
        .and_then(|date| date.and_hms_opt(0, 0, 0));
    let time = |form| NaiveDateTime::parse_from_str(given, form).ok();
    let local = date
        .or_else(|| time("%Y-%m-%d %H:%M"))
        .or_else(|| time("%Y-%m-%d %H:%M:%S"))?;
    // Where the clocks were turned, the earlier of two, and nothing where there was none.
    Some(
        local
            .and_local_timezone(zone)
            .earliest()?
            .timestamp_millis(),
    )
}

/// Makes spreadsheets read a file as UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One row of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The address as it was given.
    pub address: String,
    /// The name.
    pub name: String,
    /// What else is known.
    pub attributes: Attributes,
    /// Why no mail goes there, if none does.
    pub suppressed: Option<String>,
    /// The newest consent.
    pub consent: Option<Consent>,
}

impl Exported {
    /// Its cells, under the columns that [`columns`] has for these attributes.
    pub fn cells(&self, names: &[String]) -> Vec<String> {
        let attribute = |name: &String| self.attributes.get(name).cloned().unwrap_or_default();
        let consent = self.consent.as_ref();
        let at = consent.and_then(|one| DateTime::from_timestamp_millis(one.decided_ms));
        [self.address.clone(), self.name.clone()]
            .into_iter()
            .chain(names.iter().map(attribute))
            .chain([
                at.map(|at| at.to_rfc3339()).unwrap_or_default(),
                consent.map(|one| one.source.clone()).unwrap_or_default(),
                consent.map(|one| one.wording.clone()).unwrap_or_default(),
                self.suppressed.clone().unwrap_or_default(),
            ])
            .collect()
    }
}

/// The columns of an export with these attributes.
pub fn columns(names: &[String]) -> Vec<&str> {
    ["email", "name"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .chain(CONSENT)
        .chain([SUPPRESSED])
        .collect()
}

/// Begins a file for spreadsheets: its first line, of these columns.
pub fn head<S: AsRef<str>>(columns: &[S]) -> Vec<u8> {
    [BYTE_ORDER_MARK, &line(columns)].concat()
}

/// A line below it, in which no cell is a formula.
pub fn row<S: AsRef<str>>(cells: &[S]) -> Vec<u8> {
    let cells: Vec<_> = cells.iter().map(|cell| defused(cell.as_ref())).collect();
    line(&cells)
}

fn line<S: AsRef<str>>(fields: &[S]) -> Vec<u8> {
    let mut writer = WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    // Written to memory, which takes everything.
    let _ = writer.write_record(fields.iter().map(|field| field.as_ref().as_bytes()));
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW_MS: i64 = 1_795_237_200_000;

    fn read(text: &str) -> Vec<Line> {
        let mut sheet = Sheet::open(text, chrono_tz::Asia::Seoul, NOW_MS).unwrap();
        sheet.next_rows(100).unwrap()
    }

    fn write(rows: &[Exported]) -> Vec<u8> {
        let names = ["city".to_owned()];
        let rows = rows.iter().map(|one| row(&one.cells(&names)));
        std::iter::once(head(&columns(&names)))
            .chain(rows)
            .flatten()
            .collect()
    }

    fn refused(text: &str) -> UserError {
        Sheet::open(text, Tz::UTC, NOW_MS).err().unwrap()
    }

    #[test]
    fn a_file_is_read_whatever_wrote_it() {
        let korean = "이메일,이름,도시\r\na@b.kr,자몽,서울\r\n";
        let (cp949, _, _) = encoding_rs::EUC_KR.encode(korean);
        for bytes in [
            korean.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", korean.as_bytes()].concat(),
            cp949.into_owned(),
            korean.replace(',', ";").into_bytes(),
            korean.replace(',', "\t").into_bytes(),
        ] {
            let text = decode(&bytes).unwrap();
            let lines = read(&text);
            let entry = lines[0].read.as_ref().unwrap();
            assert_eq!((lines[0].number, entry.name.as_str()), (2, "자몽"));
            assert_eq!(entry.attributes["도시"], "서울");
        }
        assert_eq!(decode(b"\xff\xff\xff"), Err(UserError::SheetEncoding));
        // One kind of line break, and decoding what was decoded changes nothing.
        assert_eq!(decode(b"a\r\nb\rc\r\r\nd\n").unwrap(), "a\nb\nc\n\nd\n");
    }

    #[test]
    fn each_faulty_row_is_named_by_its_line_and_the_others_are_read() {
        let text = "email,name,city,consent_at,consent_source,consent_wording\n\
             a@b.kr,A,\"Se\noul\",,,\n\
             nobody,B,,,,\n\
             A@B.kr,C,,,,\n\
             c@b.kr,D,,2026-01-01,form,\n\
             d@b.kr,E,,2099-01-01,form,I agree\n\
             e@b.kr,F,,2026-01-01 10:00,form,I agree\n\
             f@b.kr,short\n\
             g@b.kr,G,,-5-01-01,form,I agree\n";
        let lines = read(text);
        let faults: Vec<(u64, Fault)> = lines
            .iter()
            .filter_map(|line| Some((line.number, line.read.as_ref().err()?.clone())))
            .collect();
        assert_eq!(
            faults,
            [
                (4, Fault::Email),
                (5, Fault::Repeated),
                (6, Fault::ConsentIncomplete),
                (7, Fault::ConsentTime),
                (9, Fault::Fields),
                (10, Fault::ConsentTime),
            ]
        );
        let consent = lines[5].read.as_ref().unwrap().consent.as_ref().unwrap();
        // Ten in the morning in Seoul.
        assert_eq!(consent.decided_ms, 1_767_229_200_000);
    }

    #[test]
    fn a_header_that_cannot_be_is_refused_with_the_reason() {
        assert_eq!(refused(""), UserError::SheetEmpty);
        assert_eq!(refused("name,city\n"), UserError::SheetWithoutEmail);
        assert!(matches!(
            refused("email,1st\n"),
            UserError::SheetColumn { .. }
        ));
        assert!(matches!(
            refused("email,,\n"),
            UserError::SheetColumn { .. }
        ));
        let twice = refused("email,city,City\n");
        assert!(matches!(twice, UserError::SheetColumnTwice { .. }));
        let many: Vec<String> = (0..=attributes::MOST).map(|n| format!("c{n}")).collect();
        let many = refused(&format!("email,{}\n", many.join(",")));
        assert!(matches!(many, UserError::TooManyAttributes { .. }));
        let many = refused(&format!("email,{}\n", "a,".repeat(MOST_SEPARATORS - 1)));
        assert!(matches!(many, UserError::TooManyAttributes { .. }));
        let line = refused(&format!(
            "email\na@b.kr{}\n",
            ",".repeat(MOST_SEPARATORS + 1)
        ));
        assert_eq!(line, UserError::SheetLine { line: 2 });
        // A domain of a megabyte, whose letters would be translated for minutes.
        let long = read(&format!("email\na@{}.kr\n", "한".repeat(300_000)));
        assert_eq!(long[0].read, Err(Fault::Email));
    }

    #[test]
    fn no_cell_of_an_export_is_a_formula() {
        let row = |address: &str, name: &str| Exported {
            address: address.into(),
            name: name.into(),
            attributes: Attributes::from([("city".into(), "@SUM(1)".into())]),
            suppressed: None,
            consent: None,
        };
        let rows = vec![row("a@b.kr", "=cmd|' /C calc'!A0"), row("b@b.kr", "+1")];
        let text = String::from_utf8(write(&rows)).unwrap();
        assert!(text.contains("'=cmd") && text.contains("'+1") && text.contains("'@SUM"));
        assert!(text.starts_with("\u{feff}email,name,city,"));
    }

    proptest! {
        #[test]
        fn whatever_is_in_a_file_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(text) = decode(&bytes)
                && let Ok(mut sheet) = Sheet::open(&text, Tz::UTC, NOW_MS)
            {
                prop_assert!(sheet.next_rows(1_000).is_ok());
            }
        }

        #[test]
        fn what_is_exported_can_be_imported(
            name in "[a-zA-Z가-힣\",;'=@\u{200b} ]{0,20}",
            city in "[a-zA-Z가-힣\",;'=+@＝\t\n\u{feff}\\- ]{1,20}",
        ) {
            let row = Exported {
                address: "a@b.kr".into(),
                name: name.trim().into(),
                attributes: Attributes::from([("city".into(), city.trim().into())]),
                suppressed: None,
                consent: None,
            };
            let file = write(std::slice::from_ref(&row));
            let text = decode(&file).unwrap();
            let mut sheet = Sheet::open(&text, Tz::UTC, NOW_MS).unwrap();
            let lines = sheet.next_rows(10).unwrap();
            prop_assert_eq!(lines.len(), 1);
            let entry = lines[0].read.as_ref().unwrap();
            prop_assert_eq!(&entry.name, &row.name);
            prop_assert_eq!(entry.attributes.get("city").map_or("", String::as_str), row.attributes["city"].as_str());
        }
    }
}
