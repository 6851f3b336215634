//! `/subscriber`: whom mail can be written to.

use poise::serenity_prelude as serenity;
use serenity::{
    ButtonStyle, CreateActionRow, CreateAutocompleteResponse, CreateButton, CreateEmbed,
};

use super::{manager, pager};
use crate::app::App;
use crate::discord::answer::{Answer, Reply, listed};
use crate::discord::asker::Asker;
use crate::discord::attachment::fetch;
use crate::discord::controls::Action;
use crate::discord::files::{self, Owner, Sheets};
use crate::discord::follow::{self, Look};
use crate::discord::framework::Context;
use crate::discord::handler::Data;
use crate::discord::respond::{self, Deferral};
use crate::discord::suggest::{self, MOST_CHOICES};
use crate::error::{Result, UserError};
use crate::i18n::{Language, text};
use crate::ids::ImportId;
use crate::mailer::EmailAddress;
use crate::messenger::markdown::{escape, shorten};
use crate::subscriber::sheet::{Fault, MOST_BYTES};
use crate::subscriber::{
    self as subscribers, CONSENT_LENGTH, Consent, Draft, Entry, Importing, NAME_LENGTH, Page,
    Reason, Scope, Subscriber, Suppression, attributes, import,
};
use crate::timeattack::text::timestamp;
use crate::work;

/// How long the answer to a confirmation waits for the import to be done: thousands of rows are. Of more it
/// says how far it is.
const DONE_MS: i64 = 5_000;
/// Characters of a name, an address or a value in a list.
const SHOWN: usize = 60;

/// Whom mail can be written to
#[poise::command(
    slash_command,
    guild_only,
    subcommand_required,
    default_member_permissions = "MANAGE_GUILD",
    subcommands("import_file", "add", "remove", "show", "list", "export")
)]
#[expect(
    clippy::unused_async,
    reason = "poise's form; a group itself is never used"
)]
pub(super) async fn subscriber(_ctx: Context<'_>) -> Result<()> {
    Ok(())
}

/// Read a CSV file
#[poise::command(slash_command, rename = "import")]
async fn import_file(ctx: Context<'_>, file: serenity::Attachment) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let app = &ctx.data().app;
        let too_large = UserError::SheetTooLarge {
            most_mib: MOST_BYTES / (1024 * 1024),
        };
        let bytes = fetch(app, &file, MOST_BYTES, too_large).await?;
        let draft = subscribers::read(app, asker.guild, asker.user, bytes).await?;
        Ok(Answer::Private(preview(&draft, &asker)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

fn preview(draft: &Draft, asker: &Asker) -> Reply {
    let (language, asked) = (asker.language, asker.asked());
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let mut lines = vec![text(
        language,
        "import-counts",
        &[
            ("good", draft.good.into()),
            ("new", draft.new.into()),
            ("known", (draft.good - draft.new).into()),
        ],
    )];
    for (key, number) in [
        ("import-consents", draft.consents),
        ("import-suppressed", draft.suppressed),
        ("import-faulty", count(draft.faulty)),
    ] {
        if number > 0 {
            lines.push(text(language, key, &[("count", number.into())]));
        }
    }
    for (line, fault) in &draft.faults {
        let args = [
            ("line", i64::try_from(*line).unwrap_or(i64::MAX).into()),
            ("what", said_of(fault, language).into()),
        ];
        lines.push(text(language, "import-fault", &args));
    }
    if draft.faulty > draft.faults.len() {
        lines.push("…".to_owned());
    }
    let embed = CreateEmbed::new().description(listed(lines));
    if draft.good == 0 {
        return Reply::new(text(language, "import-nothing", &[])).embed(embed);
    }
    let import = CreateButton::new(Action::Import(draft.id).custom_id(asked))
        .label(text(
            language,
            "button-import",
            &[("count", draft.good.into())],
        ))
        .style(ButtonStyle::Primary);
    let cancel = CreateButton::new(Action::CancelImport(draft.id).custom_id(asked))
        .label(text(language, "button-cancel", &[]))
        .style(ButtonStyle::Secondary);
    Reply::new(text(language, "import-preview", &[]))
        .embed(embed)
        .row(CreateActionRow::Buttons(vec![import, cancel]))
}

fn said_of(fault: &Fault, language: Language) -> String {
    let say = |key: &str| text(language, key, &[]);
    match fault {
        Fault::Fields => say("fault-fields"),
        Fault::Email => say("fault-email"),
        Fault::Name => say("fault-name"),
        Fault::Value(column) => text(
            language,
            "fault-value",
            &[("column", escape(column).into())],
        ),
        Fault::ConsentIncomplete => say("fault-consent-incomplete"),
        Fault::ConsentTime => say("fault-consent-time"),
        Fault::Repeated => say("fault-repeated"),
    }
}

/// The import was confirmed.
pub(in crate::discord) async fn confirmed(
    app: &App,
    asker: &Asker,
    id: ImportId,
) -> Result<Answer> {
    let work = import::start(app, asker.guild, id).await?;
    tokio::select! {
        done = work::finished(app, work) => done?,
        () = app.clock.sleep_ms(DONE_MS) => {}
    }
    let importing = import::progress(app, asker.guild, id).await?;
    Ok(Answer::Update(progress(&importing, asker.language)))
}

/// Brings the answer to a confirmation up to date, until the import is done.
pub(in crate::discord) fn followed(
    data: &Data,
    ctx: &serenity::Context,
    asker: &Asker,
    id: ImportId,
) {
    let (app, guild, language) = (data.app.clone(), asker.guild, asker.language);
    follow::follow(&data.app, &ctx.http, asker, move |()| {
        let app = app.clone();
        async move {
            let importing = import::progress(&app, guild, id).await?;
            let look = Look {
                reply: progress(&importing, language),
                is_over: importing.is_over,
            };
            Ok((look, ()))
        }
    });
}

fn progress(importing: &Importing, language: Language) -> Reply {
    if importing.is_over {
        let args = [
            ("added", importing.added.into()),
            ("replaced", (importing.total - importing.added).into()),
        ];
        return Reply::new(text(language, "import-done", &args));
    }
    let bar = follow::bar(importing.done, importing.total);
    Reply::new(text(language, "import-under-way", &[])).line(&bar)
}

/// They thought better of it.
pub(in crate::discord) async fn cancelled(
    app: &App,
    asker: &Asker,
    id: ImportId,
) -> Result<Answer> {
    subscribers::cancel(app, asker.guild, id).await?;
    let said = text(asker.language, "import-cancelled", &[]);
    Ok(Answer::Update(Reply::new(said)))
}

/// Add one, or change what is known
#[poise::command(slash_command)]
async fn add(
    ctx: Context<'_>,
    email: String,
    name: String,
    attributes: Option<String>,
    consent_source: Option<String>,
    consent_wording: Option<String>,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let app = &ctx.data().app;
        let name = name.trim().to_owned();
        if !subscribers::is_name(&name) {
            return Err(UserError::SubscriberName { most: NAME_LENGTH }.into());
        }
        let attributes = attributes.as_deref().unwrap_or_default();
        let entry = Entry {
            email: address(&email)?,
            name,
            attributes: attributes::parse(attributes)?,
            consent: consent(&asker, consent_source, consent_wording)?,
        };
        let added = subscribers::add(app, asker.guild, entry.clone()).await?;
        let key = if added.is_new {
            "subscriber-added"
        } else {
            "subscriber-changed"
        };
        let args = [("email", escape(&entry.email.to_string()).into())];
        let mut said = text(asker.language, key, &args);
        if let Some(suppressed) = added.suppressed {
            said.push('\n');
            said.push_str(&why(suppressed, asker.language));
        }
        Ok(Answer::Private(Reply::new(said)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

pub(super) fn address(given: &str) -> Result<EmailAddress, UserError> {
    EmailAddress::parse(given).map_err(|_| UserError::EmailAddress {
        given: given.trim().to_owned(),
    })
}

/// What they agreed to, now.
fn consent(
    asker: &Asker,
    source: Option<String>,
    wording: Option<String>,
) -> Result<Option<Consent>, UserError> {
    let given = |part: Option<String>| part.map(|part| part.trim().to_owned());
    let fits = |part: &String| (1..=CONSENT_LENGTH).contains(&part.chars().count());
    match (given(source), given(wording)) {
        (None, None) => Ok(None),
        (Some(source), Some(wording)) if fits(&source) && fits(&wording) => Ok(Some(Consent {
            decided_ms: asker.actor().clicked_ms,
            source,
            wording,
        })),
        _ => Err(UserError::ConsentIncomplete),
    }
}

/// Remove one
#[poise::command(slash_command)]
async fn remove(
    ctx: Context<'_>,
    #[autocomplete = "suggest_email"] email: String,
    suppress: Option<bool>,
) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let email = address(&email)?;
        let suppress = suppress.unwrap_or(false);
        let app = &ctx.data().app;
        let was_there = subscribers::remove(app, asker.guild, &email, suppress).await?;
        let key = match (was_there, suppress) {
            (_, true) => "subscriber-suppressed",
            (true, false) => "subscriber-removed",
            (false, false) => return Err(UserError::UnknownSubscriber.into()),
        };
        let args = [("email", escape(&email.to_string()).into())];
        Ok(Answer::Private(Reply::new(text(
            asker.language,
            key,
            &args,
        ))))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Show one
#[poise::command(slash_command)]
async fn show(ctx: Context<'_>, #[autocomplete = "suggest_email"] email: String) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let email = address(&email)?;
        let app = &ctx.data().app;
        let (subscriber, suppressions, consents) =
            subscribers::get(app, asker.guild, &email).await?;
        let language = asker.language;
        let mut lines = Vec::new();
        if let Some(subscriber) = &subscriber {
            lines.extend(facts(subscriber, language));
        } else {
            lines.push(text(language, "subscriber-is-none", &[]));
        }
        lines.extend(suppressions.iter().map(|one| why(*one, language)));
        lines.extend(consents.iter().map(|one| agreed(one, language)));
        if consents.is_empty() {
            lines.push(text(language, "subscriber-without-consent", &[]));
        }
        let embed = CreateEmbed::new()
            .title(escape(&shorten(&email.to_string(), 120)))
            .description(listed(lines));
        Ok(Answer::Private(Reply::default().embed(embed)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

fn facts(subscriber: &Subscriber, language: Language) -> Vec<String> {
    let since = timestamp(subscriber.created_ms, 'f');
    let named = [
        ("name", escape(&subscriber.name).into()),
        ("since", since.into()),
    ];
    let mut lines = vec![text(language, "subscriber-named", &named)];
    for (name, value) in &subscriber.attributes {
        let value = escape(&shorten(value, 200));
        lines.push(format!("**{}:** {value}", escape(name)));
    }
    lines
}

fn agreed(consent: &Consent, language: Language) -> String {
    let args = [
        ("at", timestamp(consent.decided_ms, 'f').into()),
        ("source", escape(&shorten(&consent.source, 200)).into()),
        ("wording", escape(&shorten(&consent.wording, 200)).into()),
    ];
    text(language, "subscriber-consent", &args)
}

/// Why nothing, or no advertising, is sent there.
fn why(suppression: Suppression, language: Language) -> String {
    let reason = match suppression.reason {
        Reason::Unsubscribed => "suppressed-unsubscribed",
        Reason::Bounced => "suppressed-bounced",
        Reason::Complained => "suppressed-complained",
        Reason::ByHand => "suppressed-by-hand",
    };
    let key = match suppression.scope {
        Scope::All => "suppressed-all",
        Scope::Ads => "suppressed-ads",
    };
    let args = [
        ("reason", text(language, reason, &[]).into()),
        ("since", timestamp(suppression.since_ms, 'f').into()),
    ];
    text(language, key, &args)
}

/// Show all of them
#[poise::command(slash_command)]
async fn list(ctx: Context<'_>) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let page = subscribers::list(&ctx.data().app, asker.guild, 0).await?;
        Ok(Answer::Private(page_of(&page, &asker)))
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// A button of the list was pressed.
pub(in crate::discord) async fn turned(app: &App, asker: &Asker, page: i64) -> Result<Answer> {
    let page = subscribers::list(app, asker.guild, page).await?;
    Ok(Answer::Update(page_of(&page, asker)))
}

fn page_of(page: &Page, asker: &Asker) -> Reply {
    let language = asker.language;
    if page.count == 0 {
        return Reply::new(text(language, "subscribers-none", &[]));
    }
    let args = [
        ("count", page.count.into()),
        ("suppressed", page.suppressed.into()),
        ("page", (page.page + 1).into()),
        ("pages", page.pages.into()),
    ];
    let lines = page.subscribers.iter().map(|one| {
        let mark = if one.suppressions.is_empty() {
            "▫️"
        } else {
            "🔕"
        };
        let address = escape(&shorten(&one.address, SHOWN));
        let name = escape(&shorten(&one.name, SHOWN));
        format!("{mark} {address} · {name}")
    });
    Reply::new(text(language, "subscribers-title", &args))
        .embed(CreateEmbed::new().description(listed(lines)))
        .buttons(pager(
            asker.asked(),
            page.page,
            page.pages,
            Action::Subscribers,
        ))
}

/// Get all of them as a file
#[poise::command(slash_command)]
async fn export(ctx: Context<'_>) -> Result<()> {
    let answer = async {
        let asker = manager(ctx)?;
        let app = &ctx.data().app;
        let permit = ctx.data().making.begin(Owner::Guild(asker.guild))?;
        let most_bytes = files::most_bytes(ctx.interaction.attachment_size_limit);
        let consents = subscribers::export_consents(app, asker.guild, most_bytes).await?;
        let subscribers = subscribers::export(app, asker.guild, most_bytes).await?;
        // Who agreed to what must be shown when they have all been removed, too.
        if subscribers.is_empty() && consents.is_empty() {
            return Err(UserError::NoSubscribers.into());
        }
        let sheets = vec![
            Sheets::csv("subscribers", subscribers),
            Sheets::csv("consents", consents),
        ];
        let reply = Reply::new(text(asker.language, "subscribers-exported", &[]));
        files::answer(reply, None, sheets, permit, asker.language).await
    };
    respond::command(ctx, Deferral::Private, answer).await
}

/// Addresses that begin with what is typed.
pub(super) async fn suggest_email(ctx: Context<'_>, partial: &str) -> CreateAutocompleteResponse {
    suggest::offered(async {
        let (app, guild) = (&ctx.data().app, manager(ctx)?.guild);
        let emails = subscribers::suggest(app, guild, partial, MOST_CHOICES).await?;
        Ok(suggest::names(emails))
    })
    .await
}
