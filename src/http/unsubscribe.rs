//! Leaving the list by the link in a mail.
//!
//! # Promise
//!
//! - `GET` asks and `POST` acts, so neither a scanner that follows links nor a preview unsubscribes
//!   anybody. No login, cookie, script or redirect (RFC 8058 §3.2; K6: refusing has no obstacle).
//! - What is refused holds from the moment of the answer: it is committed first, and asked again when
//!   a mail that waits is claimed (K2).
//! - A link that is not ours, or whose mail is forgotten, gets one and the same page; it says what to
//!   do, and nothing of who exists. Only who can sign tokens reaches the database with one, so how
//!   long the answer takes tells others nothing either.
//! - A test mail's link changes nothing, and says so.
//!
//! # What is refused
//!
//! A mail program's own button (`List-Unsubscribe=One-Click`) refuses what the mail is: an
//! advertisement's all advertising, a notice's all mail of that server. The page lets its reader
//! choose. Coming back is not offered: consent is given anew, where it was given.
//!
//! # The notice of the result (K7)
//!
//! Whoever refuses is to be told the sender's name, the fact, its date and the result within 14 days
//! (§50⑦). The page that answers is that notice: it reaches them at once and in their own hands,
//! and says all four. A mail to somebody who has just asked for no more mail would be worse at it. Who
//! used their mail program's button can open the link in the mail, where the same is said again when
//! they confirm; their program has told them that it is done.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest as _, Multipart, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::DateTime;

use super::Front;
use super::error::Asker;
use super::page::{Order, Page};
use crate::app::App;
use crate::error::Result;
use crate::guild;
use crate::i18n::{Language, text};
use crate::outbox::Class;
use crate::outbox::mail::{self, Addressee};
use crate::subscriber::Scope;
use crate::subscriber::suppression::{self, Refusal};

/// The form's only field.
const SCOPE: &str = "scope";
const ADS: &str = "ads";
const ALL: &str = "all";
/// What a mail program sends (RFC 8058 §3.1), name and value; it is also what is recorded as the
/// words in which they refused.
const ONE_CLICK: (&str, &str) = ("List-Unsubscribe", "One-Click");
/// Fields of a form that are looked at.
const FIELDS: usize = 8;

type Token = Result<Path<String>, PathRejection>;

/// Asks what they want no more of.
pub(super) async fn ask(
    State(front): State<Arc<Front>>,
    token: Token,
    request: Request,
) -> Response {
    let order = Order::of(request.headers());
    match addressee(&front.app, token).await {
        Ok(Some(addressee)) => asking(order, StatusCode::OK, &addressee).into_response(),
        Ok(None) => unknown(order).into_response(),
        Err(error) => Asker::Person(order).failed(&front, &error),
    }
}

/// Does it, and says so.
pub(super) async fn leave(
    State(front): State<Arc<Front>>,
    token: Token,
    request: Request,
) -> Response {
    let order = Order::of(request.headers());
    let addressee = match addressee(&front.app, token).await {
        Ok(Some(addressee)) => addressee,
        Ok(None) => return unknown(order).into_response(),
        Err(error) => return Asker::Person(order).failed(&front, &error),
    };
    let Some(wish) = Wish::read(request, &addressee).await else {
        return asking(order, StatusCode::BAD_REQUEST, &addressee).into_response();
    };
    if addressee.is_test {
        return tested(order, &addressee).into_response();
    }
    match act(&front.app, &addressee, wish).await {
        Ok(at) => {
            let page = done(&front.app, order, &addressee, wish.scope, at).await;
            page.into_response()
        }
        Err(error) => Asker::Person(order).failed(&front, &error),
    }
}

/// Whose mail the link came with.
async fn addressee(app: &App, token: Token) -> Result<Option<Addressee>> {
    let delivery = token
        .ok()
        .and_then(|Path(token)| app.sender.links.read_unsubscribe(&token));
    let Some(delivery) = delivery else {
        return Ok(None);
    };
    let mut conn = app.db.read().await?;
    mail::addressee(&mut conn, delivery).await
}

/// What somebody wants no more of, and how they said so.
#[derive(Clone, Copy, Debug)]
struct Wish {
    scope: Scope,
    is_one_click: bool,
}

impl Wish {
    /// Reads a form, as browsers send it or as mail programs do; `None`: it is neither.
    async fn read(request: Request, addressee: &Addressee) -> Option<Self> {
        let fields = fields(request).await?;
        let value = |name: &str| {
            fields
                .iter()
                .find(|field| field.0 == name)
                .map(|field| &*field.1)
        };
        let scope = match value(SCOPE) {
            Some(ADS) => Scope::Ads,
            Some(ALL) => Scope::All,
            _ if value(ONE_CLICK.0) == Some(ONE_CLICK.1) => {
                let scope = match addressee.class {
                    Class::Ad => Scope::Ads,
                    _ => Scope::All,
                };
                let is_one_click = true;
                return Some(Self {
                    scope,
                    is_one_click,
                });
            }
            _ => return None,
        };
        let is_one_click = false;
        Some(Self {
            scope,
            is_one_click,
        })
    }

    /// The words in which they refused, for the record of consents.
    fn wording(self) -> String {
        if self.is_one_click {
            return format!("{}={}", ONE_CLICK.0, ONE_CLICK.1);
        }
        let key = button(self.scope);
        let [korean, english] = Language::ALL.map(|language| text(language, key, &[]));
        format!("{korean} / {english}")
    }
}

/// The fields of a form in either encoding; RFC 8058 §3.2 leaves the choice to the mail program.
async fn fields(request: Request) -> Option<Vec<(String, String)>> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind
        .trim_start()
        .to_ascii_lowercase()
        .starts_with("multipart/form-data")
    {
        let body = Bytes::from_request(request, &()).await.ok()?;
        let fields = url::form_urlencoded::parse(&body).into_owned();
        return Some(fields.take(FIELDS).collect());
    }
    let mut form = Multipart::from_request(request, &()).await.ok()?;
    let mut fields = Vec::new();
    while fields.len() < FIELDS {
        let Some(field) = form.next_field().await.ok()? else {
            break;
        };
        let name = field.name().unwrap_or_default().to_owned();
        fields.push((name, field.text().await.ok()?.trim().to_owned()));
    }
    Some(fields)
}

/// Returns since when it stands.
async fn act(app: &App, addressee: &Addressee, wish: Wish) -> Result<i64> {
    let job = (
        addressee.guild,
        addressee.email.clone(),
        wish.scope,
        wish.wording(),
        app.ids.next(&app.clock),
        app.clock.now_ms(),
    );
    let since_ms = app
        .db
        .write(job, |tx, (guild, email, scope, wording, record, now_ms)| {
            Box::pin(async move {
                let refusal = Refusal {
                    email,
                    scope: *scope,
                    wording,
                };
                suppression::unsubscribe(tx, *guild, &refusal, *record, *now_ms).await
            })
        })
        .await?;
    tracing::info!(
        guild.id = %addressee.guild,
        scope = ?wish.scope,
        one_click = wish.is_one_click,
        "somebody unsubscribed"
    );
    Ok(since_ms)
}

fn button(scope: Scope) -> &'static str {
    match scope {
        Scope::Ads => "unsubscribe-ads",
        Scope::All => "unsubscribe-all",
    }
}

fn asking(order: Order, status: StatusCode, addressee: &Addressee) -> Page {
    let page = Page::new(order, status)
        .server(&addressee.guild_name)
        .heading("unsubscribe-ask")
        .fact(&masked(&addressee.email));
    let scopes: &[_] = match addressee.class {
        Class::Ad => &[(ADS, button(Scope::Ads)), (ALL, button(Scope::All))],
        _ => &[(ALL, button(Scope::All))],
    };
    let page = page.buttons(SCOPE, scopes);
    if addressee.is_test {
        return page.note("unsubscribe-is-test");
    }
    page.note("unsubscribe-nothing-yet")
}

fn tested(order: Order, addressee: &Addressee) -> Page {
    Page::new(order, StatusCode::OK)
        .server(&addressee.guild_name)
        .heading("unsubscribe-tested")
        .paragraph("unsubscribe-is-test", &[])
}

/// The notice of K7: the sender, the fact, its date, the result.
async fn notice_of(app: &App, addressee: &Addressee, at_ms: i64) -> (String, String) {
    // Its zone is how the date is written, not what it is.
    let zone = guild::settings(app, addressee.guild).await;
    let zone = zone.map_or(chrono_tz::Asia::Seoul, |settings| settings.timezone);
    let at = DateTime::from_timestamp_millis(at_ms).unwrap_or_default();
    let date = at.with_timezone(&zone).format("%Y-%m-%d %H:%M");
    let sender = match &app.sender.from {
        Some(from) if from.name.is_empty() => from.address.as_str().to_owned(),
        Some(from) => format!("{} <{}>", from.name, from.address.as_str()),
        None => addressee.guild_name.clone(),
    };
    (sender, format!("{date} ({})", zone.name()))
}

async fn done(app: &App, order: Order, addressee: &Addressee, scope: Scope, at_ms: i64) -> Page {
    let (sender, date) = notice_of(app, addressee, at_ms).await;
    let (heading, result) = match scope {
        Scope::Ads => ("unsubscribe-done-ads", "unsubscribe-result-ads"),
        Scope::All => ("unsubscribe-done-all", "unsubscribe-result-all"),
    };
    let page = Page::new(order, StatusCode::OK)
        .server(&addressee.guild_name)
        .heading(heading)
        .paragraph(result, &[])
        .facts(&[
            ("unsubscribe-sender", sender),
            ("unsubscribe-address", masked(&addressee.email)),
            ("unsubscribe-date", date),
        ]);
    match scope {
        // What is left, for those who meant that.
        Scope::Ads => page.last_button(SCOPE, ALL, button(Scope::All)),
        Scope::All => page,
    }
}

fn unknown(order: Order) -> Page {
    Page::new(order, StatusCode::NOT_FOUND)
        .heading("unsubscribe-unknown")
        .paragraph("unsubscribe-unknown-more", &[])
}

/// Enough of an address for its owner to know it, and too little for anybody else.
fn masked(email: &str) -> String {
    let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}•••@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_masked() {
        assert_eq!(masked("mina@example.org"), "m•••@example.org");
        assert_eq!(masked("a@b.example"), "a•••@b.example");
        assert_eq!(masked("미나@example.org"), "미•••@example.org");
        assert_eq!(masked("\"a@b\"@c.example"), "\"•••@c.example");
    }
}
