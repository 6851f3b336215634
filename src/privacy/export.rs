//! What is stored of a member, told in full: as JSON, section by section.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::announce;
use crate::app::App;
use crate::campaign::{self, Campaign};
use crate::consent::{self, notices};
use crate::db::BoxFuture;
use crate::error::Result;
use crate::export::{Files, Place, Row, Source};
use crate::ids::{FileId, GuildId, UserId};
use crate::outbox::files;
use crate::timeattack::correction::{self, Correction};
use crate::timeattack::{self, TimeAttack, reminders};
use crate::zones;

/// Nothing was stored before 2015, when Discord's own time begins; a span of time is never so long.
const FIRST_INSTANT_MS: i64 = 1_420_070_400_000;
/// Rows read at once: a read of some milliseconds.
const ROWS_AT_ONCE: i64 = 500;
/// The lists of a file, in their order. Each file has them all, so that whoever puts the lists of several
/// files together has the whole.
const SECTIONS: [&str; 8] = [
    "consents",
    "consent_notices",
    "announcements",
    "campaigns",
    "time_attacks",
    "corrections",
    "files",
    "messages",
];

/// All that is stored of a member, in files of at most `most_bytes` each, of which there is always one;
/// times in UTC epoch milliseconds (`…_ms`), and beside each as people read it (`…_at`, ISO 8601).
pub async fn export(app: &App, guild: GuildId, user: UserId, most_bytes: usize) -> Result<Files> {
    let member = Member {
        app: app.clone(),
        guild,
        user,
        facts: facts(app, guild, user).await?,
    };
    Files::plan(member, most_bytes).await
}

/// What there is one of.
async fn facts(app: &App, guild: GuildId, user: UserId) -> Result<Vec<(&'static str, Value)>> {
    let member = consent::member(app, guild, user).await?;
    let status = consent::status(app, guild, user).await?;
    let timezone = member.as_ref().and_then(|member| member.timezone);
    let direct_messages = member.map(|member| {
        json!({
            "guild_name": member.guild_name,
            "language": member.language,
            "notice": member.notice,
            "ads": member.ads,
            "night": member.night,
            "closed_ms": status.closed_ms,
        })
    });
    let mut conn = app.db.read().await?;
    let past = consent::past_zones(&mut conn, guild, user).await?;
    drop(conn);
    let past = past.into_iter().map(|(until_ms, zone)| {
        let zone = zone.map(zones::name);
        dated(json!({ "until_ms": until_ms, "timezone": zone }))
    });
    let past: Vec<Value> = past.collect();
    let reminders_off_ms = reminders::off_since(app, guild, user).await?;
    let exported_ms = app.clock.now_ms();
    Ok(vec![
        ("guild_id", guild.to_string().into()),
        ("user_id", user.to_string().into()),
        ("exported_ms", exported_ms.into()),
        ("exported_at", iso(exported_ms).into()),
        ("timezone", timezone.map(zones::name).into()),
        ("past_timezones", past.into()),
        ("direct_messages", direct_messages.map(dated).into()),
        ("reminders_off_ms", reminders_off_ms.into()),
        ("reminders_off_at", reminders_off_ms.and_then(iso).into()),
    ])
}

struct Member {
    app: App,
    guild: GuildId,
    user: UserId,
    /// In every file.
    facts: Vec<(&'static str, Value)>,
}

impl Member {
    /// The next entries of a section behind an id, each with its own.
    async fn entries(&self, section: usize, after: i64) -> Result<Vec<(i64, Value)>> {
        let (app, guild, user) = (&self.app, self.guild, self.user);
        let page = (after, ROWS_AT_ONCE);
        match SECTIONS[section] {
            "consents" => values(consent::records(app, guild, user, page).await?),
            "consent_notices" => values(notices::all_of(app, guild, user, page).await?),
            "announcements" => values(announce::by(app, guild, user, page).await?),
            "campaigns" => {
                let campaigns = campaign::by(app, guild, user, page).await?;
                Ok(campaigns.iter().map(|one| (one.id.0, made(one))).collect())
            }
            "time_attacks" => {
                let attacks = timeattack::all_of(app, guild, user, page).await?;
                Ok(attacks.iter().map(|one| (one.id.0, attack(one))).collect())
            }
            "corrections" => {
                let corrections = correction::about(app, guild, user, page).await?;
                let entry = |one: &Correction| (one.id.0, corrected(one, user));
                Ok(corrections.iter().map(entry).collect())
            }
            "files" => {
                let mut conn = app.db.read().await?;
                let files = files::of_member(&mut conn, guild, user, page).await?;
                let entry = |(id, name, bytes): (FileId, String, i64)| {
                    (id.0, json!({ "name": name, "bytes": bytes }))
                };
                Ok(files.into_iter().map(entry).collect())
            }
            _ => values(app.outbox.about(guild, user, page).await?),
        }
    }
}

fn values(entries: Vec<(i64, impl Serialize)>) -> Result<Vec<(i64, Value)>> {
    let value = |(id, entry)| Ok((id, serde_json::to_value(entry)?));
    entries.into_iter().map(value).collect()
}

impl Source for Member {
    fn rows<'a>(&'a self, after: &'a Place) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(async move {
            let mut behind = after.id;
            for section in after.section..SECTIONS.len() {
                let entries = self.entries(section, behind).await?;
                if !entries.is_empty() {
                    let row = |(id, entry)| {
                        Ok(Row {
                            place: Place {
                                section,
                                id,
                                ..Place::default()
                            },
                            bytes: indented(&dated(entry), "    ")?,
                        })
                    };
                    return entries.into_iter().map(row).collect();
                }
                behind = 0;
            }
            Ok(Vec::new())
        })
    }

    fn begin(&self, file: &mut Vec<u8>) {
        file.extend(b"{\n");
        for (name, value) in &self.facts {
            // Numbers, texts and what has names for both: all can be written as JSON.
            let value = indented(value, "  ").unwrap_or_default();
            file.extend(format!("  \"{name}\": ").bytes());
            file.extend(value);
            file.extend(b",\n");
        }
    }

    fn add(&self, file: &mut Vec<u8>, last: Option<&Place>, row: &Row) {
        let is_first = last.is_none_or(|last| last.section != row.place.section);
        if is_first {
            begin_lists(file, last, row.place.section);
        } else {
            file.push(b',');
        }
        file.extend(b"\n    ");
        file.extend(&row.bytes);
    }

    fn end(&self, file: &mut Vec<u8>, last: Option<&Place>) {
        let is_open = last.is_some_and(|last| last.section + 1 == SECTIONS.len());
        if !is_open {
            begin_lists(file, last, SECTIONS.len() - 1);
            file.extend(b"]\n}\n");
        } else {
            file.extend(b"\n  ]\n}\n");
        }
    }

    fn is_never_empty(&self) -> bool {
        true
    }
}

/// Ends the list that `last` stands in, and begins that of `section`; those in between are empty.
fn begin_lists(file: &mut Vec<u8>, last: Option<&Place>, section: usize) {
    if last.is_some() {
        file.extend(b"\n  ],\n");
    }
    let from = last.map_or(0, |last| last.section + 1);
    for empty in &SECTIONS[from..section] {
        file.extend(format!("  \"{empty}\": [],\n").bytes());
    }
    file.extend(format!("  \"{}\": [", SECTIONS[section]).bytes());
}

/// As it is written below other lines; what is in texts has no line breaks in JSON.
fn indented(value: &Value, by: &str) -> Result<Vec<u8>> {
    let pretty = serde_json::to_string_pretty(value)?;
    Ok(pretty.replace('\n', &format!("\n{by}")).into_bytes())
}

/// What is stored of an instant, and beside it the instant as people read it: `started_at` beside
/// `started_ms`, at every depth.
fn dated(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(dated).collect(),
        Value::Object(fields) => {
            let mut with_dates = Map::new();
            for (name, value) in fields {
                let instant = name.strip_suffix("_ms").zip(value.as_i64());
                let date = instant.and_then(|(name, ms)| Some((name.to_owned(), iso(ms)?)));
                with_dates.insert(name, dated(value));
                if let Some((name, date)) = date {
                    // `at_ms` is an instant by its name already.
                    let name = if name == "at" { name } else { name + "_at" };
                    with_dates.entry(name).or_insert(date.into());
                }
            }
            Value::Object(with_dates)
        }
        other => other,
    }
}

/// `2026-11-21T09:00:00.000Z`; `None` for a number that is no instant but a span of time.
fn iso(ms: i64) -> Option<String> {
    let instant = chrono::DateTime::from_timestamp_millis(ms)?;
    let is_instant = ms >= FIRST_INSTANT_MS;
    is_instant.then(|| instant.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
}

fn attack(attack: &TimeAttack) -> Value {
    json!({
        "id": attack.id.to_string(),
        "channel_id": attack.channel.to_string(),
        "member_name": attack.member_name,
        "task": attack.task,
        "state": attack.state.as_str(),
        "started_ms": attack.started_ms,
        "deadline_ms": attack.deadline_ms,
        "finished_ms": attack.finished_ms,
        "extensions": attack.extensions,
        "undos": attack.undos,
        "proof_url": attack.proof_url,
        "language": attack.language,
    })
}

fn made(campaign: &Campaign) -> Value {
    json!({
        "id": campaign.id.to_string(),
        "name": campaign.name,
        "template": campaign.template,
        "segment": campaign.segment,
        "kind": campaign.kind.as_str(),
        "created_ms": campaign.created_ms,
    })
}

/// Who else took part in it is theirs to ask about.
fn corrected(correction: &Correction, user: UserId) -> Value {
    json!({
        "id": correction.id.to_string(),
        "attack_id": correction.attack.to_string(),
        "attack_is_yours": correction.user == user,
        "made_by_you": correction.by == Some(user),
        "from": correction.from.as_str(),
        "to": correction.to.as_str(),
        "reason": correction.reason,
        "at_ms": correction.at_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instant_is_told_as_people_read_it_and_no_span_of_time_is() {
        let told = dated(json!({
            "started_ms": 1_795_251_600_000_i64,
            "at_ms": 1_795_251_600_000_i64,
            "finished_ms": null,
            "limit_ms": 1_800_000,
            "in": [{ "closed_ms": 1_795_251_600_500_i64 }],
        }));
        let expected = json!({
            "started_ms": 1_795_251_600_000_i64,
            "started_at": "2026-11-21T09:00:00.000Z",
            "at_ms": 1_795_251_600_000_i64,
            "at": "2026-11-21T09:00:00.000Z",
            "finished_ms": null,
            "limit_ms": 1_800_000,
            "in": [{
                "closed_ms": 1_795_251_600_500_i64,
                "closed_at": "2026-11-21T09:00:00.500Z",
            }],
        });
        assert_eq!(told, expected);
        assert_eq!(iso(i64::MAX), None);
    }
}
