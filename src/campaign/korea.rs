//! What Korean law wants to see in advertising by mail: 정보통신망법 제50조 ④ and its decree, §61 ③.
//! Pure; what it is asked about is a mail as one recipient gets it, merged.
//!
//! The subject begins with `(광고)`, exactly and once: brackets, spaces, signs or emoji that keep
//! filters from seeing it are what the law forbids. The body names the sender and how to reach them,
//! and has an easy way to refuse, said in Korean and English. The link that we make needs no login.

use unicode_normalization::UnicodeNormalization as _;

use crate::error::AdFault;
use crate::template::Rendered;

/// How a subject begins.
const MARK: &str = "(광고)";
/// The word of the mark.
const WORD: &str = "광고";
/// Digits of the shortest phone number with its area: 02-123-4567, or 1588-0000.
const PHONE_DIGITS: usize = 8;

/// Whose mail it is, and to whom.
#[derive(Clone, Copy, Debug)]
pub struct Letterhead<'a> {
    /// What the sender is called; one of them must be in the body.
    pub names: [&'a str; 2],
    /// Where this reader refuses.
    pub unsubscribe_url: &'a str,
    /// The reader's own address, which is no contact of the sender's.
    pub reader: &'a str,
}

/// Whether a merged mail is what the law wants; the first thing that it lacks.
pub fn check(mail: &Rendered, head: &Letterhead<'_>) -> Result<(), AdFault> {
    subject(&mail.subject)?;
    body(mail, head)
}

fn subject(subject: &str) -> Result<(), AdFault> {
    if let Some(rest) = subject.strip_prefix(MARK) {
        let again = compact(rest).contains(MARK);
        return if again {
            Err(AdFault::MarkTwice)
        } else {
            Ok(())
        };
    }
    if subject.trim_start().starts_with(MARK) {
        return Err(AdFault::MarkSpace);
    }
    // Of what remains, whatever is inside the first brackets tells what was meant.
    let compact = compact(subject);
    if compact.contains(MARK) {
        return Err(if compact.starts_with(MARK) {
            AdFault::MarkBroken
        } else {
            AdFault::MarkLate
        });
    }
    let letters: String = compact
        .chars()
        .filter(|one| one.is_alphanumeric())
        .collect();
    let begins_bare = compact.chars().next().is_some_and(char::is_alphanumeric);
    if begins_bare || !letters.starts_with(WORD) {
        return Err(AdFault::MarkMissing);
    }
    Err(if compact.contains(WORD) {
        AdFault::MarkBrackets
    } else {
        AdFault::MarkBroken
    })
}

/// Without spaces and what cannot be seen, and in one form.
fn compact(text: &str) -> String {
    let is_unseen = |one: char| {
        one.is_whitespace()
            || one.is_control()
            || matches!(one, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{3164}' | '\u{feff}')
    };
    text.nfc().filter(|one| !is_unseen(*one)).collect()
}

fn body(mail: &Rendered, head: &Letterhead<'_>) -> Result<(), AdFault> {
    let parts = [&mail.html, &mail.text];
    if !parts.iter().all(|part| part.contains(head.unsubscribe_url)) {
        return Err(AdFault::Link);
    }
    // The link itself says “unsubscribe”, and is no sentence.
    let text = mail.text.replace(head.unsubscribe_url, " ");
    let seen = compact(&text).to_lowercase();
    let is_named =
        |name: &&str| !name.trim().is_empty() && seen.contains(&compact(name).to_lowercase());
    if !head.names.iter().any(is_named) {
        return Err(AdFault::Name);
    }
    if !has_contact(&text, head.reader) {
        return Err(AdFault::Contact);
    }
    if !seen.contains("수신거부") {
        return Err(AdFault::Korean);
    }
    if !seen.contains("unsubscribe") {
        return Err(AdFault::English);
    }
    Ok(())
}

/// A mail address that is not the reader's, or a phone number.
fn has_contact(text: &str, reader: &str) -> bool {
    let is_of_address = |one: char| one.is_alphanumeric() || "@._%+-".contains(one);
    let is_address = |word: &str| {
        let word = word.trim_matches(['.', '-']);
        let Some((local, domain)) = word.split_once('@') else {
            return false;
        };
        let has_dot = domain.split('.').filter(|part| !part.is_empty()).count() >= 2;
        !local.is_empty() && has_dot && !word.eq_ignore_ascii_case(reader)
    };
    if text.split(|one| !is_of_address(one)).any(is_address) {
        return true;
    }
    let is_of_phone = |one: char| one.is_ascii_digit() || " -.()+".contains(one);
    let is_phone = |run: &str| {
        let digits = run.chars().filter(char::is_ascii_digit).count();
        // A date has as many digits: a phone number's groups begin with 0, 1 or the country.
        let begins = run.trim_start_matches([' ', '(', '-', '.']);
        let is_number = begins.starts_with(['0', '+']) || is_service_number(begins);
        (PHONE_DIGITS..=15).contains(&digits) && is_number
    };
    text.split(|one| !is_of_phone(one)).any(is_phone)
}

/// `1588-0000` and its like, which have no area.
fn is_service_number(run: &str) -> bool {
    let digits: String = run.chars().filter(char::is_ascii_digit).collect();
    let head = digits.get(..2);
    digits.len() == 8 && head.is_some_and(|head| matches!(head, "15" | "16" | "18"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://bot.example.org/unsubscribe/AbCd";
    const GOOD: &str = "반값!\n보낸 곳: 자몽 스터디 · help@example.org\n수신거부 / Unsubscribe: \
                        https://bot.example.org/unsubscribe/AbCd";

    fn checked(subject: &str, text: &str) -> Result<(), AdFault> {
        let mail = Rendered {
            subject: subject.into(),
            text: text.into(),
            html: format!("<p>{text}</p>"),
        };
        let head = Letterhead {
            names: ["자몽 스터디", "News"],
            unsubscribe_url: URL,
            reader: "mina@example.org",
        };
        check(&mail, &head)
    }

    #[test]
    fn the_subject_begins_with_the_mark_exactly_and_once() {
        for (subject, expected) in [
            ("(광고) 반값", Ok(())),
            ("(광고)반값", Ok(())),
            ("(광고) 광고 문의를 받습니다", Ok(())),
            ("반값", Err(AdFault::MarkMissing)),
            ("", Err(AdFault::MarkMissing)),
            ("광고 반값", Err(AdFault::MarkMissing)),
            ("반값 광고", Err(AdFault::MarkMissing)),
            ("[특가] 광고", Err(AdFault::MarkMissing)),
            ("[광고] 반값", Err(AdFault::MarkBrackets)),
            ("<광고> 반값", Err(AdFault::MarkBrackets)),
            ("（광고） 반값", Err(AdFault::MarkBrackets)),
            ("*광고* 반값", Err(AdFault::MarkBrackets)),
            ("(광/고) 반값", Err(AdFault::MarkBroken)),
            ("(광.고) 반값", Err(AdFault::MarkBroken)),
            ("(광 고) 반값", Err(AdFault::MarkBroken)),
            ("( 광고 ) 반값", Err(AdFault::MarkBroken)),
            ("(광\u{200b}고) 반값", Err(AdFault::MarkBroken)),
            // The same letters in another form, which filters do not know.
            (
                "(\u{1100}\u{116a}\u{11bc}\u{1100}\u{1169}) x",
                Err(AdFault::MarkBroken),
            ),
            (" (광고) 반값", Err(AdFault::MarkSpace)),
            ("\u{3000}(광고) 반값", Err(AdFault::MarkSpace)),
            ("🔥(광고) 반값", Err(AdFault::MarkLate)),
            ("Re: (광고) 반값", Err(AdFault::MarkLate)),
            ("반값 (광고)", Err(AdFault::MarkLate)),
            ("(광고)(광고) 반값", Err(AdFault::MarkTwice)),
            ("(광고) 반값 (광 고)", Err(AdFault::MarkTwice)),
        ] {
            assert_eq!(checked(subject, GOOD), expected, "{subject}");
        }
    }

    #[test]
    fn the_body_says_who_how_to_reach_them_and_how_to_refuse() {
        let subject = "(광고) 반값";
        assert_eq!(checked(subject, GOOD), Ok(()));
        for (from, to, expected) in [
            ("자몽 스터디", "자몽스터디", Ok(())),
            ("자몽 스터디", "news", Ok(())),
            ("자몽 스터디", "우리", Err(AdFault::Name)),
            ("help@example.org", "02-123-4567", Ok(())),
            ("help@example.org", "문의 (010) 1234 5678", Ok(())),
            ("help@example.org", "+82 10 1234 5678", Ok(())),
            ("help@example.org", "1588-0000", Ok(())),
            ("help@example.org", "", Err(AdFault::Contact)),
            ("help@example.org", "2026-11-21", Err(AdFault::Contact)),
            ("help@example.org", "help@here", Err(AdFault::Contact)),
            // Whom it is for is not whom it is from.
            (
                "help@example.org",
                "Mina@example.org",
                Err(AdFault::Contact),
            ),
            (URL, "https://elsewhere.example.org", Err(AdFault::Link)),
            ("수신거부", "수신 거부", Ok(())),
            ("수신거부", "그만", Err(AdFault::Korean)),
            ("Unsubscribe", "UNSUBSCRIBE", Ok(())),
            // The link has the word in it, which nobody reads.
            ("Unsubscribe", "Stop", Err(AdFault::English)),
        ] {
            assert_eq!(checked(subject, &GOOD.replace(from, to)), expected, "{to}");
        }
    }
}
