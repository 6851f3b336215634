//! Signatures, verified by mail-auth, which has no line in common with what made them.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Instant;

use mail_auth::common::parse::TxtRecordParser as _;
use mail_auth::common::verify::DomainKey;
use mail_auth::hickory_resolver::config::{ResolverConfig, ResolverOpts};
use mail_auth::{
    AuthenticatedMessage, DkimResult, MX, MessageAuthenticator, Parameters, ResolverCache, Txt,
};
use proptest::prelude::*;
use timeattack::mailer::Mailbox;
use timeattack::mailer::dkim::{KeyError, Signer};
use timeattack::mailer::mime::{Assembler, Image, Unsubscribe};

use super::{constant, draft};

const RSA: &[u8] = include_bytes!("../../keys/dkim_rsa.pem");
const RSA_PKCS1: &[u8] = include_bytes!("../../keys/dkim_rsa_pkcs1.pem");
const RSA_1024: &[u8] = include_bytes!("../../keys/dkim_rsa_1024.pem");
const ED25519: &[u8] = include_bytes!("../../keys/dkim_ed25519.pem");

fn signer(key: &[u8]) -> Arc<Signer> {
    Arc::new(Signer::new("example.org", "2026a", key).unwrap())
}

fn signed(key: &[u8], subject: &str, text: &str, html: &str) -> Vec<u8> {
    let mut constant = constant();
    constant.images = vec![Image {
        content_id: "logo@example.org".into(),
        file: timeattack::mailer::mime::Attachment {
            name: "logo.png".into(),
            media_type: "image/png".into(),
            bytes: vec![7; 5_000],
        },
    }];
    let to = Mailbox::parse("김미나 <mina@example.org>").unwrap();
    let mut draft = draft(&to, subject, text, html);
    draft.unsubscribe = Some(Unsubscribe {
        url: "https://example.org/unsubscribe/token",
        mailto: Some("mailto:out@example.org"),
    });
    let assembler = Assembler::new(&constant, Some(signer(key))).unwrap();
    assembler.assemble(&draft).unwrap()
}

/// A resolver that knows one record and asks nobody.
struct Dns {
    name: String,
    record: Txt,
}

impl Dns {
    fn of(signer: &Signer) -> Self {
        let key = DomainKey::parse(signer.record().as_bytes()).unwrap();
        Self {
            name: format!("{}.", signer.record_name()),
            record: Txt::DomainKey(Arc::new(key)),
        }
    }
}

impl ResolverCache<Box<str>, Txt> for Dns {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let own: Box<str> = self.name.as_str().into();
        let own: &Q = own.borrow();
        assert!(own == name, "another name was asked for");
        Some(self.record.clone())
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: Instant) {}
}

macro_rules! knows_nothing {
    ($($key:ty => $value:ty),*) => {$(
        impl ResolverCache<$key, $value> for Dns {
            fn get<Q>(&self, _: &Q) -> Option<$value>
            where
                $key: Borrow<Q>,
                Q: Hash + Eq + ?Sized,
            {
                None
            }

            fn remove<Q>(&self, _: &Q) -> Option<$value>
            where
                $key: Borrow<Q>,
                Q: Hash + Eq + ?Sized,
            {
                None
            }

            fn insert(&self, _: $key, _: $value, _: Instant) {}
        }
    )*};
}

knows_nothing!(
    Box<str> => Arc<[MX]>,
    Box<str> => Arc<[std::net::Ipv4Addr]>,
    Box<str> => Arc<[std::net::Ipv6Addr]>,
    std::net::IpAddr => Arc<[Box<str>]>
);

/// Whether mail-auth believes the one signature of a mail.
async fn is_believed(mail: &[u8], signer: &Signer) -> bool {
    let dns = Dns::of(signer);
    let nobody = ResolverConfig::from_parts(None, Vec::new(), Vec::new());
    let authenticator = MessageAuthenticator::new(nobody, ResolverOpts::default()).unwrap();
    let message = AuthenticatedMessage::parse(mail).unwrap();
    let parameters = Parameters {
        params: &message,
        cache_txt: Some(&dns),
        cache_mx: Some(&dns),
        cache_ptr: Some(&dns),
        cache_ipv4: Some(&dns),
        cache_ipv6: Some(&dns),
    };
    let results = authenticator.verify_dkim(parameters).await;
    assert_eq!(results.len(), 1);
    results[0].result() == &DkimResult::Pass
}

#[tokio::test]
async fn another_implementation_believes_what_is_signed() {
    for key in [RSA, RSA_PKCS1, ED25519] {
        let mail = signed(
            key,
            "주간 소식",
            "안녕  하세요 \n\n\n",
            "<p> 안녕\t\t</p>\n\n",
        );
        assert!(is_believed(&mail, &signer(key)).await);
    }
    // Both forms are the same key.
    assert_eq!(signer(RSA).record(), signer(RSA_PKCS1).record());
    assert!(!is_believed(&signed(RSA, "a", "b", "c"), &signer(RSA_OTHER)).await);
}

/// Another key of the same kind.
const RSA_OTHER: &[u8] = include_bytes!("../../keys/dkim_rsa_other.pem");

#[tokio::test]
async fn no_header_that_is_signed_and_nothing_of_the_body_can_be_changed() {
    let mail = signed(ED25519, "Hello", "text", "<p>html</p>");
    let mail = String::from_utf8(mail).unwrap();
    let signer = signer(ED25519);
    assert!(is_believed(mail.as_bytes(), &signer).await);
    for (from, to) in [
        ("\r\nSubject: Hello", "\r\nSubject: Hullo"),
        ("\r\nFrom: =", "\r\nFrom: x="),
        ("\r\nTo: =", "\r\nTo: x="),
        ("\r\nDate: Sat", "\r\nDate: Sun"),
        ("\r\nMessage-ID: <7", "\r\nMessage-ID: <8"),
        ("\r\nMIME-Version: 1.0", "\r\nMIME-Version: 1.1"),
        (
            "\r\nList-Unsubscribe: <https",
            "\r\nList-Unsubscribe: <http",
        ),
        (
            "\r\nList-Unsubscribe-Post: List",
            "\r\nList-Unsubscribe-Post: Mist",
        ),
        ("\r\nList-Id: Weekly", "\r\nList-Id: Daily"),
        ("boundary=\"=_timeattack_r\"", "boundary=\"=_timeattack_x\""),
        (
            "\r\nX-Timeattack-Delivery: 7",
            "\r\nX-Timeattack-Delivery: 8",
        ),
        ("<p>html", "<p>haml"),
        // Another header in front of the one that was signed.
        ("\r\nDate:", "\r\nSubject: Win!\r\nDate:"),
        ("\r\nDate:", "\r\nFrom: a@example.org\r\nDate:"),
    ] {
        assert!(mail.contains(from), "{from}");
        let changed = mail.replacen(from, to, 1);
        assert!(!is_believed(changed.as_bytes(), &signer).await, "{from}");
    }
    let longer = format!("{mail}--=_timeattack_r\r\n\r\nmore\r\n");
    assert!(!is_believed(longer.as_bytes(), &signer).await, "no l=");
    // What may change on the way is not part of it.
    let folded = mail.replacen("Subject: Hello", "subject:\r\n\t Hello  ", 1);
    assert!(is_believed(folded.as_bytes(), &signer).await);
    let received = format!("Received: by example.org\r\n{mail}\r\n\r\n");
    assert!(is_believed(received.as_bytes(), &signer).await);
}

#[test]
fn the_signature_has_the_form_that_receivers_want() {
    let mail = String::from_utf8(signed(RSA, "a", "b", "c")).unwrap();
    let header = mail.split("\r\nDate:").next().unwrap();
    assert!(header.lines().all(|line| line.len() <= 78), "{header}");
    let tags = header.replace("\r\n", "").replace(' ', "");
    assert!(
        tags.starts_with(
            "DKIM-Signature:v=1;a=rsa-sha256;c=relaxed/relaxed;d=example.org;s=2026a;t="
        )
    );
    assert!(!tags.contains(";l="));
    let names = tags.split(";h=").nth(1).unwrap().split(';').next().unwrap();
    assert_eq!(
        names,
        "from:from:to:to:subject:subject:date:date:message-id:message-id:mime-version:content-type:\
         list-id:list-unsubscribe:list-unsubscribe-post:feedback-id:x-timeattack-delivery"
    );
}

#[test]
fn keys_that_receivers_do_not_believe_are_refused() {
    let refused = Signer::new("example.org", "s", RSA_1024).unwrap_err();
    assert_eq!(refused, KeyError::Short);
    let shown = format!("{:?}", signer(RSA));
    assert_eq!(shown, "Signer(2026a._domainkey.example.org)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_is_written_is_believed(subject in "\\PC{0,80}", text in "\\PC*[ \t\n]*\\PC*", html in "[ \t\na<>.=]{0,300}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mail = signed(ED25519, &subject, &text, &html);
        prop_assert!(runtime.block_on(is_believed(&mail, &signer(ED25519))));
    }
}
