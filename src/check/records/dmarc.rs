//! DMARC (RFC 9989, before it 7489): what receivers do with mails that are not by whom they say.
//!
//! The record of the domain itself counts, or else of the domains above it that of the organisation:
//! the one nearest to the root (RFC 9989 §4.10). Top-level domains are not asked: what a registry
//! says of all of its domains is nobody's own record.

use std::iter;

use futures_util::future::join_all;

use super::super::Line;
use super::super::dns::{Dns, NoAnswer};
use super::{Tags, shown, unanswered};
use crate::config::DkimConfig;

const WHAT: &str = "DMARC";
/// A walk asks no more names than this (RFC 9989 §4.10).
const MOST_NAMES: usize = 8;

/// What a domain on the way says.
type Asked = (String, Result<Vec<String>, NoAnswer>);

pub(super) async fn check(domain: &str, dkim: Option<&DkimConfig>, dns: &Dns) -> Line {
    // All at once: one after the other would take as many times the patience.
    let ask = |domain: &str| {
        let name = record_name(domain);
        async move {
            let answer = dns.texts(&name).await;
            (name, answer)
        }
    };
    let asked = join_all(walk(domain).into_iter().map(ask)).await;
    judge(domain, dkim.map(|dkim| dkim.domain.as_str()), &asked)
}

fn record_name(domain: &str) -> String {
    format!("_dmarc.{domain}")
}

/// The domain, and those above it from the nearest on, down to two labels.
fn walk(domain: &str) -> Vec<&str> {
    let above = domain.match_indices('.').map(|(dot, _)| &domain[dot + 1..]);
    let is_asked = |above: &&str| (2..MOST_NAMES).contains(&above.split('.').count());
    iter::once(domain).chain(above.filter(is_asked)).collect()
}

fn judge(domain: &str, signing: Option<&str>, asked: &[Asked]) -> Line {
    let Applied { name, records } = match applied(asked) {
        Ok(Some(applied)) => applied,
        Ok(None) => {
            return Line::warn(
                WHAT,
                format!("{domain} has no record; Gmail and Yahoo require one from bulk senders"),
                format!(
                    "publish the TXT record {} with the text: v=DMARC1; p=none; \
                     rua=mailto:postmaster@{domain} (the address that gets reports about emails \
                     sent in its name)",
                    record_name(domain)
                ),
            );
        }
        Err(line) => return line,
    };
    let [record] = records[..] else {
        let detail = format!(
            "{name} has {} records that begin with v=DMARC1, so receivers ignore them all",
            records.len()
        );
        return Line::warn(WHAT, detail, "leave one of them");
    };
    let wrong = |why: &str| {
        let detail = format!("{name} {why}: {}", shown(record));
        let advice = "write it as v=DMARC1; p=none; rua=mailto:…, with p=none, p=quarantine or \
                      p=reject";
        Line::warn(WHAT, detail, advice)
    };
    let Some(tags) = Tags::parse(record) else {
        return wrong("isn't a list of tags");
    };
    let Some(own) = tags.get("p") else {
        // RFC 9989 takes it for `none`; RFC 7489, by which many still go, for no record.
        return wrong("has no p=");
    };
    // A domain above has a policy of its own for those below it.
    let below = tags.get("sp").filter(|_| name != record_name(domain));
    for (tag, policy) in [("p", Some(own)), ("sp", tags.get("sp"))] {
        if policy.is_some_and(|policy| !is_policy(policy)) {
            return wrong(&format!("has a {tag}= that isn't a policy"));
        }
    }
    let is_strict = tags
        .get("adkim")
        .is_some_and(|mode| mode.eq_ignore_ascii_case("s"));
    if let Some(signing) = signing.filter(|signing| is_strict && *signing != domain) {
        return Line::warn(
            WHAT,
            format!(
                "{name} counts only signatures of {domain} itself (adkim=s), but the key signs \
                 for {signing}"
            ),
            format!("set MAIL_DKIM_DOMAIN to {domain}, or remove adkim=s from the record"),
        );
    }
    let policy = below.unwrap_or(own).to_ascii_lowercase();
    Line::ok(
        WHAT,
        format!("{policy} for {domain}, as {name} says {}", shown(record)),
    )
}

/// What is said where every name on the way has these records, as [`fuzzing`](crate::fuzzing) asks.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn judged(domain: &str, texts: &[String]) -> Line {
    let asked = walk(domain).into_iter().map(record_name);
    let asked: Vec<Asked> = asked.map(|name| (name, Ok(texts.to_vec()))).collect();
    judge(domain, Some("example.org"), &asked)
}

/// The records that count, which should be one, and where they are.
struct Applied<'a> {
    name: &'a str,
    records: Vec<&'a str>,
}

/// What counts, if there is something; a line about a name without an answer that it hangs on.
fn applied(asked: &[Asked]) -> Result<Option<Applied<'_>>, Line> {
    let mut applied = None;
    for (at, (name, answer)) in asked.iter().enumerate() {
        let texts = answer.as_ref();
        let texts = texts.map_err(|why| unanswered(WHAT, name, why))?.iter();
        let texts = texts.map(String::as_str);
        let records: Vec<_> = texts.filter(|text| is_record(text)).collect();
        let psd = match records[..] {
            [] => continue,
            [record] => Tags::parse(record).and_then(|tags| tags.get("psd")),
            _ => None,
        };
        // A registry's is for those who have none.
        if psd == Some("y") && applied.is_some() {
            break;
        }
        applied = Some(Applied { name, records });
        // The domain's own, or an organisation that says it is one.
        if at == 0 || psd == Some("n") {
            break;
        }
    }
    Ok(applied)
}

/// RFC 9989 §4.7: the version comes first, and its case matters.
fn is_record(text: &str) -> bool {
    let version = text.split(';').next().and_then(|tag| tag.split_once('='));
    version.is_some_and(|(name, value)| name.trim_end() == "v" && value.trim() == "DMARC1")
}

fn is_policy(policy: &str) -> bool {
    let policies = ["none", "quarantine", "reject"];
    policies
        .iter()
        .any(|known| known.eq_ignore_ascii_case(policy))
}

#[cfg(test)]
mod tests {
    use super::super::super::Level;
    use super::*;

    /// What is said of the domain's walk: the records at each, one after the other.
    fn asked(domain: &str, answers: &[(&str, &[&str])]) -> Vec<Asked> {
        let names = walk(domain).into_iter().map(|at| {
            let here = answers.iter().filter(|(name, _)| *name == at);
            let texts = here.flat_map(|(_, texts)| texts.iter());
            let texts = texts.map(|text| (*text).to_owned()).collect();
            (record_name(at), Ok(texts))
        });
        names.collect()
    }

    fn line(domain: &str, answers: &[(&str, &[&str])]) -> Line {
        judge(domain, Some(domain), &asked(domain, answers))
    }

    fn own(record: &str) -> Line {
        line("example.org", &[("example.org", &[record])])
    }

    #[test]
    fn a_walk_goes_up_to_two_labels_and_skips_the_middle_of_a_long_name() {
        assert_eq!(walk("example.org"), ["example.org"]);
        assert_eq!(
            walk("news.mail.example.org"),
            ["news.mail.example.org", "mail.example.org", "example.org"]
        );
        let long = walk("a.b.c.d.e.f.g.h.example.org");
        assert_eq!(
            long[..2],
            ["a.b.c.d.e.f.g.h.example.org", "d.e.f.g.h.example.org"]
        );
        assert_eq!((long.len(), long[6]), (7, "example.org"));
    }

    #[test]
    fn a_record_of_the_domain_counts_with_its_policy() {
        for (record, policy) in [
            ("v=DMARC1; p=none; rua=mailto:dmarc@example.org", "none"),
            ("v=DMARC1;p=QUARANTINE;", "quarantine"),
            ("v = DMARC1 ; sp=none; p=reject; adkim=s", "reject"),
        ] {
            let line = own(record);
            assert_eq!(line.level, Level::Ok, "{line}");
            let begin = format!("{policy} for example.org, as _dmarc.example.org says “");
            assert!(line.detail.starts_with(&begin), "{line}");
            assert!(line.detail.contains(record), "{line}");
        }
    }

    #[test]
    fn none_is_warned_of_with_one_to_publish() {
        for records in [
            &[][..],
            &["v=spf1 -all"],
            // The version's case matters, and it comes first.
            &[
                "v=dmarc1; p=none",
                " v=DMARC1; p=none",
                "p=none; v=DMARC1",
                "v=DMARC12; p=none",
            ],
        ] {
            let line = line("mail.example.org", &[("mail.example.org", records)]);
            assert_eq!(line.level, Level::Warn, "{line}");
            assert!(
                line.detail.contains("mail.example.org has no record"),
                "{line}"
            );
            let advice = line.advice.unwrap();
            let record = "_dmarc.mail.example.org with the text: v=DMARC1; p=none; rua=mailto:";
            assert!(advice.contains(record), "{advice}");
        }
    }

    #[test]
    fn what_receivers_make_nothing_of_is_warned_of() {
        for (record, sought) in [
            ("v=DMARC1", "has no p="),
            ("v=DMARC1; rua=mailto:a@example.org", "has no p="),
            ("v=DMARC1; p=", "a p= that isn't a policy"),
            ("v=DMARC1; p=nothing", "a p= that isn't a policy"),
            ("v=DMARC1; p=none; sp=all", "a sp= that isn't a policy"),
            ("v=DMARC1; none", "isn't a list of tags"),
            ("v=DMARC1; p=none; p=reject", "isn't a list of tags"),
        ] {
            let line = own(record);
            assert_eq!(line.level, Level::Warn, "{line}");
            assert!(line.detail.contains(sought), "{line}");
            assert!(line.detail.contains(record), "{line}");
        }
        let two = ["v=DMARC1; p=none", "v=DMARC1; p=reject"];
        let two = line("example.org", &[("example.org", &two)]);
        assert_eq!(two.level, Level::Warn);
        assert!(two.detail.contains("2 records"), "{two}");
    }

    #[test]
    fn without_one_of_its_own_the_organisations_counts() {
        let by = |answers: &[(&str, &[&str])]| line("news.mail.example.org", answers).detail;
        let none: &[&str] = &["v=DMARC1; p=none"];
        let reject: &[&str] = &["v=DMARC1; p=reject"];
        for (answers, begin) in [
            (
                &[("example.org", reject)][..],
                "reject for news.mail.example.org, as _dmarc.example.org says",
            ),
            // Its policy for those below it.
            (
                &[("example.org", &["v=DMARC1; p=reject; sp=quarantine"])],
                "quarantine for news.mail.example.org, as _dmarc.example.org says",
            ),
            (
                &[("news.mail.example.org", none), ("example.org", reject)],
                "none for news.mail.example.org, as _dmarc.news.mail.example.org says",
            ),
            // Of two above, the one nearer to the root is the organisation…
            (
                &[("mail.example.org", none), ("example.org", reject)],
                "reject for news.mail.example.org, as _dmarc.example.org says",
            ),
            // …unless the other says that it is, or the upper one that it is a registry.
            (
                &[
                    ("mail.example.org", &["v=DMARC1; p=none; psd=n"]),
                    ("example.org", reject),
                ],
                "none for news.mail.example.org, as _dmarc.mail.example.org says",
            ),
            (
                &[
                    ("mail.example.org", none),
                    ("example.org", &["v=DMARC1; p=reject; psd=y"]),
                ],
                "none for news.mail.example.org, as _dmarc.mail.example.org says",
            ),
            (
                &[("example.org", &["v=DMARC1; p=reject; psd=y"])],
                "reject for news.mail.example.org, as _dmarc.example.org says",
            ),
        ] {
            let detail = by(answers);
            assert!(detail.starts_with(begin), "{detail}: {answers:?}");
        }
    }

    #[test]
    fn a_question_without_an_answer_is_warned_of_if_it_matters() {
        let silent = |record: &str| {
            let mut asked = asked("mail.example.org", &[("mail.example.org", &[record])]);
            asked[1].1 = Err(NoAnswer::new("no answer in time"));
            judge("mail.example.org", None, &asked)
        };
        let line = silent("something else");
        assert_eq!(line.level, Level::Warn);
        assert_eq!(
            line.detail,
            "_dmarc.example.org could not be looked up: no answer in time"
        );
        assert_eq!(silent("v=DMARC1; p=none").level, Level::Ok);
    }

    #[test]
    fn a_record_that_counts_the_domains_own_signatures_alone_is_held_against_the_key() {
        let line = |signing: Option<&str>, record: &str| {
            let asked = asked("example.org", &[("example.org", &[record])]);
            judge("example.org", signing, &asked)
        };
        let strict = "v=DMARC1; p=reject; adkim=s";
        let other = line(Some("mail.example.org"), strict);
        assert_eq!(other.level, Level::Warn);
        assert!(other.detail.contains("adkim=s"), "{other}");
        for (signing, record) in [
            (Some("example.org"), strict),
            (None, strict),
            (Some("mail.example.org"), "v=DMARC1; p=reject; adkim=r"),
        ] {
            assert_eq!(line(signing, record).level, Level::Ok, "{record}");
        }
    }
}
