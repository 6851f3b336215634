//! Merging: a template and what is known of one recipient make a mail.
//!
//! Compiled once for a campaign, merged once per recipient, so what costs time is done at the
//! compiling: which fields are used is known, and only those are looked at.
//!
//! Every value is escaped in the HTML, whatever its type; nothing can say that it is safe. A field
//! that is not there is a fault, and its name is told. What a template can do is bounded: by `tags`
//! before it is kept, by fuel and by the size of what is written while it is merged.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Object, Value, ValueKind};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, filters, tests,
};

use super::html::line;
use super::images::{content_id, file_name};
use super::tags::FUNCTIONS;
use super::{Fields, Frozen, RenderFault, Rendered, address, plain};
use crate::error::{MailTemplateError, Part, TagFault};
use crate::mailer::mime::{Attachment, Image};

/// Instructions that one part may take: a mail of 100 KB with a field in each line takes 5,000.
const FUEL: u64 = 50_000;
/// Bytes of a merged part: twice the largest template.
pub(super) const MERGED_BYTES: usize = 1024 * KIB;
/// Numbers that `range` counts: more lines than a mail has.
const RANGE: usize = 1_000;
/// Bytes that `replace` and `urlencode` may make of a value.
const GROWN_BYTES: usize = 10_000;
/// Calls inside one another: none of the tags that are left needs any.
const RECURSION: usize = 10;
const KIB: usize = 1024;

/// A template that is ready to be merged, made once for a campaign.
#[derive(Debug)]
pub struct Compiled {
    environment: Environment<'static>,
    /// The fields that it uses, the merged subject included.
    names: Arc<[String]>,
    /// Bytes that its parts had without their fields, to begin with.
    lengths: [usize; 3],
    images: Vec<Image>,
}

const PARTS: [(Part, &str); 3] = [
    (Part::Subject, "subject"),
    (Part::Html, "html"),
    (Part::Text, "text"),
];

impl Compiled {
    /// Compiles it.
    pub fn new(frozen: &Frozen) -> Result<Self, RenderFault> {
        Self::compile(frozen).map_err(RenderFault::from)
    }

    /// Compiles it; the fault is one that can be told to its author.
    pub fn compile(frozen: &Frozen) -> Result<Self, MailTemplateError> {
        let images: Vec<String> = frozen.images.iter().map(|one| one.name.clone()).collect();
        let guarded = address::guarded(&frozen.html, &images);
        let html = guarded.map_err(|wrong| MailTemplateError::Tag {
            part: Part::Html,
            line: line(&frozen.html, wrong.at),
            fault: wrong.fault,
        })?;
        let mut environment = environment(images);
        let sources = [&frozen.subject, &html, &frozen.text];
        let mut names = BTreeSet::new();
        for ((part, name), source) in PARTS.into_iter().zip(sources) {
            let added = environment.add_template_owned(name, source.clone());
            added.map_err(|error| unreadable(part, &error))?;
            let template = environment.get_template(name);
            let template = template.map_err(|error| unreadable(part, &error))?;
            names.extend(template.undeclared_variables(false));
        }
        names.retain(|name| !FUNCTIONS.contains(&name.as_str()) && name != "loop");
        let decoded = frozen.images.iter().map(|image| {
            let bytes = STANDARD.decode(&image.base64);
            let why = |_| MailTemplateError::Unmergeable {
                part: Part::Html,
                line: 0,
                why: format!("the picture {} is not base64", image.name),
            };
            Ok(Image {
                content_id: content_id(&image.name),
                file: Attachment {
                    name: file_name(image),
                    media_type: image.media_type.clone(),
                    bytes: bytes.map_err(why)?,
                },
            })
        });
        Ok(Self {
            images: decoded.collect::<Result<_, MailTemplateError>>()?,
            lengths: sources.map(String::len),
            names: names.into_iter().collect(),
            environment,
        })
    }

    /// Merges one mail.
    pub fn render(&self, fields: &Fields<'_>) -> Result<Rendered, RenderFault> {
        self.merge(fields).map_err(RenderFault::from)
    }

    /// Merges one mail; the fault is one that can be told to its author.
    pub fn merge(&self, fields: &Fields<'_>) -> Result<Rendered, MailTemplateError> {
        let known = Arc::new(Known::new(&self.names, fields));
        let subject = self.part(0, &known)?;
        if subject.trim().is_empty() || subject.chars().any(char::is_control) {
            return Err(MailTemplateError::SubjectBroken);
        }
        // It is not there before.
        let _ = known.subject.set(Value::from(subject.as_str()));
        let html = self.part(1, &known)?;
        let text = plain::laid_out(&self.part(2, &known)?);
        Ok(Rendered {
            subject,
            text,
            html,
        })
    }

    fn part(&self, index: usize, known: &Arc<Known>) -> Result<String, MailTemplateError> {
        let (part, name) = PARTS[index];
        let root = Value::from_dyn_object(Arc::clone(known));
        let mut out = Bounded {
            bytes: Vec::with_capacity(self.lengths[index] * 5 / 4 + 64),
            overflown: false,
        };
        let template = self.environment.get_template(name);
        let merged = template.and_then(|one| one.render_captured_to(root, &mut out).map(|_| ()));
        if out.overflown {
            return Err(MailTemplateError::MergedTooLarge {
                most_kib: MERGED_BYTES / KIB,
            });
        }
        merged.map_err(|error| known.explain(part, &error))?;
        String::from_utf8(out.bytes).map_err(|_| MailTemplateError::Unmergeable {
            part,
            line: 0,
            why: "it is not UTF-8".to_owned(),
        })
    }

    /// Its pictures, as a mail has them.
    pub fn images(&self) -> &[Image] {
        &self.images
    }

    /// The fields that it uses.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }
}

fn environment(images: Vec<String>) -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION);
    environment.set_auto_escape_callback(|name| match name {
        "html" => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    environment.set_formatter(write_value);
    add_filters(&mut environment);
    add_tests(&mut environment);
    environment.add_function("range", range);
    environment.add_function("image", move |name: &str| {
        if images.iter().any(|image| image == name) {
            return Ok(format!("cid:{}", content_id(name)));
        }
        let why = format!(
            "there is no picture {name}; there are: {}",
            images.join(", ")
        );
        Err(Error::new(ErrorKind::InvalidOperation, why))
    });
    environment
}

/// Those of [`super::tags::FILTERS`].
fn add_filters(environment: &mut Environment<'static>) {
    environment.add_filter("abs", filters::abs);
    environment.add_filter(address::FILTER, address::as_address);
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("count", filters::length);
    environment.add_filter("default", filters::default);
    environment.add_filter("first", filters::first);
    environment.add_filter("float", filters::float);
    environment.add_filter("int", filters::int);
    environment.add_filter("last", filters::last);
    environment.add_filter("length", filters::length);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("replace", replace);
    environment.add_filter("round", filters::round);
    environment.add_filter("title", filters::title);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("upper", filters::upper);
    environment.add_filter("urlencode", urlencode);
}

/// Those of [`super::tags::TESTS`].
fn add_tests(environment: &mut Environment<'static>) {
    environment.add_test("defined", tests::is_defined);
    environment.add_test("divisibleby", is_divisible);
    environment.add_test("endingwith", tests::is_endingwith);
    environment.add_test("eq", tests::is_eq);
    environment.add_test("even", tests::is_even);
    environment.add_test("ge", tests::is_ge);
    environment.add_test("gt", tests::is_gt);
    environment.add_test("in", tests::is_in);
    environment.add_test("le", tests::is_le);
    environment.add_test("lt", tests::is_lt);
    environment.add_test("ne", tests::is_ne);
    environment.add_test("none", tests::is_none);
    environment.add_test("number", tests::is_number);
    environment.add_test("odd", tests::is_odd);
    environment.add_test("startingwith", tests::is_startingwith);
    environment.add_test("string", tests::is_string);
    environment.add_test("undefined", tests::is_undefined);
}

fn range(first: i64, end: Option<i64>) -> Result<Vec<i64>, Error> {
    let (from, to) = end.map_or((0, first), |end| (first, end));
    let many = || {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("range counts to {RANGE}"),
        )
    };
    let count = usize::try_from(to.saturating_sub(from).max(0)).map_err(|_| many())?;
    if count > RANGE {
        return Err(many());
    }
    Ok((from..to).collect())
}

/// minijinja's own panics on a division by zero.
fn is_divisible(value: &Value, by: &Value) -> bool {
    let whole = |value: &Value| i64::try_from(value.clone()).ok();
    let rest = whole(value)
        .zip(whole(by))
        .and_then(|(value, by)| value.checked_rem(by));
    rest == Some(0)
}

fn replace(value: &str, from: &str, to: &str) -> Result<String, Error> {
    let found = if from.is_empty() {
        0
    } else {
        value.matches(from).count()
    };
    if found == 0 {
        return Ok(value.to_owned());
    }
    if value.len() + found * to.len() > GROWN_BYTES {
        return Err(grown("replace"));
    }
    Ok(value.replace(from, to))
}

/// As it stands in the query of a link. minijinja's own makes nothing of a field that is not there,
/// and writes lists; what it makes of a text is three times as long at most, and of that again.
fn urlencode(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::String | ValueKind::Number | ValueKind::Bool => {}
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        _ => {
            let why = "only a text or a number can stand in a link";
            return Err(Error::new(ErrorKind::InvalidOperation, why));
        }
    }
    let encoded = filters::urlencode(value)?;
    if encoded.len() > GROWN_BYTES {
        return Err(grown("urlencode"));
    }
    Ok(encoded)
}

fn grown(filter: &str) -> Error {
    let why = format!("{filter} makes no more than {GROWN_BYTES} bytes");
    Error::new(ErrorKind::InvalidOperation, why)
}

/// Writes a value. Texts that were marked as safe are escaped as well: nothing is.
fn write_value(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    let failed = |_| Error::from(ErrorKind::WriteFailure);
    if let Some(text) = value.as_str() {
        let escapes = matches!(state.auto_escape(), AutoEscape::Html);
        let written = if escapes {
            write_escaped(out, text)
        } else {
            out.write_str(text)
        };
        return written.map_err(failed);
    }
    match value.kind() {
        ValueKind::Number | ValueKind::Bool => write!(out, "{value}").map_err(failed),
        ValueKind::Undefined | ValueKind::None => Ok(()),
        _ => Err(Error::new(
            ErrorKind::InvalidOperation,
            "a list cannot be shown; show what is in it, by {% for %}",
        )),
    }
}

/// The five characters by which a text can leave where it stands. (minijinja escapes `/` as well,
/// which makes addresses that not every mail program reads.)
fn write_escaped(out: &mut Output<'_>, text: &str) -> std::fmt::Result {
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>', '&', '"', '\'']) {
        out.write_str(&rest[..at])?;
        out.write_str(match rest.as_bytes()[at] {
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'&' => "&amp;",
            b'"' => "&quot;",
            _ => "&#39;",
        })?;
        rest = &rest[at + 1..];
    }
    out.write_str(rest)
}

/// The fields of one recipient that the template uses.
#[derive(Debug)]
struct Known {
    names: Arc<[String]>,
    values: Vec<Option<Value>>,
    subject: OnceLock<Value>,
    /// The last name that was looked up and not there, as its place in `names`, plus one.
    missing: AtomicUsize,
}

impl Known {
    fn new(names: &Arc<[String]>, fields: &Fields<'_>) -> Self {
        let value = |name: &String| match name.as_str() {
            "name" => Some(Value::from(fields.name)),
            "email" => Some(Value::from(fields.email)),
            "unsubscribe_url" => Some(Value::from(fields.unsubscribe_url)),
            "subject" => None,
            other => fields
                .attributes
                .get(other)
                .map(|value| Value::from(value.as_str())),
        };
        Self {
            names: Arc::clone(names),
            values: names.iter().map(value).collect(),
            subject: OnceLock::new(),
            missing: AtomicUsize::new(0),
        }
    }

    /// What went wrong, for the template's author.
    fn explain(&self, part: Part, error: &Error) -> MailTemplateError {
        let missing = self.missing.load(Ordering::Relaxed).checked_sub(1);
        let missing = missing.and_then(|at| self.names.get(at));
        match (error.kind(), missing) {
            (ErrorKind::OutOfFuel, _) => MailTemplateError::Endless,
            (ErrorKind::UndefinedError, Some(field)) => MailTemplateError::MissingField {
                field: field.clone(),
            },
            _ => MailTemplateError::Unmergeable {
                part,
                line: error.line().unwrap_or(0),
                why: why(error),
            },
        }
    }
}

impl Object for Known {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let at = self
            .names
            .binary_search_by(|name| name.as_str().cmp(key))
            .ok()?;
        let value = match self.names[at].as_str() {
            "subject" => self.subject.get().cloned(),
            _ => self.values[at].clone(),
        };
        let missing = if value.is_some() { 0 } else { at + 1 };
        self.missing.store(missing, Ordering::Relaxed);
        value
    }
}

/// Takes no more than a mail may have.
struct Bounded {
    bytes: Vec<u8>,
    overflown: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > MERGED_BYTES {
            self.overflown = true;
            return Err(io::Error::other("larger than a mail may be"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A template that minijinja cannot read.
fn unreadable(part: Part, error: &Error) -> MailTemplateError {
    MailTemplateError::Tag {
        part,
        line: error.line().unwrap_or(1),
        fault: TagFault::Syntax { why: why(error) },
    }
}

fn why(error: &Error) -> String {
    let detail = error.detail().map(str::to_owned);
    detail.unwrap_or_else(|| error.kind().to_string())
}

impl From<MailTemplateError> for RenderFault {
    fn from(error: MailTemplateError) -> Self {
        let field = match &error {
            MailTemplateError::MissingField { field } => Some(field.clone()),
            _ => None,
        };
        Self {
            field,
            why: error.to_string(),
        }
    }
}

#[cfg(test)]
mod checks {
    use super::super::tags::{FILTERS, TESTS};
    use super::*;

    #[test]
    fn every_name_that_a_template_may_use_is_there() {
        let environment = environment(Vec::new());
        for name in FILTERS {
            let source = format!("{{{{ x|{name} }}}}");
            let used = environment.render_str(&source, Value::from(1));
            let unknown = used.is_err_and(|error| error.kind() == ErrorKind::UnknownFilter);
            assert!(!unknown, "{name}");
        }
        for name in TESTS {
            let source = format!("{{{{ 1 is {name} }}}}");
            let used = environment.render_str(&source, Value::from(1));
            let unknown = used.is_err_and(|error| error.kind() == ErrorKind::UnknownTest);
            assert!(!unknown, "{name}");
        }
    }

    #[test]
    fn nothing_that_is_computed_ends_the_process() {
        for (expression, expected) in [
            ("{{ 1 if 4 is divisibleby(2) else 0 }}", Some("1")),
            ("{{ 1 if 5 is divisibleby(2) else 0 }}", Some("0")),
            ("{{ 1 if 4 is divisibleby(0) else 0 }}", Some("0")),
            ("{{ 1 if name is divisibleby(0) else 0 }}", Some("0")),
            ("{{ 4 // 0 }}", None),
            ("{{ 4 % 0 }}", None),
            (
                "{{ range(-9223372036854775807, 9223372036854775807) }}",
                None,
            ),
        ] {
            let frozen = Frozen {
                subject: expression.to_owned(),
                html: String::new(),
                text: String::new(),
                images: Vec::new(),
            };
            let fields = Fields {
                name: "x",
                email: "",
                attributes: &std::collections::BTreeMap::new(),
                unsubscribe_url: "",
            };
            let merged = Compiled::compile(&frozen).unwrap().merge(&fields);
            let merged = merged.ok().map(|mail| mail.subject);
            assert_eq!(merged.as_deref(), expected, "{expression}");
        }
    }
}
