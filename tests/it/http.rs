//! The HTTP server over real sockets: leaving the list, Amazon's webhook, health, and those who only
//! want to hold on.

mod campaign;
mod crowd;
mod server;
mod unsubscribe;
mod webhook;

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::header::HeaderMap;
use sqlx::{AssertSqlSafe, Row as _};
use timeattack::config::Topic;
use timeattack::http::sns::{Amazon, MemoryAmazon, Sns};
use timeattack::http::{self, Front, Limits};
use timeattack::ids::{DeliveryId, GuildId, OccurrenceId};
use timeattack::links::Links;
use timeattack::mailer::{Mailbox, Mailer, MemoryMailer};
use timeattack::outbox::Class;
use timeattack::outbox::mail::{self, Occurrence, Recipient};
use timeattack::run::MailMeans;
use timeattack::sender::{Guilds, Sender};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::{GUILD, TestApp};

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:bounces";

/// The program with its HTTP server.
struct Site {
    app: TestApp,
    addr: SocketAddr,
    client: reqwest::Client,
    /// Every mail that was sent, one in a second.
    mails: Arc<MemoryMailer>,
    /// Whether it is connected to Discord.
    gateway: watch::Sender<bool>,
    amazon: Arc<Amazon>,
    stop: CancellationToken,
    serving: JoinHandle<anyhow::Result<()>>,
}

/// An answer, read to its end.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Site {
    async fn start() -> Self {
        Self::with(Limits::default()).await
    }

    async fn with(limits: Limits) -> Self {
        let listener = http::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let addr = listener.local_addr().unwrap();
        let mails = Arc::new(MemoryMailer::default());
        let kept = Arc::clone(&mails);
        let app = TestApp::with_mail(|_| MailMeans {
            mailer: Arc::new(Mailer::Memory(kept)),
            limits: mail::Limits {
                rate: 1.0,
                ..mail::Limits::default()
            },
            sender: Arc::new(Sender {
                from: Mailbox::parse("Study News <news@example.org>").ok(),
                signer: None,
                links: Links::new(&format!("http://{addr}"), KEY),
                guilds: Guilds::All,
            }),
            ..MailMeans::default()
        })
        .await;
        let (gateway, connected) = watch::channel(true);
        let amazon = Arc::new(Amazon::Memory(MemoryAmazon::default()));
        let topic = Topic {
            arn: TOPIC.into(),
            region: "us-east-1".into(),
        };
        let sns = Sns::new(vec![topic], Arc::clone(&amazon), app.app().clock.clone());
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let (serving,) = app
            .inside(async move |app| {
                let front = Front::new(app, connected, Some(sns));
                (tokio::spawn(http::serve(listener, front, limits, stopped)),)
            })
            .await;
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        Self {
            app,
            addr,
            mails,
            client: client.build().unwrap(),
            gateway,
            amazon,
            stop,
            serving,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    async fn get(&self, url: &str) -> Answer {
        Answer::read(self.client.get(url)).await
    }

    /// The link in a mail to this address, in an occurrence of its own.
    async fn mail(&self, guild: GuildId, class: Class, is_test: bool, email: &str) -> Mail {
        self.mail_from(guild, "Study Room", class, is_test, email)
            .await
    }

    async fn mail_from(
        &self,
        guild: GuildId,
        guild_name: &str,
        class: Class,
        is_test: bool,
        email: &str,
    ) -> Mail {
        let app = self.app.app();
        let occurrence = Occurrence {
            id: OccurrenceId(app.ids.next(&app.clock)),
            guild,
            guild_name: guild_name.to_owned(),
            class,
            content: "{}".to_owned(),
            is_test,
        };
        let recipient = Recipient {
            id: DeliveryId(app.ids.next(&app.clock)),
            occurrence: occurrence.id,
            email: email.to_owned(),
            address: email.to_owned(),
            name: String::new(),
            fields: Default::default(),
        };
        let mail = Mail {
            occurrence: occurrence.id,
            delivery: recipient.id,
            link: app.sender.links.unsubscribe(recipient.id),
        };
        let job = (occurrence, recipient, self.app.now_ms());
        // It goes on being filled: nothing is sent.
        let added = app.db.write(job, |tx, (occurrence, recipient, now_ms)| {
            Box::pin(async move {
                mail::open(tx, occurrence, *now_ms).await?;
                mail::add(tx, std::slice::from_ref(recipient), *now_ms).await
            })
        });
        added.await.unwrap();
        mail
    }

    /// What is not sent to an address: scope and reason, on every server.
    async fn suppressions(&self, email: &str) -> Vec<(i64, String, String)> {
        let rows = self.rows(
            "SELECT guild_id, scope, reason FROM suppressions WHERE email = $1 \
                              ORDER BY guild_id, scope",
            email,
        );
        let rows = rows.await;
        rows.iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            .collect()
    }

    /// What an address agreed to or refused: granted, where and in which words.
    async fn consents(&self, email: &str) -> Vec<(i64, String, String)> {
        let rows = self.rows(
            "SELECT granted, source, wording FROM mail_consents WHERE email = $1 \
                              ORDER BY id",
            email,
        );
        let rows = rows.await;
        rows.iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            .collect()
    }

    async fn rows(&self, sql: &str, email: &str) -> Vec<sqlx::any::AnyRow> {
        let mut conn = self.app.app().db.read().await.unwrap();
        let query = sqlx::query(AssertSqlSafe(sql.to_owned())).bind(email.to_owned());
        query.fetch_all(&mut *conn).await.unwrap()
    }

    async fn end(self) {
        self.stop.cancel();
        self.serving.await.unwrap().unwrap();
    }
}

/// A mail in the ledger.
struct Mail {
    occurrence: OccurrenceId,
    delivery: DeliveryId,
    link: String,
}

impl Answer {
    async fn read(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    fn says(&self, part: &str) -> bool {
        self.body.contains(part)
    }
}

/// Another server than [`GUILD`].
const ELSEWHERE: GuildId = GuildId(GUILD.0 + 1);
