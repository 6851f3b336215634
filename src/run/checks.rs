//! `timeattack check`: which things are looked at, and in which order they are told.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::process::ExitCode;

use super::handles::Handles;
use super::secret_key;
use crate::check::discord::{Asker, Gateway};
use crate::check::dns::Dns;
use crate::check::{self, Level, Line};
use crate::clock::Clock;
use crate::config::{Config, ConfigErrors, DatabaseUrl, DiscordConfig};
use crate::{db, discord};

/// Session starts below which a crash loop would soon use up the day's.
const FEW_STARTS: u32 = 20;

/// Says of each thing around the program whether it is in order; of what the host does not use, once
/// that it is not used.
pub async fn check(config: Result<Config, ConfigErrors>) -> anyhow::Result<ExitCode> {
    let mut lines = check::configuration(&config);
    lines.extend(check::unknown_keys(&config));
    if let Ok(config) = &config {
        lines.push(check::alerts(config));
        lines.push(Handles::of_this_process(config).check());
        lines.push(database(&config.database).await);
        lines.extend(of_discord(&config.discord).await);
        lines.extend(check::host_clock(&config.discord, &Clock::System).await);
        lines.push(secret_key::check(config));
        lines.extend(of_mail(config).await);
    }
    Ok(check::report(&lines, &mut io::stdout().lock())?)
}

async fn of_discord(config: &DiscordConfig) -> Vec<Line> {
    let token = check::discord_token(config).await;
    let is_accepted = token.level == Level::Ok;
    let mut lines = vec![token];
    if let Some(asker) = Asker::new(config).filter(|_| is_accepted) {
        lines.extend(asker.invitation().await);
        if let Some(gateway) = asker.gateway().await {
            lines.push(sessions(config, &gateway).await);
        }
    }
    lines
}

/// Whether the gateway takes a session, which one is begun for.
async fn sessions(config: &DiscordConfig, gateway: &Gateway) -> Line {
    const WHAT: &str = "Discord gateway";
    let starts = &gateway.session_start_limit;
    let left = format!(
        "{} of {} session starts left today",
        starts.remaining, starts.total
    );
    if starts.remaining < FEW_STARTS.min(starts.total / 2) {
        let advice =
            "find out why the bot was started so often; it waits until Discord grants more";
        return Line::warn(WHAT, left, advice);
    }
    let Some(token) = &config.token else {
        return Line::ok(WHAT, left);
    };
    let shard = gateway.shard(&config.shards);
    match discord::refusal_of(&gateway.url, token, shard).await {
        Ok(None) => Line::ok(WHAT, format!("accepts a session; {left}")),
        Ok(Some(refusal)) => Line::fail(WHAT, "refuses the bot", refusal.advice()),
        Err(error) => Line::warn(
            WHAT,
            format!("could not be tried: {error:#}"),
            "check the network, and a proxy or firewall between here and it",
        ),
    }
}

async fn of_mail(config: &Config) -> Vec<Line> {
    let mail = &config.mail;
    if !mail.is_used() {
        return vec![check::unused_mail()];
    }
    let mut lines = vec![
        check::public_url(&config.http),
        check::mail_server(mail, &Clock::System).await,
        check::mail_sender(mail),
    ];
    lines.extend(check::mail_records(mail, &Dns::of_this_machine()).await);
    lines
}

async fn database(database: &DatabaseUrl) -> Line {
    const WHAT: &str = "database";
    let counted = async {
        let mut conn = db::look(database.expose()).await?;
        db::schema_version(&mut conn).await
    };
    let version = match counted.await {
        Ok(version) => version,
        Err(error) => {
            let detail = format!("{database} cannot be opened: {error:#}");
            let advice = "check DATABASE_URL, the folder's permissions, and that the server runs";
            return Line::fail(WHAT, detail, advice);
        }
    };
    if let Some(Err(error)) = database.file().map(takes_files) {
        let detail = format!("nothing can be stored in the folder of {database}: {error}");
        let advice = "check DATABASE_URL, and whether this program can write in that folder";
        return Line::fail(WHAT, detail, advice);
    }
    Line::ok(
        WHAT,
        match version {
            Some(version) => format!("{database} at version {version}"),
            None => format!("{database} will be created at the first start"),
        },
    )
}

/// Whether files can be made beside this one, as SQLite makes its log. Tried, because permissions alone do
/// not tell (a disk that is read-only, a file system of another kind).
fn takes_files(file: &Path) -> io::Result<()> {
    if file.exists() {
        rustix::fs::access(file, rustix::fs::Access::WRITE_OK)?;
    }
    let mut name = file.as_os_str().to_owned();
    name.push(format!("-check.{}", std::process::id()));
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&name)?;
    fs::remove_file(&name)
}
