//! Messages of Amazon SNS: which of them are Amazon's word on a topic of ours.
//!
//! # What is believed
//!
//! Whoever has an AWS account can have SNS sign a message, and anybody can post one here. So, in this
//! order, and nothing is fetched or computed for what fails earlier:
//!
//! 1. the topic is one of `SES_TOPIC_ARNS`. It is signed with the rest, and only its owner can publish
//!    to it;
//! 2. the message is no older than a day (`OLDEST_MS`). SNS tries an HTTP endpoint again for an hour at
//!    most, a hard limit of its own, and each try has the time of the first; the rest is room for
//!    clocks that are wrong. (By default it tries three times in a minute: a topic's delivery policy
//!    should say an hour, or what bounces while the bot is away is lost.);
//! 3. the certificate's address is `https://sns.REGION.amazonaws.com/SimpleNotificationService-….pem`,
//!    of the *topic's* region, compared as a parsed URL (`certificate`);
//! 4. that certificate is valid today, and its key has signed the message as AWS says what is signed;
//! 5. its id was not seen before (`first_time`). Ids are kept for longer than a message is believed,
//!    so that none can come again.
//!
//! Signature version 1 is SHA-1 with RSA, which is what a topic signs with unless it is told
//! otherwise. Nobody is known to be able to make a second message to a given SHA-1, which is what a
//! forger needed; the README asks for version 2 all the same.

mod certificate;
mod store;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::DateTime;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};
use serde::Deserialize;
use url::Url;

use crate::clock::Clock;
use crate::config::Topic;
use certificate::Certificates;
pub use certificate::{Amazon, MemoryAmazon};
pub(super) use store::first_time;

/// A message older than this is not believed.
const OLDEST_MS: i64 = 24 * 3_600_000;
/// How far Amazon's clock may be ahead of ours.
const AHEAD_MS: i64 = 15 * 60_000;
/// Ids are kept for so long: longer than a message is believed, by more than clocks differ.
const KEPT_MS: i64 = 2 * OLDEST_MS;
/// Characters of a message's id, which is a UUID of 36.
const ID_LENGTH: usize = 100;

/// What is believed of Amazon SNS.
pub struct Sns {
    topics: Vec<Topic>,
    certificates: Certificates,
    amazon: Arc<Amazon>,
    clock: Clock,
}

/// A message that is Amazon's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The same on every try.
    pub(super) id: String,
    pub(super) kind: Kind,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The topic wants to be allowed to post here: opening this address allows it.
    Confirmation(Url),
    /// Somebody has taken the permission back.
    Farewell,
    /// What was published.
    Notification(String),
}

/// Why a message is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Disbelief {
    #[error("it isn't an SNS message")]
    Malformed,
    #[error("its topic isn't in SES_TOPIC_ARNS")]
    ForeignTopic,
    #[error("it is too old, or from the future")]
    Stale,
    #[error("its addresses do not lead to SNS in the region of its topic")]
    ForeignAddress,
    #[error("its signature is wrong")]
    Signature,
    /// Of our own, or Amazon's: it may be sent again.
    #[error("its certificate could not be fetched")]
    NoCertificate,
}

/// As it is posted.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    #[serde(rename = "Type")]
    kind: String,
    message_id: String,
    topic_arn: String,
    message: String,
    timestamp: String,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL")]
    certificate: String,
    subject: Option<String>,
    token: Option<String>,
    #[serde(rename = "SubscribeURL")]
    subscribe: Option<String>,
}

impl Sns {
    /// Believes in these topics; `amazon` is where certificates are.
    pub fn new(topics: Vec<Topic>, amazon: Arc<Amazon>, clock: Clock) -> Self {
        Self {
            topics,
            certificates: Certificates::new(Arc::clone(&amazon), clock.clone()),
            amazon,
            clock,
        }
    }

    /// Reads what was posted.
    pub(crate) async fn read(&self, body: &[u8]) -> Result<Message, Disbelief> {
        let envelope: Envelope = serde_json::from_slice(body).map_err(|_| Disbelief::Malformed)?;
        let is_id = (1..=ID_LENGTH).contains(&envelope.message_id.len());
        let signed = envelope
            .signed()
            .filter(|_| is_id)
            .ok_or(Disbelief::Malformed)?;
        let topic = self.topics.iter().find(|one| one.arn == envelope.topic_arn);
        let topic = topic.ok_or(Disbelief::ForeignTopic)?;
        let sent = DateTime::parse_from_rfc3339(&envelope.timestamp);
        let sent_ms = sent.map_err(|_| Disbelief::Malformed)?.timestamp_millis();
        let age_ms = self.clock.now_ms().saturating_sub(sent_ms);
        if !(-AHEAD_MS..=OLDEST_MS).contains(&age_ms) {
            return Err(Disbelief::Stale);
        }
        let certificate = certificate::address(&envelope.certificate, topic);
        let certificate = certificate.ok_or(Disbelief::ForeignAddress)?;
        let kind = envelope.told(topic)?;
        let key = self.certificates.key(certificate).await?;
        let algorithm = envelope.algorithm()?;
        let signature = BASE64.decode(envelope.signature.trim());
        let signature = signature.map_err(|_| Disbelief::Signature)?;
        let verified =
            UnparsedPublicKey::new(algorithm, &key).verify(signed.as_bytes(), &signature);
        verified.map_err(|_| Disbelief::Signature)?;
        Ok(Message {
            id: envelope.message_id,
            kind,
        })
    }

    /// Allows the topic to post here.
    pub(super) async fn confirm(&self, address: &Url) -> anyhow::Result<()> {
        self.amazon.get(address).await?;
        Ok(())
    }
}

impl Envelope {
    /// What is signed: names and values of these fields by turns, a line each (AWS, “Verifying the
    /// signatures of Amazon SNS messages”); `None`: it is of no known kind, or lacks one of them.
    fn signed(&self) -> Option<String> {
        let subject = self.subject.as_deref();
        let fields = match self.kind.as_str() {
            "Notification" => vec![
                ("Message", Some(self.message.as_str())),
                ("MessageId", Some(&self.message_id)),
                // Left out where there is none.
                ("Subject", Some(subject.unwrap_or_default())),
                ("Timestamp", Some(&self.timestamp)),
                ("TopicArn", Some(&self.topic_arn)),
                ("Type", Some(&self.kind)),
            ],
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => vec![
                ("Message", Some(self.message.as_str())),
                ("MessageId", Some(&self.message_id)),
                ("SubscribeURL", self.subscribe.as_deref()),
                ("Timestamp", Some(&self.timestamp)),
                ("Token", self.token.as_deref()),
                ("TopicArn", Some(&self.topic_arn)),
                ("Type", Some(&self.kind)),
            ],
            _ => return None,
        };
        let mut signed = String::new();
        for (name, value) in fields {
            if name == "Subject" && subject.is_none() {
                continue;
            }
            signed.extend([name, "\n", value?, "\n"]);
        }
        Some(signed)
    }

    fn algorithm(&self) -> Result<&'static dyn VerificationAlgorithm, Disbelief> {
        match self.signature_version.as_str() {
            "1" => Ok(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
            "2" => Ok(&RSA_PKCS1_2048_8192_SHA256),
            _ => Err(Disbelief::Malformed),
        }
    }

    fn told(&self, topic: &Topic) -> Result<Kind, Disbelief> {
        match (self.kind.as_str(), &self.subscribe) {
            ("SubscriptionConfirmation", Some(subscribe)) => {
                let address = confirmation(subscribe, topic);
                address
                    .map(Kind::Confirmation)
                    .ok_or(Disbelief::ForeignAddress)
            }
            ("UnsubscribeConfirmation", _) => Ok(Kind::Farewell),
            _ => Ok(Kind::Notification(self.message.clone())),
        }
    }
}

/// An address that allows this topic to post here, and does nothing else.
fn confirmation(given: &str, topic: &Topic) -> Option<Url> {
    let url = certificate::of_region(given, topic)?;
    let value = |name: &str| {
        let mut values = url.query_pairs().filter(|(key, _)| key == name);
        // Of two it could not be told which one counts.
        let value = values.next().map(|(_, value)| value.into_owned());
        value.filter(|_| values.next().is_none())
    };
    let is_one = url.path() == "/"
        && value("Action").as_deref() == Some("ConfirmSubscription")
        && value("TopicArn").as_deref() == Some(&topic.arn);
    is_one.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_topics_own_confirmation_is_opened() {
        let topic = Topic {
            arn: "arn:aws:sns:us-east-1:123456789012:bounces".into(),
            region: "us-east-1".into(),
        };
        let good = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription\
                    &TopicArn=arn:aws:sns:us-east-1:123456789012:bounces&Token=2336412f37";
        assert!(confirmation(good, &topic).is_some());
        for (what, instead) in [
            ("ConfirmSubscription", "DeleteTopic"),
            (":bounces", ":others"),
            ("https:", "http:"),
            (".com/", ".com.evil.test/"),
            ("us-east-1.amazon", "us-west-2.amazon"),
            ("/?", "/x?"),
            ("?Action", "?Action=DeleteTopic&Action"),
            ("sns.us", "user@sns.us"),
        ] {
            let bad = good.replacen(what, instead, 1);
            assert_ne!(bad, good);
            assert!(confirmation(&bad, &topic).is_none(), "{bad}");
        }
    }
}
