//! Which server, and how: lettre's form of URL.
//!
//! | URL | meaning | port |
//! |---|---|---|
//! | `smtps://…` | TLS from the first byte | 465 |
//! | `smtp://…?tls=required` | STARTTLS, and nothing without it | 587 |
//! | `smtp://…?tls=opportunistic` | STARTTLS where it is offered; no password goes without it | 587 |
//! | `smtp://…` (or `?tls=none`) | no TLS | 25 |
//!
//! User and password stand before the host, percent-encoded; a path is the name for EHLO.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::Url;

/// Whether the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Never.
    None,
    /// By STARTTLS, if the server offers it.
    Opportunistic,
    /// By STARTTLS, or not at all.
    Required,
    /// From the first byte.
    Wrapped,
}

/// Why a URL names no server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// Not a URL.
    #[error("not a URL (a password's special characters must be %-encoded)")]
    Url,
    /// Another scheme.
    #[error("neither smtp:// nor smtps://")]
    Scheme,
    /// No host.
    #[error("names no host")]
    Host,
    /// A `tls` that there is not, or another option.
    #[error("has an option other than tls=required, tls=opportunistic or tls=none")]
    Option,
    /// `smtps://` with a `tls` that contradicts it.
    #[error("smtps:// is TLS already; the option tls says otherwise")]
    Contradiction,
    /// A password without a user, or a user without a password.
    #[error("has a user without a password, or a password without a user")]
    Credentials,
    /// A path that isn't a host name.
    #[error("has a path, the name for EHLO, that isn't a host name")]
    Hello,
}

/// A mail server.
#[derive(Clone)]
pub struct Server {
    /// Its name or address; certificates are for this name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether the connection is encrypted.
    pub tls: Tls,
    /// What it is told at EHLO, if not this side's address.
    pub(super) hello: Option<String>,
    pub(super) login: Option<Login>,
    pub(super) tls_config: Arc<ClientConfig>,
}

/// Who we are to the server.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: SecretString,
}

impl Server {
    /// Reads a URL.
    pub fn parse(given: &str) -> Result<Self, ServerError> {
        let url = Url::parse(given).map_err(|_| ServerError::Url)?;
        let mut option = None;
        for (key, value) in url.query_pairs() {
            if key != "tls" || option.is_some() {
                return Err(ServerError::Option);
            }
            option = Some(value.into_owned());
        }
        let (tls, port) = match (url.scheme(), option.as_deref()) {
            ("smtps", None | Some("required")) => (Tls::Wrapped, 465),
            ("smtps", Some("none" | "opportunistic")) => return Err(ServerError::Contradiction),
            ("smtp", None | Some("none")) => (Tls::None, 25),
            ("smtp", Some("opportunistic")) => (Tls::Opportunistic, 587),
            ("smtp", Some("required")) => (Tls::Required, 587),
            ("smtp" | "smtps", Some(_)) => return Err(ServerError::Option),
            _ => return Err(ServerError::Scheme),
        };
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(ServerError::Host)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let login = match (decoded(url.username())?, url.password()) {
            (user, None) if user.is_empty() => None,
            (user, Some(password)) if !user.is_empty() => Some(Login {
                user,
                password: decoded(password)?.into(),
            }),
            _ => return Err(ServerError::Credentials),
        };
        let hello = match url.path().trim_start_matches('/') {
            "" => None,
            name if is_host(name) => Some(name.to_owned()),
            _ => return Err(ServerError::Hello),
        };
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        Ok(Self {
            host: host.to_owned(),
            port: url.port().unwrap_or(port),
            tls,
            hello,
            login,
            tls_config: trusting(roots),
        })
    }

    /// Trusts these instead of Mozilla's roots.
    #[must_use]
    pub fn with_roots(mut self, roots: RootCertStore) -> Self {
        self.tls_config = trusting(roots);
        self
    }

    /// Whether there is a user and a password.
    pub fn has_login(&self) -> bool {
        self.login.is_some()
    }

    /// Everything of it that the log must not show: the password, as it is and as it is sent.
    pub fn secrets(&self) -> Vec<SecretString> {
        let Some(login) = &self.login else {
            return Vec::new();
        };
        vec![
            login.password.clone(),
            login.plain().into(),
            login.password_base64().into(),
        ]
    }
}

impl Login {
    /// RFC 4616.
    pub(super) fn plain(&self) -> String {
        let text = format!("\0{}\0{}", self.user, self.password.expose_secret());
        base64(&text)
    }

    pub(super) fn user_base64(&self) -> String {
        base64(&self.user)
    }

    pub(super) fn password_base64(&self) -> String {
        base64(self.password.expose_secret())
    }
}

/// Host and port alone.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = if self.has_login() {
            ", with a login"
        } else {
            ""
        };
        write!(f, "Server({self}, {:?}{login})", self.tls)
    }
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn trusting(roots: RootCertStore) -> Arc<ClientConfig> {
    // Named, because another crate may have made another provider the default.
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has the suites of TLS 1.2 and 1.3");
    Arc::new(config.with_root_certificates(roots).with_no_client_auth())
}

/// What stands behind the percent signs.
fn decoded(part: &str) -> Result<String, ServerError> {
    // As a form's value, but for the plus, which is a space only there.
    let form = format!("p={}", part.replace('+', "%2B").replace('&', "%26"));
    let value = url::form_urlencoded::parse(form.as_bytes()).next();
    let value = value.map_or_else(String::new, |(_, value)| value.into_owned());
    // Neither mechanism of login can carry it, and it is a slip anyway.
    if value.chars().any(char::is_control) {
        return Err(ServerError::Credentials);
    }
    Ok(value)
}

fn is_host(name: &str) -> bool {
    let is_one = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    name.len() <= 255 && name.bytes().all(is_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_lettre_reads_them() {
        for (url, shown, tls) in [
            ("smtp://mail.example", "mail.example:25", Tls::None),
            ("smtp://mail.example?tls=none", "mail.example:25", Tls::None),
            ("smtp://mail.example:1025", "mail.example:1025", Tls::None),
            (
                "smtp://mail.example?tls=required",
                "mail.example:587",
                Tls::Required,
            ),
            (
                "smtp://mail.example/?tls=opportunistic",
                "mail.example:587",
                Tls::Opportunistic,
            ),
            ("smtps://mail.example", "mail.example:465", Tls::Wrapped),
            (
                "smtps://mail.example?tls=required",
                "mail.example:465",
                Tls::Wrapped,
            ),
            ("smtps://[::1]:2525", "[::1]:2525", Tls::Wrapped),
        ] {
            let server = Server::parse(url).unwrap();
            assert_eq!(
                (server.to_string().as_str(), server.tls),
                (shown, tls),
                "{url}"
            );
        }
        let server =
            Server::parse("smtps://us%40er:p%2Bs+s%26%3d@mail.example/me.example").unwrap();
        let login = server.login.as_ref().unwrap();
        assert_eq!(login.user, "us@er");
        assert_eq!(login.password.expose_secret(), "p+s+s&=");
        assert_eq!(server.hello.as_deref(), Some("me.example"));
    }

    #[test]
    fn urls_that_name_no_server_are_refused_with_the_reason() {
        use ServerError::{Contradiction, Credentials, Hello, Host, Scheme, Url};
        for (url, error) in [
            ("mail.example", Url),
            ("smtp://u:p#x@h:y", Url),
            ("http://mail.example", Scheme),
            ("smtp:///x", Host),
            ("smtp://mail.example?tls=maybe", ServerError::Option),
            ("smtp://mail.example?starttls=1", ServerError::Option),
            (
                "smtp://mail.example?tls=none&tls=required",
                ServerError::Option,
            ),
            ("smtps://mail.example?tls=none", Contradiction),
            ("smtp://user@mail.example", Credentials),
            ("smtp://:pass@mail.example", Credentials),
            ("smtp://u%0d%0aRSET:p@mail.example", Credentials),
            ("smtp://mail.example/a%20b", Hello),
        ] {
            assert_eq!(Server::parse(url).unwrap_err(), error, "{url}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        let server = Server::parse("smtp://user:canary@mail.example").unwrap();
        let shown = format!("{server} {server:?}");
        assert!(
            !shown.contains("canary") && !shown.contains("user"),
            "{shown}"
        );
        assert_eq!(server.secrets()[0].expose_secret(), "canary");
    }
}
