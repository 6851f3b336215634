//! Large works: none keeps verdicts waiting, each is seen whole or not at all, and none is lost to a
//! process that ends in between. Measured by what is between two commits, not by time.

use timeattack::db::{PIECE_ROWS, PIECE_STATEMENTS, Weight};
use timeattack::error::{Error, UserError};
use timeattack::i18n::Language;
use timeattack::ids::{ImportId, UserId, WorkId};
use timeattack::mailer::EmailAddress;
use timeattack::subscriber::{self, Draft, Entry, Imported, attributes, import};
use timeattack::{announce, guild, privacy, work};

use crate::campaigns::support::{Post, template};
use crate::direct::members_allow;
use crate::support::{
    GUILD, MEMBER, NOW_MS, OTHER, TestApp, all, execute, hours, refusal, seconds,
};

const ADMIN: UserId = UserId(5);
/// Rows of a file: many pieces.
const ROWS: usize = 12_000;

/// A file of so many, each with a consent.
fn file(rows: std::ops::Range<usize>, name: &str) -> String {
    let mut file = String::from("email,name,city,consent_at,consent_source,consent_wording\n");
    for number in rows {
        file.push_str(&format!(
            "member{number}@example.com,{name} {number},Seoul,2026-01-01,form,I agree\n"
        ));
    }
    file
}

impl TestApp {
    async fn reads_large(&self, file: String) -> Draft {
        let read = async move |app| subscriber::read(&app, GUILD, ADMIN, file.into_bytes()).await;
        self.inside(read).await.unwrap()
    }

    async fn confirms_large(&self, id: ImportId) -> Result<Imported, Error> {
        let confirm = async move |app| subscriber::confirm(&app, GUILD, id).await;
        self.inside(confirm).await
    }

    /// How many subscribers, of whom so many have such a name, and consents.
    async fn seen(&self, name: &'static str) -> (usize, usize, usize) {
        let (seen, listed) = self.seen_by_all(name).await;
        assert_eq!(listed, i64::try_from(seen.0).unwrap());
        seen
    }

    /// The same as exports have it, and how many the list says; an import may come between those.
    async fn seen_by_all(&self, name: &'static str) -> ((usize, usize, usize), i64) {
        let export = async |app| {
            let subscribers = subscriber::export(&app, GUILD, usize::MAX).await;
            let consents = subscriber::export_consents(&app, GUILD, usize::MAX).await;
            (all(subscribers).await, all(consents).await)
        };
        let (all, consents) = self.inside(export).await;
        let text = |files: &[Vec<u8>]| String::from_utf8(files.concat()).unwrap();
        let rows = |text: &str| text.lines().count().saturating_sub(1);
        let all = text(&all);
        let named = all.lines().filter(|line| line.contains(name)).count();
        let page = self
            .inside(async |app| subscriber::list(&app, GUILD, 0).await)
            .await
            .unwrap();
        let seen = (rows(&all), named, rows(&text(&consents)));
        (seen, page.count)
    }

    /// Waits until no large work is left.
    pub async fn works_done(&self) {
        let mut changes = self.app().works.changes();
        while !work::is_idle(self.app()).await.unwrap() {
            changes.changed().await.unwrap();
        }
    }

    /// From now on transactions are weighed; tables that are filled from now on have no statistics, and
    /// a statement that needs them is ended.
    pub async fn weighs(&self) {
        if self.is_postgres() {
            for table in ["subscribers", "subscriber_import_rows", "mail_consents"] {
                let sql = format!("ALTER TABLE {table} SET (autovacuum_enabled = false)");
                execute(&self.app().db, sql).await.unwrap();
            }
            let limit = "SET statement_timeout = '2s'";
            execute(&self.app().db, limit).await.unwrap();
        }
        self.app().db.weighed();
    }

    /// No transaction since then was more than a piece may be, with a little more for each small job that
    /// came together with others, and together they changed at least so many rows.
    pub fn was_light(&self, rows: i64) {
        let weighed = self.app().db.weighed();
        let too_heavy = |one: &&Weight| {
            let others = one.jobs - 1;
            one.rows > PIECE_ROWS + 4 * i64::try_from(others).unwrap()
                || one.statements > PIECE_STATEMENTS + 4 * u64::try_from(others).unwrap()
        };
        let heavy: Vec<&Weight> = weighed.iter().filter(too_heavy).collect();
        assert!(
            heavy.is_empty(),
            "{heavy:?} of {} transactions",
            weighed.len()
        );
        let all: i64 = weighed.iter().map(|one| one.rows).sum();
        assert!(all >= rows, "{all} rows were weighed");
    }

    pub async fn count(&self, those: &str) -> i64 {
        let mut conn = self.app().db.read().await.unwrap();
        let sql = format!("SELECT COUNT(*) FROM {those}");
        let count = sqlx::query_scalar(sqlx::AssertSqlSafe(sql));
        count.fetch_one(&mut *conn).await.unwrap()
    }
}

#[tokio::test]
async fn an_import_is_light_of_new_rows_and_of_known_ones() {
    let app = TestApp::start().await;
    app.weighs().await;
    let rows = i64::try_from(ROWS).unwrap();
    let draft = app.reads_large(file(0..ROWS, "Old")).await;
    assert_eq!((draft.good, draft.new, draft.consents), (rows, rows, rows));
    let imported = app.confirms_large(draft.id).await.unwrap();
    assert_eq!((imported.added, imported.replaced), (rows, 0));
    // The rows of the file, a subscriber and a consent for each, and the file's rows go again.
    app.works_done().await;
    app.was_light(4 * rows);
    let draft = app.reads_large(file(10..ROWS + 10, "New")).await;
    assert_eq!((draft.good, draft.new), (rows, 10));
    let imported = app.confirms_large(draft.id).await.unwrap();
    assert_eq!((imported.added, imported.replaced), (10, rows - 10));
    app.works_done().await;
    app.was_light(3 * rows);
    assert_eq!(app.seen("New").await, (ROWS + 10, ROWS, ROWS + 10));
    assert_eq!(app.count("subscriber_import_rows").await, 0);
}

#[tokio::test]
async fn an_import_is_seen_whole_or_not_at_all_though_the_process_dies_in_between() {
    let app = TestApp::start().await;
    let draft = app.reads_large(file(0..100, "Old")).await;
    app.confirms_large(draft.id).await.unwrap();
    let draft = app.reads_large(file(50..3_050, "New")).await;
    let id = draft.id;
    let mut changes = app.app().works.changes();
    app.inside(async move |app| import::start(&app, GUILD, id).await)
        .await
        .unwrap();
    changes.changed().await.unwrap();
    let first = import::progress(app.app(), GUILD, id).await.unwrap();
    assert!(!first.is_over && first.total == 3_000, "{first:?}");
    let app = app.killed_for(seconds(20)).await;
    let mut changes = app.app().works.changes();
    loop {
        let (seen, listed) = app.seen_by_all("New").await;
        let (all, named, consents) = seen;
        assert!(
            [(100, 0), (3_050, 3_000)].contains(&(all, named)),
            "{seen:?}"
        );
        assert!([100, 3_050].contains(&consents), "{seen:?}");
        assert!([100, 3_050].contains(&listed), "{listed}");
        if all > 100 && consents > 100 && listed > 100 {
            break;
        }
        changes.changed().await.unwrap();
    }
    let over = import::progress(app.app(), GUILD, id).await.unwrap();
    assert_eq!((over.done, over.added), (3_000, 2_950));
    let draft = app.reads_large(file(0..10, "Newer")).await;
    app.confirms_large(draft.id).await.unwrap();
    assert_eq!(app.seen("Newer").await, (3_050, 10, 3_050));
}

#[tokio::test]
async fn what_is_of_a_later_version_is_not_there_yet_and_then_all_of_it() {
    let app = TestApp::start().await;
    let draft = app.reads_large(file(0..2, "Old")).await;
    app.confirms_large(draft.id).await.unwrap();
    // As an import leaves it a moment before its end.
    for sql in [
        "UPDATE subscribers SET next_version = version + 1, next_address = 'Member0@example.com', \
             next_name = 'New', next_attributes = '{\"team\":\"red\"}' \
         WHERE email = 'member0@example.com'",
        "INSERT INTO subscribers (id, guild_id, email, address, name, attributes, created_ms, \
             updated_ms, version) \
         VALUES (9, 77000000000000001, 'new@example.com', 'new@example.com', 'New', '{}', 0, 0, 2)",
        "INSERT INTO mail_consents (id, guild_id, email, granted, decided_ms, source, wording, \
             recorded_ms, version) \
         VALUES (9, 77000000000000001, 'new@example.com', 1, 0, 'form', 'yes', 0, 2)",
    ] {
        execute(&app.app().db, sql).await.unwrap();
    }
    let facts = async || {
        let asked = async |app| {
            let find = |email: &str| EmailAddress::parse(email).unwrap();
            let names = subscriber::attribute_names(&app, GUILD).await.unwrap();
            let old = subscriber::get(&app, GUILD, &find("member0@example.com")).await;
            let new = subscriber::get(&app, GUILD, &find("new@example.com")).await;
            let typed = subscriber::suggest(&app, GUILD, "n", 9).await.unwrap();
            let mut conn = app.db.read().await.unwrap();
            let emails = ["new@example.com".to_owned()];
            let left_out = subscriber::exclusions(&mut conn, GUILD, true, &emails).await;
            let is_left_out = left_out.unwrap()[0].is_some();
            (
                names.len(),
                old.unwrap().0.unwrap().name,
                new.is_ok(),
                typed.len(),
                is_left_out,
            )
        };
        app.inside(asked).await
    };
    assert_eq!(app.seen("New").await, (2, 0, 2));
    assert_eq!(facts().await, (1, "Old 0".to_owned(), false, 0, true));
    let whole = "UPDATE subscriber_lists SET version = 2, subscribers = 3";
    execute(&app.app().db, whole).await.unwrap();
    assert_eq!(app.seen("New").await, (3, 2, 3));
    assert_eq!(facts().await, (2, "New".to_owned(), true, 1, false));
}

#[tokio::test]
async fn while_an_import_is_taken_in_nothing_else_changes_the_list_and_admins_are_told() {
    let app = TestApp::start().await;
    let draft = app.reads_large(file(0..2, "Old")).await;
    app.confirms_large(draft.id).await.unwrap();
    let second = app.reads_large(file(0..3, "New")).await;
    let under_way = "UPDATE subscriber_lists SET import_id = 1";
    execute(&app.app().db, under_way).await.unwrap();
    let entry = Entry {
        email: EmailAddress::parse("a@example.com").unwrap(),
        name: String::new(),
        attributes: attributes::parse("").unwrap(),
        consent: None,
    };
    let again = entry.clone();
    let added = app
        .inside(async move |app| subscriber::add(&app, GUILD, again).await)
        .await;
    let removed = app
        .inside(async |app| {
            let email = EmailAddress::parse("member0@example.com").unwrap();
            subscriber::remove(&app, GUILD, &email, false).await
        })
        .await;
    let told = [
        refusal(added),
        refusal(removed),
        refusal(app.confirms_large(second.id).await),
    ];
    assert!(
        told.iter().all(|one| *one == UserError::ImportUnderWay),
        "{told:?}"
    );
    let done = "UPDATE subscriber_lists SET import_id = NULL";
    execute(&app.app().db, done).await.unwrap();
    let added = app
        .inside(async move |app| subscriber::add(&app, GUILD, entry).await)
        .await;
    assert!(added.unwrap().is_new);
    let imported = app.confirms_large(second.id).await.unwrap();
    assert_eq!((imported.added, imported.replaced), (1, 2));
}

#[tokio::test]
async fn more_than_a_list_can_have_is_refused_before_anything_is_written() {
    let app = TestApp::start().await;
    let draft = app.reads_large(file(0..3, "Old")).await;
    app.confirms_large(draft.id).await.unwrap();
    let nearly = "UPDATE subscriber_lists SET subscribers = 499999";
    execute(&app.app().db, nearly).await.unwrap();
    let draft = app.reads_large(file(0..5, "New")).await;
    let refused = refusal(app.confirms_large(draft.id).await);
    assert!(
        matches!(refused, UserError::TooManySubscribers { .. }),
        "{refused:?}"
    );
    assert_eq!(app.seen_by_all("New").await.0, (3, 0, 3));
    let draft = app.reads_large(file(0..4, "New")).await;
    app.confirms_large(draft.id).await.unwrap();
    assert_eq!(app.seen_by_all("New").await, ((4, 4, 4), 500_000));
}

#[tokio::test]
async fn a_draft_that_is_given_up_is_deleted_in_pieces() {
    let app = TestApp::start().await;
    let draft = app.reads_large(file(0..ROWS, "Old")).await;
    app.weighs().await;
    let id = draft.id;
    app.inside(async move |app| subscriber::cancel(&app, GUILD, id).await)
        .await
        .unwrap();
    let outdated = refusal(app.confirms_large(id).await);
    assert_eq!(outdated, UserError::Outdated);
    app.works_done().await;
    app.was_light(i64::try_from(ROWS).unwrap());
    assert_eq!(app.count("subscriber_import_rows").await, 0);
    assert_eq!(app.count("subscriber_imports").await, 0);
}

#[tokio::test]
async fn whoever_has_very_much_stored_is_forgotten_in_pieces() {
    let app = TestApp::start().await;
    app.time_attack().started().await;
    let values = |count: i64, row: &dyn Fn(i64) -> String| {
        let rows: Vec<String> = (1..=count).map(row).collect();
        rows.join(", ")
    };
    let (guild, user) = (GUILD.0, MEMBER.0);
    let attacks = values(2_000, &|n| {
        format!("({n}, {guild}, 1, {user}, 'm', 'secret', 'completed', 0, 1, 1, 'ko')")
    });
    let corrections = values(600, &|n| {
        format!("({n}, {guild}, {n}, {user}, {user}, 'failed', 'completed', 'secret', 0)")
    });
    let consents = values(600, &|n| {
        format!("({n}, {guild}, {user}, 'dm', 'notice', 1, 0, 'command', 'secret', 'ko')")
    });
    let posts = values(2_000, &|n| {
        format!(
            "({n}, 'post', {n}, 'post', 'notice', {guild}, {user}, 1, '{{}}', 'p:{n}', 'completed', 0, 0, 0)"
        )
    });
    for sql in [
        format!(
            "INSERT INTO time_attacks (id, guild_id, channel_id, user_id, member_name, task, state, \
             started_ms, deadline_ms, finished_ms, language) VALUES {attacks}"
        ),
        format!(
            "INSERT INTO corrections (id, guild_id, attack_id, user_id, by_user_id, from_state, \
             to_state, reason, at_ms) VALUES {corrections}"
        ),
        format!(
            "INSERT INTO consents (id, guild_id, user_id, medium, scope, granted, decided_ms, \
             source, wording, language) VALUES {consents}"
        ),
        format!(
            "INSERT INTO outbox (id, lane, message_key, kind, class, guild_id, user_id, channel_id, \
             payload, dedupe_key, state, not_before_ms, created_ms, updated_ms) VALUES {posts}"
        ),
    ] {
        execute(&app.app().db, sql).await.unwrap();
    }
    app.weighs().await;
    let amount = app
        .inside(async |app| privacy::delete(&app, GUILD, MEMBER).await)
        .await
        .unwrap();
    assert_eq!((amount.attacks, amount.running), (2_001, 1));
    app.was_light(5_000);
    for sought in [MEMBER.to_string().as_str(), "secret"] {
        assert_eq!(app.mentions_of(sought).await, Vec::<String>::new());
    }
    assert_eq!(app.app().timers.armed(), 0);
}

#[tokio::test]
async fn an_announcement_goes_out_and_is_cancelled_in_pieces() {
    let app = TestApp::with_dm_rate(1.0).await;
    let users: Vec<UserId> = (1..=2_000).map(UserId).collect();
    members_allow(&app, &users, 0).await;
    let draft = announce::Draft {
        guild: GUILD,
        guild_name: "Study".into(),
        author: ADMIN,
        kind: announce::Kind::Notice,
        body: "To all".into(),
        role: None,
    };
    let announced = async move |app| announce::draft(&app, draft).await;
    let (announcement, _) = app.inside(announced).await.unwrap();
    let id = announcement.id;
    app.weighs().await;
    app.inside(async move |app| announce::send(&app, GUILD, id).await)
        .await
        .unwrap();
    app.was_light(2_000);
    app.inside(async move |app| announce::cancel(&app, GUILD, id).await)
        .await
        .unwrap();
    app.was_light(1_900);
    let progress = app
        .inside(async move |app| announce::progress(&app, GUILD, id).await)
        .await
        .unwrap();
    assert_eq!(progress.sent + progress.waiting + progress.cancelled, 2_000);
    assert!(
        progress.waiting <= 1 && progress.cancelled >= 1_900,
        "{progress:?}"
    );
    assert_eq!(app.count("cancelled_batches").await, 0);
    app.settle().await;
}

#[tokio::test]
async fn what_is_held_for_the_night_is_asked_about_anew_in_pieces() {
    let app = TestApp::with_dm_rate(1.0).await;
    let held = |n: i64| {
        format!(
            "({n}, 'dm', {n}, 'dm', 'notice', {GUILD}, {n}, 0, \
             '{{\"message\":{{\"content\":\"x\"}},\"language\":\"en\"}}', 'd:{n}', 'available', \
             {until}, 'quiet', 'UTC', 1, 0, 0)",
            until = NOW_MS + hours(9)
        )
    };
    let rows: Vec<String> = (1..=1_000).map(held).collect();
    let sql = format!(
        "INSERT INTO outbox (id, lane, message_key, kind, class, guild_id, user_id, channel_id, \
         payload, dedupe_key, state, not_before_ms, held, held_zone, bulk, created_ms, updated_ms) \
         VALUES {}",
        rows.join(", ")
    );
    execute(&app.app().db, sql).await.unwrap();
    app.weighs().await;
    let change = guild::Change::Locale {
        timezone: chrono_tz::UTC,
        language: Language::English,
    };
    app.inside(async move |app| guild::change(&app, GUILD, change).await)
        .await
        .unwrap();
    app.works_done().await;
    let heavy = app.app().db.weighed();
    assert!(heavy.iter().all(|one| one.rows <= PIECE_ROWS), "{heavy:?}");
    let later = format!(
        "outbox WHERE held = 'quiet' AND not_before_ms > {}",
        NOW_MS + hours(1)
    );
    assert_eq!(app.count(&later).await, 0);
}

/// Works of a kind, about as many subjects, each of a guild of its own.
fn works(kind: &str, ids: std::ops::Range<i64>) -> String {
    let rows: Vec<String> = ids
        .map(|id| format!("({id}, '{kind}', {id}, {id}, 0, 0)"))
        .collect();
    format!(
        "INSERT INTO works (id, kind, guild_id, subject_id, cursor_id, created_ms) VALUES {}",
        rows.join(", ")
    )
}

#[tokio::test]
async fn works_that_cannot_go_on_keep_no_other_waiting_and_are_tried_again() {
    let app = TestApp::start().await;
    let db = app.app().db.clone();
    execute(
        &db,
        "ALTER TABLE cancelled_batches RENAME TO cancelled_away",
    )
    .await
    .unwrap();
    // More than take turns, and older than what comes: what a later version began, and what fails.
    execute(&db, works("of-a-later-version", 1..31))
        .await
        .unwrap();
    execute(&db, works("announcement", 31..61)).await.unwrap();
    let draft = app.reads_large(file(0..300, "New")).await;
    let imported = app.confirms_large(draft.id).await.unwrap();
    assert_eq!((imported.added, imported.replaced), (300, 0));
    assert_eq!(app.count("works WHERE id < 61").await, 60);

    execute(
        &db,
        "ALTER TABLE cancelled_away RENAME TO cancelled_batches",
    )
    .await
    .unwrap();
    let mut changes = app.app().works.changes();
    app.clock.advance_ms(seconds(10));
    while app.count("works WHERE kind = 'announcement'").await > 0 {
        changes.changed().await.unwrap();
    }
    assert_eq!(app.count("works WHERE id < 61").await, 30);
}

#[tokio::test]
async fn what_is_asked_for_again_begins_anew_and_is_one_work() {
    let app = TestApp::start().await;
    // Before anybody takes a piece of it: all in one transaction.
    let begun = app.app().db.write((), |tx, ()| {
        Box::pin(async move {
            let kind = &privacy::FORGET;
            let first = work::begin(tx, WorkId(1), kind, GUILD, MEMBER.0, 0).await?;
            let so_far = sqlx::query("UPDATE works SET cursor_id = 77");
            so_far.execute(&mut *tx).await?;
            let again = work::begin(tx, WorkId(2), kind, GUILD, MEMBER.0, 0).await?;
            let other = work::begin(tx, WorkId(3), kind, GUILD, OTHER.0, 0).await?;
            let cursors = sqlx::query_scalar::<_, i64>("SELECT cursor_id FROM works ORDER BY id");
            let cursors = cursors.fetch_all(&mut *tx).await?;
            Ok(([first, again, other], cursors))
        })
    });
    let (ids, cursors) = begun.await.unwrap();
    assert_eq!(ids, [WorkId(1), WorkId(1), WorkId(3)]);
    assert_eq!(cursors, [0, 0]);
    app.app().works.wake();
    app.works_done().await;
}

#[tokio::test]
async fn works_that_an_earlier_version_began_twice_are_one_from_now_on() {
    let app = TestApp::start().await;
    let db = app.app().db.clone();
    execute(&db, "DROP INDEX works_once").await.unwrap();
    execute(&db, works("of-a-later-version", 1..4))
        .await
        .unwrap();
    let again = "INSERT INTO works (id, kind, guild_id, subject_id, cursor_id, created_ms) VALUES \
         (11, 'of-a-later-version', 1, 1, 5, 0), (12, 'of-a-later-version', 1, 1, 0, 0)";
    execute(&db, again).await.unwrap();
    let migration = include_str!("../../migrations/0021_works_and_probes.sql");
    execute(&db, migration).await.unwrap();
    let mut conn = db.read().await.unwrap();
    let left = sqlx::query_scalar::<_, i64>("SELECT id FROM works ORDER BY id");
    assert_eq!(left.fetch_all(&mut *conn).await.unwrap(), [2, 3, 12]);
}

#[tokio::test]
async fn a_second_import_waits_for_a_campaign_that_reads_the_list_from_before_the_first() {
    let post = Post::start().await;
    post.template("news", template("Hi {{ name }}", "<p>x</p>"))
        .await;
    let old = post.app.reads_large(file(0..2, "Old")).await;
    post.app.confirms_large(old.id).await.unwrap();
    post.notice("November", "").await.unwrap();
    let id = post.proves("November").await.unwrap().occurrence;
    // As it is while its recipients are being added, from the first version on.
    let freezing = format!(
        "UPDATE campaign_occurrences SET state = 'freezing', cursor_id = 1, list_version = 1 \
         WHERE id = {id}"
    );
    execute(&post.app.app().db, freezing).await.unwrap();
    let first = post.app.reads_large(file(0..3, "New")).await;
    post.app.confirms_large(first.id).await.unwrap();
    let second = post.app.reads_large(file(0..4, "Newer")).await;
    let refused = refusal(post.app.confirms_large(second.id).await);
    assert_eq!(refused, UserError::CampaignBegins);
    let mut conn = post.app.app().db.read().await.unwrap();
    let read = subscriber::readers(&mut conn, GUILD, 1, 0, 9)
        .await
        .unwrap();
    let names: Vec<&str> = read.iter().map(|reader| reader.name.as_str()).collect();
    assert_eq!(names, ["Old 0", "Old 1"]);
    drop(conn);

    let over = format!("UPDATE campaign_occurrences SET state = 'cancelled' WHERE id = {id}");
    execute(&post.app.app().db, over).await.unwrap();
    let imported = post.app.confirms_large(second.id).await.unwrap();
    assert_eq!((imported.added, imported.replaced), (1, 3));
}
