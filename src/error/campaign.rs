//! What can be wrong with a campaign.

use serde::{Deserialize, Serialize};

use super::shown;
use crate::i18n::{Language, text};

/// A fault of a campaign, as its admin is told it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum CampaignError {
    /// There is none of this name.
    #[error("no such campaign")]
    Unknown,
    /// A name that is empty, too long, or has more than one line.
    #[error("that cannot be the name of a campaign")]
    Name {
        /// Characters that it may have.
        most: usize,
    },
    /// One of this name has been sent, or is about to be.
    #[error("a campaign of this name has begun")]
    NameTaken,
    /// As many as a guild may have.
    #[error("more than {most} campaigns")]
    TooMany {
        /// So many may be.
        most: i64,
    },
    /// The expression that says who gets it.
    #[error("the segment is wrong: {0:?}")]
    Segment(SegmentFault),
    /// The host does not let this guild send mail.
    #[error("this guild may not send email")]
    NotAllowed,
    /// Nobody would get it.
    #[error("nobody would get it")]
    NobodyLeft {
        /// Left out by the segment.
        segment: i64,
        /// Left out as they must not be written to.
        suppressed: i64,
        /// Left out as they agreed to no advertising.
        no_consent: i64,
    },
    /// One recipient's mail cannot be made.
    #[error("an email cannot be built")]
    Recipient {
        /// Whose.
        address: String,
        /// Why.
        fault: MailFault,
    },
    /// Its mails take too long to be merged.
    #[error("the emails take too long to merge")]
    TooSlow,
    /// It has begun, or has ended: it is sent once.
    #[error("it has begun already")]
    Begun,
    /// It is not being sent.
    #[error("it is not being sent")]
    NotSending,
    /// It is neither paused nor stopped.
    #[error("it is not paused")]
    NotPaused,
    /// Nothing of it waits any more.
    #[error("there is nothing to cancel")]
    NothingToCancel,
    /// Nothing of it was sent yet.
    #[error("it has not begun")]
    NotBegun,
    /// An admin cancelled it.
    #[error("it was cancelled")]
    Cancelled,
    /// Nothing of it failed.
    #[error("nothing failed")]
    NothingFailed,
    /// What its mails were made of was removed.
    #[error("it ended more than {days} days ago")]
    Forgotten {
        /// So many days after its end.
        days: i64,
    },
    /// A test to an address that nothing is sent to.
    #[error("nothing is sent to that address")]
    TestSuppressed {
        /// Which.
        address: String,
    },
    /// More tests than may be.
    #[error("more than {most} tests in an hour")]
    TooManyTests {
        /// So many may be.
        most: i64,
    },
}

/// Why a mail cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MailFault {
    /// The template has a field that this recipient has not.
    Field(String),
    /// The template cannot be merged, for another reason.
    Merge(String),
    /// The mail cannot be written.
    Mail(String),
    /// It is advertising, and not what the law wants of it.
    Ad(AdFault),
}

/// What is missing of what the law wants in advertising (정보통신망법 제50조 ④).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdFault {
    /// The subject has no `(광고)`.
    MarkMissing,
    /// It has other brackets.
    MarkBrackets,
    /// Something stands between its letters.
    MarkBroken,
    /// A space stands before it.
    MarkSpace,
    /// Something else stands before it.
    MarkLate,
    /// It stands there twice.
    MarkTwice,
    /// The sender's name is missing.
    Name,
    /// A mail address or a phone number is missing.
    Contact,
    /// The link to refuse is missing.
    Link,
    /// The word 수신거부 is missing.
    Korean,
    /// The word unsubscribe is missing.
    English,
}

/// What is wrong with a segment's expression. Positions are characters from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SegmentFault {
    /// It is too long.
    TooLong {
        /// Characters that it may have.
        most: usize,
    },
    /// Too much stands inside one another.
    TooDeep {
        /// Levels that it may have.
        most: usize,
    },
    /// Something else should be there.
    Expected {
        /// Where.
        at: usize,
        /// What should be there.
        expected: Expected,
        /// What is there; empty at the end.
        found: String,
    },
    /// A quotation that does not end.
    Unclosed {
        /// Where it begins.
        at: usize,
    },
    /// No number, or no date.
    Value {
        /// Where.
        at: usize,
        /// What is there.
        found: String,
    },
    /// No subscriber has this attribute.
    UnknownField {
        /// Which.
        name: String,
        /// The nearest that there is.
        nearest: Option<String>,
    },
}

/// What an expression could go on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expected {
    /// The name of an attribute.
    Field,
    /// A comparison.
    Comparison,
    /// A value.
    Value,
    /// `(`.
    Open,
    /// `)`.
    Close,
    /// `,` or `)`.
    CommaOrClose,
    /// `empty` or `not empty`.
    Empty,
    /// `and`, `or`, or the end.
    End,
}

impl CampaignError {
    /// The text shown to the person.
    pub fn text(&self, language: Language) -> String {
        let say = |key: &str, args: &[(&str, crate::i18n::Arg)]| text(language, key, args);
        match self {
            Self::Unknown => say("error-campaign-unknown", &[]),
            Self::Name { most } => say("error-campaign-name", &[("most", (*most).into())]),
            Self::NameTaken => say("error-campaign-name-taken", &[]),
            Self::TooMany { most } => say("error-campaign-too-many", &[("most", (*most).into())]),
            Self::Segment(fault) => fault.text(language),
            Self::NotAllowed => say("error-campaign-not-allowed", &[]),
            Self::NobodyLeft {
                segment,
                suppressed,
                no_consent,
            } => say(
                "error-campaign-nobody",
                &[
                    ("segment", (*segment).into()),
                    ("suppressed", (*suppressed).into()),
                    ("noconsent", (*no_consent).into()),
                ],
            ),
            Self::Recipient { address, fault } => {
                let what = fault.text(language);
                let args = [("address", shown(address).into()), ("what", what.into())];
                say("error-campaign-recipient", &args)
            }
            Self::TooSlow => say("error-campaign-slow", &[]),
            Self::Begun => say("error-campaign-begun", &[]),
            Self::NotSending => say("error-campaign-not-sending", &[]),
            Self::NotPaused => say("error-campaign-not-paused", &[]),
            Self::NothingToCancel => say("error-campaign-nothing-to-cancel", &[]),
            Self::NotBegun => say("error-campaign-not-begun", &[]),
            Self::Cancelled => say("error-campaign-cancelled", &[]),
            Self::NothingFailed => say("error-campaign-nothing-failed", &[]),
            Self::Forgotten { days } => {
                say("error-campaign-forgotten", &[("days", (*days).into())])
            }
            Self::TestSuppressed { address } => {
                let address = shown(address).into();
                say("error-campaign-test-suppressed", &[("address", address)])
            }
            Self::TooManyTests { most } => {
                say("error-campaign-too-many-tests", &[("most", (*most).into())])
            }
        }
    }
}

impl MailFault {
    /// The text shown to the person.
    pub fn text(&self, language: Language) -> String {
        match self {
            Self::Field(field) => {
                let args = [("field", shown(field).into())];
                text(language, "fault-mail-field", &args)
            }
            Self::Merge(why) | Self::Mail(why) => {
                text(language, "fault-mail-other", &[("why", shown(why).into())])
            }
            Self::Ad(fault) => fault.text(language),
        }
    }
}

impl AdFault {
    /// The text shown to the person, with what to do.
    pub fn text(self, language: Language) -> String {
        let key = match self {
            Self::MarkMissing => "fault-ad-mark-missing",
            Self::MarkBrackets => "fault-ad-mark-brackets",
            Self::MarkBroken => "fault-ad-mark-broken",
            Self::MarkSpace => "fault-ad-mark-space",
            Self::MarkLate => "fault-ad-mark-late",
            Self::MarkTwice => "fault-ad-mark-twice",
            Self::Name => "fault-ad-name",
            Self::Contact => "fault-ad-contact",
            Self::Link => "fault-ad-link",
            Self::Korean => "fault-ad-korean",
            Self::English => "fault-ad-english",
        };
        let said = text(language, key, &[]);
        if self.is_of_the_body() {
            let paste = text(language, "fault-ad-paste", &[]);
            return format!("{said}\n{paste}");
        }
        said
    }

    fn is_of_the_body(self) -> bool {
        matches!(
            self,
            Self::Name | Self::Contact | Self::Link | Self::Korean | Self::English
        )
    }
}

impl SegmentFault {
    /// The text shown to the person.
    pub fn text(&self, language: Language) -> String {
        let say = |key: &str, args: &[(&str, crate::i18n::Arg)]| text(language, key, args);
        match self {
            Self::TooLong { most } => say("fault-segment-long", &[("most", (*most).into())]),
            Self::TooDeep { most } => say("fault-segment-deep", &[("most", (*most).into())]),
            Self::Expected {
                at,
                expected,
                found,
            } => {
                let expected = text(language, expected.key(), &[]);
                let at = ("at", (*at).into());
                if found.is_empty() {
                    return say("fault-segment-end", &[at, ("expected", expected.into())]);
                }
                let found = ("found", shown(found).into());
                say(
                    "fault-segment-expected",
                    &[at, ("expected", expected.into()), found],
                )
            }
            Self::Unclosed { at } => say("fault-segment-unclosed", &[("at", (*at).into())]),
            Self::Value { at, found } => say(
                "fault-segment-value",
                &[("at", (*at).into()), ("found", shown(found).into())],
            ),
            Self::UnknownField {
                name,
                nearest: Some(nearest),
            } => say(
                "fault-segment-field-nearest",
                &[
                    ("name", shown(name).into()),
                    ("nearest", shown(nearest).into()),
                ],
            ),
            Self::UnknownField {
                name,
                nearest: None,
            } => say("fault-segment-field", &[("name", shown(name).into())]),
        }
    }
}

impl Expected {
    fn key(self) -> &'static str {
        match self {
            Self::Field => "segment-expected-field",
            Self::Comparison => "segment-expected-comparison",
            Self::Value => "segment-expected-value",
            Self::Open => "segment-expected-open",
            Self::Close => "segment-expected-close",
            Self::CommaOrClose => "segment-expected-comma",
            Self::Empty => "segment-expected-empty",
            Self::End => "segment-expected-end",
        }
    }
}
