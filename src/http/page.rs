//! Pages: one shell, one style, both languages.
//!
//! A page is whole in itself: its style stands inside and is allowed by its hash, so it works behind
//! a proxy that serves it below any path, and nothing else on it could load or run. Whatever was
//! written by somebody goes through [`escape`].

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::digest::{SHA256, digest};

use crate::i18n::{Arg, Language, text};

const STYLE: &str = include_str!("../../assets/http/page.css");

/// What a page may do: show itself in its own style, and send its form to where it came from.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = BASE64.encode(digest(&SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("it is ASCII")
});

/// Which language comes first; the other one follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order(pub(super) Language);

impl Order {
    /// As the reader's browser wants it (`Accept-Language`, RFC 9110 §12.5.4): Korean first for those
    /// who put it first, and where nothing is said.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let wanted = headers.get(header::ACCEPT_LANGUAGE);
        let wanted = wanted.and_then(|value| value.to_str().ok());
        let mut best: Option<(Language, f64)> = None;
        for one in wanted.unwrap_or_default().split(',') {
            let mut parts = one.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            let weight = weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
            // Of two that weigh the same the first counts.
            if !tag.is_empty() && tag != "*" && best.is_none_or(|(_, most)| weight > most) {
                best = Some((Language::from_locale(tag), weight));
            }
        }
        Self(best.map_or(Language::Korean, |(language, _)| language))
    }

    fn both(self) -> [Language; 2] {
        match self.0 {
            Language::Korean => [Language::Korean, Language::English],
            Language::English => [Language::English, Language::Korean],
        }
    }
}

/// A page that is being written.
pub(super) struct Page {
    order: Order,
    status: StatusCode,
    title: String,
    body: String,
}

impl Page {
    /// One that begins with a heading.
    pub(super) fn new(order: Order, status: StatusCode) -> Self {
        Self {
            order,
            status,
            title: String::new(),
            body: String::new(),
        }
    }

    /// One that says that there is nothing, or that it cannot be done.
    pub(super) fn plain(order: Order, status: StatusCode) -> Self {
        let key = match status {
            StatusCode::NOT_FOUND => "page-nothing-here",
            StatusCode::SERVICE_UNAVAILABLE => "page-busy",
            _ => "page-refused",
        };
        Self::new(order, status).heading(key)
    }

    /// One that says that something failed, and by what it is known in the log.
    pub(super) fn failed(order: Order, status: StatusCode, id: &str) -> Self {
        let page = Self::new(order, status).heading("page-failed");
        page.paragraph("page-failed-more", &[("id", id.into())])
    }

    /// The page's heading, and its title.
    pub(super) fn heading(mut self, key: &str) -> Self {
        self.title = text(self.order.0, key, &[]);
        let said = self.said(key, &[]);
        let _ = write!(self.body, "<h1>{said}</h1>");
        self
    }

    pub(super) fn paragraph(mut self, key: &str, args: &[(&str, Arg)]) -> Self {
        let said = self.said(key, args);
        let _ = write!(self.body, "<p>{said}</p>");
        self
    }

    /// A paragraph in small print.
    pub(super) fn note(mut self, key: &str) -> Self {
        let said = self.said(key, &[]);
        let _ = write!(self.body, "<p class=\"note\">{said}</p>");
        self
    }

    /// Whose page it is: a Discord server.
    pub(super) fn server(mut self, name: &str) -> Self {
        let name = shown_name(name);
        let initial: String = name.chars().take(1).collect();
        let said = self.said("page-server", &[]);
        let _ = write!(
            self.body,
            "<p class=\"server\"><span class=\"avatar\" aria-hidden=\"true\">{}</span>\
             <span><bdi>{}</bdi><small>{said}</small></span></p>",
            escape(&initial),
            escape(&name)
        );
        self
    }

    /// What something is: an address, say.
    pub(super) fn fact(mut self, value: &str) -> Self {
        let _ = write!(
            self.body,
            "<p class=\"fact\"><bdi>{}</bdi></p>",
            escape(value)
        );
        self
    }

    /// Facts by their names.
    pub(super) fn facts(mut self, facts: &[(&str, String)]) -> Self {
        self.body.push_str("<dl>");
        for (key, value) in facts {
            let said = self.said(key, &[]);
            let _ = write!(
                self.body,
                "<dt>{said}</dt><dd><bdi>{}</bdi></dd>",
                escape(value)
            );
        }
        self.body.push_str("</dl>");
        self
    }

    /// A form of buttons, the first of which is the likeliest. Each sends its value as `name`.
    pub(super) fn buttons(mut self, name: &str, buttons: &[(&str, &str)]) -> Self {
        self.body.push_str("<form method=\"post\">");
        for (at, (value, key)) in buttons.iter().enumerate() {
            let kind = if at == 0 { "primary" } else { "secondary" };
            let said = self.said(key, &[]);
            let _ = write!(
                self.body,
                "<button class=\"{kind}\" name=\"{name}\" value=\"{value}\">{said}</button>"
            );
        }
        self.body.push_str("</form>");
        self
    }

    /// A form of one button that most will not need.
    pub(super) fn last_button(mut self, name: &str, value: &str, key: &str) -> Self {
        let said = self.said(key, &[]);
        let _ = write!(
            self.body,
            "<form method=\"post\"><button class=\"secondary\" name=\"{name}\" \
             value=\"{value}\">{said}</button></form>"
        );
        self
    }

    /// A text in both languages.
    fn said(&self, key: &str, args: &[(&str, Arg)]) -> String {
        let [first, second] = self.order.both();
        format!(
            "<span lang=\"{first}\">{}</span> <span class=\"second\" lang=\"{second}\">{}</span>",
            escape(&text(first, key, args)),
            escape(&text(second, key, args))
        )
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let html = format!(
            "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\">\
             <title>{}</title><style>{STYLE}</style></head><body><main>{}</main></body></html>\n",
            self.order.0,
            escape(&self.title),
            self.body
        );
        let headers = [(header::CONTENT_SECURITY_POLICY, POLICY.clone())];
        (self.status, headers, Html(html)).into_response()
    }
}

/// A name that somebody gave a server: on one line, without what is invisible or turns the direction
/// of what follows, and not empty.
fn shown_name(name: &str) -> String {
    let is_shown = |c: &char| {
        let turns = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}');
        !c.is_control() && !turns
    };
    let name: String = name.chars().filter(is_shown).collect();
    let name = name.trim();
    if name.is_empty() {
        return "Discord".to_owned();
    }
    name.to_owned()
}

/// Text as HTML's text, or as the value of an attribute in quotation marks.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_says_which_language_comes_first() {
        for (wanted, first) in [
            ("", Language::Korean),
            ("ko", Language::Korean),
            ("ko-KR,ko;q=0.9,en;q=0.8", Language::Korean),
            ("en-US,en;q=0.9,ko;q=0.8", Language::English),
            ("en;q=0.5, ko;q=0.9", Language::Korean),
            ("fr-FR,fr;q=0.9", Language::English),
            ("*", Language::Korean),
            ("en;q=x,ko;q=0.1", Language::Korean),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, wanted.parse().unwrap());
            assert_eq!(Order::of(&headers), Order(first), "{wanted}");
        }
        assert_eq!(Order::of(&HeaderMap::new()), Order(Language::Korean));
    }

    #[test]
    fn a_name_cannot_do_anything_to_the_page() {
        assert_eq!(escape("<script>'\"&"), "&lt;script&gt;&#39;&quot;&amp;");
        assert_eq!(shown_name("a\u{202e}b\u{2066}c\nd\u{200b}"), "abcd");
        assert_eq!(shown_name(" \u{200f} "), "Discord");
        assert_eq!(shown_name("공부방 📚"), "공부방 📚");
    }
}
