//! Several posts that wait for one channel become one message. Pure.
//!
//! A channel takes about one message a second. When more is waiting, a message shows as many
//! posts as fit whole; when even that would take many messages, it lists them, a line each, and
//! still pings everybody concerned.

use super::{Payload, Row, Topic};
use crate::i18n::text;
use crate::messenger::markdown::shorten;
use crate::messenger::{
    Button, CONTENT_LENGTH, DESCRIPTION_LENGTH, EMBEDS_LENGTH, Embed, MOST_EMBEDS, MOST_MENTIONS,
    Message,
};

/// Characters of a [`super::Digest`]'s line. 60 of them, with room for what a late success adds,
/// stay under [`EMBEDS_LENGTH`].
pub const LINE_LENGTH: usize = 90;
/// Posts in one list: as many lines as surely fit, and their mentions (23 characters each) fit
/// [`CONTENT_LENGTH`].
pub const MOST_LISTED: usize = 60;

/// Up to this many posts are worth showing whole, in two or three messages if need be.
const WORTH_SHOWING_WHOLE: usize = 10;

/// Whether these make a good message together: shown whole, or so many that a list is better.
pub fn is_good<'a>(payloads: impl IntoIterator<Item = &'a Payload>) -> bool {
    let payloads: Vec<&Payload> = payloads.into_iter().collect();
    payloads.len() > WORTH_SHOWING_WHOLE || whole(&payloads).is_some()
}

/// Merges rows that are about to be enqueued: gives those for one channel the key of one message,
/// as many as make a good one.
pub fn merge_new(rows: &mut [Row]) {
    // By channel, and by age within one; then neighbours are candidates.
    rows.sort_by_key(|row| (row.channel, row.id));
    let mut start = 0;
    while start < rows.len() {
        let lead = rows[start].clone();
        let candidates = rows[start..]
            .iter()
            .take(MOST_LISTED)
            .take_while(|row| fits_with(&lead, row) && row.claimed == lead.claimed)
            .count();
        let mut count = candidates.max(1);
        while count > 1 && !is_good(rows[start..start + count].iter().map(|row| &row.payload)) {
            count -= 1;
        }
        for row in &mut rows[start..start + count] {
            row.message_key = lead.message_key;
        }
        start += count;
    }
}

/// Whether `row` may stand in one message with `lead`.
pub fn fits_with(lead: &Row, row: &Row) -> bool {
    let topic = |row: &Row| row.payload.digest.as_ref().map(|digest| digest.topic);
    topic(lead).is_some()
        && topic(lead) == topic(row)
        && lead.channel == row.channel
        && lead.rung == row.rung
        && lead.guild == row.guild
        && lead.payload.message.silent == row.payload.message.silent
        && lead.payload.language == row.payload.language
}

/// The one message that shows all of `payloads`, of which there is at least one and at most
/// [`MOST_LISTED`].
/// `message_key` is its number.
pub fn compose<'a>(message_key: i64, payloads: impl IntoIterator<Item = &'a Payload>) -> Message {
    let payloads: Vec<&Payload> = payloads.into_iter().collect();
    match payloads.as_slice() {
        [] => Message::default(),
        [one] => one.message.clone(),
        many => Message {
            buttons: buttons(message_key, many),
            ..whole(many).unwrap_or_else(|| listed(many))
        },
    }
}

/// The button that stands for all of them: what each of them has by itself says nothing of the others.
fn buttons(message_key: i64, payloads: &[&Payload]) -> Vec<Button> {
    let has_some = |payload: &&&Payload| !payload.message.buttons.is_empty();
    let Some(first) = payloads.iter().find(has_some) else {
        return Vec::new();
    };
    let digest = first.digest.as_ref();
    match digest.and_then(|digest| digest.button.as_ref()) {
        Some(button) => vec![Button {
            custom_id: format!("{}{message_key}", button.custom_id),
            ..button.clone()
        }],
        // Those behind it are of the first post alone.
        None => first.message.buttons.first().cloned().into_iter().collect(),
    }
}

/// All of them one below the other, if Discord's sizes allow it.
fn whole(payloads: &[&Payload]) -> Option<Message> {
    let messages = || payloads.iter().map(|payload| &payload.message);
    let contents: Vec<&str> = messages().map(|message| message.content.as_str()).collect();
    let message = Message {
        content: contents.join("\n"),
        embeds: messages()
            .flat_map(|message| message.embeds.clone())
            .collect(),
        mentions: mentions(messages().flat_map(|message| message.mentions.iter().copied())),
        buttons: Vec::new(),
        // What has files is never merged.
        files: Vec::new(),
        silent: payloads[0].message.silent,
    };
    let embeds_length: usize = message.embeds.iter().map(Embed::length).sum();
    let fits = message.content.chars().count() <= CONTENT_LENGTH
        && message.embeds.len() <= MOST_EMBEDS
        && embeds_length <= EMBEDS_LENGTH
        && message.mentions.len() <= MOST_MENTIONS;
    fits.then_some(message)
}

/// A list: the mentions as the text, so that they ping, and the lines in boxes.
fn listed(payloads: &[&Payload]) -> Message {
    let language = payloads[0].language;
    let digests = payloads
        .iter()
        .filter_map(|payload| payload.digest.as_ref());
    let lines: Vec<String> = digests
        .clone()
        .map(|digest| shorten(&digest.line, LINE_LENGTH))
        .collect();
    let mentions = mentions(digests.filter_map(|digest| digest.mention));
    let pings: Vec<String> = mentions.iter().map(|user| format!("<@{user}>")).collect();
    let mut embeds: Vec<Embed> = boxes(&lines)
        .into_iter()
        .map(|description| Embed {
            description: Some(description),
            ..Embed::default()
        })
        .collect();
    let topic = payloads[0].digest.as_ref().map(|digest| digest.topic);
    let title = match topic.unwrap_or_default() {
        Topic::Results => "digest-title",
        Topic::Alerts => "digest-title-alerts",
        Topic::Reminders => "digest-title-reminders",
    };
    if let Some(first) = embeds.first_mut() {
        first.title = Some(text(language, title, &[("count", lines.len().into())]));
    }
    Message {
        content: pings.join(" "),
        embeds,
        mentions,
        buttons: Vec::new(),
        files: Vec::new(),
        silent: payloads[0].message.silent,
    }
}

/// Each user once, in the order of their first appearance.
fn mentions(users: impl Iterator<Item = crate::ids::UserId>) -> Vec<crate::ids::UserId> {
    let mut once = Vec::new();
    for user in users {
        if !once.contains(&user) {
            once.push(user);
        }
    }
    once
}

/// Lines joined into texts of at most [`DESCRIPTION_LENGTH`] characters.
fn boxes(lines: &[String]) -> Vec<String> {
    let mut boxes: Vec<String> = Vec::new();
    let mut length = 0;
    for line in lines {
        let line_length = line.chars().count();
        match boxes.last_mut() {
            Some(last) if length + 1 + line_length <= DESCRIPTION_LENGTH => {
                last.push('\n');
                last.push_str(line);
                length += 1 + line_length;
            }
            _ => {
                boxes.push(line.clone());
                length = line_length;
            }
        }
    }
    boxes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;
    use crate::ids::UserId;
    use crate::outbox::Digest;
    use proptest::prelude::*;

    fn payload(number: usize, content: &str) -> Payload {
        let user = UserId(10_000_000_000_000_000 + i64::try_from(number).unwrap());
        Payload {
            message: Message {
                content: content.to_owned(),
                mentions: vec![user],
                ..Message::default()
            },
            digest: Some(Digest {
                topic: Topic::Results,
                line: content.chars().take(LINE_LENGTH).collect(),
                mention: Some(user),
                button: None,
            }),
            ladder: Vec::new(),
            alerts: None,
            language: Language::English,
            edit_of: None,
            replaces: None,
            is_standby: false,
        }
    }

    #[test]
    fn a_few_are_shown_whole_and_many_are_listed() {
        let few: Vec<Payload> = (0..3).map(|n| payload(n, &"x".repeat(300))).collect();
        let message = compose(1, &few);
        assert_eq!(message.content.chars().count(), 902);
        assert!(message.embeds.is_empty());

        let many: Vec<Payload> = (0..40).map(|n| payload(n, &"x".repeat(300))).collect();
        let message = compose(1, &many);
        assert_eq!(message.mentions.len(), 40);
        assert!(!message.embeds.is_empty());
    }

    #[test]
    fn warnings_are_listed_as_what_they_are() {
        let mut warnings: Vec<Payload> = (0..40).map(|n| payload(n, &"x".repeat(300))).collect();
        for warning in &mut warnings {
            warning.digest.as_mut().unwrap().topic = Topic::Alerts;
        }
        let title = |payloads: &[Payload]| compose(1, payloads).embeds[0].title.clone();
        assert_eq!(title(&warnings).as_deref(), Some("40 warnings"));
    }

    proptest! {
        #[test]
        fn a_merged_message_is_never_too_long(
            contents in proptest::collection::vec("\\PC{0,400}", 2..MOST_LISTED)
        ) {
            let payloads: Vec<Payload> =
                contents.iter().enumerate().map(|(n, content)| payload(n, content)).collect();
            let message = compose(1, &payloads);
            prop_assert!(message.content.chars().count() <= CONTENT_LENGTH);
            prop_assert!(message.embeds.iter().map(Embed::length).sum::<usize>() <= EMBEDS_LENGTH);
            prop_assert!(message.embeds.len() <= MOST_EMBEDS);
            prop_assert_eq!(message.mentions.len(), payloads.len());
        }
    }
}
