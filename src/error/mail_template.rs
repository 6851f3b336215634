//! What can be wrong with a template of mails, or with mail as such.

use crate::i18n::{Arg, Language, text};

/// A fault of a template, as its author is told it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailTemplateError {
    /// There is none of this name.
    #[error("no such template")]
    Unknown,
    /// The host has not said whose mails they are (`MAIL_FROM`).
    #[error("MAIL_FROM is not set")]
    NoSender,
    /// The name is empty, too long, or has control characters in it.
    #[error("the name of the template cannot be one")]
    Name {
        /// Characters that it may have.
        most: usize,
    },
    /// A campaign that is not over is made of it.
    #[error("a campaign uses the template")]
    InUse {
        /// The campaign's name.
        campaign: String,
    },
    /// The guild has as many as it may.
    #[error("there are {most} templates already")]
    TooMany {
        /// How many that is.
        most: i64,
    },
    /// The subject is empty or too long.
    #[error("the subject of the template cannot be one")]
    SubjectLength {
        /// Characters that it may have.
        most: usize,
    },
    /// The HTML is larger than it may be.
    #[error("the HTML is over {most_kib} KiB")]
    TooLarge {
        /// How large it may be.
        most_kib: usize,
    },
    /// The HTML is not UTF-8.
    #[error("the HTML is not UTF-8")]
    Encoding,
    /// The file is no HTML at all, or shows nothing.
    #[error("the file shows nothing")]
    Empty,
    /// Something in the HTML that no mail may have.
    #[error("line {line}: {fault:?}")]
    Markup {
        /// Where, from 1.
        line: usize,
        /// What.
        fault: MarkupFault,
    },
    /// Something between `{{ }}` or `{% %}`.
    #[error("line {line} of the {part:?}: a tag is wrong")]
    Tag {
        /// In which part.
        part: Part,
        /// Where, from 1.
        line: usize,
        /// What.
        fault: TagFault,
    },
    /// A picture that cannot be taken.
    #[error("a picture cannot be taken")]
    Image {
        /// Its file's name.
        file: String,
        /// Why not.
        fault: ImageFault,
    },
    /// All pictures together are too large.
    #[error("the pictures are over {most_mib} MiB together")]
    ImagesTooLarge {
        /// How large they may be.
        most_mib: usize,
    },
    /// A recipient lacks a field.
    #[error("a field is missing")]
    MissingField {
        /// Which.
        field: String,
    },
    /// The merged subject is empty, or has a line break or a control character in it.
    #[error("the merged subject has a line break in it, or is empty")]
    SubjectBroken,
    /// The template does more than a mail can need.
    #[error("the template takes too long to merge")]
    Endless,
    /// The merged mail is too large.
    #[error("the merged email is over {most_kib} KiB")]
    MergedTooLarge {
        /// How large it may be.
        most_kib: usize,
    },
    /// The template engine itself failed at a tag.
    #[error("the template engine fails at a tag of the {part:?}")]
    Engine {
        /// In which part.
        part: Part,
    },
    /// With its styles in their elements, or as text, the template is too large.
    #[error("the prepared template is over {most_kib} KiB")]
    PreparedTooLarge {
        /// How large it may be.
        most_kib: usize,
    },
    /// Something else went wrong where a tag stands.
    #[error("line {line} of the {part:?} cannot be merged: {why}")]
    Unmergeable {
        /// In which part.
        part: Part,
        /// Where, from 1; 0 if that is not known.
        line: usize,
        /// What, in English.
        why: String,
    },
}

/// A part of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The subject.
    Subject,
    /// The HTML.
    Html,
    /// The text part, which is made of the HTML.
    Text,
}

/// What no mail may have in its HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarkupFault {
    /// A script: an element, an `on…` attribute or a `javascript:` link.
    Script,
    /// A style sheet of another place (`<link>`, `@import`).
    OutsideStyle,
    /// A field where a value could become markup: outside quotes, or next to a `<`.
    Unquoted,
    /// A field inside a style, which could say more than what it is for.
    FieldInStyle,
    /// Elements inside one another, more than so many.
    TooDeep {
        /// How many may be.
        most: usize,
    },
    /// More elements than may be.
    TooMany {
        /// How many may be.
        most: usize,
    },
    /// Elements such as `<b>` that are left open, and that readers of HTML open again in whatever
    /// follows.
    Reopened,
    /// Styles that cannot be read.
    Style,
    /// Selectors or layers of a style inside one another, more than so many.
    StyleTooDeep {
        /// How many may be.
        most: usize,
    },
    /// Styles that cost more to be put into their elements than any mail's.
    StyleTooCostly,
}

/// What can be wrong with a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagFault {
    /// It has no end.
    Endless,
    /// It is longer than a tag may be.
    TooLong {
        /// Characters that it may have.
        most: usize,
    },
    /// A statement that there is not.
    Statement {
        /// Which.
        given: String,
    },
    /// A statement without its end.
    Unclosed {
        /// Which.
        given: String,
    },
    /// An end without its beginning.
    Unopened {
        /// Which.
        given: String,
    },
    /// Blocks inside one another, more than so many.
    TooDeep {
        /// How many may be.
        most: usize,
    },
    /// More `elif`s than may be in the blocks that are open.
    TooManyBranches {
        /// How many may be.
        most: usize,
    },
    /// Brackets inside one another, more than so many.
    TooManyBrackets {
        /// How many may be.
        most: usize,
    },
    /// More operators, filters and the like than one tag may have.
    TooManyOperations {
        /// How many may be.
        most: usize,
    },
    /// More `set`s than a template may have.
    TooManySets {
        /// How many may be.
        most: usize,
    },
    /// A filter, test or function that there is not.
    Name {
        /// Which.
        given: String,
        /// Those that there are.
        there: &'static [&'static str],
    },
    /// A sign that is not used in mails.
    Sign {
        /// Which.
        given: char,
    },
    /// A picture that the template does not have.
    Image {
        /// Which.
        given: String,
        /// Those that it has.
        there: Vec<String>,
    },
    /// A function that needs to be given something, and is not.
    NoArgument {
        /// Which.
        given: String,
    },
    /// A slice with a third number.
    Step,
    /// Parts of values are given names more often than so.
    NamedSlices {
        /// How many may be.
        most: usize,
    },
    /// The subject cannot be used inside itself.
    SubjectInSubject,
    /// Something else.
    Syntax {
        /// What, in English.
        why: String,
    },
}

/// Why a picture cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageFault {
    /// It is none of the kinds that mail programs show.
    Kind,
    /// It is another kind than it is said to be.
    OtherKind {
        /// What it is, such as `PNG`.
        is: &'static str,
    },
    /// It is too large.
    TooLarge {
        /// How large it may be.
        most_mib: usize,
    },
    /// Its file's name cannot be a picture's name.
    Name,
    /// Another one has the same name.
    Repeated,
}

impl MailTemplateError {
    /// The text shown to the person.
    pub fn text(&self, language: Language) -> String {
        let say = |key: &str, args: &[(&str, Arg)]| text(language, key, args);
        let most = |key: &str, most: usize| text(language, key, &[("most", most.into())]);
        match self {
            Self::Unknown => say("error-mail-template-unknown", &[]),
            Self::NoSender => say("error-mail-no-sender", &[]),
            Self::Name { most: length } => most("error-mail-template-name", *length),
            Self::InUse { campaign } => say(
                "error-mail-template-in-use",
                &[("campaign", shown(campaign).into())],
            ),
            Self::TooMany { most } => {
                say("error-mail-template-too-many", &[("most", (*most).into())])
            }
            Self::SubjectLength { most: length } => most("error-mail-subject-length", *length),
            Self::TooLarge { most_kib } => most("error-mail-html-large", *most_kib),
            Self::Encoding => say("error-mail-html-encoding", &[]),
            Self::Empty => say("error-mail-html-empty", &[]),
            Self::Markup { line, fault } => {
                let args = [
                    ("line", (*line).into()),
                    ("what", fault.text(language).into()),
                ];
                say("error-mail-html-line", &args)
            }
            Self::Tag { part, line, fault } => at(*part, *line, fault.text(language), language),
            Self::Image { file, fault } => {
                let args = [
                    ("file", shown(file).into()),
                    ("what", fault.text(language).into()),
                ];
                say("error-mail-image", &args)
            }
            Self::ImagesTooLarge { most_mib } => most("error-mail-images-large", *most_mib),
            Self::MissingField { field } => say(
                "error-mail-missing-field",
                &[("field", shown(field).into())],
            ),
            Self::SubjectBroken => say("error-mail-subject-broken", &[]),
            Self::Endless => say("error-mail-endless", &[]),
            Self::MergedTooLarge { most_kib } => most("error-mail-merged-large", *most_kib),
            Self::Engine {
                part: Part::Subject,
            } => say("error-mail-engine-subject", &[]),
            Self::Engine { .. } => say("error-mail-engine", &[]),
            Self::PreparedTooLarge { most_kib } => most("error-mail-prepared-large", *most_kib),
            Self::Unmergeable { part, line, why } => {
                let what = say("tag-fault-merge", &[("why", shown(why).into())]);
                at(*part, *line, what, language)
            }
        }
    }
}

/// What is wrong, and where.
fn at(part: Part, line: usize, what: String, language: Language) -> String {
    let key = match part {
        Part::Subject => "error-mail-tag-subject",
        Part::Html => "error-mail-html-line",
        Part::Text => "error-mail-tag-text",
    };
    text(
        language,
        key,
        &[("line", line.into()), ("what", what.into())],
    )
}

impl MarkupFault {
    fn text(&self, language: Language) -> String {
        let most = |key: &str, most: usize| text(language, key, &[("most", most.into())]);
        match self {
            Self::Script => text(language, "markup-fault-script", &[]),
            Self::OutsideStyle => text(language, "markup-fault-outside-style", &[]),
            Self::Unquoted => text(language, "markup-fault-unquoted", &[]),
            Self::FieldInStyle => text(language, "markup-fault-field-in-style", &[]),
            Self::TooDeep { most: depth } => most("markup-fault-deep", *depth),
            Self::TooMany { most: number } => most("markup-fault-many", *number),
            Self::Reopened => text(language, "markup-fault-reopened", &[]),
            Self::Style => text(language, "markup-fault-style", &[]),
            Self::StyleTooDeep { most: depth } => most("markup-fault-style-deep", *depth),
            Self::StyleTooCostly => text(language, "markup-fault-style-costly", &[]),
        }
    }
}

impl TagFault {
    /// Whether something nests more than it may, or is there more often.
    pub(crate) fn is_bound(&self) -> bool {
        matches!(
            self,
            Self::TooDeep { .. }
                | Self::TooManyBranches { .. }
                | Self::TooManyBrackets { .. }
                | Self::TooManyOperations { .. }
                | Self::TooManySets { .. }
        )
    }

    fn text(&self, language: Language) -> String {
        let say = |key: &str, args: &[(&str, Arg)]| text(language, key, args);
        let given = |given: &str| ("given", code(given).into());
        match self {
            Self::Endless => say("tag-fault-endless", &[]),
            Self::TooLong { most } => say("tag-fault-long", &[("most", (*most).into())]),
            Self::Statement { given: name } => say("tag-fault-statement", &[given(name)]),
            Self::Unclosed { given: name } => say(
                "tag-fault-unclosed",
                &[given(name), ("end", code(&format!("end{name}")).into())],
            ),
            Self::Unopened { given: name } => say("tag-fault-unopened", &[given(name)]),
            Self::TooDeep { most } => say("tag-fault-deep", &[("most", (*most).into())]),
            Self::TooManyBranches { most } => {
                say("tag-fault-branches", &[("most", (*most).into())])
            }
            Self::TooManyBrackets { most } => {
                say("tag-fault-brackets", &[("most", (*most).into())])
            }
            Self::TooManyOperations { most } => {
                say("tag-fault-operations", &[("most", (*most).into())])
            }
            Self::TooManySets { most } => say("tag-fault-sets", &[("most", (*most).into())]),
            Self::Name { given: name, there } => say(
                "tag-fault-name",
                &[given(name), ("there", listed(there).into())],
            ),
            Self::Sign { given: sign } => say("tag-fault-sign", &[given(&sign.to_string())]),
            Self::Image { given: name, there } if there.is_empty() => {
                say("tag-fault-image-none", &[given(name)])
            }
            Self::Image { given: name, there } => say(
                "tag-fault-image",
                &[given(name), ("there", listed(there).into())],
            ),
            Self::NoArgument { given: name } => say("tag-fault-no-argument", &[given(name)]),
            Self::Step => say("tag-fault-step", &[]),
            Self::NamedSlices { most } => {
                say("tag-fault-named-slices", &[("most", (*most).into())])
            }
            Self::SubjectInSubject => say("tag-fault-subject", &[]),
            Self::Syntax { why } => say("tag-fault-syntax", &[("why", shown(why).into())]),
        }
    }
}

impl ImageFault {
    fn text(&self, language: Language) -> String {
        match self {
            Self::Kind => text(language, "image-fault-kind", &[]),
            Self::OtherKind { is } => {
                text(language, "image-fault-other-kind", &[("is", (*is).into())])
            }
            Self::TooLarge { most_mib } => text(
                language,
                "image-fault-large",
                &[("most", (*most_mib).into())],
            ),
            Self::Name => text(language, "image-fault-name", &[]),
            Self::Repeated => text(language, "image-fault-repeated", &[]),
        }
    }
}

fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<String> = names.iter().map(|name| code(name.as_ref())).collect();
    names.join(", ")
}

/// Code that somebody wrote, between backticks that it cannot leave.
fn code(given: &str) -> String {
    let given: String = given
        .chars()
        .filter(|character| *character != '`' && !character.is_control())
        .take(60)
        .collect();
    format!("`{given}`")
}

/// What a person typed, shortened and made harmless for being shown back to them.
fn shown(given: &str) -> String {
    crate::messenger::markdown::escape(&given.chars().take(200).collect::<String>())
}
