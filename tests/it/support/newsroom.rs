//! A server that mails its subscribers, by the program as hosts run it and through its front door.

use std::collections::BTreeMap;

use timeattack::ids::{ChannelId, GuildId};
use timeattack::sandbox::{Actor, LocalDiscord, Message, OptionValue, Options, Reply, permissions};

use super::program::Program;
use super::{Database, file};

pub struct Newsroom {
    pub program: Program,
    discord: LocalDiscord,
    admin: Actor,
    alerts: ChannelId,
    _database: Database,
}

impl Newsroom {
    /// A server with an admin, and the program with these keys besides.
    pub async fn open(mail: Vec<(&'static str, String)>) -> Self {
        let discord = LocalDiscord::start(Options::default()).await.unwrap();
        let guild = discord.add_guild("Study", "en-US");
        let channel = discord.add_channel(guild, "general");
        let alerts = discord.add_channel(guild, "alerts");
        let user = discord.add_user("Admin", "en-US");
        discord.join(guild, user, permissions::MANAGE_GUILD);
        let database = Database::fresh().await;
        let mut settings = settings(&discord, &database, guild);
        settings.extend(mail);
        let mut program = Program::new(settings);
        program.start();
        assert!(discord.wait_for_bot().await);
        let admin = discord.actor(user, channel);
        let channels = format!("/setup channels results:<#{channel}> alerts:<#{alerts}>");
        admin.slash(&channels).await.unwrap();
        Self {
            program,
            discord,
            admin,
            alerts,
            _database: database,
        }
    }

    pub async fn import(&self, sheet: Vec<u8>) {
        let options = [("file", file("subscribers.csv", &sheet))];
        let draft = self.admin.slash_with("subscriber import", &options);
        let draft = self.whole(draft.await.unwrap()).await;
        self.press(&draft, "su:import:").await;
        // A large one is followed, in the message that asked, until it is there.
        self.until(&draft, |now| now.text().contains("Imported:"))
            .await;
    }

    pub async fn save_template(&self, subject: &str, html: &str, logo: Option<Vec<u8>>) {
        let text = |text: &str| OptionValue::Text(text.to_owned());
        let mut options = vec![
            ("name", text("news")),
            ("subject", text(subject)),
            ("body", file("news.html", html.as_bytes())),
        ];
        options.extend(logo.map(|png| ("image1", file("logo.png", &png))));
        let saved = self.admin.slash_with("template save", &options);
        let saved = self.whole(saved.await.unwrap()).await;
        assert!(saved.text().contains("news"), "{}", saved.text());
    }

    /// A campaign with that template to everybody, confirmed.
    pub async fn send(&self) {
        let campaign = "/campaign create name:News template:news kind:notice";
        self.admin.slash(campaign).await.unwrap();
        let preview = self.admin.slash("/campaign send name:News").await.unwrap();
        let preview = self.whole(preview).await;
        self.press(&preview, "ca:send:").await;
    }

    /// The message of an answer, once it says more than that the bot is thinking.
    async fn whole(&self, reply: Reply) -> Message {
        let message = reply.message().expect("an answer with a message");
        self.until(&message, |now| !now.text().is_empty()).await
    }

    async fn until(&self, message: &Message, says: impl Fn(&Message) -> bool) -> Message {
        let answered = self
            .discord
            .message_where(message.channel_id, |now| now.id == message.id && says(now));
        answered.await.expect("an answer in the end")
    }

    /// Presses the button whose `custom_id` begins like this.
    async fn press(&self, message: &Message, prefix: &str) {
        let ids = message.buttons().into_iter();
        let ids = ids.filter_map(|button| button.custom_id);
        let id = ids.rev().find(|id| id.starts_with(prefix));
        let id = id.unwrap_or_else(|| panic!("no {prefix} below {}", message.text()));
        self.admin.click(message, &id).await.unwrap();
    }

    /// Waits for what is said in the alerts channel at its end.
    pub async fn over(&self) {
        let told = self
            .discord
            .message_where(self.alerts, |message| message.text().contains("News"));
        told.await.expect("the end of the campaign is told");
        assert!(self.discord.wait_for_bot().await);
    }

    /// Every recipient's address and state, as the report's file has them.
    pub async fn report(&self) -> BTreeMap<String, String> {
        let report = self
            .admin
            .slash("/campaign report name:News")
            .await
            .unwrap();
        let report = report.message().expect("an answer with a message");
        let report = self.until(&report, |now| now.attachments.len() > 1).await;
        let mut states = BTreeMap::new();
        for attachment in &report.attachments {
            if !attachment.filename.ends_with(".csv") {
                continue;
            }
            let bytes = self.discord.file(attachment).expect("it is kept");
            let text = String::from_utf8(bytes).unwrap();
            let mut rows = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
            let headers = rows.headers().unwrap().clone();
            let column = |name: &str| headers.iter().position(|one| one == name).unwrap();
            let (email, state) = (column("email"), column("state"));
            for row in rows.records() {
                let row = row.unwrap();
                let before = states.insert(row[email].to_owned(), row[state].to_owned());
                assert_eq!(before, None, "{} has one row", &row[email]);
            }
        }
        states
    }
}

fn settings(
    discord: &LocalDiscord,
    database: &Database,
    guild: GuildId,
) -> Vec<(&'static str, String)> {
    vec![
        ("DISCORD_TOKEN", discord.token()),
        ("DISCORD_API_URL", discord.url()),
        ("DATABASE_URL", database.url.clone()),
        ("HTTP_ADDR", "off".to_owned()),
        ("PUBLIC_URL", "https://timeattack.example".to_owned()),
        ("MAIL_FROM", "Study <bot@example.org>".to_owned()),
        ("MAIL_GUILDS", guild.to_string()),
    ]
}
