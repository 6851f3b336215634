//! SPF (RFC 7208): which servers may send in the name of a domain.
//!
//! The record is read and not evaluated: which address mails will come from is known to whoever runs
//! the mail server alone.

use super::super::Line;
use super::super::dns::Dns;
use super::{shown, unanswered};

const WHAT: &str = "SPF";

pub(super) async fn check(domain: &str, mail_server: &str, dns: &Dns) -> Line {
    match dns.texts(domain).await {
        Ok(texts) => judge(domain, mail_server, &texts),
        Err(why) => unanswered(WHAT, domain, &why),
    }
}

pub(super) fn judge(domain: &str, mail_server: &str, texts: &[String]) -> Line {
    let records: Vec<_> = texts.iter().filter(|text| is_record(text)).collect();
    let record = match records[..] {
        [record] => record,
        [] => {
            return Line::warn(
                WHAT,
                format!("{domain} has no record, so anybody can send in its name"),
                format!(
                    "publish a TXT record at {domain} such as: v=spf1 include:spf.example.com \
                     ~all, with what the operator of {mail_server} tells you to include"
                ),
            );
        }
        _ => {
            return Line::fail(
                WHAT,
                format!(
                    "{domain} has {} records that begin with v=spf1, so receivers ignore them all \
                     (RFC 7208 §4.5)",
                    records.len()
                ),
                "merge them into one record",
            );
        }
    };
    match reach(record) {
        Reach::Everybody => Line::warn(
            WHAT,
            format!(
                "{domain} lets everybody send in its name: {}",
                shown(record)
            ),
            "end the record with ~all or -all",
        ),
        Reach::Nobody => Line::warn(
            WHAT,
            format!("{domain} lets nobody send in its name: {}", shown(record)),
            format!("add what the operator of {mail_server} tells you to include"),
        ),
        Reach::Some => Line::ok(
            WHAT,
            format!(
                "{domain} has {}; this check does not evaluate it, so make sure that it has what \
                 the operator of {mail_server} tells you to include",
                shown(record)
            ),
        ),
    }
}

/// RFC 7208 §4.5: the version, and then a space or nothing; `v=spf10` is another's.
fn is_record(text: &str) -> bool {
    let version = text.split(' ').next().unwrap_or_default();
    version.eq_ignore_ascii_case("v=spf1")
}

/// Whom a record lets send.
#[derive(Debug, PartialEq, Eq)]
enum Reach {
    Everybody,
    Some,
    Nobody,
}

fn reach(record: &str) -> Reach {
    let mut redirects = false;
    let mut names_somebody = false;
    for term in record.split(' ').skip(1).filter(|term| !term.is_empty()) {
        let term = term.to_ascii_lowercase();
        match term.as_str() {
            "all" | "+all" => return Reach::Everybody,
            // What stands behind it is not looked at, and `redirect` is void (RFC 7208 §5.1).
            "-all" | "~all" | "?all" => {
                redirects = false;
                break;
            }
            term => match term.find(['=', ':', '/']) {
                // A modifier (RFC 7208 §4.6.1).
                Some(end) if term[end..].starts_with('=') => {
                    redirects |= &term[..end] == "redirect";
                }
                _ => names_somebody = true,
            },
        }
    }
    if names_somebody || redirects {
        Reach::Some
    } else {
        Reach::Nobody
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Level;
    use super::*;

    fn line(texts: &[&str]) -> Line {
        let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
        judge("example.org", "smtp.example.net", &texts)
    }

    #[test]
    fn one_record_is_wanted() {
        for texts in [
            &[][..],
            &["google-site-verification=x"],
            &[
                "v=spf10 -all",
                "spf2.0/pra include:a.example",
                "v=spf1; -all",
            ],
        ] {
            let line = line(texts);
            assert_eq!(line.level, Level::Warn, "{line}");
            assert!(line.detail.contains("example.org has no record"), "{line}");
            let advice = line.advice.unwrap();
            assert!(advice.contains("v=spf1 include:"), "{advice}");
            assert!(advice.contains("smtp.example.net"), "{advice}");
        }
        let one = line(&["other", "v=spf1 include:spf.example.net ~all"]);
        assert_eq!(one.level, Level::Ok, "{one}");
        let shown = "“v=spf1 include:spf.example.net ~all”; this check does not evaluate it";
        assert!(one.detail.contains(shown), "{one}");
        assert!(one.detail.contains("smtp.example.net"), "{one}");
        let two = line(&["v=spf1 include:a.example -all", "V=SPF1 mx ~all"]);
        assert_eq!(two.level, Level::Fail);
        assert!(two.detail.contains("2 records"), "{two}");
    }

    #[test]
    fn a_record_that_lets_everybody_or_nobody_send_is_warned_of() {
        for (record, reach) in [
            ("v=spf1 mx +all", Reach::Everybody),
            ("v=spf1 ALL", Reach::Everybody),
            ("v=spf1 redirect=spf.example.net +all", Reach::Everybody),
            ("v=spf1 -all", Reach::Nobody),
            ("v=spf1", Reach::Nobody),
            ("v=spf1  exp=why.example.org ?all", Reach::Nobody),
            // Behind the first `all` nothing counts.
            ("v=spf1 ~all mx", Reach::Nobody),
            ("v=spf1 redirect=spf.example.net -all", Reach::Nobody),
            ("v=spf1 redirect=spf.example.net", Reach::Some),
            ("v=spf1 mx -all +all", Reach::Some),
            ("v=spf1 ip4:192.0.2.0/24 -all", Reach::Some),
            ("v=spf1 a mx", Reach::Some),
        ] {
            assert_eq!(super::reach(record), reach, "{record}");
        }
        for (record, sought) in [
            ("v=spf1 +all", "lets everybody send"),
            ("v=spf1 -all", "lets nobody send"),
        ] {
            let line = line(&[record]);
            assert_eq!(line.level, Level::Warn);
            assert!(line.detail.contains(sought), "{line}");
            assert!(line.detail.contains(record), "{line}");
        }
    }
}
