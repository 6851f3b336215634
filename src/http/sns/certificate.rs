//! The certificates that SNS signs with: where they are, and their keys.
//!
//! A certificate is believed because of where it comes from: TLS says that the host is Amazon's. (Its
//! own chain is not looked at: the file has no intermediates.)

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use reqwest::redirect::Policy;
use tokio::sync::Mutex;
use url::Url;
use x509_cert::Certificate;
use x509_cert::der::oid::ObjectIdentifier;

use super::Disbelief;
use crate::clock::Clock;
use crate::config::Topic;

/// A request that takes longer has failed; SNS itself waits 15 s for our answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of an answer: a certificate has two thousand, a confirmation's XML fewer.
const ANSWER_BYTES: usize = 64 * 1024;
/// Certificates that are kept: Amazon uses one or two at a time in each region.
const KEPT: usize = 8;
/// Certificates fetched in [`WINDOW_MS`]: whoever knows the topic's name can make us fetch, and must
/// not make us do so without end.
const MOST_FETCHED: usize = 6;
const WINDOW_MS: i64 = 60_000;
/// RSA keys (RFC 8017, A.1).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Where Amazon's answers come from.
pub enum Amazon {
    /// Amazon.
    Https(reqwest::Client),
    /// What a test says.
    Memory(MemoryAmazon),
}

/// Answers that were laid down, and the addresses that were asked.
#[derive(Default)]
pub struct MemoryAmazon {
    /// By their addresses.
    pub answers: std::sync::Mutex<HashMap<String, Vec<u8>>>,
    /// In their order.
    pub asked: std::sync::Mutex<Vec<String>>,
}

impl Amazon {
    /// Over the network. No redirect is followed: where it led was not looked at.
    pub fn https() -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .https_only(true)
            .redirect(Policy::none())
            .timeout(TIMEOUT);
        Ok(Self::Https(client.build()?))
    }

    pub(super) async fn get(&self, url: &Url) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Https(client) => {
                let mut answer = client.get(url.clone()).send().await?;
                ensure!(
                    answer.status().is_success(),
                    "it answered {}",
                    answer.status()
                );
                let mut bytes = Vec::new();
                while let Some(chunk) = answer.chunk().await? {
                    ensure!(bytes.len() + chunk.len() <= ANSWER_BYTES, "it is too long");
                    bytes.extend_from_slice(&chunk);
                }
                Ok(bytes)
            }
            Self::Memory(memory) => {
                let locked = |_| anyhow::anyhow!("a test panicked");
                memory.asked.lock().map_err(locked)?.push(url.to_string());
                let answers = memory.answers.lock();
                let answers = answers.map_err(|_| anyhow::anyhow!("a test panicked"))?;
                answers.get(url.as_str()).cloned().context("there is none")
            }
        }
    }
}

/// The certificates that were fetched.
pub(super) struct Certificates {
    amazon: Arc<Amazon>,
    clock: Clock,
    /// Held while one is fetched: of many messages that want the same, one fetches it.
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<Url, Key>,
    /// When the last ones were fetched.
    fetched_ms: Vec<i64>,
}

struct Key {
    /// An RSAPublicKey in DER.
    der: Vec<u8>,
    from_ms: i64,
    until_ms: i64,
}

impl Certificates {
    pub(super) fn new(amazon: Arc<Amazon>, clock: Clock) -> Self {
        Self {
            amazon,
            clock,
            known: Mutex::default(),
        }
    }

    /// The key of a certificate that is valid now.
    pub(super) async fn key(&self, url: Url) -> Result<Vec<u8>, Disbelief> {
        let mut known = self.known.lock().await;
        let now_ms = self.clock.now_ms();
        if !known.keys.contains_key(&url) {
            let key = self.fetched(&mut known, &url, now_ms).await?;
            if known.keys.len() >= KEPT {
                known.keys.clear();
            }
            known.keys.insert(url.clone(), key);
        }
        let key = known.keys.get(&url).ok_or(Disbelief::NoCertificate)?;
        if !(key.from_ms..=key.until_ms).contains(&now_ms) {
            tracing::warn!(%url, "an SNS certificate is not valid now");
            return Err(Disbelief::Signature);
        }
        Ok(key.der.clone())
    }

    async fn fetched(&self, known: &mut Known, url: &Url, now_ms: i64) -> Result<Key, Disbelief> {
        known
            .fetched_ms
            .retain(|at_ms| (now_ms - WINDOW_MS..=now_ms).contains(at_ms));
        if known.fetched_ms.len() >= MOST_FETCHED {
            return Err(Disbelief::NoCertificate);
        }
        known.fetched_ms.push(now_ms);
        let key = match self.amazon.get(url).await {
            Ok(pem) => Key::read(&pem),
            Err(error) => Err(error),
        };
        key.map_err(|error| {
            let error = format!("{error:#}");
            tracing::warn!(%url, error, "an SNS certificate could not be fetched");
            Disbelief::NoCertificate
        })
    }
}

impl Key {
    /// The key of the first certificate of a PEM file.
    fn read(pem: &[u8]) -> anyhow::Result<Self> {
        let chain = Certificate::load_pem_chain(pem).context("no certificate in PEM")?;
        let certificate = chain.into_iter().next().context("no certificate")?;
        let certificate = certificate.tbs_certificate;
        let key = certificate.subject_public_key_info;
        ensure!(key.algorithm.oid == RSA, "its key is not one of RSA");
        let der = key
            .subject_public_key
            .as_bytes()
            .context("its key is cut")?;
        let ms = |time: x509_cert::time::Time| {
            i64::try_from(time.to_unix_duration().as_millis()).unwrap_or(i64::MAX)
        };
        Ok(Self {
            der: der.to_vec(),
            from_ms: ms(certificate.validity.not_before),
            until_ms: ms(certificate.validity.not_after),
        })
    }
}

/// Where a certificate is, if that is a place of SNS's.
pub(super) fn address(given: &str, topic: &Topic) -> Option<Url> {
    let url = of_region(given, topic)?;
    let name = url.path().strip_prefix("/SimpleNotificationService-")?;
    let name = name.strip_suffix(".pem")?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let fits = !name.is_empty() && name.bytes().all(is_name) && url.query().is_none();
    fits.then_some(url)
}

/// An address at SNS in the topic's region, and nothing that only looks like one.
pub(super) fn of_region(given: &str, topic: &Topic) -> Option<Url> {
    let url = Url::parse(given).ok()?;
    let host = format!("sns.{}.amazonaws.com", topic.region);
    let fits = url.scheme() == "https"
        && url.host_str() == Some(&host)
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    fits.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_taken_from_sns_alone() {
        let topic = Topic {
            arn: "arn:aws:sns:us-east-1:123456789012:bounces".into(),
            region: "us-east-1".into(),
        };
        let good = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123abcd.pem";
        assert!(address(good, &topic).is_some());
        for bad in [
            "",
            "http://sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem",
            "https://sns.us-east-1.amazonaws.com.evil.test/SimpleNotificationService-a.pem",
            "https://sns.us-east-1.amazonaws.com@evil.test/SimpleNotificationService-a.pem",
            "https://evil.test\\@sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem",
            "https://u:p@sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem",
            "https://sns.us-east-1.amazonaws.com:8443/SimpleNotificationService-a.pem",
            "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a.pem",
            "https://evil.sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem",
            "https://xsns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem",
            "https://sns.us-east-1.amazonaws.com./SimpleNotificationService-a.pem",
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-.pem",
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem?x",
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem#x",
            "https://sns.us-east-1.amazonaws.com/x/SimpleNotificationService-a.pem",
            "https://sns.us-east-1.amazonaws.com/x/../../SimpleNotificationService-%2e%2e.pem",
            "https://sns.us-east-1.amazonaws.com/other.pem",
            "https://bucket.s3.amazonaws.com/SimpleNotificationService-a.pem",
            "file:///SimpleNotificationService-a.pem",
        ] {
            assert!(address(bad, &topic).is_none(), "{bad}");
        }
    }
}
