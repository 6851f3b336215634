//! Reads the command line and the configuration, starts the log, and hands over to
//! [`timeattack::run`].

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use timeattack::cli::{Action, Cli};
use timeattack::config::{Config, LogConfig, LogFormat};
use timeattack::discord::Misconfigured;
use timeattack::{run, telemetry};

/// Wrong use or configuration; clap ends the program with the same.
const WRONG_USE: u8 = 2;

fn main() -> ExitCode {
    // Wrong arguments, --help and --version end the program here.
    let action = Cli::parse().action.unwrap_or_default();
    run::block_on(start(action)).unwrap_or_else(|error| {
        complain(&format!("the program cannot be started: {error}"));
        ExitCode::FAILURE
    })
}

async fn start(action: Action) -> ExitCode {
    let config = Config::from_env(action.command());
    let (log, secrets) = match &config {
        Ok(config) => (config.log.clone(), config.secrets()),
        Err(_) => (LogConfig::default(), Vec::new()),
    };
    if let Err(error) = telemetry::start(&log, &secrets) {
        complain(&format!("the log cannot be started: {error}"));
        return ExitCode::FAILURE;
    }
    if let Ok(config) = &config
        && action != Action::Check
    {
        for key in &config.unknown_keys {
            tracing::warn!("{key}");
        }
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
        if error.is::<Misconfigured>() {
            ExitCode::from(WRONG_USE)
        } else {
            ExitCode::FAILURE
        }
    })
}

/// Tells the person at the terminal.
fn complain(message: &str) {
    // Nobody is left to be told that standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "timeattack: {message}");
}
