//! Merging: a template and what is known of one recipient make a mail.
//!
//! Compiled once for a campaign, merged once per recipient, so what costs time is done at the
//! compiling: which fields are used is known, and only those are looked at.
//!
//! Every value is escaped in the HTML, whatever its type; nothing can say that it is safe. A field
//! that is not there is a fault, and its name is told. What a template can do is bounded: by `tags`
//! before it is kept, by fuel and by the size of what is written while it is merged. Where the engine
//! panics nevertheless, that is a fault of this template as any other.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Object, StringInput, Value, ValueKind};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, filters, tests,
};

use super::html::line;
use super::images::{content_id, file_name};
use super::tags::{self, FUNCTIONS};
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
/// Bytes of text that the filters of one part may make in all: time and memory for a few mails.
const MADE_BYTES: usize = 4 * MERGED_BYTES;
/// Calls inside one another: none of the tags that are left needs any.
const RECURSION: usize = 10;
const KIB: usize = 1024;

/// A template that is ready to be merged, made once for a campaign.
#[derive(Debug)]
pub struct Compiled {
    environment: Environment<'static>,
    /// The fields that it uses, the merged subject included.
    names: Vec<String>,
    /// Whatever could be one of them, in order. The engine leaves some out of those that it says a
    /// template uses: of `city[:3]` and `{% set city = city|upper %}` it forgets `city`.
    looked_up: Arc<[String]>,
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
        // An older version may have kept it, which knew no bounds; what follows goes by recursion. Whatever
        // else is wrong with it is told where it is merged.
        for (part, source) in [(Part::Subject, &frozen.subject), (Part::Text, &frozen.text)] {
            let read = tags::read(source, &images).err();
            if let Some(wrong) = read.filter(|wrong| wrong.fault.is_bound()) {
                return Err(MailTemplateError::Tag {
                    part,
                    line: line(source, wrong.at),
                    fault: wrong.fault,
                });
            }
        }
        let mut environment = environment(images.clone());
        let sources = [&frozen.subject, &html, &frozen.text];
        let mut names = BTreeSet::new();
        let mut looked_up = BTreeSet::new();
        for ((part, name), source) in PARTS.into_iter().zip(sources) {
            let used = engine(part, || {
                environment.add_template_owned(name, source.clone())?;
                Ok(environment.get_template(name)?.undeclared_variables(false))
            });
            names.extend(used?.map_err(|error| unreadable(part, &error))?);
        }
        for source in [&frozen.subject, &frozen.html, &frozen.text] {
            let tags = tags::read(source, &images).unwrap_or_default();
            let written = tags::names(source, &tags).into_iter();
            looked_up.extend(written.map(str::to_owned));
        }
        looked_up.extend(names.iter().cloned());
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
            looked_up: looked_up.into_iter().collect(),
            environment,
        })
    }

    /// Merges one mail.
    pub fn render(&self, fields: &Fields<'_>) -> Result<Rendered, RenderFault> {
        self.merge(fields).map_err(RenderFault::from)
    }

    /// Merges one mail; the fault is one that can be told to its author.
    pub fn merge(&self, fields: &Fields<'_>) -> Result<Rendered, MailTemplateError> {
        let known = Arc::new(Known::new(&self.looked_up, fields));
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
        let merged = engine(part, || {
            let template = self.environment.get_template(name)?;
            template.render_captured_to(root, &mut out).map(|_| ())
        })?;
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

/// Runs the template engine. `tags` refuses what is known to make it panic, and whoever finds more must
/// not get an apology with a code for it, nor a campaign a recipient whose mail is tried again and
/// again: the panic (which the log has) becomes a fault of the template. What it leaves half done, the
/// engine's state and what was written, is dropped with it.
fn engine<T>(
    part: Part,
    run: impl FnOnce() -> Result<T, Error>,
) -> Result<Result<T, Error>, MailTemplateError> {
    panic::catch_unwind(AssertUnwindSafe(run)).map_err(|_| MailTemplateError::Engine { part })
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
    environment.add_filter("capitalize", capitalize);
    environment.add_filter("count", filters::length);
    environment.add_filter("default", filters::default);
    environment.add_filter("first", filters::first);
    environment.add_filter("float", filters::float);
    environment.add_filter("int", filters::int);
    environment.add_filter("last", filters::last);
    environment.add_filter("length", filters::length);
    environment.add_filter("lower", lower);
    environment.add_filter("replace", replace);
    environment.add_filter("round", filters::round);
    environment.add_filter("title", title);
    environment.add_filter("trim", trim);
    environment.add_filter("upper", upper);
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

/// What the filters of a part have made so far.
#[derive(Default)]
struct Made(usize);

/// Counts what a filter made. Fuel counts instructions alone, and one of them may go through a long text.
fn made(state: &mut State<'_, '_>, value: Value) -> Result<Value, Error> {
    let so_far = state.get_or_insert_extension_with(Made::default);
    so_far.0 += value.as_str().map_or(0, str::len);
    if so_far.0 > MADE_BYTES {
        return Err(Error::from(ErrorKind::OutOfFuel));
    }
    Ok(value)
}

fn capitalize(state: &mut State<'_, '_>, value: StringInput<'_>) -> Result<Value, Error> {
    made(state, filters::capitalize(value))
}

fn lower(state: &mut State<'_, '_>, value: StringInput<'_>) -> Result<Value, Error> {
    made(state, filters::lower(value))
}

fn title(state: &mut State<'_, '_>, value: Cow<'_, str>) -> Result<Value, Error> {
    made(state, filters::title(value).into())
}

fn trim(
    state: &mut State<'_, '_>,
    value: StringInput<'_>,
    signs: Option<Cow<'_, str>>,
) -> Result<Value, Error> {
    made(state, filters::trim(value, signs))
}

fn upper(state: &mut State<'_, '_>, value: StringInput<'_>) -> Result<Value, Error> {
    made(state, filters::upper(value))
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

fn replace(state: &mut State<'_, '_>, value: &str, from: &str, to: &str) -> Result<Value, Error> {
    let found = if from.is_empty() {
        0
    } else {
        value.matches(from).count()
    };
    if found == 0 {
        return made(state, value.into());
    }
    if value.len() + found * to.len() > GROWN_BYTES {
        return Err(grown("replace"));
    }
    made(state, value.replace(from, to).into())
}

/// As it stands in the query of a link. minijinja's own makes nothing of a field that is not there,
/// and writes lists; what it makes of a text is three times as long at most, and of that again.
fn urlencode(state: &mut State<'_, '_>, value: &Value) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::String | ValueKind::Number | ValueKind::Bool => {}
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        _ => {
            let why = "a link can contain only texts and numbers";
            return Err(Error::new(ErrorKind::InvalidOperation, why));
        }
    }
    let encoded = filters::urlencode(value)?;
    if encoded.len() > GROWN_BYTES {
        return Err(grown("urlencode"));
    }
    made(state, encoded.into())
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
            "a list can't be shown; show its items with {% for %}",
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
            return Err(io::Error::other("larger than an email may be"));
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

    /// As a template that was saved before `tags` knew of it.
    #[test]
    fn what_makes_the_engine_panic_is_a_fault_of_the_template() {
        for panics in [
            "{{ name|lower }}{{ name[::-1] }}",
            "{% for x in range(3) %}{{ loop.cycle() }}{% endfor %}",
            "{% for x in range(0)[::-1] %}{{ x }}{% endfor %}",
        ] {
            let frozen = |subject: &str, text: &str| Frozen {
                subject: subject.to_owned(),
                html: String::new(),
                text: text.to_owned(),
                images: Vec::new(),
            };
            let merged = |frozen: &Frozen| {
                Compiled::compile(frozen).unwrap().merge(&Fields {
                    name: "",
                    email: "",
                    attributes: &std::collections::BTreeMap::new(),
                    unsubscribe_url: "",
                })
            };
            let part = Part::Subject;
            let fault = Err(MailTemplateError::Engine { part });
            assert_eq!(merged(&frozen(panics, "")), fault, "{panics}");
            let part = Part::Text;
            let fault = Err(MailTemplateError::Engine { part });
            assert_eq!(merged(&frozen("s", panics)), fault, "{panics}");
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
