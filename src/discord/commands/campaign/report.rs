//! What became of a campaign, and another try for what failed.

use std::sync::Arc;

use chrono::DateTime;
use chrono_tz::Tz;
use poise::serenity_prelude as serenity;
use serenity::{ButtonStyle, CreateActionRow, CreateAttachment, CreateEmbed};

use super::button::Button;
use super::{progress, suggest_campaign};
use crate::app::App;
use crate::campaign::{self as campaigns, Failed, Report};
use crate::discord::answer::{Answer, Reply, listed};
use crate::discord::asker::Asker;
use crate::discord::commands::manager;
use crate::discord::files::{self, Owner, Permit, Sheets};
use crate::discord::framework::Context;
use crate::discord::respond::{self, Deferral};
use crate::duration_text::format_duration;
use crate::error::{CampaignError, Result, UserError};
use crate::guild;
use crate::i18n::{Arg, Language, text};
use crate::ids::OccurrenceId;
use crate::messenger::markdown::{escape, shorten};
use crate::outbox::mail::State;
use crate::picture::{self, Bar, Chart, Mark, Tile};
use crate::timeattack::text::timestamp;

/// Characters of a file's description (Discord's limit).
const DESCRIPTION_LENGTH: usize = 1_024;
/// Times below the picture's bars.
const MARKS: usize = 4;

/// What became of it
#[poise::command(slash_command)]
pub(super) async fn report(
    ctx: Context<'_>,
    #[autocomplete = "suggest_campaign"] name: String,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let most_bytes = files::most_bytes(ctx.interaction.attachment_size_limit);
        let permit = ctx.data().making.begin(Owner::Guild(asker.guild))?;
        made(&ctx.data().app, &asker, &name, (permit, most_bytes)).await
    };
    respond::command(ctx, Deferral::Private, answer).await
}

async fn made(
    app: &App,
    asker: &Asker,
    name: &str,
    (permit, most_bytes): (Arc<Permit>, usize),
) -> Result<Answer> {
    let report = campaigns::report(app, asker.guild, name).await?;
    let zone = guild::settings(app, asker.guild).await?.timezone;
    let facts = Facts::of(&report, app.clock.now_ms(), zone, asker.language);
    let said = facts.alt();
    let png = picture::drawn(facts.chart()).await?;
    let png = png.ok_or(UserError::Busy)?;
    let picture = CreateAttachment::bytes(png, "campaign.png")
        .description(shorten(&said, DESCRIPTION_LENGTH));
    let occurrence = report.status.occurrence.as_ref();
    let id = occurrence.ok_or(CampaignError::NotBegun)?.id;
    let rows = campaigns::files(app, asker.guild, id, most_bytes).await?;
    let sheets = vec![Sheets::csv("recipients", rows)];
    let embed = CreateEmbed::new()
        .title(escape(&report.status.campaign.name))
        .description(listed(facts.lines()));
    let named = text(asker.language, "campaign-report", &[]);
    let reply = Reply::new(named).embed(embed);
    files::answer(reply, Some(picture), sheets, permit, asker.language).await
}

/// A report in figures.
struct Facts<'a> {
    report: &'a Report,
    zone: Tz,
    language: Language,
    began_ms: i64,
    until_ms: i64,
    delivered: i64,
    failed: i64,
    unknown: i64,
    left_out: i64,
    waiting: i64,
}

impl<'a> Facts<'a> {
    fn of(report: &'a Report, now_ms: i64, zone: Tz, language: Language) -> Self {
        let status = &report.status;
        let progress = status.progress.as_ref();
        let occurrence = status.occurrence.as_ref();
        let began_ms = progress
            .and_then(|one| one.began_ms)
            .or(occurrence.and_then(|one| one.began_ms));
        Self {
            report,
            zone,
            language,
            began_ms: began_ms.unwrap_or(now_ms),
            until_ms: progress.and_then(|one| one.ended_ms).unwrap_or(now_ms),
            delivered: status.count(&[State::Completed]),
            failed: status.count(&[State::Discarded]),
            unknown: status.count(&[State::Unknown]),
            left_out: status.count(&[State::Cancelled]),
            waiting: status.count(&[State::Available, State::Running, State::Retryable]),
        }
    }

    fn say(&self, key: &str, args: &[(&str, Arg)]) -> String {
        text(self.language, key, args)
    }

    fn took(&self) -> String {
        // To the second: what is shorter is one.
        let ms = (self.until_ms - self.began_ms).max(1_000) / 1_000 * 1_000;
        format_duration(ms, self.language)
    }

    fn lines(&self) -> Vec<String> {
        let count = |key: &str, count: i64| self.say(key, &[("count", count.into())]);
        let mut lines = vec![self.say(
            "campaign-report-time",
            &[
                ("began", timestamp(self.began_ms, 'f').into()),
                ("took", self.took().into()),
            ],
        )];
        lines.push(count("campaign-audience", self.report.status.total()));
        for (key, number) in [
            ("campaign-sent", self.delivered),
            ("campaign-waiting", self.waiting),
            ("campaign-failed", self.failed),
            ("campaign-unknown", self.unknown),
            ("campaign-withheld", self.left_out),
        ] {
            if number > 0 {
                lines.push(count(key, number));
            }
        }
        if self.failed + self.unknown > 0 && !self.report.status.is_forgotten() {
            lines.push(self.say("campaign-report-retry", &[]));
        }
        lines
    }

    /// The same for those who cannot see the picture.
    fn alt(&self) -> String {
        self.say(
            "campaign-chart-alt",
            &[
                ("name", self.report.status.campaign.name.as_str().into()),
                ("delivered", self.delivered.into()),
                ("failed", self.failed.into()),
                ("unknown", self.unknown.into()),
                ("leftout", self.left_out.into()),
                ("waiting", self.waiting.into()),
                ("took", self.took().into()),
            ],
        )
    }

    fn chart(&self) -> Chart {
        let tile = |number: i64, key: &str| Tile {
            value: grouped(number),
            label: self.say(key, &[]),
            is_burning: false,
        };
        let step_ms = self.report.step_ms;
        let course = &self.report.course;
        // Stretches are counted from the first one, which begins at a round time.
        let first_ms = course.first().map_or(self.began_ms, |one| one.at_ms);
        let slot = |at_ms: i64| usize::try_from((at_ms - first_ms) / step_ms).unwrap_or(0);
        let bars: Vec<Bar> = course
            .iter()
            .map(|one| Bar {
                slot: slot(one.at_ms),
                arrived: one.completed,
                put_off: one.deferred,
                refused: one.failed,
            })
            .collect();
        let slots = bars.last().map_or(1, |bar| bar.slot + 1);
        let marks = (0..MARKS).map(|mark| mark * slots / MARKS);
        let name = |slot: usize| {
            let at_ms = first_ms + i64::try_from(slot).unwrap_or(0) * step_ms;
            self.clock(
                at_ms,
                if step_ms < 60_000 {
                    "%H:%M:%S"
                } else {
                    "%H:%M"
                },
            )
        };
        let last = if self.waiting > 0 {
            tile(self.waiting, "campaign-chart-waiting")
        } else {
            Tile {
                value: self.took(),
                label: self.say("campaign-chart-took", &[]),
                is_burning: false,
            }
        };
        let began = self.clock(self.began_ms, "%Y-%m-%d %H:%M");
        let unit = format_duration(step_ms, self.language);
        Chart {
            name: self.report.status.campaign.name.clone(),
            nameless: self.say("campaign-chart-nameless", &[]),
            subtitle: self.say("campaign-chart-subtitle", &[("began", began.into())]),
            tiles: vec![
                tile(self.delivered, "campaign-chart-delivered"),
                tile(self.failed, "campaign-chart-failed"),
                tile(self.unknown, "campaign-chart-unknown"),
                tile(self.left_out, "campaign-chart-left-out"),
                last,
            ],
            empty: bars
                .is_empty()
                .then(|| self.say("campaign-chart-empty", &[])),
            marks: marks
                .map(|slot| Mark {
                    slot,
                    name: name(slot),
                })
                .collect(),
            bars,
            slots,
            unit: self.say("campaign-chart-unit", &[("step", unit.into())]),
            legend: [
                self.say("campaign-chart-delivered", &[]),
                self.say("campaign-chart-deferred", &[]),
                // What may have arrived is drawn with what failed.
                self.say("campaign-chart-lost", &[]),
            ],
        }
    }

    fn clock(&self, at_ms: i64, format: &str) -> String {
        let utc = DateTime::from_timestamp_millis(at_ms).unwrap_or_default();
        utc.with_timezone(&self.zone).format(format).to_string()
    }
}

/// `12,345`
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Try again what failed
#[poise::command(slash_command, rename = "retry-failed")]
pub(super) async fn retry_failed(
    ctx: Context<'_>,
    #[autocomplete = "suggest_campaign"] name: String,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let failed = campaigns::failed(&ctx.data().app, asker.guild, &name).await?;
        Ok(Answer::Private(question(failed, &asker)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

fn question(failed: Failed, asker: &Asker) -> Reply {
    let language = asker.language;
    let Failed {
        id,
        failed,
        unknown,
    } = failed;
    let args = [("failed", failed.into()), ("unknown", unknown.into())];
    let mut lines = vec![text(language, "campaign-retry", &args)];
    let mut buttons = Vec::new();
    if failed > 0 {
        let button = Button::RetryFailed(id);
        buttons.push(button.labelled(asker, "button-retry-failed", ButtonStyle::Primary));
    }
    if unknown > 0 {
        lines.push(text(language, "campaign-retry-unknown", &[]));
        let button = Button::RetryAll(id);
        buttons.push(button.labelled(asker, "button-retry-all", ButtonStyle::Danger));
    }
    Reply::new(lines.join("\n")).row(CreateActionRow::Buttons(buttons))
}

/// What failed is tried again.
pub(super) async fn again(
    app: &App,
    asker: &Asker,
    id: OccurrenceId,
    unknown: bool,
) -> Result<Answer> {
    campaigns::retry(app, asker.guild, id, unknown).await?;
    let status = campaigns::status_of(app, asker.guild, id).await?;
    Ok(Answer::Update(progress::shown(app, &status, None, asker)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, said) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), said);
        }
    }
}
