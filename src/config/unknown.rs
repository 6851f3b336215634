//! Keys that nothing reads: a slip of the finger in a key leaves its default in force without a word.

use std::collections::BTreeSet;
use std::fmt;

use super::{Fault, KEYS, SECRETS, UnknownKey};

/// How like a key must be to one of ours to be meant for it (Jaro and Winkler: 1 is the same).
const ALIKE: f64 = 0.9;
/// Differing characters by which a variable of the environment is meant for one of ours. It has many
/// others in it, which belong to other programs.
const SLIPS: usize = 1;

/// Those of `.env`, which is ours alone, and in the environment those that are nearly one of ours.
pub(super) fn among<'a>(
    file: impl Iterator<Item = &'a String>,
    environment: impl Iterator<Item = String>,
) -> Vec<UnknownKey> {
    let ours = ours();
    // By name, as a map has no order.
    let of_file: BTreeSet<&String> = file.filter(|key| !ours.contains(*key)).collect();
    let of_file = of_file.into_iter().map(|key| UnknownKey {
        key: key.clone(),
        meant: likest(key, &ours),
    });
    let slips: BTreeSet<String> = environment.filter(|key| !ours.contains(key)).collect();
    let of_environment = slips.into_iter().filter_map(|key| {
        let is_slip = |one: &&String| strsim::osa_distance(&key, one) <= SLIPS;
        let meant = ours.iter().find(is_slip)?.clone();
        Some(UnknownKey {
            key,
            meant: Some(meant),
        })
    });
    of_file.chain(of_environment).collect()
}

/// Every key that is read.
fn ours() -> BTreeSet<String> {
    let plain = KEYS.iter().map(|key| (*key).to_owned());
    let files = SECRETS.iter().map(|key| format!("{key}_FILE"));
    plain.chain(files).collect()
}

/// The one of ours that is most like it, if any is like it.
fn likest(key: &str, ours: &BTreeSet<String>) -> Option<String> {
    let key = key.to_uppercase();
    let alike = ours
        .iter()
        .map(|one| (strsim::jaro_winkler(&key, one), one));
    let likest = alike.max_by(|(one, _), (other, _)| one.total_cmp(other));
    let (alike, one) = likest?;
    (alike >= ALIKE).then(|| one.clone())
}

impl UnknownKey {
    /// As a fault, for whoever looks for another.
    pub(super) fn fault(&self) -> Fault {
        Fault {
            key: self.key.clone(),
            wrong: "not a key of timeattack".to_owned(),
            write: match &self.meant {
                Some(meant) => format!("{meant}, if you mean that"),
                None => "a key of .env.example, or remove it".to_owned(),
            },
        }
    }
}

impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} isn't a key of timeattack, so nothing reads it",
            self.key
        )?;
        match &self.meant {
            Some(meant) => write!(f, "; did you mean {meant}?"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(file: &[&str], environment: &[&str]) -> Vec<String> {
        let file: Vec<String> = file.iter().map(|key| (*key).to_owned()).collect();
        let environment = environment.iter().map(|key| (*key).to_owned());
        let unknown = among(file.iter(), environment);
        unknown.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_misspelt_key_is_named_with_the_one_that_is_meant() {
        for (written, meant) in [
            ("DISCORD_TOKN", "DISCORD_TOKEN"),
            ("DISCORD_GUILDID", "DISCORD_GUILD_ID"),
            ("discord_token", "DISCORD_TOKEN"),
            ("MAIL_FORM", "MAIL_FROM"),
            ("SMTP_UR", "SMTP_URL"),
            ("DISCORD_TOKEN_FIEL", "DISCORD_TOKEN_FILE"),
            ("DATABSE_URL", "DATABASE_URL"),
            ("HTTPADDR", "HTTP_ADDR"),
        ] {
            let told = told(&[written], &[]);
            assert_eq!(told.len(), 1, "{written}");
            assert!(
                told[0].contains(&format!("{written} isn't a key")),
                "{told:?}"
            );
            assert!(
                told[0].ends_with(&format!("did you mean {meant}?")),
                "{told:?}"
            );
        }
    }

    #[test]
    fn of_a_file_every_key_is_named_and_of_the_environment_slips_alone() {
        let keys = ["POSTGRES_PASSWORD", "LOG_FORMAT", "SECRET_KEY_FILE"];
        assert_eq!(
            told(
                &keys,
                &[
                    "PATH",
                    "MAIL",
                    "HTTP_PROXY",
                    "DISCORD_TOKEN",
                    "DISCORD_TOKNE"
                ]
            ),
            [
                "POSTGRES_PASSWORD isn't a key of timeattack, so nothing reads it",
                "DISCORD_TOKNE isn't a key of timeattack, so nothing reads it; did you mean \
                 DISCORD_TOKEN?",
            ]
        );
    }
}
