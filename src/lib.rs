//! A Discord bot that holds members to the deadlines they set themselves.
//!
//! # The one idea
//!
//! **Everything that leaves the program leaves through one durable [`outbox`].** A change of state
//! and what must be said about it are one transaction; senders take from the outbox, and what
//! became of every single message can be asked afterwards.
//!
//! ```text
//! slash command ──┐                                             ┌─ a sender per channel ─▶ Discord
//! button, form ───┤─▶ feature: decide ─▶ one transaction ─▶ outbox
//! deadline's task ┘                    (state + what is said)   └─ poller: retries, other processes
//! ```
//!
//! # The life of a time attack
//!
//! 1. [`discord`] turns `/timeattack start` into a call of [`timeattack::start`], with the text of
//!    the limit read by [`duration_text`].
//! 2. The row is committed ([`db::Db::write`]), only then is the member told, and a task that
//!    sleeps until the deadline is armed ([`timeattack::timer`]).
//! 3. At the deadline the task hands its id to the settler, which fails all that are due with one
//!    conditional `UPDATE`, in one transaction with the posts that say so.
//! 4. The posts go to their channels' senders in memory at once; the table is what remembers them
//!    if this process does not live to see the answer.
//!
//! # Rooms, in reading order
//!
//! | room | what is in it |
//! |---|---|
//! | [`run`] | the order of start and shutdown; [`cli`], [`config`], [`telemetry`], [`check`] beside it |
//! | [`timeattack`] | rules, states and use cases; the timers; reminders |
//! | [`guild`] | a server's settings and message templates; [`quiet_hours`] |
//! | [`privacy`] | what is stored of a member, told and deleted |
//! | [`subscriber`] | whom mail can be written to, and whom not |
//! | [`template`], [`campaign`] | mail to subscribers: what it says, and to whom it goes when |
//! | [`sender`], [`links`] | whose mails they are, and the links in them |
//! | [`announce`] | direct messages to everybody on a server who allowed them |
//! | [`work`] | large work, done in pieces that make way for verdicts |
//! | [`presence`] | when the bot was there, so that no streak pays for our downtime |
//! | [`consent`] | who allowed which direct messages when, and what the law wants them told |
//! | [`outbox`] | what is to be said, until it is said: leases, retries, merging, the ladder |
//! | [`messenger`] | saying it: Discord's REST API, its errors and rate limits |
//! | [`mailer`] | mail: written, signed, and handed to a server or a folder |
//! | [`alerts`] | what is wrong with the host, told to its operators |
//! | [`discord`] | hearing: slash commands, buttons, forms, autocomplete (serenity and poise) |
//! | [`http`] | hearing: leaving the list, webhooks, health (axum) |
//! | [`server`] | connections with HTTP on them: how many at once, for how long, and who goes first |
//! | [`documents`] | the threads on which everything that strangers send is parsed and expanded |
//! | [`export`] | files made from many rows, one after another |
//! | [`picture`] | what is shown as a picture: SVG drawn to PNG |
//! | [`duration_text`] | durations and clock times in Korean and English |
//! | [`zones`] | zones as people name them: cities, countries, abbreviations, offsets |
//! | [`i18n`] | everything that people read, in both languages |
//! | [`db`], [`clock`], [`ids`], [`error`] | the ground: group commit, time, ids, the kinds of failure |
//! | `sandbox` | a local Discord, for the tests and for `timeattack sandbox` |
//! | `fuzzing` | every reader of strangers' text, with what must hold of it; for tests and `fuzz/` |
//!
//! # Invariants
//!
//! Kept by a test that reads `src/` (`tests/it/house.rs`), most of them as absences:
//!
//! - each room uses only those the test lists for it, so the arrows go one way:
//!   `run → {discord, http, sandbox, alerts} → features → outbox → {db, messenger} → {clock, ids, error}`;
//! - poise and serenity are known in [`discord`] alone, axum in [`http`], `sandbox` and [`server`] alone;
//! - SQL stands in `db/` and the features' `store.rs`, and no feature reaches another's store;
//! - system time is read in [`clock`] alone, the environment in [`config`] alone, randomness in
//!   [`run`] alone;
//! - what strangers send is parsed and expanded in [`documents`]' threads; tokio's pool for blocking
//!   work is for a few listed places alone;
//! - nothing is sent but by the outbox's senders (an interaction's own answer excepted, and the
//!   operators' alerts, which may be about the outbox itself);
//! - no file is longer than a thousand lines, and every room opens with what it promises.
//!
//! And by construction:
//!
//! - times are stored as UTC epoch milliseconds, in `BIGINT` columns named `*_ms`; civil time
//!   exists at the edges only;
//! - every decision is a conditional `UPDATE` or a constraint, never a read and then a write;
//! - every query names its guild, and the guild comes from Discord's interaction.

pub mod run;

pub mod check;
pub mod cli;
pub mod config;
pub mod telemetry;

pub mod announce;
pub mod campaign;
pub mod consent;
pub mod guild;
pub mod presence;
pub mod privacy;
pub mod quiet_hours;
pub mod subscriber;
pub mod template;
pub mod timeattack;
pub mod work;

pub mod alerts;
pub mod links;
pub mod mailer;
pub mod messenger;
pub mod outbox;
pub mod sender;

pub mod discord;
pub mod documents;
pub mod duration_text;
pub mod http;
pub mod i18n;
pub mod picture;
pub mod server;
pub mod zones;

pub mod app;
pub mod clock;
pub mod db;
pub mod error;
pub mod export;
pub mod ids;

#[cfg(feature = "sandbox")]
pub mod sandbox;

#[cfg(all(feature = "sandbox", any(test, feature = "fuzzing")))]
pub mod fuzzing;
