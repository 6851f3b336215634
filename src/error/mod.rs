//! Three kinds of failure: a [`UserError`] is shown to the person who caused it, in their language;
//! a database that is away is logged with its chain once, and the person is asked to try again in a
//! moment; everything else is internal, logged likewise, and shown as a short apology with an id.
//! The turning into an answer happens in one place per front door (`discord::on_error`).

mod campaign;
mod mail_template;

pub use campaign::{AdFault, CampaignError, Expected, MailFault, SegmentFault};
pub use mail_template::{ImageFault, MailTemplateError, MarkupFault, Part, TagFault};

use crate::documents::Refusal;
use crate::duration_text::TimeTextError;
use crate::i18n::{Language, text};

/// What a person is told when something they asked for cannot be done: what is wrong, and what to
/// do instead. `Display` is for the log, so it quotes nothing that people wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// The task is empty after trimming, or longer than [`crate::guild::TASK_LENGTH`].
    #[error("the task is {length} characters long")]
    TaskLength {
        /// Characters given, after trimming.
        length: usize,
    },
    /// The time limit or clock time was not understood.
    #[error("the time text was not understood")]
    Time(TimeTextError),
    /// The same, with what it may mean.
    #[error("a time limit that may mean several things: {error:?}")]
    TimeAsked {
        /// Why it was refused.
        error: TimeTextError,
        /// Texts that are understood.
        readings: Vec<String>,
    },
    /// The time limit is under a second or over the guild's longest.
    #[error("the limit of {given_ms} ms is out of bounds")]
    LimitOutOfBounds {
        /// What was asked for.
        given_ms: i64,
        /// The guild's longest.
        longest_ms: i64,
    },
    /// The member runs as many time attacks as the guild allows.
    #[error("{running} are running already")]
    TooManyRunning {
        /// The guild's limit.
        running: i64,
    },
    /// As many run in the guild as may.
    #[error("{limit} are running in the guild already")]
    TooManyInGuild {
        /// [`crate::guild::MOST_RUNNING_IN_GUILD`].
        limit: i64,
    },
    /// No such time attack, or it is another guild's.
    #[error("no such time attack")]
    UnknownAttack,
    /// The member has none running.
    #[error("nothing is running")]
    NothingRunning,
    /// It belongs to somebody else.
    #[error("it belongs to another member")]
    NotYours,
    /// The question whose button was pressed was put to another member.
    #[error("another member was asked")]
    AskedSomebodyElse,
    /// It was completed, failed or given up before.
    #[error("it has ended")]
    AlreadyEnded,
    /// It was clicked after the deadline.
    #[error("the deadline had passed")]
    TooLate {
        /// The deadline that was missed.
        deadline_ms: i64,
    },
    /// It has no finish to take back.
    #[error("there is nothing to undo")]
    NothingToUndo,
    /// The finish was too long ago.
    #[error("it was completed or given up too long ago to undo")]
    UndoTooLate {
        /// For so long it could be.
        seconds: i64,
    },
    /// Its finish was taken back as often as may be.
    #[error("it was undone {most} times already")]
    UndoneTooOften {
        /// So often.
        most: i64,
    },
    /// An admin has said how it ended.
    #[error("an admin has corrected it")]
    WasCorrected,
    /// The button of a time attack that is not kept any more.
    #[error("that time attack is not kept any more")]
    NotKept,
    /// A length of time that is none.
    #[error("{0:?}")]
    Duration(TimeTextError),
    /// More reminders than may be.
    #[error("more than {most} reminders")]
    TooManyReminders {
        /// So many may be.
        most: usize,
    },
    /// A reminder that can come for no time attack.
    #[error("a reminder must come within {earliest_ms} ms of the deadline")]
    ReminderOutOfBounds {
        /// The earliest before a deadline.
        earliest_ms: i64,
    },
    /// No share of a time.
    #[error("{given} isn't a percentage")]
    Share {
        /// As it was typed.
        given: String,
    },
    /// Reminders and none of them at once.
    #[error("reminders were given and switched off at once")]
    RemindersIncomplete,
    /// An import is being taken in: until it is whole, nothing else changes the list.
    #[error("an import is under way")]
    ImportUnderWay,
    /// A campaign reads the list as it was before the last import: the next one has to wait.
    #[error("a campaign is being frozen")]
    CampaignBegins,
    /// A file of this server's is being made, and sent.
    #[error("a file of this server's is under way")]
    FileUnderWay,
    /// As many files are being made as may be at once.
    #[error("other files are under way")]
    FilesUnderWay,
    /// The program ends, and goes on with it at its next start.
    #[error("it goes on later")]
    GoesOnLater,
    /// An announcement of theirs is being sent.
    #[error("an announcement of theirs is under way")]
    AnnouncementUnderWay,
    /// A line of a file that no table has.
    #[error("line {line} of the file has too many columns")]
    SheetLine {
        /// Which, from 1.
        line: usize,
    },
    /// A document was not read to its end.
    #[error(transparent)]
    Document(#[from] Refusal),
    /// No address that mail can be sent to.
    #[error("{given} isn't a valid email address")]
    EmailAddress {
        /// As it was typed.
        given: String,
    },
    /// A name that is too long, or has more than one line.
    #[error("that cannot be a name")]
    SubscriberName {
        /// Characters that a name may have.
        most: usize,
    },
    /// No `name=value`, or a name that cannot be one.
    #[error("{given} isn't an attribute")]
    Attribute {
        /// As it was typed.
        given: String,
    },
    /// More attributes than may be.
    #[error("more than {most} attributes")]
    TooManyAttributes {
        /// So many may be.
        most: usize,
    },
    /// The source of a consent without its words, or the other way round.
    #[error("half a consent")]
    ConsentIncomplete,
    /// Something about a template of mails.
    #[error(transparent)]
    MailTemplate(#[from] MailTemplateError),
    /// Something about a campaign.
    #[error(transparent)]
    Campaign(#[from] CampaignError),
    /// As many subscribers as a guild may have.
    #[error("more than {most} subscribers")]
    TooManySubscribers {
        /// So many may be.
        most: i64,
    },
    /// Nobody with that address.
    #[error("no such subscriber")]
    UnknownSubscriber,
    /// There are no subscribers.
    #[error("there are no subscribers")]
    NoSubscribers,
    /// The file is too large.
    #[error("more than {most_mib} MiB")]
    SheetTooLarge {
        /// Mebibytes that it may have.
        most_mib: usize,
    },
    /// The file has too many rows.
    #[error("more than {most} rows")]
    SheetTooLong {
        /// Rows that it may have.
        most: usize,
    },
    /// The file is neither UTF-8 nor CP949.
    #[error("neither UTF-8 nor CP949")]
    SheetEncoding,
    /// There is nothing in the file.
    #[error("an empty file")]
    SheetEmpty,
    /// No column of the file is the address.
    #[error("no column is the address")]
    SheetWithoutEmail,
    /// A column of the file cannot be an attribute.
    #[error("{given} cannot be a column")]
    SheetColumn {
        /// Its header.
        given: String,
    },
    /// Two columns of the file are the same.
    #[error("{given} appears twice")]
    SheetColumnTwice {
        /// Its header.
        given: String,
    },
    /// Discord did not give the file.
    #[error("the file could not be fetched")]
    FileUnreadable,
    /// There is no such command.
    #[error("there is no command {given}")]
    UnknownCommand {
        /// As it was typed.
        given: String,
    },
    /// As many extensions as the guild allows were used.
    #[error("no extension is left of {limit}")]
    NoExtensionLeft {
        /// The guild's limit.
        limit: i64,
    },
    /// The bot is shutting down or the database is away; nothing was changed.
    #[error("busy")]
    Busy,
    /// Used outside a server.
    #[error("only in a server")]
    OnlyInServers,
    /// Needs the Manage Server permission.
    #[error("needs Manage Server")]
    NeedsManageServer,
    /// They may not write in the channel where they ask for a post.
    #[error("they may not write in that channel")]
    MayNotWriteHere,
    /// An unknown time zone.
    #[error("unknown time zone")]
    UnknownZone {
        /// What was given.
        given: String,
    },
    /// Not a time of day as `HH:MM`.
    #[error("not a time of day")]
    TimeOfDay {
        /// What was given.
        given: String,
    },
    /// `/setup quiet-hours` without both times or `off`.
    #[error("quiet hours need start and end, or off")]
    QuietHoursIncomplete,
    /// A number of `/setup limits` outside its bounds.
    #[error("out of bounds")]
    NumberOutOfBounds {
        /// The smallest allowed.
        lowest: i64,
        /// The largest allowed.
        highest: i64,
    },
    /// `/setup limits` with a longest duration outside its bounds.
    #[error("the longest limit is out of bounds")]
    LongestOutOfBounds {
        /// The largest allowed.
        highest_ms: i64,
    },
    /// A channel of another server, or one that the bot cannot see.
    #[error("no such channel in this server")]
    ChannelNotHere {
        /// What was given.
        channel: crate::ids::ChannelId,
    },
    /// A channel into which nothing can be posted by itself: a forum, a category.
    #[error("nothing can be posted into this channel")]
    ChannelTakesNoPosts {
        /// What was given.
        channel: crate::ids::ChannelId,
    },
    /// A channel that is both chosen and cleared.
    #[error("the channel is chosen and cleared at once")]
    SetAndCleared,
    /// A setting command without any option.
    #[error("nothing to change")]
    NothingToChange,
    /// A message template that cannot be used.
    #[error("the template is broken at {at}")]
    Template {
        /// Where the fault is, in characters from 1.
        at: usize,
        /// What is wrong there.
        fault: TemplateFault,
    },
    /// A button or form whose time is over.
    #[error("this form is too old")]
    Outdated,
    /// An announcement without text, or with too much.
    #[error("the body is {length} characters long")]
    BodyLength {
        /// Characters given.
        length: usize,
        /// The most that it may have.
        most: usize,
    },
    /// The mark of advertising was typed: it is the bot's to write.
    #[error("the body begins with the mark of advertising")]
    AdMark,
    /// Discord did not say who has a role.
    #[error("the members of a role are not known")]
    RolesUnreadable,
    /// More members allow direct messages than can be asked about a role.
    #[error("too many members to ask about a role")]
    TooManyForRole {
        /// As many as can be.
        most: usize,
    },
    /// No message of this id waits or was given up here.
    #[error("no such message")]
    UnknownMessage,
    /// What has not ended has no verdict to correct.
    #[error("it is still running")]
    StillRunning,
    /// A correction to what the verdict is already.
    #[error("the verdict is {verdict:?} already")]
    SameVerdict {
        /// What it is, and was to be.
        verdict: Verdict,
    },
    /// A correction without a reason, or with too long a one.
    #[error("the reason is {length} characters long")]
    ReasonLength {
        /// Characters given, after trimming.
        length: usize,
        /// The most that it may have.
        most: usize,
    },
}

/// How a time attack can have ended, as people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// In time.
    Completed,
    /// Not in time.
    Failed,
    /// As neither.
    Cancelled,
}

impl Verdict {
    /// The word for it: `completed`, `완료`.
    pub fn text(self, language: Language) -> String {
        match self {
            Self::Completed => text(language, "verdict-completed", &[]),
            Self::Failed => text(language, "verdict-failed", &[]),
            Self::Cancelled => text(language, "verdict-cancelled", &[]),
        }
    }
}

/// What can be wrong with a message template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateFault {
    /// A `{` without its `}`.
    Unclosed,
    /// A `}` without its `{`.
    Unopened,
    /// A field that does not exist.
    UnknownField(String),
    /// Longer than a template may be.
    TooLong(usize),
    /// Nothing but space.
    Empty,
}

impl UserError {
    /// Why a time that somebody typed was refused, with what it may mean: in their language, by the clock
    /// that it was read by.
    pub fn of_time(
        typed: &str,
        error: TimeTextError,
        now_ms: i64,
        zone: chrono_tz::Tz,
        language: Language,
    ) -> Self {
        let readings = crate::duration_text::readings(typed, &error, now_ms, zone, language);
        if readings.is_empty() {
            return Self::Time(error);
        }
        let readings = readings.into_iter().map(|one| one.text).collect();
        Self::TimeAsked { error, readings }
    }

    /// The text shown to the person.
    pub fn text(&self, language: Language) -> String {
        let say = |key: &str, args: &[(&str, crate::i18n::Arg)]| text(language, key, args);
        let duration = |ms: i64| crate::duration_text::format_duration(ms, language).into();
        match self {
            Self::TaskLength { length } => {
                say("error-task-length", &[("length", (*length).into())])
            }
            Self::Time(error) => time_text(error, language),
            Self::TimeAsked { error, readings } => {
                format!(
                    "{}\n{}",
                    time_text(error, language),
                    asked(readings, language)
                )
            }
            Self::LimitOutOfBounds { longest_ms, .. } => {
                say("error-limit", &[("longest", duration(*longest_ms))])
            }
            Self::TooManyRunning { running } => {
                say("error-too-many", &[("running", (*running).into())])
            }
            Self::TooManyInGuild { limit } => {
                say("error-too-many-in-guild", &[("limit", (*limit).into())])
            }
            Self::UnknownAttack => say("error-unknown-attack", &[]),
            Self::NothingRunning => say("error-nothing-running", &[]),
            Self::NotYours => say("error-not-yours", &[]),
            Self::AskedSomebodyElse => say("error-asked-somebody-else", &[]),
            Self::AlreadyEnded => say("error-already-ended", &[]),
            Self::TooLate { deadline_ms } => say(
                "error-too-late",
                &[("deadline", (deadline_ms / 1000).to_string().into())],
            ),
            Self::NothingToUndo => say("error-nothing-to-undo", &[]),
            Self::UndoTooLate { seconds } => {
                say("error-undo-too-late", &[("seconds", (*seconds).into())])
            }
            Self::WasCorrected => say("error-was-corrected", &[]),
            Self::NotKept => say("error-not-kept", &[]),
            Self::Duration(error) => duration_text(error, language),
            Self::UndoneTooOften { most } => {
                say("error-undone-too-often", &[("most", (*most).into())])
            }
            Self::TooManyReminders { most } => {
                say("error-too-many-reminders", &[("most", (*most).into())])
            }
            Self::ReminderOutOfBounds { earliest_ms } => say(
                "error-reminder-out-of-bounds",
                &[("earliest", duration(*earliest_ms))],
            ),
            Self::Share { given } => say("error-share", &[("given", shown(given).into())]),
            Self::RemindersIncomplete => say("error-reminders-incomplete", &[]),
            Self::ImportUnderWay => say("error-import-under-way", &[]),
            Self::CampaignBegins => say("error-campaign-begins", &[]),
            Self::FileUnderWay => say("error-file-under-way", &[]),
            Self::FilesUnderWay => say("error-files-under-way", &[]),
            Self::GoesOnLater => say("error-goes-on-later", &[]),
            Self::AnnouncementUnderWay => say("error-announcement-under-way", &[]),
            Self::SheetLine { line } => say("error-sheet-line", &[("line", (*line).into())]),
            Self::Document(Refusal::Busy) => say("error-document-busy", &[]),
            Self::Document(Refusal::TooSlow { seconds }) => {
                say("error-document-slow", &[("seconds", (*seconds).into())])
            }
            Self::Document(Refusal::Stopping) => say("error-document-stopping", &[]),
            Self::Document(Refusal::Defect) => say("error-document-defect", &[]),
            Self::EmailAddress { given } => {
                say("error-email-address", &[("given", shown(given).into())])
            }
            Self::SubscriberName { most } => {
                say("error-subscriber-name", &[("most", (*most).into())])
            }
            Self::Attribute { given } => say("error-attribute", &[("given", shown(given).into())]),
            Self::TooManyAttributes { most } => {
                say("error-too-many-attributes", &[("most", (*most).into())])
            }
            Self::ConsentIncomplete => say("error-consent-incomplete", &[]),
            Self::MailTemplate(error) => error.text(language),
            Self::Campaign(error) => error.text(language),
            Self::TooManySubscribers { most } => {
                say("error-too-many-subscribers", &[("most", (*most).into())])
            }
            Self::UnknownSubscriber => say("error-unknown-subscriber", &[]),
            Self::NoSubscribers => say("error-no-subscribers", &[]),
            Self::SheetTooLarge { most_mib } => {
                say("error-sheet-too-large", &[("most", (*most_mib).into())])
            }
            Self::SheetTooLong { most } => say("error-sheet-too-long", &[("most", (*most).into())]),
            Self::SheetEncoding => say("error-sheet-encoding", &[]),
            Self::SheetEmpty => say("error-sheet-empty", &[]),
            Self::SheetWithoutEmail => say("error-sheet-without-email", &[]),
            Self::SheetColumn { given } => {
                say("error-sheet-column", &[("given", shown(given).into())])
            }
            Self::SheetColumnTwice { given } => say(
                "error-sheet-column-twice",
                &[("given", shown(given).into())],
            ),
            Self::FileUnreadable => say("error-file-unreadable", &[]),
            Self::UnknownCommand { given } => {
                say("error-unknown-command", &[("given", shown(given).into())])
            }
            Self::NoExtensionLeft { limit } => {
                say("error-no-extension", &[("limit", (*limit).into())])
            }
            Self::Busy => say("error-busy", &[]),
            Self::OnlyInServers => say("error-only-in-servers", &[]),
            Self::NeedsManageServer => say("error-needs-manage-server", &[]),
            Self::MayNotWriteHere => say("error-may-not-write-here", &[]),
            Self::UnknownZone { given } => {
                say("error-unknown-zone", &[("given", shown(given).into())])
            }
            Self::TimeOfDay { given } => {
                say("error-time-of-day", &[("given", shown(given).into())])
            }
            Self::QuietHoursIncomplete => say("error-quiet-hours-incomplete", &[]),
            Self::NumberOutOfBounds { lowest, highest } => say(
                "error-number",
                &[("lowest", (*lowest).into()), ("highest", (*highest).into())],
            ),
            Self::LongestOutOfBounds { highest_ms } => {
                say("error-longest", &[("highest", duration(*highest_ms))])
            }
            Self::ChannelNotHere { channel } => {
                say("error-channel-not-here", &[("channel", (*channel).into())])
            }
            Self::ChannelTakesNoPosts { channel } => say(
                "error-channel-takes-no-posts",
                &[("channel", (*channel).into())],
            ),
            Self::SetAndCleared => say("error-set-and-cleared", &[]),
            Self::NothingToChange => say("error-nothing-to-change", &[]),
            Self::Template { at, fault } => template_fault(*at, fault, language),
            Self::Outdated => say("error-outdated", &[]),
            Self::BodyLength { length, most } => say(
                "error-body-length",
                &[("length", (*length).into()), ("most", (*most).into())],
            ),
            Self::AdMark => say("error-ad-mark", &[]),
            Self::RolesUnreadable => say("error-roles", &[]),
            Self::TooManyForRole { most } => {
                say("error-too-many-for-role", &[("most", (*most).into())])
            }
            Self::UnknownMessage => say("error-unknown-message", &[]),
            Self::StillRunning => say("error-still-running", &[]),
            Self::SameVerdict { verdict } => say(
                "error-same-verdict",
                &[("verdict", verdict.text(language).into())],
            ),
            Self::ReasonLength { length, most } => say(
                "error-reason-length",
                &[("length", (*length).into()), ("most", (*most).into())],
            ),
        }
    }
}

/// What a person typed, shortened and made harmless for being shown back to them.
fn shown(given: &str) -> String {
    crate::messenger::markdown::escape(&given.chars().take(60).collect::<String>())
}

/// The question which of several texts was meant.
fn asked(readings: &[String], language: Language) -> String {
    let code = |one: &String| format!("`{}`", crate::messenger::markdown::code_line(one));
    let readings: Vec<String> = readings.iter().map(code).collect();
    let readings = [("readings", readings.join(" · ").into())];
    text(language, "error-time-readings", &readings)
}

/// As [`time_text`], where an instant would not do.
fn duration_text(error: &TimeTextError, language: Language) -> String {
    match error {
        TimeTextError::Unknown { rest, .. } if !rest.trim().is_empty() => {
            let args = [("rest", shown(rest).into())];
            text(language, "error-duration-unknown", &args)
        }
        TimeTextError::Unknown { .. } | TimeTextError::Empty => {
            text(language, "error-duration-unfinished", &[])
        }
        TimeTextError::Several { readings, .. } => {
            format!(
                "{}\n{}",
                time_text(error, language),
                asked(readings, language)
            )
        }
        other => time_text(other, language),
    }
}

fn time_text(error: &TimeTextError, language: Language) -> String {
    let say = |key: &str, args: &[(&str, crate::i18n::Arg)]| text(language, key, args);
    match error {
        TimeTextError::Empty => say("error-time-empty", &[]),
        TimeTextError::TooLong => say("error-time-too-long", &[]),
        TimeTextError::BareNumber { number } => say(
            "error-time-bare-number",
            &[("number", shown(number).into())],
        ),
        TimeTextError::AmbiguousHour { hour } => say(
            "error-time-ambiguous-hour",
            &[("hour", i64::from(*hour).into())],
        ),
        TimeTextError::AmbiguousDay { text } => {
            say("error-time-ambiguous-day", &[("given", shown(text).into())])
        }
        TimeTextError::LengthOrClock { text } => say(
            "error-time-length-or-clock",
            &[("given", shown(text).into())],
        ),
        TimeTextError::BeforeOrTo { text } => {
            say("error-time-before-or-to", &[("given", shown(text).into())])
        }
        TimeTextError::Several { text, .. } => {
            say("error-time-several", &[("given", shown(text).into())])
        }
        TimeTextError::AmbiguousZone { text, offsets } => {
            let offsets = offsets
                .iter()
                .map(|minutes| crate::zones::offset_name(*minutes));
            let offsets: Vec<String> = offsets.collect();
            say(
                "error-time-ambiguous-zone",
                &[
                    ("given", shown(text).into()),
                    ("offsets", offsets.join(", ").into()),
                ],
            )
        }
        TimeTextError::Past { at_ms } => say(
            "error-time-past",
            &[("at", (at_ms / 1000).to_string().into())],
        ),
        TimeTextError::NotPositive => say("error-time-not-positive", &[]),
        TimeTextError::TooFar => say("error-time-too-far", &[]),
        TimeTextError::NotALocalTime { text } => {
            say("error-time-not-local", &[("given", shown(text).into())])
        }
        TimeTextError::Unknown { rest, .. } if rest.trim().is_empty() => {
            say("error-time-unfinished", &[])
        }
        TimeTextError::Unknown { rest, .. } => {
            say("error-time-unknown", &[("rest", shown(rest).into())])
        }
    }
}

fn template_fault(at: usize, fault: &TemplateFault, language: Language) -> String {
    let at = ("at", at.into());
    match fault {
        TemplateFault::Unclosed => text(language, "error-template-unclosed", &[at]),
        TemplateFault::Unopened => text(language, "error-template-unopened", &[at]),
        TemplateFault::UnknownField(field) => text(
            language,
            "error-template-field",
            &[at, ("field", shown(field).into())],
        ),
        TemplateFault::TooLong(most) => {
            text(language, "error-template-long", &[("most", (*most).into())])
        }
        TemplateFault::Empty => text(language, "error-template-empty", &[]),
    }
}

/// What the program's own functions fail with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The person asked for something that cannot be done; the text says what to do instead.
    #[error(transparent)]
    User(#[from] UserError),
    /// The database cannot be reached, or cannot store anything (a full disk); what was asked of it
    /// was not done. The person is told [`UserError::Busy`].
    #[error(transparent)]
    Away(anyhow::Error),
    /// Something of ours, or around us, is broken.
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(anyhow::Error::new(error).context("stored JSON"))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::User(refusal.into())
    }
}

impl From<MailTemplateError> for Error {
    fn from(error: MailTemplateError) -> Self {
        Self::User(error.into())
    }
}

impl From<CampaignError> for Error {
    fn from(error: CampaignError) -> Self {
        Self::User(error.into())
    }
}

/// The result of the program's own functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;
