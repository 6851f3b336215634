//! File handles: how many files and connections the system lets the program have open, and how many
//! of them HTTP may take.
//!
//! Without a bound, connections to our HTTP server take the handles that the database, Discord and the
//! mail server need, and verdicts stop for as long as somebody holds on. So HTTP has a share: what is
//! left over by the others, and where little is left, an eighth.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::check;
use crate::config::{Config, Shards};
use crate::http::CONNECTIONS;

/// The program before anybody uses it: SQLite's file, log and index in every connection and while a
/// copy is made, the runtime, standard streams, signals, listening. With the sandbox's two servers and the
/// local Discord's own connections, 35 were counted on SQLite.
const OWN: usize = 40;
/// Requests to Discord on their way at once: so many posts (`outbox`'s lanes), and some answers to
/// interactions.
const DISCORD: usize = 72;
/// Looking up names, files of mails, the operators' webhook.
const OCCASIONAL: usize = 16;
/// HTTP's part where the others need everything.
const LEAST_PART: usize = 8;
/// HTTP has so many connections however few handles there are.
const LEAST: usize = 4;
/// The most that anything here is prepared for; some systems say “no limit” by enormous numbers.
const MOST: u64 = 1 << 20;

/// What the system allows, and what is needed of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Handles {
    pub(super) allowed: usize,
    pub(super) needed: usize,
    /// Connections that HTTP would like to have.
    wanted: usize,
}

impl Handles {
    /// Of this process; the limit is raised as far as the system lets everybody raise it. (That it
    /// begins lower is for programs that use `select`, which cannot have more than 1,024; this one
    /// does not.)
    pub(super) fn of_this_process(config: &Config) -> Self {
        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: limit.maximum,
            ..limit
        };
        // Where it is refused, it stays as it was.
        let allowed = match setrlimit(Resource::Nofile, raised) {
            Ok(()) => raised.current,
            Err(_) => limit.current,
        };
        Self::new(allowed.unwrap_or(MOST), config)
    }

    fn new(allowed: u64, config: &Config) -> Self {
        let shards = match config.discord.shards {
            Shards::Auto => 1,
            Shards::Range { first, last, .. } => last.saturating_sub(first) as usize + 1,
        };
        let mails = match config.mail.server {
            Some(_) => config.mail.connections,
            None => 0,
        };
        Self {
            allowed: usize::try_from(allowed.min(MOST)).unwrap_or(usize::MAX),
            needed: OWN + DISCORD + OCCASIONAL + shards + mails,
            wanted: config.http.addr.map_or(0, |_| CONNECTIONS),
        }
    }

    /// Connections that HTTP may have at once.
    pub(super) fn http(&self) -> usize {
        let left = self.allowed.saturating_sub(self.needed);
        left.max(self.allowed / LEAST_PART)
            .clamp(LEAST, CONNECTIONS)
    }

    /// How it stands, for `timeattack check` and for the log.
    pub(super) fn check(&self) -> check::Line {
        const WHAT: &str = "file handles";
        let Self {
            allowed,
            needed,
            wanted,
        } = *self;
        let enough = needed + wanted;
        let http = self.http().min(wanted);
        let advice = format!(
            "allow {enough}: LimitNOFILE={enough} in a systemd unit, --ulimit nofile={enough} for a \
             container, ulimit -n {enough} in a shell"
        );
        if allowed >= enough {
            let detail = format!("{allowed} allowed, {needed} needed and {wanted} more for HTTP");
            check::Line::ok(WHAT, detail)
        } else if allowed >= OWN + LEAST {
            let detail = format!(
                "{allowed} allowed, {enough} needed: HTTP accepts {http} connections at once \
                 instead of {wanted}, and under load clients may have to try again"
            );
            check::Line::warn(WHAT, detail, advice)
        } else {
            let detail = format!("{allowed} allowed, {enough} needed: too few for the bot to run");
            check::Line::fail(WHAT, detail, advice)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Level;
    use crate::config::Command;

    fn handles(allowed: u64, settings: &[(&str, &str)]) -> Handles {
        let lookup = |key: &str| {
            let found = settings.iter().find(|(name, _)| *name == key);
            found.map(|(_, value)| (*value).to_owned())
        };
        Handles::new(
            allowed,
            &Config::from_lookup(&lookup, Command::Check).unwrap(),
        )
    }

    #[test]
    fn http_takes_what_the_others_leave_and_an_eighth_where_that_is_little() {
        let mail = ("SMTP_URL", "smtp://127.0.0.1");
        for (allowed, settings, http) in [
            (1_048_576, &[][..], 512),
            (u64::MAX, &[], 512),
            (1_024, &[], 512),
            (641, &[], 512),
            (640, &[], 511),
            (640, &[mail], 501),
            (640, &[mail, ("MAIL_CONNECTIONS", "100")], 411),
            (640, &[("DISCORD_SHARDS", "0-15/16")], 496),
            (256, &[], 127),
            (128, &[], 16),
            (64, &[], 8),
            (64, &[mail], 8),
            (20, &[], 4),
            (0, &[], 4),
        ] {
            assert_eq!(
                handles(allowed, settings).http(),
                http,
                "{allowed} {settings:?}"
            );
        }
    }

    #[test]
    fn a_check_says_how_many_are_needed() {
        let line = handles(1_024, &[]).check();
        assert_eq!(
            line.to_string(),
            "ok    file handles: 1024 allowed, 129 needed and 512 more for HTTP"
        );
        let line = handles(64, &[]).check();
        assert_eq!(line.level, Level::Warn);
        assert!(line.detail.contains("HTTP accepts 8 connections"), "{line}");
        assert!(line.to_string().contains("LimitNOFILE=641"), "{line}");
        let line = handles(40, &[]).check();
        assert_eq!(line.level, Level::Fail);
        let without = handles(200, &[("HTTP_ADDR", "off")]).check();
        assert_eq!(without.level, Level::Ok, "{without}");
    }
}
