//! A campaign's mails, and what comes back of them by HTTP.

use serde_json::json;
use timeattack::campaign::{self, Draft, Kind};
use timeattack::ids::{DeliveryId, UserId};
use timeattack::mailer::EmailAddress;
use timeattack::outbox::mail::State;
use timeattack::subscriber::{self, Consent, Entry};
use timeattack::template::{self, Upload};

use super::Site;
use super::webhook::notification;
use crate::support::{GUILD, NOW_MS, all, minutes};

const BODY: &[u8] = "<p>Half the price!</p><p>보낸 곳: Study News · help@example.org<br>\
    <a href=\"{{ unsubscribe_url }}\">무료 수신거부 / Unsubscribe</a></p>"
    .as_bytes();
const READERS: [&str; 3] = ["a@example.org", "b@example.org", "c@example.org"];

impl Site {
    /// An advertisement to three who agreed to it, of which the first mails are out.
    async fn advertises(&self) {
        let agreed = Consent {
            decided_ms: NOW_MS - 1_000,
            source: "fair".into(),
            wording: "I agree".into(),
        };
        let sent = self.app.inside(async move |app| {
            for email in READERS {
                let entry = Entry {
                    email: EmailAddress::parse(email).unwrap(),
                    name: String::new(),
                    attributes: Default::default(),
                    consent: Some(agreed.clone()),
                };
                subscriber::add(&app, GUILD, entry).await?;
            }
            let upload = Upload {
                name: "news".into(),
                subject: "(광고) Half the price".into(),
                html: BODY.to_vec(),
                images: Vec::new(),
            };
            template::save(&app, GUILD, UserId(9), upload).await?;
            let draft = Draft {
                guild: GUILD,
                guild_name: "Study".into(),
                author: UserId(9),
                name: "Sale".into(),
                template: "news".into(),
                segment: String::new(),
                kind: Kind::Ad,
            };
            campaign::create(&app, draft).await?;
            let id = campaign::prove(&app, GUILD, "Sale", None).await?.occurrence;
            campaign::confirm(&app, GUILD, id).await?;
            campaign::freeze(&app, id).await
        });
        sent.await.unwrap();
        self.app.settle().await;
    }

    fn to(&self) -> Vec<String> {
        let letters = self.mails.letters();
        letters.iter().map(|one| one.to.normalised()).collect()
    }

    async fn count(&self, state: State) -> i64 {
        let status = self
            .app
            .inside(async |app| campaign::status(&app, GUILD, "Sale").await);
        status.await.unwrap().count(&[state])
    }
}

#[tokio::test]
async fn whoever_leaves_while_their_mail_waits_does_not_get_it() {
    let site = Site::start().await;
    site.advertises().await;
    let early = site.to();
    let waits = |email: &&&str| !early.contains(&(**email).to_owned());
    let waiting = *READERS.iter().rfind(waits).unwrap();
    let sql = "SELECT id FROM deliveries WHERE email = $1";
    let id: i64 = sqlx::Row::get(&site.rows(sql, waiting).await[0], 0);
    // The link of their own mail, which they do not have yet; any earlier one says the same.
    let link = site.app.app().sender.links.unsubscribe(DeliveryId(id));
    let one_click = ("List-Unsubscribe", "One-Click");
    let answer = super::Answer::read(site.client.post(link).form(&[one_click])).await;
    assert_eq!(answer.status, 200);
    site.app.advance(minutes(1)).await;
    assert_eq!(site.to().len(), 2, "{:?}", site.to());
    assert!(!site.to().contains(&waiting.to_owned()));
    assert_eq!(site.count(State::Cancelled).await, 1);
    assert_eq!(site.count(State::Completed).await, 2);
    // Both what they agreed to and what they took back can be shown, also once they are removed.
    let email = EmailAddress::parse(waiting).unwrap();
    let exported = site.app.inside(async move |app| {
        let removed = subscriber::remove(&app, GUILD, &email, false).await;
        assert!(removed.unwrap());
        all(subscriber::export_consents(&app, GUILD, 1_000_000).await).await
    });
    let files = exported.await;
    let file = String::from_utf8(files[0].clone()).unwrap();
    let theirs: Vec<&str> = file
        .lines()
        .filter(|line| line.starts_with(waiting))
        .collect();
    assert_eq!(theirs.len(), 2, "{file}");
    assert!(
        theirs[0].contains("agreed") && theirs[0].contains("I agree"),
        "{file}"
    );
    assert!(
        theirs[1].contains("refused") && theirs[1].contains("unsubscribe link"),
        "{file}"
    );
    assert_eq!(file.lines().count(), 5, "{file}");
    site.end().await;
}

#[tokio::test]
async fn a_campaigns_mail_that_comes_back_is_known_by_the_header_that_it_had() {
    let site = Site::with_certificate().await;
    site.advertises().await;
    site.app.advance(minutes(1)).await;
    assert_eq!(site.count(State::Completed).await, 3);
    let letter = site.mails.letters().swap_remove(0);
    let mail = String::from_utf8(letter.mail).unwrap();
    let header = mail
        .lines()
        .find_map(|line| line.strip_prefix("X-Timeattack-Delivery: "));
    let event = json!({
        "eventType": "Bounce",
        "mail": { "headers": [{ "name": "X-Timeattack-Delivery", "value": header.unwrap() }] },
        "bounce": {
            "bounceType": "Permanent",
            "bouncedRecipients": [{ "diagnosticCode": "smtp; 550 5.1.1 unknown" }],
        },
    });
    let answer = site.post(&notification("1", &event, NOW_MS)).await;
    assert_eq!(answer.status, 200);
    let bounced = (GUILD.0, "all".to_owned(), "bounced".to_owned());
    assert_eq!(site.suppressions(&letter.to.normalised()).await, [bounced]);
    assert_eq!(site.count(State::Discarded).await, 1);
    assert_eq!(site.count(State::Completed).await, 2);
    site.end().await;
}
