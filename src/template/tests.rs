//! What a template promises as a whole: merging, its bounds, and that no value gets out of its place.

use mail_parser::{MessageParser, MimeHeaders as _};
use proptest::prelude::*;

use super::*;
use crate::documents::on_a_thread_of_documents;
use crate::error::MarkupFault;
use crate::mailer::mime::{Assembler, Constant, Draft, Unsubscribe};
use crate::mailer::{EmailAddress, Mailbox};
use crate::subscriber::attributes::VALUE_LENGTH;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

fn upload(subject: &str, html: &str) -> Upload {
    Upload {
        name: "news".to_owned(),
        subject: subject.to_owned(),
        html: html.as_bytes().to_vec(),
        images: vec![images::Upload {
            file: "logo.png".to_owned(),
            media_type: None,
            bytes: PNG.to_vec(),
        }],
    }
}

fn prepared(subject: &str, html: &str) -> Result<Frozen, MailTemplateError> {
    prepare(&upload(subject, html)).map(|(frozen, _)| frozen)
}

fn merged(frozen: &Frozen, attributes: &[(&str, &str)]) -> Result<Rendered, MailTemplateError> {
    let attributes = attributes
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Compiled::compile(frozen)?.merge(&Fields {
        name: "Mina",
        email: "mina@example.com",
        attributes: &attributes.collect(),
        unsubscribe_url: "https://example.org/u/t?a=1&b=2",
    })
}

#[test]
fn a_template_becomes_a_subject_a_text_and_html() {
    let html = "\u{feff}<style>p{margin:0}</style>\n<p>Hi {{ name }}, {{ city|upper }}!\n\
        <img src=\"{{ image('logo') }}\" alt='Logo'>\n<p>{{ subject }} \
        <a href=\"{{ unsubscribe_url }}\">out</a>";
    let frozen = prepared("News for {{ name }}", html).unwrap();
    let mail = merged(&frozen, &[("city", "<Seoul>")]).unwrap();
    assert_eq!(mail.subject, "News for Mina");
    assert_eq!(
        mail.html,
        "<style>p{margin:0}</style>\r\n<p style=\"margin: 0;\">Hi Mina, &lt;SEOUL&gt;!\r\n\
        <img src=\"cid:logo@timeattack\" alt='Logo'>\r\n<p style=\"margin: 0;\">News for Mina \
        <a href=\"https://example.org/u/t?a=1&amp;b=2\">out</a>"
    );
    assert_eq!(
        mail.text,
        "Hi Mina, <SEOUL>! Logo\n\nNews for Mina out (https://example.org/u/t?a=1&b=2)\n"
    );
    let used: Vec<String> = fields(&frozen).into_iter().collect();
    assert_eq!(used, ["city", "name", "subject", "unsubscribe_url"]);
}

#[test]
fn a_field_that_is_not_there_is_named_and_a_default_helps() {
    let frozen = prepared("{{ name }}", "<p>{{ city }} {{ 가입일 }}").unwrap();
    let missing = |field: &str| MailTemplateError::MissingField {
        field: field.to_owned(),
    };
    assert_eq!(merged(&frozen, &[]), Err(missing("city")));
    let fault = merged(&frozen, &[("city", "x")]);
    assert_eq!(fault, Err(missing("가입일")));
    let fault = RenderFault::from(fault.unwrap_err());
    assert_eq!(fault.field.as_deref(), Some("가입일"));
    for html in [
        "{{ city|default('x') }}",
        "{% if city is defined %}{{ city }}{% else %}x{% endif %}",
    ] {
        let mail = merged(&prepared("s", html).unwrap(), &[]);
        assert_eq!(mail.unwrap().html, "x");
    }
    let subject = prepared("{{ city }}", "x").unwrap();
    assert_eq!(merged(&subject, &[]), Err(missing("city")));
}

#[test]
fn a_field_in_a_links_query_cannot_leave_it() {
    let html =
        "<a href=\"https://example.com/?city={{ city|urlencode }}&amp;n={{ 7|urlencode }}\">x</a>";
    let frozen = prepared("s", html).unwrap();
    for (city, encoded) in [
        ("Seoul", "Seoul"),
        ("서울 시", "%EC%84%9C%EC%9A%B8%20%EC%8B%9C"),
        ("a&n=8#\"<>'+%/", "a%26n%3D8%23%22%3C%3E%27%2B%25/"),
        ("", ""),
    ] {
        let mail = merged(&frozen, &[("city", city)]).unwrap();
        let html = format!("<a href=\"https://example.com/?city={encoded}&amp;n=7\">x</a>");
        assert_eq!(mail.html, html);
        let text = format!("x (https://example.com/?city={encoded}&n=7)\n");
        assert_eq!(mail.text, text);
    }
    let field = "city".to_owned();
    assert_eq!(
        merged(&frozen, &[]),
        Err(MailTemplateError::MissingField { field })
    );
    // The longest value that a subscriber can have, in the signs that take the most room.
    let longest = "😀".repeat(VALUE_LENGTH);
    assert!(merged(&frozen, &[("city", &longest)]).is_ok());
    let refused = prepared("s", "{{ ['a']|urlencode }}").unwrap();
    let refused = merged(&refused, &[]);
    assert!(
        matches!(refused, Err(MailTemplateError::Unmergeable { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_field_is_known_wherever_it_stands() {
    for (html, expected) in [
        ("{{ city[:3] }}", "Seo"),
        ("{{ (city|upper)[1:] }}", "EOUL"),
        ("{% set city = city|default('x') %}{{ city }}", "Seoul"),
        (
            "{% with city = city|lower %}{{ city }}{% endwith %}",
            "seoul",
        ),
        ("{% for c in city[:2] %}{{ c }}.{% endfor %}", "S.e."),
    ] {
        let frozen = prepared("s", html).unwrap();
        let mail = merged(&frozen, &[("city", "Seoul")]).expect(html);
        assert_eq!(mail.html, expected, "{html}");
    }
    let field = "city".to_owned();
    let frozen = prepared("s", "{% set a = city[:3] %}{{ a|default(city) }}").unwrap();
    let missing = MailTemplateError::MissingField { field };
    assert_eq!(merged(&frozen, &[]), Err(missing));
}

#[test]
fn every_name_that_an_attribute_can_have_is_a_field() {
    let words = "and block by call context do elif else endfor endif endset endwith false filter for \
        if import in include is loop macro none not or range raw recursive self set true with \
        가입일 été a① \u{a980}a";
    for word in words.split_whitespace() {
        let Some(name) = crate::subscriber::attributes::name(word) else {
            continue;
        };
        let frozen = prepared("s", &format!("{{{{ {name} }}}}")).expect(word);
        assert_eq!(fields(&frozen), [name].into(), "{word}");
    }
}

#[test]
fn reserved_names_are_nobodys_attributes() {
    let frozen = prepared(
        "{{ name }}",
        "{{ subject }}{{ email }}{{ unsubscribe_url }}",
    )
    .unwrap();
    let hostile = [
        ("name", "Eve"),
        ("subject", "Eve"),
        ("email", "eve@example.com"),
        ("unsubscribe_url", "https://evil.example"),
        ("image", "x"),
        ("range", "x"),
    ];
    let mail = merged(&frozen, &hostile).unwrap();
    assert_eq!(
        mail.html,
        "Minamina@example.comhttps://example.org/u/t?a=1&amp;b=2"
    );
}

#[test]
fn a_subject_stays_one_line_and_is_not_inside_itself() {
    let frozen = prepared("{{ city }}", "x").unwrap();
    for bad in ["a\nBcc: x@y.kr", "a\rb", "a\u{7f}b", "", "  "] {
        let merged = merged(&frozen, &[("city", bad)]);
        assert_eq!(merged, Err(MailTemplateError::SubjectBroken), "{bad:?}");
    }
    let fault = TagFault::SubjectInSubject;
    let (part, line) = (Part::Subject, 1);
    assert_eq!(
        prepared("{{ subject }}", "x"),
        Err(MailTemplateError::Tag { part, line, fault })
    );
    for bad in ["", " ", "a\nb", &"가".repeat(SUBJECT_LENGTH + 1)] {
        let most = SUBJECT_LENGTH;
        assert_eq!(
            prepared(bad, "x"),
            Err(MailTemplateError::SubjectLength { most })
        );
    }
}

#[test]
fn faults_are_told_by_line() {
    for (html, line) in [
        ("a\nb {{ name", 2),
        ("a\n\n{% if a %}", 3),
        ("a\n{{ a b }}", 2),
        ("\n\n\n{{ a is }}", 4),
    ] {
        match prepared("s", html) {
            Err(MailTemplateError::Tag { part, line: at, .. }) => {
                assert_eq!((part, at), (Part::Html, line), "{html}");
            }
            other => panic!("{html}: {other:?}"),
        }
    }
}

#[test]
fn files_that_are_no_html_are_refused() {
    for (html, fault) in [
        (&b"\xff\xfe<\0p\0"[..], MailTemplateError::Encoding),
        (b"a\0b", MailTemplateError::Encoding),
        (b" \n", MailTemplateError::Empty),
        (
            &[b'a'; HTML_BYTES + 1],
            MailTemplateError::TooLarge { most_kib: 512 },
        ),
    ] {
        let upload = Upload {
            html: html.to_vec(),
            ..upload("s", "")
        };
        assert_eq!(prepare(&upload), Err(fault));
    }
}

#[test]
fn what_should_be_known_of_a_template_is_said() {
    let html = format!("<p>{}", "a".repeat(CLIPPED_BYTES));
    let (_, warnings) = prepare(&upload("s", &html)).unwrap();
    assert_eq!(
        warnings,
        [
            Warning::UnusedImage("logo".to_owned()),
            Warning::Clipped(102),
            Warning::NoUnsubscribe
        ]
    );
}

#[test]
fn endless_templates_end() {
    for html in [
        "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}\
         {% endfor %}{% endfor %}{% endfor %}",
        "{% for a in range(1000) %}{% for b in range(1000) %}{% if a == b %}{% endif %}\
         {% endfor %}{% endfor %}",
    ] {
        let frozen = prepared("s", html).unwrap();
        assert_eq!(
            merged(&frozen, &[]),
            Err(MailTemplateError::Endless),
            "{html}"
        );
    }
    let large = format!(
        "{{% for a in range(1000) %}}{}{{% endfor %}}",
        "<b>x</b>".repeat(1_000)
    );
    let frozen = prepared("s", &large).unwrap();
    let most_kib = 1024;
    assert_eq!(
        merged(&frozen, &[]),
        Err(MailTemplateError::MergedTooLarge { most_kib })
    );
    for html in [
        "{% for a in range(1000000000) %}{% endfor %}",
        "{{ range(3) }}",
    ] {
        let frozen = prepared("s", html).unwrap();
        let merged = merged(&frozen, &[]);
        assert!(
            matches!(merged, Err(MailTemplateError::Unmergeable { .. })),
            "{merged:?}"
        );
    }
    // Each would grow twice, or a thousand times, or by as much again, what the last one made.
    for grows in ["city|replace('a', city)", "city|urlencode"] {
        let often = format!("{{% set city = {grows} %}}").repeat(30);
        let frozen = prepared("s", &often).unwrap();
        let merged = merged(&frozen, &[("city", &"a%".repeat(250))]);
        assert!(
            matches!(merged, Err(MailTemplateError::Unmergeable { .. })),
            "{grows}: {merged:?}"
        );
    }
}

/// A page whose reading grows with the square of its length would be felt here.
#[test]
fn the_largest_templates_are_prepared_within_moments() {
    let rules: String = (0..2_000)
        .map(|n| format!(".c{n} b i{{color:#{n:06}}}"))
        .collect();
    let elements = "<p class=\"c1 c2\"><b><i>x</i></b></p>".repeat(1_600);
    let open = "<a href=\"".repeat(50_000);
    let comments = "<!--".repeat(100_000);
    let raw = "<style></".repeat(50_000);
    let misnested = format!(
        "<style>b{{top:0}}</style>{}{}",
        "<b>".repeat(99),
        "<p><br>".repeat(2_400)
    );
    for html in [
        misnested,
        format!("<style>{rules}</style>{elements}"),
        open,
        comments,
        raw,
    ] {
        assert!(html.len() < HTML_BYTES, "{}", html.len());
        let _ = prepared("s", &html);
    }
}

/// Everything that recurses, as deep as it may: saved, compiled again, merged and dropped.
#[test]
fn a_template_at_every_bound_fits_the_stack() {
    let branches = format!(
        "{{% if a %}}{}{{{{ {}a{} }}}}{{% endif %}}",
        "{% elif not not not not not not not not a %}".repeat(500),
        "(".repeat(20),
        ")".repeat(20)
    );
    let blocks = format!(
        "{}{branches}{}",
        "{% if a %}{% else %}".repeat(49),
        "{% endif %}".repeat(49)
    );
    let loops = format!(
        "{}{{{{ a }}}}{}",
        "{% for b in range(1) %}".repeat(50),
        "{% endfor %}".repeat(50)
    );
    let chain = |one: &str, count: usize| format!("{{{{ a{} }}}}", one.repeat(count));
    let style = |css: String, html: String| format!("<style>{css}{{a:b}}</style>{html}");
    let all = [
        blocks,
        loops,
        format!("{{{{ {}a{} }}}}", "(".repeat(20), ")".repeat(20)),
        format!("{{{{ {}a }}}}", "not ".repeat(240)),
        format!("{{{{ ({}1) }}}}", "-".repeat(299)),
        chain(".b", 300),
        chain("|abs", 240),
        chain("[0]", 300),
        chain("-1", 300),
        chain(" or a", 190),
        chain(" if a else a", 80),
        chain(" is not eq a", 80),
        format!(
            "{{% for {}a{} in [1] %}}{{% endfor %}}",
            "(".repeat(20),
            ")".repeat(20)
        ),
        format!("{}x", "<div>".repeat(100)),
        style(format!("p{}", ">p".repeat(39)), "<p>".repeat(4_900)),
        style(format!("*{}", "+*".repeat(39)), "<br>".repeat(4_900)),
        style(
            format!("p{}a{}", ":not(".repeat(40), ")".repeat(40)),
            "<p>".to_owned(),
        ),
        style(format!("{}p", "@layer a{".repeat(20)), "<p>".to_owned()),
        format!(
            "<style>p{{a:{}}}</style><p style='b:{}'>",
            "(".repeat(200_000),
            "[".repeat(200_000)
        ),
        format!("<style>{}</style><p>", "{".repeat(400_000)),
    ];
    for html in all {
        let said: String = html.chars().take(60).collect();
        let outcome = on_a_thread_of_documents(move || {
            let frozen = prepared("s", &html)?;
            let merged = merged(&frozen, &[("a", "7")]);
            drop(frozen);
            Ok::<_, MailTemplateError>(merged)
        });
        // What is wrong with it otherwise is of no matter.
        let is_bound = |error: &MailTemplateError| {
            let said = format!("{error:?}");
            said.contains("most") || said.contains("TooCostly")
        };
        assert!(
            !outcome.as_ref().is_err_and(is_bound),
            "{said}: {outcome:?}"
        );
    }
}

/// What an older version kept, with none of the bounds of today.
#[test]
fn a_template_that_was_kept_without_bounds_is_refused_before_it_is_read_by_recursion() {
    let branches = format!("{{% if a %}}{}{{% endif %}}", "{% elif a %}".repeat(20_000));
    for part in 0..3 {
        let source = |index: usize| match index == part {
            true => branches.clone(),
            false => "x".to_owned(),
        };
        let frozen = Frozen {
            subject: source(0),
            html: source(1),
            text: source(2),
            images: Vec::new(),
        };
        let refused = Compiled::compile(&frozen).err();
        assert!(
            matches!(
                refused,
                Some(MailTemplateError::Tag {
                    fault: TagFault::TooManyBranches { .. },
                    ..
                })
            ),
            "{refused:?}"
        );
    }
}

/// Styles that would take minutes or hours: each is refused, or done at once.
#[test]
fn hostile_styles_are_answered_within_moments() {
    let many = |one: &str, count: usize| one.repeat(count);
    let properties: String = (0..2_000).map(|n| format!("p{n}:0;")).collect();
    let important: String = (0..300).map(|n| format!("p{n}:0!important;")).collect();
    let own: String = (0..20_000).map(|n| format!("p{n}:0;")).collect();
    let types: String = (0..4_900).map(|n| format!("<x{n}></x{n}>")).collect();
    let names: String = (0..30_000).map(|n| format!("a{n}, ")).collect();
    let paragraphs = many("<p>", 4_900);
    let all = [
        (format!("*{{{properties}}}"), paragraphs.clone()),
        (format!("p{{{important}}}").repeat(50), paragraphs.clone()),
        (many("*~*~*{a:b}", 20), paragraphs.clone()),
        (many("a ~ p{a:b}", 20), format!("<a></a>{paragraphs}")),
        (many("p:not(a ~ p){a:b}", 20), paragraphs.clone()),
        (many("p:has(~ a){a:b}", 100), paragraphs.clone()),
        (many("*{a:b}", 40_000), paragraphs.clone()),
        (many("*:nth-last-of-type(2n){a:b}", 500), types),
        (
            format!("[title*='{}b' i]{{a:b}}", many("a", 50_000)),
            format!("<p title='{}'>", many("a", 200_000)),
        ),
        (
            many("[title*='aaaaaaaaab' i] ~ p{a:b}", 100),
            format!("<p title='{}'>{paragraphs}", many("a", 100_000)),
        ),
        (
            many(".c{a:b}", 100),
            format!("<p class='{}'>", many("c ", 100_000)),
        ),
        (
            many(".c.x{a:b}", 10_000),
            format!("<p class='x {}'>", many("&#99; ", 40_000)),
        ),
        (
            format!("{}{{a:b}}", many(".c", 50_000)),
            format!("<p class='{names}c'>"),
        ),
        (
            format!("p{{{properties}}}"),
            format!("<p style='{own}'>").repeat(2),
        ),
        (format!("p{{{properties}}}"), many("<p style='a:b'>", 4_900)),
        (
            many("div div div div div p{a:b}", 2_000),
            format!("{}{}", many("<div>", 100), many("<p>", 4_000)),
        ),
        (
            format!("p{{--a:{};b:var(--a)}}", many("x", 100_000)),
            paragraphs.clone(),
        ),
        (format!("@layer {names}b;"), many("<p>", 10)),
        (
            format!("{}p{{a:b}}", many("p,", 100_000)),
            paragraphs.clone(),
        ),
        (
            format!("p{{a:\"{}!\"x}}", many("z", 2_000)).repeat(100),
            paragraphs,
        ),
        (
            "b{a:b}".to_owned(),
            format!("<p>{}{}", many("<b>", 90), many("<p>", 4_000)),
        ),
        (
            "x{a:b}".to_owned(),
            format!("<svg><style>{}</style>", many("<b>", 100_000)),
        ),
        (
            "x{a:b}".to_owned(),
            format!("<!-- {{{{ a }}}} {} -->", many("<b>", 100_000)),
        ),
        ("x{a:b}".to_owned(), many("</p>", 100_000)),
        (
            many("div div div p{a:b}", 2_000),
            format!("{}<p>", many("<span><div></span>", 2_400)),
        ),
        (
            "x{a:b}".to_owned(),
            format!("mergedfield{}", many("x", 400_000)),
        ),
        ("x{a:b}".to_owned(), many("{{ '</style>' }}", 20_000)),
    ];
    for (css, html) in all {
        let source = format!("<style>{css}</style>{html}");
        assert!(source.len() < HTML_BYTES, "{}", source.len());
        let said: String = source.chars().take(60).collect();
        match on_a_thread_of_documents(move || prepared("s", &source)) {
            Ok(frozen) => assert!(frozen.html.len() <= PREPARED_BYTES, "{said}"),
            Err(MailTemplateError::PreparedTooLarge { .. }) => {}
            Err(MailTemplateError::Markup { fault, .. }) => {
                let is_bound = !matches!(fault, MarkupFault::Script | MarkupFault::Unquoted);
                assert!(is_bound, "{said}: {fault:?}");
            }
            Err(other) => panic!("{said}: {other:?}"),
        }
    }
}

/// The styles of a large newsletter are far from what is refused.
#[test]
fn large_newsletters_are_taken() {
    let rule = |n: usize| {
        format!(".c{n} td a, table.c{n} > tr > td{{color:#000;padding:{n}px 0 !important}}")
    };
    let rules: String = (0..600).map(rule).collect();
    let media = format!("@media only screen and (max-width:600px){{{rules}}}");
    let reset = "*{margin:0}table,td{border-collapse:collapse;mso-table-lspace:0}\
        a[href^='tel:']{color:red}u + #body a{color:inherit}h1 ~ p{margin:0}\
        p:last-of-type{margin:1px}div[style*='margin: 16px 0;']{margin:0}";
    let cell = |n: usize| {
        format!(
            "<table class='c{n} t' style='width:100%'><tr><td style=\"font:12px 'A';color:red\">\
             <p>Words about {n}</p><a href='https://example.org/{n}?utm=x'><b>Read</b></a>\
             </td></tr></table>"
        )
    };
    let cells: String = (0..300).map(cell).collect();
    let html = format!("<style>{reset}{rules}{media}</style><div id=body>{cells}</div>");
    assert!(html.len() < HTML_BYTES, "{}", html.len());
    let frozen = on_a_thread_of_documents(move || prepared("s", &html));
    assert!(frozen.is_ok(), "{:?}", frozen.err());
}

#[test]
fn what_filters_make_is_bounded_over_a_part() {
    let often = "{% for a in range(1000) %}\
        {% set b = city|replace('a','aaaaaaaaaaaaaaaaaaa')|title %}{% endfor %}";
    let frozen = prepared("s", often).unwrap();
    let merged = merged(&frozen, &[("city", &"a".repeat(500))]);
    assert_eq!(merged, Err(MailTemplateError::Endless));
}

#[test]
fn braces_that_are_text_do_not_grow_a_template_without_bound() {
    let most_kib = PREPARED_BYTES / KIB;
    assert_eq!(
        prepared("s", &"{ ".repeat(200_000)),
        Err(MailTemplateError::PreparedTooLarge { most_kib })
    );
}

const HOSTILE: &str = "([<>&\"'`/=;{}%#\\-\\x01-\\x1f\\x7f]|[a-z가-힣 ]|<script>|</p>|-->|\\]\\]>\
    |\r\nBcc: x@y\\.kr|--=_timeattack_a|&lt;|javascript:|\\{\\{ email \\}\\}|\\{% raw %\\}){0,30}";

/// Every place where a template can put a value. The sign that is replaced is one that occurs in none
/// of the long pieces of [`HOSTILE`]: what a value makes of itself then stays below a filter's bound.
const EVERYWHERE: &str = "<!-- {{ v }} --><style>p{color:red}</style><title>{{ v }}</title>\
    <p title=\"{{ v }}\" class='{{ v }}'>{{ v }}<a href=\"https://x/?{{ v }}&amp;{{ v|urlencode }}\">{{ v }}</a>\
    <textarea>{{ v }}</textarea>{% set w = v %}{{ w|upper }}{{ v|replace('g', v)|default('') }}\
    {% for c in v %}{{ c }}{% endfor %}</p><i>end</i>";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// What a value leaves of its place is no markup: read back, the mail has the elements and
    /// attributes of the template and no others.
    #[test]
    fn no_value_becomes_markup(value in HOSTILE) {
        let frozen = prepared("s", EVERYWHERE).unwrap();
        let plain = merged(&frozen, &[("v", "value")]).unwrap();
        let hostile = merged(&frozen, &[("v", &value)]).unwrap();
        let shape = |html: &str| -> Vec<String> {
            let pieces = html::pieces(html, &[]);
            let shown = pieces.iter().filter_map(|piece| match piece {
                html::Piece::Open(one) => {
                    let names = one.attributes.iter().map(|one| one.name.as_str());
                    Some(format!("{} {}", one.name, names.collect::<Vec<_>>().join(" ")))
                }
                html::Piece::Close(name) => Some(format!("/{name}")),
                _ => None,
            });
            shown.collect()
        };
        prop_assert_eq!(shape(&hostile.html), shape(&plain.html));
        // Whatever a reader of HTML thinks of it, no sign of a value is left that could begin any.
        let signs = |html: &str| html.matches(['<', '>', '"', '\'']).count();
        prop_assert_eq!(signs(&hostile.html), signs(&plain.html));
    }

    /// Neither does it become a header or a part of the mail.
    #[test]
    fn no_value_becomes_a_header_or_a_part(value in HOSTILE, name in HOSTILE) {
        let html = format!("{EVERYWHERE}<img src=\"{{{{ image('logo') }}}}\">{{{{ name }}}}");
        let frozen = prepared("{{ name }}", &html).unwrap();
        let compiled = Compiled::compile(&frozen).unwrap();
        let attributes = [("v".to_owned(), value)].into_iter().collect();
        let to = Mailbox { name: String::new(), address: EmailAddress::parse("mina@example.com").unwrap() };
        let merged = compiled.merge(&Fields {
            name: &name,
            email: "mina@example.com",
            attributes: &attributes,
            unsubscribe_url: "https://example.org/u/t",
        });
        let Ok(mail) = merged else {
            // A subject that would be more than one.
            prop_assert!(name.trim().is_empty() || name.chars().any(char::is_control));
            return Ok(());
        };
        let constant = Constant {
            from: Mailbox::parse("Study <bot@example.org>").unwrap(),
            reply_to: None,
            list_id: None,
            feedback_id: None,
            images: compiled.images().to_vec(),
            attachments: Vec::new(),
        };
        let assembler = Assembler::new(&constant, None).unwrap();
        let bytes = assembler.assemble(&Draft {
            occurrence: 1,
            recipient: 2,
            to: &to,
            subject: &mail.subject,
            text: &mail.text,
            html: &mail.html,
            unsubscribe: Some(Unsubscribe { url: "https://example.org/u/t", mailto: None }),
            date_ms: 1_795_237_200_000,
        }).unwrap();
        let read = MessageParser::default().parse(&bytes).unwrap();
        let headers: Vec<&str> = read.headers().iter().map(mail_parser::Header::name).collect();
        prop_assert_eq!(headers, [
            "Date", "From", "MIME-Version", "Content-Type", "To", "Subject", "Message-ID",
            "X-Timeattack-Delivery", "List-Unsubscribe", "List-Unsubscribe-Post",
        ]);
        // related, alternative, text, HTML, picture.
        prop_assert_eq!(read.parts.len(), 5);
        prop_assert_eq!(read.attachment(0).and_then(|one| one.content_id()), Some("logo@timeattack"));
        prop_assert_eq!(read.subject().unwrap_or_default().trim_end(), mail.subject.trim_end());
    }

    /// Whatever is uploaded is taken or refused, and what is taken is compiled.
    #[test]
    fn whatever_is_uploaded_is_answered(html in "([<>/\"' =a-d!-]|\\{\\{ ?[ab|(.'] ?\\}\\}|\\{% ?(if|for|endif|endfor|set|else) [a =]{0,3}%\\}|<style>|</style>|&#123;|\\{|<table><tr><td>){0,30}") {
        if let Ok(frozen) = prepared("s", &html) {
            prop_assert!(Compiled::compile(&frozen).is_ok());
        }
    }
}
