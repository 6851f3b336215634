//! Few file handles: what HTTP may take of them, so that verdicts come all the same.

use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::time::Duration;

use timeattack::sandbox::{LocalDiscord, Options};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::Database;
use crate::support::program::{self, Program};

/// What the program is allowed: with all of it in HTTP's hands nothing else works.
const HANDLES: u32 = 64;
const IDLE: usize = 80;

/// Connects, says nothing, and comes back soon when it is closed.
async fn holds_on(addr: SocketAddr) {
    let mut soon = tokio::time::interval(Duration::from_millis(200));
    loop {
        soon.tick().await;
        if let Ok(mut stream) = TcpStream::connect(addr).await {
            let mut heard = [0; 1];
            let _ = stream.read(&mut heard).await;
        }
    }
}

#[tokio::test]
async fn a_verdict_comes_in_time_while_idle_connections_want_every_handle() {
    let discord = LocalDiscord::start(Options::default()).await.unwrap();
    let guild = discord.add_guild("Study", "en-US");
    let channel = discord.add_channel(guild, "general");
    let mina = discord.add_user("Mina", "en-US");
    discord.join(guild, mina, 0);
    let database = Database::fresh().await;
    // Free a moment ago; nobody else is given it so soon.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let settings = vec![
        ("DISCORD_TOKEN", discord.token()),
        ("DISCORD_API_URL", discord.url()),
        ("DATABASE_URL", database.url.clone()),
        ("HTTP_ADDR", addr.to_string()),
        ("SECRET_KEY", "0123456789abcdef0123456789abcdef".to_owned()),
    ];
    let mut program = Program::new(settings).with_handles(HANDLES);
    program.start();
    assert!(discord.wait_for_bot().await);
    let mut crowd = JoinSet::new();
    for _ in 0..IDLE {
        crowd.spawn(holds_on(addr));
    }
    let health = async {
        let asked = reqwest::get(format!("http://{addr}/healthz")).await;
        asked.is_ok_and(|answer| answer.status() == 200)
    };
    let mina = discord.actor(mina, channel);
    for round in 0..2 {
        let line = format!("/timeattack start task:Read{round} limit:2s");
        mina.slash(&line).await.expect("it is answered");
        let is_card = |message: &timeattack::sandbox::Message| {
            message.content.contains("나약한") && message.content.contains(&format!("Read{round}"))
        };
        let card = discord.message_where(channel, is_card).await;
        assert!(card.is_some(), "no verdict came");
    }
    assert!(health.await, "health is answered as well");
    assert_eq!(crowd.len(), IDLE);
    discord.stop();
}

#[test]
fn a_check_says_how_many_handles_are_needed() {
    let directory = tempfile::tempdir().unwrap();
    for (handles, level) in [(HANDLES, "warn  "), (700, "ok    "), (40, "fail  ")] {
        let checked = program::command(Some(handles))
            .arg("check")
            .current_dir(directory.path())
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8(checked.stdout).unwrap();
        let line = said.lines().find(|line| line.contains("file handles: "));
        let line = line.unwrap_or_else(|| panic!("{said}"));
        assert!(line.starts_with(level), "{line}");
        assert!(line.contains(&format!("{handles} allowed")), "{line}");
    }
}
