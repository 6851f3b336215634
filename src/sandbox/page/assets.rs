//! The page's files, as they stand in `assets/sandbox`: no build step between them and a browser.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::refused;

const PAGE: &str = include_str!("../../../assets/sandbox/index.html");

/// Nothing from elsewhere, nothing inline: what a member writes is never a script, and the page
/// could not make HTML of it if it tried (Trusted Types). Frames hold the mailbox's mails, which
/// have a policy of their own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

macro_rules! files {
    ($($name:literal: $kind:ident),* $(,)?) => {
        [$(($name, $kind, include_str!(concat!("../../../assets/sandbox/", $name)))),*]
    };
}

/// Name, media type and text of every file besides the page itself.
static FILES: &[(&str, &str, &str)] = &files![
    "icon.svg": PICTURE,
    "css/base.css": STYLE,
    "css/composer.css": STYLE,
    "css/layout.css": STYLE,
    "css/message.css": STYLE,
    "css/panels.css": STYLE,
    "js/api.js": SCRIPT,
    "js/apps.js": SCRIPT,
    "js/chip.js": SCRIPT,
    "js/clock.js": SCRIPT,
    "js/commands.js": SCRIPT,
    "js/components.js": SCRIPT,
    "js/composer.js": SCRIPT,
    "js/dom.js": SCRIPT,
    "js/form.js": SCRIPT,
    "js/inside.js": SCRIPT,
    "js/mailbox.js": SCRIPT,
    "js/main.js": SCRIPT,
    "js/markdown.js": SCRIPT,
    "js/menu.js": SCRIPT,
    "js/message.js": SCRIPT,
    "js/sidebar.js": SCRIPT,
    "js/state.js": SCRIPT,
    "js/story.js": SCRIPT,
    "js/suggestions.js": SCRIPT,
    "js/text.js": SCRIPT,
    "js/timeline.js": SCRIPT,
    "js/words.en.js": SCRIPT,
    "js/words.ko.js": SCRIPT,
];

pub(super) async fn page() -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, Html(PAGE)).into_response()
}

pub(super) async fn file(Path(path): Path<String>) -> Response {
    let Some((_, kind, text)) = FILES.iter().find(|(name, _, _)| *name == path) else {
        return refused(StatusCode::NOT_FOUND, "the page has no such file");
    };
    let headers = [
        (header::CONTENT_TYPE, *kind),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Another version of the program may serve this address tomorrow.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, *text).into_response()
}
