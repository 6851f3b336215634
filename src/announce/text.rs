//! What an announcement says.

use super::{Announcement, Kind};
use crate::error::UserError;
use crate::i18n::display::unturned;
use crate::messenger::markdown::{escape, named_exactly, shorten};

/// Characters of a body: with all that is added, a message takes no more.
pub const BODY_LENGTH: usize = 1_400;
/// Characters of a server's name that are shown.
const NAME_LENGTH: usize = 50;
/// Characters of its author's name, which stands there twice.
const AUTHOR_LENGTH: usize = 20;
/// What advertising must begin with, to the letter.
const AD_MARK: &str = "(광고)";

/// The body as it will be sent: trimmed, a typed `\n` a line break.
pub(super) fn checked(typed: &str) -> Result<String, UserError> {
    let body = typed.replace("\\n", "\n");
    let body = body.trim();
    let length = body.chars().count();
    if !(1..=BODY_LENGTH).contains(&length) {
        return Err(UserError::BodyLength {
            length,
            most: BODY_LENGTH,
        });
    }
    if has_mark(body) {
        return Err(UserError::AdMark);
    }
    Ok(body.to_owned())
}

/// Whether it begins with the mark of advertising, or with what looks like it: in other brackets,
/// split, after an emoji.
fn has_mark(body: &str) -> bool {
    let is_word = |character: &char| character.is_alphanumeric();
    let mut letters = body
        .chars()
        .filter(|character| !character.is_whitespace())
        .take(16);
    // In brackets: a sentence may begin with the word itself.
    let begins_bare = body.chars().next().is_some_and(|first| is_word(&first));
    let word: String = letters.by_ref().filter(is_word).take(2).collect();
    !begins_bare && word == "광고"
}

/// The whole message. What the law wants in it is in both languages, as it is for whoever reads it.
/// `author_name`: what the server calls its author, if that is known.
pub fn compose(announcement: &Announcement, author_name: Option<&str>) -> String {
    let sender = escape(&shorten(&announcement.guild_name, NAME_LENGTH));
    let author_name = author_name.map(|name| shorten(name, AUTHOR_LENGTH));
    // Its markdown is the admin's; its direction must not reach what the law wants below it.
    let body = unturned(&announcement.body);
    match announcement.kind {
        Kind::Notice => format!("📣 **{sender}**\n{body}"),
        Kind::Ad => format!(
            "{AD_MARK} **{sender}**\n{body}\n\n\
             -# 보낸 곳: {sender} · 문의: {author} · 무료 수신거부: 아래 “그만 받기” 버튼 또는 서버에서 `/dm stop`\n\
             -# From: {sender} · Contact: {author} · To refuse, free of charge: the button below, \
             or `/dm stop` on the server",
            author = named_exactly(author_name.as_deref(), announcement.author)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AnnouncementId, GuildId, UserId};

    fn announcement(kind: Kind, body: &str) -> Announcement {
        Announcement {
            id: AnnouncementId(1),
            guild: GuildId(2),
            guild_name: "스터디 *그룹*".into(),
            author: UserId(3),
            kind,
            body: body.into(),
            role: None,
        }
    }

    #[test]
    fn advertising_says_what_it_is_whose_it_is_and_how_to_refuse_it() {
        let text = compose(&announcement(Kind::Ad, "Half the price!"), Some("Mina"));
        assert!(text.starts_with("(광고) **스터디"), "{text}");
        assert_eq!(text.matches("(광고)").count(), 1);
        for part in [
            "무료 수신거부",
            "free of charge",
            "Mina (<@3>)",
            "스터디 \\*그룹\\*",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!compose(&announcement(Kind::Notice, "x"), None).contains("광고"));
    }

    #[test]
    fn the_mark_is_the_bots_to_write() {
        for marked in [
            "(광고) 할인",
            "[광고]할인",
            "(광/고) 할인",
            "😀 (광고)",
            "( 광 고 )",
            "<광고>",
        ] {
            assert_eq!(checked(marked), Err(UserError::AdMark), "{marked}");
        }
        for plain in ["광고 문의를 받습니다", "할인 (광고 아님)", "**굵게** 광고"]
        {
            assert!(checked(plain).is_ok(), "{plain}");
        }
    }

    #[test]
    fn the_longest_advertising_fits_a_message() {
        let mut longest = announcement(Kind::Ad, &"가".repeat(BODY_LENGTH));
        longest.guild_name = "*".repeat(NAME_LENGTH);
        longest.author = UserId(i64::MAX);
        let length = compose(&longest, Some(&"*".repeat(40))).chars().count();
        assert!(length <= crate::messenger::CONTENT_LENGTH, "{length}");
    }

    #[test]
    fn a_body_is_counted_as_it_will_be_sent() {
        assert_eq!(checked(" a\\nb "), Ok("a\nb".into()));
        assert!(checked(" \\n ").is_err());
        assert!(checked(&"x".repeat(BODY_LENGTH + 1)).is_err());
    }
}
