//! What Amazon SES says became of a mail, by SNS (`POST /webhooks/ses`).
//!
//! Both of its forms are read: the events of a configuration set (`eventType`) and the older
//! notifications of an identity (`notificationType`).
//!
//! | it says | what follows |
//! |---|---|
//! | permanent bounce | nothing more goes to that address from that server; the mail counts as refused |
//! | complaint | nothing more goes to that address from that server |
//! | transient or undetermined bounce | a line in the log: these are full mailboxes and out-of-office replies (RFC 3834), and say nothing of the next mail |
//! | everything else | nothing |
//!
//! Whose mail it was is told by our own header, which SES quotes where it is told to include headers,
//! and else by the id that SES gave it when it took it. A mail that is not ours is no error: an
//! account can have other senders. A test's mail counts like any other ([`suppression`]).
//!
//! The answer is `200` for whatever was understood, which ends the matter for SNS; `403` and `400` for
//! what is not believed; `503` where trying again can help.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::Front;
use super::error::{Asker, problem};
use super::sns::{self, Disbelief, Kind, Message};
use crate::db::Tx;
use crate::error::Result;
use crate::ids::{DeliveryId, OccurrenceId};
use crate::mailer::mime::DELIVERY_HEADER;
use crate::outbox::mail::{self, Addressee};
use crate::subscriber::suppression;

/// Characters of a reason that are kept.
const REASON_LENGTH: usize = 200;

/// Hears a message of SNS.
pub(super) async fn told(State(front): State<Arc<Front>>, body: Bytes) -> Response {
    let Some(sns) = &front.sns else {
        return problem(StatusCode::NOT_FOUND, "there is nothing at this address");
    };
    let message = match sns.read(&body).await {
        Ok(message) => message,
        Err(disbelief) => return disbelieved(disbelief),
    };
    let understood = match &message.kind {
        Kind::Confirmation(address) => {
            if let Err(error) = sns.confirm(address).await {
                let error = format!("{error:#}");
                tracing::warn!(error, "an SNS topic could not be confirmed");
                return problem(StatusCode::SERVICE_UNAVAILABLE, "it could not be confirmed");
            }
            tracing::info!("an SNS topic was confirmed: its bounces and complaints now arrive");
            Ok(())
        }
        Kind::Farewell => {
            tracing::warn!("an SNS topic no longer posts here");
            Ok(())
        }
        Kind::Notification(event) => hear(&front, &message, event).await,
    };
    match understood {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => Asker::Program.failed(&front, &error),
    }
}

fn disbelieved(disbelief: Disbelief) -> Response {
    tracing::warn!(why = %disbelief, "rejected a message that claims to be from SNS");
    let status = match disbelief {
        Disbelief::Malformed => StatusCode::BAD_REQUEST,
        Disbelief::NoCertificate => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::FORBIDDEN,
    };
    problem(status, &disbelief.to_string())
}

async fn hear(front: &Front, message: &Message, event: &str) -> Result<()> {
    // What SES publishes to try a topic out is no JSON.
    let Ok(event) = serde_json::from_str::<Event>(event) else {
        tracing::info!("SNS delivered something that isn't an SES event");
        return Ok(());
    };
    let Some(news) = event.news() else {
        return Ok(());
    };
    let app = &front.app;
    let job = (
        message.id.clone(),
        event.reference(),
        news,
        app.clock.now_ms(),
    );
    let taken = app
        .db
        .write(job, |tx, (id, reference, news, now_ms)| {
            Box::pin(async move {
                if !sns::first_time(tx, id, *now_ms).await? {
                    return Ok(None);
                }
                let Some((delivery, addressee)) = reference.find(tx).await? else {
                    return Ok(None);
                };
                news.take(tx, delivery, &addressee, *now_ms).await?;
                Ok(Some(addressee.guild))
            })
        })
        .await?;
    match taken {
        Some(guild) => tracing::info!(guild.id = %guild, "SES reported the result of an email"),
        None => tracing::debug!("SES reported an unknown email, or reported again"),
    }
    Ok(())
}

/// What SES publishes; what is not named is of no concern.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(alias = "notificationType")]
    event_type: String,
    #[serde(default)]
    mail: Mail,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: Option<String>,
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    #[serde(default)]
    bounced_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    diagnostic_code: Option<String>,
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complaint_feedback_type: Option<String>,
}

/// What has consequences.
#[derive(Clone, Debug, PartialEq, Eq)]
enum News {
    /// There is no such address, for this reason.
    Gone(String),
    /// It was called spam.
    Complained,
}

/// By what a mail is known.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reference {
    ours: Option<(OccurrenceId, DeliveryId)>,
    theirs: Option<String>,
}

impl Event {
    fn news(&self) -> Option<News> {
        match (self.event_type.as_str(), &self.bounce, &self.complaint) {
            ("Bounce", Some(bounce), _) if bounce.bounce_type == "Permanent" => {
                Some(News::Gone(bounce.reason()))
            }
            ("Bounce", Some(bounce), _) => {
                tracing::info!(kind = %known(&bounce.bounce_type), "an email bounced temporarily");
                None
            }
            // Who says that a mail is no spam complains of nothing.
            ("Complaint", _, Some(complaint))
                if complaint.complaint_feedback_type.as_deref() != Some("not-spam") =>
            {
                Some(News::Complained)
            }
            _ => None,
        }
    }

    fn reference(&self) -> Reference {
        let mut headers = self.mail.headers.iter();
        let ours = headers.find(|header| header.name.eq_ignore_ascii_case(DELIVERY_HEADER));
        Reference {
            ours: ours.and_then(|header| delivery(&header.value)),
            theirs: self.mail.message_id.clone(),
        }
    }
}

/// `occurrence.delivery` in hexadecimal digits, as the mail's assembler writes it.
fn delivery(header: &str) -> Option<(OccurrenceId, DeliveryId)> {
    let (occurrence, delivery) = header.trim().split_once('.')?;
    let id = |hex: &str| i64::from_str_radix(hex, 16).ok().filter(|id| *id >= 0);
    Some((OccurrenceId(id(occurrence)?), DeliveryId(id(delivery)?)))
}

impl Bounce {
    /// What the recipient's server said.
    fn reason(&self) -> String {
        let first = self.bounced_recipients.first();
        let said = first.and_then(|one| one.diagnostic_code.as_ref().or(one.status.as_ref()));
        let said = said.map_or("bounced", String::as_str);
        let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars()
            .filter(|c| !c.is_control())
            .take(REASON_LENGTH)
            .collect()
    }
}

/// A bounce's kind for the log; what SES does not document is not written there.
fn known(kind: &str) -> &'static str {
    match kind {
        "Transient" => "transient",
        "Undetermined" => "undetermined",
        _ => "other",
    }
}

impl Reference {
    async fn find(&self, tx: &mut Tx) -> Result<Option<(DeliveryId, Addressee)>> {
        if let Some((occurrence, delivery)) = self.ours
            && let Some(addressee) = mail::addressee(tx, delivery).await?
            && addressee.occurrence == occurrence
        {
            return Ok(Some((delivery, addressee)));
        }
        match &self.theirs {
            Some(server_id) => mail::addressee_by_server_id(tx, server_id).await,
            None => Ok(None),
        }
    }
}

impl News {
    async fn take(
        &self,
        tx: &mut Tx,
        delivery: DeliveryId,
        addressee: &Addressee,
        now_ms: i64,
    ) -> Result<()> {
        let Addressee { guild, email, .. } = addressee;
        match self {
            Self::Gone(why) => {
                mail::came_back(tx, delivery, why, now_ms).await?;
                suppression::bounced(tx, *guild, email, now_ms).await?;
            }
            Self::Complained => suppression::complained(tx, *guild, email, now_ms).await?,
        }
        Ok(())
    }
}

/// Whether a message of SES is understood, as [`fuzzing`](crate::fuzzing) asks.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn is_understood(json: &[u8]) -> bool {
    let event = serde_json::from_slice::<Event>(json);
    let Ok(event) = event else { return false };
    if let Some(News::Gone(why)) = event.news() {
        assert!(why.chars().count() <= REASON_LENGTH && !why.chars().any(char::is_control));
    }
    if let Some((occurrence, delivery)) = event.reference().ours {
        assert!(occurrence.0 >= 0 && delivery.0 >= 0);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> Event {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn both_forms_are_read_and_only_what_is_final_counts() {
        for (json, news) in [
            (
                r#"{"eventType": "Bounce", "mail": {}, "bounce": {"bounceType": "Permanent",
                    "bounceSubType": "General", "bouncedRecipients": [{"emailAddress": "a@b.example",
                    "action": "failed", "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1\r\n user unknown"}]}}"#,
                Some(News::Gone("smtp; 550 5.1.1 user unknown".into())),
            ),
            (
                r#"{"notificationType": "Bounce", "bounce": {"bounceType": "Permanent",
                    "bouncedRecipients": [{"emailAddress": "a@b.example", "status": "5.1.1"}]}}"#,
                Some(News::Gone("5.1.1".into())),
            ),
            (
                r#"{"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}}"#,
                Some(News::Gone("bounced".into())),
            ),
            (
                r#"{"eventType": "Bounce", "bounce": {"bounceType": "Transient",
                    "bounceSubType": "General", "bouncedRecipients": []}}"#,
                None,
            ),
            (
                r#"{"eventType": "Bounce", "bounce": {"bounceType": "Undetermined"}}"#,
                None,
            ),
            (r#"{"eventType": "Bounce"}"#, None),
            (
                r#"{"notificationType": "Complaint", "complaint": {"complaintFeedbackType": "abuse"}}"#,
                Some(News::Complained),
            ),
            (
                r#"{"eventType": "Complaint", "complaint": {"complaintFeedbackType": "not-spam"}}"#,
                None,
            ),
            (r#"{"eventType": "Delivery", "delivery": {}}"#, None),
        ] {
            assert_eq!(event(json).news(), news, "{json}");
        }
    }

    #[test]
    fn a_mail_is_known_by_our_header_and_by_their_id() {
        let known = event(
            r#"{"eventType": "Bounce", "mail": {"messageId": "0100-x", "headers": [
                {"name": "Subject", "value": "1.2"},
                {"name": "x-timeattack-delivery", "value": "1f.2a"}]}}"#,
        );
        let reference = Reference {
            ours: Some((OccurrenceId(0x1f), DeliveryId(0x2a))),
            theirs: Some("0100-x".into()),
        };
        assert_eq!(known.reference(), reference);
        for wrong in [
            "",
            "1f",
            "1f.",
            "-1.2",
            "1f.2a.3",
            "g.1",
            "1.ffffffffffffffffff",
        ] {
            assert_eq!(delivery(wrong), None, "{wrong}");
        }
    }
}
