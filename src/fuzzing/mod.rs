//! What `fuzz/` runs: every reader of strangers' text, with what must hold whatever the text is.
//!
//! # Promise
//!
//! - Each [`TARGETS`] entry takes any bytes, panics only where the program is wrong, and needs no
//!   database, network or clock: the same bytes give the same run.
//! - A target asserts properties, such as “what is printed is read back as the same”, and not only that
//!   nothing panics.
//! - `cargo test` runs every file of `fuzz/corpus/` through its target, so an input that once broke
//!   something is a regression test without any fuzzer.
//!
//! An input with several texts has them separated by [`SEPARATOR`]. To add a target: a function here and
//! a line in [`TARGETS`], a file in `fuzz/fuzz_targets/`, a `[[bin]]` in `fuzz/Cargo.toml`, and a seed or
//! two in `fuzz/corpus/`. This room is compiled for tests and with the feature `fuzzing` alone.

mod mail;
mod page;
mod typed;

use std::borrow::Cow;

pub use mail::{address, dns, mime, reply, sns, token};
pub use page::{style, subject, template};
pub use typed::{attributes, custom_id, messages, segment, sheet, slash_line, time_text, zone};

/// Between two texts of one input: a character that no text has, which a fuzzer moves as easily as any.
pub const SEPARATOR: u8 = 0x1f;

/// A target.
pub type Target = fn(&[u8]);

/// Every target, by its name.
pub const TARGETS: [(&str, Target); 17] = [
    ("address", address),
    ("attributes", attributes),
    ("custom_id", custom_id),
    ("dns", dns),
    ("messages", messages),
    ("mime", mime),
    ("reply", reply),
    ("segment", segment),
    ("sheet", sheet),
    ("slash_line", slash_line),
    ("sns", sns),
    ("style", style),
    ("subject", subject),
    ("template", template),
    ("time_text", time_text),
    ("token", token),
    ("zone", zone),
];

/// The first texts of an input; what is not there is empty.
fn texts<const N: usize>(input: &[u8]) -> [Cow<'_, str>; N] {
    parts(input).map(String::from_utf8_lossy)
}

/// The same, where not even the encoding is known.
fn parts<const N: usize>(input: &[u8]) -> [&[u8]; N] {
    let mut parts = input.splitn(N, |byte| *byte == SEPARATOR);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn folder(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz")
            .join(name)
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap_or_else(|_| panic!("{}", folder.display()));
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn every_input_of_the_corpora_is_survived() {
        let inputs = TARGETS.into_iter().flat_map(|(name, target)| {
            let corpus = folder("corpus").join(name);
            let files = names(&corpus);
            assert!(!files.is_empty(), "{name} has no corpus");
            files
                .into_iter()
                .map(move |file| (corpus.join(file), target))
        });
        let broken: Vec<String> = inputs
            .filter(|(path, target)| {
                let input = fs::read(path).unwrap();
                std::panic::catch_unwind(|| target(&input)).is_err()
            })
            .map(|(path, _)| path.display().to_string())
            .collect();
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    }

    #[test]
    fn every_target_can_be_fuzzed() {
        let wanted = TARGETS.map(|(name, _)| name.to_owned());
        let files = names(&folder("fuzz_targets"));
        assert_eq!(files, wanted.clone().map(|name| format!("{name}.rs")));
        assert_eq!(names(&folder("corpus")), wanted);
        let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
        for name in wanted {
            let source = fs::read_to_string(folder("fuzz_targets").join(format!("{name}.rs")));
            assert!(
                source
                    .unwrap()
                    .contains(&format!("timeattack::fuzzing::{name}("))
            );
            assert!(manifest.contains(&format!("name = \"{name}\"\n")), "{name}");
        }
    }
}
