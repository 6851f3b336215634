//! The check at every door of the local Discord: the page and its JSON, the bot's REST API, the
//! gateway and the files. Around the whole router, so that no new route can do without it.
//!
//! # What it refuses
//!
//! What another site makes a browser send here, whether or not that site could read the answer:
//!
//! - a **`Host` that is no address and not `localhost`**: any other name may have been pointed here by
//!   whoever owns it (DNS rebinding), and its pages would count as this place's own. So a bot, too,
//!   finds this place by its address or as `localhost`;
//! - an **`Origin` other than the page's own**: a script or a form of another site. Programs that are no
//!   browsers send none;
//! - a **`Sec-Fetch-Site` of another site**, which browsers add to pictures, scripts and frames that
//!   have no `Origin`. A link that somebody follows is allowed: it shows them the page.
//!
//! The token of the bot and those of interactions are of their own for each start (`tokens`), so none
//! of them is known to anybody who was not told it.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;

use super::insight::refused;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The middleware.
pub(super) async fn refuse_others(request: Request, next: Next) -> Response {
    match fault(request.method(), request.headers()) {
        None => next.run(request).await,
        Some(why) => refused(StatusCode::FORBIDDEN, why),
    }
}

/// Why a request is not to be believed.
fn fault(method: &Method, headers: &HeaderMap) -> Option<&'static str> {
    let host = match only(headers, &header::HOST) {
        Ok(Some(host)) if is_local_name(host) => host,
        _ => {
            return Some(
                "ask for an address such as 127.0.0.1, or localhost: another name may lead here",
            );
        }
    };
    let is_own = match only(headers, &header::ORIGIN) {
        Ok(None) => true,
        Ok(Some(origin)) => origin.strip_prefix("http://") == Some(host),
        Err(Unclear) => false,
    };
    if !is_own || !is_from_here(method, headers) {
        return Some("this request comes from another site");
    }
    None
}

/// What a browser says of who asks; whoever is no browser says nothing.
fn is_from_here(method: &Method, headers: &HeaderMap) -> bool {
    let is = |name: &HeaderName, value: &str| only(headers, name) == Ok(Some(value));
    match only(headers, &SEC_FETCH_SITE) {
        Ok(None | Some("same-origin" | "none")) => true,
        Ok(Some(_)) => {
            let is_link = is(&SEC_FETCH_MODE, "navigate") && is(&SEC_FETCH_DEST, "document");
            is_link && method == Method::GET
        }
        Err(Unclear) => false,
    }
}

/// A header that says two things, or something that is no text.
#[derive(Debug, PartialEq, Eq)]
struct Unclear;

fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Unclear> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Unclear);
    }
    value.to_str().map(Some).map_err(|_| Unclear)
}

fn is_local_name(host: &str) -> bool {
    let Ok(uri) = host.parse::<Uri>() else {
        return false;
    };
    let name = uri.host().unwrap_or_default();
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn faults(method: &Method, headers: &[(&str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        fault(method, &map).is_some()
    }

    #[test]
    fn a_host_is_an_address_or_localhost() {
        for (host, is_fine) in [
            ("127.0.0.1:7777", true),
            ("127.0.0.1", true),
            ("192.168.0.9:7777", true),
            ("[::1]:7777", true),
            ("localhost:7777", true),
            ("LOCALHOST:7777", true),
            ("", false),
            ("evil.example:7777", false),
            ("127.0.0.1.evil.example:7777", false),
            ("localhost.evil.example", false),
            ("localhost.", false),
            ("127.0.0.1@evil.example:7777", false),
            ("evil.example@127.0.0.1.nip.example", false),
            ("sandbox:7777", false),
        ] {
            let refused = faults(&Method::GET, &[("host", host)]);
            assert_eq!(refused, !is_fine, "{host:?}");
        }
        assert!(faults(&Method::GET, &[]), "without a host");
        let two = [("host", "127.0.0.1:7777"), ("host", "evil.example")];
        assert!(faults(&Method::GET, &two));
    }

    #[test]
    fn an_origin_is_the_pages_own() {
        let from = |origins: &[&str]| {
            let mut headers = vec![("host", "127.0.0.1:7777")];
            headers.extend(origins.iter().map(|origin| ("origin", *origin)));
            faults(&Method::POST, &headers)
        };
        assert!(!from(&["http://127.0.0.1:7777"]));
        for origin in [
            "null",
            "",
            "http://127.0.0.1",
            "http://127.0.0.1:8080",
            "http://localhost:7777",
            "https://127.0.0.1:7777",
            "http://evil.example",
        ] {
            assert!(from(&[origin]), "{origin:?}");
        }
        assert!(from(&["http://127.0.0.1:7777", "http://evil.example"]));
    }

    #[test]
    fn a_browser_tells_pictures_of_other_sites_and_may_follow_links() {
        let by = |method: &Method, site: &str, mode: &str, dest: &str| {
            let headers = [
                ("host", "127.0.0.1:7777"),
                ("sec-fetch-site", site),
                ("sec-fetch-mode", mode),
                ("sec-fetch-dest", dest),
            ];
            faults(method, &headers)
        };
        assert!(!by(&Method::GET, "same-origin", "no-cors", "image"));
        assert!(!by(&Method::GET, "none", "navigate", "document"));
        assert!(!by(&Method::GET, "cross-site", "navigate", "document"));
        assert!(by(&Method::POST, "cross-site", "navigate", "document"));
        for site in ["cross-site", "same-site"] {
            assert!(by(&Method::GET, site, "no-cors", "image"));
            assert!(by(&Method::GET, site, "no-cors", "script"));
            assert!(by(&Method::GET, site, "navigate", "iframe"));
            assert!(by(&Method::GET, site, "websocket", "empty"));
        }
    }
}
