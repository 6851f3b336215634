//! Reads the command line and the configuration, starts the log, and hands over to
//! [`timeattack::run`].

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use timeattack::cli::{Action, Cli};
use timeattack::config::{Config, LogConfig, LogFormat};
use timeattack::{run, telemetry};

/// Wrong use or configuration; clap ends the program with the same.
const WRONG_USE: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    // Wrong arguments, --help and --version end the program here.
    let action = Cli::parse().action.unwrap_or_default();
    let config = Config::from_env(action.command());
    let (log, secrets) = match &config {
        Ok(config) => (config.log.clone(), config.secrets()),
        Err(_) => (LogConfig::default(), Vec::new()),
    };
    if let Err(error) = telemetry::start(&log, &secrets) {
        complain(&format!("the log cannot be started: {error}"));
        return ExitCode::FAILURE;
    }
    let ended = match (action, config) {
        // Faults are this one's business.
        (Action::Check, config) => run::check(config).await,
        (_, Err(errors)) => {
            complain(&errors.to_string());
            return ExitCode::from(WRONG_USE);
        }
        (Action::Run, Ok(config)) => run::run(config).await,
        #[cfg(feature = "sandbox")]
        (Action::Sandbox(sandbox), Ok(config)) => run::sandbox(config, sandbox).await,
        (Action::Migrate, Ok(config)) => run::migrate(config).await,
        (Action::Backup { file }, Ok(config)) => run::backup(config, &file).await,
        (Action::Commands, Ok(config)) => run::commands(config).await,
    };
    ended.unwrap_or_else(|error| {
        match log.format {
            LogFormat::Text => complain(&telemetry::redact(&format!("{error:#}"), &secrets)),
            LogFormat::Json => tracing::error!(error = format!("{error:#}"), "ended by an error"),
        }
        ExitCode::FAILURE
    })
}

/// Tells the person at the terminal.
fn complain(message: &str) {
    // Nobody is left to be told that standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "timeattack: {message}");
}
