//! What people type or upload on Discord.

use chrono_tz::Tz;

use super::{parts, texts};
use crate::campaign::segment;
use crate::duration_text::{
    self, Kind, LONGEST_MS, MAX_SUGGESTIONS, format_duration, parse_duration, suggest,
};
use crate::error::SegmentFault;
use crate::guild;
use crate::guild::template::{self as messages_of, Values};
use crate::i18n::Language;
use crate::subscriber::{attributes as fields, sheet};
use crate::template::{self, Frozen};

/// 21 November 2026.
const NOW_MS: i64 = 1_795_237_200_000;
/// Of 1970 to 2100, where clocks are.
const INSTANTS: std::ops::Range<i64> = 0..4_102_444_800_000;

/// An expression, and a name, an address and attributes to ask it of: what it prints is read as the
/// same, and its opposite means whom it does not.
pub fn segment(input: &[u8]) {
    let [expression, name, email, typed] = texts(input);
    let filter = match segment::parse(&expression) {
        Ok(filter) => filter,
        Err(fault) => {
            let length = expression.chars().count();
            if let SegmentFault::Expected { at, .. } | SegmentFault::Unclosed { at } = fault {
                assert!((1..=length + 1).contains(&at), "{at} of {length}");
            }
            return;
        }
    };
    let printed = filter.to_string();
    let read = segment::parse(&printed);
    if !matches!(read, Err(SegmentFault::TooLong { .. })) {
        assert_eq!(read.as_ref(), Ok(&filter), "{printed}");
    }
    let attributes = fields::parse(&typed).unwrap_or_default();
    let matches = filter.matches(&name, &email, &attributes);
    let opposite = segment::Filter::Not(Box::new(filter.clone()));
    assert_ne!(opposite.matches(&name, &email, &attributes), matches);
    let known = attributes.into_keys().collect();
    let _ = filter.check(&known);
}

/// A file of subscribers: what is read from it can be written, and is read from that as it was.
pub fn sheet(input: &[u8]) {
    let read = |bytes: &[u8]| {
        let text = sheet::decode(bytes).ok()?;
        let mut sheet = sheet::Sheet::open(&text, Tz::Asia__Seoul, NOW_MS).ok()?;
        let mut lines = Vec::new();
        loop {
            let rows = sheet.next_rows(7).ok()?;
            if rows.is_empty() {
                break;
            }
            lines.extend(rows);
        }
        Some(lines)
    };
    let Some(lines) = read(input) else { return };
    assert!(lines.is_sorted_by_key(|line| line.number));
    let entries: Vec<_> = lines
        .into_iter()
        .filter_map(|line| line.read.ok())
        .collect();
    let rows: Vec<sheet::Exported> = entries
        .iter()
        .map(|entry| sheet::Exported {
            address: entry.email.to_string(),
            name: entry.name.clone(),
            attributes: entry.attributes.clone(),
            suppressed: None,
            consent: entry.consent.clone(),
        })
        .collect();
    let names = entries.iter().flat_map(|one| one.attributes.keys());
    let names: std::collections::BTreeSet<String> = names.cloned().collect();
    if names.len() > fields::MOST {
        return;
    }
    let names: Vec<String> = names.into_iter().collect();
    let mut file = sheet::head(&sheet::columns(&names));
    for row in &rows {
        file.extend(sheet::row(&row.cells(&names)));
    }
    let again = read(&file).expect("an export can be imported");
    let again: Vec<_> = again.into_iter().map(|line| line.read).collect();
    let entries: Vec<_> = entries.into_iter().map(Ok).collect();
    assert_eq!(again, entries);
}

/// What is typed as somebody's attributes: every name is kept as itself, and can stand in a template.
pub fn attributes(input: &[u8]) {
    let [typed] = texts(input);
    let Ok(attributes) = fields::parse(&typed) else {
        return;
    };
    assert!(attributes.len() <= fields::MOST);
    for (name, value) in &attributes {
        assert_eq!(fields::name(name).as_ref(), Some(name));
        assert!(fields::is_value(value) && !value.is_empty());
        let frozen = Frozen {
            subject: format!("{{{{ {name} }}}}"),
            html: String::new(),
            text: String::new(),
            images: Vec::new(),
        };
        assert!(template::fields(&frozen).contains(name), "{name}");
        let field = segment::Field::Attribute(name.clone());
        let filter = segment::Filter::Is(field, segment::Test::Empty(true));
        assert_eq!(segment::parse(&filter.to_string()), Ok(filter), "{name}");
    }
}

/// An instant, a zone and a text: what is understood lies ahead, and what is suggested is understood.
pub fn time_text(input: &[u8]) {
    let [now, zone, text] = texts(input);
    let now_ms = now
        .parse()
        .unwrap_or(NOW_MS)
        .clamp(INSTANTS.start, INSTANTS.end);
    let zone: Tz = zone.parse().unwrap_or(Tz::Asia__Seoul);
    let whole = duration_text::parse(&text, now_ms, zone);
    if let Ok(understood) = whole {
        let ahead_ms = understood.deadline_ms - now_ms;
        assert!((1..=LONGEST_MS).contains(&ahead_ms), "{ahead_ms}");
        if understood.kind == Kind::Duration {
            assert_eq!(parse_duration(&text), Ok(ahead_ms));
            for language in Language::ALL {
                assert!(!format_duration(ahead_ms, language).is_empty());
            }
        }
    }
    for language in Language::ALL {
        let suggested = suggest(&text, now_ms, zone, language);
        assert!(suggested.len() <= MAX_SUGGESTIONS);
        for one in suggested {
            let read = duration_text::parse(&one.text, now_ms, zone);
            assert_eq!(read, Ok(one.understood), "{}", one.text);
        }
        if let Err(fault) = &whole {
            let said = crate::error::UserError::Time(fault.clone()).text(language);
            assert!(!said.is_empty());
        }
    }
}

/// A zone as it is typed: what is suggested is taken.
pub fn zone(input: &[u8]) {
    let [typed] = texts(input);
    let _ = guild::parse_zone(&typed);
    for language in Language::ALL {
        for (name, zone) in crate::discord::zone_entries(&typed, NOW_MS, language) {
            assert!(guild::parse_zone(&zone).is_ok(), "{zone}");
            assert!(!name.contains("GMT+") && !name.contains("GMT-"), "{name}");
        }
    }
}

/// A message template, a name and a task: the post fits, and no value ends a block of code or opens one.
pub fn messages(input: &[u8]) {
    let [template, name, task] = texts(input);
    let Ok(template) = messages_of::parse(&template) else {
        return;
    };
    let rendered = |name: &str, task: &str| {
        template.render(&Values {
            mention: "<@184405311681986560>".to_owned(),
            name: name.to_owned(),
            task: task.to_owned(),
            date: "2026-11-21T18:00:00".to_owned(),
            deadline: "<t:1795251600:F>".to_owned(),
            limit: "1시간".to_owned(),
            taken: "30분".to_owned(),
            left: "30분".to_owned(),
        })
    };
    assert!(rendered(&name, &task).chars().count() <= 1_800);
    // Nobody has no name, and nothing is no task: beside an empty value the template's own would meet.
    let letter = |text: &str| {
        if text.is_empty() {
            "x".to_owned()
        } else {
            text.to_owned()
        }
    };
    let hostile = rendered(&letter(&name), &letter(&task));
    assert_eq!(fences(&hostile), fences(&rendered("x", "x")), "{hostile}");
}

/// How many fences a text has: a character behind a backslash is none, but in a block of code.
fn fences(text: &str) -> usize {
    let mut count = 0;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("```") {
            count += 1;
            rest = after;
            continue;
        }
        rest = &rest[first.len_utf8()..];
        if first == '\\' && count % 2 == 0 {
            let escaped = rest.chars().next().map_or(0, char::len_utf8);
            rest = &rest[escaped..];
        }
    }
    count
}

/// The `custom_id` of a button, menu or form: what is understood is written as itself.
pub fn custom_id(input: &[u8]) {
    let [text] = texts(input);
    if let Some(written) = crate::discord::custom_id_as_understood(&text) {
        let again = crate::discord::custom_id_as_understood(&written);
        assert_eq!(again.as_ref(), Some(&written));
        assert!(written.chars().count() <= 100, "{written}");
    }
}

/// A line that is typed into the sandbox, as it calls a command: every option is one that there is, and
/// its value stands in the line.
pub fn slash_line(input: &[u8]) {
    let [line] = parts(input).map(String::from_utf8_lossy);
    if let Some(options) = crate::sandbox::slash_line_as_read(&line) {
        for (name, value) in options {
            assert!(
                line.contains(&format!("{name}:")) && line.contains(&value),
                "{name}"
            );
        }
    }
}
