//! Amazon's word on what became of a mail.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, SecondsFormat};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, SigningKey as _};
use serde_json::{Value, json};
use timeattack::http::sns::Amazon;
use timeattack::ids::DeliveryId;
use timeattack::outbox::Class;
use timeattack::outbox::mail::{self, State};

use super::{Answer, Mail, Site, TOPIC};
use crate::support::{GUILD, NOW_MS, execute, hours, minutes};

const RSA: &str = include_str!("../../keys/dkim_rsa.pem");
const RSA_OTHER: &str = include_str!("../../keys/dkim_rsa_other.pem");
const CERTIFICATE: &str =
    "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem";
const MINA: &str = "mina@example.org";
/// Of a notification `{"eventType":"Delivery"}` with the id `sha1-message`, sent at `NOW_MS`: by
/// `openssl dgst -sha1 -sign dkim_rsa.pem`, as no library here still signs with SHA-1.
const SHA1_SIGNATURE: &str = "Y+VJ6U/5tBJ7JZIwGzTKnb3Q4ewgJ2ZmJ3IOD2StTGUjJqWEPXmO6JyolMadBYmvAuw4\
    xG9w2vKhcBAo1MMPLw9iFEDSPeNKqeGdfU16eThzkCoa+Nwp+6IQwb8MQOdGht2/gfzD79uoaNwNFns/C9tKc+T1MWqU9586\
    eu2S2P/mY1Bm5Sf6IBbr0mL1q/bqjTZPnepoIGeST5xH778nLXuQWK29G48zHuKGpqhKODf3dWsxKXFkPSbkHnOXz96apsfg\
    x3aZuWmc1AYvrVr8bdI8HWs2y+tDAPYkPekVCEi2iCTJPtQ7A2CAFdj82WI3xi3jescVxI2hdoGiUaBwfg==";

fn key(pem: &str) -> KeyPair {
    KeyPair::from_pkcs8_pem_and_sign_algo(pem, &PKCS_RSA_SHA256).unwrap()
}

/// A certificate of this key, valid in these years.
fn certificate(key: &KeyPair, years: (i32, i32)) -> Vec<u8> {
    let mut params = CertificateParams::new(["sns.amazonaws.com".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
    params.self_signed(key).unwrap().pem().into_bytes()
}

/// A notification, signed (version 2).
pub(super) fn notification(id: &str, message: &Value, sent_ms: i64) -> Value {
    let sent = DateTime::from_timestamp_millis(sent_ms).unwrap();
    let mut envelope = json!({
        "Type": "Notification",
        "MessageId": id,
        "TopicArn": TOPIC,
        "Message": message.to_string(),
        "Timestamp": sent.to_rfc3339_opts(SecondsFormat::Millis, true),
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE,
        "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
    });
    sign(&mut envelope, RSA);
    envelope
}

fn sign(envelope: &mut Value, with: &str) {
    let names = match envelope["Type"].as_str().unwrap() {
        "Notification" => &[
            "Message",
            "MessageId",
            "Subject",
            "Timestamp",
            "TopicArn",
            "Type",
        ][..],
        _ => &[
            "Message",
            "MessageId",
            "SubscribeURL",
            "Timestamp",
            "Token",
            "TopicArn",
            "Type",
        ],
    };
    let mut signed = String::new();
    for name in names {
        if let Some(value) = envelope[name].as_str() {
            signed += &format!("{name}\n{value}\n");
        }
    }
    let signature = key(with).sign(signed.as_bytes()).unwrap();
    envelope["Signature"] = BASE64.encode(signature).into();
}

/// An event of SES on a mail, known by our header.
fn event(mail: &Mail, kind: &str, detail: (&str, Value)) -> Value {
    let header = format!("{:x}.{:x}", mail.occurrence.0, mail.delivery.0);
    let mut event = json!({
        "eventType": kind,
        "mail": {
            "messageId": "0100018c-somebody-elses",
            "headers": [{ "name": "X-Timeattack-Delivery", "value": header }],
        },
    });
    event[detail.0] = detail.1;
    event
}

fn bounce(mail: &Mail) -> Value {
    let detail = json!({
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [{ "emailAddress": MINA, "diagnosticCode": "smtp; 550 5.1.1 unknown" }],
    });
    event(mail, "Bounce", ("bounce", detail))
}

impl Site {
    pub(super) async fn with_certificate() -> Self {
        let site = Self::start().await;
        site.answers(CERTIFICATE, certificate(&key(RSA), (2020, 2040)));
        site
    }

    fn answers(&self, url: &str, answer: Vec<u8>) {
        let Amazon::Memory(amazon) = &*self.amazon else {
            panic!("no test asks Amazon");
        };
        amazon
            .answers
            .lock()
            .unwrap()
            .insert(url.to_owned(), answer);
    }

    fn asked(&self) -> Vec<String> {
        let Amazon::Memory(amazon) = &*self.amazon else {
            panic!("no test asks Amazon");
        };
        amazon.asked.lock().unwrap().clone()
    }

    pub(super) async fn post(&self, envelope: &Value) -> Answer {
        let request = self.client.post(self.url("/webhooks/ses"));
        // As SNS does.
        let request = request.header("content-type", "text/plain; charset=UTF-8");
        Answer::read(request.body(envelope.to_string())).await
    }
}

#[tokio::test]
async fn a_message_signed_with_sha_1_is_believed_too() {
    let site = Site::with_certificate().await;
    let delivery = json!({ "eventType": "Delivery" });
    let mut envelope = notification("sha1-message", &delivery, NOW_MS);
    envelope["SignatureVersion"] = "1".into();
    assert_eq!(
        site.post(&envelope).await.status,
        403,
        "the signature is one of SHA-256"
    );
    envelope["Signature"] = SHA1_SIGNATURE.into();
    assert_eq!(site.post(&envelope).await.status, 200);
    envelope["SignatureVersion"] = "2".into();
    assert_eq!(site.post(&envelope).await.status, 403);
    assert_eq!(site.asked(), [CERTIFICATE], "fetched once");
    site.end().await;
}

#[tokio::test]
async fn nothing_but_amazons_word_on_our_topic_is_believed() {
    let site = Site::with_certificate().await;
    let delivery = json!({ "eventType": "Delivery" });
    let good = notification("m", &delivery, NOW_MS);
    assert_eq!(site.post(&good).await.status, 200);
    let mut with_subject = good.clone();
    with_subject["Subject"] = "Amazon SES".into();
    sign(&mut with_subject, RSA);
    assert_eq!(site.post(&with_subject).await.status, 200);
    let asked = site.asked().len();

    // Changed after it was signed.
    for (field, value) in [
        ("Message", "{\"eventType\":\"Bounce\"}"),
        ("MessageId", "n"),
        ("Subject", "another"),
        ("Timestamp", "2026-11-21T05:00:01.000Z"),
        ("Signature", "AAAA"),
        ("Signature", "no base64"),
    ] {
        let mut forged = good.clone();
        forged[field] = value.into();
        let answer = site.post(&forged).await;
        assert_eq!(answer.status, 403, "{field}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    // Signed by somebody else.
    let mut forged = good.clone();
    sign(&mut forged, RSA_OTHER);
    assert_eq!(site.post(&forged).await.status, 403);
    // Rightly signed, for a topic of somebody else's, or long ago, or in the future.
    let mut foreign = good.clone();
    foreign["TopicArn"] = "arn:aws:sns:us-east-1:999999999999:bounces".into();
    sign(&mut foreign, RSA);
    assert_eq!(site.post(&foreign).await.status, 403);
    for sent_ms in [NOW_MS - hours(24) - 1, NOW_MS + minutes(16)] {
        let stale = notification("stale", &delivery, sent_ms);
        assert_eq!(site.post(&stale).await.status, 403);
    }
    let late = notification("late", &delivery, NOW_MS - hours(23));
    assert_eq!(site.post(&late).await.status, 200);
    // With a certificate from elsewhere: it is not even fetched.
    for url in [
        "http://sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem",
        "https://sns.us-east-1.amazonaws.com.evil.test/SimpleNotificationService-a.pem",
        "https://sns.us-east-1.amazonaws.com@evil.test/SimpleNotificationService-a.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a.pem",
    ] {
        let mut forged = good.clone();
        forged["SigningCertURL"] = url.into();
        assert_eq!(site.post(&forged).await.status, 403, "{url}");
    }
    assert_eq!(site.asked().len(), asked);
    // No message at all.
    for body in [
        json!({}),
        json!([]),
        json!("x"),
        json!({ "Type": "Notification" }),
    ] {
        assert_eq!(site.post(&body).await.status, 400);
    }
    site.end().await;
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_none() {
    let site = Site::start().await;
    let message = notification("m", &json!({}), NOW_MS);
    assert_eq!(site.post(&message).await.status, 503, "it may come later");
    for (at, answer) in [
        b"no certificate".to_vec(),
        certificate(&KeyPair::generate().unwrap(), (2020, 2040)),
    ]
    .into_iter()
    .enumerate()
    {
        site.answers(CERTIFICATE, answer);
        assert_eq!(site.post(&message).await.status, 503, "{at}");
    }
    site.answers(CERTIFICATE, certificate(&key(RSA), (2020, 2026)));
    assert_eq!(site.post(&message).await.status, 403, "it has expired");
    site.end().await;
}

#[tokio::test]
async fn nobody_makes_us_fetch_without_end() {
    let site = Site::start().await;
    let mut message = notification("m", &json!({}), NOW_MS);
    for number in 0..20 {
        message["SigningCertURL"] = CERTIFICATE.replace(".pem", &format!("{number}.pem")).into();
        assert_eq!(site.post(&message).await.status, 503);
    }
    assert_eq!(site.asked().len(), 6);
    // A minute later there is room again.
    site.app.clock.advance_ms(minutes(2));
    site.answers(CERTIFICATE, certificate(&key(RSA), (2020, 2040)));
    let message = notification("m", &json!({}), NOW_MS);
    assert_eq!(site.post(&message).await.status, 200);
    site.end().await;
}

#[tokio::test]
async fn our_topic_is_confirmed_and_no_other_address_is_opened() {
    let site = Site::with_certificate().await;
    let subscribe = format!(
        "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336"
    );
    let mut envelope = notification("c", &json!({}), NOW_MS);
    envelope["Type"] = "SubscriptionConfirmation".into();
    envelope["Token"] = "2336".into();
    for wrong in [
        "https://evil.test/?Action=ConfirmSubscription",
        "http://169.254.169.254/latest/meta-data",
        &subscribe.replace("ConfirmSubscription", "DeleteTopic"),
    ] {
        envelope["SubscribeURL"] = wrong.into();
        sign(&mut envelope, RSA);
        assert_eq!(site.post(&envelope).await.status, 403);
    }
    envelope["SubscribeURL"] = subscribe.clone().into();
    sign(&mut envelope, RSA);
    assert_eq!(
        site.post(&envelope).await.status,
        503,
        "Amazon does not answer"
    );
    site.answers(&subscribe, b"<ConfirmSubscriptionResponse/>".to_vec());
    assert_eq!(site.post(&envelope).await.status, 200);
    assert_eq!(site.asked().last(), Some(&subscribe));
    site.end().await;
}

#[tokio::test]
async fn a_bounce_suppresses_the_address_once_and_the_mail_counts_as_refused() {
    let site = Site::with_certificate().await;
    let mail = site.mail(GUILD, Class::Ad, false, MINA).await;
    // A mail server took it.
    let taken = "UPDATE deliveries SET state = 'completed'";
    execute(&site.app.app().db, taken).await.unwrap();
    let message = notification("b1", &bounce(&mail), NOW_MS);
    for _ in 0..2 {
        // SNS may send it again.
        assert_eq!(site.post(&message).await.status, 200);
    }
    let bounced = (GUILD.0, "all".to_owned(), "bounced".to_owned());
    assert_eq!(site.suppressions(MINA).await, [bounced]);
    let mut conn = site.app.app().db.read().await.unwrap();
    let rows = mail::page(&mut conn, GUILD, mail.occurrence, DeliveryId(0), 10)
        .await
        .unwrap();
    assert_eq!(rows[0].state, State::Discarded);
    assert!(
        rows[0]
            .reason
            .as_ref()
            .unwrap()
            .contains("550 5.1.1 unknown")
    );
    drop(conn);
    site.end().await;
}

#[tokio::test]
async fn a_message_that_comes_again_has_no_second_effect() {
    let site = Site::with_certificate().await;
    let mail = site.mail(GUILD, Class::Ad, false, MINA).await;
    let message = notification("b1", &bounce(&mail), NOW_MS);
    assert_eq!(site.post(&message).await.status, 200);
    execute(&site.app.app().db, "DELETE FROM suppressions")
        .await
        .unwrap();
    assert_eq!(site.post(&message).await.status, 200);
    assert_eq!(site.suppressions(MINA).await, []);
    // Ids are kept for longer than a message is believed.
    site.app.clock.advance_ms(hours(25));
    assert_eq!(site.post(&message).await.status, 403);
    site.app.clock.advance_ms(hours(48));
    let later = notification("b2", &bounce(&mail), NOW_MS + hours(73));
    assert_eq!(site.post(&later).await.status, 200);
    let kept = site
        .rows(
            "SELECT message_id FROM sns_messages WHERE message_id <> $1",
            "b2",
        )
        .await;
    assert!(kept.is_empty());
    site.end().await;
}

#[tokio::test]
async fn complaints_suppress_and_what_is_not_final_does_not() {
    let site = Site::with_certificate().await;
    let mail = site.mail(GUILD, Class::Ad, false, MINA).await;
    let not_spam = json!({ "complaintFeedbackType": "not-spam" });
    let abuse = json!({ "complaintFeedbackType": "abuse" });
    let away = json!({ "bounceType": "Transient", "bounceSubType": "General" });
    for (id, event) in [
        ("1", event(&mail, "Complaint", ("complaint", not_spam))),
        // An out-of-office reply.
        ("2", event(&mail, "Bounce", ("bounce", away))),
        ("3", event(&mail, "Delivery", ("delivery", json!({})))),
        ("4", json!("Successfully validated SNS topic")),
    ] {
        let answer = site.post(&notification(id, &event, NOW_MS)).await;
        assert_eq!(answer.status, 200, "{id}");
    }
    // A mail that is none of ours; and one that says it is of another occurrence.
    let mut other = site.mail(GUILD, Class::Ad, false, MINA).await;
    other.occurrence.0 += 1;
    assert_eq!(
        site.post(&notification("7", &bounce(&other), NOW_MS))
            .await
            .status,
        200
    );
    assert_eq!(site.suppressions(MINA).await, []);
    let complaint = event(&mail, "Complaint", ("complaint", abuse));
    assert_eq!(
        site.post(&notification("8", &complaint, NOW_MS))
            .await
            .status,
        200
    );
    let complained = (GUILD.0, "all".to_owned(), "complained".to_owned());
    assert_eq!(site.suppressions(MINA).await, [complained]);
    site.end().await;
}

#[tokio::test]
async fn a_tests_mail_counts_like_any_other() {
    let site = Site::with_certificate().await;
    let abuse = json!({ "complaintFeedbackType": "abuse" });
    for (email, said) in [(MINA, "bounced"), ("zoe@example.org", "complained")] {
        let test = site.mail(GUILD, Class::Ad, true, email).await;
        let event = match said {
            "bounced" => bounce(&test),
            _ => event(&test, "Complaint", ("complaint", abuse.clone())),
        };
        let answer = site.post(&notification(said, &event, NOW_MS)).await;
        assert_eq!(answer.status, 200);
        let suppressed = (GUILD.0, "all".to_owned(), said.to_owned());
        assert_eq!(site.suppressions(email).await, [suppressed]);
    }
    site.end().await;
}
