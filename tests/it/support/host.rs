//! The program as a process, with a server whose members use it through its front door.

use std::path::PathBuf;

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use timeattack::ids::GuildId;
use timeattack::sandbox::{Actor, LocalDiscord, Message, Options, permissions};

use super::Database;
use super::program::Program;

/// A host of the bot.
pub struct Host {
    pub program: Program,
    pub discord: LocalDiscord,
    pub guild: GuildId,
    pub member: Actor,
    pub admin: Actor,
    pub database: Database,
}

impl Host {
    /// The program runs with these keys besides, and a member may run 25 time attacks at once.
    pub async fn start(settings: &[(&'static str, String)]) -> Self {
        sqlx::any::install_default_drivers();
        let discord = LocalDiscord::start(Options::default()).await.unwrap();
        let guild = discord.add_guild("Study", "en-US");
        let channel = discord.add_channel(guild, "general");
        let [mina, admin] =
            [("Mina", 0), ("Admin", permissions::MANAGE_GUILD)].map(|(name, may)| {
                let user = discord.add_user(name, "en-US");
                discord.join(guild, user, may);
                user
            });
        let database = Database::fresh().await;
        let basis = Program::new(vec![
            ("DISCORD_TOKEN", discord.token()),
            ("DISCORD_API_URL", discord.url()),
            ("DATABASE_URL", database.url.clone()),
            ("HTTP_ADDR", "off".to_owned()),
            ("SECRET_KEY", "0123456789abcdef0123456789abcdef".to_owned()),
        ]);
        let mut program = basis.with(settings);
        program.start();
        assert!(discord.wait_for_bot().await);
        let admin = discord.actor(admin, channel);
        let limits = "/setup limits running:25 extensions:3";
        admin.slash(limits).await.unwrap();
        Self {
            program,
            guild,
            member: discord.actor(mina, channel),
            admin,
            discord,
            database,
        }
    }

    /// The program starts after it was killed.
    pub async fn start_again(&mut self) {
        // Until then Discord takes the dead program's connection for one that lives.
        assert!(self.discord.wait_for_shards(&[]).await);
        self.program.start();
        assert!(self.discord.wait_for_shards(&[(0, 1)]).await);
    }

    /// The member starts one; its message.
    pub async fn started(&self, task: &str) -> Message {
        let line = format!("/timeattack start task:{task} limit:10m");
        let reply = self.member.slash(&line).await.unwrap();
        let message = reply.message().expect("a message");
        assert!(message.text().contains(task), "{}", message.text());
        message
    }

    /// Changes the database past the program.
    pub async fn alter(&self, sql: &str) {
        let mut conn = AnyConnection::connect(&self.database.url).await.unwrap();
        conn.execute(AssertSqlSafe(sql)).await.unwrap();
        conn.close().await.unwrap();
    }

    /// SQLite's file.
    pub fn file(&self) -> PathBuf {
        let path = self.database.url.strip_prefix("sqlite://");
        path.expect("SQLite").into()
    }
}
