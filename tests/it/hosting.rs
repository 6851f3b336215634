//! What a host sees of the program: what `check` says, what is named when something is wrong, and who can
//! read its files.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use timeattack::ids::GuildId;
use timeattack::sandbox::{LocalDiscord, Options};

use crate::support::Database;
use crate::support::host::Host;
use crate::support::program::Program;

/// A program that has not been started, and the Discord that it is to find.
async fn idle(settings: &[(&'static str, String)]) -> (Program, LocalDiscord, GuildId, Database) {
    sqlx::any::install_default_drivers();
    let discord = LocalDiscord::start(Options::default()).await.unwrap();
    let guild = discord.add_guild("Study", "en-US");
    let database = Database::fresh().await;
    let basis = Program::new(vec![
        ("DISCORD_TOKEN", discord.token()),
        ("DISCORD_API_URL", discord.url()),
        ("DATABASE_URL", database.url.clone()),
        ("HTTP_ADDR", "off".to_owned()),
    ]);
    (basis.with(settings), discord, guild, database)
}

/// What `check` says, and its exit code.
async fn checked(program: &Program) -> (Option<i32>, String) {
    // The Discord that it asks is on this runtime.
    let (status, said) = tokio::task::block_in_place(|| program.run(&["check"]));
    (status.code(), said)
}

fn line<'a>(said: &'a str, what: &str) -> &'a str {
    let line = said
        .lines()
        .find(|line| line.contains(&format!("  {what}: ")));
    line.unwrap_or_else(|| panic!("no line on {what}:\n{said}"))
}

/// Waits until the running program has logged this. Nothing tells of it but the file.
async fn logged(program: &Program, part: &str) {
    while !program.log().contains(part) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_check_warns_of_nothing_and_has_the_invite_link() {
    let (program, _discord, _, _database) = idle(&[]).await;
    let (code, said) = checked(&program).await;
    assert_eq!(code, Some(0), "{said}");
    let link = line(&said, "invite link");
    for part in [
        "client_id=",
        "scope=bot+applications.commands",
        "permissions=",
    ] {
        assert!(link.contains(part), "{link}");
    }
    assert!(line(&said, "Discord gateway").starts_with("ok"), "{said}");
    assert!(line(&said, "mail").contains("not set up"), "{said}");
    for unused in [
        "links in emails",
        "mail server",
        "mail sender",
        "SPF",
        "DKIM",
        "DMARC",
    ] {
        let about = said
            .lines()
            .find(|line| line.contains(&format!("  {unused}: ")));
        assert_eq!(about, None, "{said}");
    }
    let warnings = said.lines().filter(|line| line.starts_with("warn"));
    // How many handles there are is the machine's.
    let warnings: Vec<_> = warnings
        .filter(|line| !line.contains("file handles"))
        .collect();
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_is_checked_as_soon_as_any_of_it_is_set() {
    let from = ("MAIL_FROM", "Study <bot@example.org>".to_owned());
    let guilds = ("MAIL_GUILDS", "7".to_owned());
    for setting in [from, guilds] {
        let (program, _discord, _, _database) = idle(&[setting]).await;
        let (_, said) = checked(&program).await;
        assert!(line(&said, "mail server").starts_with("warn"), "{said}");
        assert!(line(&said, "links in emails").starts_with("warn"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_the_bot_is_not_in_is_told_with_the_link() {
    let (program, discord, guild, _database) = idle(&[]).await;
    let named = |guild: GuildId| program.with(&[("DISCORD_GUILD_ID", guild.to_string())]);
    let (code, said) = checked(&named(guild)).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(line(&said, "commands").starts_with("ok"), "{said}");
    // One that it was put out of, and one that nobody knows.
    discord.kick_bot(guild);
    for guild in [guild, GuildId(7)] {
        let mut program = named(guild);
        let (code, said) = checked(&program).await;
        assert_eq!(code, Some(1), "{said}");
        let told = line(&said, "commands").to_owned();
        let link = format!("&guild_id={guild}");
        for part in ["fail", "scope=bot+applications.commands", &link] {
            assert!(told.contains(part), "{part}: {told}");
        }
        program.start();
        logged(&program, &link).await;
        let log = program.log();
        let told = log.lines().find(|line| line.contains(&link)).unwrap();
        assert!(
            told.contains("ERROR") && told.contains("DISCORD_GUILD_ID"),
            "{told}"
        );
        program.terminate();
        assert!(program.ended().await.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_refuses_the_token_fails_the_check() {
    let (program, discord, _, _database) = idle(&[]).await;
    discord.refuse_sessions(Some(4004));
    let (code, said) = checked(&program).await;
    assert_eq!(code, Some(1), "{said}");
    let told = line(&said, "Discord gateway");
    assert!(
        told.starts_with("fail") && told.contains("reset the token"),
        "{told}"
    );
    discord.refuse_sessions(None);
    discord.refuse_token(true);
    let (code, said) = checked(&program).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        line(&said, "Discord token").contains("Reset Token"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_refused_while_the_bot_runs_is_told_with_what_to_do() {
    let host = Host::start(&[]).await;
    host.discord.refuse_token(true);
    host.discord.refuse_sessions(Some(4004));
    logged(&host.program, "reset the token").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_misspelt_key_is_named() {
    let (program, _discord, _, _database) = idle(&[]).await;
    let file = program.folder().join(".env");
    fs::write(&file, "DISCORD_GUILDID=7\nPOSTGRES_PASSWORD=canary\n").unwrap();
    let (code, said) = checked(&program).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("did you mean DISCORD_GUILD_ID?"), "{said}");
    assert!(said.contains("POSTGRES_PASSWORD isn't a key"), "{said}");
    assert!(!said.contains("canary"), "{said}");
    // Where the one that is meant is missing, both are named.
    let without = Program::new(Vec::new());
    fs::write(without.folder().join(".env"), "DISCORD_TOKN=canary\n").unwrap();
    let (status, said) = without.run(&["run"]);
    assert_eq!(status.code(), Some(2), "{said}");
    for part in [
        "DISCORD_TOKEN: not set",
        "DISCORD_TOKN: not a key of timeattack",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!said.contains("canary"), "{said}");
}

/// An address where nobody listens.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_start_names_the_database_and_not_the_address() {
    let address = free_address();
    let mut host = Host::start(&[("HTTP_ADDR", address.clone())]).await;
    if host.database.is_postgres() {
        // Several may share it.
        return;
    }
    let (status, said) = host.program.run(&["run"]);
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("is in use by another timeattack"), "{said}");
    assert!(!said.contains("HTTP_ADDR"), "{said}");
    // With a database of its own it is the address.
    let url = format!(
        "sqlite://{}",
        host.program.folder().join("own.db").display()
    );
    let (_, said) = host.program.with(&[("DATABASE_URL", url)]).run(&["run"]);
    assert!(said.contains("HTTP_ADDR: cannot listen"), "{said}");
    host.program.terminate();
    assert!(host.program.ended().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_be_made_is_named() {
    let (program, _discord, _, _database) = idle(&[]).await;
    fs::write(program.folder().join("file"), "").unwrap();
    for path in ["/proc/x.db", "file/x.db"] {
        let program = program.with(&[("DATABASE_URL", format!("sqlite://{path}"))]);
        fs::write(program.folder().join("file"), "").unwrap();
        let (status, said) = program.run(&["run"]);
        assert_eq!(status.code(), Some(1), "{said}");
        assert!(
            said.contains(&format!("the database {path} can't be opened")),
            "{said}"
        );
        assert!(!said.contains(".lock"), "{said}");
        let (code, said) = checked(&program).await;
        assert_eq!(code, Some(1), "{said}");
        assert!(line(&said, "database").starts_with("fail"), "{said}");
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_their_owners_alone_and_a_copy_has_the_key() {
    let mut host = Host::start(&[("SECRET_KEY", String::new())]).await;
    if host.database.is_postgres() {
        return;
    }
    host.started("Read").await;
    let database = host.file();
    let key = database.with_file_name("secret.key");
    let log = database.with_file_name("test.db-wal");
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    let (status, said) = host.program.run(&["backup", copy.to_str().unwrap()]);
    assert!(status.success(), "{said}");
    let copied_key = folder.path().join("copy.db.secret.key");
    assert!(said.contains("copy.db.secret.key"), "{said}");
    assert_eq!(fs::read(&copied_key).unwrap(), fs::read(&key).unwrap());
    for path in [&database, &log, &key, &copy, &copied_key] {
        assert_eq!(mode(path), 0o600, "{}", path.display());
    }
    // Nothing is written over.
    for _ in 0..2 {
        let (status, said) = host.program.run(&["backup", copy.to_str().unwrap()]);
        assert!(
            !status.success() && said.contains("name a new file"),
            "{said}"
        );
    }
    // With a key that the host keeps, that is said.
    let own = "0123456789abcdef0123456789abcdef".to_owned();
    let other = folder.path().join("other.db");
    let own = host.program.with(&[("SECRET_KEY", own)]);
    let (status, said) = own.run(&["backup", other.to_str().unwrap()]);
    assert!(status.success() && said.contains("SECRET_KEY"), "{said}");
    assert!(!folder.path().join("other.db.secret.key").exists());

    // As an earlier version left them.
    host.program.kill();
    for path in [&database, &log, &key] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    host.start_again().await;
    host.started("Write").await;
    for path in [&database, &log, &key] {
        assert_eq!(mode(path), 0o600, "{}", path.display());
    }
}
