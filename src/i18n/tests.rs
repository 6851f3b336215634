use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::*;

/// Prefixes of keys that the source builds from a name, so that no literal names them.
const BUILT_FROM_NAMES: [&str; 2] = ["cmd-", "help-"];
/// Discord's bound on the description of a command or option, in characters.
const LONGEST_DESCRIPTION: usize = 100;

/// The texts of one file: by key, and by `key.attribute`, the variables that each names.
type Texts = BTreeMap<String, BTreeSet<String>>;

#[test]
fn both_languages_have_the_same_texts_with_the_same_variables() {
    let (korean, english) = (texts(Language::Korean), texts(Language::English));
    for (key, variables) in &korean {
        assert_eq!(english.get(key), Some(variables), "{key} in en.ftl");
    }
    for key in english.keys() {
        assert!(korean.contains_key(key), "{key} is not in ko.ftl");
    }
}

#[test]
fn every_text_is_readable_and_complete() {
    for language in Language::ALL {
        let source = language.source().to_owned();
        if let Err((_, faults)) = FluentResource::try_new(source) {
            panic!("{language}.ftl: {faults:?}");
        }
        for (key, variables) in texts(language) {
            for value in ["0", "1", "2", "5", "과제", "a task"] {
                let arg = value
                    .parse::<i64>()
                    .map_or_else(|_| value.into(), Arg::from);
                let args: Vec<_> = variables
                    .iter()
                    .map(|v| (v.as_str(), arg.clone()))
                    .collect();
                let formatted = format(language.bundle(), &key, &args);
                let (text, faults) = formatted.unwrap_or_else(|| panic!("{language}: {key}"));
                assert!(faults.is_empty(), "{language}: {key}: {faults:?}");
                let unresolved = text.contains("{$") || text.contains("{JOSA");
                assert!(
                    !unresolved && !text.trim().is_empty(),
                    "{language}: {key}: {text}"
                );
                let isolated = text.contains(['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}']);
                assert!(!isolated, "{language}: {key}: isolation marks");
            }
        }
    }
}

#[test]
fn descriptions_of_commands_fit_discord() {
    for language in Language::ALL {
        for key in texts(language).keys().filter(|key| key.starts_with("cmd-")) {
            let description = text(language, key, &[]);
            let length = description.chars().count();
            let fits = (1..=LONGEST_DESCRIPTION).contains(&length);
            assert!(fits, "{language}: {key} has {length} characters");
        }
    }
}

#[test]
fn every_text_that_the_source_names_exists_and_none_is_left_over() {
    let texts = texts(Language::English);
    let mut named = BTreeSet::new();
    let mut source = String::new();
    for (path, code) in source_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        for key in keys_named_in(&code) {
            assert!(texts.contains_key(&key), "{path} names the text {key:?}");
            named.insert(key);
        }
        source.push_str(&code);
    }
    for key in texts.keys() {
        let built = BUILT_FROM_NAMES
            .iter()
            .any(|prefix| key.starts_with(prefix));
        let used = built || named.contains(key) || source.contains(&format!("\"{key}\""));
        assert!(used, "nothing uses the text {key:?}");
    }
}

#[test]
fn keys_are_found_however_the_call_is_written() {
    let code = r#"
        // text(language, "in-a-comment", &[]);
        let a = text(language, "one", &[]);
        let b = crate::i18n::text(
            self.language(1, 2),
            "two.label",
            &[("name", name.into())],
        );
        let c = say("three", &[("text", text(Language::Korean, "four", &[]).into())]);
        let d = text(language, key, &[("five", 5.into())]);
        let e = context("six"), f = plain_text(a, "seven");
    "#;
    let code = without_comments(code);
    assert_eq!(keys_named_in(&code), ["one", "two.label", "four", "three"]);
}

#[test]
fn a_missing_text_is_its_key() {
    // Not written as a literal, or the test above would ask for it.
    let key = String::from("no-such-") + "text";
    assert_eq!(text(Language::Korean, &key, &[]), key);
    assert_eq!(
        text(Language::English, &format!("{key}.label"), &[]),
        format!("{key}.label")
    );
}

/// `JOSA` gives the particle alone: a text that also wrote the word would have it twice.
#[test]
fn a_particle_follows_its_word_and_the_word_is_there_once() {
    let mut seen = 0;
    for (key, message) in messages(Language::Korean) {
        let variables: BTreeSet<_> = message
            .split("JOSA($")
            .skip(1)
            .filter_map(|rest| rest.split_once(','))
            .map(|(variable, _)| variable.to_owned())
            .collect();
        for variable in &variables {
            for (word, particles) in [
                ("갈매깃털", ["은", "이", "을", "로", "이에요"]),
                ("너구리", ["는", "가", "를", "로", "예요"]),
            ] {
                let args: Vec<_> = texts(Language::Korean)[&key]
                    .iter()
                    .map(|name| (name.clone(), if name == variable { word } else { "…" }))
                    .collect();
                let args: Vec<_> = args
                    .iter()
                    .map(|(name, value)| (name.as_str(), Arg::from(*value)))
                    .collect();
                let said = text(Language::Korean, &key, &args);
                assert_eq!(said.matches(word).count(), 1, "{key}: {said}");
                let (_, behind) = said.split_once(word).unwrap();
                let behind = behind.trim_start_matches(['”', '*', '`']);
                let fits = particles.iter().any(|particle| {
                    behind
                        .strip_prefix(particle)
                        .is_some_and(|rest| !rest.starts_with(is_hangul))
                });
                assert!(fits, "{key}: {said}");
                seen += 1;
            }
        }
    }
    assert!(seen > 0, "no text uses JOSA");
}

/// 은/는, 이/가, 을/를, … depend on the word before them, which a variable hides.
#[test]
fn no_bare_particle_follows_a_variable() {
    for (key, message) in messages(Language::Korean) {
        if let Some(found) = bare_particle(&message) {
            panic!("ko.ftl: {key}: “{found}” needs JOSA, or other words");
        }
    }
}

#[test]
fn bare_particles_are_found_behind_marks_and_stamps() {
    for bare in [
        "“{ $given }”는 없는 필드예요",
        "<t:{ $at }:f>은 지났어요",
        "**{ $zone }**이에요.",
        "{ $time }({ $offset })이에요",
        "지금은 { $zone }예요",
        "{ $relative }이고, 포기하면",
        "마감은 <t:{ $deadline }:R>였어요",
        "{ $done }을",
    ] {
        assert!(bare_particle(bare).is_some(), "{bare}");
    }
    for fine in [
        "“{ $given }”{ JOSA($given, \"은/는\") } 없는",
        "{ $name } 님이",
        "{ $count }이름",
        "<#{ $channel }>에",
        "{ $most }자예요",
        "{ $size }KB예요",
        "{\"`{{ unsubscribe_url }}`\"}이 없어요",
    ] {
        assert_eq!(bare_particle(fine), None, "{fine}");
    }
}

#[test]
fn values_reach_the_text_unchanged() {
    let texts = "
who = <@{ $user }>
    .label = { $user }!
count = { $count ->
    [one] one task
   *[other] { $count } tasks
}
done = “{ $task }”{ JOSA($task, \"을/를\") } 끝냈어요.
late = { $minutes }{ JOSA($minutes, \"으로/로\") }
broken = { JOSA($task, \"을\") }
";
    let texts = FluentResource::try_new(texts.to_owned()).unwrap();
    let bundle = bundle_of(Language::English, texts);
    let say = |key: &str, name: &str, arg: Arg| format(&bundle, key, &[(name, arg)]).unwrap().0;

    // More digits than a Fluent number has.
    let user = UserId::from(u64::MAX - 2);
    assert_eq!(say("who", "user", user.into()), "<@18446744073709551613>");
    assert_eq!(say("who.label", "user", "jamong".into()), "jamong!");
    assert_eq!(say("count", "count", 1_i64.into()), "one task");
    assert_eq!(say("count", "count", 12_345_i64.into()), "12345 tasks");
    let large: i64 = 9_007_199_254_740_993;
    assert_eq!(
        say("count", "count", large.into()),
        "9007199254740993 tasks"
    );
    assert_eq!(say("done", "task", "운동".into()), "“운동”을 끝냈어요.");
    assert_eq!(say("late", "minutes", 10_i64.into()), "10으로");
    assert!(say("broken", "task", "운동".into()).contains("JOSA"));
}

#[test]
fn locales_are_korean_or_else_english() {
    for korean in ["ko", "ko-KR", "KO"] {
        assert_eq!(Language::from_locale(korean), Language::Korean);
    }
    for other in ["en-US", "en-GB", "en", "pt-BR", "", "kok"] {
        assert_eq!(Language::from_locale(other), Language::English);
    }
    for language in Language::ALL {
        assert_eq!(Language::from_locale(language.code()), language);
        let json = serde_json::to_string(&language).unwrap();
        assert_eq!(json, format!("{:?}", language.code()));
    }
}

fn texts(language: Language) -> Texts {
    let mut texts = Texts::new();
    let (mut message, mut current) = (String::new(), None);
    for line in language
        .source()
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        let trimmed = line.trim_start();
        let name = trimmed.split_once('=').map(|(name, _)| name.trim_end());
        if let Some(name) = name.filter(|name| is_identifier(name.trim_start_matches('.'))) {
            let attribute = name.strip_prefix('.');
            if line == trimmed {
                name.clone_into(&mut message);
                current = Some(message.clone());
            } else if let Some(attribute) = attribute {
                current = Some(format!("{message}.{attribute}"));
            }
            if let Some(key) = current
                .as_ref()
                .filter(|_| line == trimmed || attribute.is_some())
            {
                assert!(!texts.contains_key(key), "{language}.ftl has {key} twice");
            }
        }
        if let Some(key) = &current {
            let variables: &mut BTreeSet<_> = texts.entry(key.clone()).or_default();
            for variable in line.split('$').skip(1) {
                let end = variable.find(|c: char| !is_identifier_char(c));
                variables.insert(variable[..end.unwrap_or(variable.len())].to_owned());
            }
        }
    }
    texts
}

/// The messages of one file as they are written: by key, with the lines that continue them.
fn messages(language: Language) -> BTreeMap<String, String> {
    let mut messages = BTreeMap::new();
    let mut current: Option<(String, String)> = None;
    for line in language.source().lines() {
        let begins = line.split_once(" = ").filter(|(key, _)| is_identifier(key));
        if let Some((key, value)) = begins {
            messages.extend(current.replace((key.to_owned(), value.to_owned())));
        } else if let Some((_, message)) = &mut current {
            message.push('\n');
            message.push_str(line);
        }
    }
    messages.extend(current);
    messages
}

/// The first particle that stands behind a variable as it is, with the marks between them.
fn bare_particle(message: &str) -> Option<String> {
    const PARTICLES: [&str; 20] = [
        "은",
        "는",
        "이",
        "가",
        "을",
        "를",
        "과",
        "와",
        "로",
        "으로",
        "이에요",
        "예요",
        "이고",
        "고",
        "였어요",
        "이었어요",
        "이라",
        "라",
        "이나",
        "나",
    ];
    for (at, _) in message.match_indices("{ $") {
        let Some((_, behind)) = message[at..].split_once('}') else {
            continue;
        };
        // The end of a stamp (`:f>`), and what closes a quotation, bold or parentheses.
        let stamp = behind.starts_with(':').then(|| behind.split_once('>'));
        let behind = stamp.flatten().map_or(behind, |(_, behind)| behind);
        let word = behind.trim_start_matches(['”', '’', '"', '*', '_', '`', ')', ']', '>']);
        let end = word.find(|c| !is_hangul(c)).unwrap_or(word.len());
        if PARTICLES.contains(&&word[..end]) {
            return Some(word[..end].to_owned());
        }
    }
    None
}

fn is_hangul(c: char) -> bool {
    ('가'..='힣').contains(&c)
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty() && name.chars().all(is_identifier_char)
}

fn is_identifier_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// Every Rust file below `folder` with its comments taken out, but not this module's tests.
fn source_files(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // The sandbox plays Discord: nothing it says is ours to translate.
        if path.ends_with("src/sandbox") {
            continue;
        }
        if path.is_dir() {
            files.extend(source_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs")
            && !path.ends_with("i18n/tests.rs")
        {
            let code = std::fs::read_to_string(&path).unwrap();
            files.push((path.display().to_string(), without_comments(&code)));
        }
    }
    files
}

fn without_comments(code: &str) -> String {
    let code = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

/// The keys written as literals in calls of `text(…, "key"` and of the closures that stand for it
/// in longer functions, `say("key"`.
fn keys_named_in(code: &str) -> Vec<String> {
    let mut keys = Vec::new();
    for call in calls(code, "text(") {
        keys.extend(after_first_argument(call).and_then(literal));
    }
    for call in calls(code, "say(") {
        keys.extend(literal(call));
    }
    keys
}

/// What follows each call of a function.
fn calls<'a>(code: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    code.match_indices(name).filter_map(move |(at, _)| {
        let before = code[..at].chars().next_back();
        let whole = before.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        whole.then(|| &code[at + name.len()..])
    })
}

fn after_first_argument(arguments: &str) -> Option<&str> {
    let mut depth = 0;
    for (at, c) in arguments.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return None,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => return Some(&arguments[at + 1..]),
            _ => {}
        }
    }
    None
}

fn literal(code: &str) -> Option<String> {
    let (literal, _) = code.trim_start().strip_prefix('"')?.split_once('"')?;
    Some(literal.to_owned())
}
