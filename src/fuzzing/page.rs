//! Templates of mails: HTML, tags, styles, subjects.

use super::{parts, texts};
use crate::error::MailTemplateError;
use crate::subscriber::attributes::Attributes;
use crate::template::{
    Compiled, Fields, Frozen, Rendered, Template, Upload, fields, images, prepare, warnings,
};

/// Signs by which a value could leave its place in HTML.
const SIGNS: [char; 5] = ['<', '>', '"', '\'', '&'];
fn upload(subject: &str, html: &[u8]) -> Upload {
    Upload {
        name: "news".to_owned(),
        subject: subject.to_owned(),
        html: html.to_vec(),
        images: vec![images::Upload {
            file: "logo.png".to_owned(),
            media_type: None,
            bytes: b"\x89PNG\r\n\x1a\n".to_vec(),
        }],
    }
}

/// What was taken can be compiled; nothing in it makes the engine panic.
fn taken(upload: &Upload) -> Option<(Frozen, Compiled)> {
    let prepared = prepare(upload);
    assert!(!matches!(prepared, Err(MailTemplateError::Engine { .. })));
    let (frozen, _) = prepared.ok()?;
    let compiled = Compiled::compile(&frozen).expect("what was prepared can be compiled");
    Some((frozen, compiled))
}

/// The mail in which every field of the template is `value`.
fn merged(frozen: &Frozen, compiled: &Compiled, value: &str) -> Option<Rendered> {
    let value: String = value.chars().take(500).collect();
    let attributes: Attributes = fields(frozen)
        .into_iter()
        .map(|name| (name, value.clone()))
        .collect();
    let merged = compiled.merge(&Fields {
        name: &value,
        email: "mina@example.com",
        attributes: &attributes,
        unsubscribe_url: "https://example.org/u/t?a=1&b=2",
    });
    if let Err(fault) = &merged {
        assert!(
            !matches!(fault, MailTemplateError::Engine { .. }),
            "{fault}"
        );
        // It can be told in both languages.
        for language in crate::i18n::Language::ALL {
            assert!(!fault.text(language).is_empty());
        }
    }
    merged.ok()
}

fn is_one_line(subject: &str) -> bool {
    !subject.trim().is_empty() && !subject.chars().any(char::is_control)
}

/// The HTML, a subject, a value: a template that is taken can be merged with any value, and no value
/// becomes markup.
pub fn template(input: &[u8]) {
    let [html, subject, value] = parts(input);
    let subject = String::from_utf8_lossy(subject);
    let subject = if subject.trim().is_empty() {
        "s"
    } else {
        &subject
    };
    let upload = upload(subject, html);
    let Some((frozen, compiled)) = taken(&upload) else {
        return;
    };
    let value = String::from_utf8_lossy(value);
    let harmless = value.replace(SIGNS, "x");
    let mails = ["", &value, &harmless].map(|value| merged(&frozen, &compiled, value));
    for mail in mails.iter().flatten() {
        assert!(is_one_line(&mail.subject), "{:?}", mail.subject);
        assert!(!mail.text.contains(['\x01', '\x02', '\x03', '\x04']));
    }
    // A statement may write other markup because of a value; nothing else may.
    if let [_, Some(hostile), Some(plain)] = &mails
        && !frozen.html.contains("{%")
    {
        let count = |mail: &Rendered, sign| mail.html.matches(sign).count();
        for sign in ['<', '>', '"', '\''] {
            assert_eq!(count(hostile, sign), count(plain, sign), "{sign}");
        }
    }
    warnings(&Template {
        name: "news".to_owned(),
        html: String::from_utf8_lossy(html).into_owned(),
        frozen,
        author: None,
        created_ms: 0,
        updated_ms: 0,
    });
}

/// A style sheet: it changes nothing of the HTML but the elements' `style`.
pub fn style(input: &[u8]) {
    let [sheet, class] = texts(input);
    let class: String = class.chars().filter(|c| c.is_alphanumeric()).collect();
    let before = format!(
        "<!doctype html>\r\n<style>{sheet}</style><p class=\"a {class}\" id=b>x<b title=\"t\">y</b></p>\
         <table><tr><td>1<td class=c>2</table>"
    );
    let Some((frozen, _)) = taken(&upload("s", before.as_bytes())) else {
        return;
    };
    // What was written stands in it as it stood: it is what remains without what was put in.
    let before = before.replace("\r\n", "\n").replace('\n', "\r\n");
    if sheet.contains('<') {
        // Elements of its own may have styles, which are written anew.
        return;
    }
    let mut rest = before.chars().peekable();
    for character in frozen.html.chars() {
        rest.next_if_eq(&character);
    }
    assert_eq!(rest.next(), None, "something is missing");
}

/// A subject and a value: it stays one line, also in the mail.
pub fn subject(input: &[u8]) {
    let [subject, value] = texts(input);
    let Some((frozen, compiled)) = taken(&upload(&subject, b"x")) else {
        return;
    };
    for value in ["", "Mina", &value] {
        if let Some(mail) = merged(&frozen, &compiled, value) {
            assert!(is_one_line(&mail.subject), "{:?}", mail.subject);
            super::mail::subject_is_read_back(&mail.subject);
        }
    }
}
