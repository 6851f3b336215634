//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config;

/// A Discord bot that holds members to the deadlines they set themselves.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Configuration is read from the environment and from .env; see .env.example.\n\
                  Exit codes: 0 success, 1 failure, 2 wrong usage or configuration."
)]
pub struct Cli {
    /// What to do; the bot if left out.
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// What the program can be asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Subcommand)]
pub enum Action {
    /// Run the bot (the default)
    #[default]
    Run,
    /// Try the bot against a local Discord with a chat page in the browser
    #[cfg(feature = "sandbox")]
    Sandbox(Sandbox),
    /// Bring the database's tables up to date
    Migrate,
    /// Check the configuration, the database, Discord and email, and say what to do
    Check,
    /// Copy a SQLite database to a new file, also while the bot runs
    Backup {
        /// The file to write; it must not exist
        file: PathBuf,
    },
    /// Print the slash commands as JSON, as they are sent to Discord
    Commands,
}

/// Where the local Discord listens and keeps its data.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Sandbox {
    /// Address of the chat page and of the local Discord
    #[arg(long, default_value = "127.0.0.1:7777")]
    pub addr: SocketAddr,
    /// Folder for the bot's database; running time attacks continue at the next start
    #[arg(long, value_name = "DIR", default_value = "data/sandbox")]
    pub data: PathBuf,
}

impl Action {
    /// What this needs of the configuration.
    pub fn command(&self) -> config::Command {
        match self {
            Self::Run => config::Command::Run,
            #[cfg(feature = "sandbox")]
            Self::Sandbox(_) => config::Command::Sandbox,
            Self::Migrate => config::Command::Migrate,
            Self::Check => config::Command::Check,
            Self::Backup { .. } => config::Command::Backup,
            Self::Commands => config::Command::Commands,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn action(arguments: &[&str]) -> Option<Action> {
        let cli = Cli::try_parse_from([&["timeattack"], arguments].concat());
        Some(cli.ok()?.action.unwrap_or_default())
    }

    #[test]
    fn the_command_line_is_as_documented() {
        Cli::command().debug_assert();
        assert_eq!(action(&[]), Some(Action::Run));
        assert_eq!(action(&["run"]), Some(Action::Run));
        assert_eq!(action(&["migrate"]), Some(Action::Migrate));
        assert_eq!(action(&["check"]), Some(Action::Check));
        assert_eq!(action(&["commands"]), Some(Action::Commands));
        let file = "copy.db".into();
        assert_eq!(
            action(&["backup", "copy.db"]),
            Some(Action::Backup { file })
        );
        for wrong in [&["backup"][..], &["start"], &["run", "--now"]] {
            assert_eq!(action(wrong), None, "{wrong:?}");
        }
    }

    #[cfg(feature = "sandbox")]
    #[test]
    fn the_sandbox_stays_on_this_machine_unless_told_otherwise() {
        let Some(Action::Sandbox(sandbox)) = action(&["sandbox"]) else {
            panic!("not a sandbox");
        };
        assert_eq!(sandbox.addr.to_string(), "127.0.0.1:7777");
        assert_eq!(sandbox.data, PathBuf::from("data/sandbox"));
        let told = ["sandbox", "--addr", "0.0.0.0:80", "--data", "there"];
        let Some(Action::Sandbox(sandbox)) = action(&told) else {
            panic!("not a sandbox");
        };
        assert_eq!(sandbox.addr.port(), 80);
        assert_eq!(sandbox.data, PathBuf::from("there"));
        assert_eq!(action(&["sandbox", "--addr", "here"]), None);
    }
}
