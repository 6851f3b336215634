//! The invariants of the crate doc (`src/lib.rs`), read off the source.
//!
//! What is looked for is code: comments and the insides of string literals are blanked first, and
//! the SQL rule looks at the literals alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Longer files are hard to hold in one's head.
const MOST_LINES: usize = 999;

/// Named parameters of one statement: SQLite goes through their names for each of them. What takes
/// more is a `List`, or `placeholders`, which have no names there.
const MOST_PARAMETERS: usize = 24;
/// Where a parameter's number is written by the program.
const NUMBERS_PARAMETERS: [&str; 2] = [
    "db/list.rs",
    // Those behind the placeholders of as many rows as there are.
    "outbox/mail/lane/store.rs",
];

/// Words that may stand in these files only. A file is named by its path below `src`, a room by
/// its folder with a slash, and `store.rs` alone means everybody's.
const CONFINED: [(&[&str], &[&str], &str); 11] = [
    (
        &["poise::", "serenity::"],
        &["discord/"],
        "the framework is known where interactions are answered, nowhere else",
    ),
    (
        &["axum::", "hyper::", "hyper_util::"],
        &["http/", "sandbox/", "server/"],
        "HTTP is served in its own rooms",
    ),
    (
        &["sqlx::"],
        &["db/", "store.rs"],
        "SQL stands in db/ and in the features' store.rs",
    ),
    (
        &["reqwest::"],
        &[
            "messenger/",
            "discord/connection.rs",
            "check/",
            "alerts/webhook.rs",
            // Amazon's certificates, whose signatures are to be verified, from Amazon alone.
            "http/sns/certificate.rs",
        ],
        "whoever sends to Discord must count against its limits, and to others only operators ask \
         for it",
    ),
    (
        &["hickory_resolver::"],
        &["check/"],
        "DNS is asked for records when operators ask for it; whoever connects takes the system's way",
    ),
    (
        &[
            "SystemTime",
            "Instant::now",
            "Utc::now",
            "Local::now",
            "time::sleep",
            "time::interval",
        ],
        &["clock.rs"],
        "time is injected: take a Clock",
    ),
    (
        &["env::var", "env::vars", "dotenvy"],
        &["config/"],
        "the environment is read once, where every fault is reported together",
    ),
    (
        &["spawn_blocking"],
        &[
            // Files and folders of our own.
            "db/",
            "mailer/files.rs",
            // SVG of our own making, two pictures at once.
            "picture/",
            // Its tests: what a runtime waits for at its end.
            "run/end.rs",
        ],
        "a runtime's end waits for it, and its stack is small: what strangers send is parsed and \
         expanded by documents/",
    ),
    (
        &["thread::Builder", "thread::spawn", "block_in_place"],
        // The second ends the process whatever the others do.
        &["documents/", "run/end.rs", "run/lives.rs"],
        "whoever works beside the runtime does so in documents/",
    ),
    (
        &["getrandom::"],
        &["run/"],
        "randomness is injected: what is random in one run cannot be repeated in a test",
    ),
    (
        &[
            "Messenger::",
            "messenger.post",
            "messenger.edit",
            "messenger.find",
        ],
        &["messenger/", "outbox/", "run/"],
        "what is sent past the outbox can be lost",
    ),
];

/// Which rooms each room may use. An arrow that is missing here is a decision, not an oversight:
/// add it only with a look at what it closes into a circle.
const MAY_USE: [(&str, &[&str]); 38] = [
    ("clock", &[]),
    ("quiet_hours", &[]),
    // It is given every word and figure: what to say is its caller's business. How what people write
    // is made fit to be shown is the same everywhere.
    ("picture", &["i18n"]),
    ("ids", &["clock"]),
    ("documents", &["ids"]),
    ("i18n", &["ids"]),
    ("mailer", &["clock"]),
    ("config", &["ids", "links", "mailer"]),
    ("cli", &["config"]),
    ("telemetry", &["config"]),
    ("zones", &["i18n"]),
    ("duration_text", &["i18n", "zones"]),
    ("messenger", &["clock", "i18n", "ids"]),
    ("links", &["ids"]),
    ("sender", &["error", "ids", "links", "mailer"]),
    (
        "template",
        &[
            "app",
            "db",
            "documents",
            "error",
            "ids",
            "mailer",
            "sender",
            "subscriber",
        ],
    ),
    (
        "campaign",
        &[
            "app",
            "clock",
            "db",
            "documents",
            "error",
            "export",
            "guild",
            "i18n",
            "ids",
            "links",
            "mailer",
            "messenger",
            "outbox",
            "sender",
            "subscriber",
            "template",
        ],
    ),
    (
        "error",
        &[
            "documents",
            "duration_text",
            "i18n",
            "ids",
            "messenger",
            "zones",
        ],
    ),
    ("db", &["error"]),
    ("export", &["db", "error"]),
    ("presence", &["clock", "db", "error"]),
    (
        "outbox",
        &[
            "clock",
            "db",
            "documents",
            "error",
            "i18n",
            "ids",
            "mailer",
            "messenger",
        ],
    ),
    (
        "guild",
        &[
            "app",
            "db",
            "error",
            "i18n",
            "ids",
            "messenger",
            "outbox",
            "quiet_hours",
            "work",
            "zones",
        ],
    ),
    (
        "consent",
        &[
            "app",
            "db",
            "error",
            "guild",
            "i18n",
            "ids",
            "messenger",
            "outbox",
            "quiet_hours",
            "zones",
        ],
    ),
    (
        "announce",
        &[
            "app",
            "consent",
            "db",
            "error",
            "guild",
            "i18n",
            "ids",
            "messenger",
            "outbox",
            "work",
        ],
    ),
    (
        "timeattack",
        &[
            "app",
            "clock",
            "consent",
            "db",
            "duration_text",
            "error",
            "guild",
            "i18n",
            "ids",
            "messenger",
            "outbox",
            "presence",
        ],
    ),
    (
        "privacy",
        &[
            "announce",
            "app",
            "campaign",
            "consent",
            "db",
            "error",
            "export",
            "ids",
            "outbox",
            "subscriber",
            "template",
            "timeattack",
            "work",
            "zones",
        ],
    ),
    (
        "subscriber",
        &[
            "app",
            "db",
            "documents",
            "error",
            "export",
            "guild",
            "ids",
            "mailer",
            "work",
        ],
    ),
    ("work", &["app", "db", "error", "ids"]),
    (
        "app",
        &[
            "campaign",
            "clock",
            "db",
            "documents",
            "ids",
            // How far Discord's clock is from this host's.
            "messenger",
            "outbox",
            "sender",
            "timeattack",
            "work",
        ],
    ),
    (
        "discord",
        &[
            "announce",
            "app",
            "campaign",
            "clock",
            "config",
            "consent",
            // Where its commands may stand.
            "db",
            "duration_text",
            "error",
            "export",
            "guild",
            "i18n",
            "ids",
            "mailer",
            "messenger",
            "outbox",
            "picture",
            "privacy",
            "quiet_hours",
            "subscriber",
            "template",
            "timeattack",
            "work",
            "zones",
        ],
    ),
    (
        "http",
        &[
            "app",
            "clock",
            "config",
            "db",
            "error",
            "guild",
            "i18n",
            "ids",
            "mailer",
            "outbox",
            "server",
            "subscriber",
        ],
    ),
    ("server", &["clock"]),
    ("sandbox", &["clock", "documents", "ids", "server"]),
    ("check", &["clock", "config", "mailer", "messenger"]),
    // It looks at the others, and none of them knows it: a feature that must not fail for want of
    // somebody to tell is simpler. So not `app`, which every feature uses.
    (
        "alerts",
        &["clock", "db", "error", "messenger", "outbox", "timeattack"],
    ),
    // It reads what each of them reads, and is in no release.
    (
        "fuzzing",
        &[
            "campaign",
            "check",
            "clock",
            "config",
            "discord",
            "duration_text",
            "error",
            "guild",
            "http",
            "i18n",
            "ids",
            "links",
            "mailer",
            "sandbox",
            "subscriber",
            "template",
        ],
    ),
    (
        "run",
        &[
            "alerts",
            "announce",
            "app",
            "campaign",
            "check",
            "cli",
            "clock",
            "config",
            "consent",
            "db",
            "discord",
            "documents",
            "error",
            "guild",
            "http",
            "ids",
            "links",
            "mailer",
            "messenger",
            "outbox",
            "presence",
            "privacy",
            "sandbox",
            "sender",
            "subscriber",
            "timeattack",
            "work",
        ],
    ),
];

#[test]
fn the_source_keeps_the_invariants_of_the_crate_doc() {
    let mut faults = Vec::new();
    for file in sources("src") {
        faults.extend(file.faults());
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_file_is_too_long_to_be_read() {
    let mut long = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for file in sources(folder) {
            let lines = file.text.lines().count();
            if lines > MOST_LINES {
                long.push(format!("{folder}/{}: {lines} lines; split it", file.name));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// A rule that finds nothing proves nothing: each of them must catch its breach.
#[test]
fn the_rules_see_what_they_are_for() {
    let breaches = [
        ("timeattack/mod.rs", "//! x\nuse poise::Command;"),
        ("outbox/edit.rs", "let http = serenity::http::Http::new(t);"),
        ("timeattack/text.rs", "axum::Router::new()"),
        ("guild/mod.rs", "//! x\nsqlx::query(sql)"),
        (
            "discord/mod.rs",
            "//! x\nlet sql = \"SELECT 1 FROM outbox\";",
        ),
        ("timeattack/timer.rs", "tokio::time::sleep(a_second).await;"),
        ("outbox/mod.rs", "//! x\nstd::time::SystemTime::now()"),
        ("discord/answer.rs", "std::env::var(\"HOME\")"),
        ("outbox/retry.rs", "getrandom::fill(&mut bytes)"),
        ("timeattack/announce.rs", "app.messenger.post(channel)"),
        ("outbox/mod.rs", "//! x\nuse crate::timeattack::TimeAttack;"),
        (
            "sandbox/mod.rs",
            "//! x\nuse crate::{db::Db, clock::Clock};",
        ),
        ("guild/mod.rs", "mod store;"),
        ("newroom/mod.rs", "//! x\nuse crate::clock::Clock;"),
        ("alerts/watch.rs", "reqwest::Client::new()"),
        ("timeattack/timer.rs", "use crate::alerts::Alerts;"),
        ("mailer/smtp.rs", "use hickory_resolver::TokioResolver;"),
        (
            "template/mod.rs",
            "//! x\ntokio::task::spawn_blocking(work)",
        ),
        ("template/inline.rs", "std::thread::spawn(work)"),
    ];
    for (name, text) in breaches {
        let file = File {
            name: name.to_owned(),
            text: text.to_owned(),
        };
        assert_eq!(file.faults().len(), 1, "{name}: {text}");
    }
    let harmless = File {
        name: "timeattack/timer.rs".to_owned(),
        text: "// tokio::time::sleep would not see a corrected clock\nlet s = \"poise::\";".into(),
    };
    assert_eq!(harmless.faults(), Vec::<String>::new());
}

struct File {
    /// Its path below the folder, with slashes.
    name: String,
    text: String,
}

impl File {
    fn faults(&self) -> Vec<String> {
        let (code, literals) = code_and_literals(&self.text);
        let mut faults = Vec::new();
        let mut fault = |what: String| faults.push(format!("src/{}: {what}", self.name));
        for (words, places, why) in CONFINED {
            for word in words {
                if code.contains(word) && !self.is_in(places) {
                    fault(format!("`{word}`: {why}"));
                }
            }
        }
        let sql = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "];
        for literal in &literals {
            let is_sql = sql
                .iter()
                .any(|verb| literal.trim_start().starts_with(verb));
            if is_sql && !self.is_in(&["db/", "store.rs"]) {
                fault("SQL stands in db/ and in the features' store.rs".to_owned());
            }
            if literal.contains("${") && !self.is_in(&NUMBERS_PARAMETERS) {
                fault("a numbered parameter is put together: use db::List, or placeholders".into());
            }
            if most_parameters(literal) > MOST_PARAMETERS {
                fault(format!(
                    "a statement has over {MOST_PARAMETERS} named parameters"
                ));
            }
        }
        if self.name.ends_with("mod.rs") && !self.text.starts_with("//!") {
            fault("a room opens with what it promises".to_owned());
        }
        faults.extend(self.wrong_arrows(&code));
        faults
    }

    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| {
            let own_file = self.name.rsplit('/').next() == Some(place);
            let is_room = place.ends_with('/') && self.name.starts_with(place);
            is_room || self.name == *place || (*place == "store.rs" && own_file)
        })
    }

    fn wrong_arrows(&self, code: &str) -> Vec<String> {
        let room = self.name.split('/').next().unwrap_or_default();
        let room = room.trim_end_matches(".rs");
        if ["lib", "main"].contains(&room) {
            return Vec::new();
        }
        let table: BTreeMap<&str, &[&str]> = MAY_USE.into_iter().collect();
        let Some(may_use) = table.get(room) else {
            return vec![format!("src/{}: a new room; add it to MAY_USE", self.name)];
        };
        let wrong = |used: &&str| *used != room && !may_use.contains(used);
        used_rooms(code)
            .into_iter()
            .filter(wrong)
            .map(|used| format!("src/{}: {room} may not use {used}", self.name))
            .collect()
    }
}

/// The rooms named after `crate::`, also inside `crate::{…}`.
fn used_rooms(code: &str) -> Vec<&str> {
    let mut rooms = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            rooms.extend(first_word(rest));
            continue;
        };
        let mut depth = 0;
        let end = group.find(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth < 0
        });
        let mut depth = 0;
        let parts = group[..end.unwrap_or(group.len())].split(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        });
        rooms.extend(parts.filter_map(|part| first_word(part.trim_start())));
    }
    rooms.sort_unstable();
    rooms.dedup();
    rooms
}

fn first_word(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let word = &text[..end.unwrap_or(text.len())];
    (!word.is_empty()).then_some(word)
}

/// The highest number among a statement's `$1`, `$2`, …
fn most_parameters(sql: &str) -> usize {
    let behind = sql.split('$').skip(1);
    let numbers = behind.filter_map(|text| {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        text[..digits].parse().ok()
    });
    numbers.max().unwrap_or(0)
}

/// The code with comments and literals blanked, and the literals' insides.
fn code_and_literals(text: &str) -> (String, Vec<String>) {
    let mut code = String::with_capacity(text.len());
    let mut literals = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let rest = &text[at..];
        if rest.starts_with("//") {
            while chars.next_if(|(_, c)| *c != '\n').is_some() {}
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            while chars.next_if(|(_, c)| *c != '\'').is_some() {}
            chars.next();
        } else if c == '"' {
            // As many hashes as stand before a raw string stand behind it.
            let hashes = code.len() - code.trim_end_matches('#').len();
            let is_raw = code.trim_end_matches('#').ends_with('r');
            let close = format!("\"{}", "#".repeat(if is_raw { hashes } else { 0 }));
            let mut literal = String::new();
            while let Some((at, c)) = chars.next() {
                if text[at..].starts_with(&close) {
                    break;
                }
                literal.push(c);
                if c == '\\' && !is_raw {
                    literal.extend(chars.next().map(|(_, c)| c));
                }
            }
            literals.push(literal);
            code.push(' ');
        } else {
            code.push(c);
        }
    }
    (code, literals)
}

fn sources(folder: &str) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).expect("below the root");
                files.push(File {
                    name: name.to_string_lossy().replace('\\', "/"),
                    text: fs::read_to_string(&path).expect("UTF-8"),
                });
            }
        }
    }
    assert!(!files.is_empty(), "no source in {}", root.display());
    files
}
